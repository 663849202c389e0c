//! The only place where kernels meet edges: adapters, journal, mappings, rules, incidents, lake.
//!
//! Owns the running of things: threads, clocks, limits, retries, what happens after a crash. Never
//! decides what an event means or who may do what; kernels do.

pub mod clock;
pub mod limits;
pub mod runtime;

pub mod config;
pub mod content;
pub mod controllers;
pub mod knowledge;
pub mod offline;

pub mod accounting;
pub mod alarms;
pub mod auth;
pub mod command;
pub mod desk;
pub mod door;
pub mod edge;
pub mod edges;
pub mod edit;
pub mod evaluate;
pub mod flow;
pub mod inquiry;
pub mod live;
pub mod occurrences;
pub mod outbox;
mod owners;
pub mod panic;
pub mod papers;
pub mod passage;
pub mod photos;
pub mod plans;
pub mod presence;
pub mod rate;
mod refusals;
pub mod replay;
mod reveal;
pub mod rights;
pub mod seats;
pub mod signin;
pub mod trial;
pub mod warden;
pub mod watch;
pub mod why;

pub mod engine;
pub mod folder;
mod housekeeping;
pub mod listeners;
pub mod start;
pub mod stored;
mod unmet;
pub mod veil;

#[cfg(test)]
mod cases;

pub use codec::cell;
pub use engine::Engine;
pub use lake::LakeError;
pub use start::{Mode, Running, StartError, start};
pub use store::StoreError;
pub use {access, adapters, detect, lake, normalise, respond, store};
