//! Turns what a source said into OCSF events, by mappings that are data.
//!
//! Owns the mapping folder's format, the VRL programs and the few native engines, the clock policy
//! of claimed times, and the OCSF validator. A record becomes events or one dead letter, never
//! nothing. Never does I/O, reads no clock and draws no random numbers: years, zones and receipt
//! times come with the record. `vrl` is quarantined here.

mod functions;
mod helpers;
pub mod limits;
mod manifest;
mod mapping;
mod program;
mod recognise;

mod csv;
mod decode;
mod header;
mod instant;
mod tree;

mod convert;
mod finish;
mod native;
mod normaliser;

mod bare;
mod check;
pub mod ocsf;

pub use bare::BareProgram;
pub use check::{CaseResult, check_folder};
pub use functions::ALLOWED;
pub use manifest::{CsvSpec, Engine, Evidence, Manifest};
pub use mapping::{Mapping, MappingFolder, Mappings, extends};
pub use normaliser::{ClockPolicy, Normalised, Normaliser, SourceContext};
