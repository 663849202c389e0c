//! Operators and their passkeys. Passwords are here as Argon2 strings only.

use model::{AuditAct, PersonId, PlaceId, TeamId, Timestamp};
use serde::{Deserialize, Serialize};

use super::State;
use super::db::{DbRow, Tx, args, json_of};
use crate::audit;
use crate::error::StoreError;

/// A role as it is kept: a word, and the sites it is for (none named: the whole organisation).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRole {
    /// Its word.
    pub role: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sites: Option<Vec<PlaceId>>,
}

/// Somebody who signs in.
#[derive(Clone, PartialEq, Eq)]
pub struct Operator {
    /// Id, `op-…`: what the audit chain names.
    pub id: String,
    /// What they type to sign in.
    pub login: String,
    /// How the console shows them.
    pub name: String,
    /// Who of the organisation they are.
    pub person: Option<PersonId>,
    /// Whose incidents are theirs.
    pub teams: Vec<TeamId>,
    /// What they may do, and where.
    pub roles: Vec<StoredRole>,
    /// Argon2id string.
    pub password_hash: Option<String>,
    /// Secret of the proved authenticator, sealed by the engine.
    pub totp_secret: Option<String>,
    /// The same of one not yet proved.
    pub totp_pending: Option<String>,
    /// An identity provider's id, and its name for this person.
    pub subject: Option<(String, String)>,
    /// May not sign in.
    pub is_disabled: bool,
    /// When they were made.
    pub created_at: Timestamp,
    /// When they were last changed.
    pub changed_at: Timestamp,
    /// Counts changes.
    pub version: u64,
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither names nor secrets reach a log by way of `{:?}`.
        write!(f, "Operator({} v{})", self.id, self.version)
    }
}

/// One passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPasskey {
    /// Credential id, base64url.
    pub id: String,
    /// Whose.
    pub operator: String,
    /// Their name for it.
    pub name: String,
    /// Public key and counters, JSON.
    pub credential: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last signed in.
    pub used_at: Option<Timestamp>,
}

fn read(row: &DbRow) -> Result<Operator, StoreError> {
    let subject = match (row.text_opt(9)?, row.text_opt(10)?) {
        (Some(provider), Some(subject)) => Some((provider, subject)),
        (Some(_), None) | (None, Some(_)) | (None, None) => None,
    };
    Ok(Operator {
        id: row.text(0)?,
        login: row.text(1)?,
        name: row.text(2)?,
        person: row.word_opt(3)?,
        teams: row.json(4)?,
        roles: row.json(5)?,
        password_hash: row.text_opt(6)?,
        totp_secret: row.text_opt(7)?,
        totp_pending: row.text_opt(8)?,
        subject,
        is_disabled: row.int(11)? != 0,
        created_at: row.time(12)?,
        changed_at: row.time(13)?,
        version: row.uint(14)?,
    })
}

pub(super) async fn insert(tx: &mut Tx, operator: &Operator) -> Result<(), StoreError> {
    let (provider, subject) = parts(operator);
    let added = tx
        .run(
            "INSERT INTO operators (id, login, name, person, teams, roles, password_hash, \
             totp_secret, totp_pending, provider, subject, is_disabled, created_at, changed_at, \
             version, totp_step) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, \
             $14, $15, 0) ON CONFLICT DO NOTHING",
            args![
                &*operator.id,
                &*operator.login,
                &*operator.name,
                operator.person.as_ref().map(PersonId::as_str),
                json_of(&operator.teams)?,
                json_of(&operator.roles)?,
                operator.password_hash.clone(),
                operator.totp_secret.clone(),
                operator.totp_pending.clone(),
                provider,
                subject,
                i64::from(operator.is_disabled),
                operator.created_at,
                operator.changed_at,
                operator.version,
            ],
        )
        .await?;
    if added == 0 {
        return Err(taken(&operator.login));
    }
    Ok(())
}

/// Writes an operator whose stored version is one less.
pub(super) async fn update(tx: &mut Tx, operator: &Operator) -> Result<(), StoreError> {
    let expected = operator.version.saturating_sub(1);
    let (provider, subject) = parts(operator);
    let changed = tx
        .run(
            "UPDATE operators SET name = $2, person = $3, teams = $4, roles = $5, \
             password_hash = $6, totp_secret = $7, totp_pending = $8, provider = $9, \
             subject = $10, is_disabled = $11, changed_at = $12, version = $13 \
             WHERE id = $1 AND version = $14",
            args![
                &*operator.id,
                &*operator.name,
                operator.person.as_ref().map(PersonId::as_str),
                json_of(&operator.teams)?,
                json_of(&operator.roles)?,
                operator.password_hash.clone(),
                operator.totp_secret.clone(),
                operator.totp_pending.clone(),
                provider,
                subject,
                i64::from(operator.is_disabled),
                operator.changed_at,
                operator.version,
                expected,
            ],
        )
        .await?;
    if changed == 0 {
        let id = operator.id.clone();
        return Err(StoreError::Conflict { what: "operator", id, expected, found: None });
    }
    Ok(())
}

fn parts(operator: &Operator) -> (Option<String>, Option<String>) {
    operator.subject.clone().unzip()
}

fn taken(login: &str) -> StoreError {
    StoreError::Conflict { what: "operator", id: login.to_owned(), expected: 0, found: Some(1) }
}

impl State {
    /// All operators, by login.
    pub async fn operators(&self) -> Result<Vec<Operator>, StoreError> {
        let sql = "SELECT id, login, name, person, teams, roles, password_hash, totp_secret, \
                   totp_pending, provider, subject, is_disabled, created_at, changed_at, version \
                   FROM operators ORDER BY login";
        self.reading.rows(sql, args![]).await?.iter().map(read).collect()
    }

    /// Adds an operator; fails with `Conflict` when the login, or the provider's subject, is taken.
    pub async fn add_operator(
        &self,
        operator: &Operator,
        act: &AuditAct,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        insert(&mut tx, operator).await?;
        audit::append(&mut tx, std::slice::from_ref(act)).await?;
        tx.commit().await
    }

    /// Writes an operator whose stored version is one less; `end_sessions_but`: ends their sessions
    /// except the one of this hash.
    pub async fn change_operator(
        &self,
        operator: &Operator,
        end_sessions_but: Option<Option<[u8; 32]>>,
        acts: &[AuditAct],
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        update(&mut tx, operator).await?;
        if let Some(but) = end_sessions_but {
            let but = but.map_or_else(Vec::new, |hash| hash.to_vec());
            let sql = "DELETE FROM sessions WHERE operator = $1 AND hash <> $2";
            tx.run(sql, args![&*operator.id, but]).await?;
        }
        audit::append(&mut tx, acts).await?;
        tx.commit().await
    }

    /// Puts an operator's sealed secrets in the place of those that were in the clear. Nothing else
    /// of them changes, their version neither.
    pub async fn seal_operator(
        &self,
        before: &Operator,
        (secret, pending): (Option<String>, Option<String>),
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let sql = "UPDATE operators SET totp_secret = $2, totp_pending = $3 \
                   WHERE id = $1 AND version = $4";
        tx.run(sql, args![&*before.id, secret, pending, before.version]).await?;
        tx.commit().await
    }

    /// Writes the file anew without its free pages, so that nothing deleted can be read from it.
    /// Needs as much room as the file has.
    pub async fn wipe_free_pages(&self) -> Result<(), StoreError> {
        self.writing.wipe_free_pages().await
    }

    /// Takes a time step of an operator's authenticator; `false` when it, or a later one, was used.
    pub async fn take_totp_step(&self, operator: &str, step: u64) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let sql = "UPDATE operators SET totp_step = $2 WHERE id = $1 AND totp_step < $2";
        let is_taken = tx.run(sql, args![operator, step]).await? > 0;
        tx.commit().await?;
        Ok(is_taken)
    }

    /// All passkeys, oldest first.
    pub async fn passkeys(&self) -> Result<Vec<StoredPasskey>, StoreError> {
        let sql = "SELECT id, operator, name, credential, created_at, used_at FROM passkeys \
                   ORDER BY created_at, id";
        let read = |row: DbRow| {
            Ok(StoredPasskey {
                id: row.text(0)?,
                operator: row.text(1)?,
                name: row.text(2)?,
                credential: row.text(3)?,
                created_at: row.time(4)?,
                used_at: row.time_opt(5)?,
            })
        };
        self.reading.rows(sql, args![]).await?.into_iter().map(read).collect()
    }

    /// Adds a passkey; fails with `Conflict` when somebody has it already.
    pub async fn add_passkey(&self, key: &StoredPasskey, act: &AuditAct) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let sql = "INSERT INTO passkeys (id, operator, name, credential, created_at, used_at) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
        let values = args![
            &*key.id,
            &*key.operator,
            &*key.name,
            &*key.credential,
            key.created_at,
            key.used_at,
        ];
        if tx.run(sql, values).await? == 0 {
            let id = key.id.clone();
            return Err(StoreError::Conflict { what: "passkey", id, expected: 0, found: Some(1) });
        }
        audit::append(&mut tx, std::slice::from_ref(act)).await?;
        tx.commit().await
    }

    /// Keeps a passkey's counters after it signed in.
    pub async fn passkey_used(
        &self,
        id: &str,
        credential: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let sql = "UPDATE passkeys SET credential = $2, used_at = $3 WHERE id = $1";
        tx.run(sql, args![id, credential, at]).await?;
        tx.commit().await
    }

    /// Takes a passkey away from an operator; `false` when there is no such one.
    pub async fn remove_passkey(
        &self,
        operator: &str,
        id: &str,
        act: &AuditAct,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let sql = "DELETE FROM passkeys WHERE id = $1 AND operator = $2";
        let is_removed = tx.run(sql, args![id, operator]).await? > 0;
        if is_removed {
            audit::append(&mut tx, std::slice::from_ref(act)).await?;
        }
        tx.commit().await?;
        Ok(is_removed)
    }

    /// Takes everything away that an operator signs in with, and ends their sessions and links.
    pub async fn reset_operator(
        &self,
        operator: &str,
        at: Timestamp,
        act: &AuditAct,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let sql = "UPDATE operators SET password_hash = NULL, totp_secret = NULL, \
                   totp_pending = NULL, totp_step = 0, changed_at = $2, version = version + 1 \
                   WHERE id = $1";
        let is_known = tx.run(sql, args![operator, at]).await? > 0;
        if is_known {
            tx.run("DELETE FROM passkeys WHERE operator = $1", args![operator]).await?;
            tx.run("DELETE FROM sessions WHERE operator = $1", args![operator]).await?;
            tx.run("DELETE FROM signin_links WHERE operator = $1", args![operator]).await?;
            audit::append(&mut tx, std::slice::from_ref(act)).await?;
        }
        tx.commit().await?;
        Ok(is_known)
    }
}
