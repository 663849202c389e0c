//! The event road: intake, journal, normalise, detect, incident; and journal to lake.

pub mod assign;
pub mod body;
pub mod health;
pub mod history;
pub mod ingest;
pub mod judge;
pub mod keeper;
pub mod lake_files;
pub mod packed;
pub mod pump;
pub mod room;
pub mod silencer;
pub mod stages;
pub mod tally;
