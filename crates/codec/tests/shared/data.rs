//! Finds the shared data: `CASTELLAN_SHARED`, else `../shared` beside the repository.

use std::path::PathBuf;

/// The path of a file of the shared data; `None`, with a word on the terminal, where it is absent.
pub fn path(relative: &str) -> Option<PathBuf> {
    let root = std::env::var_os("CASTELLAN_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let path = root.join("data").join(relative);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: no shared data");
    None
}

/// The lines of a JSONL file of the shared data.
pub fn lines(relative: &str) -> Option<Vec<serde_json::Value>> {
    let text = std::fs::read_to_string(path(relative)?).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}
