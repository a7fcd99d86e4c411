//! A variable that each instance of a process has for itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::archetype::VisitVariables;
use crate::resource::Shared;
use crate::value::{Data, Eval, EvalError, Function, Set};

/// A variable of a process, one for each of its instances. Clones are the same variables.
#[derive(Clone)]
pub struct OwnVariable<I: Data, T: Data>(Arc<BTreeMap<I, Shared<T>>>);

impl<I: Data, T: Data> OwnVariable<I, T> {
    /// The variables with their initial values.
    ///
    /// # Errors
    /// If one cannot be evaluated.
    pub fn new(ids: &Set<I>, mut initial: impl FnMut(I) -> Eval<T>) -> Eval<Self> {
        let variable = |id: &I| Ok((id.clone(), Shared::new(initial(id.clone())?)));
        Ok(Self(Arc::new(ids.iter().map(variable).collect::<Eval<_>>()?)))
    }

    /// That of one instance.
    ///
    /// # Errors
    /// If there is no such instance.
    pub fn of(&self, id: &I) -> Eval<Shared<T>> {
        self.0.get(id).cloned().ok_or_else(|| EvalError(format!("there is no process {}", id.to_value())))
    }

    /// The committed values.
    pub fn load(&self) -> Function<I, T> {
        self.0.iter().map(|(id, variable)| (id.clone(), variable.load())).collect()
    }

    /// Changes the values from outside of any section.
    pub fn store(&self, values: Function<I, T>) {
        for (id, value) in values.iter() {
            if let Some(variable) = self.0.get(&id) {
                variable.store(value.clone());
            }
        }
    }
}

/// What a model holds for a variable.
pub trait Variable {
    /// Shows it.
    fn show(&self, name: &'static str, visitor: &mut impl VisitVariables);
}

impl<T: Data> Variable for Shared<T> {
    fn show(&self, name: &'static str, visitor: &mut impl VisitVariables) {
        visitor.variable(name, None, self);
    }
}

impl<I: Data, T: Data> Variable for OwnVariable<I, T> {
    fn show(&self, name: &'static str, visitor: &mut impl VisitVariables) {
        self.0.iter().for_each(|(id, variable)| visitor.variable(name, Some(id.to_value()), variable));
    }
}
