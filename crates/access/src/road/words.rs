//! The words of the road: what is wired to a door, what is heard, what is to be done and kept.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use codec::osdp::{Channel, Circuit, DownReason};
use codec::wiegand::{Bits, Formats, Key, PinRules};
use model::{CredentialId, DoorId, PersonId, ScheduleId, Timestamp, ZoneId};
use serde::{Deserialize, Serialize};

use crate::door::{Direction, Order, Reason, Request, Step};
use crate::doorway::{Effect, Timing};
use crate::link::Done;

/// A device on a line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Device {
    /// The line's id.
    pub bus: Arc<str>,
    /// Its address, 0 to 126.
    pub address: u8,
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.bus, self.address)
    }
}

/// One input or output of a device.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Terminal {
    /// Which device.
    pub device: Device,
    /// Which of its inputs or outputs, from 0.
    pub number: u8,
    /// An input that is active in the other state; an output that releases when it is off, as a
    /// magnet does.
    pub is_inverted: bool,
}

/// A reader at a door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderWiring {
    /// Where.
    pub device: Device,
    /// Names of the card formats that it reads; none: whatever fits.
    pub formats: Vec<String>,
}

/// What is wired to one door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorWiring {
    /// Which.
    pub door: DoorId,
    /// The reader outside.
    pub reader_in: Option<ReaderWiring>,
    /// The reader inside: it only records, the way out is free.
    pub reader_out: Option<ReaderWiring>,
    /// What holds it shut.
    pub strike: Option<Terminal>,
    /// What says whether the leaf is shut; active is open.
    pub contact: Option<Terminal>,
    /// Buttons, handles and sensors inside.
    pub exits: Vec<Terminal>,
    /// Fire inputs that release it, and every door of its fire group.
    pub fires: Vec<Terminal>,
    /// While this schedule is open, it stays unlocked.
    pub unlock: Option<ScheduleId>,
    /// How it is timed.
    pub timing: Timing,
}

/// What tells of a point's own power: the relays of its supply unit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PowerWiring {
    /// Active while there is no mains.
    pub mains_lost: Option<Terminal>,
    /// Active while the battery is low, or not there.
    pub battery_low: Option<Terminal>,
}

/// Everything that is wired to one point.
#[derive(Debug, Clone)]
pub struct Wiring {
    /// Its doors.
    pub doors: Vec<DoorWiring>,
    /// Its own power.
    pub power: PowerWiring,
    /// Card formats.
    pub formats: Formats,
    /// How codes are typed.
    pub pin: PinRules,
    /// How long the next step may take: a PIN after a card, a second person after the first.
    pub step_wait: Duration,
}

/// How codes are typed where nobody says otherwise: four to eight digits, ended by `#`.
pub const PIN_RULES: PinRules = PinRules {
    digits_min: 4,
    digits_max: 8,
    is_ended_by_length: false,
    key_wait_max: Duration::from_secs(5),
};
/// How long the next step may take where nobody says otherwise.
pub const STEP_WAIT: Duration = Duration::from_secs(15);
/// For how long a device may be silent before its contact counts as broken and its fire input as
/// faulty.
pub const SILENT_MAX: Duration = Duration::from_secs(10);

/// What was heard from a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The line is there.
    LineUp,
    /// The line is gone, with what the system said.
    LineDown(String),
    /// A device said who it is.
    Identified(String),
    /// Another device answers than before.
    Swapped {
        /// Who it was.
        before: String,
        /// Who it is.
        now: String,
    },
    /// Two devices answer at its address.
    AnsweredTwice,
    /// A device is used from now on.
    Online(Channel),
    /// A device is not used any more.
    Offline(DownReason),
    /// A card was presented.
    Card(Bits),
    /// A card was presented whose bits could not be had.
    Garbled,
    /// Keys were pressed.
    Keys(Vec<Key>),
    /// The device itself.
    Local {
        /// Whether it is being tampered with.
        is_tampered: bool,
        /// Whether its power fails.
        is_power_failing: bool,
    },
    /// How the circuit of each input is.
    Inputs(Vec<Circuit>),
    /// Readers behind the device: 2 is tampered with.
    Readers(Vec<u8>),
}

/// What a strike is driven to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drive {
    /// Locked.
    Secure,
    /// Released until further notice.
    Release,
    /// Released for so long, and locked by the device itself should nobody come back to it.
    ReleaseFor(Duration),
}

/// What a reader shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Come in, for so long.
    Granted(Duration),
    /// No.
    Refused,
    /// Type your PIN.
    AskPin,
    /// Somebody else must show their card.
    AskSecond,
    /// The door stands open too long, or no longer.
    Warn(bool),
    /// As it was.
    Idle,
}

/// What became of driving a strike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acted {
    /// The device confirmed it.
    Confirmed,
    /// It was sent, and not confirmed in time.
    Unconfirmed,
    /// It was refused, or not sent.
    Failed(String),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Drive a strike.
    Drive {
        /// Which.
        strike: Terminal,
        /// To what.
        drive: Drive,
        /// Which command waits to hear how it went: [`super::Road::acted`].
        command: Option<Arc<str>>,
    },
    /// Give readers new keys; how that went is told by [`super::Road::keep_reader`] for each
    /// and by [`super::Road::acted`] for the command.
    Rotate {
        /// Which.
        readers: Vec<Device>,
        /// Which command waits for it.
        command: Arc<str>,
    },
    /// Show something at a reader.
    Show(Device, Show),
    /// Ask a device for its inputs and its own state.
    Ask(Device),
    /// Tell what became of a command.
    Done(Done),
    /// Keep this.
    Record(Record),
}

impl Act {
    /// The order in which acts are done: first the door, last what is written down.
    pub(super) const fn order(&self) -> u8 {
        match self {
            Self::Drive { .. } => 0,
            Self::Show(..) => 1,
            Self::Ask(_) | Self::Rotate { .. } => 2,
            Self::Done(_) => 3,
            Self::Record(_) => 4,
        }
    }
}

/// What is kept of something that happened. Neither card number nor PIN can be in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When, by the clock of the point.
    pub time: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: Kept,
}

/// What somebody who asked was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Come in, or go out.
    Granted,
    /// No.
    Refused,
    /// Steps were asked for and did not come.
    Incomplete,
}

/// How a reader stands, in a word of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReaderEvent {
    /// It answers in its own secure channel.
    Online,
    /// It answers in clear text.
    ClearText,
    /// It answers by the install key, which everybody knows.
    InstallMode,
    /// It does not answer.
    Offline,
    /// It has another key than ours.
    WrongKey,
    /// It cannot do secure channel.
    NoSecureChannel,
    /// Another device than before.
    Swapped,
    /// Two devices answer at its address in turn.
    TwoAtOneAddress,
    /// It is being tampered with.
    Tampered,
    /// That is over.
    TamperEnded,
    /// Its power fails.
    PowerFailing,
    /// That is over.
    PowerRestored,
    /// The circuit of one of its inputs is cut or shorted: what hangs on it is not heard.
    InputFault,
    /// That is over.
    InputSound,
    /// It has a new key, and what that proved is told.
    KeyChanged,
    /// It has a new key, and another one still works, or could not be tried.
    KeyDoubted,
    /// It was to get a new key, and has the one from before.
    KeyKept,
}

/// What happened to the point itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointEvent {
    /// It runs.
    Started,
    /// It goes by other rights.
    RightsTaken,
    /// It did not take rights that came.
    RightsRefused,
    /// Its clock is not trusted: every lease counts as expired.
    ClockUntrusted,
    /// Its clock is trusted again.
    ClockTrusted,
    /// A line is gone.
    LineDown,
    /// A line is there.
    LineUp,
    /// Its server is gone.
    LinkDown,
    /// Its server is there.
    LinkUp,
    /// It runs on its battery.
    MainsLost,
    /// That is over.
    MainsBack,
    /// Its battery is low, or gone.
    BatteryLow,
    /// That is over.
    BatteryGood,
}

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kept {
    /// Somebody asked to pass.
    Decision(Box<Decided>),
    /// A door.
    Door {
        /// Which.
        door: DoorId,
        /// What.
        event: DoorEvent,
        /// Who was let through before it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<PersonId>,
        /// With what.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        credential: Option<CredentialId>,
        /// Who went through, and whither.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        went: Option<Went>,
    },
    /// A reader.
    Reader {
        /// Which: line and address.
        reader: String,
        /// At which door.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        door: Option<DoorId>,
        /// What.
        event: ReaderEvent,
        /// More about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// A command.
    Command {
        /// Its id.
        id: String,
        /// Which door.
        door: DoorId,
        /// What was asked.
        order: String,
        /// By whose right.
        by: String,
        /// What became of it: `confirmed`, `unconfirmed`, `expired`, `refused`, `failed`.
        outcome: String,
        /// Why, where it was not done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// The point itself.
    Point {
        /// What.
        event: PointEvent,
        /// More about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// Records that could not be kept.
    Lost {
        /// The first of their numbers.
        from: u64,
        /// The last; after a power cut the last that may have been given.
        to: u64,
        /// Why.
        why: String,
    },
}

/// What happened to a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoorEvent {
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
    /// Opened without anybody's having been let through.
    Forced,
    /// That is over.
    ForcedEnded,
    /// Open too long.
    Held,
    /// That is over.
    HeldEnded,
    /// A cover or a reader is off.
    Tampered,
    /// It is on again.
    TamperEnded,
    /// The contact cannot be believed.
    Trouble,
    /// It can again.
    TroubleEnded,
    /// The fire input releases it.
    FireReleased,
    /// The panel was reset.
    FireEnded,
    /// It stays unlocked, by its schedule.
    Unlocked,
    /// It asks for credentials again.
    Relocked,
    /// Its zone is locked down.
    LockedDown,
    /// That was ended.
    LockdownEnded,
}

impl DoorEvent {
    /// What is kept of an effect; none: it is only done.
    pub(super) const fn of(effect: Effect) -> Option<Self> {
        Some(match effect {
            Effect::Release | Effect::Secure | Effect::Warn(_) => return None,
            Effect::Taken => Self::Taken,
            Effect::NotTaken => Self::NotTaken,
            Effect::Opened => Self::Opened,
            Effect::Closed => Self::Closed,
            Effect::ExitRequested => Self::ExitRequested,
            Effect::Forced => Self::Forced,
            Effect::ForcedEnded => Self::ForcedEnded,
            Effect::Held => Self::Held,
            Effect::HeldEnded => Self::HeldEnded,
            Effect::Tampered => Self::Tampered,
            Effect::TamperEnded => Self::TamperEnded,
            Effect::Trouble => Self::Trouble,
            Effect::TroubleEnded => Self::TroubleEnded,
            Effect::FireReleased => Self::FireReleased,
            Effect::FireEnded => Self::FireEnded,
        })
    }
}

/// A decision as it is kept: with the request, so that it can be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Where.
    pub door: DoorId,
    /// At which reader.
    pub reader: String,
    /// Which way.
    pub direction: Direction,
    /// What they were told.
    pub result: Verdict,
    /// Why.
    pub because: Reason,
    /// The same in words.
    pub text: String,
    /// The steps that did not come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// The policies that determined it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Arc<str>>,
    /// What else is to be known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noted: Vec<Reason>,
    /// Somebody is forced.
    pub duress: bool,
    /// Whose credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialId>,
    /// Who came along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companion: Option<PersonId>,
    /// The rights that decided.
    pub snapshot: u64,
    /// What was asked.
    pub request: Request,
    /// Who went through, and whither, at a door of which nobody sees whether they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub went: Option<Went>,
}

/// Who went through a door, and whither: what the point itself goes by from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Went {
    /// Who: whoever came along as well.
    pub people: Vec<PersonId>,
    /// Which way.
    pub direction: Direction,
    /// Into which zone; none: outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ZoneId>,
    /// When: later than all that the point had been told of them, whatever its clock says.
    pub at: Timestamp,
}

impl Record {
    /// Who went through which door by this record, and whither.
    pub fn went(&self) -> Option<(&DoorId, &Went)> {
        match &self.what {
            Kept::Decision(decided) => Some((&decided.door, decided.went.as_ref()?)),
            Kept::Door { door, went, .. } => Some((door, went.as_ref()?)),
            Kept::Reader { .. } | Kept::Command { .. } | Kept::Point { .. } | Kept::Lost { .. } => {
                None
            }
        }
    }
}

/// An order's word.
pub(super) const fn order_word(order: Order) -> &'static str {
    match order {
        Order::Release => "release",
        Order::Unlock => "unlock",
        Order::Relock => "relock",
        Order::Lock => "lock",
        Order::LockDown => "lock_down",
        Order::EndLockdown => "end_lockdown",
    }
}
