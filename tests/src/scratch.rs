//! A crate that is made while a test runs, for Rust that is generated then. It shares what is built with the
//! tests, so only the generated code itself is compiled.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::root;

/// A crate in the directory for temporary files of the tests.
#[derive(Clone, Debug)]
pub struct Scratch {
    name: String,
    directory: PathBuf,
    target: PathBuf,
}

impl Scratch {
    /// A crate of that name; `temporary` is what cargo calls `CARGO_TARGET_TMPDIR`.
    ///
    /// # Panics
    /// If it cannot be written.
    #[must_use]
    pub fn new(temporary: &str, name: &str) -> Self {
        let target = Path::new(temporary).parent().expect("it is in the target directory").to_path_buf();
        let crate_ = Self { name: name.to_owned(), directory: Path::new(temporary).join(name), target };
        let runtime = root().join("mpcal-runtime").canonicalize().expect("the runtime is there");
        let lock = fs::read_to_string(root().join("Cargo.lock")).expect("the workspace is locked");
        crate_.write("Cargo.lock", &lock);
        crate_.write(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n\
                 [dependencies]\nmpcal-runtime = {{ path = {runtime:?} }}\n\
                 tokio = {{ version = \"1.40\", features = [\"macros\", \"rt-multi-thread\", \"time\"] }}\n\n\
                 [profile.dev]\ndebug = \"line-tables-only\"\n\n[workspace]\n"
            ),
        );
        crate_
    }

    /// A file of the crate; one that is as it was is left alone.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write(&self, file: &str, text: &str) {
        let path = self.directory.join(file);
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            return;
        }
        fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("a directory can be made");
        fs::write(path, text).expect("a file can be written");
    }

    /// Runs a command of cargo over the crate.
    ///
    /// # Panics
    /// If there is no cargo.
    #[must_use]
    pub fn cargo(&self, command: &str) -> Output {
        Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([command, "--offline", "--quiet"])
            .current_dir(&self.directory)
            .env("CARGO_TARGET_DIR", &self.target)
            .output()
            .expect("cargo runs")
    }

    /// The program, once it is built.
    #[must_use]
    pub fn program(&self) -> PathBuf {
        self.target.join("debug").join(&self.name)
    }
}
