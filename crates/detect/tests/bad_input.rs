//! What is wrong with a rule is said with file, line and a way out; the other rules keep running.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use detect::eval::{event_of, matching};
use detect::{RuleFile, RuleSet};
use serde_json::json;

const GOOD: &str = "title: Good\nid: good\nlogsource: {category: x}\n\
                    detection: {s: {a: 1}, condition: s}\n";

fn good() -> RuleFile {
    RuleFile { path: "good.yml".into(), text: GOOD.into() }
}

/// Loads a bad file beside a good one; the good rule must still fire.
fn complaints(text: &str) -> Vec<String> {
    let bad = RuleFile { path: "bad.yml".into(), text: text.into() };
    let (set, mut problems) = RuleSet::load(&[bad, good()]);
    let event = event_of(0, json!({"a": 1})).unwrap();
    let fired = matching(&set, &event);
    assert!(fired.iter().any(|id| id.as_str() == "good"), "{text}: {fired:?}");
    problems.extend(set.check().into_iter().filter(|p| p.file == "bad.yml"));
    problems.retain(|problem| !matches!(problem.code.as_str(), "no_team" | "no_sop"));
    problems.iter().map(ToString::to_string).collect()
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(complaints(text), expected, "{text}");
}

/// A rule with one detection, from line 5 on.
fn rule(detection: &str, condition: &str) -> String {
    format!(
        "title: Bad\nid: bad\nlogsource:\n  category: x\ndetection:\n  s:\n    {detection}\n  \
         condition: {condition}\n"
    )
}

#[test]
fn a_syntax_error_has_its_line() {
    check(
        "title: Bad\nid: bad\nlogsource:\n  category: x\ndetection:\n  s:\n    a: [1, 2\n  \
         condition: s\n",
        &["bad.yml:8:12: error: not readable as YAML: did not find expected ',' or ']'; mind \
           indents, quotes and brackets [invalid_yaml]"],
    );
}

#[test]
fn a_document_that_cannot_be_read_hides_no_other_of_its_file() {
    let text = format!("{}---\ntitle: [\n---\n{}", rule("b: 1", "s"), GOOD.replace("good", "two"));
    let bad = RuleFile { path: "bad.yml".into(), text };
    let (set, problems) = RuleSet::load(&[bad]);
    assert_eq!(set.len(), 2);
    let lines: Vec<_> = problems.iter().map(|p| p.position.unwrap().line).collect();
    assert_eq!(lines, [11]);
}

#[test]
fn an_unknown_modifier_is_named_where_it_stands() {
    check(
        &rule("a|contans: b", "s"),
        &["bad.yml:7:7: error: there is no modifier `contans`; meant `contains`? \
           [unknown_modifier]"],
    );
    check(
        &rule("a|zzzzzzzzzz: b", "s"),
        &["bad.yml:7:7: error: there is no modifier `zzzzzzzzzz` [unknown_modifier]"],
    );
}

#[test]
fn an_unknown_field_of_ours_is_named() {
    check(
        &rule("castellan.persn.status: left", "s"),
        &["bad.yml:2:1: error: nothing fills the field `castellan.persn.status`; meant \
           `castellan.person.status`? [unknown_field]"],
    );
}

#[test]
fn a_regular_expression_that_explodes_is_refused_and_one_that_backtracks_is_not_run_so() {
    check(
        &rule("a|re: '((x{1,1000}){1,1000}){1,1000}'", "s"),
        &["bad.yml:8:3: error: the regular expression grows beyond 10 MiB when compiled; bound \
           its repetitions (`{1,100}` of `{1,100}` multiply) [regex_too_large]"],
    );
    // What sends others into exponential time is linear here.
    let text = rule("a|re: '(x+x+)+y'", "s");
    let (set, problems) = RuleSet::load(&[RuleFile { path: "r.yml".into(), text }]);
    assert!(problems.is_empty(), "{problems:#?}");
    let event = event_of(0, json!({"a": "x".repeat(200_000)})).unwrap();
    assert!(matching(&set, &event).is_empty());
}

#[test]
fn a_regular_expression_beyond_the_engine_says_why() {
    let found = complaints(&rule("a|re: '(?<=x)y'", "s"));
    assert_eq!(found.len(), 1);
    let line = found.first().unwrap();
    assert!(line.starts_with("bad.yml:8:3: error: not a regular expression that can be run in"));
    assert!(line.contains("look-around"), "{line}");
}

#[test]
fn a_condition_that_names_nothing_is_named() {
    let found = complaints(&rule("a: 1", "s and gone"));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found.iter().all(|line| line.contains("`gone`") || line.contains("gone")), "{found:?}");
}

fn correlation(rest: &str) -> String {
    format!("title: C\nid: c\ncorrelation:\n  type: event_count\n  {rest}\n")
}

#[test]
fn a_correlation_of_a_rule_that_is_not_there_is_named() {
    check(
        &correlation("rules: [god]\n  timespan: 5m\n  condition: {gte: 2}"),
        &["bad.yml:5:3: error: there is no rule `god`; meant `good`? [unknown_rule]"],
    );
}

#[test]
fn a_timespan_of_zero_or_of_nothing_is_named() {
    check(
        &correlation("rules: [good]\n  timespan: 0s\n  condition: {gte: 2}"),
        &["bad.yml:6:3: error: the timespan is zero, so no two events fit into it; give it at \
           least 1s [zero_timespan]"],
    );
    check(
        &correlation("rules: [good]\n  timespan: soon\n  condition: {gte: 2}"),
        &["bad.yml:6:13: error: `soon` is no timespan; write a number and s, m, h or d, as in 5m \
           [wrong_timespan]"],
    );
}

#[test]
fn a_circle_of_correlations_is_named_with_its_way() {
    let one = |id: &str, of: &str| {
        format!(
            "title: {id}\nid: {id}\ncorrelation:\n  type: event_count\n  rules: [{of}]\n  \
             timespan: 5m\n  condition: {{gte: 2}}\n"
        )
    };
    let text = [one("a", "b"), one("b", "c"), one("c", "a"), one("d", "a")].join("---\n");
    check(
        &text,
        &[
            "bad.yml:5:3: error: correlations in a circle: `a` -> `b` -> `c` -> `a`; take one of \
             these references out [cycle]",
            "bad.yml:13:3: error: correlations in a circle: `b` -> `c` -> `a` -> `b`; take one of \
             these references out [cycle]",
            "bad.yml:21:3: error: correlations in a circle: `c` -> `a` -> `b` -> `c`; take one of \
             these references out [cycle]",
            "bad.yml:29:3: error: there is no rule `a`; meant `good`? [unknown_rule]",
        ],
    );
    check(
        &one("a", "a"),
        &["bad.yml:5:3: error: correlations in a circle: `a` -> `a`; take one of these \
             references out [cycle]"],
    );
}

/// Not knowing where somebody is makes fewer matches; it must never make a finding.
#[test]
fn where_fewer_matches_make_more_findings_no_rule_may_ask_presence() {
    let asks = "title: Asks\nid: asks\nlogsource: {category: x}\ndetection: {s: \
                {castellan.presence.state: in}, condition: s}\n---\n";
    for rest in [
        "correlation: {type: event_count, rules: [asks], timespan: 5m, condition: {lt: 2}}",
        "correlation: {type: value_avg, rules: [asks], timespan: 5m, condition: {gt: 2, field: a}}",
        "correlation: {type: event_count, rules: [good], timespan: 5m, condition: {gte: 2}}\n\
         castellan: {reset_by: [asks]}",
        "correlation: {type: event_count, rules: [good], timespan: 5m, condition: {gte: 1}}\n\
         castellan: {without: {rules: [twice], when: after, heard_by: [door]}}\n---\ntitle: T\n\
         id: twice\ncorrelation: {type: event_count, rules: [asks], timespan: 5m, condition: \
         {gte: 2}}",
    ] {
        let found = complaints(&format!("{asks}title: C\nid: c\n{rest}\n"));
        assert_eq!(found.len(), 1, "{rest}: {found:#?}");
        assert!(found.iter().all(|line| line.ends_with("[asks_presence]")), "{found:#?}");
    }
    let more = "correlation: {type: event_count, rules: [asks], timespan: 5m, condition: {gte: 2}}";
    assert_eq!(complaints(&format!("{asks}title: C\nid: c\n{more}\n")), Vec::<String>::new());
}

#[test]
fn two_rules_of_one_id_are_both_named() {
    check(
        &GOOD.replace("Good", "Twin"),
        &["good.yml:2:1: error: the id `good` is already taken by bad.yml:2; give this rule its \
           own [duplicate_id]"],
    );
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let text = format!("{GOOD}# {}\n", "x".repeat(10 << 20));
    let size = text.len();
    let bad = RuleFile { path: "bad.yml".into(), text };
    let (set, problems) = RuleSet::load(&[bad, good()]);
    assert_eq!(set.len(), 1);
    let line = format!(
        "bad.yml: error: the file has {size} bytes, at most 2097152 are read; split it [too_large]"
    );
    assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [line]);
}

#[test]
fn a_group_key_that_no_event_has_joins_nothing_and_is_counted() {
    let text = correlation(
        "rules: [good]\n  group-by: [nothing.has.this]\n  timespan: 5m\n  condition: {gte: 2}",
    );
    let files = [RuleFile { path: "c.yml".into(), text }, good()];
    let (set, problems) = RuleSet::load(&files);
    assert!(problems.is_empty(), "{problems:#?}");
    let set = std::sync::Arc::new(set);
    let mut detector = common::detector(&set);
    let events: Vec<_> = (0..3)
        .map(|n| {
            common::event(n, "hosts", common::at("09:00:00"), "x", json!({"class_uid": 1, "a": 1}))
        })
        .collect();
    let mut found = common::feed(&mut detector, &events);
    detector.finish(&mut found);
    assert!(found.is_empty());
    assert_eq!(detector.stats().ungrouped, 3);
}

/// A correlation of our own kind, its `castellan:` block from line 9 on.
fn ours(group: &str, span: &str, block: &str) -> String {
    format!(
        "title: C\nid: c\ncorrelation:\n  type: event_count\n  rules: [good]\n  {group}\n  \
         timespan: {span}\n  condition: {{gte: 1}}\ncastellan:\n{block}\n"
    )
}

const BY: &str = "group-by: [person]";

#[test]
fn a_travel_rule_that_cannot_work_says_what_to_do() {
    check(&ours(BY, "12h", "  travel: {}"), &[]);
    check(
        &ours("group-by: [place]", "12h", "  travel: {}"),
        &["bad.yml:2:1: error: the correlation can never fire: sightings that share `place` are \
           not apart; group by a person [never_fires]"],
    );
    check(
        &ours("generate: false", "12h", "  travel: {}"),
        &["bad.yml:3:1: error: `travel` needs `group-by`: whose sightings are compared? As in \
           `group-by: [person]` [no_group]"],
    );
    check(
        &ours(BY, "0s", "  travel: {}"),
        &["bad.yml:7:3: error: the timespan is zero, so no two events fit into it; give it at \
           least 1s [zero_timespan]"],
    );
    check(
        &ours(BY, "12h", "  travel:\n    seen_at: {god: device}"),
        &["bad.yml:11:5: error: there is no rule `god`; meant `good`? [unknown_rule]"],
    );
    check(
        &ours(BY, "12h", "  travel:\n    seen_at: {good: desk}"),
        &["bad.yml:11:5: error: `seen_at` of `good` is `place`, `device`, `src` or `dst`, not \
           \"desk\" [wrong_value]"],
    );
    check(
        &ours(BY, "12h", "  travel:\n    speed_max: 0\n    share: 2\n    between_sites: far"),
        &[
            "bad.yml:13:5: error: `far` is no duration for `between_sites`; write it as in 30s, \
             10m or 14d [wrong_value]",
            "bad.yml:11:5: error: `speed_max` is a number from 1 to 100000, not 0 [wrong_value]",
            "bad.yml:12:5: error: `share` is a number from 0.05 to 1, not 2 [wrong_value]",
        ],
    );
    check(
        &ours(BY, "12h", "  travel:\n    sped_max: 5"),
        &["bad.yml:11:5: error: unknown key `sped_max` under `travel`; it takes seen_at, \
           between_sites, speed_max, share [unknown_key]"],
    );
}

#[test]
fn a_conflict_that_cannot_work_says_what_to_do() {
    let block = |witnesses: &str, against: &str, rest: &str| {
        let block =
            format!("  conflict:\n    witnesses: {witnesses}\n    against: {against}\n    {rest}");
        ours("group-by: [place]", "60s", block.trim_end())
    };
    let other = "{other: {kind: presence}}";
    let more = "---\ntitle: O\nid: other\nlogsource: {category: y}\ndetection: {s: {a: 1}, \
                condition: s}\n";
    let good = "{good: {kind: door}}";
    check(&(block(good, other, "") + more), &[]);
    check(
        &(block("{good: {kind: ghost}}", other, "") + more),
        &[
            "bad.yml:9:1: error: `kind` of `good` is one of presence, door, camera, network, \
             identity, lane [wrong_value]",
            "bad.yml:10:3: error: `conflict` needs `witnesses`: rules, each with its kind \
             [wrong_value]",
        ],
    );
    check(
        &block(good, other, ""),
        &["bad.yml:12:5: error: there is no rule `other`; correct its id or name, or mend it if \
           it did not load [unknown_rule]"],
    );
    check(
        &(block(good, good, "") + more),
        &["bad.yml:12:5: error: `good` cannot be a witness against itself [never_fires]"],
    );
    check(
        &(block("{good: {kind: door, counts: n}}", other, "") + more),
        &["bad.yml:9:1: error: `counts` goes with `differ_by`: by how many must the counts \
           differ? [wrong_value]"],
    );
    check(
        &(block(good, other, "differ_by: 0") + more),
        &["bad.yml:13:5: error: `differ_by` is a whole number from 1 to 1000000, not 0 \
           [wrong_value]"],
    );
}

#[test]
fn a_baseline_that_cannot_work_says_what_to_do() {
    let of = |span: &str, block: &str| ours(BY, span, &format!("  baseline: {block}"));
    check(&of("90d", "{unusual: first, field: zone, learn: 14d}"), &[]);
    check(
        &of("90d", "{unusual: first, field: person, learn: 14d}"),
        &["bad.yml:2:1: error: the correlation can never fire: what a group is named by is never \
           new to it; take `field` out of `group-by` [never_fires]"],
    );
    check(
        &of("90d", "{unusual: first, learn: 14d}"),
        &["bad.yml:9:1: error: `unusual: first` needs `field`: the first time of what? \
           [wrong_value]"],
    );
    check(
        &of("90d", "{unusual: odd, field: zone, learn: 14d}"),
        &["bad.yml:9:1: error: `unusual` is `first`, `hour` or `rate` [wrong_value]"],
    );
    check(
        &of("90d", "{unusual: first, field: zone}"),
        &["bad.yml:10:3: error: `baseline` needs `learn`, as in 14d: nothing is said of a group \
           known for less [wrong_value]"],
    );
    check(
        &of("90d", "{unusual: hour, learn: 7d}"),
        &["bad.yml:9:1: error: an hour of the week comes once a week; `learn` at least 14d \
           [wrong_value]"],
    );
    check(
        &of("1y", "{unusual: hour, learn: 28d}"),
        &["bad.yml:7:3: error: for hours of the week `timespan` is from 2w to 32w: so many weeks \
           are kept [wrong_value]"],
    );
    check(
        &of("1h", "{unusual: rate, learn: 14d, rare: 0.1, peers_at_most: 0.2}"),
        &[
            "bad.yml:9:1: error: `rare` goes with `unusual: hour` [wrong_value]",
            "bad.yml:9:1: error: `peers_at_most` needs `peers`: the field that peers have in \
             common [wrong_value]",
        ],
    );
    check(
        &ours(BY, "1h", "  travel: {}\n  baseline: {unusual: rate, learn: 14d}"),
        &["bad.yml:11:3: error: `travel` and `baseline` cannot be in one rule; make two of it \
           [wrong_value]"],
    );
    let of_two = ours(BY, "1h", "  travel: {}").replace("gte: 1", "gte: 2");
    check(
        &of_two,
        &["bad.yml:4:3: error: `travel` goes with `type: event_count` and `condition: {gte: 1}`; \
           let another correlation count what it finds [unsupported]"],
    );
    let chained = format!(
        "{}---\ntitle: D\nid: d\ncorrelation: {{type: event_count, rules: [c], group-by: \
         [person], timespan: 5m, condition: {{gte: 1}}}}\ncastellan: {{travel: {{}}}}\n",
        ours(BY, "12h", "  travel: {}")
    );
    let found = complaints(&chained);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found.iter().all(|l| l.contains("`c` is a correlation [unsupported]")), "{found:?}");
}

#[test]
fn what_learns_may_not_ask_presence() {
    let asks = "title: Asks\nid: asks\nlogsource: {category: x}\ndetection: {s: \
                {castellan.presence.state: in}, condition: s}\n---\n";
    for block in [
        "  travel: {}",
        "  baseline: {unusual: rate, learn: 14d}",
        "  conflict: {witnesses: {asks: {kind: door}}, against: {good: {kind: presence}}}",
        "  conflict: {witnesses: {good: {kind: door}}, against: {asks: {kind: presence}}}",
    ] {
        let mut text = ours(BY, "12h", block);
        if !block.contains("against: {asks") {
            text = text.replace("rules: [good]", "rules: [asks]");
        }
        let found = complaints(&format!("{asks}{text}"));
        assert_eq!(found.len(), 1, "{block}: {found:#?}");
        assert!(found.iter().all(|line| line.ends_with("[asks_presence]")), "{found:#?}");
    }
}
