//! The builder of an archetype: a method per parameter.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::names::ident;
use super::Emitter;
use crate::resolved::{ArchetypeId, VariableId};
use crate::types::Type;

/// What of an archetype its builder needs.
pub(super) struct Parts<'a> {
    pub(super) id: ArchetypeId,
    pub(super) name: &'a Ident,
    pub(super) self_rust: &'a TokenStream,
    /// Value parameters, in order; `new` takes them first.
    pub(super) values: &'a [VariableId],
    /// `ref` parameters, in order.
    pub(super) refs: &'a [VariableId],
}

impl Emitter<'_> {
    pub(super) fn builder(&self, parts: &Parts<'_>) -> TokenStream {
        let Parts { name, self_rust, .. } = parts;
        let all: Vec<VariableId> = parts.values.iter().chain(parts.refs).copied().collect();
        let names = &self.names.archetypes[parts.id.index()];
        let builder = ident(&names.builder);
        let fields: Vec<_> = all.iter().map(|p| self.resource_name(*p)).collect();
        let slots: Vec<_> = all.iter().map(|p| self.generic(*p)).collect();
        let traits: Vec<_> = all.iter().map(|p| ident(&self.names.parameters[p].given)).collect();
        let mut given = Vec::new();
        let mut methods = Vec::new();
        for (n, parameter) in all.iter().enumerate() {
            let (field, slot, given_trait) = (&fields[n], &slots[n], &traits[n]);
            let text = &self.model.variable(*parameter).name;
            let message = format!("the parameter `{text}` of `{name}` is not given");
            let label = format!("call `.{field}(…)` before this");
            let trait_doc = format!(" Whether `{text}` was given.");
            given.push(quote! {
                #[doc = #trait_doc]
                #[diagnostic::on_unimplemented(message = #message, label = #label)]
                pub trait #given_trait<T> {
                    /// What was given.
                    fn given(self) -> T;
                }
                impl<T> #given_trait<T> for rt::Given<T> {
                    fn given(self) -> T { self.0 }
                }
            });
            let others: Vec<_> = fields.iter().filter(|f| *f != field).collect();
            let doc = self.origin(&format!("`{text}`"), self.model.variable(*parameter).span);
            let result: Vec<_> =
                slots.iter().map(|s| if s == slot { quote!(rt::Given<T>) } else { quote!(#s) }).collect();
            let make = quote! {
                let Self { id, constants, #(#others,)* .. } = self;
            };
            let by_ref = parts.refs.contains(parameter);
            methods.push(if by_ref {
                let bounds = self.bounds(parts.id, *parameter);
                quote! {
                    #[doc = #doc]
                    pub fn #field<T>(self, #field: T) -> #builder<#(#result),*>
                    where T: #bounds
                    {
                        #make
                        #builder { id, constants, #field: rt::Given(#field), #(#others),* }
                    }
                }
            } else {
                let t = self.stored_type(*parameter);
                let (taken, into) = match self.is_slot(*parameter) {
                    true => (quote!(impl Into<#t>), quote!(.into())),
                    false => self.taken(&self.types.variables[parameter.index()]),
                };
                let result: Vec<_> =
                    slots.iter().map(|s| if s == slot { quote!(rt::Given<#t>) } else { quote!(#s) }).collect();
                quote! {
                    #[doc = #doc]
                    pub fn #field(self, #field: #taken) -> #builder<#(#result),*> {
                        #make
                        #builder { id, constants, #field: rt::Given(#field #into), #(#others),* }
                    }
                }
            });
        }
        let (id_taken, id_into) = self.taken(&self.types.selves[parts.id.index()]);
        let missing: Vec<_> = all.iter().map(|_| quote!(rt::Missing)).collect();
        let none: Vec<_> = parts.refs.iter().map(|_| quote!(rt::Missing)).collect();
        let ref_slots = &slots[parts.values.len()..];
        let ref_traits = &traits[parts.values.len()..];
        let made: Vec<_> = names.made.iter().take(parts.refs.len()).map(|n| ident(n)).collect();
        let bounds = parts.refs.iter().zip(ref_slots).zip(ref_traits).zip(&made).map(|(((p, slot), given), made)| {
            let bounds = self.bounds(parts.id, *p);
            quote!(#slot: #given<#made>, #made: #bounds,)
        });
        let value_bounds = parts.values.iter().zip(&slots).zip(&traits).map(|((p, slot), given)| {
            let t = self.stored_type(*p);
            quote!(#slot: #given<#t>,)
        });
        let doc = format!(" What a `{name}` is made of, each parameter given by a method of its name.");
        quote! {
            #(#given)*

            #[doc = #doc]
            #[must_use]
            pub struct #builder<#(#slots),*> {
                id: #self_rust,
                constants: ::std::sync::Arc<Constants>,
                #(#fields: #slots,)*
            }

            impl #name<#(#none),*> {
                /// Starts with the identifier of the process; a method for each parameter gives the rest.
                pub fn builder(id: #id_taken, constants: &::std::sync::Arc<Constants>) -> #builder<#(#missing),*> {
                    #builder { id: id #id_into, constants: constants.clone(), #(#fields: rt::Missing),* }
                }
            }

            impl<#(#slots),*> #builder<#(#slots),*> {
                #(#methods)*

                /// The archetype.
                ///
                /// # Errors
                /// If the initial value of a variable cannot be evaluated.
                pub fn build<#(#made),*>(self) -> rt::Eval<#name<#(#made),*>>
                where #(#value_bounds)* #(#bounds)*
                {
                    #name::new(self.id, &self.constants #(, self.#fields.given())*)
                }
            }
        }
    }

    /// How a value is taken: what has a shorter form is converted.
    fn taken(&self, t: &Type) -> (TokenStream, TokenStream) {
        let rust = self.rust_type(t);
        match t {
            Type::Str | Type::Optional(..) => (quote!(impl Into<#rust>), quote!(.into())),
            _ => (rust, quote!()),
        }
    }
}
