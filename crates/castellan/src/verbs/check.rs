//! `castellan check`: is everything as it should be, without opening a socket.

use std::path::PathBuf;

use super::ContentArg;
use crate::output::{self, Ended, Format, Outcome};

/// Validate configuration, organisation and content; opens no socket.
///
/// All problems are told at once, each with file, line and column. Writes nothing, except with
/// `UPDATE=1` in the environment: then the expected events of your own mappings' samples.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  castellan check --config castellan.toml --print\n  \
    castellan check --content my-content")]
pub struct Args {
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Organisation folder.
    #[arg(long, value_name = "DIR")]
    org: Option<PathBuf>,
    #[command(flatten)]
    content: ContentArg,
    /// Print the configuration and limits in force.
    #[arg(long)]
    print: bool,
}

/// Runs the verb.
pub fn run(args: Args, format: Format) -> Outcome {
    let request = engine::offline::CheckRequest {
        config: args.config,
        org: args.org,
        content: args.content.content,
    };
    let report = engine::offline::check(&request)?;
    let found = output::problems(&report.problems, format)?;
    if args.print {
        output::line(&report.printed)?;
    }
    output::note(&report.summary);
    Ok(if found { Ended::ProblemsFound } else { Ended::Done })
}
