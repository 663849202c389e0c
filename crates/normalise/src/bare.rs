//! A mapping's program by itself: a record is decoded, the program runs, its result is written.
//! What comes on top in a [`crate::Normaliser`] is the cost of our own road; benchmarks tell it by
//! comparing the two.

use std::sync::Arc;

use codec::syslog;
use model::{MappingName, Wire};
use vrl::compiler::runtime::Runtime;
use vrl::compiler::{TargetValueRef, TimeZone};
use vrl::value::{Secrets, Value};

use crate::decode;
use crate::mapping::Mappings;

/// Runs one mapping's program and nothing else of ours: no validation, no metadata, no fingerprint.
pub struct BareProgram {
    mappings: Arc<Mappings>,
    name: MappingName,
    runtime: Runtime,
    secrets: Secrets,
}

impl BareProgram {
    /// Of one mapping.
    pub fn new(mappings: Arc<Mappings>, name: MappingName) -> Self {
        let (runtime, secrets) = (Runtime::default(), Secrets::new());
        Self { mappings, name, runtime, secrets }
    }

    /// Appends what the program makes of one record as JSON, or says why it makes nothing.
    ///
    /// The program must not read `%`, and its mapping's wire be neither `csv` nor `syslog`.
    pub fn run(&mut self, wire: Wire, body: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let mapping = self.mappings.get(&self.name).ok_or("there is no such mapping")?;
        let program = mapping.program.as_deref().ok_or("it has no program")?.get()?;
        let payload = if wire == Wire::Syslog { syslog::parse(body).message.message } else { body };
        let mut value = decode::payload(mapping.manifest.wire, payload)
            .map_err(|failure| failure.reason.to_string())?;
        let mut target = TargetValueRef {
            value: &mut value,
            metadata: &mut Value::Null,
            secrets: &mut self.secrets,
        };
        self.runtime.clear();
        self.runtime
            .resolve(&mut target, &program.program, &TimeZone::Named(chrono_tz::UTC))
            .map_err(|error| error.to_string())?;
        serde_json::to_writer(out, &value).map_err(|error| error.to_string())
    }
}
