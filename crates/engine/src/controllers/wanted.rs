//! What a controller's cards are to open: the rights of its doors, as far as a controller can hold
//! them.
//!
//! A controller knows a number, two days and a yes for each door. So a card is written for a door
//! only where the rights let its holder in with the card alone, at any hour, whatever else is the
//! case; where they ask for more, the card is left out and told, never written half.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use access::door::{
    AntiPassback, Asks, CardNumber, Credential, CredentialKey, Door, HashKey, Live, Outcome,
    Reason, Request, Snapshot, Zone, decide, lasting_policies,
};
use chrono::Datelike as _;
use chrono_tz::Tz;
use codec::uhppote::{Card, Date};
use model::rights::{self, CredentialKind, Holder, RightsData};
use model::{CredentialId, DoorId, GroupId, PersonId, RightId, Timestamp};

use super::cards::CARDS_MAX;
use crate::rights::RIGHT_PREFIX;

/// The one form in which these controllers show cards: facility times this, and the number.
/// SOURCE: UT0311-L0x, 26-bit Wiegand (H10301): three digits of facility, five of number.
const FACILITY: u64 = 100_000;
/// The format's name.
const FORMAT: &str = "H10301";
/// Days of a card that nothing begins or ends.
const FIRST_DAY: Date = Date { year: 2000, month: 1, day: 1 };
const LAST_DAY: Date = Date { year: 2099, month: 12, day: 31 };
/// Deepest nesting of groups that is looked through.
const GROUPS_DEEP_MAX: usize = 16;

/// Why a card whose holder has a right at a door is not written for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOutFor {
    /// Nobody has written its number down: it is known as a hash alone.
    NoNumber,
    /// Its number is none of 26 bits, or has an issue level.
    OtherForm,
    /// The right holds in certain hours only.
    Hours,
    /// Policies of the house say more than yes or no.
    Conditions,
    /// The door or its zone asks for more than a card.
    MoreThanCard,
    /// It tells that its holder is forced, which a controller would not pass on.
    Duress,
    /// The controller is full.
    NoRoom,
}

impl LeftOutFor {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoNumber => "no_number",
            Self::OtherForm => "other_form",
            Self::Hours => "hours",
            Self::Conditions => "conditions",
            Self::MoreThanCard => "more_than_card",
            Self::Duress => "duress",
            Self::NoRoom => "no_room",
        }
    }
}

/// What a controller is to hold, and what it cannot.
#[derive(Default)]
pub struct Plan {
    /// By their numbers.
    pub cards: BTreeMap<u32, Card>,
    /// The number of each card that has one here.
    pub numbers: HashMap<CredentialKey, u32>,
    /// Cards that no controller can hold.
    pub other_forms: BTreeSet<CredentialId>,
    /// Cards that are left out at some door, and why.
    pub left_out: BTreeMap<CredentialId, BTreeSet<LeftOutFor>>,
}

/// What policies say of a person at a door, whatever the hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// Yes, up to this instant.
    Always(Option<Timestamp>),
    /// In certain hours.
    Hours,
    /// It depends.
    Conditions,
    /// Nothing.
    Nothing,
}

/// Makes plans, and remembers what policies say while they are the same.
#[derive(Default)]
pub struct Planner {
    of: Option<Snapshot>,
    says: HashMap<(PersonId, DoorId), Says>,
}

/// Of what a plan is made.
pub struct Basis<'a> {
    /// The rights.
    pub snapshot: &'a Snapshot,
    /// What they were composed of.
    pub data: &'a RightsData,
    /// The controller's doors.
    pub doors: &'a [Option<DoorId>],
    /// The zone of its clock.
    pub time_zone: Tz,
    /// Numbers that were found on the controller, of cards whose number nobody wrote down.
    pub found: &'a HashMap<CredentialKey, u32>,
    /// Now.
    pub now: Timestamp,
}

impl Planner {
    /// The plan of a controller.
    pub fn plan(&mut self, basis: &Basis<'_>) -> Plan {
        let snapshot = still(basis.snapshot, basis.now);
        if self.of.as_ref().is_none_or(|of| !of.shares_rights(&snapshot)) {
            self.says.clear();
            self.of = Some(snapshot.clone());
        }
        let mut plan = Plan::default();
        for (id, stated) in &basis.data.credentials {
            let Some(credential) = snapshot.people().credential(id) else { continue };
            let leads = snapshot.people().by_key(&credential.key);
            if stated.kind != CredentialKind::Card || leads.is_none_or(|found| found.id != *id) {
                continue;
            }
            let number = number(stated, basis)
                .or_else(|why| basis.found.get(&credential.key).copied().ok_or(why));
            match number {
                Ok(number) => drop(plan.numbers.insert(credential.key, number)),
                Err(LeftOutFor::OtherForm) => drop(plan.other_forms.insert(id.clone())),
                Err(_) => {}
            }
            self.put(&mut plan, (&snapshot, basis), credential, number);
        }
        plan
    }

    fn put(
        &mut self,
        plan: &mut Plan,
        (snapshot, basis): (&Snapshot, &Basis<'_>),
        credential: &Credential,
        number: Result<u32, LeftOutFor>,
    ) {
        let (mut doors, mut ends) = ([0; 4], Vec::new());
        for (place, door) in doors.iter_mut().zip(basis.doors) {
            let Some(door) = door else { continue };
            match self.may(snapshot, basis, credential, door) {
                May::Yes(end) => {
                    *place = 1;
                    ends.push(end);
                }
                May::LeftOut(why) => {
                    plan.left_out.entry(credential.id.clone()).or_default().insert(why);
                }
                May::No => {}
            }
        }
        if doors == [0; 4] {
            return;
        }
        let room = match number {
            Ok(_) if plan.cards.len() >= CARDS_MAX => Err(LeftOutFor::NoRoom),
            other => other,
        };
        match room {
            Ok(card_number) => {
                let (from, to) = days(credential, snapshot, (basis, &ends));
                let card = Card {
                    card_number,
                    from: Some(from),
                    to: Some(to),
                    doors,
                    pin: 0,
                    first_card: 0,
                };
                plan.cards.insert(card_number, card);
            }
            Err(why) => drop(plan.left_out.entry(credential.id.clone()).or_default().insert(why)),
        }
    }

    /// Whether a card alone opens a door at any hour.
    fn may(
        &mut self,
        snapshot: &Snapshot,
        basis: &Basis<'_>,
        credential: &Credential,
        door: &DoorId,
    ) -> May {
        let Some(person) = &credential.person else { return May::No };
        let decision = decide(snapshot, &Request::card(door.clone(), credential.key), basis.now);
        match (&decision.outcome, &decision.because) {
            (Outcome::Grant { .. } | Outcome::Require(_), _)
            | (
                Outcome::Refuse,
                Reason::NoPolicy
                | Reason::NoPin
                | Reason::Alone { .. }
                | Reason::FirstPerson { .. },
            ) => {}
            (Outcome::Refuse, _) => return May::No,
        }
        let end = match self.says(snapshot, basis, (person, door)) {
            Says::Always(end) => end,
            Says::Hours => return May::LeftOut(LeftOutFor::Hours),
            Says::Conditions => return May::LeftOut(LeftOutFor::Conditions),
            Says::Nothing => return May::No,
        };
        if credential.is_duress {
            return May::LeftOut(LeftOutFor::Duress);
        }
        let needs_escort = snapshot.people().person(person).is_some_and(|one| one.needs_escort);
        let is_plain = snapshot.estate().door(door).is_some_and(|door| {
            asks_no_more(door) && entered(snapshot, door).all(|zone| is_plain(zone, needs_escort))
        });
        match decision.outcome {
            Outcome::Grant { .. } if is_plain => May::Yes(end),
            Outcome::Grant { .. } | Outcome::Require(_) | Outcome::Refuse => {
                May::LeftOut(LeftOutFor::MoreThanCard)
            }
        }
    }

    fn says(
        &mut self,
        snapshot: &Snapshot,
        basis: &Basis<'_>,
        (person, door): (&PersonId, &DoorId),
    ) -> Says {
        let asked = (person.clone(), door.clone());
        if let Some(known) = self.says.get(&asked) {
            return *known;
        }
        let says = says(snapshot, basis, (person, door));
        self.says.insert(asked, says);
        says
    }
}

enum May {
    Yes(Option<Timestamp>),
    LeftOut(LeftOutFor),
    No,
}

/// The rights without what changes by the minute, save the threat level: where people are, and
/// which doors are locked, is not a card's matter.
fn still(snapshot: &Snapshot, now: Timestamp) -> Snapshot {
    let mut still = snapshot.clone();
    still.live = Live::default();
    still.live.set_threat(snapshot.live.threat());
    still.rights = access::door::RightsAge { confirmed_at: now, is_trusted: true };
    still
}

/// What policies say for good: what could forbid at some hour or in some case makes it depend.
fn says(snapshot: &Snapshot, basis: &Basis<'_>, (person, door): (&PersonId, &DoorId)) -> Says {
    let told = lasting_policies(snapshot, (person, door)).unwrap_or_default();
    let (forbids, permits): (Vec<_>, Vec<_>) = told.iter().partition(|one| one.forbids);
    let none = permits.iter().all(|one| one.holds == Some(false));
    if none || forbids.iter().any(|one| one.holds == Some(true)) {
        return Says::Nothing;
    }
    if forbids.iter().any(|one| one.holds.is_none()) {
        return Says::Conditions;
    }
    let (mut end, mut is_in_hours, mut depends) = (None, false, false);
    for one in permits {
        let id = one.policy.strip_prefix(RIGHT_PREFIX).and_then(|id| RightId::parse(id).ok());
        let right = id.and_then(|id| basis.data.rights.get(&id));
        match (one.holds, right) {
            (Some(true), right) => {
                let ends = right.and_then(|right| ends(right, basis, person));
                end = match end {
                    None => Some(ends),
                    Some(had) => Some(ends.zip(had).map(|(a, b)| a.max(b))),
                };
            }
            (Some(false), _) => {}
            (None, Some(_)) => is_in_hours = true,
            (None, None) => depends = true,
        }
    }
    match end {
        Some(end) => Says::Always(end),
        None if is_in_hours => Says::Hours,
        None if depends => Says::Conditions,
        None => Says::Nothing,
    }
}

/// When a right ends for a person: its own end, or that of their being in its group.
fn ends(right: &rights::Right, basis: &Basis<'_>, person: &PersonId) -> Option<Timestamp> {
    let Holder::Group(group) = &right.holder else { return right.validity.to };
    let members = basis.data.members.values();
    let own = members.filter(|one| one.person == *person && one.validity.holds_at(basis.now));
    let own = own.filter(|one| is_within(basis.data, &one.group, group, 0));
    // The latest end of all that put them into the group; none: one of them has no end.
    let latest = own.map(|one| one.validity.to).reduce(|a, b| a.zip(b).map(|(a, b)| a.max(b)));
    earlier(right.validity.to, latest.flatten())
}

fn is_within(data: &RightsData, group: &GroupId, outer: &GroupId, deep: usize) -> bool {
    let above = || data.groups.get(group).into_iter().flat_map(|group| &group.within);
    group == outer
        || (deep < GROUPS_DEEP_MAX && above().any(|group| is_within(data, group, outer, deep + 1)))
}

fn asks_no_more(door: &Door) -> bool {
    door.asks == Asks::Card && door.card_alone.is_none() && door.interlock.is_none()
}

/// The zones that somebody enters by a door.
fn entered<'a>(snapshot: &'a Snapshot, door: &'a Door) -> impl Iterator<Item = &'a Zone> {
    let estate = snapshot.estate();
    estate.around(&door.to).filter(move |zone| {
        !door.from.as_ref().is_some_and(|from| estate.is_within(from, &zone.id))
    })
}

/// Whether a zone asks for nothing that a controller does not know.
fn is_plain(zone: &Zone, needs_escort: bool) -> bool {
    let passes_back = match zone.anti_passback {
        AntiPassback::Off | AntiPassback::Soft => true,
        AntiPassback::Hard | AntiPassback::Timed(_) => false,
    };
    passes_back
        && !zone.two_person
        && !(zone.escort && needs_escort)
        && zone.occupancy_max.is_none()
        && zone.first_person.is_none()
}

/// The number that a controller knows a card by.
fn number(stated: &rights::Credential, basis: &Basis<'_>) -> Result<u32, LeftOutFor> {
    let cards = &basis.data.cards;
    let number = match (&stated.badge, stated.number) {
        (_, Some(number)) => Some(number),
        (Some(badge), None) => badge.parse().ok(),
        (None, None) => None,
    };
    let number = number.ok_or(LeftOutFor::NoNumber)?;
    let format = stated.format.as_ref().or(cards.format.as_ref());
    let is_ours = format.is_some_and(|format| format.eq_ignore_ascii_case(FORMAT));
    let facility = stated.facility.or(cards.facility).unwrap_or(0);
    if !is_ours || stated.issue != 0 || facility > 255 || number > 65_535 {
        return Err(LeftOutFor::OtherForm);
    }
    let number = u32::try_from(facility * FACILITY + number).ok();
    number.filter(|number| *number != 0).ok_or(LeftOutFor::OtherForm)
}

/// What a controller's number hashes to, in every spelling of the format that the rights use.
pub fn keys_of(number: u32, formats: &[String], key: &HashKey) -> Vec<CredentialKey> {
    let (facility, number) = (u64::from(number) / FACILITY, u64::from(number) % FACILITY);
    let card = |format: &String| {
        key.card(&CardNumber { format, facility, number: u128::from(number), issue: 0 })
    };
    formats.iter().map(card).collect()
}

/// The spellings of the one format that controllers read.
pub fn spellings(data: &RightsData) -> Vec<String> {
    let own = data.credentials.values().filter_map(|one| one.format.as_ref());
    let named = own.chain(&data.cards.format).filter(|one| one.eq_ignore_ascii_case(FORMAT));
    let mut found: BTreeSet<String> = named.cloned().collect();
    found.insert(FORMAT.to_owned());
    found.into_iter().collect()
}

/// From which to which day a card holds, by the controller's own clock. The last day is that of
/// the last instant; what is left of it after the instant is the server's to take away.
fn days(
    credential: &Credential,
    snapshot: &Snapshot,
    (basis, ends): (&Basis<'_>, &[Option<Timestamp>]),
) -> (Date, Date) {
    let person = credential.person.as_ref().and_then(|id| snapshot.people().person(id));
    let from = credential.valid_from.max(person.and_then(|person| person.valid_from));
    let own = earlier(credential.valid_to, person.and_then(|person| person.valid_to));
    let to = ends.iter().copied().fold(own, earlier);
    let day = |at: Timestamp| {
        let local = at.to_chrono().with_timezone(&basis.time_zone).date_naive();
        let small = |number: u32| u8::try_from(number).unwrap_or(1);
        let day = Date { year: local.year(), month: small(local.month()), day: small(local.day()) };
        day.clamp(FIRST_DAY, LAST_DAY)
    };
    let last = |to: Timestamp| day(Timestamp::from_nanos(to.nanos().saturating_sub(1)));
    (from.map_or(FIRST_DAY, day), to.map_or(LAST_DAY, last))
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (Some(one), None) | (None, Some(one)) => Some(one),
        (None, None) => None,
    }
}

#[cfg(test)]
#[path = "wanted_tests.rs"]
mod tests;
