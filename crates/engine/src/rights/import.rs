//! Lists of other products, taken in: tried first, told as a difference, applied as one version
//! that can be undone like any other.

use std::collections::BTreeMap;
use std::path::Path;

use access::door::{CredentialKey, HashKey};
use estate::foreign::{self, Map, ROW_PREFIX};
use model::rights::{ItemChange, RightsData};
use model::{CredentialId, Organisation, Problem, Timestamp};

use super::compose::{Parts, Templates};
use crate::content;

/// Most files of one import.
pub const IMPORT_FILES_MAX: usize = 16;

/// What an import would change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportPlan {
    /// What is new or other than before.
    pub changes: Vec<ItemChange>,
    /// Everything that is wrong; rows with errors are left out.
    pub problems: Vec<Problem>,
    /// Rows that were read.
    pub rows: u64,
    /// Rows that were left out.
    pub left_out: u64,
    /// Credentials that are as the list says already.
    pub unchanged: u64,
}

/// The shipped maps and those of a content folder, by name, with their texts.
pub fn maps(extra: Option<&Path>) -> BTreeMap<String, String> {
    let mut problems = Vec::new();
    let files = content::gather(extra, &mut problems);
    let name = |path: &str| path.strip_prefix("imports/")?.strip_suffix(".toml").map(str::to_owned);
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    files.iter().filter_map(|(path, bytes)| Some((name(path)?, text(bytes)))).collect()
}

/// What lists would change. `files`: name and text of each.
pub fn plan(
    (org, before, key): (&Organisation, &RightsData, &HashKey),
    map: &Map,
    files: &[(String, String)],
) -> ImportPlan {
    let mut plan = ImportPlan::default();
    let mut data = before.clone();
    for (name, text) in files.iter().take(IMPORT_FILES_MAX) {
        let listed = foreign::read(map, (name, text), org, &data);
        plan.problems.extend(listed.problems);
        plan.rows += listed.rows;
        plan.left_out += listed.left_out;
        plan.unchanged += settle(org, key, listed.data, &mut data, &mut plan.problems);
    }
    plan.changes = before.changes_to(&data);
    plan
}

/// Gives the credentials that a list brought their lasting ids, by their numbers' keys: what is
/// there already is changed, and its number goes no further. How many are as they were.
fn settle(
    org: &Organisation,
    key: &HashKey,
    mut listed: RightsData,
    data: &mut RightsData,
    problems: &mut Vec<Problem>,
) -> u64 {
    let is_new = |id: &CredentialId| id.as_str().starts_with(ROW_PREFIX);
    let new: Vec<_> = listed.credentials.keys().filter(|id| is_new(id)).cloned().collect();
    let brought: Vec<_> = new
        .into_iter()
        .filter_map(|id| Some((id.clone(), listed.credentials.remove(&id)?)))
        .collect();
    *data = listed;
    let templates = Templates { always: String::new(), hours: String::new() };
    let now = Timestamp::from_secs(0);
    let parts = Parts { org, data, templates: &templates, key, now };
    let known = data.credentials.iter();
    let known =
        known.filter_map(|(id, one)| Some((parts.credential_key(id, one).ok()?, id.clone())));
    let mut by_key: BTreeMap<CredentialKey, CredentialId> = known.collect();
    let keyed: Vec<_> =
        brought.into_iter().map(|(id, one)| (parts.credential_key(&id, &one), one)).collect();
    let mut unchanged = 0;
    for (key, mut one) in keyed {
        let key = match key {
            Ok(key) => key,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let text = key.to_string();
        if let Some(id) = by_key.get(&key) {
            let Some(had) = data.credentials.get_mut(id) else { continue };
            let before = had.clone();
            (had.person, had.standing) = (one.person.clone(), one.standing);
            had.validity = one.validity;
            if had.badge.is_some() {
                // Whose a badge is, and when, the organisation itself says.
                (had.person, had.validity) = (before.person.clone(), before.validity);
            }
            unchanged += u64::from(*had == before);
            continue;
        }
        let short: String = text.chars().take(16).collect();
        let Ok(id) = CredentialId::parse(&format!("card-{short}")) else { continue };
        (one.number, one.facility, one.key) = (None, None, Some(text));
        by_key.insert(key, id.clone());
        data.credentials.insert(id, one);
    }
    unchanged
}
