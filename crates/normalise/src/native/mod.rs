//! Mappings whose engine is code of ours, for the formats that come by the hundred thousand.
//! Each has a `map.vrl` beside it that tests hold it to.

mod flow;
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

/// Hands on one event.
pub(crate) type Deliver<'a> = &'a mut dyn FnMut(Draft) -> Result<(), Failure>;

/// Which code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Native {
    PacsCsv,
    FlowCsv,
    OpenSsh,
}

impl Native {
    pub(crate) fn of(name: &MappingName) -> Option<Self> {
        match name.as_str() {
            "pacs-csv" => Some(Self::PacsCsv),
            "flow-csv" => Some(Self::FlowCsv),
            "openssh" => Some(Self::OpenSsh),
            _ => None,
        }
    }

    /// Refuses a CSV header that lacks what the engine cannot do without.
    pub(crate) fn check_plan(self, plan: &Plan) -> Result<(), Failure> {
        let needed: &[&[&str]] = match self {
            Self::PacsCsv => &[&["time"], &["badge", "person"], &["door", "zone"]],
            Self::FlowCsv => &[&["time"], &["src_ip"], &["dst_ip"]],
            Self::OpenSsh => &[],
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
        }
    }

    /// Maps one syslog message; `false` leaves it to the mapping's program.
    pub(crate) fn map_syslog(
        self,
        message: &Message<'_>,
        context: &Context<'_>,
        deliver: Deliver<'_>,
    ) -> Result<bool, Failure> {
        match self {
            Self::OpenSsh => openssh::map(message, context, deliver),
            Self::PacsCsv | Self::FlowCsv => Ok(false),
        }
    }
}

/// A JSON object from a few pairs; absent values are left out.
pub(crate) fn object<const N: usize>(pairs: [(&'static str, Option<Value>); N]) -> Object {
    let there = pairs.into_iter().filter_map(|(key, value)| Some((key.into(), value?)));
    Object::from_unique(there)
}

/// The same as a value; `None` when nothing was there.
pub(crate) fn some_object<const N: usize>(
    pairs: [(&'static str, Option<Value>); N],
) -> Option<Value> {
    let object = object(pairs);
    (!object.is_empty()).then_some(Value::Object(object))
}
