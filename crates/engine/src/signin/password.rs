//! Passwords with a second factor: Argon2id off the asynchronous threads, codes that work once.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::state::Operator;
use tokio::sync::Semaphore;
use totp_rs::{Secret, TOTP};

use super::links::Begun;
use super::sessions::{Beginning, Session};
use super::{Origin, Signin, SigninError};
use crate::accounting::Outcome;
use crate::limits::Limits;

/// Shortest password.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Longest password.
pub const PASSWORD_CHARS_MAX: usize = 256;
/// Seconds that one code of an authenticator is shown. SOURCE: RFC 6238, section 5.2.
const STEP_S: u64 = 30;
/// Steps before and after now that are taken: clocks differ. SOURCE: RFC 6238, section 5.2.
const SKEW: u64 = 1;
/// Longest wait for a turn to hash.
const TURN_WAIT_MAX: Duration = Duration::from_secs(5);

/// What an authenticator is set up with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpOffer {
    /// `otpauth://…`, for a picture.
    pub uri: String,
    /// The secret in base32, to be typed.
    pub secret: String,
}

/// Hashes passwords, a few at a time.
pub(super) struct Hasher {
    argon: Argon2<'static>,
    turns: Arc<Semaphore>,
    /// What is verified for logins that nobody has, so that they take as long.
    nobody: String,
    /// Decoys are the same for the same login, as long as this process runs.
    decoys: [u8; 32],
}

impl Hasher {
    pub fn new(limits: &Limits) -> Result<Self, SigninError> {
        let system = |what: String| SigninError::System(what);
        let kib = u32::try_from(limits.password_memory_kib).unwrap_or(u32::MAX);
        // SOURCE: OWASP Password Storage Cheat Sheet: Argon2id, 19 MiB, two passes, one lane.
        let params = Params::new(kib, 2, 1, None).map_err(|e| system(e.to_string()))?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash_with(&argon, "nobody has this password")?;
        let turns = Limits::count(limits.password_hashes_at_once_max).clamp(1, 64);
        let mut decoys = [0_u8; 32];
        getrandom::fill(&mut decoys)?;
        Ok(Self { argon, turns: Arc::new(Semaphore::new(turns)), nobody, decoys })
    }

    /// A credential id that nobody has.
    pub fn decoy(&self, login: &str) -> String {
        let digest = Sha256::new().chain_update(self.decoys).chain_update(login).finalize();
        URL_SAFE_NO_PAD.encode(digest)
    }

    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> T + Send + 'static,
    ) -> Result<T, SigninError> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        let turn = tokio::time::timeout(TURN_WAIT_MAX, turn).await;
        let Ok(Ok(turn)) = turn else { return Err(SigninError::TooMany(TURN_WAIT_MAX)) };
        let argon = self.argon.clone();
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&argon);
            drop(turn);
            done
        });
        done.await.map_err(|error| SigninError::System(error.to_string()))
    }

    pub async fn hash(&self, password: String) -> Result<String, SigninError> {
        self.aside(move |argon| hash_with(argon, &password)).await?
    }

    /// Whether a password is the one of a hash; of nobody's when there is none.
    pub async fn verify(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, SigninError> {
        let is_somebody = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        let is_right = self.aside(move |argon| {
            let parsed = PasswordHash::new(&hash);
            parsed.is_ok_and(|hash| argon.verify_password(password.as_bytes(), &hash).is_ok())
        });
        Ok(is_right.await? && is_somebody)
    }
}

fn hash_with(argon: &Argon2<'static>, password: &str) -> Result<String, SigninError> {
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt)?;
    let system = |e: argon2::password_hash::Error| SigninError::System(e.to_string());
    let salt = SaltString::encode_b64(&salt).map_err(system)?;
    Ok(argon.hash_password(password.as_bytes(), &salt).map_err(system)?.to_string())
}

fn authenticator(secret: &str, login: &str) -> Result<TOTP, SigninError> {
    let wrong = |_| SigninError::System("the authenticator's secret cannot be read".into());
    let bytes = Secret::Encoded(secret.to_owned()).to_bytes().map_err(wrong)?;
    let (issuer, account) = (Some("Castellan".to_owned()), login.to_owned());
    let made = TOTP::new(totp_rs::Algorithm::SHA1, 6, 0, STEP_S, bytes, issuer, account);
    made.map_err(|error| SigninError::System(error.to_string()))
}

/// The time step whose code this is, among those that are taken now.
fn step_of(secret: &str, login: &str, code: &str, now_s: u64) -> Result<Option<u64>, SigninError> {
    let totp = authenticator(secret, login)?;
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let newest = now_s / STEP_S + SKEW;
    let steps = (0..=2 * SKEW).map(|back| newest.saturating_sub(back));
    // `check` compares in constant time; every step is looked at.
    let fitting: Vec<u64> = steps.filter(|step| totp.check(&code, step * STEP_S)).collect();
    Ok(fitting.into_iter().max())
}

impl Signin {
    fn seconds(&self) -> u64 {
        u64::try_from(self.wall.now().millis() / 1_000).unwrap_or(0)
    }

    /// Signs in with login, password and a code of the authenticator.
    pub async fn by_password(
        &self,
        login: &str,
        password: &str,
        code: Option<&str>,
        origin: &Origin,
    ) -> Result<Begun, SigninError> {
        const WAY: &str = "password";
        let login = login.trim().to_lowercase();
        self.may_try(WAY, origin, Some(&login))?;
        let judged = self.judge_password(&login, password, code, origin).await;
        self.settled(WAY, judged)
    }

    async fn judge_password(
        &self,
        login: &str,
        password: &str,
        code: Option<&str>,
        origin: &Origin,
    ) -> Result<Begun, SigninError> {
        const WAY: &str = "password";
        let book = self.book();
        let known = book.by_login(login);
        let known_id = known.map(|known| known.operator.id.as_str());
        let hash = known.and_then(|known| known.operator.password_hash.clone());
        let is_short = password.chars().count() <= PASSWORD_CHARS_MAX;
        let password = if is_short { password.to_owned() } else { String::new() };
        let is_right = self.hasher.verify(password, hash).await?;
        let operator = known.map(|known| &known.operator);
        let may = |o: &&Arc<Operator>| is_right && !o.is_disabled && o.subject.is_none();
        let Some(operator) = operator.filter(may) else {
            self.refuse((WAY, "wrong"), origin, (Some(login), known_id)).await;
            return Err(SigninError::Refused);
        };
        let Some(sealed) = &operator.totp_secret else {
            self.refuse((WAY, "no_second_factor"), origin, (Some(login), known_id)).await;
            return Err(SigninError::Refused);
        };
        let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
            self.count(WAY, Outcome::Rejected, "code_wanted");
            return Err(SigninError::TotpWanted);
        };
        let Ok(secret) = self.seal.open(&operator.id, sealed) else {
            let why = "the authenticator's secret cannot be opened with this sealing key";
            tracing::error!(operator = operator.id, why, "nobody can sign in by this password");
            self.refuse((WAY, "unreadable_secret"), origin, (Some(login), known_id)).await;
            return Err(SigninError::Refused);
        };
        let step = step_of(&secret, login, code, self.seconds())?;
        let is_fresh = match step {
            Some(step) => self.state.take_totp_step(&operator.id, step).await?,
            None => false,
        };
        if !is_fresh {
            self.refuse((WAY, "wrong_code"), origin, (Some(login), known_id)).await;
            return Err(SigninError::Refused);
        }
        self.throttle.succeeded(login);
        let new = Beginning::of(&operator.id, &origin.address);
        self.begin(Beginning { way: WAY, ..new }).await
    }

    /// Sets one's own password. `old` is asked for unless there is none or a link let one in. Ends
    /// all other sessions.
    pub async fn set_password(
        &self,
        session: &Session,
        (old, new): (Option<&str>, &str),
        origin: &Origin,
    ) -> Result<(), SigninError> {
        const WAY: &str = "change";
        let mut operator = self.own(session)?;
        self.must_prove(session)?;
        check_password(new, &operator)?;
        if let Some(hash) = operator.password_hash.clone().filter(|_| !session.is_enrolment) {
            self.may_try(WAY, origin, Some(&operator.login))?;
            let old: String = old.unwrap_or_default().chars().take(PASSWORD_CHARS_MAX).collect();
            if !self.hasher.verify(old, Some(hash)).await? {
                let who = (Some(&*operator.login), Some(&*operator.id));
                self.refuse((WAY, "wrong"), origin, who).await;
                return Err(SigninError::Refused);
            }
            self.count(WAY, Outcome::Kept, "");
        }
        operator.password_hash = Some(self.hasher.hash(new.to_owned()).await?);
        self.save_own(session, operator, "operator.password", true).await
    }

    /// Begins to set up an authenticator; it counts once a first code is shown.
    pub async fn begin_totp(&self, session: &Session) -> Result<TotpOffer, SigninError> {
        let mut operator = self.own(session)?;
        self.must_prove(session)?;
        let mut bytes = [0_u8; 20];
        getrandom::fill(&mut bytes)?;
        let secret = Secret::Raw(bytes.to_vec()).to_encoded().to_string();
        let uri = authenticator(&secret, &operator.login)?.get_url();
        operator.totp_pending = Some(self.seal.close(&operator.id, &secret)?);
        self.save_own(session, operator, "operator.totp_begin", false).await?;
        Ok(TotpOffer { uri, secret })
    }

    /// Proves the authenticator by a code; from now on its codes are asked for.
    pub async fn finish_totp(
        &self,
        session: &Session,
        code: &str,
        origin: &Origin,
    ) -> Result<(), SigninError> {
        const WAY: &str = "change";
        let mut operator = self.own(session)?;
        self.must_prove(session)?;
        let again = || SigninError::Conflict("begin to set up an authenticator first".into());
        let sealed = operator.totp_pending.take().ok_or_else(again)?;
        let secret = self.seal.open(&operator.id, &sealed).map_err(|_| again())?;
        self.may_try(WAY, origin, Some(&operator.login))?;
        let step = step_of(&secret, &operator.login, code, self.seconds())?;
        let is_fresh = match step {
            Some(step) => self.state.take_totp_step(&operator.id, step).await?,
            None => false,
        };
        if !is_fresh {
            let who = (Some(&*operator.login), Some(&*operator.id));
            self.refuse((WAY, "wrong_code"), origin, who).await;
            return Err(SigninError::Refused);
        }
        self.count(WAY, Outcome::Kept, "");
        operator.totp_secret = Some(sealed);
        self.save_own(session, operator, "operator.totp", true).await
    }

    /// The signed-in operator as they are now, if what they sign in with is kept here.
    pub(super) fn own(&self, session: &Session) -> Result<Operator, SigninError> {
        let book = self.book();
        let known = book.by_id.get(&session.operator.id).ok_or(SigninError::Expired)?;
        if let Some((provider, _)) = &known.operator.subject {
            return Err(SigninError::Conflict(format!(
                "you sign in by the identity provider `{provider}`: it keeps what you sign in with"
            )));
        }
        Ok((*known.operator).clone())
    }

    async fn save_own(
        &self,
        session: &Session,
        mut operator: Operator,
        verb: &str,
        ends_others: bool,
    ) -> Result<(), SigninError> {
        operator.version += 1;
        operator.changed_at = self.clock.now();
        let object = format!("operator:{}", operator.id);
        let act = self.act(&operator.id, verb, &object, json!({"session": session.id}));
        let ends = ends_others.then_some(Some(session.hash));
        self.state.change_operator(&operator, ends, &[act]).await?;
        self.enrolled(session).await
    }
}

fn check_password(password: &str, operator: &Operator) -> Result<(), SigninError> {
    let count = password.chars().count();
    if !(PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&count) {
        return Err(SigninError::Invalid(format!(
            "the password has {count} characters; \
             {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} are taken"
        )));
    }
    let mut letters: Vec<char> = password.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    let has_login = password.to_lowercase().contains(&operator.login);
    if letters.len() < 5 || has_login {
        let why = "the password is too easy to guess: take several words nobody says together";
        return Err(SigninError::Invalid(why.into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    /// SOURCE: RFC 6238, appendix B (SHA-1, the last six digits).
    #[test]
    fn codes_are_those_of_the_standard_within_one_step() {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let step = |code: &str, now| step_of(secret, "ana", code, now).unwrap();
        assert_eq!(step("287082", 59), Some(1));
        assert_eq!(step("081804", 1_111_111_109), Some(37_037_036));
        assert_eq!(step("081 804", 1_111_111_109 + 30), Some(37_037_036));
        assert_eq!(step("081804", 1_111_111_109 + 61), None);
        assert_eq!(step("000000", 59), None);
        assert_eq!(step("", 59), None);
    }
}
