//! History: events and raw records as Parquet on object storage, searchable from the moment they
//! are appended.
//!
//! Owns the files, their names and formats, and everything that knows Arrow, Parquet or SQL.
//! Never decides which rows exist: the caller keeps the catalogue of files in its state, in the
//! transaction that moves its cursor, so that after any crash a row is in a file or in the
//! journal, never in both and never in neither. Never reads a clock.

mod catalogue;
mod compact;
mod config;
mod error;
mod export;
mod flush;
mod footer;
mod join;
mod json_text;
mod lake;
mod maintain;
mod memory;
mod naming;
mod open;
mod plan_check;
mod provider;
mod row;
mod scan;
mod schema;
mod search;
mod sift;
mod sql;
mod stretch;
mod told;
mod tracks;
mod write;

pub use catalogue::{FORMAT, FileEntry, FileKind};
pub use config::{LakeConfig, LakeLimits, Orphans, Place, QueryLimits};
pub use error::{LakeError, LimitKind};
pub use export::{COLUMNS, CUT_KEY, Line, Names, Sheet};
pub use flush::{FlushReason, Flushed};
pub use lake::{AppendOutcome, Lake, Stats};
pub use maintain::{Change, Hold, Retention, RetentionRule};
pub use row::{LakeRow, RawRow};
pub use search::{Cursor, Found, Page, Search};
pub use sift::View;
pub use sql::{Column, QueryResult};
pub use stretch::{Past, Stretch};
pub use tracks::{Track, Tracks};
pub use write::{FORMAT_KEY, KIND_KEY};
