//! `castellan query`: SQL over the lake and what is not yet in it.

use std::time::Duration;

use anyhow::Context as _;
use engine::config::Config;
use serde::Deserialize;
use serde_json::Value;

use super::DataArg;
use super::serve::{runtime, start_logging};
use crate::local;
use crate::output::{self, Ended, Format, Outcome};

/// Longest wait for the journal's rest when no server runs.
const CATCH_UP_MAX: Duration = Duration::from_secs(600);

/// Ask the lake, and what is not yet in it, in SQL.
///
/// The table is `events`; `SELECT * FROM events LIMIT 1` shows its columns, and `ocsf` holds each
/// whole event as JSON. The table `raw` holds what sources said, word by word; `body` is bytes,
/// `CAST(body AS VARCHAR)` shows them as text. A server that
/// holds the data folder is asked; without one the folder is opened.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  castellan query \"SELECT person, count(*) FROM events \
    WHERE class_uid = 4230001 GROUP BY person ORDER BY 2 DESC LIMIT 10\"")]
pub struct Args {
    /// One SELECT statement.
    sql: String,
    #[command(flatten)]
    data: DataArg,
}

#[derive(Debug, Deserialize)]
struct Answer {
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
    truncated: bool,
}

/// Runs the verb.
pub fn run(args: Args, format: Format) -> Outcome {
    let Some(config) = args.data.config(format)? else { return Ok(Ended::ProblemsFound) };
    let answer = match engine::folder::running(&config.data) {
        Some(server) => ask(&server, &args.sql)?,
        None => open(config, &args.sql)?,
    };
    print(&answer, format)?;
    if answer.rows.is_empty() {
        output::note("no rows");
    }
    if answer.truncated {
        output::note(format_args!("cut after {} rows", answer.rows.len()));
    }
    Ok(Ended::Done)
}

fn ask(server: &engine::folder::Running, sql: &str) -> anyhow::Result<Answer> {
    let body = serde_json::json!({"sql": sql, "raw": true}).to_string();
    let text = local::post(server, "/v1/query", &body)?;
    serde_json::from_str(&text).context("the server's answer is not readable")
}

fn open(config: Config, sql: &str) -> anyhow::Result<Answer> {
    start_logging();
    let result = runtime()?.block_on(engine::offline::query(config, sql, CATCH_UP_MAX))?;
    let rows = result.rows()?;
    let columns: Vec<String> = result.columns.iter().map(|c| c.name.clone()).collect();
    let row = |row: &serde_json::Map<String, Value>| {
        columns.iter().map(|c| row.get(c).cloned().unwrap_or(Value::Null)).collect()
    };
    Ok(Answer { rows: rows.iter().map(row).collect(), truncated: result.truncated, columns })
}

fn print(answer: &Answer, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => {
            for row in &answer.rows {
                let pairs = answer.columns.iter().cloned().zip(row.iter().cloned());
                output::json_line(&pairs.collect::<serde_json::Map<String, Value>>())?;
            }
        }
        Format::Text => {
            output::line(answer.columns.join("\t"))?;
            for row in &answer.rows {
                output::line(row.iter().map(shown).collect::<Vec<_>>().join("\t"))?;
            }
        }
    }
    Ok(())
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.replace(['\t', '\n'], " "),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
