//! Passkeys (WebAuthn): the browser proves a key that never leaves its device.
//! SOURCE: W3C Web Authentication level 3, sections 7.1 and 7.2.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::Timestamp;
use model::text::Words;
use serde::Deserialize as _;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::state::StoredPasskey;
use url::Url;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyAuthentication,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Uuid,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use super::book::Known;
use super::links::Begun;
use super::sessions::{Beginning, Session};
use super::{Origin, Signin, SigninError, act_at};
use crate::accounting::Outcome;
use crate::auth;
use crate::limits::Limits;

/// How long the browser may take.
const CEREMONY_TIME: Duration = Duration::from_secs(300);
/// Most passkeys of one operator.
const PASSKEYS_MAX: usize = 20;
/// Longest name of a passkey.
const NAME_CHARS_MAX: usize = 100;

/// A ceremony that waits for the browser: its id, and what the browser is asked.
#[derive(Debug, Clone)]
pub struct Ceremony {
    /// To be given back with the browser's answer.
    pub id: String,
    /// For `navigator.credentials`, as JSON: `{"publicKey": …}`.
    pub options: Value,
}

enum Waiting {
    Registration { operator: String, state: Box<PasskeyRegistration> },
    Known { operator: String, state: Box<PasskeyAuthentication> },
    Discoverable { state: Box<DiscoverableAuthentication> },
}

/// Ceremonies under way. Bounded: at the bound the oldest are forgotten.
#[derive(Default)]
pub(super) struct Ceremonies(Mutex<HashMap<String, (Timestamp, Waiting)>>);

impl Ceremonies {
    fn put(&self, waiting: Waiting, now: Timestamp, max: usize) -> Result<String, SigninError> {
        let id = auth::new_id("cer")?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (ends, _)| *ends > now);
        while all.len() >= max.max(1) {
            let oldest = all.iter().min_by_key(|(_, (ends, _))| *ends).map(|(id, _)| id.clone());
            let Some(oldest) = oldest else { break };
            all.remove(&oldest);
        }
        all.insert(id.clone(), (now.plus(CEREMONY_TIME), waiting));
        Ok(id)
    }

    /// Each ceremony ends with its first answer.
    fn take(&self, id: &str, now: Timestamp) -> Option<Waiting> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (ends, waiting) = all.remove(id)?;
        (ends > now).then_some(waiting)
    }
}

/// Who we are to browsers: the public address, else this machine. `None` where the address is an
/// IP, which browsers give no passkeys.
pub(super) fn relying_party(public_url: Option<&str>) -> Option<Webauthn> {
    let origin = Url::parse(public_url.unwrap_or("http://localhost")).ok()?;
    let domain = origin.domain()?;
    let builder = WebauthnBuilder::new(domain, &origin).ok()?.rp_name("Castellan");
    builder.allow_any_port(public_url.is_none()).timeout(CEREMONY_TIME).build().ok()
}

/// The handle by which an authenticator knows an operator; says nothing about who they are.
fn handle(operator: &str) -> Uuid {
    let digest = Sha256::digest(format!("castellan passkey\0{operator}").as_bytes());
    let mut bytes = [0_u8; 16];
    bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    Uuid::from_bytes(bytes)
}

fn key_of(stored: &StoredPasskey) -> Option<Passkey> {
    serde_json::from_str(&stored.credential).ok()
}

fn unusable(error: impl std::fmt::Display) -> SigninError {
    SigninError::System(error.to_string())
}

impl Signin {
    fn party(&self) -> Result<&Webauthn, SigninError> {
        let none = || SigninError::Invalid("passkeys need a host name, not an address".into());
        self.relying_party.as_ref().ok_or_else(none)
    }

    fn wait_for(&self, waiting: Waiting) -> Result<String, SigninError> {
        let max = Limits::count(self.limits.passkey_ceremonies_max);
        self.ceremonies.put(waiting, self.wall.now(), max)
    }

    /// Begins to make a passkey for the signed-in operator.
    pub fn begin_passkey(&self, session: &Session) -> Result<Ceremony, SigninError> {
        let operator = self.own(session)?;
        self.must_prove(session)?;
        let book = self.book();
        let own = book.by_id.get(&operator.id).map_or(&[][..], |known| &known.passkeys);
        if own.len() >= PASSKEYS_MAX {
            return Err(SigninError::Conflict(format!(
                "at most {PASSKEYS_MAX} passkeys; remove one"
            )));
        }
        let known = own.iter().filter_map(key_of).map(|key| key.cred_id().clone()).collect();
        let (user, login) = (handle(&operator.id), &operator.login);
        let begun =
            self.party()?.start_passkey_registration(user, login, &operator.name, Some(known));
        let (challenge, state) = begun.map_err(unusable)?;
        let mut options = serde_json::to_value(&challenge).map_err(unusable)?;
        // A key that the device finds by itself spares typing the login; no device must.
        let chosen = options.pointer_mut("/publicKey/authenticatorSelection");
        if let Some(chosen) = chosen.and_then(Value::as_object_mut) {
            chosen.insert("residentKey".into(), json!("preferred"));
        }
        let waiting = Waiting::Registration { operator: operator.id, state: Box::new(state) };
        Ok(Ceremony { id: self.wait_for(waiting)?, options })
    }

    /// Keeps the passkey that the browser made; gives its id.
    pub async fn finish_passkey(
        &self,
        session: &Session,
        (ceremony, name): (&str, &str),
        credential: &Value,
    ) -> Result<String, SigninError> {
        let unread =
            |error: serde_json::Error| SigninError::Invalid(format!("credential: {error}"));
        let credential = RegisterPublicKeyCredential::deserialize(credential).map_err(unread)?;
        model::text::check(name.trim(), Words::Line)
            .map_err(|unfit| SigninError::Invalid(format!("the name: {unfit}")))?;
        let waiting = self.ceremonies.take(ceremony, self.wall.now());
        let Some(Waiting::Registration { operator, state }) = waiting else {
            return Err(SigninError::Conflict("this took too long; begin again".into()));
        };
        self.own(session)?;
        if operator != session.operator.id {
            return Err(SigninError::Conflict("this passkey was begun by somebody else".into()));
        }
        let made = self.party()?.finish_passkey_registration(&credential, &state);
        let passkey = made.map_err(|error| SigninError::Invalid(error.to_string()))?;
        let name: String = name.trim().chars().take(NAME_CHARS_MAX).collect();
        let stored = StoredPasskey {
            id: URL_SAFE_NO_PAD.encode(passkey.cred_id()),
            operator: operator.clone(),
            name: if name.is_empty() { "passkey".into() } else { name },
            credential: serde_json::to_string(&passkey).map_err(unusable)?,
            created_at: self.clock.now(),
            used_at: None,
        };
        let object = format!("operator:{operator}");
        let act = self.act(&operator, "passkey.add", &object, json!({"passkey": stored.id}));
        match self.state.add_passkey(&stored, &act).await {
            Ok(()) => {}
            Err(store::StoreError::Conflict { .. }) => {
                return Err(SigninError::Conflict("this passkey is known already".into()));
            }
            Err(error) => return Err(error.into()),
        }
        self.enrolled(session).await?;
        Ok(stored.id)
    }

    /// Takes one of the operator's own passkeys away.
    pub async fn remove_passkey(&self, session: &Session, id: &str) -> Result<(), SigninError> {
        self.must_prove(session)?;
        let operator = &session.operator.id;
        if self.book().by_id.get(operator).is_some_and(|known| known.needs_passkey(id)) {
            let why = "this passkey is all that you sign in with: make another one, or set a \
                       password and an authenticator, before you remove it";
            return Err(SigninError::Conflict(why.into()));
        }
        let object = format!("operator:{operator}");
        let detail = json!({"passkey": id});
        let act = act_at(self.clock.now(), operator, "passkey.remove", &object, detail);
        if !self.state.remove_passkey(operator, id, &act).await? {
            return Err(SigninError::NotFound("you have no such passkey".into()));
        }
        Ok(self.reload().await?)
    }

    /// Begins to sign in by a passkey: of one login, or of whoever the device says.
    pub fn ask_passkey(
        &self,
        login: Option<&str>,
        origin: &Origin,
    ) -> Result<Ceremony, SigninError> {
        const WAY: &str = "passkey";
        if let Some(wait) = self.throttle.wait(&origin.address, None, self.wall.now()) {
            self.count(WAY, Outcome::Received, "");
            self.count(WAY, Outcome::Rejected, "too_many_tries");
            return Err(SigninError::TooMany(wait));
        }
        let party = self.party()?;
        let login = login.map(|login| login.trim().to_lowercase()).filter(|l| !l.is_empty());
        let book = self.book();
        let known = login.as_deref().and_then(|login| book.by_login(login));
        let keys: Vec<Passkey> = known
            .map(|known| known.passkeys.iter().filter_map(key_of).collect())
            .unwrap_or_default();
        if let (Some(known), false) = (known, keys.is_empty()) {
            let (challenge, state) = party.start_passkey_authentication(&keys).map_err(unusable)?;
            let operator = known.operator.id.clone();
            let waiting = Waiting::Known { operator, state: Box::new(state) };
            let options = serde_json::to_value(&challenge).map_err(unusable)?;
            return Ok(Ceremony { id: self.wait_for(waiting)?, options });
        }
        let (challenge, state) = party.start_discoverable_authentication().map_err(unusable)?;
        let mut options = serde_json::to_value(&challenge).map_err(unusable)?;
        if let Some(options) = options.as_object_mut() {
            options.remove("mediation");
        }
        if let Some(login) = &login {
            // Who asks for a login that nobody has sees what they would see of one that somebody
            // has.
            let decoy = json!([{"type": "public-key", "id": self.hasher.decoy(login)}]);
            if let Some(asked) = options.get_mut("publicKey").and_then(Value::as_object_mut) {
                asked.insert("allowCredentials".into(), decoy);
            }
        }
        let waiting = Waiting::Discoverable { state: Box::new(state) };
        Ok(Ceremony { id: self.wait_for(waiting)?, options })
    }

    /// Signs in by the browser's answer.
    pub async fn by_passkey(
        &self,
        ceremony: &str,
        credential: &Value,
        origin: &Origin,
    ) -> Result<Begun, SigninError> {
        const WAY: &str = "passkey";
        self.may_try(WAY, origin, None)?;
        let waiting = self.ceremonies.take(ceremony, self.wall.now());
        let credential = PublicKeyCredential::deserialize(credential).ok();
        let proved = waiting.zip(credential).and_then(|(w, credential)| self.prove(w, &credential));
        let Some((operator, stored)) = proved else {
            self.refuse((WAY, "wrong"), origin, (None, None)).await;
            return Err(SigninError::Refused);
        };
        let now = self.clock.now();
        let begun = match self.state.passkey_used(&stored.id, &stored.credential, now).await {
            Ok(()) => {
                let new = Beginning::of(&operator, &origin.address);
                self.begin(Beginning { way: WAY, ..new }).await
            }
            Err(error) => Err(error.into()),
        };
        self.settled(WAY, begun)
    }

    /// Whose key signed the challenge, and the key with its new counter.
    fn prove(
        &self,
        waiting: Waiting,
        credential: &PublicKeyCredential,
    ) -> Option<(String, StoredPasskey)> {
        let party = self.relying_party.as_ref()?;
        let book = self.book();
        let id = URL_SAFE_NO_PAD.encode(credential.get_credential_id());
        let enabled =
            |known: &&Known| !known.operator.is_disabled && known.operator.subject.is_none();
        let (known, result) = match waiting {
            Waiting::Registration { .. } => return None,
            Waiting::Known { operator, state } => {
                let known = book.by_id.get(&operator).filter(enabled)?;
                (known, party.finish_passkey_authentication(credential, &state).ok()?)
            }
            Waiting::Discoverable { state } => {
                let (user, _) = party.identify_discoverable_authentication(credential).ok()?;
                let of = |known: &&Known| handle(&known.operator.id) == user;
                let known = book.by_id.values().filter(of).find(enabled)?;
                let key = known.passkeys.iter().find(|key| key.id == id).and_then(key_of)?;
                let key = DiscoverableKey::from(&key);
                let state = *state;
                #[expect(deprecated, reason = "the newer form takes a type behind a feature")]
                let done = party.finish_discoverable_authentication(credential, state, &[key]);
                (known, done.ok()?)
            }
        };
        let mut stored = known.passkeys.iter().find(|key| key.id == id)?.clone();
        let mut key = key_of(&stored)?;
        key.update_credential(&result)?;
        stored.credential = serde_json::to_string(&key).ok()?;
        Some((known.operator.id.clone(), stored))
    }
}
