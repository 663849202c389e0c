//! `flow-csv`: network flows, column by column.

use std::net::IpAddr;

use model::value::{Object, Value};

use super::{Deliver, object, some_object, unnamed};
use crate::csv::Row;
use crate::decode::Failure;
use crate::finish::Draft;
use crate::mapping::Mapping;
use crate::normaliser::{Context, row_time};

/// Two of them can be added.
const BYTES_MAX: i64 = i64::MAX / 2;

#[derive(Default)]
struct Fields {
    src_ip: Option<Value>,
    src_port: Option<Value>,
    dst_ip: Option<Value>,
    dst_port: Option<Value>,
    protocol: Option<(Option<u64>, Option<String>)>,
    bytes_out: Option<Value>,
    bytes_in: Option<Value>,
    user: Option<Value>,
    others: Object,
}

/// One record to one network activity.
pub(super) fn map(
    row: &Row<'_>,
    mapping: &Mapping,
    context: &Context<'_>,
    deliver: Deliver<'_>,
) -> Result<(), Failure> {
    let mut fields = Fields::default();
    let mut others = Vec::new();
    let time = row.column("time").map(|text| row_time(&text, mapping, context)).transpose()?;
    for (name, value) in row.columns() {
        match name {
            "time" => {}
            "src_ip" => fields.src_ip = Some(address(name, &value)?),
            "dst_ip" => fields.dst_ip = Some(address(name, &value)?),
            "src_port" => fields.src_port = Some(number(name, &value, 65_535)?),
            "dst_port" => fields.dst_port = Some(number(name, &value, 65_535)?),
            "protocol" => fields.protocol = Some(protocol(&value)),
            "bytes_out" => fields.bytes_out = Some(number(name, &value, BYTES_MAX)?),
            "bytes_in" => fields.bytes_in = Some(number(name, &value, BYTES_MAX)?),
            "user" => fields.user = Some(value.into_owned().into()),
            other => others.push((other.to_owned(), value.into_owned())),
        }
    }
    others.extend(row.extras().map(|(name, value)| (name.to_owned(), value.to_owned())));
    fields.others = unnamed(others);
    for (name, address) in [("src_ip", &fields.src_ip), ("dst_ip", &fields.dst_ip)] {
        if address.is_none() {
            return Err(Failure::aborted(format!("`{name}` is empty")));
        }
    }
    deliver(Draft { ocsf: activity(fields), time, part: 0, is_proved: true })
}

fn activity(fields: Fields) -> Object {
    let connection = fields.protocol.and_then(|(number, name)| {
        some_object([
            ("direction_id", Some(0.into())),
            ("protocol_num", number.map(Value::from)),
            ("protocol_name", name.map(Value::from)),
        ])
    });
    let total = match (&fields.bytes_out, &fields.bytes_in) {
        (Some(out), Some(back)) => {
            let sum = out.as_i64().zip(back.as_i64()).and_then(|(a, b)| a.checked_add(b));
            sum.map(Value::from)
        }
        _ => None,
    };
    let traffic = some_object([
        ("bytes_out", fields.bytes_out),
        ("bytes_in", fields.bytes_in),
        ("bytes", total),
    ]);
    let user = fields.user.and_then(|name| some_object([("name", Some(name))]));
    object([
        ("activity_id", Some(6.into())),
        ("src_endpoint", some_object([("ip", fields.src_ip), ("port", fields.src_port)])),
        ("dst_endpoint", some_object([("ip", fields.dst_ip), ("port", fields.dst_port)])),
        ("connection_info", connection),
        ("traffic", traffic),
        ("actor", user.and_then(|user| some_object([("user", Some(user))]))),
        ("unmapped", (!fields.others.is_empty()).then_some(Value::Object(fields.others))),
    ])
}

fn address(name: &str, text: &str) -> Result<Value, Failure> {
    match text.parse::<IpAddr>() {
        Ok(_) => Ok(Value::text(text)),
        Err(_) => Err(Failure::aborted(format!("`{name}` is `{text}`, expected an IP address"))),
    }
}

fn number(name: &str, text: &str, max: i64) -> Result<Value, Failure> {
    match text.parse::<i64>() {
        Ok(number) if (0..=max).contains(&number) => Ok(number.into()),
        Ok(_) | Err(_) => {
            Err(Failure::aborted(format!("`{name}` is `{text}`, expected a number to {max}")))
        }
    }
}

/// Number and name of a protocol given as either.
///
/// SOURCE: IANA protocol numbers; the ones that flows carry.
fn protocol(text: &str) -> (Option<u64>, Option<String>) {
    const KNOWN: [(u64, &str); 6] =
        [(1, "icmp"), (6, "tcp"), (17, "udp"), (47, "gre"), (50, "esp"), (58, "ipv6-icmp")];
    match text.parse::<u64>() {
        Ok(number) => {
            let name = KNOWN.iter().find(|(known, _)| *known == number);
            (Some(number), name.map(|(_, name)| (*name).to_owned()))
        }
        Err(_) => {
            let name = text.to_lowercase();
            let number = KNOWN.iter().find(|(_, known)| *known == name);
            (number.map(|(number, _)| *number), Some(name))
        }
    }
}
