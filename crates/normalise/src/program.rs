//! One compiled `map.vrl`.

use std::sync::OnceLock;

use model::problem::{Problem, position_at};
use vrl::compiler::{CompileConfig, compile_with_external, state::ExternalEnv};
use vrl::diagnostic::DiagnosticList;
use vrl::path::{OwnedTargetPath, PathPrefix};

/// A program with what the runner must know of it.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub program: vrl::compiler::Program,
    /// Whether it reads `%`; if not, no metadata need be made.
    pub reads_metadata: bool,
}

/// A `map.vrl` that is compiled when it is first needed: some take a second, and most
/// installations use a few mappings of the many that ship.
#[derive(Debug)]
pub(crate) struct Program {
    file: String,
    text: String,
    compiled: OnceLock<Result<Compiled, String>>,
}

impl Program {
    pub(crate) fn new(file: String, text: String) -> Self {
        Self { file, text, compiled: OnceLock::new() }
    }

    /// Every text between quotation marks that could be a word of a log source.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        let is_word = |text: &&str| {
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.-".contains(&b);
            !text.is_empty() && text.bytes().all(fits)
        };
        self.text.split('"').filter(is_word)
    }

    /// Compiles it now; `false` when it does not, with every complaint.
    pub(crate) fn compile_now(&self, problems: &mut Vec<Problem>) -> bool {
        let compiled = compile(&self.file, &self.text, problems);
        let result = compiled.ok_or_else(|| "it does not compile".to_owned());
        self.compiled.get_or_init(|| result).is_ok()
    }

    /// The program, compiled at the first call; fails with its first complaint.
    pub(crate) fn get(&self) -> Result<&Compiled, &str> {
        let compiled = self.compiled.get_or_init(|| {
            let mut problems = Vec::new();
            compile(&self.file, &self.text, &mut problems)
                .ok_or_else(|| problems.first().map(ToString::to_string).unwrap_or_default())
        });
        compiled.as_ref().map_err(String::as_str)
    }
}

/// Brackets of a program that may be open at once.
const NESTED_MAX: usize = 64;
/// Operators, assignments and `else` of one expression: what stands between commas or line ends,
/// within its brackets.
const CHAINED_MAX: usize = 200;
/// Steps of one path, such as `.a.b[0]`.
const PATH_MAX: usize = 200;

/// Where a program is nested or chained so deep that whoever walks its tree could run out of
/// stack, which no error handling survives. Strings and comments are passed over.
fn too_deep(text: &str) -> Option<usize> {
    let is_operator = |c: char| "+-*/%|&?!<>=".contains(c);
    let (mut open, mut steps) = (vec![0_usize], 0_usize);
    let (mut quote, mut is_escaped, mut is_comment, mut is_line_end) = (None, false, false, false);
    // The one before, and the one before that is no space.
    let (mut before, mut last) = ('\n', '\n');
    for (at, c) in text.char_indices() {
        if is_comment && c != '\n' {
            continue;
        }
        is_comment = false;
        if let Some(end) = quote {
            quote = (is_escaped || c != end).then_some(end);
            is_escaped = c == '\\' && !is_escaped;
            continue;
        }
        if c.is_whitespace() || c == '#' {
            is_comment = c == '#';
            is_line_end |= c == '\n';
            (before, steps) = (c, 0);
            continue;
        }
        let is_else = last == '}' && text.get(at..).is_some_and(|rest| rest.starts_with("else"));
        let chained = open.last_mut()?;
        // A line that ends in an operator goes on, and so does one before an operator.
        if std::mem::take(&mut is_line_end) && !is_operator(last) && !is_operator(c) && !is_else {
            *chained = 0;
        }
        match c {
            '"' | '\'' => quote = Some(c),
            ',' | ';' => (*chained, steps) = (0, 0),
            _ if is_operator(c) => *chained += usize::from(c != before || "!-".contains(c)),
            '.' | '[' => steps += 1,
            _ => *chained += usize::from(is_else),
        }
        let is_chained = *chained > CHAINED_MAX;
        match c {
            '(' | '[' | '{' => open.push(0),
            ')' | ']' | '}' if open.len() > 1 => drop(open.pop()),
            _ => {}
        }
        if open.len() > NESTED_MAX || is_chained || steps > PATH_MAX {
            return Some(at);
        }
        (before, last) = (c, c);
    }
    None
}

/// Compiles a program with the allowed functions; every complaint is named at its place.
fn compile(file: &str, text: &str, problems: &mut Vec<Problem>) -> Option<Compiled> {
    if let Some(at) = too_deep(text) {
        let message = format!(
            "more than {NESTED_MAX} brackets, {CHAINED_MAX} operators or a path of {PATH_MAX} in one"
        );
        problems.push(Problem::error(file, Some(position_at(text, at)), "too_deep", message));
        return None;
    }
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

#[cfg(test)]
mod tests {
    use super::too_deep;

    #[test]
    fn a_tree_that_could_exhaust_the_stack_is_never_built() {
        let nested = |n: usize| format!(".m = {}1{}", "(".repeat(n), ")".repeat(n));
        assert_eq!(too_deep(&nested(60)), None);
        assert!(too_deep(&nested(1_000)).is_some());
        assert!(too_deep(&".m = [".repeat(3_000)).is_some());
        assert!(too_deep(&format!(".m = 1{}", " +\n1".repeat(1_000))).is_some());
        let many = |one: &str| one.repeat(1_000);
        assert!(too_deep(&format!("x = y == 1{}", many(" || y == 2"))).is_some());
        assert!(too_deep(&format!("x = a{}", many("\n  || b"))).is_some());
        assert!(too_deep(&format!("x = a{}", many(" || # why\n  b"))).is_some());
        assert!(too_deep(&format!("if x {{ y }}{}", many(" else if x == 2 { y }"))).is_some());
        assert!(too_deep(&format!("{}1", many("x = "))).is_some());
        assert!(too_deep(&format!("x = {}true", many("!"))).is_some());
        assert!(too_deep(&format!(".a{} = 1", many(".a"))).is_some());
        assert!(too_deep(&format!(".a{} = 1", many("[0]"))).is_some());

        let long = many(".m = 1 + 2 # ((((\n.n = \"((((\\\"((((\"\n");
        assert_eq!(too_deep(&long), None);
        let long = many("if .a == 1 && .b != 2 {\n  .c = [1.5, .x.y]\n} else {\n  .d = -1\n}\n\n");
        assert_eq!(too_deep(&long), None);
        assert_eq!(too_deep(&format!("x = [{}]", many(".a.b || .c == 1, "))), None);
        assert_eq!(too_deep(&format!("x = .a == 0{}", " || .a == 1".repeat(90))), None);
    }
}
