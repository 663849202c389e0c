//! CEF lines of a logging product's own tests.

use codec::cef;

use crate::data;

/// The text of a string literal: quotes off, one level of escapes off.
fn literal(case: &serde_json::Value) -> String {
    let Some(raw) = case["ruby_literal"].as_str() else {
        return case["text"].as_str().unwrap().to_owned();
    };
    let inside = raw.strip_prefix("%q{").unwrap_or(raw.get(1..).unwrap());
    let inside = inside.get(..inside.len() - 1).unwrap();
    if raw.starts_with('\'') { inside.replace("\\\\", "\\") } else { inside.to_owned() }
}

#[test]
fn every_line_is_read_or_refused_with_a_place() {
    let Some(cases) = data::lines("cef-leef/cef-lines.jsonl") else {
        return;
    };
    let mut refused = Vec::new();
    for case in &cases {
        let line = literal(case);
        match cef::parse(line.as_bytes()) {
            Ok(event) => {
                assert_eq!(event.version, 0);
                for (key, _) in event.pairs() {
                    assert!(!key.is_empty() && !key.contains(' '), "{key:?} in {line}");
                }
            }
            Err(error) => refused.push(format!("{line} -> {error}")),
        }
    }
    // One literal is continued on another line of its source and so lacks its last field.
    assert_eq!(
        refused,
        ["CEF:0|security|threatmanager|1.0|100|double backslash -> CEF: expected seven fields, \
          each ended by `|` (byte 53)"]
    );
}

#[test]
fn values_are_what_the_lines_mean() {
    let Some(cases) = data::lines("cef-leef/cef-lines.jsonl") else {
        return;
    };
    let value = |name: &str, key: &str| {
        let line = literal(cases.iter().find(|case| case["name"] == name).unwrap());
        let event = cef::parse(line.as_bytes()).unwrap();
        event.pairs().find(|(k, _)| *k == key).map(|(_, value)| value.into_owned())
    };
    let header = |name: &str| {
        let line = literal(cases.iter().find(|case| case["name"] == name).unwrap());
        let event = cef::parse(line.as_bytes()).unwrap();
        format!("{} {} {} {}", event.vendor, event.product, event.name, event.severity)
    };
    let text = |value: &str| Some(value.to_owned());
    assert_eq!(value("message", "src"), text("10.0.0.192"));
    assert_eq!(value("leading_whitespace", "spt"), text("1232"));
    assert_eq!(value("pipes_in_message", "moo"), text("this|has an pipe"));
    assert_eq!(value("equal_in_message", "moo"), text("this =has = equals="));
    assert_eq!(value("malformed_unescaped_equals_in_extension_value", "cs1"), text(""));
    assert_eq!(
        value("malformed_unescaped_equals_in_extension_value", "requestClientApplication"),
        text("'Foo-Bar/2018.1.7; Email:user@example.com; Guid:test='")
    );
    assert_eq!(value("dots_in_keys", "ad.nn"), text("TEST"));
    assert_eq!(value("allow_spaces_in_values", "dproc"), text("InternetExplorer x.x.x.x"));
    let dotted = "preserve_additional_fields_with_dot_notations";
    assert_eq!(value(dotted, "ad.Error_,Code"), text("3221225578"));
    assert_eq!(value(dotted, "ad.field[0]"), text("field0"));
    assert_eq!(
        value("preserve_random_values_key_value_pairs_alongside_with_additional_fields", "cs4"),
        text(
            "401 random.user Admin 0 23041A10181C0000  23041810181C0000  \
             /CN=random.user/OU=User Login End-Entity  /CN=TEST/OU=Login CA TEST 34"
        )
    );
    assert_eq!(value("log_with_custom_typed_fields", "c6a12"), text("::1"));
    assert_eq!(
        header("escaped_pipes_in_header"),
        "secu|rity threatmanager| tro|jan successfully stopped |10"
    );
    assert_eq!(
        header("escaped_backslash_in_header"),
        "secu\\rity threat\\manager tro\\jan successfully stopped \\10"
    );
}

#[test]
fn a_body_of_five_events_gives_five() {
    let Some(cases) = data::lines("cef-leef/cef-lines.jsonl") else {
        return;
    };
    let body = literal(cases.iter().find(|case| case["name"] == "heredoc").unwrap());
    let sources: Vec<String> = cef::events(body.as_bytes())
        .map(|event| event.unwrap().pairs().next().unwrap().1.into_owned())
        .collect();
    assert_eq!(sources, ["10.0.0.67"; 5]);
}
