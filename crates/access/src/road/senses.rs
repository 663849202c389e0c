//! What the inputs of devices say, and which devices are silent.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use codec::osdp::{Channel, Circuit, DownReason};
use model::Timestamp;

use crate::door::Fire;
use crate::doorway::{Contact, Input};

use super::words::{
    Device, Heard, Kept, PointEvent, ReaderEvent, Record, SILENT_MAX, Terminal, Wiring,
};
use super::{Act, Acts, Road};

/// So many changes of device within [`SWAPS_WITHIN`] are two devices at one address.
const SWAPS_MAX: usize = 2;
const SWAPS_WITHIN: Duration = Duration::from_secs(60);

/// How often a device with inputs is asked for them, so that a word of it that was lost on the way
/// is not lost for good.
const ASK_EVERY: Duration = Duration::from_secs(10);

/// One device.
#[derive(Debug)]
struct Sense {
    /// Since when it is silent; none: it is heard.
    silent_since: Option<Timestamp>,
    is_silence_told: bool,
    channel: Option<Channel>,
    inputs: Vec<Circuit>,
    is_tampered: bool,
    is_power_failing: bool,
    last_event: Option<ReaderEvent>,
    swaps: VecDeque<Timestamp>,
    has_inputs: bool,
    asked_at: Timestamp,
}

/// All devices.
#[derive(Debug)]
pub(super) struct Senses {
    devices: BTreeMap<Device, Sense>,
    is_mains_lost: bool,
    is_battery_low: bool,
}

impl Senses {
    /// Nobody has been heard yet.
    pub(super) fn new(wiring: &Wiring, now: Timestamp) -> Self {
        let mut devices = BTreeSet::new();
        for door in &wiring.doors {
            let readers = door.reader_in.iter().chain(&door.reader_out);
            devices.extend(readers.map(|reader| reader.device.clone()));
            let terminals = door.strike.iter().chain(&door.contact).chain(&door.exits);
            devices.extend(terminals.chain(&door.fires).map(|one| one.device.clone()));
        }
        let supply = || wiring.power.mains_lost.iter().chain(&wiring.power.battery_low);
        devices.extend(supply().map(|one| one.device.clone()));
        let mut with_inputs: BTreeSet<&Device> = supply().map(|one| &one.device).collect();
        for door in &wiring.doors {
            let inputs = door.contact.iter().chain(&door.exits).chain(&door.fires);
            with_inputs.extend(inputs.map(|input| &input.device));
        }
        let silent = |device: &Device| Sense {
            silent_since: Some(now),
            is_silence_told: false,
            channel: None,
            inputs: Vec::new(),
            is_tampered: false,
            is_power_failing: false,
            last_event: None,
            swaps: VecDeque::new(),
            has_inputs: with_inputs.contains(device),
            asked_at: now,
        };
        let each = devices.iter().map(|device| (device.clone(), silent(device)));
        Self { devices: each.collect(), is_mains_lost: false, is_battery_low: false }
    }

    /// Whether a device answers in its own secure channel; none: it does not answer.
    pub(super) fn is_secure(&self, device: &Device) -> Option<bool> {
        let channel = self.devices.get(device)?.channel?;
        match channel {
            Channel::Own => Some(true),
            Channel::Install | Channel::Clear => Some(false),
        }
    }

    pub(super) fn wake(&self) -> Option<Timestamp> {
        let waits = |sense: &&Sense| !sense.is_silence_told;
        let silent = self.devices.values().filter(waits).filter_map(|sense| sense.silent_since);
        silent.map(|since| since.plus(SILENT_MAX)).min()
    }

    fn circuit(&self, terminal: &Terminal) -> Option<Circuit> {
        let sense = self.devices.get(&terminal.device)?;
        sense.inputs.get(usize::from(terminal.number)).copied()
    }

    /// Whether an input is active; none: nobody knows.
    fn input(&self, terminal: &Terminal) -> Option<bool> {
        Some(self.circuit(terminal)?.is_active()? != terminal.is_inverted)
    }

    /// What a contact says; none: it has not been heard.
    fn says(&self, contact: &Terminal) -> Option<Contact> {
        Some(match self.circuit(contact)?.is_active() {
            Some(is_active) if is_active != contact.is_inverted => Contact::Open,
            Some(_) => Contact::Closed,
            None => Contact::Broken,
        })
    }

    /// What fire inputs say together: the gravest.
    pub(super) fn fire<'a>(&self, inputs: impl Iterator<Item = &'a Terminal>) -> Fire {
        let mut says = Fire::Quiet;
        for terminal in inputs {
            if self.input(terminal) == Some(true) {
                return Fire::Active;
            }
            let sense = self.devices.get(&terminal.device);
            let is_cut = matches!(self.circuit(terminal), Some(Circuit::Fault(_)));
            if is_cut || sense.is_some_and(|sense| sense.is_silence_told) {
                says = Fire::Faulty;
            }
        }
        says
    }
}

impl Road {
    pub(super) fn heard_device(
        &mut self,
        device: &Device,
        what: Heard,
        now: Timestamp,
        acts: &mut Acts,
    ) {
        match what {
            Heard::Online(channel) => self.online(device, channel, now, acts),
            Heard::Offline(reason) => self.offline(device, reason, now, acts),
            Heard::Swapped { before, now: after } => {
                let detail = format!("{before} was replaced by {after}");
                self.swapped(device, detail, now, acts);
            }
            Heard::AnsweredTwice => {
                let detail = "two devices answer the same questions".to_owned();
                let event = (ReaderEvent::TwoAtOneAddress, Some(detail));
                self.reader_event(device, event, now, acts);
            }
            Heard::Local { is_tampered, is_power_failing } => {
                self.power(device, is_power_failing, now, acts);
                self.tamper(device, is_tampered, now, acts);
            }
            Heard::Readers(states) => self.tamper(device, states.contains(&2), now, acts),
            Heard::Inputs(states) => self.inputs(device, states, now, acts),
            Heard::Card(bits) => self.card(device, Some(&bits), now, acts),
            Heard::Garbled => self.card(device, None, now, acts),
            Heard::Keys(keys) => self.keys(device, &keys, now, acts),
            Heard::Identified(_) | Heard::LineUp | Heard::LineDown(_) => {}
        }
    }

    pub(super) fn reader_event(
        &mut self,
        device: &Device,
        (event, detail): (ReaderEvent, Option<String>),
        now: Timestamp,
        acts: &mut Acts,
    ) {
        let at_door = |state: &&super::DoorState| {
            let mut readers = state.wiring.reader_in.iter().chain(&state.wiring.reader_out);
            readers.any(|reader| reader.device == *device)
        };
        let door = self.doors.iter().find(at_door).map(|state| state.wiring.door.clone());
        let what = Kept::Reader { reader: device.to_string(), door, event, detail };
        acts.push(Act::Record(Record { time: now, what }));
    }

    /// Keeps how a reader stands, once for each change.
    fn reader_stands(
        &mut self,
        device: &Device,
        (event, detail): (ReaderEvent, Option<String>),
        now: Timestamp,
        acts: &mut Acts,
    ) {
        let Some(sense) = self.senses.devices.get_mut(device) else { return };
        if sense.last_event.replace(event) != Some(event) {
            self.reader_event(device, (event, detail), now, acts);
        }
    }

    fn online(&mut self, device: &Device, channel: Channel, now: Timestamp, acts: &mut Acts) {
        let Some(sense) = self.senses.devices.get_mut(device) else { return };
        sense.silent_since = None;
        sense.is_silence_told = false;
        sense.channel = Some(channel);
        sense.asked_at = now;
        let event = match channel {
            Channel::Own => ReaderEvent::Online,
            Channel::Install => ReaderEvent::InstallMode,
            Channel::Clear => ReaderEvent::ClearText,
        };
        self.reader_stands(device, (event, None), now, acts);
        acts.push(Act::Ask(device.clone()));
        // It may have been without power: its outputs are brought to what they are to be.
        for at in 0..self.doors.len() {
            let Some(state) = self.doors.get_mut(at) else { continue };
            if state.wiring.strike.as_ref().is_some_and(|strike| strike.device == *device) {
                state.driven = None;
                self.drive(at, None, now, acts);
            }
        }
    }

    fn offline(&mut self, device: &Device, reason: DownReason, now: Timestamp, acts: &mut Acts) {
        let Some(sense) = self.senses.devices.get_mut(device) else { return };
        sense.silent_since = sense.silent_since.or(Some(now));
        sense.channel = None;
        let (event, detail) = match reason {
            DownReason::WrongKey => (ReaderEvent::WrongKey, None),
            DownReason::InstallKey => {
                let detail = "it has the install key, and is not being installed".to_owned();
                (ReaderEvent::WrongKey, Some(detail))
            }
            DownReason::NoSecureChannel => (ReaderEvent::NoSecureChannel, None),
            DownReason::Line => (ReaderEvent::Offline, Some("the line is gone".to_owned())),
            DownReason::NoAnswer => (ReaderEvent::Offline, None),
            DownReason::Refused(code) => {
                (ReaderEvent::Offline, Some(format!("it refused: {code}")))
            }
            // It is asked again at once.
            DownReason::SessionLost => return,
        };
        self.reader_stands(device, (event, detail), now, acts);
    }

    fn swapped(&mut self, device: &Device, detail: String, now: Timestamp, acts: &mut Acts) {
        let Some(sense) = self.senses.devices.get_mut(device) else { return };
        sense.swaps.retain(|at| now.since(*at) <= SWAPS_WITHIN);
        sense.swaps.push_back(now);
        let event = if sense.swaps.len() > SWAPS_MAX {
            sense.swaps.clear();
            ReaderEvent::TwoAtOneAddress
        } else {
            ReaderEvent::Swapped
        };
        self.reader_event(device, (event, Some(detail)), now, acts);
    }

    fn power(&mut self, device: &Device, fails: bool, now: Timestamp, acts: &mut Acts) {
        let Some(sense) = self.senses.devices.get_mut(device) else { return };
        if std::mem::replace(&mut sense.is_power_failing, fails) != fails {
            let event = if fails { ReaderEvent::PowerFailing } else { ReaderEvent::PowerRestored };
            self.reader_event(device, (event, None), now, acts);
        }
    }

    fn tamper(&mut self, device: &Device, is_on: bool, now: Timestamp, acts: &mut Acts) {
        let Some(sense) = self.senses.devices.get_mut(device) else { return };
        if std::mem::replace(&mut sense.is_tampered, is_on) == is_on {
            return;
        }
        let event = if is_on { ReaderEvent::Tampered } else { ReaderEvent::TamperEnded };
        self.reader_event(device, (event, None), now, acts);
        for at in 0..self.doors.len() {
            let Some(state) = self.doors.get_mut(at) else { continue };
            let wired = state.wiring.reader_in.iter().chain(&state.wiring.reader_out);
            if wired.map(|reader| &reader.device).all(|one| one != device) {
                continue;
            }
            if is_on {
                state.tampered.insert(device.clone());
            } else {
                state.tampered.remove(device);
            }
            let is_on = !state.tampered.is_empty();
            self.step(at, (Input::Tamper { is_on }, None), now, acts);
        }
    }

    fn inputs(&mut self, device: &Device, states: Vec<Circuit>, now: Timestamp, acts: &mut Acts) {
        let Some(sense) = self.senses.devices.get_mut(device) else { return };
        let before = std::mem::replace(&mut sense.inputs, states);
        let was = |terminal: &Terminal| {
            let before = before.get(usize::from(terminal.number))?.is_active()?;
            Some(before != terminal.is_inverted)
        };
        // What burns goes first, then who wants out.
        self.burn(now, acts);
        for at in 0..self.doors.len() {
            let Some(state) = self.doors.get(at) else { continue };
            let pressed = |exit: &&Terminal| {
                exit.device == *device
                    && self.senses.input(exit) == Some(true)
                    && was(exit) != Some(true)
            };
            if state.wiring.exits.iter().any(|exit| pressed(&exit)) {
                self.step(at, (Input::RequestToExit, None), now, acts);
            }
        }
        for at in 0..self.doors.len() {
            let Some(state) = self.doors.get(at) else { continue };
            let Some(contact) = state.wiring.contact.as_ref().filter(|c| c.device == *device)
            else {
                continue;
            };
            if let Some(says) = self.senses.says(contact) {
                self.contact(at, says, now, acts);
            }
        }
        self.circuits(device, &before, now, acts);
        self.supply(now, acts);
    }

    /// Keeps which circuits are at fault, and which no longer are.
    fn circuits(&self, device: &Device, before: &[Circuit], now: Timestamp, acts: &mut Acts) {
        let of_doors = self.doors.iter().flat_map(|state| {
            let (wiring, door) = (&state.wiring, Some(&state.wiring.door));
            let contact = wiring.contact.iter().map(move |one| (one, "contact", door));
            let exits = wiring.exits.iter().map(move |one| (one, "exit", door));
            contact.chain(exits).chain(wiring.fires.iter().map(move |one| (one, "fire", door)))
        });
        let power = &self.wiring.power;
        let mains = power.mains_lost.iter().map(|one| (one, "mains", None));
        let battery = power.battery_low.iter().map(|one| (one, "battery", None));
        for (terminal, what, door) in of_doors.chain(mains).chain(battery) {
            if terminal.device != *device {
                continue;
            }
            let is_cut = |circuit: Option<Circuit>| matches!(circuit, Some(Circuit::Fault(_)));
            let was = is_cut(before.get(usize::from(terminal.number)).copied());
            let event = match (was, is_cut(self.senses.circuit(terminal))) {
                (false, true) => ReaderEvent::InputFault,
                (true, false) => ReaderEvent::InputSound,
                (false, false) | (true, true) => continue,
            };
            let what = Kept::Reader {
                reader: device.to_string(),
                door: door.cloned(),
                event,
                detail: Some(format!("input {}: {what}", terminal.number)),
            };
            acts.push(Act::Record(Record { time: now, what }));
        }
    }

    /// Keeps how the point itself is fed.
    fn supply(&mut self, now: Timestamp, acts: &mut Acts) {
        let power = &self.wiring.power;
        let says = |wired: &Option<Terminal>| wired.as_ref().and_then(|one| self.senses.input(one));
        let (mains, battery) = (says(&power.mains_lost), says(&power.battery_low));
        if let Some(is_lost) = mains
            && std::mem::replace(&mut self.senses.is_mains_lost, is_lost) != is_lost
        {
            let event = if is_lost { PointEvent::MainsLost } else { PointEvent::MainsBack };
            self.point(event, None, now, acts);
        }
        if let Some(is_low) = battery
            && std::mem::replace(&mut self.senses.is_battery_low, is_low) != is_low
        {
            let event = if is_low { PointEvent::BatteryLow } else { PointEvent::BatteryGood };
            self.point(event, None, now, acts);
        }
    }

    fn contact(&mut self, at: usize, says: Contact, now: Timestamp, acts: &mut Acts) {
        let Some(state) = self.doors.get_mut(at) else { return };
        if std::mem::replace(&mut state.is_found, true) {
            self.step(at, (Input::Contact(says), None), now, acts);
            return;
        }
        let before = state.doorway.stands();
        let effects = state.doorway.find_contact(says, now);
        self.follow(at, (before, effects), now, acts);
        if says == Contact::Open {
            self.set_open(at, true);
        }
        self.drive(at, None, now, acts);
    }

    /// Asks devices with inputs how those are, now and then.
    pub(super) fn ask_inputs(&mut self, now: Timestamp, acts: &mut Acts) {
        for (device, sense) in &mut self.senses.devices {
            let is_due = now < sense.asked_at || now >= sense.asked_at.plus(ASK_EVERY);
            if sense.has_inputs && sense.channel.is_some() && is_due {
                sense.asked_at = now;
                acts.push(Act::Ask(device.clone()));
            }
        }
    }

    /// A device that has been silent for too long: its contact cannot be believed, and its fire
    /// input is faulty.
    pub(super) fn look_for_silence(&mut self, now: Timestamp, acts: &mut Acts) {
        let mut silent = Vec::new();
        for (device, sense) in &mut self.senses.devices {
            let is_late = sense.silent_since.is_some_and(|since| now >= since.plus(SILENT_MAX));
            if is_late && !sense.is_silence_told {
                sense.is_silence_told = true;
                sense.inputs.clear();
                silent.push(device.clone());
            }
        }
        if silent.is_empty() {
            return;
        }
        self.burn(now, acts);
        for at in 0..self.doors.len() {
            let Some(state) = self.doors.get(at) else { continue };
            let contact = state.wiring.contact.as_ref();
            if contact.is_some_and(|contact| silent.contains(&contact.device)) {
                self.contact(at, Contact::Broken, now, acts);
            }
        }
        for device in silent {
            if self.senses.devices.get(&device).is_some_and(|sense| sense.last_event.is_none()) {
                self.reader_stands(&device, (ReaderEvent::Offline, None), now, acts);
            }
        }
    }
}
