//! Compiles the model.

fn main() {
    mpcal_build::compile("dqueue.tla").unwrap();
}
