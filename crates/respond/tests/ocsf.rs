//! Findings and incidents as OCSF, judged by the official schema source where it is at hand.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::PathBuf;

use common::{at, finding, moment, organisation, person, rule_info, team};
use model::finding::{Finding, FindingState, Level};
use model::ids::TenantId;
use model::incident::{Disposition, Incident, Owner};
use respond::{
    Act, Book, By, Channel, ChannelKind, FoldPolicy, NoticeOn, act, finding_to_ocsf,
    incident_to_ocsf, notices,
};
use serde_json::{Map, Value, json};

fn shared(path: &str) -> Option<Vec<u8>> {
    let root = std::env::var_os("CASTELLAN_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let bytes = std::fs::read(root.join(path)).ok();
    if bytes.is_none() {
        println!("skipped: no shared data");
    }
    bytes
}

/// The schema's source: its files by path.
struct Schema(BTreeMap<String, Value>);

impl Schema {
    fn read() -> Option<Self> {
        let packed = shared("data/ocsf-schema/ocsf-schema-1.8.0.tar.gz")?;
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
        let mut files = BTreeMap::new();
        let mut rest = bytes.as_slice();
        // A tar archive: blocks of 512 bytes, a header before each file.
        while rest.len() >= 512 && rest[0] != 0 {
            let text = |range: std::ops::Range<usize>| {
                let field = String::from_utf8_lossy(&rest[range]).into_owned();
                field.trim_end_matches(['\0', ' ']).to_owned()
            };
            let size = usize::from_str_radix(&text(124..136), 8).unwrap();
            let name = text(0..100);
            let name = name.trim_start_matches("./").to_owned();
            if name.ends_with(".json") {
                let file = serde_json::from_slice(&rest[512..512 + size]);
                files.insert(name, file.unwrap());
            }
            rest = &rest[512 + size.div_ceil(512) * 512..];
        }
        Some(Self(files))
    }

    fn find(&self, kind: &str, name: &str) -> &Value {
        let end = format!("/{name}.json");
        let fits = |path: &&String| path.starts_with(kind) && path.ends_with(&end);
        &self.0[self.0.keys().find(fits).unwrap_or_else(|| unreachable!("{kind} {name}"))]
    }

    /// The attributes of a class or object with those it inherits. Profiles are off: what they
    /// include is not ours to use.
    fn attributes(&self, kind: &str, name: &str) -> Map<String, Value> {
        let this = self.find(kind, name);
        let mut all = match this["extends"].as_str() {
            Some(parent) => self.attributes(kind, parent),
            None => Map::new(),
        };
        let mut add = |attributes: &Map<String, Value>| {
            for (key, value) in attributes.iter().filter(|(key, _)| !key.starts_with('$')) {
                let mut merged =
                    all.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
                merged.extend(value.as_object().cloned().unwrap_or_default());
                all.insert(key.clone(), Value::Object(merged));
            }
        };
        let own = this["attributes"].as_object().unwrap();
        add(own);
        all
    }

    fn dictionary(&self, name: &str) -> &Value {
        &self.0["dictionary.json"]["attributes"][name]
    }

    /// Everything wrong with one value of one class or object.
    fn judge(&self, kind: &str, name: &str, value: &Value, path: &str, told: &mut Vec<String>) {
        let attributes = self.attributes(kind, name);
        let Some(object) = value.as_object() else {
            told.push(format!("{path}: not an object"));
            return;
        };
        for (key, attribute) in &attributes {
            if attribute["requirement"] == "required" && !object.contains_key(key) {
                told.push(format!("{path}.{key}: required"));
            }
        }
        if let Some(list) = self.find(kind, name)["constraints"]["at_least_one"].as_array()
            && !list.iter().any(|key| object.contains_key(key.as_str().unwrap()))
        {
            told.push(format!("{path}: none of {list:?}"));
        }
        for (key, value) in object {
            let path = format!("{path}.{key}");
            let Some(attribute) = attributes.get(key) else {
                told.push(format!("{path}: unknown attribute"));
                continue;
            };
            let values = match (self.dictionary(key)["is_array"] == true, value) {
                (true, Value::Array(list)) => list.iter().collect(),
                (false, one) if !one.is_array() => vec![one],
                _ => {
                    told.push(format!("{path}: a list or not"));
                    continue;
                }
            };
            for value in values {
                self.judge_value((key, attribute), value, &path, told);
            }
        }
    }

    fn judge_value(
        &self,
        (key, attribute): (&str, &Value),
        value: &Value,
        path: &str,
        told: &mut Vec<String>,
    ) {
        let entry = self.dictionary(key);
        let is_sound = match entry["type"].as_str().unwrap() {
            "integer_t" | "long_t" | "timestamp_t" => value.is_i64() || value.is_u64(),
            "string_t" | "url_t" | "hostname_t" => value.is_string(),
            "boolean_t" => value.is_boolean(),
            "json_t" | "object" => true,
            name => {
                self.judge("objects/", name, value, path, told);
                true
            }
        };
        if !is_sound {
            told.push(format!("{path}: {value} is not {}", entry["type"]));
        }
        let enums: Vec<&Value> =
            [&attribute["enum"], &entry["enum"]].into_iter().filter(|e| e.is_object()).collect();
        // The schema's compiler writes these two; `check` computes them.
        let is_computed = ["category_uid", "class_uid"].contains(&key);
        if !is_computed
            && !enums.is_empty()
            && !enums.iter().any(|e| e.get(value.to_string()).is_some())
        {
            told.push(format!("{path}: {value} is not in the enum"));
        }
        // The sibling names what the number means.
        let caption = enums.iter().find_map(|e| e[value.to_string()]["caption"].as_str());
        if let (Some(sibling), Some(caption)) = (entry["sibling"].as_str(), caption) {
            told.push(format!("? {path} {sibling}={caption}"));
        }
    }

    #[track_caller]
    fn check(&self, class: &str, event: &Value) {
        let mut told = Vec::new();
        self.judge("events/", class, event, class, &mut told);
        let (siblings, wrong): (Vec<String>, Vec<String>) =
            told.into_iter().partition(|line| line.starts_with("? "));
        assert_eq!(wrong, Vec::<String>::new(), "{event:#}");
        for line in siblings {
            let (path, caption) = line[2..].split_once('=').unwrap();
            let (path, sibling) = path.split_once(' ').unwrap();
            // Only the event's own numbers: those of objects inside are read by the same eye.
            if path.matches('.').count() == 1 && event.get(sibling).is_some() {
                assert_eq!(event[sibling], caption, "{line}");
            }
        }
        let category = self.0["categories.json"]["attributes"]["findings"]["uid"].as_u64().unwrap();
        assert_eq!(event["category_uid"], category);
        let class_uid = category * 1_000 + self.find("events/", class)["uid"].as_u64().unwrap();
        assert_eq!(event["class_uid"], class_uid);
        let type_uid =
            event["class_uid"].as_u64().unwrap() * 100 + event["activity_id"].as_u64().unwrap();
        assert_eq!(event["type_uid"], type_uid);
    }
}

fn found() -> Finding {
    let mut found = finding("f1", "two-places", "person:ana asset:pc-1 place:d-lab", 10);
    found.group.insert("person".into(), "ana".into());
    found.undecided.push("camera was stale".into());
    found
}

fn opened() -> Incident {
    let (policy, organisation) = (FoldPolicy::default(), organisation());
    let outcome =
        Book::default().fold((&policy, &organisation), &found(), &rule_info(), &moment(1));
    outcome.changed().unwrap().incident.clone()
}

/// The incident at every stage of its life.
fn life() -> Vec<Incident> {
    let ana = person("ana");
    let by = By { id: "ana", person: Some(&ana) };
    let mut all = vec![opened()];
    let resolve =
        Act::Resolve { disposition: Disposition::FalsePositive, reason: Some("a test".into()) };
    for done in [Act::Acknowledge, Act::Start, resolve, Act::Close] {
        let last = all.last().unwrap();
        all.push(act(last, &done, by, at(60), None).unwrap().incident);
    }
    all
}

#[test]
fn findings_and_incidents_are_what_the_official_schema_asks_for() {
    let Some(schema) = Schema::read() else { return };
    let tenant = TenantId::parse("main").unwrap();
    for state in [FindingState::Provisional, FindingState::Confirmed, FindingState::Withdrawn] {
        for level in [Level::Informational, Level::Critical] {
            let found = Finding { state, level, ..found() };
            schema.check("detection_finding", &finding_to_ocsf(&tenant, &found));
        }
    }
    let mut bare = found();
    bare.entities.clear();
    bare.evidence.clear();
    schema.check("detection_finding", &finding_to_ocsf(&tenant, &bare));
    for incident in life() {
        schema.check("incident_finding", &incident_to_ocsf(&incident, Some("https://c.example/1")));
        for disposition in [
            Disposition::TruePositive,
            Disposition::BenignPositive,
            Disposition::FalsePositive,
            Disposition::Test,
            Disposition::Duplicate,
            Disposition::Undetermined,
        ] {
            let incident = Incident { disposition: Some(disposition), ..incident.clone() };
            schema.check("incident_finding", &incident_to_ocsf(&incident, None));
        }
    }
    // The judge itself can say no.
    let mut wrong = incident_to_ocsf(&opened(), None);
    wrong["status_id"] = json!(77);
    wrong["colour"] = json!("red");
    wrong.as_object_mut().unwrap().remove("assignee_group");
    let mut told = Vec::new();
    schema.judge("events/", "incident_finding", &wrong, "", &mut told);
    assert_eq!(told.iter().filter(|line| !line.starts_with("? ")).count(), 3, "{told:?}");
}

/// A second reading of class 2004 by others: written for OCSF 1.1.0 and for the profile
/// `security_control`, so its `version` and `action_id` do not bind us.
#[test]
fn a_finding_has_what_another_product_expects() {
    let Some(bytes) = shared("data/ocsf-schema/class_2004_detection_finding.schema.json") else {
        return;
    };
    let schema: Value = serde_json::from_slice(&bytes).unwrap();
    let event = finding_to_ocsf(&TenantId::parse("main").unwrap(), &found());
    for key in schema["required"].as_array().unwrap().iter().filter(|key| *key != "action_id") {
        assert!(event.get(key.as_str().unwrap()).is_some(), "{key}");
    }
    for (key, property) in schema["properties"].as_object().unwrap() {
        let Some(value) = event.get(key) else {
            continue;
        };
        if let Some(list) = property["enum"].as_array() {
            assert!(list.contains(value), "{key}: {value}");
        }
        if let Some(only) = property.get("const") {
            assert_eq!(value, only, "{key}");
        }
        for key in property["required"].as_array().into_iter().flatten() {
            assert!(value.get(key.as_str().unwrap()).is_some(), "{key}");
        }
    }
}

fn channel(id: &str, kind: ChannelKind, teams: &[&str]) -> Channel {
    Channel {
        id: id.into(),
        kind,
        level_min: Level::Medium,
        teams: teams.iter().map(|id| team(id)).collect(),
        on: Channel::usual_moments(),
    }
}

#[test]
fn channels_hear_of_what_concerns_them() {
    let channels = [
        channel("mail", ChannelKind::Email, &["soc"]),
        channel("guards", ChannelKind::Email, &["guards"]),
        channel("siem", ChannelKind::Webhook, &[]),
        Channel { level_min: Level::High, ..channel("pager", ChannelKind::Webhook, &[]) },
        Channel {
            on: BTreeSet::from([NoticeOn::Acknowledged]),
            ..channel("log", ChannelKind::Webhook, &[])
        },
    ];
    let mut told = String::new();
    let mut before: Option<Incident> = None;
    for after in life() {
        for notice in notices(before.as_ref(), &after, &channels, Some("https://c.example")) {
            told.push_str(&format!("{} | {}\n", notice.id, notice.subject));
        }
        before = Some(after);
    }
    assert_eq!(
        told,
        "i-000001-1-mail | [medium] opened: Title of two-places (i-000001)\n\
         i-000001-1-siem | [medium] opened: Title of two-places (i-000001)\n\
         i-000001-2-log | [medium] acknowledged: Title of two-places (i-000001)\n\
         i-000001-4-mail | [medium] resolved: Title of two-places (i-000001)\n\
         i-000001-4-siem | [medium] resolved: Title of two-places (i-000001)\n",
    );
}

#[test]
fn a_mail_says_what_who_and_what_to_do() {
    let mail = [channel("mail", ChannelKind::Email, &[])];
    let notice = notices(None, &opened(), &mail, Some("https://c.example")).remove(0);
    assert_eq!(
        notice.body,
        "two-places at 10\n\nincident  i-000001\nlevel     medium\nstate     new\n\
         owner     team soc\nsite      hq\nfrom      2026-09-21T14:13:30Z\n\
         to        2026-09-21T14:13:30Z\nabout     person:ana, asset:pc-1, place:d-lab\n\
         findings  1\nevents    1\n\nWhat to do:\n  1.      Look at the camera\n  \
         2.      Call the guard\n\nhttps://c.example/incidents/i-000001\n",
    );
    let incident = Incident { title: "a\r\nBcc: x".into(), ..opened() };
    let subject = notices(None, &incident, &mail, None).remove(0).subject;
    assert_eq!(subject, "[medium] opened: a  Bcc: x (i-000001)");
    let owned = Incident { owner: Owner::Person(person("ana")), ..opened() };
    let hook = [channel("siem", ChannelKind::Webhook, &[])];
    let body: Value =
        serde_json::from_str(&notices(None, &owned, &hook, None).remove(0).body).unwrap();
    assert_eq!(body["assignee"], json!({ "uid": "ana" }));
    assert_eq!(body["class_uid"], 2005);
}
