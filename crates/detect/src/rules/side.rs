//! What stands beside the rules: sets that are on or off, exceptions, and where the log sources
//! of other people's rules are found here.

mod dialect;
mod exceptions;
mod sets;

use model::Problem;
use model::problem::Position;
use serde::de::DeserializeOwned;

use super::RuleFile;
pub(super) use dialect::Dialects;
pub use exceptions::ExceptionMeta;
pub(super) use exceptions::{Exceptions, Named};
pub(super) use sets::{Member, Sets};

/// Files with this ending say which rules are on and which are off.
pub(crate) const SETS_ENDING: &str = ".sets.yml";
/// Files with this ending hold exceptions.
pub(crate) const EXCEPTIONS_ENDING: &str = ".exceptions.yml";
/// Files with this ending say where other people's log sources are found here.
pub const LOGSOURCES_ENDING: &str = ".logsources.yml";

/// Everything read from such files.
#[derive(Default)]
pub(super) struct Side {
    pub sets: Sets,
    pub exceptions: Exceptions,
    pub dialects: Dialects,
}

impl Side {
    /// Whether a file holds something other than rules.
    pub(super) fn owns(path: &str) -> bool {
        [SETS_ENDING, EXCEPTIONS_ENDING, LOGSOURCES_ENDING].iter().any(|end| path.ends_with(end))
    }

    /// Reads all of them; what is wrong is left out and named.
    pub(super) fn read(files: &[RuleFile], problems: &mut Vec<Problem>) -> Self {
        let mut side = Self::default();
        for file in files {
            if file.path.ends_with(SETS_ENDING) {
                side.sets.read(file, problems);
            } else if file.path.ends_with(EXCEPTIONS_ENDING) {
                side.exceptions.read(file, problems);
            } else if file.path.ends_with(LOGSOURCES_ENDING) {
                side.dialects.read(file, problems);
            }
        }
        side
    }
}

/// A file as its form, or a problem with line and column.
fn form<T: DeserializeOwned>(file: &RuleFile, problems: &mut Vec<Problem>) -> Option<T> {
    match yaml_serde::from_str(&file.text) {
        Ok(form) => Some(form),
        Err(error) => {
            let at = error.location();
            let at = at.map(|at| Position { line: at.line() as u64, column: at.column() as u64 });
            let message = plain(&error.to_string());
            problems.push(Problem::error(&file.path, at, "invalid_file", message));
            None
        }
    }
}

/// A parser's words without the place that stands in front of them already.
fn plain(message: &str) -> String {
    let cut = message.find(" at line ").unwrap_or(message.len());
    message.get(..cut).unwrap_or(message).to_owned()
}

/// One text or a list of them.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(untagged)]
enum Texts {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

impl Texts {
    fn all(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }

    fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    fn has(&self, text: &str) -> bool {
        self.all().iter().any(|own| own.eq_ignore_ascii_case(text))
    }
}
