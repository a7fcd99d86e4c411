//! `mpcal-build tlc FILE -- …`

use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::files::{print, put, Mode};
use super::{explain_trace, report, Exit, MessageFormat};
use crate::pipeline::Request;
use crate::Config;

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mpcal-build tlc lock.tla                         with the constants and properties of lock.cfg
  mpcal-build tlc lock.tla -- -config small.cfg -workers auto -deadlock

Exits 1 if TLC finds an error, which is shown in terms of the model. Translates first, as
`mpcal-build pluscal` does.")]
pub(super) struct Tlc {
    /// The model.
    file: PathBuf,
    /// The tools of TLA+; otherwise TLA2TOOLS_JAR names them.
    #[arg(long, value_name = "JAR")]
    tlc_jar: Option<PathBuf>,
    /// What TLC is given.
    #[arg(last = true)]
    arguments: Vec<String>,
}

impl Tlc {
    pub(super) fn run(self, config: &Config, format: MessageFormat) -> Exit {
        self.check(config, format).unwrap_or_else(|e| e)
    }

    fn check(&self, config: &Config, format: MessageFormat) -> Result<Exit, Exit> {
        let jar = self.jar()?;
        let request = Request { rules: config.rules(), pluscal: true, ..Request::default() };
        let output = report::run(config, &self.file, request, format)?;
        let Some(new) = output.rewritten else { return Err(Exit::Fault) };
        put(&self.file, &output.sources.model().text, &new, Mode::Replace, "translated")?;
        let directory = self.file.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let Some(name) = self.file.file_name().and_then(|n| n.to_str()) else {
            eprintln!("error: {}: not the name of a file", self.file.display());
            return Err(Exit::Usage);
        };
        // SANY unpacks its modules into the directory for temporary files: one of our own keeps two
        // runs apart.
        let temporary = tempfile::tempdir().map_err(|e| {
            eprintln!("error: no directory for temporary files: {e}");
            Exit::Usage
        })?;
        let java = || {
            let mut java = Command::new("java");
            java.arg(format!("-Djava.io.tmpdir={}", temporary.path().display()));
            java.arg("-XX:+UseParallelGC").arg("-cp").arg(&jar).current_dir(directory);
            java
        };
        let translated = java().args(["pcal.trans", "-nocfg", name]).output().map_err(no_java)?;
        let said = String::from_utf8_lossy(&translated.stdout);
        if !said.contains("Translation completed") {
            eprintln!(
                "error: the PlusCal translator refuses {name}:\n{said}{}",
                String::from_utf8_lossy(&translated.stderr)
            );
            return Err(Exit::Fault);
        }
        let mut tlc = java();
        tlc.arg("tlc2.TLC").arg("-metadir").arg(temporary.path().join("states"));
        let mut child = tlc.args(&self.arguments).arg(name).stdout(Stdio::piped()).spawn().map_err(no_java)?;
        let mut said = String::new();
        let lines = child.stdout.take().map(BufReader::new).into_iter().flat_map(|r| r.lines().map_while(Result::ok));
        for line in lines {
            // Up to the first error TLC's own words say how it goes on.
            if !said.contains("\nError: ") && !line.starts_with("Error: ") {
                print(&format!("{line}\n"))?;
            }
            said.push_str(&line);
            said.push('\n');
        }
        let status = child.wait().map_err(|_| Exit::Usage)?;
        if said.contains("Error: ") {
            return explain_trace::explain(&self.file, &said, config, format);
        }
        Ok(if status.success() { Exit::Fine } else { Exit::Fault })
    }

    fn jar(&self) -> Result<PathBuf, Exit> {
        let named = self.tlc_jar.clone().or_else(|| std::env::var_os("TLA2TOOLS_JAR").map(PathBuf::from));
        let jar = named.ok_or_else(|| {
            eprintln!(
                "error: the tools of TLA+ are not named\n  = help: download tla2tools.jar from the releases of \
                 github.com/tlaplus/tlaplus,\n          then give `--tlc-jar tla2tools.jar` or set TLA2TOOLS_JAR"
            );
            Exit::Usage
        })?;
        jar.canonicalize().map_err(|e| {
            eprintln!("error: {}: {e}", jar.display());
            Exit::Usage
        })
    }
}

fn no_java(error: std::io::Error) -> Exit {
    match error.kind() {
        ErrorKind::NotFound => eprintln!("error: there is no `java`\n  = help: install a Java runtime, 11 or later"),
        _ => eprintln!("error: java: {error}"),
    }
    Exit::Usage
}
