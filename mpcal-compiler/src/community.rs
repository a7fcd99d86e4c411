//! Modules of the CommunityModules that are known without a file: those in common use.
//!
//! They are written in TLA+, so that they are resolved, typed, evaluated and compiled like a user's own. What they
//! define means what upstream's definitions mean; TLC reads upstream's. A file of that name comes first.

/// Names and texts.
const MODULES: &[(&str, &str)] = &[
    ("BagsExt", include_str!("community/BagsExt.tla")),
    ("Bitwise", include_str!("community/Bitwise.tla")),
    ("FiniteSetsExt", include_str!("community/FiniteSetsExt.tla")),
    ("Folds", include_str!("community/Folds.tla")),
    ("Functions", include_str!("community/Functions.tla")),
    ("SequencesExt", include_str!("community/SequencesExt.tla")),
    ("TLCExt", include_str!("community/TLCExt.tla")),
];

/// The path and the text of a module.
pub fn module(name: &str) -> Option<(String, String)> {
    let (_, text) = MODULES.iter().find(|(known, _)| *known == name)?;
    Some((format!("CommunityModules/{name}.tla"), (*text).to_owned()))
}

/// The names of all.
pub fn names() -> impl Iterator<Item = &'static str> {
    MODULES.iter().map(|(name, _)| *name)
}
