//! What must survive: the journal of every accepted record, and the operational state.
//!
//! Owns the SQLite files and every word of SQL. Never decides, never reads a clock: times,
//! ids and randomness are arguments.

pub mod audit;
pub mod error;
pub mod journal;
pub mod state;

pub use audit::{AuditEntry, AuditReport, ChainedAct, verify_audit};
pub use error::{Retry, StoreError};
pub use journal::{
    AppendError, Appended, Batch, IDEMPOTENCY_RESPONSE_BYTES_MAX, Idempotency, Journal,
    JournalLimits, JournalStats, Mark, Next, Outcome, Reader, VerifyReport, verify,
};
pub use state::State;
