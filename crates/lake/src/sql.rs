//! Read-only SQL over `events`, and over `raw` where the caller may.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::DataFusionError;
use datafusion::common::config::ConfigOptions;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast;
use futures::TryStreamExt;
use model::Position;
use serde_json::{Map, Value};

use crate::catalogue::FileKind;
use crate::config::QueryLimits;
use crate::error::{LakeError, LimitKind};
use crate::json_text;
use crate::lake::{Lake, Snapshot};
use crate::plan_check;
use crate::provider::{STORE_URL, Table};

/// Longest query text in bytes.
const SQL_BYTES_MAX: usize = 64 << 10;

/// Operators, brackets and joined parts of a query; a longer chain is refused.
const SQL_LINKS_MAX: usize = 200;
/// Rows per batch inside the engine.
const BATCH_ROWS: usize = 8_192;

/// One column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its Arrow type, in Arrow's own words.
    pub kind: String,
}

/// What a query gave.
#[derive(Debug, Clone)]
pub struct QueryResult {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The rows.
    pub batches: Vec<RecordBatch>,
    /// Whether `rows_max` cut the result off.
    pub truncated: bool,
}

impl QueryResult {
    /// How many rows there are.
    pub fn row_count(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The rows as JSON objects, nulls included, times as RFC 3339.
    pub fn rows(&self) -> Result<Vec<Map<String, Value>>, LakeError> {
        let mut writer = arrow::json::WriterBuilder::new()
            .with_explicit_nulls(true)
            .build::<_, arrow::json::writer::JsonArray>(Vec::new());
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        writer.write_batches(&batches).map_err(LakeError::encode)?;
        writer.finish().map_err(LakeError::encode)?;
        let text = writer.into_inner();
        if text.is_empty() {
            return Ok(Vec::new());
        }
        serde_json::from_slice(&text).map_err(LakeError::encode)
    }
}

impl Lake {
    /// Runs one read-only query over everything in files and in memory, at one instant.
    ///
    /// Tables: `events`, and `raw` when `limits.may_read_raw`; `json_text(ocsf, 'a.b')` reads what
    /// has no column. Anything but a query (or an
    /// `EXPLAIN` of one) is refused. Dropping the future ends the query.
    pub async fn query(&self, sql: &str, limits: QueryLimits) -> Result<QueryResult, LakeError> {
        check(sql)?;
        let context = self.context(&limits)?;
        let run = async {
            let frame = plan(&context, sql, &limits).await?;
            collect(frame, &limits).await
        };
        tokio::time::timeout(limits.time_max, run).await.unwrap_or_else(|_| {
            let allowed = format!("{} s", limits.time_max.as_secs_f64());
            Err(LakeError::Limit { which: LimitKind::Time, allowed })
        })
    }

    fn context(&self, limits: &QueryLimits) -> Result<SessionContext, LakeError> {
        let snapshot = self.inner.snapshot(limits.may_read_raw)?;
        let wrong = |error: DataFusionError| explained(&error, limits);
        // Nothing is spilled: a query that needs more than its memory is refused, and the disk
        // stays for the journal.
        let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_limit(limits.memory_max, 1.0)
            .with_disk_manager_builder(disk)
            .build_arc()
            .map_err(wrong)?;
        let url = ObjectStoreUrl::parse(STORE_URL).map_err(wrong)?;
        runtime.register_object_store(url.as_ref(), Arc::clone(&self.inner.store));
        let context = SessionContext::new_with_config_rt(settings(), runtime);
        context.register_udf(json_text::function());
        let Snapshot { catalogue, events, raws } = snapshot;
        let register = |kind: FileKind, batches| {
            let table = Table {
                kind,
                files: catalogue.of(kind).to_vec(),
                batches,
                store: Arc::clone(&self.inner.store),
                footers: Arc::clone(&self.inner.footers),
            };
            context.register_table(kind.as_str(), Arc::new(table)).map(drop).map_err(wrong)
        };
        register(FileKind::Events, events)?;
        if limits.may_read_raw {
            register(FileKind::Raw, raws)?;
        }
        Ok(context)
    }
}

pub(crate) fn settings() -> SessionConfig {
    let mut options = ConfigOptions::new();
    options.sql_parser.collect_spans = true;
    options.execution.parquet.pushdown_filters = true;
    options.execution.parquet.reorder_filters = true;
    options.execution.parquet.schema_force_view_types = false;
    options.sql_parser.map_string_types_to_utf8view = false;
    SessionConfig::from(options)
        .with_batch_size(BATCH_ROWS)
        .with_information_schema(true)
        // One query may not take every core from the event road.
        .with_target_partitions(1)
}

/// How many operators, brackets and joined parts a text has outside its strings: each may make the
/// tree one deeper, and whoever walks the tree walks it on the stack.
fn links(sql: &str) -> usize {
    const JOINING: [&str; 9] =
        ["and", "or", "not", "union", "except", "intersect", "when", "join", "is"];
    let mut count = 0;
    for (n, piece) in sql.split('\'').enumerate() {
        if n % 2 == 0 {
            count += piece.matches(['+', '-', '*', '/', '%', '|', '&', '=', '<', '>', '(']).count();
            let words = piece.split(|c: char| !c.is_alphanumeric() && c != '_');
            count += words.filter(|word| JOINING.contains(&&*word.to_lowercase())).count();
        }
    }
    count
}

/// Refuses, by its syntax alone, all that is not exactly one query.
fn check(sql: &str) -> Result<(), LakeError> {
    if sql.len() > SQL_BYTES_MAX {
        let allowed = format!("{SQL_BYTES_MAX} bytes");
        return Err(LakeError::Limit { which: LimitKind::QueryText, allowed });
    }
    if links(sql) > SQL_LINKS_MAX {
        let what = format!("a query of more than {SQL_LINKS_MAX} operators and joined parts");
        return Err(LakeError::Refused { what });
    }
    let statements = DFParser::parse_sql(sql).map_err(|error| wrong_sql(&error))?;
    let refused = |what: &str| {
        let what = format!("{what}; only one `SELECT` (or `EXPLAIN` of one) is accepted");
        Err(LakeError::Refused { what })
    };
    if statements.len() != 1 {
        return refused(&format!("{} statements", statements.len()));
    }
    match statements.front() {
        Some(Statement::Explain(explain)) => check_one(&explain.statement),
        Some(statement) => check_one(statement),
        None => refused("an empty query"),
    }
}

fn check_one(statement: &Statement) -> Result<(), LakeError> {
    let accepted = match statement {
        Statement::Statement(inner) => matches!(
            inner.as_ref(),
            ast::Statement::Query(_)
                | ast::Statement::ExplainTable { .. }
                | ast::Statement::ShowTables { .. }
                | ast::Statement::ShowColumns { .. }
        ),
        Statement::CreateExternalTable(_)
        | Statement::CopyTo(_)
        | Statement::Explain(_)
        | Statement::Reset(_) => false,
    };
    if accepted {
        return Ok(());
    }
    let text: String = statement.to_string().chars().take(60).collect();
    let what = format!("`{text}` is not a query; only `SELECT` (or `EXPLAIN` of one) is accepted");
    Err(LakeError::Refused { what })
}

async fn plan(
    context: &SessionContext,
    sql: &str,
    limits: &QueryLimits,
) -> Result<DataFrame, LakeError> {
    let state = context.state();
    let plan: LogicalPlan =
        state.create_logical_plan(sql).await.map_err(|error| explained(&error, limits))?;
    // A second look at what the text turned into.
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
        .verify_plan(&plan)
        .map_err(|error| LakeError::Refused { what: error.strip_backtrace() })?;
    plan_check::check(&plan, limits)?;
    context.execute_logical_plan(plan).await.map_err(|error| explained(&error, limits))
}

async fn collect(frame: DataFrame, limits: &QueryLimits) -> Result<QueryResult, LakeError> {
    let schema: SchemaRef = Arc::clone(frame.schema().inner());
    let columns = schema
        .fields()
        .iter()
        .map(|field| Column { name: field.name().clone(), kind: field.data_type().to_string() })
        .collect();
    // One row more than allowed tells whether anything was cut off.
    let asked = limits.rows_max.saturating_add(1);
    // An explanation must stand at the root of its plan, and is short.
    let is_short = matches!(
        frame.logical_plan(),
        LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) | LogicalPlan::DescribeTable(_)
    );
    let frame = if is_short {
        frame
    } else {
        frame.limit(0, Some(asked)).map_err(|error| explained(&error, limits))?
    };
    let mut stream = frame.execute_stream().await.map_err(|error| explained(&error, limits))?;
    let (mut batches, mut rows, mut bytes) = (Vec::new(), 0_usize, 0_usize);
    let mut truncated = false;
    while let Some(batch) = stream.try_next().await.map_err(|error| explained(&error, limits))? {
        let room = limits.rows_max.saturating_sub(rows);
        truncated = batch.num_rows() > room;
        let kept = if truncated { batch.slice(0, room) } else { batch };
        rows += kept.num_rows();
        bytes = bytes.saturating_add(kept.get_array_memory_size());
        if bytes > limits.memory_max {
            return Err(too_large(limits));
        }
        batches.push(kept);
        if truncated {
            break;
        }
    }
    Ok(QueryResult { columns, batches, truncated })
}

fn too_large(limits: &QueryLimits) -> LakeError {
    let allowed = format!("{} bytes", limits.memory_max);
    LakeError::Limit { which: LimitKind::Memory, allowed }
}

/// An error of the engine in our own kinds.
fn explained(error: &DataFusionError, limits: &QueryLimits) -> LakeError {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => too_large(limits),
        DataFusionError::ObjectStore(inner) => {
            LakeError::storage("reading", "a file of the lake", inner)
        }
        DataFusionError::ParquetError(inner) => LakeError::reading("a file of the lake", inner),
        _ => wrong_sql(error),
    }
}

fn wrong_sql(error: &DataFusionError) -> LakeError {
    let spanned = error.diagnostic().and_then(|diagnostic| diagnostic.span);
    let root = error.find_root();
    let mut message = root.strip_backtrace();
    let position = match spanned {
        Some(span) => Some(Position { line: span.start.line, column: span.start.column }),
        None => position_in(&message),
    };
    for noise in ["SQL error: ", "Error during planning: ", "Schema error: "] {
        if let Some(rest) = message.strip_prefix(noise) {
            message = rest.to_owned();
        }
    }
    LakeError::Sql { message, position }
}

/// The parser tells its position only in words: `… at Line: 1, Column: 8`.
fn position_in(message: &str) -> Option<Position> {
    let (_, rest) = message.rsplit_once("Line: ")?;
    let (line, rest) = rest.split_once(", Column: ")?;
    let column: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some(Position { line: line.parse().ok()?, column: column.parse().ok()? })
}
