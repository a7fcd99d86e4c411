//! The Modular PlusCal compiler.

pub mod ast;
pub mod check;
pub mod diagnostic;
pub mod expand;
pub mod explain;
pub mod normal;
pub mod normalize;
pub mod operators;
pub mod pipeline;
pub mod pluscal;
pub mod render;
pub mod resolve;
pub mod resolved;
pub mod source;
pub mod syntax;
