//! `fortigate`: traffic, and what of UTM is no threat. Everything else, and every record whose
//! shape leaves a doubt, is left to the mapping's program.

use std::borrow::Cow;

use chrono_tz::Tz;
use model::Timestamp;
use model::value::{Object, Value};

use super::fields::Fields;
use super::{Deliver, object, some_object};
use crate::decode::Failure;
use crate::finish::Draft;
use crate::helpers::{ip_of, mac_of, number_of, port_of, text_of};
use crate::instant;
use crate::normaliser::Context;
use crate::ocsf::is_email;

type Slot<'a> = Option<Cow<'a, str>>;

/// What of UTM the program makes findings of.
const THREATS: &[&str] = &["ips", "virus", "anomaly", "waf", "dlp", "file-filter"];

/// Maps one record; `false` leaves it to the program.
pub(super) fn map(
    payload: &[u8],
    context: &Context<'_>,
    deliver: Deliver<'_>,
) -> Result<bool, Failure> {
    let Some(fields) = std::str::from_utf8(payload).ok().and_then(Fields::read) else {
        return Ok(false);
    };
    let Some((ocsf, time)) = activity(fields, context.zone) else { return Ok(false) };
    let time = Some(time.unwrap_or_else(|| context.default_time()));
    deliver(Draft { ocsf, time, part: 0, is_proved: true })?;
    Ok(true)
}

fn activity(mut f: Fields<'_>, zone: Tz) -> Option<(Object, Option<Timestamp>)> {
    let kind = lower(f.kind.take()?);
    let subtype = lower(f.subtype.take()?);
    let is_utm = kind == "utm" && !THREATS.contains(&&*subtype);
    if kind != "traffic" && !is_utm {
        return None;
    }
    let time = time(&mut f, zone);
    let action = lower(text(&f.action).or_else(|| text(&f.status)).unwrap_or_default().into());
    let severity = severity(&f, is_utm);
    let (turn, (permit, disposition)) = (turn(&action), verdict(&action));
    let metadata = some_object([
        ("event_code", taken(&mut f.logid).or_else(|| taken(&mut f.log_id)).map(own)),
        ("log_name", Some(format!("{kind}/{subtype}").into())),
    ]);
    let device = device(&mut f);
    let message = taken(&mut f.msg).or_else(|| taken(&mut f.logdesc)).map(own);
    let actor = actor(&mut f);
    let (source, target) = (source(&mut f)?, target(&mut f)?);
    let source = match (&source, &target) {
        (None, None) => {
            let service = text(&f.service).map_or("unknown".into(), Value::text);
            some_object([("svc_name", Some(service))])
        }
        _ => source,
    };
    let connection = connection(&mut f);
    let seconds = number(&f.duration);
    let lasted = seconds.map(|seconds| seconds.checked_mul(1_000).ok_or(())).transpose().ok()?;
    let url = match &f.url {
        Some(tail) => Some(url(tail, &f)?),
        None => None,
    };
    let ocsf = object([
        ("activity_id", Some(turn.into())),
        ("severity_id", Some(severity.into())),
        ("action_id", permit.map(Value::from)),
        ("disposition_id", disposition.map(Value::from)),
        ("message", message),
        ("metadata", metadata),
        ("device", device),
        ("actor", actor),
        ("src_endpoint", source),
        ("dst_endpoint", target),
        ("connection_info", connection),
        ("traffic", traffic(&f)),
        ("firewall_rule", rule(&f)),
        ("app_name", text(&f.app).map(Value::text)),
        ("app_protocol_name", text(&f.service).map(Value::text)),
        ("duration", lasted.map(Value::from)),
        ("url", url),
        ("unmapped", f.unmapped()),
    ]);
    Some((ocsf, time))
}

/// `eventtime` where it can be read, else date, time and zone; all but the zone are used up.
fn time(f: &mut Fields<'_>, zone: Tz) -> Option<Timestamp> {
    let (exact, day, hour) = (f.eventtime.take(), f.date.take(), f.time.take());
    exact.and_then(|exact| instant::of_text(&exact, zone)).or_else(|| {
        let (day, hour) = (day.unwrap_or_default(), hour.unwrap_or_default());
        let offset = text(&f.tz).unwrap_or_default();
        instant::of_text(&format!("{day}T{hour}{offset}"), zone)
    })
}

fn severity(f: &Fields<'_>, is_utm: bool) -> u8 {
    let threat = text(&f.severity).or_else(|| text(&f.crlevel)).unwrap_or_default();
    let risk = match &*lower(threat.into()) {
        "critical" => Some(5),
        "high" => Some(4),
        "medium" => Some(3),
        "low" => Some(2),
        "info" => Some(1),
        _ => None,
    };
    if let (true, Some(risk)) = (is_utm, risk) {
        return risk;
    }
    let level = text(&f.level).or_else(|| text(&f.pri)).unwrap_or_default();
    match &*lower(level.into()) {
        "emergency" => 5,
        "alert" | "critical" => 4,
        "error" => 3,
        "warning" => 2,
        _ => 1,
    }
}

/// `action_id` and `disposition_id`.
fn verdict(action: &str) -> (Option<u8>, Option<u8>) {
    match action {
        "dropped" => (Some(2), Some(6)),
        "reset" | "reset_client" | "reset_server" => (Some(2), Some(21)),
        "deny" | "blocked" | "block" | "clear_session" | "drop_session" | "ip-conn" | "dns" => {
            (Some(2), Some(2))
        }
        "accept" | "pass" | "passthrough" | "permit" | "close" | "client-rst" | "server-rst"
        | "timeout" | "start" | "allowed" => (Some(1), Some(1)),
        "detected" => (Some(3), Some(15)),
        _ => (None, None),
    }
}

/// `activity_id`.
fn turn(action: &str) -> u8 {
    match action {
        "start" => 1,
        "close" => 2,
        "client-rst" | "server-rst" => 3,
        "timeout" | "ip-conn" => 4,
        "deny" | "blocked" | "block" => 5,
        _ => 6,
    }
}

fn device(f: &mut Fields<'_>) -> Option<Value> {
    let name = taken(&mut f.devname);
    let id = taken(&mut f.devid).or_else(|| taken(&mut f.device_id));
    if name.is_none() && id.is_none() {
        return None;
    }
    some_object([("hostname", name.map(own)), ("uid", id.map(own)), ("type_id", Some(9.into()))])
}

fn actor(f: &mut Fields<'_>) -> Option<Value> {
    let name = taken(&mut f.user).filter(|name| name != "unauthenticated")?;
    let email = is_email(&name).then(|| Value::text(&name));
    let user = some_object([("name", Some(own(name))), ("email_addr", email)]);
    some_object([("user", user)])
}

/// Where it came from; `None` when it is said in a way that OCSF has no place for.
fn source(f: &mut Fields<'_>) -> Option<Option<Value>> {
    let own_ip = f.srcip.take();
    let ip = address(&own_ip).or_else(|| address(&f.src)).or_else(|| address(&f.remip));
    let name = taken(&mut f.srcname).filter(|name| Some(&**name) != ip);
    let mac = f.srcmac.take().and_then(|mac| mac_of(&mac));
    let ip = ip.map(Value::text);
    let port =
        port(&mut f.srcport).or_else(|| port(&mut f.src_port)).or_else(|| port(&mut f.remport));
    if ip.is_none() && name.is_none() {
        return mac.is_none().then_some(None);
    }
    let interface = taken(&mut f.srcintf).or_else(|| taken(&mut f.src_int));
    Some(some_object([
        ("ip", ip),
        ("hostname", name.map(own)),
        ("mac", mac.map(Value::from)),
        ("port", port.map(Value::from)),
        ("interface_name", interface.map(own)),
    ]))
}

/// Where it went.
fn target(f: &mut Fields<'_>) -> Option<Option<Value>> {
    let own_ip = f.dstip.take();
    let ip = address(&own_ip).or_else(|| address(&f.dst)).or_else(|| address(&f.locip));
    let name = text(&f.hostname).or_else(|| text(&f.dstname)).filter(|name| Some(*name) != ip);
    let (ip, name) = (ip.map(Value::text), name.map(Value::text));
    let port =
        port(&mut f.dstport).or_else(|| port(&mut f.dst_port)).or_else(|| port(&mut f.locport));
    if ip.is_none() && name.is_none() {
        return Some(None);
    }
    let interface = taken(&mut f.dstintf).or_else(|| taken(&mut f.dst_int));
    Some(some_object([
        ("ip", ip),
        ("hostname", name),
        ("port", port.map(Value::from)),
        ("interface_name", interface.map(own)),
    ]))
}

fn connection(f: &mut Fields<'_>) -> Option<Value> {
    let protocol = f.proto.take().and_then(|text| number_of(&text))?;
    let direction = match f.direction.as_deref() {
        Some("incoming") => 1,
        Some("outgoing") => 2,
        Some(_) | None => 0,
    };
    // SOURCE: IANA protocol numbers; the ones that flows carry.
    let name = match protocol {
        1 => Some("icmp"),
        6 => Some("tcp"),
        17 => Some("udp"),
        47 => Some("gre"),
        50 => Some("esp"),
        58 => Some("ipv6-icmp"),
        _ => None,
    };
    some_object([
        ("direction_id", Some(direction.into())),
        ("protocol_num", Some(protocol.into())),
        ("protocol_name", name.map(Value::from)),
        ("uid", text(&f.sessionid).map(Value::text)),
    ])
}

fn traffic(f: &Fields<'_>) -> Option<Value> {
    let of = |slot: &Slot<'_>| number(slot).map(Value::from);
    some_object([
        ("bytes_out", of(&f.sentbyte).or_else(|| of(&f.sent))),
        ("bytes_in", of(&f.rcvdbyte).or_else(|| of(&f.rcvd))),
        ("packets_out", of(&f.sentpkt)),
        ("packets_in", of(&f.rcvdpkt)),
    ])
}

fn rule(f: &Fields<'_>) -> Option<Value> {
    let uid = text(&f.policyid)?;
    some_object([("uid", Some(Value::text(uid))), ("name", text(&f.policyname).map(Value::text))])
}

/// What was asked for; `None` when it is empty, which OCSF has no place for.
fn url(tail: &str, f: &Fields<'_>) -> Option<Value> {
    if tail.is_empty() {
        return None;
    }
    let site = text(&f.hostname);
    let full = match site {
        Some(site) if tail.starts_with('/') => {
            let scheme = lower(text(&f.service).unwrap_or("http").into());
            format!("{scheme}://{site}{tail}").into()
        }
        Some(_) | None => Value::text(tail),
    };
    some_object([
        ("url_string", Some(full)),
        ("hostname", site.map(Value::text)),
        ("path", text_of(tail).map(Value::text)),
    ])
}

fn lower(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_lower = text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase());
    if is_lower { text } else { text.to_lowercase().into() }
}

fn text<'f>(slot: &'f Slot<'_>) -> Option<&'f str> {
    slot.as_deref().and_then(text_of)
}

/// The text of a field that is used up, whether or not it says anything.
fn taken<'a>(slot: &mut Slot<'a>) -> Slot<'a> {
    match slot.take()? {
        Cow::Borrowed(text) => text_of(text).map(Cow::Borrowed),
        Cow::Owned(text) => text_of(&text).map(|text| text.to_owned().into()),
    }
}

fn own(text: Cow<'_, str>) -> Value {
    Value::from(text.into_owned())
}

fn number(slot: &Slot<'_>) -> Option<i64> {
    slot.as_deref().and_then(number_of)
}

fn port(slot: &mut Slot<'_>) -> Option<i64> {
    slot.take().and_then(|text| port_of(&text))
}

fn address<'f>(slot: &'f Slot<'_>) -> Option<&'f str> {
    slot.as_deref().and_then(ip_of)
}
