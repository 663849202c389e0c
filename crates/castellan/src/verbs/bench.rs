//! `castellan bench`: named workloads with machine-readable figures.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::Value;

use crate::bench;
use crate::output::{self, Ended, Format, Outcome};

/// Measure named workloads on this machine.
///
/// Figures per CPU-second count this process's own time; the load comes from a second process
/// where it would disturb. Use a release build.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  castellan bench normalise --records 100000 --json")]
pub struct Args {
    #[command(subcommand)]
    workload: Workload,
    /// Print figures as one JSON object.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Workload {
    /// Records to valid OCSF, by mapping.
    Normalise {
        /// Records of each mapping.
        #[arg(long, default_value_t = 200_000)]
        records: u64,
    },
    /// Acknowledged means on disk: records a second and how long an acknowledgement takes.
    Journal {
        /// Seconds to run.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// The whole road: TCP syslog and HTTP on loopback, durable, OCSF, enriched, rules, lake.
    Road {
        /// Seconds to run.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Records a second to send; 0 sends as fast as they are taken.
        #[arg(long, default_value_t = 0)]
        rate: u64,
        /// Extra rules, such as 500 from SigmaHQ.
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
    },
    /// From an event on the wire to its incident on the live stream, under load.
    Latency {
        /// Seconds to run.
        #[arg(long, default_value_t = 30)]
        seconds: u64,
        /// Records a second beside the measured ones.
        #[arg(long, default_value_t = 5_000)]
        rate: u64,
    },
    /// History: events into the lake, then the usual questions.
    Search {
        /// Events.
        #[arg(long, default_value_t = 8_000_000)]
        events: u64,
        /// Days that they are spread over.
        #[arg(long, default_value_t = 5)]
        days: u64,
        /// Where the lake is made; a folder that is removed afterwards if absent.
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// A day of events in the lake, then all of it through the shipped rules.
    Replay {
        /// Events.
        #[arg(long, default_value_t = 5_000_000)]
        events: u64,
        /// Where the data folder is made; a folder that is removed afterwards if absent.
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// From a revocation to the last of many connected edges refusing, and to every receipt.
    Revocation {
        /// Edges.
        #[arg(long, default_value_t = 500)]
        edges: usize,
        /// So many of them are real ones, each a process with a door; the rest speak the link's
        /// protocol from this process.
        #[arg(long, default_value_t = 3)]
        real: usize,
        /// Revocations, one after the other.
        #[arg(long, default_value_t = 50)]
        revocations: usize,
    },
    /// From a card at a reader's socket to the command that releases the strike, while the event
    /// road beside it idles, is flooded, or has no disk, and at an edge whose server is gone.
    Door(bench::door::Plan),
    /// What an edge holds in memory: after it took all its rights, after a change of them, and
    /// after a start without its server.
    Edge(bench::edge::Plan),
    /// From starting the process to readiness, on a data folder.
    Start {
        /// Data folder.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// The readers that `door` measures from, as a process beside it.
    #[command(hide = true)]
    Field(bench::field::Plan),
    /// The load generator that `road` and `latency` start beside themselves.
    #[command(hide = true)]
    Load(bench::load::Plan),
}

/// Runs the verb.
pub fn run(args: Args, format: Format) -> Outcome {
    let figures = match args.workload {
        Workload::Normalise { records } => bench::normalise::run(records)?,
        Workload::Journal { seconds } => bench::journal::run(seconds)?,
        Workload::Road { seconds, rate, rules } => bench::road::run(seconds, rate, rules)?,
        Workload::Latency { seconds, rate } => bench::latency::run(seconds, rate)?,
        Workload::Search { events, days, folder } => {
            bench::search::run(&bench::search::Plan { events, days, folder })?
        }
        Workload::Replay { events, folder } => bench::replay::run(events, folder)?,
        Workload::Revocation { edges, real, revocations } => {
            bench::revocation::run((edges, real), revocations)?
        }
        Workload::Start { data } => bench::road::start(data)?,
        Workload::Edge(plan) => bench::edge::run(&plan)?,
        Workload::Door(plan) => bench::door::run(&plan)?,
        Workload::Field(plan) => bench::field::run(&plan)?,
        Workload::Load(plan) => bench::load::run(&plan)?,
    };
    print(&figures, args.json || format == Format::Json)?;
    Ok(Ended::Done)
}

fn print(figures: &Value, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json_line(figures);
    }
    for (name, value) in figures.as_object().into_iter().flatten() {
        match value {
            Value::Object(inner) => {
                output::line(format_args!("{name}:"))?;
                for (name, value) in inner {
                    output::line(format_args!("  {name}: {value}"))?;
                }
            }
            other => output::line(format_args!("{name}: {other}"))?,
        }
    }
    Ok(())
}
