//! In which order correlations that build on each other are made, and which go in a circle.

use std::collections::HashMap;

use rsigma_parser::CorrelationRule;

pub(super) struct Order {
    /// Places in the list given: every one after those that it builds on.
    pub sorted: Vec<usize>,
    /// Those that build on themselves, by way of which others.
    pub cycles: Vec<(usize, String)>,
}

/// Puts correlations in order. Rules that are not among them are not asked about.
pub(super) fn order<'a>(all: impl Iterator<Item = &'a CorrelationRule>) -> Order {
    let all: Vec<&CorrelationRule> = all.collect();
    let mut places = HashMap::new();
    for (at, rule) in all.iter().enumerate() {
        for name in rule.id.iter().chain(&rule.name) {
            places.entry(name.to_lowercase()).or_insert(at);
        }
    }
    let needs: Vec<Vec<usize>> = all
        .iter()
        .map(|rule| {
            let known = named(rule);
            known.iter().filter_map(|name| places.get(&name.to_lowercase()).copied()).collect()
        })
        .collect();
    let mut order = Order { sorted: Vec::new(), cycles: Vec::new() };
    let mut left: Vec<usize> = (0..all.len()).collect();
    loop {
        let is_ready = |at: &usize| {
            needs.get(*at).is_none_or(|needs| needs.iter().all(|need| order.sorted.contains(need)))
        };
        let (ready, rest): (Vec<usize>, Vec<usize>) = left.iter().partition(|at| is_ready(at));
        left = rest;
        if ready.is_empty() {
            break;
        }
        order.sorted.extend(ready);
    }
    for at in &left {
        match circle(*at, &needs, &left) {
            Some(path) => {
                let names = path.iter().filter_map(|at| all.get(*at)).map(|rule| name(rule));
                order.cycles.push((*at, names.collect::<Vec<_>>().join(" -> ")));
            }
            // It only builds on a circle: its own input will be missing.
            None => order.sorted.push(*at),
        }
    }
    order
}

/// Every rule that a correlation names, those of its `castellan:` block among them.
fn named(rule: &CorrelationRule) -> Vec<String> {
    let ours = rule.custom_attributes.get("castellan");
    let without = ours.and_then(|ours| ours.get("without")).and_then(|own| own.get("rules"));
    let resets = ours.and_then(|ours| ours.get("reset_by"));
    let mut all = rule.rules.clone();
    for more in [without, resets].into_iter().flatten() {
        let list = more.as_sequence().into_iter().flatten();
        let texts = list.chain(std::iter::once(more)).filter_map(|one| one.as_str());
        all.extend(texts.map(str::to_owned));
    }
    let conflict = ours.and_then(|ours| ours.get("conflict"));
    let against = conflict.and_then(|own| own.get("against")).and_then(|own| own.as_mapping());
    let names = against.into_iter().flatten().filter_map(|(name, _)| name.as_str());
    all.extend(names.map(str::to_owned));
    all
}

fn name(rule: &CorrelationRule) -> String {
    let own = rule.name.as_ref().or(rule.id.as_ref()).unwrap_or(&rule.title);
    format!("`{own}`")
}

/// The way from a correlation back to itself.
fn circle(from: usize, needs: &[Vec<usize>], left: &[usize]) -> Option<Vec<usize>> {
    let mut paths = vec![vec![from]];
    let mut seen = Vec::new();
    while let Some(path) = paths.pop() {
        let last = path.last().copied()?;
        for need in needs.get(last).into_iter().flatten().filter(|need| left.contains(need)) {
            let mut longer = path.clone();
            longer.push(*need);
            if *need == from {
                return Some(longer);
            }
            if !seen.contains(need) {
                seen.push(*need);
                paths.push(longer);
            }
        }
    }
    None
}
