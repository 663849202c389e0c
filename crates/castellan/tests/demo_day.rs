//! The demo organisation through the shipped mappings and rules: an ordinary day holds nothing to
//! find, and each story is found.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::Timestamp;
use serde_json::Value;

const DAY_S: i64 = 86_400;

fn demo_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo")
}

/// Monday, 07:00 UTC, two to nine days ago: syslog of the old kind names no year, so a day that is
/// read from files must be a recent one.
fn monday() -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let day = i64::try_from(now).unwrap() / DAY_S - 2;
    // 1970-01-01 was a Thursday.
    let since_monday = (day + 3).rem_euclid(7);
    Timestamp::from_secs((day - since_monday) * DAY_S + 7 * 3_600)
}

/// What `castellan replay` finds in `length` from `start`, and its summary.
fn found(script: sim::Script, start: Timestamp, length: Duration) -> (BTreeSet<String>, Value) {
    let (organisation, _) = engine::offline::organisation(&demo_folder()).unwrap();
    let mut sim = sim::Sim::new(1, &organisation.unwrap(), script, start).unwrap();
    let records = sim.events_between(start, start.plus(length));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("findings.ndjson");
    let mut command = Command::new(env!("CARGO_BIN_EXE_castellan"));
    command.args(["--format", "json", "replay", "--org"]).arg(demo_folder());
    command.arg("--out").arg(&out);
    for (name, bytes) in sim::files::by_source(&records) {
        let file = folder.path().join(&name);
        fs::write(&file, bytes).unwrap();
        let source = name.split('.').next().unwrap();
        command.arg("--source").arg(format!("{source}={}", file.display()));
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{start}: {said}");
    let summary = said.lines().find_map(|line| serde_json::from_str::<Value>(line).ok());
    let findings = fs::read_to_string(&out).unwrap();
    let rule = |line: &str| {
        let finding: Value = serde_json::from_str(line).unwrap();
        finding.get("rule").and_then(Value::as_str).unwrap().to_owned()
    };
    (findings.lines().map(rule).collect(), summary.unwrap())
}

#[test]
fn an_ordinary_day_holds_nothing_to_find() {
    let script = sim::demo::script(None).unwrap().without_stories();
    let start = monday();
    let (rules, summary) = found(script, start, Duration::from_secs(24 * 3_600));
    assert_eq!(rules, BTreeSet::new(), "{start}");
    assert_eq!(summary.get("rejected"), Some(&Value::from(0)), "{start}: {summary}");
    assert!(summary.get("events").and_then(Value::as_u64).unwrap() > 5_000, "{start}");
}

#[test]
fn each_story_is_found_in_its_first_two_minutes() {
    for hour in [0, 17] {
        let start = monday().plus(Duration::from_secs(hour * 3_600));
        let script = sim::demo::script(None).unwrap();
        let (rules, summary) = found(script, start, Duration::from_secs(120));
        for rule in ["workstation-owner-elsewhere", "leaver-badge", "forced-while-camera-blind"] {
            assert!(rules.contains(rule), "{start}: no {rule} in {rules:?}");
        }
        assert_eq!(summary.get("rejected"), Some(&Value::from(0)), "{start}: {summary}");
    }
}
