//! What the journal promises while the machine stays up: one dense sequence, each record once
//! per reader, retries that double nothing, limits that hold.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use model::{Raw, Record, SourceId, Timestamp, Trust, Wire};
use store::{
    AppendError, Appended, Batch, Idempotency, Journal, JournalLimits, Next, Outcome, Reader,
    StoreError, verify,
};

const WAIT: Duration = Duration::from_secs(20);

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

fn raw(now: Timestamp, body: impl Into<Vec<u8>>) -> Record {
    Record::from(Raw {
        source: SourceId::parse("pacs").unwrap(),
        received_at: now,
        wire: Wire::Json,
        listener: Arc::from("http"),
        peer: Some(Arc::from("127.0.0.1")),
        topic: None,
        trust: Trust::Token,
        bytes_cut: 0,
        rerun_of: None,
        body: body.into(),
    })
}

/// A body that no compressor makes smaller, different for each number.
fn noise(number: u64, len: usize) -> Vec<u8> {
    let mut hash = blake3::Hasher::new();
    hash.update(&number.to_le_bytes());
    let mut body = vec![0; len];
    hash.finalize_xof().fill(&mut body);
    body
}

fn batch(now: Timestamp, bodies: impl IntoIterator<Item = Vec<u8>>) -> Batch {
    let records = bodies.into_iter().map(|body| raw(now, body)).collect();
    Batch { records, ..Batch::default() }
}

fn keyed(key: u8, response: &[u8], batch: Batch) -> Batch {
    let source = SourceId::parse("pacs").unwrap();
    let idempotency = Idempotency { source, key_hash: [key; 32], response: response.to_vec() };
    Batch { idempotency: Some(idempotency), ..batch }
}

fn small() -> JournalLimits {
    JournalLimits {
        segment_bytes_max: 64 * 1024,
        total_bytes_max: 1024 * 1024,
        memory_recent_bytes_max: 32 * 1024,
        ..JournalLimits::default()
    }
}

fn open(dir: &Path, limits: JournalLimits, consumers: &[&str], now: i64) -> Journal {
    Journal::open(dir, limits, consumers, at(now)).unwrap()
}

fn append(journal: &Journal, batch: Batch, now: i64) -> Appended {
    match journal.append(batch, at(now)).wait().unwrap() {
        Outcome::Appended(appended) => appended,
        Outcome::Replayed { .. } => panic!("replayed, expected appended"),
    }
}

/// Everything up to the end, as (sequence, body).
fn drain(mut reader: Reader, up_to: u64) -> Vec<(u64, Vec<u8>)> {
    let mut all = Vec::new();
    while reader.next_seq() <= up_to {
        match reader.next_batch(97, WAIT).unwrap() {
            Next::Records(records) => all.extend(records.into_iter().map(|(seq, record)| {
                let Record::Raw(raw) = &*record else { panic!("not a raw record") };
                (seq, raw.body.clone())
            })),
            other @ (Next::Timeout | Next::Closed) => panic!("{other:?} before {up_to}"),
        }
    }
    all
}

#[test]
fn what_is_acknowledged_is_there_after_reopening_in_one_dense_sequence() {
    let dir = tempfile::tempdir().unwrap();
    let mut expected = Vec::new();
    for round in 0..3_u64 {
        let journal = open(dir.path(), small(), &[], 0);
        assert_eq!(journal.last_seq(), expected.len() as u64);
        for n in 0..20 {
            let bodies: Vec<_> = (0..5).map(|i| noise(round * 1_000 + n * 10 + i, 700)).collect();
            let first_seq = expected.len() as u64 + 1;
            let appended = append(&journal, batch(at(1), bodies.clone()), 1);
            assert_eq!(appended, Appended { first_seq, count: 5 });
            expected.extend((first_seq..).zip(bodies));
        }
        assert_eq!(drain(journal.reader(0), journal.last_seq()), expected);
    }
    let report = verify(dir.path()).unwrap();
    assert!(report.is_whole(), "{:?}", report.problems);
    assert!(report.segments > 2, "the test means to cross segments");
    assert_eq!((report.records, report.last_seq), (300, Some(300)));
}

#[test]
fn every_reader_gets_every_record_once_while_writers_write() {
    let dir = tempfile::tempdir().unwrap();
    let limits = JournalLimits { total_bytes_max: 64 * 1024 * 1024, ..small() };
    let journal = Arc::new(open(dir.path(), limits, &[], 0));
    let (writers, batches, per_batch) = (4_u64, 40_u64, 7_u64);
    let total = writers * batches * per_batch;
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                let journal = journal.clone();
                scope.spawn(move || drain(journal.reader(1), total))
            })
            .collect();
        for writer in 0..writers {
            let journal = journal.clone();
            scope.spawn(move || {
                for n in 0..batches {
                    let tag = (writer * batches + n) * per_batch;
                    let bodies = (0..per_batch).map(|i| noise(tag + i, 200));
                    append(&journal, batch(at(1), bodies), 1);
                }
            });
        }
        let late = drain(journal.reader(1), total);
        assert!((1..=total).eq(late.iter().map(|(seq, _)| *seq)));
        let mut bodies: Vec<_> = late.iter().map(|(_, body)| body.clone()).collect();
        bodies.sort();
        let mut sent: Vec<_> = (0..total).map(|n| noise(n, 200)).collect();
        sent.sort();
        assert!(bodies == sent, "each record once");
        for reader in readers {
            assert!(reader.join().unwrap() == late, "all readers agree");
        }
    });
    assert!(journal.stats().segments > 2 && journal.stats().recent_bytes <= 32 * 1024);
}

#[test]
fn a_reader_waits_for_news_and_ends_with_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Arc::new(open(dir.path(), small(), &[], 0));
    let mut reader = journal.reader(0);
    assert_eq!(reader.next_batch(10, Duration::ZERO).unwrap(), Next::Timeout);
    let waiting = std::thread::spawn(move || {
        let first = reader.next_batch(10, WAIT).unwrap();
        let second = reader.next_batch(10, WAIT).unwrap();
        (first, second)
    });
    append(&journal, batch(at(1), [b"news".to_vec()]), 1);
    journal.close();
    let (first, second) = waiting.join().unwrap();
    assert!(matches!(first, Next::Records(records) if records.len() == 1));
    assert_eq!(second, Next::Closed);
    let after = journal.append(batch(at(1), [b"late".to_vec()]), at(1)).wait();
    assert_eq!(after, Err(AppendError::Closed));
}

#[tokio::test]
async fn appends_can_be_awaited() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path(), small(), &[], 0);
    let first = journal.append(batch(at(1), [b"a".to_vec()]), at(1));
    let second = journal.append(batch(at(1), [b"b".to_vec()]), at(1));
    let expected = Outcome::Appended(Appended { first_seq: 2, count: 1 });
    assert_eq!(second.await.unwrap(), expected);
    assert!(matches!(first.await.unwrap(), Outcome::Appended(_)));
}

#[test]
fn a_retry_with_its_key_appends_nothing_even_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let send = |journal: &Journal, now| {
        let again = batch(at(now), [b"x".to_vec(), b"y".to_vec()]);
        journal.append(keyed(7, b"accepted 2", again), at(now)).wait().unwrap()
    };
    let replayed = Outcome::Replayed { response: b"accepted 2".to_vec() };
    {
        let journal = open(dir.path(), small(), &[], 0);
        assert!(matches!(send(&journal, 10), Outcome::Appended(_)));
        assert_eq!(send(&journal, 20), replayed);
        let other = SourceId::parse("other").unwrap();
        let mut foreign = keyed(7, b"ok", batch(at(20), [b"z".to_vec()]));
        if let Some(key) = foreign.idempotency.as_mut() {
            key.source = other;
        }
        append(&journal, foreign, 20);
    }
    let journal = open(dir.path(), small(), &[], 30);
    assert_eq!(send(&journal, 86_409), replayed);
    assert_eq!(journal.last_seq(), 3);
    assert!(matches!(send(&journal, 86_410), Outcome::Appended(_)), "after 24 h it is a new batch");
    assert_eq!(journal.last_seq(), 5);
}

#[test]
fn of_concurrent_batches_with_one_key_one_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path(), small(), &[], 0);
    let appended = std::thread::scope(|scope| {
        let send = |n: u8| {
            let batch = keyed(1, &[9], batch(at(1), [vec![n]]));
            journal.append(batch, at(1)).wait().unwrap()
        };
        let threads: Vec<_> = (0..16).map(|n| scope.spawn(move || send(n))).collect();
        let outcomes = threads.into_iter().map(|thread| thread.join().unwrap());
        outcomes.filter(|outcome| matches!(outcome, Outcome::Appended(_))).count()
    });
    assert_eq!((appended, journal.last_seq()), (1, 1));
}

#[test]
fn a_batch_of_refused_records_still_keeps_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path(), small(), &[], 0);
    let empty = || keyed(3, b"rejected 4", Batch::default());
    assert_eq!(append(&journal, empty(), 1), Appended { first_seq: 1, count: 0 });
    let again = journal.append(empty(), at(2)).wait().unwrap();
    assert_eq!(again, Outcome::Replayed { response: b"rejected 4".to_vec() });
    assert_eq!(journal.last_seq(), 0);
}

#[test]
fn many_small_appends_do_not_let_the_log_outgrow_the_segment() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path(), small(), &[], 0);
    for n in 0..60 {
        append(&journal, batch(at(1), [vec![n]]), 1);
    }
    let bytes: Vec<u64> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .collect();
    assert!(bytes.iter().all(|bytes| *bytes < 4 * 64 * 1024), "{bytes:?}");
    assert!(journal.stats().segments > 1);
    assert_eq!(drain(journal.reader(1), 60).len(), 60);
}

/// Fills until the journal says it is full; returns how many batches it took.
fn fill(journal: &Journal, from: u64, now: i64) -> (u64, String) {
    for n in from..10_000 {
        match journal.append(batch(at(now), [noise(n, 8_000)]), at(now)).wait() {
            Ok(_) => {}
            Err(AppendError::Full { reason, retry_after }) => {
                assert!(retry_after > Duration::ZERO);
                return (n, reason);
            }
            Err(other) => panic!("{other}"),
        }
    }
    panic!("never full");
}

#[test]
fn at_the_size_limit_it_waits_for_the_slowest_consumer_and_then_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path(), small(), &["detect", "lake"], 0);
    journal.release("detect", u64::MAX);
    let (taken, reason) = fill(&journal, 0, 1);
    assert!(reason.contains("`lake` has released up to 0"), "{reason}");
    let stats = journal.stats();
    assert!(stats.full.is_some());
    assert_eq!((stats.first_seq, stats.last_seq, stats.segments_dropped), (1, taken, 0));
    assert_eq!(stats.consumers.iter().map(|c| c.lag).max(), Some(taken));

    journal.release("lake", taken / 2);
    append(&journal, batch(at(2), [noise(1, 100)]), 2);
    // What was released goes after the append has been answered.
    let mut stats = journal.stats();
    for _ in 0..500 {
        if stats.segments_dropped > 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
        stats = journal.stats();
    }
    assert!(stats.full.is_none() && stats.segments_dropped > 0);
    assert!(stats.first_seq > 1 && stats.first_seq <= taken / 2 + 1, "{stats:?}");
    let rest = drain(journal.reader(0), taken + 1);
    assert!((stats.first_seq..=taken + 1).eq(rest.iter().map(|(seq, _)| *seq)));
    let gone = journal.reader(1).next_batch(1, WAIT);
    assert!(matches!(gone, Err(StoreError::Gone { asked: 1, .. })));
    drop(journal);
    let journal = open(dir.path(), small(), &[], 3);
    assert_eq!(journal.stats().first_seq, stats.first_seq);
    assert_eq!(journal.last_seq(), taken + 1);
}

#[test]
fn age_drops_what_is_consumed_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let limits = JournalLimits { age_max: Duration::from_secs(100), ..small() };
    let journal = open(dir.path(), limits, &["detect"], 0);
    let mut last = 0;
    for n in 0..30 {
        last = append(&journal, batch(at(10), [noise(n, 8_000)]), 10).first_seq;
    }
    append(&journal, batch(at(1_000), [vec![1]]), 1_000);
    assert_eq!(journal.stats().segments_dropped, 0, "nobody has released anything");
    journal.release("detect", last / 2);
    append(&journal, batch(at(1_000), [vec![2]]), 1_000);
    let stats = journal.stats();
    assert!(stats.first_seq > 1 && stats.first_seq <= last / 2 + 1, "{stats:?}");
    journal.release("detect", last + 2);
    for n in 0..20 {
        append(&journal, batch(at(1_001), [noise(n, 8_000)]), 1_001);
    }
    let first = journal.stats().first_seq;
    assert!(first > last / 2 + 1 && first <= last + 2, "young records stay: {first}");
}

#[test]
fn keys_outlive_the_segment_they_were_written_in() {
    let dir = tempfile::tempdir().unwrap();
    let limits = JournalLimits { age_max: Duration::from_secs(100), ..small() };
    let journal = open(dir.path(), limits.clone(), &["detect"], 0);
    append(&journal, keyed(5, b"five", batch(at(1), [vec![5]])), 1);
    for n in 0..40 {
        append(&journal, batch(at(1), [noise(n, 8_000)]), 1);
    }
    journal.release("detect", journal.last_seq());
    append(&journal, batch(at(2_000), [vec![6]]), 2_000);
    assert!(journal.stats().first_seq > 1, "the first segment is gone");
    drop(journal);
    let journal = open(dir.path(), limits, &["detect"], 2_001);
    let again = keyed(5, b"five", batch(at(2_001), [vec![5]]));
    let outcome = journal.append(again, at(2_001)).wait().unwrap();
    assert_eq!(outcome, Outcome::Replayed { response: b"five".to_vec() });
}

#[test]
fn a_database_that_may_not_grow_refuses_and_corrupts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let bounded = JournalLimits {
        segment_bytes_max: 10 * 1024 * 1024,
        total_bytes_max: 100 * 1024 * 1024,
        segment_pages_max: Some(60),
        ..JournalLimits::default()
    };
    let journal = open(dir.path(), bounded.clone(), &[], 0);
    let (taken, _) = fill(&journal, 0, 1);
    assert!(taken > 0 && journal.stats().full.is_some());
    let keyed_and_refused = keyed(1, b"no", batch(at(1), [noise(0, 8_000)]));
    assert!(journal.append(keyed_and_refused.clone(), at(1)).wait().is_err());
    assert_eq!(drain(journal.reader(1), taken).len() as u64, taken);
    drop(journal);
    assert!(verify(dir.path()).unwrap().is_whole());
    let journal = open(dir.path(), JournalLimits { segment_pages_max: None, ..bounded }, &[], 2);
    let appended = append(&journal, keyed_and_refused, 2);
    assert_eq!(appended.first_seq, taken + 1, "neither record nor key of the refused was kept");
}

/// A small disk of its own, unmounted on drop.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(bytes: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let size = format!("size={bytes}");
        let mount = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "castellan-test"])
            .arg(dir.path())
            .output();
        mount.is_ok_and(|m| m.status.success()).then(|| Self(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_stops_acknowledging_and_resumes_by_itself() {
    let Some(disk) = SmallDisk::mount("4m") else {
        println!("skipped: may not mount a small disk here");
        return;
    };
    let dir = disk.0.path().join("journal");
    let ballast = disk.0.path().join("ballast");
    std::fs::write(&ballast, vec![1; 1_500_000]).unwrap();
    let limits = JournalLimits {
        segment_bytes_max: 256 * 1024,
        total_bytes_max: 100 * 1024 * 1024,
        memory_recent_bytes_max: 0,
        ..JournalLimits::default()
    };
    let journal = open(&dir, limits.clone(), &["lake"], 0);
    let (taken, reason) = fill(&journal, 0, 1);
    assert!(taken > 0 && reason.contains("full"), "{reason}");
    assert_eq!(journal.stats().full, Some(reason));
    assert_eq!(drain(journal.reader(1), taken).len() as u64, taken, "still readable");

    std::fs::remove_file(&ballast).unwrap();
    let appended = append(&journal, batch(at(2), [noise(1, 8_000)]), 2);
    assert_eq!(appended.first_seq, taken + 1);
    assert!(journal.stats().full.is_none());

    // Full again; now room comes from the consumer instead.
    let (taken, _) = fill(&journal, taken + 1, 3);
    journal.release("lake", taken);
    append(&journal, batch(at(4), [noise(2, 8_000)]), 4);
    assert!(journal.stats().segments_dropped > 0);
    drop(journal);
    let report = verify(&dir).unwrap();
    assert!(report.is_whole(), "{:?}", report.problems);
    assert_eq!(report.last_seq, Some(taken + 1));
    drop(open(&dir, limits, &["lake"], 5));
}

#[test]
fn a_full_queue_refuses_at_once_and_keeps_what_it_took() {
    let dir = tempfile::tempdir().unwrap();
    let limits = JournalLimits { queue_batches_max: 2, ..small() };
    let journal = open(dir.path(), limits, &[], 0);
    append(&journal, batch(at(1), [vec![0]]), 1);
    // Whoever holds the file's write lock stalls the writer.
    let file = dir.path().join("segment-00000000000000000001.sqlite");
    let stall = rusqlite::Connection::open(file).unwrap();
    stall.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut taken = Vec::new();
    let refused = loop {
        let pending = journal.append(batch(at(1), [vec![1]]), at(1));
        assert!(taken.len() < 50, "never refused");
        // Only a refusal is known before the writer goes on.
        let mut pending = Box::pin(pending);
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        match pending.as_mut().poll(&mut cx) {
            std::task::Poll::Ready(outcome) => break outcome.unwrap_err(),
            std::task::Poll::Pending => taken.push(pending),
        }
    };
    assert!(matches!(refused, AppendError::QueueFull { .. }), "{refused}");
    stall.execute_batch("COMMIT").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let count = taken.len() as u64;
    for pending in taken {
        assert!(runtime.block_on(pending).is_ok());
    }
    assert_eq!(journal.last_seq(), 1 + count);
}

#[test]
fn limits_are_checked_at_their_bound() {
    let dir = tempfile::tempdir().unwrap();
    let limits = JournalLimits { batch_records_max: 3, ..small() };
    let journal = open(dir.path(), limits, &[], 0);
    let of = |n: u8| batch(at(1), (0..n).map(|i| vec![i]));
    append(&journal, of(3), 1);
    let refused = journal.append(of(4), at(1)).wait();
    assert_eq!(refused, Err(AppendError::TooLarge { name: "records", found: 4, max: 3 }));
    let second = Journal::open(dir.path(), small(), &[], at(1));
    assert!(matches!(second, Err(StoreError::Busy { .. })), "one journal, one holder");
    let narrow = JournalLimits { total_bytes_max: 100_000, ..small() };
    let other = tempfile::tempdir().unwrap();
    let narrow = Journal::open(other.path(), narrow, &[], at(1));
    assert!(matches!(narrow, Err(StoreError::Limit { name: "total_bytes_max", .. })));
}

#[test]
fn damage_is_found_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path(), small(), &[], 0);
    for n in 0..4 {
        append(&journal, batch(at(1), [noise(n, 500)]), 1);
    }
    drop(journal);
    let file = dir.path().join("segment-00000000000000000001.sqlite");
    let edit = |sql: &str| {
        let changed = rusqlite::Connection::open(&file).unwrap().execute(sql, []).unwrap();
        assert_eq!(changed, 1, "{sql}");
        verify(dir.path()).unwrap()
    };
    let report = edit("UPDATE batches SET blob = zeroblob(length(blob)) WHERE first_seq = 2");
    assert_eq!(report.problems_count, 1);
    assert!(report.problems.iter().any(|p| p.contains("record 2: checksum")), "{report:?}");
    let journal = open(dir.path(), small(), &[], 0);
    let mut reader = journal.reader(1);
    let outcome = reader.next_batch(10, WAIT);
    assert!(matches!(outcome, Err(StoreError::Corrupt { .. })), "{outcome:?}");
    drop((reader, journal));
    let report = edit("DELETE FROM batches WHERE first_seq = 3");
    let gap = report.problems.iter().any(|p| p.contains("record 4 follows, expected 3"));
    assert!(gap, "{report:?}");
    rusqlite::Connection::open(&file).unwrap().execute_batch("PRAGMA user_version = 2").unwrap();
    let newer = Journal::open(dir.path(), small(), &[], at(1));
    assert!(matches!(newer, Err(StoreError::Format { found: 2, known: 1, .. })));
}

/// A journal as the first release wrote it opens in every later one. `UPDATE=1` writes it anew,
/// which only a new format number excuses.
#[test]
fn format_1_still_opens() {
    let name = "segment-00000000000000000001.sqlite";
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/formats/journal-1").join(name);
    let bodies = || [b"first".to_vec(), b"second \xc3\xbc".to_vec()];
    let dir = tempfile::tempdir().unwrap();
    if std::env::var("UPDATE").is_ok() {
        let journal = open(dir.path(), small(), &[], 0);
        append(&journal, keyed(1, b"kept 2", batch(at(1), bodies())), 1);
        append(
            &journal,
            Batch { records: vec![Record::Tick { at: at(2) }], ..Batch::default() },
            2,
        );
        drop(journal);
        std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
        std::fs::copy(dir.path().join(name), &kept).unwrap();
    }
    std::fs::copy(&kept, dir.path().join(name)).unwrap();
    let journal = open(dir.path(), small(), &[], 3);
    let Next::Records(first) = journal.reader(1).next_batch(2, WAIT).unwrap() else {
        panic!("no first records");
    };
    let raws = (1_u64..).zip(bodies().map(|body| Arc::new(raw(at(1), body))));
    assert_eq!(first, raws.collect::<Vec<_>>());
    let Next::Records(rest) = journal.reader(3).next_batch(9, WAIT).unwrap() else {
        panic!("no third record");
    };
    assert_eq!(rest, [(3, Arc::new(Record::Tick { at: at(2) }))]);
    let again = journal.append(keyed(1, b"", batch(at(3), bodies())), at(3)).wait().unwrap();
    assert_eq!(again, Outcome::Replayed { response: b"kept 2".to_vec() });
}
