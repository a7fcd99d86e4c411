//! The names that a translation comes to stand among.
//!
//! In: the module around the block and those that it needs. Out: what is declared, defined and bound in front of the
//! translation of `pcal.trans`, in the block's `define`, and after it. SANY refuses a module in which a name means
//! two things at one place.

use std::collections::{HashMap, HashSet};

use crate::ast::{Binding, Block, Expr, ExprKind, Module, Name, Unit};
use crate::operators::{extended_by, OPERATORS, STANDARD_MODULES};
use crate::source::{Source, Sources, Span};
use crate::symbol::Symbol;

/// Where a name comes from.
#[derive(Clone, Debug)]
pub(super) enum From {
    /// It is written here.
    Place(Span),
    /// A standard module defines it.
    Standard(Symbol),
}

/// Names, and where they come from.
pub(super) type Places = HashMap<Symbol, From>;

/// The names of a file outside the block's bodies.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// Declared or defined in front of the translation, here or in a module that is extended.
    pub(super) before: Places,
    /// Defined by the block itself.
    pub(super) define: Places,
    /// Declared or defined after the translation.
    pub(super) behind: Places,
    /// Bound inside what the block defines.
    pub(super) bound_in_define: Places,
    /// Bound inside what is defined after the translation.
    pub(super) bound_behind: Places,
    /// Every word of the file but those of translations.
    words: HashSet<String>,
    /// Every string of the file but those of translations.
    strings: HashSet<String>,
}

/// Operators of standard modules that are in no table.
const MORE: &[(&str, &[&str])] = &[
    ("Reals", &["Real", "Infinity"]),
    ("RealTime", &["RTBound", "RTnow", "now"]),
    (
        "TLCExt",
        &[
            "AssertEq",
            "AssertError",
            "TLCGetOrDefault",
            "Trace",
            "CounterExample",
            "ToTrace",
            "TLCModelValue",
            "TLCDefer",
            "TLCNoOp",
            "PickSuccessor",
            "TLCCache",
            "TLCFP",
            "TLCEvalDefinition",
        ],
    ),
    ("Randomization", &["RandomSubset", "RandomSetOfSubsets", "TestRandomSetOfSubsets", "RandomSubsetSet"]),
    ("Json", &["ToJson", "ToJsonArray", "ToJsonObject", "JsonSerialize", "JsonDeserialize", "ndJsonSerialize"]),
];

impl Scope {
    pub(super) fn new(sources: &Sources, own: &Module, modules: &[Module], block: &Block) -> Self {
        let source = sources.model();
        let mut scope = Self::default();
        scope.read_words(source);
        let at = source.span(translation(source, block)..source.text.len()).start;
        for name in &own.extends {
            exported(&name.text, modules, true, &mut vec![], &mut scope.before);
        }
        if own.extends.is_empty() && own.name.is_none() {
            STANDARD_MODULES.iter().for_each(|m| standard(m, &mut scope.before));
        }
        for unit in &own.units {
            scope.unit(unit, at, modules);
        }
        for unit in &block.definitions {
            names(unit, true, &mut |n| {
                scope.define.insert(n.text, From::Place(n.span));
            });
            bound(unit, &mut scope.bound_in_define);
        }
        scope
    }

    fn unit(&mut self, unit: &Unit, at: u32, modules: &[Module]) {
        let mut found = Places::new();
        if let Unit::Instance(instance) = unit {
            if instance.name.is_none() {
                exported(&instance.module.text, modules, false, &mut vec![], &mut found);
            }
        }
        let mut is_behind = false;
        names(unit, true, &mut |n| {
            is_behind |= n.span.start > at;
            found.insert(n.text, From::Place(n.span));
        });
        if let Unit::Instance(instance) = unit {
            is_behind |= instance.module.span.start > at;
        }
        if is_behind {
            self.behind.extend(found);
            bound(unit, &mut self.bound_behind);
        } else {
            self.before.extend(found);
        }
        match unit {
            Unit::Module(module) if module.name.as_ref().is_some_and(|n| n.span.start > at) => {
                module.units.iter().for_each(|u| self.unit(u, at, modules));
            }
            Unit::Assume(e) if e.span.start > at => bound_in(e, &mut self.bound_behind),
            _ => {}
        }
    }

    /// Every word and string outside the two regions that are written anew.
    fn read_words(&mut self, source: &Source) {
        let ends = source.text.contains("\\* END TRANSLATION");
        let (mut inside, mut ours) = (false, false);
        for line in source.text.lines() {
            let text = line.trim_start();
            inside |= ends && text.starts_with("\\* BEGIN TRANSLATION");
            ours |= text.starts_with("\\* BEGIN PLUSCAL TRANSLATION");
            if !inside && !ours {
                let is_word = |c: char| c.is_alphanumeric() || c == '_';
                self.words.extend(line.split(|c| !is_word(c)).filter(|w| !w.is_empty()).map(str::to_owned));
                self.strings.extend(line.split('"').skip(1).step_by(2).map(str::to_owned));
            }
            inside &= !text.starts_with("\\* END TRANSLATION");
            ours &= !text.starts_with("\\* END PLUSCAL TRANSLATION");
        }
    }

    /// What a name of the whole module would clash with: a variable, a label, a process or a procedure.
    pub(super) fn clash(&self, name: &str) -> Option<&From> {
        let places = [&self.before, &self.define, &self.behind, &self.bound_behind];
        places.into_iter().find_map(|p| p.get(name))
    }

    /// Whether a name stands nowhere in the file and is defined nowhere.
    pub(super) fn is_new(&self, name: &str) -> bool {
        !self.words.contains(name) && self.clash(name).is_none() && !self.bound_in_define.contains_key(name)
    }

    /// Whether something may compare `pc` with this label.
    pub(super) fn speaks_of(&self, label: &str) -> bool {
        self.words.contains("pc") && self.strings.contains(label)
    }
}

/// The byte at which `pcal.trans` writes what it makes of the algorithm.
fn translation(source: &Source, block: &Block) -> usize {
    let found = source.text.find("\\* BEGIN TRANSLATION");
    found.or_else(|| source.text.find("\\* END PLUSCAL TRANSLATION")).unwrap_or(source.range(block.span).end)
}

/// What a module gives to one that extends it, or with `constants` unset, to one that instantiates it.
fn exported(name: &str, modules: &[Module], constants: bool, open: &mut Vec<Symbol>, out: &mut Places) {
    if open.iter().any(|m| **m == *name) {
        return;
    }
    let Some(module) = modules.iter().find(|m| m.name.as_ref().is_some_and(|n| *n.text == *name)) else {
        standard(name, out);
        return;
    };
    open.push(Symbol::from(name));
    for extended in &module.extends {
        exported(&extended.text, modules, constants, open, out);
    }
    for unit in &module.units {
        match unit {
            Unit::Constants(_) | Unit::Variables(_) if !constants => {}
            Unit::Definition(d) if d.local => {}
            Unit::Instance(i) if i.local => {}
            Unit::Instance(i) if i.name.is_none() => exported(&i.module.text, modules, false, open, out),
            _ => names(unit, false, &mut |n| {
                out.insert(n.text, From::Place(n.span));
            }),
        }
    }
    open.pop();
}

fn standard(name: &str, out: &mut Places) {
    let bags: &[&str] = if name == "Bags" { &["TLC"] } else { &[] };
    for module in std::iter::once(name).chain(extended_by(name).iter().copied()).chain(bags.iter().copied()) {
        let more = MORE.iter().filter(|(m, _)| *m == module).flat_map(|(_, names)| names.iter().copied());
        let known = OPERATORS.iter().filter(|o| o.module == module).map(|o| o.name);
        out.extend(known.chain(more).map(|n| (Symbol::from(n), From::Standard(Symbol::from(module)))));
    }
}

/// The names that a unit declares or defines.
fn names(unit: &Unit, local: bool, f: &mut dyn FnMut(&Name)) {
    match unit {
        Unit::Constants(list) => list.iter().for_each(|(n, _)| f(n)),
        Unit::Variables(list) => list.iter().for_each(f),
        Unit::Definition(d) if local || !d.local => f(&d.name),
        Unit::Instance(i) => i.name.iter().for_each(f),
        Unit::Definition(_) | Unit::Recursive(_) | Unit::Assume(_) | Unit::Module(_) | Unit::Opaque => {}
    }
}

/// The names that are bound inside a unit.
fn bound(unit: &Unit, out: &mut Places) {
    match unit {
        Unit::Definition(d) => {
            let parameters = d.parameters.iter().map(|(n, _)| n);
            add(parameters.chain(d.domain.iter().flatten().flat_map(|b| &b.names)), out);
            d.domain.iter().flatten().filter_map(|b| b.set.as_deref()).for_each(|e| bound_in(e, out));
            bound_in(&d.body, out);
        }
        Unit::Instance(i) => {
            add(i.parameters.iter().map(|(n, _)| n), out);
            i.with.iter().for_each(|(_, e)| bound_in(e, out));
        }
        Unit::Assume(e) => bound_in(e, out),
        Unit::Constants(_) | Unit::Variables(_) | Unit::Recursive(_) | Unit::Module(_) | Unit::Opaque => {}
    }
}

fn add<'n>(names: impl Iterator<Item = &'n Name>, out: &mut Places) {
    out.extend(names.map(|n| (n.text, From::Place(n.span))));
}

/// The names that are bound inside an expression.
fn bound_in(e: &Expr, out: &mut Places) {
    let bindings = |list: &[Binding], out: &mut Places| add(list.iter().flat_map(|b| &b.names), out);
    // The walk wants to change what it visits.
    let mut copy = e.clone();
    crate::expand::walk(&mut copy, &mut |kind| match kind {
        ExprKind::Filter(b, _) | ExprKind::Choose(b, _) => bindings(std::slice::from_ref(b), out),
        ExprKind::Map(_, list) | ExprKind::Function(list, _) | ExprKind::Quantified(_, list, _) => bindings(list, out),
        ExprKind::Lambda(list, _) => add(list.iter(), out),
        ExprKind::Let(units, _) => {
            for unit in units {
                names(unit, true, &mut |n| add(std::iter::once(n), out));
                if let Unit::Definition(d) = unit {
                    add(d.parameters.iter().map(|(n, _)| n), out);
                    d.domain.iter().for_each(|b| bindings(b, out));
                }
            }
        }
        _ => {}
    });
}
