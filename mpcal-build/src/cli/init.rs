//! `mpcal-build init DIR`

use std::fs;
use std::path::{Path, PathBuf};

use super::files::print;
use super::{report, Exit, MessageFormat};

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mpcal-build init counter && cd counter && cargo run
  mpcal-build init counter --mpcal ~/src/mpcal      with the crates of that checkout

The crates `mpcal-runtime` and `mpcal-build` are not in a registry: they are taken from a checkout.")]
pub(super) struct Init {
    /// The directory to make; its name becomes that of the crate.
    directory: PathBuf,
    /// A checkout with the mpcal crates; otherwise the one that this command was built from.
    #[arg(long, value_name = "DIR")]
    mpcal: Option<PathBuf>,
}

const MODEL: &str = include_str!("init/counter.tla");
const CONFIG: &str = include_str!("init/counter.cfg");
const MAIN: &str = include_str!("init/main.rs.txt");
const BUILD: &str = "fn main() {\n    mpcal_build::build(\"counter.tla\");\n}\n";

/// What a crate depends on.
const CRATES: [&str; 2] = ["mpcal-runtime", "mpcal-build"];

/// Where this command was built: the checkout, if it is there still.
const BUILT_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Why there is no crate: what is at fault, how, and what to do.
struct Refusal {
    path: PathBuf,
    message: String,
    help: Option<String>,
}

impl Init {
    pub(super) fn run(self, format: MessageFormat) -> Exit {
        match self.make() {
            Ok(()) => {
                let next = format!("made {0}; next: cd {0} && cargo run\n", self.directory.display());
                print(&next, format).err().unwrap_or(Exit::Fine)
            }
            Err(r) => report::refuse(format, Some(&r.path), &r.message, r.help.as_deref()),
        }
    }

    fn make(&self) -> Result<(), Refusal> {
        let name = crate_name(&self.directory)?;
        let checkout = checkout(self.mpcal.as_deref(), Path::new(BUILT_IN))?;
        if self.directory.symlink_metadata().is_ok() {
            return Err(refusal(&self.directory, "it exists already"));
        }
        let manifest = manifest(name, &checkout);
        let source = self.directory.join("src");
        fs::create_dir_all(&source).map_err(|e| refusal(&source, e.to_string()))?;
        let files = [
            ("Cargo.toml", &manifest[..]),
            ("counter.tla", MODEL),
            ("counter.cfg", CONFIG),
            ("build.rs", BUILD),
            ("src/main.rs", MAIN),
            (".gitignore", "target\nstates\n"),
        ];
        for (file, text) in files {
            let path = self.directory.join(file);
            fs::write(&path, text).map_err(|e| refusal(&path, e.to_string()))?;
        }
        Ok(())
    }
}

fn refusal(path: &Path, message: impl Into<String>) -> Refusal {
    Refusal { path: path.to_owned(), message: message.into(), help: None }
}

/// The name of a directory, if cargo takes it as that of a crate.
fn crate_name(directory: &Path) -> Result<&str, Refusal> {
    /// Directories that cargo makes beside a program, and so no program may be called.
    const OF_CARGO: [&str; 4] = ["build", "deps", "examples", "incremental"];
    let name = directory.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let fits = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !fits {
        let message = "the name of a crate has letters, digits, `-` and `_`, and starts with a letter";
        return Err(refusal(directory, message));
    }
    if OF_CARGO.contains(&name) || CRATES.contains(&name) || name == "tokio" {
        return Err(refusal(directory, format!("a crate that uses mpcal cannot be called `{name}`")));
    }
    Ok(name)
}

/// The checkout that was named, or else the one that the command was built from.
fn checkout(named: Option<&Path>, built_in: &Path) -> Result<PathBuf, Refusal> {
    let lacks = |root: &Path| CRATES.into_iter().find(|c| !root.join(c).join("Cargo.toml").is_file());
    match (named, lacks(named.unwrap_or(built_in))) {
        (Some(root), Some(missing)) => Err(Refusal {
            help: Some("give the root of a checkout of mpcal, the directory in which both crates are".to_owned()),
            ..refusal(root, format!("there is no crate `{missing}` in it"))
        }),
        (None, Some(_)) => Err(Refusal {
            help: Some("get a checkout of mpcal and say where it is: `mpcal-build init … --mpcal DIR`".to_owned()),
            ..refusal(built_in, "the checkout that this command was built from is gone, and no registry has its crates")
        }),
        (_, None) => {
            let root = named.unwrap_or(built_in);
            root.canonicalize().map_err(|e| refusal(root, e.to_string()))
        }
    }
}

fn manifest(name: &str, checkout: &Path) -> String {
    let [runtime, build] = CRATES.map(|c| format!("{:?}", checkout.join(c).display().to_string()));
    format!(
        "[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nmpcal-runtime = {{ path = {runtime} \
         }}\ntokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n\n[build-dependencies]\n\
         mpcal-build = {{ path = {build}, default-features = false }}\n\n[workspace]\n"
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{checkout, crate_name, BUILT_IN};

    #[test]
    fn without_a_checkout_nothing_is_promised() {
        let nowhere = tempfile::tempdir().expect("a directory can be made");
        let refused = checkout(None, nowhere.path()).expect_err("there are no crates in it");
        assert!(refused.help.is_some_and(|h| h.contains("--mpcal DIR")), "{}", refused.message);
        let refused = checkout(Some(nowhere.path()), Path::new(BUILT_IN)).expect_err("there are no crates in it");
        assert_eq!(
            (refused.path.as_path(), &refused.message[..]),
            (nowhere.path(), "there is no crate `mpcal-runtime` in it")
        );
        assert!(checkout(None, Path::new(BUILT_IN)).is_ok_and(|root| root.join("mpcal-runtime/Cargo.toml").is_file()));
    }

    #[test]
    fn cargo_takes_the_name() {
        assert!(crate_name(Path::new("some/counter-2")).is_ok());
        for bad in ["", ".", "..", "2nd", "a b", "build", "x/deps", "mpcal-build"] {
            assert!(crate_name(Path::new(bad)).is_err(), "{bad}");
        }
    }
}
