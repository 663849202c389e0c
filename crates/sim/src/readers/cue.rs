//! What somebody does at a reader or its door, as one JSON object a line.
//!
//! `{"reader": 1, "card": "1001…"}`, `{"reader": 1, "leaf": "force"}` and so on: the number of the
//! reader and exactly one gesture.

use codec::osdp::Circuit;
use codec::wiegand::{Bits, Card, Formats};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::door::{ContactFault, People};

/// Longest line taken.
pub const CUE_BYTES_MAX: usize = 4_096;

/// Inputs of one reader.
pub const INPUTS_MAX: u8 = 16;

/// One gesture at one reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cue {
    /// The reader's address.
    pub reader: u8,
    /// What is done.
    pub gesture: Gesture,
}

/// What is done.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gesture {
    /// A card is presented.
    Card(CardCue),
    /// Keys are pressed: `0` to `9`, `*`, `#`.
    Keys(String),
    /// The reader's cover is off, or on again.
    Tamper(bool),
    /// Its power fails, or is back.
    PowerFailing(bool),
    /// Somebody moves the leaf.
    Leaf(LeafCue),
    /// What people do from now on who are let through.
    People(People),
    /// The button inside is pressed for a second, or let go at once.
    Exit(bool),
    /// The fire relay is active, or at rest.
    Fire(bool),
    /// What is wrong with the contact from now on.
    Contact(ContactFault),
    /// How the circuit of an input stands from now on, whatever hangs on it.
    Input(InputCue),
    /// The reader is switched off, or on again.
    Switched(bool),
    /// Another device with this serial number takes its place, with the same key.
    Serial(u32),
}

/// Which gesture, never what is on the card or under the keys.
impl std::fmt::Debug for Gesture {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Card(_) => "Card(…)",
            Self::Keys(_) => "Keys(…)",
            Self::Tamper(_) => "Tamper",
            Self::PowerFailing(_) => "PowerFailing",
            Self::Leaf(_) => "Leaf",
            Self::People(_) => "People",
            Self::Exit(_) => "Exit",
            Self::Fire(_) => "Fire",
            Self::Contact(_) => "Contact",
            Self::Input(_) => "Input",
            Self::Switched(_) => "Switched",
            Self::Serial(_) => "Serial",
        })
    }
}

/// A card: its bits, or what they say in a format.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum CardCue {
    /// Bits as `0` and `1`, whatever they mean, or nothing.
    Bits(String),
    /// By the name of a shipped card format.
    Number {
        /// Such as `H10301`.
        format: String,
        /// Facility code, where the format has one.
        #[serde(default)]
        facility: Option<u64>,
        /// Card number.
        number: u64,
        /// Issue, where the format has one.
        #[serde(default)]
        issue: Option<u64>,
    },
}

impl CardCue {
    /// The bits.
    ///
    /// # Errors
    /// [`CueError::Card`]: no bits, too many, no such format, or numbers that do not fit it.
    pub fn bits(&self) -> Result<Bits, CueError> {
        match self {
            Self::Bits(text) => {
                let bits = Bits::parse(text).filter(|bits| !bits.is_empty());
                bits.ok_or_else(|| {
                    CueError::Card("the bits are not 1 to 256 of `0` and `1`".into())
                })
            }
            Self::Number { format, facility, number, issue } => {
                let formats = Formats::shipped().map_err(|why| CueError::Card(why.to_string()))?;
                let found = formats.get(format);
                let layout =
                    found.ok_or_else(|| CueError::Card(format!("no card format `{format}`")))?;
                let (facility, number, issue) = (*facility, *number, *issue);
                let card = Card { format: format.clone(), facility, number, issue, extra: None };
                layout.encode(&card).map_err(|why| CueError::Card(why.to_string()))
            }
        }
    }
}

/// How the leaf is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeafCue {
    /// Opened, if the strike lets it.
    Open,
    /// Opened whatever the strike does.
    Force,
    /// Shut.
    Close,
}

/// How a circuit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputCue {
    /// Which input, 0 to 15.
    pub number: u8,
    /// How.
    pub is: CircuitCue,
}

/// How a circuit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CircuitCue {
    /// As what hangs on it says.
    Sound,
    /// At rest.
    Rest,
    /// Active.
    Active,
    /// Cut through.
    Cut,
    /// Shorted.
    Short,
}

impl CircuitCue {
    /// What a reader says of it; none: what hangs on it says so.
    pub(super) const fn circuit(self) -> Option<Circuit> {
        match self {
            Self::Sound => None,
            Self::Rest => Some(Circuit::Rest),
            Self::Active => Some(Circuit::Active),
            Self::Short => Some(Circuit::Fault(2)),
            Self::Cut => Some(Circuit::Fault(3)),
        }
    }
}

/// Why a cue is not done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CueError {
    /// Too long.
    #[error("longer than {CUE_BYTES_MAX} bytes")]
    TooLong,
    /// Not a JSON object with a reader and one gesture.
    #[error("expected an object with `reader` and one gesture: {0}")]
    Shape(String),
    /// No such input.
    #[error("there is no input {0}: expected 0 to {last}", last = INPUTS_MAX - 1)]
    Input(u8),
    /// Nobody is there.
    #[error("there is no reader at address {0}")]
    NoSuchReader(u8),
    /// The card has no bits.
    #[error("the card cannot be presented: {0}")]
    Card(String),
    /// Keys that no keypad has.
    #[error("the keys are 1 to 32 of `0` to `9`, `*` and `#`")]
    Keys,
    /// The strike holds.
    #[error("the strike holds the leaf shut")]
    Held,
    /// It is switched off.
    #[error("the reader is switched off")]
    Off,
    /// Nobody asks the reader for news, or not fast enough.
    #[error("too much waits to be asked for")]
    Full,
}

impl Cue {
    /// Reads one line.
    ///
    /// # Errors
    /// [`CueError`]: which cue it is not.
    pub fn parse(line: &str) -> Result<Self, CueError> {
        if line.len() > CUE_BYTES_MAX {
            return Err(CueError::TooLong);
        }
        let shape = |why: String| CueError::Shape(why);
        let value: Value = serde_json::from_str(line).map_err(|why| shape(why.to_string()))?;
        let Value::Object(mut object) = value else {
            return Err(shape("found something else".into()));
        };
        let reader = object.remove("reader").as_ref().and_then(Value::as_u64);
        let reader = reader.and_then(|address| u8::try_from(address).ok());
        let reader = reader.ok_or_else(|| shape("`reader` is no address".into()))?;
        // A card's number must not come back in an error.
        let gesture = serde_json::from_value(Value::Object(object));
        let gesture = gesture.map_err(|_| shape(format!("no such gesture at reader {reader}")))?;
        Ok(Self { reader, gesture })
    }
}
