//! Words that people put to an incident: some, not too many, and none that cannot be seen.

use model::text::Words;

use crate::act::{ActRefused, refused};
use crate::limits::TEXT_CHARS_MAX;

/// Refuses words that are none, too many, or hold what may not be there.
pub(crate) fn some_text(what: &str, text: &str) -> Result<(), ActRefused> {
    if text.trim().is_empty() {
        return Err(refused("empty_text", format!("{what} is empty")));
    }
    if text.chars().count() > TEXT_CHARS_MAX {
        let message = format!("{what} is longer than {TEXT_CHARS_MAX} characters");
        return Err(refused("text_too_long", message));
    }
    fit(what, text, Words::Text)
}

/// Refuses words with characters that may not be there.
pub(crate) fn fit(what: &str, text: &str, words: Words) -> Result<(), ActRefused> {
    model::text::check(text, words)
        .map_err(|unfit| refused("bad_character", format!("{what}: {unfit}")))
}
