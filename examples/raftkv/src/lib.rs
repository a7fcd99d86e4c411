//! A replicated key-value store: the model, compiled, and what its servers and clients are bound to.

pub mod cluster;

/// The model, compiled.
pub mod model {
    mpcal_runtime::include_model!("raftkv");
}
