//! What leaves the house on paper or as a file: evidence bundles and reports.
//!
//! Both are gathered in bounded memory, a few at a time, and leave an act in the audit chain that
//! holds their hash: what was handed over can be told from what was made of it.

pub mod bundle;
mod history;
pub mod report;
mod shift;
pub mod texts;

use sha2::{Digest, Sha256};
use store::StoreError;

/// Why a paper is not made.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// What was asked for cannot be.
    #[error("{0}")]
    Invalid(String),
    /// It could not be put into its form.
    #[error("it could not be written: {0}")]
    Form(String),
    /// History.
    #[error(transparent)]
    Lake(#[from] lake::LakeError),
    /// State.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<codec::archive::ArchiveError> for PaperError {
    fn from(error: codec::archive::ArchiveError) -> Self {
        Self::Form(error.to_string())
    }
}

impl From<serde_json::Error> for PaperError {
    fn from(error: serde_json::Error) -> Self {
        Self::Form(error.to_string())
    }
}

/// A paper, ready to be handed over.
#[derive(Debug, Clone)]
pub struct Paper {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Their SHA-256, in hexadecimal.
    pub sha256: String,
    /// What to call the file.
    pub name: String,
}

impl Paper {
    fn new(bytes: Vec<u8>, name: String) -> Self {
        let sha256 = sha256(&bytes);
        Self { bytes, sha256, name }
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
