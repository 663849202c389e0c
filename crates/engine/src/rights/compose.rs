//! From an organisation and its rights, as data, to what a decision rests on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use access::PolicyFile;
use access::door::{
    self, Calendar, CardNumber, CredentialKey, Days, Door, HashKey, LeaseRule, Link, Person,
    PinKey, Schedule, Snapshot, Zone,
};
use chrono_tz::Tz;
use model::rights::{
    AntiPassback, AtExpiry, Blind, Credential, Group, Holder, Opens, RightsData, Standing, Trait,
    ZoneRules,
};
use model::spine::{self, Organisation, PersonStatus, PlaceKind, ZoneClass};
use model::{
    CredentialId, DoorId, Entity, GroupId, PersonId, PlaceId, Position, Problem, ScheduleId,
    Timestamp, ZoneId,
};

/// What links of rights are called: the right's id comes after it.
pub const RIGHT_PREFIX: &str = "right:";
/// The template of a right at any hour.
const ALWAYS: &str = "right";
/// What stands for a schedule in the template of rights in its hours.
const SCHEDULE: &str = "SCHEDULE";

/// The templates of rights, as content has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Templates {
    /// At any hour.
    pub always: String,
    /// In the hours of a schedule.
    pub hours: String,
}

impl Templates {
    /// Those among content files; the shipped ones where the folder has none.
    pub fn of(files: &crate::content::Files) -> Self {
        let text = |name: &str| {
            let bytes = files.get(&format!("policies/doors/{name}"));
            bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
        };
        Self { always: text("always.cedar"), hours: text("hours.cedar") }
    }
}

/// What policies are made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Written {
    /// By file name.
    pub files: BTreeMap<String, String>,
    pub links: BTreeMap<Arc<str>, Link>,
}

/// Everything that is composed for a decision, before it is one snapshot.
pub(super) struct Parts<'a> {
    pub org: &'a Organisation,
    pub data: &'a RightsData,
    pub templates: &'a Templates,
    pub key: &'a HashKey,
    pub now: Timestamp,
}

fn wrong(file: &str, code: &str, message: String) -> Problem {
    Problem::error(file, None::<Position>, code, message)
}

impl Parts<'_> {
    /// References that lead nowhere: what a folder's check would have said.
    pub fn dangling(&self) -> Vec<Problem> {
        let data = self.data;
        let mut problems = Vec::new();
        let mut gone = |file: &str, of: String, noun: &str, id: &str| {
            let message = format!("{of} names the {noun} `{id}`, which does not exist");
            problems.push(wrong(file, "dangling_reference", message));
        };
        for (id, right) in &data.rights {
            let of = || format!("the right `{id}`");
            if let Some(schedule) = &right.schedule
                && !data.schedules.contains_key(schedule)
            {
                gone("rights.csv", of(), "schedule", schedule.as_str());
            }
            if let Holder::Group(group) = &right.holder
                && !data.groups.contains_key(group)
            {
                gone("rights.csv", of(), "group", group.as_str());
            }
        }
        for (id, door) in &data.doors {
            if let Some(schedule) = &door.card_alone
                && !data.schedules.contains_key(schedule)
            {
                gone("access.toml", format!("the door `{id}`"), "schedule", schedule.as_str());
            }
        }
        problems.extend(twice(&data.policies));
        problems
    }

    /// All of it; else everything that is wrong.
    pub fn snapshot(&self) -> Result<(Snapshot, Written), Vec<Problem>> {
        let mut snapshot = Snapshot::empty(self.now).map_err(|problem| vec![problem])?;
        let mut problems = self.dangling();
        self.put_estate(&mut snapshot, &mut problems);
        self.put_calendar(&mut snapshot, &mut problems);
        self.put_people(&mut snapshot);
        for id in self.data.credentials.keys() {
            match self.credential(id) {
                Ok(credential) => drop(snapshot.put_credential(credential)),
                Err(problem) => problems.push(problem),
            }
        }
        let written = self.written();
        let changes = changes(&Written::default(), &written);
        if let Err(found) = snapshot.change_policies(&changes) {
            problems.extend(found);
        }
        if problems.is_empty() { Ok((snapshot, written)) } else { Err(problems) }
    }

    /// Zones and doors.
    pub fn put_estate(&self, snapshot: &mut Snapshot, problems: &mut Vec<Problem>) {
        let zones = self.org.places.values().filter(|place| is_zone(place.kind));
        let zones: Vec<Zone> = zones.filter_map(|place| self.zone(place)).collect();
        let doors: Vec<Door> = self.org.doors.values().filter_map(|door| self.door(door)).collect();
        if let Err(errors) = snapshot.set_estate(zones, doors) {
            let each = errors.into_iter().map(|e| wrong("access.toml", "estate", e.to_string()));
            problems.extend(each);
        }
    }

    fn zone(&self, place: &spine::Place) -> Option<Zone> {
        let id = ZoneId::parse(place.id.as_str()).ok()?;
        let parent = place.parent.as_ref();
        let parent = parent.and_then(|parent| ZoneId::parse(parent.as_str()).ok());
        let usual = ZoneRules::default();
        let rules = self.data.zones.get(&id).unwrap_or(&usual);
        let glass = rules.break_glass.as_deref().unwrap_or_default();
        let lease = LeaseRule {
            age_max: rules.lease,
            at_expiry: match rules.at_expiry {
                AtExpiry::Refuse => door::AtExpiry::Refuse { break_glass: glass.into() },
                AtExpiry::PinAsWell => door::AtExpiry::PinAsWell,
                AtExpiry::EscortOnly => door::AtExpiry::EscortOnly,
                AtExpiry::AllowAndFlag => door::AtExpiry::AllowAndFlag,
            },
        };
        let class = self.org.zone_class_of(&place.id).unwrap_or(ZoneClass::Restricted);
        Some(Zone {
            class: zone_class(class),
            lease,
            anti_passback: match rules.anti_passback {
                AntiPassback::Off => door::AntiPassback::Off,
                AntiPassback::Soft => door::AntiPassback::Soft,
                AntiPassback::Hard => door::AntiPassback::Hard,
                AntiPassback::Timed => door::AntiPassback::Timed(rules.anti_passback_for),
            },
            blind: match rules.blind {
                Blind::Admit => door::Blind::Admit,
                Blind::Pin => door::Blind::Pin,
                Blind::Refuse => door::Blind::Refuse,
            },
            occupancy_max: rules.occupancy_max,
            two_person: rules.two_person,
            escort: rules.escort,
            first_person: rules.first_person.clone(),
            tightening: rules.tightening.iter().map(tightening).collect(),
            glass: rules.glass.clone(),
            ..Zone::plain(id, parent)
        })
    }

    fn door(&self, door: &spine::Door) -> Option<Door> {
        let id = DoorId::parse(door.door.as_str()).ok()?;
        let zone = |place: &PlaceId| ZoneId::parse(place.as_str()).ok();
        let is_outside = self.org.zone_class_of(&door.from_zone) == Some(ZoneClass::External);
        let from = zone(&door.from_zone).filter(|_| !is_outside);
        let usual = model::rights::DoorRules::default();
        let rules = self.data.doors.get(&id).unwrap_or(&usual);
        let text = |text: &Option<String>| text.as_deref().map(Arc::from);
        Some(Door {
            asks: rules.asks,
            card_alone: rules.card_alone.clone(),
            interlock: text(&rules.interlock),
            lift: text(&rules.lift),
            fire_group: text(&rules.fire_group),
            technicians: rules.technicians.clone(),
            time_zone: self.org.time_zone_of(&door.door).parse().unwrap_or(Tz::UTC),
            hold: rules.hold,
            hold_accessible: rules.hold_accessible,
            ..Door::plain(id, from, zone(&door.to_zone)?)
        })
    }

    /// Hours.
    pub fn put_calendar(&self, snapshot: &mut Snapshot, problems: &mut Vec<Problem>) {
        let all = self.data.schedules.iter().map(|(id, one)| self.schedule(id, one));
        match Calendar::new(all) {
            Ok(calendar) => snapshot.set_calendar(calendar),
            Err(errors) => {
                let each = errors.iter();
                problems.extend(each.map(|e| wrong("schedules.toml", "schedule", e.to_string())));
            }
        }
    }

    fn schedule(&self, id: &ScheduleId, schedule: &model::rights::Schedule) -> Schedule {
        let zone = schedule.time_zone.as_deref().unwrap_or(&self.org.time_zone);
        let window = |one: &model::rights::Window| door::Window {
            days: Days(one.days),
            from: one.from,
            to: one.to,
        };
        let holiday = |(date, kind): (&String, &u8)| Some((date.parse().ok()?, *kind));
        Schedule {
            id: id.clone(),
            time_zone: zone.parse().unwrap_or(Tz::UTC),
            windows: schedule.windows.iter().map(window).collect(),
            holidays: schedule.holidays.iter().filter_map(holiday).collect(),
        }
    }

    /// Groups and people.
    pub fn put_people(&self, snapshot: &mut Snapshot) {
        for (id, group) in &self.data.groups {
            snapshot.put_group(id.clone(), group.within.clone());
        }
        let mut groups: BTreeMap<&PersonId, Vec<GroupId>> = BTreeMap::new();
        for member in self.data.members.values() {
            if member.validity.holds_at(self.now) {
                groups.entry(&member.person).or_default().push(member.group.clone());
            }
        }
        let mut stands = BTreeMap::new();
        for person in self.org.people.values() {
            let groups = groups.remove(&person.id).unwrap_or_default();
            if let Some(person) = self.person(person, groups, &mut stands) {
                snapshot.put_person(person);
            }
        }
    }

    /// One person as they stand now; none for what is no human being.
    pub fn person_now(&self, id: &PersonId) -> Option<Person> {
        let of = self.data.members.values();
        let now = of.filter(|one| one.person == *id && one.validity.holds_at(self.now));
        let groups = now.map(|one| one.group.clone()).collect();
        self.person(self.org.people.get(id)?, groups, &mut BTreeMap::new())
    }

    fn person(
        &self,
        person: &spine::Person,
        groups: Vec<GroupId>,
        known: &mut BTreeMap<GroupId, Stand>,
    ) -> Option<Person> {
        let kind = match person.kind {
            spine::PersonKind::Employee => door::PersonKind::Employee,
            spine::PersonKind::Contractor => door::PersonKind::Contractor,
            spine::PersonKind::Visitor => door::PersonKind::Visitor,
            spine::PersonKind::Service => return None,
        };
        let mut stand = Stand::default();
        for group in &groups {
            let one = match known.get(group) {
                Some(one) => *one,
                None => {
                    let one = Stand::of(&self.data.groups, group);
                    known.insert(group.clone(), one);
                    one
                }
            };
            stand.take(one);
        }
        let pins = self.data.pins.get(&person.id);
        Some(Person {
            kind,
            standing: match person.status {
                PersonStatus::Active => Standing::Active,
                PersonStatus::Suspended => Standing::Suspended,
                PersonStatus::Left => Standing::Ended,
            },
            valid_from: person.validity.from,
            valid_to: person.validity.to,
            clearance: stand.clearance.unwrap_or(0),
            is_responder: stand.has(Trait::Responder),
            needs_escort: stand.has(Trait::NeedsEscort),
            may_escort: stand.has(Trait::MayEscort),
            is_slow: stand.has(Trait::MoreTime),
            pin: pins.and_then(|pins| pin_key(&pins.pin)),
            duress_pin: pins.and_then(|pins| pin_key(pins.duress.as_deref()?)),
            ..Person::plain(person.id.clone(), groups)
        })
    }

    /// One credential; its number becomes its key and goes no further.
    pub fn credential(&self, id: &CredentialId) -> Result<door::Credential, Problem> {
        let problem = |message| wrong("credentials.csv", "credential", message);
        let unknown = || problem(format!("there is no credential `{id}`"));
        let stated = self.data.credentials.get(id).ok_or_else(unknown)?;
        let (mut person, mut validity) = (stated.person.clone(), stated.validity);
        if let Some(badge) = &stated.badge {
            let named = self.org.identifiers.iter().find(|one| is_badge(one, badge, self.now));
            let named = named.or_else(|| {
                self.org.identifiers.iter().find(|one| one.kind == "badge" && one.value == *badge)
            });
            let gone = || problem(format!("`{id}`: there is no badge `{badge}`"));
            let named = named.ok_or_else(gone)?;
            if let (None, Entity::Person(of)) = (&person, &named.entity) {
                person = Some(of.clone());
            }
            validity.from = later(validity.from, named.validity.from);
            validity.to = earlier(validity.to, named.validity.to);
        }
        let key = self.credential_key(id, stated)?;
        Ok(door::Credential {
            id: id.clone(),
            key,
            kind: stated.kind,
            generation: stated.generation,
            person,
            standing: stated.standing,
            valid_from: validity.from,
            valid_to: validity.to,
            is_duress: stated.duress,
        })
    }

    /// What a credential's number hashes to.
    pub fn credential_key(
        &self,
        id: &CredentialId,
        stated: &Credential,
    ) -> Result<CredentialKey, Problem> {
        let problem = |message| wrong("credentials.csv", "credential", message);
        if let Some(key) = &stated.key {
            let bytes = hex::decode(key).ok().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
            let bad = || problem(format!("`{id}`: its key is not 32 hexadecimal digits"));
            return bytes.map(CredentialKey::from_bytes).ok_or_else(bad);
        }
        let number = match (&stated.badge, stated.number) {
            (_, Some(number)) => Some(number),
            (Some(badge), None) => badge.parse().ok(),
            (None, None) => None,
        };
        let number = number.ok_or_else(|| problem(format!("`{id}` has no number")))?;
        let cards = &self.data.cards;
        let format = stated.format.as_ref().or(cards.format.as_ref());
        let format = format.ok_or_else(|| problem(format!("`{id}` has no card format")))?;
        Ok(self.key.card(&CardNumber {
            format,
            facility: stated.facility.or(cards.facility).unwrap_or(0),
            number: u128::from(number),
            issue: stated.issue,
        }))
    }

    /// The policies and links that hold now.
    pub fn written(&self) -> Written {
        let mut files = BTreeMap::new();
        files.insert("policies/doors/always.cedar".to_owned(), self.templates.always.clone());
        for id in self.data.schedules.keys() {
            let text = self.templates.hours.replace(SCHEDULE, id.as_str());
            files.insert(format!("policies/doors/hours.cedar ({id})"), text);
        }
        let own = self.data.policies.iter();
        files.extend(own.map(|(name, text)| (format!("policies/{name}"), text.clone())));
        let holding = self.data.rights.iter().filter(|(_, one)| one.validity.holds_at(self.now));
        let links = holding.map(|(id, right)| {
            let id: Arc<str> = format!("{RIGHT_PREFIX}{id}").into();
            let template = match &right.schedule {
                Some(schedule) => format!("right-in-{schedule}").into(),
                None => ALWAYS.into(),
            };
            let principal = Some(match &right.holder {
                Holder::Group(id) => format!("Group::\"{id}\""),
                Holder::Person(id) => format!("Person::\"{id}\""),
            });
            let resource = Some(match &right.opens {
                Opens::Zone(id) => format!("Zone::\"{id}\""),
                Opens::Door(id) => format!("Door::\"{id}\""),
            });
            (Arc::clone(&id), Link { id, template, principal, resource })
        });
        Written { links: links.collect(), files }
    }

    /// The next instant at which a membership or a right begins or ends.
    pub fn next_edge(&self) -> Option<Timestamp> {
        let members = self.data.members.values().map(|one| one.validity);
        let rights = self.data.rights.values().map(|one| one.validity);
        let edges = members.chain(rights).flat_map(|validity| [validity.from, validity.to]);
        edges.flatten().filter(|edge| *edge > self.now).min()
    }
}

/// What has to be done to a running set for it to become another. Policies by their names, so that
/// what a file no longer says goes too.
pub(super) fn changes(before: &Written, after: &Written) -> Vec<door::Change> {
    let mut changes = Vec::new();
    for id in before.links.keys().filter(|id| !after.links.contains_key(*id)) {
        changes.push(door::Change::Remove(Arc::clone(id)));
    }
    let other = |(name, text): &(&String, &String)| after.files.get(*name) != Some(*text);
    let changed: Vec<_> = before.files.iter().filter(other).collect();
    if !changed.is_empty() {
        let kept: BTreeSet<&str> =
            after.files.values().flat_map(|text| ids_in(text)).map(|(id, _)| id).collect();
        for (_, text) in changed {
            let names = door::policy_names(text).into_iter();
            let gone = names.filter(|name| !kept.contains(name.as_str()));
            changes.extend(gone.map(|name| door::Change::Remove(name.into())));
        }
    }
    for (name, text) in &after.files {
        if before.files.get(name) != Some(text) {
            let file = PolicyFile { path: name.clone(), text: text.clone() };
            changes.push(door::Change::Put(file));
        }
    }
    for (id, link) in &after.links {
        if before.links.get(id) != Some(link) {
            changes.push(door::Change::Link(link.clone()));
        }
    }
    changes
}

/// The ids that a text gives its policies, and at which byte, without reading it as Cedar: what is
/// in force has been read already, and there may be thousands.
fn ids_in(text: &str) -> impl Iterator<Item = (&str, usize)> {
    const BEFORE: &str = "@id(\"";
    let starts = text.match_indices(BEFORE);
    starts.filter_map(|(at, _)| {
        let line = text.get(..at)?.rsplit('\n').next()?;
        let rest = text.get(at + BEFORE.len()..)?;
        let id = rest.get(..rest.find('"')?)?;
        (!line.contains("//")).then_some((id, at))
    })
}

/// Names that two policies have, or that are ours: the second would stand in the place of the first
/// unseen.
fn twice(policies: &BTreeMap<String, String>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (file, text) in policies {
        for (id, at) in ids_in(text) {
            let is_ours = id == ALWAYS || id.starts_with("right:") || id.starts_with("right-in-");
            let message = match seen.insert(id, file) {
                Some(other) => format!("there are two policies `{id}`, one in {other}"),
                None if is_ours => format!("`{id}`: names of rights are not for policies"),
                None => continue,
            };
            let place = Some(model::problem::position_at(text, at));
            let file = format!("policies/{file}");
            problems.push(Problem::error(&file, place, "policy_id", message));
        }
    }
    problems
}

fn is_badge(one: &spine::Identifier, badge: &str, now: Timestamp) -> bool {
    one.kind == "badge" && one.value == *badge && one.validity.holds_at(now)
}

fn later(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    a.max(b)
}

fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (Some(one), None) | (None, Some(one)) => Some(one),
        (None, None) => None,
    }
}

/// Whether a place is an area behind doors, or an area of such areas.
pub fn is_zone(kind: PlaceKind) -> bool {
    match kind {
        PlaceKind::Region
        | PlaceKind::Site
        | PlaceKind::Building
        | PlaceKind::Floor
        | PlaceKind::Zone
        | PlaceKind::Room => true,
        PlaceKind::Door | PlaceKind::Desk => false,
    }
}

fn zone_class(class: ZoneClass) -> door::ZoneClass {
    match class {
        ZoneClass::Public => door::ZoneClass::Public,
        ZoneClass::Transitional => door::ZoneClass::Transitional,
        ZoneClass::Restricted => door::ZoneClass::Restricted,
        ZoneClass::Critical => door::ZoneClass::Critical,
        ZoneClass::Perimeter => door::ZoneClass::Perimeter,
        ZoneClass::External => door::ZoneClass::External,
    }
}

fn tightening(rule: &model::rights::Tightening) -> door::Tightening {
    door::Tightening { from: rule.from, clearance_min: rule.clearance_min, pin: rule.pin }
}

/// Whether a text names an IANA time zone.
pub fn is_time_zone(text: &str) -> bool {
    text.parse::<Tz>().is_ok()
}

/// Whether a text is a date such as `2026-12-25`.
pub fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<chrono::NaiveDate>().is_ok()
}

/// From 32 hexadecimal digits.
pub(super) fn pin_key(text: &str) -> Option<PinKey> {
    let bytes = <[u8; 16]>::try_from(hex::decode(text).ok()?).ok()?;
    let told = serde_json::from_value(serde_json::json!(text)).ok();
    told.or_else(|| serde_json::from_value(serde_json::json!(bytes)).ok())
}

/// What groups make of somebody.
#[derive(Debug, Clone, Copy, Default)]
struct Stand {
    clearance: Option<i64>,
    traits: u8,
}

impl Stand {
    fn of(groups: &BTreeMap<GroupId, Group>, group: &GroupId) -> Self {
        let (mut stand, mut seen, mut next) = (Self::default(), BTreeSet::new(), vec![group]);
        while let Some(id) = next.pop() {
            let Some(group) = groups.get(id).filter(|_| seen.insert(id)) else { continue };
            let traits = group.traits.iter().fold(0, |bits, one| bits | 1 << *one as u8);
            stand.take(Self { clearance: group.clearance, traits });
            next.extend(&group.within);
        }
        stand
    }

    fn take(&mut self, other: Self) {
        self.clearance = self.clearance.max(other.clearance);
        self.traits |= other.traits;
    }

    fn has(self, what: Trait) -> bool {
        self.traits & (1 << what as u8) != 0
    }
}
