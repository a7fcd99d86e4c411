//! Compiles the model.

fn main() {
    mpcal_build::compile("proxy.tla").unwrap();
}
