//! The list to hold at an assembly point: who is in, by zone, who may be, and a box for each.

use access::door::{Muster, MusterEntry, muster};
use codec::civil::LocalTime;
use codec::pdf::{Block, Cell, Collection, Column, Document, Edge, Table};
use model::{Organisation, Timestamp, ZoneId};
use sha2::{Digest as _, Sha256};

use super::shift::local;
use super::{Paper, PaperError};
use crate::engine::Engine;
use crate::warden;

/// People of one list; the rest is counted, and the list says so.
pub const MUSTER_ROWS_MAX: usize = 5_000;

/// What a list is made of.
struct List<'a> {
    org: &'a Organisation,
    zone: chrono_tz::Tz,
    area: &'a ZoneId,
    at: Timestamp,
}

impl Engine {
    /// Who is in an area and who may be, as a paper; none: there is no such area.
    pub async fn muster_paper(&self, area: &ZoneId, by: &str) -> Result<Option<Paper>, PaperError> {
        let snapshot = self.access.snapshot();
        if snapshot.estate().zone(area).is_none() {
            return Ok(None);
        }
        let found = muster(&snapshot, area);
        let knowledge = self.current.get();
        let org = &knowledge.org;
        let place = model::PlaceId::parse(area.as_str()).ok();
        let zone = place.and_then(|place| org.time_zone_of(&place).parse().ok());
        let at = self.now();
        let list = List { org, zone: zone.unwrap_or(chrono_tz::UTC), area, at };
        let document = list.document(&found);
        let bytes = tokio::task::block_in_place(|| codec::pdf::write(&document));
        let bytes = bytes.map_err(|error| PaperError::Invalid(error.to_string()))?;
        let wall = local(at, list.zone).format("%Y-%m-%d-%H%M");
        let paper = Paper::new(bytes, format!("muster-{area}-{wall}.pdf"));
        let detail = serde_json::json!({
            "inside": found.inside.len(), "possibly": found.possibly.len(),
            "sha256": paper.sha256,
        });
        let act = warden::audit(at, by, "muster.paper", &format!("zone:{area}"), detail);
        self.state.record_acts(&[act]).await?;
        Ok(Some(paper))
    }
}

impl List<'_> {
    fn document(&self, found: &Muster) -> Document {
        let wall = local(self.at, self.zone).format("%Y-%m-%d %H:%M:%S %Z").to_string();
        let title = format!("Who is inside: {}", self.place(self.area.as_str()));
        let count = format!(
            "{} known to be in, {} who may be, as of {wall}",
            found.inside.len(),
            found.possibly.len()
        );
        let mut blocks = vec![Block::Note(
            "Nobody is known to be out whose name stands here. Whoever may be in counts as in \
             until they were seen."
                .to_owned(),
        )];
        blocks.push(Block::Section("Known to be in".to_owned()));
        blocks.extend(self.people(&found.inside));
        blocks.push(Block::Section("Perhaps in".to_owned()));
        blocks.extend(self.people(&found.possibly));
        let told = format!("{count} {:?} {:?}", found.inside, found.possibly);
        Document {
            identity: Sha256::digest(told).into(),
            subtitle: count.clone(),
            language: "en".to_owned(),
            han: Collection::Cns1,
            made: LocalTime::utc(self.at.nanos()),
            producer: format!("Castellan {}", env!("CARGO_PKG_VERSION")),
            head: Edge { left: self.org.name.clone(), right: wall, below: title.clone() },
            foot: count,
            page_of: "Page {page} of {pages}".to_owned(),
            title,
            blocks,
        }
    }

    fn place(&self, id: &str) -> String {
        let place = model::PlaceId::parse(id).ok();
        let known = place.and_then(|place| self.org.places.get(&place)?.name.clone());
        known.unwrap_or_else(|| id.to_owned())
    }

    fn people(&self, entries: &[MusterEntry]) -> Vec<Block> {
        if entries.is_empty() {
            return vec![Block::Text("Nobody.".to_owned())];
        }
        let column = |title: &str, share| Column { title: title.to_owned(), share };
        let row = |entry: &MusterEntry| {
            let person = self.org.people.get(&entry.person);
            let name = person.map_or_else(|| entry.person.to_string(), |p| p.name.clone());
            let zone = entry.zone.as_ref().map(|zone| self.place(zone.as_str()));
            let since =
                entry.since.map(|at| local(at, self.zone).format("%m-%d %H:%M").to_string());
            vec![
                Cell::plain(""),
                Cell::strong(name),
                Cell::plain(zone.unwrap_or_else(|| "not known".to_owned())),
                Cell::plain(since.unwrap_or_default()),
                Cell::plain(entry.person.as_str()),
            ]
        };
        let table = Table {
            columns: vec![
                column("Seen", 2),
                column("Name", 8),
                column("Where", 6),
                column("Since", 4),
                column("Id", 4),
            ],
            rows: entries.iter().take(MUSTER_ROWS_MAX).map(row).collect(),
        };
        let mut blocks = vec![Block::Table(table)];
        if entries.len() > MUSTER_ROWS_MAX {
            let more = entries.len() - MUSTER_ROWS_MAX;
            blocks.push(Block::Text(format!("And {more} more, who find no room here.")));
        }
        blocks
    }
}
