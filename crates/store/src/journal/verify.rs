//! Whether a journal at rest is whole: SQLite's check, every checksum, no gap.

use std::path::Path;

use super::opening;
use super::segment::{self, Segment};
use crate::error::StoreError;

/// Rows checked at a time.
const VERIFY_ROWS_MAX: usize = 64;

/// Most problems listed; the rest are counted.
const PROBLEMS_MAX: usize = 100;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// Files.
    pub segments: usize,
    /// Rows.
    pub batches: u64,
    /// Records.
    pub records: u64,
    /// First record, if there is one.
    pub first_seq: Option<u64>,
    /// Last record, if there is one.
    pub last_seq: Option<u64>,
    /// One sentence each, with the file; at most 100.
    pub problems: Vec<String>,
    /// All problems, listed or not.
    pub problems_count: u64,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.problems_count == 0
    }

    fn problem(&mut self, text: String) {
        self.problems_count += 1;
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(text);
        }
    }
}

/// Checks the journal in `dir`, which nobody may hold open. Fails only when it cannot be read
/// at all; what is wrong with it stands in the report.
pub fn verify(dir: &Path) -> Result<VerifyReport, StoreError> {
    let firsts = opening::first_seqs(dir)
        .map_err(|e| StoreError::io(format!("reading `{}`", dir.display()), &e))?;
    let mut report = VerifyReport { segments: firsts.len(), ..VerifyReport::default() };
    let mut next_seq = firsts.first().copied().unwrap_or(1);
    let last = firsts.last().copied();
    for first_seq in firsts {
        let path = dir.join(segment::file_name(first_seq));
        if first_seq != next_seq {
            let file = path.display();
            report.problem(format!("`{file}` begins with {first_seq}, expected {next_seq}"));
            next_seq = first_seq;
        }
        match Segment::open_to_read(&path, Some(first_seq) != last) {
            Ok(Some(segment)) => verify_segment(&segment, &mut next_seq, &mut report),
            Ok(None) => {}
            Err(error) => report.problem(error.to_string()),
        }
    }
    Ok(report)
}

fn verify_segment(segment: &Segment, next_seq: &mut u64, report: &mut VerifyReport) {
    let file = segment.path().display().to_string();
    match segment.integrity_problem() {
        Ok(None) => {}
        Ok(Some(problem)) => report.problem(format!("`{file}`: {problem}")),
        Err(error) => report.problem(error.to_string()),
    }
    loop {
        let rows = match segment.read(*next_seq, VERIFY_ROWS_MAX) {
            Ok(rows) => rows,
            Err(error) => return report.problem(error.to_string()),
        };
        let (mut has_moved, from) = (false, *next_seq);
        for batch in rows.iter().filter(|batch| batch.first_seq + batch.count > from) {
            has_moved = true;
            if batch.first_seq != *next_seq {
                let found = batch.first_seq;
                report.problem(format!("`{file}`: record {found} follows, expected {next_seq}"));
            }
            if let Err(error) = batch.open(segment.path()) {
                report.problem(error.to_string());
            }
            report.batches += 1;
            report.records += batch.count;
            report.first_seq = report.first_seq.or(Some(batch.first_seq));
            *next_seq = batch.first_seq + batch.count;
            report.last_seq = Some(*next_seq - 1);
        }
        if !has_moved {
            return;
        }
    }
}
