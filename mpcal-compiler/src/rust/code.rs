//! Emitted tokens with their type, and the scope they are emitted in.

use std::collections::HashMap;
use std::rc::Rc;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::known::Known;
use super::procedure::{Instance, Target};
use super::variants::{Subject, Variant};
use crate::resolved::{BoundId, VariableId};
use crate::symbol::Symbol;
use crate::types::Type;

/// Where an expression stands, which decides how names are reached.
#[derive(Clone)]
pub(super) struct Scope {
    /// The constants, a place expression.
    pub(super) constants: TokenStream,
    /// `self` of the model, and its type.
    pub(super) self_id: Option<(TokenStream, Type)>,
    /// The state that holds local variables.
    pub(super) state: TokenStream,
    /// `$variable` and `$value`, in a mapping macro.
    pub(super) mapped: Option<Mapped>,
    /// Global variables, where they can be seen.
    pub(super) globals: Globals,
    /// Bound names.
    pub(super) bounds: HashMap<BoundId, Code>,
    /// Variables that are plain names here.
    pub(super) names: HashMap<VariableId, Code>,
    /// Variables of a procedure, fields of its frame.
    pub(super) frame: HashMap<VariableId, TokenStream>,
    /// What the `ref`s of a procedure stand for.
    pub(super) refs: HashMap<VariableId, Target>,
    /// Labels of this body that are not spelt as in the model.
    pub(super) labels: Rc<HashMap<Symbol, proc_macro2::Ident>>,
    /// The variables that have a value where each section of this body starts.
    pub(super) known: Rc<Known>,
    /// The procedures that can be called.
    pub(super) instances: Rc<Vec<Instance>>,
    /// Whether this is the body of a procedure.
    pub(super) in_procedure: bool,
    /// Records that are known to be of a variant.
    pub(super) variants: HashMap<Subject, Variant>,
}

/// What a mapping macro stands between.
#[derive(Clone)]
pub(super) struct Mapped {
    /// `$variable`, and the type of what it holds.
    pub(super) variable: Ident,
    pub(super) stored: Type,
    /// Whether it may have no value yet.
    pub(super) is_slot: bool,
    /// `$value` and its type.
    pub(super) value: Ident,
    pub(super) written: Type,
}

impl Mapped {
    /// `$variable` gets a value.
    pub(super) fn store(&self, value: &TokenStream) -> TokenStream {
        let variable = &self.variable;
        if self.is_slot {
            quote!(#variable = rt::Slot::Value(#value);)
        } else {
            quote!(#variable = #value;)
        }
    }
}

/// How a global variable is reached.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Globals {
    /// Not at all.
    Hidden,
    /// As a local name, while the variables are being made.
    Names,
    /// As the committed value of a field of `self`.
    Fields,
}

/// What the tokens of an expression are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A place: it can be borrowed or cloned.
    Place,
    /// A reference to a value.
    Ref,
    /// An owned value.
    Owned,
    /// A `Result` of an owned value, to be looked into: a name that may never be used.
    Deferred,
}

/// Emitted tokens with their type.
#[derive(Clone)]
pub(super) struct Code {
    pub(super) tokens: TokenStream,
    pub(super) form: Form,
    pub(super) ty: Type,
    /// The `Slot` that it is read from: as any value it can be read before it is assigned.
    pub(super) slot: Option<TokenStream>,
}

impl Code {
    pub(super) fn new(tokens: TokenStream, form: Form, ty: Type) -> Self {
        Self { tokens, form, ty, slot: None }
    }

    /// The value of a variable that may have none.
    pub(super) fn in_slot(slot: TokenStream, ty: Type) -> Self {
        Self { slot: Some(slot.clone()), ..Self::new(quote!(#slot.get()?), Form::Ref, ty) }
    }

    pub(super) fn owned(tokens: TokenStream, ty: Type) -> Self {
        Self::new(tokens, Form::Owned, ty)
    }

    /// As an owned value.
    pub(super) fn into_owned(self) -> TokenStream {
        let t = self.tokens;
        match (self.form, self.ty.is_copy()) {
            (Form::Owned, _) | (Form::Place, true) => t,
            (Form::Ref, true) => quote!(*#t),
            (Form::Place | Form::Ref, false) => quote!(#t.clone()),
            (Form::Deferred, _) => quote!(#t.clone()?),
        }
    }

    /// As a reference.
    pub(super) fn into_ref(self) -> TokenStream {
        let t = self.tokens;
        match self.form {
            Form::Ref => t,
            Form::Owned if self.ty == Type::Bool && is_operation(&t) => quote!(&(#t)),
            Form::Owned | Form::Place => quote!(&#t),
            Form::Deferred => quote!(&#t.clone()?),
        }
    }

    /// As an operand of a comparison.
    pub(super) fn into_operand(self) -> TokenStream {
        let t = self.tokens;
        match self.form {
            Form::Ref => quote!(*#t),
            Form::Owned | Form::Place => t,
            Form::Deferred => quote!(#t.clone()?),
        }
    }
}

impl Code {
    /// A value read from a temporary, cloned at once.
    pub(super) fn kept(self) -> Self {
        let (slot, ty) = (self.slot.clone(), self.ty.clone());
        let tokens = self.into_owned();
        let tokens = if ty.is_copy() { quote!((#tokens)) } else { tokens };
        Self { slot, ..Self::owned(tokens, ty) }
    }

    /// As something to call a method on or take a field of.
    pub(super) fn into_operand_place(self) -> TokenStream {
        match self.form {
            Form::Deferred => {
                let t = self.tokens;
                quote!(#t.clone()?)
            }
            Form::Owned
                if self.tokens.to_string().starts_with(['{', '*', '-', '!'])
                    || self.tokens.to_string().starts_with("if ") =>
            {
                let t = self.tokens;
                quote!((#t))
            }
            Form::Place | Form::Ref | Form::Owned => self.tokens,
        }
    }

    /// A reference into a temporary is not a place to keep: its value is cloned at once.
    pub(super) fn or_owned(self, base: &TokenStream) -> Self {
        let temporary = base.to_string().ends_with('?') || base.to_string().ends_with(')');
        if temporary && self.form == Form::Ref {
            return self.kept();
        }
        self
    }
}

impl Scope {
    /// The scope of an operator, a method of `Constants`.
    pub(super) fn of_constants(constants: TokenStream) -> Self {
        Self {
            constants,
            self_id: None,
            state: quote!(state),
            mapped: None,
            globals: Globals::Hidden,
            bounds: HashMap::new(),
            names: HashMap::new(),
            frame: HashMap::new(),
            refs: HashMap::new(),
            labels: Rc::default(),
            known: Rc::default(),
            instances: Rc::default(),
            in_procedure: false,
            variants: HashMap::new(),
        }
    }
}

/// Whether tokens that give a boolean may have to stand in parentheses.
fn is_operation(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|t| match t {
        proc_macro2::TokenTree::Punct(p) => "=|&!<".contains(p.as_char()),
        _ => false,
    })
}

/// Whether evaluating these tokens can fail. A `?` inside a closure belongs to the closure, but
/// then the function that takes it fails, too.
/// A name, or one made from it, that is none of those in some tokens.
pub(super) fn unlike(name: &Ident, tokens: &TokenStream) -> Ident {
    let candidates = std::iter::once(name.clone()).chain((2..).map(|n| super::names::ident(&format!("{name}_{n}"))));
    candidates.into_iter().find(|c| !mentions(tokens, c)).unwrap_or_else(|| name.clone())
}

fn mentions(tokens: &TokenStream, name: &Ident) -> bool {
    tokens.clone().into_iter().any(|t| match t {
        proc_macro2::TokenTree::Ident(i) => i == *name,
        proc_macro2::TokenTree::Group(g) => mentions(&g.stream(), name),
        proc_macro2::TokenTree::Punct(_) | proc_macro2::TokenTree::Literal(_) => false,
    })
}

pub(super) fn has_question_mark(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|t| match t {
        proc_macro2::TokenTree::Punct(p) => p.as_char() == '?',
        proc_macro2::TokenTree::Group(g) => has_question_mark(&g.stream()),
        proc_macro2::TokenTree::Ident(i) => i == "return",
        proc_macro2::TokenTree::Literal(_) => false,
    })
}
