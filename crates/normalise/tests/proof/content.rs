//! The mappings that ship: they compile, and their samples come out as expected.

use normalise::{Mappings, check_folder};

use crate::support::{folders, root, shipped};

#[test]
fn every_shipped_mapping_compiles_without_complaint() {
    let (mappings, problems) = Mappings::load(folders());
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(mappings.names().count(), folders().len());
}

/// `UPDATE=1` writes what came out to `expected/`.
#[test]
fn every_sample_comes_out_as_expected() {
    let update = std::env::var_os("UPDATE").is_some();
    let only = std::env::var("MAPPING").ok();
    let mappings = shipped();
    let mut complaints = Vec::new();
    for folder in folders() {
        if only.as_ref().is_some_and(|only| *only != folder.name) {
            continue;
        }
        let cases = check_folder(&mappings, &folder);
        assert!(cases.len() >= 4, "{} has {} samples, expected four", folder.name, cases.len());
        for case in cases {
            if update {
                let to = root().join("content/mappings").join(&folder.name).join("expected");
                std::fs::create_dir_all(&to).unwrap();
                std::fs::write(to.join(format!("{}.ndjson", case.case)), &case.actual).unwrap();
            }
            let is_content = |code: &str| matches!(code, "unexpected" | "missing_expected");
            let problems = case.problems.iter();
            complaints.extend(
                problems.filter(|p| !update || !is_content(&p.code)).map(ToString::to_string),
            );
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
