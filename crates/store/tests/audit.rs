//! The audit chain: whatever is changed, taken out or moved is found.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::PathBuf;

use model::{AuditAct, Timestamp};
use proptest::prelude::*;
use store::{State, verify_audit};

fn act(n: i64) -> AuditAct {
    AuditAct {
        at: Timestamp::from_secs(n),
        by: "op-1".into(),
        verb: "incident.comment".into(),
        object: format!("incident:i-{n}"),
        detail: serde_json::json!({ "digest": n, "also": [true, null, 1.5] }),
    }
}

const ACTS: u64 = 12;

fn audited() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.sqlite");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let state = State::open(&path).await.unwrap();
        for pair in 0..ACTS as i64 / 2 {
            state.record_acts(&[act(pair * 2), act(pair * 2 + 1)]).await.unwrap();
        }
        state.close().await;
    });
    (dir, path)
}

fn edit(path: &PathBuf, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn an_untouched_chain_holds_and_erasure_does_not_break_it() {
    let (_dir, path) = audited();
    let whole = verify_audit(&path).unwrap();
    assert_eq!((whole.entries, whole.broken_at.as_ref()), (ACTS, None));
    assert_ne!(whole.head, store::audit::AUDIT_GENESIS);
    edit(&path, "UPDATE audit SET act = NULL WHERE seq = 5");
    assert_eq!(verify_audit(&path).unwrap(), whole);
    let empty = tempfile::tempdir().unwrap();
    assert!(verify_audit(&empty.path().join("none.sqlite")).is_err());
}

#[tokio::test]
async fn the_acts_to_one_thing_come_with_links_that_anybody_can_follow() {
    let dir = tempfile::tempdir().unwrap();
    let state = State::open(&dir.path().join("state.sqlite")).await.unwrap();
    let to = |n: i64, object: &str| AuditAct { object: object.into(), ..act(n) };
    let acts = [
        to(1, "incident:a_b"),
        to(2, "incident:a_b"),
        to(3, "incident:axb"),
        to(4, "incident:a_b2"),
        to(5, "incident:a_b"),
    ];
    state.record_acts(&acts).await.unwrap();
    let found = state.acts_of("incident:a_b", Timestamp::from_secs(2), 9).await.unwrap();
    assert_eq!(found.iter().map(|chained| chained.seq).collect::<Vec<_>>(), [2, 5]);
    for chained in &found {
        let digest = blake3::hash(chained.text.as_bytes());
        assert_eq!(digest.to_hex().as_str(), chained.digest);
        let mut link = hex::decode(&chained.previous).unwrap();
        link.extend(digest.as_bytes());
        assert_eq!(blake3::hash(&link).to_hex().as_str(), chained.head);
    }
    let first = state.acts_of("incident:a_b", Timestamp::default(), 1).await.unwrap();
    assert_eq!(first.iter().map(|chained| chained.seq).collect::<Vec<_>>(), [1]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn any_tampering_is_found(a in 1..=ACTS, b in 1..=ACTS, kind in 0_u8..9) {
        let (_dir, path) = audited();
        let b = if a == b { a % ACTS + 1 } else { b };
        let sql = match kind {
            0 => format!("UPDATE audit SET act = replace(act, 'op-1', 'op-2') WHERE seq = {a}"),
            1 => format!("UPDATE audit SET digest = zeroblob(32) WHERE seq = {a}"),
            2 => format!("UPDATE audit SET head = zeroblob(32) WHERE seq = {a}"),
            3 => format!("UPDATE audit SET previous = x'01' WHERE seq = {a}"),
            4 => format!("UPDATE audit SET at = at + 1 WHERE seq = {a}"),
            5 => format!("DELETE FROM audit WHERE seq = {a}"),
            6 => format!(
                "DELETE FROM audit WHERE seq = {a}; UPDATE audit SET seq = seq - 1 WHERE seq > {a}"
            ),
            7 => format!(
                "UPDATE audit SET seq = 0 WHERE seq = {a}; UPDATE audit SET seq = {a} WHERE \
                 seq = {b}; UPDATE audit SET seq = {b} WHERE seq = 0"
            ),
            _ => format!("DELETE FROM audit WHERE seq >= {a}"),
        };
        edit(&path, &sql);
        let report = verify_audit(&path).unwrap();
        let broken = report.broken_at;
        prop_assert!(broken.is_some(), "{}", sql);
        let at = broken.map(|b| b.seq);
        prop_assert!(at <= Some(a.max(b)), "{:?} for {}", at, sql);
    }
}
