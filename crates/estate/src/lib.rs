//! What we have: reads an organisation folder's texts into the spine, and writes it back.
//!
//! Owns the folder's format (FORMATS: organisation folder) and the reading of texts with
//! positions. Never touches a file itself: texts come in, a model and its problems go out.

pub mod csvpos;
mod diff;
mod export;
pub mod foreign;
mod load;
pub mod nearest;
mod rights;
mod times;
pub mod tomlpos;

pub use diff::{Change, ChangeKind, diff};
pub use export::export;
pub use load::{FILES, POLICIES, RIGHTS_FILES, Whole, load, load_bytes, load_whole};
pub use nearest::nearest;
pub use rights::export_rights;
pub use times::{LocalTime, read_instant};

/// Largest file that is read; a larger one is a problem of its own.
pub const FILE_BYTES_MAX: usize = 256 << 20;

/// Most problems that are listed; the rest is counted in one last line.
pub const PROBLEMS_MAX: usize = 10_000;
