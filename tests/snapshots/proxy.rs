/// `Proxy`, generated from proxy.tla.
#[allow(unused, unused_qualifications, non_camel_case_types, missing_docs)]
#[allow(clippy::all, clippy::pedantic)]
mod model {
    use ::mpcal_runtime::generated as rt;

    const _: () = rt::assert_version("0.1.0");

    /// Identifies the model: nodes that run another one are refused.
    pub const MODEL_HASH: u64 = 0x18c0_8f8c_dd3c_55c0;

    /// `Front == 0`, proxy.tla:22
    pub const FRONT: i64 = 0;

    /// `Back == 1`, proxy.tla:23
    pub const BACK: i64 = 1;

    /// The constants of the model. Its operators are methods; they fail where TLC reports an error.
    #[derive(Clone, Debug, PartialEq, Eq, rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Constants {
        /// `NumBackends`, proxy.tla:16
        pub num_backends: i64,
        /// `NumClients`, proxy.tla:16
        pub num_clients: i64,
        /// `Rounds`, proxy.tla:16
        pub rounds: i64,
    }

    impl Constants {
        /// The constants that TLC checks the model with.
        pub fn checked() -> Self {
            Self {
                num_backends: 2,
                num_clients: 1,
                rounds: 1,
            }
        }

        /// Checks every `ASSUME` of the model; the error is the first that does not hold.
        pub fn check(&self) -> rt::Eval<()> {
            rt::assume(
                self.num_backends >= 0 && self.num_backends > 0,
                "ASSUME NumBackends \\in Nat /\\ NumBackends > 0 (proxy.tla:18:8)",
            )?;
            rt::assume(
                self.num_clients >= 0 && self.rounds >= 0,
                "ASSUME NumClients \\in Nat /\\ Rounds \\in Nat (proxy.tla:19:8)",
            )
        }

        /// `Inboxes == {Front, Back} \cup Backends \cup Clients`, proxy.tla:26
        pub fn inboxes(&self) -> rt::Eval<rt::Set<i64>> {
            Ok(
                rt::union(
                    &rt::union(&rt::Set::<i64>::from([FRONT, BACK]), &self.backends()?),
                    &self.clients()?,
                ),
            )
        }

        /// `Backends == 2..(1 + NumBackends)`, proxy.tla:24
        pub fn backends(&self) -> rt::Eval<rt::Set<i64>> {
            rt::range(2, rt::add(1, self.num_backends)?)
        }

        /// `Clients == (2 + NumBackends)..(1 + NumBackends + NumClients)`, proxy.tla:25
        pub fn clients(&self) -> rt::Eval<rt::Set<i64>> {
            rt::range(
                rt::add(2, self.num_backends)?,
                rt::add(rt::add(1, self.num_backends)?, self.num_clients)?,
            )
        }
    }
    rt::identity!(Constants);

    /// Records of several shapes.
    #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub enum Message {
        /// `[by, id, ok]`
        Ok { by: i64, id: i64, ok: bool },
        /// `[by, id, to]`
        To { by: i64, id: i64, to: i64 },
        /// `[from, id]`
        From { from: i64, id: i64 },
    }

    impl Message {
        rt::some_field!(by, by_mut, i64, "by", Ok | To);
        rt::some_field!(from, from_mut, i64, "from", From);
        rt::field!(id, id_mut, i64, Ok | To | From);
        rt::some_field!(ok, ok_mut, bool, "ok", Ok);
        rt::some_field!(to, to_mut, i64, "to", To);
    }
    rt::shapes!(
        Message { Ok { by = "by", id = "id", ok = "ok" }, To { by = "by", id = "id", to =
        "to" }, From { from = "from", id = "id" } }
    );

    /// A record `[by, id, ok]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct ToldRecord {
        pub by: i64,
        pub id: i64,
        pub ok: bool,
    }
    rt::record!(ToldRecord { by = "by", id = "id", ok = "ok" });

    /// Mapping macro `Link`, proxy.tla:30. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Link`",
        label = "the parameter is mapped via `Link`",
        note = "if it behaves so, say it: `impl Link for …`"
    )]
    pub trait Link: rt::MappingMacro {}

    /// Mapping macro `Detector`, proxy.tla:44. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Detector`",
        label = "the parameter is mapped via `Detector`",
        note = "if it behaves so, say it: `impl Detector for …`"
    )]
    pub trait Detector: rt::MappingMacro {}

    /// Mapping macro `Told`, proxy.tla:58. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Told`",
        label = "the parameter is mapped via `Told`",
        note = "if it behaves so, say it: `impl Told for …`"
    )]
    pub trait Told: rt::MappingMacro {}

    pub mod relay {
        use super::*;
        /// Where control is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Label {
            /// `accept`, proxy.tla:70
            Accept,
            /// `forward`, proxy.tla:75
            Forward,
            /// `relay`, proxy.tla:87
            Relay,
            Done,
        }

        /// Label and variables.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
        #[serde(crate = "rt::serde")]
        pub struct State {
            pub label: Label,
            /// `request`, proxy.tla:68
            pub request: rt::Slot<Message>,
            /// `message`, proxy.tla:68
            pub message: rt::Slot<Message>,
            /// `backend = 0`, proxy.tla:68
            pub backend: i64,
            /// `tried = {}`, proxy.tla:68
            pub tried: rt::Set<i64>,
        }

        /// Archetype `Relay`, proxy.tla:67
        pub struct Relay {
            id: i64,
            constants: ::std::sync::Arc<Constants>,
            state: State,
            network: rt::Resource<i64, Message>,
            suspected: rt::Resource<i64, bool>,
        }

        /// What a `Relay` is made of.
        pub struct RelayParameters<Network, Suspected> {
            pub network: Network,
            pub suspected: Suspected,
        }

        impl Relay {
            /// The process `id`. Fails if the initial value of a variable cannot be evaluated.
            pub fn new(
                process_id: i64,
                constants: &::std::sync::Arc<Constants>,
                parameters: RelayParameters<
                    impl rt::Bound<i64, Message> + Link,
                    impl rt::Bound<i64, bool> + Detector,
                >,
            ) -> rt::Eval<Self> {
                Ok(Self {
                    id: process_id,
                    constants: constants.clone(),
                    state: State {
                        label: Label::Accept,
                        request: rt::Slot::Uninit,
                        message: rt::Slot::Uninit,
                        backend: 0,
                        tried: rt::Set::<i64>::new(),
                    },
                    network: rt::Resource::new(parameters.network),
                    suspected: rt::Resource::new(parameters.suspected),
                })
            }

            /// `accept`, proxy.tla:70
            //   while (TRUE) {
            //     request := network[Front];
            //     tried := {};
            fn accept(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                let network_read = self.network.read(section, &FRONT)?;
                self.state.request = rt::Slot::Value(network_read);
                self.state.tried = rt::Set::<i64>::new();
                Ok(Label::Forward)
            }

            /// `forward`, proxy.tla:75
            //   if (tried = Backends) {
            //     network[request.from] := [ok |-> FALSE, id |-> request.id, by |-> self];
            //     goto accept;
            //   } else {
            //     with (next \in Backends \ tried) {
            //       backend := next;
            //       tried := tried \cup {next};
            //       network[next] := [id |-> request.id, from |-> request.from];
            fn forward(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                let request = self.state.request.get()?;
                if self.state.tried == self.constants.backends()? {
                    let value = Message::Ok {
                        ok: false,
                        id: *request.id(),
                        by: self.id,
                    };
                    self.network.write(section, request.from()?, value)?;
                    Ok(Label::Accept)
                } else {
                    let next = section
                        .pick(
                            &rt::difference(
                                &self.constants.backends()?,
                                &self.state.tried,
                            ),
                        )?;
                    self.state.backend = next;
                    self.state.tried.insert(next);
                    let value = Message::From {
                        id: *request.id(),
                        from: *request.from()?,
                    };
                    self.network.write(section, &next, value)?;
                    Ok(Label::Relay)
                }
            }

            /// `relay`, proxy.tla:87
            //   either {
            //     message := network[Back];
            //     if (message.by = backend /\ message.to = request.from /\ message.id = request.id) {
            //       network[request.from] := [ok |-> TRUE, id |-> message.id, by |-> backend];
            //     } else {
            //       \* An answer that came too late.
            //       goto relay;
            //     };
            //   } or {
            //     await suspected[backend];
            fn relay(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                let request = self.state.request.get()?;
                match section.either(2) {
                    0 => {
                        let network_read = self.network.read(section, &BACK)?;
                        let message = self.state.message.insert(network_read);
                        if *message.by()? == self.state.backend
                            && *message.to()? == *request.from()?
                            && *message.id() == *request.id()
                        {
                            let value = Message::Ok {
                                ok: true,
                                id: *message.id(),
                                by: self.state.backend,
                            };
                            self.network.write(section, request.from()?, value)?;
                            Ok(Label::Accept)
                        } else {
                            Ok(Label::Relay)
                        }
                    }
                    _ => {
                        let suspected_read = self
                            .suspected
                            .read(section, &self.state.backend)?;
                        section.wait_for(suspected_read)?;
                        Ok(Label::Forward)
                    }
                }
            }
        }
        rt::archetype!(
            Relay(request, message, backend, tried) { Accept => accept, Forward =>
            forward, Relay => relay }
        );
    }
    pub use relay::{Relay, RelayParameters};

    pub mod backend {
        use super::*;
        /// Where control is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Label {
            /// `receive`, proxy.tla:106
            Receive,
            /// `answer`, proxy.tla:111
            Answer,
            Done,
        }

        /// Label and variables.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
        #[serde(crate = "rt::serde")]
        pub struct State {
            pub label: Label,
            /// `work`, proxy.tla:104
            pub work: rt::Slot<Message>,
        }

        /// Archetype `Backend`, proxy.tla:103
        pub struct Backend {
            id: i64,
            state: State,
            network: rt::Resource<i64, Message>,
            crashed: rt::Resource<i64, bool>,
        }

        /// What a `Backend` is made of.
        pub struct BackendParameters<Network, Crashed> {
            pub network: Network,
            pub crashed: Crashed,
        }

        impl Backend {
            /// The process `id`. Fails if the initial value of a variable cannot be evaluated.
            pub fn new(
                process_id: i64,
                constants: &::std::sync::Arc<Constants>,
                parameters: BackendParameters<
                    impl rt::Bound<i64, Message> + Link,
                    impl rt::Bound<i64, bool> + rt::PlainVariable,
                >,
            ) -> rt::Eval<Self> {
                Ok(Self {
                    id: process_id,
                    state: State {
                        label: Label::Receive,
                        work: rt::Slot::Uninit,
                    },
                    network: rt::Resource::new(parameters.network),
                    crashed: rt::Resource::new(parameters.crashed),
                })
            }

            /// `receive`, proxy.tla:106
            //   while (TRUE) {
            //     await ~crashed[self];
            //     work := network[self];
            fn receive(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                let crashed_read = self.crashed.read(section, &self.id)?;
                section.wait_for(!crashed_read)?;
                let network_read = self.network.read(section, &self.id)?;
                self.state.work = rt::Slot::Value(network_read);
                Ok(Label::Answer)
            }

            /// `answer`, proxy.tla:111
            //   await ~crashed[self];
            //   network[Back] := [id |-> work.id, to |-> work.from, by |-> self];
            fn answer(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                let work = self.state.work.get()?;
                let crashed_read = self.crashed.read(section, &self.id)?;
                section.wait_for(!crashed_read)?;
                let value = Message::To {
                    id: *work.id(),
                    to: *work.from()?,
                    by: self.id,
                };
                self.network.write(section, &BACK, value)?;
                Ok(Label::Receive)
            }
        }
        rt::archetype!(Backend(work) { Receive => receive, Answer => answer });
    }
    pub use backend::{Backend, BackendParameters};

    pub mod client {
        use super::*;
        /// Where control is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Label {
            /// `request`, proxy.tla:120
            Request,
            /// `response`, proxy.tla:125
            Response,
            Done,
        }

        /// Label and variables.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
        #[serde(crate = "rt::serde")]
        pub struct State {
            pub label: Label,
            /// `rounds`, proxy.tla:117
            pub rounds: i64,
            /// `reply`, proxy.tla:118
            pub reply: rt::Slot<Message>,
            /// `id = 0`, proxy.tla:118
            pub id: i64,
        }

        /// Archetype `Client`, proxy.tla:117
        pub struct Client {
            id: i64,
            state: State,
            network: rt::Resource<i64, Message>,
            told: rt::Resource<(), ToldRecord>,
        }

        /// What a `Client` is made of.
        pub struct ClientParameters<Network, ToldResource> {
            pub network: Network,
            pub told: ToldResource,
            pub rounds: i64,
        }

        impl Client {
            /// The process `id`. Fails if the initial value of a variable cannot be evaluated.
            pub fn new(
                process_id: i64,
                constants: &::std::sync::Arc<Constants>,
                parameters: ClientParameters<
                    impl rt::Bound<i64, Message> + Link,
                    impl rt::Bound<(), ToldRecord> + Told,
                >,
            ) -> rt::Eval<Self> {
                let rounds = parameters.rounds;
                Ok(Self {
                    id: process_id,
                    state: State {
                        label: Label::Request,
                        rounds,
                        reply: rt::Slot::Uninit,
                        id: 0,
                    },
                    network: rt::Resource::new(parameters.network),
                    told: rt::Resource::new(parameters.told),
                })
            }

            /// `request`, proxy.tla:120
            //   while (id < rounds) {
            //     id := id + 1;
            //     network[Front] := [id |-> id, from |-> self];
            fn request(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                if self.state.id < self.state.rounds {
                    self.state.id = rt::add(self.state.id, 1)?;
                    let value = Message::From {
                        id: self.state.id,
                        from: self.id,
                    };
                    self.network.write(section, &FRONT, value)?;
                    Ok(Label::Response)
                } else {
                    Ok(Label::Done)
                }
            }

            /// `response`, proxy.tla:125
            //   reply := network[self];
            //   assert reply.id = id;
            //   told := [id |-> id, ok |-> reply.ok, by |-> reply.by];
            fn response(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                let network_read = self.network.read(section, &self.id)?;
                let reply = self.state.reply.insert(network_read);
                section
                    .assert(
                        *reply.id() == self.state.id,
                        "reply.id = id",
                        "proxy.tla:127:18",
                    )?;
                let value = ToldRecord {
                    id: self.state.id,
                    ok: *reply.ok()?,
                    by: *reply.by()?,
                };
                self.told.write(section, &(), value)?;
                Ok(Label::Request)
            }
        }
        rt::archetype!(
            Client(rounds, reply, id) { Request => request, Response => response }
        );
    }
    pub use client::{Client, ClientParameters};

    pub mod fate {
        use super::*;
        /// Where control is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Label {
            /// `crash`, proxy.tla:151
            Crash,
            Done,
        }

        /// Label and variables.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
        #[serde(crate = "rt::serde")]
        pub struct State {
            pub label: Label,
        }

        /// Archetype `fate`, proxy.tla:149
        pub struct Fate {
            id: i64,
            state: State,
            crashed: rt::Resource<(), rt::Function<i64, bool>>,
        }

        /// What a `Fate` is made of.
        pub struct FateParameters<Crashed> {
            pub crashed: Crashed,
        }

        impl Fate {
            /// The process `id`. Fails if the initial value of a variable cannot be evaluated.
            pub fn new(
                process_id: i64,
                constants: &::std::sync::Arc<Constants>,
                parameters: FateParameters<
                    impl rt::Bound<(), rt::Function<i64, bool>> + rt::PlainVariable,
                >,
            ) -> rt::Eval<Self> {
                Ok(Self {
                    id: process_id,
                    state: State { label: Label::Crash },
                    crashed: rt::Resource::new(parameters.crashed),
                })
            }

            /// `crash`, proxy.tla:151
            //   crashed[-self] := TRUE;
            fn crash(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                let crashed_read = self.crashed.read(section, &())?;
                let value = {
                    let mut changed = crashed_read.clone();
                    let new = true;
                    *changed.at_mut(&rt::negate(self.id)?)? = new;
                    changed
                };
                self.crashed.write(section, &(), value)?;
                Ok(Label::Done)
            }
        }
        rt::archetype!(Fate = "fate" { Crash => crash });
    }
    pub use fate::{Fate, FateParameters};

    /// `Link` over the variable `network`, as the model has it.
    pub struct LinkOverNetwork {
        variable: rt::Shared<rt::Function<i64, rt::Seq<Message>>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for LinkOverNetwork {
        type Index = i64;
        type Read = Message;
        type Write = Message;
        fn read(&mut self, section: &mut rt::Section, index: &i64) -> rt::Step<Message> {
            let mut variable = self.variable.view(section)?.at(index)?.clone();
            section.wait_for(rt::len(&variable) > 0)?;
            let message = rt::head(&variable)?;
            variable = rt::tail(&variable)?;
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(message)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            index: &i64,
            value: Message,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.at(index)?.clone();
            variable = rt::append(&variable, &value);
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(())
        }
    }
    rt::over_variable!(
        LinkOverNetwork : Link, rt::Function < i64, rt::Seq < Message > >
    );

    /// `Detector` over the variable `crashed`, as the model has it.
    pub struct DetectorOverCrashed {
        variable: rt::Shared<rt::Function<i64, bool>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for DetectorOverCrashed {
        type Index = i64;
        type Read = bool;
        type Write = bool;
        fn read(&mut self, section: &mut rt::Section, index: &i64) -> rt::Step<bool> {
            let variable = self.variable.view(section)?.at(index)?.clone();
            let mut result = None;
            if variable {
                result = Some(true);
            } else {
                match section.either(2) {
                    0 => {
                        result = Some(true);
                    }
                    _ => {
                        result = Some(false);
                    }
                }
            }
            result.ok_or(rt::Abort::Retry)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            index: &i64,
            value: bool,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.at(index)?.clone();
            section.assert(false, "FALSE", "proxy.tla:53:14")?;
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(())
        }
    }
    rt::over_variable!(DetectorOverCrashed : Detector, rt::Function < i64, bool >);

    /// `Told` over the variable `log`, as the model has it.
    pub struct ToldOverLog {
        variable: rt::Shared<rt::Seq<rt::Value>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for ToldOverLog {
        type Index = ();
        type Read = ToldRecord;
        type Write = ToldRecord;
        fn read(&mut self, section: &mut rt::Section, (): &()) -> rt::Step<ToldRecord> {
            let variable = self.variable.view(section)?.clone();
            let mut result = None;
            section.assert(false, "FALSE", "proxy.tla:60:14")?;
            result.ok_or(rt::Abort::Retry)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            (): &(),
            value: ToldRecord,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.clone();
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }
    rt::over_variable!(ToldOverLog : Told, rt::Seq < rt::Value >);

    /// The global variables of the model, in memory.
    #[derive(Clone)]
    pub struct Variables {
        /// `network = [node \in Inboxes |-> <<>>]`, proxy.tla:133
        pub network: rt::Shared<rt::Function<i64, rt::Seq<Message>>>,
        /// `crashed = [backend \in Backends |-> FALSE]`, proxy.tla:134
        pub crashed: rt::Shared<rt::Function<i64, bool>>,
        /// `log = <<>>`, proxy.tla:135
        pub log: rt::Shared<rt::Seq<rt::Value>>,
    }

    impl Variables {
        /// The variables with their initial values. Fails if one cannot be evaluated.
        pub fn new(constants: &Constants) -> rt::Eval<Self> {
            let network = rt::function(
                &constants.inboxes()?,
                |node| Ok(rt::Seq::<Message>::new()),
            )?;
            let crashed = rt::function(&constants.backends()?, |backend| Ok(false))?;
            let log = rt::Seq::<rt::Value>::new();
            Ok(Self {
                network: rt::Shared::new(network),
                crashed: rt::Shared::new(crashed),
                log: rt::Shared::new(log),
            })
        }

        /// Starts every process: the system that TLC checks. Fails where `check` or `new` fails.
        pub fn spawn(
            &self,
            node: &mut impl rt::Spawn,
            constants: &::std::sync::Arc<Constants>,
        ) -> rt::Eval<()> {
            constants.check()?;
            let parameters = RelayParameters {
                network: LinkOverNetwork::new(&self.network, constants),
                suspected: DetectorOverCrashed::new(&self.crashed, constants),
            };
            node.spawn_fair(Relay::new(FRONT, constants, parameters)?);
            for process_id in (&constants.backends()?).iter().cloned() {
                let parameters = BackendParameters {
                    network: LinkOverNetwork::new(&self.network, constants),
                    crashed: rt::Indexed::new(&self.crashed),
                };
                node.spawn_fair(Backend::new(process_id, constants, parameters)?);
            }
            for process_id in (&constants.clients()?).iter().cloned() {
                let parameters = ClientParameters {
                    network: LinkOverNetwork::new(&self.network, constants),
                    told: ToldOverLog::new(&self.log, constants),
                    rounds: constants.rounds,
                };
                node.spawn_fair(Client::new(process_id, constants, parameters)?);
            }
            for process_id in (&rt::map(
                &constants.backends()?,
                |backend| -> rt::Eval<i64> { rt::negate(*backend) },
            )?)
                .iter()
                .cloned()
            {
                let parameters = FateParameters {
                    crashed: self.crashed.clone(),
                };
                node.spawn(Fate::new(process_id, constants, parameters)?);
            }
            Ok(())
        }
    }

    /// The values of all variables at one moment.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct VariablesSnapshot {
        pub network: rt::Function<i64, rt::Seq<Message>>,
        pub crashed: rt::Function<i64, bool>,
        pub log: rt::Seq<rt::Value>,
    }
    rt::variables!(Variables, VariablesSnapshot { network, crashed, log });
}

#[allow(unused_imports)]
pub use model::*;
