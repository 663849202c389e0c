//! What is wrong with a file a person wrote: where, what was found, what was expected.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A place in a text; both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Position {
    /// Line, from 1.
    pub line: u64,
    /// Column in characters, from 1.
    pub column: u64,
}

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gravity {
    /// Must be mended before the content is used.
    Error,
    /// Is used as it stands, but deserves a look.
    Warning,
}

/// One thing that is wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// File, relative to the folder that was checked.
    pub file: String,
    /// Where in it, when known.
    pub position: Option<Position>,
    /// Error or warning.
    pub gravity: Gravity,
    /// Stable code, such as `unknown_key`.
    pub code: String,
    /// One sentence: which thing, what was found, what was expected.
    pub message: String,
}

impl Problem {
    /// An error at a place.
    pub fn error(file: &str, position: Option<Position>, code: &str, message: String) -> Self {
        let (file, code) = (file.to_owned(), code.to_owned());
        Self { file, position, gravity: Gravity::Error, code, message }
    }
    /// A warning at a place.
    pub fn warning(file: &str, position: Option<Position>, code: &str, message: String) -> Self {
        let (file, code) = (file.to_owned(), code.to_owned());
        Self { file, position, gravity: Gravity::Warning, code, message }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(at) = self.position {
            write!(f, ":{}:{}", at.line, at.column)?;
        }
        let word = match self.gravity {
            Gravity::Error => "error",
            Gravity::Warning => "warning",
        };
        write!(f, ": {word}: {} [{}]", self.message, self.code)
    }
}

/// A byte offset of `text` as line and column.
pub fn position_at(text: &str, offset: usize) -> Position {
    let head = text.get(..offset.min(text.len())).unwrap_or(text);
    let line = head.bytes().filter(|b| *b == b'\n').count() as u64 + 1;
    let tail = head.rsplit('\n').next().unwrap_or(head);
    Position { line, column: tail.chars().count() as u64 + 1 }
}
