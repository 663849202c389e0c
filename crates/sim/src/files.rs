//! Records as files: one per source, as `castellan replay --source ID=FILE` reads them.

use std::collections::BTreeMap;

use crate::record::{Channel, WireRecord};

/// File names and contents, by source; the name is the source's id and an ending.
pub fn by_source(records: &[WireRecord]) -> BTreeMap<String, Vec<u8>> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for record in records {
        let text = String::from_utf8_lossy(&record.bytes);
        let (header, line) = match &record.channel {
            Channel::Http { content_type: "text/csv", .. } => {
                text.split_once('\n').unwrap_or(("", &text))
            }
            Channel::Http { .. } | Channel::Mqtt { .. } | Channel::Syslog { .. } => ("", &*text),
        };
        let file = files.entry(name(record)).or_default();
        if file.is_empty() && !header.is_empty() {
            file.extend_from_slice(header.as_bytes());
            file.push(b'\n');
        }
        file.extend_from_slice(line.trim_end().as_bytes());
        file.push(b'\n');
    }
    files
}

fn name(record: &WireRecord) -> String {
    let ending = match &record.channel {
        Channel::Http { content_type: "text/csv", .. } => "csv",
        Channel::Http { .. } | Channel::Mqtt { .. } => "ndjson",
        Channel::Syslog { .. } => "log",
    };
    format!("{}.{ending}", record.source())
}
