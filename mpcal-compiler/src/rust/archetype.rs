//! One archetype: its resources, its state, its labels, and a function per critical section.

use std::rc::Rc;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::allocate::LabelNames;
use super::code::Scope;
use super::expression::{mentions, rust};
use super::names::ident;
use super::parameters::Parameters;
use super::procedure::Instance;
use super::Emitter;
use crate::normal::{Block, End, Section, Step};
use crate::resolved::{ArchetypeId, ExprKind, Initial, MappingMacro, MappingMacroId, VariableId};
use crate::types::Type;

impl Emitter<'_> {
    /// The marker that a resource claims to stand for a mapping macro.
    pub(super) fn marker(&self, id: MappingMacroId, m: &MappingMacro) -> TokenStream {
        let name = self.marker_name(id);
        let origin = self.origin(&format!("Mapping macro `{}`", m.name), m.span);
        let doc = format!("{origin}. Implement it only for a resource that behaves as it says.");
        let message = format!("`{{Self}}` is not declared to implement the mapping macro `{}`", m.name);
        let label = format!("the parameter is mapped via `{}`", m.name);
        let note = format!("if it behaves so, say it: `impl {name} for …`");
        quote! {
            #[doc = #doc]
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
        let archetype = &self.model.archetypes[n];
        let names = &self.names.archetypes[n];
        let (name, module) = (ident(&names.name), ident(&names.module));
        let doc = self.origin(&format!("Archetype `{}`", archetype.name), archetype.span);
        let mut label_names = LabelNames::new();
        let scope = self.scope_of_sections(n, &mut label_names);
        let sections = self.sections(n, &scope, &mut label_names);
        let (labels, bodies) = (label_enum(&sections), sections.iter().map(|s| &s.body));
        let meaning = self.meaning(n, &scope, &sections);
        let constants = sections
            .iter()
            .any(EmittedSection::mentions_constants)
            .then(|| quote!(constants: ::std::sync::Arc<Constants>,));
        let state = self.state(n, !scope.instances.is_empty());
        let frames = self.frames(&scope.instances);
        let parameters = self.parameters(ArchetypeId(n as u32));
        let new = self.constructor(n, &parameters, &scope, constants.is_some());
        let self_rust = self.rust_type(&self.types.selves[n]);
        let Parameters { definition, fields: resources, .. } = &parameters;
        let parameters_name = (!definition.is_empty()).then(|| ident(&names.parameters)).into_iter();
        quote! {
            pub mod #module {
                use super::*;

                #labels
                #state
                #frames

                #[doc = #doc]
                pub struct #name {
                    id: #self_rust,
                    #constants
                    state: State,
                    #(#resources,)*
                }

                #definition

                impl #name {
                    #new
                    #(#bodies)*
                }

                #meaning
            }
            pub use #module::{#name #(, #parameters_name)*};
        }
    }

    /// The scope of the sections of an archetype, and of those of its procedures but for their own variables.
    fn scope_of_sections(&self, n: usize, names: &mut LabelNames) -> Scope {
        let body = &self.normal.archetypes[n];
        Scope {
            self_id: Some((rust!(self.id), self.types.selves[n].clone())),
            state: rust!(self.state),
            labels: Rc::new(names.take(body.sections.iter().map(|s| &s.label))),
            instances: Rc::new(self.instances(n, names)),
            known: Rc::new(self.known(body)),
            ..Scope::of_constants(rust!(self.constants))
        }
    }

    /// The sections of an archetype, then those of each instance of a procedure.
    fn sections(&self, n: usize, scope: &Scope, names: &mut LabelNames) -> Vec<EmittedSection> {
        let mut all = Vec::new();
        let mut add = |sections: &[Section], open: TokenStream, scope: &Scope| {
            for (n, section) in sections.iter().enumerate() {
                all.push(self.section(section, sections.get(n + 1), &open, scope, names));
            }
        };
        add(&self.normal.archetypes[n].sections, quote!(), scope);
        for instance in scope.instances.iter() {
            let sections = &self.normal.procedures[instance.procedure.index()].sections;
            add(sections, self.open_frame(instance), &self.instance_scope(instance, scope));
        }
        all
    }

    /// One section; `next` is the one after it in the text.
    fn section(
        &self,
        section: &Section,
        next: Option<&Section>,
        open: &TokenStream,
        scope: &Scope,
        names: &mut LabelNames,
    ) -> EmittedSection {
        let label = scope.labels[&section.label].clone();
        let (function, quoted) = (names.function(&label), self.section_doc(section, next));
        let mut scope = scope.clone();
        let known = self.open_known(section, &mut scope);
        let body = self.block(&section.block, &scope);
        EmittedSection {
            doc: self.origin(&format!("`{}`", section.label), section.span),
            text: section.label.to_string(),
            body: quote! {
                #(#[doc = #quoted])*
                fn #function(&mut self, section: &mut rt::Section) -> rt::Step<Label> { #open #known #body }
            },
            is_local: is_local(&section.block) && !scope.in_procedure,
            modifier: section.modifier,
            label,
            function,
        }
    }

    /// Label, values that are given, and variables.
    fn state(&self, n: usize, has_stack: bool) -> TokenStream {
        let all = self.held(n);
        let fields = all.iter().map(|v| self.name(&self.model.variable(*v).name));
        let docs = all.iter().map(|v| self.variable_doc(*v));
        let types = all.iter().map(|v| self.stored_type(*v));
        let stack = has_stack.then(|| {
            quote! {
                /// Activations of procedures, the innermost last.
                pub stack: Vec<Frame>,
            }
        });
        quote! {
            /// Label and variables.
            #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
            #[serde(crate = "rt::serde")]
            pub struct State {
                pub label: Label,
                #(#[doc = #docs] pub #fields: #types,)*
                #stack
            }
        }
    }

    /// What an archetype holds: the values that it is given, and its variables.
    fn held(&self, n: usize) -> Vec<VariableId> {
        let mut all = self.given_values(n);
        all.extend(&self.model.archetypes[n].locals);
        all
    }

    fn given_values(&self, n: usize) -> Vec<VariableId> {
        self.parameters_of(ArchetypeId(n as u32)).into_iter().filter(|p| self.is_value(*p)).collect()
    }

    /// The activations of procedures.
    fn frames(&self, instances: &[Instance]) -> TokenStream {
        if instances.is_empty() {
            return quote!();
        }
        let frames = instances.iter().map(|c| self.frame(c));
        let (names, structs) = (instances.iter().map(|c| &c.name), instances.iter().map(|c| &c.frame));
        quote! {
            #(#frames)*

            /// An activation of a procedure.
            #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
            #[serde(crate = "rt::serde")]
            pub enum Frame {
                #(#names(#structs),)*
            }
        }
    }

    /// What a driver must know of an archetype.
    fn meaning(&self, n: usize, scope: &Scope, sections: &[EmittedSection]) -> TokenStream {
        let (name, text) = (ident(&self.names.archetypes[n].name), &self.model.archetypes[n].name);
        let spelling = spelling(&name, text);
        let labels = sections.iter().map(|EmittedSection { label, text, function, .. }| {
            let spelling = self::spelling(function, text);
            quote!(#label #spelling => #function)
        });
        let local = sections.iter().filter(|s| s.is_local).map(|s| &s.label);
        let marked = |modifier: char, word: &str| {
            let labels: Vec<_> = sections.iter().filter(|s| s.modifier == Some(modifier)).map(|s| &s.label).collect();
            let word = ident(word);
            (!labels.is_empty()).then(|| quote!(; #word #(#labels),*))
        };
        let (strong, unfair) = (marked('+', "strong"), marked('-', "unfair"));
        let held = self.spelt(&self.held(n));
        let held = (!held.is_empty()).then(|| quote!((#(#held),*)));
        let frames = scope.instances.iter().map(|instance| {
            let (variant, own) = (&instance.name, self.spelt(&self.frame_variables(instance)));
            let spelling = self::spelling(variant, &self.model.procedures[instance.procedure.index()].name);
            quote!(#variant #spelling { #(#own),* })
        });
        let calls = (!scope.instances.is_empty()).then(|| quote!(; calls { #(#frames),* }));
        quote!(rt::archetype!(#name #spelling #held { #(#labels),* } #(, #local is local)* #strong #unfair #calls);)
    }

    /// Variables, with how the model spells them.
    fn spelt(&self, variables: &[VariableId]) -> Vec<TokenStream> {
        let spelt = |v: &VariableId| {
            let text = &self.model.variable(*v).name;
            let name = self.name(text);
            let spelling = spelling(&name, text);
            quote!(#name #spelling)
        };
        variables.iter().map(spelt).collect()
    }

    /// `new`
    fn constructor(&self, n: usize, parameters: &Parameters, scope: &Scope, keeps_constants: bool) -> TokenStream {
        let (id, self_type) = (&self.own.id, &self.types.selves[n]);
        let self_rust = self.rust_type(self_type);
        let (taken, into) = self.taken_id(self_type);
        let take_id = (!into.is_empty()).then(|| quote!(let #id: #self_rust = #id #into;));
        let id_field = if *id == "id" { quote!(id) } else { quote!(id: #id) };
        let Parameters { argument, values, bound, .. } = parameters;
        let given = self.given_values(n);
        let (initials, locals) = self.initials(id, &given, &self.model.archetypes[n].locals, self_type);
        let first = self.normal.archetypes[n].sections.first();
        let first = first.map_or_else(|| ident("Done"), |s| scope.labels[&s.label].clone());
        let given = given.into_iter().map(|v| self.name(&self.model.variable(v).name));
        let stack = (!scope.instances.is_empty()).then(|| quote!(, stack: Vec::new()));
        let constants = keeps_constants.then(|| quote!(constants: constants.clone(),));
        quote! {
            /// The process `id`. Fails if the initial value of a variable cannot be evaluated.
            pub fn new(#id: #taken, constants: &::std::sync::Arc<Constants> #argument) -> rt::Eval<Self> {
                #take_id
                #values
                #initials
                Ok(Self {
                    #id_field,
                    #constants
                    state: State { label: Label::#first #(, #given)* #(, #locals)* #stack }
                    #(, #bound)*
                })
            }
        }
    }

    /// `let x = …;` for variables that mention those before them, or what is given, or are mentioned; and the fields of
    /// all.
    fn initials(
        &self,
        id_name: &Ident,
        given: &[VariableId],
        locals: &[VariableId],
        self_type: &Type,
    ) -> (TokenStream, Vec<TokenStream>) {
        let (mut lets, mut fields) = (TokenStream::new(), Vec::new());
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
                    rust!(rt::initial(#set)).tried()
                }
            };
            if self.stands_alone(*v, locals) {
                fields.push(quote!(#name: #value));
                continue;
            }
            lets.extend(quote!(let #name = #value;));
            fields.push(quote!(#name));
            scope.names.insert(*v, self.named(*v, &name, t));
        }
        (lets, fields)
    }

    /// Whether the initial value of a variable mentions neither another nor `self`, and no other mentions it.
    fn stands_alone(&self, v: VariableId, locals: &[VariableId]) -> bool {
        let mentions = |of: VariableId, test: &dyn Fn(&ExprKind) -> bool| match &self.model.variable(of).initial {
            Initial::None => false,
            Initial::Value(e) | Initial::Element(e) => e.any(&mut |e| test(&e.kind)),
        };
        let is_v = |kind: &ExprKind| matches!(kind, ExprKind::Variable(mentioned) if *mentioned == v);
        !mentions(v, &|kind| matches!(kind, ExprKind::Variable(_) | ExprKind::SelfId))
            && !locals.iter().any(|other| mentions(*other, &is_v))
    }
}

/// A section as it is emitted.
struct EmittedSection {
    label: Ident,
    /// Of the label.
    doc: String,
    /// The label as the model spells it.
    text: String,
    function: Ident,
    /// The function.
    body: TokenStream,
    is_local: bool,
    /// `+` or `-`
    modifier: Option<char>,
}

impl EmittedSection {
    /// Whether it needs the constants.
    fn mentions_constants(&self) -> bool {
        mentions(&self.body, "constants")
    }
}

/// Where control can be.
fn label_enum(sections: &[EmittedSection]) -> TokenStream {
    let (docs, labels) = (sections.iter().map(|s| &s.doc), sections.iter().map(|s| &s.label));
    quote! {
        /// Where control is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Label {
            #(#[doc = #docs] #labels,)*
            Done,
        }
    }
}

/// How the model spells a name, where Rust does it otherwise.
fn spelling(name: &Ident, text: &str) -> TokenStream {
    if *name == text {
        quote!()
    } else {
        quote!(= #text)
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
