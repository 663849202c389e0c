//! The guides, followed to the letter as a stranger would: their files copied, their commands run.

use crate::scratch::{Ran, Scratch, repository};
use crate::shapes;

/// What a guide says to do, in its order.
enum Step {
    /// A file: its path as named above the block, and the block.
    File(String, String),
    /// A command line after `$`, and the output shown below it.
    Run(String, Vec<String>),
}

/// A line such as `` `path/to/file.toml`: `` names the file in the block that follows it.
fn path_of(line: &str) -> Option<&str> {
    let inner = line.trim().strip_prefix('`')?.strip_suffix("`:")?;
    (!inner.contains(['`', ' '])).then_some(inner)
}

/// The steps of one section of a guide.
fn steps(guide: &str, section: &str) -> Vec<Step> {
    let text = std::fs::read_to_string(repository().join("docs/guides").join(guide)).unwrap();
    let heading = format!("## {section}\n");
    let begin = text.find(&heading).unwrap_or_else(|| panic!("{guide} has no `{section}`"));
    let body = &text[begin + heading.len()..];
    let body = body.split("\n## ").next().unwrap();
    let (mut steps, mut named, mut lines) = (Vec::new(), None, body.lines());
    while let Some(line) = lines.next() {
        if let Some(path) = path_of(line) {
            named = Some(path.to_owned());
        }
        if let Some(kind) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            match (kind, named.take()) {
                ("console", _) => steps.extend(commands(&block)),
                (_, Some(path)) => steps.push(Step::File(path, block.join("\n") + "\n")),
                (_, None) => {}
            }
        }
    }
    steps
}

fn commands(block: &[&str]) -> Vec<Step> {
    let mut steps = Vec::new();
    for line in block {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step::Run(command.to_owned(), Vec::new())),
            (None, Some(Step::Run(_, shown))) => shown.push((*line).to_owned()),
            (None, _) => panic!("output before any command: {line}"),
        }
    }
    steps
}

/// Runs `castellan …`, with `NAME=VALUE` before it if there is one; `>` writes a file.
fn run(scratch: &Scratch, line: &str) -> Ran {
    let (line, to) = match line.split_once(" > ") {
        Some((line, to)) => (line, Some(to.trim())),
        None => (line, None),
    };
    let words: Vec<&str> = line.split_whitespace().collect();
    let ran = match words.as_slice() {
        ["castellan", args @ ..] => scratch.run(args),
        [set, "castellan", args @ ..] => scratch.run_env(args, set.split_once('=').unwrap()),
        _ => panic!("`{line}` is no castellan command"),
    };
    if let Some(to) = to {
        scratch.write(to, &ran.stdout);
    }
    ran
}

/// Follows a section; every command must end well and show what the guide shows (`…` is anything).
fn follow(guide: &str, section: &str) -> (Scratch, Vec<Ran>) {
    let (scratch, mut all) = (Scratch::new(), Vec::new());
    for step in steps(guide, section) {
        match step {
            Step::File(path, text) => drop(scratch.write(&path, text)),
            Step::Run(line, shown) => {
                let ran = run(&scratch, &line).ends(0);
                let said = format!("{}{}", ran.stdout, ran.stderr);
                for expected in shown {
                    let mut rest = said.as_str();
                    for part in expected.split('…').filter(|part| !part.is_empty()) {
                        let at = rest.find(part);
                        let at = at.unwrap_or_else(|| {
                            panic!("`{part}` of `{expected}` after `{line}` is missing in:\n{said}")
                        });
                        rest = &rest[at + part.len()..];
                    }
                }
                all.push(ran);
            }
        }
    }
    (scratch, all)
}

#[test]
fn a_product_is_added_by_following_the_guide() {
    let (scratch, ran) = follow("add-a-mapping.md", "One product, end to end");
    assert!(ran.len() >= 3, "the guide runs too little");
    let expected = scratch.read("my-content/mappings/acme-vpn/expected/sessions.ndjson");
    assert!(expected.lines().count() >= 3, "{expected}");
    let events = ran.iter().find(|ran| ran.stdout.contains("\"castellan\"")).unwrap();
    events.lines().iter().filter(|line| line.get("dead_letter").is_none()).for_each(|line| {
        shapes::event(line);
        assert_eq!(line["castellan"]["mapping"], "acme-vpn");
    });
}

#[test]
fn a_csv_export_is_added_by_following_the_guide() {
    let (_, ran) = follow("add-a-mapping.md", "A CSV export, without a program");
    let events = ran.last().unwrap().lines();
    assert!(events.len() >= 2, "{events:?}");
    events.iter().for_each(|line| assert_eq!(line["castellan"]["mapping"], "museum-badges"));
}

#[test]
fn a_rule_is_added_by_following_the_guide() {
    let (_, ran) = follow("add-a-rule.md", "One file, end to end");
    assert!(ran.len() >= 2, "the guide runs too little");
}

#[test]
fn a_first_converged_rule_is_made_by_following_the_guide() {
    let (scratch, ran) = follow("first-rule.md", "From nothing to in force");
    assert!(ran.len() >= 9, "the guide runs too little");
    let findings = scratch.read("findings.ndjson");
    assert_eq!(findings.lines().count(), 1, "{findings}");
    assert!(findings.contains("ana was refused at a critical zone"), "{findings}");
}
