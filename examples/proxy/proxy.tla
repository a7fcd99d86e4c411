------------------------------- MODULE proxy --------------------------------
(***************************************************************************)
(* A proxy in front of back-ends that may crash.                           *)
(*                                                                         *)
(* The proxy forwards a request to one back-end and waits for the answer,  *)
(* or until the failure detector suspects that back-end; then it tries     *)
(* another.  A client gets an answer of a back-end, or, when every         *)
(* back-end was tried, the news that the service is down.                  *)
(*                                                                         *)
(* The failure detector may suspect a back-end that lives.  One that has   *)
(* crashed it does suspect: until it does, the crash cannot be told from a *)
(* slow back-end, so the model lets a back-end crash at that moment.       *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets, TLC

CONSTANTS NumBackends, NumClients, Rounds

ASSUME NumBackends \in Nat /\ NumBackends > 0
ASSUME NumClients \in Nat /\ Rounds \in Nat

\* The proxy has two inboxes, one for clients and one for back-ends.
Front == 0
Back == 1
Backends == 2..(1 + NumBackends)
Clients == (2 + NumBackends)..(1 + NumBackends + NumClients)
Inboxes == {Front, Back} \cup Backends \cup Clients

(*
--mpcal Proxy {
  mapping macro Link {
    read {
      await Len($variable) > 0;
      with (message = Head($variable)) {
        $variable := Tail($variable);
        yield message;
      };
    }
    write {
      yield Append($variable, $value);
    }
  }

  \* Complete, but not accurate.
  mapping macro Detector {
    read {
      if ($variable) {
        yield TRUE;
      } else {
        either { yield TRUE; } or { yield FALSE; };
      };
    }
    write {
      assert FALSE;
    }
  }

  \* What the application is told; the model does not care.
  mapping macro Told {
    read {
      assert FALSE;
    }
    write {
      skip;
    }
  }

  archetype Relay(ref network[_], ref suspected[_])
  variables request, message, backend = 0, tried = {};
  {
    accept:
      while (TRUE) {
        request := network[Front];
        tried := {};

        forward:
          if (tried = Backends) {
            network[request.from] := [ok |-> FALSE, id |-> request.id, by |-> self];
            goto accept;
          } else {
            with (next \in Backends \ tried) {
              backend := next;
              tried := tried \cup {next};
              network[next] := [id |-> request.id, from |-> request.from];
            };
          };

        relay:
          either {
            message := network[Back];
            if (message.by = backend /\ message.to = request.from /\ message.id = request.id) {
              network[request.from] := [ok |-> TRUE, id |-> message.id, by |-> backend];
            } else {
              \* An answer that came too late.
              goto relay;
            };
          } or {
            await suspected[backend];
            goto forward;
          };
      };
  }

  archetype Backend(ref network[_], ref crashed[_])
  variables work;
  {
    receive:
      while (TRUE) {
        await ~crashed[self];
        work := network[self];

        answer:
          await ~crashed[self];
          network[Back] := [id |-> work.id, to |-> work.from, by |-> self];
      };
  }

  archetype Client(ref network[_], ref told, rounds)
  variables reply, id = 0;
  {
    request:
      while (id < rounds) {
        id := id + 1;
        network[Front] := [id |-> id, from |-> self];

        response:
          reply := network[self];
          assert reply.id = id;
          told := [id |-> id, ok |-> reply.ok, by |-> reply.by];
      };
  }

  variables
    network = [node \in Inboxes |-> <<>>];
    crashed = [backend \in Backends |-> FALSE];
    log = <<>>;

  fair process (proxy = Front) == instance Relay(ref network[_], ref crashed[_])
    mapping network[_] via Link
    mapping crashed[_] via Detector;

  fair process (server \in Backends) == instance Backend(ref network[_], ref crashed[_])
    mapping network[_] via Link;

  fair process (client \in Clients) == instance Client(ref network[_], ref log, Rounds)
    mapping network[_] via Link
    mapping log via Told;

  \* Crashes some back-ends, at some time.
  process (fate \in {-backend : backend \in Backends})
  {
    crash:
      crashed[-self] := TRUE;
  }
}

\* BEGIN PLUSCAL TRANSLATION
--algorithm Proxy {
  variables
    network = [node \in Inboxes |-> <<>>];
    crashed = [backend2 \in Backends |-> FALSE];
    log = <<>>;

  fair process (proxy = Front)
  variables request; message; backend = 0; tried = {};
  {
    accept:
      while (TRUE) {
        await Len(network[Front]) > 0;
        with (message2 = Head(network[Front])) {
          network[Front] := Tail(network[Front]);
          request := message2;
        };
        tried := {};
        forward:
          if (tried = Backends) {
            network[request.from] := Append(network[request.from], [ok |-> FALSE, id |-> request.id, by |-> Front]);
            goto accept;
          } else {
            with (next \in Backends \ tried) {
              backend := next;
              tried := tried \cup {next};
              network[next] := Append(network[next], [id |-> request.id, from |-> request.from]);
            };
          };
        relay:
          either {
            await Len(network[Back]) > 0;
            with (message2 = Head(network[Back]); network2 = [network EXCEPT ![Back] = Tail(network[Back])]) {
              message := message2;
              if (message.by = backend /\ message.to = request.from /\ message.id = request.id) {
                network := [network2 EXCEPT ![request.from] =
                      Append(network2[request.from], [ok |-> TRUE, id |-> message.id, by |-> backend])];
              } else {
                network := network2;
                goto relay;
              };
            };
          } or {
            with (suspectedRead \in IF crashed[backend] THEN {TRUE} ELSE {TRUE, FALSE}) {
              await suspectedRead;
            };
            goto forward;
          };
      };
  }

  fair process (server \in Backends)
  variables work;
  {
    receive:
      while (TRUE) {
        await ~crashed[self];
        await Len(network[self]) > 0;
        with (message2 = Head(network[self])) {
          network[self] := Tail(network[self]);
          work := message2;
        };
        answer:
          await ~crashed[self];
          network[Back] := Append(network[Back], [id |-> work.id, to |-> work.from, by |-> self]);
      };
  }

  fair process (client \in Clients)
  variables rounds = Rounds; reply; id = 0;
  {
    request_:
      while (id < rounds) {
        id := id + 1;
        network[Front] := Append(network[Front], [id |-> id, from |-> self]);
        response:
          await Len(network[self]) > 0;
          with (message2 = Head(network[self])) {
            network[self] := Tail(network[self]);
            reply := message2;
          };
          assert reply.id = id;
      };
  }

  \* Crashes some back-ends, at some time.
  process (fate \in {-backend2 : backend2 \in Backends})
  {
    crash:
      crashed[-self] := TRUE;
  }
}
\* END PLUSCAL TRANSLATION
*)

\* BEGIN TRANSLATION
\* END TRANSLATION

\* An answer says whose request it was, and a client is never told of another one's.
AnswersMatch ==
  \A c \in Clients : \A i \in DOMAIN network[c] : network[c][i].id = id[c]

\* A client is told of a failure only after every back-end was tried.
NoEarlyFailure ==
  \A c \in Clients : \A i \in DOMAIN network[c] : network[c][i].ok \/ pc[Front] = "accept"

\* Every request is answered, whatever crashes.
EveryoneIsServed == <>(\A c \in Clients : pc[c] = "Done")
=============================================================================
