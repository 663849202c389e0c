//! The way into a secure channel, and the change of keys with its proof.

use std::time::Duration;

use super::{Channel, CommandRefused, DownReason, Outcome, PanelEvent, Stage, Station, Timing};
use crate::osdp::command::Command;
use crate::osdp::panel::RotationProof;
use crate::osdp::reply::Reply;
use crate::osdp::secure::{Cryptograms, INSTALL_KEY, Scbk};

/// What a handshake is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// To use the reader.
    Own,
    /// To give it its key.
    Install,
    /// To see that it took its new key.
    New,
    /// To see that it does not take the old one.
    OldRefused,
    /// To see that it does not take the install key.
    InstallRefused,
}

/// One handshake.
#[derive(Debug)]
pub(super) struct Attempt {
    goal: Goal,
    key: Scbk,
    panel_random: [u8; 8],
    reader_random: [u8; 8],
}

impl Attempt {
    /// What the security block says of the key: 0 for the install key.
    pub const fn flag(&self) -> u8 {
        match self.goal {
            Goal::Install | Goal::InstallRefused => 0,
            Goal::Own | Goal::New | Goal::OldRefused => 1,
        }
    }

    pub const fn challenge(&mut self, random: [u8; 8]) -> [u8; 8] {
        self.panel_random = random;
        random
    }

    pub fn proof(&self) -> [u8; 16] {
        self.keys().panel(self.reader_random)
    }

    fn keys(&self) -> Cryptograms {
        Cryptograms::derive(&self.key, self.panel_random)
    }
}

/// How far a change of keys has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The reader is to be told.
    Set,
    /// It was asked, and may have its new key.
    New,
    /// It has its new key; is the old one refused?
    Old,
    /// Is the install key refused?
    Install,
    /// All is asked; the reader only has to come back.
    Finish,
}

#[derive(Debug)]
pub(super) struct Rotation {
    id: u64,
    new: Scbk,
    old: Scbk,
    step: Step,
    proof: RotationProof,
}

impl Rotation {
    pub fn key_to_set(&self) -> Option<Scbk> {
        (self.step == Step::Set).then_some(self.new)
    }
}

impl Station {
    pub fn rotate(&mut self, id: u64, new: Scbk) -> Result<(), CommandRefused> {
        let old = self.key.filter(|_| self.channel == Some(Channel::Own));
        let old = old.filter(|_| self.rotation.is_none()).ok_or(CommandRefused::NotSecure)?;
        let proof = RotationProof::default();
        self.rotation = Some(Rotation { id, new, old, step: Step::Set, proof });
        Ok(())
    }

    /// The first handshake after the reader said what it can do.
    pub(super) fn begin_first(&mut self, now: Duration) {
        let new = self.rotation.as_ref().filter(|one| one.step == Step::New).map(|one| one.new);
        match (new, self.key) {
            (Some(new), _) => self.begin(Goal::New, new, now),
            (None, Some(key)) => self.begin(Goal::Own, key, now),
            (None, None) => {}
        }
    }

    fn begin(&mut self, goal: Goal, key: Scbk, now: Duration) {
        self.session = None;
        self.channel = None;
        // A new beginning for the reader too, whatever it thinks of the channel before.
        if self.stage != Stage::Capabilities {
            self.sequence = None;
        }
        self.attempt = Some(Attempt { goal, key, panel_random: [0; 8], reader_random: [0; 8] });
        self.stage = Stage::Challenge;
        self.due = now;
    }

    pub(super) fn challenged(&mut self, said: &Reply, now: Duration, timing: &Timing) {
        let Some(attempt) = &mut self.attempt else {
            return self.fail(DownReason::NoAnswer, now, timing);
        };
        match said {
            Reply::Cryptogram { random, cryptogram, .. } => {
                attempt.reader_random = *random;
                let is_same_key = attempt.keys().is_readers(*random, cryptogram);
                let is_refusal_wanted =
                    matches!(attempt.goal, Goal::OldRefused | Goal::InstallRefused);
                if is_same_key || is_refusal_wanted {
                    self.stage = Stage::Crypt;
                    self.due = now;
                    return;
                }
                let install = Cryptograms::derive(&INSTALL_KEY, attempt.panel_random);
                let is_install = install.is_readers(*random, cryptogram);
                let reason = if is_install { DownReason::InstallKey } else { DownReason::WrongKey };
                self.refused(reason, now, timing);
            }
            Reply::Nak(code) => self.refused(DownReason::Refused(*code), now, timing),
            _ => self.fail(DownReason::NoAnswer, now, timing),
        }
    }

    pub(super) fn proved(
        &mut self,
        said: &Reply,
        block: Option<(u8, u8)>,
        now: Duration,
        timing: &Timing,
    ) {
        let Some(attempt) = &self.attempt else {
            return self.fail(DownReason::NoAnswer, now, timing);
        };
        match said {
            Reply::InitialMac(mac) => {
                let session = attempt.keys().session(attempt.proof());
                let is_accepted = block == Some((0x14, 1)) && *mac == session.initial_mac();
                if !is_accepted {
                    return self.refused(DownReason::WrongKey, now, timing);
                }
                let goal = attempt.goal;
                self.attempt = None;
                self.session = Some(session);
                self.accepted(goal, now);
            }
            Reply::Nak(code) => self.refused(DownReason::Refused(*code), now, timing),
            _ => self.fail(DownReason::NoAnswer, now, timing),
        }
    }

    /// A secure channel is up.
    fn accepted(&mut self, goal: Goal, now: Duration) {
        match goal {
            Goal::Own => {
                // Installed: whoever makes it fail from now on does not get the key by the one that
                // everybody knows.
                self.may_install = false;
                self.online(Channel::Own, now);
                self.finish_rotation();
            }
            Goal::Install => {
                self.online(Channel::Install, now);
                if let Some(key) = self.key {
                    self.ask_itself(Command::KeySet(key));
                }
            }
            Goal::New => {
                let Some(rotation) = &mut self.rotation else { return };
                rotation.proof.is_new_accepted = true;
                rotation.step = Step::Old;
                let (new, old) = (rotation.new, rotation.old);
                self.key = Some(new);
                self.begin(Goal::OldRefused, old, now);
            }
            Goal::OldRefused => self.asked_old(false, now),
            Goal::InstallRefused => self.asked_install(false, now),
        }
    }

    /// The reader does not take this key.
    fn refused(&mut self, reason: DownReason, now: Duration, timing: &Timing) {
        let goal = self.attempt.take().map(|attempt| attempt.goal);
        match goal {
            Some(Goal::Own) if self.may_install => self.begin(Goal::Install, INSTALL_KEY, now),
            Some(Goal::Own | Goal::Install) | None => self.fail(reason, now, timing),
            Some(Goal::New) => {
                if let Some(rotation) = &mut self.rotation {
                    rotation.step = Step::Finish;
                }
                match self.key {
                    Some(key) => self.begin(Goal::Own, key, now),
                    None => self.fail(reason, now, timing),
                }
            }
            Some(Goal::OldRefused) => self.asked_old(true, now),
            Some(Goal::InstallRefused) => self.asked_install(true, now),
        }
    }

    fn asked_old(&mut self, is_refused: bool, now: Duration) {
        if let Some(rotation) = &mut self.rotation {
            rotation.proof.is_old_refused = Some(is_refused);
            rotation.step = Step::Install;
        }
        self.begin(Goal::InstallRefused, INSTALL_KEY, now);
    }

    fn asked_install(&mut self, is_refused: bool, now: Duration) {
        if let Some(rotation) = &mut self.rotation {
            rotation.proof.is_install_refused = Some(is_refused);
            rotation.step = Step::Finish;
        }
        if let Some(key) = self.key {
            self.begin(Goal::Own, key, now);
        }
    }

    /// The reader answered to its new key.
    pub(super) fn key_answered(&mut self, said: &Reply, now: Duration, timing: &Timing) {
        match (said, &mut self.rotation) {
            (Reply::Ack, Some(rotation)) => {
                rotation.step = Step::New;
                let new = rotation.new;
                self.begin(Goal::New, new, now);
            }
            // Installed: from now on by its own key.
            (Reply::Ack, None) => match self.key {
                Some(key) => self.begin(Goal::Own, key, now),
                None => self.fail(DownReason::WrongKey, now, timing),
            },
            (Reply::Nak(code), Some(rotation)) => {
                let id = rotation.id;
                self.rotation = None;
                self.finished(Some(id), Outcome::Refused(*code));
            }
            (Reply::Nak(code), None) => self.fail(DownReason::Refused(*code), now, timing),
            (_, _) => self.fail(DownReason::NoAnswer, now, timing),
        }
    }

    /// The reader went away meanwhile: what was not asked stays unknown.
    pub(super) fn interrupt_rotation(&mut self, was_sent: bool) {
        let Some(rotation) = &mut self.rotation else { return };
        match rotation.step {
            Step::Set if was_sent => rotation.step = Step::New,
            Step::Set => {
                let id = rotation.id;
                self.rotation = None;
                self.finished(Some(id), Outcome::NotOnline);
            }
            Step::New | Step::Finish => {}
            Step::Old | Step::Install => rotation.step = Step::Finish,
        }
    }

    fn finish_rotation(&mut self) {
        if let Some(Rotation { id, proof, .. }) =
            self.rotation.take_if(|one| one.step == Step::Finish)
        {
            let outcome = Outcome::Rotated(proof);
            self.events.push_back(PanelEvent::Finished { id, outcome });
        }
    }
}
