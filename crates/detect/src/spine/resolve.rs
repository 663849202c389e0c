//! From OCSF paths to people, things and places (docs/guides/add-a-mapping.md, "Paths that the
//! spine resolves").

use std::cell::RefCell;

use model::enrichment::{
    CredentialState, CredentialView, EndpointView, PersonView, PlaceView, Unresolved,
};
use model::spine::PersonStatus;
use model::value::Object;
use model::{Entity, Event, PersonId, PlaceId, Timestamp};

use super::index::Asked;
use super::{Holder, Resolution, ResolvedEndpoint, Side, Spine};

/// OCSF Authentication.
const AUTHENTICATION: u32 = 3002;
const ACCOUNT_CHANGE: u32 = 3001;
/// The service that badges authenticate to, as mappings name it.
const PHYSICAL_ACCESS: &str = "physical access";

/// Physical security classes of the *physec* extension.
pub(crate) fn is_physical(class_uid: u32) -> bool {
    (4_230_000..4_240_000).contains(&class_uid)
}

/// Kinds tried for each attribute of a user, in order; the id itself is tried last.
const BADGE_KINDS: [&str; 4] = ["badge", "card", "mobile_credential", "plate"];
const UID_KINDS: [&str; 3] = ["source_user", "employee_number", "account"];
const NAME_KINDS: [&str; 4] = ["account", "source_user", "email", "employee_number"];
const EMAIL_KINDS: [&str; 2] = ["email", "account"];
const THING_KINDS: [&str; 6] = ["camera", "reader", "controller", "sensor", "serial", "asset"];

/// One identifier that an event carries, and what it meant at the event's own time.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LookUp {
    /// `badge`, `account`, `ip` …
    pub kind: String,
    /// Its value.
    pub value: String,
    /// Whom or what it named.
    pub entity: Entity,
    /// In which system's namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub realm: Option<String>,
    /// From when on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Timestamp>,
    /// Of a credential: whether it was in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<CredentialState>,
}

/// Which identifiers an event was resolved by.
pub(super) fn look_ups(spine: &Spine, event: &Event) -> Vec<LookUp> {
    let told = RefCell::new(Vec::new());
    look(spine, event, Some(&told));
    let mut told = told.into_inner();
    let mut seen = std::collections::HashSet::new();
    told.retain(|one: &LookUp| seen.insert((one.kind.clone(), one.value.clone())));
    told
}

pub(super) fn resolve(spine: &Spine, event: &Event) -> Resolution {
    look(spine, event, None)
}

fn look(spine: &Spine, event: &Event, told: Option<&RefCell<Vec<LookUp>>>) -> Resolution {
    let ask = Ask { spine, realm: spine.source_realm(&event.source), at: event.time, told };
    let mut found = Resolution::default();
    let physical = is_physical(event.class_uid);
    let user = match event.class_uid {
        AUTHENTICATION | ACCOUNT_CHANGE => object(&event.ocsf, "user"),
        _ => object(&event.ocsf, "actor").and_then(|actor| object(actor, "user")),
    };
    ask.credential(event, user, physical, &mut found);
    if let Some(user) = user {
        ask.person(user, &mut found);
    }
    for (name, slot) in [("src_endpoint", 0), ("dst_endpoint", 1), ("device", 2)] {
        let Some(endpoint) = object(&event.ocsf, name) else {
            continue;
        };
        let endpoint = ask.endpoint(endpoint, &mut found.unresolved);
        match slot {
            0 => found.src = endpoint,
            1 => found.dst = endpoint,
            _ => found.device = endpoint,
        }
    }
    ask.places(event, physical, &mut found);
    if is_badge_verdict(event) {
        found.unresolved.clear();
    }
    found.local = spine.local_time(found.place.as_ref().map(|place| &place.id), event);
    found.person_view = found.person.as_ref().and_then(|person| ask.view(person));
    found
}

/// The authentication that goes with a physical access: what nobody answers to has been told of the
/// access itself, and is one badge, not two.
fn is_badge_verdict(event: &Event) -> bool {
    event.class_uid == AUTHENTICATION && event.text("service.name") == Some(PHYSICAL_ACCESS)
}

fn object<'a>(parent: &'a Object, key: &str) -> Option<&'a Object> {
    parent.get(key)?.as_object()
}

fn text<'a>(parent: &'a Object, key: &str) -> Option<&'a str> {
    parent.get(key)?.as_str().filter(|text| !text.is_empty())
}

struct Ask<'a> {
    spine: &'a Spine,
    realm: Option<&'a str>,
    at: Timestamp,
    told: Option<&'a RefCell<Vec<LookUp>>>,
}

impl Ask<'_> {
    fn entity(&self, kinds: &[&str], value: &str) -> Option<&Entity> {
        let asked = Asked { realm: self.realm, value, at: self.at };
        if let Some(told) = self.told
            && let Some((kind, holder)) = self.spine.identifiers.holder_at(kinds, &asked)
        {
            told.borrow_mut().push(look_up((kind, value), holder, None));
        }
        self.spine.identifiers.at(kinds, &asked)
    }

    fn credential(
        &self,
        event: &Event,
        user: Option<&Object>,
        physical: bool,
        found: &mut Resolution,
    ) {
        let own = if physical {
            object(&event.ocsf, "credential").and_then(|credential| text(credential, "uid"))
        } else {
            None
        };
        let Some(value) = own.or_else(|| user.and_then(|user| text(user, "credential_uid"))) else {
            return;
        };
        let asked = Asked { realm: self.realm, value, at: self.at };
        let nearest = |kind: &&'static str| {
            self.spine.identifiers.nearest(kind, &asked).map(|holder| (*kind, holder))
        };
        let (kind, holder) = BADGE_KINDS.iter().find_map(nearest).unzip();
        let state = holder.map_or(CredentialState::Unknown, |holder| self.state(holder));
        if let (Some(told), Some(kind), Some(holder)) = (self.told, kind, holder) {
            told.borrow_mut().push(look_up((kind, value), holder, Some(state)));
        }
        found.credential = Some(CredentialView { id: value.to_owned(), state });
        match holder.map(|holder| &holder.entity) {
            Some(Entity::Person(person)) => found.person = Some(person.clone()),
            Some(Entity::Asset(_) | Entity::Place(_)) => {}
            None => found.unresolved.push(unresolved("badge", value)),
        }
    }

    fn state(&self, holder: &Holder) -> CredentialState {
        let left = match &holder.entity {
            Entity::Person(person) => {
                self.spine.status_at(person, self.at) == Some(PersonStatus::Left)
            }
            Entity::Asset(_) | Entity::Place(_) => false,
        };
        if left {
            CredentialState::Revoked
        } else if holder.replaced.iter().any(|by| by.holds_at(self.at)) {
            CredentialState::Replaced
        } else if holder.validity.holds_at(self.at) {
            CredentialState::Current
        } else {
            CredentialState::Expired
        }
    }

    fn person(&self, user: &Object, found: &mut Resolution) {
        let ways: [(&str, &[&str], &str); 3] = [
            ("uid", &UID_KINDS, "source_user"),
            ("name", &NAME_KINDS, "account"),
            ("email_addr", &EMAIL_KINDS, "email"),
        ];
        let mut missed = None;
        for (key, kinds, kind) in ways {
            if found.person.is_some() {
                return;
            }
            let Some(value) = text(user, key) else {
                continue;
            };
            found.person = self.person_by(kinds, value);
            if found.person.is_none() && missed.is_none() {
                missed = Some(unresolved(kind, value));
            }
        }
        if found.person.is_none() {
            found.unresolved.extend(missed);
        }
    }

    fn person_by(&self, kinds: &[&str], value: &str) -> Option<PersonId> {
        match self.entity(kinds, value) {
            Some(Entity::Person(person)) => return Some(person.clone()),
            Some(Entity::Asset(_) | Entity::Place(_)) | None => {}
        }
        if let Some((_, account)) = value.split_once('\\')
            && let Some(Entity::Person(person)) = self.entity(&["account"], account)
        {
            return Some(person.clone());
        }
        self.spine.people.get(value).cloned()
    }

    fn endpoint(&self, of: &Object, missed: &mut Vec<Unresolved>) -> Option<ResolvedEndpoint> {
        let mut first_missed = None;
        let ways: [(&str, &[&str], &str); 4] = [
            ("uid", &THING_KINDS, "serial"),
            ("mac", &["mac"], "mac"),
            ("hostname", &["hostname"], "hostname"),
            ("ip", &["ip"], "ip"),
        ];
        let mut entity = None;
        for (key, kinds, kind) in ways {
            let Some(value) = text(of, key) else { continue };
            entity = self.thing(kinds, value);
            if entity.is_some() {
                break;
            }
            first_missed.get_or_insert((kind, value));
        }
        let mut end = ResolvedEndpoint::default();
        match entity {
            Some(Entity::Asset(asset)) => {
                let known = self.spine.org.assets.get(&asset);
                end.view.place = known.and_then(|asset| asset.place.clone());
                end.owner = known.and_then(|asset| asset.owner.clone());
                end.view.kind = known.map(|asset| asset.kind.clone());
                end.view.asset = Some(asset);
            }
            Some(Entity::Place(place)) => end.view.place = Some(place),
            Some(Entity::Person(person)) => end.owner = Some(person),
            None => missed.extend(first_missed.map(|(kind, value)| unresolved(kind, value))),
        }
        if end.owner.is_none() {
            end.owner = object(of, "owner").and_then(|owner| {
                let mut one = Resolution::default();
                self.person(owner, &mut one);
                one.person
            });
        }
        self.place_endpoint(&mut end.view);
        let known = end.view != EndpointView::default() || end.owner.is_some();
        known.then_some(end)
    }

    fn place_endpoint(&self, view: &mut EndpointView) {
        let Some(facts) = view.place.as_ref().and_then(|place| self.spine.place(place)) else {
            return;
        };
        view.site = facts.site.clone();
        view.zone = facts.zone.clone();
    }

    fn thing(&self, kinds: &[&str], value: &str) -> Option<Entity> {
        if let Some(entity) = self.entity(kinds, value) {
            return Some(entity.clone());
        }
        if kinds == ["hostname"]
            && let Some((short, _)) = value.split_once('.')
            && let Some(entity) = self.entity(kinds, short)
        {
            return Some(entity.clone());
        }
        if kinds == ["ip"] {
            let asked = Asked { realm: self.realm, value, at: self.at };
            return self.spine.identifiers.range_of(&asked).cloned();
        }
        self.spine.assets.get(value).map(|asset| Entity::Asset(asset.clone()))
    }

    fn places(&self, event: &Event, physical: bool, found: &mut Resolution) {
        let portal = object(&event.ocsf, "portal");
        let is_zone = portal.and_then(|p| text(p, "portal_type")) == Some("zone");
        if let Some(portal) = portal.filter(|_| !is_zone) {
            let values = [text(portal, "uid"), text(portal, "name")];
            if let Some((door, side)) = values.iter().flatten().find_map(|v| self.door(v)) {
                (found.door, found.side) = (Some(door), side);
            }
            if found.door.is_none()
                && let Some(value) = values.iter().flatten().next()
            {
                found.unresolved.push(unresolved("door", value));
            }
        }
        if found.door.is_none() && event.text("service.name") == Some(PHYSICAL_ACCESS) {
            found.door = event.text("service.uid").and_then(|v| self.door(v)).map(|(door, _)| door);
        }
        let inner = portal.and_then(|portal| object(portal, "zone"));
        let zone = inner.or_else(|| object(&event.ocsf, "zone"));
        if let Some(value) = zone.and_then(|zone| text(zone, "uid").or_else(|| text(zone, "name")))
        {
            found.zone = self.place_by(&["zone"], value);
            if found.zone.is_none() {
                found.unresolved.push(unresolved("zone", value));
            }
        }
        let device = || found.device.as_ref().and_then(|device| device.view.place.clone());
        let target = || {
            let target = found.dst.as_ref().filter(|_| event.class_uid == AUTHENTICATION)?;
            target.view.place.clone()
        };
        let site = || event.site.clone().filter(|_| physical);
        let place = found.door.clone().or_else(|| found.zone.clone());
        let place = place.or_else(target).or_else(device).or_else(site);
        found.place = place.map(|place| self.place_view(place));
    }

    fn place_view(&self, id: PlaceId) -> PlaceView {
        let facts = self.spine.place(&id).cloned().unwrap_or_default();
        PlaceView { site: facts.site, zone: facts.zone, zone_class: facts.zone_class, id }
    }

    /// A door, by its own name or by a reader's; then the reader tells the side, too.
    fn door(&self, value: &str) -> Option<(PlaceId, Option<Side>)> {
        if let Some(place) = self.place_by(&["door"], value) {
            return Some((place, None));
        }
        match self.thing(&["reader", "controller"], value) {
            Some(Entity::Asset(asset)) => {
                self.spine.reader(&asset).map(|(door, side)| (door.clone(), Some(*side)))
            }
            Some(Entity::Place(place)) => Some((place, None)),
            Some(Entity::Person(_)) | None => None,
        }
    }

    fn place_by(&self, kinds: &[&str], value: &str) -> Option<PlaceId> {
        match self.entity(kinds, value) {
            Some(Entity::Place(place)) => Some(place.clone()),
            Some(Entity::Person(_) | Entity::Asset(_)) | None => {
                self.spine.places.get(value).cloned()
            }
        }
    }

    fn view(&self, person: &PersonId) -> Option<PersonView> {
        let known = self.spine.org.people.get(person)?;
        let status = self.spine.status_at(person, self.at)?;
        Some(PersonView { status, kind: known.kind, team: known.team.clone() })
    }
}

/// The side of a door that an event's own reader leads to, where the event names the reader.
pub(crate) fn side_of(spine: &Spine, found: &Resolution) -> Option<Side> {
    if found.side.is_some() {
        return found.side;
    }
    let reader = found.device.as_ref()?.view.asset.as_ref()?;
    let (door, side) = spine.reader(reader)?;
    (found.door.as_ref().is_none_or(|named| named == door)).then_some(*side)
}

fn unresolved(kind: &str, value: &str) -> Unresolved {
    Unresolved { kind: kind.to_owned(), value: value.to_owned() }
}

fn look_up((kind, value): (&str, &str), holder: &Holder, state: Option<CredentialState>) -> LookUp {
    LookUp {
        kind: kind.to_owned(),
        value: value.to_owned(),
        entity: holder.entity.clone(),
        realm: holder.realm.as_deref().map(str::to_owned),
        valid_from: holder.validity.from,
        valid_to: holder.validity.to,
        state,
    }
}
