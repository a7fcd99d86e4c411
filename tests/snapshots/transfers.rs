/// `Transfers`, generated from transfers.tla.
#[allow(unused, unused_qualifications, non_camel_case_types, missing_docs)]
#[allow(clippy::all, clippy::pedantic)]
mod model {
    use ::mpcal_runtime::generated as rt;

    const _: () = rt::assert_version("0.1.0");

    /// Identifies the model: nodes that run another one are refused.
    pub const MODEL_HASH: u64 = 0x1599_bae3_cfc4_55c8;

    /// The constants of the model. Its operators are methods; they fail where TLC reports an error.
    #[derive(Clone, Debug, PartialEq, Eq, rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Constants {
        /// `NumBranches`, transfers.tla:14
        pub num_branches: i64,
        /// `Opening`, transfers.tla:15
        pub opening: i64,
        /// `Amounts`, transfers.tla:17
        pub amounts: rt::Set<i64>,
        /// `Payments`, transfers.tla:17
        pub payments: i64,
        /// `Crashes`, transfers.tla:17
        pub crashes: i64,
    }

    impl Constants {
        /// The constants that TLC checks the model with.
        pub fn checked() -> Self {
            Self {
                num_branches: 3,
                opening: 2,
                amounts: rt::Set::from([1, 2]),
                payments: 3,
                crashes: 2,
            }
        }

        /// Checks every `ASSUME` of the model; the error is the first that does not hold.
        pub fn check(&self) -> rt::Eval<()> {
            rt::assume(
                self.num_branches > 1 && self.opening >= 0,
                "ASSUME NumBranches > 1 /\\ Opening >= 0 (transfers.tla:19:8)",
            )
        }

        /// `Branches == 1..NumBranches`, transfers.tla:21
        pub fn branches(&self) -> rt::Eval<rt::Set<i64>> {
            rt::range(1, self.num_branches)
        }

        /// `Nothing == [to |-> 0, amount |-> 0]`, transfers.tla:24
        pub fn nothing(&self) -> Payment {
            Payment { to: 0, amount: 0 }
        }
    }
    rt::identity!(Constants);

    /// A record `[amount, from]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Message {
        pub amount: i64,
        pub from: i64,
    }
    rt::record!(Message { amount = "amount", from = "from" });

    /// A record `[balance, paid, received]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Account {
        pub balance: i64,
        pub paid: i64,
        pub received: i64,
    }
    rt::record!(Account { balance = "balance", paid = "paid", received = "received" });

    /// A record `[amount, to]`.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct Payment {
        pub amount: i64,
        pub to: i64,
    }
    rt::record!(Payment { amount = "amount", to = "to" });

    /// Mapping macro `DurableLink`, transfers.tla:30. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `DurableLink`",
        label = "the parameter is mapped via `DurableLink`",
        note = "if it behaves so, say it: `impl DurableLink for …`"
    )]
    pub trait DurableLink: rt::MappingMacro {}

    /// Mapping macro `Wish`, transfers.tla:45. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Wish`",
        label = "the parameter is mapped via `Wish`",
        note = "if it behaves so, say it: `impl Wish for …`"
    )]
    pub trait Wish: rt::MappingMacro {}

    /// Mapping macro `Told`, transfers.tla:59. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Told`",
        label = "the parameter is mapped via `Told`",
        note = "if it behaves so, say it: `impl Told for …`"
    )]
    pub trait Told: rt::MappingMacro {}

    /// Mapping macro `Sometimes`, transfers.tla:69. Implement it only for a resource that behaves as it says.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not declared to implement the mapping macro `Sometimes`",
        label = "the parameter is mapped via `Sometimes`",
        note = "if it behaves so, say it: `impl Sometimes for …`"
    )]
    pub trait Sometimes: rt::MappingMacro {}

    pub mod branch {
        use super::*;
        /// Where control is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Label {
            /// `start`, transfers.tla:91
            Start,
            /// `serve`, transfers.tla:94
            Serve,
            Done,
        }

        /// Label and variables.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
        #[serde(crate = "rt::serde")]
        pub struct State {
            pub label: Label,
            /// `payment = Nothing`, transfers.tla:89
            pub payment: Payment,
        }

        /// Archetype `Branch`, transfers.tla:80
        pub struct Branch {
            id: i64,
            constants: ::std::sync::Arc<Constants>,
            state: State,
            network: rt::Resource<i64, Message>,
            wish: rt::Resource<(), Payment>,
            crash: rt::Resource<(), bool>,
            account: rt::Resource<i64, Account>,
            statement: rt::Resource<i64, Account>,
        }

        /// What a `Branch` is made of.
        pub struct BranchParameters<
            Network,
            WishResource,
            Crash,
            AccountResource,
            Statement,
        > {
            pub network: Network,
            pub wish: WishResource,
            pub crash: Crash,
            pub account: AccountResource,
            pub statement: Statement,
        }

        impl Branch {
            /// The process `id`. Fails if the initial value of a variable cannot be evaluated.
            pub fn new(
                id: i64,
                constants: &::std::sync::Arc<Constants>,
                parameters: BranchParameters<
                    impl rt::Bound<i64, Message> + DurableLink,
                    impl rt::Bound<(), Payment> + Wish,
                    impl rt::Bound<(), bool> + Sometimes,
                    impl rt::Bound<i64, Account> + rt::PlainVariable,
                    impl rt::Bound<i64, Account> + Told,
                >,
            ) -> rt::Eval<Self> {
                Ok(Self {
                    id,
                    constants: constants.clone(),
                    state: State {
                        label: Label::Start,
                        payment: constants.nothing(),
                    },
                    network: rt::Resource::new(parameters.network),
                    wish: rt::Resource::new(parameters.wish),
                    crash: rt::Resource::new(parameters.crash),
                    account: rt::Resource::new(parameters.account),
                    statement: rt::Resource::new(parameters.statement),
                })
            }

            /// `start`, transfers.tla:91
            //   payment := Nothing;
            fn start(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                self.state.payment = self.constants.nothing();
                Ok(Label::Serve)
            }

            /// `serve`, transfers.tla:94
            //   while (TRUE) {
            //     either {
            //       await payment = Nothing;
            //       payment := wish;
            //     } or {
            //       await payment # Nothing /\ payment.amount <= account[self].balance;
            //       with (after = [account[self] EXCEPT !.balance = @ - payment.amount, !.paid = @ + 1]) {
            //         account[self] := after;
            //         statement[self] := after;
            //       };
            //       network[payment.to] := [from |-> self, amount |-> payment.amount];
            //       payment := Nothing;
            //     } or {
            //       with (message = network[self];
            //             after = [account[self] EXCEPT !.balance = @ + message.amount, !.received = @ + 1]) {
            //         account[self] := after;
            //         statement[self] := after;
            //       };
            //     } or {
            //       await crash;
            fn serve(&mut self, section: &mut rt::Section) -> rt::Step<Label> {
                match section.either(4) {
                    0 => {
                        section
                            .wait_for(self.state.payment == self.constants.nothing())?;
                        let wish_read = self.wish.read(section, &())?;
                        self.state.payment = wish_read;
                        Ok(Label::Serve)
                    }
                    1 => {
                        let account_read = self.account.read(section, &self.id)?;
                        let condition = self.state.payment != self.constants.nothing()
                            && self.state.payment.amount <= account_read.balance;
                        section.wait_for(condition)?;
                        let after = {
                            let mut changed = account_read.clone();
                            let old = changed.balance.clone();
                            let new = rt::subtract(old, self.state.payment.amount)?;
                            changed.balance = new;
                            let old = changed.paid.clone();
                            let new = rt::add(old, 1)?;
                            changed.paid = new;
                            changed
                        };
                        self.account.write(section, &self.id, after.clone())?;
                        self.statement.write(section, &self.id, after.clone())?;
                        let value = Message {
                            from: self.id,
                            amount: self.state.payment.amount,
                        };
                        self.network.write(section, &self.state.payment.to, value)?;
                        self.state.payment = self.constants.nothing();
                        Ok(Label::Serve)
                    }
                    2 => {
                        let network_read = self.network.read(section, &self.id)?;
                        let message = network_read;
                        let account_read = self.account.read(section, &self.id)?;
                        let after = {
                            let mut changed = account_read.clone();
                            let old = changed.balance.clone();
                            let new = rt::add(old, message.amount)?;
                            changed.balance = new;
                            let old = changed.received.clone();
                            let new = rt::add(old, 1)?;
                            changed.received = new;
                            changed
                        };
                        self.account.write(section, &self.id, after.clone())?;
                        self.statement.write(section, &self.id, after.clone())?;
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
            Branch(payment) { Start => start, Serve => serve }, Start is local
        );
    }
    pub use branch::{Branch, BranchParameters};

    /// `DurableLink` over the variable `network`, as the model has it.
    pub struct DurableLinkOverNetwork {
        variable: rt::Shared<rt::Function<i64, rt::Function<i64, rt::Seq<Message>>>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for DurableLinkOverNetwork {
        type Index = i64;
        type Read = Message;
        type Write = Message;
        fn read(&mut self, section: &mut rt::Section, index: &i64) -> rt::Step<Message> {
            let mut variable = self.variable.view(section)?.at(index)?.clone();
            let from = section
                .pick(
                    &rt::filter(
                        &self.constants.branches()?,
                        |b| Ok(!variable.at(b)?.is_empty()),
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
            value: Message,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.at(index)?.clone();
            variable = {
                let mut changed = variable.clone();
                let old = changed.at(&value.from)?.clone();
                let new = rt::append(&old, &value);
                *changed.at_mut(&value.from)? = new;
                changed
            };
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(())
        }
    }
    rt::over_variable!(
        DurableLinkOverNetwork : DurableLink, rt::Function < i64, rt::Function < i64,
        rt::Seq < Message > > >
    );

    /// `Wish` over the variable `wishes`, as the model has it.
    pub struct WishOverWishes {
        variable: rt::Shared<i64>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for WishOverWishes {
        type Index = ();
        type Read = Payment;
        type Write = Payment;
        fn read(&mut self, section: &mut rt::Section, (): &()) -> rt::Step<Payment> {
            let process = <i64 as rt::Data>::from_value(section.process())?;
            let mut variable = self.variable.view(section)?.clone();
            section.wait_for(variable > 0)?;
            variable = rt::subtract(variable, 1)?;
            let to = section
                .pick(
                    &rt::difference(
                        &self.constants.branches()?,
                        &rt::Set::<i64>::from([process]),
                    ),
                )?;
            let amount = section.pick(&self.constants.amounts)?;
            let result = Payment { to: to, amount: amount };
            *self.variable.get_mut(section) = variable;
            Ok(result)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            (): &(),
            value: Payment,
        ) -> rt::Step<()> {
            let process = <i64 as rt::Data>::from_value(section.process())?;
            let mut variable = self.variable.view(section)?.clone();
            section.assert(false, "FALSE", "transfers.tla:54:14")?;
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }
    rt::over_variable!(WishOverWishes : Wish, i64);

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
            value: bool,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.clone();
            section.assert(false, "FALSE", "transfers.tla:76:14")?;
            *self.variable.get_mut(section) = variable;
            Ok(())
        }
    }
    rt::over_variable!(SometimesOverCrashes : Sometimes, i64);

    /// `Told` over the variable `statements`, as the model has it.
    pub struct ToldOverStatements {
        variable: rt::Shared<rt::Function<i64, Account>>,
        constants: ::std::sync::Arc<Constants>,
    }

    impl rt::MappingMacro for ToldOverStatements {
        type Index = i64;
        type Read = Account;
        type Write = Account;
        fn read(&mut self, section: &mut rt::Section, index: &i64) -> rt::Step<Account> {
            let variable = self.variable.view(section)?.at(index)?.clone();
            let mut result = None;
            section.assert(false, "FALSE", "transfers.tla:61:14")?;
            result.ok_or(rt::Abort::Retry)
        }

        fn write(
            &mut self,
            section: &mut rt::Section,
            index: &i64,
            value: Account,
        ) -> rt::Step<()> {
            let mut variable = self.variable.view(section)?.at(index)?.clone();
            variable = value.clone();
            *self.variable.get_mut(section).at_mut(index)? = variable;
            Ok(())
        }
    }
    rt::over_variable!(ToldOverStatements : Told, rt::Function < i64, Account >);

    /// The global variables of the model, in memory.
    #[derive(Clone)]
    pub struct Variables {
        /// `network = [to \in Branches |-> [from \in Branches |-> <<>>]]`, transfers.tla:121
        pub network: rt::Shared<rt::Function<i64, rt::Function<i64, rt::Seq<Message>>>>,
        /// `accounts = [b \in Branches |-> [balance |-> Opening, paid |-> 0, received |-> 0]]`, transfers.tla:122
        pub accounts: rt::Shared<rt::Function<i64, Account>>,
        /// `statements = accounts`, transfers.tla:123
        pub statements: rt::Shared<rt::Function<i64, Account>>,
        /// `wishes = Payments`, transfers.tla:124
        pub wishes: rt::Shared<i64>,
        /// `crashes = Crashes`, transfers.tla:125
        pub crashes: rt::Shared<i64>,
    }

    impl Variables {
        /// The variables with their initial values. Fails if one cannot be evaluated.
        pub fn new(constants: &Constants) -> rt::Eval<Self> {
            let network = rt::function(
                &constants.branches()?,
                |to| -> rt::Eval<rt::Function<i64, rt::Seq<Message>>> {
                    rt::function(
                        &constants.branches()?,
                        |from| Ok(rt::Seq::<Message>::new()),
                    )
                },
            )?;
            let accounts = rt::function(
                &constants.branches()?,
                |b| Ok(Account {
                    balance: constants.opening,
                    paid: 0,
                    received: 0,
                }),
            )?;
            let statements = accounts.clone();
            let wishes = constants.payments;
            let crashes = constants.crashes;
            Ok(Self {
                network: rt::Shared::new(network),
                accounts: rt::Shared::new(accounts),
                statements: rt::Shared::new(statements),
                wishes: rt::Shared::new(wishes),
                crashes: rt::Shared::new(crashes),
            })
        }

        /// Starts every process: the system that TLC checks. Fails where `check` or `new` fails.
        pub fn spawn(
            &self,
            node: &mut impl rt::Spawn,
            constants: &::std::sync::Arc<Constants>,
        ) -> rt::Eval<()> {
            constants.check()?;
            for id in (&constants.branches()?).iter().cloned() {
                let parameters = BranchParameters {
                    network: DurableLinkOverNetwork::new(&self.network, constants),
                    wish: WishOverWishes::new(&self.wishes, constants),
                    crash: SometimesOverCrashes::new(&self.crashes, constants),
                    account: rt::Indexed::new(&self.accounts),
                    statement: ToldOverStatements::new(&self.statements, constants),
                };
                node.spawn_fair(Branch::new(id, constants, parameters)?);
            }
            Ok(())
        }
    }

    /// The values of all variables at one moment.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[derive(rt::Serialize, rt::Deserialize)]
    #[serde(crate = "rt::serde")]
    pub struct VariablesSnapshot {
        pub network: rt::Function<i64, rt::Function<i64, rt::Seq<Message>>>,
        pub accounts: rt::Function<i64, Account>,
        pub statements: rt::Function<i64, Account>,
        pub wishes: i64,
        pub crashes: i64,
    }
    rt::variables!(
        Variables, VariablesSnapshot { network, accounts, statements, wishes, crashes }
    );
}

#[allow(unused_imports)]
pub use model::*;
