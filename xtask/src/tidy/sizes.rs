//! Sizes: files, functions, parameters, line widths.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::Breach;
use super::source::Source;

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;
const PARAMETERS_MAX: usize = 5;
const COLUMNS_MAX: usize = 100;

/// Names what is too large in one file. Tests are read once and from the top: only their width
/// counts.
pub fn check(source: &Source, breaches: &mut Vec<Breach>) {
    if source.is_generated() {
        return;
    }
    check_width(source, breaches);
    if source.is_test() {
        return;
    }
    let lines = source.text.lines().count();
    let product = (1..=lines).filter(|line| !source.is_test_line(*line)).count();
    if product > FILE_LINES_MAX {
        let message = format!(
            "the file has {product} lines without tests, more than {FILE_LINES_MAX}: which two \
             things live in it?"
        );
        breaches.push(Breach::new(&source.path, 1, "file", message));
    }
    Functions { source, breaches }.visit_file(&source.syntax);
}

struct Functions<'a> {
    source: &'a Source,
    breaches: &'a mut Vec<Breach>,
}

impl Functions<'_> {
    fn judge(&mut self, signature: &syn::Signature, end: usize) {
        let start = signature.span().start().line;
        if self.source.is_test_line(start) {
            return;
        }
        let name = &signature.ident;
        let lines = end.saturating_sub(start) + 1;
        if lines > FUNCTION_LINES_MAX && !self.source.is_waived("function", start) {
            let message = format!("`{name}` has {lines} lines, more than {FUNCTION_LINES_MAX}");
            self.breaches.push(Breach::new(&self.source.path, start, "function", message));
        }
        let own = |input: &&syn::FnArg| matches!(input, syn::FnArg::Typed(_));
        let parameters = signature.inputs.iter().filter(own).count();
        if parameters > PARAMETERS_MAX && !self.source.is_waived("parameters", start) {
            let message =
                format!("`{name}` has {parameters} parameters, more than {PARAMETERS_MAX}");
            self.breaches.push(Breach::new(&self.source.path, start, "parameters", message));
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.judge(&item.sig, item.block.span().end().line);
        visit::visit_item_fn(self, item);
    }
    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.judge(&item.sig, item.block.span().end().line);
        visit::visit_impl_item_fn(self, item);
    }
    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.judge(&item.sig, item.span().end().line);
        visit::visit_trait_item_fn(self, item);
    }
}

/// A line may be longer by as much as the text inside its string literals, or hold an address.
fn check_width(source: &Source, breaches: &mut Vec<Breach>) {
    let mut quoted = BTreeMap::new();
    quoted_columns(&source.tokens, &mut quoted);
    for (index, line) in source.text.lines().enumerate() {
        let width = line.chars().count();
        if width <= COLUMNS_MAX || line.contains("://") {
            continue;
        }
        let comment = line.trim_start().starts_with("//");
        let excused = if comment { 0 } else { quoted.get(&(index + 1)).copied().unwrap_or(0) };
        if width.saturating_sub(excused) > COLUMNS_MAX {
            let message = format!("the line has {width} columns, more than {COLUMNS_MAX}");
            breaches.push(Breach::new(&source.path, index + 1, "width", message));
        }
    }
}

fn quoted_columns(tokens: &TokenStream, quoted: &mut BTreeMap<usize, usize>) {
    for tree in tokens.clone() {
        match tree {
            TokenTree::Group(group) => quoted_columns(&group.stream(), quoted),
            TokenTree::Literal(literal) => {
                let (start, end) = (literal.span().start(), literal.span().end());
                if start.line == end.line {
                    *quoted.entry(start.line).or_default() += end.column - start.column;
                } else {
                    (start.line..=end.line).for_each(|line| {
                        quoted.insert(line, usize::MAX / 2);
                    });
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        let source = Source::parse(path, text).unwrap();
        let mut breaches = Vec::new();
        check(&source, &mut breaches);
        breaches.into_iter().map(|breach| breach.rule).collect()
    }

    const HERE: &str = "crates/x/src/lib.rs";

    #[test]
    fn functions_end_after_seventy_lines() {
        let body = |lines: usize| format!("fn a() {{\n{}}}\n", "    b();\n".repeat(lines));
        assert_eq!(rules(HERE, &body(68)), [""; 0]);
        assert_eq!(rules(HERE, &body(69)), ["function"]);
        assert_eq!(rules("crates/x/tests/a.rs", &body(69)), [""; 0]);
        assert_eq!(rules(HERE, &format!("#[cfg(test)]\nmod t {{\n{}}}", body(69))), [""; 0]);
    }

    #[test]
    fn files_end_after_six_hundred_lines_without_tests() {
        let filled = "const A: u8 = 0;\n".repeat(600);
        assert_eq!(rules(HERE, &filled), [""; 0]);
        assert_eq!(rules(HERE, &format!("{filled}#[cfg(test)]\nmod t {{\n\n\n}}\n")), [""; 0]);
        assert_eq!(rules(HERE, &format!("{filled}fn a() {{}}\n")), ["file"]);
        assert_eq!(rules(HERE, &format!("// @generated\n{filled}fn a() {{}}\n")), [""; 0]);
    }

    #[test]
    fn five_parameters_are_enough_and_self_is_none_of_them() {
        assert_eq!(
            rules(HERE, "fn a(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8) {}"),
            ["parameters"]
        );
        let method = "impl A { fn a(&self, a: u8, b: u8, c: u8, d: u8, e: u8) {} }";
        assert_eq!(rules(HERE, method), [""; 0]);
        let trait_method = "trait A { fn a(&self, a: u8, b: u8, c: u8, d: u8, e: u8, f: u8); }";
        assert_eq!(rules(HERE, trait_method), ["parameters"]);
    }

    #[test]
    fn only_quoted_text_and_addresses_may_be_wide() {
        let long = "x".repeat(90);
        assert_eq!(rules(HERE, &format!("const A: &str = \"{long}\";")), [""; 0]);
        assert_eq!(rules(HERE, &format!("const A: &str = \"\n{long}{long}\n\";")), [""; 0]);
        assert_eq!(rules(HERE, &format!("// {long}{long}")), ["width"]);
        assert_eq!(rules(HERE, &format!("/// {long}{long}\nfn a() {{}}")), ["width"]);
        assert_eq!(rules(HERE, &format!("// https://{long}{long}")), [""; 0]);
        assert_eq!(rules(HERE, &format!("fn {long}_aaaaaaaaaa() {{}}")), ["width"]);
    }
}
