//! What stands beside the rules: filters, sets, exceptions, other people's log sources.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use std::sync::Arc;

use common::{at, badge, event, feed, place, settled};
use detect::eval::matching;
use detect::{Below, Detector, Heard, Options, RuleFile, RuleSet, World};
use model::Event;
use serde_json::json;

fn file(path: &str, text: &str) -> RuleFile {
    RuleFile { path: path.into(), text: text.into() }
}

fn loaded(files: &[RuleFile]) -> RuleSet {
    let (set, problems) = RuleSet::load(files);
    assert!(problems.is_empty(), "{problems:#?}");
    set
}

fn named(files: &[RuleFile]) -> Vec<String> {
    let (set, mut problems) = RuleSet::load(files);
    problems.extend(set.check().into_iter().filter(|p| !p.code.starts_with("no_")));
    problems.iter().map(ToString::to_string).collect()
}

const REFUSED: &str = "title: Refused\nid: refused\nname: refusal\nstatus: test\nlevel: low\n\
    tags: [attack.t1078]\nlogsource: {category: physical_access, product: test}\n\
    detection: {selection: {activity_id: 2}, condition: selection}\n";

fn refused(record: u64, time: &str, door: &str) -> Event {
    badge(record, time, "b-ben", door, "in", 2)
}

/// Rules that say something of an event, with everything enriched.
fn said(set: &Arc<RuleSet>, events: &[Event]) -> (Vec<String>, Detector) {
    let mut detector =
        Detector::new(common::spine(), Arc::clone(set), Options { provisional: true });
    let mut found = feed(&mut detector, events);
    detector.finish(&mut found);
    (settled(&found).iter().map(|f| f.rule.to_string()).collect(), detector)
}

#[test]
fn a_filter_narrows_the_rules_that_it_names() {
    let rule = "title: A\nid: a\nlogsource: {category: x, product: p}\ndetection: {sel_1: {a: 1}, \
                sel_2: {a: 2}, condition: 1 of sel_*}\n";
    let filter = |head: &str, condition: &str| {
        format!(
            "title: F\n{head}filter:\n  rules: [A]\n  sel_user: {{u|startswith: adm_}}\n  \
             sel_host: {{h: jump}}\n  condition: {condition}\n"
        )
    };
    let fires = |filter: String, event: serde_json::Value| {
        let set = loaded(&[file("a.yml", rule), file("f.yml", &filter)]);
        let event = detect::eval::event_of(0, event).unwrap();
        !matching(&set, &event).is_empty()
    };
    let ls = "logsource: {category: x}\n";
    assert!(fires(filter(ls, "not sel_user"), json!({"a": 1, "u": "eve"})));
    assert!(!fires(filter(ls, "not sel_user"), json!({"a": 1, "u": "adm_eve"})));
    // The filter's patterns mean its own detections, and the rule's mean the rule's.
    assert!(!fires(filter(ls, "1 of sel_*"), json!({"a": 1})));
    assert!(fires(filter(ls, "1 of sel_*"), json!({"a": 1, "h": "jump"})));
    assert!(!fires(filter(ls, "all of sel_*"), json!({"a": 1, "h": "jump"})));
    assert!(fires(filter(ls, "all of them"), json!({"a": 2, "h": "jump", "u": "adm_x"})));
    assert!(!fires(filter(ls, "1 of sel_*"), json!({"h": "jump"})));
}

#[test]
fn a_filter_of_another_log_source_or_rule_is_named_and_narrows_nothing() {
    let rule = "title: A\nid: a\nlogsource: {category: x}\ndetection: {s: {a: 1}, condition: s}\n";
    for (rules, source) in [("[a]", "y"), ("[b]", "x")] {
        let filter = format!(
            "title: F\nlogsource: {{category: {source}}}\nfilter: {{rules: {rules}, \
             selection: {{u: 1}}, condition: selection}}\n"
        );
        let files = [file("a.yml", rule), file("f.yml", &filter)];
        let (set, problems) = RuleSet::load(&files);
        assert_eq!(problems.len(), 1);
        assert_eq!(
            problems[0].to_string(),
            "f.yml:3:1: warning: the filter `F` fits no rule: look at its `rules` and \
             `logsource` [unused]"
        );
        let event = detect::eval::event_of(0, json!({"a": 1})).unwrap();
        assert_eq!(matching(&set, &event).len(), 1);
    }
}

#[test]
fn a_set_turns_rules_off_and_a_later_one_on_again() {
    let off = "sets:\n  - name: quiet\n    enabled: false\n    reason: too many\n    owner: soc\n\
               \x20   rules: {levels: [low], tags: attack.t1078, folders: doors, statuses: test}\n";
    let on = "sets:\n  - name: but-this\n    enabled: true\n    rules: {ids: [Refusal]}\n";
    let rule = file("doors/r.yml", REFUSED);
    let events = [refused(0, "09:00:00", "d-front")];
    let set = Arc::new(loaded(&[rule.clone(), file("a.sets.yml", off)]));
    assert!(said(&set, &events).0.is_empty());
    assert_eq!(set.iter().next().unwrap().1.off_by.as_deref(), Some("quiet"));
    let set = [rule.clone(), file("a.sets.yml", off), file("b.sets.yml", on)];
    assert_eq!(said(&Arc::new(loaded(&set)), &events).0, ["refused"]);
    let other = file("screens/r.yml", REFUSED);
    assert_eq!(said(&Arc::new(loaded(&[other, file("a.sets.yml", off)])), &events).0, ["refused"]);
}

#[test]
fn the_cases_of_a_rule_hold_whether_it_is_on_or_off() {
    let cases = "rule: refused\norganisation: {}\ncases:\n  - name: a refusal\n    expect: match\n\
                 \x20   events: [{at: '09:00:00', source: pacs, category: physical_access, \
                 product: test, ocsf: {class_uid: 4230001, activity_id: 2}}]\n  - name: a grant\n\
                 \x20   expect: nothing\n    events: [{at: '09:00:00', source: pacs, category: \
                 physical_access, product: test, ocsf: {class_uid: 4230001, activity_id: 1}}]\n";
    let off = "sets: [{name: q, enabled: false, reason: r, rules: {ids: [refused]}}]\n";
    let mut files = vec![file("r.yml", REFUSED), file("r.cases.yml", cases)];
    for _ in 0..2 {
        let (outcomes, _) = detect::cases::run(&files);
        assert_eq!(outcomes.iter().map(|o| &o.failure).collect::<Vec<_>>(), [&None, &None]);
        files.push(file("a.sets.yml", off));
    }
}

#[test]
fn a_rule_that_is_off_still_feeds_a_correlation_that_is_on() {
    let off = "sets: [{name: q, enabled: false, reason: r, rules: {ids: [refused]}}]\n";
    let twice = "title: Twice\nid: twice\ncorrelation: {type: event_count, rules: [refused], \
                 group-by: [person], timespan: 5m, condition: {gte: 2}}\ngenerate: true\n";
    let files = [file("r.yml", REFUSED), file("t.yml", twice), file("a.sets.yml", off)];
    let events = [refused(0, "09:00:00", "d-front"), refused(1, "09:00:01", "d-front")];
    assert_eq!(said(&Arc::new(loaded(&files)), &events).0, ["twice"]);
    assert_eq!(
        named(&files),
        ["t.yml:2:1: warning: the set `q` turns off `refused`, which this correlation needs: it \
          runs on, but says nothing [off_but_needed]"]
    );
}

const EXCEPTION: &str = "exceptions:\n  - id: cleaners\n    rules: [refused]\n    sites: [hq]\n    \
    when: {portal.uid: d-front}\n    until: 2026-11-22\n    owner: guard\n    reason: new badges\n";

#[test]
fn an_exception_silences_at_its_site_until_its_day_is_over_and_is_counted() {
    let files = [file("r.yml", REFUSED), file("my.exceptions.yml", EXCEPTION)];
    let set = Arc::new(loaded(&files));
    let (rules, detector) = said(&set, &[refused(0, "23:59:59", "d-front")]);
    assert!(rules.is_empty());
    assert_eq!(detector.stats().excepted["cleaners"], 1);
    assert_eq!(said(&set, &[refused(0, "23:59:59", "d-office")]).0, ["refused"]);
    let mut next_day = refused(0, "09:00:00", "d-front");
    next_day.time = at("23:59:59").plus(std::time::Duration::from_secs(1));
    assert_eq!(said(&set, &[next_day]).0, ["refused"]);
    let mut elsewhere = refused(0, "09:00:00", "d-front");
    elsewhere.site = Some(place("plant"));
    elsewhere.ocsf.insert("portal", model::value::Value::Null);
    assert_eq!(said(&set, &[elsewhere]).0, ["refused"]);
    let meta = set.exceptions().next().unwrap();
    assert_eq!((meta.owner.as_str(), meta.reason.as_str()), ("guard", "new badges"));
}

#[test]
fn an_exception_of_a_correlation_keeps_events_out_of_its_count() {
    let twice = "title: Twice\nid: twice\ncorrelation: {type: event_count, rules: [refused], \
                 group-by: [person], timespan: 5m, condition: {gte: 2}}\n";
    let exception = EXCEPTION.replace("[refused]", "[twice]");
    let files =
        [file("r.yml", REFUSED), file("t.yml", twice), file("my.exceptions.yml", &exception)];
    let set = Arc::new(loaded(&files));
    let at_front = [refused(0, "09:00:00", "d-front"), refused(1, "09:00:01", "d-front")];
    let (rules, detector) = said(&set, &at_front);
    assert!(rules.is_empty());
    assert_eq!(detector.stats().excepted["cleaners"], 2);
    let beside = [refused(0, "09:00:00", "d-office"), refused(1, "09:00:01", "d-office")];
    assert_eq!(said(&set, &beside).0, ["twice"]);
}

#[test]
fn exceptions_and_sets_that_cannot_stand_are_named_with_their_line() {
    let exception = |change: (&str, &str)| {
        named(&[
            file("r.yml", REFUSED),
            file("my.exceptions.yml", &EXCEPTION.replace(change.0, change.1)),
        ])
    };
    let head = "my.exceptions.yml:2:5: error: the exception `cleaners`";
    for (change, line) in [
        (
            ("2026-11-22", "soon"),
            format!(
                "{head} has `until: soon`; write a day such as 2027-01-31, or RFC 3339 \
                 [wrong_value]"
            ),
        ),
        (("new badges", "' '"), format!("{head} gives no `reason` [no_reason]")),
        (
            ("portal.uid: d-front", "castellan.presence.state: in"),
            format!(
                "{head} asks `castellan.presence.state`; presence may be unknown, and not knowing \
                 must not add a finding [asks_presence]"
            ),
        ),
        (
            ("portal.uid: d-front", "castellan.person_status: left"),
            format!(
                "{head} asks what is not there: nothing fills the field \
                 `castellan.person_status`; meant `castellan.person.status`? [unknown_field]"
            ),
        ),
        (
            ("portal.uid: d-front", "portal.uid|kontains: d-front"),
            format!("{head} has a wrong `when`: Unknown modifier 'kontains' [wrong_value]"),
        ),
        (
            ("rules: [refused]", "rules: [refusd]"),
            "my.exceptions.yml:2:5: warning: the exception `cleaners` names a rule `refusd` that \
             is not there; correct the id or take it out [unknown_rule]"
                .to_owned(),
        ),
    ] {
        assert_eq!(exception(change), [line]);
    }
    let set = |text: &str| named(&[file("r.yml", REFUSED), file("a.sets.yml", text)]);
    assert_eq!(
        set("sets:\n  - name: q\n    enabled: false\n    rules: {ids: [refused]}\n"),
        ["a.sets.yml:2:5: error: the set `q` is off without a `reason` [no_reason]"]
    );
    assert_eq!(
        set("sets:\n  - name: q\n    enabled: true\n    rules: {}\n"),
        ["a.sets.yml:2:5: error: the set `q` names no rules: give `ids`, `folders`, `tags`, \
          `levels`, `statuses`, `products`, `categories` or `services` [empty_set]"]
    );
    assert_eq!(
        set("sets:\n  - name: q\n    enabled: true\n    rules: {ids: [gone]}\n"),
        ["sets: warning: the set `q` holds no rule: look at its `rules` [unused]"]
    );
    assert!(set("sets:\n  - nam: q\n")[0].starts_with("a.sets.yml:2:"));
}

#[test]
fn rules_that_look_for_the_same_all_speak() {
    let twin = REFUSED.replace("id: refused\nname: refusal", "id: twin").replace("low", "high");
    let other = twin.replace("id: twin", "id: other").replace("activity_id: 2", "activity_id: 1");
    let files = [file("r.yml", REFUSED), file("t.yml", &twin), file("o.yml", &other)];
    let set = Arc::new(loaded(&files));
    assert_eq!(said(&set, &[refused(0, "09:00:00", "d-front")]).0.len(), 2);
}

const OKTA: &str = "title: Suspended\nid: o\nlogsource: {product: okta, service: okta}\n\
    detection: {s: {eventType: user.lifecycle.suspend, severity: INFO}, condition: s}\n";

#[test]
fn another_s_rule_finds_our_events_and_its_own() {
    let places = "logsources:\n  - rule: {product: okta}\n    here: [{product: okta}]\n    \
                  fields: {eventType: metadata.event_code, severity: unmapped.severity}\n";
    let set = loaded(&[file("o.yml", OKTA), file("a.logsources.yml", places)]);
    let mut ours = event(
        0,
        "hosts",
        at("09:00:00"),
        "account_change",
        json!({
            "class_uid": 3001, "severity": "Informational",
            "metadata": {"event_code": "user.lifecycle.suspend"}, "unmapped": {"severity": "INFO"},
        }),
    );
    ours.logsource.product = Some("okta".into());
    let mut found = Vec::new();
    set.matches(&ours, &mut found);
    assert_eq!(found.len(), 1);
    assert_eq!(matching(&set, &ours).len(), 1);
    let own = json!({"eventType": "user.lifecycle.suspend", "severity": "INFO"});
    assert_eq!(matching(&set, &detect::eval::event_of(0, own).unwrap()).len(), 1);
    ours.logsource.product = Some("auth0".into());
    found.clear();
    set.matches(&ours, &mut found);
    assert!(found.is_empty());
}

#[test]
fn a_rule_whose_events_nobody_gives_is_named_with_its_log_source() {
    let world = World {
        heard: vec![Heard { product: "okta".into(), words: ["authentication".to_owned()].into() }],
        attributes: [
            ("activity_id".to_owned(), Below::Nothing),
            ("user".to_owned(), Below::Anything),
        ]
        .into(),
        objects: Vec::new(),
    };
    let both = "title: Both\nid: both\ncorrelation: {type: temporal, rules: [o, refused], \
                group-by: [usr.name], timespan: 5m}\n";
    let unheard = |files: &[RuleFile]| -> Vec<String> {
        let set = loaded(files);
        set.unheard(&world).iter().map(ToString::to_string).collect()
    };
    let files = [file("o.yml", OKTA), file("r.yml", REFUSED), file("b.yml", both)];
    assert_eq!(
        unheard(&files),
        [
            "b.yml:2:1: warning: can never fire here: it needs `o`, whose events no mapping gives \
             [never_heard]",
            "b.yml:2:1: warning: groups by what is never present: nothing fills `usr.name`; meant \
             `user`? [unknown_field]",
            "o.yml:2:1: warning: can never fire here: no mapping gives the log source okta/okta; \
             add a mapping, or an entry in a `.logsources.yml` [never_heard]",
            "r.yml:2:1: warning: can never fire here: no mapping gives the log source \
             test/physical_access; add a mapping, or an entry in a `.logsources.yml` [never_heard]",
        ]
    );
    let places = file(
        "a.logsources.yml",
        "logsources: [{rule: {product: okta}, here: [{product: okta}]}]\n",
    );
    assert_eq!(unheard(&[file("o.yml", OKTA), places]), Vec::<String>::new());
    let given = "title: G\nid: given\nlogsource: {product: okta}\ndetection: {s: {user: a}, \
                 condition: s}\n";
    let alone = "title: A\nid: alone\ncorrelation: {type: event_count, rules: [given], group-by: \
                 [user], timespan: 5m, condition: {gte: 1}}\ncastellan: {without: {rules: [o], \
                 when: after, heard_by: [identity]}}\n";
    let found = unheard(&[file("g.yml", given), file("o.yml", OKTA), file("a.yml", alone)]);
    assert_eq!(
        found.first().map(String::as_str),
        Some(
            "a.yml:2:1: warning: looks for what has no `o`, whose events no mapping gives: all of \
             it would be found; add a mapping, or turn this rule off [never_heard]"
        )
    );
}

#[test]
fn a_misspelt_attribute_is_told_at_any_depth_of_rules_for_any_product() {
    let world = World {
        heard: vec![Heard { product: "okta".into(), words: ["authentication".to_owned()].into() }],
        attributes: [
            ("activity_id".to_owned(), Below::Nothing),
            ("actor".to_owned(), Below::Object(0)),
            ("unmapped".to_owned(), Below::Anything),
        ]
        .into(),
        objects: vec![
            [("user".to_owned(), Below::Object(1))].into(),
            [("name".to_owned(), Below::Nothing), ("uid".to_owned(), Below::Nothing)].into(),
        ],
    };
    let told = |logsource: &str, field: &str| -> Vec<String> {
        let text = format!(
            "title: A\nid: a\nlogsource: {{{logsource}}}\ndetection:\n  s:\n    {field}: x\n  \
             condition: s\n"
        );
        let files = [file("a.yml", &text)];
        let problems = detect::told(loaded(&files).unheard(&world), &files);
        problems.iter().map(ToString::to_string).collect()
    };
    let ours = "category: authentication";
    for good in ["activity_id", "actor.user.name", "actor.user.uid|startswith", "unmapped.a.b"] {
        assert_eq!(told(ours, good), Vec::<String>::new(), "{good}");
    }
    let one = |field: &str| told(ours, field).first().cloned().unwrap_or_default();
    assert_eq!(
        one("actor.usr.name|contains"),
        "a.yml:6:5: warning: nothing fills `actor.usr.name`; meant `actor.user.name`? \
         [unknown_field]"
    );
    assert!(one("activty_id").contains("meant `activity_id`?"), "{}", one("activty_id"));
    assert!(one("activity_id.x").contains("is a value, with no `x`"), "{}", one("activity_id.x"));
    assert!(one("actor.process").contains("`actor` has no `process`"), "{}", one("actor.process"));
    // A product's own names may go on below a word that OCSF has, too.
    assert_eq!(told("product: okta", "actor.alternateId"), Vec::<String>::new());
}
