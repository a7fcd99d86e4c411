//! Names that hold for the whole module: of variables, labels, processes and procedures.
//!
//! In: the algorithm with the author's names. Out: the same, each name as `pcal.trans` would make of it. Where two
//! things have one name, an underscore and as much of its owner's name as is needed is added to the first, and the
//! last keeps its own: labels yield to procedures, processes and variables, those of processes to those of
//! procedures, and all of them to what is global. A name that would clash with one of the module is replaced by a new
//! one.

use std::collections::{HashMap, HashSet};

use super::lower::Lowered;
use super::scope::Scope;
use crate::normal::{End, Jump, Section};
use crate::resolved::{Initial, VariableId};
use crate::source::Span;
use crate::symbol::Symbol;
use crate::unused::unused;

/// What the translator defines or declares itself, in most modules.
pub(super) const TRANSLATOR_DEFINES: [&str; 8] =
    ["Init", "Next", "Spec", "vars", "ProcSet", "Terminating", "Termination", "defaultInitValue"];

/// Words of PlusCal, which its translator does not take for names everywhere.
pub(super) const WORDS: [&str; 26] = [
    "assert",
    "await",
    "begin",
    "call",
    "define",
    "do",
    "either",
    "else",
    "elsif",
    "end",
    "goto",
    "if",
    "macro",
    "or",
    "print",
    "procedure",
    "process",
    "return",
    "skip",
    "then",
    "variable",
    "variables",
    "when",
    "while",
    "with",
    "fair",
];

/// Kinds of names in the order in which `pcal.trans` settles them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Global,
    Label,
    Procedure,
    Process,
    ProcessVariable,
    ProcedureVariable,
    Parameter,
}

const KINDS: [Kind; 7] = [
    Kind::Global,
    Kind::Label,
    Kind::Procedure,
    Kind::Process,
    Kind::ProcessVariable,
    Kind::ProcedureVariable,
    Kind::Parameter,
];

/// What has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Translator,
    Variable(VariableId),
    Section,
    Procedure(usize),
    Process(usize),
}

/// One name.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    /// As the author has it, or a new name in its place.
    name: Symbol,
    /// The process or procedure that it belongs to.
    owner: Symbol,
    /// As it is in the translation.
    pub(super) spelt: Symbol,
    /// Where the author has it.
    pub(super) span: Span,
    of: Of,
}

impl Entry {
    /// Whether it is `pc` or `stack`.
    pub(super) fn is_translators(&self) -> bool {
        self.of == Of::Translator
    }
}

/// Gives everything its name; what is in `hoisted` is declared before the `define`.
pub(super) fn assign(lowered: &mut Lowered, scope: &Scope, hoisted: &HashSet<VariableId>) {
    owners_differ(lowered, scope);
    let mut symbols = symbols(lowered);
    loop {
        settle(&mut symbols);
        let clashing: Vec<usize> = (0..symbols.len()).filter(|n| must_change(&symbols[*n], scope, hoisted)).collect();
        if clashing.is_empty() {
            break;
        }
        let mut known: HashSet<String> = symbols.iter().map(|s| s.spelt.to_string()).collect();
        known.extend(TRANSLATOR_DEFINES.map(str::to_owned));
        for n in clashing {
            symbols[n].name = new_name(&symbols[n].name, scope, &mut known);
        }
    }
    apply(lowered, &symbols);
    let reserved = TRANSLATOR_DEFINES.iter().chain(&WORDS).chain(&["self", "pc", "stack"]).map(|n| (*n).to_owned());
    lowered.taken.extend(reserved);
    lowered.taken.extend(scope.before.keys().chain(scope.define.keys()).map(ToString::to_string));
    let actions = |s: &&Entry| matches!(s.kind, Kind::Label | Kind::Procedure | Kind::Process);
    lowered.taken.extend(symbols.iter().filter(|s| !actions(s)).map(|s| s.spelt.to_string()));
    lowered.defined = defined(lowered);
    lowered.symbols = symbols;
}

/// The order in which actions are defined: the labels of a procedure or process, then itself.
fn defined(lowered: &Lowered) -> HashMap<Symbol, usize> {
    let procedures = lowered.procedures.iter().map(|p| (&p.sections, &p.name));
    let all = procedures.chain(lowered.processes.iter().map(|p| (&p.sections, &p.name)));
    let names = all.flat_map(|(sections, name)| sections.iter().map(|s| &s.label).chain([name]));
    names.zip(1..).map(|(name, at)| (*name, at)).collect()
}

/// A name that stands nowhere in the file.
fn new_name(name: &str, scope: &Scope, known: &mut HashSet<String>) -> Symbol {
    let found = unused(name, |n| scope.is_new(n) && !known.contains(n));
    known.insert(found.clone());
    Symbol::from(found)
}

/// Processes and procedures have names of their own: a procedure may be there several times.
fn owners_differ(lowered: &mut Lowered, scope: &Scope) {
    let processes = lowered.processes.iter().map(|p| p.name.to_string());
    let procedures = lowered.procedures.iter().map(|p| p.name.to_string());
    let mut known: HashSet<String> = processes.chain(procedures).collect();
    let mut seen: HashSet<Symbol> = HashSet::new();
    let procedures = lowered.procedures.iter_mut().map(|p| &mut p.name);
    for name in procedures.chain(lowered.processes.iter_mut().map(|p| &mut p.name)) {
        if !seen.insert(*name) {
            *name = new_name(name, scope, &mut known);
        }
    }
}

/// In the order of the translator's table.
fn symbols(lowered: &Lowered) -> Vec<Entry> {
    let mut list = Vec::new();
    let none: Symbol = Symbol::from("");
    let mut add = |kind, name: &Symbol, owner: &Symbol, span, of| {
        list.push(Entry { kind, name: *name, owner: *owner, spelt: *name, span, of });
    };
    let tools = if lowered.procedures.is_empty() { &["pc"][..] } else { &["pc", "stack"] };
    tools.iter().for_each(|name| add(Kind::Global, &Symbol::from(*name), &none, Span::default(), Of::Translator));
    let variable = |v: &VariableId| {
        let named = lowered.names.variables.get(v).copied();
        (named.unwrap_or_else(|| lowered.model.variable(*v).name), lowered.model.variable(*v).span)
    };
    for v in &lowered.model.globals {
        let (name, span) = variable(v);
        add(Kind::Global, &name, &none, span, Of::Variable(*v));
    }
    for (n, p) in lowered.procedures.iter().enumerate() {
        add(Kind::Procedure, &p.name, &none, p.span, Of::Procedure(n));
        let own = p.variables.iter().map(|v| (v, Kind::ProcedureVariable));
        for (v, kind) in own.chain(p.parameters.iter().map(|v| (v, Kind::Parameter))) {
            let (name, span) = variable(v);
            add(kind, &name, &p.name, span, Of::Variable(*v));
        }
        p.sections.iter().for_each(|s| add(Kind::Label, &s.label, &p.name, s.span, Of::Section));
    }
    for (n, p) in lowered.processes.iter().enumerate() {
        let alone = matches!(p.selves, Initial::None);
        if !alone {
            add(Kind::Process, &p.name, &none, p.span, Of::Process(n));
        }
        let owner = if alone { &none } else { &p.name };
        for v in &p.variables {
            let (name, span) = variable(v);
            add(Kind::ProcessVariable, &name, owner, span, Of::Variable(*v));
        }
        p.sections.iter().for_each(|s| add(Kind::Label, &s.label, owner, s.span, Of::Section));
    }
    list
}

/// Spells each name so that no two are equal, as `pcal.trans` 1.9 does.
fn settle(symbols: &mut [Entry]) {
    let mut count: HashMap<Symbol, usize> = HashMap::new();
    for s in symbols.iter_mut() {
        s.spelt = s.name;
        *count.entry(s.name).or_default() += 1;
    }
    for kind in KINDS.into_iter().skip(1) {
        for s in symbols.iter_mut().filter(|s| s.kind == kind) {
            let suffix = std::iter::once('_').chain(s.owner.chars());
            let more = std::iter::repeat(char::from_digit(kind as u32, 10).unwrap_or('_'));
            let mut letters = suffix.chain(more);
            while count.get(&s.spelt).is_some_and(|n| *n > 1) {
                let longer: Symbol = Symbol::from(format!("{}{}", s.spelt, letters.next().unwrap_or('_')));
                *count.entry(s.spelt).or_default() -= 1;
                *count.entry(longer).or_default() += 1;
                s.spelt = longer;
            }
        }
    }
}

/// Whether the module has another use for a name that may be changed.
fn must_change(s: &Entry, scope: &Scope, hoisted: &HashSet<VariableId>) -> bool {
    let compared = s.kind == Kind::Label && scope.speaks_of(&s.spelt) && !WORDS.contains(&&*s.spelt);
    let fixed = s.kind == Kind::Global || compared;
    let is_hoisted = matches!(s.of, Of::Variable(v) if hoisted.contains(&v));
    let taken = scope.clash(&s.spelt).is_some()
        || TRANSLATOR_DEFINES.iter().chain(&WORDS).chain(&["self"]).any(|word| **word == *s.spelt)
        || (is_hoisted && scope.bound_in_define.contains_key(&s.spelt));
    taken && !fixed
}

fn apply(lowered: &mut Lowered, symbols: &[Entry]) {
    let mut labels: HashMap<&str, Vec<Symbol>> = HashMap::new();
    for s in symbols {
        match s.of {
            Of::Translator => {}
            Of::Variable(v) => {
                lowered.names.variables.insert(v, s.spelt);
            }
            Of::Section => labels.entry(&s.owner).or_default().push(s.spelt),
            Of::Procedure(_) | Of::Process(_) => {}
        }
    }
    let none = Vec::new();
    for p in &mut lowered.procedures {
        rename_labels(&mut p.sections, labels.get(&*p.name).unwrap_or(&none));
    }
    for p in &mut lowered.processes {
        let owner = if matches!(p.selves, Initial::None) { "" } else { &p.name };
        rename_labels(&mut p.sections, labels.get(owner).unwrap_or(&none));
    }
    for s in symbols {
        match s.of {
            Of::Procedure(n) => lowered.procedures[n].name = s.spelt,
            Of::Process(n) => lowered.processes[n].name = s.spelt,
            Of::Translator | Of::Variable(_) | Of::Section => {}
        }
    }
}

/// Renames the labels of a body, the jumps to them, and the loops that sections stand in.
fn rename_labels(sections: &mut [Section], new: &[Symbol]) {
    let map: HashMap<Symbol, Symbol> = sections.iter().map(|s| s.label).zip(new.iter().copied()).collect();
    for s in sections {
        s.label = map.get(&s.label).copied().unwrap_or(s.label);
        s.inside = s.inside.as_ref().map(|l| map.get(l).copied().unwrap_or(*l));
        s.block.each_mut(&mut |b| {
            if let End::Goto(Jump::Label(label)) | End::Call(_, _, Some(Jump::Label(label))) = &mut b.end {
                *label = map.get(label).copied().unwrap_or(*label);
            }
        });
    }
}
