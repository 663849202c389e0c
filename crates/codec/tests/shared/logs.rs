//! Log lines of many products: nothing is lost, hosts and fields are found.

use codec::{audit, kv, syslog};

use crate::data;

/// The lines of rule tests: what follows `log N pass = ` in an INI file.
fn rule_test_lines(file: &str) -> Option<Vec<String>> {
    let bytes = std::fs::read(data::path(&format!("wazuh-rule-tests/{file}"))?).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let lines = text.lines().filter(|line| line.starts_with("log "));
    Some(lines.filter_map(|line| Some(line.split_once(" = ")?.1.to_owned())).collect())
}

#[test]
fn fortigate_lines_give_host_time_and_pairs() {
    let Some(lines) = rule_test_lines("fortigate.ini") else {
        return;
    };
    assert!(lines.len() > 10);
    let mut with_host = 0;
    for line in &lines {
        let pairs: Vec<_> = kv::pairs(line).collect();
        assert!(pairs.len() > 8, "{line}");
        let with_priority = format!("<189>{line}");
        let parsed = syslog::parse(with_priority.as_bytes());
        assert_eq!(parsed.message.severity, Some(5));
        let named = pairs.iter().find(|(key, _)| *key == "devname").map(|(_, value)| value.text());
        if line.starts_with("date=") && named.is_some() {
            assert_eq!(parsed.message.hostname, named.as_deref(), "{line}");
            assert!(parsed.message.timestamp.is_some(), "{line}");
            assert!(parsed.blemish.is_some(), "{line}");
            with_host += 1;
        }
    }
    assert!(with_host > 10, "{with_host} of {}", lines.len());
}

#[test]
fn audit_lines_give_type_serial_and_fields() {
    let Some(lines) = rule_test_lines("auditd.ini") else {
        return;
    };
    let (mut read, mut fields) = (0, 0);
    for line in &lines {
        match audit::parse(line.as_bytes()) {
            Ok(record) => {
                read += 1;
                fields += record.fields().count();
                assert!(record.serial > 0 && record.unix_ns > 1_000_000_000_000_000_000, "{line}");
            }
            Err(error) => assert!(!line.contains("msg=audit("), "{error} in {line}"),
        }
    }
    assert!(
        read == lines.len() && fields > 5 * read,
        "{read} records, {fields} fields of {}",
        lines.len()
    );
}

#[test]
fn sshd_lines_give_the_program_and_its_process() {
    let Some(lines) = rule_test_lines("sshd.ini") else {
        return;
    };
    for line in &lines {
        let parsed = syslog::parse(line.as_bytes());
        assert_eq!(parsed.form, syslog::Form::Rfc3164, "{line}");
        assert!(parsed.is_blemished_by(syslog::SyslogErrorKind::Pri), "{line}");
        assert_eq!(parsed.message.app_name, Some("sshd"), "{line}");
        assert!(parsed.message.hostname.is_some(), "{line}");
    }
    assert!(lines.len() > 20);
}

#[test]
fn vendor_samples_give_their_host() {
    let Some(samples) = data::lines("sc4s-syslog/samples.jsonl") else {
        return;
    };
    let (mut seen, mut wrong) = (0, Vec::new());
    for sample in &samples {
        let template = sample["template"].as_str().unwrap();
        if !template.starts_with("{{ mark }} {{ bsd }} {{ host }} ") {
            continue;
        }
        let text = template
            .replace("{{ mark }}", "<134>")
            .replace("{{ bsd }}", "Nov 22 10:00:00")
            .replace("{{ host }}", "fw-1");
        let parsed = syslog::parse(text.as_bytes());
        seen += 1;
        if parsed.message.hostname != Some("fw-1") || parsed.message.timestamp.is_none() {
            wrong.push(text);
        }
    }
    assert!(seen > 3 && wrong.is_empty(), "{wrong:#?} of {seen}");
}
