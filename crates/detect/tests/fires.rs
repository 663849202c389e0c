//! What is not said of a site while a fire alarm is on there.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use common::{at, detector, event, feed, place, rules, settled};
use detect::{Detector, Options, RuleFile, RuleSet};
use model::raw::Trust;
use model::{Event, Finding, FindingState};
use proptest::prelude::*;
use serde_json::json;

const RULES: &str = "title: Forced\nid: forced\nlogsource: {category: door, product: test}\n\
    detection: {selection: {activity_id: 5}, condition: selection}\n\
    castellan: {team: guard, outside: [fire]}\n===\n\
    title: Forced twice\nid: twice\ncorrelation: {type: event_count, rules: [forced], group-by: \
    [castellan.place], timespan: 5m, condition: {gte: 2}}\ngenerate: true\n\
    castellan: {team: guard, outside: [fire]}\n===\n\
    title: Whatever the alarm\nid: always\nlogsource: {category: door, product: test}\n\
    detection: {selection: {activity_id: 5}, condition: selection}\n";

fn forced(record: u64, time: &str) -> Event {
    let ocsf = json!({"class_uid": 4_230_001, "activity_id": 5,
        "portal": {"uid": "d-front", "portal_type_id": 1}, "unmapped": {"n": record}});
    event(record, "pacs", at(time), "door", ocsf)
}

/// Lifecycle 1 new, 2 restored.
fn signal(record: u64, time: &str, point: &str, lifecycle: u32) -> Event {
    let ocsf = json!({"class_uid": 4_230_002, "activity_id": 6, "lifecycle_id": lifecycle,
        "message": "Fire alarm", "alarm_point": {"uid": point}});
    event(record, "panel", at(time), "sensor", ocsf)
}

fn ended(mut detector: Detector, events: &[Event]) -> (Vec<Finding>, Detector) {
    let mut found = feed(&mut detector, events);
    detector.finish(&mut found);
    (found, detector)
}

fn said(events: &[Event]) -> Vec<String> {
    let (found, _) = ended(detector(&rules(RULES)), events);
    let line = |one: &Finding| format!("{} {}", one.rule, &one.time.to_string()[11..19]);
    let mut lines: Vec<String> = settled(&found).iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn a_fire_alarm_silences_its_site_until_it_is_restored() {
    let day = [
        forced(0, "08:59:00"),
        signal(1, "09:00:00", "smoke-1", 1),
        signal(2, "09:00:30", "smoke-2", 1),
        forced(3, "09:01:00"),
        signal(4, "09:02:00", "smoke-1", 2),
        forced(5, "09:03:00"),
        signal(6, "09:04:00", "smoke-2", 2),
        forced(7, "09:05:00"),
        forced(8, "09:06:00"),
    ];
    let all = said(&day);
    let own: Vec<&str> = all.iter().map(String::as_str).filter(|l| !l.starts_with("al")).collect();
    // Of the door forced twice something lies in the fire, so only the rest is said.
    assert_eq!(own, ["forced 08:59:00", "forced 09:05:00", "forced 09:06:00"]);
    assert_eq!(all.len() - own.len(), 5, "a rule that does not ask says all: {all:?}");
}

#[test]
fn a_late_signal_takes_back_what_was_said() {
    let events = [forced(0, "09:01:00"), signal(1, "09:00:00", "smoke-1", 1)];
    let (found, detector) = ended(detector(&rules(RULES)), &events);
    let own: Vec<_> = found.iter().filter(|one| one.rule.as_str() == "forced").collect();
    let states: Vec<FindingState> = own.iter().map(|one| one.state).collect();
    assert_eq!(states, [FindingState::Provisional, FindingState::Withdrawn]);
    assert_eq!(own[1].undecided, ["a fire alarm was on at hq since 2026-11-22T09:00:00Z"]);
    assert_eq!(detector.stats().excepted.get("fire-alarm"), Some(&1));
}

#[test]
fn who_is_not_known_and_what_is_elsewhere_or_forgotten_silences_nothing() {
    let mut forged = signal(0, "09:00:00", "smoke-1", 1);
    forged.trust = Trust::None;
    let mut elsewhere = signal(1, "09:00:00", "smoke-1", 1);
    elsewhere.site = Some(place("plant"));
    let water = event(
        2,
        "panel",
        at("09:00:00"),
        "sensor",
        json!({"class_uid": 4_230_002, "activity_id": 6, "lifecycle_id": 1,
            "message": "Water leak", "alarm_point": {"uid": "leak-1"}}),
    );
    let forgotten = signal(3, "00:59:00", "smoke-1", 1);
    for one in [forged, elsewhere, water, forgotten] {
        let lines = said(&[one.clone(), forced(9, "09:01:00")]);
        assert_eq!(lines, ["always 09:01:00", "forced 09:01:00"], "{one:?}");
    }
    let on = [signal(3, "01:02:00", "smoke-1", 1), forced(9, "09:01:00")];
    assert_eq!(said(&on), ["always 09:01:00"], "eight hours are not over");
}

#[test]
fn what_waits_for_both_presence_and_fire_counts_once() {
    // Shown without asking where anybody is, by a rule that could have asked.
    let text = "title: Either\nid: either\nlogsource: {category: door, product: test}\n\
        detection: {a: {activity_id: 5}, b: {castellan.presence.state: in}, condition: a or b}\n\
        castellan: {team: guard, outside: [fire]}\n===\n\
        title: Twice\nid: twice\ncorrelation: {type: event_count, rules: [either], group-by: \
        [castellan.place], timespan: 5m, condition: {gte: 2}}\ngenerate: true\n\
        castellan: {team: guard}\n";
    let (found, _) = ended(detector(&rules(text)), &[forced(0, "09:00:00")]);
    let said: Vec<&str> = found.iter().map(|one| one.rule.as_str()).collect();
    assert!(said.contains(&"either") && !said.contains(&"twice"), "{said:?}");
}

#[test]
fn only_fire_can_be_named() {
    let text = "title: A\nid: a\nlogsource: {product: p}\ndetection: {s: {a: 1}, condition: s}\n\
                castellan: {team: guard, outside: [weather]}\n";
    let (_, problems) = RuleSet::load(&[RuleFile { path: "a.yml".into(), text: text.into() }]);
    let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("`outside` knows `fire`, not `weather`"), "{said:?}");
}

fn step() -> impl Strategy<Value = (u32, u32, u32)> {
    // Within eight minutes of the ten that are waited for.
    (0_u32..480, 0_u32..4, 1_u32..3)
}

proptest! {
    #![proptest_config(common::cases(200))]

    /// Every order of arrival, and a crash anywhere, ends in the same final findings.
    #[test]
    fn arrival_and_crashes_change_nothing_final(
        (events, mixed) in prop::collection::vec(step(), 1..20)
            .prop_map(|steps| steps.into_iter().enumerate().map(|(n, (second, kind, point))| {
                let time = format!("09:{:02}:{:02}", second / 60, second % 60);
                let point = format!("smoke-{point}");
                match kind {
                    0 => signal(n as u64, &time, &point, 1),
                    1 => signal(n as u64, &time, &point, 2),
                    _ => forced(n as u64, &time),
                }
            }).collect::<Vec<_>>())
            .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
        crash in 0_usize..20,
    ) {
        let rules = rules(RULES);
        let (straight, _) = ended(detector(&rules), &events);
        let (first, second) = mixed.split_at(crash.min(mixed.len()));
        let mut before = detector(&rules);
        let mut found = feed(&mut before, first);
        let mut after = Detector::new(common::spine(), rules, Options { provisional: true });
        after.restore(&before.snapshot().encode()).unwrap();
        let (rest, _) = ended(after, second);
        found.extend(rest);
        // Which earlier ids one stands for depends on what was announced.
        let last = |findings: &[Finding]| {
            let mut all = settled(findings);
            all.iter_mut().for_each(|finding| finding.supersedes.clear());
            all
        };
        prop_assert_eq!(last(&straight), last(&found));
    }
}
