//! What happens at each bound of the state plus one.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::Arc;

use model::{
    AuditAct, DeadLetter, DeadReason, Occurrence, OccurrenceId, OccurrenceKind, Raw, SourceId,
    Timestamp, Trust, Wire,
};

use super::dead_letters::{self, DeadLetterFilter, DeadLetterStatus, StoredDeadLetter};
use super::occurrences::{self, OCCURRENCE_KEY_AGE_MAX, OccurrenceKey, Written};
use super::outbox::{self, OutboxItem, OutboxOutcome};
use super::tallies::{self, UnresolvedTally};
use super::{DetectStep, SNAPSHOT_BYTES_MAX, Snapshot, State};
use crate::error::StoreError;

async fn state() -> (tempfile::TempDir, State) {
    let dir = tempfile::tempdir().unwrap();
    let state = State::open(&dir.path().join("state.sqlite")).await.unwrap();
    (dir, state)
}

fn fw() -> SourceId {
    SourceId::parse("fw").unwrap()
}

fn letter(record: u64, status: DeadLetterStatus) -> StoredDeadLetter {
    let raw = Raw {
        source: fw(),
        received_at: Timestamp::default(),
        wire: Wire::Json,
        listener: Arc::from("http"),
        peer: None,
        topic: None,
        trust: Trust::None,
        bytes_cut: 0,
        rerun_of: None,
        body: b"{}".to_vec(),
    };
    let letter = DeadLetter {
        record,
        source: fw(),
        received_at: Timestamp::default(),
        mapping: None,
        reason: DeadReason::NoMapping,
        position: None,
    };
    StoredDeadLetter { letter, raw, status }
}

#[tokio::test]
async fn dead_letters_that_were_settled_go_before_open_ones() {
    use DeadLetterStatus::{Open, Rerun, Resolved};
    let (_dir, state) = state().await;
    let letters = [(1, Open), (2, Resolved), (3, Open), (4, Rerun), (5, Resolved)];
    let letters: Vec<_> = letters.into_iter().map(|(n, status)| letter(n, status)).collect();
    let left = async |keep: u64| {
        let mut tx = state.begin().await.unwrap();
        let gone = dead_letters::evict(&mut tx, keep).await.unwrap();
        tx.commit().await.unwrap();
        let all = DeadLetterFilter { limit: 9, ..DeadLetterFilter::default() };
        let all = state.dead_letters(&all).await.unwrap();
        (gone, all.iter().map(|l| l.letter.record).collect::<Vec<_>>())
    };
    let mut tx = state.begin().await.unwrap();
    assert_eq!(dead_letters::add(&mut tx, &letters, &[]).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(left(5).await, (0, vec![5, 4, 3, 2, 1]));
    assert_eq!(left(3).await, (2, vec![5, 3, 1]));
    assert_eq!(left(1).await, (2, vec![3]));
}

#[tokio::test]
async fn the_identifier_unheard_for_longest_goes_first() {
    let (_dir, state) = state().await;
    let tally = |value: &str, last: i64| UnresolvedTally {
        kind: "badge".into(),
        value: value.into(),
        source: fw(),
        count: 1,
        first: Timestamp::from_secs(0),
        last: Timestamp::from_secs(last),
    };
    let mut tx = state.begin().await.unwrap();
    let tallies = [tally("a", 3), tally("b", 1), tally("c", 2)];
    tallies::add_unresolved(&mut tx, &tallies).await.unwrap();
    assert_eq!(tallies::evict_unresolved(&mut tx, 2).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let values = state.unresolved(None, 9).await.unwrap();
    assert_eq!(values.iter().map(|t| t.value.as_str()).collect::<Vec<_>>(), ["a", "c"]);
}

#[tokio::test]
async fn a_full_outbox_lets_settled_messages_go_and_waiting_ones_never() {
    let (_dir, state) = state().await;
    let item =
        |id: &str| OutboxItem::new(id.into(), "mail".into(), "{}".into(), Timestamp::from_secs(1));
    let add = async |items: &[OutboxItem]| {
        let mut tx = state.begin().await.unwrap();
        let dropped = outbox::add_bounded(&mut tx, items, 2).await.unwrap();
        tx.commit().await.unwrap();
        dropped
    };
    assert_eq!(add(&[item("a"), item("b"), item("c")]).await, 1);
    let sent = OutboxOutcome::Sent { outcome: "ok".into() };
    state.settle_outbox("a", &sent).await.unwrap();
    assert_eq!(add(&[item("d")]).await, 0);
    let due = state.outbox_due(Timestamp::from_secs(9), 9).await.unwrap();
    assert_eq!(due.iter().map(|i| i.id.as_str()).collect::<Vec<_>>(), ["b", "d"]);
}

#[tokio::test]
async fn a_snapshot_beyond_its_bound_is_refused_with_its_step() {
    let (_dir, state) = state().await;
    let bytes = vec![0; SNAPSHOT_BYTES_MAX + 1];
    let snapshot = Some(Snapshot { name: "detect".into(), seq: 1, bytes });
    let (consumer, cursor) = ("detect".to_owned(), 1);
    let step = DetectStep { consumer, cursor, snapshot, ..DetectStep::default() };
    let refused = state.commit_step(&step).await;
    assert!(matches!(refused, Err(StoreError::Limit { name: "SNAPSHOT_BYTES_MAX", .. })));
    assert_eq!(state.cursor("detect").await.unwrap(), 0);
}

#[tokio::test]
async fn a_key_of_the_log_is_forgotten_after_a_day_and_the_oldest_beyond_the_bound() {
    let (_dir, state) = state().await;
    let write = async |id: &str, key: u8, secs: i64| {
        let entry = Occurrence {
            id: OccurrenceId::parse(id).unwrap(),
            number: 0,
            at: Timestamp::from_secs(secs),
            recorded_at: Timestamp::from_secs(secs),
            by: "op-ana".into(),
            site: None,
            place: None,
            kind: OccurrenceKind::Note,
            text: "x".into(),
            incident: None,
            corrects: None,
        };
        let act = |entry: &Occurrence| AuditAct {
            at: entry.recorded_at,
            by: entry.by.clone(),
            verb: "occurrence.write".into(),
            object: format!("occurrence:{}", entry.id),
            detail: serde_json::json!({}),
        };
        let key = OccurrenceKey { key_hash: [key; 32], request_hash: [1; 32] };
        match state.add_occurrence(entry, Some(&key), act).await.unwrap() {
            Written::New(entry) | Written::Before(entry) => entry.number,
            Written::KeyTaken => 0,
        }
    };
    assert_eq!((write("o-1", 1, 1).await, write("o-2", 2, 2).await), (1, 2));
    assert_eq!((write("o-3", 1, 3).await, write("o-4", 2, 4).await), (1, 2), "both remembered");
    let mut tx = state.begin().await.unwrap();
    occurrences::forget_keys(&mut tx, Timestamp::default(), 1).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((write("o-5", 2, 5).await, write("o-6", 1, 6).await), (2, 3), "the older went");
    let day = i64::try_from(OCCURRENCE_KEY_AGE_MAX.as_secs()).unwrap();
    assert_eq!(write("o-7", 1, 5 + day).await, 3);
    assert_eq!(write("o-8", 1, 6 + day).await, 4, "a day is over");
}
