//! Who asks: bearer tokens, stored hashed, scoped, expiring.

use std::collections::{BTreeSet, HashMap};
use std::sync::{PoisonError, RwLock};

use access::Action;
use model::{AuditAct, PersonId, SourceId, Timestamp};
use sha2::{Digest, Sha256};
use store::state::Token;
use store::{State, StoreError};

use crate::config::Config;
use crate::evaluate::Scoped;
use crate::listeners;
use crate::start::StartError;

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Send records.
    Ingest,
    /// Read events, incidents, sources, people.
    Read,
    /// See the names that are hidden otherwise: people's, their accounts' and addresses'.
    Names,
    /// Ask for decisions as an enforcement point, and nothing else.
    Evaluate,
    /// Work incidents, open doors, revoke, re-run dead letters.
    Operate,
    /// Tokens, organisation, raw records.
    Admin,
}

impl Scope {
    /// All, in rising order of power.
    pub const ALL: [Self; 6] =
        [Self::Ingest, Self::Evaluate, Self::Read, Self::Names, Self::Operate, Self::Admin];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Evaluate => "evaluate",
            Self::Read => "read",
            Self::Names => "names",
            Self::Operate => "operate",
            Self::Admin => "admin",
        }
    }

    /// What a token of this scope may do in the interface, beside sending records.
    pub fn actions(self) -> &'static [Action] {
        match self {
            Self::Ingest => &[],
            Self::Evaluate => &[Action::AccessEvaluate],
            Self::Read => &[
                Action::IncidentRead,
                Action::OccurrenceRead,
                Action::EventSearch,
                Action::QuerySql,
                Action::PersonRead,
                Action::WhereaboutsAsk,
                Action::PlaceRead,
                Action::SourceRead,
                Action::MappingRead,
                Action::RuleRead,
                Action::AccessRead,
                Action::RevocationRead,
                Action::SystemRead,
                Action::Export,
            ],
            Self::Names => &[Action::PersonReveal, Action::RefusalRead, Action::MusterRead],
            Self::Operate => &[
                Action::IncidentOperate,
                Action::IncidentManual,
                Action::PanicRaise,
                Action::OccurrenceWrite,
                Action::DeadLetterRerun,
                Action::RuleTry,
                Action::DoorOperate,
                Action::LockdownOperate,
                Action::RevocationAct,
            ],
            Self::Admin => &[
                Action::EventRaw,
                Action::MappingEdit,
                Action::RuleEdit,
                Action::PlanEdit,
                Action::AccessEdit,
                Action::EdgeManage,
                Action::TokenManage,
                Action::OperatorManage,
                Action::AuditRead,
            ],
        }
    }

    /// The scope that allows an action.
    pub fn of(action: Action) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.actions().contains(&action))
    }

    /// By its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// Before a place in the words of a token: doors that it enforces.
const ENFORCES: &str = "enforces:";
/// It may search.
const SEARCH: &str = "evaluate:search";
/// It is told why.
const REASONS: &str = "evaluate:reasons";

/// Whether a text is a scope, or a word by which `evaluate` is bound: `enforces:door:ID`,
/// `enforces:zone:ID`, `enforces:*`, `evaluate:search`, `evaluate:reasons`.
pub fn is_word(text: &str) -> bool {
    Scope::parse(text).is_some() || is_binding(text)
}

/// Whether a text is a word by which `evaluate` is bound.
pub fn is_binding(text: &str) -> bool {
    let is_place = |place: &str| {
        let id = place.strip_prefix("door:").or_else(|| place.strip_prefix("zone:"));
        place == "*" || id.is_some_and(|id| model::PlaceId::parse(id).is_ok())
    };
    text == SEARCH || text == REASONS || text.strip_prefix(ENFORCES).is_some_and(is_place)
}

/// What a token of these words may ask of doors.
pub fn scoped(words: &[String]) -> Scoped {
    let places = words.iter().filter_map(|word| word.strip_prefix(ENFORCES));
    Scoped {
        places: places.map(str::to_owned).collect(),
        search: words.iter().any(|word| word == SEARCH),
        reasons: words.iter().any(|word| word == REASONS),
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The token's id: what the audit chain names.
    pub id: String,
    /// The person behind it, if the token's label is a person's id.
    pub person: Option<PersonId>,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// For which sources it may send; empty: for any.
    pub sources: Vec<SourceId>,
    /// What it may ask of doors, as an enforcement point.
    pub scoped: Scoped,
}

impl Principal {
    /// Whether it may.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether it may send for a source.
    pub fn may_send_for(&self, source: &SourceId) -> bool {
        self.may(Scope::Ingest) && (self.sources.is_empty() || self.sources.contains(source))
    }
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// None was sent.
    #[error("no token was sent; send `Authorization: Bearer TOKEN`")]
    Missing,
    /// Nobody has this one.
    #[error("the token is not known")]
    Unknown,
    /// Its time is over.
    #[error("the token expired at {0}")]
    Expired(Timestamp),
    /// It was ended by an act.
    #[error("the token was revoked at {0}")]
    Revoked(Timestamp),
}

/// Prefix of every token of ours: secret scanners know it by this.
pub const TOKEN_PREFIX: &str = "cst_";
/// Bytes of randomness in a token.
const TOKEN_BYTES: usize = 32;

/// A new token's text, to be shown once, from random bytes.
pub fn new_secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; TOKEN_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{TOKEN_PREFIX}{}", hex::encode(bytes)))
}

/// A short random id, such as `tok-1f3a…`.
pub fn new_id(prefix: &str) -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 6];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{prefix}-{}", hex::encode(bytes)))
}

/// This machine's own token, for one run, and its text.
pub(crate) fn local_token(now: Timestamp) -> Result<(Token, String), getrandom::Error> {
    let secret = new_secret()?;
    let token = Token {
        id: "local".into(),
        hash: hash(&secret),
        label: "this machine".into(),
        scopes: Scope::ALL
            .iter()
            .map(|s| s.as_str())
            .chain(["enforces:*", "evaluate:search", "evaluate:reasons"])
            .map(str::to_owned)
            .collect(),
        sources: Vec::new(),
        created_at: now,
        expires_at: None,
        revoked_at: None,
    };
    Ok((token, secret))
}

/// The tokens that the configuration names, after this machine's own.
pub(crate) fn config_tokens(
    config: &Config,
    local: Token,
    now: Timestamp,
) -> Result<Vec<Token>, StartError> {
    let mut tokens = vec![local];
    for wanted in &config.tokens {
        let what = format!("token `{}`", wanted.id);
        let secret = listeners::secret(&wanted.secret, &what)?;
        let text = secret.expose_text().map(str::trim).unwrap_or_default();
        tokens.push(Token {
            id: wanted.id.clone(),
            hash: hash(text),
            label: wanted.id.clone(),
            scopes: wanted.scopes.clone(),
            sources: wanted.sources.iter().map(|s| s.value.clone()).collect(),
            created_at: now,
            expires_at: wanted.expires,
            revoked_at: None,
        });
    }
    Ok(tokens)
}

/// What is stored of a token. Its text has 256 bits of randomness, so a plain hash is enough.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Tokens in memory, read again from state when they change.
#[derive(Debug, Default)]
pub struct Tokens(RwLock<HashMap<[u8; 32], Token>>);

impl Tokens {
    /// Reads all tokens from state. `extra`: those that the configuration names.
    pub async fn reload(&self, state: &State, extra: &[Token]) -> Result<(), StoreError> {
        let stored = state.tokens().await?;
        let all = stored.into_iter().chain(extra.iter().cloned());
        let by_hash = all.map(|token| (token.hash, token)).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = by_hash;
        Ok(())
    }

    /// The people whose tokens may be used at `now` and have a scope.
    pub fn people(&self, scope: Scope, now: Timestamp) -> BTreeSet<PersonId> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let is_good = |token: &&Token| {
            token.revoked_at.is_none()
                && token.expires_at.is_none_or(|end| end > now)
                && token.scopes.iter().any(|word| word == scope.as_str())
        };
        let good = known.values().filter(is_good);
        good.filter_map(|token| PersonId::parse(&token.label).ok()).collect()
    }

    /// Whose a token is, if it may be used at `now`. Looked up by its hash, so timing says nothing.
    pub fn authenticate(&self, secret: &str, now: Timestamp) -> Result<Principal, AuthError> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let token = known.get(&hash(secret)).ok_or(AuthError::Unknown)?;
        if let Some(at) = token.revoked_at {
            return Err(AuthError::Revoked(at));
        }
        if let Some(end) = token.expires_at.filter(|end| *end <= now) {
            return Err(AuthError::Expired(end));
        }
        Ok(Principal {
            id: token.id.clone(),
            person: PersonId::parse(&token.label).ok(),
            scopes: token.scopes.iter().filter_map(|s| Scope::parse(s)).collect(),
            sources: token.sources.clone(),
            scoped: scoped(&token.scopes),
        })
    }
}

/// What is wanted of a new token.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// A person's id, or words for what it is for.
    pub label: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The words by which `evaluate` is bound; see [`is_binding`].
    pub bindings: Vec<String>,
    /// For which sources; empty: any.
    pub sources: Vec<SourceId>,
    /// Until when.
    pub expires_at: Option<Timestamp>,
}

/// Why no token could be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The system gave no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// State.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a token; its text is returned and never stored.
pub async fn create(
    state: &State,
    wanted: NewToken,
    by: &str,
    now: Timestamp,
) -> Result<(Token, String), TokenError> {
    let secret = new_secret()?;
    let token = Token {
        id: new_id("tok")?,
        hash: hash(&secret),
        label: wanted.label,
        scopes: wanted
            .scopes
            .iter()
            .map(|s| s.as_str().to_owned())
            .chain(wanted.bindings)
            .collect(),
        sources: wanted.sources,
        created_at: now,
        expires_at: wanted.expires_at,
        revoked_at: None,
    };
    let act = AuditAct {
        at: now,
        by: by.to_owned(),
        verb: "token.create".into(),
        object: format!("token:{}", token.id),
        detail: serde_json::json!({"scopes": token.scopes, "expires_at": token.expires_at}),
    };
    state.add_token(&token, &act).await?;
    Ok((token, secret))
}

/// The audited act of ending a token.
pub fn revoke_act(id: &str, by: &str, now: Timestamp) -> AuditAct {
    AuditAct {
        at: now,
        by: by.to_owned(),
        verb: "token.revoke".into(),
        object: format!("token:{id}"),
        detail: serde_json::json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_belongs_to_exactly_one_scope() {
        for action in Action::ALL {
            let holds = |scope: &Scope| scope.actions().contains(action);
            assert_eq!(Scope::ALL.iter().filter(|scope| holds(scope)).count(), 1, "{action:?}");
        }
    }
}
