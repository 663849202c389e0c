//! What a search asks of a row, of a row group's statistics, and of a file's span.

use std::sync::Arc;

use arrow::array::{Array, BooleanArray, RecordBatch, Scalar, StringArray};
use arrow::compute::kernels::cmp::eq;
use arrow::compute::or_kleene;
use arrow::error::ArrowError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use regex::Regex;

use crate::catalogue::FileEntry;
use crate::schema;
use crate::search::Cursor;

/// One of several text columns equals a value.
#[derive(Debug, Clone)]
pub(crate) struct AnyOf {
    pub(crate) columns: &'static [&'static str],
    pub(crate) value: String,
}

/// Everything a row must satisfy.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sift {
    /// Nanoseconds, included.
    pub(crate) from: Option<i64>,
    /// Nanoseconds, excluded.
    pub(crate) to: Option<i64>,
    /// Only rows that come after this one, newest first.
    pub(crate) before: Option<Cursor>,
    pub(crate) class: Option<u32>,
    pub(crate) site: Option<String>,
    pub(crate) key: Option<(u64, u16)>,
    pub(crate) equals: Vec<AnyOf>,
    pub(crate) text: Option<Regex>,
    /// What must be found in the event as the asker sees it, too.
    pub(crate) seen: Option<Seen>,
}

/// An event's JSON as one asker sees it; `None`: as it is.
pub type View = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What is looked for, in what the asker sees: a hit in what is covered for them is none, so that
/// nobody learns by searching who stands behind a pseudonym.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) view: View,
    pub(crate) wanted: Vec<Regex>,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Seen({:?})", self.wanted)
    }
}

impl Seen {
    fn takes(&self, ocsf: &str) -> bool {
        let covered = (self.view)(ocsf);
        let shown = covered.as_deref().unwrap_or(ocsf);
        self.wanted.iter().all(|wanted| wanted.is_match(shown))
    }
}

/// What statistics say of a condition over a whole row group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Never,
    Perhaps,
    Always,
}

impl Sift {
    /// Whether a file can hold a row that passes.
    pub(crate) fn may_hold(&self, file: &FileEntry) -> bool {
        let (min, max) = (file.time_min.nanos(), file.time_max.nanos());
        let seq_fits = |(seq, _): (u64, u16)| file.first_seq <= seq && seq <= file.last_seq;
        self.window_meets(min, max)
            && self.class.is_none_or(|class| file.class_uid == Some(class))
            && self.site.as_deref().is_none_or(|site| {
                file.site.as_ref().is_some_and(|of_file| of_file.as_str() == site)
            })
            && self.key.is_none_or(seq_fits)
    }

    fn window_meets(&self, min: i64, max: i64) -> bool {
        self.from.is_none_or(|from| max >= from)
            && self.to.is_none_or(|to| min < to)
            && self.before.is_none_or(|before| min <= before.time.nanos())
    }

    /// Whether a row group can hold a row that passes, by time and sequence.
    pub(crate) fn may_hold_group(&self, time: (i64, i64), seq: Option<(u64, u64)>) -> bool {
        let seq_fits = match (self.key, seq) {
            (Some((wanted, _)), Some((min, max))) => min <= wanted && wanted <= max,
            (Some(_), None) | (None, Some(_) | None) => true,
        };
        self.window_meets(time.0, time.1) && seq_fits
    }

    /// Whether a row with this key passes all that is asked of keys.
    pub(crate) fn takes_key(&self, key: &Cursor) -> bool {
        let nanos = key.time.nanos();
        self.from.is_none_or(|from| nanos >= from)
            && self.to.is_none_or(|to| nanos < to)
            && self.before.as_ref().is_none_or(|before| key < before)
            && self.key.is_none_or(|wanted| wanted == (key.seq, key.part))
    }

    pub(crate) fn takes_text(&self, ocsf: &str) -> bool {
        self.text.as_ref().is_none_or(|text| text.is_match(ocsf))
            && self.seen.as_ref().is_none_or(|seen| seen.takes(ocsf))
    }

    /// The rows of a batch in memory that pass, each with its key.
    pub(crate) fn rows_of(&self, batch: &RecordBatch) -> Result<Vec<(Cursor, usize)>, ArrowError> {
        let mut masks = Vec::new();
        for any_of in &self.equals {
            masks.push(any_of.mask(batch)?);
        }
        let site = self.site.clone().map(|value| AnyOf { columns: &["site"], value });
        if let Some(site) = site {
            masks.push(site.mask(batch)?);
        }
        let is_set = |mask: &BooleanArray, row: usize| mask.is_valid(row) && mask.value(row);
        let passes = |(key, row): &(Cursor, usize)| {
            self.takes_key(key)
                && self.class.is_none_or(|class| schema::class_at(batch, *row) == Some(class))
                && masks.iter().all(|mask| is_set(mask, *row))
                && (self.text.is_none()
                    || schema::text_at(batch, "ocsf", *row).is_some_and(|t| self.takes_text(t)))
        };
        Ok(keys(batch).into_iter().zip(0..).filter(passes).collect())
    }
}

/// The keys of a batch's rows; empty when it lacks a key column.
pub(crate) fn keys(batch: &RecordBatch) -> Vec<Cursor> {
    let (Some(times), Some(seqs), Some(parts)) =
        (schema::times(batch, "time"), schema::seqs(batch), schema::parts(batch))
    else {
        return Vec::new();
    };
    let rows = times.iter().zip(seqs).zip(parts);
    rows.map(|((time, seq), part)| Cursor {
        time: model::Timestamp::from_nanos(*time),
        seq: *seq,
        part: *part,
    })
    .collect()
}

impl AnyOf {
    /// True where a row passes; null or false where it does not.
    pub(crate) fn mask(&self, batch: &RecordBatch) -> Result<BooleanArray, ArrowError> {
        let wanted = Scalar::new(StringArray::from(vec![self.value.as_str()]));
        let mut all: Option<BooleanArray> = None;
        for name in self.columns {
            let Some(column) = batch.column_by_name(name) else {
                continue;
            };
            let mask = eq(column, &wanted)?;
            all = Some(match all {
                Some(before) => or_kleene(&before, &mask)?,
                None => mask,
            });
        }
        Ok(all.unwrap_or_else(|| BooleanArray::new_null(batch.num_rows())))
    }

    /// The same of one column of a row group, by its statistics.
    pub(crate) fn verdict(&self, group: &RowGroupMetaData, column: usize) -> Verdict {
        let Some(Statistics::ByteArray(stats)) =
            group.columns().get(column).and_then(|chunk| chunk.statistics())
        else {
            return Verdict::Perhaps;
        };
        let rows = u64::try_from(group.num_rows()).unwrap_or(0);
        if stats.null_count_opt() == Some(rows) {
            return Verdict::Never;
        }
        let (Some(min), Some(max)) = (stats.min_bytes_opt(), stats.max_bytes_opt()) else {
            return Verdict::Perhaps;
        };
        let wanted = self.value.as_bytes();
        if wanted < min || wanted > max {
            return Verdict::Never;
        }
        let is_exact = stats.min_is_exact() && stats.max_is_exact();
        if is_exact && min == max && stats.null_count_opt() == Some(0) {
            return Verdict::Always;
        }
        Verdict::Perhaps
    }
}
