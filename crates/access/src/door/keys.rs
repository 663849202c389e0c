//! Keyed hashes in place of card numbers and PINs, so that a stolen box gives none away.
//!
//! The key of a card is format, facility, number and issue together: two formats of equal length
//! may carry the same number. SOURCE: HID formats H10302 and H10304, both 37 bits.

use model::PersonId;
use serde::{Deserialize, Serialize};

/// The key that an edge holds and nobody else; 32 bytes from the operating system.
#[derive(Clone)]
pub struct HashKey([u8; 32]);

impl std::fmt::Debug for HashKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashKey(…)")
    }
}

/// What a card says of itself, as its format reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardNumber<'a> {
    /// The format's name, such as `h10301`.
    pub format: &'a str,
    /// Facility or site code; zero where the format has none.
    pub facility: u64,
    /// The number.
    pub number: u128,
    /// Issue level; zero where the format has none.
    pub issue: u32,
}

/// A card's or a mobile credential's number, keyed-hashed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CredentialKey(#[serde(with = "short")] [u8; 16]);

impl std::fmt::Debug for CredentialKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CredentialKey({self})")
    }
}

impl std::fmt::Display for CredentialKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl CredentialKey {
    /// From its sixteen bytes, as records and snapshots carry it.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
    /// Its sixteen bytes.
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }
}

/// A person's PIN, keyed-hashed together with the person: equal PINs of two people look different.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PinKey(#[serde(with = "short")] [u8; 16]);

impl std::fmt::Debug for PinKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PinKey(…)")
    }
}

impl HashKey {
    /// From 32 secret bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn hash(&self, kind: u8, parts: &[&[u8]]) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&[kind]);
        for part in parts {
            // The length keeps `ab`+`c` apart from `a`+`bc`.
            hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(part);
        }
        let mut short = [0; 16];
        short.iter_mut().zip(hasher.finalize().as_bytes()).for_each(|(to, from)| *to = *from);
        short
    }

    /// The key of a card.
    pub fn card(&self, card: &CardNumber<'_>) -> CredentialKey {
        let (facility, number) = (card.facility.to_le_bytes(), card.number.to_le_bytes());
        let issue = card.issue.to_le_bytes();
        CredentialKey(self.hash(1, &[card.format.as_bytes(), &facility, &number, &issue]))
    }

    /// The key of digits that stand for somebody by themselves (no card).
    ///
    /// Few digits are soon tried through by whoever has the key: it is for looking up, and never
    /// for a record. See [`crate::door::Presented::Pin`].
    pub fn pin_alone(&self, digits: &str) -> CredentialKey {
        CredentialKey(self.hash(2, &[digits.as_bytes()]))
    }

    /// The key of a person's own PIN.
    pub fn pin(&self, person: &PersonId, digits: &str) -> PinKey {
        PinKey(self.hash(3, &[person.as_str().as_bytes(), digits.as_bytes()]))
    }
}

/// Sixteen bytes: as such in formats of bytes, as 32 hexadecimal digits in formats of text.
mod short {
    use serde::de::{Error, SeqAccess, Visitor};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 16], to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            let mut text = String::with_capacity(32);
            for byte in bytes {
                for half in [byte >> 4, byte & 15] {
                    text.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
                }
            }
            to.serialize_str(&text)
        } else {
            to.serialize_bytes(bytes)
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 16], D::Error> {
        if from.is_human_readable() {
            from.deserialize_str(Sixteen)
        } else {
            from.deserialize_bytes(Sixteen)
        }
    }

    struct Sixteen;

    impl<'de> Visitor<'de> for Sixteen {
        type Value = [u8; 16];

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("sixteen bytes, or 32 hexadecimal digits")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<[u8; 16], E> {
            let wrong = || E::invalid_value(serde::de::Unexpected::Str("…"), &self);
            if text.len() != 32 {
                return Err(wrong());
            }
            let mut digits = text.chars().map(|digit| digit.to_digit(16));
            let mut half = || digits.next().flatten().and_then(|d| u8::try_from(d).ok());
            let mut bytes = [0; 16];
            for byte in &mut bytes {
                let (high, low) = (half(), half());
                *byte = high.zip(low).map(|(high, low)| high << 4 | low).ok_or_else(wrong)?;
            }
            Ok(bytes)
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<[u8; 16], E> {
            bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<[u8; 16], A::Error> {
            let mut bytes = [0; 16];
            for (n, byte) in bytes.iter_mut().enumerate() {
                *byte = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(n, &Sixteen))?;
            }
            Ok(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn every_part_of_a_card_and_the_edges_key_count() {
        let key = HashKey::new([7; 32]);
        let card = CardNumber { format: "h10302", facility: 0, number: 12_345, issue: 0 };
        let one = key.card(&card);
        assert_eq!(one, key.card(&card));
        for other in [
            CardNumber { format: "h10304", ..card },
            CardNumber { facility: 1, ..card },
            CardNumber { number: 12_346, ..card },
            CardNumber { issue: 1, ..card },
        ] {
            assert_ne!(one, key.card(&other), "{other:?}");
        }
        assert_ne!(one, HashKey::new([8; 32]).card(&card));
    }

    #[test]
    fn equal_pins_of_two_people_look_different() {
        let key = HashKey::new([7; 32]);
        let (ana, ben) = (PersonId::parse("ana").unwrap(), PersonId::parse("ben").unwrap());
        assert_ne!(key.pin(&ana, "1234"), key.pin(&ben, "1234"));
        assert_eq!(key.pin(&ana, "1234"), key.pin(&ana, "1234"));
        assert_eq!(format!("{:?} {key:?}", key.pin(&ana, "1234")), "PinKey(…) HashKey(…)");
    }
}
