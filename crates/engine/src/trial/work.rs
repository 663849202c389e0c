//! What the process does with a question: no file, no clock, nothing kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono_tz::Tz;
use model::spine::Source;
use model::{MappingName, Problem, Raw, Trust, Wire};
use normalise::ocsf::Validator;
use normalise::{
    CaseResult, ClockPolicy, MappingFolder, Mappings, Normalised, Normaliser, SourceContext,
    check_folder,
};

use super::{Answer, Letter, Question, Texts};
use crate::content;
use crate::edit::Trying;

/// Compiles the mapping and those that extend it, runs their samples, and then the records.
pub(super) fn answer(question: Question) -> Answer {
    let house = question.content.into_iter().map(|(path, blob)| (path, blob.0)).collect();
    let (files, own) = content::over_shipped(house);
    let folders = content::mapping_folders(&files);
    let now = with_heirs(&question.name, &folders);
    let (mappings, found) = Mappings::load_compiling(folders.clone(), &now);
    let concerned = |problem: &Problem| {
        let folder = problem.file.split('/').next().unwrap_or_default();
        now.contains(folder) || !folders.iter().any(|one| one.name == folder)
    };
    let mut problems: Vec<Problem> = found.into_iter().filter(concerned).collect();
    let unheard = content::unheard_programs(&mappings, &folders, &own);
    problems.extend(unheard.into_iter().filter(concerned));
    let mappings = Arc::new(mappings);
    let mut accepted = BTreeMap::new();
    for folder in folders.iter().filter(|folder| now.contains(&folder.name)) {
        let is_own = folder.name == question.name.as_str();
        for case in check_folder(&mappings, folder) {
            take(case, question.accept && is_own, &mut problems, &mut accepted);
        }
    }
    let mut samples: Vec<Sample> = question.letters.into_iter().map(Sample::of).collect();
    match mappings.get(&question.name) {
        Some(mapping) => {
            let texts = question.texts.into_iter();
            samples.extend(texts.flat_map(|texts| pasted(texts, mapping.manifest.wire)));
        }
        None => samples.clear(),
    }
    samples.truncate(question.records_max);
    let zone = question.zone.parse().unwrap_or(Tz::UTC);
    Answer { problems, accepted, results: run(&mappings, samples, zone) }
}

/// A case's problems; what an accepted one gives is what is expected of it.
fn take(
    case: CaseResult,
    accepts: bool,
    problems: &mut Vec<Problem>,
    accepted: &mut BTreeMap<String, String>,
) {
    let is_mended = |problem: &Problem| matches!(&*problem.code, "missing_expected" | "unexpected");
    let is_accepted = accepts && case.problems.iter().any(is_mended);
    if is_accepted {
        accepted.insert(case.case, case.actual);
    }
    let stays = |problem: &Problem| !(is_accepted && is_mended(problem));
    problems.extend(case.problems.into_iter().filter(stays));
}

/// A mapping and all that extend it.
fn with_heirs(name: &MappingName, folders: &[MappingFolder]) -> BTreeSet<String> {
    let extends: BTreeMap<&str, String> = folders
        .iter()
        .filter_map(|folder| Some((folder.name.as_str(), normalise::extends(folder)?)))
        .collect();
    let mut found = BTreeSet::from([name.to_string()]);
    loop {
        let more = extends.iter().filter(|(_, base)| found.contains(*base));
        let more: Vec<String> =
            more.map(|(heir, _)| (*heir).to_owned()).filter(|heir| !found.contains(heir)).collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// One record to try.
struct Sample {
    record: Option<u64>,
    text: Option<usize>,
    raw: Raw,
    source: Source,
}

impl Sample {
    fn of(letter: Letter) -> Self {
        let raw = Raw { body: letter.body.0, ..letter.raw };
        Self { record: Some(letter.record), text: None, raw, source: letter.source }
    }
}

/// Pasted texts as records of their source.
fn pasted(pasted: Texts, wire: Wire) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (number, text) in pasted.texts.iter().enumerate() {
        for body in bodies(wire, text) {
            let raw = Raw {
                source: pasted.source.id.clone(),
                received_at: pasted.now,
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
            samples.push(Sample { record, text, raw, source: pasted.source.clone() });
        }
    }
    samples
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

/// What mappings make of records.
pub(super) fn read(mappings: &Arc<Mappings>, letters: Vec<Letter>, zone: Tz) -> Vec<Trying> {
    run(mappings, letters.into_iter().map(Sample::of).collect(), zone)
}

fn run(mappings: &Arc<Mappings>, samples: Vec<Sample>, zone: Tz) -> Vec<Trying> {
    let mut normaliser = Normaliser::new(Arc::clone(mappings));
    let mut made = Vec::new();
    let mut results = Vec::with_capacity(samples.len());
    for sample in samples {
        let context =
            SourceContext { source: &sample.source, tenant_zone: zone, clock: ClockPolicy::FILE };
        made.clear();
        normaliser.run(sample.record.unwrap_or(0), &sample.raw, &context, &mut made);
        let mut result = Trying {
            record: sample.record,
            text: sample.text,
            mapping: None,
            events: Vec::new(),
            complaints: Vec::new(),
            problem: None,
        };
        for one in made.drain(..) {
            match one {
                Normalised::Event(event) => {
                    let wrong = Validator::shipped().check(&event.ocsf);
                    result.complaints.extend(wrong.iter().map(ToString::to_string));
                    result.mapping = Some(event.mapping.clone());
                    // Text is read once more by whoever looks at it, and by nobody on the way.
                    let text = serde_json::value::to_raw_value(&event.to_json());
                    result.events.extend(text);
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
