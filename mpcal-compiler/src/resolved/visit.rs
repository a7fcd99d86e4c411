//! Going through expressions.

use super::{Expr, ExprKind, Step};

impl Expr {
    /// Calls `f` on every direct sub-expression.
    pub fn each_child<'e>(&'e self, f: &mut dyn FnMut(&'e Expr)) {
        let steps = |path: &'e [Step], f: &mut dyn FnMut(&'e Expr)| {
            for step in path {
                if let Step::Index(e) = step {
                    f(e);
                }
            }
        };
        match &self.kind {
            ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Str(_) | ExprKind::SelfId => {}
            ExprKind::DefaultInit | ExprKind::ModelValue(_) => {}
            ExprKind::Variable(_) | ExprKind::Bound(_) | ExprKind::Constant(_) => {}
            ExprKind::MappedVariable | ExprKind::MappedValue | ExprKind::Opaque(..) => {}
            ExprKind::OperatorRef(_) | ExprKind::BuiltinRef(_) => {}
            ExprKind::Read(_, list)
            | ExprKind::Call(_, list)
            | ExprKind::CallBound(_, list)
            | ExprKind::CallConstant(_, list)
            | ExprKind::Builtin(_, list)
            | ExprKind::And(list)
            | ExprKind::Or(list)
            | ExprKind::Tuple(list)
            | ExprKind::Set(list) => list.iter().for_each(f),
            ExprKind::Index(a, b) | ExprKind::FunctionSet(a, b) => {
                f(a);
                f(b);
            }
            ExprKind::Field(a, _) | ExprKind::Lambda(_, a) => f(a),
            ExprKind::Filter(b, p) | ExprKind::Choose(b, p) => {
                f(&b.set);
                f(p);
            }
            ExprKind::Map(e, bindings) | ExprKind::Function(bindings, e) | ExprKind::Quantified(_, bindings, e) => {
                bindings.iter().for_each(|b| f(&b.set));
                f(e);
            }
            ExprKind::Record(fields) | ExprKind::RecordSet(fields) => fields.iter().for_each(|(_, e)| f(e)),
            ExprKind::Except(base, updates) => {
                f(base);
                for update in updates {
                    steps(&update.path, f);
                    f(&update.value);
                }
            }
            ExprKind::If(a, b, c) => {
                f(a);
                f(b);
                f(c);
            }
            ExprKind::Case(arms, other) => {
                for (guard, value) in arms {
                    f(guard);
                    f(value);
                }
                if let Some(e) = other {
                    f(e);
                }
            }
            ExprKind::Let(definitions, body) => {
                definitions.iter().for_each(|d| f(&d.body));
                f(body);
            }
        }
    }

    /// Calls `f` on every direct sub-expression, in the order of evaluation.
    pub fn each_child_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        match &mut self.kind {
            ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Str(_) | ExprKind::SelfId => {}
            ExprKind::DefaultInit | ExprKind::ModelValue(_) => {}
            ExprKind::Variable(_) | ExprKind::Bound(_) | ExprKind::Constant(_) => {}
            ExprKind::MappedVariable | ExprKind::MappedValue | ExprKind::Opaque(..) => {}
            ExprKind::OperatorRef(_) | ExprKind::BuiltinRef(_) => {}
            ExprKind::Read(_, list)
            | ExprKind::Call(_, list)
            | ExprKind::CallBound(_, list)
            | ExprKind::CallConstant(_, list)
            | ExprKind::Builtin(_, list)
            | ExprKind::And(list)
            | ExprKind::Or(list)
            | ExprKind::Tuple(list)
            | ExprKind::Set(list) => list.iter_mut().for_each(f),
            ExprKind::Index(a, b) | ExprKind::FunctionSet(a, b) => {
                f(a);
                f(b);
            }
            ExprKind::Field(a, _) | ExprKind::Lambda(_, a) => f(a),
            ExprKind::Filter(b, p) | ExprKind::Choose(b, p) => {
                f(&mut b.set);
                f(p);
            }
            ExprKind::Map(e, bindings) | ExprKind::Function(bindings, e) | ExprKind::Quantified(_, bindings, e) => {
                bindings.iter_mut().for_each(|b| f(&mut b.set));
                f(e);
            }
            ExprKind::Record(fields) | ExprKind::RecordSet(fields) => fields.iter_mut().for_each(|(_, e)| f(e)),
            ExprKind::Except(base, updates) => {
                f(base);
                for update in updates {
                    for step in &mut update.path {
                        if let Step::Index(e) = step {
                            f(e);
                        }
                    }
                    f(&mut update.value);
                }
            }
            ExprKind::If(a, b, c) => {
                f(a);
                f(b);
                f(c);
            }
            ExprKind::Case(arms, other) => {
                for (guard, value) in arms {
                    f(guard);
                    f(value);
                }
                if let Some(e) = other {
                    f(e);
                }
            }
            ExprKind::Let(definitions, body) => {
                definitions.iter_mut().for_each(|d| f(&mut d.body));
                f(body);
            }
        }
    }

    /// Whether this or a sub-expression satisfies `test`.
    pub fn any(&self, test: &mut dyn FnMut(&Expr) -> bool) -> bool {
        if test(self) {
            return true;
        }
        let mut found = false;
        self.each_child(&mut |e| found = found || e.any(test));
        found
    }
}
