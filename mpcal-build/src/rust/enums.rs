//! Strings and model values that a model names: an enum with a variant for each, and one more for
//! the values of another type that may stand in their place.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::code::{Code, Scope};
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
                        return Code::owned(quote!(#name::#variant), ty.clone());
                    }
                }
                _ => {}
            }
        }
        let text = &**tag.text();
        match (tag, own) {
            (Tag::Str(_), Type::Value) => Code::owned(quote!(rt::Value::Str(rt::Str::literal(#text))), Type::Value),
            (Tag::Str(_), _) => Code::owned(quote!(rt::Str::literal(#text)), Type::Str),
            (Tag::Model(_), Type::Atom) => Code::owned(quote!(rt::Atom::literal(#text)), Type::Atom),
            (Tag::Model(_), _) => Code::owned(quote!(rt::Value::Model(rt::Str::literal(#text))), Type::Value),
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
            ExprKind::Str(text) => Some(Tag::Str(text.clone())),
            ExprKind::ModelValue(name) => Some(Tag::Model(name.clone())),
            ExprKind::Call(id, _) => self.model.tag_of(*id),
            ExprKind::Constant(id) => self.model.constant_tag(*id),
            _ => None,
        }
    }

    /// `x \in S`, where `x` may be a model value and `S` holds none.
    pub(super) fn present_in(&self, x: &Expr, set: TokenStream, s: &Scope) -> TokenStream {
        let x = self.code(x, None, s).into_operand_place();
        let present = &self.own.present;
        quote!((match #x.get() { Ok(#present) => #set.contains(#present), Err(_) => false }))
    }

    /// An enum.
    pub(super) fn tag_enum(&self, id: usize) -> TokenStream {
        let e = &self.types.enums[id];
        let name = self.enum_name(id);
        let variants: Vec<_> = self.names.enum_variants[id].iter().map(|n| ident(n)).collect();
        let names = variants.clone();
        let docs = e.tags.iter().map(|(tag, _)| match tag {
            Tag::Str(text) => format!(" `{text:?}`"),
            Tag::Model(text) => format!(" The model value `{text}`."),
        });
        let values: Vec<_> = e
            .tags
            .iter()
            .map(|(tag, _)| {
                let text = &**tag.text();
                match tag {
                    Tag::Str(_) => quote!(rt::Value::Str(rt::Str::literal(#text))),
                    Tag::Model(_) => quote!(rt::Value::Model(rt::Str::literal(#text))),
                }
            })
            .collect();
        let patterns = e.tags.iter().map(|(tag, _)| {
            let text = &**tag.text();
            match tag {
                Tag::Str(_) => quote!(rt::Value::Str(text) if *text == *#text),
                Tag::Model(_) => quote!(rt::Value::Model(text) if *text == *#text),
            }
        });
        let tags: Vec<_> = docs.zip(&variants).map(|(doc, variant)| quote!(#[doc = #doc] #variant,)).collect();
        let from_tags = quote!(#(#patterns => Ok(Self::#variants),)*);
        let unknown = format!("no {name}");
        let (declaration, to, from, methods) = match &e.payload {
            None => {
                let copy = quote!(Copy,);
                (
                    (copy, quote!(#(#tags)*)),
                    quote!(#(Self::#variants => #values,)*),
                    quote!(_ => Err(rt::EvalError(::std::format!("{}: {value}", #unknown))),),
                    quote!(),
                )
            }
            Some(t) => {
                let rust = self.rust_type(t);
                let copy = if t.is_copy() { quote!(Copy,) } else { quote!() };
                let some = quote!(
                    /// A value.
                    Some(#rust),
                );
                // Variants come in the order of values: model values, numbers, strings, the rest.
                let models = e.tags.iter().filter(|(tag, _)| matches!(tag, Tag::Model(_))).count();
                let at = if matches!(t, Type::Bool | Type::Int) { models } else { variants.len() };
                let (before, behind) = tags.split_at(at);
                let tags = quote!(#(#before)* #some #(#behind)*);
                let missing = format!("{name} holds no value here");
                (
                    (copy, tags),
                    quote!(Self::Some(value) => rt::Data::to_value(value), #(Self::#variants => #values,)*),
                    quote!(other => rt::Data::from_value(other).map(Self::Some),),
                    quote! {
                        impl #name {
                            /// The value, if it is one.
                            ///
                            /// # Errors
                            /// If it is a model value.
                            pub fn get(&self) -> rt::Eval<&#rust> {
                                match self {
                                    Self::Some(value) => Ok(value),
                                    _ => Err(rt::EvalError(#missing.to_owned())),
                                }
                            }

                            /// The value, to be changed in place.
                            ///
                            /// # Errors
                            /// If it is a model value.
                            pub fn get_mut(&mut self) -> rt::Eval<&mut #rust> {
                                match self {
                                    Self::Some(value) => Ok(value),
                                    _ => Err(rt::EvalError(#missing.to_owned())),
                                }
                            }
                        }
                        impl From<#rust> for #name {
                            fn from(value: #rust) -> Self {
                                Self::Some(value)
                            }
                        }
                    },
                )
            }
        };
        let ordinals = if e.payload.is_none() {
            let count = proc_macro2::Literal::usize_unsuffixed(names.len());
            quote! {
                fn ordinal(&self) -> Option<i64> {
                    Some(*self as i64)
                }
                fn from_ordinal(n: i64) -> Option<Self> {
                    Self::at_ordinal(n).copied()
                }
                fn at_ordinal(n: i64) -> Option<&'static Self> {
                    static ALL: [#name; #count] = [#(#name::#names),*];
                    ALL.get(usize::try_from(n).ok()?)
                }
            }
        } else {
            quote!()
        };
        let (copy, variants) = declaration;
        let doc = match &e.payload {
            None => " One of the values that the model gives a name.",
            Some(_) => " A value, or what the model puts in its place.",
        };
        quote! {
            #[doc = #doc]
            #[derive(Clone, #copy Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            #[derive(rt::Serialize, rt::Deserialize)]
            #[serde(crate = "rt::serde")]
            pub enum #name {
                #variants
            }
            #methods
            impl rt::Data for #name {
                fn to_value(&self) -> rt::Value {
                    match self { #to }
                }
                fn from_value(value: &rt::Value) -> rt::Eval<Self> {
                    match value { #from_tags #from }
                }
                #ordinals
            }
            impl ::std::fmt::Display for #name {
                fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    ::std::fmt::Display::fmt(&rt::Data::to_value(self), f)
                }
            }
        }
    }
}
