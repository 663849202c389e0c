//! Keys of a keypad, and the code that people make of them.

use std::fmt;
use std::time::Duration;

use super::bits::Bits;

/// Keys of one code; a longer entry is given up.
pub const PIN_KEYS_MAX: usize = 16;

/// One key. Its debug form does not say which.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// A digit, 0 to 9.
    Digit(u8),
    /// `*`: most readers' *clear*.
    Star,
    /// `#`: most readers' *enter*.
    Hash,
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(…)")
    }
}

impl Key {
    const fn of(code: u8) -> Option<Self> {
        match code {
            0..=9 => Some(Self::Digit(code)),
            10 => Some(Self::Star),
            11 => Some(Self::Hash),
            _ => None,
        }
    }
}

/// The key that a burst of 4 or 8 bits stands for; `None` when it is no key.
///
/// Of eight bits the first four are the others turned over, so that a card's bits or a damaged
/// burst are told from a key.
///
/// SOURCE: HID PINpad installation guides 7393760 (8 bits), Rosslare AYC-Qx4 manual 4.2.3.9
/// (4 bits) and 4.2.3.3 (8 bits).
#[must_use]
pub fn burst(bits: &Bits) -> Option<Key> {
    let byte = bits.expose().first().copied()?;
    match bits.len() {
        4 => Key::of(byte >> 4),
        8 if byte >> 4 == !byte & 0x0f => Key::of(byte & 0x0f),
        _ => None,
    }
}

/// The keys of an OSDP keypad reply, one byte each; other bytes are left out and counted.
///
/// SOURCE: SIA OSDP 2.2, `osdp_KEYPAD`: digits in ASCII, 7F for `*`, 0D for `#`.
#[must_use]
pub fn osdp_keys(bytes: &[u8]) -> (Vec<Key>, usize) {
    let keys: Vec<Key> = bytes
        .iter()
        .filter_map(|byte| match byte {
            b'0'..=b'9' => Some(Key::Digit(byte - b'0')),
            b'*' | 0x7f => Some(Key::Star),
            b'#' | 0x0d => Some(Key::Hash),
            _ => None,
        })
        .collect();
    let unknown = bytes.len() - keys.len();
    (keys, unknown)
}

/// A whole code. Its debug form shows nothing of it, not even its length.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin {
    digits: [u8; PIN_KEYS_MAX],
    length: usize,
}

impl fmt::Debug for Pin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pin(…)")
    }
}

impl Pin {
    const EMPTY: Self = Self { digits: [0; PIN_KEYS_MAX], length: 0 };

    /// The digits in ASCII. Never log or keep them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.digits.get(..self.length).unwrap_or_default()
    }

    /// `false` when there is no room.
    fn push(&mut self, digit: u8) -> bool {
        let Some(place) = self.digits.get_mut(self.length) else { return false };
        *place = b'0' + digit;
        self.length += 1;
        true
    }
}

/// How codes are entered at a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinRules {
    /// Fewest digits of a code.
    pub digits_min: usize,
    /// Most digits; at most [`PIN_KEYS_MAX`].
    pub digits_max: usize,
    /// Whether the last possible digit ends the entry, without `#`.
    pub is_ended_by_length: bool,
    /// How long after a key the next one still belongs to it.
    pub key_wait_max: Duration,
}

/// What a key or the passing of time made of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinStep {
    /// Nothing is being entered.
    Idle,
    /// More is expected.
    Waiting,
    /// The entry is whole.
    Complete(Pin),
    /// The person cleared it.
    Cleared,
    /// Ended with too few digits.
    TooShort,
    /// More digits than any code has; it is forgotten.
    TooLong,
    /// The next key did not come in time; it is forgotten.
    Abandoned,
}

/// One reader's entry. Time is an argument: any clock that only goes forward.
#[derive(Debug)]
pub struct PinEntry {
    rules: PinRules,
    pin: Pin,
    /// Too many digits came; the rest is swallowed until it ends.
    is_overrun: bool,
    last_key_at: Option<Duration>,
}

impl PinEntry {
    /// Nothing entered yet.
    #[must_use]
    pub const fn new(rules: PinRules) -> Self {
        Self { rules, pin: Pin::EMPTY, is_overrun: false, last_key_at: None }
    }

    /// Takes one key at `now`. An entry that waited too long is forgotten first.
    pub fn press(&mut self, key: Key, now: Duration) -> PinStep {
        if self.is_late(now) {
            self.forget();
        }
        match key {
            Key::Star if self.last_key_at.is_none() => PinStep::Idle,
            Key::Star => {
                self.forget();
                PinStep::Cleared
            }
            Key::Hash => self.end(),
            Key::Digit(digit) => {
                self.last_key_at = Some(now);
                let is_room = self.pin.length < self.rules.digits_max.min(PIN_KEYS_MAX);
                if !is_room || !self.pin.push(digit.min(9)) {
                    self.is_overrun = true;
                }
                if self.rules.is_ended_by_length && self.pin.length == self.rules.digits_max {
                    return self.end();
                }
                PinStep::Waiting
            }
        }
    }

    /// Asks whether the entry was abandoned; call at [`PinEntry::deadline`] or whenever convenient.
    pub fn poll(&mut self, now: Duration) -> PinStep {
        if self.is_late(now) {
            self.forget();
            return PinStep::Abandoned;
        }
        if self.last_key_at.is_some() { PinStep::Waiting } else { PinStep::Idle }
    }

    /// When the present entry is abandoned; `None` when there is none.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.last_key_at.map(|at| at.saturating_add(self.rules.key_wait_max))
    }

    fn is_late(&self, now: Duration) -> bool {
        self.deadline().is_some_and(|deadline| now >= deadline)
    }

    fn end(&mut self) -> PinStep {
        let step = if self.is_overrun {
            PinStep::TooLong
        } else if self.pin.length < self.rules.digits_min.max(1) {
            PinStep::TooShort
        } else {
            PinStep::Complete(self.pin.clone())
        };
        self.forget();
        step
    }

    fn forget(&mut self) {
        *self = Self::new(self.rules);
    }
}
