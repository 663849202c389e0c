//! Which messages are on their way to the journal, and which were acknowledged lately.

use std::collections::{HashMap, VecDeque};

use rumqttc::Publish;
use sha2::{Digest, Sha256};

use crate::limits;

/// A message as the broker numbers it, with a digest because numbers are used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    pub pkid: u16,
    digest: [u8; 32],
}

impl Number {
    pub(super) fn of(message: &Publish) -> Self {
        let mut hasher = Sha256::new();
        hasher.update((message.topic.len() as u64).to_le_bytes());
        hasher.update(message.topic.as_bytes());
        hasher.update(&message.payload);
        Self { pkid: message.pkid, digest: hasher.finalize().into() }
    }
}

/// What an arriving message is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// Not seen before.
    New,
    /// Sent again while its first copy is on its way to the journal.
    Begun,
    /// Sent again although journalled: its acknowledgement was lost.
    Acknowledged,
}

#[derive(Debug, Default)]
pub(super) struct Session {
    begun: HashMap<u16, Number>,
    acknowledged: VecDeque<Number>,
}

impl Session {
    pub(super) fn know(&self, number: Number, is_sent_again: bool) -> Known {
        if !is_sent_again {
            Known::New
        } else if self.begun.get(&number.pkid) == Some(&number) {
            Known::Begun
        } else if self.acknowledged.contains(&number) {
            Known::Acknowledged
        } else {
            Known::New
        }
    }

    pub(super) fn begin(&mut self, number: Number) {
        self.begun.insert(number.pkid, number);
    }

    pub(super) fn acknowledge(&mut self, number: Number) {
        // The number may meanwhile stand for a newer message.
        if self.begun.get(&number.pkid) == Some(&number) {
            self.begun.remove(&number.pkid);
        }
        if self.acknowledged.len() >= limits::MQTT_ACKNOWLEDGED_REMEMBERED_MAX {
            self.acknowledged.pop_front();
        }
        self.acknowledged.push_back(number);
    }
}

#[cfg(test)]
mod tests {
    use rumqttc::QoS;

    use super::*;

    fn number(pkid: u16, payload: &str) -> Number {
        let mut message = Publish::new("door/1", QoS::AtLeastOnce, payload);
        message.pkid = pkid;
        Number::of(&message)
    }

    #[test]
    fn only_a_message_sent_again_with_the_same_content_is_known() {
        let mut session = Session::default();
        session.begin(number(7, "open"));
        assert_eq!(session.know(number(7, "open"), true), Known::Begun);
        assert_eq!(session.know(number(7, "open"), false), Known::New);
        assert_eq!(session.know(number(7, "shut"), true), Known::New);
        session.acknowledge(number(7, "open"));
        assert_eq!(session.know(number(7, "open"), true), Known::Acknowledged);
        assert_eq!(session.know(number(8, "open"), true), Known::New);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut session = Session::default();
        for round in 0..20_000_u32 {
            session.acknowledge(number((round % 60_000) as u16, "x"));
        }
        assert_eq!(session.acknowledged.len(), limits::MQTT_ACKNOWLEDGED_REMEMBERED_MAX);
    }
}
