//! The only automation: `check`, `tidy`, `gen`.

mod generate;
mod ocsf;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

/// Whose warnings are errors; `scripts/need.sh` installs it where there is no Rust.
const LINTED_VERSION: &str = "1.95.";

const USAGE: &str = "usage: cargo xtask <verb>
  check   formatting, clippy (warnings are errors with the Rust that we lint with), tidy
  tidy    the design's mechanical invariants, one line per breach
  gen     write the generated files below schema/ afresh";

fn main() -> ExitCode {
    let verb = std::env::args().nth(1);
    let outcome = match verb.as_deref() {
        Some("check") => check(),
        Some("tidy") => tidy(),
        Some("gen") => generate::run(&root()),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn check() -> Result<()> {
    cargo(&["fmt", "--all", "--check"])?;
    let mut clippy = vec!["clippy", "--workspace", "--all-targets", "--locked"];
    if is_linted_version()? {
        clippy.extend(["--", "--deny", "warnings"]);
    } else {
        eprintln!("xtask: not Rust {LINTED_VERSION}: warnings are told and break nothing");
    }
    cargo(&clippy)?;
    tidy()
}

/// Each compiler brings lints of its own; a newer one must not break a clean checkout.
fn is_linted_version() -> Result<bool> {
    let told = Command::new("rustc").arg("--version").output().context("starting rustc")?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let version = told.split(' ').nth(1).unwrap_or_default();
    Ok(version.starts_with(LINTED_VERSION))
}

fn tidy() -> Result<()> {
    let breaches = tidy::run(&root())?;
    for breach in &breaches {
        println!("{breach}");
    }
    match breaches.len() {
        0 => {
            println!("tidy: nothing to mend");
            Ok(())
        }
        count => bail!("tidy: {count} to mend"),
    }
}

/// The repository, found from this crate's own folder.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Runs cargo in the repository; its own messages reach the terminal.
fn cargo(arguments: &[&str]) -> Result<()> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    println!("$ cargo {}", arguments.join(" "));
    let status = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .status()
        .context("could not start cargo")?;
    if !status.success() {
        bail!("`cargo {}` ended with {status}", arguments.join(" "));
    }
    Ok(())
}
