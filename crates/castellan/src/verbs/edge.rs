//! `castellan edge` and `castellan serve --role edge`: a box that decides at its own doors.

use anyhow::Context as _;
use clap::Subcommand;
use engine::clock::Clock;
use engine::config::Config;
use engine::edge::{Edge, Identity, enrol};
use serde_json::json;

use super::DataArg;
use super::serve::{StopAsked, runtime};
use crate::output::{self, Ended, Format, Outcome};

/// Take this machine into service as an edge, and see who it is.
///
/// An edge decides at its own doors by rights that its server has signed, whether the server is
/// there or not.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  castellan edge enrol --code castellan-edge:… --data /var/lib/edge"
)]
pub struct Args {
    #[command(flatten)]
    data: DataArg,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Ask to be taken into service, and wait until somebody has approved it.
    Enrol {
        /// The code that the server gave for this point; `-` reads it from standard input.
        #[arg(long, value_name = "CODE")]
        code: String,
    },
    /// Print which point this machine is, and where its server is.
    Show,
}

/// Runs the verb.
pub fn run(args: Args, format: Format) -> Outcome {
    let Some(config) = args.data.config(format)? else { return Ok(Ended::ProblemsFound) };
    match args.verb {
        Verb::Enrol { code } => taken_in(&config, &code, format),
        Verb::Show => {
            let identity = Identity::open(&config.data)?;
            let given = &identity.given;
            match format {
                Format::Json => {
                    output::line(json!({ "point": given.point, "server": given.server }))?;
                }
                Format::Text => {
                    output::line(format_args!(
                        "{} of the server at {}",
                        given.point, given.server
                    ))?;
                }
            }
            Ok(Ended::Done)
        }
    }
}

fn taken_in(config: &Config, code: &str, format: Format) -> Outcome {
    let code = match code {
        // A code on the command line is seen by whoever lists processes.
        "-" => {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).context("no code on standard input")?;
            line
        }
        code => code.to_owned(),
    };
    let mut told = None;
    let waiting = |fingerprint: &str| {
        if told.as_deref() != Some(fingerprint) {
            output::note(format_args!("waiting for approval; this edge's key: {fingerprint}"));
            told = Some(fingerprint.to_owned());
        }
    };
    let point = runtime()?.block_on(enrol(&config.data, &code, waiting))?;
    match format {
        Format::Json => output::line(json!({ "point": point }))?,
        Format::Text => output::line(format_args!("this machine is the edge {point} now"))?,
    }
    Ok(Ended::Done)
}

/// Serves the doors of one point until a signal asks to stop.
pub fn serve(config: &Config) -> Outcome {
    let runtime = runtime()?;
    runtime.block_on(async {
        let mut asked = StopAsked::listen()?;
        let edge = Edge::start(config, Clock::system()).await?;
        let doors = config.doors.doors.len();
        let point = edge.identity.point();
        output::note(format_args!("castellan serves {doors} doors as the edge {point}"));
        asked.wait().await;
        edge.stop().await?;
        Ok(Ended::Done)
    })
}
