//! Machine access: tokens by their hash; the token itself is never here.

use model::{AuditAct, SourceId, Timestamp};

use super::State;
use super::db::{DbRow, args, json_of};
use crate::audit;
use crate::error::StoreError;

/// What one token may do, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id, which may be shown and logged.
    pub id: String,
    /// Hash of the secret.
    pub hash: [u8; 32],
    /// A person's words for it.
    pub label: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// For which sources; empty: for any.
    pub sources: Vec<SourceId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was ended by an act.
    pub revoked_at: Option<Timestamp>,
}

impl Token {
    /// Whether it may be used at an instant.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

const SELECT_ALL: &str = "SELECT id, hash, label, scopes, sources, created_at, expires_at, \
                          revoked_at FROM tokens ORDER BY created_at, id";
const SELECT_BY_HASH: &str = "SELECT id, hash, label, scopes, sources, created_at, expires_at, \
                              revoked_at FROM tokens WHERE hash = $1";

fn read(row: &DbRow) -> Result<Token, StoreError> {
    let hash = row.blob(1)?;
    let hash = hash
        .try_into()
        .map_err(|_| StoreError::corrupt("tokens", "a hash is not 32 bytes long"))?;
    Ok(Token {
        id: row.text(0)?,
        hash,
        label: row.text(2)?,
        scopes: row.json(3)?,
        sources: row.json(4)?,
        created_at: row.time(5)?,
        expires_at: row.time_opt(6)?,
        revoked_at: row.time_opt(7)?,
    })
}

impl State {
    /// Adds a token; fails with `Conflict` when its id or hash is taken.
    pub async fn add_token(&self, token: &Token, act: &AuditAct) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let added = tx
            .run(
                "INSERT INTO tokens (id, hash, label, scopes, sources, created_at, expires_at, \
                 revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
                args![
                    &*token.id,
                    &token.hash[..],
                    &*token.label,
                    json_of(&token.scopes)?,
                    json_of(&token.sources)?,
                    token.created_at,
                    token.expires_at,
                    token.revoked_at,
                ],
            )
            .await?;
        if added == 0 {
            let id = token.id.clone();
            return Err(StoreError::Conflict { what: "token", id, expected: 0, found: Some(1) });
        }
        audit::append(&mut tx, std::slice::from_ref(act)).await?;
        tx.commit().await
    }

    /// The token of a hash, valid or not.
    pub async fn token_by_hash(&self, hash: &[u8; 32]) -> Result<Option<Token>, StoreError> {
        let rows = self.reading.rows(SELECT_BY_HASH, args![&hash[..]]).await?;
        rows.first().map(read).transpose()
    }

    /// All tokens, oldest first.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        self.reading.rows(SELECT_ALL, args![]).await?.iter().map(read).collect()
    }

    /// Ends a token; `false` when there is no such valid one. The first revocation's time stays.
    pub async fn revoke_token(
        &self,
        id: &str,
        at: Timestamp,
        act: &AuditAct,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let sql = "UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
        let is_revoked = tx.run(sql, args![id, at]).await? > 0;
        if is_revoked {
            audit::append(&mut tx, std::slice::from_ref(act)).await?;
        }
        tx.commit().await?;
        Ok(is_revoked)
    }
}
