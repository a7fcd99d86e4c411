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
(* and log, and the snapshot that stands for what is no longer in the log. *)
(*                                                                         *)
(* Each entry says which servers decide from there on; they change one at  *)
(* a time.  A leader can hand over to another server.                      *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets, TLC

CONSTANTS
  NumServers,
  NumClients,
  PreVote,  \* whether a server asks, before it disturbs a term, if it would be elected
  Window,   \* how many entries may be under way to a server
  Batch,    \* how many commands are carried out in a step
  Keep,     \* how many entries that were carried out may stay in the log
  \* Of checking only: what clients write and where, and how much of everything there is.
  Reads, Deletes, Keys, Values, Rounds, Capacity, Lossy, Timeouts, Heartbeats, Impatience, Crashes, Changes, Transfers

ASSUME NumServers > 1 /\ NumClients >= 0 /\ Window > 0 /\ Batch > 0 /\ Keep >= 0

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
InstallSnapshot == "install-snapshot"
TimeoutNow == "timeout-now"
Answer == "answer"
Redirect == "redirect"

\* Commands. An entry in the log has one of them, or marks the beginning of a term.
Put == "put"
Delete == "delete"
Get == "get"
Begin == "begin"

Commands ==
  [op : {Put}, key : Keys, value : Values]
    \cup (IF Reads THEN [op : {Get}, key : Keys, value : {""}] ELSE {})
    \cup (IF Deletes THEN [op : {Delete}, key : Keys, value : {""}] ELSE {})

Min(a, b) == IF a < b THEN a ELSE b
Max(a, b) == IF a > b THEN a ELSE b

IsQuorum(servers, members) == 2 * Cardinality(servers \cap members) > Cardinality(members)

\* The most that a quorum of the members has reached.
ByQuorum(reached, members) ==
  LET Has(n) == IsQuorum({s \in Servers : reached[s] >= n}, members)
      all == {reached[s] : s \in members}
  IN CHOOSE n \in all : Has(n) /\ \A other \in all : Has(other) => other <= n

\* Entries have their places behind the snapshot, which stands for all before.
Last(snapshot, log) == snapshot.index + Len(log)
TermAt(snapshot, log, index) == IF index = snapshot.index THEN snapshot.term ELSE log[index - snapshot.index].term
LastTerm(snapshot, log) == TermAt(snapshot, log, Last(snapshot, log))
Entries(snapshot, log, from, to) == SubSeq(log, from - snapshot.index, to - snapshot.index)

\* Who decides: as the last entry says, whether it is committed or not.
MembersAt(snapshot, log, index) ==
  IF index = snapshot.index THEN snapshot.members ELSE log[index - snapshot.index].members
Members(snapshot, log) == MembersAt(snapshot, log, Last(snapshot, log))

\* Whether a log holds the entries after an index.
Holds(snapshot, log, index, entries) ==
  /\ index + Len(entries) <= Last(snapshot, log)
  /\ \A i \in 1..Len(entries) : log[index - snapshot.index + i].term = entries[i].term

\* The store gives for each key its value and how often it was written since it was absent.
Absent == [value |-> "", version |-> 0]
Lookup(store, key) == IF key \in DOMAIN store THEN store[key] ELSE Absent

\* What a key has after a command that changes it, and what the client is told: of what is deleted, what it was.
Written(command, content) ==
  IF command.op = Delete THEN Absent ELSE [value |-> command.value, version |-> content.version + 1]
Result(command, content) == IF command.op = Put THEN Written(command, content) ELSE content

\* What was carried out: the store, and of each client the last command with its result.
Initial == [store |-> [key \in {} |-> Absent], sessions |-> [client \in {} |-> [number |-> 0, result |-> Absent]]]

NoSnapshot == [index |-> 0, term |-> 0, members |-> Servers, machine |-> Initial]

\* A client that was not answered sends its command again, so it may be in the log twice; it takes effect once.
IsRepeated(request, sessions) ==
  request.client \in DOMAIN sessions /\ sessions[request.client].number >= request.number

CarryOut(machine, request) ==
  IF request.op = Begin \/ IsRepeated(request, machine.sessions) THEN machine
  ELSE LET content == Lookup(machine.store, request.key)
           done == [number |-> request.number, result |-> Result(request, content)]
       IN [store |-> (request.key :> Written(request, content)) @@ machine.store,
           sessions |-> (request.client :> done) @@ machine.sessions]

RECURSIVE CarryOutAll(_, _)
CarryOutAll(machine, entries) ==
  IF entries = <<>> THEN machine ELSE CarryOutAll(CarryOut(machine, Head(entries).request), Tail(entries))

IsWrite(request) == request.op \in {Put, Delete}
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
    write {
      assert FALSE;
    }
  }

  \* A message for each of some servers.
  mapping macro Post {
    read {
      assert FALSE;
    }
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
    write {
      skip;
    }
  }

  \* Somebody wants a server to come or go.
  mapping macro Wanted {
    read {
      await $variable > 0;
      $variable := $variable - 1;
      with (server \in Servers; decides \in BOOLEAN) {
        yield [server |-> server, decides |-> decides];
      };
    }
    write {
      assert FALSE;
    }
  }

  \* An answer for each of some clients.
  mapping macro Told {
    read {
      assert FALSE;
    }
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
    write {
      assert FALSE;
    }
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
    write {
      assert FALSE;
    }
  }

  mapping macro Answered {
    read {
      assert FALSE;
    }
    write {
      yield Append($variable, [client |-> self, asks |-> FALSE, command |-> $value.command, result |-> $value.result]);
    }
  }

  \* Entries for some servers, all that they have room for; who has got everything is told that the leader is there, and
  \* who lacks what the log does not have any more gets the snapshot.
  macro Replicate(to) {
    with (all = log \o fresh;
          upTo = [s \in Servers |-> Min(Last(snapshot, all), match[s] + Window)]) {
      send := [s \in to |->
                 IF next[s] <= snapshot.index
                 THEN [kind |-> InstallSnapshot, from |-> self, term |-> term, snapshot |-> snapshot, round |-> round]
                 ELSE [kind |-> AppendEntries, from |-> self, term |-> term, previous |-> next[s] - 1,
                       previousTerm |-> TermAt(snapshot, all, next[s] - 1),
                       entries |-> Entries(snapshot, all, next[s], upTo[s]), commit |-> commit, round |-> round]];
      next := [s \in Servers |-> IF s \notin to THEN next[s]
                                 ELSE IF next[s] <= snapshot.index THEN snapshot.index + 1
                                 ELSE Max(next[s], upTo[s] + 1)];
    };
  }

  \* An inquiry, or with `ballot = term` an election.
  macro AskForVotes() {
    votes := {self};
    send := [s \in Servers \ {self} |->
               [kind |-> RequestVote, from |-> self, term |-> term, ballot |-> ballot,
                last |-> Last(snapshot, log), lastTerm |-> LastTerm(snapshot, log)]];
  }

  macro StartElection() {
    role := Candidate;
    leader := Nobody;
    term := term + 1;
    ballot := term;
    vote := self;
    AskForVotes();
  }

  macro Lead() {
    role := Leader;
    leader := self;
    first := Last(snapshot, log) + 1;
    fresh := <<[term |-> term, members |-> Members(snapshot, log), request |-> NoRequest]>>;
    next := [s \in Servers |-> first];
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

  \* What a quorum has on disk. Entries of earlier terms are committed with one of the leader's own: an election could
  \* still undo them.
  macro Commit() {
    with (all = log \o fresh;
          index = ByQuorum([match EXCEPT ![self] = Last(snapshot, log)], Members(snapshot, all))) {
      if (index > commit /\ TermAt(snapshot, all, index) = term) {
        commit := index;
      };
    };
  }

  macro HandleRequestVote(m) {
    with (granted = /\ \/ m.lastTerm > LastTerm(snapshot, log)
                       \/ m.lastTerm = LastTerm(snapshot, log) /\ m.last >= Last(snapshot, log)
                    /\ m.term = term
                    /\ IF m.ballot > term THEN leader = Nobody ELSE vote \in {Nobody, m.from}) {
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

  \* What was granted to an inquiry, in the term before, is not a vote.
  macro HandleVote(m) {
    if (role = Candidate /\ m.granted /\ m.term = term /\ m.ballot = ballot) {
      votes := votes \cup {m.from};
      if (IsQuorum(votes, Members(snapshot, log))) {
        if (ballot > term) {
          StartElection();
        } else {
          Lead();
        };
      };
    };
  }

  macro FollowLeader(m) {
    role := Follower;
    leader := m.from;
    election := TRUE;
  }

  \* Where a log differs from the leader's, the answer says behind which place entries are wanted.
  macro HandleAppendEntries(m) {
    with (fits = /\ m.term = term /\ m.previous >= snapshot.index /\ m.previous <= Last(snapshot, log)
                 /\ TermAt(snapshot, log, m.previous) = m.previousTerm;
          until = m.previous + Len(m.entries)) {
      if (m.term = term) {
        FollowLeader(m);
      };
      if (fits) {
        if (~Holds(snapshot, log, m.previous, m.entries)) {
          log := Entries(snapshot, log, snapshot.index + 1, m.previous) \o m.entries;
        };
        commit := Max(commit, Min(m.commit, until));
      };
      send := [s \in {m.from} |->
                 [kind |-> Appended, from |-> self, term |-> term, fits |-> fits, round |-> m.round,
                  index |-> IF fits THEN until
                            ELSE IF m.previous > Last(snapshot, log) THEN Last(snapshot, log) ELSE commit]];
    };
  }

  macro HandleInstallSnapshot(m) {
    if (m.term = term) {
      FollowLeader(m);
      if (m.snapshot.index > commit) {
        log := IF m.snapshot.index < Last(snapshot, log)
                  /\ TermAt(snapshot, log, m.snapshot.index) = m.snapshot.term
               THEN Entries(snapshot, log, m.snapshot.index + 1, Last(snapshot, log))
               ELSE <<>>;
        snapshot := m.snapshot;
        commit := m.snapshot.index;
        applied := m.snapshot.index;
        machine := m.snapshot.machine;
      };
      send := [s \in {m.from} |->
                 [kind |-> Appended, from |-> self, term |-> term, fits |-> TRUE, round |-> m.round,
                  index |-> m.snapshot.index]];
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
      if (next[m.from] <= Min(Last(snapshot, log \o fresh), match[m.from] + Window)) {
        Replicate({m.from});
      };
    };
  }

  macro HandleRequests(batch) {
    if (role = Leader) {
      with (writes = SelectSeq(batch, IsWrite);
            gets = SelectSeq(batch, IsGet);
            members = Members(snapshot, log \o fresh)) {
        fresh := fresh \o [i \in 1..Len(writes) |-> [term |-> term, members |-> members, request |-> writes[i]]];
        if (gets # <<>>) {
          round := round + 1;
          reads := Append(reads, [round |-> round, from |-> Max(commit, first), requests |-> gets]);
        };
        Replicate(Servers \ {self});
      };
    } else {
      answer := [c \in ClientsOf(batch) |-> [kind |-> Redirect, number |-> 0, leader |-> leader]];
    };
  }

  \* One server comes or goes, when the change before is committed and the leader has committed something itself.
  macro ChangeMembers(wish) {
    with (all = log \o fresh;
          members = Members(snapshot, all);
          changed = IF wish.decides THEN members \cup {wish.server} ELSE members \ {wish.server}) {
      if (changed # members) {
        await commit >= first /\ MembersAt(snapshot, all, commit) = members;
        fresh := Append(fresh, [term |-> term, members |-> changed, request |-> NoRequest]);
        Replicate(Servers \ {self});
      };
    };
  }

  archetype Server(
    ref inbox[_],
    ref send,
    ref requests[_],
    ref answer,
    ref election,
    ref heartbeat,
    ref change,
    ref transfer,
    ref crash,
    ref leader,
    ref term,
    ref vote,
    ref log,
    ref snapshot
  )
  variables
    role = Follower;
    ballot = 0;
    votes = {};
    \* Of a leader: what it has sent and not yet written, where each server is, and who waits for which round to read.
    fresh = <<>>;
    next = [s \in Servers |-> 1];
    match = [s \in Servers |-> 0];
    first = 0;
    round = 0;
    heard = [s \in Servers |-> 0];
    reads = <<>>;
    commit = 0;
    applied = 0;
    machine = Initial;
  {
    start:
      role := Follower
      || leader := Nobody
      || ballot := 0
      || votes := {}
      || fresh := <<>>
      || reads := <<>>;
      next := [s \in Servers |-> 1]
      || match := [s \in Servers |-> 0]
      || heard := [s \in Servers |-> 0];
      round := 0 || first := 0 || machine := snapshot.machine;
      commit := snapshot.index || applied := snapshot.index;

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
            } else if (m.kind = Appended) {
              HandleAppended(m);
            } else if (m.kind = InstallSnapshot) {
              HandleInstallSnapshot(m);
            } else if (role = Follower /\ m.term = term) {
              StartElection();
            };
          };
        } or {
          await role # Leader /\ self \in Members(snapshot, log);
          await election;
          election := TRUE;
          if (PreVote) {
            role := Candidate;
            leader := Nobody;
            ballot := term + 1;
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
            HandleRequests(batch);
          };
        } or {
          await fresh # <<>>;
          log := log \o fresh;
          fresh := <<>>;
          Commit();
        } or {
          await applied < commit;
          with (done = Entries(snapshot, log \o fresh, applied + 1, Min(commit, applied + Batch))) {
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
            await ByQuorum([heard EXCEPT ![self] = round], Members(snapshot, log \o fresh)) >= read.round;
            await applied >= read.from;
            reads := Tail(reads);
            answer := [c \in ClientsOf(read.requests) |-> ReadFor(c, read.requests, machine.store)];
          };
        } or {
          await applied - snapshot.index > Keep /\ applied <= Last(snapshot, log);
          snapshot := [index |-> applied, term |-> TermAt(snapshot, log, applied),
                       members |-> MembersAt(snapshot, log, applied), machine |-> machine]
          || log := Entries(snapshot, log, applied + 1, Last(snapshot, log));
        } or {
          with (wish = change) {
            if (role = Leader /\ wish.server # self) {
              ChangeMembers(wish);
            };
          };
        } or {
          \* Another server that has everything stands for election at once.
          await role = Leader;
          await transfer;
          with (heir \in {s \in Members(snapshot, log \o fresh) \ {self} : match[s] = Last(snapshot, log \o fresh)}) {
            send := [s \in {heir} |-> [kind |-> TimeoutNow, from |-> self, term |-> term]];
          };
        } or {
          await crash;
          goto start;
        };
      };
  }

  archetype Client(ref wish, ref requests[_], ref replies[_], ref patience, ref outcome)
  variables number = 0, command, server = 1 + ((self - NumServers - 1) % NumServers);
  {
    idle:
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
    timeouts = Timeouts;
    heartbeats = Heartbeats;
    impatience = Impatience;
    crashes = Crashes;
    changes = Changes;
    transfers = Transfers;

  fair process (server \in Servers) == instance Server(
    ref network[_],
    ref network,
    ref requests[_],
    ref replies,
    ref timeouts,
    ref heartbeats,
    ref changes,
    ref transfers,
    ref crashes,
    Nobody,
    0,
    Nobody,
    <<>>,
    NoSnapshot
  )
    mapping @1[_] via Inbox
    mapping @2 via Post
    mapping @3[_] via Queued
    mapping @4 via Told
    mapping @5 via Sometimes
    mapping @6 via Sometimes
    mapping @7 via Wanted
    mapping @8 via Sometimes
    mapping @9 via Sometimes;

  fair process (client \in Clients) == instance Client(
    ref history,
    ref requests[_],
    ref replies[_],
    ref impatience,
    ref history
  )
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
    changes = Changes;
    transfers = Transfers;

  fair process (server_ \in Servers)
  variables leader = Nobody; term = 0; vote = Nobody; log = <<>>; snapshot = NoSnapshot; role = Follower; ballot = 0;
        votes = {}; fresh = <<>>; next = [s \in Servers |-> 1]; match = [s \in Servers |-> 0]; first = 0; round = 0;
        heard = [s \in Servers |-> 0]; reads = <<>>; commit = 0; applied = 0; machine = Initial;
  {
    start:
      role := Follower || leader := Nobody || ballot := 0 || votes := {} || fresh := <<>> || reads := <<>>;
      next := [s \in Servers |-> 1] || match := [s \in Servers |-> 0] || heard := [s \in Servers |-> 0];
      round := 0 || first := 0 || machine := snapshot.machine;
      commit := snapshot.index || applied := snapshot.index;
    serve:
      while (TRUE) {
        either {
          with (now46 \in UNION {UNION {LET message == Head(s2.network2[self][from2]) IN LET
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
                (m.lastTerm > LastTerm(s10.snapshot2, s10.log2)
                \/ (m.lastTerm = LastTerm(s10.snapshot2, s10.log2) /\ m.last >= Last(s10.snapshot2, s10.log2)))
                /\ m.term = s10.term2 /\ (IF m.ballot > s10.term2 THEN s10.leader2 = Nobody
                ELSE s10.vote2 \in {Nobody, m.from}) IN LET
              now9 == {IF granted /\ m.ballot = s10.term2 THEN [s10 EXCEPT !.vote2 = m.from] ELSE s10}
              IN UNION {IF granted \/ m.term < s11.term2 THEN UNION
                {{[s11 EXCEPT !.network2 = [to \in Servers |->
                [from \in Servers |-> IF (to \in DOMAIN [s \in {m.from} |->
                [kind |-> Vote, from |-> self, term |-> s11.term2, ballot |-> m.ballot, granted |-> granted]] \ lost
                /\ from = [s \in {m.from} |-> [kind |-> Vote, from |-> self, term |-> s11.term2, ballot |-> m.ballot,
                granted |-> granted]][to].from) /\ Len(s11.network2[to][from]) < Capacity
                THEN Append(s11.network2[to][from], [s \in {m.from} |->
                [kind |-> Vote, from |-> self, term |-> s11.term2, ballot |-> m.ballot, granted |-> granted]][to])
                ELSE s11.network2[to][from]]]]} : lost \in (IF Lossy
                THEN SUBSET (DOMAIN [s \in {m.from} |-> [kind |-> Vote, from |-> self, term |-> s11.term2,
                ballot |-> m.ballot, granted |-> granted]]) ELSE {{}})} ELSE {s11} : s11 \in now9} ELSE IF m.kind = Vote
                THEN IF s10.role2 = Candidate /\ m.granted /\ m.term = s10.term2 /\ m.ballot = s10.ballot2 THEN LET
              now10 == {[s10 EXCEPT !.votes2 = s10.votes2 \cup {m.from}]}
              IN UNION {IF IsQuorum(s12.votes2, Members(s12.snapshot2, s12.log2)) THEN IF s12.ballot2 > s12.term2
                THEN LET
              now11 == {[s12 EXCEPT !.role2 = Candidate]}
              now12 == {[s13 EXCEPT !.leader2 = Nobody] : s13 \in now11}
              now13 == {[s14 EXCEPT !.term2 = s14.term2 + 1] : s14 \in now12}
              now14 == {[s15 EXCEPT !.ballot2 = s15.term2] : s15 \in now13}
              now15 == {[s16 EXCEPT !.vote2 = self] : s16 \in now14}
              now16 == {[s17 EXCEPT !.votes2 = {self}] : s17 \in now15}
              IN UNION {LET value == [s \in Servers \ {self} |->
                [kind |-> RequestVote, from |-> self, term |-> s18.term2, ballot |-> s18.ballot2,
                last |-> Last(s18.snapshot2, s18.log2), lastTerm |-> LastTerm(s18.snapshot2, s18.log2)]]
                IN UNION {{[s18 EXCEPT !.network2 = [to \in Servers |->
                [from \in Servers |-> IF (to \in DOMAIN value \ lost2 /\ from = value[to].from)
                /\ Len(s18.network2[to][from]) < Capacity THEN Append(s18.network2[to][from], value[to])
                ELSE s18.network2[to][from]]]]} : lost2 \in (IF Lossy THEN SUBSET (DOMAIN value) ELSE {{}})} :
                s18 \in now16} ELSE LET
              now17 == {[s12 EXCEPT !.role2 = Leader]}
              now18 == {[s19 EXCEPT !.leader2 = self] : s19 \in now17}
              now19 == {[s20 EXCEPT !.first2 = Last(s20.snapshot2, s20.log2) + 1] : s20 \in now18}
              now20 == {[s21 EXCEPT !.fresh2 = <<[term |-> s21.term2, members |-> Members(s21.snapshot2, s21.log2),
                request |-> NoRequest]>>] : s21 \in now19}
              now21 == {[s22 EXCEPT !.next2 = [s \in Servers |-> s22.first2]] : s22 \in now20}
              now22 == {[s23 EXCEPT !.match2 = [s \in Servers |-> 0]] : s23 \in now21}
              now23 == {[s24 EXCEPT !.heard2 = [s \in Servers |-> 0]] : s24 \in now22}
              IN UNION {LET all == s25.log2 \o s25.fresh2 IN LET upTo ==
                [s \in Servers |-> Min(Last(s25.snapshot2, all), s25.match2[s] + Window)] IN LET
              now24 == LET value2 == [s \in Servers \ {self} |-> IF s25.next2[s] <= s25.snapshot2.index
                THEN [kind |-> InstallSnapshot, from |-> self, term |-> s25.term2, snapshot |-> s25.snapshot2,
                round |-> round] ELSE [kind |-> AppendEntries, from |-> self, term |-> s25.term2,
                previous |-> s25.next2[s] - 1, previousTerm |-> TermAt(s25.snapshot2, all, s25.next2[s] - 1),
                entries |-> Entries(s25.snapshot2, all, s25.next2[s], upTo[s]), commit |-> s25.commit2,
                round |-> round]] IN UNION {{[s25 EXCEPT !.network2 =
                [to \in Servers |-> [from \in Servers |-> IF (to \in DOMAIN value2 \ lost3 /\ from = value2[to].from)
                /\ Len(s25.network2[to][from]) < Capacity THEN Append(s25.network2[to][from], value2[to])
                ELSE s25.network2[to][from]]]]} : lost3 \in (IF Lossy THEN SUBSET (DOMAIN value2) ELSE {{}})}
              IN {[s26 EXCEPT !.next2 = [s \in Servers |-> IF s \notin Servers \ {self} THEN s26.next2[s]
                ELSE IF s26.next2[s] <= s26.snapshot2.index THEN s26.snapshot2.index + 1
                ELSE Max(s26.next2[s], upTo[s] + 1)]] : s26 \in now24} : s25 \in now23} ELSE {s12} : s12 \in now10}
                ELSE {s10} ELSE IF m.kind = AppendEntries THEN LET fits ==
                (m.term = s10.term2 /\ m.previous >= s10.snapshot2.index /\ m.previous <= Last(s10.snapshot2, s10.log2))
                /\ TermAt(s10.snapshot2, s10.log2, m.previous) = m.previousTerm
                IN LET until == m.previous + Len(m.entries) IN LET
              now26 == IF m.term = s10.term2 THEN LET
              now25 == {[s10 EXCEPT !.role2 = Follower]}
              IN {[s27 EXCEPT !.leader2 = m.from] : s27 \in now25} ELSE {s10}
              now28 == UNION {IF fits THEN LET
              now27 == {IF ~Holds(s28.snapshot2, s28.log2, m.previous, m.entries)
                THEN [s28 EXCEPT !.log2 = Entries(s28.snapshot2, s28.log2, s28.snapshot2.index + 1, m.previous)
                \o m.entries] ELSE s28}
              IN {[s29 EXCEPT !.commit2 = Max(s29.commit2, Min(m.commit, until))] : s29 \in now27} ELSE {s28} :
                s28 \in now26}
              IN UNION {LET value3 == [s \in {m.from} |-> [kind |-> Appended, from |-> self, term |-> s30.term2,
                fits |-> fits, round |-> m.round, index |-> IF fits THEN until
                ELSE IF m.previous > Last(s30.snapshot2, s30.log2) THEN Last(s30.snapshot2, s30.log2) ELSE s30.commit2]]
                IN UNION {{[s30 EXCEPT !.network2 = [to \in Servers |->
                [from \in Servers |-> IF (to \in DOMAIN value3 \ lost4 /\ from = value3[to].from)
                /\ Len(s30.network2[to][from]) < Capacity THEN Append(s30.network2[to][from], value3[to])
                ELSE s30.network2[to][from]]]]} : lost4 \in (IF Lossy THEN SUBSET (DOMAIN value3) ELSE {{}})} :
                s30 \in now28} ELSE IF m.kind = Appended THEN IF s10.role2 = Leader /\ m.term = s10.term2 THEN LET
              now29 == {[s10 EXCEPT !.heard2[m.from] = Max(s10.heard2[m.from], m.round)]}
              now31 == UNION {IF m.fits THEN LET
              now30 == {[s31 EXCEPT !.match2[m.from] = Max(s31.match2[m.from], m.index)]}
              IN UNION {LET all2 == s32.log2 \o s32.fresh2 IN LET index ==
                ByQuorum([s32.match2 EXCEPT ![self] = Last(s32.snapshot2, s32.log2)], Members(s32.snapshot2, all2))
                IN {IF index > s32.commit2 /\ TermAt(s32.snapshot2, all2, index) = s32.term2
                THEN [s32 EXCEPT !.commit2 = index] ELSE s32} : s32 \in now30}
                ELSE {[s31 EXCEPT !.next2[m.from] = m.index + 1]} : s31 \in now29}
              IN UNION {IF s33.next2[m.from] <= Min(Last(s33.snapshot2, s33.log2 \o s33.fresh2),
                s33.match2[m.from] + Window) THEN LET all3 == s33.log2 \o s33.fresh2
                IN LET upTo2 == [s \in Servers |-> Min(Last(s33.snapshot2, all3), s33.match2[s] + Window)] IN LET
              now32 == LET value4 == [s \in {m.from} |-> IF s33.next2[s] <= s33.snapshot2.index
                THEN [kind |-> InstallSnapshot, from |-> self, term |-> s33.term2, snapshot |-> s33.snapshot2,
                round |-> round] ELSE [kind |-> AppendEntries, from |-> self, term |-> s33.term2,
                previous |-> s33.next2[s] - 1, previousTerm |-> TermAt(s33.snapshot2, all3, s33.next2[s] - 1),
                entries |-> Entries(s33.snapshot2, all3, s33.next2[s], upTo2[s]), commit |-> s33.commit2,
                round |-> round]] IN UNION {{[s33 EXCEPT !.network2 =
                [to \in Servers |-> [from \in Servers |-> IF (to \in DOMAIN value4 \ lost5 /\ from = value4[to].from)
                /\ Len(s33.network2[to][from]) < Capacity THEN Append(s33.network2[to][from], value4[to])
                ELSE s33.network2[to][from]]]]} : lost5 \in (IF Lossy THEN SUBSET (DOMAIN value4) ELSE {{}})}
              IN {[s34 EXCEPT !.next2 = [s \in Servers |-> IF s \notin {m.from} THEN s34.next2[s]
                ELSE IF s34.next2[s] <= s34.snapshot2.index THEN s34.snapshot2.index + 1
                ELSE Max(s34.next2[s], upTo2[s] + 1)]] : s34 \in now32} ELSE {s33} : s33 \in now31} ELSE {s10}
                ELSE IF m.kind = InstallSnapshot THEN IF m.term = s10.term2 THEN LET
              now33 == {[s10 EXCEPT !.role2 = Follower]}
              now34 == {[s35 EXCEPT !.leader2 = m.from] : s35 \in now33}
              now39 == UNION {IF m.snapshot.index > s36.commit2 THEN LET
              now35 == {[s36 EXCEPT !.log2 = IF m.snapshot.index < Last(s36.snapshot2, s36.log2)
                /\ TermAt(s36.snapshot2, s36.log2, m.snapshot.index) = m.snapshot.term
                THEN Entries(s36.snapshot2, s36.log2, m.snapshot.index + 1, Last(s36.snapshot2, s36.log2)) ELSE <<>>]}
              now36 == {[s37 EXCEPT !.snapshot2 = m.snapshot] : s37 \in now35}
              now37 == {[s38 EXCEPT !.commit2 = m.snapshot.index] : s38 \in now36}
              now38 == {[s39 EXCEPT !.applied2 = m.snapshot.index] : s39 \in now37}
              IN {[s40 EXCEPT !.machine2 = m.snapshot.machine] : s40 \in now38} ELSE {s36} : s36 \in now34}
              IN UNION {UNION {{[s41 EXCEPT !.network2 = [to \in Servers |->
                [from \in Servers |-> IF (to \in DOMAIN [s \in {m.from} |->
                [kind |-> Appended, from |-> self, term |-> s41.term2, fits |-> TRUE, round |-> m.round,
                index |-> m.snapshot.index]] \ lost6 /\ from =
                [s \in {m.from} |-> [kind |-> Appended, from |-> self, term |-> s41.term2, fits |-> TRUE,
                round |-> m.round, index |-> m.snapshot.index]][to].from) /\ Len(s41.network2[to][from]) < Capacity
                THEN Append(s41.network2[to][from], [s \in {m.from} |->
                [kind |-> Appended, from |-> self, term |-> s41.term2, fits |-> TRUE, round |-> m.round,
                index |-> m.snapshot.index]][to]) ELSE s41.network2[to][from]]]]} :
                lost6 \in (IF Lossy THEN SUBSET (DOMAIN [s \in {m.from} |->
                [kind |-> Appended, from |-> self, term |-> s41.term2, fits |-> TRUE, round |-> m.round,
                index |-> m.snapshot.index]]) ELSE {{}})} : s41 \in now39} ELSE {s10} ELSE IF s10.role2 = Follower
                /\ m.term = s10.term2 THEN LET
              now40 == {[s10 EXCEPT !.role2 = Candidate]}
              now41 == {[s42 EXCEPT !.leader2 = Nobody] : s42 \in now40}
              now42 == {[s43 EXCEPT !.term2 = s43.term2 + 1] : s43 \in now41}
              now43 == {[s44 EXCEPT !.ballot2 = s44.term2] : s44 \in now42}
              now44 == {[s45 EXCEPT !.vote2 = self] : s45 \in now43}
              now45 == {[s46 EXCEPT !.votes2 = {self}] : s46 \in now44}
              IN UNION {LET value5 == [s \in Servers \ {self} |->
                [kind |-> RequestVote, from |-> self, term |-> s47.term2, ballot |-> s47.ballot2,
                last |-> Last(s47.snapshot2, s47.log2), lastTerm |-> LastTerm(s47.snapshot2, s47.log2)]]
                IN UNION {{[s47 EXCEPT !.network2 = [to \in Servers |->
                [from \in Servers |-> IF (to \in DOMAIN value5 \ lost7 /\ from = value5[to].from)
                /\ Len(s47.network2[to][from]) < Capacity THEN Append(s47.network2[to][from], value5[to])
                ELSE s47.network2[to][from]]]]} : lost7 \in (IF Lossy THEN SUBSET (DOMAIN value5) ELSE {{}})} :
                s47 \in now45} ELSE {s10} : s10 \in now8} : s3 \in now} :
                from2 \in {s \in Servers : s2.network2[self][s] # <<>>}} :
                s2 \in {[network2 |-> network, term2 |-> term, vote2 |-> vote, role2 |-> role, leader2 |-> leader,
                reads2 |-> reads, log2 |-> log, fresh2 |-> fresh, votes2 |-> votes, ballot2 |-> ballot,
                first2 |-> first, next2 |-> next, match2 |-> match, heard2 |-> heard, commit2 |-> commit,
                snapshot2 |-> snapshot, applied2 |-> applied, machine2 |-> machine]}}) {
            network := now46.network2 || leader := now46.leader2 || term := now46.term2 || vote := now46.vote2 || log :=
                  now46.log2 || snapshot := now46.snapshot2 || role := now46.role2 || ballot := now46.ballot2 || votes
                  := now46.votes2 || fresh := now46.fresh2 || next := now46.next2 || match := now46.match2 || first :=
                  now46.first2 || heard := now46.heard2 || reads := now46.reads2 || commit := now46.commit2 || applied
                  := now46.applied2 || machine := now46.machine2;
          };
        } or {
          with (now61 \in LET
              now47 == UNION {IF s48.role3 # Leader /\ self \in Members(snapshot, log) THEN {s48} ELSE {} :
                s48 \in {[timeouts2 |-> timeouts, role3 |-> role, leader3 |-> leader, ballot3 |-> ballot,
                votes3 |-> votes, network3 |-> network, term3 |-> term, vote3 |-> vote]}}
              now48 == UNION {IF s49.timeouts2 > 0 THEN {s49} ELSE {} : s49 \in now47}
              now49 == {[s50 EXCEPT !.timeouts2 = s50.timeouts2 - 1] : s50 \in now48}
              now50 == UNION {IF TRUE THEN {s51} ELSE {} : s51 \in now49}
              IN UNION {IF PreVote THEN LET
              now51 == {[s52 EXCEPT !.role3 = Candidate]}
              now52 == {[s53 EXCEPT !.leader3 = Nobody] : s53 \in now51}
              now53 == {[s54 EXCEPT !.ballot3 = s54.term3 + 1] : s54 \in now52}
              now54 == {[s55 EXCEPT !.votes3 = {self}] : s55 \in now53}
              IN UNION {LET value6 == [s \in Servers \ {self} |->
                [kind |-> RequestVote, from |-> self, term |-> s56.term3, ballot |-> s56.ballot3,
                last |-> Last(snapshot, log), lastTerm |-> LastTerm(snapshot, log)]]
                IN UNION {{[s56 EXCEPT !.network3 = [to \in Servers |->
                [from \in Servers |-> IF (to \in DOMAIN value6 \ lost8 /\ from = value6[to].from)
                /\ Len(s56.network3[to][from]) < Capacity THEN Append(s56.network3[to][from], value6[to])
                ELSE s56.network3[to][from]]]]} : lost8 \in (IF Lossy THEN SUBSET (DOMAIN value6) ELSE {{}})} :
                s56 \in now54} ELSE LET
              now55 == {[s52 EXCEPT !.role3 = Candidate]}
              now56 == {[s57 EXCEPT !.leader3 = Nobody] : s57 \in now55}
              now57 == {[s58 EXCEPT !.term3 = s58.term3 + 1] : s58 \in now56}
              now58 == {[s59 EXCEPT !.ballot3 = s59.term3] : s59 \in now57}
              now59 == {[s60 EXCEPT !.vote3 = self] : s60 \in now58}
              now60 == {[s61 EXCEPT !.votes3 = {self}] : s61 \in now59}
              IN UNION {LET value7 == [s \in Servers \ {self} |->
                [kind |-> RequestVote, from |-> self, term |-> s62.term3, ballot |-> s62.ballot3,
                last |-> Last(snapshot, log), lastTerm |-> LastTerm(snapshot, log)]]
                IN UNION {{[s62 EXCEPT !.network3 = [to \in Servers |->
                [from \in Servers |-> IF (to \in DOMAIN value7 \ lost9 /\ from = value7[to].from)
                /\ Len(s62.network3[to][from]) < Capacity THEN Append(s62.network3[to][from], value7[to])
                ELSE s62.network3[to][from]]]]} : lost9 \in (IF Lossy THEN SUBSET (DOMAIN value7) ELSE {{}})} :
                s62 \in now60} : s52 \in now50}) {
            network := now61.network3 || timeouts := now61.timeouts2 || leader := now61.leader3 || term := now61.term3
                  || vote := now61.vote3 || role := now61.role3 || ballot := now61.ballot3 || votes := now61.votes3;
          };
        } or {
          with (now67 \in LET
              now62 == UNION {IF role = Leader THEN {s63} ELSE {} :
                s63 \in {[heartbeats2 |-> heartbeats, network4 |-> network, next3 |-> next]}}
              now63 == UNION {IF s64.heartbeats2 > 0 THEN {s64} ELSE {} : s64 \in now62}
              now64 == {[s65 EXCEPT !.heartbeats2 = s65.heartbeats2 - 1] : s65 \in now63}
              now65 == UNION {IF TRUE THEN {s66} ELSE {} : s66 \in now64}
              IN UNION {LET all4 == log \o fresh IN LET upTo3 ==
                [s \in Servers |-> Min(Last(snapshot, all4), match[s] + Window)] IN LET
              now66 == LET value8 == [s \in Servers \ {self} |-> IF s67.next3[s] <= snapshot.index
                THEN [kind |-> InstallSnapshot, from |-> self, term |-> term, snapshot |-> snapshot, round |-> round]
                ELSE [kind |-> AppendEntries, from |-> self, term |-> term, previous |-> s67.next3[s] - 1,
                previousTerm |-> TermAt(snapshot, all4, s67.next3[s] - 1),
                entries |-> Entries(snapshot, all4, s67.next3[s], upTo3[s]), commit |-> commit, round |-> round]]
                IN UNION {{[s67 EXCEPT !.network4 = [to \in Servers |->
                [from \in Servers |-> IF (to \in DOMAIN value8 \ lost10 /\ from = value8[to].from)
                /\ Len(s67.network4[to][from]) < Capacity THEN Append(s67.network4[to][from], value8[to])
                ELSE s67.network4[to][from]]]]} : lost10 \in (IF Lossy THEN SUBSET (DOMAIN value8) ELSE {{}})}
              IN {[s68 EXCEPT !.next3 = [s \in Servers |-> IF s \notin Servers \ {self} THEN s68.next3[s]
                ELSE IF s68.next3[s] <= snapshot.index THEN snapshot.index + 1 ELSE Max(s68.next3[s], upTo3[s] + 1)]] :
                s68 \in now66} : s67 \in now65}) {
            network := now67.network4 || heartbeats := now67.heartbeats2 || next := now67.next3;
          };
        } or {
          with (now74 \in LET
              now68 == UNION {IF s69.requests2[self] # <<>> THEN {s69} ELSE {} :
                s69 \in {[requests2 |-> requests, fresh3 |-> fresh, round2 |-> round, reads3 |-> reads,
                network5 |-> network, next4 |-> next, replies2 |-> replies]}}
              IN UNION {LET all5 == s70.requests2[self] IN LET
              now69 == {[s70 EXCEPT !.requests2[self] = <<>>]}
              IN UNION {LET batch == all5 IN IF role = Leader THEN LET
              now72 == LET writes == SelectSeq(batch, IsWrite) IN LET gets == SelectSeq(batch, IsGet) IN LET
              now70 == LET members == Members(snapshot, log \o s71.fresh3)
                IN {[s71 EXCEPT !.fresh3 = s71.fresh3 \o [i \in 1..Len(writes) |->
                [term |-> term, members |-> members, request |-> writes[i]]]]}
              IN UNION {IF gets # <<>> THEN LET
              now71 == {[s72 EXCEPT !.round2 = s72.round2 + 1]}
              IN {[s73 EXCEPT !.reads3 = Append(s73.reads3, [round |-> s73.round2, from |-> Max(commit, first),
                requests |-> gets])] : s73 \in now71} ELSE {s72} : s72 \in now70}
              IN UNION {LET all6 == log \o s74.fresh3 IN LET upTo4 ==
                [s \in Servers |-> Min(Last(snapshot, all6), match[s] + Window)] IN LET
              now73 == LET value9 == [s \in Servers \ {self} |-> IF s74.next4[s] <= snapshot.index
                THEN [kind |-> InstallSnapshot, from |-> self, term |-> term, snapshot |-> snapshot,
                round |-> s74.round2] ELSE [kind |-> AppendEntries, from |-> self, term |-> term,
                previous |-> s74.next4[s] - 1, previousTerm |-> TermAt(snapshot, all6, s74.next4[s] - 1),
                entries |-> Entries(snapshot, all6, s74.next4[s], upTo4[s]), commit |-> commit, round |-> s74.round2]]
                IN UNION {{[s74 EXCEPT !.network5 = [to \in Servers |->
                [from \in Servers |-> IF (to \in DOMAIN value9 \ lost11 /\ from = value9[to].from)
                /\ Len(s74.network5[to][from]) < Capacity THEN Append(s74.network5[to][from], value9[to])
                ELSE s74.network5[to][from]]]]} : lost11 \in (IF Lossy THEN SUBSET (DOMAIN value9) ELSE {{}})}
              IN {[s75 EXCEPT !.next4 = [s \in Servers |-> IF s \notin Servers \ {self} THEN s75.next4[s]
                ELSE IF s75.next4[s] <= snapshot.index THEN snapshot.index + 1 ELSE Max(s75.next4[s], upTo4[s] + 1)]] :
                s75 \in now73} : s74 \in now72} ELSE {[s71 EXCEPT !.replies2 =
                [client \in Clients |-> IF client \in DOMAIN [c \in ClientsOf(batch) |->
                [kind |-> Redirect, number |-> 0, leader |-> leader]] /\ Len(s71.replies2[client]) < Capacity
                THEN Append(s71.replies2[client], [c \in ClientsOf(batch) |->
                [kind |-> Redirect, number |-> 0, leader |-> leader]][client]) ELSE s71.replies2[client]]]} :
                s71 \in now69} : s70 \in now68}) {
            network := now74.network5 || requests := now74.requests2 || replies := now74.replies2 || fresh :=
                  now74.fresh3 || next := now74.next4 || round := now74.round2 || reads := now74.reads3;
          };
        } or {
          with (now78 \in LET
              now75 == UNION {IF s76.fresh4 # <<>> THEN {s76} ELSE {} :
                s76 \in {[log3 |-> log, fresh4 |-> fresh, commit3 |-> commit]}}
              now76 == {[s77 EXCEPT !.log3 = s77.log3 \o s77.fresh4] : s77 \in now75}
              now77 == {[s78 EXCEPT !.fresh4 = <<>>] : s78 \in now76}
              IN UNION {LET all7 == s79.log3 \o s79.fresh4 IN LET index2 ==
                ByQuorum([match EXCEPT ![self] = Last(snapshot, s79.log3)], Members(snapshot, all7))
                IN {IF index2 > s79.commit3 /\ TermAt(snapshot, all7, index2) = term
                THEN [s79 EXCEPT !.commit3 = index2] ELSE s79} : s79 \in now77}) {
            log := now78.log3 || fresh := now78.fresh4 || commit := now78.commit3;
          };
        } or {
          await applied < commit;
          with (done = Entries(snapshot, log \o fresh, applied + 1, Min(commit, applied + Batch))) {
            machine := CarryOutAll(machine, done);
            applied := applied + Len(done);
            if (role = Leader) {
              replies := [client \in Clients |-> IF client \in DOMAIN
                    [c \in ServedBy(done) |-> [kind |-> Answer, number |-> machine.sessions[c].number,
                    result |-> machine.sessions[c].result]] /\ Len(replies[client]) < Capacity
                    THEN Append(replies[client], [c \in ServedBy(done) |->
                    [kind |-> Answer, number |-> machine.sessions[c].number,
                    result |-> machine.sessions[c].result]][client]) ELSE replies[client]];
            };
          };
        } or {
          await reads # <<>>;
          with (read = Head(reads)) {
            await ByQuorum([heard EXCEPT ![self] = round], Members(snapshot, log \o fresh)) >= read.round;
            await applied >= read.from;
            reads := Tail(reads);
            replies := [client \in Clients |-> IF client \in DOMAIN
                  [c \in ClientsOf(read.requests) |-> ReadFor(c, read.requests, machine.store)]
                  /\ Len(replies[client]) < Capacity THEN Append(replies[client],
                  [c \in ClientsOf(read.requests) |-> ReadFor(c, read.requests, machine.store)][client])
                  ELSE replies[client]];
          };
        } or {
          with (now81 \in LET
              now79 == UNION {IF applied - s80.snapshot3.index > Keep /\ applied <= Last(s80.snapshot3, s80.log4)
                THEN {s80} ELSE {} : s80 \in {[snapshot3 |-> snapshot, log4 |-> log]}}
              IN UNION {LET value10 == Entries(s81.snapshot3, s81.log4, applied + 1, Last(s81.snapshot3, s81.log4))
                IN LET
              now80 == {[s81 EXCEPT !.snapshot3 = [index |-> applied, term |-> TermAt(s81.snapshot3, s81.log4, applied),
                members |-> MembersAt(s81.snapshot3, s81.log4, applied), machine |-> machine]]}
              IN {[s82 EXCEPT !.log4 = value10] : s82 \in now80} : s81 \in now79}) {
            log := now81.log4 || snapshot := now81.snapshot3;
          };
        } or {
          with (now87 \in LET
              now82 == UNION {IF s83.changes2 > 0 THEN {s83} ELSE {} :
                s83 \in {[changes2 |-> changes, fresh5 |-> fresh, network6 |-> network, next5 |-> next]}}
              now83 == {[s84 EXCEPT !.changes2 = s84.changes2 - 1] : s84 \in now82}
              IN UNION {UNION {UNION {LET wish == [server |-> server2, decides |-> decides] IN IF role = Leader
                /\ wish.server # self THEN LET all8 == log \o s85.fresh5 IN LET members2 == Members(snapshot, all8)
                IN LET changed == IF wish.decides THEN members2 \cup {wish.server} ELSE members2 \ {wish.server}
                IN IF changed # members2 THEN LET
              now84 == IF commit >= first /\ MembersAt(snapshot, all8, commit) = members2 THEN {s85} ELSE {}
              now85 == {[s86 EXCEPT !.fresh5 = Append(s86.fresh5,
                [term |-> term, members |-> changed, request |-> NoRequest])] : s86 \in now84}
              IN UNION {LET all9 == log \o s87.fresh5 IN LET upTo5 ==
                [s \in Servers |-> Min(Last(snapshot, all9), match[s] + Window)] IN LET
              now86 == LET value11 == [s \in Servers \ {self} |-> IF s87.next5[s] <= snapshot.index
                THEN [kind |-> InstallSnapshot, from |-> self, term |-> term, snapshot |-> snapshot, round |-> round]
                ELSE [kind |-> AppendEntries, from |-> self, term |-> term, previous |-> s87.next5[s] - 1,
                previousTerm |-> TermAt(snapshot, all9, s87.next5[s] - 1),
                entries |-> Entries(snapshot, all9, s87.next5[s], upTo5[s]), commit |-> commit, round |-> round]]
                IN UNION {{[s87 EXCEPT !.network6 = [to \in Servers |->
                [from \in Servers |-> IF (to \in DOMAIN value11 \ lost12 /\ from = value11[to].from)
                /\ Len(s87.network6[to][from]) < Capacity THEN Append(s87.network6[to][from], value11[to])
                ELSE s87.network6[to][from]]]]} : lost12 \in (IF Lossy THEN SUBSET (DOMAIN value11) ELSE {{}})}
              IN {[s88 EXCEPT !.next5 = [s \in Servers |-> IF s \notin Servers \ {self} THEN s88.next5[s]
                ELSE IF s88.next5[s] <= snapshot.index THEN snapshot.index + 1 ELSE Max(s88.next5[s], upTo5[s] + 1)]] :
                s88 \in now86} : s87 \in now85} ELSE {s85} ELSE {s85} : decides \in BOOLEAN} : server2 \in Servers} :
                s85 \in now83}) {
            network := now87.network6 || changes := now87.changes2 || fresh := now87.fresh5 || next := now87.next5;
          };
        } or {
          with (now92 \in LET
              now88 == UNION {IF role = Leader THEN {s89} ELSE {} :
                s89 \in {[transfers2 |-> transfers, network7 |-> network]}}
              now89 == UNION {IF s90.transfers2 > 0 THEN {s90} ELSE {} : s90 \in now88}
              now90 == {[s91 EXCEPT !.transfers2 = s91.transfers2 - 1] : s91 \in now89}
              now91 == UNION {IF TRUE THEN {s92} ELSE {} : s92 \in now90}
              IN UNION {UNION {UNION {{[s93 EXCEPT !.network7 =
                [to \in Servers |-> [from \in Servers |-> IF (to \in DOMAIN
                [s \in {heir} |-> [kind |-> TimeoutNow, from |-> self, term |-> term]] \ lost13
                /\ from = [s \in {heir} |-> [kind |-> TimeoutNow, from |-> self, term |-> term]][to].from)
                /\ Len(s93.network7[to][from]) < Capacity THEN
                Append(s93.network7[to][from], [s \in {heir} |->
                [kind |-> TimeoutNow, from |-> self, term |-> term]][to]) ELSE s93.network7[to][from]]]]} :
                lost13 \in (IF Lossy THEN SUBSET (DOMAIN [s \in {heir} |->
                [kind |-> TimeoutNow, from |-> self, term |-> term]]) ELSE {{}})} :
                heir \in {s \in Members(snapshot, log \o fresh) \ {self} : match[s] = Last(snapshot, log \o fresh)}} :
                s93 \in now91}) {
            network := now92.network7 || transfers := now92.transfers2;
          };
        } or {
          await crashes > 0;
          crashes := crashes - 1;
          await TRUE;
          goto start;
        };
      };
  }

  fair process (client2 \in Clients)
  variables number = 0; command2; server = 1 + ((self - NumServers - 1) % NumServers);
  {
    idle:
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

\* What a server has of its log, on disk or sent; and from where to where two servers can be compared.
All(s) == log[s] \o fresh[s]
End(s) == Last(snapshot[s], All(s))
At(s, index) == All(s)[index - snapshot[s].index]
Common(a, b, end) == (Max(snapshot[a].index, snapshot[b].index) + 1)..end

\* A term has one leader at most.
ElectionSafety == \A a, b \in Servers : role[a] = Leader /\ role[b] = Leader /\ term[a] = term[b] => a = b

\* Entries of one term and index are the same, and so are all before them.
LogMatching ==
  \A a, b \in Servers :
    \A i \in Common(a, b, Min(End(a), End(b))) :
      At(a, i).term = At(b, i).term => \A j \in Common(a, b, i) : At(a, j) = At(b, j)

\* What was committed is in the log of whoever leads the newest term.
LeaderCompleteness ==
  \A a, b \in Servers :
    role[a] = Leader /\ term[a] >= term[b] =>
      End(a) >= commit[b] /\ \A i \in Common(a, b, commit[b]) : At(a, i) = At(b, i)

\* So it is in the log of whoever could be elected next.
CouldLead(s) ==
  LET Grants(v) == \/ LastTerm(snapshot[s], log[s]) > LastTerm(snapshot[v], log[v])
                   \/ /\ LastTerm(snapshot[s], log[s]) = LastTerm(snapshot[v], log[v])
                      /\ Last(snapshot[s], log[s]) >= Last(snapshot[v], log[v])
  IN IsQuorum({v \in Servers : Grants(v)}, Members(snapshot[s], log[s]))

NothingCanBeUndone ==
  \A a, b \in Servers :
    CouldLead(a) =>
      /\ Last(snapshot[a], log[a]) >= commit[b]
      /\ \A i \in Common(a, b, commit[b]) : log[a][i - snapshot[a].index] = At(b, i)

\* Nobody carries out another command at the same place.
StateMachineSafety ==
  \A a, b \in Servers :
    /\ \A i \in Common(a, b, Min(commit[a], commit[b])) : At(a, i) = At(b, i)
    /\ applied[a] = applied[b] => machine[a] = machine[b]

\* What was committed is on the disks of a quorum.
CommittedIsOnDisk ==
  \A s \in Servers :
    LET Has(other) == commit[s] <= Last(snapshot[other], log[other])
                      /\ (commit[s] > snapshot[other].index /\ commit[s] > snapshot[s].index
                          => log[other][commit[s] - snapshot[other].index] = At(s, commit[s]))
    IN IsQuorum({other \in Servers : Has(other)}, MembersAt(snapshot[s], All(s), commit[s]))

\* A leader only adds to its log.
LeaderAppendOnly ==
  [][\A s \in Servers :
       role[s] = Leader /\ role'[s] = Leader /\ term'[s] = term[s] =>
         End(s)' >= End(s) /\ \A i \in (snapshot'[s].index + 1)..End(s) : At(s, i)' = At(s, i)]_vars

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
              content == Lookup(store, command.key)
              after == IF command.op = Get THEN content ELSE Written(command, content)
          IN Explained(events, (c :> [done |-> Result(command, content)]) @@ open, (command.key :> after) @@ store)

Linearizable == Explained(history, [client \in {} |-> Absent], [key \in {} |-> Absent])

\* With two time-outs at most two servers stand for election; it does not matter which two.
TwoStand == role[NumServers] = Follower

\* A way to keep a check small: one server leads in odd terms, another in even ones, as in figure 8 of the paper.
Rivals == \A s \in Servers : role[s] # Follower => s = IF term[s] % 2 = 1 THEN 1 ELSE 2

\* While two servers believe that they lead, somebody writes, is answered, and somebody reads.
InTurn ==
  /\ history # <<>> => role[1] = Leader /\ role[2] = Leader
  /\ \A i \in 1..Len(history) : history[i].asks = (i % 2 = 1) /\ (history[i].command.op = Put) = (i <= 2)

\* Whom a leader has heard is answered, while that leads on.
IsHeard(c, s) == role[s] = Leader /\ \E i \in 1..Len(All(s)) : All(s)[i].request.client = c
                                                            /\ All(s)[i].request.number = number[c]
EveryoneIsAnswered ==
  \A c \in Clients, s \in Servers : pc[c] = "answer" /\ IsHeard(c, s) ~> pc[c] = "idle" \/ role[s] # Leader
==============================================================================
