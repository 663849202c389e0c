//! Runs mappings on records: one per thread.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;
use codec::syslog::{self, Message};
use model::problem::position_at;
use model::spine::Source;
use model::{DeadLetter, DeadReason, Event, Raw, Timestamp, Wire};
use vrl::compiler::runtime::{Runtime, Terminate};
use vrl::compiler::{ExpressionError, TargetValueRef, TimeZone};
use vrl::value::{KeyString, ObjectMap, Secrets, Value};

use crate::csv::{self, Plan};
use crate::decode::{self, Failure};
use crate::finish::{Draft, finish};
use crate::limits::PROGRAM_STEPS_MAX;
use crate::mapping::{Mapping, Mappings};
use crate::native::{Native, Record};
use crate::recognise::Traits;
use crate::tree::Tree;
use crate::{convert, header, instant};

/// How far a claimed time may lie from its receipt before it is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockPolicy {
    /// Into the future.
    pub future_max: Duration,
    /// Into the past; `None` where old records are expected, as in files.
    pub past_max: Option<Duration>,
}

impl ClockPolicy {
    /// For records that come as they happen: two days ahead, ten years back.
    pub const LIVE: Self = Self {
        future_max: Duration::from_secs(48 * 3600),
        past_max: Some(Duration::from_secs(3652 * 86_400)),
    };
    /// For records read from files, which may be of any age.
    pub const FILE: Self = Self { future_max: Duration::from_secs(48 * 3600), past_max: None };
}

/// What is known of a record's source.
#[derive(Debug, Clone)]
pub struct SourceContext<'a> {
    /// The source.
    pub source: &'a Source,
    /// The zone of bare local times where the source names none.
    pub tenant_zone: Tz,
    /// How far a claimed time is believed.
    pub clock: ClockPolicy,
}

/// What became of a record, or of one event in it.
#[derive(Debug, Clone, PartialEq)]
pub enum Normalised {
    /// An event.
    Event(Event),
    /// None, and why.
    Dead(DeadLetter),
}

/// A record on its way through a mapping.
pub(crate) struct Context<'a> {
    pub record: u64,
    pub raw: &'a Raw,
    pub source: &'a Source,
    pub clock: ClockPolicy,
    pub zone: Tz,
    /// What the syslog header says.
    pub header_time: Option<Timestamp>,
    /// What the syslog standards refuse about it, and at which byte.
    pub defect: Option<(&'static str, usize)>,
}

impl Context<'_> {
    /// When the mapping names no time: the header's, else the receipt.
    pub(crate) fn default_time(&self) -> Timestamp {
        self.header_time.unwrap_or(self.raw.received_at)
    }
}

/// Most mappings of which one thread remembers a CSV header; more are read anew.
const PLANS_MAX: usize = 64;

/// Runs mappings on records. Holds what is reused from record to record; one per thread.
pub struct Normaliser {
    mappings: Arc<Mappings>,
    runtime: Runtime,
    secrets: Secrets,
    plans: Vec<(usize, Plan)>,
}

impl Normaliser {
    /// With nothing remembered.
    pub fn new(mappings: Arc<Mappings>) -> Self {
        let (runtime, secrets) = (Runtime::default(), Secrets::new());
        Self { mappings, runtime, secrets, plans: Vec::new() }
    }

    /// Turns one record into events or one dead letter, appended to `out`: at least one, always.
    ///
    /// `record`: the journal sequence, or the record's number within its input.
    pub fn run(
        &mut self,
        record: u64,
        raw: &Raw,
        ctx: &SourceContext<'_>,
        out: &mut Vec<Normalised>,
    ) {
        let mappings = Arc::clone(&self.mappings);
        let zone = ctx.source.time_zone.as_deref().and_then(|name| name.parse().ok());
        let mut context = Context {
            record,
            raw,
            source: ctx.source,
            clock: ctx.clock,
            zone: zone.unwrap_or(ctx.tenant_zone),
            header_time: None,
            defect: None,
        };
        let before = out.len();
        let mut chosen = None;
        let result = self.road(&mappings, &mut context, &mut chosen, out);
        let failure = match result {
            Ok(()) if out.len() > before => return,
            Ok(()) => Failure::aborted("the mapping made no event of this record"),
            Err(failure) => failure,
        };
        out.truncate(before);
        out.push(Normalised::Dead(DeadLetter {
            record,
            source: raw.source.clone(),
            received_at: raw.received_at,
            mapping: chosen.map(|mapping: &Mapping| mapping.manifest.name.clone()),
            reason: failure.reason,
            position: failure.position,
        }));
    }

    fn road<'a, 'm>(
        &mut self,
        mappings: &'m Mappings,
        context: &mut Context<'a>,
        chosen: &mut Option<&'m Mapping>,
        out: &mut Vec<Normalised>,
    ) -> Result<(), Failure> {
        let raw = context.raw;
        let mut traits = Traits {
            wire: raw.wire,
            app_name: None,
            body: &raw.body,
            payload: &raw.body,
            topic: raw.topic.as_deref(),
            json: None,
        };
        let named = match &context.source.mapping {
            Some(name) => Some(mappings.position(name).ok_or_else(|| Failure {
                reason: DeadReason::UnknownMapping { name: name.to_string() },
                position: None,
            })?),
            None => None,
        };
        let wants_header = |index: Option<usize>| {
            index.and_then(|index| mappings.at(index)).map(|m| m.manifest.wire)
                == Some(Wire::Syslog)
        };
        let (mut message, mut blemish) = (None, None);
        if raw.wire == Wire::Syslog || wants_header(named) {
            let parsed = syslog::parse(&raw.body);
            // A log file's line owes no header to anybody.
            context.defect = parsed.flag().filter(|_| raw.listener.starts_with("syslog"));
            (message, blemish) = (Some(parsed.message), parsed.blemish);
        }
        if let Some(message) = &message {
            traits.app_name = message.app_name;
            traits.payload = message.message;
        }
        let index = named.or_else(|| mappings.recogniser.choose(&mut traits));
        let Some((index, mapping)) = index.and_then(|at| Some((at, mappings.at(at)?))) else {
            let position = blemish.map(|blemish| decode::place(&raw.body, blemish.offset));
            return Err(Failure { reason: DeadReason::NoMapping, position });
        };
        *chosen = Some(mapping);
        if message.is_none() && mapping.manifest.wire == Wire::Syslog {
            message = Some(syslog::parse(&raw.body).message);
        }
        context.header_time = message
            .as_ref()
            .and_then(|message| message.timestamp)
            .and_then(|time| instant::of_syslog(time, raw.received_at, context.zone));
        let step = Step { mappings, mapping, index, message, json: traits.json.flatten() };
        self.map(step, context, out)
    }

    fn map<'a>(
        &mut self,
        mut step: Step<'a, '_>,
        context: &Context<'a>,
        out: &mut Vec<Normalised>,
    ) -> Result<(), Failure> {
        let mapping = step.mapping;
        let deliver = |draft: Draft, out: &mut Vec<Normalised>| {
            let event = finish(draft, step.mappings, mapping, context)?;
            out.push(Normalised::Event(event));
            Ok(())
        };
        if mapping.manifest.wire == Wire::Csv {
            let plans = &mut self.plans;
            let (plan, record) = plan_for(plans, step.index, mapping, &context.raw.body)?;
            let row = plan.row(record)?;
            row.need_time()?;
            if let Some(native) = mapping.native {
                return native.map_row(&row, mapping, context, &mut |d| deliver(d, out));
            }
            let value = csv_value(&row, mapping, context)?;
            return self.program(value, &step, context, &mut |draft| deliver(draft, out));
        }
        if let Some(native) = mapping.native {
            let record = step.record(native, context);
            if native.map_record(&record, context, &mut |draft| deliver(draft, out))? {
                return Ok(());
            }
        }
        let value = step.value(context)?;
        self.program(value, &step, context, &mut |draft| deliver(draft, out))
    }

    /// Runs a mapping's program and hands on each event it made.
    fn program(
        &mut self,
        mut value: Value,
        step: &Step<'_, '_>,
        context: &Context<'_>,
        deliver: &mut dyn FnMut(Draft) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let Some(program) = step.mapping.program.as_deref() else {
            return Err(program_failure("it has no program".to_owned()));
        };
        let compiled = program.get().map_err(|error| program_failure(error.to_owned()))?;
        let mut metadata = match compiled.reads_metadata {
            true => metadata(step.message.as_ref(), context),
            false => Value::Null,
        };
        let mut target = TargetValueRef {
            value: &mut value,
            metadata: &mut metadata,
            secrets: &mut self.secrets,
        };
        let zone = TimeZone::Named(context.zone);
        self.runtime.clear();
        let mut steps = PROGRAM_STEPS_MAX;
        let mut control = || {
            steps = steps.saturating_sub(1);
            if steps == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let runtime = &mut self.runtime;
        // A bug in a function must cost one record, not the thread that reads them all.
        let ended = catch_unwind(AssertUnwindSafe(|| {
            runtime.resolve_with_control(&mut target, &compiled.program, &zone, &mut control)
        }));
        match ended {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(terminated(error)),
            Err(_) => {
                self.runtime = Runtime::default();
                return Err(program_failure("it ended in a panic".to_owned()));
            }
        }
        match value {
            Value::Array(all) => {
                for (part, one) in all.into_iter().enumerate() {
                    let part = u16::try_from(part)
                        .map_err(|_| program_failure("more than 65535 events".to_owned()))?;
                    deliver(draft(one, part)?)?;
                }
                Ok(())
            }
            one => deliver(draft(one, 0)?),
        }
    }
}

/// What one record's mapping works on.
struct Step<'a, 'm> {
    mappings: &'m Mappings,
    mapping: &'m Mapping,
    index: usize,
    message: Option<Message<'a>>,
    json: Option<Tree<'a>>,
}

impl<'a> Step<'a, '_> {
    /// The record without a syslog header.
    fn payload(&self, context: &Context<'a>) -> &'a [u8] {
        self.message.as_ref().map_or(&*context.raw.body, |message| message.message)
    }

    /// What a native engine is given; JSON is read here unless recognition has read it.
    fn record(&mut self, native: Native, context: &Context<'a>) -> Record<'_> {
        let payload = self.payload(context);
        if native.wants_json() && self.json.is_none() {
            self.json = Tree::read(payload);
        }
        Record { message: self.message.as_ref(), payload, json: self.json.as_ref() }
    }

    fn value(&self, context: &Context<'a>) -> Result<Value, Failure> {
        let wire = self.mapping.manifest.wire;
        match &self.message {
            Some(message) if wire == Wire::Syslog => {
                let mut fields = header::fields(message, Some(context.default_time()));
                fields.insert(KeyString::from("message"), Value::from(message.text()));
                Ok(Value::Object(fields))
            }
            _ => match self.json.as_ref().filter(|_| wire == Wire::Json) {
                Some(json) => Ok(json.to_value()),
                None => decode::payload(wire, self.payload(context)),
            },
        }
    }
}

fn draft(value: Value, part: u16) -> Result<Draft, Failure> {
    let Value::Object(object) = value else {
        let kind = value.kind_str();
        return Err(program_failure(format!("its result is {kind}, expected an object")));
    };
    let claimed = object.get("time").and_then(Value::as_timestamp);
    let time = claimed.and_then(|at| at.timestamp_nanos_opt()).map(Timestamp::from_nanos);
    Ok(Draft { ocsf: convert::object(object), time, part, is_proved: false })
}

fn program_failure(detail: String) -> Failure {
    Failure { reason: DeadReason::Program { detail }, position: None }
}

/// `abort` with words is the mapping's own refusal; everything else is its failure.
fn terminated(error: Terminate) -> Failure {
    match error {
        Terminate::Abort(ExpressionError::Abort { message, .. }) => {
            Failure::aborted(message.unwrap_or_else(|| "the mapping refused this record".into()))
        }
        Terminate::Abort(error) | Terminate::Error(error) => program_failure(error.to_string()),
        Terminate::Interrupted => {
            program_failure(format!("it took more than {PROGRAM_STEPS_MAX} steps"))
        }
    }
}

/// The plan of a header, remembered per mapping, and the record after the header.
fn plan_for<'p, 'b>(
    plans: &'p mut Vec<(usize, Plan)>,
    index: usize,
    mapping: &Mapping,
    body: &'b [u8],
) -> Result<(&'p Plan, &'b [u8]), Failure> {
    let Some((header, record)) = csv::parts(body) else {
        return Err(Failure::decode("csv", "no header line before the record".to_owned()));
    };
    let header = header.strip_suffix(b"\r").unwrap_or(header);
    let header = header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header);
    let known = plans.iter().position(|(of, plan)| *of == index && plan.is_of(header));
    let place = match known {
        Some(place) => place,
        None => {
            let spec = mapping.manifest.csv.clone().unwrap_or_default();
            let plan = Plan::new(header, &spec)?;
            if let Some(native) = mapping.columns_of {
                native.check_plan(&plan)?;
            }
            plans.retain(|(of, _)| *of != index);
            if plans.len() >= PLANS_MAX {
                plans.remove(0);
            }
            plans.push((index, plan));
            plans.len() - 1
        }
    };
    match plans.get(place) {
        Some((_, plan)) => Ok((plan, record)),
        None => Err(Failure::decode("csv", "no plan for this header".to_owned())),
    }
}

/// A CSV record under our names; `time` is an instant and unnamed columns stand in `unmapped`.
fn csv_value(
    row: &csv::Row<'_>,
    mapping: &Mapping,
    context: &Context<'_>,
) -> Result<Value, Failure> {
    let mut out = ObjectMap::new();
    for (name, value) in row.columns() {
        let value = if name == "time" {
            Value::Timestamp(row_time(&value, mapping, context)?.to_chrono())
        } else {
            Value::from(value)
        };
        out.insert(KeyString::from(name), value);
    }
    let extras: ObjectMap =
        row.extras().map(|(name, value)| (KeyString::from(name), Value::from(value))).collect();
    if !extras.is_empty() {
        out.insert(KeyString::from("unmapped"), Value::Object(extras));
    }
    Ok(Value::Object(out))
}

/// The `time` column by the mapping's format.
pub(crate) fn row_time(
    text: &str,
    mapping: &Mapping,
    context: &Context<'_>,
) -> Result<Timestamp, Failure> {
    let format = mapping.manifest.csv.as_ref().and_then(|csv| csv.time_format.as_deref());
    let time = match format {
        Some(format) => instant::of_format(text, format, context.zone),
        None => instant::of_text(text, context.zone),
    };
    time.ok_or_else(|| {
        let expected = format.unwrap_or("an ISO 8601 time");
        let body = String::from_utf8_lossy(&context.raw.body);
        let record = body.find('\n').map_or(0, |at| at + 1);
        let at = body.get(record..).and_then(|rest| rest.find(text)).map(|at| at + record);
        Failure {
            reason: DeadReason::Decode {
                wire: "csv".to_owned(),
                detail: format!("column `time` is `{text}`, expected {expected}"),
            },
            position: at.map(|at| position_at(&body, at)),
        }
    })
}

/// What a program reads through `%`.
fn metadata(message: Option<&Message<'_>>, context: &Context<'_>) -> Value {
    let raw = context.raw;
    let source = context.source;
    let mut out = ObjectMap::new();
    let mut put = |key: &str, value: Value| drop(out.insert(KeyString::from(key), value));
    put("received_at", Value::Timestamp(raw.received_at.to_chrono()));
    put("listener", Value::from(&*raw.listener));
    if let Some(peer) = &raw.peer {
        put("peer", Value::from(&**peer));
    }
    if let Some(topic) = &raw.topic {
        put("topic", Value::from(&**topic));
    }
    let mut about = ObjectMap::new();
    about.insert("id".into(), Value::from(source.id.as_str()));
    about.insert("time_zone".into(), Value::from(context.zone.name()));
    if let Some(site) = &source.site {
        about.insert("site".into(), Value::from(site.as_str()));
    }
    if let Some(realm) = &source.realm {
        about.insert("realm".into(), Value::from(realm.as_str()));
    }
    put("source", Value::Object(about));
    if let Some(message) = message {
        put("syslog", Value::Object(header::fields(message, context.header_time)));
    }
    Value::Object(out)
}
