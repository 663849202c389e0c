//! From an event's logsource to the rules worth trying on it.

use std::borrow::Cow;
use std::collections::HashMap;

use model::LogSource;

use super::RuleIndex;
use crate::sigma::View;
use crate::sigma::engine::Likeness;
use crate::sigma::group::Group;

/// Category, product and service as numbers; 0 where a rule leaves one open.
pub(super) type Key = (u32, u32, u32);

/// Rules by the logsource they name. A rule fits an event when every part that it names is equal;
/// a part that it leaves open fits anything.
#[derive(Default)]
pub(crate) struct Router {
    words: HashMap<Box<str>, u32>,
    slots: HashMap<Key, usize>,
    groups: Vec<Slot>,
}

#[derive(Default)]
struct Slot {
    plain: Group,
    presence: Vec<RuleIndex>,
}

impl Router {
    /// The key of a rule's logsource.
    pub(super) fn key(&mut self, source: &LogSource) -> Key {
        let mut number = |word: &Option<std::sync::Arc<str>>| {
            let Some(word) = word else { return 0 };
            let next = u32::try_from(self.words.len()).unwrap_or(u32::MAX - 1) + 1;
            *self.words.entry(fold(word).into()).or_insert(next)
        };
        (number(&source.category), number(&source.product), number(&source.service))
    }

    pub(super) fn add(
        &mut self,
        key: Key,
        index: RuleIndex,
        rule: (rsigma_eval::CompiledRule, Likeness),
    ) {
        self.slot(key).plain.add(index.0, rule);
    }

    pub(super) fn add_presence(&mut self, key: Key, index: RuleIndex) {
        self.slot(key).presence.push(index);
    }

    pub(crate) fn seal(&mut self) {
        for slot in &mut self.groups {
            slot.plain.seal();
        }
    }

    pub(crate) fn matches(
        &self,
        source: &LogSource,
        view: &View<'_>,
        mut found: impl FnMut(RuleIndex),
    ) {
        self.fitting(source, |slot| slot.plain.matches(view, |number| found(RuleIndex(number))));
    }

    pub(crate) fn presence(&self, source: &LogSource, mut each: impl FnMut(RuleIndex)) {
        self.fitting(source, |slot| slot.presence.iter().copied().for_each(&mut each));
    }

    pub(crate) fn matches_all(&self, view: &View<'_>, mut found: impl FnMut(RuleIndex)) {
        for slot in &self.groups {
            slot.plain.matches(view, |number| found(RuleIndex(number)));
        }
    }

    pub(crate) fn presence_all(&self, mut each: impl FnMut(RuleIndex)) {
        for slot in &self.groups {
            slot.presence.iter().copied().for_each(&mut each);
        }
    }

    fn slot(&mut self, key: Key) -> &mut Slot {
        let next = self.groups.len();
        let at = *self.slots.entry(key).or_insert(next);
        if at == next {
            self.groups.push(Slot::default());
        }
        // INVARIANT: every number in `slots` was the length of `groups` when its slot was pushed.
        #[expect(clippy::indexing_slicing, reason = "the slot was pushed above or before")]
        &mut self.groups[at]
    }

    fn fitting(&self, source: &LogSource, mut each: impl FnMut(&Slot)) {
        let number = |word: &Option<std::sync::Arc<str>>| {
            word.as_deref().and_then(|word| self.words.get(&*fold(word))).copied().unwrap_or(0)
        };
        let (category, product, service) =
            (number(&source.category), number(&source.product), number(&source.service));
        let either = |number: u32| [(number, true), (0, number != 0)];
        for (category, fits) in either(category) {
            for (product, fits) in either(product).map(|(number, ok)| (number, ok && fits)) {
                for (service, fits) in either(service).map(|(number, ok)| (number, ok && fits)) {
                    let slot = self.slots.get(&(category, product, service)).filter(|_| fits);
                    if let Some(slot) = slot.and_then(|at| self.groups.get(*at)) {
                        each(slot);
                    }
                }
            }
        }
    }
}

fn fold(word: &str) -> Cow<'_, str> {
    if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(word.to_ascii_lowercase())
    } else {
        Cow::Borrowed(word)
    }
}
