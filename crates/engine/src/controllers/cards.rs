//! The cards of one controller: what it is to hold, what it was last read to hold, what it is to
//! be asked next. A machine without clock or wire: it is told what was answered, and when, by a
//! clock that only goes forward.
//!
//! A controller believes its cards for ever, so every write is read back, and all of its list is
//! read again from time to time.
//!
//! INVARIANT: what counts as read back was asked for after it was wanted, and was answered; nothing
//! that was sent before can still undo it (`tests.rs`, `nothing_counts_that_was_not_read`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use codec::uhppote::{Body, Card, Request};
use model::Timestamp;

/// Cards of one controller at most.
/// SOURCE: UT0311-L0x data sheet: 20,000 users.
pub const CARDS_MAX: usize = 20_000;
/// Places of its list that are read at most, those of forgotten cards among them.
pub const PLACES_MAX: u32 = 60_000;
/// How often the whole list is read.
pub const SWEEP_EVERY: Duration = Duration::from_secs(3_600);
/// How long a datagram may still be on its way: a write that was sent before counts as done, and
/// as unable to come again, only after it.
pub const SETTLE: Duration = Duration::from_secs(5);
/// Empty places in a row after which the cards are counted again: one may have gone meanwhile.
const EMPTY_MAX: u32 = 64;
/// Longest pause before something is tried again.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Whether a card of this number is ours to take away.
pub type IsOurs = Arc<dyn Fn(u32) -> bool + Send + Sync>;

/// What a controller is to hold.
#[derive(Clone)]
pub struct Wanted {
    /// The version of the rights that it was made of.
    pub version: u64,
    /// By their numbers.
    pub cards: BTreeMap<u32, Card>,
    /// Whether a card that is not among them is ours to take away.
    pub is_ours: IsOurs,
    /// Cards that nobody here knows are taken away as well.
    pub removes_unknown: bool,
    /// Nothing may be written that admits: after a restore somebody's tombstones are still out.
    pub is_waiting: bool,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Ask this, and say what was answered.
    Ask(Request),
    /// Nothing before this instant.
    Rest(Timestamp),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Read,
    Write,
    ReadBack,
}

/// A number that is to be looked at.
#[derive(Debug, Clone, Copy)]
struct Due {
    stage: Stage,
    at: Timestamp,
    tries: u32,
    /// A revocation waits for it.
    is_urgent: bool,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Number(u32, Stage),
    Count,
    Recount,
    Place(u32),
    Touch,
}

/// The whole list, being read.
#[derive(Debug)]
struct Sweep {
    version: u64,
    count: usize,
    place: u32,
    found: BTreeMap<u32, Card>,
    /// Empty places since a card was found or the cards were counted.
    empty: u32,
}

/// When a number was last written and last taken away, as far as that may still be on its way.
#[derive(Debug, Clone, Copy, Default)]
struct Sent {
    put: Option<Timestamp>,
    deleted: Option<Timestamp>,
}

/// How the cards of a controller stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CardsTold {
    /// How many it is to hold.
    pub wanted: usize,
    /// How many it held when the whole list was last read, and what was read since.
    pub held: Option<usize>,
    /// Numbers that are still to be written or read back.
    pub due: usize,
    /// Of these, those that were written and did not come back so.
    pub unlike: usize,
    /// Cards that it holds and nobody here knows.
    pub strangers: usize,
    /// The list could not be read to its end.
    pub is_cut: bool,
}

impl CardsTold {
    /// Whether it holds what it is to hold, as far as was read.
    pub fn is_equal(&self) -> bool {
        self.held.is_some() && self.due == 0
    }
}

/// The machine.
pub struct Cards {
    began: Timestamp,
    wanted: Wanted,
    held: BTreeMap<u32, Card>,
    due: BTreeMap<u32, Due>,
    /// The version by which a number was read to be as it is wanted.
    read: BTreeMap<u32, u64>,
    sent: BTreeMap<u32, Sent>,
    strangers: BTreeSet<u32>,
    sweep: Option<Sweep>,
    next_sweep: Timestamp,
    swept: Option<(u64, Timestamp)>,
    is_cut: bool,
    sweeps: u64,
    /// Something was answered that was asked for under this version.
    answered: u64,
    /// It is to be asked anything at all under this version.
    touch: u64,
    silences: u32,
    silent_until: Option<Timestamp>,
    asked: Option<(What, u64)>,
}

impl Cards {
    /// Of a controller of which nothing is known: all of its list is read first.
    pub fn new(wanted: Wanted, now: Timestamp) -> Self {
        Self {
            began: now,
            wanted,
            held: BTreeMap::new(),
            due: BTreeMap::new(),
            read: BTreeMap::new(),
            sent: BTreeMap::new(),
            strangers: BTreeSet::new(),
            sweep: None,
            next_sweep: now,
            swept: None,
            is_cut: false,
            sweeps: 0,
            answered: 0,
            touch: 0,
            silences: 0,
            silent_until: None,
            asked: None,
        }
    }

    /// It is to hold this from now on.
    pub fn want(&mut self, wanted: Wanted, now: Timestamp) {
        let before = std::mem::replace(&mut self.wanted, wanted);
        let new = &self.wanted.cards;
        let gone = before.cards.keys().filter(|number| !new.contains_key(*number));
        let other = new.iter().filter(|(number, card)| before.cards.get(*number) != Some(*card));
        let numbers: Vec<u32> = gone.chain(other.map(|(number, _)| number)).copied().collect();
        for number in numbers {
            self.look_at(number, now, false);
        }
        if self.wanted.removes_unknown {
            for number in std::mem::take(&mut self.strangers) {
                self.look_at(number, now, false);
            }
        }
    }

    /// The version of the rights that it goes by.
    pub fn version(&self) -> u64 {
        self.wanted.version
    }

    /// What it was last read to hold.
    pub fn held(&self) -> impl Iterator<Item = u32> {
        self.held.keys().copied()
    }

    /// How often its list was read to the end, or to the bound.
    pub fn sweeps(&self) -> u64 {
        self.sweeps
    }

    /// Somebody waits until these numbers were read under a version, and, where a number is not
    /// known, until the whole list was.
    pub fn call(&mut self, (numbers, whole): (&[u32], bool), version: u64, now: Timestamp) {
        for number in numbers {
            if self.read.get(number).is_none_or(|read| *read < version) {
                self.look_at(*number, now, true);
            }
        }
        let is_under_way = self.sweep.as_ref().is_some_and(|sweep| sweep.version >= version);
        if whole && !self.has_swept(version) && !is_under_way {
            // Not before a write of an earlier run can no longer arrive.
            let at = now.max(self.began.plus(SETTLE));
            self.next_sweep = self.next_sweep.min(at);
        }
        if numbers.is_empty() && !whole {
            self.touch = self.touch.max(version);
        }
    }

    /// Whether all of it was read back as it is wanted, under this version or a later one.
    pub fn has_confirmed(&self, (numbers, whole): (&[u32], bool), version: u64) -> bool {
        let is_read = |number: &u32| self.read.get(number).is_some_and(|read| *read >= version);
        numbers.iter().all(is_read)
            && (!whole || self.has_swept(version))
            && self.answered >= version
            && self.wanted.version >= version
    }

    fn has_swept(&self, version: u64) -> bool {
        let settled = self.began.plus(SETTLE);
        self.swept.is_some_and(|(swept, at)| swept >= version && at >= settled)
    }

    /// It answers again: what was put off is done now, and its list may be another's.
    pub fn is_back(&mut self, now: Timestamp) {
        self.silences = 0;
        self.silent_until = None;
        self.sweep = None;
        self.next_sweep = self.next_sweep.min(now);
    }

    /// How it stands.
    pub fn told(&self) -> CardsTold {
        CardsTold {
            wanted: self.wanted.cards.len(),
            held: self.swept.map(|_| self.held.len()),
            due: self.due.len(),
            unlike: self.due.values().filter(|due| due.tries > 0).count(),
            strangers: self.strangers.len(),
            is_cut: self.is_cut,
        }
    }

    fn look_at(&mut self, number: u32, now: Timestamp, is_urgent: bool) {
        let fresh = Due { stage: Stage::Read, at: now, tries: 0, is_urgent };
        let due = self.due.entry(number).or_insert(fresh);
        due.is_urgent |= is_urgent;
        if is_urgent {
            due.at = due.at.min(now);
        } else {
            // What is wanted has changed: what was tried before says nothing.
            *due = Due { is_urgent: due.is_urgent, ..fresh };
        }
        self.read.remove(&number);
    }

    /// What to ask now. One thing at a time: its answer is to be told before the next is asked.
    pub fn next(&mut self, now: Timestamp) -> Next {
        if let Some(until) = self.silent_until.filter(|until| now < *until) {
            return Next::Rest(until);
        }
        let what = self.due_now(now).or_else(|| self.sweep_now(now));
        let Some(what) = what else { return Next::Rest(self.rests_until(now)) };
        self.asked = Some((what, self.wanted.version));
        Next::Ask(match what {
            What::Number(number, Stage::Read | Stage::ReadBack) => Request::GetCard(number),
            What::Number(number, Stage::Write) => self.write(number, now),
            What::Count | What::Recount | What::Touch => Request::GetCardCount,
            What::Place(place) => Request::GetCardAt(place),
        })
    }

    fn write(&mut self, number: u32, now: Timestamp) -> Request {
        // What is read of the list meanwhile is of no one moment.
        if self.sweep.take().is_some() {
            self.next_sweep = now;
        }
        let sent = self.sent.entry(number).or_default();
        match self.wanted.cards.get(&number) {
            Some(card) => {
                sent.put = Some(now);
                Request::PutCard(*card)
            }
            None => {
                sent.deleted = Some(now);
                Request::DeleteCard(number)
            }
        }
    }

    fn due_now(&self, now: Timestamp) -> Option<What> {
        if self.touch > self.answered && self.wanted.version >= self.touch {
            return Some(What::Touch);
        }
        let may = |number: &u32, due: &Due| {
            due.at <= now
                && (due.is_urgent || self.sweep.is_none())
                && !(due.stage == Stage::Write && self.may_not_write(*number))
        };
        let due = self.due.iter().filter(|(number, due)| may(number, due));
        let first = due.min_by_key(|(_, due)| (!due.is_urgent, due.at));
        first.map(|(number, due)| What::Number(*number, due.stage))
    }

    fn may_not_write(&self, number: u32) -> bool {
        self.wanted.is_waiting && self.wanted.cards.contains_key(&number)
    }

    fn sweep_now(&self, now: Timestamp) -> Option<What> {
        match &self.sweep {
            Some(sweep) if sweep.empty >= EMPTY_MAX => Some(What::Recount),
            Some(sweep) => Some(What::Place(sweep.place)),
            None => (self.next_sweep <= now).then_some(What::Count),
        }
    }

    fn rests_until(&self, now: Timestamp) -> Timestamp {
        let waits = |(number, due): (&u32, &Due)| {
            let is_held = due.stage == Stage::Write && self.may_not_write(*number);
            (!is_held).then_some(due.at)
        };
        let soonest = self.due.iter().filter_map(waits).min();
        soonest.map_or(self.next_sweep, |at| at.min(self.next_sweep)).max(now)
    }

    /// What was answered to what was last asked; none: nothing.
    pub fn heard(&mut self, answer: Option<Body>, now: Timestamp) {
        let Some((what, version)) = self.asked.take() else { return };
        if let What::Number(number, Stage::Write) = what {
            // It was sent until now, however often.
            let sent = self.sent.entry(number).or_default();
            match self.wanted.cards.contains_key(&number) {
                true => sent.put = Some(now),
                false => sent.deleted = Some(now),
            }
        }
        let Some(body) = answer else { return self.is_silent(what, now) };
        self.silences = 0;
        self.silent_until = None;
        match (what, body) {
            (What::Number(number, Stage::Write), Body::Done(_)) => {
                if let Some(due) = self.due.get_mut(&number) {
                    due.stage = Stage::ReadBack;
                }
            }
            (What::Number(number, stage), Body::Card(card)) => {
                self.take(number, (stage, version), card, now);
            }
            (What::Count, Body::CardCount(count)) => {
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                let found = BTreeMap::new();
                self.go_on(Sweep { version, count, place: 1, found, empty: 0 }, now);
            }
            (What::Recount, Body::CardCount(count)) => {
                let Some(sweep) = self.sweep.as_mut() else { return };
                sweep.empty = 0;
                if usize::try_from(count).ok() != Some(sweep.count) {
                    self.sweep = None;
                }
            }
            (What::Place(_), Body::Card(card)) => {
                let Some(mut sweep) = self.sweep.take() else { return };
                sweep.empty = if card.is_some() { 0 } else { sweep.empty + 1 };
                sweep.found.extend(card.map(|card| (card.card_number, card)));
                sweep.place += 1;
                self.go_on(sweep, now);
            }
            (What::Touch, Body::CardCount(_)) => {}
            // An answer of another kind is none.
            (_, _) => return self.is_silent(what, now),
        }
        self.answered = self.answered.max(version);
    }

    fn is_silent(&mut self, what: What, now: Timestamp) {
        self.silences = self.silences.saturating_add(1);
        self.silent_until = Some(now.plus(pause(self.silences)));
        if let What::Number(number, _) = what
            && let Some(due) = self.due.get_mut(&number)
        {
            due.stage = Stage::Read;
        }
    }

    /// One number was read.
    fn take(
        &mut self,
        number: u32,
        (stage, version): (Stage, u64),
        card: Option<Card>,
        now: Timestamp,
    ) {
        match card {
            Some(card) => drop(self.held.insert(number, card)),
            None => drop(self.held.remove(&number)),
        }
        let is_equal = is_same(self.wanted.cards.get(&number), card.as_ref());
        let settled = self.settled(number);
        let Some(due) = self.due.get_mut(&number) else { return };
        if is_equal && now < settled {
            (due.stage, due.at) = (Stage::Read, settled);
        } else if is_equal {
            self.due.remove(&number);
            self.read.insert(number, version);
        } else {
            if stage == Stage::ReadBack {
                due.tries = due.tries.saturating_add(1);
                due.at = now.plus(pause(due.tries));
            }
            due.stage = Stage::Write;
        }
    }

    /// From when on nothing that was sent can still undo what is wanted.
    fn settled(&self, number: u32) -> Timestamp {
        let sent = self.sent.get(&number).copied().unwrap_or_default();
        let undoes = match self.wanted.cards.contains_key(&number) {
            true => sent.deleted,
            false => sent.put,
        };
        undoes.unwrap_or(self.began).max(self.began).plus(SETTLE)
    }

    /// The list is read further, or to its end.
    fn go_on(&mut self, sweep: Sweep, now: Timestamp) {
        let is_cut = sweep.place > PLACES_MAX;
        if sweep.found.len() < sweep.count && !is_cut {
            self.sweep = Some(sweep);
            return;
        }
        self.is_cut = is_cut;
        self.sweeps += 1;
        self.next_sweep = now.plus(if is_cut { PAUSE_MAX } else { SWEEP_EVERY });
        if is_cut {
            // What was found is there; what was not found proves nothing.
            for (number, card) in sweep.found {
                self.held.insert(number, card);
            }
        } else {
            self.held = sweep.found;
            self.swept = Some((sweep.version, now));
        }
        self.compare(now, (!is_cut).then_some(sweep.version));
    }

    /// `version`: of a list that was read whole.
    fn compare(&mut self, now: Timestamp, version: Option<u64>) {
        let all: BTreeSet<u32> =
            self.held.keys().chain(self.wanted.cards.keys()).copied().collect();
        self.strangers.clear();
        let mut unequal = Vec::new();
        for number in &all {
            let (wanted, held) = (self.wanted.cards.get(number), self.held.get(number));
            if is_same(wanted, held) {
                let is_sure = now >= self.settled(*number) && !self.due.contains_key(number);
                if let Some(version) = version.filter(|_| is_sure) {
                    self.read.insert(*number, version);
                }
                continue;
            }
            if wanted.is_none() && !(self.wanted.is_ours)(*number) {
                self.strangers.insert(*number);
                if !self.wanted.removes_unknown {
                    continue;
                }
            }
            unequal.push(*number);
        }
        unequal.retain(|number| !self.due.contains_key(number));
        for number in unequal {
            self.look_at(number, now, false);
        }
        self.read.retain(|number, _| all.contains(number));
        let on_its_way = |at: Option<Timestamp>| at.is_some_and(|at| now < at.plus(SETTLE));
        self.sent.retain(|_, sent| on_its_way(sent.put) || on_its_way(sent.deleted));
    }
}

/// Whether a card is as it is wanted; keypad code and first card are the controller's own matter.
fn is_same(wanted: Option<&Card>, held: Option<&Card>) -> bool {
    match (wanted, held) {
        (None, None) => true,
        (Some(wanted), Some(held)) => {
            (wanted.card_number, wanted.from, wanted.to, wanted.doors)
                == (held.card_number, held.from, held.to, held.doors)
        }
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// A second, two, four, up to [`PAUSE_MAX`].
fn pause(tries: u32) -> Duration {
    Duration::from_secs(1_u64 << tries.saturating_sub(1).min(6)).min(PAUSE_MAX)
}

#[cfg(test)]
#[path = "cards_tests.rs"]
mod tests;
