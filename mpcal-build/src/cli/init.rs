//! `mpcal-build init DIR`

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::print;
use super::Exit;

#[derive(clap::Args)]
#[command(after_help = "Example:\n  mpcal-build init counter && cd counter && cargo run")]
pub(super) struct Init {
    /// The directory to make; its name becomes that of the crate.
    directory: PathBuf,
    /// Take the mpcal crates from this checkout instead of the registry.
    #[arg(long, value_name = "DIR")]
    mpcal: Option<PathBuf>,
}

const MODEL: &str = include_str!("init/counter.tla");
const CONFIG: &str = include_str!("init/counter.cfg");
const MAIN: &str = include_str!("init/main.rs.txt");

impl Init {
    pub(super) fn run(self) -> Exit {
        match self.make() {
            Ok(()) => {
                let next = format!("made {0}; next: cd {0} && cargo run\n", self.directory.display());
                print(&next).err().unwrap_or(Exit::Fine)
            }
            Err(error) => {
                eprintln!("error: {}: {error}", self.directory.display());
                Exit::Usage
            }
        }
    }

    fn make(&self) -> io::Result<()> {
        let name = self.directory.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let fits = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !fits {
            return Err(io::Error::other(
                "the name of a crate has letters, digits, `-` and `_`, and starts with a letter",
            ));
        }
        if self.directory.exists() {
            return Err(io::Error::other("it exists already"));
        }
        let source = |package: &str| -> io::Result<String> {
            Ok(match &self.mpcal {
                Some(root) => {
                    let path = root.canonicalize()?.join(package);
                    format!("path = {:?}", path.display().to_string())
                }
                None => format!("version = {:?}", env!("CARGO_PKG_VERSION")),
            })
        };
        let manifest = format!(
            "[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nmpcal-runtime = {{ {} }}\n\
             tokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n\n[build-dependencies]\n\
             mpcal-build = {{ {}, default-features = false }}\n\n[workspace]\n",
            source("mpcal-runtime")?,
            source("mpcal-build")?
        );
        fs::create_dir_all(self.directory.join("src"))?;
        let write = |path: &str, text: &str| fs::write(self.directory.join(Path::new(path)), text);
        write("Cargo.toml", &manifest)?;
        write("counter.tla", MODEL)?;
        write("counter.cfg", CONFIG)?;
        write("build.rs", "fn main() {\n    mpcal_build::compile(\"counter.tla\").unwrap();\n}\n")?;
        write("src/main.rs", MAIN)?;
        write(".gitignore", "target\nstates\n")
    }
}
