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
use sim::{Sim, demo, files};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [folder, start, seconds, rest @ ..] = words.as_slice() else {
        return Err("usage: write_day FOLDER START SECONDS [SEED] [quiet]".into());
    };
    let start = Timestamp::from_rfc3339(start).ok_or("START is not RFC 3339")?;
    let seed = rest.first().map_or(Ok(1), |seed| seed.parse())?;
    let folder_files: BTreeMap<String, String> = demo::ORGANISATION
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    let organisation =
        estate::load(&folder_files).0.ok_or("the organisation folder has problems")?;
    let script = demo::script(None)?;
    let script = if rest.contains(&"quiet") { script.without_stories() } else { script };
    let mut sim = Sim::new(seed, &organisation, script, start)?;
    let end = start.plus(Duration::from_secs(seconds.parse()?));
    let out = files::by_source(&sim.events_between(start, end));
    fs::create_dir_all(folder)?;
    for (name, bytes) in out {
        fs::write(Path::new(folder).join(name), bytes)?;
    }
    Ok(())
}
