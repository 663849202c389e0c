//! Which mapping a record of an `auto` source belongs to.

use memchr::memmem::Finder;
use model::problem::Problem;
use model::{MappingName, Wire};
use regex::bytes::Regex;

use crate::manifest::Manifest;
use crate::tree::Tree;

/// Recognition rules, the one to ask first in front: by priority, then by name.
#[derive(Debug, Default)]
pub(crate) struct Recogniser {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    mapping: usize,
    name: MappingName,
    priority: i64,
    wire: Wire,
    app_name: Vec<String>,
    contains: Vec<Finder<'static>>,
    regex: Vec<Regex>,
    json_has: Vec<String>,
    csv_header: Vec<String>,
    topic: Vec<String>,
}

/// What is known of a record before a mapping is chosen.
pub(crate) struct Traits<'a> {
    pub wire: Wire,
    pub app_name: Option<&'a str>,
    /// The whole body.
    pub body: &'a [u8],
    /// The body without a syslog header.
    pub payload: &'a [u8],
    pub topic: Option<&'a str>,
    /// The payload as JSON, once it was asked for.
    pub json: Option<Option<Tree<'a>>>,
}

impl Traits<'_> {
    fn has_keys(&mut self, keys: &[String]) -> bool {
        let payload = self.payload;
        let json = self.json.get_or_insert_with(|| {
            let starts = payload.trim_ascii_start().first() == Some(&b'{');
            starts.then(|| Tree::read(payload)).flatten()
        });
        json.as_ref().is_some_and(|json| keys.iter().all(|key| json.get(key).is_some()))
    }

    fn has_columns(&self, columns: &[String]) -> bool {
        let end = memchr::memchr(b'\n', self.body).unwrap_or(self.body.len());
        let header = self.body.get(..end).unwrap_or_default();
        let header = crate::csv::split(header);
        columns.iter().all(|column| header.iter().any(|name| name.trim() == column))
    }
}

impl Recogniser {
    pub(crate) fn new<'a>(
        manifests: impl Iterator<Item = &'a Manifest>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut rules = Vec::new();
        for (mapping, manifest) in manifests.enumerate() {
            let own = &manifest.recognise;
            if own.is_empty() {
                continue;
            }
            let mut regex = Vec::new();
            for pattern in &own.regex {
                match Regex::new(pattern) {
                    Ok(compiled) => regex.push(compiled),
                    Err(error) => {
                        let file = format!("{}/mapping.toml", manifest.name);
                        let message = format!("`recognise.regex` does not compile: {error}");
                        problems.push(Problem::error(&file, None, "regex", message));
                    }
                }
            }
            rules.push(Rule {
                mapping,
                name: manifest.name.clone(),
                priority: own.priority,
                wire: manifest.wire,
                app_name: own.app_name.clone(),
                contains: own
                    .contains
                    .iter()
                    .map(|text| Finder::new(text.as_bytes()).into_owned())
                    .collect(),
                regex,
                json_has: own.json_has.clone(),
                csv_header: own.csv_header.clone(),
                topic: own.topic.clone(),
            });
        }
        rules.sort_by(|a, b| b.priority.cmp(&a.priority).then_with(|| a.name.cmp(&b.name)));
        Self { rules }
    }

    /// The first mapping whose every named trait the record has.
    pub(crate) fn choose(&self, traits: &mut Traits<'_>) -> Option<usize> {
        self.rules.iter().find(|rule| rule.holds(traits)).map(|rule| rule.mapping)
    }
}

impl Rule {
    /// Cheap questions first.
    fn holds(&self, traits: &mut Traits<'_>) -> bool {
        if !carries(traits.wire, self.wire) {
            return false;
        }
        let has_name = || traits.app_name.is_some_and(|own| self.app_name.iter().any(|n| n == own));
        if !self.app_name.is_empty() && !has_name() {
            return false;
        }
        let has_topic = || {
            traits.topic.is_some_and(|own| self.topic.iter().any(|filter| topic_fits(filter, own)))
        };
        if !self.topic.is_empty() && !has_topic() {
            return false;
        }
        self.contains.iter().all(|text| text.find(traits.body).is_some())
            && (self.csv_header.is_empty() || traits.has_columns(&self.csv_header))
            && (self.json_has.is_empty() || traits.has_keys(&self.json_has))
            && (self.regex.is_empty() || self.regex.iter().any(|one| one.is_match(traits.body)))
    }
}

/// Whether a transport's records may hold what a mapping reads.
fn carries(outer: Wire, inner: Wire) -> bool {
    match outer {
        Wire::Syslog => !matches!(inner, Wire::Csv | Wire::Mqtt | Wire::Udp),
        Wire::Mqtt => matches!(inner, Wire::Mqtt | Wire::Json),
        Wire::Json | Wire::Csv | Wire::Cef | Wire::Leef | Wire::Kv | Wire::Xml | Wire::Udp => {
            outer == inner || (inner == Wire::Syslog && outer != Wire::Csv)
        }
    }
}

/// Whether an MQTT topic filter matches a topic.
///
/// SOURCE: MQTT 3.1.1, section 4.7: `+` is one level, `#` the rest.
fn topic_fits(filter: &str, topic: &str) -> bool {
    let mut levels = topic.split('/');
    for part in filter.split('/') {
        match (part, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (name, Some(level)) if name == level => {}
            (_, _) => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::topic_fits;

    #[test]
    fn topic_filters_are_those_of_mqtt() {
        for (filter, topic, expected) in [
            ("frigate/events", "frigate/events", true),
            ("frigate/+/snapshot", "frigate/door/snapshot", true),
            ("frigate/#", "frigate/a/b", true),
            ("frigate/+", "frigate/a/b", false),
            ("frigate/a/b", "frigate/a", false),
        ] {
            assert_eq!(topic_fits(filter, topic), expected, "{filter} {topic}");
        }
    }
}
