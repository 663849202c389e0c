//! `castellan rules`: check, test, eval.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use model::Problem;
use model::problem::Gravity;

use crate::output::{self, Ended, Format, Outcome};

/// Load, test and evaluate detection rules.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  castellan rules check my-content/rules\n  \
    castellan rules test my-content/rules\n  \
    castellan rules eval --rules refused.yml --events some.ndjson\n  \
    castellan rules explain leaver-badge some.ndjson:3 --org acme/")]
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
        /// Content folder whose mappings and log sources count beside the shipped ones.
        #[arg(long, value_name = "DIR")]
        content: Option<PathBuf>,
    },
    /// Run each rule's own cases.
    Test {
        /// Folder with rules and the cases beside them.
        dir: PathBuf,
    },
    /// Say why a rule matches an event, or does not: each condition with the value seen.
    ///
    /// EVENT is FILE or FILE:N (the N-th line of an NDJSON file, from 0), whose other lines are a
    /// correlation's window; or RECORD/PART, an event of a data folder's history.
    Explain {
        /// A rule's id, or a file that holds one.
        rule: String,
        /// FILE, FILE:N, or RECORD/PART.
        event: String,
        /// Content folder whose rules and mappings count beside the shipped ones.
        #[arg(long, value_name = "DIR")]
        content: Option<PathBuf>,
        /// Organisation folder that the events of a file are resolved against.
        #[arg(long, value_name = "DIR")]
        org: Option<PathBuf>,
        #[command(flatten)]
        data: super::DataArg,
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
        Verb::Check { dir, content } => check(&dir, content.as_deref(), format),
        Verb::Explain { rule, event, content, org, data } => {
            let told = match stored(&event) {
                Some(key) => match super::explain::stored(&rule, key, &data, format)? {
                    Some(told) => told,
                    None => return Ok(Ended::ProblemsFound),
                },
                None => match super::explain::in_file(&rule, &event, content, org, format)? {
                    Some(told) => told,
                    None => return Ok(Ended::ProblemsFound),
                },
            };
            super::explain::print(&told, format)?;
            Ok(Ended::Done)
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

/// `RECORD/PART`, unless a file has that name.
fn stored(text: &str) -> Option<(u64, u16)> {
    let (record, part) = text.split_once('/')?;
    let key = (record.parse().ok()?, part.parse().ok()?);
    (!Path::new(text).exists()).then_some(key)
}

/// Warnings of one kind that are printed for people; scripts get all.
const ALIKE_MAX: usize = 20;

fn check(dir: &Path, content: Option<&Path>, format: Format) -> Outcome {
    let report = engine::offline::rules_check(dir, content)?;
    let (told, left) = match format {
        Format::Json => (report.problems.clone(), BTreeMap::new()),
        Format::Text => some_of(&report.problems),
    };
    let found = output::problems(&told, format)?;
    for (code, more) in left {
        output::note(format_args!("and {more} more warnings [{code}]; --format json lists all"));
    }
    let deaf: usize = report.unheard.values().sum();
    if deaf > 0 {
        let mut by_count: Vec<_> = report.unheard.iter().collect();
        by_count.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
        let shown = by_count.iter().take(ALIKE_MAX).map(|(name, count)| format!("{count} {name}"));
        let shown: Vec<_> = shown.collect();
        let rest = by_count.len().saturating_sub(ALIKE_MAX);
        let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        output::note(format_args!("{deaf} have no events here: {}{rest}", shown.join(", ")));
    }
    output::note(format_args!("{} rules, {} problems", report.rules, report.problems.len()));
    Ok(if found { Ended::ProblemsFound } else { Ended::Done })
}

/// Every error, and of each kind of warning so many.
fn some_of(problems: &[Problem]) -> (Vec<Problem>, BTreeMap<String, usize>) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut told = Vec::new();
    for problem in problems {
        let count = seen.entry(&problem.code).or_default();
        *count += usize::from(problem.gravity == Gravity::Warning);
        if *count <= ALIKE_MAX {
            told.push(problem.clone());
        }
    }
    let left = seen.into_iter().filter(|(_, count)| *count > ALIKE_MAX);
    (told, left.map(|(code, count)| (code.to_owned(), count - ALIKE_MAX)).collect())
}
