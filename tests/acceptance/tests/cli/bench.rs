//! `castellan bench`: figures for machines.

use crate::scratch::Scratch;

#[test]
fn a_workload_gives_figures_as_one_object() {
    let scratch = Scratch::new();
    let ran = scratch.run(&["bench", "normalise", "--records", "1000", "--json"]).ends(0);
    let lines = ran.lines();
    assert_eq!(lines.len(), 1, "{}", ran.stdout);
    let figures = lines[0].as_object().unwrap();
    assert!(!figures.is_empty());
    let text = ran.stdout.to_lowercase();
    assert!(text.contains("openssh") && text.contains("per_cpu_s"), "{text}");
    scratch.run(&["bench", "nothing"]).ends(2).says("nothing");
}
