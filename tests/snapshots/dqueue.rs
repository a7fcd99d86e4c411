/// `Queue`, generated from dqueue.tla.
#[allow(unused, unused_qualifications, non_camel_case_types, missing_docs)]
#[allow(clippy::all, clippy::pedantic)]
mod model {
    use ::mpcal_runtime::generated as rt;

    const _: () = rt::assert_version("0.1.0");

    /// Identifies the model: nodes that run another one are refused.
    pub const MODEL_HASH: u64 = 0x6b73_6154_ae67_b8bd;

    /// `Producer == 0`, dqueue.tla:14
    pub const PRODUCER: i64 = 0;

    /// The constants of the model. Its operators are methods; they fail where TLC reports an error.
    #[derive(Clone, Debug, PartialEq, Eq, rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Constants {
        /// `NumConsumers`, dqueue.tla:9
        pub num_consumers: i64,
        /// `NumItems`, dqueue.tla:9
        pub num_items: i64,
    }

    impl Constants {
        /// The constants that TLC checks the model with.
        pub fn checked() -> Self {
            Self {
                num_consumers: 3,
                num_items: 5,
            }
        }

        /// Checks every `ASSUME` of the model; the error is the first that does not hold.
        pub fn check(&self) -> rt::Eval<()> {
            rt::assume(
                self.num_consumers >= 0 && self.num_consumers > 0,
                "ASSUME NumConsumers \\in Nat /\\ NumConsumers > 0 (dqueue.tla:11:8)",
            )?;
            rt::assume(self.num_items >= 0, "ASSUME NumItems \\in Nat (dqueue.tla:12:8)")
        }

        /// `Nodes == Consumers \cup {Producer}`, dqueue.tla:16
        pub fn nodes(&self) -> rt::Eval<rt::Set<i64>> {
            Ok(rt::union(&self.consumers()?, &rt::Set::<i64>::from([PRODUCER])))
        }

        /// `Consumers == 1..NumConsumers`, dqueue.tla:15
        pub fn consumers(&self) -> rt::Eval<rt::Set<i64>> {
            rt::range(1, self.num_consumers)
        }
    }
    rt::identity!(Constants);

    /// Records of several shapes, told apart by their field `kind`.
    #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub enum Request {
        /// `[kind]`
        Empty,
        /// `[from, kind]`
        Ask { from: i64 },
        /// `[kind, number]`
        Item { number: i64 },
    }

    impl Request {
        rt::some_field!(from, from_mut, i64, "from", Ask);
        /// The field `kind`, which the variant stands for.
        #[must_use]
        pub fn kind(&self) -> RequestKind {
            match self {
                Self::Empty { .. } => RequestKind::Empty,
                Self::Ask { .. } => RequestKind::Ask,
                Self::Item { .. } => RequestKind::Item,
            }
        }
        rt::some_field!(number, number_mut, i64, "number", Item);
    }
    rt::shapes!(
        Request { Empty {} with "kind" = RequestKind::Empty, Ask { from = "from" } with
        "kind" = RequestKind::Ask, Item { number = "number" } with "kind" =
        RequestKind::Item }
    );

    /// One of the values that the model gives a name.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum RequestKind {
        /// `"ask"`
        Ask,
        /// `"empty"`
        Empty,
        /// `"item"`
        Item,
    }
    rt::tags!(RequestKind { Ask = "ask", Empty = "empty", Item = "item" });

    /// Mapping macro `Link`, dqueue.tla:25. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Link`",
        label = "the parameter is mapped via `Link`",
        note = "if it behaves so, say it: `impl Link for …`"
    )]
    pub trait Link: rt::MappingMacro {}

    pub mod supplier {
        use super::*;
        /// Where control is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Label {
            /// `supply`, dqueue.tla:41
            Supply,
            Done,
        }

        /// Label and variables.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
        #[serde(crate = "rt::serde")]
        pub struct State {
            pub label: Label,
            /// `request`, dqueue.tla:39
            pub request: rt::Slot<Request>,
            /// `next = 1`, dqueue.tla:39
            pub next: i64,
            /// `told = {}`, dqueue.tla:39
            pub told: rt::Set<i64>,
        }

        /// Archetype `Supplier`, dqueue.tla:38
        pub struct Supplier {
            id: i64,
            constants: ::std::sync::Arc<Constants>,
            state: State,
            network: rt::Resource<i64, Request>,
        }

        /// What a `Supplier` is made of.
        pub struct SupplierParameters<Network> {
            pub network: Network,
        }

        impl Supplier {
            /// The process `id`. Fails if the initial value of a variable cannot be evaluated.
            pub fn new(
                id: i64,
                constants: &::std::sync::Arc<Constants>,
                parameters: SupplierParameters<impl rt::Bound<i64, Request> + Link>,
            ) -> rt::Eval<Self> {
                Ok(Self {
                    id,
                    constants: constants.clone(),
                    state: State {
                        label: Label::Supply,
                        request: rt::Slot::Uninit,
                        next: 1,
                        told: rt::Set::<i64>::new(),
                    },
                    network: rt::Resource::new(parameters.network),
                })
            }

            /// `supply`, dqueue.tla:41
            //   while (told # Consumers) {
            //     request := network[self];
            //     if (next <= NumItems) {
            //       network[request.from] := [kind |-> Item, number |-> next];
            //       next := next + 1;
            //     } else {
            //       network[request.from] := [kind |-> Empty];
            //       told := told \cup {request.from};
            fn supply(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                if self.state.told != self.constants.consumers()? {
                    let network_read = self.network.read(section, &self.id)?;
                    let request = self.state.request.insert(network_read);
                    if self.state.next <= self.constants.num_items {
                        let value = Request::Item {
                            number: self.state.next,
                        };
                        self.network.write(section, request.from()?, value)?;
                        self.state.next = rt::add(self.state.next, 1)?;
                    } else {
                        let value = Request::Empty;
                        self.network.write(section, request.from()?, value)?;
                        self.state.told.insert(*request.from()?);
                    }
                    Ok(Label::Supply)
                } else {
                    Ok(Label::Done)
                }
            }
        }
        rt::archetype!(Supplier(request, next, told) { Supply => supply });
    }
    pub use supplier::{Supplier, SupplierParameters};

    pub mod worker {
        use super::*;
        /// Where control is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Label {
            /// `ask`, dqueue.tla:57
            Ask,
            /// `take`, dqueue.tla:61
            Take,
            Done,
        }

        /// Label and variables.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
        #[serde(crate = "rt::serde")]
        pub struct State {
            pub label: Label,
            /// `answer`, dqueue.tla:55
            pub answer: rt::Slot<Request>,
            /// `working = TRUE`, dqueue.tla:55
            pub working: bool,
        }

        /// Archetype `Worker`, dqueue.tla:54
        pub struct Worker {
            id: i64,
            state: State,
            network: rt::Resource<i64, Request>,
            done: rt::Resource<i64, rt::Seq<i64>>,
        }

        /// What a `Worker` is made of.
        pub struct WorkerParameters<Network, Done> {
            pub network: Network,
            pub done: Done,
        }

        impl Worker {
            /// The process `id`. Fails if the initial value of a variable cannot be evaluated.
            pub fn new(
                id: i64,
                constants: &::std::sync::Arc<Constants>,
                parameters: WorkerParameters<
                    impl rt::Bound<i64, Request> + Link,
                    impl rt::Bound<i64, rt::Seq<i64>> + rt::PlainVariable,
                >,
            ) -> rt::Eval<Self> {
                Ok(Self {
                    id,
                    state: State {
                        label: Label::Ask,
                        answer: rt::Slot::Uninit,
                        working: true,
                    },
                    network: rt::Resource::new(parameters.network),
                    done: rt::Resource::new(parameters.done),
                })
            }

            /// `ask`, dqueue.tla:57
            //   while (working) {
            //     network[Producer] := [kind |-> Ask, from |-> self];
            fn ask(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                if self.state.working {
                    let value = Request::Ask { from: self.id };
                    self.network.write(section, &PRODUCER, value)?;
                    Ok(Label::Take)
                } else {
                    Ok(Label::Done)
                }
            }

            /// `take`, dqueue.tla:61
            //   answer := network[self];
            //   if (answer.kind = Item) {
            //     done[self] := Append(done[self], answer.number);
            //   } else {
            //     working := FALSE;
            fn take(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                let network_read = self.network.read(section, &self.id)?;
                let answer = self.state.answer.insert(network_read);
                if let Request::Item { number, .. } = answer {
                    let done_read = self.done.read(section, &self.id)?;
                    self.done.write(section, &self.id, rt::append(&done_read, number))?;
                } else {
                    self.state.working = false;
                }
                Ok(Label::Ask)
            }
        }
        rt::archetype!(Worker(answer, working) { Ask => ask, Take => take });
    }
    pub use worker::{Worker, WorkerParameters};

    /// `Link` over the variable `network`, as the model has it.
    pub struct LinkOverNetwork {
        variable: rt::Shared<rt::Function<i64, rt::Seq<Request>>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for LinkOverNetwork {
        type Index = i64;
        type Read = Request;
        type Write = Request;
        fn read(&mut self, section: &mut rt::Section, index: &i64) -> rt::Step<Request> {
            let mut variable = self.variable.view(section)?.at(index)?.clone();
            section.wait_for(!variable.is_empty())?;
            let message = rt::head(&variable)?;
            variable = rt::tail(&variable)?;
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(message)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            index: &i64,
            value: Request,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.at(index)?.clone();
            variable = rt::append(&variable, &value);
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(())
        }
    }
    rt::over_variable!(
        LinkOverNetwork : Link, rt::Function < i64, rt::Seq < Request > >
    );

    /// The global variables of the model, in memory.
    #[derive(Clone)]
    pub struct Variables {
        /// `network = [node \in Nodes |-> <<>>]`, dqueue.tla:72
        pub network: rt::Shared<rt::Function<i64, rt::Seq<Request>>>,
        /// `done = [consumer \in Consumers |-> <<>>]`, dqueue.tla:73
        pub done: rt::Shared<rt::Function<i64, rt::Seq<i64>>>,
    }

    impl Variables {
        /// The variables with their initial values. Fails if one cannot be evaluated.
        pub fn new(constants: &Constants) -> rt::Eval<Self> {
            let network = rt::function(
                &constants.nodes()?,
                |node| Ok(rt::Seq::<Request>::new()),
            )?;
            let done = rt::function(
                &constants.consumers()?,
                |consumer| Ok(rt::Seq::<i64>::new()),
            )?;
            Ok(Self {
                network: rt::Shared::new(network),
                done: rt::Shared::new(done),
            })
        }

        /// Starts every process: the system that TLC checks. Fails where `check` or `new` fails.
        pub fn spawn(
            &self,
            node: &mut impl rt::Spawn,
            constants: &::std::sync::Arc<Constants>,
        ) -> rt::Eval<()> {
            constants.check()?;
            let parameters = SupplierParameters {
                network: LinkOverNetwork::new(&self.network, constants),
            };
            node.spawn_fair(Supplier::new(PRODUCER, constants, parameters)?);
            for id in (&constants.consumers()?).iter().cloned() {
                let parameters = WorkerParameters {
                    network: LinkOverNetwork::new(&self.network, constants),
                    done: rt::Indexed::new(&self.done),
                };
                node.spawn_fair(Worker::new(id, constants, parameters)?);
            }
            Ok(())
        }
    }

    /// The values of all variables at one moment.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct VariablesSnapshot {
        pub network: rt::Function<i64, rt::Seq<Request>>,
        pub done: rt::Function<i64, rt::Seq<i64>>,
    }
    rt::variables!(Variables, VariablesSnapshot { network, done });
}

#[allow(unused_imports)]
pub use model::*;
