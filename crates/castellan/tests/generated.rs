//! What is generated below `schema/` is what the program prints today.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

fn check(file: &str, verb: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_castellan")).args(verb).output().unwrap();
    assert!(output.status.success());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema").join(file);
    let committed = fs::read_to_string(path).unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed == committed, "schema/{file} is not what is printed: cargo xtask gen");
}

#[test]
fn the_description_of_the_interface_is_current() {
    check("openapi.json", &["openapi"]);
}

#[test]
fn the_list_of_limits_is_current() {
    check("limits.txt", &["check", "--print"]);
}
