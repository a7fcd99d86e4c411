//! Branches of a bank that send each other money, crash and come back.
//!
//! Without a role it starts every branch as a process of its own and kills them again and again. In the end each payment
//! has been made once, and no money is lost. `transfers branch ID` runs one branch.

mod arguments;
mod branch;
mod demo;

use anyhow::Result;

use crate::arguments::{Arguments, Role};

/// The model, compiled.
mod model {
    mpcal_runtime::include_model!("transfers");
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::read();
    let (data, _temporary) = match &arguments.data {
        Some(data) => (data.clone(), None),
        None => tempfile::tempdir().map(|directory| (directory.path().to_owned(), Some(directory)))?,
    };
    std::fs::create_dir_all(&data)?;
    match arguments.role {
        None => demo::run(&arguments, &data).await,
        Some(Role::Branch { id }) => branch::run(&arguments, &data, id).await,
    }
}
