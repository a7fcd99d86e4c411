//! Equality and membership.

use super::code::{Code, Form, Scope};
use super::expression::{rust, Level, Part, Rust};
use super::Emitter;
use crate::operators::Op;
use crate::resolved::{Expr, ExprKind};
use crate::symbol::Symbol;
use crate::types::Type;

impl Emitter<'_> {
    pub(super) fn equality(&self, a: &Expr, b: &Expr, negated: bool, s: &Scope) -> Rust {
        for (x, empty) in [(a, b), (b, a)] {
            let is_empty = matches!(&empty.kind, ExprKind::Tuple(l) | ExprKind::Set(l) if l.is_empty());
            let code = self.code(x, None, s);
            let same = matches!(
                (&empty.kind, &code.ty),
                (ExprKind::Tuple(_), Type::Seq(_)) | (ExprKind::Set(_), Type::Set(_))
            );
            if is_empty && same {
                let x = code.into_receiver();
                return rust!(#x.is_empty()).negated_if(negated);
            }
        }
        let (ca, cb) = (self.code(a, None, s), self.code(b, None, s));
        let (ca, cb) = (self.code(a, Some(&cb.ty), s), self.code(b, Some(&ca.ty), s));
        let operator = if negated { "!=" } else { "==" };
        if ca.slot.is_some() || cb.slot.is_some() {
            return self.slot_equality(ca, cb, negated);
        }
        if ca.ty == cb.ty && ca.ty.is_comparable(&self.types.records) {
            return ca.into_operand().compared(operator, cb.into_operand());
        }
        // A value beside one that may be a model value is looked at as one of those.
        let optional = |a: &Type, b: &Type| matches!(a, Type::Optional(_, t) if **t == *b);
        let common = if optional(&ca.ty, &cb.ty) {
            Some(ca.ty.clone())
        } else if optional(&cb.ty, &ca.ty) {
            Some(cb.ty.clone())
        } else {
            None
        };
        if let Some(t) = common.filter(|t| t.is_comparable(&self.types.records)) {
            return self.coerce(ca, &t).into_operand().compared(operator, self.coerce(cb, &t).into_operand());
        }
        let (a, b) = (self.coerce(ca, &Type::Value).into_ref(), self.coerce(cb, &Type::Value).into_ref());
        rust!(rt::equal(#a, #b)).tried().negated_if(negated)
    }

    /// Equality where a variable may have no value: that is equal to nothing but another one's.
    fn slot_equality(&self, a: Code, b: Code, negated: bool) -> Rust {
        let typed = a.ty == b.ty && a.ty.is_comparable(&self.types.records);
        let equal = match (&a.slot, &b.slot) {
            (Some(x), Some(y)) if typed => x.clone().compared("==", y.clone()),
            (Some(x), None) if typed => {
                let b = b.into_ref();
                rust!(#x.holds(#b))
            }
            (None, Some(y)) if typed => {
                let a = a.into_ref();
                rust!(#y.holds(#a))
            }
            _ => {
                let (a, b) = (self.coerce(a, &Type::Value).into_ref(), self.coerce(b, &Type::Value).into_ref());
                rust!(rt::equal(#a, #b)).tried()
            }
        };
        equal.negated_if(negated)
    }

    /// `x \in S`, without enumerating a set that need not be.
    pub(super) fn membership(&self, x: &Expr, set: &Expr, s: &Scope) -> Rust {
        let code = self.code(x, None, s);
        if let Some(slot) = code.slot {
            let (mut inner, tested) = (s.clone(), &self.own.tested);
            let present = Code::new(rust!(#tested), Form::Ref, code.ty);
            match x.kind {
                ExprKind::Bound(b) => drop(inner.bounds.insert(b, present)),
                ExprKind::Variable(v) => drop(inner.names.insert(v, present)),
                _ => return rust!(false),
            }
            let test = self.membership(x, set, &inner);
            let found = rust!(match &#slot { rt::Slot::Value(#tested) => #test, rt::Slot::Uninit => false });
            return found.at(Level::Block);
        }
        let ty = self.type_of(x);
        match &set.kind {
            ExprKind::Builtin(op, args) => match (op.id, &ty) {
                (Op::Range, Type::Int) => {
                    let (low, high) = (self.owned(&args[0], &Type::Int, s), self.owned(&args[1], &Type::Int, s));
                    let x = self.by_ref(x, &Type::Int, s);
                    return rust!((#low..=#high).contains(#x));
                }
                (Op::Nat, Type::Int) => {
                    let x = self.owned(x, &Type::Int, s);
                    return x.compared(">=", rust!(0));
                }
                (Op::Int, Type::Int) | (Op::Boolean, Type::Bool) | (Op::String, Type::Str) => return rust!(true),
                (Op::Domain, _) => {
                    let f = self.code(&args[0], None, s);
                    if matches!(&f.ty, Type::Function(k, _) if **k == ty && !matches!(ty, Type::Value | Type::Kinds(..)))
                    {
                        let (f, x) = (f.into_receiver(), self.by_ref(x, &ty, s));
                        return rust!(#f.get(#x).is_some());
                    }
                }
                (Op::Union, _) => {
                    return either(self.membership(x, &args[0], s), self.membership(x, &args[1], s));
                }
                _ => {}
            },
            ExprKind::Filter(b, p) if !b.tuple && b.names.len() == 1 => {
                let inside = self.membership(x, &b.set, s);
                let name = self.name(&self.model.bound(b.names[0]).name);
                let t = self.types.bounds[b.names[0].index()].clone();
                let value = self.by_ref(x, &t, s);
                let mut inner = s.clone();
                inner.bounds.insert(b.names[0], Code::new(rust!(#name), Form::Ref, t));
                let p = self.condition(p, &inner);
                let test = rust!({ let #name = #value; #p }).at(Level::Block);
                return Rust::joined(vec![inside, test], Level::And);
            }
            ExprKind::Set(items) if items.len() <= 4 => {
                let tests: Vec<_> = items.iter().map(|i| self.equality(x, i, false, s)).collect();
                return if tests.is_empty() { rust!(false) } else { Rust::joined(tests, Level::Or) };
            }
            _ => {}
        }
        if is_lazy(set) {
            let (x, tested) = (self.by_ref(x, &Type::Value, s), &self.own.tested);
            let test = self.value_in(rust!(#tested), set, s);
            return rust!({ let #tested = #x; #test }).at(Level::Block);
        }
        let code = self.code(set, None, s);
        let element = if let Type::Set(t) = &code.ty { (**t).clone() } else { Type::Value };
        if matches!(element, Type::Value | Type::Kinds(..)) {
            let set = self.coerce(code, &Type::Set(Box::new(Type::Value))).into_ref();
            let x = self.by_ref(x, &Type::Value, s);
            return rust!(rt::member(#x, #set)).tried();
        }
        if matches!(&ty, Type::Optional(_, t) if **t == element) {
            let set = self.coerce(code, &Type::Set(Box::new(element))).into_receiver();
            return self.present_in(x, &set, s);
        }
        // A value that the type of the elements does not have is not an element, and not a failure.
        if may_lack(&ty, &element) {
            let set = self.coerce(code, &Type::Set(Box::new(Type::Value))).into_ref();
            let x = self.by_ref(x, &Type::Value, s);
            return rust!(rt::member(#x, #set)).tried();
        }
        let set = self.coerce(code, &Type::Set(Box::new(element.clone()))).into_receiver();
        let x = self.by_ref(x, &element, s);
        rust!(#set.contains(#x))
    }
}

/// Whether a value of one type may have no form in another.
fn may_lack(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (a, b) if a == b => false,
        (Type::Value | Type::Kinds(..) | Type::Str | Type::Atom | Type::Enum(_), _) => true,
        (Type::Optional(..) | Type::Record(_), _) => true,
        (Type::Set(a), Type::Set(b)) | (Type::Seq(a), Type::Seq(b)) => may_lack(a, b),
        (Type::Function(k, v), Type::Function(l, w)) => may_lack(k, l) || may_lack(v, w),
        (Type::Tuple(xs), Type::Tuple(ys)) => xs.iter().zip(ys).any(|(x, y)| may_lack(x, y)),
        _ => false,
    }
}

/// Whether a set is tested and not enumerated.
fn is_lazy(set: &Expr) -> bool {
    match &set.kind {
        ExprKind::RecordSet(_) | ExprKind::FunctionSet(..) => true,
        ExprKind::Builtin(op, args) => match op.id {
            Op::Nat | Op::Int | Op::String | Op::Seq | Op::PowerSet => true,
            Op::Product => args.iter().any(is_lazy),
            _ => false,
        },
        _ => false,
    }
}

impl Emitter<'_> {
    /// Whether a reference to a dynamic value is in a set.
    fn value_in(&self, x: Rust, set: &Expr, s: &Scope) -> Rust {
        let test = |set: &Expr| {
            let tested = &self.own.tested;
            let test = self.value_in(rust!(#tested), set, s).into_result();
            rust!(&|#tested: &rt::Value| -> rt::Eval<bool> { #test })
        };
        match &set.kind {
            ExprKind::RecordSet(fields) => {
                let field = |(name, set): &(Symbol, Expr)| {
                    let (name, test) = (&**name, test(set));
                    rust!((#name, #test))
                };
                let fields: Vec<_> = fields.iter().map(field).collect();
                rust!(rt::in_record_set(#x, &[#(#fields),*])).tried()
            }
            ExprKind::FunctionSet(domain, range) => {
                let domain = self.by_ref(domain, &Type::Set(Box::new(Type::Value)), s);
                let test = test(range);
                rust!(rt::in_function_set(#x, #domain, #test)).tried()
            }
            ExprKind::Builtin(op, args) => match op.id {
                Op::Nat => rust!(rt::is_nat(#x)).tried(),
                Op::Int => rust!(rt::is_int(#x)).tried(),
                Op::String => rust!(rt::is_string(#x)).tried(),
                Op::Boolean => rust!(rt::is_bool(#x)).tried(),
                Op::Seq => {
                    let test = test(&args[0]);
                    rust!(rt::in_seq(#x, #test)).tried()
                }
                Op::PowerSet => {
                    let test = test(&args[0]);
                    rust!(rt::in_power_set(#x, #test)).tried()
                }
                Op::Product => {
                    let tests: Vec<_> = args.iter().map(test).collect();
                    rust!(rt::in_product(#x, &[#(#tests),*])).tried()
                }
                Op::Union => either(self.value_in(x.clone(), &args[0], s), self.value_in(x, &args[1], s)),
                _ => self.value_in_enumerated(&x, set, s),
            },
            _ => self.value_in_enumerated(&x, set, s),
        }
    }

    fn value_in_enumerated(&self, x: &Rust, set: &Expr, s: &Scope) -> Rust {
        let set = self.by_ref(set, &Type::Set(Box::new(Type::Value)), s);
        rust!(rt::member(#x, #set)).tried()
    }
}

/// Whether one of two tests is passed, also where TLC could not make the other.
fn either(a: Rust, b: Rust) -> Rust {
    if a.fails() || b.fails() {
        let (a, b) = (a.into_result(), b.into_result());
        rust!(rt::in_either(|| -> rt::Eval<bool> { #a }, || -> rt::Eval<bool> { #b })).tried()
    } else {
        Rust::joined(vec![a, b], Level::Or)
    }
}
