//! Every verb explains itself.

use crate::scratch::Scratch;

const VERBS: [&str; 13] = [
    "demo",
    "serve",
    "check",
    "normalise",
    "replay",
    "rules",
    "import",
    "export",
    "query",
    "token",
    "bench",
    "admin",
    "help",
];

#[test]
fn every_verb_has_help_and_the_list_has_every_verb() {
    let scratch = Scratch::new();
    let all = scratch.run(&["--help"]).ends(0).stdout;
    for verb in VERBS {
        assert!(all.contains(&format!("\n  {verb} ")), "`{verb}` is missing in:\n{all}");
        if verb == "help" {
            continue;
        }
        let help = scratch.run(&[verb, "--help"]).ends(0).stdout;
        assert!(help.contains(&format!("Usage: castellan {verb}")), "{help}");
        assert!(help.contains("Example"), "`{verb}` shows no example:\n{help}");
        assert!(help.contains("--format"), "{help}");
        let example = help.lines().find(|line| line.trim().starts_with("castellan ")).unwrap();
        assert!(example.contains(&format!("castellan {verb}")), "{example}");
    }
}

#[test]
fn what_is_no_verb_is_misuse() {
    let scratch = Scratch::new();
    scratch.run(&["normalize"]).ends(2).says("normalise");
    scratch.run(&[]).ends(2);
    assert!(scratch.run(&["--version"]).ends(0).stdout.starts_with("castellan "));
    scratch.run(&["rules", "--help"]).ends(0);
    for verb in ["check", "test", "eval"] {
        scratch.run(&["rules", verb, "--help"]).ends(0);
    }
}
