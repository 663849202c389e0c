//! Events that name people, looked through narrowly: who, what and when first, and whole only those
//! that the caller then picks.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use arrow::array::RecordBatch;
use model::{PersonId, Timestamp};

use crate::error::{LakeError, LimitKind};
use crate::lake::{Inner, Lake, Snapshot};
use crate::scan::OpenFile;
use crate::schema;
use crate::search::{Cursor, FOUND_COLUMNS, Found, found_at};

/// Which events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tracks {
    /// OCSF classes, from the first to before the second.
    pub classes: (u32, u32),
    /// Not earlier than this.
    pub from: Timestamp,
    /// Earlier than this.
    pub to: Timestamp,
    /// Most events that are looked at.
    pub rows_max: usize,
}

/// One event, as narrowly as it is first looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Track {
    /// Its place in the order of time, and its identity.
    pub key: Cursor,
    /// OCSF class.
    pub class_uid: u32,
    /// OCSF activity.
    pub activity_id: Option<i32>,
    /// Who did it: a place in the list of people beside it.
    pub person: usize,
    spot: Spot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    /// A file, or a batch in memory.
    unit: usize,
    /// `None` in memory.
    group: Option<usize>,
    row: usize,
}

const NARROW: [&str; 6] = ["time", "seq", "part", "class_uid", "activity_id", "person"];

impl Lake {
    /// Looks through the events that name a person, in no order, and gives those whole that `pick`
    /// names by their places in the list.
    ///
    /// `time_max`: how long it may take. More than `rows_max` events are refused, not cut.
    pub async fn tracks(
        &self,
        ask: &Tracks,
        time_max: Duration,
        pick: impl FnOnce(&[Track], &[PersonId]) -> Vec<usize> + Send,
    ) -> Result<Vec<Found>, LakeError> {
        let run = async {
            let snapshot = self.inner.snapshot(false)?;
            let mut look = Look { ask, people: People::default(), tracks: Vec::new() };
            for (unit, batch) in snapshot.events.iter().enumerate() {
                look.take(batch, |row| Spot { unit, group: None, row })?;
            }
            let files = self.inner.narrow_files(&snapshot, &mut look).await?;
            let picked = pick(&look.tracks, &look.people.ids);
            let spots = picked.iter().filter_map(|at| look.tracks.get(*at)).map(|one| one.spot);
            self.inner.whole(&snapshot, &files, spots.collect()).await
        };
        tokio::time::timeout(time_max, run).await.unwrap_or_else(|_| {
            let allowed = format!("{} s", time_max.as_secs_f64());
            Err(LakeError::Limit { which: LimitKind::Time, allowed })
        })
    }
}

/// People by a number each.
#[derive(Default)]
struct People {
    ids: Vec<PersonId>,
    numbers: HashMap<Box<str>, Option<usize>>,
}

impl People {
    fn number(&mut self, text: &str) -> Option<usize> {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = PersonId::parse(text).ok().map(|id| {
            self.ids.push(id);
            self.ids.len() - 1
        });
        self.numbers.insert(text.into(), number);
        number
    }
}

struct Look<'a> {
    ask: &'a Tracks,
    people: People,
    tracks: Vec<Track>,
}

impl Look<'_> {
    fn take(&mut self, batch: &RecordBatch, spot: impl Fn(usize) -> Spot) -> Result<(), LakeError> {
        for row in 0..batch.num_rows() {
            if let Some(track) = self.track(batch, row, spot(row)) {
                self.tracks.push(track);
            }
        }
        if self.tracks.len() > self.ask.rows_max {
            let allowed = format!("{} events", self.ask.rows_max);
            return Err(LakeError::Limit { which: LimitKind::Rows, allowed });
        }
        Ok(())
    }

    fn track(&mut self, batch: &RecordBatch, row: usize, spot: Spot) -> Option<Track> {
        let class_uid = schema::class_at(batch, row)?;
        let time = schema::time_at(batch, "time", row)?;
        let (first, end) = self.ask.classes;
        if !(first..end).contains(&class_uid) || time < self.ask.from || self.ask.to <= time {
            return None;
        }
        let person = self.people.number(schema::text_at(batch, "person", row)?)?;
        let (seq, part) = (schema::seq_at(batch, row)?, schema::part_at(batch, row)?);
        let activity_id = schema::activity_at(batch, row);
        Some(Track { key: Cursor { time, seq, part }, class_uid, activity_id, person, spot })
    }
}

impl Inner {
    async fn narrow_files(
        &self,
        snapshot: &Snapshot,
        look: &mut Look<'_>,
    ) -> Result<Vec<OpenFile>, LakeError> {
        let (first, end) = look.ask.classes;
        let (from, to) = (look.ask.from, look.ask.to);
        let mut files = Vec::new();
        for entry in &snapshot.catalogue.events {
            let is_asked = entry.class_uid.is_some_and(|class| (first..end).contains(&class))
                && entry.time_max >= from
                && entry.time_min < to;
            if !is_asked {
                continue;
            }
            let file = self.open_file(entry).await?;
            for group in 0..file.group_count() {
                let (earliest, latest) = file.times(group);
                if latest < from.nanos() || to.nanos() <= earliest {
                    continue;
                }
                let mut before = 0;
                for batch in self.read(&file, group, &NARROW, None).await? {
                    let unit = files.len();
                    look.take(&batch, |row| Spot { unit, group: Some(group), row: before + row })?;
                    before += batch.num_rows();
                }
            }
            files.push(file);
        }
        Ok(files)
    }

    async fn whole(
        &self,
        snapshot: &Snapshot,
        files: &[OpenFile],
        mut spots: Vec<Spot>,
    ) -> Result<Vec<Found>, LakeError> {
        spots.sort_unstable();
        spots.dedup();
        let mut found = Vec::with_capacity(spots.len());
        let mut by_group: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for spot in spots {
            match spot.group {
                None => {
                    let batch = snapshot.events.get(spot.unit);
                    found.extend(batch.and_then(|batch| found_at(batch, spot.row)));
                }
                Some(group) => by_group.entry((spot.unit, group)).or_default().push(spot.row),
            }
        }
        for ((file, group), rows) in by_group {
            let Some(file) = files.get(file) else { continue };
            for batch in self.read(file, group, &FOUND_COLUMNS, Some(&rows)).await? {
                found.extend((0..batch.num_rows()).filter_map(|row| found_at(&batch, row)));
            }
        }
        found.sort_by_key(|event| event.key);
        Ok(found)
    }
}
