//! The products' own words. One module per product; each record as the product would send it.

pub(crate) mod defender;
pub(crate) mod fortigate;
pub(crate) mod frigate;
pub(crate) mod okta;
pub(crate) mod openssh;
pub(crate) mod pacs;
pub(crate) mod unifi;

use std::sync::Arc;

use model::Timestamp;

use crate::record::{Channel, WireRecord};

/// One JSON object, posted to a source.
fn json(at: Timestamp, source: &str, value: &serde_json::Value) -> WireRecord {
    let source = Arc::from(source);
    let channel = Channel::Http { source, content_type: "application/json" };
    WireRecord { at, channel, bytes: value.to_string().into_bytes() }
}

/// `by` milliseconds later.
fn delayed(at: Timestamp, by: i64) -> Timestamp {
    Timestamp::from_nanos(at.nanos().saturating_add(by.saturating_mul(1_000_000)))
}
