//! The HTTP interface: ingest, events, incidents, the live stream, one status page.
//!
//! Owns routes, their contract and what a person may see of an error. Never reaches a device, never
//! decides: it asks the engine and shows what the engine says.

mod auth;
mod problem;
mod state;

mod events;
mod incidents;
mod ingest;
mod live;
mod operators;
mod people;
mod session;
mod signin;
mod system;
mod tokens;

mod page;
mod router;

pub use router::{Server, openapi_json};
