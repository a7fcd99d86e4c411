//! Compiles the model.

fn main() {
    mpcal_build::compile("locksvc.tla").unwrap();
}
