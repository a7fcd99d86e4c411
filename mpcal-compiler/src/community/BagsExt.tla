------------------------------ MODULE BagsExt ------------------------------
LOCAL INSTANCE Integers
LOCAL INSTANCE Bags

BagAdd(B, x) == [e \in DOMAIN B \cup {x} |-> CopiesIn(e, B) + (IF e = x THEN 1 ELSE 0)]
BagRemoveAll(B, x) == [e \in DOMAIN B \ {x} |-> B[e]]
BagRemove(B, x) == IF CopiesIn(x, B) <= 1 THEN BagRemoveAll(B, x) ELSE [B EXCEPT ![x] = @ - 1]

\* Op(F(x1), Op(F(x1), ... base)): each element as often as it is there.
FoldBag(Op(_, _), base, B) ==
  LET RECURSIVE Fold(_)
      Fold(left) == IF DOMAIN left = {} THEN base
                    ELSE LET next == CHOOSE x \in DOMAIN left : TRUE IN Op(next, Fold(BagRemove(left, next)))
  IN Fold(B)
SumBag(B) == FoldBag(LAMBDA a, b : a + b, 0, B)
ProductBag(B) == FoldBag(LAMBDA a, b : a * b, 1, B)
============================================================================
