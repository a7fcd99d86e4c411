//! The passes, in order, and what holds after each.

use std::sync::Mutex;

use crate::ast::Module;
use crate::check::Rules;
use crate::configuration::Configuration;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::infer::Types;
use crate::load::Loader;
use crate::normal::Normal;
use crate::resolved::Model;
use crate::source::{Source, Sources};
use crate::syntax::{self, File};
use crate::trace::Origins;

/// Whether a model is translated to PlusCal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Translation {
    /// It is not.
    #[default]
    None,
    /// To see whether it can be. A block without a process, or a file without a place for the
    /// translation, may be for Rust alone.
    Trial,
    /// Between the markers in the file.
    InPlace,
}

/// What one run is asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// TLC's configuration, which says what kind of value a constant is.
    pub configuration: Option<Source>,
    /// Adjustable rules.
    pub rules: Rules,
    /// Translate to PlusCal.
    pub pluscal: Translation,
    /// Emit Rust.
    pub rust: bool,
    /// Infer nothing: every type is `Value`.
    pub untyped: bool,
    /// Say what the names of the translation stand for.
    pub origins: bool,
    /// Show what types were inferred.
    pub types: bool,
    /// Stay on the caller's thread: tokens of a procedural macro live only on its own.
    pub on_this_thread: bool,
}

/// What one run gives.
#[derive(Clone, Debug)]
pub struct Output {
    /// The files that were read.
    pub sources: Sources,
    /// Problems, sorted by place; empty of errors if the rest is there.
    pub diagnostics: Vec<Diagnostic>,
    /// The translation, as the text of the algorithm.
    pub pluscal: Option<String>,
    /// The whole file with the translation in its region.
    pub rewritten: Option<String>,
    /// The Rust module.
    pub rust: Option<String>,
    /// What the names of the translation stand for.
    pub origins: Option<Origins>,
    /// The types that were inferred, as text.
    pub types: Option<String>,
}

impl Output {
    fn new(sources: Sources) -> Self {
        Self {
            sources,
            diagnostics: Vec::new(),
            pluscal: None,
            rewritten: None,
            rust: None,
            origins: None,
            types: None,
        }
    }
}

/// Runs the compiler over one file.
#[must_use]
pub fn run(source: Source, loader: &Loader<'_>, request: Request) -> Output {
    if request.on_this_thread {
        return passes(source, loader, request);
    }
    with_stack(|| passes(source, loader, request))
}

/// Parses a module and its block, if it has one; no name is looked up.
#[must_use]
pub fn parse_only(source: Source) -> (Sources, Vec<Diagnostic>) {
    let sources = Sources::new(source);
    let problems = with_stack(|| {
        let mut out = Diagnostics::default();
        if syntax::has_block(sources.model()) {
            syntax::parse(sources.model(), &mut out);
        } else {
            syntax::parse_module(sources.model(), &mut out);
        }
        out.sorted()
    });
    (sources, problems)
}

/// The text of a file with its block laid out anew, or the problems that keep it from being read.
pub fn format(source: Source) -> (Sources, Result<String, Vec<Diagnostic>>) {
    let sources = Sources::new(source);
    let formatted = with_stack(|| {
        let mut out = Diagnostics::default();
        let source = sources.model();
        let Some((block, lexed)) = syntax::parse_block(source, &mut out) else {
            // Says that there is none.
            let _ = syntax::parse(source, &mut out);
            return Err(out.sorted());
        };
        if out.has_errors() {
            return Err(out.sorted());
        }
        let range = source.range(block.span);
        let text = crate::format::format(source, &block, &lexed);
        let again = Source::new("formatted", text.clone());
        let before = (source, &block, &lexed.comments[..]);
        let same = syntax::parse_block(&again, &mut out)
            .is_some_and(|(block, lexed)| crate::format::same(before, (&again, &block, &lexed.comments)));
        if !same || out.has_errors() {
            let fault = Diagnostic::error("internal-error", block.name.span, "the formatted block is another one")
                .help("this is a fault of mpcal-build: please report it, with the model; the file was left as it is");
            return Err(vec![fault]);
        }
        let newline = if source.text.contains("\r\n") { "\r\n" } else { "\n" };
        let text = text.replace('\n', newline);
        Ok(format!("{}{text}{}", &source.text[..range.start], &source.text[range.end..]))
    });
    (sources, formatted)
}

/// Trees recurse as deep as the model nests, so passes run on a thread with a stack of its own size,
/// whoever calls them; where there is no thread to be had, on the caller's.
pub fn with_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let work = Mutex::new(Some(work));
    let run = || {
        let work = work.lock().ok().and_then(|mut slot| slot.take());
        work.expect("it is run once")()
    };
    std::thread::scope(|scope| match std::thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, run) {
        Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        Err(_) => run(),
    })
}

fn passes(source: Source, loader: &Loader<'_>, request: Request) -> Output {
    let mut out = Diagnostics::default();
    let sources = Sources::new(source);
    let mut output = Output::new(sources);
    let configuration = configuration(&mut output.sources, &request, &mut out);
    if let Some((mut file, modules)) = parse(&mut output.sources, loader, &mut out) {
        if let Some((model, normal)) =
            front(&output.sources, &mut file, &modules, request.rules, &configuration, &mut out)
        {
            let model = Front { file: &file, modules: &modules, model: &model, normal: &normal, configuration };
            back(&model, &request, &mut output, &mut out);
        }
    }
    output.diagnostics = out.sorted();
    output
}

/// The trees of a model, to be run, and what its configuration gives.
#[cfg(feature = "interpret")]
pub fn trees(
    sources: &mut Sources,
    loader: &Loader<'_>,
    configuration: Option<Source>,
) -> Result<(Model, Normal, Configuration), Vec<Diagnostic>> {
    let mut out = Diagnostics::default();
    let request = Request { configuration, ..Request::default() };
    let configuration = self::configuration(sources, &request, &mut out);
    let trees = parse(sources, loader, &mut out).and_then(|(mut file, modules)| {
        front(sources, &mut file, &modules, Rules::default(), &configuration, &mut out)
    });
    let trees = trees.map(|(mut model, mut normal)| {
        crate::specialize::specialize(&mut model, &mut normal);
        (model, normal, configuration)
    });
    trees.ok_or_else(|| out.sorted())
}

/// What TLC is run with, where types depend on it.
fn configuration(sources: &mut Sources, request: &Request, out: &mut Diagnostics) -> Configuration {
    let file = request.configuration.clone().and_then(|file| sources.add(file));
    file.map(|file| crate::configuration::parse(file, out)).unwrap_or_default()
}

/// The trees of a model with their types, and its constants.
#[cfg(feature = "interpret")]
pub fn typed_trees(
    sources: &mut Sources,
    loader: &Loader<'_>,
    configuration: Option<Source>,
) -> Result<(Model, Normal, Types, Configuration), Vec<Diagnostic>> {
    let mut out = Diagnostics::default();
    let request = Request { configuration, ..Request::default() };
    let constants = self::configuration(sources, &request, &mut out);
    let trees = parse(sources, loader, &mut out).and_then(|(mut file, modules)| {
        let (model, normal) = front(sources, &mut file, &modules, Rules::default(), &constants, &mut out)?;
        let configuration = constants.clone();
        let front = Front { file: &file, modules: &modules, model: &model, normal: &normal, configuration };
        Some(typed(&front, sources, false, &mut out))
    });
    trees.map(|(model, normal, types)| (model, normal, types, constants)).ok_or_else(|| out.sorted())
}

/// After this: one tree per module, every text is known.
fn parse(sources: &mut Sources, loader: &Loader<'_>, out: &mut Diagnostics) -> Option<(File, Vec<Module>)> {
    let file = syntax::parse(sources.model(), out)?;
    let modules = crate::load::load(&file.module, loader, sources, out);
    (!out.has_errors()).then_some((file, modules))
}

fn front(
    sources: &Sources,
    file: &mut File,
    modules: &[Module],
    rules: Rules,
    configuration: &Configuration,
    out: &mut Diagnostics,
) -> Option<(Model, Normal)> {
    // After this: no macro is used.
    if !crate::expand::expand(&mut file.block, out) {
        return None;
    }
    // After this: a plain body has the labels that the translator would add.
    crate::label::add(&mut file.block);
    // After this: every name is an id.
    let mut model = crate::resolve::resolve(sources, &file.module, modules, &file.block, &configuration.replaced, out);
    // After this: every section is well formed.
    crate::check::check(&file.block, &model, rules, out);
    if out.has_errors() {
        return None;
    }
    // After this: sections without loops, expressions without reads.
    let normal = crate::normalize::normalize(&mut model, out);
    crate::check::warn_old_values(&model, &normal, out);
    (!out.has_errors()).then_some((model, normal))
}

/// What both back ends start from.
struct Front<'f> {
    file: &'f File,
    modules: &'f [Module],
    model: &'f Model,
    normal: &'f Normal,
    configuration: Configuration,
}

fn back(front: &Front<'_>, request: &Request, output: &mut Output, out: &mut Diagnostics) {
    let sources = &output.sources;
    let (file, model, normal) = (front.file, front.model, front.normal);
    let marked = crate::pluscal::has_markers(sources.model());
    let translated = match request.pluscal {
        Translation::None => false,
        Translation::Trial => marked || !model.processes.is_empty(),
        Translation::InPlace => true,
    };
    if translated {
        if let Some(translation) = crate::pluscal::translate(sources, file, front.modules, model, normal, out) {
            // After this: no name has two meanings in the module.
            translation.check_names(out);
            // After this: the text is plain PlusCal, or an error says that it is not.
            if !out.has_errors() {
                crate::pluscal::verify(&translation.text, &file.module, front.modules, file.block.name.span, out);
            }
            if marked || request.pluscal == Translation::InPlace {
                output.rewritten = crate::pluscal::replace_region(sources.model(), &translation.text, out);
            }
            output.pluscal = Some(translation.text);
        }
    }
    if request.origins {
        output.origins = crate::pluscal::origins(sources, file, front.modules, model, normal, out);
    }
    if request.types {
        let (model, normal, types) = typed(front, sources, request.untyped, out);
        output.types = Some(crate::infer::show(sources, &model, &normal, &types));
    }
    if request.rust {
        let (model, normal, types) = typed(front, sources, request.untyped, out);
        output.rust = crate::rust::emit(sources, file.block.span, &model, &normal, &types, out);
    }
}

fn typed(front: &Front<'_>, sources: &Sources, untyped: bool, out: &mut Diagnostics) -> (Model, Normal, Types) {
    let (mut model, mut normal) = (front.model.clone(), front.normal.clone());
    // After this: operators take values only, each of one type.
    crate::specialize::specialize(&mut model, &mut normal);
    // After this: what an archetype starts with comes from its parameters.
    crate::specialize::pass_initials(&mut model);
    // After this: what TLC is run with, and what the author says of types, is known.
    crate::configuration::configure(&mut model, &front.configuration);
    model.annotations = crate::annotations::find(sources, &model, front.file.block.span, out);
    if untyped {
        let types = crate::infer::all_values(&mut model, &normal);
        crate::specialize::share_reads(&model, &mut normal);
        return (model, normal, types);
    }
    crate::specialize::monomorphize(&mut model, &mut normal);
    // After this: every expression has a type.
    let types = crate::infer::infer(&mut model, &normal);
    crate::infer::warn_untyped(&model, &normal, &types, out);
    crate::infer::warn_choose_order(&model, &normal, &types, out);
    crate::infer::check_annotations(&model, &normal, &types, out);
    // What a wrong type leads to need not be said.
    if !out.has_errors() {
        crate::infer::warn_failures(&model, &normal, &types, out);
    }
    // After this: no variable is read twice where once is enough. What a guard says of one read was of use before.
    crate::specialize::share_reads(&model, &mut normal);
    (model, normal, types)
}
