//! What is known of one model: the passes, in order, and what holds after each.
//!
//! In: texts. Out: the answers to questions, each found once, when it is first asked for, together with the problems
//! that were met on the way. What can be known of a text with problems is known.

use std::sync::OnceLock;

use crate::ast::Module;
use crate::check::Rules;
use crate::configuration::Configuration;
use crate::counterexample::Origins;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::infer::Types;
use crate::load::Loader;
use crate::normal::Normal;
use crate::resolved::Model;
use crate::source::{Source, Sources};
use crate::stack::with_stack;
use crate::syntax::File;
use crate::{pluscal, specialize};

/// The settings.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// TLC's configuration, which says what kind of value a constant is.
    pub configuration: Option<Source>,
    /// Adjustable rules.
    pub rules: Rules,
    /// Infer nothing: every type is `Value`.
    pub untyped: bool,
    /// Codes of warnings that are errors.
    pub deny: Vec<String>,
    /// Stay on the caller's thread: tokens of a procedural macro live only on its own.
    pub on_this_thread: bool,
}

/// One model, and what was found out about it.
#[derive(Debug)]
pub struct Compilation {
    options: Options,
    sources: Sources,
    parsed: Answer<Parsed>,
    resolved: OnceLock<Answer<Resolved>>,
    normal: OnceLock<Answer<Trees>>,
    specialized: OnceLock<Answer<Trees>>,
    typed: OnceLock<Answer<Typed>>,
    translation: OnceLock<Answer<String>>,
    rewritten: OnceLock<Answer<String>>,
    origins: OnceLock<Answer<Origins>>,
    rust: OnceLock<Answer<String>>,
}

/// An answer, if there is one, and what was noticed while it was looked for.
#[derive(Debug)]
struct Answer<T> {
    value: Option<T>,
    problems: Diagnostics,
}

impl<T> Answer<T> {
    fn find(find: impl FnOnce(&mut Diagnostics) -> Option<T>) -> Self {
        let mut problems = Diagnostics::default();
        Self { value: find(&mut problems), problems }
    }

    /// The answer, unless something is wrong with it.
    fn sound(&self) -> Option<&T> {
        self.value.as_ref().filter(|_| !self.problems.has_errors())
    }
}

/// A model as it is written.
#[derive(Debug)]
struct Parsed {
    file: File,
    modules: Vec<Module>,
    configuration: Configuration,
}

/// A model in which every name is an id, and the block with its macros expanded.
#[derive(Debug)]
struct Resolved {
    file: File,
    model: Model,
}

/// A model, and its bodies in normal form.
#[derive(Clone, Debug)]
pub struct Trees {
    /// Declarations and operators.
    pub model: Model,
    /// The bodies.
    pub normal: Normal,
}

/// A model with a type for every expression.
#[derive(Debug)]
pub struct Typed {
    /// Declarations and operators.
    pub model: Model,
    /// The bodies.
    pub normal: Normal,
    /// The types.
    pub types: Types,
}

impl Compilation {
    /// Reads a model, and with the loader the modules that it needs.
    #[must_use]
    pub fn new(source: Source, loader: &Loader<'_>, options: Options) -> Self {
        let mut sources = Sources::new(source);
        let parsed = on_stack(&options, || parse(&mut sources, loader, options.configuration.as_ref()));
        Self {
            options,
            sources,
            parsed,
            resolved: OnceLock::new(),
            normal: OnceLock::new(),
            specialized: OnceLock::new(),
            typed: OnceLock::new(),
            translation: OnceLock::new(),
            rewritten: OnceLock::new(),
            origins: OnceLock::new(),
            rust: OnceLock::new(),
        }
    }

    /// The files that were read.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The problems that were met so far, sorted by place; those that are denied are errors.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut all = Diagnostics::default();
        let answers = [
            Some(&self.parsed.problems),
            self.resolved.get().map(|a| &a.problems),
            self.normal.get().map(|a| &a.problems),
            self.specialized.get().map(|a| &a.problems),
            self.typed.get().map(|a| &a.problems),
            self.translation.get().map(|a| &a.problems),
            self.rewritten.get().map(|a| &a.problems),
            self.origins.get().map(|a| &a.problems),
            self.rust.get().map(|a| &a.problems),
        ];
        answers.into_iter().flatten().flat_map(Diagnostics::iter).cloned().for_each(|d| all.push(d));
        let mut all = all.sorted();
        for d in all.iter_mut().filter(|d| self.options.deny.iter().any(|code| *code == d.code)) {
            d.severity = Severity::Error;
        }
        all
    }

    /// The problems that were met so far, as text.
    #[must_use]
    pub fn report(&self, styled: bool) -> String {
        crate::render::render(&self.sources, &self.diagnostics(), styled)
    }

    /// Whether one of the problems that were met so far is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics().iter().any(|d| d.severity == Severity::Error)
    }

    /// The file as it is written, as much of it as could be read.
    #[must_use]
    pub fn file(&self) -> Option<&File> {
        self.parsed.value.as_ref().map(|p| &p.file)
    }

    /// Whether the file has a place for a translation.
    #[must_use]
    pub fn has_markers(&self) -> bool {
        pluscal::has_markers(self.sources.model())
    }

    /// What TLC is run with.
    #[must_use]
    pub fn configuration(&self) -> Option<&Configuration> {
        self.parsed.value.as_ref().map(|p| &p.configuration)
    }

    /// The model, every name an id; it may have problems.
    #[must_use]
    pub fn model(&self) -> Option<&Model> {
        self.resolved().value.as_ref().map(|r| &r.model)
    }

    /// The bodies in normal form: sections without loops, expressions without reads.
    #[must_use]
    pub fn normal(&self) -> Option<&Trees> {
        let find = |out: &mut Diagnostics| {
            let resolved = self.resolved().sound()?;
            let mut model = resolved.model.clone();
            let normal = crate::normalize::normalize(&mut model, out);
            crate::check::warn_old_values(&model, &normal, out);
            Some(Trees { model, normal })
        };
        self.answer(&self.normal, find).sound()
    }

    /// The normal form where operators take values only, each the values that it mentions from outside, too.
    #[must_use]
    pub fn specialized(&self) -> Option<&Trees> {
        let find = |_: &mut Diagnostics| {
            let Trees { mut model, mut normal } = self.normal()?.clone();
            specialize::specialize(&mut model, &mut normal);
            Some(Trees { model, normal })
        };
        self.answer(&self.specialized, find).sound()
    }

    /// The normal form, each operator for one type, and the types.
    #[must_use]
    pub fn typed(&self) -> Option<&Typed> {
        self.answer(&self.typed, |out| self.infer(out)).sound()
    }

    /// The types, as text.
    #[must_use]
    pub fn types(&self) -> Option<String> {
        let Typed { model, normal, types } = self.typed()?;
        Some(on_stack(&self.options, || crate::infer::show(&self.sources, model, normal, types)))
    }

    /// The translation, as the text of the algorithm.
    #[must_use]
    pub fn pluscal(&self) -> Option<&str> {
        self.answer(&self.translation, |out| self.translate(out)).sound().map(String::as_str)
    }

    /// The whole file with the translation in its region.
    #[must_use]
    pub fn rewritten(&self) -> Option<&str> {
        let find = |out: &mut Diagnostics| pluscal::replace_region(self.sources.model(), self.pluscal()?, out);
        self.answer(&self.rewritten, find).sound().map(String::as_str)
    }

    /// What the names of the translation stand for.
    #[must_use]
    pub fn origins(&self) -> Option<&Origins> {
        let find = |out: &mut Diagnostics| {
            let (file, modules) = self.files()?;
            let Trees { model, normal } = self.normal()?;
            pluscal::origins(&self.sources, file, modules, model, normal, out)
        };
        self.answer(&self.origins, find).sound()
    }

    /// The Rust module.
    #[must_use]
    pub fn rust(&self) -> Option<&str> {
        let find = |out: &mut Diagnostics| {
            let Typed { model, normal, types } = self.typed()?;
            crate::rust::emit(&self.sources, model, normal, types, out)
        };
        self.answer(&self.rust, find).sound().map(String::as_str)
    }

    /// Finds an answer, unless that was done before.
    fn answer<'a, T: Send + Sync>(
        &self,
        answer: &'a OnceLock<Answer<T>>,
        find: impl FnOnce(&mut Diagnostics) -> Option<T> + Send,
    ) -> &'a Answer<T> {
        answer.get_or_init(|| on_stack(&self.options, || Answer::find(find)))
    }

    fn resolved(&self) -> &Answer<Resolved> {
        self.answer(&self.resolved, |out| {
            let parsed = self.parsed.sound()?;
            let mut file = parsed.file.clone();
            // After this: no macro is used.
            if !crate::expand::expand(&mut file.block, out) {
                return None;
            }
            // After this: a plain body has the labels that the translator would add.
            crate::label::add(&mut file.block);
            // After this: every name is an id.
            let replaced = &parsed.configuration.replaced;
            let model =
                crate::resolve::resolve(&self.sources, &file.module, &parsed.modules, &file.block, replaced, out);
            // After this, unless there is an error: every section is well formed.
            crate::check::check(&file.block, &model, self.options.rules, out);
            Some(Resolved { file, model })
        })
    }

    /// The file with its macros expanded, and the modules that it needs.
    fn files(&self) -> Option<(&File, &[Module])> {
        Some((&self.resolved().sound()?.file, &self.parsed.sound()?.modules))
    }

    fn infer(&self, out: &mut Diagnostics) -> Option<Typed> {
        let Trees { mut model, mut normal } = self.specialized()?.clone();
        // After this: what an archetype starts with comes from its parameters.
        specialize::pass_initials(&mut model);
        // After this: what TLC is run with, and what the author says of types, is known.
        crate::configuration::configure(&mut model, self.configuration()?);
        model.annotations = crate::annotations::find(&self.sources, &model, self.files()?.0.block.span, out);
        if self.options.untyped {
            let types = crate::infer::all_values(&mut model, &normal);
            specialize::share_reads(&model, &mut normal);
            return Some(Typed { model, normal, types });
        }
        specialize::monomorphize(&mut model, &mut normal);
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
        specialize::share_reads(&model, &mut normal);
        Some(Typed { model, normal, types })
    }

    fn translate(&self, out: &mut Diagnostics) -> Option<String> {
        let (file, modules) = self.files()?;
        let Trees { model, normal } = self.normal()?;
        let translation = pluscal::translate(&self.sources, file, modules, model, normal, out)?;
        // After this: no name has two meanings in the module.
        translation.check_names(out);
        // After this: the text is plain PlusCal, or an error says that it is not.
        if !out.has_errors() {
            pluscal::verify(&translation.text, &file.module, modules, file.block.name.span, out);
        }
        Some(translation.text)
    }
}

/// After this: one tree per module, every text is known.
fn parse(sources: &mut Sources, loader: &Loader<'_>, configuration: Option<&Source>) -> Answer<Parsed> {
    Answer::find(|out| {
        let configuration = configuration.cloned().and_then(|file| sources.add(file));
        let configuration = configuration.map(|file| crate::configuration::parse(file, out)).unwrap_or_default();
        let file = crate::syntax::parse(sources.model(), out)?;
        let modules = crate::load::load(&file.module, loader, sources, out);
        Some(Parsed { file, modules, configuration })
    })
}

fn on_stack<T: Send>(options: &Options, work: impl FnOnce() -> T + Send) -> T {
    if options.on_this_thread {
        return work();
    }
    with_stack(work)
}

#[cfg(test)]
mod tests {
    use super::{Compilation, Options};
    use crate::source::Source;

    fn compilation(block: &str) -> Compilation {
        Compilation::new(Source::new("m.tla", format!("--mpcal M {{ {block} }}")), &|_| None, Options::default())
    }

    #[test]
    fn it_can_go_to_another_thread() {
        fn check<T: Send + Sync>(_: &T) {}
        check(&compilation("{ l: skip; }"));
    }

    #[test]
    fn what_can_be_known_of_a_model_with_problems_is_known() {
        let unknown = compilation("variables n = 0; archetype A() { l: await m; } process (p = 1) == instance A();");
        assert_eq!(unknown.model().map(|m| m.archetypes.len()), Some(1));
        assert!(unknown.pluscal().is_none() && unknown.rust().is_none());
        assert_eq!(unknown.diagnostics().iter().map(|d| d.code).collect::<Vec<_>>(), ["unknown-name"]);
        let unended = compilation("variables n = 0; archetype A() { l: n := ; }");
        assert!(unended.file().is_some_and(|f| f.block.variables.len() == 1));
        assert!(unended.model().is_none() && unended.has_errors());
    }

    #[test]
    fn only_what_is_asked_for_is_found_out() {
        let model = compilation("variables n = 0; { l: n := n + 1; }");
        assert!(model.pluscal().is_some() && model.typed.get().is_none());
    }
}
