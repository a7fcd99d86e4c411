//! Equality and membership.

use proc_macro2::TokenStream;
use quote::quote;

use super::code::{has_question_mark, Code, Form, Scope};
use super::Emitter;
use crate::operators::Op;
use crate::resolved::{Expr, ExprKind};
use crate::types::Type;

impl Emitter<'_> {
    pub(super) fn equality(&self, a: &Expr, b: &Expr, negated: bool, s: &Scope) -> TokenStream {
        for (x, empty) in [(a, b), (b, a)] {
            let is_empty = matches!(&empty.kind, ExprKind::Tuple(l) | ExprKind::Set(l) if l.is_empty());
            let code = self.code(x, None, s);
            let same = matches!(
                (&empty.kind, &code.ty),
                (ExprKind::Tuple(_), Type::Seq(_)) | (ExprKind::Set(_), Type::Set(_))
            );
            if is_empty && same {
                let x = code.into_operand_place();
                return if negated { quote!(!#x.is_empty()) } else { quote!(#x.is_empty()) };
            }
        }
        let (ca, cb) = (self.code(a, None, s), self.code(b, None, s));
        let (ca, cb) = (self.code(a, Some(&cb.ty), s), self.code(b, Some(&ca.ty), s));
        if ca.slot.is_some() || cb.slot.is_some() {
            return self.slot_equality(ca, cb, negated);
        }
        if ca.ty == cb.ty && ca.ty.is_comparable(&self.types.records) {
            if ca.ty == Type::Bool {
                let (a, b) = (ca.into_owned(), cb.into_owned());
                return if negated { quote!((#a) != (#b)) } else { quote!((#a) == (#b)) };
            }
            let (a, b) = (paren(a, ca.into_operand()), paren(b, cb.into_operand()));
            return if negated { quote!(#a != #b) } else { quote!(#a == #b) };
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
            let (a, b) = (self.coerce(ca, &t).into_operand(), self.coerce(cb, &t).into_operand());
            return if negated { quote!((#a) != (#b)) } else { quote!((#a) == (#b)) };
        }
        let (a, b) = (self.coerce(ca, &Type::Value).into_ref(), self.coerce(cb, &Type::Value).into_ref());
        if negated {
            quote!(!rt::equal(#a, #b)?)
        } else {
            quote!(rt::equal(#a, #b)?)
        }
    }

    /// Equality where a variable may have no value: that is equal to nothing but another one's.
    fn slot_equality(&self, a: Code, b: Code, negated: bool) -> TokenStream {
        let typed = a.ty == b.ty && a.ty.is_comparable(&self.types.records);
        let equal = match (&a.slot, &b.slot) {
            (Some(x), Some(y)) if typed => quote!((#x == #y)),
            (Some(x), None) if typed => {
                let b = b.into_ref();
                quote!(#x.holds(#b))
            }
            (None, Some(y)) if typed => {
                let a = a.into_ref();
                quote!(#y.holds(#a))
            }
            _ => {
                let (a, b) = (self.coerce(a, &Type::Value).into_ref(), self.coerce(b, &Type::Value).into_ref());
                quote!(rt::equal(#a, #b)?)
            }
        };
        if negated {
            quote!(!#equal)
        } else {
            equal
        }
    }

    /// `x \in S`, without enumerating a set that need not be.
    pub(super) fn membership(&self, x: &Expr, set: &Expr, s: &Scope) -> TokenStream {
        let code = self.code(x, None, s);
        if let Some(slot) = code.slot {
            let (mut inner, tested) = (s.clone(), &self.own.tested);
            let present = Code::new(quote!(#tested), Form::Ref, code.ty);
            match x.kind {
                ExprKind::Bound(b) => drop(inner.bounds.insert(b, present)),
                ExprKind::Variable(v) => drop(inner.names.insert(v, present)),
                _ => return quote!(false),
            }
            let test = self.membership(x, set, &inner);
            return quote!((match &#slot { rt::Slot::Value(#tested) => #test, rt::Slot::Uninit => false }));
        }
        let ty = self.type_of(x);
        match &set.kind {
            ExprKind::Builtin(op, args) => match (op.id, &ty) {
                (Op::Range, Type::Int) => {
                    let (low, high) = (self.owned(&args[0], &Type::Int, s), self.owned(&args[1], &Type::Int, s));
                    let x = self.by_ref(x, &Type::Int, s);
                    return quote!((#low..=#high).contains(#x));
                }
                (Op::Nat, Type::Int) => {
                    let x = self.owned(x, &Type::Int, s);
                    return quote!(#x >= 0);
                }
                (Op::Int, Type::Int) | (Op::Boolean, Type::Bool) | (Op::String, Type::Str) => return quote!(true),
                (Op::Union, _) => {
                    return either(&self.membership(x, &args[0], s), &self.membership(x, &args[1], s));
                }
                _ => {}
            },
            ExprKind::Filter(b, p) if !b.tuple && b.names.len() == 1 => {
                let inside = self.membership(x, &b.set, s);
                let name = self.name(&self.model.bound(b.names[0]).name);
                let t = self.types.bounds[b.names[0].index()].clone();
                let value = self.by_ref(x, &t, s);
                let mut inner = s.clone();
                inner.bounds.insert(b.names[0], Code::new(quote!(#name), Form::Ref, t));
                let p = self.condition(p, &inner);
                return quote!((#inside && { let #name = #value; #p }));
            }
            ExprKind::Set(items) if items.len() <= 4 => {
                let tests: Vec<_> = items.iter().map(|i| self.equality(x, i, false, s)).collect();
                return if tests.is_empty() { quote!(false) } else { quote!((#(#tests)||*)) };
            }
            _ => {}
        }
        if is_lazy(set) {
            let (x, tested) = (self.by_ref(x, &Type::Value, s), &self.own.tested);
            let test = self.value_in(quote!(#tested), set, s);
            return quote!({ let #tested = #x; #test });
        }
        let code = self.code(set, None, s);
        let element = if let Type::Set(t) = &code.ty { (**t).clone() } else { Type::Value };
        if matches!(element, Type::Value | Type::Kinds(..)) {
            let set = self.coerce(code, &Type::Set(Box::new(Type::Value))).into_ref();
            let x = self.by_ref(x, &Type::Value, s);
            return quote!(rt::member(#x, #set)?);
        }
        if matches!(&ty, Type::Optional(_, t) if **t == element) {
            let set = self.coerce(code, &Type::Set(Box::new(element))).into_operand_place();
            return self.present_in(x, set, s);
        }
        // A value that the type of the elements does not have is not an element, and not a failure.
        if may_lack(&ty, &element) {
            let set = self.coerce(code, &Type::Set(Box::new(Type::Value))).into_ref();
            let x = self.by_ref(x, &Type::Value, s);
            return quote!(rt::member(#x, #set)?);
        }
        let set = self.coerce(code, &Type::Set(Box::new(element.clone()))).into_operand_place();
        let x = self.by_ref(x, &element, s);
        quote!(#set.contains(#x))
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
    fn value_in(&self, x: TokenStream, set: &Expr, s: &Scope) -> TokenStream {
        let test = |set: &Expr| {
            let tested = &self.own.tested;
            let test = self.value_in(quote!(#tested), set, s);
            quote!(&|#tested: &rt::Value| -> rt::Eval<bool> { Ok(#test) })
        };
        match &set.kind {
            ExprKind::RecordSet(fields) => {
                let fields = fields.iter().map(|(name, set)| {
                    let (name, test) = (&**name, test(set));
                    quote!((#name, #test))
                });
                quote!(rt::in_record_set(#x, &[#(#fields),*])?)
            }
            ExprKind::FunctionSet(domain, range) => {
                let domain = self.by_ref(domain, &Type::Set(Box::new(Type::Value)), s);
                let test = test(range);
                quote!(rt::in_function_set(#x, #domain, #test)?)
            }
            ExprKind::Builtin(op, args) => match op.id {
                Op::Nat => quote!(rt::is_nat(#x)?),
                Op::Int => quote!(rt::is_int(#x)?),
                Op::String => quote!(rt::is_string(#x)?),
                Op::Boolean => quote!(rt::is_bool(#x)?),
                Op::Seq => {
                    let test = test(&args[0]);
                    quote!(rt::in_seq(#x, #test)?)
                }
                Op::PowerSet => {
                    let test = test(&args[0]);
                    quote!(rt::in_power_set(#x, #test)?)
                }
                Op::Product => {
                    let tests = args.iter().map(test);
                    quote!(rt::in_product(#x, &[#(#tests),*])?)
                }
                Op::Union => either(&self.value_in(x.clone(), &args[0], s), &self.value_in(x, &args[1], s)),
                _ => self.value_in_enumerated(&x, set, s),
            },
            _ => self.value_in_enumerated(&x, set, s),
        }
    }

    fn value_in_enumerated(&self, x: &TokenStream, set: &Expr, s: &Scope) -> TokenStream {
        let set = self.by_ref(set, &Type::Set(Box::new(Type::Value)), s);
        quote!(rt::member(#x, #set)?)
    }
}

/// Whether one of two tests is passed, also where TLC could not make the other.
fn either(a: &TokenStream, b: &TokenStream) -> TokenStream {
    if has_question_mark(a) || has_question_mark(b) {
        quote!(rt::in_either(|| -> rt::Eval<bool> { Ok(#a) }, || -> rt::Eval<bool> { Ok(#b) })?)
    } else {
        quote!((#a || #b))
    }
}

fn paren(e: &Expr, tokens: TokenStream) -> TokenStream {
    if matches!(e.kind, ExprKind::If(..) | ExprKind::Case(..) | ExprKind::Let(..) | ExprKind::Except(..)) {
        quote!((#tokens))
    } else {
        tokens
    }
}
