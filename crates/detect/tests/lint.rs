//! What `rules check` says.

#![expect(clippy::indexing_slicing, reason = "tests fail by panicking")]

use detect::{RuleFile, RuleSet};

fn problems(text: &str) -> Vec<String> {
    let file = RuleFile { path: "a.yml".into(), text: text.into() };
    let (rules, mut problems) = RuleSet::load(&[file]);
    problems.extend(rules.check());
    problems.iter().map(ToString::to_string).collect()
}

const OWNED: &str = "castellan: {team: soc, sop: [Look.]}";

fn check(detection: &str, rest: &str, expected: &[&str]) {
    let text = format!(
        "title: T\nid: t\nlogsource: {{category: x}}\ndetection:\n  s: {detection}\n  \
         condition: s\n{rest}\n"
    );
    let found = problems(&text);
    assert_eq!(found, expected, "{text}");
}

#[test]
fn each_fault_is_named_with_its_place_and_a_way_out() {
    check("{a: 1}", OWNED, &[]);
    check(
        "{castellan.persn.status: left}",
        OWNED,
        &["a.yml:2:1: error: nothing fills the field `castellan.persn.status`; \
         meant `castellan.person.status`? [unknown_field]"],
    );
    check(
        "{a: 1}",
        "castellan: {teem: soc, sop: [Look.]}",
        &[
            "a.yml:7:1: error: unknown key `teem` under `castellan`; meant `team`? [unknown_key]",
            "a.yml:2:1: warning: the rule `t` names no team: who owns its findings? [no_team]",
        ],
    );
    check(
        "{a: 1}",
        "castellan: {team: soc, sop: [L.], because: 'by {actor.user.name}'}",
        &[
            "a.yml:2:1: warning: `because` shows `actor.user.name`; show `castellan.person` instead \
         [names_people]",
        ],
    );
    check(
        "{a: 1}",
        "castellan: {team: SOC, sop: [L.], emit: later, because: 'x {y'}",
        &[
            "a.yml:7:1: error: `SOC` is not an id: a-z, 0-9, dot, dash and underscore, at most 64, \
         beginning with a letter or digit [wrong_value]",
            "a.yml:7:1: error: `{` without `}` in `x {y` [wrong_value]",
            "a.yml:7:1: error: `emit` is `early` or `final`, not `later` [wrong_value]",
            "a.yml:2:1: warning: the rule `t` names no team: who owns its findings? [no_team]",
        ],
    );
}

#[test]
fn correlations_that_cannot_work_are_refused() {
    let text = |correlation: &str| {
        format!(
            "title: C\nid: c\ncorrelation: {correlation}\ncastellan: {{team: soc, sop: [L.]}}\n"
        )
    };
    let rule = "---\ntitle: A\nid: a\nlogsource: {category: x}\n\
                detection: {s: {b: 1}, condition: s}\n";
    for (correlation, code) in [
        ("{type: event_count, rules: [gone], timespan: 5m, condition: {gte: 2}}", "unknown_rule"),
        ("{type: event_count, rules: [a], timespan: 5m, condition: {gte: many}}", "invalid_rule"),
        ("{type: event_count, rules: [a], timespan: 5m, condition: {gte: 200000}}", "too_many"),
        ("{type: value_sum, rules: [a], timespan: 5m, condition: {gte: 2}}", "no_field"),
        ("{type: temporal, rules: [a], timespan: 5m, condition: {gte: 2}}", "never_fires"),
        ("{type: temporal, rules: [a], timespan: 5m, condition: {lt: 2}}", "unsupported"),
        ("{type: temporal_ordered, rules: [a, a], timespan: 5m, condition: a}", "unsupported"),
        (
            "{type: value_percentile, rules: [a], timespan: 5m, condition: {gte: 2, field: b, \
             percentile: 101}}",
            "wrong_value",
        ),
        ("{type: value_count, rules: [a], timespan: 5m, condition: {gte: 2}}", "no_field"),
    ] {
        let found = problems(&(text(correlation) + rule));
        assert!(found.iter().any(|line| line.ends_with(&format!("[{code}]"))), "{found:#?}");
    }
}

#[test]
fn two_rules_of_one_id_are_both_named() {
    let rule = "title: T\nid: t\nlogsource: {category: x}\ndetection: {s: {a: 1}, condition: s}\n";
    let file = |path: &str| RuleFile { path: path.into(), text: rule.into() };
    let (rules, problems) = RuleSet::load(&[file("a.yml"), file("b.yml")]);
    assert_eq!(rules.len(), 1);
    let line = "b.yml:2:1: error: the id `t` is already taken by a.yml:2; give this rule its \
                own [duplicate_id]";
    assert_eq!(problems[0].to_string(), line);
}

#[test]
fn text_that_is_no_rule_says_where() {
    for text in ["title: [", "title: T\nlogsource: {category: x}\n", "- a\n"] {
        let found = problems(text);
        assert!(found.iter().any(|line| line.contains("error")), "{text}: {found:#?}");
    }
}
