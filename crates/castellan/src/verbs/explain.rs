//! `castellan rules explain`: an explanation in words, or as JSON.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use engine::detect::explain::{Explanation, Joined, Literal, Outcome, WindowTold};
use engine::detect::rules::Truth;
use engine::offline::InFile;

use super::DataArg;
use super::serve::{runtime, start_logging};
use crate::local;
use crate::output::{self, Format};

/// How long a stored event's journal is waited for.
const WAIT_MAX: Duration = Duration::from_secs(120);

/// Of an event of a file; `None` when the organisation has problems, which are printed.
pub fn in_file(
    rule: &str,
    event: &str,
    content: Option<PathBuf>,
    org: Option<PathBuf>,
    format: Format,
) -> anyhow::Result<Option<Explanation>> {
    let org = match org {
        None => None,
        Some(folder) => {
            let (org, problems) = engine::offline::organisation(&folder)?;
            output::problems(&problems, format)?;
            if org.is_none() {
                return Ok(None);
            }
            org
        }
    };
    let whole = (Path::new(event), 0);
    let named = event.rsplit_once(':').and_then(|(file, number)| {
        let number = number.parse().ok()?;
        (!whole.0.exists()).then_some((Path::new(file), number))
    });
    let (file, number) = named.unwrap_or(whole);
    let at = InFile { file, number };
    Ok(Some(engine::offline::explain(rule, at, content.as_deref(), org)?))
}

/// Of an event of a data folder; `None` when its configuration has problems, which are printed.
pub fn stored(
    rule: &str,
    event: (u64, u16),
    data: &DataArg,
    format: Format,
) -> anyhow::Result<Option<Explanation>> {
    let Some(config) = data.config(format)? else { return Ok(None) };
    if let Some(server) = engine::folder::running(&config.data) {
        let body = serde_json::json!({"rule": rule, "record": event.0, "part": event.1});
        let text = local::post(&server, "/v1/rules/explain", &body.to_string())?;
        let told = serde_json::from_str(&text).context("the server's answer is not readable")?;
        return Ok(Some(told));
    }
    start_logging();
    let told = engine::offline::explain_stored(config, rule, event, WAIT_MAX);
    Ok(Some(runtime()?.block_on(told)?))
}

/// Prints it.
pub fn print(told: &Explanation, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => output::json_line(told),
        Format::Text => text(told, ""),
    }
}

fn text(told: &Explanation, indent: &str) -> anyhow::Result<()> {
    output::line(format_args!("{indent}{}: {}", told.rule, told.because))?;
    if let Some(words) = told.routing.words.as_ref().filter(|_| told.outcome != Outcome::NotTried) {
        output::line(format_args!("{indent}  log source: {words}"))?;
    }
    for condition in &told.conditions {
        output::line(format_args!("{indent}  condition: {condition}"))?;
    }
    for part in &told.parts {
        let decisive = if part.is_decisive { ", decisive" } else { "" };
        let filter = if part.filter.is_some() { " (a filter's)" } else { "" };
        let name = part.filter.as_deref().unwrap_or(&part.name);
        let of = joined(part.of);
        output::line(format_args!(
            "{indent}  {} {name}{filter}, {of}{decisive}",
            mark(part.truth)
        ))?;
        for literal in &part.literals {
            print_literal(literal, &format!("{indent}    "))?;
        }
    }
    if let Some(window) = &told.window {
        print_window(window, indent)?;
    }
    Ok(())
}

fn print_literal(literal: &Literal, indent: &str) -> anyhow::Result<()> {
    let saw = match (&literal.saw, &literal.unknown, &literal.field) {
        (Some(saw), _, _) => format!("; it is `{saw}`"),
        (None, Some(why), _) => format!("; nobody knows ({why})"),
        (None, None, Some(_)) => "; the event has no such field".to_owned(),
        (None, None, None) => String::new(),
    };
    output::line(format_args!("{indent}{} {}{saw}", mark(literal.truth), literal.asks))?;
    for member in &literal.members {
        print_literal(member, &format!("{indent}  "))?;
    }
    Ok(())
}

fn print_window(window: &WindowTold, indent: &str) -> anyhow::Result<()> {
    for (name, value) in &window.group {
        let value = value.as_deref().unwrap_or("(none)");
        output::line(format_args!("{indent}  group: {name} = {value}"))?;
    }
    output::line(format_args!("{indent}  window: {} to {}", window.from, window.to))?;
    for one in &window.matches {
        let at = format!("{}:{}", one.source, one.record);
        output::line(format_args!("{indent}    {} {} {at}", one.time, one.rule))?;
    }
    if window.more > 0 {
        output::line(format_args!("{indent}    and {} more", window.more))?;
    }
    for rule in &window.missing {
        output::line(format_args!("{indent}  missing: {rule}"))?;
    }
    for input in &window.inputs {
        text(input, &format!("{indent}  "))?;
    }
    Ok(())
}

fn mark(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "yes    ",
        Truth::Unknown => "unknown",
        Truth::False => "no     ",
    }
}

fn joined(of: Joined) -> &'static str {
    match of {
        Joined::All => "all of",
        Joined::Any => "one of",
    }
}
