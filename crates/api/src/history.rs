//! A search as a histogram, and as a file to take along.

use std::borrow::Cow;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use engine::access::{Action, Reach};
use engine::cell;
use engine::lake::{Found, Search, Sheet};
use engine::limits::Limits;
use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::events::{EventQuery, PAGE_MAX, within};
use crate::problem::{Answer, Problem};
use crate::state::Shared;
use crate::veil::Eyes;

/// Most bars of one histogram.
const BUCKETS_MAX: u32 = 500;

/// How fine.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Fineness {
    /// Bars, at most 500; 60 if absent.
    buckets: Option<u32>,
}

/// How many events when.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistogramAnswer {
    /// Beginning of the first bar.
    from: Timestamp,
    /// End of the last bar.
    to: Timestamp,
    /// Length of a bar.
    step_ms: u64,
    /// Every bar, empty ones too.
    buckets: Vec<Bucket>,
}

/// One bar.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Bucket {
    /// Its beginning.
    at: Timestamp,
    /// How many events.
    count: u64,
}

/// How many events a search finds over time; needs `from`, and goes to now without `to`.
#[utoipa::path(
    get, path = "/v1/events/histogram", tag = "events", params(EventQuery, Fineness),
    responses((status = 200, body = HistogramAnswer), (status = 400, body = Problem)),
    security(("token" = []))
)]
pub async fn histogram(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<EventQuery>,
    Query(fineness): Query<Fineness>,
) -> Answer<Json<HistogramAnswer>> {
    let reach = caller.reach(Action::EventSearch)?;
    let search = query.search()?;
    let from = search.from.ok_or_else(|| Problem::bad_request("a histogram needs `from`"))?;
    let to = search.to.unwrap_or_else(|| shared.engine.now());
    if to <= from {
        return Err(Problem::bad_request("`to` is not after `from`"));
    }
    let buckets = fineness.buckets.unwrap_or(60).clamp(1, BUCKETS_MAX);
    let mut counts = vec![0_u64; buckets as usize];
    let eyes = Eyes::of(&shared, &caller);
    let mut step = std::time::Duration::ZERO;
    for search in by_site(search, &reach) {
        let how = (buckets, eyes.view());
        let found = shared.engine.histogram(&search, (from, to), how).await?;
        step = found.0;
        for (sum, more) in counts.iter_mut().zip(found.1) {
            *sum += more;
        }
    }
    let bar = |(at, count): (u32, u64)| Bucket { at: from.plus(step * at), count };
    Ok(Json(HistogramAnswer {
        from,
        to,
        step_ms: u64::try_from(step.as_millis()).unwrap_or(u64::MAX),
        buckets: (0..).zip(counts).map(bar).collect(),
    }))
}

/// One search per site within reach; one for all where a role is for all.
fn by_site(search: Search, reach: &Reach) -> Vec<Search> {
    match reach {
        Reach::Everywhere => vec![search],
        Reach::Sites(sites) => {
            let asked = search.site.clone();
            let near = sites.iter().filter(|site| asked.as_ref().is_none_or(|a| a == *site));
            near.map(|site| Search { site: Some(site.clone()), ..search.clone() }).collect()
        }
    }
}

/// As what.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `csv`, `ndjson` or `parquet`.
    format: String,
}

/// A search as a file, newest first: `ndjson` is one event per line, `csv` the columns that people
/// read, `parquet` the same columns with their types. At the limit `export_rows_max` the last line
/// says so; in a Parquet file its metadata does, under the key `castellan.cut`.
#[utoipa::path(
    get, path = "/v1/events/export", tag = "events", params(EventQuery, ExportQuery),
    responses((status = 200, content_type = "text/csv", body = String),
        (status = 400, body = Problem)),
    security(("token" = []))
)]
pub async fn export(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<EventQuery>,
    Query(how): Query<ExportQuery>,
) -> Answer<Response> {
    caller.must(Action::Export)?;
    let reach = caller.reach(Action::EventSearch)?;
    let (form, kind) = match how.format.as_str() {
        "csv" => (Form::Csv, "text/csv; charset=utf-8"),
        "ndjson" => (Form::Ndjson, "application/x-ndjson"),
        "parquet" => (Form::Parquet(Box::new(Sheet::new()?)), "application/vnd.apache.parquet"),
        other => {
            let detail = format!("`{other}` is no format; expected csv, ndjson or parquet");
            return Err(Problem::bad_request(detail));
        }
    };
    let search = Search { limit: PAGE_MAX, ..query.search()? };
    let left = Limits::count(shared.engine.config.limits.export_rows_max);
    let search = Some(search);
    let eyes = Eyes::of(&shared, &caller);
    let work = Work { shared, reach, eyes, search, form: Some(form), left, has_head: false };
    let stream = futures::stream::unfold(work, |work| async move { work.next().await });
    let name = format!("attachment; filename=\"events.{}\"", how.format);
    let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(stream)).into_response())
}

enum Form {
    Csv,
    Ndjson,
    Parquet(Box<Sheet>),
}

/// An export under way: page after page, so that its size costs no memory.
struct Work {
    shared: Shared,
    reach: Reach,
    eyes: Eyes,
    search: Option<Search>,
    /// Gone once the file has ended.
    form: Option<Form>,
    left: usize,
    has_head: bool,
}

type Piece = Result<Bytes, std::io::Error>;

impl Work {
    async fn next(mut self) -> Option<(Piece, Self)> {
        let search = self.search.take()?;
        let mut page = match within(&self.shared, search.clone(), &self.reach, &self.eyes).await {
            Ok(page) => page,
            Err(problem) => return Some((Err(std::io::Error::other(problem.detail)), self)),
        };
        for found in &mut page.events {
            if let Cow::Owned(covered) = self.eyes.json(&found.ocsf) {
                found.ocsf = covered;
            }
        }
        let taken: Vec<&Found> = page.events.iter().take(self.left).collect();
        self.left = self.left.saturating_sub(page.events.len());
        let is_cut = page.next.is_some() && self.left == 0;
        self.search =
            page.next.filter(|_| !is_cut).map(|before| Search { before: Some(before), ..search });
        let is_last = self.search.is_none();
        let piece = self.piece(&taken, is_last.then_some(is_cut));
        Some((piece.map(Bytes::from), self))
    }

    /// The bytes of some events. `end`: that they are the last, and whether more were cut off.
    fn piece(&mut self, found: &[&Found], end: Option<bool>) -> Result<Vec<u8>, std::io::Error> {
        let is_first = !std::mem::replace(&mut self.has_head, true);
        let mut text = String::new();
        match &mut self.form {
            None => {}
            Some(Form::Csv) => {
                if is_first {
                    text.push_str(&cell::line(CSV_COLUMNS));
                }
                found.iter().for_each(|found| text.push_str(&csv_line(found)));
                if end == Some(true) {
                    text.push_str(&format!("cut: {CUT}\r\n"));
                }
            }
            Some(Form::Ndjson) => {
                for found in found {
                    text.push_str(&found.ocsf);
                    text.push('\n');
                }
                if end == Some(true) {
                    text.push_str(&format!("{{\"cut\":\"{CUT}\"}}\n"));
                }
            }
            Some(Form::Parquet(sheet)) => {
                let mut bytes = sheet.add(found).map_err(std::io::Error::other)?;
                let ended = if end.is_some() { self.form.take() } else { None };
                if let Some(Form::Parquet(sheet)) = ended {
                    let cut = (end == Some(true)).then_some(CUT);
                    bytes.extend(sheet.finish(cut).map_err(std::io::Error::other)?);
                }
                return Ok(bytes);
            }
        }
        Ok(text.into_bytes())
    }
}

/// What the end of a file says when there was more.
const CUT: &str = "the limit export_rows_max is reached";

const CSV_COLUMNS: [&str; 9] =
    ["time", "record", "part", "source", "class_uid", "severity_id", "person", "place", "message"];

fn csv_line(found: &Found) -> String {
    let told = found.told();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let cells = [
        found.key.time.to_string(),
        found.key.seq.to_string(),
        found.key.part.to_string(),
        found.source.clone(),
        found.class_uid.to_string(),
        found.severity_id.map(|id| id.to_string()).unwrap_or_default(),
        text(&told.person),
        text(&told.place),
        text(&told.message),
    ];
    cell::line(cells.iter().map(String::as_str))
}
