//! Suspending and revoking: what was ended, where that has arrived, and how it is known.

mod tombstones;

pub use tombstones::{TOMBSTONES_MAX, Tombstone, Tombstones};
