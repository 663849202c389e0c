//! One door between its lock and its contact: closed, open, held, forced, unlocked, in trouble.
//!
//! A machine without a clock: it is told what happens and when, and says what to do with the strike
//! and what is to be recorded. It wants to be told the time again at [`Doorway::wake`].
//!
//! INVARIANT: while the fire input releases, the strike is released and no input secures it; it is
//! secured again after the panel's reset alone (`tests/doorway.rs`).
//! INVARIANT: *forced* and *held* are told once for each time that the leaf stands open.

use std::time::Duration;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::door::Fire;

/// How a door is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long the leaf may stand open after somebody was let through.
    pub held_after: Duration,
    /// The same for somebody who needs more time.
    pub held_after_accessible: Duration,
    /// So long before that, the door warns.
    pub warn_before: Duration,
    /// For how long a button or sensor inside releases the strike.
    pub exit_hold: Duration,
    /// For how long a contact must rest on closed before the leaf counts as closed.
    pub settle: Duration,
    /// For how long a contact must be sound before its trouble is over.
    pub mend: Duration,
    /// Whether there is a contact at all. A door without one is never forced, held or taken.
    pub has_contact: bool,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            held_after: Duration::from_secs(30),
            held_after_accessible: Duration::from_secs(60),
            warn_before: Duration::from_secs(5),
            exit_hold: Duration::from_secs(5),
            settle: Duration::from_millis(300),
            mend: Duration::from_secs(10),
            has_contact: true,
        }
    }
}

/// What a supervised contact says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contact {
    /// The leaf is shut.
    Closed,
    /// It is not.
    Open,
    /// Cut, shorted, or out of the range of its resistors.
    Broken,
}

/// What happens to a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Its contact speaks.
    Contact(Contact),
    /// Somebody inside wants out.
    RequestToExit,
    /// Somebody was let through, or a release was ordered.
    Released {
        /// For how long.
        hold: Duration,
        /// They need more time.
        is_slow: bool,
    },
    /// The unlock schedule has opened or closed.
    Schedule {
        /// It has opened.
        is_open: bool,
    },
    /// It was ordered to stay unlocked.
    Unlock,
    /// It was ordered back to asking for credentials.
    Relock,
    /// Its zone is locked down, or that was ended.
    Lockdown {
        /// It is locked down.
        is_on: bool,
    },
    /// What its fire input says.
    Fire(Fire),
    /// The panel was reset by hand.
    FireReset,
    /// A cover or a reader was opened or taken off, or is in place again.
    Tamper {
        /// It is off.
        is_on: bool,
    },
    /// Nothing but time.
    Tick,
}

/// What to do, and what to record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Release the strike.
    Release,
    /// Secure it.
    Secure,
    /// Warn at the door that it stands open too long, or cease to.
    Warn(bool),
    /// Somebody who was let through went through.
    Taken,
    /// Somebody who was let through did not.
    NotTaken,
    /// The leaf opened.
    Opened,
    /// The leaf closed.
    Closed,
    /// A request to exit.
    ExitRequested,
    /// The leaf opened though nobody was let through.
    Forced,
    /// That is over.
    ForcedEnded,
    /// The leaf stands open too long.
    Held,
    /// That is over.
    HeldEnded,
    /// The cover is off.
    Tampered,
    /// It is on again.
    TamperEnded,
    /// The contact cannot be believed.
    Trouble,
    /// It can again.
    TroubleEnded,
    /// The fire input releases the door.
    FireReleased,
    /// The panel was reset; the door is as it was to be.
    FireEnded,
}

/// How a door stands, in the field's words; the gravest that is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// Closed and secured.
    Closed,
    /// Unlocked, by schedule or by order.
    Unlocked,
    /// Open, as it may be.
    Open,
    /// Its cover is off.
    Tamper,
    /// Its contact cannot be believed.
    Trouble,
    /// Open too long.
    Held,
    /// Open without anybody's having been let through.
    Forced,
    /// Released by the fire input.
    Fire,
}

/// What a strike is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drive {
    /// Locked.
    Secured,
    /// Released until further notice.
    Released,
    /// Released for somebody, and locked by itself at this instant.
    ReleasedUntil(Timestamp),
}

/// Since when and how the leaf stands open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ajar {
    /// From when on it counts as held; none: it may stand open.
    held_at: Option<Timestamp>,
    is_held: bool,
    is_forced: bool,
    is_warned: bool,
    /// Since when the contact has rested on closed.
    shut_since: Option<Timestamp>,
}

/// Somebody is let through until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Passage {
    until: Timestamp,
    is_slow: bool,
    is_exit: bool,
}

/// One door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doorway {
    timing: Timing,
    now: Timestamp,
    fire: Fire,
    is_locked_down: bool,
    schedule_open: bool,
    /// After a lockdown an open schedule unlocks nothing until it opens anew.
    schedule_rests: bool,
    is_unlocked: bool,
    is_tampered: bool,
    passage: Option<Passage>,
    ajar: Option<Ajar>,
    /// Since when the contact has been sound again; inner none: it is broken.
    trouble: Option<Option<Timestamp>>,
    /// What the contact said last, while in trouble.
    seen: Contact,
    is_released: bool,
}

impl Doorway {
    /// A door as it is found at `now`. Gives what to do at once.
    pub fn new(timing: Timing, contact: Contact, now: Timestamp) -> (Self, Vec<Effect>) {
        let mut door = Self {
            timing,
            now,
            fire: Fire::Quiet,
            is_locked_down: false,
            schedule_open: false,
            schedule_rests: false,
            is_unlocked: false,
            is_tampered: false,
            passage: None,
            ajar: None,
            trouble: None,
            seen: Contact::Closed,
            is_released: false,
        };
        let mut effects = vec![Effect::Secure];
        // Found open, it has somebody to close it: it is held in time, not forced.
        match contact {
            Contact::Open if timing.has_contact => {
                door.open_from(Some(now.plus(timing.held_after)), false);
            }
            Contact::Closed | Contact::Open | Contact::Broken => {
                door.contact(contact, &mut effects);
            }
        }
        (door, effects)
    }

    /// Something happens at `now`; a time before the last one counts as the last one.
    /// Gives what to do and to record, in order.
    pub fn step(&mut self, input: Input, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.advance(now, &mut effects);
        match input {
            Input::Contact(contact) => self.contact(contact, &mut effects),
            Input::RequestToExit => {
                effects.push(Effect::ExitRequested);
                let hold = self.timing.exit_hold;
                self.let_through(Passage {
                    until: self.now.plus(hold),
                    is_slow: false,
                    is_exit: true,
                });
            }
            Input::Released { hold, is_slow } => {
                let until = self.now.plus(hold);
                self.let_through(Passage { until, is_slow, is_exit: false });
            }
            Input::Schedule { is_open } => {
                if is_open && !self.schedule_open {
                    self.schedule_rests = self.is_locked_down;
                }
                self.schedule_open = is_open;
            }
            Input::Unlock => self.is_unlocked = !self.is_locked_down,
            Input::Relock => {
                self.is_unlocked = false;
                self.schedule_rests = true;
            }
            Input::Lockdown { is_on } => {
                self.is_locked_down = is_on;
                // No door goes back to unlocked by itself.
                self.is_unlocked = false;
                self.schedule_rests = true;
            }
            Input::Fire(says) => self.fire(says, &mut effects),
            Input::FireReset => self.fire_reset(&mut effects),
            Input::Tamper { is_on } => {
                if is_on != self.is_tampered {
                    self.is_tampered = is_on;
                    effects.push(if is_on { Effect::Tampered } else { Effect::TamperEnded });
                }
            }
            Input::Tick => {}
        }
        self.settle_strike(&mut effects);
        effects
    }

    /// When it wants to be told the time, if nothing happens before.
    pub fn wake(&self) -> Option<Timestamp> {
        let ajar = self.ajar.and_then(|ajar| {
            let warned = |at: Timestamp| {
                if ajar.is_warned { at } else { at.minus(self.timing.warn_before) }
            };
            let held = ajar.held_at.filter(|_| !ajar.is_held && !ajar.is_forced).map(warned);
            let shut = ajar.shut_since.map(|since| since.plus(self.timing.settle));
            [held, shut].into_iter().flatten().min()
        });
        let mended = self.trouble.flatten().map(|since| since.plus(self.timing.mend));
        let passed = self.passage.map(|passage| passage.until);
        [ajar, mended, passed].into_iter().flatten().min()
    }

    /// How it stands.
    pub fn stands(&self) -> Stands {
        if self.fire.releases() {
            Stands::Fire
        } else if self.ajar.is_some_and(|ajar| ajar.is_forced) {
            Stands::Forced
        } else if self.ajar.is_some_and(|ajar| ajar.is_held) {
            Stands::Held
        } else if self.trouble.is_some() {
            Stands::Trouble
        } else if self.is_tampered {
            Stands::Tamper
        } else if self.ajar.is_some() {
            Stands::Open
        } else if self.stays_unlocked() {
            Stands::Unlocked
        } else {
            Stands::Closed
        }
    }

    /// What the strike is to be now.
    pub fn drive(&self) -> Drive {
        match self.passage {
            Some(_) if self.fire.releases() || self.stays_unlocked() => Drive::Released,
            Some(passage) => Drive::ReleasedUntil(passage.until),
            None if self.is_released => Drive::Released,
            None => Drive::Secured,
        }
    }

    /// What its fire input says.
    pub fn fire_says(&self) -> Fire {
        self.fire
    }

    /// Whether the leaf stands open.
    pub fn is_open(&self) -> bool {
        self.ajar.is_some()
    }

    /// Whether its contact is believed: there is one, and it is not in trouble.
    pub fn is_watched(&self) -> bool {
        self.timing.has_contact && self.trouble.is_none()
    }

    /// A contact speaks for the first time: the door was made without one, because nobody had
    /// heard it yet. A leaf that is found open is held in time, not forced.
    pub fn find_contact(&mut self, contact: Contact, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.advance(now, &mut effects);
        self.timing.has_contact = true;
        match contact {
            Contact::Open => self.open_from(Some(self.now.plus(self.timing.held_after)), false),
            Contact::Closed | Contact::Broken => self.contact(contact, &mut effects),
        }
        self.settle_strike(&mut effects);
        effects
    }

    /// Whether the strike is released.
    pub fn is_released(&self) -> bool {
        self.is_released
    }

    fn stays_unlocked(&self) -> bool {
        let by_schedule = self.schedule_open && !self.schedule_rests;
        !self.is_locked_down && (self.is_unlocked || by_schedule)
    }

    fn let_through(&mut self, passage: Passage) {
        // A longer release is never cut short by a shorter one.
        let longer = self.passage.filter(|had| had.until > passage.until);
        self.passage = Some(longer.unwrap_or(passage));
    }

    /// Runs timers up to `now`, in their order.
    fn advance(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let now = now.max(self.now);
        // Each round ends one timer for good; there are five kinds of them.
        for _ in 0..8 {
            let Some(at) = self.wake().filter(|at| *at <= now) else { break };
            self.now = self.now.max(at);
            self.ring(effects);
            self.settle_strike(effects);
        }
        self.now = now;
    }

    fn ring(&mut self, effects: &mut Vec<Effect>) {
        if let Some(passage) = self.passage.filter(|passage| passage.until <= self.now) {
            self.passage = None;
            let told = self.timing.has_contact && self.trouble.is_none() && !passage.is_exit;
            if told && self.ajar.is_none() && !self.fire.releases() {
                effects.push(Effect::NotTaken);
            }
        }
        let mended = |since: Timestamp| since.plus(self.timing.mend) <= self.now;
        if self.trouble.flatten().is_some_and(mended) {
            self.trouble = None;
            effects.push(Effect::TroubleEnded);
            self.contact(self.seen, effects);
        }
        let Some(mut ajar) = self.ajar else { return };
        if ajar.shut_since.is_some_and(|since| since.plus(self.timing.settle) <= self.now) {
            self.close(effects);
            return;
        }
        if let Some(held_at) = ajar.held_at.filter(|_| !ajar.is_held && !ajar.is_forced) {
            if held_at <= self.now {
                ajar.is_held = true;
                ajar.is_warned = true;
                effects.push(Effect::Held);
            } else if !ajar.is_warned && held_at.minus(self.timing.warn_before) <= self.now {
                ajar.is_warned = true;
                effects.push(Effect::Warn(true));
            }
        }
        self.ajar = Some(ajar);
    }

    fn contact(&mut self, contact: Contact, effects: &mut Vec<Effect>) {
        if !self.timing.has_contact {
            return;
        }
        self.seen = contact;
        match (contact, self.trouble) {
            (Contact::Broken, None) => {
                self.abandon(effects);
                self.trouble = Some(None);
                effects.push(Effect::Trouble);
            }
            (Contact::Broken, Some(_)) => self.trouble = Some(None),
            // A contact that flickers is one trouble: it must rest before it is believed.
            (Contact::Closed | Contact::Open, Some(None)) => self.trouble = Some(Some(self.now)),
            (Contact::Closed | Contact::Open, Some(Some(_))) => {}
            (Contact::Open, None) => self.opened(effects),
            (Contact::Closed, None) => {
                if let Some(ajar) = &mut self.ajar {
                    ajar.shut_since = ajar.shut_since.or(Some(self.now));
                }
            }
        }
    }

    fn opened(&mut self, effects: &mut Vec<Effect>) {
        if let Some(ajar) = &mut self.ajar {
            // Not shut for long enough: the same opening.
            ajar.shut_since = None;
            return;
        }
        effects.push(Effect::Opened);
        if self.fire.releases() || self.stays_unlocked() {
            if self.passage.take().is_some_and(|passage| !passage.is_exit) {
                effects.push(Effect::Taken);
            }
            self.open_from(None, false);
        } else if let Some(passage) = self.passage {
            if !passage.is_exit {
                effects.push(Effect::Taken);
            }
            let longer = self.timing.held_after_accessible.max(self.timing.held_after);
            let may = if passage.is_slow { longer } else { self.timing.held_after };
            self.passage = None;
            self.open_from(Some(self.now.plus(may)), false);
        } else {
            effects.push(Effect::Forced);
            self.open_from(None, true);
        }
    }

    fn open_from(&mut self, held_at: Option<Timestamp>, is_forced: bool) {
        self.ajar =
            Some(Ajar { held_at, is_held: false, is_forced, is_warned: false, shut_since: None });
    }

    fn close(&mut self, effects: &mut Vec<Effect>) {
        self.abandon(effects);
        effects.push(Effect::Closed);
    }

    /// The opening is over, or nobody can tell any more.
    fn abandon(&mut self, effects: &mut Vec<Effect>) {
        let Some(ajar) = self.ajar.take() else { return };
        if ajar.is_warned {
            effects.push(Effect::Warn(false));
        }
        if ajar.is_held {
            effects.push(Effect::HeldEnded);
        }
        if ajar.is_forced {
            effects.push(Effect::ForcedEnded);
        }
    }

    fn fire(&mut self, says: Fire, effects: &mut Vec<Effect>) {
        let before = self.fire;
        // After an alarm or a fault, quiet alone is not enough.
        self.fire = match says {
            Fire::Quiet if before.releases() => Fire::AwaitingReset,
            Fire::Quiet | Fire::Active | Fire::Faulty | Fire::AwaitingReset => says,
        };
        if self.fire.releases() && !before.releases() {
            effects.push(Effect::FireReleased);
            if let Some(mut ajar) = self.ajar {
                // Door alarms rest; the leaf may stand open.
                self.abandon(effects);
                (ajar.held_at, ajar.is_held, ajar.is_forced) = (None, false, false);
                ajar.is_warned = false;
                self.ajar = Some(ajar);
            }
        }
    }

    fn fire_reset(&mut self, effects: &mut Vec<Effect>) {
        match self.fire {
            Fire::AwaitingReset => {
                self.fire = Fire::Quiet;
                effects.push(Effect::FireEnded);
                self.hold_from_here();
            }
            Fire::Quiet | Fire::Active | Fire::Faulty => {}
        }
    }

    /// A leaf that might stand open, and may not any more, is given its time from here.
    fn hold_from_here(&mut self) {
        let from = self.now.plus(self.timing.held_after);
        if self.fire.releases() || self.stays_unlocked() {
            return;
        }
        if let Some(ajar) = self.ajar.as_mut().filter(|ajar| !ajar.is_forced) {
            ajar.held_at = ajar.held_at.or(Some(from));
        }
    }

    fn settle_strike(&mut self, effects: &mut Vec<Effect>) {
        let fire = self.fire.releases();
        let released = fire || self.stays_unlocked() || self.passage.is_some();
        if released != self.is_released {
            self.is_released = released;
            effects.push(if released { Effect::Release } else { Effect::Secure });
        }
        if self.stays_unlocked() && !fire {
            // Unlocked: it may stand open.
            if let Some(ajar) = self.ajar.as_mut().filter(|a| !a.is_held && !a.is_forced) {
                ajar.held_at = None;
            }
        } else {
            self.hold_from_here();
        }
    }
}
