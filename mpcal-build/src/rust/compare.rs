//! Equality and membership.

use proc_macro2::TokenStream;
use quote::quote;

use super::code::{Code, Form, Scope};
use super::Emitter;
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
        if ca.ty == cb.ty && !ca.ty.has_value(&self.types.records) {
            if ca.ty == Type::Bool {
                let (a, b) = (ca.into_owned(), cb.into_owned());
                return if negated { quote!((#a) != (#b)) } else { quote!((#a) == (#b)) };
            }
            let (a, b) = (paren(a, ca.into_operand()), paren(b, cb.into_operand()));
            return if negated { quote!(#a != #b) } else { quote!(#a == #b) };
        }
        let (a, b) = (self.coerce(ca, &Type::Value).into_ref(), self.coerce(cb, &Type::Value).into_ref());
        if negated {
            quote!(!rt::equal(#a, #b)?)
        } else {
            quote!(rt::equal(#a, #b)?)
        }
    }

    /// `x \in S`, without enumerating a set that need not be.
    pub(super) fn membership(&self, x: &Expr, set: &Expr, s: &Scope) -> TokenStream {
        let ty = self.type_of(x);
        match &set.kind {
            ExprKind::Builtin(op, args) => match (op.name, &ty) {
                ("..", Type::Int) => {
                    let (low, high) = (self.owned(&args[0], &Type::Int, s), self.owned(&args[1], &Type::Int, s));
                    let x = self.by_ref(x, &Type::Int, s);
                    return quote!((#low..=#high).contains(#x));
                }
                ("Nat", Type::Int) => {
                    let x = self.owned(x, &Type::Int, s);
                    return quote!(#x >= 0);
                }
                ("Int", Type::Int) | ("BOOLEAN", Type::Bool) | ("STRING", Type::Str) => return quote!(true),
                ("\\cup", _) => {
                    let (a, b) = (self.membership(x, &args[0], s), self.membership(x, &args[1], s));
                    return quote!((#a || #b));
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
        let code = self.code(set, None, s);
        let element = if let Type::Set(t) = &code.ty { (**t).clone() } else { Type::Value };
        let set = self.coerce(code, &Type::Set(Box::new(element.clone()))).into_operand_place();
        let x = self.by_ref(x, &element, s);
        quote!(#set.contains(#x))
    }
}

fn paren(e: &Expr, tokens: TokenStream) -> TokenStream {
    if matches!(e.kind, ExprKind::If(..) | ExprKind::Case(..) | ExprKind::Let(..) | ExprKind::Except(..)) {
        quote!((#tokens))
    } else {
        tokens
    }
}
