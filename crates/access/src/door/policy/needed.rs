//! Which policies certain doors need, and whom those could ever permit.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use cedar_policy::Effect;
use model::{DoorId, PersonId, ZoneId};

use crate::door::estate::PlacedDoor;
use crate::door::names::Bits;
use crate::door::people::Holder;

use super::Policies;
use super::index::{Rule, Where, Who};
use super::load::Link;

/// What was found, each list in order of names.
#[derive(Debug, Default)]
pub(crate) struct Needed {
    /// Policies as they were written, by name.
    pub policies: BTreeMap<Arc<str>, Arc<str>>,
    /// Templates as they were written, by name.
    pub templates: BTreeMap<Arc<str>, Arc<str>>,
    /// Links.
    pub links: BTreeMap<Arc<str>, Link>,
    /// People, doors and zones whose attributes these policies may ask about.
    pub people: BTreeSet<PersonId>,
    pub doors: BTreeSet<DoorId>,
    pub zones: BTreeSet<ZoneId>,
}

/// Whom policies could permit something, whatever their conditions say.
#[derive(Debug, Default)]
pub(crate) struct Permitted {
    anybody: bool,
    groups: Bits,
    people: HashSet<PersonId>,
}

impl Permitted {
    pub(crate) fn holds(&self, holder: &Holder) -> bool {
        self.anybody
            || self.people.contains(&holder.person.id)
            || holder.groups.iter().any(|group| self.groups.has(*group))
    }
}

fn places<'a>(doors: impl Iterator<Item = &'a PlacedDoor>) -> HashSet<Where> {
    let mut places = HashSet::from([Where::Anywhere]);
    for placed in doors {
        places.insert(Where::Door(placed.door.id.clone()));
        places.extend(placed.into.iter().map(|zone| Where::Zone(*zone)));
    }
    places
}

/// Policies and templates as they were written, by name, and links.
type All = (BTreeMap<Arc<str>, Arc<str>>, BTreeMap<Arc<str>, Arc<str>>, Vec<Link>);

impl Policies {
    /// All of them, in order of names.
    pub(crate) fn all(&self) -> All {
        let written = |rule: &Arc<Rule>| Some((rule.id.clone(), rule.text.clone()?));
        let text = |template: &super::load::Template| Arc::from(template.cedar.to_cedar());
        let templates = self.templates.iter().map(|(name, one)| (name.clone(), text(one)));
        let links = self.links.values().cloned().collect();
        (self.rules.values().filter_map(written).collect(), templates.collect(), links)
    }

    fn at(&self, places: &HashSet<Where>) -> impl Iterator<Item = &Rule> {
        let rules = self.rules.values().map(AsRef::as_ref);
        rules.filter(|rule: &&Rule| places.contains(&rule.place) && rule.who != Who::Nobody)
    }

    /// The policies that can have a say at these doors.
    pub(crate) fn needed<'a>(&self, doors: impl Iterator<Item = &'a PlacedDoor>) -> Needed {
        let mut needed = Needed::default();
        for rule in self.at(&places(doors)) {
            if let Some(text) = &rule.text {
                needed.policies.insert(rule.id.clone(), text.clone());
            } else if let Some(link) = self.links.get(&rule.id) {
                needed.links.insert(rule.id.clone(), link.clone());
                if let Some(template) = self.templates.get(&link.template) {
                    let text = || Arc::from(template.cedar.to_cedar());
                    needed.templates.entry(link.template.clone()).or_insert_with(text);
                }
            }
            for uid in rule.residue.iter().flat_map(|residue| &residue.literals) {
                let id: &str = uid.id().as_ref();
                match uid.type_name().to_string().as_str() {
                    "Person" => needed.people.extend(PersonId::parse(id)),
                    "Door" => needed.doors.extend(DoorId::parse(id)),
                    "Zone" => needed.zones.extend(ZoneId::parse(id)),
                    _ => {} // tidy: wildcard: kinds are text
                }
            }
        }
        needed
    }

    /// Whom policies could permit to pass one of these doors.
    pub(crate) fn permitted<'a>(&self, doors: impl Iterator<Item = &'a PlacedDoor>) -> Permitted {
        let mut permitted = Permitted::default();
        for rule in self.at(&places(doors)) {
            match (rule.effect, &rule.who) {
                (Effect::Permit, Who::Anybody) => permitted.anybody = true,
                (Effect::Permit, Who::Group(group)) => permitted.groups.set(*group),
                (Effect::Permit, Who::Person(person)) => {
                    permitted.people.insert(person.clone());
                }
                (Effect::Permit, Who::Nobody) | (Effect::Forbid, _) => {}
            }
        }
        permitted
    }
}
