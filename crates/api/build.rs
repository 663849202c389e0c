//! Embeds the built console, `console/dist`, into the binary; without one the server says how to
//! build it. Text is kept compressed: every browser takes gzip.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

fn main() {
    println!("cargo::rerun-if-env-changed=CASTELLAN_CONSOLE_DIST");
    let own = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default());
    let dist = std::env::var_os("CASTELLAN_CONSOLE_DIST")
        .map_or_else(|| own.join("../../console/dist"), PathBuf::from);
    // Of a folder that is not there yet, its parent tells when it comes.
    let watched = if dist.is_dir() { dist.clone() } else { own.join("../../console/package.json") };
    println!("cargo::rerun-if-changed={}", watched.display());
    let out = PathBuf::from(std::env::var("OUT_DIR").unwrap_or_default());
    let mut files = Vec::new();
    collect(&dist, &mut files);
    files.sort();
    if let Err(error) = embed(&dist, &files, &out) {
        println!("cargo::error=cannot embed the console: {error}");
    }
}

fn embed(dist: &Path, files: &[PathBuf], out: &Path) -> std::io::Result<()> {
    let mut text = String::from("/// The built console, by path.\npub const FILES: &[File] = &[\n");
    for (number, file) in files.iter().enumerate() {
        let Ok(path) = file.strip_prefix(dist) else { continue };
        let path = path.to_string_lossy().replace('\\', "/");
        let is_text = [".js", ".css", ".html", ".svg", ".json"].iter().any(|e| path.ends_with(e));
        let bytes = std::fs::read(file)?;
        let kept = out.join(format!("console-{number}"));
        if is_text {
            let mut packed = GzEncoder::new(Vec::new(), Compression::best());
            packed.write_all(&bytes)?;
            std::fs::write(&kept, packed.finish()?)?;
        } else {
            std::fs::write(&kept, bytes)?;
        }
        let kept = kept.to_string_lossy();
        // INVARIANT: writing to a `String` cannot fail.
        let _ = writeln!(
            text,
            "    File {{ path: {path:?}, is_packed: {is_text}, bytes: include_bytes!({kept:?}) }},"
        );
    }
    text.push_str("];\n");
    std::fs::write(out.join("console.rs"), text)
}

fn collect(dir: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let is_hidden = path.file_name().is_none_or(|n| n.to_string_lossy().starts_with('.'));
        if is_hidden {
            continue;
        }
        if path.is_dir() {
            collect(&path, out);
        } else {
            out.push(path);
        }
    }
}
