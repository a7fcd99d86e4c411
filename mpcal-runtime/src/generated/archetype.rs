//! What generated archetypes, and the variables they run over, have in common.

/// What a driver runs: `rt::archetype!(Server = "Server" { Serve = "serve" => serve }, Serve is local);`
#[doc(hidden)]
#[macro_export]
macro_rules! __archetype {
    ($name:ident = $text:literal {
        $($label:ident = $label_text:literal => $function:ident),*
    } $(, $local:ident is local)*) => {
        impl $crate::generated::Archetype for $name {
            type State = State;

            fn name(&self) -> &'static str {
                $text
            }

            fn process(&self) -> $crate::generated::Value {
                $crate::generated::Data::to_value(&self.id)
            }

            fn label(&self) -> &'static str {
                match self.state.label {
                    $(Label::$label => $label_text,)*
                    Label::Done => "Done",
                }
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
    };
}

pub use crate::__archetype as archetype;

/// All global variables of a model: `rt::variables!(Variables { network, holding });`
#[doc(hidden)]
#[macro_export]
macro_rules! __variables {
    ($name:ident { $($variable:ident),* }) => {
        impl $name {
            /// The committed values, untyped, in the order of the model.
            pub fn values(&self) -> ::std::vec::Vec<$crate::generated::Value> {
                ::std::vec![$($crate::generated::Data::to_value(&self.$variable.load())),*]
            }
        }
    };
}

pub use crate::__variables as variables;
