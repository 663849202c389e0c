//! Tries an edited mapping on dead letters and on pasted texts; keeps nothing.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use model::spine::Source;
use model::{DeadLetter, MappingName, Problem, Raw, SourceId, Timestamp, Trust, Wire};
use normalise::{ClockPolicy, Mappings, Normalised, Normaliser, SourceContext, ocsf::Validator};
use serde_json::Value;
use store::state::StoredDeadLetter;

use super::files::{self, Texts};
use super::{Check, EditError, parsed};
use crate::engine::Engine;
use crate::knowledge::Knowledge;
use crate::limits::Limits;

/// What to try.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TryRequest {
    /// Files as edited; others stay as they are in force.
    pub files: Texts,
    /// As whose the texts are read: zone, site and realm; nobody's if absent.
    pub source: Option<SourceId>,
    /// Records of dead letters.
    pub dead_letters: Vec<u64>,
    /// Texts, each a record; for CSV the header and records.
    pub texts: Vec<String>,
}

/// What a try gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// What is wrong with the files, and with what their samples give.
    pub problems: Vec<Problem>,
    /// One for each record, dead letters first, in the order in which they were named.
    pub results: Vec<Trying>,
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Trying {
    /// The dead letter's record.
    pub record: Option<u64>,
    /// The text's number, from 0.
    pub text: Option<usize>,
    /// The mapping that read it.
    pub mapping: Option<MappingName>,
    /// The events, each with what the OCSF validator says of it.
    pub events: Vec<(Value, Vec<String>)>,
    /// Why it gave none.
    pub problem: Option<DeadLetter>,
}

/// One record to try.
struct Sample {
    record: Option<u64>,
    text: Option<usize>,
    raw: Raw,
    source: Source,
}

impl Engine {
    /// Tries files of a mapping on dead letters and on texts. Nothing is kept.
    pub async fn try_mapping(&self, name: &str, request: TryRequest) -> Result<Tried, EditError> {
        let name = parsed(name)?;
        files::check_paths(&request.files)?;
        let max = Limits::count(self.config.limits.mapping_try_records_max);
        let house = self.config.content.clone();
        let before = files::in_force(house.as_deref(), &name);
        let mut wanted = before.map(|found| found.files).unwrap_or_default();
        wanted.extend(request.files.into_iter().map(|(path, text)| (path, text.into_bytes())));
        self.check_size(&wanted)?;
        let letters = self.state.dead_letters_of(&request.dead_letters, max).await?;
        let knowledge = self.current.get();
        let texts = Texted { texts: request.texts, source: request.source, now: self.now() };
        let asked = request.dead_letters.len() + texts.texts.len();
        if asked > max {
            return Err(EditError::TooLarge { what: "records of one try", found: asked, max });
        }
        let check = Check { house, name: name.clone(), files: wanted };
        self.bounded(move |stop| {
            let checked = check.run(false, stop);
            let mut samples: Vec<Sample> =
                letters.into_iter().map(|letter| of_letter(letter, &name, &knowledge)).collect();
            if let Some(mapping) = checked.mappings.get(&name) {
                samples.extend(texts.samples(&name, mapping.manifest.wire, &knowledge));
            } else {
                samples.clear();
            }
            samples.truncate(max);
            let results = run(&checked.mappings, samples, &knowledge, stop);
            Tried { problems: checked.problems, results }
        })
        .await
    }
}

/// As a re-run would read it; where its source names another mapping, by the one that is tried.
fn of_letter(letter: StoredDeadLetter, name: &MappingName, knowledge: &Knowledge) -> Sample {
    let mut source = knowledge.source(&letter.raw.source).clone();
    if source.mapping.is_some() {
        source.mapping = Some(name.clone());
    }
    Sample { record: Some(letter.letter.record), text: None, raw: letter.raw, source }
}

/// Pasted texts, and as whose they are read.
struct Texted {
    texts: Vec<String>,
    source: Option<SourceId>,
    now: Timestamp,
}

impl Texted {
    fn samples(&self, name: &MappingName, wire: Wire, knowledge: &Knowledge) -> Vec<Sample> {
        let pasted = SourceId::parse("pasted").map(Source::with_defaults);
        let source = self.source.as_ref().map(|id| knowledge.source(id).clone()).or(pasted.ok());
        let Some(source) = source else { return Vec::new() };
        let source = Source { mapping: Some(name.clone()), ..source };
        let mut samples = Vec::new();
        for (number, text) in self.texts.iter().enumerate() {
            for body in bodies(wire, text) {
                let raw = Raw {
                    source: source.id.clone(),
                    received_at: self.now,
                    wire,
                    listener: Arc::from("file"),
                    peer: None,
                    topic: None,
                    trust: Trust::None,
                    bytes_cut: 0,
                    rerun_of: None,
                    body,
                };
                let (record, text) = (None, Some(number));
                samples.push(Sample { record, text, raw, source: source.clone() });
            }
        }
        samples
    }
}

/// A text is one record; of a CSV text each line after the header.
fn bodies(wire: Wire, text: &str) -> Vec<Vec<u8>> {
    match wire {
        Wire::Csv => {
            let mut lines = text.lines().filter(|line| !line.trim().is_empty());
            let header = lines.next().unwrap_or_default();
            let rows = lines.map(|line| format!("{header}\n{line}").into_bytes());
            let rows: Vec<Vec<u8>> = rows.collect();
            // A row without its header is told as such.
            if rows.is_empty() { vec![header.as_bytes().to_vec()] } else { rows }
        }
        Wire::Syslog
        | Wire::Json
        | Wire::Cef
        | Wire::Leef
        | Wire::Kv
        | Wire::Xml
        | Wire::Mqtt
        | Wire::Udp => vec![text.trim_end_matches(['\r', '\n']).as_bytes().to_vec()],
    }
}

fn run(
    mappings: &Arc<Mappings>,
    samples: Vec<Sample>,
    knowledge: &Knowledge,
    stop: &Arc<AtomicBool>,
) -> Vec<Trying> {
    let mut normaliser = Normaliser::stoppable(Arc::clone(mappings), Arc::clone(stop));
    let mut made = Vec::new();
    let mut results = Vec::with_capacity(samples.len());
    for sample in samples {
        let context = SourceContext {
            source: &sample.source,
            tenant_zone: knowledge.zone,
            clock: ClockPolicy::FILE,
        };
        made.clear();
        normaliser.run(sample.record.unwrap_or(0), &sample.raw, &context, &mut made);
        let mut result = Trying {
            record: sample.record,
            text: sample.text,
            mapping: None,
            events: Vec::new(),
            problem: None,
        };
        for one in made.drain(..) {
            match one {
                Normalised::Event(event) => {
                    let wrong = Validator::shipped().check(&event.ocsf);
                    let wrong = wrong.iter().map(ToString::to_string).collect();
                    result.mapping = Some(event.mapping.clone());
                    result.events.push((event.to_json(), wrong));
                }
                Normalised::Dead(letter) => {
                    result.mapping.clone_from(&letter.mapping);
                    result.problem = Some(letter);
                }
            }
        }
        results.push(result);
    }
    results
}
