//! What changes by the minute: where people are, what is locked down, what burns, what is worked
//! on. Part of the snapshot; moved by passages and by what the world reports, each with its time.
//! It holds at most one entry for each door, zone, person and credential of the snapshot: whoever
//! reports names those alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use model::{CredentialId, DoorId, PersonId, Timestamp, ZoneId};

use crate::passages::{self, Passage};

use super::estate::{AntiPassback, Estate, Zone};
use super::people::{People, Person};
use super::words::{Fire, Freshness, Incidents, Posture, Threat, Work};

/// Wrong PINs in a row after which a credential's PIN rests.
pub const PIN_TRIES_MAX: u32 = 5;
/// How long it rests, and how long tries are remembered.
pub const PIN_REST: Duration = Duration::from_secs(300);

/// Where the badge world believes somebody to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// In a zone since.
    In {
        /// The innermost zone.
        zone: ZoneId,
        /// Since when.
        since: Timestamp,
    },
    /// Outside since.
    Out {
        /// Since when.
        since: Timestamp,
    },
    /// Nobody knows: never seen, forgiven, or nobody heard.
    Unknown,
}

/// A zone that is locked down, until somebody ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockdown {
    /// Since when.
    pub since: Timestamp,
    /// When to ask whether it is still needed. It ends nothing by itself.
    pub ask_at: Option<Timestamp>,
}

/// Work on a door, with its end: nothing stays in a test mode because somebody forgot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtWork {
    /// Which.
    pub work: Work,
    /// Until when; over by itself.
    pub until: Timestamp,
}

/// What other parts of the house know of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Risk {
    /// Open incidents.
    pub incidents: Incidents,
    /// Their devices.
    pub device: Posture,
}

impl Risk {
    /// Nobody has told.
    pub const UNKNOWN: Self = Self { incidents: Incidents::Unknown, device: Posture::Unknown };
}

#[derive(Debug, Clone)]
struct Whereabouts {
    position: Position,
    /// The newest passage, so that one that arrives late moves nobody back.
    newest: Timestamp,
    /// Into which zone they last came, and when: what timed anti-passback asks.
    came: Option<(ZoneId, Timestamp)>,
}

impl Whereabouts {
    /// Whether somebody told later of them. Whoever was forgotten is placed by news alone.
    fn is_before(&self, told: &Passage) -> bool {
        let zone = match &self.position {
            Position::In { zone, .. } => Some(zone),
            Position::Out { .. } => None,
            Position::Unknown => return told.at > self.newest,
        };
        (told.at, told.zone.as_ref()) > (self.newest, zone)
    }
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Live {
    where_is: HashMap<PersonId, Whereabouts>,
    /// People in each zone and in the zones within it.
    inside: HashMap<ZoneId, u32>,
    /// Since when somebody of the first persons has been in.
    opened: HashMap<ZoneId, Timestamp>,
    threat: Option<Threat>,
    lockdowns: BTreeMap<ZoneId, Lockdown>,
    fires: HashMap<Arc<str>, Fire>,
    blind: BTreeSet<ZoneId>,
    /// Nothing is heard of other points.
    is_deaf: bool,
    work: HashMap<DoorId, AtWork>,
    locked: BTreeSet<DoorId>,
    open_doors: BTreeSet<DoorId>,
    risks: HashMap<PersonId, Risk>,
    /// What is known of everybody else.
    others: Option<Risk>,
    sources: HashMap<DoorId, Freshness>,
    pin_tries: HashMap<CredentialId, (u32, Timestamp)>,
}

impl Live {
    /// The threat level; normal unless somebody raised it.
    pub fn threat(&self) -> Threat {
        self.threat.unwrap_or(Threat::Normal)
    }
    /// Sets the threat level.
    pub fn set_threat(&mut self, threat: Threat) {
        self.threat = Some(threat);
    }

    /// Locks a zone and all within it down. A second one changes nothing but the time to ask.
    pub fn lock_down(&mut self, zone: ZoneId, since: Timestamp, ask_at: Option<Timestamp>) {
        let lockdown = self.lockdowns.entry(zone).or_insert(Lockdown { since, ask_at });
        lockdown.ask_at = ask_at;
    }
    /// Ends a lockdown; the only thing that does. Whether there was one.
    pub fn end_lockdown(&mut self, zone: &ZoneId) -> bool {
        self.lockdowns.remove(zone).is_some()
    }
    /// The lockdown that a zone is in, by itself or by an area around it.
    pub fn lockdown<'a>(
        &'a self,
        estate: &'a Estate,
        zone: &ZoneId,
    ) -> Option<(&'a ZoneId, &'a Lockdown)> {
        if self.lockdowns.is_empty() {
            return None;
        }
        let own = self.lockdowns.get_key_value(zone);
        own.or_else(|| estate.around(zone).find_map(|z| self.lockdowns.get_key_value(&z.id)))
    }
    /// All lockdowns, in order of their zones.
    pub fn lockdowns(&self) -> impl Iterator<Item = (&ZoneId, &Lockdown)> {
        self.lockdowns.iter()
    }

    /// What a fire group's input says. After an alarm or a fault, *quiet* alone is not enough:
    /// it waits for [`Live::fire_reset`].
    pub fn set_fire(&mut self, group: Arc<str>, says: Fire) {
        let before = self.fires.get(&group).copied().unwrap_or(Fire::Quiet);
        let after = match says {
            Fire::Quiet if before.releases() => Fire::AwaitingReset,
            Fire::Quiet | Fire::Active | Fire::Faulty | Fire::AwaitingReset => says,
        };
        self.fires.insert(group, after);
    }
    /// Somebody has reset the panel by hand. Ends nothing while the input still calls.
    pub fn fire_reset(&mut self, group: &str) -> bool {
        match self.fires.get_mut(group) {
            Some(says @ Fire::AwaitingReset) => {
                *says = Fire::Quiet;
                true
            }
            Some(Fire::Quiet | Fire::Active | Fire::Faulty) | None => false,
        }
    }
    /// What the fire input of a door's group says; quiet for a door that has none.
    pub fn fire(&self, group: Option<&Arc<str>>) -> Fire {
        group.and_then(|group| self.fires.get(group)).copied().unwrap_or(Fire::Quiet)
    }

    /// Whether a zone is one of which not all are heard who would tell of people coming and going.
    pub fn set_blind(&mut self, zone: ZoneId, blind: bool) {
        if blind {
            self.blind.insert(zone);
        } else {
            self.blind.remove(&zone);
        }
    }
    /// All zones of that kind, in place of those before.
    pub fn set_all_blind(&mut self, zones: impl IntoIterator<Item = ZoneId>) {
        self.blind = zones.into_iter().collect();
    }
    /// Whether nothing is heard of other points: then every zone that is shared with them is blind.
    pub fn set_deaf(&mut self, is_deaf: bool) {
        self.is_deaf = is_deaf;
    }
    /// Whether nothing is heard of other points.
    pub fn is_deaf(&self) -> bool {
        self.is_deaf
    }
    /// Whether nobody knows for sure who has come into a zone or left it.
    pub fn is_blind(&self, zone: &Zone) -> bool {
        self.blind.contains(&zone.id) || (self.is_deaf && zone.is_shared)
    }

    /// Begins or ends work on a door.
    pub fn set_work(&mut self, door: DoorId, work: Option<AtWork>) {
        match work {
            Some(work) => self.work.insert(door, work),
            None => self.work.remove(&door),
        };
    }
    /// Work on a door, unless its time is over.
    pub fn work(&self, door: &DoorId, now: Timestamp) -> Option<AtWork> {
        self.work.get(door).copied().filter(|work| now < work.until)
    }

    /// Locks a door for everybody but responders, or ends that.
    pub fn set_locked(&mut self, door: DoorId, locked: bool) {
        if locked {
            self.locked.insert(door)
        } else {
            self.locked.remove(&door)
        };
    }
    /// Whether it is so.
    pub fn is_locked(&self, door: &DoorId) -> bool {
        self.locked.contains(door)
    }

    /// Whether a door's leaf is open, as its contact says; what interlocks ask.
    pub fn set_open(&mut self, door: DoorId, open: bool) {
        if open {
            self.open_doors.insert(door)
        } else {
            self.open_doors.remove(&door)
        };
    }
    /// Open doors, in order.
    pub fn open_doors(&self) -> impl Iterator<Item = &DoorId> {
        self.open_doors.iter()
    }

    /// What other parts of the house know of somebody.
    pub fn set_risk(&mut self, person: PersonId, risk: Risk) {
        self.risks.insert(person, risk);
    }
    /// The same of everybody, in place of what was known before: these, and all others.
    pub fn set_risks(&mut self, risks: impl IntoIterator<Item = (PersonId, Risk)>, others: Risk) {
        self.risks = risks.into_iter().collect();
        self.others = Some(others);
    }
    /// The same; unknown unless told.
    pub fn risk(&self, person: &PersonId) -> Risk {
        let known = self.risks.get(person).copied();
        known.or(self.others).unwrap_or(Risk::UNKNOWN)
    }

    /// Whether a door's source is heard.
    pub fn set_source(&mut self, door: DoorId, freshness: Freshness) {
        self.sources.insert(door, freshness);
    }
    /// The same of all doors, in place of what was known before.
    pub fn set_sources(&mut self, sources: impl IntoIterator<Item = (DoorId, Freshness)>) {
        self.sources = sources.into_iter().collect();
    }
    /// The same; unknown unless told.
    pub fn source(&self, door: &DoorId) -> Freshness {
        self.sources.get(door).copied().unwrap_or(Freshness::Unknown)
    }

    /// Counts a wrong PIN, or forgets them after a right one.
    pub fn pin_tried(&mut self, credential: &CredentialId, right: bool, now: Timestamp) {
        if right {
            self.pin_tries.remove(credential);
            return;
        }
        let (tries, since) = self.pin_tries.entry(credential.clone()).or_insert((0, now));
        if now.since(*since) >= PIN_REST {
            *tries = 0;
        }
        *tries = tries.saturating_add(1);
        *since = now;
    }
    /// Until when a credential's PIN rests.
    pub fn pin_rests(&self, credential: &CredentialId, now: Timestamp) -> Option<Timestamp> {
        let (tries, since) = self.pin_tries.get(credential)?;
        let until = since.plus(PIN_REST);
        (*tries >= PIN_TRIES_MAX && now < until).then_some(until)
    }

    /// Where somebody is.
    pub fn position(&self, person: &PersonId) -> &Position {
        self.where_is.get(person).map_or(&Position::Unknown, |whereabouts| &whereabouts.position)
    }

    /// Whether somebody was ever seen.
    pub fn was_seen(&self, person: &PersonId) -> bool {
        self.where_is.contains_key(person)
    }

    /// Somebody has passed, or was seen, somewhere: into a zone, or outside. A later time wins; of
    /// two at one instant the one that leads in, and of two zones the one that is later in order.
    /// What is older changes nothing, whichever point tells of it, but when they last came
    /// somewhere. Whether it changed something.
    pub fn passed(&mut self, estate: &Estate, people: &People, told: &Passage) -> bool {
        let Some(person) = people.person(&told.person) else { return false };
        let before = self.where_is.get(&told.person).cloned();
        let had = before.as_ref().and_then(|known| known.came.clone());
        let came = passages::later(had, told.entry());
        if before.as_ref().is_some_and(|known| !known.is_before(told)) {
            let known = self.where_is.get_mut(&told.person);
            let is_new = |known: &mut Whereabouts| {
                let is_new = known.came != came;
                known.came = came;
                is_new
            };
            return known.is_some_and(is_new);
        }
        if let Some(zone) = &told.zone {
            self.enter(estate, (person, zone), told.at);
        }
        // Counted into the new zone first: an area around both is at no time empty.
        if let Some(Whereabouts { position: Position::In { zone, .. }, .. }) = &before {
            self.leave(estate, zone);
        }
        let position = match &told.zone {
            Some(zone) => Position::In { zone: zone.clone(), since: told.at },
            None => Position::Out { since: told.at },
        };
        let now = Whereabouts { position, newest: told.at, came };
        self.where_is.insert(told.person.clone(), now);
        true
    }

    /// Somebody passes here and now: later than all that was told, whatever the clocks say. When
    /// that counts as having been.
    pub fn went(
        &mut self,
        estate: &Estate,
        people: &People,
        (person, zone): (&PersonId, Option<&ZoneId>),
        now: Timestamp,
    ) -> Timestamp {
        let known = self.where_is.get(person).map(|known| known.newest);
        let at = known.map_or(now, |newest| now.max(newest.plus(Duration::from_nanos(1))));
        self.passed(estate, people, &Passage::new(person.clone(), zone.cloned(), at));
        at
    }

    fn enter(&mut self, estate: &Estate, (person, zone): (&Person, &ZoneId), at: Timestamp) {
        for zone in estate.around(zone) {
            let is_first = |group| person.groups.contains(group);
            if zone.first_person.as_ref().is_some_and(is_first) {
                self.opened.entry(zone.id.clone()).or_insert(at);
            }
            *self.inside.entry(zone.id.clone()).or_default() += 1;
        }
    }

    /// Forgets where somebody is: anti-passback is forgiven.
    pub fn forgive(&mut self, estate: &Estate, person: &PersonId) {
        let Some(known) = self.where_is.get_mut(person) else { return };
        known.came = None;
        if let Position::In { zone, .. } = std::mem::replace(&mut known.position, Position::Unknown)
        {
            self.leave(estate, &zone);
        }
    }

    /// Forgives everybody, as after a muster.
    pub fn forgive_all(&mut self) {
        self.inside.clear();
        self.opened.clear();
        for known in self.where_is.values_mut() {
            known.position = Position::Unknown;
            known.came = None;
        }
    }

    /// Zones were changed: counts anew who is in which. Whoever was in a zone that is gone is in
    /// none that anybody knows.
    pub(crate) fn resettle(&mut self, estate: &Estate) {
        let mut inside: HashMap<ZoneId, u32> = HashMap::new();
        for known in self.where_is.values() {
            let Position::In { zone, .. } = &known.position else { continue };
            for zone in estate.around(zone) {
                *inside.entry(zone.id.clone()).or_default() += 1;
            }
        }
        self.opened.retain(|zone, _| inside.contains_key(zone));
        self.inside = inside;
    }

    /// Forgets somebody who is not known any more.
    pub(crate) fn forget_person(&mut self, estate: &Estate, person: &PersonId) {
        self.forgive(estate, person);
        self.where_is.remove(person);
        self.risks.remove(person);
    }

    /// Forgets a credential that is not known any more.
    pub(crate) fn forget_credential(&mut self, credential: &CredentialId) {
        self.pin_tries.remove(credential);
    }

    /// Keeps what is said of people and credentials that are known.
    pub(crate) fn keep_known(&mut self, people: &People) {
        self.where_is.retain(|id, _| people.person(id).is_some());
        self.risks.retain(|id, _| people.person(id).is_some());
        self.pin_tries.retain(|id, _| people.credential(id).is_some());
    }

    fn leave(&mut self, estate: &Estate, zone: &ZoneId) {
        for zone in estate.around(zone) {
            let Some(count) = self.inside.get_mut(&zone.id) else { continue };
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.inside.remove(&zone.id);
                self.opened.remove(&zone.id);
            }
        }
    }

    /// How many people are known to be in a zone or in one within it.
    pub fn inside(&self, zone: &ZoneId) -> u32 {
        self.inside.get(zone).copied().unwrap_or(0)
    }

    /// Whether whoever must come first is or was in since somebody has been.
    pub fn is_opened(&self, zone: &ZoneId) -> bool {
        self.opened.contains_key(zone)
    }

    /// Everybody with a position, in order of their ids.
    pub fn positions(&self) -> Vec<(&PersonId, &Position)> {
        let mut all: Vec<_> = self.where_is.iter().map(|(id, w)| (id, &w.position)).collect();
        all.sort_by(|a, b| a.0.cmp(b.0));
        all
    }

    /// What stands against somebody's coming into a zone again.
    pub(crate) fn again(
        &self,
        estate: &Estate,
        (person, zone): (&PersonId, &ZoneId),
        now: Timestamp,
    ) -> Again {
        let Some(rule) = estate.zone(zone) else { return Again::Clear };
        let within = |inner: &ZoneId| estate.is_within(inner, zone);
        let inside = match self.position(person) {
            Position::In { zone, since } if within(zone) => Some(*since),
            Position::In { .. } | Position::Out { .. } | Position::Unknown => None,
        };
        let came = self.where_is.get(person).and_then(|known| known.came.as_ref());
        let found = match (rule.anti_passback, inside) {
            (AntiPassback::Off, _) => Again::Clear,
            (AntiPassback::Soft | AntiPassback::Hard, None) => Again::Clear,
            (AntiPassback::Soft, Some(since)) => Again::Soft(since),
            (AntiPassback::Hard, Some(since)) => Again::Inside(since),
            (AntiPassback::Timed(within_time), _) => match came {
                Some((came, at)) if within(came) && now < at.plus(within_time) => {
                    Again::Until(at.plus(within_time))
                }
                Some(_) | None => Again::Clear,
            },
        };
        let asks = match rule.anti_passback {
            AntiPassback::Off | AntiPassback::Soft => false,
            AntiPassback::Hard | AntiPassback::Timed(_) => true,
        };
        match found {
            // Somebody may have left unheard, or have come in by another door.
            Again::Inside(_) | Again::Clear if asks && self.is_blind(rule) => Again::Blind,
            // The hour at which they came is known all the same.
            Again::Clear | Again::Soft(_) | Again::Inside(_) | Again::Until(_) | Again::Blind => {
                found
            }
        }
    }
}

/// What anti-passback says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// Nothing.
    Clear,
    /// In already; to be recorded.
    Soft(Timestamp),
    /// In already.
    Inside(Timestamp),
    /// Came in a short time ago.
    Until(Timestamp),
    /// Perhaps in; nobody hears who comes and goes.
    Blind,
}
