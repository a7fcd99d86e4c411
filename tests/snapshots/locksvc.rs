/// `LockService`, generated from locksvc.tla.
#[allow(unused, unused_qualifications, non_camel_case_types, missing_docs)]
#[allow(clippy::all, clippy::pedantic)]
mod model {
    use ::mpcal_runtime::generated as rt;

    const _: () = rt::assert_version("0.1.0");

    /// Identifies the model: nodes that run another one are refused.
    pub const MODEL_HASH: u64 = 0xdcd7_5755_e539_5105;

    /// `Server == 0`, locksvc.tla:17
    pub const SERVER: i64 = 0;

    /// The constants of the model. Its operators are methods; they fail where TLC reports an error.
    #[derive(Clone, Debug, PartialEq, Eq, rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Constants {
        /// `NumClients`, locksvc.tla:13
        pub num_clients: i64,
    }

    impl Constants {
        /// The constants that TLC checks the model with.
        pub fn checked() -> Self {
            Self { num_clients: 3 }
        }

        /// Checks every `ASSUME` of the model; the error is the first that does not hold.
        pub fn check(&self) -> rt::Eval<()> {
            rt::assume(
                self.num_clients >= 0 && self.num_clients > 0,
                "ASSUME NumClients \\in Nat /\\ NumClients > 0 (locksvc.tla:15:8)",
            )
        }

        /// `Nodes == Clients \cup {Server}`, locksvc.tla:19
        pub fn nodes(&self) -> rt::Eval<rt::Set<i64>> {
            Ok(rt::union(&self.clients()?, &rt::Set::<i64>::from([SERVER])))
        }

        /// `Clients == 1..NumClients`, locksvc.tla:18
        pub fn clients(&self) -> rt::Eval<rt::Set<i64>> {
            rt::range(1, self.num_clients)
        }
    }
    rt::identity!(Constants);

    /// A record `[from, kind]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Message {
        pub from: i64,
        pub kind: MessageKind,
    }
    rt::record!(Message { from = "from", kind = "kind" });

    /// One of the values that the model gives a name.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum MessageKind {
        /// `"grant"`
        Grant,
        /// `"release"`
        Release,
        /// `"request"`
        Request,
    }
    rt::tags!(MessageKind { Grant = "grant", Release = "release", Request = "request" });

    /// Mapping macro `Inbox`, locksvc.tla:28. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Inbox`",
        label = "the parameter is mapped via `Inbox`",
        note = "if it behaves so, say it: `impl Inbox for …`"
    )]
    pub trait Inbox: rt::MappingMacro {}

    pub mod lock_server {
        use super::*;
        /// Where control is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Label {
            /// `serve`, locksvc.tla:45
            Serve,
            /// `handle`, locksvc.tla:49
            Handle,
            Done,
        }

        /// Label and variables.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
        #[serde(crate = "rt::serde")]
        pub struct State {
            pub label: Label,
            /// `message`, locksvc.tla:43
            pub message: rt::Slot<Message>,
            /// `waiting = <<>>`, locksvc.tla:43
            pub waiting: rt::Seq<i64>,
        }

        /// Archetype `LockServer`, locksvc.tla:42
        pub struct LockServer {
            id: i64,
            state: State,
            network: rt::Resource<i64, Message>,
        }

        /// What a `LockServer` is made of.
        pub struct LockServerParameters<Network> {
            pub network: Network,
        }

        impl LockServer {
            /// The process `id`. Fails if the initial value of a variable cannot be evaluated.
            pub fn new(
                id: i64,
                constants: &::std::sync::Arc<Constants>,
                parameters: LockServerParameters<impl rt::Bound<i64, Message> + Inbox>,
            ) -> rt::Eval<Self> {
                Ok(Self {
                    id,
                    state: State {
                        label: Label::Serve,
                        message: rt::Slot::Uninit,
                        waiting: rt::Seq::<i64>::new(),
                    },
                    network: rt::Resource::new(parameters.network),
                })
            }

            /// `serve`, locksvc.tla:45
            //   while (TRUE) {
            //     message := network[self];
            fn serve(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                let network_read = self.network.read(section, &self.id)?;
                self.state.message = rt::Slot::Value(network_read);
                Ok(Label::Handle)
            }

            /// `handle`, locksvc.tla:49
            //   if (message.kind = Request) {
            //     if (waiting = <<>>) {
            //       network[message.from] := [kind |-> Grant, from |-> self];
            //     };
            //     waiting := Append(waiting, message.from);
            //   } else {
            //     waiting := Tail(waiting);
            //     if (waiting # <<>>) {
            //       network[Head(waiting)] := [kind |-> Grant, from |-> self];
            fn handle(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                let message = self.state.message.get()?;
                if message.kind == MessageKind::Request {
                    if self.state.waiting.is_empty() {
                        let value = Message {
                            kind: MessageKind::Grant,
                            from: self.id,
                        };
                        self.network.write(section, &message.from, value)?;
                    }
                    self.state.waiting.push(message.from);
                } else {
                    self.state.waiting = rt::tail(&self.state.waiting)?;
                    if !self.state.waiting.is_empty() {
                        let value = Message {
                            kind: MessageKind::Grant,
                            from: self.id,
                        };
                        self.network
                            .write(section, &rt::head(&self.state.waiting)?, value)?;
                    }
                }
                Ok(Label::Serve)
            }
        }
        rt::archetype!(
            LockServer(message, waiting) { Serve => serve, Handle => handle }
        );
    }
    pub use lock_server::{LockServer, LockServerParameters};

    pub mod lock_client {
        use super::*;
        /// Where control is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Label {
            /// `acquire`, locksvc.tla:67
            Acquire,
            /// `granted`, locksvc.tla:71
            Granted,
            /// `work`, locksvc.tla:76
            Work,
            Done,
        }

        /// Label and variables.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
        #[serde(crate = "rt::serde")]
        pub struct State {
            pub label: Label,
            /// `answer`, locksvc.tla:65
            pub answer: rt::Slot<Message>,
        }

        /// Archetype `LockClient`, locksvc.tla:64
        pub struct LockClient {
            id: i64,
            state: State,
            network: rt::Resource<i64, Message>,
            holding: rt::Resource<i64, bool>,
            rounds: rt::Resource<(), i64>,
        }

        /// What a `LockClient` is made of.
        pub struct LockClientParameters<Network, Holding, Rounds> {
            pub network: Network,
            pub holding: Holding,
            pub rounds: Rounds,
        }

        impl LockClient {
            /// The process `id`. Fails if the initial value of a variable cannot be evaluated.
            pub fn new(
                id: i64,
                constants: &::std::sync::Arc<Constants>,
                parameters: LockClientParameters<
                    impl rt::Bound<i64, Message> + Inbox,
                    impl rt::Bound<i64, bool> + rt::PlainVariable,
                    impl rt::Bound<(), i64> + rt::PlainVariable,
                >,
            ) -> rt::Eval<Self> {
                Ok(Self {
                    id,
                    state: State {
                        label: Label::Acquire,
                        answer: rt::Slot::Uninit,
                    },
                    network: rt::Resource::new(parameters.network),
                    holding: rt::Resource::new(parameters.holding),
                    rounds: rt::Resource::new(parameters.rounds),
                })
            }

            /// `acquire`, locksvc.tla:67
            //   while (rounds > 0) {
            //     network[Server] := [kind |-> Request, from |-> self];
            fn acquire(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                if self.rounds.read(section, &())? > 0 {
                    let value = Message {
                        kind: MessageKind::Request,
                        from: self.id,
                    };
                    self.network.write(section, &SERVER, value)?;
                    Ok(Label::Granted)
                } else {
                    Ok(Label::Done)
                }
            }

            /// `granted`, locksvc.tla:71
            //   answer := network[self];
            //   assert answer.kind = Grant;
            //   holding[self] := TRUE;
            fn granted(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                let network_read = self.network.read(section, &self.id)?;
                let answer = self.state.answer.insert(network_read);
                section
                    .assert(
                        answer.kind == MessageKind::Grant,
                        "answer.kind = Grant",
                        "locksvc.tla:73:18",
                    )?;
                self.holding.write(section, &self.id, true)?;
                Ok(Label::Work)
            }

            /// `work`, locksvc.tla:76
            //   holding[self] := FALSE;
            //   network[Server] := [kind |-> Release, from |-> self];
            //   rounds := rounds - 1;
            fn work(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                self.holding.write(section, &self.id, false)?;
                let value = Message {
                    kind: MessageKind::Release,
                    from: self.id,
                };
                self.network.write(section, &SERVER, value)?;
                let value = rt::subtract(self.rounds.read(section, &())?, 1)?;
                self.rounds.write(section, &(), value)?;
                Ok(Label::Acquire)
            }
        }
        rt::archetype!(
            LockClient(answer) { Acquire => acquire, Granted => granted, Work => work }
        );
    }
    pub use lock_client::{LockClient, LockClientParameters};

    /// `Inbox` over the variable `network`, as the model has it.
    pub struct InboxOverNetwork {
        variable: rt::Shared<rt::Function<i64, rt::Seq<Message>>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for InboxOverNetwork {
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
            let condition = rt::len(&variable)
                < rt::multiply(2, rt::cardinality(&self.constants.nodes()?))?;
            section.wait_for(condition)?;
            variable = rt::append(&variable, &value);
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(())
        }
    }
    rt::over_variable!(
        InboxOverNetwork : Inbox, rt::Function < i64, rt::Seq < Message > >
    );

    /// The global variables of the model, in memory.
    #[derive(Clone)]
    pub struct Variables {
        /// `network = [node \in Nodes |-> <<>>]`, locksvc.tla:84
        pub network: rt::Shared<rt::Function<i64, rt::Seq<Message>>>,
        /// `holding = [client \in Clients |-> FALSE]`, locksvc.tla:85
        pub holding: rt::Shared<rt::Function<i64, bool>>,
        /// `rounds` of `client`, locksvc.tla:90
        pub rounds: rt::OwnVariable<i64, i64>,
    }

    impl Variables {
        /// The variables with their initial values. Fails if one cannot be evaluated.
        pub fn new(constants: &Constants) -> rt::Eval<Self> {
            let network = rt::function(
                &constants.nodes()?,
                |node| Ok(rt::Seq::<Message>::new()),
            )?;
            let holding = rt::function(&constants.clients()?, |client| Ok(false))?;
            let rounds = rt::OwnVariable::new(&constants.clients()?, |id: i64| Ok(2))?;
            Ok(Self {
                network: rt::Shared::new(network),
                holding: rt::Shared::new(holding),
                rounds,
            })
        }

        /// Starts every process: the system that TLC checks. Fails where `check` or `new` fails.
        pub fn spawn(
            &self,
            node: &mut impl rt::Spawn,
            constants: &::std::sync::Arc<Constants>,
        ) -> rt::Eval<()> {
            constants.check()?;
            let parameters = LockServerParameters {
                network: InboxOverNetwork::new(&self.network, constants),
            };
            node.spawn_fair(LockServer::new(SERVER, constants, parameters)?);
            for id in (&constants.clients()?).iter().cloned() {
                let parameters = LockClientParameters {
                    network: InboxOverNetwork::new(&self.network, constants),
                    holding: rt::Indexed::new(&self.holding),
                    rounds: self.rounds.of(&id)?,
                };
                node.spawn_fair(LockClient::new(id, constants, parameters)?);
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
        pub holding: rt::Function<i64, bool>,
        pub rounds: rt::Function<i64, i64>,
    }
    rt::variables!(Variables, VariablesSnapshot { network, holding; rounds });
}

#[allow(unused_imports)]
pub use model::*;
