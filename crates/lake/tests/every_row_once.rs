//! No row is lost and none is doubled: at any moment, after any crash, under a failing store.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use common::{all, at, config, flush, raw, row};
use lake::{
    AppendOutcome, FileEntry, FlushReason, Flushed, Lake, LakeConfig, LakeError, LakeLimits,
    Orphans, QueryLimits, RawRow, Search,
};
use model::Timestamp;
use proptest::prelude::*;

fn limits() -> LakeLimits {
    LakeLimits { row_group_rows: 16, compact_files_min: 2, ..LakeLimits::default() }
}

fn small(folder: &Path) -> LakeConfig {
    LakeConfig { limits: limits(), ..config(folder) }
}

/// Two days, times neither in order of sequence nor distinct.
fn time_of(seq: u64) -> Timestamp {
    let start = at("2026-11-21T18:00:00Z");
    start.plus(Duration::from_secs(seq * 7_919 % 40 * 3_600 / 3))
}

fn files_below(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for item in std::fs::read_dir(next).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    found
}

fn named(catalogue: &[FileEntry]) -> BTreeSet<String> {
    catalogue.iter().map(|entry| entry.path.clone()).collect()
}

/// What survives a crash: the journal, and the state with its catalogue and cursor.
struct World {
    folder: tempfile::TempDir,
    lake: Lake,
    journal: u64,
    catalogue: Vec<FileEntry>,
    cursor: Option<u64>,
    written: Option<Flushed>,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::open(small(folder.path()), Vec::new()).await.unwrap();
        Self { folder, lake, journal: 0, catalogue: Vec::new(), cursor: None, written: None }
    }

    fn append(&self, from: u64, to: u64) {
        let rows = (from..to).flat_map(|seq| {
            (0..=u16::from(seq % 5 == 0)).map(move |part| row(seq, part, time_of(seq)))
        });
        let mut raws: Vec<RawRow> = (from..to).map(|seq| raw(seq, time_of(seq))).collect();
        let outcome = self.lake.append(&mut rows.collect(), &mut raws);
        assert!(matches!(outcome, AppendOutcome::Kept));
    }

    fn commit(&mut self, flushed: &Flushed) {
        self.catalogue.extend(flushed.files.clone());
        self.cursor = flushed.up_to_seq.or(self.cursor);
    }

    async fn crash(&mut self) {
        self.written = None;
        self.lake = Lake::open(small(self.folder.path()), self.catalogue.clone()).await.unwrap();
        assert_eq!(files_below(self.folder.path()), named(&self.catalogue));
        assert!(self.lake.missing().is_empty());
        self.append(self.cursor.map_or(0, |seq| seq + 1), self.journal);
    }

    async fn compact(&mut self, ends: u8) {
        let change = self.lake.compact(at("2026-11-22T12:00:00Z")).await.unwrap();
        if ends == 0 {
            // Killed before the commit.
            drop(change);
            return self.crash().await;
        }
        let gone = named(change.removed());
        self.catalogue.retain(|entry| !gone.contains(&entry.path));
        self.catalogue.extend(change.added().to_vec());
        if ends == 1 {
            // Killed after the commit and before the files are exchanged.
            drop(change);
            return self.crash().await;
        }
        self.lake.apply(change).await;
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Append(count) => {
                self.append(self.journal, self.journal + count);
                self.journal += count;
            }
            Step::Write => {
                let flushed = self.lake.flush(FlushReason::Asked).await.unwrap();
                if let Some(written) = &self.written {
                    assert_eq!(written, &flushed);
                }
                self.written = Some(flushed);
            }
            Step::Commit => {
                if let Some(flushed) = self.written.take() {
                    self.commit(&flushed);
                    self.lake.committed(&flushed);
                    self.lake.committed(&flushed);
                }
            }
            Step::CommitThenCrash => {
                if let Some(flushed) = self.written.take() {
                    self.commit(&flushed);
                }
                self.crash().await;
            }
            Step::Crash => self.crash().await,
            Step::StoreFails => self.fail().await,
            Step::Compact(ends) => self.compact(*ends).await,
        }
    }

    /// A flush while `events` cannot be written below.
    async fn fail(&mut self) {
        if self.written.is_some() || self.lake.stats().unflushed_rows == 0 {
            return;
        }
        let events = self.folder.path().join("events");
        let away = self.folder.path().join("away");
        let had = std::fs::rename(&events, &away).is_ok();
        std::fs::write(&events, b"in the way").unwrap();
        let error = self.lake.flush(FlushReason::Asked).await.unwrap_err();
        assert!(error.is_retryable(), "{error}");
        std::fs::remove_file(&events).unwrap();
        if had {
            std::fs::rename(&away, &events).unwrap();
        }
    }

    /// Every row once, by search and by SQL.
    async fn check(&self) {
        let mut expected: Vec<(Timestamp, u64, u16)> = (0..self.journal)
            .flat_map(|seq| {
                (0..=u16::from(seq % 5 == 0)).map(move |part| (time_of(seq), seq, part))
            })
            .collect();
        expected.sort_unstable_by(|a, b| b.cmp(a));
        let expected: Vec<(u64, u16)> =
            expected.into_iter().map(|(_, seq, part)| (seq, part)).collect();
        assert_eq!(all(&self.lake, &Search::default(), 13).await, expected);
        let limits = QueryLimits { may_read_raw: true, ..QueryLimits::default() };
        let sql = "SELECT (SELECT count(*) FROM events) AS events, \
                   (SELECT count(DISTINCT seq) FROM raw) AS seqs, \
                   (SELECT count(*) FROM raw) AS raws";
        let rows = self.lake.query(sql, limits).await.unwrap().rows().unwrap();
        let number = |name: &str| rows[0][name].as_u64().unwrap();
        assert_eq!(number("events"), expected.len() as u64);
        assert_eq!((number("seqs"), number("raws")), (self.journal, self.journal));
    }
}

#[derive(Debug, Clone)]
enum Step {
    Append(u64),
    Write,
    Commit,
    CommitThenCrash,
    Crash,
    StoreFails,
    Compact(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_u64..30).prop_map(Step::Append),
        3 => Just(Step::Write),
        3 => Just(Step::Commit),
        1 => Just(Step::CommitThenCrash),
        1 => Just(Step::Crash),
        1 => Just(Step::StoreFails),
        1 => (0_u8..3).prop_map(Step::Compact),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 12, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn every_row_is_seen_once_at_every_moment(steps in prop::collection::vec(step(), 6..14)) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in &steps {
                world.step(step).await;
                world.check().await;
            }
        });
    }
}

#[tokio::test]
async fn a_crash_between_writing_and_committing_loses_and_doubles_nothing() {
    let mut world = World::new().await;
    world.step(&Step::Append(40)).await;
    world.step(&Step::Write).await;
    world.step(&Step::Commit).await;
    world.step(&Step::Append(40)).await;
    world.step(&Step::Write).await;
    let on_disk = files_below(world.folder.path());
    assert!(on_disk.len() > world.catalogue.len());
    world.step(&Step::Crash).await;
    assert_eq!(files_below(world.folder.path()), named(&world.catalogue));
    assert_eq!(world.lake.stats().orphans_removed, (on_disk.len() - world.catalogue.len()) as u64);
    world.check().await;
    world.step(&Step::Write).await;
    world.step(&Step::Commit).await;
    world.check().await;
}

#[tokio::test]
async fn readers_see_every_row_once_while_files_take_its_place() {
    let world = World::new().await;
    world.append(0, 60);
    let lake = world.lake.clone();
    let reader = tokio::spawn(async move {
        for _ in 0..12 {
            let seen = all(&lake, &Search::default(), 1_000).await;
            assert_eq!(seen.iter().filter(|(_, part)| *part == 0).count(), 60);
            let rows = lake.query("SELECT count(*) AS n FROM events", QueryLimits::default());
            assert_eq!(rows.await.unwrap().rows().unwrap()[0]["n"], 72);
        }
    });
    let mut catalogue = Vec::new();
    flush(&world.lake, &mut catalogue).await;
    while !reader.is_finished() {
        let change = world.lake.compact(at("2026-12-22T12:00:00Z")).await.unwrap();
        world.lake.apply(change).await;
        tokio::task::yield_now().await;
    }
    reader.await.unwrap();
}

#[tokio::test]
async fn only_our_own_leftovers_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(small(folder.path()), Vec::new()).await.unwrap();
    let mut catalogue = Vec::new();
    assert!(matches!(
        lake.append(&mut vec![row(1, 0, time_of(1))], &mut Vec::new()),
        AppendOutcome::Kept
    ));
    flush(&lake, &mut catalogue).await;
    let day = folder.path().join("events/tenant=main/site=hq/class=3002/day=2026-11-22");
    std::fs::create_dir_all(&day).unwrap();
    let foreign = folder.path().join("events/tenant=other/site=hq/class=1/day=2026-11-22");
    std::fs::create_dir_all(&foreign).unwrap();
    for kept in ["notes.txt", "1-2-x.parquet", "1-2-3.parquet.bak"] {
        std::fs::write(day.join(kept), b"mine").unwrap();
    }
    std::fs::write(foreign.join("1-2-3.parquet"), b"theirs").unwrap();
    for left in ["7-9-12.parquet", "7-9-13.parquet#1"] {
        std::fs::write(day.join(left), b"half").unwrap();
    }
    let keep = LakeConfig { orphans: Orphans::Keep, ..small(folder.path()) };
    let kept = Lake::open(keep, catalogue.clone()).await.unwrap();
    assert_eq!((kept.stats().orphans_kept, kept.stats().orphans_removed), (1, 0));
    let before = files_below(folder.path());
    let again = Lake::open(small(folder.path()), catalogue.clone()).await.unwrap();
    assert_eq!(again.stats().orphans_removed, 1);
    let gone: Vec<String> = before.difference(&files_below(folder.path())).cloned().collect();
    assert_eq!(gone.len(), 2, "{gone:?}");
    assert!(gone.iter().all(|path| path.contains("/7-9-1")));
    assert!(lake.event(1, 0).await.unwrap().is_some());
}

#[tokio::test]
async fn lost_files_are_told_and_the_rest_stays_searchable() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(small(folder.path()), Vec::new()).await.unwrap();
    let mut catalogue = Vec::new();
    for seq in 0..30 {
        assert!(matches!(
            lake.append(&mut vec![row(seq, 0, time_of(seq))], &mut Vec::new()),
            AppendOutcome::Kept
        ));
    }
    flush(&lake, &mut catalogue).await;
    std::fs::remove_file(folder.path().join(&catalogue[0].path)).unwrap();
    std::fs::write(folder.path().join(&catalogue[1].path), b"cut").unwrap();
    let again = Lake::open(small(folder.path()), catalogue.clone()).await.unwrap();
    assert_eq!(named(again.missing()), named(&catalogue[..2]));
    let lost = catalogue[0].rows + catalogue[1].rows;
    let seen = all(&again, &Search::default(), 100).await;
    assert_eq!(seen.len() as u64, 30 - lost);
    assert!(files_below(folder.path()).contains(&catalogue[1].path), "evidence stays");
    let mut newer = catalogue.clone();
    newer[2].format = 999;
    let error = Lake::open(small(folder.path()), newer).await.err().unwrap();
    assert!(matches!(error, LakeError::Refused { .. }));
}

#[tokio::test]
async fn memory_is_bounded_and_nothing_is_half_taken() {
    let folder = tempfile::tempdir().unwrap();
    let limits =
        LakeLimits { unflushed_rows_flush: 20, unflushed_rows_max: 40, ..LakeLimits::default() };
    let lake = Lake::open(LakeConfig { limits, ..config(folder.path()) }, Vec::new());
    let lake = lake.await.unwrap();
    let rows =
        |from: u64, to: u64| (from..to).map(|seq| row(seq, 0, time_of(seq))).collect::<Vec<_>>();
    assert!(matches!(lake.append(&mut rows(0, 19), &mut Vec::new()), AppendOutcome::Kept));
    assert!(matches!(lake.append(&mut rows(19, 20), &mut Vec::new()), AppendOutcome::FlushNow));
    assert!(matches!(lake.append(&mut rows(20, 40), &mut Vec::new()), AppendOutcome::FlushNow));
    std::fs::write(folder.path().join("events"), b"in the way").unwrap();
    assert!(lake.flush(FlushReason::Full).await.is_err());
    let (mut given, mut raws) = (rows(40, 45), vec![raw(40, time_of(40))]);
    assert!(matches!(lake.append(&mut given, &mut raws), AppendOutcome::Full));
    assert_eq!((given, raws), (rows(40, 45), vec![raw(40, time_of(40))]));
    assert_eq!(lake.stats().unflushed_rows, 40);
    assert_eq!(lake.stats().flushes_failed, 1);
    assert_eq!(all(&lake, &Search::default(), 50).await.len(), 40);
    std::fs::remove_file(folder.path().join("events")).unwrap();
    let flushed = lake.flush(FlushReason::Full).await.unwrap();
    assert_eq!(flushed.up_to_seq, Some(39));
    // What comes while files wait for their commit belongs to the next flush.
    assert!(matches!(lake.append(&mut rows(40, 41), &mut Vec::new()), AppendOutcome::Full));
    lake.committed(&flushed);
    assert!(matches!(lake.append(&mut rows(40, 100), &mut Vec::new()), AppendOutcome::FlushNow));
    assert_eq!(all(&lake, &Search::default(), 50).await.len(), 100);
}
