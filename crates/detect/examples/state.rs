//! What open groups cost: `state GROUPS [settled]` opens so many groups of one correlation and
//! prints memory, time per event, how long a snapshot stops the flow, and how long reading it again
//! takes; with every event waiting for the watermark, or with every window settled. Linux only.

#![expect(clippy::unwrap_used, reason = "a measuring tool for developers")]

#[path = "../tests/common/mod.rs"]
mod common;
mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{at, event, spine};
use detect::{Detector, Options, RuleFile, RuleSet};
use model::{Event, Record};
use serde_json::json;
use support::{ran, resident};

const RULES: &str = "
title: Refused again and again
id: refused-often
correlation:
  type: event_count
  rules: [refused]
  group-by: [src_endpoint.ip]
  timespan: 6h
  condition: { gte: 3 }
castellan: { team: soc }
---
title: Refused
id: refused
logsource: { category: authentication }
detection: { selection: { status_id: 2 }, condition: selection }
";

fn rules() -> Arc<RuleSet> {
    let file = RuleFile { path: "state.yml".into(), text: RULES.into() };
    let (rules, problems) = RuleSet::load(&[file]);
    assert!(problems.is_empty(), "{problems:?}");
    Arc::new(rules)
}

/// A refusal from an address of its own; a minute holds them all.
fn refusal(number: u64, groups: u64) -> Event {
    let (a, b, c) = (number >> 16 & 255, number >> 8 & 255, number & 255);
    let ocsf = json!({
        "class_uid": 3002, "category_uid": 3, "activity_id": 1, "status_id": 2, "severity_id": 1,
        "user": {"name": "root"}, "src_endpoint": {"ip": format!("10.{a}.{b}.{c}")},
        "metadata": {"version": "1.8.0", "product": {"name": "sshd", "vendor_name": "OpenBSD"}},
    });
    let mut event = event(number, "idp", at("00:00:00"), "authentication", ocsf);
    event.time = at("00:00:00").plus(Duration::from_nanos(number * 60_000_000_000 / groups));
    event.received_at = event.time;
    event
}

fn timed<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let (start, before) = (Instant::now(), ran());
    let made = run();
    let busy = (ran() - before) as f64 / 1e6;
    println!("{what}: {:.1} ms, of it {busy:.1} running", start.elapsed().as_secs_f64() * 1e3);
    made
}

fn keep_and_take_up(detector: &Detector, rules: &Arc<RuleSet>) {
    let kept = timed("kept", || detector.snapshot());
    let bytes = timed("encoded", || kept.encode());
    println!("snapshot: {:.1} MiB", bytes.len() as f64 / 1_048_576.0);
    let mut again = Detector::new(spine(), Arc::clone(rules), Options::default());
    timed("restored", || again.restore(&bytes).unwrap());
    println!("restored: {} groups, {} waiting", again.stats().groups, again.stats().pending);
}

fn main() {
    let groups: u64 = std::env::args().nth(1).map_or(100_000, |text| text.parse().unwrap());
    let rules = rules();
    let mut detector = Detector::new(spine(), Arc::clone(&rules), Options::default());
    let before = resident();
    let mut out = Vec::new();
    let start = Instant::now();
    for number in 0..groups {
        let mut event = refusal(number, groups);
        detector.enrich(&mut event);
        detector.judge(&event, &mut out);
    }
    let each = start.elapsed().as_secs_f64() * 1e6 / groups as f64;
    let report = |detector: &Detector, when: &str| {
        let stats = detector.stats();
        println!(
            "{when}: {} groups, {} waiting, {} evicted groups, {} judged early, {:.0} MiB more",
            stats.groups,
            stats.pending,
            stats.evicted_groups,
            stats.evicted_pending,
            resident() - before,
        );
    };
    println!("each event: {each:.2} us, making it included");
    report(&detector, "waiting");
    if std::env::args().nth(2).is_some_and(|word| word == "settled") {
        let tick = Record::Tick { at: at("02:00:00") };
        timed("settling all", || detector.observe(0, &tick, &mut out));
        report(&detector, "settled");
    }
    keep_and_take_up(&detector, &rules);
}
