//! One event as rules see it: exact names, the event's own nested data, OCSF, then enrichment.

use std::borrow::Cow;

use model::Event;
use model::enrichment::{
    CredentialState, EndpointView, Enrichment, PassageView, PlaceView, Presence, PresenceEvidence,
    PresenceState, UnknownWhy,
};
use model::spine::{PersonKind, PersonStatus, ZoneClass};
use model::value::{Object, Value};
use rsigma_eval::{Event as SigmaEvent, EventValue};

use crate::limits::NESTING_MAX;

/// What a field holds.
#[derive(Debug)]
pub(crate) enum Field<'a> {
    /// A value.
    Known(EventValue<'a>),
    /// Surely nothing.
    Absent,
    /// Something that presence cannot say; the text it has of its own, if it is `state` or `why`.
    Unknown(Option<&'a str>),
}

/// A borrowed event with its enrichment.
pub(crate) struct View<'a> {
    event: &'a Event,
    windows: Option<Windows<'a>>,
    unmapped: Option<&'a Object>,
    /// Whether presence is to be treated as unknown, its state included.
    mask: bool,
}

#[derive(Clone, Copy)]
struct Windows<'a> {
    data: Option<&'a Value>,
    system: Option<&'a Object>,
    user: Option<&'a Object>,
}

impl<'a> View<'a> {
    pub(crate) fn new(event: &'a Event) -> Self {
        let windows = event.ocsf.get("Event").and_then(Value::as_object).map(|own| Windows {
            data: own.get("EventData"),
            system: own.get("System").and_then(Value::as_object),
            user: own.get("UserData").and_then(Value::as_object),
        });
        let unmapped = event.ocsf.get("unmapped").and_then(Value::as_object);
        Self { event, windows, unmapped, mask: false }
    }

    /// The same event with all presence unknown.
    pub(crate) fn masked(event: &'a Event) -> Self {
        Self { mask: true, ..Self::new(event) }
    }

    pub(crate) fn is_masked(&self) -> bool {
        self.mask
    }

    /// What a field holds; presence may be unknown.
    pub(crate) fn field(&self, path: &str) -> Field<'a> {
        if let Some(value) = self.event.ocsf.get(path) {
            return Field::Known(sigma(value));
        }
        if let Some(ours) = path.strip_prefix("castellan.") {
            return self.ours(ours);
        }
        if let Some(windows) = &self.windows
            && let Some(value) = windows.get(path)
        {
            return Field::Known(value);
        }
        if path.contains('.')
            && let Some(value) = dotted(&self.event.ocsf, path)
        {
            return Field::Known(value);
        }
        if let Some(unmapped) = self.unmapped {
            if let Some(value) = unmapped.get(path) {
                return Field::Known(sigma(value));
            }
            if path.contains('.')
                && let Some(value) = dotted(unmapped, path)
            {
                return Field::Known(value);
            }
        }
        Field::Absent
    }

    /// A field as text, for grouping and sentences; unknown and absent are `None`.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        match self.field(path) {
            Field::Known(EventValue::Array(values)) => {
                let first = values.first()?;
                first.as_str().map(Cow::into_owned)
            }
            Field::Known(value) => value.as_str().map(Cow::into_owned),
            Field::Absent | Field::Unknown(_) => None,
        }
    }

    fn ours(&self, path: &str) -> Field<'a> {
        let text = |text: &'a str| Field::Known(EventValue::Str(Cow::Borrowed(text)));
        match path {
            "source" => return text(self.event.source.as_str()),
            "mapping" => return text(self.event.mapping.as_str()),
            "site" => {
                return self.event.site.as_ref().map_or(Field::Absent, |s| text(s.as_str()));
            }
            _ => {}
        }
        let Some(enrichment) = self.event.enrichment.as_deref() else {
            return Field::Absent;
        };
        let (head, rest) = path.split_once('.').unwrap_or((path, ""));
        match head {
            "person" => person(enrichment, rest),
            "presence" => self.presence(enrichment.presence.as_ref(), rest),
            "src" => self.endpoint(enrichment.src.as_ref(), rest),
            "dst" => self.endpoint(enrichment.dst.as_ref(), rest),
            "device" => self.endpoint(enrichment.device.as_ref(), rest),
            "place" => enrichment.place.as_ref().map_or(Field::Absent, |at| place(at, rest)),
            "credential" => match (enrichment.credential.as_ref(), rest) {
                (Some(credential), "id") => text(&credential.id),
                (Some(credential), "state") => text(credential_word(credential.state)),
                (Some(_) | None, _) => Field::Absent,
            },
            "passage" if rest.is_empty() => {
                enrichment.passage.map_or(Field::Absent, |passage| text(passage_word(passage)))
            }
            "time" => match rest {
                "earliest" => owned(enrichment.time.earliest.to_string()),
                "latest" => owned(enrichment.time.latest.to_string()),
                _ => Field::Absent,
            },
            "local" => match (enrichment.local, rest) {
                (Some(local), "hour") => Field::Known(EventValue::Int(local.hour.into())),
                (Some(local), "weekday") => Field::Known(EventValue::Int(local.weekday.into())),
                (Some(_) | None, _) => Field::Absent,
            },
            _ => Field::Absent,
        }
    }

    fn endpoint(&self, end: Option<&'a EndpointView>, rest: &str) -> Field<'a> {
        let Some(end) = end else { return Field::Absent };
        if let Some(rest) = rest.strip_prefix("owner.presence.") {
            return self.presence(end.owner.as_ref().map(|owner| &owner.presence), rest);
        }
        let id = match rest {
            "asset" => end.asset.as_ref().map(|id| id.as_str()),
            "kind" => end.kind.as_deref(),
            "place" => end.place.as_ref().map(|id| id.as_str()),
            "site" => end.site.as_ref().map(|id| id.as_str()),
            "zone" => end.zone.as_ref().map(|id| id.as_str()),
            "owner" | "owner.id" => end.owner.as_ref().map(|owner| owner.id.as_str()),
            _ => None,
        };
        id.map_or(Field::Absent, |id| Field::Known(EventValue::Str(Cow::Borrowed(id))))
    }

    fn presence(&self, presence: Option<&'a Presence>, rest: &str) -> Field<'a> {
        let Some(presence) = presence.filter(|_| !self.mask) else {
            return Field::Unknown(None);
        };
        if presence.state == PresenceState::Unknown {
            return Field::Unknown(match rest {
                "state" => Some("unknown"),
                "why" => presence.why.map(why_word),
                _ => None,
            });
        }
        let text = |text: &'a str| Field::Known(EventValue::Str(Cow::Borrowed(text)));
        let id = match rest {
            "state" if presence.state == PresenceState::In => return text("in"),
            "state" => return text("out"),
            "zone" => presence.zone.as_ref().map(|id| id.as_str()),
            "site" => presence.site.as_ref().map(|id| id.as_str()),
            "zone_class" => presence.zone_class.map(zone_class_word),
            "evidence" => presence.evidence.map(evidence_word),
            "since" => {
                return presence.since.map_or(Field::Absent, |at| owned(at.to_string()));
            }
            _ => None,
        };
        id.map_or(Field::Absent, text)
    }
}

fn owned(text: String) -> Field<'static> {
    Field::Known(EventValue::Str(Cow::Owned(text)))
}

fn person<'a>(enrichment: &'a Enrichment, rest: &str) -> Field<'a> {
    let view = enrichment.person_view.as_ref();
    let text = match rest {
        "" | "id" => enrichment.person.as_ref().map(|id| id.as_str()),
        "status" => view.map(|view| status_word(view.status)),
        "kind" => view.map(|view| kind_word(view.kind)),
        "team" => view.and_then(|view| view.team.as_deref()),
        _ => None,
    };
    text.map_or(Field::Absent, |text| Field::Known(EventValue::Str(Cow::Borrowed(text))))
}

fn place<'a>(at: &'a PlaceView, rest: &str) -> Field<'a> {
    let text = match rest {
        "" | "id" => Some(at.id.as_str()),
        "site" => at.site.as_ref().map(|id| id.as_str()),
        "zone" => at.zone.as_ref().map(|id| id.as_str()),
        "zone_class" => at.zone_class.map(zone_class_word),
        _ => None,
    };
    text.map_or(Field::Absent, |text| Field::Known(EventValue::Str(Cow::Borrowed(text))))
}

impl<'a> Windows<'a> {
    /// A name of the event log's own data: EventData, UserData's one child, or System.
    fn get(&self, name: &str) -> Option<EventValue<'a>> {
        let named = self.data.and_then(Value::as_object).and_then(|data| data.get(name));
        if let Some(value) = named {
            return Some(sigma(value));
        }
        if let Some(value) = self.data.and_then(|data| listed(data, name)) {
            return Some(value);
        }
        let user = || self.user?.values().find_map(|part| part.as_object()?.get(name));
        if let Some(value) = user() {
            return Some(sigma(value));
        }
        let system = self.system?;
        if let Some(value) = system.get(name) {
            return Some(sigma(inner(value)));
        }
        let (head, tail) = name.split_once('_')?;
        let attributes = system.get(head)?.get("#attributes")?;
        attributes.get(tail).map(sigma)
    }
}

/// A value as rsigma sees it: borrowed.
fn sigma(value: &Value) -> EventValue<'_> {
    match value {
        Value::Null => EventValue::Null,
        Value::Bool(truth) => EventValue::Bool(*truth),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => EventValue::Int(whole),
            None => EventValue::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => EventValue::Str(Cow::Borrowed(text)),
        Value::Array(values) => EventValue::Array(values.iter().map(sigma).collect()),
        Value::Object(object) => EventValue::Map(
            object.iter().map(|(name, value)| (Cow::Borrowed(name), sigma(value))).collect(),
        ),
    }
}

/// `{"#attributes": …, "#text": 4}` stands for 4.
fn inner(value: &Value) -> &Value {
    value.get("#text").unwrap_or(value)
}

/// `EventData` as `{"Data": [{"#attributes": {"Name": N}, "#text": V}, …]}`.
fn listed<'a>(data: &'a Value, name: &str) -> Option<EventValue<'a>> {
    let items = data.get("Data")?.as_array()?;
    let of_name = |item: &&Value| {
        item.get("#attributes").and_then(|a| a.get("Name")).and_then(Value::as_str) == Some(name)
    };
    items.iter().find(of_name).map(|item| sigma(inner(item)))
}

/// A dotted path; an array on the way means any of its members.
fn dotted<'a>(root: &'a Object, path: &str) -> Option<EventValue<'a>> {
    let (head, rest) = path.split_once('.')?;
    let mut found = Vec::new();
    collect(root.get(head)?, rest, NESTING_MAX, &mut found);
    match found.len() {
        0 => None,
        1 => found.pop(),
        _ => Some(EventValue::Array(found)),
    }
}

fn collect<'a>(value: &'a Value, path: &str, depth: usize, found: &mut Vec<EventValue<'a>>) {
    if depth == 0 {
        return;
    }
    match value {
        Value::Array(members) => {
            for member in members {
                collect(member, path, depth - 1, found);
            }
        }
        Value::Object(map) => {
            if let Some(value) = map.get(path) {
                found.push(sigma(value));
            } else if let Some((head, rest)) = path.split_once('.')
                && let Some(value) = map.get(head)
            {
                collect(value, rest, depth - 1, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl SigmaEvent for View<'_> {
    fn get_field(&self, path: &str) -> Option<EventValue<'_>> {
        match self.field(path) {
            Field::Known(value) => Some(value),
            Field::Absent | Field::Unknown(_) => None,
        }
    }

    fn any_string_value(&self, pred: &dyn Fn(&str) -> bool) -> bool {
        self.event.ocsf.values().any(|value| any_text(value, pred, NESTING_MAX))
    }

    fn all_string_values(&self) -> Vec<Cow<'_, str>> {
        let mut texts = Vec::new();
        for value in self.event.ocsf.values() {
            each_text(value, &mut |text| texts.push(Cow::Borrowed(text)), NESTING_MAX);
        }
        texts
    }

    fn visit_string_values(&self, visit: &mut dyn FnMut(&str)) {
        for value in self.event.ocsf.values() {
            each_text(value, &mut |text| visit(text), NESTING_MAX);
        }
    }

    fn to_json(&self) -> serde_json::Value {
        self.event.to_json()
    }
}

fn any_text(value: &Value, pred: &dyn Fn(&str) -> bool, depth: usize) -> bool {
    match value {
        Value::String(text) => pred(text),
        Value::Array(members) if depth > 0 => {
            members.iter().any(|member| any_text(member, pred, depth - 1))
        }
        Value::Object(map) if depth > 0 => map.values().any(|v| any_text(v, pred, depth - 1)),
        Value::Number(number) => pred(&number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

fn each_text<'a>(value: &'a Value, visit: &mut dyn FnMut(&'a str), depth: usize) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(members) if depth > 0 => {
            for member in members {
                each_text(member, visit, depth - 1);
            }
        }
        Value::Object(map) if depth > 0 => {
            for value in map.values() {
                each_text(value, visit, depth - 1);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {}
    }
}

fn status_word(status: PersonStatus) -> &'static str {
    match status {
        PersonStatus::Active => "active",
        PersonStatus::Suspended => "suspended",
        PersonStatus::Left => "left",
    }
}

fn kind_word(kind: PersonKind) -> &'static str {
    match kind {
        PersonKind::Employee => "employee",
        PersonKind::Contractor => "contractor",
        PersonKind::Visitor => "visitor",
        PersonKind::Service => "service",
    }
}

fn zone_class_word(class: ZoneClass) -> &'static str {
    match class {
        ZoneClass::Public => "public",
        ZoneClass::Transitional => "transitional",
        ZoneClass::Restricted => "restricted",
        ZoneClass::Critical => "critical",
        ZoneClass::Perimeter => "perimeter",
        ZoneClass::External => "external",
    }
}

fn credential_word(state: CredentialState) -> &'static str {
    match state {
        CredentialState::Current => "current",
        CredentialState::Replaced => "replaced",
        CredentialState::Revoked => "revoked",
        CredentialState::Expired => "expired",
        CredentialState::Unknown => "unknown",
    }
}

fn passage_word(passage: PassageView) -> &'static str {
    match passage {
        PassageView::Granted => "granted",
        PassageView::Taken => "taken",
        PassageView::Assumed => "assumed",
        PassageView::NotTaken => "not_taken",
    }
}

fn evidence_word(evidence: PresenceEvidence) -> &'static str {
    match evidence {
        PresenceEvidence::Granted => "granted",
        PresenceEvidence::Taken => "taken",
        PresenceEvidence::Sensor => "sensor",
    }
}

pub(crate) fn why_word(why: UnknownWhy) -> &'static str {
    match why {
        UnknownWhy::NeverSeen => "never_seen",
        UnknownWhy::Aged => "aged",
        UnknownWhy::Stale => "stale",
        UnknownWhy::Ambiguous => "ambiguous",
        UnknownWhy::Unwatched => "unwatched",
    }
}

/// Whether a field speaks of presence and so may be unknown.
pub(crate) fn speaks_of_presence(path: &str) -> bool {
    path.strip_prefix("castellan.")
        .is_some_and(|rest| rest.starts_with("presence.") || rest.contains(".owner.presence."))
}
