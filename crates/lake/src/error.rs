//! What can go wrong, in three kinds: the question is bad, a limit is reached, the world fails.

use model::Position;

/// Which named bound was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitKind {
    /// `time_max` of a query or search.
    Time,
    /// `memory_max` of a query.
    Memory,
    /// Length of a query's text.
    QueryText,
    /// Events that one look goes through.
    Rows,
}

impl LimitKind {
    /// The word used in messages and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Memory => "memory",
            Self::QueryText => "query length",
            Self::Rows => "rows",
        }
    }
}

/// Why the lake could not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LakeError {
    /// The SQL cannot be read or planned.
    #[error("the query is wrong{}: {message}", at(position))]
    Sql {
        /// What was found and expected, in the engine's words.
        message: String,
        /// Where in the query, when known.
        position: Option<Position>,
    },
    /// The request is readable but not allowed here.
    #[error("refused: {what}")]
    Refused {
        /// What was refused, and what is accepted instead.
        what: String,
    },
    /// It compares or computes what is covered for whoever asks.
    #[error(
        "what may name somebody (`{columns}`) is covered: it can be listed, grouped and counted, \
         not compared, put in order or computed with; ask by `person`, or with a token of the \
         scope `names`"
    )]
    Covered {
        /// The columns.
        columns: String,
    },
    /// A bound was met before the answer was complete.
    #[error("the {} limit of {allowed} was reached", which.as_str())]
    Limit {
        /// Which bound.
        which: LimitKind,
        /// What is allowed, with its unit.
        allowed: String,
    },
    /// The object store failed.
    #[error("storage failed while {doing} `{path}`: {message}")]
    Storage {
        /// What was being done.
        doing: &'static str,
        /// To which object.
        path: String,
        /// The store's words.
        message: String,
        /// Whether the same call may succeed later without anybody changing anything.
        retry: bool,
    },
    /// An object is there but is not what we wrote.
    #[error("the lake file `{path}` is damaged: {message}")]
    Damaged {
        /// Which.
        path: String,
        /// How.
        message: String,
    },
    /// Rows could not be turned into a file.
    #[error("rows could not be encoded: {message}")]
    Encode {
        /// Why.
        message: String,
    },
}

impl LakeError {
    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Storage { retry, .. } => *retry,
            // The same text is as long, and the same query as large, when it comes again.
            Self::Limit { which, .. } => match which {
                LimitKind::Time => true,
                LimitKind::Memory | LimitKind::QueryText | LimitKind::Rows => false,
            },
            Self::Sql { .. }
            | Self::Covered { .. }
            | Self::Refused { .. }
            | Self::Damaged { .. }
            | Self::Encode { .. } => false,
        }
    }

    pub(crate) fn encode(error: impl std::fmt::Display) -> Self {
        Self::Encode { message: error.to_string() }
    }

    pub(crate) fn storage(
        doing: &'static str,
        path: impl std::fmt::Display,
        error: &object_store::Error,
    ) -> Self {
        use object_store::Error as E;
        let retry = !matches!(
            error,
            E::PermissionDenied { .. }
                | E::Unauthenticated { .. }
                | E::NotFound { .. }
                | E::NotSupported { .. }
                | E::NotImplemented { .. }
                | E::InvalidPath { .. }
                | E::UnknownConfigurationKey { .. }
        );
        Self::Storage { doing, path: path.to_string(), message: error.to_string(), retry }
    }

    pub(crate) fn io(doing: &'static str, path: &std::path::Path, error: &std::io::Error) -> Self {
        let retry = error.kind() != std::io::ErrorKind::PermissionDenied;
        let path = path.display().to_string();
        Self::Storage { doing, path, message: error.to_string(), retry }
    }

    /// An error of the Parquet reader: the store's when it wraps one, else the file is damaged.
    pub(crate) fn reading(path: &str, error: &parquet::errors::ParquetError) -> Self {
        if let parquet::errors::ParquetError::External(inner) = error
            && let Some(store) = inner.downcast_ref::<object_store::Error>()
        {
            return Self::storage("reading", path, store);
        }
        Self::Damaged { path: path.to_owned(), message: error.to_string() }
    }
}

fn at(position: &Option<Position>) -> String {
    position.map(|p| format!(" at line {}, column {}", p.line, p.column)).unwrap_or_default()
}
