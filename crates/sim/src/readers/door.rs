//! A leaf, its strike, its contact, and the people before it.

use std::collections::BTreeMap;
use std::time::Duration;

use codec::osdp::{Circuit, OutputAction};
use serde::Deserialize;

/// How long after the strike let go somebody has the leaf open.
const REACH: Duration = Duration::from_millis(400);
/// How long a leaf stands open behind somebody who goes through.
const STRIDE: Duration = Duration::from_millis(1_500);
/// How long a button inside is pressed.
const PRESS: Duration = Duration::from_secs(1);
/// How fast a loose contact opens and closes.
const RATTLE: Duration = Duration::from_millis(120);

/// How a door is wired to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoorPlan {
    /// The output that its strike hangs on.
    pub strike_output: u8,
    /// Whether the strike lets go when that output is off, as a magnet does.
    pub is_released_by_off: bool,
    /// The input that is active while the leaf is open.
    pub contact_input: u8,
    /// The input that is active while the button inside is pressed.
    pub exit_input: u8,
    /// The input that is active while the fire relay is.
    pub fire_input: u8,
}

impl Default for DoorPlan {
    /// Strike on output 0, released by on; contact, button and fire relay on inputs 0, 1, 2.
    fn default() -> Self {
        Self {
            strike_output: 0,
            is_released_by_off: false,
            contact_input: 0,
            exit_input: 1,
            fire_input: 2,
        }
    }
}

impl DoorPlan {
    pub(super) fn outputs(&self) -> usize {
        usize::from(self.strike_output) + 1
    }

    pub(super) fn inputs(&self) -> usize {
        usize::from(self.contact_input.max(self.exit_input).max(self.fire_input)) + 1
    }
}

/// What people do who are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum People {
    /// They go through, and the leaf shuts behind them.
    Go,
    /// They do not.
    Stay,
    /// They go through and leave the leaf open.
    Linger,
}

/// What is wrong with a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactFault {
    /// Nothing: it follows the leaf.
    Sound,
    /// It says open.
    StuckOpen,
    /// It says shut.
    StuckShut,
    /// It opens and closes without end.
    Rattles,
}

/// An output: what it does for good, and until when it does the other.
#[derive(Debug, Clone, Copy, Default)]
struct Relay {
    lasting: bool,
    passing: Option<(bool, Duration)>,
}

impl Relay {
    fn is_on(&self) -> bool {
        self.passing.map_or(self.lasting, |(is_on, _)| is_on)
    }

    fn act(&mut self, action: OutputAction, now: Duration) {
        let tenths = |tenths: u16| now + Duration::from_millis(u64::from(tenths) * 100);
        match action {
            OutputAction::Off => *self = Self { lasting: false, passing: None },
            OutputAction::On => *self = Self { lasting: true, passing: None },
            OutputAction::OnFor(time) => self.passing = Some((true, tenths(time))),
            OutputAction::OffFor(time) => self.passing = Some((false, tenths(time))),
            // SOURCE: SIA OSDP 2.2, `osdp_OUT`: 3 and 4 set the lasting state, a timer runs on.
            OutputAction::Other(3, _) => self.lasting = false,
            OutputAction::Other(4, _) => self.lasting = true,
            OutputAction::Other(..) => {}
        }
    }

    fn tick(&mut self, now: Duration) {
        self.passing = self.passing.filter(|(_, until)| *until > now);
    }
}

/// One door.
#[derive(Debug)]
pub(super) struct Door {
    plan: DoorPlan,
    relays: Vec<Relay>,
    pub people: People,
    pub fault: ContactFault,
    pub is_fire: bool,
    /// Inputs that stand otherwise than what hangs on them.
    pub circuits: BTreeMap<u8, Circuit>,
    is_open: bool,
    pressed_until: Option<Duration>,
    opens_at: Option<Duration>,
    shuts_at: Option<Duration>,
    rattled_at: Duration,
    is_rattle_open: bool,
}

impl Door {
    pub fn new(plan: DoorPlan, people: People) -> Self {
        Self {
            plan,
            relays: vec![Relay::default(); plan.outputs()],
            people,
            fault: ContactFault::Sound,
            is_fire: false,
            circuits: BTreeMap::new(),
            is_open: false,
            pressed_until: None,
            opens_at: None,
            shuts_at: None,
            rattled_at: Duration::ZERO,
            is_rattle_open: false,
        }
    }

    pub fn outputs(&self) -> Vec<bool> {
        self.relays.iter().map(Relay::is_on).collect()
    }

    pub fn inputs(&self) -> Vec<Circuit> {
        let contact = match self.fault {
            ContactFault::Sound => self.is_open,
            ContactFault::StuckOpen => true,
            ContactFault::StuckShut => false,
            ContactFault::Rattles => self.is_rattle_open,
        };
        let said = [
            (self.plan.contact_input, contact),
            (self.plan.exit_input, self.pressed_until.is_some()),
            (self.plan.fire_input, self.is_fire),
        ];
        let most = self.circuits.keys().next_back().map_or(0, |number| usize::from(*number) + 1);
        let mut inputs = vec![Circuit::Rest; self.plan.inputs().max(most)];
        let said = said.map(|(number, is_active)| (number, Circuit::from(is_active)));
        let otherwise = self.circuits.iter().map(|(number, circuit)| (*number, *circuit));
        for (number, circuit) in said.into_iter().chain(otherwise) {
            if let Some(place) = inputs.get_mut(usize::from(number)) {
                *place = circuit;
            }
        }
        inputs
    }

    pub fn is_released(&self) -> bool {
        self.is_released_with(&self.outputs())
    }

    /// Whether the strike lets go while the outputs stand so.
    pub fn is_released_with(&self, outputs: &[bool]) -> bool {
        let strike = outputs.get(usize::from(self.plan.strike_output)).copied();
        strike.unwrap_or_default() != self.plan.is_released_by_off
    }

    pub const fn strike_output(&self) -> u8 {
        self.plan.strike_output
    }

    pub const fn is_open(&self) -> bool {
        self.is_open
    }

    /// An output is commanded. Who waits before a strike that lets go reaches for the leaf.
    pub fn output(&mut self, number: u8, action: OutputAction, now: Duration) {
        let was_released = self.is_released();
        if let Some(relay) = self.relays.get_mut(usize::from(number)) {
            relay.act(action, now);
        }
        let reaches = match self.people {
            People::Go | People::Linger => true,
            People::Stay => false,
        };
        if self.is_released() && !was_released && !self.is_open && reaches {
            self.opens_at = Some(now + REACH);
        }
    }

    /// Without power no relay is held, and nobody presses a button that says so.
    pub fn lose_power(&mut self) {
        self.relays.fill(Relay::default());
        self.pressed_until = None;
    }

    pub fn press(&mut self, is_pressed: bool, now: Duration) {
        self.pressed_until = is_pressed.then_some(now + PRESS);
    }

    pub fn open(&mut self) {
        self.is_open = true;
        self.opens_at = None;
    }

    pub fn shut(&mut self) {
        self.is_open = false;
        self.shuts_at = None;
    }

    pub fn tick(&mut self, now: Duration) {
        for relay in &mut self.relays {
            relay.tick(now);
        }
        if self.pressed_until.is_some_and(|until| until <= now) {
            self.pressed_until = None;
        }
        if self.opens_at.is_some_and(|at| at <= now) {
            self.opens_at = None;
            // Whoever comes too late finds it locked again.
            if self.is_released() {
                self.is_open = true;
                self.shuts_at = (self.people == People::Go).then_some(now + STRIDE);
            }
        }
        if self.shuts_at.is_some_and(|at| at <= now) {
            self.shut();
        }
        if self.fault == ContactFault::Rattles && now >= self.rattled_at + RATTLE {
            self.rattled_at = now;
            self.is_rattle_open = !self.is_rattle_open;
        }
    }

    pub fn wake_at(&self) -> Option<Duration> {
        let rattle = (self.fault == ContactFault::Rattles).then_some(self.rattled_at + RATTLE);
        let relays = self.relays.iter().filter_map(|relay| relay.passing.map(|(_, at)| at));
        let own = [self.pressed_until, self.opens_at, self.shuts_at, rattle];
        relays.chain(own.into_iter().flatten()).min()
    }
}
