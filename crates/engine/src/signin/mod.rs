//! Signing in: operators, their sessions, one-time links, passwords with a second factor, passkeys,
//! and the house's own identity providers.
//!
//! Owns who is signed in. Everything is looked up in memory and written to state first; what
//! another process changes is read again. Refusals say the same whatever was wrong, and are
//! counted.

mod book;
mod links;
mod manage;
mod oidc;
mod passkeys;
mod password;
mod seal;
mod sessions;
mod throttle;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use model::{AuditAct, Timestamp};
use store::{State, StoreError};

use crate::accounting::{Accounts, Boundary, Outcome};
use crate::clock::Clock;
use crate::config::Config;
use crate::limits::Limits;

pub use book::{OperatorView, PasskeyView};
pub use links::{Begun, FIRST_ADMINISTRATOR_FILE, address as link_address};
pub use manage::{NewOperator, OperatorChange, add, change, grants, link, remove_everything};
pub(crate) use oidc::prepare_provider;
pub use oidc::{OidcAnswer, OidcAsked, ProviderView};
pub use passkeys::Ceremony;
pub use password::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, TotpOffer};
pub use seal::{SEAL_KEY_FILE, Seal, SealError};
pub use sessions::Session;

use book::Book;
use password::Hasher;
use throttle::Throttle;

/// Why somebody is not signed in, or something about signing in was not done.
#[derive(Debug, thiserror::Error)]
pub enum SigninError {
    /// No session was shown.
    #[error("you are not signed in")]
    Missing,
    /// The session is over.
    #[error("your session has ended; sign in again")]
    Expired,
    /// Login, password, code or passkey are wrong; which, is not said.
    #[error("login, password or code is wrong")]
    Refused,
    /// The password is right and the code is missing.
    #[error("a code from your authenticator is needed too")]
    TotpWanted,
    /// The link does not work.
    #[error("this link does not work: it was used, is too old, or is not meant for this address")]
    LinkRefused,
    /// It is too long ago that they signed in.
    #[error(
        "what you sign in with is changed only within {} minutes of signing in: sign in again",
        .0.as_secs().div_ceil(60)
    )]
    ProofWanted(Duration),
    /// The identity provider, or what it said, does not let them in.
    #[error("the identity provider's answer was refused; the server's log says why")]
    OidcRefused,
    /// The person is vouched for, and no group of theirs grants a role.
    #[error("the identity provider knows you, but none of your groups grants a role here")]
    OidcNoRole,
    /// The answer belongs to no question of this browser that still waits.
    #[error("this sign-in took too long, or was begun elsewhere; begin again")]
    OidcExpired,
    /// It cannot be asked.
    #[error("the identity provider cannot be reached; the server's log says why")]
    OidcUnreachable,
    /// Too many refusals.
    #[error("too many refused tries; wait {} s", .0.as_secs().max(1))]
    TooMany(Duration),
    /// What was given cannot be used.
    #[error("{0}")]
    Invalid(String),
    /// It stands in the way of something else.
    #[error("{0}")]
    Conflict(String),
    /// There is no such one.
    #[error("{0}")]
    NotFound(String),
    /// State.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random bytes, no threads.
    #[error("the system cannot do this now: {0}")]
    System(String),
}

impl From<getrandom::Error> for SigninError {
    fn from(error: getrandom::Error) -> Self {
        Self::System(error.to_string())
    }
}

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The address that is counted.
    pub address: String,
    /// It speaks to this machine's own address, with no proxy between.
    pub is_local: bool,
}

/// Signing in, as the HTTP interface asks for it.
pub struct Signin {
    state: State,
    accounts: Arc<Accounts>,
    limits: Limits,
    /// The engine's clock: what records and audited acts carry.
    clock: Clock,
    /// The machine's clock, whatever a demonstration makes of the other: sessions and codes of
    /// authenticators go by it.
    wall: Clock,
    book: RwLock<Arc<Book>>,
    /// One reading of the book at a time: an older one must not take the place of a newer.
    reading: tokio::sync::Mutex<()>,
    /// Last use of each session, and the one that state knows of.
    seen: Mutex<BTreeMap<[u8; 32], sessions::Seen>>,
    throttle: Throttle,
    hasher: Hasher,
    ceremonies: passkeys::Ceremonies,
    relying_party: Option<webauthn_rs::Webauthn>,
    providers: oidc::Providers,
    /// Seals the secrets of authenticators.
    seal: Seal,
}

impl std::fmt::Debug for Signin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signin")
    }
}

impl Signin {
    /// Begins with nobody known; `reload` reads them.
    pub fn new(
        (state, accounts): (State, Arc<Accounts>),
        config: &Config,
        clock: Clock,
        seal: Seal,
    ) -> Result<Self, SigninError> {
        let limits = config.limits.clone();
        let wall = if clock.speed() > 1 { Clock::system() } else { clock.clone() };
        Ok(Self {
            state,
            accounts,
            wall,
            book: RwLock::default(),
            reading: tokio::sync::Mutex::new(()),
            seen: Mutex::default(),
            throttle: Throttle::new(&limits),
            hasher: Hasher::new(&limits)?,
            ceremonies: passkeys::Ceremonies::default(),
            relying_party: passkeys::relying_party(config.public_url.as_deref()),
            providers: oidc::Providers::of(config)?,
            seal,
            limits,
            clock,
        })
    }

    /// Reads operators, passkeys and sessions again.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let _alone = self.reading.lock().await;
        let book = Book::read(&self.state).await?;
        *self.book.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(book);
        Ok(())
    }

    fn book(&self) -> Arc<Book> {
        Arc::clone(&self.book.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether nobody is administrator yet.
    pub fn needs_setup(&self) -> bool {
        !self.book().has_administrator()
    }

    /// Whether passkeys can be used here.
    pub fn has_passkeys(&self) -> bool {
        self.relying_party.is_some()
    }

    /// Who the operators are, by login.
    pub fn operators(&self) -> Vec<OperatorView> {
        self.book().views()
    }

    /// One operator.
    pub fn operator(&self, id: &str) -> Option<OperatorView> {
        self.book().view(id)
    }

    fn act(&self, by: &str, verb: &str, object: &str, detail: serde_json::Value) -> AuditAct {
        act_at(self.clock.now(), by, verb, object, detail)
    }

    /// Counts one try of a way to sign in.
    fn count(&self, way: &'static str, outcome: Outcome, reason: &'static str) {
        self.accounts.add_reason(Boundary::Signin, way, (outcome, reason), 1);
    }

    /// A try was refused: counted, slowed down, and recorded, without what was typed.
    async fn refuse(
        &self,
        way_reason: (&'static str, &'static str),
        origin: &Origin,
        who: (Option<&str>, Option<&str>),
    ) {
        self.refuse_with(way_reason, origin, who, serde_json::json!({})).await;
    }

    /// The same, with more to record.
    async fn refuse_with(
        &self,
        (way, reason): (&'static str, &'static str),
        origin: &Origin,
        (login, operator): (Option<&str>, Option<&str>),
        more: serde_json::Value,
    ) {
        self.count(way, Outcome::Rejected, reason);
        let is_locked = self.throttle.failed(&origin.address, login, self.wall.now());
        let object = format!("operator:{}", operator.unwrap_or("unknown"));
        let mut detail = serde_json::json!({"way": way, "reason": reason, "from": origin.address});
        if let (Some(detail), serde_json::Value::Object(more)) = (detail.as_object_mut(), more) {
            detail.extend(more);
        }
        let mut acts = vec![self.act("sign-in", "session.refuse", &object, detail)];
        if is_locked {
            let detail = serde_json::json!({"way": way, "from": origin.address});
            acts.push(self.act("sign-in", "session.lock", &object, detail));
        }
        if let Err(error) = self.state.record_acts(&acts).await {
            tracing::error!(reason = %error, "a refused sign-in is counted, but not recorded");
        }
    }

    /// Counts a try that ended because we could not judge it, so that the accounts add up.
    fn settled<T>(
        &self,
        way: &'static str,
        outcome: Result<T, SigninError>,
    ) -> Result<T, SigninError> {
        let is_ours = |error: &SigninError| {
            matches!(
                error,
                SigninError::Store(_) | SigninError::System(_) | SigninError::TooMany(_)
            )
        };
        if outcome.as_ref().is_err_and(is_ours) {
            self.count(way, Outcome::Rejected, "unavailable");
        }
        outcome
    }

    /// Refuses at once what was refused too often lately.
    fn may_try(
        &self,
        way: &'static str,
        origin: &Origin,
        login: Option<&str>,
    ) -> Result<(), SigninError> {
        self.count(way, Outcome::Received, "");
        match self.throttle.wait(&origin.address, login, self.wall.now()) {
            None => Ok(()),
            Some(wait) => {
                self.count(way, Outcome::Rejected, "too_many_tries");
                Err(SigninError::TooMany(wait))
            }
        }
    }
}

/// An audited act about signing in.
pub(crate) fn act_at(
    at: Timestamp,
    by: &str,
    verb: &str,
    object: &str,
    detail: serde_json::Value,
) -> AuditAct {
    let (by, verb, object) = (by.to_owned(), verb.to_owned(), object.to_owned());
    AuditAct { at, by, verb, object, detail }
}
