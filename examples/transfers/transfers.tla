------------------------------ MODULE transfers ------------------------------
(***************************************************************************)
(* Branches of a bank send each other money.  A branch may crash between   *)
(* any two of its steps and comes back with its account, and with nothing  *)
(* else that it knew.                                                      *)
(*                                                                         *)
(* No money is lost and none is made, because one step takes it from the   *)
(* account and sends it, and one step receives it and adds it: whatever a  *)
(* step does survives as a whole or not at all.                            *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets, TLC

CONSTANTS
  NumBranches,
  Opening,   \* what each account holds in the beginning
  \* Of checking only: what is asked for, how much of it, and how often a branch crashes.
  Amounts, Payments, Crashes

ASSUME NumBranches > 1 /\ Opening >= 0

Branches == 1..NumBranches

\* What a branch has to pay, if it has to pay something.
Nothing == [to |-> 0, amount |-> 0]

(*
--mpcal Transfers {
  \* A message leaves with the step that sends it, and is gone with the step that takes it. So it survives a crash of its
  \* sender and of its receiver, is taken once, and in the order of its sender.
  mapping macro DurableLink {
    read {
      with (from \in {b \in Branches : $variable[b] # <<>>}) {
        with (message = Head($variable[from])) {
          $variable[from] := Tail($variable[from]);
          yield message;
        };
      };
    }
    write {
      yield [$variable EXCEPT ![$value.from] = Append(@, $value)];
    }
  }

  \* Somebody wants to pay somebody else.
  mapping macro Wish {
    read {
      await $variable > 0;
      $variable := $variable - 1;
      with (to \in Branches \ {self}; amount \in Amounts) {
        yield [to |-> to, amount |-> amount];
      };
    }
    write {
      assert FALSE;
    }
  }

  \* What people are told of an account.
  mapping macro Told {
    read {
      assert FALSE;
    }
    write {
      yield $value;
    }
  }

  \* A crash is possible, for the checker a limited number of times.
  mapping macro Sometimes {
    read {
      await $variable > 0;
      $variable := $variable - 1;
      yield TRUE;
    }
    write {
      assert FALSE;
    }
  }

  archetype Branch(
    ref network[_],
    ref wish,
    ref crash,
    \* @typeAlias: account = { balance: Int, paid: Int, received: Int };
    \* @type: Int -> $account;
    ref account[_],
    ref statement[_]
  )
  variables payment = Nothing;
  {
    start:
      payment := Nothing;

    serve:
      while (TRUE) {
        either {
          await payment = Nothing;
          payment := wish;
        } or {
          await payment # Nothing /\ payment.amount <= account[self].balance;
          with (after = [account[self] EXCEPT !.balance = @ - payment.amount, !.paid = @ + 1]) {
            account[self] := after;
            statement[self] := after;
          };
          network[payment.to] := [from |-> self, amount |-> payment.amount];
          payment := Nothing;
        } or {
          with (message = network[self];
                after = [account[self] EXCEPT !.balance = @ + message.amount, !.received = @ + 1]) {
            account[self] := after;
            statement[self] := after;
          };
        } or {
          await crash;
          goto start;
        };
      };
  }

  variables
    network = [to \in Branches |-> [from \in Branches |-> <<>>]];
    accounts = [b \in Branches |-> [balance |-> Opening, paid |-> 0, received |-> 0]];
    statements = accounts;
    wishes = Payments;
    crashes = Crashes;

  fair process (branch \in Branches) == instance Branch(
    ref network[_],
    ref wishes,
    ref crashes,
    ref accounts[_],
    ref statements[_]
  )
    mapping network[_] via DurableLink
    mapping wishes via Wish
    mapping crashes via Sometimes
    mapping statements[_] via Told;
}

\* BEGIN PLUSCAL TRANSLATION
--algorithm Transfers {
  variables
    network = [to \in Branches |-> [from \in Branches |-> <<>>]];
    accounts = [b \in Branches |-> [balance |-> Opening, paid |-> 0, received |-> 0]];
    statements = accounts;
    wishes = Payments;
    crashes = Crashes;

  fair process (branch2 \in Branches)
  variables payment = Nothing;
  {
    start:
      payment := Nothing;
    serve:
      while (TRUE) {
        either {
          await payment = Nothing;
          await wishes > 0;
          wishes := wishes - 1;
          with (to \in Branches \ {self}; amount \in Amounts) {
            payment := [to |-> to, amount |-> amount];
          };
        } or {
          await payment # Nothing /\ payment.amount <= accounts[self].balance;
          with (after = [accounts[self] EXCEPT !.balance = @ - payment.amount, !.paid = @ + 1]) {
            accounts[self] := after;
            statements[self] := after;
          };
          network[payment.to] := [network[payment.to] EXCEPT ![[from |-> self, amount |-> payment.amount].from] =
                Append(@, [from |-> self, amount |-> payment.amount])];
          payment := Nothing;
        } or {
          with (from \in {b \in Branches : network[self][b] # <<>>}; message = Head(network[self][from])) {
            network[self][from] := Tail(network[self][from]);
            with (message2 = message;
                after2 = [accounts[self] EXCEPT !.balance = @ + message2.amount, !.received = @ + 1]) {
              accounts[self] := after2;
              statements[self] := after2;
            };
          };
        } or {
          await crashes > 0;
          crashes := crashes - 1;
          await TRUE;
          goto start;
        };
      };
  }
}
\* END PLUSCAL TRANSLATION
*)

\* BEGIN TRANSLATION - the hash of the PCal code: PCal-7a6705c9ace79d7061b6111c98039580
VARIABLES network, accounts, statements, wishes, crashes, pc, payment

vars == << network, accounts, statements, wishes, crashes, pc, payment >>

ProcSet == (Branches)

Init == (* Global variables *)
        /\ network = [to \in Branches |-> [from \in Branches |-> <<>>]]
        /\ accounts = [b \in Branches |-> [balance |-> Opening, paid |-> 0, received |-> 0]]
        /\ statements = accounts
        /\ wishes = Payments
        /\ crashes = Crashes
        (* Process branch2 *)
        /\ payment = [self \in Branches |-> Nothing]
        /\ pc = [self \in ProcSet |-> "start"]

start(self) == /\ pc[self] = "start"
               /\ payment' = [payment EXCEPT ![self] = Nothing]
               /\ pc' = [pc EXCEPT ![self] = "serve"]
               /\ UNCHANGED << network, accounts, statements, wishes, crashes >>

serve(self) == /\ pc[self] = "serve"
               /\ \/ /\ payment[self] = Nothing
                     /\ wishes > 0
                     /\ wishes' = wishes - 1
                     /\ \E to \in Branches \ {self}:
                          \E amount \in Amounts:
                            payment' = [payment EXCEPT ![self] = [to |-> to, amount |-> amount]]
                     /\ pc' = [pc EXCEPT ![self] = "serve"]
                     /\ UNCHANGED <<network, accounts, statements, crashes>>
                  \/ /\ payment[self] # Nothing /\ payment[self].amount <= accounts[self].balance
                     /\ LET after == [accounts[self] EXCEPT !.balance = @ - payment[self].amount, !.paid = @ + 1] IN
                          /\ accounts' = [accounts EXCEPT ![self] = after]
                          /\ statements' = [statements EXCEPT ![self] = after]
                     /\ network' = [network EXCEPT ![payment[self].to] =                  [network[payment[self].to] EXCEPT ![[from |-> self, amount |-> payment[self].amount].from] =
                                                                         Append(@, [from |-> self, amount |-> payment[self].amount])]]
                     /\ payment' = [payment EXCEPT ![self] = Nothing]
                     /\ pc' = [pc EXCEPT ![self] = "serve"]
                     /\ UNCHANGED <<wishes, crashes>>
                  \/ /\ \E from \in {b \in Branches : network[self][b] # <<>>}:
                          LET message == Head(network[self][from]) IN
                            /\ network' = [network EXCEPT ![self][from] = Tail(network[self][from])]
                            /\ LET message2 == message IN
                                 LET after2 == [accounts[self] EXCEPT !.balance = @ + message2.amount, !.received = @ + 1] IN
                                   /\ accounts' = [accounts EXCEPT ![self] = after2]
                                   /\ statements' = [statements EXCEPT ![self] = after2]
                     /\ pc' = [pc EXCEPT ![self] = "serve"]
                     /\ UNCHANGED <<wishes, crashes, payment>>
                  \/ /\ crashes > 0
                     /\ crashes' = crashes - 1
                     /\ TRUE
                     /\ pc' = [pc EXCEPT ![self] = "start"]
                     /\ UNCHANGED <<network, accounts, statements, wishes, payment>>

branch2(self) == start(self) \/ serve(self)

(* Allow infinite stuttering to prevent deadlock on termination. *)
Terminating == /\ \A self \in ProcSet: pc[self] = "Done"
               /\ UNCHANGED vars

Next == (\E self \in Branches: branch2(self))
           \/ Terminating

Spec == /\ Init /\ [][Next]_vars
        /\ \A self \in Branches : WF_vars(branch2(self))

Termination == <>(\A self \in ProcSet: pc[self] = "Done")

\* END TRANSLATION - the hash of the generated TLA code (remove to silence divergence warnings): TLA-b8bd92e54875f924a63e5080f04d60b2

RECURSIVE Sum(_, _)
Sum(f, keys) == IF keys = {} THEN 0 ELSE LET k == CHOOSE k \in keys : TRUE IN f[k] + Sum(f, keys \ {k})

RECURSIVE SumOf(_)
SumOf(messages) == IF messages = <<>> THEN 0 ELSE Head(messages).amount + SumOf(Tail(messages))

OnTheWay == Sum([to \in Branches |-> Sum([from \in Branches |-> SumOf(network[to][from])], Branches)], Branches)
InAccounts == Sum([branch \in Branches |-> accounts[branch].balance], Branches)

\* No money is lost, and none is made.
MoneyIsKept == InAccounts + OnTheWay = NumBranches * Opening

NobodyOwes == \A branch \in Branches : accounts[branch].balance >= 0

\* What people were told is so, also after a crash.
WhatWasToldIsSo == statements = accounts

\* All money arrives in the end.
MoneyArrives == <>[](OnTheWay = 0)
=============================================================================
