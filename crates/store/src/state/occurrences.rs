//! The occurrence log: entries are added, and read; nothing here changes or removes one.

use std::time::Duration;

use model::{AuditAct, IncidentId, Occurrence, OccurrenceId, PlaceId, Timestamp};

use super::db::{DbRow, Tx, args, json_of, word_of};
use super::{Page, PageKey, State};
use crate::audit;
use crate::error::StoreError;

/// Most entries that one page returns.
pub const OCCURRENCE_PAGE_MAX: u32 = 500;
/// Most entries of the log; one more is refused.
pub const OCCURRENCES_MAX: u64 = 20_000_000;
/// How long a key that an entry was written under is remembered.
pub const OCCURRENCE_KEY_AGE_MAX: Duration = Duration::from_secs(24 * 3_600);
/// Most keys remembered; at one more the oldest is forgotten.
pub const OCCURRENCE_KEYS_MAX: u64 = 100_000;

/// Which entries; all named fields must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OccurrenceFilter {
    /// Happened not before.
    pub from: Option<Timestamp>,
    /// Happened before.
    pub to: Option<Timestamp>,
    /// At one of these sites; `None`: anywhere, and nowhere in particular.
    pub sites: Option<Vec<PlaceId>>,
    /// Belonging to this incident.
    pub incident: Option<IncidentId>,
    /// Where the page before ended.
    pub after: Option<PageKey>,
    /// At most; bounded by `OCCURRENCE_PAGE_MAX`.
    pub limit: u32,
}

/// A writer's name for one entry, so that sending it twice writes it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OccurrenceKey {
    /// Hash of the writer's words.
    pub key_hash: [u8; 32],
    /// Hash of what was asked under it.
    pub request_hash: [u8; 32],
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It is in the log now, with this number.
    New(Occurrence),
    /// It had been written before under the same key: this is what stands there.
    Before(Occurrence),
    /// Something else had been written under the same key.
    KeyTaken,
}

const COLUMNS: &str = "number, id, at, recorded_at, written_by, site, place, kind, text, \
                       incident, corrects";

fn read(row: &DbRow) -> Result<Occurrence, StoreError> {
    Ok(Occurrence {
        number: row.uint(0)?,
        id: row.word(1)?,
        at: row.time(2)?,
        recorded_at: row.time(3)?,
        by: row.text(4)?,
        site: row.word_opt(5)?,
        place: row.word_opt(6)?,
        kind: row.word(7)?,
        text: row.text(8)?,
        incident: row.word_opt(9)?,
        corrects: row.word_opt(10)?,
    })
}

async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Occurrence>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM occurrences WHERE id = $1");
    let row = tx.row(sqlx::AssertSqlSafe(sql), args![id]).await?;
    row.as_ref().map(read).transpose()
}

/// What stands under a key of the last day, if anything.
async fn under(
    tx: &mut Tx,
    (caller, key): (&str, &OccurrenceKey),
    now: Timestamp,
) -> Result<Option<Written>, StoreError> {
    let sql = "SELECT occurrence, request_hash FROM occurrence_keys \
               WHERE caller = $1 AND key_hash = $2 AND at > $3";
    let edge = now.minus(OCCURRENCE_KEY_AGE_MAX);
    let Some(row) = tx.row(sql, args![caller, &key.key_hash[..], edge]).await? else {
        return Ok(None);
    };
    if row.blob(1)? != key.request_hash {
        return Ok(Some(Written::KeyTaken));
    }
    Ok(by_id(tx, &row.text(0)?).await?.map(Written::Before))
}

/// Forgets keys that are too old, and the oldest of those beyond `keep`.
pub(super) async fn forget_keys(tx: &mut Tx, edge: Timestamp, keep: u64) -> Result<(), StoreError> {
    tx.run("DELETE FROM occurrence_keys WHERE at <= $1", args![edge]).await?;
    tx.run(
        "DELETE FROM occurrence_keys WHERE occurrence IN (SELECT occurrence FROM \
         occurrence_keys ORDER BY at DESC, occurrence LIMIT 1000 OFFSET $1)",
        args![keep],
    )
    .await?;
    Ok(())
}

async fn remember(
    tx: &mut Tx,
    (caller, key): (&str, &OccurrenceKey),
    entry: &Occurrence,
) -> Result<(), StoreError> {
    let edge = entry.recorded_at.minus(OCCURRENCE_KEY_AGE_MAX);
    forget_keys(tx, edge, OCCURRENCE_KEYS_MAX - 1).await?;
    tx.run(
        "INSERT INTO occurrence_keys (caller, key_hash, at, request_hash, occurrence) \
         VALUES ($1, $2, $3, $4, $5)",
        args![
            caller,
            &key.key_hash[..],
            entry.recorded_at,
            &key.request_hash[..],
            entry.id.as_str(),
        ],
    )
    .await?;
    Ok(())
}

async fn insert(tx: &mut Tx, entry: &Occurrence) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO occurrences (number, id, at, recorded_at, written_by, site, place, kind, \
         text, incident, corrects) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        args![
            entry.number,
            entry.id.as_str(),
            entry.at,
            entry.recorded_at,
            &*entry.by,
            entry.site.as_ref().map(PlaceId::as_str),
            entry.place.as_ref().map(PlaceId::as_str),
            word_of(&entry.kind)?,
            &*entry.text,
            entry.incident.as_ref().map(IncidentId::as_str),
            entry.corrects.as_ref().map(OccurrenceId::as_str),
        ],
    )
    .await?;
    Ok(())
}

impl State {
    /// Adds an entry with its act, and gives it its number; `entry.number` is not looked at. Under
    /// a key of the same writer that stands already nothing is added.
    pub async fn add_occurrence(
        &self,
        mut entry: Occurrence,
        key: Option<&OccurrenceKey>,
        act: impl FnOnce(&Occurrence) -> AuditAct,
    ) -> Result<Written, StoreError> {
        let mut tx = self.begin().await?;
        let key = key.map(|key| (entry.by.clone(), key));
        if let Some((caller, key)) = &key
            && let Some(written) =
                under(&mut tx, (caller.as_str(), *key), entry.recorded_at).await?
        {
            return Ok(written);
        }
        let last = tx.row("SELECT max(number) FROM occurrences", args![]).await?;
        let last = last.map(|row| row.int_opt(0)).transpose()?.flatten().unwrap_or(0);
        entry.number = u64::try_from(last).unwrap_or(0) + 1;
        if entry.number > OCCURRENCES_MAX {
            let expected = format!("at most {OCCURRENCES_MAX}");
            return Err(StoreError::Limit {
                name: "occurrences_max",
                found: entry.number,
                expected,
            });
        }
        insert(&mut tx, &entry).await?;
        if let Some((caller, key)) = &key {
            remember(&mut tx, (caller.as_str(), *key), &entry).await?;
        }
        audit::append(&mut tx, &[act(&entry)]).await?;
        tx.commit().await?;
        Ok(Written::New(entry))
    }

    /// One entry.
    pub async fn occurrence(&self, id: &OccurrenceId) -> Result<Option<Occurrence>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM occurrences WHERE id = $1");
        let rows = self.reading.rows(sqlx::AssertSqlSafe(sql), args![id.as_str()]).await?;
        rows.first().map(read).transpose()
    }

    /// Entries, newest first by when they happened.
    pub async fn occurrences(
        &self,
        filter: &OccurrenceFilter,
    ) -> Result<Page<Occurrence>, StoreError> {
        let limit = filter.limit.clamp(1, OCCURRENCE_PAGE_MAX);
        let after = filter.after.as_ref();
        let sites = filter.sites.as_ref().map(json_of).transpose()?;
        let sql = format!(
            "SELECT {COLUMNS} FROM occurrences WHERE at >= $1 AND at < $2 \
             AND (CAST($3 AS TEXT) IS NULL OR \
                 $3 LIKE '%\"' || replace(site, '_', '!_') || '\"%' ESCAPE '!') \
             AND (CAST($4 AS TEXT) IS NULL OR incident = $4) \
             AND (at < $5 OR (at = $5 AND id < $6)) ORDER BY at DESC, id DESC LIMIT $7"
        );
        let args = args![
            filter.from.map_or(i64::MIN, Timestamp::nanos),
            filter.to.map_or(i64::MAX, Timestamp::nanos),
            sites,
            filter.incident.as_ref().map(IncidentId::as_str),
            after.map_or(i64::MAX, |key| key.at.nanos()),
            after.map_or("", |key| key.id.as_str()),
            u64::from(limit) + 1,
        ];
        let rows = self.reading.rows(sqlx::AssertSqlSafe(sql), args).await?;
        let mut items: Vec<Occurrence> = rows.iter().map(read).collect::<Result<_, _>>()?;
        let has_more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let last = items.last().filter(|_| has_more);
        let next = last.map(|last| PageKey { at: last.at, id: last.id.as_str().to_owned() });
        Ok(Page { items, next })
    }
}
