//! The HTTP interface: ingest, events, incidents, the live stream, the console.
//!
//! Owns routes, their contract and what a person may see of an error. Never reaches a device, never
//! decides: it asks the engine and shows what the engine says.

mod auth;
mod hosts;
mod problem;
mod reason;
mod secure;
mod state;
mod veil;

mod access;
mod access_answers;
mod access_ask;
mod access_edit;
mod access_house;
mod access_import;
mod access_versions;
mod access_what_if;
mod alarms;
mod audit;
mod authzen;
mod authzen_search;
mod commands;
mod control;
mod controllers;
mod edges;
mod events;
mod history;
mod incidents;
mod ingest;
mod inquiry;
mod live;
mod mappings;
mod muster;
mod occurrences;
mod oidc;
mod operators;
mod organisation;
mod panic;
mod papers;
mod passage;
mod people;
mod plans;
mod presence;
mod raw;
mod refused;
mod replays;
mod revocations;
mod rules;
mod session;
mod signin;
mod system;
mod tokens;
mod version;
mod views;
mod why;
mod wide;

mod console;
mod router;

pub use router::{Server, openapi_json};
