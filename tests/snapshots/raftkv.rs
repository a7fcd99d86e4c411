/// `Raft`, generated from raftkv.tla.
#[allow(unused, unused_qualifications, non_camel_case_types, missing_docs)]
#[allow(clippy::all, clippy::pedantic)]
mod model {
    use ::mpcal_runtime::generated as rt;

    const _: () = rt::assert_version("0.1.0");

    /// Identifies the model: nodes that run another one are refused.
    pub const MODEL_HASH: u64 = 0xabb0_ec6f_edb3_36e7;

    /// `Nobody == 0`, raftkv.tla:35
    pub const NOBODY: i64 = 0;

    /// The constants of the model. Its operators are methods; they fail where TLC reports an error.
    #[derive(Clone, Debug, PartialEq, Eq, rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Constants {
        /// `NumServers`, raftkv.tla:22
        pub num_servers: i64,
        /// `NumClients`, raftkv.tla:23
        pub num_clients: i64,
        /// `PreVote`, raftkv.tla:24
        pub pre_vote: bool,
        /// `Window`, raftkv.tla:25
        pub window: i64,
        /// `Batch`, raftkv.tla:26
        pub batch: i64,
        /// `Keep`, raftkv.tla:27
        pub keep: i64,
        /// `Reads`, raftkv.tla:29
        pub reads: bool,
        /// `Deletes`, raftkv.tla:29
        pub deletes: bool,
        /// `Keys`, raftkv.tla:29
        pub keys: rt::Set<rt::Str>,
        /// `Values`, raftkv.tla:29
        pub values: rt::Set<rt::Str>,
        /// `Rounds`, raftkv.tla:29
        pub rounds: i64,
        /// `Capacity`, raftkv.tla:29
        pub capacity: i64,
        /// `Lossy`, raftkv.tla:29
        pub lossy: bool,
        /// `Timeouts`, raftkv.tla:29
        pub timeouts: i64,
        /// `Heartbeats`, raftkv.tla:29
        pub heartbeats: i64,
        /// `Impatience`, raftkv.tla:29
        pub impatience: i64,
        /// `Crashes`, raftkv.tla:29
        pub crashes: i64,
        /// `Changes`, raftkv.tla:29
        pub changes: i64,
        /// `Transfers`, raftkv.tla:29
        pub transfers: i64,
    }

    impl Constants {
        /// The constants that TLC checks the model with.
        pub fn checked() -> Self {
            Self {
                num_servers: 3,
                num_clients: 0,
                pre_vote: false,
                window: 2,
                batch: 2,
                keep: 99,
                reads: true,
                deletes: false,
                keys: rt::Set::from([rt::Str::literal("k")]),
                values: rt::Set::from([rt::Str::literal("v")]),
                rounds: 1,
                capacity: 1,
                lossy: false,
                timeouts: 2,
                heartbeats: 0,
                impatience: 0,
                crashes: 1,
                changes: 0,
                transfers: 0,
            }
        }

        /// Checks every `ASSUME` of the model; the error is the first that does not hold.
        pub fn check(&self) -> rt::Eval<()> {
            rt::assume(
                self.num_servers > 1 && self.num_clients >= 0 && self.window > 0
                    && self.batch > 0 && self.keep >= 0,
                "ASSUME NumServers > 1 /\\ NumClients >= 0 /\\ Window > 0 /\\ Batch > 0 /\\ Keep >= 0 (raftkv.tla:31:8)",
            )
        }

        /// `Servers == 1..NumServers`, raftkv.tla:33
        pub fn servers(&self) -> rt::Eval<rt::Set<i64>> {
            rt::range(1, self.num_servers)
        }

        /// `Clients == (NumServers + 1)..(NumServers + NumClients)`, raftkv.tla:34
        pub fn clients(&self) -> rt::Eval<rt::Set<i64>> {
            rt::range(
                rt::add(self.num_servers, 1)?,
                rt::add(self.num_servers, self.num_clients)?,
            )
        }

        /// `Commands`, raftkv.tla:58
        pub fn commands(&self) -> rt::Eval<rt::Set<Command>> {
            Ok(
                rt::union(
                    &rt::union(
                        &{
                            let set1 = rt::Set::<RequestOp>::from([RequestOp::Put]);
                            let set2 = self.keys.clone();
                            let set3 = self.values.clone();
                            rt::enumerable(&[set1.len(), set2.len(), set3.len()])?;
                            let mut all_2 = Vec::new();
                            for item1 in set1.iter() {
                                for item2 in set2.iter() {
                                    for item3 in set3.iter() {
                                        all_2
                                            .push(Command {
                                                op: *item1,
                                                key: item2.clone(),
                                                value: item3.clone(),
                                            });
                                    }
                                }
                            }
                            all_2.into_iter().collect::<rt::Set<Command>>()
                        },
                        &if self.reads {
                            {
                                let set1 = rt::Set::<RequestOp>::from([RequestOp::Get]);
                                let set2 = self.keys.clone();
                                let set3 = rt::Set::<rt::Str>::from([rt::Str::literal("")]);
                                rt::enumerable(&[set1.len(), set2.len(), set3.len()])?;
                                let mut all_2 = Vec::new();
                                for item1 in set1.iter() {
                                    for item2 in set2.iter() {
                                        for item3 in set3.iter() {
                                            all_2
                                                .push(Command {
                                                    op: *item1,
                                                    key: item2.clone(),
                                                    value: item3.clone(),
                                                });
                                        }
                                    }
                                }
                                all_2.into_iter().collect::<rt::Set<Command>>()
                            }
                        } else {
                            rt::Set::<Command>::new()
                        },
                    ),
                    &if self.deletes {
                        {
                            let set1 = rt::Set::<RequestOp>::from([RequestOp::Delete]);
                            let set2 = self.keys.clone();
                            let set3 = rt::Set::<rt::Str>::from([rt::Str::literal("")]);
                            rt::enumerable(&[set1.len(), set2.len(), set3.len()])?;
                            let mut all_2 = Vec::new();
                            for item1 in set1.iter() {
                                for item2 in set2.iter() {
                                    for item3 in set3.iter() {
                                        all_2
                                            .push(Command {
                                                op: *item1,
                                                key: item2.clone(),
                                                value: item3.clone(),
                                            });
                                    }
                                }
                            }
                            all_2.into_iter().collect::<rt::Set<Command>>()
                        }
                    } else {
                        rt::Set::<Command>::new()
                    },
                ),
            )
        }

        /// `Absent == [value |-> "", version |-> 0]`, raftkv.tla:91
        pub fn absent(&self) -> Content {
            Content {
                value: rt::Str::literal(""),
                version: 0,
            }
        }

        /// `Initial`, raftkv.tla:100
        pub fn initial(&self) -> rt::Eval<Machine> {
            Ok(Machine {
                store: rt::function(
                    &rt::Set::<rt::Str>::new(),
                    |key| Ok(self.absent()),
                )?,
                sessions: rt::function(
                    &rt::Set::<i64>::new(),
                    |client| Ok(Done {
                        number: 0,
                        result: self.absent(),
                    }),
                )?,
            })
        }

        /// `LastTerm(snapshot, log) == TermAt(snapshot, log, Last(snapshot, log))`, raftkv.tla:77
        pub fn last_term(
            &self,
            snapshot: &Snapshot,
            log: &rt::Seq<Log>,
        ) -> rt::Eval<i64> {
            self.term_at(snapshot, log, self.last(snapshot, log)?)
        }

        /// `Last(snapshot, log) == snapshot.index + Len(log)`, raftkv.tla:75
        pub fn last(&self, snapshot: &Snapshot, log: &rt::Seq<Log>) -> rt::Eval<i64> {
            rt::add(snapshot.index, rt::len(log))
        }

        /// `TermAt`, raftkv.tla:76
        pub fn term_at(
            &self,
            snapshot: &Snapshot,
            log: &rt::Seq<Log>,
            index: i64,
        ) -> rt::Eval<i64> {
            Ok(
                if index == snapshot.index {
                    snapshot.term
                } else {
                    log.at(rt::subtract(index, snapshot.index)?)?.term
                },
            )
        }

        /// `Members(snapshot, log) == MembersAt(snapshot, log, Last(snapshot, log))`, raftkv.tla:83
        pub fn members(
            &self,
            snapshot: &Snapshot,
            log: &rt::Seq<Log>,
        ) -> rt::Eval<rt::Set<i64>> {
            self.members_at(snapshot, log, self.last(snapshot, log)?)
        }

        /// `MembersAt`, raftkv.tla:81
        pub fn members_at(
            &self,
            snapshot: &Snapshot,
            log: &rt::Seq<Log>,
            index: i64,
        ) -> rt::Eval<rt::Set<i64>> {
            Ok(
                if index == snapshot.index {
                    snapshot.members.clone()
                } else {
                    log.at(rt::subtract(index, snapshot.index)?)?.members.clone()
                },
            )
        }

        /// `IsQuorum(servers, members) == 2 * Cardinality(servers \cap members) > Cardinality(members)`, raftkv.tla:66
        pub fn is_quorum(
            &self,
            servers: &rt::Set<i64>,
            members: &rt::Set<i64>,
        ) -> rt::Eval<bool> {
            Ok(
                rt::multiply(2, rt::cardinality(&rt::intersection(servers, members)))?
                    > rt::cardinality(members),
            )
        }

        /// `NoRequest == [client |-> Nobody, number |-> 0, op |-> Begin, key |-> "", value |-> ""]`, raftkv.tla:122
        pub fn no_request(&self) -> Request {
            Request {
                client: NOBODY,
                number: 0,
                op: RequestOp::Begin,
                key: rt::Str::literal(""),
                value: rt::Str::literal(""),
            }
        }

        /// `Min(a, b) == IF a < b THEN a ELSE b`, raftkv.tla:63
        pub fn min(&self, a: i64, b: i64) -> i64 {
            if a < b { a } else { b }
        }

        /// `Entries(snapshot, log, from, to) == SubSeq(log, from - snapshot.index, to - snapshot.index)`, raftkv.tla:78
        pub fn entries(
            &self,
            snapshot: &Snapshot,
            log: &rt::Seq<Log>,
            from: i64,
            to: i64,
        ) -> rt::Eval<rt::Seq<Log>> {
            rt::sub_seq(
                log,
                rt::subtract(from, snapshot.index)?,
                rt::subtract(to, snapshot.index)?,
            )
        }

        /// `Max(a, b) == IF a > b THEN a ELSE b`, raftkv.tla:64
        pub fn max(&self, a: i64, b: i64) -> i64 {
            if a > b { a } else { b }
        }

        /// `Holds`, raftkv.tla:86
        pub fn holds(
            &self,
            snapshot: &Snapshot,
            log: &rt::Seq<Log>,
            index: i64,
            entries: &rt::Seq<Log>,
        ) -> rt::Eval<bool> {
            Ok(
                rt::add(index, rt::len(entries))? <= self.last(snapshot, log)?
                    && rt::for_all(
                        &rt::range(1, rt::len(entries))?,
                        |i| Ok(
                            log
                                .at(rt::add(rt::subtract(index, snapshot.index)?, *i)?)?
                                .term == entries.at(*i)?.term,
                        ),
                    )?,
            )
        }

        /// `ByQuorum`, raftkv.tla:69
        pub fn by_quorum(
            &self,
            reached: &rt::Function<i64, i64>,
            members: &rt::Set<i64>,
        ) -> rt::Eval<i64> {
            Ok({
                let has = |n: &i64| -> rt::Eval<bool> {
                    self.is_quorum(
                        &rt::filter(&self.servers()?, |s| Ok(*reached.at(s)? >= *n))?,
                        members,
                    )
                };
                let all: rt::Eval<rt::Set<i64>> = rt::deferred(|| rt::map(
                    members,
                    |s| -> rt::Eval<i64> { Ok(*reached.at(s)?) },
                ));
                rt::choose(
                    &all.clone()?,
                    |n| Ok(
                        has(n)?
                            && rt::for_all(
                                &all.clone()?,
                                |other| Ok(!has(other)? || *other <= *n),
                            )?,
                    ),
                )?
            })
        }

        /// `IsWrite(request) == request.op \in {Put, Delete}`, raftkv.tla:119
        pub fn is_write(&self, request: &Request) -> bool {
            request.op == RequestOp::Put || request.op == RequestOp::Delete
        }

        /// `IsGet(request) == request.op = Get`, raftkv.tla:120
        pub fn is_get(&self, request: &Request) -> bool {
            request.op == RequestOp::Get
        }

        /// `ClientsOf(requests) == {requests[i].client : i \in 1..Len(requests)}`, raftkv.tla:128
        pub fn clients_of(&self, requests: &rt::Seq<Request>) -> rt::Eval<rt::Set<i64>> {
            rt::map(
                &rt::range(1, rt::len(requests))?,
                |i| -> rt::Eval<i64> { Ok(requests.at(*i)?.client) },
            )
        }

        /// `CarryOutAll`, raftkv.tla:116
        pub fn carry_out_all(
            &self,
            machine: &Machine,
            entries: &rt::Seq<Log>,
        ) -> rt::Eval<Machine> {
            let _descent = rt::descend("CarryOutAll")?;
            Ok(
                if entries.is_empty() {
                    machine.clone()
                } else {
                    self.carry_out_all(
                        &self.carry_out(machine, &rt::head(entries)?.request)?,
                        &rt::tail(entries)?,
                    )?
                },
            )
        }

        /// `CarryOut`, raftkv.tla:108
        pub fn carry_out(
            &self,
            machine: &Machine,
            request: &Request,
        ) -> rt::Eval<Machine> {
            Ok(
                if request.op == RequestOp::Begin
                    || self.is_repeated(request, &machine.sessions)?
                {
                    machine.clone()
                } else {
                    {
                        let content: rt::Eval<Content> = rt::deferred(|| {
                            self.lookup(&machine.store, &request.key)
                        });
                        let done: rt::Eval<Done> = rt::deferred(|| Ok(Done {
                            number: request.number,
                            result: self.result(request, &content.clone()?)?,
                        }));
                        Machine {
                            store: rt::merge(
                                &rt::single(
                                    &request.key,
                                    &self.written(request, &content.clone()?)?,
                                ),
                                &machine.store,
                            ),
                            sessions: rt::merge(
                                &rt::single(&request.client, &done.clone()?),
                                &machine.sessions,
                            ),
                        }
                    }
                },
            )
        }

        /// `IsRepeated`, raftkv.tla:105
        pub fn is_repeated(
            &self,
            request: &Request,
            sessions: &rt::Function<i64, Done>,
        ) -> rt::Eval<bool> {
            Ok(
                sessions.get(&request.client).is_some()
                    && sessions.at(&request.client)?.number >= request.number,
            )
        }

        /// `Lookup(store, key) == IF key \in DOMAIN store THEN store[key] ELSE Absent`, raftkv.tla:92
        pub fn lookup(
            &self,
            store: &rt::Function<rt::Str, Content>,
            key: &rt::Str,
        ) -> rt::Eval<Content> {
            Ok(
                if store.get(key).is_some() {
                    store.at(key)?.clone()
                } else {
                    self.absent()
                },
            )
        }

        /// `Result(command, content) == IF command.op = Put THEN Written(command, content) ELSE content`, raftkv.tla:97
        pub fn result(&self, command: &Request, content: &Content) -> rt::Eval<Content> {
            Ok(
                if command.op == RequestOp::Put {
                    self.written(command, content)?
                } else {
                    content.clone()
                },
            )
        }

        /// `Written`, raftkv.tla:95
        pub fn written(
            &self,
            command: &Request,
            content: &Content,
        ) -> rt::Eval<Content> {
            Ok(
                if command.op == RequestOp::Delete {
                    self.absent()
                } else {
                    Content {
                        value: command.value.clone(),
                        version: rt::add(content.version, 1)?,
                    }
                },
            )
        }

        /// `ServedBy(entries) == {entries[i].request.client : i \in 1..Len(entries)} \ {Nobody}`, raftkv.tla:129
        pub fn served_by(&self, entries: &rt::Seq<Log>) -> rt::Eval<rt::Set<i64>> {
            Ok(
                rt::difference(
                    &rt::map(
                        &rt::range(1, rt::len(entries))?,
                        |i| -> rt::Eval<i64> { Ok(entries.at(*i)?.request.client) },
                    )?,
                    &rt::Set::<i64>::from([NOBODY]),
                ),
            )
        }

        /// `ReadFor`, raftkv.tla:124
        pub fn read_for(
            &self,
            client: i64,
            requests: &rt::Seq<Request>,
            store: &rt::Function<rt::Str, Content>,
        ) -> rt::Eval<ReplyRecord> {
            Ok({
                let mine: rt::Eval<i64> = rt::deferred(|| rt::choose(
                    &rt::range(1, rt::len(requests))?,
                    |i| Ok(requests.at(*i)?.client == client),
                ));
                ReplyRecord::Answer {
                    number: requests.at(mine.clone()?)?.number,
                    result: self.lookup(store, &requests.at(mine.clone()?)?.key)?,
                }
            })
        }

        /// `NoSnapshot == [index |-> 0, term |-> 0, members |-> Servers, machine |-> Initial]`, raftkv.tla:102
        pub fn no_snapshot(&self) -> rt::Eval<Snapshot> {
            Ok(Snapshot {
                index: 0,
                term: 0,
                members: self.servers()?,
                machine: self.initial()?,
            })
        }
    }
    rt::identity!(Constants);

    /// Records of several shapes, told apart by their field `kind`.
    #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub enum InboxRead {
        /// `[from, kind, term]`
        TimeoutNow { from: i64, term: i64 },
        /// `[ballot, from, granted, kind, term]`
        Vote { ballot: i64, from: i64, granted: bool, term: i64 },
        /// `[from, kind, round, snapshot, term]`
        InstallSnapshot { from: i64, round: i64, snapshot: Snapshot, term: i64 },
        /// `[ballot, from, kind, last, lastTerm, term]`
        RequestVote { ballot: i64, from: i64, last: i64, last_term: i64, term: i64 },
        /// `[fits, from, index, kind, round, term]`
        Appended { fits: bool, from: i64, index: i64, round: i64, term: i64 },
        /// `[commit, entries, from, kind, previous, previousTerm, round, term]`
        AppendEntries {
            commit: i64,
            entries: rt::Seq<Log>,
            from: i64,
            previous: i64,
            previous_term: i64,
            round: i64,
            term: i64,
        },
    }

    impl InboxRead {
        rt::some_field!(ballot, ballot_mut, i64, "ballot", Vote | RequestVote);
        rt::some_field!(commit, commit_mut, i64, "commit", AppendEntries);
        rt::some_field!(entries, entries_mut, rt::Seq < Log >, "entries", AppendEntries);
        rt::some_field!(fits, fits_mut, bool, "fits", Appended);
        rt::field!(
            from, from_mut, i64, TimeoutNow | Vote | InstallSnapshot | RequestVote |
            Appended | AppendEntries
        );
        rt::some_field!(granted, granted_mut, bool, "granted", Vote);
        rt::some_field!(index, index_mut, i64, "index", Appended);
        /// The field `kind`, which the variant stands for.
        #[must_use]
        pub fn kind(&self) -> InboxReadKind {
            match self {
                Self::TimeoutNow { .. } => InboxReadKind::TimeoutNow,
                Self::Vote { .. } => InboxReadKind::Vote,
                Self::InstallSnapshot { .. } => InboxReadKind::InstallSnapshot,
                Self::RequestVote { .. } => InboxReadKind::RequestVote,
                Self::Appended { .. } => InboxReadKind::Appended,
                Self::AppendEntries { .. } => InboxReadKind::AppendEntries,
            }
        }
        rt::some_field!(last, last_mut, i64, "last", RequestVote);
        rt::some_field!(last_term, last_term_mut, i64, "lastTerm", RequestVote);
        rt::some_field!(previous, previous_mut, i64, "previous", AppendEntries);
        rt::some_field!(
            previous_term, previous_term_mut, i64, "previousTerm", AppendEntries
        );
        rt::some_field!(
            round, round_mut, i64, "round", InstallSnapshot | Appended | AppendEntries
        );
        rt::some_field!(snapshot, snapshot_mut, Snapshot, "snapshot", InstallSnapshot);
        rt::field!(
            term, term_mut, i64, TimeoutNow | Vote | InstallSnapshot | RequestVote |
            Appended | AppendEntries
        );
    }
    rt::shapes!(
        InboxRead { TimeoutNow { from = "from", term = "term" } with "kind" =
        InboxReadKind::TimeoutNow, Vote { ballot = "ballot", from = "from", granted =
        "granted", term = "term" } with "kind" = InboxReadKind::Vote, InstallSnapshot {
        from = "from", round = "round", snapshot = "snapshot", term = "term" } with
        "kind" = InboxReadKind::InstallSnapshot, RequestVote { ballot = "ballot", from =
        "from", last = "last", last_term = "lastTerm", term = "term" } with "kind" =
        InboxReadKind::RequestVote, Appended { fits = "fits", from = "from", index =
        "index", round = "round", term = "term" } with "kind" = InboxReadKind::Appended,
        AppendEntries { commit = "commit", entries = "entries", from = "from", previous =
        "previous", previous_term = "previousTerm", round = "round", term = "term" } with
        "kind" = InboxReadKind::AppendEntries }
    );

    /// A record `[members, request, term]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Log {
        pub members: rt::Set<i64>,
        pub request: Request,
        pub term: i64,
    }
    rt::record!(Log { members = "members", request = "request", term = "term" });

    /// A record `[client, key, number, op, value]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Request {
        pub client: i64,
        pub key: rt::Str,
        pub number: i64,
        pub op: RequestOp,
        pub value: rt::Str,
    }
    rt::record!(
        Request { client = "client", key = "key", number = "number", op = "op", value =
        "value" }
    );

    /// A record `[index, machine, members, term]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Snapshot {
        pub index: i64,
        pub machine: Machine,
        pub members: rt::Set<i64>,
        pub term: i64,
    }
    rt::record!(
        Snapshot { index = "index", machine = "machine", members = "members", term =
        "term" }
    );

    /// A record `[sessions, store]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Machine {
        pub sessions: rt::Function<i64, Done>,
        pub store: rt::Function<rt::Str, Content>,
    }
    rt::record!(Machine { sessions = "sessions", store = "store" });

    /// A record `[number, result]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Done {
        pub number: i64,
        pub result: Content,
    }
    rt::record!(Done { number = "number", result = "result" });

    /// A record `[value, version]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Content {
        pub value: rt::Str,
        pub version: i64,
    }
    rt::record!(Content { value = "value", version = "version" });

    /// Records of several shapes, told apart by their field `kind`.
    #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub enum ReplyRecord {
        /// `[kind, leader, number]`
        Redirect { leader: i64, number: i64 },
        /// `[kind, number, result]`
        Answer { number: i64, result: Content },
    }

    impl ReplyRecord {
        /// The field `kind`, which the variant stands for.
        #[must_use]
        pub fn kind(&self) -> ReplyKind {
            match self {
                Self::Redirect { .. } => ReplyKind::Redirect,
                Self::Answer { .. } => ReplyKind::Answer,
            }
        }
        rt::some_field!(leader, leader_mut, i64, "leader", Redirect);
        rt::field!(number, number_mut, i64, Redirect | Answer);
        rt::some_field!(result, result_mut, Content, "result", Answer);
    }
    rt::shapes!(
        ReplyRecord { Redirect { leader = "leader", number = "number" } with "kind" =
        ReplyKind::Redirect, Answer { number = "number", result = "result" } with "kind"
        = ReplyKind::Answer }
    );

    /// A record `[asks, client, command, result]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct History {
        pub asks: bool,
        pub client: i64,
        pub command: Command,
        pub result: Content,
    }
    rt::record!(
        History { asks = "asks", client = "client", command = "command", result =
        "result" }
    );

    /// A record `[key, op, value]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Command {
        pub key: rt::Str,
        pub op: RequestOp,
        pub value: rt::Str,
    }
    rt::record!(Command { key = "key", op = "op", value = "value" });

    /// A record `[from, requests, round]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Read {
        pub from: i64,
        pub requests: rt::Seq<Request>,
        pub round: i64,
    }
    rt::record!(Read { from = "from", requests = "requests", round = "round" });

    /// A record `[decides, server]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Wish {
        pub decides: bool,
        pub server: i64,
    }
    rt::record!(Wish { decides = "decides", server = "server" });

    /// A record `[command, result]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Outcome {
        pub command: Command,
        pub result: Content,
    }
    rt::record!(Outcome { command = "command", result = "result" });

    /// One of the values that the model gives a name.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum RequestOp {
        /// `"begin"`
        Begin,
        /// `"delete"`
        Delete,
        /// `"get"`
        Get,
        /// `"put"`
        Put,
    }
    rt::tags!(
        RequestOp { Begin = "begin", Delete = "delete", Get = "get", Put = "put" }
    );

    /// One of the values that the model gives a name.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum InboxReadKind {
        /// `"append-entries"`
        AppendEntries,
        /// `"appended"`
        Appended,
        /// `"install-snapshot"`
        InstallSnapshot,
        /// `"request-vote"`
        RequestVote,
        /// `"timeout-now"`
        TimeoutNow,
        /// `"vote"`
        Vote,
    }
    rt::tags!(
        InboxReadKind { AppendEntries = "append-entries", Appended = "appended",
        InstallSnapshot = "install-snapshot", RequestVote = "request-vote", TimeoutNow =
        "timeout-now", Vote = "vote" }
    );

    /// One of the values that the model gives a name.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum ReplyKind {
        /// `"answer"`
        Answer,
        /// `"redirect"`
        Redirect,
    }
    rt::tags!(ReplyKind { Answer = "answer", Redirect = "redirect" });

    /// One of the values that the model gives a name.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Role {
        /// `"candidate"`
        Candidate,
        /// `"follower"`
        Follower,
        /// `"leader"`
        Leader,
    }
    rt::tags!(
        Role { Candidate = "candidate", Follower = "follower", Leader = "leader" }
    );

    /// Mapping macro `Inbox`, raftkv.tla:134. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Inbox`",
        label = "the parameter is mapped via `Inbox`",
        note = "if it behaves so, say it: `impl Inbox for …`"
    )]
    pub trait Inbox: rt::MappingMacro {}

    /// Mapping macro `Post`, raftkv.tla:149. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Post`",
        label = "the parameter is mapped via `Post`",
        note = "if it behaves so, say it: `impl Post for …`"
    )]
    pub trait Post: rt::MappingMacro {}

    /// Mapping macro `Queued`, raftkv.tla:165. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Queued`",
        label = "the parameter is mapped via `Queued`",
        note = "if it behaves so, say it: `impl Queued for …`"
    )]
    pub trait Queued: rt::MappingMacro {}

    /// Mapping macro `Sometimes`, raftkv.tla:179. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Sometimes`",
        label = "the parameter is mapped via `Sometimes`",
        note = "if it behaves so, say it: `impl Sometimes for …`"
    )]
    pub trait Sometimes: rt::MappingMacro {}

    /// Mapping macro `Wanted`, raftkv.tla:191. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Wanted`",
        label = "the parameter is mapped via `Wanted`",
        note = "if it behaves so, say it: `impl Wanted for …`"
    )]
    pub trait Wanted: rt::MappingMacro {}

    /// Mapping macro `Told`, raftkv.tla:205. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Told`",
        label = "the parameter is mapped via `Told`",
        note = "if it behaves so, say it: `impl Told for …`"
    )]
    pub trait Told: rt::MappingMacro {}

    /// Mapping macro `Reply`, raftkv.tla:217. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Reply`",
        label = "the parameter is mapped via `Reply`",
        note = "if it behaves so, say it: `impl Reply for …`"
    )]
    pub trait Reply: rt::MappingMacro {}

    /// Mapping macro `Asked`, raftkv.tla:231. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Asked`",
        label = "the parameter is mapped via `Asked`",
        note = "if it behaves so, say it: `impl Asked for …`"
    )]
    pub trait Asked: rt::MappingMacro {}

    /// Mapping macro `Answered`, raftkv.tla:244. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Answered`",
        label = "the parameter is mapped via `Answered`",
        note = "if it behaves so, say it: `impl Answered for …`"
    )]
    pub trait Answered: rt::MappingMacro {}

    pub mod server {
        use super::*;
        /// Where control is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Label {
            /// `start`, raftkv.tla:476
            Start,
            /// `serve`, raftkv.tla:489
            Serve,
            Done,
        }

        /// Label and variables.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
        #[serde(crate = "rt::serde")]
        pub struct State {
            pub label: Label,
            /// `role = Follower`, raftkv.tla:461
            pub role: Role,
            /// `ballot = 0`, raftkv.tla:462
            pub ballot: i64,
            /// `votes = {}`, raftkv.tla:463
            pub votes: rt::Set<i64>,
            /// `fresh = <<>>`, raftkv.tla:465
            pub fresh: rt::Seq<Log>,
            /// `next = [s \in Servers |-> 1]`, raftkv.tla:466
            pub next: rt::Function<i64, i64>,
            /// `match = [s \in Servers |-> 0]`, raftkv.tla:467
            pub r#match: rt::Function<i64, i64>,
            /// `first = 0`, raftkv.tla:468
            pub first: i64,
            /// `round = 0`, raftkv.tla:469
            pub round: i64,
            /// `heard = [s \in Servers |-> 0]`, raftkv.tla:470
            pub heard: rt::Function<i64, i64>,
            /// `reads = <<>>`, raftkv.tla:471
            pub reads: rt::Seq<Read>,
            /// `commit = 0`, raftkv.tla:472
            pub commit: i64,
            /// `applied = 0`, raftkv.tla:473
            pub applied: i64,
            /// `machine = Initial`, raftkv.tla:474
            pub machine: Machine,
        }

        /// Archetype `Server`, raftkv.tla:444
        pub struct Server {
            id: i64,
            constants: ::std::sync::Arc<Constants>,
            state: State,
            inbox: rt::Resource<i64, InboxRead>,
            send: rt::Resource<(), rt::Function<i64, InboxRead>>,
            requests: rt::Resource<i64, rt::Seq<Request>, Request>,
            answer: rt::Resource<(), rt::Function<i64, ReplyRecord>>,
            election: rt::Resource<(), bool>,
            heartbeat: rt::Resource<(), bool>,
            change: rt::Resource<(), Wish>,
            transfer: rt::Resource<(), bool>,
            crash: rt::Resource<(), bool>,
            leader: rt::Resource<(), i64>,
            term: rt::Resource<(), i64>,
            vote: rt::Resource<(), i64>,
            log: rt::Resource<(), rt::Seq<Log>>,
            snapshot: rt::Resource<(), Snapshot>,
        }

        /// What a `Server` is made of.
        pub struct ServerParameters<
            InboxResource,
            SendResource,
            Requests,
            Answer,
            Election,
            Heartbeat,
            Change,
            Transfer,
            Crash,
            Leader,
            Term,
            Vote,
            LogResource,
            SnapshotResource,
        > {
            pub inbox: InboxResource,
            pub send: SendResource,
            pub requests: Requests,
            pub answer: Answer,
            pub election: Election,
            pub heartbeat: Heartbeat,
            pub change: Change,
            pub transfer: Transfer,
            pub crash: Crash,
            pub leader: Leader,
            pub term: Term,
            pub vote: Vote,
            pub log: LogResource,
            pub snapshot: SnapshotResource,
        }

        impl Server {
            /// The process `id`. Fails if the initial value of a variable cannot be evaluated.
            pub fn new(
                id: i64,
                constants: &::std::sync::Arc<Constants>,
                parameters: ServerParameters<
                    impl rt::Bound<i64, InboxRead> + Inbox,
                    impl rt::Bound<(), rt::Function<i64, InboxRead>> + Post,
                    impl rt::Bound<i64, rt::Seq<Request>, Request> + Queued,
                    impl rt::Bound<(), rt::Function<i64, ReplyRecord>> + Told,
                    impl rt::Bound<(), bool> + Sometimes,
                    impl rt::Bound<(), bool> + Sometimes,
                    impl rt::Bound<(), Wish> + Wanted,
                    impl rt::Bound<(), bool> + Sometimes,
                    impl rt::Bound<(), bool> + Sometimes,
                    impl rt::Bound<(), i64> + rt::PlainVariable,
                    impl rt::Bound<(), i64> + rt::PlainVariable,
                    impl rt::Bound<(), i64> + rt::PlainVariable,
                    impl rt::Bound<(), rt::Seq<Log>> + rt::PlainVariable,
                    impl rt::Bound<(), Snapshot> + rt::PlainVariable,
                >,
            ) -> rt::Eval<Self> {
                Ok(Self {
                    id,
                    constants: constants.clone(),
                    state: State {
                        label: Label::Start,
                        role: Role::Follower,
                        ballot: 0,
                        votes: rt::Set::<i64>::new(),
                        fresh: rt::Seq::<Log>::new(),
                        next: rt::function(&constants.servers()?, |s| Ok(1))?,
                        r#match: rt::function(&constants.servers()?, |s| Ok(0))?,
                        first: 0,
                        round: 0,
                        heard: rt::function(&constants.servers()?, |s| Ok(0))?,
                        reads: rt::Seq::<Read>::new(),
                        commit: 0,
                        applied: 0,
                        machine: constants.initial()?,
                    },
                    inbox: rt::Resource::new(parameters.inbox),
                    send: rt::Resource::new(parameters.send),
                    requests: rt::Resource::new(parameters.requests),
                    answer: rt::Resource::new(parameters.answer),
                    election: rt::Resource::new(parameters.election),
                    heartbeat: rt::Resource::new(parameters.heartbeat),
                    change: rt::Resource::new(parameters.change),
                    transfer: rt::Resource::new(parameters.transfer),
                    crash: rt::Resource::new(parameters.crash),
                    leader: rt::Resource::new(parameters.leader),
                    term: rt::Resource::new(parameters.term),
                    vote: rt::Resource::new(parameters.vote),
                    log: rt::Resource::new(parameters.log),
                    snapshot: rt::Resource::new(parameters.snapshot),
                })
            }

            /// `start`, raftkv.tla:476
            //   role := Follower
            //   || leader := Nobody
            //   || ballot := 0
            //   || votes := {}
            //   || fresh := <<>>
            //   || reads := <<>>;
            //   next := [s \in Servers |-> 1]
            //   || match := [s \in Servers |-> 0]
            //   || heard := [s \in Servers |-> 0];
            //   round := 0 || first := 0 || machine := snapshot.machine;
            //   commit := snapshot.index || applied := snapshot.index;
            fn start(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                self.state.role = Role::Follower;
                self.leader.write(section, &(), NOBODY)?;
                self.state.ballot = 0;
                self.state.votes = rt::Set::<i64>::new();
                self.state.fresh = rt::Seq::<Log>::new();
                self.state.reads = rt::Seq::<Read>::new();
                self.state.next = rt::function(&self.constants.servers()?, |s| Ok(1))?;
                self.state.r#match = rt::function(
                    &self.constants.servers()?,
                    |s| Ok(0),
                )?;
                self.state.heard = rt::function(&self.constants.servers()?, |s| Ok(0))?;
                let snapshot_read = self.snapshot.read(section, &())?;
                self.state.round = 0;
                self.state.first = 0;
                self.state.machine = snapshot_read.machine.clone();
                self.state.commit = snapshot_read.index;
                self.state.applied = snapshot_read.index;
                Ok(Label::Serve)
            }

            /// `serve`, raftkv.tla:489
            fn serve(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                match section.either(11) {
                    0 => {
                        let inbox_read = self.inbox.read(section, &self.id)?;
                        let m = inbox_read;
                        let term_read = self.term.read(section, &())?;
                        if *m.term() > term_read {
                            self.term.write(section, &(), *m.term())?;
                            self.vote.write(section, &(), NOBODY)?;
                            self.state.role = Role::Follower;
                            self.leader.write(section, &(), NOBODY)?;
                            self.state.reads = rt::Seq::<Read>::new();
                            if !self.state.fresh.is_empty() {
                                let log_read = self.log.read(section, &())?;
                                self.log
                                    .write(
                                        section,
                                        &(),
                                        rt::concat(&log_read, &self.state.fresh),
                                    )?;
                                self.state.fresh = rt::Seq::<Log>::new();
                            }
                        }
                        match &m {
                            InboxRead::RequestVote {
                                ballot: m_ballot,
                                from: m_from,
                                last,
                                last_term,
                                term: m_term,
                                ..
                            } => {
                                let snapshot_read = self.snapshot.read(section, &())?;
                                let log_read = self.log.read(section, &())?;
                                let term_read_2 = self.term.read(section, &())?;
                                let leader_read = self.leader.read(section, &())?;
                                let vote_read = self.vote.read(section, &())?;
                                let granted = (*last_term
                                    > self.constants.last_term(&snapshot_read, &log_read)?
                                    || (*last_term
                                        == self.constants.last_term(&snapshot_read, &log_read)?
                                        && *last
                                            >= self.constants.last(&snapshot_read, &log_read)?))
                                    && *m_term == term_read_2
                                    && (if *m_ballot > term_read_2 {
                                        leader_read == NOBODY
                                    } else {
                                        vote_read == NOBODY || vote_read == *m_from
                                    });
                                if granted && *m_ballot == term_read_2 {
                                    self.vote.write(section, &(), *m_from)?;
                                    self.election.write(section, &(), true)?;
                                }
                                let term_read_3 = self.term.read(section, &())?;
                                if granted || *m_term < term_read_3 {
                                    let value = rt::function(
                                        &rt::Set::<i64>::from([*m_from]),
                                        |s| Ok(InboxRead::Vote {
                                            from: self.id,
                                            term: term_read_3,
                                            ballot: *m_ballot,
                                            granted: granted,
                                        }),
                                    )?;
                                    self.send.write(section, &(), value)?;
                                }
                            }
                            InboxRead::Vote {
                                ballot: m_ballot,
                                from: m_from,
                                granted: m_granted,
                                term: m_term,
                                ..
                            } => {
                                let term_read_2 = self.term.read(section, &())?;
                                if self.state.role == Role::Candidate && *m_granted
                                    && *m_term == term_read_2 && *m_ballot == self.state.ballot
                                {
                                    self.state.votes.insert(*m_from);
                                    let snapshot_read = self.snapshot.read(section, &())?;
                                    let log_read = self.log.read(section, &())?;
                                    if self
                                        .constants
                                        .is_quorum(
                                            &self.state.votes,
                                            &self.constants.members(&snapshot_read, &log_read)?,
                                        )?
                                    {
                                        if self.state.ballot > term_read_2 {
                                            self.state.role = Role::Candidate;
                                            self.leader.write(section, &(), NOBODY)?;
                                            let value = rt::add(self.term.read(section, &())?, 1)?;
                                            self.term.write(section, &(), value)?;
                                            let term_read_3 = self.term.read(section, &())?;
                                            self.state.ballot = term_read_3;
                                            self.vote.write(section, &(), self.id)?;
                                            self.state.votes = rt::Set::<i64>::from([self.id]);
                                            let term_read_4 = self.term.read(section, &())?;
                                            let snapshot_read_2 = self.snapshot.read(section, &())?;
                                            let log_read_2 = self.log.read(section, &())?;
                                            let value = rt::function(
                                                &rt::difference(
                                                    &self.constants.servers()?,
                                                    &rt::Set::<i64>::from([self.id]),
                                                ),
                                                |s| -> rt::Eval<InboxRead> {
                                                    Ok(InboxRead::RequestVote {
                                                        from: self.id,
                                                        term: term_read_4,
                                                        ballot: self.state.ballot,
                                                        last: self.constants.last(&snapshot_read_2, &log_read_2)?,
                                                        last_term: self
                                                            .constants
                                                            .last_term(&snapshot_read_2, &log_read_2)?,
                                                    })
                                                },
                                            )?;
                                            self.send.write(section, &(), value)?;
                                        } else {
                                            self.state.role = Role::Leader;
                                            self.leader.write(section, &(), self.id)?;
                                            let snapshot_read_2 = self.snapshot.read(section, &())?;
                                            let log_read_2 = self.log.read(section, &())?;
                                            self.state.first = rt::add(
                                                self.constants.last(&snapshot_read_2, &log_read_2)?,
                                                1,
                                            )?;
                                            let term_read_3 = self.term.read(section, &())?;
                                            self.state.fresh = rt::Seq::<
                                                Log,
                                            >::from([
                                                Log {
                                                    term: term_read_3,
                                                    members: self
                                                        .constants
                                                        .members(&snapshot_read_2, &log_read_2)?,
                                                    request: self.constants.no_request(),
                                                },
                                            ]);
                                            self.state.next = rt::function(
                                                &self.constants.servers()?,
                                                |s| Ok(self.state.first),
                                            )?;
                                            self.state.r#match = rt::function(
                                                &self.constants.servers()?,
                                                |s| Ok(0),
                                            )?;
                                            self.state.heard = rt::function(
                                                &self.constants.servers()?,
                                                |s| Ok(0),
                                            )?;
                                            let all = rt::concat(&log_read_2, &self.state.fresh);
                                            let up_to: rt::Eval<rt::Function<i64, i64>> = rt::deferred(||
                                            rt::function(
                                                &self.constants.servers()?,
                                                |s| -> rt::Eval<i64> {
                                                    Ok(
                                                        self
                                                            .constants
                                                            .min(
                                                                self.constants.last(&snapshot_read_2, &all)?,
                                                                rt::add(*self.state.r#match.at(s)?, self.constants.window)?,
                                                            ),
                                                    )
                                                },
                                            ));
                                            let value = rt::function(
                                                &rt::difference(
                                                    &self.constants.servers()?,
                                                    &rt::Set::<i64>::from([self.id]),
                                                ),
                                                |s| -> rt::Eval<InboxRead> {
                                                    Ok(
                                                        if *self.state.next.at(s)? <= snapshot_read_2.index {
                                                            InboxRead::InstallSnapshot {
                                                                from: self.id,
                                                                term: term_read_3,
                                                                snapshot: snapshot_read_2.clone(),
                                                                round: self.state.round,
                                                            }
                                                        } else {
                                                            InboxRead::AppendEntries {
                                                                from: self.id,
                                                                term: term_read_3,
                                                                previous: rt::subtract(*self.state.next.at(s)?, 1)?,
                                                                previous_term: self
                                                                    .constants
                                                                    .term_at(
                                                                        &snapshot_read_2,
                                                                        &all,
                                                                        rt::subtract(*self.state.next.at(s)?, 1)?,
                                                                    )?,
                                                                entries: self
                                                                    .constants
                                                                    .entries(
                                                                        &snapshot_read_2,
                                                                        &all,
                                                                        *self.state.next.at(s)?,
                                                                        *up_to.clone()?.at(s)?,
                                                                    )?,
                                                                commit: self.state.commit,
                                                                round: self.state.round,
                                                            }
                                                        },
                                                    )
                                                },
                                            )?;
                                            self.send.write(section, &(), value)?;
                                            let snapshot_read_3 = self.snapshot.read(section, &())?;
                                            self.state.next = rt::function(
                                                &self.constants.servers()?,
                                                |s| -> rt::Eval<i64> {
                                                    Ok(
                                                        if !rt::difference(
                                                                &self.constants.servers()?,
                                                                &rt::Set::<i64>::from([self.id]),
                                                            )
                                                            .contains(s)
                                                        {
                                                            *self.state.next.at(s)?
                                                        } else {
                                                            if *self.state.next.at(s)? <= snapshot_read_3.index {
                                                                rt::add(snapshot_read_3.index, 1)?
                                                            } else {
                                                                self.constants
                                                                    .max(
                                                                        *self.state.next.at(s)?,
                                                                        rt::add(*up_to.clone()?.at(s)?, 1)?,
                                                                    )
                                                            }
                                                        },
                                                    )
                                                },
                                            )?;
                                        }
                                    }
                                }
                            }
                            InboxRead::AppendEntries {
                                commit: m_commit,
                                entries: m_entries,
                                from: m_from,
                                previous,
                                previous_term,
                                round: m_round,
                                term: m_term,
                                ..
                            } => {
                                let term_read_2 = self.term.read(section, &())?;
                                let snapshot_read = self.snapshot.read(section, &())?;
                                let log_read = self.log.read(section, &())?;
                                let fits: rt::Eval<bool> = rt::deferred(|| Ok(
                                    *m_term == term_read_2 && *previous >= snapshot_read.index
                                        && *previous
                                            <= self.constants.last(&snapshot_read, &log_read)?
                                        && self
                                            .constants
                                            .term_at(&snapshot_read, &log_read, *previous)?
                                            == *previous_term,
                                ));
                                let until: rt::Eval<i64> = rt::deferred(|| rt::add(
                                    *previous,
                                    rt::len(m_entries),
                                ));
                                if *m_term == term_read_2 {
                                    self.state.role = Role::Follower;
                                    self.leader.write(section, &(), *m_from)?;
                                    self.election.write(section, &(), true)?;
                                }
                                if fits.clone()? {
                                    let snapshot_read_2 = self.snapshot.read(section, &())?;
                                    let log_read_2 = self.log.read(section, &())?;
                                    if !self
                                        .constants
                                        .holds(&snapshot_read_2, &log_read_2, *previous, m_entries)?
                                    {
                                        let value = rt::concat(
                                            &self
                                                .constants
                                                .entries(
                                                    &snapshot_read_2,
                                                    &log_read_2,
                                                    rt::add(snapshot_read_2.index, 1)?,
                                                    *previous,
                                                )?,
                                            m_entries,
                                        );
                                        self.log.write(section, &(), value)?;
                                    }
                                    self.state.commit = self
                                        .constants
                                        .max(
                                            self.state.commit,
                                            self.constants.min(*m_commit, until.clone()?),
                                        );
                                }
                                let term_read_3 = self.term.read(section, &())?;
                                let snapshot_read_2 = self.snapshot.read(section, &())?;
                                let log_read_2 = self.log.read(section, &())?;
                                let value = rt::function(
                                    &rt::Set::<i64>::from([*m_from]),
                                    |s| -> rt::Eval<InboxRead> {
                                        Ok(InboxRead::Appended {
                                            from: self.id,
                                            term: term_read_3,
                                            fits: fits.clone()?,
                                            round: *m_round,
                                            index: if fits.clone()? {
                                                until.clone()?
                                            } else {
                                                if *previous
                                                    > self.constants.last(&snapshot_read_2, &log_read_2)?
                                                {
                                                    self.constants.last(&snapshot_read_2, &log_read_2)?
                                                } else {
                                                    self.state.commit
                                                }
                                            },
                                        })
                                    },
                                )?;
                                self.send.write(section, &(), value)?;
                            }
                            InboxRead::Appended {
                                fits: m_fits,
                                from: m_from,
                                index: m_index,
                                round: m_round,
                                term: m_term,
                                ..
                            } => {
                                let term_read_2 = self.term.read(section, &())?;
                                if self.state.role == Role::Leader && *m_term == term_read_2
                                {
                                    let value = self
                                        .constants
                                        .max(*self.state.heard.at(m_from)?, *m_round);
                                    *self.state.heard.at_mut(m_from)? = value;
                                    if *m_fits {
                                        let value = self
                                            .constants
                                            .max(*self.state.r#match.at(m_from)?, *m_index);
                                        *self.state.r#match.at_mut(m_from)? = value;
                                        let log_read = self.log.read(section, &())?;
                                        let all = rt::concat(&log_read, &self.state.fresh);
                                        let snapshot_read = self.snapshot.read(section, &())?;
                                        let index_2 = self
                                            .constants
                                            .by_quorum(
                                                &{
                                                    let mut changed_2 = self.state.r#match.clone();
                                                    let new = self.constants.last(&snapshot_read, &log_read)?;
                                                    *changed_2.at_mut(&self.id)? = new;
                                                    changed_2
                                                },
                                                &self.constants.members(&snapshot_read, &all)?,
                                            )?;
                                        if index_2 > self.state.commit
                                            && self.constants.term_at(&snapshot_read, &all, index_2)?
                                                == term_read_2
                                        {
                                            self.state.commit = index_2;
                                        }
                                    } else {
                                        let value = rt::add(*m_index, 1)?;
                                        *self.state.next.at_mut(m_from)? = value;
                                    }
                                    let snapshot_read = self.snapshot.read(section, &())?;
                                    let log_read = self.log.read(section, &())?;
                                    if *self.state.next.at(m_from)?
                                        <= self
                                            .constants
                                            .min(
                                                self
                                                    .constants
                                                    .last(
                                                        &snapshot_read,
                                                        &rt::concat(&log_read, &self.state.fresh),
                                                    )?,
                                                rt::add(
                                                    *self.state.r#match.at(m_from)?,
                                                    self.constants.window,
                                                )?,
                                            )
                                    {
                                        let all = rt::concat(&log_read, &self.state.fresh);
                                        let up_to: rt::Eval<rt::Function<i64, i64>> = rt::deferred(||
                                        rt::function(
                                            &self.constants.servers()?,
                                            |s| -> rt::Eval<i64> {
                                                Ok(
                                                    self
                                                        .constants
                                                        .min(
                                                            self.constants.last(&snapshot_read, &all)?,
                                                            rt::add(*self.state.r#match.at(s)?, self.constants.window)?,
                                                        ),
                                                )
                                            },
                                        ));
                                        let value = rt::function(
                                            &rt::Set::<i64>::from([*m_from]),
                                            |s| -> rt::Eval<InboxRead> {
                                                Ok(
                                                    if *self.state.next.at(s)? <= snapshot_read.index {
                                                        InboxRead::InstallSnapshot {
                                                            from: self.id,
                                                            term: term_read_2,
                                                            snapshot: snapshot_read.clone(),
                                                            round: self.state.round,
                                                        }
                                                    } else {
                                                        InboxRead::AppendEntries {
                                                            from: self.id,
                                                            term: term_read_2,
                                                            previous: rt::subtract(*self.state.next.at(s)?, 1)?,
                                                            previous_term: self
                                                                .constants
                                                                .term_at(
                                                                    &snapshot_read,
                                                                    &all,
                                                                    rt::subtract(*self.state.next.at(s)?, 1)?,
                                                                )?,
                                                            entries: self
                                                                .constants
                                                                .entries(
                                                                    &snapshot_read,
                                                                    &all,
                                                                    *self.state.next.at(s)?,
                                                                    *up_to.clone()?.at(s)?,
                                                                )?,
                                                            commit: self.state.commit,
                                                            round: self.state.round,
                                                        }
                                                    },
                                                )
                                            },
                                        )?;
                                        self.send.write(section, &(), value)?;
                                        let snapshot_read_2 = self.snapshot.read(section, &())?;
                                        self.state.next = rt::function(
                                            &self.constants.servers()?,
                                            |s| -> rt::Eval<i64> {
                                                Ok(
                                                    if !(*s == *m_from) {
                                                        *self.state.next.at(s)?
                                                    } else {
                                                        if *self.state.next.at(s)? <= snapshot_read_2.index {
                                                            rt::add(snapshot_read_2.index, 1)?
                                                        } else {
                                                            self.constants
                                                                .max(
                                                                    *self.state.next.at(s)?,
                                                                    rt::add(*up_to.clone()?.at(s)?, 1)?,
                                                                )
                                                        }
                                                    },
                                                )
                                            },
                                        )?;
                                    }
                                }
                            }
                            InboxRead::InstallSnapshot {
                                from: m_from,
                                round: m_round,
                                snapshot: m_snapshot,
                                term: m_term,
                                ..
                            } => {
                                let term_read_2 = self.term.read(section, &())?;
                                if *m_term == term_read_2 {
                                    self.state.role = Role::Follower;
                                    self.leader.write(section, &(), *m_from)?;
                                    self.election.write(section, &(), true)?;
                                    if m_snapshot.index > self.state.commit {
                                        let snapshot_read = self.snapshot.read(section, &())?;
                                        let log_read = self.log.read(section, &())?;
                                        let value = if m_snapshot.index
                                            < self.constants.last(&snapshot_read, &log_read)?
                                            && self
                                                .constants
                                                .term_at(&snapshot_read, &log_read, m_snapshot.index)?
                                                == m_snapshot.term
                                        {
                                            self.constants
                                                .entries(
                                                    &snapshot_read,
                                                    &log_read,
                                                    rt::add(m_snapshot.index, 1)?,
                                                    self.constants.last(&snapshot_read, &log_read)?,
                                                )?
                                        } else {
                                            rt::Seq::<Log>::new()
                                        };
                                        self.log.write(section, &(), value)?;
                                        self.snapshot.write(section, &(), m_snapshot.clone())?;
                                        self.state.commit = m_snapshot.index;
                                        self.state.applied = m_snapshot.index;
                                        self.state.machine = m_snapshot.machine.clone();
                                    }
                                    let term_read_3 = self.term.read(section, &())?;
                                    let value = rt::function(
                                        &rt::Set::<i64>::from([*m_from]),
                                        |s| Ok(InboxRead::Appended {
                                            from: self.id,
                                            term: term_read_3,
                                            fits: true,
                                            round: *m_round,
                                            index: m_snapshot.index,
                                        }),
                                    )?;
                                    self.send.write(section, &(), value)?;
                                }
                            }
                            _ => {
                                let term_read_2 = self.term.read(section, &())?;
                                if self.state.role == Role::Follower
                                    && *m.term() == term_read_2
                                {
                                    self.state.role = Role::Candidate;
                                    self.leader.write(section, &(), NOBODY)?;
                                    let value = rt::add(self.term.read(section, &())?, 1)?;
                                    self.term.write(section, &(), value)?;
                                    let term_read_3 = self.term.read(section, &())?;
                                    self.state.ballot = term_read_3;
                                    self.vote.write(section, &(), self.id)?;
                                    self.state.votes = rt::Set::<i64>::from([self.id]);
                                    let term_read_4 = self.term.read(section, &())?;
                                    let snapshot_read = self.snapshot.read(section, &())?;
                                    let log_read = self.log.read(section, &())?;
                                    let value = rt::function(
                                        &rt::difference(
                                            &self.constants.servers()?,
                                            &rt::Set::<i64>::from([self.id]),
                                        ),
                                        |s| -> rt::Eval<InboxRead> {
                                            Ok(InboxRead::RequestVote {
                                                from: self.id,
                                                term: term_read_4,
                                                ballot: self.state.ballot,
                                                last: self.constants.last(&snapshot_read, &log_read)?,
                                                last_term: self
                                                    .constants
                                                    .last_term(&snapshot_read, &log_read)?,
                                            })
                                        },
                                    )?;
                                    self.send.write(section, &(), value)?;
                                }
                            }
                        }
                        Ok(Label::Serve)
                    }
                    1 => {
                        let snapshot_read = self.snapshot.read(section, &())?;
                        let log_read = self.log.read(section, &())?;
                        let condition = self.state.role != Role::Leader
                            && self
                                .constants
                                .members(&snapshot_read, &log_read)?
                                .contains(&self.id);
                        section.wait_for(condition)?;
                        let election_read = self.election.read(section, &())?;
                        section.wait_for(election_read)?;
                        self.election.write(section, &(), true)?;
                        if self.constants.pre_vote {
                            self.state.role = Role::Candidate;
                            self.leader.write(section, &(), NOBODY)?;
                            let term_read = self.term.read(section, &())?;
                            self.state.ballot = rt::add(term_read, 1)?;
                            self.state.votes = rt::Set::<i64>::from([self.id]);
                            let snapshot_read_2 = self.snapshot.read(section, &())?;
                            let log_read_2 = self.log.read(section, &())?;
                            let value = rt::function(
                                &rt::difference(
                                    &self.constants.servers()?,
                                    &rt::Set::<i64>::from([self.id]),
                                ),
                                |s| -> rt::Eval<InboxRead> {
                                    Ok(InboxRead::RequestVote {
                                        from: self.id,
                                        term: term_read,
                                        ballot: self.state.ballot,
                                        last: self.constants.last(&snapshot_read_2, &log_read_2)?,
                                        last_term: self
                                            .constants
                                            .last_term(&snapshot_read_2, &log_read_2)?,
                                    })
                                },
                            )?;
                            self.send.write(section, &(), value)?;
                        } else {
                            self.state.role = Role::Candidate;
                            self.leader.write(section, &(), NOBODY)?;
                            let value = rt::add(self.term.read(section, &())?, 1)?;
                            self.term.write(section, &(), value)?;
                            let term_read = self.term.read(section, &())?;
                            self.state.ballot = term_read;
                            self.vote.write(section, &(), self.id)?;
                            self.state.votes = rt::Set::<i64>::from([self.id]);
                            let term_read_2 = self.term.read(section, &())?;
                            let snapshot_read_2 = self.snapshot.read(section, &())?;
                            let log_read_2 = self.log.read(section, &())?;
                            let value = rt::function(
                                &rt::difference(
                                    &self.constants.servers()?,
                                    &rt::Set::<i64>::from([self.id]),
                                ),
                                |s| -> rt::Eval<InboxRead> {
                                    Ok(InboxRead::RequestVote {
                                        from: self.id,
                                        term: term_read_2,
                                        ballot: self.state.ballot,
                                        last: self.constants.last(&snapshot_read_2, &log_read_2)?,
                                        last_term: self
                                            .constants
                                            .last_term(&snapshot_read_2, &log_read_2)?,
                                    })
                                },
                            )?;
                            self.send.write(section, &(), value)?;
                        }
                        Ok(Label::Serve)
                    }
                    2 => {
                        section.wait_for(self.state.role == Role::Leader)?;
                        let heartbeat_read = self.heartbeat.read(section, &())?;
                        section.wait_for(heartbeat_read)?;
                        let log_read = self.log.read(section, &())?;
                        let all = rt::concat(&log_read, &self.state.fresh);
                        let snapshot_read = self.snapshot.read(section, &())?;
                        let up_to: rt::Eval<rt::Function<i64, i64>> = rt::deferred(|| rt::function(
                            &self.constants.servers()?,
                            |s| -> rt::Eval<i64> {
                                Ok(
                                    self
                                        .constants
                                        .min(
                                            self.constants.last(&snapshot_read, &all)?,
                                            rt::add(*self.state.r#match.at(s)?, self.constants.window)?,
                                        ),
                                )
                            },
                        ));
                        let term_read = self.term.read(section, &())?;
                        let value = rt::function(
                            &rt::difference(
                                &self.constants.servers()?,
                                &rt::Set::<i64>::from([self.id]),
                            ),
                            |s| -> rt::Eval<InboxRead> {
                                Ok(
                                    if *self.state.next.at(s)? <= snapshot_read.index {
                                        InboxRead::InstallSnapshot {
                                            from: self.id,
                                            term: term_read,
                                            snapshot: snapshot_read.clone(),
                                            round: self.state.round,
                                        }
                                    } else {
                                        InboxRead::AppendEntries {
                                            from: self.id,
                                            term: term_read,
                                            previous: rt::subtract(*self.state.next.at(s)?, 1)?,
                                            previous_term: self
                                                .constants
                                                .term_at(
                                                    &snapshot_read,
                                                    &all,
                                                    rt::subtract(*self.state.next.at(s)?, 1)?,
                                                )?,
                                            entries: self
                                                .constants
                                                .entries(
                                                    &snapshot_read,
                                                    &all,
                                                    *self.state.next.at(s)?,
                                                    *up_to.clone()?.at(s)?,
                                                )?,
                                            commit: self.state.commit,
                                            round: self.state.round,
                                        }
                                    },
                                )
                            },
                        )?;
                        self.send.write(section, &(), value)?;
                        let snapshot_read_2 = self.snapshot.read(section, &())?;
                        self.state.next = rt::function(
                            &self.constants.servers()?,
                            |s| -> rt::Eval<i64> {
                                Ok(
                                    if !rt::difference(
                                            &self.constants.servers()?,
                                            &rt::Set::<i64>::from([self.id]),
                                        )
                                        .contains(s)
                                    {
                                        *self.state.next.at(s)?
                                    } else {
                                        if *self.state.next.at(s)? <= snapshot_read_2.index {
                                            rt::add(snapshot_read_2.index, 1)?
                                        } else {
                                            self.constants
                                                .max(
                                                    *self.state.next.at(s)?,
                                                    rt::add(*up_to.clone()?.at(s)?, 1)?,
                                                )
                                        }
                                    },
                                )
                            },
                        )?;
                        Ok(Label::Serve)
                    }
                    3 => {
                        let requests_read = rt::read_for_later(|| {
                            self.requests.read(section, &self.id)
                        })?;
                        let batch: rt::Eval<rt::Seq<Request>> = rt::deferred(|| {
                            requests_read.clone()
                        });
                        if self.state.role == Role::Leader {
                            let writes = rt::select_seq(
                                &batch.clone()?,
                                |item1| Ok(self.constants.is_write(item1)),
                            )?;
                            let gets = rt::select_seq(
                                &batch.clone()?,
                                |item1| Ok(self.constants.is_get(item1)),
                            )?;
                            let snapshot_read = self.snapshot.read(section, &())?;
                            let log_read = self.log.read(section, &())?;
                            let members: rt::Eval<rt::Set<i64>> = rt::deferred(|| {
                                self
                                    .constants
                                    .members(
                                        &snapshot_read,
                                        &rt::concat(&log_read, &self.state.fresh),
                                    )
                            });
                            let term_read = self.term.read(section, &())?;
                            self.state.fresh = rt::concat(
                                &self.state.fresh,
                                &rt::seq_function(
                                    &rt::range(1, rt::len(&writes))?,
                                    |i| -> rt::Eval<Log> {
                                        Ok(Log {
                                            term: term_read,
                                            members: members.clone()?,
                                            request: writes.at(*i)?.clone(),
                                        })
                                    },
                                )?,
                            );
                            if !gets.is_empty() {
                                self.state.round = rt::add(self.state.round, 1)?;
                                self.state
                                    .reads
                                    .push(Read {
                                        round: self.state.round,
                                        from: self
                                            .constants
                                            .max(self.state.commit, self.state.first),
                                        requests: gets.clone(),
                                    });
                            }
                            let all = rt::concat(&log_read, &self.state.fresh);
                            let up_to: rt::Eval<rt::Function<i64, i64>> = rt::deferred(||
                            rt::function(
                                &self.constants.servers()?,
                                |s| -> rt::Eval<i64> {
                                    Ok(
                                        self
                                            .constants
                                            .min(
                                                self.constants.last(&snapshot_read, &all)?,
                                                rt::add(*self.state.r#match.at(s)?, self.constants.window)?,
                                            ),
                                    )
                                },
                            ));
                            let value = rt::function(
                                &rt::difference(
                                    &self.constants.servers()?,
                                    &rt::Set::<i64>::from([self.id]),
                                ),
                                |s| -> rt::Eval<InboxRead> {
                                    Ok(
                                        if *self.state.next.at(s)? <= snapshot_read.index {
                                            InboxRead::InstallSnapshot {
                                                from: self.id,
                                                term: term_read,
                                                snapshot: snapshot_read.clone(),
                                                round: self.state.round,
                                            }
                                        } else {
                                            InboxRead::AppendEntries {
                                                from: self.id,
                                                term: term_read,
                                                previous: rt::subtract(*self.state.next.at(s)?, 1)?,
                                                previous_term: self
                                                    .constants
                                                    .term_at(
                                                        &snapshot_read,
                                                        &all,
                                                        rt::subtract(*self.state.next.at(s)?, 1)?,
                                                    )?,
                                                entries: self
                                                    .constants
                                                    .entries(
                                                        &snapshot_read,
                                                        &all,
                                                        *self.state.next.at(s)?,
                                                        *up_to.clone()?.at(s)?,
                                                    )?,
                                                commit: self.state.commit,
                                                round: self.state.round,
                                            }
                                        },
                                    )
                                },
                            )?;
                            self.send.write(section, &(), value)?;
                            let snapshot_read_2 = self.snapshot.read(section, &())?;
                            self.state.next = rt::function(
                                &self.constants.servers()?,
                                |s| -> rt::Eval<i64> {
                                    Ok(
                                        if !rt::difference(
                                                &self.constants.servers()?,
                                                &rt::Set::<i64>::from([self.id]),
                                            )
                                            .contains(s)
                                        {
                                            *self.state.next.at(s)?
                                        } else {
                                            if *self.state.next.at(s)? <= snapshot_read_2.index {
                                                rt::add(snapshot_read_2.index, 1)?
                                            } else {
                                                self.constants
                                                    .max(
                                                        *self.state.next.at(s)?,
                                                        rt::add(*up_to.clone()?.at(s)?, 1)?,
                                                    )
                                            }
                                        },
                                    )
                                },
                            )?;
                        } else {
                            let leader_read = self.leader.read(section, &())?;
                            let value = rt::function(
                                &self.constants.clients_of(&batch.clone()?)?,
                                |c| Ok(ReplyRecord::Redirect {
                                    number: 0,
                                    leader: leader_read,
                                }),
                            )?;
                            self.answer.write(section, &(), value)?;
                        }
                        Ok(Label::Serve)
                    }
                    4 => {
                        section.wait_for(!self.state.fresh.is_empty())?;
                        let log_read = self.log.read(section, &())?;
                        self.log
                            .write(
                                section,
                                &(),
                                rt::concat(&log_read, &self.state.fresh),
                            )?;
                        self.state.fresh = rt::Seq::<Log>::new();
                        let log_read_2 = self.log.read(section, &())?;
                        let all = rt::concat(&log_read_2, &self.state.fresh);
                        let snapshot_read = self.snapshot.read(section, &())?;
                        let index_2 = self
                            .constants
                            .by_quorum(
                                &{
                                    let mut changed_2 = self.state.r#match.clone();
                                    let new = self.constants.last(&snapshot_read, &log_read_2)?;
                                    *changed_2.at_mut(&self.id)? = new;
                                    changed_2
                                },
                                &self.constants.members(&snapshot_read, &all)?,
                            )?;
                        let term_read = self.term.read(section, &())?;
                        if index_2 > self.state.commit
                            && self.constants.term_at(&snapshot_read, &all, index_2)?
                                == term_read
                        {
                            self.state.commit = index_2;
                        }
                        Ok(Label::Serve)
                    }
                    5 => {
                        section.wait_for(self.state.applied < self.state.commit)?;
                        let snapshot_read = self.snapshot.read(section, &())?;
                        let log_read = self.log.read(section, &())?;
                        let done = self
                            .constants
                            .entries(
                                &snapshot_read,
                                &rt::concat(&log_read, &self.state.fresh),
                                rt::add(self.state.applied, 1)?,
                                self
                                    .constants
                                    .min(
                                        self.state.commit,
                                        rt::add(self.state.applied, self.constants.batch)?,
                                    ),
                            )?;
                        self.state.machine = self
                            .constants
                            .carry_out_all(&self.state.machine, &done)?;
                        self.state.applied = rt::add(
                            self.state.applied,
                            rt::len(&done),
                        )?;
                        if self.state.role == Role::Leader {
                            let value = rt::function(
                                &self.constants.served_by(&done)?,
                                |c| -> rt::Eval<ReplyRecord> {
                                    Ok(ReplyRecord::Answer {
                                        number: self.state.machine.sessions.at(c)?.number,
                                        result: self.state.machine.sessions.at(c)?.result.clone(),
                                    })
                                },
                            )?;
                            self.answer.write(section, &(), value)?;
                        }
                        Ok(Label::Serve)
                    }
                    6 => {
                        section.wait_for(!self.state.reads.is_empty())?;
                        let read = rt::head(&self.state.reads)?;
                        let snapshot_read = self.snapshot.read(section, &())?;
                        let log_read = self.log.read(section, &())?;
                        let condition = self
                            .constants
                            .by_quorum(
                                &{
                                    let mut changed_2 = self.state.heard.clone();
                                    let new = self.state.round;
                                    *changed_2.at_mut(&self.id)? = new;
                                    changed_2
                                },
                                &self
                                    .constants
                                    .members(
                                        &snapshot_read,
                                        &rt::concat(&log_read, &self.state.fresh),
                                    )?,
                            )? >= read.round;
                        section.wait_for(condition)?;
                        section.wait_for(self.state.applied >= read.from)?;
                        self.state.reads = rt::tail(&self.state.reads)?;
                        let value = rt::function(
                            &self.constants.clients_of(&read.requests)?,
                            |c| -> rt::Eval<ReplyRecord> {
                                self.constants
                                    .read_for(*c, &read.requests, &self.state.machine.store)
                            },
                        )?;
                        self.answer.write(section, &(), value)?;
                        Ok(Label::Serve)
                    }
                    7 => {
                        let snapshot_read = self.snapshot.read(section, &())?;
                        let log_read = self.log.read(section, &())?;
                        let condition = rt::subtract(
                            self.state.applied,
                            snapshot_read.index,
                        )? > self.constants.keep
                            && self.state.applied
                                <= self.constants.last(&snapshot_read, &log_read)?;
                        section.wait_for(condition)?;
                        let value_2 = Snapshot {
                            index: self.state.applied,
                            term: self
                                .constants
                                .term_at(&snapshot_read, &log_read, self.state.applied)?,
                            members: self
                                .constants
                                .members_at(&snapshot_read, &log_read, self.state.applied)?,
                            machine: self.state.machine.clone(),
                        };
                        let value_3 = self
                            .constants
                            .entries(
                                &snapshot_read,
                                &log_read,
                                rt::add(self.state.applied, 1)?,
                                self.constants.last(&snapshot_read, &log_read)?,
                            )?;
                        self.snapshot.write(section, &(), value_2)?;
                        self.log.write(section, &(), value_3)?;
                        Ok(Label::Serve)
                    }
                    8 => {
                        let change_read = self.change.read(section, &())?;
                        let wish = change_read;
                        if self.state.role == Role::Leader && wish.server != self.id {
                            let log_read = self.log.read(section, &())?;
                            let all = rt::concat(&log_read, &self.state.fresh);
                            let snapshot_read = self.snapshot.read(section, &())?;
                            let members = self.constants.members(&snapshot_read, &all)?;
                            let changed = if wish.decides {
                                rt::union(&members, &rt::Set::<i64>::from([wish.server]))
                            } else {
                                rt::difference(
                                    &members,
                                    &rt::Set::<i64>::from([wish.server]),
                                )
                            };
                            if changed != members {
                                let condition = self.state.commit >= self.state.first
                                    && self
                                        .constants
                                        .members_at(&snapshot_read, &all, self.state.commit)?
                                        == members;
                                section.wait_for(condition)?;
                                let term_read = self.term.read(section, &())?;
                                self.state
                                    .fresh
                                    .push(Log {
                                        term: term_read,
                                        members: changed.clone(),
                                        request: self.constants.no_request(),
                                    });
                                let all_2 = rt::concat(&log_read, &self.state.fresh);
                                let up_to: rt::Eval<rt::Function<i64, i64>> = rt::deferred(||
                                rt::function(
                                    &self.constants.servers()?,
                                    |s| -> rt::Eval<i64> {
                                        Ok(
                                            self
                                                .constants
                                                .min(
                                                    self.constants.last(&snapshot_read, &all_2)?,
                                                    rt::add(*self.state.r#match.at(s)?, self.constants.window)?,
                                                ),
                                        )
                                    },
                                ));
                                let value = rt::function(
                                    &rt::difference(
                                        &self.constants.servers()?,
                                        &rt::Set::<i64>::from([self.id]),
                                    ),
                                    |s| -> rt::Eval<InboxRead> {
                                        Ok(
                                            if *self.state.next.at(s)? <= snapshot_read.index {
                                                InboxRead::InstallSnapshot {
                                                    from: self.id,
                                                    term: term_read,
                                                    snapshot: snapshot_read.clone(),
                                                    round: self.state.round,
                                                }
                                            } else {
                                                InboxRead::AppendEntries {
                                                    from: self.id,
                                                    term: term_read,
                                                    previous: rt::subtract(*self.state.next.at(s)?, 1)?,
                                                    previous_term: self
                                                        .constants
                                                        .term_at(
                                                            &snapshot_read,
                                                            &all_2,
                                                            rt::subtract(*self.state.next.at(s)?, 1)?,
                                                        )?,
                                                    entries: self
                                                        .constants
                                                        .entries(
                                                            &snapshot_read,
                                                            &all_2,
                                                            *self.state.next.at(s)?,
                                                            *up_to.clone()?.at(s)?,
                                                        )?,
                                                    commit: self.state.commit,
                                                    round: self.state.round,
                                                }
                                            },
                                        )
                                    },
                                )?;
                                self.send.write(section, &(), value)?;
                                let snapshot_read_2 = self.snapshot.read(section, &())?;
                                self.state.next = rt::function(
                                    &self.constants.servers()?,
                                    |s| -> rt::Eval<i64> {
                                        Ok(
                                            if !rt::difference(
                                                    &self.constants.servers()?,
                                                    &rt::Set::<i64>::from([self.id]),
                                                )
                                                .contains(s)
                                            {
                                                *self.state.next.at(s)?
                                            } else {
                                                if *self.state.next.at(s)? <= snapshot_read_2.index {
                                                    rt::add(snapshot_read_2.index, 1)?
                                                } else {
                                                    self.constants
                                                        .max(
                                                            *self.state.next.at(s)?,
                                                            rt::add(*up_to.clone()?.at(s)?, 1)?,
                                                        )
                                                }
                                            },
                                        )
                                    },
                                )?;
                            }
                        }
                        Ok(Label::Serve)
                    }
                    9 => {
                        section.wait_for(self.state.role == Role::Leader)?;
                        let transfer_read = self.transfer.read(section, &())?;
                        section.wait_for(transfer_read)?;
                        let snapshot_read = self.snapshot.read(section, &())?;
                        let log_read = self.log.read(section, &())?;
                        let heir = section
                            .pick(
                                &rt::filter(
                                    &rt::difference(
                                        &self
                                            .constants
                                            .members(
                                                &snapshot_read,
                                                &rt::concat(&log_read, &self.state.fresh),
                                            )?,
                                        &rt::Set::<i64>::from([self.id]),
                                    ),
                                    |s| Ok(
                                        *self.state.r#match.at(s)?
                                            == self
                                                .constants
                                                .last(
                                                    &snapshot_read,
                                                    &rt::concat(&log_read, &self.state.fresh),
                                                )?,
                                    ),
                                )?,
                            )?;
                        let term_read = self.term.read(section, &())?;
                        let value = rt::function(
                            &rt::Set::<i64>::from([heir]),
                            |s| Ok(InboxRead::TimeoutNow {
                                from: self.id,
                                term: term_read,
                            }),
                        )?;
                        self.send.write(section, &(), value)?;
                        Ok(Label::Serve)
                    }
                    _ => {
                        let crash_read = self.crash.read(section, &())?;
                        section.wait_for(crash_read)?;
                        Ok(Label::Start)
                    }
                }
            }
        }
        rt::archetype!(
            Server(role, ballot, votes, fresh, next, r#match = "match", first, round,
            heard, reads, commit, applied, machine) { Start => start, Serve => serve }
        );
    }
    pub use server::{Server, ServerParameters};

    pub mod client {
        use super::*;
        /// Where control is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Label {
            /// `idle`, raftkv.tla:583
            Idle,
            /// `ask`, raftkv.tla:588
            Ask,
            /// `answer`, raftkv.tla:593
            Answer,
            Done,
        }

        /// Label and variables.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
        #[serde(crate = "rt::serde")]
        pub struct State {
            pub label: Label,
            /// `number = 0`, raftkv.tla:581
            pub number: i64,
            /// `command`, raftkv.tla:581
            pub command: rt::Slot<Command>,
            /// `server = 1 + ((self - NumServers - 1) % NumServers)`, raftkv.tla:581
            pub server: i64,
        }

        /// Archetype `Client`, raftkv.tla:580
        pub struct Client {
            id: i64,
            constants: ::std::sync::Arc<Constants>,
            state: State,
            wish: rt::Resource<(), Command>,
            requests: rt::Resource<i64, rt::Seq<Request>, Request>,
            replies: rt::Resource<i64, ReplyRecord>,
            patience: rt::Resource<(), bool>,
            outcome: rt::Resource<(), Outcome>,
        }

        /// What a `Client` is made of.
        pub struct ClientParameters<
            WishResource,
            Requests,
            Replies,
            Patience,
            OutcomeResource,
        > {
            pub wish: WishResource,
            pub requests: Requests,
            pub replies: Replies,
            pub patience: Patience,
            pub outcome: OutcomeResource,
        }

        impl Client {
            /// The process `id`. Fails if the initial value of a variable cannot be evaluated.
            pub fn new(
                id: i64,
                constants: &::std::sync::Arc<Constants>,
                parameters: ClientParameters<
                    impl rt::Bound<(), Command> + Asked,
                    impl rt::Bound<i64, rt::Seq<Request>, Request> + Queued,
                    impl rt::Bound<i64, ReplyRecord> + Reply,
                    impl rt::Bound<(), bool> + Sometimes,
                    impl rt::Bound<(), Outcome> + Answered,
                >,
            ) -> rt::Eval<Self> {
                let server = rt::add(
                    1,
                    rt::modulo(
                        rt::subtract(rt::subtract(id, constants.num_servers)?, 1)?,
                        constants.num_servers,
                    )?,
                )?;
                Ok(Self {
                    id,
                    constants: constants.clone(),
                    state: State {
                        label: Label::Idle,
                        number: 0,
                        command: rt::Slot::Uninit,
                        server,
                    },
                    wish: rt::Resource::new(parameters.wish),
                    requests: rt::Resource::new(parameters.requests),
                    replies: rt::Resource::new(parameters.replies),
                    patience: rt::Resource::new(parameters.patience),
                    outcome: rt::Resource::new(parameters.outcome),
                })
            }

            /// `idle`, raftkv.tla:583
            //   while (TRUE) {
            //     command := wish;
            //     number := number + 1;
            fn idle(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                let wish_read = self.wish.read(section, &())?;
                self.state.command = rt::Slot::Value(wish_read);
                self.state.number = rt::add(self.state.number, 1)?;
                Ok(Label::Ask)
            }

            /// `ask`, raftkv.tla:588
            //   requests[server] := [client |-> self, number |-> number, op |-> command.op, key |-> command.key,
            //                        value |-> command.value];
            //   patience := TRUE;
            fn ask(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                let command = self.state.command.get()?;
                let value = Request {
                    client: self.id,
                    number: self.state.number,
                    op: command.op,
                    key: command.key.clone(),
                    value: command.value.clone(),
                };
                self.requests.write(section, &self.state.server, value)?;
                self.patience.write(section, &(), true)?;
                Ok(Label::Answer)
            }

            /// `answer`, raftkv.tla:593
            //   either {
            //     with (reply = replies[self]) {
            //       if (reply.kind = Redirect) {
            //         if (reply.leader # Nobody /\ reply.leader # server) {
            //           server := reply.leader;
            //           goto ask;
            //         } else {
            //           goto answer;
            //         };
            //       } else if (reply.number = number) {
            //         outcome := [command |-> command, result |-> reply.result];
            //       } else {
            //         goto answer;
            //       };
            //     };
            //   } or {
            //     await patience;
            //     with (other \in Servers) {
            //       server := other;
            fn answer(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                let command = self.state.command.get()?;
                match section.either(2) {
                    0 => {
                        let replies_read = self.replies.read(section, &self.id)?;
                        let reply = replies_read;
                        if let ReplyRecord::Redirect { leader: reply_leader, .. } = &reply {
                            if *reply_leader != NOBODY
                                && *reply_leader != self.state.server
                            {
                                self.state.server = *reply_leader;
                                Ok(Label::Ask)
                            } else {
                                Ok(Label::Answer)
                            }
                        } else {
                            if *reply.number() == self.state.number {
                                let value = Outcome {
                                    command: command.clone(),
                                    result: reply.result()?.clone(),
                                };
                                self.outcome.write(section, &(), value)?;
                                Ok(Label::Idle)
                            } else {
                                Ok(Label::Answer)
                            }
                        }
                    }
                    _ => {
                        let patience_read = self.patience.read(section, &())?;
                        section.wait_for(patience_read)?;
                        let other = section.pick(&self.constants.servers()?)?;
                        self.state.server = other;
                        Ok(Label::Ask)
                    }
                }
            }
        }
        rt::archetype!(
            Client(number, command, server) { Idle => idle, Ask => ask, Answer => answer
            }
        );
    }
    pub use client::{Client, ClientParameters};

    /// `Inbox` over the variable `network`, as the model has it.
    pub struct InboxOverNetwork {
        variable: rt::Shared<rt::Function<i64, rt::Function<i64, rt::Seq<InboxRead>>>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for InboxOverNetwork {
        type Index = i64;
        type Read = InboxRead;
        type Write = InboxRead;
        fn read(
            &mut self,
            section: &mut rt::Section,
            index: &i64,
        ) -> rt::Step<InboxRead> {
            let mut variable = self.variable.view(section)?.at(index)?.clone();
            let from = section
                .pick(
                    &rt::filter(
                        &self.constants.servers()?,
                        |s| Ok(!variable.at(s)?.is_empty()),
                    )?,
                )?;
            let message = rt::head(variable.at(&from)?)?;
            let new = rt::tail(variable.at(&from)?)?;
            *variable.at_mut(&from)? = new;
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(message)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            index: &i64,
            value_2: InboxRead,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.at(index)?.clone();
            section.assert(false, "FALSE", "raftkv.tla:144:14")?;
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(())
        }
    }
    rt::over_variable!(
        InboxOverNetwork : Inbox, rt::Function < i64, rt::Function < i64, rt::Seq <
        InboxRead > > >
    );

    /// `Post` over the variable `network`, as the model has it.
    pub struct PostOverNetwork {
        variable: rt::Shared<rt::Function<i64, rt::Function<i64, rt::Seq<InboxRead>>>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for PostOverNetwork {
        type Index = ();
        type Read = rt::Function<i64, InboxRead>;
        type Write = rt::Function<i64, InboxRead>;
        fn read(
            &mut self,
            section: &mut rt::Section,
            (): &(),
        ) -> rt::Step<rt::Function<i64, InboxRead>> {
            let variable = self.variable.view(section)?.clone();
            let mut result = None;
            section.assert(false, "FALSE", "raftkv.tla:151:14")?;
            result.ok_or(rt::Abort::Retry)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            (): &(),
            value_2: rt::Function<i64, InboxRead>,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.clone();
            let lost = section
                .pick(
                    &if self.constants.lossy {
                        rt::power_set(&rt::domain(&value_2))?
                    } else {
                        rt::Set::<rt::Set<i64>>::from([rt::Set::<i64>::new()])
                    },
                )?;
            variable = rt::function(
                &self.constants.servers()?,
                |to| -> rt::Eval<rt::Function<i64, rt::Seq<InboxRead>>> {
                    rt::function(
                        &self.constants.servers()?,
                        |from| -> rt::Eval<rt::Seq<InboxRead>> {
                            Ok(
                                if rt::difference(&rt::domain(&value_2), &lost).contains(to)
                                    && *from == *value_2.at(to)?.from()
                                    && rt::len(variable.at(to)?.at(from)?)
                                        < self.constants.capacity
                                {
                                    rt::append(variable.at(to)?.at(from)?, value_2.at(to)?)
                                } else {
                                    variable.at(to)?.at(from)?.clone()
                                },
                            )
                        },
                    )
                },
            )?;
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }
    rt::over_variable!(
        PostOverNetwork : Post, rt::Function < i64, rt::Function < i64, rt::Seq <
        InboxRead > > >
    );

    /// `Queued` over the variable `requests`, as the model has it.
    pub struct QueuedOverRequests {
        variable: rt::Shared<rt::Function<i64, rt::Seq<Request>>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for QueuedOverRequests {
        type Index = i64;
        type Read = rt::Seq<Request>;
        type Write = Request;
        fn read(
            &mut self,
            section: &mut rt::Section,
            index: &i64,
        ) -> rt::Step<rt::Seq<Request>> {
            let mut variable = self.variable.view(section)?.at(index)?.clone();
            section.wait_for(!variable.is_empty())?;
            let all = variable.clone();
            variable = rt::Seq::<Request>::new();
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(all)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            index: &i64,
            value_2: Request,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.at(index)?.clone();
            if rt::len(&variable) < self.constants.capacity {
                variable = rt::append(&variable, &value_2);
            }
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(())
        }
    }
    rt::over_variable!(
        QueuedOverRequests : Queued, rt::Function < i64, rt::Seq < Request > >
    );

    /// `Told` over the variable `replies`, as the model has it.
    pub struct ToldOverReplies {
        variable: rt::Shared<rt::Function<i64, rt::Seq<ReplyRecord>>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for ToldOverReplies {
        type Index = ();
        type Read = rt::Function<i64, ReplyRecord>;
        type Write = rt::Function<i64, ReplyRecord>;
        fn read(
            &mut self,
            section: &mut rt::Section,
            (): &(),
        ) -> rt::Step<rt::Function<i64, ReplyRecord>> {
            let variable = self.variable.view(section)?.clone();
            let mut result = None;
            section.assert(false, "FALSE", "raftkv.tla:207:14")?;
            result.ok_or(rt::Abort::Retry)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            (): &(),
            value_2: rt::Function<i64, ReplyRecord>,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.clone();
            variable = rt::function(
                &self.constants.clients()?,
                |client| -> rt::Eval<rt::Seq<ReplyRecord>> {
                    Ok(
                        if value_2.get(client).is_some()
                            && rt::len(variable.at(client)?) < self.constants.capacity
                        {
                            rt::append(variable.at(client)?, value_2.at(client)?)
                        } else {
                            variable.at(client)?.clone()
                        },
                    )
                },
            )?;
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }
    rt::over_variable!(
        ToldOverReplies : Told, rt::Function < i64, rt::Seq < ReplyRecord > >
    );

    /// `Sometimes` over the variable `timeouts`, as the model has it.
    pub struct SometimesOverTimeouts {
        variable: rt::Shared<i64>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for SometimesOverTimeouts {
        type Index = ();
        type Read = bool;
        type Write = bool;
        fn read(&mut self, section: &mut rt::Section, (): &()) -> rt::Step<bool> {
            let mut variable = self.variable.view(section)?.clone();
            section.wait_for(variable > 0)?;
            variable = rt::subtract(variable, 1)?;
            let result = true;
            *self.variable.get_mut(section) = variable;
            Ok(result)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            (): &(),
            value_2: bool,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.clone();
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }
    rt::over_variable!(SometimesOverTimeouts : Sometimes, i64);

    /// `Sometimes` over the variable `heartbeats`, as the model has it.
    pub struct SometimesOverHeartbeats {
        variable: rt::Shared<i64>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for SometimesOverHeartbeats {
        type Index = ();
        type Read = bool;
        type Write = bool;
        fn read(&mut self, section: &mut rt::Section, (): &()) -> rt::Step<bool> {
            let mut variable = self.variable.view(section)?.clone();
            section.wait_for(variable > 0)?;
            variable = rt::subtract(variable, 1)?;
            let result = true;
            *self.variable.get_mut(section) = variable;
            Ok(result)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            (): &(),
            value_2: bool,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.clone();
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }
    rt::over_variable!(SometimesOverHeartbeats : Sometimes, i64);

    /// `Wanted` over the variable `changes`, as the model has it.
    pub struct WantedOverChanges {
        variable: rt::Shared<i64>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for WantedOverChanges {
        type Index = ();
        type Read = Wish;
        type Write = Wish;
        fn read(&mut self, section: &mut rt::Section, (): &()) -> rt::Step<Wish> {
            let mut variable = self.variable.view(section)?.clone();
            section.wait_for(variable > 0)?;
            variable = rt::subtract(variable, 1)?;
            let server = section.pick(&self.constants.servers()?)?;
            let decides = section.pick(&rt::booleans())?;
            let result = Wish {
                server: server,
                decides: decides,
            };
            *self.variable.get_mut(section) = variable;
            Ok(result)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            (): &(),
            value_2: Wish,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.clone();
            section.assert(false, "FALSE", "raftkv.tla:200:14")?;
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }
    rt::over_variable!(WantedOverChanges : Wanted, i64);

    /// `Sometimes` over the variable `transfers`, as the model has it.
    pub struct SometimesOverTransfers {
        variable: rt::Shared<i64>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for SometimesOverTransfers {
        type Index = ();
        type Read = bool;
        type Write = bool;
        fn read(&mut self, section: &mut rt::Section, (): &()) -> rt::Step<bool> {
            let mut variable = self.variable.view(section)?.clone();
            section.wait_for(variable > 0)?;
            variable = rt::subtract(variable, 1)?;
            let result = true;
            *self.variable.get_mut(section) = variable;
            Ok(result)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            (): &(),
            value_2: bool,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.clone();
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }
    rt::over_variable!(SometimesOverTransfers : Sometimes, i64);

    /// `Sometimes` over the variable `crashes`, as the model has it.
    pub struct SometimesOverCrashes {
        variable: rt::Shared<i64>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for SometimesOverCrashes {
        type Index = ();
        type Read = bool;
        type Write = bool;
        fn read(&mut self, section: &mut rt::Section, (): &()) -> rt::Step<bool> {
            let mut variable = self.variable.view(section)?.clone();
            section.wait_for(variable > 0)?;
            variable = rt::subtract(variable, 1)?;
            let result = true;
            *self.variable.get_mut(section) = variable;
            Ok(result)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            (): &(),
            value_2: bool,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.clone();
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }
    rt::over_variable!(SometimesOverCrashes : Sometimes, i64);

    /// `Asked` over the variable `history`, as the model has it.
    pub struct AskedOverHistory {
        variable: rt::Shared<rt::Seq<History>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for AskedOverHistory {
        type Index = ();
        type Read = Command;
        type Write = Command;
        fn read(&mut self, section: &mut rt::Section, (): &()) -> rt::Step<Command> {
            let process = <i64 as rt::Data>::from_value(section.process())?;
            let mut variable = self.variable.view(section)?.clone();
            let condition = rt::cardinality(
                &rt::filter(
                    &rt::range(1, rt::len(&variable))?,
                    |i| Ok(variable.at(*i)?.client == process && variable.at(*i)?.asks),
                )?,
            ) < self.constants.rounds;
            section.wait_for(condition)?;
            let command = section.pick(&self.constants.commands()?)?;
            variable = rt::append(
                &variable,
                &History {
                    client: process,
                    asks: true,
                    command: command.clone(),
                    result: self.constants.absent(),
                },
            );
            *self.variable.get_mut(section) = variable;
            Ok(command.clone())
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            (): &(),
            value_2: Command,
        ) -> rt::Step<()> {
            let process = <i64 as rt::Data>::from_value(section.process())?;
            let mut variable = self.variable.view(section)?.clone();
            section.assert(false, "FALSE", "raftkv.tla:240:14")?;
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }
    rt::over_variable!(AskedOverHistory : Asked, rt::Seq < History >);

    /// `Reply` over the variable `replies`, as the model has it.
    pub struct ReplyOverReplies {
        variable: rt::Shared<rt::Function<i64, rt::Seq<ReplyRecord>>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for ReplyOverReplies {
        type Index = i64;
        type Read = ReplyRecord;
        type Write = ReplyRecord;
        fn read(
            &mut self,
            section: &mut rt::Section,
            index: &i64,
        ) -> rt::Step<ReplyRecord> {
            let mut variable = self.variable.view(section)?.at(index)?.clone();
            section.wait_for(!variable.is_empty())?;
            let reply = rt::head(&variable)?;
            variable = rt::tail(&variable)?;
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(reply)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            index: &i64,
            value_2: ReplyRecord,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.at(index)?.clone();
            section.assert(false, "FALSE", "raftkv.tla:226:14")?;
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(())
        }
    }
    rt::over_variable!(
        ReplyOverReplies : Reply, rt::Function < i64, rt::Seq < ReplyRecord > >
    );

    /// `Sometimes` over the variable `impatience`, as the model has it.
    pub struct SometimesOverImpatience {
        variable: rt::Shared<i64>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for SometimesOverImpatience {
        type Index = ();
        type Read = bool;
        type Write = bool;
        fn read(&mut self, section: &mut rt::Section, (): &()) -> rt::Step<bool> {
            let mut variable = self.variable.view(section)?.clone();
            section.wait_for(variable > 0)?;
            variable = rt::subtract(variable, 1)?;
            let result = true;
            *self.variable.get_mut(section) = variable;
            Ok(result)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            (): &(),
            value_2: bool,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.clone();
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }
    rt::over_variable!(SometimesOverImpatience : Sometimes, i64);

    /// `Answered` over the variable `history`, as the model has it.
    pub struct AnsweredOverHistory {
        variable: rt::Shared<rt::Seq<History>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for AnsweredOverHistory {
        type Index = ();
        type Read = Outcome;
        type Write = Outcome;
        fn read(&mut self, section: &mut rt::Section, (): &()) -> rt::Step<Outcome> {
            let process = <i64 as rt::Data>::from_value(section.process())?;
            let variable = self.variable.view(section)?.clone();
            let mut result = None;
            section.assert(false, "FALSE", "raftkv.tla:246:14")?;
            result.ok_or(rt::Abort::Retry)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            (): &(),
            value_2: Outcome,
        ) -> rt::Step<()> {
            let process = <i64 as rt::Data>::from_value(section.process())?;
            let mut variable = self.variable.view(section)?.clone();
            variable = rt::append(
                &variable,
                &History {
                    client: process,
                    asks: false,
                    command: value_2.command.clone(),
                    result: value_2.result.clone(),
                },
            );
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }
    rt::over_variable!(AnsweredOverHistory : Answered, rt::Seq < History >);

    /// The global variables of the model, in memory.
    #[derive(Clone)]
    pub struct Variables {
        /// `network = [to \in Servers |-> [from \in Servers |-> <<>>]]`, raftkv.tla:620
        pub network: rt::Shared<
            rt::Function<i64, rt::Function<i64, rt::Seq<InboxRead>>>,
        >,
        /// `requests = [server \in Servers |-> <<>>]`, raftkv.tla:621
        pub requests: rt::Shared<rt::Function<i64, rt::Seq<Request>>>,
        /// `replies = [client \in Clients |-> <<>>]`, raftkv.tla:622
        pub replies: rt::Shared<rt::Function<i64, rt::Seq<ReplyRecord>>>,
        /// `history = <<>>`, raftkv.tla:623
        pub history: rt::Shared<rt::Seq<History>>,
        /// `timeouts = Timeouts`, raftkv.tla:624
        pub timeouts: rt::Shared<i64>,
        /// `heartbeats = Heartbeats`, raftkv.tla:625
        pub heartbeats: rt::Shared<i64>,
        /// `impatience = Impatience`, raftkv.tla:626
        pub impatience: rt::Shared<i64>,
        /// `crashes = Crashes`, raftkv.tla:627
        pub crashes: rt::Shared<i64>,
        /// `changes = Changes`, raftkv.tla:628
        pub changes: rt::Shared<i64>,
        /// `transfers = Transfers`, raftkv.tla:629
        pub transfers: rt::Shared<i64>,
        /// `leader` of `server`, raftkv.tla:631
        pub leader: rt::OwnVariable<i64, i64>,
        /// `term` of `server`, raftkv.tla:631
        pub term: rt::OwnVariable<i64, i64>,
        /// `vote` of `server`, raftkv.tla:631
        pub vote: rt::OwnVariable<i64, i64>,
        /// `log` of `server`, raftkv.tla:631
        pub log: rt::OwnVariable<i64, rt::Seq<Log>>,
        /// `snapshot` of `server`, raftkv.tla:631
        pub snapshot: rt::OwnVariable<i64, Snapshot>,
    }

    impl Variables {
        /// The variables with their initial values. Fails if one cannot be evaluated.
        pub fn new(constants: &Constants) -> rt::Eval<Self> {
            let network = rt::function(
                &constants.servers()?,
                |to| -> rt::Eval<rt::Function<i64, rt::Seq<InboxRead>>> {
                    rt::function(
                        &constants.servers()?,
                        |from| Ok(rt::Seq::<InboxRead>::new()),
                    )
                },
            )?;
            let requests = rt::function(
                &constants.servers()?,
                |server| Ok(rt::Seq::<Request>::new()),
            )?;
            let replies = rt::function(
                &constants.clients()?,
                |client| Ok(rt::Seq::<ReplyRecord>::new()),
            )?;
            let history = rt::Seq::<History>::new();
            let timeouts = constants.timeouts;
            let heartbeats = constants.heartbeats;
            let impatience = constants.impatience;
            let crashes = constants.crashes;
            let changes = constants.changes;
            let transfers = constants.transfers;
            let leader = rt::OwnVariable::new(
                &constants.servers()?,
                |id: i64| Ok(NOBODY),
            )?;
            let term = rt::OwnVariable::new(&constants.servers()?, |id: i64| Ok(0))?;
            let vote = rt::OwnVariable::new(
                &constants.servers()?,
                |id: i64| Ok(NOBODY),
            )?;
            let log = rt::OwnVariable::new(
                &constants.servers()?,
                |id: i64| Ok(rt::Seq::<Log>::new()),
            )?;
            let snapshot = rt::OwnVariable::new(
                &constants.servers()?,
                |id: i64| -> rt::Eval<Snapshot> { constants.no_snapshot() },
            )?;
            Ok(Self {
                network: rt::Shared::new(network),
                requests: rt::Shared::new(requests),
                replies: rt::Shared::new(replies),
                history: rt::Shared::new(history),
                timeouts: rt::Shared::new(timeouts),
                heartbeats: rt::Shared::new(heartbeats),
                impatience: rt::Shared::new(impatience),
                crashes: rt::Shared::new(crashes),
                changes: rt::Shared::new(changes),
                transfers: rt::Shared::new(transfers),
                leader,
                term,
                vote,
                log,
                snapshot,
            })
        }

        /// Starts every process: the system that TLC checks. Fails where `check` or `new` fails.
        pub fn spawn(
            &self,
            node: &mut impl rt::Spawn,
            constants: &::std::sync::Arc<Constants>,
        ) -> rt::Eval<()> {
            constants.check()?;
            for id in (&constants.servers()?).iter().cloned() {
                let parameters = ServerParameters {
                    inbox: InboxOverNetwork::new(&self.network, constants),
                    send: PostOverNetwork::new(&self.network, constants),
                    requests: QueuedOverRequests::new(&self.requests, constants),
                    answer: ToldOverReplies::new(&self.replies, constants),
                    election: SometimesOverTimeouts::new(&self.timeouts, constants),
                    heartbeat: SometimesOverHeartbeats::new(&self.heartbeats, constants),
                    change: WantedOverChanges::new(&self.changes, constants),
                    transfer: SometimesOverTransfers::new(&self.transfers, constants),
                    crash: SometimesOverCrashes::new(&self.crashes, constants),
                    leader: self.leader.of(&id)?,
                    term: self.term.of(&id)?,
                    vote: self.vote.of(&id)?,
                    log: self.log.of(&id)?,
                    snapshot: self.snapshot.of(&id)?,
                };
                node.spawn_fair(Server::new(id, constants, parameters)?);
            }
            for id in (&constants.clients()?).iter().cloned() {
                let parameters = ClientParameters {
                    wish: AskedOverHistory::new(&self.history, constants),
                    requests: QueuedOverRequests::new(&self.requests, constants),
                    replies: ReplyOverReplies::new(&self.replies, constants),
                    patience: SometimesOverImpatience::new(&self.impatience, constants),
                    outcome: AnsweredOverHistory::new(&self.history, constants),
                };
                node.spawn_fair(Client::new(id, constants, parameters)?);
            }
            Ok(())
        }
    }

    /// The values of all variables at one moment.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct VariablesSnapshot {
        pub network: rt::Function<i64, rt::Function<i64, rt::Seq<InboxRead>>>,
        pub requests: rt::Function<i64, rt::Seq<Request>>,
        pub replies: rt::Function<i64, rt::Seq<ReplyRecord>>,
        pub history: rt::Seq<History>,
        pub timeouts: i64,
        pub heartbeats: i64,
        pub impatience: i64,
        pub crashes: i64,
        pub changes: i64,
        pub transfers: i64,
        pub leader: rt::Function<i64, i64>,
        pub term: rt::Function<i64, i64>,
        pub vote: rt::Function<i64, i64>,
        pub log: rt::Function<i64, rt::Seq<Log>>,
        pub snapshot: rt::Function<i64, Snapshot>,
    }
    rt::variables!(
        Variables, VariablesSnapshot { network, requests, replies, history, timeouts,
        heartbeats, impatience, crashes, changes, transfers; leader, term, vote, log,
        snapshot }
    );
}

#[allow(unused_imports)]
pub use model::*;
