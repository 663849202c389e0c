//! `castellan rules explain`: why a rule says what it says of an event.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use adapters::files::{self, FileOptions};
use detect::explain::{Explainer, Explanation};
use detect::{Detector, Options, RuleFile, RuleSet, Spine, eval};
use model::{Event, LogSource, Organisation, RuleId};
use normalise::Mappings;
use serde_json::Value;

use super::rules::rule_files;
use super::{DataError, OfflineError, hint};
use crate::clock::Clock;
use crate::config::Config;
use crate::content;
use crate::knowledge;
use crate::start::{self, Mode};

/// Most events of a file that are read: a correlation's window needs those beside the one.
pub const EXPLAIN_EVENTS_MAX: usize = 100_000;

/// Which event of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InFile<'a> {
    /// NDJSON.
    pub file: &'a Path,
    /// Which line's, from 0.
    pub number: usize,
}

/// Why `rule` (an id, or a file that holds one) says what it says of an event of a file.
pub fn explain(
    rule: &str,
    at: InFile<'_>,
    extra: Option<&Path>,
    org: Option<Organisation>,
) -> Result<Explanation, OfflineError> {
    let mut problems = Vec::new();
    let all = content::gather(extra, &mut problems);
    let mut files = content::rule_files(&all);
    let id = match Path::new(rule).is_file() {
        true => own_rule(Path::new(rule), &mut files)?,
        false => known_rule(rule, &files)?,
    };
    let (mappings, _) = Mappings::load_lazily(content::mapping_folders(&all));
    let events = read_events(at.file, &mappings, org)?;
    let event = events.iter().find(|event| event.record == at.number as u64);
    let event = event.ok_or_else(|| OfflineError::Unknown {
        what: "event",
        name: format!("{}:{}", at.file.display(), at.number),
        hint: format!("; the file has {}", events.len()),
    })?;
    let told = |error: detect::explain::Unexplained| OfflineError::File(error.to_string());
    let explainer = Explainer::new(&files, &id).map_err(told)?;
    explainer.explain(event, &events).map_err(told)
}

/// The same of an event of a data folder's history, by the rules in force there.
pub async fn explain_stored(
    config: Config,
    rule: &str,
    event: (u64, u16),
    wait_max: Duration,
) -> Result<Explanation, DataError> {
    if !config.data.join("state.db").exists() {
        return Err(DataError::NoData(config.data.display().to_string()));
    }
    let running = start::start(config, Clock::system(), Mode::Offline).await?;
    let is_whole = running.engine.caught_up(wait_max).await;
    let known = running.engine.current.get();
    let id = RuleId::parse(&rule.to_lowercase()).ok().filter(|id| known.rules.get(id).is_some());
    let told = match &id {
        Some(id) => Some(running.engine.explain(id, event).await),
        None => None,
    };
    let ids = known.rules.iter().map(|(_, meta)| meta.id.as_str());
    let no_rule = unknown("rule", rule, hint(rule, ids));
    running.stop().await?;
    if !is_whole {
        return Err(DataError::Behind(wait_max.as_secs()));
    }
    let told = told.ok_or(no_rule)??;
    let name = format!("{}/{}", event.0, event.1);
    let told = told.ok_or_else(|| unknown("event", &name, String::new()))?;
    Ok(told.map_err(OfflineError::File)?)
}

fn unknown(what: &'static str, name: &str, hint: String) -> OfflineError {
    OfflineError::Unknown { what, name: name.to_owned(), hint }
}

/// The rule that a file is about: its first that reports, with what the file says in place of what
/// is shipped under the same ids.
fn own_rule(path: &Path, files: &mut Vec<RuleFile>) -> Result<RuleId, OfflineError> {
    let (own, _) = rule_files(path)?;
    let (set, problems) = RuleSet::load(&own);
    let reported = set.iter().map(|(_, meta)| meta).filter(|meta| meta.is_reported);
    let Some(id) = reported.map(|meta| meta.id.clone()).next() else {
        let why = problems.first().map_or("it holds no rule".to_owned(), ToString::to_string);
        return Err(OfflineError::File(format!("`{}`: {why}", path.display())));
    };
    let ids: Vec<RuleId> = set.iter().map(|(_, meta)| meta.id.clone()).collect();
    let (shipped, _) = RuleSet::load(files);
    let of_own = |file: &RuleFile| {
        shipped.iter().any(|(_, meta)| meta.path == file.path && ids.contains(&meta.id))
    };
    files.retain(|file| !of_own(file));
    files.extend(own);
    Ok(id)
}

fn known_rule(rule: &str, files: &[RuleFile]) -> Result<RuleId, OfflineError> {
    let (set, _) = RuleSet::load(files);
    let id = RuleId::parse(&rule.to_lowercase()).ok().filter(|id| set.get(id).is_some());
    id.ok_or_else(|| {
        let known = set.iter().map(|(_, meta)| meta.id.as_str());
        unknown("rule", rule, hint(rule, known))
    })
}

/// Every event of a file, by its line, with what is known of it: what the file says, else what the
/// organisation does.
fn read_events(
    path: &Path,
    mappings: &Mappings,
    org: Option<Organisation>,
) -> Result<Vec<Event>, OfflineError> {
    let mut events = Vec::new();
    let records = files::open(path, &FileOptions::default());
    for record in records.map_err(|e| OfflineError::File(e.to_string()))? {
        let record = record.map_err(|e| OfflineError::File(e.to_string()))?;
        if events.len() == EXPLAIN_EVENTS_MAX {
            return Err(OfflineError::TooMuch { what: "events", max: EXPLAIN_EVENTS_MAX });
        }
        let number = events.len() as u64;
        let refused = |why: String| OfflineError::File(format!("line {}: {why}", record.line));
        let json: Value =
            serde_json::from_slice(&record.body).map_err(|e| refused(e.to_string()))?;
        let ours = json.get("castellan").cloned();
        let mut event = eval::event_of(number, json).map_err(|e| refused(e.to_string()))?;
        event.enrichment = ours.and_then(|ours| serde_json::from_value(ours).ok());
        if event.logsource == LogSource::default() {
            let known = mappings.logsource_of(&event.mapping, event.class_uid);
            event.logsource = known.unwrap_or_default();
        }
        events.push(event);
    }
    let is_told = org.is_some();
    let nobody = || knowledge::empty_organisation().map_err(|e| OfflineError::File(e.to_string()));
    let org = org.map_or_else(nobody, Ok)?;
    let spine = Arc::new(Spine::new(Arc::new(org)));
    let mut detector = Detector::new(spine, Arc::new(RuleSet::default()), Options::default());
    let mut order: Vec<&mut Event> = events.iter_mut().collect();
    order.sort_by_key(|event| (event.time, event.record));
    for event in order {
        if is_told || event.enrichment.is_none() {
            detector.enrich(event);
        }
    }
    Ok(events)
}
