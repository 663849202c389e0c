//! The content of secured frames, for whoever has the reader's key.

use std::collections::VecDeque;

use crate::osdp::command::Command;
use crate::osdp::frame::Frame;
use crate::osdp::names::{command, reply};
use crate::osdp::reply::Reply;
use crate::osdp::secure::{Cryptograms, INSTALL_KEY, Scbk, Session};

/// Keys that one reader was told during a recording; beyond it the oldest is forgotten.
const LEARNED_MAX: usize = 16;

/// What became of a secured frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Opened {
    /// Its content.
    Content(Vec<u8>),
    /// The frame before it once more.
    Repeated,
    /// It does not belong to the session that is known: damaged, forged, or something between is
    /// missing from the recording.
    Unbelieved,
    /// The handshake was not recorded, or was made with another key.
    NoKey,
}

/// Follows the secure channel of one address.
#[derive(Debug, Default)]
pub(super) struct Opener {
    learned: VecDeque<Scbk>,
    challenge: Option<[u8; 8]>,
    proved: Option<(Cryptograms, [u8; 8])>,
    session: Option<Session>,
    /// Digests of the latest command and reply.
    latest: [Option<u64>; 2],
}

impl Opener {
    /// Takes every frame of the address, in order. `keys`: those that the reader may have.
    pub fn feed(
        &mut self,
        (frame, bytes): (&Frame<'_>, &[u8]),
        digest: u64,
        keys: impl Iterator<Item = Scbk>,
    ) -> Option<Opened> {
        let [command, reply] = &mut self.latest;
        let latest = if frame.is_reply { reply } else { command };
        let is_again = latest.replace(digest) == Some(digest);
        if !frame.is_secured() {
            self.handshake(frame, keys);
            return None;
        }
        if is_again {
            return Some(Opened::Repeated);
        }
        let Some(session) = &mut self.session else { return Some(Opened::NoKey) };
        let Ok(content) = session.open(bytes) else { return Some(Opened::Unbelieved) };
        if !frame.is_reply
            && let Ok(Command::KeySet(key)) = Command::decode(frame.code, &content)
        {
            if self.learned.len() == LEARNED_MAX {
                self.learned.pop_front();
            }
            self.learned.push_back(key);
        }
        Some(Opened::Content(content))
    }

    fn handshake(&mut self, frame: &Frame<'_>, keys: impl Iterator<Item = Scbk>) {
        match (frame.is_reply, frame.code) {
            (false, command::CHLNG) => {
                self.challenge = frame.data.first_chunk().copied();
                (self.proved, self.session) = (None, None);
            }
            (true, reply::CCRYPT) => {
                let said = Reply::decode(frame.code, frame.data);
                let Ok(Reply::Cryptogram { random, cryptogram, .. }) = said else { return };
                let Some(challenge) = self.challenge else { return };
                let known = self.learned.iter().rev().copied();
                self.proved = keys
                    .chain(known)
                    .chain([INSTALL_KEY])
                    .map(|key| Cryptograms::derive(&key, challenge))
                    .find(|made| made.is_readers(random, &cryptogram))
                    .map(|made| (made, random));
            }
            (false, command::SCRYPT) => {
                let proof = frame.data.first_chunk();
                if let (Some((made, random)), Some(proof)) = (self.proved.take(), proof)
                    && made.is_panels(random, proof)
                {
                    self.session = Some(made.session(*proof));
                }
            }
            _ => {}
        }
    }
}
