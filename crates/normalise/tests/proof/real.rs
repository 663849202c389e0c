//! Real records: every one that belongs to a product gives valid OCSF. They stay outside the tree.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Raw, Wire};
use normalise::ocsf::Validator;
use normalise::{Normalised, Normaliser, SourceContext};
use serde_json::Value;

use crate::support::{raw, run, shared, shipped, source, wazuh};

/// Runs records and says how many gave valid events; `excepted` names those that must not.
fn prove(mapping: &str, records: &[Raw], excepted: &[(&str, &str)]) -> BTreeMap<String, u32> {
    let mappings = shipped();
    let (mut valid, mut refused) = (0, 0);
    let mut classes = BTreeMap::new();
    let mut complaints = Vec::new();
    for record in records {
        let text = String::from_utf8_lossy(&record.body);
        let is_excepted = excepted.iter().any(|(part, _)| text.contains(part));
        let mut is_valid = true;
        for one in run(&mappings, Some(mapping), record) {
            match one {
                Normalised::Event(event) => {
                    *classes.entry(event.class_uid.to_string()).or_insert(0) += 1;
                    for problem in Validator::shipped().check(&event.ocsf) {
                        is_valid = false;
                        complaints.push(format!("{problem}\n    {text}"));
                    }
                }
                Normalised::Dead(dead) => {
                    is_valid = false;
                    if !is_excepted {
                        complaints.push(format!("{}\n    {text}", dead.reason));
                    }
                }
            }
        }
        if is_valid && is_excepted {
            complaints.push(format!("expected to be refused\n    {text}"));
        }
        if is_valid { valid += 1 } else { refused += 1 }
    }
    println!("{mapping}: {valid} of {} real records valid, {refused} refused", records.len());
    println!("{mapping}: by class {classes:?}");
    assert!(complaints.is_empty(), "{mapping}:\n{}", complaints.join("\n"));
    assert!(!records.is_empty());
    classes
}

fn syslog(lines: &[String]) -> Vec<Raw> {
    lines.iter().map(|line| raw(Wire::Syslog, line.as_bytes())).collect()
}

#[test]
fn openssh() {
    let Some(lines) = wazuh("sshd.ini") else {
        return;
    };
    let classes = prove("openssh", &syslog(&lines), &[]);
    assert!(classes["3002"] >= 40, "{classes:?}");
}

#[test]
fn auditd() {
    let Some(lines) = wazuh("auditd.ini") else {
        return;
    };
    prove("auditd", &syslog(&lines), &[]);
}

/// Lines of firewalls, as far as they are at hand.
pub fn fortigate_lines() -> Option<Vec<String>> {
    let mut lines = wazuh("fortigate.ini")?;
    let path = shared("sc4s-syslog/samples.jsonl")?;
    let text = std::fs::read_to_string(path).unwrap();
    for line in text.lines() {
        let sample: Value = serde_json::from_str(line).unwrap();
        let template = sample["template"].as_str().unwrap();
        if sample["file"] == "test_fortinet_ngfw.py" && !template.contains("VERSION:v1") {
            lines.push(fill(template));
        }
    }
    Some(lines)
}

#[test]
fn fortigate() {
    let Some(lines) = fortigate_lines() else {
        return;
    };
    let classes = prove("fortigate", &syslog(&lines), &[]);
    assert!(classes["4001"] >= 20 && classes["3002"] >= 5, "{classes:?}");
}

fn fill(template: &str) -> String {
    let mut out = template.trim_end().to_owned();
    for (mark, text) in [
        ("{{ mark }}", "<134>"),
        ("{{ bsd }}", "Jan 15 11:59:58"),
        ("{{ iso }}", "2026-01-15T11:59:58Z"),
        ("{{ epoch }}", "1768478398"),
        ("{{ host }}", "fw-1"),
        ("{{ date }}", "2026-01-15"),
        ("{{ time }}", "11:59:58"),
    ] {
        out = out.replace(mark, text);
    }
    out
}

/// Events of Okta's, as far as they are at hand.
pub fn okta_events() -> Option<Vec<String>> {
    let path = shared("panther-rule-tests/rule-tests.jsonl")?;
    let text = std::fs::read_to_string(path).unwrap();
    let mut events = Vec::new();
    for line in text.lines() {
        let test: Value = serde_json::from_str(line).unwrap();
        let log = &test["log"];
        let is_okta = log["p_log_type"] == "Okta.SystemLog"
            || test["log_types"] == serde_json::json!(["Okta.SystemLog"]);
        // Tests of enrichments carry no event of Okta's at all.
        if is_okta && (log.get("eventType").is_some() || log.get("eventtype").is_some()) {
            events.push(log.to_string());
        }
    }
    Some(events)
}

#[test]
fn okta() {
    let Some(events) = okta_events() else {
        return;
    };
    let records: Vec<Raw> = events.iter().map(|one| raw(Wire::Json, one.as_bytes())).collect();
    let classes = prove("okta", &records, &[]);
    assert!(classes["3002"] >= 20 && classes["3001"] >= 5, "{classes:?}");
}

/// Badge records of a fictional company: columns of another shape than ours, by a mapping that says
/// nothing but which is which.
#[test]
fn pacs_csv() {
    let Some(path) = shared("vast2016-mc2/proxOut-MC2.csv") else {
        return;
    };
    let text = std::fs::read_to_string(path).unwrap();
    let mut folders = crate::support::folders();
    folders.push(crate::support::inline("vast", &[("mapping.toml", VAST)]));
    let (mappings, problems) = normalise::Mappings::load_lazily(folders);
    let own: Vec<_> = problems.iter().filter(|p| p.file.starts_with("vast/")).collect();
    assert!(own.is_empty(), "{own:?}");
    let mappings = Arc::new(mappings);
    let mut normaliser = Normaliser::new(mappings);
    let (source, mut out) = (source(Some("vast")), Vec::new());
    let ctx = SourceContext {
        source: &source,
        tenant_zone: chrono_tz::Tz::America__New_York,
        clock: normalise::ClockPolicy::FILE,
    };
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    let mut records = 0;
    for line in lines.filter(|line| !line.is_empty()) {
        let record = raw(Wire::Csv, format!("{header}\n{line}").as_bytes());
        normaliser.run(records, &record, &ctx, &mut out);
        records += 1;
    }
    let mut events = 0;
    for one in &out {
        let Normalised::Event(event) = one else { panic!("{one:?}") };
        assert_eq!(Validator::shipped().check(&event.ocsf), []);
        events += 1;
    }
    println!("pacs-csv: {records} of {records} real records valid, {events} events");
    assert!(records > 5_000 && events == 2 * records, "{records} {events}");
    let Normalised::Event(first) = &out[0] else { panic!() };
    assert_eq!(first.time, crate::support::at("2016-05-31T00:05:00-04:00"));
    assert_eq!(first.text("zone.uid"), Some("1-1"));
    assert_eq!(first.text("credential.uid"), Some("vawelon001"));
}

const VAST: &str = r#"
format = 1
name = "vast"
extends = "pacs-csv"
[csv]
columns = { time = "timestamp", badge = "prox-id", zone = ["floor", "zone"] }
"#;
