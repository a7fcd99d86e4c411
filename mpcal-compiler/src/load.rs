//! The modules that a model needs, found and parsed.
//!
//! In: the model's own module. Out: every module that it extends or instantiates, directly or not,
//! but for standard ones and those that are nowhere, which is a warning. After this: no module depends on itself.

use std::collections::HashMap;

use crate::ast::{Module, Name, Unit};
use crate::community;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::operators::STANDARD_MODULES;
use crate::source::{Source, Sources, MAX_BYTES};
use crate::symbol::Symbol;
use crate::syntax;

/// Finds the text of a module: its path and its text.
pub type Loader<'l> = dyn Fn(&str) -> Option<(String, String)> + Sync + 'l;

/// Loads what `own` needs; the files are added to `sources`.
pub fn load(own: &Module, loader: &Loader<'_>, sources: &mut Sources, out: &mut Diagnostics) -> Vec<Module> {
    let mut cx = Load { loader, sources, modules: Vec::new(), state: HashMap::new(), out };
    if let Some(name) = &own.name {
        cx.state.insert(name.text, State::Open);
    }
    cx.needs(own, 0);
    cx.modules
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It is being loaded: whoever needs it now depends on itself.
    Open,
    Done,
}

struct Load<'l, 'd> {
    loader: &'l Loader<'l>,
    sources: &'d mut Sources,
    modules: Vec<Module>,
    state: HashMap<Symbol, State>,
    out: &'d mut Diagnostics,
}

/// A chain of modules longer than this is refused.
const MAX_CHAIN: usize = 100;

impl Load<'_, '_> {
    fn needs(&mut self, module: &Module, depth: usize) {
        let mut inner = Vec::new();
        let mut needed = Vec::new();
        collect(module, &mut inner, &mut needed);
        needed.extend(module.instantiates.iter().cloned());
        for name in needed {
            if !inner.contains(&name.text) && !STANDARD_MODULES.contains(&&*name.text) {
                self.load(&name, depth);
            }
        }
    }

    fn load(&mut self, name: &Name, depth: usize) {
        match self.state.get(&name.text) {
            Some(State::Done) => return,
            Some(State::Open) => {
                self.out.push(
                    Diagnostic::error("module-cycle", name.span, format!("module `{}` depends on itself", name.text))
                        .because("it is extended or instantiated on the way here"),
                );
                return;
            }
            None if depth > MAX_CHAIN => {
                let message = format!("a chain of more than {MAX_CHAIN} modules");
                self.out.push(Diagnostic::error("nesting-too-deep", name.span, message));
                return;
            }
            None => {}
        }
        let Some((path, text)) = (self.loader)(&name.text).or_else(|| community::module(&name.text)) else {
            self.state.insert(name.text, State::Done);
            self.not_found(name);
            return;
        };
        let Some(source) = self.sources.add(Source::new(path, text)).cloned() else {
            let message = format!("the modules are larger than {} MiB together", MAX_BYTES >> 20);
            self.out.push(Diagnostic::error("module-not-found", name.span, message));
            return;
        };
        let module = syntax::parse_module(&source, self.out);
        match &module.name {
            Some(found) if found.text != name.text => {
                let message = format!("the file of module `{}` holds module `{}`", name.text, found.text);
                self.out.push(
                    Diagnostic::error("module-not-found", found.span, message)
                        .and(name.span, "it is needed here")
                        .help("give the file and the module the same name"),
                );
            }
            Some(_) | None => {}
        }
        self.state.insert(name.text, State::Open);
        self.needs(&module, depth + 1);
        self.state.insert(name.text, State::Done);
        self.modules.push(module);
    }

    /// What nothing of the block needs may be missing: half of the published algorithms extend the modules of a prover.
    fn not_found(&mut self, name: &Name) {
        let why = format!("it is not a standard module, and there is no file `{}.tla` beside this one", name.text);
        let help = "if the file is in another directory, add that with `--include DIR` or `Config::include`";
        self.out.push(
            Diagnostic::warning("module-not-found", name.span, format!("there is no module `{}`", name.text))
                .because(why)
                .help(help)
                .suggest(&name.text, STANDARD_MODULES.iter().copied().chain(community::names())),
        );
    }
}

/// The names of modules inside a module, and those that it or they extend.
fn collect(module: &Module, inner: &mut Vec<Symbol>, needed: &mut Vec<Name>) {
    needed.extend(module.extends.iter().cloned());
    for unit in &module.units {
        match unit {
            Unit::Module(nested) => {
                inner.extend(nested.name.iter().map(|n| n.text));
                collect(nested, inner, needed);
            }
            Unit::Constants(_) | Unit::Variables(_) | Unit::Recursive(_) | Unit::Instance(_) => {}
            Unit::Definition(_) | Unit::Assume(_) | Unit::Opaque => {}
        }
    }
}
