//! A search as a histogram, and as a file to take along.

use std::borrow::Cow;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use engine::access::{Action, Reach};
use engine::cell;
use engine::knowledge::Knowledge;
use engine::lake::{COLUMNS, Found, Line, Names, Search, Sheet};
use engine::limits::Limits;
use model::{AssetId, PersonId, PlaceId, Timestamp};
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
/// read, `parquet` the same columns with their types. People are called by their ids, and by name
/// too where the caller has asked for it. At the limit `export_rows_max` the last line says so; in
/// a Parquet file its metadata does, under the key `castellan.cut`.
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
    let name = file_name(&search, shared.engine.now(), &how.format);
    let left = Limits::count(shared.engine.config.limits.export_rows_max);
    let search = Some(search);
    let eyes = Eyes::of(&shared, &caller);
    let work = Work { shared, reach, eyes, search, form: Some(form), left, has_head: false };
    let stream = futures::stream::unfold(work, |work| async move { work.next().await });
    let name = format!("attachment; filename=\"{name}\"");
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
        let knowledge = self.shared.engine.current.get();
        let eyes = self.eyes.clone();
        let names = |kind: &str, id: &str| name_of(&knowledge, &eyes, (kind, id));
        let piece = self.piece((&taken, &names), is_last.then_some(is_cut));
        Some((piece.map(Bytes::from), self))
    }

    /// The bytes of some events. `end`: that they are the last, and whether more were cut off.
    fn piece(
        &mut self,
        (found, names): (&[&Found], Names<'_>),
        end: Option<bool>,
    ) -> Result<Vec<u8>, std::io::Error> {
        let is_first = !std::mem::replace(&mut self.has_head, true);
        let mut text = String::new();
        match &mut self.form {
            None => {}
            Some(Form::Csv) => {
                if is_first {
                    text.push_str(&cell::line(COLUMNS.iter().map(|column| column.name)));
                }
                for found in found {
                    let cells: Vec<String> = Line::new(found, names).cells().collect();
                    text.push_str(&cell::line(cells.iter().map(String::as_str)));
                }
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
                let mut bytes = sheet.add(found, names).map_err(std::io::Error::other)?;
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

/// What the caller may call somebody or something.
fn name_of(knowledge: &Knowledge, eyes: &Eyes, (kind, id): (&str, &str)) -> Option<String> {
    let org = &knowledge.org;
    match kind {
        "person" => {
            let person = org.people.get(&PersonId::parse(id).ok()?)?;
            eyes.sees(&person.id).then(|| person.name.clone())
        }
        "place" => org.places.get(&PlaceId::parse(id).ok()?)?.name.clone(),
        "asset" => org.assets.get(&AssetId::parse(id).ok()?)?.name.clone(),
        _ => None,
    }
}

/// What a file is about and of when, such as `events-hq-2026-11-22T1400Z.csv`: of when it was
/// asked for, where the search says no time.
fn file_name(search: &Search, now: Timestamp, format: &str) -> String {
    let Search { site, place, person, asset, source, .. } = search;
    let about = site.as_ref().or(place.as_ref()).map(PlaceId::as_str);
    let about = about.or(person.as_ref().map(PersonId::as_str));
    let about = about.or(asset.as_ref().map(AssetId::as_str));
    let about = about.or(source.as_ref().map(|source| source.as_str())).unwrap_or("all");
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let about: String = about.chars().take(ABOUT_CHARS_MAX).map(plain).collect();
    let minute = |at: Timestamp| at.to_chrono().format("%Y-%m-%dT%H%MZ").to_string();
    let when = match (search.from, search.to) {
        (Some(from), Some(to)) => format!("{}--{}", minute(from), minute(to)),
        (Some(at), None) | (None, Some(at)) => minute(at),
        (None, None) => minute(now),
    };
    format!("events-{about}-{when}.{format}")
}

/// Longest name of what a file is about, in its own name.
const ABOUT_CHARS_MAX: usize = 60;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn a_file_says_what_it_is_about_and_of_when() {
        let at = |text: &str| Timestamp::from_rfc3339(text).unwrap();
        let now = at("2026-11-22T15:30:00Z");
        let check = |search: Search, expected: &str| {
            assert_eq!(file_name(&search, now, "csv"), expected);
        };
        check(Search::default(), "events-all-2026-11-22T1530Z.csv");
        let from = Some(at("2026-11-22T14:00:59Z"));
        let site = PlaceId::parse("hq").ok();
        let of_site = Search { from, site, ..Search::default() };
        check(of_site.clone(), "events-hq-2026-11-22T1400Z.csv");
        let to = Some(now);
        check(Search { to, ..of_site }, "events-hq-2026-11-22T1400Z--2026-11-22T1530Z.csv");
        let person = PersonId::parse("mf2003").ok();
        check(Search { person, ..Search::default() }, "events-mf2003-2026-11-22T1530Z.csv");
    }
}
