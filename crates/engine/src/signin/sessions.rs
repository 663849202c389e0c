//! Sessions: a secret in a cookie, its hash in state, an end by age, by idleness and by order.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use access::Grant;
use model::{AuditAct, PersonId, Timestamp};
use sha2::{Digest, Sha256};
use store::state::{NewSession, Operator, StoredSession};

use super::book::Known;
use super::links::Begun;
use super::{Signin, SigninError, manage, oidc};
use crate::accounting::Outcome;
use crate::auth;
use crate::limits::Limits;

/// Last use of a session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub at: Timestamp,
    pub saved: Timestamp,
}

/// Uses are written to state this seldom.
const SEEN_PAUSE: Duration = Duration::from_secs(60);

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    pub(super) hash: [u8; 32],
    /// Its id, which may be shown and logged.
    pub id: String,
    /// Whose.
    pub operator: Arc<Operator>,
    /// What they may do, and where.
    pub grants: Arc<[Grant]>,
    /// May only set up how to sign in.
    pub is_enrolment: bool,
    /// How they signed in.
    pub method: String,
    /// What a page must send with every change.
    pub csrf: String,
    /// How long it lasts at most.
    pub lasts: Duration,
    /// When they signed in.
    pub(super) began_at: Timestamp,
}

/// What a session begins with.
#[derive(Clone, Copy)]
pub(super) struct Beginning<'a> {
    /// Whose.
    pub operator: &'a str,
    /// By which way.
    pub way: &'static str,
    /// Who vouched.
    pub provider: Option<&'a str>,
    /// May only set up how to sign in.
    pub is_enrolment: bool,
    /// The operator, where they are made by it.
    pub made: Option<&'a Operator>,
    /// The operator as they are from now on, where it changes them.
    pub changed: Option<&'a Operator>,
    /// By whom they are made or changed.
    pub by: &'a str,
    /// The link that it uses up.
    pub link: Option<[u8; 32]>,
    /// Where from.
    pub address: &'a str,
}

impl<'a> Beginning<'a> {
    /// A whole session of somebody who is known.
    pub fn of(operator: &'a str, address: &'a str) -> Self {
        let by = "one-time link";
        let (way, provider, is_enrolment) = ("", None, false);
        let (made, changed, link) = (None, None, None);
        Self { operator, way, provider, is_enrolment, made, changed, by, link, address }
    }
}

impl Session {
    /// Who owns an incident that this operator takes: the person they are, else they themselves.
    pub fn person(&self) -> Option<PersonId> {
        self.operator.person.clone().or_else(|| PersonId::parse(&self.operator.id).ok())
    }

    /// Names the session without its secret, to ask later whether it still lives.
    pub fn key(&self) -> [u8; 32] {
        self.hash
    }
}

/// What a page must send back follows from the session's secret, so it ends with it.
fn csrf_of(secret: &str) -> String {
    let digest = Sha256::digest(format!("castellan csrf\0{secret}").as_bytes());
    hex::encode(digest).chars().take(32).collect()
}

impl Signin {
    /// Whose session a cookie's secret is.
    pub fn session(&self, secret: &str) -> Result<Session, SigninError> {
        let hash = auth::hash(secret);
        let book = self.book();
        let stored = book.sessions.get(&hash).ok_or(SigninError::Expired)?;
        let now = self.wall.now();
        if !self.lives(stored, now) {
            return Err(SigninError::Expired);
        }
        let known = book.by_id.get(&stored.operator).ok_or(SigninError::Expired)?;
        if known.operator.is_disabled || !self.providers.trusts(&stored.method) {
            return Err(SigninError::Expired);
        }
        self.saw(stored, now);
        Ok(Session {
            hash,
            id: stored.id.clone(),
            operator: Arc::clone(&known.operator),
            grants: Arc::clone(&known.grants),
            is_enrolment: stored.is_enrolment,
            method: stored.method.clone(),
            csrf: csrf_of(secret),
            lasts: stored.expires_at.since(now),
            began_at: stored.created_at,
        })
    }

    /// Whether a session still stands; asking counts as use.
    pub fn still(&self, key: &[u8; 32]) -> bool {
        let book = self.book();
        let Some(stored) = book.sessions.get(key) else { return false };
        let now = self.wall.now();
        let enabled = book.by_id.get(&stored.operator).is_some_and(|k| !k.operator.is_disabled);
        let enabled = enabled && self.providers.trusts(&stored.method);
        let lives = enabled && self.lives(stored, now);
        if lives {
            self.saw(stored, now);
        }
        lives
    }

    /// The operators of whom a session was used within a time, or holds one of these streams open:
    /// they are there.
    pub fn on_duty(&self, within: Duration, streams: &BTreeSet<[u8; 32]>) -> BTreeSet<String> {
        let (book, now) = (self.book(), self.wall.now());
        let is_enabled =
            |id: &String| book.by_id.get(id).is_some_and(|known| !known.operator.is_disabled);
        let fresh = |stored: &&StoredSession| {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let last = seen.get(&stored.hash).map_or(stored.seen_at, |seen| seen.at);
            now.since(last) <= within || streams.contains(&stored.hash)
        };
        let sessions = book.sessions.values().filter(|stored| !stored.is_enrolment);
        let there = sessions.filter(fresh).filter(|stored| self.lives(stored, now));
        there.map(|stored| stored.operator.clone()).filter(is_enabled).collect()
    }

    fn lives(&self, stored: &StoredSession, now: Timestamp) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let last = seen.get(&stored.hash).map_or(stored.seen_at, |seen| seen.at);
        let idle = Limits::ms(self.limits.session_idle_ms_max);
        now < stored.expires_at && now < last.max(stored.seen_at).plus(idle)
    }

    fn saw(&self, stored: &StoredSession, now: Timestamp) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = seen.entry(stored.hash).or_insert(Seen { at: now, saved: stored.seen_at });
        entry.at = entry.at.max(now);
    }

    /// Writes when sessions were last used, and forgets those that are over.
    pub async fn save_seen(&self) -> Result<(), SigninError> {
        let book = self.book();
        let due: Vec<([u8; 32], Timestamp)> = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.retain(|hash, _| book.sessions.contains_key(hash));
            let is_due = |seen: &&mut Seen| seen.at.since(seen.saved) >= SEEN_PAUSE;
            let mut due = Vec::new();
            for (hash, seen) in seen.iter_mut() {
                if is_due(&seen) {
                    seen.saved = seen.at;
                    due.push((*hash, seen.at));
                }
            }
            due
        };
        if !due.is_empty() {
            self.state.sessions_seen(&due).await?;
        }
        Ok(())
    }

    /// Begins a session.
    pub(super) async fn begin(&self, new: Beginning<'_>) -> Result<Begun, SigninError> {
        let secret = auth::new_secret()?.replacen(auth::TOKEN_PREFIX, "", 1);
        let now = self.wall.now();
        let lasts = if new.is_enrolment {
            self.limits.signin_link_ms_max
        } else {
            self.limits.session_ms_max
        };
        let method = match new.provider {
            Some(provider) => format!("{}{provider}", oidc::METHOD),
            None => new.way.to_owned(),
        };
        let session = StoredSession {
            hash: auth::hash(&secret),
            id: auth::new_id("ses")?,
            operator: new.operator.to_owned(),
            method,
            is_enrolment: new.is_enrolment,
            created_at: now,
            seen_at: now,
            expires_at: now.plus(Limits::ms(lasts)),
        };
        let mut detail = serde_json::json!({
            "session": session.id, "way": new.way, "enrolment": new.is_enrolment,
            "from": new.address,
        });
        if let (Some(provider), Some(detail)) = (new.provider, detail.as_object_mut()) {
            detail.insert("provider".into(), provider.into());
        }
        let object = format!("operator:{}", new.operator);
        let begun = self.act(new.operator, "session.begin", &object, detail);
        let made = new.made.map(|made| manage::made_act(made, new.by, begun.at));
        let changed = new.changed.map(|changed| manage::changed_act(changed, new.by, begun.at));
        let acts: Vec<AuditAct> = made.into_iter().chain(changed).chain([begun]).collect();
        let sessions_max = self.limits.sessions_per_operator_max.max(1);
        let (operator, changed, link) = (new.made, new.changed, new.link);
        let wanted = NewSession { session: &session, operator, changed, link, sessions_max };
        if !self.state.begin_session(&wanted, &acts).await? {
            return Err(SigninError::LinkRefused);
        }
        self.reload().await?;
        self.count(new.way, Outcome::Kept, "");
        Ok(Begun { session: self.session(&secret)?, secret })
    }

    /// How long from now on this session still counts as proof of who they are.
    pub fn proof_left(&self, session: &Session) -> Duration {
        let until = session.began_at.plus(Limits::ms(self.limits.proof_ms_max));
        until.since(self.wall.now())
    }

    /// Passes only soon after a sign-in: what one signs in with is not changed by whoever finds a
    /// console left open. Who has nothing to prove it with yet needs not.
    pub(super) fn must_prove(&self, session: &Session) -> Result<(), SigninError> {
        let book = self.book();
        let known = book.by_id.get(&session.operator.id);
        let can_prove = known.is_some_and(Known::is_enrolled) && !session.is_enrolment;
        if can_prove && self.proof_left(session).is_zero() {
            return Err(SigninError::ProofWanted(Limits::ms(self.limits.proof_ms_max)));
        }
        Ok(())
    }

    /// Signs out.
    pub async fn end(&self, session: &Session) -> Result<(), SigninError> {
        let operator = &session.operator.id;
        let object = format!("operator:{operator}");
        let detail = serde_json::json!({"session": session.id});
        let act = self.act(operator, "session.end", &object, detail);
        self.state.end_session(&session.hash, &act).await?;
        Ok(self.reload().await?)
    }

    /// A session that came by a link becomes a whole one once its operator can sign in alone.
    pub(super) async fn enrolled(&self, session: &Session) -> Result<(), SigninError> {
        self.reload().await?;
        let book = self.book();
        let known = book.by_id.get(&session.operator.id);
        if session.is_enrolment && known.is_some_and(|known| known.is_enrolled()) {
            let end = self.wall.now().plus(Limits::ms(self.limits.session_ms_max));
            self.state.session_enrolled(&session.hash, end).await?;
            self.reload().await?;
        }
        Ok(())
    }
}
