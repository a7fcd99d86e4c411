//! `Constants`: the constants of the model as fields, its operators as methods.

use proc_macro2::TokenStream;
use quote::quote;

use super::code::Scope;
use super::{Emitted, Emitter};
use crate::resolved::ExprKind;
use crate::types::Type;

impl Emitter<'_> {
    pub(super) fn constants(&self) -> TokenStream {
        let check = self.assumptions();
        let plain: Vec<_> = self.model.constants.iter().enumerate().collect();
        let names: Vec<_> = plain.iter().map(|(_, c)| self.operator_name(&c.name)).collect();
        let types: Vec<_> = plain
            .iter()
            .map(|(n, c)| match c.arity {
                0 => self.rust_type(&self.types.constants[*n]),
                // An operator: a function over values of any type.
                arity => {
                    let arguments = vec![quote!(&rt::Value); arity];
                    quote!(fn(#(#arguments),*) -> rt::Eval<rt::Value>)
                }
            })
            .collect();
        let docs: Vec<_> = plain.iter().map(|(_, c)| self.origin(&format!("`{}`", c.name), c.span)).collect();
        let mut ids: Vec<_> = self.operators.borrow().keys().copied().collect();
        ids.sort();
        let mut literals = Vec::new();
        let mut methods = Vec::new();
        for id in ids {
            let definition = &self.model.operators[id.index()];
            match self.operators.borrow().get(&id) {
                Some(Emitted::Method(tokens, _)) => methods.push(tokens.clone()),
                Some(Emitted::Const(_)) => {
                    let name = self.const_name(&definition.name);
                    let doc = self.origin(&format!("`{}`", definition.name), definition.span);
                    let (t, value) = match &definition.body.kind {
                        ExprKind::Str(s) => {
                            let s = &**s;
                            (quote!(rt::Str), quote!(rt::Str::literal(#s)))
                        }
                        ExprKind::Int(n) => {
                            let n = proc_macro2::Literal::i64_unsuffixed(*n);
                            (quote!(i64), quote!(#n))
                        }
                        ExprKind::Bool(b) => (quote!(bool), quote!(#b)),
                        _ => continue,
                    };
                    literals.push(quote!(#[doc = #doc] pub const #name: #t = #value;));
                }
                Some(Emitted::InProgress) | None => {}
            }
        }
        quote! {
            #(#literals)*

            /// The constants of the model. Its operators are methods.
            #[derive(Clone, Debug)]
            pub struct Constants {
                #(#[doc = #docs] pub #names: #types,)*
            }
            impl Constants {
                #check
                #(#methods)*
            }
        }
    }

    /// Every `ASSUME` that can run.
    fn assumptions(&self) -> TokenStream {
        let mut tests = Vec::new();
        for e in &self.model.assumes {
            let before = self.problems.borrow().len();
            let scope = Scope::of_constants(quote!(self));
            let test = self.owned(e, &Type::Bool, &scope);
            // TLC has checked the others; here they are left out.
            let can_run = self.problems.borrow().len() == before;
            self.problems.borrow_mut().truncate(before);
            if can_run {
                let message = format!("ASSUME {} ({})", self.source.slice(e.span), self.place(e.span));
                tests.push(quote!(rt::assume(#test, #message)?;));
            }
        }
        quote! {
            /// Checks every `ASSUME` of the model.
            ///
            /// # Errors
            /// The first that does not hold.
            pub fn check(&self) -> rt::Eval<()> {
                #(#tests)*
                Ok(())
            }
        }
    }
}
