//! Photos of people: `photos/PERSON.png`, `.jpg` or `.svg` in the organisation folder, looked at
//! before they are kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use codec::picture;
use model::{AuditAct, Organisation, PersonId, Problem, Timestamp};
use store::state::Photo;
use store::{State, StoreError};

use crate::engine::Engine;
use crate::limits::Limits;

/// The folder's name inside the organisation folder.
pub const FOLDER: &str = "photos";
/// Extensions of photos.
const EXTENSIONS: [&str; 4] = ["png", "jpg", "jpeg", "svg"];
/// Files that one folder may hold; more are not looked at, which is a problem of its own.
const FILES_MAX: usize = store::state::PHOTOS_MAX;
/// Photos written at once.
const CHUNK: usize = 200;

/// A photo's file, not yet read.
#[derive(Debug, Clone)]
pub struct PhotoFile {
    name: String,
    stamp: String,
    from: From,
}

#[derive(Debug, Clone)]
enum From {
    Disk(PathBuf),
    Memory(Vec<u8>),
}

impl PhotoFile {
    /// One that is in memory.
    pub fn of(name: &str, bytes: Vec<u8>) -> Self {
        let stamp = blake3::hash(&bytes).to_hex().to_string();
        Self { name: name.to_owned(), stamp, from: From::Memory(bytes) }
    }

    fn read(&self, max: usize) -> Result<Vec<u8>, String> {
        let too_large = |found: u64| format!("{found} bytes, at most {max} are taken");
        match &self.from {
            From::Memory(bytes) if bytes.len() > max => Err(too_large(bytes.len() as u64)),
            From::Memory(bytes) => Ok(bytes.clone()),
            From::Disk(path) => {
                let length = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
                if usize::try_from(length).map_or(true, |length| length > max) {
                    return Err(too_large(length));
                }
                std::fs::read(path).map_err(|e| e.to_string())
            }
        }
    }
}

/// The photos of an organisation folder, unread; `None` when it has no such folder, which says
/// nothing of photos.
pub fn in_folder(organisation: &Path) -> Option<Vec<PhotoFile>> {
    let entries = std::fs::read_dir(organisation.join(FOLDER)).ok()?;
    let mut files = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()).take(FILES_MAX + 1) {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let Ok(found) = std::fs::metadata(&path) else { continue };
        if name.starts_with('.') || !found.is_file() {
            continue;
        }
        let changed = found.modified().ok();
        let changed = changed.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        let stamp = format!("{}-{}", found.len(), changed.unwrap_or_default().as_nanos());
        files.push(PhotoFile { name: name.to_owned(), stamp, from: From::Disk(path.clone()) });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Some(files)
}

/// Whose photo a file is, by its name.
fn person_of(name: &str, org: &Organisation) -> Result<PersonId, String> {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    if !EXTENSIONS.contains(&extension) {
        return Err(format!("found `.{extension}`, expected .png, .jpg or .svg"));
    }
    let person = PersonId::parse(stem).map_err(|error| error.to_string())?;
    match org.people.contains_key(&person) {
        true => Ok(person),
        false => Err(format!("there is no person `{person}`")),
    }
}

fn problem(name: &str, message: String) -> Problem {
    Problem::warning(&format!("{FOLDER}/{name}"), None, "photo", message)
}

fn photo(file: &PhotoFile, person: PersonId, max: usize) -> Result<Photo, String> {
    let image = file.read(max)?;
    let found = picture::read(&image).map_err(|error| error.to_string())?;
    let media_type = found.kind.media_type().to_owned();
    Ok(Photo { person, media_type, image, stamp: file.stamp.clone() })
}

/// What is wrong with the photos of an organisation folder.
pub fn check(organisation: &Path, org: &Organisation, bytes_max: usize) -> Vec<Problem> {
    let files = in_folder(organisation).unwrap_or_default();
    let look = |file: &PhotoFile| {
        let person = person_of(&file.name, org)?;
        photo(file, person, bytes_max).map(drop)
    };
    let wrong = files.iter().filter_map(|file| Some(problem(&file.name, look(file).err()?)));
    wrong.collect()
}

/// Brings the kept photos to what the files are: reads what has changed, forgets what is gone.
/// Gives what could not be taken. `None`: only forgets people who are gone.
pub async fn keep(
    state: &State,
    org: &Organisation,
    files: Option<&[PhotoFile]>,
    (bytes_max, by, now): (usize, &str, Timestamp),
) -> Result<Vec<Problem>, StoreError> {
    let mut problems = Vec::new();
    let known = state.photo_stamps().await?;
    let mut wanted: BTreeMap<PersonId, &PhotoFile> = BTreeMap::new();
    for file in files.unwrap_or_default().iter().take(FILES_MAX) {
        match person_of(&file.name, org) {
            Ok(person) if wanted.contains_key(&person) => {
                problems.push(problem(&file.name, format!("`{person}` has another photo")));
            }
            Ok(person) => drop(wanted.insert(person, file)),
            Err(why) => problems.push(problem(&file.name, why)),
        }
    }
    let is_gone = |person: &PersonId| match files {
        Some(_) => !wanted.contains_key(person),
        None => !org.people.contains_key(person),
    };
    let mut gone: Vec<PersonId> = known.keys().filter(|id| is_gone(id)).cloned().collect();
    let changed = wanted.into_iter().filter(|(id, file)| known.get(id) != Some(&file.stamp));
    let changed: Vec<_> = changed.collect();
    let mut chunks = changed.chunks(CHUNK);
    loop {
        let mut photos = Vec::new();
        for (person, file) in chunks.next().unwrap_or_default() {
            match photo(file, person.clone(), bytes_max) {
                Ok(photo) => photos.push(photo),
                Err(why) => problems.push(problem(&file.name, why)),
            }
        }
        if !photos.is_empty() || !gone.is_empty() {
            let act = act(org, (photos.len(), gone.len()), by, now);
            state.change_photos(&photos, &gone, &act).await?;
            gone.clear();
        }
        if chunks.len() == 0 {
            return Ok(problems);
        }
    }
}

impl Engine {
    /// Brings the kept photos to what some files are; gives what could not be taken.
    pub async fn keep_photos(
        &self,
        files: &[PhotoFile],
        by: &str,
    ) -> Result<Vec<Problem>, StoreError> {
        let max = Limits::count(self.config.limits.photo_bytes_max);
        keep(&self.state, &self.current.get().org, Some(files), (max, by, self.now())).await
    }
}

fn act(org: &Organisation, (kept, gone): (usize, usize), by: &str, now: Timestamp) -> AuditAct {
    AuditAct {
        at: now,
        by: by.to_owned(),
        verb: "organisation.photos".to_owned(),
        object: format!("tenant:{}", org.tenant),
        detail: serde_json::json!({ "kept": kept, "gone": gone }),
    }
}
