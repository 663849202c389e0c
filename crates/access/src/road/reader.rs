//! A reader: cards and codes come in, steps are waited for, and each request ends in one decision
//! that is kept.

use std::time::Duration;

use codec::wiegand::{Bits, Key, Pin, PinEntry, PinStep, burst};
use model::{PersonId, Timestamp};

use crate::door::{
    BodyVerdict, CardNumber, Companion, Decision, Direction, Outcome, PinVerdict, Presented,
    Request, Step, decide,
};
use crate::doorway::Input;

use super::words::{Decided, Device, Kept, Record, Show, Verdict, Went, Wiring};
use super::{Act, Acts, Awaited, Road};

/// A request that waits for its next step.
#[derive(Debug)]
struct Waiting {
    request: Request,
    decision: Decision,
    steps: Vec<Step>,
    until: Timestamp,
}

/// One reader.
#[derive(Debug)]
pub(super) struct Reader {
    device: Device,
    formats: Vec<String>,
    /// The door, by its place.
    at: usize,
    direction: Direction,
    entry: PinEntry,
    waiting: Option<Waiting>,
}

impl Reader {
    /// When it wants to be told the time.
    pub(super) fn wake(&self) -> Option<Timestamp> {
        let step = self.waiting.as_ref().map(|waiting| waiting.until);
        let typed = self
            .entry
            .deadline()
            .map(|at| Timestamp::from_nanos(i64::try_from(at.as_nanos()).unwrap_or(i64::MAX)));
        step.into_iter().chain(typed).min()
    }
}

/// A reader's entry goes by the same clock as all else.
fn passed(now: Timestamp) -> Duration {
    Duration::from_nanos(u64::try_from(now.nanos()).unwrap_or(0))
}

/// Every reader of a point.
pub(super) fn all(wiring: &Wiring) -> Vec<Reader> {
    let mut readers = Vec::new();
    for (at, door) in wiring.doors.iter().enumerate() {
        let both = [(&door.reader_in, Direction::Entry), (&door.reader_out, Direction::Exit)];
        for (reader, direction) in both {
            readers.extend(reader.as_ref().map(|reader| Reader {
                device: reader.device.clone(),
                formats: reader.formats.clone(),
                at,
                direction,
                entry: PinEntry::new(wiring.pin),
                waiting: None,
            }));
        }
    }
    readers
}

impl Road {
    /// A card at every door that this reader serves; bits that could not be had are nobody's.
    pub(super) fn card(
        &mut self,
        device: &Device,
        bits: Option<&Bits>,
        now: Timestamp,
        acts: &mut Acts,
    ) {
        for place in 0..self.readers.len() {
            let Some(reader) = self.readers.get(place).filter(|one| one.device == *device) else {
                continue;
            };
            // A keypad behind a Wiegand converter says each key as a card of four or eight bits.
            // Inside, whatever is shown asks to get out.
            let key = bits.and_then(burst).filter(|_| !reader.direction.is_egress());
            if let Some(key) = key {
                self.press(place, key, now, acts);
                continue;
            }
            let presented = match bits {
                Some(bits) => self.read(&reader.formats, bits),
                None => Presented::Unreadable { bits: 0 },
            };
            self.present(place, presented, now, acts);
        }
    }

    /// What bits say by the reader's formats: of several readings the one that somebody holds.
    fn read(&self, formats: &[String], bits: &Bits) -> Presented {
        let mut first = None;
        for (format, card) in self.wiring.formats.readings(bits) {
            let is_used = formats.is_empty() || formats.iter().any(|name| name == format.name());
            let Ok(card) = card else { continue };
            if !is_used {
                continue;
            }
            let key = self.key.card(&CardNumber {
                format: format.name(),
                facility: card.facility.unwrap_or(0),
                number: u128::from(card.number),
                issue: card.issue.and_then(|issue| u32::try_from(issue).ok()).unwrap_or(0),
            });
            if self.snapshot.people().by_key(&key).is_some() {
                return Presented::Card(key);
            }
            first = first.or(Some(key));
        }
        match first {
            Some(key) => Presented::Card(key),
            None => Presented::Unreadable { bits: u16::try_from(bits.len()).unwrap_or(u16::MAX) },
        }
    }

    /// Something was shown: the next step of a request that waits for company, or a new request.
    fn present(&mut self, place: usize, shown: Presented, now: Timestamp, acts: &mut Acts) {
        let Some(reader) = self.readers.get_mut(place) else { return };
        let (at, direction) = (reader.at, reader.direction);
        if let Some(mut waiting) = reader.waiting.take() {
            let is_company = |step: &Step| matches!(step, Step::SecondPerson | Step::Escort);
            let wants_company = waiting.steps.iter().any(is_company);
            if wants_company && waiting.request.presented == shown && now < waiting.until {
                // The same card again: somebody held it there for long.
                let device = reader.device.clone();
                reader.waiting = Some(waiting);
                acts.push(Act::Show(device, Show::AskSecond));
                return;
            }
            if wants_company && now < waiting.until {
                let pin = PinVerdict::NotGiven;
                waiting.request.companion = Some(Companion { presented: shown, pin });
                self.conclude(place, waiting.request, now, acts);
                return;
            }
            self.abandon(place, waiting, now, acts);
        }
        let Some(state) = self.doors.get(at) else { return };
        let request = Request {
            door: state.wiring.door.clone(),
            direction,
            presented: shown,
            pin: PinVerdict::NotGiven,
            body: BodyVerdict::NotGiven,
            companion: None,
        };
        self.conclude(place, request, now, acts);
    }

    /// Keys, one after the other.
    pub(super) fn keys(&mut self, device: &Device, keys: &[Key], now: Timestamp, acts: &mut Acts) {
        for place in 0..self.readers.len() {
            if self.readers.get(place).is_some_and(|one| one.device == *device) {
                keys.iter().for_each(|key| self.press(place, *key, now, acts));
            }
        }
    }

    fn press(&mut self, place: usize, key: Key, now: Timestamp, acts: &mut Acts) {
        let Some(reader) = self.readers.get_mut(place) else { return };
        match reader.entry.press(key, passed(now)) {
            PinStep::Complete(pin) => self.typed(place, Some(&pin), now, acts),
            // No code, and an answer like to a wrong one.
            PinStep::TooShort | PinStep::TooLong => self.typed(place, None, now, acts),
            PinStep::Idle | PinStep::Waiting | PinStep::Cleared | PinStep::Abandoned => {}
        }
    }

    /// A whole code: the PIN that somebody was asked for, or digits that stand for somebody.
    fn typed(&mut self, place: usize, pin: Option<&Pin>, now: Timestamp, acts: &mut Acts) {
        let Some(reader) = self.readers.get_mut(place) else { return };
        let digits = pin.and_then(|pin| std::str::from_utf8(pin.expose()).ok()).unwrap_or_default();
        let asks = |waiting: &mut Waiting| {
            let pin = |step: &Step| matches!(step, Step::Pin | Step::StepUp);
            now < waiting.until && waiting.steps.iter().any(pin)
        };
        let Some(waiting) = reader.waiting.take_if(asks) else {
            let key = self.key.pin_alone(digits);
            let found = self.snapshot.people().by_key(&key).map(|found| found.id.clone());
            let found = found.filter(|_| !digits.is_empty());
            return self.present(place, Presented::Pin(found), now, acts);
        };
        let mut request = waiting.request;
        let (mine, other) = (request.pin.is_right(), request.companion.as_ref());
        let is_companion = mine && other.is_some();
        let shown = match other.filter(|_| is_companion) {
            Some(companion) => companion.presented.clone(),
            None => request.presented.clone(),
        };
        let people = self.snapshot.people();
        let credential = match &shown {
            Presented::Card(key) | Presented::Mobile(key) => people.by_key(key),
            Presented::Pin(Some(id)) => people.credential(id),
            Presented::Pin(None) | Presented::Nothing | Presented::Unreadable { .. } => None,
        };
        let person = credential.and_then(|c| c.person.as_ref()).and_then(|id| people.person(id));
        let verdict = match person {
            Some(person) if !digits.is_empty() => person.judge_pin(&self.key, digits),
            Some(_) | None => PinVerdict::Wrong,
        };
        let credential = credential.map(|credential| credential.id.clone());
        match request.companion.as_mut().filter(|_| is_companion) {
            Some(companion) => companion.pin = verdict,
            None => request.pin = verdict,
        }
        self.conclude(place, request, now, acts);
        if let Some(credential) = credential {
            self.snapshot.live.pin_tried(&credential, verdict.is_right(), now);
        }
    }

    /// Decides, acts on it, and keeps it, unless the next step is waited for.
    fn conclude(&mut self, place: usize, request: Request, now: Timestamp, acts: &mut Acts) {
        let decision = decide(&self.snapshot, &request, now);
        let Some(reader) = self.readers.get_mut(place) else { return };
        let (at, device) = (reader.at, reader.device.clone());
        match &decision.outcome {
            Outcome::Require(steps) => {
                let pin = |step: &Step| matches!(step, Step::Pin | Step::StepUp);
                let next = match steps.first() {
                    Some(step) if pin(step) => Show::AskPin,
                    Some(_) | None => Show::AskSecond,
                };
                let (steps, until) = (steps.clone(), now.plus(self.wiring.step_wait));
                reader.waiting = Some(Waiting { request, decision, steps, until });
                acts.push(Act::Show(device, next));
            }
            Outcome::Grant { hold } => {
                let hold = *hold;
                let went = self.let_through(at, (&decision, request.direction, hold), now, acts);
                acts.push(Act::Show(device, Show::Granted(hold)));
                let kept = (request, decision, Verdict::Granted);
                self.keep(place, (kept, went), now, acts);
            }
            Outcome::Refuse => {
                acts.push(Act::Show(device, Show::Refused));
                self.keep(place, ((request, decision, Verdict::Refused), None), now, acts);
            }
        }
    }

    /// Releases the strike; whither they went, where nobody sees whether they do.
    fn let_through(
        &mut self,
        at: usize,
        (decision, direction, hold): (&Decision, Direction, Duration),
        now: Timestamp,
        acts: &mut Acts,
    ) -> Option<Went> {
        let state = self.doors.get_mut(at)?;
        let people: Vec<PersonId> =
            decision.person.iter().chain(&decision.companion).cloned().collect();
        let is_slow = people
            .iter()
            .any(|id| self.snapshot.people().person(id).is_some_and(|person| person.is_slow));
        let door = self.snapshot.estate().door(&state.wiring.door);
        let to = door.and_then(|door| match direction {
            Direction::Entry => Some(door.to.clone()),
            Direction::Exit | Direction::RequestToExit => door.from.clone(),
        });
        if decision.credential.is_some() {
            state.last.clone_from(&decision.credential);
        }
        let credential = decision.credential.clone();
        // A door without its place in the rights moves nobody.
        state.awaited = door.is_some().then_some(Awaited { people, credential, direction, to });
        let is_seen = state.doorway.is_watched() && !state.doorway.is_open();
        self.step(at, (Input::Released { hold, is_slow }, None), now, acts);
        if is_seen {
            return None;
        }
        // Nobody sees whether they go: who was let through went.
        let went = self.went(at, now);
        if let Some(state) = self.doors.get_mut(at) {
            state.awaited = None;
        }
        went
    }

    fn abandon(&mut self, place: usize, waiting: Waiting, now: Timestamp, acts: &mut Acts) {
        let kept = (waiting.request, waiting.decision, Verdict::Incomplete);
        self.keep(place, (kept, None), now, acts);
    }

    fn keep(
        &self,
        place: usize,
        ((request, decision, result), went): ((Request, Decision, Verdict), Option<Went>),
        now: Timestamp,
        acts: &mut Acts,
    ) {
        let Some(reader) = self.readers.get(place) else { return };
        let steps = match decision.outcome {
            Outcome::Require(steps) => steps,
            Outcome::Grant { .. } | Outcome::Refuse => Vec::new(),
        };
        let decided = Decided {
            door: request.door.clone(),
            reader: reader.device.to_string(),
            direction: request.direction,
            result,
            text: decision.because.to_string(),
            because: decision.because,
            steps,
            policies: decision.policies,
            noted: decision.noted,
            duress: decision.duress,
            person: decision.person,
            credential: decision.credential,
            companion: decision.companion,
            snapshot: decision.snapshot,
            request,
            went,
        };
        let what = Kept::Decision(Box::new(decided));
        acts.push(Act::Record(Record { time: now, what }));
    }

    /// Ends steps that did not come, and codes that nobody finished.
    pub(super) fn rest_readers(&mut self, now: Timestamp, acts: &mut Acts) {
        for place in 0..self.readers.len() {
            let Some(reader) = self.readers.get_mut(place) else { continue };
            let _ = reader.entry.poll(passed(now));
            let late = reader.waiting.take_if(|waiting| now >= waiting.until);
            let device = reader.device.clone();
            if let Some(waiting) = late {
                acts.push(Act::Show(device, Show::Idle));
                self.abandon(place, waiting, now, acts);
            }
        }
    }
}
