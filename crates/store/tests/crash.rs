//! What the journal promises when the machine does not stay up: kill -9 at random instants under
//! load, and a write-ahead log torn at random lengths.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "tests fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use model::{AuditAct, Raw, Record, SourceId, Timestamp, Trust, Wire};
use store::state::{Counter, DetectStep, OutboxItem, Snapshot};
use store::{
    Batch, Idempotency, Journal, JournalLimits, Next, Outcome, State, StoreError, verify,
    verify_audit,
};

const CHILD_DIR: &str = "CASTELLAN_TEST_JOURNAL";
const CHILD_ROUND: &str = "CASTELLAN_TEST_ROUND";
const CHILD_RELEASES: &str = "CASTELLAN_TEST_RELEASES";
const WRITERS: u64 = 4;

/// Numbers that a printed seed gives again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % below.max(1)
    }
}

/// The seed of this run: given by `CASTELLAN_SEED`, else one that differs from run to run.
fn seed() -> u64 {
    let given = std::env::var("CASTELLAN_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(|| u64::from(std::process::id()));
    println!("CASTELLAN_SEED={seed}");
    seed
}

fn limits() -> JournalLimits {
    JournalLimits {
        segment_bytes_max: 64 * 1024,
        total_bytes_max: 64 * 1024 * 1024,
        memory_recent_bytes_max: 64 * 1024,
        age_max: Duration::from_secs(1),
        ..JournalLimits::default()
    }
}

fn record(text: &str) -> Record {
    Record::from(Raw {
        source: SourceId::parse("load").unwrap(),
        received_at: Timestamp::from_secs(5),
        wire: Wire::Syslog,
        listener: Arc::from("syslog_tcp"),
        peer: None,
        topic: None,
        trust: Trust::None,
        bytes_cut: 0,
        rerun_of: None,
        // Half noise, so that segments fill.
        body: format!("{text} {} {}", blake3::hash(text.as_bytes()), "word ".repeat(20))
            .into_bytes(),
    })
}

fn load_batch(tag: &str, count: u64) -> Batch {
    let source = SourceId::parse("load").unwrap();
    let key_hash = *blake3::hash(tag.as_bytes()).as_bytes();
    let idempotency = Idempotency { source, key_hash, response: tag.as_bytes().to_vec() };
    let records = (0..count).map(|i| record(&format!("{tag}:{i}"))).collect();
    Batch { records, idempotency: Some(idempotency), ..Batch::default() }
}

/// Not a test of its own: the process that is killed. Prints each acknowledged batch.
#[test]
fn child_appends_until_killed() {
    let Ok(dir) = std::env::var(CHILD_DIR) else {
        return;
    };
    let round = std::env::var(CHILD_ROUND).unwrap();
    let releases = std::env::var(CHILD_RELEASES).is_ok();
    let journal =
        Journal::open(Path::new(&dir), limits(), &["load"], Timestamp::from_secs(5)).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (journal, round) = (&journal, &round);
            scope.spawn(move || {
                for n in 0_u64.. {
                    let (tag, count) = (format!("{round}.{writer}.{n}"), 1 + n % 9);
                    let now = Timestamp::from_secs(5 + i64::try_from(n).unwrap());
                    let outcome = journal.append(load_batch(&tag, count), now).wait().unwrap();
                    let Outcome::Appended(appended) = outcome else { panic!("{tag} is new") };
                    println!("ACK {} {} {tag}", appended.first_seq, appended.count);
                    std::io::stdout().flush().unwrap();
                    if releases {
                        journal.release("load", appended.first_seq.saturating_sub(200));
                    }
                }
            });
        }
    });
}

/// A process of ours that is going to be killed.
struct Child {
    name: &'static str,
    round: u64,
    releases: bool,
}

impl Child {
    /// Lets it work, kills it after `acks` acknowledgements, returns all that it was given.
    fn run_and_kill(&self, dir: &Path, acks: u64) -> Vec<(u64, u64, String)> {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", self.name, "--nocapture"])
            .env(CHILD_DIR, dir)
            .env(CHILD_ROUND, self.round.to_string())
            .stdout(Stdio::piped());
        if self.releases {
            command.env(CHILD_RELEASES, "1");
        }
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut heard = Vec::new();
        for line in output.split(b'\n') {
            let line = String::from_utf8(line.unwrap()).unwrap();
            let words: Vec<&str> = line.split(' ').collect();
            // The harness prints lines of its own, and the last line may be cut by the kill.
            if let ["ACK", first, count, tag] = words.as_slice()
                && let (Ok(first), Ok(count)) = (first.parse(), count.parse())
                && tag.split('.').count() == 3
            {
                heard.push((first, count, (*tag).to_owned()));
            }
            if heard.len() as u64 == acks {
                child.kill().unwrap();
            }
        }
        let status = child.wait().unwrap();
        assert!(!status.success(), "the child was killed");
        assert!(heard.len() as u64 >= acks, "the child died by itself after {}", heard.len());
        // The last number may have lost digits; an acknowledgement that was cut was never heard.
        heard.pop();
        heard
    }
}

/// Not a test of its own: the process that is killed between and inside steps.
#[test]
fn child_commits_until_killed() {
    let Ok(dir) = std::env::var(CHILD_DIR) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let state = State::open(&Path::new(&dir).join("state.sqlite")).await.unwrap();
        let mut cursor = state.cursor("detect").await.unwrap();
        loop {
            cursor += 1;
            state.commit_step(&counted_step(cursor)).await.unwrap();
            println!("ACK {cursor} 1 a.b.c");
            std::io::stdout().flush().unwrap();
        }
    });
}

/// A step that leaves one trace of itself in every table it may write.
fn counted_step(cursor: u64) -> DetectStep {
    let at = Timestamp::from_secs(5);
    let words = ["normalise", "load", "kept", ""].map(str::to_owned);
    let [boundary, source, outcome, reason] = words;
    let object = format!("step:{cursor}");
    let by = "castellan".to_owned();
    DetectStep {
        consumer: "detect".into(),
        cursor,
        counters: vec![Counter { boundary, source, outcome, reason, value: 1 }],
        audit: vec![AuditAct { at, by, verb: "test".into(), object, detail: cursor.into() }],
        outbox: vec![OutboxItem::new(format!("m-{cursor}"), "mail".into(), "{}".into(), at)],
        snapshot: Some(Snapshot { name: "detect".into(), seq: cursor, bytes: vec![0; 3_000] }),
        ..DetectStep::default()
    }
}

#[test]
fn kill_9_leaves_every_step_whole_or_absent() {
    let mut dice = Dice(seed());
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for round in 0..6 {
        let child = Child { name: "child_commits_until_killed", round, releases: false };
        let heard = child.run_and_kill(dir.path(), 2 + dice.roll(40));
        let acknowledged = heard.last().map_or(0, |(cursor, ..)| *cursor);
        let path = dir.path().join("state.sqlite");
        let (cursor, counters, waiting, snapshot) = runtime.block_on(async {
            let state = State::open(&path).await.unwrap();
            let cursor = state.cursor("detect").await.unwrap();
            let again = state.commit_step(&counted_step(cursor)).await;
            assert!(matches!(again, Err(StoreError::CursorBack { .. })), "{again:?}");
            let counters = state.counters().await.unwrap();
            let waiting = state.outbox_due(Timestamp::from_secs(9), 10_000).await.unwrap().len();
            let snapshot = state.snapshot("detect").await.unwrap().unwrap().seq;
            state.close().await;
            (cursor, counters, waiting as u64, snapshot)
        });
        assert!(cursor >= acknowledged, "round {round}: {cursor} < {acknowledged}");
        let counted: u64 = counters.iter().map(|c| c.value).sum();
        let report = verify_audit(&path).unwrap();
        assert_eq!(report.broken_at, None);
        assert_eq!((counted, waiting, snapshot, report.entries), (cursor, cursor, cursor, cursor));
    }
}

/// Everything in the journal as sequence → text before the first space.
fn contents(journal: &Journal) -> BTreeMap<u64, String> {
    let mut reader = journal.reader(0);
    let mut all = BTreeMap::new();
    while let Next::Records(records) = reader.next_batch(1_000, Duration::ZERO).unwrap() {
        for (seq, record) in records {
            let Record::Raw(raw) = &*record else { panic!("not a raw record") };
            let text = std::str::from_utf8(&raw.body).unwrap();
            let tag = text.split(' ').next().unwrap_or_default().to_owned();
            assert_eq!(all.insert(seq, tag), None, "record {seq} delivered twice");
        }
    }
    all
}

fn kill_at_random_instants(rounds: u64, releases: bool) {
    let mut dice = Dice(seed());
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..rounds {
        let acks = if releases { 150 } else { 1 } + dice.roll(120);
        let child = Child { name: "child_appends_until_killed", round, releases };
        acknowledged.extend(child.run_and_kill(dir.path(), acks));

        let report = verify(dir.path()).unwrap();
        assert!(report.is_whole(), "round {round}: {:?}", report.problems);
        let now = Timestamp::from_secs(5);
        let journal = Journal::open(dir.path(), limits(), &["load"], now).unwrap();
        let stats = journal.stats();
        let all = contents(&journal);
        assert!((stats.first_seq..=stats.last_seq).eq(all.keys().copied()), "dense");
        let once: BTreeSet<&String> = all.values().collect();
        assert_eq!(once.len(), all.len(), "round {round}: a record is there twice");
        for (first, count, tag) in &acknowledged {
            for i in (0..*count).filter(|i| first + i >= stats.first_seq) {
                let found = all.get(&(first + i));
                assert_eq!(found, Some(&format!("{tag}:{i}")), "round {round}: lost");
            }
        }
        // The answer was lost with the process: the sender sends again, nothing is doubled.
        if let Some((_, count, tag)) = acknowledged.last() {
            let again = journal.append(load_batch(tag, *count), now).wait().unwrap();
            assert_eq!(again, Outcome::Replayed { response: tag.as_bytes().to_vec() });
            assert_eq!(journal.last_seq(), stats.last_seq);
        }
        if releases {
            let dropped = stats.first_seq > 1;
            assert!(dropped || round < rounds - 1, "the test means to drop segments");
        }
    }
    assert!(!acknowledged.is_empty());
}

#[test]
fn kill_9_loses_nothing_acknowledged_and_doubles_nothing() {
    kill_at_random_instants(20, false);
}

#[test]
fn kill_9_while_segments_are_being_dropped_leaves_a_dense_rest() {
    kill_at_random_instants(6, true);
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_owned();
        // A power cut takes the shared memory with it.
        if !name.to_string_lossy().ends_with("-shm") {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

fn wal_of(dir: &Path) -> PathBuf {
    dir.join("segment-00000000000000000001.sqlite-wal")
}

#[test]
fn a_torn_log_leaves_exactly_the_batches_before_the_tear() {
    let mut dice = Dice(seed());
    let live = tempfile::tempdir().unwrap();
    let whole = JournalLimits { segment_bytes_max: 8 * 1024 * 1024, ..JournalLimits::default() };
    let now = Timestamp::from_secs(5);
    let journal = Journal::open(live.path(), whole.clone(), &[], now).unwrap();
    // After how many bytes of log each batch was acknowledged, and the last record by then.
    let mut marks = vec![(0, 0)];
    for n in 0..80_u64 {
        let batch = load_batch(&format!("0.0.{n}"), 1 + n % 40);
        journal.append(batch, now).wait().unwrap();
        let bytes = std::fs::metadata(wal_of(live.path())).unwrap().len();
        marks.push((bytes, journal.last_seq()));
    }
    let (bytes_max, _) = *marks.last().expect("there are marks");
    let image = tempfile::tempdir().unwrap();
    copy_dir(live.path(), image.path());
    for attempt in 0..48 {
        let torn = tempfile::tempdir().unwrap();
        copy_dir(image.path(), torn.path());
        let length = dice.roll(bytes_max + 1);
        let wal = wal_of(torn.path());
        let mut bytes = std::fs::read(&wal).unwrap();
        let (kept, rest) = bytes.split_at_mut(usize::try_from(length).unwrap());
        if attempt % 2 == 0 {
            // Cut off.
            std::fs::write(&wal, kept).unwrap();
        } else {
            // Never written: old sectors show through.
            rest.iter_mut().for_each(|byte| *byte = u8::try_from(dice.roll(256)).unwrap());
            std::fs::write(&wal, bytes).unwrap();
        }
        let survives = marks.iter().rev().find(|(mark, _)| *mark <= length);
        let expected = survives.map_or(0, |(_, last_seq)| *last_seq);
        let reopened = Journal::open(torn.path(), whole.clone(), &[], now).unwrap();
        assert_eq!(reopened.last_seq(), expected, "torn at {length} of {bytes_max}");
        let all = contents(&reopened);
        assert!((1..=expected).eq(all.keys().copied()));
        let next = reopened.append(load_batch("after", 1), now).wait().unwrap();
        let Outcome::Appended(appended) = next else { panic!("`after` is new") };
        assert_eq!(appended.first_seq, expected + 1);
        drop(reopened);
        assert!(verify(torn.path()).unwrap().is_whole());
    }
}
