//! `castellan normalise` over files of every kind.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::scratch::Scratch;
use crate::shapes;

const SSHD: &str = "\
<38>1 2026-01-14T08:02:00Z web-1 sshd 2213 - - Accepted password for ana from 10.4.1.20 port 4 ssh2
<38>1 2026-01-14T08:02:01Z web-1 sshd 2213 - - Failed password for ben from 10.4.1.21 port 5 ssh2
<38>1 2026-01-14T08:02:02Z web-1 sshd 2213 - - Failed password for ben from 10.4.1.21 port 6 ssh2
";

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

/// An event without what says which file it came from.
fn without_record(mut event: Value) -> Value {
    event["castellan"]["record"] = Value::Null;
    event["metadata"]["uid"] = Value::Null;
    event["metadata"]["logged_time"] = Value::Null;
    event
}

#[test]
fn plain_packed_and_standard_input_are_one_stream_of_records() {
    let scratch = Scratch::new();
    scratch.write("a.log", SSHD).write("a.log.gz", gzip(SSHD));
    scratch.write("a.log.zst", zstd::encode_all(SSHD.as_bytes(), 1).unwrap());
    let args = ["normalise", "--mapping", "openssh", "a.log", "a.log.gz", "a.log.zst", "-"];
    let ran = scratch.run_with(&args, SSHD.as_bytes()).ends(0);
    let ran = ran.says("12 records = 12 mapped + 0 dead letters; 12 events");
    let events = ran.lines();
    let records: Vec<u64> = events.iter().map(shapes::event).collect();
    assert_eq!(records, (0..12).collect::<Vec<_>>());
    assert!(events.iter().all(|e| e["castellan"]["mapping"] == "openssh"));
    let plain: Vec<Value> = events[..3].iter().cloned().map(without_record).collect();
    for packed in events[3..].chunks(3) {
        let packed: Vec<Value> = packed.iter().cloned().map(without_record).collect();
        assert_eq!(packed, plain);
    }
}

#[test]
fn a_wrong_csv_header_is_named_with_line_and_column() {
    let scratch = Scratch::new();
    scratch.write(
        "badges.csv",
        "time,bagde,door,result\n2026-01-14T08:00:00Z,1,d,granted\n\
        2026-01-14T08:00:01Z,2,d,granted\n",
    );
    scratch.write(
        "good.csv",
        "time,badge,door,result\n2026-01-14T08:00:00Z,1,d,granted\n\
        yesterday,2,d,granted\n2026-01-14T08:00:02Z,3,d,perhaps\n",
    );
    let args = ["normalise", "--mapping", "pacs-csv", "badges.csv", "good.csv"];
    let ran = scratch.run(&args).ends(0).says("5 records = 1 mapped + 4 dead letters");
    let lines = ran.lines();
    let (dead, events): (Vec<_>, Vec<_>) =
        lines.iter().partition(|l| l.get("dead_letter").is_some());
    let records: Vec<u64> = dead.iter().map(|line| shapes::dead_letter(line)).collect();
    assert_eq!(records, [0, 1, 3, 4]);
    assert!(events.iter().all(|line| shapes::event(line) == 2));
    for line in &dead[..2] {
        let letter = &line["dead_letter"];
        assert_eq!(letter["position"], json!({"line": 1, "column": 1}), "{line}");
        assert_eq!(letter["mapping"], "pacs-csv");
        let reason = letter["reason"].as_str().unwrap();
        assert!(reason.contains("`badge`"), "{reason}");
    }
    assert_eq!(dead[2]["dead_letter"]["position"]["line"], 3, "{}", dead[2]);
    assert_eq!(dead[3]["dead_letter"]["position"]["line"], 4, "{}", dead[3]);
}

#[test]
fn an_unknown_mapping_is_misuse_and_the_nearest_is_named() {
    let scratch = Scratch::new();
    scratch.write("a.log", SSHD);
    let ran = scratch.run(&["normalise", "--mapping", "opensh", "a.log"]).ends(2);
    let ran = ran.says("there is no mapping `opensh`; did you mean `openssh`?");
    assert_eq!(ran.stdout, "");
    let begun = scratch.run(&["normalise", "--mapping", "pacs", "a.log"]).ends(2);
    begun.says("did you mean `pacs-csv`?");
}

#[test]
fn a_file_that_is_not_there_fails_by_name() {
    Scratch::new().run(&["normalise", "nowhere.log"]).ends(1).says("nowhere.log");
}

#[test]
fn nothing_to_read_is_misuse() {
    Scratch::new().run(&["normalise"]).ends(2).says("<FILES>");
}

#[test]
fn a_content_folder_adds_a_product_and_overrides_a_shipped_one() {
    let scratch = Scratch::new();
    scratch.write(
        "mine/mappings/acme-gate/mapping.toml",
        r#"format = 1
name = "acme-gate"
version = "1"
vendor = "Acme"
product = "Gate"
wire = "json"
ocsf_class = "authentication"
evidence = "constructed"

[recognise]
json_has = ["acmeGate", "who"]
priority = 50
"#,
    );
    scratch.write(
        "mine/mappings/acme-gate/map.vrl",
        r#"who = text(.who)
if .acmeGate != "log-on" { abort "not a log-on" }
. = {"activity_id": 1, "status_id": 1, "user": {"name": who}, "service": {"name": "gate"}, "time": ocsf_time(.at)}
"#,
    );
    scratch.write(
        "mine/mappings/openssh/mapping.toml",
        r#"format = 1
name = "openssh"
version = "mine"
vendor = "Mine"
product = "Own reading of sshd"
wire = "syslog"
ocsf_class = "authentication"
evidence = "constructed"

[recognise]
app_name = ["sshd"]
"#,
    );
    scratch.write(
        "mine/mappings/openssh/map.vrl",
        r#". = {"activity_id": 1, "user": {"name": "overridden"}, "service": {"name": "sshd"}}
"#,
    );
    scratch.write(
        "gate.ndjson",
        concat!(
            r#"{"acmeGate":"log-on","who":"ana","at":"2026-01-14T08:00:00Z"}"#,
            "\n",
            r#"{"acmeGate":"log-off","who":"ana","at":"2026-01-14T09:00:00Z"}"#,
            "\n",
        ),
    );
    scratch.write("a.log", SSHD);
    let ran = scratch.run(&["normalise", "--content", "mine", "gate.ndjson", "a.log"]).ends(0);
    let ran = ran.says("5 records = 4 mapped + 1 dead letters; 4 events");
    let lines = ran.lines();
    assert_eq!(lines[0]["castellan"]["mapping"], "acme-gate");
    assert_eq!(lines[0]["user"]["name"], "ana");
    assert_eq!(lines[0]["metadata"]["product"]["vendor_name"], "Acme");
    assert_eq!(shapes::dead_letter(&lines[1]), 1);
    assert_eq!(lines[1]["dead_letter"]["position"], json!({"line": 2, "column": 1}));
    let reason = lines[1]["dead_letter"]["reason"].as_str().unwrap();
    assert!(reason.contains("not a log-on"), "{reason}");
    for line in &lines[2..] {
        shapes::event(line);
        assert_eq!(line["user"]["name"], "overridden");
        assert_eq!(line["metadata"]["product"]["vendor_name"], "Mine");
    }
}

#[test]
fn a_content_folder_that_is_not_there_is_named() {
    let ran = Scratch::new().run(&["check", "--content", "nowhere"]).ends(1);
    ran.says("nowhere: error: cannot be read");
}

#[test]
fn broken_content_is_named_with_its_place() {
    let scratch = Scratch::new();
    scratch
        .write("mine/mappings/acme/mapping.toml", "format = 1\nname = \"acme\"\nwyre = \"json\"\n");
    scratch.write("a.log", SSHD);
    let ran = scratch.run(&["normalise", "--content", "mine", "a.log"]).ends(1);
    let ran = ran.says("acme/mapping.toml:3:").says("`wyre`").says("`wire`");
    assert_eq!(ran.stdout, "");
}
