//! The second stage of the flow: events to findings, incidents and the lake, in journal order.
//!
//! Exactly once: what a step concludes is written with its cursor. After a crash the detector goes
//! on from its snapshot; records up to the cursor are judged again for its memory's sake alone.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use detect::{DetectStats, Detector, Options};
use lake::{AppendOutcome, Lake, LakeRow, RawRow};
use model::{DeadLetter, Event, Finding, Raw, Record, SourceId};
use normalise::Normalised;
use store::StoreError;
use store::state::{Counter, DetectStep, Snapshot, StoredDeadLetter};
use tokio::runtime::Handle;

use crate::accounting::{Accounts, Boundary, Outcome};
use crate::clock::{Clock, Stopwatch};
use crate::desk::Desk;
use crate::flow::health;
use crate::flow::history::Teacher;
use crate::flow::keeper::{Keeper, Remembered, Seal};
use crate::flow::packed;
use crate::flow::silencer::Silencer;
use crate::flow::stages::{Got, Item, Stages, Work};
use crate::flow::tally::{Late, Unresolved};
use crate::knowledge::Knowledge;
use crate::limits::Limits;
use crate::live::{Live, LiveEvent, LiveMessage};
use crate::rights::Rights;
use crate::watch::devices::Devices;
use crate::watch::doors::Doors;
use crate::watch::refused::{self, Refusal, Refusals};
use crate::watch::things::Things;
use crate::watch::whereabouts::Whereabouts;

/// The consumer's name in the journal and in state.
pub const CONSUMER: &str = "flow";
/// The snapshot's name, and the consumer that writes it.
pub const SNAPSHOT: &str = "detector";
/// A quiet flow still writes its cursor this often.
const COMMIT_PAUSE: Duration = Duration::from_secs(1);
/// How long the judge waits for work before it looks at its clock.
const WORK_WAIT: Duration = Duration::from_millis(100);
/// How long the judge waits for the lake's flush when its memory is full.
const FLUSH_WAIT: Duration = Duration::from_millis(20);

/// Why the flow stopped.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// Journal or state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// What the judge works with.
pub struct Tools {
    /// Where findings become incidents.
    pub desk: Arc<Desk>,
    /// Where events become history.
    pub lake: Lake,
    /// Who flushes it.
    pub keeper: Keeper,
    /// Subscribers.
    pub live: Live,
    /// Counts.
    pub accounts: Arc<Accounts>,
    /// Time, for what people see; kernels get theirs from records.
    pub clock: Clock,
    /// Who is silent.
    pub silencer: Arc<Silencer>,
    /// How doors stand.
    pub doors: Arc<Doors>,
    /// Whether things have their link.
    pub things: Arc<Things>,
    /// Whether people's devices are as they should be.
    pub devices: Arc<Devices>,
    /// Who was refused at them.
    pub refusals: Arc<Refusals>,
    /// Where people are believed to be, for those who ask.
    pub whereabouts: Arc<Whereabouts>,
    /// Who may pass where, which may rest on where people are.
    pub access: Arc<Rights>,
    /// Bounds.
    pub limits: Limits,
    /// The run time that state lives on.
    pub handle: Handle,
    /// How far the flow is.
    pub progress: Arc<Progress>,
    /// What detection counts.
    pub judged: Arc<Judged>,
    /// The first record that the journal still has.
    pub journal_first: u64,
    /// Who reads what was before rules that learn; nobody where nothing is served.
    pub teacher: Option<Teacher>,
}

/// What detection counts, for whoever asks; at most a second old.
#[derive(Debug, Default)]
pub struct Judged(Mutex<Arc<DetectStats>>);

impl Judged {
    fn set(&self, stats: DetectStats) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(stats);
    }

    /// As it was last said.
    pub fn get(&self) -> Arc<DetectStats> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How far the flow is, for whoever asks.
#[derive(Debug, Default)]
pub struct Progress {
    /// Last record judged.
    pub judged: AtomicU64,
    /// Events since the start.
    pub events: AtomicU64,
}

/// Where the flow begins.
#[derive(Clone)]
pub struct Begin {
    /// The detector's memory after record `seq`.
    pub snapshot: Option<Snapshot>,
    /// Everything up to this record has been concluded and written.
    pub cursor: u64,
    /// Everything up to this record is in the lake's files.
    pub in_lake: u64,
}

impl Begin {
    /// The first record to read.
    pub fn first(&self) -> u64 {
        self.snapshot.as_ref().map_or(0, |s| s.seq) + 1
    }
}

/// The second stage.
pub struct Judge {
    tools: Tools,
    detector: Detector,
    knowledge: Arc<Knowledge>,
    begin: Begin,
    step: DetectStep,
    counts: BTreeMap<(SourceId, Outcome, &'static str), u64>,
    /// Records received, and of these kept, per source: what is counted for nearly every record.
    usual: HashMap<SourceId, (u64, u64)>,
    unresolved: Unresolved,
    late: Late,
    findings: Vec<Finding>,
    /// What one batch gives the lake; the room is used again and again.
    rows: Vec<LakeRow>,
    raws: Vec<RawRow>,
    scratch: Vec<u8>,
    since_commit: Stopwatch,
    since_flush: Stopwatch,
    since_publish: Stopwatch,
    last: u64,
}

impl Judge {
    /// Takes up where the last run ended. A snapshot that cannot be read is left aside: the
    /// detector then begins with nothing and learns again.
    pub fn new(tools: Tools, knowledge: Arc<Knowledge>, mut begin: Begin) -> Self {
        let (spine, rules) = (Arc::clone(&knowledge.spine), Arc::clone(&knowledge.rules));
        let mut detector = Detector::new(spine, rules, Options::default());
        if let Some(snapshot) = &begin.snapshot
            && let Err(error) = packed::restore(&mut detector, &snapshot.bytes)
        {
            tracing::error!(reason = %error, "detector snapshot left aside");
            begin.snapshot = None;
        }
        let last = begin.first() - 1;
        // What the journal has no more is history; what it still has is judged again.
        detector.await_history(last.max(tools.journal_first.saturating_sub(1)));
        let people_max = Limits::count(tools.limits.whereabouts_people_max);
        let seen = detector.take_seen();
        tools.whereabouts.follow(detector.presence(), &seen, people_max);
        tools.access.follow(&tools.whereabouts, &seen, tools.clock.now());
        // Whoever waits for the flow must not wait for records that an earlier run has judged.
        tools.progress.judged.store(last, Ordering::Release);
        Self {
            tools,
            detector,
            knowledge,
            begin,
            step: DetectStep { consumer: CONSUMER.into(), ..DetectStep::default() },
            counts: BTreeMap::new(),
            usual: HashMap::new(),
            unresolved: Unresolved::default(),
            late: Late::default(),
            findings: Vec::new(),
            rows: Vec::new(),
            raws: Vec::new(),
            scratch: Vec::new(),
            since_commit: Stopwatch::start(),
            since_flush: Stopwatch::start(),
            since_publish: Stopwatch::start(),
            last,
        }
    }

    /// The first record this judge needs.
    pub fn first(&self) -> u64 {
        self.begin.first()
    }

    /// Runs until the journal is closed and read to its end.
    pub fn run(mut self, mut stages: Stages) -> Result<(), FlowError> {
        loop {
            match stages.next(WORK_WAIT) {
                Got::Work(work) => self.work(work)?,
                Got::Nothing => {}
                Got::Ended(Some(error)) => return Err(error.into()),
                Got::Ended(None) => break,
            }
            if self.since_commit.elapsed() >= COMMIT_PAUSE {
                self.commit()?;
            }
            let mut has_learned = false;
            if self.since_publish.elapsed() >= COMMIT_PAUSE {
                self.publish();
                let teacher = self.tools.teacher.as_mut();
                has_learned = teacher.is_some_and(|t| t.tend(&mut self.detector, &self.knowledge));
            }
            // Kept at once: a crash would have it read again.
            self.maybe_flush(has_learned)?;
        }
        self.commit()?;
        self.maybe_flush(true)?;
        stages.join();
        Ok(())
    }

    fn work(&mut self, work: Work) -> Result<(), FlowError> {
        if work.knowledge.version != self.knowledge.version {
            self.knowledge = Arc::clone(&work.knowledge);
            self.detector.set_spine(Arc::clone(&self.knowledge.spine));
            self.detector.set_rules(Arc::clone(&self.knowledge.rules));
            // The lake has been handed all that was judged by the rules before.
            self.detector.await_history(self.last);
        }
        for item in work.items {
            self.item(item);
        }
        self.append_to_lake()?;
        self.tools.lake.advance(self.last);
        self.tools.progress.judged.store(self.last, Ordering::Release);
        // Whoever waits for an incident waits no longer than this batch.
        let is_urgent = !self.step.findings.is_empty() || !self.step.dead_letters.is_empty();
        if is_urgent { self.commit() } else { Ok(()) }
    }

    fn item(&mut self, item: Item) {
        self.last = item.seq;
        let is_new = item.seq > self.begin.cursor;
        match &*item.record {
            Record::Raw(raw) => {
                let gave_event = self.made(item.made, raw, (item.seq, is_new));
                if is_new
                    && gave_event
                    && let Some(dead) = raw.rerun_of
                {
                    self.step.resolved_dead_letters.push(dead);
                }
                if item.seq > self.begin.in_lake {
                    self.raws.push(RawRow { seq: item.seq, raw: Arc::clone(raw) });
                }
            }
            Record::Source { source, state, .. } => {
                if !is_new {
                    self.tools.silencer.recall(source, *state);
                }
                self.detector.observe(item.seq, &item.record, &mut self.findings);
                if let Some(event) = health::event(item.seq, &item.record, &self.knowledge) {
                    self.event(&event, (item.seq, is_new));
                }
            }
            Record::Tick { .. } => {
                self.detector.observe(item.seq, &item.record, &mut self.findings);
            }
        }
        self.take_findings(is_new);
    }

    /// Judges what one record gave; whether that was an event.
    fn made(&mut self, made: Vec<Normalised>, raw: &Raw, (seq, is_new): (u64, bool)) -> bool {
        let mut gave_event = false;
        for normalised in made {
            match normalised {
                Normalised::Event(mut event) => {
                    gave_event = true;
                    if is_new && self.detector.is_late(&event) {
                        self.late.add(&event);
                    }
                    self.detector.enrich(&mut event);
                    self.detector.judge(&event, &mut self.findings);
                    self.event(&event, (seq, is_new));
                }
                Normalised::Dead(letter) if is_new => self.dead(letter, raw),
                Normalised::Dead(_) => {}
            }
        }
        if is_new {
            let (received, kept) = match self.usual.get_mut(&raw.source) {
                Some(known) => known,
                None => self.usual.entry(raw.source.clone()).or_default(),
            };
            *received += 1;
            *kept += u64::from(gave_event);
        }
        gave_event
    }

    fn event(&mut self, event: &Event, (seq, is_new): (u64, bool)) {
        self.tools.progress.events.fetch_add(1, Ordering::Relaxed);
        if let Some(door) = self.tools.doors.take(event) {
            self.tools.live.send(LiveMessage::Door(Arc::new(door)));
        }
        if let Some(thing) = self.tools.things.take(event) {
            self.tools.live.send(LiveMessage::Thing(Arc::new(thing)));
        }
        self.tools.devices.take(event);
        if let Some(refusal) = Refusal::of(event) {
            self.refused(event, refusal, is_new);
        }
        if is_new {
            self.unresolved.add(event);
        }
        if seq > self.begin.in_lake {
            match LakeRow::written(event, &mut self.scratch) {
                Ok(row) => {
                    if self.tools.live.wants_events() {
                        let event = LiveEvent::new(row.ocsf.clone(), row.site.clone());
                        self.tools.live.send(LiveMessage::Event(Arc::new(event)));
                    }
                    self.rows.push(row);
                }
                Err(error) => {
                    tracing::error!(record = seq, reason = %error, "event not storable");
                    let source = event.source.as_str();
                    let why = (Outcome::Dropped, "unencodable");
                    self.tools.accounts.add_reason(Boundary::Lake, source, why, 1);
                }
            }
        }
    }

    fn refused(&self, event: &Event, refusal: Refusal, is_new: bool) {
        let max = Limits::count(self.tools.limits.refusals_kept_max);
        let is_kept = self.tools.refusals.add(refusal.clone(), max);
        if is_new && is_kept && refused::is_fresh(event) {
            self.tools.live.send(LiveMessage::Refused(Arc::new(refusal)));
        }
    }

    fn dead(&mut self, letter: DeadLetter, raw: &Raw) {
        let reason = (Outcome::Rejected, letter.reason.code());
        self.count(letter.source.clone(), reason);
        if let Some(earlier) = raw.rerun_of {
            // The newer letter speaks for the record from now on.
            self.step.resolved_dead_letters.push(earlier);
        }
        self.step.dead_letters.push(StoredDeadLetter::open(letter, raw.clone()));
    }

    fn take_findings(&mut self, is_new: bool) {
        if is_new {
            self.step.findings.append(&mut self.findings);
        } else {
            self.findings.clear();
        }
    }

    fn count(&mut self, source: SourceId, (outcome, reason): (Outcome, &'static str)) {
        *self.counts.entry((source, outcome, reason)).or_insert(0) += 1;
    }

    fn append_to_lake(&mut self) -> Result<(), FlowError> {
        if self.rows.is_empty() && self.raws.is_empty() {
            return Ok(());
        }
        let n = self.rows.len() as u64;
        loop {
            match self.tools.lake.append(&mut self.rows, &mut self.raws) {
                AppendOutcome::Kept => break,
                AppendOutcome::FlushNow => {
                    self.seal()?;
                    break;
                }
                AppendOutcome::Full => {
                    // The journal holds everything; waiting here slows intake, and loses nothing.
                    // The detector has judged these rows already: its memory would be ahead of the
                    // lake, so it is not kept with this flush.
                    if self.tools.keeper.is_idle() {
                        self.tools.keeper.flush(Seal { snapshot: None });
                    }
                    std::thread::sleep(FLUSH_WAIT);
                }
                AppendOutcome::Unencodable(error) => {
                    self.rows.clear();
                    self.raws.clear();
                    tracing::error!(reason = %error, "rows not storable");
                    let why = (Outcome::Dropped, "unencodable");
                    self.tools.accounts.add_reason(Boundary::Lake, "-", why, n);
                    return Ok(());
                }
            }
        }
        self.tools.accounts.add(Boundary::Lake, "-", Outcome::Kept, n);
        Ok(())
    }

    /// Hands the keeper the detector's memory as it is now, to be kept once the lake has flushed.
    ///
    /// INVARIANT: the snapshot is never ahead of the cursor either: the next run reads from the
    /// snapshot on, and what the records before it amounted to must be written by then.
    fn seal(&mut self) -> Result<(), FlowError> {
        if !self.tools.keeper.is_idle() {
            return Ok(());
        }
        self.commit()?;
        self.since_flush = Stopwatch::start();
        self.tools.lake.advance(self.last);
        let memory = Remembered { seq: self.last, kept: self.detector.snapshot() };
        self.tools.keeper.flush(Seal { snapshot: Some(memory) });
        Ok(())
    }

    fn maybe_flush(&mut self, at_end: bool) -> Result<(), FlowError> {
        let longest = Limits::ms(self.tools.limits.lake_flush_ms_max);
        if at_end || self.since_flush.elapsed() >= longest { self.seal() } else { Ok(()) }
    }

    /// Writes what was concluded, with the cursor.
    fn commit(&mut self) -> Result<(), FlowError> {
        self.since_commit = Stopwatch::start();
        if self.last <= self.begin.cursor {
            return Ok(());
        }
        let mut step = std::mem::replace(
            &mut self.step,
            DetectStep { consumer: CONSUMER.into(), ..DetectStep::default() },
        );
        step.cursor = self.last;
        step.unresolved = self.unresolved.take();
        step.late = self.late.take();
        step.counters = self.take_counters();
        let now = self.tools.clock.now();
        let findings = step.findings.len() as u64;
        let commit = self.tools.desk.commit(&self.knowledge, &mut step, now);
        let folded = self.tools.handle.block_on(commit)?;
        self.begin.cursor = step.cursor;
        let people_max = Limits::count(self.tools.limits.whereabouts_people_max);
        let seen = self.detector.take_seen();
        self.tools.whereabouts.follow(self.detector.presence(), &seen, people_max);
        self.tools.access.follow(&self.tools.whereabouts, &seen, now);
        let accounts = &self.tools.accounts;
        accounts.add(Boundary::Detect, "-", Outcome::Kept, findings);
        accounts.add_reason(Boundary::Detect, "-", (Outcome::Rejected, "shelved"), folded.shelved);
        Ok(())
    }

    fn take_counters(&mut self) -> Vec<Counter> {
        let mut counts = std::mem::take(&mut self.counts);
        for (source, (received, kept)) in self.usual.drain() {
            *counts.entry((source.clone(), Outcome::Received, "")).or_insert(0) += received;
            *counts.entry((source, Outcome::Kept, "")).or_insert(0) += kept;
        }
        counts.retain(|_, value| *value > 0);
        let mut counters = Vec::with_capacity(counts.len());
        let boundary = Boundary::Normalise;
        for ((source, outcome, reason), value) in counts {
            let source = source.as_str();
            self.tools.accounts.add_reason(boundary, source, (outcome, reason), value);
            counters.push(Counter {
                boundary: boundary.as_str().into(),
                source: source.into(),
                outcome: outcome.as_str().into(),
                reason: reason.into(),
                value,
            });
        }
        counters
    }

    /// Gathering the figures copies what the detector counts, so it is not done per commit.
    fn publish(&mut self) {
        self.since_publish = Stopwatch::start();
        let stats = self.detector.stats();
        metrics::gauge!("castellan_detect_groups").set(stats.groups as f64);
        metrics::gauge!("castellan_detect_pending").set(stats.pending as f64);
        metrics::gauge!("castellan_detect_people").set(stats.people as f64);
        for clock in self.detector.clocks() {
            let source = clock.source.to_string();
            let lag = clock.lag_least_ms as f64 / 1e3;
            metrics::gauge!("castellan_clock_lag_least_seconds", "source" => source.clone())
                .set(lag);
            let widened = clock.widened_ms as f64 / 1e3;
            metrics::gauge!("castellan_clock_widened_seconds", "source" => source).set(widened);
        }
        metrics::gauge!("castellan_detect_ways").set(stats.ways as f64);
        metrics::gauge!("castellan_detect_habits").set(stats.habits as f64);
        metrics::counter!("castellan_detect_late_total").absolute(stats.late);
        let forgotten = stats.evicted_ways + stats.evicted_habits;
        metrics::counter!("castellan_detect_forgotten_total").absolute(forgotten);
        self.tools.judged.set(stats);
    }
}
