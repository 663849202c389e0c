//! The lines of a point: what is heard in the road's words, and what the road wants in theirs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use access::road::{Acted, Device, Drive, Heard, ReaderEvent, Show, Terminal};
use adapters::AdapterError;
use adapters::osdp::{
    Bus, BusConfig, BusEvent, Buzzer, Command, Elapsed, Hands, Happened, Led, LedState, Outcome,
    Output, OutputAction, Pending, Taken,
};
use codec::osdp::{Channel, DeviceId, DownReason, Reply};
use tokio::sync::mpsc;
use tokio::sync::oneshot::error::RecvError;

use crate::clock::{Clock, Stopwatch};

use super::keys::{self, CutOff, NewKey, Other};

/// A strike command that cannot be sent within this is not sent: the reader is gone.
const DRIVE_MAX: Duration = Duration::from_secs(5);
/// The same for what only shows.
const SHOW_MAX: Duration = Duration::from_secs(2);
/// Lights and sounds that wait for one reader: one more is left out, so that there is always room
/// for its strike.
const SHOWS_MAX: usize = 4;
/// How long a strike command that found no room waits before it is given again.
const AGAIN: Duration = Duration::from_millis(50);
/// How long a strike waits whose line takes nothing at all.
const MENDED: Duration = Duration::from_secs(1);
/// The reply code of a card.
const CARD_REPLY: u8 = 0x50;

const RED: u8 = 1;
const GREEN: u8 = 2;
const AMBER: u8 = 3;
const BLUE: u8 = 4;

/// All lines.
pub(super) struct Lines {
    buses: Vec<(Arc<str>, Bus)>,
    configs: Vec<BusConfig>,
    hands: Hands,
    shows: Mutex<BTreeMap<Device, Arc<AtomicUsize>>>,
    cut_off: CutOff,
}

/// What the road is told of its strikes.
#[derive(Debug)]
pub(super) enum Driven {
    /// What a device said to a command.
    Acted(Arc<str>, Acted),
    /// A strike could not be told: it is to be driven again.
    Again(Terminal),
    /// What a device answered that was asked how it is.
    Said(Device, Heard),
    /// New keys lie on disk, for the command that asked for them: readers are to be told.
    Keys(Arc<str>, Result<Vec<NewKey>, String>),
    /// What is to be kept of a reader.
    Keep(Device, (ReaderEvent, String)),
    /// Another key of a reader is in force; what may still be tried after it.
    OtherKey(Device, Option<Other>),
}

/// What was heard; none: nothing that the road needs.
pub(super) fn heard(what: Happened) -> Option<Heard> {
    Some(match what {
        Happened::LineUp => Heard::LineUp,
        Happened::LineDown(why) => Heard::LineDown(why),
        Happened::Identified { id, .. } => Heard::Identified(name(&id)),
        Happened::Swapped { before, now } => {
            Heard::Swapped { before: name(&before), now: name(&now) }
        }
        Happened::AnsweredTwice => Heard::AnsweredTwice,
        Happened::Online(channel) => Heard::Online(channel),
        Happened::Offline(reason) => Heard::Offline(reason),
        Happened::Card(card) => Heard::Card(card.bits),
        Happened::Keys { keys, .. } => Heard::Keys(keys),
        Happened::Local { is_tampered, is_power_failing } => {
            Heard::Local { is_tampered, is_power_failing }
        }
        Happened::Inputs(states) => Heard::Inputs(states),
        Happened::Readers(states) => Heard::Readers(states),
        // A card whose bits make no sense.
        Happened::Other(CARD_REPLY) => Heard::Garbled,
        Happened::Outputs(_) | Happened::Other(_) => return None,
    })
}

fn name(id: &DeviceId) -> String {
    let DeviceId { vendor, model, version, serial, .. } = *id;
    let [a, b, c] = vendor;
    format!("{a:02x}{b:02x}{c:02x} model {model}.{version} serial {serial}")
}

impl Lines {
    /// Starts the thread of each line.
    pub(super) fn start(
        buses_of: &[BusConfig],
        (clock, elapsed, events): (&Clock, Stopwatch, mpsc::Sender<BusEvent>),
    ) -> Result<Self, AdapterError> {
        let elapsed: Elapsed = Arc::new(move || elapsed.elapsed());
        let hands = Hands { clock: clock.as_fn(), elapsed, events, records: None };
        let start = |config: &BusConfig| {
            Ok((config.id.clone(), Bus::start(config.clone(), hands.clone())?))
        };
        let cut_off = CutOff::look(buses_of);
        let buses = buses_of.iter().map(start).collect::<Result<_, AdapterError>>()?;
        Ok(Self { buses, configs: buses_of.to_vec(), hands, shows: Mutex::default(), cut_off })
    }

    /// Starts the thread of a line again that ended: by a fault of ours, or for another key.
    pub(super) fn mend(&mut self) {
        for (id, bus) in &mut self.buses {
            let config = self.configs.iter().find(|config| config.id == *id);
            let Some(config) = config.filter(|_| !bus.is_running()) else { continue };
            tracing::warn!(bus = %id, "the thread of a line has ended; it is started again");
            match Bus::start(config.clone(), self.hands.clone()) {
                Ok(again) => *bus = again,
                Err(error) => tracing::error!(bus = %id, %error, "a line cannot be started"),
            }
        }
    }

    pub(super) fn stop(self) {
        self.buses.into_iter().for_each(|(_, bus)| bus.stop());
    }

    fn bus(&self, device: &Device) -> Result<&Bus, String> {
        let bus = self.buses.iter().find(|(id, _)| *id == device.bus);
        let (_, bus) = bus.ok_or_else(|| format!("there is no line `{}`", device.bus))?;
        Ok(bus)
    }

    /// Makes new keys for readers and puts them on disk; then they go to `told`.
    pub(super) fn prepare_keys(
        &self,
        (readers, command): (Vec<Device>, Arc<str>),
        told: &mpsc::Sender<Driven>,
    ) {
        let (configs, told) = (self.configs.clone(), told.clone());
        tokio::spawn(async move {
            let made = tokio::task::spawn_blocking(move || keys::prepare(&readers, &configs));
            let made = made.await.unwrap_or_else(|error| Err(error.to_string()));
            let _ = told.send(Driven::Keys(command, made)).await;
        });
    }

    /// Gives readers the keys that lie on disk for them; each goes in force once its reader has
    /// it. What that proved goes to `told`, at last for the command.
    pub(super) fn rotate(
        &self,
        (made, command): (Vec<NewKey>, Arc<str>),
        told: &mpsc::Sender<Driven>,
    ) {
        let ask = |new: NewKey| {
            let bus = self.bus(&new.device);
            let pending = bus.and_then(|bus| {
                let asked = bus.rotate(new.device.address, new.key);
                asked.map_err(|error| error.to_string())
            });
            (new, pending)
        };
        let asked: Vec<(NewKey, Result<Pending, String>)> = made.into_iter().map(ask).collect();
        let told = told.clone();
        tokio::spawn(async move {
            let mut acted = Acted::Confirmed;
            for (new, pending) in asked {
                let taken = match pending {
                    Ok(pending) => match pending.await {
                        Ok(taken) => taken.map_err(|error| error.to_string()),
                        // The line has stopped: which key the reader has shows at the next start.
                        Err(_) => return,
                    },
                    Err(why) => Err(why),
                };
                let device = new.device.clone();
                let ended = tokio::task::spawn_blocking(move || new.end(taken)).await;
                let (event, words) =
                    ended.unwrap_or_else(|error| (ReaderEvent::KeyDoubted, error.to_string()));
                if event != ReaderEvent::KeyChanged {
                    acted = Acted::Failed(format!("{device}: {words}"));
                }
                let _ = told.send(Driven::Keep(device, (event, words))).await;
            }
            let _ = told.send(Driven::Acted(command, acted)).await;
        });
    }

    /// A reader whose change of keys was cut off by the end of this program shows which one it has.
    pub(super) fn mind(&mut self, device: &Device, heard: &Heard, told: &mpsc::Sender<Driven>) {
        let is_other = match heard {
            Heard::Offline(DownReason::WrongKey) => true,
            Heard::Online(Channel::Own) => false,
            _ => return, // tidy: wildcard: nothing about keys
        };
        let Some(other) = self.cut_off.take(device) else { return };
        let (device, told) = (device.clone(), told.clone());
        tokio::spawn(async move {
            let done = tokio::task::spawn_blocking(move || match is_other {
                true => other.put_in_force().map(Some),
                false => other.forget().map(|()| None),
            });
            match done.await {
                Ok(Ok(Some(left))) => {
                    let _ = told.send(Driven::OtherKey(device, left)).await;
                }
                Ok(Ok(None)) => {}
                Ok(Err(error)) => tracing::error!(%device, %error, "keys of a reader on disk"),
                Err(error) => tracing::error!(%device, %error, "keys of a reader on disk"),
            }
        });
    }

    /// Another key of a reader is in force: its line begins anew and reads it.
    pub(super) fn begin_anew(&mut self, device: Device, left: Option<Other>) {
        match self.bus(&device) {
            Ok(bus) => bus.halt(),
            Err(why) => tracing::error!(%device, why, "a line cannot begin anew"),
        }
        if let Some(left) = left {
            self.cut_off.put(device, left);
        }
    }

    fn send(&self, device: &Device, command: Command, within: Duration) -> Result<Pending, String> {
        let bus = self.bus(device)?;
        bus.command(device.address, command, within).map_err(|error| error.to_string())
    }

    /// Drives a strike. Says why where there is no way to it; else the device's word, or its
    /// silence, goes to `told` if a command waits for it, and so does a strike that found no room.
    pub(super) fn drive(
        &self,
        strike: &Terminal,
        drive: Drive,
        (command, told): (&Option<Arc<str>>, &mpsc::Sender<Driven>),
    ) -> Option<String> {
        let action = action(drive, strike.is_inverted);
        let output = Command::Output(vec![Output { number: strike.number, action }]);
        let told = told.clone();
        let again = strike.clone();
        let pending = match self.send(&strike.device, output, DRIVE_MAX) {
            Ok(pending) => pending,
            Err(why) => {
                let device = strike.device.to_string();
                tracing::error!(device, why, "a strike cannot be driven");
                tokio::spawn(async move {
                    tokio::time::sleep(MENDED).await;
                    // The road has stopped: nobody is told any more; so below.
                    let _ = told.send(Driven::Again(again)).await;
                });
                return Some(why);
            }
        };
        let number = usize::from(strike.number);
        let is_on = match drive {
            Drive::Secure => strike.is_inverted,
            Drive::Release | Drive::ReleaseFor(_) => !strike.is_inverted,
        };
        // Asked right behind it: a device that answers to commands with a bare yes is asked how
        // its outputs are.
        let after = command
            .as_ref()
            .and_then(|_| self.send(&strike.device, Command::OutputStatus, DRIVE_MAX).ok());
        let command = command.clone();
        tokio::spawn(async move {
            let first = pending.await;
            // No room for it, or no time: nothing was sent, and the door is to have its way.
            if matches!(first, Ok(Err(_) | Ok(Outcome::Expired))) {
                tokio::time::sleep(AGAIN).await;
                let _ = told.send(Driven::Again(again)).await;
            }
            if let Some(id) = command {
                let acted = confirmed((first, after), (number, is_on)).await;
                let _ = told.send(Driven::Acted(id, acted)).await;
            }
        });
        None
    }

    /// Shows something at a reader. One that cannot is as good a door.
    pub(super) fn show(&self, device: &Device, show: Show) {
        let (colour, tenths, tone) = match show {
            Show::Granted(hold) => (GREEN, tenths(hold), Some((2, 0, 1))),
            Show::Refused => (RED, 15, Some((1, 1, 3))),
            Show::AskPin => (BLUE, 150, Some((1, 0, 1))),
            Show::AskSecond => (AMBER, 150, Some((1, 1, 2))),
            Show::Warn(true) => (AMBER, 600, Some((3, 3, 20))),
            Show::Warn(false) | Show::Idle => (0, 0, None),
        };
        let blinks = match show {
            Show::AskPin | Show::AskSecond | Show::Warn(true) => 3,
            Show::Granted(_) | Show::Refused | Show::Warn(false) | Show::Idle => 0,
        };
        let temporary = LedState {
            control: if tenths == 0 { 1 } else { 2 },
            on_tenths: 3,
            off_tenths: blinks,
            on_colour: colour,
            off_colour: 0,
        };
        let led = Led { temporary, temporary_tenths: tenths, ..Led::default() };
        self.tell(device, Command::Led(vec![led]));
        if let Some((on_tenths, off_tenths, count)) = tone {
            let buzzer = Buzzer { reader: 0, tone: 2, on_tenths, off_tenths, count };
            self.tell(device, Command::Buzzer(buzzer));
        }
    }

    /// A light or a sound; left out where too many wait already.
    fn tell(&self, device: &Device, command: Command) {
        let waiting = {
            let mut shows = self.shows.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(shows.entry(device.clone()).or_default())
        };
        if waiting.load(Ordering::Relaxed) >= SHOWS_MAX {
            metrics::counter!("castellan_door_shows_left_out").increment(1);
            return;
        }
        let Ok(pending) = self.send(device, command, SHOW_MAX) else { return };
        waiting.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let _ = pending.await;
            waiting.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// Asks a device how its inputs and itself are; what it answers goes to `told`.
    pub(super) fn ask(&self, device: &Device, told: &mpsc::Sender<Driven>) {
        for command in [Command::InputStatus, Command::LocalStatus] {
            let Ok(pending) = self.send(device, command, SHOW_MAX) else { continue };
            let (told, device) = (told.clone(), device.clone());
            tokio::spawn(async move {
                let heard = match pending.await {
                    Ok(Ok(Outcome::Done(Reply::Inputs(states)))) => Heard::Inputs(states),
                    Ok(Ok(Outcome::Done(Reply::Local { is_tampered, is_power_failing }))) => {
                        Heard::Local { is_tampered, is_power_failing }
                    }
                    // It has none, or is gone: that is told otherwise.
                    Ok(Ok(_) | Err(_)) | Err(_) => return,
                };
                let _ = told.send(Driven::Said(device, heard)).await;
            });
        }
    }
}

fn tenths(time: Duration) -> u16 {
    u16::try_from(time.as_millis().div_ceil(100)).unwrap_or(u16::MAX)
}

const fn flip(action: OutputAction, is_inverted: bool) -> OutputAction {
    match (action, is_inverted) {
        (OutputAction::On, true) => OutputAction::Off,
        (OutputAction::Off, true) => OutputAction::On,
        (OutputAction::OnFor(time), true) => OutputAction::OffFor(time),
        (action, _) => action,
    }
}

fn action(drive: Drive, is_inverted: bool) -> OutputAction {
    let action = match drive {
        Drive::Secure => OutputAction::Off,
        Drive::Release => OutputAction::On,
        // Longer than the device's timer can be: our own ends it.
        Drive::ReleaseFor(time) if tenths(time) == u16::MAX => OutputAction::On,
        Drive::ReleaseFor(time) => OutputAction::OnFor(tenths(time)),
    };
    flip(action, is_inverted)
}

/// What a device says of an output: by its reply, or when asked behind it.
async fn confirmed(
    (first, after): (Result<Taken, RecvError>, Option<Pending>),
    (number, is_on): (usize, bool),
) -> Acted {
    let outputs = |reply: &Reply| match reply {
        Reply::Outputs(states) => states.get(number).copied(),
        _ => None, // tidy: wildcard: replies of others
    };
    let stands = |state: bool| {
        if state == is_on {
            Acted::Confirmed
        } else {
            Acted::Failed("the device says that its output stands otherwise".to_owned())
        }
    };
    let first = match first {
        Ok(Ok(Outcome::Done(reply))) => outputs(&reply),
        Ok(Ok(Outcome::NoAnswer)) => return Acted::Unconfirmed,
        Ok(Ok(Outcome::Refused(code))) => {
            return Acted::Failed(format!("the device refused it: {code}"));
        }
        Ok(Ok(Outcome::NotOnline)) => return Acted::Failed("the device is not there".to_owned()),
        Ok(Ok(Outcome::Expired)) => {
            return Acted::Failed("it could not be sent in time".to_owned());
        }
        Ok(Ok(Outcome::Rotated(_))) => return Acted::Unconfirmed,
        Ok(Err(refused)) => return Acted::Failed(refused.to_string()),
        Err(_) => return Acted::Failed("the line was stopped".to_owned()),
    };
    if let Some(state) = first {
        return stands(state);
    }
    let Some(after) = after else { return Acted::Unconfirmed };
    match after.await {
        Ok(Ok(Outcome::Done(reply))) => match outputs(&reply) {
            Some(state) => stands(state),
            // It said yes to the command, and knows no more of its outputs.
            None => Acted::Confirmed,
        },
        // It said yes to the command, and does not report outputs.
        Ok(Ok(Outcome::Refused(_))) => Acted::Confirmed,
        Ok(Ok(_) | Err(_)) | Err(_) => Acted::Unconfirmed,
    }
}
