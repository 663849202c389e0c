//! Words that people type: which characters they may hold.
//!
//! What cannot be seen must not be there: a control character that a terminal obeys, an override
//! that turns around how a name reads, a space of no width that makes two names look the same.
//! Names and titles are one plain line. Longer texts may also hold what writing in some scripts
//! needs and what harms nobody: lines, tabs, direction marks and isolates (which end with their
//! paragraph), joiners and breaks of no width.

use std::fmt;

/// What is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// A name, a title, a label: one line.
    Line,
    /// A comment, a reason, a description: any number of lines.
    Text,
}

/// A character that may not be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit {
    /// Its place, from 1, counted in characters.
    pub position: usize,
    /// Which.
    pub character: char,
    /// What it is, in words.
    pub what: &'static str,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = u32::from(self.character);
        write!(f, "character {} is U+{code:04X}, {}", self.position, self.what)
    }
}

/// Finds the first character that may not be there.
pub fn check(text: &str, words: Words) -> Result<(), Unfit> {
    let mut before = None;
    let mut rest = text.chars().enumerate().peekable();
    while let Some((at, character)) = rest.next() {
        let after = rest.peek().map(|(_, next)| *next);
        if let Some(what) = unfit((before, character, after), words) {
            return Err(Unfit { position: at + 1, character, what });
        }
        before = Some(character);
    }
    Ok(())
}

fn unfit(
    (before, character, after): (Option<char>, char, Option<char>),
    words: Words,
) -> Option<&'static str> {
    let is_line = words == Words::Line;
    match character {
        '\n' | '\t' if !is_line => None,
        '\r' if !is_line && after == Some('\n') => None,
        c if c.is_control() => Some("a control character"),
        '\u{202A}'..='\u{202E}' => Some("which turns around how the text reads"),
        '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}' => Some("which cannot be seen"),
        '\u{2028}' | '\u{2029}' if is_line => Some("a line break"),
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2066}'..='\u{2069}' if is_line => {
            Some("which changes the direction of what follows")
        }
        '\u{00AD}'
        | '\u{034F}'
        | '\u{180E}'
        | '\u{200B}'
        | '\u{2060}'..='\u{2064}'
        | '\u{FEFF}'
            if is_line =>
        {
            Some("which cannot be seen")
        }
        // Persian, the scripts of India and joined pictures need them, between their own signs.
        '\u{200C}' | '\u{200D}' if is_line => {
            let is_foreign = |c: Option<char>| c.is_some_and(|c| !c.is_ascii());
            (!is_foreign(before) || !is_foreign(after)).then_some("which cannot be seen")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, words: Words, expected: &str) {
        let found = check(text, words).map_err(|unfit| unfit.to_string());
        assert_eq!(found, Err(expected.to_owned()), "{text:?}");
    }

    #[test]
    fn what_people_write_passes() {
        for text in
            ["Zoë Okonkwo", "王小明", "مريم 3", "می\u{200C}خواهم", "👩\u{200D}🚒", "a  b", ""]
        {
            assert_eq!(check(text, Words::Line), Ok(()), "{text}");
            assert_eq!(check(text, Words::Text), Ok(()), "{text}");
        }
        for text in ["one\r\ntwo\n\tthree", "\u{2068}مريم\u{2069} came", "soft\u{AD}ly\u{200B}"]
        {
            assert_eq!(check(text, Words::Text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_named_with_its_place() {
        refused("ab\0", Words::Text, "character 3 is U+0000, a control character");
        refused("\u{1b}[31m", Words::Text, "character 1 is U+001B, a control character");
        refused("a\rb", Words::Text, "character 2 is U+000D, a control character");
        refused("a\nb", Words::Line, "character 2 is U+000A, a control character");
        refused("é\u{9b}", Words::Line, "character 2 is U+009B, a control character");
        for words in [Words::Line, Words::Text] {
            refused(
                "x\u{202e}y",
                words,
                "character 2 is U+202E, which turns around how the text reads",
            );
            refused("x\u{e0041}", words, "character 2 is U+E0041, which cannot be seen");
        }
        refused("ana\u{200b}", Words::Line, "character 4 is U+200B, which cannot be seen");
        refused("an\u{200d}a", Words::Line, "character 3 is U+200D, which cannot be seen");
        refused(
            "\u{2066}ana",
            Words::Line,
            "character 1 is U+2066, which changes the direction of what follows",
        );
    }
}
