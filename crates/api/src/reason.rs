//! The reason that somebody types for an act, beside the act.

use engine::Engine;
use model::text::Words;
use serde::Deserialize;

use crate::problem::{Answer, Problem};

/// Longest reason, in characters.
pub const REASON_CHARS_MAX: usize = 500;

/// Refuses words with characters that may not be there. `what`: the field.
pub fn fit(what: &str, text: &str, words: Words) -> Answer<()> {
    let refused = |unfit| Problem::bad_request(format!("`{what}`: {unfit}"));
    model::text::check(text, words).map_err(refused)
}

/// Why.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Reason {
    /// In a person's words; kept in the audit log.
    reason: Option<String>,
}

impl Reason {
    /// Fails when it is too long to be kept, or holds what cannot be seen.
    pub fn check(&self) -> Answer<()> {
        let Some(text) = &self.reason else { return Ok(()) };
        if text.chars().count() > REASON_CHARS_MAX {
            let detail = format!("`reason` is longer than {REASON_CHARS_MAX} characters");
            return Err(Problem::bad_request(detail));
        }
        fit("reason", text, Words::Text)
    }

    /// The reason, which must be given.
    pub fn wanted(&self) -> Answer<&str> {
        self.check()?;
        let text = self.reason.as_deref().map(str::trim).filter(|text| !text.is_empty());
        text.ok_or_else(|| {
            Problem::bad_request("say why, in `reason`: it is kept in the audit log")
        })
    }

    /// Keeps it for an act that is done: `verb` to `object`.
    pub async fn note(&self, engine: &Engine, of: (&str, &str), by: &str) -> Answer<()> {
        let text = self.reason.as_deref().map(str::trim).filter(|text| !text.is_empty());
        if let Some(text) = text {
            engine.note_reason(of, text, by).await?;
        }
        Ok(())
    }
}
