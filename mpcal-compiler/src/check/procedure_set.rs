//! `procedure-set`: a variable of a procedure starts with one value.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::resolved::{Initial, Model};

pub(super) fn check(model: &Model, out: &mut Diagnostics) {
    for local in model.procedures.iter().flat_map(|p| &p.locals) {
        let variable = model.variable(*local);
        if let Initial::Element(set) = &variable.initial {
            let message = format!("`{}` is initialized with an arbitrary element of a set", variable.name);
            out.push(
                Diagnostic::error("procedure-set", variable.span, message)
                    .because("in a procedure a variable starts with one value, at each call")
                    .and(set.span, "the set")
                    .help(format!("choose in the first step: `with (e \\in …) {{ {} := e; }}`", variable.name)),
            );
        }
    }
}
