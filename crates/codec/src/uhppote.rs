//! Door controllers of the UHPPOTE family (Shenzhen Weigeng boards): their 64-byte UDP messages.
//!
//! Reads what controllers send ([`decode`]) and writes what is asked of them ([`Request`]); the
//! other way round for simulated ones. Requests carry the same function codes as their answers,
//! with other content: hand only what came *from* a controller to [`decode`].
//!
//! SOURCE: UHPPOTE/Weigeng UT0311-L0x UDP protocol as documented by the device's users; checked
//! against messages of controllers with firmware 6.62 and 8.92. All numbers are little-endian,
//! dates and times are packed decimal (BCD), most significant digit first.

mod answer;
mod packed;
mod reason;
mod request;
mod value;

use std::fmt;
use std::net::Ipv4Addr;

use thiserror::Error;

pub use packed::{Date, DateTime};
pub use reason::{Direction, EventType, reason_text};
pub use request::Request;

use packed::Fields;

/// Every message has this length.
pub const MESSAGE_LENGTH: usize = 64;
/// First byte of every message.
const START_OF_MESSAGE: u8 = 0x17;
/// First byte of events from firmware 6.62.
const START_OF_EVENT_V6_62: u8 = 0x19;
/// Function: status, and the event that a listener is sent unasked.
const STATUS: u8 = 0x20;
/// Number of the event record that was overwritten: its type says so.
const EVENT_OVERWRITTEN: u8 = 0xff;

/// What keeps 64 bytes from being a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum UhppoteErrorKind {
    /// Not 64 bytes.
    #[error("expected 64 bytes, found {0}")]
    Length(usize),
    /// The first byte is no start of a message.
    #[error("expected 17 or 19 (hexadecimal), found {0:02x}")]
    Start(u8),
    /// The function is none that controllers answer.
    #[error("function {0:02x} (hexadecimal) is not known")]
    Function(u8),
    /// A boolean is neither 0 nor 1.
    #[error("expected 0 or 1, found {0}")]
    Boolean(u8),
    /// A request that cannot be undone lacks its word of confirmation.
    #[error("expected the word of confirmation 55 aa aa 55 (hexadecimal)")]
    Confirmation,
    /// A request to set the clock names no time.
    #[error("expected a date and time that exist")]
    Time,
    /// A request to keep a card names none.
    #[error("expected a card number other than 0 and 4294967295")]
    CardNumber,
}

/// A refused message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[error("UHPPOTE message: {kind} (byte {offset})")]
pub struct UhppoteError {
    /// Why.
    pub kind: UhppoteErrorKind,
    /// Offset from 0.
    pub offset: usize,
}

/// One message of a controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The controller's serial number.
    pub serial_number: u32,
    /// Function code.
    pub function: u8,
    /// What it says.
    pub body: Body,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Answer to get-status, or an event sent to the listener.
    Status(Status),
    /// Answer to get-event.
    Event(Event),
    /// Answer to get-time or set-time; `None` when it is no date and time.
    Time(Option<DateTime>),
    /// Answer to get-card; `None` when there is no such card.
    Card(Option<Card>),
    /// Answer to get-cards: how many cards the controller holds.
    CardCount(u32),
    /// Answer to get- or set-door-control-state.
    DoorControl(DoorControl),
    /// Answer to get-device.
    Device(Device),
    /// Answer to get-listener.
    Listener(Listener),
    /// Answer to get-event-index: the last event that was fetched.
    EventIndex(u32),
    /// Answer to get-antipassback: the mode, 0 (off) to 4.
    AntiPassback(u8),
    /// Answer to any other command: whether it was done.
    Done(bool),
}

/// One record of the controller's memory. Its debug form leaves the card number out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Its number; 0 for none.
    pub index: u32,
    /// What kind of event.
    pub event_type: EventType,
    /// Whether access was granted.
    pub is_granted: bool,
    /// Door, 1 to 4; 0 for none.
    pub door: u8,
    /// Which way the reader leads.
    pub direction: Direction,
    /// Card number; for events without card what the board puts there.
    pub card_number: u32,
    /// When, on the controller's clock; `None` when it is no date and time.
    pub timestamp: Option<DateTime>,
    /// Why; [`reason_text`] says it in words.
    pub reason: u8,
}

/// The controller's state together with its latest event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// The latest event; its index is 0 when there has been none.
    pub event: Event,
    /// Whether each door is open, by its contact.
    pub is_door_open: [bool; 4],
    /// Whether each door's button is pressed.
    pub is_button_pressed: [bool; 4],
    /// Error code of the system; 0 for none.
    pub system_error: u8,
    /// The controller's clock; `None` when it is no date and time.
    pub system_time: Option<DateTime>,
    /// Number of the request that was answered.
    pub sequence_id: u32,
    /// Meaning not known.
    pub special_info: u8,
    /// Bit per relay, door 1 lowest.
    pub relay_state: u8,
    /// Bit 0 forced lock, bit 1 fire alarm.
    pub input_state: u8,
}

/// A card and what it may open. Its debug form leaves number and code out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Card {
    /// Card number.
    pub card_number: u32,
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
    /// Per door: 0 no access, 1 access, 2 to 254 the time profile.
    pub doors: [u8; 4],
    /// Keypad code, 0 for none.
    pub pin: u32,
    /// Bit per door for which the card counts as first card.
    pub first_card: u8,
}

impl fmt::Debug for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, event_type, is_granted, door, reason, .. } = self;
        write!(
            formatter,
            "Event({index}, {event_type:?}, granted {is_granted}, door {door}, reason {reason}, …)"
        )
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Card(doors {:?}, …)", self.doors)
    }
}

/// How a door is controlled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoorControl {
    /// Door, 1 to 4.
    pub door: u8,
    /// 1 normally open, 2 normally closed, 3 controlled.
    pub control_state: u8,
    /// How long the lock stays released, in seconds.
    pub delay_s: u8,
}

/// The controller itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Its address.
    pub address: Ipv4Addr,
    /// Its subnet mask.
    pub subnet_mask: Ipv4Addr,
    /// Its gateway.
    pub gateway: Ipv4Addr,
    /// Its hardware address.
    pub mac: [u8; 6],
    /// Firmware as two packed bytes: 0892 (hexadecimal) is 8.92.
    pub version: u16,
    /// Date of the firmware.
    pub date: Option<Date>,
}

/// Where events are sent unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// Address; 0.0.0.0 for none.
    pub address: Ipv4Addr,
    /// UDP port.
    pub port: u16,
    /// Seconds between repeated messages; 0 sends events only.
    pub interval_s: u8,
}

/// Reads one message that came from a controller.
///
/// `packet`: one whole UDP payload.
/// A date or time that does not exist is `None`, not an error: boards with an empty battery send
/// such.
///
/// # Errors
/// [`UhppoteError`]: which byte is wrong.
pub fn decode(packet: &[u8]) -> Result<Message, UhppoteError> {
    let refuse = |kind, offset| UhppoteError { kind, offset };
    let Ok(bytes) = <&[u8; MESSAGE_LENGTH]>::try_from(packet) else {
        let offset = packet.len().min(MESSAGE_LENGTH);
        return Err(refuse(UhppoteErrorKind::Length(packet.len()), offset));
    };
    let fields = Fields(bytes);
    let start = fields.u8(0);
    let function = fields.u8(1);
    // Firmware 6.62 marks only events with another first byte.
    if start != START_OF_MESSAGE && !(start == START_OF_EVENT_V6_62 && function == STATUS) {
        return Err(refuse(UhppoteErrorKind::Start(start), 0));
    }
    let body = match function {
        STATUS => Body::Status(status(&fields)?),
        0xb0 => Body::Event(event(&fields)?),
        0x30 | 0x32 => Body::Time(fields.date_time(8)),
        0x5a | 0x5c => Body::Card(card(&fields)),
        0x58 => Body::CardCount(fields.u32(8)),
        0x80 | 0x82 => Body::DoorControl(DoorControl {
            door: fields.u8(8),
            control_state: fields.u8(9),
            delay_s: fields.u8(10),
        }),
        0x94 => Body::Device(device(&fields)),
        0x92 => Body::Listener(Listener {
            address: fields.address(8),
            port: fields.u16(12),
            interval_s: fields.u8(14),
        }),
        0xb4 => Body::EventIndex(fields.u32(8)),
        0x86 => Body::AntiPassback(fields.u8(8)),
        // Open door; put, delete, delete all cards; anti-passback, time profile, clear profiles,
        // passcodes, special events; listener; PC control, interlock, keypads, tasks, first card,
        // event index; restore defaults.
        0x40 | 0x50 | 0x52 | 0x54 | 0x84 | 0x88 | 0x8a | 0x8c | 0x8e | 0x90 | 0xa0 | 0xa2
        | 0xa4 | 0xa6 | 0xa8 | 0xaa | 0xac | 0xb2 | 0xc8 => Body::Done(fields.boolean(8)?),
        other => return Err(refuse(UhppoteErrorKind::Function(other), 1)),
    };
    Ok(Message { serial_number: fields.u32(4), function, body })
}

/// Bytes 8 to 27: the same in status and in get-event.
fn event(fields: &Fields<'_>) -> Result<Event, UhppoteError> {
    Ok(Event {
        index: fields.u32(8),
        event_type: EventType::of(fields.u8(12)),
        // An overwritten record has no truth in it.
        is_granted: fields.u8(12) != EVENT_OVERWRITTEN && fields.boolean(13)?,
        door: fields.u8(14),
        direction: Direction::of(fields.u8(15)),
        card_number: fields.u32(16),
        timestamp: fields.date_time(20),
        reason: fields.u8(27),
    })
}

/// Bytes 28 to 53 after the event: doors, buttons, error, clock, sequence, relays, inputs.
fn status(fields: &Fields<'_>) -> Result<Status, UhppoteError> {
    let four = |at: usize| -> Result<[bool; 4], UhppoteError> {
        Ok([
            fields.boolean(at)?,
            fields.boolean(at + 1)?,
            fields.boolean(at + 2)?,
            fields.boolean(at + 3)?,
        ])
    };
    Ok(Status {
        event: event(fields)?,
        is_door_open: four(28)?,
        is_button_pressed: four(32)?,
        system_error: fields.u8(36),
        system_time: fields.short_date(51).zip(fields.time(37)).and_then(DateTime::of),
        sequence_id: fields.u32(40),
        special_info: fields.u8(48),
        relay_state: fields.u8(49),
        input_state: fields.u8(50),
    })
}

/// A card number of 0 or of all ones says that there is none (never held, or deleted).
fn card(fields: &Fields<'_>) -> Option<Card> {
    let card_number = fields.u32(8);
    if matches!(card_number, 0 | u32::MAX) {
        return None;
    }
    Some(Card {
        card_number,
        from: fields.date(12),
        to: fields.date(16),
        doors: fields.array(20),
        pin: u32::from_le_bytes([fields.u8(24), fields.u8(25), fields.u8(26), 0]),
        first_card: fields.u8(27),
    })
}

fn device(fields: &Fields<'_>) -> Device {
    Device {
        address: fields.address(8),
        subnet_mask: fields.address(12),
        gateway: fields.address(16),
        mac: fields.array(20),
        version: u16::from_be_bytes(fields.array(26)),
        date: fields.date(28),
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, Card, Event, EventType, Request, decode};
    use proptest::prelude::*;

    /// A message of our own: a refused card at door 2 of controller 201,020,304.
    fn refused_card() -> [u8; 64] {
        let mut packet = [0; 64];
        let bytes: [u8; 54] = [
            0x17, 0x20, 0, 0, 0x90, 0x57, 0xfb, 0x0b, 7, 0, 0, 0, 1, 0, 2, 1, 0x39, 0x30, 0, 0,
            0x20, 0x26, 0x11, 0x22, 0x10, 0x00, 0x05, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x00,
            0x06, 9, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 0x26, 0x11, 0x22,
        ];
        for (place, byte) in packet.iter_mut().zip(bytes) {
            *place = byte;
        }
        packet
    }

    #[test]
    fn a_status_in_words() {
        let message = decode(&refused_card()).map(|message| message.to_value().to_string());
        assert_eq!(
            message.as_deref(),
            Ok(concat!(
                r#"{"serial_number":201021328,"event_index":7,"event_type":"swipe","#,
                r#""granted":false,"door":2,"direction":"in","card_number":12345,"#,
                r#""timestamp":"2026-11-22T10:00:05","reason_code":8,"#,
                r#""reason":"anti-passback","doors_open":[false,true,false,false],"#,
                r#""buttons_pressed":[false,false,false,false],"system_error":0,"#,
                r#""system_time":"2026-11-22T10:00:06","sequence_id":9,"special_info":0,"#,
                r#""relays":[false,true,false,false],"forced_lock":false,"#,
                r#""fire_alarm":true,"function":"status"}"#
            ))
        );
    }

    #[test]
    fn refusals_have_a_place() {
        let error = |packet: &[u8]| decode(packet).map_err(|error| error.to_string()).err();
        let with = |at: usize, byte: u8| {
            let mut packet = refused_card();
            if let Some(place) = packet.get_mut(at) {
                *place = byte;
            }
            error(&packet)
        };
        assert_eq!(
            error(&[0x17; 63]).as_deref(),
            Some("UHPPOTE message: expected 64 bytes, found 63 (byte 63)")
        );
        assert_eq!(
            with(0, 0x18).as_deref(),
            Some("UHPPOTE message: expected 17 or 19 (hexadecimal), found 18 (byte 0)")
        );
        assert_eq!(
            with(1, 0x21).as_deref(),
            Some("UHPPOTE message: function 21 (hexadecimal) is not known (byte 1)")
        );
        assert_eq!(
            with(13, 7).as_deref(),
            Some("UHPPOTE message: expected 0 or 1, found 7 (byte 13)")
        );
        assert_eq!(with(0, 0x19), None);
    }

    #[test]
    fn what_cannot_be_undone_needs_its_word() {
        let mut packet = Request::RestoreDefaults.encode(7);
        assert_eq!(Request::decode(&packet), Ok((7, Request::RestoreDefaults)));
        if let Some(byte) = packet.get_mut(9) {
            *byte = 0;
        }
        let error = Request::decode(&packet).map_err(|error| error.to_string());
        assert_eq!(
            error.err().as_deref(),
            Some(
                "UHPPOTE message: expected the word of confirmation 55 aa aa 55 (hexadecimal) \
                 (byte 8)"
            )
        );
    }

    #[test]
    fn nothing_that_is_printed_shows_a_card_or_a_code() {
        let card = Card {
            card_number: 8_165_538,
            from: None,
            to: None,
            doors: [1, 0, 29, 0],
            pin: 999_999,
            first_card: 0,
        };
        let said = format!("{:?} {:?}", Request::PutCard(card), decode(&refused_card()));
        assert!(!said.contains("8165538") && !said.contains("999999") && !said.contains("12345"));
    }

    proptest! {
        /// Whatever is read can be written, and reads the same.
        #[test]
        fn messages_and_requests_are_written_and_read_again(
            mut packet in proptest::collection::vec(any::<u8>(), 64),
            function in any::<u8>(),
        ) {
            if let [start, code, ..] = packet.as_mut_slice() {
                (*start, *code) = (0x17, function);
            }
            if let Ok(message) = decode(&packet) {
                let overwritten = matches!(
                    message.body,
                    Body::Event(Event { event_type: EventType::Overwritten, .. })
                );
                prop_assert!(overwritten || decode(&message.encode()) == Ok(message));
            }
            if let Ok((serial, request)) = Request::decode(&packet) {
                prop_assert_eq!(request.function(), function);
                prop_assert_eq!(Request::decode(&request.encode(serial)), Ok((serial, request)));
            }
        }

        #[test]
        fn any_64_bytes(
            mut packet in proptest::collection::vec(any::<u8>(), 64),
            function in any::<u8>(),
        ) {
            if let [start, code, ..] = packet.as_mut_slice() {
                (*start, *code) = (0x17, function);
            }
            if let Ok(message) = decode(&packet) {
                prop_assert!(message.to_value().is_object());
            }
        }
    }
}
