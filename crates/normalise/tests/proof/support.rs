//! Folders from disk, records from text, and the shared data where it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use chrono_tz::Tz;
use model::spine::Source;
use model::{MappingName, Raw, SourceId, Timestamp, Trust, Wire};
use normalise::{ClockPolicy, MappingFolder, Mappings, Normalised, Normaliser, SourceContext};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The shared data folder's file, or `None` (said aloud) where it is absent.
pub fn shared(path: &str) -> Option<PathBuf> {
    let base = std::env::var_os("CASTELLAN_SHARED").map(PathBuf::from);
    let base = base.unwrap_or_else(|| root().join("../shared"));
    let full = base.join("data").join(path);
    if full.exists() {
        return Some(full);
    }
    println!("skipped: no shared data ({path})");
    None
}

pub fn folder(path: &Path) -> MappingFolder {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let mut files = BTreeMap::new();
    for sub in ["", "samples", "expected"] {
        let Ok(entries) = std::fs::read_dir(path.join(sub)) else {
            continue;
        };
        for entry in entries {
            let entry = entry.unwrap().path();
            if entry.is_file() {
                let file = entry.file_name().unwrap().to_string_lossy().into_owned();
                let inner = if sub.is_empty() { file } else { format!("{sub}/{file}") };
                files.insert(inner, std::fs::read(&entry).unwrap());
            }
        }
    }
    MappingFolder { name, files }
}

pub fn folders() -> Vec<MappingFolder> {
    let mut out: Vec<MappingFolder> = std::fs::read_dir(root().join("content/mappings"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("mapping.toml").is_file())
        .map(|path| folder(&path))
        .collect();
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}

pub fn inline(name: &str, files: &[(&str, &str)]) -> MappingFolder {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    MappingFolder { name: name.to_owned(), files: files.collect() }
}

/// The mappings that ship.
pub fn shipped() -> Arc<Mappings> {
    static SHIPPED: OnceLock<Arc<Mappings>> = OnceLock::new();
    Arc::clone(SHIPPED.get_or_init(|| Arc::new(Mappings::load_lazily(folders()).0)))
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(text).unwrap()
}

pub fn raw(wire: Wire, body: &[u8]) -> Raw {
    Raw {
        source: SourceId::parse("test").unwrap(),
        received_at: at("2026-01-15T12:00:00Z"),
        wire,
        listener: Arc::from("file"),
        peer: None,
        topic: None,
        trust: Trust::None,
        bytes_cut: 0,
        rerun_of: None,
        body: body.to_vec(),
    }
}

pub fn source(mapping: Option<&str>) -> Source {
    Source {
        mapping: mapping.map(|name| MappingName::parse(name).unwrap()),
        ..Source::with_defaults(SourceId::parse("test").unwrap())
    }
}

pub fn run(mappings: &Arc<Mappings>, mapping: Option<&str>, raw: &Raw) -> Vec<Normalised> {
    run_with(mappings, &source(mapping), raw, ClockPolicy::FILE)
}

pub fn run_with(
    mappings: &Arc<Mappings>,
    source: &Source,
    raw: &Raw,
    clock: ClockPolicy,
) -> Vec<Normalised> {
    let mut normaliser = Normaliser::new(Arc::clone(mappings));
    let mut out = Vec::new();
    let ctx = SourceContext { source, tenant_zone: Tz::UTC, clock };
    normaliser.run(0, raw, &ctx, &mut out);
    out
}

/// The `log N pass = …` lines of a wazuh test file.
pub fn wazuh(file: &str) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(shared(&format!("wazuh-rule-tests/{file}"))?).unwrap();
    let is_log = |line: &&str| line.starts_with("log ") && line.contains(" pass");
    let lines = text.lines().filter(is_log);
    Some(lines.map(|line| line.split_once('=').unwrap().1.trim().to_owned()).collect())
}
