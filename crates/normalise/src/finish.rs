//! What every event gets whatever made it: class and type numbers, metadata, judged time,
//! logsource, fingerprint, and the validator's word.

use std::sync::Arc;

use chrono::SecondsFormat;
use model::value::{Object, Value};
use model::{Event, Fingerprint, LogSource, Timestamp};

use crate::decode::{Failure, place};
use crate::mapping::{Mapping, Mappings};
use crate::normaliser::Context;
use crate::ocsf::{Class, OCSF_VERSION, Validator};

/// An event as a mapping made it.
pub(crate) struct Draft {
    pub ocsf: Object,
    /// The claimed time in full precision, where the mapping gave an instant.
    pub time: Option<Timestamp>,
    /// Which of the record's events it is.
    pub part: u16,
    /// Whether tests prove what makes it, so that it need not be validated as it passes.
    pub is_proved: bool,
}

/// Completes a draft, or says why it is not OCSF.
pub(crate) fn finish(
    draft: Draft,
    mappings: &Mappings,
    mapping: &Mapping,
    context: &Context<'_>,
) -> Result<Event, Failure> {
    let Draft { mut ocsf, time, part, is_proved } = draft;
    let schema = Validator::shipped();
    let own = ocsf.remove("logsource");
    let class_uid = class_of(&mut ocsf, mapping, schema)?;
    let Some(class) = schema.class(class_uid) else {
        return Err(Failure::not_ocsf(format!("`class_uid`: {class_uid} is no class we carry")));
    };
    let activity = ocsf.get("activity_id").and_then(Value::as_u64).unwrap_or(0);
    let numbers = [
        ("class_uid", Value::from(class_uid)),
        ("category_uid", class.category_uid.into()),
        ("type_uid", (u64::from(class_uid) * 100 + activity).into()),
    ];
    if is_proved {
        // Code of ours never sets what is set here.
        ocsf.extend_unique(numbers.map(|(name, value)| (name.into(), value)));
    } else {
        numbers.into_iter().for_each(|(name, value)| put(&mut ocsf, name, value));
    }
    absent(&mut ocsf, "activity_id", 0);
    absent(&mut ocsf, "severity_id", 1);
    if ocsf.get("raw_data") == Some(&Value::Bool(true)) {
        let body = String::from_utf8_lossy(&context.raw.body).into_owned();
        put(&mut ocsf, "raw_data", body.into());
    }
    let time = judge_time(&mut ocsf, time, context)?;
    flag(&mut ocsf, context);
    metadata(&mut ocsf, mapping, class, schema);
    if !is_proved && let Some(problem) = schema.check(&ocsf).into_iter().next() {
        return Err(Failure::not_ocsf(problem.to_string()));
    }
    Ok(Event {
        record: context.record,
        part,
        source: context.raw.source.clone(),
        mapping: mapping.manifest.name.clone(),
        site: context.source.site.clone(),
        fingerprint: Fingerprint::of(&context.raw.source, &context.raw.body, part),
        class_uid,
        time,
        received_at: context.raw.received_at,
        clock_offset_max: context.source.clock_offset_max,
        trust: context.raw.trust,
        logsource: logsource(own, mappings.logsource(mapping, class_uid)),
        ocsf,
        enrichment: None,
    })
}

fn put(ocsf: &mut Object, key: &'static str, value: Value) {
    ocsf.insert(key, value);
}

fn absent(ocsf: &mut Object, key: &'static str, value: u64) {
    if !ocsf.contains_key(key) {
        put(ocsf, key, value.into());
    }
}

/// The program's `class` (a name) or `class_uid`, else the mapping's own.
fn class_of(ocsf: &mut Object, mapping: &Mapping, schema: &Validator) -> Result<u32, Failure> {
    if let Some(name) = ocsf.remove("class") {
        let uid = name.as_str().and_then(|name| schema.class_uid(name));
        return uid
            .ok_or_else(|| Failure::not_ocsf(format!("`class`: {name} is no class we carry")));
    }
    match ocsf.get("class_uid") {
        None => Ok(mapping.manifest.class_uid),
        Some(value) => value
            .as_u64()
            .and_then(|uid| u32::try_from(uid).ok())
            .ok_or_else(|| Failure::not_ocsf(format!("`class_uid`: {value} is not a number"))),
    }
}

/// The claimed time where it can be believed; else the receipt, with the claim kept beside it.
fn judge_time(
    ocsf: &mut Object,
    time: Option<Timestamp>,
    context: &Context<'_>,
) -> Result<Timestamp, Failure> {
    let claimed = match (time, ocsf.get("time")) {
        (Some(time), _) => time,
        (None, None) => context.default_time(),
        (None, Some(value)) => match value.as_i64() {
            Some(millis) => Timestamp::from_millis(millis),
            None => {
                return Err(Failure::not_ocsf(format!(
                    "`time`: expected an instant or milliseconds, found {value}"
                )));
            }
        },
    };
    let received = context.raw.received_at;
    let policy = &context.clock;
    let is_absurd = claimed > received.plus(policy.future_max)
        || policy.past_max.is_some_and(|past| claimed < received.minus(past));
    let time = if is_absurd { received } else { claimed };
    if is_absurd {
        let claim = claimed.to_chrono().to_rfc3339_opts(SecondsFormat::AutoSi, true);
        if let Some(metadata) = object_at(ocsf, "metadata") {
            metadata.insert("original_time", claim);
        }
        if let Some(unmapped) = object_at(ocsf, "unmapped") {
            unmapped.insert("clock_absurd", true);
        }
    }
    put(ocsf, "time", time.millis().into());
    Ok(time)
}

/// Says of a record what was wrong with it, though it was kept.
fn flag(ocsf: &mut Object, context: &Context<'_>) {
    let cut = context.raw.bytes_cut;
    if context.defect.is_none() && cut == 0 {
        return;
    }
    let Some(unmapped) = object_at(ocsf, "unmapped") else { return };
    if let Some((code, offset)) = context.defect {
        let at = place(&context.raw.body, offset);
        let defect =
            [("code", code.into()), ("line", at.line.into()), ("column", at.column.into())];
        let defect = defect.map(|(name, value): (&'static str, Value)| (name.into(), value));
        unmapped.insert("syslog_defect", Object::from_unique(defect));
    }
    if cut > 0 {
        unmapped.insert("bytes_cut", cut);
    }
}

/// The object at a key, made when absent; `None` when something else stands there.
fn object_at<'a>(ocsf: &'a mut Object, key: &'static str) -> Option<&'a mut Object> {
    ocsf.get_or_insert_with(key, || Value::Object(Object::new()))?.as_object_mut()
}

fn metadata(ocsf: &mut Object, mapping: &Mapping, class: &Class, schema: &Validator) {
    let mut used: Vec<&str> = Vec::new();
    schema.profiles_used(class, ocsf, &mut used);
    let Some(metadata) = object_at(ocsf, "metadata") else {
        return;
    };
    metadata.insert("version", OCSF_VERSION);
    if let Some(product) = object_at(metadata, "product") {
        for (key, own) in
            [("name", &mapping.manifest.product), ("vendor_name", &mapping.manifest.vendor)]
        {
            if !product.contains_key(key) {
                product.insert(key, Value::text(own));
            }
        }
    }
    if used.is_empty() {
        return;
    }
    let profiles = metadata.get_or_insert_with("profiles", || Value::Array(Vec::new()));
    if let Some(Value::Array(profiles)) = profiles {
        for name in used {
            if !profiles.iter().any(|one| one.as_str() == Some(name)) {
                profiles.push(Value::text(name));
            }
        }
    }
}

fn logsource(own: Option<Value>, default: LogSource) -> LogSource {
    let Some(own) = own else { return default };
    let word = |key: &str| own.get(key).and_then(Value::as_str).map(Arc::from);
    LogSource {
        category: word("category").or(default.category),
        product: word("product").or(default.product),
        service: word("service").or(default.service),
    }
}
