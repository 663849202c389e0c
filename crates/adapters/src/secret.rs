//! Secrets as references. The value is read when needed and never shown.

use std::env;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits;

/// Where a secret is kept: `file:PATH` or `env:NAME`.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// The first line of a file.
    File(PathBuf),
    /// An environment variable.
    Env(String),
}

/// Why a secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Neither form. The text is not repeated: it may be the secret itself.
    #[error("a secret must be given as `file:PATH` or `env:NAME`, never as itself")]
    NotAReference,
    /// The file cannot be read.
    #[error("cannot read the secret file `{}`: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is nothing, or too much, in it.
    #[error("the secret {reference} is {problem}")]
    Unusable {
        /// The reference, such as `env:MAIL_PASSWORD`.
        reference: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl FromStr for SecretRef {
    type Err = SecretError;
    fn from_str(text: &str) -> Result<Self, SecretError> {
        match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(PathBuf::from(path))),
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            _ => Err(SecretError::NotAReference),
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Env(name) => write!(f, "env:{name}"),
        }
    }
}

impl fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretRef({self})")
    }
}

impl Serialize for SecretRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl SecretRef {
    /// Reads the secret. Of a file: everything but one line end at its end.
    pub fn resolve(&self) -> Result<Secret, SecretError> {
        let mut bytes = match self {
            Self::File(path) => read_file(path)
                .map_err(|source| SecretError::File { path: path.clone(), source })?,
            Self::Env(name) => {
                env::var(name).map_err(|_| self.unusable("not set or not UTF-8"))?.into_bytes()
            }
        };
        if bytes.len() as u64 > limits::SECRET_BYTES_MAX {
            return Err(self.unusable("longer than 64 KiB"));
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        if bytes.is_empty() {
            return Err(self.unusable("empty"));
        }
        Ok(Secret(bytes))
    }

    fn unusable(&self, problem: &'static str) -> SecretError {
        SecretError::Unusable { reference: format!("`{self}`"), problem }
    }
}

fn read_file(path: &PathBuf) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limits::SECRET_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A secret's bytes. Its debug form shows nothing of them, not even their number.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// From bytes read elsewhere.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
    /// The bytes. Never log them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
    /// The bytes as text, where they are UTF-8. Never log it.
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use std::fs;

    use super::*;

    #[test]
    fn a_secret_is_read_from_its_file_without_its_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        fs::write(&path, "corréct horse \r\n").unwrap();
        let reference: SecretRef = format!("file:{}", path.display()).parse().unwrap();
        assert_eq!(reference.resolve().unwrap().expose_text(), Some("corréct horse "));
    }

    #[test]
    fn nothing_that_is_printed_shows_a_secret() {
        assert_eq!(format!("{:?}", Secret::new(b"hunter2".to_vec())), "Secret(…)");
        let said = "hunter2".parse::<SecretRef>().unwrap_err().to_string();
        assert!(!said.contains("hunter2"), "{said}");
        let said = serde_json_error("hunter2");
        assert!(!said.contains("hunter2"), "{said}");
    }

    fn serde_json_error(text: &str) -> String {
        use serde::de::IntoDeserializer;
        use serde::de::value::{Error, StrDeserializer};
        let from: StrDeserializer<'_, Error> = text.into_deserializer();
        SecretRef::deserialize(from).unwrap_err().to_string()
    }

    #[test]
    fn a_missing_or_empty_secret_names_its_reference() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("empty");
        fs::write(&path, "\n").unwrap();
        let empty = SecretRef::File(path).resolve().unwrap_err().to_string();
        assert!(empty.ends_with("empty` is empty"), "{empty}");
        let unset = SecretRef::Env("CASTELLAN_TEST_UNSET".into()).resolve().unwrap_err();
        assert_eq!(
            unset.to_string(),
            "the secret `env:CASTELLAN_TEST_UNSET` is not set or not UTF-8"
        );
    }
}
