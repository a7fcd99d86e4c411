------------------------------- MODULE dqueue -------------------------------
(***************************************************************************)
(* A distributed queue of work: a producer has numbered items, consumers   *)
(* ask for one at a time.  Each item goes to exactly one consumer, and     *)
(* when there is none left every consumer that asks is told so.            *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS NumConsumers, NumItems

ASSUME NumConsumers \in Nat /\ NumConsumers > 0
ASSUME NumItems \in Nat

Producer == 0
Consumers == 1..NumConsumers
Nodes == Consumers \cup {Producer}

Ask == "ask"
Item == "item"
Empty == "empty"

(*
--mpcal Queue {
  \* Links lose nothing and keep the order of each sender.
  mapping macro Link {
    read {
      await $variable # <<>>;
      with (message = Head($variable)) {
        $variable := Tail($variable);
        yield message;
      };
    }
    write {
      yield Append($variable, $value);
    }
  }

  archetype Supplier(ref network[_])
  variables request, next = 1, told = {};
  {
    supply:
      while (told # Consumers) {
        request := network[self];
        if (next <= NumItems) {
          network[request.from] := [kind |-> Item, number |-> next];
          next := next + 1;
        } else {
          network[request.from] := [kind |-> Empty];
          told := told \cup {request.from};
        };
      };
  }

  archetype Worker(ref network[_], ref done[_])
  variables answer, working = TRUE;
  {
    ask:
      while (working) {
        network[Producer] := [kind |-> Ask, from |-> self];

        take:
          answer := network[self];
          if (answer.kind = Item) {
            done[self] := Append(done[self], answer.number);
          } else {
            working := FALSE;
          };
      };
  }

  variables
    network = [node \in Nodes |-> <<>>];
    done = [consumer \in Consumers |-> <<>>];

  fair process (producer = Producer) == instance Supplier(ref network[_])
    mapping network[_] via Link;

  fair process (consumer \in Consumers) == instance Worker(ref network[_], ref done[_])
    mapping network[_] via Link;
}

\* BEGIN PLUSCAL TRANSLATION
--algorithm Queue {
  variables
    network = [node \in Nodes |-> <<>>];
    done = [consumer \in Consumers |-> <<>>];

  fair process (producer = Producer)
  variables request; next = 1; told = {};
  {
    supply:
      while (told # Consumers) {
        await network[Producer] # <<>>;
        with (message = Head(network[Producer]); network2 = [network EXCEPT ![Producer] = Tail(network[Producer])]) {
          request := message;
          if (next <= NumItems) {
            network := [network2 EXCEPT ![request.from] = Append(network2[request.from],
                  [kind |-> Item, number |-> next])];
            next := next + 1;
          } else {
            network := [network2 EXCEPT ![request.from] = Append(network2[request.from], [kind |-> Empty])];
            told := told \cup {request.from};
          };
        };
      };
  }

  fair process (consumer \in Consumers)
  variables answer; working = TRUE;
  {
    ask:
      while (working) {
        network[Producer] := Append(network[Producer], [kind |-> Ask, from |-> self]);
        take:
          await network[self] # <<>>;
          with (message = Head(network[self])) {
            network[self] := Tail(network[self]);
            answer := message;
          };
          if (answer.kind = Item) {
            done[self] := Append(done[self], answer.number);
          } else {
            working := FALSE;
          };
      };
  }
}
\* END PLUSCAL TRANSLATION
*)

\* BEGIN TRANSLATION
\* END TRANSLATION

ItemsOf(c) == {done[c][i] : i \in DOMAIN done[c]}

\* No item is done twice, by one consumer or by two.
EachItemOnce ==
  /\ \A c \in Consumers : Cardinality(ItemsOf(c)) = Len(done[c])
  /\ \A c, d \in Consumers : c # d => ItemsOf(c) \cap ItemsOf(d) = {}

\* In the end every item is done, and everyone knows.
AllDone ==
  <>(/\ UNION {ItemsOf(c) : c \in Consumers} = 1..NumItems
     /\ \A n \in Nodes : pc[n] = "Done")
=============================================================================
