//! Every bound of this crate, by name.

/// Most expressions that a mapping's program may evaluate for one record; beyond it the record is
/// a dead letter that says so. Counted, not timed: live and replayed give the same.
pub const PROGRAM_STEPS_MAX: u64 = 20_000_000;
