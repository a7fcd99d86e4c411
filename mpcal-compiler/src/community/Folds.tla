------------------------------- MODULE Folds -------------------------------
\* Op(F(x1), Op(F(x2), ... base)), where Pick says which element comes next.
MapThenFoldSet(Op(_, _), base, F(_), Pick(_), S) ==
  LET RECURSIVE Fold(_)
      Fold(left) == IF left = {} THEN base
                    ELSE LET next == Pick(left) IN Op(F(next), Fold(left \ {next}))
  IN Fold(S)
============================================================================
