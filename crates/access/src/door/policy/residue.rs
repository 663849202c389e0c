//! What Cedar itself evaluates: one policy at a time, on the few entities that it can see.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::str::FromStr as _;
use std::sync::Arc;

use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
    RestrictedExpression,
};
use model::{DoorId, GroupId, PersonId, ZoneId};

use crate::door::estate::{Estate, PlacedDoor};
use crate::door::names::Names;
use crate::door::people::{Holder, People};
use crate::door::words::{Factor, ZoneClass};

use super::facts::Facts;

/// A policy alone, and the entities that it names.
#[derive(Debug)]
pub(crate) struct Residue {
    pub set: PolicySet,
    pub literals: Vec<EntityUid>,
}

/// What Cedar said of one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// Its condition holds.
    Satisfied,
    /// It does not.
    Not,
    /// It could not be evaluated.
    Error(Arc<str>),
}

/// Parsed once: names of types.
#[derive(Debug, Clone)]
pub(crate) struct Types(HashMap<&'static str, EntityTypeName>);

const TYPES: [&str; 15] = [
    "Kind",
    "Class",
    "Threat",
    "Incidents",
    "Posture",
    "Freshness",
    "Presence",
    "Lease",
    "Factor",
    "Schedule",
    "Group",
    "Person",
    "Zone",
    "Door",
    "Action",
];

impl Types {
    pub(crate) fn new() -> Result<Self, String> {
        let name = |name: &'static str| {
            EntityTypeName::from_str(name).map(|parsed| (name, parsed)).map_err(|e| e.to_string())
        };
        TYPES.into_iter().map(name).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn uid(&self, kind: &'static str, id: &str) -> Result<EntityUid, String> {
        let kind = self.0.get(kind).ok_or_else(|| format!("no entity is a `{kind}`"))?;
        Ok(EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id)))
    }

    fn value(&self, kind: &'static str, id: &str) -> Result<RestrictedExpression, String> {
        Ok(RestrictedExpression::new_entity_uid(self.uid(kind, id)?))
    }
}

/// One request as Cedar sees it, made when the first policy needs it.
pub(crate) struct Question<'a> {
    types: &'a Types,
    names: &'a Names,
    facts: &'a Facts<'a>,
    made: OnceCell<Result<(Request, Entities), String>>,
}

impl<'a> Question<'a> {
    pub(crate) fn new(types: &'a Types, names: &'a Names, facts: &'a Facts<'a>) -> Self {
        Self { types, names, facts, made: OnceCell::new() }
    }

    /// Asks Cedar about one policy.
    pub(crate) fn ask(&self, residue: &Residue) -> Said {
        match self.try_ask(residue) {
            Ok(said) => said,
            Err(error) => Said::Error(error.into()),
        }
    }

    fn try_ask(&self, residue: &Residue) -> Result<Said, String> {
        let made = self.made.get_or_init(|| self.make());
        let (request, base) = made.as_ref().map_err(Clone::clone)?;
        let maker = Maker { types: self.types, names: self.names };
        let mut named = Vec::new();
        for uid in residue.literals.iter().filter(|uid| base.get(uid).is_none()) {
            named.extend(maker.named(self.facts.people, self.facts.estate, uid)?);
        }
        let widened;
        let entities = if named.is_empty() {
            base
        } else {
            let added = base.clone().add_entities(named, None);
            widened = added.map_err(|error| error.to_string())?;
            &widened
        };
        let response = Authorizer::new().is_authorized(request, &residue.set, entities);
        let diagnostics = response.diagnostics();
        Ok(match diagnostics.errors().next() {
            Some(error) => Said::Error(error.to_string().into()),
            None if diagnostics.reason().next().is_some() => Said::Satisfied,
            None => Said::Not,
        })
    }

    pub(super) fn make(&self) -> Result<(Request, Entities), String> {
        let maker = Maker { types: self.types, names: self.names };
        let person = maker.person(self.facts.holder)?;
        let door = maker.door(self.facts.door, self.facts.class)?;
        let request = Request::new(
            person.uid(),
            self.types.uid("Action", "enter")?,
            door.uid(),
            context(self.types, self.facts)?,
            None,
        );
        let entities = Entities::from_entities([person, door], None);
        Ok((request.map_err(|e| e.to_string())?, entities.map_err(|e| e.to_string())?))
    }
}

fn context(types: &Types, facts: &Facts<'_>) -> Result<Context, String> {
    let open = facts.calendar.iter().filter(|schedule| schedule.is_open(facts.now));
    let schedules =
        open.map(|s| types.value("Schedule", s.id.as_str())).collect::<Result<Vec<_>, _>>()?;
    let shown = Factor::ALL.iter().filter(|factor| facts.factors & factor.bit() != 0);
    let factors =
        shown.map(|f| types.value("Factor", f.as_str())).collect::<Result<Vec<_>, _>>()?;
    let pairs = [
        ("minute", RestrictedExpression::new_long(i64::from(facts.wall().minute))),
        ("weekday", RestrictedExpression::new_long(facts.wall().weekday())),
        ("schedules", RestrictedExpression::new_set(schedules)),
        ("factors", RestrictedExpression::new_set(factors)),
        ("threat", types.value("Threat", facts.threat.as_str())?),
        ("incidents", types.value("Incidents", facts.incidents.as_str())?),
        ("device", types.value("Posture", facts.device.as_str())?),
        ("source", types.value("Freshness", facts.source.as_str())?),
        ("presence", types.value("Presence", facts.presence.as_str())?),
        ("lease", types.value("Lease", facts.lease.as_str())?),
    ];
    Context::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value)))
        .map_err(|error| error.to_string())
}

/// Makes Cedar's entities of ours.
pub(crate) struct Maker<'a> {
    pub types: &'a Types,
    pub names: &'a Names,
}

impl Maker<'_> {
    fn entity(
        &self,
        (kind, id): (&'static str, &str),
        attributes: HashMap<String, RestrictedExpression>,
        parents: HashSet<EntityUid>,
    ) -> Result<Entity, String> {
        let uid = self.types.uid(kind, id)?;
        Entity::new(uid, attributes, parents).map_err(|error| error.to_string())
    }

    pub(crate) fn person(&self, holder: &Holder) -> Result<Entity, String> {
        let person = &holder.person;
        let groups = holder.groups.iter().filter_map(|number| self.names.group_id(*number));
        let groups = groups.map(|id| self.types.uid("Group", id.as_str()));
        let attributes = HashMap::from([
            ("kind".to_owned(), self.types.value("Kind", person.kind.as_str())?),
            ("clearance".to_owned(), RestrictedExpression::new_long(person.clearance)),
        ]);
        self.entity(("Person", person.id.as_str()), attributes, groups.collect::<Result<_, _>>()?)
    }

    pub(crate) fn door(&self, placed: &PlacedDoor, class: ZoneClass) -> Result<Entity, String> {
        let zones = placed.into.iter().filter_map(|number| self.names.zone_id(*number));
        let zones = zones.map(|id| self.types.uid("Zone", id.as_str()));
        let attributes =
            HashMap::from([("class".to_owned(), self.types.value("Class", class.as_str())?)]);
        self.entity(("Door", placed.door.id.as_str()), attributes, zones.collect::<Result<_, _>>()?)
    }

    pub(crate) fn group(&self, people: &People, id: &GroupId) -> Result<Entity, String> {
        let parents = people.parents(id).iter().map(|id| self.types.uid("Group", id.as_str()));
        let parents = parents.collect::<Result<_, _>>()?;
        self.entity(("Group", id.as_str()), HashMap::new(), parents)
    }

    pub(crate) fn zone(&self, estate: &Estate, id: &ZoneId) -> Result<Entity, String> {
        let around = estate.around(id).skip(1).map(|z| self.types.uid("Zone", z.id.as_str()));
        self.entity(("Zone", id.as_str()), HashMap::new(), around.collect::<Result<_, _>>()?)
    }

    /// What a policy names, with all that is around it; nothing for what does not exist here.
    fn named(
        &self,
        people: &People,
        estate: &Estate,
        uid: &EntityUid,
    ) -> Result<Vec<Entity>, String> {
        let id: &str = uid.id().as_ref();
        Ok(match uid.type_name().to_string().as_str() {
            "Person" => match PersonId::parse(id).ok().and_then(|id| people.holder(&id)) {
                Some(holder) => vec![self.person(holder)?],
                None => Vec::new(),
            },
            "Door" => match DoorId::parse(id).ok().and_then(|id| estate.placed(&id)) {
                Some(placed) => vec![self.door(placed, estate.class_of(placed))?],
                None => Vec::new(),
            },
            "Group" => {
                let mut found = Vec::new();
                let mut next: Vec<GroupId> = GroupId::parse(id).into_iter().collect();
                while let Some(id) = next.pop() {
                    if found
                        .iter()
                        .any(|had: &Entity| *AsRef::<str>::as_ref(had.uid().id()) == *id.as_str())
                    {
                        continue;
                    }
                    found.push(self.group(people, &id)?);
                    next.extend(people.parents(&id).iter().cloned());
                }
                found
            }
            "Zone" => match ZoneId::parse(id).ok().filter(|id| estate.zone(id).is_some()) {
                Some(id) => vec![self.zone(estate, &id)?],
                None => Vec::new(),
            },
            // tidy: wildcard: kinds are text
            _ => Vec::new(),
        })
    }
}
