//! The fixed checks, in their order; the first obstacle is named.

use std::cell::OnceCell;

use model::{Timestamp, ZoneId};

use crate::revocation::Subject;

use super::estate::{AtExpiry, Blind, PlacedDoor, Tightening, Zone};
use super::live::{Again, Position};
use super::people::{Credential, Holder};
use super::policy::{Facts, Judged};
use super::reason::Reason;
use super::request::{BodyVerdict, PinVerdict, Presented, Request};
use super::snapshot::Snapshot;
use super::words::{
    Asks, CredentialKind, Factor, Fire, Freshness, Lease, Presence, Standing, Step, Work,
};

/// Whose credential was shown.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub credential: &'a Credential,
    /// None for what breaks the glass.
    pub holder: Option<&'a Holder>,
}

/// What is known as soon as something was shown, valid or not.
#[derive(Clone, Copy, Default)]
pub(super) struct Found<'a> {
    pub credential: Option<&'a Credential>,
    pub holder: Option<&'a Holder>,
}

/// Looks up what was shown, without judging it.
pub(super) fn find<'a>(snapshot: &'a Snapshot, presented: &Presented) -> Found<'a> {
    let people = &snapshot.people;
    let credential = match presented {
        Presented::Card(key) | Presented::Mobile(key) => people.by_key(key),
        Presented::Pin(Some(id)) => people.credential(id),
        Presented::Pin(None) | Presented::Nothing | Presented::Unreadable { .. } => None,
    };
    let person = credential.and_then(|credential| credential.person.as_ref());
    Found { credential, holder: person.and_then(|id| people.holder(id)) }
}

/// Credential known, valid, not revoked; person active.
pub(super) fn identify<'a>(
    snapshot: &'a Snapshot,
    presented: &Presented,
    now: Timestamp,
) -> Result<Shown<'a>, Reason> {
    identify_found(snapshot, (presented, find(snapshot, presented)), now)
}

/// The same with what was looked up already.
pub(super) fn identify_found<'a>(
    snapshot: &'a Snapshot,
    (presented, found): (&Presented, Found<'a>),
    now: Timestamp,
) -> Result<Shown<'a>, Reason> {
    match presented {
        Presented::Nothing => return Err(Reason::NothingShown),
        Presented::Unreadable { bits } => return Err(Reason::Unreadable { bits: *bits }),
        Presented::Card(_) | Presented::Mobile(_) | Presented::Pin(_) => {}
    }
    let credential = found.credential.ok_or(Reason::UnknownCredential)?;
    if let Some(from) = credential.valid_from.filter(|from| now < *from) {
        return Err(Reason::CredentialEarly { from });
    }
    if let Some(to) = credential.valid_to.filter(|to| now >= *to) {
        return Err(Reason::CredentialLate { to });
    }
    match credential.standing {
        Standing::Active => {}
        standing @ (Standing::Suspended | Standing::Ended) => {
            return Err(Reason::CredentialStanding { standing });
        }
    }
    let suspended = |subject: Subject| snapshot.suspensions.holds(&subject);
    let checks = !snapshot.suspensions.is_empty();
    if checks
        && (suspended(Subject::Credential(credential.id.clone()))
            || suspended(Subject::Pass(credential.id.clone())))
    {
        return Err(Reason::CredentialStanding { standing: Standing::Suspended });
    }
    if snapshot.tombstones.covers(credential.key, credential.generation) {
        return Err(Reason::CredentialRevoked { generation: credential.generation });
    }
    if credential.kind == CredentialKind::BreakGlass && credential.person.is_none() {
        return Ok(Shown { credential, holder: None });
    }
    if credential.person.is_none() {
        return Err(Reason::NoHolder);
    }
    let holder = found.holder.ok_or(Reason::UnknownHolder)?;
    match holder.person.standing {
        Standing::Active => {}
        standing @ (Standing::Suspended | Standing::Ended) => {
            return Err(Reason::PersonStanding { standing });
        }
    }
    if checks && suspended(Subject::Person(holder.person.id.clone())) {
        return Err(Reason::PersonStanding { standing: Standing::Suspended });
    }
    if let Some(from) = holder.person.valid_from.filter(|from| now < *from) {
        return Err(Reason::PersonEarly { from });
    }
    if let Some(to) = holder.person.valid_to.filter(|to| now >= *to) {
        return Err(Reason::PersonLate { to });
    }
    Ok(Shown { credential, holder: Some(holder) })
}

/// Somebody who wants to come in.
pub(super) struct Entry<'a> {
    pub snapshot: &'a Snapshot,
    pub request: &'a Request,
    pub placed: &'a PlacedDoor,
    pub now: Timestamp,
    pub fire: Fire,
    pub lease: Lease,
    pub needs_pin: bool,
    pub needs_escort: bool,
    pub steps: Vec<Step>,
    pub noted: Vec<Reason>,
    /// The zones that passing would enter, innermost first.
    pub entered: Vec<&'a Zone>,
}

impl<'a> Entry<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        request: &'a Request,
        placed: &'a PlacedDoor,
        now: Timestamp,
    ) -> Self {
        let zones = placed.entered.iter().filter_map(|place| snapshot.estate.zone_in(*place));
        Self {
            snapshot,
            request,
            placed,
            now,
            fire: snapshot.live.fire(placed.door.fire_group.as_ref()),
            lease: Lease::Current,
            needs_pin: false,
            needs_escort: false,
            steps: Vec::new(),
            noted: Vec::new(),
            entered: zones.collect(),
        }
    }

    /// What a lockdown or a lock says, to somebody who is no responder.
    pub(super) fn closed(&self) -> Option<Reason> {
        let (live, estate) = (&self.snapshot.live, &self.snapshot.estate);
        if let Some((zone, lockdown)) = live.lockdown(estate, &self.placed.door.to) {
            return Some(Reason::Lockdown { zone: zone.clone(), since: lockdown.since });
        }
        live.is_locked(&self.placed.door.id).then_some(Reason::Locked)
    }

    /// Whether the rights of the zone are as young as it asks for, and what it does when not.
    pub(super) fn lease(&mut self) -> Result<(), Reason> {
        let place = self.placed.to;
        let Some(zone) = place.and_then(|place| self.snapshot.estate.zone_in(place)) else {
            return Ok(());
        };
        if !self.snapshot.rights.is_expired(zone.lease.age_max, self.now) {
            return Ok(());
        }
        self.lease = Lease::Expired;
        let expired = |break_glass| Reason::LeaseExpired { zone: zone.id.clone(), break_glass };
        match &zone.lease.at_expiry {
            AtExpiry::Refuse { break_glass } => return Err(expired(Some(break_glass.clone()))),
            AtExpiry::PinAsWell => self.needs_pin = true,
            AtExpiry::EscortOnly => self.needs_escort = true,
            AtExpiry::AllowAndFlag => {}
        }
        self.noted.push(expired(None));
        Ok(())
    }

    fn tightening(&self, zone: &'a Zone) -> Option<&'a Tightening> {
        let level = self.snapshot.live.threat();
        zone.tightening.iter().filter(|rule| rule.from <= level).max_by_key(|rule| rule.from)
    }

    pub(super) fn threat(&mut self, holder: &Holder) -> Result<(), Reason> {
        let level = self.snapshot.live.threat();
        for zone in &self.entered {
            let Some(rule) = self.tightening(zone) else { continue };
            if holder.person.clearance < rule.clearance_min {
                return Err(Reason::ThreatLevel { level, clearance_min: rule.clearance_min });
            }
            self.needs_pin |= rule.pin;
        }
        Ok(())
    }

    pub(super) fn anti_passback(&mut self, holder: &Holder) -> Result<(), Reason> {
        if self.fire.releases() {
            return Ok(());
        }
        let (live, estate) = (&self.snapshot.live, &self.snapshot.estate);
        for zone in &self.entered {
            let id = || zone.id.clone();
            match live.again(estate, (&holder.person.id, &zone.id), self.now) {
                Again::Clear => {}
                Again::Soft(since) => self.noted.push(Reason::AntiPassback { zone: id(), since }),
                Again::Inside(since) => return Err(Reason::AntiPassback { zone: id(), since }),
                Again::Until(until) => {
                    return Err(Reason::AntiPassbackTimed { zone: id(), until });
                }
                Again::Blind => {
                    let blind = Reason::AntiPassbackBlind { zone: id() };
                    self.needs_pin |= asks_pin(zone, &blind)?;
                    self.noted.push(blind);
                }
            }
        }
        Ok(())
    }

    fn is_inside(&self, holder: &Holder, zone: &ZoneId) -> bool {
        is_inside(self.snapshot, holder, zone)
    }

    /// What was last known to be full is full; else, where not all is heard, the zone says what
    /// then.
    pub(super) fn occupancy(&mut self, holder: &Holder) -> Result<(), Reason> {
        if self.fire.releases() {
            return Ok(());
        }
        for zone in &self.entered {
            let Some(max) = zone.occupancy_max else { continue };
            let live = &self.snapshot.live;
            let is_inside = is_inside(self.snapshot, holder, &zone.id);
            if live.inside(&zone.id) >= max && !is_inside {
                return Err(Reason::Full { zone: zone.id.clone(), max });
            }
            if live.is_blind(zone) {
                let blind = Reason::OccupancyBlind { zone: zone.id.clone() };
                self.needs_pin |= asks_pin(zone, &blind)?;
                self.noted.push(blind);
            }
        }
        Ok(())
    }

    /// Whether somebody must come along: an escort, or a second person where nobody may be alone.
    pub(super) fn company(
        &mut self,
        shown: &Shown<'a>,
        holder: &'a Holder,
    ) -> Result<Company<'a>, Reason> {
        if self.fire.releases() {
            return Ok(None);
        }
        let live = &self.snapshot.live;
        let visits = |zone: &&&Zone| zone.escort && holder.person.needs_escort;
        let escort = match self.entered.iter().find(visits) {
            Some(zone) => Some(zone.id.clone()),
            None => self.needs_escort.then(|| self.placed.door.to.clone()),
        };
        let empty =
            |zone: &&&Zone| zone.two_person && (live.inside(&zone.id) == 0 || live.is_blind(zone));
        let pair = self.entered.iter().find(empty).map(|zone| zone.id.clone());
        if escort.is_none() && pair.is_none() {
            return Ok(None);
        }
        let Some(second) = &self.request.companion else {
            if escort.is_some() {
                self.steps.push(Step::Escort);
            }
            if pair.is_some() {
                self.steps.push(Step::SecondPerson);
            }
            return Ok(None);
        };
        let companion = self.companion(shown, holder, &second.presented)?;
        if let Some(zone) = escort.filter(|_| !companion.person.may_escort) {
            return Err(Reason::NoEscort { zone });
        }
        for zone in &self.entered {
            let Some(max) = zone.occupancy_max else { continue };
            let both = [holder, companion];
            let newcomers = both.iter().filter(|h| !self.is_inside(h, &zone.id));
            let newcomers = u32::try_from(newcomers.count()).unwrap_or(2);
            if live.inside(&zone.id).saturating_add(newcomers) > max {
                return Err(Reason::Full { zone: zone.id.clone(), max });
            }
        }
        Ok(Some(companion))
    }

    /// The second person: another person, whom everything lets in that would let them in alone.
    fn companion(
        &self,
        shown: &Shown<'a>,
        holder: &Holder,
        presented: &Presented,
    ) -> Result<&'a Holder, Reason> {
        let because = |reason| Reason::Companion { because: Box::new(reason) };
        let second = identify(self.snapshot, presented, self.now).map_err(because)?;
        let other = second.holder.ok_or_else(|| because(Reason::NoHolder))?;
        // Two cards of one person are one person.
        let same = other.person.id == holder.person.id;
        if same || second.credential.id == shown.credential.id {
            return Err(Reason::SamePerson);
        }
        if let Some(closed) = self.closed().filter(|_| !other.person.is_responder()) {
            return Err(because(closed));
        }
        for zone in &self.entered {
            if let Some(tight) = self.tightening(zone)
                && other.person.clearance < tight.clearance_min
            {
                let level = self.snapshot.live.threat();
                let clearance_min = tight.clearance_min;
                return Err(because(Reason::ThreatLevel { level, clearance_min }));
            }
            let (live, estate) = (&self.snapshot.live, &self.snapshot.estate);
            let id = || zone.id.clone();
            match live.again(estate, (&other.person.id, &zone.id), self.now) {
                Again::Inside(since) => {
                    return Err(because(Reason::AntiPassback { zone: id(), since }));
                }
                Again::Until(until) => {
                    return Err(because(Reason::AntiPassbackTimed { zone: id(), until }));
                }
                Again::Clear | Again::Soft(_) | Again::Blind => {}
            }
        }
        let judged = self.ask_policies(other, Factor::Card.bit());
        if !judged.is_permit() {
            return Err(because(judged.because));
        }
        Ok(other)
    }

    pub(super) fn first_person(&self, holder: &Holder) -> Result<(), Reason> {
        if self.fire.releases() {
            return Ok(());
        }
        for zone in &self.entered {
            let Some(group) = &zone.first_person else { continue };
            let number = self.snapshot.names.group_number(group);
            let is_first = number.is_some_and(|n| holder.groups.binary_search(&n).is_ok());
            if !is_first && !self.snapshot.live.is_opened(&zone.id) {
                return Err(Reason::FirstPerson { zone: zone.id.clone() });
            }
        }
        Ok(())
    }

    pub(super) fn interlock(&self) -> Result<(), Reason> {
        let Some(interlock) = &self.placed.door.interlock else { return Ok(()) };
        if self.fire.releases() {
            return Ok(());
        }
        let of_it = |id: &&model::DoorId| {
            let other = self.snapshot.estate.door(id);
            **id != self.placed.door.id
                && other.is_some_and(|other| other.interlock.as_ref() == Some(interlock))
        };
        match self.snapshot.live.open_doors().find(of_it) {
            Some(door) => Err(Reason::Interlock { door: door.clone() }),
            None => Ok(()),
        }
    }

    pub(super) fn work(&mut self, holder: &Holder) -> Result<(), Reason> {
        let door = &self.placed.door;
        let Some(work) = self.snapshot.live.work(&door.id, self.now) else { return Ok(()) };
        match work.work {
            Work::WalkTest => self.noted.push(Reason::WalkTest { until: work.until }),
            Work::Maintenance => {
                let group = door.technicians.as_ref();
                let number = group.and_then(|group| self.snapshot.names.group_number(group));
                let is_technician = number.is_some_and(|n| holder.groups.binary_search(&n).is_ok());
                if !is_technician {
                    return Err(Reason::Maintenance { until: work.until });
                }
            }
        }
        Ok(())
    }

    /// PIN and body, as far as the door, its hours, the lease, the threat or anti-passback ask.
    pub(super) fn factors(
        &mut self,
        shown: &Shown<'_>,
        (holder, with): (&Holder, Company<'_>),
    ) -> Result<(), Reason> {
        let door = &self.placed.door;
        let alone = &self.snapshot.calendar;
        let late = door.card_alone.as_ref().is_some_and(|id| !alone.is_open(id, self.now));
        let body = self.request.body;
        let body_asked = door.asks == Asks::CardAndBody;
        self.needs_pin |= late || door.asks == Asks::CardAndPin;
        // Digits alone are one factor: they cannot be the second one as well.
        if self.needs_pin && shown.credential.kind == CredentialKind::Pin {
            return Err(Reason::NoCard);
        }
        let typed = self.request.pin;
        let pin_right = typed.is_right() && shown.credential.kind != CredentialKind::Pin;
        if self.needs_pin || (body_asked && body != BodyVerdict::Match) {
            let rests = self.snapshot.live.pin_rests(&shown.credential.id, self.now);
            match (typed, rests) {
                (PinVerdict::NotGiven, _) => {}
                (PinVerdict::Right | PinVerdict::Duress | PinVerdict::Wrong, Some(until)) => {
                    return Err(Reason::PinBlocked { until });
                }
                (PinVerdict::Wrong, None) => return Err(Reason::WrongPin),
                (PinVerdict::Right | PinVerdict::Duress, None) => {}
            }
        } else if typed == PinVerdict::Wrong {
            self.noted.push(Reason::WrongPin);
        }
        match body {
            BodyVerdict::NoMatch if body_asked && !pin_right => return Err(Reason::WrongBody),
            BodyVerdict::NoMatch => self.noted.push(Reason::WrongBody),
            BodyVerdict::NotGiven if body_asked && !pin_right => self.steps.push(Step::StepUp),
            BodyVerdict::NotGiven | BodyVerdict::Match => {}
        }
        if self.needs_pin && !pin_right {
            if holder.person.pin.is_none() {
                return Err(Reason::NoPin);
            }
            self.steps.push(Step::Pin);
        }
        self.companion_pin(with)
    }

    /// Where a PIN is asked for, it is asked of both: a card alone is not a person.
    fn companion_pin(&mut self, with: Company<'_>) -> Result<(), Reason> {
        let Some(second) = self.request.companion.as_ref() else { return Ok(()) };
        if with.is_none() || !self.needs_pin {
            return Ok(());
        }
        let because = |reason| Reason::Companion { because: Box::new(reason) };
        match second.pin {
            PinVerdict::Right | PinVerdict::Duress => Ok(()),
            PinVerdict::Wrong => Err(because(Reason::WrongPin)),
            PinVerdict::NotGiven => {
                if !self.steps.contains(&Step::Pin) {
                    self.steps.push(Step::Pin);
                }
                Ok(())
            }
        }
    }

    /// Factors that the request shows, as bits.
    pub(super) fn shown_factors(&self) -> u16 {
        let mut factors = match self.request.presented {
            Presented::Card(_) => Factor::Card.bit(),
            Presented::Mobile(_) => Factor::Mobile.bit(),
            Presented::Pin(_) => Factor::Pin.bit(),
            Presented::Nothing | Presented::Unreadable { .. } => 0,
        };
        if self.request.pin.is_right() {
            factors |= Factor::Pin.bit();
        }
        factors
            | match self.request.body {
                BodyVerdict::Match => Factor::Biometric.bit(),
                BodyVerdict::NotGiven | BodyVerdict::NoMatch => 0,
            }
    }

    pub(super) fn ask_policies(&self, holder: &'a Holder, factors: u16) -> Judged {
        let facts = facts(self.snapshot, (holder, self.placed), (self.lease, factors), self.now);
        self.snapshot.policies.judge(&self.snapshot.names, &facts)
    }
}

/// What a zone does of which not all is heard: whether it asks for the PIN, or refuses.
fn asks_pin(zone: &Zone, blind: &Reason) -> Result<bool, Reason> {
    match zone.blind {
        Blind::Refuse => Err(blind.clone()),
        Blind::Pin => Ok(true),
        Blind::Admit => Ok(false),
    }
}

fn is_inside(snapshot: &Snapshot, holder: &Holder, zone: &ZoneId) -> bool {
    match snapshot.live.position(&holder.person.id) {
        Position::In { zone: at, .. } => snapshot.estate.is_within(at, zone),
        Position::Out { .. } | Position::Unknown => false,
    }
}

/// Somebody who came along and counted.
pub(super) type Company<'a> = Option<&'a Holder>;

/// What policies may ask about this person before this door.
pub(super) fn facts<'a>(
    snapshot: &'a Snapshot,
    (holder, placed): (&'a Holder, &'a PlacedDoor),
    (lease, factors): (Lease, u16),
    now: Timestamp,
) -> Facts<'a> {
    let (live, estate) = (&snapshot.live, &snapshot.estate);
    let risk = live.risk(&holder.person.id);
    Facts {
        people: &snapshot.people,
        estate,
        calendar: &snapshot.calendar,
        holder,
        door: placed,
        class: estate.class_of(placed),
        now,
        threat: live.threat(),
        incidents: risk.incidents,
        device: risk.device,
        source: source(snapshot, placed),
        presence: presence(snapshot, holder, placed),
        lease,
        factors,
        wall: OnceCell::new(),
    }
}

/// Whether all is heard that tells of the zone behind a door.
fn source(snapshot: &Snapshot, placed: &PlacedDoor) -> Freshness {
    let zone = placed.to.and_then(|place| snapshot.estate.zone_in(place));
    match zone.is_some_and(|zone| snapshot.live.is_blind(zone)) {
        true => Freshness::Stale,
        false => snapshot.live.source(&placed.door.id),
    }
}

fn presence(snapshot: &Snapshot, holder: &Holder, placed: &PlacedDoor) -> Presence {
    match snapshot.live.position(&holder.person.id) {
        Position::Unknown => Presence::Unknown,
        Position::Out { .. } if placed.door.from.is_none() => Presence::Here,
        Position::Out { .. } => Presence::Out,
        Position::In { zone, .. } => {
            let estate = &snapshot.estate;
            if estate.is_within(zone, &placed.door.to) {
                Presence::Beyond
            } else if placed.door.from.as_ref().is_some_and(|from| estate.is_within(zone, from)) {
                Presence::Here
            } else {
                Presence::Elsewhere
            }
        }
    }
}
