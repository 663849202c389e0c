//! Writes what is generated below `schema/`: the OCSF subset from the schema's own source, the
//! API's description and the limits with their meaning as the built program itself prints them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::ocsf;

/// One generated file and the verb whose output it is.
struct Printed {
    file: &'static str,
    verb: &'static [&'static str],
}

const PRINTED: [Printed; 2] = [
    Printed { file: "schema/openapi.json", verb: &["openapi"] },
    Printed { file: "schema/limits.txt", verb: &["check", "--print"] },
];

/// Writes every generated file afresh.
pub fn run(root: &Path) -> Result<()> {
    ocsf_subset(root)?;
    let program = program(root)?;
    for printed in &PRINTED {
        let output = Command::new(&program)
            .args(printed.verb)
            .current_dir(root)
            .output()
            .with_context(|| format!("could not start {}", program.display()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`castellan {}` failed: {}", printed.verb.join(" "), said.trim());
        }
        let text = String::from_utf8(output.stdout).context("the output is no UTF-8")?;
        write(&root.join(printed.file), &text)?;
    }
    Ok(())
}

/// The facts of the OCSF classes that we emit. The schema's source does not ship: without it the
/// committed subset stays as it is, which is said.
fn ocsf_subset(root: &Path) -> Result<()> {
    let shared = std::env::var_os("CASTELLAN_SHARED")
        .map_or_else(|| root.join("../shared"), PathBuf::from)
        .join("data");
    let archive = shared.join("ocsf-schema/ocsf-schema-1.8.0.tar.gz");
    if !archive.is_file() {
        println!("unchanged  schema/ocsf-subset.json (no {} here)", archive.display());
        return Ok(());
    }
    let subset = ocsf::subset(&archive, &shared.join("ocsf-physec")).map_err(anyhow::Error::msg)?;
    write(&root.join("schema/ocsf-subset.json"), &ocsf::to_text(&subset))
}

/// The binary: `CASTELLAN_BIN`, or a build of the development profile.
fn program(root: &Path) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CASTELLAN_BIN") {
        return Ok(path.into());
    }
    crate::cargo(&["build", "--package", "castellan", "--locked"])?;
    let folder =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    Ok(folder.join("debug/castellan"))
}

/// Writes a file and says whether it changed.
fn write(path: &Path, text: &str) -> Result<()> {
    let before = fs::read_to_string(path).unwrap_or_default();
    if before == text {
        println!("unchanged  {}", path.display());
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    println!("written    {}", path.display());
    Ok(())
}
