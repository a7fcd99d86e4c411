//! `mpcal-build explain CODE`

use super::files::print;
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
        let text = match &self.code {
            None => EXPLANATIONS.iter().map(|e| format!("{}\n", e.code)).collect(),
            Some(code) => match explain(code) {
                Some(text) => format!("{text}\n"),
                None => {
                    eprintln!("error: there is no diagnostic `{code}`; `mpcal-build explain` lists them");
                    return Exit::Usage;
                }
            },
        };
        print(&text).err().unwrap_or(Exit::Fine)
    }
}
