//! Sigma as the world writes it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use detect::eval::{event_of, matching};
use detect::{RuleFile, RuleSet};

#[test]
fn every_public_rule_loads() {
    let Some(shared) = common::shared() else { return };
    let files = common::sigma_tree(&shared);
    assert_eq!(files.len(), 3_754);
    let (set, problems) = RuleSet::load(&files);
    assert!(problems.is_empty(), "{} problems, first {:#?}", problems.len(), problems.first());
    assert_eq!(set.len(), 3_754);
}

/// The shared cases hold, beside each event that must fire, a few that were recorded around it
/// (`where bun` before `bun …`); those must stay silent.
const SURROUNDINGS: usize = 14;

#[test]
fn every_regression_case_fires_its_rule() {
    let Some(shared) = common::shared() else { return };
    let cases = std::fs::read_to_string(shared.join("data/sigma-regression/cases.jsonl")).unwrap();
    let (mut events, mut silent, mut deaf) = (0, Vec::new(), Vec::new());
    for line in cases.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let path = case["rule_path"].as_str().unwrap().to_owned();
        let text = case["rule_yaml"].as_str().unwrap().to_owned();
        let (set, problems) = RuleSet::load(&[RuleFile { path: path.clone(), text }]);
        assert!(problems.is_empty(), "{problems:#?}");
        let before = silent.len();
        let of_case = case["events"].as_array().unwrap();
        for (number, json) in of_case.iter().enumerate() {
            events += 1;
            let event = event_of(number as u64, json.clone()).unwrap();
            if matching(&set, &event).is_empty() {
                silent.push(format!("{path} event {number}"));
            }
        }
        if silent.len() - before == of_case.len() {
            deaf.push(path);
        }
    }
    println!("{} of {events} events fire; silent: {silent:#?}", events - silent.len());
    assert!(deaf.is_empty(), "rules that no event of theirs fires: {deaf:#?}");
    assert_eq!(events, 158);
    assert_eq!(silent.len(), SURROUNDINGS, "{silent:#?}");
}
