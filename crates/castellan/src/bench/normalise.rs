//! Records to valid OCSF, by mapping, on one thread; and our road over programs against the bare
//! programs.

use std::sync::Arc;

use engine::normalise::{
    BareProgram, ClockPolicy, Mappings, Normalised, Normaliser, SourceContext,
};
use model::spine::Source;
use model::{MappingName, Raw, SourceId, Timestamp, Trust, Wire};
use serde_json::{Map, Value, json};

use super::{load_average, thread_cpu_time};

/// Different records of one mapping, so that caches do not tell the whole story.
const VARIANTS: usize = 512;

/// Runs every mapping that has a generator.
pub fn run(records: u64) -> anyhow::Result<Value> {
    let content = engine::offline::content(None)
        .map_err(|problems| anyhow::anyhow!("{} problems in content", problems.len()))?;
    let mut figures = Map::new();
    figures.insert("load_average".into(), load_average().into());
    for (name, wire) in [
        ("openssh", Wire::Syslog),
        ("fortigate", Wire::Syslog),
        ("okta", Wire::Json),
        ("pacs-csv", Wire::Csv),
        ("flow-csv", Wire::Csv),
    ] {
        let mut normaliser = Normaliser::new(Arc::clone(&content.mappings));
        let raws = raws(name, wire)?;
        let figure = one(&mut normaliser, name, &raws, records)?;
        figures.insert(name.into(), figure);
    }
    let folders = engine::content::mapping_folders(&content.files);
    let programs = Arc::new(Mappings::load_lazily(folders).0.with_oracles());
    figures.insert("vrl".into(), over_programs(&programs, (records / 4).max(1))?);
    Ok(Value::Object(figures))
}

/// Formats whose engine is native run by their programs: our whole road, and the bare program on
/// the same records. Rounds of the two alternate, so that a busy machine does not favour one.
fn over_programs(programs: &Arc<Mappings>, records: u64) -> anyhow::Result<Value> {
    const ROUNDS: u64 = 5;
    let mut figures = Map::new();
    for (name, wire) in [("fortigate", Wire::Syslog), ("okta", Wire::Json)] {
        let raws = raws(name, wire)?;
        let mut normaliser = Normaliser::new(Arc::clone(programs));
        let mut bare = BareProgram::new(Arc::clone(programs), MappingName::parse(name)?);
        one(&mut normaliser, name, &raws, VARIANTS as u64)?;
        let (mut ours_best, mut bare_best) = (0.0_f64, 0.0_f64);
        for _ in 0..ROUNDS {
            let ours = one(&mut normaliser, name, &raws, records / ROUNDS + 1)?;
            let ours = ours.get("records_per_cpu_s").and_then(Value::as_f64);
            ours_best = ours_best.max(ours.unwrap_or(0.0));
            bare_best = bare_best.max(alone(&mut bare, &raws, records / ROUNDS + 1)?);
        }
        let figure = json!({
            "records_per_cpu_s": ours_best.round(),
            "bare_records_per_cpu_s": bare_best.round(),
            "ratio": (ours_best / bare_best * 1_000.0).round() / 1_000.0,
        });
        figures.insert(name.into(), figure);
    }
    Ok(Value::Object(figures))
}

/// Records per CPU second of a program and nothing else.
fn alone(bare: &mut BareProgram, raws: &[Raw], records: u64) -> anyhow::Result<f64> {
    let mut line = Vec::new();
    let before = thread_cpu_time()?;
    for (_, raw) in (0..records).zip(raws.iter().cycle()) {
        line.clear();
        bare.run(raw.wire, &raw.body, &mut line).map_err(anyhow::Error::msg)?;
    }
    Ok(records as f64 / (thread_cpu_time()? - before).as_secs_f64())
}

fn raws(name: &str, wire: Wire) -> anyhow::Result<Vec<Raw>> {
    (0..VARIANTS).map(|n| raw(name, wire, n)).collect()
}

fn raw(name: &str, wire: Wire, n: usize) -> anyhow::Result<Raw> {
    Ok(Raw {
        source: SourceId::parse("bench")?,
        received_at: Timestamp::from_secs(1_795_000_000),
        wire,
        listener: Arc::from("bench"),
        peer: None,
        topic: None,
        trust: Trust::Token,
        bytes_cut: 0,
        rerun_of: None,
        body: super::load::record(name, n as u64, Timestamp::from_secs(1_795_000_000)),
    })
}

fn one(
    normaliser: &mut Normaliser,
    name: &str,
    raws: &[Raw],
    records: u64,
) -> anyhow::Result<Value> {
    let mut source = Source::with_defaults(SourceId::parse("bench")?);
    source.mapping = Some(MappingName::parse(name)?);
    let context =
        SourceContext { source: &source, tenant_zone: chrono_tz::UTC, clock: ClockPolicy::FILE };
    let (mut made, mut events, mut bytes, mut line) = (Vec::new(), 0_u64, 0_u64, Vec::new());
    let before = thread_cpu_time()?;
    for (number, raw) in (0..records).zip(raws.iter().cycle()) {
        normaliser.run(number, raw, &context, &mut made);
        for normalised in made.drain(..) {
            match normalised {
                Normalised::Event(event) => {
                    line.clear();
                    serde_json::to_writer(&mut line, &event)?;
                    bytes += line.len() as u64;
                    events += 1;
                }
                Normalised::Dead(dead) => anyhow::bail!("{name}: {}", dead.reason),
            }
        }
    }
    let cpu = (thread_cpu_time()? - before).as_secs_f64();
    Ok(json!({
        "records_per_cpu_s": (records as f64 / cpu).round(),
        "events": events,
        "ocsf_bytes": bytes,
    }))
}
