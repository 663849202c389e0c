#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use proptest::prelude::*;

use super::super::{Standard, parse_strict};
use super::{Form, SyslogTime, parse};

/// One line per message: form, severity, time, host, application, process, id, text, blemish.
fn render(input: &[u8]) -> String {
    let parsed = parse(input);
    let message = &parsed.message;
    let time = match message.timestamp {
        Some(SyslogTime::Rfc3339 { unix_ns }) => format!("{}ms", unix_ns / 1_000_000),
        Some(SyslogTime::Bsd(time)) => format!(
            "{}{}/{} {:02}:{:02}:{:02}.{}{}",
            time.year.map(|year| format!("{year}/")).unwrap_or_default(),
            time.month,
            time.day,
            time.hour,
            time.minute,
            time.second,
            time.micros,
            message.zone.map(|zone| format!(" {zone}")).unwrap_or_default()
        ),
        None => "-".to_owned(),
    };
    let priority = match (message.facility, message.severity) {
        (Some(facility), Some(severity)) => format!("{facility}.{severity}"),
        _ => "-".to_owned(),
    };
    let sequence = message.sequence.map(|number| format!("#{number} ")).unwrap_or_default();
    let flag = parsed.flag().map(|(code, at)| format!(" !{code}@{at}")).unwrap_or_default();
    format!(
        "{:?} {priority} {sequence}{time} {} {}[{}] {} {:?}{flag}",
        parsed.form,
        message.hostname.unwrap_or("-"),
        message.app_name.unwrap_or("-"),
        message.proc_id.unwrap_or("-"),
        message.msg_id.unwrap_or("-"),
        message.text(),
    )
}

fn check(cases: &[(&str, &str)]) {
    for (input, expected) in cases {
        assert_eq!(render(input.as_bytes()), *expected, "{input}");
    }
}

#[test]
fn lawful_messages_have_no_flag() {
    check(&[
        (
            "<165>1 2026-11-22T10:00:00.123456+01:00 web1 sshd 812 ID47 [a@1 k=\"v\"] text\n",
            "Rfc5424 20.5 1795338000123ms web1 sshd[812] ID47 \"text\"",
        ),
        ("<0>1 - - - - - -", "Rfc5424 0.0 - - -[-] - \"\""),
        ("<13>1 - - - - - - \u{feff}été", "Rfc5424 1.5 - - -[-] - \"été\""),
        (
            "<38>Nov  2 10:00:00 web1 sshd[812]: Accepted password for ana",
            "Rfc3164 4.6 11/2 10:00:00.0 web1 sshd[812] - \"Accepted password for ana\"",
        ),
        (
            "<38>Nov 22 10:00:00 192.0.2.1 no tag here",
            "Rfc3164 4.6 11/22 10:00:00.0 192.0.2.1 -[-] - \"no tag here\"",
        ),
        (
            "<38>Nov 22 10:00:00 gw CEF:0|a|b|c|d|e|5|x=1",
            "Rfc3164 4.6 11/22 10:00:00.0 gw -[-] - \"CEF:0|a|b|c|d|e|5|x=1\"",
        ),
    ]);
}

#[test]
fn what_is_missing_is_missing_and_the_rest_is_read() {
    check(&[
        (
            "Nov 22 10:00:00 web1 sudo:  ana : TTY=pts/0",
            "Rfc3164 - 11/22 10:00:00.0 web1 sudo[-] - \" ana : TTY=pts/0\" !pri@0",
        ),
        (
            "<38>Nov 22 10:00:00 sshd[812]: no host",
            "Rfc3164 4.6 11/22 10:00:00.0 - sshd[812] - \"no host\" !hostname@24",
        ),
        (
            "<38>Nov 22 10:00:00 kernel: no host",
            "Rfc3164 4.6 11/22 10:00:00.0 - kernel[-] - \"no host\" !hostname@26",
        ),
        ("<30>kernel: no time", "Bare 3.6 - - kernel[-] - \"no time\" !version@4"),
        ("just text", "Bare - - - -[-] - \"just text\" !pri@0"),
        ("", "Bare - - - -[-] - \"\" !pri@0"),
        (
            "<999>Nov 22 10:00:00 h a: x",
            "Bare - - - -[-] - \"<999>Nov 22 10:00:00 h a: x\" !pri_value@3",
        ),
        (
            "2026-11-22 10:00:00 INFO text",
            "Bare - - - -[-] - \"2026-11-22 10:00:00 INFO text\" !pri@0",
        ),
    ]);
}

#[test]
fn cisco_forms() {
    let text = "%ASA-6-302013: Built inbound";
    let cases = [
        ("<189>123: *Mar  1 00:00:00.250: ", "#123 3/1 00:00:00.250000 -", "version@8"),
        ("<189>123: rtr1: .Mar  1 00:00:00 UTC: ", "#123 3/1 00:00:00.0 UTC rtr1", "version@8"),
        ("<134>Nov 22 2026 10:00:00 fw1 : ", "2026/11/22 10:00:00.0 fw1", "timestamp@14"),
        ("<134>Nov 22 2026 10:00:00: ", "2026/11/22 10:00:00.0 -", "timestamp@14"),
        ("<134>Nov 22 2026 10:00:00 fw1: ", "2026/11/22 10:00:00.0 fw1", "timestamp@14"),
        ("<134>Nov 22 10:00:00 fw1 : ", "11/22 10:00:00.0 fw1", ""),
        ("<134>:Nov 22 10:00:00 UTC: ", "11/22 10:00:00.0 UTC -", "timestamp@5"),
        ("<134>: 2026 Nov 22 10:00:00 UTC: ", "2026/11/22 10:00:00.0 UTC -", "timestamp@5"),
        ("<134>2026-11-22T10:00:00Z fw1 : ", "1795341600000ms fw1", "timestamp@5"),
    ];
    for (header, head, flag) in cases {
        let found = render(format!("{header}{text}").as_bytes());
        let (_, rest) = found.split_once(' ').and_then(|(_, rest)| rest.split_once(' ')).unwrap();
        let flag = match (flag, header.starts_with("<189>123")) {
            ("", _) => String::new(),
            (_, true) => " !timestamp@5".to_owned(),
            (flag, false) => format!(" !{flag}"),
        };
        assert_eq!(rest, format!("{head} -[-] ASA-6-302013 {text:?}{flag}"), "{header}");
        assert!(found.starts_with("Rfc3164"), "{found}");
    }
}

#[test]
fn fortigate_without_header_and_modern_times_in_the_old_frame() {
    check(&[
        (
            "<189>date=2026-11-22 time=10:00:05 devname=\"fw 1\" devid=\"X\" msg=\"a\"",
            "Bare 23.5 2026/11/22 10:00:05.0 fw 1 -[-] - \"date=2026-11-22 time=10:00:05 \
             devname=\\\"fw 1\\\" devid=\\\"X\\\" msg=\\\"a\\\"\" !version@5",
        ),
        (
            "<38>2026-11-22T10:00:00.5+01:00 web1 sshd[8]: x",
            "Rfc3164 4.6 1795338000500ms web1 sshd[8] - \"x\" !timestamp@4",
        ),
        (
            "<38>2026-11-22T10:00:00 web1 sshd[8]: x",
            "Rfc3164 4.6 2026/11/22 10:00:00.0 web1 sshd[8] - \"x\" !timestamp@4",
        ),
        (
            "<38>Nov 22 10:00:00 2026 web1 sshd[8]: x",
            "Rfc3164 4.6 2026/11/22 10:00:00.0 web1 sshd[8] - \"x\"",
        ),
        (
            "2026-11-22 10:00:00.5-0700  host sshd[9]: with zone",
            "Rfc3164 - 1795366800500ms host sshd[9] - \"with zone\" !pri@0",
        ),
    ]);
}

#[test]
fn what_strict_refuses_is_still_read() {
    check(&[
        (
            "<13>1 2026-11-22t10:00:00z web1 app 1 id [a@1 k=\"cut",
            "Rfc5424 1.5 1795341600000ms web1 app[1] id \"\" !timestamp@16",
        ),
        (
            "<13>1 2026-11-22T10:00:00.1234567Z web1 app 1 id - text",
            "Rfc5424 1.5 1795341600123ms web1 app[1] id \"text\" !timestamp@32",
        ),
        ("<13>1 - web1 app 1 id text", "Rfc5424 1.5 - web1 app[1] id \"text\" !structured_data@22"),
        ("<13>1 - web1", "Rfc5424 1.5 - web1 -[-] - \"\" !hostname@12"),
    ]);
    assert!(parse(b"<13>1 - h a 1 i [x k=\"v").is_sd_truncated);
}

#[test]
fn bytes_that_are_no_text_are_kept_and_flagged() {
    let parsed = parse(b"<13>1 - h a 1 i - caf\xe9 \0 x\0\n");
    assert_eq!(parsed.blemish, None);
    assert_eq!((parsed.non_utf8, parsed.nul), (Some(21), Some(23)));
    assert_eq!(parsed.message.message, b"caf\xe9 \0 x");
    assert_eq!(parsed.message.text(), "caf\u{fffd} \0 x");
    assert_eq!(parsed.raw.len(), 28);
}

#[test]
fn structured_data_is_unescaped_when_asked() {
    let parsed = parse(br#"<13>1 - h a 1 i [x@1 k="a\"b\\c\]d\e" l=""][y@2] m"#);
    let sd = parsed.message.structured_data;
    let found: Vec<String> = sd
        .elements()
        .map(|element| {
            let params: Vec<String> =
                element.params().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{}({})", element.id, params.join(","))
        })
        .collect();
    assert_eq!(found, [r#"x@1(k=a"b\c]d\e,l=)"#, "y@2()"]);
    assert_eq!(sd.get("x@1", "l").as_deref(), Some(""));
    assert_eq!(sd.get("y@2", "l"), None);
}

#[test]
fn strict_names_the_byte() {
    let refused = |input: &str, standard| {
        parse_strict(input.as_bytes(), standard).map_err(|error| error.to_string()).err()
    };
    let new = |input: &str| refused(input, Standard::Rfc5424);
    let old = |input: &str| refused(input, Standard::Rfc3164);
    assert_eq!(
        new("<13>1 - - - - - [a][b][a]").as_deref(),
        Some("syslog structured data: element name stands twice (byte 23)")
    );
    let many: String = (0..5000).map(|n| format!("[e{n}]")).collect();
    assert_eq!(new(&format!("<13>1 - - - - - {many} x")), None);
    assert!(new(&format!("<13>1 - - - - - {many}[e4999] x")).is_some());
    assert_eq!(old("<13>Nov 22 10:00:00 h a: x"), None);
    let stamp = "syslog timestamp: not one of this standard";
    assert_eq!(old("<13>Nov 2 10:00:00 h a: x"), Some(format!("{stamp} (byte 9)")));
    assert_eq!(old("<13>Nov 32 10:00:00 h a: x"), Some(format!("{stamp} (byte 9)")));
    assert_eq!(old("<13>Nox 22 10:00:00 h a: x"), Some(format!("{stamp} (byte 6)")));
    assert_eq!(old("<13>Nov 22 24:00:00 h a: x"), Some(format!("{stamp} (byte 12)")));
    assert_eq!(
        old(&format!("<13>Nov 22 10:00:00 h {}: x", "a".repeat(33))).as_deref(),
        Some("syslog tag: expected at most 32 characters (byte 54)")
    );
}

#[test]
fn every_stated_utf8_is_checked() {
    let error = parse_strict(b"<13>1 - - - - - - \xef\xbb\xbfab\xff", Standard::Rfc5424);
    assert_eq!(error.map_err(|error| error.offset), Err(23));
}

const HEAD: &str = "(<[0-9]{1,3}>)?(1 )?\
    (-|2026-11-22T10:00:00Z|Nov [ 1-3][0-9] 10:00:0[0-9]|[0-9]{1,4}:|date=2026)";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_bytes_are_kept(input in proptest::collection::vec(any::<u8>(), 0..80)) {
        let parsed = parse(&input);
        prop_assert_eq!(parsed.raw, &input[..]);
    }

    #[test]
    fn anything_like_syslog_is_kept(head in HEAD, rest in "( ?[a-z:%\\[\\]\"=é-]{0,6}){0,9}") {
        let input = head + &rest;
        let parsed = parse(input.as_bytes());
        prop_assert_eq!(parsed.raw, input.as_bytes());
        for standard in [Standard::Rfc5424, Standard::Rfc3164] {
            if let Err(error) = parse_strict(input.as_bytes(), standard) {
                prop_assert!(error.offset <= input.len());
            }
        }
        if parsed.blemish.is_none() {
            prop_assert!(parsed.form != Form::Bare);
        }
    }
}
