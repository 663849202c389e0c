//! `castellan replay`: the past through today's rules, or through a draft.

mod files;
mod lake;

use std::path::PathBuf;

use anyhow::Context as _;
use model::{PlaceId, RuleId, SourceId, Timestamp};

use super::{Assignment, ContentArg, DataArg, assignment};
use crate::output::{self, Format, Outcome};

/// Past events, in the order of their own time, through today's rules or a draft.
///
/// With --mapping or --source: records of files, resolved against --org. Without: what the data
/// folder (--data, --config) has kept, through the rules in force or, with --rules, through a
/// draft; the server that holds the folder is asked, and without one the folder is opened.
/// Findings are written as JSON lines; the summary (events, findings by rule and day, events per
/// second) goes to standard error. Nothing becomes an incident.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  castellan replay --org acme/ --mapping pacs-csv=badges.csv \
    --mapping openssh=auth.log --out findings.ndjson\n  castellan replay --data castellan-data \
    --rules night.yml --compare --from 2026-11-01T00:00:00Z --out findings.ndjson")]
pub struct Args {
    /// Organisation folder: who and what the records of files are resolved against.
    #[arg(long, value_name = "DIR")]
    org: Option<PathBuf>,
    #[command(flatten)]
    content: ContentArg,
    #[command(flatten)]
    data: DataArg,
    /// Records of one mapping; `auto=FILE` recognises each record. May be given many times.
    #[arg(long, value_name = "NAME=FILE", value_parser = assignment)]
    mapping: Vec<Assignment>,
    /// Records of one source of the organisation folder. May be given many times.
    #[arg(long, value_name = "ID=FILE", value_parser = assignment)]
    source: Vec<Assignment>,
    /// Only events at or after this instant (RFC 3339).
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only events before this instant (RFC 3339).
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Where findings go; standard output if absent.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Also write findings that a later event overturned or made final (files only).
    #[arg(long)]
    provisional: bool,
    /// A draft: a rule file, or a folder of them, among the rules in force (data folder only).
    #[arg(long, value_name = "PATH")]
    rules: Option<PathBuf>,
    /// Only this rule. May be given many times (data folder only).
    #[arg(long, value_name = "ID", value_parser = rule_id)]
    rule: Vec<RuleId>,
    /// Replay the rules in force beside the draft, and say what only one of them finds.
    #[arg(long, requires = "rules")]
    compare: bool,
    /// Only findings about this site (data folder only).
    #[arg(long, value_name = "ID", value_parser = place_id)]
    site: Option<PlaceId>,
    /// How long before --from the reading begins, so that it is known where people are; chosen
    /// from the rules and places if absent (data folder only).
    #[arg(long, value_name = "DURATION")]
    warm: Option<String>,
    /// The hours in which this source's late events wait to be judged again (data folder only).
    #[arg(long, value_name = "SOURCE", value_parser = source_id)]
    late_of: Option<SourceId>,
}

/// Runs the verb.
pub fn run(args: Args, format: Format) -> Outcome {
    let (Ok(from), Ok(to)) = (instant(args.from.as_deref()), instant(args.to.as_deref())) else {
        return output::misused(
            "--from and --to take an RFC 3339 time, such as 2026-11-22T08:00:00Z",
        );
    };
    let is_of_files = !args.mapping.is_empty() || !args.source.is_empty();
    if !is_of_files && !args.data.is_named() {
        return output::misused(
            "replay needs at least one --mapping NAME=FILE or --source ID=FILE, or a data folder \
             by --data or --config",
        );
    }
    let of_lake = [
        ("--data", args.data.is_named()),
        ("--rules", args.rules.is_some()),
        ("--rule", !args.rule.is_empty()),
        ("--site", args.site.is_some()),
        ("--warm", args.warm.is_some()),
        ("--late-of", args.late_of.is_some()),
    ];
    if let Some((name, _)) = of_lake.iter().find(|(_, is_given)| is_of_files && *is_given) {
        return output::misused(&format!("{name} is about a data folder, not about files"));
    }
    if is_of_files {
        files::run(args, (from, to), format)
    } else {
        lake::run(args, (from, to), format)
    }
}

type Out = Box<dyn std::io::Write>;

/// Where findings go.
fn out(args: &Args) -> anyhow::Result<Out> {
    Ok(match &args.out {
        Some(path) => Box::new(std::io::BufWriter::new(
            std::fs::File::create(path)
                .with_context(|| format!("cannot write {}", path.display()))?,
        )),
        None => Box::new(std::io::BufWriter::new(std::io::stdout().lock())),
    })
}

fn instant(text: Option<&str>) -> Result<Option<Timestamp>, ()> {
    text.map(|t| Timestamp::from_rfc3339(t).ok_or(())).transpose()
}

fn rule_id(text: &str) -> Result<RuleId, String> {
    RuleId::parse(text).map_err(|error| error.to_string())
}

fn place_id(text: &str) -> Result<PlaceId, String> {
    PlaceId::parse(text).map_err(|error| error.to_string())
}

fn source_id(text: &str) -> Result<SourceId, String> {
    SourceId::parse(text).map_err(|error| error.to_string())
}
