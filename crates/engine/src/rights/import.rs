//! Lists of other products, taken in: tried first, told as a difference, applied as one version
//! that can be undone like any other.
//!
//! A list adds and changes. Only a list that is said to be whole ends something, and only what the
//! same list has brought before: never what people, the folder or another list have made.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use access::door::{CredentialKey, HashKey};
use codec::wiegand::{Formats, Part};
use estate::foreign::{self, Listed, Map, Origin, RightKey};
use model::problem::Position;
use model::rights::{
    Credential, Group, Holder, Item, ItemChange, Member, Opens, Right, RightsData, Standing,
};
use model::{CredentialId, GroupId, Organisation, PersonId, Problem, RightId, Timestamp};
use sha2::{Digest as _, Sha256};

use super::compose::{Parts, Templates};
use crate::content;

/// Most files of one import.
pub const IMPORT_FILES_MAX: usize = 16;
/// A whole list that ends more than so many in a hundred of what it had brought, of any one kind,
/// is probably half a list: somebody says how many are meant.
pub const IMPORT_ENDS_PERCENT_MAX: u64 = 20;
/// Longest name of a source, in characters.
pub const IMPORT_SOURCE_CHARS_MAX: usize = 64;

/// Kind and key of one thing.
pub type Thing = (String, String);

/// Whose lists they are, and what their silence means.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportHow {
    /// Whose: what one source has brought, only its own lists end.
    pub source: String,
    /// The lists are whole: what they no longer say has ended.
    pub complete: bool,
    /// So many things may end, though it is a large share.
    pub allow_removals: Option<u64>,
}

/// How many of one kind end because a whole list no longer says them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ends {
    /// The kind.
    pub kind: &'static str,
    /// How many end.
    pub ends: u64,
    /// Of how many that the source had brought.
    pub of: u64,
}

impl Ends {
    fn is_many(&self) -> bool {
        self.ends * 100 > self.of * IMPORT_ENDS_PERCENT_MAX
    }
}

/// What an import would change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportPlan {
    /// What is new, other than before, or ended.
    pub changes: Vec<ItemChange>,
    /// Which row says so, of what is new or other; by the number of the file and its line.
    pub origins: BTreeMap<Thing, Origin>,
    /// Everything that is wrong; rows with errors are left out.
    pub problems: Vec<Problem>,
    /// Rows that were read.
    pub rows: u64,
    /// Rows that were left out.
    pub left_out: u64,
    /// Credentials that are as the list says already.
    pub unchanged: u64,
    /// What ends because a whole list no longer says it.
    pub ends: Vec<Ends>,
    /// So many end that nothing is done until somebody says how many are meant.
    pub held_back: Option<u64>,
}

impl ImportPlan {
    /// Why nothing is done until somebody says how many may end.
    pub fn why_held_back(&self, source: &str) -> Option<String> {
        let meant = self.held_back?;
        let words = |one: &Ends| format!("{} of {} {}s", one.ends, one.of, one.kind);
        let many = self.ends.iter().map(words).collect::<Vec<_>>().join(", ");
        Some(format!(
            "{many} that `{source}` had brought would end, more than {IMPORT_ENDS_PERCENT_MAX} in a \
             hundred: is the list whole? If that is meant, allow {meant} removals"
        ))
    }

    /// The line of a file that says so.
    pub fn origin(&self, change: &ItemChange) -> Option<Origin> {
        self.origins.get(&thing(&change.kind, &change.key)).copied()
    }
}

/// The shipped maps and those of a content folder, by name, with their texts.
pub fn maps(extra: Option<&Path>) -> BTreeMap<String, String> {
    let mut problems = Vec::new();
    let files = content::gather(extra, &mut problems);
    let name = |path: &str| path.strip_prefix("imports/")?.strip_suffix(".toml").map(str::to_owned);
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    files.iter().filter_map(|(path, bytes)| Some((name(path)?, text(bytes)))).collect()
}

/// What lists would change. `files`: name and text of each. `brought`: what their source has
/// brought before.
pub fn plan(
    (org, before, key): (&Organisation, &RightsData, &HashKey),
    (map, files): (&Map, &[(String, String)]),
    (how, brought): (&ImportHow, &BTreeSet<Thing>),
) -> ImportPlan {
    let files = files.get(..IMPORT_FILES_MAX).unwrap_or(files);
    let mut listed = foreign::read(map, files, (org, before));
    let credentials = std::mem::take(&mut listed.credentials);
    let mut merge = Merge {
        org,
        key,
        files,
        brought,
        data: before.clone(),
        said: BTreeSet::new(),
        plan: ImportPlan { rows: listed.rows, left_out: listed.left_out, ..ImportPlan::default() },
    };
    merge.credentials(credentials);
    merge.groups(&listed);
    merge.members(&listed);
    merge.rights(&listed);
    let is_whole = listed.is_whole() && merge.plan.left_out == 0;
    if how.complete && !is_whole && !brought.is_empty() {
        let message = "the list is said to be whole, and not all of it could be read: nothing is \
                       ended until that is mended"
            .to_owned();
        let file = files.first().map_or("", |(name, _)| name);
        merge.plan.problems.push(Problem::error(file, None, "not_whole", message));
    } else if how.complete {
        merge.end(&listed);
    }
    let Merge { data, mut plan, .. } = merge;
    let mut problems = listed.problems;
    problems.append(&mut plan.problems);
    plan.problems = problems;
    plan.changes = before.changes_to(&data);
    let ends: u64 = plan.ends.iter().map(|one| one.ends).sum();
    let is_allowed = how.allow_removals.is_some_and(|allowed| ends <= allowed);
    plan.held_back = (plan.ends.iter().any(Ends::is_many) && !is_allowed).then_some(ends);
    plan
}

/// What lists say, put on top of what there is.
struct Merge<'a> {
    org: &'a Organisation,
    key: &'a HashKey,
    files: &'a [(String, String)],
    brought: &'a BTreeSet<Thing>,
    data: RightsData,
    /// What the lists speak of, whether it was there or not.
    said: BTreeSet<Thing>,
    plan: ImportPlan,
}

fn thing(kind: &str, key: &str) -> Thing {
    (kind.to_owned(), key.to_owned())
}

impl Merge<'_> {
    fn problem(&mut self, is_error: bool, origin: Origin, (code, message): (&str, String)) {
        let file = self.files.get(origin.file).map_or("", |(name, _)| name);
        let at = Some(Position { line: origin.line, column: 1 });
        let make = if is_error { Problem::error } else { Problem::warning };
        self.plan.problems.push(make(file, at, code, message));
        self.plan.left_out += u64::from(is_error);
    }

    fn says(&mut self, kind: &str, key: &str, origin: Origin) {
        self.said.insert(thing(kind, key));
        self.plan.origins.entry(thing(kind, key)).or_insert(origin);
    }

    fn is_brought(&self, kind: &str, key: &str) -> bool {
        self.brought.contains(&thing(kind, key))
    }

    /// Credentials get their lasting ids by their numbers' keys: what is there already is changed,
    /// and its number goes no further.
    fn credentials(&mut self, listed: Vec<(Origin, Credential)>) {
        let templates = Templates { always: String::new(), hours: String::new() };
        let now = Timestamp::from_secs(0);
        let data = std::mem::take(&mut self.data);
        let parts = Parts { org: self.org, data: &data, templates: &templates, key: self.key, now };
        let known = data.credentials.iter();
        let known =
            known.filter_map(|(id, one)| Some((parts.credential_key(id, one).ok()?, id.clone())));
        let mut by_key: BTreeMap<CredentialKey, CredentialId> = known.collect();
        let formats = Formats::with(data.cards.table.as_deref().unwrap_or_default()).ok();
        let row = CredentialId::parse("row").ok();
        let mut keyed = Vec::new();
        for (origin, mut one) in listed {
            let (Some(row), Some(formats)) = (&row, &formats) else { continue };
            if let Err(message) = fit(formats, &data, &mut one) {
                self.problem(true, origin, ("bad_card", message));
                continue;
            }
            match parts.credential_key(row, &one) {
                Ok(key) => keyed.push((origin, key, one)),
                Err(problem) => self.problem(true, origin, ("bad_card", problem.message)),
            }
        }
        self.data = data;
        for (origin, key, mut one) in keyed {
            if let Some(id) = by_key.get(&key).cloned() {
                self.known_credential(&id, &one, origin);
                continue;
            }
            let text = key.to_string();
            let short: String = text.chars().take(16).collect();
            let Ok(id) = CredentialId::parse(&format!("card-{short}")) else { continue };
            (one.number, one.facility, one.key) = (None, None, Some(text));
            by_key.insert(key, id.clone());
            self.says("credential", id.as_str(), origin);
            self.data.credentials.insert(id, one);
        }
    }

    fn known_credential(&mut self, id: &CredentialId, one: &Credential, origin: Origin) {
        self.says("credential", id.as_str(), origin);
        let is_brought = self.is_brought("credential", id.as_str());
        let Some(had) = self.data.credentials.get_mut(id) else { return };
        let before = had.clone();
        (had.person, had.standing) = (one.person.clone(), one.standing);
        had.validity = one.validity;
        if had.badge.is_some() {
            // Whose a badge is, and when, the organisation itself says.
            (had.person, had.validity) = (before.person.clone(), before.validity);
        }
        self.plan.unchanged += u64::from(*had == before);
        if !is_brought && before.standing != Standing::Active && one.standing == Standing::Active {
            let message = format!(
                "credential `{id}` is {} here, by somebody else than this list, and the list says \
                 active: it would be in force again",
                before.standing.as_str()
            );
            self.problem(false, origin, ("in_force_again", message));
        }
    }

    fn groups(&mut self, listed: &Listed) {
        for (id, (name, origin)) in &listed.groups {
            self.says("group", id.as_str(), *origin);
            let group = Group { name: Some(name.clone()), ..Group::default() };
            self.data.groups.entry(id.clone()).or_insert(group);
        }
    }

    fn members(&mut self, listed: &Listed) {
        let mut known: BTreeMap<(GroupId, PersonId), Vec<String>> = BTreeMap::new();
        for (key, one) in &self.data.members {
            known.entry((one.group.clone(), one.person.clone())).or_default().push(key.clone());
        }
        for (which, (validity, origin)) in &listed.members {
            let (group, person) = which.clone();
            let member = Member { group, person, validity: *validity };
            let had = known.get(which).map_or(&[][..], Vec::as_slice);
            had.iter().for_each(|key| self.says("member", key, *origin));
            let is_other = match had {
                [] => true,
                [one] if self.is_brought("member", one) => self.data.members.remove(one).is_some(),
                [_] | [_, _, ..] => false,
            };
            if is_other {
                self.says("member", &member.key(), *origin);
                self.data.members.insert(member.key(), member);
            }
        }
    }

    fn rights(&mut self, listed: &Listed) {
        let key_of = |one: &Right| (one.holder.clone(), one.opens.clone(), one.schedule.clone());
        let mut known: BTreeMap<RightKey, Vec<RightId>> = BTreeMap::new();
        for (id, one) in &self.data.rights {
            known.entry(key_of(one)).or_default().push(id.clone());
        }
        for (key, (validity, origin)) in &listed.rights {
            let had = known.get(key).map_or(&[][..], Vec::as_slice);
            had.iter().for_each(|id| self.says("right", id.as_str(), *origin));
            if let [one] = had
                && self.is_brought("right", one.as_str())
                && let Some(right) = self.data.rights.get_mut(one)
            {
                right.validity = *validity;
            }
            let Some(id) = had.is_empty().then(|| self.right_id(key)).flatten() else { continue };
            self.says("right", id.as_str(), *origin);
            let (holder, opens, schedule) = key.clone();
            let (approved_by, reason) = (None, None);
            let validity = *validity;
            let right = Right { holder, opens, schedule, approved_by, reason, validity };
            self.data.rights.insert(id, right);
        }
    }

    /// The id of a new right: a group's says what it is, a person's does not tell of them.
    fn right_id(&self, (holder, opens, schedule): &RightKey) -> Option<RightId> {
        let opened = match opens {
            Opens::Zone(id) => id.as_str(),
            Opens::Door(id) => id.as_str(),
        };
        let hours = schedule.as_ref().map_or(String::new(), |id| format!(".{id}"));
        let plain = match holder {
            Holder::Group(id) => RightId::parse(&format!("{id}.{opened}{hours}")).ok(),
            Holder::Person(_) => None,
        };
        let free = |id: &RightId| !self.data.rights.contains_key(id);
        plain.filter(free).or_else(|| {
            let digest = Sha256::digest(format!("{holder:?} {opens:?} {schedule:?}"));
            let short: String = hex::encode(digest).chars().take(24).collect();
            RightId::parse(&format!("right-{short}")).ok().filter(free)
        })
    }

    /// What the source has brought and its lists no longer say has ended: a credential is ended, so
    /// that whoever shows it is told so; the rest is taken away.
    fn end(&mut self, listed: &Listed) {
        let speaks = listed.speaks_of;
        for (kind, is_spoken_of) in [
            ("credential", speaks.credentials),
            ("member", speaks.members),
            ("right", speaks.rights),
            ("group", speaks.members && speaks.rights),
        ] {
            if is_spoken_of {
                self.end_of(kind);
            }
        }
    }

    fn end_of(&mut self, kind: &'static str) {
        let (mut ends, mut of) = (0, 0);
        let brought = self.brought;
        for (_, key) in brought.iter().filter(|(one, _)| one == kind) {
            let Some(item) = self.data.item(kind, key) else { continue };
            let is_over =
                matches!(&item, Item::Credential(_, one) if one.standing == Standing::Ended);
            let is_said = self.said.contains(&thing(kind, key));
            of += u64::from(!is_over || is_said);
            if is_said || is_over {
                continue;
            }
            match item {
                Item::Credential(id, one) => {
                    let ended = Credential { standing: Standing::Ended, ..one };
                    self.data.credentials.insert(id, ended);
                }
                Item::Group(id, _) if is_used(&self.data, &id) => continue,
                other => self.data.remove(&other),
            }
            ends += 1;
        }
        if ends > 0 {
            self.plan.ends.push(Ends { kind, ends, of });
        }
    }
}

/// Whether anything rests on a group.
fn is_used(data: &RightsData, id: &GroupId) -> bool {
    let named = format!("\"{id}\"");
    data.members.values().any(|one| one.group == *id)
        || data.rights.values().any(|one| one.holder == Holder::Group(id.clone()))
        || data.groups.values().any(|one| one.within.contains(id))
        || data.zones.values().any(|one| one.first_person.as_ref() == Some(id))
        || data.doors.values().any(|one| one.technicians.as_ref() == Some(id))
        || data.policies.values().any(|text| text.contains(&named))
}

/// What a reader will make of a card: parts that its format has not are left out. Fails with why no
/// reader could ever read it; its number is not told.
fn fit(formats: &Formats, data: &RightsData, card: &mut Credential) -> Result<(), String> {
    let Some(name) = card.format.as_ref().or(data.cards.format.as_ref()) else { return Ok(()) };
    let Some(format) = formats.get(name) else {
        let known: Vec<&str> = formats.iter().map(|format| format.name()).collect();
        return Err(format!("no card format `{name}`: {}", estate::nearest::hint(name, &known)));
    };
    for (part, value, word) in [
        (Part::Facility, card.facility.or(data.cards.facility), "facility code"),
        (Part::Number, card.number, "number"),
        (Part::Issue, Some(u64::from(card.issue)), "issue"),
    ] {
        if let (Some(value), Some(max)) = (value, format.max(part))
            && value > max
        {
            return Err(format!("the {word} is too large for `{name}`: at most {max}"));
        }
    }
    if format.max(Part::Facility).is_none() {
        card.facility = None;
    }
    if format.max(Part::Issue).is_none() {
        card.issue = 0;
    }
    Ok(())
}
