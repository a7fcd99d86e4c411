//! Compiles the model.

fn main() {
    mpcal_build::build("proxy.tla");
}
