//! How an edge is taken into service: the code that somebody carries to it, and what the two say
//! to each other before there is a certificate.
//!
//! The exchange is one connection of its own protocol (ALPN `castellan-enrol/1`) on the listener
//! of edges. The code names the authority that the server must show, so the edge knows whom it
//! asks; the secret in it is good once, for one key; and nothing is given out before somebody has
//! compared the fingerprint of that key and approved it.

use std::fmt;

use model::PointId;
use serde::{Deserialize, Serialize};

/// Longest frame of this exchange, in bytes.
pub const ENROL_BYTES_MAX: usize = 64 << 10;
/// What a code begins with.
const MARK: &str = "castellan-edge:";

/// What somebody carries from the server to an edge. Written
/// `castellan-edge:POINT@ADDRESS/SECRET/AUTHORITY`, both in hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    /// Who the edge will be.
    pub point: PointId,
    /// Where the server listens for edges: `HOST:PORT`.
    pub address: String,
    /// Good once.
    pub secret: [u8; 16],
    /// SHA-256 of the authority's certificate (DER).
    pub authority: [u8; 32],
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({}@{})", self.point, self.address)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{MARK}{}@{}/", self.point, self.address)?;
        self.secret.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("/")?;
        self.authority.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Code {
    /// Reads one; fails with what was expected. The text itself is in no error: it is a secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = "expected `castellan-edge:POINT@HOST:PORT/SECRET/AUTHORITY`";
        let rest = text.trim().strip_prefix(MARK).ok_or(expected)?;
        let mut parts = rest.split('/');
        let (Some(who), Some(secret), Some(authority), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(expected.to_owned());
        };
        let (point, address) = who.split_once('@').ok_or(expected)?;
        let port = address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_none() {
            return Err(format!("{expected}: the address has no port"));
        }
        Ok(Self {
            point: PointId::parse(point).map_err(|error| error.to_string())?,
            address: address.to_owned(),
            secret: unhex(secret).ok_or("the secret is not 32 hexadecimal digits")?,
            authority: unhex(authority).ok_or("the authority is not 64 hexadecimal digits")?,
        })
    }
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = [0_u8; N];
    if text.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some(bytes)
}

/// What somebody says who is not in service yet, or whose certificate grows old.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromNew {
    /// With the secret of a code. Said again with the same key, it asks how far that is.
    Ask {
        /// [`super::LINK_FORMAT`].
        format: u16,
        /// Who it will be.
        point: PointId,
        /// The code's.
        #[serde(with = "super::bytes")]
        secret: Vec<u8>,
        /// A certificate signing request (PKCS #10, DER) by its Ed25519 key.
        #[serde(with = "super::bytes")]
        request: Vec<u8>,
    },
    /// In service, with its present certificate shown to TLS: a newer one for the same key.
    Renew {
        /// [`super::LINK_FORMAT`].
        format: u16,
        /// A certificate signing request by the key of the certificate that is shown.
        #[serde(with = "super::bytes")]
        request: Vec<u8>,
    },
}

impl fmt::Debug for FromNew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask { point, .. } => write!(f, "Ask({point})"),
            Self::Renew { .. } => f.write_str("Renew"),
        }
    }
}

/// What it is told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToNew {
    /// Somebody must approve it: this is the fingerprint to be compared. The connection stays open
    /// until then or until its time is over; to ask again is harmless.
    Waiting {
        /// SHA-256 of its public key, in hexadecimal, in groups of four digits.
        fingerprint: String,
    },
    /// It is in service.
    Granted(Box<Granted>),
    /// It is not.
    Refused {
        /// Why, in words.
        why: String,
    },
}

impl fmt::Debug for ToNew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting { fingerprint } => write!(f, "Waiting({fingerprint})"),
            Self::Granted(granted) => write!(f, "Granted({})", granted.point),
            Self::Refused { why } => write!(f, "Refused({why})"),
        }
    }
}

/// What an edge in service holds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// Who it is.
    pub point: PointId,
    /// Its certificate (DER).
    #[serde(with = "super::bytes")]
    pub certificate: Vec<u8>,
    /// The authority's certificate (DER): the only one that it trusts.
    #[serde(with = "super::bytes")]
    pub authority: Vec<u8>,
    /// The public key by which snapshots and commands are signed: Ed25519, 32 bytes.
    #[serde(with = "super::bytes")]
    pub signing_key: Vec<u8>,
    /// The key of card numbers and PINs, 32 bytes; empty where a certificate was renewed.
    #[serde(with = "super::bytes")]
    pub hash_key: Vec<u8>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn a_code_survives_being_written_down_and_a_broken_one_is_named() {
        let code = Code {
            point: PointId::parse("gate-2").unwrap(),
            address: "[2001:db8::1]:8443".to_owned(),
            secret: [0x0a; 16],
            authority: [0xf1; 32],
        };
        let text = code.to_string();
        assert_eq!(Code::parse(&format!(" {text}\n")).unwrap(), code);
        assert!(!format!("{code:?}").contains("0a0a"), "a secret is in no log");
        let cut = &text[..text.len() - 1];
        for (broken, why) in [
            ("", "expected `castellan-edge:"),
            ("castellan-edge:gate-2", "expected `castellan-edge:"),
            (cut, "64 hexadecimal digits"),
            (&text.replace("0a0a", "0g0g"), "32 hexadecimal digits"),
            (&text.replace(":8443", ""), "no port"),
            (&text.replace("gate-2", "Gate"), "is not an id"),
        ] {
            let said = Code::parse(broken).unwrap_err();
            assert!(said.contains(why), "{broken}: {said}");
        }
    }
}
