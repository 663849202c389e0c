//! `castellan whereabouts`: who could have been where, from records in files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use adapters::files::{self, FileError, FileOptions};
use detect::Spine;
use detect::limits::MOMENTS_MAX;
use detect::whereabouts::{Moment, Named, Verdict, Whereabouts};
use estate::csvpos::{Row, Sheet};
use estate::{nearest, read_instant};
use model::spine::Source;
use model::{Event, Organisation, PlaceId, Problem, SourceId, Timestamp};
use normalise::{ClockPolicy, Normalised, Normaliser, SourceContext};
use serde::Serialize;

use super::OfflineError;
use super::content::Content;
use super::normalise::{raw_of, zone_of};
use super::replay::{ReplayRequest, inputs};
use crate::clock::{Clock, Stopwatch};
use crate::watch::silence::Silence;

/// What the answers came to.
#[derive(Debug, Default, Clone, Serialize)]
pub struct WhereaboutsSummary {
    /// Records read.
    pub records: u64,
    /// Records that gave no event.
    pub rejected: u64,
    /// Events that show where somebody was.
    pub sightings: u64,
    /// Moments asked about.
    pub moments: usize,
    /// People by verdict.
    pub people: BTreeMap<&'static str, u64>,
    /// Who is consistent, the first of them.
    pub consistent: Vec<String>,
    /// Sightings forgotten to stay within bounds.
    pub dropped: u64,
    /// Seconds that it took, reading included.
    pub seconds: f64,
}

/// Consistent people that a summary names.
const NAMED_MAX: usize = 20;

impl fmt::Display for WhereaboutsSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |verdict: &str| self.people.get(verdict).copied().unwrap_or(0);
        let consistent = of("consistent");
        write!(
            f,
            "{} moments, {} records, {} sightings, {} rejected: {consistent} people consistent, \
             {} unknown, {} excluded; {:.2} s",
            self.moments,
            self.records,
            self.sightings,
            self.rejected,
            of("unknown"),
            of("excluded"),
            self.seconds,
        )?;
        if self.dropped > 0 {
            write!(f, "\n  {} sightings did not fit and were left out", self.dropped)?;
        }
        for person in &self.consistent {
            write!(f, "\n  consistent: {person}")?;
        }
        let more = consistent.saturating_sub(self.consistent.len() as u64);
        if more > 0 { write!(f, "\n  and {more} more") } else { Ok(()) }
    }
}

/// What came of a question.
pub enum Answered {
    /// One JSON line per person was written.
    Told(WhereaboutsSummary),
    /// The question itself is wrong; nothing was written.
    Refused(Vec<Problem>),
}

/// Answers, for each person of the organisation, whether it could have been them.
pub fn whereabouts(
    content: &Content,
    mut org: Organisation,
    (request, at): (&ReplayRequest, &Path),
    out: &mut dyn Write,
) -> Result<Answered, OfflineError> {
    let watch = Stopwatch::start();
    let text = std::fs::read_to_string(at)
        .map_err(|e| OfflineError::Read { file: at.display().to_string(), why: e.to_string() })?;
    let name = at.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let inputs = inputs(content, &mut org, request)?;
    let mut asked = read_moments((&name, &text), &org)?;
    let wanted = asked.lines.iter().filter_map(|line| {
        let named = line.moment.event.as_ref()?;
        Some((named.source.clone(), named.record))
    });
    let wanted: BTreeSet<NamedKey> = wanted.collect();
    let org = Arc::new(org);
    let spine = Arc::new(Spine::new(Arc::clone(&org)));
    let mut seeing = Seeing {
        all: Whereabouts::new(Arc::clone(&spine)),
        heard: Vec::new(),
        first: None,
        wanted,
        named: Vec::new(),
        summary: WhereaboutsSummary::default(),
    };
    seeing.read(content, &org, &inputs)?;
    for line in &mut asked.lines {
        line.name_event(&seeing.named, &spine, (&name, &mut asked.problems));
    }
    if !asked.problems.is_empty() {
        return Ok(Answered::Refused(asked.problems));
    }
    let moments: Vec<Moment> = asked.lines.into_iter().map(|line| line.moment).collect();
    seeing.tell_silences(&org, &moments);
    let mut summary = seeing.summary;
    summary.moments = moments.len();
    summary.dropped = seeing.all.dropped();
    for answer in seeing.all.ask(&moments) {
        let word = match answer.verdict {
            Verdict::Consistent => "consistent",
            Verdict::Unknown => "unknown",
            Verdict::Excluded => "excluded",
        };
        *summary.people.entry(word).or_insert(0) += 1;
        if answer.verdict == Verdict::Consistent && summary.consistent.len() < NAMED_MAX {
            summary.consistent.push(answer.person.to_string());
        }
        serde_json::to_writer(&mut *out, &answer).map_err(std::io::Error::from)?;
        out.write_all(b"\n")?;
    }
    summary.seconds = watch.elapsed().as_secs_f64();
    Ok(Answered::Told(summary))
}

/// One line of the question, and where it stands.
struct Line<'t> {
    row: Row<'t>,
    moment: Moment,
}

struct Asked<'t> {
    lines: Vec<Line<'t>>,
    problems: Vec<Problem>,
}

/// Reads MOMENTS.csv; all that is wrong with it at once.
fn read_moments<'t>(
    (name, text): (&str, &'t str),
    org: &Organisation,
) -> Result<Asked<'t>, OfflineError> {
    let sheet = Sheet::read(name, text, &["time"], &["place", "event"]);
    let mut problems = sheet.problems;
    let mut lines = Vec::new();
    if sheet.rows.len() > MOMENTS_MAX {
        return Err(OfflineError::TooMuch { what: "moments", max: MOMENTS_MAX });
    }
    for row in sheet.rows {
        let place = row.get("place");
        let place =
            place.and_then(|cell| place_of((name, cell.at), &cell.text, org, &mut problems));
        let zone = place.as_ref().map_or(org.time_zone.as_str(), |place| org.time_zone_of(place));
        let zone = zone_of(zone)?;
        let cell = row.text("time").unwrap_or_default();
        let time = read_instant(&cell, zone).map(estate::LocalTime::instant);
        if time.is_none() {
            let message = format!("`{cell}` is no time: expected one such as 2026-11-22T08:00:00Z");
            problems.push(Problem::error(name, Some(row.position_of("time")), "time", message));
        }
        let event = row.get("event").and_then(|cell| {
            let named = named(&cell.text);
            if named.is_none() {
                let message = format!("`{}` is no event: expected SOURCE:RECORD", cell.text);
                problems.push(Problem::error(name, Some(cell.at), "event", message));
            }
            named
        });
        if let Some(time) = time {
            lines.push(Line { row, moment: Moment { event, ..Moment::at(time, place) } });
        }
    }
    if lines.is_empty() && problems.is_empty() {
        let at = model::Position { line: 1, column: 1 };
        let message = "no moment is asked about: one line each, such as 2026-11-22T08:00:00Z,lobby";
        problems.push(Problem::error(name, Some(at), "empty", message.to_owned()));
    }
    Ok(Asked { lines, problems })
}

fn place_of(
    (file, at): (&str, model::Position),
    text: &str,
    org: &Organisation,
    problems: &mut Vec<Problem>,
) -> Option<PlaceId> {
    let known = PlaceId::parse(text).ok().filter(|place| org.places.contains_key(place));
    if known.is_none() {
        let near = nearest(text, org.places.keys().map(PlaceId::as_str));
        let hint = near.map_or_else(String::new, |near| format!(": did you mean `{near}`?"));
        let message = format!("there is no place `{text}`{hint}");
        problems.push(Problem::error(file, Some(at), "unknown_place", message));
    }
    known
}

/// Reads `SOURCE:RECORD`.
fn named(text: &str) -> Option<Named> {
    let (source, record) = text.rsplit_once(':')?;
    Some(Named { source: SourceId::parse(source).ok()?, record: record.parse().ok()? })
}

impl Line<'_> {
    /// Takes place and clock from the event that the line names.
    fn name_event(
        &mut self,
        known: &[Event],
        spine: &Spine,
        (file, problems): (&str, &mut Vec<Problem>),
    ) {
        let Some(named) = &self.moment.event else { return };
        let of_it = |event: &&Event| event.source == named.source && event.record == named.record;
        let Some(event) = known.iter().find(of_it) else {
            let message = format!("there is no event `{}:{}`", named.source, named.record);
            let at = Some(self.row.position_of("event"));
            problems.push(Problem::error(file, at, "unknown_event", message));
            return;
        };
        let own = Moment::of_event(spine, event);
        if own.time != self.moment.time {
            let message = format!(
                "`{}:{}` happened at {}, and the line says {}",
                named.source, named.record, own.time, self.moment.time
            );
            let at = Some(self.row.position_of("time"));
            problems.push(Problem::error(file, at, "other_time", message));
        }
        self.moment.bound = own.bound;
        if self.moment.place.is_none() {
            self.moment.place = own.place;
        }
    }
}

/// What is gathered while records are read.
struct Seeing {
    all: Whereabouts,
    /// When each source with a heartbeat was heard.
    heard: Vec<(Timestamp, SourceId)>,
    first: Option<Timestamp>,
    wanted: BTreeSet<NamedKey>,
    named: Vec<Event>,
    summary: WhereaboutsSummary,
}

impl Seeing {
    fn read(
        &mut self,
        content: &Content,
        org: &Organisation,
        inputs: &[(Source, std::path::PathBuf)],
    ) -> Result<(), OfflineError> {
        let tenant_zone = zone_of(&org.time_zone)?;
        let mut normaliser = Normaliser::new(Arc::clone(&content.mappings));
        let mut numbers: BTreeMap<SourceId, u64> = BTreeMap::new();
        let now = Clock::system().now();
        let mut made = Vec::new();
        for (source, file) in inputs {
            let context = SourceContext { source, tenant_zone, clock: ClockPolicy::FILE };
            let number = numbers.entry(source.id.clone()).or_insert(0);
            let beats = org.sources.get(&source.id).is_some_and(|s| s.heartbeat.is_some());
            let records = files::open(file, &FileOptions::default());
            for record in records.map_err(|e| OfflineError::File(e.to_string()))? {
                self.summary.records += 1;
                match record {
                    Ok(record) => {
                        normaliser.run(*number, &raw_of(record, source, now), &context, &mut made);
                    }
                    Err(FileError::Record { .. }) => self.summary.rejected += 1,
                    Err(error) => return Err(OfflineError::File(error.to_string())),
                }
                *number += 1;
                for normalised in made.drain(..) {
                    match normalised {
                        Normalised::Event(event) => self.take(event, beats),
                        Normalised::Dead(_) => self.summary.rejected += 1,
                    }
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, event: Event, beats: bool) {
        self.summary.sightings += u64::from(self.all.see(&event));
        self.first = Some(self.first.map_or(event.time, |first| first.min(event.time)));
        if beats {
            self.heard.push((event.time, event.source.clone()));
        }
        if self.wanted.contains(&(event.source.clone(), event.record)) {
            self.named.push(event);
        }
    }

    /// Event time is the only clock that files have: silence is judged by it.
    fn tell_silences(&mut self, org: &Organisation, moments: &[Moment]) {
        let Some(first) = self.first else { return };
        let mut silence = Silence::default();
        silence.watch(org, first);
        self.heard.sort();
        for (at, source) in &self.heard {
            for record in silence.due(*at) {
                self.all.observe(&record);
            }
            if let Some(record) = silence.heard(source, *at) {
                self.all.observe(&record);
            }
        }
        let last = moments.iter().map(|moment| moment.time).max();
        for record in last.map(|last| silence.due(last)).unwrap_or_default() {
            self.all.observe(&record);
        }
    }
}

type NamedKey = (SourceId, u64);
