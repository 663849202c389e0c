//! Who it could have been: against a recomputation that shares no code with the answer, and case by
//! case.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use common::{at, badge, cases, event, identifier, organisation, person, place, spine};
use detect::Spine;
use detect::whereabouts::{Moment, Named, Reason, Verdict, Whereabouts};
use model::{Event, Record, SourceId, SourceState, Timestamp};
use proptest::prelude::*;
use serde_json::json;

fn knowing(events: &[Event]) -> Whereabouts {
    let mut all = Whereabouts::new(spine());
    for event in events {
        all.see(event);
    }
    all
}

fn moment(time: &str, at_place: &str) -> Moment {
    Moment::at(at(time), (!at_place.is_empty()).then(|| place(at_place)))
}

/// `consistent there`, `unknown not_known`, …
fn of(all: &Whereabouts, who: &str, moment: Moment) -> String {
    let answer = all.of(&person(who), &[moment]);
    let verdict = format!("{:?}", answer.verdict).to_lowercase();
    format!("{verdict} {}", answer.moments[0].reason.as_str())
}

/// Ben comes in, goes to the office, and leaves at noon.
fn day() -> Vec<Event> {
    vec![
        badge(0, "09:00:00", "b-ben", "d-front", "in", 3),
        badge(1, "09:05:00", "b-ben", "d-office", "in", 3),
        badge(2, "12:00:00", "b-ben", "d-office", "out", 3),
        badge(3, "12:01:00", "b-ben", "d-front", "out", 3),
    ]
}

#[test]
fn a_moment_at_a_place_tells_three_kinds_of_people_apart() {
    let all = knowing(&day());
    for (time, place, expected) in [
        ("10:00:00", "office", "consistent there"),
        ("10:00:00", "hq", "consistent there"),
        ("10:00:00", "d-office", "consistent within_reach"),
        ("10:00:00", "d-lab", "consistent within_reach"),
        ("10:00:00", "lab", "excluded elsewhere"),
        ("10:00:00", "plant", "excluded elsewhere"),
        ("10:00:00", "d-front", "excluded elsewhere"),
        ("10:00:00", "", "consistent there"),
        ("13:00:00", "office", "excluded outside"),
        ("13:00:00", "hq", "excluded outside"),
        ("13:00:00", "street", "consistent within_reach"),
        ("13:00:00", "d-front", "consistent within_reach"),
        ("13:00:00", "", "excluded outside"),
        ("08:00:00", "office", "unknown not_known"),
        ("08:00:00", "", "unknown not_known"),
        ("09:05:01", "lobby", "consistent passing"),
        ("09:05:01", "office", "consistent passing"),
        ("09:05:01", "d-office", "consistent at_its_door"),
        ("09:05:01", "lab", "unknown not_known"),
        ("09:05:03", "lobby", "excluded elsewhere"),
    ] {
        assert_eq!(of(&all, "ben", moment(time, place)), expected, "{time} {place}");
    }
    assert_eq!(of(&all, "ana", moment("10:00:00", "office")), "unknown not_known");
}

#[test]
fn one_moment_elsewhere_is_enough_and_every_moment_is_needed() {
    let all = knowing(&day());
    let ask = |moments: &[Moment]| all.of(&person("ben"), moments).verdict;
    let (office, early) = (moment("10:00:00", "office"), moment("08:00:00", "office"));
    let lab = moment("10:30:00", "lab");
    assert_eq!(ask(std::slice::from_ref(&office)), Verdict::Consistent);
    assert_eq!(ask(&[office.clone(), early.clone()]), Verdict::Unknown);
    assert_eq!(ask(&[office, early, lab]), Verdict::Excluded);
    assert_eq!(ask(&[]), Verdict::Unknown);
}

#[test]
fn everybody_of_the_organisation_gets_a_line_with_its_evidence() {
    let all = knowing(&day());
    let moments = [moment("10:00:00", "lab")];
    let answers: Vec<_> = all.ask(&moments).collect();
    let people: Vec<_> = answers.iter().map(|answer| answer.person.as_str()).collect();
    assert_eq!(people, ["ana", "ben", "cem"]);
    let line = serde_json::to_value(&answers[1]).unwrap();
    assert_eq!(
        line,
        json!({"person": "ben", "verdict": "excluded", "moments": [{
            "time": "2026-11-22T10:00:00Z", "place": "lab", "state": "in", "zone": "office",
            "evidence": {"source": "pacs", "record": 1, "time": "2026-11-22T09:05:00Z",
                         "by": "taken", "at": "d-office", "into": "office"},
            "verdict": "excluded", "reason": "elsewhere", "since": "2026-11-22T09:05:00Z",
            "last": {"source": "pacs", "record": 1, "time": "2026-11-22T09:05:00Z",
                     "by": "taken", "at": "d-office", "into": "office"},
            "next": {"source": "pacs", "record": 2, "time": "2026-11-22T12:00:00Z",
                     "by": "taken", "at": "d-office", "into": "lobby"},
        }]})
    );
    let line = serde_json::to_value(&answers[0]).unwrap();
    let seen = &line["moments"][0];
    assert_eq!((&seen["state"], &seen["why"]), (&json!("unknown"), &json!("never_seen")));
    assert!(seen["zone"].is_null() && seen["evidence"].is_null());
}

#[test]
fn what_the_next_passage_shows_counts_where_leaving_is_watched() {
    // Ben's badge opens the front door from outside while he counts as in the office.
    let mut events = day();
    events.truncate(2);
    events.push(badge(2, "11:00:00", "b-ben", "d-front", "in", 3));
    let all = knowing(&events);
    assert_eq!(of(&all, "ben", moment("10:00:00", "office")), "consistent there");
    assert_eq!(of(&all, "ben", moment("10:00:00", "lab")), "unknown left_unseen");
    assert_eq!(of(&all, "ben", moment("10:00:00", "street")), "consistent moved_unseen");
    // Nobody watches who leaves the lab: coming back to it says nothing new.
    let lab = [
        badge(0, "09:00:00", "b-ben", "d-lab", "in", 3),
        badge(1, "11:00:00", "b-ben", "d-lab", "in", 3),
    ];
    let all = knowing(&lab);
    assert_eq!(of(&all, "ben", moment("10:00:00", "plant")), "excluded elsewhere");
    assert_eq!(of(&all, "ben", moment("15:30:00", "plant")), "unknown not_known");
}

#[test]
fn a_grant_and_the_opening_after_it_are_one_passage() {
    let events = [
        badge(0, "09:00:00", "b-ben", "d-office", "in", 1),
        badge(1, "09:00:20", "b-ben", "d-office", "in", 3),
    ];
    let all = knowing(&events);
    assert_eq!(of(&all, "ben", moment("09:00:10", "plant")), "excluded elsewhere");
}

#[test]
fn a_silent_feed_excludes_nobody() {
    let mut all = knowing(&day()[..2]);
    let silent = |state, last_heard: Option<&str>, time| Record::Source {
        source: SourceId::parse("pacs").unwrap(),
        state,
        last_heard: last_heard.map(at),
        at: at(time),
    };
    all.observe(&silent(SourceState::Silent, Some("09:30:00"), "09:35:00"));
    all.observe(&silent(SourceState::Heard, None, "11:00:00"));
    assert_eq!(of(&all, "ben", moment("09:20:00", "lab")), "excluded elsewhere");
    for time in ["10:00:00", "11:30:00"] {
        assert_eq!(of(&all, "ben", moment(time, "lab")), "unknown not_known");
    }
}

#[test]
fn an_event_names_its_own_moment_and_its_source_orders_by_one_clock() {
    // Two passages within the clock's bound: by one clock their order is known.
    let events = [
        badge(0, "09:00:00", "b-ben", "d-front", "in", 3),
        badge(1, "09:00:01", "b-ana-1", "d-front", "in", 3),
    ];
    let all = knowing(&events);
    let named = Moment::of_event(&spine(), &events[1]);
    assert_eq!(named.place, Some(place("d-front")));
    assert_eq!(of(&all, "ben", named.clone()), "consistent within_reach");
    assert_eq!(of(&all, "ana", named), "consistent at_its_door");
}

fn interactive(record: u64, time: &str, account: &str, device: &str) -> Event {
    let ocsf = json!({
        "class_uid": 3002, "activity_id": 1, "status_id": 1, "logon_type_id": 2,
        "user": {"name": account}, "device": {"hostname": device},
    });
    event(record, "hosts", at(time), "authentication", ocsf)
}

#[test]
fn a_log_on_lifts_what_is_unknown_and_never_what_is_known() {
    let mut events = day();
    events.push(interactive(7, "08:00:00", "ben@example.org", "ws-ben"));
    events.push(interactive(8, "10:00:00", "ana", "ws-ben"));
    events.push(interactive(9, "13:00:00", "ben@example.org", "ws-ben"));
    let mut remote = interactive(10, "15:00:00", "ana", "ws-ben");
    remote.ocsf.insert("logon_type_id", 10);
    events.push(remote);
    // Over the network from somebody's workstation: they sat there, not at what it led to.
    let mut away = interactive(11, "16:00:00", "ana", "ws-ben");
    away.ocsf.insert("logon_type_id", 3);
    away.ocsf.insert("src_endpoint", model::value::Value::from(json!({"ip": "10.0.0.1"})));
    events.push(away);
    let all = knowing(&events);
    assert_eq!(of(&all, "ana", moment("16:02:00", "office")), "consistent seen_by_network");
    assert_eq!(of(&all, "ana", moment("10:02:00", "office")), "consistent seen_by_network");
    assert_eq!(of(&all, "ana", moment("10:02:00", "lab")), "unknown not_known");
    assert_eq!(of(&all, "ana", moment("10:10:00", "office")), "unknown not_known");
    assert_eq!(of(&all, "ana", moment("15:00:00", "office")), "unknown not_known");
    // His account was used in the office while he was out: that is what is being asked about.
    let ask = [moment("13:00:00", "office")];
    let ben = all.of(&person("ben"), &ask);
    assert_eq!(ben.verdict, Verdict::Excluded);
    assert_eq!(ben.moments[0].also.len(), 1, "the log-on is told beside it");
    // The log-on that is asked about proves nothing of itself.
    let own = Moment {
        event: Some(Named { source: SourceId::parse("hosts").unwrap(), record: 8 }),
        ..moment("10:00:00", "office")
    };
    assert_eq!(of(&all, "ana", own), "unknown not_known");
}

/// One passage of the recomputation: seconds of the day, door, inwards or out, granted or taken.
type Step = (i64, usize, bool, bool);

const DOORS: [(&str, &str, &str, bool); 3] = [
    ("d-front", "street", "lobby", true),
    ("d-office", "lobby", "office", true),
    ("d-lab", "office", "lab", false),
];
const BOUND_S: i64 = 2;
const DWELL_S: i64 = 4 * 3_600;

/// Where a passage leads, and where it comes from: `street` is outside.
fn sides(step: &Step) -> (&'static str, &'static str) {
    let (_, from, to, _) = DOORS[step.1];
    if step.2 { (from, to) } else { (to, from) }
}

/// What the whereabouts of one zone mean for a place of this small house, by its definition.
fn is_at(zone: &str, asked: &str) -> bool {
    match DOORS.iter().find(|door| door.0 == asked) {
        Some((_, from, to, _)) => zone == *from || zone == *to,
        None => zone == asked || (asked == "hq" && zone != "street"),
    }
}

/// The verdict by its definition, for one person without silences: everything written out.
fn naive(steps: &[Step], t: i64, asked: &str) -> Verdict {
    let mut steps: Vec<&Step> = steps.iter().collect();
    steps.sort();
    let before: Vec<_> = steps.iter().filter(|s| s.0 + BOUND_S < t).collect();
    let unsure: Vec<_> = steps.iter().filter(|s| (s.0 - t).abs() <= BOUND_S).collect();
    let after = steps.iter().find(|s| s.0 - BOUND_S > t);
    let passes = unsure.iter().any(|s| DOORS[s.1].0 == asked || is_at(sides(s).1, asked));
    let Some(last) = before.last() else {
        return if passes { Verdict::Consistent } else { Verdict::Unknown };
    };
    let zone = sides(last).1;
    if unsure.iter().any(|s| sides(s).1 != zone) {
        let is_possible = passes || is_at(zone, asked);
        return if is_possible { Verdict::Consistent } else { Verdict::Unknown };
    }
    if unsure.iter().any(|s| DOORS[s.1].0 == asked) {
        return Verdict::Consistent;
    }
    let is_watched = zone != "lab";
    if zone != "street" && !is_watched && t - last.0 > DWELL_S {
        return if passes { Verdict::Consistent } else { Verdict::Unknown };
    }
    if is_at(zone, asked) {
        return Verdict::Consistent;
    }
    let Some(next) = after else { return Verdict::Excluded };
    let (came, goes) = sides(next);
    let is_one = next.1 == last.1 && goes == zone && next.0 - last.0 <= 60;
    if is_one || came == zone || (zone != "street" && !is_watched) {
        return Verdict::Excluded;
    }
    if is_at(came, asked) { Verdict::Consistent } else { Verdict::Unknown }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0_i64..86_400, 0..DOORS.len(), any::<bool>(), any::<bool>());
    proptest::collection::vec(step, 0..14).prop_map(|mut steps| {
        let mut times = BTreeSet::new();
        steps.retain(|step| times.insert(step.0));
        steps
    })
}

/// Seconds that are near somebody's passage as often as not.
fn ask_at(steps: &[Step], pick: usize, far: i64, near: i64) -> i64 {
    match steps.get(pick) {
        Some(step) => (step.0 + near).max(0),
        None => far,
    }
}

fn on(seconds: i64) -> Timestamp {
    at("00:00:00").plus(Duration::from_secs(u64::try_from(seconds).unwrap()))
}

fn passages(steps: &[Step]) -> Vec<Event> {
    let passage = |(number, step): (usize, &Step)| {
        let way = if step.2 { "in" } else { "out" };
        let activity = if step.3 { 1 } else { 3 };
        let record = u64::try_from(number).unwrap();
        let mut one = badge(record, "00:00:00", "b-ben", DOORS[step.1].0, way, activity);
        one.time = on(step.0);
        one
    };
    steps.iter().enumerate().map(passage).collect()
}

const PLACES: [&str; 7] = ["street", "lobby", "office", "lab", "hq", "d-office", "plant"];

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn the_answer_is_what_its_definition_says(
        steps in steps(), asked in 0..PLACES.len(),
        pick in 0_usize..20, far in 0_i64..86_400, near in -4_i64..5,
    ) {
        let t = ask_at(&steps, pick, far, near);
        let all = knowing(&passages(&steps));
        let moments = [Moment::at(on(t), Some(place(PLACES[asked])))];
        let answer = all.of(&person("ben"), &moments);
        prop_assert_eq!(
            answer.verdict, naive(&steps, t, PLACES[asked]),
            "{:?} at {} in {}: {:?}", steps, t, PLACES[asked], answer
        );
    }

    #[test]
    fn the_order_of_arrival_changes_nothing(
        steps in steps(), seed in any::<u64>(), far in 0_i64..86_400, asked in 0..PLACES.len(),
    ) {
        let events = passages(&steps);
        let mut mixed = events.clone();
        mixed.sort_by_key(|event| seed.wrapping_mul(event.record + 1).rotate_left(29));
        let moments = [Moment::at(on(far), Some(place(PLACES[asked])))];
        let ben = person("ben");
        prop_assert_eq!(knowing(&events).of(&ben, &moments), knowing(&mixed).of(&ben, &moments));
    }

    #[test]
    fn a_silence_excludes_nobody_more(
        steps in steps(), from in 0_i64..86_400, long in 1_i64..40_000,
        far in 0_i64..86_400, asked in 0..PLACES.len(),
    ) {
        let events = passages(&steps);
        let moments = [Moment::at(on(far), Some(place(PLACES[asked])))];
        let ben = person("ben");
        let clear = knowing(&events).of(&ben, &moments).verdict;
        let mut dim = knowing(&events);
        let source = SourceId::parse("pacs").unwrap();
        for (state, at) in [(SourceState::Silent, from), (SourceState::Heard, from + long)] {
            let source = source.clone();
            dim.observe(&Record::Source { source, state, last_heard: None, at: on(at) });
        }
        let told = dim.of(&ben, &moments);
        let is_ignorance = told.verdict == Verdict::Unknown;
        prop_assert!(told.verdict == clear || is_ignorance, "{clear:?} became {told:?}");
    }
}

#[test]
fn rooms_desks_and_inner_zones() {
    let mut org = organisation();
    let office = org.places[&place("office")].clone();
    for (id, kind, parent) in [
        ("desk-1", model::spine::PlaceKind::Desk, "office"),
        ("nook", model::spine::PlaceKind::Zone, "office"),
        ("vault", model::spine::PlaceKind::Zone, "office"),
        ("safe", model::spine::PlaceKind::Room, "vault"),
        ("d-vault", model::spine::PlaceKind::Door, "office"),
    ] {
        let one = model::spine::Place {
            id: place(id),
            kind,
            parent: Some(place(parent)),
            ..office.clone()
        };
        org.places.insert(one.id.clone(), one);
    }
    let mut door = org.doors[&place("d-lab")].clone();
    (door.door, door.to_zone) = (place("d-vault"), place("vault"));
    org.doors.insert(door.door.clone(), door);
    org.identifiers.push(identifier("door", "vault door", "place:d-vault"));
    let mut all = Whereabouts::new(Arc::new(Spine::new(Arc::new(org))));
    for event in day() {
        all.see(&event);
    }
    let ben = |asked: &str| of(&all, "ben", moment("10:00:00", asked));
    assert_eq!(ben("desk-1"), "consistent there");
    assert_eq!(ben("nook"), "consistent within_reach", "no door keeps anybody out of it");
    for inner in ["vault", "safe"] {
        assert_eq!(ben(inner), "unknown not_known", "behind a door of its own, in the same zone");
    }
    assert_eq!(ben("d-vault"), "consistent within_reach");
    assert!(!Reason::NotKnown.as_str().is_empty());
}
