//! `castellan rules`: check, test, eval.

use std::path::PathBuf;

use clap::Subcommand;

use crate::output::{self, Ended, Format, Outcome};

/// Load, test and evaluate detection rules.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  castellan rules check my-content/rules\n  \
    castellan rules test my-content/rules\n  \
    castellan rules eval --rules refused.yml --events some.ndjson")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Load every rule below a folder and say what is wrong with it.
    Check {
        /// Folder or file.
        dir: PathBuf,
    },
    /// Run each rule's own cases.
    Test {
        /// Folder with rules and the cases beside them.
        dir: PathBuf,
    },
    /// Try every rule on every event, without routing; print one line per match.
    Eval {
        /// Rule file or folder.
        #[arg(long, value_name = "PATH")]
        rules: PathBuf,
        /// Events as NDJSON: OCSF, or as the source gives them.
        #[arg(long, value_name = "FILE")]
        events: PathBuf,
        /// Run correlations as well and print their findings.
        #[arg(long)]
        correlate: bool,
    },
}

/// Runs the verb.
pub fn run(args: Args, format: Format) -> Outcome {
    match args.verb {
        Verb::Check { dir } => {
            let report = engine::offline::rules_check(&dir)?;
            let found = output::problems(&report.problems, format)?;
            output::note(format_args!(
                "{} rules, {} problems",
                report.rules,
                report.problems.len()
            ));
            Ok(if found { Ended::ProblemsFound } else { Ended::Done })
        }
        Verb::Test { dir } => {
            let report = engine::offline::rules_test(&dir)?;
            for case in &report.cases {
                match format {
                    Format::Json => output::json_line(case)?,
                    Format::Text => output::line(case)?,
                }
            }
            let found = output::problems(&report.problems, format)?;
            output::note(format_args!("{} passed, {} failed", report.passed, report.failed));
            let is_bad = found || report.failed > 0;
            Ok(if is_bad { Ended::ProblemsFound } else { Ended::Done })
        }
        Verb::Eval { rules, events, correlate } => {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            let report = engine::offline::rules_eval(&rules, &events, correlate, &mut out)?;
            std::io::Write::flush(&mut out)?;
            output::problems(&report.problems, Format::Text)?;
            output::note(&report.summary);
            Ok(Ended::Done)
        }
    }
}
