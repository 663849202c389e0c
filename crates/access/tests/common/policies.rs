//! Random policies over a small house of numbers, for holding the index against plain Cedar.

#![allow(dead_code, reason = "each test uses what it needs")]

use std::collections::BTreeMap;

use access::PolicyFile;
use access::door::*;
use chrono_tz::Tz;
use model::{DoorId, GroupId, PersonId, ScheduleId, Timestamp, ZoneId};

/// A die that can be thrown again from its seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }
    /// Below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides.max(1)
    }
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }
}

pub const PEOPLE: u64 = 12;
pub const GROUPS: u64 = 8;
pub const ZONES: u64 = 6;
pub const DOORS: u64 = 8;
pub const SCHEDULES: u64 = 3;

fn person(n: u64) -> PersonId {
    PersonId::parse(&format!("p{n}")).unwrap()
}
fn group(n: u64) -> GroupId {
    GroupId::parse(&format!("g{n}")).unwrap()
}
fn zone(n: u64) -> ZoneId {
    ZoneId::parse(&format!("z{n}")).unwrap()
}
fn door(n: u64) -> DoorId {
    DoorId::parse(&format!("d{n}")).unwrap()
}

pub fn world(dice: &mut Dice) -> Snapshot {
    let mut snapshot = Snapshot::empty(Timestamp::from_secs(0)).unwrap();
    let zones = (0..ZONES).map(|n| {
        let parent = (n > 0).then(|| zone(dice.roll(n)));
        Zone { class: *dice.one(ZoneClass::ALL), ..Zone::plain(zone(n), parent) }
    });
    let zones = zones.collect();
    let doors = (0..DOORS).map(|n| {
        let to = zone(dice.roll(ZONES));
        let from = (dice.roll(2) == 0).then(|| zone(dice.roll(ZONES)));
        Door { time_zone: Tz::Europe__Zurich, ..Door::plain(door(n), from, to) }
    });
    let doors = doors.collect();
    snapshot.set_estate(zones, doors).unwrap();
    for n in 1..GROUPS {
        let parents = (0..dice.roll(3)).map(|_| group(dice.roll(n))).collect();
        snapshot.put_group(group(n), parents);
    }
    let schedules = (0..SCHEDULES).map(|n| Schedule {
        id: ScheduleId::parse(&format!("s{n}")).unwrap(),
        time_zone: *dice.one(&[Tz::UTC, Tz::Europe__Zurich, Tz::America__New_York]),
        windows: vec![Window {
            days: Days(1 + u16::try_from(dice.roll(127)).unwrap()),
            from: u16::try_from(dice.roll(1_440)).unwrap(),
            to: u16::try_from(dice.roll(1_441)).unwrap(),
        }],
        holidays: BTreeMap::new(),
    });
    snapshot.set_calendar(Calendar::new(schedules.collect::<Vec<_>>()).unwrap());
    for n in 0..PEOPLE {
        let groups = (0..dice.roll(4)).map(|_| group(dice.roll(GROUPS))).collect();
        let clearance = *dice.one(&[-1, 0, 1, 2, 3, 700, 5_000_000_000]);
        let kind = *dice.one(PersonKind::ALL);
        snapshot.put_person(Person { clearance, kind, ..Person::plain(person(n), groups) });
        let risk = Risk { incidents: *dice.one(Incidents::ALL), device: *dice.one(Posture::ALL) };
        snapshot.live.set_risk(person(n), risk);
        if dice.roll(3) > 0 {
            let to = (dice.roll(4) > 0).then(|| zone(dice.roll(ZONES)));
            snapshot.passed(&person(n), to.as_ref(), Timestamp::from_secs(0));
        }
    }
    (0..DOORS).for_each(|n| snapshot.live.set_source(door(n), *dice.one(Freshness::ALL)));
    snapshot.live.set_threat(*dice.one(Threat::ALL));
    snapshot
}

fn words(dice: &mut Dice) -> (&'static str, &'static str, Vec<&'static str>) {
    let all = |words: &[&'static str]| words.to_vec();
    match dice.roll(8) {
        0 => ("context.threat", "Threat", Threat::ALL.iter().map(|w| w.as_str()).collect()),
        1 => {
            ("context.incidents", "Incidents", Incidents::ALL.iter().map(|w| w.as_str()).collect())
        }
        2 => ("context.device", "Posture", Posture::ALL.iter().map(|w| w.as_str()).collect()),
        3 => ("context.source", "Freshness", Freshness::ALL.iter().map(|w| w.as_str()).collect()),
        4 => ("context.presence", "Presence", Presence::ALL.iter().map(|w| w.as_str()).collect()),
        5 => ("context.lease", "Lease", all(&["current", "expired"])),
        6 => ("principal.kind", "Kind", PersonKind::ALL.iter().map(|w| w.as_str()).collect()),
        _ => ("resource.class", "Class", ZoneClass::ALL.iter().map(|w| w.as_str()).collect()),
    }
}

fn number(dice: &mut Dice) -> (&'static str, u64) {
    *dice.one(&[("context.minute", 1_440), ("context.weekday", 8), ("principal.clearance", 4)])
}

fn atom(dice: &mut Dice) -> String {
    let compare = ["<", "<=", ">", ">=", "==", "!="];
    let (g, h) = (dice.roll(GROUPS), dice.roll(GROUPS + 1));
    let (z, d, p) = (dice.roll(ZONES), dice.roll(DOORS), dice.roll(PEOPLE));
    let (s, t) = (dice.roll(SCHEDULES), dice.roll(SCHEDULES + 1));
    let factor = dice.one(Factor::ALL).as_str();
    match dice.roll(27) {
        0 | 1 => {
            let (slot, kind, of) = words(dice);
            let (a, op) = (dice.one(&of), dice.one(&["==", "!="]));
            format!("{slot} {op} {kind}::\"{a}\"")
        }
        2 => {
            let (slot, kind, of) = words(dice);
            let (a, b) = (dice.one(&of), dice.one(&of));
            format!("[{kind}::\"{a}\", {kind}::\"{b}\"].contains({slot})")
        }
        3 => {
            let (slot, kind, of) = words(dice);
            let a = dice.one(&of);
            format!("{kind}::\"{a}\" == {slot}")
        }
        4 | 5 => {
            let (slot, below) = number(dice);
            format!("{slot} {} {}", dice.one(&compare), dice.roll(below))
        }
        6 => {
            let (slot, below) = number(dice);
            format!("{} {} {slot}", dice.roll(below), dice.one(&compare))
        }
        7 => {
            let (slot, below) = number(dice);
            format!("[{}, {}].contains({slot})", dice.roll(below), dice.roll(below))
        }
        8 => format!("context.schedules.contains(Schedule::\"s{t}\")"),
        9 => {
            let any = dice.one(&["containsAny", "containsAll"]);
            format!("context.schedules.{any}([Schedule::\"s{s}\", Schedule::\"s{t}\"])")
        }
        10 => format!("context.factors.contains(Factor::\"{factor}\")"),
        11 => {
            let any = dice.one(&["containsAny", "containsAll"]);
            format!("context.factors.{any}([Factor::\"{factor}\", Factor::\"card\"])")
        }
        12 => format!("principal in Group::\"g{h}\""),
        13 => format!("principal in [Group::\"g{g}\", Group::\"g{h}\", Person::\"p{p}\"]"),
        14 => format!("principal == Person::\"p{p}\""),
        15 => format!("resource in Zone::\"z{z}\""),
        16 => format!("resource == Door::\"d{d}\""),
        17 => format!("principal is Person in Group::\"g{g}\""),
        18 => format!("[Person::\"p{p}\", Person::\"p0\"].contains(principal)"),
        // What is left to Cedar, some of it to fail.
        19 => format!("principal.clearance + context.minute > {}", dice.roll(900)),
        20 => format!("principal.clearance * 9223372036854775807 > {}", dice.roll(3)),
        21 => format!("Person::\"p{p}\".clearance > {}", dice.roll(3)),
        22 => format!("Person::\"nobody\".clearance > {}", dice.roll(3)),
        23 => format!("Group::\"g{g}\" in Group::\"g{h}\""),
        24 => format!("Door::\"d{d}\".class == resource.class"),
        25 => "context.factors.isEmpty()".to_owned(),
        _ => format!("Zone::\"z{z}\" in Zone::\"z0\""),
    }
}

fn condition(dice: &mut Dice, deep: u64) -> String {
    if deep == 0 {
        return atom(dice);
    }
    match dice.roll(7) {
        0 => format!("!({})", condition(dice, deep - 1)),
        1 | 2 => format!("({}) && ({})", condition(dice, deep - 1), condition(dice, deep - 1)),
        3 => format!("({}) || ({})", condition(dice, deep - 1), condition(dice, deep - 1)),
        4 => {
            let (a, b) = (condition(dice, deep - 1), condition(dice, deep - 1));
            format!("if {a} then {b} else {}", condition(dice, deep - 1))
        }
        _ => atom(dice),
    }
}

fn head(dice: &mut Dice, slots: bool) -> String {
    let (g, p, z, d) =
        (dice.roll(GROUPS + 1), dice.roll(PEOPLE), dice.roll(ZONES), dice.roll(DOORS));
    let principal = match dice.roll(if slots { 3 } else { 7 }) {
        0 if slots => "principal == ?principal".to_owned(),
        _ if slots => "principal in ?principal".to_owned(),
        0 => format!("principal == Person::\"p{p}\""),
        1 | 2 => format!("principal in Group::\"g{g}\""),
        3 => "principal is Person".to_owned(),
        4 => format!("principal is Person in Group::\"g{g}\""),
        _ => "principal".to_owned(),
    };
    let resource = match dice.roll(if slots { 3 } else { 7 }) {
        0 if slots => "resource == ?resource".to_owned(),
        _ if slots => "resource in ?resource".to_owned(),
        0 => format!("resource == Door::\"d{d}\""),
        1 | 2 => format!("resource in Zone::\"z{z}\""),
        3 => "resource is Door".to_owned(),
        4 => format!("resource is Door in Zone::\"z{z}\""),
        _ => "resource".to_owned(),
    };
    let action =
        dice.one(&["action", "action == Action::\"enter\"", "action in [Action::\"enter\"]"]);
    let effect = if dice.roll(3) == 0 { "forbid" } else { "permit" };
    format!("{effect} ({principal}, {action}, {resource})")
}

fn policy(dice: &mut Dice, id: &str, slots: bool) -> PolicyFile {
    let mut text = format!("@id(\"{id}\")\n{}", head(dice, slots));
    for _ in 0..dice.roll(3) {
        let clause = dice.one(&["when", "when", "unless"]);
        let deep = dice.roll(3);
        text.push_str(&format!("\n{clause} {{ {} }}", condition(dice, deep)));
    }
    text.push_str(";\n");
    PolicyFile { path: format!("{id}.cedar"), text }
}

/// Policies, templates and links that load; what strict validation refuses is left out.
pub fn policies(dice: &mut Dice, snapshot: &mut Snapshot) -> (Vec<PolicyFile>, Vec<Link>) {
    let (mut files, mut links) = (Vec::new(), Vec::new());
    for n in 0..4 + dice.roll(14) {
        let file = policy(dice, &format!("policy-{n}"), false);
        if snapshot.change_policies(&[Change::Put(file.clone())]).is_ok() {
            files.push(file);
        }
    }
    for n in 0..dice.roll(4) {
        let file = policy(dice, &format!("template-{n}"), true);
        if snapshot.change_policies(&[Change::Put(file.clone())]).is_err() {
            continue;
        }
        for m in 0..dice.roll(5) {
            let (p, g) = (dice.roll(PEOPLE), dice.roll(GROUPS));
            let (d, z) = (dice.roll(DOORS), dice.roll(ZONES));
            let whole = |kind, n| Some(format!("{kind}::\"{n}\""));
            let link = Link {
                id: format!("link-{n}-{m}").into(),
                template: format!("template-{n}").into(),
                principal: if dice.roll(2) == 0 || file.text.contains("== ?principal") {
                    whole("Person", format!("p{p}"))
                } else {
                    whole("Group", format!("g{g}"))
                },
                resource: if dice.roll(2) == 0 || file.text.contains("== ?resource") {
                    whole("Door", format!("d{d}"))
                } else {
                    whole("Zone", format!("z{z}"))
                },
            };
            if snapshot.change_policies(&[Change::Link(link.clone())]).is_ok() {
                links.push(link);
            }
        }
        files.push(file);
    }
    (files, links)
}

/// What a run of comparisons found, by code of the reason.
pub type Tally = BTreeMap<&'static str, u64>;

/// What is said for good is so at any instant and in any case.
fn lasts(
    snapshot: &Snapshot,
    asked: (&PersonId, &DoorId),
    now: Timestamp,
    tally: &mut Tally,
) -> Result<(), String> {
    let told = explain_policies(snapshot, asked, now).ok_or("nobody")?;
    for (one, lasts) in told.iter().zip(lasting_policies(snapshot, asked).ok_or("nobody")?) {
        let holds = matches!(one.verdict, PolicyVerdict::Permits | PolicyVerdict::Forbids);
        let is_so = lasts.holds.is_none_or(|lasts| lasts == holds && one.error.is_none());
        if (&one.policy, one.forbids) != (&lasts.policy, lasts.forbids) || !is_so {
            return Err(format!("{asked:?} {now}: {one:?} is for good {lasts:?}"));
        }
        let word = match lasts.holds {
            Some(true) => "always",
            Some(false) => "never",
            None => "as it comes",
        };
        *tally.entry(word).or_default() += 1;
    }
    Ok(())
}

/// One house, its policies, and so many questions to index and oracle. Fails with what differs.
pub fn compare(seed: u64, questions: u64, tally: &mut Tally) -> Result<(), String> {
    let mut dice = Dice::new(seed);
    let mut snapshot = world(&mut dice);
    let (mut files, mut links) = policies(&mut dice, &mut snapshot);
    for round in 0..2 {
        let plain = Plain::new(&snapshot, &files, &links)?;
        for _ in 0..questions {
            let asked = (&person(dice.roll(PEOPLE)), &door(dice.roll(DOORS)));
            let with = (*dice.one(Lease::ALL), u16::try_from(dice.roll(16)).unwrap());
            let now =
                Timestamp::from_secs(1_790_000_000 + i64::try_from(dice.roll(700_000)).unwrap());
            let ours = judge_with(&snapshot, asked, with, now).ok_or("nobody")?;
            let theirs = judge_plain((&snapshot, &plain), asked, with, now).ok_or("nobody")??;
            if ours != theirs {
                let texts: String = files.iter().map(|file| file.text.as_str()).collect();
                return Err(format!(
                    "seed {seed} round {round} {asked:?} {now}\nours   {ours:?}\nCedar  {theirs:?}\n\
                     {texts}\n{links:?}"
                ));
            }
            *tally.entry(ours.because.code()).or_default() += 1;
            lasts(&snapshot, asked, now, tally)?;
        }
        // Some go, some are replaced: the index must follow.
        for file in &mut files {
            if dice.roll(3) > 0 {
                continue;
            }
            let id = file.path.trim_end_matches(".cedar").to_owned();
            let is_template = id.starts_with("template");
            if dice.roll(2) == 0 && !is_template && !file.text.is_empty() {
                snapshot.change_policies(&[Change::Remove(id.as_str().into())]).unwrap();
                file.text = String::new();
            } else {
                let next = policy(&mut dice, &id, is_template);
                if snapshot.change_policies(&[Change::Put(next.clone())]).is_ok() {
                    *file = next;
                }
            }
        }
        if !links.is_empty() && dice.roll(2) == 0 {
            let gone = links.remove(0);
            snapshot.change_policies(&[Change::Remove(gone.id)]).unwrap();
        }
    }
    Ok(())
}
