//! Commands: once each, in time, and never against a fire.

use std::sync::Arc;

use model::{DoorId, Timestamp};

use crate::door::{AtWork, Order, judge_order};
use crate::doorway::Input;
use crate::link::{COMMANDS_REMEMBERED_MAX, Command, Done, DoneHow, What};

use super::words::{Acted, Device, Kept, ReaderEvent, Record, order_word};
use super::{Act, Acts, Road, sorted};

impl Road {
    /// What somebody wants done. One that came before is answered as it was then; what the device
    /// is to confirm is answered by [`Road::acted`].
    pub fn command(&mut self, command: &Command, now: Timestamp) -> Acts {
        let mut acts = Vec::new();
        let id: Arc<str> = Arc::from(command.id.as_str());
        if let Some(known) = self.commands.get(&id) {
            acts.extend(known.clone().map(Act::Done));
            return acts;
        }
        self.remember(id.clone());
        self.waiting.insert(id.clone(), command.clone());
        let ended = if now >= command.expires_at {
            Some(DoneHow::Expired)
        } else {
            self.obey(command, &id, now, &mut acts)
        };
        if let Some(how) = ended {
            self.end(&id, how, now, &mut acts);
        }
        sorted(acts)
    }

    /// Commands that came before this road began, oldest first, with what became of them: one that
    /// comes again is answered so, and not done again.
    pub fn recall(&mut self, dones: Vec<Done>) {
        for done in dones {
            let id: Arc<str> = Arc::from(done.id.as_str());
            self.remember(id.clone());
            self.commands.insert(id, Some(done));
        }
    }

    /// How driving a strike went that a command asked for.
    pub fn acted(&mut self, id: &Arc<str>, acted: Acted, now: Timestamp) -> Acts {
        let mut acts = Vec::new();
        let how = match acted {
            Acted::Confirmed => DoneHow::Confirmed,
            Acted::Unconfirmed => DoneHow::Unconfirmed,
            Acted::Failed(why) => DoneHow::Failed { why },
        };
        self.end(id, how, now, &mut acts);
        sorted(acts)
    }

    fn remember(&mut self, id: Arc<str>) {
        if self.commands_order.len() >= COMMANDS_REMEMBERED_MAX
            && let Some(oldest) = self.commands_order.pop_front()
        {
            self.commands.remove(&oldest);
            self.waiting.remove(&oldest);
        }
        self.commands_order.push_back(id.clone());
        self.commands.insert(id, None);
    }

    fn end(&mut self, id: &Arc<str>, how: DoneHow, now: Timestamp, acts: &mut Acts) {
        let Some(command) = self.waiting.remove(id) else { return };
        let done = Done { id: id.to_string(), at: now, outcome: how.clone() };
        if let Some(known) = self.commands.get_mut(id) {
            *known = Some(done.clone());
        }
        let (outcome, why) = match how {
            DoneHow::Confirmed => ("confirmed", None),
            DoneHow::Unconfirmed => ("unconfirmed", None),
            DoneHow::Expired => ("expired", None),
            DoneHow::Refused { why } => ("refused", Some(why)),
            DoneHow::Failed { why } => ("failed", Some(why)),
        };
        let order = match command.what {
            What::Order { order, .. } => order_word(order).to_owned(),
            What::Work(Some((work, _))) => work.as_str().to_owned(),
            What::Work(None) => "end_work".to_owned(),
            What::FireReset => "fire_reset".to_owned(),
            What::RotateKeys => "rotate_keys".to_owned(),
        };
        let what = Kept::Command {
            id: command.id,
            door: command.door,
            order,
            by: command.by,
            outcome: outcome.to_owned(),
            why,
        };
        acts.push(Act::Done(done));
        acts.push(Act::Record(Record { time: now, what }));
    }

    /// Does it; what it came to, unless a device is to say so.
    fn obey(
        &mut self,
        command: &Command,
        id: &Arc<str>,
        now: Timestamp,
        acts: &mut Acts,
    ) -> Option<DoneHow> {
        let refused = |why: &str| Some(DoneHow::Refused { why: why.to_owned() });
        let Some(at) = self.place(&command.door) else {
            return refused("this point has no such door");
        };
        match command.what {
            What::Order { order, hold } => {
                let burns = self.doors.get(at).is_some_and(|s| s.doorway.fire_says().releases());
                if burns && order.locks() {
                    return refused("nothing is locked while the fire input releases the door");
                }
                if let Err(reason) = judge_order(&self.snapshot, &command.door, order) {
                    return refused(&reason.to_string());
                }
                let is_wired = self.doors.get(at).is_some_and(|s| s.wiring.strike.is_some());
                let is_of_zone = matches!(order, Order::LockDown | Order::EndLockdown);
                if !is_wired && !is_of_zone {
                    return refused("no strike is wired to this door");
                }
                match order {
                    Order::LockDown | Order::EndLockdown => {
                        self.lock_down(at, order == Order::LockDown, now, acts)
                    }
                    Order::Release => {
                        let door = self.snapshot.estate().door(&command.door);
                        let hold = hold.or(door.map(|door| door.hold));
                        let hold = hold.unwrap_or(crate::door::HOLD);
                        let input = Input::Released { hold, is_slow: false };
                        self.order(at, (input, id), now, acts)
                    }
                    Order::Unlock => {
                        if self.doors.get(at).is_some_and(|state| state.is_locked_down) {
                            return refused("its zone is locked down");
                        }
                        self.set_locked(&command.door, false);
                        self.order(at, (Input::Unlock, id), now, acts)
                    }
                    Order::Relock | Order::Lock => {
                        self.set_locked(&command.door, order == Order::Lock);
                        self.order(at, (Input::Relock, id), now, acts)
                    }
                }
            }
            What::Work(work) => {
                let work = work.map(|(work, until)| AtWork { work, until });
                if self.snapshot.estate().door(&command.door).is_none() {
                    return refused("the rights here do not know this door");
                }
                self.snapshot.live.set_work(command.door.clone(), work);
                Some(DoneHow::Confirmed)
            }
            What::FireReset => self.fire_reset(at, now, acts),
            What::RotateKeys => {
                let wiring = self.doors.get(at).map(|state| &state.wiring)?;
                let readers = wiring.reader_in.iter().chain(&wiring.reader_out);
                let readers: Vec<Device> = readers.map(|reader| reader.device.clone()).collect();
                if readers.is_empty() {
                    return refused("no reader is wired to this door");
                }
                acts.push(Act::Rotate { readers, command: Arc::clone(id) });
                None
            }
        }
    }

    /// What is to be kept of a reader that only its line knows.
    pub fn keep_reader(
        &mut self,
        reader: &Device,
        (event, detail): (ReaderEvent, String),
        now: Timestamp,
    ) -> Acts {
        let mut acts = Vec::new();
        self.reader_event(reader, (event, Some(detail)), now, &mut acts);
        acts
    }

    fn order(
        &mut self,
        at: usize,
        (input, id): (Input, &Arc<str>),
        now: Timestamp,
        acts: &mut Acts,
    ) -> Option<DoneHow> {
        self.step(at, (input, Some(id.clone())), now, acts);
        None
    }

    fn set_locked(&mut self, door: &DoorId, locked: bool) {
        if self.snapshot.estate().door(door).is_some() {
            self.snapshot.live.set_locked(door.clone(), locked);
        }
    }

    fn lock_down(
        &mut self,
        at: usize,
        is_on: bool,
        now: Timestamp,
        acts: &mut Acts,
    ) -> Option<DoneHow> {
        let door = self.doors.get(at).map(|state| state.wiring.door.clone())?;
        let zone = self.snapshot.estate().door(&door).map(|door| door.to.clone());
        let Some(zone) = zone else {
            return Some(DoneHow::Refused { why: "the rights here do not know this door".into() });
        };
        if is_on {
            self.snapshot.live.lock_down(zone, now, None);
        } else {
            self.snapshot.live.end_lockdown(&zone);
        }
        self.settle(now, acts);
        Some(DoneHow::Confirmed)
    }

    /// Somebody has reset the panel by hand. Ends nothing while an input still calls.
    fn fire_reset(&mut self, at: usize, now: Timestamp, acts: &mut Acts) -> Option<DoneHow> {
        let with = self.burns_with(at);
        let calls = |at: &usize| self.doors.get(*at).is_some_and(|state| state.fire.releases());
        if with.iter().any(calls) {
            let why = "the fire input still calls, or is faulty".to_owned();
            return Some(DoneHow::Refused { why });
        }
        for at in with {
            let Some(state) = self.doors.get(at) else { continue };
            let door = self.snapshot.estate().door(&state.wiring.door);
            if let Some(group) = door.and_then(|door| door.fire_group.clone()) {
                self.snapshot.live.fire_reset(&group);
            }
            self.step(at, (Input::FireReset, None), now, acts);
        }
        Some(DoneHow::Confirmed)
    }
}
