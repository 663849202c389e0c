//! The fixed texts of papers, by language. They are data: a file for each language, all with the
//! same keys.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use codec::pdf::Collection;

/// The language of a paper's fixed texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    En,
    /// Dutch.
    Nl,
    /// Traditional Chinese.
    ZhHant,
}

impl Language {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::En, Self::Nl, Self::ZhHant];

    /// By its tag.
    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// As BCP 47 has it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Nl => "nl",
            Self::ZhHant => "zh-Hant",
        }
    }

    /// Where Han characters are sought first.
    pub(super) fn han(self) -> Collection {
        match self {
            Self::En | Self::Nl | Self::ZhHant => Collection::Cns1,
        }
    }

    pub(super) fn texts(self) -> &'static Texts {
        match self {
            Self::En => &EN,
            Self::Nl => &NL,
            Self::ZhHant => &ZH_HANT,
        }
    }
}

static EN: LazyLock<Texts> = LazyLock::new(|| Texts::read(include_str!("texts/en.toml")));
static NL: LazyLock<Texts> = LazyLock::new(|| Texts::read(include_str!("texts/nl.toml")));
static ZH_HANT: LazyLock<Texts> = LazyLock::new(|| Texts::read(include_str!("texts/zh-Hant.toml")));

/// Texts by key.
pub(super) struct Texts(BTreeMap<String, String>);

impl Texts {
    fn read(toml: &str) -> Self {
        Self(toml::from_str(toml).unwrap_or_default())
    }

    /// A text; its key where there is none, which a test rules out.
    pub fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.0.get(key).map_or(key, String::as_str)
    }

    /// A text, if there is one.
    pub fn find(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// A text with what is in braces put in.
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut text = self.get(key).to_owned();
        for (name, value) in values {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    /// The text of a word of one of our enums.
    pub fn word<T: serde::Serialize>(&self, kind: &str, value: &T) -> String {
        let word = serde_json::to_value(value).unwrap_or_default();
        let word = word.as_str().unwrap_or_default();
        self.get(&format!("{kind}_{word}")).to_owned()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use model::incident::Disposition;
    use model::{IncidentState, Level, OccurrenceKind};

    use super::*;

    fn blanks(text: &str) -> Vec<String> {
        let pieces = text.split('{').skip(1);
        let mut found: Vec<_> =
            pieces.map(|piece| piece.split('}').next().unwrap().to_owned()).collect();
        found.sort();
        found
    }

    #[test]
    fn every_language_says_everything_with_the_same_blanks() {
        for language in Language::ALL {
            let texts = &language.texts().0;
            assert!(!texts.is_empty(), "{language:?} is not readable");
            let keys: Vec<_> = texts.keys().collect();
            assert_eq!(keys, EN.0.keys().collect::<Vec<_>>(), "{language:?}");
            for (key, text) in texts {
                assert_eq!(blanks(text), blanks(EN.get(key)), "{language:?} {key}");
            }
            assert_eq!(Language::parse(language.tag()), Some(language));
        }
        assert_eq!(Language::parse("fr"), None);
    }

    #[test]
    fn every_word_has_its_text() {
        let levels =
            [Level::Informational, Level::Low, Level::Medium, Level::High, Level::Critical];
        let states = [
            IncidentState::New,
            IncidentState::Acknowledged,
            IncidentState::InProgress,
            IncidentState::Resolved,
            IncidentState::Closed,
        ];
        let outcomes = [
            Disposition::TruePositive,
            Disposition::BenignPositive,
            Disposition::FalsePositive,
            Disposition::Test,
            Disposition::Duplicate,
            Disposition::Undetermined,
            Disposition::Withdrawn,
        ];
        for language in Language::ALL {
            let texts = language.texts();
            let words = levels.iter().map(|word| texts.word("level", word));
            let words = words.chain(states.iter().map(|word| texts.word("state", word)));
            let words = words.chain(outcomes.iter().map(|word| texts.word("disposition", word)));
            let words = words.chain(OccurrenceKind::ALL.iter().map(|w| texts.word("kind", w)));
            for word in words {
                assert!(!word.contains('_'), "{language:?}: {word}");
            }
        }
    }
}
