//! Values of several kinds in one place: an enum with a variant for each.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::code::{Code, Form};
use super::expression::rust;
use super::names::{ident, snake};
use super::Emitter;
use crate::types::Type;

/// How the value of a variant is got at.
pub(super) struct Getters {
    pub(super) read: Ident,
    pub(super) change: Ident,
}

impl Emitter<'_> {
    pub(super) fn kinds_name(&self, id: usize) -> Ident {
        ident(&self.names.kinds[id])
    }

    fn kind_variant(&self, id: usize, at: usize) -> Ident {
        ident(&self.names.kind_variants[id][at])
    }

    /// The methods that give the value of one kind, or fail.
    pub(super) fn getters(&self, id: usize, at: usize) -> Getters {
        let name = snake(&self.names.kind_variants[id][at]);
        Getters { read: ident(&format!("as_{name}")), change: ident(&format!("as_{name}_mut")) }
    }

    /// What has an index, or a field if it is one that is written down, among values of several kinds.
    pub(super) fn with_index(kinds: &[Type], is_field: bool) -> Option<usize> {
        let record = kinds.iter().position(|t| matches!(t, Type::Record(_)));
        let function = kinds.iter().position(|t| matches!(t, Type::Seq(_) | Type::Tuple(_) | Type::Function(..)));
        if is_field {
            record.or(function)
        } else {
            function.or(record)
        }
    }

    /// A value of several kinds as one of them; it fails if it is of another.
    pub(super) fn of_kind(&self, code: Code, at: usize) -> Code {
        let Type::Kinds(id, kinds) = code.ty.clone() else { return code };
        let (temporary, base) = (code.is_temporary(), code.into_receiver());
        let read = self.getters(id, at).read;
        Code::new(rust!(#base.#read()).tried(), Form::Ref, kinds[at].clone()).kept_if(temporary)
    }

    /// A value of one of several kinds as one that may be of any.
    pub(super) fn as_kind(&self, code: Code, id: usize, kinds: &[Type]) -> Code {
        let Some((at, t)) = Type::alike(kinds, &code.ty) else { return code };
        let (name, variant) = (self.kinds_name(id), self.kind_variant(id, at));
        let value = self.coerce(code, t).into_owned();
        Code::owned(rust!(#name::#variant(#value)), Type::Kinds(id, kinds.to_vec()))
    }

    /// An enum of values of several kinds.
    pub(super) fn kind_enum(&self, id: usize) -> TokenStream {
        let e = &self.types.kinds[id];
        let name = self.kinds_name(id);
        let variants: Vec<_> = (0..e.kinds.len()).map(|at| self.kind_variant(id, at)).collect();
        let types: Vec<_> = e.kinds.iter().map(|(t, _)| self.rust_type(t)).collect();
        let docs = e.kinds.iter().map(|(t, _)| format!(" {}.", described(t)));
        let getters: Vec<_> = (0..e.kinds.len()).map(|at| self.getters(id, at)).collect();
        let (read, change) = (getters.iter().map(|g| &g.read), getters.iter().map(|g| &g.change));
        let copy = if e.kinds.iter().all(|(t, _)| t.is_copy()) { quote!(Copy,) } else { quote!() };
        quote! {
            /// A value of one of several kinds.
            #[derive(Clone, #copy Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
            #[serde(crate = "rt::serde")]
            pub enum #name {
                #(#[doc = #docs] #variants(#types),)*
            }
            rt::kinds!(#name { #(#variants(#types) = #read, #change),* });
        }
    }
}

fn described(t: &Type) -> &'static str {
    match t {
        Type::Bool => "A boolean",
        Type::Int => "A number",
        Type::Str => "A string",
        Type::Atom => "A model value",
        Type::Enum(_) => "A string or model value",
        Type::Set(_) => "A set",
        Type::Seq(_) => "A sequence",
        Type::Tuple(_) => "A tuple",
        Type::Function(..) => "A function",
        Type::Record(_) => "A record",
        Type::Optional(..) | Type::Kinds(..) | Type::Value => "A value",
    }
}
