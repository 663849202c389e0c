//! History: how fast the lake takes events in, and how soon it answers.
//!
//! Events of four classes by 2,000 people from 20,000 addresses are appended and flushed as the
//! engine does, spread over so many days; files are merged as housekeeping would; then the usual
//! questions are asked, five times each.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use engine::clock::Stopwatch;
use engine::lake::{
    AppendOutcome, FileEntry, FlushReason, Lake, LakeConfig, LakeRow, QueryLimits, RawRow, Search,
};
use model::{
    AssetId, Fingerprint, MappingName, PersonId, PlaceId, Raw, SourceId, TenantId, Timestamp,
    Trust, Wire,
};
use serde_json::{Map, Value, json};

use super::{Scratch, cpu_time, load_average, peak_memory};

const START_S: u64 = 1_790_000_000;
const DAY_S: u64 = 86_400;
const BATCH: u64 = 1_000;
/// Each question is asked so often; the middle answer counts.
const ROUNDS: usize = 5;
const PATIENCE: Duration = Duration::from_secs(60);
/// Whom the questions are about: one of two thousand.
const SOMEBODY: &str = "p00777";

/// What is asked of the workload.
pub struct Plan {
    /// Events.
    pub events: u64,
    /// Days that they are spread over.
    pub days: u64,
    /// Where the lake is made; a scratch folder if absent.
    pub folder: Option<PathBuf>,
}

/// Runs the workload.
pub fn run(plan: &Plan) -> anyhow::Result<Value> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(plan))
}

async fn measure(plan: &Plan) -> anyhow::Result<Value> {
    let scratch = Scratch::new()?;
    let folder = plan.folder.clone().unwrap_or_else(|| scratch.path().to_owned());
    let config = LakeConfig::folder(&folder, TenantId::parse("bench")?);
    let lake = Lake::open(config, Vec::new()).await?;
    let loaded = load(&lake, plan).await?;
    let merged = merge(&lake, plan).await?;
    let answers = questions(&lake, plan).await?;
    Ok(json!({
        "events": plan.events, "days": plan.days,
        "load": loaded, "merge": merged, "questions": answers,
        "peak_memory_mib": peak_memory()? >> 20, "load_average": load_average(),
    }))
}

fn mixed(n: u64) -> u64 {
    let mut x = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 32;
    x.wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 20
}

fn row(seq: u64, plan: &Plan) -> anyhow::Result<LakeRow> {
    let r = mixed(seq);
    let step_ns = plan.days * DAY_S * 1_000_000_000 / plan.events.max(1);
    let time = at(0).plus(Duration::from_nanos(seq * step_ns));
    let class_uid = [4_001, 4_001, 3_002, 4_230_001].get((r % 4) as usize).copied().unwrap_or(0);
    let person = format!("p{:05}", r / 7 % 2_000);
    let ip = format!("10.{}.{}.{}", r % 4, r / 4 % 50, r / 200 % 100);
    let ocsf = ocsf(seq, time, class_uid, (&person, &ip));
    Ok(LakeRow {
        time,
        received_at: time,
        seq,
        part: 0,
        class_uid,
        activity_id: Some(1),
        severity_id: Some(i32::try_from(r % 6)?),
        status_id: Some(1),
        source: SourceId::parse("fw-1")?,
        mapping: MappingName::parse("fortigate")?,
        site: Some(PlaceId::parse(if r.is_multiple_of(3) { "lab" } else { "hq" })?),
        place: None,
        zone: None,
        person: Some(PersonId::parse(&person)?),
        src_ip: Some(ip),
        dst_ip: Some(format!("192.0.2.{}", r % 250)),
        device_ip: None,
        src_asset: Some(AssetId::parse(&format!("ws-{}", r / 7 % 2_000))?),
        dst_asset: None,
        device_asset: None,
        src_host: None,
        dst_host: None,
        device_host: Some("fw-1".to_owned()),
        user_name: Some(format!("user{}", r / 7 % 2_000)),
        credential: None,
        door: None,
        message: Some(format!("session {seq} closed by client")),
        fingerprint: Fingerprint(u128::from(r) << 64 | u128::from(seq)),
        ocsf,
    })
}

fn ocsf(seq: u64, time: Timestamp, class_uid: u32, (person, ip): (&str, &str)) -> String {
    let r = mixed(seq);
    format!(
        "{{\"class_uid\":{class_uid},\"time\":{},\"activity_id\":1,\"severity_id\":1,\
         \"category_uid\":4,\"type_uid\":400101,\"metadata\":{{\"version\":\"1.8.0\",\
         \"product\":{{\"name\":\"FortiGate\",\"vendor_name\":\"Fortinet\"}},\"uid\":\"{r:016x}\"}},\
         \"src_endpoint\":{{\"ip\":\"{ip}\",\"port\":{}}},\"dst_endpoint\":{{\"ip\":\"192.0.2.{}\",\
         \"port\":443}},\"user\":{{\"name\":\"user{}\"}},\"traffic\":{{\"bytes_in\":{},\
         \"bytes_out\":{}}},\"message\":\"session {seq} closed by client\",\"castellan\":\
         {{\"person\":\"{person}\",\"mapping\":\"fortigate\",\"source\":\"fw-1\",\"record\":{seq},\
         \"time\":{{\"earliest\":\"{time}\",\"latest\":\"{time}\"}}}}}}",
        time.millis(),
        1_024 + r % 60_000,
        r % 250,
        r / 7 % 2_000,
        r % 100_000,
        r / 3 % 9_000,
    )
}

fn raw(row: &LakeRow) -> RawRow {
    let body = format!(
        "<189>date=2026-09-21 devname=\"fw-1\" srcip={} dstip={} user=\"{}\" msg=\"{}\"",
        row.src_ip.as_deref().unwrap_or(""),
        row.dst_ip.as_deref().unwrap_or(""),
        row.user_name.as_deref().unwrap_or(""),
        row.message.as_deref().unwrap_or(""),
    );
    let raw = Raw {
        source: row.source.clone(),
        received_at: row.received_at,
        wire: Wire::Syslog,
        listener: "syslog_tcp".into(),
        peer: Some("10.0.0.1:514".into()),
        topic: None,
        trust: Trust::Address,
        bytes_cut: 0,
        rerun_of: None,
        body: body.into_bytes(),
    };
    RawRow { seq: row.seq, raw: raw.into() }
}

async fn flush(lake: &Lake) -> anyhow::Result<Vec<FileEntry>> {
    let flushed = lake.flush(FlushReason::Full).await?;
    lake.committed(&flushed);
    Ok(flushed.files)
}

async fn load(lake: &Lake, plan: &Plan) -> anyhow::Result<Value> {
    let mut files = Vec::new();
    let (mut spent, mut bytes) = (Duration::ZERO, 0_u64);
    for start in (0..plan.events).step_by(usize::try_from(BATCH)?) {
        let batch = start..(start + BATCH).min(plan.events);
        let mut rows = batch.map(|seq| row(seq, plan)).collect::<anyhow::Result<Vec<_>>>()?;
        let mut raws: Vec<RawRow> = rows.iter().map(raw).collect();
        bytes += rows.iter().map(|row| row.ocsf.len() as u64).sum::<u64>();
        bytes += raws.iter().map(|raw| raw.raw.body.len() as u64).sum::<u64>();
        let before = cpu_time()?;
        match lake.append(&mut rows, &mut raws) {
            AppendOutcome::Kept => {}
            AppendOutcome::FlushNow => files.extend(flush(lake).await?),
            AppendOutcome::Full => bail!("the lake took no more"),
            AppendOutcome::Unencodable(error) => return Err(error).context("a row was refused"),
        }
        spent += cpu_time()?.saturating_sub(before);
    }
    let before = cpu_time()?;
    files.extend(flush(lake).await?);
    spent += cpu_time()?.saturating_sub(before);
    let on_disk: u64 = files.iter().map(|file| file.bytes).sum();
    Ok(json!({
        "events_per_cpu_s": (plan.events as f64 / spent.as_secs_f64()).round(),
        "files": files.len(), "bytes": on_disk, "bytes_in": bytes,
    }))
}

/// Merges files as housekeeping does, ten days after the last event.
async fn merge(lake: &Lake, plan: &Plan) -> anyhow::Result<Value> {
    let before = cpu_time()?;
    loop {
        let change = lake.compact(at(plan.days + 10)).await?;
        if change.is_empty() {
            break;
        }
        lake.apply(change).await;
    }
    let spent = cpu_time()?.saturating_sub(before);
    Ok(json!({"files": lake.stats().event_files, "cpu_s": spent.as_secs_f64()}))
}

/// The beginning of a day of the data.
fn at(day: u64) -> Timestamp {
    Timestamp::from_secs(i64::try_from(START_S + day * DAY_S).unwrap_or(i64::MAX))
}

async fn questions(lake: &Lake, plan: &Plan) -> anyhow::Result<Value> {
    let page = Search { limit: 100, ..Search::default() };
    let person = || PersonId::parse(SOMEBODY).map(Some);
    let day = plan.days / 2;
    let (from, to) = (Some(at(day)), Some(at(day + 1)));
    let of_day = Search { person: person()?, from, to, ..page.clone() };
    let ip = |text: &str| Search { ip: Some(text.to_owned()), ..page.clone() };
    let rare = Some(format!("SESSION {} closed", plan.events / 2));
    let searches = [
        ("latest 100", page.clone()),
        ("one person of one day, newest 100", of_day.clone()),
        ("one person of one day, all", Search { limit: 100_000, ..of_day }),
        ("one person, newest 100", Search { person: person()?, ..page.clone() }),
        ("one address, all", Search { limit: 100_000, ..ip("10.1.7.42") }),
        ("an address that is nowhere", ip("10.77.7.42")),
        ("rare text of one day", Search { text: rare, from, to, ..page.clone() }),
    ];
    let mut answers = Map::new();
    for (name, search) in searches {
        let rows = async || Ok(lake.search(&search, PATIENCE).await?.events.len());
        answers.insert(name.to_owned(), timed(rows).await?);
    }
    for sql in [
        "SELECT count(*) FROM events",
        "SELECT src_ip, count(*) AS n FROM events GROUP BY 1 ORDER BY 2 DESC LIMIT 20",
    ] {
        let rows = async || Ok(lake.query(sql, QueryLimits::default()).await?.row_count());
        answers.insert(sql.to_owned(), timed(rows).await?);
    }
    Ok(Value::Object(answers))
}

async fn timed(ask: impl AsyncFn() -> anyhow::Result<usize>) -> anyhow::Result<Value> {
    let mut walls = Vec::new();
    let (mut rows, before) = (0, cpu_time()?);
    for _ in 0..ROUNDS {
        let watch = Stopwatch::start();
        rows = ask().await?;
        walls.push(watch.elapsed());
    }
    let spent = cpu_time()?.saturating_sub(before) / u32::try_from(ROUNDS)?;
    walls.sort_unstable();
    let middle = walls.get(ROUNDS / 2).copied().unwrap_or_default();
    let ms = |time: Duration| (time.as_secs_f64() * 10_000.0).round() / 10.0;
    Ok(json!({"rows": rows, "wall_ms": ms(middle), "cpu_ms": ms(spent)}))
}
