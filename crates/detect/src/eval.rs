//! `rules eval`: every rule on every event, without routing; events OCSF or as a source wrote them.

use std::sync::Arc;
use std::time::Duration;

use model::raw::Trust;
use model::value::{Object, Value};
use model::{Event, Finding, Fingerprint, LogSource, MappingName, RuleId, SourceId, Timestamp};
use serde_json::Value as Json;

use crate::rules::RuleSet;
use crate::{Detector, Options, Spine};

/// Why a JSON value is not an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {number} is {found}, expected an object")]
pub struct NotAnEvent {
    /// Which, from 0.
    pub number: u64,
    /// What stands there instead.
    pub found: &'static str,
}

/// Makes an event of any JSON object. Its time is OCSF's `time`, else the time that Windows or the
/// source wrote, else the epoch; its logsource is the object's own, if it names one under
/// `castellan.logsource`.
pub fn event_of(number: u64, json: Json) -> Result<Event, NotAnEvent> {
    let found = match json {
        Json::Object(ocsf) => return Ok(of_object(number, ocsf.into())),
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "an array",
    };
    Err(NotAnEvent { number, found })
}

fn of_object(number: u64, mut ocsf: Object) -> Event {
    let ours = ocsf.remove("castellan");
    let ours = ours.as_ref().and_then(Value::as_object);
    let word = |key: &str| ours.and_then(|ours| ours.get(key)).and_then(Value::as_str);
    let source = word("source").and_then(|id| SourceId::parse(id).ok()).unwrap_or_else(eval_id);
    let mapping = word("mapping").and_then(|id| MappingName::parse(id).ok());
    let logsource = |key: &str| {
        let own = ours?.get("logsource")?.get(key)?.as_str()?;
        Some(Arc::from(own))
    };
    let time = time_of(&ocsf).unwrap_or_default();
    let class = ocsf.get("class_uid").and_then(Value::as_u64);
    let body = serde_json::to_vec(&ocsf).unwrap_or_default();
    Event {
        record: number,
        part: 0,
        fingerprint: Fingerprint::of(&source, &body, 0),
        mapping: mapping.unwrap_or_else(eval_mapping),
        site: None,
        class_uid: class.and_then(|uid| u32::try_from(uid).ok()).unwrap_or(0),
        time,
        received_at: time,
        clock_offset_max: Duration::from_secs(2),
        trust: Trust::Token,
        logsource: LogSource {
            category: logsource("category"),
            product: logsource("product"),
            service: logsource("service"),
        },
        source,
        ocsf,
        enrichment: None,
    }
}

fn eval_id() -> SourceId {
    #[expect(clippy::expect_used, reason = "a literal that is an id")]
    SourceId::parse("events").expect("`events` is an id")
}

fn eval_mapping() -> MappingName {
    #[expect(clippy::expect_used, reason = "a literal that is an id")]
    MappingName::parse("json").expect("`json` is an id")
}

fn time_of(ocsf: &Object) -> Option<Timestamp> {
    let windows = || {
        let system = ocsf.get("Event")?.get("System")?;
        system.get("TimeCreated")?.get("#attributes")?.get("SystemTime")
    };
    let named = ["time", "@timestamp", "timestamp", "TimeCreated", "UtcTime", "eventTime"];
    let value = named.iter().find_map(|key| ocsf.get(key)).or_else(windows)?;
    match value {
        Value::Number(number) => number.as_i64().map(Timestamp::from_millis),
        Value::String(text) => Timestamp::from_rfc3339(text)
            .or_else(|| Timestamp::from_rfc3339(&format!("{}Z", text.replace(' ', "T")))),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The rules that an event matches, in the rules' order. Rules that presence leaves undecided do
/// not match.
pub fn matching(rules: &RuleSet, event: &Event) -> Vec<RuleId> {
    let mut matches = Vec::new();
    rules.matches_unrouted(event, &mut matches);
    let shown = matches.iter().filter(|found| found.is_said());
    shown.filter_map(|found| rules.meta(found.rule)).map(|meta| meta.id.clone()).collect()
}

/// Runs events through matching without routing and through correlation.
pub struct Evaluation {
    detector: Detector,
}

impl Evaluation {
    /// Starts one; without an organisation nothing resolves and presence is unknown.
    pub fn new(spine: Arc<Spine>, rules: Arc<RuleSet>) -> Self {
        Self { detector: Detector::new(spine, rules, Options { provisional: false }) }
    }

    /// Takes an event; returns the rules that match it by now and adds findings that are final.
    pub fn take(&mut self, event: &mut Event, out: &mut Vec<Finding>) -> Vec<RuleId> {
        self.detector.enrich(event);
        let rules = Arc::clone(self.detector.rules());
        let mut matches = Vec::new();
        rules.matches_unrouted(event, &mut matches);
        self.detector.judge_matches(event, &matches, out);
        let shown = matches.iter().filter(|found| found.is_said());
        shown.filter_map(|found| rules.meta(found.rule)).map(|meta| meta.id.clone()).collect()
    }

    /// Closes every window.
    pub fn finish(&mut self, out: &mut Vec<Finding>) {
        self.detector.finish(out);
    }
}
