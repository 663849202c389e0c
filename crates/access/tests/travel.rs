//! Rights on their way to a point: whole and by pieces they come to the same, and a point decides
//! with them what the whole house would decide.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "common/cases.rs"]
mod cases;
mod common;
#[path = "common/policies.rs"]
mod random;

use std::collections::BTreeSet;

use access::door::travel::{Arrived, Delta, Full, NotTaken, Scope};
use access::door::*;
use access::revocation::{Subject, Suspensions, Tombstone, Tombstones};
use common::*;
use model::{CredentialId, DoorId, GroupId, PlaceId, RevocationId, Timestamp};
use proptest::prelude::*;
use random::Dice;

fn site() -> PlaceId {
    PlaceId::parse("zurich").unwrap()
}

fn all_doors(snapshot: &Snapshot) -> BTreeSet<DoorId> {
    snapshot.estate().doors().map(|door| door.id.clone()).collect()
}

fn full(snapshot: &Snapshot, doors: &BTreeSet<DoorId>) -> Full {
    let (site, given_at) = (site(), snapshot.rights.confirmed_at);
    Full::of(snapshot, Scope { site: &site, doors, given_at, deeds: &[] })
}

/// All that has arrived.
fn whole(snapshot: &Snapshot) -> Full {
    Full::whole(snapshot, &site(), snapshot.rights.confirmed_at, &[])
}

fn packed<T: serde::Serialize>(thing: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(thing).unwrap()
}

/// A house of numbers with random policies, cards and rules.
fn world(seed: u64) -> (Snapshot, Dice) {
    let mut dice = Dice::new(seed);
    let mut snapshot = random::world(&mut dice);
    random::policies(&mut dice, &mut snapshot);
    for n in 0..random::PEOPLE {
        put_card(&mut snapshot, &mut dice, n);
    }
    (snapshot, dice)
}

fn put_card(snapshot: &mut Snapshot, dice: &mut Dice, n: u64) {
    let id = CredentialId::parse(&format!("c{n}")).unwrap();
    let whose = person(&format!("p{}", dice.roll(random::PEOPLE + 1)));
    let mut card = Credential::card(id, key(&format!("k{}", dice.roll(14))), whose);
    card.generation = u32::try_from(1 + dice.roll(2)).unwrap();
    snapshot.put_credential(card);
}

/// Something changes, as it does in the life of a house.
fn change(snapshot: &mut Snapshot, dice: &mut Dice) {
    match dice.roll(9) {
        0 => {
            let n = dice.roll(random::PEOPLE);
            put_card(snapshot, dice, n);
        }
        1 => {
            let who = person(&format!("p{}", dice.roll(random::PEOPLE + 3)));
            let mut made = Person::plain(who, vec![group(&format!("g{}", dice.roll(9)))]);
            made.clearance = 2;
            snapshot.put_person(made);
        }
        2 => {
            let parents = vec![group(&format!("g{}", dice.roll(4)))];
            snapshot.put_group(group(&format!("g{}", 4 + dice.roll(6))), parents);
        }
        3 => {
            let who = person(&format!("p{}", dice.roll(random::PEOPLE)));
            let dead = snapshot.stones(&Subject::Person(who), Timestamp::from_secs(1_000));
            let mut stones = Tombstones::default();
            dead.into_iter().for_each(|stone| assert!(stones.bury(stone)));
            snapshot.bury(&stones);
        }
        4 => {
            let mut words = Suspensions::default();
            let who = person(&format!("p{}", dice.roll(random::PEOPLE)));
            words.put(Subject::Person(who), snapshot.version, dice.roll(2) == 0);
            snapshot.suspend(&words);
        }
        5 => drop(random::policies(dice, snapshot)),
        6 => {
            let zones = snapshot.estate().zones().cloned().map(|mut zone| {
                if dice.roll(4) == 0 {
                    zone.anti_passback = AntiPassback::Hard;
                    zone.two_person = dice.roll(2) == 0;
                }
                zone
            });
            let zones = zones.collect();
            let doors = snapshot.estate().doors().cloned().collect();
            snapshot.set_estate(zones, doors).unwrap();
        }
        7 => {
            let mut schedules: Vec<Schedule> = snapshot.calendar().iter().cloned().collect();
            schedules.remove(usize::try_from(dice.roll(schedules.len() as u64)).unwrap());
            schedules.push(office_hours());
            snapshot.set_calendar(Calendar::new(schedules).unwrap());
        }
        _ => {
            let ids: Vec<_> = snapshot.policies().names().map(str::to_owned).collect();
            if let Some(id) = ids.get(usize::try_from(dice.roll(20)).unwrap()) {
                let _ = snapshot.change_policies(&[Change::Remove(id.as_str().into())]);
            }
        }
    }
}

fn ask(dice: &mut Dice, doors: &[DoorId]) -> (Request, Timestamp) {
    let mut request = Request::card(dice.one(doors).clone(), key(&format!("k{}", dice.roll(16))));
    request.pin = *dice.one(&[PinVerdict::NotGiven, PinVerdict::Right, PinVerdict::Wrong]);
    if dice.roll(4) == 0 {
        let presented = Presented::Card(key(&format!("k{}", dice.roll(16))));
        request.companion = Some(Companion { presented, pin: PinVerdict::NotGiven });
    }
    if dice.roll(6) == 0 {
        request.direction = Direction::Exit;
    }
    let now = 1_790_000_000 + i64::try_from(dice.roll(700_000)).unwrap();
    (request, Timestamp::from_secs(now))
}

/// Two answers to one question: the same, or a refusal of somebody whom the point does not know.
fn agrees(here: &Snapshot, there: &Snapshot, asked: &(Request, Timestamp)) -> Result<(), String> {
    let (ours, theirs) = (decide(here, &asked.0, asked.1), decide(there, &asked.0, asked.1));
    let known = |id: &Option<model::PersonId>| {
        id.as_ref().is_none_or(|id| here.people().person(id).is_some())
    };
    let of_companion = asked.0.companion.as_ref().is_none_or(|other| match &other.presented {
        Presented::Card(key) => {
            let found = there.people().by_key(key);
            found.is_none_or(|card| known(&card.person))
        }
        _ => true,
    });
    let same = if known(&theirs.person) && of_companion && theirs.person.is_some() {
        let (mut a, mut b) = (ours.clone(), theirs.clone());
        (a.snapshot, b.snapshot) = (0, 0);
        a == b
    } else {
        ours.outcome == theirs.outcome
    };
    if same { Ok(()) } else { Err(format!("{asked:?}\nhere  {ours:?}\nthere {theirs:?}")) }
}

/// The rights of some doors by way of bytes, with what is known of the minute.
fn arrived(snapshot: &Snapshot, doors: &BTreeSet<DoorId>) -> Snapshot {
    let bytes = packed(&full(snapshot, doors));
    let mut there = Snapshot::from_arrived(rmp_serde::from_slice(&bytes).unwrap()).unwrap();
    there.take_live(&mut snapshot.clone());
    there.rights = snapshot.rights;
    there
}

fn decides_the_same(seed: u64) -> Result<(), String> {
    let (mut snapshot, mut dice) = world(seed);
    snapshot.rights.confirmed_at = Timestamp::from_secs(1_790_000_000);
    for _ in 0..dice.roll(4) {
        change(&mut snapshot, &mut dice);
    }
    let every: Vec<DoorId> = all_doors(&snapshot).into_iter().collect();
    let some: BTreeSet<DoorId> = every.iter().filter(|_| dice.roll(3) == 0).cloned().collect();
    let doors: Vec<DoorId> = some.iter().cloned().collect();
    let there = arrived(&snapshot, &some);
    for _ in 0..if doors.is_empty() { 0 } else { 60 } {
        let asked = ask(&mut dice, &doors);
        agrees(&there, &snapshot, &asked).map_err(|error| format!("seed {seed}: {error}"))?;
    }
    let there = arrived(&snapshot, &all_doors(&snapshot));
    for _ in 0..20 {
        let asked = ask(&mut dice, &every);
        agrees(&there, &snapshot, &asked).map_err(|error| format!("seed {seed}: {error}"))?;
    }
    Ok(())
}

/// Pieces, one after the other, against the whole.
fn comes_to_the_same(seed: u64) -> Result<(), String> {
    let (mut snapshot, mut dice) = world(seed);
    let doors: BTreeSet<DoorId> =
        all_doors(&snapshot).into_iter().filter(|_| dice.roll(2) == 0).collect();
    let mut before = full(&snapshot, &doors);
    let mut edge = Snapshot::from_full(before.clone()).unwrap();
    for round in 0..6 {
        for _ in 0..1 + dice.roll(3) {
            change(&mut snapshot, &mut dice);
        }
        let after = full(&snapshot, &doors);
        let delta = packed(&Delta::between(&before, &after));
        let delta: Delta = rmp_serde::from_slice(&delta).unwrap();
        edge.apply_delta(&delta).map_err(|error| format!("seed {seed}.{round}: {error}"))?;
        let found = whole(&edge);
        if found != after {
            return Err(format!("seed {seed}.{round}\nfound {found:#?}\nafter {after:#?}"));
        }
        // What is of another base, or leads backwards, changes nothing.
        let stale = Delta { from: before.version.wrapping_sub(1), ..delta.clone() };
        assert!(matches!(edge.apply_delta(&stale), Err(NotTaken::OtherBase { .. })));
        let back = Delta { from: after.version, to: after.version - 1, ..delta.clone() };
        assert!(matches!(edge.apply_delta(&back), Err(NotTaken::Backwards { .. })));
        assert_eq!(whole(&edge), after);
        before = after;
    }
    Ok(())
}

#[test]
fn a_point_decides_what_the_house_would() {
    (0..150).for_each(|seed| assert_eq!(decides_the_same(seed), Ok(())));
}

/// A snapshot whose fields come in another order, or one of which does not come.
macro_rules! turned {
    ($($field:ident: $kind:ty,)*) => {
        #[derive(serde::Serialize)]
        struct Turned<'a> {
            $(#[serde(skip_serializing_if = "Option::is_none")] $field: Option<&'a $kind>,)*
        }
        impl<'a> Turned<'a> {
            const FIELDS: &'static [&'static str] = &[$(stringify!($field),)*];
            fn but(full: &'a Full, left_out: &str) -> Self {
                Self { $($field: (left_out != stringify!($field)).then_some(&full.$field),)* }
            }
        }
    };
}

turned! {
    deeds: Vec<RevocationId>,
    suspensions: Suspensions,
    tombstones: Vec<Tombstone>,
    links: Vec<Link>,
    templates: Vec<travel::Text>,
    policies: Vec<travel::Text>,
    credentials: Vec<Credential>,
    people: Vec<Person>,
    groups: std::collections::BTreeMap<GroupId, Vec<GroupId>>,
    schedules: Vec<Schedule>,
    doors: Vec<Door>,
    zones: Vec<Zone>,
    given_at: Timestamp,
    version: u64,
    site: PlaceId,
}

/// Read piece by piece, in whatever order the fields come, a snapshot is the one that was given.
fn is_read_as_it_was(seed: u64) -> Result<(), String> {
    let (mut snapshot, mut dice) = world(seed);
    for _ in 0..dice.roll(4) {
        change(&mut snapshot, &mut dice);
    }
    let given = whole(&snapshot);
    let turned: Arrived = rmp_serde::from_slice(&packed(&Turned::but(&given, ""))).unwrap();
    let straight: Arrived = rmp_serde::from_slice(&packed(&given)).unwrap();
    for arrived in [straight, turned, Arrived::from(given.clone())] {
        assert!(arrived.words.people.is_empty() && arrived.words.credentials.is_empty());
        let found = whole(&Snapshot::from_arrived(arrived).unwrap());
        if found != given {
            return Err(format!("seed {seed}\nfound {found:#?}\ngiven {given:#?}"));
        }
    }
    for left_out in Turned::FIELDS {
        let fewer = packed(&Turned::but(&given, left_out));
        let error = rmp_serde::from_slice::<Arrived>(&fewer).unwrap_err().to_string();
        if !error.contains(&format!("missing field `{left_out}`")) {
            return Err(error);
        }
    }
    Ok(())
}

#[test]
fn a_snapshot_is_read_piece_by_piece_as_it_was() {
    (0..60).for_each(|seed| assert_eq!(is_read_as_it_was(seed), Ok(())));
}

#[test]
fn pieces_come_to_the_whole() {
    (0..60).for_each(|seed| assert_eq!(comes_to_the_same(seed), Ok(())));
}

proptest! {
    #![proptest_config(cases::cases(25))]
    #[test]
    fn both_from_any_seed(seed in any::<u64>()) {
        prop_assert_eq!(decides_the_same(seed), Ok(()));
        prop_assert_eq!(comes_to_the_same(seed), Ok(()));
    }
}

/// The scripted house with all its rules, at all its doors.
#[test]
fn a_house_with_every_rule_arrives_as_it_was() {
    let house = house();
    let there = arrived(&house, &all_doors(&house));
    let now = at("2026-11-23T09:05:00Z");
    let mut asked = 0;
    for door in all_doors(&house) {
        for who in ["ana", "ben", "eva", "kim", "lea", "vic", "fire-1", "glass", "zed", "sus"] {
            for more in ["", "pin", "wrong", "with=ben", "exit"] {
                let mut words = vec![who, door.as_str()];
                words.extend((!more.is_empty()).then_some(more));
                let question = (request(&words), now);
                assert_eq!(agrees(&there, &house, &question), Ok(()));
                asked += 1;
            }
        }
    }
    assert!(asked > 1_000);
}

#[test]
fn a_point_gets_nothing_that_its_doors_do_not_need() {
    let house = house();
    let doors = BTreeSet::from([door("d-archive")]);
    let found = full(&house, &doors);
    assert_eq!(found.doors.iter().map(|d| d.id.as_str()).collect::<Vec<_>>(), ["d-archive"]);
    let who: Vec<&str> = found.people.iter().map(|person| person.id.as_str()).collect();
    let permitted: Vec<&str> = house
        .people()
        .persons()
        .filter(|p| {
            p.kind == PersonKind::Responder || p.id.as_str() == "aud" || p.id.as_str() == "zed"
        })
        .map(|p| p.id.as_str())
        .collect();
    assert!(permitted.iter().all(|id| who.contains(id)), "{who:?}");
    assert!(!who.contains(&"vic"), "{who:?}");
    assert!(found.credentials.iter().all(|card| card.id.as_str() != "glass-card"));
    let glass = full(&house, &BTreeSet::from([door("d-hall")]));
    assert!(glass.credentials.iter().any(|card| card.id.as_str() == "glass-card"));
    assert!(full(&house, &BTreeSet::new()).people.iter().all(Person::is_responder));
}

#[test]
fn a_broken_piece_leaves_everything_as_it_was() {
    let mut house = house();
    let doors = all_doors(&house);
    let before = full(&house, &doors);
    let mut edge = Snapshot::from_full(before.clone()).unwrap();
    house.put_person(Person::plain(person("new"), vec![group("scientists")]));
    let sound = Delta::between(&before, &full(&house, &doors));
    let mut of_policy = sound.clone();
    of_policy.policies.put.push(travel::Text {
        id: "bad".into(),
        text: "@id(\"bad\") permit (principal, action, resource) when { context.nothing };".into(),
    });
    let mut of_zone = sound.clone();
    of_zone.zones.put.push(Zone::plain(zone("island"), Some(zone("nowhere"))));
    let mut of_schedule = sound.clone();
    let mut schedule = office_hours();
    schedule.windows[0].from = 5_000;
    of_schedule.schedules.put.push(schedule);
    for broken in [of_policy, of_zone, of_schedule] {
        let error = edge.apply_delta(&broken).unwrap_err();
        assert!(error.wants_full(), "{error}");
        assert_eq!(full(&edge, &doors), before);
    }
    edge.apply_delta(&sound).unwrap();
    assert!(edge.people().person(&person("new")).is_some());
}

#[test]
fn people_keep_their_places_and_heads_are_counted_anew() {
    let mut house = house();
    let doors = all_doors(&house);
    assert!(house.passed(&person("ana"), Some(&zone("vault")), at("2026-11-23T09:00:00Z")));
    assert!(house.passed(&person("ben"), Some(&zone("lab")), at("2026-11-23T09:00:00Z")));
    let before = full(&house, &doors);
    let mut edge = Snapshot::from_full(before.clone()).unwrap();
    edge.take_live(&mut house.clone());
    assert_eq!(edge.live.inside(&zone("science")), 2);
    let zones = house.estate().zones().cloned();
    let moved = zones.map(|z| if z.id == zone("vault") { Zone { parent: None, ..z } } else { z });
    let moved = moved.collect();
    house.set_estate(moved, house.estate().doors().cloned().collect()).unwrap();
    edge.apply_delta(&Delta::between(&before, &full(&house, &doors))).unwrap();
    assert_eq!(edge.live.inside(&zone("science")), 1);
    assert_eq!(edge.live.inside(&zone("vault")), 1);
    assert_eq!(house.live.inside(&zone("science")), 1);
}

#[test]
fn a_revocation_is_short() {
    let mut house = house();
    let doors = all_doors(&house);
    let before = full(&house, &doors);
    let mut dead = house.stones(&Subject::Person(person("ana")), at("2026-11-23T09:00:00Z"));
    dead.sort();
    let mut stones = Tombstones::default();
    dead.iter().for_each(|stone| assert!(stones.bury(*stone)));
    house.bury(&stones);
    let after = full(&house, &doors);
    let delta = Delta::between(&before, &after);
    let deeds = vec![RevocationId::parse("4f2c9f0e-8d5f-4a55-9a52-0e5c2c1f6b6a").unwrap()];
    let versions = (before.version, after.version);
    let words = (dead.clone(), Suspensions::default());
    let short = Delta::words(site(), versions, after.given_at, words, deeds.clone());
    assert_eq!(Delta { deeds, ..delta }, short);
    assert!(dead.len() >= 2);
    assert!(packed(&short).len() < 1_000, "{} bytes", packed(&short).len());
    let text = serde_json::to_string(&short).unwrap();
    assert_eq!(serde_json::from_str::<Delta>(&text).unwrap(), short);
}

#[test]
fn a_snapshot_cut_short_or_too_large_is_not_taken() {
    let house = house();
    let bytes = packed(&full(&house, &all_doors(&house)));
    for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        assert!(rmp_serde::from_slice::<Full>(&bytes[..cut]).is_err());
        assert!(rmp_serde::from_slice::<Arrived>(&bytes[..cut]).is_err());
    }
    let mut many = full(&house, &all_doors(&house));
    let stone = |n: u32| {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        let key = CredentialKey::from_bytes(bytes);
        Tombstone { key, generation: 1, since: Timestamp::from_secs(0) }
    };
    many.tombstones = (0..1_000_001).map(stone).collect();
    assert!(matches!(Snapshot::from_full(many), Err(NotTaken::TooMany { .. })));
}
