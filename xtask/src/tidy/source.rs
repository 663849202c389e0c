//! The files of the repository, and Rust sources taken apart.

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use anyhow::{Context, Result};
use proc_macro2::{Spacing, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::Breach;

/// Folders that hold no text of ours.
const SKIPPED: [&str; 5] = [".git", "target", "node_modules", "dist", "proptest-regressions"];
/// Larger files are data, not text that somebody wrote.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// One text file; `path` is relative to the repository, with forward slashes.
pub struct Text {
    pub path: String,
    pub text: String,
}

/// Every text file of the repository, in order of path.
pub fn files(root: &Path) -> Result<Vec<Text>> {
    let mut files = Vec::new();
    walk(root, root, &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<Text>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !SKIPPED.iter().any(|skipped| name == *skipped) {
                walk(root, &entry.path(), files)?;
            }
        } else if kind.is_file() && entry.metadata()?.len() <= FILE_BYTES_MAX {
            let path = entry.path();
            let Ok(text) = String::from_utf8(fs::read(&path)?) else {
                continue;
            };
            let relative = path.strip_prefix(root).unwrap_or(&path);
            files.push(Text { path: relative.to_string_lossy().replace('\\', "/"), text });
        }
    }
    Ok(())
}

/// One Rust file.
pub struct Source {
    pub path: String,
    pub text: String,
    pub syntax: syn::File,
    pub tokens: TokenStream,
    test_lines: Vec<RangeInclusive<usize>>,
}

impl Source {
    /// Takes a file apart; a file that is no Rust is a breach.
    pub fn parse(path: &str, text: &str) -> Result<Self, Breach> {
        let broken = |at: proc_macro2::Span, what: String| {
            Breach::new(path, at.start().line, "syntax", format!("does not parse: {what}"))
        };
        let tokens: TokenStream =
            text.parse().map_err(|e: proc_macro2::LexError| broken(e.span(), e.to_string()))?;
        let syntax = syn::parse_file(text).map_err(|e| broken(e.span(), e.to_string()))?;
        let mut finder = TestFinder { lines: Vec::new() };
        finder.visit_file(&syntax);
        let (path, text) = (path.to_owned(), text.to_owned());
        Ok(Self { path, text, syntax, tokens, test_lines: finder.lines })
    }

    /// The crate whose shipped or test code this is; `None` outside `crates/`.
    pub fn crate_name(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Whether the whole file is proof rather than product.
    pub fn is_test(&self) -> bool {
        let proof = ["/tests/", "/benches/", "/examples/"].iter().any(|f| self.path.contains(f));
        proof
            || self.path.starts_with("tests/")
            || self.path.starts_with("fuzz/")
            || self.path.ends_with("/tests.rs")
            || self.path.ends_with("_tests.rs")
    }

    /// Whether a line belongs to a test.
    pub fn is_test_line(&self, line: usize) -> bool {
        self.is_test() || self.test_lines.iter().any(|range| range.contains(&line))
    }

    /// Whether the file says that a program wrote it.
    pub fn is_generated(&self) -> bool {
        self.text.lines().take(5).any(|line| line.contains("@generated"))
    }

    /// Whether `// tidy: RULE: reason` stands on the line or the one before it.
    pub fn is_waived(&self, rule: &str, line: usize) -> bool {
        let mark = format!("// tidy: {rule}: ");
        let reason_at = |line: &str| {
            line.split_once(&mark).is_some_and(|(_, reason)| !reason.trim().is_empty())
        };
        let before = line.saturating_sub(2);
        self.text.lines().skip(before).take(line - before).any(reason_at)
    }
}

struct TestFinder {
    lines: Vec<RangeInclusive<usize>>,
}

impl<'ast> Visit<'ast> for TestFinder {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if attributes(item).iter().any(is_test_attribute) {
            let first = attributes(item).first().map_or(item.span(), Spanned::span);
            self.lines.push(first.start().line..=item.span().end().line);
        } else {
            visit::visit_item(self, item);
        }
    }
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        _ => &[],
    }
}

fn is_test_attribute(attribute: &syn::Attribute) -> bool {
    let path = attribute.path();
    if path.segments.last().is_some_and(|segment| segment.ident == "test") {
        return true;
    }
    path.is_ident("cfg")
        && attribute.meta.require_list().is_ok_and(|list| {
            let text = list.tokens.to_string();
            text == "test" || text.starts_with("all (test") || text.starts_with("any (test")
        })
}

/// One token of a flattened stream: groups are opened, their brackets kept as tokens.
#[derive(Debug, Clone)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// The tokens in reading order; `::` and other joined marks come as one token.
pub fn flatten(tokens: &TokenStream) -> Vec<Token> {
    let mut out = Vec::new();
    flatten_into(tokens, &mut out);
    out
}

fn flatten_into(tokens: &TokenStream, out: &mut Vec<Token>) {
    let mut joined = String::new();
    for tree in tokens.clone() {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    proc_macro2::Delimiter::Parenthesis => ("(", ")"),
                    proc_macro2::Delimiter::Brace => ("{", "}"),
                    proc_macro2::Delimiter::Bracket => ("[", "]"),
                    proc_macro2::Delimiter::None => ("", ""),
                };
                out.push(Token { text: open.to_owned(), line });
                flatten_into(&group.stream(), out);
                let line = group.span_close().start().line;
                out.push(Token { text: close.to_owned(), line });
            }
            TokenTree::Punct(punct) => {
                joined.push(punct.as_char());
                if punct.spacing() == Spacing::Alone || punct.as_char() == ',' {
                    out.push(Token { text: std::mem::take(&mut joined), line });
                }
            }
            TokenTree::Ident(ident) => {
                flush(&mut joined, line, out);
                out.push(Token { text: ident.to_string(), line });
            }
            TokenTree::Literal(literal) => {
                flush(&mut joined, line, out);
                out.push(Token { text: literal.to_string(), line });
            }
        }
    }
    if let Some(last) = out.last() {
        let line = last.line;
        flush(&mut joined, line, out);
    }
}

fn flush(joined: &mut String, line: usize, out: &mut Vec<Token>) {
    if !joined.is_empty() {
        out.push(Token { text: std::mem::take(joined), line });
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn test_modules_are_known_by_their_lines() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n";
        let source = Source::parse("crates/x/src/lib.rs", text).unwrap();
        let tests: Vec<usize> = (1..=6).filter(|line| source.is_test_line(*line)).collect();
        assert_eq!(tests, [2, 3, 4, 5]);
    }

    #[test]
    fn a_waiver_needs_its_rule_and_a_reason() {
        let text = "// tidy: wildcard: theirs\nfn a() {}\nfn b() {} // tidy: wildcard: \nfn c() {}";
        let source = Source::parse("crates/x/src/lib.rs", text).unwrap();
        let waived: Vec<usize> = (1..=4).filter(|l| source.is_waived("wildcard", *l)).collect();
        assert_eq!(waived, [1, 2]);
        assert!(!source.is_waived("function", 2));
    }
}
