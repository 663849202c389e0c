//! `castellan normalise`: records in, OCSF out.

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use super::ContentArg;
use crate::output::{self, Ended, Outcome};

/// Records in, OCSF events out, one line per event.
///
/// A record that cannot be mapped gives `{"dead_letter": …}`. Every record yields at least one
/// line; the counts on standard error add up. Files may be NDJSON, JSON, syslog or other lines,
/// CSV, XML, each also as .gz or .zst; `-` is standard input.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  castellan normalise /var/log/auth.log\n  \
    castellan normalise --mapping fortigate firewall.log.gz | jq .class_name")]
pub struct Args {
    /// A mapping's name, or `auto` to recognise each record.
    #[arg(long, default_value = "auto")]
    mapping: String,
    #[command(flatten)]
    content: ContentArg,
    /// IANA time zone of bare local times in the records.
    #[arg(long, default_value = "UTC")]
    time_zone: String,
    /// What to read, in this order.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Runs the verb.
pub fn run(args: Args) -> Outcome {
    let content = match engine::offline::content(args.content.content.as_deref()) {
        Ok(content) => content,
        Err(problems) => {
            output::problems(&problems, output::Format::Text)?;
            return Ok(Ended::ProblemsFound);
        }
    };
    let request = engine::offline::NormaliseRequest {
        mapping: args.mapping,
        time_zone: args.time_zone,
        files: args.files,
    };
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    let summary = engine::offline::normalise(&content, &request, &mut out)?;
    out.flush()?;
    output::note(summary);
    Ok(Ended::Done)
}
