--------------------------- MODULE FiniteSetsExt ---------------------------
LOCAL INSTANCE Integers
LOCAL INSTANCE FiniteSets

\* Op(x1, Op(x2, ... base)), in some order.
FoldSet(Op(_, _), base, S) ==
  LET RECURSIVE Fold(_)
      Fold(left) == IF left = {} THEN base
                    ELSE LET next == CHOOSE x \in left : TRUE IN Op(next, Fold(left \ {next}))
  IN Fold(S)
ReduceSet(Op(_, _), S, base) == FoldSet(Op, base, S)
SumSet(S) == FoldSet(LAMBDA a, b : a + b, 0, S)
ProductSet(S) == FoldSet(LAMBDA a, b : a * b, 1, S)
MapThenSumSet(F(_), S) == FoldSet(LAMBDA x, sum : F(x) + sum, 0, S)

FlattenSet(S) == UNION S
SymDiff(S, T) == (S \cup T) \ (S \cap T)

\* How many elements pass.
Quantify(S, Test(_)) == Cardinality({x \in S : Test(x)})

\* The subsets with n elements.
kSubset(n, S) ==
  LET RECURSIVE Subsets(_, _)
      Subsets(m, left) ==
        IF m = 0 THEN {{}}
        ELSE UNION {{T \cup {x} : T \in Subsets(m - 1, left \ {x})} : x \in left}
  IN IF n \in 0..Cardinality(S) THEN Subsets(n, S) ELSE {}

Max(S) == CHOOSE x \in S : \A other \in S : other <= x
Min(S) == CHOOSE x \in S : \A other \in S : x <= other

\* Every way to take one element of each set.
Choices(Sets) == {{f[S] : S \in Sets} : f \in {g \in [Sets -> UNION Sets] : \A S \in Sets : g[S] \in S}}

ChooseUnique(S, Test(_)) == CHOOSE x \in S : {y \in S : Test(y)} = {x}
============================================================================
