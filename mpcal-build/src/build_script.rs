//! The door for build scripts and macros: files in, files out.

#[cfg(feature = "interpret")]
use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(feature = "interpret")]
use mpcal_compiler::interpret::{self, Coverage, Explored};
use mpcal_compiler::{render, Compilation, Options, Rules, Source, Sources, MAX_BYTES};
#[cfg(feature = "interpret")]
use mpcal_values::Value;

/// Compiles one model with the default [`Config`]: all that a build script has to do. If something is wrong with the
/// model, the script ends with exit code 1, and cargo shows the report.
pub fn build(path: impl AsRef<Path>) {
    Config::new().build(path);
}

/// Compiles one model with the default [`Config`], from a build script that does something about errors itself.
///
/// The module is written to `OUT_DIR/<file name>.rs`, only when it changes.
///
/// # Errors
/// The report of what is wrong with the model, or the file that cannot be read or written.
pub fn compile(path: impl AsRef<Path>) -> Result<(), Error> {
    Config::new().compile(path)
}

/// What is adjustable about compiling.
#[derive(Clone, Debug, Default)]
pub struct Config {
    include: Vec<PathBuf>,
    out_dir: Option<PathBuf>,
    configuration: Option<PathBuf>,
    untyped: bool,
    deny: Vec<String>,
    no_multiple_writes: bool,
    in_macro: bool,
}

/// A compiled model.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The Rust module.
    pub rust: String,
    /// Warnings, rendered; empty if there is none.
    pub warnings: String,
    /// The modules that the model extends, as paths.
    pub modules: Vec<PathBuf>,
}

impl Config {
    /// The defaults: modules are looked for beside the model, output goes to `OUT_DIR`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks for extended modules in this directory, too.
    pub fn include(&mut self, directory: impl Into<PathBuf>) -> &mut Self {
        self.include.push(directory.into());
        self
    }

    /// Takes the constants of this configuration of TLC to tell what kinds of values they are; without
    /// it that of the file beside the model with the ending `.cfg`, if there is one.
    pub fn configuration(&mut self, path: impl Into<PathBuf>) -> &mut Self {
        self.configuration = Some(path.into());
        self
    }

    /// Infers no types: everything is a dynamic `Value`. It is there to compare with.
    pub fn untyped(&mut self, on: bool) -> &mut Self {
        self.untyped = on;
        self
    }

    /// Makes warnings with this code errors: `untyped`, for example, so that everything has a type.
    pub fn deny(&mut self, code: impl Into<String>) -> &mut Self {
        self.deny.push(code.into());
        self
    }

    /// Writes to this directory instead of `OUT_DIR`.
    pub fn out_dir(&mut self, directory: impl Into<PathBuf>) -> &mut Self {
        self.out_dir = Some(directory.into());
        self
    }

    /// Refuses a variable that is assigned twice on a path through a label.
    pub fn no_multiple_writes(&mut self, on: bool) -> &mut Self {
        self.no_multiple_writes = on;
        self
    }

    /// Compiles on the calling thread, as a procedural macro must.
    pub fn in_macro(&mut self, on: bool) -> &mut Self {
        self.in_macro = on;
        self
    }

    /// A model in a file.
    pub(crate) fn compilation(&self, path: &Path) -> Result<Compilation, Error> {
        let options = self.options(self.configuration_of(path)?);
        Ok(Compilation::new(self.source(path)?, &self.loader(path.parent()), options))
    }

    /// A model that is given as text; modules that it extends are looked for in `directory`.
    fn compilation_of_text(&self, name: &str, text: &str, directory: Option<&Path>) -> Result<Compilation, Error> {
        let configuration = self.configuration.as_ref().map(|path| self.source(path)).transpose()?;
        Ok(Compilation::new(Source::new(name, text), &self.loader(directory), self.options(configuration)))
    }

    fn options(&self, configuration: Option<Source>) -> Options {
        Options {
            configuration,
            rules: Rules { no_multiple_writes: self.no_multiple_writes, ..Rules::default() },
            untyped: self.untyped,
            deny: self.deny.clone(),
            on_this_thread: self.in_macro,
        }
    }

    /// Reads a file.
    pub(crate) fn source(&self, path: &Path) -> Result<Source, Error> {
        let bytes = fs::read(path).map_err(|e| Error::file(path, &e))?;
        let text = String::from_utf8(bytes).map_err(|_| Error::file(path, &io::Error::other("it is not UTF-8")))?;
        if text.len() >= MAX_BYTES {
            return Err(Error::file(path, &io::Error::other("it is too large")));
        }
        Ok(Source::new(path.display().to_string(), text))
    }

    /// Finds modules in a directory and in those that were added.
    fn loader(&self, directory: Option<&Path>) -> impl Fn(&str) -> Option<(String, String)> + Sync {
        let directories: Vec<PathBuf> =
            directory.map(Path::to_path_buf).into_iter().chain(self.include.clone()).collect();
        move |module: &str| {
            directories.iter().find_map(|d| {
                let path = d.join(format!("{module}.tla"));
                fs::read_to_string(&path).ok().map(|text| (path.display().to_string(), text))
            })
        }
    }

    /// Explores every state of a model that is given as text, at most `limit` of them, with the
    /// interpreter of its normal form. Constants that are not given are those of
    /// [`configuration`](Self::configuration).
    ///
    /// # Errors
    /// The report of what is wrong with the model, a failed assertion or evaluation, or that there
    /// are more states.
    #[cfg(feature = "interpret")]
    pub fn explore(&self, text: &str, constants: &HashMap<String, Value>, limit: usize) -> Result<Explored, Error> {
        interpret::explore(&self.compilation_of_text("model", text, None)?, constants, limit).map_err(Error::text)
    }

    /// Takes a walk of this many steps through a model in a file, with the constants of its configuration,
    /// and counts the evaluations of expressions that have a type, and of those that are dynamic.
    ///
    /// # Errors
    /// The report of what is wrong with the model, a failed assertion or evaluation.
    #[cfg(feature = "interpret")]
    pub fn coverage(&self, path: impl AsRef<Path>, steps: usize) -> Result<Coverage, Error> {
        interpret::coverage(&self.compilation(path.as_ref())?, steps).map_err(Error::text)
    }

    /// The configuration of a model in a file.
    fn configuration_of(&self, path: &Path) -> Result<Option<Source>, Error> {
        match &self.configuration {
            Some(path) => self.source(path).map(Some),
            None => Some(path.with_extension("cfg")).filter(|p| p.is_file()).map(|p| self.source(&p)).transpose(),
        }
    }

    /// Compiles a model that is given as text; `name` is what reports call it.
    ///
    /// # Errors
    /// The report of what is wrong.
    pub fn compile_text(&self, name: &str, text: &str, directory: Option<&Path>) -> Result<Compiled, Error> {
        finish(&self.compilation_of_text(name, text, directory)?)
    }

    /// Translates a model that is given as text to plain PlusCal, between the markers in it; gives the
    /// whole text.
    ///
    /// # Errors
    /// The report of what is wrong.
    pub fn translate_text(&self, name: &str, text: &str, directory: Option<&Path>) -> Result<String, Error> {
        let compilation = self.compilation_of_text(name, text, directory)?;
        let rewritten = compilation.rewritten().map(str::to_owned);
        rewritten.filter(|_| !compilation.has_errors()).ok_or_else(|| Error::text(compilation.report(false)))
    }

    /// Compiles a model in a file.
    ///
    /// # Errors
    /// The report of what is wrong, or that the file cannot be read.
    pub fn compile_file(&self, path: impl AsRef<Path>) -> Result<Compiled, Error> {
        finish(&self.compilation(path.as_ref())?)
    }

    /// Compiles a model from a build script, as [`compile`](Self::compile) does. If something is wrong with it, the
    /// report goes to standard error, no module is left from before, and the script ends with exit code 1.
    pub fn build(&self, path: impl AsRef<Path>) {
        let path = path.as_ref();
        match self.write(path) {
            Ok(compiled) => {
                depend_on(path);
                compiled.tell_cargo();
            }
            Err(error) => {
                // There may be none, or nowhere to look for it.
                let _ = self.target(path).map(fs::remove_file);
                // Not by `cargo::error`: where a script fails cargo repeats everything that it was told. It runs such a
                // script again whatever has changed.
                eprintln!("{error}");
                std::process::exit(1);
            }
        }
    }

    /// Compiles a model from a build script: writes the module to `OUT_DIR/<file name>.rs` if it
    /// differs, and tells cargo what it depends on.
    ///
    /// # Errors
    /// The report of what is wrong, or the file that cannot be read or written.
    pub fn compile(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        depend_on(path.as_ref());
        self.write(path.as_ref())?.tell_cargo();
        Ok(())
    }

    /// Compiles a model and writes its module, if it differs.
    fn write(&self, path: &Path) -> Result<Compiled, Error> {
        let compiled = self.compile_file(path)?;
        let target = self.target(path)?;
        let same = fs::read_to_string(&target).is_ok_and(|old| old == compiled.rust);
        if !same {
            fs::write(&target, &compiled.rust).map_err(|e| Error::file(&target, &e))?;
        }
        Ok(compiled)
    }

    /// Where the module of a model goes.
    fn target(&self, path: &Path) -> Result<PathBuf, Error> {
        let directory = match &self.out_dir {
            Some(directory) => directory.clone(),
            None => std::env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| {
                Error::text("OUT_DIR is not set: call this from a build script, or set `Config::out_dir`".to_owned())
            })?,
        };
        let stem = path.file_stem().unwrap_or(path.as_os_str());
        Ok(directory.join(stem).with_extension("rs"))
    }
}

/// Has cargo run the build script again when a file changes.
fn depend_on(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}

impl Compiled {
    /// Tells cargo of the other modules and of warnings.
    fn tell_cargo(&self) {
        self.modules.iter().for_each(|module| depend_on(module));
        self.warnings.lines().for_each(|line| println!("cargo::warning={line}"));
    }
}

/// Parses a TLA+ module, with an MPCal block or without, and nothing more: no name is looked up and
/// no other module is read. `path` is what reports call it.
///
/// # Errors
/// The report of what is wrong.
pub fn parse(path: &str, text: &str) -> Result<(), Error> {
    let sources = Sources::new(Source::new(path, text));
    let problems = mpcal_compiler::problems(sources.model());
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::text(render(&sources, &problems, false)))
    }
}

/// Lays out the MPCal block of a module anew; what stands outside the block is not touched. `path` is
/// what reports call it.
///
/// # Errors
/// The report of what keeps the block from being read.
pub fn format(path: &str, text: &str) -> Result<String, Error> {
    let sources = Sources::new(Source::new(path, text));
    mpcal_compiler::format(sources.model()).map_err(|problems| Error::text(render(&sources, &problems, false)))
}

fn finish(compilation: &Compilation) -> Result<Compiled, Error> {
    let rust = compilation.rust().map(str::to_owned);
    let report = compilation.report(false);
    match rust.filter(|_| !compilation.has_errors()) {
        Some(rust) => {
            let modules = compilation.sources().modules().map(PathBuf::from).collect();
            Ok(Compiled { rust, warnings: report, modules })
        }
        None => Err(Error::text(report)),
    }
}

/// What kept a model from being compiled: `Display` and `Debug` are the report.
#[derive(Clone)]
pub struct Error {
    report: String,
    /// The file that cannot be read or written, and why; none if a model is at fault.
    #[cfg(feature = "cli")]
    file: Option<(PathBuf, String)>,
}

impl Error {
    pub(crate) fn text(report: String) -> Self {
        Self {
            report,
            #[cfg(feature = "cli")]
            file: None,
        }
    }

    fn file(path: &Path, error: &io::Error) -> Self {
        Self {
            report: format!("error: {}: {error}", path.display()),
            #[cfg(feature = "cli")]
            file: Some((path.to_owned(), error.to_string())),
        }
    }

    /// The file that cannot be read or written, and why, if that is what it is about.
    #[cfg(feature = "cli")]
    pub(crate) fn file_and_cause(&self) -> Option<(&Path, &str)> {
        self.file.as_ref().map(|(path, cause)| (path.as_path(), cause.as_str()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", self.report)
    }
}

impl std::error::Error for Error {}
