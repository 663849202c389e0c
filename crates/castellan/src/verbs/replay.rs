//! `castellan replay`: the past through today's rules.

use std::path::PathBuf;

use anyhow::Context as _;
use model::Timestamp;

use super::{Assignment, ContentArg, assignment};
use crate::output::{self, Ended, Format, Outcome};

/// Past events, in the order of their own time, through today's rules.
///
/// Findings are written as JSON lines; the summary (events, findings, rejected, late, events per
/// second) goes to standard error.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  castellan replay --org acme/ --mapping pacs-csv=badges.csv \
    --mapping openssh=auth.log --out findings.ndjson")]
pub struct Args {
    /// Organisation folder: who and what the events are resolved against.
    #[arg(long, value_name = "DIR")]
    org: PathBuf,
    #[command(flatten)]
    content: ContentArg,
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
    /// Also write findings that a later event overturned or made final.
    #[arg(long)]
    provisional: bool,
}

/// Runs the verb.
pub fn run(args: Args, format: Format) -> Outcome {
    if args.mapping.is_empty() && args.source.is_empty() {
        return output::misused(
            "replay needs at least one --mapping NAME=FILE or --source ID=FILE",
        );
    }
    let (Ok(from), Ok(to)) = (instant(args.from.as_deref()), instant(args.to.as_deref())) else {
        return output::misused(
            "--from and --to take an RFC 3339 time, such as 2026-11-22T08:00:00Z",
        );
    };
    let content = match engine::offline::content(args.content.content.as_deref()) {
        Ok(content) => content,
        Err(problems) => {
            output::problems(&problems, format)?;
            return Ok(Ended::ProblemsFound);
        }
    };
    let (org, problems) = engine::offline::organisation(&args.org)?;
    output::problems(&problems, format)?;
    let Some(org) = org else { return Ok(Ended::ProblemsFound) };
    let pairs = |list: Vec<Assignment>| list.into_iter().map(|a| (a.name, a.file)).collect();
    let request = engine::offline::ReplayRequest {
        mappings: pairs(args.mapping),
        sources: pairs(args.source),
        from,
        to,
        provisional: args.provisional,
    };
    let mut out: Box<dyn std::io::Write> = match &args.out {
        Some(path) => Box::new(std::io::BufWriter::new(
            std::fs::File::create(path)
                .with_context(|| format!("cannot write {}", path.display()))?,
        )),
        None => Box::new(std::io::BufWriter::new(std::io::stdout().lock())),
    };
    let summary = engine::offline::replay(&content, org, &request, &mut out)?;
    out.flush()?;
    match format {
        Format::Text => output::note(&summary),
        Format::Json => output::note(serde_json::to_string(&summary)?),
    }
    Ok(Ended::Done)
}

fn instant(text: Option<&str>) -> Result<Option<Timestamp>, ()> {
    text.map(|t| Timestamp::from_rfc3339(t).ok_or(())).transpose()
}
