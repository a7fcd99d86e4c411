//! `x \in S` over dynamic values, also for sets that cannot be enumerated.

use mpcal_values::operators as rt;
use mpcal_values::{EvalError, Value};

use super::expr::{from_runtime, Env, Eval, Run};
use crate::operators::Op;
use crate::resolved::{Expr, ExprKind};

impl Run<'_, '_> {
    pub(super) fn membership(&self, x: &Value, set: &Expr, env: &Env) -> Eval<bool> {
        let test = |set| move |x: &Value| self.membership(x, set, env).map_err(EvalError);
        if let Some(parts) = parts(set) {
            // TLC evaluates what the set is made of, whether it is needed or not.
            parts.into_iter().try_for_each(|part| self.made(part, env))?;
        }
        from_runtime(match &set.kind {
            ExprKind::Builtin(op, args) => match op.id {
                Op::Seq => rt::in_seq(x, &test(&args[0])),
                Op::PowerSet => rt::in_power_set(x, &test(&args[0])),
                Op::Union => rt::in_either(|| test(&args[0])(x), || test(&args[1])(x)),
                Op::Product => {
                    let tests: Vec<_> = args.iter().map(test).collect();
                    let tests: Vec<&dyn Fn(&Value) -> _> = tests.iter().map(|t| t as _).collect();
                    rt::in_product(x, &tests)
                }
                Op::Nat => rt::is_nat(x),
                Op::Int => rt::is_int(x),
                Op::String => rt::is_string(x),
                Op::Boolean => rt::is_bool(x),
                _ => rt::member(x, &self.set(set, env)?),
            },
            ExprKind::FunctionSet(domain, range) => rt::in_function_set(x, &self.set(domain, env)?, &test(range)),
            ExprKind::RecordSet(fields) => {
                let own = if let Value::Function(record) = x { record.len() } else { fields.len() };
                for (name, set) in fields.iter().filter(|_| own == fields.len()) {
                    let Some(value) = self.field_of(x, name)? else { return Ok(false) };
                    if !self.membership(&value, set, env)? {
                        return Ok(false);
                    }
                }
                Ok(own == fields.len())
            }
            _ => rt::member(x, &self.set(set, env)?),
        })
    }

    /// The field of what must be a record, or a model value, which has none.
    fn field_of(&self, x: &Value, name: &str) -> Eval<Option<Value>> {
        match x {
            Value::Function(record) => Ok(record.get(&Value::Str(name.into())).cloned()),
            Value::Model(_) => Ok(None),
            Value::Seq(s) if s.is_empty() => Ok(None),
            other => Err(format!("{other} is not a record: TLC does not look for it in a set of records")),
        }
    }

    /// Evaluates a set, as far as it can be.
    fn made(&self, set: &Expr, env: &Env) -> Eval<()> {
        match (&set.kind, parts(set)) {
            (_, Some(parts)) => parts.into_iter().try_for_each(|part| self.made(part, env)),
            (ExprKind::Builtin(op, _), None) if matches!(op.id, Op::Nat | Op::Int | Op::String) => Ok(()),
            (_, None) => self.value(set, env).map(drop),
        }
    }
}

/// What a set is made of that is not enumerated here.
fn parts(set: &Expr) -> Option<Vec<&Expr>> {
    match &set.kind {
        ExprKind::Builtin(op, args) if matches!(op.id, Op::Seq | Op::PowerSet | Op::Union | Op::Product) => {
            Some(args.iter().collect())
        }
        ExprKind::FunctionSet(domain, range) => Some(vec![domain, range]),
        ExprKind::RecordSet(fields) => Some(fields.iter().map(|(_, set)| set).collect()),
        _ => None,
    }
}
