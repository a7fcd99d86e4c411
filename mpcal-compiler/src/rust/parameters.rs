//! The parameters of an archetype: a struct with a public field for each, which a user fills in by name.
//!
//! In: the parameters of an archetype and their types. Out: the struct, and what the archetype makes of it.
//!
//! The archetype holds its resources as trait objects. So what a resource must be is written down once, where the
//! archetype is made, and its sections are compiled once, whatever is bound to it.

use proc_macro2::TokenStream;
use quote::quote;

use super::names::ident;
use super::Emitter;
use crate::resolved::{ArchetypeId, VariableId, VariableKind};
use crate::types::Type;

/// What is emitted for the parameters of an archetype.
pub(super) struct Parameters {
    /// The struct.
    pub(super) definition: TokenStream,
    /// `, parameters: …` of `new`.
    pub(super) argument: TokenStream,
    /// `let limit = parameters.limit;` for each value, which initial values may mention.
    pub(super) values: TokenStream,
    /// The fields of the archetype that hold its resources.
    pub(super) fields: Vec<TokenStream>,
    /// Their initial values.
    pub(super) bound: Vec<TokenStream>,
}

impl Emitter<'_> {
    /// The parameters of an archetype that are emitted: values, and `ref`s that have a type.
    pub(super) fn parameters_of(&self, archetype: ArchetypeId) -> Vec<VariableId> {
        let all = self.model.archetypes[archetype.index()].parameters.iter().copied();
        all.filter(|p| self.is_value(*p) || self.is_ref(*p)).collect()
    }

    pub(super) fn is_value(&self, parameter: VariableId) -> bool {
        self.model.variable(parameter).kind == VariableKind::Value
    }

    pub(super) fn is_ref(&self, parameter: VariableId) -> bool {
        self.types.refs.contains_key(&parameter)
    }

    pub(super) fn parameters(&self, archetype: ArchetypeId) -> Parameters {
        let all = self.parameters_of(archetype);
        let refs = || all.iter().copied().filter(|p| self.is_ref(*p));
        let given = &self.own.parameters;
        Parameters {
            definition: self.parameters_struct(archetype, &all),
            argument: self.parameters_argument(archetype, &all),
            values: all.iter().filter(|p| !self.is_ref(**p)).map(|p| self.take_value(*p)).collect(),
            fields: refs().map(|p| self.resource_field(p)).collect(),
            bound: refs()
                .map(|p| self.resource_name(p))
                .map(|field| quote!(#field: rt::Resource::new(#given.#field)))
                .collect(),
        }
    }

    fn parameters_struct(&self, archetype: ArchetypeId, all: &[VariableId]) -> TokenStream {
        if all.is_empty() {
            return quote!();
        }
        let names = &self.names.archetypes[archetype.index()];
        let name = ident(&names.parameters);
        let generics = all.iter().filter(|p| self.taken_as(archetype, **p).is_some()).map(|p| self.generic(*p));
        let fields = all.iter().map(|p| self.resource_name(*p));
        let types = all.iter().map(|p| match self.taken_as(archetype, *p) {
            Some(_) => {
                let generic = self.generic(*p);
                quote!(#generic)
            }
            None => self.stored_type(*p),
        });
        let doc = format!(" What a `{}` is made of.", names.name);
        quote! {
            #[doc = #doc]
            pub struct #name<#(#generics),*> {
                #(pub #fields: #types,)*
            }
        }
    }

    fn parameters_argument(&self, archetype: ArchetypeId, all: &[VariableId]) -> TokenStream {
        if all.is_empty() {
            return quote!();
        }
        let (name, given) = (ident(&self.names.archetypes[archetype.index()].parameters), &self.own.parameters);
        let taken: Vec<_> = all.iter().filter_map(|p| self.taken_as(archetype, *p)).collect();
        let taken = if taken.is_empty() { quote!() } else { quote!(<#(#taken),*>) };
        quote!(, #given: #name #taken)
    }

    /// What is taken for a parameter, if that is not one type.
    fn taken_as(&self, archetype: ArchetypeId, parameter: VariableId) -> Option<TokenStream> {
        if self.is_ref(parameter) {
            let bounds = self.bounds(archetype, parameter);
            return Some(quote!(impl #bounds));
        }
        let t = self.stored_type(parameter);
        self.has_shorter_form(parameter).then(|| quote!(impl Into<#t>))
    }

    fn has_shorter_form(&self, value: VariableId) -> bool {
        self.is_slot(value) || is_written_shorter(&self.types.variables[value.index()])
    }

    fn take_value(&self, value: VariableId) -> TokenStream {
        let (name, field) = (self.name(&self.model.variable(value).name), self.resource_name(value));
        let given = &self.own.parameters;
        let into = if self.has_shorter_form(value) { quote!(.into()) } else { quote!() };
        quote!(let #name = #given.#field #into;)
    }

    fn resource_field(&self, parameter: VariableId) -> TokenStream {
        let (field, types) = (self.resource_name(parameter), &self.types.refs[&parameter]);
        let index = self.index_type(&types.indices);
        let read = self.rust_type(&types.read);
        let write = (types.write != types.read).then(|| self.rust_type(&types.write)).into_iter();
        quote!(#field: rt::Resource<#index, #read #(, #write)*>)
    }

    /// How the identifier of a process is taken, and what makes it of its type.
    pub(super) fn taken_id(&self, t: &Type) -> (TokenStream, TokenStream) {
        let rust = self.rust_type(t);
        match is_written_shorter(t) {
            true => (quote!(impl Into<#rust>), quote!(.into())),
            false => (rust, quote!()),
        }
    }
}

/// Whether people write values of a type as something else, which is converted.
fn is_written_shorter(t: &Type) -> bool {
    matches!(t, Type::Str | Type::Optional(..))
}
