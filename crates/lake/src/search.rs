//! Search by what people ask for, newest first, page by page.

use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use model::{AssetId, Fingerprint, PersonId, PlaceId, SourceId, Timestamp};
use regex::RegexBuilder;

use crate::catalogue::FileEntry;
use crate::error::{LakeError, LimitKind};
use crate::lake::{Inner, Lake, Snapshot};
use crate::row::RawRow;
use crate::scan::OpenFile;
use crate::schema;
use crate::sift::{AnyOf, Seen, Sift, View};

/// Most rows of one page.
const PAGE_ROWS_MAX: usize = 10_000;
/// Longest text searched for, in bytes.
const TEXT_BYTES_MAX: usize = 1_024;

/// An event's place in the order of time; no two events share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    /// OCSF `time`.
    pub time: Timestamp,
    /// Journal sequence.
    pub seq: u64,
    /// Part of the record.
    pub part: u16,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.time.nanos(), self.seq, self.part)
    }
}

impl FromStr for Cursor {
    type Err = LakeError;

    fn from_str(text: &str) -> Result<Self, LakeError> {
        let read = || {
            let mut parts = text.splitn(3, '.');
            let time = Timestamp::from_nanos(parts.next()?.parse().ok()?);
            Some(Self { time, seq: parts.next()?.parse().ok()?, part: parts.next()?.parse().ok()? })
        };
        read().ok_or_else(|| LakeError::Refused {
            what: "this is not a cursor that an earlier page gave".to_owned(),
        })
    }
}

/// What to look for; every condition that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Not earlier than this.
    pub from: Option<Timestamp>,
    /// Earlier than this.
    pub to: Option<Timestamp>,
    /// The resolved actor.
    pub person: Option<PersonId>,
    /// Source, destination or device.
    pub asset: Option<AssetId>,
    /// The place, its zone or its site.
    pub place: Option<PlaceId>,
    /// Source, destination or device.
    pub ip: Option<String>,
    /// The user's name as the source wrote it.
    pub user: Option<String>,
    /// The credential that was presented.
    pub credential: Option<String>,
    /// Anywhere in the event's JSON, in any case; needs `from`.
    pub text: Option<String>,
    /// OCSF class.
    pub class: Option<u32>,
    /// Source.
    pub source: Option<SourceId>,
    /// Site.
    pub site: Option<PlaceId>,
    /// Rows of a page.
    pub limit: usize,
    /// Where the earlier page ended.
    pub before: Option<Cursor>,
}

/// One event found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its place in the order of time, and its identity.
    pub key: Cursor,
    /// When its record was received.
    pub received_at: Timestamp,
    /// OCSF class.
    pub class_uid: u32,
    /// OCSF severity.
    pub severity_id: Option<i32>,
    /// Whose record.
    pub source: String,
    /// Where it happened, else its source's site: the site whose people may see it.
    pub site: Option<PlaceId>,
    /// Its content identity.
    pub fingerprint: Fingerprint,
    /// The event as one JSON object.
    pub ocsf: String,
}

/// One page, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The events.
    pub events: Vec<Found>,
    /// Give this as `before` to go on; `None` when there is no more.
    pub next: Option<Cursor>,
}

pub(crate) const FOUND_COLUMNS: [&str; 10] = [
    "time",
    "received_at",
    "seq",
    "part",
    "class_uid",
    "severity_id",
    "source",
    "site",
    "fingerprint",
    "ocsf",
];

/// Where a hit lies.
#[derive(Debug, Clone, Copy)]
enum Spot {
    Memory { batch: usize, row: usize },
    File { file: usize, group: usize, row: usize },
}

/// What is still to be read. Ordered by time first: the heap gives the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Unit {
    time_max: i64,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// A file of the catalogue, not opened yet.
    File { index: usize },
    /// A row group of an opened file.
    Group { file: usize, group: usize },
}

impl Lake {
    /// One page of events, newest first, from files and memory at one instant.
    ///
    /// `time_max`: how long it may take. A page never repeats an event of an earlier one; events
    /// that arrive later but are older than the cursor's time are on a later page.
    pub async fn search(&self, search: &Search, time_max: Duration) -> Result<Page, LakeError> {
        self.search_as(search, time_max, None).await
    }

    /// The same for somebody who sees events as `view` shows them: what they look for must be found
    /// in what they see.
    pub async fn search_as(
        &self,
        search: &Search,
        time_max: Duration,
        view: Option<View>,
    ) -> Result<Page, LakeError> {
        let limit = search.limit.clamp(1, PAGE_ROWS_MAX);
        let mut sift = search.sift()?;
        if let Some(view) = view.filter(|_| search.asks_for_words()) {
            let words = search.words().map(pattern).collect::<Result<Vec<_>, _>>()?;
            // A user's name and a credential stand in the event itself.
            sift.text = sift.text.or_else(|| words.first().cloned());
            sift.seen = Some(Seen { view, wanted: words });
        }
        let snapshot = self.inner.snapshot(false)?;
        let run = self.inner.find(&snapshot, &sift, limit);
        tokio::time::timeout(time_max, run).await.unwrap_or_else(|_| {
            let allowed = format!("{} s", time_max.as_secs_f64());
            Err(LakeError::Limit { which: LimitKind::Time, allowed })
        })
    }

    /// The event made from part `part` of record `seq`.
    pub async fn event(&self, seq: u64, part: u16) -> Result<Option<Found>, LakeError> {
        let sift = Sift { key: Some((seq, part)), ..Sift::default() };
        let snapshot = self.inner.snapshot(false)?;
        let page = self.inner.find(&snapshot, &sift, 1).await?;
        Ok(page.events.into_iter().next())
    }

    /// The record with this sequence, as its source said it.
    pub async fn raw(&self, seq: u64) -> Result<Option<RawRow>, LakeError> {
        let snapshot = self.inner.snapshot(true)?;
        for batch in &snapshot.raws {
            for row in 0..batch.num_rows() {
                if schema::seq_at(batch, row) == Some(seq) {
                    return Ok(schema::raw_at(batch, row));
                }
            }
        }
        let spans = |file: &&Arc<FileEntry>| file.first_seq <= seq && seq <= file.last_seq;
        for entry in snapshot.catalogue.raw.iter().filter(spans) {
            if let Some(found) = self.inner.raw_in(entry, seq).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

impl Search {
    /// Whether it looks for words that may name somebody.
    pub fn asks_for_words(&self) -> bool {
        self.words().next().is_some()
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        [&self.text, &self.user, &self.credential].into_iter().flatten().map(String::as_str)
    }

    /// The same conditions as a condition in SQL over `events`.
    fn condition(&self) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let mut all = vec!["TRUE".to_owned()];
        let mut any = |columns: &[&str], value: Option<&str>| {
            let Some(value) = value.map(quoted) else { return };
            let each: Vec<String> = columns.iter().map(|c| format!("{c} = {value}")).collect();
            all.push(format!("({})", each.join(" OR ")));
        };
        any(&["person"], self.person.as_ref().map(PersonId::as_str));
        any(&["credential"], self.credential.as_deref());
        any(&["src_ip", "dst_ip", "device_ip"], self.ip.as_deref());
        any(&["user_name"], self.user.as_deref());
        any(&["src_asset", "dst_asset", "device_asset"], self.asset.as_ref().map(AssetId::as_str));
        any(&["place", "zone", "site"], self.place.as_ref().map(PlaceId::as_str));
        any(&["source"], self.source.as_ref().map(SourceId::as_str));
        any(&["site"], self.site.as_ref().map(PlaceId::as_str));
        all.extend(self.class.map(|class| format!("class_uid = {class}")));
        if let Some(text) = &self.text {
            let inside = serde_json::to_string(text).unwrap_or_default();
            let inside = inside.trim_matches('"').to_lowercase();
            all.push(format!("strpos(lower(ocsf), {}) > 0", quoted(&inside)));
        }
        all.join(" AND ")
    }

    /// SQL that counts what this search finds, by equal steps of time: columns `bucket` (from 0)
    /// and `events`. `step`: more than zero.
    pub fn histogram_sql(&self, from: Timestamp, to: Timestamp, step: Duration) -> String {
        let time = "CAST(time AS BIGINT)";
        let (from, to) = (from.nanos(), to.nanos());
        let step = step.as_nanos().max(1);
        format!(
            "SELECT ({time} - {from}) / {step} AS bucket, count(*) AS events FROM events \
             WHERE time >= to_timestamp_nanos({from}) AND time < to_timestamp_nanos({to}) \
             AND {} GROUP BY 1 ORDER BY 1",
            self.condition()
        )
    }

    fn sift(&self) -> Result<Sift, LakeError> {
        let text = match &self.text {
            Some(_) if self.from.is_none() => {
                let what = "a text search without a beginning; give `from`".to_owned();
                return Err(LakeError::Refused { what });
            }
            Some(text) if text.is_empty() || text.len() > TEXT_BYTES_MAX => {
                let what = format!("a text of {} bytes; give 1 to {TEXT_BYTES_MAX}", text.len());
                return Err(LakeError::Refused { what });
            }
            Some(text) => Some(pattern(text)?),
            None => None,
        };
        let mut equals = Vec::new();
        let mut ask = |columns: &'static [&'static str], value: Option<&str>| {
            if let Some(value) = value {
                equals.push(AnyOf { columns, value: value.to_owned() });
            }
        };
        ask(&["person"], self.person.as_ref().map(PersonId::as_str));
        ask(&["credential"], self.credential.as_deref());
        ask(&["src_ip", "dst_ip", "device_ip"], self.ip.as_deref());
        ask(&["user_name"], self.user.as_deref());
        ask(&["src_asset", "dst_asset", "device_asset"], self.asset.as_ref().map(AssetId::as_str));
        ask(&["place", "zone", "site"], self.place.as_ref().map(PlaceId::as_str));
        ask(&["source"], self.source.as_ref().map(SourceId::as_str));
        Ok(Sift {
            from: self.from.map(Timestamp::nanos),
            to: self.to.map(Timestamp::nanos),
            before: self.before,
            class: self.class,
            site: self.site.as_ref().map(|site| site.as_str().to_owned()),
            key: None,
            equals,
            text,
            seen: None,
        })
    }
}

/// The text as it stands inside a JSON string, in any case.
fn pattern(text: &str) -> Result<regex::Regex, LakeError> {
    let quoted = serde_json::to_string(text).map_err(LakeError::encode)?;
    let inside = quoted.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(&quoted);
    RegexBuilder::new(&regex::escape(inside))
        .case_insensitive(true)
        .build()
        .map_err(|error| LakeError::Refused { what: format!("this text: {error}") })
}

/// The newest hits seen so far, no more than are wanted.
struct Newest {
    wanted: usize,
    hits: BTreeMap<Cursor, Spot>,
}

impl Newest {
    fn keep(&mut self, key: Cursor, spot: Spot) {
        self.hits.insert(key, spot);
        if self.hits.len() > self.wanted {
            self.hits.pop_first();
        }
    }

    /// Whether nothing at or before `time_max` could still be among them.
    fn is_settled(&self, time_max: i64) -> bool {
        let oldest = self.hits.first_key_value().map(|(key, _)| key.time.nanos());
        self.hits.len() >= self.wanted && oldest.is_some_and(|oldest| oldest > time_max)
    }
}

impl Inner {
    async fn find(
        &self,
        snapshot: &Snapshot,
        sift: &Sift,
        limit: usize,
    ) -> Result<Page, LakeError> {
        // One more than a page tells whether there is another.
        let mut newest = Newest { wanted: limit.saturating_add(1), hits: BTreeMap::new() };
        for (batch, rows) in snapshot.events.iter().enumerate() {
            for (key, row) in sift.rows_of(rows).map_err(LakeError::encode)? {
                newest.keep(key, Spot::Memory { batch, row });
            }
        }
        let mut files: Vec<OpenFile> = Vec::new();
        let mut units: BinaryHeap<Unit> = BinaryHeap::new();
        for (index, entry) in snapshot.catalogue.events.iter().enumerate() {
            if sift.may_hold(entry) {
                let time_max = entry.time_max.nanos();
                units.push(Unit { time_max, what: What::File { index } });
            }
        }
        while let Some(Unit { time_max, what }) = units.pop() {
            if newest.is_settled(time_max) {
                break;
            }
            match what {
                What::File { index } => {
                    let Some(entry) = snapshot.catalogue.events.get(index) else {
                        continue;
                    };
                    let open = self.open_file(entry).await?;
                    let file = files.len();
                    for group in 0..open.group_count() {
                        let times = open.times(group);
                        if sift.may_hold_group(times, open.seqs(group)) {
                            let what = What::Group { file, group };
                            units.push(Unit { time_max: times.1, what });
                        }
                    }
                    files.push(open);
                }
                What::Group { file, group } => {
                    let Some(open) = files.get(file) else {
                        continue;
                    };
                    let wanted = newest.wanted;
                    for (key, row) in self.scan_group(open, group, sift, wanted).await? {
                        newest.keep(key, Spot::File { file, group, row });
                    }
                }
            }
        }
        self.page(snapshot, &files, newest.hits, limit).await
    }

    async fn page(
        &self,
        snapshot: &Snapshot,
        files: &[OpenFile],
        mut hits: BTreeMap<Cursor, Spot>,
        limit: usize,
    ) -> Result<Page, LakeError> {
        let has_more = hits.len() > limit;
        if has_more {
            hits.pop_first();
        }
        let next = has_more.then(|| hits.first_key_value().map(|(key, _)| *key)).flatten();
        let mut found: Vec<Found> = Vec::new();
        let mut by_group: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for spot in hits.values() {
            match spot {
                Spot::Memory { batch, row } => {
                    let batch = snapshot.events.get(*batch);
                    found.extend(batch.and_then(|batch| found_at(batch, *row)));
                }
                Spot::File { file, group, row } => {
                    by_group.entry((*file, *group)).or_default().push(*row);
                }
            }
        }
        for ((file, group), mut rows) in by_group {
            let Some(file) = files.get(file) else {
                continue;
            };
            rows.sort_unstable();
            for batch in self.read(file, group, &FOUND_COLUMNS, Some(&rows)).await? {
                found.extend((0..batch.num_rows()).filter_map(|row| found_at(&batch, row)));
            }
        }
        found.sort_by_key(|event| std::cmp::Reverse(event.key));
        Ok(Page { events: found, next })
    }

    async fn raw_in(&self, entry: &Arc<FileEntry>, seq: u64) -> Result<Option<RawRow>, LakeError> {
        let file = self.open_file(entry).await?;
        for group in 0..file.group_count() {
            if file.seqs(group).is_some_and(|(min, max)| seq < min || max < seq) {
                continue;
            }
            let batches = self.read(&file, group, &["seq"], None).await?;
            let seqs = batches
                .iter()
                .flat_map(|batch| (0..batch.num_rows()).map(|row| schema::seq_at(batch, row)));
            let Some(row) = seqs.zip(0..).find(|(s, _)| *s == Some(seq)).map(|(_, row)| row) else {
                continue;
            };
            let all = schema::of(crate::FileKind::Raw);
            let names: Vec<&str> = all.fields().iter().map(|f| f.name().as_str()).collect();
            let batches = self.read(&file, group, &names, Some(&[row])).await?;
            return Ok(batches.first().and_then(|batch| schema::raw_at(batch, 0)));
        }
        Ok(None)
    }
}

pub(crate) fn found_at(batch: &arrow::array::RecordBatch, row: usize) -> Option<Found> {
    let time = schema::time_at(batch, "time", row)?;
    let key = Cursor { time, seq: schema::seq_at(batch, row)?, part: schema::part_at(batch, row)? };
    Some(Found {
        key,
        received_at: schema::time_at(batch, "received_at", row)?,
        class_uid: schema::class_at(batch, row)?,
        severity_id: schema::severity_at(batch, row),
        source: schema::text_at(batch, "source", row)?.to_owned(),
        site: schema::text_at(batch, "site", row).and_then(|site| PlaceId::parse(site).ok()),
        fingerprint: schema::fingerprint_at(batch, row)?,
        ocsf: schema::text_at(batch, "ocsf", row)?.to_owned(),
    })
}
