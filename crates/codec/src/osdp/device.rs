//! The reader's end of a bus, as a pure state machine: for simulations, tests and measurements.
//!
//! Answers what it is asked and does nothing by itself. A command that comes again with the same
//! number gets the same answer without being done twice.

use std::collections::VecDeque;
use std::time::Duration;

use super::check::Check;
use super::command::Command;
use super::frame::{BROADCAST, Found, Frame, Framer, SecurityBlock, decode, encode};
use super::names::NakCode;
use super::reply::{Capability, Circuit, DeviceId, Reply};
use super::secure::{Cryptograms, INSTALL_KEY, Scbk, SecureError, Session};

/// Replies that wait for the next poll; one more is refused.
pub const REPLIES_WAITING_MAX: usize = 64;

/// Bytes that come later than this after the ones before them begin a new frame.
///
/// SOURCE: SIA OSDP 2.2, 5.6: the time between characters.
const SILENCE_MAX: Duration = Duration::from_millis(20);

/// What a reader is.
#[derive(Debug, Clone)]
pub struct DeviceConfig {
    /// 0 to 126.
    pub address: u8,
    /// Who it says it is.
    pub id: DeviceId,
    /// Its key; without one there is no secure channel.
    pub key: Option<Scbk>,
    /// Whether it takes the install key.
    pub is_installing: bool,
    /// Whether it does nothing outside a secure channel.
    pub is_secure_only: bool,
}

/// How a reader stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceStatus {
    /// Whether its cover is off.
    pub is_tampered: bool,
    /// Whether its power fails.
    pub is_power_failing: bool,
    /// How the circuit of each input is.
    pub inputs: Vec<Circuit>,
    /// Whether each output is on.
    pub outputs: Vec<bool>,
}

impl Default for DeviceStatus {
    /// Whole, powered, with one input and one output at rest.
    fn default() -> Self {
        let (inputs, outputs) = (vec![Circuit::Rest], vec![false]);
        Self { is_tampered: false, is_power_failing: false, inputs, outputs }
    }
}

/// What happened at a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceEvent {
    /// It was told to do something, and did.
    Did(Command),
    /// A secure channel came up.
    Secure,
    /// A frame in a secure channel was not believed.
    Refused(SecureError),
}

/// A reader.
#[derive(Debug)]
pub struct Device {
    config: DeviceConfig,
    framer: Framer,
    heard_at: Duration,
    /// The number of the latest command, its bytes and the answer to it.
    latest: Option<(u8, Vec<u8>, Vec<u8>)>,
    handshake: Option<(Cryptograms, [u8; 8])>,
    session: Option<Session>,
    status: DeviceStatus,
    waiting: VecDeque<Reply>,
    happened: VecDeque<DeviceEvent>,
}

impl Device {
    /// A reader that was just switched on.
    #[must_use]
    pub fn new(config: DeviceConfig) -> Self {
        Self {
            config,
            framer: Framer::default(),
            heard_at: Duration::ZERO,
            latest: None,
            handshake: None,
            session: None,
            status: DeviceStatus::default(),
            waiting: VecDeque::new(),
            happened: VecDeque::new(),
        }
    }

    /// Has the next poll answered with this, such as a card.
    ///
    /// # Errors
    /// The reply itself, when [`REPLIES_WAITING_MAX`] wait already.
    pub fn post(&mut self, reply: Reply) -> Result<(), Reply> {
        if self.waiting.len() >= REPLIES_WAITING_MAX {
            return Err(reply);
        }
        self.waiting.push_back(reply);
        Ok(())
    }

    /// How it stands from now on. What changed of its cover, its power and its inputs is said at
    /// the next polls, as a reader does by itself; what finds no room is said when it is asked for.
    pub fn set_status(&mut self, status: DeviceStatus) {
        let before = std::mem::replace(&mut self.status, status);
        let DeviceStatus { is_tampered, is_power_failing, inputs, .. } = &self.status;
        let (is_tampered, is_power_failing) = (*is_tampered, *is_power_failing);
        let is_same =
            (before.is_tampered, before.is_power_failing) == (is_tampered, is_power_failing);
        let local = (!is_same).then_some(Reply::Local { is_tampered, is_power_failing });
        let inputs = (before.inputs != *inputs).then(|| Reply::Inputs(inputs.clone()));
        for reply in local.into_iter().chain(inputs) {
            // The panel asks for it when it finds the reader again.
            let _ = self.post(reply);
        }
    }

    /// How it stands.
    #[must_use]
    pub const fn status(&self) -> &DeviceStatus {
        &self.status
    }

    /// How many replies wait for a poll.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Switched off and on again: key and identity stay, its session and what waited are gone.
    pub fn restart(&mut self) {
        let status = self.status.clone();
        *self = Self { status, ..Self::new(self.config.clone()) };
    }

    /// What happened, oldest first.
    pub fn next_event(&mut self) -> Option<DeviceEvent> {
        self.happened.pop_front()
    }

    /// Whether a secure channel is up.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.session.is_some()
    }

    /// Takes bytes from the line at `now`, any clock that only goes forward; gives the bytes to
    /// answer with. `random`: eight bytes for a handshake, different every time.
    pub fn receive(&mut self, bytes: &[u8], now: Duration, random: [u8; 8]) -> Vec<u8> {
        if now.saturating_sub(self.heard_at) > SILENCE_MAX {
            self.framer.give_up();
        }
        self.heard_at = now;
        self.framer.push(bytes);
        let mut answers = Vec::new();
        while let Some(found) = self.framer.next_found() {
            let Found::Frame(bytes) = found else { continue };
            let Ok((frame, _)) = decode(&bytes) else { continue };
            let is_mine = frame.address == self.config.address || frame.address == BROADCAST;
            if frame.is_reply || !is_mine {
                continue;
            }
            answers.extend(self.answer(&frame, &bytes, random));
        }
        answers
    }

    fn answer(&mut self, frame: &Frame<'_>, bytes: &[u8], random: [u8; 8]) -> Vec<u8> {
        if let Some((sequence, same, answer)) = &self.latest
            && frame.sequence != 0
            && (*sequence, same.as_slice()) == (frame.sequence, bytes)
        {
            return answer.clone();
        }
        if frame.sequence == 0 {
            self.session = None;
            self.latest = None;
        }
        let expected = self.latest.as_ref().map_or(0, |(sequence, ..)| sequence % 3 + 1);
        if frame.sequence != expected && self.latest.is_some() {
            return self.reply(frame, &Reply::Nak(NakCode::SEQUENCE), None);
        }
        let (reply, block) = self.obey(frame, bytes, random);
        let answer = self.reply(frame, &reply, block);
        self.latest = Some((frame.sequence, bytes.to_vec(), answer.clone()));
        answer
    }

    /// The answer, and the security block of a handshake.
    fn obey(
        &mut self,
        frame: &Frame<'_>,
        bytes: &[u8],
        random: [u8; 8],
    ) -> (Reply, Option<[u8; 2]>) {
        let content = match &mut self.session {
            Some(session) if frame.is_secured() => match session.open(bytes) {
                Ok(content) => content,
                Err(error) => {
                    self.session = None;
                    self.happen(DeviceEvent::Refused(error));
                    return (Reply::Nak(NakCode::SECURITY), None);
                }
            },
            None if frame.is_secured() => return (Reply::Nak(NakCode::SECURITY), None),
            Some(_) | None => frame.data.to_vec(),
        };
        let Ok(command) = Command::decode(frame.code, &content) else {
            return (Reply::Nak(NakCode(2)), None);
        };
        let is_handshake = matches!(
            command,
            Command::Id | Command::Capabilities | Command::Challenge(_) | Command::Crypt(_)
        );
        if self.config.is_secure_only && !frame.is_secured() && !is_handshake {
            return (Reply::Nak(NakCode::SECURITY), None);
        }
        match command {
            Command::Challenge(panel) => {
                let flag = frame.security.and_then(|block| block.data.first().copied());
                self.challenged(panel, random, flag.unwrap_or(1))
            }
            Command::Crypt(cryptogram) => self.proved(&cryptogram),
            command => (self.done(command), None),
        }
    }

    fn challenged(
        &mut self,
        panel: [u8; 8],
        random: [u8; 8],
        flag: u8,
    ) -> (Reply, Option<[u8; 2]>) {
        self.session = None;
        let key = if flag == 0 {
            Some(INSTALL_KEY).filter(|_| self.config.is_installing)
        } else {
            self.config.key
        };
        let Some(key) = key else {
            return (Reply::Nak(NakCode::SECURITY), None);
        };
        let keys = Cryptograms::derive(&key, panel);
        let cryptogram = keys.reader(random);
        self.handshake = Some((keys, random));
        let mut uid = [0; 8];
        for (place, byte) in uid.iter_mut().zip(Reply::Id(self.config.id).content()) {
            *place = byte;
        }
        (Reply::Cryptogram { uid, random, cryptogram }, Some([0x12, flag]))
    }

    fn proved(&mut self, cryptogram: &[u8; 16]) -> (Reply, Option<[u8; 2]>) {
        let Some((keys, random)) = self.handshake.take() else {
            return (Reply::Nak(NakCode::SECURITY), None);
        };
        if !keys.is_panels(random, cryptogram) {
            return (Reply::Nak(NakCode::SECURITY), None);
        }
        let session = keys.session(*cryptogram);
        let mac = session.initial_mac();
        self.session = Some(session);
        self.happen(DeviceEvent::Secure);
        (Reply::InitialMac(mac), Some([0x14, 1]))
    }

    fn done(&mut self, command: Command) -> Reply {
        let reply = match &command {
            Command::Poll => return self.waiting.pop_front().unwrap_or(Reply::Ack),
            Command::Id => return Reply::Id(self.config.id),
            Command::Capabilities => {
                let security = u8::from(self.config.key.is_some() || self.config.is_installing);
                let count = |items: usize| u8::try_from(items).unwrap_or(u8::MAX);
                let DeviceStatus { inputs, outputs, .. } = &self.status;
                let (inputs, outputs) = (count(inputs.len()), count(outputs.len()));
                return Reply::Capabilities(vec![
                    Capability { function: 1, compliance: 1, items: inputs },
                    Capability { function: 2, compliance: 1, items: outputs },
                    Capability { function: 8, compliance: 1, items: 0 },
                    Capability { function: Capability::SECURITY, compliance: security, items: 1 },
                ]);
            }
            Command::LocalStatus => {
                let DeviceStatus { is_tampered, is_power_failing, .. } = self.status;
                return Reply::Local { is_tampered, is_power_failing };
            }
            Command::InputStatus => return Reply::Inputs(self.status.inputs.clone()),
            Command::OutputStatus => return Reply::Outputs(self.status.outputs.clone()),
            Command::Output(outputs)
                if outputs
                    .iter()
                    .any(|one| usize::from(one.number) >= self.status.outputs.len()) =>
            {
                return Reply::Nak(NakCode::UNABLE);
            }
            Command::Other { .. } | Command::ReaderStatus => {
                return Reply::Nak(NakCode::UNKNOWN_COMMAND);
            }
            Command::KeySet(_) if self.session.is_none() => {
                return Reply::Nak(NakCode::SECURITY);
            }
            Command::KeySet(key) => {
                self.config.key = Some(*key);
                self.config.is_installing = false;
                Reply::Ack
            }
            Command::ComSet { address, baud } => Reply::Com { address: *address, baud: *baud },
            Command::Output(_)
            | Command::Led(_)
            | Command::Buzzer(_)
            | Command::Text(_)
            | Command::Challenge(_)
            | Command::Crypt(_) => Reply::Ack,
        };
        self.happen(DeviceEvent::Did(command));
        reply
    }

    fn happen(&mut self, event: DeviceEvent) {
        if self.happened.len() == REPLIES_WAITING_MAX {
            self.happened.pop_front();
        }
        self.happened.push_back(event);
    }

    fn reply(&mut self, to: &Frame<'_>, reply: &Reply, block: Option<[u8; 2]>) -> Vec<u8> {
        let content = reply.content();
        let data = block.map(|[_, flag]| [flag]);
        let security =
            block.zip(data.as_ref()).map(|([kind, _], data)| SecurityBlock { kind, data });
        let frame = Frame {
            address: to.address,
            is_reply: true,
            sequence: to.sequence,
            check: Check::Crc,
            security,
            code: reply.code(),
            data: &content,
            mac: None,
        };
        match &mut self.session {
            Some(session) if to.is_secured() => session.seal(&frame),
            Some(_) | None => encode(&frame, |_| None),
        }
    }
}
