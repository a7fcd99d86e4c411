//! The states that a model can start in: one for each way to choose the values of variables that are declared with `\in`.

use std::cell::RefCell;

use crate::choice::Chooser;
use crate::value::{Data, Eval, EvalError, Set};

thread_local! {
    /// What is chosen while all initial states are made.
    static CHOICES: RefCell<Option<Chooser>> = const { RefCell::new(None) };
}

/// Makes what depends on initial values, variables and archetypes, once for each way to choose them. Elsewhere a
/// variable that is declared with `\in` starts with the first element of its set.
///
/// ```
/// # struct Variables(i64);
/// # impl Variables { fn new() -> mpcal_runtime::value::Eval<Self> { Ok(Self(1)) } }
/// let all = mpcal_runtime::initial_states(Variables::new)?;
/// assert_eq!(all.len(), 1);
/// # Ok::<(), mpcal_runtime::value::EvalError>(())
/// ```
///
/// # Errors
/// The first that `make` gives.
pub fn initial_states<T>(mut make: impl FnMut() -> Eval<T>) -> Eval<Vec<T>> {
    let (mut all, mut path) = (Vec::new(), Vec::new());
    loop {
        let mut chooser = Chooser::default();
        chooser.begin_at(&path);
        let choosing = Choosing::start(chooser);
        all.push(make()?);
        if !choosing.end().is_some_and(|chosen| chosen.path_behind(&mut path)) {
            return Ok(all);
        }
    }
}

/// The value that a variable starts with which is declared with `\in`.
///
/// # Errors
/// If the set is empty.
pub fn initial<T: Data>(set: &Set<T>) -> Eval<T> {
    let of_many = |chooser: &mut Chooser| if set.len() > 1 { chooser.choose(set.len()) } else { 0 };
    let chosen = CHOICES.with_borrow_mut(|choices| choices.as_mut().map_or(0, of_many));
    set.iter().nth(chosen).cloned().ok_or_else(|| EvalError("a variable starts in an empty set".to_owned()))
}

/// The choices of this thread, which end with it.
struct Choosing(());

impl Choosing {
    fn start(chooser: Chooser) -> Self {
        CHOICES.set(Some(chooser));
        Self(())
    }

    fn end(self) -> Option<Chooser> {
        CHOICES.take()
    }
}

impl Drop for Choosing {
    fn drop(&mut self) {
        CHOICES.set(None);
    }
}
