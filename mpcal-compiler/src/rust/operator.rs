//! Operators: those of the model as methods of `Constants`, those of the table as calls.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::code::{Code, Form, Scope};
use super::expression::{rust, Level, Part, Rust};
use super::names::ident;
use super::signature::instantiate;
use super::{Emitted, Emitter};
use crate::operators::{Op, Operator, Runtime};
use crate::resolved::{BoundId, Expr, ExprKind, OperatorId};
use crate::types::{Type, MAX_TUPLE};

impl Emitter<'_> {
    /// A defined operator.
    pub(super) fn call(&self, id: OperatorId, args: &[Expr], s: &Scope) -> Code {
        let definition = &self.model.operators[id.index()];
        let ty = self.type_of(&definition.body);
        let emitted = self.operator(id);
        let constants = &s.constants;
        let args: Vec<_> = args
            .iter()
            .zip(&definition.parameters)
            .map(|(a, p)| self.argument(a, &self.types.bounds[p.index()], s))
            .collect();
        let name = self.operator_name(&definition.name);
        let call = rust!(#constants.#name(#(#args),*));
        match emitted {
            Emitted::Const(name) => Code::new(rust!(#name), Form::Place, ty),
            Emitted::InProgress | Emitted::Method(_, true) => Code::owned(call.tried(), ty),
            Emitted::Method(_, false) => Code::owned(call, ty),
        }
    }

    /// Emits an operator when it is used first.
    pub(super) fn operator(&self, id: OperatorId) -> Emitted {
        if let Some(known) = self.operators.borrow().get(&id) {
            return known.clone();
        }
        self.operators.borrow_mut().insert(id, Emitted::InProgress);
        let definition = &self.model.operators[id.index()];
        let ty = self.type_of(&definition.body);
        let rust = self.rust_type(&ty);
        let doc = self.operator_doc(definition);
        let literal = matches!(definition.body.kind, ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Str(_));
        let emitted = if literal && definition.parameters.is_empty() && matches!(ty, Type::Bool | Type::Int | Type::Str)
        {
            let name = self.const_name(&definition.name);
            Emitted::Const(name)
        } else {
            let mut scope = Scope::of_constants(rust!(self));
            let mut parameters = Vec::new();
            for p in &definition.parameters {
                let bound = self.model.bound(*p);
                if bound.arity > 0 {
                    self.unsupported(
                        bound.span,
                        "an operator that takes an operator",
                        "only `SelectSeq` takes one so far",
                    );
                }
                let name = self.name(&bound.name);
                let t = self.types.bounds[p.index()].clone();
                let rust = self.parameter_type(&t);
                parameters.push(quote!(#name: #rust));
                let form = if t.is_copy() { Form::Place } else { Form::Ref };
                scope.bounds.insert(*p, Code::new(rust!(#name), form, t));
            }
            let body = self.owned(&definition.body, &ty, &scope);
            let fails = definition.recursive || body.fails();
            let name = self.operator_name(&definition.name);
            // What has no end is an error, and not the end of the process.
            let text = &*definition.name;
            let descend =
                if definition.recursive { quote!(let _descent = rt::descend(#text)?;) } else { TokenStream::new() };
            let tokens = if fails {
                let result = body.into_result();
                quote! {
                    #[doc = #doc]
                    pub fn #name(&self #(, #parameters)*) -> rt::Eval<#rust> { #descend #result }
                }
            } else {
                quote! {
                    #[doc = #doc]
                    pub fn #name(&self #(, #parameters)*) -> #rust { #body }
                }
            };
            Emitted::Method(tokens, fails)
        };
        self.operators.borrow_mut().insert(id, emitted.clone());
        emitted
    }

    /// An operator of a `LET`.
    pub(super) fn call_bound(&self, id: BoundId, args: &[Expr], ty: Type, s: &Scope) -> Code {
        let Some(code) = s.bounds.get(&id) else {
            let span = self.model.bound(id).span;
            self.unsupported(
                span,
                "this operator",
                "an operator that takes an operator, or is recursive in a `LET`, is not supported",
            );
            return Code::owned(rust!(rt::Value::DEFAULT_INIT), Type::Value);
        };
        let name = &code.rust;
        let args: Vec<_> = args.iter().map(|a| self.by_ref(a, &self.type_of(a), s)).collect();
        Code::owned(rust!(#name(#(#args),*)).tried(), ty)
    }

    pub(super) fn let_in(
        &self,
        definitions: &[crate::resolved::LetDefinition],
        body: &Expr,
        ty: Type,
        s: &Scope,
    ) -> Code {
        let mut inner = s.clone();
        let mut lets = Vec::new();
        for d in definitions {
            let name = self.name(&self.model.bound(d.bound).name);
            let t = self.type_of(&d.body);
            let rust = self.rust_type(&t);
            if d.parameters.is_empty() {
                let value = self.owned(&d.body, &t, &inner);
                if value.fails() {
                    let value = value.into_result();
                    lets.push(rust!(let #name: rt::Eval<#rust> = rt::deferred(|| #value);));
                    inner.bounds.insert(d.bound, Code::new(rust!(#name), Form::Deferred, t));
                } else {
                    lets.push(rust!(let #name = #value;));
                    inner.bounds.insert(d.bound, Code::new(rust!(#name), Form::Place, t));
                }
            } else {
                let mut scope = inner.clone();
                let mut parameters = Vec::new();
                for p in &d.parameters {
                    let name = self.name(&self.model.bound(*p).name);
                    let t = self.types.bounds[p.index()].clone();
                    let rust = self.rust_type(&t);
                    parameters.push(rust!(#name: &#rust));
                    scope.bounds.insert(*p, Code::new(rust!(#name), Form::Ref, t));
                }
                let value = self.owned(&d.body, &t, &scope).into_result();
                lets.push(rust!(let #name = |#(#parameters),*| -> rt::Eval<#rust> { #value };));
                inner.bounds.insert(d.bound, Code::new(rust!(#name), Form::Owned, t));
            }
        }
        let body = self.owned(body, &ty, &inner);
        Code::owned(rust!({ #(#lets)* #body }).at(Level::Block), ty)
    }

    pub(super) fn builtin(&self, op: &'static Operator, args: &[Expr], e: &Expr, s: &Scope) -> Code {
        match op.runtime {
            Runtime::Form => self.form(op, args, e, s),
            Runtime::None(why) => self.refuse(e, &format!("`{}`", op.name), why),
            Runtime::Function(function) => {
                let name = function.name;
                if let Some(code) = self.on_strings(op, name, args, s) {
                    return code;
                }
                let f = ident(name);
                let types = instantiate(op.signature, &args.iter().map(|a| self.type_of(a)).collect::<Vec<_>>());
                let args: Vec<_> = args
                    .iter()
                    .zip(&types.0)
                    .map(|(a, (t, by_value))| if *by_value { self.owned(a, t, s) } else { self.by_ref(a, t, s) })
                    .collect();
                let call = rust!(rt::#f(#(#args),*));
                Code::owned(if function.fails { call.tried() } else { call }, types.1)
            }
        }
    }

    /// An operator on sequences whose first argument is a string, or may be one.
    fn on_strings(&self, op: &'static Operator, name: &str, args: &[Expr], s: &Scope) -> Option<Code> {
        let (prefix, t) = match self.code(args.first().filter(|_| op.strings)?, None, s).ty {
            Type::Str | Type::Enum(_) => ("string", Type::Str),
            Type::Value => ("value", Type::Value),
            _ => return None,
        };
        let f = ident(&format!("{prefix}_{name}"));
        let (parameters, result) = instantiate(op.signature, &[]);
        let args: Vec<_> = args
            .iter()
            .zip(&parameters)
            .map(|(a, (p, _))| if *p == Type::Int { self.owned(a, p, s) } else { self.by_ref(a, &t, s) })
            .collect();
        let total = t == Type::Str && matches!(op.runtime, Runtime::Function(f) if !f.fails);
        let call = rust!(rt::#f(#(#args),*));
        Some(Code::owned(if total { call } else { call.tried() }, if result == Type::Int { result } else { t }))
    }

    fn form(&self, op: &'static Operator, args: &[Expr], e: &Expr, s: &Scope) -> Code {
        let bool_of = |rust| Code::owned(rust, Type::Bool);
        let test = |n: usize| self.condition(&args[n], s);
        let compared = |operator: &str| {
            let (a, b) = (self.owned(&args[0], &Type::Int, s), self.owned(&args[1], &Type::Int, s));
            bool_of(a.compared(operator, b))
        };
        match op.id {
            Op::Implies => bool_of(Rust::joined(vec![test(0).negated(), test(1)], Level::Or)),
            Op::Equivalent => bool_of(test(0).compared("==", test(1))),
            Op::Not => bool_of(test(0).negated()),
            Op::Less => compared("<"),
            Op::Greater => compared(">"),
            Op::LessEqual => compared("<="),
            Op::GreaterEqual => compared(">="),
            Op::Equal => bool_of(self.equality(&args[0], &args[1], false, s)),
            Op::NotEqual => bool_of(self.equality(&args[0], &args[1], true, s)),
            Op::In => bool_of(self.membership(&args[0], &args[1], s)),
            Op::NotIn => bool_of(self.membership(&args[0], &args[1], s).negated()),
            Op::True => bool_of(rust!(true)),
            Op::False => bool_of(rust!(false)),
            Op::Domain => {
                let f = self.code(&args[0], None, s);
                match f.ty.clone() {
                    Type::Function(k, _) => {
                        let f = f.into_ref();
                        Code::owned(rust!(rt::domain(#f)), Type::Set(k))
                    }
                    Type::Seq(_) => {
                        let f = f.into_ref();
                        Code::owned(rust!(rt::seq_domain(#f)), Type::Set(Box::new(Type::Int)))
                    }
                    _ => {
                        let f = self.coerce(f, &Type::Value).into_ref();
                        Code::owned(rust!(rt::value_domain(#f)).tried(), Type::Set(Box::new(Type::Value)))
                    }
                }
            }
            Op::Product => {
                let items = match self.type_of(e) {
                    Type::Set(t) => match *t {
                        Type::Tuple(items) if items.len() == args.len() => items,
                        _ => vec![Type::Value; args.len()],
                    },
                    _ => vec![Type::Value; args.len()],
                };
                if args.len() > MAX_TUPLE {
                    return self.refuse(e, "this product", "it has more than eight sets");
                }
                let set = |(arg, t): (&Expr, &Type)| self.by_ref(arg, &Type::Set(Box::new(t.clone())), s);
                let sets: Vec<_> = args.iter().zip(&items).map(set).collect();
                let product = rust!(rt::product((#(#sets),*)));
                Code::owned(product, Type::Set(Box::new(Type::Tuple(items))))
            }
            Op::SelectSeq => self.seq_with(&ident("select_seq"), 1, args, s),
            Op::SortSeq => self.seq_with(&ident("sort_seq"), 2, args, s),
            Op::BagOfAll => self.bag_of_all(args, s),
            Op::EmptyBag => {
                let t = self.type_of(e);
                let rust = self.rust_type(&t);
                match t {
                    Type::Function(..) => Code::owned(rust!(<#rust>::new()), t),
                    _ => Code::owned(rust!(rt::Value::Seq(rt::Seq::new())), Type::Value),
                }
            }
            _ => self.refuse(e, &format!("`{}`", op.name), "the set is infinite: test membership in it with `\\in`"),
        }
    }

    /// `SelectSeq` and `SortSeq`.
    fn seq_with(&self, f: &Ident, arity: usize, args: &[Expr], s: &Scope) -> Code {
        let seq = self.code(&args[0], None, s);
        let element = if let Type::Seq(t) = &seq.ty { t.clone() } else { Box::new(Type::Value) };
        let ty = Type::Seq(element.clone());
        let seq = self.coerce(seq, &ty);
        let seq = seq.into_ref();
        match self.closure(&args[1], &vec![*element; arity], Some(&Type::Bool), s) {
            Some((test, _)) => Code::owned(rust!(rt::#f(#seq, #test)).tried(), ty),
            None => self.refuse(&args[1], "this operator argument", "give a `LAMBDA` or a defined operator"),
        }
    }

    fn bag_of_all(&self, args: &[Expr], s: &Scope) -> Code {
        let bag = self.code(&args[1], None, s);
        let (element, count) = match bag.ty.clone() {
            Type::Function(element, count) => (element, count),
            _ => (Box::new(Type::Value), Box::new(Type::Int)),
        };
        let bag = self.coerce(bag, &Type::Function(element.clone(), count.clone()));
        let bag = bag.into_ref();
        match self.closure(&args[0], &[*element], None, s) {
            Some((value, t)) => {
                Code::owned(rust!(rt::bag_of_all(#bag, #value)).tried(), Type::Function(Box::new(t), count))
            }
            None => self.refuse(&args[0], "this operator argument", "give a `LAMBDA` or a defined operator"),
        }
    }

    /// An operator argument as a closure over references to values of these types, and what it
    /// gives: `want`, or what inference found.
    fn closure(&self, f: &Expr, elements: &[Type], want: Option<&Type>, s: &Scope) -> Option<(Rust, Type)> {
        let mut inner = s.clone();
        match &f.kind {
            ExprKind::Lambda(names, body) if names.len() == elements.len() => {
                let mut patterns = Vec::new();
                for (n, t) in names.iter().zip(elements) {
                    let name = self.name(&self.model.bound(*n).name);
                    inner.bounds.insert(*n, Code::new(rust!(#name), Form::Ref, t.clone()));
                    patterns.push(name);
                }
                let t = want.cloned().unwrap_or_else(|| self.type_of(body));
                let body = self.owned(body, &t, &inner);
                Some((body.closure(&rust!(#(#patterns),*), &self.rust_type(&t)), t))
            }
            ExprKind::OperatorRef(id) => {
                let emitted = self.operator(*id);
                let definition = &self.model.operators[id.index()];
                if definition.parameters.len() != elements.len() {
                    return None;
                }
                let name = self.operator_name(&definition.name);
                let (mut patterns, mut args) = (Vec::new(), Vec::new());
                for (n, (p, t)) in definition.parameters.iter().zip(elements).enumerate() {
                    let pattern = self.own.item(n + 1);
                    let parameter = self.types.bounds[p.index()].clone();
                    let item = self.coerce(Code::new(rust!(#pattern), Form::Ref, t.clone()), &parameter);
                    args.push(if parameter.is_copy() { item.into_owned() } else { item.into_ref() });
                    patterns.push(pattern);
                }
                let t = self.type_of(&definition.body);
                let constants = &s.constants;
                let call = rust!(#constants.#name(#(#args),*));
                let call = if matches!(emitted, Emitted::Method(_, false)) { call } else { call.tried() };
                let result = self.coerce(Code::owned(call, t.clone()), want.unwrap_or(&t)).into_owned();
                let t = want.cloned().unwrap_or(t);
                Some((result.closure(&rust!(#(#patterns),*), &self.rust_type(&t)), t))
            }
            _ => None,
        }
    }
}
