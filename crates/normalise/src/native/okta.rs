//! `okta`: sign-ins and changes of accounts. Everything else, and every event whose shape leaves a
//! doubt, is left to the mapping's program.

use std::borrow::Cow;

use chrono_tz::Tz;
use model::Timestamp;
use model::value::{Object, Value};

use super::{Deliver, extend, object, some_object};
use crate::decode::Failure;
use crate::finish::Draft;
use crate::helpers::{ip_of, text_of};
use crate::instant;
use crate::normaliser::Context;
use crate::ocsf::is_email;
use crate::tree::Tree;

/// Maps one event; `false` leaves it to the program.
pub(super) fn map(
    event: &Tree<'_>,
    context: &Context<'_>,
    deliver: Deliver<'_>,
) -> Result<bool, Failure> {
    let Some(name) = either(event, "eventType", "eventtype") else { return Ok(false) };
    let log = Log::of(event, &name);
    let Some(ocsf) = log.sign_in().or_else(|| log.account_change()) else { return Ok(false) };
    let time = event.get("published").and_then(|at| time(at, context.zone));
    let time = Some(time.unwrap_or_else(|| context.default_time()));
    deliver(Draft { ocsf, time, part: 0, is_proved: true })?;
    Ok(true)
}

/// What is read of an event before its kind counts.
struct Log<'t> {
    event: &'t Tree<'t>,
    name: &'t str,
    who: Option<Account<'t>>,
    target: Option<Account<'t>>,
    /// The application that is signed into.
    app: Option<Cow<'t, str>>,
    session: Option<Cow<'t, str>>,
    status: u8,
}

/// Somebody with a name or an identifier.
struct Account<'t> {
    uid: Option<Cow<'t, str>>,
    name: Option<Cow<'t, str>>,
    full_name: Option<Cow<'t, str>>,
    /// In their own words and as OCSF's number.
    kind: Option<(Option<Cow<'t, str>>, u8)>,
}

impl<'t> Log<'t> {
    fn of(event: &'t Tree<'t>, name: &'t str) -> Self {
        let context = |key| event.get(key).and_then(|context| text_at(context, SESSION));
        let mut log = Self {
            event,
            name,
            who: event.get("actor").and_then(actor),
            target: None,
            app: None,
            session: context("authenticationContext").or_else(|| context("authenticationcontext")),
            status: status(event.get("outcome")),
        };
        if let Some(Tree::Array(targets)) = event.get("target") {
            targets.iter().for_each(|target| log.aim(target));
        }
        log
    }

    fn aim(&mut self, target: &'t Tree<'t>) {
        let kind = target.get("type").and_then(Tree::as_text).unwrap_or_default();
        let named = || text_at(target, "alternateId").filter(|name| name != "unknown");
        let is = |word| is_word(kind, word, str::to_lowercase);
        if self.target.is_none() && (is("user") || is("appuser")) {
            let (name, uid) = (named(), text_at(target, "id"));
            if name.is_some() || uid.is_some() {
                let full_name = text_at(target, "displayName");
                self.target = Some(Account { uid, name, full_name, kind: None });
            }
        } else if self.app.is_none() && is("appinstance") {
            self.app = text_at(target, "displayName").or_else(named);
        }
    }

    fn sign_in(&self) -> Option<Object> {
        let is_one = ["user.session.", "user.authentication.", "app.oauth2."]
            .iter()
            .any(|start| self.name.starts_with(start));
        if !is_one && self.name != "logout" {
            return None;
        }
        let user = self.who.as_ref().or(self.target.as_ref())?;
        let is_mfa = self.name.starts_with("user.authentication.auth_via_mfa");
        let activity = match self.name {
            "user.session.end" | "logout" => 2,
            name if name.contains("impersonation") => 7,
            name if is_mfa || name.starts_with("user.authentication.verify") => 6,
            name if name.starts_with("app.oauth2.") => 99,
            _ => 1,
        };
        let session = || self.session.as_deref().map(Value::text);
        let service = self.app.as_deref().map_or("Okta".into(), Value::text);
        Some(self.with([
            ("activity_id", Some(activity.into())),
            ("activity_name", (activity == 99).then(|| Value::text(self.name))),
            ("user", user.value()),
            ("actor", some_object([("session", some_object([("uid", session())]))])),
            ("service", some_object([("name", Some(service))])),
            ("session", some_object([("uid", session())])),
            ("is_remote", Some(true.into())),
            ("logon_type_id", Some(3.into())),
            ("is_mfa", is_mfa.then(|| true.into())),
        ]))
    }

    fn account_change(&self) -> Option<Object> {
        let activity = match change(self.name) {
            Some(activity) => activity,
            None if self.name.starts_with("user.") => 99,
            None => return None,
        };
        let user = self.target.as_ref().or(self.who.as_ref())?;
        let session = self.session.as_deref().map(Value::text);
        let actor = some_object([
            ("user", self.who.as_ref().and_then(Account::value)),
            ("session", some_object([("uid", session)])),
        ]);
        Some(self.with([
            ("class", Some("account_change".into())),
            ("activity_id", Some(activity.into())),
            ("activity_name", (activity == 99).then(|| Value::text(self.name))),
            ("user", user.value()),
            ("actor", actor),
        ]))
    }

    /// The attributes that every class has, and its own.
    fn with<const N: usize>(&self, own: [(&'static str, Option<Value>); N]) -> Object {
        let event = self.event;
        let client = event.get("client");
        let agent = client.and_then(|client| client.get("userAgent"));
        let place = client.and_then(|client| client.get("geographicalContext"));
        let text = |key| text_at(event, key).map(value_of);
        let request = agent.and_then(|agent| text_at(agent, "rawUserAgent")).map(value_of);
        let reason = event.get("outcome").and_then(|outcome| text_at(outcome, "reason"));
        let metadata = some_object([
            ("event_code", Some(Value::text(self.name))),
            ("uid", text("uuid")),
            ("original_time", text("published")),
        ]);
        let mut out = object([
            ("severity_id", Some(severity(event.get("severity"), self.status).into())),
            ("status_id", Some(self.status.into())),
            ("status_detail", reason.map(value_of)),
            ("message", either(event, "displayMessage", "displaymessage").map(value_of)),
            ("src_endpoint", client.and_then(|client| source(client, place))),
            ("http_request", some_object([("user_agent", request)])),
            ("metadata", metadata),
            ("unmapped", kept(event, client, agent, place)),
        ]);
        extend(&mut out, own);
        out
    }
}

impl Account<'_> {
    fn value(&self) -> Option<Value> {
        let of = |text: &Option<Cow<'_, str>>| text.as_deref().map(Value::text);
        let email = self.name.as_deref().filter(|name| is_email(name));
        some_object([
            ("uid", of(&self.uid)),
            ("name", of(&self.name)),
            ("full_name", of(&self.full_name)),
            ("email_addr", email.map(Value::text)),
            ("type", self.kind.as_ref().and_then(|(kind, _)| of(kind))),
            ("type_id", self.kind.as_ref().map(|(_, number)| (*number).into())),
        ])
    }
}

const SESSION: &str = "externalSessionId";

fn actor<'t>(actor: &'t Tree<'t>) -> Option<Account<'t>> {
    let name = either(actor, "alternateId", "alternateid").filter(|name| name != "unknown");
    let uid = text_at(actor, "id");
    if name.is_none() && uid.is_none() {
        return None;
    }
    let is_user = actor.get("type").and_then(Tree::as_text) == Some("User");
    Some(Account {
        uid,
        name,
        full_name: either(actor, "displayName", "displayname"),
        kind: Some((text_at(actor, "type"), if is_user { 1 } else { 99 })),
    })
}

fn status(outcome: Option<&Tree<'_>>) -> u8 {
    match outcome.and_then(|outcome| text_at(outcome, "result")).as_deref() {
        Some("SUCCESS" | "ALLOW") => 1,
        Some("FAILURE" | "DENY" | "ABANDONED") => 2,
        Some(_) => 99,
        None => 0,
    }
}

fn severity(severity: Option<&Tree<'_>>, status: u8) -> u8 {
    let word = severity.and_then(Tree::as_text).unwrap_or("INFO");
    let is = |own| is_word(word, own, str::to_uppercase);
    match status {
        _ if is("WARN") => 3,
        _ if is("ERROR") => 4,
        2 => 2,
        _ => 1,
    }
}

/// `activity_id` of what is done to an account.
fn change(event: &str) -> Option<u8> {
    Some(match event {
        "user.lifecycle.create" => 1,
        "user.lifecycle.activate" | "user.lifecycle.reactivate" | "user.lifecycle.unsuspend" => 2,
        "user.account.update_password" => 3,
        "user.account.reset_password" => 4,
        "user.lifecycle.deactivate" | "user.lifecycle.suspend" => 5,
        "user.lifecycle.delete.initiated" | "user.lifecycle.delete.completed" => 6,
        "user.account.privilege.grant" => 7,
        "user.account.privilege.revoke" => 8,
        "user.account.lock" => 9,
        "user.mfa.factor.activate" => 10,
        "user.mfa.factor.deactivate" | "user.mfa.factor.reset_all" => 11,
        "user.account.unlock" => 12,
        _ => return None,
    })
}

fn source(client: &Tree<'_>, place: Option<&Tree<'_>>) -> Option<Value> {
    let address = client.get("ipAddress").and_then(Tree::as_text).and_then(ip_of)?;
    let location = place.and_then(|place| {
        let text = |key| text_at(place, key).map(value_of);
        let (city, region) = (text("city"), text("state"));
        let is_said = city.is_some() || region.is_some() || text_at(place, "country").is_some();
        let code = is_said.then(|| text("postalCode")).flatten();
        let (lat, long) = point(place).unzip();
        some_object([
            ("city", city),
            ("region", region),
            ("postal_code", code),
            ("lat", lat.map(Value::from)),
            ("long", long.map(Value::from)),
        ])
    });
    some_object([("ip", Some(Value::text(address))), ("location", location)])
}

/// Where geo-IP puts an address.
fn point(place: &Tree<'_>) -> Option<(f64, f64)> {
    let point = place.get("geolocation")?;
    let (Tree::Float(lat), Tree::Float(lon)) = (point.get("lat")?, point.get("lon")?) else {
        return None;
    };
    Some((*lat, *lon))
}

/// What has no place among the attributes.
fn kept(
    event: &Tree<'_>,
    client: Option<&Tree<'_>>,
    agent: Option<&Tree<'_>>,
    place: Option<&Tree<'_>>,
) -> Option<Value> {
    let whole = |tree: Option<&Tree<'_>>| tree.and_then(unmapped);
    let of = |key| whole(event.get(key));
    let first = |key, other| {
        let said = |tree: &&Tree<'_>| !matches!(tree, Tree::Null | Tree::Boolean(false));
        whole(event.get(key).filter(said).or_else(|| event.get(other)))
    };
    let part = |of: Option<&Tree<'_>>, key| whole(of.and_then(|of| of.get(key)));
    let is_list = matches!(event.get("target"), Some(Tree::Array(_)));
    some_object([
        ("target", is_list.then(|| of("target")).flatten()),
        ("transaction", of("transaction")),
        ("debugContext", first("debugContext", "debugcontext")),
        ("securityContext", first("securityContext", "securitycontext")),
        ("authenticationContext", first("authenticationContext", "authenticationcontext")),
        ("device", of("device")),
        ("zone", part(client, "zone")),
        (
            "client",
            some_object([
                ("device", part(client, "device")),
                ("browser", part(agent, "browser")),
                ("os", part(agent, "os")),
                ("country", part(place, "country")),
            ]),
        ),
    ])
}

fn time(at: &Tree<'_>, zone: Tz) -> Option<Timestamp> {
    match at {
        Tree::Integer(number) => instant::of_epoch(i128::from(*number)),
        Tree::Float(number) => instant::of_text(&number.to_string(), zone),
        Tree::Text(text) => instant::of_text(text, zone),
        Tree::Null | Tree::Boolean(_) | Tree::Array(_) | Tree::Object(_) => None,
    }
}

fn text_at<'t>(object: &'t Tree<'t>, key: &str) -> Option<Cow<'t, str>> {
    match object.get(key)? {
        Tree::Text(text) => text_of(text).map(Cow::Borrowed),
        Tree::Integer(number) => Some(number.to_string().into()),
        Tree::Float(number) => Some(number.to_string().into()),
        Tree::Boolean(truth) => Some(truth.to_string().into()),
        Tree::Null | Tree::Array(_) | Tree::Object(_) => None,
    }
}

fn either<'t>(object: &'t Tree<'t>, key: &str, other: &str) -> Option<Cow<'t, str>> {
    text_at(object, key).or_else(|| text_at(object, other))
}

fn value_of(text: Cow<'_, str>) -> Value {
    Value::from(text.into_owned())
}

/// Whether a text is a word once it is in the word's case.
fn is_word(text: &str, word: &str, to_case: fn(&str) -> String) -> bool {
    if text.is_ascii() { text.eq_ignore_ascii_case(word) } else { to_case(text) == word }
}

/// A tree as it is kept: without null and without what holds nothing else, empty text included.
fn unmapped(tree: &Tree<'_>) -> Option<Value> {
    Some(match tree {
        Tree::Null => return None,
        Tree::Boolean(truth) => Value::from(*truth),
        Tree::Integer(number) => Value::from(*number),
        Tree::Float(number) => Value::from(*number),
        Tree::Text(text) => Value::text(text),
        Tree::Array(items) => {
            let items: Vec<Value> = items.iter().filter_map(unmapped).collect();
            if items.is_empty() {
                return None;
            }
            Value::Array(items)
        }
        Tree::Object(fields) => {
            let fields =
                fields.iter().map(|(key, value)| (key.to_string().into(), unmapped(value)));
            let out = Object::from_last(fields);
            if out.is_empty() {
                return None;
            }
            Value::Object(out)
        }
    })
}
