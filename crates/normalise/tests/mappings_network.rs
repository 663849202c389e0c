//! Firewalls, CEF products, identity providers and Defender: real records give valid OCSF, and
//! `auto` finds the mapping of each. The records stay outside the tree.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "proof/support.rs"]
#[expect(dead_code, reason = "shared with the other test binaries, each of which uses a part")]
mod support;

use std::collections::BTreeMap;

use model::{Raw, Wire};
use normalise::Normalised;
use normalise::ocsf::Validator;
use serde_json::Value;

use support::{folders, raw, run, shared, shipped};

/// Proves that each record gives valid OCSF, by its mapping's name and by `auto` alike; `excepted`
/// names those that must not. Answers the events by class.
fn prove(mapping: &str, records: &[Raw], excepted: &[(&str, &str)]) -> BTreeMap<i64, u32> {
    let mappings = shipped();
    let (mut valid, mut classes) = (0, BTreeMap::new());
    let mut complaints = Vec::new();
    for record in records {
        let text = String::from_utf8_lossy(&record.body).into_owned();
        let is_excepted = excepted.iter().any(|(part, _)| text.contains(part));
        let named = run(&mappings, Some(mapping), record);
        let mut problems = Vec::new();
        for one in &named {
            match one {
                Normalised::Event(event) => {
                    let class = event.get("class_uid").unwrap().as_i64().unwrap();
                    *classes.entry(class).or_insert(0) += 1;
                    let found = Validator::shipped().check(&event.ocsf);
                    problems.extend(found.iter().map(ToString::to_string));
                }
                Normalised::Dead(dead) => problems.push(dead.reason.to_string()),
            }
        }
        if problems.is_empty() && run(&mappings, None, record) != named {
            problems.push(format!("auto does not choose {mapping}"));
        }
        match (problems.is_empty(), is_excepted) {
            (true, false) => valid += 1,
            (false, true) => {}
            (true, true) => complaints.push(format!("expected to be refused\n    {text}")),
            (false, false) => complaints.push(format!("{}\n    {text}", problems.join("; "))),
        }
    }
    println!("{mapping}: {valid} of {} real records valid, by class {classes:?}", records.len());
    for (part, why) in excepted {
        println!("{mapping}: excepted `{part}`: {why}");
    }
    assert!(complaints.is_empty(), "{mapping}:\n{}", complaints.join("\n"));
    assert!(!records.is_empty());
    classes
}

fn lines(path: &str) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(shared(path)?).unwrap();
    let all = text.lines().map(|line| serde_json::from_str(line).unwrap());
    Some(all.collect())
}

/// The syslog templates of one product, with their placeholders filled.
fn templates(file: &str) -> Option<Vec<Raw>> {
    let all = lines("sc4s-syslog/samples.jsonl")?;
    let own = all.iter().filter(|sample| sample["file"] == file);
    Some(
        own.map(|sample| {
            let mut text = sample["template"].as_str().unwrap().trim_end().to_owned();
            for (mark, value) in [
                ("mark", "<134>"),
                ("bsd", "Jan 15 11:59:58"),
                ("iso", "2026-01-15T11:59:58"),
                ("epoch", "1768478398"),
                ("host", "fw-1"),
                ("date", "2026/01/15"),
                ("time", "2026/01/15 11:59:58"),
                ("recv_time", "2026/01/15 11:59:58"),
                ("high_res_time", "2026-01-15T11:59:58.125+00:00"),
            ] {
                text = text.replace(&format!("{{{{ {mark} }}}}"), value);
                text = text.replace(&format!("{{{{{mark}}}}}"), value);
            }
            if file == "test_palo_alto.py" && text.starts_with("<134>1 ") {
                text = text.replacen("58 fw-1", "58Z fw-1", 1);
            }
            assert!(!text.contains("{{"), "{text}");
            raw(Wire::Syslog, text.as_bytes())
        })
        .collect(),
    )
}

/// The events of one product among the rule tests.
fn rule_tests(belongs: impl Fn(&Value) -> bool) -> Option<Vec<Raw>> {
    let all = lines("panther-rule-tests/rule-tests.jsonl")?;
    let own = all.iter().filter(|test| belongs(test));
    Some(own.map(|test| raw(Wire::Json, test["log"].to_string().as_bytes())).collect())
}

fn is_of(test: &Value, kind: &str) -> bool {
    test["log"]["p_log_type"] == kind || test["log_types"] == serde_json::json!([kind])
}

#[test]
fn panos() {
    let Some(records) = templates("test_palo_alto.py") else {
        return;
    };
    let classes = prove("panos", &records, &[]);
    assert!(records.len() >= 15 && classes[&4001] >= 9, "{classes:?}");
}

#[test]
fn cisco_asa() {
    let Some(records) = templates("test_cisco_asa.py") else {
        return;
    };
    let classes = prove("cisco-asa", &records, &[]);
    assert_eq!(classes, BTreeMap::from([(4001, 6)]));
}

#[test]
fn cef() {
    let Some(all) = lines("cef-leef/cef-lines.jsonl") else {
        return;
    };
    let mut records = Vec::new();
    for one in &all {
        let literal = one["ruby_literal"].as_str().or(one["text"].as_str());
        let text = literal.unwrap();
        // The literals keep their language's quotes and escapes; a variable within is no CEF.
        if text.contains("#{") {
            continue;
        }
        let quoted = text.starts_with(['"', '\'']);
        let inner = text.strip_prefix("%q{").map(|rest| rest.strip_suffix('}'));
        let inner = match inner.flatten() {
            Some(inner) => inner,
            None if quoted => &text[1..text.len() - 1],
            None => text,
        };
        let inner = if quoted { inner.replace("\\\\", "\\") } else { inner.to_owned() };
        for line in inner.lines() {
            records.push(raw(Wire::Cef, line.trim().as_bytes()));
        }
    }
    let short = ("100|double backslash", "its header ends before the seventh field");
    let classes = prove("cef", &records, &[short]);
    assert!(records.len() >= 32 && classes[&2004] >= 20 && classes[&4001] >= 1, "{classes:?}");
}

#[test]
fn entra() {
    let found = rule_tests(|test| {
        is_of(test, "Azure.Audit") || is_of(test, "Microsoft365.Audit.AzureActiveDirectory")
    });
    let Some(records) = found else {
        return;
    };
    let classes = prove("entra", &records, &[]);
    assert!(records.len() >= 50 && classes[&3002] >= 20, "{classes:?}");
    assert!(classes[&3001] >= 4 && classes[&3006] >= 3 && classes[&3004] >= 5, "{classes:?}");
}

#[test]
fn auth0() {
    let Some(records) = rule_tests(|test| is_of(test, "Auth0.Events")) else {
        return;
    };
    let classes = prove("auth0", &records, &[]);
    assert!(records.len() >= 57 && classes[&2004] >= 7 && classes[&6003] >= 30, "{classes:?}");
}

#[test]
fn defender() {
    let found = rule_tests(|test| {
        is_of(test, "MicrosoftGraph.SecurityAlertV2")
            || is_of(test, "MicrosoftDefenderXDR.AdvancedHunting")
    });
    let Some(records) = found else {
        return;
    };
    let classes = prove("defender", &records, &[]);
    assert_eq!(classes, BTreeMap::from([(2004, 6)]));
}

/// The records of every shipped mapping, mixed: each finds its own, whoever else is asked first.
#[test]
fn auto_tells_samples_of_all_mappings_apart() {
    let own = ["auth0", "cef", "cisco-asa", "defender", "entra", "panos"];
    let (mut told, mut wrong) = (0, Vec::new());
    for folder in folders() {
        for (path, bytes) in &folder.files {
            let Some(file) = path.strip_prefix("samples/") else {
                continue;
            };
            let wire = match file.rsplit_once('.').unwrap().1 {
                "log" => Wire::Syslog,
                "ndjson" => Wire::Json,
                "cef" => Wire::Cef,
                _ => continue,
            };
            for line in String::from_utf8_lossy(bytes).lines() {
                for one in run(&shipped(), None, &raw(wire, line.as_bytes())) {
                    let chosen = match &one {
                        Normalised::Event(event) => event.mapping.as_str().to_owned(),
                        Normalised::Dead(dead) => {
                            dead.mapping.as_ref().map_or("none", |m| m.as_str()).into()
                        }
                    };
                    let is_ours = own.contains(&folder.name.as_str());
                    let claims = own.contains(&chosen.as_str());
                    if (is_ours || claims) && chosen != folder.name {
                        wrong.push(format!("{}: {chosen} took {line}", folder.name));
                    }
                    told += u32::from(is_ours);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(told >= 100, "{told}");
}
