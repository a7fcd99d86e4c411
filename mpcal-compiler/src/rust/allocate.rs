//! The one place that gives names to what is emitted. It knows which names mean something in Rust, in the runtime's
//! traits or in the emitted text, so that nothing of a model hides them, and which are taken.
//!
//! Types (records, enums, archetypes and their modules, marker traits, mapping macros over variables) share one name
//! space with what stands in the module of an archetype, because each of those sees all others. Fields, getters and
//! methods have one each. Names of values are told apart over the whole model, so that none hides another.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use proc_macro2::Ident;

use super::names::{ident, pascal, snake};
use crate::infer::Types;
use crate::resolved::{Argument, Expr, ExprKind, Initial, Model, VariableId, VariableKind};
use crate::symbol::Symbol;
use crate::types::{Record, TagEnum};
use crate::unused::{unused, unused_snake};

/// Types, traits, variants and primitive types that every module sees.
const PRELUDE: &[&str] = &[
    "AsMut",
    "AsRef",
    "AsyncFn",
    "AsyncFnMut",
    "AsyncFnOnce",
    "Box",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "DoubleEndedIterator",
    "Drop",
    "Eq",
    "Err",
    "ExactSizeIterator",
    "Extend",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "FromIterator",
    "Future",
    "Hash",
    "Into",
    "IntoFuture",
    "IntoIterator",
    "Iterator",
    "None",
    "Ok",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Result",
    "Self",
    "Send",
    "Sized",
    "Some",
    "String",
    "Sync",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "Unpin",
    "Vec",
    "bool",
    "char",
    "f32",
    "f64",
    "i128",
    "i16",
    "i32",
    "i64",
    "i8",
    "isize",
    "str",
    "u128",
    "u16",
    "u32",
    "u64",
    "u8",
    "usize",
];

/// Types and modules of the emitted text.
const OUR_TYPES: &[&str] = &[
    "Constants",
    "Frame",
    "Label",
    "State",
    "T",
    "Variables",
    "VariablesSnapshot",
    "alloc",
    "clippy",
    "core",
    "diagnostic",
    "model",
    "rt",
    "std",
];

/// Methods that the prelude gives to `Arc<Constants>`, through which operators are called.
const ARC_METHODS: &[&str] =
    &["as_ref", "clone", "clone_from", "clone_into", "drop", "eq", "into", "ne", "to_owned", "try_into"];

/// Methods of a value: a getter of that name would be in their way, or they in its.
const VALUE_METHODS: &[&str] = &[
    "clamp",
    "clone",
    "cmp",
    "eq",
    "into",
    "max",
    "min",
    "ne",
    "partial_cmp",
    "to_owned",
    "to_string",
    "to_value",
    "try_into",
];

/// Methods of an archetype, and those of `Archetype`.
const ARCHETYPE_METHODS: &[&str] =
    &["is_done", "is_local", "label", "name", "new", "process", "state", "state_mut", "step"];

/// Names that are taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken(HashSet<String>);

impl Taken {
    /// All of some lists.
    pub(super) fn of(lists: &[&[&str]]) -> Self {
        Self(lists.iter().flat_map(|list| list.iter().map(|n| (*n).to_owned())).collect())
    }

    /// Takes a name, or else the name with a suffix, or else with the suffix and a number.
    pub(super) fn take(&mut self, name: &str, suffix: &str) -> String {
        if self.0.insert(name.to_owned()) {
            return name.to_owned();
        }
        self.note(unused(&format!("{name}{suffix}"), |n| !self.0.contains(n)))
    }

    /// Takes a name in snake case, or else one with a number.
    fn take_snake(&mut self, name: &str) -> String {
        self.note(unused_snake(name, |n| !self.0.contains(n)))
    }

    fn note(&mut self, name: String) -> String {
        self.0.insert(name.clone());
        name
    }
}

/// The names of an archetype.
pub(super) struct ArchetypeNames {
    pub(super) name: String,
    pub(super) module: String,
    /// The struct of its parameters.
    pub(super) parameters: String,
    /// What is taken in its module.
    pub(super) taken: Taken,
}

/// The names of a parameter of an archetype.
pub(super) struct ParameterNames {
    /// The field.
    pub(super) field: String,
    /// The type parameter of the struct of parameters.
    pub(super) generic: String,
}

/// The names of everything that is emitted.
pub(super) struct Names {
    /// Variables and bound names.
    values: HashMap<Symbol, String>,
    /// Fields of structs.
    fields: HashMap<Symbol, String>,
    /// Fields of enums, which have getters.
    getters: HashMap<Symbol, String>,
    /// Constants and operators.
    operators: HashMap<Symbol, String>,
    pub(super) records: Vec<String>,
    pub(super) record_variants: Vec<Vec<String>>,
    pub(super) enums: Vec<String>,
    pub(super) enum_variants: Vec<Vec<String>>,
    pub(super) kinds: Vec<String>,
    pub(super) kind_variants: Vec<Vec<String>>,
    pub(super) markers: Vec<String>,
    pub(super) archetypes: Vec<ArchetypeNames>,
    pub(super) parameters: HashMap<VariableId, ParameterNames>,
    /// Mapping macros over variables.
    pub(super) mappings: Vec<String>,
    /// Variables that only the instances of one process have: what an expression stands for that is given for a `ref`.
    pub(super) own_variables: HashMap<(usize, VariableId), String>,
}

impl Names {
    pub(super) fn new(model: &Model, types: &Types) -> Self {
        let mut taken = Taken::of(&[PRELUDE, OUR_TYPES]);
        let values = values(model);
        let archetypes: Vec<_> = model.archetypes.iter().map(|a| taken.take(&pascal(&a.name), "Archetype")).collect();
        let modules: Vec<_> = archetypes.iter().map(|name| taken.take(&snake(name), "_archetype")).collect();
        let parameters: Vec<_> = archetypes.iter().map(|name| taken.take(&format!("{name}Parameters"), "")).collect();
        let markers = model.mapping_macros.iter().map(|m| taken.take(&pascal(&m.name), "Mapping")).collect();
        let records: Vec<_> = types.records.iter().map(|r| taken.take(&pascal(&r.name), "Record")).collect();
        let enums: Vec<_> = types.enums.iter().map(|e| taken.take(&pascal(&e.name), &suffix(e))).collect();
        let kinds: Vec<_> = types.kinds.iter().map(|k| taken.take(&pascal(&k.name), "Value")).collect();
        let mappings = mappings(model, types, &mut taken);
        let mut names = Self {
            fields: fields(types),
            getters: getters(types),
            operators: operators(model),
            record_variants: types.records.iter().map(|r| variants(r.shapes.iter().map(|s| &*s.name), false)).collect(),
            enum_variants: types
                .enums
                .iter()
                .map(|e| variants(e.tags.iter().map(|(_, name)| &**name), e.payload.is_some()))
                .collect(),
            kind_variants: types
                .kinds
                .iter()
                .map(|e| variants(e.kinds.iter().map(|(_, name)| &**name), false))
                .collect(),
            kinds,
            values,
            records,
            enums,
            markers,
            archetypes: Vec::new(),
            parameters: HashMap::new(),
            mappings,
            own_variables: HashMap::new(),
        };
        for (n, ((name, module), parameters)) in archetypes.into_iter().zip(modules).zip(parameters).enumerate() {
            let taken = names.parameters(model, n, taken.clone());
            names.archetypes.push(ArchetypeNames { name, module, parameters, taken });
        }
        names.own_variables = own_variables(model, &names);
        names
    }

    /// Names the parameters of an archetype; gives what is taken in its module then.
    fn parameters(&mut self, model: &Model, n: usize, mut taken: Taken) -> Taken {
        let mut fields = Taken::of(&[&["constants", "id", "section", "state"]]);
        for p in &model.archetypes[n].parameters {
            let text = &model.variable(*p).name;
            let field = fields.take(&self.value(text), "_resource");
            let generic = taken.take(&pascal(text), "Resource");
            self.parameters.insert(*p, ParameterNames { field, generic });
        }
        taken
    }

    /// A variable or a bound name.
    pub(super) fn value(&self, text: &Symbol) -> String {
        self.values.get(text).cloned().unwrap_or_else(|| snake(text))
    }

    /// Whether a variable or a bound name is called so, or something of ours that stands beside them.
    pub(super) fn is_value(&self, name: &str) -> bool {
        const OURS: &[&str] =
            &["constants", "frame", "index", "label", "process", "result", "section", "value", "variable"];
        OURS.contains(&name) || self.values.values().any(|known| known == name)
    }

    /// A field of a record.
    pub(super) fn field(&self, record: &Record, text: &Symbol) -> String {
        let names = if record.shapes.len() == 1 { &self.fields } else { &self.getters };
        names.get(text).cloned().unwrap_or_else(|| snake(text))
    }

    /// A constant or an operator.
    pub(super) fn operator(&self, text: &Symbol) -> String {
        self.operators.get(text).cloned().unwrap_or_else(|| snake(text))
    }
}

/// Names of values: `Foo` and `foo` differ in TLA+, so the second is `foo_2`.
fn values(model: &Model) -> HashMap<Symbol, String> {
    // What stands beside each kind of name in the emitted text.
    let beside = |kind: VariableKind| -> &[&str] {
        match kind {
            VariableKind::Global => &["constants"],
            VariableKind::Local | VariableKind::Value => {
                &["constants", "frame", "label", "return_to", "section", "stack"]
            }
            VariableKind::Ref(_) => &[],
        }
    };
    let mut all: BTreeMap<Symbol, HashSet<&str>> = BTreeMap::new();
    for v in &model.variables {
        all.entry(v.name).or_default().extend(beside(v.kind));
    }
    for b in &model.bounds {
        all.entry(b.name).or_default().extend(["constants", "frame", "return_to", "section"]);
    }
    let (mut taken, mut found) = (Taken::default(), HashMap::new());
    for (text, beside) in all {
        let name = unused_snake(&snake(&text), |n| !beside.contains(n) && !taken.0.contains(n));
        found.insert(text, taken.note(name));
    }
    found
}

/// Named as the parameters are; where that is taken, after the process, too.
fn own_variables(model: &Model, names: &Names) -> HashMap<(usize, VariableId), String> {
    let mut taken = Taken::of(&[&["constants"]]);
    taken.0.extend(model.globals.iter().map(|g| names.value(&model.variable(*g).name)));
    let mut found = HashMap::new();
    for (n, process) in model.processes.iter().enumerate() {
        let given = model.archetypes[process.archetype.index()].parameters.iter().zip(&process.arguments);
        for (parameter, argument) in given {
            let variable = model.variable(*parameter);
            if matches!((argument, variable.kind), (Argument::Value(_), VariableKind::Ref(_))) {
                let name = names.value(&variable.name);
                let own = if taken.0.contains(&name) { format!("{}_{name}", snake(&process.name)) } else { name };
                found.insert((n, *parameter), taken.take_snake(&own));
            }
        }
    }
    found
}

/// Fields of structs.
fn fields(types: &Types) -> HashMap<Symbol, String> {
    let mut taken = Taken::default();
    fields_of(types, |record| record.shapes.len() == 1).map(|f| (f, taken.take_snake(&snake(&f)))).collect()
}

/// Fields of enums: each has a getter of its name, and a `…_mut`.
fn getters(types: &Types) -> HashMap<Symbol, String> {
    let mut taken = Taken::of(&[VALUE_METHODS]);
    let mut getter = |name: &str| {
        let free = unused_snake(name, |n| !taken.0.contains(n) && !taken.0.contains(&format!("{n}_mut")));
        taken.0.extend([free.clone(), format!("{free}_mut")]);
        free
    };
    fields_of(types, |record| record.shapes.len() != 1).map(|f| (f, getter(&snake(&f)))).collect()
}

/// The fields of some records, sorted.
fn fields_of(types: &Types, wanted: impl Fn(&Record) -> bool) -> impl Iterator<Item = Symbol> {
    let records = types.records.iter().filter(|r| wanted(r));
    let all: BTreeSet<Symbol> = records.flat_map(|r| r.fields.keys().copied()).collect();
    all.into_iter()
}

/// Constants are fields, operators methods or, in capitals, constants.
fn operators(model: &Model) -> HashMap<Symbol, String> {
    let mut all: Vec<Symbol> = model.constants.iter().map(|c| c.name).collect();
    all.extend(model.operators.iter().map(|o| o.name));
    all.sort();
    all.dedup();
    let mut taken = Taken::of(&[ARC_METHODS, &["check", "checked", "identity", "model_hash"]]);
    all.into_iter().map(|text| (text, taken.take_snake(&snake(&text)))).collect()
}

/// `InboxOverNetwork`, `PlainOverTotal`
fn mappings(model: &Model, types: &Types, taken: &mut Taken) -> Vec<String> {
    let is_plain = |m: &crate::resolved::MappingMacro| pascal(&m.name) == "Plain";
    let plain = if model.mapping_macros.iter().any(is_plain) { "Unmapped" } else { "Plain" };
    let name = |m: &crate::infer::MappingUse| {
        let variable = pascal(&model.variable(m.variable).name);
        let mapping = m.mapping.map_or(plain.to_owned(), |id| pascal(&model.mapping_macros[id.index()].name));
        format!("{mapping}Over{variable}")
    };
    types.mappings.iter().map(|m| taken.take(&name(m), "")).collect()
}

/// What tells an enum from another type of its name: `VoteOrNil`.
fn suffix(e: &TagEnum) -> String {
    match (&e.payload, &e.tags[..]) {
        (Some(_), [(tag, _)]) => format!("Or{}", pascal(tag.text())),
        _ => "Kind".to_owned(),
    }
}

/// The variants of an enum; one with a payload has `Some`, too.
fn variants<'n>(names: impl Iterator<Item = &'n str>, payload: bool) -> Vec<String> {
    let mut taken = Taken::of(&[if payload { &["Some"] } else { &[] }]);
    let name = |n: &str| if pascal(n) == "x" { "Empty".to_owned() } else { pascal(n) };
    names.map(|n| taken.take(&name(n), "")).collect()
}

/// Labels of an archetype, and the functions of their sections.
pub(super) struct LabelNames {
    labels: Taken,
    functions: Taken,
}

impl LabelNames {
    pub(super) fn new() -> Self {
        Self { labels: Taken::of(&[&["Done"]]), functions: Taken::of(&[ARCHETYPE_METHODS]) }
    }

    /// Names of labels, different for different labels.
    pub(super) fn take<'l>(&mut self, texts: impl IntoIterator<Item = &'l Symbol>) -> HashMap<Symbol, Ident> {
        texts.into_iter().map(|text| (*text, ident(&self.labels.take(&pascal(text), "")))).collect()
    }

    /// The function of a label.
    pub(super) fn function(&mut self, label: &Ident) -> Ident {
        ident(&self.functions.take(&snake(&label.to_string()), "_section"))
    }
}

/// The name of the identifier of a process, among initial values and arguments: no variable, nor a name bound there.
fn id(model: &Model, names: &Names) -> String {
    let mut known: HashSet<String> =
        model.variables.iter().filter(|v| v.kind != VariableKind::Global).map(|v| names.value(&v.name)).collect();
    known.extend(names.parameters.values().map(|p| p.field.clone()));
    let mut see = |e: &Expr| {
        e.any(&mut |e| {
            if let ExprKind::Bound(b) = e.kind {
                known.insert(names.value(&model.bound(b).name));
            }
            false
        });
    };
    let local = model.variables.iter().filter(|v| v.kind != VariableKind::Global);
    for initial in local.map(|v| &v.initial).chain(model.processes.iter().map(|p| &p.selves)) {
        match initial {
            Initial::Value(e) | Initial::Element(e) => see(e),
            Initial::None => {}
        }
    }
    for argument in model.processes.iter().flat_map(|p| &p.arguments) {
        match argument {
            Argument::Value(e) => see(e),
            Argument::Ref(..) => {}
        }
    }
    if known.contains("id") {
        unused_snake("process_id", |n| !known.contains(n))
    } else {
        "id".to_owned()
    }
}

/// Names for what emitted code needs itself among expressions of the model, unlike those of the model.
pub(super) struct Own {
    /// A changed copy of a value.
    pub(super) changed: Ident,
    /// What stood at a place, and what is to stand there.
    pub(super) old: Ident,
    pub(super) new: Ident,
    /// What is tested for being in a set, or is there.
    pub(super) tested: Ident,
    pub(super) present: Ident,
    /// `$variable`, `$value` and `self`, in a mapping macro.
    pub(super) variable: Ident,
    pub(super) value: Ident,
    pub(super) process: Ident,
    /// The identifier of a process, and what else it is made of.
    pub(super) id: Ident,
    pub(super) parameters: Ident,
    /// What is collected.
    pub(super) all: Ident,
    /// What begins the names of arguments, items and sets that are numbered.
    argument: String,
    item: String,
    set: String,
}

impl Own {
    /// Names that are not among those of the model.
    pub(super) fn unlike(model: &Model, names: &Names) -> Self {
        let numbered = |name: &str| {
            let begins = |known: &String| known.strip_prefix(name).is_some_and(|rest| !rest.is_empty());
            let clashes = names.values.values().any(begins);
            if clashes {
                format!("{name}_of_ours")
            } else {
                name.to_owned()
            }
        };
        let parameters: HashSet<_> = names.parameters.values().map(|p| &p.field).collect();
        let free = |name: &str| {
            let is_free = |n: &str| parameters.iter().all(|p| *p != n) && names.values.values().all(|known| known != n);
            ident(&unused_snake(name, is_free))
        };
        Self {
            changed: free("changed"),
            old: free("old"),
            new: free("new"),
            tested: free("tested"),
            present: free("present"),
            variable: free("variable"),
            value: free("value"),
            process: free("process"),
            id: ident(&id(model, names)),
            parameters: free("parameters"),
            all: free("all"),
            argument: numbered("argument"),
            item: numbered("item"),
            set: numbered("set"),
        }
    }

    pub(super) fn argument(&self, n: usize) -> Ident {
        ident(&format!("{}_{n}", self.argument))
    }

    pub(super) fn item(&self, n: usize) -> Ident {
        ident(&format!("{}{n}", self.item))
    }

    pub(super) fn set(&self, n: usize) -> Ident {
        ident(&format!("{}{n}", self.set))
    }
}
