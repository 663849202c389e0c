//! Writes what the demo organisation's products say from an instant on, one file per source.
//!
//! `cargo run -p sim --example write_day -- FOLDER START SECONDS [SEED] [quiet]`, and then for
//! instance `castellan replay --org demo --source pacs-hq=FOLDER/pacs-hq.csv …`.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Duration;

use model::Timestamp;
use sim::{Channel, Framing, Sim, WireRecord, demo};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [folder, start, seconds, rest @ ..] = words.as_slice() else {
        return Err("usage: write_day FOLDER START SECONDS [SEED] [quiet]".into());
    };
    let start = Timestamp::from_rfc3339(start).ok_or("START is not RFC 3339")?;
    let seed = rest.first().map_or(Ok(1), |seed| seed.parse())?;
    let files: BTreeMap<String, String> = demo::ORGANISATION
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    let organisation = estate::load(&files).0.ok_or("the organisation folder has problems")?;
    let script = demo::script(None)?;
    let script = if rest.contains(&"quiet") { script.without_stories() } else { script };
    let mut sim = Sim::new(seed, &organisation, script, start)?;
    let end = start.plus(Duration::from_secs(seconds.parse()?));
    let mut out: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for record in sim.events_between(start, end) {
        append(&record, &mut out);
    }
    fs::create_dir_all(folder)?;
    for (name, bytes) in out {
        fs::write(Path::new(folder).join(name), bytes)?;
    }
    Ok(())
}

fn append(record: &WireRecord, out: &mut BTreeMap<String, Vec<u8>>) {
    let text = String::from_utf8_lossy(&record.bytes);
    let (name, line) = match &record.channel {
        Channel::Http { source, content_type: "text/csv" } => {
            let (header, row) = text.split_once('\n').unwrap_or(("", &text));
            let name = format!("{source}.csv");
            let file = out.entry(name.clone()).or_default();
            if file.is_empty() {
                file.extend_from_slice(header.as_bytes());
                file.push(b'\n');
            }
            (name, row.trim_end().to_owned())
        }
        Channel::Http { source, .. } => (format!("{source}.ndjson"), text.into_owned()),
        Channel::Mqtt { .. } => ("frigate-hkg.ndjson".to_owned(), text.into_owned()),
        Channel::Syslog { framing: Framing::Datagram } => {
            ("linux.log".to_owned(), text.into_owned())
        }
        Channel::Syslog { framing: Framing::Newline | Framing::Octets } => {
            let host = text.split(' ').nth(2).unwrap_or("firewall").to_owned();
            (format!("{host}.log"), text.into_owned())
        }
    };
    let file = out.entry(name).or_default();
    file.extend_from_slice(line.as_bytes());
    file.push(b'\n');
}
