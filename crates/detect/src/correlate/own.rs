//! What our own kinds of correlation need of an event, beside what Sigma's need.

use model::enrichment::{CredentialState, EndpointView};
use model::spine::WitnessOf;
use model::value::Value;
use model::{AssetId, Event, PlaceId, SourceId};
use serde::{Deserialize, Serialize};

use crate::limits::{GEO_ERROR_M, HABIT_VALUE_BYTES_MAX};
use crate::rules::{Baseline, Conflict, Kind, RuleIndex, SeenAt, Travel, Unusual};
use crate::sigma::View;
use crate::spine::{Point, Spine, is_physical};

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Own {
    Sighting(Spot),
    Account(Account),
    Sample(Sample),
}

/// Where somebody was: at a place that we know, or at coordinates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Spot {
    Place(PlaceId),
    Point(Point),
}

/// What a witness says of a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub device: Option<AssetId>,
    pub count: u64,
}

/// What a habit is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub value: Option<String>,
    /// Hour of the week, from Monday's first.
    pub hour: Option<u8>,
    pub peer: Option<String>,
    /// Whether it is learned from, but not spoken of.
    pub is_mute: bool,
}

/// What is read.
pub(crate) struct Reading<'a> {
    pub event: &'a Event,
    pub view: &'a View<'a>,
    pub spine: &'a Spine,
    pub rule: RuleIndex,
    /// Whether an exception keeps it from being spoken of.
    pub is_mute: bool,
}

/// Why an event is of no use to a correlation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Useless {
    /// It lacks what would be compared.
    Valueless,
    /// A witness that depends on what it would contradict.
    Dependent,
}

impl Reading<'_> {
    /// What a kind of correlation needs of the event; `None` where it is one of Sigma's own.
    pub(crate) fn of(&self, kind: &Kind) -> Result<Option<Box<Own>>, Useless> {
        let own = match kind {
            Kind::Travel(travel) => Own::Sighting(self.spot(travel).ok_or(Useless::Valueless)?),
            Kind::Conflict(conflict) => Own::Account(self.account(conflict)?),
            Kind::Baseline(baseline) => Own::Sample(self.sample(baseline)?),
            Kind::EventCount { .. }
            | Kind::ValueCount { .. }
            | Kind::Sum { .. }
            | Kind::Temporal { .. }
            | Kind::Ordered
            | Kind::Absence { .. }
            | Kind::Whole { .. } => return Ok(None),
        };
        Ok(Some(Box::new(own)))
    }

    /// Where the event's person was. A badge that is not in force may be in anybody's hand.
    fn spot(&self, travel: &Travel) -> Option<Spot> {
        let enrichment = self.event.enrichment.as_deref()?;
        let credential = enrichment.credential.as_ref();
        if credential.is_some_and(|credential| credential.state != CredentialState::Current) {
            return None;
        }
        let at = travel.seen_at.get(&self.rule).copied().unwrap_or_else(|| self.usual_end());
        match at {
            SeenAt::Place => Some(Spot::Place(enrichment.place.as_ref()?.id.clone())),
            SeenAt::Device => fixed(enrichment.device.as_ref()),
            SeenAt::Dst => fixed(enrichment.dst.as_ref()),
            SeenAt::Src => match &enrichment.src {
                Some(src) if src.place.is_some() => fixed(Some(src)),
                Some(_) | None => self.located().map(Spot::Point),
            },
        }
    }

    fn usual_end(&self) -> SeenAt {
        let src = self.event.get("src_endpoint").and_then(Value::as_object);
        let names = |key: &str| src.and_then(|src| src.get(key)).and_then(Value::as_str);
        let is_remote = ["ip", "hostname", "mac", "uid"].iter().any(|key| {
            names(key).is_some_and(|name| !matches!(name, "" | "127.0.0.1" | "::1" | "localhost"))
        });
        if is_physical(self.event.class_uid) {
            SeenAt::Place
        } else if is_remote {
            SeenAt::Src
        } else {
            SeenAt::Device
        }
    }

    /// The coordinates that the event itself gives for where it came from.
    /// SOURCE: OCSF 1.8.0, objects `network_endpoint` and `location`.
    fn located(&self) -> Option<Point> {
        let location = self.event.get("src_endpoint.location").and_then(Value::as_object)?;
        let number = |key: &str| location.get(key).and_then(number_of);
        let pair = || {
            let pair = location.get("coordinates").and_then(Value::as_array)?;
            Some((number_of(pair.get(1)?)?, number_of(pair.first()?)?))
        };
        let (latitude, longitude) = number("lat").zip(number("long")).or_else(pair)?;
        let error = number("horizontal_accuracy").filter(|metres| *metres >= 0.0);
        let error_m = error.map_or(GEO_ERROR_M, |metres| metres.ceil() as u32);
        Point::new(latitude, longitude, error_m)
    }

    fn account(&self, conflict: &Conflict) -> Result<Account, Useless> {
        let device = self.device();
        if !conflict.against.contains(&self.rule) && self.is_dependent(conflict, device.as_ref()) {
            return Err(Useless::Dependent);
        }
        let count = match conflict.counts.get(&self.rule) {
            None => 1,
            Some(field) => {
                let text = self.view.text(field).ok_or(Useless::Valueless)?;
                let number: f64 = text.trim().parse().map_err(|_| Useless::Valueless)?;
                if !(0.0..=1e9).contains(&number) {
                    return Err(Useless::Valueless);
                }
                number as u64
            }
        };
        Ok(Account { device, count })
    }

    fn device(&self) -> Option<AssetId> {
        let enrichment = self.event.enrichment.as_deref()?;
        enrichment.device.as_ref()?.asset.clone()
    }

    /// Whether a witness is told by those whom it would contradict, or is wired to them.
    fn is_dependent(&self, conflict: &Conflict, device: Option<&AssetId>) -> bool {
        let place = self.event.enrichment.as_deref().and_then(|own| own.place.as_ref());
        let door = place.and_then(|place| self.spine.door(&place.id));
        let wired = door.is_some_and(|door| {
            let own = [&door.controller, &door.reader_in, &door.reader_out];
            device.is_some_and(|device| own.into_iter().flatten().any(|one| one == device))
        });
        wired || would_tell(self.spine, &self.event.source, &conflict.kinds_against())
    }

    fn sample(&self, baseline: &Baseline) -> Result<Sample, Useless> {
        let mut sample = Sample { value: None, hour: None, peer: None, is_mute: self.is_mute };
        sample.peer = baseline.peers.as_ref().and_then(|field| self.text(field));
        match &baseline.unusual {
            Unusual::First { fields } => {
                let mut joined = String::new();
                for field in fields {
                    joined.push_str(&self.text(field).ok_or(Useless::Valueless)?);
                    joined.push('\u{1f}');
                }
                sample.value = Some(joined);
            }
            Unusual::Hour { .. } => {
                let local = self.event.enrichment.as_deref().and_then(|own| own.local);
                let local = local.ok_or(Useless::Valueless)?;
                sample.hour = Some(local.weekday.saturating_sub(1) % 7 * 24 + local.hour % 24);
            }
            Unusual::Rate { .. } => {}
        }
        Ok(sample)
    }

    fn text(&self, field: &str) -> Option<String> {
        let mut text = self.view.text(field)?;
        let end = (0..=HABIT_VALUE_BYTES_MAX).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
        Some(text)
    }
}

fn number_of(value: &Value) -> Option<f64> {
    let text = || value.as_str().and_then(|text| text.trim().parse().ok());
    let number = value.as_number().and_then(|number| number.as_f64());
    number.or_else(text).filter(|number: &f64| number.is_finite())
}

/// Things that are carried about: where they stand says nothing.
const CARRIED: [&str; 5] = ["laptop", "phone", "tablet", "mobile", "badge"];

fn fixed(end: Option<&EndpointView>) -> Option<Spot> {
    let end = end?;
    let is_carried = end.kind.as_deref().is_some_and(|kind| CARRIED.contains(&kind));
    end.place.clone().filter(|_| !is_carried).map(Spot::Place)
}

/// Whether a source is one that would tell of something of these kinds.
fn would_tell(spine: &Spine, source: &SourceId, kinds: &[WitnessOf]) -> bool {
    let known = spine.organisation().sources.get(source);
    known.is_some_and(|source| source.witness_of.iter().any(|kind| kinds.contains(kind)))
}
