//! Who the operators are, in memory, as they were last read from state.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use access::{Grant, Role};
use model::{PersonId, TeamId, Timestamp};
use store::state::{Operator, StoredPasskey, StoredSession};
use store::{State, StoreError};

use super::manage::grants;

/// One operator and what they sign in with.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub operator: Arc<Operator>,
    pub grants: Arc<[Grant]>,
    pub passkeys: Vec<StoredPasskey>,
}

impl Known {
    /// Whether they have set up how to sign in.
    pub fn is_enrolled(&self) -> bool {
        let operator = &self.operator;
        !self.passkeys.is_empty()
            || operator.subject.is_some()
            || (operator.password_hash.is_some() && operator.totp_secret.is_some())
    }
}

/// Everything that signing in looks up.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub by_id: BTreeMap<String, Known>,
    pub by_login: HashMap<String, String>,
    pub sessions: HashMap<[u8; 32], StoredSession>,
}

/// An operator without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorView {
    /// Id.
    pub id: String,
    /// What they type.
    pub login: String,
    /// How they are shown.
    pub name: String,
    /// Who of the organisation they are.
    pub person: Option<PersonId>,
    /// Whose incidents are theirs.
    pub teams: Vec<TeamId>,
    /// What they may do, and where.
    pub grants: Vec<Grant>,
    /// The identity provider that vouches for them.
    pub provider: Option<String>,
    /// May not sign in.
    pub is_disabled: bool,
    /// A password is set.
    pub has_password: bool,
    /// An authenticator is set up.
    pub has_totp: bool,
    /// Their passkeys.
    pub passkeys: Vec<PasskeyView>,
    /// They can sign in by themselves.
    pub is_enrolled: bool,
    /// When they were made.
    pub created_at: Timestamp,
    /// When they were last changed.
    pub changed_at: Timestamp,
    /// When one of their sessions was last used.
    pub seen_at: Option<Timestamp>,
    /// Counts changes.
    pub version: u64,
}

/// A passkey as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyView {
    /// Credential id.
    pub id: String,
    /// Their name for it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last signed in.
    pub used_at: Option<Timestamp>,
}

impl OperatorView {
    /// Who owns an incident that they take: the person they are, else they themselves.
    pub fn owner(&self) -> Option<PersonId> {
        self.person.clone().or_else(|| PersonId::parse(&self.id).ok())
    }
}

impl Book {
    pub async fn read(state: &State) -> Result<Self, StoreError> {
        let mut book = Self::default();
        for operator in state.operators().await? {
            book.by_login.insert(operator.login.clone(), operator.id.clone());
            let grants = grants(&operator.roles).into();
            let known = Known { grants, passkeys: Vec::new(), operator: Arc::new(operator) };
            book.by_id.insert(known.operator.id.clone(), known);
        }
        for passkey in state.passkeys().await? {
            if let Some(known) = book.by_id.get_mut(&passkey.operator) {
                known.passkeys.push(passkey);
            }
        }
        let sessions = state.sessions().await?;
        book.sessions = sessions.into_iter().map(|session| (session.hash, session)).collect();
        Ok(book)
    }

    pub fn by_login(&self, login: &str) -> Option<&Known> {
        self.by_id.get(self.by_login.get(login)?)
    }

    /// Whether somebody may say who is who, in the whole organisation.
    pub fn has_administrator(&self) -> bool {
        self.by_id
            .values()
            .any(|known| !known.operator.is_disabled && is_administrator(&known.grants))
    }

    pub fn view(&self, id: &str) -> Option<OperatorView> {
        let known = self.by_id.get(id)?;
        let own = self.sessions.values().filter(|session| session.operator == id);
        let operator = &known.operator;
        let passkey = |key: &StoredPasskey| PasskeyView {
            id: key.id.clone(),
            name: key.name.clone(),
            created_at: key.created_at,
            used_at: key.used_at,
        };
        Some(OperatorView {
            id: operator.id.clone(),
            login: operator.login.clone(),
            name: operator.name.clone(),
            person: operator.person.clone(),
            teams: operator.teams.clone(),
            grants: known.grants.to_vec(),
            provider: operator.subject.as_ref().map(|(provider, _)| provider.clone()),
            is_disabled: operator.is_disabled,
            has_password: operator.password_hash.is_some(),
            has_totp: operator.totp_secret.is_some(),
            passkeys: known.passkeys.iter().map(passkey).collect(),
            is_enrolled: known.is_enrolled(),
            created_at: operator.created_at,
            changed_at: operator.changed_at,
            seen_at: own.map(|session| session.seen_at).max(),
            version: operator.version,
        })
    }

    pub fn views(&self) -> Vec<OperatorView> {
        let mut views: Vec<_> = self.by_id.keys().filter_map(|id| self.view(id)).collect();
        views.sort_by(|a, b| a.login.cmp(&b.login));
        views
    }
}

/// Whether these roles administer the whole organisation.
pub(super) fn is_administrator(grants: &[Grant]) -> bool {
    grants.iter().any(|grant| grant.role == Role::Administrator && grant.sites.is_none())
}
