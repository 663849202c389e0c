//! `castellan osdp`: recordings of lines of readers.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use engine::adapters::SecretRef;
use engine::adapters::osdp::Line;
use engine::clock::Clock;
use engine::offline::osdp::{self, RecordRequest, TraceRequest, Traced};

use crate::output::{self, Ended, Format, Outcome};

/// Record what is said on a line of OSDP readers, and read such recordings.
///
/// Recordings are files in the osdpcap format. Reading one tells every packet, and at its end what
/// it proves: clear text to readers that could do better, the install key in use, keys sent in
/// clear text, frames replayed, two readers at one address.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  castellan osdp trace gate.osdpcap --key 5=file:reader-5.key\n  \
    castellan osdp record --line serial:/dev/ttyUSB0@9600 --to gate.osdpcap --lasts 1m"
)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Trace(TraceArgs),
    Record(RecordArgs),
}

/// Read a recording.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  castellan osdp trace gate.osdpcap --key file:site.key \
    --format json")]
struct TraceArgs {
    /// The recording.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A reader's key as `ADDRESS=file:PATH` or `ADDRESS=env:NAME`, or one that fits any reader
    /// without `ADDRESS=`. Opens secure channels whose beginning was recorded. May be given often.
    #[arg(long, value_name = "[ADDRESS=]REF", value_parser = key)]
    key: Vec<(Option<u8>, SecretRef)>,
    /// Show card bits and numbers, keys pressed and texts. Keys of readers are never shown.
    #[arg(long)]
    reveal: bool,
    /// Only what the whole recording proves.
    #[arg(long)]
    findings: bool,
}

/// Record a line: by listening on it, or from between it and its panel.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  castellan osdp record --line tcp:10.0.0.9:4800 \
    --through 127.0.0.1:4800 --to gate.osdpcap\n\nWhoever listens on a line without secure \
    channel sees cards and codes: the file is readable\nby its owner alone.")]
struct RecordArgs {
    /// The line: `tcp:ADDRESS:PORT`, `unix:PATH` or `serial:PATH[@BAUD]` (9600 if absent).
    #[arg(long, value_name = "LINE", value_parser = line)]
    line: Line,
    /// Where the panel connects instead; everything is handed on. Needed where a line is a
    /// connection, which nobody else can listen on.
    #[arg(long, value_name = "ADDRESS:PORT")]
    through: Option<SocketAddr>,
    /// The new file.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Stop by itself after so long, such as 1m.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    lasts: Option<Duration>,
}

fn duration(text: &str) -> Result<Duration, String> {
    model::time::parse_duration(text).ok_or_else(|| "expected a duration such as 90s".to_owned())
}

fn key(text: &str) -> Result<(Option<u8>, SecretRef), String> {
    let parsed = text.split_once('=').and_then(|(address, reference)| {
        Some((Some(address.trim().parse().ok().filter(|one| *one < 127)?), reference))
    });
    let (address, reference) = parsed.unwrap_or((None, text));
    reference.parse().map(|reference| (address, reference)).map_err(|why| format!("{why}"))
}

fn line(text: &str) -> Result<Line, String> {
    let refuse = || "expected tcp:ADDRESS:PORT, unix:PATH or serial:PATH[@BAUD]".to_owned();
    match text.split_once(':') {
        Some(("tcp", address)) => address.parse().map(Line::Tcp).map_err(|_| refuse()),
        Some(("unix", path)) if !path.is_empty() => Ok(Line::Unix(PathBuf::from(path))),
        Some(("serial", port)) if !port.is_empty() => {
            let (path, baud) = port.rsplit_once('@').unwrap_or((port, "9600"));
            let baud = baud.parse().map_err(|_| refuse())?;
            Ok(Line::Serial { path: PathBuf::from(path), baud })
        }
        _ => Err(refuse()),
    }
}

/// Runs the verb.
pub fn run(args: Args, format: Format) -> Outcome {
    match args.verb {
        Verb::Trace(args) => trace(&args, format),
        Verb::Record(args) => record(args, format),
    }
}

fn trace(args: &TraceArgs, format: Format) -> Outcome {
    let request = TraceRequest { keys: args.key.clone(), is_revealing: args.reveal };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let is_json = format == Format::Json;
    let mut each = |traced: Traced| match traced {
        Traced::Packet(_) if args.findings => Ok(()),
        Traced::Packet(packet) if is_json => writeln!(out, "{}", packet.to_value()),
        Traced::Packet(packet) => writeln!(out, "{}", packet.to_text()),
        Traced::Finding(finding) if is_json => writeln!(out, "{}", finding.to_value()),
        Traced::Finding(finding) => writeln!(out, "finding: {}", finding.to_text()),
        Traced::Refused(why) => {
            output::note(why);
            Ok(())
        }
    };
    let summary = osdp::trace(&args.file, &request, &mut each)?;
    out.flush()?;
    match format {
        Format::Text => output::note(summary),
        Format::Json => output::note(serde_json::to_string(&summary)?),
    }
    Ok(if summary.refused == 0 { Ended::Done } else { Ended::ProblemsFound })
}

fn record(args: RecordArgs, format: Format) -> Outcome {
    let RecordArgs { line, through, to, lasts } = args;
    let request = RecordRequest { line, through, to, lasts };
    let mut listening = |address| output::note(format_args!("the panel is expected at {address}"));
    let summary = osdp::record(&request, &Clock::system(), &mut listening)?;
    match format {
        Format::Json => output::json_line(&summary)?,
        Format::Text => {
            let (records, bytes) = (summary.records, summary.bytes);
            output::line(format_args!("{records} records of {bytes} bytes"))?;
        }
    }
    Ok(Ended::Done)
}
