//! Places inside a value: what `f[i].field := e` and `EXCEPT` change.

use proc_macro2::Literal;

use super::code::{Code, Form, Scope};
use super::expression::{rust, Rust};
use super::names::ident;
use super::Emitter;
use crate::resolved::{Expr, ExprKind, Step as PathStep, Update};
use crate::types::Type;

impl Emitter<'_> {
    /// The place at a path inside another one, to read and to assign.
    pub(super) fn place_of(&self, start: Place, path: &[PathStep], s: &Scope) -> Place {
        let mut target = start;
        for step in path {
            if let Type::Optional(_, t) = target.ty.clone() {
                let (read, reach) = (&target.read, &target.reach);
                let (read, reach) = (rust!(#read.get()).tried(), rust!(#reach.get_mut()).tried());
                target = Place { read, reach, ty: *t, write: rust!(), by_ref: true, lent: true };
            }
            if let Type::Kinds(id, kinds) = target.ty.clone() {
                let is_field =
                    matches!(step, PathStep::Field(_) | PathStep::Index(Expr { kind: ExprKind::Str(_), .. }));
                if let Some(at) = Self::with_index(&kinds, is_field) {
                    let (read, reach, getters) = (&target.read, &target.reach, self.getters(id, at));
                    let (get, get_mut) = (getters.read, getters.change);
                    let (read, reach) = (rust!(#read.#get()).tried(), rust!(#reach.#get_mut()).tried());
                    let ty = kinds[at].clone();
                    target = Place { read, reach, ty, write: rust!(), by_ref: true, lent: true };
                }
            }
            let (read, reach) = (target.read.clone(), target.reach.clone());
            let (read, reach, ty, by_ref, lent) = match (step, target.ty.clone()) {
                (PathStep::Index(i), Type::Function(k, v)) => {
                    let i = self.by_ref(i, &k, s);
                    (rust!(#read.at(#i)).tried(), rust!(#reach.at_mut(#i)).tried(), *v, true, true)
                }
                (PathStep::Index(i), Type::Seq(v)) => {
                    let i = self.owned(i, &Type::Int, s);
                    (rust!(#read.at(#i)).tried(), rust!(#reach.at_mut(#i)).tried(), *v, true, true)
                }
                (PathStep::Index(Expr { kind: ExprKind::Int(n), .. }), Type::Tuple(items))
                    if (1..=items.len() as i64).contains(n) =>
                {
                    let index = Literal::usize_unsuffixed(*n as usize - 1);
                    (rust!(#read.#index), rust!(#reach.#index), items[*n as usize - 1].clone(), false, false)
                }
                (PathStep::Index(Expr { kind: ExprKind::Str(f), .. }), Type::Record(id))
                | (PathStep::Field(f), Type::Record(id)) => {
                    let record = &self.types.records[id];
                    let name = self.field_name(record, f);
                    let ty = record.fields.get(f).cloned().unwrap_or(Type::Value);
                    if !record.ever(f) {
                        let (t, name) = (self.rust_type(&ty), &**f);
                        let read = rust!(rt::no_field::<#t>(#name)).tried();
                        (read, rust!(rt::no_field::<&mut #t>(#name)).tried(), ty, true, false)
                    } else if record.shapes.len() == 1 {
                        (rust!(#read.#name), rust!(#reach.#name), ty, false, false)
                    } else {
                        let name_mut = ident(&format!("{}_mut", self.names.field(record, f)));
                        let (read, reach) = (rust!(#read.#name()), rust!(#reach.#name_mut()));
                        let got = |rust: Rust| if record.always(f) { rust } else { rust.tried() };
                        (got(read), got(reach), ty, true, true)
                    }
                }
                (PathStep::Index(i), other) => {
                    if other != Type::Value {
                        self.unsupported(i.span, "this assignment", "the type of what it changes is not known");
                    }
                    let i = self.by_ref(i, &Type::Value, s);
                    let start = if target.by_ref { reach } else { rust!(&mut #reach) };
                    let from = if target.lent { read } else { rust!(&#read) };
                    let reached = rust!(rt::value_index_mut(#start, #i)).tried();
                    (rust!(rt::value_index(#from, #i)).tried(), reached, Type::Value, true, false)
                }
                (PathStep::Field(f), _) => {
                    let name = &**f;
                    let start = if target.by_ref { reach } else { rust!(&mut #reach) };
                    let reached = rust!(rt::value_field_mut(#start, #name)).tried();
                    (rust!(#read.field(#name)).tried(), reached, Type::Value, true, true)
                }
            };
            target = Place { read, reach, ty, write: rust!(), by_ref, lent };
        }
        let reach = &target.reach;
        target.write = if target.by_ref { reach.clone().dereferenced() } else { reach.clone() };
        target
    }

    /// `![i] = e`, where `@` in `e` is what stands at the place.
    pub(super) fn update(&self, update: &Update, place: Place, s: &Scope) -> Rust {
        let mut inner = s.clone();
        let (read, target) = (place.read, place.write);
        // A place may be found by what an `@` further out stands for.
        let (old, new) = (self.free_name(&self.own.old, s), &self.own.new);
        let keep = if update.value.any(&mut |e| matches!(e.kind, ExprKind::Bound(b) if b == update.at)) {
            inner.bounds.insert(update.at, Code::new(rust!(#old), Form::Place, place.ty.clone()));
            rust!(let #old = #read.clone();)
        } else {
            rust!()
        };
        let value = self.owned(&update.value, &place.ty, &inner);
        rust!(#keep let #new = #value; #target = #new;)
    }
}

impl Place {
    /// A variable, or something else that can be assigned.
    pub(super) fn named(name: Rust, ty: &Type) -> Self {
        Self { read: name.clone(), reach: name, ty: ty.clone(), write: rust!(), by_ref: false, lent: false }
    }

    /// What a mutable reference leads to.
    pub(super) fn behind(reference: Rust, ty: &Type) -> Self {
        Self { by_ref: true, lent: true, ..Self::named(reference, ty) }
    }
}

/// A place inside a value.
pub(super) struct Place {
    /// To read it.
    pub(super) read: Rust,
    /// To reach it mutably.
    reach: Rust,
    /// The left side of an assignment.
    pub(super) write: Rust,
    /// What stands there.
    pub(super) ty: Type,
    /// Whether it is reached by a reference.
    by_ref: bool,
    /// Whether what is read is a reference.
    lent: bool,
}
