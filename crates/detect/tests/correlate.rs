//! Correlation on event time.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use std::time::Duration;

use common::{at, badge, detector, event, feed, logon, rules, settled};
use detect::{Detector, Options};
use model::{Event, Finding, FindingState, Record, Timestamp};
use proptest::prelude::*;
use serde_json::json;

const PARTS: &str = "
title: Refused
id: refused
logsource: {category: physical_access}
detection: {selection: {activity_id: 2}, condition: selection}
---
title: Logon
id: logon
logsource: {category: authentication}
detection: {selection: {class_uid: 3002}, condition: selection}
---
title: Back
id: back
logsource: {category: reset}
detection: {selection: {class_uid: 1}, condition: selection}
---
title: Three refusals
id: count
correlation:
  type: event_count
  rules: [refused]
  group-by: [person]
  timespan: 5m
  condition: {gte: 3}
castellan: {because: '{count} refusals of {castellan.person}'}
---
title: Two doors
id: values
correlation:
  type: value_count
  rules: [refused]
  group-by: [castellan.person]
  timespan: 5m
  condition: {gte: 2, field: place}
---
title: Both
id: both
correlation:
  type: temporal
  rules: [refused, logon]
  group-by: [person]
  timespan: 5m
---
title: One after the other
id: ordered
correlation:
  type: temporal_ordered
  rules: [refused, logon]
  group-by: [person]
  timespan: 5m
castellan: {reset_by: [back]}
";

/// What builds on others, adds up, and waits for the end of its window.
const MORE: &str = "
---
title: Three refusals, then a log-on
id: chain
generate: true
correlation:
  type: temporal_ordered
  rules: [count, logon]
  group-by: [person]
  timespan: 10m
---
title: Few refusals
id: few
correlation:
  type: event_count
  rules: [refused]
  group-by: [person]
  timespan: 2m
  condition: {lte: 1}
---
title: Few refusals twice
id: few-twice
generate: true
correlation:
  type: event_count
  rules: [few]
  group-by: [person]
  timespan: 10m
  condition: {gte: 2}
---
title: Refusals add up
id: sum
correlation:
  type: value_sum
  rules: [refused]
  group-by: [person]
  timespan: 5m
  condition: {gte: 5.5, field: activity_id}
---
title: Middle of the minutes
id: middle
correlation:
  type: value_median
  rules: [refused, logon]
  group-by: [person]
  timespan: 5m
  condition: {gte: 2, field: activity_id}
";

fn refused(record: u64, time: &str, door: &str) -> Event {
    badge(record, time, "b-ben", door, "in", 2)
}

fn back(record: u64, time: &str) -> Event {
    let ocsf = json!({"class_uid": 1, "actor": {"user": {"uid": "ben"}}});
    event(record, "pacs", at(time), "reset", ocsf)
}

/// The final findings of one day: rule, first and last evidence, number of events.
fn told(events: &[Event]) -> Vec<String> {
    let rules = rules(PARTS);
    let mut detector = detector(&rules);
    let mut found = feed(&mut detector, events);
    detector.finish(&mut found);
    let mut lines: Vec<_> = settled(&found)
        .iter()
        .map(|f| {
            format!("{} {}..{} {}", f.rule, hms(f.window.from), hms(f.window.to), f.evidence.len())
        })
        .collect();
    lines.sort();
    lines
}

fn hms(time: Timestamp) -> String {
    time.to_string()[11..19].to_owned()
}

#[test]
fn counts_open_one_episode_and_extend_it() {
    let day: Vec<_> = ["09:00:00", "09:02:00", "09:04:00", "09:08:00", "09:20:00"]
        .iter()
        .enumerate()
        .map(|(n, time)| refused(n as u64, time, "d-front"))
        .collect();
    assert_eq!(told(&day), ["count 09:00:00..09:08:00 4"]);
    assert!(told(&day[..2]).is_empty());
}

#[test]
fn the_sentence_has_ids_and_counts() {
    let rules = rules(PARTS);
    let mut detector = detector(&rules);
    let day: Vec<_> = (0..3).map(|n| refused(n, &format!("09:00:0{n}"), "d-front")).collect();
    let mut found = feed(&mut detector, &day);
    detector.finish(&mut found);
    let settled = settled(&found);
    assert_eq!(settled[0].because, "3 refusals of ben");
    assert_eq!(settled[0].group["person"], "ben");
    let entities: Vec<_> = settled[0].entities.iter().map(ToString::to_string).collect();
    assert_eq!(entities, ["person:ben", "place:d-front"]);
}

#[test]
fn distinct_values_order_and_reset() {
    let day = [refused(0, "09:00:00", "d-front"), refused(1, "09:01:00", "d-front")];
    assert!(told(&day).is_empty());
    let day = [refused(0, "09:00:00", "d-front"), refused(1, "09:01:00", "d-office")];
    assert_eq!(told(&day), ["values 09:00:00..09:01:00 2"]);
    let day = [refused(0, "09:00:00", "d-front"), logon(1, "09:01:00", "ben@example.org", "x")];
    // `ben@example.org` is an e-mail address given as an account name.
    assert_eq!(told(&day), ["both 09:00:00..09:01:00 2", "ordered 09:00:00..09:01:00 2"]);
    let day = [logon(0, "09:00:00", "ben@example.org", "x"), refused(1, "09:01:00", "d-front")];
    assert_eq!(told(&day), ["both 09:00:00..09:01:00 2"]);
    let day = [
        refused(0, "09:00:00", "d-front"),
        back(1, "09:00:30"),
        logon(2, "09:01:00", "ben@example.org", "x"),
    ];
    assert_eq!(told(&day), ["both 09:00:00..09:01:00 2"]);
}

#[test]
fn an_order_that_two_clocks_cannot_state_is_undecided() {
    let rules = rules(PARTS);
    let mut detector = detector(&rules);
    let day = [refused(0, "09:00:00", "d-front"), logon(1, "09:00:03", "ben@example.org", "x")];
    let mut found = feed(&mut detector, &day);
    detector.finish(&mut found);
    let rules: Vec<_> = settled(&found).iter().map(|f| f.rule.to_string()).collect();
    assert_eq!(rules, ["both"]);
    let stats = detector.stats();
    assert_eq!(stats.undecided.keys().next().unwrap().as_str(), "ordered");
}

#[test]
fn what_is_told_early_is_confirmed_under_the_same_id_when_time_has_passed() {
    let rules = rules(PARTS);
    let mut detector = detector(&rules);
    let day: Vec<_> = (0..3).map(|n| refused(n, &format!("09:00:0{n}"), "d-front")).collect();
    let early = feed(&mut detector, &day);
    assert_eq!(early.len(), 1);
    assert_eq!(early[0].state, FindingState::Provisional);
    let mut later = Vec::new();
    detector.observe(0, &Record::Tick { at: at("09:10:00") }, &mut later);
    assert!(later.is_empty(), "{later:#?}");
    detector.observe(0, &Record::Tick { at: at("09:16:00") }, &mut later);
    assert_eq!((later[0].state, &later[0].id), (FindingState::Confirmed, &early[0].id));
    assert!(later[0].supersedes.is_empty());
    assert_eq!(detector.stats().groups, 0);
}

#[test]
fn an_earlier_event_moves_the_anchor_and_the_old_id_is_superseded() {
    let rules = rules(PARTS);
    let mut detector = detector(&rules);
    let mut day: Vec<_> = (0..3).map(|n| refused(n, &format!("09:01:0{n}"), "d-front")).collect();
    day.push(refused(3, "09:00:00", "d-front"));
    let mut found = feed(&mut detector, &day);
    detector.finish(&mut found);
    let last = found.last().unwrap();
    assert_eq!(last.state, FindingState::Confirmed);
    assert_eq!(last.window.from, at("09:00:00"));
    assert!(last.supersedes.contains(&found[0].id) && !last.supersedes.contains(&last.id));
}

#[test]
fn what_comes_after_the_bound_is_counted_and_joins_nothing() {
    let rules = rules(PARTS);
    let mut detector = detector(&rules);
    let mut found = feed(
        &mut detector,
        &[refused(0, "09:00:00", "d-front"), refused(1, "09:00:01", "d-front")],
    );
    detector.observe(0, &Record::Tick { at: at("11:00:00") }, &mut found);
    found.extend(feed(&mut detector, &[refused(2, "09:00:02", "d-front")]));
    detector.finish(&mut found);
    assert_eq!(detector.stats().late, 1);
    assert!(settled(&found).is_empty());
}

#[test]
fn two_unknown_persons_are_not_one() {
    let rules = rules(PARTS);
    let mut detector = detector(&rules);
    let day: Vec<_> = (0..3)
        .map(|n| badge(n, &format!("09:00:0{n}"), &format!("b-none-{n}"), "d-front", "in", 2))
        .collect();
    let mut found = feed(&mut detector, &day);
    detector.finish(&mut found);
    assert!(found.is_empty());
    assert!(detector.stats().ungrouped >= 3);
}

#[test]
fn new_rules_keep_the_windows_of_those_that_stay() {
    let rules = rules(PARTS);
    let mut detector = detector(&rules);
    let mut found = feed(
        &mut detector,
        &[refused(0, "09:00:00", "d-front"), refused(1, "09:00:01", "d-front")],
    );
    let more = format!(
        "{PARTS}\n===\ntitle: Other\nid: other\nlogsource: {{category: x}}\ndetection: {{s: {{a: 1}}, condition: s}}\n"
    );
    detector.set_rules(common::rules(&more));
    found.extend(feed(&mut detector, &[refused(2, "09:00:02", "d-front")]));
    detector.finish(&mut found);
    assert_eq!(settled(&found).len(), 1);
}

#[test]
fn a_foreign_snapshot_is_refused_and_changes_nothing() {
    let rules = rules(PARTS);
    let mut detector = detector(&rules);
    let newer = detector.restore(b"cstl\x63\0\0\0").unwrap_err().to_string();
    assert_eq!(newer, "the snapshot has format 99, this version reads 4");
    let older = detector.restore(br#"{"format": 2}"#).unwrap_err().to_string();
    assert!(older.contains("of a version before 3"), "{older}");
    let two = [refused(0, "09:00:00", "d-front"), refused(1, "09:00:01", "d-front")];
    feed(&mut detector, &two);
    let bytes = detector.snapshot().encode();
    for end in 0..bytes.len() {
        let broken = detector.restore(bytes.get(..end).unwrap()).unwrap_err().to_string();
        assert!(broken.starts_with("the snapshot cannot be read at byte "), "{end}: {broken}");
    }
    let mut found = feed(&mut detector, &[refused(2, "09:00:02", "d-front")]);
    detector.finish(&mut found);
    assert_eq!(settled(&found).len(), 1, "what was there is there still");
}

fn step() -> impl Strategy<Value = Event> {
    let door = prop::sample::select(vec!["d-front", "d-office", "d-lab"]);
    let badges = prop::sample::select(vec!["b-ben", "b-ana-1"]);
    (0_u32..540, door, badges, 0_u8..5).prop_map(|(second, door, card, kind)| {
        let time = format!("09:{:02}:{:02}", second / 60, second % 60);
        match kind {
            0 => logon(0, &time, if card == "b-ben" { "ben@example.org" } else { "ana" }, "x"),
            1 => back(0, &time),
            _ => badge(0, &time, card, door, "in", 2),
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

/// Events over an hour or more, in an order in which nobody is later than ten minutes; windows are
/// open on both sides of the watermark most of the time.
fn stream() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec((step(), 0_u64..150, 0_u64..500), 20..60).prop_map(|steps| {
        let mut clock = 0;
        let mut events: Vec<(u64, Event)> = steps
            .into_iter()
            .map(|(mut event, gap, delay)| {
                clock += gap;
                event.time = at("09:00:00").plus(Duration::from_secs(clock));
                event.received_at = event.time.plus(Duration::from_secs(delay + 1));
                (clock + delay, event)
            })
            .collect();
        events.sort_by_key(|(arrival, _)| *arrival);
        numbered(events.into_iter().map(|(_, event)| event).collect())
    })
}

/// Every kind has its day in what the properties are tried on.
#[test]
fn what_the_properties_are_tried_on_fires() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let rules = rules(&format!("{PARTS}{MORE}"));
    let mut runner = TestRunner::deterministic();
    let mut fired = std::collections::BTreeMap::<String, u32>::new();
    for _ in 0..60 {
        let events = stream().new_tree(&mut runner).unwrap().current();
        let mut detector = detector(&rules);
        let found = feed(&mut detector, &events);
        for finding in finish(&mut detector, found) {
            *fired.entry(finding.rule.to_string()).or_default() += 1;
        }
    }
    let all = ["chain", "count", "few", "few-twice", "middle", "ordered", "sum", "values"];
    assert!(all.iter().all(|rule| fired.contains_key(*rule)), "{fired:?}");
}

fn finish(detector: &mut Detector, mut found: Vec<Finding>) -> Vec<Finding> {
    detector.finish(&mut found);
    settled(&found)
}

proptest! {
    #![proptest_config(common::cases(200))]

    #[test]
    fn every_arrival_order_within_the_bound_ends_alike(
        (events, mixed) in prop::collection::vec(step(), 1..30)
            .prop_map(numbered)
            .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
    ) {
        let rules = rules(&format!("{PARTS}{MORE}"));
        let run = |events: &[Event], provisional| {
            let mut detector =
                Detector::new(common::spine(), rules.clone(), Options { provisional });
            let found = feed(&mut detector, events);
            let undecided = detector.stats().undecided;
            (finish(&mut detector, found), undecided.len())
        };
        let strip = |mut findings: Vec<Finding>| {
            for finding in &mut findings {
                finding.supersedes.clear();
            }
            findings
        };
        let (straight, _) = run(&events, true);
        let (shuffled, _) = run(&mixed, true);
        let (silent, _) = run(&mixed, false);
        prop_assert_eq!(strip(straight.clone()), strip(shuffled));
        prop_assert_eq!(strip(straight), silent);
    }

    /// In the order of event time (replay) and in the order of arrival (live) the same ids.
    #[test]
    fn live_and_replay_end_alike(live in stream()) {
        let rules = rules(&format!("{PARTS}{MORE}"));
        let mut replay = live.clone();
        replay.sort_by_key(|event| (event.time, event.record));
        let ids = |events: &[Event]| {
            let mut detector = detector(&rules);
            let found = feed(&mut detector, events);
            let late = detector.stats().late;
            let ids: Vec<_> = finish(&mut detector, found)
                .into_iter()
                .map(|f| (f.id, f.window, f.evidence.len()))
                .collect();
            (late, ids)
        };
        prop_assert_eq!(ids(&live), ids(&replay));
    }

    #[test]
    fn a_crash_anywhere_changes_nothing(
        live in stream(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let rules = rules(&format!("{PARTS}{MORE}"));
        let mut whole = detector(&rules);
        let mut found = feed(&mut whole, &live);
        whole.finish(&mut found);

        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(live.len() + 1)).collect();
        cuts.sort_unstable();
        let (mut current, mut pieces, mut from) = (detector(&rules), Vec::new(), 0);
        for cut in cuts {
            pieces.extend(feed(&mut current, &live[from..cut]));
            let snapshot = current.snapshot().encode();
            current = detector(&rules);
            current.restore(&snapshot).unwrap();
            from = cut;
        }
        pieces.extend(feed(&mut current, &live[from..]));
        current.finish(&mut pieces);
        prop_assert_eq!(found, pieces);
        prop_assert_eq!(whole.stats(), current.stats());
    }
}
