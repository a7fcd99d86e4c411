//! Which model a node runs: a number that changes with what the block means, and not with how it is laid out.
//!
//! In: the normal form and the types. Out: a hash of both, with the operators that the block uses, without places in
//! the text. Comments, line breaks and operators that the block does not use leave it as it is.

use std::fmt;

use crate::infer::Types;
use crate::normal::Normal;
use crate::places::without_places;
use crate::resolved::Model;

/// The hash of a model.
pub(crate) fn fingerprint(model: &Model, normal: &Normal, types: &Types) -> u64 {
    let mut meaning = Meaning::default();
    meaning.add(&model.name);
    model.constants.iter().for_each(|c| meaning.add(&(&c.name, c.arity)));
    model.variables.iter().for_each(|v| meaning.add(&(&v.name, &v.kind, &v.initial)));
    model.operators.iter().for_each(|o| meaning.add(&(&o.name, &o.parameters, &o.body)));
    model.mapping_macros.iter().for_each(|m| meaning.add(&m.name));
    model.archetypes.iter().for_each(|a| meaning.add(&(&a.name, &a.parameters, &a.locals)));
    model.procedures.iter().for_each(|p| meaning.add(&(&p.name, &p.parameters, &p.locals)));
    for p in &model.processes {
        meaning.add(&(p.archetype, &p.selves, &p.arguments, &p.mappings));
    }
    meaning.add(&(&normal.archetypes, &normal.procedures, &normal.mapping_macros));
    meaning.add(&(&types.variables, &types.constants, &types.selves, &types.records, &types.enums, &types.kinds));
    meaning.hash
}

/// FNV-1a over trees as text.
struct Meaning {
    hash: u64,
}

impl Default for Meaning {
    fn default() -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325 }
    }
}

impl Meaning {
    fn add(&mut self, part: &dyn fmt::Debug) {
        let step = |hash: u64, b: u8| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
        self.hash = without_places(part).bytes().chain([0]).fold(self.hash, step);
    }
}
