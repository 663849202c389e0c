//! Frigate: one tracked object, published when it appears and when it has gone.

use std::sync::Arc;

use model::Timestamp;
use serde_json::{Value, json};

use super::delayed;
use crate::chance::Chance;
use crate::record::{Channel, WireRecord};
use crate::roster::Device;

/// A camera follows a person.
pub(crate) fn person_seen(camera: &Device, at: Timestamp, chance: &mut Chance) -> [WireRecord; 2] {
    let gone = chance.between(2_500, 9_000);
    let id = format!("{}-{}", epoch(at), chance.hex(6));
    let score = chance.between(61, 97);
    let state = |end: Option<Timestamp>| {
        json!({
            "id": id,
            "camera": camera.uid,
            "frame_time": seconds(end.unwrap_or(at)),
            "label": "person",
            "sub_label": null,
            "top_score": f64::from(i32::try_from(score).unwrap_or(0)) / 100.0,
            "false_positive": false,
            "start_time": seconds(at),
            "end_time": end.map(seconds),
            "score": f64::from(i32::try_from(score).unwrap_or(0)) / 100.0,
            "current_zones": [],
            "entered_zones": [],
            "has_snapshot": false,
            "has_clip": false,
            "active": end.is_none(),
            "stationary": false,
        })
    };
    let end = delayed(at, gone);
    let open = state(None);
    [
        publish(at, &json!({ "type": "new", "before": open, "after": open })),
        publish(end, &json!({ "type": "end", "before": open, "after": state(Some(end)) })),
    ]
}

fn publish(at: Timestamp, value: &Value) -> WireRecord {
    let channel = Channel::Mqtt { topic: Arc::from("frigate/events") };
    WireRecord { at: delayed(at, 150), channel, bytes: value.to_string().into_bytes() }
}

/// Seconds since the epoch with milliseconds, as Frigate writes them.
fn seconds(at: Timestamp) -> Value {
    epoch(at).parse::<f64>().map_or(Value::Null, Value::from)
}

fn epoch(at: Timestamp) -> String {
    let millis = at.millis();
    format!("{}.{:03}", millis.div_euclid(1_000), millis.rem_euclid(1_000))
}
