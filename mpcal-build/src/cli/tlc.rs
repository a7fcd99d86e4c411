//! `mpcal-build tlc FILE -- …`

use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::files::{directory, print, put, Mode, NewText};
use super::{explain_trace, report, Exit, MessageFormat};
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
        let Some(name) = self.file.file_name().and_then(|n| n.to_str()) else {
            return Err(report::refuse(format, Some(&self.file), "not the name of a file", None));
        };
        let tools = Tools::find(self.tlc_jar.as_deref(), format)?;
        let compilation = report::ask(config, &self.file, format, |c| c.rewritten().is_some())?;
        let new = compilation.rewritten().ok_or(Exit::Fault)?;
        let put = |old: &str, new: &str| {
            put(&NewText { path: &self.file, old, new, what: "translated" }, Mode::Replace, format)
        };
        put(&compilation.sources().model().text, new)?;
        put(new, &tools.translate(name, new)?)?;
        let said = tools.check(directory(&self.file), name, &self.arguments)?;
        if said.text.contains("Error: ") {
            return explain_trace::explain(&self.file, &said.text, config, format);
        }
        Ok(if said.success { Exit::Fine } else { Exit::Fault })
    }
}

/// What TLC printed, and whether it says that all is well.
struct Said {
    text: String,
    success: bool,
}

/// The tools of TLA+.
struct Tools {
    jar: PathBuf,
    /// SANY unpacks its modules into the directory for temporary files: one of our own keeps two runs
    /// apart. What the tools write beside a model goes there, too.
    temporary: tempfile::TempDir,
    format: MessageFormat,
}

impl Tools {
    fn find(named: Option<&Path>, format: MessageFormat) -> Result<Self, Exit> {
        let named = named.map(Path::to_owned).or_else(|| std::env::var_os("TLA2TOOLS_JAR").map(PathBuf::from));
        let Some(jar) = named else {
            let help = "download tla2tools.jar from the releases of github.com/tlaplus/tlaplus,\nthen give \
                        `--tlc-jar tla2tools.jar` or set TLA2TOOLS_JAR";
            return Err(report::refuse(format, None, "the tools of TLA+ are not named", Some(help)));
        };
        let jar = jar.canonicalize().map_err(|e| report::refuse(format, Some(&jar), &e.to_string(), None))?;
        let temporary = tempfile::tempdir()
            .map_err(|e| report::refuse(format, None, &format!("no directory for temporary files: {e}"), None))?;
        Ok(Self { jar, temporary, format })
    }

    fn java(&self, directory: &Path) -> Command {
        let mut java = Command::new("java");
        java.arg(format!("-Djava.io.tmpdir={}", self.temporary.path().display()));
        java.arg("-XX:+UseParallelGC").arg("-cp").arg(&self.jar).current_dir(directory);
        java
    }

    /// The text of a module with its PlusCal translated. The translator puts a new file in the place of
    /// the one that it reads, with other line endings, and leaves the old one behind: it gets a copy.
    fn translate(&self, name: &str, text: &str) -> Result<String, Exit> {
        let copy = self.temporary.path().join(name);
        let failed = |e: io::Error| report::refuse(self.format, Some(&copy), &e.to_string(), None);
        fs::write(&copy, text).map_err(failed)?;
        let translator = self.java(self.temporary.path()).args(["pcal.trans", "-nocfg", name]).output();
        let translated = translator.map_err(|e| self.no_java(&e))?;
        let said = String::from_utf8_lossy(&translated.stdout);
        if !said.contains("Translation completed") {
            let more = String::from_utf8_lossy(&translated.stderr);
            let message = format!("the PlusCal translator refuses it:\n{said}{more}");
            report::refuse(self.format, Some(Path::new(name)), message.trim_end(), None);
            return Err(Exit::Fault);
        }
        Ok(keep_lines(text, &fs::read_to_string(&copy).map_err(failed)?))
    }

    /// Runs TLC; up to the first error its own words are shown as they come.
    fn check(&self, directory: &Path, name: &str, arguments: &[String]) -> Result<Said, Exit> {
        let mut tlc = self.java(directory);
        tlc.arg("tlc2.TLC").arg("-metadir").arg(self.temporary.path().join("states"));
        if self.writes_traces(directory)? {
            tlc.arg("-noGenerateSpecTE");
        }
        let child = tlc.args(arguments).arg(name).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|e| self.no_java(&e))?;
        let mut text = String::new();
        let lines = child.stdout.take().map(BufReader::new).into_iter().flat_map(|r| r.lines().map_while(Result::ok));
        for line in lines {
            if !text.contains("\nError: ") && !line.starts_with("Error: ") {
                print(&format!("{line}\n"), self.format)?;
            }
            text.push_str(&line);
            text.push('\n');
        }
        let status = child.wait().map_err(|e| self.no_java(&e))?;
        Ok(Said { text, success: status.success() })
    }

    /// Newer versions of TLC write a module beside the model for each counterexample, unless told not to.
    fn writes_traces(&self, directory: &Path) -> Result<bool, Exit> {
        let help = self.java(directory).args(["tlc2.TLC", "-h"]).output().map_err(|e| self.no_java(&e))?;
        Ok(String::from_utf8_lossy(&help.stdout).contains("-noGenerateSpecTE"))
    }

    fn no_java(&self, error: &io::Error) -> Exit {
        match error.kind() {
            ErrorKind::NotFound => {
                report::refuse(self.format, None, "there is no `java`", Some("install a Java runtime, 11 or later"))
            }
            _ => report::refuse(self.format, None, &format!("java: {error}"), None),
        }
    }
}

/// The new text, where the lines before and after what has changed are, byte for byte, those of the old
/// one, and the others end as its lines do.
fn keep_lines(old: &str, new: &str) -> String {
    let kept: Vec<&str> = old.split_inclusive('\n').collect();
    let lines: Vec<&str> = new.lines().collect();
    let same = |(a, b): &(&&str, &&str)| a.trim_end_matches(['\r', '\n']) == **b;
    let front = kept.iter().zip(&lines).take_while(same).count();
    let rest = kept[front..].iter().rev().zip(lines[front..].iter().rev());
    let back = rest.take_while(same).count();
    let newline = if old.contains("\r\n") { "\r\n" } else { "\n" };
    let mut text = kept[..front].concat();
    for line in &lines[front..lines.len() - back] {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push_str(newline);
        }
        text.push_str(line);
        text.push_str(newline);
    }
    text + &kept[kept.len() - back..].concat()
}

#[cfg(test)]
mod tests {
    use super::keep_lines;

    #[test]
    fn lines_that_stay_keep_their_endings() {
        assert_eq!(keep_lines("a\r\nb\r\nc  \r\n", "a\nx\ny\nc  \n"), "a\r\nx\r\ny\r\nc  \r\n");
        assert_eq!(keep_lines("a\nb", "a\nx\nb\n"), "a\nx\nb");
        assert_eq!(keep_lines("a", "a\nx\n"), "a\nx\n");
        assert_eq!(keep_lines("a\na\na\n", "a\na\n"), "a\na\n");
        assert_eq!(keep_lines("a\r\nb\n", "a\nb\n"), "a\r\nb\n");
        assert_eq!(keep_lines("", "a\n"), "a\n");
    }
}
