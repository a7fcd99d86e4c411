//! A model in a file that is not there.

mpcal_macros::mpcal!("/no/such/model.tla");

fn main() {}
