//! Emitted expressions with their type, and the scope they are emitted in.

use std::collections::HashMap;
use std::rc::Rc;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::expression::{rust, Rust};
use super::known::Known;
use super::procedure::{Instance, Target};
use super::variants::{Subject, Variant};
use crate::resolved::{BoundId, VariableId};
use crate::symbol::Symbol;
use crate::types::Type;

/// Where an expression stands, which decides how names are reached.
#[derive(Clone)]
pub(super) struct Scope {
    /// The constants.
    pub(super) constants: Rust,
    /// `self` of the model, and its type.
    pub(super) self_id: Option<(Rust, Type)>,
    /// The state that holds local variables.
    pub(super) state: Rust,
    /// `$variable` and `$value`, in a mapping macro.
    pub(super) mapped: Option<Mapped>,
    /// Global variables, where they can be seen.
    pub(super) globals: Globals,
    /// Bound names.
    pub(super) bounds: HashMap<BoundId, Code>,
    /// Variables that are plain names here.
    pub(super) names: HashMap<VariableId, Code>,
    /// Variables of a procedure, fields of its frame.
    pub(super) frame: HashMap<VariableId, Rust>,
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
    pub(super) fn store(&self, value: &Rust) -> TokenStream {
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

/// What an expression is.
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

/// An emitted expression with its type.
#[derive(Clone)]
pub(super) struct Code {
    pub(super) rust: Rust,
    pub(super) form: Form,
    pub(super) ty: Type,
    /// The `Slot` that it is read from: as any value it can be read before it is assigned.
    pub(super) slot: Option<Rust>,
}

impl Code {
    pub(super) fn new(rust: Rust, form: Form, ty: Type) -> Self {
        Self { rust, form, ty, slot: None }
    }

    /// The value of a variable that may have none.
    pub(super) fn in_slot(slot: Rust, ty: Type) -> Self {
        let value = rust!(#slot.get()).tried();
        Self { slot: Some(slot), ..Self::new(value, Form::Ref, ty) }
    }

    pub(super) fn owned(rust: Rust, ty: Type) -> Self {
        Self::new(rust, Form::Owned, ty)
    }

    /// Whether it is a value of its own, and no place that holds one.
    pub(super) fn is_temporary(&self) -> bool {
        matches!(self.form, Form::Owned | Form::Deferred)
    }

    /// As an owned value.
    pub(super) fn into_owned(self) -> Rust {
        match (self.form, self.ty.is_copy()) {
            (Form::Owned, _) | (Form::Place, true) => self.rust,
            (Form::Ref, true) => self.rust.dereferenced(),
            (Form::Place | Form::Ref, false) => self.rust.cloned(),
            (Form::Deferred, _) => self.rust.cloned().tried(),
        }
    }

    /// As a reference.
    pub(super) fn into_ref(self) -> Rust {
        match self.form {
            Form::Ref => self.rust,
            Form::Owned | Form::Place => self.rust.borrowed(),
            Form::Deferred => self.rust.cloned().tried().borrowed(),
        }
    }

    /// As an operand of a comparison.
    pub(super) fn into_operand(self) -> Rust {
        match self.form {
            Form::Ref => self.rust.dereferenced(),
            Form::Owned | Form::Place => self.rust,
            Form::Deferred => self.rust.cloned().tried(),
        }
    }

    /// As something to call a method on or take a field of.
    pub(super) fn into_receiver(self) -> Rust {
        match self.form {
            Form::Deferred => self.rust.cloned().tried(),
            Form::Place | Form::Ref | Form::Owned => self.rust.receiver(),
        }
    }

    /// What is read from a temporary, cloned at once.
    pub(super) fn kept(self) -> Self {
        let (slot, ty) = (self.slot.clone(), self.ty.clone());
        Self { slot, ..Self::owned(self.into_owned(), ty) }
    }

    /// What is read from a temporary is not a place to refer to.
    pub(super) fn kept_if(self, temporary: bool) -> Self {
        if temporary && self.form == Form::Ref {
            self.kept()
        } else {
            self
        }
    }
}

impl Scope {
    /// The scope of an operator, a method of `Constants`.
    pub(super) fn of_constants(constants: Rust) -> Self {
        Self {
            constants,
            self_id: None,
            state: rust!(state),
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
