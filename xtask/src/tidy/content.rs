//! Shipped content and generated files: nothing without its proof or its mark.

use std::collections::BTreeSet;
use std::path::Path;

use super::Breach;
use super::source::Text;

/// Checks what ships below `content/` and what is generated below `schema/`.
pub fn check(files: &[Text], breaches: &mut Vec<Breach>) {
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    check_mappings(&paths, breaches);
    check_rules(files, &paths, breaches);
    check_generated(files, breaches);
}

/// A mapping ships with samples, and each sample with the events that are expected of it.
fn check_mappings(paths: &BTreeSet<&str>, breaches: &mut Vec<Breach>) {
    let folders: BTreeSet<&str> = paths
        .iter()
        .filter_map(|path| path.strip_prefix("content/mappings/")?.split_once('/'))
        .map(|(folder, _)| folder)
        .collect();
    for folder in folders {
        let base = format!("content/mappings/{folder}");
        let file = format!("{base}/mapping.toml");
        let mut say = |file: &str, message: String| {
            breaches.push(Breach::new(file, 1, "mapping", message));
        };
        if !paths.contains(file.as_str()) {
            say(&base, "the folder has no mapping.toml".to_owned());
        }
        let samples = format!("{base}/samples/");
        let samples: Vec<&&str> = paths.iter().filter(|p| p.starts_with(&samples)).collect();
        if samples.is_empty() {
            say(&file, format!("`{folder}` ships no sample"));
        }
        for sample in samples {
            let case = Path::new(sample).file_stem().unwrap_or_default().to_string_lossy();
            let expected = format!("{base}/expected/{case}.ndjson");
            if !paths.contains(expected.as_str()) {
                say(sample, format!("the sample has no {expected}"));
            }
        }
    }
}

/// A rule ships with the cases on which it fires and on which it does not.
fn check_rules(files: &[Text], paths: &BTreeSet<&str>, breaches: &mut Vec<Breach>) {
    for file in files.iter().filter(|file| file.path.starts_with("content/rules/")) {
        let Some(stem) = file.path.strip_suffix(".yml") else {
            continue;
        };
        let is_beside = [".cases", ".sets", ".exceptions", ".logsources"];
        if is_beside.iter().any(|end| stem.ends_with(end)) || stem.contains("/cases/") {
            continue;
        }
        let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        let candidates = [
            format!("{stem}.cases.yml"),
            format!("{stem}.cases.ndjson"),
            format!("{stem}.cases.toml"),
            format!("{folder}/cases/{name}.ndjson"),
            format!("{folder}/cases/{name}.yml"),
            format!("{folder}/cases/{name}.toml"),
        ];
        if !candidates.iter().any(|candidate| paths.contains(candidate.as_str())) {
            let message = "the rule ships without its cases".to_owned();
            breaches.push(Breach::new(&file.path, 1, "rule", message));
        }
    }
}

/// What is generated is marked in .gitattributes, so that reviews fold it and nobody edits it.
fn check_generated(files: &[Text], breaches: &mut Vec<Breach>) {
    let attributes = files.iter().find(|file| file.path == ".gitattributes");
    let marked: BTreeSet<&str> = attributes
        .map_or("", |file| file.text.as_str())
        .lines()
        .filter(|line| line.contains("linguist-generated"))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    for file in files.iter().filter(|file| file.path.starts_with("schema/")) {
        let ending = Path::new(&file.path).extension().unwrap_or_default().to_string_lossy();
        let pattern = format!("schema/*.{ending}");
        if ending != "md" && !marked.contains(pattern.as_str()) {
            let message = format!("generated, but .gitattributes does not mark `{pattern}`");
            breaches.push(Breach::new(&file.path, 1, "generated", message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(paths: &[(&str, &str)]) -> Vec<String> {
        let text = |(path, text): &(&str, &str)| Text {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        let files: Vec<Text> = paths.iter().map(text).collect();
        let mut breaches = Vec::new();
        check(&files, &mut breaches);
        breaches.iter().map(|breach| format!("{} {}", breach.rule, breach.file)).collect()
    }

    #[test]
    fn mappings_ship_with_samples_and_what_is_expected_of_them() {
        let whole = [
            ("content/mappings/a/mapping.toml", ""),
            ("content/mappings/a/samples/in.log", ""),
            ("content/mappings/a/expected/in.ndjson", ""),
        ];
        assert_eq!(rules(&whole), [""; 0]);
        let (head, _) = whole.split_at(2);
        assert_eq!(rules(head), ["mapping content/mappings/a/samples/in.log"]);
        let (head, _) = whole.split_at(1);
        assert_eq!(rules(head), ["mapping content/mappings/a/mapping.toml"]);
    }

    #[test]
    fn rules_ship_with_their_cases() {
        let rule = ("content/rules/door/forced.yml", "");
        assert_eq!(rules(&[rule]), ["rule content/rules/door/forced.yml"]);
        assert_eq!(rules(&[rule, ("content/rules/door/forced.cases.yml", "")]), [""; 0]);
    }

    #[test]
    fn generated_files_are_marked() {
        let marks = (".gitattributes", "schema/*.json linguist-generated=true");
        assert_eq!(rules(&[("schema/a.json", "{}")]), ["generated schema/a.json"]);
        assert_eq!(rules(&[("schema/a.json", "{}"), marks]), [""; 0]);
        assert_eq!(rules(&[("schema/a.toml", ""), marks]), ["generated schema/a.toml"]);
    }
}
