//! Record types: a struct, or an enum with a variant per shape.

use std::rc::Rc;

use proc_macro2::TokenStream;
use quote::quote;

use super::names::{ident, pascal, snake};
use super::Emitter;
use crate::types::{Record, Type};

/// The name of a variant, unlike those before it.
pub(super) fn variant(record: &Record, at: usize) -> String {
    let name = pascal(&record.shapes[at].name);
    let same = record.shapes[..at].iter().filter(|s| pascal(&s.name) == name).count();
    if same == 0 {
        name
    } else {
        format!("{name}{}", same + 1)
    }
}

impl Emitter<'_> {
    pub(super) fn record(&self, record: &Record) -> TokenStream {
        let id = self.types.records.iter().position(|r| std::ptr::eq(r, record)).unwrap_or_default();
        let name = self.record_name(id);
        match &record.shapes[..] {
            [only] => self.record_struct(&name, record, &only.fields),
            _ => self.record_enum(&name, record),
        }
    }

    fn field_type(&self, record: &Record, field: &Rc<str>) -> TokenStream {
        self.rust_type(record.fields.get(field).unwrap_or(&Type::Value))
    }

    fn record_struct(&self, name: &proc_macro2::Ident, record: &Record, fields: &[Rc<str>]) -> TokenStream {
        let names: Vec<_> = fields.iter().map(|f| self.name(f)).collect();
        let keys: Vec<&str> = fields.iter().map(|f| &**f).collect();
        let types: Vec<_> = fields.iter().map(|f| self.field_type(record, f)).collect();
        let doc = format!(" A record `[{}]`.", keys.join(", "));
        quote! {
            #[doc = #doc]
            #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, rt::Serialize, rt::Deserialize)]
            #[serde(crate = "rt::serde")]
            pub struct #name {
                #(pub #names: #types,)*
            }
            impl rt::Data for #name {
                fn to_value(&self) -> rt::Value {
                    rt::Value::record([#((#keys, rt::Data::to_value(&self.#names))),*])
                }
                fn from_value(value: &rt::Value) -> rt::Eval<Self> {
                    rt::has_fields(value, &[#(#keys),*])?;
                    Ok(Self { #(#names: rt::Data::from_value(value.field(#keys)?)?),* })
                }
            }
            impl std::fmt::Display for #name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    std::fmt::Display::fmt(&rt::Data::to_value(self), f)
                }
            }
        }
    }

    fn record_enum(&self, name: &proc_macro2::Ident, record: &Record) -> TokenStream {
        let variants: Vec<_> = (0..record.shapes.len()).map(|n| ident(&variant(record, n))).collect();
        let mut declarations = Vec::new();
        let mut to = Vec::new();
        let mut from = Vec::new();
        for (shape, variant) in record.shapes.iter().zip(&variants) {
            let names: Vec<_> = shape.fields.iter().map(|f| self.name(f)).collect();
            let keys: Vec<&str> = shape.fields.iter().map(|f| &**f).collect();
            let types: Vec<_> = shape.fields.iter().map(|f| self.field_type(record, f)).collect();
            let doc = format!(" `[{}]`", keys.join(", "));
            declarations.push(quote!(#[doc = #doc] #variant { #(#names: #types),* }));
            to.push(
                quote!(Self::#variant { #(#names),* } => rt::Value::record([#((#keys, rt::Data::to_value(#names))),*])),
            );
            from.push(quote! {
                if rt::has_fields(value, &[#(#keys),*]).is_ok() {
                    return Ok(Self::#variant { #(#names: rt::Data::from_value(value.field(#keys)?)?),* });
                }
            });
        }
        let accessors = record.fields.iter().map(|(field, t)| {
            let (getter, setter) = (self.name(field), ident(&format!("{}_mut", snake(field))));
            let t = self.rust_type(t);
            let with: Vec<_> =
                record.shapes.iter().zip(&variants).filter(|(s, _)| s.fields.contains(field)).map(|(_, v)| v).collect();
            let missing = format!("the record has no field {field}");
            let rest = if with.len() == record.shapes.len() {
                quote!()
            } else {
                quote!(_ => Err(rt::EvalError(#missing.to_owned())),)
            };
            let doc = format!(" The field `{field}`, if this shape has one.");
            quote! {
                #[doc = #doc]
                pub fn #getter(&self) -> rt::Eval<&#t> {
                    match self { #(Self::#with { #getter, .. } => Ok(#getter),)* #rest }
                }
                #[doc = #doc]
                pub fn #setter(&mut self) -> rt::Eval<&mut #t> {
                    match self { #(Self::#with { #getter, .. } => Ok(#getter),)* #rest }
                }
            }
        });
        let message = format!("{name}: no such shape");
        quote! {
            /// Records of several shapes.
            #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
            #[serde(crate = "rt::serde")]
            pub enum #name {
                #(#declarations),*
            }
            impl #name {
                #(#accessors)*
            }
            impl Ord for #name {
                fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                    rt::Data::to_value(self).cmp(&rt::Data::to_value(other))
                }
            }
            impl PartialOrd for #name {
                fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                    Some(self.cmp(other))
                }
            }
            impl rt::Data for #name {
                fn to_value(&self) -> rt::Value {
                    match self { #(#to),* }
                }
                fn from_value(value: &rt::Value) -> rt::Eval<Self> {
                    #(#from)*
                    Err(rt::EvalError(format!("{}: {value}", #message)))
                }
            }
            impl std::fmt::Display for #name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    std::fmt::Display::fmt(&rt::Data::to_value(self), f)
                }
            }
        }
    }
}
