//! One archetype: its resources, its state, its labels, and a function per critical section.

use std::rc::Rc;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::allocate::LabelNames;
use super::code::Scope;
use super::expression::rust;
use super::names::ident;
use super::parameters::Parameters;
use super::Emitter;
use crate::normal::{Block, End, Section, Step};
use crate::resolved::{ArchetypeId, ExprKind, Initial, MappingMacro, MappingMacroId, VariableId};
use crate::types::Type;

impl Emitter<'_> {
    /// The marker that a resource claims to stand for a mapping macro.
    pub(super) fn marker(&self, id: MappingMacroId, m: &MappingMacro) -> TokenStream {
        let name = self.marker_name(id);
        let doc = self.origin(&format!("Mapping macro `{}`", m.name), m.span);
        let message = format!("`{{Self}}` is not declared to implement the mapping macro `{}`", m.name);
        let label = format!("the parameter is mapped via `{}`", m.name);
        let note = format!("if it behaves so, say it: `impl {name} for …`");
        quote! {
            #[doc = #doc]
            ///
            /// Implement it for a resource that behaves as this macro says, and only then.
            #[diagnostic::on_unimplemented(message = #message, label = #label, note = #note)]
            pub trait #name: rt::MappingMacro {}
        }
    }

    /// The field of a parameter.
    pub(super) fn resource_name(&self, parameter: VariableId) -> Ident {
        ident(&self.names.parameters[&parameter].field)
    }

    /// The type parameter of a parameter.
    pub(super) fn generic(&self, parameter: VariableId) -> Ident {
        ident(&self.names.parameters[&parameter].generic)
    }

    /// What a resource must be to be bound to a `ref`.
    pub(super) fn bounds(&self, archetype: ArchetypeId, parameter: VariableId) -> TokenStream {
        let types = &self.types.refs[&parameter];
        let index = self.index_type(&types.indices);
        let read = self.rust_type(&types.read);
        let write = (types.write != types.read).then(|| self.rust_type(&types.write)).into_iter();
        let marker = match self.marker_of(archetype, parameter) {
            Some(Some(id)) => {
                let name = self.marker_name(id);
                quote!(+ #name)
            }
            Some(None) => quote!(+ rt::PlainVariable),
            None => quote!(),
        };
        quote!(rt::Bound<#index, #read #(, #write)*> #marker)
    }

    pub(super) fn index_type(&self, indices: &[Type]) -> TokenStream {
        match indices {
            [one] => self.rust_type(one),
            many => self.rust_type(&Type::Tuple(many.to_vec())),
        }
    }

    /// The mapping of a parameter, if every instance maps it alike.
    fn marker_of(&self, archetype: ArchetypeId, parameter: VariableId) -> Option<Option<MappingMacroId>> {
        let at = self.model.archetypes[archetype.index()].parameters.iter().position(|p| *p == parameter)?;
        let mut mappings = self.model.processes.iter().filter(|p| p.archetype == archetype).map(|p| p.mappings[at]);
        let first = mappings.next()?;
        mappings.all(|m| m == first).then_some(first)
    }

    pub(super) fn archetype(&self, n: usize) -> TokenStream {
        let id = ArchetypeId(n as u32);
        let archetype = &self.model.archetypes[n];
        let names = &self.names.archetypes[n];
        let (name, module) = (ident(&names.name), ident(&names.module));
        let sections = &self.normal.archetypes[n].sections;
        let id_name = &self.own.id;
        let parameters = self.parameters(id);
        let self_type = self.types.selves[n].clone();
        let self_rust = self.rust_type(&self_type);

        let scope = Scope {
            self_id: Some((rust!(self.id), self_type.clone())),
            state: rust!(self.state),
            ..Scope::of_constants(rust!(self.constants))
        };
        let mut label_names = LabelNames::new();
        let own_labels = Rc::new(label_names.take(sections.iter().map(|s| &s.label)));
        let own: Vec<_> = sections.iter().map(|s| own_labels[&s.label].clone()).collect();
        let instances = Rc::new(self.instances(n, &mut label_names));
        let known = Rc::new(self.known(&self.normal.archetypes[n]));
        let scope = Scope { instances: instances.clone(), labels: own_labels, known, ..scope };
        let first = own.first().cloned().unwrap_or_else(|| ident("Done"));
        let mut labels = Vec::new();
        let mut label_docs = Vec::new();
        let mut texts = Vec::new();
        let mut functions = Vec::new();
        let mut bodies = Vec::new();
        let mut local = Vec::new();
        let mut add =
            |section: &Section, next: Option<&Section>, label: &Ident, open: TokenStream, mut scope: Scope| {
                let quoted = self.section_doc(section, next);
                let doc = self.origin(&format!("`{}`", section.label), section.span);
                let function = label_names.function(label);
                let known = self.open_known(section, &mut scope);
                let body = self.block(&section.block, &scope);
                bodies.push(quote! {
                    #(#[doc = #quoted])*
                    fn #function(&mut self, section: &mut rt::Section) -> rt::Step<Label> { #open #known #body }
                });
                if is_local(&section.block) && !scope.in_procedure {
                    local.push(label.clone());
                }
                labels.push(label.clone());
                label_docs.push(doc);
                texts.push(section.label.to_string());
                functions.push(function);
            };
        for (n, (section, label)) in sections.iter().zip(&own).enumerate() {
            add(section, sections.get(n + 1), label, quote!(), scope.clone());
        }
        for instance in instances.iter() {
            let inner = self.instance_scope(instance, &scope);
            let sections = &self.normal.procedures[instance.procedure.index()].sections;
            for (n, section) in sections.iter().enumerate() {
                let label = &instance.labels[&section.label];
                add(section, sections.get(n + 1), label, self.open_frame(instance), inner.clone());
            }
        }
        let frames: Vec<_> = instances.iter().map(|c| self.frame(c)).collect();
        let (frame_enum, stack_field, stack_value) = if instances.is_empty() {
            (quote!(), quote!(), quote!())
        } else {
            let names: Vec<_> = instances.iter().map(|c| &c.name).collect();
            let structs: Vec<_> = instances.iter().map(|c| &c.frame).collect();
            (
                quote! {
                    #(#frames)*

                    /// An activation of a procedure.
                    #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
                    #[serde(crate = "rt::serde")]
                    pub enum Frame {
                        #(#names(#structs),)*
                    }
                },
                quote! {
                    /// Activations of procedures, the innermost last.
                    pub stack: Vec<Frame>,
                },
                quote!(, stack: Vec::new()),
            )
        };

        let values: Vec<VariableId> = self.parameters_of(id).into_iter().filter(|p| self.is_value(*p)).collect();
        let all: Vec<VariableId> = values.iter().chain(&archetype.locals).copied().collect();
        let fields: Vec<_> = all.iter().map(|v| self.name(&self.model.variable(*v).name)).collect();
        let field_docs: Vec<_> = all.iter().map(|v| self.variable_doc(*v)).collect();
        let field_types: Vec<_> = all.iter().map(|v| self.stored_type(*v)).collect();
        let initials = self.initials(id_name, &values, &archetype.locals, &self_type);
        let display = archetype.name.to_string();
        let doc = self.origin(&format!("Archetype `{}`", archetype.name), archetype.span);
        let id_field = if *id_name == "id" { quote!(id) } else { quote!(id: #id_name) };
        let (id_taken, id_into) = self.taken_id(&self_type);
        let take_id = if id_into.is_empty() { quote!() } else { quote!(let #id_name: #self_rust = #id_name #id_into;) };
        let Parameters { definition, argument, values: take_values, fields: resources, bound } = parameters;
        let parameters_name = (!definition.is_empty()).then(|| ident(&names.parameters)).into_iter();
        quote! {
            #[doc = #doc]
            pub mod #module {
                use super::*;

                /// Where control is.
                #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
            #[derive(rt::Serialize, rt::Deserialize)]
                #[serde(crate = "rt::serde")]
                pub enum Label {
                    #(#[doc = #label_docs] #labels,)*
                    /// The end.
                    Done,
                }

                /// Label and variables.
                #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
                #[serde(crate = "rt::serde")]
                pub struct State {
                    /// Where control is.
                    pub label: Label,
                    #(#[doc = #field_docs] pub #fields: #field_types,)*
                    #stack_field
                }

                #frame_enum

                #[doc = #doc]
                pub struct #name {
                    id: #self_rust,
                    constants: ::std::sync::Arc<Constants>,
                    state: State,
                    #(#resources,)*
                }

                #definition

                impl #name {
                    /// The process `id`. Fails if the initial value of a variable cannot be evaluated.
                    pub fn new(
                        #id_name: #id_taken,
                        constants: &::std::sync::Arc<Constants>
                        #argument
                    ) -> rt::Eval<Self> {
                        #take_id
                        #take_values
                        #initials
                        Ok(Self {
                            #id_field,
                            constants: constants.clone(),
                            state: State { label: Label::#first #(, #fields)* #stack_value }
                            #(, #bound)*
                        })
                    }

                    #(#bodies)*
                }

                rt::archetype!(
                    #name = #display { #(#labels = #texts => #functions),* } #(, #local is local)*
                );
            }
            pub use #module::{#name #(, #parameters_name)*};
        }
    }

    /// `let x = …;` for each variable, in order; a variable may mention those before it, and what is given.
    fn initials(&self, id_name: &Ident, given: &[VariableId], locals: &[VariableId], self_type: &Type) -> TokenStream {
        let mut out = TokenStream::new();
        let mut scope =
            Scope { self_id: Some((rust!(#id_name), self_type.clone())), ..Scope::of_constants(rust!(constants)) };
        for v in given {
            let name = self.name(&self.model.variable(*v).name);
            scope.names.insert(*v, self.named(*v, &name, self.types.variables[v.index()].clone()));
        }
        for v in locals {
            let name = self.name(&self.model.variable(*v).name);
            let t = self.types.variables[v.index()].clone();
            let value = match &self.model.variable(*v).initial {
                Initial::None => self.no_value(*v),
                Initial::Value(e) => self.stored(*v, e, &scope),
                Initial::Element(e) => {
                    let set = self.by_ref(e, &Type::Set(Box::new(t.clone())), &scope);
                    rust!(rt::first(#set)).tried()
                }
            };
            out.extend(quote!(let #name = #value;));
            scope.names.insert(*v, self.named(*v, &name, t));
        }
        out
    }
}

/// Whether a section neither blocks nor touches a resource nor chooses, so that it cannot be
/// undone: only steps over the archetype's own state, whose failure stops the system anyway.
fn is_local(block: &Block) -> bool {
    let mut local = true;
    block.each_step(&mut |s| {
        local &= matches!(s, Step::Let { .. } | Step::Assign { .. } | Step::Assert(_) | Step::Print(_) | Step::If(..));
    });
    local && ends_locally(block)
}

fn ends_locally(block: &Block) -> bool {
    match &block.end {
        End::Goto(_) => true,
        End::If(c, a, b) => match c.kind {
            ExprKind::Bool(true) => ends_locally(a),
            ExprKind::Bool(false) => ends_locally(b),
            _ => ends_locally(a) && ends_locally(b),
        },
        End::Either(_) | End::Return | End::Call(..) => false,
    }
}
