//! One reader with its door.

use std::collections::VecDeque;
use std::time::Duration;

use codec::osdp::{
    CardRead, Command, Device, DeviceConfig, DeviceEvent, DeviceId, DeviceStatus, Reply,
};

use super::cue::{CueError, Gesture, INPUTS_MAX, LeafCue};
use super::door::Door;
use super::plan::ReaderPlan;
use super::told::What;

/// Keys of one gesture.
const KEYS_MAX: usize = 32;

/// A reader and its door.
pub(super) struct Station {
    config: DeviceConfig,
    device: Device,
    door: Door,
    is_on: bool,
    is_tampered: bool,
    is_power_failing: bool,
    /// Whether each reply that waits is a card, in order.
    waiting: VecDeque<bool>,
    has_said_card: bool,
    is_released_anew: bool,
    was_secure: bool,
    told: VecDeque<What>,
}

impl Station {
    pub fn new(plan: &ReaderPlan) -> Self {
        let config = DeviceConfig {
            address: plan.address,
            id: identity(plan.serial),
            key: plan.key,
            is_installing: plan.is_installing,
            is_secure_only: plan.key.is_some(),
        };
        let mut station = Self {
            device: Device::new(config.clone()),
            config,
            door: Door::new(plan.door, plan.people),
            is_on: true,
            is_tampered: false,
            is_power_failing: false,
            waiting: VecDeque::new(),
            has_said_card: false,
            is_released_anew: false,
            was_secure: false,
            told: VecDeque::new(),
        };
        station.afresh();
        station
    }

    pub const fn address(&self) -> u8 {
        self.config.address
    }

    pub const fn has_said_card(&self) -> bool {
        self.has_said_card
    }

    pub const fn is_released_anew(&self) -> bool {
        self.is_released_anew
    }

    pub fn next_told(&mut self) -> Option<What> {
        self.told.pop_front()
    }

    pub fn receive(&mut self, bytes: &[u8], now: Duration, random: [u8; 8]) -> Vec<u8> {
        self.has_said_card = false;
        self.is_released_anew = false;
        if !self.is_on {
            return Vec::new();
        }
        let answer = self.device.receive(bytes, now, random);
        while self.waiting.len() > self.device.waiting() {
            self.has_said_card |= self.waiting.pop_front() == Some(true);
        }
        while let Some(event) = self.device.next_event() {
            self.happened(event, now);
        }
        self.settle(now);
        answer
    }

    fn happened(&mut self, event: DeviceEvent, now: Duration) {
        match event {
            DeviceEvent::Secure => {}
            DeviceEvent::Refused(why) => self.told.push_back(What::Disbelieved(why.to_string())),
            DeviceEvent::Did(Command::Output(outputs)) => {
                for output in outputs {
                    self.door.output(output.number, output.action, now);
                    let is_strike = output.number == self.door.strike_output();
                    self.is_released_anew |= is_strike && self.door.is_released();
                }
            }
            DeviceEvent::Did(Command::Led(lights)) => {
                self.told.extend(lights.into_iter().map(What::Led));
            }
            DeviceEvent::Did(Command::Buzzer(buzzer)) => self.told.push_back(What::Buzzer(buzzer)),
            DeviceEvent::Did(Command::Text(text)) => self.told.push_back(What::Text(text.text)),
            DeviceEvent::Did(Command::KeySet(key)) => {
                // The new key is kept through a power cut.
                self.config.key = Some(key);
                self.config.is_installing = false;
                self.told.push_back(What::KeyChanged);
            }
            DeviceEvent::Did(Command::ComSet { .. }) => self.told.push_back(What::Communication),
            // Questions change nothing.
            DeviceEvent::Did(_) => {}
        }
    }

    pub fn act(&mut self, gesture: &Gesture, now: Duration) -> Result<(), CueError> {
        match gesture {
            Gesture::Card(card) => {
                let bits = card.bits()?;
                self.post(Reply::Card(CardRead { reader: 0, format: 1, bits }))?;
            }
            Gesture::Keys(keys) => self.post(pressed(keys)?)?,
            Gesture::Tamper(is_off) => self.is_tampered = *is_off,
            Gesture::PowerFailing(is_failing) => self.is_power_failing = *is_failing,
            Gesture::Leaf(LeafCue::Open) if !self.door.is_released() => return Err(CueError::Held),
            Gesture::Leaf(LeafCue::Open | LeafCue::Force) => self.leaf(true),
            Gesture::Leaf(LeafCue::Close) => self.leaf(false),
            Gesture::People(people) => self.door.people = *people,
            Gesture::Exit(is_pressed) => self.door.press(*is_pressed, now),
            Gesture::Fire(is_fire) => self.door.is_fire = *is_fire,
            Gesture::Contact(fault) => self.door.fault = *fault,
            Gesture::Input(cue) if cue.number >= INPUTS_MAX => {
                return Err(CueError::Input(cue.number));
            }
            Gesture::Input(cue) => match cue.is.circuit() {
                Some(circuit) => drop(self.door.circuits.insert(cue.number, circuit)),
                None => drop(self.door.circuits.remove(&cue.number)),
            },
            Gesture::Switched(is_on) => self.switch(*is_on),
            Gesture::Serial(serial) => {
                self.config.id = identity(*serial);
                self.afresh();
            }
        }
        self.settle(now);
        Ok(())
    }

    pub fn tick(&mut self, now: Duration) {
        self.settle(now);
    }

    pub fn wake_at(&self) -> Option<Duration> {
        self.door.wake_at()
    }

    fn leaf(&mut self, is_open: bool) {
        let was_open = self.door.is_open();
        if is_open {
            self.door.open();
        } else {
            self.door.shut();
        }
        if was_open != is_open {
            self.told.push_back(What::Leaf { is_open });
        }
    }

    fn switch(&mut self, is_on: bool) {
        if self.is_on && !is_on {
            let was_released = self.door.is_released();
            self.door.lose_power();
            let is_released = self.door.is_released();
            if was_released != is_released {
                self.told.push_back(What::Strike { is_released });
            }
            self.afresh();
        }
        self.is_on = is_on;
    }

    /// A device that was just switched on. How the wires stand is no news: it will be asked.
    fn afresh(&mut self) {
        let mut device = Device::new(self.config.clone());
        device.set_status(self.status());
        device.restart();
        self.device = device;
        self.waiting.clear();
    }

    fn post(&mut self, reply: Reply) -> Result<(), CueError> {
        if !self.is_on {
            return Err(CueError::Off);
        }
        let is_card = matches!(reply, Reply::Card(_));
        self.device.post(reply).map_err(|_| CueError::Full)?;
        self.waiting.push_back(is_card);
        Ok(())
    }

    fn status(&self) -> DeviceStatus {
        DeviceStatus {
            is_tampered: self.is_tampered,
            is_power_failing: self.is_power_failing,
            inputs: self.door.inputs(),
            outputs: self.door.outputs(),
        }
    }

    /// Lets the door go on, tells what changed, and has the reader say it.
    fn settle(&mut self, now: Duration) {
        let (was_open, was_released) = (self.door.is_open(), self.released_before());
        self.door.tick(now);
        let status = self.status();
        for (number, (before, after)) in
            self.device.status().outputs.iter().zip(&status.outputs).enumerate()
        {
            if before != after {
                let number = u8::try_from(number).unwrap_or(u8::MAX);
                self.told.push_back(What::Output { number, is_on: *after });
            }
        }
        let is_released = self.door.is_released();
        if was_released != is_released {
            self.told.push_back(What::Strike { is_released });
        }
        if was_open != self.door.is_open() {
            self.told.push_back(What::Leaf { is_open: self.door.is_open() });
        }
        let before = self.device.waiting();
        self.device.set_status(status);
        self.waiting.extend((before..self.device.waiting()).map(|_| false));
        let is_secure = self.device.is_secure();
        if is_secure != self.was_secure {
            self.was_secure = is_secure;
            self.told.push_back(What::Secure(is_secure));
        }
    }

    /// Whether the strike had let go when the reader last looked.
    fn released_before(&self) -> bool {
        self.door.is_released_with(&self.device.status().outputs)
    }
}

fn identity(serial: u32) -> DeviceId {
    // SOURCE: IEEE 802, locally administered: no maker's number.
    DeviceId { vendor: [0x02, 0x00, 0x00], model: 1, version: 1, serial, firmware: [1, 0, 0] }
}

fn pressed(keys: &str) -> Result<Reply, CueError> {
    // SOURCE: SIA OSDP 2.2, `osdp_KEYPAD`: digits in ASCII, 7F for `*`, 0D for `#`.
    let bytes: Option<Vec<u8>> = keys
        .chars()
        .map(|key| match key {
            '0'..='9' => u8::try_from(key).ok(),
            '*' => Some(0x7f),
            '#' => Some(0x0d),
            _ => None,
        })
        .collect();
    let keys = bytes.filter(|keys| (1..=KEYS_MAX).contains(&keys.len())).ok_or(CueError::Keys)?;
    Ok(Reply::Keys { reader: 0, keys })
}
