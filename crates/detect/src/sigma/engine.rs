//! Compiling Sigma and matching it, one engine per logsource.

use rsigma_eval::{CompiledRule, Engine, compile_rule};
use rsigma_parser::{FilterRule, FilterRuleTarget, SigmaRule};

use super::field::View;

/// Compiles a rule together with the filters that name it; fails with rsigma's words.
pub(crate) fn compile(rule: &SigmaRule, filters: &[FilterRule]) -> Result<CompiledRule, String> {
    let names = |target: &FilterRuleTarget| match target {
        FilterRuleTarget::Any => true,
        FilterRuleTarget::Specific(ids) => {
            ids.iter().any(|id| Some(id) == rule.id.as_ref() || Some(id) == rule.name.as_ref())
        }
    };
    let mut own = filters.iter().filter(|filter| names(&filter.rules)).peekable();
    if own.peek().is_none() {
        return compile_rule(rule).map_err(|error| error.to_string());
    }
    let mut engine = Engine::new();
    engine.add_rule(rule).map_err(|error| error.to_string())?;
    for filter in own {
        engine.apply_filter(filter).map_err(|error| error.to_string())?;
    }
    engine.rules().first().cloned().ok_or_else(|| "the rule compiled to nothing".to_owned())
}

/// The rules of one logsource.
#[derive(Default)]
pub(crate) struct Group {
    engine: Option<Engine>,
    waiting: Vec<CompiledRule>,
}

impl Group {
    /// Adds a rule under our own number; call `seal` when all are in.
    pub(crate) fn add(&mut self, number: u32, mut rule: CompiledRule) {
        rule.id = Some(number.to_string());
        self.waiting.push(rule);
    }

    /// Builds the index over what was added.
    pub(crate) fn seal(&mut self) {
        let mut engine = self.engine.take().unwrap_or_default();
        engine.extend_compiled_rules(std::mem::take(&mut self.waiting));
        self.engine = Some(engine);
    }

    /// The numbers of the rules that match.
    pub(crate) fn matches(&self, view: &View<'_>, mut found: impl FnMut(u32)) {
        let Some(engine) = &self.engine else { return };
        for result in engine.evaluate(view) {
            if let Some(number) = result.header.rule_id.and_then(|id| id.parse().ok()) {
                found(number);
            }
        }
    }
}
