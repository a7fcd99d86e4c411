---------------------------- MODULE SequencesExt ----------------------------
LOCAL INSTANCE Integers
LOCAL INSTANCE Sequences
LOCAL INSTANCE FiniteSets
LOCAL INSTANCE TLC

\* Sequences, sets and bags.
ToSet(q) == {q[i] : i \in DOMAIN q}
ToBag(q) == [e \in ToSet(q) |-> Cardinality({i \in DOMAIN q : q[i] = e})]
SetToSeq(S) ==
  LET RECURSIVE Ordered(_)
      Ordered(left) == IF left = {} THEN <<>>
                       ELSE LET first == CHOOSE x \in left : TRUE IN <<first>> \o Ordered(left \ {first})
  IN Ordered(S)
SetToSeqs(S) ==
  LET RECURSIVE Orders(_)
      Orders(left) == IF left = {} THEN {<<>>}
                      ELSE UNION {{<<x>> \o q : q \in Orders(left \ {x})} : x \in left}
  IN Orders(S)
SetToSortSeq(S, Before(_, _)) == SortSeq(SetToSeq(S), Before)
SetToAllKPermutations(S) == UNION {SetToSeqs(T) : T \in SUBSET S}
TupleOf(S, n) == [1..n -> S]
SeqOf(S, n) == UNION {[1..m -> S] : m \in 0..n}
BoundedSeq(S, n) == SeqOf(S, n)

\* Tests.
Contains(q, e) == \E i \in DOMAIN q : q[i] = e
IsSorted(q, Before(_, _)) == \A j \in 2..Len(q) : \A i \in 1..j - 1 : Before(q[i], q[j])
IsPrefix(p, q) == Len(p) <= Len(q) /\ \A i \in 1..Len(p) : p[i] = q[i]
IsStrictPrefix(p, q) == Len(p) < Len(q) /\ IsPrefix(p, q)
IsSuffix(p, q) == Len(p) <= Len(q) /\ \A i \in 1..Len(p) : p[i] = q[Len(q) - Len(p) + i]
IsStrictSuffix(p, q) == Len(p) < Len(q) /\ IsSuffix(p, q)

\* Parts.
Front(q) == SubSeq(q, 1, Len(q) - 1)
Last(q) == q[Len(q)]
Prefixes(q) == {SubSeq(q, 1, n) : n \in 0..Len(q)}
Suffixes(q) == {SubSeq(q, n, Len(q)) : n \in 1..Len(q) + 1}
SubSeqs(q) == {SubSeq(q, i, j) : i \in 1..Len(q) + 1, j \in 0..Len(q)}
CommonPrefixes(S) == {p \in UNION {Prefixes(q) : q \in S} : \A q \in S : IsPrefix(p, q)}
LongestCommonPrefix(S) == LET all == CommonPrefixes(S) IN CHOOSE p \in all : \A other \in all : Len(other) <= Len(p)
SelectInSeq(q, Test(_)) ==
  LET found == {i \in DOMAIN q : Test(q[i])}
  IN IF found = {} THEN 0 ELSE CHOOSE i \in found : \A j \in found : i <= j
SelectLastInSeq(q, Test(_)) ==
  LET found == {i \in DOMAIN q : Test(q[i])}
  IN IF found = {} THEN 0 ELSE CHOOSE i \in found : \A j \in found : j <= i
SelectInSubSeq(q, from, to, Test(_)) == SelectInSeq(SubSeq(q, from, to), Test)
SelectLastInSubSeq(q, from, to, Test(_)) == SelectLastInSeq(SubSeq(q, from, to), Test)

\* Changes.
Cons(e, q) == <<e>> \o q
Snoc(e, q) == Append(q, e)
Reverse(q) == [i \in 1..Len(q) |-> q[Len(q) + 1 - i]]
Remove(q, e) == SelectSeq(q, LAMBDA x : x # e)
InsertAt(q, i, e) == SubSeq(q, 1, i - 1) \o <<e>> \o SubSeq(q, i, Len(q))
RemoveAt(q, i) == SubSeq(q, 1, i - 1) \o SubSeq(q, i + 1, Len(q))
ReplaceAt(q, i, e) == [q EXCEPT ![i] = e]
ReplaceAll(q, old, new) == [i \in 1..Len(q) |-> IF q[i] = old THEN new ELSE q[i]]
RemoveFirst(q, e) == LET i == SelectInSeq(q, LAMBDA x : x = e) IN IF i = 0 THEN q ELSE RemoveAt(q, i)
RemoveFirstMatch(q, Test(_)) == LET i == SelectInSeq(q, Test) IN IF i = 0 THEN q ELSE RemoveAt(q, i)
FlattenSeq(q) ==
  LET RECURSIVE From(_)
      From(i) == IF i = Len(q) THEN q[i] ELSE q[i] \o From(i + 1)
  IN IF Len(q) = 0 THEN <<>> ELSE From(1)
Zip(p, q) == [i \in 1..(IF Len(p) <= Len(q) THEN Len(p) ELSE Len(q)) |-> <<p[i], q[i]>>]

\* The remainder that an index has: from 1 to n.
SeqMod(a, n) == ((a - 1) % n) + 1

\* Op(...Op(Op(base, q[1]), q[2])..., q[n]) and Op(q[1], Op(q[2], ...Op(q[n], base)...)).
FoldLeft(Op(_, _), base, q) ==
  LET RECURSIVE UpTo(_)
      UpTo(i) == IF i = 0 THEN base ELSE Op(UpTo(i - 1), q[i])
  IN UpTo(Len(q))
FoldRight(Op(_, _), q, base) ==
  LET RECURSIVE From(_)
      From(i) == IF i > Len(q) THEN base ELSE Op(q[i], From(i + 1))
  IN From(1)
FoldSeq(Op(_, _), base, q) == FoldRight(Op, q, base)
FoldLeftDomain(Op(_, _), base, q) ==
  LET RECURSIVE UpTo(_)
      UpTo(i) == IF i = 0 THEN base ELSE Op(UpTo(i - 1), i)
  IN UpTo(Len(q))
FoldRightDomain(Op(_, _), q, base) ==
  LET RECURSIVE From(_)
      From(i) == IF i > Len(q) THEN base ELSE Op(i, From(i + 1))
  IN From(1)
============================================================================
