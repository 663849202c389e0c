//! The rules of one logsource, and which of them are worth trying on an event.
//!
//! Every rule has gates: things of which one at least holds of every event that it matches. The
//! index answers for one event which gates are open: one automaton for each field finds all texts
//! that rules look for in it. Only rules behind an open gate are tried.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use rsigma_eval::{CompiledRule, Event};

use super::cells::{Cell, Row};
use super::engine::Likeness;
use super::field::View;
use super::gate::{self, Gate, Popularity};
use super::plan::{Fields, Plan};

/// Up to this many bytes of texts an automaton is a table of transitions; beyond, it is packed.
const TABLE_BYTES_MAX: usize = 32 << 10;

/// The rules of one logsource.
#[derive(Default)]
pub(crate) struct Group {
    fields: Fields,
    plans: Vec<Plan>,
    /// Our own numbers of the rules of each plan: rules that look for the same are tried once.
    numbers: Vec<Vec<u32>>,
    known: HashMap<Likeness, usize>,
    index: Index,
}

impl Group {
    /// Adds a rule under our own number; call `seal` when all are in.
    pub(crate) fn add(&mut self, number: u32, (rule, likeness): (CompiledRule, Likeness)) {
        if let Some(same) = self.known.get(&likeness).and_then(|at| self.numbers.get_mut(*at)) {
            same.push(number);
            return;
        }
        self.known.insert(likeness, self.plans.len());
        self.plans.push(Plan::of(rule, &mut self.fields));
        self.numbers.push(vec![number]);
    }

    /// Builds the index over what was added.
    pub(crate) fn seal(&mut self) {
        let mut popularity = Popularity::new();
        for plan in &self.plans {
            gate::count(plan, &mut popularity);
        }
        let mut builder = Builder::default();
        for (at, plan) in (0_u32..).zip(&self.plans) {
            builder.add(at, gate::of(plan, &popularity));
        }
        self.index = builder.build(self.plans.len());
    }

    /// The numbers of the rules that match, in no order that means anything.
    pub(crate) fn matches(&self, view: &View<'_>, mut found: impl FnMut(u32)) {
        if self.plans.is_empty() {
            return;
        }
        let row = Row::new(view, &self.fields.names);
        let mut open = Open::new(&self.index.always);
        self.index.open(&row, &mut open);
        open.each(|at| {
            if self.plans.get(at).is_some_and(|plan| plan.matches(&row)) {
                let numbers = self.numbers.get(at).into_iter().flatten();
                numbers.for_each(|number| found(*number));
            }
        });
    }
}

/// Which rules' gates are open, a bit for each.
struct Open {
    bits: Vec<u64>,
}

impl Open {
    fn new(always: &[u64]) -> Self {
        Self { bits: always.to_vec() }
    }

    fn mark(&mut self, rules: &[u32]) {
        for rule in rules {
            if let Some(word) = self.bits.get_mut(*rule as usize / 64) {
                *word |= 1 << (rule % 64);
            }
        }
    }

    fn each(self, mut each: impl FnMut(usize)) {
        for (at, mut word) in self.bits.into_iter().enumerate() {
            while word != 0 {
                each(at * 64 + word.trailing_zeros() as usize);
                word &= word - 1;
            }
        }
    }
}

/// Rules by their gates.
#[derive(Default)]
struct Index {
    /// Rules without gates.
    always: Vec<u64>,
    fields: Vec<FieldIndex>,
    words: Option<Finder>,
}

#[derive(Default)]
struct FieldIndex {
    slot: usize,
    has: Vec<u32>,
    exact: HashMap<String, Vec<u32>>,
    numbers: HashMap<i64, Vec<u32>>,
    parts: Option<Finder>,
}

impl Index {
    fn open(&self, row: &Row<'_>, open: &mut Open) {
        for field in &self.fields {
            if let Some(cell) = row.cell(field.slot) {
                field.open(cell, open);
            }
        }
        if let Some(words) = &self.words {
            row.view.visit_string_values(&mut |text| {
                words.find(&rsigma_eval::matcher::ascii_lowercase_cow(text), open);
            });
        }
    }
}

impl FieldIndex {
    fn open(&self, cell: &Cell<'_>, open: &mut Open) {
        open.mark(&self.has);
        if !self.numbers.is_empty() {
            cell.each_number(|number| {
                let rules = gate::whole(number).and_then(|whole| self.numbers.get(&whole));
                open.mark(rules.map(Vec::as_slice).unwrap_or_default());
            });
        }
        if self.exact.is_empty() && self.parts.is_none() {
            return;
        }
        for text in cell.folded() {
            if let Some(rules) = self.exact.get(&**text) {
                open.mark(rules);
            }
            if let Some(parts) = &self.parts {
                parts.find(text, open);
            }
        }
    }
}

/// Finds all of many texts in one pass.
struct Finder {
    automaton: AhoCorasick,
    /// By the automaton's number of a text.
    rules: Vec<Vec<u32>>,
}

impl Finder {
    /// `None` where there is nothing to find, or too much for an automaton.
    fn new(texts: HashMap<String, Vec<u32>>) -> Option<Self> {
        let mut texts: Vec<(String, Vec<u32>)> = texts.into_iter().collect();
        texts.sort();
        let bytes: usize = texts.iter().map(|(text, _)| text.len()).sum();
        let kind = if bytes <= TABLE_BYTES_MAX {
            AhoCorasickKind::DFA
        } else {
            AhoCorasickKind::ContiguousNFA
        };
        let (patterns, rules): (Vec<_>, Vec<_>) = texts.into_iter().unzip();
        if patterns.is_empty() {
            return None;
        }
        let automaton = AhoCorasick::builder().kind(Some(kind)).build(patterns).ok()?;
        Some(Self { automaton, rules })
    }

    fn find(&self, folded: &str, open: &mut Open) {
        // A long s and the sign for kelvin are letters to whoever ignores case.
        if !folded.is_ascii() && folded.contains(['\u{17f}', '\u{212a}']) {
            let plain = folded.replace('\u{17f}', "s").replace('\u{212a}', "k");
            self.search(&plain, open);
        }
        self.search(folded, open);
    }

    fn search(&self, text: &str, open: &mut Open) {
        for found in self.automaton.find_overlapping_iter(text) {
            if let Some(rules) = self.rules.get(found.pattern().as_usize()) {
                open.mark(rules);
            }
        }
    }
}

#[derive(Default)]
struct Builder {
    always: Vec<u32>,
    fields: HashMap<usize, FieldIndex>,
    parts: HashMap<usize, HashMap<String, Vec<u32>>>,
    words: HashMap<String, Vec<u32>>,
}

impl Builder {
    fn add(&mut self, rule: u32, gates: Option<Vec<Gate>>) {
        let Some(gates) = gates else {
            self.always.push(rule);
            return;
        };
        for gate in gates {
            match gate {
                Gate::Word { word } => self.words.entry(word).or_default().push(rule),
                Gate::Part { slot, part } => {
                    self.field(slot);
                    let parts = self.parts.entry(slot).or_default();
                    parts.entry(part).or_default().push(rule);
                }
                Gate::Has { slot } => self.field(slot).has.push(rule),
                Gate::Exact { slot, value } => {
                    self.field(slot).exact.entry(value).or_default().push(rule);
                }
                Gate::Number { slot, value } => {
                    self.field(slot).numbers.entry(value).or_default().push(rule);
                }
            }
        }
    }

    fn field(&mut self, slot: usize) -> &mut FieldIndex {
        self.fields.entry(slot).or_insert_with(|| FieldIndex { slot, ..FieldIndex::default() })
    }

    fn build(mut self, rules: usize) -> Index {
        for (slot, texts) in std::mem::take(&mut self.parts) {
            let behind: Vec<u32> = texts.values().flatten().copied().collect();
            match Finder::new(texts) {
                Some(finder) => self.field(slot).parts = Some(finder),
                None => self.always.extend(behind),
            }
        }
        let behind: Vec<u32> = self.words.values().flatten().copied().collect();
        let words = Finder::new(std::mem::take(&mut self.words));
        if words.is_none() {
            self.always.extend(behind);
        }
        let mut always = Open::new(&vec![0; rules.div_ceil(64)]);
        always.mark(&self.always);
        let mut fields: Vec<FieldIndex> = self.fields.into_values().collect();
        fields.sort_by_key(|field| field.slot);
        Index { always: always.bits, fields, words }
    }
}
