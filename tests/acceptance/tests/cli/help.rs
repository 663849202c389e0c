//! Every verb explains itself.

use crate::scratch::Scratch;

const VERBS: [&str; 16] = [
    "demo",
    "serve",
    "check",
    "normalise",
    "replay",
    "rules",
    "whereabouts",
    "import",
    "export",
    "query",
    "token",
    "bench",
    "admin",
    "osdp",
    "sim",
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

/// What a stranger must know before the first try stands in the help, not only in a guide.
#[test]
fn help_says_more_than_the_list_of_verbs() {
    let scratch = Scratch::new();
    for (verb, words) in [
        ("normalise", "dead_letter"),
        ("serve", "castellan-data"),
        ("query", "The table is `events`"),
        ("import", "nothing is written if any is an error"),
        ("check", "UPDATE=1"),
    ] {
        let help = scratch.run(&[verb, "--help"]).ends(0).stdout.replace('\n', " ");
        assert!(help.contains(words), "`{words}` is missing in:\n{help}");
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
