//! What was inferred, for people: types in the notation of Apalache's type system 1.2.

use super::Types;
use crate::types::Type;

impl Types {
    /// A type as Apalache writes it; `Value` for what could not be reconciled.
    #[must_use]
    pub fn text(&self, t: &Type) -> String {
        match t {
            Type::Bool => "Bool".to_owned(),
            Type::Int => "Int".to_owned(),
            Type::Str => "Str".to_owned(),
            // A model value of any uninterpreted type.
            Type::Atom => "ATOM".to_owned(),
            Type::Kinds(id, _) => format!("${}", self.kinds[*id].name),
            Type::Enum(id) => format!("${}", self.enums[*id].name),
            Type::Optional(id, _) => format!("${}", self.enums[*id].name),
            Type::Set(t) => format!("Set({})", self.text(t)),
            Type::Seq(t) => format!("Seq({})", self.text(t)),
            Type::Tuple(items) => {
                format!("<<{}>>", items.iter().map(|t| self.text(t)).collect::<Vec<_>>().join(", "))
            }
            Type::Function(k, v) => match **k {
                Type::Function(..) => format!("({}) -> {}", self.text(k), self.text(v)),
                _ => format!("{} -> {}", self.text(k), self.text(v)),
            },
            // An alias, defined once.
            Type::Record(id) => format!("${}", self.records[*id].name),
            Type::Value => "Value".to_owned(),
        }
    }
}
