//! Critical sections to statements.

use proc_macro2::{Literal, TokenStream};
use quote::{quote, ToTokens};

use super::code::{Code, Form, Scope};
use super::expression::{rust, Part, Rust};
use super::names::ident;
use super::place::Place;
use super::procedure::Target;
use super::{names, Emitter};
use crate::normal::{Block, End, Jump, Step};
use crate::operators::Op;
use crate::resolved::{BoundId, Expr, ExprKind, Step as PathStep, VariableId};
use crate::types::Type;
use crate::unused::unused_snake;

/// What is longer than this many characters has a line of its own, where that is easier to read.
const LONG: usize = 60;

/// What `yield` does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Yield {
    /// There is none.
    Never,
    /// It is the last step of a read: the value is the result, and a name needs no other.
    Last,
    /// It sets the result of a read.
    Result,
    /// It changes `$variable`.
    Store,
}

/// What surrounds steps.
pub(super) struct Around<'a> {
    pub(super) yields: Yield,
    /// The type that `yield` gives.
    pub(super) yielded: &'a Type,
    /// What is evaluated after the list in any case, to see whether a lazy name is used at once.
    pub(super) end: Option<&'a End>,
}

impl Emitter<'_> {
    /// A block: its steps, then the label it goes to.
    pub(super) fn block(&self, block: &Block, scope: &Scope) -> TokenStream {
        let mut scope = scope.clone();
        let around = Around { yields: Yield::Never, yielded: &Type::Value, end: Some(&block.end) };
        let steps = self.steps(&block.steps, &around, &mut scope);
        let end = match &block.end {
            End::Goto(jump) => self.jump(jump, &scope),
            End::If(c, a, b) => match c.kind {
                ExprKind::Bool(true) => {
                    let a = self.block(a, &scope);
                    return quote!(#steps #a);
                }
                ExprKind::Bool(false) => {
                    let b = self.block(b, &scope);
                    return quote!(#steps #b);
                }
                _ => self.variant_blocks(c, a, b, &scope).map_or_else(
                    || {
                        let c = self.condition(c, &scope);
                        let (a, other) = (self.block(a, &scope), self.block(b, &scope));
                        let is_branch = b.steps.is_empty() && matches!(b.end, End::If(..));
                        if_else(&c, &a, &other, is_branch)
                    },
                    Rust::into_token_stream,
                ),
            },
            End::Either(arms) => {
                let arms: Vec<_> = arms.iter().map(|a| self.block(a, &scope)).collect();
                self.either(&arms)
            }
            End::Return => quote! {
                let return_to = frame.return_to;
                self.state.stack.pop();
                Ok(return_to)
            },
            End::Call(procedure, arguments, to) => self.call_procedure(*procedure, arguments, to.as_ref(), &scope),
        };
        quote!(#steps #end)
    }

    fn either(&self, arms: &[TokenStream]) -> TokenStream {
        let count = Literal::usize_unsuffixed(arms.len());
        let Some((last, first)) = arms.split_last() else { return quote!() };
        let numbers = (0..first.len()).map(Literal::usize_unsuffixed);
        quote!(match section.either(#count) { #(#numbers => { #first })* _ => { #last } })
    }

    fn jump(&self, jump: &Jump, scope: &Scope) -> TokenStream {
        if *jump == Jump::Error {
            return quote!(Err(rt::EvalError("control reached the label Error".to_owned()).into()));
        }
        let label = jump_label(jump, scope);
        quote!(Ok(#label))
    }

    /// Steps in order. Names they bind are added to the scope.
    pub(super) fn steps(&self, steps: &[Step], around: &Around<'_>, scope: &mut Scope) -> TokenStream {
        let mut out = TokenStream::new();
        for (n, step) in steps.iter().enumerate() {
            out.extend(self.step(step, &steps[n + 1..], around, scope));
            Self::forget_variants(step, scope);
        }
        out
    }

    /// A variable of the archetype or of an activation, or a place inside it, gets a value.
    fn assign(&self, variable: VariableId, path: &[PathStep], value: &Expr, scope: &Scope) -> TokenStream {
        let ty = self.types.variables[variable.index()].clone();
        if path.is_empty() {
            if let Some(change) = self.in_place(variable, value, scope) {
                return change;
            }
            let name = self.name(&self.model.variable(variable).name);
            let state = scope.frame.get(&variable).unwrap_or(&scope.state);
            let value = self.stored(variable, value, scope);
            return quote!(#state.#name = #value;);
        }
        let name = self.name(&self.model.variable(variable).name);
        let state = scope.frame.get(&variable).unwrap_or(&scope.state);
        let base = rust!(#state.#name);
        let start = if self.is_slot(variable) {
            Place::behind(rust!(#base.get_mut()).tried(), &ty)
        } else {
            Place::named(base, &ty)
        };
        let target = self.place_of(start, path, scope);
        let value = self.owned(value, &target.ty, scope);
        let place = target.write;
        quote!(let value = #value; #place = value;)
    }

    fn step(&self, step: &Step, rest: &[Step], around: &Around<'_>, scope: &mut Scope) -> TokenStream {
        match step {
            Step::Let { bound, value, .. } => self.let_step(*bound, value, rest, around, scope),
            Step::Pick { bound, set } => {
                let t = self.types.bounds[bound.index()].clone();
                let set = self.by_ref(set, &Type::Set(Box::new(t.clone())), scope);
                let name = self.bind(*bound, t, scope);
                quote!(let #name = section.pick(#set)?;)
            }
            Step::Read { bound, parameter, .. } if self.is_read_slot(*bound, rest, around.end) => {
                self.read_slot(*bound, *parameter, self.types.refs[parameter].read.clone(), scope)
            }
            Step::Read { bound, parameter, indices, .. } => {
                self.read(*bound, *parameter, indices, (rest, around.end), scope)
            }
            Step::Write { parameter, indices, value, .. } => self.write(*parameter, indices, value, scope),
            Step::Assign { variable, path, value, .. } => {
                let known =
                    if path.is_empty() { self.assign_known(*variable, value, (rest, around.end), scope) } else { None };
                known.unwrap_or_else(|| self.assign(*variable, path, value, scope))
            }
            Step::AssignMapped { path, value } => self.assign_mapped(path, value, scope),
            Step::Yield(e) => {
                if around.yields == Yield::Last && yielded_name(step).is_some() {
                    return quote!();
                }
                let value = self.owned(e, around.yielded, scope);
                match (around.yields, &scope.mapped) {
                    (Yield::Last, _) => quote!(let result = #value;),
                    (Yield::Result, _) => quote!(result = Some(#value);),
                    (Yield::Store, Some(mapped)) => mapped.store(&value),
                    (Yield::Store, None) | (Yield::Never, _) => quote!(),
                }
            }
            Step::Await(e) => {
                let condition = self.condition(e, scope);
                if condition.to_token_stream().to_string().len() > LONG {
                    let name = self.free_name(&ident("condition"), scope);
                    quote!(let #name = #condition; section.wait_for(#name)?;)
                } else {
                    quote!(section.wait_for(#condition)?;)
                }
            }
            Step::Assert(e) => {
                let condition = self.condition(e, scope);
                let text = self.source.slice(e.span).split_whitespace().collect::<Vec<_>>().join(" ");
                let place = self.place(e.span);
                quote!(section.assert(#condition, #text, #place)?;)
            }
            Step::Print(e) => {
                let value = self.by_ref(e, &self.type_of(e), scope);
                quote!(section.print(#value);)
            }
            Step::If(c, a, b) => self.branch(c, a, b, around, scope),
            Step::Either(arms) => {
                let arms: Vec<_> = arms.iter().map(|a| self.inner(a, around, scope)).collect();
                self.either(&arms)
            }
        }
    }

    /// What a `ref` parameter stands for here.
    fn target(parameter: VariableId, scope: &Scope) -> Target {
        scope.refs.get(&parameter).copied().unwrap_or(Target::Resource(parameter))
    }

    /// Reads a `ref` parameter and binds the value.
    fn read(
        &self,
        bound: BoundId,
        parameter: VariableId,
        indices: &[Expr],
        (rest, end): (&[Step], Option<&End>),
        scope: &mut Scope,
    ) -> TokenStream {
        let t = self.types.refs[&parameter].read.clone();
        let target = Self::target(parameter, scope);
        let code = match target {
            Target::Resource(target) => {
                let (index, resource) = (self.index_of(target, indices, scope), self.resource_name(target));
                let read = rust!(self.#resource.read(section, #index)).tried();
                Code::owned(read, self.types.refs[&target].read.clone())
            }
            Target::Local(v) | Target::Own(v) => {
                indices.iter().fold(self.variable(v, scope), |code, i| self.index_of_code(code, i, scope))
            }
        };
        let is_plain = matches!(target, Target::Resource(_)) && code.ty == t;
        let read = self.coerce(code, &t).into_owned();
        let name = self.bind(bound, t.clone(), scope);
        // An index that is out of the domain is not a failure where the value is not needed.
        if !indices.is_empty() && !self.is_needed(bound, rest, end) {
            scope.bounds.insert(bound, Code::new(rust!(#name), Form::Deferred, t));
            let read = if is_plain { read.into_result() } else { rust!(Ok(#read)) };
            return quote!(let #name = rt::read_for_later(|| #read)?;);
        }
        if is_first_of_next(bound, rest, end) {
            scope.bounds.insert(bound, Code::owned(read, t));
            return quote!();
        }
        move_if_last(bound, rest, end, scope);
        quote!(let #name = #read;)
    }

    fn write(&self, parameter: VariableId, indices: &[Expr], written: &Expr, scope: &Scope) -> TokenStream {
        let parameter = match Self::target(parameter, scope) {
            Target::Resource(target) => target,
            Target::Local(v) | Target::Own(v) => {
                let path: Vec<_> = indices.iter().cloned().map(PathStep::Index).collect();
                return self.assign(v, &path, written, scope);
            }
        };
        let value = self.owned(written, &self.types.refs[&parameter].write, scope);
        let (index, resource) = (self.index_of(parameter, indices, scope), self.resource_name(parameter));
        // The value is evaluated before the resource is borrowed; a long one has a line of its own.
        let is_long = matches!(written.kind, ExprKind::Record(_) | ExprKind::If(..) | ExprKind::Case(..));
        if is_long || value.fails() {
            quote!(let value = #value; self.#resource.write(section, #index, value)?;)
        } else {
            quote!(self.#resource.write(section, #index, #value)?;)
        }
    }

    /// `$variable` gets a value, or a place inside it.
    fn assign_mapped(&self, path: &[PathStep], value: &Expr, scope: &Scope) -> TokenStream {
        let Some(mapped) = &scope.mapped else { return quote!() };
        let (variable, ty, new) = (&mapped.variable, &mapped.stored, &self.own.new);
        if path.is_empty() {
            return mapped.store(&self.owned(value, ty, scope));
        }
        let start = match mapped.is_slot {
            true => Place::behind(rust!(#variable.get_mut()).tried(), ty),
            false => Place::named(rust!(#variable), ty),
        };
        let target = self.place_of(start, path, scope);
        let value = self.owned(value, &target.ty, scope);
        let place = target.write;
        quote!(let #new = #value; #place = #new;)
    }

    fn branch(&self, c: &Expr, a: &[Step], b: &[Step], around: &Around<'_>, scope: &Scope) -> TokenStream {
        let emit = |steps: &[Step], s: &Scope| self.inner(steps, around, s);
        if let Some(branches) = self.variant_steps(c, (a, b), &emit, scope) {
            return branches.into_token_stream();
        }
        let c = self.condition(c, scope);
        let (then, other) = (emit(a, scope), emit(b, scope));
        if b.is_empty() {
            quote!(if #c { #then })
        } else if then.is_empty() {
            let c = c.negated();
            quote!(if #c { #other })
        } else {
            if_else(&c, &then, &other, matches!(b[..], [Step::If(..)]))
        }
    }

    /// Reads what may have no value.
    fn read_slot(&self, bound: BoundId, parameter: VariableId, t: Type, scope: &mut Scope) -> TokenStream {
        let slot = match Self::target(parameter, scope) {
            Target::Resource(target) => {
                let resource = self.resource_name(target);
                let (is_same, t) = (self.types.refs[&target].read == t, self.rust_type(&t));
                let slot = rust!(rt::read_slot(|| self.#resource.read(section, &()))).tried();
                if is_same {
                    slot
                } else {
                    rust!(rt::convert::<_, rt::Slot<#t>>(&#slot)).tried()
                }
            }
            Target::Local(v) | Target::Own(v) => {
                let code = self.variable(v, scope);
                match (&code.slot, code.ty == t) {
                    (Some(slot), true) => slot.clone().cloned(),
                    _ => {
                        let value = self.coerce(code, &t).into_owned();
                        rust!(rt::Slot::Value(#value))
                    }
                }
            }
        };
        let name = self.bind(bound, t.clone(), scope);
        scope.bounds.insert(bound, Code::in_slot(rust!(#name), t));
        quote!(let #name = #slot;)
    }

    /// A new value that is the old one but for a part of it: only that part is changed.
    fn in_place(&self, variable: VariableId, value: &Expr, scope: &Scope) -> Option<TokenStream> {
        let ty = &self.types.variables[variable.index()];
        if self.is_slot(variable) || scope.names.contains_key(&variable) || *ty != self.type_of(value) {
            return None;
        }
        let own = |e: &Expr| matches!(e.kind, ExprKind::Variable(v) if v == variable);
        let state = scope.frame.get(&variable).unwrap_or(&scope.state);
        let name = self.name(&self.model.variable(variable).name);
        let place = rust!(#state.#name);
        match (&value.kind, ty) {
            (ExprKind::Builtin(op, args), Type::Seq(t)) if op.id == Op::Append && own(&args[0]) => {
                let item = self.owned(&args[1], t, scope);
                Some(quote!(#place.push(#item);))
            }
            (ExprKind::Builtin(op, args), Type::Set(t)) if op.id == Op::Union && own(&args[0]) => match &args[1].kind {
                ExprKind::Set(items) if items.len() == 1 => {
                    let item = self.owned(&items[0], t, scope);
                    Some(quote!(#place.insert(#item);))
                }
                _ => None,
            },
            (ExprKind::Except(base, updates), _) if own(base) && updates.len() == 1 => {
                let update = &updates[0];
                let target = self.place_of(Place::named(place, ty), &update.path, scope);
                Some(self.update(update, target, scope).into_token_stream())
            }
            _ => None,
        }
    }

    fn inner(&self, steps: &[Step], around: &Around<'_>, scope: &Scope) -> TokenStream {
        let inside = Around { yields: around.yields, yielded: around.yielded, end: None };
        self.steps(steps, &inside, &mut scope.clone())
    }

    fn bind(&self, bound: BoundId, ty: Type, scope: &mut Scope) -> proc_macro2::Ident {
        let name = self.free_name(&self.name(&self.model.bound(bound).name), scope);
        scope.bounds.insert(bound, Code::new(rust!(#name), Form::Place, ty));
        name
    }

    /// A name that hides neither one in scope nor one of ours.
    pub(super) fn free_name(&self, plain: &proc_macro2::Ident, scope: &Scope) -> proc_macro2::Ident {
        let own = ["value", "section", "result", "variable", "process", "index", "frame"];
        let is_free = |name: &str| {
            let mut known = scope.bounds.values().chain(scope.names.values());
            !own.contains(&name) && known.all(|code| !code.rust.is_name(name))
        };
        ident(&unused_snake(plain.to_string().trim_start_matches("r#"), is_free))
    }

    /// A `with (x = e)`: lazy in TLA+. If it cannot fail, or is used at once anyway, it is
    /// evaluated here; otherwise its failure is kept until it is used.
    fn let_step(
        &self,
        bound: BoundId,
        value: &Expr,
        rest: &[Step],
        around: &Around<'_>,
        scope: &mut Scope,
    ) -> TokenStream {
        let t = self.types.bounds[bound.index()].clone();
        let value = self.owned(value, &t, scope);
        let name = self.bind(bound, t.clone(), scope);
        if !value.fails() || self.used_at_once(bound, rest, around.end) {
            move_if_last(bound, rest, around.end, scope);
            return quote!(let #name = #value;);
        }
        scope.bounds.insert(bound, Code::new(rust!(#name), Form::Deferred, t.clone()));
        let rust = self.rust_type(&t);
        let value = value.into_result();
        quote!(let #name: rt::Eval<#rust> = rt::deferred(|| #value);)
    }

    /// The index of a `ref` parameter: nothing, one value or a tuple, by reference.
    fn index_of(&self, parameter: VariableId, indices: &[Expr], scope: &Scope) -> Rust {
        let types = &self.types.refs[&parameter].indices;
        match (indices, &types[..]) {
            ([one], [t]) => self.by_ref(one, t, scope),
            _ => {
                let items: Vec<_> = indices.iter().zip(types).map(|(e, t)| self.owned(e, t, scope)).collect();
                if indices.is_empty() {
                    rust!(&())
                } else {
                    rust!(&(#(#items,)*))
                }
            }
        }
    }
}

/// The name that a step yields, if it yields one: it needs no other.
pub(super) fn yielded_name(step: &Step) -> Option<&Expr> {
    match step {
        Step::Yield(e) if matches!(e.kind, ExprKind::Bound(_)) => Some(e),
        _ => None,
    }
}

/// A branch, with `else if` where the other side is nothing but a branch.
fn if_else(condition: &Rust, then: &TokenStream, other: &TokenStream, is_branch: bool) -> TokenStream {
    // A branch may be emitted as a `match`, or as what is always done.
    let is_if = || other.clone().into_iter().next().is_some_and(|t| t.to_string() == "if");
    if is_branch && is_if() {
        quote!(if #condition { #then } else #other)
    } else {
        quote!(if #condition { #then } else { #other })
    }
}

/// Whether what comes next computes with a name before it does anything else, and nothing mentions it again: then what
/// is read needs no line of its own.
fn is_first_of_next(bound: BoundId, rest: &[Step], end: Option<&End>) -> bool {
    let next = match (rest.first(), end) {
        (Some(Step::Write { value, .. } | Step::If(value, ..)), _) => value,
        (None, Some(End::If(condition, ..))) => condition,
        _ => return false,
    };
    if !matches!(next.kind, ExprKind::Builtin(..)) {
        return false;
    }
    let mut uses = 0;
    let mut count = |e: &Expr| uses += usize::from(e.any(&mut |e| matches!(e.kind, ExprKind::Bound(b) if b == bound)));
    rest.iter().for_each(|s| s.each(&mut |s| s.each_expr(&mut count)));
    if let Some(end) = end {
        Block { steps: Vec::new(), end: end.clone() }.each_expr(&mut count);
    }
    uses == 1 && is_first_in(bound, next)
}

/// Whether an expression evaluates a name before anything else, and mentions it nowhere else.
fn is_first_in(bound: BoundId, e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Bound(b) => *b == bound,
        ExprKind::Builtin(op, args) => {
            let is_strict = matches!(
                op.id,
                Op::Plus | Op::Minus | Op::Times | Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual
            );
            let is_other = |e: &Expr| !e.any(&mut |e| matches!(e.kind, ExprKind::Bound(b) if b == bound));
            is_strict && is_first_in(bound, &args[0]) && args[1..].iter().all(is_other)
        }
        _ => false,
    }
}

/// A name that is mentioned once is moved there, unless that may be evaluated several times.
fn move_if_last(bound: BoundId, rest: &[Step], end: Option<&End>, scope: &mut Scope) {
    let mut uses = 0;
    let mut count = |e: &Expr| uses += mentions(e, bound);
    rest.iter().for_each(|s| s.each(&mut |s| s.each_expr(&mut count)));
    if let Some(end) = end {
        Block { steps: Vec::new(), end: end.clone() }.each_expr(&mut count);
    }
    if let (1, Some(code)) = (uses, scope.bounds.get_mut(&bound)) {
        code.form = Form::Owned;
    }
}

/// How often an expression mentions a name; inside something evaluated several times it counts twice.
fn mentions(e: &Expr, bound: BoundId) -> usize {
    let mut count = usize::from(matches!(e.kind, ExprKind::Bound(b) if b == bound));
    e.each_child(&mut |child| count = count.saturating_add(mentions(child, bound)));
    let repeated = matches!(
        e.kind,
        ExprKind::Quantified(..)
            | ExprKind::Function(..)
            | ExprKind::Map(..)
            | ExprKind::Filter(..)
            | ExprKind::Choose(..)
            | ExprKind::Let(..)
            | ExprKind::Lambda(..)
            | ExprKind::Except(..)
            | ExprKind::Field(..)
            | ExprKind::Index(..)
            | ExprKind::Builtin(..)
    );
    if repeated {
        count.saturating_mul(2)
    } else {
        count
    }
}

/// The label that a jump goes to. `goto Error` in a `call` is found out when control comes back.
pub(super) fn jump_label(jump: &Jump, scope: &Scope) -> TokenStream {
    match jump {
        Jump::Label(l) => {
            let label = scope.labels.get(l).cloned().unwrap_or_else(|| ident(&names::pascal(l)));
            quote!(Label::#label)
        }
        Jump::Done | Jump::Error => quote!(Label::Done),
    }
}
