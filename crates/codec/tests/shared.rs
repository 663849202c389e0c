//! The codecs against records that real senders wrote; skipped where the data is absent.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "shared/cef.rs"]
mod cef;
#[path = "shared/data.rs"]
mod data;
#[path = "shared/logs.rs"]
mod logs;
#[path = "shared/onvif.rs"]
mod onvif;
#[path = "shared/osdp.rs"]
mod osdp;
#[path = "shared/syslog.rs"]
mod syslog;
#[path = "shared/uhppote.rs"]
mod uhppote;
