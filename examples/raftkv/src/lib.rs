//! A replicated key-value store, whose servers crash and come back: how its servers and clients are connected, and what
//! their parameters are bound to.

pub mod client;
pub mod cluster;
pub mod config;
mod door;
pub mod wire;

/// The model, compiled.
pub mod model {
    mpcal_runtime::include_model!("raftkv");
}
