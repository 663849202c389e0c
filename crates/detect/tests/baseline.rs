//! What is unusual for a group, with the reasons; and nothing before it is known, or where too much
//! was forgotten.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{event, feed, settled};
use detect::limits::{HABIT_VALUES_MAX, HISTORY_HELD_MAX};
use detect::{Detector, Options, RuleFile, RuleSet};
use model::{Event, Finding, FindingId, Fingerprint, Timestamp};
use proptest::prelude::*;
use serde_json::json;

const FIRST: &str = "timespan: 90d\n|unusual: first, field: area, learn: 14d";
const PEERS: &str = "timespan: 90d\n|unusual: first, field: area, learn: 14d, peers: team, \
                     peers_at_most: 0.5";
const HOUR: &str = "timespan: 16w\n|unusual: hour, learn: 28d, rare: 0.25";
const RATE: &str = "timespan: 1h\n|unusual: rate, learn: 3d, factor: 3, least: 8";

fn rules(kind: &str) -> Arc<RuleSet> {
    let (span, baseline) = kind.split_once("\n|").unwrap();
    let text = format!(
        "title: Entered\nid: entered\nlogsource: {{category: x}}\ndetection: {{s: {{class_uid: \
         1}}, condition: s}}\n---\ntitle: Odd\nid: odd\ncorrelation:\n  type: event_count\n  \
         rules: [entered]\n  group-by: [who]\n  {span}\n  condition: {{gte: 1}}\ncastellan:\n  \
         baseline: {{{baseline}}}\n"
    );
    let (set, problems) = RuleSet::load(&[RuleFile { path: "r.yml".into(), text }]);
    assert!(problems.is_empty(), "{problems:#?}");
    Arc::new(set)
}

fn detector(rules: &Arc<RuleSet>) -> Detector {
    Detector::new(common::spine(), Arc::clone(rules), Options { provisional: true })
}

/// Hours since a Monday at midnight (UTC; the wall clock of the organisation is an hour ahead).
fn hour(hours: f64) -> Timestamp {
    let monday = Timestamp::from_rfc3339("2026-03-02T00:00:00Z").unwrap();
    monday.plus(Duration::from_secs_f64(hours * 3_600.0))
}

fn entered(record: u64, time: Timestamp, who: &str, zone: &str) -> Event {
    let team = if who.starts_with('s') { "sales" } else { "it" };
    let ocsf = json!({"class_uid": 1, "who": who, "area": zone, "team": team});
    let mut event = event(record, "pacs", time, "x", ocsf);
    event.fingerprint =
        Fingerprint::of(&event.source, format!("{time}{who}{zone}{record}").as_bytes(), 0);
    event
}

/// Hours, who and where; in order of time.
fn told(kind: &str, mut steps: Vec<(f64, &str, &str)>) -> Vec<String> {
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let events: Vec<Event> = (0..)
        .zip(steps)
        .map(|(n, (hours, who, zone))| entered(n, hour(hours), who, zone))
        .collect();
    let mut detector = detector(&rules(kind));
    let mut found = feed(&mut detector, &events);
    detector.finish(&mut found);
    let mut found = settled(&found);
    found.sort_by_key(|finding| finding.time);
    found.into_iter().map(|finding| finding.because).collect()
}

/// Every day at the same hour.
fn daily<'a>(
    days: std::ops::Range<u32>,
    at: f64,
    who: &'a str,
    zone: &'a str,
) -> Vec<(f64, &'a str, &'a str)> {
    days.map(|day| (f64::from(day) * 24.0 + at, who, zone)).collect()
}

#[test]
fn the_first_time_in_so_long_is_told_once_the_group_is_known() {
    let mut steps = daily(0..20, 8.0, "ana", "office");
    steps.push((20.0 * 24.0, "ana", "lab"));
    steps.push((21.0 * 24.0, "ana", "lab"));
    // Known for less than a fortnight.
    steps.push((10.0 * 24.0, "ana", "lobby"));
    steps.push((30.0 * 24.0, "new", "lab"));
    assert_eq!(told(FIRST, steps), ["Odd: first `lab` in 90 days"]);
    // What was long ago is as if it had not been.
    let steps = vec![(0.0, "ana", "lab"), (95.0 * 24.0, "ana", "lab"), (96.0 * 24.0, "ana", "lab")];
    assert_eq!(told(FIRST, steps), ["Odd: first `lab` in 90 days"]);
    let steps = vec![(0.0, "ana", "lab"), (90.0 * 24.0, "ana", "lab")];
    assert_eq!(told(FIRST, steps), Vec::<String>::new());
}

#[test]
fn what_peers_do_is_told_and_what_most_of_them_do_is_nothing() {
    let mut steps = Vec::new();
    for who in ["s1", "s2", "s3", "s4", "i1", "i2"] {
        steps.extend(daily(0..20, 8.0, who, "office"));
    }
    steps.push((10.0, "s2", "lab"));
    steps.extend(["s2", "s3", "s4"].map(|who| (11.0, who, "canteen")));
    steps.extend(["lab", "canteen"].map(|zone| (20.0 * 24.0, "s1", zone)));
    steps.push((20.0 * 24.0 + 1.0, "i1", "canteen"));
    assert_eq!(
        told(PEERS, steps),
        [
            "Odd: first `lab` in 90 days; peers: 1 of 3 (sales)",
            "Odd: first `canteen` in 90 days; peers: 0 of 1 (it)",
        ]
    );
}

#[test]
fn an_hour_that_is_rarely_seen_is_told_once_a_week() {
    let week = 168.0;
    let mut steps: Vec<_> = (0..70).map(|day| (f64::from(day) * 24.0 + 8.5, "ana", "x")).collect();
    // Monday at two (local three, or four in summer), in the first week and in the ninth, and again
    // an hour later.
    steps.extend([2.0, 9.0 * week + 2.0, 9.0 * week + 3.0].map(|hours| (hours, "ana", "x")));
    assert_eq!(told(HOUR, steps), ["Odd: Monday 04 h, give or take one, in 1 of 9 weeks"]);
    // An hour before what is usual is usual.
    let mut steps: Vec<_> = (0..70).map(|day| (f64::from(day) * 24.0 + 8.5, "ana", "x")).collect();
    steps.push((9.0 * week + 7.5, "ana", "x"));
    assert_eq!(told(HOUR, steps), Vec::<String>::new());
    // Known for three weeks.
    let mut steps: Vec<_> = (0..21).map(|day| (f64::from(day) * 24.0 + 8.5, "ana", "x")).collect();
    steps.push((3.0 * week + 2.0, "ana", "x"));
    assert_eq!(told(HOUR, steps), Vec::<String>::new());
}

#[test]
fn a_rate_beyond_so_many_times_the_usual_is_told_once_a_window() {
    let usual = || -> Vec<(f64, &str, &str)> {
        let hours = (0..5).flat_map(|day| (0..3).map(move |n| (day, n)));
        hours
            .map(|(day, n)| (f64::from(day) * 24.0 + 8.0 + f64::from(n) / 10.0, "ana", "x"))
            .collect()
    };
    let burst = |count: u32| -> Vec<(f64, &str, &str)> {
        let mut steps = usual();
        steps.extend((0..count).map(|n| (6.0 * 24.0 + f64::from(n) / 100.0, "ana", "x")));
        steps
    };
    assert_eq!(told(RATE, burst(30)), ["Odd: 10 in 1h, usually at most 3"]);
    assert_eq!(told(RATE, burst(9)), Vec::<String>::new());
    // Without five windows there is no usual.
    let alone: Vec<_> = (0..50).map(|n| (100.0 + f64::from(n) / 100.0, "ben", "x")).collect();
    assert_eq!(told(RATE, [vec![(0.0, "ben", "x")], alone].concat()), Vec::<String>::new());
}

#[test]
fn beyond_what_is_remembered_nothing_is_called_the_first() {
    let rules = rules(FIRST);
    let mut detector = detector(&rules);
    let zones: Vec<String> = (0..=HABIT_VALUES_MAX).map(|n| format!("z{n}")).collect();
    let mut events: Vec<Event> =
        (0..).zip(&zones).map(|(n, zone)| entered(n, hour(n as f64), "ana", zone)).collect();
    // The first of them was forgotten; is it the first time?
    events.push(entered(9_000, hour(24.0 * 30.0), "ana", "z0"));
    let known = hour(24.0 * 14.0);
    let mut found = feed(&mut detector, &events);
    detector.finish(&mut found);
    assert!(settled(&found).iter().all(|f| f.time >= known && f.evidence[0].record != 9_000));
    let undecided = detector.stats().undecided;
    let stat = undecided.values().next().unwrap();
    assert_eq!(
        stat.reasons.first().unwrap(),
        "more values than are remembered: it may not be the first"
    );
}

#[test]
fn what_is_excepted_is_learned_from_and_not_spoken_of() {
    let exception = "exceptions: [{id: e, rules: [entered], when: {area: vault}, until: \
                     2027-01-01, owner: soc, reason: r}]\n";
    let text = "title: Entered\nid: entered\nlogsource: {category: x}\ndetection: {s: \
                {class_uid: 1}, condition: s}\n---\ntitle: Odd\nid: odd\ncorrelation:\n  type: \
                event_count\n  rules: [entered]\n  group-by: [team]\n  timespan: 90d\n  \
                condition: {gte: 1}\ncastellan:\n  baseline: {unusual: first, field: area, learn: \
                14d}\n";
    let files = [
        RuleFile { path: "r.yml".into(), text: text.into() },
        RuleFile { path: "e.exceptions.yml".into(), text: exception.into() },
    ];
    let (set, problems) = RuleSet::load(&files);
    assert!(problems.is_empty(), "{problems:#?}");
    let mut detector = detector(&Arc::new(set));
    let days = [(0.0, "lab"), (20.0, "vault"), (21.0, "vault"), (22.0, "hall")];
    let steps = (0..).zip(days).map(|(n, (day, zone))| entered(n, hour(day * 24.0), "ana", zone));
    let mut found = feed(&mut detector, &steps.collect::<Vec<_>>());
    detector.finish(&mut found);
    let found: Vec<_> = settled(&found).into_iter().map(|f| f.because).collect();
    assert_eq!(found, ["Odd: first `hall` in 90 days"]);
}

/// A rule that runs already is given what was before it.
#[test]
fn a_history_is_joined_to_what_is_known() {
    let usual = |days: std::ops::Range<u32>| -> Vec<Event> {
        days.map(|day| entered(day.into(), hour(f64::from(day) * 24.0 + 8.5), "ana", "office"))
            .collect()
    };
    let mut history = usual(0..60);
    history.push(entered(500, hour(24.0 * 30.0), "ana", "lab"));
    history.sort_by_key(|event| event.time);
    for (kind, then, found) in [
        (FIRST, entered(900, hour(24.0 * 66.0), "ana", "lab"), [1, 0]),
        (FIRST, entered(900, hour(24.0 * 66.0), "ana", "vault"), [1, 1]),
        (HOUR, entered(900, hour(24.0 * 63.0 + 2.0), "ana", "office"), [0, 1]),
    ] {
        let rules = rules(kind);
        let learn = if kind == FIRST { 40..66 } else { 60..63 };
        let told = |is_taught: bool| {
            let mut detector = detector(&rules);
            let mut found = feed(&mut detector, &usual(learn.clone()));
            if is_taught {
                let mut taught = self::detector(&rules);
                let history: Vec<Event> = history
                    .iter()
                    .filter(|e| e.time < hour(f64::from(learn.start) * 24.0))
                    .cloned()
                    .collect();
                feed(&mut taught, &history);
                taught.finish(&mut Vec::new());
                detector.learn_from(&taught);
            }
            found.extend(feed(&mut detector, std::slice::from_ref(&then)));
            detector.finish(&mut found);
            settled(&found).len()
        };
        assert_eq!([told(false), told(true)], found, "{kind}");
    }
}

#[test]
fn habits_of_a_rule_that_changed_are_learned_anew() {
    let mut old = detector(&rules(FIRST));
    feed(
        &mut old,
        &[entered(0, hour(0.0), "ana", "office"), entered(1, hour(400.0), "ana", "office")],
    );
    for (kind, found) in [(FIRST, 1), (PEERS, 0)] {
        let mut detector = detector(&rules(kind));
        detector.restore(&old.snapshot().encode()).unwrap();
        let mut told = feed(&mut detector, &[entered(2, hour(500.0), "ana", "lab")]);
        detector.finish(&mut told);
        assert_eq!(settled(&told).len(), found, "{kind}");
    }
}

/// Several weeks of a few people, in the order in which it is heard of, nobody later than ten
/// minutes; every now and then many at once.
fn stream() -> impl Strategy<Value = Vec<Event>> {
    let step = (0_u64..1_200, 0_u64..500, 0_usize..4, 0_usize..6, 0_u8..12);
    prop::collection::vec(step, 20..120).prop_map(|steps| {
        let (mut clock, mut events) = (0_u64, Vec::new());
        for (gap, delay, who, zone, haste) in steps {
            // Minutes, mostly; now and then seconds.
            clock += if haste < 6 { gap % 7 } else { gap * 60 };
            let time = hour(0.0).plus(Duration::from_secs(clock));
            let who = ["s1", "s2", "i1", "i2"][who];
            let zone = ["a", "b", "b", "c", "a", "d"][zone];
            let mut event = entered(0, time, who, zone);
            event.received_at = time.plus(Duration::from_secs(delay + 1));
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

const QUICK: [&str; 4] = [
    "timespan: 1d\n|unusual: first, field: area, learn: 1d",
    "timespan: 1d\n|unusual: first, field: area, learn: 6h, peers: team, peers_at_most: 0.5",
    "timespan: 2w\n|unusual: hour, learn: 14d",
    "timespan: 1h\n|unusual: rate, learn: 1h, factor: 1, least: 2",
];

fn brief(found: &[Finding]) -> Vec<(FindingId, String)> {
    settled(found).into_iter().map(|finding| (finding.id, finding.because)).collect()
}

#[test]
fn what_the_properties_are_tried_on_fires() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    for kind in QUICK {
        let (mut runner, mut fired) = (TestRunner::deterministic(), 0);
        for _ in 0..40 {
            let mut detector = detector(&rules(kind));
            let mut found = feed(&mut detector, &stream().new_tree(&mut runner).unwrap().current());
            detector.finish(&mut found);
            fired += settled(&found).len();
        }
        assert!(fired > 10, "{fired} {kind}");
    }
}

proptest! {
    #![proptest_config(common::cases(200))]

    #[test]
    fn arrival_order_replay_and_crashes_change_nothing(
        live in stream(),
        kind in prop::sample::select(QUICK.to_vec()),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let rules = rules(kind);
        let run = |events: &[Event], cuts: &[usize]| {
            let mut current = detector(&rules);
            let (mut found, mut from) = (Vec::new(), 0);
            for cut in cuts {
                found.extend(feed(&mut current, &events[from..*cut]));
                let snapshot = current.snapshot().encode();
                current = detector(&rules);
                current.restore(&snapshot).unwrap();
                from = *cut;
            }
            found.extend(feed(&mut current, &events[from..]));
            current.finish(&mut found);
            (brief(&found), current.stats().undecided)
        };
        let mut replay = live.clone();
        replay.sort_by_key(|event| (event.time, event.record));
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(live.len() + 1)).collect();
        cuts.sort_unstable();
        let told = run(&live, &[]);
        prop_assert_eq!(&told, &run(&replay, &[]));
        prop_assert_eq!(&told, &run(&live, &cuts));
    }

    /// A history by replay teaches as much as having been there.
    #[test]
    fn a_history_by_replay_seeds_what_is_known(
        live in stream(),
        kind in prop::sample::select(QUICK.to_vec()),
        cut in any::<prop::sample::Index>(),
    ) {
        let rules = rules(kind);
        let mut all = live.clone();
        all.sort_by_key(|event| (event.time, event.record));
        let at = all[cut.index(all.len())].time;
        let (before, after) = all.split_at(all.partition_point(|event| event.time < at));
        let mut whole = detector(&rules);
        let mut expected = feed(&mut whole, &all);
        whole.finish(&mut expected);
        expected.retain(|finding| finding.time >= at);
        let mut taught = detector(&rules);
        feed(&mut taught, before);
        taught.finish(&mut Vec::new());
        let mut seeded = detector(&rules);
        seeded.learn_from(&taught);
        let mut found = feed(&mut seeded, after);
        seeded.finish(&mut found);
        prop_assert_eq!(brief(&expected), brief(&found));
    }

    /// How long the reading of a history takes changes nothing of what is found, nor does a crash
    /// while it is being read: what came in the meantime waits.
    #[test]
    fn what_comes_while_a_history_is_read_is_judged_by_it(
        live in stream(),
        kind in prop::sample::select(QUICK.to_vec()),
        cut in any::<prop::sample::Index>(),
        reading in any::<prop::sample::Index>(),
        crash in any::<prop::sample::Index>(),
    ) {
        let rules = rules(kind);
        let mut all = live.clone();
        all.sort_by_key(|event| (event.time, event.record));
        let at = all[cut.index(all.len())].time;
        let (before, after) = all.split_at(all.partition_point(|event| event.time < at));
        let mut taught = detector(&rules);
        feed(&mut taught, before);
        taught.finish(&mut Vec::new());
        let told = |reading: usize, crash: usize| {
            let mut running = detector(&rules);
            running.await_history(before.len() as u64);
            prop_assert_eq!(running.awaited_histories().len(), 1);
            let (mut found, mut read) = (Vec::new(), 0);
            for stop in [crash.min(reading), reading] {
                found.extend(feed(&mut running, &after[read..stop]));
                read = stop;
                let snapshot = running.snapshot().encode();
                running = detector(&rules);
                running.restore(&snapshot).unwrap();
                // As a start does: what waits already keeps its place.
                running.await_history(1_000_000);
                let waits = running.awaited_histories().into_values().collect::<Vec<_>>();
                prop_assert_eq!(waits, vec![before.len() as u64]);
            }
            prop_assert!(settled(&found).is_empty(), "nothing is said before it is known");
            running.learn_from(&taught);
            prop_assert!(running.awaited_histories().is_empty());
            found.extend(feed(&mut running, &after[read..]));
            running.finish(&mut found);
            // Another history teaches it nothing more.
            running.learn_from(&taught);
            Ok((brief(&found), running.stats().habits))
        };
        let expected = told(0, 0)?;
        let (reading, crash) = (reading.index(after.len() + 1), crash.index(after.len() + 1));
        prop_assert_eq!(expected, told(reading, crash)?);
    }

    /// Knowing a group better never makes more values the first: a longer history adds no finding
    /// on the same days.
    #[test]
    fn a_value_had_before_is_never_the_first(live in stream(), zone in 0_usize..4) {
        let zone = ["a", "b", "c", "d"][zone];
        let rules = rules("timespan: 365d\n|unusual: first, field: area, learn: 1d");
        let mut detector = detector(&rules);
        let before = ["s1", "s2", "i1", "i2"].map(|who| {
            let mut event = entered(50_000, hour(0.0), who, zone);
            event.time = hour(0.0).minus(Duration::from_secs(48 * 3_600));
            event.received_at = event.time;
            event
        });
        let mut found = feed(&mut detector, &before);
        found.extend(feed(&mut detector, &live));
        detector.finish(&mut found);
        let named = format!("first `{zone}`");
        prop_assert!(settled(&found).iter().all(|f| !f.because.contains(&named)));
    }
}

/// More than may wait is learned from, said to be undecided, and never guessed about.
#[test]
fn what_is_too_much_to_wait_for_a_history_is_undecided() {
    let rules = rules("timespan: 90d\n|unusual: first, field: area, learn: 1d");
    let mut detector = detector(&rules);
    detector.await_history(1);
    let more = 5;
    let each = |n: usize| {
        let time = hour(0.0).plus(Duration::from_secs(n as u64));
        entered(n as u64 + 2, time, "ana", "office")
    };
    let events: Vec<Event> = (0..HISTORY_HELD_MAX + more).map(each).collect();
    let mut found = feed(&mut detector, &events);
    let last = events.last().unwrap().time.plus(Duration::from_secs(3_600));
    detector.observe(0, &model::Record::Tick { at: last }, &mut found);
    let undecided = |detector: &Detector| {
        let stats = detector.stats();
        stats.undecided.values().map(|stat| stat.count).sum::<u64>()
    };
    assert_eq!(undecided(&detector), more as u64);
    let ids: Vec<_> = detector.awaited_histories().into_keys().collect();
    detector.forgo_history(&ids);
    detector.finish(&mut found);
    assert_eq!(undecided(&detector), more as u64);
    assert!(settled(&found).is_empty());
    assert_eq!(detector.stats().pending, 0);
}

/// A case tells a history in one line.
#[test]
fn a_case_may_repeat_an_event() {
    let rule = "title: Entered\nid: entered\nlogsource: {category: x}\ndetection: {s: {class_uid: \
                1}, condition: s}\n---\ntitle: Odd\nid: odd\ncorrelation: {type: event_count, \
                rules: [entered], group-by: [who], timespan: 90d, condition: {gte: \
                1}}\ncastellan: {because: '{who}: {why}', baseline: {unusual: first, field: area, \
                learn: 14d}}\n";
    let case = |times: &str| {
        format!(
            "rule: odd\ncases:\n  - name: c\n    expect: match\n    because: 'ana: first `lab` in \
             90 days'\n    events:\n      - {{at: '2026-11-23T08:00:00Z', category: x, ocsf: \
             {{class_uid: 1, who: ana, area: lab}}}}\n      - {{at: '2026-11-01T08:00:00Z', \
             {times}, category: x, ocsf: {{class_uid: 1, who: ana, area: office}}}}\n"
        )
    };
    let run = |times: &str| {
        let files = [
            RuleFile { path: "odd.yml".into(), text: rule.into() },
            RuleFile { path: "odd.cases.yml".into(), text: case(times) },
        ];
        let (outcomes, problems) = detect::cases::run(&files);
        let broken = problems.iter().filter(|problem| problem.code != "no_case").count();
        assert_eq!(broken, 0, "{problems:#?}");
        outcomes[0].failure.clone()
    };
    assert_eq!(run("every: 1d, times: 20"), None);
    let failure = run("every: 1d").unwrap();
    assert!(failure.starts_with("`every` and `times` go together"), "{failure}");
}
