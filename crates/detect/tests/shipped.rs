//! The shipped rules and their own cases.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use detect::{RuleFile, RuleSet, cases};
use serde_json::Value;

fn shipped() -> Vec<RuleFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/rules");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "yml") {
                let text = std::fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                files.push(RuleFile { path, text });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

#[test]
fn shipped_rules_load_and_each_has_an_owner() {
    let (rules, mut problems) = RuleSet::load(&shipped());
    problems.extend(rules.check());
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(rules.len() > 30);
}

#[test]
fn shipped_rules_hold_their_cases() {
    let (outcomes, problems) = cases::run(&shipped());
    assert!(problems.is_empty(), "{problems:#?}");
    let failed: Vec<_> = outcomes.iter().filter(|outcome| outcome.failure.is_some()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(outcomes.len() > 80, "{}", outcomes.len());
}

#[test]
fn twelve_rules_join_both_worlds() {
    let (rules, _) = RuleSet::load(&shipped());
    let converged =
        rules.iter().filter(|(_, meta)| meta.path.starts_with("converged/") && meta.is_reported);
    assert!(converged.count() >= 12);
}

/// One YAML document of a rule file.
fn documents(file: &RuleFile) -> Vec<Value> {
    file.text.split("\n---\n").map(|text| yaml_serde::from_str(text).unwrap()).collect()
}

fn words<'a>(document: &'a Value, key: &str) -> Vec<&'a str> {
    document[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The words of docs/physical-techniques.md.
fn physical_techniques() -> BTreeSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/physical-techniques.md");
    let page = std::fs::read_to_string(page).unwrap();
    let first = |line: &str| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned());
    page.lines().filter_map(first).collect()
}

fn is_technique(tag: &str) -> bool {
    let number = tag.strip_prefix("attack.t").unwrap_or_default();
    number.len() >= 4 && number.chars().all(|letter| letter.is_ascii_digit() || letter == '.')
}

#[test]
fn each_shipped_rule_says_what_its_desk_needs() {
    let files = shipped();
    let (rules, _) = RuleSet::load(&files);
    let known = physical_techniques();
    let (mut used, mut missing) = (BTreeSet::new(), Vec::new());
    for (_, meta) in rules.iter().filter(|(_, meta)| meta.is_reported) {
        let file = files.iter().find(|file| file.path == meta.path).unwrap();
        let document = documents(file).into_iter().find(|one| one["id"] == meta.id.as_str());
        let document = document.unwrap();
        let tags = words(&document, "tags");
        let physical: Vec<&str> =
            tags.iter().copied().filter(|tag| tag.starts_with("physical.")).collect();
        let unsure = words(&document, "falsepositives");
        let doubts = [
            ("an ATT&CK technique", !tags.iter().any(|tag| is_technique(tag))),
            ("its physical counterpart", physical.is_empty()),
            ("a technique of the list", !physical.iter().all(|tag| known.contains(*tag))),
            ("what else it may be", unsure.is_empty() || unsure.contains(&"None known.")),
            ("a team", meta.team.is_none()),
            ("what to do", meta.sop.is_empty()),
            ("a sentence", document["castellan"]["because"].as_str().is_none()),
            ("a description", meta.description.is_none()),
        ];
        let lacks = doubts.iter().filter(|(_, is_missing)| *is_missing).map(|(what, _)| *what);
        missing.extend(lacks.map(|what| format!("`{}` lacks {what}", meta.id)));
        used.extend(physical.into_iter().map(str::to_owned));
    }
    assert!(missing.is_empty(), "{missing:#?}");
    let unused: Vec<&String> = known.difference(&used).collect();
    assert!(unused.is_empty(), "no rule uses {unused:?}");
}

#[test]
fn sixty_rules_are_of_the_physical_world_or_of_both() {
    let (rules, problems) = RuleSet::load(&shipped());
    assert!(problems.is_empty(), "{problems:#?}");
    let ours = rules.iter().filter(|(_, meta)| {
        meta.is_reported && meta.off_by.is_none() && !meta.path.starts_with("security/")
    });
    let count = ours.count();
    assert!(count >= 60, "{count}");
}

/// The classes of the events of a case.
fn classes(case: &Value) -> BTreeSet<u64> {
    let events = case["events"].as_array().into_iter().flatten();
    events.filter_map(|event| event["ocsf"]["class_uid"].as_u64()).collect()
}

#[test]
fn what_must_not_match_is_a_near_miss() {
    for file in shipped().iter().filter(|file| file.path.ends_with(".cases.yml")) {
        let document: Value = yaml_serde::from_str(&file.text).unwrap();
        let cases = document["cases"].as_array().cloned().unwrap_or_default();
        let of = |expect: &str| {
            cases.iter().filter(|case| case["expect"] == expect).map(classes).collect::<Vec<_>>()
        };
        let matching = of("match");
        if matching.iter().all(BTreeSet::is_empty) {
            continue; // What a source's silence raises has no events.
        }
        for miss in of("nothing") {
            let is_near = matching.iter().any(|hit| miss.intersection(hit).next().is_some());
            assert!(
                is_near,
                "{}: a case that must not match has nothing of one that must",
                file.path
            );
        }
    }
}

/// The YAML blocks of a guide, in order.
fn blocks(text: &str) -> Vec<String> {
    let fenced = text.split("```yaml\n").skip(1);
    fenced.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_guide_shows_a_rule_that_works() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/add-a-rule.md");
    let blocks = blocks(&std::fs::read_to_string(guide).unwrap());
    // The third is tried by itself: it has no cases.
    let [rule, cases, alone, rest @ ..]: [String; 11] = blocks.try_into().unwrap();
    let [without, travel, conflict, baseline, filter, sets, exceptions, places] = rest;
    let file = |path: &str, text: &str| RuleFile { path: path.into(), text: text.into() };
    let beside = [
        file("refused.yml", &alone),
        file("gate-at-night.yml", &rule),
        file("without.yml", &without),
        file("travel.yml", &travel),
        file("conflict.yml", &conflict),
        file("baseline.yml", &baseline),
        file("filter.yml", &filter),
        file("my.sets.yml", &sets),
        file("my.exceptions.yml", &exceptions),
        file("my.logsources.yml", &places),
    ];
    let (set, problems) = RuleSet::load(&beside);
    assert!(problems.is_empty(), "{problems:#?}");
    assert_eq!((set.len(), set.exceptions().count()), (14, 1));
    let problems = set.check();
    assert!(
        problems.iter().all(|p| p.gravity == model::problem::Gravity::Warning),
        "{problems:#?}"
    );
    let (_, problems) = RuleSet::load(&[RuleFile { path: "refused.yml".into(), text: alone }]);
    assert!(problems.is_empty(), "{problems:#?}");
    let file = |path: &str, text| RuleFile { path: path.to_owned(), text };
    let mut files =
        vec![file("doors/gate-at-night.yml", rule), file("doors/gate-at-night.cases.yml", cases)];
    files.extend(shipped().into_iter().filter(|file| file.path == "organisation.cases.yml"));
    let (rules, problems) = RuleSet::load(&files);
    assert!(problems.is_empty() && rules.check().is_empty(), "{problems:#?} {:#?}", rules.check());
    let (outcomes, problems) = cases::run(&files);
    assert!(problems.is_empty(), "{problems:#?}");
    assert_eq!(outcomes.len(), 2);
    assert!(outcomes.iter().all(|outcome| outcome.failure.is_none()), "{outcomes:#?}");
}

/// A fire alarm a minute before the cases begin; eight hours later it no longer counts.
const FIRE: &str = r#"{"at": "07:59:00", "source": "pacs", "category": "sensor", "ocsf":
    {"class_uid": 4230002, "activity_id": 6, "lifecycle_id": 1, "message": "Fire alarm",
    "alarm_point": {"uid": "smoke-1"}}}"#;

#[test]
fn doors_and_the_first_ten_say_nothing_while_a_fire_alarm_is_on() {
    let mut files = shipped();
    let (rules, _) = RuleSet::load(&files);
    let outside: BTreeSet<String> = rules
        .iter()
        .filter(|(_, meta)| meta.outside_fire)
        .map(|(_, meta)| meta.id.to_string())
        .collect();
    assert!(outside.len() >= 20, "{outside:?}");
    let mut tried = 0;
    for file in files.iter_mut().filter(|file| file.path.ends_with(".cases.yml")) {
        let mut cases: Value = yaml_serde::from_str(&file.text).unwrap();
        let rule = cases.get("rule").and_then(Value::as_str).unwrap_or_default().to_owned();
        if !outside.contains(&rule) {
            continue;
        }
        for case in cases["cases"].as_array_mut().unwrap() {
            let events = case["events"].as_array().unwrap();
            let is_over = events.iter().any(|one| one["at"].as_str() > Some("15:59"));
            let has_alarm = events.iter().any(|one| one["ocsf"]["class_uid"] == 4_230_002);
            if case["expect"] != "match" || is_over || has_alarm {
                continue;
            }
            case["expect"] = "nothing".into();
            case.as_object_mut().unwrap().remove("because");
            let fire: Value = serde_json::from_str(FIRE).unwrap();
            case["events"].as_array_mut().unwrap().insert(0, fire);
            tried += 1;
        }
        file.text = cases.to_string();
    }
    let (outcomes, _) = cases::run(&files);
    let failed: Vec<_> = outcomes
        .iter()
        .filter(|outcome| outside.contains(&outcome.rule) && outcome.failure.is_some())
        .map(|outcome| format!("{}: {}: {:?}", outcome.rule, outcome.case, outcome.failure))
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(tried >= 20, "{tried}");
}
