----------------------------- MODULE Functions -----------------------------
LOCAL INSTANCE Integers
LOCAL INSTANCE Folds

\* The values of a function.
Range(f) == {f[i] : i \in DOMAIN f}

\* A function on a smaller domain.
Restrict(f, S) == [i \in S |-> f[i]]
RestrictDomain(f, Test(_)) == [i \in {j \in DOMAIN f : Test(j)} |-> f[i]]
RestrictValues(f, Test(_)) == [i \in {j \in DOMAIN f : Test(f[j])} |-> f[i]]
IsRestriction(small, large) == DOMAIN small \subseteq DOMAIN large /\ \A i \in DOMAIN small : small[i] = large[i]

\* Two functions, value by value.
Pointwise(f, g, Op(_, _)) == [i \in DOMAIN f |-> Op(f[i], g[i])]

\* For each value of T where f takes it; somewhere in S if it does not.
Inverse(f, S, T) == LET values == Range(f) IN [v \in T |-> CHOOSE i \in S : v \notin values \/ f[i] = v]
AntiFunction(f) == Inverse(f, DOMAIN f, Range(f))

IsInjective(f) == \A i, j \in DOMAIN f : i = j \/ f[i] # f[j]
Injection(S, T) == {f \in [S -> T] : IsInjective(f)}
Surjection(S, T) == {f \in [S -> T] : Range(f) = T}
Bijection(S, T) == {f \in Injection(S, T) : Range(f) = T}
ExistsInjection(S, T) == \E f \in [S -> T] : IsInjective(f)
ExistsSurjection(S, T) == \E f \in [S -> T] : Range(f) = T
ExistsBijection(S, T) == \E f \in [S -> T] : IsInjective(f) /\ Range(f) = T

\* Op(f[i1], Op(f[i2], ... base)), in some order.
FoldFunctionOnSet(Op(_, _), base, f, S) ==
  LET RECURSIVE Fold(_)
      Fold(left) == IF left = {} THEN base
                    ELSE LET next == CHOOSE i \in left : TRUE IN Op(f[next], Fold(left \ {next}))
  IN Fold(S)
FoldFunction(Op(_, _), base, f) == FoldFunctionOnSet(Op, base, f, DOMAIN f)
SumFunctionOnSet(f, S) == FoldFunctionOnSet(LAMBDA a, b : a + b, 0, f, S)
SumFunction(f) == SumFunctionOnSet(f, DOMAIN f)
============================================================================
