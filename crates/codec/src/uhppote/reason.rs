//! The numbers that controllers use for kinds, directions and reasons of events.
//!
//! SOURCE: UHPPOTE/Weigeng UT0311-L0x event record, as the device's vendor software shows them.

/// What kind of event a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventType {
    /// There is no event.
    None,
    /// A card was swiped.
    Swipe,
    /// A door, its button or the controller did something.
    Door,
    /// An alarm.
    Alarm,
    /// The record was overwritten by a later one.
    Overwritten,
    /// A number that we do not know.
    Other(u8),
}

impl EventType {
    pub(super) const fn of(code: u8) -> Self {
        match code {
            0 => Self::None,
            1 => Self::Swipe,
            2 => Self::Door,
            3 => Self::Alarm,
            0xff => Self::Overwritten,
            other => Self::Other(other),
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Swipe => 1,
            Self::Door => 2,
            Self::Alarm => 3,
            Self::Overwritten => 0xff,
            Self::Other(code) => code,
        }
    }

    /// A word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Swipe => "swipe",
            Self::Door => "door",
            Self::Alarm => "alarm",
            Self::Overwritten => "overwritten",
            Self::Other(_) => "other",
        }
    }
}

/// Which way a reader leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// There is none.
    None,
    /// In.
    In,
    /// Out.
    Out,
    /// A number that we do not know.
    Other(u8),
}

impl Direction {
    pub(super) const fn of(code: u8) -> Self {
        match code {
            0 => Self::None,
            1 => Self::In,
            2 => Self::Out,
            other => Self::Other(other),
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::In => 1,
            Self::Out => 2,
            Self::Other(code) => code,
        }
    }

    /// A word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::In => "in",
            Self::Out => "out",
            Self::Other(_) => "other",
        }
    }
}

/// Why an event happened, in words; `None` for numbers that are reserved.
#[must_use]
pub const fn reason_text(code: u8) -> Option<&'static str> {
    Some(match code {
        1 => "swipe",
        2 => "swipe open",
        3 => "swipe close",
        5 => "denied by the host system",
        6 => "no access rights",
        7 => "wrong password",
        8 => "anti-passback",
        9 => "more cards needed",
        10 => "first card needed",
        11 => "door is normally closed",
        12 => "interlock",
        13 => "outside the allowed times",
        15 => "invalid time zone",
        18 => "access denied",
        20 => "button pressed",
        23 => "door opened",
        24 => "door closed",
        25 => "opened by supervisor password",
        28 => "controller power on",
        29 => "controller reset",
        31 => "button refused: door locked",
        32 => "button refused: offline",
        33 => "button refused: interlock",
        34 => "button refused: threat",
        37 => "door open too long",
        38 => "door forced open",
        39 => "fire",
        40 => "door forced closed",
        41 => "theft prevention",
        42 => "zone armed day and night",
        43 => "emergency call",
        44 => "opened remotely",
        45 => "opened remotely by desk reader",
        _ => return None,
    })
}
