//! How deep recursive operators may call each other.

use std::cell::Cell;
use std::marker::PhantomData;
use std::rc::Rc;

use crate::{Eval, EvalError};

/// Bytes of stack that recursive operators may use together: half of what a thread of tokio has.
const MAX_BYTES: usize = 1 << 20;

thread_local! {
    /// Where on the stack the outermost of them was called.
    static OUTERMOST: Cell<Option<usize>> = const { Cell::new(None) };
}

/// A recursive operator that is being evaluated.
#[derive(Debug)]
pub struct Descent {
    is_outermost: bool,
    /// It belongs to its thread.
    thread: PhantomData<Rc<()>>,
}

impl Drop for Descent {
    fn drop(&mut self) {
        if self.is_outermost {
            OUTERMOST.set(None);
        }
    }
}

/// Starts to evaluate a recursive operator.
///
/// # Errors
/// If little of the stack is left: an error with the name of the operator, where the process would abort.
pub fn descend(operator: &str) -> Eval<Descent> {
    let byte = 0u8;
    let here = std::ptr::from_ref(&byte).addr();
    let outermost = OUTERMOST.get();
    if outermost.is_some_and(|start| start.abs_diff(here) > MAX_BYTES) {
        return Err(EvalError(format!("`{operator}` calls itself too deep")));
    }
    OUTERMOST.set(outermost.or(Some(here)));
    Ok(Descent { is_outermost: outermost.is_none(), thread: PhantomData })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn down(n: u64) -> Eval<u64> {
        let _descent = descend("Down")?;
        if n == 0 {
            return Ok(0);
        }
        Ok(down(n - 1)? + 1)
    }

    #[test]
    fn what_has_no_end_is_an_error_and_the_next_call_starts_anew() {
        let error = down(u64::MAX).expect_err("it has no end");
        assert_eq!(error.0, "`Down` calls itself too deep");
        assert_eq!(down(1_000), Ok(1_000));
        assert!(OUTERMOST.get().is_none());
    }
}
