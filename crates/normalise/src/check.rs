//! Runs a folder's own samples and compares what comes out with what is expected.

use std::sync::Arc;

use chrono_tz::Tz;
use model::problem::Problem;
use model::spine::Source;
use model::{MappingName, Raw, SourceId, Timestamp, Trust, Wire};
use serde_json::{Value, json};

use crate::mapping::{MappingFolder, Mappings};
use crate::normaliser::{ClockPolicy, Normalised, Normaliser, SourceContext};
use crate::ocsf::Validator;

/// When samples are received: 2026-01-15T12:00:00Z, so that stamps without year have one.
pub const SAMPLES_RECEIVED_AT: Timestamp = Timestamp::from_secs(1_768_478_400);

/// What became of one sample file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// The file's name without folder and extension.
    pub case: String,
    /// What came out, one JSON object per line; what `UPDATE=1` writes to `expected/`.
    pub actual: String,
    /// The file `expected/<case>.ndjson`, when there is one.
    pub expected: Option<String>,
    /// Everything wrong with it; empty when it holds.
    pub problems: Vec<Problem>,
}

/// Runs every sample of a folder through its mapping as loaded in `mappings`.
///
/// Each event is validated, and the lines are compared with `expected/<case>.ndjson`.
pub fn check_folder(mappings: &Arc<Mappings>, folder: &MappingFolder) -> Vec<CaseResult> {
    let mut out = Vec::new();
    let Ok(name) = MappingName::parse(&folder.name) else {
        return out;
    };
    let Some(mapping) = mappings.get(&name) else {
        return out;
    };
    let mut normaliser = Normaliser::new(Arc::clone(mappings));
    for (path, bytes) in &folder.files {
        let Some(sample) = path.strip_prefix("samples/") else {
            continue;
        };
        let (case, extension) = sample.rsplit_once('.').unwrap_or((sample, ""));
        let file = format!("{}/{path}", folder.name);
        let records = records(extension, bytes, mapping.manifest.wire);
        let mut result = run_case(&mut normaliser, &name, &file, records);
        result.case = case.to_owned();
        let expected = folder.files.get(&format!("expected/{case}.ndjson"));
        let expected = expected.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        compare(&mut result, expected, &format!("{}/expected/{case}.ndjson", folder.name));
        out.push(result);
    }
    out
}

fn run_case(
    normaliser: &mut Normaliser,
    name: &MappingName,
    file: &str,
    records: Vec<Sample>,
) -> CaseResult {
    let mut problems = Vec::new();
    let mut lines = String::new();
    let Ok(id) = SourceId::parse("sample") else {
        return CaseResult { case: String::new(), actual: lines, expected: None, problems };
    };
    let source = Source { mapping: Some(name.clone()), ..Source::with_defaults(id.clone()) };
    let ctx = SourceContext { source: &source, tenant_zone: Tz::UTC, clock: ClockPolicy::FILE };
    if records.is_empty() {
        let message = "holds no record".to_owned();
        problems.push(Problem::error(file, None, "empty_sample", message));
    }
    let mut out = Vec::new();
    for (number, sample) in records.into_iter().enumerate() {
        let raw = Raw {
            source: id.clone(),
            received_at: SAMPLES_RECEIVED_AT,
            wire: sample.wire,
            listener: Arc::from("file"),
            peer: None,
            topic: sample.topic.map(Arc::from),
            trust: Trust::Token,
            bytes_cut: 0,
            rerun_of: None,
            body: sample.body,
        };
        out.clear();
        normaliser.run(number as u64, &raw, &ctx, &mut out);
        for one in &out {
            let (line, complaints) = describe(one);
            for message in complaints {
                let message = format!("record {number}: {message}");
                problems.push(Problem::error(file, None, "not_ocsf", message));
            }
            lines.push_str(&line.to_string());
            lines.push('\n');
        }
    }
    CaseResult { case: String::new(), actual: lines, expected: None, problems }
}

/// One output line, and what the validator says of it.
fn describe(one: &Normalised) -> (Value, Vec<String>) {
    match one {
        Normalised::Event(event) => {
            let problems = Validator::shipped().check(&event.ocsf);
            (event.to_json(), problems.iter().map(ToString::to_string).collect())
        }
        Normalised::Dead(dead) => {
            let line = json!({"dead_letter": {
                "record": dead.record,
                "mapping": dead.mapping,
                "reason": dead.reason.to_string(),
                "position": dead.position,
            }});
            (line, Vec::new())
        }
    }
}

fn compare(result: &mut CaseResult, expected: Option<String>, file: &str) {
    let Some(expected) = expected else {
        let message = "is missing; `UPDATE=1` writes it".to_owned();
        result.problems.push(Problem::error(file, None, "missing_expected", message));
        return;
    };
    let lines = |text: &str| -> Vec<Option<Value>> {
        text.lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| serde_json::from_str(line).ok())
            .collect()
    };
    let (wanted, found) = (lines(&expected), lines(&result.actual));
    for number in 0..wanted.len().max(found.len()) {
        let (wanted, found) = (wanted.get(number).cloned(), found.get(number).cloned());
        if wanted.is_none() || wanted != found {
            let at = model::Position { line: number as u64 + 1, column: 1 };
            let message = difference(wanted.flatten().as_ref(), found.flatten().as_ref());
            result.problems.push(Problem::error(file, Some(at), "unexpected", message));
        }
    }
    result.expected = Some(expected);
}

/// The first path at which two lines differ.
fn difference(wanted: Option<&Value>, found: Option<&Value>) -> String {
    match (wanted, found) {
        (Some(Value::Object(wanted)), Some(Value::Object(found))) => {
            let keys = wanted.keys().chain(found.keys());
            for key in keys {
                let (wanted, found) = (wanted.get(key), found.get(key));
                if wanted != found {
                    return format!("{key}: {}", difference(wanted, found));
                }
            }
            "equal".to_owned()
        }
        (wanted, found) => {
            let show = |value: Option<&Value>| value.map_or("nothing".into(), Value::to_string);
            format!("expected {}, found {}", show(wanted), show(found))
        }
    }
}

struct Sample {
    wire: Wire,
    topic: Option<String>,
    body: Vec<u8>,
}

/// The records of a sample file, by its extension (see docs/guides/add-a-mapping.md).
fn records(extension: &str, bytes: &[u8], wire: Wire) -> Vec<Sample> {
    let sample = |wire, body: &[u8]| Sample { wire, topic: None, body: body.to_vec() };
    let lines = || {
        bytes
            .split(|byte| *byte == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .filter(|line| !line.trim_ascii().is_empty())
    };
    match extension {
        "log" => lines().map(|line| sample(Wire::Syslog, line)).collect(),
        "csv" => {
            let mut lines = lines();
            let Some(header) = lines.next() else {
                return Vec::new();
            };
            lines.map(|line| sample(Wire::Csv, &[header, b"\n", line].concat())).collect()
        }
        "json" | "xml" | "bin" => vec![sample(wire, bytes.trim_ascii())],
        "hex" => lines().map(|line| sample(wire, &unhex(line))).collect(),
        "mqtt" => lines()
            .map(|line| {
                let end = memchr::memchr(b' ', line).unwrap_or(line.len());
                let (topic, payload) = line.split_at_checked(end).unwrap_or((line, &[]));
                let topic = Some(String::from_utf8_lossy(topic).into_owned());
                Sample { wire: Wire::Mqtt, topic, body: payload.trim_ascii().to_vec() }
            })
            .collect(),
        _ => lines().map(|line| sample(wire, line)).collect(),
    }
}

fn unhex(line: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = line
        .iter()
        .filter_map(|byte| char::from(*byte).to_digit(16))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |all, one| all * 16 + one)).collect()
}
