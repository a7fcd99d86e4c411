//! The PlusCal back end.
//!
//! In: a model in normal form. Out: the text of a plain PlusCal algorithm, and the file with that
//! text in its region.
//!
//! [`lower`] makes a process of each instance: it expands mapping macros and specialises
//! procedures. [`symbols`] and [`bounds`] give everything its name in the module that [`scope`] describes; [`hoist`]
//! gives procedures the variables of processes that they use. [`body`] puts the sections in their places, those of a
//! loop inside it; [`stage`] makes plain PlusCal of each [`section`]: there a variable is assigned at most once per
//! path, so values assigned again later are bound by `with`, and merged where paths meet; [`fold`] takes over where
//! that would nest too deep.
//! [`layout`] prints, [`verify`] reads the result again, and [`clash`] reports names that only the author can change.

mod body;
mod bounds;
mod clash;
mod expr;
mod fold;
mod hoist;
mod inline;
mod instantiate;
mod layout;
mod lower;
mod merge;
mod region;
mod scope;
mod section;
mod stage;
mod symbols;
mod tail;
mod together;
mod verify;
mod yields;

use std::fmt::Write;

use crate::ast::{Fairness, Module};
use crate::counterexample::{LabelOrigin, Origins};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::normal::Normal;
use crate::resolved::{Initial, Model, VariableId};
use crate::source::{Source, Sources};
use crate::syntax::File;

pub use region::{has_markers, replace_region};
pub use verify::verify;

/// How deep statements may nest: `pcal.trans` 1.9 crashes beyond 31.
const MAX_NESTING: usize = 30;

/// The algorithm, and what it is held against.
pub struct Translation {
    /// Its text.
    pub text: String,
    symbols: Vec<symbols::Entry>,
    scope: scope::Scope,
}

impl Translation {
    /// Reports names that would mean two things in the module.
    pub fn check_names(&self, out: &mut Diagnostics) {
        clash::check_words(&self.symbols, &self.scope, out);
        let source = Source::new("translation", &*self.text);
        // What is not an algorithm was reported when it was read again.
        if let Some(block) = crate::syntax::parse_algorithm(&source, &mut Diagnostics::default()) {
            clash::check(&block, &self.symbols, &self.scope, out);
        }
    }
}

/// Translates a model; none if it has a problem of its own.
pub fn translate(
    source: &Sources,
    file: &File,
    modules: &[Module],
    model: &Model,
    normal: &Normal,
    out: &mut Diagnostics,
) -> Option<Translation> {
    let block = &file.block;
    if model.processes.is_empty() {
        out.push(
            Diagnostic::error("no-process", block.name.span, "the block has no process and no instance")
                .help("add e.g. `fair process (p \\in 1..3) == instance Archetype(…);`"),
        );
        return None;
    }
    let scope = scope::Scope::new(source, &file.module, modules, block);
    let lowered = lower::lower(model, normal, block, &scope, out)?;
    let keyword = if model.is_fair { "--fair algorithm" } else { "--algorithm" };
    let mut text = format!("{keyword} {} {{\n", block.name.text);
    let mut names = lowered.names.clone();
    names.variables.extend(lowered.spelt.clone());
    let cx = expr::Printer { model: &lowered.model, names: &names };
    let globals = model.globals.iter().map(|g| {
        let v = model.variable(*g);
        format!("{}{}", v.name, initial(&cx, &v.initial))
    });
    let declarations: Vec<_> =
        globals.chain(lowered.hoisted.iter().map(|(_, declaration)| declaration.clone())).collect();
    if !declarations.is_empty() {
        text.push_str("  variables\n");
        for declaration in declarations {
            layout::wrap(&format!("    {declaration};"), &mut text);
        }
    }
    for span in &block.definition_spans {
        text.push_str("  define {\n");
        layout::indent(&source.model().aligned(*span), 4, &mut text);
        text.push_str("  }\n");
    }
    for (n, procedure) in lowered.procedures.iter().enumerate() {
        let _ = write!(text, "\n  procedure {}(", procedure.name);
        let parameters: Vec<_> = procedure.parameters.iter().map(|v| declaration(&cx, *v)).collect();
        let _ = writeln!(text, "{})", parameters.join(", "));
        let own: Vec<_> = procedure.parameters.iter().chain(&procedure.variables).copied().collect();
        let owner = section::Owner { names: cx.names, procedure: Some((n, &own)) };
        declarations_of(&cx, &procedure.variables, &mut text);
        body::body(source, &lowered, owner, &procedure.sections, &mut text, out);
    }
    for process in &lowered.processes {
        let fair = match process.fairness {
            Fairness::Unfair => "",
            Fairness::Weak => "fair ",
            Fairness::Strong => "fair+ ",
        };
        if !matches!(process.selves, Initial::None) {
            text.push('\n');
            for line in body::comments(source, process.span) {
                let _ = writeln!(text, "  {line}");
            }
            let _ = writeln!(text, "  {fair}process ({}{})", process.name, initial(&cx, &process.selves));
        }
        let mut names = names.clone();
        if let Initial::Value(e) = &process.selves {
            names.self_id = Some(cx.text(e));
        }
        let cx = expr::Printer { model: &lowered.model, names: &names };
        let owner = section::Owner { names: cx.names, procedure: None };
        let is_own = |v: &VariableId| lowered.hoisted.iter().all(|(hoisted, _)| hoisted != v);
        let variables: Vec<_> = process.variables.iter().copied().filter(is_own).collect();
        declarations_of(&cx, &variables, &mut text);
        body::body(source, &lowered, owner, &process.sections, &mut text, out);
    }
    text.push_str("}\n");
    (!out.has_errors()).then(|| Translation { text, symbols: lowered.symbols, scope })
}

/// What the labels and variables of the translation stand for.
pub fn origins(
    sources: &Sources,
    file: &File,
    modules: &[Module],
    model: &Model,
    normal: &Normal,
    out: &mut Diagnostics,
) -> Option<Origins> {
    let scope = scope::Scope::new(sources, &file.module, modules, &file.block);
    let lowered = lower::lower(model, normal, &file.block, &scope, out)?;
    let cx = expr::Printer { model: &lowered.model, names: &lowered.names };
    let mut origins = Origins::default();
    for g in &model.globals {
        let name = model.variable(*g).name.to_string();
        origins.variables.insert(name.clone(), (name, None));
    }
    for process in &model.processes {
        let parameters = &model.archetypes[process.archetype.index()].parameters;
        for (parameter, argument) in parameters.iter().zip(&process.arguments) {
            if let crate::resolved::Argument::Ref(global, ..) = argument {
                let names = [*parameter, *global].map(|v| model.variable(v).name.to_string());
                origins.bound.push(names.into());
            }
        }
    }
    let processes = lowered.processes.iter().zip(&model.processes).map(|(p, of)| {
        let archetype = model.archetypes[of.archetype.index()].name.to_string();
        (archetype, p.variables.clone(), &p.sections, false)
    });
    let procedures = lowered.procedures.iter().map(|p| {
        let variables = p.parameters.iter().chain(&p.variables).copied().collect::<Vec<_>>();
        (lowered.model.procedures[p.of.index()].name.to_string(), variables, &p.sections, true)
    });
    // Where all there is are loops of one label, the translator has no labels, and the action is the process.
    for (process, of) in lowered.processes.iter().zip(&model.processes) {
        if let [section] = &process.sections[..] {
            let owner = model.archetypes[of.archetype.index()].name.to_string();
            let action = if matches!(process.selves, Initial::None) { "Next" } else { &*process.name };
            let label = sources.slice(section.span).to_owned();
            let origin = LabelOrigin { owner, is_procedure: false, label, span: section.span };
            origins.labels.insert(action.to_owned(), origin);
        }
    }
    for (owner, variables, sections, is_procedure) in processes.chain(procedures) {
        for v in variables {
            let name = lowered.model.variable(v).name.to_string();
            origins.variables.insert(cx.variable_name(v).to_string(), (name, Some(owner.clone())));
        }
        for s in sections {
            let label = sources.slice(s.span).to_owned();
            origins
                .labels
                .insert(s.label.to_string(), LabelOrigin { owner: owner.clone(), is_procedure, label, span: s.span });
        }
    }
    Some(origins)
}

/// The variables of a process or procedure.
fn declarations_of(cx: &expr::Printer<'_>, variables: &[VariableId], text: &mut String) {
    if !variables.is_empty() {
        let list: Vec<_> = variables.iter().map(|v| format!("{};", declaration(cx, *v))).collect();
        layout::wrap(&format!("  variables {}", list.join(" ")), text);
    }
}

/// A variable or parameter with what it starts with.
fn declaration(cx: &expr::Printer<'_>, variable: VariableId) -> String {
    format!("{}{}", cx.variable_name(variable), initial(cx, &cx.model.variable(variable).initial))
}

fn initial(cx: &expr::Printer<'_>, initial: &Initial) -> String {
    match initial {
        Initial::None => String::new(),
        Initial::Value(e) => format!(" = {}", cx.top(e)),
        Initial::Element(e) => format!(" \\in {}", cx.top(e)),
    }
}
