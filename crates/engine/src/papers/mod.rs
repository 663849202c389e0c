//! What leaves the house on paper or as a file: evidence bundles and reports.
//!
//! Both are gathered in bounded memory, a few at a time, and leave an act in the audit chain that
//! holds their hash: what was handed over can be told from what was made of it.

pub mod bundle;
mod history;
pub mod muster;
pub mod report;
mod shift;
pub mod texts;

use std::sync::Arc;

use model::{PersonId, PlaceId};
use sha2::{Digest, Sha256};
use store::StoreError;

use crate::engine::Engine;
use crate::knowledge::Knowledge;

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

/// Texts of a paper, with ids in place of the names that its reader may not see.
struct Covering<'a> {
    knowledge: Arc<Knowledge>,
    sees: &'a (dyn Fn(&PersonId) -> bool + Sync),
}

impl Covering<'_> {
    /// JSON text; `None` when it names nobody who is to be covered.
    fn json(&self, json: &str) -> Option<String> {
        let covered = self.knowledge.veil.cover_json(json, &|person| (self.sees)(person));
        covered.filter(|covered| covered != json)
    }

    /// Plain text.
    fn text(&self, text: &str) -> String {
        let covered = self.knowledge.veil.cover_text(text, &|person| (self.sees)(person));
        covered.unwrap_or_else(|| text.to_owned())
    }

    /// Words that people wrote.
    fn typed(&self, text: &str) -> String {
        let covered = self.knowledge.veil.cover_typed(text, &|person| (self.sees)(person));
        covered.unwrap_or_else(|| text.to_owned())
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl Engine {
    /// A place's name, or its id if it has none.
    fn place_name(&self, place: &PlaceId) -> String {
        let knowledge = self.current.get();
        let name = knowledge.org.places.get(place).and_then(|place| place.name.clone());
        name.unwrap_or_else(|| place.as_str().to_owned())
    }
}
