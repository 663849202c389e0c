//! Vendors' own records from the shared data through `castellan normalise`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::scratch::{Scratch, json_lines, shared};
use crate::shapes;

/// One input file, how many records it holds, and the least share of them that must be mapped.
struct Input {
    file: String,
    records: u64,
    mapping: &'static str,
    mapped_min: u64,
}

/// Input files as they are written.
struct Inputs<'a> {
    scratch: &'a Scratch,
    all: Vec<Input>,
}

impl Inputs<'_> {
    fn add(&mut self, file: &str, records: &[String], (mapping, percent): (&'static str, u64)) {
        let text: String = records.iter().map(|r| format!("{r}\n")).collect();
        self.scratch.write(file, text);
        let records = records.len() as u64;
        let mapped_min = records * percent / 100;
        self.all.push(Input { file: file.to_owned(), records, mapping, mapped_min });
    }
}

fn lines_of(path: &Path) -> Vec<Value> {
    json_lines(&std::fs::read_to_string(path).unwrap())
}

/// The log lines of one of Wazuh's rule tests.
fn wazuh(path: &Path) -> Vec<String> {
    let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let logs = text.lines().filter(|line| line.starts_with("log ") && line.contains("pass"));
    logs.filter_map(|line| Some(line.split_once('=')?.1.trim().to_owned()))
        .filter(|line| !line.is_empty())
        .collect()
}

/// A template with its placeholders filled in.
fn filled(template: &str) -> String {
    let mut text = template.trim().replace('\n', " ");
    for (name, value) in [
        ("mark", "<134>"),
        ("bsd", "Jan 15 11:59:00"),
        ("iso", "2026-01-15T11:59:00.123Z"),
        ("epoch", "1768478340"),
        ("host", "host-1"),
        ("date", "2026-01-15"),
        ("time", "11:59:00"),
        ("app", "app"),
        ("pid", "4711"),
    ] {
        for spelt in [format!("{{{{ {name} }}}}"), format!("{{{{{name}}}}}")] {
            text = text.replace(&spelt, value);
        }
    }
    text
}

fn write_wazuh(inputs: &mut Inputs<'_>) -> Option<()> {
    let folder = shared("wazuh-rule-tests")?;
    for (file, wants) in [
        ("sshd", ("openssh", 90)),
        ("auditd", ("auditd", 90)),
        ("fortigate", ("fortigate", 90)),
        ("iptables", ("", 0)),
        ("pfsense", ("", 0)),
        ("sysmon", ("", 0)),
        ("web_rules", ("", 0)),
    ] {
        inputs.add(&format!("{file}.log"), &wazuh(&folder.join(format!("{file}.ini"))), wants);
    }
    Some(())
}

fn write_panther(inputs: &mut Inputs<'_>) -> Option<()> {
    let tests = lines_of(&shared("panther-rule-tests")?.join("rule-tests.jsonl"));
    for (kind, wants) in
        [("Okta.", ("okta", 15)), ("Azure.", ("entra", 60)), ("Auth0.", ("auth0", 100))]
    {
        let is_kind = |test: &&Value| {
            let types = test["log_types"].as_array().unwrap();
            types.iter().any(|t| t.as_str().is_some_and(|t| t.starts_with(kind)))
        };
        let logs: Vec<String> =
            tests.iter().filter(is_kind).map(|t| t["log"].to_string()).collect();
        inputs.add(&format!("{kind}ndjson"), &logs, wants);
    }
    Some(())
}

fn write_syslog(inputs: &mut Inputs<'_>) -> Option<()> {
    let samples = lines_of(&shared("sc4s-syslog")?.join("samples.jsonl"));
    let filled: Vec<String> = samples
        .iter()
        .map(|sample| filled(sample["template"].as_str().unwrap()))
        .filter(|line| !line.is_empty())
        .collect();
    inputs.add("sc4s.log", &filled, ("", 40));
    let cases = lines_of(&shared("syslog-rfc5424")?.join("cases.jsonl"));
    let one_line = |case: &&Value| {
        let text = case["input"].as_str().unwrap();
        !text.trim().is_empty() && !text.contains(['\n', '\r'])
    };
    let torture: Vec<String> =
        cases.iter().filter(one_line).map(|c| c["input"].as_str().unwrap().to_owned()).collect();
    inputs.add("torture.log", &torture, ("", 0));
    Some(())
}

fn write_devices(inputs: &mut Inputs<'_>) -> Option<()> {
    let datagrams = lines_of(&shared("uhppote-controller")?.join("messages.jsonl"));
    let hex: Vec<String> =
        datagrams.iter().map(|m| m["hex"].as_str().unwrap().to_owned()).collect();
    inputs.add("uhppote.hex", &hex, ("uhppote", 0));
    let cef = lines_of(&shared("cef-leef")?.join("cef-lines.jsonl"));
    let literal =
        |line: &Value| serde_json::from_str::<String>(line["ruby_literal"].as_str()?).ok();
    let one_line = |text: &String| !text.contains(['\n', '\r']) && text.contains("CEF:");
    let cef: Vec<String> = cef.iter().filter_map(literal).filter(one_line).collect();
    inputs.add("cef.log", &cef, ("cef", 80));
    Some(())
}

fn write_cameras(inputs: &mut Inputs<'_>) -> Option<()> {
    let folder = shared("onvif-events")?.join("axis");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().flatten().map(|e| e.path()).collect();
    paths.sort();
    for path in paths.iter().filter(|p| p.extension().is_some_and(|e| e == "xml")) {
        let text = std::fs::read_to_string(path).unwrap();
        let name = format!("axis-{}", path.file_name().unwrap().to_string_lossy());
        inputs.add(&name, &[text], ("", 0));
    }
    let text = std::fs::read_to_string(shared("unifi-protect")?.join("sample_ws_messages.json"));
    assert!(text.unwrap().starts_with('{'));
    let events = std::fs::read_dir(shared("unifi-protect")?.join("events_ws_public")).unwrap();
    for path in events.flatten().map(|e| e.path()) {
        let json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let records = match json {
            Value::Array(all) => all,
            one => vec![one],
        };
        let records: Vec<String> = records.iter().map(Value::to_string).collect();
        let name = format!("unifi-{}.ndjson", path.file_stem().unwrap().to_string_lossy());
        inputs.add(&name, &records, ("", 0));
    }
    Some(())
}

/// Every record of every vendor gives at least one line, in order, and the summary adds up.
#[test]
fn every_vendors_record_yields_a_line() {
    let scratch = Scratch::new();
    let mut inputs = Inputs { scratch: &scratch, all: Vec::new() };
    let wrote = write_wazuh(&mut inputs)
        .and_then(|()| write_panther(&mut inputs))
        .and_then(|()| write_syslog(&mut inputs))
        .and_then(|()| write_devices(&mut inputs))
        .and_then(|()| write_cameras(&mut inputs));
    if wrote.is_none() {
        return;
    }
    let files: Vec<&str> = inputs.all.iter().map(|input| input.file.as_str()).collect();
    let ran =
        scratch.run(&[&["normalise", "--mapping", "auto"], files.as_slice()].concat()).ends(0);
    let lines = ran.lines();
    let (mut mapped, mut dead) = (BTreeMap::new(), BTreeSet::new());
    let mut highest = 0;
    for line in &lines {
        let record = if line.get("dead_letter").is_some() {
            let record = shapes::dead_letter(line);
            assert!(dead.insert(record), "two dead letters of record {record}");
            record
        } else {
            let record = shapes::event(line);
            mapped.insert(record, line["castellan"]["mapping"].as_str().unwrap());
            record
        };
        assert!(record >= highest, "record {record} after {highest}");
        highest = record;
    }
    let records: u64 = inputs.all.iter().map(|input| input.records).sum();
    let seen: BTreeSet<u64> = mapped.keys().chain(&dead).copied().collect();
    let silent: Vec<u64> = (0..records).filter(|record| !seen.contains(record)).collect();
    assert!(silent.is_empty(), "records without a line: {silent:?}");
    assert_eq!(seen.len() as u64, records, "more records than went in");
    let events = lines.len() - dead.len();
    let ran = ran.says(&format!(
        "{records} records = {} mapped + {} dead letters; {events} events",
        mapped.len(),
        dead.len()
    ));
    drop(ran);
    check_shares(&inputs.all, &mapped);
}

fn check_shares(inputs: &[Input], mapped: &BTreeMap<u64, &str>) {
    let (mut first, mut wrong) = (0, Vec::new());
    for input in inputs {
        let range = first..first + input.records;
        first += input.records;
        let of_file: Vec<&str> = mapped.range(range).map(|(_, mapping)| *mapping).collect();
        let is_ours = |m: &&&str| input.mapping.is_empty() || **m == input.mapping;
        let ours = of_file.iter().filter(is_ours).count() as u64;
        println!("{:<44} {ours:>4} of {:>4}", input.file, input.records);
        if ours < input.mapped_min {
            wrong.push(format!("{}: {ours} of {}, by {of_file:?}", input.file, input.records));
        }
    }
    assert!(wrong.is_empty(), "too few mapped:\n{}", wrong.join("\n"));
}

/// A mapping named by hand takes what is too bare to be recognised.
#[test]
fn a_named_mapping_takes_shortened_records() {
    let scratch = Scratch::new();
    let mut inputs = Inputs { scratch: &scratch, all: Vec::new() };
    if write_panther(&mut inputs).is_none() {
        return;
    }
    for (file, mapping, mapped_min) in [("Okta.", "okta", 90), ("Azure.", "entra", 45)] {
        let file = format!("{file}ndjson");
        let lines = scratch.run(&["normalise", "--mapping", mapping, &file]).ends(0).lines();
        let (dead, events): (Vec<_>, Vec<_>) =
            lines.iter().partition(|line| line.get("dead_letter").is_some());
        assert!(events.len() >= mapped_min, "{mapping}: {}", events.len());
        for line in dead {
            shapes::dead_letter(line);
            assert_eq!(line["dead_letter"]["mapping"], mapping, "{line}");
        }
        for line in events {
            shapes::event(line);
            assert_eq!(line["castellan"]["mapping"], mapping, "{line}");
        }
    }
}
