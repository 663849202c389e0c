//! What Sigma lacks, under `castellan:` in the same YAML.

mod special;

use model::TeamId;
use model::spine::WitnessOf;
use serde_json::{Map, Value};

use crate::limits::BECAUSE_BYTES_MAX;
use crate::sigma::View;
pub(super) use special::Conflict as AskedConflict;
pub(crate) use special::{Baseline, SeenAt, Special, Travel, Unusual};

/// The keys that may stand under `castellan:`.
pub(crate) const KEYS: [&str; 12] = [
    "team", "sop", "playbook", "because", "fold", "emit", "reset_by", "without", "travel",
    "conflict", "baseline", "outside",
];

/// A rule's `castellan:` block.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extension {
    pub team: Option<TeamId>,
    pub sop: Vec<String>,
    pub playbook: Option<String>,
    pub because: Option<Template>,
    pub fold: Vec<String>,
    pub emit_final: bool,
    /// Whether it says nothing of a site while a fire alarm is on there.
    pub outside_fire: bool,
    pub reset_by: Vec<String>,
    pub without: Option<Without>,
    pub special: Option<Special>,
}

/// What must not have come, for a correlation to fire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Without {
    pub rules: Vec<String>,
    pub when: When,
    /// What kinds of source would have told of it.
    pub heard_by: Vec<WitnessOf>,
}

/// On which side of an event its counterpart is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    After,
    Around,
}

/// What is wrong with one key of the block.
pub(crate) struct Fault {
    pub key: String,
    pub code: &'static str,
    pub message: String,
}

impl Extension {
    /// Reads the block; what is wrong is left out and named.
    pub(crate) fn read(block: &Value, faults: &mut Vec<Fault>) -> Self {
        let mut read = Self::default();
        let Some(block) = block.as_object() else {
            let message = "`castellan` must be a mapping of keys".to_owned();
            faults.push(Fault { key: "castellan".into(), code: "wrong_type", message });
            return read;
        };
        for key in block.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            let near = crate::rules::check::nearest(key, KEYS.iter().copied());
            let message = match near {
                Some(near) => format!("unknown key `{key}` under `castellan`; meant `{near}`?"),
                None => format!("unknown key `{key}` under `castellan`"),
            };
            faults.push(Fault { key: key.clone(), code: "unknown_key", message });
        }
        read.team = text(block, "team", faults).and_then(|team| {
            let parsed = TeamId::parse(&team);
            parsed.map_err(|error| faults.push(wrong("team", error.to_string()))).ok()
        });
        read.playbook = text(block, "playbook", faults);
        read.because = text(block, "because", faults).and_then(|because| {
            let parsed = Template::parse(&because);
            parsed.map_err(|error| faults.push(wrong("because", error))).ok()
        });
        read.sop = texts(block, "sop", faults);
        read.fold = texts(block, "fold", faults);
        read.reset_by = texts(block, "reset_by", faults);
        read.without = block.get("without").and_then(|own| without(own, faults));
        read.special = special::read(block, faults);
        for state in texts(block, "outside", faults) {
            if state == "fire" {
                read.outside_fire = true;
            } else {
                let message = format!("`outside` knows `fire`, not `{state}`");
                faults.push(wrong("outside", message));
            }
        }
        match text(block, "emit", faults).as_deref() {
            None | Some("early") => {}
            Some("final") => read.emit_final = true,
            Some(other) => {
                let message = format!("`emit` is `early` or `final`, not `{other}`");
                faults.push(wrong("emit", message));
            }
        }
        read
    }
}

fn without(own: &Value, faults: &mut Vec<Fault>) -> Option<Without> {
    const KEYS: [&str; 3] = ["rules", "when", "heard_by"];
    let Some(block) = own.as_object() else {
        let message = "`without` needs `rules`, `when` and `heard_by`".to_owned();
        faults.push(wrong("without", message));
        return None;
    };
    for key in block.keys().filter(|key| !KEYS.contains(&key.as_str())) {
        let message = format!("unknown key `{key}` under `without`; it takes {}", KEYS.join(", "));
        faults.push(Fault { key: key.clone(), code: "unknown_key", message });
    }
    let rules = texts(block, "rules", faults);
    let when = match text(block, "when", faults).as_deref() {
        Some("before") => Some(When::Before),
        Some("after") => Some(When::After),
        Some("around") => Some(When::Around),
        None | Some(_) => {
            let message = "`when` is `before`, `after` or `around`".to_owned();
            faults.push(wrong("when", message));
            None
        }
    };
    let kinds = texts(block, "heard_by", faults);
    let known = |kind: &String| serde_json::from_value::<WitnessOf>(kind.as_str().into()).ok();
    let heard_by: Vec<WitnessOf> = kinds.iter().filter_map(known).collect();
    if heard_by.is_empty() || heard_by.len() != kinds.len() {
        let message =
            "`heard_by` names the kinds of source that would tell of it: presence, door, \
                       camera, network, identity, lane"
                .to_owned();
        faults.push(wrong("heard_by", message));
    }
    if rules.is_empty() {
        faults.push(wrong("without", "`without` needs `rules`".to_owned()));
    }
    let is_whole = !rules.is_empty() && heard_by.len() == kinds.len() && !kinds.is_empty();
    when.filter(|_| is_whole).map(|when| Without { rules, when, heard_by })
}

fn wrong(key: &str, message: String) -> Fault {
    Fault { key: key.to_owned(), code: "wrong_value", message }
}

fn text(block: &Map<String, Value>, key: &str, faults: &mut Vec<Fault>) -> Option<String> {
    match block.get(key)? {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            faults.push(wrong(key, format!("`{key}` must be text")));
            None
        }
    }
}

fn texts(block: &Map<String, Value>, key: &str, faults: &mut Vec<Fault>) -> Vec<String> {
    match block.get(key) {
        None => Vec::new(),
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) if many.iter().all(Value::is_string) => {
            many.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Some(_) => {
            faults.push(wrong(key, format!("`{key}` must be a list of texts")));
            Vec::new()
        }
    }
}

/// A sentence with `{field}` holes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    parts: Vec<Part>,
    fields: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// The first of these fields that has a value.
    Field(Vec<usize>),
    Count,
    /// What a correlation of our own kinds found, with its numbers.
    Why,
}

impl Template {
    /// Reads a sentence; fails where a brace is not closed.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut template = Self { parts: Vec::new(), fields: Vec::new() };
        let mut rest = text;
        while let Some((head, tail)) = rest.split_once('{') {
            let Some((field, after)) = tail.split_once('}') else {
                return Err(format!("`{{` without `}}` in `{text}`"));
            };
            template.parts.push(Part::Text(head.to_owned()));
            template.hole(field.trim());
            rest = after;
        }
        template.parts.push(Part::Text(rest.to_owned()));
        Ok(template)
    }

    fn hole(&mut self, field: &str) {
        if field == "count" {
            self.parts.push(Part::Count);
            return;
        }
        if field == "why" {
            self.parts.push(Part::Why);
            return;
        }
        let mut place = |field: &str| {
            let known = self.fields.iter().position(|known| known == field);
            known.unwrap_or_else(|| {
                self.fields.push(field.to_owned());
                self.fields.len() - 1
            })
        };
        self.parts.push(Part::Field(field.split(" or ").map(str::trim).map(&mut place).collect()));
    }

    /// The fields it asks for, in the order of `fill`'s values.
    pub(crate) fn fields(&self) -> &[String] {
        &self.fields
    }

    /// The values that an event has for the fields.
    pub(crate) fn read(&self, view: &View<'_>) -> Vec<Option<String>> {
        self.fields.iter().map(|field| view.text(field)).collect()
    }

    /// The sentence. A field without a value reads `unknown`. What there is to say about why
    /// stands at its end where the sentence has no place for it.
    pub(crate) fn fill(&self, values: &[Option<String>], count: u64, why: Option<&str>) -> String {
        let mut sentence = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => sentence.push_str(text),
                Part::Field(any) => {
                    let value = any.iter().find_map(|at| values.get(*at)?.as_deref());
                    sentence.push_str(value.unwrap_or("unknown"));
                }
                Part::Count => sentence.push_str(&count.to_string()),
                Part::Why => sentence.push_str(why.unwrap_or("unknown")),
            }
        }
        if let Some(why) = why.filter(|_| !self.parts.contains(&Part::Why)) {
            sentence.truncate(sentence.trim_end_matches(['.', ' ']).len());
            sentence.push_str("; ");
            sentence.push_str(why);
        }
        cut(sentence)
    }
}

fn cut(mut sentence: String) -> String {
    if sentence.len() > BECAUSE_BYTES_MAX {
        let end = (0..=BECAUSE_BYTES_MAX).rev().find(|at| sentence.is_char_boundary(*at));
        sentence.truncate(end.unwrap_or(0));
        sentence.push('…');
    }
    sentence
}
