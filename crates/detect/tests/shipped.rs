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
    let converged = rules
        .iter()
        .filter(|(_, meta)| meta.path.starts_with("converged/") && meta.is_reported);
    assert!(converged.count() >= 12);
}
