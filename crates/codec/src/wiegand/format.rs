//! One layout: where the parts lie, what is fixed, which parity covers what.

use super::bits::Bits;
use super::card::{Card, Part, WiegandError, WiegandErrorKind};
use super::fascn;

/// One parity bit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parity {
    /// Where it stands.
    pub at: usize,
    /// Whether the ones, its own included, are odd in number.
    pub is_odd: bool,
    /// What it covers, itself not included.
    pub covers: Vec<usize>,
}

impl Parity {
    /// What the parity bit has to be.
    fn expected(&self, bits: &Bits) -> bool {
        let ones = self.covers.iter().filter(|at| bits.get(**at)).count();
        (ones % 2 == 1) != self.is_odd
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Linear {
    /// Positions of each part in the order of [`Part::ALL`], highest bit first; empty for none.
    pub parts: [Vec<usize>; 4],
    /// Whether the number is written in decimal digits of four bits.
    pub is_decimal: bool,
    /// Bits that are always the same.
    pub fixed: Vec<(usize, bool)>,
    /// In the order in which they are made: a later one may cover an earlier one.
    pub parity: Vec<Parity>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Layout {
    /// Parts, fixed bits and parity at positions.
    Linear(Linear),
    /// Forty characters of five bits with a checking character.
    FascN,
}

/// A layout by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) bits: usize,
    pub(super) layout: Layout,
}

impl Format {
    /// Its name, such as `H10301`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is, in words.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// How many bits it has.
    #[must_use]
    pub const fn bits(&self) -> usize {
        self.bits
    }

    /// Whether every single wrong bit is noticed: each is fixed, or covered by some parity.
    #[must_use]
    pub fn is_every_bit_covered(&self) -> bool {
        match &self.layout {
            Layout::FascN => true,
            Layout::Linear(linear) => (0..self.bits).all(|bit| linear.is_covered(bit)),
        }
    }

    /// Whether one wrong bit at `position` is noticed.
    #[must_use]
    pub fn is_covered(&self, position: usize) -> bool {
        match &self.layout {
            Layout::FascN => position < self.bits,
            Layout::Linear(linear) => linear.is_covered(position),
        }
    }

    /// The largest value of a part; `None` where the format has no such part.
    #[must_use]
    pub fn max(&self, part: Part) -> Option<u64> {
        match &self.layout {
            Layout::FascN => Some(fascn::max(part)),
            Layout::Linear(linear) => linear.max(part),
        }
    }

    /// Reads bits by this format.
    ///
    /// # Errors
    /// [`WiegandError`]: the number of bits, a parity bit or a fixed bit is wrong, with its
    /// position.
    pub fn decode(&self, bits: &Bits) -> Result<Card, WiegandError> {
        let refuse = |kind| WiegandError { format: self.name.clone(), kind };
        if bits.len() != self.bits {
            let (expected, found) = (self.bits, bits.len());
            return Err(refuse(WiegandErrorKind::BitCount { expected, found }));
        }
        let parts = match &self.layout {
            Layout::FascN => fascn::decode(bits),
            Layout::Linear(linear) => linear.decode(bits),
        };
        let [facility, number, issue, extra] = parts.map_err(refuse)?;
        let number = number.unwrap_or_default();
        Ok(Card { format: self.name.clone(), facility, number, issue, extra })
    }

    /// Writes a card's bits in this format; the card's own format name is not looked at.
    ///
    /// # Errors
    /// [`WiegandError`]: a part is missing, has no room, or is too large.
    pub fn encode(&self, card: &Card) -> Result<Bits, WiegandError> {
        let refuse = |kind| WiegandError { format: self.name.clone(), kind };
        for part in Part::ALL {
            match (card.part(part), self.max(part)) {
                (Some(value), Some(max)) if value > max => {
                    return Err(refuse(WiegandErrorKind::TooLarge { part, max }));
                }
                (Some(_), None) => return Err(refuse(WiegandErrorKind::NoRoom(part))),
                (None, Some(_)) => return Err(refuse(WiegandErrorKind::Missing(part))),
                (Some(_), Some(_)) | (None, None) => {}
            }
        }
        let found = self.bits;
        let bits = Bits::zeros(self.bits)
            .ok_or_else(|| refuse(WiegandErrorKind::BitCount { expected: found, found }))?;
        Ok(match &self.layout {
            Layout::FascN => fascn::encode(card, bits),
            Layout::Linear(linear) => linear.encode(card, bits),
        })
    }
}

impl Linear {
    fn is_covered(&self, position: usize) -> bool {
        self.fixed.iter().any(|(at, _)| *at == position)
            || self
                .parity
                .iter()
                .any(|parity| parity.at == position || parity.covers.contains(&position))
    }

    fn positions(&self, part: Part) -> &[usize] {
        let [facility, number, issue, extra] = &self.parts;
        match part {
            Part::Facility => facility,
            Part::Number => number,
            Part::Issue => issue,
            Part::Extra => extra,
        }
    }

    /// Whether a part is written in decimal digits.
    fn is_decimal(&self, part: Part) -> bool {
        self.is_decimal && part == Part::Number
    }

    fn max(&self, part: Part) -> Option<u64> {
        let bits = u32::try_from(self.positions(part).len()).ok().filter(|bits| *bits > 0)?;
        if self.is_decimal(part) {
            return 10_u64.checked_pow(bits / 4).map(|limit| limit - 1);
        }
        Some(u64::MAX.checked_shr(64_u32.saturating_sub(bits)).unwrap_or_default())
    }

    fn decode(&self, bits: &Bits) -> Result<[Option<u64>; 4], WiegandErrorKind> {
        for (at, bit) in &self.fixed {
            if bits.get(*at) != *bit {
                return Err(WiegandErrorKind::Fixed(*at));
            }
        }
        for parity in &self.parity {
            if bits.get(parity.at) != parity.expected(bits) {
                return Err(WiegandErrorKind::Parity(parity.at));
            }
        }
        let mut values = [None; 4];
        for (value, part) in values.iter_mut().zip(Part::ALL) {
            let positions = self.positions(part);
            if positions.is_empty() {
                continue;
            }
            *value = Some(if self.is_decimal(part) {
                decimal(bits, positions)?
            } else {
                binary(bits, positions)
            });
        }
        Ok(values)
    }

    fn encode(&self, card: &Card, mut bits: Bits) -> Bits {
        for part in Part::ALL {
            let mut rest = card.part(part).unwrap_or_default();
            if self.is_decimal(part) {
                rest = packed_decimal(rest);
            }
            for at in self.positions(part).iter().rev() {
                bits.set(*at, rest & 1 == 1);
                rest >>= 1;
            }
        }
        for (at, bit) in &self.fixed {
            bits.set(*at, *bit);
        }
        for parity in &self.parity {
            bits.set(parity.at, parity.expected(&bits));
        }
        bits
    }
}

fn binary(bits: &Bits, positions: &[usize]) -> u64 {
    positions.iter().fold(0, |value, at| value << 1 | u64::from(bits.get(*at)))
}

fn decimal(bits: &Bits, positions: &[usize]) -> Result<u64, WiegandErrorKind> {
    let mut value = 0_u64;
    for digit in positions.chunks(4) {
        let found = binary(bits, digit);
        if found > 9 {
            let at = digit.first().copied().unwrap_or_default();
            return Err(WiegandErrorKind::Digit(at));
        }
        value = value.saturating_mul(10).saturating_add(found);
    }
    Ok(value)
}

/// Decimal digits in four bits each.
fn packed_decimal(mut value: u64) -> u64 {
    let mut packed = 0;
    for digit in 0..16 {
        packed |= (value % 10) << (4 * digit);
        value /= 10;
    }
    packed
}
