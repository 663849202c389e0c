//! Who may pass which door, now, with what, and why: `decide(snapshot, request, now)`.
//!
//! Total and replayable: a decision is a function of its three arguments and names its reason.
//! Life safety stands before everything: nothing here can refuse a way out, because a request to
//! get out never reaches the checks; it is granted first and what would have stood in the way is
//! noted (`tests/life_safety.rs`).

mod checks;
mod decide;
mod estate;
mod explain;
mod keys;
mod live;
mod names;
mod people;
mod places;
mod policy;
mod reason;
mod request;
mod safety;
mod schedule;
mod snapshot;
pub mod travel;
mod words;

pub use decide::{decide, decide_floors, judge_policies};
#[doc(hidden)]
pub use decide::{judge_plain, judge_with};
pub use estate::{
    AntiPassback, AtExpiry, Blind, DOORS_MAX, Door, Estate, EstateError, HOLD, LeaseRule,
    Tightening, ZONES_DEEP_MAX, Zone,
};
pub use explain::{
    CHECKS, CheckTold, CheckVerdict, Explanation, PolicyTold, PolicyVerdict, explain,
    explain_policies, lasting_policies,
};
pub use keys::{CardNumber, CredentialKey, HashKey, PinKey};
pub use live::{AtWork, Live, Lockdown, PIN_REST, PIN_TRIES_MAX, Position, Risk};
pub use names::Names;
pub use people::{
    CREDENTIALS_MAX, Credential, GROUPS_DEEP_MAX, GROUPS_OF_PERSON_MAX, PEOPLE_MAX, People, Person,
};
#[doc(hidden)]
pub use policy::Plain;
pub use policy::{Change, Judged, Link, POLICIES_MAX, Policies, PolicyLasts, SCHEMA, policy_names};
pub use reason::Reason;
pub use request::{
    BodyVerdict, Companion, Decision, Outcome, POLICIES_NAMED_MAX, PinVerdict, Presented, Request,
};
pub use safety::{Muster, MusterEntry, Order, judge_order, muster};
pub use schedule::{
    Calendar, DAY_MINUTES, Days, HOLIDAY_KINDS, SCHEDULES_MAX, Schedule, ScheduleError,
    WINDOWS_MAX, WallClock, Window,
};
pub use snapshot::{RightsAge, Snapshot};
pub use words::{
    Asks, CredentialKind, Direction, Factor, Fire, Freshness, Incidents, Lease, PersonKind,
    Posture, Presence, Standing, Step, Threat, Work, ZoneClass,
};
