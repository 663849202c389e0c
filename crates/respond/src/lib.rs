//! Findings become incidents, and incidents are worked: folding, ownership, states, notices.
//!
//! Pure: time, ids and who acts are arguments. A change is computed first and applied to the
//! [`Book`] after it has been stored, so that a failed write leaves nothing half done.

mod act;
mod book;
mod count;
mod escalate;
mod fold;
mod hand;
mod handling;
mod join;
pub mod limits;
mod merge;
mod notice;
mod ocsf;
mod panic;
mod settle;
mod watch;
mod words;

pub use act::{Act, ActRefused, Action, ActionOffer, By, act, allowed, check_version, notified};
pub use book::{Book, Changed, is_open};
pub use count::AlarmCounts;
pub use escalate::{escalate, escalation_due};
pub use fold::{FoldOutcome, FoldPolicy, IgnoreWhy, Moment, RuleInfo, Shelf, ShelveWhy, site_of};
pub use hand::{HandMade, open_by_hand, site_by_hand};
pub use handling::{due_at, expire};
pub use join::merge_into;
pub use notice::{Channel, ChannelKind, Notice, NoticeOn, notices};
pub use ocsf::{finding_to_ocsf, incident_to_ocsf};
pub use panic::{PROCEDURE, PanicCall, call_again, called_before, open_by_panic};
pub use settle::settle;
pub use watch::{Crew, Routing, Watch};
