//! An access control system that posts each event as CSV, header first.

use std::sync::Arc;

use model::{PlaceId, Timestamp};

use super::delayed;
use crate::record::{Channel, WireRecord};
use crate::roster::Roster;

const HEADER: &str = "time,badge,door,direction,result,reason";
/// From the reader to the system to us.
const DELAY_MS: i64 = 400;

/// One line of the log.
pub(crate) struct Row<'a> {
    pub at: Timestamp,
    pub badge: Option<&'a str>,
    pub result: &'a str,
    pub reason: &'a str,
}

/// The controller of a door says that it is there.
pub(crate) fn alive(roster: &Roster, door: &PlaceId, at: Timestamp) -> Option<WireRecord> {
    record(roster, door, true, &Row { at, badge: None, result: "alive", reason: "" })
}

/// `None` when the access control system does not know the door.
pub(crate) fn record(
    roster: &Roster,
    door: &PlaceId,
    inwards: bool,
    row: &Row<'_>,
) -> Option<WireRecord> {
    let device = roster.door(door)?;
    let zone = roster.zone_of_site(roster.site_of(door)?);
    let time = row.at.to_chrono().with_timezone(&zone).format("%Y-%m-%dT%H:%M:%S%:z");
    let direction = if inwards { "in" } else { "out" };
    let Row { badge, result, reason, .. } = row;
    let badge = badge.unwrap_or_default();
    let text = format!("{HEADER}\n{time},{badge},{},{direction},{result},{reason}\n", device.name);
    let channel = Channel::Http { source: Arc::from(device.source), content_type: "text/csv" };
    Some(WireRecord { at: delayed(row.at, DELAY_MS), channel, bytes: text.into_bytes() })
}
