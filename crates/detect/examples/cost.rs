//! What one event costs: `cost RULES_FOLDER…` prints microseconds per event for enrichment,
//! matching and judging, on a firewall flow, a log-on and a badge.

#![expect(clippy::unwrap_used, reason = "a measuring tool for developers")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{at, badge, event, logon, spine};
use detect::{Detector, Options, RuleFile, RuleSet};
use model::Event;
use serde_json::json;

const EVENTS: u64 = 100_000;

fn files(folder: &Path, found: &mut Vec<RuleFile>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "yml") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push(RuleFile { path: path.to_string_lossy().into_owned(), text });
        }
    }
}

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

fn main() {
    let mut found = Vec::new();
    for folder in std::env::args().skip(1) {
        files(Path::new(&folder), &mut found);
    }
    let start = Instant::now();
    let (rules, problems) = RuleSet::load(&found);
    let errors = problems.len();
    println!("{} rules in {:?}, {errors} problems", rules.len(), start.elapsed());
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
        let mut spent = [Duration::ZERO; 3];
        let mut out = Vec::new();
        for number in 0..EVENTS {
            let mut event = make(number);
            event.time = at("00:00:00").plus(Duration::from_millis(number * 300));
            event.received_at = event.time;
            event.fingerprint.0 ^= u128::from(number);
            let start = Instant::now();
            detector.enrich(&mut event);
            let enriched = Instant::now();
            let mut matches = Vec::new();
            rules.matches(&event, &mut matches);
            let matched = Instant::now();
            detector.judge_matches(&event, &matches, &mut out);
            let judged = Instant::now();
            spent[0] += enriched - start;
            spent[1] += matched - enriched;
            spent[2] += judged - matched;
            black_box(&out).len();
            out.clear();
        }
        let each = spent.map(|sum| sum.as_secs_f64() * 1e6 / EVENTS as f64);
        println!(
            "{name:>8}: enrich {:.2} us, match {:.2} us, judge {:.2} us, all {:.2} us",
            each[0],
            each[1],
            each[2],
            each.iter().sum::<f64>()
        );
    }
}
