//! How cases are written.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model::raw::Trust;
use model::spine::{
    Asset, Door, Identifier, LATITUDE, LONGITUDE, PLACES_FILE, Person, PersonKind, PersonStatus,
    Place, PlaceKind, Source, Validity, WitnessOf, ZoneClass,
};
use model::time::parse_duration;
use model::value::{Object, Value};
use model::{
    AssetId, Entity, Event, Fingerprint, LogSource, MappingName, Organisation, PersonId, PlaceId,
    SourceId, SourceState, TenantId, Timestamp,
};
use serde::Deserialize;

/// One `.cases.yml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseFile {
    /// The rule's id; none where the file holds only an organisation.
    pub rule: Option<String>,
    #[serde(default)]
    pub organisation: OrganisationForm,
    #[serde(default)]
    pub cases: Vec<Case>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub name: String,
    pub expect: Expect,
    pub because: Option<String>,
    pub events: Vec<StepForm>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Expect {
    Match,
    Nothing,
    Undecided,
}

impl Expect {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Match => "a match",
            Self::Nothing => "nothing",
            Self::Undecided => "it undecided",
        }
    }
}

/// An event, or a source falling silent or speaking again.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepForm {
    /// RFC 3339, or a time of the day that all cases share.
    at: String,
    source: Option<String>,
    category: Option<String>,
    product: Option<String>,
    service: Option<String>,
    ocsf: Option<Object>,
    silent: Option<String>,
    heard: Option<String>,
    /// Again and again, so far apart.
    every: Option<String>,
    /// How often altogether.
    times: Option<u32>,
}

pub(super) enum Step {
    Event(Box<Event>),
    Source(SourceId, SourceState, Timestamp),
}

/// How often one event may be repeated.
const REPEATED_MAX: u32 = 10_000;
/// A Monday.
const DAY: &str = "2026-11-23";

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::from_rfc3339(text)
        .or_else(|| Timestamp::from_rfc3339(&format!("{DAY}T{text}Z")))
        .ok_or_else(|| format!("`{text}` is neither RFC 3339 nor a time such as 09:00:00"))
}

impl Case {
    /// Every step and when it is; with repetitions, in order of time.
    pub(super) fn steps(&self) -> Result<Vec<(Timestamp, &StepForm)>, String> {
        let mut steps = Vec::new();
        for step in &self.events {
            let (from, times) = (time(&step.at)?, step.times.unwrap_or(1));
            let every = step.every.as_deref().map(duration).transpose()?;
            if every.is_some() != step.times.is_some() || times > REPEATED_MAX {
                return Err(format!(
                    "`every` and `times` go together, as in `every: 1d, times: 30`; at most \
                     {REPEATED_MAX} times"
                ));
            }
            let gap = every.unwrap_or_default();
            steps.extend((0..times).map(|turn| (from.plus(gap * turn), step)));
        }
        if self.events.iter().any(|step| step.every.is_some()) {
            steps.sort_by_key(|(at, _)| *at);
        }
        Ok(steps)
    }
}

impl StepForm {
    pub(super) fn read(
        &self,
        (number, at): (u64, Timestamp),
        org: &Organisation,
    ) -> Result<Step, String> {
        for (source, state) in
            [(&self.silent, SourceState::Silent), (&self.heard, SourceState::Heard)]
        {
            if let Some(source) = source {
                return Ok(Step::Source(id(SourceId::parse(source))?, state, at));
            }
        }
        let Some(ocsf) = &self.ocsf else {
            return Err("an event needs `ocsf`, a source `silent` or `heard`".to_owned());
        };
        let source = id(SourceId::parse(self.source.as_deref().unwrap_or("case")))?;
        let class = ocsf.get("class_uid").and_then(Value::as_u64);
        let class = class.and_then(|uid| u32::try_from(uid).ok());
        let body = serde_json::to_vec(ocsf).unwrap_or_default();
        let known = org.sources.get(&source);
        let word = |word: &Option<String>| word.as_deref().map(Arc::from);
        let mapping = self.product.as_deref().unwrap_or("case");
        Ok(Step::Event(Box::new(Event {
            record: number,
            part: 0,
            fingerprint: Fingerprint::of(&source, &body, 0),
            mapping: id(MappingName::parse(mapping))?,
            site: known.and_then(|source| source.site.clone()),
            class_uid: class.ok_or("`ocsf` needs a `class_uid`")?,
            time: at,
            received_at: at,
            clock_offset_max: known.map_or(Duration::ZERO, |source| source.clock_offset_max),
            trust: Trust::Token,
            logsource: LogSource {
                category: word(&self.category),
                product: Some(mapping.into()),
                service: word(&self.service),
            },
            source,
            ocsf: ocsf.clone(),
            enrichment: None,
        })))
    }
}

fn id<T>(parsed: Result<T, model::ids::IdError>) -> Result<T, String> {
    parsed.map_err(|error| error.to_string())
}

/// An organisation in few words.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OrganisationForm {
    time_zone: Option<String>,
    places: BTreeMap<String, PlaceForm>,
    people: BTreeMap<String, PersonForm>,
    assets: BTreeMap<String, AssetForm>,
    doors: BTreeMap<String, DoorForm>,
    identifiers: Vec<IdentifierForm>,
    sources: BTreeMap<String, SourceForm>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceForm {
    kind: PlaceKind,
    parent: Option<String>,
    class: Option<ZoneClass>,
    dwell_max: Option<String>,
    time_zone: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonForm {
    #[serde(default = "active")]
    status: PersonStatus,
    #[serde(default = "employee")]
    kind: PersonKind,
    team: Option<String>,
    valid_to: Option<String>,
    /// Identifiers by kind.
    #[serde(default)]
    ids: BTreeMap<String, Vec<String>>,
}

fn active() -> PersonStatus {
    PersonStatus::Active
}

fn employee() -> PersonKind {
    PersonKind::Employee
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct AssetForm {
    kind: String,
    place: Option<String>,
    owner: Option<String>,
    #[serde(default)]
    ids: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct DoorForm {
    from: String,
    to: String,
    controller: Option<String>,
    reader_in: Option<String>,
    reader_out: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentifierForm {
    kind: String,
    value: String,
    entity: String,
    valid_from: Option<String>,
    valid_to: Option<String>,
    replaces: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceForm {
    site: Option<String>,
    #[serde(default)]
    witness_of: Vec<WitnessOf>,
    heartbeat: Option<String>,
    clock_offset_max: Option<String>,
}

impl OrganisationForm {
    /// This with another laid over it.
    pub(super) fn with(&self, over: &Self) -> Self {
        let mut all = self.clone();
        all.time_zone = over.time_zone.clone().or(all.time_zone);
        all.places.extend(over.places.clone());
        all.people.extend(over.people.clone());
        all.assets.extend(over.assets.clone());
        all.doors.extend(over.doors.clone());
        all.identifiers.extend(over.identifiers.clone());
        all.sources.extend(over.sources.clone());
        all
    }

    pub(super) fn build(&self) -> Result<Organisation, String> {
        let mut org = Organisation {
            tenant: id(TenantId::parse("main"))?,
            name: "Cases".to_owned(),
            time_zone: self.time_zone.clone().unwrap_or_else(|| "UTC".to_owned()),
            people: BTreeMap::new(),
            assets: BTreeMap::new(),
            places: BTreeMap::new(),
            identifiers: Vec::new(),
            doors: BTreeMap::new(),
            sources: BTreeMap::new(),
            extras: Default::default(),
        };
        for (name, form) in &self.places {
            let place = form.build(name)?;
            let stated = [(LATITUDE, form.latitude), (LONGITUDE, form.longitude)];
            let stated = stated
                .iter()
                .filter_map(|(key, value)| Some(((*key).to_owned(), (*value)?.to_string())));
            org.extras.insert((PLACES_FILE.to_owned(), name.clone()), stated.collect());
            org.places.insert(place.id.clone(), place);
        }
        for (name, form) in &self.people {
            let person = form.build(name)?;
            identify(&mut org, &format!("person:{name}"), &form.ids)?;
            org.people.insert(person.id.clone(), person);
        }
        for (name, form) in &self.assets {
            let asset = form.build(name)?;
            identify(&mut org, &format!("asset:{name}"), &form.ids)?;
            org.assets.insert(asset.id.clone(), asset);
        }
        for (name, form) in &self.doors {
            let door = form.build(name)?;
            org.doors.insert(door.door.clone(), door);
        }
        for form in &self.identifiers {
            let identifier = form.build()?;
            org.identifiers.push(identifier);
        }
        for (name, form) in &self.sources {
            let source = form.build(name)?;
            org.sources.insert(source.id.clone(), source);
        }
        Ok(org)
    }
}

fn identify(
    org: &mut Organisation,
    entity: &str,
    ids: &BTreeMap<String, Vec<String>>,
) -> Result<(), String> {
    for (kind, values) in ids {
        for value in values {
            org.identifiers.push(Identifier {
                kind: kind.clone(),
                value: value.clone(),
                entity: id(Entity::parse(entity))?,
                realm: None,
                validity: Validity::default(),
                replaces: None,
            });
        }
    }
    Ok(())
}

fn optional<T>(
    text: Option<&String>,
    parse: impl Fn(&str) -> Result<T, model::ids::IdError>,
) -> Result<Option<T>, String> {
    text.map(|text| id(parse(text))).transpose()
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| format!("`{text}` is no duration such as 10m"))
}

impl PlaceForm {
    fn build(&self, name: &str) -> Result<Place, String> {
        Ok(Place {
            id: id(PlaceId::parse(name))?,
            kind: self.kind,
            parent: optional(self.parent.as_ref(), PlaceId::parse)?,
            name: None,
            time_zone: self.time_zone.clone(),
            zone_class: self.class,
            capacity: None,
            dwell_max: self.dwell_max.as_deref().map(duration).transpose()?,
        })
    }
}

impl PersonForm {
    fn build(&self, name: &str) -> Result<Person, String> {
        Ok(Person {
            id: id(PersonId::parse(name))?,
            name: name.to_owned(),
            kind: self.kind,
            status: self.status,
            team: self.team.clone(),
            manager: None,
            site: None,
            validity: Validity { from: None, to: self.valid_to.as_deref().map(time).transpose()? },
        })
    }
}

impl AssetForm {
    fn build(&self, name: &str) -> Result<Asset, String> {
        Ok(Asset {
            id: id(AssetId::parse(name))?,
            kind: self.kind.clone(),
            name: None,
            place: optional(self.place.as_ref(), PlaceId::parse)?,
            owner: optional(self.owner.as_ref(), PersonId::parse)?,
            team: None,
            make: None,
            model: None,
            firmware: None,
            serial: None,
            criticality: None,
        })
    }
}

impl DoorForm {
    fn build(&self, name: &str) -> Result<Door, String> {
        Ok(Door {
            door: id(PlaceId::parse(name))?,
            from_zone: id(PlaceId::parse(&self.from))?,
            to_zone: id(PlaceId::parse(&self.to))?,
            controller: optional(self.controller.as_ref(), AssetId::parse)?,
            reader_in: optional(self.reader_in.as_ref(), AssetId::parse)?,
            reader_out: optional(self.reader_out.as_ref(), AssetId::parse)?,
            held_after: None,
            passage: model::spine::Passage::default(),
        })
    }
}

impl IdentifierForm {
    fn build(&self) -> Result<Identifier, String> {
        Ok(Identifier {
            kind: self.kind.clone(),
            value: self.value.clone(),
            entity: id(Entity::parse(&self.entity))?,
            realm: None,
            validity: Validity {
                from: self.valid_from.as_deref().map(time).transpose()?,
                to: self.valid_to.as_deref().map(time).transpose()?,
            },
            replaces: self.replaces.clone(),
        })
    }
}

impl SourceForm {
    fn build(&self, name: &str) -> Result<Source, String> {
        let mut source = Source::with_defaults(id(SourceId::parse(name))?);
        source.site = optional(self.site.as_ref(), PlaceId::parse)?;
        source.trust = Trust::Token;
        source.witness_of.clone_from(&self.witness_of);
        source.heartbeat = self.heartbeat.as_deref().map(duration).transpose()?;
        if let Some(bound) = &self.clock_offset_max {
            source.clock_offset_max = duration(bound)?;
        }
        Ok(source)
    }
}
