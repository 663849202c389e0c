//! Sessions and one-time links, by the hashes of their secrets.

use model::{AuditAct, Timestamp};

use super::State;
use super::db::{DbRow, args};
use super::operators::{self, Operator};
use crate::audit;
use crate::error::StoreError;

/// One browser that is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// Hash of the cookie's secret.
    pub hash: [u8; 32],
    /// Its id, which may be shown and logged.
    pub id: String,
    /// Whose.
    pub operator: String,
    /// `link`, `password`, `passkey`, or `oidc:` and the provider.
    pub method: String,
    /// May only set up how to sign in.
    pub is_enrolment: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// What a one-time link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Makes the first administrator.
    FirstAdministrator,
    /// Lets an operator set up how to sign in.
    Enrol,
    /// Signs in at once, as in a demonstration.
    Direct,
}

impl LinkPurpose {
    const ALL: [Self; 3] = [Self::FirstAdministrator, Self::Enrol, Self::Direct];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstAdministrator => "first_administrator",
            Self::Enrol => "enrol",
            Self::Direct => "direct",
        }
    }
}

/// A one-time link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLink {
    /// Hash of its code.
    pub hash: [u8; 32],
    /// Whose; nobody's yet for the first administrator's.
    pub operator: Option<String>,
    /// What for.
    pub purpose: LinkPurpose,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// A session that begins, with all that belongs to it.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// The session.
    pub session: &'a StoredSession,
    /// The operator, where they are made by it.
    pub operator: Option<&'a Operator>,
    /// The operator as they are from now on, where it changes them.
    pub changed: Option<&'a Operator>,
    /// The link that it uses up.
    pub link: Option<[u8; 32]>,
    /// Sessions an operator may have; the oldest beyond it end.
    pub sessions_max: u64,
}

fn hash_of(row: &DbRow, at: usize) -> Result<[u8; 32], StoreError> {
    let wrong = |_| StoreError::corrupt("sessions", "a hash is not 32 bytes long");
    row.blob(at)?.try_into().map_err(wrong)
}

impl State {
    /// All sessions, oldest first.
    pub async fn sessions(&self) -> Result<Vec<StoredSession>, StoreError> {
        let sql = "SELECT hash, id, operator, method, is_enrolment, created_at, seen_at, \
                   expires_at FROM sessions ORDER BY created_at, id";
        let read = |row: DbRow| {
            Ok(StoredSession {
                hash: hash_of(&row, 0)?,
                id: row.text(1)?,
                operator: row.text(2)?,
                method: row.text(3)?,
                is_enrolment: row.int(4)? != 0,
                created_at: row.time(5)?,
                seen_at: row.time(6)?,
                expires_at: row.time(7)?,
            })
        };
        self.reading.rows(sql, args![]).await?.into_iter().map(read).collect()
    }

    /// Begins a session. `false`, and nothing is written, when its link is used up already.
    pub async fn begin_session(
        &self,
        new: &NewSession<'_>,
        acts: &[AuditAct],
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let session = new.session;
        if let Some(operator) = new.operator {
            operators::insert(&mut tx, operator).await?;
        }
        if let Some(operator) = new.changed {
            operators::update(&mut tx, operator).await?;
        }
        if let Some(link) = &new.link {
            let sql = "UPDATE signin_links SET used_at = $2, operator = $3 \
                       WHERE hash = $1 AND used_at IS NULL AND expires_at > $2";
            let values = args![&link[..], session.created_at, &*session.operator];
            if tx.run(sql, values).await? == 0 {
                return Ok(false);
            }
        }
        tx.run(
            "INSERT INTO sessions (hash, id, operator, method, is_enrolment, created_at, seen_at, \
             expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            args![
                &session.hash[..],
                &*session.id,
                &*session.operator,
                &*session.method,
                i64::from(session.is_enrolment),
                session.created_at,
                session.seen_at,
                session.expires_at,
            ],
        )
        .await?;
        // Ended sessions make room before living ones must.
        tx.run("DELETE FROM sessions WHERE expires_at <= $1", args![session.created_at]).await?;
        tx.run(
            "DELETE FROM sessions WHERE operator = $1 AND id IN (SELECT id FROM sessions \
             WHERE operator = $1 ORDER BY created_at DESC, id LIMIT 1000000 OFFSET $2)",
            args![&*session.operator, new.sessions_max],
        )
        .await?;
        audit::append(&mut tx, acts).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Notes that sessions were used.
    pub async fn sessions_seen(&self, seen: &[([u8; 32], Timestamp)]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for (hash, at) in seen {
            let sql = "UPDATE sessions SET seen_at = $2 WHERE hash = $1";
            tx.run(sql, args![&hash[..], *at]).await?;
        }
        tx.commit().await
    }

    /// A session that could only enrol becomes a whole one, until `expires_at`.
    pub async fn session_enrolled(
        &self,
        hash: &[u8; 32],
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let sql = "UPDATE sessions SET is_enrolment = 0, expires_at = $2 WHERE hash = $1";
        tx.run(sql, args![&hash[..], expires_at]).await?;
        tx.commit().await
    }

    /// Ends a session; `false` when there is none.
    pub async fn end_session(&self, hash: &[u8; 32], act: &AuditAct) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let is_ended = tx.run("DELETE FROM sessions WHERE hash = $1", args![&hash[..]]).await? > 0;
        if is_ended {
            audit::append(&mut tx, std::slice::from_ref(act)).await?;
        }
        tx.commit().await?;
        Ok(is_ended)
    }

    /// Adds a one-time link; earlier ones of the same operator are void.
    pub async fn add_link(&self, link: &StoredLink, act: &AuditAct) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        match &link.operator {
            Some(operator) => {
                let sql = "DELETE FROM signin_links WHERE operator = $1 AND used_at IS NULL";
                tx.run(sql, args![&**operator]).await?;
            }
            None => {
                tx.run("DELETE FROM signin_links WHERE operator IS NULL", args![]).await?;
            }
        }
        tx.run(
            "INSERT INTO signin_links (hash, operator, purpose, created_at, expires_at, used_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            args![
                &link.hash[..],
                link.operator.clone(),
                link.purpose.as_str(),
                link.created_at,
                link.expires_at,
                link.used_at,
            ],
        )
        .await?;
        audit::append(&mut tx, std::slice::from_ref(act)).await?;
        tx.commit().await
    }

    /// The link of a hash, used or not.
    pub async fn link_by_hash(&self, hash: &[u8; 32]) -> Result<Option<StoredLink>, StoreError> {
        let sql = "SELECT hash, operator, purpose, created_at, expires_at, used_at \
                   FROM signin_links WHERE hash = $1";
        let rows = self.reading.rows(sql, args![&hash[..]]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let word = row.text(2)?;
        let purpose = LinkPurpose::ALL.into_iter().find(|purpose| purpose.as_str() == word);
        let unknown = || StoreError::corrupt("signin_links", format!("`{word}` is no purpose"));
        Ok(Some(StoredLink {
            hash: hash_of(row, 0)?,
            operator: row.text_opt(1)?,
            purpose: purpose.ok_or_else(unknown)?,
            created_at: row.time(3)?,
            expires_at: row.time(4)?,
            used_at: row.time_opt(5)?,
        }))
    }
}
