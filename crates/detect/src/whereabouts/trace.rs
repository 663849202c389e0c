//! Log-ons at things that stand somewhere: where an account was used.

use model::value::Value;
use model::{Event, PersonId, PlaceId, SourceId, Timestamp};

use super::{By, Named, Proof};
use crate::spine::{Resolution, ResolvedEndpoint};

/// SOURCE: OCSF 1.8.0, class Authentication.
pub const LOG_ON: u32 = 3_002;
/// Kinds of things that one sits or stands at, and that stay where they are.
const SEATS: [&str; 6] = ["workstation", "desktop", "console", "terminal", "kiosk", "scanner"];
/// SOURCE: OCSF 1.8.0, Authentication, `logon_type_id`: network, batch, OS service, network clear
/// text, new credentials, remote interactive, cached remote interactive.
const FROM_AFAR: [i64; 7] = [3, 4, 5, 8, 9, 10, 12];

/// One log-on of somebody at something that stands somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trace {
    pub time: Timestamp,
    pub source: SourceId,
    pub record: u64,
    pub place: PlaceId,
}

impl Trace {
    pub fn is(&self, named: &Named) -> bool {
        self.source == named.source && self.record == named.record
    }

    pub fn proof(&self) -> Proof {
        Proof {
            source: self.source.clone(),
            record: self.record,
            time: self.time,
            by: By::LogOn,
            at: Some(self.place.clone()),
            into: None,
        }
    }
}

/// The thing that somebody sat at: where a log-on came from, else, where it came from nowhere else,
/// what it was at.
pub(super) fn seat(found: &Resolution) -> Option<&ResolvedEndpoint> {
    let is_seat = |end: &&ResolvedEndpoint| {
        end.view.kind.as_deref().is_some_and(|kind| SEATS.contains(&kind))
    };
    if found.src.is_some() {
        return found.src.as_ref().filter(is_seat);
    }
    let ends = [&found.dst, &found.device];
    ends.into_iter().flatten().find(is_seat)
}

/// Where an event shows somebody's account to have been used; nothing for what failed, what came
/// from afar, and badges.
pub(super) fn of(event: &Event, found: &Resolution) -> Option<(PersonId, Trace)> {
    if event.class_uid != LOG_ON || event.text("service.name") == Some("physical access") {
        return None;
    }
    let number = |path: &str| event.get(path).and_then(Value::as_i64);
    let is_done = number("activity_id") == Some(1) && number("status_id") == Some(1);
    let is_afar = number("logon_type_id").is_some_and(|kind| FROM_AFAR.contains(&kind))
        || event.get("is_remote") == Some(&Value::Bool(true));
    // An address that nobody knows is somewhere else.
    let has_origin = event.text("src_endpoint.ip").is_some_and(|ip| !is_own(ip));
    // From afar is where it was to; where it came from, somebody sat.
    if !is_done || (found.src.is_none() && (is_afar || has_origin)) {
        return None;
    }
    let place = seat(found)?.view.place.clone()?;
    let person = found.person.clone()?;
    let trace =
        Trace { time: event.time, source: event.source.clone(), record: event.record, place };
    Some((person, trace))
}

fn is_own(ip: &str) -> bool {
    ip.starts_with("127.") || ip == "::1" || ip == "-"
}
