//! A type for every expression, variable and operator of a model.
//!
//! In: a model in normal form. Out: [`Types`], and a copy of each mapping macro for each variable it
//! is used over, because one macro may store different types. Inference never fails: what cannot be
//! reconciled is [`Type::Value`], and the Rust back end converts where types differ.

mod always_fails;
mod choose_order;
mod contradictions;
mod copy;
mod endless;
mod expr;
mod finish;
mod flow;
mod generate;
mod kinds;
mod narrow;
mod report;
mod show;
mod signature;
mod solve;
mod tags;
mod untyped;

use std::collections::HashMap;

use crate::normal::{Normal, Step};
use crate::resolved::{ExprId, MappingMacroId, Model, VariableId};
use crate::types::{KindEnum, Record, TagEnum, Type};

pub use always_fails::warn_failures;
pub use choose_order::warn_choose_order;
pub use contradictions::check_annotations;
pub use endless::Place;
pub use generate::{all_values, infer};
pub use show::show;
pub use signature::check_annotation;
pub use untyped::warn_untyped;

/// What inference finds.
#[derive(Clone, Debug, Default)]
pub struct Types {
    /// By [`ExprId`].
    pub exprs: Vec<Type>,
    /// By [`VariableId`]; for a `ref` parameter the type it reads.
    pub variables: Vec<Type>,
    /// By [`BoundId`](crate::resolved::BoundId).
    pub bounds: Vec<Type>,
    /// By [`ConstantId`](crate::resolved::ConstantId).
    pub constants: Vec<Type>,
    /// Of `self`, by [`ArchetypeId`](crate::resolved::ArchetypeId).
    pub selves: Vec<Type>,
    /// Of `ref` parameters.
    pub refs: HashMap<VariableId, RefType>,
    /// Record types.
    pub records: Vec<Record>,
    /// Enums of strings and model values.
    pub enums: Vec<TagEnum>,
    /// Enums of values of several kinds.
    pub kinds: Vec<KindEnum>,
    /// Variables whose uses disagree.
    pub untyped: Vec<VariableId>,
    /// Places whose types would hold themselves.
    pub endless: Vec<Place>,
    /// Mapping macros over variables.
    pub mappings: Vec<MappingUse>,
}

/// How a `ref` parameter is indexed, read and written.
#[derive(Clone, Debug)]
pub struct RefType {
    /// One per `[_]`.
    pub indices: Vec<Type>,
    /// What a read gives.
    pub read: Type,
    /// What a write takes.
    pub write: Type,
}

/// A mapping macro over one variable; none for a plain one.
#[derive(Clone, Debug)]
pub struct MappingUse {
    /// The macro.
    pub mapping: Option<MappingMacroId>,
    /// The variable.
    pub variable: VariableId,
    /// Whether the variable is a global one of the block.
    pub global: bool,
    /// What is stored at the indices.
    pub stored: Type,
    /// `self`
    pub self_type: Type,
    /// Indices, read and written types.
    pub types: RefType,
    /// What a read does, with ids of its own.
    pub read: Vec<Step>,
    /// What a write does, with ids of its own.
    pub write: Vec<Step>,
}

impl Types {
    /// The type of an expression.
    #[must_use]
    pub fn of(&self, id: ExprId) -> &Type {
        self.exprs.get(id.index()).unwrap_or(&Type::Value)
    }
}

/// What inference reads.
struct Input<'m> {
    model: &'m mut Model,
    normal: &'m Normal,
}
