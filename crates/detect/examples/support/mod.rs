//! What the measuring tools share.

#![allow(dead_code, reason = "each tool uses what it needs")]

use std::path::{Path, PathBuf};

use detect::RuleFile;
use model::Event;

/// Nanoseconds that this thread has run, whatever else the machine does.
pub fn ran() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// Resident memory in MiB.
pub fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: f64 = text.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096.0 / 1_048_576.0
}

/// Every rule file under a folder.
pub fn files(folder: &Path, found: &mut Vec<RuleFile>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "yml") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push(RuleFile { path: path.to_string_lossy().into_owned(), text });
        }
    }
}

/// Gives a flat Windows event (Sysmon) Sigma's log source.
pub fn windows(event: &mut Event) {
    let category = match event.ocsf.get("EventID").and_then(model::value::Value::as_u64) {
        Some(1) => "process_creation",
        Some(3) => "network_connection",
        Some(7) => "image_load",
        Some(11) => "file_event",
        Some(13) => "registry_set",
        Some(22) => "dns_query",
        Some(_) => "other",
        None => return,
    };
    event.logsource.product = Some("windows".into());
    event.logsource.category = Some(category.into());
}
