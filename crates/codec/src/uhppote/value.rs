//! Messages as JSON objects, numbers as numbers and codes with their words.

use serde_json::{Map, Value, json};

use super::{Body, Card, DateTime, Device, Event, Message, Status, reason_text};

impl Message {
    /// The message as a JSON object: `serial_number`, `function`, and the fields of its kind.
    ///
    /// Times are local readings (`2026-11-22T10:00:05`) of the controller's clock; times that do
    /// not exist are null.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut object = Map::new();
        let mut set = |name: &str, value: Value| {
            object.insert(name.to_owned(), value);
        };
        set("serial_number", json!(self.serial_number));
        let function = match &self.body {
            Body::Status(status) => {
                status_fields(status, &mut set);
                "status"
            }
            Body::Event(event) => {
                event_fields(event, &mut set);
                "event"
            }
            Body::Time(time) => {
                set("time", time_value(*time));
                "time"
            }
            Body::Card(card) => {
                set("found", json!(card.is_some()));
                if let Some(card) = card {
                    card_fields(card, &mut set);
                }
                "card"
            }
            Body::CardCount(count) => {
                set("cards", json!(count));
                "card_count"
            }
            Body::DoorControl(control) => {
                set("door", json!(control.door));
                set("control_state", json!(control.control_state));
                set("delay_s", json!(control.delay_s));
                "door_control"
            }
            Body::Device(device) => {
                device_fields(device, &mut set);
                "device"
            }
            Body::Listener(listener) => {
                set("address", json!(listener.address.to_string()));
                set("port", json!(listener.port));
                set("interval_s", json!(listener.interval_s));
                "listener"
            }
            Body::EventIndex(index) => {
                set("event_index", json!(index));
                "event_index"
            }
            Body::AntiPassback(mode) => {
                set("mode", json!(mode));
                "anti_passback"
            }
            Body::Done(is_done) => {
                set("command", json!(self.function));
                set("done", json!(is_done));
                "done"
            }
        };
        set("function", json!(function));
        Value::Object(object)
    }
}

fn event_fields(event: &Event, set: &mut impl FnMut(&str, Value)) {
    set("event_index", json!(event.index));
    set("event_type", json!(event.event_type.name()));
    set("granted", json!(event.is_granted));
    set("door", json!(event.door));
    set("direction", json!(event.direction.name()));
    set("card_number", json!(event.card_number));
    set("timestamp", time_value(event.timestamp));
    set("reason_code", json!(event.reason));
    set("reason", json!(reason_text(event.reason)));
}

fn status_fields(status: &Status, set: &mut impl FnMut(&str, Value)) {
    event_fields(&status.event, set);
    set("doors_open", json!(status.is_door_open));
    set("buttons_pressed", json!(status.is_button_pressed));
    set("system_error", json!(status.system_error));
    set("system_time", time_value(status.system_time));
    set("sequence_id", json!(status.sequence_id));
    set("special_info", json!(status.special_info));
    set("relays", json!([0, 1, 2, 3].map(|bit| status.relay_state >> bit & 1 == 1)));
    set("forced_lock", json!(status.input_state & 1 == 1));
    set("fire_alarm", json!(status.input_state & 2 == 2));
}

/// The keypad code stays behind: whoever needs it asks the record, not the log.
fn card_fields(card: &Card, set: &mut impl FnMut(&str, Value)) {
    set("card_number", json!(card.card_number));
    set("from", json!(card.from.map(|date| date.to_string())));
    set("to", json!(card.to.map(|date| date.to_string())));
    set("doors", json!(card.doors));
    set("has_pin", json!(card.pin != 0));
    set("first_card", json!(card.first_card));
}

fn device_fields(device: &Device, set: &mut impl FnMut(&str, Value)) {
    let mac = device.mac.map(|byte| format!("{byte:02x}")).join(":");
    set("address", json!(device.address.to_string()));
    set("subnet_mask", json!(device.subnet_mask.to_string()));
    set("gateway", json!(device.gateway.to_string()));
    set("mac", json!(mac));
    set("version", json!(format!("{:x}.{:02x}", device.version >> 8, device.version & 0xff)));
    set("date", json!(device.date.map(|date| date.to_string())));
}

fn time_value(time: Option<DateTime>) -> Value {
    json!(time.map(|time| time.to_string()))
}
