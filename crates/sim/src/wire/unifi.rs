//! A UniFi Protect console: the event objects of its own interface.

use model::Timestamp;
use serde_json::{Value, json};

use super::delayed;
use crate::chance::Chance;
use crate::record::WireRecord;
use crate::roster::Device;

/// From the console to us.
const DELAY_MS: i64 = 250;

/// The console tells how a camera fares, among the frames in which it tells of its devices.
pub(crate) fn alive(camera: &Device, at: Timestamp, chance: &mut Chance) -> WireRecord {
    let value = json!({
        "action": {
            "action": "update",
            "newUpdateId": chance.hex(24),
            "modelKey": "camera",
            "id": camera.uid,
        },
        "data": {
            "lastSeen": at.millis(),
            "stats": { "rxBytes": chance.between(100_000, 900_000), "txBytes": 4_096 },
        },
    });
    super::json(delayed(at, DELAY_MS), &camera.source, &value)
}

/// A camera recognises a person.
pub(crate) fn person_seen(camera: &Device, at: Timestamp, chance: &mut Chance) -> WireRecord {
    let end = at.millis() + chance.between(2_500, 9_000);
    let value = json!({
        "type": "smartDetectZone",
        "start": at.millis(),
        "end": end,
        "score": chance.between(61, 97),
        "smartDetectTypes": ["person"],
        "smartDetectEvents": [],
        "metadata": {},
    });
    event(camera, value, Timestamp::from_millis(end), chance)
}

/// A camera's link is lost, or back.
pub(crate) fn camera_link(
    camera: &Device,
    lost: bool,
    at: Timestamp,
    chance: &mut Chance,
) -> WireRecord {
    let value = json!({
        "type": if lost { "disconnect" } else { "connect" },
        "start": at.millis(),
        "end": null,
        "score": 0,
        "smartDetectTypes": [],
        "smartDetectEvents": [],
        "metadata": {},
    });
    event(camera, value, at, chance)
}

/// The Alarm Manager's webhook about a switch that is gone.
pub(crate) fn switch_lost(
    address: &str,
    recorder: &str,
    at: Timestamp,
    chance: &mut Chance,
) -> WireRecord {
    let device = address.replace(':', "").to_uppercase();
    let value = json!({
        "alarm": {
            "name": "Network device offline",
            "sources": [{ "device": device, "type": "include" }],
            "conditions": [{ "condition": { "type": "is", "source": "networkDeviceOffline" } }],
            "triggers": [{
                "key": "networkDeviceOffline",
                "device": device,
                "timestamp": at.millis(),
                "eventId": chance.hex(24),
            }],
        },
        "timestamp": at.millis() + 500,
    });
    super::json(delayed(at, DELAY_MS), recorder, &value)
}

/// A contact sensor opens.
pub(crate) fn sensor_opened(sensor: &Device, at: Timestamp, chance: &mut Chance) -> WireRecord {
    let value = json!({
        "type": "sensorOpened",
        "start": at.millis(),
        "end": at.millis(),
        "score": 0,
        "smartDetectTypes": [],
        "smartDetectEvents": [],
        "metadata": {
            "sensorId": { "text": sensor.uid },
            "sensorName": { "text": sensor.name },
            "type": { "text": "UFP-SENSE" },
            "mountType": { "text": "door" },
        },
        "camera": null,
    });
    event(sensor, value, at, chance)
}

fn event(device: &Device, mut value: Value, at: Timestamp, chance: &mut Chance) -> WireRecord {
    if let Some(object) = value.as_object_mut() {
        object.entry("camera").or_insert_with(|| device.uid.clone().into());
        object.insert("id".to_owned(), chance.hex(24).into());
        object.insert("modelKey".to_owned(), "event".into());
        object.insert("user".to_owned(), Value::Null);
        object.insert("partition".to_owned(), Value::Null);
    }
    super::json(delayed(at, DELAY_MS), &device.source, &value)
}
