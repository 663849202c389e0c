//! Which known word a mistyped one was probably meant to be.

use strsim::damerau_levenshtein;

/// Longest word that is compared; longer ones are no typing error of ours.
const WORD_CHARS_MAX: usize = 64;

/// The known word nearest to `found`, if one is near enough to be worth naming.
///
/// Near enough: at most a third of its letters differ (at least one may), or one word is the
/// other without its dashes, underscores and case. The first of equally near words wins.
pub fn nearest<'k>(found: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if found.chars().count() > WORD_CHARS_MAX {
        return None;
    }
    let plain = plain(found);
    let mut best: Option<(usize, &'k str)> = None;
    for word in known {
        // Lengths alone tell most strangers; the allowance is for stripped dashes.
        if word.len().abs_diff(found.len()) > word.len().max(found.len()) / 3 + 3 {
            continue;
        }
        let distance = damerau_levenshtein(&plain, &self::plain(word));
        let allowed = (plain.chars().count().max(word.chars().count()) / 3).max(1);
        let is_near = distance <= allowed && distance < plain.chars().count();
        if is_near && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, word));
        }
    }
    best.map(|(_, word)| word)
}

/// Ends a message about an unknown word: names the nearest known one, or all of them.
pub fn hint(found: &str, known: &[&str]) -> String {
    match nearest(found, known.iter().copied()) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("known: {}", known.join(", ")),
    }
}

fn plain(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_none() {
        let known = ["person", "name", "valid_from", "valid_to"];
        for (found, expected) in [
            ("persn", Some("person")),
            ("preson", Some("person")),
            ("Valid-From", Some("valid_from")),
            ("validto", Some("valid_to")),
            ("nmae", Some("name")),
            ("colour", None),
            ("q", None),
            (&"x".repeat(500), None),
        ] {
            assert_eq!(nearest(found, known), expected, "{found}");
        }
        assert_eq!(hint("zzz", &["in", "out"]), "known: in, out");
    }
}
