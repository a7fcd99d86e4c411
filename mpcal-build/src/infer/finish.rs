//! Type variables to types, and names for the records among them.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::generate::{Generator, Ref};
use super::solve::{Term, TypeId};
use super::{MappingUse, RefType, Types};
use crate::resolved::{ExprId, VariableId, VariableKind};
use crate::types::{Record, Shape, Type};

impl Generator<'_> {
    pub(super) fn finish(self) -> Types {
        let mut finisher = Finisher { cx: &self, records: Vec::new(), rows: HashMap::new() };
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
        let records = finisher.named();
        let untyped = |t: &TypeId| matches!(self.solver.get(*t), Term::Dynamic);
        let untyped = (0..)
            .zip(&self.variables)
            .filter(|(n, t)| {
                let sides = self.refs.get(&VariableId(*n)).map(|r| [r.read, r.write]);
                untyped(t) || sides.iter().flatten().any(untyped)
            })
            .map(|(n, _)| VariableId(n))
            .collect();
        Types { untyped, exprs, variables, bounds, constants, selves, refs, records, mappings }
    }
}

/// Type variables to types.
struct Finisher<'c, 'm> {
    cx: &'c Generator<'m>,
    records: Vec<Record>,
    rows: HashMap<usize, usize>,
}

impl Finisher<'_, '_> {
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
            Term::Str => Type::Str,
            Term::Set(a) => Type::Set(boxed(self, a)),
            Term::Seq(a) => Type::Seq(boxed(self, a)),
            Term::Tuple(items) if items.is_empty() => Type::Seq(Box::new(Type::Value)),
            Term::Tuple(items) if items.len() > 8 => Type::Value,
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
                self.records.push(Record { name: String::new(), fields: BTreeMap::new(), shapes: Vec::new() });
                let source = self.cx.solver.rows[row].clone();
                let fields = source.fields.iter().map(|(n, t)| (n.clone(), self.of(*t, depth + 1))).collect();
                self.records[id].fields = fields;
                self.records[id].shapes = self.shapes(row, &source.shapes.into_iter().collect::<Vec<_>>());
                Type::Record(id)
            }
        }
    }

    /// Names the shapes after the tag that tells them apart, or after their fields.
    fn shapes(&self, row: usize, shapes: &[Vec<Rc<str>>]) -> Vec<Shape> {
        let literals: Vec<_> = self.cx.literals.iter().filter(|l| self.cx.solver.row(l.row) == row).collect();
        let tag_of = |shape: &Vec<Rc<str>>, field: &Rc<str>| -> Option<Rc<str>> {
            let mut names = literals
                .iter()
                .filter(|l| l.shape == *shape)
                .map(|l| l.tags.iter().find(|(f, _)| f == field).map(|(_, t)| t.clone()));
            let first = names.next()??;
            names.all(|n| n.as_ref() == Some(&first)).then_some(first)
        };
        let fields: Vec<Rc<str>> = shapes.first().cloned().unwrap_or_default();
        let tags = fields.iter().find_map(|field| {
            let names: Option<Vec<_>> = shapes.iter().map(|s| tag_of(s, field)).collect();
            let names = names?;
            let distinct = names.iter().enumerate().all(|(i, n)| !names[..i].contains(n));
            distinct.then_some(names)
        });
        shapes
            .iter()
            .enumerate()
            .map(|(n, s)| {
                let name = match &tags {
                    Some(tags) => tags[n].to_string(),
                    None => s.iter().map(|f| f.to_string()).collect::<Vec<_>>().join("_"),
                };
                Shape { name, fields: s.clone() }
            })
            .collect()
    }

    /// Names records after the variable that holds them, or the operator that makes them.
    fn named(mut self) -> Vec<Record> {
        let model = &self.cx.input.model;
        let ids = |name: &Rc<str>, t: &Type, found: &mut BTreeMap<usize, String>| {
            let mut t = t;
            loop {
                match t {
                    Type::Set(e) | Type::Seq(e) | Type::Function(_, e) => t = e,
                    Type::Record(id) => {
                        found.entry(*id).or_insert_with(|| name.to_string());
                        return;
                    }
                    _ => return,
                }
            }
        };
        let mut found = BTreeMap::new();
        let mut direct = BTreeMap::new();
        for (n, v) in model.variables.iter().enumerate() {
            let t = self.of(self.cx.variables[n], 0);
            if let (Type::Record(id), VariableKind::Local) = (&t, v.kind) {
                let name = direct.entry(*id).or_insert_with(|| v.name.to_string());
                // Many variables hold a message; one that says so names it best.
                if &*v.name == "message" {
                    *name = v.name.to_string();
                }
            }
            ids(&v.name, &t, &mut found);
        }
        for (n, o) in model.operators.iter().enumerate() {
            let t = self.of(self.cx.results[n], 0);
            ids(&o.name, &t, &mut found);
        }
        for (id, record) in self.records.iter_mut().enumerate() {
            let name = direct.get(&id).or_else(|| found.get(&id));
            record.name = name.cloned().unwrap_or_else(|| format!("record{id}"));
        }
        self.records
    }
}
