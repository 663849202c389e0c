//! What one event costs: `cost RULES_FOLDER…` prints microseconds of processor time per event for
//! enrichment, matching and judging, on a firewall flow, a log-on and a badge.
//!
//! `cost --events FILE RULES_FOLDER…` does so for flat Windows events (NDJSON: `EventID`, `Image`
//! and so on, one object a line), beside the `rsigma` library on the same rules and events; then
//! with ten times the rules, copied within their log sources and across others. Linux only.

#![expect(clippy::unwrap_used, reason = "a measuring tool for developers")]

#[path = "../tests/common/mod.rs"]
mod common;
mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::{at, badge, event, logon, spine};
use detect::{Detector, Options, RuleFile, RuleSet};
use model::Event;
use serde_json::json;
use support::{files, ran};

const EVENTS: u64 = 100_000;

/// Events handled between two looks at the clock.
const BATCH: u64 = 1_000;

fn flow(record: u64) -> Event {
    let ocsf = json!({
        "class_uid": 4001, "category_uid": 4, "activity_id": 6, "severity_id": 1,
        "src_endpoint": {"ip": "10.0.0.1", "port": 50_000},
        "dst_endpoint": {"ip": "203.0.113.7", "port": 443},
        "connection_info": {"protocol_num": 6, "direction_id": 2},
        "traffic": {"bytes_in": 1_200, "bytes_out": 800},
        "device": {"hostname": "fw-1", "type_id": 9},
        "metadata": {"version": "1.8.0", "product": {"name": "FortiGate", "vendor_name": "F"}},
        "unmapped": {"policyid": "12", "vd": "root", "logid": "0000000013"},
    });
    event(record, "firewall", at("00:00:00"), "network_flow", ocsf)
}

/// How rules are copied.
#[derive(Clone, Copy, PartialEq)]
enum Copies {
    /// The same again: ten times the matches, too.
    Same,
    /// Looking for other texts, as other people's rules of the same log source do.
    OtherTexts,
    /// Under log sources of their own.
    OtherSources,
}

fn copied(files: &[RuleFile], how: Copies) -> Vec<RuleFile> {
    let copies = (0..10).flat_map(|copy| files.iter().map(move |file| (copy, file)));
    copies
        .map(|(copy, file)| {
            let mut text = file.text.replacen("\nid: ", &format!("\nid: c{copy}-"), 1);
            if how == Copies::OtherSources && copy > 0 {
                for key in ["product", "category", "service"] {
                    let own = format!("\n    {key}: ");
                    text = text.replace(&own, &format!("\n    {key}: c{copy}-"));
                }
            }
            if how == Copies::OtherTexts && copy > 0 {
                text = other_texts(&text, copy);
            }
            RuleFile { path: format!("{copy}/{}", file.path), text }
        })
        .collect()
}

/// Every quoted value of the detection with something behind it.
fn other_texts(text: &str, copy: usize) -> String {
    let (head, detection) = text.split_once("\ndetection:").unwrap_or((text, ""));
    let lines = detection.lines().map(|line| {
        let is_condition = line.trim_start().starts_with("condition:");
        match line.strip_suffix('\'').filter(|_| !is_condition) {
            Some(value) => format!("{value}c{copy}'"),
            None => line.to_owned(),
        }
    });
    format!("{head}\ndetection:{}\n", lines.collect::<Vec<_>>().join("\n"))
}

fn read(path: &str) -> Vec<(serde_json::Value, Event)> {
    let text = std::fs::read_to_string(path).unwrap();
    let read = |(number, line): (usize, &str)| {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        let mut event = detect::eval::event_of(number as u64, json.clone()).unwrap();
        event.time = at("00:00:00").plus(Duration::from_millis(number as u64));
        event.received_at = event.time;
        support::windows(&mut event);
        (json, event)
    };
    text.lines().enumerate().map(read).collect()
}

/// Microseconds an event by the library, routed and not, and its hits.
fn library(files: &[RuleFile], events: &[(serde_json::Value, Event)]) {
    let mut engine = rsigma_eval::Engine::new();
    let mut rules = Vec::new();
    for file in files {
        rules.extend(rsigma_parser::parse_sigma_yaml(&file.text).unwrap().rules);
    }
    engine.add_rules(rules.iter());
    for is_routed in [true, false] {
        let start = ran();
        let mut hits = 0;
        for (json, event) in events {
            let view = rsigma_eval::JsonEvent::borrow(json);
            hits += if is_routed {
                let source = rsigma_parser::LogSource {
                    product: event.logsource.product.as_deref().map(str::to_owned),
                    category: event.logsource.category.as_deref().map(str::to_owned),
                    ..rsigma_parser::LogSource::default()
                };
                engine.evaluate_with_logsource(&view, &source).len()
            } else {
                engine.evaluate(&view).len()
            };
        }
        let each = (ran() - start) as f64 / 1e3 / events.len() as f64;
        let way = if is_routed { "routed" } else { "all rules" };
        println!("library, {way}: {each:.2} us an event, {:.0} a second, {hits} hits", 1e6 / each);
    }
}

fn ours(name: &str, files: &[RuleFile], events: &[(serde_json::Value, Event)]) -> f64 {
    let start = ran();
    let (rules, problems) = RuleSet::load(files);
    let seconds = (ran() - start) as f64 / 1e9;
    println!("{name}: {} rules in {seconds:.2} s, {} problems", rules.len(), problems.len());
    let rules = Arc::new(rules);
    let mut all = Vec::new();
    let start = ran();
    let mut unrouted = 0;
    for (_, event) in events.iter().take(2_000) {
        all.clear();
        rules.matches_unrouted(event, &mut all);
        unrouted += all.len();
    }
    let each = (ran() - start) as f64 / 1e3 / events.len().min(2_000) as f64;
    println!("{name}, all rules: {each:.2} us an event, {unrouted} hits in the first 2,000");
    let start = ran();
    let mut hits = 0;
    for (_, event) in events {
        all.clear();
        rules.matches(event, &mut all);
        hits += all.len();
    }
    let each = (ran() - start) as f64 / 1e3 / events.len() as f64;
    println!("{name}, routed: {each:.2} us an event, {:.0} a second, {hits} hits", 1e6 / each);
    let mut detector = Detector::new(spine(), Arc::clone(&rules), Options::default());
    let mut events: Vec<Event> = events.iter().map(|(_, event)| event.clone()).collect();
    let (start, mut out) = (ran(), Vec::new());
    for event in &mut events {
        detector.enrich(event);
        detector.judge(event, &mut out);
    }
    let whole = (ran() - start) as f64 / 1e3 / events.len() as f64;
    println!(
        "{name}, enriched and judged: {whole:.2} us an event, {:.0} a second, {} findings",
        1e6 / whole,
        out.len()
    );
    each
}

fn beside_the_library(events: &str, folders: &[String]) {
    let mut found = Vec::new();
    for folder in folders {
        files(Path::new(folder), &mut found);
    }
    let events = read(events);
    let once = ours("once", &found, &events);
    library(&found, &events);
    let again = ours("once again", &found, &events);
    let once = once.min(again);
    for (name, how) in [
        ("ten times, the same", Copies::Same),
        ("ten times, other texts", Copies::OtherTexts),
        ("ten times, other log sources", Copies::OtherSources),
    ] {
        let cost = ours(name, &copied(&found, how), &events);
        println!("{name}: {:.1} times the cost", cost / once);
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, events, folders @ ..] = arguments.as_slice()
        && flag == "--events"
    {
        return beside_the_library(events, folders);
    }
    let mut found = Vec::new();
    for folder in &arguments {
        files(Path::new(folder), &mut found);
    }
    let start = ran();
    let (rules, problems) = RuleSet::load(&found);
    let seconds = (ran() - start) as f64 / 1e9;
    println!("{} rules in {seconds:.2} s, {} problems", rules.len(), problems.len());
    let rules = Arc::new(rules);
    type Maker = fn(u64) -> Event;
    let kinds: [(&str, Maker); 3] = [
        ("flow", flow),
        ("log-on", |n| logon(n, "00:00:00", "ana", "ws-ben")),
        ("badge", |n| {
            let way = if n % 2 == 0 { "in" } else { "out" };
            badge(n, "00:00:00", "b-ben", "d-front", way, 1)
        }),
    ];
    for (name, make) in kinds {
        let mut detector = Detector::new(spine(), Arc::clone(&rules), Options::default());
        let mut spent = [0_u64; 3];
        let mut out = Vec::new();
        for batch in 0..EVENTS / BATCH {
            let numbers = batch * BATCH..(batch + 1) * BATCH;
            let mut events: Vec<Event> =
                numbers.map(|number| timed(make(number), number)).collect();
            let start = ran();
            for event in &mut events {
                detector.enrich(event);
            }
            let enriched = ran();
            let mut matches = vec![Vec::new(); events.len()];
            for (event, matches) in events.iter().zip(&mut matches) {
                rules.matches(event, matches);
            }
            let matched = ran();
            for (event, matches) in events.iter().zip(&matches) {
                detector.judge_matches(event, matches, &mut out);
            }
            let judged = ran();
            for (sum, part) in
                spent.iter_mut().zip([enriched - start, matched - enriched, judged - matched])
            {
                *sum += part;
            }
            out.clear();
        }
        let each = spent.map(|sum| sum as f64 / 1e3 / EVENTS as f64);
        let [enrich, matching, judge] = each;
        println!(
            "{name:>8}: enrich {enrich:.2} us, match {matching:.2} us, judge {judge:.2} us, \
             all {:.2} us",
            each.iter().sum::<f64>()
        );
    }
}

/// The same event at its own time.
fn timed(mut event: Event, number: u64) -> Event {
    event.time = at("00:00:00").plus(Duration::from_millis(number * 300));
    event.received_at = event.time;
    event.fingerprint.0 ^= u128::from(number);
    event
}
