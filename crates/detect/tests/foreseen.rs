//! What hangs on presence is told at once as presence stands, and confirmed or withdrawn when it is
//! known; what is found in the end does not depend on that.

#![expect(clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use common::{at, badge, detector, event, feed, rules, settled};
use detect::{Detector, Options};
use model::{Event, Finding, FindingState, Record};
use serde_json::json;

const RULES: &str = "title: Pushed\nid: pushed\ncorrelation:\n  type: temporal_ordered\n  rules: \
    [push, push, session]\n  group-by: [person]\n  timespan: 30m\nlevel: high\n---\ntitle: \
    Push\nid: push\nlogsource: {category: authentication}\ndetection: {s: {class_uid: 3002, \
    status_id: 2}, condition: s}\n---\ntitle: Session\nid: session\nlogsource: {category: \
    authentication}\ndetection: {s: {class_uid: 3002, status_id: 1, castellan.presence.state: \
    in}, condition: s}\n";

fn sign_in(record: u64, time: &str, status: u8) -> Event {
    let ocsf = json!({
        "class_uid": 3002, "activity_id": 1, "status_id": status, "user": {"name": "ana"},
    });
    event(record, "hosts", at(time), "authentication", ocsf)
}

fn story() -> Vec<Event> {
    vec![
        badge(1, "09:00:00", "b-ana-1", "d-front", "in", 3),
        sign_in(2, "09:10:00", 2),
        sign_in(3, "09:10:10", 2),
        sign_in(4, "09:10:30", 1),
    ]
}

fn tick(detector: &mut Detector, time: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    detector.observe(0, &Record::Tick { at: at(time) }, &mut found);
    found
}

fn states(found: &[Finding]) -> Vec<(&str, FindingState)> {
    found.iter().map(|finding| (finding.rule.as_str(), finding.state)).collect()
}

#[test]
fn a_correlation_that_asks_where_somebody_is_speaks_with_the_event() {
    let rules = rules(RULES);
    let mut live = detector(&rules);
    let early = feed(&mut live, &story());
    let pushed: Vec<_> = early.iter().filter(|one| one.rule.as_str() == "pushed").collect();
    assert_eq!(pushed.len(), 1, "{:?}", states(&early));
    assert_eq!(pushed[0].state, FindingState::Provisional);
    // The watermark passes the event: presence holds, and nobody is told twice.
    let settling = tick(&mut live, "09:21:00");
    let again = settling.iter().filter(|one| one.rule.as_str() == "pushed").count();
    assert_eq!(again, 0, "{:?}", states(&settling));
    let late = tick(&mut live, "10:30:00");
    let confirmed = settled(&late);
    assert_eq!(confirmed.len(), 1, "{:?}", states(&late));
    assert_eq!(confirmed[0].id, pushed[0].id);
    // A replay says the same in the end.
    let mut replay = Detector::new(common::spine(), rules, Options { provisional: false });
    let mut found = feed(&mut replay, &story());
    replay.finish(&mut found);
    let pushed: Vec<_> =
        settled(&found).into_iter().filter(|f| f.rule.as_str() == "pushed").collect();
    assert_eq!(pushed, confirmed);
}

#[test]
fn what_a_late_passage_overturns_is_withdrawn_at_once() {
    let mut live = detector(&rules(RULES));
    let early = feed(&mut live, &story());
    assert!(early.iter().any(|one| one.rule.as_str() == "pushed"));
    // Ana had gone home, says a record that comes late.
    feed(&mut live, &[badge(5, "09:05:00", "b-ana-1", "d-front", "out", 3)]);
    let settling = tick(&mut live, "09:21:00");
    let own: Vec<_> = settling.iter().filter(|one| one.rule.as_str() == "pushed").collect();
    assert_eq!(own.len(), 1, "{:?}", states(&settling));
    assert_eq!(own[0].state, FindingState::Withdrawn);
    let mut rest = Vec::new();
    live.finish(&mut rest);
    assert!(settled(&rest).iter().all(|one| one.rule.as_str() != "pushed"), "{:?}", states(&rest));
}

#[test]
fn what_is_foreseen_survives_a_crash() {
    let rules = rules(RULES);
    let mut first = detector(&rules);
    let early = feed(&mut first, &story());
    let mut second = detector(&rules);
    let snapshot = first.snapshot().encode();
    assert!(second.restore(&snapshot).is_ok());
    feed(&mut second, &[badge(5, "09:05:00", "b-ana-1", "d-front", "out", 3)]);
    let settling = tick(&mut second, "09:21:00");
    let gone: Vec<_> = settling.iter().filter(|f| f.state == FindingState::Withdrawn).collect();
    let pushed = early.iter().find(|one| one.rule.as_str() == "pushed").map(|one| &one.id);
    assert!(gone.iter().any(|one| Some(&one.id) == pushed), "{:?}", states(&settling));
}
