//! `castellan whereabouts`: who could it have been.

use std::io::Write as _;
use std::path::PathBuf;

use engine::offline::{Answered, ReplayRequest};

use super::{Assignment, ContentArg, assignment};
use crate::output::{self, Ended, Format, Outcome};

/// Who could it have been: each person of the organisation against moments at places.
///
/// Writes one JSON line per person: `consistent` with every moment, `excluded` by one at which they
/// were known to be elsewhere, or `unknown`; with the evidence. The summary goes to standard error.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  castellan whereabouts --org acme/ --mapping pacs-csv=badges.csv \
    --at moments.csv\n\nmoments.csv has a column `time`, and may have `place` (a door, zone, room \
    or site) and `event`\n(SOURCE:RECORD, the event that the moment was made from). Without a \
    place it is only asked who\nwas in at all."
)]
pub struct Args {
    /// Organisation folder: the people who are asked about.
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
    /// The moments, as CSV.
    #[arg(long, value_name = "MOMENTS.csv")]
    at: PathBuf,
}

/// Runs the verb.
pub fn run(args: Args, format: Format) -> Outcome {
    if args.mapping.is_empty() && args.source.is_empty() {
        return output::misused(
            "whereabouts needs at least one --mapping NAME=FILE or --source ID=FILE",
        );
    }
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
    let request = ReplayRequest {
        mappings: pairs(args.mapping),
        sources: pairs(args.source),
        from: None,
        to: None,
        provisional: false,
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let asked = (&request, args.at.as_path());
    match engine::offline::whereabouts(&content, org, asked, &mut out)? {
        Answered::Refused(problems) => {
            drop(out);
            output::problems(&problems, format)?;
            Ok(Ended::ProblemsFound)
        }
        Answered::Told(summary) => {
            out.flush()?;
            match format {
                Format::Text => output::note(&summary),
                Format::Json => output::note(serde_json::to_string(&summary)?),
            }
            Ok(Ended::Done)
        }
    }
}
