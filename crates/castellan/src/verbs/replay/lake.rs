//! What the data folder has kept.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use engine::config::Config;
use engine::offline::DataError;
use engine::replay::{Progress, ReplayAsk, ReplayError};
use indicatif::ProgressBar;
use model::{Problem, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use super::files::bar;
use super::{Args, Out, out};
use crate::local;
use crate::output::{self, Ended, Format, Outcome};
use crate::verbs::serve::{runtime, start_logging};

/// Longest wait for the journal's rest when no server runs.
const CATCH_UP_MAX: Duration = Duration::from_secs(600);
/// How often a run is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// Findings of one page of the server's.
const PAGE: usize = 500;

/// Replays a stretch of what a data folder has kept.
pub fn run(
    args: Args,
    (from, to): (Option<Timestamp>, Option<Timestamp>),
    format: Format,
) -> Outcome {
    let warm = match args.warm.as_deref().map(model::time::parse_duration) {
        Some(None) => return output::misused("--warm takes a duration such as 12h or 7d"),
        Some(warm) => warm,
        None => None,
    };
    let Some(mut config) = args.data.config(format)? else { return Ok(Ended::ProblemsFound) };
    if args.content.content.is_some() {
        config.content = args.content.content.clone();
    }
    let ask = ReplayAsk {
        files: args.rules.as_deref().map(draft).transpose()?.unwrap_or_default(),
        rules: args.rule.clone(),
        from,
        to,
        site: args.site.clone(),
        late_of: args.late_of.clone(),
        warm,
        is_compared: args.compare,
    };
    let mut to_file = out(&args)?;
    let told = match engine::folder::running(&config.data) {
        Some(_) if args.content.content.is_some() => {
            return output::misused("--content is the server's while one runs: leave it out");
        }
        Some(server) => ask_server(&server, &ask, &mut to_file),
        None => open(config, ask, &mut to_file),
    };
    let told = match told {
        Ok(told) => told,
        Err(error) => return refused(error, format),
    };
    to_file.flush()?;
    match format {
        Format::Text => output::note(told.text()),
        Format::Json => output::note(serde_json::to_string(&told)?),
    }
    Ok(Ended::Done)
}

/// Problems of a draft are printed as such.
fn refused(error: anyhow::Error, format: Format) -> Outcome {
    let problems: Option<&[Problem]> = match error.downcast_ref::<DataError>() {
        Some(DataError::Replay(ReplayError::Problems(problems))) => Some(problems),
        Some(_) | None => None,
    };
    let Some(problems) = problems else { return Err(error) };
    output::problems(problems, format)?;
    Ok(Ended::ProblemsFound)
}

/// The files of a draft by their paths among the rules: a folder's as they lie below it.
fn draft(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut problems = Vec::new();
    if path.is_dir() {
        let files = engine::content::read_folder(path, &mut problems);
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let named = |name: String| match name.strip_prefix("rules/") {
            Some(_) => name,
            None => format!("rules/{name}"),
        };
        let rules = files.into_iter().filter(|(name, _)| name.ends_with(".yml"));
        return Ok(rules.map(|(name, bytes)| (named(name), text(bytes))).collect());
    }
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("draft.yml");
    Ok([(format!("rules/house/{name}"), text)].into())
}

/// What is told at the end, whoever ran it.
#[derive(Debug, Serialize)]
struct Told {
    from: Value,
    to: Value,
    report: Value,
}

impl Told {
    fn text(&self) -> String {
        let report = &self.report;
        let number = |at: &Value, name: &str| at.get(name).and_then(Value::as_u64).unwrap_or(0);
        let text = |at: &Value, name: &str| {
            at.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let warmth = report.get("warmth").cloned().unwrap_or_default();
        let mut lines = vec![format!(
            "{} to {}: {} events, {} findings; {:.0} events/s",
            self.from.as_str().unwrap_or_default(),
            self.to.as_str().unwrap_or_default(),
            number(report, "events"),
            number(report, "findings"),
            report.get("events_per_s").and_then(Value::as_f64).unwrap_or(0.0),
        )];
        lines.push(format!(
            "  known beforehand: {} of {} people, from {} earlier events since {}",
            number(&warmth, "people_seen"),
            number(&warmth, "people"),
            number(&warmth, "events"),
            text(&warmth, "from"),
        ));
        let list = |name: &str| report.get(name).and_then(Value::as_array).cloned();
        let rules = list("rules").unwrap_or_default();
        let counts = ["findings", "undecided", "only_old"];
        let (loud, quiet): (Vec<_>, Vec<_>) =
            rules.iter().partition(|rule| counts.iter().any(|name| number(rule, name) > 0));
        for rule in &loud {
            let mut line = format!("  {:>6}  {}", number(rule, "findings"), text(rule, "rule"));
            if rule.get("both").is_some() {
                let (both, new) = (number(rule, "both"), number(rule, "only_new"));
                let old = number(rule, "only_old");
                line += &format!("  (both {both}, only the draft {new}, only in force {old})");
            }
            if number(rule, "undecided") > 0 {
                line += &format!("  undecided {}", number(rule, "undecided"));
            }
            lines.push(line);
        }
        if !quiet.is_empty() {
            lines.push(format!("  {} rules found nothing", quiet.len()));
        }
        for day in list("days").unwrap_or_default() {
            if number(&day, "findings") > 0 {
                lines.push(format!("  {}  {}", text(&day, "day"), number(&day, "findings")));
            }
        }
        let (peak, open) = (number(report, "peak"), number(report, "undecided_yet"));
        if peak > 1 {
            lines.push(format!("  at most {peak} in ten minutes"));
        }
        let provisional = number(report, "provisional");
        if provisional > 0 {
            lines.push(format!("  {provisional} more are provisional: later events can end them"));
        }
        if open > 0 {
            lines.push(format!("  {open} still open at the end: more may come"));
        }
        if report.get("is_cut") == Some(&Value::Bool(true)) {
            lines.push("  ended early: more findings than are told apart".into());
        }
        lines.join("\n")
    }
}

/// Only what is final is written.
fn write(out: &mut Out, side: &str, is_compared: bool, finding: Value) -> anyhow::Result<()> {
    let mut finding = finding;
    if finding.get("state").is_some_and(|state| state != "confirmed") {
        return Ok(());
    }
    if is_compared && let Some(object) = finding.as_object_mut() {
        object.insert("side".into(), side.into());
    }
    serde_json::to_writer(&mut *out, &finding)?;
    out.write_all(b"\n")?;
    Ok(())
}

fn open(config: Config, ask: ReplayAsk, to_file: &mut Out) -> anyhow::Result<Told> {
    start_logging();
    let is_compared = ask.is_compared;
    let progress = Arc::new(Progress::default());
    let (shown, bar) = (Arc::clone(&progress), bar(0));
    let moved = bar.clone();
    let looking = std::thread::spawn(move || {
        while !moved.is_finished() {
            show(&moved, &shown);
            std::thread::sleep(LOOK);
        }
    });
    let span = (ask.from, ask.to);
    let done =
        runtime()?.block_on(engine::offline::replay_lake(config, ask, (CATCH_UP_MAX, progress)));
    bar.finish_and_clear();
    let _ = looking.join();
    let report = done?;
    for (side, finding) in &report.kept {
        write(to_file, side.as_str(), is_compared, serde_json::to_value(finding)?)?;
    }
    let mut told = serde_json::to_value(&report)?;
    same_shape(&mut told);
    let from = span.0.or(report.warmth.first_event);
    let to = span.1.unwrap_or(report.judged_to);
    Ok(Told { from: json!(from), to: json!(to), report: told })
}

fn show(bar: &ProgressBar, progress: &Progress) {
    bar.set_length(progress.of.load(Ordering::Relaxed));
    bar.set_position(progress.read.load(Ordering::Relaxed));
}

/// As the server says it: days by name, and what a comparison found beside each rule.
fn same_shape(report: &mut Value) {
    let Some(all) = report.as_object_mut() else { return };
    if let Some(days) = all.get_mut("days").and_then(Value::as_array_mut) {
        for day in days {
            *day = json!({ "day": day.get(0), "findings": day.get(1) });
        }
    }
    let compared = all.remove("compared").filter(Value::is_object);
    let Some(rules) = all.get_mut("rules").and_then(Value::as_array_mut) else { return };
    for rule in rules {
        let line = compared.as_ref().map(|all| {
            let id = rule.get("rule").and_then(Value::as_str).unwrap_or_default();
            all.get(id).cloned().unwrap_or(json!({ "only_old": 0, "only_new": 0, "both": 0 }))
        });
        if let (Some(rule), Some(Value::Object(line))) = (rule.as_object_mut(), line) {
            rule.extend(line);
        }
    }
}

fn ask_server(
    server: &engine::folder::Running,
    ask: &ReplayAsk,
    to_file: &mut Out,
) -> anyhow::Result<Told> {
    let from = match (ask.from, &ask.late_of) {
        (None, None) => anyhow::bail!("--from is needed: a server is asked for a stretch"),
        (from, _) => from,
    };
    let body = json!({
        "files": ask.files, "rules": ask.rules, "from": from, "to": ask.to, "site": ask.site,
        "late_of": ask.late_of, "warm_s": ask.warm.map(|warm| warm.as_secs()),
        "compare": ask.is_compared,
    });
    let begun: Value =
        serde_json::from_str(&local::post(server, "/v1/replays", &body.to_string())?)?;
    let id = begun.get("id").and_then(Value::as_str).context("the server names no replay")?;
    let bar = bar(0);
    let run = loop {
        let text = local::get(server, &format!("/v1/replays/{id}"))?;
        let run: Value = serde_json::from_str(&text)?;
        let pace = |name: &str| run.pointer(&format!("/pace/{name}")).and_then(Value::as_u64);
        bar.set_length(pace("of").unwrap_or(0));
        bar.set_position(pace("read").unwrap_or(0));
        if run.get("state").and_then(Value::as_str) != Some("running") {
            break run;
        }
        std::thread::sleep(LOOK);
    };
    bar.finish_and_clear();
    if run.get("state").and_then(Value::as_str) != Some("done") {
        let why = run.get("why").and_then(Value::as_str).unwrap_or("it was stopped");
        anyhow::bail!("the replay gave no result: {why}");
    }
    findings(server, id, (ask.is_compared, to_file))?;
    // What was written out need not be remembered there.
    local::delete(server, &format!("/v1/replays/{id}"))?;
    let part = |name: &str| run.get(name).cloned().unwrap_or_default();
    Ok(Told { from: part("from"), to: part("to"), report: part("report") })
}

fn findings(
    server: &engine::folder::Running,
    id: &str,
    (is_compared, to_file): (bool, &mut Out),
) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let path = format!("/v1/replays/{id}/findings?limit={PAGE}&after={after}");
        let page: Value = serde_json::from_str(&local::get(server, &path)?)?;
        for one in page.get("findings").and_then(Value::as_array).into_iter().flatten() {
            let side = one.get("side").and_then(Value::as_str).unwrap_or("new");
            write(to_file, side, is_compared, one.get("finding").cloned().unwrap_or_default())?;
        }
        match page.get("next").and_then(Value::as_u64) {
            Some(next) => after = next,
            None => return Ok(()),
        }
    }
}
