//! The environment as the model has it: global variables, each mapping macro over each variable,
//! and all processes in one node. What TLC checked, running.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::allocate::Own;
use super::code::{Code, Form, Globals, Mapped, Scope};
use super::expression::{rust, Part, Rust};
use super::names::ident;
use super::steps::{yielded_name, Around, Yield};
use super::Emitter;
use crate::ast::Fairness;
use crate::infer::MappingUse;
use crate::normal::Step;
use crate::resolved::{Argument, Expr, Initial, MappingMacroId, Process, VariableId};
use crate::types::Type;

/// A plain variable as the runtime has it.
enum Plain {
    /// All of it.
    Whole,
    /// A function, of which an index selects an entry.
    Indexed,
}

/// A variable of the model that is held in memory.
struct Held {
    name: Ident,
    doc: String,
    /// The type of what holds it.
    holder: TokenStream,
    /// The type of its value.
    value: TokenStream,
    /// Its initial value, or what holds that.
    initial: Rust,
    /// Whether there is one for each instance of a process.
    is_many: bool,
}

impl Held {
    /// The field, made of a name that stands for what is initial.
    fn made(&self) -> TokenStream {
        let name = &self.name;
        if self.is_many {
            quote!(#name)
        } else {
            quote!(#name: rt::Shared::new(#name))
        }
    }
}

impl Emitter<'_> {
    pub(super) fn environment(&self) -> TokenStream {
        let mappings: Vec<_> =
            self.types.mappings.iter().filter(|m| self.plain(m).is_none()).map(|m| self.mapping(m)).collect();
        if self.model.processes.is_empty() {
            return quote!();
        }
        let (globals, own) = (self.globals(), self.own_variables());
        let (names, types): (Vec<_>, Vec<_>) = globals.iter().map(|v| (&v.name, &v.value)).unzip();
        let (own_names, own_types): (Vec<_>, Vec<_>) = own.iter().map(|v| (&v.name, &v.value)).unzip();
        let all = || globals.iter().chain(&own);
        let fields = all().map(|Held { name, doc, holder, .. }| quote!(#[doc = #doc] pub #name: #holder));
        let initials = all().map(|Held { name, initial, .. }| quote!(let #name = #initial;));
        let made = all().map(|v| v.made());
        let own_fields = if own.is_empty() { quote!() } else { quote!(; #(#own_names),*) };
        let fair = self.model.is_fair.then(|| quote!(node.fair_algorithm();));
        let spawns: Vec<_> = self.model.processes.iter().enumerate().map(|(n, p)| self.spawn(n, p)).collect();
        quote! {
            #(#mappings)*

            /// The global variables of the model, in memory.
            #[derive(Clone)]
            pub struct Variables {
                #(#fields,)*
            }
            impl Variables {
                /// The variables with their initial values. Fails if one cannot be evaluated.
                pub fn new(constants: &Constants) -> rt::Eval<Self> {
                    #(#initials)*
                    Ok(Self { #(#made),* })
                }

                /// Starts every process: the system that TLC checks. Fails where `check` or `new` fails.
                pub fn spawn(&self, node: &mut impl rt::Spawn, constants: &::std::sync::Arc<Constants>) -> rt::Eval<()> {
                    constants.check()?;
                    #fair
                    #(#spawns)*
                    Ok(())
                }
            }

            /// The values of all variables at one moment.
            #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            #[derive(rt::Serialize, rt::Deserialize)]
            #[serde(crate = "rt::serde")]
            pub struct VariablesSnapshot {
                #(pub #names: #types,)*
                #(pub #own_names: #own_types,)*
            }
            rt::variables!(Variables, VariablesSnapshot { #(#names),* #own_fields });
        }
    }

    /// The global variables.
    fn globals(&self) -> Vec<Held> {
        let scope = Scope { globals: Globals::Names, ..Scope::of_constants(rust!(constants)) };
        let held = |id: VariableId| {
            let variable = self.model.variable(id);
            let value = self.stored_type(id);
            Held {
                name: self.name(&variable.name),
                doc: self.variable_doc(id),
                holder: quote!(rt::Shared<#value>),
                initial: match &variable.initial {
                    Initial::Value(e) => self.stored(id, e, &scope),
                    Initial::Element(e) => {
                        let t = self.types.variables[id.index()].clone();
                        let set = self.by_ref(e, &Type::Set(Box::new(t)), &scope);
                        rust!(rt::initial(#set)).tried()
                    }
                    Initial::None => self.no_value(id),
                },
                value,
                is_many: false,
            }
        };
        self.model.globals.iter().map(|id| held(*id)).collect()
    }

    /// The variables that only the instances of one process have.
    fn own_variables(&self) -> Vec<Held> {
        let mut found = Vec::new();
        for (n, process) in self.model.processes.iter().enumerate() {
            let archetype = &self.model.archetypes[process.archetype.index()];
            let given = archetype.parameters.iter().zip(&process.arguments).zip(&process.mappings);
            for ((parameter, argument), mapping) in given {
                if let Argument::Value(e) = argument {
                    found.extend(self.own_variable(n, process, *parameter, *mapping, e));
                }
            }
        }
        found
    }

    fn own_variable(
        &self,
        n: usize,
        process: &Process,
        parameter: VariableId,
        mapping: Option<MappingMacroId>,
        e: &Expr,
    ) -> Option<Held> {
        let name = ident(self.names.own_variables.get(&(n, parameter))?);
        let t = self.whole_type(self.use_of(mapping, parameter, parameter, false)?);
        let value = self.rust_type(&t);
        let value = if self.is_slot(parameter) { quote!(rt::Slot<#value>) } else { value };
        let id = &self.own.id;
        let self_type = self.types.selves[process.archetype.index()].clone();
        let constants = Scope::of_constants(rust!(constants));
        let scope =
            Scope { self_id: Some((rust!(#id), self_type.clone())), globals: Globals::Names, ..constants.clone() };
        let initial = self.stored_as(parameter, &t, e, &scope);
        let doc = self.own_variable_doc(process, parameter);
        let self_rust = self.rust_type(&self_type);
        Some(match &process.selves {
            Initial::Element(e) => {
                let set = self.by_ref(e, &Type::Set(Box::new(self_type)), &constants);
                let initial = initial.closure(&rust!(#id: #self_rust), &value);
                let initial = rust!(rt::OwnVariable::new(#set, #initial));
                let holder = quote!(rt::OwnVariable<#self_rust, #value>);
                Held {
                    name,
                    doc,
                    holder,
                    value: quote!(rt::Function<#self_rust, #value>),
                    initial: initial.tried(),
                    is_many: true,
                }
            }
            Initial::Value(e) => {
                let own = self.owned(e, &self_type, &constants);
                let initial = rust!({ let #id = #own; #initial });
                Held { name, doc, holder: quote!(rt::Shared<#value>), value, initial, is_many: false }
            }
            Initial::None => Held { name, doc, holder: quote!(rt::Shared<#value>), value, initial, is_many: false },
        })
    }

    /// The name of a mapping macro over a variable.
    fn mapping_name(&self, m: &MappingUse) -> Ident {
        let at = self.types.mappings.iter().position(|x| std::ptr::eq(x, m)).expect("it is one of them");
        ident(&self.names.mappings[at])
    }

    /// One mapping macro over one variable, as a resource.
    fn mapping(&self, m: &MappingUse) -> TokenStream {
        let name = self.mapping_name(m);
        let of = &self.model.variable(m.variable).name;
        let value = &self.own.value;
        let whole = self.whole_type(m);
        let whole_rust = self.rust_type(&whole);
        let whole_rust = if self.is_slot(m.variable) { quote!(rt::Slot<#whole_rust>) } else { whole_rust };
        // With indices, what lacks a value is what they lead into.
        let is_slot = self.is_slot(m.variable) && m.types.indices.is_empty();
        let index = self.index_type(&m.types.indices);
        let (read_type, write_type) = (self.rust_type(&m.types.read), self.rust_type(&m.types.write));
        let index_name = if m.types.indices.is_empty() { quote!((): ) } else { quote!(index:) };
        let marker = match m.mapping {
            Some(id) => self.marker_name(id),
            None => ident("PlainVariable"),
        };
        let marker = if m.mapping.is_some() { quote!(#marker) } else { quote!(rt::#marker) };
        let doc = match m.mapping {
            Some(id) => format!(
                " `{}` over the variable `{of}`, as the model has it.",
                self.model.mapping_macros[id.index()].name
            ),
            None => format!(" The variable `{of}` itself."),
        };
        let (read, write) = match m.mapping {
            None => self.plain_access(m, &whole, is_slot),
            Some(_) => self.mapped_access(m, &whole, is_slot),
        };
        quote! {
            #[doc = #doc]
            pub struct #name {
                variable: rt::Shared<#whole_rust>,
                constants: ::std::sync::Arc<Constants>,
            }
            impl rt::MappingMacro for #name {
                type Index = #index;
                type Read = #read_type;
                type Write = #write_type;

                fn read(&mut self, section: &mut rt::Section, #index_name &#index) -> rt::Step<#read_type> { #read }

                fn write(&mut self, section: &mut rt::Section, #index_name &#index, #value: #write_type) -> rt::Step<()> { #write }
            }
            rt::over_variable!(#name: #marker, #whole_rust);
        }
    }

    /// How a variable itself is read and written, where values are converted on the way.
    fn plain_access(&self, m: &MappingUse, whole: &Type, is_slot: bool) -> (TokenStream, TokenStream) {
        let value = &self.own.value;
        let (get, get_mut) = self.entry(m, whole);
        let written = Code::owned(rust!(#value), m.types.write.clone());
        let stored = self.coerce(written, &m.stored).into_owned();
        let found = match is_slot {
            true => Code::in_slot(get, m.stored.clone()),
            false => Code::new(get, Form::Ref, m.stored.clone()),
        };
        let found = self.coerce(found, &m.types.read).into_owned();
        let new = if is_slot { quote!(rt::Slot::Value(#value)) } else { quote!(#value) };
        (quote!(Ok(#found)), quote!(let #value = #stored; *#get_mut = #new; Ok(())))
    }

    /// What a mapping macro does for a read, and for a write.
    fn mapped_access(&self, m: &MappingUse, whole: &Type, is_slot: bool) -> (TokenStream, TokenStream) {
        let Own { variable, value, process, .. } = &self.own;
        let (get, get_mut) = self.entry(m, whole);
        let mapped = Mapped {
            variable: variable.clone(),
            stored: m.stored.clone(),
            is_slot,
            value: value.clone(),
            written: m.types.write.clone(),
        };
        let mut scope = Scope {
            self_id: Some((rust!(#process), m.self_type.clone())),
            state: rust!(self),
            mapped: Some(mapped),
            ..Scope::of_constants(rust!(self.constants))
        };
        let self_rust = self.rust_type(&m.self_type);
        let process = (mentions_self(&m.read) || mentions_self(&m.write))
            .then(|| quote!(let #process = <#self_rust as rt::Data>::from_value(section.process())?;));
        let changes = m.read.iter().any(has_assignment);
        let (mutable, store) = if changes { (quote!(mut), quote!(*#get_mut = #variable;)) } else { Default::default() };
        let is_straight =
            matches!(m.read.split_last(), Some((Step::Yield(_), before)) if !before.iter().any(has_yield));
        let yields = if is_straight { Yield::Last } else { Yield::Result };
        let around = Around { yields, yielded: &m.types.read, end: None };
        let mut inner = scope.clone();
        let steps = self.steps(&m.read, &around, &mut inner);
        let (start, result) = match (is_straight, m.read.last().and_then(yielded_name)) {
            (true, Some(name)) => {
                let name = self.owned(name, &m.types.read, &inner);
                (quote!(), quote!(Ok(#name)))
            }
            (true, None) => (quote!(), quote!(Ok(result))),
            (false, _) => (quote!(let mut result = None;), quote!(result.ok_or(rt::Abort::Retry))),
        };
        let read = quote!(#process let #mutable #variable = #get.clone(); #start #steps #store #result);
        let around = Around { yields: Yield::Store, yielded: &m.stored, end: None };
        let steps = self.steps(&m.write, &around, &mut scope);
        (read, quote!(#process let mut #variable = #get.clone(); #steps *#get_mut = #variable; Ok(())))
    }

    /// The type of the whole variable.
    fn whole_type(&self, m: &MappingUse) -> Type {
        if m.global || m.types.indices.is_empty() && m.mapping.is_none() {
            return self.types.variables[m.variable.index()].clone();
        }
        if m.types.indices.is_empty() {
            m.stored.clone()
        } else {
            self.types.variables[m.variable.index()].clone()
        }
    }

    /// How the entry at the indices is read and changed.
    fn entry(&self, m: &MappingUse, whole: &Type) -> (Rust, Rust) {
        let mut get = rust!(self.variable.view(section)).tried();
        let mut get_mut = rust!(self.variable.get_mut(section));
        let mut t = whole.clone();
        let count = m.types.indices.len();
        if count > 0 && self.is_slot(m.variable) {
            (get, get_mut) = (rust!(#get.get()).tried(), rust!(#get_mut.get_mut()).tried());
        }
        for (n, index_type) in m.types.indices.iter().enumerate() {
            let at = proc_macro2::Literal::usize_unsuffixed(n);
            let index = if count == 1 { rust!(index) } else { rust!((&index.#at)) };
            (get, get_mut, t) = match t {
                Type::Function(k, v) => {
                    let key = if *k == *index_type {
                        index
                    } else {
                        let (from, to) = (self.rust_type(index_type), self.rust_type(&k));
                        rust!(&rt::convert::<#from, #to>(#index)?)
                    };
                    (rust!(#get.at(#key)).tried(), rust!(#get_mut.at_mut(#key)).tried(), *v)
                }
                Type::Seq(v) => {
                    let key = if *index_type == Type::Int {
                        index.dereferenced()
                    } else {
                        let from = self.rust_type(index_type);
                        rust!(rt::convert::<#from, i64>(#index)).tried()
                    };
                    (rust!(#get.at(#key)).tried(), rust!(#get_mut.at_mut(#key)).tried(), *v)
                }
                _ => (
                    rust!(rt::value_at(#get, &rt::Data::to_value(#index))).tried(),
                    rust!(rt::value_index_mut(#get_mut, &rt::Data::to_value(#index))).tried(),
                    Type::Value,
                ),
            };
        }
        (get, get_mut)
    }

    /// Starts one process, or one for each element of its set.
    fn spawn(&self, n: usize, p: &Process) -> TokenStream {
        let id = &self.own.id;
        let self_type = self.types.selves[p.archetype.index()].clone();
        let named = rust!(#id);
        match &p.selves {
            Initial::Element(e) => {
                let set = self.by_ref(e, &Type::Set(Box::new(self_type)), &Scope::of_constants(rust!(constants)));
                let start = self.start(n, p, named);
                quote!(for #id in (#set).iter().cloned() { #start })
            }
            Initial::Value(e) => {
                let own = self.owned(e, &self_type, &Scope::of_constants(rust!(constants)));
                if self_type.is_copy() && !own.fails() {
                    return self.start(n, p, own);
                }
                let start = self.start(n, p, named);
                quote!({ let #id = #own; #start })
            }
            Initial::None => {
                let start = self.start(n, p, named);
                quote!({ let #id = rt::Value::DEFAULT_INIT; #start })
            }
        }
    }

    /// Starts the process with an identifier.
    fn start(&self, n: usize, p: &Process, id: Rust) -> TokenStream {
        let name = ident(&self.names.archetypes[p.archetype.index()].name);
        let archetype = &self.model.archetypes[p.archetype.index()];
        let self_type = self.types.selves[p.archetype.index()].clone();
        let own_id = if self_type.is_copy() { quote!(#id) } else { quote!(#id.clone()) };
        let scope =
            Scope { self_id: Some((id, self_type)), globals: Globals::Fields, ..Scope::of_constants(rust!(constants)) };
        let given = archetype.parameters.iter().zip(&p.arguments).zip(&p.mappings);
        let fields: Vec<_> = given
            .filter_map(|((parameter, argument), mapping)| {
                let field = self.resource_name(*parameter);
                let value = self.given((n, p), *parameter, argument, *mapping, &scope)?;
                Some(quote!(#field: #value))
            })
            .collect();
        let parameters = ident(&self.names.archetypes[p.archetype.index()].parameters);
        let (make, made) = match fields.is_empty() {
            true => (quote!(), quote!(#name::new(#own_id, constants)?)),
            false => (
                quote!(let parameters = #parameters { #(#fields),* };),
                quote!(#name::new(#own_id, constants, parameters)?),
            ),
        };
        // Without a name, a process is as fair as the algorithm.
        let fairness = if matches!(p.selves, Initial::None) { Fairness::Unfair } else { p.fairness };
        match fairness {
            Fairness::Unfair => quote!(#make node.spawn(#made);),
            Fairness::Weak => quote!(#make node.spawn_fair(#made);),
            Fairness::Strong => quote!(#make node.spawn_strongly_fair(#made);),
        }
    }

    /// What a process is given for a parameter.
    fn given(
        &self,
        (n, process): (usize, &Process),
        parameter: VariableId,
        argument: &Argument,
        mapping: Option<MappingMacroId>,
        scope: &Scope,
    ) -> Option<Rust> {
        match argument {
            Argument::Value(e) if !self.is_ref(parameter) => {
                let value = self.stored(parameter, e, scope);
                let t = self.stored_type(parameter);
                // What is converted does not say what it becomes.
                Some(if self.is_slot(parameter) { rust!(<#t>::from(#value)) } else { value })
            }
            Argument::Value(_) => {
                let m = self.use_of(mapping, parameter, parameter, false)?;
                let (name, id) = (ident(self.names.own_variables.get(&(n, parameter))?), &self.own.id);
                Some(match (&process.selves, self.plain(m)) {
                    (Initial::Element(_), Some(Plain::Whole)) => rust!(self.#name.of(&#id)).tried(),
                    (Initial::Element(_), _) => self.view(m, &rust!(self.#name.of(&#id)).tried()),
                    (_, Some(Plain::Whole)) => rust!(self.#name.clone()),
                    _ => self.view(m, &rust!(self.#name)),
                })
            }
            Argument::Ref(g, ..) => {
                let m = self.use_of(mapping, *g, parameter, true)?;
                let variable = self.name(&self.model.variable(*g).name);
                Some(match self.plain(m) {
                    Some(Plain::Whole) => rust!(self.#variable.clone()),
                    _ => self.view(m, &rust!(self.#variable)),
                })
            }
        }
    }

    /// A view of a variable as a resource.
    fn view(&self, m: &MappingUse, variable: &Rust) -> Rust {
        match self.plain(m) {
            Some(_) => rust!(rt::Indexed::new(&#variable)),
            None => {
                let mapping = self.mapping_name(m);
                rust!(#mapping::new(&#variable, constants))
            }
        }
    }

    /// How the runtime has the variable itself as a resource, if nothing of it is converted.
    fn plain(&self, m: &MappingUse) -> Option<Plain> {
        let is_same = m.types.read == m.stored && m.types.write == m.stored;
        if m.mapping.is_some() || !is_same || self.is_slot(m.variable) {
            return None;
        }
        match (&m.types.indices[..], self.whole_type(m)) {
            ([], whole) => (whole == m.stored).then_some(Plain::Whole),
            ([index], Type::Function(k, v)) => (*k == *index && *v == m.stored).then_some(Plain::Indexed),
            _ => None,
        }
    }

    /// The mapping of a variable for a parameter.
    fn use_of(
        &self,
        mapping: Option<MappingMacroId>,
        variable: VariableId,
        parameter: VariableId,
        global: bool,
    ) -> Option<&MappingUse> {
        let count = self.types.refs.get(&parameter)?.indices.len();
        self.types.mappings.iter().find(|m| {
            m.mapping == mapping && m.variable == variable && m.global == global && m.types.indices.len() == count
        })
    }
}

fn has_assignment(s: &Step) -> bool {
    let mut found = false;
    s.each(&mut |s| found |= matches!(s, Step::AssignMapped { .. }));
    found
}

fn has_yield(s: &Step) -> bool {
    let mut found = false;
    s.each(&mut |s| found |= matches!(s, Step::Yield(_)));
    found
}

fn mentions_self(steps: &[Step]) -> bool {
    let mut found = false;
    for s in steps {
        s.each(&mut |s| {
            s.each_expr(&mut |e| found |= e.any(&mut |e| matches!(e.kind, crate::resolved::ExprKind::SelfId)));
        });
    }
    found
}
