//! No `_ =>` on our own enums in kernels: a new state must break the build where somebody has to
//! think. An enum is known by its name alone, so a match on another's enum of the same name needs
//! `// tidy: wildcard: reason`.

use std::collections::BTreeSet;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::source::Source;
use super::{Breach, KERNELS};

/// The names of every enum that our crates define.
pub fn own_enums(sources: &[Source]) -> BTreeSet<String> {
    let mut enums = Enums { names: BTreeSet::new() };
    for source in sources.iter().filter(|source| source.crate_name().is_some()) {
        enums.visit_file(&source.syntax);
    }
    enums.names
}

struct Enums {
    names: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Enums {
    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.names.insert(item.ident.to_string());
    }
}

/// Names the wildcard arms of one kernel file.
pub fn check(source: &Source, enums: &BTreeSet<String>, breaches: &mut Vec<Breach>) {
    if source.crate_name().is_some_and(|name| KERNELS.contains(&name)) {
        Matches { source, enums, own_type: None, breaches }.visit_file(&source.syntax);
    }
}

struct Matches<'a> {
    source: &'a Source,
    enums: &'a BTreeSet<String>,
    /// The type whose `impl` is being read: what `Self` means.
    own_type: Option<String>,
    breaches: &'a mut Vec<Breach>,
}

impl<'ast> Visit<'ast> for Matches<'_> {
    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let name = match &*item.self_ty {
            syn::Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        };
        let outer = std::mem::replace(&mut self.own_type, name);
        visit::visit_item_impl(self, item);
        self.own_type = outer;
    }

    fn visit_expr_match(&mut self, item: &'ast syn::ExprMatch) {
        let named = item.arms.iter().find_map(|arm| {
            let mut finder =
                EnumFinder { enums: self.enums, own_type: &self.own_type, found: None };
            finder.visit_pat(&arm.pat);
            finder.found
        });
        let wild = item.arms.iter().find(|arm| is_wild(&arm.pat) && arm.guard.is_none());
        if let (Some(name), Some(arm)) = (named, wild) {
            let line = arm.span().start().line;
            if !self.source.is_test_line(line) && !self.source.is_waived("wildcard", line) {
                let message = format!("`_ =>` on our own `{name}`: write its cases out");
                self.breaches.push(Breach::new(&self.source.path, line, "wildcard", message));
            }
        }
        visit::visit_expr_match(self, item);
    }
}

fn is_wild(pattern: &syn::Pat) -> bool {
    match pattern {
        syn::Pat::Wild(_) => true,
        syn::Pat::Tuple(tuple) => tuple.elems.iter().all(is_wild),
        syn::Pat::Paren(inner) => is_wild(&inner.pat),
        _ => false,
    }
}

struct EnumFinder<'a> {
    enums: &'a BTreeSet<String>,
    own_type: &'a Option<String>,
    found: Option<String>,
}

impl<'ast> Visit<'ast> for EnumFinder<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let before_last = path.segments.iter().rev().nth(1);
        let Some(owner) = before_last.map(|segment| segment.ident.to_string()) else {
            return;
        };
        let owner = match (owner.as_str(), self.own_type) {
            ("Self", Some(own)) => own.clone(),
            _ => owner,
        };
        if self.enums.contains(&owner) {
            self.found = Some(owner);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn breaches(path: &str, text: &str) -> usize {
        let with_enum = format!("enum Verdict {{ Clear, Threat }}\n{text}");
        let source = Source::parse(path, &with_enum).unwrap();
        let enums = own_enums(std::slice::from_ref(&source));
        let mut breaches = Vec::new();
        check(&source, &enums, &mut breaches);
        breaches.len()
    }

    #[test]
    fn kernels_write_their_cases_out() {
        let here = "crates/detect/src/lib.rs";
        let bad = [
            "fn a(v: Verdict) { match v { Verdict::Threat => 1, _ => 0 } }",
            "fn a(v: X) { match v { (model::Verdict::Threat, _) => 1, (_, _) => 0 } }",
            "fn a(v: X) { match v { Some(Verdict::Threat) => 1, _ => 0 } }",
            "impl Verdict { fn a(&self) { match self { Self::Threat => 1, _ => 0 } } }",
        ];
        for text in bad {
            assert_eq!(breaches(here, text), 1, "{text}");
            assert_eq!(breaches("crates/adapters/src/lib.rs", text), 0);
        }
        let good = [
            "fn a(v: Verdict) { match v { Verdict::Threat => 1, Verdict::Clear => 0 } }",
            "fn a(v: u8) { match v { 1 => Verdict::Threat, _ => Verdict::Clear } }",
            "fn a(v: Verdict) { match v { Verdict::Threat => 1, _ if x => 2, Verdict::Clear => 0 } }",
            "fn a(v: Verdict) { match v { Verdict::Threat => 1,\n// tidy: wildcard: theirs\n_ => 0 } }",
            "fn a(v: Value) { match v { Value::Null => 1, _ => 0 } }",
            "#[cfg(test)] mod t { fn a(v: Verdict) { match v { Verdict::Threat => 1, _ => 0 } } }",
        ];
        for text in good {
            assert_eq!(breaches(here, text), 0, "{text}");
        }
    }
}
