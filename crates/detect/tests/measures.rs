//! Correlations that count, measure and build on each other.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use std::time::Duration;

use common::{at, event, feed, settled};
use detect::{Detector, Options, RuleFile, RuleSet};
use model::{Event, Record};
use serde_json::json;

const RULES: &str = "title: Up\nid: up\nname: upload\nlogsource: {category: web}\n\
    detection: {s: {kind: up}, condition: s}\n---\n\
    title: Down\nid: down\nlogsource: {category: web}\n\
    detection: {s: {kind: down}, condition: s}\n---\n";

/// `SECOND KIND USER VALUE` per line.
fn events(text: &str) -> Vec<Event> {
    let line = |(number, line): (usize, &str)| {
        let mut words = line.split_whitespace();
        let second: u64 = words.next().unwrap().parse().unwrap();
        let (kind, user) = (words.next().unwrap(), words.next().unwrap());
        let value = words.next().unwrap_or("-");
        let time = at("09:00:00").plus(Duration::from_secs(second));
        let ocsf = json!({"class_uid": 1, "kind": kind, "user": user, "bytes": value});
        event(number as u64, "hosts", time, "web", ocsf)
    };
    text.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate().map(line).collect()
}

/// `RULE FROM..TO COUNT USER` per finding, in seconds.
fn found(correlation: &str, text: &str) -> Vec<String> {
    let file = RuleFile { path: "r.yml".into(), text: format!("{RULES}{correlation}") };
    let (set, problems) = RuleSet::load(&[file]);
    assert!(problems.is_empty(), "{problems:#?}");
    let set = std::sync::Arc::new(set);
    let run = |events: &[Event], provisional, is_ticking: bool| {
        let options = Options { provisional };
        let mut detector = Detector::new(common::spine(), set.clone(), options);
        let mut found = Vec::new();
        for event in events {
            found.extend(feed(&mut detector, std::slice::from_ref(event)));
            if is_ticking {
                detector.observe(0, &Record::Tick { at: event.received_at }, &mut found);
            }
        }
        detector.finish(&mut found);
        let second = |at: model::Timestamp| at.since(common::at("09:00:00")).as_secs();
        let mut lines: Vec<_> = settled(&found)
            .iter()
            .map(|f| {
                let user = f.group.get("user").cloned().unwrap_or_default();
                let (from, to) = (second(f.window.from), second(f.window.to));
                format!("{} {from}..{to} {} {user}", f.rule, f.evidence.len())
            })
            .collect();
        lines.sort();
        lines
    };
    let straight = events(text);
    let told = run(&straight, true, false);
    let mut back = straight.clone();
    back.reverse();
    assert_eq!(told, run(&back, false, false), "backwards");
    assert_eq!(told, run(&straight, true, true), "with the clock ticking");
    told
}

fn check(kind: &str, condition: &str, text: &str, expected: &[&str]) {
    let correlation = format!(
        "title: C\nid: c\ncorrelation:\n  type: {kind}\n  rules: [up]\n  group-by: [user]\n  \
         timespan: 60s\n  condition: {condition}\n"
    );
    assert_eq!(found(&correlation, text), expected, "{kind} {condition}");
}

#[test]
fn sums_add_up_within_the_window() {
    let text = "0 up ana 400\n 30 up ana 400\n 59 up ana 201\n 0 up ben 400\n 61 up ben 700";
    check("value_sum", "{field: bytes, gt: 1000}", text, &["c 0..59 3 ana"]);
    check("value_sum", "{field: bytes, gt: 1001}", text, &[]);
    check("value_sum", "{field: bytes, gt: 1000.5}", text, &["c 0..59 3 ana"]);
    // Between two bounds only the end of the window decides.
    check("value_sum", "{field: bytes, gt: 300, lt: 500}", text, &["c 0..0 1 ben"]);
}

#[test]
fn averages_medians_and_percentiles_wait_for_the_end_of_the_window() {
    let text = "0 up ana 10\n 1 up ana 20\n 2 up ana 90\n 3 up ben 600\n 4 up ben x";
    check("value_avg", "{field: bytes, gt: 500}", text, &["c 3..3 1 ben"]);
    check("value_avg", "{field: bytes, eq: 40}", text, &["c 0..2 3 ana"]);
    check("value_median", "{field: bytes, lte: 20}", text, &["c 0..2 3 ana"]);
    check("value_median", "{field: bytes, lt: 20}", text, &[]);
    check(
        "value_percentile",
        "{field: bytes, percentile: 75, gte: 55}",
        text,
        &["c 0..2 3 ana", "c 3..3 1 ben"],
    );
    // A window that opened earlier ends earlier: the third event stands alone.
    let text = "0 up ana 100\n 50 up ana 100\n 61 up ana 10";
    check("value_avg", "{field: bytes, lt: 50}", text, &["c 61..61 1 ana"]);
}

#[test]
fn the_share_of_a_value_is_the_specification_s_percentile() {
    let mut text: String = (0..59).map(|n| format!("{n} up ana usual\n")).collect();
    check("value_percentile", "{field: bytes, lte: 2}", &text, &[]);
    text.push_str("59 up ana rare\n");
    check("value_percentile", "{field: bytes, lte: 2}", &text, &["c 0..59 60 ana"]);
}

#[test]
fn bounds_from_above_are_decided_when_the_window_is_over() {
    let text = "0 up ana 1\n 1 up ana 2\n 2 up ana 2\n 0 up ben 1\n 100 up ben 2";
    check("event_count", "{lt: 3}", text, &["c 0..0 1 ben", "c 100..100 1 ben"]);
    check("event_count", "{gte: 2, lte: 3}", text, &["c 0..2 3 ana"]);
    check("event_count", "{neq: 1}", text, &["c 0..2 3 ana"]);
    check("value_count", "{field: bytes, eq: 2}", text, &["c 0..2 3 ana"]);
}

#[test]
fn a_temporal_condition_may_ask_for_some_of_its_rules() {
    let of = |condition: &str| {
        format!(
            "title: C\nid: c\ncorrelation:\n  type: temporal\n  rules: [up, down]\n  group-by: \
             [user]\n  timespan: 60s\n  {condition}\n"
        )
    };
    let text = "0 up ana\n 10 down ana\n 0 up ben";
    assert_eq!(found(&of(""), text), ["c 0..10 2 ana"]);
    assert_eq!(found(&of("condition: {gte: 2}"), text), ["c 0..10 2 ana"]);
    assert_eq!(found(&of("condition: {gte: 1}"), text), ["c 0..0 1 ben", "c 0..10 2 ana"]);
}

const MANY: &str = "title: Many\nid: many\nname: many_uploads\ncorrelation:\n  \
    type: event_count\n  rules: [upload]\n  group-by: [user]\n  timespan: 60s\n  \
    condition: {gte: 3}\n---\n";

#[test]
fn correlations_build_on_correlations() {
    let then = "title: Then\nid: then\ncorrelation:\n  type: temporal_ordered\n  rules: \
                [many_uploads, down]\n  group-by: [user]\n  timespan: 30s\n";
    let text = "0 up ana\n 1 up ana\n 2 up ana\n 50 up ana\n 70 down ana\n\
                0 up ben\n 1 up ben\n 9 down ben";
    // The last of many, at 50, is near enough; ben's are too few.
    assert_eq!(found(&format!("{MANY}{then}"), text), ["then 0..70 5 ana"]);
    // Told by themselves only where the outer one says so.
    let both = format!("{MANY}{then}generate: true\n");
    let all = ["down 70..70 1 ", "down 9..9 1 ", "many 0..50 4 ana", "then 0..70 5 ana"];
    assert_eq!(found(&both, text), all);
    // Written before what it builds on.
    let turned = format!("{then}---\n{MANY}");
    assert_eq!(found(&turned, text), ["then 0..70 5 ana"]);
}

#[test]
fn episodes_are_counted_once() {
    let twice = "title: Twice\nid: twice\ncorrelation:\n  type: event_count\n  rules: [many]\n  \
                 group-by: [user]\n  timespan: 10m\n  condition: {gte: 2}\n";
    let one = "0 up ana\n 1 up ana\n 2 up ana\n 3 up ana\n 4 up ana\n 5 up ana";
    assert_eq!(found(&format!("{MANY}{twice}"), one), Vec::<String>::new());
    let two = "0 up ana\n 1 up ana\n 2 up ana\n 200 up ana\n 201 up ana\n 202 up ana";
    assert_eq!(found(&format!("{MANY}{twice}"), two), ["twice 0..202 6 ana"]);
}

#[test]
fn what_builds_on_a_whole_window_hears_of_it_at_its_end() {
    let few = "title: Few\nid: few\ncorrelation:\n  type: event_count\n  rules: [up]\n  group-by: \
               [user]\n  timespan: 60s\n  condition: {lt: 3}\n---\n";
    let then = "title: Then\nid: then\ncorrelation:\n  type: temporal_ordered\n  rules: [few, down]\
                \n  group-by: [user]\n  timespan: 30s\n";
    // The window of the one upload is over at 60; a download at 40 came before.
    let text = "0 up ana\n 40 down ana\n 0 up ben\n 70 down ben";
    assert_eq!(found(&format!("{few}{then}"), text), ["then 0..70 2 ben"]);
}
