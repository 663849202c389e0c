//! `assets.csv`: what there is.

use model::ids::{AssetId, PersonId, PlaceId};
use model::spine::Asset;

use super::context::{Context, Place};
use crate::csvpos::{Row, Sheet, short};

const FILE: &str = "assets.csv";

/// Usual words of `kind`; the list is open.
const KINDS: [&str; 14] = [
    "workstation",
    "laptop",
    "phone",
    "server",
    "camera",
    "recorder",
    "reader",
    "controller",
    "sensor",
    "switch",
    "firewall",
    "access_point",
    "scanner",
    "lane",
];

/// Columns that must be there.
pub(crate) const REQUIRED: [&str; 2] = ["asset", "kind"];
/// Columns that may be.
pub(crate) const OPTIONAL: [&str; 9] =
    ["name", "place", "owner", "team", "make", "model", "firmware", "serial", "criticality"];

pub(super) fn read(context: &mut Context, text: Option<&str>) {
    let Some(text) = text else { return };
    let sheet = Sheet::read(FILE, text, &REQUIRED, &OPTIONAL);
    context.problems.extend(sheet.problems);
    for row in &sheet.rows {
        asset(context, row);
    }
}

fn asset(context: &mut Context, row: &Row<'_>) {
    let id = context.id(FILE, row, "asset", AssetId::parse);
    let kind = context.open_word(FILE, row, "kind", &KINDS);
    let place = context.id(FILE, row, "place", PlaceId::parse);
    let owner = context.id(FILE, row, "owner", PersonId::parse);
    let criticality = criticality(context, row);
    let Some(id) = id else { return };
    if let Some(first) = context.assets.get(&id) {
        let first = first.at;
        context.duplicate(FILE, row.position_of("asset"), id.as_str(), first);
        return;
    }
    let asset = Asset {
        id: id.clone(),
        kind: kind.unwrap_or_default(),
        name: row.text("name"),
        place,
        owner,
        team: row.text("team"),
        make: row.text("make"),
        model: row.text("model"),
        firmware: row.text("firmware"),
        serial: row.text("serial"),
        criticality,
    };
    context.keep(FILE, id.as_str(), row.extras());
    context.assets.insert(id.clone(), Place::of_row(row, &["place", "owner"]));
    context.organisation.assets.insert(id, asset);
}

fn criticality(context: &mut Context, row: &Row<'_>) -> Option<u8> {
    let cell = row.get("criticality")?;
    match cell.text.parse::<u8>() {
        Ok(number) if (1..=5).contains(&number) => Some(number),
        Ok(_) | Err(_) => {
            let found = short(&cell.text);
            let message =
                format!("`criticality`: found `{found}`, expected 1 (little) to 5 (vital)");
            context.error(FILE, Some(cell.at), "bad_value", message);
            None
        }
    }
}
