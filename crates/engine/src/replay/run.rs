//! One run: the stretch is read and parsed on one thread, judged on another.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use detect::{Bounds, DetectStats, Detector, Options, Spine};
use lake::Lake;
use model::{Finding, FindingId, Organisation, PlaceId, Record, RuleId, Timestamp};
use normalise::Mappings;
use serde::Serialize;
use tokio::runtime::Handle;

use super::compare::{RuleCompared, Side, compare};
use super::draft::Draft;
use super::tally::{Counted, RuleCount, Tally, TallyLimits};
use super::{Pace, ReplayError};
use crate::clock::Stopwatch;
use crate::stored::{Readings, Step};

/// What one run holds open at most, beside the flow's own: beyond it windows close early, counted.
pub(crate) const BOUNDS: Bounds = Bounds { groups: 200_000, pending: 200_000 };
/// Events read and parsed ahead, in pieces of so many.
const PIECE_EVENTS: usize = 1_024;
/// Pieces that wait for judgement.
const PIECES_AHEAD: usize = 3;
/// Time moves on by ticks no finer than this: they cost a look at every source.
const TICK: Duration = Duration::from_secs(1);
/// How long an episode may have lasted before the stretch, at most; with presence, what a reading
/// that begins earlier is for.
const WARM_MIN: Duration = detect::limits::EPISODE_MAX;

/// The stretch, and what is told of it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Findings from this instant of event time on.
    pub from: Timestamp,
    /// And before this one.
    pub to: Timestamp,
    /// About this site alone.
    pub site: Option<PlaceId>,
    /// How long before `from` the reading begins.
    pub warm: Option<Duration>,
    /// What time it is: what could still come by then is not yet decided.
    pub now: Timestamp,
}

/// What a run works with.
#[derive(Clone)]
pub struct Context {
    /// The lake.
    pub lake: Lake,
    /// The organisation.
    pub org: Arc<Organisation>,
    /// Its look-ups.
    pub spine: Arc<Spine>,
    /// Mappings, for rows of older releases.
    pub mappings: Arc<Mappings>,
    /// Where the lake is read.
    pub handle: Handle,
    /// Bounds.
    pub limits: TallyLimits,
}

/// How far a run is; asked by others while it runs.
#[derive(Debug, Default)]
pub struct Progress {
    /// Events read.
    pub read: AtomicU64,
    /// How many there are at most.
    pub of: AtomicU64,
    /// Event time, in nanoseconds.
    pub at: AtomicI64,
    /// How often it stood aside.
    pub waits: AtomicU64,
    /// Milliseconds it has run.
    pub ran_ms: AtomicU64,
    /// Whether it is to stop.
    pub stop: AtomicBool,
}

impl Progress {
    /// As numbers.
    pub fn pace(&self) -> Pace {
        let (read, of) = (self.read.load(Ordering::Relaxed), self.of.load(Ordering::Relaxed));
        let seconds = self.ran_ms.load(Ordering::Relaxed) as f64 / 1_000.0;
        let rate = if seconds > 0.0 { read as f64 / seconds } else { 0.0 };
        let left = of.saturating_sub(read);
        let at = self.at.load(Ordering::Relaxed);
        Pace {
            read,
            of: of.max(read),
            at: (at != 0).then(|| Timestamp::from_nanos(at)),
            events_per_s: rate.round(),
            remaining_s: (rate > 1.0).then(|| (left as f64 / rate).ceil() as u64),
            waits: self.waits.load(Ordering::Relaxed),
        }
    }
}

/// What was known when the stretch began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warmth {
    /// Where the reading began.
    pub from: Timestamp,
    /// The earliest event that the lake has: nothing before it could be known.
    pub first_event: Option<Timestamp>,
    /// Events read before the stretch.
    pub events: u64,
    /// People seen by then, so that it can be said where they were.
    pub people_seen: u64,
    /// People of the organisation.
    pub people: u64,
}

/// What a run came to.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Events of the stretch.
    pub events: u64,
    /// Stored events that could not be read.
    pub unreadable: u64,
    /// What was known beforehand.
    pub warmth: Warmth,
    /// Findings.
    pub findings: u64,
    /// Whether there were more findings than are told apart, so that the run ended early.
    pub is_cut: bool,
    /// Up to which event time it was judged.
    pub judged_to: Timestamp,
    /// Matches and windows that could not be decided by then, because more may still come.
    pub undecided_yet: u64,
    /// Findings that later events could still overturn; not among the others.
    pub provisional: u64,
    /// Windows and matches that were closed before their time, for want of room.
    pub closed_early: u64,
    /// By local day.
    pub days: Vec<(String, u64)>,
    /// By rule, the noisiest first.
    pub rules: Vec<RuleCount>,
    /// Most findings in ten minutes.
    pub peak: u64,
    /// Spans of ten minutes with more than one finding.
    pub spans_over: u64,
    /// Whom and what it is about most.
    pub top: Vec<Counted>,
    /// Matches that exceptions kept back, by exception.
    pub excepted: BTreeMap<String, u64>,
    /// The same stretch by the rules in force: findings, and rule by rule.
    pub compared: Option<BTreeMap<RuleId, RuleCompared>>,
    /// Events read in a second.
    pub events_per_s: f64,
    /// The earliest findings, whole, with which version says them.
    #[serde(skip)]
    pub kept: Vec<(Side, Finding)>,
}

struct Judging {
    detector: Detector,
    tally: Tally,
    findings: Vec<Finding>,
    is_cut: bool,
    /// What was counted, and up to where all was final, when the input ended.
    ended: Option<(DetectStats, Timestamp)>,
}

impl Judging {
    fn new(context: &Context, asked: &Asked, draft: &Draft) -> Self {
        // Only what is final is told: a replay knows what came later.
        let options = Options { provisional: false };
        let (spine, rules) = (Arc::clone(&context.spine), Arc::clone(&draft.rules));
        let mut detector = Detector::new(spine, rules, options);
        detector.set_bounds(BOUNDS);
        let about = (Arc::clone(&context.org), asked.site.clone());
        let span = (asked.from, asked.to);
        Self {
            detector,
            tally: Tally::new(span, about, draft.told.clone(), context.limits),
            findings: Vec::new(),
            is_cut: false,
            ended: None,
        }
    }

    fn observe(&mut self, number: u64, record: &Record) {
        self.detector.observe(number, record, &mut self.findings);
        self.settle();
    }

    fn settle(&mut self) {
        for finding in self.findings.drain(..) {
            self.is_cut |= !self.tally.take(finding);
        }
    }
}

/// Runs a stretch through one set of rules, or two of them side by side. `stands_aside` is asked
/// between pieces; while it says so the run waits. Blocks; never call it where others are served.
pub fn run(
    context: &Context,
    asked: &Asked,
    (new, old): (&Draft, Option<&Draft>),
    (progress, stands_aside): (&Arc<Progress>, &dyn Fn() -> bool),
) -> Result<Report, ReplayError> {
    let watch = Stopwatch::start();
    let sets = [Some(new), old].into_iter().flatten();
    let reach = sets.clone().map(|draft| draft.rules.reach()).max().unwrap_or_default();
    let memory = sets.clone().map(|draft| draft.rules.memory()).max().unwrap_or_default();
    let usual = || warm_for(&context.org, reach).max(memory);
    let first = asked.from.minus(asked.warm.unwrap_or_else(usual));
    // What follows the stretch can still end a window that was open: all that is needed for it,
    // and the lateness of those who may speak of it, is read too.
    let last = asked.to.plus(reach).plus(lateness_max(&context.org)).min(asked.now.max(asked.to));
    progress.of.store(context.lake.stretch_rows_max(first, last), Ordering::Relaxed);
    let judging: Vec<Judging> = sets.map(|draft| Judging::new(context, asked, draft)).collect();
    let mut judging = Run { judging, asked, counts: Counts::default(), ticked: None };
    let (to_judge, pieces) = sync_channel(PIECES_AHEAD);
    let (reader, stop) = (Reader::new(context, (first, last), to_judge), Arc::clone(progress));
    let thread = std::thread::Builder::new().name("replay-read".into());
    let reading = thread.spawn(move || reader.read(&stop))?;
    let judged = judging.judge(&pieces, (progress, stands_aside), &watch);
    // Without this the reader would wait for room for ever.
    drop(pieces);
    let read = reading.join().map_err(|_| ReplayError::Panic)?;
    judged?;
    read?;
    judging.end(last);
    let first_event = context.lake.time_span()?.map(|span| span.0);
    Ok(judging.report(new, (context, first, first_event), watch.elapsed()))
}

/// How long before a stretch a reading must begin, so that presence and windows are what they
/// were.
pub(crate) fn warm_for(org: &Organisation, reach: Duration) -> Duration {
    let dwell = org.places.values().filter_map(|place| place.dwell_max).max();
    let dwell = dwell.unwrap_or_default().max(detect::limits::DWELL_DEFAULT);
    dwell.max(WARM_MIN + reach)
}

fn lateness_max(org: &Organisation) -> Duration {
    org.sources.values().map(|source| source.lateness_max).max().unwrap_or_default()
}

/// What is not final yet, with which version says it.
fn still_open(fresh: &Tally, before: Option<&Tally>) -> Vec<(Side, Finding)> {
    let says = |tally: &Tally, one: &Finding| tally.open.contains_key(&(one.time, one.id.clone()));
    let new = fresh.open.values().map(|one| {
        let both = before.is_some_and(|before| says(before, one));
        (if both { Side::Both } else { Side::New }, one.clone())
    });
    let old = before.into_iter().flat_map(|before| before.open.values());
    let old = old.filter(|one| !says(fresh, one)).map(|one| (Side::Old, one.clone()));
    new.chain(old).collect()
}

#[derive(Debug, Default)]
struct Counts {
    before: u64,
    inside: u64,
    unreadable: u64,
    people_seen: Option<u64>,
}

struct Run<'a> {
    judging: Vec<Judging>,
    asked: &'a Asked,
    counts: Counts,
    ticked: Option<Timestamp>,
}

impl Run<'_> {
    fn judge(
        &mut self,
        pieces: &Receiver<Piece>,
        (progress, stands_aside): (&Arc<Progress>, &dyn Fn() -> bool),
        watch: &Stopwatch,
    ) -> Result<(), ReplayError> {
        while let Ok(piece) = pieces.recv() {
            let mut waited = 0;
            while stands_aside() && waited < ASIDE_MAX && !progress.stop.load(Ordering::Relaxed) {
                std::thread::sleep(ASIDE);
                waited += 1;
            }
            progress.waits.fetch_add(u64::from(waited > 0), Ordering::Relaxed);
            if progress.stop.load(Ordering::Relaxed) {
                return Err(ReplayError::Stopped);
            }
            self.counts.unreadable += piece.unreadable;
            let count = piece.steps.len() as u64 + piece.unreadable;
            for (at, step) in piece.steps {
                self.step(at, step);
            }
            progress.read.fetch_add(count, Ordering::Relaxed);
            progress.at.store(self.ticked.map_or(0, Timestamp::nanos), Ordering::Relaxed);
            let ran = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
            progress.ran_ms.store(ran, Ordering::Relaxed);
            if self.judging.iter().any(|one| one.is_cut) {
                progress.stop.store(true, Ordering::Relaxed);
                return Ok(());
            }
        }
        Ok(())
    }

    fn step(&mut self, at: Timestamp, step: Step) {
        if at >= self.asked.from && self.counts.people_seen.is_none() {
            self.counts.people_seen = self.judging.first().map(|one| one.detector.stats().people);
        }
        // In the order of time nothing is late: time itself may say so.
        if self.ticked.is_none_or(|last| last.plus(TICK) <= at) {
            self.ticked = Some(at);
            for one in &mut self.judging {
                one.observe(0, &Record::Tick { at });
            }
        }
        match step {
            Step::Event(mut event) => {
                for one in &mut self.judging {
                    one.detector.enrich(&mut event);
                    one.detector.judge(&event, &mut one.findings);
                    one.settle();
                }
                self.counts.before += u64::from(at < self.asked.from);
                self.counts.inside += u64::from(self.asked.from <= at && at < self.asked.to);
            }
            Step::Source(number, record) => {
                self.judging.iter_mut().for_each(|one| one.observe(number, &record));
            }
        }
    }

    /// Ends the input: what can no longer be overturned is said; what still can is provisional, as
    /// it is live.
    fn end(&mut self, last: Timestamp) {
        let is_past = last < self.asked.now;
        for one in &mut self.judging {
            if is_past {
                one.detector.finish(&mut one.findings);
                one.settle();
                continue;
            }
            let at = self.asked.now.max(last);
            one.detector.observe(0, &Record::Tick { at }, &mut one.findings);
            one.settle();
            one.ended = Some((one.detector.stats(), one.detector.frontier()));
            let rules = Arc::clone(one.detector.rules());
            one.detector.finish(&mut one.findings);
            let open = one.findings.drain(..).filter(|found| rules.speaks_early(&found.rule));
            open.for_each(|found| one.tally.take_open(found));
        }
    }

    fn report(
        self,
        new: &Draft,
        (context, first, first_event): (&Context, Timestamp, Option<Timestamp>),
        ran: Duration,
    ) -> Report {
        let mut judging = self.judging.into_iter();
        let (Some(fresh), before) = (judging.next(), judging.next()) else {
            // INVARIANT: `run` makes one for every set of rules, of which there is one.
            return Report::empty(self.asked.from);
        };
        let (stats, frontier) = match &fresh.ended {
            Some((stats, frontier)) => (stats.clone(), *frontier),
            None => (fresh.detector.stats(), fresh.detector.frontier()),
        };
        let compared = before.as_ref().map(|before| compare(&before.tally, &fresh.tally));
        let side = |id: &FindingId| match &compared {
            Some(compared) if compared.new_too.contains(id) => Side::Both,
            Some(_) | None => Side::New,
        };
        let mut kept: Vec<(Side, Finding)> =
            fresh.tally.kept.values().map(|one| (side(&one.id), one.clone())).collect();
        if let (Some(before), Some(compared)) = (&before, &compared) {
            let gone = before.tally.kept.values();
            let gone = gone.filter(|one| !compared.old_too.contains(&one.id));
            kept.extend(gone.map(|one| (Side::Old, one.clone())));
        }
        kept.extend(still_open(&fresh.tally, before.as_ref().map(|before| &before.tally)));
        kept.sort_by(|a, b| (a.1.time, &a.1.id).cmp(&(b.1.time, &b.1.id)));
        let seconds = ran.as_secs_f64();
        let read = self.counts.before + self.counts.inside;
        Report {
            events: self.counts.inside,
            unreadable: self.counts.unreadable,
            warmth: Warmth {
                from: first,
                first_event,
                events: self.counts.before,
                people_seen: self.counts.people_seen.unwrap_or(0),
                people: context.org.people.len() as u64,
            },
            findings: fresh.tally.findings(),
            is_cut: fresh.is_cut || before.as_ref().is_some_and(|before| before.is_cut),
            judged_to: frontier.max(self.asked.from).min(self.asked.to),
            undecided_yet: stats.pending,
            provisional: fresh.tally.open_findings(),
            closed_early: stats.evicted_groups + stats.evicted_pending,
            days: fresh.tally.days(),
            rules: fresh.tally.rules(&stats, &new.rules),
            peak: fresh.tally.peak(),
            spans_over: fresh.tally.spans_over(),
            top: fresh.tally.top(),
            excepted: stats.excepted.clone(),
            compared: compared.map(|compared| compared.rules),
            events_per_s: if seconds > 0.0 { (read as f64 / seconds).round() } else { 0.0 },
            kept,
        }
    }
}

impl Report {
    fn empty(at: Timestamp) -> Self {
        let warmth = Warmth { from: at, first_event: None, events: 0, people_seen: 0, people: 0 };
        Self {
            events: 0,
            unreadable: 0,
            warmth,
            findings: 0,
            is_cut: false,
            judged_to: at,
            undecided_yet: 0,
            provisional: 0,
            closed_early: 0,
            days: Vec::new(),
            rules: Vec::new(),
            peak: 0,
            spans_over: 0,
            top: Vec::new(),
            excepted: BTreeMap::new(),
            compared: None,
            events_per_s: 0.0,
            kept: Vec::new(),
        }
    }
}

/// One wait for the flow, and how many of them there are at one piece: a run that waits for ever
/// would be none.
const ASIDE: Duration = Duration::from_millis(20);
const ASIDE_MAX: u32 = 250;

struct Piece {
    steps: Vec<(Timestamp, Step)>,
    unreadable: u64,
}

struct Reader {
    lake: Lake,
    handle: Handle,
    readings: Readings,
    span: (Timestamp, Timestamp),
    to: SyncSender<Piece>,
}

impl Reader {
    fn new(context: &Context, span: (Timestamp, Timestamp), to: SyncSender<Piece>) -> Self {
        let (org, mappings) = (Arc::clone(&context.org), Arc::clone(&context.mappings));
        Self {
            lake: context.lake.clone(),
            handle: context.handle.clone(),
            readings: Readings { org, mappings },
            span,
            to,
        }
    }

    fn read(self, progress: &Progress) -> Result<(), ReplayError> {
        let mut stretch = self.lake.stretch(self.span.0, self.span.1)?;
        while !progress.stop.load(Ordering::Relaxed) {
            let rows = self.handle.block_on(stretch.next(PIECE_EVENTS))?;
            if rows.is_empty() {
                break;
            }
            let mut piece = Piece { steps: Vec::with_capacity(rows.len()), unreadable: 0 };
            for row in rows {
                let at = row.key.time;
                match self.readings.step(row) {
                    Some(step) => piece.steps.push((at, step)),
                    None => piece.unreadable += 1,
                }
            }
            // Nobody judges any more: it was stopped, or ended early.
            if self.to.send(piece).is_err() {
                break;
            }
        }
        Ok(())
    }
}
