//! One reader as its panel sees it: from *who are you* to its secure channel, and back.

mod handshake;

use std::collections::VecDeque;
use std::time::Duration;

use handshake::{Attempt, Rotation};

use super::{
    Channel, CommandRefused, DownReason, Outcome, PanelEvent, READER_COMMANDS_MAX, ReaderConfig,
    Security, Timing,
};
use crate::osdp::check::Check;
use crate::osdp::command::Command;
use crate::osdp::frame::{Frame, SecurityBlock, encode};
use crate::osdp::names::reply;
use crate::osdp::reply::{Capability, DeviceId, Reply};
use crate::osdp::secure::{Scbk, Session};

/// Contact status monitoring.
const INPUTS: u8 = 1;

/// Where a reader is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Id,
    Capabilities,
    Challenge,
    Crypt,
    Online,
}

/// What a question is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Protocol,
    Poll,
    /// A command, with its number where somebody waits for it.
    Command(Option<u64>),
    KeySet,
}

#[derive(Debug)]
struct Waiting {
    id: Option<u64>,
    command: Command,
    expires: Duration,
}

/// What a station wants to have sent.
pub(super) enum Next {
    Ask { bytes: Vec<u8>, sequence: u8 },
    Nothing,
}

/// Why a reply is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unbelieved {
    Clear,
    Forged,
}

/// A reply that is believed.
#[derive(Debug)]
pub(super) struct Said {
    reply: Reply,
    is_clear: bool,
    /// Whether its content could be read.
    pub is_readable: bool,
}

/// So many questions that had two answers are two devices at one address, not a line that is bad.
const ANSWERED_TWICE_MAX: u32 = 8;

#[derive(Debug)]
pub(super) struct Station {
    address: u8,
    key: Option<Scbk>,
    may_install: bool,
    stage: Stage,
    channel: Option<Channel>,
    /// The latest number used; `None` begins afresh.
    sequence: Option<u8>,
    check: Check,
    due: Duration,
    failures: u32,
    reported: Option<DownReason>,
    id: Option<DeviceId>,
    /// How often a question of this time online had a second answer.
    answered_twice: u32,
    can_secure: bool,
    attempt: Option<Attempt>,
    session: Option<Session>,
    asked: Option<Asked>,
    queue: VecDeque<Waiting>,
    rotation: Option<Rotation>,
    events: VecDeque<PanelEvent>,
}

impl Station {
    pub fn new(config: ReaderConfig) -> Self {
        let (key, may_install) = match config.security {
            Security::Key(key) => (Some(key), false),
            Security::Install(key) => (Some(key), true),
            Security::Clear => (None, false),
        };
        Self {
            address: config.address,
            key,
            may_install,
            stage: Stage::Id,
            channel: None,
            sequence: None,
            check: Check::Crc,
            due: Duration::ZERO,
            failures: 0,
            reported: None,
            id: None,
            answered_twice: 0,
            can_secure: false,
            attempt: None,
            session: None,
            asked: None,
            queue: VecDeque::new(),
            rotation: None,
            events: VecDeque::new(),
        }
    }

    pub const fn address(&self) -> u8 {
        self.address
    }

    pub const fn channel(&self) -> Option<Channel> {
        self.channel
    }

    pub const fn due(&self) -> Duration {
        self.due
    }

    pub fn is_due(&self, now: Duration) -> bool {
        self.due <= now
    }

    pub fn has_command(&self) -> bool {
        let has_key = self.rotation.as_ref().is_some_and(|one| one.key_to_set().is_some());
        self.stage == Stage::Online && (has_key || !self.queue.is_empty())
    }

    /// A reader that is only looked for is not asked twice: others wait for the line.
    pub fn is_worth_repeating(&self) -> bool {
        self.stage != Stage::Id
    }

    pub fn next_event(&mut self) -> Option<PanelEvent> {
        self.events.pop_front()
    }

    /// A question had a second answer; so many are two devices, and told once while it is online.
    pub fn answered_twice(&mut self) {
        self.answered_twice = self.answered_twice.saturating_add(1);
        if self.answered_twice == ANSWERED_TWICE_MAX {
            self.events.push_back(PanelEvent::AnsweredTwice);
        }
    }

    pub fn look_now(&mut self, now: Duration) {
        self.failures = 0;
        self.due = now;
    }

    pub fn enqueue(
        &mut self,
        id: u64,
        command: Command,
        expires: Duration,
    ) -> Result<(), CommandRefused> {
        match command {
            Command::KeySet(_) => return Err(CommandRefused::NotSecure),
            Command::Challenge(_) | Command::Crypt(_) | Command::Poll => {
                return Err(CommandRefused::Reserved);
            }
            _ => {}
        }
        if self.queue.len() >= READER_COMMANDS_MAX {
            return Err(CommandRefused::Full);
        }
        if self.reported.is_some() {
            self.finished(Some(id), Outcome::NotOnline);
            return Ok(());
        }
        self.queue.push_back(Waiting { id: Some(id), command, expires });
        Ok(())
    }

    pub fn next(&mut self, now: Duration, random: &mut dyn FnMut() -> [u8; 8]) -> Next {
        let (asked, command, block) = match self.stage {
            Stage::Id => (Asked::Protocol, Command::Id, None),
            Stage::Capabilities => (Asked::Protocol, Command::Capabilities, None),
            Stage::Challenge => match &mut self.attempt {
                Some(attempt) => {
                    let random = attempt.challenge(random());
                    (Asked::Protocol, Command::Challenge(random), Some([0x11, attempt.flag()]))
                }
                None => return self.begin_again(),
            },
            Stage::Crypt => match &self.attempt {
                Some(attempt) => {
                    let block = Some([0x13, attempt.flag()]);
                    (Asked::Protocol, Command::Crypt(attempt.proof()), block)
                }
                None => return self.begin_again(),
            },
            Stage::Online => match self.next_command(now) {
                Some((asked, command)) => (asked, command, None),
                None if self.is_due(now) => (Asked::Poll, Command::Poll, None),
                None => return Next::Nothing,
            },
        };
        self.asked = Some(asked);
        let sequence = self.sequence.map_or(0, |latest| latest % 3 + 1);
        self.sequence = Some(sequence);
        let bytes = self.frame(&command, sequence, block);
        Next::Ask { bytes, sequence }
    }

    /// INVARIANT: a handshake has its attempt ([`Station::begin_first`]); without one, as without a
    /// line, everything begins with the next question.
    fn begin_again(&mut self) -> Next {
        self.stage = Stage::Id;
        self.sequence = None;
        Next::Nothing
    }

    /// The next command whose time has not passed.
    fn next_command(&mut self, now: Duration) -> Option<(Asked, Command)> {
        if let Some(key) = self.rotation.as_ref().and_then(Rotation::key_to_set) {
            return Some((Asked::KeySet, Command::KeySet(key)));
        }
        while let Some(Waiting { id, command, expires }) = self.queue.pop_front() {
            if now > expires {
                self.finished(id, Outcome::Expired);
                continue;
            }
            let is_key = matches!(command, Command::KeySet(_));
            return Some((if is_key { Asked::KeySet } else { Asked::Command(id) }, command));
        }
        None
    }

    fn frame(&mut self, command: &Command, sequence: u8, block: Option<[u8; 2]>) -> Vec<u8> {
        let content = command.content();
        let data = block.map(|[_, flag]| [flag]);
        let security =
            block.zip(data.as_ref()).map(|([kind, _], data)| SecurityBlock { kind, data });
        let frame = Frame {
            address: self.address,
            is_reply: false,
            sequence,
            check: self.check,
            security,
            code: command.code(),
            data: &content,
            mac: None,
        };
        match &mut self.session {
            Some(session) => session.seal(&frame),
            None => encode(&frame, |_| None),
        }
    }

    /// Whether a reply is believed, and what it says.
    pub fn opened(&mut self, frame: &Frame<'_>, bytes: &[u8]) -> Result<Said, Unbelieved> {
        let is_clear = !frame.is_secured();
        let content = match &mut self.session {
            Some(session) if !is_clear => session.open(bytes).map_err(|_| Unbelieved::Forged)?,
            // Some readers drop the channel before they acknowledge their new key. What follows
            // proves which key they have.
            Some(_) if frame.code == reply::NAK => frame.data.to_vec(),
            Some(_) if frame.code == reply::ACK && self.asked == Some(Asked::KeySet) => Vec::new(),
            Some(_) => return Err(Unbelieved::Clear),
            None if is_clear => frame.data.to_vec(),
            None => return Err(Unbelieved::Forged),
        };
        // It is an answer, and believed to be the reader's; asked again it would say the same.
        let decoded = Reply::decode(frame.code, &content);
        let is_readable = decoded.is_ok();
        let reply = decoded.unwrap_or(Reply::Other { code: frame.code, data: content });
        Ok(Said { reply, is_clear, is_readable })
    }

    /// Goes on with a reply. `block`: type and first byte of its security block.
    pub fn heard(&mut self, said: Said, block: Option<(u8, u8)>, now: Duration, timing: &Timing) {
        let Said { reply, is_clear, .. } = said;
        let asked = self.asked.take().unwrap_or(Asked::Protocol);
        if let (Reply::Nak(code), true, true) = (&reply, is_clear, self.session.is_some()) {
            if let Asked::Command(id) = asked {
                self.finished(id, Outcome::Refused(*code));
            }
            self.fail(DownReason::SessionLost, now, timing);
            return;
        }
        match self.stage {
            Stage::Id => self.identified(&reply, now, timing),
            Stage::Capabilities => self.capable(&reply, now, timing),
            Stage::Challenge => self.challenged(&reply, now, timing),
            Stage::Crypt => self.proved(&reply, block, now, timing),
            Stage::Online => self.answered(asked, reply, now, timing),
        }
    }

    fn identified(&mut self, said: &Reply, now: Duration, timing: &Timing) {
        match said {
            Reply::Id(id) => {
                if let Some(before) = self.id.filter(|before| before != id) {
                    self.events.push_back(PanelEvent::Swapped { before, now: *id });
                }
                self.id = Some(*id);
                self.stage = Stage::Capabilities;
                self.due = now;
            }
            Reply::Nak(code) => self.fail(DownReason::Refused(*code), now, timing),
            _ => self.fail(DownReason::NoAnswer, now, timing),
        }
    }

    fn capable(&mut self, said: &Reply, now: Duration, timing: &Timing) {
        let list = match said {
            Reply::Capabilities(list) => list.as_slice(),
            Reply::Nak(code) => return self.fail(DownReason::Refused(*code), now, timing),
            _ => return self.fail(DownReason::NoAnswer, now, timing),
        };
        let secures =
            |one: &Capability| one.function == Capability::SECURITY && one.compliance & 1 == 1;
        self.can_secure = list.iter().any(secures);
        if self.reported.is_none()
            && let Some(id) = self.id
        {
            let can_secure = self.can_secure;
            self.events.push_back(PanelEvent::Identified { id, can_secure });
        }
        if list.iter().any(|one| one.function == INPUTS && one.items > 0) {
            self.ask_itself(Command::InputStatus);
        }
        self.ask_itself(Command::LocalStatus);
        match self.key {
            None => self.online(Channel::Clear, now),
            Some(_) if !self.can_secure => self.fail(DownReason::NoSecureChannel, now, timing),
            Some(_) => self.begin_first(now),
        }
    }

    /// A question of our own; nobody waits for its answer.
    fn ask_itself(&mut self, command: Command) {
        let is_there = self.queue.iter().any(|one| one.id.is_none() && one.command == command);
        if !is_there && self.queue.len() < READER_COMMANDS_MAX {
            self.queue.push_back(Waiting { id: None, command, expires: Duration::MAX });
        }
    }

    fn online(&mut self, channel: Channel, now: Duration) {
        self.stage = Stage::Online;
        self.channel = Some(channel);
        self.failures = 0;
        self.reported = None;
        self.due = now;
        self.events.push_back(PanelEvent::Online(channel));
    }

    fn answered(&mut self, asked: Asked, said: Reply, now: Duration, timing: &Timing) {
        self.due = now.saturating_add(timing.poll);
        match (asked, said) {
            (Asked::Poll, Reply::Ack) | (Asked::Command(None), Reply::Ack | Reply::Nak(_)) => {}
            (Asked::Poll, Reply::Nak(_)) => self.fail(DownReason::SessionLost, now, timing),
            (Asked::Poll | Asked::Protocol | Asked::Command(None), said) => {
                self.events.push_back(PanelEvent::Said(said));
            }
            (Asked::Command(id), Reply::Nak(code)) => self.finished(id, Outcome::Refused(code)),
            (Asked::Command(id), said) => self.finished(id, Outcome::Done(said)),
            (Asked::KeySet, said) => self.key_answered(&said, now, timing),
        }
    }

    pub fn unanswered(&mut self, now: Duration, timing: &Timing) {
        self.fail(DownReason::NoAnswer, now, timing);
    }

    /// The reader is not used any more, and looked for later.
    pub fn fail(&mut self, reason: DownReason, now: Duration, timing: &Timing) {
        if reason == DownReason::NoAnswer && self.stage == Stage::Id {
            // One that knows only the other check would never answer.
            self.check = if self.check == Check::Crc { Check::Sum } else { Check::Crc };
        }
        let asked = self.asked.take();
        if let Some(Asked::Command(id)) = asked {
            self.finished(id, Outcome::NoAnswer);
        }
        while let Some(Waiting { id, .. }) = self.queue.pop_front() {
            self.finished(id, Outcome::NotOnline);
        }
        self.interrupt_rotation(asked == Some(Asked::KeySet));
        self.session = None;
        self.attempt = None;
        self.channel = None;
        self.sequence = None;
        self.answered_twice = 0;
        self.stage = Stage::Id;
        let doubled = timing.retry.saturating_mul(1 << self.failures.min(16));
        let is_at_once = reason == DownReason::SessionLost && self.failures == 0;
        self.due = now.saturating_add(if is_at_once {
            Duration::ZERO
        } else {
            doubled.min(timing.retry_max)
        });
        self.failures = self.failures.saturating_add(1);
        if self.reported != Some(reason) {
            self.reported = Some(reason);
            self.events.push_back(PanelEvent::Down(reason));
        }
    }

    fn finished(&mut self, id: Option<u64>, outcome: Outcome) {
        if let Some(id) = id {
            self.events.push_back(PanelEvent::Finished { id, outcome });
        }
    }
}
