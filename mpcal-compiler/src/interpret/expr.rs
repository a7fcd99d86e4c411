//! Expressions over dynamic values.

use std::collections::HashMap;
use std::rc::Rc;

use mpcal_values::operators as rt;
use mpcal_values::{Data, EvalError, Function, Seq, Set, Value};

use super::state::{Machine, State};
use crate::ast::Quantifier;
use crate::operators::{Op, Operator, Runtime};
use crate::resolved::{Binding, BoundId, Expr, ExprKind, LetDefinition, Step as PathStep, VariableId};

/// What a bound name stands for.
#[derive(Clone)]
pub(super) enum Bound {
    /// A value, or why it has none.
    Value(Result<Value, String>),
    /// An operator of a `LET`, or a `LAMBDA`.
    Operator(Vec<BoundId>, Rc<Expr>),
    /// An operator given to an operator.
    Builtin(&'static Operator),
}

/// `$variable` and `$value`.
#[derive(Clone)]
pub(super) struct Mapped {
    pub(super) variable: VariableId,
    pub(super) indices: Vec<Value>,
    pub(super) value: Option<Value>,
}

/// One attempt at one step.
pub(super) struct Run<'r, 'm> {
    pub(super) machine: &'r Machine<'m>,
    pub(super) state: State,
    pub(super) at: usize,
    pub(super) plan: Vec<usize>,
    pub(super) trace: Vec<(usize, usize)>,
    pub(super) bounds: HashMap<BoundId, Bound>,
    pub(super) mapped: Option<Mapped>,
    pub(super) yielded: Option<Result<Value, String>>,
}

/// Names bound inside an expression, on top of those of the step.
pub(super) type Env = HashMap<BoundId, Bound>;

/// Operators may call each other so deep, for the stack to suffice.
const MAX_CALLS: usize = 2_000;

pub(super) type Eval<T> = Result<T, String>;

pub(super) fn from_runtime<T>(result: mpcal_values::Eval<T>) -> Eval<T> {
    result.map_err(|e| e.0)
}

fn typed<T: Data>(value: &Value) -> Eval<T> {
    from_runtime(T::from_value(value))
}

/// `f[i]`
pub(super) fn index(f: &Value, i: &Value) -> Eval<Value> {
    from_runtime(rt::value_index(f, i))
}

/// A value with another one at a path. As in TLC, nothing changes where there is nothing at the path.
pub(super) fn replaced(old: &Value, path: &[Value], new: &mut dyn FnMut(&Value) -> Eval<Value>) -> Eval<Value> {
    let Some((first, rest)) = path.split_first() else { return new(old) };
    if !from_runtime(rt::value_domain(old).and_then(|domain| rt::member(first, &domain)))? {
        return Ok(old.clone());
    }
    let inner = replaced(&index(old, first)?, rest, new)?;
    let mut changed = old.clone();
    *from_runtime(rt::value_index_mut(&mut changed, first))? = inner;
    Ok(changed)
}

impl<'r, 'm> Run<'r, 'm> {
    pub(super) fn new(machine: &'r Machine<'m>, state: State, at: usize, plan: Vec<usize>) -> Self {
        Self { machine, state, at, plan, trace: Vec::new(), bounds: HashMap::new(), mapped: None, yielded: None }
    }

    pub(super) fn eval(&self, e: &Expr) -> Eval<Value> {
        self.value(e, &Env::new())
    }

    pub(super) fn truth(&self, e: &Expr) -> Eval<bool> {
        typed(&self.eval(e)?)
    }

    pub(super) fn elements(&self, e: &Expr) -> Eval<Vec<Value>> {
        Ok(typed::<Set<Value>>(&self.eval(e)?)?.iter().cloned().collect())
    }

    pub(super) fn set(&self, e: &Expr, env: &Env) -> Eval<Set<Value>> {
        typed(&self.value(e, env)?)
    }

    fn test(&self, e: &Expr, env: &Env) -> Eval<bool> {
        typed(&self.value(e, env)?)
    }

    fn values(&self, list: &[Expr], env: &Env) -> Eval<Vec<Value>> {
        list.iter().map(|e| self.value(e, env)).collect()
    }

    fn bound(&self, id: BoundId, env: &Env) -> Option<Bound> {
        env.get(&id).or_else(|| self.bounds.get(&id)).cloned()
    }

    pub(super) fn value(&self, e: &Expr, env: &Env) -> Eval<Value> {
        self.machine.evaluated(e.id);
        match &e.kind {
            ExprKind::Bool(b) => Ok(Value::Bool(*b)),
            ExprKind::Int(n) => Ok(Value::Int(*n)),
            ExprKind::Str(s) => Ok(Value::Str((&**s).into())),
            ExprKind::SelfId => Ok(self.state.processes[self.at].id.clone()),
            ExprKind::DefaultInit => Ok(Value::DEFAULT_INIT),
            ExprKind::ModelValue(name) => Ok(Value::Model((&**name).into())),
            ExprKind::Variable(id) => self.variable(*id),
            ExprKind::Bound(id) => match self.bound(*id, env) {
                Some(Bound::Value(value)) => value,
                _ => Err("a name has no value".to_owned()),
            },
            ExprKind::Constant(id) => match self.machine.model.constants[id.index()].replaced {
                Some(by) => self.apply(&[], &self.machine.model.operators[by.index()].body, &[], env, &Env::new()),
                None => Ok(self.machine.constants[id.index()].clone()),
            },
            ExprKind::MappedVariable => {
                let mapped = self.mapped.as_ref().ok_or("$variable outside a mapping macro")?;
                mapped.indices.iter().try_fold(self.variable(mapped.variable)?, |v, i| index(&v, i))
            }
            ExprKind::MappedValue => {
                self.mapped.as_ref().and_then(|m| m.value.clone()).ok_or_else(|| "$value outside a write".to_owned())
            }
            ExprKind::Call(id, args) => {
                let definition = &self.machine.model.operators[id.index()];
                self.apply(&definition.parameters, &definition.body, args, env, &Env::new())
            }
            ExprKind::CallBound(id, args) => match self.bound(*id, env) {
                Some(Bound::Operator(parameters, body)) => self.apply(&parameters, &body, args, env, env),
                Some(Bound::Builtin(op)) => self.builtin(op, args, env),
                _ => Err("an operator has no definition".to_owned()),
            },
            ExprKind::Builtin(op, args) => self.builtin(op, args, env),
            ExprKind::And(list) => {
                for e in list {
                    if !self.test(e, env)? {
                        return Ok(Value::Bool(false));
                    }
                }
                Ok(Value::Bool(true))
            }
            ExprKind::Or(list) => {
                for e in list {
                    if self.test(e, env)? {
                        return Ok(Value::Bool(true));
                    }
                }
                Ok(Value::Bool(false))
            }
            ExprKind::Index(f, i) => index(&self.value(f, env)?, &self.value(i, env)?),
            ExprKind::Field(r, name) => index(&self.value(r, env)?, &Value::Str((&**name).into())),
            ExprKind::Tuple(list) => Ok(Value::Seq(self.values(list, env)?.into_iter().collect())),
            ExprKind::Set(list) => Ok(Value::Set(self.values(list, env)?.into_iter().collect())),
            ExprKind::Record(fields) => {
                let fields: Eval<Function<Value, Value>> =
                    fields.iter().map(|(n, e)| Ok((Value::Str((&**n).into()), self.value(e, env)?))).collect();
                fields.map(Value::function)
            }
            ExprKind::Filter(b, p) => {
                let mut kept = Vec::new();
                for inner in self.environments(std::slice::from_ref(b), env)? {
                    if self.test(p, &inner.1)? {
                        kept.push(inner.0[0].clone());
                    }
                }
                Ok(Value::Set(kept.into_iter().collect()))
            }
            ExprKind::Choose(b, p) => {
                for inner in self.environments(std::slice::from_ref(b), env)? {
                    if self.test(p, &inner.1)? {
                        return Ok(inner.0[0].clone());
                    }
                }
                Err("CHOOSE: no element satisfies the predicate".to_owned())
            }
            ExprKind::Map(body, bindings) => {
                let all: Eval<Set<Value>> =
                    self.environments(bindings, env)?.into_iter().map(|(_, inner)| self.value(body, &inner)).collect();
                all.map(Value::Set)
            }
            ExprKind::Function(bindings, body) => {
                let mut function = Function::new();
                for (key, inner) in self.environments(bindings, env)? {
                    let key = if let [one] = &key[..] { one.clone() } else { Value::Seq(key.into_iter().collect()) };
                    function.insert(key, self.value(body, &inner)?);
                }
                Ok(Value::function(function))
            }
            ExprKind::Quantified(q, bindings, p) => {
                let wanted = *q == Quantifier::Exists;
                for (_, inner) in self.environments(bindings, env)? {
                    if self.test(p, &inner)? == wanted {
                        return Ok(Value::Bool(wanted));
                    }
                }
                Ok(Value::Bool(!wanted))
            }
            ExprKind::Except(base, updates) => {
                let mut value = self.value(base, env)?;
                for u in updates {
                    let path: Eval<Vec<Value>> = u
                        .path
                        .iter()
                        .map(|s| match s {
                            PathStep::Index(e) => self.value(e, env),
                            PathStep::Field(name) => Ok(Value::Str((&**name).into())),
                        })
                        .collect();
                    value = replaced(&value, &path?, &mut |old| {
                        let mut inner = env.clone();
                        inner.insert(u.at, Bound::Value(Ok(old.clone())));
                        self.value(&u.value, &inner)
                    })?;
                }
                Ok(value)
            }
            ExprKind::If(c, a, b) => {
                if self.test(c, env)? {
                    self.value(a, env)
                } else {
                    self.value(b, env)
                }
            }
            ExprKind::Case(arms, other) => {
                for (guard, value) in arms {
                    if self.test(guard, env)? {
                        return self.value(value, env);
                    }
                }
                other.as_ref().map_or_else(|| Err("no arm of a CASE is true".to_owned()), |e| self.value(e, env))
            }
            ExprKind::Let(definitions, body) => {
                let mut inner = env.clone();
                for LetDefinition { bound, parameters, body } in definitions {
                    let bound_to = if parameters.is_empty() {
                        Bound::Value(self.value(body, &inner))
                    } else {
                        Bound::Operator(parameters.clone(), Rc::new(body.clone()))
                    };
                    inner.insert(*bound, bound_to);
                }
                self.value(body, &inner)
            }
            ExprKind::FunctionSet(a, b) => {
                let all = from_runtime(rt::function_set(&self.set(a, env)?, &self.set(b, env)?))?;
                Ok(Value::Set(all.iter().map(Data::to_value).collect()))
            }
            ExprKind::RecordSet(fields) => {
                let mut all = vec![Vec::new()];
                for (name, set) in fields {
                    let set = self.set(set, env)?;
                    let longer = |record: &Vec<(Value, Value)>| {
                        let name = Value::Str(name.to_string().into());
                        set.iter()
                            .map(|v| record.iter().cloned().chain([(name.clone(), v.clone())]).collect())
                            .collect::<Vec<_>>()
                    };
                    all = all.iter().flat_map(longer).collect();
                }
                Ok(Value::Set(all.into_iter().map(|r| Value::function(r.into_iter().collect())).collect()))
            }
            ExprKind::CallConstant(..) | ExprKind::Opaque(..) | ExprKind::Read(..) => {
                Err("this expression is not supported by the interpreter".to_owned())
            }
            ExprKind::OperatorRef(_) | ExprKind::BuiltinRef(_) | ExprKind::Lambda(..) => {
                Err("an operator is not a value".to_owned())
            }
        }
    }

    /// Applies an operator; `scope` is where its body stands.
    fn apply(&self, parameters: &[BoundId], body: &Expr, args: &[Expr], env: &Env, scope: &Env) -> Eval<Value> {
        let mut inner = scope.clone();
        for (p, a) in parameters.iter().zip(args) {
            inner.insert(*p, self.argument(a, env));
        }
        let depth = &self.machine.depth;
        if depth.get() > MAX_CALLS {
            return Err(format!("operators call each other {MAX_CALLS} deep"));
        }
        depth.set(depth.get() + 1);
        let value = self.value(body, &inner);
        depth.set(depth.get() - 1);
        value
    }

    fn argument(&self, a: &Expr, env: &Env) -> Bound {
        match &a.kind {
            ExprKind::Lambda(names, body) => Bound::Operator(names.clone(), Rc::new((**body).clone())),
            ExprKind::OperatorRef(id) => {
                let definition = &self.machine.model.operators[id.index()];
                Bound::Operator(definition.parameters.clone(), Rc::new(definition.body.clone()))
            }
            ExprKind::BuiltinRef(op) => Bound::Builtin(op),
            _ => Bound::Value(self.value(a, env)),
        }
    }

    /// Every way to bind the names of bindings: the bound elements, and the names in scope.
    fn environments(&self, bindings: &[Binding], env: &Env) -> Eval<Vec<(Vec<Value>, Env)>> {
        let mut all = vec![(Vec::new(), env.clone())];
        for b in bindings {
            let elements: Vec<Value> = self.set(&b.set, env)?.iter().cloned().collect();
            let groups: Vec<&[BoundId]> = if b.tuple { vec![&b.names] } else { b.names.chunks(1).collect() };
            for names in groups {
                let mut next = Vec::new();
                for (key, outer) in &all {
                    for x in &elements {
                        let (mut key, mut inner) = (key.clone(), outer.clone());
                        key.push(x.clone());
                        for (n, name) in (1..).zip(names) {
                            let part = if b.tuple { index(x, &Value::Int(n))? } else { x.clone() };
                            inner.insert(*name, Bound::Value(Ok(part)));
                        }
                        next.push((key, inner));
                    }
                }
                all = next;
            }
        }
        Ok(all)
    }

    fn builtin(&self, op: &Operator, args: &[Expr], env: &Env) -> Eval<Value> {
        match op.runtime {
            // What is printed is not for a search.
            _ if op.id == Op::Print => self.value(&args[1], env),
            _ if op.id == Op::PrintT => Ok(Value::Bool(true)),
            Runtime::Function(function) => {
                let values = args.iter().map(|a| self.value(a, env)).collect::<Eval<Vec<_>>>()?;
                from_runtime((function.dynamic)(&values))
            }
            Runtime::Form => self.form(op, args, env),
            Runtime::None(why) => Err(format!("`{}` cannot be evaluated: {why}", op.name)),
        }
    }

    fn form(&self, op: &Operator, args: &[Expr], env: &Env) -> Eval<Value> {
        let value = |n: usize| self.value(&args[n], env);
        let int = |n: usize| -> Eval<i64> { typed(&value(n)?) };
        let truth = |n: usize| self.test(&args[n], env);
        let seq = |n: usize| -> Eval<Seq<Value>> { typed(&value(n)?) };
        Ok(match op.id {
            Op::Implies => Value::Bool(!truth(0)? || truth(1)?),
            Op::Equivalent => Value::Bool(truth(0)? == truth(1)?),
            Op::Not => Value::Bool(!truth(0)?),
            Op::Equal => Value::Bool(from_runtime(value(0)?.equal(&value(1)?))?),
            Op::NotEqual => Value::Bool(!from_runtime(value(0)?.equal(&value(1)?))?),
            Op::In => Value::Bool(self.membership(&value(0)?, &args[1], env)?),
            Op::NotIn => Value::Bool(!self.membership(&value(0)?, &args[1], env)?),
            Op::Domain => Value::Set(from_runtime(rt::value_domain(&value(0)?))?),
            Op::Product => {
                let mut all = vec![Seq::new()];
                for arg in args {
                    let set = self.set(arg, env)?;
                    all = all.iter().flat_map(|t| set.iter().map(|x| rt::append(t, x))).collect();
                }
                Value::Set(all.into_iter().map(Value::Seq).collect())
            }
            Op::Less => Value::Bool(int(0)? < int(1)?),
            Op::Greater => Value::Bool(int(0)? > int(1)?),
            Op::LessEqual => Value::Bool(int(0)? <= int(1)?),
            Op::GreaterEqual => Value::Bool(int(0)? >= int(1)?),
            Op::True => Value::Bool(true),
            Op::False => Value::Bool(false),
            Op::SelectSeq => {
                let (items, test) = (seq(0)?, self.argument(&args[1], env));
                let kept = rt::select_seq(&items, |x| {
                    self.apply_values(&test, std::slice::from_ref(x), env).and_then(|v| typed(&v)).map_err(EvalError)
                });
                Value::Seq(from_runtime(kept)?)
            }
            Op::SortSeq => {
                let (items, less) = (seq(0)?, self.argument(&args[1], env));
                let sorted = rt::sort_seq(&items, |x, y| {
                    let both = [x.clone(), y.clone()];
                    self.apply_values(&less, &both, env).and_then(|v| typed(&v)).map_err(EvalError)
                });
                Value::Seq(from_runtime(sorted)?)
            }
            Op::BagOfAll => {
                let (f, bag) = (self.argument(&args[0], env), typed::<Function<Value, i64>>(&value(1)?)?);
                let all =
                    rt::bag_of_all(&bag, |x| self.apply_values(&f, std::slice::from_ref(x), env).map_err(EvalError));
                from_runtime(all)?.to_value()
            }
            Op::EmptyBag => Value::Seq(Seq::new()),
            _ => return Err(format!("`{}` is a set without an end", op.name)),
        })
    }

    /// Applies an operator argument to values.
    fn apply_values(&self, f: &Bound, values: &[Value], env: &Env) -> Eval<Value> {
        match f {
            Bound::Operator(parameters, body) => {
                let mut inner = env.clone();
                for (p, v) in parameters.iter().zip(values) {
                    inner.insert(*p, Bound::Value(Ok(v.clone())));
                }
                self.value(body, &inner)
            }
            _ => Err("an operator has no definition".to_owned()),
        }
    }
}
