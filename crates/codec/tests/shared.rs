//! The codecs against records that real senders wrote; skipped where the data is absent.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "shared/data.rs"]
mod data;
#[path = "shared/syslog.rs"]
mod syslog;
