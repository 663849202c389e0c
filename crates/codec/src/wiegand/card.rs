//! What a bit string says once its format is known.

use std::fmt;

use thiserror::Error;

/// A part of a card's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Facility, site, company or agency.
    Facility,
    /// The card's number within it.
    Number,
    /// Which issue of the number.
    Issue,
    /// What the format carries beside the key, such as an expiry date.
    Extra,
}

impl Part {
    /// Every part, in the order of the key.
    pub const ALL: [Self; 4] = [Self::Facility, Self::Number, Self::Issue, Self::Extra];

    /// A word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Facility => "facility",
            Self::Number => "number",
            Self::Issue => "issue",
            Self::Extra => "extra",
        }
    }
}

/// A card's content. What its format lacks is `None`; a number is always there.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Card {
    /// Name of the format that it was read by.
    pub format: String,
    /// Facility code.
    pub facility: Option<u64>,
    /// Card number.
    pub number: u64,
    /// Issue level.
    pub issue: Option<u64>,
    /// What the format carries beside the key.
    pub extra: Option<u64>,
}

/// What tells one card from another: format, facility, number, issue.
pub type CardKey<'a> = (&'a str, Option<u64>, u64, Option<u64>);

/// The format, never the numbers: they are somebody's card.
impl fmt::Debug for Card {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Card({}, …)", self.format)
    }
}

impl Card {
    /// What tells this card from every other.
    #[must_use]
    pub fn key(&self) -> CardKey<'_> {
        (&self.format, self.facility, self.number, self.issue)
    }

    /// A part's value, where the format has it.
    #[must_use]
    pub const fn part(&self, part: Part) -> Option<u64> {
        match part {
            Part::Facility => self.facility,
            Part::Number => Some(self.number),
            Part::Issue => self.issue,
            Part::Extra => self.extra,
        }
    }
}

/// Why bits are no card of a format, or a card has no bits in it. Positions count from 0.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Error)]
pub enum WiegandErrorKind {
    /// Another number of bits.
    #[error("expected {expected} bits, found {found}")]
    BitCount {
        /// What the format has.
        expected: usize,
        /// What came.
        found: usize,
    },
    /// A parity bit does not fit what it covers.
    #[error("the parity at bit {0} is wrong")]
    Parity(usize),
    /// A bit that is always the same is not.
    #[error("bit {0} is not what it always is")]
    Fixed(usize),
    /// Four bits of a decimal digit are no digit.
    #[error("the digit at bit {0} is none")]
    Digit(usize),
    /// A sentinel or separator is another character.
    #[error("the character at bit {0} is not the separator that stands there")]
    Separator(usize),
    /// A part does not fit into its bits.
    #[error("the {} is more than {max}", .part.name())]
    TooLarge {
        /// Which.
        part: Part,
        /// The most there is room for.
        max: u64,
    },
    /// A part that the format needs is missing.
    #[error("the {} is missing", .0.name())]
    Missing(Part),
    /// A part is given that the format has no room for.
    #[error("there is no room for the {}", .0.name())]
    NoRoom(Part),
}

/// A refused bit string or card.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Error)]
#[error("card format {format}: {kind}")]
pub struct WiegandError {
    /// Which format it was tried by.
    pub format: String,
    /// Why.
    pub kind: WiegandErrorKind,
}

impl WiegandError {
    /// Whether the bits have this format's length and fixed bits but were damaged on the way.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        matches!(self.kind, WiegandErrorKind::Parity(_))
    }
}
