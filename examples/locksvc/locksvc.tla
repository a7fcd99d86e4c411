------------------------------ MODULE locksvc ------------------------------
(***************************************************************************)
(* A lock service: one server hands a lock to one client at a time.        *)
(*                                                                         *)
(* A client asks for the lock, waits until it is granted, works, and gives *)
(* it back.  The server keeps the clients that wait in the order in which  *)
(* their requests came.  Messages travel over links that lose nothing and  *)
(* keep the order of each sender, which is what TCP gives; requests of     *)
(* different clients may overtake each other.                              *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets, TLC

CONSTANT NumClients

ASSUME NumClients \in Nat /\ NumClients > 0

Server == 0
Clients == 1..NumClients
Nodes == Clients \cup {Server}

Request == "request"
Release == "release"
Grant == "grant"

(*
--mpcal LockService {
  \* A node has one inbox. A full inbox makes its senders wait.
  mapping macro Inbox {
    read {
      await Len($variable) > 0;
      with (message = Head($variable)) {
        $variable := Tail($variable);
        yield message;
      };
    }
    write {
      await Len($variable) < 2 * Cardinality(Nodes);
      yield Append($variable, $value);
    }
  }

  archetype LockServer(ref network[_])
  variables message, waiting = <<>>;
  {
    serve:
      while (TRUE) {
        message := network[self];

        handle:
          if (message.kind = Request) {
            if (waiting = <<>>) {
              network[message.from] := [kind |-> Grant, from |-> self];
            };
            waiting := Append(waiting, message.from);
          } else {
            waiting := Tail(waiting);
            if (waiting # <<>>) {
              network[Head(waiting)] := [kind |-> Grant, from |-> self];
            };
          };
      };
  }

  archetype LockClient(ref network[_], ref holding[_], ref rounds)
  variables answer;
  {
    acquire:
      while (rounds > 0) {
        network[Server] := [kind |-> Request, from |-> self];

        granted:
          answer := network[self];
          assert answer.kind = Grant;
          holding[self] := TRUE;

        work:
          holding[self] := FALSE;
          network[Server] := [kind |-> Release, from |-> self];
          rounds := rounds - 1;
      };
  }

  variables
    network = [node \in Nodes |-> <<>>];
    holding = [client \in Clients |-> FALSE];

  fair process (server = Server) == instance LockServer(ref network[_])
    mapping network[_] via Inbox;

  fair process (client \in Clients) == instance LockClient(ref network[_], ref holding[_], 2)
    mapping network[_] via Inbox;
}

\* BEGIN PLUSCAL TRANSLATION
--algorithm LockService {
  variables
    network = [node \in Nodes |-> <<>>];
    holding = [client \in Clients |-> FALSE];

  fair process (server = Server)
  variables message; waiting = <<>>;
  {
    serve:
      while (TRUE) {
        await Len(network[Server]) > 0;
        with (message2 = Head(network[Server])) {
          network[Server] := Tail(network[Server]);
          message := message2;
        };
        handle:
          if (message.kind = Request) {
            if (waiting = <<>>) {
              await Len(network[message.from]) < 2 * Cardinality(Nodes);
              network[message.from] := Append(network[message.from], [kind |-> Grant, from |-> Server]);
            };
            waiting := Append(waiting, message.from);
          } else {
            waiting := Tail(waiting);
            if (waiting # <<>>) {
              await Len(network[Head(waiting)]) < 2 * Cardinality(Nodes);
              network[Head(waiting)] := Append(network[Head(waiting)], [kind |-> Grant, from |-> Server]);
            };
          };
      };
  }

  fair process (client \in Clients)
  variables rounds = 2; answer;
  {
    acquire:
      while (rounds > 0) {
        await Len(network[Server]) < 2 * Cardinality(Nodes);
        network[Server] := Append(network[Server], [kind |-> Request, from |-> self]);
        granted:
          await Len(network[self]) > 0;
          with (message2 = Head(network[self])) {
            network[self] := Tail(network[self]);
            answer := message2;
          };
          assert answer.kind = Grant;
          holding[self] := TRUE;
        work:
          holding[self] := FALSE;
          await Len(network[Server]) < 2 * Cardinality(Nodes);
          network[Server] := Append(network[Server], [kind |-> Release, from |-> self]);
          rounds := rounds - 1;
      };
  }
}
\* END PLUSCAL TRANSLATION
*)

\* BEGIN TRANSLATION
\* END TRANSLATION

\* At most one client holds the lock.
MutualExclusion == Cardinality({c \in Clients : holding[c]}) <= 1

\* A client that asks gets the lock.
EveryoneIsServed == \A c \in Clients : pc[c] = "granted" ~> holding[c]

\* Everyone comes to an end.
ClientsFinish == <>(\A c \in Clients : pc[c] = "Done")
=============================================================================
