//! Findings by id: written once, overturned in place.

use model::{Finding, FindingId, FindingState, Level, RuleId, Timestamp};

use super::db::{DbRow, Tx, args, json_of, word_of};
use super::{Page, PageKey, State};
use crate::error::StoreError;

/// Most findings that one page returns.
pub const FINDING_PAGE_MAX: u32 = 1_000;

/// Which findings to list; all named fields must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingFilter {
    /// Of this rule.
    pub rule: Option<RuleId>,
    /// Of this level or above.
    pub level_min: Option<Level>,
    /// In this state.
    pub state: Option<FindingState>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Where the page before ended.
    pub after: Option<PageKey>,
    /// At most; bounded by `FINDING_PAGE_MAX`.
    pub limit: u32,
}

/// Writes a finding; says whether it was new. A known one takes the newer form.
pub(super) async fn upsert(tx: &mut Tx, finding: &Finding) -> Result<bool, StoreError> {
    let row = || -> Result<_, StoreError> {
        Ok(args![
            finding.id.as_str(),
            finding.rule.as_str(),
            u64::from(finding.level.severity_id()),
            word_of(&finding.state)?,
            finding.time,
            json_of(finding)?,
        ])
    };
    let inserted = tx
        .run(
            "INSERT INTO findings (id, rule, level, state, time, payload) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING",
            row()?,
        )
        .await?;
    if inserted == 0 {
        tx.run(
            "UPDATE findings SET rule = $2, level = $3, state = $4, time = $5, payload = $6 \
             WHERE id = $1",
            row()?,
        )
        .await?;
    }
    Ok(inserted > 0)
}

impl State {
    /// Findings by id, in the order asked for; unknown ones are left out.
    pub async fn findings_by_id(&self, ids: &[FindingId]) -> Result<Vec<Finding>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let sql = "SELECT payload FROM findings WHERE id = $1";
            let rows = self.reading.rows(sql, args![id.as_str()]).await?;
            found.extend(rows.first().map(|row| row.json(0)).transpose()?);
        }
        Ok(found)
    }

    /// Findings, newest first.
    pub async fn findings(&self, filter: &FindingFilter) -> Result<Page<Finding>, StoreError> {
        let limit = filter.limit.clamp(1, FINDING_PAGE_MAX);
        let after = filter.after.as_ref();
        let rows = self
            .reading
            .rows(
                "SELECT payload, time, id FROM findings \
                 WHERE (CAST($1 AS TEXT) IS NULL OR rule = $1) AND level >= $2 \
                 AND (CAST($3 AS TEXT) IS NULL OR state = $3) \
                 AND time >= $4 AND time < $5 \
                 AND (time < $6 OR (time = $6 AND id < $7)) \
                 ORDER BY time DESC, id DESC LIMIT $8",
                args![
                    filter.rule.as_ref().map(RuleId::as_str),
                    filter.level_min.map_or(0, |level| u64::from(level.severity_id())),
                    filter.state.as_ref().map(word_of).transpose()?,
                    filter.from.map_or(i64::MIN, Timestamp::nanos),
                    filter.to.map_or(i64::MAX, Timestamp::nanos),
                    after.map_or(i64::MAX, |key| key.at.nanos()),
                    after.map_or("", |key| key.id.as_str()),
                    u64::from(limit) + 1,
                ],
            )
            .await?;
        page_of(rows, limit)
    }
}

/// Turns rows of (payload, time, id) into a page; one row more than asked for says there is more.
pub(super) fn page_of<T: serde::de::DeserializeOwned>(
    rows: Vec<DbRow>,
    limit: u32,
) -> Result<Page<T>, StoreError> {
    let limit = limit as usize;
    let last = if rows.len() > limit { rows.get(limit - 1) } else { None };
    let next = match last {
        Some(row) => Some(PageKey { at: row.time(1)?, id: row.text(2)? }),
        None => None,
    };
    let items = rows.iter().take(limit).map(|row| row.json(0)).collect::<Result<_, _>>()?;
    Ok(Page { items, next })
}
