//! The columns of both tables, and rows turned into Arrow batches and back.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryBuilder, Int32Array, RecordBatch, StringArray, StringBuilder,
    TimestampNanosecondArray, UInt16Array, UInt32Array, UInt64Array,
};
use arrow::datatypes::{
    DataType, Field, Int32Type, Schema, SchemaRef, TimeUnit, TimestampNanosecondType, UInt16Type,
    UInt32Type, UInt64Type,
};
use model::{Fingerprint, Raw, SourceId, Timestamp};

use crate::catalogue::FileKind;
use crate::row::{LakeRow, RawRow, shared, trust_of, trust_word, wire_of, wire_word};

struct TextColumn {
    name: &'static str,
    needed: bool,
    has_bloom: bool,
    of: for<'a> fn(&'a LakeRow) -> Option<&'a str>,
}

const fn text(name: &'static str, of: for<'a> fn(&'a LakeRow) -> Option<&'a str>) -> TextColumn {
    TextColumn { name, needed: false, has_bloom: false, of }
}

const fn needed(name: &'static str, of: for<'a> fn(&'a LakeRow) -> Option<&'a str>) -> TextColumn {
    TextColumn { name, needed: true, has_bloom: false, of }
}

const fn sought(name: &'static str, of: for<'a> fn(&'a LakeRow) -> Option<&'a str>) -> TextColumn {
    TextColumn { name, needed: false, has_bloom: true, of }
}

fn id<T: AsRef<str>>(id: &Option<T>) -> Option<&str> {
    id.as_ref().map(AsRef::as_ref)
}

/// The text columns in the order of the schema, save `fingerprint`, which is computed.
static TEXTS: [TextColumn; 20] = [
    needed("source", |r| Some(r.source.as_str())),
    needed("mapping", |r| Some(r.mapping.as_str())),
    text("site", |r| id(&r.site)),
    sought("place", |r| id(&r.place)),
    text("zone", |r| id(&r.zone)),
    sought("person", |r| id(&r.person)),
    sought("src_ip", |r| r.src_ip.as_deref()),
    sought("dst_ip", |r| r.dst_ip.as_deref()),
    sought("device_ip", |r| r.device_ip.as_deref()),
    sought("src_asset", |r| id(&r.src_asset)),
    sought("dst_asset", |r| id(&r.dst_asset)),
    sought("device_asset", |r| id(&r.device_asset)),
    text("src_host", |r| r.src_host.as_deref()),
    text("dst_host", |r| r.dst_host.as_deref()),
    text("device_host", |r| r.device_host.as_deref()),
    sought("user_name", |r| r.user_name.as_deref()),
    sought("credential", |r| r.credential.as_deref()),
    text("door", |r| r.door.as_deref()),
    text("message", |r| r.message.as_deref()),
    needed("ocsf", |r| Some(r.ocsf.as_str())),
];

/// Columns of `events` with a bloom filter in every row group.
pub(crate) fn bloom_columns() -> impl Iterator<Item = &'static str> {
    TEXTS.iter().filter(|column| column.has_bloom).map(|column| column.name)
}

fn instant(name: &str) -> Field {
    let utc = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
    Field::new(name, utc, false)
}

static EVENTS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let mut fields = vec![
        instant("time"),
        instant("received_at"),
        Field::new("seq", DataType::UInt64, false),
        Field::new("part", DataType::UInt16, false),
        Field::new("class_uid", DataType::UInt32, false),
        Field::new("activity_id", DataType::Int32, true),
        Field::new("severity_id", DataType::Int32, true),
        Field::new("status_id", DataType::Int32, true),
    ];
    fields.extend(TEXTS.iter().map(|c| Field::new(c.name, DataType::Utf8, !c.needed)));
    let last = fields.len().saturating_sub(1);
    fields.insert(last, Field::new("fingerprint", DataType::Utf8, false));
    Arc::new(Schema::new(fields))
});

static RAW: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("seq", DataType::UInt64, false),
        instant("received_at"),
        Field::new("source", DataType::Utf8, false),
        Field::new("wire", DataType::Utf8, false),
        Field::new("listener", DataType::Utf8, false),
        Field::new("peer", DataType::Utf8, true),
        Field::new("topic", DataType::Utf8, true),
        Field::new("trust", DataType::Utf8, false),
        Field::new("bytes_cut", DataType::UInt64, false),
        Field::new("rerun_of", DataType::UInt64, true),
        Field::new("body", DataType::Binary, false),
    ]))
});

/// The columns of a table.
pub(crate) fn of(kind: FileKind) -> SchemaRef {
    match kind {
        FileKind::Events => Arc::clone(&EVENTS),
        FileKind::Raw => Arc::clone(&RAW),
    }
}

/// The columns that rows of a file are ordered by, all ascending.
pub(crate) fn order(kind: FileKind) -> &'static [&'static str] {
    match kind {
        FileKind::Events => &["time", "seq", "part"],
        FileKind::Raw => &["seq"],
    }
}

fn instants(times: impl Iterator<Item = Timestamp>) -> ArrayRef {
    let array = TimestampNanosecondArray::from_iter_values(times.map(Timestamp::nanos));
    Arc::new(array.with_timezone("UTC"))
}

fn texts<'a>(rows: usize, bytes: usize, of: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    let mut builder = StringBuilder::with_capacity(rows, bytes);
    for text in of {
        builder.append_option(text);
    }
    Arc::new(builder.finish())
}

/// Rows as one batch of the `events` table.
pub(crate) fn events(rows: &[LakeRow]) -> Result<RecordBatch, arrow::error::ArrowError> {
    let numbers = |of: fn(&LakeRow) -> Option<i32>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<Int32Array>())
    };
    let mut columns: Vec<ArrayRef> = vec![
        instants(rows.iter().map(|r| r.time)),
        instants(rows.iter().map(|r| r.received_at)),
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|r| r.seq))),
        Arc::new(UInt16Array::from_iter_values(rows.iter().map(|r| r.part))),
        Arc::new(UInt32Array::from_iter_values(rows.iter().map(|r| r.class_uid))),
        numbers(|r| r.activity_id),
        numbers(|r| r.severity_id),
        numbers(|r| r.status_id),
    ];
    for column in &TEXTS {
        let bytes = rows.iter().filter_map(column.of).map(str::len).sum();
        columns.push(texts(rows.len(), bytes, rows.iter().map(column.of)));
    }
    let mut prints = StringBuilder::with_capacity(rows.len(), rows.len().saturating_mul(32));
    for row in rows {
        prints.append_value(row.fingerprint.to_string());
    }
    let last = columns.len().saturating_sub(1);
    columns.insert(last, Arc::new(prints.finish()));
    RecordBatch::try_new(of(FileKind::Events), columns)
}

/// Raw records as one batch of the `raw` table.
pub(crate) fn raws(rows: &[RawRow]) -> Result<RecordBatch, arrow::error::ArrowError> {
    let text = |of: for<'a> fn(&'a Raw) -> Option<&'a str>| {
        texts(rows.len(), 0, rows.iter().map(move |r| of(&r.raw)))
    };
    let size = rows.iter().map(|r| r.raw.body.len()).sum();
    let mut bodies = BinaryBuilder::with_capacity(rows.len(), size);
    for row in rows {
        bodies.append_value(&row.raw.body);
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|r| r.seq))),
        instants(rows.iter().map(|r| r.raw.received_at)),
        text(|r| Some(r.source.as_str())),
        text(|r| Some(wire_word(r.wire))),
        text(|r| Some(&r.listener)),
        text(|r| r.peer.as_deref()),
        text(|r| r.topic.as_deref()),
        text(|r| Some(trust_word(r.trust))),
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|r| r.raw.bytes_cut))),
        Arc::new(rows.iter().map(|r| r.raw.rerun_of).collect::<UInt64Array>()),
        Arc::new(bodies.finish()),
    ];
    RecordBatch::try_new(of(FileKind::Raw), columns)
}

/// The raw record in one row of a batch with all columns of the `raw` table.
pub(crate) fn raw_at(batch: &RecordBatch, row: usize) -> Option<RawRow> {
    let cell = |name: &str| text_at(batch, name, row);
    let number = |name: &str| {
        let column = batch.column_by_name(name)?.as_primitive_opt::<UInt64Type>()?;
        (row < column.len() && column.is_valid(row)).then(|| column.value(row))
    };
    let bodies = batch.column_by_name("body")?.as_binary_opt::<i32>()?;
    let raw = Raw {
        source: SourceId::parse(cell("source")?).ok()?,
        received_at: time_at(batch, "received_at", row)?,
        wire: wire_of(cell("wire")?)?,
        listener: Arc::from(cell("listener")?),
        peer: shared(cell("peer")),
        topic: shared(cell("topic")),
        trust: trust_of(cell("trust")?)?,
        bytes_cut: number("bytes_cut")?,
        rerun_of: number("rerun_of"),
        body: (row < bodies.len()).then(|| bodies.value(row).to_vec())?,
    };
    Some(RawRow { seq: number("seq")?, raw: Arc::new(raw) })
}

/// A text cell; `None` when null, or when there is no such cell.
pub(crate) fn text_at<'a>(batch: &'a RecordBatch, name: &str, row: usize) -> Option<&'a str> {
    let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
    (row < column.len() && column.is_valid(row)).then(|| column.value(row))
}

/// A time cell.
pub(crate) fn time_at(batch: &RecordBatch, name: &str, row: usize) -> Option<Timestamp> {
    let column = batch.column_by_name(name)?.as_primitive_opt::<TimestampNanosecondType>()?;
    (row < column.len()).then(|| Timestamp::from_nanos(column.value(row)))
}

/// The sequence cell.
pub(crate) fn seq_at(batch: &RecordBatch, row: usize) -> Option<u64> {
    let column = batch.column_by_name("seq")?.as_primitive_opt::<UInt64Type>()?;
    (row < column.len()).then(|| column.value(row))
}

/// The part cell.
pub(crate) fn part_at(batch: &RecordBatch, row: usize) -> Option<u16> {
    let column = batch.column_by_name("part")?.as_primitive_opt::<UInt16Type>()?;
    (row < column.len()).then(|| column.value(row))
}

/// The class cell.
pub(crate) fn class_at(batch: &RecordBatch, row: usize) -> Option<u32> {
    let column = batch.column_by_name("class_uid")?.as_primitive_opt::<UInt32Type>()?;
    (row < column.len()).then(|| column.value(row))
}

/// The severity cell.
pub(crate) fn severity_at(batch: &RecordBatch, row: usize) -> Option<i32> {
    let column = batch.column_by_name("severity_id")?.as_primitive_opt::<Int32Type>()?;
    (row < column.len() && column.is_valid(row)).then(|| column.value(row))
}

/// The fingerprint cell.
pub(crate) fn fingerprint_at(batch: &RecordBatch, row: usize) -> Option<Fingerprint> {
    u128::from_str_radix(text_at(batch, "fingerprint", row)?, 16).ok().map(Fingerprint)
}

/// The activity cell.
pub(crate) fn activity_at(batch: &RecordBatch, row: usize) -> Option<i32> {
    let column = batch.column_by_name("activity_id")?.as_primitive_opt::<Int32Type>()?;
    (row < column.len() && column.is_valid(row)).then(|| column.value(row))
}

/// A time column, in nanoseconds.
pub(crate) fn times<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a [i64]> {
    let column = batch.column_by_name(name)?.as_primitive_opt::<TimestampNanosecondType>()?;
    Some(column.values())
}

/// The sequence column.
pub(crate) fn seqs(batch: &RecordBatch) -> Option<&[u64]> {
    Some(batch.column_by_name("seq")?.as_primitive_opt::<UInt64Type>()?.values())
}

/// The part column.
pub(crate) fn parts(batch: &RecordBatch) -> Option<&[u16]> {
    Some(batch.column_by_name("part")?.as_primitive_opt::<UInt16Type>()?.values())
}

/// The class column.
pub(crate) fn classes(batch: &RecordBatch) -> Option<&[u32]> {
    Some(batch.column_by_name("class_uid")?.as_primitive_opt::<UInt32Type>()?.values())
}

/// The site column.
pub(crate) fn sites(batch: &RecordBatch) -> Option<&StringArray> {
    batch.column_by_name("site")?.as_string_opt::<i32>()
}
