//! What Sigma's words mean: the specification's sentences as data, and the `rsigma` library's own
//! verdicts beside ours.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use detect::eval::{event_of, matching};
use detect::{RuleFile, RuleSet};
use rsigma_eval::{JsonEvent, compile_rule, evaluate_rule};
use serde_json::{Value, json};

fn text(detection: &str, condition: &str) -> String {
    format!(
        "title: T\nid: t\nlogsource: {{category: x}}\ndetection:\n{}\n  condition: {condition}\n",
        detection.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
    )
}

/// Whether a rule fires on an event: without routing, with it, and as the library says.
fn verdicts(rule: &str, event: &Value) -> [bool; 3] {
    let (set, problems) = RuleSet::load(&[RuleFile { path: "t.yml".into(), text: rule.into() }]);
    assert!(problems.is_empty(), "{rule}\n{problems:#?}");
    let mut ours = event_of(0, event.clone()).unwrap();
    let unrouted = !matching(&set, &ours).is_empty();
    ours.logsource.category = Some("x".into());
    let mut found = Vec::new();
    set.matches(&ours, &mut found);
    let parsed = rsigma_parser::parse_sigma_yaml(rule).unwrap();
    let compiled = compile_rule(&parsed.rules[0]).unwrap();
    let library = evaluate_rule(&compiled, &JsonEvent::borrow(event)).is_some();
    [unrouted, !found.is_empty(), library]
}

fn check(detection: &str, condition: &str, fires: &[Value], silent: &[Value]) {
    let rule = text(detection, condition);
    for (events, expected) in [(fires, true), (silent, false)] {
        for event in events {
            assert_eq!(verdicts(&rule, event), [expected; 3], "{rule}\n{event}");
        }
    }
}

fn field(detection: &str, fires: &[Value], silent: &[Value]) {
    check(&format!("s: {{{detection}}}"), "s", fires, silent);
}

#[test]
fn values_are_case_insensitive_strings_with_wildcards() {
    field("a: Evil", &[json!({"a": "evil"}), json!({"a": "EVIL"})], &[json!({"a": "evils"})]);
    field("a|cased: Evil", &[json!({"a": "Evil"})], &[json!({"a": "evil"})]);
    field(
        "a: 'prog?.exe'",
        &[json!({"a": "progA.exe"}), json!({"a": "PROG1.EXE"})],
        &[json!({"a": "prog.exe"}), json!({"a": "progAB.exe"})],
    );
    field("a: 'v*.exe'", &[json!({"a": "v.exe"}), json!({"a": "v1.2.exe"})], &[json!({"a": "v"})]);
    field("a: 4688", &[json!({"a": 4688}), json!({"a": "4688"})], &[json!({"a": 46880})]);
    field("a: '4688'", &[json!({"a": 4688}), json!({"a": "4688"})], &[json!({"a": 468})]);
    field("a: [x, y]", &[json!({"a": "x"}), json!({"a": "Y"})], &[json!({"a": "z"}), json!({})]);
    field("a: x, b: y", &[json!({"a": "x", "b": "y"})], &[json!({"a": "x"}), json!({"b": "y"})]);
    field("a: STRASSE-Ä", &[json!({"a": "strasse-ä"})], &[]);
    field("a: ''", &[json!({"a": ""})], &[json!({"a": "x"}), json!({})]);
}

#[test]
fn backslashes_escape_wildcards_and_themselves() {
    let path = |a: &str| json!({"a": a});
    field(r"a: 'C:\*'", &[path("C:*")], &[path("C:\\x"), path("C:x")]);
    field(r"a: 'C:\\*'", &[path("C:\\x"), path("C:\\")], &[path("C:x")]);
    field(r"a: 'C:\\\*'", &[path("C:\\*")], &[path("C:\\x")]);
    field(r"a: 'a\b'", &[path("a\\b")], &[path("ab")]);
    field(r"a: 'a\\b'", &[path("a\\b")], &[path("a\\\\b")]);
    field(r"a: 'a\\\\b'", &[path("a\\\\b")], &[path("a\\b")]);
    field(r"a: 'a\?b'", &[path("a?b")], &[path("axb")]);
}

#[test]
fn modifiers_of_place_and_all() {
    let a = |a: &str| json!({"a": a});
    field("a|contains: mid", &[a("amidst"), a("MID")], &[a("mi d")]);
    field("a|startswith: adm", &[a("ADMIN")], &[a("xadm")]);
    field("a|endswith: '\\cmd.exe'", &[a("C:\\CMD.exe")], &[a("cmd.exe.txt")]);
    field("a|contains|all: [x, y]", &[a("yx"), a("x-Y")], &[a("x"), a("y")]);
    field("a|contains: [x, y]", &[a("x"), a("y")], &[a("z")]);
    field("a|contains: 'a*b'", &[a("..a--b..")], &[a("b-a")]);
    field("a|contains: x", &[json!({"a": ["z", "axa"]})], &[json!({"a": ["z"]})]);
}

#[test]
fn windash_and_encodings() {
    let a = |a: &str| json!({"a": a});
    field(
        "a|windash|contains: ' -f'",
        &[a("x -f"), a("x /f"), a("x –f"), a("x —f"), a("x ―f")],
        &[a("x f")],
    );
    // `ping` in UTF-16LE, in base64, at each of three shifts.
    field("a|base64: foo", &[a("Zm9v")], &[a("foo")]);
    field(
        "a|base64offset|contains: foobar",
        &[a("Zm9vYmFy"), a("eGZvb2Jhcg=="), a("eHhmb29iYXI=")],
        &[a("foobar")],
    );
    field("a|wide|base64offset|contains: ping", &[a("cABpAG4AZwA=")], &[a("cGluZw==")]);
    field("a|utf16le|base64: ping", &[a("cABpAG4AZwA=")], &[]);
    field("a|utf16be|base64: ping", &[a("AHAAaQBuAGc=")], &[]);
    field("a|utf16|base64: ping", &[a("//5wAGkAbgBnAA==")], &[]);
}

#[test]
fn regular_expressions_are_case_sensitive_unless_asked() {
    let a = |a: &str| json!({"a": a});
    field("a|re: '^ab+c$'", &[a("abbc")], &[a("ABBC"), a("xabc")]);
    field("a|re|i: '^ab+c$'", &[a("ABBC")], &[a("ac")]);
    field("a|re: 'a.c'", &[a("abc")], &[a("a\nc")]);
    field("a|re|s: 'a.c'", &[a("a\nc")], &[]);
    field("a|re: '^b$'", &[a("b")], &[a("a\nb\nc")]);
    field("a|re|m: '^b$'", &[a("a\nb\nc")], &[]);
}

#[test]
fn numbers_and_networks() {
    field(
        "a|gt: 10",
        &[json!({"a": 11}), json!({"a": "11"})],
        &[json!({"a": 10}), json!({"a": "x"})],
    );
    field("a|gte: 10", &[json!({"a": 10}), json!({"a": 10.5})], &[json!({"a": 9})]);
    field("a|lt: 10, a|gt: 1", &[json!({"a": 9})], &[json!({"a": 10}), json!({"a": 1})]);
    field("a|lte: 10", &[json!({"a": 10})], &[json!({"a": 10.1}), json!({})]);
    let ip = |ip: &str| json!({"a": ip});
    field("a|cidr: 10.0.0.0/8", &[ip("10.9.8.7")], &[ip("11.0.0.1"), ip("10"), ip("x")]);
    field("a|cidr: ['10.0.0.0/8', '2001:db8::/32']", &[ip("2001:db8::1")], &[ip("2001:db9::1")]);
    field("a|neq: x", &[json!({"a": "y"})], &[json!({"a": "X"})]);
}

#[test]
fn null_absence_and_other_fields() {
    field(
        "a: null",
        &[json!({"a": null}), json!({"b": 1})],
        &[json!({"a": ""}), json!({"a": "x"})],
    );
    check(
        "s: {e: 1}\nf: {a: null}",
        "s and not f",
        &[json!({"e": 1, "a": "x"})],
        &[json!({"e": 1}), json!({"e": 1, "a": null})],
    );
    field("a|exists: true", &[json!({"a": "x"}), json!({"a": ""})], &[json!({"b": 1})]);
    field("a|exists: false", &[json!({"b": 1})], &[json!({"a": "x"}), json!({"a": ""})]);
    field(
        "a|fieldref: b",
        &[json!({"a": "x", "b": "X"}), json!({"a": 1, "b": 1})],
        &[json!({"a": "x", "b": "y"}), json!({"a": "x"})],
    );
    field(
        "a|fieldref|endswith: b",
        &[json!({"a": "x.y", "b": "y"})],
        &[json!({"a": "y.x", "b": "y"})],
    );
    field("a|expand: 'u-%b%'", &[json!({"a": "u-7", "b": "7"})], &[json!({"a": "u-8", "b": "7"})]);
    field("a: '%b%'", &[json!({"a": "%b%", "b": "7"})], &[json!({"a": "7", "b": "7"})]);
}

#[test]
fn times_have_parts() {
    let a = json!({"a": "2026-11-22T14:35:00Z"});
    field("a|hour: 14, a|minute: 35", std::slice::from_ref(&a), &[]);
    field("a|day: 22, a|month: 11, a|year: 2026", std::slice::from_ref(&a), &[]);
    field("a|week: 47", std::slice::from_ref(&a), &[]);
}

#[test]
fn lists_keywords_and_maps() {
    check(
        "s:\n  - a: x\n  - b|contains: y",
        "s",
        &[json!({"a": "x"}), json!({"b": "eye"})],
        &[json!({"a": "y"})],
    );
    check(
        "k:\n  - EVILSERVICE\n  - 'svchost.exe -n evil'",
        "k",
        &[json!({"m": "the EvilService ran"}), json!({"x": {"y": "svchost.exe -n evil"}})],
        &[json!({"m": "service"})],
    );
}

/// Where the specification says more than the library does.
#[test]
fn the_specification_stands_above_the_library() {
    let ours = |detection: &str, event: &Value| {
        let [unrouted, routed, library] = verdicts(&text(detection, "k"), event);
        assert_eq!(unrouted, routed);
        (unrouted, library)
    };
    let all = "k:\n  '|all':\n    - one\n    - two";
    for event in [json!({"m": "Two and one"}), json!({"a": "one", "b": "two"})] {
        assert_eq!(ours(all, &event), (true, false), "{event}");
    }
    assert_eq!(ours(all, &json!({"m": "one"})), (false, false));
    for (detection, event) in [
        ("k: {a: 'v*.exe'}", json!({"a": "v\n.exe"})),
        ("k: {a|contains: 'x?y'}", json!({"a": "...x\ny..."})),
        ("k: {a|contains: ['x*y', 'z*z']}", json!({"a": "...X\r\n\r\nY..."})),
        ("k:\n  - 'x*y'", json!({"m": "x\ny"})),
    ] {
        assert_eq!(ours(detection, &event), (true, false), "{detection}");
    }
    // What a rule writes as a regular expression stays one.
    assert_eq!(ours("k: {a|re: 'x.y'}", &json!({"a": "x\ny"})), (false, false));
}

#[test]
fn conditions() {
    let three = "sel_a: {a: 1}\nsel_b: {b: 1}\n_hidden: {c: 1}\nother: {d: 1}";
    let (a, b, c, d) = (json!({"a": 1}), json!({"b": 1}), json!({"c": 1}), json!({"d": 1}));
    let ab = json!({"a": 1, "b": 1});
    let abd = json!({"a": 1, "b": 1, "d": 1});
    check(three, "1 of them", &[a.clone(), d.clone()], std::slice::from_ref(&c));
    check(three, "all of them", std::slice::from_ref(&abd), &[ab.clone(), c.clone()]);
    check(three, "1 of sel_*", &[a.clone(), b.clone()], std::slice::from_ref(&d));
    check(three, "all of sel_*", &[ab.clone(), abd.clone()], &[a.clone(), b.clone()]);
    check(three, "2 of sel_*", std::slice::from_ref(&ab), std::slice::from_ref(&a));
    check(three, "sel_a and not other", &[a.clone(), ab.clone()], &[abd.clone(), b.clone()]);
    check(three, "sel_a or sel_b and other", std::slice::from_ref(&a), std::slice::from_ref(&b));
    check(three, "(sel_a or sel_b) and other", std::slice::from_ref(&abd), &[a.clone(), ab]);
    check(three, "[sel_a, other]", &[a, d], &[b]);
}

/// Flat as a collector would give it: System and EventData by their names.
fn flat(event: &Value) -> Value {
    let mut all = serde_json::Map::new();
    let own = &event["Event"];
    for part in [&own["System"], &own["EventData"]] {
        for (name, value) in part.as_object().into_iter().flatten() {
            if name.starts_with('#') {
                continue;
            }
            let attributes = value.get("#attributes").and_then(Value::as_object);
            for (attribute, value) in attributes.into_iter().flatten() {
                all.insert(format!("{name}_{attribute}"), value.clone());
            }
            let text = value.get("#text").unwrap_or(value);
            if !text.is_object() {
                all.insert(name.clone(), text.clone());
            }
        }
    }
    all.into()
}

/// Whether a rule has keywords under `|all`, which the library reads its own way.
fn mends(text: &str) -> bool {
    text.contains("'|all':")
}

/// Every public rule on every public event: with our index, ours and the library's rule by rule
/// say the same.
#[test]
fn the_library_agrees_on_every_public_rule_and_event() {
    let Some(shared) = common::shared() else { return };
    let files = common::sigma_tree(&shared);
    let files: Vec<_> = files.into_iter().filter(|file| !mends(&file.text)).collect();
    let (set, _) = RuleSet::load(&files);
    let compiled: Vec<_> = files
        .iter()
        .flat_map(|file| rsigma_parser::parse_sigma_yaml(&file.text).unwrap().rules)
        .map(|rule| (rule.id.clone().unwrap(), compile_rule(&rule).unwrap()))
        .collect();
    let cases = std::fs::read_to_string(shared.join("data/sigma-regression/cases.jsonl")).unwrap();
    let (mut events, mut fired) = (0, 0);
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        for event in case["events"].as_array().unwrap().iter().map(flat) {
            let mut ours: Vec<String> = matching(&set, &event_of(0, event.clone()).unwrap())
                .iter()
                .map(ToString::to_string)
                .collect();
            ours.sort();
            let view = JsonEvent::borrow(&event);
            let mut theirs: Vec<String> = compiled
                .iter()
                .filter(|(_, rule)| evaluate_rule(rule, &view).is_some())
                .map(|(id, _)| id.clone())
                .collect();
            theirs.sort();
            assert_eq!(ours, theirs, "{event}");
            events += 1;
            fired += ours.len();
        }
    }
    println!("{} rules on {events} events: {fired} matches, the same", compiled.len());
    assert_eq!(events, 158);
    assert!(fired > 158, "{fired}");
}

/// Rules of every shape, alone and beside many others of their log source, over events that are
/// near to what they look for: the index lets nothing slip.
#[test]
fn gates_lose_nothing() {
    let values = ["alpha", "Beta", "gamma-delta", "4688", "x", "", "KELVIN \u{212a}", "lon\u{17f}"];
    let shapes = [
        "a: V",
        "a|contains: V",
        "a|startswith: V",
        "a|endswith: V",
        "a|cased: V",
        "a|re: '^V$'",
        "a|re|i: 'V'",
        "a|contains: 'V*'",
        "a: [V, other]",
        "a|contains|all: [V, '']",
        "b|neq: V",
        "a: V, b: V",
        "a|exists: true",
        "a|exists: false",
        "a: null",
        "a|fieldref: b",
    ];
    let mut rules = Vec::new();
    for value in values {
        for shape in shapes {
            let detection = shape.replace('V', &value.replace('-', "."));
            let detection =
                if shape.contains("re") { detection } else { shape.replace('V', value) };
            let n = rules.len();
            rules.push(format!(
                "title: T\nid: t{n}\nlogsource: {{category: x}}\ndetection:\n  \
                 s: {{{detection}}}\n  u: {{c: 1}}\n  condition: {}\n",
                ["s", "s or u", "not s", "1 of them", "s and not u"][n % 5]
            ));
        }
    }
    let mut files = Vec::new();
    for (n, rule) in rules.iter().enumerate() {
        let (_, problems) = RuleSet::load(&[RuleFile { path: "t.yml".into(), text: rule.clone() }]);
        if problems.is_empty() {
            files.push(RuleFile { path: format!("t{n}.yml"), text: rule.clone() });
        }
    }
    assert!(files.len() > 100, "{}", files.len());
    let (set, problems) = RuleSet::load(&files);
    assert!(problems.is_empty());
    let compiled: Vec<_> = files
        .iter()
        .map(|file| {
            let rule = &rsigma_parser::parse_sigma_yaml(&file.text).unwrap().rules[0];
            (rule.id.clone().unwrap(), compile_rule(rule).unwrap())
        })
        .collect();
    for a in values.iter().chain(&["ALPHA", "xalphax", "kelvin k", "LONS", "long"]) {
        for b in ["alpha", "x", "other"] {
            for event in [
                json!({"a": a, "b": b}),
                json!({"a": [a, "z"], "c": 1}),
                json!({"a": {"m": a}, "b": null}),
                json!({"a": 4688, "b": a, "c": "1"}),
                json!({"b": a}),
            ] {
                let mut ours: Vec<String> = matching(&set, &event_of(0, event.clone()).unwrap())
                    .iter()
                    .map(ToString::to_string)
                    .collect();
                let view = JsonEvent::borrow(&event);
                let fires =
                    compiled.iter().filter(|(_, rule)| evaluate_rule(rule, &view).is_some());
                let mut theirs: Vec<String> = fires.map(|(id, _)| id.clone()).collect();
                ours.sort();
                theirs.sort();
                assert_eq!(ours, theirs, "{event}");
            }
        }
    }
}
