//! Sigma as the world writes it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use std::io::Read;

use detect::eval::{event_of, matching};
use detect::{RuleFile, RuleSet};

/// The YAML files of a tar archive: 512-byte headers, name at 0, size in octal at 124.
fn rule_files(archive: &[u8]) -> Vec<RuleFile> {
    let mut files = Vec::new();
    let mut rest = archive;
    while let Some((header, tail)) = rest.split_at_checked(512) {
        let text = |from: usize, len: usize| {
            let field = &header[from..from + len];
            let end = field.iter().position(|b| *b == 0).unwrap_or(len);
            String::from_utf8_lossy(&field[..end]).into_owned()
        };
        let name = text(0, 100);
        if name.is_empty() {
            break;
        }
        let prefix = text(345, 155);
        let size = usize::from_str_radix(text(124, 12).trim(), 8).unwrap();
        let (body, next) = tail.split_at(size.next_multiple_of(512));
        let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if path.ends_with(".yml") {
            let text = String::from_utf8_lossy(&body[..size]).into_owned();
            files.push(RuleFile { path, text });
        }
        rest = next;
    }
    files
}

#[test]
fn every_public_rule_loads() {
    let Some(shared) = common::shared() else { return };
    let packed = std::fs::read(shared.join("data/sigma-rules/sigma-rules.tar.gz")).unwrap();
    let mut archive = Vec::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut archive).unwrap();
    let files = rule_files(&archive);
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
