//! Values that a model knows by name: strings and model values.

use std::collections::BTreeSet;

use super::solve::TypeId;
pub(super) use crate::types::Tag;

/// The strings and model values that meet in one place, perhaps beside values of one other type.
#[derive(Clone, Debug, Default)]
pub(super) struct TagRow {
    /// Those that the model names.
    pub(super) names: BTreeSet<Tag>,
    /// Whether any string may stand there.
    pub(super) any_string: bool,
    /// Whether any model value may stand there.
    pub(super) any_model: bool,
    /// Whether it is compared with one of the names. Strings that never are could as well be others.
    pub(super) compared: bool,
    /// What stands beside model values: such a place holds a value or one of them.
    pub(super) payload: Option<TypeId>,
    /// Where it was merged into.
    pub(super) link: Option<usize>,
}

impl TagRow {
    /// Whether there is a string among them.
    pub(super) fn strings(&self) -> bool {
        self.any_string || self.names.iter().any(|t| matches!(t, Tag::Str(_)))
    }

    /// Whether there is nothing but model values: those may be compared with anything.
    pub(super) fn only_models(&self) -> bool {
        !self.strings()
    }

    /// Its model values, and its strings, apart from each other and from what stands beside them.
    pub(super) fn split(&self) -> (Self, Self) {
        let of = |strings: bool| Self {
            names: self.names.iter().filter(|t| matches!(t, Tag::Str(_)) == strings).cloned().collect(),
            any_string: strings && self.any_string,
            any_model: !strings && self.any_model,
            compared: self.compared,
            ..Self::default()
        };
        (of(false), of(true))
    }

    /// Whether it has no values of its own.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty() && !self.any_string && !self.any_model
    }

    /// Whether two of them can be one. What stands beside model values keeps strings apart from them.
    pub(super) fn may_meet(&self, other: &Self) -> bool {
        !(self.strings() && other.payload.is_some() || other.strings() && self.payload.is_some())
    }

    /// Whether another has the same names.
    pub(super) fn same_names(&self, other: &Self) -> bool {
        self.names == other.names && self.any_string == other.any_string && self.any_model == other.any_model
    }

    /// Adds the names of another.
    pub(super) fn absorb(&mut self, other: Self) {
        self.names.extend(other.names);
        self.any_string |= other.any_string;
        self.any_model |= other.any_model;
        self.compared |= other.compared;
    }
}
