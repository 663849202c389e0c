//! `sources.toml`: where records come from, and how far each is trusted.

use std::net::IpAddr;

use model::ids::{MappingName, PlaceId, SourceId, UNASSIGNED};
use model::raw::Trust;
use model::spine::{Source, SourceMatch, WitnessOf};

use super::context::{Context, Place};
use crate::csvpos::short;
use crate::tomlpos::{Doc, Table};

const FILE: &str = "sources.toml";

/// The words of `trust`.
pub(crate) const TRUSTS: [(&str, Trust); 4] = [
    ("none", Trust::None),
    ("address", Trust::Address),
    ("token", Trust::Token),
    ("mtls", Trust::Mtls),
];

/// The words of `witness_of`.
pub(crate) const WITNESSES: [(&str, WitnessOf); 6] = [
    ("presence", WitnessOf::Presence),
    ("door", WitnessOf::Door),
    ("camera", WitnessOf::Camera),
    ("network", WitnessOf::Network),
    ("identity", WitnessOf::Identity),
    ("lane", WitnessOf::Lane),
];

/// The words of `match.listener`.
const LISTENERS: [(&str, &str); 8] = [
    ("http", "http"),
    ("syslog_udp", "syslog_udp"),
    ("syslog_tcp", "syslog_tcp"),
    ("syslog_tls", "syslog_tls"),
    ("mqtt", "mqtt"),
    ("uhppote", "uhppote"),
    ("tail", "tail"),
    ("file", "file"),
];

/// The word of `mapping` that leaves the choice to recognition.
pub(crate) const AUTO: &str = "auto";

pub(super) fn read(context: &mut Context, text: Option<&str>) {
    let Some(text) = text else { return };
    let doc = Doc::parse(FILE, text);
    let mut root = doc.root();
    for table in root.take_tables("source") {
        source(context, table);
    }
    root.finish();
    context.problems.extend(doc.into_problems());
}

fn source(context: &mut Context, mut table: Table<'_>) {
    let fields = ["site"].map(|field| (field, table.position_of(field).unwrap_or(table.at())));
    let place = Place { at: table.at(), fields: fields.to_vec() };
    let id = table.need_id("id", SourceId::parse);
    let mapping = table.need_id("mapping", MappingName::parse);
    let site = table.take_id("site", PlaceId::parse);
    let realm = table.take_str("realm");
    let time_zone = table.take_time_zone("time_zone");
    let clock_offset_max = table.take_duration("clock_offset_max");
    let heartbeat = table.take_duration("heartbeat");
    let lateness_max = table.take_duration("lateness_max");
    let trust = table.take_word("trust", &TRUSTS);
    let witness_of = table.take_words("witness_of", &WITNESSES);
    let matching = table.take_table("match").map(matching);
    if let Some(id) = id.as_ref().filter(|id| id.as_str() == UNASSIGNED) {
        let message = format!("`{UNASSIGNED}` holds what matches no source: choose another id");
        table.error(id.at, "reserved_id", message);
    }
    if let Some(heartbeat) = heartbeat.as_ref().filter(|heartbeat| heartbeat.is_zero()) {
        let message = "`heartbeat` is zero: leave it out if silence is not to be judged".to_owned();
        table.error(heartbeat.at, "bad_value", message);
    }
    let extras = table.extras();
    table.finish();
    let Some(id) = id else { return };
    if let Some(first) = context.sources.get(&id.value) {
        let first = first.at;
        context.duplicate(FILE, id.at, id.as_str(), first);
        return;
    }
    let defaults = Source::with_defaults(id.value.clone());
    let entry = Source {
        mapping: mapping.map(|name| name.value).filter(|name| name.as_str() != AUTO),
        site: site.map(|site| site.value),
        realm: realm.map(|realm| realm.value),
        time_zone: time_zone.map(|zone| zone.value),
        clock_offset_max: clock_offset_max.map_or(defaults.clock_offset_max, |max| max.value),
        heartbeat: heartbeat.map(|heartbeat| heartbeat.value),
        lateness_max: lateness_max.map_or(defaults.lateness_max, |max| max.value),
        trust: trust.map_or(defaults.trust, |trust| trust.value),
        witness_of: witness_of.unwrap_or_default(),
        matching: matching.unwrap_or_default(),
        id: id.value.clone(),
    };
    context.keep(FILE, id.as_str(), &extras);
    context.sources.insert(id.value.clone(), place);
    context.organisation.sources.insert(id.value, entry);
}

fn matching(mut table: Table<'_>) -> SourceMatch {
    let listener = table.take_word("listener", &LISTENERS).map(|word| word.value.to_owned());
    let peer = table.take_str("peer").and_then(|peer| {
        if is_prefix(&peer) {
            return Some(peer.value);
        }
        let found = short(&peer);
        let message = format!(
            "`match.peer`: found `{found}`, expected an address or a prefix such as 10.2.0.0/16"
        );
        table.error(peer.at, "bad_value", message);
        None
    });
    let hostname = table.take_str("hostname").map(|text| text.value);
    let app_name = table.take_str("app_name").map(|text| text.value);
    let topic = table.take_str("topic").map(|text| text.value);
    table.finish();
    SourceMatch { listener, peer, hostname, app_name, topic }
}

fn is_prefix(text: &str) -> bool {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return false;
    };
    let most = if address.is_ipv4() { 32 } else { 128 };
    bits.is_none_or(|bits| bits.parse::<u8>().is_ok_and(|bits| bits <= most))
}
