//! Clocks that are far off, and more groups than there is room for.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{at, detector, event, feed, rules, settled};
use detect::{Bounds, Detector};
use model::{Event, Finding, Timestamp};
use serde_json::json;

const RULES: &str = "
title: Refused again
id: again
correlation:
  type: event_count
  rules: [refused]
  group-by: [src_endpoint.ip]
  timespan: 10m
  condition: {gte: 3}
---
title: Quiet
id: quiet
correlation:
  type: event_count
  rules: [refused]
  group-by: [src_endpoint.ip]
  timespan: 10m
  condition: {lt: 2}
---
title: Refused
id: refused
logsource: {category: authentication}
detection: {selection: {status_id: 2}, condition: selection}
";

/// A refusal from an address, by a clock of its own, received when it was received.
fn refused(record: u64, address: u64, time: Timestamp, received: Timestamp) -> Event {
    let ocsf = json!({
        "class_uid": 3002, "status_id": 2,
        "src_endpoint": {"ip": format!("10.0.{}.{}", address / 256, address % 256)},
    });
    let mut event = event(record, "idp", time, "authentication", ocsf);
    event.received_at = received;
    event
}

/// The final findings of a rule, by address.
fn told(found: &[Finding], rule: &str) -> Vec<String> {
    let own = settled(found).into_iter().filter(|finding| finding.rule.as_str() == rule);
    let mut all: Vec<_> = own.map(|finding| finding.group["src_endpoint.ip"].clone()).collect();
    all.sort();
    all
}

#[test]
fn clocks_that_are_far_off_keep_no_other_from_being_judged() {
    let rules = rules(RULES);
    let now = at("09:00:00");
    let second = |n: u64| now.plus(Duration::from_secs(n));
    let far = |text: &str| Timestamp::from_rfc3339(text).unwrap();
    for odd in ["1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "1700-01-01T00:00:00Z"] {
        let mut detector = detector(&rules);
        let mut day = Vec::new();
        for n in 0..30 {
            day.push(refused(n * 2, 1, far(odd), second(n)));
            day.push(refused(n * 2 + 1, 2, second(n), second(n)));
        }
        let mut found = feed(&mut detector, &day);
        detector.finish(&mut found);
        let again = told(&found, "again");
        assert!(again.contains(&"10.0.0.2".to_owned()), "{odd}: {again:?}");
        assert_eq!(detector.stats().late > 0, odd < "2000", "{odd}");
    }
}

#[test]
fn times_that_are_equal_or_run_backwards_end_as_in_order() {
    let rules = rules(RULES);
    let now = at("09:00:00");
    let run = |times: &[u64]| {
        let events = (0_u64..).zip(times).map(|(record, second)| {
            refused(record, 7, now.plus(Duration::from_secs(*second)), now)
        });
        let events: Vec<Event> = events.collect();
        let mut detector = detector(&rules);
        let mut found = feed(&mut detector, &events);
        detector.finish(&mut found);
        told(&found, "again")
    };
    assert_eq!(run(&[5, 5, 5, 5, 5]), ["10.0.0.7"]);
    assert_eq!(run(&[9, 7, 5, 3, 1]), ["10.0.0.7"]);
    assert_eq!(run(&[1, 3, 5, 7, 9]), ["10.0.0.7"]);
}

/// One address that comes back, within a flood of ever new ones.
fn flood(keys: u64) -> Vec<Event> {
    let time = |n: u64| at("09:00:00").plus(Duration::from_millis(n * 60_000 / keys));
    let of = |n: u64| match n % (keys / 4) {
        0 => refused(n, 65_000, time(n), time(n)),
        _ => refused(n, n, time(n), time(n)),
    };
    (0..keys).map(of).collect()
}

fn bounded(rules: &Arc<detect::RuleSet>, groups: usize, pending: usize) -> Detector {
    let mut detector = detector(rules);
    detector.set_bounds(Bounds { groups, pending });
    detector
}

#[test]
fn a_flood_of_group_keys_is_bounded_counted_and_tells_nothing_untrue() {
    const KEYS: u64 = 4_000;
    let rules = rules(RULES);
    let day = flood(KEYS);
    let mut roomy = detector(&rules);
    let mut all = feed(&mut roomy, &day);
    roomy.finish(&mut all);
    assert_eq!(told(&all, "again"), ["10.0.253.232"]);
    assert_eq!(told(&all, "quiet").len() as u64, KEYS - 4);

    let mut tight = bounded(&rules, 200, 100);
    let mut found = Vec::new();
    for event in &day {
        found.extend(feed(&mut tight, std::slice::from_ref(event)));
        let stats = tight.stats();
        assert!(stats.pending <= 101, "{} wait", stats.pending);
        assert!(stats.groups <= 200 + 101, "{} groups", stats.groups);
    }
    let before = tight.stats();
    assert!(before.evicted_groups > 0 && before.evicted_pending > 0, "{before:?}");
    tight.finish(&mut found);
    // What had to be closed early says that it is not known, never that nothing came.
    let quiet = told(&found, "quiet");
    let undecided: u64 = tight.stats().undecided.values().map(|stat| stat.count).sum();
    assert!(undecided > 0);
    assert!(quiet.iter().all(|address| *address != "10.0.253.232"), "{quiet:?}");
    // The address that comes back had its window closed early each time.
    assert_eq!(quiet.len() as u64 + undecided, KEYS, "each window is judged or counted");
}
