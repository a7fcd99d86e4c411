//! Branches on what variant a record is: a `match` whose arms bind the fields of the variant.
//!
//! `if (m.kind = "vote") { … } else if (m.kind = "grant") { … }` is a chain of such branches. Inside an arm the fields
//! that the variant has are plain names, until something is assigned to the variable.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use proc_macro2::TokenStream;
use quote::quote;

use super::code::{Code, Form, Scope};
use super::expression::{rust, Level, Rust};
use super::names::ident;
use super::procedure::Target;
use super::Emitter;
use crate::normal::{Block, End, Step};
use crate::operators::Op;
use crate::resolved::{BoundId, Expr, ExprKind, VariableId};
use crate::symbol::Symbol;
use crate::types::{Tag, Type};

/// What holds a record whose variant is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    Variable(VariableId),
    Bound(BoundId),
}

impl Subject {
    pub(super) fn of(e: &Expr) -> Option<Self> {
        match e.kind {
            ExprKind::Variable(id) => Some(Self::Variable(id)),
            ExprKind::Bound(id) => Some(Self::Bound(id)),
            _ => None,
        }
    }

    /// Whether a step gives it another value.
    pub(super) fn is_changed_by(self, step: &Step, scope: &Scope) -> bool {
        let mut changed = false;
        step.each(&mut |s| {
            let variable = match s {
                Step::Assign { variable, .. } => Some(*variable),
                Step::Write { parameter, .. } => match scope.refs.get(parameter) {
                    Some(Target::Local(v) | Target::Own(v)) => Some(*v),
                    _ => None,
                },
                _ => None,
            };
            changed |= variable.is_some_and(|v| self == Subject::Variable(v));
        });
        changed
    }
}

/// A variant that a record is known to be.
#[derive(Clone)]
pub(super) struct Variant {
    /// The fields that it has, with the names that they are bound to.
    fields: Vec<(Symbol, proc_macro2::Ident)>,
    /// Those that are mentioned.
    used: Rc<RefCell<BTreeSet<Symbol>>>,
}

/// `m.kind = "vote" /\ …`
struct Test<'e> {
    record: &'e Expr,
    tag: Tag,
    /// What else must hold.
    guard: Vec<&'e Expr>,
}

/// One arm: its test, and what is done.
struct Arm<'e, B: ?Sized> {
    test: Test<'e>,
    body: &'e B,
}

/// What is emitted for an arm.
struct Emitted {
    pattern: TokenStream,
    /// `if …`
    guard: Option<Rust>,
    body: Rust,
    /// The variants that it takes all of.
    covered: Vec<usize>,
}

impl Emitter<'_> {
    /// A block that ends in a branch on a variant.
    pub(super) fn variant_blocks(&self, c: &Expr, a: &Block, b: &Block, s: &Scope) -> Option<Rust> {
        let mut arms = vec![Arm { test: self.variant_test(c, s)?, body: a }];
        let mut other = b;
        while let (true, End::If(c, a, b)) = (other.steps.is_empty(), &other.end) {
            let Some(test) = self.variant_test(c, s).filter(|t| same(t, &arms[0].test)) else { break };
            arms.push(Arm { test, body: &**a });
            other = b;
        }
        let emit = |block: &Block, s: &Scope| Rust::body(self.block(block, s));
        self.variant_match(&arms, &emit, &|| emit(other, s), s)
    }

    /// A step that is a branch on a variant; `emit` emits the steps of an arm.
    pub(super) fn variant_steps(
        &self,
        c: &Expr,
        (a, b): (&[Step], &[Step]),
        emit: &dyn Fn(&[Step], &Scope) -> TokenStream,
        s: &Scope,
    ) -> Option<Rust> {
        let emit = |steps: &[Step], s: &Scope| Rust::body(emit(steps, s));
        let mut arms = vec![Arm { test: self.variant_test(c, s)?, body: a }];
        let mut other = b;
        while let [Step::If(c, a, b)] = other {
            let Some(test) = self.variant_test(c, s).filter(|t| same(t, &arms[0].test)) else { break };
            arms.push(Arm { test, body: &a[..] });
            other = b;
        }
        self.variant_match(&arms, &emit, &|| emit(other, s), s)
    }

    /// `IF m.kind = "vote" THEN … ELSE …`
    pub(super) fn variant_values(&self, e: &Expr, ty: &Type, s: &Scope) -> Option<Rust> {
        let mut arms = Vec::new();
        let mut other = e;
        while let ExprKind::If(c, a, b) = &other.kind {
            let Some(test) = self.variant_test(c, s) else { break };
            if arms.first().is_some_and(|first: &Arm<'_, Expr>| !same(&test, &first.test)) {
                break;
            }
            arms.push(Arm { test, body: &**a });
            other = b;
        }
        let emit = |e: &Expr, s: &Scope| self.owned(e, ty, s);
        self.variant_match(&arms, &emit, &|| emit(other, s), s)
    }

    /// A field of a record that is known to be a variant that has it.
    pub(super) fn field_of_variant(&self, record: &Expr, field: &Symbol, s: &Scope) -> Option<Code> {
        let variant = s.variants.get(&Subject::of(record)?)?;
        let (_, name) = variant.fields.iter().find(|(f, _)| f == field)?;
        let Type::Record(id) = self.type_of(record) else { return None };
        variant.used.borrow_mut().insert(*field);
        let ty = self.types.records[id].fields.get(field)?.clone();
        Some(Code::new(rust!(#name), Form::Ref, ty))
    }

    /// Forgets what a step makes untrue.
    pub(super) fn forget_variants(step: &Step, s: &mut Scope) {
        let known = std::mem::take(&mut s.variants);
        s.variants = known.into_iter().filter(|(subject, _)| !subject.is_changed_by(step, s)).collect();
    }

    fn variant_test<'e>(&self, c: &'e Expr, s: &Scope) -> Option<Test<'e>> {
        let (first, guard) = match &c.kind {
            ExprKind::And(list) => (list.first()?, list[1..].iter().collect()),
            _ => (c, Vec::new()),
        };
        let ExprKind::Builtin(op, sides) = &first.kind else { return None };
        let [a, b] = &sides[..] else { return None };
        if op.id != Op::Equal {
            return None;
        }
        let (record, tag) = [(a, b), (b, a)].into_iter().find_map(|(field, tag)| {
            let ExprKind::Field(record, name) = &field.kind else { return None };
            let Type::Record(id) = self.type_of(record) else { return None };
            (self.types.records[id].tag == Some(*name)).then_some((&**record, self.tag_of(tag)?))
        })?;
        self.is_in_sight(record, s).then_some(Test { record, tag, guard })
    }

    /// A record, also where something else may stand.
    fn seen_record(&self, record: &Expr, id: usize, s: &Scope) -> Option<Code> {
        let mut code = self.present(self.code(record, None, s));
        if let Type::Kinds(_, kinds) = &code.ty {
            code = match Self::with_index(kinds, true) {
                Some(at) => self.of_kind(code, at),
                None => code,
            };
        }
        (code.ty == Type::Record(id) && matches!(code.form, Form::Place | Form::Ref)).then_some(code)
    }

    /// Whether a record stands where it can be borrowed while the rest of the state changes.
    fn is_in_sight(&self, record: &Expr, s: &Scope) -> bool {
        match Subject::of(record) {
            Some(Subject::Variable(id)) => match s.names.get(&id) {
                Some(code) => code.form == Form::Ref,
                None => !s.frame.contains_key(&id) && !s.in_procedure,
            },
            Some(Subject::Bound(id)) => {
                let form = s.bounds.get(&id).map(|code| (code.form, code.slot.is_none()));
                matches!(form, Some((Form::Place | Form::Ref, true)))
            }
            None => false,
        }
    }

    fn variant_match<B: ?Sized>(
        &self,
        arms: &[Arm<'_, B>],
        emit: &dyn Fn(&B, &Scope) -> Rust,
        other: &dyn Fn() -> Rust,
        s: &Scope,
    ) -> Option<Rust> {
        let record = arms.first()?.test.record;
        let Type::Record(id) = self.type_of(record) else { return None };
        let emitted: Option<Vec<_>> = arms.iter().map(|arm| self.variant_arm(arm, id, emit, s)).collect();
        let emitted = emitted?;
        let scrutinee = self.seen_record(record, id, s)?.into_ref();
        let covered: BTreeSet<_> = emitted.iter().flat_map(|e| &e.covered).collect();
        let is_complete = covered.len() == self.types.records[id].shapes.len();
        let other = (!is_complete).then(other);
        if let ([Emitted { pattern, guard: None, body, .. }], Some(other)) = (&emitted[..], &other) {
            let other = (!other.is_empty()).then(|| rust!(else { #other }));
            return Some(rust!(if let #pattern = #scrutinee { #body } #other).at(Level::Block));
        }
        let arm = |Emitted { pattern, guard, body, .. }: &Emitted| rust!(#pattern #guard => { #body });
        let arms: Vec<_> = emitted.iter().map(arm).collect();
        let other = other.map(|other| rust!(_ => { #other }));
        Some(rust!(match #scrutinee { #(#arms)* #other }).at(Level::Block))
    }

    fn variant_arm<B: ?Sized>(
        &self,
        arm: &Arm<'_, B>,
        id: usize,
        emit: &dyn Fn(&B, &Scope) -> Rust,
        s: &Scope,
    ) -> Option<Emitted> {
        let record = &self.types.records[id];
        let tag_field = record.tag?;
        let tag_type = record.fields.get(&tag_field)?;
        let is_it = |shape: &crate::types::Shape| match &shape.tag {
            Some(tag) => *tag == arm.test.tag,
            None => shape.possible.is_empty() || shape.possible.contains(&arm.test.tag),
        };
        let found: Vec<_> = record.shapes.iter().enumerate().filter(|(_, shape)| is_it(shape)).collect();
        let common = record
            .held(found.first()?.1)
            .filter(|f| found.iter().all(|(_, shape)| shape.fields.contains(f)) && **f != tag_field);
        let fields = common.filter_map(|f| Some((*f, self.field_binding(record, f, arm.test.record, s)?))).collect();
        let variant = Variant { fields, used: Rc::default() };
        let mut inner = s.clone();
        inner.variants.insert(Subject::of(arm.test.record)?, variant.clone());
        let guard: Vec<_> = arm.test.guard.iter().map(|e| self.condition(e, &inner)).collect();
        let body = emit(arm.body, &inner);
        let used = variant.used.borrow();
        let bindings: Vec<_> = (variant.fields.iter().filter(|(f, _)| used.contains(f)))
            .map(|(f, name)| match self.field_name(record, f) {
                field if field == *name => quote!(#name),
                field => quote!(#field: #name),
            })
            .collect();
        let name = self.record_name(id);
        let patterns = found.iter().map(|(at, shape)| {
            let variant = ident(&self.names.record_variants[id][*at]);
            match &shape.tag {
                Some(_) if record.held(shape).next().is_none() => quote!(#name::#variant),
                Some(_) => quote!(#name::#variant { #(#bindings,)* .. }),
                None => {
                    let tag = self.tag(&arm.test.tag, tag_type, None).rust;
                    let field = self.field_name(record, &tag_field);
                    quote!(#name::#variant { #field: #tag, #(#bindings,)* .. })
                }
            }
        });
        let covered: Vec<_> =
            found.iter().filter(|(_, shape)| shape.tag.is_some() && guard.is_empty()).map(|(at, _)| *at).collect();
        Some(Emitted {
            pattern: quote!(#(#patterns)|*),
            covered,
            guard: (!guard.is_empty()).then(|| {
                let guard = Rust::joined(guard, Level::And);
                rust!(if #guard)
            }),
            body,
        })
    }

    /// A name for a field that hides no other.
    fn field_binding(
        &self,
        record: &crate::types::Record,
        field: &Symbol,
        subject: &Expr,
        s: &Scope,
    ) -> Option<proc_macro2::Ident> {
        let holder = match Subject::of(subject)? {
            Subject::Variable(id) => self.name(&self.model.variable(id).name),
            Subject::Bound(id) => self.name(&self.model.bound(id).name),
        };
        let short = self.field_name(record, field);
        let long = ident(&format!("{holder}_{short}").replace("r#", ""));
        let taken = |name: &proc_macro2::Ident| {
            self.names.is_value(&name.to_string())
                || s.variants.values().flat_map(|v| &v.fields).any(|(_, known)| known == name)
        };
        [short, long].into_iter().find(|name| !taken(name))
    }
}

/// Whether two tests are of one record.
fn same(a: &Test<'_>, b: &Test<'_>) -> bool {
    Subject::of(a.record) == Subject::of(b.record)
}
