//! A table of the query engine: files that the catalogue cannot rule out, and what is in memory.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, RecordBatch, StringArray, TimestampNanosecondArray, UInt32Array,
    UInt64Array,
};
use arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{Column, DFSchema, Result, ScalarValue, Statistics, project_schema};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::parquet::ParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::union::UnionExec;
use object_store::ObjectStore;
use parquet::arrow::async_reader::AsyncFileReader;

use crate::catalogue::{FileEntry, FileKind};
use crate::footer::{FileReader, Footers};
use crate::schema;

/// The address under which the engine knows our store.
pub(crate) const STORE_URL: &str = "castellan://lake";

/// One table at one instant. It holds the entries of its files, so that none of them is removed
/// while a query may still open it.
pub(crate) struct Table {
    pub(crate) kind: FileKind,
    pub(crate) files: Vec<Arc<FileEntry>>,
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) footers: Arc<Footers>,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({}, {} files)", self.kind.as_str(), self.files.len())
    }
}

#[async_trait::async_trait]
impl TableProvider for Table {
    fn schema(&self) -> SchemaRef {
        schema::of(self.kind)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        // The engine keeps its own filter above; ours only saves it work.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = self.schema();
        let predicate = match conjunction(filters.iter().cloned()) {
            Some(expr) => {
                let columns = DFSchema::try_from(Arc::clone(&schema))?;
                Some(state.create_physical_expr(expr, &columns)?)
            }
            None => None,
        };
        let mut inputs: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        let files = self.prune(predicate.as_ref())?;
        if !files.is_empty() {
            let partitions = state.config().target_partitions();
            inputs.push(self.files_plan(files, predicate, (projection, limit), partitions)?);
        }
        if !self.batches.is_empty() {
            let batches = std::slice::from_ref(&self.batches);
            let memory = MemorySourceConfig::try_new_exec(
                batches,
                Arc::clone(&schema),
                projection.cloned(),
            )?;
            inputs.push(memory);
        }
        match inputs.len() {
            0 => Ok(Arc::new(EmptyExec::new(project_schema(&schema, projection)?))),
            1 => Ok(inputs.swap_remove(0)),
            _ => UnionExec::try_new(inputs),
        }
    }
}

impl Table {
    /// The files that may hold a row for which `predicate` is true, newest first.
    fn prune(&self, predicate: Option<&Arc<dyn PhysicalExpr>>) -> Result<Vec<Arc<FileEntry>>> {
        let Some(predicate) = predicate else {
            return Ok(self.files.clone());
        };
        let built = PruningPredicateBuilder::new()
            .with_file_schema(self.schema())
            .try_build(Arc::clone(predicate));
        // What cannot be judged by spans rules nothing out.
        let Ok(pruning) = built else {
            return Ok(self.files.clone());
        };
        let keep = pruning.prune(&Spans { kind: self.kind, files: &self.files })?;
        let kept = self.files.iter().zip(keep).filter(|(_, keep)| *keep);
        Ok(kept.map(|(file, _)| Arc::clone(file)).collect())
    }

    fn files_plan(
        &self,
        files: Vec<Arc<FileEntry>>,
        predicate: Option<Arc<dyn PhysicalExpr>>,
        (projection, limit): (Option<&Vec<usize>>, Option<usize>),
        partitions: usize,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let readers =
            Readers { store: Arc::clone(&self.store), footers: Arc::clone(&self.footers) };
        let mut source = ParquetSource::new(self.schema())
            .with_parquet_file_reader_factory(Arc::new(readers))
            .with_pushdown_filters(true)
            .with_reorder_filters(true)
            .with_enable_page_index(true)
            .with_bloom_filter_on_read(true);
        if let Some(predicate) = predicate {
            source = source.with_predicate(predicate);
        }
        // Dealt out in turn, so that each partition reads its newest files first.
        let mut groups: Vec<Vec<PartitionedFile>> = vec![Vec::new(); partitions.max(1)];
        for (index, file) in files.iter().enumerate() {
            if let Some(group) = groups.get_mut(index % partitions.max(1)) {
                let known = Arc::new(self.statistics_of(file));
                let part = PartitionedFile::new(file.path.clone(), file.bytes);
                group.push(part.with_statistics(known));
            }
        }
        groups.retain(|group| !group.is_empty());
        let groups = groups.into_iter().map(FileGroup::new).collect();
        let config =
            FileScanConfigBuilder::new(ObjectStoreUrl::parse(STORE_URL)?, Arc::new(source))
                .with_file_groups(groups)
                .with_limit(limit)
                .with_projection_indices(projection.cloned())?
                .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

impl Table {
    /// A file's span, so that a running `ORDER BY time DESC LIMIT n` passes over files that have
    /// become too old for it.
    fn statistics_of(&self, file: &FileEntry) -> Statistics {
        let schema = self.schema();
        let mut known = Statistics::new_unknown(&schema);
        let instant = |time: model::Timestamp| {
            Precision::Exact(ScalarValue::TimestampNanosecond(
                Some(time.nanos()),
                Some("UTC".into()),
            ))
        };
        let time_column = match self.kind {
            FileKind::Events => "time",
            FileKind::Raw => "received_at",
        };
        for (field, column) in schema.fields().iter().zip(&mut known.column_statistics) {
            if field.name() == time_column {
                column.min_value = instant(file.time_min);
                column.max_value = instant(file.time_max);
            }
            if field.name() == "seq" {
                column.min_value = Precision::Exact(ScalarValue::UInt64(Some(file.first_seq)));
                column.max_value = Precision::Exact(ScalarValue::UInt64(Some(file.last_seq)));
            }
        }
        known
    }
}

/// What the catalogue knows of each file, as the engine asks for it.
struct Spans<'a> {
    kind: FileKind,
    files: &'a [Arc<FileEntry>],
}

impl Spans<'_> {
    fn bound(&self, column: &Column, is_min: bool) -> Option<ArrayRef> {
        let files = self.files.iter();
        let instants = |of: fn(&FileEntry) -> i64| -> ArrayRef {
            let values = self.files.iter().map(|file| of(file));
            let array = TimestampNanosecondArray::from_iter_values(values);
            Arc::new(array.with_timezone("UTC"))
        };
        let time_column = match self.kind {
            FileKind::Events => "time",
            FileKind::Raw => "received_at",
        };
        match column.name.as_str() {
            name if name == time_column && is_min => Some(instants(|f| f.time_min.nanos())),
            name if name == time_column => Some(instants(|f| f.time_max.nanos())),
            "received_at" if !is_min => Some(instants(|f| f.received_max.nanos())),
            "seq" if is_min => {
                Some(Arc::new(UInt64Array::from_iter_values(files.map(|file| file.first_seq))))
            }
            "seq" => Some(Arc::new(UInt64Array::from_iter_values(files.map(|file| file.last_seq)))),
            "class_uid" => {
                Some(Arc::new(files.map(|file| file.class_uid).collect::<UInt32Array>()))
            }
            "site" if self.kind == FileKind::Events => Some(Arc::new(
                files
                    .map(|file| file.site.as_ref().map(model::PlaceId::as_str))
                    .collect::<StringArray>(),
            )),
            _ => None,
        }
    }
}

impl PruningStatistics for Spans<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, true)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, false)
    }

    fn num_containers(&self) -> usize {
        self.files.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        // A partition's site is one value or, for all its rows, none.
        let is_site = column.name == "site" && self.kind == FileKind::Events;
        let nulls = |file: &Arc<FileEntry>| if file.site.is_none() { file.rows } else { 0 };
        is_site.then(|| -> ArrayRef {
            Arc::new(UInt64Array::from_iter_values(self.files.iter().map(nulls)))
        })
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(UInt64Array::from_iter_values(self.files.iter().map(|file| file.rows))))
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}

/// Gives the engine our own readers, which share our footers.
#[derive(Debug)]
struct Readers {
    store: Arc<dyn ObjectStore>,
    footers: Arc<Footers>,
}

impl ParquetFileReaderFactory for Readers {
    fn create_reader(
        &self,
        _partition: usize,
        file: PartitionedFile,
        _hint: Option<usize>,
        _metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let meta = &file.object_meta;
        let path = meta.location.as_ref();
        Ok(Box::new(FileReader::new(&self.store, &self.footers, path, meta.size)))
    }
}
