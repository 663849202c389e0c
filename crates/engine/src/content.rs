//! Shipped content, embedded at build time, and folders that add to it or override it by name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use access::PolicyFile;
use detect::RuleFile;
use model::{MappingName, Problem};
use normalise::{Mapping, MappingFolder, Mappings};

/// One embedded file: path below `content/`, bytes.
pub struct Embedded {
    /// Such as `mappings/openssh/map.vrl`.
    pub path: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/content.rs"));

/// One content file may be this large; larger ones are refused by name.
pub const CONTENT_FILE_BYTES_MAX: u64 = 8 << 20;
/// Folders nested deeper than this are not read.
const DEPTH_MAX: usize = 6;

/// Files and folders looked at for changes; beyond it a restart reads the rest.
const WATCHED_MAX: usize = 20_000;

/// Content files by path below the content folder.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What ships with the program.
pub fn shipped() -> Files {
    EMBEDDED.iter().map(|file| (file.path.to_owned(), file.bytes.to_vec())).collect()
}

/// Reads one folder. Files that cannot be read are named as problems.
pub fn read_folder(folder: &Path, problems: &mut Vec<Problem>) -> Files {
    read_to_depth(folder, DEPTH_MAX, problems)
}

/// Reads the files of one folder, and of none below it.
pub fn read_files(folder: &Path, problems: &mut Vec<Problem>) -> Files {
    read_to_depth(folder, 0, problems)
}

fn read_to_depth(folder: &Path, depth_max: usize, problems: &mut Vec<Problem>) -> Files {
    let mut files = Files::new();
    let mut open: Vec<(PathBuf, usize)> = vec![(folder.to_owned(), 0)];
    while let Some((dir, depth)) = open.pop() {
        let entries = match std::fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) => {
                problems.push(unreadable(folder, &dir, &error.to_string()));
                continue;
            }
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            let is_hidden =
                path.file_name().and_then(|n| n.to_str()).is_none_or(|n| n.starts_with('.'));
            if is_hidden {
                continue;
            }
            if path.is_dir() {
                if depth < depth_max {
                    open.push((path, depth + 1));
                }
                continue;
            }
            match read_bounded(&path) {
                Ok(bytes) => {
                    files.insert(below(folder, &path), bytes);
                }
                Err(error) => problems.push(unreadable(folder, &path, &error)),
            }
        }
    }
    files
}

/// When the newest file or folder below `folder` was changed. Looks at so many at most.
pub fn newest(folder: &Path) -> Option<SystemTime> {
    let mut open = vec![(folder.to_owned(), 0_usize)];
    let mut newest = None;
    let mut looked_at = 0_usize;
    while let Some((path, depth)) = open.pop() {
        looked_at += 1;
        if looked_at > WATCHED_MAX {
            break;
        }
        let Ok(found) = std::fs::metadata(&path) else { continue };
        newest = newest.max(found.modified().ok());
        if found.is_dir() && depth < DEPTH_MAX {
            let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
            open.extend(entries.map(|entry| (entry.path(), depth + 1)));
        }
    }
    newest
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, String> {
    let length = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
    if length > CONTENT_FILE_BYTES_MAX {
        return Err(format!("{length} bytes, at most {CONTENT_FILE_BYTES_MAX} are read"));
    }
    std::fs::read(path).map_err(|e| e.to_string())
}

fn below(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn unreadable(folder: &Path, path: &Path, why: &str) -> Problem {
    let inside = below(folder, path);
    let name = if inside.is_empty() { folder.to_string_lossy().into_owned() } else { inside };
    Problem::error(&name, None, "unreadable", format!("cannot be read: {why}"))
}

/// Shipped content with the folder's on top: a mapping or rule of the same name is replaced whole.
pub fn gather(extra: Option<&Path>, problems: &mut Vec<Problem>) -> Files {
    gather_telling(extra, problems).0
}

/// As [`gather`], with the names of the mappings that come from the folder.
pub fn gather_telling(
    extra: Option<&Path>,
    problems: &mut Vec<Problem>,
) -> (Files, BTreeSet<String>) {
    let added = extra.map(|folder| read_folder(folder, problems));
    over_shipped(added.unwrap_or_default())
}

/// Shipped content with these files on top, and the names of the mappings among them.
pub fn over_shipped(added: Files) -> (Files, BTreeSet<String>) {
    let mut files = shipped();
    let own = mapping_names(added.keys());
    let replaced: BTreeSet<String> = added.keys().filter_map(|path| mapping_prefix(path)).collect();
    files.retain(|path, _| !mapping_prefix(path).is_some_and(|prefix| replaced.contains(&prefix)));
    files.extend(added);
    (files, own)
}

/// Programs of the house's own mappings that nobody would hear: native code of ours reads the
/// records instead, whatever the program says.
pub fn unheard_programs(
    mappings: &Mappings,
    folders: &[MappingFolder],
    own: &BTreeSet<String>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for folder in folders.iter().filter(|folder| own.contains(&folder.name)) {
        let Ok(name) = MappingName::parse(&folder.name) else { continue };
        let is_native = mappings.get(&name).is_some_and(Mapping::is_native);
        let program = folder.files.get("map.vrl");
        if is_native
            && program.is_some()
            && program != shipped_mapping(name.as_str()).get("map.vrl")
        {
            let message = "the program is not what reads the records: `engine` is `native`; write \
                           `engine = \"vrl\"` in mapping.toml to have it run";
            let file = format!("{name}/map.vrl");
            problems.push(Problem::warning(&file, None, "native_engine", message.to_owned()));
        }
    }
    problems
}

/// What ships for one mapping, by path inside its folder.
pub fn shipped_mapping(name: &str) -> Files {
    let inside =
        |path: &'static str| path.strip_prefix("mappings/")?.strip_prefix(name)?.strip_prefix('/');
    let files = EMBEDDED.iter();
    files.filter_map(|file| Some((inside(file.path)?.to_owned(), file.bytes.to_vec()))).collect()
}

/// The names of the mappings that a content folder has, by its folders.
pub fn mapping_names_in(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder.join("mappings")).into_iter().flatten().flatten();
    let names = entries.filter(|entry| entry.path().is_dir());
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| !name.starts_with('.')).collect()
}

/// The names of the mappings among files: those that a folder of somebody's own adds or replaces.
pub fn mapping_names<'a>(paths: impl Iterator<Item = &'a String>) -> BTreeSet<String> {
    let name = |path: &'a String| path.strip_prefix("mappings/")?.split_once('/').map(|p| p.0);
    paths.filter_map(name).map(str::to_owned).collect()
}

/// `mappings/NAME/` of a path inside one.
fn mapping_prefix(path: &str) -> Option<String> {
    let name = path.strip_prefix("mappings/")?.split('/').next()?;
    Some(format!("mappings/{name}/"))
}

/// The mapping folders among content files.
pub fn mapping_folders(files: &Files) -> Vec<MappingFolder> {
    let mut folders: BTreeMap<&str, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
    for (path, bytes) in files {
        let Some((name, file)) = path.strip_prefix("mappings/").and_then(|p| p.split_once('/'))
        else {
            continue;
        };
        folders.entry(name).or_default().insert(file.to_owned(), bytes.clone());
    }
    folders
        .into_iter()
        .map(|(name, files)| MappingFolder { name: name.to_owned(), files })
        .collect()
}

/// The rule files among content files: Sigma YAML, not the cases beside it.
pub fn rule_files(files: &Files) -> Vec<RuleFile> {
    files
        .iter()
        .filter(|(path, _)| path.starts_with("rules/"))
        .filter(|(path, _)| path.ends_with(".yml") || path.ends_with(".yaml"))
        .map(|(path, bytes)| RuleFile {
            path: path.clone(),
            text: String::from_utf8_lossy(bytes).into_owned(),
        })
        .collect()
}

/// The policies of operators' rights among content files.
pub fn policy_files(files: &Files) -> Vec<PolicyFile> {
    files
        .iter()
        .filter(|(path, _)| path.starts_with("policies/") && path.ends_with(".cedar"))
        .filter(|(path, _)| !path.starts_with("policies/doors/"))
        .map(|(path, bytes)| PolicyFile {
            path: path.clone(),
            text: String::from_utf8_lossy(bytes).into_owned(),
        })
        .collect()
}
