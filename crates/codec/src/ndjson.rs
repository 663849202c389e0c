//! JSON bodies: splits them into records without reading them, and guards what is read.
//!
//! [`records`] finds the records of NDJSON, of one array, or of one object. [`guard`] refuses what
//! later readers would choke on, disagree about, or blow up from. Never builds a document.
//!
//! SOURCE: RFC 8259 (JSON), the NDJSON convention of one value per line.

mod guard;
mod split;

pub use guard::{JsonError, JsonErrorKind, Limits, guard};
pub use split::{BadRecord, BadRecordKind, JsonRecord, Records, Shape, records};
