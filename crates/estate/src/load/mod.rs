//! Reads the whole folder, in an order that lets each file be checked against the ones before,
//! and reports everything that is wrong with it at once.

mod assets;
mod check;
mod context;
mod doors;
mod head;
mod identifiers;
mod people;
mod places;
mod rights;
mod sources;
pub(crate) mod words;

use std::collections::BTreeMap;

use model::problem::{Gravity, Position, Problem};
use model::rights::RightsData;
use model::spine::Organisation;

use crate::nearest::nearest;
use crate::{FILE_BYTES_MAX, PROBLEMS_MAX};
use context::Context;
pub use rights::{POLICIES, RIGHTS_FILES};
pub(crate) use sources::AUTO;

/// The folder's files, in the order in which they are read.
pub const FILES: [&str; 7] = [
    "organisation.toml",
    "places.toml",
    "people.csv",
    "assets.csv",
    "identifiers.csv",
    "doors.csv",
    "sources.toml",
];

/// A folder as it was read.
#[derive(Debug)]
pub struct Whole {
    /// The organisation; none when something in its files is an error.
    pub organisation: Option<Organisation>,
    /// Who may pass where; none when something in any file is an error.
    pub rights: Option<RightsData>,
    /// Everything that is wrong, in the order of the files.
    pub problems: Vec<Problem>,
}

/// Reads an organisation folder given as texts by file name.
///
/// Returns every problem, in the order of the files; the organisation only when none of them is
/// an error.
pub fn load(files: &BTreeMap<String, String>) -> (Option<Organisation>, Vec<Problem>) {
    let texts = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let whole = load_texts(&texts, Vec::new(), false);
    (whole.organisation, whole.problems)
}

/// Reads an organisation folder given as bytes; a file that is not UTF-8 is a problem.
pub fn load_bytes(files: &BTreeMap<String, Vec<u8>>) -> (Option<Organisation>, Vec<Problem>) {
    let whole = load_all(files, false);
    (whole.organisation, whole.problems)
}

/// Reads an organisation folder and its rights, policies (`policies/NAME.cedar`) included.
pub fn load_whole(files: &BTreeMap<String, Vec<u8>>) -> Whole {
    load_all(files, true)
}

fn load_all(files: &BTreeMap<String, Vec<u8>>, with_rights: bool) -> Whole {
    let mut texts = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, bytes) in files {
        let is_rights = RIGHTS_FILES.contains(&name.as_str()) || policy_name(name).is_some();
        let is_read = FILES.contains(&name.as_str()) || (with_rights && is_rights);
        if !is_read {
            texts.insert(name.as_str(), "");
            continue;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                texts.insert(name.as_str(), text);
            }
            Err(error) => problems.push(not_utf8(name, bytes, error.valid_up_to())),
        }
    }
    load_texts(&texts, problems, with_rights)
}

/// The name of a policy file in its folder.
fn policy_name(path: &str) -> Option<&str> {
    let name = path.strip_prefix(POLICIES)?.strip_prefix('/')?;
    (name.ends_with(".cedar") && !name.contains('/')).then_some(name)
}

fn not_utf8(name: &str, bytes: &[u8], valid: usize) -> Problem {
    let head = String::from_utf8_lossy(bytes.get(..valid).unwrap_or(&[]));
    let at = model::problem::position_at(&head, head.len());
    let byte = bytes.get(valid).copied().unwrap_or(0);
    let message = format!("byte 0x{byte:02x} is not UTF-8: save the file as UTF-8");
    Problem::error(name, Some(at), "not_utf8", message)
}

fn load_texts(texts: &BTreeMap<&str, &str>, unreadable: Vec<Problem>, with_rights: bool) -> Whole {
    let mut context = Context::new();
    for name in texts.keys() {
        check_name(&mut context, name);
    }
    let mut read: BTreeMap<&str, &str> = BTreeMap::new();
    for file in FILES.into_iter().chain(RIGHTS_FILES.into_iter().filter(|_| with_rights)) {
        match texts.get(file) {
            Some(text) if text.len() > FILE_BYTES_MAX => {
                let message = format!("the file is larger than {FILE_BYTES_MAX} bytes");
                context.error(file, None, "file_too_large", message);
            }
            Some(text) => {
                read.insert(file, text);
            }
            None => {}
        }
    }
    let is_unreadable = |file: &str| unreadable.iter().any(|problem| problem.file == file);
    if !texts.contains_key("organisation.toml") && !is_unreadable("organisation.toml") {
        let message = "the file is missing: it names the organisation, its `format` and its \
                       `time_zone`"
            .to_owned();
        context.error("organisation.toml", None, "missing_file", message);
    }
    context.problems.extend(unreadable);
    let text = |file: &str| read.get(file).copied();
    head::read(&mut context, text("organisation.toml"));
    places::read(&mut context, text("places.toml"));
    people::read(&mut context, text("people.csv"));
    assets::read(&mut context, text("assets.csv"));
    identifiers::read(&mut context, text("identifiers.csv"));
    doors::read(&mut context, text("doors.csv"));
    sources::read(&mut context, text("sources.toml"));
    check::references(&mut context);
    if with_rights {
        rights::read(&mut context, text);
        let policies = texts.iter().filter_map(|(name, text)| Some((policy_name(name)?, text)));
        let policies = policies.map(|(name, text)| (name.to_owned(), (*text).to_owned()));
        context.rights.policies.extend(policies);
    }
    finish(context)
}

/// A file we do not know is left alone; one whose name is nearly ours is worth a word.
fn check_name(context: &mut Context, name: &str) {
    let top = name.split('/').next().unwrap_or(name);
    if FILES.contains(&name) || RIGHTS_FILES.contains(&name) || top == POLICIES {
        return;
    }
    if let Some(known) = nearest(name, FILES.into_iter().chain(RIGHTS_FILES)) {
        let message = format!("this file is not read: did you mean `{known}`?");
        context.warning(name, None, "unknown_file", message);
    }
}

fn finish(context: Context) -> Whole {
    let Context { organisation, rights, mut problems, .. } = context;
    let all = || FILES.iter().chain(&RIGHTS_FILES);
    let order = |file: &str| all().position(|known| *known == file).unwrap_or(usize::MAX);
    let is_ours = |problem: &Problem| FILES.contains(&problem.file.as_str());
    let key = |problem: &Problem| {
        let position = problem.position.unwrap_or(Position { line: 0, column: 0 });
        (order(&problem.file), problem.file.clone(), position)
    };
    problems.sort_by_cached_key(key);
    problems.dedup();
    let is_sound = problems.iter().all(|problem| problem.gravity == Gravity::Warning);
    let is_organised =
        problems.iter().all(|problem| problem.gravity == Gravity::Warning || !is_ours(problem));
    if problems.len() > PROBLEMS_MAX {
        let more = problems.len() - PROBLEMS_MAX;
        problems.truncate(PROBLEMS_MAX);
        let message = format!("{more} more problems are not listed");
        let last = if is_sound {
            Problem::warning("", None, "too_many_problems", message)
        } else {
            Problem::error("", None, "too_many_problems", message)
        };
        problems.push(last);
    }
    Whole {
        organisation: is_organised.then_some(organisation),
        rights: is_sound.then_some(rights),
        problems,
    }
}
