//! The secure channel: session keys, cryptograms, authentication codes, encryption.
//!
//! SOURCE: SIA OSDP 2.2, annex D (D.2 keys and cryptograms, D.5 authentication codes, D.6
//! encryption); vectors in annex E.

use std::fmt;

use aes::Aes128;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use thiserror::Error;

use super::frame::{Frame, MAC_BYTES, SecurityBlock, decode, encode};
use crate::bytes::span;

const BLOCK: usize = 16;
/// Begins the padding of a message.
const PADDING: u8 = 0x80;

/// A reader's key. Its debug form shows nothing of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Scbk([u8; BLOCK]);

/// The key that every reader knows while it is being installed. Anybody knows it.
pub const INSTALL_KEY: Scbk = Scbk(*b"0123456789:;<=>?");

impl fmt::Debug for Scbk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Scbk(…)")
    }
}

impl Scbk {
    /// A key from its bytes.
    #[must_use]
    pub const fn new(bytes: [u8; BLOCK]) -> Self {
        Self(bytes)
    }

    /// A key from 32 hexadecimal digits; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text
            .trim()
            .bytes()
            .map(|digit| (digit as char).to_digit(16))
            .try_fold(Vec::new(), |mut digits, digit| {
                digits.push(u8::try_from(digit?).ok()?);
                Some(digits)
            })?;
        let bytes: Vec<u8> = digits
            .chunks(2)
            .filter_map(|pair| match pair {
                [high, low] => Some(high << 4 | low),
                _ => None,
            })
            .collect();
        Some(Self(bytes.try_into().ok().filter(|_| digits.len() == 2 * BLOCK)?))
    }

    /// The bytes. Never log them.
    #[must_use]
    pub const fn expose(&self) -> &[u8; BLOCK] {
        &self.0
    }
}

/// Why a secured frame is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum SecureError {
    /// The frame has no authentication code.
    #[error("the frame is in clear text")]
    Clear,
    /// The authentication code is another one.
    #[error("the authentication code is wrong")]
    Mac,
    /// The content cannot be decrypted.
    #[error("the encrypted content is not whole")]
    Content,
}

fn encrypt(cipher: &Aes128, mut block: [u8; BLOCK]) -> [u8; BLOCK] {
    cipher.encrypt_block((&mut block).into());
    block
}

fn decrypt(cipher: &Aes128, mut block: [u8; BLOCK]) -> [u8; BLOCK] {
    cipher.decrypt_block((&mut block).into());
    block
}

fn xor(left: [u8; BLOCK], right: [u8; BLOCK]) -> [u8; BLOCK] {
    let mut mixed = left;
    for (place, byte) in mixed.iter_mut().zip(right) {
        *place ^= byte;
    }
    mixed
}

/// Compares without stopping at the first difference.
fn is_same(left: &[u8], right: &[u8]) -> bool {
    let differences = left.iter().zip(right).fold(0, |all, (one, other)| all | (one ^ other));
    left.len() == right.len() && differences == 0
}

/// The keys of one session, made from a reader's key and the panel's random number.
#[derive(Clone)]
pub struct Cryptograms {
    content: Aes128,
    mac_first: Aes128,
    mac_last: Aes128,
    panel_random: [u8; 8],
}

impl fmt::Debug for Cryptograms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Cryptograms(…)")
    }
}

impl Cryptograms {
    /// Derives the session keys.
    #[must_use]
    pub fn derive(key: &Scbk, panel_random: [u8; 8]) -> Self {
        let base = Aes128::new((&key.0).into());
        let derived = |first: u8, second: u8| {
            let mut block = [0; BLOCK];
            for (place, byte) in block.iter_mut().zip([first, second]) {
                *place = byte;
            }
            for (place, byte) in block.iter_mut().skip(2).zip(panel_random).take(6) {
                *place = byte;
            }
            Aes128::new((&encrypt(&base, block)).into())
        };
        Self {
            content: derived(0x01, 0x82),
            mac_first: derived(0x01, 0x01),
            mac_last: derived(0x01, 0x02),
            panel_random,
        }
    }

    fn of(&self, first: [u8; 8], second: [u8; 8]) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        for (place, byte) in block.iter_mut().zip(first.into_iter().chain(second)) {
            *place = byte;
        }
        encrypt(&self.content, block)
    }

    /// What a reader with this key answers to the challenge.
    #[must_use]
    pub fn reader(&self, reader_random: [u8; 8]) -> [u8; BLOCK] {
        self.of(self.panel_random, reader_random)
    }

    /// What a panel with this key proves itself by.
    #[must_use]
    pub fn panel(&self, reader_random: [u8; 8]) -> [u8; BLOCK] {
        self.of(reader_random, self.panel_random)
    }

    /// Whether the reader's answer was made with this key.
    #[must_use]
    pub fn is_readers(&self, reader_random: [u8; 8], cryptogram: &[u8; BLOCK]) -> bool {
        is_same(&self.reader(reader_random), cryptogram)
    }

    /// Whether the panel's proof was made with this key.
    #[must_use]
    pub fn is_panels(&self, reader_random: [u8; 8], cryptogram: &[u8; BLOCK]) -> bool {
        is_same(&self.panel(reader_random), cryptogram)
    }

    /// The session that begins with the panel's proof.
    #[must_use]
    pub fn session(self, panel_cryptogram: [u8; BLOCK]) -> Session {
        let reader_mac = encrypt(&self.mac_last, encrypt(&self.mac_first, panel_cryptogram));
        Session { keys: self, panel_mac: [0; BLOCK], reader_mac }
    }
}

/// A secure channel that is up. Each end has its own, and both go forward with every frame.
#[derive(Clone)]
pub struct Session {
    keys: Cryptograms,
    panel_mac: [u8; BLOCK],
    reader_mac: [u8; BLOCK],
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Session(…)")
    }
}

impl Session {
    /// What the reader sends when it has accepted the panel's proof.
    #[must_use]
    pub const fn initial_mac(&self) -> [u8; BLOCK] {
        self.reader_mac
    }

    /// Writes a frame in this session: content encrypted, authentication code at its end. The
    /// frame's own security block is not looked at.
    #[must_use]
    pub fn seal(&mut self, frame: &Frame<'_>) -> Vec<u8> {
        let is_plain = frame.data.is_empty();
        let content =
            if is_plain { Vec::new() } else { self.encrypted(frame.data, frame.is_reply) };
        let kind = match (frame.is_reply, is_plain) {
            (false, true) => 0x15,
            (true, true) => 0x16,
            (false, false) => 0x17,
            (true, false) => 0x18,
        };
        let security = Some(SecurityBlock { kind, data: &[] });
        let sealed = Frame { security, data: &content, ..*frame };
        let mut made = [0; BLOCK];
        let bytes = encode(&sealed, |before| {
            made = self.mac(before, frame.is_reply);
            made.first_chunk().copied()
        });
        self.went(made, frame.is_reply);
        bytes
    }

    /// Reads the content of a frame of the other end, after checking that it is genuine.
    ///
    /// `bytes`: one whole frame that [`decode`] has read. A frame that is not believed leaves the
    /// session as it was.
    ///
    /// # Errors
    /// [`SecureError`]: the frame is in clear text, forged, replayed or damaged.
    pub fn open(&mut self, bytes: &[u8]) -> Result<Vec<u8>, SecureError> {
        let (frame, length) = decode(bytes).map_err(|_| SecureError::Content)?;
        let (Some(found), Some(block)) = (frame.mac, frame.security) else {
            return Err(SecureError::Clear);
        };
        let before = span(bytes, 0, length - frame.check.bytes() - MAC_BYTES);
        let made = self.mac(before, frame.is_reply);
        if !is_same(span(&made, 0, MAC_BYTES), &found) {
            return Err(SecureError::Mac);
        }
        let content = match block.kind {
            0x17 | 0x18 if !frame.data.is_empty() => self.decrypted(frame.data, frame.is_reply)?,
            _ => frame.data.to_vec(),
        };
        self.went(made, frame.is_reply);
        Ok(content)
    }

    fn went(&mut self, made: [u8; BLOCK], is_reply: bool) {
        if is_reply {
            self.reader_mac = made;
        } else {
            self.panel_mac = made;
        }
    }

    /// The other end's latest authentication code, from which the next is made.
    const fn before(&self, is_reply: bool) -> [u8; BLOCK] {
        if is_reply { self.panel_mac } else { self.reader_mac }
    }

    fn mac(&self, bytes: &[u8], is_reply: bool) -> [u8; BLOCK] {
        let last = bytes.len().div_ceil(BLOCK).saturating_sub(1);
        let mut chain = self.before(is_reply);
        for (index, chunk) in bytes.chunks(BLOCK).enumerate() {
            let cipher = if index == last { &self.keys.mac_last } else { &self.keys.mac_first };
            chain = encrypt(cipher, xor(chain, padded(chunk)));
        }
        chain
    }

    fn encrypted(&self, content: &[u8], is_reply: bool) -> Vec<u8> {
        let mut padded_content = content.to_vec();
        padded_content.push(PADDING);
        padded_content.resize(padded_content.len().next_multiple_of(BLOCK), 0);
        let mut chain = self.before(is_reply).map(|byte| !byte);
        let mut encrypted = Vec::with_capacity(padded_content.len());
        for chunk in padded_content.chunks(BLOCK) {
            chain = encrypt(&self.keys.content, xor(chain, padded(chunk)));
            encrypted.extend_from_slice(&chain);
        }
        encrypted
    }

    fn decrypted(&self, encrypted: &[u8], is_reply: bool) -> Result<Vec<u8>, SecureError> {
        let (blocks, rest) = encrypted.as_chunks::<BLOCK>();
        if !rest.is_empty() {
            return Err(SecureError::Content);
        }
        let mut chain = self.before(is_reply).map(|byte| !byte);
        let mut content = Vec::with_capacity(encrypted.len());
        for block in blocks {
            content.extend_from_slice(&xor(decrypt(&self.keys.content, *block), chain));
            chain = *block;
        }
        let zeros = content.iter().rev().take_while(|byte| **byte == 0).count();
        content.truncate(content.len() - zeros);
        if content.pop() != Some(PADDING) {
            return Err(SecureError::Content);
        }
        Ok(content)
    }
}

/// A block, or the rest of a message filled up to one.
fn padded(chunk: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let filled = chunk.iter().copied().chain(std::iter::once(PADDING));
    for (place, byte) in block.iter_mut().zip(filled) {
        *place = byte;
    }
    block
}
