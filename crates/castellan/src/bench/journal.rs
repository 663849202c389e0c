//! Acknowledged means on disk.

use std::sync::Arc;
use std::time::Duration;

use engine::clock::{Clock, Stopwatch};
use engine::store::{Batch, Journal, JournalLimits};
use model::{Raw, Record, SourceId, Trust, Wire};
use serde_json::{Value, json};

use super::{Scratch, load_average, percentile_ms};

/// Appenders at once.
const APPENDERS: usize = 16;
/// Records of one batch.
const BATCH: usize = 500;
/// Bytes of one record.
const RECORD_BYTES: usize = 600;

/// Appends for so many seconds.
pub fn run(seconds: u64) -> anyhow::Result<Value> {
    let scratch = Scratch::new()?;
    let clock = Clock::system();
    let limits = JournalLimits::default();
    let journal = Arc::new(Journal::open(scratch.path(), limits, &["bench"], clock.now())?);
    let begun = Stopwatch::start();
    let end = Duration::from_secs(seconds);
    let threads: Vec<_> = (0..APPENDERS)
        .map(|number| {
            let (journal, clock) = (Arc::clone(&journal), clock.clone());
            std::thread::spawn(move || append(&journal, &clock, (number, begun, end)))
        })
        .collect();
    let mut waits = Vec::new();
    for thread in threads {
        let own = thread.join().map_err(|_| anyhow::anyhow!("an appender ended in a panic"))?;
        waits.extend(own?);
    }
    let elapsed = begun.elapsed().as_secs_f64();
    waits.sort_unstable();
    Ok(json!({
        "load_average": load_average(),
        "records_per_s": (waits.len() as f64 * BATCH as f64 / elapsed).round(),
        "ack_p50_ms": percentile_ms(&waits, 50.0),
        "ack_p99_ms": percentile_ms(&waits, 99.0),
        "appenders": APPENDERS,
        "batch_records": BATCH,
        "record_bytes": RECORD_BYTES,
    }))
}

fn append(
    journal: &Journal,
    clock: &Clock,
    (number, begun, end): (usize, Stopwatch, Duration),
) -> anyhow::Result<Vec<Duration>> {
    let mut waits = Vec::new();
    let mut round = 0_u64;
    while begun.elapsed() < end {
        let records =
            (0..BATCH).map(|n| record(number, round, n)).collect::<anyhow::Result<_>>()?;
        let batch = Batch { records, ..Batch::default() };
        let watch = Stopwatch::start();
        journal.append(batch, clock.now()).wait()?;
        waits.push(watch.elapsed());
        journal.release("bench", journal.last_seq());
        round += 1;
    }
    Ok(waits)
}

/// A record that compresses about as a log line does.
fn record(appender: usize, round: u64, n: usize) -> anyhow::Result<Record> {
    let seed = (appender as u64) << 48 | round << 16 | n as u64;
    let mut body = super::load::record("fortigate", seed, model::Timestamp::from_secs(1));
    body.resize(RECORD_BYTES, b' ');
    Ok(Record::from(Raw {
        source: SourceId::parse("bench")?,
        received_at: model::Timestamp::from_secs(1),
        wire: Wire::Syslog,
        listener: Arc::from("bench"),
        peer: None,
        topic: None,
        trust: Trust::Token,
        bytes_cut: 0,
        rerun_of: None,
        body,
    }))
}
