//! The lake's file entries as state keeps them, and back.

use lake::FileEntry;
use store::state::{LakeFile, LakeFileState};

/// As state keeps it.
pub fn to_store(entry: &FileEntry) -> LakeFile {
    LakeFile {
        path: entry.path.clone(),
        class_uid: entry.class_uid.unwrap_or(0),
        day: entry.day.to_string(),
        site: entry.site.clone(),
        seq_min: entry.first_seq,
        seq_max: entry.last_seq,
        time_min: entry.time_min,
        time_max: entry.time_max,
        rows: entry.rows,
        bytes: entry.bytes,
        state: LakeFileState::Live,
        entry: serde_json::to_string(entry).unwrap_or_default(),
    }
}

/// As the lake wants it; `None` when it is not readable, which the lake then reports as lost.
pub fn from_store(file: &LakeFile) -> Option<FileEntry> {
    serde_json::from_str(&file.entry).ok()
}
