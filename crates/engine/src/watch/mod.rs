//! The watch road's first pieces: who has fallen silent, how doors, things and people's devices
//! stand, who was refused.

pub mod devices;
pub mod doors;
pub mod refused;
pub mod silence;
pub mod things;
pub mod whereabouts;

#[cfg(test)]
pub(crate) mod sample {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use std::time::Duration;

    use model::{Event, Fingerprint, LogSource, MappingName, SourceId, Timestamp, Trust};
    use serde_json::{Value, json};

    /// A judged event of a class at a second, with what Castellan knows of it.
    pub(crate) fn event(class_uid: u32, second: i64, ocsf: Value, mut ours: Value) -> Event {
        let time = Timestamp::from_secs(second);
        let Value::Object(map) = ocsf else { unreachable!("an event is an object") };
        let source = SourceId::parse("doors").unwrap();
        *ours.pointer_mut("/time").unwrap() = json!({"earliest": time, "latest": time});
        Event {
            record: 1,
            part: 0,
            fingerprint: Fingerprint::of(&source, b"1", 0),
            source,
            mapping: MappingName::parse("ocsf").unwrap(),
            site: None,
            class_uid,
            time,
            received_at: time,
            clock_offset_max: Duration::ZERO,
            trust: Trust::Token,
            logsource: LogSource::default(),
            ocsf: map.into(),
            enrichment: serde_json::from_value(ours).unwrap(),
        }
    }
}
