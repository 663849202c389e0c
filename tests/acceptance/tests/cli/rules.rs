//! `castellan rules check`, `test` and `eval`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::scratch::{Scratch, repository, shared};
use crate::shapes;

const BEFORE: &str = r#"title: Whoami
id: whoami
status: stable
logsource:
  category: process_creation
detection:
  selection:
    CommandLine|contains: whoami
  condition: selection
level: low
"#;

#[test]
fn shipped_rules_load_and_pass_their_cases() {
    let scratch = Scratch::new();
    let rules = repository().join("content/rules");
    let rules = rules.to_str().unwrap();
    scratch.run(&["rules", "check", rules]).ends(0).says(" 0 problems");
    let ran = scratch.run(&["--format", "json", "rules", "test", rules]).ends(0);
    let cases = ran.lines();
    assert!(cases.len() > 50, "{}", cases.len());
    for case in &cases {
        assert_eq!(case["passed"], true, "{case}");
        assert!(case["rule"].is_string() && case["case"].is_string(), "{case}");
    }
    ran.says(&format!("{} passed, 0 failed", cases.len()));
    // A part of the folder starts from the same organisation as the whole.
    let doors = format!("{rules}/doors");
    scratch.run(&["rules", "test", &doors]).ends(0).says(" 0 failed");
}

#[test]
fn every_rule_of_sigmahq_loads() {
    let Some(folder) = shared("sigma-rules") else { return };
    let scratch = Scratch::new();
    scratch.write("rules/.keep", "");
    let tar = std::process::Command::new("tar")
        .arg("xzf")
        .arg(folder.join("sigma-rules.tar.gz"))
        .arg("-C")
        .arg(scratch.path("rules"))
        .status();
    assert!(tar.unwrap().success());
    let ran = scratch.run(&["--format", "json", "rules", "check", "rules"]);
    let errors: Vec<Value> =
        ran.lines().into_iter().filter(|problem| problem["gravity"] == "error").collect();
    assert!(errors.is_empty(), "{} errors, such as {}", errors.len(), errors[0]);
    let ran = ran.ends(0);
    let rules: u64 =
        ran.stderr.trim().rsplit('\n').next().unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(rules >= 3_754, "{}", ran.stderr);
    // Those that no mapping gives events for are said to be so, each with its log source.
    let unheard: Vec<Value> =
        ran.lines().into_iter().filter(|problem| problem["code"] == "never_heard").collect();
    ran.says(&format!("{} have no events here: 1415 windows/process_creation,", unheard.len()));
    assert!(unheard.len() > 2_900 && unheard.len() < 3_400, "{}", unheard.len());
    let is_of = |problem: &&Value, part: &str| problem["file"].as_str().unwrap().contains(part);
    assert!(!unheard.iter().any(|p| is_of(&p, "identity/okta") || is_of(&p, "builtin/sshd")));
    let message = unheard.iter().find(|p| is_of(p, "zeek_http")).unwrap()["message"].as_str();
    assert!(message.unwrap().contains("log source zeek/http"), "{message:?}");
}

/// The specification's own sample rules load; those that name rules that the specification does
/// not give are named so, and nothing else is wrong with them.
#[test]
fn the_specification_s_rules_load() {
    let Some(folder) = shared("sigma-spec") else { return };
    let scratch = Scratch::new();
    let samples = folder.join("tests/schema");
    let ran =
        scratch.run(&["--format", "json", "rules", "check", samples.to_str().unwrap()]).ends(1);
    let problems = ran.lines();
    let is_error = |problem: &&Value| problem["gravity"] == "error";
    // Two samples are one rule in two taxonomies, under one id.
    let is_twin = |problem: &&Value| problem["code"] == "duplicate_id";
    for error in problems.iter().filter(is_error).filter(|problem| !is_twin(problem)) {
        assert_eq!(error["code"], "unknown_rule", "{error}");
        assert!(error["file"].as_str().unwrap().starts_with("correlation/"), "{error}");
    }
    // With the rules that they name, they load too.
    const KINDS: [&str; 7] = [
        "event_count",
        "temporal",
        "temporal_ordered",
        "value_avg",
        "value_count",
        "value_percentile",
        "value_sum",
    ];
    for file in KINDS {
        let text = std::fs::read_to_string(samples.join(format!("correlation/{file}.yml")));
        let mut all = text.unwrap();
        let missing: BTreeSet<&str> = problems
            .iter()
            .filter(|p| p["file"] == format!("correlation/{file}.yml"))
            .filter_map(|p| p["message"].as_str()?.split('`').nth(1))
            .collect();
        for name in missing {
            all.push_str(&format!(
                "\n---\ntitle: T\nname: {name}\nlogsource: {{category: x}}\ndetection: {{s: \
                 {{a: 1}}, condition: s}}\n"
            ));
        }
        scratch.write(&format!("{file}/{file}.yml"), all);
        scratch.run(&["rules", "check", file]).ends(0);
    }
}

/// Every regression case's rule fires on an event of its case, in one run over all of them. A few
/// cases hold other processes' events beside the one that matters.
#[test]
fn sigma_regression_cases_fire() {
    let Some(folder) = shared("sigma-regression") else { return };
    let text = std::fs::read_to_string(folder.join("cases.jsonl")).unwrap();
    let scratch = Scratch::new();
    let (mut events, mut expected, mut names) = (String::new(), BTreeSet::new(), BTreeMap::new());
    let mut count = 0_u64;
    for case in crate::scratch::json_lines(&text) {
        let id = case["rule_id"].as_str().unwrap();
        scratch.write(&format!("rules/{id}.yml"), case["rule_yaml"].as_str().unwrap());
        names.insert(id.to_owned(), case["rule_path"].as_str().unwrap().to_owned());
        for event in case["events"].as_array().unwrap() {
            events.push_str(&format!("{event}\n"));
            expected.insert((count, id.to_owned()));
            count += 1;
        }
    }
    scratch.write("events.ndjson", events);
    let ran = scratch.run(&["rules", "eval", "--rules", "rules", "--events", "events.ndjson"]);
    let ran = ran.ends(0).says(&format!("{count} events"));
    let mut fired = BTreeSet::new();
    for line in ran.lines() {
        assert_eq!(line.as_object().unwrap().len(), 2, "{line}");
        fired.insert((line["event"].as_u64().unwrap(), line["rule"].as_str().unwrap().to_owned()));
    }
    let missed: Vec<_> = expected.difference(&fired).map(|(n, id)| (n, id, &names[id])).collect();
    let rules: BTreeSet<&String> = fired.intersection(&expected).map(|(_, id)| id).collect();
    println!("{} of {} rules fire", rules.len(), names.len());
    println!("{} of {} events fire; not: {missed:#?}", count - missed.len() as u64, count);
    let silent: Vec<_> = names.iter().filter(|(id, _)| !rules.contains(id)).collect();
    assert!(silent.is_empty(), "rules that never fire: {silent:#?}");
    assert!(missed.len() <= 14, "{missed:#?}");
}

#[test]
fn correlations_give_findings_beside_the_matches() {
    let scratch = Scratch::new();
    scratch.write(
        "rules/burst.yml",
        r#"title: Three refused log-ons
id: burst
status: stable
correlation:
  type: event_count
  rules: [burst.refused]
  group-by: [user.name]
  timespan: 5m
  condition:
    gte: 3
level: high
castellan:
  team: soc
  because: "{user.name} was refused {count} times."
---
title: A refused log-on
id: burst.refused
status: stable
logsource:
  category: authentication
detection:
  selection:
    class_uid: 3002
    status_id: 2
  condition: selection
level: informational
"#,
    );
    let event = |user: &str, seconds: u64, status: u64| {
        json!({"class_uid": 3002, "activity_id": 1, "status_id": status, "user": {"name": user},
            "time": 1_795_420_800_000_u64 + seconds * 1_000})
        .to_string()
    };
    // Out of order; Ben's three are too far apart; Ana's success does not count.
    let events = [
        event("ana", 20, 2),
        event("ana", 0, 2),
        event("ben", 0, 2),
        event("ana", 10, 1),
        event("ana", 40, 2),
        event("ben", 280, 2),
        event("ben", 900, 2),
    ];
    scratch.write("events.ndjson", events.join("\n"));
    let args = ["rules", "eval", "--rules", "rules", "--events", "events.ndjson", "--correlate"];
    let lines = scratch.run(&args).ends(0).lines();
    let (matches, findings): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|line| line.get("finding").is_none());
    let expected: Vec<Value> =
        [0, 1, 2, 4, 5, 6].map(|n| json!({"event": n, "rule": "burst.refused"})).into();
    assert_eq!(matches, expected);
    assert_eq!(findings.len(), 1, "{findings:?}");
    let finding = &findings[0];
    shapes::finding(finding);
    assert_eq!(finding["rule"], "burst");
    assert_eq!(finding["level"], "high");
    assert_eq!(finding["group"], json!({"user.name": "ana"}));
    assert_eq!(finding["because"], "ana was refused 3 times.");
    assert_eq!(finding["state"], "confirmed");
    let records: Vec<&Value> =
        finding["evidence"].as_array().unwrap().iter().map(|e| &e["record"]).collect();
    assert_eq!(records, [1, 0, 4]);
}

#[test]
fn a_rule_is_found_by_its_own_events_too() {
    let scratch = Scratch::new();
    scratch.write("whoami.yml", BEFORE);
    scratch.write(
        "events.ndjson",
        concat!(
            r#"{"Event":{"System":{"EventID":1},"EventData":{"CommandLine":"whoami /all"}}}"#,
            "\n",
            r#"{"CommandLine":"dir"}"#,
            "\n",
            r#"{"CommandLine":"cmd /c WHOAMI"}"#,
            "\n",
        ),
    );
    let args = ["rules", "eval", "--rules", "whoami.yml", "--events", "events.ndjson"];
    let ran = scratch.run(&args).ends(0);
    assert_eq!(
        ran.lines(),
        [json!({"event": 0, "rule": "whoami"}), json!({"event": 2, "rule": "whoami"})]
    );
}

#[test]
fn a_broken_rule_is_named_with_its_place_and_spoils_no_other() {
    let scratch = Scratch::new();
    scratch.write("rules/good.yml", BEFORE);
    scratch.write("rules/no-yaml.yml", "title: Broken\ndetection:\n  selection: [unclosed\n");
    let dangling =
        BEFORE.replace("condition: selection", "condition: selction").replace("id: w", "id: x");
    scratch.write("rules/dangling.yml", dangling);
    scratch.write(
        "rules/sum.yml",
        r#"title: Too much
id: too-much
correlation:
  type: value_sum
  rules: [whoami]
  group-by: [user.name]
  timespan: 0m
  condition:
    gte: 3
    field: bytes
level: low
"#,
    );
    let ran = scratch.run(&["--format", "json", "rules", "check", "rules"]).ends(1);
    let problems = ran.lines();
    for file in ["no-yaml.yml", "dangling.yml", "sum.yml"] {
        let is_of =
            |p: &&Value| p["file"].as_str().unwrap().ends_with(file) && p["gravity"] == "error";
        let problem = problems.iter().find(is_of);
        let problem = problem.unwrap_or_else(|| panic!("{file} is not named: {problems:?}"));
        assert!(problem["position"]["line"].as_u64().unwrap() >= 1, "{problem}");
        assert!(!problem["message"].as_str().unwrap().is_empty(), "{problem}");
    }
    let is_error = |p: &&Value| p["file"] == "good.yml" && p["gravity"] == "error";
    assert_eq!(problems.iter().filter(is_error).count(), 0, "{problems:?}");
    scratch.write("events.ndjson", "{\"CommandLine\":\"whoami\"}\n");
    let args = ["rules", "eval", "--rules", "rules", "--events", "events.ndjson"];
    let ran = scratch.run(&args).ends(0);
    assert_eq!(ran.lines(), [json!({"event": 0, "rule": "whoami"})]);
    ran.says("dangling.yml");
}

#[test]
fn a_failed_case_is_a_problem() {
    let scratch = Scratch::new();
    scratch.write("rules/whoami.yml", BEFORE);
    scratch.write("rules/whoami.cases.yml", r#"rule: whoami
cases:
  - name: matches what it should
    expect: match
    events:
      - { at: "10:00:00", source: hosts, category: process_creation, ocsf: { class_uid: 1007, CommandLine: whoami } }
  - name: expects too much
    expect: match
    events:
      - { at: "10:00:00", source: hosts, category: process_creation, ocsf: { class_uid: 1007, CommandLine: dir } }
"#);
    let ran = scratch.run(&["rules", "test", "rules"]).ends(1).says("1 passed, 1 failed");
    assert!(ran.stdout.contains("ok    whoami: matches what it should"), "{}", ran.stdout);
    assert!(ran.stdout.contains("FAIL  whoami: expects too much"), "{}", ran.stdout);
}

#[test]
fn events_that_are_not_json_fail_with_their_line() {
    let scratch = Scratch::new();
    scratch.write("whoami.yml", BEFORE).write("events.ndjson", "{\"a\":1}\n{\"a\":\n");
    let args = ["rules", "eval", "--rules", "whoami.yml", "--events", "events.ndjson"];
    scratch.run(&args).ends(1).says("line 2");
    let args = ["rules", "eval", "--rules", "nowhere.yml", "--events", "events.ndjson"];
    scratch.run(&args).ends(1).says("nowhere.yml");
}
