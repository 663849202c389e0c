//! Bytes to protocol records, and records to files that others read; nothing else.
//!
//! Every reading module takes bytes that somebody else wrote and gives back either a record,
//! borrowed from those bytes where it can be, or an error that names the byte (or line and column)
//! at which reading stopped. Never does I/O, never reads a clock, never panics on any input, and
//! never imports `model`: a decoder cannot know what a door is.

mod bytes;
pub mod civil;
pub mod position;

pub mod framing;
pub mod syslog;

pub mod csvrec;
pub mod ndjson;

pub mod audit;
pub mod cef;
pub mod kv;

pub mod onvif;
pub mod picture;
pub mod xml;

pub mod osdp;
pub mod uhppote;
pub mod wiegand;

pub mod value;

pub mod archive;
pub mod cell;
pub mod pdf;
