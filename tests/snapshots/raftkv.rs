/// `Raft`, generated from raftkv.tla.
#[allow(unused, unused_qualifications, non_camel_case_types, missing_docs)]
#[allow(clippy::all, clippy::pedantic)]
mod model {
    use ::mpcal_runtime::generated as rt;

    const _: () = rt::assert_version("0.1.0");

    /// Identifies the model: nodes that run another one are refused.
    pub const MODEL_HASH: u64 = 0x97de_8f74_7df5_00cc;

    /// `Nobody == 0`, raftkv.tla:31
    pub const NOBODY: i64 = 0;

    /// The constants of the model. Its operators are methods; they fail where TLC reports an error.
    #[derive(Clone, Debug, PartialEq, Eq, rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Constants {
        /// `NumServers`, raftkv.tla:19
        pub num_servers: i64,
        /// `NumClients`, raftkv.tla:20
        pub num_clients: i64,
        /// `PreVote`, raftkv.tla:21
        pub pre_vote: bool,
        /// `Window`, raftkv.tla:22
        pub window: i64,
        /// `Batch`, raftkv.tla:23
        pub batch: i64,
        /// `Keys`, raftkv.tla:25
        pub keys: rt::Set<rt::Str>,
        /// `Values`, raftkv.tla:25
        pub values: rt::Set<rt::Str>,
        /// `Rounds`, raftkv.tla:25
        pub rounds: i64,
        /// `Capacity`, raftkv.tla:25
        pub capacity: i64,
        /// `Lossy`, raftkv.tla:25
        pub lossy: bool,
        /// `Timeouts`, raftkv.tla:25
        pub timeouts: i64,
        /// `Heartbeats`, raftkv.tla:25
        pub heartbeats: i64,
        /// `Impatience`, raftkv.tla:25
        pub impatience: i64,
        /// `Crashes`, raftkv.tla:25
        pub crashes: i64,
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
                keys: [rt::Str::literal("k")].into_iter().collect(),
                values: [rt::Str::literal("v")].into_iter().collect(),
                rounds: 1,
                capacity: 1,
                lossy: false,
                timeouts: 2,
                heartbeats: 0,
                impatience: 0,
                crashes: 1,
            }
        }

        /// Checks every `ASSUME` of the model; the error is the first that does not hold.
        pub fn check(&self) -> rt::Eval<()> {
            rt::assume(
                self.num_servers > 1 && self.num_clients >= 0 && self.window > 0
                    && self.batch > 0,
                "ASSUME NumServers > 1 /\\ NumClients >= 0 /\\ Window > 0 /\\ Batch > 0 (raftkv.tla:27:8)",
            )?;
            Ok(())
        }

        /// The model with these constants: nodes that differ in either refuse each other.
        pub fn identity(&self) -> rt::Identity {
            rt::Identity::new(MODEL_HASH, self)
        }

        /// `Servers == 1..NumServers`, raftkv.tla:29
        pub fn servers(&self) -> rt::Eval<rt::Set<i64>> {
            rt::range(1, self.num_servers)
        }

        /// `Clients == (NumServers + 1)..(NumServers + NumClients)`, raftkv.tla:30
        pub fn clients(&self) -> rt::Eval<rt::Set<i64>> {
            rt::range(
                rt::add(self.num_servers, 1)?,
                rt::add(self.num_servers, self.num_clients)?,
            )
        }

        /// `Commands == [op : {Put}, key : Keys, value : Values] \cup [op : {Get}, key : Keys, value : {""}]`, raftkv.tla:51
        pub fn commands(&self) -> rt::Eval<rt::Set<Command>> {
            Ok(
                rt::union(
                    &{
                        let set1 = [RequestOp::Put]
                            .into_iter()
                            .collect::<rt::Set<RequestOp>>();
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
                    &{
                        let set1 = [RequestOp::Get]
                            .into_iter()
                            .collect::<rt::Set<RequestOp>>();
                        let set2 = self.keys.clone();
                        let set3 = [rt::Str::literal("")]
                            .into_iter()
                            .collect::<rt::Set<rt::Str>>();
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
                ),
            )
        }

        /// `Absent == [value |-> "", version |-> 0]`, raftkv.tla:72
        pub fn absent(&self) -> ResultRecord {
            ResultRecord {
                value: rt::Str::literal(""),
                version: 0,
            }
        }

        /// `Initial`, raftkv.tla:76
        pub fn initial(&self) -> rt::Eval<Machine> {
            Ok(Machine {
                store: rt::function(
                    &rt::Set::<rt::Str>::new(),
                    |key| -> rt::Eval<ResultRecord> { Ok(self.absent()) },
                )?,
                sessions: rt::function(
                    &rt::Set::<i64>::new(),
                    |client| -> rt::Eval<Record8> {
                        Ok(Record8 {
                            number: 0,
                            result: self.absent(),
                        })
                    },
                )?,
            })
        }

        /// `LastTerm(log) == TermAt(log, Len(log))`, raftkv.tla:65
        pub fn last_term(&self, log: &rt::Seq<Log>) -> rt::Eval<i64> {
            self.term_at(log, rt::len(log))
        }

        /// `TermAt(log, index) == IF index = 0 THEN 0 ELSE log[index].term`, raftkv.tla:64
        pub fn term_at(&self, log: &rt::Seq<Log>, index: i64) -> rt::Eval<i64> {
            Ok(if index == 0 { 0 } else { log.at(index)?.term })
        }

        /// `IsQuorum(servers) == 2 * Cardinality(servers) > NumServers`, raftkv.tla:56
        pub fn is_quorum(&self, servers: &rt::Set<i64>) -> rt::Eval<bool> {
            Ok(rt::multiply(2, rt::cardinality(servers))? > self.num_servers)
        }

        /// `NoRequest == [client |-> Nobody, number |-> 0, op |-> Begin, key |-> "", value |-> ""]`, raftkv.tla:95
        pub fn no_request(&self) -> Request {
            Request {
                client: NOBODY,
                number: 0,
                op: RequestOp::Begin,
                key: rt::Str::literal(""),
                value: rt::Str::literal(""),
            }
        }

        /// `Min(a, b) == IF a < b THEN a ELSE b`, raftkv.tla:53
        pub fn min(&self, a: i64, b: i64) -> i64 {
            if a < b { a } else { b }
        }

        /// `Max(a, b) == IF a > b THEN a ELSE b`, raftkv.tla:54
        pub fn max(&self, a: i64, b: i64) -> i64 {
            if a > b { a } else { b }
        }

        /// `Holds`, raftkv.tla:68
        pub fn holds(
            &self,
            log: &rt::Seq<Log>,
            index: i64,
            entries: &rt::Seq<Log>,
        ) -> rt::Eval<bool> {
            Ok(
                rt::add(index, rt::len(entries))? <= rt::len(log)
                    && rt::for_all(
                        &rt::range(1, rt::len(entries))?,
                        |i| Ok(log.at(rt::add(index, *i)?)?.term == entries.at(*i)?.term),
                    )?,
            )
        }

        /// `ByQuorum`, raftkv.tla:59
        pub fn by_quorum(&self, reached: &rt::Function<i64, i64>) -> rt::Eval<i64> {
            Ok({
                let has = |n: &i64| -> rt::Eval<bool> {
                    self.is_quorum(
                        &rt::filter(&self.servers()?, |s| Ok(*reached.at(s)? >= *n))?,
                    )
                };
                let all: rt::Eval<rt::Set<i64>> = rt::deferred(|| rt::map(
                    &self.servers()?,
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

        /// `IsPut(request) == request.op = Put`, raftkv.tla:92
        pub fn is_put(&self, request: &Request) -> bool {
            request.op == RequestOp::Put
        }

        /// `IsGet(request) == request.op = Get`, raftkv.tla:93
        pub fn is_get(&self, request: &Request) -> bool {
            request.op == RequestOp::Get
        }

        /// `ClientsOf(requests) == {requests[i].client : i \in 1..Len(requests)}`, raftkv.tla:101
        pub fn clients_of(&self, requests: &rt::Seq<Request>) -> rt::Eval<rt::Set<i64>> {
            rt::map(
                &rt::range(1, rt::len(requests))?,
                |i| -> rt::Eval<i64> { Ok(requests.at(*i)?.client) },
            )
        }

        /// `CarryOutAll`, raftkv.tla:89
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

        /// `CarryOut`, raftkv.tla:82
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
                        let result: rt::Eval<ResultRecord> = rt::deferred(|| Ok(ResultRecord {
                            value: request.value.clone(),
                            version: rt::add(
                                self.lookup(&machine.store, &request.key)?.version,
                                1,
                            )?,
                        }));
                        Machine {
                            store: rt::merge(
                                &rt::single(&request.key, &result.clone()?),
                                &machine.store,
                            ),
                            sessions: rt::merge(
                                &rt::single(
                                    &request.client,
                                    &Record8 {
                                        number: request.number,
                                        result: result.clone()?,
                                    },
                                ),
                                &machine.sessions,
                            ),
                        }
                    }
                },
            )
        }

        /// `IsRepeated`, raftkv.tla:79
        pub fn is_repeated(
            &self,
            request: &Request,
            sessions: &rt::Function<i64, Record8>,
        ) -> rt::Eval<bool> {
            Ok(
                rt::domain(sessions).contains(&request.client)
                    && sessions.at(&request.client)?.number >= request.number,
            )
        }

        /// `Lookup(store, key) == IF key \in DOMAIN store THEN store[key] ELSE Absent`, raftkv.tla:73
        pub fn lookup(
            &self,
            store: &rt::Function<rt::Str, ResultRecord>,
            key: &rt::Str,
        ) -> rt::Eval<ResultRecord> {
            Ok(
                if rt::domain(store).contains(key) {
                    store.at(key)?.clone()
                } else {
                    self.absent()
                },
            )
        }

        /// `ServedBy(entries) == {entries[i].request.client : i \in 1..Len(entries)} \ {Nobody}`, raftkv.tla:102
        pub fn served_by(&self, entries: &rt::Seq<Log>) -> rt::Eval<rt::Set<i64>> {
            Ok(
                rt::difference(
                    &rt::map(
                        &rt::range(1, rt::len(entries))?,
                        |i| -> rt::Eval<i64> { Ok(entries.at(*i)?.request.client) },
                    )?,
                    &[NOBODY].into_iter().collect::<rt::Set<i64>>(),
                ),
            )
        }

        /// `ReadFor`, raftkv.tla:97
        pub fn read_for(
            &self,
            client: i64,
            requests: &rt::Seq<Request>,
            store: &rt::Function<rt::Str, ResultRecord>,
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
    }

    /// Records of several shapes, told apart by their field `kind`.
    #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub enum InboxRead {
        /// `[ballot, from, granted, kind, term]`
        Vote { ballot: i64, from: i64, granted: bool, term: i64 },
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
        rt::field!(from, from_mut, i64, Vote | RequestVote | Appended | AppendEntries);
        rt::some_field!(granted, granted_mut, bool, "granted", Vote);
        rt::some_field!(index, index_mut, i64, "index", Appended);
        /// The field `kind`, which the variant stands for.
        #[must_use]
        pub fn kind(&self) -> InboxReadKind {
            match self {
                Self::Vote { .. } => InboxReadKind::Vote,
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
        rt::some_field!(round, round_mut, i64, "round", Appended | AppendEntries);
        rt::field!(term, term_mut, i64, Vote | RequestVote | Appended | AppendEntries);
    }
    rt::shapes!(
        InboxRead { Vote { ballot = "ballot", from = "from", granted = "granted", term =
        "term" } with "kind" = InboxReadKind::Vote, RequestVote { ballot = "ballot", from
        = "from", last = "last", last_term = "lastTerm", term = "term" } with "kind" =
        InboxReadKind::RequestVote, Appended { fits = "fits", from = "from", index =
        "index", round = "round", term = "term" } with "kind" = InboxReadKind::Appended,
        AppendEntries { commit = "commit", entries = "entries", from = "from", previous =
        "previous", previous_term = "previousTerm", round = "round", term = "term" } with
        "kind" = InboxReadKind::AppendEntries }
    );

    /// A record `[request, term]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Log {
        /// The field `request`.
        pub request: Request,
        /// The field `term`.
        pub term: i64,
    }
    rt::record!(Log { request = "request", term = "term" });

    /// A record `[client, key, number, op, value]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Request {
        /// The field `client`.
        pub client: i64,
        /// The field `key`.
        pub key: rt::Str,
        /// The field `number`.
        pub number: i64,
        /// The field `op`.
        pub op: RequestOp,
        /// The field `value`.
        pub value: rt::Str,
    }
    rt::record!(
        Request { client = "client", key = "key", number = "number", op = "op", value =
        "value" }
    );

    /// Records of several shapes, told apart by their field `kind`.
    #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub enum ReplyRecord {
        /// `[kind, leader, number]`
        Redirect { leader: i64, number: i64 },
        /// `[kind, number, result]`
        Answer { number: i64, result: ResultRecord },
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
        rt::some_field!(result, result_mut, ResultRecord, "result", Answer);
    }
    rt::shapes!(
        ReplyRecord { Redirect { leader = "leader", number = "number" } with "kind" =
        ReplyKind::Redirect, Answer { number = "number", result = "result" } with "kind"
        = ReplyKind::Answer }
    );

    /// A record `[value, version]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct ResultRecord {
        /// The field `value`.
        pub value: rt::Str,
        /// The field `version`.
        pub version: i64,
    }
    rt::record!(ResultRecord { value = "value", version = "version" });

    /// A record `[asks, client, command, result]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct History {
        /// The field `asks`.
        pub asks: bool,
        /// The field `client`.
        pub client: i64,
        /// The field `command`.
        pub command: Command,
        /// The field `result`.
        pub result: ResultRecord,
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
        /// The field `key`.
        pub key: rt::Str,
        /// The field `op`.
        pub op: RequestOp,
        /// The field `value`.
        pub value: rt::Str,
    }
    rt::record!(Command { key = "key", op = "op", value = "value" });

    /// A record `[from, requests, round]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Read {
        /// The field `from`.
        pub from: i64,
        /// The field `requests`.
        pub requests: rt::Seq<Request>,
        /// The field `round`.
        pub round: i64,
    }
    rt::record!(Read { from = "from", requests = "requests", round = "round" });

    /// A record `[number, result]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Record8 {
        /// The field `number`.
        pub number: i64,
        /// The field `result`.
        pub result: ResultRecord,
    }
    rt::record!(Record8 { number = "number", result = "result" });

    /// A record `[sessions, store]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Machine {
        /// The field `sessions`.
        pub sessions: rt::Function<i64, Record8>,
        /// The field `store`.
        pub store: rt::Function<rt::Str, ResultRecord>,
    }
    rt::record!(Machine { sessions = "sessions", store = "store" });

    /// A record `[command, result]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Outcome {
        /// The field `command`.
        pub command: Command,
        /// The field `result`.
        pub result: ResultRecord,
    }
    rt::record!(Outcome { command = "command", result = "result" });

    /// One of the values that the model gives a name.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub enum RequestOp {
        /// `"begin"`
        Begin,
        /// `"get"`
        Get,
        /// `"put"`
        Put,
    }
    rt::tags!(RequestOp { Begin = Str("begin"), Get = Str("get"), Put = Str("put") });

    /// One of the values that the model gives a name.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub enum InboxReadKind {
        /// `"append-entries"`
        AppendEntries,
        /// `"appended"`
        Appended,
        /// `"request-vote"`
        RequestVote,
        /// `"vote"`
        Vote,
    }
    rt::tags!(
        InboxReadKind { AppendEntries = Str("append-entries"), Appended =
        Str("appended"), RequestVote = Str("request-vote"), Vote = Str("vote") }
    );

    /// One of the values that the model gives a name.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub enum ReplyKind {
        /// `"answer"`
        Answer,
        /// `"redirect"`
        Redirect,
    }
    rt::tags!(ReplyKind { Answer = Str("answer"), Redirect = Str("redirect") });

    /// One of the values that the model gives a name.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub enum Role {
        /// `"candidate"`
        Candidate,
        /// `"follower"`
        Follower,
        /// `"leader"`
        Leader,
    }
    rt::tags!(
        Role { Candidate = Str("candidate"), Follower = Str("follower"), Leader =
        Str("leader") }
    );

    /// Mapping macro `Inbox`, raftkv.tla:107
    ///
    /// Implement it for a resource that behaves as this macro says, and only then.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Inbox`",
        label = "the parameter is mapped via `Inbox`",
        note = "if it behaves so, say it: `impl Inbox for …`"
    )]
    pub trait Inbox: rt::MappingMacro {}

    /// Mapping macro `Post`, raftkv.tla:120
    ///
    /// Implement it for a resource that behaves as this macro says, and only then.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Post`",
        label = "the parameter is mapped via `Post`",
        note = "if it behaves so, say it: `impl Post for …`"
    )]
    pub trait Post: rt::MappingMacro {}

    /// Mapping macro `Queued`, raftkv.tla:134
    ///
    /// Implement it for a resource that behaves as this macro says, and only then.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Queued`",
        label = "the parameter is mapped via `Queued`",
        note = "if it behaves so, say it: `impl Queued for …`"
    )]
    pub trait Queued: rt::MappingMacro {}

    /// Mapping macro `Sometimes`, raftkv.tla:148
    ///
    /// Implement it for a resource that behaves as this macro says, and only then.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Sometimes`",
        label = "the parameter is mapped via `Sometimes`",
        note = "if it behaves so, say it: `impl Sometimes for …`"
    )]
    pub trait Sometimes: rt::MappingMacro {}

    /// Mapping macro `Told`, raftkv.tla:158
    ///
    /// Implement it for a resource that behaves as this macro says, and only then.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Told`",
        label = "the parameter is mapped via `Told`",
        note = "if it behaves so, say it: `impl Told for …`"
    )]
    pub trait Told: rt::MappingMacro {}

    /// Mapping macro `Reply`, raftkv.tla:168
    ///
    /// Implement it for a resource that behaves as this macro says, and only then.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Reply`",
        label = "the parameter is mapped via `Reply`",
        note = "if it behaves so, say it: `impl Reply for …`"
    )]
    pub trait Reply: rt::MappingMacro {}

    /// Mapping macro `Asked`, raftkv.tla:180
    ///
    /// Implement it for a resource that behaves as this macro says, and only then.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Asked`",
        label = "the parameter is mapped via `Asked`",
        note = "if it behaves so, say it: `impl Asked for …`"
    )]
    pub trait Asked: rt::MappingMacro {}

    /// Mapping macro `Answered`, raftkv.tla:191
    ///
    /// Implement it for a resource that behaves as this macro says, and only then.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Answered`",
        label = "the parameter is mapped via `Answered`",
        note = "if it behaves so, say it: `impl Answered for …`"
    )]
    pub trait Answered: rt::MappingMacro {}

    /// Archetype `Server`, raftkv.tla:322
    pub mod server {
        use super::*;
        /// Where control is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(rt::Serialize, rt::Deserialize)]
        #[serde(crate = "rt::serde")]
        pub enum Label {
            /// `serve`, raftkv.tla:331
            Serve,
            /// The end.
            Done,
        }

        /// Label and variables.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
        #[serde(crate = "rt::serde")]
        pub struct State {
            /// Where control is.
            pub label: Label,
            /// `role = Follower`, raftkv.tla:325
            pub role: Role,
            /// `ballot = 0`, raftkv.tla:325
            pub ballot: i64,
            /// `votes = {}`, raftkv.tla:325
            pub votes: rt::Set<i64>,
            /// `fresh = <<>>`, raftkv.tla:327
            pub fresh: rt::Seq<Log>,
            /// `next = [s \in Servers |-> 1]`, raftkv.tla:327
            pub next: rt::Function<i64, i64>,
            /// `match = [s \in Servers |-> 0]`, raftkv.tla:327
            pub r#match: rt::Function<i64, i64>,
            /// `round = 0`, raftkv.tla:328
            pub round: i64,
            /// `heard = [s \in Servers |-> 0]`, raftkv.tla:328
            pub heard: rt::Function<i64, i64>,
            /// `reads = <<>>`, raftkv.tla:328
            pub reads: rt::Seq<Read>,
            /// `first = 0`, raftkv.tla:329
            pub first: i64,
            /// `commit = 0`, raftkv.tla:329
            pub commit: i64,
            /// `applied = 0`, raftkv.tla:329
            pub applied: i64,
            /// `machine = Initial`, raftkv.tla:329
            pub machine: Machine,
        }

        /// Archetype `Server`, raftkv.tla:322
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
            crash: rt::Resource<(), bool>,
            leader: rt::Resource<(), i64>,
            term: rt::Resource<(), i64>,
            vote: rt::Resource<(), i64>,
            log: rt::Resource<(), rt::Seq<Log>>,
        }

        /// What a `Server` is made of.
        pub struct ServerParameters<
            InboxResource,
            SendResource,
            Requests,
            Answer,
            Election,
            Heartbeat,
            Crash,
            Leader,
            Term,
            Vote,
            LogResource,
        > {
            pub inbox: InboxResource,
            pub send: SendResource,
            pub requests: Requests,
            pub answer: Answer,
            pub election: Election,
            pub heartbeat: Heartbeat,
            pub crash: Crash,
            pub leader: Leader,
            pub term: Term,
            pub vote: Vote,
            pub log: LogResource,
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
                    impl rt::Bound<(), bool> + Sometimes,
                    impl rt::Bound<(), i64> + rt::PlainVariable,
                    impl rt::Bound<(), i64> + rt::PlainVariable,
                    impl rt::Bound<(), i64> + rt::PlainVariable,
                    impl rt::Bound<(), rt::Seq<Log>> + rt::PlainVariable,
                >,
            ) -> rt::Eval<Self> {
                let role = Role::Follower;
                let ballot = 0;
                let votes = rt::Set::<i64>::new();
                let fresh = rt::Seq::<Log>::new();
                let next = rt::function(
                    &constants.servers()?,
                    |s| -> rt::Eval<i64> { Ok(1) },
                )?;
                let r#match = rt::function(
                    &constants.servers()?,
                    |s| -> rt::Eval<i64> { Ok(0) },
                )?;
                let round = 0;
                let heard = rt::function(
                    &constants.servers()?,
                    |s| -> rt::Eval<i64> { Ok(0) },
                )?;
                let reads = rt::Seq::<Read>::new();
                let first = 0;
                let commit = 0;
                let applied = 0;
                let machine = constants.initial()?;
                Ok(Self {
                    id,
                    constants: constants.clone(),
                    state: State {
                        label: Label::Serve,
                        role,
                        ballot,
                        votes,
                        fresh,
                        next,
                        r#match,
                        round,
                        heard,
                        reads,
                        first,
                        commit,
                        applied,
                        machine,
                    },
                    inbox: rt::Resource::new(parameters.inbox),
                    send: rt::Resource::new(parameters.send),
                    requests: rt::Resource::new(parameters.requests),
                    answer: rt::Resource::new(parameters.answer),
                    election: rt::Resource::new(parameters.election),
                    heartbeat: rt::Resource::new(parameters.heartbeat),
                    crash: rt::Resource::new(parameters.crash),
                    leader: rt::Resource::new(parameters.leader),
                    term: rt::Resource::new(parameters.term),
                    vote: rt::Resource::new(parameters.vote),
                    log: rt::Resource::new(parameters.log),
                })
            }

            /// `serve`, raftkv.tla:331
            fn serve(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                match section.either(8) {
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
                                let log_read = self.log.read(section, &())?;
                                let term_read_2 = self.term.read(section, &())?;
                                let leader_read = self.leader.read(section, &())?;
                                let vote_read = self.vote.read(section, &())?;
                                let granted = (*last_term
                                    > self.constants.last_term(&log_read)?
                                    || (*last_term == self.constants.last_term(&log_read)?
                                        && *last >= rt::len(&log_read)))
                                    && (if *m_ballot > *m_term {
                                        *m_term == term_read_2 && leader_read == NOBODY
                                    } else {
                                        *m_term == term_read_2
                                            && (vote_read == NOBODY || vote_read == *m_from)
                                    });
                                if granted && *m_ballot == term_read_2 {
                                    self.vote.write(section, &(), *m_from)?;
                                    self.election.write(section, &(), true)?;
                                }
                                let term_read_3 = self.term.read(section, &())?;
                                if granted || *m_term < term_read_3 {
                                    let value = rt::function(
                                        &[*m_from].into_iter().collect::<rt::Set<i64>>(),
                                        |s| -> rt::Eval<InboxRead> {
                                            Ok(InboxRead::Vote {
                                                from: self.id,
                                                term: term_read_3,
                                                ballot: *m_ballot,
                                                granted: granted,
                                            })
                                        },
                                    )?;
                                    self.send.write(section, &(), value)?;
                                }
                            }
                            InboxRead::Vote {
                                ballot: m_ballot,
                                from: m_from,
                                granted: m_granted,
                                ..
                            } => {
                                if self.state.role == Role::Candidate && *m_granted
                                    && *m_ballot == self.state.ballot
                                {
                                    self.state.votes.insert(*m_from);
                                    if self.constants.is_quorum(&self.state.votes)? {
                                        let term_read_2 = self.term.read(section, &())?;
                                        if self.state.ballot > term_read_2 {
                                            self.term.write(section, &(), self.state.ballot)?;
                                            self.vote.write(section, &(), self.id)?;
                                            self.state.votes = [self.id]
                                                .into_iter()
                                                .collect::<rt::Set<i64>>();
                                            let term_read_3 = self.term.read(section, &())?;
                                            let log_read = self.log.read(section, &())?;
                                            let value = rt::function(
                                                &rt::difference(
                                                    &self.constants.servers()?,
                                                    &[self.id].into_iter().collect::<rt::Set<i64>>(),
                                                ),
                                                |s| -> rt::Eval<InboxRead> {
                                                    Ok(InboxRead::RequestVote {
                                                        from: self.id,
                                                        term: term_read_3,
                                                        ballot: self.state.ballot,
                                                        last: rt::len(&log_read),
                                                        last_term: self.constants.last_term(&log_read)?,
                                                    })
                                                },
                                            )?;
                                            self.send.write(section, &(), value)?;
                                        } else {
                                            self.state.role = Role::Leader;
                                            self.leader.write(section, &(), self.id)?;
                                            let log_read = self.log.read(section, &())?;
                                            self.state.first = rt::add(rt::len(&log_read), 1)?;
                                            let term_read_3 = self.term.read(section, &())?;
                                            self.state.fresh = [
                                                Log {
                                                    term: term_read_3,
                                                    request: self.constants.no_request(),
                                                },
                                            ]
                                                .into_iter()
                                                .collect::<rt::Seq<Log>>();
                                            self.state.next = rt::function(
                                                &self.constants.servers()?,
                                                |s| -> rt::Eval<i64> { rt::add(rt::len(&log_read), 1) },
                                            )?;
                                            self.state.r#match = rt::function(
                                                &self.constants.servers()?,
                                                |s| -> rt::Eval<i64> { Ok(0) },
                                            )?;
                                            self.state.heard = rt::function(
                                                &self.constants.servers()?,
                                                |s| -> rt::Eval<i64> { Ok(0) },
                                            )?;
                                            let all = rt::concat(&log_read, &self.state.fresh);
                                            let up_to: rt::Eval<rt::Function<i64, i64>> = rt::deferred(||
                                            rt::function(
                                                &self.constants.servers()?,
                                                |s| -> rt::Eval<i64> {
                                                    Ok(
                                                        self
                                                            .constants
                                                            .min(
                                                                rt::len(&all),
                                                                rt::add(*self.state.r#match.at(s)?, self.constants.window)?,
                                                            ),
                                                    )
                                                },
                                            ));
                                            let value = rt::function(
                                                &rt::difference(
                                                    &self.constants.servers()?,
                                                    &[self.id].into_iter().collect::<rt::Set<i64>>(),
                                                ),
                                                |s| -> rt::Eval<InboxRead> {
                                                    Ok(InboxRead::AppendEntries {
                                                        from: self.id,
                                                        term: term_read_3,
                                                        previous: rt::subtract(*self.state.next.at(s)?, 1)?,
                                                        previous_term: self
                                                            .constants
                                                            .term_at(&all, rt::subtract(*self.state.next.at(s)?, 1)?)?,
                                                        entries: rt::sub_seq(
                                                            &all,
                                                            *self.state.next.at(s)?,
                                                            *up_to.clone()?.at(s)?,
                                                        )?,
                                                        commit: self.state.commit,
                                                        round: self.state.round,
                                                    })
                                                },
                                            )?;
                                            self.send.write(section, &(), value)?;
                                            self.state.next = rt::function(
                                                &self.constants.servers()?,
                                                |s| -> rt::Eval<i64> {
                                                    Ok(
                                                        if rt::difference(
                                                                &self.constants.servers()?,
                                                                &[self.id].into_iter().collect::<rt::Set<i64>>(),
                                                            )
                                                            .contains(s)
                                                        {
                                                            self.constants
                                                                .max(
                                                                    *self.state.next.at(s)?,
                                                                    rt::add(*up_to.clone()?.at(s)?, 1)?,
                                                                )
                                                        } else {
                                                            *self.state.next.at(s)?
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
                                if *m_term == term_read_2 {
                                    self.state.role = Role::Follower;
                                    self.leader.write(section, &(), *m_from)?;
                                    self.election.write(section, &(), true)?;
                                }
                                let term_read_3 = self.term.read(section, &())?;
                                let log_read = self.log.read(section, &())?;
                                let fits = *m_term == term_read_3
                                    && *previous <= rt::len(&log_read)
                                    && self.constants.term_at(&log_read, *previous)?
                                        == *previous_term;
                                let until: rt::Eval<i64> = rt::deferred(|| rt::add(
                                    *previous,
                                    rt::len(m_entries),
                                ));
                                if fits {
                                    if !self.constants.holds(&log_read, *previous, m_entries)? {
                                        let value = rt::concat(
                                            &rt::sub_seq(&log_read, 1, *previous)?,
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
                                let term_read_4 = self.term.read(section, &())?;
                                let log_read_2 = self.log.read(section, &())?;
                                let value = rt::function(
                                    &[*m_from].into_iter().collect::<rt::Set<i64>>(),
                                    |s| -> rt::Eval<InboxRead> {
                                        Ok(InboxRead::Appended {
                                            from: self.id,
                                            term: term_read_4,
                                            fits: fits,
                                            round: *m_round,
                                            index: if fits {
                                                until.clone()?
                                            } else {
                                                if *previous > rt::len(&log_read_2) {
                                                    rt::len(&log_read_2)
                                                } else {
                                                    self.state.commit
                                                }
                                            },
                                        })
                                    },
                                )?;
                                self.send.write(section, &(), value)?;
                            }
                            _ => {
                                let term_read_2 = self.term.read(section, &())?;
                                if self.state.role == Role::Leader
                                    && *m.term() == term_read_2
                                {
                                    let value = self
                                        .constants
                                        .max(*self.state.heard.at(m.from())?, *m.round()?);
                                    *self.state.heard.at_mut(m.from())? = value;
                                    if *m.fits()? {
                                        let value = self
                                            .constants
                                            .max(*self.state.r#match.at(m.from())?, *m.index()?);
                                        *self.state.r#match.at_mut(m.from())? = value;
                                        let log_read = self.log.read(section, &())?;
                                        let index_2 = self
                                            .constants
                                            .by_quorum(
                                                &{
                                                    let mut changed = self.state.r#match.clone();
                                                    let new = rt::len(&log_read);
                                                    *changed.at_mut(&self.id)? = new;
                                                    changed
                                                },
                                            )?;
                                        if index_2 > self.state.commit
                                            && self
                                                .constants
                                                .term_at(
                                                    &rt::concat(&log_read, &self.state.fresh),
                                                    index_2,
                                                )? == term_read_2
                                        {
                                            self.state.commit = index_2;
                                        }
                                    } else {
                                        let value = rt::add(*m.index()?, 1)?;
                                        *self.state.next.at_mut(m.from())? = value;
                                    }
                                    let log_read = self.log.read(section, &())?;
                                    if *self.state.next.at(m.from())?
                                        <= self
                                            .constants
                                            .min(
                                                rt::add(rt::len(&log_read), rt::len(&self.state.fresh))?,
                                                rt::add(
                                                    *self.state.r#match.at(m.from())?,
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
                                                            rt::len(&all),
                                                            rt::add(*self.state.r#match.at(s)?, self.constants.window)?,
                                                        ),
                                                )
                                            },
                                        ));
                                        let value = rt::function(
                                            &[*m.from()].into_iter().collect::<rt::Set<i64>>(),
                                            |s| -> rt::Eval<InboxRead> {
                                                Ok(InboxRead::AppendEntries {
                                                    from: self.id,
                                                    term: term_read_2,
                                                    previous: rt::subtract(*self.state.next.at(s)?, 1)?,
                                                    previous_term: self
                                                        .constants
                                                        .term_at(&all, rt::subtract(*self.state.next.at(s)?, 1)?)?,
                                                    entries: rt::sub_seq(
                                                        &all,
                                                        *self.state.next.at(s)?,
                                                        *up_to.clone()?.at(s)?,
                                                    )?,
                                                    commit: self.state.commit,
                                                    round: self.state.round,
                                                })
                                            },
                                        )?;
                                        self.send.write(section, &(), value)?;
                                        self.state.next = rt::function(
                                            &self.constants.servers()?,
                                            |s| -> rt::Eval<i64> {
                                                Ok(
                                                    if *s == *m.from() {
                                                        self.constants
                                                            .max(
                                                                *self.state.next.at(s)?,
                                                                rt::add(*up_to.clone()?.at(s)?, 1)?,
                                                            )
                                                    } else {
                                                        *self.state.next.at(s)?
                                                    },
                                                )
                                            },
                                        )?;
                                    }
                                }
                            }
                        }
                    }
                    1 => {
                        section.wait_for(self.state.role != Role::Leader)?;
                        let election_read = self.election.read(section, &())?;
                        section.wait_for(election_read)?;
                        self.election.write(section, &(), true)?;
                        self.state.role = Role::Candidate;
                        self.leader.write(section, &(), NOBODY)?;
                        let term_read = self.term.read(section, &())?;
                        self.state.ballot = rt::add(term_read, 1)?;
                        if self.constants.pre_vote {
                            self.state.votes = [self.id]
                                .into_iter()
                                .collect::<rt::Set<i64>>();
                            let log_read = self.log.read(section, &())?;
                            let value = rt::function(
                                &rt::difference(
                                    &self.constants.servers()?,
                                    &[self.id].into_iter().collect::<rt::Set<i64>>(),
                                ),
                                |s| -> rt::Eval<InboxRead> {
                                    Ok(InboxRead::RequestVote {
                                        from: self.id,
                                        term: term_read,
                                        ballot: self.state.ballot,
                                        last: rt::len(&log_read),
                                        last_term: self.constants.last_term(&log_read)?,
                                    })
                                },
                            )?;
                            self.send.write(section, &(), value)?;
                        } else {
                            self.term.write(section, &(), self.state.ballot)?;
                            self.vote.write(section, &(), self.id)?;
                            self.state.votes = [self.id]
                                .into_iter()
                                .collect::<rt::Set<i64>>();
                            let term_read_2 = self.term.read(section, &())?;
                            let log_read = self.log.read(section, &())?;
                            let value = rt::function(
                                &rt::difference(
                                    &self.constants.servers()?,
                                    &[self.id].into_iter().collect::<rt::Set<i64>>(),
                                ),
                                |s| -> rt::Eval<InboxRead> {
                                    Ok(InboxRead::RequestVote {
                                        from: self.id,
                                        term: term_read_2,
                                        ballot: self.state.ballot,
                                        last: rt::len(&log_read),
                                        last_term: self.constants.last_term(&log_read)?,
                                    })
                                },
                            )?;
                            self.send.write(section, &(), value)?;
                        }
                    }
                    2 => {
                        section.wait_for(self.state.role == Role::Leader)?;
                        let heartbeat_read = self.heartbeat.read(section, &())?;
                        section.wait_for(heartbeat_read)?;
                        let log_read = self.log.read(section, &())?;
                        let all = rt::concat(&log_read, &self.state.fresh);
                        let up_to: rt::Eval<rt::Function<i64, i64>> = rt::deferred(|| rt::function(
                            &self.constants.servers()?,
                            |s| -> rt::Eval<i64> {
                                Ok(
                                    self
                                        .constants
                                        .min(
                                            rt::len(&all),
                                            rt::add(*self.state.r#match.at(s)?, self.constants.window)?,
                                        ),
                                )
                            },
                        ));
                        let term_read = self.term.read(section, &())?;
                        let value = rt::function(
                            &rt::difference(
                                &self.constants.servers()?,
                                &[self.id].into_iter().collect::<rt::Set<i64>>(),
                            ),
                            |s| -> rt::Eval<InboxRead> {
                                Ok(InboxRead::AppendEntries {
                                    from: self.id,
                                    term: term_read,
                                    previous: rt::subtract(*self.state.next.at(s)?, 1)?,
                                    previous_term: self
                                        .constants
                                        .term_at(&all, rt::subtract(*self.state.next.at(s)?, 1)?)?,
                                    entries: rt::sub_seq(
                                        &all,
                                        *self.state.next.at(s)?,
                                        *up_to.clone()?.at(s)?,
                                    )?,
                                    commit: self.state.commit,
                                    round: self.state.round,
                                })
                            },
                        )?;
                        self.send.write(section, &(), value)?;
                        self.state.next = rt::function(
                            &self.constants.servers()?,
                            |s| -> rt::Eval<i64> {
                                Ok(
                                    if rt::difference(
                                            &self.constants.servers()?,
                                            &[self.id].into_iter().collect::<rt::Set<i64>>(),
                                        )
                                        .contains(s)
                                    {
                                        self.constants
                                            .max(
                                                *self.state.next.at(s)?,
                                                rt::add(*up_to.clone()?.at(s)?, 1)?,
                                            )
                                    } else {
                                        *self.state.next.at(s)?
                                    },
                                )
                            },
                        )?;
                    }
                    3 => {
                        let requests_read = rt::read_for_later(|| {
                            self.requests.read(section, &self.id)
                        })?;
                        let batch: rt::Eval<rt::Seq<Request>> = rt::deferred(|| {
                            requests_read.clone()
                        });
                        if self.state.role == Role::Leader {
                            let puts = rt::select_seq(
                                &batch.clone()?,
                                |item1| -> rt::Eval<bool> {
                                    Ok(self.constants.is_put(item1))
                                },
                            )?;
                            let gets = rt::select_seq(
                                &batch.clone()?,
                                |item1| -> rt::Eval<bool> {
                                    Ok(self.constants.is_get(item1))
                                },
                            )?;
                            let term_read = self.term.read(section, &())?;
                            self.state.fresh = rt::concat(
                                &self.state.fresh,
                                &rt::seq_function(
                                    &rt::range(1, rt::len(&puts))?,
                                    |i| -> rt::Eval<Log> {
                                        Ok(Log {
                                            term: term_read,
                                            request: puts.at(*i)?.clone(),
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
                            let log_read = self.log.read(section, &())?;
                            let all = rt::concat(&log_read, &self.state.fresh);
                            let up_to: rt::Eval<rt::Function<i64, i64>> = rt::deferred(||
                            rt::function(
                                &self.constants.servers()?,
                                |s| -> rt::Eval<i64> {
                                    Ok(
                                        self
                                            .constants
                                            .min(
                                                rt::len(&all),
                                                rt::add(*self.state.r#match.at(s)?, self.constants.window)?,
                                            ),
                                    )
                                },
                            ));
                            let value = rt::function(
                                &rt::difference(
                                    &self.constants.servers()?,
                                    &[self.id].into_iter().collect::<rt::Set<i64>>(),
                                ),
                                |s| -> rt::Eval<InboxRead> {
                                    Ok(InboxRead::AppendEntries {
                                        from: self.id,
                                        term: term_read,
                                        previous: rt::subtract(*self.state.next.at(s)?, 1)?,
                                        previous_term: self
                                            .constants
                                            .term_at(&all, rt::subtract(*self.state.next.at(s)?, 1)?)?,
                                        entries: rt::sub_seq(
                                            &all,
                                            *self.state.next.at(s)?,
                                            *up_to.clone()?.at(s)?,
                                        )?,
                                        commit: self.state.commit,
                                        round: self.state.round,
                                    })
                                },
                            )?;
                            self.send.write(section, &(), value)?;
                            self.state.next = rt::function(
                                &self.constants.servers()?,
                                |s| -> rt::Eval<i64> {
                                    Ok(
                                        if rt::difference(
                                                &self.constants.servers()?,
                                                &[self.id].into_iter().collect::<rt::Set<i64>>(),
                                            )
                                            .contains(s)
                                        {
                                            self.constants
                                                .max(
                                                    *self.state.next.at(s)?,
                                                    rt::add(*up_to.clone()?.at(s)?, 1)?,
                                                )
                                        } else {
                                            *self.state.next.at(s)?
                                        },
                                    )
                                },
                            )?;
                        } else {
                            let leader_read = self.leader.read(section, &())?;
                            let value = rt::function(
                                &self.constants.clients_of(&batch.clone()?)?,
                                |c| -> rt::Eval<ReplyRecord> {
                                    Ok(ReplyRecord::Redirect {
                                        number: 0,
                                        leader: leader_read,
                                    })
                                },
                            )?;
                            self.answer.write(section, &(), value)?;
                        }
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
                        let index_2 = self
                            .constants
                            .by_quorum(
                                &{
                                    let mut changed = self.state.r#match.clone();
                                    let new = rt::len(&log_read_2);
                                    *changed.at_mut(&self.id)? = new;
                                    changed
                                },
                            )?;
                        let term_read = self.term.read(section, &())?;
                        if index_2 > self.state.commit
                            && self
                                .constants
                                .term_at(
                                    &rt::concat(&log_read_2, &self.state.fresh),
                                    index_2,
                                )? == term_read
                        {
                            self.state.commit = index_2;
                        }
                    }
                    5 => {
                        section.wait_for(self.state.applied < self.state.commit)?;
                        let log_read = self.log.read(section, &())?;
                        let done = rt::sub_seq(
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
                    }
                    6 => {
                        section.wait_for(!self.state.reads.is_empty())?;
                        let read = rt::head(&self.state.reads)?;
                        section
                            .wait_for(
                                self
                                    .constants
                                    .by_quorum(
                                        &{
                                            let mut changed = self.state.heard.clone();
                                            let new = self.state.round;
                                            *changed.at_mut(&self.id)? = new;
                                            changed
                                        },
                                    )? >= read.round && self.state.applied >= read.from,
                            )?;
                        self.state.reads = rt::tail(&self.state.reads)?;
                        let value = rt::function(
                            &self.constants.clients_of(&read.requests)?,
                            |c| -> rt::Eval<ReplyRecord> {
                                self.constants
                                    .read_for(*c, &read.requests, &self.state.machine.store)
                            },
                        )?;
                        self.answer.write(section, &(), value)?;
                    }
                    _ => {
                        let crash_read = self.crash.read(section, &())?;
                        section.wait_for(crash_read)?;
                        self.state.role = Role::Follower;
                        self.leader.write(section, &(), NOBODY)?;
                        self.state.ballot = 0;
                        self.state.votes = rt::Set::<i64>::new();
                        self.state.fresh = rt::Seq::<Log>::new();
                        self.state.reads = rt::Seq::<Read>::new();
                        self.state.next = rt::function(
                            &self.constants.servers()?,
                            |s| -> rt::Eval<i64> { Ok(1) },
                        )?;
                        self.state.r#match = rt::function(
                            &self.constants.servers()?,
                            |s| -> rt::Eval<i64> { Ok(0) },
                        )?;
                        self.state.heard = rt::function(
                            &self.constants.servers()?,
                            |s| -> rt::Eval<i64> { Ok(0) },
                        )?;
                        self.state.round = 0;
                        self.state.commit = 0;
                        self.state.applied = 0;
                        self.state.first = 0;
                        self.state.machine = self.constants.initial()?;
                    }
                }
                Ok(Label::Serve)
            }
        }
        rt::archetype!(Server = "Server" { Serve = "serve" => serve });
    }

    pub use server::{Server, ServerParameters};

    /// Archetype `Client`, raftkv.tla:412
    pub mod client {
        use super::*;
        /// Where control is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(rt::Serialize, rt::Deserialize)]
        #[serde(crate = "rt::serde")]
        pub enum Label {
            /// `next`, raftkv.tla:415
            Next,
            /// `ask`, raftkv.tla:420
            Ask,
            /// `answer`, raftkv.tla:425
            Answer,
            /// The end.
            Done,
        }

        /// Label and variables.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
        #[serde(crate = "rt::serde")]
        pub struct State {
            /// Where control is.
            pub label: Label,
            /// `number = 0`, raftkv.tla:413
            pub number: i64,
            /// `command`, raftkv.tla:413
            pub command: rt::Slot<Command>,
            /// `server = 1`, raftkv.tla:413
            pub server: i64,
        }

        /// Archetype `Client`, raftkv.tla:412
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
        pub struct ClientParameters<Wish, Requests, Replies, Patience, OutcomeResource> {
            pub wish: Wish,
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
                let number = 0;
                let command = rt::Slot::Uninit;
                let server = 1;
                Ok(Self {
                    id,
                    constants: constants.clone(),
                    state: State {
                        label: Label::Next,
                        number,
                        command,
                        server,
                    },
                    wish: rt::Resource::new(parameters.wish),
                    requests: rt::Resource::new(parameters.requests),
                    replies: rt::Resource::new(parameters.replies),
                    patience: rt::Resource::new(parameters.patience),
                    outcome: rt::Resource::new(parameters.outcome),
                })
            }

            /// `next`, raftkv.tla:415
            // next:
            //   while (TRUE) {
            //     command := wish;
            //     number := number + 1;
            fn next(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                let wish_read = self.wish.read(section, &())?;
                self.state.command = rt::Slot::Value(wish_read);
                self.state.number = rt::add(self.state.number, 1)?;
                Ok(Label::Ask)
            }

            /// `ask`, raftkv.tla:420
            // ask:
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

            /// `answer`, raftkv.tla:425
            // answer:
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
                                Ok(Label::Next)
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
            Client = "Client" { Next = "next" => next, Ask = "ask" => ask, Answer =
            "answer" => answer }
        );
    }

    pub use client::{Client, ClientParameters};

    /// `Inbox` over the variable `network`, as the model has it.
    pub struct InboxOverNetwork {
        variable: rt::Shared<rt::Function<i64, rt::Function<i64, rt::Seq<InboxRead>>>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl InboxOverNetwork {
        /// A view of the variable.
        pub fn new(
            variable: &rt::Shared<
                rt::Function<i64, rt::Function<i64, rt::Seq<InboxRead>>>,
            >,
            constants: &::std::sync::Arc<Constants>,
        ) -> Self {
            Self {
                variable: variable.clone(),
                constants: constants.clone(),
            }
        }
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
            let result = message;
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(result)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            index: &i64,
            value: InboxRead,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.at(index)?.clone();
            section.assert(false, "FALSE", "raftkv.tla:116:20")?;
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(())
        }
    }

    impl Inbox for InboxOverNetwork {}

    /// `Post` over the variable `network`, as the model has it.
    pub struct PostOverNetwork {
        variable: rt::Shared<rt::Function<i64, rt::Function<i64, rt::Seq<InboxRead>>>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl PostOverNetwork {
        /// A view of the variable.
        pub fn new(
            variable: &rt::Shared<
                rt::Function<i64, rt::Function<i64, rt::Seq<InboxRead>>>,
            >,
            constants: &::std::sync::Arc<Constants>,
        ) -> Self {
            Self {
                variable: variable.clone(),
                constants: constants.clone(),
            }
        }
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
            section.assert(false, "FALSE", "raftkv.tla:121:19")?;
            result.ok_or(rt::Abort::Retry)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            (): &(),
            value: rt::Function<i64, InboxRead>,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.clone();
            let lost = section
                .pick(
                    &if self.constants.lossy {
                        rt::power_set(&rt::domain(&value))?
                    } else {
                        [rt::Set::<i64>::new()]
                            .into_iter()
                            .collect::<rt::Set<rt::Set<i64>>>()
                    },
                )?;
            variable = rt::function(
                &self.constants.servers()?,
                |to| -> rt::Eval<rt::Function<i64, rt::Seq<InboxRead>>> {
                    rt::function(
                        &self.constants.servers()?,
                        |from| -> rt::Eval<rt::Seq<InboxRead>> {
                            Ok(
                                if rt::difference(&rt::domain(&value), &lost).contains(to)
                                    && *from == *value.at(to)?.from()
                                    && rt::len(variable.at(to)?.at(from)?)
                                        < self.constants.capacity
                                {
                                    rt::append(variable.at(to)?.at(from)?, value.at(to)?)
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

    impl Post for PostOverNetwork {}

    /// `Queued` over the variable `requests`, as the model has it.
    pub struct QueuedOverRequests {
        variable: rt::Shared<rt::Function<i64, rt::Seq<Request>>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl QueuedOverRequests {
        /// A view of the variable.
        pub fn new(
            variable: &rt::Shared<rt::Function<i64, rt::Seq<Request>>>,
            constants: &::std::sync::Arc<Constants>,
        ) -> Self {
            Self {
                variable: variable.clone(),
                constants: constants.clone(),
            }
        }
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
            let result = all;
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(result)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            index: &i64,
            value: Request,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.at(index)?.clone();
            if rt::len(&variable) < self.constants.capacity {
                variable = rt::append(&variable, &value);
            }
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(())
        }
    }

    impl Queued for QueuedOverRequests {}

    /// `Told` over the variable `replies`, as the model has it.
    pub struct ToldOverReplies {
        variable: rt::Shared<rt::Function<i64, rt::Seq<ReplyRecord>>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl ToldOverReplies {
        /// A view of the variable.
        pub fn new(
            variable: &rt::Shared<rt::Function<i64, rt::Seq<ReplyRecord>>>,
            constants: &::std::sync::Arc<Constants>,
        ) -> Self {
            Self {
                variable: variable.clone(),
                constants: constants.clone(),
            }
        }
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
            section.assert(false, "FALSE", "raftkv.tla:159:19")?;
            result.ok_or(rt::Abort::Retry)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            (): &(),
            value: rt::Function<i64, ReplyRecord>,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.clone();
            variable = rt::function(
                &self.constants.clients()?,
                |client| -> rt::Eval<rt::Seq<ReplyRecord>> {
                    Ok(
                        if rt::domain(&value).contains(client)
                            && rt::len(variable.at(client)?) < self.constants.capacity
                        {
                            rt::append(variable.at(client)?, value.at(client)?)
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

    impl Told for ToldOverReplies {}

    /// `Sometimes` over the variable `timeouts`, as the model has it.
    pub struct SometimesOverTimeouts {
        variable: rt::Shared<i64>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl SometimesOverTimeouts {
        /// A view of the variable.
        pub fn new(
            variable: &rt::Shared<i64>,
            constants: &::std::sync::Arc<Constants>,
        ) -> Self {
            Self {
                variable: variable.clone(),
                constants: constants.clone(),
            }
        }
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
            value: bool,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.clone();
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }

    impl Sometimes for SometimesOverTimeouts {}

    /// `Sometimes` over the variable `heartbeats`, as the model has it.
    pub struct SometimesOverHeartbeats {
        variable: rt::Shared<i64>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl SometimesOverHeartbeats {
        /// A view of the variable.
        pub fn new(
            variable: &rt::Shared<i64>,
            constants: &::std::sync::Arc<Constants>,
        ) -> Self {
            Self {
                variable: variable.clone(),
                constants: constants.clone(),
            }
        }
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
            value: bool,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.clone();
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }

    impl Sometimes for SometimesOverHeartbeats {}

    /// `Sometimes` over the variable `crashes`, as the model has it.
    pub struct SometimesOverCrashes {
        variable: rt::Shared<i64>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl SometimesOverCrashes {
        /// A view of the variable.
        pub fn new(
            variable: &rt::Shared<i64>,
            constants: &::std::sync::Arc<Constants>,
        ) -> Self {
            Self {
                variable: variable.clone(),
                constants: constants.clone(),
            }
        }
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
            value: bool,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.clone();
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }

    impl Sometimes for SometimesOverCrashes {}

    /// `Asked` over the variable `history`, as the model has it.
    pub struct AskedOverHistory {
        variable: rt::Shared<rt::Seq<History>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl AskedOverHistory {
        /// A view of the variable.
        pub fn new(
            variable: &rt::Shared<rt::Seq<History>>,
            constants: &::std::sync::Arc<Constants>,
        ) -> Self {
            Self {
                variable: variable.clone(),
                constants: constants.clone(),
            }
        }
    }

    impl rt::MappingMacro for AskedOverHistory {
        type Index = ();
        type Read = Command;
        type Write = Command;
        fn read(&mut self, section: &mut rt::Section, (): &()) -> rt::Step<Command> {
            let process = <i64 as rt::Data>::from_value(section.process())?;
            let mut variable = self.variable.view(section)?.clone();
            section
                .wait_for(
                    rt::cardinality(
                        &rt::filter(
                            &rt::range(1, rt::len(&variable))?,
                            |i| Ok(
                                variable.at(*i)?.client == process && variable.at(*i)?.asks,
                            ),
                        )?,
                    ) < self.constants.rounds,
                )?;
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
            let result = command.clone();
            *self.variable.get_mut(section) = variable;
            Ok(result)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            (): &(),
            value: Command,
        ) -> rt::Step<()> {
            let process = <i64 as rt::Data>::from_value(section.process())?;
            let mut variable = self.variable.view(section)?.clone();
            section.assert(false, "FALSE", "raftkv.tla:188:20")?;
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }

    impl Asked for AskedOverHistory {}

    /// `Reply` over the variable `replies`, as the model has it.
    pub struct ReplyOverReplies {
        variable: rt::Shared<rt::Function<i64, rt::Seq<ReplyRecord>>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl ReplyOverReplies {
        /// A view of the variable.
        pub fn new(
            variable: &rt::Shared<rt::Function<i64, rt::Seq<ReplyRecord>>>,
            constants: &::std::sync::Arc<Constants>,
        ) -> Self {
            Self {
                variable: variable.clone(),
                constants: constants.clone(),
            }
        }
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
            let result = reply;
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(result)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            index: &i64,
            value: ReplyRecord,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.at(index)?.clone();
            section.assert(false, "FALSE", "raftkv.tla:176:20")?;
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(())
        }
    }

    impl Reply for ReplyOverReplies {}

    /// `Sometimes` over the variable `impatience`, as the model has it.
    pub struct SometimesOverImpatience {
        variable: rt::Shared<i64>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl SometimesOverImpatience {
        /// A view of the variable.
        pub fn new(
            variable: &rt::Shared<i64>,
            constants: &::std::sync::Arc<Constants>,
        ) -> Self {
            Self {
                variable: variable.clone(),
                constants: constants.clone(),
            }
        }
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
            value: bool,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.clone();
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }

    impl Sometimes for SometimesOverImpatience {}

    /// `Answered` over the variable `history`, as the model has it.
    pub struct AnsweredOverHistory {
        variable: rt::Shared<rt::Seq<History>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl AnsweredOverHistory {
        /// A view of the variable.
        pub fn new(
            variable: &rt::Shared<rt::Seq<History>>,
            constants: &::std::sync::Arc<Constants>,
        ) -> Self {
            Self {
                variable: variable.clone(),
                constants: constants.clone(),
            }
        }
    }

    impl rt::MappingMacro for AnsweredOverHistory {
        type Index = ();
        type Read = Outcome;
        type Write = Outcome;
        fn read(&mut self, section: &mut rt::Section, (): &()) -> rt::Step<Outcome> {
            let process = <i64 as rt::Data>::from_value(section.process())?;
            let variable = self.variable.view(section)?.clone();
            let mut result = None;
            section.assert(false, "FALSE", "raftkv.tla:192:19")?;
            result.ok_or(rt::Abort::Retry)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            (): &(),
            value: Outcome,
        ) -> rt::Step<()> {
            let process = <i64 as rt::Data>::from_value(section.process())?;
            let mut variable = self.variable.view(section)?.clone();
            variable = rt::append(
                &variable,
                &History {
                    client: process,
                    asks: false,
                    command: value.command.clone(),
                    result: value.result.clone(),
                },
            );
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }

    impl Answered for AnsweredOverHistory {}

    /// The global variables of the model, in memory.
    #[derive(Clone)]
    pub struct Variables {
        /// `network = [to \in Servers |-> [from \in Servers |-> <<>>]]`, raftkv.tla:452
        pub network: rt::Shared<
            rt::Function<i64, rt::Function<i64, rt::Seq<InboxRead>>>,
        >,
        /// `requests = [server \in Servers |-> <<>>]`, raftkv.tla:453
        pub requests: rt::Shared<rt::Function<i64, rt::Seq<Request>>>,
        /// `replies = [client \in Clients |-> <<>>]`, raftkv.tla:454
        pub replies: rt::Shared<rt::Function<i64, rt::Seq<ReplyRecord>>>,
        /// `history = <<>>`, raftkv.tla:455
        pub history: rt::Shared<rt::Seq<History>>,
        /// `timeouts = Timeouts`, raftkv.tla:456
        pub timeouts: rt::Shared<i64>,
        /// `heartbeats = Heartbeats`, raftkv.tla:456
        pub heartbeats: rt::Shared<i64>,
        /// `impatience = Impatience`, raftkv.tla:456
        pub impatience: rt::Shared<i64>,
        /// `crashes = Crashes`, raftkv.tla:456
        pub crashes: rt::Shared<i64>,
        /// `leader` of `server`, raftkv.tla:458
        pub leader: rt::OwnVariable<i64, i64>,
        /// `term` of `server`, raftkv.tla:458
        pub term: rt::OwnVariable<i64, i64>,
        /// `vote` of `server`, raftkv.tla:458
        pub vote: rt::OwnVariable<i64, i64>,
        /// `log` of `server`, raftkv.tla:458
        pub log: rt::OwnVariable<i64, rt::Seq<Log>>,
    }

    impl Variables {
        /// The variables with their initial values. Fails if one cannot be evaluated.
        pub fn new(constants: &Constants) -> rt::Eval<Self> {
            let network = rt::function(
                &constants.servers()?,
                |to| -> rt::Eval<rt::Function<i64, rt::Seq<InboxRead>>> {
                    rt::function(
                        &constants.servers()?,
                        |from| -> rt::Eval<rt::Seq<InboxRead>> {
                            Ok(rt::Seq::<InboxRead>::new())
                        },
                    )
                },
            )?;
            let requests = rt::function(
                &constants.servers()?,
                |server| -> rt::Eval<rt::Seq<Request>> { Ok(rt::Seq::<Request>::new()) },
            )?;
            let replies = rt::function(
                &constants.clients()?,
                |client| -> rt::Eval<rt::Seq<ReplyRecord>> {
                    Ok(rt::Seq::<ReplyRecord>::new())
                },
            )?;
            let history = rt::Seq::<History>::new();
            let timeouts = constants.timeouts;
            let heartbeats = constants.heartbeats;
            let impatience = constants.impatience;
            let crashes = constants.crashes;
            let leader = rt::OwnVariable::new(
                &constants.servers()?,
                |id: i64| -> rt::Eval<i64> { Ok(NOBODY) },
            )?;
            let term = rt::OwnVariable::new(
                &constants.servers()?,
                |id: i64| -> rt::Eval<i64> { Ok(0) },
            )?;
            let vote = rt::OwnVariable::new(
                &constants.servers()?,
                |id: i64| -> rt::Eval<i64> { Ok(NOBODY) },
            )?;
            let log = rt::OwnVariable::new(
                &constants.servers()?,
                |id: i64| -> rt::Eval<rt::Seq<Log>> { Ok(rt::Seq::<Log>::new()) },
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
                leader,
                term,
                vote,
                log,
            })
        }

        /// Starts every process of the model over these variables: the system that TLC checks, running in
        /// one node. Fails if an `ASSUME` does not hold or an initial value cannot be evaluated.
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
                    crash: SometimesOverCrashes::new(&self.crashes, constants),
                    leader: self.leader.of(&id)?,
                    term: self.term.of(&id)?,
                    vote: self.vote.of(&id)?,
                    log: self.log.of(&id)?,
                };
                node.spawn(Server::new(id, constants, parameters)?);
            }
            for id in (&constants.clients()?).iter().cloned() {
                let parameters = ClientParameters {
                    wish: AskedOverHistory::new(&self.history, constants),
                    requests: QueuedOverRequests::new(&self.requests, constants),
                    replies: ReplyOverReplies::new(&self.replies, constants),
                    patience: SometimesOverImpatience::new(&self.impatience, constants),
                    outcome: AnsweredOverHistory::new(&self.history, constants),
                };
                node.spawn(Client::new(id, constants, parameters)?);
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
        pub leader: rt::Function<i64, i64>,
        pub term: rt::Function<i64, i64>,
        pub vote: rt::Function<i64, i64>,
        pub log: rt::Function<i64, rt::Seq<Log>>,
    }
    rt::variables!(
        Variables, VariablesSnapshot { network, requests, replies, history, timeouts,
        heartbeats, impatience, crashes; leader, term, vote, log }
    );
}

#[allow(unused_imports)]
pub use model::*;
