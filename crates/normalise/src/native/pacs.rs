//! `pacs-csv`: an access control system's export, column by column.

use std::borrow::Cow;

use model::value::{Object, Value};

use super::{Deliver, object, some_object, unnamed};
use crate::csv::Row;
use crate::decode::Failure;
use crate::finish::Draft;
use crate::helpers::pseudonym_of;
use crate::mapping::Mapping;
use crate::normaliser::{Context, row_time};

/// The service that a badge verdict authenticates to.
pub(crate) const SERVICE: &str = "physical access";

#[derive(Default)]
struct Fields<'a> {
    time: Option<Cow<'a, str>>,
    badge: Option<Cow<'a, str>>,
    person: Option<Cow<'a, str>>,
    door: Option<Cow<'a, str>>,
    zone: Option<Cow<'a, str>>,
    result: Option<Cow<'a, str>>,
    direction: Option<Cow<'a, str>>,
    reason: Option<Cow<'a, str>>,
    others: Object,
}

/// What a result means: `activity_id` and `severity_id` of the class, whether it is a verdict, and
/// whether somebody passes or would.
struct Outcome {
    activity: u64,
    severity: u64,
    status: Option<u64>,
    is_verdict: bool,
    is_passage: bool,
}

const RESULTS: &str = "granted, denied, taken, not_taken, forced, held, rex, duress, tamper, alive";
/// What is neither a passage nor an alarm.
const OTHER: u64 = 99;

fn outcome(result: &str) -> Option<Outcome> {
    let of = |activity, severity, status, is_verdict, is_passage| {
        Some(Outcome { activity, severity, status, is_verdict, is_passage })
    };
    match result {
        "granted" => of(1, 1, Some(1), true, true),
        "denied" => of(2, 2, Some(2), true, true),
        "taken" => of(3, 1, Some(1), false, true),
        "not_taken" => of(4, 1, None, false, true),
        "forced" => of(5, 4, None, false, false),
        "held" => of(6, 3, None, false, false),
        "rex" => of(7, 1, None, false, false),
        "duress" => of(8, 5, None, false, true),
        "tamper" => of(12, 4, None, false, false),
        // A controller says that it is there: nothing happened.
        "alive" => of(OTHER, 1, None, false, false),
        _ => None,
    }
}

/// One record to the physical access and, for a verdict of somebody, its authentication.
pub(super) fn map(
    row: &Row<'_>,
    mapping: &Mapping,
    context: &Context<'_>,
    deliver: Deliver<'_>,
) -> Result<(), Failure> {
    let fields = read(row);
    let time = row_time(fields.time.as_deref().unwrap_or_default(), mapping, context)?;
    let result = fields.result.as_deref().unwrap_or("granted").to_lowercase();
    let Some(outcome) = outcome(&result) else {
        let detail = format!("`result` is `{result}`, expected one of {RESULTS}");
        return Err(Failure::aborted(detail));
    };
    let direction = match fields.direction.as_deref().map(str::to_lowercase) {
        None if outcome.is_passage => Some("in".to_owned()),
        None => None,
        Some(word) if word == "in" || word == "out" => Some(word),
        Some(word) => {
            let detail = format!("`direction` is `{word}`, expected in or out");
            return Err(Failure::aborted(detail));
        }
    };
    if fields.door.is_none() && fields.zone.is_none() {
        return Err(Failure::aborted("neither `door` nor `zone` is filled"));
    }
    let ocsf = access(&fields, &outcome, direction.as_deref());
    deliver(Draft { ocsf, time: Some(time), part: 0, is_proved: true })?;
    if outcome.is_verdict && (fields.badge.is_some() || fields.person.is_some()) {
        let ocsf = authentication(&fields, &outcome, direction.as_deref());
        deliver(Draft { ocsf, time: Some(time), part: 1, is_proved: true })?;
    }
    Ok(())
}

fn read<'a>(row: &'a Row<'_>) -> Fields<'a> {
    let mut fields = Fields::default();
    let mut others = Vec::new();
    for (name, value) in row.columns() {
        match name {
            "time" => fields.time = Some(value),
            "badge" => fields.badge = Some(value),
            "person" => fields.person = Some(value),
            "door" => fields.door = Some(value),
            "zone" => fields.zone = Some(value),
            "result" => fields.result = Some(value),
            "direction" => fields.direction = Some(value),
            "reason" => fields.reason = Some(value),
            other => others.push((other.to_owned(), value.into_owned())),
        }
    }
    others.extend(row.extras().map(|(name, value)| (name.to_owned(), value.to_owned())));
    fields.others = unnamed(others);
    fields
}

fn text(value: Option<&Cow<'_, str>>) -> Option<Value> {
    value.map(|value| Value::text(value))
}

fn access(fields: &Fields<'_>, outcome: &Outcome, direction: Option<&str>) -> Object {
    let zone = text(fields.zone.as_ref()).map(|uid| some_object([("uid", Some(uid))]));
    let zone = zone.flatten();
    let portal = match &fields.door {
        Some(door) => object([
            ("uid", Some(Value::text(door))),
            ("portal_type_id", Some(1.into())),
            ("zone", zone.clone()),
        ]),
        None => object([
            ("uid", text(fields.zone.as_ref())),
            ("portal_type_id", Some(99.into())),
            ("portal_type", Some("zone".into())),
            ("zone", zone.clone()),
        ]),
    };
    let credential = fields.badge.as_ref().and_then(|badge| {
        let uid = Some(Value::text(badge));
        some_object([("uid", uid), ("credential_type_id", Some(1.into()))])
    });
    let person = text(fields.person.as_ref()).map(|uid| some_object([("uid", Some(uid))]));
    let actor = person.flatten().and_then(|user| some_object([("user", Some(user))]));
    let mut unmapped = fields.others.clone();
    if let Some(direction) = direction {
        unmapped.insert("direction", Value::text(direction));
    }
    object([
        ("activity_id", Some(outcome.activity.into())),
        ("activity_name", (outcome.activity == OTHER).then(|| "Alive".into())),
        ("severity_id", Some(outcome.severity.into())),
        ("status_id", outcome.status.map(Value::from)),
        ("status_detail", text(fields.reason.as_ref())),
        ("portal", Some(Value::Object(portal))),
        ("zone", zone),
        ("credential", credential),
        ("actor", actor),
        ("unmapped", (!unmapped.is_empty()).then_some(Value::Object(unmapped))),
    ])
}

fn authentication(fields: &Fields<'_>, outcome: &Outcome, direction: Option<&str>) -> Object {
    let uid = match (&fields.person, &fields.badge) {
        (Some(person), _) => Some(Value::text(person)),
        (None, Some(badge)) => Some(format!("credential:{}", pseudonym_of(badge)).into()),
        (None, None) => None,
    };
    let user = object([("uid", uid), ("credential_uid", text(fields.badge.as_ref()))]);
    let service = object([("name", Some(SERVICE.into())), ("uid", text(fields.door.as_ref()))]);
    let zone = text(fields.zone.as_ref()).map(|uid| some_object([("uid", Some(uid))]));
    let direction =
        direction.map(|direction| object([("direction", Some(Value::text(direction)))]));
    let logsource = object([("category", Some("badge_authentication".into()))]);
    object([
        ("class", Some("authentication".into())),
        ("activity_id", Some(1.into())),
        ("severity_id", Some(outcome.severity.into())),
        ("status_id", outcome.status.map(Value::from)),
        ("status_detail", text(fields.reason.as_ref())),
        ("logon_type_id", Some(99.into())),
        ("logon_type", Some("badge".into())),
        ("is_remote", Some(false.into())),
        ("user", Some(Value::Object(user))),
        ("service", Some(Value::Object(service))),
        ("zone", zone.flatten()),
        ("unmapped", direction.map(Value::Object)),
        ("logsource", Some(Value::Object(logsource))),
    ])
}
