//! Files of full row groups into one without reading a row: their bytes are moved as they are.
//!
//! Each row group keeps its order, statistics, page index and bloom filters; readers prune and
//! order by row group, and ask no order between them.

use std::sync::Arc;

use bytes::Bytes;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::{ReaderProperties, WriterProperties};
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::{ReadOptions, ReadOptionsBuilder, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};

/// A file and how many rows it holds.
pub(crate) struct Joined {
    pub bytes: Vec<u8>,
    pub rows: u64,
}

/// The files as one. `None` when the row groups of one of them hold fewer than `group_rows_min`
/// rows on average: then it is worth making larger ones of them.
pub(crate) fn join(
    parts: &[Bytes],
    properties: WriterProperties,
    group_rows_min: usize,
) -> Result<Option<Joined>> {
    let mut readers = Vec::new();
    for part in parts {
        let reader = SerializedFileReader::new_with_options(part.clone(), everything())?;
        if rows_of(reader.metadata()) < group_rows_min * reader.num_row_groups() {
            return Ok(None);
        }
        readers.push((reader, part));
    }
    let Some((first, _)) = readers.first() else { return Ok(None) };
    let described = first.metadata().file_metadata();
    let notes = described.key_value_metadata().cloned();
    let properties = properties.into_builder().set_key_value_metadata(notes).build();
    let room = parts.iter().map(Bytes::len).sum();
    let schema = described.schema_descr().root_schema_ptr();
    let mut writer =
        SerializedFileWriter::new(Vec::with_capacity(room), schema, Arc::new(properties))?;
    let mut rows = 0;
    for (reader, part) in &readers {
        rows += rows_of(reader.metadata());
        for group in 0..reader.num_row_groups() {
            let mut to = writer.next_row_group()?;
            append(reader, group, part, &mut to)?;
            to.close()?;
        }
    }
    Ok(Some(Joined { bytes: writer.into_inner()?, rows: rows as u64 }))
}

fn everything() -> ReadOptions {
    let properties = ReaderProperties::builder().set_read_bloom_filter(true).build();
    ReadOptionsBuilder::new().with_page_index().with_reader_properties(properties).build()
}

fn rows_of(file: &ParquetMetaData) -> usize {
    usize::try_from(file.file_metadata().num_rows()).unwrap_or(0)
}

fn append(
    from: &SerializedFileReader<Bytes>,
    group: usize,
    bytes: &Bytes,
    to: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
) -> Result<()> {
    let file = from.metadata();
    let rows = from.get_row_group(group)?;
    for (column, chunk) in file.row_group(group).columns().iter().enumerate() {
        let column_index = file.column_index().and_then(|all| all.get(group)?.get(column));
        let offset_index = file.offset_index().and_then(|all| all.get(group)?.get(column));
        let close = ColumnCloseResult {
            bytes_written: number(chunk.compressed_size())?,
            rows_written: number(file.row_group(group).num_rows())?,
            metadata: chunk.clone(),
            bloom_filter: rows.get_column_bloom_filter(column).cloned(),
            column_index: column_index.cloned(),
            offset_index: offset_index.cloned(),
        };
        to.append_column(bytes, close)?;
    }
    Ok(())
}

fn number(number: i64) -> Result<u64> {
    u64::try_from(number).map_err(|_| ParquetError::General(format!("a size of {number}")))
}
