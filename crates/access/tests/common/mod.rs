//! A house with one zone for each rule, and scripts that are played in it.
#![allow(dead_code, reason = "each test uses what it needs")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use access::PolicyFile;
use access::door::*;
use access::revocation::{Subject, Suspensions, Tombstone, Tombstones};
use model::{CredentialId, DoorId, GroupId, PersonId, ScheduleId, Timestamp, ZoneId};

pub const HOUSE: &str = include_str!("../doors/house.cedar");

pub fn zone(id: &str) -> ZoneId {
    ZoneId::parse(id).unwrap()
}
pub fn door(id: &str) -> DoorId {
    DoorId::parse(id).unwrap()
}
pub fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}
pub fn group(id: &str) -> GroupId {
    GroupId::parse(id).unwrap()
}
pub fn at(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(text).unwrap()
}

pub const KEY: HashKey = HashKey::new([42; 32]);

/// The key of the card that has somebody's name written on it.
pub fn key(name: &str) -> CredentialKey {
    KEY.card(&CardNumber { format: name, facility: 1, number: 7, issue: 0 })
}

pub fn office_hours() -> Schedule {
    Schedule {
        id: ScheduleId::parse("office-hours").unwrap(),
        time_zone: chrono_tz::Europe::Zurich,
        windows: vec![Window { days: Days::WORKING, from: 7 * 60, to: 19 * 60 }],
        holidays: BTreeMap::from([(chrono::NaiveDate::from_ymd_opt(2026, 12, 25).unwrap(), 1)]),
    }
}

fn zones() -> Vec<Zone> {
    let plain = |id: &str, parent: Option<&str>| Zone::plain(zone(id), parent.map(zone));
    let minutes = |m: u64| Duration::from_secs(m * 60);
    let lease = |m, at_expiry| LeaseRule { age_max: minutes(m), at_expiry };
    let glass = AtExpiry::Refuse { break_glass: "sealed box at the guard's desk".into() };
    vec![
        plain("site", None),
        plain("lobby", Some("site")),
        plain("offices", Some("site")),
        plain("science", Some("site")),
        Zone { anti_passback: AntiPassback::Hard, escort: true, ..plain("lab", Some("science")) },
        Zone {
            blind: Blind::Pin,
            anti_passback: AntiPassback::Hard,
            ..plain("clean", Some("science"))
        },
        Zone { anti_passback: AntiPassback::Soft, ..plain("library", Some("science")) },
        Zone { anti_passback: AntiPassback::Timed(minutes(10)), ..plain("gym", Some("science")) },
        Zone { two_person: true, ..plain("vault", Some("science")) },
        Zone { occupancy_max: Some(2), ..plain("store", Some("science")) },
        Zone { occupancy_max: Some(1), two_person: true, ..plain("closet", Some("science")) },
        Zone { first_person: Some(group("openers")), ..plain("shop", Some("science")) },
        plain("plant", Some("site")),
        Zone {
            class: ZoneClass::Critical,
            lease: lease(10, glass),
            glass: vec![CredentialId::parse("glass-card").unwrap()],
            ..plain("hall", Some("plant"))
        },
        Zone { lease: lease(10, AtExpiry::PinAsWell), ..plain("switch", Some("plant")) },
        Zone { lease: lease(10, AtExpiry::EscortOnly), ..plain("pumps", Some("plant")) },
        Zone { lease: lease(10, AtExpiry::AllowAndFlag), ..plain("yard", Some("plant")) },
        Zone {
            tightening: vec![
                Tightening { from: Threat::Elevated, clearance_min: 1, pin: false },
                Tightening { from: Threat::High, clearance_min: 2, pin: true },
            ],
            ..plain("control", Some("plant"))
        },
        plain("archive", Some("site")),
    ]
}

fn doors() -> Vec<Door> {
    let mut doors: Vec<Door> = zones()
        .into_iter()
        .filter(|zone| zone.id.as_str() != "site")
        .map(|zone| {
            let from = match zone.id.as_str() {
                "lobby" => None,
                _ => Some(ZoneId::parse("lobby").unwrap()),
            };
            let id = door(&format!("d-{}", zone.id));
            let mut door = Door::plain(id, from, zone.id);
            door.time_zone = chrono_tz::Europe::Zurich;
            door.fire_group = Some("east".into());
            door.technicians = Some(group("technicians"));
            door
        })
        .collect();
    let more = |id: &str, to: &str| {
        let mut door = Door::plain(door(id), Some(zone("lobby")), zone(to));
        door.fire_group = Some("east".into());
        door
    };
    doors.push(Door { asks: Asks::CardAndPin, ..more("pin-door", "science") });
    doors.push(Door { asks: Asks::CardAndPin, ..more("pin-vault", "vault") });
    doors.push(Door { asks: Asks::CardAndBody, ..more("body-door", "science") });
    let alone = Some(ScheduleId::parse("office-hours").unwrap());
    doors.push(Door { card_alone: alone, ..more("late-door", "science") });
    doors.push(Door { interlock: Some("lock".into()), ..more("lock-1", "science") });
    doors.push(Door { interlock: Some("lock".into()), ..more("lock-2", "science") });
    doors.push(Door { lift: Some("l1".into()), ..more("floor-1", "science") });
    doors.push(Door { lift: Some("l1".into()), ..more("floor-2", "plant") });
    doors
}

/// `who`, `groups`, and what else they are.
fn people() -> Vec<Person> {
    let plain = |id: &str, groups: &[&str]| {
        let groups = groups.iter().map(|id| group(id)).collect();
        let mut found = Person::plain(person(id), groups);
        found.pin = Some(KEY.pin(&found.id, "1234"));
        found.duress_pin = Some(KEY.pin(&found.id, "4321"));
        found
    };
    vec![
        Person { clearance: 1, ..plain("ana", &["staff", "scientists", "engineers"]) },
        Person { clearance: 2, ..plain("ben", &["staff", "scientists", "openers"]) },
        Person { may_escort: true, ..plain("eva", &["scientists", "engineers", "technicians"]) },
        Person { pin: None, duress_pin: None, ..plain("kim", &["scientists", "engineers"]) },
        Person { is_slow: true, ..plain("lea", &["scientists"]) },
        Person { kind: PersonKind::Visitor, needs_escort: true, ..plain("vic", &["guests"]) },
        Person { kind: PersonKind::Responder, ..plain("fire-1", &[]) },
        Person { standing: Standing::Suspended, ..plain("sus", &["scientists"]) },
        Person { standing: Standing::Ended, ..plain("gone", &["scientists"]) },
        Person { valid_to: Some(at("2026-11-23T10:00:00Z")), ..plain("temp", &["scientists"]) },
        Person { clearance: 1_000, ..plain("aud", &["auditors"]) },
        plain("zed", &["auditors"]),
    ]
}

/// The house at 09:00 UTC on a Monday, its rights confirmed at that minute.
pub fn house() -> Snapshot {
    let mut snapshot = Snapshot::empty(at("2026-11-23T09:00:00Z")).unwrap();
    snapshot.set_estate(zones(), doors()).unwrap();
    snapshot.set_calendar(Calendar::new([office_hours()]).unwrap());
    snapshot.put_group(group("night-staff"), vec![group("staff")]);
    for found in people() {
        let id = CredentialId::parse(&format!("{}-card", found.id)).unwrap();
        snapshot.put_credential(Credential::card(id, key(found.id.as_str()), found.id.clone()));
        snapshot.put_person(found);
    }
    let card = |id: &str, name: &str| {
        Credential::card(CredentialId::parse(id).unwrap(), key(name), person("ana"))
    };
    snapshot.put_credential(card("ana-second", "ana-second"));
    snapshot.put_credential(Credential {
        valid_to: Some(at("2026-11-01T00:00:00Z")),
        ..card("old-card", "old")
    });
    snapshot.put_credential(Credential {
        valid_from: Some(at("2027-01-01T00:00:00Z")),
        ..card("new-card", "new")
    });
    snapshot
        .put_credential(Credential { standing: Standing::Suspended, ..card("lost-card", "lost") });
    snapshot.put_credential(Credential { person: None, ..card("nobodys-card", "nobodys") });
    snapshot
        .put_credential(Credential { person: Some(person("who")), ..card("whos-card", "whos") });
    snapshot.put_credential(Credential { is_duress: true, ..card("forced-card", "forced") });
    snapshot.put_credential(Credential {
        kind: CredentialKind::BreakGlass,
        person: None,
        ..card("glass-card", "glass")
    });
    snapshot.put_credential(Credential { kind: CredentialKind::Pin, ..card("ana-pin", "ana-pin") });
    let file = PolicyFile { path: "house.cedar".into(), text: HOUSE.into() };
    snapshot.change_policies(&[Change::Put(file)]).unwrap();
    for who in ["ana", "ben", "eva", "kim", "lea"] {
        let risk = Risk { incidents: Incidents::None, device: Posture::Compliant };
        snapshot.live.set_risk(person(who), risk);
    }
    snapshot
}

/// One line of an answer.
pub fn said(decision: &Decision) -> String {
    let mut line = match &decision.outcome {
        Outcome::Grant { hold } => format!("grant {}s", hold.as_secs()),
        Outcome::Require(steps) => {
            let steps: Vec<&str> = steps.iter().map(|step| step.as_str()).collect();
            format!("require {}", steps.join("+"))
        }
        Outcome::Refuse => "refuse".to_owned(),
    };
    let _ = write!(line, ": {} ({})", decision.because.code(), decision.because);
    if !decision.policies.is_empty() {
        let _ = write!(line, " by {}", decision.policies.join(" "));
    }
    if let Some(other) = &decision.companion {
        let _ = write!(line, " with {other}");
    }
    for noted in &decision.noted {
        let _ = write!(line, "; noted {} ({noted})", noted.code());
    }
    if decision.duress {
        line.push_str("; duress");
    }
    line
}

/// A request in words: `WHO DOOR [exit|rex] [pin|duress|wrong] [body|nobody] [with=WHO]`.
pub fn request(words: &[&str]) -> Request {
    let shown = |who: &str| match who {
        "nothing" => Presented::Nothing,
        "noise" => Presented::Unreadable { bits: 29 },
        "no-pin" => Presented::Pin(None),
        "ana-pin" => Presented::Pin(Some(CredentialId::parse("ana-pin").unwrap())),
        _ => Presented::Card(key(who)),
    };
    let mut found = Request::card(door(words[1]), key(words[0]));
    found.presented = shown(words[0]);
    for word in &words[2..] {
        match *word {
            "exit" => found.direction = Direction::Exit,
            "rex" => found.direction = Direction::RequestToExit,
            "pin" => found.pin = PinVerdict::Right,
            "duress" => found.pin = PinVerdict::Duress,
            "wrong" => found.pin = PinVerdict::Wrong,
            "body" => found.body = BodyVerdict::Match,
            "nobody" => found.body = BodyVerdict::NoMatch,
            word => {
                let (who, pin) = match word.strip_prefix("with=").unwrap().split_once('+') {
                    Some((who, "pin")) => (who, PinVerdict::Right),
                    Some((who, "duress")) => (who, PinVerdict::Duress),
                    Some((who, _)) => (who, PinVerdict::Wrong),
                    None => (word.strip_prefix("with=").unwrap(), PinVerdict::NotGiven),
                };
                found.companion = Some(Companion { presented: shown(who), pin });
            }
        }
    }
    found
}

fn listed(entries: &[MusterEntry]) -> String {
    let each = entries.iter().map(|entry| match &entry.zone {
        Some(zone) => format!("{}@{zone}", entry.person),
        None => entry.person.to_string(),
    });
    each.collect::<Vec<_>>().join(" ")
}

/// Plays one line; what it says, if it says something.
pub fn play(snapshot: &mut Snapshot, now: Timestamp, line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let live = &mut snapshot.live;
    let on = |word: &str| word == "on";
    match words[0] {
        "pass" => {
            let to = (words[2] != "out").then(|| zone(words[2]));
            snapshot.went(&person(words[1]), to.as_ref(), now);
        }
        "lockdown" => live.lock_down(zone(words[1]), now, None),
        "end-lockdown" => assert!(live.end_lockdown(&zone(words[1]))),
        "threat" => live.set_threat(Threat::parse(words[1]).unwrap()),
        "fire" => live.set_fire(words[1].into(), Fire::parse(words[2]).unwrap()),
        "fire-reset" => return Some(format!("reset {}", live.fire_reset(words[1]))),
        "blind" => live.set_blind(zone(words[1]), on(words[2])),
        "leaf" => live.set_open(door(words[1]), words[2] == "open"),
        "lock" => live.set_locked(door(words[1]), on(words[2])),
        "work" => {
            let until = now.plus(model::time::parse_duration(words[3]).unwrap());
            let work = AtWork { work: Work::parse(words[2]).unwrap(), until };
            live.set_work(door(words[1]), Some(work));
        }
        "risk" => {
            let incidents = Incidents::parse(words[2]).unwrap();
            let device = Posture::parse(words[3]).unwrap();
            live.set_risk(person(words[1]), Risk { incidents, device });
        }
        "confirm" => snapshot.rights.confirmed_at = now,
        "untrusted-clock" => snapshot.rights.is_trusted = false,
        "tried" => {
            let id = CredentialId::parse(&format!("{}-card", words[1])).unwrap();
            live.pin_tried(&id, words[2] == "right", now);
        }
        "bury" => {
            let mut stones = Tombstones::default();
            let generation = words[2].parse().unwrap();
            stones.bury(Tombstone { key: key(words[1]), generation, since: now });
            assert_eq!(snapshot.bury(&stones), 0);
        }
        "reissue" => {
            let id = CredentialId::parse(&format!("{}-card", words[1])).unwrap();
            let mut card = snapshot.people().credential(&id).unwrap().clone();
            card.generation += 1;
            snapshot.put_credential(card);
        }
        "suspend" | "lift" => {
            let mut word = Suspensions::default();
            let subject = match words[1].strip_suffix("-card") {
                Some(_) => Subject::Credential(CredentialId::parse(words[1]).unwrap()),
                None => Subject::Person(person(words[1])),
            };
            word.put(subject, words[2].parse().unwrap(), words[0] == "suspend");
            snapshot.suspend(&word);
        }
        "revoke" => {
            let subject = Subject::Person(person(words[1]));
            let mut stones = Tombstones::default();
            let dead = snapshot.stones(&subject, now);
            let said = format!("{} credentials", dead.len());
            dead.into_iter().for_each(|stone| assert!(stones.bury(stone)));
            assert_eq!(snapshot.bury(&stones), 0);
            return Some(said);
        }
        "forgive" => snapshot.forgive(&person(words[1])),
        "muster" => {
            let found = muster(snapshot, &zone(words[1]));
            let (inside, possibly) = (listed(&found.inside), listed(&found.possibly));
            return Some(format!("inside: {inside} | possibly: {possibly}"));
        }
        "order" => {
            let order = [
                ("release", Order::Release),
                ("unlock", Order::Unlock),
                ("relock", Order::Relock),
                ("lock", Order::Lock),
                ("lockdown", Order::LockDown),
                ("end-lockdown", Order::EndLockdown),
            ];
            let order = order.into_iter().find(|(word, _)| *word == words[2]).unwrap().1;
            return Some(match judge_order(snapshot, &door(words[1]), order) {
                Ok(()) => "may be sent".to_owned(),
                Err(because) => format!("not sent: {} ({because})", because.code()),
            });
        }
        "floors" => {
            let floors: Vec<DoorId> = words[2].split(',').map(door).collect();
            let asked = request(&[words[1], floors[0].as_str()]);
            let each = decide_floors(snapshot, ("l1", &floors), &asked, now);
            let each = each.iter().map(|(floor, decision)| format!("{floor} {}", said(decision)));
            return Some(each.collect::<Vec<_>>().join(" / "));
        }
        _ => return Some(said(&decide(snapshot, &request(&words), now))),
    }
    None
}

/// Plays a script: lines `HH:MM[:SS] …` on 2026-11-23 (or `DAY` given by `day 2026-11-28`), each
/// in the house as the lines before left it; `new house` begins again. Answers stand below.
pub fn script(text: &str) -> String {
    let mut snapshot = house();
    let mut day = "2026-11-23".to_owned();
    let mut out = String::new();
    for line in text.lines().filter(|line| !line.starts_with("  = ")) {
        out.push_str(line);
        out.push('\n');
        if line == "new house" {
            snapshot = house();
            day = "2026-11-23".to_owned();
        } else if let Some(other) = line.strip_prefix("day ") {
            day = other.to_owned();
        } else if !line.is_empty() && !line.starts_with('#') {
            let (time, rest) = line.split_once(' ').unwrap();
            let time = if time.len() == 5 { format!("{time}:00") } else { time.to_owned() };
            let now = at(&format!("{day}T{time}Z"));
            if let Some(said) = play(&mut snapshot, now, rest) {
                let _ = writeln!(out, "  = {said}");
            }
        }
    }
    out
}
