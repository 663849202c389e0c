//! Records of files.

use std::io::Write as _;

use indicatif::{ProgressBar, ProgressStyle};
use model::Timestamp;

use super::{Args, out};
use crate::output::{self, Ended, Format, Outcome};
use crate::verbs::Assignment;

/// Replays records of files against an organisation folder.
pub fn run(
    args: Args,
    (from, to): (Option<Timestamp>, Option<Timestamp>),
    format: Format,
) -> Outcome {
    let Some(org) = args.org.clone() else {
        return output::misused("records of files need --org DIR: who and what they are about");
    };
    let content = match engine::offline::content(args.content.content.as_deref()) {
        Ok(content) => content,
        Err(problems) => {
            output::problems(&problems, format)?;
            return Ok(Ended::ProblemsFound);
        }
    };
    let (org, problems) = engine::offline::organisation(&org)?;
    output::problems(&problems, format)?;
    let Some(org) = org else { return Ok(Ended::ProblemsFound) };
    let mut to_file = out(&args)?;
    let pairs = |list: Vec<Assignment>| list.into_iter().map(|a| (a.name, a.file)).collect();
    let request = engine::offline::ReplayRequest {
        mappings: pairs(args.mapping),
        sources: pairs(args.source),
        from,
        to,
        provisional: args.provisional,
    };
    let bar = bar(0);
    let told = bar.clone();
    let progress = move |step: engine::offline::ReplayStep| match step {
        engine::offline::ReplayStep::Read(records) => told.set_message(format!("{records} read")),
        engine::offline::ReplayStep::Judged(done, of) => {
            told.set_length(of);
            told.set_position(done);
            told.set_message("judged");
        }
    };
    let summary =
        engine::offline::replay_telling(&content, org, &request, (&mut to_file, &progress))?;
    bar.finish_and_clear();
    to_file.flush()?;
    match format {
        Format::Text => output::note(&summary),
        Format::Json => output::note(serde_json::to_string(&summary)?),
    }
    Ok(Ended::Done)
}

/// A bar on a terminal; nothing elsewhere.
pub fn bar(of: u64) -> ProgressBar {
    let bar = ProgressBar::new(of);
    let style = "{bar:30} {human_pos}/{human_len} events {msg}, {per_sec}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}
