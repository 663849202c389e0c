//! What a correlation measures, and against which bounds.

use std::collections::BTreeMap;

use rsigma_parser::ConditionOperator;
use serde_json::Value;

use super::{Fault, fault};

/// What is measured over a whole window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Measure {
    /// How many events.
    Events,
    /// How many distinct values.
    Values(Vec<String>),
    /// What numbers add up to.
    Sum(String),
    /// Their mean.
    Average(String),
    /// The number below which so many per cent lie, interpolated between neighbours.
    Percentile { field: String, rank: f64 },
    /// How many per cent of the events carry a value; asked for each value.
    Share(String),
}

/// A comparison with a bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Predicate {
    pub operator: ConditionOperator,
    pub bound: f64,
}

/// How near two numbers count as equal, beside what their size makes of it.
const EQUAL_WITHIN: f64 = 1e-9;

impl Predicate {
    pub(crate) fn holds(&self, measured: f64) -> bool {
        let room = EQUAL_WITHIN * measured.abs().max(self.bound.abs()).max(1.0);
        let is_equal = (measured - self.bound).abs() <= room;
        match self.operator {
            ConditionOperator::Gt => measured > self.bound && !is_equal,
            ConditionOperator::Gte => measured > self.bound || is_equal,
            ConditionOperator::Lt => measured < self.bound && !is_equal,
            ConditionOperator::Lte => measured < self.bound || is_equal,
            ConditionOperator::Eq => is_equal,
            ConditionOperator::Neq => !is_equal,
        }
    }

    /// Whether it only asks for more.
    pub(super) fn is_lower_bound(&self) -> bool {
        match self.operator {
            ConditionOperator::Gt | ConditionOperator::Gte => true,
            ConditionOperator::Lt
            | ConditionOperator::Lte
            | ConditionOperator::Eq
            | ConditionOperator::Neq => false,
        }
    }
}

/// The comparisons of a correlation's `condition`, as written.
pub(super) fn predicates(correlation: &Value) -> Result<Vec<Predicate>, Fault> {
    const OPERATORS: [(&str, ConditionOperator); 6] = [
        ("gt", ConditionOperator::Gt),
        ("gte", ConditionOperator::Gte),
        ("lt", ConditionOperator::Lt),
        ("lte", ConditionOperator::Lte),
        ("eq", ConditionOperator::Eq),
        ("neq", ConditionOperator::Neq),
    ];
    let example = "a condition such as `gte: 5`";
    let Some(condition) = correlation.get("condition").and_then(Value::as_object) else {
        let message = format!("a correlation that counts or measures needs {example}");
        return Err(fault("condition:", "wrong_condition", message));
    };
    let mut found = Vec::new();
    for (name, operator) in OPERATORS {
        let Some(value) = condition.get(name) else { continue };
        let Some(bound) = value.as_f64().filter(|bound| bound.is_finite()) else {
            let message = format!("`{name}` needs a number, as in {example}");
            return Err(fault("condition:", "wrong_condition", message));
        };
        found.push(Predicate { operator, bound });
    }
    if found.is_empty() {
        let message = format!("a correlation that counts or measures needs {example}");
        return Err(fault("condition:", "wrong_condition", message));
    }
    Ok(found)
}

/// The count from which on lower bounds hold; `None` where a bound could be passed again.
pub(super) fn least(predicates: &[Predicate]) -> Option<u64> {
    let mut least = 1;
    for predicate in predicates {
        let next = match predicate.operator {
            ConditionOperator::Gte => predicate.bound.ceil(),
            ConditionOperator::Gt => predicate.bound.floor() + 1.0,
            ConditionOperator::Lt
            | ConditionOperator::Lte
            | ConditionOperator::Eq
            | ConditionOperator::Neq => return None,
        };
        // Saturates; whoever asks bounds it.
        least = least.max(next.max(1.0) as u64);
    }
    Some(least)
}

/// The percentile asked for.
pub(super) fn rank(correlation: &Value) -> Result<Option<f64>, Fault> {
    let Some(rank) = correlation.get("condition").and_then(|c| c.get("percentile")) else {
        return Ok(None);
    };
    match rank.as_f64().filter(|rank| (0.0..=100.0).contains(rank)) {
        Some(rank) => Ok(Some(rank)),
        None => Err(fault("percentile:", "wrong_value", "`percentile` is a number from 0 to 100")),
    }
}

/// What was seen in one window.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Seen {
    pub count: u64,
    pub sum: f64,
    pub numbers: Vec<f64>,
    pub values: BTreeMap<String, u64>,
}

impl Measure {
    /// Whether a window's measure meets all of some predicates.
    pub(crate) fn meets(&self, seen: &Seen, predicates: &[Predicate]) -> bool {
        let all = |measured: f64| predicates.iter().all(|predicate| predicate.holds(measured));
        let count = seen.count as f64;
        match self {
            Self::Events => all(count),
            Self::Values(_) => all(seen.values.len() as f64),
            Self::Sum(_) => all(seen.sum),
            Self::Average(_) => seen.count > 0 && all(seen.sum / count),
            Self::Percentile { rank, .. } => percentile(&seen.numbers, *rank).is_some_and(all),
            Self::Share(_) => seen.values.values().any(|own| all(100.0 * *own as f64 / count)),
        }
    }
}

/// Linear between the two nearest, as most statistics have it.
fn percentile(numbers: &[f64], rank: f64) -> Option<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let place = rank / 100.0 * (sorted.len().checked_sub(1)? as f64);
    let below = *sorted.get(place.floor() as usize)?;
    let above = *sorted.get(place.ceil() as usize)?;
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_lie_between_neighbours() {
        assert_eq!(percentile(&[], 50.0), None);
        assert_eq!(percentile(&[7.0], 99.0), Some(7.0));
        assert_eq!(percentile(&[4.0, 1.0, 3.0, 2.0], 50.0), Some(2.5));
        assert_eq!(percentile(&[4.0, 1.0, 3.0, 2.0], 100.0), Some(4.0));
    }
}
