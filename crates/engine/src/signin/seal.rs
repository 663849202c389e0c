//! Sealing: what an authenticator's codes are made of must not be read from a copy of the state.
//!
//! SOURCE: RFC 8439 (ChaCha20-Poly1305). The key is 32 random bytes in a file beside the state, or
//! wherever the configuration's reference leads; it is never in the state itself. What is sealed is
//! bound to its operator, so that nobody's secret can be put in another's place.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde_json::json;

use super::{Signin, SigninError, act_at};
use crate::config::{Config, SecretText};
use crate::folder;
use crate::listeners;

/// Where the key lies in the data folder, readable by its owner alone.
pub const SEAL_KEY_FILE: &str = "seal.key";
/// What stands before everything that is sealed in this way.
const MARK: &str = "sealed1:";

/// Why something cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The key cannot be had.
    #[error("the sealing key `{file}` cannot be used: {why}")]
    Key {
        /// Which file.
        file: String,
        /// What was expected and found.
        why: String,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// Sealed with another key, for somebody else, or changed since.
    #[error("this was not sealed with this key")]
    Unreadable,
}

impl From<SealError> for SigninError {
    fn from(error: SealError) -> Self {
        Self::System(error.to_string())
    }
}

/// The key.
pub struct Seal(LessSafeKey);

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(…)")
    }
}

impl Seal {
    /// The key that the configuration names, else the one in the data folder, which is made when
    /// it is missing.
    pub fn of(config: &Config) -> Result<Self, SealError> {
        match &config.seal_key {
            Some(reference) => Self::named(reference),
            None => Self::in_folder(&config.data),
        }
    }

    fn named(reference: &SecretText) -> Result<Self, SealError> {
        let unusable = |why: String| SealError::Key { file: reference.value.clone(), why };
        let secret = listeners::secret(reference, "the sealing key");
        let secret = secret.map_err(|error| unusable(error.to_string()))?;
        Self::read(secret.expose_text().unwrap_or_default()).map_err(unusable)
    }

    fn in_folder(data: &Path) -> Result<Self, SealError> {
        let path = data.join(SEAL_KEY_FILE);
        let unusable = |why: String| SealError::Key { file: path.display().to_string(), why };
        match fs::read_to_string(&path) {
            Ok(text) => {
                let mode = fs::metadata(&path).map_or(0, |found| found.permissions().mode());
                if mode & 0o077 != 0 {
                    let file = path.display();
                    tracing::warn!(%file, "others may read the sealing key; run chmod 600 on it");
                }
                Self::read(&text).map_err(unusable)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut bytes = [0_u8; 32];
                getrandom::fill(&mut bytes)?;
                let text = hex::encode(bytes);
                write(&path, &text).map_err(|error| unusable(error.to_string()))?;
                Self::read(&text).map_err(unusable)
            }
            Err(error) => Err(unusable(error.to_string())),
        }
    }

    fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let expected = "expected 64 hexadecimal digits (as `openssl rand -hex 32` prints them)";
        let bytes = hex::decode(text).map_err(|_| expected.to_owned())?;
        let found = bytes.len();
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes);
        let key = key.map_err(|_| format!("{expected}, found {found} bytes"))?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Seals a text for an operator.
    pub fn close(&self, operator: &str, plain: &str) -> Result<String, SealError> {
        let mut nonce = [0_u8; NONCE_LEN];
        getrandom::fill(&mut nonce)?;
        let mut sealed = plain.as_bytes().to_vec();
        let used = Nonce::assume_unique_for_key(nonce);
        let done = self.0.seal_in_place_append_tag(used, bound_to(operator), &mut sealed);
        done.map_err(|_| SealError::Unreadable)?;
        let whole = [&nonce[..], &sealed].concat();
        Ok(format!("{MARK}{}", STANDARD_NO_PAD.encode(whole)))
    }

    /// Opens what was sealed for this operator.
    pub fn open(&self, operator: &str, sealed: &str) -> Result<String, SealError> {
        let unreadable = || SealError::Unreadable;
        let text = sealed.strip_prefix(MARK).ok_or_else(unreadable)?;
        let whole = STANDARD_NO_PAD.decode(text).map_err(|_| unreadable())?;
        let (nonce, sealed) = whole.split_at_checked(NONCE_LEN).ok_or_else(unreadable)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| unreadable())?;
        let mut sealed = sealed.to_vec();
        let plain = self.0.open_in_place(nonce, bound_to(operator), &mut sealed);
        let plain = plain.map_err(|_| unreadable())?;
        String::from_utf8(plain.to_vec()).map_err(|_| unreadable())
    }
}

/// A crash leaves the whole key or none.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let unfinished = path.with_extension("new");
    let _ = fs::remove_file(&unfinished);
    let mut file = folder::private(&unfinished)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}

fn bound_to(operator: &str) -> Aad<Vec<u8>> {
    Aad::from(format!("castellan totp\0{operator}").into_bytes())
}

fn is_sealed(text: &str) -> bool {
    text.starts_with(MARK)
}

impl Signin {
    /// Seals what an earlier release kept in the clear, and tells of what this key does not open.
    pub async fn seal_all(&self) -> Result<(), SigninError> {
        let mut plain = 0_u64;
        let mut unreadable = 0_u64;
        for operator in self.state.operators().await? {
            let kept = [&operator.totp_secret, &operator.totp_pending];
            if kept.into_iter().flatten().any(|text| !is_sealed(text)) {
                let close = |text: &Option<String>| match text {
                    Some(text) if !is_sealed(text) => self.seal.close(&operator.id, text).map(Some),
                    kept => Ok(kept.clone()),
                };
                let (secret, pending) =
                    (close(&operator.totp_secret)?, close(&operator.totp_pending)?);
                self.state.seal_operator(&operator, (secret, pending)).await?;
                plain += 1;
            } else if let Some(sealed) = &operator.totp_secret
                && self.seal.open(&operator.id, sealed).is_err()
            {
                unreadable += 1;
            }
        }
        if plain > 0 {
            let detail = json!({"operators": plain});
            let act =
                act_at(self.clock.now(), "castellan", "operator.seal", "operator:all", detail);
            self.state.record_acts(&[act]).await?;
            if let Err(error) = self.state.wipe_free_pages().await {
                tracing::error!(
                    reason = %error,
                    "authenticators are sealed, but the file may still hold what they were"
                );
            }
        }
        if unreadable > 0 {
            tracing::error!(
                operators = unreadable,
                "the sealing key does not open these operators' authenticators: restore the key \
                 that belongs to this state, or let each in again by `castellan admin operator \
                 reset`"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_operator_with_its_key_alone() {
        let seal = Seal::read(&"0a".repeat(32)).unwrap();
        let sealed = seal.close("op-1", "GEZDGNBVGY3TQOJQ").unwrap();
        assert!(is_sealed(&sealed) && !sealed.contains("GEZDGNBV"));
        assert_ne!(sealed, seal.close("op-1", "GEZDGNBVGY3TQOJQ").unwrap());
        assert_eq!(seal.open("op-1", &sealed).unwrap(), "GEZDGNBVGY3TQOJQ");
        assert!(seal.open("op-2", &sealed).is_err());
        let other = Seal::read(&"0b".repeat(32)).unwrap();
        assert!(other.open("op-1", &sealed).is_err());
        let mut changed = sealed.clone();
        let last = if changed.pop() == Some('A') { 'B' } else { 'A' };
        changed.push(last);
        assert!(seal.open("op-1", &changed).is_err());
        for broken in ["", "sealed1:", "sealed1:AAAA", "GEZDGNBVGY3TQOJQ"] {
            assert!(seal.open("op-1", broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn the_key_is_made_once_for_its_owner_alone_and_a_broken_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = Seal::in_folder(folder.path()).unwrap().close("op-1", "x").unwrap();
        let path = folder.path().join(SEAL_KEY_FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Seal::in_folder(folder.path()).unwrap().open("op-1", &sealed).unwrap(), "x");
        for broken in ["", "zz", "0a0a"] {
            fs::write(&path, broken).unwrap();
            let said = Seal::in_folder(folder.path()).unwrap_err().to_string();
            assert!(said.contains("64 hexadecimal digits"), "{said}");
        }
    }
}
