//! `castellan admin verify` and `audit`: integrity, offline.

use std::fmt;
use std::path::Path;

use serde::Serialize;
use store::state::LakeFileState;
use store::{State, StoreError};

use super::DataError;

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct VerifyLine {
    /// `journal`, `state`, `audit`, `lake`.
    pub part: &'static str,
    /// Whether it is whole.
    pub is_whole: bool,
    /// What was found.
    pub found: String,
}

impl fmt::Display for VerifyLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_whole { "ok  " } else { "FAIL" };
        write!(f, "{word} {}: {}", self.part, self.found)
    }
}

/// Everything that was looked at.
#[derive(Debug, Default)]
pub struct VerifyReport {
    /// Line by line.
    pub lines: Vec<VerifyLine>,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.lines.iter().all(|line| line.is_whole)
    }

    fn add(&mut self, part: &'static str, is_whole: bool, found: String) {
        self.lines.push(VerifyLine { part, is_whole, found });
    }
}

/// Checks the audit chain.
pub fn verify_audit(data: &Path) -> Result<VerifyReport, DataError> {
    let mut report = VerifyReport::default();
    let path = data.join("state.db");
    if !path.exists() {
        return Err(DataError::NoData(data.display().to_string()));
    }
    let audit = store::verify_audit(&path)?;
    let found = match &audit.broken_at {
        None => format!("{} acts, head {}", audit.entries, audit.head_hex()),
        Some(broken) => format!("broken at act {}: {}", broken.seq, broken.detail),
    };
    report.add("audit", audit.broken_at.is_none(), found);
    Ok(report)
}

/// Checks journal, audit chain and lake.
pub fn verify(data: &Path) -> Result<VerifyReport, DataError> {
    let mut report = verify_audit(data)?;
    match store::verify(&data.join("journal")) {
        Ok(journal) => {
            let (segments, records) = (journal.segments, journal.records);
            let mut found = format!("{records} records in {segments} segments");
            for problem in &journal.problems {
                found.push_str("; ");
                found.push_str(problem);
            }
            report.add("journal", journal.is_whole(), found);
        }
        Err(error) => report.add("journal", false, error.to_string()),
    }
    let lake = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let lake = lake.map_err(|e| DataError::Folder {
        folder: data.display().to_string(),
        why: e.to_string(),
    })?;
    match lake.block_on(lake_files(data)) {
        Ok((files, rows, missing)) if missing.is_empty() => {
            report.add("lake", true, format!("{rows} rows in {files} files"));
        }
        Ok((files, _, missing)) => {
            let first = missing.first().cloned().unwrap_or_default();
            let found =
                format!("{} of {files} files missing or cut, such as {first}", missing.len());
            report.add("lake", false, found);
        }
        Err(error) => report.add("lake", false, error.to_string()),
    }
    Ok(report)
}

/// Files that the catalogue names, their rows, and those that are not there at their full size.
async fn lake_files(data: &Path) -> Result<(usize, u64, Vec<String>), StoreError> {
    let state = State::open(&data.join("state.db")).await?;
    let files = state.lake_files(LakeFileState::Live, None, None).await?;
    state.close().await;
    let folder = data.join("lake");
    let is_missing = |path: &str, bytes: u64| {
        std::fs::metadata(folder.join(path)).map_or(true, |found| found.len() != bytes)
    };
    let missing = files.iter().filter(|f| is_missing(&f.path, f.bytes));
    let missing = missing.map(|f| f.path.clone()).collect();
    Ok((files.len(), files.iter().map(|f| f.rows).sum(), missing))
}
