//! Type variables to types, and names for the records among them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::generate::{Generator, RecordLiteral, Ref};
use super::kinds::Kinds;
use super::solve::{Term, TypeId};
use super::{MappingUse, RefType, Types};
use crate::resolved::{ExprId, OperatorId, VariableId, VariableKind};
use crate::symbol::Symbol;
use crate::types::{KindEnum, Record, Shape, Tag, TagEnum, Type, MAX_TUPLE};

/// A variant is named after this many tags at most, and an enum after this many kinds.
const MAX_NAMES: usize = 3;

/// This many model values are named in the name of an enum.
const MAX_NAMED: usize = 2;

impl Generator<'_> {
    pub(super) fn finish(self) -> Types {
        let mut finisher = Finisher::new(&self);
        let count = self.input.model.expr_count as usize;
        let exprs =
            (0..count).map(|n| self.exprs.get(&ExprId(n as u32)).map_or(Type::Value, |t| finisher.of(*t, 0))).collect();
        let all = |list: &[TypeId], f: &mut Finisher<'_, '_>| list.iter().map(|t| f.of(*t, 0)).collect::<Vec<_>>();
        let variables = all(&self.variables, &mut finisher);
        let bounds = all(&self.bounds, &mut finisher);
        let constants = all(&self.constants, &mut finisher);
        let selves = all(&self.selves, &mut finisher);
        let refs = self.refs.iter().map(|(v, r)| (*v, finisher.ref_type(r))).collect();
        let mappings = self
            .uses
            .iter()
            .map(|u| MappingUse {
                mapping: u.mapping,
                variable: u.variable,
                global: u.global,
                stored: finisher.of(u.stored, 0),
                self_type: finisher.of(u.self_type, 0),
                types: finisher.ref_type(&u.types),
                read: u.read.clone(),
                write: u.write.clone(),
            })
            .collect();
        let (records, enums, kinds) = finisher.named();
        let untyped = |t: &TypeId| matches!(self.solver.get(*t), Term::Dynamic);
        let untyped = (0..)
            .zip(&self.variables)
            .filter(|(n, t)| {
                let sides = self.refs.get(&VariableId(*n)).map(|r| [r.read, r.write]);
                untyped(t) || sides.iter().flatten().any(untyped)
            })
            .map(|(n, _)| VariableId(n))
            .collect();
        let endless = Vec::new();
        Types { untyped, endless, exprs, variables, bounds, constants, selves, refs, records, enums, kinds, mappings }
    }
}

/// Type variables to types.
struct Finisher<'c, 'm> {
    cx: &'c Generator<'m>,
    records: Vec<Record>,
    rows: HashMap<usize, usize>,
    enums: Vec<TagEnum>,
    tags: HashMap<usize, Type>,
    kinds: Vec<Vec<Type>>,
    /// Types of values of several kinds that are being looked at.
    open: HashSet<TypeId>,
}

impl<'c, 'm> Finisher<'c, 'm> {
    fn new(cx: &'c Generator<'m>) -> Self {
        Self {
            cx,
            records: Vec::new(),
            rows: HashMap::new(),
            enums: Vec::new(),
            tags: HashMap::new(),
            kinds: Vec::new(),
            open: HashSet::new(),
        }
    }

    fn ref_type(&mut self, r: &Ref) -> RefType {
        RefType {
            indices: r.indices.iter().map(|t| self.of(*t, 0)).collect(),
            read: self.of(r.read, 0),
            write: self.of(r.write, 0),
        }
    }

    fn of(&mut self, t: TypeId, depth: usize) -> Type {
        if depth > 32 {
            return Type::Value;
        }
        let boxed = |cx: &mut Self, t: TypeId| Box::new(cx.of(t, depth + 1));
        match self.cx.solver.get(t).clone() {
            Term::Free | Term::Dynamic | Term::Link(_) | Term::Operator(..) => Type::Value,
            Term::Bool => Type::Bool,
            Term::Int => Type::Int,
            Term::Tags(row) => self.tags(self.cx.solver.tags_of(row), depth),
            Term::Kinds(kinds) => self.of_kinds(t, &kinds, depth),
            Term::Set(a) => Type::Set(boxed(self, a)),
            Term::Seq(a) => Type::Seq(boxed(self, a)),
            Term::Tuple(items) if items.is_empty() => Type::Seq(Box::new(Type::Value)),
            Term::Tuple(items) if items.len() > MAX_TUPLE => Type::Value,
            Term::Tuple(items) => Type::Tuple(items.into_iter().map(|t| self.of(t, depth + 1)).collect()),
            Term::Function(k, v) => Type::Function(boxed(self, k), boxed(self, v)),
            Term::Range(v) => Type::Function(Box::new(Type::Int), boxed(self, v)),
            Term::Record(row) => {
                let row = self.cx.solver.row(row);
                if let Some(known) = self.rows.get(&row) {
                    return Type::Record(*known);
                }
                if self.cx.solver.rows[row].shapes.is_empty() {
                    // Fields are read, but nobody ever makes one.
                    return Type::Value;
                }
                let id = self.records.len();
                self.rows.insert(row, id);
                self.records.push(Record {
                    name: String::new(),
                    fields: BTreeMap::new(),
                    shapes: Vec::new(),
                    tag: None,
                });
                let source = self.cx.solver.rows[row].clone();
                let fields = source.fields.iter().map(|(n, t)| (*n, self.of(*t, depth + 1))).collect();
                self.records[id].fields = fields;
                let shapes: Vec<_> = source.shapes.iter().cloned().collect();
                match self.tagged(row, &self.records[id].fields) {
                    Some((tag, shapes)) => (self.records[id].tag, self.records[id].shapes) = (Some(tag), shapes),
                    None => self.records[id].shapes = self.shapes(row, &shapes),
                }
                Type::Record(id)
            }
        }
    }

    /// Values of several kinds: an enum, if each kind has a type and a value says which it is of.
    fn of_kinds(&mut self, t: TypeId, kinds: &Kinds, depth: usize) -> Type {
        let root = self.cx.solver.find(t);
        // A type that holds itself is any value.
        if !self.open.insert(root) {
            return Type::Value;
        }
        let types: Vec<Type> = kinds.values().map(|t| self.of(*t, depth + 1)).collect();
        self.open.remove(&root);
        let is_record = |t: &Type| matches!(t, Type::Record(_));
        let may_be_record = |t: &Type| matches!(t, Type::Function(k, _) if may_be_text(k));
        let has_models = |t: &Type| match t {
            Type::Atom => true,
            Type::Enum(id) => self.enums[*id].tags.iter().any(|(tag, _)| matches!(tag, Tag::Model(_))),
            _ => false,
        };
        if !types.iter().all(Type::is_of_one_kind) || types.iter().any(has_models) {
            return Type::Value;
        }
        if types.iter().any(is_record) && types.iter().any(may_be_record) {
            return Type::Value;
        }
        // The same types are one, wherever they stand.
        let known = self.kinds.iter().position(|k| *k == types);
        let id = known.unwrap_or_else(|| {
            self.kinds.push(types.clone());
            self.kinds.len() - 1
        });
        Type::Kinds(id, types)
    }

    /// Strings and model values: an enum if the model names them all.
    fn tags(&mut self, row: usize, depth: usize) -> Type {
        if let Some(known) = self.tags.get(&row) {
            return known.clone();
        }
        let tags = self.cx.solver.tags[row].clone();
        let models = tags.any_model || tags.names.iter().any(|t| matches!(t, Tag::Model(_)));
        // A type that holds itself is any value.
        self.tags.insert(row, Type::Value);
        let payload = match tags.payload {
            Some(t) if !matches!(self.cx.solver.get(t), Term::Free) => Some(self.of(t, depth + 1)),
            _ => None,
        };
        let found = match (models, tags.strings(), payload) {
            (false, true, _) if tags.any_string || !tags.compared || tags.names.len() < 2 => Type::Str,
            (true, false, None) if tags.any_model || tags.names.len() < 2 => Type::Atom,
            (_, _, Some(Type::Value)) => Type::Value,
            _ if tags.any_string || tags.any_model => Type::Value,
            (.., payload) => {
                let names: Vec<_> = tags.names.into_iter().map(|t| (t, String::new())).collect();
                // The same values are one type, wherever they stand.
                let known = self.enums.iter().position(|e| e.tags == names && e.payload == payload);
                let id = known.unwrap_or(self.enums.len());
                if known.is_none() {
                    self.enums.push(TagEnum { name: String::new(), tags: names, payload: payload.clone() });
                }
                match payload {
                    None => Type::Enum(id),
                    Some(t) => Type::Optional(id, Box::new(t)),
                }
            }
        };
        self.tags.insert(row, found.clone());
        found
    }

    /// The field that tells shapes apart, where it can be left to the variant: what is made has a value there that the
    /// model names, and nobody writes the field alone. A shape that is made with several such values keeps the field.
    fn tagged(&self, row: usize, fields: &BTreeMap<Symbol, Type>) -> Option<(Symbol, Vec<Shape>)> {
        let source = &self.cx.solver.rows[row];
        let made: Vec<_> = self.cx.literals.iter().filter(|l| self.cx.solver.row(l.row) == row).collect();
        if source.foreign || source.shapes.len() < 2 {
            return None;
        }
        fields.iter().filter(|(f, t)| matches!(t, Type::Enum(_)) && !source.written.contains(*f)).find_map(
            |(field, _)| {
                let mut shapes = Vec::new();
                for fields in &source.shapes {
                    let own: Vec<_> = made.iter().filter(|l| l.shape == *fields).copied().collect();
                    shapes.extend(tagged_shapes(*field, fields, &own)?);
                }
                shapes.sort_by(|a, b| (a.fields.len(), &a.fields, &a.tag).cmp(&(b.fields.len(), &b.fields, &b.tag)));
                shapes.iter().any(|s| s.tag.is_some()).then_some((*field, shapes))
            },
        )
    }

    /// Names the shapes after the tags that tell them apart, or after fields that no other has.
    fn shapes(&self, row: usize, shapes: &[Vec<Symbol>]) -> Vec<Shape> {
        let common = shapes.first().into_iter().flatten().filter(|f| shapes.iter().all(|s| s.contains(f)));
        let named = |tags: &[BTreeSet<Symbol>]| tags.iter().filter(|names| !names.is_empty()).count();
        // Of the fields that all have, the one that says most; of several, the first.
        let mut tags: Vec<BTreeSet<Symbol>> = vec![BTreeSet::new(); shapes.len()];
        for field in common {
            let found: Vec<_> = shapes.iter().map(|s| self.tags_of(row, s, field)).collect();
            let distinct = found.iter().enumerate().all(|(n, names)| found[..n].iter().all(|o| o.is_disjoint(names)));
            if distinct && named(&found) > named(&tags) {
                tags = found;
            }
        }
        let name = |(n, fields): (usize, &Vec<Symbol>)| {
            let own: Vec<_> = match &tags[n] {
                names if (1..=MAX_NAMES).contains(&names.len()) => {
                    return names.iter().map(|t| t.to_string()).collect::<Vec<_>>().join("_or_");
                }
                _ => fields.iter().filter(|f| shapes.iter().filter(|s| s.contains(f)).count() == 1).collect(),
            };
            let fields = if own.is_empty() { fields.iter().collect() } else { own };
            fields.iter().map(|f| f.to_string()).collect::<Vec<_>>().join("_")
        };
        let names: Vec<String> = shapes.iter().enumerate().map(name).collect();
        shapes
            .iter()
            .zip(names)
            .map(|(s, name)| Shape { name, fields: s.clone(), tag: None, possible: Vec::new() })
            .collect()
    }

    /// What names the values of a field in the records of a shape that are made, if that is written down in all.
    fn tags_of(&self, row: usize, shape: &[Symbol], field: &Symbol) -> BTreeSet<Symbol> {
        let made = self.cx.literals.iter().filter(|l| l.shape == *shape && self.cx.solver.row(l.row) == row);
        let names = made.map(|l| l.tags.iter().find(|(f, _)| f == field).map(|(_, possible)| possible));
        let names: Option<Vec<_>> = names.collect();
        names.into_iter().flatten().flatten().map(|(name, _)| *name).collect()
    }

    /// Names records and enums.
    fn named(mut self) -> (Vec<Record>, Vec<TagEnum>, Vec<KindEnum>) {
        let mut names = Names::default();
        let model = &self.cx.input.model;
        for (n, v) in model.variables.iter().enumerate() {
            let t = self.of(self.cx.variables[n], 0);
            names.add(&v.name, &t, v.kind == VariableKind::Local);
        }
        for (n, o) in model.operators.iter().enumerate() {
            let t = self.of(self.cx.results[n], 0);
            names.add(&o.name, &t, false);
        }
        for (n, b) in model.bounds.iter().enumerate() {
            let t = self.of(self.cx.bounds[n], 0);
            names.add_bound(&b.name, &t);
        }
        for (row, id) in &self.rows {
            if let Some(name) = &self.cx.solver.rows[*row].name {
                names.pinned.insert(*id, name.to_string());
            }
        }
        for (id, record) in self.records.iter_mut().enumerate() {
            record.name = names.of_record(id);
        }
        let mut fields = BTreeMap::new();
        for record in &self.records {
            for (field, t) in &record.fields {
                if let Some(id) = enum_in(t) {
                    fields.entry(id).or_insert_with(|| format!("{}_{field}", record.name));
                }
            }
        }
        // What the author calls a tag.
        let authors: HashMap<Tag, Symbol> = (0..model.operators.len())
            .rev()
            .filter_map(|n| Some((model.tag_of(OperatorId(n as u32))?, model.operators[n].name)))
            .collect();
        for (id, e) in self.enums.iter_mut().enumerate() {
            let name = names.enums.get(&id).filter(|(_, best)| *best);
            let name = name.map(|(n, _)| n.clone()).or_else(|| fields.get(&id).cloned());
            let name = name.or_else(|| names.enums.get(&id).map(|(n, _)| n.clone()));
            // A value beside model values is called after what it may be, not after one of those who hold it.
            let either = e.payload.as_ref().and_then(|t| either(t, &e.tags, &self.records));
            e.name = either.or(name).unwrap_or_else(|| format!("tag{id}"));
            for (tag, variant) in &mut e.tags {
                *variant = authors.get(tag).unwrap_or_else(|| tag.text()).to_string();
            }
        }
        let kinds = (self.kinds.iter().enumerate())
            .map(|(id, types)| kind_enum(types, names.kinds.get(&id), &self.records, &self.enums))
            .collect();
        (self.records, self.enums, kinds)
    }
}

/// The variants of records with these fields: one for each tag, or one that holds the tag if it is not fixed.
fn tagged_shapes(field: Symbol, fields: &[Symbol], made: &[&RecordLiteral]) -> Option<Vec<Shape>> {
    let named = |l: &RecordLiteral| l.tags.iter().find(|(f, _)| *f == field).map(|(_, possible)| possible.clone());
    let mut names: BTreeMap<Tag, Symbol> = BTreeMap::new();
    let (mut fixed, mut all_known) = (true, true);
    if !fields.contains(&field) {
        return None;
    }
    for possible in made.iter().map(|l| named(l)) {
        let known: Option<Vec<_>> =
            possible.and_then(|p| p.into_iter().map(|(name, tag)| Some((name, tag?))).collect());
        fixed &= known.as_ref().is_some_and(|k| k.len() == 1);
        all_known &= known.is_some();
        for (name, tag) in known.into_iter().flatten() {
            names.entry(tag).or_insert(name);
        }
    }
    let shape =
        |name: String, tag: Option<Tag>, possible: Vec<Tag>| Shape { name, fields: fields.to_vec(), tag, possible };
    if fixed {
        return Some(names.iter().map(|(t, name)| shape(name.to_string(), Some(t.clone()), vec![t.clone()])).collect());
    }
    if all_known && names.len() <= MAX_NAMES {
        let name = names.values().map(|n| n.to_string()).collect::<Vec<_>>().join("_or_");
        return Some(vec![shape(name, None, names.into_keys().collect())]);
    }
    let others = fields.iter().filter(|f| **f != field).map(|f| f.to_string());
    let possible = names.into_keys().filter(|_| all_known).collect();
    Some(vec![shape(others.collect::<Vec<_>>().join("_"), None, possible)])
}

/// Whether a value may be a string.
fn may_be_text(t: &Type) -> bool {
    matches!(t, Type::Str | Type::Enum(_) | Type::Optional(..) | Type::Kinds(..) | Type::Value)
}

/// An enum of values of several kinds, called after them if they are few, `IntOrMessage`, or after who holds one.
fn kind_enum(types: &[Type], holder: Option<&String>, records: &[Record], enums: &[TagEnum]) -> KindEnum {
    let variants: Vec<String> = types.iter().map(|t| variant(t, records)).collect();
    let holder = holder.filter(|_| variants.len() > MAX_NAMES);
    // A place that holds a model value, too, has given its name to that.
    let taken = |name: &String| enums.iter().any(|e| e.name == *name);
    let holder = holder.map(|name| if taken(name) { format!("{name}_value") } else { name.clone() });
    let name = holder.unwrap_or_else(|| variants.join("Or"));
    KindEnum { name, kinds: types.iter().cloned().zip(variants).collect() }
}

/// What a kind of values is called beside others.
fn variant(t: &Type, records: &[Record]) -> String {
    match t {
        Type::Bool => "Bool".to_owned(),
        Type::Int => "Int".to_owned(),
        // Model values stand beside the enum.
        Type::Str | Type::Atom | Type::Enum(_) => "Str".to_owned(),
        Type::Set(_) => "Set".to_owned(),
        Type::Seq(_) => "Seq".to_owned(),
        Type::Tuple(_) => "Tuple".to_owned(),
        Type::Function(..) => "Function".to_owned(),
        Type::Record(id) => capitalized(&records[*id].name),
        Type::Optional(..) | Type::Kinds(..) | Type::Value => "Value".to_owned(),
    }
}

/// A name for a value of a type beside a few others, `IntOrNone`.
fn either(t: &Type, tags: &[(Tag, String)], records: &[Record]) -> Option<String> {
    let others: Vec<_> = tags.iter().map(|(tag, _)| capitalized(tag.text())).collect();
    let value = word(t, records)?;
    (others.len() <= MAX_NAMED).then(|| format!("{value}Or{}", others.join("Or")))
}

/// A word for a type that is simple enough.
fn word(t: &Type, records: &[Record]) -> Option<String> {
    match t {
        Type::Bool => Some("Bool".to_owned()),
        Type::Int => Some("Int".to_owned()),
        Type::Str => Some("Str".to_owned()),
        Type::Record(id) => Some(capitalized(&records[*id].name)),
        Type::Set(t) => word(t, records).map(|t| format!("SetOf{t}")),
        Type::Seq(t) => word(t, records).map(|t| format!("SeqOf{t}")),
        Type::Atom | Type::Enum(_) | Type::Optional(..) => None,
        Type::Tuple(_) | Type::Function(..) | Type::Kinds(..) | Type::Value => None,
    }
}

fn capitalized(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Names that types are found under.
#[derive(Default)]
struct Names {
    /// Of records, as annotated.
    pinned: BTreeMap<usize, String>,
    /// Of records that a variable holds itself.
    direct: BTreeMap<usize, String>,
    /// Of records anywhere.
    records: BTreeMap<usize, String>,
    /// Of enums; whether a variable holds it.
    enums: BTreeMap<usize, (String, bool)>,
    /// Of values of several kinds.
    kinds: BTreeMap<usize, String>,
}

impl Names {
    fn add(&mut self, name: &Symbol, t: &Type, local: bool) {
        if let (Type::Record(id), true) = (held(t), local) {
            let known = self.direct.entry(*id).or_insert_with(|| name.to_string());
            // Many variables hold a message; one that says so names it best.
            if &**name == "message" {
                *known = name.to_string();
            }
        }
        if let Type::Kinds(id, _) = beside_models(inside(t)) {
            self.kinds.entry(*id).or_insert_with(|| name.to_string());
        }
        if let Type::Record(id) = held(inside(t)) {
            self.records.entry(*id).or_insert_with(|| name.to_string());
        }
        if let Some(id) = enum_in(t) {
            // A collection is not called what its elements are.
            let best = !matches!(t, Type::Set(_) | Type::Seq(_) | Type::Kinds(..));
            let known = self.enums.entry(id).or_insert_with(|| (name.to_string(), best));
            if best && !known.1 {
                *known = (name.to_string(), true);
            }
        }
    }

    /// A name that is bound to a value says better what it is than the collection that it is from.
    fn add_bound(&mut self, name: &Symbol, t: &Type) {
        if let (Type::Record(id), true) = (t, name.len() > 1) {
            self.direct.entry(*id).or_insert_with(|| name.to_string());
        }
        if let Some(id) = enum_in(t) {
            self.enums.entry(id).or_insert_with(|| (name.to_string(), false));
        }
    }

    fn of_record(&self, id: usize) -> String {
        let name = self.pinned.get(&id).or_else(|| self.direct.get(&id)).or_else(|| self.records.get(&id));
        name.cloned().unwrap_or_else(|| format!("record{id}"))
    }
}

/// What stands beside model values.
fn beside_models(t: &Type) -> &Type {
    match t {
        Type::Optional(_, t) => t,
        _ => t,
    }
}

/// The record beside which a place may hold something else.
fn held(t: &Type) -> &Type {
    match t {
        Type::Optional(_, t) => held(t),
        Type::Kinds(_, kinds) => kinds.iter().find(|t| matches!(t, Type::Record(_))).unwrap_or(t),
        _ => t,
    }
}

/// What a collection holds.
fn inside(t: &Type) -> &Type {
    match t {
        Type::Set(e) | Type::Seq(e) | Type::Function(_, e) => inside(e),
        Type::Optional(_, e) => match inside(e) {
            record @ Type::Record(_) => record,
            _ => t,
        },
        other => other,
    }
}

/// The enum that is all there is in a type.
fn enum_in(t: &Type) -> Option<usize> {
    match t {
        Type::Enum(id) | Type::Optional(id, _) => Some(*id),
        Type::Kinds(_, kinds) => kinds.iter().find_map(enum_in),
        Type::Set(e) | Type::Seq(e) => enum_in(e),
        Type::Function(k, e) => enum_in(e).or_else(|| enum_in(k)),
        _ => None,
    }
}
