//! Native engines against their `map.vrl`: the same events, the same refusals.

use std::sync::Arc;

use model::{Event, Wire};
use normalise::ocsf::Validator;
use normalise::{Mappings, Normalised};
use proptest::prelude::*;

use crate::support::{folders, raw, run, shipped};

fn oracles() -> Arc<Mappings> {
    static ORACLES: std::sync::OnceLock<Arc<Mappings>> = std::sync::OnceLock::new();
    Arc::clone(ORACLES.get_or_init(|| Arc::new(Mappings::load_lazily(folders()).0.with_oracles())))
}

fn told(all: Vec<Normalised>) -> Vec<Result<Event, String>> {
    all.into_iter()
        .map(|one| match one {
            Normalised::Event(event) => Ok(event),
            // Of several faults each engine names the one it meets first.
            Normalised::Dead(dead) => Err(dead.reason.code().to_owned()),
        })
        .collect()
}

fn agree(mapping: &str, body: &str) {
    let wire = if mapping == "openssh" { Wire::Syslog } else { Wire::Csv };
    agree_over(wire, mapping, body.as_bytes());
}

/// Runs a record both ways: the events are the same, byte by byte, and valid.
pub fn agree_over(wire: Wire, mapping: &str, body: &[u8]) {
    let record = raw(wire, body);
    let body = String::from_utf8_lossy(body);
    let native = told(run(&shipped(), Some(mapping), &record));
    let oracle = told(run(&oracles(), Some(mapping), &record));
    assert_eq!(native, oracle, "{body}");
    for (native, oracle) in native.iter().zip(&oracle) {
        let (Ok(native), Ok(oracle)) = (native, oracle) else { continue };
        assert_eq!(Validator::shipped().check(&native.ocsf), [], "{body}");
        let written = |event| {
            let mut value = serde_json::to_value(event).unwrap();
            value.sort_all_objects();
            value.to_string()
        };
        assert_eq!(written(native), written(oracle), "{body}");
    }
}

#[test]
fn samples_come_out_the_same_either_way() {
    for mapping in ["pacs-csv", "flow-csv"] {
        let folder = folders().into_iter().find(|folder| folder.name == mapping).unwrap();
        for (path, bytes) in folder.files.iter().filter(|(path, _)| path.ends_with(".csv")) {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let mut lines = text.lines();
            let header = lines.next().unwrap();
            for line in lines {
                println!("{path}: {line}");
                agree(mapping, &format!("{header}\n{line}"));
            }
        }
    }
}

#[test]
fn log_on_messages_come_out_the_same_either_way() {
    let folder = folders().into_iter().find(|folder| folder.name == "openssh").unwrap();
    let samples = folder.files.iter().filter(|(path, _)| path.ends_with(".log"));
    let mut lines: Vec<String> = samples
        .flat_map(|(_, bytes)| {
            String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    lines.extend(crate::support::wazuh("sshd.ini").unwrap_or_default());
    for line in lines {
        agree("openssh", &line);
    }
}

#[test]
fn a_header_of_forty_thousand_columns_comes_out_the_same_either_way() {
    let names: Vec<String> = (0..40_000).map(|n| format!("c{}", n * 7_919 % 40_000)).collect();
    let values = vec!["x"; names.len()].join(",");
    let body = format!(
        "time,badge,door,{}\n2026-01-14T10:00:00Z,100231,lobby-1,{values}",
        names.join(",")
    );
    agree("pacs-csv", &body);
}

pub fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(words).prop_map(str::to_owned)
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![one_of(&["", "ana", "lobby-1", "100231", "ä ö", "\"a,b\""]), "[a-z0-9 ]{0,8}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_badge_record_comes_out_the_same_either_way(
        time in one_of(&["2026-01-14T10:00:00Z", "2026-01-14 10:00:00.25", "soon", ""]),
        (badge, person, door, zone) in (word(), word(), word(), word()),
        result in one_of(&["", "granted", "DENIED", "taken", "not_taken", "forced", "held", "rex",
            "duress", "tamper", "opened"]),
        direction in one_of(&["", "in", "OUT", "up"]),
        (reason, extra) in (word(), word()),
    ) {
        agree("pacs-csv", &format!(
            "time,badge,person,door,zone,result,direction,reason,panel\n\
             {time},{badge},{person},{door},{zone},{result},{direction},{reason},{extra}"
        ));
    }

    #[test]
    fn any_flow_comes_out_the_same_either_way(
        time in one_of(&["2026-01-14T10:00:00Z", "1768384800", "soon"]),
        (source, target) in (
            one_of(&["10.0.0.1", "2001:db8::1", "host", "", "::ffff:10.0.0.1"]),
            one_of(&["10.0.0.2", "192.0.2.1"]),
        ),
        (from, to) in (one_of(&["", "80", "65536", "-1", "x"]), one_of(&["443", "0", ""])),
        protocol in one_of(&["", "tcp", "UDP", "6", "58", "200", "sctp", "icmp"]),
        (sent, got) in (one_of(&["", "0", "1820", "9223372036854775807", "4611686018427387903"]), one_of(&["", "7"])),
        (user, extra) in (word(), word()),
    ) {
        agree("flow-csv", &format!(
            "time,src_ip,src_port,dst_ip,dst_port,protocol,bytes_out,bytes_in,user,vlan\n\
             {time},{source},{from},{target},{to},{protocol},{sent},{got},{user},{extra}"
        ));
    }

    #[test]
    fn any_log_on_message_comes_out_the_same_either_way(
        start in one_of(&["Accepted password for ", "Failed none for ", "Failed password for invalid user ",
            "Invalid user ", "Illegal user ", "Failed ", "Accepted publickey ", "Failed a for illegal user ",
            "[ID 800047 auth.notice] Failed none for ", "Accepted password for invalid user "]),
        user in prop_oneof![one_of(&["ana", "", " ", "a b", "a from b", "from ", "-", "ä", "invalid user x"]),
            "[ -~]{0,10}"],
        from in one_of(&[" from 10.0.0.1", " from 2001:db8::1", " from h.example.org", " from ", "",
            " from 10.0.0.1 from 10.0.0.2", " from -", " from [::1]"]),
        port in one_of(&["", " port 22", " port 70000", " port x", " port ", " port 22x"]),
        end in one_of(&["", " ssh2", " ssh2: RSA SHA256:abc", ": key", " [preauth]", "\n", " ssh2: "]),
        tag in one_of(&["sshd[12]", "sshd", "sshd[x]"]),
    ) {
        agree("openssh", &format!("<38>Jan 14 08:00:00 web-1 {tag}: {start}{user}{from}{port}{end}"));
    }
}
