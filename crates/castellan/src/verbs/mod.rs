//! One module per verb; each only reads its arguments, calls the engine and prints.

pub mod access;
pub mod admin;
pub mod bench;
pub mod check;
pub mod demo;
pub mod edge;
pub mod explain;
pub mod import;
pub mod imports;
pub mod normalise;
pub mod operator;
pub mod osdp;
pub mod query;
pub mod replay;
pub mod revocations;
pub mod rules;
pub mod serve;
pub mod sim;
pub mod token;
pub mod trial;
pub mod whereabouts;

use std::path::{Path, PathBuf};

use engine::config::Config;

use crate::output::{self, Ended, Format, Outcome};

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

/// Which data folder a verb works on.
#[derive(Debug, Clone, clap::Args)]
pub struct DataArg {
    /// Data folder [default: castellan-data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The server's configuration file: its data folder is meant
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "data")]
    config: Option<PathBuf>,
}

impl DataArg {
    /// Whether somebody named one.
    pub fn is_named(&self) -> bool {
        self.data.is_some() || self.config.is_some()
    }

    /// The configuration meant; `None` when it has errors, which are printed.
    pub fn config(&self, format: Format) -> anyhow::Result<Option<Config>> {
        let Some(path) = &self.config else {
            let folder = self.data.clone().unwrap_or_else(|| PathBuf::from("castellan-data"));
            return Ok(Config::embedded(folder, ([127, 0, 0, 1], 0).into()));
        };
        let mut problems = Vec::new();
        let config = engine::offline::read_config(path, &mut problems)?;
        output::problems(&problems, format)?;
        Ok(config)
    }
}

/// Says that a verb has made a data folder that was not there: easily done in the wrong place.
pub fn tell_if_made(data: &Path, was_there: bool) {
    if !was_there && data.exists() {
        output::note(format_args!(
            "made the data folder {}; a server elsewhere is meant with --config or --data",
            data.display()
        ));
    }
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
