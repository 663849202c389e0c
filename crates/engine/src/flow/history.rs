//! What was before a rule that learns what is usual: read from the lake beside the flow, and
//! taught to the detector in one go.
//!
//! The lake's events up to the record at which the rule came into force go to a detector of their
//! own, those after it to the one that runs: each is learned from once. Until the first is done the
//! second lets the rule's matches wait (`detect::Detector::await_history`), so that what is found
//! does not hang on how long the reading takes. Both the waiting and what was learned are in the
//! snapshot; a crash in between reads the same stretch again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use detect::{Detector, Options, RuleFile};
use lake::Lake;
use model::{Organisation, Record, RuleId, Timestamp};
use store::Journal;
use tokio::runtime::Handle;

use crate::clock::Clock;
use crate::flow::judge::Progress;
use crate::knowledge::{Current, Knowledge};
use crate::limits::Limits;
use crate::replay::{BOUNDS, ReplayError, prepare, warm_for};
use crate::stored::{Readings, Step};

/// Events read at a time.
const PIECE_EVENTS: usize = 1_024;
/// Time moves on by ticks no finer than this.
const TICK: Duration = Duration::from_secs(1);
/// One wait for the flow, and how many of them there are at one piece.
const ASIDE: Duration = Duration::from_millis(20);
const ASIDE_MAX: u32 = 250;
/// Readings that teach a rule nothing before it must do without.
const TRIES_MAX: u32 = 3;
/// How far after now a stored event's time may lie.
const AHEAD: Duration = Duration::from_secs(86_400);
/// How often a stretch is halved, at most, until it holds no more than may be read.
const HALVINGS_MAX: u32 = 40;

/// How far a rule's history is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryState {
    /// It is being read; nothing is judged by the rule meanwhile.
    Reading,
    /// It was read to its end.
    Learned,
    /// It could not be read: the rule learns from when it came into force.
    Failed,
}

/// What a rule was taught of the time before it came into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// How far it is.
    pub state: HistoryState,
    /// Events read.
    pub events: u64,
    /// When the earliest of them happened; without any, from when on was looked.
    pub since: Timestamp,
    /// Whether it begins later than the rule asks for, because there was too much to read.
    pub is_cut: bool,
}

/// What rules have been taught since the start, for whoever asks.
#[derive(Debug, Default)]
pub struct Histories(Mutex<BTreeMap<RuleId, History>>);

impl Histories {
    fn note<'a>(&self, rules: impl IntoIterator<Item = &'a RuleId>, history: History) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(rules.into_iter().map(|rule| (rule.clone(), history)));
    }

    /// What a rule was taught; nothing where it does not learn, or had its history before.
    pub fn of(&self, rule: &RuleId) -> Option<History> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(rule).copied()
    }
}

/// What histories are read with.
pub struct Teaching {
    /// History.
    pub lake: Lake,
    /// The rules' files.
    pub current: Arc<Current>,
    /// How far intake is; the reading stands aside while the flow is behind.
    pub journal: Arc<Journal>,
    /// How far the flow is.
    pub progress: Arc<Progress>,
    /// What time it is.
    pub clock: Clock,
    /// Bounds.
    pub limits: Limits,
    /// Where the lake is read.
    pub handle: Handle,
    /// Who is told.
    pub told: Arc<Histories>,
}

/// Sees to it that rules get their histories, one stretch at a time.
pub struct Teacher {
    with: Arc<Teaching>,
    reading: Option<Reading>,
    tries: BTreeMap<RuleId, u32>,
}

struct Reading {
    rules: BTreeMap<RuleId, u64>,
    stop: Arc<AtomicBool>,
    ended: Receiver<Result<Taught, ReplayError>>,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Taught {
    detector: Detector,
    history: History,
}

impl Teacher {
    /// One that reads nothing yet.
    pub fn new(with: Teaching) -> Self {
        Self { with: Arc::new(with), reading: None, tries: BTreeMap::new() }
    }

    /// Hands over what has been read, and begins to read what somebody waits for. Whether the
    /// detector has learned something.
    pub fn tend(&mut self, detector: &mut Detector, knowledge: &Knowledge) -> bool {
        let has_ended = self.hand_over(detector);
        if self.reading.is_some() {
            return has_ended;
        }
        let awaited = detector.awaited_histories();
        let Some(up_to) = awaited.values().next().copied() else { return has_ended };
        let rules: BTreeMap<RuleId, u64> =
            awaited.into_iter().filter(|(_, other)| *other == up_to).collect();
        // Nothing was before it.
        if up_to == 0 {
            detector.forgo_history(rules.keys());
            return true;
        }
        let stretch = Stretch::of(&self.with, knowledge, up_to);
        let (state, since) = (HistoryState::Reading, stretch.now);
        self.with.told.note(rules.keys(), History { state, events: 0, since, is_cut: false });
        match self.begin(rules.clone(), stretch) {
            Ok(reading) => self.reading = Some(reading),
            Err(error) => self.forgo(detector, &rules, &error),
        }
        has_ended
    }

    fn hand_over(&mut self, detector: &mut Detector) -> bool {
        let Some(reading) = self.reading.take() else { return false };
        match reading.ended.try_recv() {
            Err(TryRecvError::Empty) => {
                let awaited = detector.awaited_histories();
                let is_wanted = reading.rules.iter().any(|(id, to)| awaited.get(id) == Some(to));
                // What nobody waits for any more is read no further.
                self.reading = is_wanted.then_some(reading);
                false
            }
            Ok(Ok(taught)) => {
                detector.learn_from(&taught.detector);
                self.take_stock(detector, &reading.rules, taught.history);
                true
            }
            Ok(Err(error)) => {
                self.forgo(detector, &reading.rules, &error);
                true
            }
            Err(TryRecvError::Disconnected) => {
                self.forgo(detector, &reading.rules, &ReplayError::Panic);
                true
            }
        }
    }

    /// Says what was learned; a rule that was read about in another version tries again.
    fn take_stock(
        &mut self,
        detector: &mut Detector,
        rules: &BTreeMap<RuleId, u64>,
        history: History,
    ) {
        let awaited = detector.awaited_histories();
        let (missed, learned): (Vec<&RuleId>, Vec<&RuleId>) =
            rules.keys().partition(|id| awaited.get(*id) == rules.get(*id));
        self.with.told.note(learned.iter().copied(), history);
        if !learned.is_empty() {
            let History { events, since, is_cut, .. } = history;
            let rules = learned.len();
            tracing::info!(rules, events, %since, is_cut, "learned what is usual from history");
        }
        let mut beyond = BTreeMap::new();
        for id in missed {
            let tries = self.tries.entry(id.clone()).or_default();
            *tries += 1;
            if *tries >= TRIES_MAX {
                beyond.insert(id.clone(), 0);
            }
        }
        if !beyond.is_empty() {
            let why = ReplayError::Invalid("its file changes faster than it is read".into());
            self.forgo(detector, &beyond, &why);
        }
    }

    fn forgo(
        &mut self,
        detector: &mut Detector,
        rules: &BTreeMap<RuleId, u64>,
        error: &ReplayError,
    ) {
        let rule = rules.keys().next().map(ToString::to_string).unwrap_or_default();
        tracing::error!(rule, rules = rules.len(), reason = %error, "history not learned from");
        let since = self.with.clock.now();
        let state = HistoryState::Failed;
        self.with.told.note(rules.keys(), History { state, events: 0, since, is_cut: false });
        detector.forgo_history(rules.keys());
        self.tries.retain(|id, _| !rules.contains_key(id));
    }

    fn begin(
        &self,
        rules: BTreeMap<RuleId, u64>,
        stretch: Stretch,
    ) -> Result<Reading, ReplayError> {
        let (to, ended): (SyncSender<Result<Taught, ReplayError>>, _) = sync_channel(1);
        let stop = Arc::new(AtomicBool::new(false));
        let (with, stopped) = (Arc::clone(&self.with), Arc::clone(&stop));
        let ids: Vec<RuleId> = rules.keys().cloned().collect();
        let read = move || {
            let files = with.current.rule_files();
            let _ = to.send(teach(&with, (&files, &ids), &stretch, &stopped));
        };
        std::thread::Builder::new().name("history".into()).spawn(read)?;
        Ok(Reading { rules, stop, ended })
    }
}

/// What is read.
struct Stretch {
    org: Arc<Organisation>,
    spine: Arc<detect::Spine>,
    readings: Readings,
    /// The last record that counts.
    up_to: u64,
    now: Timestamp,
}

impl Stretch {
    fn of(with: &Teaching, knowledge: &Knowledge, up_to: u64) -> Self {
        Self {
            org: Arc::clone(&knowledge.org),
            spine: Arc::clone(&knowledge.spine),
            readings: Readings::of(knowledge),
            up_to,
            now: with.clock.now(),
        }
    }

    /// From when on: as far back as the rules remember, and before that what presence needs, but no
    /// more than may be read.
    fn from(&self, with: &Teaching, rules: &detect::RuleSet) -> (Timestamp, bool) {
        let back = rules.memory() + warm_for(&self.org, rules.reach());
        let (mut back, mut is_cut) = (back, false);
        let to = self.now.plus(AHEAD);
        for _ in 0..HALVINGS_MAX {
            let rows = with.lake.stretch_rows_max(self.now.minus(back), to);
            if rows <= with.limits.history_events_max {
                break;
            }
            (back, is_cut) = (back / 2, true);
        }
        (self.now.minus(back), is_cut)
    }
}

/// Teaches a detector of its own what the lake has of a stretch, for some rules.
fn teach(
    with: &Teaching,
    (files, ids): (&[RuleFile], &[RuleId]),
    stretch: &Stretch,
    stop: &AtomicBool,
) -> Result<Taught, ReplayError> {
    let draft = prepare(files, &BTreeMap::new(), ids)?;
    let (since, is_cut) = stretch.from(with, &draft.rules);
    let options = Options { provisional: false };
    let mut detector = Detector::new(Arc::clone(&stretch.spine), draft.rules, options);
    detector.set_bounds(BOUNDS);
    let mut rows = with.lake.stretch(since, stretch.now.plus(AHEAD))?;
    let mut history = History { state: HistoryState::Reading, events: 0, since, is_cut };
    let (mut ticked, mut found) = (None, Vec::new());
    loop {
        stand_aside(with, stop);
        if stop.load(Ordering::Relaxed) {
            return Err(ReplayError::Stopped);
        }
        let piece = with.handle.block_on(rows.next(PIECE_EVENTS))?;
        if piece.is_empty() {
            break;
        }
        for row in piece.into_iter().filter(|row| row.key.seq <= stretch.up_to) {
            let at = row.key.time;
            let Some(step) = stretch.readings.step(row) else { continue };
            if ticked.is_none_or(|last: Timestamp| last.plus(TICK) <= at) {
                ticked = Some(at);
                detector.observe(0, &Record::Tick { at }, &mut found);
            }
            match step {
                Step::Event(mut event) => {
                    if history.events == 0 {
                        history.since = at;
                    }
                    detector.enrich(&mut event);
                    detector.judge(&event, &mut found);
                    history.events += 1;
                }
                Step::Source(number, record) => detector.observe(number, &record, &mut found),
            }
            // What was unusual then is not said now.
            found.clear();
        }
        with.told.note(ids, history);
    }
    detector.finish(&mut found);
    history.state = HistoryState::Learned;
    Ok(Taught { detector, history })
}

fn stand_aside(with: &Teaching, stop: &AtomicBool) {
    let is_behind = || {
        let judged = with.progress.judged.load(Ordering::Relaxed);
        with.journal.last_seq().saturating_sub(judged) > with.limits.replay_behind_max
    };
    let mut waited = 0;
    while is_behind() && waited < ASIDE_MAX && !stop.load(Ordering::Relaxed) {
        std::thread::sleep(ASIDE);
        waited += 1;
    }
}
