//! Strings and model values that a model names: an enum with a variant for each, and one more for
//! the values of another type that may stand in their place.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::code::{Code, Scope};
use super::expression::{rust, Level, Rust};
use super::names::ident;
use super::Emitter;
use crate::resolved::{Expr, ExprKind, OperatorId};
use crate::types::{Tag, Type};

impl Emitter<'_> {
    pub(super) fn enum_name(&self, id: usize) -> Ident {
        ident(&self.names.enums[id])
    }

    /// A string or model value, at the type that is wanted if it has a form there.
    pub(super) fn tag(&self, tag: &Tag, own: &Type, want: Option<&Type>) -> Code {
        for ty in want.into_iter().chain([own]) {
            match ty {
                Type::Enum(id) | Type::Optional(id, _) => {
                    let e = &self.types.enums[*id];
                    if let Some(at) = e.tags.iter().position(|(t, _)| t == tag) {
                        let (name, variant) = (self.enum_name(*id), ident(&self.names.enum_variants[*id][at]));
                        return Code::owned(rust!(#name::#variant), ty.clone());
                    }
                }
                _ => {}
            }
        }
        let text = &**tag.text();
        match (tag, own) {
            (Tag::Str(_), Type::Value) => Code::owned(rust!(rt::Value::Str(rt::Str::literal(#text))), Type::Value),
            (Tag::Str(_), _) => Code::owned(rust!(rt::Str::literal(#text)), Type::Str),
            (Tag::Model(_), Type::Atom) => Code::owned(rust!(rt::Atom::literal(#text)), Type::Atom),
            (Tag::Model(_), _) => Code::owned(rust!(rt::Value::Model(rt::Str::literal(#text))), Type::Value),
        }
    }

    /// The string or model value that an operator is a name for, if it has a variant here.
    pub(super) fn named_tag(&self, id: OperatorId, e: &Expr, want: Option<&Type>) -> Option<Code> {
        let tag = self.model.tag_of(id)?;
        let own = self.type_of(e);
        let code = self.tag(&tag, &own, want);
        (code.ty != Type::Str).then_some(code)
    }

    /// The string or model value that an expression is.
    pub(super) fn tag_of(&self, e: &Expr) -> Option<Tag> {
        match &e.kind {
            ExprKind::Str(text) => Some(Tag::Str(*text)),
            ExprKind::ModelValue(name) => Some(Tag::Model(*name)),
            ExprKind::Call(id, _) => self.model.tag_of(*id),
            ExprKind::Constant(id) => self.model.constant_tag(*id),
            _ => None,
        }
    }

    /// `x \in S`, where `x` may be a model value and `S` holds none.
    pub(super) fn present_in(&self, x: &Expr, set: &Rust, s: &Scope) -> Rust {
        let x = self.code(x, None, s).into_receiver();
        let present = &self.own.present;
        rust!(match #x.get() { Ok(#present) => #set.contains(#present), Err(_) => false }).at(Level::Block)
    }

    /// An enum.
    pub(super) fn tag_enum(&self, id: usize) -> TokenStream {
        let e = &self.types.enums[id];
        let name = self.enum_name(id);
        let variants: Vec<_> = self.names.enum_variants[id].iter().map(|n| ident(n)).collect();
        let docs = e.tags.iter().map(|(tag, _)| match tag {
            Tag::Str(text) => format!(" `{text:?}`"),
            Tag::Model(text) => format!(" The model value `{text}`."),
        });
        let tags: Vec<_> = docs.zip(&variants).map(|(doc, variant)| quote!(#[doc = #doc] #variant,)).collect();
        let are_strings = e.payload.is_none() && e.tags.iter().all(|(tag, _)| matches!(tag, Tag::Str(_)));
        let values = e.tags.iter().zip(&variants).map(|((tag, _), variant)| {
            let text = &**tag.text();
            match tag {
                Tag::Str(_) if are_strings => quote!(#variant = #text),
                Tag::Str(_) => quote!(#variant = Str(#text)),
                Tag::Model(_) => quote!(#variant = Model(#text)),
            }
        });
        let (doc, copy, declared, meaning) = match &e.payload {
            None => (
                " One of the values that the model gives a name.",
                true,
                quote!(#(#tags)*),
                quote!(rt::tags!(#name { #(#values),* });),
            ),
            Some(t) => {
                let rust = self.rust_type(t);
                // Variants come in the order of values: model values, numbers, strings, the rest.
                let models = e.tags.iter().filter(|(tag, _)| matches!(tag, Tag::Model(_))).count();
                let at = if matches!(t, Type::Bool | Type::Int) { models } else { tags.len() };
                let (before, behind) = tags.split_at(at);
                let some = quote!(
                    /// A value.
                    Some(#rust),
                );
                (
                    " A value, or what the model puts in its place.",
                    t.is_copy(),
                    quote!(#(#before)* #some #(#behind)*),
                    quote!(rt::optional!(#name { Some(#rust), #(#values),* });),
                )
            }
        };
        let copy = if copy { quote!(Copy,) } else { quote!() };
        // Of names alone the macro makes what is encoded.
        let encoded = e.payload.is_some().then(|| {
            quote! {
                #[derive(rt::Serialize, rt::Deserialize)]
                #[serde(crate = "rt::serde")]
            }
        });
        quote! {
            #[doc = #doc]
            #[derive(Clone, #copy Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            #encoded
            pub enum #name {
                #declared
            }
            #meaning
        }
    }
}
