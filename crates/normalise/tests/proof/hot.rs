//! `fortigate` and `okta` against their programs, and that they do without them where it counts.

use std::sync::Arc;

use model::Wire;
use normalise::{Mappings, Normalised};
use proptest::prelude::*;

use crate::oracle::{agree_over, one_of};
use crate::real::{fortigate_lines, okta_events};
use crate::support::{folders, inline, raw, run};

/// The lines of all samples that ship with a mapping.
fn samples(mapping: &str) -> Vec<String> {
    let folder = folders().into_iter().find(|folder| folder.name == mapping).unwrap();
    let files = folder.files.iter().filter(|(path, _)| path.starts_with("samples/"));
    files
        .flat_map(|(_, bytes)| {
            String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

fn agree_on_line(line: &str) {
    for wire in [Wire::Syslog, Wire::Kv] {
        agree_over(wire, "fortigate", line.as_bytes());
    }
}

#[test]
fn firewall_lines_come_out_the_same_either_way() {
    let mut lines = samples("fortigate");
    lines.extend(fortigate_lines().unwrap_or_default());
    assert!(lines.len() >= 9);
    lines.iter().for_each(|line| agree_on_line(line));
    agree_over(Wire::Kv, "fortigate", b"type=traffic subtype=local srcip=10.0.0.1 user=\"\xff\"");
    let many: String = (0..100).map(|n| format!(" k{n}=v")).collect();
    agree_on_line(&format!("type=traffic subtype=local srcip=10.0.0.1{many}"));
}

/// Each word of each list alone, which random lines meet too seldom.
#[test]
fn every_word_of_a_firewall_comes_out_the_same_either_way() {
    for (key, words) in [
        (
            "action",
            "deny blocked block dropped reset reset_client reset_server reset-both clear_session \
             drop_session ip-conn dns accept pass passthrough permit close client-rst server-rst \
             timeout start allowed detected Deny other",
        ),
        ("level", "emergency alert critical error warning notice information debug ALERT other"),
        ("severity", "critical high medium low info HIGH other"),
        ("crlevel", "critical high medium low info N/A"),
        ("proto", "1 6 17 47 50 58 132 -1 x"),
        ("direction", "incoming outgoing Incoming other"),
        ("subtype", "forward local webfilter app-ctrl ips virus anomaly waf dlp file-filter"),
    ] {
        for (kind, word) in ["traffic", "utm"].iter().flat_map(|kind| {
            words.split(' ').filter(|word| !word.is_empty()).map(move |word| (kind, word))
        }) {
            let first = format!("{key}={word} type={kind} srcip=10.0.0.1 dstip=10.0.0.2");
            agree_on_line(&format!("{first} proto=6 subtype=forward action=accept"));
        }
    }
}

#[test]
fn every_kind_of_okta_event_comes_out_the_same_either_way() {
    for name in EVENTS {
        let named = SIGN_IN.replace("user.session.start", name);
        for (from, to) in [
            ("INFO", "INFO"),
            ("INFO", "error"),
            ("SUCCESS", "FAILURE"),
            ("SUCCESS", "ABANDONED"),
            ("SUCCESS", "CHALLENGE"),
            ("user7@example.com", "unknown"),
            (r#""target":[]"#, r#""target":[{"type":"User","id":"u"},{"type":"UserGroup"}]"#),
            (r#""target":[]"#, r#""target":[{"type":"AppInstance","displayName":"Pay"}]"#),
            (r#""actor""#, r#""actors""#),
        ] {
            agree_over(Wire::Json, "okta", named.replace(from, to).as_bytes());
        }
    }
}

#[test]
fn okta_events_come_out_the_same_either_way() {
    let mut events = samples("okta");
    events.extend(okta_events().unwrap_or_default());
    assert!(events.len() >= 11);
    for event in events {
        agree_over(Wire::Json, "okta", event.as_bytes());
        agree_over(Wire::Syslog, "okta", format!("<13>1 - - - - - - {event}").as_bytes());
    }
    for nested in [120, 126, 127, 128, 200] {
        let deep = format!("{}{}", "[".repeat(nested), "]".repeat(nested));
        let event = format!(
            r#"{{"eventType":"user.session.start","actor":{{"id":"1"}},"published":"",
            "device":{{"a":1,"deep":{deep}}}}}"#
        );
        agree_over(Wire::Json, "okta", event.as_bytes());
    }
}

/// The shipped mapping without its program: what a native engine leaves to it is refused.
fn without_program(mapping: &str) -> Arc<Mappings> {
    let mut folder = folders().into_iter().find(|folder| folder.name == mapping).unwrap();
    folder.files.remove("map.vrl").unwrap();
    Arc::new(Mappings::load(vec![folder]).0)
}

#[test]
fn the_hot_records_need_no_program() {
    let (fortigate, okta) = (without_program("fortigate"), without_program("okta"));
    for (line, expected) in [
        (TRAFFIC.to_owned(), true),
        (TRAFFIC.replace("accept", "deny").replace("<189>", ""), true),
        (TRAFFIC.replace("\"traffic\"", "\"utm\"").replace("forward", "webfilter"), true),
        (TRAFFIC.replace("\"traffic\"", "\"utm\"").replace("forward", "ips"), false),
        (TRAFFIC.replace("\"traffic\"", "\"event\""), false),
    ] {
        for mapping in [None, Some("fortigate")] {
            let made = run(&fortigate, mapping, &raw(Wire::Syslog, line.as_bytes()));
            assert_eq!(matches!(made[..], [Normalised::Event(_)]), expected, "{line}: {made:?}");
        }
    }
    for (event, expected) in [
        (SIGN_IN.to_owned(), true),
        (SIGN_IN.replace("user.session.start", "user.authentication.sso"), true),
        (SIGN_IN.replace("user.session.start", "user.lifecycle.suspend"), true),
        (SIGN_IN.replace("user.session.start", "group.lifecycle.create"), false),
        (SIGN_IN.replace("user.session.start", "security.threat.detected"), false),
    ] {
        for mapping in [None, Some("okta")] {
            let made = run(&okta, mapping, &raw(Wire::Json, event.as_bytes()));
            assert_eq!(matches!(made[..], [Normalised::Event(_)]), expected, "{event}: {made:?}");
        }
    }
}

#[test]
fn an_heir_with_a_program_of_its_own_is_run_by_it() {
    let mut all = folders();
    let manifest = "format = 1\nname = \"heir\"\nextends = \"fortigate\"\n";
    let program = r#". = {"class": "base_event", "message": "own"}"#;
    all.push(inline("heir", &[("mapping.toml", manifest), ("map.vrl", program)]));
    let mappings = Arc::new(Mappings::load_lazily(all).0);
    let made = run(&mappings, Some("heir"), &raw(Wire::Syslog, TRAFFIC.as_bytes()));
    let [Normalised::Event(event)] = &made[..] else { panic!("{made:?}") };
    assert_eq!(event.text("message"), Some("own"));
}

/// As the load generator of `castellan bench` writes them.
const TRAFFIC: &str = concat!(
    r#"<189>date=2026-01-15 time=11:59:58 devname="fw-7" devid="FGT60F0000000001" "#,
    r#"eventtime=1768478398000000000 tz="+0000" logid="0000000013" type="traffic" "#,
    r#"subtype="forward" level="notice" vd="root" srcip=10.0.0.7 srcport=1031 srcintf="lan" "#,
    r#"srcintfrole="lan" dstip=203.0.113.7 dstport=443 dstintf="wan1" dstintfrole="wan" "#,
    r#"sessionid=7 proto=6 action="accept" policyid=4 service="HTTPS" sentbyte=1840 "#,
    r#"rcvdbyte=5512 sentpkt=9 rcvdpkt=11 user="user7""#,
);
const SIGN_IN: &str = concat!(
    r#"{"uuid":"00000000-0000-4000-8000-000000000007","published":"2026-01-15T11:59:58.000Z","#,
    r#""eventType":"user.session.start","version":"0","severity":"INFO","displayMessage":"#,
    r#""User login to Okta","legacyEventType":"core.user_auth.login_success","actor":{"id":"#,
    r#""00u7","type":"User","alternateId":"user7@example.com","displayName":"User 7"},"client":"#,
    r#"{"userAgent":{"rawUserAgent":"Mozilla/5.0","os":"Linux","browser":"FIREFOX"},"zone":"#,
    r#""null","device":"Computer","ipAddress":"198.51.100.7"},"outcome":{"result":"SUCCESS","#,
    r#""reason":null},"authenticationContext":{"authenticationStep":0,"externalSessionId":"#,
    r#""s7"},"transaction":{"type":"WEB","id":"t7"},"target":[]}"#,
);

const KEYS: &[&str] = &[
    "type",
    "subtype",
    "eventtime",
    "date",
    "time",
    "tz",
    "level",
    "pri",
    "severity",
    "crlevel",
    "devname",
    "devid",
    "device_id",
    "logid",
    "log_id",
    "msg",
    "logdesc",
    "user",
    "srcip",
    "src",
    "remip",
    "srcname",
    "srcmac",
    "srcport",
    "src_port",
    "remport",
    "srcintf",
    "src_int",
    "dstip",
    "dst",
    "locip",
    "dstname",
    "hostname",
    "dstport",
    "dst_port",
    "locport",
    "dstintf",
    "dst_int",
    "proto",
    "direction",
    "sessionid",
    "sentbyte",
    "sent",
    "rcvdbyte",
    "rcvd",
    "sentpkt",
    "rcvdpkt",
    "policyid",
    "policyname",
    "duration",
    "action",
    "status",
    "url",
    "service",
    "app",
    "vd",
    "vd",
    "group",
    "a.b",
    "unmapped",
    "castellan",
    "é",
    "@",
    "0",
];
const WORDS: &[&str] = &[
    "",
    "\"\"",
    "-",
    "N/A",
    "\"n/a\"",
    "\"a b\"",
    "\" x \"",
    "null",
    "true",
    "0",
    "6",
    "17",
    "443",
    "65536",
    "-1",
    "+5",
    "0x1F",
    "0x",
    "9223372036854775807",
    "9223372036854775808",
    "1.5",
    "10.0.0.1",
    "10.0.0.1",
    "[2001:db8::1]",
    "\" 10.0.0.2 \"",
    "::ffff:10.0.0.1",
    "010.0.0.1",
    "00:0C:29:51:38:5e",
    "000c2951385e",
    "000c.2951.385e",
    "00:0c",
    "ana",
    "ana@example.org",
    "unauthenticated",
    "\"DOM\\\\ana\"",
    "\"say \\\"x\\\"\"",
    "\"C:\\\"",
    "\"open",
    "ä",
    "K",
    "Accept",
    "deny",
    "dropped",
    "reset",
    "reset_client",
    "close",
    "client-rst",
    "ip-conn",
    "start",
    "timeout",
    "detected",
    "blocked",
    "emergency",
    "ALERT",
    "error",
    "warning",
    "high",
    "critical",
    "low",
    "incoming",
    "outgoing",
    "/x?y=1",
    "https://a.example/b",
    "example.org",
    "\"/ a \"",
    "traffic",
    "utm",
    "Traffic",
    "event",
    "webfilter",
    "ips",
    "virus",
    "2026-01-14",
    "10:00:00",
    "+0100",
    "1768384801123456789",
    "1768384801",
    "soon",
    "HTTPS",
    "\u{a0}",
    "a=b",
];

fn pairs() -> impl Strategy<Value = String> {
    let value = prop_oneof![6 => one_of(WORDS), 1 => "[ -~é]{0,8}"];
    let pair = (one_of(KEYS), value).prop_map(|(key, value)| format!(" {key}={value}"));
    proptest::collection::vec(pair, 0..16).prop_map(|pairs| pairs.concat())
}

const EVENTS: &[&str] = &[
    "user.session.start",
    "user.session.end",
    "user.session.impersonation.grant",
    "logout",
    "user.authentication.sso",
    "user.authentication.auth_via_mfa",
    "user.authentication.verify",
    "user.authentication.auth_via_mfa_impersonation",
    "app.oauth2.token.grant",
    "user.lifecycle.create",
    "user.lifecycle.suspend",
    "user.lifecycle.delete.initiated",
    "user.account.lock",
    "user.mfa.factor.reset_all",
    "user.account.privilege.revoke",
    "user.account.report_suspicious_activity_by_enduser",
    "user.",
    "group.privilege.grant",
    "group.user_membership.add",
    "security.threat.detected",
    "system.api_token.create",
    " user.session.start ",
    "User.Session.Start",
];
const SCALARS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-1",
    "-0",
    "7",
    "1.5",
    "1e3",
    "0.1",
    "12345678901234567890.5",
    "9223372036854775808",
    "18446744073709551616",
    "1768384801123",
    "1768384801.25",
    "[]",
    "{}",
    "[null,\"\"]",
    "[[],{}]",
    "[1,\"a\",null]",
    r#"{"a":1,"a":null}"#,
    r#"{"a":null,"a":2}"#,
    r#"{"b":"","unmapped":{"c":""}}"#,
    r#""""#,
    r#"" ""#,
    r#""ana""#,
    r#""Ana \u0041\n\"x\"""#,
    r#""ana@example.org""#,
    r#""unknown""#,
    r#""N/A""#,
    r#"" bo ""#,
    r#""User""#,
    r#""user""#,
    r#""AppUser""#,
    r#""AppInstance""#,
    r#""UserGroup""#,
    r#""SUCCESS""#,
    r#""DENY""#,
    r#""FAILURE""#,
    r#""CHALLENGE""#,
    r#""INFO""#,
    r#""warn""#,
    r#""ERROR""#,
    r#""ınfo""#,
    r#""198.51.100.7""#,
    r#""[::1]""#,
    r#""2026-01-14T08:00:00.125Z""#,
    r#""2026-01-14 08:00:00""#,
    r#""\u017f""#,
    r#""\ud83d\ude00""#,
];
const FIELDS: &[&str] = &[
    "id",
    "type",
    "alternateId",
    "alternateid",
    "displayName",
    "displayname",
    "result",
    "reason",
    "externalSessionId",
    "ipAddress",
    "zone",
    "device",
    "browser",
    "os",
    "rawUserAgent",
    "city",
    "country",
    "state",
    "postalCode",
    "x",
    "unmapped",
];
const TOP: &[&str] = &[
    "published",
    "severity",
    "displayMessage",
    "displaymessage",
    "uuid",
    "actor",
    "client",
    "outcome",
    "target",
    "transaction",
    "debugContext",
    "debugcontext",
    "securityContext",
    "securitycontext",
    "authenticationContext",
    "authenticationcontext",
    "device",
    "eventtype",
    "unmapped",
    "version",
];

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![12 => one_of(SCALARS), 1 => one_of(&["1e999", "01", "\"\\ud800\"", "nul", "1,"])]
}

fn object_of(
    keys: &'static [&'static str],
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    let pair = (one_of(keys), value).prop_map(|(key, value)| format!("\"{key}\":{value}"));
    proptest::collection::vec(pair, 0..7).prop_map(|pairs| format!("{{{}}}", pairs.join(",")))
}

/// An object with the given keys, each there or not, and some of any keys.
fn filled(keys: &'static [&'static str]) -> impl Strategy<Value = String> {
    object_of(keys, one_of(SCALARS))
}

fn client() -> impl Strategy<Value = String> {
    (
        filled(&["rawUserAgent", "os", "browser"]),
        filled(&["city", "country", "state", "postalCode"]),
        filled(&["ipAddress", "zone", "device", "userAgent"]),
    )
        .prop_map(|(agent, place, more)| {
            let more = more.trim_start_matches('{');
            let comma = if more == "}" { "" } else { "," };
            format!(r#"{{"userAgent":{agent},"geographicalContext":{place}{comma}{more}"#)
        })
}

fn event() -> impl Strategy<Value = String> {
    let targets = proptest::collection::vec(
        filled(&["id", "type", "type", "alternateId", "displayName"]),
        0..4,
    );
    let top = (one_of(TOP), prop_oneof![4 => scalar(), 1 => object_of(FIELDS, one_of(SCALARS))]);
    let top = top.prop_map(|(key, value)| format!(r#","{key}":{value}"#));
    (
        one_of(EVENTS),
        filled(&["id", "type", "alternateId", "alternateid", "displayName", "displayname"]),
        client(),
        filled(&["result", "reason"]),
        (filled(&["externalSessionId", "x"]), targets),
        proptest::collection::vec(top, 0..5),
    )
        .prop_map(|(event, actor, client, outcome, (session, targets), more)| {
            let targets = targets.join(",");
            let more = more.concat();
            format!(
                r#"{{"eventType":"{event}","actor":{actor},"client":{client},"outcome":{outcome},
                "authenticationContext":{session},"target":[{targets}]{more}}}"#
            )
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_firewall_line_comes_out_the_same_either_way(
        header in one_of(&["", "<189>", "<189>1 2026-01-14T10:00:00Z fw-1 - - - - ",
            "<189>Jan 14 10:00:00 fw-1 "]),
        before in pairs(),
        kind in one_of(&["traffic", "traffic", "traffic", "utm", "\"UTM\"", "event", ""]),
        action in one_of(&["", " action=close", " action=\"dropped\"", " action=ip-conn"]),
        subtype in one_of(&["forward", "\"Local\"", "webfilter", "app-ctrl", "ips", "user",
            "\"\""]),
        after in pairs(),
    ) {
        let kind = format!("type={kind} subtype={subtype}{action}");
        agree_on_line(&format!("{header}date=2026-01-14{before} {kind}{after}"));
    }

    #[test]
    fn any_okta_event_comes_out_the_same_either_way(event in event()) {
        agree_over(Wire::Json, "okta", event.as_bytes());
    }
}
