//! Who is who: the organisation as the products at its edges know it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Offset as _;
use chrono_tz::Tz;
use model::spine::{Identifier, ZoneClass};
use model::{AssetId, Entity, Organisation, PersonId, PlaceId, Timestamp};

use crate::paths;
use crate::script::{Script, ScriptError, Shift, Work};

/// A person as products know them.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub id: String,
    /// Display name, as an identity provider shows it.
    pub name: String,
    pub badge: String,
    pub account: String,
    pub email: String,
    /// The identity provider's own id.
    pub user_id: String,
    pub site: String,
    pub desk: Option<Machine>,
    /// An address at home, for days spent there.
    pub home_ip: String,
    /// Inside the firewall's tunnel.
    pub tunnel_ip: String,
}

impl Member {
    /// Scripts name people by id or by account.
    fn answers_to(&self, name: &str) -> bool {
        self.id == name || self.account == name
    }
}

/// A machine on the network.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub hostname: String,
    pub ip: String,
    pub site: String,
}

/// One person's working life.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub member: Member,
    pub shift: Shift,
    pub zone: PlaceId,
    pub outside: PlaceId,
    pub visits: Vec<PlaceId>,
    pub servers: Vec<Machine>,
}

/// What a door, camera or sensor is called by the product that reports it.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub name: String,
    /// The product's own id of it.
    pub uid: String,
    /// The source that reports it.
    pub source: String,
}

/// Everything that a day needs to know.
pub(crate) struct Roster {
    organisation: Organisation,
    /// By what each is called today, by kind of name.
    names: BTreeMap<Entity, BTreeMap<String, Identifier>>,
    pub jobs: Vec<Job>,
    members: BTreeMap<PersonId, Member>,
}

impl Roster {
    /// Reads the organisation; people in a story's cast have no ordinary days.
    pub(crate) fn new(organisation: &Organisation, script: &Script) -> Result<Self, ScriptError> {
        let mut roster = Self {
            organisation: organisation.clone(),
            names: names(organisation),
            jobs: vec![],
            members: BTreeMap::new(),
        };
        for (index, id) in organisation.people.keys().enumerate() {
            if let Some(member) = roster.read_member(id, index) {
                roster.members.insert(id.clone(), member);
            }
        }
        let cast: BTreeSet<&str> =
            script.stories.iter().flat_map(|story| story.cast.iter().map(String::as_str)).collect();
        let played = |member: &Member| cast.iter().any(|name| member.answers_to(name));
        let ordinary = roster.members.iter().filter(|(_, member)| !played(member));
        let ids: Vec<PersonId> = ordinary.map(|(id, _)| id.clone()).collect();
        for id in ids {
            if let Some(work) = roster.work_of(&id, script) {
                let job = roster.job(&id, work, script)?;
                roster.jobs.push(job);
            }
        }
        Ok(roster)
    }

    /// Whom a script means: a person by id, or by account, which reads better.
    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        let by_id = PersonId::parse(name).ok().and_then(|id| self.members.get(&id));
        by_id.or_else(|| self.members.values().find(|member| member.answers_to(name)))
    }

    pub(crate) fn zone_of_site(&self, site: &str) -> Tz {
        let place = PlaceId::parse(site).ok();
        let name = place.map(|place| self.organisation.time_zone_of(&place));
        name.and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC)
    }

    pub(crate) fn sites(&self) -> impl Iterator<Item = &str> {
        let site = |place: &&model::spine::Place| place.kind == model::spine::PlaceKind::Site;
        self.organisation.places.values().filter(site).map(|place| place.id.as_str())
    }

    /// How far the local times of sites lie from UTC at an instant, in seconds: least and most.
    pub(crate) fn offsets_at(&self, at: Timestamp) -> (i64, i64) {
        let offset = |site: &str| {
            let local = at.to_chrono().with_timezone(&self.zone_of_site(site));
            i64::from(local.offset().fix().local_minus_utc())
        };
        self.sites().map(offset).fold((0, 0), |(west, east), one| (west.min(one), east.max(one)))
    }

    pub(crate) fn way(&self, from: &PlaceId, to: &PlaceId) -> Vec<paths::Step> {
        paths::way(&self.organisation, from, to).unwrap_or_default()
    }

    pub(crate) fn place(&self, id: &str) -> Option<PlaceId> {
        let id = PlaceId::parse(id).ok()?;
        self.organisation.places.contains_key(&id).then_some(id)
    }

    pub(crate) fn site_of(&self, place: &PlaceId) -> Option<&str> {
        self.organisation.site_of(place).map(PlaceId::as_str)
    }

    /// What the access control system calls a door, and the source that speaks of it.
    pub(crate) fn door(&self, door: &PlaceId) -> Option<Device> {
        let site = self.site_of(door)?;
        let name = self.value("door", &Entity::Place(door.clone()))?;
        let source = format!("pacs-{site}");
        Some(Device { uid: door.to_string(), name: name.to_owned(), source })
    }

    /// The camera that looks at a door.
    /// Every door, in order of ids.
    pub(crate) fn doors(&self) -> impl Iterator<Item = &PlaceId> {
        self.organisation.doors.keys()
    }

    pub(crate) fn camera_at(&self, door: &PlaceId) -> Option<Device> {
        let looks = |asset: &&model::spine::Asset| {
            asset.kind == "camera" && asset.place.as_ref() == Some(door)
        };
        let id = &self.organisation.assets.values().find(looks)?.id;
        self.device("camera", id.as_str())
    }

    /// A camera or sensor by its asset id.
    pub(crate) fn device(&self, kind: &str, id: &str) -> Option<Device> {
        let asset = self.organisation.assets.get(&AssetId::parse(id).ok()?)?;
        let entity = Entity::Asset(asset.id.clone());
        let identifier = self.identifier(kind, &entity)?;
        let realm = identifier.realm.clone()?;
        let name = asset.name.clone().unwrap_or_else(|| asset.id.to_string());
        Some(Device { name, uid: identifier.value.clone(), source: realm })
    }

    /// A device's address on its network.
    pub(crate) fn mac(&self, id: &str) -> Option<String> {
        let id = AssetId::parse(id).ok()?;
        self.value("mac", &Entity::Asset(id)).map(str::to_owned)
    }

    pub(crate) fn has_source(&self, id: &str) -> bool {
        self.organisation.sources.keys().any(|source| source.as_str() == id)
    }

    pub(crate) fn machine(&self, id: &str) -> Option<Machine> {
        let asset = self.organisation.assets.get(&AssetId::parse(id).ok()?)?;
        let entity = Entity::Asset(asset.id.clone());
        // A laptop stands nowhere; it is at work where its owner is.
        let home = || asset.owner.as_ref().and_then(|id| self.organisation.people.get(id));
        let site = match &asset.place {
            Some(place) => self.site_of(place)?.to_owned(),
            None => home()?.site.as_ref()?.to_string(),
        };
        let hostname = self.value("hostname", &entity)?.to_owned();
        let ip = self.value("ip", &entity)?.to_owned();
        Some(Machine { hostname, ip, site })
    }

    /// A site's address towards the world.
    pub(crate) fn egress_ip(&self, site: &str) -> &str {
        let place = PlaceId::parse(site).ok().map(Entity::Place);
        place.and_then(|place| self.value("ip", &place)).unwrap_or("198.51.100.1")
    }

    /// A firewall's serial number.
    pub(crate) fn firewall_serial(&self, site: &str) -> &str {
        let asset = AssetId::parse(&format!("fw-{site}")).ok();
        let known = asset.and_then(|id| self.organisation.assets.get(&id));
        known.and_then(|asset| asset.serial.as_deref()).unwrap_or_default()
    }

    fn identifier(&self, kind: &str, entity: &Entity) -> Option<&Identifier> {
        self.names.get(entity)?.get(kind)
    }

    fn value(&self, kind: &str, entity: &Entity) -> Option<&str> {
        self.identifier(kind, entity).map(|known| known.value.as_str())
    }

    fn read_member(&self, id: &PersonId, index: usize) -> Option<Member> {
        let person = self.organisation.people.get(id)?;
        let entity = Entity::Person(id.clone());
        let text = |kind: &str| self.value(kind, &entity).unwrap_or_default().to_owned();
        let owned = |asset: &&model::spine::Asset| {
            asset.owner.as_ref() == Some(id)
                && matches!(asset.kind.as_str(), "workstation" | "laptop")
        };
        let desk = self.organisation.assets.values().find(owned);
        let number = index % 250 + 1;
        Some(Member {
            id: id.to_string(),
            name: person.name.clone(),
            badge: text("badge"),
            account: text("account"),
            email: text("email"),
            user_id: text("source_user"),
            site: person.site.as_ref()?.to_string(),
            desk: desk.and_then(|asset| self.machine(asset.id.as_str())),
            home_ip: format!("192.0.2.{number}"),
            tunnel_ip: format!("10.99.0.{number}"),
        })
    }

    /// What names the person goes before what names their team.
    fn work_of<'s>(&self, id: &PersonId, script: &'s Script) -> Option<&'s Work> {
        let person = self.organisation.people.get(id)?;
        if person.status != model::spine::PersonStatus::Active {
            return None;
        }
        let member = self.members.get(id)?;
        let named = |work: &&Work| work.people.iter().any(|name| member.answers_to(name));
        let at_site = |work: &Work| {
            work.site
                .as_deref()
                .is_none_or(|site| person.site.as_ref().is_some_and(|p| p.as_str() == site))
        };
        let by_team = |work: &&Work| {
            let team = person.team.as_deref().unwrap_or_default();
            work.teams.iter().any(|name| name == team) && at_site(work)
        };
        script.works.iter().find(named).or_else(|| script.works.iter().find(by_team))
    }

    fn job(&self, id: &PersonId, work: &Work, script: &Script) -> Result<Job, ScriptError> {
        let wrong = |what: String| ScriptError::new("timetable.toml", what);
        let place = |name: &String| {
            self.place(name).ok_or_else(|| wrong(format!("there is no place `{name}`")))
        };
        let member = self.members.get(id).cloned();
        let member = member.ok_or_else(|| wrong(format!("there is no person `{id}`")))?;
        let shift = script.shifts.iter().find(|shift| shift.id == work.shift).cloned();
        let shift = shift.ok_or_else(|| wrong(format!("there is no shift `{}`", work.shift)))?;
        let zone = place(&work.zone)?;
        let outside = self
            .outside(&zone)
            .ok_or_else(|| wrong(format!("no external zone at the site of `{zone}`")))?;
        let visits = work.visits.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        let server = |name: &String| {
            self.machine(name).ok_or_else(|| wrong(format!("there is no machine `{name}`")))
        };
        let servers = work.servers.iter().map(server).collect::<Result<Vec<_>, _>>()?;
        Ok(Job { member, shift, zone, outside, visits, servers })
    }

    fn outside(&self, zone: &PlaceId) -> Option<PlaceId> {
        let site = self.site_of(zone)?;
        let external = |place: &&model::spine::Place| {
            place.zone_class == Some(ZoneClass::External) && self.site_of(&place.id) == Some(site)
        };
        self.organisation.places.values().find(external).map(|place| place.id.clone())
    }
}

/// The first name of each kind that no other has replaced.
fn names(organisation: &Organisation) -> BTreeMap<Entity, BTreeMap<String, Identifier>> {
    let replaced: BTreeSet<(&Entity, &str, &str)> = organisation
        .identifiers
        .iter()
        .filter_map(|one| Some((&one.entity, one.kind.as_str(), one.replaces.as_deref()?)))
        .collect();
    let mut names: BTreeMap<Entity, BTreeMap<String, Identifier>> = BTreeMap::new();
    for one in &organisation.identifiers {
        if !replaced.contains(&(&one.entity, one.kind.as_str(), one.value.as_str())) {
            let of = names.entry(one.entity.clone()).or_default();
            of.entry(one.kind.clone()).or_insert_with(|| one.clone());
        }
    }
    names
}
