//! What a source said, word by word.

use axum::Json;
use axum::extract::{Path, State};
use engine::access::Action;
use model::{SourceId, Timestamp, Trust, Wire};
use serde::Serialize;
use serde_json::Value;

use crate::auth::Caller;
use crate::events::site_of_source;
use crate::problem::{Answer, Problem};
use crate::state::Shared;
use crate::veil::Eyes;
use crate::wide;

/// One record as its source said it, with people called by their ids where the caller has not
/// asked for their names.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RawItem {
    /// Journal sequence.
    record: u64,
    /// Whose it is.
    source: SourceId,
    /// When it was received.
    received_at: Timestamp,
    /// How it is read: `syslog`, `json`, `csv`, `cef`, `leef`, `kv`, `xml`, `mqtt`, `udp`.
    #[schema(value_type = String)]
    wire: Wire,
    /// Which listener took it.
    listener: String,
    /// The sender's address, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
    /// The MQTT topic, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    /// How well the sender is known.
    trust: Trust,
    /// The record's length in bytes.
    bytes: usize,
    /// Bytes that a limit cut off its end when it came in; 0 when whole.
    bytes_cut: u64,
    /// The dead letter's record that this re-runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    rerun_of: Option<u64>,
    /// The record, where it is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The record in hexadecimal digits, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    hex: Option<String>,
    /// Only its beginning is shown, up to `raw_shown_bytes_max`.
    is_cut: bool,
    /// People are called by their ids in it: not every byte is the source's.
    is_covered: bool,
}

/// The record behind an event, as its source said it. Needs the right `event.raw`.
#[utoipa::path(
    get, path = "/v1/events/{record}/raw", tag = "events",
    params(("record" = u64, Path, description = "Journal sequence")),
    responses((status = 200, body = RawItem), (status = 403, body = Problem),
        (status = 404, body = Problem)),
    security(("token" = []), ("session" = []))
)]
pub async fn one(
    State(shared): State<Shared>,
    caller: Caller,
    Path(record): Path<u64>,
) -> Answer<Json<RawItem>> {
    caller.must(Action::EventRaw)?;
    let missing =
        || Problem::not_found(format!("record {record} is no longer, or not yet, in the history"));
    let raw = shared.engine.raw(record).await?.ok_or_else(missing)?.raw;
    caller.must_at(Action::EventRaw, site_of_source(&shared, &raw.source).as_ref())?;
    let eyes = Eyes::of(&shared, &caller);
    let max = shared.engine.config.limits.raw_shown_bytes_max;
    let covered = covered(&eyes, &raw.body);
    let whole = covered.as_deref().unwrap_or(&raw.body);
    let shown = beginning(whole, usize::try_from(max).unwrap_or(usize::MAX));
    let (text, hex) = readable(shown);
    Ok(Json(RawItem {
        record,
        source: raw.source.clone(),
        received_at: raw.received_at,
        wire: raw.wire,
        listener: raw.listener.to_string(),
        peer: raw.peer.as_deref().map(str::to_owned),
        topic: raw.topic.as_deref().map(|topic| eyes.text(topic.to_owned())),
        trust: raw.trust,
        bytes: raw.body.len(),
        bytes_cut: raw.bytes_cut,
        rerun_of: raw.rerun_of,
        text,
        hex,
        is_cut: shown.len() < whole.len(),
        is_covered: covered.is_some(),
    }))
}

/// The beginning of a record as the caller sees it, where it is text.
pub(crate) fn head(eyes: &Eyes, body: &[u8], bytes_max: usize) -> Option<String> {
    let covered = covered(eyes, body);
    let whole = covered.as_deref().unwrap_or(body);
    readable(beginning(whole, bytes_max)).0
}

/// The first `max` bytes, less a character that would be cut in two.
fn beginning(bytes: &[u8], max: usize) -> &[u8] {
    if bytes.len() <= max {
        return bytes;
    }
    let is_first = |at: &usize| bytes.get(*at).is_some_and(|byte| byte & 0xC0 != 0x80);
    let end = (max.saturating_sub(3)..=max).rev().find(is_first).unwrap_or(max);
    bytes.get(..end).unwrap_or_default()
}

/// Bytes as text, or as hexadecimal digits: a control character says that it is no text.
fn readable(bytes: &[u8]) -> (Option<String>, Option<String>) {
    let is_text = |text: &&str| !text.chars().any(|c| c.is_control() && !"\n\r\t".contains(c));
    match std::str::from_utf8(bytes).ok().filter(is_text) {
        Some(text) => (Some(text.to_owned()), None),
        None => (None, Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())),
    }
}

/// The record with ids in place of names; `None` when it names nobody who is to be covered.
fn covered(eyes: &Eyes, body: &[u8]) -> Option<Vec<u8>> {
    if !eyes.are_covered() {
        return None;
    }
    let mut out = Vec::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        out.extend_from_slice(covered_text(eyes, chunk.valid()).as_bytes());
        out.extend_from_slice(chunk.invalid());
    }
    // What is no text may hold texts of two bytes a character.
    if readable(&out).0.is_none() {
        let cover = |text: &str| Some(eyes.record(text.to_owned())).filter(|now| now != text);
        out = wide::covered(&out, &cover).unwrap_or(out);
    }
    (out != body).then_some(out)
}

fn covered_text(eyes: &Eyes, text: &str) -> String {
    let plain = eyes.record(text.to_owned());
    // Where JSON writes a name with escapes, the text does not hold it, and what was read does.
    let Ok(mut read) = serde_json::from_str::<Value>(&plain) else { return plain };
    let before = read.clone();
    eyes.cover(&mut read);
    if read == before { plain } else { read.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_cut_between_characters() {
        let check = |text: &str, max: usize, expected: &str| {
            assert_eq!(beginning(text.as_bytes(), max), expected.as_bytes());
        };
        check("door", 9, "door");
        check("door", 2, "do");
        check("a鑰匙", 3, "a");
        check("a鑰匙", 4, "a鑰");
        check("a鑰匙", 6, "a鑰");
    }

    #[test]
    fn what_holds_control_characters_is_no_text() {
        assert_eq!(readable(b"fw\tdeny\r\n"), (Some("fw\tdeny\r\n".to_owned()), None));
        assert_eq!(readable(&[0x17, 0x20, 0, 0xFF]), (None, Some("172000ff".to_owned())));
    }
}
