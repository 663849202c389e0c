//! The only automation: `check`, `tidy`, `gen`, `sim`.

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
  gen     write the generated files below schema/ afresh
  sim     the kernels' properties over N random cases: cargo xtask sim --seeds N";

fn main() -> ExitCode {
    let verb = std::env::args().nth(1);
    let outcome = match verb.as_deref() {
        Some("check") => check(),
        Some("tidy") => tidy(),
        Some("gen") => generate::run(&root()),
        Some("sim") => sim(),
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

/// Kernels with the tests that hold their properties.
const SIMULATED: [(&str, &[&str]); 2] = [
    (
        "detect",
        &["absence", "baseline", "conflict", "correlate", "fires", "kleene", "presence", "travel"],
    ),
    ("access", &["doorway", "life_safety", "revocation", "road", "schedules", "travel"]),
];
/// The same with a disk: revocations through crashes and restores, records through power cuts.
const SIMULATED_IN_ENGINE: &[&str] =
    &["warden::tests", "every_number_is_a_record_or_in_a_gap_through_full_disks_and_power_cuts"];

/// Arrival orders, crashes, replays, restores and ignorance, each over so many random cases. A case
/// that breaks a property is written beside the test as a seed and tried again by every later run.
fn sim() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    let seeds: u32 = match arguments.as_slice() {
        [flag, seeds] if flag == "--seeds" => seeds.parse().context("`--seeds` needs a number")?,
        _ => bail!("how many? cargo xtask sim --seeds 10000"),
    };
    let environment = [("PROPTEST_CASES", seeds.to_string())];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    for (package, tests) in SIMULATED {
        let tests: Vec<&str> = tests.iter().flat_map(|test| ["--test", test]).collect();
        let run = ["test", "--package", package, "--locked"];
        cargo_with(&[&run[..], &tests].concat(), &environment)?;
    }
    let engine = ["test", "--package", "engine", "--locked", "--lib", "--"];
    cargo_with(&[&engine[..], SIMULATED_IN_ENGINE].concat(), &environment)
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
    cargo_with(arguments, &[])
}

fn cargo_with(arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    println!("$ cargo {}", arguments.join(" "));
    let status = Command::new(program)
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(root())
        .status()
        .context("could not start cargo")?;
    if !status.success() {
        bail!("`cargo {}` ended with {status}", arguments.join(" "));
    }
    Ok(())
}
