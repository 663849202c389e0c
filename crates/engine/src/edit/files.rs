//! A mapping's files: the shipped ones, the house's copy, and changing that copy as a whole.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use model::MappingName;

use super::EditError;
use crate::content::{self, Files};

/// Files of one mapping that are text, by path inside its folder.
pub type Texts = BTreeMap<String, String>;

/// Most files of one mapping.
const FILES_MAX: usize = 200;
/// Longest path inside a mapping's folder, in bytes.
const PATH_BYTES_MAX: usize = 120;

/// Whose a mapping is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It ships with the program.
    Shipped,
    /// It lies in the house's content folder.
    House,
}

impl Origin {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shipped => "shipped",
            Self::House => "house",
        }
    }
}

/// A mapping's files and whose they are.
pub(super) struct Found {
    pub files: Files,
    pub origin: Origin,
}

/// What ships under a name.
pub(super) fn shipped(name: &MappingName) -> Option<Files> {
    let files = content::shipped_mapping(name.as_str());
    (!files.is_empty()).then_some(files)
}

/// The files in force: the house's copy where there is one.
pub(super) fn in_force(house: Option<&Path>, name: &MappingName) -> Option<Found> {
    let folder = house.map(|house| place(house, name)).filter(|folder| folder.is_dir());
    if let Some(folder) = folder {
        let files = content::read_folder(&folder, &mut Vec::new());
        if !files.is_empty() {
            return Some(Found { files, origin: Origin::House });
        }
    }
    shipped(name).map(|files| Found { files, origin: Origin::Shipped })
}

fn place(house: &Path, name: &MappingName) -> PathBuf {
    house.join("mappings").join(name.as_str())
}

/// Names a set of files by its content.
pub(super) fn version(files: &Files) -> String {
    let mut hasher = blake3::Hasher::new();
    for (path, bytes) in files {
        for part in [path.as_bytes(), bytes.as_slice()] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    hasher.finalize().to_hex().chars().take(16).collect()
}

pub(super) fn texts(files: &Files) -> Texts {
    let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).ok();
    files.iter().filter_map(|(path, bytes)| Some((path.clone(), text(bytes)?))).collect()
}

/// Where what is expected of a sample lies.
pub(super) fn expected(case: &str) -> String {
    format!("expected/{case}.ndjson")
}

/// Refuses paths that a mapping's folder does not have, and such as would leave it.
pub(super) fn check_paths(files: &Texts) -> Result<(), EditError> {
    if files.len() > FILES_MAX {
        let what = "files of a mapping";
        return Err(EditError::TooLarge { what, found: files.len(), max: FILES_MAX });
    }
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
    };
    for path in files.keys() {
        let fits = match path.split_once('/') {
            None => path == "mapping.toml" || path == "map.vrl",
            Some(("samples", name)) => is_name(name),
            Some(("expected", name)) => is_name(name) && name.ends_with(".ndjson"),
            Some(_) => false,
        };
        if !fits || path.len() > PATH_BYTES_MAX {
            let shown: String = path.chars().take(PATH_BYTES_MAX).collect();
            let expected = "mapping.toml, map.vrl, samples/NAME or expected/NAME.ndjson";
            return Err(EditError::Invalid(format!("`{shown}`: expected {expected}")));
        }
    }
    Ok(())
}

fn beside(house: &Path, name: &MappingName, what: &str) -> PathBuf {
    // Names that begin with a dot are not read as content.
    house.join("mappings").join(format!(".{name}.{what}"))
}

/// Puts a mapping's folder in the place of the house's earlier one, whole or not at all.
pub(super) fn write(house: &Path, name: &MappingName, files: &Files) -> io::Result<()> {
    let (new, old) = (beside(house, name, "new"), beside(house, name, "old"));
    let folder = place(house, name);
    gone(&new)?;
    for (path, bytes) in files {
        let file = new.join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = File::create(file)?;
        file.write_all(bytes)?;
        file.sync_all()?;
    }
    gone(&old)?;
    if folder.exists() {
        fs::rename(&folder, &old)?;
    }
    fs::rename(&new, &folder)?;
    File::open(house.join("mappings"))?.sync_all()?;
    gone(&old)
}

/// Removes the house's copy.
pub(super) fn remove(house: &Path, name: &MappingName) -> io::Result<()> {
    let dead = beside(house, name, "dead");
    gone(&dead)?;
    fs::rename(place(house, name), &dead)?;
    gone(&dead)
}

/// Ends what a crash in the middle of a change has left: a mapping that was moved aside and not
/// yet replaced comes back.
pub(crate) fn recover(house: &Path) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(house.join("mappings")) else { return Ok(()) };
    for path in entries.flatten().map(|entry| entry.path()) {
        let Some(hidden) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let Some((name, what)) = hidden.strip_prefix('.').and_then(|name| name.rsplit_once('.'))
        else {
            continue;
        };
        let Ok(name) = MappingName::parse(name) else { continue };
        let folder = place(house, &name);
        match what {
            "old" if !folder.exists() => fs::rename(&path, &folder)?,
            "old" | "new" | "dead" => gone(&path)?,
            _ => {}
        }
    }
    Ok(())
}

fn gone(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn files(text: &str) -> Files {
        Files::from([
            ("mapping.toml".to_owned(), text.as_bytes().to_vec()),
            ("samples/a.log".to_owned(), b"x\n".to_vec()),
        ])
    }

    #[test]
    fn a_copy_is_replaced_whole_and_a_crash_in_between_is_mended() {
        let dir = tempfile::tempdir().unwrap();
        let (house, name) = (dir.path(), MappingName::parse("acme").unwrap());
        let now = || in_force(Some(house), &name).map(|found| version(&found.files));
        assert_eq!(now(), None);
        write(house, &name, &files("one")).unwrap();
        assert_eq!(now(), Some(version(&files("one"))));
        write(house, &name, &files("two")).unwrap();
        assert_eq!(now(), Some(version(&files("two"))));
        // Between the two renames.
        fs::rename(place(house, &name), beside(house, &name, "old")).unwrap();
        fs::create_dir(beside(house, &name, "new")).unwrap();
        assert_eq!(now(), None);
        recover(house).unwrap();
        assert_eq!(now(), Some(version(&files("two"))));
        remove(house, &name).unwrap();
        assert_eq!(now(), None);
        assert_eq!(fs::read_dir(house.join("mappings")).unwrap().count(), 0, "nothing is left");
    }

    #[test]
    fn no_path_leaves_the_folder() {
        let check = |path: &str| check_paths(&Texts::from([(path.to_owned(), String::new())]));
        for path in ["mapping.toml", "map.vrl", "samples/a-1.log", "expected/a-1.ndjson"] {
            assert!(check(path).is_ok(), "{path}");
        }
        for path in [
            "../x",
            "samples/../../x",
            "samples/.hidden",
            "samples/",
            "samples/a/b",
            "/etc/passwd",
            "expected/a.txt",
            "notes.md",
            "",
        ] {
            assert!(check(path).is_err(), "{path}");
        }
    }
}
