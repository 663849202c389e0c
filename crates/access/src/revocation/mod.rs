//! Suspending and revoking: what was ended, where that has arrived, and how it is known.
//!
//! Two machines, both functions of what they are told. [`Book`] is whoever gives out rights: it
//! shows something as revoked only when every point has confirmed it, and names the silent ones
//! until then. [`EdgeRights`] is a point that enforces: it takes no older snapshot, forgets no
//! tombstone, and has no rights after a restore until somebody gives it some.
//! What must never happen is proved by random histories of messages, losses, restarts and restores
//! (`tests/revocation.rs`).

mod book;
mod changes;
mod edge;
mod suspensions;
mod tombstones;
mod words;

pub use book::{Book, DEEDS_MAX, POINTS_MAX};
pub use changes::{Changes, Kept};
pub use edge::{EdgeRights, Refused, Rights};
pub use suspensions::Suspensions;
pub use tombstones::{TOMBSTONES_MAX, Tombstone, Tombstones};
pub use words::{
    Act, Deed, DeedHead, Known, NotDone, Point, PointKind, PointLease, Receipt, Shown, Signing,
    Subject,
};
