//! Who changed what: one hash chain per node, written in the transaction of the act.
//!
//! The chain runs over digests of acts, so that erasing an act's words leaves it verifiable.
//! A chain shows every change within it; that its end was cut off shows only against a head
//! noted elsewhere, which is why `verify_audit` hands the head out.

use std::path::Path;

use model::{AuditAct, Timestamp};
use rusqlite::OpenFlags;

use crate::error::StoreError;
use crate::state::db::{Db, DbRow, Tx, args};

/// Whose chain a single installation writes.
pub const AUDIT_NODE: &str = "main";

/// The head before the first act.
pub const AUDIT_GENESIS: [u8; 32] = [0; 32];

/// Most acts that one listing returns.
pub const AUDIT_PAGE_MAX: u32 = 1_000;

/// What verifying found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// Acts in the chain.
    pub entries: u64,
    /// The chain's head, to be compared with one noted elsewhere.
    pub head: [u8; 32],
    /// The first place where the chain does not hold, and why.
    pub broken_at: Option<AuditBreak>,
}

impl AuditReport {
    /// The head as text.
    pub fn head_hex(&self) -> String {
        hex::encode(self.head)
    }
}

/// Where a chain breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditBreak {
    /// Number of the act, from 1.
    pub seq: u64,
    /// What was expected and found.
    pub detail: String,
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Number, from 1.
    pub seq: u64,
    /// What was done; `None` once erased.
    pub act: Option<AuditAct>,
}

/// One act with its place in the chain, for whoever checks it elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainedAct {
    /// Number, from 1.
    pub seq: u64,
    /// What was done.
    pub act: AuditAct,
    /// The same, as the bytes that `digest` is of.
    pub text: String,
    /// BLAKE3 of `text`, in hexadecimal.
    pub digest: String,
    /// The head before this act.
    pub previous: String,
    /// BLAKE3 of `previous` and `digest`, both as bytes: the head after this act.
    pub head: String,
}

/// Acts to an object from an instant on, oldest first; those whose words were erased are not
/// found any more.
pub(crate) async fn of_object(
    db: &Db,
    object: &str,
    from: Timestamp,
    limit: u32,
) -> Result<Vec<ChainedAct>, StoreError> {
    let quoted = serde_json::to_string(object).unwrap_or_default();
    let like: String = quoted
        .chars()
        .flat_map(|c| matches!(c, '!' | '%' | '_').then_some('!').into_iter().chain([c]))
        .collect();
    let rows = db
        .rows(
            "SELECT seq, act, digest, previous, head FROM audit \
             WHERE at >= $1 AND act LIKE $2 ESCAPE '!' ORDER BY seq LIMIT $3",
            args![from, format!("%\"object\":{like}%"), u64::from(limit)],
        )
        .await?;
    let read = |row: &DbRow| {
        Ok(ChainedAct {
            seq: row.uint(0)?,
            act: row.json(1)?,
            text: row.text(1)?,
            digest: hex::encode(row.blob(2)?),
            previous: hex::encode(row.blob(3)?),
            head: hex::encode(row.blob(4)?),
        })
    };
    let found: Vec<ChainedAct> = rows.iter().map(read).collect::<Result<_, StoreError>>()?;
    Ok(found.into_iter().filter(|chained| chained.act.object == object).collect())
}

fn digest_of(canonical: &str) -> [u8; 32] {
    *blake3::hash(canonical.as_bytes()).as_bytes()
}

fn link(previous: &[u8], digest: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(previous);
    hasher.update(digest);
    *hasher.finalize().as_bytes()
}

/// An act as bytes that do not depend on the order in which its detail was built.
fn canonical(act: &AuditAct) -> Result<String, StoreError> {
    let wrap = |e: serde_json::Error| StoreError::Io {
        what: "writing an audited act".into(),
        detail: e.to_string(),
    };
    let value = serde_json::to_value(act).map_err(wrap)?;
    serde_json::to_string(&sorted(value)).map_err(wrap)
}

fn sorted(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(pairs.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain,
    }
}

/// Adds acts to the chain, in the transaction that does them.
pub(crate) async fn append(tx: &mut Tx, acts: &[AuditAct]) -> Result<(), StoreError> {
    if acts.is_empty() {
        return Ok(());
    }
    let sql = "SELECT seq, head FROM audit_head WHERE node = $1";
    let (mut seq, mut head) = match tx.row(sql, args![AUDIT_NODE]).await? {
        Some(row) => (row.uint(0)?, row.blob(1)?),
        None => (0, AUDIT_GENESIS.to_vec()),
    };
    for act in acts {
        let text = canonical(act)?;
        let digest = digest_of(&text);
        let next = link(&head, &digest);
        seq += 1;
        tx.run(
            "INSERT INTO audit (seq, at, act, digest, previous, head) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            args![seq, act.at, text, &digest[..], head, &next[..]],
        )
        .await?;
        head = next.to_vec();
    }
    tx.run(
        "INSERT INTO audit_head (node, seq, head) VALUES ($1, $2, $3) \
         ON CONFLICT (node) DO UPDATE SET seq = excluded.seq, head = excluded.head",
        args![AUDIT_NODE, seq, head],
    )
    .await?;
    Ok(())
}

/// Acts before `before_seq` (all when `None`), newest first.
pub(crate) async fn list(
    db: &Db,
    before_seq: Option<u64>,
    limit: u32,
) -> Result<Vec<AuditEntry>, StoreError> {
    let before = before_seq.unwrap_or(u64::MAX);
    let limit = u64::from(limit.min(AUDIT_PAGE_MAX));
    let sql = "SELECT seq, act FROM audit WHERE seq < $1 ORDER BY seq DESC LIMIT $2";
    let read = |row: DbRow| {
        let act = match row.text_opt(1)? {
            Some(_) => Some(row.json(1)?),
            None => None,
        };
        Ok(AuditEntry { seq: row.uint(0)?, act })
    };
    db.rows(sql, args![before, limit]).await?.into_iter().map(read).collect()
}

/// Removes an act's words, leaving its place in the chain.
pub(crate) async fn erase(tx: &mut Tx, seq: u64) -> Result<(), StoreError> {
    tx.run("UPDATE audit SET act = NULL WHERE seq = $1", args![seq]).await.map(|_| ())
}

/// Walks the chain in the state file at `path`, without the program running.
///
/// Fails only when the file cannot be read; a broken chain stands in the report.
pub fn verify_audit(path: &Path) -> Result<AuditReport, StoreError> {
    let wrap =
        |e: &rusqlite::Error| StoreError::rusqlite(format!("verifying `{}`", path.display()), e);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = rusqlite::Connection::open_with_flags(path, flags).map_err(|e| wrap(&e))?;
    walk(&conn).map_err(|e| wrap(&e))
}

struct Line {
    seq: i64,
    at: i64,
    act: Option<String>,
    digest: Vec<u8>,
    previous: Vec<u8>,
    head: Vec<u8>,
}

fn walk(conn: &rusqlite::Connection) -> rusqlite::Result<AuditReport> {
    let mut report = AuditReport { entries: 0, head: AUDIT_GENESIS, broken_at: None };
    let mut statement =
        conn.prepare("SELECT seq, at, act, digest, previous, head FROM audit ORDER BY seq")?;
    let lines = statement.query_map([], |row| {
        Ok(Line {
            seq: row.get(0)?,
            at: row.get(1)?,
            act: row.get(2)?,
            digest: row.get(3)?,
            previous: row.get(4)?,
            head: row.get(5)?,
        })
    })?;
    for line in lines {
        let line = line?;
        let seq = report.entries + 1;
        if let Err(detail) = check_line(&line, seq, &report.head) {
            report.broken_at = Some(AuditBreak { seq, detail });
            return Ok(report);
        }
        report.entries = seq;
        report.head = link(&line.previous, &line.digest);
    }
    let noted =
        conn.query_row("SELECT seq, head FROM audit_head WHERE node = ?1", [AUDIT_NODE], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        });
    let (noted_seq, noted_head) = match noted {
        Ok(noted) => noted,
        Err(rusqlite::Error::QueryReturnedNoRows) => (0, AUDIT_GENESIS.to_vec()),
        Err(error) => return Err(error),
    };
    if u64::try_from(noted_seq) != Ok(report.entries) || noted_head != report.head {
        let detail =
            format!("the noted head is of act {noted_seq}, the last is {}", report.entries);
        report.broken_at = Some(AuditBreak { seq: report.entries + 1, detail });
    }
    Ok(report)
}

fn check_line(line: &Line, seq: u64, head: &[u8; 32]) -> Result<(), String> {
    if u64::try_from(line.seq) != Ok(seq) {
        return Err(format!("act {} follows, expected {seq}", line.seq));
    }
    if line.previous != head {
        return Err("does not continue the act before it".into());
    }
    if line.head != link(&line.previous, &line.digest) {
        return Err("its head does not follow from its digest".into());
    }
    let Some(text) = &line.act else { return Ok(()) };
    if line.digest != digest_of(text) {
        return Err("its words do not match its digest".into());
    }
    let act: Option<AuditAct> = serde_json::from_str(text).ok();
    if act.map(|act| act.at) != Some(Timestamp::from_nanos(line.at)) {
        return Err("its time does not match its words".into());
    }
    Ok(())
}
