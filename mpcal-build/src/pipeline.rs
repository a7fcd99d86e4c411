//! The passes, in order, and what holds after each.

use crate::ast::Module;
use crate::check::Rules;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::normal::Normal;
use crate::operators::STANDARD_MODULES;
use crate::resolved::Model;
use crate::source::Source;
use crate::syntax::{self, File};

/// What one run is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request {
    /// Adjustable rules.
    pub rules: Rules,
    /// Translate to PlusCal.
    pub pluscal: bool,
    /// Emit Rust.
    pub rust: bool,
    /// Stay on the caller's thread: tokens of a procedural macro live only on its own.
    pub on_this_thread: bool,
}

/// What one run gives.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Problems, sorted by place; empty of errors if the rest is there.
    pub diagnostics: Vec<Diagnostic>,
    /// The translation, as the text of the algorithm.
    pub pluscal: Option<String>,
    /// The whole file with the translation in its region.
    pub rewritten: Option<String>,
    /// The Rust module.
    pub rust: Option<String>,
    /// Paths of the modules that were loaded besides the file itself.
    pub modules: Vec<String>,
}

/// Finds the text of a module that is extended: its path and its text.
pub type Loader<'l> = dyn Fn(&str) -> Option<(String, String)> + Sync + 'l;

/// Runs the compiler over one file. Trees recurse as deep as the model nests, so it runs on a
/// thread with a stack of its own size, whoever calls it.
#[must_use]
pub fn run(source: &Source, loader: &Loader<'_>, request: Request) -> Output {
    if request.on_this_thread {
        return passes(source, loader, request);
    }
    std::thread::scope(|scope| {
        let work = || passes(source, loader, request);
        match std::thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, work) {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(_) => passes(source, loader, request),
        }
    })
}

fn passes(source: &Source, loader: &Loader<'_>, request: Request) -> Output {
    let mut out = Diagnostics::default();
    let mut output = Output::default();
    if let Some((mut file, modules)) = parse(source, loader, &mut output, &mut out) {
        if let Some((model, normal)) = front(source, &mut file, &modules, request.rules, &mut out) {
            back(source, &file, &model, &normal, request, &mut output, &mut out);
        }
    }
    output.diagnostics = out.sorted();
    output
}

/// The trees of a model, to be run.
#[cfg(feature = "interpret")]
pub fn trees(source: &Source, loader: &Loader<'_>) -> Result<(Model, Normal), Vec<Diagnostic>> {
    let mut out = Diagnostics::default();
    let trees = parse(source, loader, &mut Output::default(), &mut out)
        .and_then(|(mut file, modules)| front(source, &mut file, &modules, Rules::default(), &mut out));
    trees.ok_or_else(|| out.sorted())
}

/// After this: one tree per module, every text is known.
fn parse(
    source: &Source,
    loader: &Loader<'_>,
    output: &mut Output,
    out: &mut Diagnostics,
) -> Option<(File, Vec<Module>)> {
    let file = syntax::parse(source, out)?;
    let mut modules: Vec<Module> = Vec::new();
    let mut todo = file.module.extends.clone();
    let mut seen: Vec<std::rc::Rc<str>> = Vec::new();
    while let Some(name) = todo.pop() {
        if STANDARD_MODULES.contains(&&*name.text) || seen.contains(&name.text) {
            continue;
        }
        seen.push(name.text.clone());
        match loader(&name.text) {
            Some((path, text)) => {
                let extended = Source::new(path.clone(), text);
                let mut problems = Diagnostics::default();
                let module = syntax::parse_module(&extended, &mut problems);
                if problems.has_errors() {
                    let report = crate::render::render(&extended, &problems.sorted(), false);
                    out.push(
                        Diagnostic::error(
                            "module-not-found",
                            name.span,
                            format!("module `{}` cannot be read", name.text),
                        )
                        .because(report),
                    );
                }
                todo.extend(module.extends.iter().cloned());
                output.modules.push(path);
                modules.push(module);
            }
            None => out.push(
                Diagnostic::error("module-not-found", name.span, format!("there is no module `{}`", name.text))
                    .because(format!(
                        "it is no standard module, and there is no file `{}.tla` beside this one",
                        name.text
                    ))
                    .suggest(&name.text, STANDARD_MODULES.iter().copied()),
            ),
        }
    }
    (!out.has_errors()).then_some((file, modules))
}

fn front(
    source: &Source,
    file: &mut File,
    modules: &[Module],
    rules: Rules,
    out: &mut Diagnostics,
) -> Option<(Model, Normal)> {
    // After this: no macro is used.
    if !crate::expand::expand(&mut file.block, out) {
        return None;
    }
    // After this: every name is an id.
    let all: Vec<&Module> = modules.iter().chain([&file.module]).collect();
    let mut model = crate::resolve::resolve(source, &all, &file.block, out);
    // After this: every section is well formed.
    crate::check::check(&file.block, &model, rules, out);
    if out.has_errors() {
        return None;
    }
    // After this: sections without loops, expressions without reads.
    let normal = crate::normalize::normalize(&mut model, out);
    (!out.has_errors()).then_some((model, normal))
}

fn back(
    source: &Source,
    file: &File,
    model: &Model,
    normal: &Normal,
    request: Request,
    output: &mut Output,
    out: &mut Diagnostics,
) {
    if request.pluscal {
        output.pluscal = crate::pluscal::translate(source, &file.block, model, normal, out);
        if let Some(text) = &output.pluscal {
            output.rewritten = crate::pluscal::replace_region(source, text, out);
        }
    }
    if request.rust {
        let mut model = model.clone();
        // After this: every expression has a type.
        let types = crate::infer::infer(&mut model, normal);
        crate::infer::warn_untyped(&model, &types, out);
        output.rust = crate::rust::emit(source, file.block.span, &model, normal, &types, out);
    }
}
