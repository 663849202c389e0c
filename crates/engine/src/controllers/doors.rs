//! The doors of a controller: how each is to be controlled, and commands to it. What was set is
//! read back; what was not read back is not confirmed.
//!
//! A way out is never taken: a controller refuses its own exit buttons at a door that it keeps
//! locked, so a door is locked only where the configuration says that people get out without it
//! (`free_exit`), and never while something burns.
//! SOURCE: UT0311-L0x event reason 31, button refused: door locked.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use access::door::{HOLD, Order, judge_order};
use access::doorway::Stands;
use access::link::{COMMANDS_REMEMBERED_MAX, Command, Done, DoneHow, DoorTold, What};
use adapters::uhppote::Requests;
use codec::uhppote::{Body, DoorControl, Request, Status};
use model::{DoorId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::ControllerConfig;
use crate::engine::Engine;

/// Commands that wait for a controller that does not answer; one more is refused.
const WAITING_MAX: usize = 64;
/// Looks for the relay after a door was opened, and the pause between two.
const LOOKS: u32 = 5;
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// How a door is controlled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Open,
    Closed,
    Controlled,
}

impl Mode {
    const fn of(state: u8) -> Option<Self> {
        match state {
            1 => Some(Self::Open),
            2 => Some(Self::Closed),
            3 => Some(Self::Controlled),
            _ => None,
        }
    }

    const fn state(self) -> u8 {
        match self {
            Self::Open => 1,
            Self::Closed => 2,
            Self::Controlled => 3,
        }
    }
}

/// The requests of one controller.
#[derive(Clone)]
pub struct Line {
    /// Where requests are given.
    pub requests: Requests,
    /// The controller's serial number.
    pub serial: u32,
}

impl Line {
    /// Asks, and waits for the answer; none: there was none.
    pub async fn ask(&self, request: Request) -> Option<Body> {
        self.requests.ask(self.serial, request).await.ok()
    }

    /// How it stands.
    pub async fn status(&self) -> Option<Status> {
        match self.ask(Request::GetStatus).await? {
            Body::Status(status) => Some(status),
            _ => None,
        }
    }

    async fn control(&self, door: u8) -> Option<DoorControl> {
        match self.ask(Request::GetDoorControl(door)).await? {
            Body::DoorControl(control) => Some(control),
            _ => None,
        }
    }

    /// Sets, and reads back; none: it was sent, and nobody knows.
    async fn set(&self, control: DoorControl) -> Option<DoorControl> {
        let _ = self.ask(Request::SetDoorControl(control)).await;
        self.control(control.door).await
    }
}

/// One door.
struct Relay {
    number: u8,
    door: DoorId,
    /// How it is controlled while its zone is not locked down; none: as it is found.
    base: Option<Mode>,
    /// As it was last read.
    control: Option<DoorControl>,
    /// Released for another time than the door's own, up to here.
    released_until: Option<Timestamp>,
    told: Option<DoorTold>,
}

/// All doors of a controller.
pub struct Doors {
    line: Line,
    relays: Vec<Relay>,
    has_free_exit: bool,
    file: PathBuf,
    waiting: VecDeque<Command>,
    done: HashMap<String, Done>,
    done_order: VecDeque<String>,
}

impl Doors {
    /// Of a controller, as its doors were last told to be; kept in a folder.
    pub fn open(config: &ControllerConfig, line: Line, folder: &std::path::Path) -> Self {
        let file = folder.join(format!("{}-doors.json", config.serial));
        let kept: BTreeMap<DoorId, Mode> = std::fs::read(&file)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default();
        let numbered = (1_u8..).zip(&config.doors);
        let relays = numbered.filter_map(|(number, door)| {
            let door = door.clone()?;
            let base = kept.get(&door).copied();
            Some(Relay { number, door, base, control: None, released_until: None, told: None })
        });
        Self {
            relays: relays.collect(),
            line,
            has_free_exit: config.has_free_exit,
            file,
            waiting: VecDeque::new(),
            done: HashMap::new(),
            done_order: VecDeque::new(),
        }
    }

    /// Keeps how doors are to be controlled: a server that starts again goes on by it.
    fn keep(&self) {
        let modes: BTreeMap<&DoorId, Mode> =
            self.relays.iter().filter_map(|relay| Some((&relay.door, relay.base?))).collect();
        if let Err(error) = super::write_json(&self.file, &modes) {
            tracing::warn!(reason = %error, "how a controller's doors are to be is not kept");
        }
    }

    fn rebase(&mut self, at: usize, base: Option<Mode>) {
        let Some(relay) = self.relays.get_mut(at) else { return };
        if relay.base != base {
            relay.base = base;
            self.keep();
        }
    }

    /// Looks at every door: one that is controlled otherwise than it is to be is set, and read
    /// back. Nothing that locks is sent while something burns.
    pub async fn settle(&mut self, engine: &Engine, status: &Status) {
        for at in 0..self.relays.len() {
            let Some((number, door)) =
                self.relays.get(at).map(|one| (one.number, one.door.clone()))
            else {
                continue;
            };
            let Some(found) = self.line.control(number).await else { return };
            let mode = Mode::of(found.control_state);
            if self.relays.get(at).is_some_and(|relay| relay.base.is_none()) {
                self.rebase(at, mode);
            }
            let wanted = self.wanted(engine, at, found);
            let locks = wanted.control_state != Mode::Open.state()
                && wanted.control_state != found.control_state;
            let may = !locks || !burns(engine, &door, status);
            let now_is = match wanted == found || !may {
                true => found,
                false => self.line.set(wanted).await.unwrap_or(found),
            };
            if now_is != wanted && may {
                tracing::warn!(
                    controller = self.line.serial,
                    %door,
                    "a door is not controlled as it was set to be"
                );
            }
            if let Some(relay) = self.relays.get_mut(at) {
                relay.control = Some(now_is);
            }
        }
    }

    /// How a door is to be controlled, where it is `found` so.
    fn wanted(&mut self, engine: &Engine, at: usize, found: DoorControl) -> DoorControl {
        let Some(relay) = self.relays.get_mut(at) else { return found };
        let now = engine.now();
        if relay.released_until.is_some_and(|until| until <= now) {
            relay.released_until = None;
        }
        let snapshot = engine.access.snapshot();
        let rules = snapshot.estate().door(&relay.door);
        let hold = rules.map_or(HOLD, |door| door.hold);
        let delay_s = match relay.released_until {
            Some(_) => found.delay_s,
            None => seconds(hold).unwrap_or(u8::MAX),
        };
        let is_down = is_locked_down(engine, &relay.door) && self.has_free_exit;
        let base = relay.base.map_or(found.control_state, Mode::state);
        if is_down && relay.base == Some(Mode::Open) {
            // When the lockdown ends, no door becomes unlocked by that.
            self.rebase(at, Some(Mode::Controlled));
        }
        let control_state = if is_down { Mode::Closed.state() } else { base };
        DoorControl { door: found.door, control_state, delay_s }
    }

    /// How the doors stand, as the controller's state says.
    pub fn told(&mut self, status: &Status, now: Timestamp) -> Vec<DoorTold> {
        let each = self.relays.iter_mut().map(|relay| {
            let place = usize::from(relay.number - 1);
            let is_open = status.is_door_open.get(place).copied().unwrap_or_default();
            let mode = relay.control.and_then(|control| Mode::of(control.control_state));
            let stands = if status.input_state & 2 != 0 {
                Stands::Fire
            } else if is_open {
                Stands::Open
            } else if mode == Some(Mode::Open) {
                Stands::Unlocked
            } else {
                Stands::Closed
            };
            let before = relay.told.as_ref().filter(|told| told.stands == stands);
            let told = DoorTold {
                door: relay.door.clone(),
                stands,
                since: before.map_or(now, |told| told.since),
                is_released: is_released(status, relay.number),
                by_schedule: false,
                secure: None,
                last: None,
            };
            relay.told = Some(told.clone());
            told
        });
        each.collect()
    }

    /// How the doors stood when that was last known.
    pub fn last_told(&self) -> Vec<DoorTold> {
        self.relays.iter().filter_map(|relay| relay.told.clone()).collect()
    }

    /// Takes a command. What became of it, if that is known already.
    pub async fn take(&mut self, engine: &Engine, command: Command) -> Option<Done> {
        if let Some(done) = self.done.get(&command.id) {
            return Some(done.clone());
        }
        if self.waiting.iter().any(|waiting| waiting.id == command.id) {
            return None;
        }
        if self.waiting.len() >= WAITING_MAX {
            let why = "too many commands wait for the controller".to_owned();
            return Some(self.ended(engine, &command.id, DoneHow::Refused { why }));
        }
        self.try_one(engine, command).await
    }

    /// Tries again what waited for the controller to answer. What has ended.
    pub async fn try_waiting(&mut self, engine: &Engine) -> Vec<Done> {
        let mut ended = Vec::new();
        for command in std::mem::take(&mut self.waiting) {
            ended.extend(self.try_one(engine, command).await);
        }
        ended
    }

    /// Whether some command waits.
    pub fn is_waited_for(&self) -> bool {
        !self.waiting.is_empty()
    }

    async fn try_one(&mut self, engine: &Engine, command: Command) -> Option<Done> {
        let how = match engine.now() >= command.expires_at {
            true => Some(DoneHow::Expired),
            false => self.obey(engine, &command).await,
        };
        match how {
            Some(how) => Some(self.ended(engine, &command.id, how)),
            None => {
                self.waiting.push_back(command);
                None
            }
        }
    }

    fn ended(&mut self, engine: &Engine, id: &str, outcome: DoneHow) -> Done {
        let done = Done { id: id.to_owned(), at: engine.now(), outcome };
        if self.done_order.len() >= COMMANDS_REMEMBERED_MAX
            && let Some(oldest) = self.done_order.pop_front()
        {
            self.done.remove(&oldest);
        }
        self.done_order.push_back(id.to_owned());
        self.done.insert(id.to_owned(), done.clone());
        done
    }

    /// Does it. None: the controller does not answer, and nothing was sent that could do anything.
    async fn obey(&mut self, engine: &Engine, command: &Command) -> Option<DoneHow> {
        let refused = |why: &str| Some(DoneHow::Refused { why: why.to_owned() });
        let at = self.relays.iter().position(|relay| relay.door == command.door);
        let Some(at) = at else { return refused("this controller has no such door") };
        let (order, hold) = match command.what {
            What::Order { order, hold } => (order, hold),
            What::Work(_) => return refused("a controller knows no work on a door"),
            What::FireReset => {
                return refused("a fire input of a controller is reset at the panel");
            }
            What::RotateKeys => return refused("a controller's readers have no keys of ours"),
        };
        if let Err(reason) = judge_order(&engine.access.snapshot(), &command.door, order) {
            return refused(&reason.to_string());
        }
        match order {
            Order::Release => self.release(engine, at, hold).await,
            Order::Unlock if is_locked_down(engine, &command.door) => {
                refused("its zone is locked down")
            }
            Order::Lock | Order::LockDown if !self.has_free_exit => refused(
                "this controller would refuse its exit button at a locked door: it is locked only \
                 where its configuration says `free_exit`",
            ),
            Order::Unlock | Order::Relock | Order::Lock | Order::LockDown | Order::EndLockdown => {
                self.control(engine, at, order).await
            }
        }
    }

    /// Sets how a door is controlled, and reads it back.
    async fn control(&mut self, engine: &Engine, at: usize, order: Order) -> Option<DoneHow> {
        let (number, door, base) =
            self.relays.get(at).map(|relay| (relay.number, relay.door.clone(), relay.base))?;
        let found = self.line.control(number).await?;
        let status = self.line.status().await?;
        if order.locks() && burns(engine, &door, &status) {
            let why = "nothing is locked while the fire input releases the door".to_owned();
            return Some(DoneHow::Refused { why });
        }
        let base = match (order, base) {
            (Order::Unlock, _) => Mode::Open,
            (Order::Lock, _) | (Order::LockDown | Order::EndLockdown, Some(Mode::Closed)) => {
                Mode::Closed
            }
            (Order::Release | Order::Relock | Order::LockDown | Order::EndLockdown, _) => {
                Mode::Controlled
            }
        };
        let is_down =
            order == Order::LockDown || (is_locked_down(engine, &door) && self.has_free_exit);
        let mode = if is_down { Mode::Closed } else { base };
        let wanted = DoorControl { door: number, control_state: mode.state(), ..found };
        let Some(read) = self.line.set(wanted).await else {
            // It stands one way or the other, and is left so.
            self.rebase(at, None);
            return Some(DoneHow::Unconfirmed);
        };
        if let Some(relay) = self.relays.get_mut(at) {
            relay.control = Some(read);
        }
        if read.control_state != wanted.control_state {
            let why = "the controller did not take it: it was read back otherwise".to_owned();
            return Some(DoneHow::Failed { why });
        }
        self.rebase(at, Some(base));
        Some(DoneHow::Confirmed)
    }

    /// Releases a lock for a while. A time other than the door's own is set first, and set back
    /// when it is over.
    async fn release(
        &mut self,
        engine: &Engine,
        at: usize,
        hold: Option<Duration>,
    ) -> Option<DoneHow> {
        let (number, door) = self.relays.get(at).map(|one| (one.number, one.door.clone()))?;
        let own = engine.access.snapshot().estate().door(&door).map(|door| door.hold);
        let hold = hold.or(own).unwrap_or(HOLD);
        let Some(delay_s) = seconds(hold) else {
            let why = "a controller releases a lock for 1 to 255 seconds".to_owned();
            return Some(DoneHow::Refused { why });
        };
        let found = self.line.control(number).await?;
        if found.delay_s != delay_s {
            if let Some(relay) = self.relays.get_mut(at) {
                // Past the release itself: what is timed now is not changed under way.
                relay.released_until = Some(engine.now().plus(hold + LOOK_PAUSE * LOOKS * 2));
            }
            match self.line.set(DoorControl { delay_s, ..found }).await {
                Some(read) if read.delay_s == delay_s => {}
                Some(_) | None => {
                    let why = "the controller did not take the time: the door was not opened";
                    return Some(DoneHow::Failed { why: why.to_owned() });
                }
            }
        }
        match self.line.ask(Request::OpenDoor(number)).await {
            Some(Body::Done(true)) => {}
            Some(_) => {
                let why = "the controller refused to open the door".to_owned();
                return Some(DoneHow::Failed { why });
            }
            // It may have opened; it is asked once only.
            None => return Some(DoneHow::Unconfirmed),
        }
        for look in 0..LOOKS {
            if look > 0 {
                tokio::time::sleep(LOOK_PAUSE).await;
            }
            if self.line.status().await.is_some_and(|status| is_released(&status, number)) {
                return Some(DoneHow::Confirmed);
            }
        }
        Some(DoneHow::Unconfirmed)
    }
}

/// Whether something burns, by the controller's own input or by ours.
fn burns(engine: &Engine, door: &DoorId, status: &Status) -> bool {
    status.input_state & 2 != 0
        || judge_order(&engine.access.snapshot(), door, Order::Lock).is_err()
}

fn is_locked_down(engine: &Engine, door: &DoorId) -> bool {
    let snapshot = engine.access.snapshot();
    let zone = snapshot.estate().door(door).map(|door| &door.to);
    zone.is_some_and(|zone| snapshot.live.lockdown(snapshot.estate(), zone).is_some())
}

fn is_released(status: &Status, number: u8) -> bool {
    status.relay_state >> number.saturating_sub(1) & 1 == 1
}

/// Whole seconds, rounded up, as a controller's delay; none: it has no such delay.
fn seconds(hold: Duration) -> Option<u8> {
    let whole = hold.as_secs() + u64::from(hold.subsec_nanos() > 0);
    u8::try_from(whole).ok().filter(|seconds| *seconds > 0)
}
