//! One compiled `map.vrl`.

use model::problem::{Problem, position_at};
use vrl::compiler::{CompileConfig, Program, compile_with_external, state::ExternalEnv};
use vrl::diagnostic::DiagnosticList;
use vrl::path::{OwnedTargetPath, PathPrefix};

/// A program with what the runner must know of it.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub program: Program,
    /// Whether it reads `%`; if not, no metadata need be made.
    pub reads_metadata: bool,
}

/// Compiles a program with the allowed functions; every complaint is named at its place.
pub(crate) fn compile(file: &str, text: &str, problems: &mut Vec<Problem>) -> Option<Compiled> {
    let mut config = CompileConfig::default();
    config.set_read_only_path(OwnedTargetPath::metadata_root(), true);
    let functions = crate::functions::all();
    match compile_with_external(text, &functions, &ExternalEnv::default(), config) {
        Ok(result) => {
            report(file, text, &result.warnings, problems);
            let queries = &result.program.info().target_queries;
            let reads_metadata = queries.iter().any(|path| path.prefix == PathPrefix::Metadata);
            Some(Compiled { program: result.program, reads_metadata })
        }
        Err(list) => {
            report(file, text, &list, problems);
            None
        }
    }
}

fn report(file: &str, text: &str, list: &DiagnosticList, problems: &mut Vec<Problem>) {
    for diagnostic in list.iter() {
        let label = diagnostic.labels.iter().find(|label| label.primary);
        let label = label.or(diagnostic.labels.first());
        let at = label.map(|label| position_at(text, label.span.start()));
        let mut message = diagnostic.message.clone();
        for label in diagnostic.labels.iter().filter(|label| !label.message.is_empty()) {
            message.push_str("; ");
            message.push_str(&label.message);
        }
        let code = format!("vrl_{}", diagnostic.code);
        let build = if diagnostic.is_problem() { Problem::error } else { Problem::warning };
        problems.push(build(file, at, &code, message));
    }
}
