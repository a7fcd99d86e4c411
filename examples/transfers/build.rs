//! Compiles the model.

fn main() {
    mpcal_build::build("transfers.tla");
}
