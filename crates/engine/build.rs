//! Embeds `content/` into the binary, so that one file is a whole Castellan.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default())
        .join("../../content");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let mut text = String::from("/// What ships, by path.\npub const EMBEDDED: &[Embedded] = &[\n");
    for file in files {
        let Ok(path) = file.strip_prefix(&root) else { continue };
        let full = file.canonicalize().unwrap_or_else(|_| file.clone());
        let _ = writeln!(
            text,
            "    Embedded {{ path: {:?}, bytes: include_bytes!({:?}) }},",
            path.to_string_lossy().replace('\\', "/"),
            full.to_string_lossy()
        );
    }
    text.push_str("];\n");
    let out = PathBuf::from(std::env::var("OUT_DIR").unwrap_or_default()).join("content.rs");
    if let Err(error) = std::fs::write(&out, text) {
        println!("cargo::error=cannot write {}: {error}", out.display());
    }
}

fn collect(dir: &Path, out: &mut Vec<PathBuf>) {
    println!("cargo::rerun-if-changed={}", dir.display());
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let hidden = path.file_name().is_none_or(|n| n.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.is_dir() {
            collect(&path, out);
        } else {
            out.push(path);
        }
    }
}
