//! The mechanical invariants of ARCHITECTURE.md. Reads the tree; changes nothing.

mod calls;
mod content;
mod dependencies;
mod sizes;
mod source;
mod wildcard;
mod words;

use std::fmt;
use std::path::Path;

use anyhow::Result;

use source::Source;

/// Crates that decide: pure, synchronous, no clock of their own.
const KERNELS: [&str; 5] = ["normalise", "detect", "access", "respond", "estate"];

/// One thing to mend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breach {
    file: String,
    line: usize,
    rule: &'static str,
    message: String,
}

impl Breach {
    fn new(file: &str, line: usize, rule: &'static str, message: String) -> Self {
        Self { file: file.to_owned(), line, rule, message }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} [{}]", self.file, self.line, self.message, self.rule)
    }
}

/// Every breach in the repository at `root`, in order of file and line.
pub fn run(root: &Path) -> Result<Vec<Breach>> {
    let files = source::files(root)?;
    let mut breaches = Vec::new();
    let mut sources = Vec::new();
    for file in &files {
        words::check(file, &mut breaches);
        if file.path.ends_with(".rs") {
            match Source::parse(&file.path, &file.text) {
                Ok(source) => sources.push(source),
                Err(breach) => breaches.push(breach),
            }
        }
    }
    let enums = wildcard::own_enums(&sources);
    for source in &sources {
        sizes::check(source, &mut breaches);
        calls::check(source, &mut breaches);
        wildcard::check(source, &enums, &mut breaches);
    }
    dependencies::check(root, &mut breaches)?;
    content::check(&files, &mut breaches);
    breaches.sort();
    breaches.dedup();
    Ok(breaches)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

    #[test]
    fn the_repository_is_tidy() {
        let breaches = super::run(&crate::root()).unwrap();
        let report: Vec<String> = breaches.iter().map(ToString::to_string).collect();
        assert!(breaches.is_empty(), "\n{}\n", report.join("\n"));
    }
}
