//! A day of events in the lake, then all of it through the shipped rules, as `castellan replay
//! --data` reads a server's past.
//!
//! Events of five mappings as a site of a thousand people would have them: of a hundred records 55
//! are firewall sessions, 30 flows, 9 log-ons, 5 sign-ins, and one is a badge read. Twenty thousand
//! different ones in turn, spread evenly over the day.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use engine::clock::{Clock, Stopwatch};
use engine::config::Config;
use engine::detect::{Detector, Options, RuleSet, Spine};
use engine::flow::lake_files::to_store;
use engine::lake::{AppendOutcome, FileEntry, FlushReason, Lake, LakeConfig, LakeRow};
use engine::normalise::{ClockPolicy, Normalised, Normaliser, SourceContext};
use engine::replay::{Progress, ReplayAsk};
use engine::store::State;
use engine::store::state::LakeCommit;
use model::{Event, Organisation, Raw, SourceId, Timestamp, Trust, Wire};
use serde_json::{Value, json};

use super::{Scratch, cpu_time, load_average, peak_memory};

const START_S: i64 = 1_795_000_000;
const DAY: Duration = Duration::from_secs(86_400);
/// Different records, two hundred rounds of a hundred.
const ROUNDS: u64 = 200;
const PEOPLE: u64 = 1_009;
const DOORS: u64 = 97;
const BATCH: u64 = 1_000;
/// The journal is empty: there is nothing to catch up with.
const CATCH_UP_MAX: Duration = Duration::from_secs(30);
/// What writes, and how many of a hundred records are its.
const MAPPINGS: [(&str, Wire, u64); 5] = [
    ("fortigate", Wire::Syslog, 55),
    ("flow-csv", Wire::Csv, 30),
    ("openssh", Wire::Syslog, 9),
    ("okta", Wire::Json, 5),
    ("pacs-csv", Wire::Csv, 1),
];

/// Runs the workload. `folder`: where the data folder is made; one that goes afterwards if absent.
pub fn run(events: u64, folder: Option<PathBuf>) -> anyhow::Result<Value> {
    let scratch = Scratch::new()?;
    let data = folder.unwrap_or_else(|| scratch.path().to_owned()).join("data");
    let config = Config::embedded(data, ([127, 0, 0, 1], 0).into())
        .context("the embedded configuration has errors")?;
    let org = organisation()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let filled = runtime.block_on(async {
        let now = Clock::system().now();
        engine::offline::import(&config.data, &org, now, false).await?;
        fill(&config.data, &Arc::new(org), events).await
    })?;
    let from = Timestamp::from_secs(START_S);
    let ask = ReplayAsk {
        from: Some(from),
        to: Some(from.plus(DAY)),
        warm: Some(Duration::ZERO),
        ..ReplayAsk::default()
    };
    let progress = Arc::new(Progress::default());
    let (before, watch) = (cpu_time()?, Stopwatch::start());
    let replay = engine::offline::replay_lake(config, ask, (CATCH_UP_MAX, progress));
    let report = runtime.block_on(replay)?;
    let (wall, cpu) = (watch.elapsed().as_secs_f64(), cpu_time()?.saturating_sub(before));
    Ok(json!({
        "fill": filled,
        "events": report.events,
        "unreadable": report.unreadable,
        "findings": report.findings,
        "closed_early": report.closed_early,
        "wall_s": wall.round(),
        "events_per_s": (report.events as f64 / wall).round(),
        "events_per_cpu_s": (report.events as f64 / cpu.as_secs_f64()).round(),
        "peak_memory_mib": peak_memory()? >> 20,
        "load_average": load_average(),
    }))
}

fn organisation() -> anyhow::Result<Organisation> {
    let mut places = String::from("[[place]]\nid = \"hq\"\nkind = \"site\"\n");
    for zone in ["outside", "inside"] {
        let class = if zone == "outside" { "external" } else { "restricted" };
        places += &format!(
            "[[place]]\nid = \"{zone}\"\nkind = \"zone\"\nparent = \"hq\"\nzone_class = \"{class}\"\n"
        );
    }
    let mut doors = String::from("door,from_zone,to_zone\n");
    for door in 0..DOORS {
        places +=
            &format!("[[place]]\nid = \"door-{door}\"\nkind = \"door\"\nparent = \"inside\"\n");
        doors += &format!("door-{door},outside,inside\n");
    }
    let mut people = String::from("person,name,kind,status\n");
    let mut identifiers = String::from("kind,value,entity\n");
    for n in 0..PEOPLE {
        people += &format!("p{n},Person {n},employee,active\n");
        for (kind, value) in [("badge", format!("b{n}")), ("account", format!("user{n}"))] {
            identifiers += &format!("{kind},{value},person:p{n}\n");
        }
    }
    for door in 0..DOORS {
        identifiers += &format!("door,door-{door},place:door-{door}\n");
    }
    let mut sources = String::new();
    for (name, _, _) in MAPPINGS {
        sources += &format!(
            "[[source]]\nid = \"bench-{name}\"\nmapping = \"{name}\"\nsite = \"hq\"\n\
             trust = \"token\"\n"
        );
    }
    let files = [
        (
            "organisation.toml",
            "format = 1\nname = \"Bench\"\ntime_zone = \"UTC\"\ntenant = \"main\"\n".to_owned(),
        ),
        ("places.toml", places),
        ("people.csv", people),
        ("doors.csv", doors),
        ("identifiers.csv", identifiers),
        ("sources.toml", sources),
    ];
    let files: BTreeMap<String, Vec<u8>> =
        files.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect();
    let (org, problems) = engine::offline::organisation_of_files(&files);
    org.with_context(|| format!("{problems:?}"))
}

/// One event after the other, the records of each mapping in turn.
fn samples(org: &Arc<Organisation>) -> anyhow::Result<Vec<Event>> {
    let content = engine::offline::content(None)
        .map_err(|problems| anyhow::anyhow!("{} problems in content", problems.len()))?;
    let mut normaliser = Normaliser::new(Arc::clone(&content.mappings));
    let at = Timestamp::from_secs(START_S);
    let (mut made, mut events) = (Vec::new(), Vec::new());
    for n in 0..ROUNDS {
        for (name, wire, share) in MAPPINGS {
            let id = SourceId::parse(&format!("bench-{name}"))?;
            let source = org.sources.get(&id).context("a source is missing")?;
            let context =
                SourceContext { source, tenant_zone: chrono_tz::UTC, clock: ClockPolicy::FILE };
            for one in 0..share {
                let number = n * share + one;
                let raw = Raw {
                    source: id.clone(),
                    received_at: at,
                    wire,
                    listener: Arc::from("bench"),
                    peer: None,
                    topic: None,
                    trust: Trust::Token,
                    bytes_cut: 0,
                    rerun_of: None,
                    body: super::load::record(name, number, at),
                };
                normaliser.run(number, &raw, &context, &mut made);
                for normalised in made.drain(..) {
                    match normalised {
                        Normalised::Event(event) => events.push(event),
                        Normalised::Dead(dead) => bail!("{name}: {}", dead.reason),
                    }
                }
            }
        }
    }
    Ok(events)
}

/// Fills the lake of a data folder and tells its state of the files.
async fn fill(data: &Path, org: &Arc<Organisation>, events: u64) -> anyhow::Result<Value> {
    let samples = samples(org)?;
    let spine = Arc::new(Spine::new(Arc::clone(org)));
    let rules = Arc::new(RuleSet::load(&[]).0);
    let mut detector = Detector::new(spine, rules, Options { provisional: false });
    let config = LakeConfig::folder(data.join("lake"), org.tenant.clone());
    let lake = Lake::open(config, Vec::new()).await?;
    let step = DAY.as_nanos() / u128::from(events.max(1));
    let (mut files, mut scratch) = (Vec::new(), Vec::new());
    let watch = Stopwatch::start();
    for start in (0..events).step_by(usize::try_from(BATCH)?) {
        let mut rows = Vec::new();
        for seq in start..(start + BATCH).min(events) {
            let at = usize::try_from(seq % samples.len() as u64)?;
            let mut event = samples.get(at).context("no sample")?.clone();
            let offset = Duration::from_nanos(u64::try_from(u128::from(seq) * step)?);
            (event.record, event.part) = (seq + 1, 0);
            event.time = Timestamp::from_secs(START_S).plus(offset);
            event.received_at = event.time;
            event.ocsf.insert("time", event.time.millis());
            detector.enrich(&mut event);
            rows.push(LakeRow::written(&event, &mut scratch)?);
        }
        match lake.append(&mut rows, &mut Vec::new()) {
            AppendOutcome::Kept => {}
            AppendOutcome::FlushNow => files.extend(flush(&lake).await?),
            AppendOutcome::Full => bail!("the lake took no more"),
            AppendOutcome::Unencodable(error) => return Err(error).context("a row was refused"),
        }
    }
    files.extend(flush(&lake).await?);
    let state = State::open(&data.join("state.db")).await?;
    let commit = LakeCommit {
        added: files.iter().map(to_store).collect(),
        removed: Vec::new(),
        cursor: None,
    };
    state.commit_lake(&commit).await?;
    state.close().await;
    Ok(json!({
        "events": events, "wall_s": watch.elapsed().as_secs_f64().round(), "files": files.len(),
        "bytes": files.iter().map(|file| file.bytes).sum::<u64>(),
    }))
}

async fn flush(lake: &Lake) -> anyhow::Result<Vec<FileEntry>> {
    let flushed = lake.flush(FlushReason::Full).await?;
    lake.committed(&flushed);
    Ok(flushed.files)
}
