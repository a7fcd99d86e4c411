------------------------------- MODULE raftkv -------------------------------
(***************************************************************************)
(* A replicated key-value store: Raft, after the paper and the thesis.     *)
(*                                                                         *)
(* Servers elect a leader.  The leader puts the commands of clients into   *)
(* its log and has the others copy it; what most of them have on disk is   *)
(* committed and carried out by everyone, in the order of the log.  Reads  *)
(* are answered by the leader alone, once most servers have confirmed that *)
(* nobody has replaced it since they were asked.                           *)
(*                                                                         *)
(* One step is one critical section: a message, a time-out, all requests   *)
(* that have queued up, a write to the disk, or a batch of commands that   *)
(* are carried out.  Servers crash between steps and keep their term, vote *)
(* and log.                                                                *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets, TLC

CONSTANTS
  NumServers,
  NumClients,
  PreVote,  \* whether a server asks, before it disturbs a term, if it would be elected
  Window,   \* how many entries may be under way to a server
  Batch,    \* how many commands are carried out in a step
  \* Of checking only: what clients write and where, and how much of everything there is.
  Keys, Values, Rounds, Capacity, Lossy, Timeouts, Heartbeats, Impatience, Crashes

ASSUME NumServers > 1 /\ NumClients >= 0 /\ Window > 0 /\ Batch > 0

Servers == 1..NumServers
Clients == (NumServers + 1)..(NumServers + NumClients)
Nobody == 0

\* What a server is.
Follower == "follower"
Candidate == "candidate"
Leader == "leader"

\* Messages between servers, and what clients are told.
RequestVote == "request-vote"
Vote == "vote"
AppendEntries == "append-entries"
Appended == "appended"
Answer == "answer"
Redirect == "redirect"

\* Commands. An entry in the log has one of them, or marks the beginning of a term.
Put == "put"
Get == "get"
Begin == "begin"

Commands == [op : {Put}, key : Keys, value : Values] \cup [op : {Get}, key : Keys, value : {""}]

Min(a, b) == IF a < b THEN a ELSE b
Max(a, b) == IF a > b THEN a ELSE b

IsQuorum(servers) == 2 * Cardinality(servers) > NumServers

\* The most that a quorum has reached.
ByQuorum(reached) ==
  LET Has(n) == IsQuorum({s \in Servers : reached[s] >= n})
      all == {reached[s] : s \in Servers}
  IN CHOOSE n \in all : Has(n) /\ \A other \in all : Has(other) => other <= n

TermAt(log, index) == IF index = 0 THEN 0 ELSE log[index].term
LastTerm(log) == TermAt(log, Len(log))

\* Whether a log holds the entries after an index.
Holds(log, index, entries) ==
  index + Len(entries) <= Len(log) /\ \A i \in 1..Len(entries) : log[index + i].term = entries[i].term

\* The store gives for each key its value and how often it was written.
Absent == [value |-> "", version |-> 0]
Lookup(store, key) == IF key \in DOMAIN store THEN store[key] ELSE Absent

\* What was carried out: the store, and of each client the last command with its result.
Initial == [store |-> [key \in {} |-> Absent], sessions |-> [client \in {} |-> [number |-> 0, result |-> Absent]]]

\* A client that was not answered sends its command again, so it may be in the log twice; it takes effect once.
IsRepeated(request, sessions) ==
  request.client \in DOMAIN sessions /\ sessions[request.client].number >= request.number

CarryOut(machine, request) ==
  IF request.op = Begin \/ IsRepeated(request, machine.sessions) THEN machine
  ELSE LET result == [value |-> request.value, version |-> Lookup(machine.store, request.key).version + 1]
       IN [store |-> (request.key :> result) @@ machine.store,
           sessions |-> (request.client :> [number |-> request.number, result |-> result]) @@ machine.sessions]

RECURSIVE CarryOutAll(_, _)
CarryOutAll(machine, entries) ==
  IF entries = <<>> THEN machine ELSE CarryOutAll(CarryOut(machine, Head(entries).request), Tail(entries))

IsPut(request) == request.op = Put
IsGet(request) == request.op = Get

NoRequest == [client |-> Nobody, number |-> 0, op |-> Begin, key |-> "", value |-> ""]

ReadFor(client, requests, store) ==
  LET mine == CHOOSE i \in 1..Len(requests) : requests[i].client = client
  IN [kind |-> Answer, number |-> requests[mine].number, result |-> Lookup(store, requests[mine].key)]

ClientsOf(requests) == {requests[i].client : i \in 1..Len(requests)}
ServedBy(entries) == {entries[i].request.client : i \in 1..Len(entries)} \ {Nobody}

(*
--mpcal Raft {
  \* Links keep the order of each sender, and may lose messages; one that is full does.
  mapping macro Inbox {
    read {
      with (from \in {s \in Servers : $variable[s] # <<>>}) {
        with (message = Head($variable[from])) {
          $variable[from] := Tail($variable[from]);
          yield message;
        };
      };
    }
    write { assert FALSE; }
  }

  \* A message for each of some servers.
  mapping macro Post {
    read { assert FALSE; }
    write {
      with (lost \in IF Lossy THEN SUBSET (DOMAIN $value) ELSE {{}}) {
        yield [to \in Servers |-> [from \in Servers |->
                 IF /\ to \in (DOMAIN $value) \ lost /\ from = $value[to].from
                    /\ Len($variable[to][from]) < Capacity
                 THEN Append($variable[to][from], $value[to])
                 ELSE $variable[to][from]]];
      };
    }
  }

  \* Everything that has queued up.
  mapping macro Queued {
    read {
      await $variable # <<>>;
      with (all = $variable) {
        $variable := <<>>;
        yield all;
      };
    }
    write {
      if (Len($variable) < Capacity) { yield Append($variable, $value); };
    }
  }

  \* Something that happens at any time, for the checker a limited number of times.
  mapping macro Sometimes {
    read {
      await $variable > 0;
      $variable := $variable - 1;
      yield TRUE;
    }
    write { skip; }
  }

  \* An answer for each of some clients.
  mapping macro Told {
    read { assert FALSE; }
    write {
      yield [client \in Clients |->
               IF client \in DOMAIN $value /\ Len($variable[client]) < Capacity
               THEN Append($variable[client], $value[client])
               ELSE $variable[client]];
    }
  }

  mapping macro Reply {
    read {
      await $variable # <<>>;
      with (reply = Head($variable)) {
        $variable := Tail($variable);
        yield reply;
      };
    }
    write { assert FALSE; }
  }

  \* What the application asks of its client, and what that tells it: a history for the checker.
  mapping macro Asked {
    read {
      await Cardinality({i \in 1..Len($variable) : $variable[i].client = self /\ $variable[i].asks}) < Rounds;
      with (command \in Commands) {
        $variable := Append($variable, [client |-> self, asks |-> TRUE, command |-> command, result |-> Absent]);
        yield command;
      };
    }
    write { assert FALSE; }
  }

  mapping macro Answered {
    read { assert FALSE; }
    write {
      yield Append($variable, [client |-> self, asks |-> FALSE, command |-> $value.command, result |-> $value.result]);
    }
  }

  \* Entries for some servers, all that they have room for; who has got everything is told that the leader is there.
  macro Replicate(to) {
    with (all = log \o fresh, upTo = [s \in Servers |-> Min(Len(all), match[s] + Window)]) {
      send := [s \in to |->
                 [kind |-> AppendEntries, from |-> self, term |-> term, previous |-> next[s] - 1,
                  previousTerm |-> TermAt(all, next[s] - 1), entries |-> SubSeq(all, next[s], upTo[s]),
                  commit |-> commit, round |-> round]];
      next := [s \in Servers |-> IF s \in to THEN Max(next[s], upTo[s] + 1) ELSE next[s]];
    };
  }

  \* An inquiry, or with `ballot = term` an election.
  macro AskForVotes() {
    votes := {self};
    send := [s \in Servers \ {self} |->
               [kind |-> RequestVote, from |-> self, term |-> term, ballot |-> ballot,
                last |-> Len(log), lastTerm |-> LastTerm(log)]];
  }

  macro StartElection() {
    term := ballot;
    vote := self;
    AskForVotes();
  }

  macro Lead() {
    role := Leader;
    leader := self;
    first := Len(log) + 1;
    fresh := <<[term |-> term, request |-> NoRequest]>>;
    next := [s \in Servers |-> Len(log) + 1];
    match := [s \in Servers |-> 0];
    heard := [s \in Servers |-> 0];
    Replicate(Servers \ {self});
  }

  \* Whoever learns of a newer term takes part in it. What a leader has sent of its log it keeps.
  macro Join(newer) {
    term := newer;
    vote := Nobody;
    role := Follower;
    leader := Nobody;
    reads := <<>>;
    if (fresh # <<>>) {
      log := log \o fresh;
      fresh := <<>>;
    };
  }

  \* Entries of earlier terms are committed with one of the leader's own: an election could still undo them.
  macro Commit() {
    with (index = ByQuorum([match EXCEPT ![self] = Len(log)])) {
      if (index > commit /\ TermAt(log \o fresh, index) = term) {
        commit := index;
      };
    };
  }

  macro HandleRequestVote(m) {
    with (granted = /\ \/ m.lastTerm > LastTerm(log)
                       \/ m.lastTerm = LastTerm(log) /\ m.last >= Len(log)
                    /\ IF m.ballot > m.term THEN m.term = term /\ leader = Nobody
                       ELSE m.term = term /\ vote \in {Nobody, m.from}) {
      if (granted /\ m.ballot = term) {
        vote := m.from;
        election := TRUE;
      };
      \* A refusal is of use only to who is behind.
      if (granted \/ m.term < term) {
        send := [s \in {m.from} |->
                   [kind |-> Vote, from |-> self, term |-> term, ballot |-> m.ballot, granted |-> granted]];
      };
    };
  }

  macro HandleVote(m) {
    if (role = Candidate /\ m.granted /\ m.ballot = ballot) {
      votes := votes \cup {m.from};
      if (IsQuorum(votes)) {
        if (ballot > term) {
          StartElection();
        } else {
          Lead();
        };
      };
    };
  }

  \* Where a log differs from the leader's, the answer says from where on entries are wanted.
  macro HandleAppendEntries(m) {
    if (m.term = term) {
      role := Follower;
      leader := m.from;
      election := TRUE;
    };
    with (fits = m.term = term /\ m.previous <= Len(log) /\ TermAt(log, m.previous) = m.previousTerm,
          until = m.previous + Len(m.entries)) {
      if (fits) {
        if (~Holds(log, m.previous, m.entries)) {
          log := SubSeq(log, 1, m.previous) \o m.entries;
        };
        commit := Max(commit, Min(m.commit, until));
      };
      send := [s \in {m.from} |->
                 [kind |-> Appended, from |-> self, term |-> term, fits |-> fits, round |-> m.round,
                  index |-> IF fits THEN until ELSE IF m.previous > Len(log) THEN Len(log) ELSE commit]];
    };
  }

  macro HandleAppended(m) {
    if (role = Leader /\ m.term = term) {
      heard[m.from] := Max(heard[m.from], m.round);
      if (m.fits) {
        match[m.from] := Max(match[m.from], m.index);
        Commit();
      } else {
        next[m.from] := m.index + 1;
      };
      if (next[m.from] <= Min(Len(log) + Len(fresh), match[m.from] + Window)) {
        Replicate({m.from});
      };
    };
  }

  archetype Server(ref inbox[_], ref send, ref requests[_], ref answer, ref election, ref heartbeat, ref crash,
                   ref leader, ref term, ref vote, ref log)
  variables
    role = Follower, ballot = 0, votes = {},
    \* Of a leader: what it has sent and not yet written, where each server is, and who waits for which round to read.
    fresh = <<>>, next = [s \in Servers |-> 1], match = [s \in Servers |-> 0],
    round = 0, heard = [s \in Servers |-> 0], reads = <<>>,
    first = 0, commit = 0, applied = 0, machine = Initial;
  {
    serve:
      while (TRUE) {
        either {
          with (m = inbox[self]) {
            if (m.term > term) {
              Join(m.term);
            };
            if (m.kind = RequestVote) {
              HandleRequestVote(m);
            } else if (m.kind = Vote) {
              HandleVote(m);
            } else if (m.kind = AppendEntries) {
              HandleAppendEntries(m);
            } else {
              HandleAppended(m);
            };
          };
        } or {
          await role # Leader;
          await election;
          election := TRUE;
          role := Candidate;
          leader := Nobody;
          ballot := term + 1;
          if (PreVote) {
            AskForVotes();
          } else {
            StartElection();
          };
        } or {
          await role = Leader;
          await heartbeat;
          Replicate(Servers \ {self});
        } or {
          with (batch = requests[self]) {
            if (role = Leader) {
              with (puts = SelectSeq(batch, IsPut), gets = SelectSeq(batch, IsGet)) {
                fresh := fresh \o [i \in 1..Len(puts) |-> [term |-> term, request |-> puts[i]]];
                if (gets # <<>>) {
                  round := round + 1;
                  reads := Append(reads, [round |-> round, from |-> Max(commit, first), requests |-> gets]);
                };
                Replicate(Servers \ {self});
              };
            } else {
              answer := [c \in ClientsOf(batch) |-> [kind |-> Redirect, number |-> 0, leader |-> leader]];
            };
          };
        } or {
          await fresh # <<>>;
          log := log \o fresh;
          fresh := <<>>;
          Commit();
        } or {
          await applied < commit;
          with (done = SubSeq(log \o fresh, applied + 1, Min(commit, applied + Batch))) {
            machine := CarryOutAll(machine, done);
            applied := applied + Len(done);
            if (role = Leader) {
              answer := [c \in ServedBy(done) |->
                           [kind |-> Answer, number |-> machine.sessions[c].number,
                            result |-> machine.sessions[c].result]];
            };
          };
        } or {
          \* Reads that a quorum has confirmed, in the state of when they were asked, or a newer one.
          await reads # <<>>;
          with (read = Head(reads)) {
            await ByQuorum([heard EXCEPT ![self] = round]) >= read.round /\ applied >= read.from;
            reads := Tail(reads);
            answer := [c \in ClientsOf(read.requests) |-> ReadFor(c, read.requests, machine.store)];
          };
        } or {
          await crash;
          role := Follower || leader := Nobody || ballot := 0 || votes := {} || fresh := <<>> || reads := <<>>;
          next := [s \in Servers |-> 1] || match := [s \in Servers |-> 0] || heard := [s \in Servers |-> 0];
          round := 0 || commit := 0 || applied := 0 || first := 0 || machine := Initial;
        };
      };
  }

  archetype Client(ref wish, ref requests[_], ref replies[_], ref patience, ref outcome)
  variables number = 0, command, server = 1;
  {
    next:
      while (TRUE) {
        command := wish;
        number := number + 1;

        ask:
          requests[server] := [client |-> self, number |-> number, op |-> command.op, key |-> command.key,
                               value |-> command.value];
          patience := TRUE;

        answer:
          either {
            with (reply = replies[self]) {
              if (reply.kind = Redirect) {
                if (reply.leader # Nobody /\ reply.leader # server) {
                  server := reply.leader;
                  goto ask;
                } else {
                  goto answer;
                };
              } else if (reply.number = number) {
                outcome := [command |-> command, result |-> reply.result];
              } else {
                goto answer;
              };
            };
          } or {
            await patience;
            with (other \in Servers) {
              server := other;
            };
            goto ask;
          };
      };
  }

  variables
    network = [to \in Servers |-> [from \in Servers |-> <<>>]];
    requests = [server \in Servers |-> <<>>];
    replies = [client \in Clients |-> <<>>];
    history = <<>>;
    timeouts = Timeouts, heartbeats = Heartbeats, impatience = Impatience, crashes = Crashes;

  fair process (server \in Servers) ==
    instance Server(ref network[_], ref network, ref requests[_], ref replies, ref timeouts, ref heartbeats,
                    ref crashes, Nobody, 0, Nobody, <<>>)
    mapping @1[_] via Inbox
    mapping @2 via Post
    mapping @3[_] via Queued
    mapping @4 via Told
    mapping @5 via Sometimes
    mapping @6 via Sometimes
    mapping @7 via Sometimes;

  fair process (client \in Clients) ==
    instance Client(ref history, ref requests[_], ref replies[_], ref impatience, ref history)
    mapping @1 via Asked
    mapping @2[_] via Queued
    mapping @3[_] via Reply
    mapping @4 via Sometimes
    mapping @5 via Answered;
}
\* BEGIN PLUSCAL TRANSLATION
--algorithm Raft {
  variables
    network = [to \in Servers |-> [from \in Servers |-> <<>>]];
    requests = [server2 \in Servers |-> <<>>];
    replies = [client \in Clients |-> <<>>];
    history = <<>>;
    timeouts = Timeouts;
    heartbeats = Heartbeats;
    impatience = Impatience;
    crashes = Crashes;

  fair process (server_ \in Servers)
  variables leader = Nobody; term = 0; vote = Nobody; log = <<>>; role = Follower; ballot = 0; votes = {}; fresh = <<>>;
        next = [s \in Servers |-> 1]; match = [s \in Servers |-> 0]; round = 0; heard = [s \in Servers |-> 0];
        reads = <<>>; first = 0; commit = 0; applied = 0; machine = Initial;
  {
    serve:
      while (TRUE) {
        with (now77 \in UNION {(UNION {LET message == Head(s2.network2[self][from2]) IN LET
            now == {[s2 EXCEPT !.network2[self][from2] = Tail(s2.network2[self][from2])]}
            IN UNION {LET m == message IN LET
            now8 == IF m.term > s3.term2 THEN LET
            now2 == {[s3 EXCEPT !.term2 = m.term]}
            now3 == {[s4 EXCEPT !.vote2 = Nobody] : s4 \in now2}
            now4 == {[s5 EXCEPT !.role2 = Follower] : s5 \in now3}
            now5 == {[s6 EXCEPT !.leader2 = Nobody] : s6 \in now4}
            now6 == {[s7 EXCEPT !.reads2 = <<>>] : s7 \in now5}
            IN UNION {IF s8.fresh2 # <<>> THEN LET
            now7 == {[s8 EXCEPT !.log2 = s8.log2 \o s8.fresh2]}
            IN {[s9 EXCEPT !.fresh2 = <<>>] : s9 \in now7} ELSE {s8} : s8 \in now6} ELSE {s3}
            IN UNION {IF m.kind = RequestVote THEN LET granted ==
              (m.lastTerm > LastTerm(s10.log2) \/ (m.lastTerm = LastTerm(s10.log2) /\ m.last >= Len(s10.log2)))
              /\ (IF m.ballot > m.term THEN m.term = s10.term2 /\ s10.leader2 = Nobody ELSE m.term = s10.term2
              /\ s10.vote2 \in {Nobody, m.from}) IN LET
            now9 == {IF granted /\ m.ballot = s10.term2 THEN [s10 EXCEPT !.vote2 = m.from] ELSE s10}
            IN UNION {IF granted \/ m.term < s11.term2 THEN UNION
              {{[s11 EXCEPT !.network2 = [to \in Servers |-> [from \in Servers |-> IF
              (to \in DOMAIN [s \in {m.from} |-> [kind |-> Vote, from |-> self, term |-> s11.term2, ballot |-> m.ballot,
              granted |-> granted]] \ lost /\ from = [s \in {m.from} |->
              [kind |-> Vote, from |-> self, term |-> s11.term2, ballot |-> m.ballot, granted |-> granted]][to].from)
              /\ Len(s11.network2[to][from]) < Capacity THEN Append(s11.network2[to][from],
              [s \in {m.from} |-> [kind |-> Vote, from |-> self, term |-> s11.term2, ballot |-> m.ballot,
              granted |-> granted]][to]) ELSE s11.network2[to][from]]]]} :
              lost \in (IF Lossy THEN SUBSET (DOMAIN [s \in {m.from} |->
              [kind |-> Vote, from |-> self, term |-> s11.term2, ballot |-> m.ballot, granted |-> granted]]) ELSE {{}})}
              ELSE {s11} : s11 \in now9} ELSE IF m.kind = Vote THEN IF s10.role2 = Candidate /\ m.granted
              /\ m.ballot = s10.ballot2 THEN LET
            now10 == {[s10 EXCEPT !.votes2 = s10.votes2 \cup {m.from}]}
            IN UNION {IF IsQuorum(s12.votes2) THEN IF s12.ballot2 > s12.term2 THEN LET
            now11 == {[s12 EXCEPT !.term2 = s12.ballot2]}
            now12 == {[s13 EXCEPT !.vote2 = self] : s13 \in now11}
            now13 == {[s14 EXCEPT !.votes2 = {self}] : s14 \in now12}
            IN UNION {LET value == [s \in Servers \ {self} |->
              [kind |-> RequestVote, from |-> self, term |-> s15.term2, ballot |-> s15.ballot2, last |-> Len(s15.log2),
              lastTerm |-> LastTerm(s15.log2)]] IN UNION {{[s15 EXCEPT !.network2 =
              [to \in Servers |-> [from \in Servers |-> IF (to \in DOMAIN value \ lost2 /\ from = value[to].from)
              /\ Len(s15.network2[to][from]) < Capacity THEN Append(s15.network2[to][from], value[to])
              ELSE s15.network2[to][from]]]]} : lost2 \in (IF Lossy THEN SUBSET (DOMAIN value) ELSE {{}})} :
              s15 \in now13} ELSE LET
            now14 == {[s12 EXCEPT !.role2 = Leader]}
            now15 == {[s16 EXCEPT !.leader2 = self] : s16 \in now14}
            now16 == {[s17 EXCEPT !.first2 = Len(s17.log2) + 1] : s17 \in now15}
            now17 == {[s18 EXCEPT !.fresh2 = <<[term |-> s18.term2, request |-> NoRequest]>>] : s18 \in now16}
            now18 == {[s19 EXCEPT !.next2 = [s \in Servers |-> Len(s19.log2) + 1]] : s19 \in now17}
            now19 == {[s20 EXCEPT !.match2 = [s \in Servers |-> 0]] : s20 \in now18}
            now20 == {[s21 EXCEPT !.heard2 = [s \in Servers |-> 0]] : s21 \in now19}
            IN UNION {LET all == s22.log2 \o s22.fresh2 IN LET upTo ==
              [s \in Servers |-> Min(Len(all), s22.match2[s] + Window)] IN LET
            now21 == LET value2 == [s \in Servers \ {self} |->
              [kind |-> AppendEntries, from |-> self, term |-> s22.term2, previous |-> s22.next2[s] - 1,
              previousTerm |-> TermAt(all, s22.next2[s] - 1), entries |-> SubSeq(all, s22.next2[s], upTo[s]),
              commit |-> s22.commit2, round |-> s22.round2]] IN UNION
              {{[s22 EXCEPT !.network2 = [to \in Servers |-> [from \in Servers |-> IF
              (to \in DOMAIN value2 \ lost3 /\ from = value2[to].from) /\ Len(s22.network2[to][from]) < Capacity
              THEN Append(s22.network2[to][from], value2[to]) ELSE s22.network2[to][from]]]]} :
              lost3 \in (IF Lossy THEN SUBSET (DOMAIN value2) ELSE {{}})}
            IN {[s23 EXCEPT !.next2 = [s \in Servers |-> IF s \in Servers \ {self} THEN Max(s23.next2[s], upTo[s] + 1)
              ELSE s23.next2[s]]] : s23 \in now21} : s22 \in now20} ELSE {s12} : s12 \in now10} ELSE {s10}
              ELSE IF m.kind = AppendEntries THEN LET
            now23 == IF m.term = s10.term2 THEN LET
            now22 == {[s10 EXCEPT !.role2 = Follower]}
            IN {[s24 EXCEPT !.leader2 = m.from] : s24 \in now22} ELSE {s10}
            IN UNION {LET fits == m.term = s25.term2 /\ m.previous <= Len(s25.log2)
              /\ TermAt(s25.log2, m.previous) = m.previousTerm IN LET until == m.previous + Len(m.entries) IN LET
            now25 == IF fits THEN LET
            now24 == {IF ~Holds(s25.log2, m.previous, m.entries)
              THEN [s25 EXCEPT !.log2 = SubSeq(s25.log2, 1, m.previous) \o m.entries] ELSE s25}
            IN {[s26 EXCEPT !.commit2 = Max(s26.commit2, Min(m.commit, until))] : s26 \in now24} ELSE {s25}
            IN UNION {LET value3 == [s \in {m.from} |-> [kind |-> Appended, from |-> self, term |-> s27.term2,
              fits |-> fits, round |-> m.round, index |-> IF fits THEN until ELSE IF m.previous > Len(s27.log2)
              THEN Len(s27.log2) ELSE s27.commit2]] IN UNION {{[s27 EXCEPT !.network2 =
              [to \in Servers |-> [from \in Servers |-> IF (to \in DOMAIN value3 \ lost4 /\ from = value3[to].from)
              /\ Len(s27.network2[to][from]) < Capacity THEN Append(s27.network2[to][from], value3[to])
              ELSE s27.network2[to][from]]]]} : lost4 \in (IF Lossy THEN SUBSET (DOMAIN value3) ELSE {{}})} :
              s27 \in now25} : s25 \in now23} ELSE IF s10.role2 = Leader /\ m.term = s10.term2 THEN LET
            now26 == {[s10 EXCEPT !.heard2[m.from] = Max(s10.heard2[m.from], m.round)]}
            now28 == UNION {IF m.fits THEN LET
            now27 == {[s28 EXCEPT !.match2[m.from] = Max(s28.match2[m.from], m.index)]}
            IN UNION {LET index == ByQuorum([s29.match2 EXCEPT ![self] = Len(s29.log2)])
              IN {IF index > s29.commit2 /\ TermAt(s29.log2 \o s29.fresh2, index) = s29.term2
              THEN [s29 EXCEPT !.commit2 = index] ELSE s29} : s29 \in now27}
              ELSE {[s28 EXCEPT !.next2[m.from] = m.index + 1]} : s28 \in now26}
            IN UNION {IF s30.next2[m.from] <= Min(Len(s30.log2) + Len(s30.fresh2), s30.match2[m.from] + Window)
              THEN LET all2 == s30.log2 \o s30.fresh2 IN LET upTo2 ==
              [s \in Servers |-> Min(Len(all2), s30.match2[s] + Window)] IN LET
            now29 == LET value4 == [s \in {m.from} |-> [kind |-> AppendEntries, from |-> self, term |-> s30.term2,
              previous |-> s30.next2[s] - 1, previousTerm |-> TermAt(all2, s30.next2[s] - 1),
              entries |-> SubSeq(all2, s30.next2[s], upTo2[s]), commit |-> s30.commit2, round |-> s30.round2]]
              IN UNION {{[s30 EXCEPT !.network2 = [to \in Servers |->
              [from \in Servers |-> IF (to \in DOMAIN value4 \ lost5 /\ from = value4[to].from)
              /\ Len(s30.network2[to][from]) < Capacity THEN Append(s30.network2[to][from], value4[to])
              ELSE s30.network2[to][from]]]]} : lost5 \in (IF Lossy THEN SUBSET (DOMAIN value4) ELSE {{}})}
            IN {[s31 EXCEPT !.next2 = [s \in Servers |-> IF s \in {m.from} THEN Max(s31.next2[s], upTo2[s] + 1)
              ELSE s31.next2[s]]] : s31 \in now29} ELSE {s30} : s30 \in now28} ELSE {s10} : s10 \in now8} : s3 \in now}
              : from2 \in {s \in Servers : s2.network2[self][s] # <<>>}}) \cup (LET
            now30 == IF s2.role2 # Leader THEN {s2} ELSE {}
            now31 == UNION {IF s32.timeouts2 > 0 THEN {s32} ELSE {} : s32 \in now30}
            now32 == {[s33 EXCEPT !.timeouts2 = s33.timeouts2 - 1] : s33 \in now31}
            now33 == UNION {IF TRUE THEN {s34} ELSE {} : s34 \in now32}
            now34 == {[s35 EXCEPT !.role2 = Candidate] : s35 \in now33}
            now35 == {[s36 EXCEPT !.leader2 = Nobody] : s36 \in now34}
            now36 == {[s37 EXCEPT !.ballot2 = s37.term2 + 1] : s37 \in now35}
            IN UNION {IF PreVote THEN LET
            now37 == {[s38 EXCEPT !.votes2 = {self}]}
            IN UNION {LET value5 == [s \in Servers \ {self} |->
              [kind |-> RequestVote, from |-> self, term |-> s39.term2, ballot |-> s39.ballot2, last |-> Len(s39.log2),
              lastTerm |-> LastTerm(s39.log2)]] IN UNION {{[s39 EXCEPT !.network2 =
              [to \in Servers |-> [from \in Servers |-> IF (to \in DOMAIN value5 \ lost6 /\ from = value5[to].from)
              /\ Len(s39.network2[to][from]) < Capacity THEN Append(s39.network2[to][from], value5[to])
              ELSE s39.network2[to][from]]]]} : lost6 \in (IF Lossy THEN SUBSET (DOMAIN value5) ELSE {{}})} :
              s39 \in now37} ELSE LET
            now38 == {[s38 EXCEPT !.term2 = s38.ballot2]}
            now39 == {[s40 EXCEPT !.vote2 = self] : s40 \in now38}
            now40 == {[s41 EXCEPT !.votes2 = {self}] : s41 \in now39}
            IN UNION {LET value6 == [s \in Servers \ {self} |->
              [kind |-> RequestVote, from |-> self, term |-> s42.term2, ballot |-> s42.ballot2, last |-> Len(s42.log2),
              lastTerm |-> LastTerm(s42.log2)]] IN UNION {{[s42 EXCEPT !.network2 =
              [to \in Servers |-> [from \in Servers |-> IF (to \in DOMAIN value6 \ lost7 /\ from = value6[to].from)
              /\ Len(s42.network2[to][from]) < Capacity THEN Append(s42.network2[to][from], value6[to])
              ELSE s42.network2[to][from]]]]} : lost7 \in (IF Lossy THEN SUBSET (DOMAIN value6) ELSE {{}})} :
              s42 \in now40} : s38 \in now36}) \cup (LET
            now41 == IF s2.role2 = Leader THEN {s2} ELSE {}
            now42 == UNION {IF s43.heartbeats2 > 0 THEN {s43} ELSE {} : s43 \in now41}
            now43 == {[s44 EXCEPT !.heartbeats2 = s44.heartbeats2 - 1] : s44 \in now42}
            now44 == UNION {IF TRUE THEN {s45} ELSE {} : s45 \in now43}
            IN UNION {LET all3 == s46.log2 \o s46.fresh2 IN LET upTo3 ==
              [s \in Servers |-> Min(Len(all3), s46.match2[s] + Window)] IN LET
            now45 == LET value7 == [s \in Servers \ {self} |->
              [kind |-> AppendEntries, from |-> self, term |-> s46.term2, previous |-> s46.next2[s] - 1,
              previousTerm |-> TermAt(all3, s46.next2[s] - 1), entries |-> SubSeq(all3, s46.next2[s], upTo3[s]),
              commit |-> s46.commit2, round |-> s46.round2]] IN UNION
              {{[s46 EXCEPT !.network2 = [to \in Servers |-> [from \in Servers |-> IF
              (to \in DOMAIN value7 \ lost8 /\ from = value7[to].from) /\ Len(s46.network2[to][from]) < Capacity
              THEN Append(s46.network2[to][from], value7[to]) ELSE s46.network2[to][from]]]]} :
              lost8 \in (IF Lossy THEN SUBSET (DOMAIN value7) ELSE {{}})}
            IN {[s47 EXCEPT !.next2 = [s \in Servers |-> IF s \in Servers \ {self} THEN Max(s47.next2[s], upTo3[s] + 1)
              ELSE s47.next2[s]]] : s47 \in now45} : s46 \in now44}) \cup (LET
            now46 == IF s2.requests2[self] # <<>> THEN {s2} ELSE {}
            IN UNION {LET all4 == s48.requests2[self] IN LET
            now47 == {[s48 EXCEPT !.requests2[self] = <<>>]}
            IN UNION {LET batch == all4 IN IF s49.role2 = Leader THEN LET
            now50 == LET puts == SelectSeq(batch, IsPut) IN LET gets == SelectSeq(batch, IsGet) IN LET
            now48 == {[s49 EXCEPT !.fresh2 = s49.fresh2 \o [i \in 1..Len(puts) |->
              [term |-> s49.term2, request |-> puts[i]]]]}
            IN UNION {IF gets # <<>> THEN LET
            now49 == {[s50 EXCEPT !.round2 = s50.round2 + 1]}
            IN {[s51 EXCEPT !.reads2 = Append(s51.reads2, [round |-> s51.round2, from |-> Max(s51.commit2, s51.first2),
              requests |-> gets])] : s51 \in now49} ELSE {s50} : s50 \in now48}
            IN UNION {LET all5 == s52.log2 \o s52.fresh2 IN LET upTo4 ==
              [s \in Servers |-> Min(Len(all5), s52.match2[s] + Window)] IN LET
            now51 == LET value8 == [s \in Servers \ {self} |->
              [kind |-> AppendEntries, from |-> self, term |-> s52.term2, previous |-> s52.next2[s] - 1,
              previousTerm |-> TermAt(all5, s52.next2[s] - 1), entries |-> SubSeq(all5, s52.next2[s], upTo4[s]),
              commit |-> s52.commit2, round |-> s52.round2]] IN UNION
              {{[s52 EXCEPT !.network2 = [to \in Servers |-> [from \in Servers |-> IF
              (to \in DOMAIN value8 \ lost9 /\ from = value8[to].from) /\ Len(s52.network2[to][from]) < Capacity
              THEN Append(s52.network2[to][from], value8[to]) ELSE s52.network2[to][from]]]]} :
              lost9 \in (IF Lossy THEN SUBSET (DOMAIN value8) ELSE {{}})}
            IN {[s53 EXCEPT !.next2 = [s \in Servers |-> IF s \in Servers \ {self} THEN Max(s53.next2[s], upTo4[s] + 1)
              ELSE s53.next2[s]]] : s53 \in now51} : s52 \in now50}
              ELSE {[s49 EXCEPT !.replies2 = [client \in Clients |-> IF client \in DOMAIN
              [c \in ClientsOf(batch) |-> [kind |-> Redirect, number |-> 0, leader |-> s49.leader2]]
              /\ Len(s49.replies2[client]) < Capacity THEN Append(s49.replies2[client],
              [c \in ClientsOf(batch) |-> [kind |-> Redirect, number |-> 0, leader |-> s49.leader2]][client])
              ELSE s49.replies2[client]]]} : s49 \in now47} : s48 \in now46}) \cup (LET
            now52 == IF s2.fresh2 # <<>> THEN {s2} ELSE {}
            now53 == {[s54 EXCEPT !.log2 = s54.log2 \o s54.fresh2] : s54 \in now52}
            now54 == {[s55 EXCEPT !.fresh2 = <<>>] : s55 \in now53}
            IN UNION {LET index2 == ByQuorum([s56.match2 EXCEPT ![self] = Len(s56.log2)])
              IN {IF index2 > s56.commit2 /\ TermAt(s56.log2 \o s56.fresh2, index2) = s56.term2
              THEN [s56 EXCEPT !.commit2 = index2] ELSE s56} : s56 \in now54}) \cup (LET
            now55 == IF s2.applied2 < s2.commit2 THEN {s2} ELSE {}
            IN UNION {LET done == SubSeq(s57.log2 \o s57.fresh2, s57.applied2 + 1,
              Min(s57.commit2, s57.applied2 + Batch)) IN LET
            now56 == {[s57 EXCEPT !.machine2 = CarryOutAll(s57.machine2, done)]}
            now57 == {[s58 EXCEPT !.applied2 = s58.applied2 + Len(done)] : s58 \in now56}
            IN {IF s59.role2 = Leader THEN [s59 EXCEPT !.replies2 =
              [client \in Clients |-> IF client \in DOMAIN [c \in ServedBy(done) |->
              [kind |-> Answer, number |-> s59.machine2.sessions[c].number, result |-> s59.machine2.sessions[c].result]]
              /\ Len(s59.replies2[client]) < Capacity THEN Append(s59.replies2[client],
              [c \in ServedBy(done) |-> [kind |-> Answer, number |-> s59.machine2.sessions[c].number,
              result |-> s59.machine2.sessions[c].result]][client]) ELSE s59.replies2[client]]] ELSE s59 :
              s59 \in now57} : s57 \in now55}) \cup (LET
            now58 == IF s2.reads2 # <<>> THEN {s2} ELSE {}
            IN UNION {LET read == Head(s60.reads2) IN LET
            now59 == IF ByQuorum([s60.heard2 EXCEPT ![self] = s60.round2]) >= read.round /\ s60.applied2 >= read.from
              THEN {s60} ELSE {}
            now60 == {[s61 EXCEPT !.reads2 = Tail(s61.reads2)] : s61 \in now59}
            IN {[s62 EXCEPT !.replies2 = [client \in Clients |-> IF client \in DOMAIN
              [c \in ClientsOf(read.requests) |-> ReadFor(c, read.requests, s62.machine2.store)]
              /\ Len(s62.replies2[client]) < Capacity THEN Append(s62.replies2[client],
              [c \in ClientsOf(read.requests) |-> ReadFor(c, read.requests, s62.machine2.store)][client])
              ELSE s62.replies2[client]]] : s62 \in now60} : s60 \in now58}) \cup (LET
            now61 == IF s2.crashes2 > 0 THEN {s2} ELSE {}
            now62 == {[s63 EXCEPT !.crashes2 = s63.crashes2 - 1] : s63 \in now61}
            now63 == UNION {IF TRUE THEN {s64} ELSE {} : s64 \in now62}
            now64 == {[s65 EXCEPT !.role2 = Follower] : s65 \in now63}
            now65 == {[s66 EXCEPT !.leader2 = Nobody] : s66 \in now64}
            now66 == {[s67 EXCEPT !.ballot2 = 0] : s67 \in now65}
            now67 == {[s68 EXCEPT !.votes2 = {}] : s68 \in now66}
            now68 == {[s69 EXCEPT !.fresh2 = <<>>] : s69 \in now67}
            now69 == {[s70 EXCEPT !.reads2 = <<>>] : s70 \in now68}
            now70 == {[s71 EXCEPT !.next2 = [s \in Servers |-> 1]] : s71 \in now69}
            now71 == {[s72 EXCEPT !.match2 = [s \in Servers |-> 0]] : s72 \in now70}
            now72 == {[s73 EXCEPT !.heard2 = [s \in Servers |-> 0]] : s73 \in now71}
            now73 == {[s74 EXCEPT !.round2 = 0] : s74 \in now72}
            now74 == {[s75 EXCEPT !.commit2 = 0] : s75 \in now73}
            now75 == {[s76 EXCEPT !.applied2 = 0] : s76 \in now74}
            now76 == {[s77 EXCEPT !.first2 = 0] : s77 \in now75}
            IN {[s78 EXCEPT !.machine2 = Initial] : s78 \in now76}) :
              s2 \in {[network2 |-> network, term2 |-> term, vote2 |-> vote, role2 |-> role, leader2 |-> leader,
              reads2 |-> reads, log2 |-> log, fresh2 |-> fresh, votes2 |-> votes, first2 |-> first, next2 |-> next,
              match2 |-> match, heard2 |-> heard, commit2 |-> commit, timeouts2 |-> timeouts, ballot2 |-> ballot,
              heartbeats2 |-> heartbeats, requests2 |-> requests, round2 |-> round, replies2 |-> replies,
              machine2 |-> machine, applied2 |-> applied, crashes2 |-> crashes]}}) {
          network := now77.network2 || requests := now77.requests2 || replies := now77.replies2 || timeouts :=
                now77.timeouts2 || heartbeats := now77.heartbeats2 || crashes := now77.crashes2 || leader :=
                now77.leader2 || term := now77.term2 || vote := now77.vote2 || log := now77.log2 || role := now77.role2
                || ballot := now77.ballot2 || votes := now77.votes2 || fresh := now77.fresh2 || next := now77.next2 ||
                match := now77.match2 || round := now77.round2 || heard := now77.heard2 || reads := now77.reads2 ||
                first := now77.first2 || commit := now77.commit2 || applied := now77.applied2 || machine :=
                now77.machine2;
        };
      };
  }

  fair process (client2 \in Clients)
  variables number = 0; command2; server = 1;
  {
    next_:
      while (TRUE) {
        await Cardinality({i \in 1..Len(history) : history[i].client = self /\ history[i].asks}) < Rounds;
        with (command \in Commands) {
          history := Append(history, [client |-> self, asks |-> TRUE, command |-> command, result |-> Absent]);
          command2 := command;
        };
        number := number + 1;
        ask:
          if (Len(requests[server]) < Capacity) {
            requests[server] := Append(requests[server], [client |-> self, number |-> number, op |-> command2.op,
                  key |-> command2.key, value |-> command2.value]);
          };
        answer:
          either {
            await replies[self] # <<>>;
            with (reply = Head(replies[self])) {
              replies[self] := Tail(replies[self]);
              with (reply2 = reply) {
                if (reply2.kind = Redirect) {
                  if (reply2.leader # Nobody /\ reply2.leader # server) {
                    server := reply2.leader;
                    goto ask;
                  } else {
                    goto answer;
                  };
                } else if (reply2.number = number) {
                  history := Append(history, [client |-> self, asks |-> FALSE,
                        command |-> [command |-> command2, result |-> reply2.result].command,
                        result |-> [command |-> command2, result |-> reply2.result].result]);
                } else {
                  goto answer;
                };
              };
            };
          } or {
            await impatience > 0;
            impatience := impatience - 1;
            await TRUE;
            with (other \in Servers) {
              server := other;
            };
            goto ask;
          };
      };
  }
}
\* END PLUSCAL TRANSLATION
*)

\* BEGIN TRANSLATION
\* END TRANSLATION

\* A term has one leader at most.
ElectionSafety == \A a, b \in Servers : role[a] = Leader /\ role[b] = Leader /\ term[a] = term[b] => a = b

\* Entries of one term and index are the same, and so are all before them.
LogMatching ==
  \A a, b \in Servers :
    \A i \in 1..Min(Len(log[a]), Len(log[b])) :
      log[a][i].term = log[b][i].term => SubSeq(log[a], 1, i) = SubSeq(log[b], 1, i)

\* What was committed is in the log of whoever leads the newest term.
LeaderCompleteness ==
  \A a, b \in Servers :
    role[a] = Leader /\ term[a] >= term[b] =>
      LET of == log[a] \o fresh[a] theirs == log[b] \o fresh[b] IN
      Len(of) >= commit[b] /\ \A i \in 1..commit[b] : of[i] = theirs[i]

\* Nobody carries out another command at the same place.
StateMachineSafety ==
  \A a, b \in Servers :
    \A i \in 1..Min(commit[a], commit[b]) : (log[a] \o fresh[a])[i] = (log[b] \o fresh[b])[i]

\* A leader only adds to its log.
LeaderAppendOnly ==
  [][\A s \in Servers :
       LET of == log[s] \o fresh[s] then == log'[s] \o fresh'[s] IN
       role[s] = Leader /\ role'[s] = Leader /\ term'[s] = term[s] =>
         Len(then) >= Len(of) /\ SubSeq(then, 1, Len(of)) = of]_vars

\* There is an order of all commands, each between its question and its answer, that explains every result.
\* `open` are the commands that were asked and have no place in the order yet.
RECURSIVE Explained(_, _, _)
Explained(events, open, store) ==
  \/ events = <<>>
  \/ LET event == Head(events) IN
     \/ event.asks /\ Explained(Tail(events), (event.client :> event.command) @@ open, store)
     \/ /\ ~event.asks /\ event.client \in DOMAIN open /\ "done" \in DOMAIN open[event.client]
        /\ open[event.client].done = event.result
        /\ Explained(Tail(events), [c \in (DOMAIN open) \ {event.client} |-> open[c]], store)
  \/ \E c \in DOMAIN open :
       /\ "op" \in DOMAIN open[c]
       /\ LET command == open[c]
              was == Lookup(store, command.key)
              result == IF command.op = Get THEN was
                        ELSE [value |-> command.value, version |-> was.version + 1]
          IN Explained(events, (c :> [done |-> result]) @@ open, (command.key :> result) @@ store)

Linearizable == Explained(history, [client \in {} |-> Absent], [key \in {} |-> Absent])

\* Who asks is answered.
EveryoneIsAnswered == \A c \in Clients : pc[c] = "answer" ~> pc[c] = "next"
==============================================================================
