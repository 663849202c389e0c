//! Which files there are and what each spans; kept in state, handed in at opening.

use std::sync::Arc;

use model::{PlaceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::naming;

/// The format of files and entries that this release writes.
pub const FORMAT: u16 = 1;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// Events.
    Events,
    /// Raw records.
    Raw,
}

impl FileKind {
    /// Its folder and table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Raw => "raw",
        }
    }
}

/// One file of the lake. The caller keeps these in state, in the transaction that moves its
/// cursor: a file exists for queries if and only if an entry names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its format number.
    pub format: u16,
    /// Object path, below the lake's root; unique for ever.
    pub path: String,
    /// Events or raw records.
    pub kind: FileKind,
    /// The events' site; `None` when unknown, and for raw records.
    pub site: Option<PlaceId>,
    /// The events' class; `None` for raw records.
    pub class_uid: Option<u32>,
    /// Days since 1970 of `time` (events) or `received_at` (raw), in UTC.
    pub day: i32,
    /// Smallest journal sequence.
    pub first_seq: u64,
    /// Largest journal sequence.
    pub last_seq: u64,
    /// Smallest `time` (events) or `received_at` (raw).
    pub time_min: Timestamp,
    /// Largest `time` (events) or `received_at` (raw).
    pub time_max: Timestamp,
    /// Largest `received_at`.
    pub received_max: Timestamp,
    /// Rows.
    pub rows: u64,
    /// Size in bytes.
    pub bytes: u64,
}

impl FileEntry {
    /// The day as in the path: `2026-11-22`.
    pub fn day_text(&self) -> String {
        naming::day_text(self.day)
    }
}

/// The files that queries see, newest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalogue {
    pub(crate) events: Vec<Arc<FileEntry>>,
    pub(crate) raw: Vec<Arc<FileEntry>>,
}

impl Catalogue {
    pub(crate) fn new(entries: Vec<FileEntry>) -> Self {
        let mut new = Self::default();
        new.add(entries);
        new
    }

    pub(crate) fn of(&self, kind: FileKind) -> &[Arc<FileEntry>] {
        match kind {
            FileKind::Events => &self.events,
            FileKind::Raw => &self.raw,
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<FileEntry>> {
        self.events.iter().chain(&self.raw)
    }

    pub(crate) fn add(&mut self, entries: Vec<FileEntry>) {
        for entry in entries {
            let list = match entry.kind {
                FileKind::Events => &mut self.events,
                FileKind::Raw => &mut self.raw,
            };
            list.push(Arc::new(entry));
        }
        for list in [&mut self.events, &mut self.raw] {
            list.sort_by(|a, b| (b.time_max, &b.path).cmp(&(a.time_max, &a.path)));
        }
    }

    /// Takes out the entries with these paths and gives them back.
    pub(crate) fn remove(&mut self, paths: &[FileEntry]) -> Vec<Arc<FileEntry>> {
        let gone: std::collections::BTreeSet<&str> =
            paths.iter().map(|entry| entry.path.as_str()).collect();
        let mut taken = Vec::new();
        for list in [&mut self.events, &mut self.raw] {
            taken.extend(list.extract_if(.., |entry| gone.contains(entry.path.as_str())));
        }
        taken
    }

    /// The largest number in any file's name.
    pub(crate) fn number_max(&self) -> u64 {
        self.all().filter_map(|entry| naming::number_of(&entry.path)).max().unwrap_or(0)
    }
}
