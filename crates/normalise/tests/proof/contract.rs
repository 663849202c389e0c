//! What a mapping's author may rely on.

use std::sync::Arc;

use model::value::Value;
use model::{DeadReason, Event, Raw, Wire};
use normalise::{ClockPolicy, MappingFolder, Mappings, Normalised};

use crate::support::{at, inline, raw, run, run_with, shipped, source};

const TOML: &str = r#"
format = 1
name = "acme"
vendor = "Acme"
product = "Gate"
wire = "json"
ocsf_class = "authentication"
"#;

fn acme(program: &str) -> Vec<MappingFolder> {
    vec![inline("acme", &[("mapping.toml", TOML), ("map.vrl", program)])]
}

fn problems(folders: Vec<MappingFolder>) -> Vec<String> {
    Mappings::load(folders).1.iter().map(ToString::to_string).collect()
}

fn event(out: Vec<Normalised>) -> Event {
    match out.into_iter().next() {
        Some(Normalised::Event(event)) => event,
        other => panic!("{other:?}"),
    }
}

fn dead(out: Vec<Normalised>) -> DeadReason {
    match out.into_iter().next() {
        Some(Normalised::Dead(dead)) => dead.reason,
        other => panic!("{other:?}"),
    }
}

fn load(program: &str) -> Arc<Mappings> {
    let (mappings, problems) = Mappings::load(acme(program));
    assert_eq!(problems, []);
    Arc::new(mappings)
}

#[test]
fn all_problems_of_a_manifest_are_told_at_once_with_their_places() {
    let text = "format = 1\nname = \"acme\"\nvendr = \"Acme\"\nproduct = 7\nwire = \"jsn\"\n\
                ocsf_class = \"authentificaton\"\n[recognise]\napp_nme = \"x\"\n";
    let found = problems(vec![inline("acme", &[("mapping.toml", text), ("map.vrl", ".")])]);
    let expected = [
        "acme/mapping.toml:3:1: error: unknown key `vendr`; did you mean `vendor` [unknown_key]",
        "acme/mapping.toml: error: `vendor` is missing [missing_key]",
        "acme/mapping.toml:4:1: error: `product` must be text, found integer [wrong_type]",
        "acme/mapping.toml:5:1: error: `wire` is `jsn`, expected one of `syslog`",
        "acme/mapping.toml:6:1: error: `ocsf_class` names no class that we carry; \
         did you mean `authentication`",
        "acme/mapping.toml:8:1: error: unknown key `recognise.app_nme`; did you mean `app_name`",
    ];
    for one in expected {
        assert!(found.iter().any(|line| line.starts_with(one)), "{one}\n{}", found.join("\n"));
    }
}

#[test]
fn a_program_that_does_not_compile_is_named_by_line_and_column() {
    let found = problems(acme("x = 1\n. = {\"a\": parse_int(.b)}\n"));
    assert!(found.iter().any(|line| line.starts_with("acme/map.vrl:2:")), "{found:?}");
    let found = problems(acme("\n\n.time = now()\n"));
    let first = found.first().unwrap();
    assert!(first.starts_with("acme/map.vrl:3:9: error"), "{first}");
    let found = problems(acme("%peer = \"x\"\n"));
    assert!(found.iter().any(|line| line.contains("map.vrl:1:")), "{found:?}");
}

#[test]
fn a_program_may_wait_for_its_first_record() {
    let (mappings, problems) = Mappings::load_lazily(acme("x = "));
    assert_eq!(problems, []);
    let out = run(&Arc::new(mappings), Some("acme"), &raw(Wire::Json, b"{}"));
    let DeadReason::Program { detail } = dead(out) else { panic!() };
    assert!(detail.starts_with("acme/map.vrl:1:"), "{detail}");
    let good = r#". = {"activity_id": 1, "user": {"name": "a"}, "service": {"name": "s"}}"#;
    let (mappings, _) = Mappings::load_lazily(acme(good));
    event(run(&Arc::new(mappings), Some("acme"), &raw(Wire::Json, b"{}")));
}

#[test]
fn the_runner_fills_what_every_event_needs() {
    let program = r#". = {
        "activity_id": 1, "user": {"name": .user, "domain": ""}, "service": {"name": "gate"},
        "device": {"hostname": "h", "type_id": 0}, "src_endpoint": {"ip": ip(.from)},
        "time": ocsf_time("2026-01-14T08:00:00.123456789Z"), "unmapped": {"none": null, "at": ocsf_time(0)}
    }"#;
    let record = raw(Wire::Json, br#"{"user":"ana","from":"somewhere"}"#);
    let event = event(run(&load(program), Some("acme"), &record));
    assert_eq!(event.time, at("2026-01-14T08:00:00.123456789Z"));
    assert_eq!(
        serde_json::Value::Object(event.ocsf.into()),
        serde_json::json!({
            "activity_id": 1, "category_uid": 3, "class_uid": 3002, "type_uid": 300201,
            "severity_id": 1, "time": 1768377600123_i64, "user": {"name": "ana"},
            "service": {"name": "gate"}, "device": {"hostname": "h", "type_id": 0},
            "metadata": {"version": "1.8.0", "profiles": ["host"],
                "product": {"name": "Gate", "vendor_name": "Acme"}},
            "unmapped": {"at": "1970-01-01T00:00:00Z"},
        })
    );
    assert_eq!(event.logsource.category.as_deref(), Some("authentication"));
    assert_eq!(event.logsource.product.as_deref(), Some("acme"));
}

#[test]
fn every_record_gives_an_event_or_one_dead_letter() {
    let mappings = load(
        r#"if .kind == "bad" { abort "kind " + string!(.kind) }
        if .kind == "empty" { . = [] } else if .kind == "text" { . = "x" }
        else if .kind == "wrong" { . = {"src_endpoint": {"ip": "x"}} }
        else if .kind == "fail" { .n = string!(.n) }
        else { . = [{"activity_id": 1, "user": {"name": "a"}, "service": {"name": "s"}}] }"#,
    );
    let reason = |body: &str| dead(run(&mappings, Some("acme"), &raw(Wire::Json, body.as_bytes())));
    assert_eq!(reason(r#"{"kind":"bad"}"#), DeadReason::Aborted { detail: "kind bad".into() });
    assert!(matches!(reason(r#"{"kind":"empty"}"#), DeadReason::Aborted { .. }));
    assert!(matches!(reason(r#"{"kind":"text"}"#), DeadReason::Program { .. }));
    assert!(matches!(reason(r#"{"kind":"fail","n":1}"#), DeadReason::Program { .. }));
    assert!(matches!(reason(r#"{"kind":"wrong"}"#), DeadReason::NotOcsf { .. }));
    assert!(matches!(reason("{"), DeadReason::Decode { .. }));
    let unknown = run(&mappings, Some("acmee"), &raw(Wire::Json, b"{}"));
    assert_eq!(dead(unknown), DeadReason::UnknownMapping { name: "acmee".into() });
    assert_eq!(dead(run(&mappings, None, &raw(Wire::Json, b"{}"))), DeadReason::NoMapping);
    let mut out = run(&mappings, Some("acme"), &raw(Wire::Json, br#"{"kind":"x"}"#));
    assert!(matches!(out.pop(), Some(Normalised::Event(_))));
}

#[test]
fn an_absurd_clock_keeps_the_event_and_the_claim() {
    let program = r#". = {"activity_id": 1, "user": {"name": "a"}, "service": {"name": "s"}, "time": ocsf_time(.at)}"#;
    let mappings = load(program);
    let cases = [
        ("2026-01-17T11:59:59Z", ClockPolicy::LIVE, true),
        ("2026-01-17T12:00:01Z", ClockPolicy::LIVE, false),
        ("2036-01-15T12:00:00Z", ClockPolicy::FILE, false),
        ("2017-01-15T12:00:00Z", ClockPolicy::LIVE, true),
        ("2015-01-15T12:00:00Z", ClockPolicy::LIVE, false),
        ("2015-01-15T12:00:00Z", ClockPolicy::FILE, true),
    ];
    for (claim, policy, is_believed) in cases {
        let record = raw(Wire::Json, format!(r#"{{"at":"{claim}"}}"#).as_bytes());
        let event = event(run_with(&mappings, &source(Some("acme")), &record, policy));
        if is_believed {
            assert_eq!((event.time, event.text("metadata.original_time")), (at(claim), None));
        } else {
            assert_eq!(event.time, record.received_at);
            assert_eq!(event.text("metadata.original_time"), Some(claim));
            assert!(event.get("unmapped.clock_absurd").is_some());
        }
    }
}

#[test]
fn an_event_says_what_the_standard_refuses_about_its_record() {
    let body = b"<38>Jan 14 08:00:00 web-1 sshd[12]: Accepted password for ana from \xff port 22";
    let lawful =
        b"<38>Jan 14 08:00:00 web-1 sshd[12]: Accepted password for ana from 10.0.0.1 port 22";
    let untimed = b"<38>sshd: Accepted password for ana from 10.0.0.1 port 22 ssh2";
    let defect = |listener: &str, body: &[u8]| {
        let mut record = raw(Wire::Syslog, body);
        record.listener = listener.into();
        let event = event(run(&shipped(), Some("openssh"), &record));
        event.get("unmapped.syslog_defect").map(ToString::to_string)
    };
    let found = r#"{"code":"non_utf8","line":1,"column":68}"#;
    assert_eq!(defect("syslog_udp", body).as_deref(), Some(found));
    let found = r#"{"code":"version","line":1,"column":5}"#;
    assert_eq!(defect("syslog_tcp", untimed).as_deref(), Some(found));
    assert_eq!(defect("syslog_tls", lawful), None);
    assert_eq!(defect("file", untimed), None, "a log file's line owes no header to anybody");
}

#[test]
fn an_event_says_how_much_of_its_record_was_cut() {
    let mut record = raw(Wire::Json, br#"{"user":"ana"}"#);
    let program = r#". = {"activity_id": 1, "user": {"name": "a"}, "service": {"name": "s"}}"#;
    let mappings = load(program);
    let cut = |record: &Raw| {
        let event = event(run(&mappings, Some("acme"), record));
        event.get("unmapped.bytes_cut").and_then(Value::as_u64)
    };
    assert_eq!(cut(&record), None);
    record.bytes_cut = 812;
    assert_eq!(cut(&record), Some(812));
}

#[test]
fn years_and_zones_come_from_receipt_and_source() {
    let mut source = source(Some("openssh"));
    source.time_zone = Some("Europe/Berlin".into());
    let cases = [
        ("2026-01-15T12:00:00Z", "Jan 15 12:30:00", "2026-01-15T11:30:00Z"),
        ("2026-01-15T12:00:00Z", "Dec 31 23:59:59", "2025-12-31T22:59:59Z"),
        ("2025-12-31T23:30:00Z", "Jan  1 00:31:00", "2025-12-31T23:31:00Z"),
        ("2026-07-15T12:00:00Z", "Jul 15 12:00:00", "2026-07-15T10:00:00Z"),
        ("2026-01-15T12:00:00Z", "Feb 29 12:00:00", "2024-02-29T11:00:00Z"),
    ];
    for (received, stamp, expected) in cases {
        let line =
            format!("<38>{stamp} h sshd[1]: Accepted password for a from 10.0.0.1 port 1 ssh2");
        let mut record = raw(Wire::Syslog, line.as_bytes());
        record.received_at = at(received);
        let out = run_with(&shipped(), &source, &record, ClockPolicy::FILE);
        assert_eq!(event(out).time, at(expected), "{stamp}");
    }
}

#[test]
fn sources_without_a_mapping_are_recognised() {
    let cases = [
        (
            Wire::Syslog,
            "<38>Jan 14 08:00:00 h sshd[1]: Accepted password for a from 10.0.0.1 port 1",
            "openssh",
        ),
        (
            Wire::Syslog,
            "<85>Jan 14 08:00:00 h sudo[1]: a : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls",
            "sudo-pam",
        ),
        (
            Wire::Syslog,
            "type=DAEMON_END msg=audit(1450876093.165:8729): auditd normal halt, sending auid=0 pid=1 subj= res=success",
            "auditd",
        ),
        (
            Wire::Syslog,
            "<189>date=2026-01-14 time=10:00:01 devname=\"fw\" devid=\"F\" logid=\"0000000013\" type=\"traffic\" subtype=\"forward\" vd=\"root\" srcip=10.0.0.1 action=\"deny\"",
            "fortigate",
        ),
        (
            Wire::Json,
            r#"{"eventType":"user.session.end","published":"2026-01-14T17:00:00Z","legacyEventType":"x","actor":{"id":"1","alternateId":"a@b.c"}}"#,
            "okta",
        ),
    ];
    for (wire, body, expected) in cases {
        let event = event(run(&shipped(), None, &raw(wire, body.as_bytes())));
        assert_eq!(event.mapping.as_str(), expected, "{body}");
    }
}

#[test]
fn a_wrong_csv_header_names_line_and_column() {
    let record = raw(Wire::Csv, b"time,src-ip,dst_ip\n2026-01-14T08:00:00Z,10.0.0.1,10.0.0.2");
    let out = run(&shipped(), Some("flow-csv"), &record);
    let Some(Normalised::Dead(dead)) = out.first() else { panic!("{out:?}") };
    let detail = "the nearest is `src-ip`".to_owned();
    assert_eq!(dead.reason, DeadReason::CsvHeader { column: "src_ip".into(), detail });
    assert_eq!(dead.position.unwrap().line, 1);
}

#[test]
fn the_same_record_gives_the_same_fingerprint_and_parts_differ() {
    let body = b"time,badge,door\n2026-01-14T08:00:00Z,1,d";
    let events = |received: &str| {
        let mut record = raw(Wire::Csv, body);
        record.received_at = at(received);
        run(&shipped(), Some("pacs-csv"), &record)
            .into_iter()
            .map(|one| event(vec![one]).fingerprint)
            .collect::<Vec<_>>()
    };
    let first = events("2026-01-15T12:00:00Z");
    assert_eq!(first, events("2026-02-15T12:00:00Z"));
    assert_eq!(first.len(), 2);
    assert_ne!(first[0], first[1]);
}
