//! Found events as a file to take along: one list of the columns that people read, for every form.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use arrow::array::{
    ArrayRef, Int32Array, RecordBatch, StringArray, TimestampNanosecondArray, UInt16Array,
    UInt32Array, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use model::{PlaceId, Timestamp};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::error::LakeError;
use crate::search::Found;
use crate::told::Told;

/// The key, in the file's metadata, of the reason why events were left out.
pub const CUT_KEY: &str = "castellan.cut";

/// Rows that are held before they are written out.
const GROUP_ROWS: usize = 16_384;

/// A column of what people take along.
pub struct Column {
    /// Its name.
    pub name: &'static str,
    kind: Kind,
    read: fn(&Line<'_>) -> Cell,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Time,
    Text,
    U64,
    U32,
    U16,
    I32,
}

enum Cell {
    Empty,
    Time(Timestamp),
    Number(i64),
    Text(String),
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Empty, Self::Text)
    }
}

impl From<Option<&str>> for Cell {
    fn from(text: Option<&str>) -> Self {
        text.map(str::to_owned).into()
    }
}

/// What whoever asks may call somebody or something: by kind (`person`, `place`, `asset`) and id.
pub type Names<'a> = &'a dyn Fn(&str, &str) -> Option<String>;

/// One event as the columns read it.
pub struct Line<'a> {
    found: &'a Found,
    told: Told,
    names: Names<'a>,
}

impl<'a> Line<'a> {
    /// Reads what people read of an event.
    pub fn new(found: &'a Found, names: Names<'a>) -> Self {
        Self { found, told: Told::of(found), names }
    }

    /// Its cells as text, in the order of [`COLUMNS`].
    pub fn cells(&self) -> impl Iterator<Item = String> {
        COLUMNS.iter().map(|column| match (column.read)(self) {
            Cell::Empty => String::new(),
            Cell::Time(time) => time.to_millis_text(),
            Cell::Number(number) => number.to_string(),
            Cell::Text(text) => text,
        })
    }

    fn name(&self, kind: &str, id: Option<&str>) -> Cell {
        id.and_then(|id| (self.names)(kind, id)).into()
    }
}

const fn text(name: &'static str, read: fn(&Line<'_>) -> Cell) -> Column {
    Column { name, kind: Kind::Text, read }
}

const fn number(name: &'static str, kind: Kind, read: fn(&Line<'_>) -> Cell) -> Column {
    Column { name, kind, read }
}

/// What people read of an event: when, what, who, where, which thing, from where to where; and by
/// which number the event is found again.
pub static COLUMNS: [Column; 31] = [
    number("time", Kind::Time, |line| Cell::Time(line.found.key.time)),
    text("what", |line| Cell::Text(line.told.what())),
    text("outcome", |line| line.told.outcome().into()),
    text("reason", |line| line.told.text(&["status_detail", "unmapped.reason"]).into()),
    text("person", |line| line.told.person().into()),
    text("person_name", |line| line.name("person", line.told.person())),
    text("account", |line| line.told.account().into()),
    text("badge", |line| line.told.text(&["castellan.credential.id", "credential.uid"]).into()),
    text("badge_state", |line| line.told.text(&["castellan.credential.state"]).into()),
    text("place", |line| line.told.place().into()),
    text("place_name", |line| line.name("place", line.told.place())),
    text("site", |line| line.found.site.as_ref().map(|site| site.as_str()).into()),
    text("site_name", |line| line.name("place", line.found.site.as_ref().map(PlaceId::as_str))),
    text("thing", |line| line.told.thing().into()),
    text("thing_name", |line| line.name("asset", line.told.thing())),
    text("host", |line| line.told.host().into()),
    text("src_ip", |line| line.told.text(&["src_endpoint.ip"]).into()),
    number("src_port", Kind::U16, |line| line.told.port("src_endpoint.port")),
    text("dst_ip", |line| line.told.text(&["dst_endpoint.ip"]).into()),
    number("dst_port", Kind::U16, |line| line.told.port("dst_endpoint.port")),
    text("dst_host", |line| line.told.dst_host().into()),
    text("reported_by", |line| line.told.reporter().into()),
    text("source", |line| Cell::Text(line.found.source.clone())),
    text("product", |line| line.told.text(&["metadata.product.name"]).into()),
    text("class", |line| line.told.class().into()),
    number("class_uid", Kind::U32, |line| Cell::Number(i64::from(line.found.class_uid))),
    text("severity", |line| line.told.severity().into()),
    number("severity_id", Kind::I32, |line| {
        line.found.severity_id.map_or(Cell::Empty, |id| Cell::Number(i64::from(id)))
    }),
    text("message", |line| line.told.text(&["message"]).into()),
    number("record", Kind::U64, |line| {
        i64::try_from(line.found.key.seq).map_or(Cell::Empty, Cell::Number)
    }),
    number("part", Kind::U16, |line| Cell::Number(i64::from(line.found.key.part))),
];

impl Told {
    fn port(&self, path: &str) -> Cell {
        self.number(path)
            .filter(|port| u16::try_from(*port).is_ok())
            .map_or(Cell::Empty, Cell::Number)
    }
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let field = |column: &Column| {
        let kind = match column.kind {
            Kind::Time => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
            Kind::Text => DataType::Utf8,
            Kind::U64 => DataType::UInt64,
            Kind::U32 => DataType::UInt32,
            Kind::U16 => DataType::UInt16,
            Kind::I32 => DataType::Int32,
        };
        Field::new(column.name, kind, true)
    };
    Arc::new(Schema::new(COLUMNS.iter().map(field).collect::<Vec<_>>()))
});

/// A file under way. What is ready of it is taken out piece by piece, so that its size costs no
/// memory.
pub struct Sheet {
    writer: ArrowWriter<Tray>,
    tray: Tray,
}

/// Where the writer puts bytes, and where they are taken from.
#[derive(Clone, Default)]
struct Tray(Arc<Mutex<Vec<u8>>>);

impl Tray {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Tray {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Sheet {
    /// An empty file.
    pub fn new() -> Result<Self, LakeError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).unwrap_or_default()))
            .set_created_by(format!("castellan {}", env!("CARGO_PKG_VERSION")))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        let tray = Tray::default();
        let writer = ArrowWriter::try_new(tray.clone(), Arc::clone(&SCHEMA), Some(properties))
            .map_err(LakeError::encode)?;
        Ok(Self { writer, tray })
    }

    /// Adds events; gives the bytes that are ready.
    pub fn add(&mut self, found: &[&Found], names: Names<'_>) -> Result<Vec<u8>, LakeError> {
        self.writer.write(&batch(found, names)?).map_err(LakeError::encode)?;
        Ok(self.tray.take())
    }

    /// Ends the file; gives its last bytes. `cut`: why events were left out, if any were.
    pub fn finish(mut self, cut: Option<&str>) -> Result<Vec<u8>, LakeError> {
        if let Some(cut) = cut {
            let line = KeyValue::new(CUT_KEY.to_owned(), cut.to_owned());
            self.writer.append_key_value_metadata(line);
        }
        self.writer.close().map_err(LakeError::encode)?;
        Ok(self.tray.take())
    }
}

fn batch(found: &[&Found], names: Names<'_>) -> Result<RecordBatch, LakeError> {
    let lines: Vec<Line<'_>> = found.iter().map(|found| Line::new(found, names)).collect();
    let array = |column: &Column| -> ArrayRef {
        let cells = lines.iter().map(column.read);
        match column.kind {
            Kind::Time => {
                let times = cells.map(|cell| match cell {
                    Cell::Time(time) => Some(time.nanos()),
                    Cell::Empty | Cell::Number(_) | Cell::Text(_) => None,
                });
                Arc::new(times.collect::<TimestampNanosecondArray>().with_timezone("UTC"))
            }
            Kind::Text => {
                let texts = cells.map(|cell| match cell {
                    Cell::Text(text) => Some(text),
                    Cell::Empty | Cell::Time(_) | Cell::Number(_) => None,
                });
                Arc::new(texts.collect::<StringArray>())
            }
            Kind::U64 => Arc::new(cells.map(whole::<u64>).collect::<UInt64Array>()),
            Kind::U32 => Arc::new(cells.map(whole::<u32>).collect::<UInt32Array>()),
            Kind::U16 => Arc::new(cells.map(whole::<u16>).collect::<UInt16Array>()),
            Kind::I32 => Arc::new(cells.map(whole::<i32>).collect::<Int32Array>()),
        }
    };
    let columns = COLUMNS.iter().map(array).collect();
    RecordBatch::try_new(Arc::clone(&SCHEMA), columns).map_err(LakeError::encode)
}

fn whole<T: TryFrom<i64>>(cell: Cell) -> Option<T> {
    match cell {
        Cell::Number(number) => T::try_from(number).ok(),
        Cell::Empty | Cell::Time(_) | Cell::Text(_) => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
    use arrow::array::{Array as _, AsArray};
    use arrow::datatypes::{Int32Type, TimestampNanosecondType, UInt64Type};
    use bytes::Bytes;
    use model::Timestamp;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;
    use crate::search::Cursor;

    fn event(seq: u64, ocsf: &str) -> Found {
        let time = Timestamp::from_nanos(1_795_341_600_123_456_789 - i64::try_from(seq).unwrap());
        Found {
            key: Cursor { time, seq, part: 1 },
            received_at: time,
            class_uid: 3_002,
            severity_id: seq.is_multiple_of(2).then_some(4),
            source: "doors".into(),
            site: None,
            fingerprint: model::Fingerprint(u128::from(seq)),
            ocsf: ocsf.into(),
        }
    }

    fn read(bytes: Vec<u8>) -> (Vec<RecordBatch>, Option<String>) {
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
        let keys = reader.metadata().file_metadata().key_value_metadata().cloned();
        let cut = keys.into_iter().flatten().find(|line| line.key == CUT_KEY);
        (reader.build().unwrap().map(Result::unwrap).collect(), cut.and_then(|line| line.value))
    }

    #[test]
    fn events_come_back_with_their_types_and_to_the_nanosecond() {
        let ocsf = r#"{"class_uid":3002,"activity_id":1,"status_id":1,"message":"=1+1",
            "src_endpoint":{"ip":"10.1.2.3","port":70000},"user":{"name":"a.b"},
            "castellan":{"person":"ana","place":{"id":"lab"},"src":{"asset":"lt-1"}}}"#;
        let events = [event(0, ocsf), event(1, "{}")];
        let mut sheet = Sheet::new().unwrap();
        let names = |kind: &str, id: &str| (kind != "person").then(|| format!("{kind} {id}"));
        let mut bytes = sheet.add(&events.iter().collect::<Vec<_>>(), &names).unwrap();
        bytes.extend(sheet.finish(None).unwrap());
        let (batches, cut) = read(bytes);
        assert_eq!((batches.len(), cut), (1, None));
        let batch = &batches[0];
        assert_eq!(batch.schema().fields(), SCHEMA.fields());
        let column = |name: &str| batch.column_by_name(name).unwrap();
        let times = column("time").as_primitive::<TimestampNanosecondType>();
        assert_eq!(times.value(0), 1_795_341_600_123_456_789);
        assert_eq!(column("record").as_primitive::<UInt64Type>().values(), &[0, 1]);
        let severity = column("severity_id").as_primitive::<Int32Type>();
        assert_eq!((severity.is_valid(0), severity.is_valid(1)), (true, false));
        let text = |name: &str| column(name).as_string::<i32>();
        for (name, said) in [
            ("what", "Signed in"),
            ("outcome", "success"),
            ("person", "ana"),
            ("account", "a.b"),
            ("place_name", "place lab"),
            ("thing_name", "asset lt-1"),
            ("src_ip", "10.1.2.3"),
            ("message", "=1+1"),
        ] {
            assert_eq!(text(name).value(0), said, "{name}");
        }
        assert!(text("person_name").is_null(0), "a name that may not be shown");
        assert!(column("src_port").is_null(0), "no port is 70000");
        assert!(text("message").is_null(1));
    }

    #[test]
    fn every_cell_of_a_line_stands_under_its_own_column() {
        let one = event(0, "{}");
        let line = Line::new(&one, &|_, _| None);
        let cells: Vec<String> = line.cells().collect();
        assert_eq!(cells.len(), COLUMNS.len());
        let at = |name: &str| &cells[COLUMNS.iter().position(|c| c.name == name).unwrap()];
        assert_eq!((at("source").as_str(), at("part").as_str()), ("doors", "1"));
        assert_eq!(at("time"), "2026-11-22T10:00:00.123Z", "every time of a column alike");
        let names: std::collections::BTreeSet<_> = COLUMNS.iter().map(|c| c.name).collect();
        assert_eq!(names.len(), COLUMNS.len(), "no name twice");
    }

    #[test]
    fn a_long_file_leaves_in_pieces_and_says_where_it_was_cut() {
        let mut sheet = Sheet::new().unwrap();
        let (mut bytes, mut held_most) = (Vec::new(), 0);
        for page in 0..60_u64 {
            let events: Vec<Found> =
                (0..1_000).map(|n| event(page * 1_000 + n, "{\"message\":\"m\"}")).collect();
            let piece = sheet.add(&events.iter().collect::<Vec<_>>(), &|_, _| None).unwrap();
            held_most = held_most.max(piece.len());
            bytes.extend(piece);
        }
        let before = bytes.len();
        bytes.extend(sheet.finish(Some("enough")).unwrap());
        assert!(before * 2 > bytes.len(), "most of it left before the end");
        let (batches, cut) = read(bytes);
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 60_000);
        assert_eq!(cut.as_deref(), Some("enough"));
    }

    #[test]
    fn an_empty_search_is_a_file_too() {
        let (batches, _) = read(Sheet::new().unwrap().finish(None).unwrap());
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
    }
}
