//! The shipped rules and their own cases.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::Path;

use detect::{RuleFile, RuleSet, cases};

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
