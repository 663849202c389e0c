//! What is asked of a controller.
//!
//! SOURCE: as in the parent module; checked against the requests of the shared messages.

use std::net::Ipv4Addr;

use super::packed::Writer;
use super::{
    Card, DateTime, DoorControl, Fields, Listener, MESSAGE_LENGTH, START_OF_MESSAGE, UhppoteError,
    UhppoteErrorKind,
};

/// Follows requests that cannot be undone, so that no stray packet is one.
const REALLY: u32 = 0x55aa_aa55;

/// One thing asked of a controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// State and latest event.
    GetStatus,
    /// Set the clock; local time of the controller's place.
    SetTime(DateTime),
    /// Read the clock.
    GetTime,
    /// Release a door's lock for its delay; 1 to 4.
    OpenDoor(u8),
    /// Keep a card and what it may open; one of the same number is replaced.
    PutCard(Card),
    /// Forget a card.
    DeleteCard(u32),
    /// Forget every card.
    DeleteAllCards,
    /// How many cards there are.
    GetCardCount,
    /// A card by its number.
    GetCard(u32),
    /// A card by its place, from 1.
    GetCardAt(u32),
    /// How a door is controlled from now on.
    SetDoorControl(DoorControl),
    /// How a door is controlled; 1 to 4.
    GetDoorControl(u8),
    /// The controller itself; serial number 0 asks all of them.
    GetDevice,
    /// Where events go.
    SetListener(Listener),
    /// Where events go now.
    GetListener,
    /// An event by its number; 0 the first kept, 4294967295 the last.
    GetEvent(u32),
    /// The last event that was fetched is this one.
    SetEventIndex(u32),
    /// The last event that was fetched.
    GetEventIndex,
    /// Whether doors and buttons make events too.
    RecordSpecialEvents(bool),
    /// Whether a program decides at the doors, which it must prove every 30 seconds.
    SetPcControl(bool),
    /// Which doors exclude each other.
    SetInterlock(u8),
    /// Which doors ask for the way back; 0 (off) to 4.
    SetAntiPassback(u8),
    /// The mode of the above.
    GetAntiPassback,
    /// As it came from the factory.
    RestoreDefaults,
}

impl Request {
    /// Its function code, which the answer carries too.
    #[must_use]
    pub const fn function(&self) -> u8 {
        match self {
            Self::GetStatus => 0x20,
            Self::SetTime(_) => 0x30,
            Self::GetTime => 0x32,
            Self::OpenDoor(_) => 0x40,
            Self::PutCard(_) => 0x50,
            Self::DeleteCard(_) => 0x52,
            Self::DeleteAllCards => 0x54,
            Self::GetCardCount => 0x58,
            Self::GetCard(_) => 0x5a,
            Self::GetCardAt(_) => 0x5c,
            Self::SetDoorControl(_) => 0x80,
            Self::GetDoorControl(_) => 0x82,
            Self::SetAntiPassback(_) => 0x84,
            Self::GetAntiPassback => 0x86,
            Self::RecordSpecialEvents(_) => 0x8e,
            Self::SetListener(_) => 0x90,
            Self::GetListener => 0x92,
            Self::GetDevice => 0x94,
            Self::SetPcControl(_) => 0xa0,
            Self::SetInterlock(_) => 0xa2,
            Self::GetEvent(_) => 0xb0,
            Self::SetEventIndex(_) => 0xb2,
            Self::GetEventIndex => 0xb4,
            Self::RestoreDefaults => 0xc8,
        }
    }

    /// Whether asking twice does no more than asking once. Opening a door twice holds it open
    /// longer; everything else only sets or reads.
    #[must_use]
    pub const fn is_repeatable(&self) -> bool {
        !matches!(self, Self::OpenDoor(_))
    }

    /// The packet for a controller.
    #[must_use]
    pub fn encode(&self, serial_number: u32) -> [u8; MESSAGE_LENGTH] {
        let mut out = Writer::new(START_OF_MESSAGE, self.function(), serial_number);
        match self {
            Self::GetStatus
            | Self::GetTime
            | Self::GetCardCount
            | Self::GetDevice
            | Self::GetListener
            | Self::GetEventIndex
            | Self::GetAntiPassback => {}
            Self::SetTime(time) => out.date_time(8, Some(*time)),
            Self::OpenDoor(door) | Self::GetDoorControl(door) => out.u8(8, *door),
            Self::PutCard(card) => out.card(Some(card)),
            Self::DeleteCard(number) | Self::GetCard(number) => out.u32(8, *number),
            Self::GetCardAt(index) | Self::GetEvent(index) => out.u32(8, *index),
            Self::DeleteAllCards | Self::RestoreDefaults => out.u32(8, REALLY),
            Self::SetDoorControl(control) => out.door_control(control),
            Self::SetListener(listener) => out.listener(listener),
            Self::SetEventIndex(index) => {
                out.u32(8, *index);
                out.u32(12, REALLY);
            }
            Self::RecordSpecialEvents(is_on) => out.u8(8, u8::from(*is_on)),
            Self::SetPcControl(is_on) => {
                out.u32(8, REALLY);
                out.u8(12, u8::from(*is_on));
            }
            Self::SetInterlock(mode) | Self::SetAntiPassback(mode) => out.u8(8, *mode),
        }
        out.0
    }

    /// Reads a request, as a controller would: which controller it is for, and what it asks.
    ///
    /// # Errors
    /// [`UhppoteError`]: which byte is wrong; a time that does not exist, or a missing word of
    /// confirmation, is wrong at its first byte.
    pub fn decode(packet: &[u8]) -> Result<(u32, Self), UhppoteError> {
        let refuse = |kind, offset| UhppoteError { kind, offset };
        let Ok(bytes) = <&[u8; MESSAGE_LENGTH]>::try_from(packet) else {
            let offset = packet.len().min(MESSAGE_LENGTH);
            return Err(refuse(UhppoteErrorKind::Length(packet.len()), offset));
        };
        let fields = Fields(bytes);
        if fields.u8(0) != START_OF_MESSAGE {
            return Err(refuse(UhppoteErrorKind::Start(fields.u8(0)), 0));
        }
        let really = |at: usize| {
            let is_meant = fields.u32(at) == REALLY;
            is_meant.then_some(()).ok_or(refuse(UhppoteErrorKind::Confirmation, at))
        };
        let request = match fields.u8(1) {
            0x20 => Self::GetStatus,
            0x30 => {
                let time = fields.date_time(8);
                Self::SetTime(time.ok_or(refuse(UhppoteErrorKind::Time, 8))?)
            }
            0x32 => Self::GetTime,
            0x40 => Self::OpenDoor(fields.u8(8)),
            0x50 => {
                let card = super::card(&fields);
                Self::PutCard(card.ok_or(refuse(UhppoteErrorKind::CardNumber, 8))?)
            }
            0x52 => Self::DeleteCard(fields.u32(8)),
            0x54 => really(8).map(|()| Self::DeleteAllCards)?,
            0x58 => Self::GetCardCount,
            0x5a => Self::GetCard(fields.u32(8)),
            0x5c => Self::GetCardAt(fields.u32(8)),
            0x80 => Self::SetDoorControl(DoorControl {
                door: fields.u8(8),
                control_state: fields.u8(9),
                delay_s: fields.u8(10),
            }),
            0x82 => Self::GetDoorControl(fields.u8(8)),
            0x84 => Self::SetAntiPassback(fields.u8(8)),
            0x86 => Self::GetAntiPassback,
            0x8e => Self::RecordSpecialEvents(fields.boolean(8)?),
            0x90 => Self::SetListener(Listener {
                address: fields.address(8),
                port: fields.u16(12),
                interval_s: fields.u8(14),
            }),
            0x92 => Self::GetListener,
            0x94 => Self::GetDevice,
            0xa0 => really(8).and_then(|()| fields.boolean(12)).map(Self::SetPcControl)?,
            0xa2 => Self::SetInterlock(fields.u8(8)),
            0xb0 => Self::GetEvent(fields.u32(8)),
            0xb2 => really(12).map(|()| Self::SetEventIndex(fields.u32(8)))?,
            0xb4 => Self::GetEventIndex,
            0xc8 => really(8).map(|()| Self::RestoreDefaults)?,
            other => return Err(refuse(UhppoteErrorKind::Function(other), 1)),
        };
        Ok((fields.u32(4), request))
    }
}

impl Listener {
    /// Sends events nowhere.
    pub const NOBODY: Self = Self { address: Ipv4Addr::UNSPECIFIED, port: 0, interval_s: 0 };
}
