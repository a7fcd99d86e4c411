//! Record types: a struct, or an enum with a variant per shape; and records.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::code::{Code, Form, Scope};
use super::expr::element_of;
use super::expression::{rust, Level, Rust};
use super::names::ident;
use super::Emitter;
use crate::resolved::Expr;
use crate::symbol::Symbol;
use crate::types::{Record, Shape, Tag, Type};

impl Emitter<'_> {
    pub(super) fn record(&self, record: &Record) -> TokenStream {
        let id = self.types.records.iter().position(|r| std::ptr::eq(r, record)).unwrap_or_default();
        let name = self.record_name(id);
        match &record.shapes[..] {
            [only] => self.record_struct(&name, record, &only.fields),
            _ => self.record_enum(id, &name, record),
        }
    }

    fn field_type(&self, record: &Record, field: &Symbol) -> TokenStream {
        self.rust_type(record.fields.get(field).unwrap_or(&Type::Value))
    }

    fn record_struct(&self, name: &Ident, record: &Record, fields: &[Symbol]) -> TokenStream {
        let names: Vec<_> = fields.iter().map(|f| self.field_name(record, f)).collect();
        let keys: Vec<&str> = fields.iter().map(|f| &**f).collect();
        let types: Vec<_> = fields.iter().map(|f| self.field_type(record, f)).collect();
        let doc = format!(" A record `[{}]`.", keys.join(", "));
        quote! {
            #[doc = #doc]
            #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            #[derive(rt::Serialize, rt::Deserialize)]
            #[serde(crate = "rt::serde")]
            pub struct #name {
                #(pub #names: #types,)*
            }
            rt::record!(#name { #(#names = #keys),* });
        }
    }

    fn record_enum(&self, id: usize, name: &Ident, record: &Record) -> TokenStream {
        let variants: Vec<_> = self.names.record_variants[id].iter().map(|n| ident(n)).collect();
        let shapes = || record.shapes.iter().zip(&variants);
        let declarations = shapes().map(|(shape, variant)| self.declared_shape(record, shape, variant));
        let meanings = shapes().map(|(shape, variant)| self.meaning_of_shape(record, shape, variant));
        // What no shape has is read, if anywhere, by what is never run.
        let had = record.fields.iter().filter(|(field, _)| record.ever(field));
        let accessors = had.map(|(field, t)| self.accessors(record, &variants, field, t));
        let doc = match &record.tag {
            Some(tag) => format!(" Records of several shapes, told apart by their field `{tag}`."),
            None => " Records of several shapes.".to_owned(),
        };
        quote! {
            #[doc = #doc]
            #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
            #[serde(crate = "rt::serde")]
            pub enum #name {
                #(#declarations),*
            }
            impl #name {
                #(#accessors)*
            }
            rt::shapes!(#name { #(#meanings),* });
        }
    }

    /// The variant of a shape.
    fn declared_shape(&self, record: &Record, shape: &Shape, variant: &Ident) -> TokenStream {
        let all: Vec<&str> = shape.fields.iter().map(|f| &**f).collect();
        let doc = format!(" `[{}]`", all.join(", "));
        let held = record.held(shape).map(|f| {
            let (name, t) = (self.field_name(record, f), self.field_type(record, f));
            quote!(#name: #t)
        });
        let held: Vec<_> = held.collect();
        let held = if held.is_empty() { quote!() } else { quote!({ #(#held),* }) };
        quote!(#[doc = #doc] #variant #held)
    }

    /// Which fields those of a variant stand for, and the tag that the variant itself stands for.
    fn meaning_of_shape(&self, record: &Record, shape: &Shape, variant: &Ident) -> TokenStream {
        let names = record.held(shape).map(|f| self.field_name(record, f));
        let keys = record.held(shape).map(|f| &**f);
        let tag = record.tag.as_ref().and_then(|field| {
            let tag = self.tag(shape.tag.as_ref()?, record.fields.get(field)?, None).rust;
            let key = &**field;
            Some(quote!(with #key = #tag))
        });
        quote!(#variant { #(#names = #keys),* } #tag)
    }

    /// How a field of an enum is read, and changed: it fails for shapes without the field.
    fn accessors(&self, record: &Record, variants: &[Ident], field: &Symbol, t: &Type) -> TokenStream {
        let (getter, setter) =
            (self.field_name(record, field), ident(&format!("{}_mut", self.names.field(record, field))));
        let t = self.rust_type(t);
        if record.tag.as_ref() == Some(field) {
            let arms = record.shapes.iter().zip(variants).map(|(s, variant)| {
                let own = record.fields.get(field).unwrap_or(&Type::Value);
                match &s.tag {
                    Some(tag) => {
                        let value = self.tag(tag, own, None).rust;
                        quote!(Self::#variant { .. } => #value)
                    }
                    None => quote!(Self::#variant { #getter, .. } => *#getter),
                }
            });
            let doc = format!(" The field `{field}`, which the variant stands for.");
            return quote! {
                #[doc = #doc]
                #[must_use]
                pub fn #getter(&self) -> #t {
                    match self { #(#arms,)* }
                }
            };
        }
        let with: Vec<_> =
            record.shapes.iter().zip(variants).filter(|(s, _)| s.fields.contains(field)).map(|(_, v)| v).collect();
        if record.always(field) {
            return quote!(rt::field!(#getter, #setter, #t, #(#with)|*););
        }
        let key = &**field;
        quote!(rt::some_field!(#getter, #setter, #t, #key, #(#with)|*);)
    }
}

impl Emitter<'_> {
    pub(super) fn record_literal(&self, fields: &[(Symbol, Expr)], ty: &Type, e: &Expr, s: &Scope) -> Code {
        let names: Vec<_> = fields.iter().map(|(n, _)| *n).collect();
        let tag = |field: &Symbol| fields.iter().find(|(f, _)| f == field).and_then(|(_, e)| self.tag_of(e));
        self.record_of(&names, ty, e, &tag, |n, t| self.owned(&fields[n].1, t, s))
    }

    /// A record of a type; `value` gives the value of the n-th field at its type.
    fn record_of(
        &self,
        names: &[Symbol],
        ty: &Type,
        e: &Expr,
        tag: &dyn Fn(&Symbol) -> Option<Tag>,
        value: impl Fn(usize, &Type) -> Rust,
    ) -> Code {
        let Type::Record(id) = ty else {
            let field = |(n, name): (usize, &Symbol)| {
                let (name, value) = (&**name, value(n, &Type::Value));
                rust!((#name, #value))
            };
            let fields: Vec<_> = names.iter().enumerate().map(field).collect();
            return Code::owned(rust!(rt::Value::record([#(#fields),*])), Type::Value);
        };
        let record = &self.types.records[*id];
        let mut shape = names.to_vec();
        shape.sort();
        let tag = record.tag.as_ref().and_then(tag);
        let is = |x: &Shape, tag: &Option<Tag>| x.fields == shape && x.tag == *tag;
        let at = record.shapes.iter().position(|x| is(x, &tag)).or(record.shapes.iter().position(|x| is(x, &None)));
        let Some(at) = at else { return self.refuse(e, "this record", "no shape of its type has these fields") };
        let held: Vec<_> = record.held(&record.shapes[at]).collect();
        let values: Vec<_> = names
            .iter()
            .enumerate()
            .filter(|(_, name)| held.contains(name))
            .map(|(n, name)| {
                let ty = record.fields.get(name).cloned().unwrap_or(Type::Value);
                let (name, value) = (self.field_name(record, name), value(n, &ty));
                rust!(#name: #value)
            })
            .collect();
        let name = self.record_name(*id);
        if record.shapes.len() == 1 {
            return Code::owned(rust!(#name { #(#values),* }), ty.clone());
        }
        let variant = ident(&self.names.record_variants[*id][at]);
        let fields = if values.is_empty() { rust!() } else { rust!({ #(#values),* }) };
        Code::owned(rust!(#name::#variant #fields), ty.clone())
    }

    /// `[a : S, b : T]`, enumerated.
    pub(super) fn record_set(&self, fields: &[(Symbol, Expr)], ty: Type, e: &Expr, s: &Scope) -> Code {
        let element = element_of(&ty);
        let names: Vec<_> = fields.iter().map(|(n, _)| *n).collect();
        let items: Vec<_> = (1..=fields.len()).map(|n| self.own.item(n)).collect();
        let sets: Vec<_> = (1..=fields.len()).map(|n| self.own.set(n)).collect();
        let mut types = Vec::new();
        let mut lets = Vec::new();
        for ((_, set), name) in fields.iter().zip(&sets) {
            let code = self.code(set, None, s);
            let t = element_of(&code.ty);
            let set = self.coerce(code, &Type::Set(Box::new(t.clone()))).into_owned();
            lets.push(rust!(let #name = #set;));
            types.push(t);
        }
        let record = self.record_of(&names, &element, e, &|_| None, |n, want| {
            let item = &items[n];
            self.coerce(Code::new(rust!(#item), Form::Ref, types[n].clone()), want).into_owned()
        });
        let (record, collected) = (record.into_owned(), &self.own.all);
        let mut body = rust!(#collected.push(#record););
        for (item, set) in items.iter().zip(&sets).rev() {
            body = rust!(for #item in #set.iter() { #body });
        }
        let t = self.rust_type(&element);
        let all = rust!({
            #(#lets)*
            rt::enumerable(&[#(#sets.len()),*])?;
            let mut #collected = Vec::new();
            #body
            #collected.into_iter().collect::<rt::Set<#t>>()
        });
        Code::owned(all.at(Level::Block), Type::Set(Box::new(element)))
    }
}
