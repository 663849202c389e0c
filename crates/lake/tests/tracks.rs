//! Events that name people, looked through narrowly and read whole only where picked.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses its own part")]

mod common;

use common::{LONG, at, config, flush, row};
use lake::{AppendOutcome, Lake, LakeError, LimitKind, Tracks};
use model::Timestamp;

fn asked(from: &str, to: &str, rows_max: usize) -> Tracks {
    Tracks { classes: (4_230_000, 4_240_000), from: at(from), to: at(to), rows_max }
}

fn time_of(seq: u64) -> Timestamp {
    at("2026-11-22T08:00:00Z").plus(std::time::Duration::from_secs(60 * seq))
}

#[tokio::test]
async fn what_is_picked_comes_whole_from_files_and_from_memory() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(config(folder.path()), Vec::new()).await.unwrap();
    let take = |range: std::ops::Range<u64>| {
        let mut rows: Vec<_> = range.map(|seq| row(seq, 0, time_of(seq))).collect();
        assert!(matches!(lake.append(&mut rows, &mut Vec::new()), AppendOutcome::Kept));
    };
    take(0..120);
    flush(&lake, &mut Vec::new()).await;
    take(120..240);
    // Every third is physical; its person goes round in tens.
    let ask = asked("2026-11-22T09:00:00Z", "2026-11-22T11:00:00Z", 1_000);
    let mut seen = Vec::new();
    let found = lake
        .tracks(&ask, LONG, |tracks, people| {
            seen = tracks.iter().map(|one| (one.key.seq, people[one.person].to_string())).collect();
            let is_p3 = |one: &&lake::Track| people[one.person].as_str() == "p3";
            let all: Vec<&lake::Track> = tracks.iter().collect();
            (0..all.len()).filter(|at| is_p3(&all[*at])).collect()
        })
        .await
        .unwrap();
    seen.sort();
    let expected: Vec<_> =
        (60..180).filter(|seq| seq % 3 == 0).map(|seq| (seq, format!("p{}", seq % 10))).collect();
    assert_eq!(seen, expected, "each once, and none of another class or time");
    let keys: Vec<u64> = found.iter().map(|one| one.key.seq).collect();
    assert_eq!(keys, [63, 93, 123, 153], "in order of time");
    assert!(found.iter().all(|one| one.ocsf.contains("\"class_uid\":4230001")));
    let few = asked("2026-11-22T09:00:00Z", "2026-11-22T11:00:00Z", 10);
    let refused = lake.tracks(&few, LONG, |_, _| Vec::new()).await;
    assert!(
        matches!(refused, Err(LakeError::Limit { which: LimitKind::Rows, .. })),
        "too many are refused, not cut"
    );
}
