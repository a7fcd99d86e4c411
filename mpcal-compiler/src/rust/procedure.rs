//! Procedures of one archetype: an instance for each combination of what its `ref`s stand for, and a
//! frame on the archetype's stack for each activation.

use std::collections::HashMap;
use std::rc::Rc;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::allocate::{LabelNames, Taken};
use super::code::{Code, Form, Scope};
use super::expression::rust;
use super::names::{ident, pascal};
use super::steps::jump_label;
use super::Emitter;
use crate::normal::{Block, End, Jump};
use crate::resolved::{Argument, Initial, ProcedureId, VariableId, VariableKind};
use crate::symbol::Symbol;
use crate::types::Type;

/// What a `ref` parameter of a procedure stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A resource of the archetype.
    Resource(VariableId),
    /// A variable of the archetype.
    Local(VariableId),
    /// A variable of the activation, made from an expression.
    Own(VariableId),
}

/// A procedure for one combination.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) procedure: ProcedureId,
    targets: Vec<Target>,
    /// The name of the frame and prefix of its labels, if the plain name is taken.
    pub(super) name: Ident,
    /// The struct of an activation.
    pub(super) frame: Ident,
    /// The label of each section.
    pub(super) labels: HashMap<Symbol, Ident>,
}

/// What the procedures of one archetype are named.
struct InstanceNames<'l> {
    labels: &'l mut LabelNames,
    /// Of `Frame`.
    variants: Taken,
    structs: Taken,
}

impl Instance {
    pub(super) fn refs(&self, cx: &Emitter<'_>) -> HashMap<VariableId, Target> {
        let parameters = &cx.model.procedures[self.procedure.index()].parameters;
        parameters
            .iter()
            .copied()
            .zip(self.targets.iter().copied())
            .filter(|(p, _)| cx.types.refs.contains_key(p))
            .collect()
    }
}

impl Emitter<'_> {
    /// Every procedure that an archetype reaches.
    pub(super) fn instances(&self, archetype: usize, labels: &mut LabelNames) -> Vec<Instance> {
        let mut instances: Vec<Instance> = Vec::new();
        let mut taken = InstanceNames {
            labels,
            variants: Taken::default(),
            structs: self.names.archetypes[archetype].taken.clone(),
        };
        let taken = &mut taken;
        for section in &self.normal.archetypes[archetype].sections {
            section.block.each(&mut |b| self.find_call(b, &HashMap::new(), &mut instances, taken));
        }
        let mut done = 0;
        while done < instances.len() {
            let instance = instances[done].clone();
            let refs = instance.refs(self);
            for section in &self.normal.procedures[instance.procedure.index()].sections {
                section.block.each(&mut |b| self.find_call(b, &refs, &mut instances, taken));
            }
            done += 1;
        }
        instances
    }

    fn find_call(
        &self,
        block: &Block,
        refs: &HashMap<VariableId, Target>,
        instances: &mut Vec<Instance>,
        taken: &mut InstanceNames<'_>,
    ) {
        if let End::Call(procedure, arguments, _) = &block.end {
            let targets = self.targets(*procedure, arguments, refs);
            if !instances.iter().any(|c| c.procedure == *procedure && c.targets == targets) {
                let name = taken.variants.take(&pascal(&self.model.procedures[procedure.index()].name), "");
                let frame = ident(&taken.structs.take(&format!("{name}Frame"), ""));
                let sections = &self.normal.procedures[procedure.index()].sections;
                let labels = taken.labels.take(sections.iter().map(|s| &s.label));
                instances.push(Instance { procedure: *procedure, targets, name: ident(&name), frame, labels });
            }
        }
    }

    fn targets(
        &self,
        procedure: ProcedureId,
        arguments: &[Argument],
        refs: &HashMap<VariableId, Target>,
    ) -> Vec<Target> {
        let parameters = &self.model.procedures[procedure.index()].parameters;
        parameters
            .iter()
            .zip(arguments)
            .map(|(parameter, argument)| match argument {
                Argument::Value(_) => Target::Own(*parameter),
                Argument::Ref(passed, _, span) => match (refs.get(passed), self.model.variable(*passed).kind) {
                    (Some(target @ (Target::Resource(_) | Target::Local(_))), _) => *target,
                    (None, VariableKind::Ref(_)) => Target::Resource(*passed),
                    (None, VariableKind::Local | VariableKind::Value) => Target::Local(*passed),
                    (Some(Target::Own(_)), _) | (None, VariableKind::Global) => {
                        self.unsupported(
                            *span,
                            "this `ref`",
                            "a variable of an activation cannot be passed on as a `ref` yet",
                        );
                        Target::Own(*parameter)
                    }
                },
            })
            .collect()
    }

    /// The variables of an activation: value parameters, `ref`s made from expressions, locals.
    pub(super) fn frame_variables(&self, instance: &Instance) -> Vec<VariableId> {
        let procedure = &self.model.procedures[instance.procedure.index()];
        let own = procedure
            .parameters
            .iter()
            .zip(&instance.targets)
            .filter(|(_, t)| matches!(t, Target::Own(_)))
            .map(|(p, _)| *p);
        own.chain(procedure.locals.iter().copied()).collect()
    }

    fn frame_type(&self, variable: VariableId) -> (Type, TokenStream) {
        (self.types.variables[variable.index()].clone(), self.stored_type(variable))
    }

    /// A variable that is being made, and a plain name until then.
    pub(super) fn named(&self, variable: VariableId, name: &Ident, t: Type) -> Code {
        match self.is_slot(variable) {
            true => Code::in_slot(rust!(#name), t),
            false => Code::new(rust!(#name), Form::Place, t),
        }
    }

    /// The frame of an instance, as a struct.
    pub(super) fn frame(&self, instance: &Instance) -> TokenStream {
        let name = &instance.frame;
        let procedure = &self.model.procedures[instance.procedure.index()];
        let doc = self.origin(&format!("An activation of `{}`", procedure.name), procedure.span);
        let fields = self.frame_variables(instance).into_iter().map(|v| {
            let (name, (_, t)) = (self.name(&self.model.variable(v).name), self.frame_type(v));
            quote!(pub #name: #t)
        });
        quote! {
            #[doc = #doc]
            #[derive(Clone, Debug, PartialEq, Eq, Hash, rt::Serialize, rt::Deserialize)]
            #[serde(crate = "rt::serde")]
            pub struct #name {
                /// Where control goes back to.
                pub return_to: Label,
                #(#fields,)*
            }
        }
    }

    /// The scope inside an instance: its variables are fields of `frame`.
    pub(super) fn instance_scope(&self, instance: &Instance, outer: &Scope) -> Scope {
        let mut scope = outer.clone();
        scope.refs = instance.refs(self);
        scope.labels = Rc::new(instance.labels.clone());
        for v in self.frame_variables(instance) {
            scope.frame.insert(v, rust!(frame));
        }
        scope.in_procedure = true;
        scope.known = Rc::new(self.known(&self.normal.procedures[instance.procedure.index()]));
        scope
    }

    /// `let frame = …;` at the start of a section of an instance.
    pub(super) fn open_frame(&self, instance: &Instance) -> TokenStream {
        let name = &instance.name;
        quote! {
            let Some(Frame::#name(frame)) = self.state.stack.last_mut() else {
                return Err(rt::EvalError("a procedure runs without its frame".to_owned()).into());
            };
        }
    }

    /// Pushes a frame and goes to the first label of the callee.
    pub(super) fn call_procedure(
        &self,
        procedure: ProcedureId,
        arguments: &[Argument],
        to: Option<&Jump>,
        scope: &Scope,
    ) -> TokenStream {
        let targets = self.targets(procedure, arguments, &scope.refs);
        let Some(instance) = scope.instances.iter().find(|c| c.procedure == procedure && c.targets == targets) else {
            return quote!();
        };
        let definition = &self.model.procedures[procedure.index()];
        let mut lets = TokenStream::new();
        let mut inner = Scope { frame: HashMap::new(), ..scope.clone() };
        let mut fields = Vec::new();
        let mut values = Vec::new();
        for (parameter, argument) in definition.parameters.iter().zip(arguments) {
            if let Argument::Value(e) = argument {
                let (t, _) = self.frame_type(*parameter);
                let name = self.name(&self.model.variable(*parameter).name);
                let value = self.stored(*parameter, e, scope);
                // Named apart from what the arguments mention.
                let temporary = self.own.argument(values.len());
                lets.extend(quote!(let #temporary = #value;));
                values.push(quote!(let #name = #temporary;));
                fields.push(quote!(#name));
                inner.names.insert(*parameter, self.named(*parameter, &name, t));
            }
        }
        for local in &definition.locals {
            let (t, _) = self.frame_type(*local);
            let name = self.name(&self.model.variable(*local).name);
            let value = match &self.model.variable(*local).initial {
                Initial::None => self.no_value(*local),
                Initial::Value(e) => self.stored(*local, e, &inner),
                Initial::Element(e) => {
                    let set = self.by_ref(e, &Type::Set(Box::new(t.clone())), &inner);
                    rust!(rt::initial(#set)).tried()
                }
            };
            values.push(quote!(let #name = #value;));
            fields.push(quote!(#name));
            inner.names.insert(*local, self.named(*local, &name, t));
        }
        let return_to = match to {
            Some(jump) => jump_label(jump, scope),
            // The frame of a tail call is ours no more.
            None => quote!(return_to),
        };
        let tail =
            if to.is_none() { quote!(let return_to = frame.return_to; self.state.stack.pop();) } else { quote!() };
        let (variant, frame) = (&instance.name, &instance.frame);
        let first =
            self.normal.procedures[procedure.index()].sections.first().and_then(|s| instance.labels.get(&s.label));
        quote! {
            #lets
            #(#values)*
            #tail
            self.state.stack.push(Frame::#variant(#frame { return_to: #return_to, #(#fields),* }));
            Ok(Label::#first)
        }
    }
}
