//! The Rust back end.
//!
//! In: a model in normal form and its types. Out: the text of one module:
//!
//! * `Constants`, with the operators of the model as methods;
//! * a struct or enum per record type;
//! * a marker trait per mapping macro;
//! * per archetype a struct, its `State` and its labels, with one function per critical section;
//! * the environment of the model: each mapping macro over each variable, and all processes.
//!
//! Everything refers to the runtime by one path, `rt`.

mod allocate;
mod archetype;
mod code;
mod compare;
mod constants;
mod docs;
mod enums;
mod environment;
mod expr;
mod expression;
mod kinds;
mod known;
mod names;
mod needed;
mod operator;
mod parameters;
mod place;
mod procedure;
mod records;
mod signature;
mod slots;
mod steps;
mod variants;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use proc_macro2::TokenStream;
use quote::quote;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::fingerprint::fingerprint;
use crate::infer::Types;
use crate::normal::Normal;
use crate::resolved::{MappingMacroId, Model, OperatorId, VariableId};
use crate::source::{Sources, Span};
use crate::symbol::Symbol;
use crate::types::{Record, Type};

/// Emits a module; none if the model has something that cannot run.
pub fn emit(source: &Sources, model: &Model, normal: &Normal, types: &Types, out: &mut Diagnostics) -> Option<String> {
    let (operators, problems) = (RefCell::default(), RefCell::default());
    let names = allocate::Names::new(model, types);
    let cx = Emitter {
        source,
        model,
        normal,
        types,
        own: allocate::Own::unlike(model, &names),
        names,
        slots: slots::slots(model, normal, types),
        plain: crate::specialize::plain_parameters(model),
        operators,
        problems,
    };
    let archetypes: Vec<_> = (0..model.archetypes.len()).map(|n| cx.archetype(n)).collect();
    let environment = cx.environment();
    let constants = cx.constants();
    let records: Vec<_> = types.records.iter().map(|r| cx.record(r)).collect();
    let enums: Vec<_> = (0..types.enums.len()).map(|n| cx.tag_enum(n)).collect();
    let kinds: Vec<_> = (0..types.kinds.len()).map(|n| cx.kind_enum(n)).collect();
    let markers: Vec<_> =
        model.mapping_macros.iter().enumerate().map(|(n, m)| cx.marker(MappingMacroId(n as u32), m)).collect();
    for problem in cx.problems.into_inner() {
        out.push(problem);
    }
    if out.has_errors() {
        return None;
    }
    let hash = readable(fingerprint(model, normal, types));
    let version = env!("CARGO_PKG_VERSION");
    let doc = format!(" `{}`, generated from {}.", model.name, file_name(&source.model().path));
    let tokens = quote! {
        #[doc = #doc]
        #[allow(unused, unused_qualifications, non_camel_case_types, missing_docs)]
        #[allow(clippy::all, clippy::pedantic)]
        mod model {
            use ::mpcal_runtime::generated as rt;

            const _: () = rt::assert_version(#version);

            /// Identifies the model: nodes that run another one are refused.
            pub const MODEL_HASH: u64 = #hash;

            #constants
            #(#records)*
            #(#enums)*
            #(#kinds)*
            #(#markers)*
            #(#archetypes)*
            #environment
        }
        #[allow(unused_imports)]
        pub use model::*;
    };
    let file = match syn::parse2::<syn::File>(tokens) {
        Ok(file) => file,
        Err(e) => {
            let span = Span::default();
            out.push(Diagnostic::error("internal-error", span, format!("the emitted Rust does not parse: {e}")));
            return None;
        }
    };
    Some(blank_lines(&prettyplease::unparse(&file)))
}

/// A number in hexadecimal, with separators.
fn readable(n: u64) -> proc_macro2::Literal {
    let digits = format!("{n:016x}");
    let groups: Vec<&str> = (0..4).map(|i| &digits[4 * i..4 * i + 4]).collect();
    format!("0x{}", groups.join("_")).parse().unwrap_or_else(|_| proc_macro2::Literal::u64_unsuffixed(n))
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// A blank line before each item inside the module, and comments that are no documentation, as people write.
fn blank_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1024);
    let mut previous = "";
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let starts = ["///", "#[", "pub ", "impl", "fn ", "const "].iter().any(|s| line.trim_start().starts_with(s))
            && !line.trim_start().starts_with("pub use ");
        let before = previous.trim_end();
        let is_comment = before.trim_start().starts_with("//");
        let ends = !is_comment && (before.ends_with('}') || (before.ends_with(';') && indent == 4));
        let same = previous.len() - previous.trim_start().len() == indent;
        if starts && ends && same && indent <= 12 {
            out.push('\n');
        }
        match line.trim_start().strip_prefix("///|") {
            Some(quoted) => {
                out.push_str(&line[..indent]);
                out.push_str("//");
                out.push_str(quoted);
            }
            None => out.push_str(line),
        }
        out.push('\n');
        previous = line;
    }
    out
}

/// An operator as it is emitted.
#[derive(Clone)]
enum Emitted {
    /// Being emitted: it is recursive.
    InProgress,
    /// A constant with this name.
    Const(proc_macro2::Ident),
    /// A method; the flag says whether it can fail.
    Method(TokenStream, bool),
}

struct Emitter<'m> {
    source: &'m Sources,
    model: &'m Model,
    normal: &'m Normal,
    types: &'m Types,
    /// Variables that may have no value yet.
    slots: slots::Slots,
    /// `ref`s that stand for variables: reading and writing them never blocks.
    plain: HashSet<VariableId>,
    /// The names of everything that is emitted.
    names: allocate::Names,
    /// What is not a name of the model.
    own: allocate::Own,
    operators: RefCell<HashMap<OperatorId, Emitted>>,
    problems: RefCell<Vec<Diagnostic>>,
}

impl Emitter<'_> {
    fn unsupported(&self, span: Span, what: &str, why: &str) {
        self.problems.borrow_mut().push(
            Diagnostic::error("rust-unsupported", span, format!("{what} cannot be compiled to Rust"))
                .because(why.to_owned()),
        );
    }

    /// `file:line:column` of a place in the model.
    fn place(&self, span: Span) -> String {
        let (line, column) = self.source.file(span).line_column(span.start);
        format!("{}:{line}:{column}", file_name(&self.source.file(span).path))
    }

    /// A type in Rust.
    fn rust_type(&self, t: &Type) -> TokenStream {
        match t {
            Type::Bool => quote!(bool),
            Type::Int => quote!(i64),
            Type::Str => quote!(rt::Str),
            Type::Atom => quote!(rt::Atom),
            Type::Enum(id) | Type::Optional(id, _) => {
                let name = self.enum_name(*id);
                quote!(#name)
            }
            Type::Kinds(id, _) => {
                let name = self.kinds_name(*id);
                quote!(#name)
            }
            Type::Set(t) => {
                let t = self.rust_type(t);
                quote!(rt::Set<#t>)
            }
            Type::Seq(t) => {
                let t = self.rust_type(t);
                quote!(rt::Seq<#t>)
            }
            Type::Tuple(items) => {
                let items = items.iter().map(|t| self.rust_type(t));
                quote!((#(#items,)*))
            }
            Type::Function(k, v) => {
                let (k, v) = (self.rust_type(k), self.rust_type(v));
                quote!(rt::Function<#k, #v>)
            }
            Type::Record(id) => {
                let name = self.record_name(*id);
                quote!(#name)
            }
            Type::Value => quote!(rt::Value),
        }
    }

    fn record_name(&self, id: usize) -> proc_macro2::Ident {
        names::ident(&self.names.records[id])
    }

    /// A parameter of a function: scalars by value, the rest by reference.
    fn parameter_type(&self, t: &Type) -> TokenStream {
        let rust = self.rust_type(t);
        if t.is_copy() {
            rust
        } else {
            quote!(&#rust)
        }
    }

    /// A variable or a bound name.
    fn name(&self, text: &Symbol) -> proc_macro2::Ident {
        names::ident(&self.names.value(text))
    }

    /// A field of a record.
    fn field_name(&self, record: &Record, text: &Symbol) -> proc_macro2::Ident {
        names::ident(&self.names.field(record, text))
    }

    /// The marker of a mapping macro.
    fn marker_name(&self, id: MappingMacroId) -> proc_macro2::Ident {
        names::ident(&self.names.markers[id.index()])
    }

    /// A constant or operator in snake case.
    fn operator_name(&self, text: &Symbol) -> proc_macro2::Ident {
        names::ident(&self.names.operator(text))
    }

    /// An operator that is a constant.
    fn const_name(&self, text: &Symbol) -> proc_macro2::Ident {
        names::ident(&self.operator_name(text).to_string().trim_start_matches("r#").to_uppercase())
    }
}
