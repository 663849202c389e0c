//! What the command line does without a server: pure kernels over files.

mod access;
mod check;
mod content;
mod data;
mod explain;
mod normalise;
mod operators;
pub mod osdp;
mod replay;
pub(crate) mod rules;
mod verify;
mod whereabouts;

pub use access::{
    ExplainError, explain_access, import_access, import_map, import_texts, undo_access,
};
pub use check::{CheckReport, CheckRequest, check, read_config};
pub use content::{
    Content, OrgFolder, Tolerant, content, folder, folder_of_files, organisation,
    organisation_of_files, tolerant, unknown_mappings,
};
pub use data::{
    DataError, Imported, create_token, export, import, import_photos, import_rights, query,
    replay_lake, revoke_token, tokens,
};
pub use explain::{InFile, explain, explain_stored};
pub use normalise::{NormaliseRequest, NormaliseSummary, normalise};
pub use operators::{
    Place, add_operator, disable_operator, operator_link, operators, reset_operator,
};
pub use replay::{ReplayRequest, ReplayStep, ReplaySummary, replay_telling};
pub use rules::{
    CaseLine, CheckedRules, EvalReport, TestedRules, rules_check, rules_eval, rules_test,
};
pub use verify::{VerifyLine, VerifyReport, verify, verify_audit};
pub use whereabouts::{Answered, WhereaboutsSummary, whereabouts};

/// Why an offline verb could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// A file could not be read.
    #[error("cannot read `{file}`: {why}")]
    Read {
        /// Which.
        file: String,
        /// Why.
        why: String,
    },
    /// A file could not be opened or read to its end.
    #[error("{0}")]
    File(String),
    /// The output could not be written.
    #[error("cannot write the output: {0}")]
    Write(#[from] std::io::Error),
    /// Something named on the command line does not exist.
    #[error("there is no {what} `{name}`{hint}")]
    Unknown {
        /// Mapping, source …
        what: &'static str,
        /// The name.
        name: String,
        /// `; did you mean …`, or empty.
        hint: String,
    },
    /// More than fits.
    #[error("{what}: more than {max}; take it in pieces with --from and --to")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
}

/// `; did you mean …?` for the nearest of the known names, or nothing. A name that was begun but
/// not ended is nearer than one that is mistyped.
fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let is_begun = |k: &str| name.len() >= 3 && k.starts_with(name);
    let distance = |k: &str| match is_begun(k) {
        true => 0,
        false => strsim::damerau_levenshtein(name, k),
    };
    let nearest = known.map(|k| (distance(k), k)).min().filter(|(distance, _)| *distance <= 3);
    nearest.map_or_else(String::new, |(_, k)| format!("; did you mean `{k}`?"))
}
