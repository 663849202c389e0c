//! Independent witnesses of one fact that disagree, and nothing where they are not independent or
//! were not heard.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{at, event, feed, settled, source};
use detect::{Detector, Options, RuleFile, RuleSet, Spine};
use model::spine::WitnessOf;
use model::{AssetId, Event, Finding, Organisation, Record, SourceId, SourceState, Timestamp};
use proptest::prelude::*;
use serde_json::json;

const PARTS: &str = "
title: Opened
id: opened
logsource: {category: door}
detection: {s: {kind: opened}, condition: s}
---
title: Seen
id: seen
logsource: {category: door}
detection: {s: {kind: seen}, condition: s}
---
title: Passed
id: passed
logsource: {category: door}
detection: {s: {kind: passed}, condition: s}
---
title: Conflict
id: conflict
correlation:
  type: event_count
  rules: [opened, seen]
  group-by: [place]
  timespan: 60s
  condition: {gte: 1}
castellan:
  conflict:
    witnesses: {opened: {kind: door}, seen: {kind: camera}}
    against: {passed: {kind: presence}}
";

const LYING: &str = "";
const COUNTS: &str = "\n    differ_by: 3";

fn rules(more: &str) -> Arc<RuleSet> {
    let text = format!("{}{more}\n", PARTS.trim_end()).replace(
        "opened: {kind: door}",
        if more.is_empty() {
            "opened: {kind: door}"
        } else {
            "opened: {kind: door, counts: number}"
        },
    );
    let (set, problems) = RuleSet::load(&[RuleFile { path: "r.yml".into(), text }]);
    assert!(problems.is_empty(), "{problems:#?}");
    Arc::new(set)
}

/// Two doors; `pacs` tells of passages and, wired to its controller, of contacts; `io` and `vision`
/// are their own.
fn organisation() -> Organisation {
    let mut org = common::organisation();
    let all = [
        source("pacs", vec![WitnessOf::Presence, WitnessOf::Door]),
        source("io", vec![WitnessOf::Door]),
        source("vision", vec![WitnessOf::Camera]),
        source("second", vec![WitnessOf::Camera]),
    ];
    org.sources = all.into_iter().map(|source| (source.id.clone(), source)).collect();
    let mut controller = org.assets[&AssetId::parse("cam-lab").unwrap()].clone();
    controller.id = AssetId::parse("c-front").unwrap();
    controller.kind = "controller".into();
    let reader = model::spine::Asset {
        id: AssetId::parse("d-front-in").unwrap(),
        kind: "reader".into(),
        ..controller.clone()
    };
    org.assets.extend([controller, reader].map(|asset| (asset.id.clone(), asset)));
    let door = org.doors.get_mut(&common::place("d-front")).unwrap();
    door.controller = Some(AssetId::parse("c-front").unwrap());
    org
}

fn detector(more: &str) -> Detector {
    let spine = Arc::new(Spine::new(Arc::new(organisation())));
    Detector::new(spine, rules(more), Options { provisional: true })
}

fn second(seconds: u64) -> Timestamp {
    at("09:00:00").plus(Duration::from_secs(seconds))
}

/// `SECOND KIND SOURCE [DEVICE] [xNUMBER]` per line, at d-front.
fn events(text: &str) -> Vec<Event> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let read = |(number, line): (u64, &str)| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [seconds, kind, source, more @ ..] = words.as_slice() else { unreachable!("{line}") };
        let count = more.iter().find_map(|word| word.strip_prefix('x')).unwrap_or("1");
        let device = more.iter().find(|word| !word.starts_with('x'));
        said(number, (seconds.parse().unwrap(), kind, source), device.copied(), count)
    };
    (0..).zip(lines).map(read).collect()
}

fn said(
    record: u64,
    (seconds, kind, source): (u64, &str, &str),
    device: Option<&str>,
    count: &str,
) -> Event {
    let mut ocsf = json!({"class_uid": 4_230_001, "kind": kind, "number": count,
        "portal": {"uid": "d-front"}});
    if let Some(device) = device {
        ocsf["device"] = json!({"uid": device});
    }
    event(record, source, second(seconds), "door", ocsf)
}

/// The reasons of what is found, and how much is undecided.
fn told(more: &str, text: &str) -> (Vec<String>, u64) {
    let mut detector = detector(more);
    let mut found = feed(&mut detector, &events(text));
    detector.finish(&mut found);
    let undecided = detector.stats().undecided.values().map(|stat| stat.count).sum();
    (settled(&found).into_iter().map(|finding| finding.because).collect(), undecided)
}

fn check(more: &str, text: &str, expected: &[&str]) {
    let (found, undecided) = told(more, text);
    let expected: Vec<String> = expected.iter().map(|why| format!("Conflict: {why}")).collect();
    assert_eq!(found, expected, "{text}");
    assert_eq!(undecided, 0, "{text}");
}

const LIE: &str = "seen by `io` and `vision`; nobody told of it within 1m of that";

#[test]
fn two_witnesses_of_a_passage_that_the_controller_does_not_tell_of() {
    check(LYING, "100 opened io\n 103 seen vision", &[LIE]);
    check(LYING, "100 opened io\n 103 seen vision\n 105 passed pacs", &[]);
    check(LYING, "60 passed pacs\n 100 opened io\n 103 seen vision", &[]);
    // One alone, two too far apart, and what clocks leave open.
    check(LYING, "100 opened io", &[]);
    check(LYING, "100 opened io\n 161 seen vision", &[]);
    check(LYING, "100 opened io\n 103 seen vision\n 166 passed pacs", &[]);
    check(LYING, "100 opened io\n 103 seen vision\n 168 passed pacs", &[LIE]);
    // Each passage on its own.
    check(
        LYING,
        "100 opened io\n 103 seen vision\n 400 opened io\n 401 seen vision\n 402 passed pacs\n \
         900 seen vision\n 930 opened io",
        &[LIE, "seen by `vision` and `io`; nobody told of it within 1m of that"],
    );
}

#[test]
fn a_witness_wired_to_the_controller_is_none_and_one_device_is_one_witness() {
    check(LYING, "100 opened pacs\n 103 seen vision", &[]);
    check(LYING, "100 opened io c-front\n 103 seen vision", &[]);
    check(LYING, "100 opened io d-front-in\n 103 seen vision", &[]);
    check(LYING, "100 opened io cam-lab\n 103 seen vision", &[LIE]);
    check(LYING, "100 opened io cam-lab\n 103 seen vision cam-lab", &[]);
    check(LYING, "100 seen vision\n 103 seen vision", &[]);
    check(
        LYING,
        "100 seen vision\n 103 seen second",
        &["seen by `vision` and `second`; nobody told of it within 1m of that"],
    );
    let mut detector = detector(LYING);
    let mut found = feed(&mut detector, &events("100 opened pacs"));
    detector.finish(&mut found);
    assert_eq!(detector.stats().dependent, 1);
}

#[test]
fn counts_that_differ_by_so_much_over_the_window() {
    // A window of a minute opens with the first.
    check(
        COUNTS,
        "100 opened io x12\n 110 passed pacs x9\n 120 passed pacs",
        &["12 by `io` against 2 in 1m"],
    );
    check(COUNTS, "100 opened io x4\n 110 passed pacs\n 120 passed pacs", &[]);
    check(COUNTS, "100 passed pacs\n 110 passed pacs\n 111 passed pacs", &["0 against 3 in 1m"]);
    // What may belong to the window counts for it: the clocks are right give or take two seconds.
    check(COUNTS, "100 opened io x4\n 163 passed pacs\n 163 passed pacs", &[]);
    check(COUNTS, "100 opened io x4\n 163 passed pacs\n 164 passed pacs\n 170 opened io x2", &[]);
    check(
        COUNTS,
        "100 opened io x4\n 170 passed pacs\n 171 passed pacs\n 172 opened io x2",
        &["4 by `io` against 0 in 1m"],
    );
}

fn silence(source: &str, state: SourceState, seconds: u64) -> Record {
    Record::Source {
        source: SourceId::parse(source).unwrap(),
        state,
        last_heard: Some(second(seconds)),
        at: second(seconds + 300),
    }
}

#[test]
fn where_a_witness_was_silent_nothing_is_said_and_that_is_counted() {
    let text = "100 opened io x5\n 103 seen vision";
    for (more, source, is_decided) in [
        (LYING, "pacs", false),
        (LYING, "second", true),
        (COUNTS, "pacs", false),
        (COUNTS, "io", false),
    ] {
        let mut detector = detector(more);
        let mut found = feed(&mut detector, &events(text));
        detector.observe(0, &silence(source, SourceState::Silent, 101), &mut found);
        detector.finish(&mut found);
        assert_eq!(settled(&found).len(), usize::from(is_decided), "{source}");
        let undecided = detector.stats().undecided;
        let reasons: Vec<_> = undecided.values().flat_map(|stat| &stat.reasons).collect();
        let expected =
            format!("source `{source}` was silent: what it would have told is not known");
        assert_eq!(reasons, if is_decided { vec![] } else { vec![&expected] });
    }
}

#[test]
fn an_account_that_cannot_be_told_apart_by_group_may_be_anybody_s() {
    let mut nameless = events("100 opened io\n 103 seen vision\n 104 passed pacs");
    nameless[2].site = None;
    nameless[2].ocsf.remove("portal");
    let mut detector = detector(LYING);
    let mut found = feed(&mut detector, &nameless);
    detector.finish(&mut found);
    assert!(settled(&found).is_empty());
    assert_eq!(detector.stats().undecided.len(), 1);
}

#[test]
fn more_than_is_kept_is_undecided_never_a_finding() {
    let mut many: Vec<Event> =
        (0..1_100).map(|n| said(n, (100 + n / 100, "opened", "io"), None, "1")).collect();
    many.push(said(2_000, (112, "passed", "pacs"), None, "1"));
    let mut detector = detector(COUNTS);
    let mut found = feed(&mut detector, &many);
    detector.finish(&mut found);
    assert!(settled(&found).is_empty());
    let stats = detector.stats();
    assert!(stats.evicted_window > 0);
    let reasons = stats.undecided.values().flat_map(|stat| stat.reasons.clone());
    assert_eq!(reasons.collect::<Vec<_>>(), ["more was said of it than is kept"]);
}

fn step() -> impl Strategy<Value = (u64, u64, u8, u8)> {
    (0_u64..60, 0_u64..500, 0_u8..5, 1_u8..4)
}

/// Events in the order in which they arrive, nobody later than ten minutes.
fn stream() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(step(), 5..60).prop_map(|steps| {
        let (mut clock, mut events) = (0, Vec::new());
        for (gap, delay, kind, count) in steps {
            clock += gap;
            let (kind, source) = match kind {
                0 => ("opened", "io"),
                1 => ("seen", "vision"),
                2 => ("opened", "pacs"),
                3 => ("seen", "second"),
                _ => ("passed", "pacs"),
            };
            let mut event = said(0, (clock, kind, source), None, &count.to_string());
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

fn brief(found: &[Finding]) -> Vec<(model::FindingId, String, usize)> {
    let brief = |finding: Finding| (finding.id, finding.because, finding.evidence.len());
    settled(found).into_iter().map(brief).collect()
}

#[test]
fn what_the_properties_are_tried_on_fires() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    for more in [LYING, COUNTS] {
        let mut runner = TestRunner::deterministic();
        let mut fired = 0;
        for _ in 0..60 {
            let mut detector = detector(more);
            let mut found = feed(&mut detector, &stream().new_tree(&mut runner).unwrap().current());
            detector.finish(&mut found);
            fired += settled(&found).len();
        }
        assert!(fired > 20, "{fired} {more}");
    }
}

proptest! {
    #![proptest_config(common::cases(200))]

    #[test]
    fn arrival_order_replay_and_crashes_change_nothing(
        live in stream(),
        more in prop::sample::select(vec![LYING, COUNTS]),
        cut in any::<prop::sample::Index>(),
    ) {
        let run = |events: &[Event], cut: usize| {
            let mut current = detector(more);
            let mut found = feed(&mut current, &events[..cut]);
            let snapshot = current.snapshot().encode();
            current = detector(more);
            current.restore(&snapshot).unwrap();
            found.extend(feed(&mut current, &events[cut..]));
            current.finish(&mut found);
            (brief(&found), current.stats().undecided)
        };
        let mut replay = live.clone();
        replay.sort_by_key(|event| (event.time, event.record));
        let told = run(&live, live.len());
        prop_assert_eq!(&told, &run(&replay, 0));
        prop_assert_eq!(&told, &run(&live, cut.index(live.len() + 1)));
    }

    /// Silence of anybody takes findings away and adds none.
    #[test]
    fn silence_never_adds_a_finding(
        live in stream(),
        more in prop::sample::select(vec![LYING, COUNTS]),
        who in prop::sample::select(vec!["pacs", "io", "vision"]),
        from in 0_u64..2_000,
    ) {
        let run = |is_silent: bool| {
            let mut detector = detector(more);
            let mut found = Vec::new();
            if is_silent {
                detector.observe(0, &silence(who, SourceState::Silent, from), &mut found);
            }
            found.extend(feed(&mut detector, &live));
            detector.finish(&mut found);
            brief(&found)
        };
        let (heard, silent) = (run(false), run(true));
        prop_assert!(silent.iter().all(|one| heard.contains(one)), "{silent:?} {heard:?}");
    }
}
