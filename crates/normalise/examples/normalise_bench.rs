//! Records per CPU second, by mapping: `cargo run --release --example normalise_bench`.
//!
//! Arguments: one mapping's name, a part of a sample's path, and `shipped` or `program` for one
//! engine alone, as for a profiler. Each mapping's own samples are run over and over, up to the
//! event as JSON; a record that gives a dead letter counts too.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measuring tool fails by panicking and speaks on standard output"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono_tz::Tz;
use model::spine::Source;
use model::{MappingName, Raw, SourceId, Timestamp, Trust, Wire};
use normalise::{ClockPolicy, MappingFolder, Mappings, Normalised, Normaliser, SourceContext};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/mappings");
    let (only, sample) = (std::env::args().nth(1), std::env::args().nth(2));
    let engine = std::env::args().nth(3);
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut files = BTreeMap::new();
        for sub in ["", "samples"] {
            for file in std::fs::read_dir(path.join(sub)).into_iter().flatten() {
                let file = file.unwrap().path();
                if file.is_file() {
                    let inner = file.strip_prefix(&path).unwrap().to_string_lossy().into_owned();
                    files.insert(inner, std::fs::read(&file).unwrap());
                }
            }
        }
        folders.push(MappingFolder { name, files });
    }
    for folder in folders.iter().filter(|_| only.is_none()) {
        let begun = cpu_s();
        drop(Mappings::load(vec![folder.clone()]));
        println!("{:<16} loads in {:.0} ms", folder.name, (cpu_s() - begun) * 1e3);
    }
    let shipped = Arc::new(Mappings::load_lazily(folders.clone()).0);
    let oracles = Arc::new(Mappings::load_lazily(folders.clone()).0.with_oracles());
    for folder in folders.iter().filter(|f| only.as_ref().is_none_or(|only| *only == f.name)) {
        let records = records(folder, sample.as_deref());
        if !records.is_empty() {
            if engine.as_deref() != Some("program") {
                measure(&folder.name, "as shipped", &shipped, &records);
            }
            if engine.as_deref() != Some("shipped") {
                measure(&folder.name, "by its program", &oracles, &records);
            }
        }
    }
}

/// CPU time of this thread so far, in seconds (Linux), so that a busy machine does not count.
fn cpu_s() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

fn measure(name: &str, how: &str, mappings: &Arc<Mappings>, records: &[Raw]) {
    let mapping = Some(MappingName::parse(name).unwrap());
    let id = SourceId::parse("bench").unwrap();
    let source = Source { mapping, ..Source::with_defaults(id) };
    let ctx = SourceContext { source: &source, tenant_zone: Tz::UTC, clock: ClockPolicy::FILE };
    let mut normaliser = Normaliser::new(Arc::clone(mappings));
    let (mut out, mut line) = (Vec::new(), Vec::new());
    let mut best = 0.0_f64;
    for _ in 0..5 {
        let rounds = 40_000 / records.len().max(1);
        let begun = cpu_s();
        for _ in 0..rounds {
            for raw in records {
                out.clear();
                normaliser.run(0, raw, &ctx, &mut out);
                for normalised in &out {
                    if let Normalised::Event(event) = normalised {
                        line.clear();
                        serde_json::to_writer(&mut line, event).unwrap();
                    }
                }
            }
        }
        best = best.max((rounds * records.len()) as f64 / (cpu_s() - begun));
    }
    println!("{name:<16} {how:<16} {best:>10.0} records per CPU second");
}

fn records(folder: &MappingFolder, sample: Option<&str>) -> Vec<Raw> {
    let mut out = Vec::new();
    for (path, bytes) in &folder.files {
        let Some((_, extension)) = path.strip_prefix("samples/").and_then(|p| p.rsplit_once('.'))
        else {
            continue;
        };
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.lines().filter(|line| !line.is_empty());
        let (wire, header) = match extension {
            "log" => (Wire::Syslog, None),
            "csv" => (Wire::Csv, lines.next()),
            "ndjson" => (Wire::Json, None),
            _ => continue,
        };
        if sample.is_some_and(|part| !path.contains(part)) {
            continue;
        }
        if ["bad", "wrong", "not-"].iter().any(|part| path.contains(part)) {
            continue;
        }
        for line in lines {
            let body = header.map_or(line.to_owned(), |header| format!("{header}\n{line}"));
            out.push(raw(wire, body));
        }
    }
    out
}

fn raw(wire: Wire, body: String) -> Raw {
    Raw {
        source: SourceId::parse("bench").unwrap(),
        received_at: Timestamp::from_secs(1_768_478_400),
        wire,
        listener: Arc::from("file"),
        peer: None,
        topic: None,
        trust: Trust::None,
        bytes_cut: 0,
        rerun_of: None,
        body: body.into_bytes(),
    }
}
