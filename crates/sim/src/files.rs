//! Records as files: one per source, as `castellan replay --source ID=FILE` reads them.

use std::collections::BTreeMap;

use crate::record::{Channel, Framing, WireRecord};

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
        let file = files.entry(name(record, &text)).or_default();
        if file.is_empty() && !header.is_empty() {
            file.extend_from_slice(header.as_bytes());
            file.push(b'\n');
        }
        file.extend_from_slice(line.trim_end().as_bytes());
        file.push(b'\n');
    }
    files
}

fn name(record: &WireRecord, text: &str) -> String {
    match &record.channel {
        Channel::Http { source, content_type: "text/csv" } => format!("{source}.csv"),
        Channel::Http { source, .. } => format!("{source}.ndjson"),
        Channel::Mqtt { .. } => "frigate-hkg.ndjson".to_owned(),
        Channel::Syslog { framing: Framing::Datagram } => "linux.log".to_owned(),
        // The firewalls' RFC 5424 header names the host third.
        Channel::Syslog { framing: Framing::Newline | Framing::Octets } => {
            format!("{}.log", text.split(' ').nth(2).unwrap_or("firewall"))
        }
    }
}
