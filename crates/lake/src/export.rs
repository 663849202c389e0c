//! Found events as a Parquet file to take along: the columns that people read, with real types.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use arrow::array::{
    ArrayRef, Int32Array, RecordBatch, StringArray, TimestampNanosecondArray, UInt16Array,
    UInt32Array, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::error::LakeError;
use crate::search::Found;

/// The key, in the file's metadata, of the reason why events were left out.
pub const CUT_KEY: &str = "castellan.cut";

/// Rows that are held before they are written out.
const GROUP_ROWS: usize = 16_384;

/// What people read of an event, beside its own columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// The resolved actor.
    pub person: Option<String>,
    /// Where it happened.
    pub place: Option<String>,
    /// OCSF `message`.
    pub message: Option<String>,
}

impl Found {
    /// Reads what people read of it.
    pub fn told(&self) -> Told {
        let event: serde_json::Value = serde_json::from_str(&self.ocsf).unwrap_or_default();
        let text = |path: &str| event.pointer(path)?.as_str().map(str::to_owned);
        Told {
            person: text("/castellan/person"),
            place: text("/castellan/place/id"),
            message: text("/message"),
        }
    }
}

static COLUMNS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let utc = || DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new("time", utc(), false),
        Field::new("record", DataType::UInt64, false),
        Field::new("part", DataType::UInt16, false),
        Field::new("source", DataType::Utf8, false),
        Field::new("class_uid", DataType::UInt32, false),
        Field::new("severity_id", DataType::Int32, true),
        Field::new("person", DataType::Utf8, true),
        Field::new("place", DataType::Utf8, true),
        Field::new("message", DataType::Utf8, true),
    ]))
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
        let writer = ArrowWriter::try_new(tray.clone(), Arc::clone(&COLUMNS), Some(properties))
            .map_err(LakeError::encode)?;
        Ok(Self { writer, tray })
    }

    /// Adds events; gives the bytes that are ready.
    pub fn add(&mut self, found: &[&Found]) -> Result<Vec<u8>, LakeError> {
        self.writer.write(&batch(found)?).map_err(LakeError::encode)?;
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

fn batch(found: &[&Found]) -> Result<RecordBatch, LakeError> {
    let told: Vec<Told> = found.iter().map(|event| event.told()).collect();
    let texts = |of: fn(&Told) -> Option<&str>| -> ArrayRef {
        Arc::new(told.iter().map(of).collect::<StringArray>())
    };
    let times = found.iter().map(|event| event.key.time.nanos());
    let sources = found.iter().map(|event| Some(event.source.as_str()));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(TimestampNanosecondArray::from_iter_values(times).with_timezone("UTC")),
        Arc::new(UInt64Array::from_iter_values(found.iter().map(|event| event.key.seq))),
        Arc::new(UInt16Array::from_iter_values(found.iter().map(|event| event.key.part))),
        Arc::new(sources.collect::<StringArray>()),
        Arc::new(UInt32Array::from_iter_values(found.iter().map(|event| event.class_uid))),
        Arc::new(found.iter().map(|event| event.severity_id).collect::<Int32Array>()),
        texts(|told| told.person.as_deref()),
        texts(|told| told.place.as_deref()),
        texts(|told| told.message.as_deref()),
    ];
    RecordBatch::try_new(Arc::clone(&COLUMNS), columns).map_err(LakeError::encode)
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
        let ocsf = r#"{"message":"=1+1","castellan":{"person":"ana","place":{"id":"lab"}}}"#;
        let events = [event(0, ocsf), event(1, "{}")];
        let mut sheet = Sheet::new().unwrap();
        let mut bytes = sheet.add(&events.iter().collect::<Vec<_>>()).unwrap();
        bytes.extend(sheet.finish(None).unwrap());
        let (batches, cut) = read(bytes);
        assert_eq!((batches.len(), cut), (1, None));
        let batch = &batches[0];
        assert_eq!(batch.schema().field(0).data_type(), COLUMNS.field(0).data_type());
        let times = batch.column(0).as_primitive::<TimestampNanosecondType>();
        assert_eq!(times.value(0), 1_795_341_600_123_456_789);
        assert_eq!(batch.column(1).as_primitive::<UInt64Type>().values(), &[0, 1]);
        let severity = batch.column(5).as_primitive::<Int32Type>();
        assert_eq!((severity.is_valid(0), severity.is_valid(1)), (true, false));
        let text = |column: usize| batch.column(column).as_string::<i32>();
        assert_eq!((text(6).value(0), text(7).value(0), text(8).value(0)), ("ana", "lab", "=1+1"));
        assert!(text(8).is_null(1));
    }

    #[test]
    fn a_long_file_leaves_in_pieces_and_says_where_it_was_cut() {
        let mut sheet = Sheet::new().unwrap();
        let (mut bytes, mut held_most) = (Vec::new(), 0);
        for page in 0..60_u64 {
            let events: Vec<Found> =
                (0..1_000).map(|n| event(page * 1_000 + n, "{\"message\":\"m\"}")).collect();
            let piece = sheet.add(&events.iter().collect::<Vec<_>>()).unwrap();
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
