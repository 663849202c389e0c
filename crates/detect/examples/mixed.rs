//! What an event of a mixed stream costs: `mixed EVENTS.ndjson… -- RULES…` deals the events of all
//! files evenly over an hour (flat Windows events, and OCSF events whose log source stands under
//! `castellan.logsource`), enriches and judges them with every rule and sixty correlations beside,
//! and prints processor time. Linux only.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measuring tool for developers"
)]

#[path = "../tests/common/mod.rs"]
mod common;
mod support;

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::{at, spine};
use detect::{Detector, Options, RuleFile, RuleSet};
use model::Event;
use support::{files, ran, resident};

/// What the correlations are made of: a name, its log source and what it looks for.
const BASES: [(&str, &str, &str); 6] = [
    ("refused", "category: authentication", "status_id: 2"),
    ("admitted", "category: authentication", "status_id: 1"),
    ("badge-refused", "category: physical_access", "status_id: 2"),
    ("denied", "category: network_flow", "disposition_id: 2"),
    ("shell", "{product: windows, category: process_creation}", "Image|endswith: '\\cmd.exe'"),
    ("lookup", "{product: windows, category: dns_query}", "QueryName|endswith: '.com'"),
];
const KEYS: [&str; 5] =
    ["src_endpoint.ip", "user.name", "castellan.person", "device.hostname", "Computer"];
const SPANS: [&str; 4] = ["1m", "5m", "1h", "24h"];
const CORRELATIONS: usize = 60;

/// Sixty correlations of all usual kinds over the bases.
fn correlations() -> RuleFile {
    let mut text = String::new();
    for (name, source, selection) in BASES {
        let source = if source.starts_with('{') { source } else { &format!("{{{source}}}") };
        write!(
            text,
            "title: {name}\nid: mixed-{name}\nlogsource: {source}\ndetection:\n  \
             selection:\n    {selection}\n  condition: selection\n---\n"
        )
        .unwrap();
    }
    for number in 0..CORRELATIONS {
        let pick = |shift: usize| BASES[(number + shift) % BASES.len()].0;
        let (kind, rules, condition) = match number % 5 {
            0 => ("event_count", vec![pick(0)], "{gte: 20}"),
            1 => ("value_count", vec![pick(0)], "{field: dst_endpoint.hostname, gte: 5}"),
            2 => ("temporal", vec![pick(0), pick(2)], ""),
            3 => ("temporal_ordered", vec![pick(0), pick(1)], ""),
            _ => ("event_count", vec![pick(0)], "{lte: 0}"),
        };
        let rules: Vec<_> = rules.iter().map(|name| format!("mixed-{name}")).collect();
        let condition = if condition.is_empty() {
            String::new()
        } else {
            format!("  condition: {condition}\n")
        };
        write!(
            text,
            "title: Mixed {number}\nid: mixed-{number}\ncorrelation:\n  type: {kind}\n  rules: [{}]\n  \
             group-by: [{}]\n  timespan: {}\n{condition}castellan: {{team: soc}}\n---\n",
            rules.join(", "),
            KEYS[number / 5 % KEYS.len()],
            SPANS[number / 3 % SPANS.len()],
        )
        .unwrap();
    }
    RuleFile { path: "mixed.yml".into(), text: text.trim_end_matches("---\n").to_owned() }
}

/// All events, each file's spread evenly over the hour.
fn events(paths: &[String]) -> Vec<Event> {
    let mut all = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(path).unwrap();
        let count = text.lines().count() as u64;
        for (number, line) in (0_u64..).zip(text.lines()) {
            let json = serde_json::from_str(line).unwrap();
            let mut event = detect::eval::event_of(all.len() as u64, json).unwrap();
            event.time = at("00:00:00")
                .plus(Duration::from_secs(3_600).mul_f64(number as f64 / count as f64));
            event.received_at = event.time;
            event.fingerprint.0 ^= u128::from(number);
            support::windows(&mut event);
            all.push(event);
        }
    }
    all.sort_by_key(|event| event.time);
    for (number, event) in (0_u64..).zip(&mut all) {
        event.record = number;
    }
    all
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut sides = arguments.split(|word| word == "--");
    let (paths, folders) = (sides.next().unwrap(), sides.next().unwrap());
    let mut found = vec![correlations()];
    for folder in folders {
        files(Path::new(folder), &mut found);
    }
    let (rules, problems) = RuleSet::load(&found);
    let own = problems.iter().filter(|problem| format!("{problem:?}").contains("mixed.yml"));
    println!("{} rules, {} problems", rules.len(), problems.len());
    own.for_each(|problem| println!("{problem:?}"));
    let rules = Arc::new(rules);
    let before = resident();
    for round in 0..3 {
        let mut events = events(paths);
        let mut detector = Detector::new(spine(), Arc::clone(&rules), Options::default());
        let mut out = Vec::new();
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
        let stats = detector.stats();
        let each = |nanos: u64| nanos as f64 / 1e3 / events.len() as f64;
        println!(
            "round {round}: {} events, {} matches, {} findings; {} groups and {} waiting at the end; \
             enrich {:.2}, match {:.2}, judge {:.2}, all {:.2} us an event: {:.0} a second; {:.0} MiB",
            events.len(),
            stats.matches,
            out.len(),
            stats.groups,
            stats.pending,
            each(enriched - start),
            each(matched - enriched),
            each(judged - matched),
            each(judged - start),
            1e9 / (judged - start) as f64 * events.len() as f64,
            resident() - before,
        );
    }
}
