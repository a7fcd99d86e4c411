//! `mpcal-build explain-trace FILE < tlc.out`

use std::io::Read;
use std::path::{Path, PathBuf};

use super::files::print;
use super::{report, Exit, MessageFormat};
use crate::Config;
use mpcal_compiler::counterexample::{self, Verdict};

#[derive(clap::Args)]
#[command(after_help = "\
Example:
  java -cp tla2tools.jar tlc2.TLC lock.tla > tlc.out
  mpcal-build explain-trace lock.tla < tlc.out

Exits 1 if TLC found an error, 2 if the input is not the whole of what TLC prints.")]
pub(super) struct ExplainTrace {
    /// The model that TLC checked.
    file: PathBuf,
}

/// More of TLC's output than this is not read.
const MAX_BYTES: u64 = 1 << 30;

impl ExplainTrace {
    pub(super) fn run(self, config: &Config, format: MessageFormat) -> Exit {
        let mut said = Vec::new();
        if let Err(error) = std::io::stdin().take(MAX_BYTES).read_to_end(&mut said) {
            return report::refuse(format, Some(Path::new("standard input")), &error.to_string(), None);
        }
        explain(&self.file, &String::from_utf8_lossy(&said), config, format).unwrap_or_else(|e| e)
    }
}

/// Shows what TLC found, in terms of the model.
pub(super) fn explain(file: &Path, said: &str, config: &Config, format: MessageFormat) -> Result<Exit, Exit> {
    let compilation = report::ask(config, file, format, |c| c.origins().is_some())?;
    let origins = compilation.origins().ok_or(Exit::Fault)?;
    let standard_input = Some(Path::new("standard input"));
    match counterexample::explain(said, origins, compilation.sources().model()) {
        Verdict::Error(text) => {
            print(&text, format)?;
            Ok(Exit::Fault)
        }
        Verdict::Fine => {
            print("TLC found no error\n", format)?;
            Ok(Exit::Fine)
        }
        Verdict::Unfinished => {
            let help = "let TLC run to its end, and pass on all that it prints";
            Err(report::refuse(format, standard_input, "TLC's output ends before it says what it found", Some(help)))
        }
        Verdict::Foreign => {
            let help = "write `java -cp tla2tools.jar tlc2.TLC MODEL.tla > tlc.out`, then pass `tlc.out` on";
            Err(report::refuse(format, standard_input, "this is not what TLC prints", Some(help)))
        }
    }
}
