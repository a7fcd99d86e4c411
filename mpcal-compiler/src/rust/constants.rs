//! `Constants`: the constants of the model as fields, its operators as methods.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::code::Scope;
use super::expression::rust;
use super::{Emitted, Emitter};
use crate::resolved::{Constant, ConstantId, ExprKind, Literal};
use crate::types::Type;

impl Emitter<'_> {
    pub(super) fn constants(&self) -> TokenStream {
        let check = self.assumptions();
        // A model value has a name already.
        let free = |n: &usize| self.model.constant_tag(ConstantId(*n as u32)).is_none();
        let plain: Vec<_> = self.model.constants.iter().enumerate().filter(|(n, _)| free(n)).collect();
        let names = names_of(self, &plain);
        let checked = self.checked(&plain, &names);
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
                    let doc = self.operator_doc(definition);
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
        let identity = if plain.iter().all(|(_, c)| c.arity == 0) {
            quote!(rt::identity!(Constants);)
        } else {
            quote!(rt::identity!(Constants without functions);)
        };
        // A function has no form on disk.
        let derives = if plain.iter().all(|(_, c)| c.arity == 0) {
            quote! {
                #[derive(Clone, Debug, PartialEq, Eq, rt::Serialize, rt::Deserialize)]
                #[serde(crate = "rt::serde")]
            }
        } else {
            quote!(#[derive(Clone, Debug)])
        };
        quote! {
            #(#literals)*

            /// The constants of the model. Its operators are methods; they fail where TLC reports an error.
            #derives
            pub struct Constants {
                #(#[doc = #docs] pub #names: #types,)*
            }
            impl Constants {
                #checked
                #check
                #(#methods)*
            }
            #identity
        }
    }

    /// The constants that TLC was run with, if its configuration gives them all.
    fn checked(&self, constants: &[(usize, &Constant)], names: &[Ident]) -> TokenStream {
        let values: Option<Vec<_>> = constants
            .iter()
            .map(|(n, c)| c.given.as_ref().map(|given| self.literal(given, &self.types.constants[*n])))
            .collect();
        match values {
            Some(values) => quote! {
                /// The constants that TLC checks the model with.
                pub fn checked() -> Self {
                    Self { #(#names: #values),* }
                }
            },
            None => quote!(),
        }
    }

    /// A value of a configuration, at a type.
    fn literal(&self, value: &Literal, ty: &Type) -> TokenStream {
        let untyped = *ty == Type::Value;
        let (tokens, own) = match value {
            Literal::Bool(b) => (quote!(#b), Type::Bool),
            Literal::Int(n) => {
                let n = proc_macro2::Literal::i64_unsuffixed(*n);
                (quote!(#n), Type::Int)
            }
            Literal::Str(text) => {
                let text = &**text;
                (quote!(rt::Str::literal(#text)), Type::Str)
            }
            Literal::Model(name) => {
                let name = &**name;
                (quote!(rt::Atom::literal(#name)), Type::Atom)
            }
            Literal::Set(items) => {
                let element = if let Type::Set(t) = ty { &**t } else { &Type::Value };
                let items = items.iter().map(|i| self.literal(i, element));
                (quote!(rt::Set::from([#(#items),*])), ty.clone())
            }
        };
        match (untyped, own) {
            (true, Type::Value) => quote!(rt::Value::Set(#tokens)),
            (true, own) => {
                let own = self.rust_type(&own);
                quote!(<#own as rt::Data>::to_value(&#tokens))
            }
            (false, _) => tokens,
        }
    }

    /// Every `ASSUME` that can run.
    fn assumptions(&self) -> TokenStream {
        let mut tests = Vec::new();
        for e in &self.model.assumes {
            let before = self.problems.borrow().len();
            let scope = Scope::of_constants(rust!(self));
            let test = self.owned(e, &Type::Bool, &scope);
            // TLC has checked the others; here they are left out.
            let can_run = self.problems.borrow().len() == before;
            self.problems.borrow_mut().truncate(before);
            if can_run {
                let message = format!("ASSUME {} ({})", self.source.slice(e.span), self.place(e.span));
                tests.push(quote!(rt::assume(#test, #message)));
            }
        }
        let last = tests.pop().unwrap_or(quote!(Ok(())));
        quote! {
            /// Checks every `ASSUME` of the model; the error is the first that does not hold.
            pub fn check(&self) -> rt::Eval<()> {
                #(#tests?;)*
                #last
            }
        }
    }
}

fn names_of(cx: &Emitter<'_>, constants: &[(usize, &Constant)]) -> Vec<Ident> {
    constants.iter().map(|(_, c)| cx.operator_name(&c.name)).collect()
}
