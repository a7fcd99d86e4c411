------------------------------ MODULE counter ------------------------------
\* Workers add to one counter. No addition is lost.
EXTENDS Naturals, TLC

CONSTANTS NumWorkers, Rounds

(*
--mpcal Counter {
  archetype Worker(ref counter, rounds)
  {
    add:
      while (rounds > 0) {
        counter := counter + 1;
        rounds := rounds - 1;
      };
  }

  variables
    counter = 0;

  fair process (worker \in 1..NumWorkers) == instance Worker(ref counter, Rounds);
}

\* BEGIN PLUSCAL TRANSLATION
\* END PLUSCAL TRANSLATION
*)

\* BEGIN TRANSLATION
\* END TRANSLATION

\* In the end everything was counted.
NothingIsLost == <>[](counter = NumWorkers * Rounds)
=============================================================================
