//! How many records a second the journal acknowledges, and how long an append waits.
//!
//! `cargo run --release -p store --example append_bench -- [FOLDER] [BATCHES PER APPENDER]`:
//! 16 appenders of 500-record batches of 600 bytes each, one reader beside them.
#![expect(clippy::unwrap_used, reason = "a measurement that fails has no result")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{Raw, Record, SourceId, Timestamp, Trust, Wire};
use store::{Batch, Journal, JournalLimits, Next};

const APPENDERS: u64 = 16;
const BATCH_RECORDS: u64 = 500;
const RECORD_BYTES: usize = 600;

/// A firewall-like line: fixed words, numbers that differ.
fn record(number: u64) -> Record {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut body = format!(
        "<134>1 2026-11-22T10:00:00.{:06}Z fw-{} traffic - - - type=traffic subtype=forward \
         level=notice srcip=10.{}.{}.{} srcport={} dstip=203.0.113.{} dstport=443 proto=6 \
         action=accept policyid={} service=HTTPS sentbyte={} rcvdbyte={} sessionid={mixed:016x} \
         user=user{:05} group=staff devname=edge-firewall-01 logid=0000000013 vd=root",
        number % 1_000_000,
        number % 7,
        mixed & 255,
        (mixed >> 8) & 255,
        (mixed >> 16) & 255,
        1_024 + (mixed >> 24) % 60_000,
        (mixed >> 40) & 255,
        number % 300,
        mixed >> 48,
        (mixed >> 32) & 0xffff,
        number % 4_000,
    )
    .into_bytes();
    let mut filler = mixed;
    while body.len() < RECORD_BYTES {
        filler = filler.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        body.extend_from_slice(format!(" x{:04x}", filler >> 48).as_bytes());
    }
    body.truncate(RECORD_BYTES);
    Record::from(Raw {
        source: SourceId::parse("firewall").unwrap(),
        received_at: Timestamp::from_nanos(i64::try_from(number).unwrap()),
        wire: Wire::Syslog,
        listener: Arc::from("syslog_tcp"),
        peer: Some(Arc::from("10.0.0.1")),
        topic: None,
        trust: Trust::Address,
        bytes_cut: 0,
        rerun_of: None,
        body,
    })
}

fn appender(journal: &Journal, id: u64, batches: u64) -> Vec<Duration> {
    let now = Timestamp::from_secs(1);
    let mut waits = Vec::new();
    for n in 0..batches {
        let first = (id * batches + n) * BATCH_RECORDS;
        let records = (first..first + BATCH_RECORDS).map(record).collect();
        let start = Instant::now();
        journal.append(Batch { records, ..Batch::default() }, now).wait().unwrap();
        waits.push(start.elapsed());
    }
    waits
}

fn main() {
    let mut args = std::env::args().skip(1);
    let kept = tempfile::tempdir().unwrap();
    let dir = args.next().map_or_else(|| kept.path().join("journal"), Into::into);
    let batches: u64 = args.next().and_then(|text| text.parse().ok()).unwrap_or(100);
    let now = Timestamp::from_secs(1);
    let journal = Journal::open(&dir, JournalLimits::default(), &["bench"], now).unwrap();
    let total = APPENDERS * batches * BATCH_RECORDS;
    let start = Instant::now();
    let (mut waits, written, read) = std::thread::scope(|scope| {
        let journal = &journal;
        let reader = scope.spawn(move || {
            let (mut reader, mut count) = (journal.reader(1), 0);
            while count < total {
                if let Next::Records(records) =
                    reader.next_batch(4_096, Duration::from_secs(60)).unwrap()
                {
                    count += records.len() as u64;
                }
            }
            start.elapsed()
        });
        let appenders: Vec<_> =
            (0..APPENDERS).map(|id| scope.spawn(move || appender(journal, id, batches))).collect();
        let waits: Vec<_> = appenders.into_iter().flat_map(|a| a.join().unwrap()).collect();
        (waits, start.elapsed(), reader.join().unwrap())
    });
    waits.sort();
    let at = |part: usize| waits.get(waits.len() * part / 1_000).copied().unwrap_or_default();
    let rate = total as f64 / written.as_secs_f64();
    println!("records {total} in {written:?}: {rate:.0}/s acknowledged; reader done at {read:?}");
    println!("ack p50 {:?} p99 {:?} p99.9 {:?}", at(500), at(990), at(999));
    let stats = journal.stats();
    println!("{} segments, {} bytes on disk", stats.segments, stats.bytes);
    println!(
        "{:.1} % of the bodies",
        stats.bytes as f64 * 100.0 / (total as f64 * RECORD_BYTES as f64)
    );
}
