//! The list to hold at an assembly point: who is in, by zone, who may be, and a box for each.

use access::door::{Muster, MusterEntry, muster};
use codec::civil::LocalTime;
use codec::pdf::{Block, Cell, Column, Document, Edge, Table};
use model::{Organisation, Timestamp, ZoneId};
use sha2::{Digest as _, Sha256};

use super::shift::local;
use super::texts::{Language, Texts};
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
    language: Language,
    texts: &'static Texts,
}

impl Engine {
    /// Who is in an area and who may be, as a paper; none: there is no such area. `language`: of
    /// its fixed texts.
    pub async fn muster_paper(
        &self,
        area: &ZoneId,
        language: Language,
        by: &str,
    ) -> Result<Option<Paper>, PaperError> {
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
        let (zone, texts) = (zone.unwrap_or(chrono_tz::UTC), language.texts());
        let list = List { org, zone, area, at, language, texts };
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
        let texts = self.texts;
        let title = texts.fill("muster_title", &[("area", &self.place(self.area.as_str()))]);
        let (inside, possibly) = (found.inside.len().to_string(), found.possibly.len().to_string());
        let filled = [("inside", &*inside), ("possibly", &*possibly), ("at", &*wall)];
        let count = texts.fill("muster_count", &filled);
        let mut blocks = vec![Block::Note(texts.get("muster_note").to_owned())];
        blocks.push(Block::Section(texts.get("muster_inside").to_owned()));
        blocks.extend(self.people(&found.inside));
        blocks.push(Block::Section(texts.get("muster_possibly").to_owned()));
        blocks.extend(self.people(&found.possibly));
        let told = format!("{count} {:?} {:?}", found.inside, found.possibly);
        Document {
            identity: Sha256::digest(told).into(),
            subtitle: count.clone(),
            language: self.language.tag().to_owned(),
            han: self.language.han(),
            made: LocalTime::utc(self.at.nanos()),
            producer: format!("Castellan {}", env!("CARGO_PKG_VERSION")),
            head: Edge { left: self.org.name.clone(), right: wall, below: title.clone() },
            foot: count,
            page_of: texts.get("page").to_owned(),
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
            return vec![Block::Text(self.texts.get("muster_nobody").to_owned())];
        }
        let column = |key, share| Column { title: self.texts.get(key).to_owned(), share };
        let row = |entry: &MusterEntry| {
            let person = self.org.people.get(&entry.person);
            let name = person.map_or_else(|| entry.person.to_string(), |p| p.name.clone());
            let zone = entry.zone.as_ref().map(|zone| self.place(zone.as_str()));
            let since =
                entry.since.map(|at| local(at, self.zone).format("%m-%d %H:%M").to_string());
            vec![
                Cell::plain(""),
                Cell::strong(name),
                Cell::plain(zone.unwrap_or_else(|| self.texts.get("muster_unknown").to_owned())),
                Cell::plain(since.unwrap_or_default()),
                Cell::plain(entry.person.as_str()),
            ]
        };
        let table = Table {
            columns: vec![
                column("col_seen", 2),
                column("col_name", 8),
                column("col_zone", 6),
                column("col_since", 4),
                column("col_id", 4),
            ],
            rows: entries.iter().take(MUSTER_ROWS_MAX).map(row).collect(),
        };
        let mut blocks = vec![Block::Table(table)];
        if entries.len() > MUSTER_ROWS_MAX {
            let more = (entries.len() - MUSTER_ROWS_MAX).to_string();
            blocks.push(Block::Text(self.texts.fill("muster_more", &[("n", &more)])));
        }
        blocks
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use model::PersonId;

    use super::*;

    fn paper(language: Language) -> String {
        let org = crate::knowledge::empty_organisation().unwrap();
        let area = ZoneId::parse("hall").unwrap();
        let at = Timestamp::from_rfc3339("2026-11-23T21:00:00Z").unwrap();
        let person = PersonId::parse("ana").unwrap();
        let entry = MusterEntry { person, zone: None, since: None };
        let found = Muster { inside: Vec::new(), possibly: vec![entry] };
        let (zone, texts) = (chrono_tz::UTC, language.texts());
        let list = List { org: &org, zone, area: &area, at, language, texts };
        let document = list.document(&found);
        assert_eq!(document.language, language.tag());
        format!("{} {} {:?}", document.title, document.subtitle, document.blocks)
    }

    #[test]
    fn a_list_speaks_the_language_that_was_asked_for() {
        for (language, words) in [
            (Language::En, ["Who is inside: hall", "1 who may be", "Nobody.", "not known"]),
            (Language::Nl, ["Wie is er binnen: hall", "1 mogelijk", "Niemand.", "onbekend"]),
            (Language::ZhHant, ["在內人員：hall", "可能在內 1 人", "無。", "不明"]),
        ] {
            let told = paper(language);
            for word in words {
                assert!(told.contains(word), "{word}: {told}");
            }
        }
    }
}
