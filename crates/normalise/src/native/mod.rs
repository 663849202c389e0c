//! Mappings whose engine is code of ours, for the formats that come by the hundred thousand.
//! Each has a `map.vrl` beside it that tests hold it to.

mod fields;
mod flow;
mod fortigate;
mod okta;
mod openssh;
mod pacs;

use codec::syslog::Message;
use model::MappingName;
use model::value::{Object, Value};

use crate::csv::{Plan, Row};
use crate::decode::Failure;
use crate::finish::Draft;
use crate::mapping::Mapping;
use crate::normaliser::Context;
use crate::tree::Tree;

/// Hands on one event.
pub(crate) type Deliver<'a> = &'a mut dyn FnMut(Draft) -> Result<(), Failure>;

/// Which code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Native {
    PacsCsv,
    FlowCsv,
    OpenSsh,
    FortiGate,
    Okta,
}

impl Native {
    pub(crate) fn of(name: &MappingName) -> Option<Self> {
        match name.as_str() {
            "pacs-csv" => Some(Self::PacsCsv),
            "flow-csv" => Some(Self::FlowCsv),
            "openssh" => Some(Self::OpenSsh),
            "fortigate" => Some(Self::FortiGate),
            "okta" => Some(Self::Okta),
            _ => None,
        }
    }

    /// Refuses a CSV header that lacks what the engine cannot do without.
    pub(crate) fn check_plan(self, plan: &Plan) -> Result<(), Failure> {
        let needed: &[&[&str]] = match self {
            Self::PacsCsv => &[&["time"], &["badge", "person"], &["door", "zone"]],
            Self::FlowCsv => &[&["time"], &["src_ip"], &["dst_ip"]],
            Self::OpenSsh | Self::FortiGate | Self::Okta => &[],
        };
        needed.iter().try_for_each(|any_of| plan.need(any_of))
    }

    /// Maps one CSV record.
    pub(crate) fn map_row(
        self,
        row: &Row<'_>,
        mapping: &Mapping,
        context: &Context<'_>,
        deliver: Deliver<'_>,
    ) -> Result<(), Failure> {
        match self {
            Self::PacsCsv => pacs::map(row, mapping, context, deliver),
            Self::FlowCsv => flow::map(row, mapping, context, deliver),
            Self::OpenSsh => {
                Err(Failure::decode("syslog", "a CSV record is no syslog message".to_owned()))
            }
            Self::FortiGate => Err(Failure::decode("kv", "a CSV record has no pairs".to_owned())),
            Self::Okta => Err(Failure::decode("json", "a CSV record is no JSON".to_owned())),
        }
    }

    /// Maps one record that is no CSV; `false` leaves it to the mapping's program.
    pub(crate) fn map_record(
        self,
        record: &Record<'_>,
        context: &Context<'_>,
        deliver: Deliver<'_>,
    ) -> Result<bool, Failure> {
        match (self, record) {
            (Self::OpenSsh, Record { message: Some(message), .. }) => {
                openssh::map(message, context, deliver)
            }
            (Self::FortiGate, Record { payload, .. }) => fortigate::map(payload, context, deliver),
            (Self::Okta, Record { json: Some(json), .. }) => okta::map(json, context, deliver),
            (Self::PacsCsv | Self::FlowCsv | Self::OpenSsh | Self::Okta, _) => Ok(false),
        }
    }

    /// Whether it maps JSON.
    pub(crate) fn wants_json(self) -> bool {
        match self {
            Self::Okta => true,
            Self::PacsCsv | Self::FlowCsv | Self::OpenSsh | Self::FortiGate => false,
        }
    }
}

/// A record in every form that was made of it.
pub(crate) struct Record<'a> {
    pub message: Option<&'a Message<'a>>,
    /// The record without a syslog header.
    pub payload: &'a [u8],
    /// The payload as JSON, where it was read as such.
    pub json: Option<&'a Tree<'a>>,
}

/// An object of more attributes than this is an event.
const FEW: usize = 10;
/// What `finish` adds to an event at most.
const MORE: usize = 8;

/// A JSON object from a few pairs; absent values are left out.
pub(crate) fn object<const N: usize>(pairs: [(&'static str, Option<Value>); N]) -> Object {
    // The attributes of an event, which `finish` adds to.
    let room = if N > FEW { N + MORE } else { N };
    let mut out = Object::with_capacity(room);
    out.extend_unique(pairs.into_iter().filter_map(|(key, value)| Some((key.into(), value?))));
    out
}

/// Puts a few more pairs into an object.
fn extend<const N: usize>(out: &mut Object, pairs: [(&'static str, Option<Value>); N]) {
    for (key, value) in pairs {
        if let Some(value) = value {
            out.insert(key, value);
        }
    }
}

/// Columns that have no place of their own, as many as a header may have; of two with one name the
/// last counts.
fn unnamed(columns: Vec<(String, String)>) -> Object {
    let columns = columns.into_iter();
    Object::from_last(columns.map(|(name, text)| (name.into(), Some(text.into()))))
}

/// The same as a value; `None` when nothing was there.
pub(crate) fn some_object<const N: usize>(
    pairs: [(&'static str, Option<Value>); N],
) -> Option<Value> {
    let object = object(pairs);
    (!object.is_empty()).then_some(Value::Object(object))
}
