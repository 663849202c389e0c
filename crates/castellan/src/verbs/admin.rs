//! `castellan admin`: is what lies in the data folder whole.

use clap::Subcommand;

use super::DataArg;
use crate::output::{self, Ended, Format, Outcome};

/// Look after the data folder: verify its integrity, check the audit chain.
///
/// Works offline, on the files alone.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  castellan admin verify --data castellan-data")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    data: DataArg,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Check journal, state, lake and audit chain.
    Verify,
    /// Check the audit chain alone.
    Audit,
}

/// Runs the verb.
pub fn run(args: Args, format: Format) -> Outcome {
    let Some(config) = args.data.config(format)? else { return Ok(Ended::ProblemsFound) };
    let report = match args.verb {
        Verb::Verify => engine::offline::verify(&config.data),
        Verb::Audit => engine::offline::verify_audit(&config.data),
    }?;
    for line in &report.lines {
        match format {
            Format::Text => output::line(line)?,
            Format::Json => output::json_line(line)?,
        }
    }
    Ok(if report.is_whole() { Ended::Done } else { Ended::ProblemsFound })
}
