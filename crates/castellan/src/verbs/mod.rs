//! One module per verb; each only reads its arguments, calls the engine and prints.

pub mod admin;
pub mod bench;
pub mod check;
pub mod demo;
pub mod import;
pub mod normalise;
pub mod query;
pub mod replay;
pub mod rules;
pub mod serve;
pub mod token;

use std::path::PathBuf;

use crate::output::{Ended, Outcome};

/// Prints the OpenAPI document that the code describes.
pub fn openapi() -> Outcome {
    crate::output::line(api::openapi_json()?)?;
    Ok(Ended::Done)
}

/// Where extra content lies.
#[derive(Debug, Clone, clap::Args)]
pub struct ContentArg {
    /// A folder with mappings/ and rules/ that adds to the shipped ones; same name overrides.
    #[arg(long, value_name = "DIR")]
    pub content: Option<PathBuf>,
}

/// `NAME=FILE`.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// Left of the equals sign.
    pub name: String,
    /// Right of it.
    pub file: PathBuf,
}

/// Reads `NAME=FILE`.
pub fn assignment(text: &str) -> Result<Assignment, String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => {
            Ok(Assignment { name: name.to_owned(), file: PathBuf::from(file) })
        }
        Some(_) | None => Err(format!("`{text}`: expected NAME=FILE")),
    }
}
