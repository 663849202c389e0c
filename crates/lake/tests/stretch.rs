//! A stretch of time, oldest first: every event of it once, whatever lies where.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[expect(dead_code, reason = "other tests use more of it")]
mod common;

use std::time::Duration;

use common::{at, config, flush, row};
use lake::{Lake, LakeLimits};
use model::Timestamp;

/// So scattered that files overlap in time, and the same for every run.
fn time_of(seq: u64) -> Timestamp {
    let scattered = seq.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    at("2026-11-22T06:00:00Z").plus(Duration::from_millis(scattered % 7_200_000))
}

async fn filled(folder: &std::path::Path, rows: u64) -> (Lake, Vec<lake::FileEntry>) {
    let mut config = config(folder);
    // Several row groups in each file.
    config.limits = LakeLimits { row_group_rows: 300, ..LakeLimits::default() };
    let lake = Lake::open(config, Vec::new()).await.unwrap();
    let mut catalogue = Vec::new();
    for seq in 0..rows {
        let mut one = vec![row(seq, 0, time_of(seq))];
        let _ = lake.append(&mut one, &mut Vec::new());
        // The last third stays in memory.
        if seq % 2_000 == 1_999 && seq < rows * 2 / 3 {
            flush(&lake, &mut catalogue).await;
        }
    }
    (lake, catalogue)
}

async fn read(lake: &Lake, from: Timestamp, to: Timestamp, piece: usize) -> Vec<(Timestamp, u64)> {
    let mut stretch = lake.stretch(from, to).unwrap();
    let mut all = Vec::new();
    loop {
        let next = stretch.next(piece).await.unwrap();
        if next.is_empty() {
            return all;
        }
        assert!(next.len() <= piece);
        all.extend(next.iter().map(|past| (past.key.time, past.key.seq)));
    }
}

#[tokio::test]
async fn every_event_of_a_stretch_comes_once_in_the_order_of_time() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, _) = filled(folder.path(), 9_000).await;
    let (from, to) = (at("2026-11-22T06:20:00Z"), at("2026-11-22T07:10:00Z"));
    let mut wanted: Vec<(Timestamp, u64)> =
        (0..9_000).map(|seq| (time_of(seq), seq)).filter(|(t, _)| from <= *t && *t < to).collect();
    wanted.sort_unstable();
    for piece in [1_000, 7, 100_000] {
        assert_eq!(read(&lake, from, to, piece).await, wanted, "in pieces of {piece}");
    }
    let all = read(&lake, at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"), 512).await;
    assert_eq!(all.len(), 9_000);
    assert!(all.is_sorted());
    assert!(lake.stretch_rows_max(from, to) >= wanted.len() as u64);
    assert_eq!(lake.time_span().unwrap(), Some((all[0].0, all[8_999].0)));
    assert!(read(&lake, to, from, 10).await.is_empty(), "an empty stretch has no events");
}

/// A reading sees one instant: what is flushed, compacted or appended meanwhile changes nothing.
#[tokio::test]
async fn what_happens_meanwhile_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, mut catalogue) = filled(folder.path(), 6_000).await;
    let (from, to) = (at("2026-11-22T05:00:00Z"), at("2026-11-22T09:00:00Z"));
    let mut stretch = lake.stretch(from, to).unwrap();
    let mut seen = stretch.next(100).await.unwrap().len();
    flush(&lake, &mut catalogue).await;
    let change = lake.compact(at("2026-11-23T06:00:00Z")).await.unwrap();
    lake.apply(change).await;
    lake.sweep().await;
    let _ = lake.append(&mut vec![row(9_999, 0, at("2026-11-22T08:00:00Z"))], &mut Vec::new());
    loop {
        let next = stretch.next(500).await.unwrap();
        if next.is_empty() {
            break;
        }
        seen += next.len();
    }
    assert_eq!(seen, 6_000);
}

/// What a replay needs and nobody reads stands beside what is shown.
#[tokio::test]
async fn trust_and_log_source_are_kept_with_the_event() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, _) = filled(folder.path(), 3).await;
    let (from, to) = (at("2026-11-22T05:00:00Z"), at("2026-11-22T09:00:00Z"));
    let events = lake.stretch(from, to).unwrap().next(10).await.unwrap();
    for event in &events {
        let json: serde_json::Value = serde_json::from_str(&event.ocsf).unwrap();
        assert_eq!(json["castellan"]["trust"], "token", "{json}");
        assert_eq!(json["castellan"]["logsource"].as_array().unwrap().len(), 3, "{json}");
        assert_eq!(json["castellan"]["source"], event.source.as_str());
    }
}
