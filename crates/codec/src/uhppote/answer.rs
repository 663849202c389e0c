//! What a controller sends, written: for simulated controllers.

use super::packed::Writer;
use super::{Body, Device, Event, MESSAGE_LENGTH, Message, START_OF_MESSAGE, Status};

impl Message {
    /// The packet as a controller of firmware 8.92 sends it; [`super::decode`] reads it back.
    #[must_use]
    pub fn encode(&self) -> [u8; MESSAGE_LENGTH] {
        let mut out = Writer::new(START_OF_MESSAGE, self.function, self.serial_number);
        match &self.body {
            Body::Status(status) => write_status(&mut out, status),
            Body::Event(event) => write_event(&mut out, event),
            Body::Time(time) => out.date_time(8, *time),
            Body::Card(card) => out.card(card.as_ref()),
            Body::CardCount(number) | Body::EventIndex(number) => out.u32(8, *number),
            Body::DoorControl(control) => out.door_control(control),
            Body::Device(device) => write_device(&mut out, device),
            Body::Listener(listener) => out.listener(listener),
            Body::AntiPassback(mode) => out.u8(8, *mode),
            Body::Done(is_done) => out.u8(8, u8::from(*is_done)),
        }
        out.0
    }
}

fn write_event(out: &mut Writer, event: &Event) {
    out.u32(8, event.index);
    out.u8(12, event.event_type.code());
    out.u8(13, u8::from(event.is_granted));
    out.u8(14, event.door);
    out.u8(15, event.direction.code());
    out.u32(16, event.card_number);
    out.date_time(20, event.timestamp);
    out.u8(27, event.reason);
}

fn write_status(out: &mut Writer, status: &Status) {
    write_event(out, &status.event);
    let states = status.is_door_open.into_iter().chain(status.is_button_pressed);
    for (at, state) in (28..).zip(states) {
        out.u8(at, u8::from(state));
    }
    out.u8(36, status.system_error);
    if let Some(time) = status.system_time {
        out.time(37, time);
        out.short_date(51, time);
    }
    out.u32(40, status.sequence_id);
    out.u8(48, status.special_info);
    out.u8(49, status.relay_state);
    out.u8(50, status.input_state);
}

fn write_device(out: &mut Writer, device: &Device) {
    out.bytes(8, &device.address.octets());
    out.bytes(12, &device.subnet_mask.octets());
    out.bytes(16, &device.gateway.octets());
    out.bytes(20, &device.mac);
    out.bytes(26, &device.version.to_be_bytes());
    out.date(28, device.date);
}
