//! What a recording proves without asking anybody.

use serde_json::{Value, json};

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingKind {
    /// A reader that can do secure channel is spoken to without.
    ClearText,
    /// A reader's key went over the line for everybody to read.
    KeyInClear,
    /// The panel asks for the key that everybody knows.
    InstallKeyAsked,
    /// The reader proved to use the key that everybody knows.
    InstallKey,
    /// A secured frame was sent again later, as no sender does.
    Replay,
    /// A reply does not carry the number of the command before it.
    OutOfSequence,
    /// Two different replies to one command, or two identities, at one address.
    TwoReaders,
}

impl FindingKind {
    /// A lasting word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClearText => "clear_text",
            Self::KeyInClear => "key_in_clear",
            Self::InstallKeyAsked => "install_key_asked",
            Self::InstallKey => "install_key",
            Self::Replay => "replay",
            Self::OutOfSequence => "out_of_sequence",
            Self::TwoReaders => "two_readers",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::ClearText => "is spoken to in clear text although it can do secure channel",
            Self::KeyInClear => "was sent its key in clear text: whoever listened has it",
            Self::InstallKeyAsked => "was asked to use the install key, which everybody knows",
            Self::InstallKey => "uses the install key, which everybody knows",
            Self::Replay => "had a secured frame sent again: somebody replays what was recorded",
            Self::OutOfSequence => "sent a reply whose number is not that of the command before it",
            Self::TwoReaders => "is not alone at its address: two answers to one question",
        }
    }
}

/// Something proved, at one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub kind: FindingKind,
    /// Where.
    pub address: u8,
    /// In how many packets.
    pub count: u64,
    /// In which first, counted from 1.
    pub first: u64,
}

impl Finding {
    /// One sentence.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { kind, address, count, first } = self;
        let times = if *count == 1 { "once" } else { "times" };
        let count = if *count == 1 { String::new() } else { format!("{count} ") };
        format!("reader {address} {} ({count}{times}, first in packet {first})", kind.text())
    }

    /// The same as a JSON object.
    #[must_use]
    pub fn to_value(&self) -> Value {
        json!({
            "finding": self.kind.name(),
            "address": self.address,
            "count": self.count,
            "first_packet": self.first,
            "message": self.to_text(),
        })
    }
}
