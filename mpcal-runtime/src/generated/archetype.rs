//! What generated archetypes, and the variables they run over, have in common.

/// What a driver runs: `rt::archetype!(Server(message) { Serve => serve, SendAll = "sendAll" => send_all }, Serve is local;
/// strong Serve; unfair SendAll; calls { Ask = "ask" { who } });`, with its variables, and a text where the model does not
/// spell a name as Rust does. Labels that are strong or unfair are so whatever the process is; `calls` has its procedures.
#[doc(hidden)]
#[macro_export]
macro_rules! __archetype {
    (@spelt $name:ident) => { ::std::stringify!($name) };
    (@spelt $name:ident $text:literal) => { $text };
    ($name:ident $(= $text:literal)? $(($($variable:ident $(= $variable_text:literal)?),*))? {
        $($label:ident $(= $label_text:literal)? => $function:ident),*
    } $(, $local:ident is local)* $(; strong $($strong:ident),+)? $(; unfair $($unfair:ident),+)?
    $(; calls { $($frame:ident $(= $frame_text:literal)? { $($own:ident $(= $own_text:literal)?),* }),* })?) => {
        impl $crate::generated::Archetype for $name {
            type State = State;

            fn name(&self) -> &'static str {
                $crate::__archetype!(@spelt $name $($text)?)
            }

            fn process(&self) -> $crate::generated::Value {
                $crate::generated::Data::to_value(&self.id)
            }

            fn label_of(state: &State) -> &'static str {
                match state.label {
                    $(Label::$label => $crate::__archetype!(@spelt $function $($label_text)?),)*
                    Label::Done => "Done",
                }
            }

            fn labels() -> &'static [&'static str] {
                &[$($crate::__archetype!(@spelt $function $($label_text)?)),*]
            }

            fn fairness_of(
                state: &State,
                process: $crate::generated::Fairness,
            ) -> $crate::generated::Fairness {
                match (state.label, process) {
                    (_, $crate::generated::Fairness::Unfair) => $crate::generated::Fairness::Unfair,
                    $($((Label::$strong, _) => $crate::generated::Fairness::Strong,)+)?
                    $($((Label::$unfair, _) => $crate::generated::Fairness::Unfair,)+)?
                    (_, process) => process,
                }
            }

            fn variables_of(state: &State) -> ::std::vec::Vec<(&'static str, $crate::generated::Value)> {
                let mut all = ::std::vec::Vec::new();
                $($(all.push((
                    $crate::__archetype!(@spelt $variable $($variable_text)?),
                    $crate::generated::Data::to_value(&state.$variable),
                ));)*)?
                $(
                    let frames = state.stack.iter().rev().map(|frame| match frame {
                        $(Frame::$frame(frame) => $crate::generated::Value::record([
                            ("procedure", $crate::generated::text($crate::__archetype!(@spelt $frame $($frame_text)?))),
                            $((
                                $crate::__archetype!(@spelt $own $($own_text)?),
                                $crate::generated::Data::to_value(&frame.$own),
                            )),*
                        ]),)*
                    });
                    all.push(("stack", $crate::generated::Value::Seq(frames.collect())));
                )?
                all
            }

            fn is_done(&self) -> bool {
                self.state.label == Label::Done
            }

            fn state(&self) -> &State {
                &self.state
            }

            fn state_mut(&mut self) -> &mut State {
                &mut self.state
            }

            fn is_local(&self) -> bool {
                ::std::matches!(self.state.label, Label::Done $(| Label::$local)*)
            }

            fn step(&mut self, section: &mut $crate::generated::Section) -> $crate::generated::Step<()> {
                self.state.label = match self.state.label {
                    $(Label::$label => self.$function(section)?,)*
                    Label::Done => Label::Done,
                };
                Ok(())
            }
        }
        $crate::generated::names!(Label { $($label,)* Done });
    };
}

pub use crate::__archetype as archetype;

/// What nodes tell each other of the model that they run: `rt::identity!(Constants);`
#[doc(hidden)]
#[macro_export]
macro_rules! __identity {
    ($constants:ident) => {
        $crate::__identity!($constants as |constants| constants);
    };
    ($constants:ident without functions) => {
        $crate::__identity!($constants as |constants| &());
    };
    ($constants:ident as |$this:ident| $told:expr) => {
        impl $constants {
            /// The model with these constants: nodes that differ in either refuse each other.
            pub fn identity(&self) -> $crate::generated::Identity {
                let $this = self;
                $crate::generated::Identity::new(MODEL_HASH, $told)
            }
        }
    };
}

pub use crate::__identity as identity;

/// A mapping macro over a variable: `rt::over_variable!(InboxOverNetwork: Inbox, rt::Seq<i64>);`
#[doc(hidden)]
#[macro_export]
macro_rules! __over_variable {
    ($name:ident: $marker:path, $t:ty) => {
        impl $name {
            /// A view of the variable.
            pub fn new(variable: &$crate::generated::Shared<$t>, constants: &::std::sync::Arc<Constants>) -> Self {
                Self { variable: variable.clone(), constants: constants.clone() }
            }
        }
        impl $marker for $name {}
    };
}

pub use crate::__over_variable as over_variable;

/// All variables of a model that are in memory: `rt::variables!(Variables, VariablesSnapshot { network, holding; rounds
/// });`, where those after the semicolon belong to the instances of a process.
#[doc(hidden)]
#[macro_export]
macro_rules! __variables {
    ($variables:ident, $snapshot:ident { $($global:ident),* $(; $($own:ident),*)? }) => {
        impl $variables {
            /// The committed values of the global variables, untyped, in the order of the model.
            pub fn values(&self) -> ::std::vec::Vec<$crate::generated::Value> {
                ::std::vec![$($crate::generated::Data::to_value(&self.$global.load())),*]
            }

            /// The committed values, each for itself: all are of one moment if nothing commits meanwhile.
            pub fn snapshot(&self) -> $snapshot {
                $snapshot { $($global: self.$global.load(),)* $($($own: self.$own.load(),)*)? }
            }

            /// Sets all variables, from outside of any section.
            pub fn restore(&self, snapshot: &$snapshot) {
                $(self.$global.store(snapshot.$global.clone());)*
                $($(self.$own.store(snapshot.$own.clone());)*)?
            }
        }

        impl $crate::Model for $variables {
            type Constants = Constants;
            type Snapshot = $snapshot;

            fn new(constants: &Constants) -> $crate::generated::Eval<Self> {
                Self::new(constants)
            }

            fn spawn(
                &self,
                processes: &mut impl $crate::generated::Spawn,
                constants: &::std::sync::Arc<Constants>,
            ) -> $crate::generated::Eval<()> {
                self.spawn(processes, constants)
            }

            fn variables(&self, visitor: &mut impl $crate::VisitVariables) {
                $($crate::generated::Variable::show(&self.$global, ::std::stringify!($global), visitor);)*
                $($($crate::generated::Variable::show(&self.$own, ::std::stringify!($own), visitor);)*)?
            }

            fn values(&self) -> ::std::vec::Vec<$crate::generated::Value> {
                self.values()
            }

            fn snapshot(&self) -> $snapshot {
                self.snapshot()
            }

            fn restore(&self, snapshot: &$snapshot) {
                self.restore(snapshot);
            }
        }
    };
}

pub use crate::__variables as variables;
