//! Expressions.

use proc_macro2::{Ident, Literal};

use super::code::{Code, Form, Globals, Scope};
use super::expression::{rust, Level, Rust};
use super::names::ident;
use super::place::Place;
use super::Emitter;
use crate::ast::Quantifier;
use crate::resolved::{Binding, BoundId, Expr, ExprKind, Update, VariableId, VariableKind};
use crate::symbol::Symbol;
use crate::types::{Tag, Type, MAX_TUPLE};

impl Emitter<'_> {
    /// The type that inference found for an expression.
    pub(super) fn type_of(&self, e: &Expr) -> Type {
        self.types.of(e.id).clone()
    }

    /// An expression as an owned value of a type.
    pub(super) fn owned(&self, e: &Expr, want: &Type, s: &Scope) -> Rust {
        self.coerce(self.code(e, Some(want), s), want).into_owned()
    }

    /// An expression as a reference to a value of a type.
    pub(super) fn by_ref(&self, e: &Expr, want: &Type, s: &Scope) -> Rust {
        self.coerce(self.code(e, Some(want), s), want).into_ref()
    }

    /// An argument of a function: scalars by value, the rest by reference.
    pub(super) fn argument(&self, e: &Expr, want: &Type, s: &Scope) -> Rust {
        if want.is_copy() {
            self.owned(e, want, s)
        } else {
            self.by_ref(e, want, s)
        }
    }

    pub(super) fn condition(&self, e: &Expr, s: &Scope) -> Rust {
        self.owned(e, &Type::Bool, s)
    }

    /// A conversion, where types differ.
    pub(super) fn coerce(&self, code: Code, want: &Type) -> Code {
        if code.ty == *want {
            return code;
        }
        if let (Some(slot), Type::Value) = (&code.slot, want) {
            return Code::owned(rust!(rt::Data::to_value(&#slot)), Type::Value);
        }
        match (&code.ty, want) {
            (from, Type::Optional(id, to)) if *from == **to => {
                let (name, value) = (self.enum_name(*id), code.into_owned());
                return Code::owned(rust!(#name::Some(#value)), want.clone());
            }
            (Type::Optional(_, from), to) if **from == *to => return self.present(code),
            (Type::Kinds(_, kinds), to) if Type::alike(kinds, to).is_some() => {
                let at = Type::alike(kinds, to).map_or(0, |(at, _)| at);
                return self.coerce(self.of_kind(code, at), want);
            }
            (from, Type::Kinds(id, kinds)) if Type::alike(kinds, from).is_some() => {
                return self.as_kind(code, *id, kinds);
            }
            _ => {}
        }
        self.converted(code, want)
    }

    /// A value as one of another type that holds the same values, by way of a dynamic one.
    fn converted(&self, code: Code, want: &Type) -> Code {
        let to = self.rust_type(want);
        let from = self.rust_type(&code.ty);
        let value = code.into_ref();
        let rust = match want {
            Type::Value => rust!(rt::Data::to_value(#value)),
            _ => rust!(rt::convert::<#from, #to>(#value)).tried(),
        };
        Code::owned(rust, want.clone())
    }

    /// What an optional value holds; a failure if it is a model value.
    pub(super) fn present(&self, code: Code) -> Code {
        let Type::Optional(_, t) = code.ty.clone() else { return code };
        let temporary = code.is_temporary();
        let base = code.into_receiver();
        Code::new(rust!(#base.get()).tried(), Form::Ref, *t).kept_if(temporary)
    }

    /// The type to emit an expression at: the one that is wanted, if what it is made of can have it.
    fn shape(&self, e: &Expr, want: Option<&Type>) -> Type {
        let own = self.type_of(e);
        let Some(want) = want else { return own };
        let takes = match (&e.kind, &own, want) {
            (ExprKind::If(..) | ExprKind::Case(..) | ExprKind::Let(..), ..) => true,
            (ExprKind::Set(_) | ExprKind::Map(..), Type::Set(_), Type::Set(_)) => true,
            (ExprKind::Tuple(_), Type::Tuple(_) | Type::Seq(_), Type::Seq(_)) => true,
            (ExprKind::Tuple(a), Type::Tuple(_), Type::Tuple(b)) => a.len() == b.len(),
            (ExprKind::Function(..), Type::Function(..), Type::Function(k, _)) => {
                matches!(&own, Type::Function(l, _) if l == k)
            }
            (ExprKind::Function(..), Type::Seq(_), Type::Seq(_)) => true,
            _ => false,
        };
        if takes {
            want.clone()
        } else {
            own
        }
    }

    /// The value of a bound name, cloned out of a deferred evaluation if it is one.
    fn bound(&self, id: BoundId, s: &Scope) -> Code {
        s.bounds.get(&id).cloned().unwrap_or_else(|| {
            let name = self.name(&self.model.bound(id).name);
            Code::new(rust!(#name), Form::Place, self.types.bounds[id.index()].clone())
        })
    }

    pub(super) fn variable(&self, id: VariableId, s: &Scope) -> Code {
        let name = self.name(&self.model.variable(id).name);
        let ty = self.types.variables[id.index()].clone();
        if let Some(code) = s.names.get(&id) {
            return code.clone();
        }
        let state = s.frame.get(&id).unwrap_or(&s.state);
        if self.model.variable(id).kind == VariableKind::Global {
            match s.globals {
                Globals::Names if self.is_slot(id) => return Code::in_slot(rust!(#name), ty),
                Globals::Names => return Code::new(rust!(#name), Form::Place, ty),
                Globals::Fields if self.is_slot(id) => return Code::in_slot(rust!(self.#name.load()), ty).kept(),
                Globals::Fields => return Code::owned(rust!(self.#name.load()), ty),
                Globals::Hidden => {}
            }
        }
        if self.is_slot(id) {
            return Code::in_slot(rust!(#state.#name), ty);
        }
        Code::new(rust!(#state.#name), Form::Place, ty)
    }

    /// Whether this is a global variable, where none can be seen.
    fn is_out_of_sight(&self, id: VariableId, s: &Scope) -> bool {
        let is_global = self.model.variable(id).kind == VariableKind::Global;
        is_global && matches!(s.globals, Globals::Hidden) && !s.names.contains_key(&id)
    }

    /// Emits an expression; `want` is only a hint for literals.
    pub(super) fn code(&self, e: &Expr, want: Option<&Type>, s: &Scope) -> Code {
        let ty = self.shape(e, want);
        match &e.kind {
            ExprKind::Bool(b) => Code::owned(rust!(#b), Type::Bool),
            ExprKind::Int(n) => {
                let n = Literal::i64_unsuffixed(*n);
                Code::owned(rust!(#n), Type::Int)
            }
            ExprKind::Str(text) => self.tag(&Tag::Str(*text), &ty, want),
            ExprKind::ModelValue(name) => self.tag(&Tag::Model(*name), &ty, want),
            ExprKind::SelfId => match &s.self_id {
                Some((tokens, ty)) => Code::new(tokens.clone(), Form::Place, ty.clone()),
                None => self.refuse(e, "`self`", "there is no process here"),
            },
            ExprKind::DefaultInit => Code::owned(rust!(rt::Value::DEFAULT_INIT), Type::Value),
            ExprKind::Variable(id) if self.is_out_of_sight(*id, s) => {
                let what = format!("an operator that mentions the global variable `{}`", self.model.variable(*id).name);
                self.refuse(e, &what, "an archetype cannot see global variables: pass the value to the operator")
            }
            ExprKind::Variable(id) => self.variable(*id, s),
            ExprKind::Bound(id) => self.bound(*id, s),
            ExprKind::Constant(id) if self.model.constant_tag(*id).is_some() => {
                let tag = self.model.constant_tag(*id).unwrap_or(Tag::Model("".into()));
                self.tag(&tag, &ty, want)
            }
            ExprKind::Constant(id) => {
                let name = self.operator_name(&self.model.constants[id.index()].name);
                let constants = &s.constants;
                Code::new(rust!(#constants.#name), Form::Place, self.types.constants[id.index()].clone())
            }
            ExprKind::MappedVariable => match &s.mapped {
                Some(m) => {
                    let variable = &m.variable;
                    match m.is_slot {
                        true => Code::in_slot(rust!(#variable), m.stored.clone()),
                        false => Code::new(rust!(#variable), Form::Place, m.stored.clone()),
                    }
                }
                None => self.refuse(e, "`$variable`", "it exists only in a mapping macro"),
            },
            ExprKind::MappedValue => match &s.mapped {
                Some(m) => {
                    let value = &m.value;
                    Code::new(rust!(#value), Form::Place, m.written.clone())
                }
                None => self.refuse(e, "`$value`", "it exists only in a mapping macro"),
            },
            ExprKind::Call(id, args) => self.named_tag(*id, e, want).unwrap_or_else(|| self.call(*id, args, s)),
            ExprKind::CallBound(id, args) => self.call_bound(*id, args, ty, s),
            ExprKind::CallConstant(id, args) => {
                let name = self.operator_name(&self.model.constants[id.index()].name);
                let constants = &s.constants;
                let args: Vec<_> = args.iter().map(|a| self.by_ref(a, &Type::Value, s)).collect();
                Code::owned(rust!((#constants.#name)(#(#args),*)).tried(), Type::Value)
            }
            ExprKind::OperatorRef(_) | ExprKind::BuiltinRef(_) | ExprKind::Lambda(..) => {
                self.refuse(e, "an operator as a value", "only `SelectSeq` takes one so far")
            }
            ExprKind::Opaque(_, why) => self.refuse(e, "this expression", why),
            ExprKind::Read(..) => self.refuse(e, "a read", "normalization has left it inside an expression"),
            ExprKind::And(items) => self.junction(items, Level::And, s),
            ExprKind::Or(items) => self.junction(items, Level::Or, s),
            ExprKind::Index(f, i) => self.index(f, i, s),
            ExprKind::Field(r, field) => self.field_of_variant(r, field, s).unwrap_or_else(|| self.field(r, field, s)),
            ExprKind::Tuple(items) => self.tuple(items, &ty, s),
            ExprKind::Set(items) => {
                let element = element_of(&ty);
                let items: Vec<_> = items.iter().map(|e| self.owned(e, &element, s)).collect();
                let t = self.rust_type(&element);
                let set = if items.is_empty() {
                    rust!(rt::Set::<#t>::new())
                } else {
                    rust!(rt::Set::<#t>::from([#(#items),*]))
                };
                Code::owned(set, Type::Set(Box::new(element)))
            }
            ExprKind::Filter(b, p) => {
                let set = Type::Set(Box::new(self.element_type(b)));
                self.quantifier(&ident("filter"), b, p, set, s)
            }
            ExprKind::Choose(b, p) => self.quantifier(&ident("choose"), b, p, self.element_type(b), s),
            ExprKind::Map(body, bindings) => {
                let element = element_of(&ty);
                let (set, pattern, inner) = self.product(bindings, s);
                let body = self.owned(body, &element, &inner).closure(&pattern, &self.rust_type(&element));
                let map = rust!(rt::map(#set, #body)).tried();
                Code::owned(map, Type::Set(Box::new(element)))
            }
            ExprKind::Record(fields) => self.record_literal(fields, &ty, e, s),
            ExprKind::RecordSet(fields) => self.record_set(fields, ty, e, s),
            ExprKind::Function(bindings, body) => self.function(bindings, body, ty, s),
            ExprKind::FunctionSet(a, b) => {
                let (k, v) = (Box::new(element_of(&self.type_of(a))), Box::new(element_of(&self.type_of(b))));
                let a = self.by_ref(a, &Type::Set(k.clone()), s);
                let b = self.by_ref(b, &Type::Set(v.clone()), s);
                Code::owned(rust!(rt::function_set(#a, #b)).tried(), Type::Set(Box::new(Type::Function(k, v))))
            }
            ExprKind::Except(base, updates) => {
                let start = self.owned(base, &ty, s);
                let changed = &self.own.changed;
                let update =
                    |u: &Update| self.update(u, self.place_of(Place::named(rust!(#changed), &ty), &u.path, s), s);
                let updates: Vec<_> = updates.iter().map(update).collect();
                Code::owned(rust!({ let mut #changed = #start; #(#updates)* #changed }).at(Level::Block), ty)
            }
            ExprKind::Quantified(q, bindings, p) => {
                let f = ident(if *q == Quantifier::ForAll { "for_all" } else { "exists" });
                Code::owned(self.nested(&f, bindings, p, s), Type::Bool)
            }
            ExprKind::If(c, a, b) => {
                if let Some(tokens) = self.variant_values(e, &ty, s) {
                    return Code::owned(tokens, ty);
                }
                let c = self.condition(c, s);
                let (a, b) = (self.owned(a, &ty, s), self.owned(b, &ty, s));
                Code::owned(Rust::branch(&c, &a, &b), ty)
            }
            ExprKind::Case(arms, other) => {
                let other = match other {
                    Some(e) => self.owned(e, &ty, s),
                    None => rust!(return Err(rt::EvalError("no arm of a CASE is true".to_owned()).into())),
                };
                let case = arms.iter().rev().fold(other, |other, (guard, value)| {
                    Rust::branch(&self.condition(guard, s), &self.owned(value, &ty, s), &other)
                });
                Code::owned(case, ty)
            }
            ExprKind::Let(definitions, body) => self.let_in(definitions, body, ty, s),
            ExprKind::Builtin(op, args) => self.builtin(op, args, e, s),
        }
    }

    pub(super) fn refuse(&self, e: &Expr, what: &str, why: &str) -> Code {
        self.unsupported(e.span, what, why);
        Code::owned(rust!(rt::Value::DEFAULT_INIT), Type::Value)
    }

    fn junction(&self, items: &[Expr], level: Level, s: &Scope) -> Code {
        Code::owned(Rust::joined(items.iter().map(|e| self.condition(e, s)).collect(), level), Type::Bool)
    }

    /// `f[i]`
    fn index(&self, f: &Expr, i: &Expr, s: &Scope) -> Code {
        self.index_of_code(self.code(f, None, s), i, s)
    }

    pub(super) fn index_of_code(&self, function: Code, i: &Expr, s: &Scope) -> Code {
        match function.ty.clone() {
            Type::Function(k, v) => {
                let (temporary, f) = (function.is_temporary(), function.into_receiver());
                let i = self.by_ref(i, &k, s);
                Code::new(rust!(#f.at(#i)).tried(), Form::Ref, *v).kept_if(temporary)
            }
            Type::Seq(v) => {
                let (temporary, f) = (function.is_temporary(), function.into_receiver());
                let i = self.owned(i, &Type::Int, s);
                Code::new(rust!(#f.at(#i)).tried(), Form::Ref, *v).kept_if(temporary)
            }
            Type::Tuple(items) => match &i.kind {
                ExprKind::Int(n) if (1..=items.len() as i64).contains(n) => {
                    let at = *n as usize - 1;
                    let index = Literal::usize_unsuffixed(at);
                    let form = if function.form == Form::Owned { Form::Owned } else { Form::Place };
                    let f = function.into_receiver();
                    Code::new(rust!(#f.#index), form, items[at].clone())
                }
                _ => self.dynamic_index(function, i, s),
            },
            Type::Record(id) => match &i.kind {
                ExprKind::Str(name) => self.field_of(function, id, name),
                _ => self.dynamic_index(function, i, s),
            },
            Type::Optional(..) => self.index_of_code(self.present(function), i, s),
            Type::Kinds(_, kinds) => match Self::with_index(&kinds, matches!(i.kind, ExprKind::Str(_))) {
                Some(at) => self.index_of_code(self.of_kind(function, at), i, s),
                None => self.dynamic_index(function, i, s),
            },
            Type::Bool | Type::Int | Type::Str | Type::Atom | Type::Enum(_) | Type::Set(_) | Type::Value => {
                self.dynamic_index(function, i, s)
            }
        }
    }

    fn dynamic_index(&self, function: Code, i: &Expr, s: &Scope) -> Code {
        let f = self.coerce(function, &Type::Value).into_ref();
        let i = self.by_ref(i, &Type::Value, s);
        Code::owned(rust!(rt::value_index(#f, #i)).tried(), Type::Value)
    }

    fn field(&self, r: &Expr, field: &Symbol, s: &Scope) -> Code {
        let mut record = self.present(self.code(r, None, s));
        if let Type::Kinds(_, kinds) = &record.ty {
            if let Some(at) = Self::with_index(kinds, true) {
                record = self.of_kind(record, at);
            }
        }
        match record.ty {
            Type::Record(id) => self.field_of(record, id, field),
            _ => {
                let r = self.coerce(record, &Type::Value);
                let (temporary, r) = (r.is_temporary(), r.into_receiver());
                let name = &**field;
                Code::new(rust!(#r.field(#name)).tried(), Form::Ref, Type::Value).kept_if(temporary)
            }
        }
    }

    fn field_of(&self, record: Code, id: usize, field: &Symbol) -> Code {
        let definition = &self.types.records[id];
        let ty = definition.fields.get(field).cloned().unwrap_or(Type::Value);
        let name = self.field_name(definition, field);
        if !definition.ever(field) {
            let (t, name) = (self.rust_type(&ty), &**field);
            return Code::owned(rust!(rt::no_field::<#t>(#name)).tried(), ty);
        }
        let owned = record.is_temporary();
        let r = record.into_receiver();
        if let [only] = &definition.shapes[..] {
            if only.fields.contains(field) {
                return Code::new(rust!(#r.#name), if owned { Form::Owned } else { Form::Place }, ty);
            }
        }
        if definition.tag.as_ref() == Some(field) {
            return Code::owned(rust!(#r.#name()), ty);
        }
        let read = rust!(#r.#name());
        let read = if definition.always(field) { read } else { read.tried() };
        Code::new(read, Form::Ref, ty).kept_if(owned)
    }

    fn tuple(&self, items: &[Expr], ty: &Type, s: &Scope) -> Code {
        match ty {
            Type::Tuple(types) if types.len() == items.len() => {
                let items: Vec<_> = items.iter().zip(types).map(|(e, t)| self.owned(e, t, s)).collect();
                Code::owned(rust!((#(#items,)*)), ty.clone())
            }
            Type::Seq(element) => {
                let t = self.rust_type(element);
                if items.is_empty() {
                    return Code::owned(rust!(rt::Seq::<#t>::new()), ty.clone());
                }
                let items: Vec<_> = items.iter().map(|e| self.owned(e, element, s)).collect();
                Code::owned(rust!(rt::Seq::<#t>::from([#(#items),*])), ty.clone())
            }
            _ => {
                let items: Vec<_> = items.iter().map(|e| self.owned(e, &Type::Value, s)).collect();
                Code::owned(rust!(rt::Value::Seq(rt::Seq::from([#(#items),*]))), Type::Value)
            }
        }
    }

    fn function(&self, bindings: &[Binding], body: &Expr, ty: Type, s: &Scope) -> Code {
        let (set, pattern, inner) = self.product(bindings, s);
        match &ty {
            Type::Function(_, v) => {
                let body = self.owned(body, v, &inner).closure(&pattern, &self.rust_type(v));
                Code::owned(rust!(rt::function(#set, #body)).tried(), ty)
            }
            Type::Seq(v) => {
                let body = self.owned(body, v, &inner).closure(&pattern, &self.rust_type(v));
                Code::owned(rust!(rt::seq_function(#set, #body)).tried(), ty)
            }
            _ => {
                let body = self.owned(body, &Type::Value, &inner).closure(&pattern, &self.rust_type(&Type::Value));
                let f = rust!(rt::function(#set, #body)).tried();
                Code::owned(rust!(rt::Data::to_value(&#f)), Type::Value)
            }
        }
    }

    /// Several bindings as one set of tuples: the set, the pattern of the closure, the scope inside.
    fn product(&self, bindings: &[Binding], s: &Scope) -> (Rust, Rust, Scope) {
        let mut inner = s.clone();
        let mut sets = Vec::new();
        let mut patterns = Vec::new();
        for b in bindings {
            let count = if b.tuple { 1 } else { b.names.len() };
            let element = self.element_type(b);
            for _ in 0..count {
                sets.push(self.by_ref(&b.set, &Type::Set(Box::new(element.clone())), s));
            }
            patterns.extend(self.patterns(b, &element, &mut inner));
        }
        match (&sets[..], &patterns[..]) {
            ([set], [pattern]) => (set.clone(), pattern.clone(), inner),
            _ if sets.len() <= MAX_TUPLE => (rust!(&rt::product((#(#sets),*))), rust!((#(#patterns),*)), inner),
            _ => {
                let span = bindings.first().map(|b| b.set.span).unwrap_or_default();
                self.unsupported(span, "more than eight bound names", "write nested expressions");
                (rust!(&rt::Set::<i64>::new()), rust!(_), inner)
            }
        }
    }

    fn element_type(&self, b: &Binding) -> Type {
        let of = |n: &BoundId| self.types.bounds[n.index()].clone();
        if b.tuple {
            Type::Tuple(b.names.iter().map(of).collect())
        } else {
            b.names.first().map_or(Type::Value, of)
        }
    }

    /// The closure patterns of one binding; the names become references.
    fn patterns(&self, b: &Binding, _element: &Type, inner: &mut Scope) -> Vec<Rust> {
        let names: Vec<_> = b
            .names
            .iter()
            .map(|n| {
                let name = self.name(&self.model.bound(*n).name);
                let code = Code::new(rust!(#name), Form::Ref, self.types.bounds[n.index()].clone());
                inner.bounds.insert(*n, code);
                rust!(#name)
            })
            .collect();
        if b.tuple {
            vec![rust!((#(#names,)*))]
        } else {
            names
        }
    }

    /// `filter` and `choose`, and the type of what they give.
    fn quantifier(&self, f: &Ident, b: &Binding, p: &Expr, found: Type, s: &Scope) -> Code {
        let (set, pattern, inner) = self.product(std::slice::from_ref(b), s);
        let p = self.condition(p, &inner);
        let test = p.into_result();
        Code::owned(rust!(rt::#f(#set, |#pattern| #test)).tried(), found)
    }

    /// `\A x \in S, y \in T : p` as nested calls.
    fn nested(&self, f: &Ident, bindings: &[Binding], p: &Expr, s: &Scope) -> Rust {
        let mut inner = s.clone();
        let mut calls = Vec::new();
        for b in bindings {
            let element = self.element_type(b);
            let set = self.by_ref(&b.set, &Type::Set(Box::new(element.clone())), s);
            for pattern in self.patterns(b, &element, &mut inner) {
                calls.push((set.clone(), pattern));
            }
        }
        let p = self.condition(p, &inner);
        let test = |p: Rust, (set, pattern): (Rust, Rust)| {
            let p = p.into_result();
            rust!(rt::#f(#set, |#pattern| #p)).tried()
        };
        calls.into_iter().rev().fold(p, test)
    }
}

pub(super) fn element_of(t: &Type) -> Type {
    match t {
        Type::Set(t) => (**t).clone(),
        _ => Type::Value,
    }
}
