//! How verbs speak: text for people, JSON for scripts, exit codes for both.

use std::io::Write as _;
use std::process::ExitCode;

use clap::ValueEnum;
use model::Problem;
use serde::Serialize;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For scripts.
    Json,
}

/// How a verb ended, when it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Done; findings, matches and dead letters included.
    Done,
    /// Problems were found by check, test, verify or audit.
    ProblemsFound,
    /// The command was misused.
    Misused,
    /// It is done here; not every point has confirmed it.
    Unconfirmed,
}

/// A verb's outcome.
pub type Outcome = anyhow::Result<Ended>;

/// 0 = done, 1 = failed or problems found, 2 = misused, 3 = done here and not confirmed everywhere.
pub fn exit_code(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::ProblemsFound) => ExitCode::from(1),
        Ok(Ended::Misused) => ExitCode::from(2),
        Ok(Ended::Unconfirmed) => ExitCode::from(3),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) if is_misuse(&error) => {
            let _ = writeln!(std::io::stderr(), "castellan: {error:#}");
            ExitCode::from(2)
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "castellan: {error:#}");
            ExitCode::from(1)
        }
    }
}

/// Says why the command was misused.
pub fn misused(why: &str) -> Outcome {
    let _ = writeln!(std::io::stderr(), "castellan: {why}");
    Ok(Ended::Misused)
}

/// Whether the arguments name something that does not exist.
fn is_misuse(error: &anyhow::Error) -> bool {
    use engine::offline::{DataError, OfflineError};
    let found = match error.downcast_ref::<DataError>() {
        Some(DataError::Unknown(found)) => Some(found),
        Some(_) | None => error.downcast_ref::<OfflineError>(),
    };
    matches!(found, Some(OfflineError::Unknown { .. }))
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

/// Prints one value as a JSON line.
pub fn json_line<T: Serialize>(value: &T) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, value)?;
    out.write_all(b"\n")?;
    Ok(())
}

/// Prints a line of text.
pub fn line(text: impl std::fmt::Display) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}

/// Says something beside the results.
pub fn note(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints problems; whether any of them is an error.
pub fn problems(problems: &[Problem], format: Format) -> anyhow::Result<bool> {
    for problem in problems {
        match format {
            Format::Text => note(problem),
            Format::Json => json_line(problem)?,
        }
    }
    Ok(problems.iter().any(|p| p.gravity == model::problem::Gravity::Error))
}
