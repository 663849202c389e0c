//! Rights as they are, as they were, and who changed them.

use std::collections::{BTreeMap, BTreeSet};

use model::rights::{Item, ItemChange, RightsVersion};
use model::{AuditAct, RightsData, Timestamp};

use super::State;
use super::db::{DbRow, Tx, args, json_of};
use crate::audit;
use crate::error::StoreError;

/// Most versions that one page returns.
pub const RIGHTS_VERSIONS_PAGE_MAX: u32 = 500;
/// Most changes of one version.
pub const RIGHTS_CHANGES_MAX: usize = 4_000_000;

/// Whose a change is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsAct {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why.
    pub why: String,
    /// By whose approval.
    pub approved_by: Option<String>,
    /// `folder`, `edit`, `import` or `undo`.
    pub what: &'static str,
    /// The version that it undoes.
    pub undoes: Option<u64>,
    /// What the folder says now, where it comes from there.
    pub folder: Option<[u8; 32]>,
    /// The list of another product that it is taken from: what is new is that list's.
    pub source: Option<String>,
}

/// One thing as it was for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemAge {
    /// What it was.
    pub item: Item,
    /// From this version on.
    pub since: u64,
    /// Up to this one; none: still.
    pub until: Option<u64>,
}

fn too_many(found: usize) -> StoreError {
    StoreError::Limit {
        name: "rights_changes_max",
        found: found as u64,
        expected: format!("at most {RIGHTS_CHANGES_MAX}"),
    }
}

const COLUMNS: &str = "version, at, made_by, why, approved_by, what, undoes, changes";

fn read(row: &DbRow) -> Result<RightsVersion, StoreError> {
    Ok(RightsVersion {
        version: row.uint(0)?,
        at: row.time(1)?,
        by: row.text(2)?,
        why: row.text(3)?,
        approved_by: row.text_opt(4)?,
        what: row.text(5)?,
        undoes: row.int_opt(6)?.and_then(|version| u64::try_from(version).ok()),
        changes: row.uint(7)?,
    })
}

/// Ends what is in force. Which list had brought it.
async fn close(
    tx: &mut Tx,
    version: u64,
    change: &ItemChange,
) -> Result<Option<String>, StoreError> {
    let sql = "UPDATE access_items SET until = $1 WHERE kind = $2 AND key = $3 AND until IS NULL \
               RETURNING source";
    let rows = tx.rows(sql, args![version, &*change.kind, &*change.key]).await?;
    rows.first().map_or(Ok(None), |row| row.text_opt(0))
}

/// Which list had brought what a version ended, by kind and key.
async fn brought_before(
    tx: &mut Tx,
    version: u64,
) -> Result<BTreeMap<(String, String), String>, StoreError> {
    let sql = "SELECT kind, key, source FROM access_items \
               WHERE until = $1 AND source IS NOT NULL";
    let rows = tx.rows(sql, args![version]).await?;
    rows.iter().map(|row| Ok(((row.text(0)?, row.text(1)?), row.text(2)?))).collect()
}

fn data(rows: &[DbRow]) -> Result<RightsData, StoreError> {
    let mut data = RightsData::default();
    for row in rows {
        data.put(row.json(0)?);
    }
    Ok(data)
}

impl State {
    /// The rights in force.
    pub async fn rights(&self) -> Result<RightsData, StoreError> {
        let sql = "SELECT body FROM access_items WHERE until IS NULL ORDER BY kind, key";
        data(&self.reading.rows(sql, args![]).await?)
    }

    /// The rights that were in force in a version.
    pub async fn rights_of(&self, version: u64) -> Result<RightsData, StoreError> {
        let sql = "SELECT body FROM access_items WHERE since <= $1 \
                   AND (until IS NULL OR until > $1) ORDER BY kind, key";
        data(&self.reading.rows(sql, args![version]).await?)
    }

    /// The version that was in force at an instant; none: there were no rights yet.
    pub async fn rights_version_at(
        &self,
        at: Timestamp,
    ) -> Result<Option<RightsVersion>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM access_versions WHERE at <= $1 ORDER BY version DESC LIMIT 1"
        );
        let rows = self.reading.rows(sqlx::AssertSqlSafe(sql), args![at]).await?;
        rows.first().map(read).transpose()
    }

    /// One version.
    pub async fn rights_version(&self, version: u64) -> Result<Option<RightsVersion>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM access_versions WHERE version = $1");
        let rows = self.reading.rows(sqlx::AssertSqlSafe(sql), args![version]).await?;
        rows.first().map(read).transpose()
    }

    /// Versions before one (all when none), newest first.
    pub async fn rights_versions(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<RightsVersion>, StoreError> {
        let limit = limit.clamp(1, RIGHTS_VERSIONS_PAGE_MAX);
        let sql = format!(
            "SELECT {COLUMNS} FROM access_versions WHERE version < $1 \
             ORDER BY version DESC LIMIT $2"
        );
        let before = before.unwrap_or(u64::try_from(i64::MAX).unwrap_or(u64::MAX));
        let args = args![before, u64::from(limit)];
        let rows = self.reading.rows(sqlx::AssertSqlSafe(sql), args).await?;
        rows.iter().map(read).collect()
    }

    /// What a version changed.
    pub async fn rights_changes(&self, version: u64) -> Result<Vec<ItemChange>, StoreError> {
        let sql = "SELECT kind, key, body, since FROM access_items \
                   WHERE since = $1 OR until = $1 ORDER BY kind, key, since";
        let rows = self.reading.rows(sql, args![version]).await?;
        let mut changes: Vec<ItemChange> = Vec::new();
        for row in &rows {
            let (kind, key) = (row.text(0)?, row.text(1)?);
            let item: Item = row.json(2)?;
            let is_new = row.uint(3)? == version;
            let is_same = |change: &&mut ItemChange| change.kind == kind && change.key == key;
            let at = changes.last_mut().filter(is_same);
            match (at, is_new) {
                (Some(change), true) => change.after = Some(item),
                (Some(change), false) => change.before = Some(item),
                (None, true) => {
                    changes.push(ItemChange { kind, key, before: None, after: Some(item) });
                }
                (None, false) => {
                    changes.push(ItemChange { kind, key, before: Some(item), after: None });
                }
            }
        }
        Ok(changes)
    }

    /// How one thing was over time, oldest first.
    pub async fn rights_item_ages(
        &self,
        kind: &str,
        key: &str,
    ) -> Result<Vec<ItemAge>, StoreError> {
        let sql = "SELECT body, since, until FROM access_items WHERE kind = $1 AND key = $2 \
                   ORDER BY since";
        let rows = self.reading.rows(sql, args![kind, key]).await?;
        let age = |row: &DbRow| {
            let until = row.int_opt(2)?.and_then(|version| u64::try_from(version).ok());
            Ok(ItemAge { item: row.json(0)?, since: row.uint(1)?, until })
        };
        rows.iter().map(age).collect()
    }

    /// The version that put each of these things in force as it is in another version: kind, key,
    /// and the version.
    pub async fn rights_since(
        &self,
        kind: &str,
        version: u64,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let sql = "SELECT key, since FROM access_items WHERE kind = $1 AND since <= $2 \
                   AND (until IS NULL OR until > $2)";
        let rows = self.reading.rows(sql, args![kind, version]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.uint(1)?))).collect()
    }

    /// What a list of another product has brought, and nobody has changed by hand since: kind and
    /// key.
    pub async fn rights_from(
        &self,
        source: &str,
    ) -> Result<BTreeSet<(String, String)>, StoreError> {
        let sql = "SELECT kind, key FROM access_items WHERE source = $1 AND until IS NULL";
        let rows = self.reading.rows(sql, args![source]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
    }

    /// What the organisation folder said of rights when it was last taken in.
    pub async fn rights_folder(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let rows = self.reading.rows("SELECT hash FROM access_folder", args![]).await?;
        rows.first().map(|row| row.blob(0)).transpose()
    }

    /// Writes a change of rights, with its act, in one transaction. Its version.
    pub async fn change_rights(
        &self,
        act: &RightsAct,
        changes: &[ItemChange],
        audited: &AuditAct,
    ) -> Result<u64, StoreError> {
        if changes.len() > RIGHTS_CHANGES_MAX {
            return Err(too_many(changes.len()));
        }
        let mut tx = self.begin().await?;
        let last = tx.row("SELECT max(version) FROM access_versions", args![]).await?;
        let last = last.map(|row| row.int_opt(0)).transpose()?.flatten().unwrap_or(0);
        let version = u64::try_from(last).unwrap_or(0) + 1;
        tx.run(
            "INSERT INTO access_versions (version, at, made_by, why, approved_by, what, undoes, \
             changes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            args![
                version,
                act.at,
                &*act.by,
                &*act.why,
                act.approved_by.as_deref(),
                act.what,
                act.undoes.map(|version| i64::try_from(version).unwrap_or(i64::MAX)),
                changes.len() as u64,
            ],
        )
        .await?;
        let restored = match act.undoes {
            Some(undone) => brought_before(&mut tx, undone).await?,
            None => BTreeMap::new(),
        };
        let mut rows = Vec::new();
        for change in changes {
            let had = match change.before {
                Some(_) => close(&mut tx, version, change).await?,
                None => act.source.clone(),
            };
            let Some(after) = &change.after else { continue };
            // What a list changes stays whose it was; what people change is theirs; what is undone
            // is again whose it was before.
            let of = match (act.undoes, &act.source) {
                (Some(_), _) => restored.get(&(change.kind.clone(), change.key.clone())).cloned(),
                (None, Some(_)) => had,
                (None, None) => None,
            };
            let body = json_of(after)?;
            rows.push(args![&*change.kind, &*change.key, version, body, of]);
        }
        let head = "INSERT INTO access_items (kind, key, since, body, source)";
        tx.insert_many(head, "", rows.into_iter()).await?;
        if let Some(hash) = &act.folder {
            tx.run(
                "INSERT INTO access_folder (one, hash) VALUES (1, $1) \
                 ON CONFLICT (one) DO UPDATE SET hash = excluded.hash",
                args![&hash[..]],
            )
            .await?;
        }
        audit::append(&mut tx, std::slice::from_ref(audited)).await?;
        tx.commit().await?;
        Ok(version)
    }
}
