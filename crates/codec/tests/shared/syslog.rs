//! The 121 torture cases, by the letter, and through the tolerant door.

use codec::syslog::{Standard, SyslogErrorKind as Kind, parse, parse_strict};

use crate::data;

/// The name that the cases give a kind of refusal.
const fn case_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Pri => "ErrPri",
        Kind::PriValue => "ErrPrival",
        Kind::Version => "ErrVersion",
        Kind::Timestamp => "ErrTimestamp",
        Kind::Hostname => "ErrHostname",
        Kind::AppName => "ErrAppname",
        Kind::ProcId => "ErrProcID",
        Kind::MsgId => "ErrMsgID",
        Kind::StructuredData => "ErrStructuredData",
        Kind::SdId => "ErrSdID",
        Kind::SdIdTwice => "ErrSdIDDuplicated",
        Kind::SdParam => "ErrSdParam",
        Kind::Escape => "ErrEscape",
        Kind::Separator => "ErrParse",
        Kind::Tag => "ErrTag",
        Kind::Message => "ErrMsg",
    }
}

#[test]
fn strict_accepts_and_refuses_as_marked_with_the_position() {
    let Some(cases) = data::lines("syslog-rfc5424/cases.jsonl") else {
        return;
    };
    let mut wrong = Vec::new();
    for case in &cases {
        let input = bytes(case);
        let (standard, is_valid) = marks(case);
        let outcome = parse_strict(&input, standard);
        let is_right = match (&outcome, case["err"].as_array().map(Vec::as_slice)) {
            (Ok(_), _) => is_valid,
            (Err(error), Some([name, offset])) => {
                !is_valid && name == case_name(error.kind) && offset == error.offset
            }
            (Err(_), _) => !is_valid,
        };
        if !is_right {
            wrong.push(format!("{} -> {outcome:?}", case["err"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), cases.len());
    assert_eq!(cases.len(), 121);
}

#[test]
fn tolerant_keeps_what_strict_refuses_flagged_with_its_position() {
    let Some(cases) = data::lines("syslog-rfc5424/cases.jsonl") else {
        return;
    };
    for case in &cases {
        let input = bytes(case);
        let (standard, is_valid) = marks(case);
        let parsed = parse(&input);
        assert_eq!(parsed.raw, input);
        assert_eq!(parsed.blemish.is_none(), is_valid, "{parsed:?}");
        assert_eq!(parsed.blemish, parse_strict(&input, standard).err());
        if let Ok(mut message) = parse_strict(&input, standard) {
            message.message = parsed.message.message;
            assert_eq!(parsed.message, message);
        }
    }
}

fn marks(case: &serde_json::Value) -> (Standard, bool) {
    let standard = match case["std"].as_str().unwrap() {
        "rfc5424" => Standard::Rfc5424,
        "rfc3164" => Standard::Rfc3164,
        other => panic!("{other}"),
    };
    (standard, case["valid"].as_bool().unwrap())
}

fn bytes(case: &serde_json::Value) -> Vec<u8> {
    base64(case["input_b64"].as_str().unwrap())
}

fn base64(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let mut bits = 0_u32;
    let mut count = 0;
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let value = alphabet.iter().position(|letter| *letter == byte).unwrap();
        bits = (bits << 6 | u32::try_from(value).unwrap()) & 0xff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    bytes
}
