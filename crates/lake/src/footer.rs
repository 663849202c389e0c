//! File footers, kept in memory up to a bound, and the reader that uses them.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};

/// The end of a file that is fetched first; holds the footer and page index of most.
const FOOTER_BYTES_GUESS: usize = 64 << 10;

/// A bounded cache. Files never change under one path, so an entry is never stale.
#[derive(Debug)]
pub(crate) struct Footers {
    bytes_max: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    by_path: HashMap<String, (u64, Arc<ParquetMetaData>)>,
    bytes: usize,
    turn: u64,
}

impl Footers {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, held: Mutex::default() }
    }

    fn get(&self, path: &str) -> Option<Arc<ParquetMetaData>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.turn += 1;
        let turn = held.turn;
        let (used, footer) = held.by_path.get_mut(path)?;
        *used = turn;
        Some(Arc::clone(footer))
    }

    fn put(&self, path: &str, footer: &Arc<ParquetMetaData>) {
        let size = footer.memory_size();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if size > self.bytes_max {
            return;
        }
        held.turn += 1;
        let turn = held.turn;
        if held.by_path.insert(path.to_owned(), (turn, Arc::clone(footer))).is_none() {
            held.bytes += size;
        }
        if held.bytes > self.bytes_max {
            held.shrink(self.bytes_max / 2);
        }
    }

    pub(crate) fn forget(&self, path: &str) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, footer)) = held.by_path.remove(path) {
            held.bytes = held.bytes.saturating_sub(footer.memory_size());
        }
    }
}

impl Held {
    /// Drops the least recently used down to `bytes`: rarely, and many at once.
    fn shrink(&mut self, bytes: usize) {
        let mut ages: Vec<(u64, String)> =
            self.by_path.iter().map(|(path, (used, _))| (*used, path.clone())).collect();
        ages.sort_unstable();
        for (_, path) in ages {
            if self.bytes <= bytes {
                break;
            }
            if let Some((_, footer)) = self.by_path.remove(&path) {
                self.bytes = self.bytes.saturating_sub(footer.memory_size());
            }
        }
    }
}

/// Reads one file, its footer from the cache where it is there.
pub(crate) struct FileReader {
    store: Arc<dyn ObjectStore>,
    path: Path,
    bytes: u64,
    footers: Arc<Footers>,
}

impl FileReader {
    pub(crate) fn new(
        store: &Arc<dyn ObjectStore>,
        footers: &Arc<Footers>,
        path: &str,
        bytes: u64,
    ) -> Self {
        let (store, footers) = (Arc::clone(store), Arc::clone(footers));
        Self { store, path: Path::from(path), bytes, footers }
    }
}

impl AsyncFileReader for FileReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        async move { self.store.get_range(&self.path, range).await.map_err(external) }.boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>>> {
        async move { self.store.get_ranges(&self.path, &ranges).await.map_err(external) }.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        async move {
            if let Some(footer) = self.footers.get(self.path.as_ref()) {
                return Ok(footer);
            }
            let bytes = self.bytes;
            let footer = ParquetMetaDataReader::new()
                .with_page_index_policy(PageIndexPolicy::Optional)
                .with_prefetch_hint(Some(FOOTER_BYTES_GUESS))
                .load_and_finish(&mut *self, bytes)
                .await?;
            let footer = Arc::new(footer);
            self.footers.put(self.path.as_ref(), &footer);
            Ok(footer)
        }
        .boxed()
    }
}

fn external(error: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}
