//! Two sightings of one person further apart than anyone travels: never where it is not certain.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{at, event, feed, settled};
use detect::{Detector, Options, RuleSet, Spine};
use model::spine::{Person, PersonKind, PersonStatus, Validity};
use model::{Event, Finding, FindingState, Organisation, Record, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

const RULES: &str = "
title: Taken
id: taken
logsource: {category: physical_access}
detection: {selection: {activity_id: 3}, condition: selection}
---
title: Console
id: console
logsource: {category: authentication}
detection: {selection: {class_uid: 3002}, condition: selection}
---
title: Two places
id: two-places
correlation:
  type: event_count
  rules: [taken, console]
  group-by: [person]
  timespan: 12h
  condition: {gte: 1}
castellan:
  because: '{castellan.person}: {why}'
  travel: {}
";

/// `hq` with a near and a far door, `plant` in the same region, `moon` in another; twelve people.
fn organisation() -> Organisation {
    let mut org = common::organisation();
    let yaml = "
places:
  north: { kind: region }
  south: { kind: region }
  moon: { kind: site, parent: south }
  dark: { kind: zone, parent: moon, class: restricted }
  yard: { kind: zone, parent: plant, class: external }
  tower: { kind: zone, parent: hq, class: restricted }
  attic: { kind: zone, parent: hq, class: restricted }
  d-hall: { kind: door, parent: plant }
  d-dark: { kind: door, parent: moon }
  d-attic: { kind: door, parent: hq }
";
    let forms: Value = yaml_serde::from_str(yaml).unwrap();
    for (name, form) in forms["places"].as_object().unwrap() {
        let mut place = org.places[&common::place("hq")].clone();
        place.id = common::place(name);
        place.kind = serde_json::from_value(form["kind"].clone()).unwrap();
        place.parent = form.get("parent").map(|p| common::place(p.as_str().unwrap()));
        org.places.insert(place.id.clone(), place);
    }
    for site in ["hq", "plant"] {
        org.places.get_mut(&common::place(site)).unwrap().parent = Some(common::place("north"));
    }
    let doors =
        [("d-hall", "yard", "hall"), ("d-dark", "yard", "dark"), ("d-attic", "tower", "attic")];
    for (door, from, to) in doors {
        let mut known = org.doors[&common::place("d-front")].clone();
        known.door = common::place(door);
        (known.from_zone, known.to_zone) = (common::place(from), common::place(to));
        (known.reader_in, known.reader_out) = (None, None);
        org.doors.insert(known.door.clone(), known);
    }
    for number in 0..12 {
        let id = common::person(&format!("p{number}"));
        let person = Person {
            id: id.clone(),
            name: format!("Name {number}"),
            kind: PersonKind::Employee,
            status: PersonStatus::Active,
            team: None,
            manager: None,
            site: None,
            validity: Validity::default(),
        };
        org.people.insert(id, person);
        let (badge, entity) = (format!("b-p{number}"), format!("person:p{number}"));
        org.identifiers.push(common::identifier("badge", &badge, &entity));
    }
    org.identifiers.push(common::identifier("ip", "10.9.0.0/16", "place:plant"));
    org.identifiers.push(common::identifier("account", "p0", "person:p0"));
    org
}

fn place_on_the_globe(org: &mut Organisation, place: &str, (north, east): (f64, f64)) {
    let stated = [("latitude", north), ("longitude", east)];
    let stated = stated.map(|(key, value)| (key.to_owned(), value.to_string()));
    org.extras.insert(("places.toml".into(), place.into()), stated.into());
}

fn rules() -> Arc<RuleSet> {
    common::rules(RULES)
}

fn detector_of(org: Organisation) -> Detector {
    let spine = Arc::new(Spine::new(Arc::new(org)));
    Detector::new(spine, rules(), Options { provisional: true })
}

fn second(seconds: u64) -> Timestamp {
    at("00:00:00").plus(Duration::from_secs(seconds))
}

fn pass(seconds: u64, person: &str, door: &str) -> Event {
    let mut event = common::badge(seconds, "00:00:00", &format!("b-{person}"), door, "in", 3);
    event.time = second(seconds);
    event.fingerprint =
        model::Fingerprint::of(&event.source, format!("{seconds}{person}{door}").as_bytes(), 0);
    event.received_at = event.time.plus(Duration::from_secs(1));
    event
}

fn console(seconds: u64, ocsf: Value) -> Event {
    let mut all = json!({"class_uid": 3002, "activity_id": 1, "user": {"name": "p0"}});
    all.as_object_mut().unwrap().extend(ocsf.as_object().unwrap().clone());
    event(seconds + 100_000, "hosts", second(seconds), "authentication", all)
}

fn told(org: Organisation, events: &[Event]) -> Vec<String> {
    let mut detector = detector_of(org);
    let mut found = feed(&mut detector, events);
    detector.finish(&mut found);
    settled(&found).into_iter().map(|finding| finding.because).collect()
}

fn check(events: &[Event], expected: &[&str]) {
    assert_eq!(told(organisation(), events), expected);
}

#[test]
fn two_sites_are_not_reached_at_once_and_what_clocks_leave_open_is_nothing() {
    let words = "p0: at `d-front` (pacs), then at `d-hall` (pacs) within 1m; nobody gets there in \
                 less than 2m (two sites)";
    check(&[pass(0, "p0", "d-front"), pass(60, "p0", "d-hall")], &[words]);
    check(&[pass(0, "p0", "d-front"), pass(120, "p0", "d-hall")], &[]);
    check(&[pass(0, "p0", "d-front"), pass(60, "p1", "d-hall")], &[]);
    // One door, two doors of one zone, a door and what lies behind it, a site and what is in it.
    check(&[pass(0, "p0", "d-front"), pass(1, "p0", "d-front")], &[]);
    check(&[pass(0, "p0", "d-front"), pass(1, "p0", "d-office")], &[]);
    // Another region is further.
    let words = "p0: at `d-front` (pacs), then at `d-dark` (pacs) within 5m; nobody gets there in \
                 less than 10m (sites of two regions)";
    check(&[pass(0, "p0", "d-front"), pass(300, "p0", "d-dark")], &[words]);
    // Two clocks, each right give or take two seconds: 117 and four make no certain two minutes.
    let host = |seconds| console(seconds, json!({"src_endpoint": {"ip": "10.9.1.1"}}));
    check(&[pass(0, "p0", "d-front"), host(117)], &[]);
    let words = "p0: at `d-front` (pacs), then at `plant` (hosts) within 1m 59s; nobody gets there \
                 in less than 2m (two sites)";
    check(&[pass(0, "p0", "d-front"), host(115)], &[words]);
    let words = "p0: at `plant` (hosts), and at `d-front` (pacs) within 5s; nobody gets there in \
                 less than 2m (two sites)";
    check(&[host(10), pass(11, "p0", "d-front")], &[words]);
}

#[test]
fn an_address_counts_only_where_it_is_not_one_of_ours() {
    let mut org = organisation();
    place_on_the_globe(&mut org, "hq", (52.52, 13.405));
    let abroad = json!({"lat": 22.32, "long": 114.17});
    let from = |ip: &str| json!({"src_endpoint": {"ip": ip, "location": abroad}});
    let events = [pass(0, "p0", "d-front"), console(3_600, from("203.0.113.9"))];
    let words = "p0: at `d-front` (pacs), then at 22.3, 114.2 (by address) (hosts) within 1h; \
                 nobody gets there in less than 9h 36m (8649 km apart)";
    assert_eq!(told(org.clone(), &events), [words]);
    // The same coordinates, but an address of the plant: a geo-IP table knows less than we do.
    let events = [pass(0, "p0", "d-front"), console(3_600, from("10.9.7.7"))];
    assert_eq!(told(org.clone(), &events), Vec::<String>::new());
    // Without coordinates of the site nothing is known.
    let events = [pass(0, "p0", "d-front"), console(3_600, from("203.0.113.9"))];
    assert_eq!(told(organisation(), &events), Vec::<String>::new());
    // A location that is no nearer than it may be wrong.
    let near =
        json!({"src_endpoint": {"ip": "203.0.113.9", "location": {"lat": 52.4, "long": 13.1}}});
    assert_eq!(told(org, &[pass(0, "p0", "d-front"), console(1, near)]), Vec::<String>::new());
}

#[test]
fn a_laptop_has_no_place_and_a_badge_that_is_not_in_force_no_holder() {
    let mut org = organisation();
    let laptop = org.assets.get_mut(&model::AssetId::parse("ws-ana").unwrap()).unwrap();
    laptop.kind = "laptop".into();
    laptop.place = Some(common::place("plant"));
    let at_laptop = console(60, json!({"device": {"hostname": "ws-ana", "uid": "ws-ana"}}));
    let mut fixed = org.clone();
    fixed.assets.values_mut().for_each(|asset| asset.kind = "workstation".into());
    let events = [pass(0, "p0", "d-front"), at_laptop];
    assert_eq!(told(org, &events), Vec::<String>::new());
    assert_eq!(told(fixed, &events).len(), 1);

    // A temporary card: p0's until the first minute is over, then p1's.
    let mut org = organisation();
    let mut lent = common::identifier("badge", "b-lent", "person:p0");
    lent.validity.to = Some(second(60));
    let mut next = common::identifier("badge", "b-lent", "person:p1");
    next.validity.from = Some(second(60));
    org.identifiers.extend([lent, next]);
    let events = [pass(30, "lent", "d-front"), pass(90, "p0", "d-hall")];
    assert_eq!(told(org.clone(), &events).len(), 1);
    let events = [pass(70, "lent", "d-front"), pass(90, "p0", "d-hall")];
    assert_eq!(told(org.clone(), &events), Vec::<String>::new());
    let expired = org.identifiers.iter_mut().filter(|id| id.value == "b-p0");
    expired.for_each(|id| id.validity.to = Some(second(80)));
    let events = [pass(30, "lent", "d-front"), pass(90, "p0", "d-hall")];
    assert_eq!(told(org, &events), Vec::<String>::new());
}

/// Walks from d-front to d-attic by so many people, each so many seconds slower than the last.
fn walks(people: u64, times: u64, quickest: u64) -> Vec<Event> {
    let mut all = Vec::new();
    for turn in 0..times {
        for person in 0..people {
            let (name, from) = (format!("p{}", person + 1), turn * 7_200 + person * 600);
            all.push(pass(from, &name, "d-front"));
            all.push(pass(from + quickest + person * 10, &name, "d-attic"));
        }
    }
    all.sort_by_key(|event| event.time);
    all
}

#[test]
fn ways_are_learned_from_people_and_no_cloned_card_teaches_them() {
    let far = 100_000;
    let sudden = [pass(far, "p0", "d-front"), pass(far + 20, "p0", "d-attic")];
    let with = |mut taught: Vec<Event>| {
        taught.extend(sudden.clone());
        taught
    };
    let words = "p0: at `d-front` (pacs), then at `d-attic` (pacs) within 20s; nobody gets there \
                 in less than 1m 10s (learned from 114 passages)";
    check(&with(walks(6, 10, 120)), &[words]);
    // Too few people, too few passages.
    check(&with(walks(4, 13, 120)), &[]);
    check(&with(walks(6, 8, 120)), &[]);
    // Somebody clones p1's card and is there in a second, again and again; found each time once
    // the way is known, and no teacher.
    let mut cloned = walks(6, 10, 120);
    for turn in 0..30 {
        cloned.push(pass(80_000 + turn * 60, "p1", "d-front"));
        cloned.push(pass(80_001 + turn * 60, "p1", "d-attic"));
    }
    let found = told(organisation(), &with(cloned));
    let own = found.iter().filter(|because| because.starts_with("p0"));
    let own: Vec<_> = own.collect();
    assert_eq!(own.len(), 1);
    assert!(own[0].contains("nobody gets there in less than 1m 10s"), "{own:?}");
    assert!(found.len() > 30, "{found:#?}");
}

#[test]
fn a_history_by_replay_teaches_the_ways() {
    let mut taught = detector_of(organisation());
    feed(&mut taught, &walks(6, 10, 120));
    taught.finish(&mut Vec::new());
    let mut detector = detector_of(organisation());
    detector.learn_from(&taught);
    let sudden = [pass(100_000, "p0", "d-front"), pass(100_020, "p0", "d-attic")];
    let mut found = feed(&mut detector, &sudden);
    detector.finish(&mut found);
    assert_eq!(settled(&found).len(), 1);
    assert_eq!(detector.stats().ways, 1);
}

#[test]
fn a_pair_is_told_at_once_and_confirmed_or_withdrawn_when_time_has_passed() {
    let mut detector = detector_of(organisation());
    let early = feed(&mut detector, &[pass(0, "p0", "d-front"), pass(60, "p0", "d-hall")]);
    assert_eq!(early.len(), 1);
    assert_eq!(early[0].state, FindingState::Provisional);
    let mut later = Vec::new();
    detector.observe(0, &Record::Tick { at: second(60 + 620) }, &mut later);
    assert_eq!(later.len(), 1);
    assert_eq!((later[0].state, &later[0].id), (FindingState::Confirmed, &early[0].id));
    assert_eq!(later[0].window.from, second(0));
    assert_eq!(later[0].evidence.len(), 2);
}

#[test]
fn a_snapshot_from_before_ways_were_learned_still_opens() {
    let mut old = detector_of(organisation());
    feed(&mut old, &[console(0, json!({"src_endpoint": {"ip": "10.9.1.1"}}))]);
    let mut bytes = old.snapshot().encode();
    let find = |word: &[u8]| bytes.windows(word.len()).position(|at| at == word).unwrap();
    let learned = find(b"\xa7learned")..find(b"\xa5stats");
    bytes.drain(learned);
    // Format 3, and four entries less in the map that follows: what was learned, clocks, fires,
    // and whose history is known.
    bytes[4] = 3;
    bytes[8] -= 4;
    let mut detector = detector_of(organisation());
    detector.restore(&bytes).unwrap();
    let mut found = feed(&mut detector, &[pass(30, "p0", "d-front")]);
    detector.finish(&mut found);
    assert_eq!(settled(&found).len(), 1);
}

#[test]
fn a_clock_that_is_further_off_than_its_bound_is_found_out_by_what_it_shares() {
    // Somebody passes d-front twenty times; a camera there, five minutes ahead, sees each of them.
    let seen = |seconds: u64, person: &str, ahead: u64| {
        let mut event = pass(seconds, person, "d-front");
        event.source = model::SourceId::parse("vision").unwrap();
        event.time = second(seconds + ahead);
        event.received_at = second(seconds + 400);
        event.fingerprint.0 ^= 1;
        event.record += 50_000;
        event
    };
    let shared = |ahead: u64| -> Vec<Event> {
        let each = (0..20).flat_map(|n| {
            let person = format!("p{}", n % 6 + 1);
            [pass(n * 600, &person, "d-front"), seen(n * 600, &person, ahead)]
        });
        each.collect()
    };
    let told = |mut events: Vec<Event>, ahead: u64| {
        // p0 at the plant, and a minute and a half later, so it says, at the camera.
        events.extend([pass(20_000, "p0", "d-hall"), seen(20_060, "p0", ahead)]);
        let mut detector = detector_of(organisation());
        let mut found = feed(&mut detector, &events);
        detector.finish(&mut found);
        (settled(&found).len(), detector.clocks())
    };
    let (found, clocks) = told(shared(30), 30);
    assert_eq!(found, 0);
    let vision = clocks.iter().find(|clock| clock.source.as_str() == "vision").unwrap();
    assert_eq!(vision.against, Some((model::SourceId::parse("pacs").unwrap(), 30_000)));
    assert_eq!((vision.widened_ms, vision.lag_least_ms), (26_000, 370_000));
    // Nobody knows better before they have shared enough, or where the clock is right.
    let (found, clocks) = told(shared(30).into_iter().take(30).collect(), 30);
    assert_eq!((found, clocks[0].widened_ms), (1, 0));
    assert_eq!(told(shared(1), 30).0, 1);
}

#[test]
fn what_was_heard_of_before_it_happened_is_no_proof() {
    let mut hosts = console(60, json!({"src_endpoint": {"ip": "10.9.1.1"}}));
    assert_eq!(told(organisation(), &[pass(0, "p0", "d-front"), hosts.clone()]).len(), 1);
    // It claims an instant a minute and a half after its receipt: its clock is as much ahead.
    hosts.received_at = hosts.time.minus(Duration::from_secs(90));
    assert_eq!(told(organisation(), &[pass(0, "p0", "d-front"), hosts]), Vec::<String>::new());
}

fn step() -> impl Strategy<Value = (u64, u64, usize, usize, bool)> {
    (0_u64..200, 0_u64..500, 0_usize..7, 0_usize..5, any::<bool>())
}

/// People about two sites and a far door, in the order in which it is heard of, nobody later than
/// ten minutes. Ways are learned on the way.
fn stream() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(step(), 30..160).prop_map(|steps| {
        // A way is known before they set out.
        let walked = walks(6, 10, 120).into_iter();
        let mut events: Vec<(u64, Event)> =
            walked.map(|event| (event.time.since(second(0)).as_secs(), event)).collect();
        let mut clock = 80_000;
        for (gap, delay, person, door, is_logon) in steps {
            clock += gap;
            let doors = ["d-front", "d-attic", "d-attic", "d-front", "d-hall"];
            let mut event = if is_logon && person == 0 {
                console(clock, json!({"src_endpoint": {"ip": "10.9.1.1"}}))
            } else {
                pass(clock, &format!("p{person}"), doors[door])
            };
            event.received_at = event.time.plus(Duration::from_secs(delay + 1));
            events.push((clock + delay, event));
        }
        events.sort_by_key(|(arrival, _)| *arrival);
        let number = |(record, (_, mut event)): (u64, (u64, Event))| {
            event.record = record;
            event
        };
        (0..).zip(events).map(number).collect()
    })
}

fn ends(found: &[Finding]) -> Vec<(model::FindingId, String, Vec<u64>)> {
    let brief = |finding: Finding| {
        let records = finding.evidence.iter().map(|one| one.record).collect();
        (finding.id, finding.because, records)
    };
    settled(found).into_iter().map(brief).collect()
}

/// What the properties are tried on fires, and learns.
#[test]
fn what_the_properties_are_tried_on_fires() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut all = Vec::new();
    for _ in 0..60 {
        let events = stream().new_tree(&mut runner).unwrap().current();
        all.extend(told(organisation(), &events));
    }
    assert!(all.iter().any(|because| because.contains("learned from")), "{}", all.len());
    assert!(all.iter().any(|because| because.contains("(two sites)")), "{}", all.len());
}

proptest! {
    #![proptest_config(common::cases(200))]

    #[test]
    fn arrival_order_replay_and_crashes_change_nothing(
        live in stream(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let run = |events: &[Event], cuts: &[usize]| {
            let mut current = detector_of(organisation());
            let (mut found, mut from) = (Vec::new(), 0);
            for cut in cuts {
                found.extend(feed(&mut current, &events[from..*cut]));
                let snapshot = current.snapshot().encode();
                current = detector_of(organisation());
                current.restore(&snapshot).unwrap();
                from = *cut;
            }
            found.extend(feed(&mut current, &events[from..]));
            current.finish(&mut found);
            ends(&found)
        };
        let mut replay = live.clone();
        replay.sort_by_key(|event| (event.time, event.record));
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(live.len() + 1)).collect();
        cuts.sort_unstable();
        let told = run(&live, &[]);
        prop_assert_eq!(&told, &run(&replay, &[]));
        prop_assert_eq!(&told, &run(&live, &cuts));
    }

    /// What was said early and never confirmed is withdrawn.
    #[test]
    fn nothing_stays_provisional(live in stream()) {
        let mut detector = detector_of(organisation());
        let mut found = feed(&mut detector, &live);
        detector.finish(&mut found);
        let mut last = std::collections::BTreeMap::new();
        for finding in found {
            last.insert(finding.id.clone(), finding.state);
        }
        prop_assert!(last.values().all(|state| *state != FindingState::Provisional));
    }
}
