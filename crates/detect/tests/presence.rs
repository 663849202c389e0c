//! Where people are believed to be.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use common::{at, badge, detector, event, feed, logon, organisation, person, rules, spine};
use detect::{Detector, Options, RuleSet, Spine};
use model::enrichment::{Presence, PresenceEvidence, PresenceState, UnknownWhy};
use model::raw::Trust;
use model::{Event, Record, SourceId, SourceState};
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;

fn empty() -> Detector {
    Detector::new(spine(), Arc::new(RuleSet::default()), Options::default())
}

/// `in office granted`, `out taken`, `unknown aged` …
fn words(presence: &Presence) -> String {
    let zone = presence.zone.as_ref().map(|zone| zone.as_str());
    let evidence = presence.evidence.map(|evidence| match evidence {
        PresenceEvidence::Granted => "granted",
        PresenceEvidence::Taken => "taken",
        PresenceEvidence::Sensor => "sensor",
    });
    match presence.state {
        PresenceState::In => format!("in {} {}", zone.unwrap(), evidence.unwrap()),
        PresenceState::Out => format!("out {}", evidence.unwrap()),
        PresenceState::Unknown => format!("unknown {:?}", presence.why.unwrap()).to_lowercase(),
    }
}

fn ben_at(events: &[Event], time: &str) -> String {
    let mut detector = empty();
    feed(&mut detector, events);
    words(&detector.presence().at(&person("ben"), at(time)))
}

#[test]
fn a_passage_moves_its_person() {
    let day = [
        badge(0, "09:00:00", "b-ben", "d-front", "in", 1),
        badge(1, "09:00:05", "b-ben", "d-front", "in", 3),
        badge(2, "09:05:00", "b-ben", "d-office", "in", 1),
        badge(3, "09:06:00", "b-ben", "d-lab", "in", 2),
        badge(4, "12:00:00", "b-ben", "d-office", "out", 3),
        badge(5, "12:01:00", "b-ben", "d-front", "out", 3),
    ];
    for (time, expected) in [
        ("08:59:59", "unknown neverseen"),
        ("09:00:02", "in lobby granted"),
        ("09:00:30", "in lobby taken"),
        ("09:05:30", "in office granted"),
        ("09:30:00", "in office granted"),
        ("12:00:30", "in lobby taken"),
        ("12:30:00", "out taken"),
    ] {
        assert_eq!(ben_at(&day, time), expected, "{time}");
    }
}

#[test]
fn not_taken_takes_a_grant_back() {
    let day = [
        badge(0, "09:00:00", "b-ben", "d-front", "in", 3),
        badge(1, "09:10:00", "b-ben", "d-office", "in", 1),
        badge(2, "09:10:20", "b-ben", "d-office", "in", 4),
    ];
    assert_eq!(ben_at(&day, "09:10:10"), "in office granted");
    assert_eq!(ben_at(&day, "09:11:00"), "in lobby taken");
}

#[test]
fn an_unwatched_exit_ages_and_a_watched_one_does_not() {
    let lab = [badge(0, "09:00:00", "b-ben", "d-lab", "in", 3)];
    assert_eq!(ben_at(&lab, "12:59:00"), "in lab taken");
    assert_eq!(ben_at(&lab, "13:01:00"), "unknown aged");
    let lobby = [badge(0, "09:00:00", "b-ben", "d-front", "in", 3)];
    assert_eq!(ben_at(&lobby, "23:00:00"), "in lobby taken");
}

#[test]
fn a_band_says_at_each_instant_what_presence_says_then() {
    let mut detector = empty();
    feed(
        &mut detector,
        &[
            badge(0, "06:00:00", "b-ben", "d-front", "in", 3),
            badge(1, "09:05:00", "b-ben", "d-office", "in", 1),
            badge(2, "09:05:20", "b-ben", "d-office", "in", 4),
            badge(3, "10:00:00", "b-ben", "d-lab", "in", 3),
            badge(4, "17:00:00", "b-ben", "d-front", "out", 3),
        ],
    );
    let pacs = SourceId::parse("pacs").unwrap();
    let silent =
        |state, at, last_heard| Record::Source { source: pacs.clone(), state, last_heard, at };
    let mut out = Vec::new();
    let record = silent(SourceState::Silent, at("18:00:00"), Some(at("17:30:00")));
    detector.observe(0, &record, &mut out);
    let (presence, ben) = (detector.presence(), person("ben"));
    let (from, to) = (at("08:00:00"), at("20:00:00"));
    let band = presence.band(&ben, from, to);
    let shown: Vec<String> = band.iter().map(|one| words(&one.presence)).collect();
    assert_eq!(
        shown,
        [
            "in lobby taken",
            "in office granted",
            "in lobby taken",
            "in lab taken",
            "unknown aged",
            "out taken",
            "unknown stale"
        ]
    );
    assert_eq!(band[0].from, at("06:00:00"), "since when is known");
    assert!(band.windows(2).all(|pair| pair[0].to == Some(pair[1].from)));
    assert_eq!(band[6].to, None);
    let mut minute = from;
    while minute <= to {
        let then = band.iter().rfind(|one| one.from <= minute).unwrap();
        let now = presence.at(&ben, minute);
        assert_eq!((then.presence.state, &then.presence.zone), (now.state, &now.zone), "{minute}");
        minute = minute.plus(std::time::Duration::from_secs(17));
    }
    let nobody = presence.band(&person("ana"), from, to);
    assert_eq!((nobody.len(), words(&nobody[0].presence)), (1, "unknown neverseen".to_owned()));
    // A copy that follows gives the same, and keeps no more people than it may.
    let mut copy = detect::Presence::new(spine());
    copy.follow(presence, &[ben.clone()].into(), 1);
    assert_eq!(copy.band(&ben, from, to), band);
    assert_eq!(copy.len(), 1);
}

#[test]
fn what_nobody_vouches_for_moves_nobody() {
    let mut forged = badge(0, "09:00:00", "b-ben", "d-front", "in", 3);
    forged.trust = Trust::None;
    let mut detector = empty();
    feed(&mut detector, &[forged]);
    assert_eq!(words(&detector.presence().at(&person("ben"), at("10:00:00"))), "unknown neverseen");
    assert_eq!(detector.stats().untrusted_sightings, 1);
}

#[test]
fn a_credential_out_of_force_moves_nobody() {
    let mut detector = empty();
    let old = badge(0, "13:00:00", "b-ana-1", "d-front", "in", 3);
    feed(&mut detector, &[old]);
    let ana = detector.presence().at(&person("ana"), at("14:00:00"));
    assert_eq!(words(&ana), "unknown neverseen");
}

#[test]
fn silence_of_the_witness_makes_presence_unknown_until_the_next_sighting() {
    let mut detector = empty();
    let mut out = Vec::new();
    let pacs = SourceId::parse("pacs").unwrap();
    feed(&mut detector, &[badge(0, "09:00:00", "b-ben", "d-front", "in", 3)]);
    let record =
        |state, at, last_heard| Record::Source { source: pacs.clone(), state, last_heard, at };
    let last = Some(at("09:30:00"));
    detector.observe(0, &record(SourceState::Silent, at("09:35:01"), last), &mut out);
    let ben = |detector: &Detector, time| words(&detector.presence().at(&person("ben"), at(time)));
    assert_eq!(ben(&detector, "09:34:00"), "in lobby taken");
    assert_eq!(ben(&detector, "09:36:00"), "unknown stale");
    detector.observe(0, &record(SourceState::Heard, at("10:00:00"), None), &mut out);
    assert_eq!(ben(&detector, "10:30:00"), "unknown stale");
    feed(&mut detector, &[badge(1, "11:00:00", "b-ben", "d-office", "in", 3)]);
    assert_eq!(ben(&detector, "11:30:00"), "in office taken");
}

fn seen(record: u64, time: &str, zone: &str) -> Event {
    let ocsf = json!({
        "class_uid": 4_230_002, "activity_id": 11,
        "actor": {"user": {"uid": "ben"}}, "zone": {"uid": zone},
    });
    event(record, "vision", at(time), "sensor", ocsf)
}

#[test]
fn two_clocks_order_only_what_their_bounds_allow() {
    let before = [badge(0, "09:00:00", "b-ben", "d-front", "in", 3)];
    let mut day = before.to_vec();
    day.push(badge(1, "09:30:00", "b-ben", "d-office", "in", 3));
    let judged = |time: &str, day: &[Event]| {
        let mut detector = empty();
        feed(&mut detector, day);
        let mut logon = logon(9, time, "nobody", "ws-ben");
        detector.enrich(&mut logon);
        let owner = logon.enrichment.unwrap().device.unwrap().owner.unwrap();
        words(&owner.presence)
    };
    assert_eq!(judged("09:29:00", &day), "in lobby taken");
    assert_eq!(judged("09:30:02", &day), "unknown ambiguous");
    assert_eq!(judged("09:30:10", &day), "in office taken");
    assert_eq!(judged("09:30:02", &before), "in lobby taken");
    // Where two witnesses speak at once, the stronger evidence counts.
    let both = [badge(0, "09:00:00", "b-ben", "d-front", "in", 3), seen(0, "09:00:01", "office")];
    assert_eq!(ben_at(&both, "09:30:00"), "in office sensor");
}

#[test]
fn identifiers_mean_what_they_meant_at_the_time() {
    let spine = spine();
    let state = |badge: Event| {
        let found = spine.resolve(&badge);
        (found.person, found.credential.unwrap().state)
    };
    use model::CredentialState::{Current, Replaced, Revoked, Unknown};
    let ana = Some(person("ana"));
    let at = |time, card| badge(0, time, card, "d-front", "in", 1);
    assert_eq!(state(at("11:59:59", "b-ana-1")), (ana.clone(), Current));
    assert_eq!(state(at("12:00:00", "b-ana-1")), (ana.clone(), Replaced));
    assert_eq!(state(at("12:00:00", "b-ana-2")), (ana, Current));
    assert_eq!(state(at("12:00:00", "b-cem")), (Some(person("cem")), Revoked));
    assert_eq!(state(at("12:00:00", "b-none")), (None, Unknown));
}

#[test]
fn a_realm_hides_what_other_systems_call_alike() {
    let mut org = organisation();
    let mut other = common::identifier("badge", "b-ben", "person:ana");
    other.realm = Some("plant".into());
    org.identifiers.push(other);
    let mut plant = common::source("plant-pacs", Vec::new());
    plant.realm = Some("plant".into());
    org.sources.insert(plant.id.clone(), plant);
    let spine = Spine::new(Arc::new(org));
    let mut event = badge(0, "09:00:00", "b-ben", "d-front", "in", 1);
    assert_eq!(spine.resolve(&event).person, Some(person("ben")));
    event.source = SourceId::parse("plant-pacs").unwrap();
    assert_eq!(spine.resolve(&event).person, Some(person("ana")));
}

#[test]
fn the_unresolved_are_counted_and_listed() {
    let mut detector = empty();
    feed(&mut detector, &[badge(0, "09:00:00", "b-1", "d-9", "in", 1)]);
    feed(&mut detector, &[badge(1, "09:00:00", "b-1", "d-front", "in", 1)]);
    let stats = detector.stats();
    assert_eq!(stats.unresolved["badge"], 2);
    assert_eq!(stats.unresolved["door"], 1);
}

const BESIDE: &str = "
title: Workstation in use, owner elsewhere
id: elsewhere
logsource: {category: authentication}
detection:
  device:
    class_uid: 3002
    castellan.device.owner.presence.state: in
  beside:
    castellan.device.owner.presence.zone|fieldref: castellan.device.zone
  condition: device and not beside
";

#[test]
fn a_late_sighting_withdraws_what_was_said_too_early() {
    let rules = rules(BESIDE);
    let mut detector = detector(&rules);
    let day = [
        badge(0, "09:00:00", "b-ben", "d-front", "in", 3),
        logon(1, "09:30:00", "ben@example.org", "ws-ben"),
        badge(2, "09:10:00", "b-ben", "d-office", "in", 3),
    ];
    let mut found = feed(&mut detector, &day);
    detector.finish(&mut found);
    let states: Vec<_> = found.iter().map(|finding| finding.state).collect();
    use model::FindingState::{Provisional, Withdrawn};
    assert_eq!(states, [Provisional, Withdrawn]);
}

#[test]
fn a_stale_witness_leaves_a_rule_undecided_and_named() {
    let rules = rules(BESIDE);
    let mut detector = detector(&rules);
    let mut found = feed(&mut detector, &[badge(0, "09:00:00", "b-ben", "d-front", "in", 3)]);
    let silent = Record::Source {
        source: SourceId::parse("pacs").unwrap(),
        state: SourceState::Silent,
        last_heard: Some(at("09:00:00")),
        at: at("09:06:00"),
    };
    detector.observe(0, &silent, &mut found);
    found.extend(feed(&mut detector, &[logon(1, "09:30:00", "ben", "ws-ben")]));
    detector.finish(&mut found);
    assert!(found.is_empty(), "{found:#?}");
    let stats = detector.stats();
    let (rule, stat) = stats.undecided.first_key_value().unwrap();
    assert_eq!((rule.as_str(), stat.count), ("elsewhere", 1));
    assert!(stat.reasons.iter().any(|reason| reason.contains("`pacs` is silent")), "{stat:?}");
}

fn step() -> impl Strategy<Value = Event> {
    let doors = prop::sample::select(vec!["d-front", "d-office", "d-lab"]);
    let ways = prop::sample::select(vec!["in", "out"]);
    let activities = prop::sample::select(vec![1_u32, 2, 3, 4]);
    let time = 0_u32..480;
    (time, doors, ways, activities, 0_u8..4).prop_map(|(second, door, way, activity, kind)| {
        let time = format!("09:{:02}:{:02}", second / 60, second % 60);
        match kind {
            0 => logon(0, &time, "ben", "ws-ben"),
            1 => seen(0, &time, if way == "in" { "office" } else { "lobby" }),
            _ => badge(0, &time, "b-ben", door, way, activity),
        }
    })
}

fn numbered(events: Vec<Event>) -> Vec<Event> {
    let number = |(record, mut event): (u64, Event)| {
        event.record = record;
        event
    };
    (0..).zip(events).map(number).collect()
}

proptest! {
    #![proptest_config(common::cases(200))]

    /// Within the lateness bound (all of these fall into eight minutes of ten) every order of
    /// arrival ends in the same whereabouts and the same final findings.
    #[test]
    fn arrival_order_changes_nothing_final(
        (events, mixed) in prop::collection::vec(step(), 1..24)
            .prop_map(numbered)
            .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
    ) {
        let rules = rules(BESIDE);
        let run = |events: &[Event]| {
            let mut detector = detector(&rules);
            let mut found = feed(&mut detector, events);
            detector.finish(&mut found);
            let undecided = detector.stats().undecided;
            let moments = ["09:02:00", "09:04:00", "09:08:00"];
            let places = moments.map(|time| detector.presence().at(&person("ben"), at(time)));
            (common::settled(&found), undecided, places)
        };
        prop_assert_eq!(run(&events), run(&mixed));
    }
}

#[test]
fn unknown_says_why() {
    let never = empty().presence().at(&person("ben"), at("09:00:00"));
    assert_eq!(never.why, Some(UnknownWhy::NeverSeen));
}
