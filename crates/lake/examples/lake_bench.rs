//! How fast the lake takes rows in and answers, on this machine. Run with `--release`.
//!
//! `lake_bench [ROWS] [FOLDER]`: ROWS (default 2,000,000) events over ten hours, four classes,
//! 20,000 addresses and 2,000 people, are appended and flushed as the engine does; then the usual
//! questions are asked, five times each. CPU seconds are the whole process's.

use std::error::Error;
use std::time::{Duration, Instant};

use lake::{
    AppendOutcome, FileEntry, FlushReason, Lake, LakeConfig, LakeRow, QueryLimits, RawRow, Search,
};
use model::{
    AssetId, Fingerprint, MappingName, PersonId, PlaceId, Raw, SourceId, TenantId, Timestamp,
    Trust, Wire,
};

const START_S: i64 = 1_790_000_000;
const BATCH: u64 = 1_000;

/// Whole-process user and system time.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|t| t.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn mixed(n: u64) -> u64 {
    let mut x = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 32;
    x.wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 20
}

fn row(seq: u64, total: u64) -> Result<LakeRow, Box<dyn Error>> {
    let r = mixed(seq);
    let span_ns = 36_000_000_000_000_u64;
    let offset = i64::try_from(seq * (span_ns / total.max(1)))?;
    let time = Timestamp::from_nanos(START_S * 1_000_000_000 + offset);
    let class_uid = [4_001, 4_001, 3_002, 4_230_001].get((r % 4) as usize).copied().unwrap_or(0);
    let person = format!("p{:05}", r / 7 % 2_000);
    let ip = format!("10.{}.{}.{}", r % 4, r / 4 % 50, r / 200 % 100);
    let source = SourceId::parse("fw-1")?;
    let ocsf = format!(
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
    );
    Ok(LakeRow {
        time,
        received_at: time,
        seq,
        part: 0,
        class_uid,
        activity_id: Some(1),
        severity_id: Some(i32::try_from(r % 6)?),
        status_id: Some(1),
        source: source.clone(),
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

async fn flush(lake: &Lake, catalogue: &mut Vec<FileEntry>) -> Result<(), Box<dyn Error>> {
    let flushed = lake.flush(FlushReason::Full).await?;
    catalogue.extend(flushed.files.clone());
    lake.committed(&flushed);
    Ok(())
}

async fn load(lake: &Lake, total: u64) -> Result<Vec<FileEntry>, Box<dyn Error>> {
    let mut catalogue = Vec::new();
    let (mut spent, mut wall, mut bytes) = (Duration::ZERO, Duration::ZERO, 0_usize);
    for start in (0..total).step_by(usize::try_from(BATCH)?) {
        let mut rows = (start..(start + BATCH).min(total))
            .map(|seq| row(seq, total))
            .collect::<Result<Vec<_>, _>>()?;
        let mut raws: Vec<RawRow> = rows.iter().map(raw).collect();
        bytes += rows.iter().map(|r| r.ocsf.len()).sum::<usize>();
        bytes += raws.iter().map(|r| r.raw.body.len()).sum::<usize>();
        let (before, began) = (cpu(), Instant::now());
        match lake.append(&mut rows, &mut raws) {
            AppendOutcome::Kept => {}
            AppendOutcome::FlushNow => flush(lake, &mut catalogue).await?,
            AppendOutcome::Full => return Err("full".into()),
            AppendOutcome::Unencodable(error) => return Err(error.into()),
        }
        spent += cpu().saturating_sub(before);
        wall += began.elapsed();
    }
    let before = cpu();
    flush(lake, &mut catalogue).await?;
    spent += cpu().saturating_sub(before);
    let on_disk: u64 = catalogue.iter().map(|f| f.bytes).sum();
    println!(
        "load: {total} events with raw records; {:.0} events/CPU-s, {:.0} events/s; {} files, \
         {on_disk} bytes, {:.1} % of JSON and raw",
        total as f64 / spent.as_secs_f64(),
        total as f64 / wall.as_secs_f64(),
        catalogue.len(),
        100.0 * on_disk as f64 / bytes as f64,
    );
    Ok(catalogue)
}

async fn ask(lake: &Lake, name: &str, search: &Search) -> Result<(), Box<dyn Error>> {
    let mut walls = Vec::new();
    let (mut found, before) = (0, cpu());
    for _ in 0..5 {
        let began = Instant::now();
        found = lake.search(search, Duration::from_secs(60)).await?.events.len();
        walls.push(began.elapsed());
    }
    let spent = (cpu().saturating_sub(before)) / 5;
    walls.sort_unstable();
    println!("search {name}: {found} rows, median wall {:?}, CPU {spent:?}", walls.get(2));
    Ok(())
}

async fn query(lake: &Lake, text: &str) -> Result<(), Box<dyn Error>> {
    let mut walls = Vec::new();
    let (mut rows, before) = (0, cpu());
    for _ in 0..5 {
        let began = Instant::now();
        rows = lake.query(text, QueryLimits::default()).await?.row_count();
        walls.push(began.elapsed());
    }
    let spent = (cpu().saturating_sub(before)) / 5;
    walls.sort_unstable();
    println!("sql {text}: {rows} rows, median wall {:?}, CPU {spent:?}", walls.get(2));
    Ok(())
}

async fn questions(lake: &Lake) -> Result<(), Box<dyn Error>> {
    let page = Search { limit: 100, ..Search::default() };
    let start = Timestamp::from_secs(START_S);
    ask(lake, "latest 100", &page).await?;
    let person = Some(PersonId::parse("p00777")?);
    ask(lake, "one person, newest 100", &Search { person, ..page.clone() }).await?;
    let person = Some(PersonId::parse("p00777")?);
    ask(lake, "one person, all", &Search { person, limit: 10_000, ..page.clone() }).await?;
    let ip = Some("10.1.7.42".to_owned());
    ask(lake, "one ip, all", &Search { ip, limit: 10_000, ..page.clone() }).await?;
    let ip = Some("10.77.7.42".to_owned());
    ask(lake, "absent ip", &Search { ip, ..page.clone() }).await?;
    let text = Some("SESSION 1234567 closed".to_owned());
    ask(lake, "rare text, ten hours", &Search { text, from: Some(start), ..page.clone() }).await?;
    let text = Some("closed by CLIENT".to_owned());
    ask(lake, "common text", &Search { text, from: Some(start), ..page }).await?;
    for text in [
        "SELECT count(*) FROM events",
        "SELECT time, seq, ocsf FROM events ORDER BY time DESC LIMIT 100",
        "SELECT time, seq FROM events WHERE person = 'p00777'",
        "SELECT time, seq FROM events WHERE src_ip = '10.77.7.42'",
        "SELECT src_ip, count(*) AS n FROM events GROUP BY 1 ORDER BY 2 DESC LIMIT 20",
        "SELECT date_trunc('hour', time) AS h, class_uid, count(*) FROM events GROUP BY 1, 2",
    ] {
        query(lake, text).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let total = args.next().map_or(Ok(2_000_000), |text| text.parse())?;
    let scratch = std::env::temp_dir().join(format!("lake-bench-{}", std::process::id()));
    let folder = args.next().map_or(scratch, Into::into);
    let config = LakeConfig::folder(&folder, TenantId::parse("bench")?);
    let lake = Lake::open(config.clone(), Vec::new()).await?;
    let mut catalogue = load(&lake, total).await?;
    questions(&lake).await?;
    let before = cpu();
    loop {
        let change = lake.compact(Timestamp::from_secs(START_S + 10 * 86_400)).await?;
        if change.is_empty() {
            break;
        }
        catalogue.retain(|file| !change.removed().contains(file));
        catalogue.extend(change.added().to_vec());
        lake.apply(change).await;
    }
    println!("compacted to {} files in {:?} CPU", catalogue.len(), cpu().saturating_sub(before));
    questions(&lake).await?;
    let began = Instant::now();
    let again = Lake::open(config, catalogue).await?;
    println!("opened in {:?}, {} files", began.elapsed(), again.stats().event_files);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
