//! The Federal Agency Smart Credential Number: forty characters of five bits.
//!
//! Each character has four bits of a decimal digit, lowest first, and an odd parity bit. Agency and
//! system make the facility; the credential is the number; series and individual issue make the
//! issue; the person's own digits come beside the key.
//!
//! SOURCE: Technical Implementation Guidance: Smart Card Enabled Physical Access Control Systems,
//! version 2.2, sections 6.2 and 6.3, figures 6 and 7.

use super::bits::Bits;
use super::card::{Card, Part, WiegandErrorKind};

/// Characters of the whole number.
const CHARACTERS: usize = 40;
/// Bits of the whole number.
pub(super) const BITS: usize = CHARACTERS * 5;

const START: u8 = 0xb;
const SEPARATOR: u8 = 0xd;
const END: u8 = 0xf;

/// What stands at each of the first 39 characters; the last one checks the columns of the others.
#[derive(Clone, Copy)]
enum Place {
    Is(u8),
    Digit(Part),
}

/// Start, agency (4), system (4), credential (6), series, individual issue, sixteen digits of the
/// person, end.
fn places() -> impl Iterator<Item = Place> {
    let digits = |part, count: usize| std::iter::repeat_n(Place::Digit(part), count);
    let separator = || std::iter::once(Place::Is(SEPARATOR));
    std::iter::once(Place::Is(START))
        .chain(digits(Part::Facility, 4))
        .chain(separator())
        .chain(digits(Part::Facility, 4))
        .chain(separator())
        .chain(digits(Part::Number, 6))
        .chain(separator())
        .chain(digits(Part::Issue, 1))
        .chain(separator())
        .chain(digits(Part::Issue, 1))
        .chain(separator())
        .chain(digits(Part::Extra, 16))
        .chain(std::iter::once(Place::Is(END)))
}

pub(super) const fn max(part: Part) -> u64 {
    match part {
        Part::Facility => 99_999_999,
        Part::Number => 999_999,
        Part::Issue => 99,
        Part::Extra => 9_999_999_999_999_999,
    }
}

/// The four bits of the character at an index; `None` when its parity is wrong.
fn character(bits: &Bits, index: usize) -> Option<u8> {
    let mut value = 0;
    let mut ones = 0;
    for offset in 0..5 {
        let bit = u8::from(bits.get(index * 5 + offset));
        ones += bit;
        value |= bit << offset;
    }
    (ones % 2 == 1).then_some(value & 0x0f)
}

fn put(bits: &mut Bits, index: usize, value: u8) {
    for offset in 0..4 {
        bits.set(index * 5 + offset, value >> offset & 1 == 1);
    }
    bits.set(index * 5 + 4, value.count_ones().is_multiple_of(2));
}

pub(super) fn decode(bits: &Bits) -> Result<[Option<u64>; 4], WiegandErrorKind> {
    let mut columns = 0;
    let mut parts = [0_u64; 4];
    for (index, place) in places().enumerate() {
        let found = character(bits, index).ok_or(WiegandErrorKind::Parity(index * 5 + 4))?;
        columns ^= found;
        match place {
            Place::Is(expected) if found != expected => {
                return Err(WiegandErrorKind::Separator(index * 5));
            }
            Place::Is(_) => {}
            Place::Digit(_) if found > 9 => return Err(WiegandErrorKind::Digit(index * 5)),
            Place::Digit(part) => {
                for (value, of) in parts.iter_mut().zip(Part::ALL) {
                    if of == part {
                        *value = *value * 10 + u64::from(found);
                    }
                }
            }
        }
    }
    // Real cards carry checking characters that are no digit: only the columns count.
    let last = CHARACTERS - 1;
    let check = character(bits, last).ok_or(WiegandErrorKind::Parity(last * 5 + 4))?;
    if check != columns {
        return Err(WiegandErrorKind::Parity(last * 5));
    }
    Ok(parts.map(Some))
}

/// INVARIANT: the caller has checked every part against [`max`].
pub(super) fn encode(card: &Card, mut bits: Bits) -> Bits {
    let mut left = Part::ALL.map(|part| 10_u64.pow(digits_of(part)));
    let mut columns = 0;
    for (index, place) in places().enumerate() {
        let value = match place {
            Place::Is(value) => value,
            Place::Digit(part) => {
                let mut digit = 0;
                for (scale, of) in left.iter_mut().zip(Part::ALL) {
                    if of == part {
                        *scale /= 10;
                        digit = card.part(part).unwrap_or_default() / (*scale).max(1) % 10;
                    }
                }
                u8::try_from(digit).unwrap_or_default()
            }
        };
        columns ^= value;
        put(&mut bits, index, value);
    }
    put(&mut bits, CHARACTERS - 1, columns);
    bits
}

const fn digits_of(part: Part) -> u32 {
    match part {
        Part::Facility => 8,
        Part::Number => 6,
        Part::Issue => 2,
        Part::Extra => 16,
    }
}
