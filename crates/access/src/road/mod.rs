//! The road between the readers of one point and its strikes, as a machine: it is told what is
//! heard, and says what to do and what to keep. It waits for nothing.
//!
//! It owns the snapshot that decides and one [`Doorway`] for each door; it has no clock, no wire
//! and no disk. Whoever runs it does its acts in their order: the door first, the record last.
//!
//! INVARIANT: a way out releases the strike whatever is decided, known or locked down; while a fire
//! input releases, nothing is secured before the reset; one request is kept as one decision
//! (`tests/road.rs`).

mod orders;
mod reader;
mod senses;
mod words;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use model::{CredentialId, DoorId, PersonId, Timestamp, ZoneId};

use crate::door::travel::{Delta, NotTaken};
use crate::door::{Direction, Fire, HashKey, Incidents, Lockdown, Posture, Risk, Snapshot, Threat};
use crate::doorway::{Contact, Doorway, Drive as Wants, Effect, Input, Stands};
use crate::link::{Done, DoorTold, Passages, UNHEARD_MAX, World};

use reader::Reader;
use senses::Senses;

pub use words::{
    Act, Acted, Decided, Device, DoorEvent, DoorWiring, Drive, Heard, Kept, PIN_RULES, PointEvent,
    PowerWiring, ReaderEvent, ReaderWiring, Record, SILENT_MAX, STEP_WAIT, Show, Terminal, Verdict,
    Went, Wiring,
};

/// A device's own timer runs this much longer than ours: it locks only where we are gone.
const DEVICE_MARGIN: Duration = Duration::from_millis(500);

/// Somebody who was let through and has not gone through yet.
#[derive(Debug, Clone)]
struct Awaited {
    people: Vec<PersonId>,
    credential: Option<CredentialId>,
    direction: Direction,
    to: Option<ZoneId>,
}

#[derive(Debug)]
struct DoorState {
    wiring: DoorWiring,
    doorway: Doorway,
    /// Whether its contact has been heard at all.
    is_found: bool,
    driven: Option<Wants>,
    awaited: Option<Awaited>,
    is_locked_down: bool,
    is_scheduled: bool,
    fire: Fire,
    tampered: std::collections::BTreeSet<Device>,
    since: Timestamp,
    last: Option<CredentialId>,
    told: Option<DoorTold>,
}

/// The road.
#[derive(Debug)]
pub struct Road {
    snapshot: Snapshot,
    key: HashKey,
    wiring: Wiring,
    doors: Vec<DoorState>,
    readers: Vec<Reader>,
    senses: Senses,
    commands: HashMap<Arc<str>, Option<Done>>,
    commands_order: VecDeque<Arc<str>>,
    waiting: HashMap<Arc<str>, crate::link::Command>,
    /// When it was last told of other points.
    told_at: Option<Timestamp>,
}

/// Acts in the making.
pub(crate) type Acts = Vec<Act>;

fn sorted(mut acts: Acts) -> Acts {
    acts.sort_by_key(Act::order);
    // Of what a strike is to be, the last counts; a word that somebody waits for stays.
    let last = |place: usize, strike: &Terminal| {
        let later = acts.iter().skip(place + 1);
        later.clone().all(|act| !matches!(act, Act::Drive { strike: other, .. } if other == strike))
    };
    let keeps = |(place, act): (usize, &Act)| match act {
        Act::Drive { strike, command: None, .. } => last(place, strike),
        Act::Drive { .. }
        | Act::Rotate { .. }
        | Act::Show(..)
        | Act::Ask(_)
        | Act::Done(_)
        | Act::Record(_) => true,
    };
    let kept: Vec<bool> = acts.iter().enumerate().map(keeps).collect();
    let mut kept = kept.into_iter();
    acts.retain(|_| kept.next().unwrap_or(true));
    acts
}

impl Road {
    /// A road with this wiring and these rights; nothing has been heard yet.
    pub fn new(wiring: Wiring, key: HashKey, snapshot: Snapshot, now: Timestamp) -> (Self, Acts) {
        let doors = wiring.doors.iter().map(|door| {
            let mut timing = door.timing;
            timing.has_contact = false;
            let (doorway, _) = Doorway::new(timing, Contact::Closed, now);
            DoorState {
                wiring: door.clone(),
                doorway,
                is_found: false,
                driven: None,
                awaited: None,
                is_locked_down: false,
                is_scheduled: false,
                fire: Fire::Quiet,
                tampered: std::collections::BTreeSet::new(),
                since: now,
                last: None,
                told: None,
            }
        });
        let doors: Vec<DoorState> = doors.collect();
        let readers = reader::all(&wiring);
        let senses = Senses::new(&wiring, now);
        let mut road = Self {
            snapshot,
            key,
            wiring,
            doors,
            readers,
            senses,
            commands: HashMap::new(),
            commands_order: VecDeque::new(),
            waiting: HashMap::new(),
            told_at: None,
        };
        road.listen(now);
        let mut acts = Vec::new();
        if !road.snapshot.rights.is_trusted {
            road.point(PointEvent::ClockUntrusted, None, now, &mut acts);
        }
        road.settle(now, &mut acts);
        (road, sorted(acts))
    }

    /// What decides.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Something was heard from a line: from a device, or (no address) of the line itself.
    pub fn heard(
        &mut self,
        (bus, address): (&Arc<str>, Option<u8>),
        what: Heard,
        now: Timestamp,
    ) -> Acts {
        self.listen(now);
        let mut acts = Vec::new();
        match (address, what) {
            (Some(address), what) => {
                let device = Device { bus: Arc::clone(bus), address };
                self.heard_device(&device, what, now, &mut acts);
            }
            (None, Heard::LineUp) => self.point(PointEvent::LineUp, Some(bus), now, &mut acts),
            (None, Heard::LineDown(why)) => {
                let detail = format!("{bus}: {why}");
                self.point(PointEvent::LineDown, Some(&detail), now, &mut acts);
            }
            (None, _) => {}
        }
        sorted(acts)
    }

    /// Time passes.
    pub fn tick(&mut self, now: Timestamp) -> Acts {
        self.listen(now);
        let mut acts = Vec::new();
        for at in 0..self.doors.len() {
            self.step(at, (Input::Tick, None), now, &mut acts);
        }
        self.rest_readers(now, &mut acts);
        self.look_for_silence(now, &mut acts);
        self.ask_inputs(now, &mut acts);
        self.schedules(now, &mut acts);
        sorted(acts)
    }

    /// When it wants to be told the time, if nothing happens before.
    pub fn wake(&self) -> Option<Timestamp> {
        let doors = self.doors.iter().filter_map(|door| door.doorway.wake());
        let readers = self.readers.iter().filter_map(Reader::wake);
        doors.chain(readers).chain(self.senses.wake()).min()
    }

    /// A strike could not be told what it is to be: it is told again, as it is to be now.
    pub fn redrive(&mut self, strike: &Terminal, now: Timestamp) -> Acts {
        let mut acts = Vec::new();
        for at in 0..self.doors.len() {
            let Some(state) = self.doors.get_mut(at) else { continue };
            if state.wiring.strike.as_ref() == Some(strike) {
                state.driven = None;
                self.drive(at, None, now, &mut acts);
            }
        }
        acts
    }

    /// Something about the point itself is to be kept.
    pub fn note(&mut self, event: PointEvent, detail: Option<&str>, now: Timestamp) -> Acts {
        let mut acts = Vec::new();
        self.point(event, detail, now, &mut acts);
        acts
    }

    /// How old its rights are, and whether the clock is trusted.
    pub fn set_rights(
        &mut self,
        confirmed_at: Timestamp,
        is_trusted: bool,
        now: Timestamp,
    ) -> Acts {
        let mut acts = Vec::new();
        self.snapshot.rights.confirmed_at = confirmed_at;
        if std::mem::replace(&mut self.snapshot.rights.is_trusted, is_trusted) != is_trusted {
            let event =
                if is_trusted { PointEvent::ClockTrusted } else { PointEvent::ClockUntrusted };
            self.point(event, None, now, &mut acts);
        }
        acts
    }

    /// Whole new rights, in place of those before. What changes by the minute stays, and so does
    /// what is dead and who is suspended. How many tombstones found no room, and the rights
    /// before: whoever asked lets go of them, since that takes long where they are many.
    pub fn take(&mut self, mut snapshot: Snapshot, now: Timestamp) -> ((usize, Snapshot), Acts) {
        let lost = snapshot.take_live(&mut self.snapshot);
        snapshot.rights.is_trusted = self.snapshot.rights.is_trusted;
        let before = std::mem::replace(&mut self.snapshot, snapshot);
        let mut acts = Vec::new();
        self.taken(before.version, now, &mut acts);
        ((lost, before), sorted(acts))
    }

    /// A change of rights, whole or not at all.
    pub fn take_delta(&mut self, delta: &Delta, now: Timestamp) -> Result<Acts, NotTaken> {
        let before = self.snapshot.version;
        self.snapshot.apply_delta(delta)?;
        let mut acts = Vec::new();
        self.taken(before, now, &mut acts);
        Ok(sorted(acts))
    }

    fn taken(&mut self, before: u64, now: Timestamp, acts: &mut Acts) {
        // A server whose clock is ahead of ours gives no longer lease, and none that begins later.
        let rights = &mut self.snapshot.rights;
        rights.confirmed_at = rights.confirmed_at.min(now);
        if self.snapshot.version != before {
            let detail = format!("snapshot {}", self.snapshot.version);
            self.point(PointEvent::RightsTaken, Some(&detail), now, acts);
        }
        self.settle(now, acts);
    }

    /// What changes by the minute, as the server knows it. Replaces what was told before.
    pub fn told(&mut self, world: &World, now: Timestamp) -> Acts {
        let live = &mut self.snapshot.live;
        live.set_threat(world.threat.unwrap_or(Threat::Normal));
        let had: Vec<ZoneId> = live.lockdowns().map(|(zone, _)| zone.clone()).collect();
        for zone in had.iter().filter(|zone| world.lockdowns.iter().all(|(on, ..)| on != *zone)) {
            live.end_lockdown(zone);
        }
        for (zone, since, ask_at) in &world.lockdowns {
            live.lock_down(zone.clone(), *since, *ask_at);
        }
        live.set_all_blind(world.blind.iter().cloned());
        let people = Arc::clone(&self.snapshot.people);
        let known = world.risks.iter().filter(|(person, ..)| people.person(person).is_some());
        let risk = |(person, incidents, device): &(PersonId, Incidents, Posture)| {
            (person.clone(), Risk { incidents: *incidents, device: *device })
        };
        let others = match world.others_clear {
            true => Risk { incidents: Incidents::None, ..Risk::UNKNOWN },
            false => Risk::UNKNOWN,
        };
        self.snapshot.live.set_risks(known.map(risk), others);
        let estate = Arc::clone(&self.snapshot.estate);
        let sources = world.sources.iter().filter(|(door, _)| estate.door(door).is_some());
        self.snapshot.live.set_sources(sources.cloned());
        for (person, zone, at) in &world.passages {
            self.snapshot.passed(person, zone.as_ref(), *at);
        }
        let mut acts = Vec::new();
        self.settle(now, &mut acts);
        sorted(acts)
    }

    /// Where people went at other points. What is older than what is known here changes nothing.
    pub fn told_passages(&mut self, told: &Passages, now: Timestamp) {
        for passage in &told.passed {
            self.snapshot.told(passage);
        }
        if !told.more {
            self.told_at = Some(now);
        }
        self.listen(now);
    }

    /// Whether it is still told of other points.
    fn listen(&mut self, now: Timestamp) {
        // A clock that went back: counted from here.
        self.told_at = self.told_at.map(|at| at.min(now));
        let is_deaf = self.told_at.is_none_or(|at| now.since(at) > UNHEARD_MAX);
        self.snapshot.live.set_deaf(is_deaf);
    }

    /// How the doors stand that have changed since this was last asked.
    pub fn doors_told(&mut self) -> Vec<DoorTold> {
        let mut changed = Vec::new();
        for door in &mut self.doors {
            let reader = door.wiring.reader_in.as_ref().or(door.wiring.reader_out.as_ref());
            let stands = door.doorway.stands();
            let told = DoorTold {
                door: door.wiring.door.clone(),
                stands,
                since: door.since,
                is_released: door.doorway.is_released(),
                by_schedule: door.is_scheduled && stands == Stands::Unlocked,
                secure: reader.and_then(|reader| self.senses.is_secure(&reader.device)),
                last: door.last.clone(),
            };
            if door.told.as_ref() != Some(&told) {
                door.told = Some(told.clone());
                changed.push(told);
            }
        }
        changed
    }

    /// Forgets what was told of doors: a new listener wants all.
    pub fn tell_all(&mut self) {
        self.doors.iter_mut().for_each(|door| door.told = None);
    }

    /// How a door stands.
    pub fn stands(&self, door: &DoorId) -> Option<Stands> {
        self.place(door).and_then(|at| self.doors.get(at)).map(|door| door.doorway.stands())
    }

    /// Whether a door's strike is released.
    pub fn is_released(&self, door: &DoorId) -> Option<bool> {
        self.place(door).and_then(|at| self.doors.get(at)).map(|door| door.doorway.is_released())
    }

    fn place(&self, door: &DoorId) -> Option<usize> {
        self.doors.iter().position(|state| state.wiring.door == *door)
    }

    fn point(&self, event: PointEvent, detail: Option<&str>, now: Timestamp, acts: &mut Acts) {
        let what = Kept::Point { event, detail: detail.map(str::to_owned) };
        acts.push(Act::Record(Record { time: now, what }));
    }

    fn keep_door(
        &self,
        at: usize,
        (event, went): (DoorEvent, Option<Went>),
        now: Timestamp,
        acts: &mut Acts,
    ) {
        let Some(state) = self.doors.get(at) else { return };
        let awaited = match event {
            DoorEvent::Taken | DoorEvent::NotTaken => state.awaited.as_ref(),
            DoorEvent::Opened
            | DoorEvent::Closed
            | DoorEvent::ExitRequested
            | DoorEvent::Forced
            | DoorEvent::ForcedEnded
            | DoorEvent::Held
            | DoorEvent::HeldEnded
            | DoorEvent::Tampered
            | DoorEvent::TamperEnded
            | DoorEvent::Trouble
            | DoorEvent::TroubleEnded
            | DoorEvent::FireReleased
            | DoorEvent::FireEnded
            | DoorEvent::Unlocked
            | DoorEvent::Relocked
            | DoorEvent::LockedDown
            | DoorEvent::LockdownEnded => None,
        };
        let what = Kept::Door {
            door: state.wiring.door.clone(),
            event,
            person: awaited.and_then(|awaited| awaited.people.first().cloned()),
            credential: awaited.and_then(|awaited| awaited.credential.clone()),
            went,
        };
        acts.push(Act::Record(Record { time: now, what }));
    }

    /// One input to one door, and all that follows.
    fn step(
        &mut self,
        at: usize,
        (input, command): (Input, Option<Arc<str>>),
        now: Timestamp,
        acts: &mut Acts,
    ) {
        let Some(state) = self.doors.get_mut(at) else { return };
        let before = state.doorway.stands();
        let effects = state.doorway.step(input, now);
        self.follow(at, (before, effects), now, acts);
        self.drive(at, command, now, acts);
    }

    fn follow(
        &mut self,
        at: usize,
        (before, effects): (Stands, Vec<Effect>),
        now: Timestamp,
        acts: &mut Acts,
    ) {
        for effect in effects {
            let went = if effect == Effect::Taken { self.went(at, now) } else { None };
            if let Some(event) = DoorEvent::of(effect) {
                self.keep_door(at, (event, went), now, acts);
            }
            match effect {
                Effect::Opened => self.set_open(at, true),
                Effect::Closed => self.set_open(at, false),
                Effect::Taken | Effect::NotTaken => {
                    if let Some(state) = self.doors.get_mut(at) {
                        state.awaited = None;
                    }
                }
                Effect::Warn(on) => {
                    let reader = self.doors.get(at).and_then(|s| s.wiring.reader_in.as_ref());
                    acts.extend(reader.map(|r| Act::Show(r.device.clone(), Show::Warn(on))));
                }
                Effect::Release
                | Effect::Secure
                | Effect::ExitRequested
                | Effect::Forced
                | Effect::ForcedEnded
                | Effect::Held
                | Effect::HeldEnded
                | Effect::Tampered
                | Effect::TamperEnded
                | Effect::Trouble
                | Effect::TroubleEnded
                | Effect::FireReleased
                | Effect::FireEnded => {}
            }
        }
        let Some(state) = self.doors.get_mut(at) else { return };
        if state.doorway.stands() != before {
            state.since = now;
        }
    }

    fn set_open(&mut self, at: usize, open: bool) {
        let Some(state) = self.doors.get(at) else { return };
        let door = &state.wiring.door;
        if self.snapshot.estate().door(door).is_some() {
            self.snapshot.live.set_open(door.clone(), open);
        }
    }

    /// Whoever was let through has gone through: who that was, and whither.
    fn went(&mut self, at: usize, now: Timestamp) -> Option<Went> {
        let Awaited { people, direction, to, .. } =
            self.doors.get(at).and_then(|state| state.awaited.clone())?;
        let passed = |person: &PersonId| self.snapshot.went(person, to.as_ref(), now);
        let at = people.iter().map(passed).max()?;
        Some(Went { people, direction, to, at })
    }

    /// Brings a strike to what its door wants; with a command even where it is so already, because
    /// somebody waits for the device's word.
    fn drive(&mut self, at: usize, command: Option<Arc<str>>, now: Timestamp, acts: &mut Acts) {
        let Some(state) = self.doors.get_mut(at) else { return };
        let wants = state.doorway.drive();
        if state.driven == Some(wants) && command.is_none() {
            return;
        }
        let Some(strike) = state.wiring.strike.clone() else { return };
        // What is never released is not driven before its device is there.
        state.driven = Some(wants);
        let drive = match wants {
            Wants::Secured => Drive::Secure,
            Wants::Released => Drive::Release,
            Wants::ReleasedUntil(until) => {
                Drive::ReleaseFor(until.since(now).saturating_add(DEVICE_MARGIN))
            }
        };
        acts.push(Act::Drive { strike, drive, command });
    }

    /// Brings every door to what rights, lockdowns and fire inputs say now.
    fn settle(&mut self, now: Timestamp, acts: &mut Acts) {
        self.burn(now, acts);
        for at in 0..self.doors.len() {
            let Some(state) = self.doors.get(at) else { continue };
            let estate = self.snapshot.estate();
            let to = estate.door(&state.wiring.door).map(|door| &door.to);
            let locked: Option<(&ZoneId, &Lockdown)> =
                to.and_then(|to| self.snapshot.live.lockdown(estate, to));
            let is_on = locked.is_some();
            if is_on != state.is_locked_down {
                if let Some(state) = self.doors.get_mut(at) {
                    state.is_locked_down = is_on;
                }
                let event = if is_on { DoorEvent::LockedDown } else { DoorEvent::LockdownEnded };
                self.keep_door(at, (event, None), now, acts);
                self.step(at, (Input::Lockdown { is_on }, None), now, acts);
            }
        }
        self.schedules(now, acts);
    }

    fn schedules(&mut self, now: Timestamp, acts: &mut Acts) {
        for at in 0..self.doors.len() {
            let Some(state) = self.doors.get(at) else { continue };
            let Some(unlock) = &state.wiring.unlock else { continue };
            let is_open = self.snapshot.calendar().is_open(unlock, now);
            if is_open == state.is_scheduled {
                continue;
            }
            if let Some(state) = self.doors.get_mut(at) {
                state.is_scheduled = is_open;
            }
            let event = if is_open { DoorEvent::Unlocked } else { DoorEvent::Relocked };
            self.keep_door(at, (event, None), now, acts);
            self.step(at, (Input::Schedule { is_open }, None), now, acts);
        }
    }

    /// Doors that one fire releases together with this one: those of its group here, and those
    /// that the same input is wired to.
    fn burns_with(&self, at: usize) -> Vec<usize> {
        let Some(state) = self.doors.get(at) else { return Vec::new() };
        let group = |state: &DoorState| {
            let door = self.snapshot.estate().door(&state.wiring.door);
            door.and_then(|door| door.fire_group.clone())
        };
        let own = group(state);
        let same = |other: &DoorState| {
            (own.is_some() && group(other) == own)
                || other.wiring.fires.iter().any(|fire| state.wiring.fires.contains(fire))
        };
        let each = self.doors.iter().enumerate();
        each.filter(|(place, other)| *place == at || same(other)).map(|(place, _)| place).collect()
    }

    /// Brings what fire inputs say to the doors and to what decides.
    fn burn(&mut self, now: Timestamp, acts: &mut Acts) {
        let mut groups: BTreeMap<Arc<str>, Fire> = BTreeMap::new();
        for at in 0..self.doors.len() {
            let with = self.burns_with(at);
            let inputs = with.iter().filter_map(|at| self.doors.get(*at));
            let says = self.senses.fire(inputs.flat_map(|state| &state.wiring.fires));
            let Some(state) = self.doors.get_mut(at) else { continue };
            let door = self.snapshot.estate().door(&state.wiring.door);
            if let Some(group) = door.and_then(|door| door.fire_group.clone()) {
                groups.insert(group, says);
            }
            if std::mem::replace(&mut state.fire, says) != says {
                self.step(at, (Input::Fire(says), None), now, acts);
            }
        }
        for (group, says) in groups {
            if self.snapshot.live.fire(Some(&group)).releases() || says.releases() {
                self.snapshot.live.set_fire(group, says);
            }
        }
    }
}
