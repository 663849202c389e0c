//! What is not known neither shows nor refutes.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use std::fmt::Write as _;

use common::{at, event, person, place, rules};
use detect::rules::Truth;
use model::Event;
use model::enrichment::{
    EndpointView, Enrichment, OwnerView, Presence, PresenceEvidence, PresenceState, UnknownWhy,
};
use model::spine::ZoneClass;
use proptest::prelude::*;
use serde_json::json;

fn unknown() -> Presence {
    Presence {
        state: PresenceState::Unknown,
        zone: None,
        zone_class: None,
        site: None,
        since: None,
        evidence: None,
        why: Some(UnknownWhy::Stale),
        is_assumed: false,
    }
}

fn inside(zone: &str) -> Presence {
    Presence {
        state: PresenceState::In,
        zone: Some(place(zone)),
        zone_class: Some(ZoneClass::Restricted),
        site: Some(place("hq")),
        since: Some(at("08:00:00")),
        evidence: Some(PresenceEvidence::Taken),
        why: None,
        is_assumed: false,
    }
}

fn outside() -> Presence {
    Presence { state: PresenceState::Out, zone: None, zone_class: None, site: None, ..inside("x") }
}

fn with(own: Presence, owner: Presence) -> Event {
    let mut event = event(
        0,
        "hosts",
        at("09:00:00"),
        "authentication",
        json!({
            "class_uid": 3002, "status_id": 1, "colour": "red",
        }),
    );
    let device = EndpointView {
        zone: Some(place("office")),
        site: Some(place("hq")),
        owner: Some(OwnerView { id: person("ben"), presence: owner }),
        ..EndpointView::default()
    };
    event.enrichment = Some(Box::new(Enrichment {
        person: Some(person("ana")),
        person_view: None,
        presence: Some(own),
        src: None,
        dst: None,
        device: Some(device),
        place: None,
        credential: None,
        passage: None,
        time: model::Interval::around(at("09:00:00"), std::time::Duration::ZERO),
        local: None,
        unresolved: Vec::new(),
    }));
    event
}

fn truth(detection: &str, event: &Event) -> Truth {
    let rule = format!(
        "title: T\nid: t\nlogsource: {{category: authentication}}\ndetection:\n{detection}"
    );
    let set = rules(&rule);
    let mut found = Vec::new();
    set.matches(event, &mut found);
    found.first().map_or(Truth::False, |found| found.truth)
}

#[test]
fn a_condition_and_its_negation_are_both_not_shown() {
    let ignorant = with(unknown(), unknown());
    let known = with(inside("lab"), outside());
    for (condition, when_unknown, when_known) in [
        ("a", Truth::Unknown, Truth::True),
        ("not a", Truth::Unknown, Truth::False),
        ("red and not a", Truth::Unknown, Truth::False),
        ("red or a", Truth::True, Truth::True),
        ("blue and a", Truth::False, Truth::False),
        ("blue or not a", Truth::Unknown, Truth::False),
        ("not blue and not b", Truth::Unknown, Truth::True),
        ("1 of a*", Truth::Unknown, Truth::True),
        ("all of them", Truth::False, Truth::False),
    ] {
        let detection = format!(
            "  a: {{castellan.presence.state: in}}\n  \
             b: {{castellan.presence.zone|fieldref: castellan.device.zone}}\n  \
             red: {{colour: red}}\n  blue: {{colour: blue}}\n  condition: {condition}\n"
        );
        assert_eq!(truth(&detection, &ignorant), when_unknown, "{condition}, unknown");
        assert_eq!(truth(&detection, &known), when_known, "{condition}, known");
    }
}

#[test]
fn ignorance_itself_can_be_asked_for() {
    let ask = "  a: {castellan.presence.state: unknown}\n  condition: a\n";
    assert_eq!(truth(ask, &with(unknown(), unknown())), Truth::True);
    assert_eq!(truth(ask, &with(inside("lab"), unknown())), Truth::False);
    let deny = "  a: {castellan.presence.state: unknown}\n  condition: not a\n";
    assert_eq!(truth(deny, &with(unknown(), unknown())), Truth::False);
}

fn item() -> impl Strategy<Value = String> {
    let field = prop::sample::select(vec!["castellan.presence", "castellan.device.owner.presence"]);
    let test = prop::sample::select(vec![
        "state: in",
        "state: out",
        "state: [in, out]",
        "state|startswith: 'i'",
        "state|exists: true",
        "state|neq: out",
        "zone: office",
        "zone: [office, lab]",
        "zone|exists: true",
        "zone|exists: false",
        "zone|fieldref: castellan.device.zone",
        "zone_class: restricted",
        "site|contains: h",
        "zone|re: '^o.*'",
        "zone: null",
        "evidence|contains|all: [tak, en]",
    ]);
    let plain = prop::sample::select(vec!["colour: red", "colour: blue", "class_uid|gte: 3000"]);
    prop_oneof![
        3 => (field, test).prop_map(|(field, test)| format!("{field}.{test}")),
        1 => plain.prop_map(str::to_owned),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned);
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|x| format!("not ({x})")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x}) and ({y})")),
            (inner.clone(), inner).prop_map(|(x, y)| format!("({x}) or ({y})")),
        ]
    })
}

fn presence() -> impl Strategy<Value = Presence> {
    prop::sample::select(vec![inside("office"), inside("lab"), outside()])
}

proptest! {
    #![proptest_config(common::cases(400))]

    #[test]
    fn ignorance_never_adds_a_match(
        items in prop::collection::vec(item(), 3),
        condition in condition(),
        own in presence(),
        owner in presence(),
        forget_own in any::<bool>(),
        forget_owner in any::<bool>(),
    ) {
        let mut detection = String::new();
        for (name, item) in ["a", "b", "c"].iter().zip(&items) {
            writeln!(detection, "  {name}: {{{item}}}").unwrap();
        }
        writeln!(detection, "  condition: {condition}").unwrap();
        let known = truth(&detection, &with(own.clone(), owner.clone()));
        prop_assert_ne!(known, Truth::Unknown);
        let own = if forget_own { unknown() } else { own };
        let owner = if forget_owner { unknown() } else { owner };
        let forgotten = truth(&detection, &with(own, owner));
        // What is shown in ignorance is shown whatever the truth is, and so is what is refuted.
        prop_assert!(forgotten == Truth::Unknown || forgotten == known, "{detection}");
    }
}
