//! `castellan replay`: past events in event-time order through today's rules.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use adapters::files::{self, FileError, FileOptions};
use detect::{Detector, Options, Spine};
use model::spine::Source;
use model::{Event, Finding, FindingState, Organisation, PlaceId, Record, Timestamp};
use normalise::{ClockPolicy, Normalised, Normaliser, SourceContext};
use serde::Serialize;

use super::content::Content;
use super::normalise::{raw_of, source_for, zone_of};
use super::{OfflineError, hint};
use crate::clock::{Clock, Stopwatch};
use crate::watch::silence::Silence;

/// Most events held at once; event-time order needs them all.
pub const REPLAY_EVENTS_MAX: usize = 5_000_000;

/// Time moves on by ticks no finer than this.
const TICK: std::time::Duration = std::time::Duration::from_secs(1);
/// How often it is told how far a replay is, in events.
const TELL_EVENTS: u64 = 4_096;

/// What to replay.
pub struct ReplayRequest {
    /// Mapping name and file.
    pub mappings: Vec<(String, PathBuf)>,
    /// Source id and file.
    pub sources: Vec<(String, PathBuf)>,
    /// Only events at or after.
    pub from: Option<Timestamp>,
    /// Only events before.
    pub to: Option<Timestamp>,
    /// Also findings that are not final.
    pub provisional: bool,
}

/// What a replay came to.
#[derive(Debug, Default, Clone, Serialize)]
pub struct ReplaySummary {
    /// Records read.
    pub records: u64,
    /// Events judged.
    pub events: u64,
    /// Events outside --from and --to.
    pub outside: u64,
    /// Findings written.
    pub findings: u64,
    /// Findings by rule.
    pub by_rule: BTreeMap<String, u64>,
    /// Records that gave no event.
    pub rejected: u64,
    /// Why, by reason.
    pub rejected_by: BTreeMap<String, u64>,
    /// Events later than their source's bound.
    pub late: u64,
    /// Rule judgements left open because something was unknown.
    pub undecided: u64,
    /// Identifiers that nobody in the organisation answers to, by kind.
    pub unresolved: BTreeMap<String, u64>,
    /// Doors that grant and never say whether somebody went through.
    pub mute_doors: Vec<PlaceId>,
    /// Events judged in a second, reading included.
    pub events_per_s: f64,
}

impl fmt::Display for ReplaySummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} records: {} events, {} rejected, {} outside the time range; {} findings; \
             {} late, {} undecided; {:.0} events/s",
            self.records,
            self.events,
            self.rejected,
            self.outside,
            self.findings,
            self.late,
            self.undecided,
            self.events_per_s
        )?;
        for (rule, n) in &self.by_rule {
            write!(f, "\n  {n:>6}  {rule}")?;
        }
        for (reason, n) in &self.rejected_by {
            write!(f, "\n  rejected {n}: {reason}")?;
        }
        for (kind, n) in &self.unresolved {
            write!(f, "\n  unresolved {kind}: {n}")?;
        }
        match self.mute_doors.as_slice() {
            [] => {}
            [first, rest @ ..] => {
                let count = rest.len() + 1;
                let say = if count == 1 { "door never says" } else { "doors never say" };
                write!(
                    f,
                    "\n  {count} {say} whether somebody went through ({first}{}): rules that \
                     rest on presence stay silent about them; set `passage = assumed` in doors.csv \
                     where a grant cannot be left unused",
                    if rest.is_empty() { "" } else { ", …" }
                )?;
            }
        }
        Ok(())
    }
}

/// How far a replay of files is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayStep {
    /// So many records have been read.
    Read(u64),
    /// So many events have been judged, of so many.
    Judged(u64, u64),
}

/// Replays; final findings go to `out` as JSON lines. `tell` is told now and then how far it is.
pub fn replay_telling(
    content: &Content,
    mut org: Organisation,
    request: &ReplayRequest,
    (out, tell): (&mut dyn Write, &dyn Fn(ReplayStep)),
) -> Result<ReplaySummary, OfflineError> {
    let watch = Stopwatch::start();
    let mut summary = ReplaySummary::default();
    let inputs = inputs(content, &mut org, request)?;
    let mut events = read_events(content, &org, (&inputs, request), (&mut summary, tell))?;
    events.sort_by(|a, b| {
        (a.time, &a.source, a.record, a.part).cmp(&(b.time, &b.source, b.record, b.part))
    });
    let org = Arc::new(org);
    let spine = Arc::new(Spine::new(Arc::clone(&org)));
    let detector = Detector::new(spine, Arc::clone(&content.rules), Options::default());
    let (silence, findings, ticked) = (Silence::default(), Vec::new(), None);
    let mut run = Run { detector, silence, out, summary, findings, ticked };
    if let Some(first) = events.first() {
        run.silence.watch(&org, first.time);
    }
    let of = events.len() as u64;
    for (done, event) in (0_u64..).zip(&mut events) {
        if done.is_multiple_of(TELL_EVENTS) {
            tell(ReplayStep::Judged(done, of));
        }
        run.one(event, request.provisional)?;
    }
    run.detector.finish(&mut run.findings);
    run.write(request.provisional)?;
    let mut summary = run.summary;
    let stats = run.detector.stats();
    summary.late = stats.late;
    summary.undecided = stats.undecided.values().map(|stat| stat.count).sum();
    summary.unresolved = stats.unresolved.clone();
    let mute = stats.mute_doors(run.detector.spine().organisation());
    summary.mute_doors = mute.map(|(door, _)| door.clone()).collect();
    let seconds = watch.elapsed().as_secs_f64();
    summary.events_per_s = if seconds > 0.0 { summary.events as f64 / seconds } else { 0.0 };
    Ok(summary)
}

struct Run<'a> {
    detector: Detector,
    silence: Silence,
    out: &'a mut dyn Write,
    summary: ReplaySummary,
    findings: Vec<Finding>,
    ticked: Option<Timestamp>,
}

impl Run<'_> {
    fn one(&mut self, event: &mut Event, provisional: bool) -> Result<(), OfflineError> {
        // Event time is the only clock a replay has: silence is judged, then told, by it.
        for record in self.silence.due(event.time) {
            self.detector.observe(0, &record, &mut self.findings);
        }
        if let Some(record) = self.silence.heard(&event.source, event.time) {
            self.detector.observe(0, &record, &mut self.findings);
        }
        // A look at every source; what is final does not hang on how often.
        if self.ticked.is_none_or(|last| last.plus(TICK) <= event.time) {
            self.ticked = Some(event.time);
            self.detector.observe(0, &Record::Tick { at: event.time }, &mut self.findings);
        }
        self.detector.enrich(event);
        self.detector.judge(event, &mut self.findings);
        self.summary.events += 1;
        self.write(provisional)
    }

    fn write(&mut self, provisional: bool) -> Result<(), OfflineError> {
        for finding in self.findings.drain(..) {
            let is_final = match finding.state {
                FindingState::Confirmed => true,
                FindingState::Provisional | FindingState::Withdrawn => false,
            };
            if !is_final && !provisional {
                continue;
            }
            self.summary.findings += u64::from(is_final);
            if is_final {
                *self.summary.by_rule.entry(finding.rule.to_string()).or_insert(0) += 1;
            }
            serde_json::to_writer(&mut *self.out, &finding).map_err(std::io::Error::from)?;
            self.out.write_all(b"\n")?;
        }
        Ok(())
    }
}

/// The sources to read and their files, in the order given.
pub(super) fn inputs(
    content: &Content,
    org: &mut Organisation,
    request: &ReplayRequest,
) -> Result<Vec<(Source, PathBuf)>, OfflineError> {
    let mut inputs = Vec::new();
    for (mapping, file) in &request.mappings {
        let mut source = source_for(content, mapping, &org.time_zone)?;
        borrow_settings(&mut source, org);
        org.sources.entry(source.id.clone()).or_insert_with(|| source.clone());
        inputs.push((source, file.clone()));
    }
    for (id, file) in &request.sources {
        let found = org.sources.values().find(|s| s.id.as_str() == id);
        let mut source = found.cloned().ok_or_else(|| OfflineError::Unknown {
            what: "source",
            name: id.clone(),
            hint: hint(id, org.sources.keys().map(|s| s.as_str())),
        })?;
        source.time_zone.get_or_insert_with(|| org.time_zone.clone());
        inputs.push((source, file.clone()));
    }
    Ok(inputs)
}

/// A file named by its mapping alone takes the settings of the one source with that mapping.
fn borrow_settings(source: &mut Source, org: &Organisation) {
    let mut same =
        org.sources.values().filter(|s| s.mapping.is_some() && s.mapping == source.mapping);
    let (Some(like), None) = (same.next(), same.next()) else { return };
    source.site = like.site.clone();
    source.realm = like.realm.clone();
    source.clock_offset_max = like.clock_offset_max;
    source.lateness_max = like.lateness_max;
    source.witness_of = like.witness_of.clone();
    if like.time_zone.is_some() {
        source.time_zone = like.time_zone.clone();
    }
}

fn read_events(
    content: &Content,
    org: &Organisation,
    (inputs, request): (&[(Source, PathBuf)], &ReplayRequest),
    (summary, tell): (&mut ReplaySummary, &dyn Fn(ReplayStep)),
) -> Result<Vec<Event>, OfflineError> {
    let tenant_zone = zone_of(&org.time_zone)?;
    let mut normaliser = Normaliser::new(Arc::clone(&content.mappings));
    let mut numbers: BTreeMap<model::SourceId, u64> = BTreeMap::new();
    let (mut events, mut made) = (Vec::new(), Vec::new());
    let now = Clock::system().now();
    for (source, file) in inputs {
        let context = SourceContext { source, tenant_zone, clock: ClockPolicy::FILE };
        let number = numbers.entry(source.id.clone()).or_insert(0);
        let records = files::open(file, &FileOptions::default());
        for record in records.map_err(|e| OfflineError::File(e.to_string()))? {
            summary.records += 1;
            if summary.records.is_multiple_of(TELL_EVENTS) {
                tell(ReplayStep::Read(summary.records));
            }
            match record {
                Ok(record) => {
                    normaliser.run(*number, &raw_of(record, source, now), &context, &mut made);
                }
                Err(error @ FileError::Record { .. }) => {
                    summary.rejected += 1;
                    *summary.rejected_by.entry(error.to_string()).or_insert(0) += 1;
                }
                Err(error) => return Err(OfflineError::File(error.to_string())),
            }
            *number += 1;
            for normalised in made.drain(..) {
                keep(normalised, request, &mut events, summary);
            }
            if events.len() > REPLAY_EVENTS_MAX {
                return Err(OfflineError::TooMuch { what: "events", max: REPLAY_EVENTS_MAX });
            }
        }
    }
    Ok(events)
}

fn keep(
    normalised: Normalised,
    request: &ReplayRequest,
    events: &mut Vec<Event>,
    summary: &mut ReplaySummary,
) {
    match normalised {
        Normalised::Event(event) => {
            let is_inside = request.from.is_none_or(|from| from <= event.time)
                && request.to.is_none_or(|to| event.time < to);
            if is_inside {
                events.push(event);
            } else {
                summary.outside += 1;
            }
        }
        Normalised::Dead(dead) => {
            summary.rejected += 1;
            let why = dead.reason.to_string();
            // Reasons carry record-specific words; past this many the rest are named by code.
            let key = if summary.rejected_by.len() < 20 { why } else { dead.reason.code().into() };
            *summary.rejected_by.entry(key).or_insert(0) += 1;
        }
    }
}
