//! Adapters over real sockets, files and brokers. Nothing waits by sleeping: tests await records,
//! counters and answers.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod deliveries;
mod files;
#[path = "../../../../tests/support/impair.rs"]
mod impair;
mod intake;
mod mqtt;
mod osdp;
mod support;
mod syslog;
mod tail;
mod tls;
mod uhppote;
