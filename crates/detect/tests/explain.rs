//! Why a rule says what it says: the verdict is the matcher's own, and what decided is named.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use std::sync::Arc;

use common::{at, badge, event, identifier, logon, organisation, spine};
use detect::explain::{Explainer, Explanation, Outcome};
use detect::rules::Truth;
use detect::{Detector, Options, RuleFile, RuleSet, Spine};
use model::{Event, RuleId};
use proptest::prelude::*;
use serde_json::json;

fn files(texts: &[(&str, &str)]) -> Vec<RuleFile> {
    let file =
        |(path, text): &(&str, &str)| RuleFile { path: (*path).into(), text: (*text).into() };
    texts.iter().map(file).collect()
}

const REFUSED: &str = "title: Refused twice
id: refused
logsource: {category: physical_access}
detection:
  selection:
    activity_id: 2
    portal.uid|startswith: d-
  known:
    credential.uid: b-ben
  nobody:
    castellan.presence.state: unknown
  condition: selection and not known and not nobody
castellan: {team: guard}
";

fn enriched(events: &[Event]) -> Vec<Event> {
    let mut detector = Detector::new(spine(), Arc::new(RuleSet::default()), Options::default());
    let mut events = events.to_vec();
    events.iter_mut().for_each(|event| detector.enrich(event));
    events
}

fn of(texts: &[(&str, &str)], id: &str, event: &Event) -> Explanation {
    let explainer = Explainer::new(&files(texts), &RuleId::parse(id).unwrap()).unwrap();
    explainer.explain(event, &[]).unwrap()
}

fn decisive(told: &Explanation) -> Vec<String> {
    told.decisive().map(|(part, literal)| format!("{}: {}", part.name, literal.asks)).collect()
}

#[test]
fn what_does_not_hold_is_named_with_what_was_seen() {
    let day = enriched(&[
        badge(0, "09:00:00", "b-ana-1", "d-front", "in", 3),
        badge(1, "09:05:00", "b-ana-1", "d-front", "in", 3),
        badge(2, "09:06:00", "b-ben", "d-front", "in", 2),
        badge(3, "09:07:00", "b-ana-1", "d-office", "in", 2),
        badge(4, "09:08:00", "b-ben", "d-front", "in", 3),
        badge(5, "09:09:00", "b-ben", "d-front", "in", 2),
    ]);
    let rules = [("r.yml", REFUSED)];
    let granted = of(&rules, "refused", &day[1]);
    assert_eq!(granted.outcome, Outcome::DoesNotMatch);
    assert_eq!(decisive(&granted), ["selection: activity_id: 2"]);
    let literal = &granted.parts.iter().find(|part| part.name == "selection").unwrap().literals[0];
    assert_eq!((literal.saw.as_deref(), literal.truth), (Some("3"), Truth::False));
    assert!(granted.because.contains("it is `3`"), "{}", granted.because);
    let both = of(&rules, "refused", &day[2]);
    assert_eq!(
        decisive(&both),
        ["known: credential.uid: b-ben", "nobody: castellan.presence.state: unknown"],
        "neither decides by itself"
    );
    let known = of(&rules, "refused", &day[5]);
    assert_eq!(known.outcome, Outcome::DoesNotMatch);
    assert!(known.because.contains("because this holds"), "{}", known.because);
    let refused = of(&rules, "refused", &day[3]);
    assert_eq!(refused.outcome, Outcome::Matches, "{refused:#?}");
}

#[test]
fn what_nobody_knows_is_undecided_and_says_why() {
    let rule = REFUSED.replace("not nobody", "castellan_in").replace(
        "  nobody:\n    castellan.presence.state: unknown",
        "  castellan_in:\n    castellan.presence.zone: office",
    );
    let day = enriched(&[badge(0, "09:07:00", "b-ana-1", "d-office", "in", 2)]);
    let told = of(&[("r.yml", &rule)], "refused", &day[0]);
    assert_eq!(told.outcome, Outcome::Undecided, "{told:#?}");
    assert!(told.because.contains("castellan.presence.zone: office"), "{}", told.because);
    assert!(told.because.contains("nobody knows"), "{}", told.because);
    assert_eq!(told.unknown.len(), 1);
}

#[test]
fn another_log_source_is_said_and_not_tried() {
    let rule = REFUSED.replace("{category: physical_access}", "{product: okta}");
    let mut day = enriched(&[
        badge(0, "09:00:00", "b-ana-1", "d-front", "in", 3),
        badge(1, "09:07:00", "b-ana-1", "d-office", "in", 2),
    ]);
    let told = of(&[("r.yml", &rule)], "refused", &day[1]);
    assert_eq!(told.outcome, Outcome::NotTried);
    let words = told.routing.words.unwrap();
    assert!(
        words.starts_with("the rule wants product okta; the event is from category"),
        "{words}"
    );
    // An event that names no log source is tried on everything.
    day[1].logsource = model::LogSource::default();
    assert_eq!(of(&[("r.yml", &rule)], "refused", &day[1]).outcome, Outcome::Matches);
}

#[test]
fn sets_exceptions_and_filters_that_silence_it_are_named() {
    let day = enriched(&[
        badge(0, "09:00:00", "b-ana-1", "d-front", "in", 3),
        badge(1, "09:07:00", "b-ana-1", "d-office", "in", 2),
    ]);
    let set = "sets:\n- name: quiet\n  enabled: false\n  reason: works\n  rules: {ids: refused}\n";
    let off = of(&[("r.yml", REFUSED), ("a.sets.yml", set)], "refused", &day[1]);
    assert_eq!((off.outcome, off.off_by.as_deref()), (Outcome::Silenced, Some("quiet")));
    let exception = "exceptions:\n- id: painters\n  rules: refused\n  sites: hq\n  until: 2027-01-01\n  \
                     owner: guard\n  reason: the painters are in\n";
    let told = of(&[("r.yml", REFUSED), ("a.exceptions.yml", exception)], "refused", &day[1]);
    assert_eq!(told.outcome, Outcome::Silenced);
    assert!(told.because.contains("the painters are in"), "{}", told.because);
    let filter = "title: Not at the office\nlogsource: {category: physical_access}\nfilter:\n  \
                  rules: [refused]\n  office: {portal.uid: d-office}\n  condition: not office\n";
    let told = of(&[("r.yml", REFUSED), ("f.yml", filter)], "refused", &day[1]);
    assert_eq!(told.outcome, Outcome::DoesNotMatch);
    let part = told.parts.iter().find(|part| part.filter.is_some()).unwrap();
    assert_eq!((part.filter.as_deref(), part.is_decisive), (Some("office"), true));
}

const TWICE: &str = "title: Refused often
id: often
correlation:
  type: event_count
  rules: [denied]
  group-by: [person]
  timespan: 10m
  condition: {gte: 2}
castellan: {team: guard}
---
title: Denied
id: denied
logsource: {category: physical_access}
detection: {selection: {activity_id: 2}, condition: selection}
";

#[test]
fn a_correlation_tells_its_group_its_window_and_what_is_missing() {
    let day = enriched(&[
        badge(0, "09:00:00", "b-ben", "d-front", "in", 2),
        badge(1, "09:01:00", "b-ana-1", "d-front", "in", 2),
        badge(2, "09:05:00", "b-ben", "d-front", "in", 2),
        badge(3, "09:30:00", "b-ben", "d-front", "in", 2),
    ]);
    let id = RuleId::parse("often").unwrap();
    let explainer = Explainer::new(&files(&[("r.yml", TWICE)]), &id).unwrap();
    let told = explainer.explain(&day[2], &day).unwrap();
    assert_eq!(told.outcome, Outcome::Matches, "{told:#?}");
    let window = told.window.unwrap();
    assert_eq!(window.group["person"].as_deref(), Some("ben"));
    let records: Vec<u64> = window.matches.iter().map(|one| one.record).collect();
    assert_eq!(records, [0, 2]);
    let lonely = explainer.explain(&day[3], &day).unwrap();
    assert_eq!(lonely.outcome, Outcome::DoesNotMatch);
    assert!(lonely.because.contains("needs 2 matches"), "{}", lonely.because);
    let temporal = TWICE
        .replace("event_count", "temporal")
        .replace("[denied]", "[denied, taken]")
        .replace("  condition: {gte: 2}\n", "")
        + "---\ntitle: Taken\nid: taken\nlogsource: {category: physical_access}\n\
           detection: {selection: {activity_id: 3}, condition: selection}\n";
    let explainer = Explainer::new(&files(&[("r.yml", &temporal)]), &id).unwrap();
    let window = explainer.explain(&day[2], &day).unwrap().window.unwrap();
    assert_eq!(window.missing, [RuleId::parse("taken").unwrap()]);
}

#[test]
fn an_identifier_says_what_it_meant_then_and_since_when() {
    let mut org = organisation();
    let mut card = identifier("badge", "b-shared", "person:ben");
    card.validity.from = Some(at("06:00:00"));
    card.validity.to = Some(at("18:00:00"));
    org.identifiers.push(card);
    let spine = Spine::new(Arc::new(org));
    let told = spine.look_ups(&badge(0, "09:00:00", "b-shared", "d-front", "in", 3));
    let line = serde_json::to_value(&told[0]).unwrap();
    assert_eq!(
        line,
        json!({"kind": "badge", "value": "b-shared", "entity": "person:ben",
               "valid_from": "2026-11-22T06:00:00Z", "valid_to": "2026-11-22T18:00:00Z",
               "state": "current"})
    );
    let told = spine.look_ups(&logon(1, "09:00:00", "ana", "ws-ben"));
    let of: Vec<_> = told.iter().map(|one| (one.kind.as_str(), one.entity.to_string())).collect();
    assert_eq!(of, [("account", "person:ana".to_owned()), ("hostname", "asset:ws-ben".to_owned())]);
}

/// Literals over a small event: what the explanation says must be what the matcher says.
fn literal() -> impl Strategy<Value = String> {
    let field = prop_oneof![
        Just("activity_id"),
        Just("credential.uid"),
        Just("portal.uid"),
        Just("missing"),
        Just("castellan.presence.state"),
        Just("castellan.presence.zone"),
        Just("castellan.person"),
    ];
    let how = prop_oneof![Just(""), Just("|contains"), Just("|startswith"), Just("|exists")];
    let value = prop_oneof![
        Just("1"),
        Just("2"),
        Just("b-ben"),
        Just("d-"),
        Just("in"),
        Just("unknown"),
        Just("office"),
        Just("ben"),
        Just("null"),
    ];
    (field, how, value).prop_map(|(field, how, value)| {
        let value = if how == "|exists" { "true" } else { value };
        format!("{field}{how}: {value}")
    })
}

proptest! {
    #![proptest_config(common::cases(200))]

    #[test]
    fn the_verdict_is_the_matchers_own(
        literals in proptest::collection::vec(literal(), 3), shape in 0..5_usize, who in 0..2_usize,
    ) {
        let condition = [
            "a and b and c", "a or (b and not c)", "not a and 1 of *b*", "2 of them", "not (a or b)",
        ][shape];
        let rule = format!(
            "title: R\nid: r\nlogsource: {{category: physical_access}}\ndetection:\n  \
             a:\n    {}\n  b:\n    {}\n  c:\n    {}\n  condition: {condition}\n",
            literals[0], literals[1], literals[2]
        );
        let badge_of = ["b-ben", "b-nobody"][who];
        let day = enriched(&[
            badge(0, "09:00:00", "b-ben", "d-office", "in", 3),
            badge(1, "09:07:00", badge_of, "d-lab", "in", 2),
        ]);
        let (set, problems) = RuleSet::load(&files(&[("r.yml", &rule)]));
        prop_assume!(problems.is_empty());
        let mut matches = Vec::new();
        set.matches(&day[1], &mut matches);
        let truth = matches.first().map_or(Truth::False, |found| found.truth);
        let told = of(&[("r.yml", &rule)], "r", &day[1]);
        let said = match told.outcome {
            Outcome::Matches => Truth::True,
            Outcome::Undecided => Truth::Unknown,
            Outcome::DoesNotMatch => Truth::False,
            Outcome::Silenced | Outcome::NotTried => unreachable!("nothing silences it"),
        };
        prop_assert_eq!(said, truth, "{}\n{:#?}", rule, told);
    }
}

#[test]
fn an_event_that_is_not_ocsf_is_explained_as_well() {
    let rule = "title: W\nid: w\nlogsource: {product: windows}\ndetection:\n  a:\n    - Image|endswith: \
                '\\cmd.exe'\n    - CommandLine|contains|all: [whoami, /all]\n  condition: a\n";
    let mut one = event(
        0,
        "hosts",
        at("09:00:00"),
        "x",
        json!({
            "class_uid": 0, "Event": {"EventData": {"Image": "C:\\cmd.exe", "CommandLine": "whoami"}},
        }),
    );
    one.logsource = model::LogSource::default();
    let told = of(&[("r.yml", rule)], "w", &one);
    assert_eq!(told.outcome, Outcome::Matches);
    let truths: Vec<Truth> = told.parts[0].literals.iter().map(|one| one.truth).collect();
    assert_eq!(truths, [Truth::True, Truth::False]);
    assert_eq!(told.parts[0].literals[1].asks, "CommandLine contains all: whoami, /all");
}

const SENT: &str = "title: Much\nid: much\ncorrelation:\n  type: value_sum\n  rules: [sent]\n  \
    group-by: [user.name]\n  timespan: 10m\n  condition: {field: traffic.bytes, gte: \
    100}\n---\ntitle: Sent\nid: sent\nlogsource: {category: x}\ndetection: {s: {class_uid: 1}, \
    condition: s}\n";

/// A sum is judged again over the windows that end near the event.
#[test]
fn a_sum_is_told_and_judged() {
    let sent = |record: u64, time: &str, bytes: u64| {
        let ocsf = json!({"class_uid": 1, "user": {"name": "a"}, "traffic": {"bytes": bytes}});
        event(record, "hosts", at(time), "x", ocsf)
    };
    let told = |events: &[Event]| {
        let explainer =
            Explainer::new(&files(&[("s.yml", SENT)]), &RuleId::parse("much").unwrap()).unwrap();
        explainer.explain(events.last().unwrap(), events).unwrap()
    };
    let near = told(&[sent(0, "09:00:00", 60), sent(1, "09:09:00", 41)]);
    assert_eq!(near.outcome, Outcome::Matches, "{}", near.because);
    assert!(near.because.contains("101 of 2 matches"), "{}", near.because);
    // Both lie near it, and in no one window.
    let apart = told(&[sent(0, "09:00:00", 60), sent(1, "09:18:00", 41), sent(2, "09:09:30", 1)]);
    assert_eq!(apart.outcome, Outcome::DoesNotMatch, "{}", apart.because);
    assert!(apart.because.contains("61 of 3 matches"), "{}", apart.because);
}
