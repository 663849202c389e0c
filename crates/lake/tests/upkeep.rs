//! Retention removes what has expired and nothing else; compaction changes no row.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use std::time::Duration;

use common::{all, at, config, flush, raw, row};
use lake::{
    AppendOutcome, FileEntry, FileKind, Hold, Lake, LakeConfig, LakeLimits, QueryLimits, Retention,
    RetentionRule, Search,
};
use model::{PlaceId, Timestamp};

const DAY: Duration = Duration::from_secs(86_400);

/// Ten days, sixty events each, one flush a day.
async fn ten_days(folder: &std::path::Path, limits: LakeLimits) -> (Lake, Vec<FileEntry>) {
    let lake = Lake::open(LakeConfig { limits, ..config(folder) }, Vec::new()).await.unwrap();
    let mut catalogue = Vec::new();
    let mut seq = 0;
    for day in 0..10 {
        for _ in 0..60 {
            let time = time_of(day, seq);
            let outcome = lake.append(&mut vec![row(seq, 0, time)], &mut vec![raw(seq, time)]);
            assert!(matches!(outcome, AppendOutcome::Kept));
            seq += 1;
        }
        flush(&lake, &mut catalogue).await;
    }
    (lake, catalogue)
}

fn time_of(day: u32, seq: u64) -> Timestamp {
    let start = at("2026-11-01T08:00:00Z").plus(DAY * day);
    start.plus(Duration::from_secs(seq * 37 % 60 * 60))
}

fn without(catalogue: Vec<FileEntry>, gone: &[FileEntry]) -> Vec<FileEntry> {
    catalogue.into_iter().filter(|entry| !gone.contains(entry)).collect()
}

#[tokio::test]
async fn what_has_expired_goes_and_what_is_held_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, catalogue) = ten_days(folder.path(), LakeLimits::default()).await;
    let lab = PlaceId::parse("lab").unwrap();
    let policy = Retention {
        keep: Some(DAY * 7),
        rules: vec![RetentionRule { class: Some(3_002), site: None, keep: None }],
        raw_keep: Some(DAY * 2),
        holds: vec![Hold {
            from: at("2026-11-02T00:00:00Z"),
            to: at("2026-11-03T00:00:00Z"),
            site: Some(lab),
        }],
        bytes_max: None,
    };
    let now = at("2026-11-11T00:00:00Z");
    let change = lake.enforce_retention(&policy, now).await;
    assert_eq!(all(&lake, &Search::default(), 1_000).await.len(), 600);
    let left = without(catalogue, change.removed());
    lake.apply(change).await;
    // Days 1 to 3 expire (their last event is older than seven days), but for class 3002 and,
    // on the second, the held site; raw records expire after two days, but for the held day.
    let survives = |seq: u64| {
        let day = seq / 60;
        day >= 3 || seq % 3 == 1 || (day == 1 && seq % 4 == 2)
    };
    let mut seen: Vec<u64> =
        all(&lake, &Search::default(), 50).await.into_iter().map(|(seq, _)| seq).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..600).filter(|seq| survives(*seq)).collect::<Vec<_>>());
    let raw_days: Vec<i32> =
        left.iter().filter(|e| e.kind == FileKind::Raw).map(|e| e.day).collect();
    assert_eq!(raw_days.len(), 3, "{raw_days:?}");
    assert!(lake.raw(70).await.unwrap().is_some());
    assert!(lake.raw(10).await.unwrap().is_none());
    for entry in &left {
        assert!(folder.path().join(&entry.path).exists());
    }
    assert_eq!(lake.stats().leaving_files, 0);
    let again = Lake::open(config(folder.path()), left.clone()).await.unwrap();
    assert_eq!((again.stats().orphans_removed, again.missing().len()), (0, 0));
    let nothing = lake.enforce_retention(&policy, now).await;
    assert!(nothing.is_empty());
}

#[tokio::test]
async fn the_oldest_go_when_the_lake_is_too_large() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, catalogue) = ten_days(folder.path(), LakeLimits::default()).await;
    let all_bytes: u64 = catalogue.iter().map(|entry| entry.bytes).sum();
    let policy = Retention { bytes_max: Some(all_bytes / 2), ..Retention::default() };
    let change = lake.enforce_retention(&policy, at("2026-11-11T00:00:00Z")).await;
    let left = without(catalogue, change.removed());
    let oldest_left = left.iter().map(|entry| entry.time_max).min().unwrap();
    assert!(change.removed().iter().all(|entry| entry.time_max <= oldest_left));
    lake.apply(change).await;
    let stats = lake.stats();
    assert!(stats.bytes <= all_bytes / 2 && stats.bytes > all_bytes / 3, "{stats:?}");
}

#[tokio::test]
async fn a_clock_years_ahead_does_not_keep_its_events_for_years() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(config(folder.path()), Vec::new()).await.unwrap();
    let mut ahead = row(1, 0, at("2036-01-01T00:00:00Z"));
    ahead.received_at = at("2026-11-01T00:00:00Z");
    assert!(matches!(lake.append(&mut vec![ahead], &mut Vec::new()), AppendOutcome::Kept));
    flush(&lake, &mut Vec::new()).await;
    let policy = Retention { keep: Some(DAY * 7), ..Retention::default() };
    let early = lake.enforce_retention(&policy, at("2026-11-07T00:00:00Z")).await;
    assert!(early.is_empty());
    drop(early);
    let change = lake.enforce_retention(&policy, at("2026-11-09T00:00:00Z")).await;
    assert_eq!(change.removed().len(), 1);
}

/// With row groups of 64 small files are written again; with 4 their row groups are moved.
#[tokio::test]
async fn compaction_keeps_the_rows_and_drops_the_files() {
    for row_group_rows in [64, 4] {
        compacts(row_group_rows).await;
    }
}

async fn compacts(row_group_rows: usize) {
    let folder = tempfile::tempdir().unwrap();
    let limits = LakeLimits { compact_files_min: 4, row_group_rows, ..LakeLimits::default() };
    let lake = Lake::open(LakeConfig { limits, ..config(folder.path()) }, Vec::new());
    let lake = lake.await.unwrap();
    let mut catalogue = Vec::new();
    for seq in 0..240 {
        // Out of order, so that the files' times overlap.
        let time = time_of(u32::try_from(seq % 2).unwrap(), seq * 7);
        let outcome = lake.append(&mut vec![row(seq, 0, time)], &mut vec![raw(seq, time)]);
        assert!(matches!(outcome, AppendOutcome::Kept));
        if seq % 20 == 19 {
            flush(&lake, &mut catalogue).await;
        }
    }
    let everything = "SELECT * FROM events ORDER BY seq";
    let before = lake.query(everything, QueryLimits::default()).await.unwrap().rows().unwrap();
    let pages = all(&lake, &Search::default(), 17).await;
    let card = Search { credential: Some("card-7".into()), ..Search::default() };
    let of_card = all(&lake, &card, 17).await;
    assert!(!of_card.is_empty());
    let files_before = catalogue.len();
    for now in ["2026-11-02T12:00:00Z", "2026-12-01T00:00:00Z"] {
        loop {
            let change = lake.compact(at(now)).await.unwrap();
            if change.is_empty() {
                break;
            }
            catalogue = without(catalogue, change.removed());
            catalogue.extend(change.added().to_vec());
            lake.apply(change).await;
        }
        let after = lake.query(everything, QueryLimits::default()).await.unwrap().rows().unwrap();
        assert_eq!(after, before);
        assert_eq!(all(&lake, &Search::default(), 17).await, pages);
        assert_eq!(all(&lake, &card, 17).await, of_card);
        assert_eq!(lake.raw(77).await.unwrap().unwrap().seq, 77);
    }
    // One file per partition: two days of raw records, and of three classes at three sites.
    assert!(catalogue.len() * 4 < files_before, "{} of {files_before}", catalogue.len());
    assert_eq!(lake.stats().leaving_files, 0);
    let limits = LakeLimits::default();
    let again = Lake::open(LakeConfig { limits, ..config(folder.path()) }, catalogue.clone());
    let again = again.await.unwrap();
    assert_eq!((again.stats().orphans_removed, again.missing().len()), (0, 0));
    assert_eq!(all(&again, &Search::default(), 100).await, pages);
}

#[tokio::test]
async fn a_change_that_cannot_be_committed_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let limits = LakeLimits { compact_files_min: 2, ..LakeLimits::default() };
    let (lake, catalogue) = ten_days(folder.path(), limits).await;
    let mut more = Vec::new();
    for seq in 600..640 {
        let outcome = lake.append(&mut vec![row(seq, 0, time_of(0, seq))], &mut Vec::new());
        assert!(matches!(outcome, AppendOutcome::Kept));
    }
    flush(&lake, &mut more).await;
    let change = lake.compact(at("2026-11-02T00:00:00Z")).await.unwrap();
    assert!(!change.added().is_empty());
    let added = change.added().to_vec();
    lake.abandon(change).await;
    assert!(added.iter().all(|entry| !folder.path().join(&entry.path).exists()));
    assert_eq!(lake.stats().event_rows, 640);
    assert_eq!(all(&lake, &Search::default(), 1_000).await.len(), 640);
    assert!(catalogue.iter().chain(&more).all(|e| folder.path().join(&e.path).exists()));
}
