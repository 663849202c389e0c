//! A string of bits, first bit first.

use std::fmt;

/// Longest bit string taken; the longest known format has 200.
pub const BITS_MAX: usize = 256;

const BYTES_MAX: usize = BITS_MAX / 8;

/// Bits in the order in which the reader sent them. Position 0 is the first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bits {
    // INVARIANT: bits from `length` on are 0, so that equality is equality of bits.
    bytes: [u8; BYTES_MAX],
    length: u16,
}

/// The number of bits, never the bits: they are somebody's card.
impl fmt::Debug for Bits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Bits({})", self.length)
    }
}

impl Bits {
    /// `length` zeros; at most [`BITS_MAX`].
    #[must_use]
    pub fn zeros(length: usize) -> Option<Self> {
        let length = u16::try_from(length).ok().filter(|_| length <= BITS_MAX)?;
        Some(Self { bytes: [0; BYTES_MAX], length })
    }

    /// The first `length` bits of `bytes`, highest bit of each byte first, as OSDP and Wiegand
    /// readers pack them. Bits after `length` in the last byte are ignored.
    ///
    /// `None` when `bytes` has fewer bits, or there are more than [`BITS_MAX`].
    #[must_use]
    pub fn packed(bytes: &[u8], length: usize) -> Option<Self> {
        let mut bits = Self::zeros(length)?;
        if bytes.len() < length.div_ceil(8) {
            return None;
        }
        for (place, byte) in bits.bytes.iter_mut().zip(bytes).take(length.div_ceil(8)) {
            *place = *byte;
        }
        for position in length..length.next_multiple_of(8) {
            bits.set(position, false);
        }
        Some(bits)
    }

    /// Bits written as `0` and `1`; blanks are skipped. `None` for anything else, or too many.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = || text.chars().filter(|digit| !digit.is_whitespace());
        let mut bits = Self::zeros(digits().count())?;
        for (position, digit) in digits().enumerate() {
            match digit {
                '0' => {}
                '1' => bits.set(position, true),
                _ => return None,
            }
        }
        Some(bits)
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length.into()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The bit at a position; outside the string `false`.
    #[must_use]
    pub fn get(&self, position: usize) -> bool {
        let byte = self.bytes.get(position / 8).copied().unwrap_or_default();
        byte >> (7 - position % 8) & 1 == 1
    }

    pub(super) fn set(&mut self, position: usize, bit: bool) {
        if let Some(byte) = self.bytes.get_mut(position / 8) {
            let mask = 0x80 >> (position % 8);
            *byte = if bit { *byte | mask } else { *byte & !mask };
        }
    }

    /// The same bits with the one at `position` turned over; outside the string the same.
    #[must_use]
    pub fn flipped(mut self, position: usize) -> Self {
        if position < self.len() {
            self.set(position, !self.get(position));
        }
        self
    }

    /// The bytes that hold them, the last one filled up with zeros. Never log them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.bytes.get(..self.len().div_ceil(8)).unwrap_or_default()
    }

    /// The bits as `0` and `1`. Never log it.
    #[must_use]
    pub fn expose_text(&self) -> String {
        (0..self.len()).map(|position| if self.get(position) { '1' } else { '0' }).collect()
    }
}
