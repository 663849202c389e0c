//! A grant at a door where the organisation assumes the passage counts as one, and says so.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use std::sync::Arc;

use common::{at, badge, feed, logon, organisation, person, place, rules, settled};
use detect::{Detector, Options, Spine};
use model::enrichment::{PresenceEvidence, PresenceState};
use model::spine::Passage;
use model::{Event, Organisation};

const RULES: &str = "title: Inside\nid: inside\nlogsource: {category: authentication}\n\
    detection: {s: {class_uid: 3002, castellan.presence.state: in, \
    castellan.presence.evidence: [taken, sensor]}, condition: s}\ncastellan: {because: \
    '{castellan.person} is in {castellan.presence.zone}'}\n===\ntitle: Passed\nid: passed\n\
    logsource: {category: physical_access}\ndetection: {s: {class_uid: 4230001, \
    castellan.passage: [taken, assumed]}, condition: s}\ncastellan: {because: 'passed'}\n===\n\
    title: Twice\nid: twice\ncorrelation: {type: event_count, rules: [passed], group-by: \
    [person], timespan: 1h, condition: {gte: 2}, \
    generate: true}\ncastellan: {because: 'twice'}\n";

fn assumed() -> Organisation {
    let mut org = organisation();
    org.doors.get_mut(&place("d-front")).unwrap().passage = Passage::Assumed;
    org
}

fn detector(org: Organisation) -> Detector {
    let spine = Arc::new(Spine::new(Arc::new(org)));
    Detector::new(spine, rules(RULES), Options { provisional: true })
}

fn told(org: Organisation, events: &[Event]) -> Vec<String> {
    let mut detector = detector(org);
    let mut found = feed(&mut detector, events);
    detector.finish(&mut found);
    let mut all = settled(&found);
    all.sort_by(|a, b| (a.time, &a.rule).cmp(&(b.time, &b.rule)));
    all.into_iter().map(|finding| finding.because).collect()
}

const SAYS: &str = "(granted at a door where passage is assumed)";

#[test]
fn a_grant_where_passage_is_assumed_is_an_entry_and_the_finding_says_so() {
    let events =
        [badge(1, "09:00:00", "b-ana-1", "d-front", "in", 1), logon(2, "09:05:00", "ana", "vpn")];
    assert_eq!(told(organisation(), &events), Vec::<String>::new());
    let said = [format!("passed {SAYS}"), format!("ana is in lobby {SAYS}")];
    assert_eq!(told(assumed(), &events), said);
    // The door speaks for itself after all: then nothing is assumed.
    let taken =
        [badge(1, "09:00:00", "b-ana-1", "d-front", "in", 3), logon(2, "09:05:00", "ana", "vpn")];
    assert_eq!(told(assumed(), &taken), ["passed", "ana is in lobby"]);
}

#[test]
fn a_correlation_that_rests_on_an_assumed_passage_says_so() {
    let events = [
        badge(1, "09:00:00", "b-ana-1", "d-front", "in", 3),
        badge(2, "09:05:00", "b-ana-1", "d-front", "in", 1),
    ];
    let said = told(assumed(), &events);
    assert!(said.contains(&format!("twice {SAYS}")), "{said:?}");
}

#[test]
fn what_an_assumed_door_takes_back_is_taken_back() {
    let mut detector = detector(assumed());
    feed(&mut detector, &[badge(1, "09:00:00", "b-ana-1", "d-front", "in", 1)]);
    let inside = detector.presence().at(&person("ana"), at("09:01:00"));
    assert_eq!(inside.state, PresenceState::In);
    assert_eq!((inside.evidence, inside.is_assumed), (Some(PresenceEvidence::Taken), true));
    feed(&mut detector, &[badge(2, "09:00:20", "b-ana-1", "d-front", "in", 4)]);
    assert_eq!(
        detector.presence().at(&person("ana"), at("09:01:00")).state,
        PresenceState::Unknown
    );
    // Somebody sees them there: what was assumed is known.
    let mut known = self::detector(assumed());
    feed(
        &mut known,
        &[
            badge(1, "09:00:00", "b-ana-1", "d-front", "in", 1),
            badge(2, "09:00:03", "b-ana-1", "d-front", "in", 3),
        ],
    );
    assert!(!known.presence().at(&person("ana"), at("09:01:00")).is_assumed);
}

#[test]
fn doors_that_grant_and_never_say_more_are_named() {
    let grants = |n: u64, door: &str, activity: u32| -> Vec<Event> {
        let each = |i| badge(i, &format!("09:{:02}:00", i % 60), "b-ben", door, "in", activity);
        (0..n).map(|i| each(i + u64::from(activity) * 7)).collect()
    };
    let mute = |org: Organisation, events: &[Event]| {
        let mut detector = detector(org.clone());
        feed(&mut detector, events);
        let stats = detector.stats();
        stats.mute_doors(&org).map(|(id, s)| (id.to_string(), s.granted)).collect::<Vec<_>>()
    };
    let front = grants(5, "d-front", 1);
    assert_eq!(mute(organisation(), &front), [("d-front".to_owned(), 5)]);
    assert!(mute(assumed(), &front).is_empty());
    assert!(mute(organisation(), &grants(2, "d-front", 1)).is_empty());
    for told in [3, 4] {
        let more = [front.clone(), grants(1, "d-front", told)].concat();
        assert!(mute(organisation(), &more).is_empty());
    }
}
