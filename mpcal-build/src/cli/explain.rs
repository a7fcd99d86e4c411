//! `mpcal-build explain CODE`

use super::Exit;
use crate::explain::{explain, EXPLANATIONS};

#[derive(clap::Args)]
#[command(after_help = "Example:\n  mpcal-build explain label-required\n\nWithout a code it lists them all.")]
pub(super) struct Explain {
    /// The code in brackets behind `error`.
    code: Option<String>,
}

impl Explain {
    pub(super) fn run(self) -> Exit {
        let Some(code) = self.code else {
            EXPLANATIONS.iter().for_each(|e| println!("{}", e.code));
            return Exit::Fine;
        };
        match explain(&code) {
            Some(text) => {
                println!("{text}");
                Exit::Fine
            }
            None => {
                eprintln!("error: there is no diagnostic `{code}`; `mpcal-build explain` lists them");
                Exit::Usage
            }
        }
    }
}
