//! received = kept + rejected(reason) + dropped(reason), at every boundary, by source.
//!
//! Counts live here as numbers, on `/metrics` as counters, and in state across restarts.

use std::collections::BTreeMap;
use std::sync::Mutex;

use model::{DropReason, RejectReason};
use serde::Serialize;

/// Where something is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// From the wire to the intake queue, by listener.
    Listen,
    /// From the intake queue to the journal, by source.
    Intake,
    /// From the journal to events.
    Normalise,
    /// From events to findings.
    Detect,
    /// From events to the lake.
    Lake,
    /// From the engine to subscribers of the live stream.
    Stream,
    /// From a try to sign in to a session, by way.
    Signin,
}

impl Boundary {
    /// The label in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Intake => "intake",
            Self::Normalise => "normalise",
            Self::Detect => "detect",
            Self::Lake => "lake",
            Self::Stream => "stream",
            Self::Signin => "signin",
        }
    }
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Came in.
    Received,
    /// Went on.
    Kept,
    /// Refused, to the sender's face or into dead letter.
    Rejected,
    /// Lost, and counted.
    Dropped,
}

impl Outcome {
    /// The label in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Kept => "kept",
            Self::Rejected => "rejected",
            Self::Dropped => "dropped",
        }
    }
}

/// One line of the accounts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Key {
    /// Where.
    pub boundary: Boundary,
    /// Whose; `-` where the sender is not known yet.
    pub source: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why; empty for received and kept.
    pub reason: &'static str,
}

/// The accounts of this process. Bounded by sources × boundaries × reasons.
#[derive(Debug, Default)]
pub struct Accounts {
    lines: Mutex<BTreeMap<Key, u64>>,
    saved: Mutex<BTreeMap<Key, u64>>,
}

impl Accounts {
    /// Adds `n` to one line.
    pub fn add(&self, boundary: Boundary, source: &str, outcome: Outcome, n: u64) {
        self.add_reason(boundary, source, (outcome, ""), n);
    }

    /// Counts refusals.
    pub fn rejected(&self, source: &str, reason: RejectReason, n: u64) {
        self.add_reason(Boundary::Intake, source, (Outcome::Rejected, reason.as_str()), n);
    }

    /// Counts losses.
    pub fn dropped(&self, source: &str, reason: DropReason, n: u64) {
        self.add_reason(Boundary::Intake, source, (Outcome::Dropped, reason.as_str()), n);
    }

    /// The lines that have grown since they were last saved, with by how much.
    pub fn unsaved(&self) -> Vec<(Key, u64)> {
        let lines = self.lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let saved = self.saved.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let grown = lines.iter().filter_map(|(key, now)| {
            let before = saved.get(key).copied().unwrap_or(0);
            (*now > before).then(|| (key.clone(), now - before))
        });
        grown.collect()
    }

    /// What `unsaved` gave is in state now.
    pub fn mark_saved(&self, grown: Vec<(Key, u64)>) {
        let mut saved = self.saved.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (key, value) in grown {
            *saved.entry(key).or_insert(0) += value;
        }
    }

    /// Adds `n` to one line with a reason.
    pub fn add_reason(
        &self,
        boundary: Boundary,
        source: &str,
        (outcome, reason): (Outcome, &'static str),
        n: u64,
    ) {
        if n == 0 {
            return;
        }
        metrics::counter!("castellan_records_total", "boundary" => boundary.as_str(),
            "source" => source.to_owned(), "outcome" => outcome.as_str(), "reason" => reason)
        .increment(n);
        let key = Key { boundary, source: source.to_owned(), outcome, reason };
        let mut lines = self.lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *lines.entry(key).or_insert(0) += n;
    }

    /// All lines since this process began.
    pub fn lines(&self) -> Vec<(Key, u64)> {
        let lines = self.lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        lines.iter().map(|(key, n)| (key.clone(), *n)).collect()
    }

    /// The sum over sources and reasons of one boundary's outcome.
    pub fn total(&self, boundary: Boundary, outcome: Outcome) -> u64 {
        let lines = self.lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        lines
            .iter()
            .filter(|(key, _)| key.boundary == boundary && key.outcome == outcome)
            .map(|(_, n)| n)
            .sum()
    }
}

/// Adapters count by listener.
impl adapters::Account for Accounts {
    fn received(&self, listener: &str, records: u64) {
        self.add(Boundary::Listen, listener, Outcome::Received, records);
    }
    fn rejected(&self, listener: &str, reason: RejectReason, records: u64) {
        let outcome = (Outcome::Rejected, reason.as_str());
        self.add_reason(Boundary::Listen, listener, outcome, records);
    }
    fn dropped(&self, listener: &str, reason: DropReason, records: u64) {
        let outcome = (Outcome::Dropped, reason.as_str());
        self.add_reason(Boundary::Listen, listener, outcome, records);
    }
    fn noted(&self, listener: &str, note: adapters::Note, count: u64) {
        metrics::counter!("castellan_listener_notes_total", "listener" => listener.to_owned(),
            "note" => note.as_str())
        .increment(count);
    }
}
