//! `doors.csv`: which zones a door joins, and what stands at it.

use std::time::Duration;

use model::ids::{AssetId, PlaceId};
use model::spine::{Door, Passage};

use super::context::{Context, Place};
use crate::csvpos::{Row, Sheet, short};

const FILE: &str = "doors.csv";

/// Columns that must be there.
pub(crate) const REQUIRED: [&str; 3] = ["door", "from_zone", "to_zone"];
/// Columns that may be.
pub(crate) const OPTIONAL: [&str; 5] =
    ["controller", "reader_in", "reader_out", "held_after_s", "passage"];

/// The words of `passage`.
pub(crate) const PASSAGES: [(&str, Passage); 2] =
    [("reported", Passage::Reported), ("assumed", Passage::Assumed)];

pub(super) fn read(context: &mut Context, text: Option<&str>) {
    let Some(text) = text else { return };
    let sheet = Sheet::read(FILE, text, &REQUIRED, &OPTIONAL);
    context.problems.extend(sheet.problems);
    for row in &sheet.rows {
        door(context, row);
    }
}

fn door(context: &mut Context, row: &Row<'_>) {
    let id = context.id(FILE, row, "door", PlaceId::parse);
    let from_zone = context.id(FILE, row, "from_zone", PlaceId::parse);
    let to_zone = context.id(FILE, row, "to_zone", PlaceId::parse);
    let controller = context.id(FILE, row, "controller", AssetId::parse);
    let reader_in = context.id(FILE, row, "reader_in", AssetId::parse);
    let reader_out = context.id(FILE, row, "reader_out", AssetId::parse);
    let held_after = held_after(context, row);
    let passage = context.word(FILE, row, "passage", &PASSAGES).unwrap_or_default();
    let (Some(door), Some(from_zone), Some(to_zone)) = (id, from_zone, to_zone) else {
        return;
    };
    if let Some(first) = context.doors.get(&door) {
        let first = first.at;
        context.duplicate(FILE, row.position_of("door"), door.as_str(), first);
        return;
    }
    context.keep(FILE, door.as_str(), row.extras());
    let fields = ["door", "from_zone", "to_zone", "controller", "reader_in", "reader_out"];
    context.doors.insert(door.clone(), Place::of_row(row, &fields));
    let entry = Door {
        door: door.clone(),
        from_zone,
        to_zone,
        controller,
        reader_in,
        reader_out,
        held_after,
        passage,
    };
    context.organisation.doors.insert(door, entry);
}

/// Seconds, with up to three decimals.
fn held_after(context: &mut Context, row: &Row<'_>) -> Option<Duration> {
    let cell = row.get("held_after_s")?;
    let read = || {
        let (whole, part) = cell.text.split_once('.').unwrap_or((&cell.text, ""));
        let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || part.len() > 3 || !is_number(whole) || !is_number(part) {
            return None;
        }
        let millis: u64 = format!("{part:0<3}").parse().ok()?;
        Some(Duration::from_millis(whole.parse::<u32>().map(u64::from).ok()? * 1_000 + millis))
    };
    let seconds = read();
    if seconds.is_none() {
        let found = short(&cell.text);
        let message =
            format!("`held_after_s`: found `{found}`, expected seconds such as 30 or 7.5");
        context.error(FILE, Some(cell.at), "bad_value", message);
    }
    seconds
}
