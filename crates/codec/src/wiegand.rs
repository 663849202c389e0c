//! Card numbers as readers send them: Wiegand bit strings, their layouts as data, and keypads.
//!
//! A reader sends bits and nothing that says what they mean. [`Formats`] holds layouts by name,
//! read from text in the manner of vendors' own documents, so that a site adds its format without a
//! release. Some lengths have several layouts (H10302 and H10304 both have 37 bits and the same
//! parity), so a number alone is no key: [`Card::key`] is format, facility, number and issue.
//!
//! Never shows a card number or a code in a debug form: [`Bits`], [`Card`], [`Key`] and [`Pin`]
//! print what they are and not what they hold.

mod bits;
mod card;
mod fascn;
mod format;
mod keypad;
mod table;
#[cfg(test)]
mod tests;

pub use bits::{BITS_MAX, Bits};
pub use card::{Card, CardKey, Part, WiegandError, WiegandErrorKind};
pub use format::Format;
pub use keypad::{Key, PIN_KEYS_MAX, Pin, PinEntry, PinRules, PinStep, burst, osdp_keys};
pub use table::{FORMATS_MAX, FormatError, FormatErrorKind, Formats};
