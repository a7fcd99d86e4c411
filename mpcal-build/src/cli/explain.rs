//! `mpcal-build explain CODE`

use super::files::print;
use super::{report, Exit, MessageFormat};
use mpcal_compiler::diagnostic::nearest;
use mpcal_compiler::explain::{explain, EXPLANATIONS};

#[derive(clap::Args)]
#[command(after_help = "Example:\n  mpcal-build explain label-required\n\nWithout a code it lists them all.")]
pub(super) struct Explain {
    /// The code in brackets after `error`.
    code: Option<String>,
}

impl Explain {
    pub(super) fn run(self, format: MessageFormat) -> Exit {
        let text = match &self.code {
            None => EXPLANATIONS.iter().map(|e| format!("{}\n", e.code)).collect(),
            Some(code) => match explain(code) {
                Some(text) => format!("{text}\n"),
                None => return unknown(code, format),
            },
        };
        print(&text, format).err().unwrap_or(Exit::Fine)
    }
}

/// Says that there is no such code.
pub(super) fn unknown(code: &str, format: MessageFormat) -> Exit {
    let help = match nearest(code, EXPLANATIONS.iter().map(|e| e.code)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`mpcal-build explain` lists them".to_owned(),
    };
    report::refuse(format, None, &format!("there is no diagnostic code `{code}`"), Some(&help))
}
