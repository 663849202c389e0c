//! A controller at work: its point in the book of revocations, its cards, its doors, its clock.
//! One thing at a time is asked of it; commands come first, then what revocations wait for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use access::door::{CredentialKey, CredentialKind, Snapshot};
use access::link::Command;
use access::revocation::{Act, Deed, Known, Point, PointKind, Receipt, Subject};
use adapters::uhppote::Requests;
use chrono_tz::Tz;
use model::{CredentialId, DoorId, PointId, RevocationId, Timestamp};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::cards::{Cards, CardsTold, Next, Wanted};
use super::clock::{BoardClock, ClockTold};
use super::doors::{Doors, Line};
use super::wanted::{Basis, LeftOutFor, Plan, Planner, keys_of, spellings};
use crate::clock::Stopwatch;
use crate::config::ControllerConfig;
use crate::engine::Engine;
use crate::warden::Heard;

/// How often doors and clock are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often rights are looked at that change with time alone.
const RENEW_EVERY: Duration = Duration::from_secs(30);
/// Pause between two requests about cards: nobody waits long behind them.
const PACE: Duration = Duration::from_millis(5);
/// Longest pause.
const REST_MAX: Duration = Duration::from_millis(500);
/// Where a controller's own time begins.
const START: Timestamp = Timestamp::from_nanos(0);

/// A controller, as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct ControllerTold {
    /// Its point.
    pub point: PointId,
    /// Its serial number.
    pub serial: u32,
    /// Where it is.
    pub address: SocketAddr,
    /// Its doors 1 to 4.
    pub doors: Vec<Option<DoorId>>,
    /// Whether it answers; none: it was not asked yet.
    pub is_online: Option<bool>,
    /// Since when.
    pub since: Timestamp,
    /// Its cards.
    pub cards: CardsTold,
    /// When its whole list was last read.
    pub swept_at: Option<Timestamp>,
    /// When it last held what it is to hold, as far as was read.
    pub equal_at: Option<Timestamp>,
    /// Cards that it cannot be given, at some door at least, and why.
    pub left_out: Arc<BTreeMap<CredentialId, BTreeSet<LeftOutFor>>>,
    /// Its clock.
    pub clock: ClockTold,
}

/// All controllers that are run, as they are shown.
#[derive(Debug, Default)]
pub struct ControllersTold(Mutex<BTreeMap<PointId, ControllerTold>>);

impl ControllersTold {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<PointId, ControllerTold>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every one, in order of their points.
    pub fn all(&self) -> Vec<ControllerTold> {
        self.lock().values().cloned().collect()
    }

    /// When a controller last held what it is to hold; the outer none: there is no such.
    pub fn equal_at(&self, point: &PointId) -> Option<Option<Timestamp>> {
        self.lock().get(point).map(|told| told.equal_at)
    }
}

/// Runs the controllers whose doors the configuration names, each as a task of its own.
pub fn serve(
    engine: &Arc<Engine>,
    requests: Option<Requests>,
    (tasks, stop): (&mut JoinSet<()>, &CancellationToken),
) {
    let ours = engine.config.uhppote.iter().filter(|board| board.is_ours());
    let ours: Vec<ControllerConfig> = ours.cloned().collect();
    let named: BTreeSet<PointId> = ours.iter().map(|board| board.point.clone()).collect();
    let leaving = Arc::clone(engine);
    tasks.spawn(async move { leave(&leaving, &named).await });
    let Some(requests) = requests else { return };
    for config in ours {
        let board = Board::new(Arc::clone(engine), config, requests.clone());
        tasks.spawn(board.run(stop.clone()));
    }
}

/// Controllers that the configuration does not name any more enforce nothing for us.
async fn leave(engine: &Engine, named: &BTreeSet<PointId>) {
    let why = "the configuration does not name this controller's doors any more";
    for (id, point) in engine.warden.points().await {
        if point.kind != PointKind::Controller || named.contains(&id) {
            continue;
        }
        let by = ("castellan", why);
        if let Err(error) = engine.warden.decommission(&id, by, engine.now()).await {
            tracing::error!(point = %id, reason = %error, "a controller stays in service");
        }
    }
}

/// A deed that waits for this controller.
struct Waits {
    id: RevocationId,
    deed: Deed,
    numbers: Vec<u32>,
    /// Some number is not known: the whole list has to be read.
    whole: bool,
}

struct Board {
    engine: Arc<Engine>,
    config: ControllerConfig,
    line: Line,
    commands: mpsc::Receiver<Command>,
    cards: Cards,
    planner: Planner,
    plan: Plan,
    snapshot: Option<Snapshot>,
    /// Keys of numbers that were found on it.
    found: HashMap<CredentialKey, u32>,
    /// Numbers that we have ever put there: ours to take away.
    ours: Arc<BTreeSet<u32>>,
    file: PathBuf,
    waits: Vec<Waits>,
    doors: Doors,
    clock: BoardClock,
    is_enrolled: bool,
    /// Pauses go by it: the clock of the day may be set.
    watch: Stopwatch,
    rest_until: Timestamp,
    told: ControllerTold,
}

impl Board {
    fn new(engine: Arc<Engine>, config: ControllerConfig, requests: Requests) -> Self {
        let now = engine.now();
        let line = Line { requests, serial: config.serial };
        let folder = engine.folder.path().join("controllers");
        let file = folder.join(format!("{}-cards.json", config.serial));
        let ours: BTreeSet<u32> = std::fs::read(&file)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default();
        let told = ControllerTold {
            point: config.point.clone(),
            serial: config.serial,
            address: config.address,
            doors: config.doors.clone(),
            is_online: None,
            since: now,
            cards: CardsTold::default(),
            swept_at: None,
            equal_at: None,
            left_out: Arc::default(),
            clock: ClockTold::default(),
        };
        let nothing = Wanted {
            version: 0,
            cards: BTreeMap::new(),
            is_ours: Arc::new(|_| false),
            removes_unknown: false,
            is_waiting: true,
        };
        Self {
            commands: engine.edges.attach(config.point.clone()),
            cards: Cards::new(nothing, START),
            planner: Planner::default(),
            plan: Plan::default(),
            snapshot: None,
            found: HashMap::new(),
            ours: Arc::new(ours),
            file,
            waits: Vec::new(),
            doors: Doors::open(&config, line.clone(), &folder),
            clock: BoardClock::default(),
            is_enrolled: false,
            watch: Stopwatch::start(),
            rest_until: START,
            told,
            engine,
            config,
            line,
        }
    }

    async fn run(mut self, stop: CancellationToken) {
        let engine = Arc::clone(&self.engine);
        let (mut changed, mut revoked) = (engine.access.changed(), engine.warden.changed());
        let mut look = tokio::time::interval(LOOK_EVERY);
        let mut renew = tokio::time::interval(RENEW_EVERY);
        for clock in [&mut look, &mut renew] {
            clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        }
        loop {
            let rest = self.rest();
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                Some(command) = self.commands.recv() => {
                    let done = self.doors.take(&engine, command).await;
                    self.ended(done.into_iter().collect()).await;
                }
                Ok(()) = revoked.changed() => self.renew().await,
                Ok(()) = changed.changed() => self.renew().await,
                _ = renew.tick() => self.renew().await,
                _ = look.tick() => self.look().await,
                () = tokio::time::sleep(rest) => self.step().await,
            }
        }
    }

    /// Time since this began, as a time.
    fn ticks(&self) -> Timestamp {
        START.plus(self.watch.elapsed())
    }

    fn rest(&self) -> Duration {
        let now = self.ticks();
        match self.rest_until > now {
            true => self.rest_until.since(now).min(REST_MAX),
            false => PACE,
        }
    }

    async fn ended(&mut self, done: Vec<access::link::Done>) {
        for done in done {
            self.engine.edges.done_here(self.config.point.clone(), done).await;
        }
    }

    /// Doors, clock, and what waited for it to answer.
    async fn look(&mut self) {
        let now = self.engine.now();
        let status = self.line.status().await;
        let was = self.told.is_online.replace(status.is_some());
        if was != self.told.is_online {
            self.told.since = now;
            if status.is_some() {
                self.cards.is_back(self.ticks());
                self.rest_until = START;
            }
        }
        match &status {
            Some(status) => {
                let engine = Arc::clone(&self.engine);
                let zone = self.time_zone(&engine.access.snapshot());
                self.clock.look(&self.line, status, (zone, engine.now())).await;
                self.doors.settle(&engine, status).await;
                let doors = self.doors.told(status, now);
                engine.edges.told_here(doors, true);
            }
            None => self.engine.edges.told_here(self.doors.last_told(), false),
        }
        if self.doors.is_waited_for() {
            let engine = Arc::clone(&self.engine);
            let done = self.doors.try_waiting(&engine).await;
            self.ended(done).await;
        }
        self.tell();
    }

    fn time_zone(&self, snapshot: &Snapshot) -> Tz {
        let first = self.config.doors.iter().flatten().next();
        let door = first.and_then(|door| snapshot.estate().door(door));
        self.config.time_zone.or(door.map(|door| door.time_zone)).unwrap_or(Tz::UTC)
    }

    fn tell(&mut self) {
        self.told.cards = self.cards.told();
        self.told.clock = self.clock.told();
        if self.told.cards.is_equal() && self.told.is_online == Some(true) {
            self.told.equal_at = Some(self.engine.now());
        }
        self.engine.controllers.lock().insert(self.config.point.clone(), self.told.clone());
    }

    /// The controller is in the book: every deed from now on waits for it.
    async fn enrol(&mut self) {
        let (engine, id) = (Arc::clone(&self.engine), self.config.point.clone());
        let known = engine.warden.points().await.get(&id).map(|point| point.kind);
        let now = engine.now();
        self.is_enrolled = match known {
            Some(PointKind::Controller) => true,
            Some(PointKind::Edge | PointKind::System) => {
                tracing::error!(point = %id, "the controller's id is another point's: it is not run");
                false
            }
            // What it has been told it believes until it is told otherwise: there is no lease.
            None => {
                let point = Point { kind: PointKind::Controller, lease: None, renewed_at: now };
                let enrolled = engine.warden.enrol((id.clone(), point), ("castellan", now)).await;
                if let Err(error) = &enrolled {
                    tracing::error!(point = %id, reason = %error, "a controller is not asked yet");
                }
                enrolled.is_ok()
            }
        };
    }

    /// What it is to hold, by the newest rights, and which deeds wait for it.
    async fn renew(&mut self) {
        if !self.is_enrolled {
            self.enrol().await;
        }
        if !self.is_enrolled {
            return;
        }
        let engine = Arc::clone(&self.engine);
        let is_waiting = engine.warden.given().await.is_waiting;
        let (snapshot, (version, _)) = engine.home_rights().await.parts();
        let data = engine.access.data();
        let (doors, time_zone) = (self.config.doors.clone(), self.time_zone(&snapshot));
        let (mut planner, found) = (std::mem::take(&mut self.planner), self.found.clone());
        let (now, formats) = (engine.now(), spellings(&data));
        let planned = tokio::task::spawn_blocking(move || {
            let (found, doors) = (&found, &doors[..]);
            let basis = Basis { snapshot: &snapshot, data: &data, doors, time_zone, found, now };
            let plan = planner.plan(&basis);
            (planner, plan, snapshot)
        });
        let Ok((planner, plan, snapshot)) = planned.await else {
            tracing::error!("what a controller is to hold could not be made");
            return;
        };
        let known: BTreeSet<u32> = plan.numbers.values().copied().collect();
        if !self.put_down(&plan) {
            return;
        }
        let (key, dead) = (engine.access.key().clone(), Arc::clone(&snapshot.tombstones));
        let ours = Arc::clone(&self.ours);
        let wanted = Wanted {
            version,
            cards: plan.cards.clone(),
            is_ours: Arc::new(move |number| {
                ours.contains(&number)
                    || known.contains(&number)
                    || keys_of(number, &formats, &key).iter().any(|key| dead.knows(*key))
            }),
            removes_unknown: self.config.removes_unknown,
            is_waiting,
        };
        if *self.told.left_out != plan.left_out {
            self.told.left_out = Arc::new(plan.left_out.clone());
        }
        (self.planner, self.plan, self.snapshot) = (planner, plan, Some(snapshot));
        self.cards.want(wanted, self.ticks());
        self.call().await;
        self.rest_until = START;
        self.tell();
    }

    /// Writes down which numbers will be there because of us, before they are: whoever they were
    /// put for, they are ours to take away. `false`: that cannot be kept, so nothing is put.
    fn put_down(&mut self, plan: &Plan) -> bool {
        if plan.cards.keys().all(|number| self.ours.contains(number)) {
            return true;
        }
        let mut ours = (*self.ours).clone();
        ours.extend(plan.cards.keys());
        if let Err(error) = super::write_json(&self.file, &ours) {
            tracing::error!(reason = %error, "which cards a controller was given is not kept");
            return false;
        }
        self.ours = Arc::new(ours);
        true
    }

    /// The deeds that wait, and what has to be read for each.
    async fn call(&mut self) {
        let open = self.engine.warden.open_at(&self.config.point).await;
        self.waits.clear();
        for (id, deed) in open {
            let (numbers, whole) = self.numbers_of(&deed);
            self.waits.push(Waits { id, deed, numbers, whole });
        }
        self.ask_for_all();
    }

    fn recount(&mut self) {
        let waits = std::mem::take(&mut self.waits);
        let again = waits.into_iter().map(|one| {
            let (numbers, whole) = self.numbers_of(&one.deed);
            Waits { numbers, whole, ..one }
        });
        self.waits = again.collect();
        self.ask_for_all();
    }

    fn ask_for_all(&mut self) {
        let now = self.ticks();
        for one in &self.waits {
            self.cards.call((&one.numbers, one.whole), one.deed.version, now);
        }
    }

    /// The numbers that a deed is about; and whether there are cards whose number nobody knows.
    fn numbers_of(&self, deed: &Deed) -> (Vec<u32>, bool) {
        let Some(snapshot) = &self.snapshot else { return (Vec::new(), true) };
        let people = snapshot.people();
        let keys: Vec<CredentialKey> = match (deed.act, &deed.subject) {
            (Act::Revoke, _) => deed.stones.iter().map(|stone| stone.key).collect(),
            (Act::Suspend | Act::Lift, Subject::Person(id)) => {
                let own = people.credentials().filter(|one| one.person.as_ref() == Some(id));
                own.map(|one| one.key).collect()
            }
            (Act::Suspend | Act::Lift, Subject::Credential(id) | Subject::Pass(id)) => {
                people.credential(id).map(|one| one.key).into_iter().collect()
            }
        };
        let (mut numbers, mut whole) = (Vec::new(), false);
        for key in keys {
            let number = self.plan.numbers.get(&key).or_else(|| self.found.get(&key));
            match (number, people.by_key(&key)) {
                (Some(number), _) => numbers.push(*number),
                // No controller can hold it.
                (None, Some(one))
                    if matches!(one.kind, CredentialKind::Mobile | CredentialKind::Pin)
                        || self.plan.other_forms.contains(&one.id) => {}
                (None, _) => whole = true,
            }
        }
        (numbers, whole)
    }

    /// One request about cards, and what follows from its answer.
    async fn step(&mut self) {
        if !self.is_enrolled || self.snapshot.is_none() {
            self.rest_until = self.ticks().plus(REST_MAX);
            return;
        }
        match self.cards.next(self.ticks()) {
            Next::Rest(until) => self.rest_until = until,
            Next::Ask(request) => {
                let sweeps = self.cards.sweeps();
                let answer = self.line.ask(request).await;
                self.cards.heard(answer, self.ticks());
                if self.cards.sweeps() != sweeps {
                    self.swept().await;
                }
                self.confirm().await;
            }
        }
    }

    /// Its whole list was read: numbers that nobody wrote down are known from it.
    async fn swept(&mut self) {
        let (key, formats) =
            (self.engine.access.key().clone(), spellings(&self.engine.access.data()));
        let held: Vec<u32> = self.cards.held().collect();
        let before = self.found.len();
        for number in held {
            for key in keys_of(number, &formats, &key) {
                self.found.insert(key, number);
            }
        }
        // Before anything is confirmed: what nobody knew the number of may have been found.
        self.recount();
        let told = self.cards.told();
        if !told.is_cut {
            self.told.swept_at = Some(self.engine.now());
        }
        if told.due == 0 && !told.is_cut {
            let there: BTreeSet<u32> = self.cards.held().collect();
            let (wanted, ours) = (&self.plan.cards, self.ours.iter().copied());
            let is_there = |number: &u32| there.contains(number) || wanted.contains_key(number);
            self.ours = Arc::new(ours.filter(is_there).collect());
        }
        if told.strangers > 0 {
            let (controller, strangers) = (self.config.serial, told.strangers);
            tracing::warn!(controller, strangers, "the controller holds cards that nobody knows");
        }
        if told.is_cut {
            let controller = self.config.serial;
            tracing::warn!(controller, "the controller's list of cards cannot be read to its end");
        }
        if self.found.len() != before {
            self.renew().await;
        }
    }

    /// Deeds whose cards were read back: each has its receipt.
    async fn confirm(&mut self) {
        let (point, now, snapshot) =
            (self.config.point.clone(), self.engine.now(), self.cards.version());
        let mut heard = Vec::new();
        for one in &self.waits {
            let version = one.deed.version;
            if self.cards.has_confirmed((&one.numbers, one.whole), version) {
                let receipt = Receipt {
                    point: point.clone(),
                    deed: one.id.clone(),
                    known: Known::ReadBack,
                    snapshot,
                    at: now,
                };
                heard.push(Heard::Receipt(receipt, (Vec::new(), Vec::new())));
            }
        }
        if heard.is_empty() {
            return;
        }
        match self.engine.warden.hear(heard, now).await {
            Ok(_) => self.call().await,
            Err(error) => {
                tracing::error!(reason = %error, "a controller's receipts are not kept yet");
            }
        }
    }
}
