//! Records to valid OCSF, by mapping, on one thread.

use std::sync::Arc;

use engine::normalise::{ClockPolicy, Normalised, Normaliser, SourceContext};
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
        let raws: Vec<Raw> =
            (0..VARIANTS).map(|n| raw(name, wire, n)).collect::<anyhow::Result<_>>()?;
        let figure = one(&mut normaliser, name, &raws, records)?;
        figures.insert(name.into(), figure);
    }
    Ok(Value::Object(figures))
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
