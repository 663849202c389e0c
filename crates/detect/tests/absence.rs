//! One thing without another: decided when the other can no longer come, and not at all where those
//! who would have told of it were not heard.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{at, event, feed, settled};
use detect::{Detector, Options, RuleFile, RuleSet};
use model::{Event, FindingState, Record, SourceId, SourceState, Timestamp};
use proptest::prelude::*;
use serde_json::json;

/// A door opened without a request to exit.
fn rules(when: &str) -> Arc<RuleSet> {
    let text = format!(
        "title: Opened\nid: opened\nlogsource: {{category: door}}\n\
         detection: {{s: {{kind: opened}}, condition: s}}\n---\n\
         title: Asked\nid: asked\nlogsource: {{category: door}}\n\
         detection: {{s: {{kind: asked}}, condition: s}}\n---\n\
         title: Unasked\nid: unasked\ncorrelation:\n  type: event_count\n  rules: [opened]\n  \
         group-by: [door]\n  timespan: 60s\n  condition: {{gte: 1}}\ncastellan:\n  without:\n    \
         rules: [asked]\n    when: {when}\n    heard_by: [door]\n"
    );
    let (set, problems) = RuleSet::load(&[RuleFile { path: "r.yml".into(), text }]);
    assert!(problems.is_empty(), "{problems:#?}");
    Arc::new(set)
}

fn second(seconds: u64) -> Timestamp {
    at("09:00:00").plus(Duration::from_secs(seconds))
}

fn door(record: u64, source: &str, seconds: u64, kind: &str, door: Option<&str>) -> Event {
    let ocsf = json!({"class_uid": 1, "kind": kind, "door": door});
    event(record, source, second(seconds), "door", ocsf)
}

/// `SECOND KIND DOOR [SOURCE]` per line; a door of `-` is not known.
fn events(text: &str) -> Vec<Event> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let read = |(number, line): (usize, &str)| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [seconds, kind, place, source @ ..] = words.as_slice() else { unreachable!("{line}") };
        let place = Some(*place).filter(|place| *place != "-");
        let source = source.first().unwrap_or(&"pacs");
        door(number as u64, source, seconds.parse().unwrap(), kind, place)
    };
    lines.enumerate().map(read).collect()
}

fn detector(rules: &Arc<RuleSet>) -> Detector {
    Detector::new(common::spine(), Arc::clone(rules), Options { provisional: true })
}

/// Doors and seconds of what is found, and whether anything is undecided.
fn told(when: &str, text: &str) -> (Vec<String>, u64) {
    let rules = rules(when);
    let mut detector = detector(&rules);
    let mut found = feed(&mut detector, &events(text));
    detector.finish(&mut found);
    assert!(found.iter().all(|finding| finding.state == FindingState::Confirmed));
    let undecided = detector.stats().undecided.values().map(|stat| stat.count).sum();
    (lines(&found), undecided)
}

fn lines(found: &[model::Finding]) -> Vec<String> {
    let mut lines: Vec<_> = settled(found)
        .iter()
        .map(|f| {
            let seconds = f.window.from.since(at("09:00:00")).as_secs();
            format!("{} {seconds}", f.group.get("door").cloned().unwrap_or_default())
        })
        .collect();
    lines.sort();
    lines
}

fn check(when: &str, text: &str, expected: &[&str]) {
    let (found, undecided) = told(when, text);
    assert_eq!(found, expected, "{when}: {text}");
    assert_eq!(undecided, 0);
}

#[test]
fn a_counterpart_counts_on_its_side_and_within_the_time() {
    check("before", "100 opened a", &["a 100"]);
    check("before", "40 asked a\n 100 opened a", &[]);
    check("before", "39 asked a\n 100 opened a", &["a 100"]);
    check("before", "100 opened a\n 110 asked a", &["a 100"]);
    check("after", "100 opened a\n 160 asked a", &[]);
    check("after", "100 opened a\n 161 asked a", &["a 100"]);
    check("after", "90 asked a\n 100 opened a", &["a 100"]);
    check("around", "90 asked a\n 100 opened a\n 200 opened a\n 230 asked a", &[]);
    check("around", "100 opened a\n 100 asked b", &["a 100"]);
    check("after", "100 opened a\n 101 opened a\n 150 asked a\n 300 opened a", &["a 300"]);
}

#[test]
fn what_two_clocks_cannot_state_is_no_finding() {
    // Both clocks are right give or take two seconds.
    check("before", "100 opened a\n 104 asked a hosts", &[]);
    check("before", "100 opened a\n 105 asked a hosts", &["a 100"]);
    check("after", "100 opened a\n 164 asked a hosts", &[]);
    check("after", "100 opened a\n 96 asked a hosts", &[]);
}

#[test]
fn nothing_is_said_before_the_other_can_no_longer_come() {
    let rules = rules("after");
    let mut detector = detector(&rules);
    let mut found = feed(&mut detector, &events("100 opened a"));
    // A minute for the counterpart, ten for its way, and what clocks are wrong by.
    detector.observe(0, &Record::Tick { at: second(100 + 60 + 600) }, &mut found);
    assert!(found.is_empty(), "{found:#?}");
    detector.observe(0, &Record::Tick { at: second(100 + 60 + 600 + 15) }, &mut found);
    assert_eq!(lines(&found), ["a 100"]);
    assert_eq!(detector.stats().groups, 0);
}

fn source(state: SourceState, seconds: u64) -> Record {
    Record::Source {
        source: SourceId::parse("pacs").unwrap(),
        state,
        last_heard: Some(second(seconds)),
        at: second(seconds + 300),
    }
}

#[test]
fn a_source_that_dies_in_the_window_leaves_it_undecided_also_when_it_brings_its_backlog() {
    let rules = rules("after");
    for backlog in [&[][..], &[door(9, "pacs", 140, "asked", Some("a"))]] {
        let mut detector = detector(&rules);
        let mut found = feed(&mut detector, &events("100 opened a\n 100 opened b"));
        detector.observe(0, &source(SourceState::Silent, 130), &mut found);
        detector.observe(0, &Record::Tick { at: second(2_000) }, &mut found);
        assert!(found.is_empty());
        // An hour later it is back.
        detector.observe(0, &source(SourceState::Heard, 3_600), &mut found);
        found.extend(feed(&mut detector, backlog));
        detector.observe(0, &Record::Tick { at: second(20_000) }, &mut found);
        assert!(found.is_empty(), "{found:#?}");
        let undecided = &detector.stats().undecided;
        let stat = undecided.values().next().unwrap();
        assert_eq!(stat.count, 2 - backlog.len() as u64);
        assert_eq!(
            stat.reasons.first().unwrap(),
            "source `pacs` was silent: what it would have told is not known"
        );
    }
}

#[test]
fn a_counterpart_of_an_unknown_group_may_have_been_anybody_s() {
    assert_eq!(told("after", "100 opened a\n 120 asked -"), (Vec::new(), 1));
    assert_eq!(told("after", "100 opened a\n 170 asked -"), (vec!["a 100".to_owned()], 0));
}

#[test]
fn without_a_witness_that_is_watched_nothing_follows_from_silence() {
    let text = |heard_by: &str| {
        format!(
            "title: A\nid: a\nlogsource: {{category: door}}\ndetection: {{s: {{kind: opened}}, \
             condition: s}}\n---\ntitle: B\nid: b\nlogsource: {{category: x}}\ndetection: {{s: \
             {{kind: x}}, condition: s}}\n---\ntitle: C\nid: c\ncorrelation: {{type: event_count, \
             rules: [a], timespan: 60s, condition: {{gte: 1}}}}\ncastellan: {{without: {{rules: \
             [b], when: after, heard_by: [{heard_by}]}}}}\n"
        )
    };
    let (set, problems) = RuleSet::load(&[RuleFile { path: "r.yml".into(), text: text("lane") }]);
    assert!(problems.is_empty(), "{problems:#?}");
    let mut detector = detector(&Arc::new(set));
    let mut found = feed(&mut detector, &events("100 opened a"));
    detector.finish(&mut found);
    assert!(found.is_empty());
    let stats = detector.stats();
    let reasons = &stats.undecided.values().next().unwrap().reasons;
    assert_eq!(reasons.first().unwrap(), "no source here would have told of it");
    let (_, problems) = RuleSet::load(&[RuleFile { path: "r.yml".into(), text: text("ghosts") }]);
    let line = "r.yml:15:12: error: `heard_by` names the kinds of source that would tell of it: \
                presence, door, camera, network, identity, lane [wrong_value]";
    assert!(problems.iter().any(|p| p.code == "wrong_value"), "{problems:#?} {line}");
}

#[test]
fn what_excepts_a_counterpart_adds_no_finding() {
    let exception = "exceptions: [{id: e, rules: [asked], sites: [hq], until: 2027-01-01, owner: \
                     soc, reason: r}]\n";
    let text = "title: Opened\nid: opened\nlogsource: {category: door}\ndetection: {s: {kind: \
                opened}, condition: s}\n---\ntitle: Asked\nid: asked\nlogsource: {category: \
                door}\ndetection: {s: {kind: asked}, condition: s}\n---\ntitle: C\nid: \
                c\ncorrelation: {type: event_count, rules: [opened], timespan: 60s, group-by: \
                [door], condition: {gte: 1}}\ncastellan: {without: {rules: [asked], when: after, \
                heard_by: [door]}}\n";
    let files = [
        RuleFile { path: "r.yml".into(), text: text.into() },
        RuleFile { path: "e.exceptions.yml".into(), text: exception.into() },
    ];
    let (set, problems) = RuleSet::load(&files);
    assert!(problems.is_empty(), "{problems:#?}");
    let mut detector = detector(&Arc::new(set));
    let mut found = feed(&mut detector, &events("100 opened a\n 120 asked a"));
    detector.finish(&mut found);
    assert!(found.is_empty(), "{found:#?}");
}

fn step() -> impl Strategy<Value = (u64, u64, u8, bool)> {
    (0_u64..90, 0_u64..500, 0_u8..6, any::<bool>())
}

/// Events in the order in which they arrive, nobody later than ten minutes.
fn stream() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(step(), 5..40).prop_map(|steps| {
        let (mut clock, mut events) = (0, Vec::new());
        for (gap, delay, kind, is_first) in steps {
            clock += gap;
            let kind = if kind < 3 { "opened" } else { "asked" };
            let source = if delay % 2 == 0 { "pacs" } else { "vision" };
            let place = if is_first { "a" } else { "b" };
            let mut event = door(0, source, clock, kind, Some(place));
            event.received_at = second(clock + delay + 1);
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

proptest! {
    #![proptest_config(common::cases(200))]

    #[test]
    fn arrival_order_replay_and_crashes_change_nothing(
        live in stream(),
        when in prop::sample::select(vec!["before", "after", "around"]),
        cut in any::<prop::sample::Index>(),
    ) {
        let rules = rules(when);
        let run = |events: &[Event], cut: usize| {
            let mut current = detector(&rules);
            let mut found = feed(&mut current, &events[..cut]);
            let snapshot = current.snapshot().encode();
            current = detector(&rules);
            current.restore(&snapshot).unwrap();
            found.extend(feed(&mut current, &events[cut..]));
            current.finish(&mut found);
            settled(&found).into_iter().map(|f| (f.id, f.window)).collect::<Vec<_>>()
        };
        let mut replay = live.clone();
        replay.sort_by_key(|event| (event.time, event.record));
        let told = run(&live, live.len());
        prop_assert_eq!(&told, &run(&replay, 0));
        prop_assert_eq!(&told, &run(&live, cut.index(live.len() + 1)));
    }

    /// Silence of who would have told takes findings away and adds none.
    #[test]
    fn silence_never_adds_a_finding(live in stream(), from in 0_u64..2_000) {
        let rules = rules("around");
        let run = |is_silent: bool| {
            let mut detector = detector(&rules);
            let mut found = Vec::new();
            if is_silent {
                detector.observe(0, &source(SourceState::Silent, from), &mut found);
            }
            found.extend(feed(&mut detector, &live));
            detector.finish(&mut found);
            lines(&found)
        };
        let (heard, silent) = (run(false), run(true));
        prop_assert!(silent.iter().all(|line| heard.contains(line)), "{silent:?} {heard:?}");
    }
}
