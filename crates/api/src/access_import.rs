//! Lists of other products over the interface: tried, told as a difference, applied.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::access::Action;
use engine::rights::{
    IMPORT_FILES_MAX, IMPORT_SOURCE_CHARS_MAX, ImportHow, ImportMap, ImportPlan, maps, plan,
};
use model::rights::ItemChange;
use model::text::Words;
use serde::{Deserialize, Serialize};

use crate::access_edit::{ChangedItem, by};
use crate::auth::Caller;
use crate::problem::{Answer, FileProblem, FileProblems, Problem};
use crate::replays::typed;
use crate::state::Shared;

/// Largest body of an import.
pub const IMPORT_BODY_BYTES_MAX: usize = 64 << 20;
/// Most problems and changes that one answer lists; the rest is counted.
const LISTED_MAX: usize = 2_000;

/// One list.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportFile {
    /// Its name, for problems.
    name: String,
    /// As CSV.
    text: String,
}

/// Lists to take in.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportBody {
    /// `lenel`, `ccure`, `brivo`, or one of the content folder's.
    map: String,
    /// A map of one's own, as TOML, in place of `map`.
    map_text: Option<String>,
    /// The lists.
    files: Vec<ImportFile>,
    /// Whose lists they are; the map's name where none is said. What one source has brought, only
    /// its own lists end.
    source: Option<String>,
    /// The lists are whole: what the same source has brought before and they no longer say is
    /// ended; what the map says where nothing is said. What people, the folder or another source
    /// have made stays.
    complete: Option<bool>,
    /// So many things may end, though it is a large share of what the source has brought.
    allow_removals: Option<u64>,
    /// Whether it is done; else only tried.
    #[serde(default)]
    apply: bool,
    /// Why; needed where it is done.
    reason: Option<String>,
}

/// What an import does to one thing.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ImportChange {
    /// The same as of any change.
    #[serde(flatten)]
    item: ChangedItem,
    /// The file that says so; none: it ends because no list says it any more.
    file: Option<String>,
    /// The line of that file.
    line: Option<u64>,
}

/// How many of one kind end because a whole list no longer says them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ImportEnds {
    /// `credential`, `member`, `right` or `group`.
    kind: &'static str,
    /// How many end.
    ends: u64,
    /// Of how many that the source had brought.
    of: u64,
}

/// What an import changes, or would.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ImportItem {
    /// Rows that were read.
    rows: u64,
    /// Rows with an error, left out.
    left_out: u64,
    /// How many things are new.
    added: usize,
    /// How many are changed.
    changed: usize,
    /// How many are gone.
    removed: usize,
    /// What ends because a whole list no longer says it. Credentials are ended, not removed.
    ends: Vec<ImportEnds>,
    /// So many would end that nothing is done unless so many are allowed.
    held_back: Option<u64>,
    /// Whose lists they are.
    source: String,
    /// Credentials that are as the list says already.
    unchanged: u64,
    /// What is new, changed or gone, so many at most.
    list: Vec<ImportChange>,
    /// What is wrong, row by row, so many at most.
    problems: Vec<FileProblem>,
    /// The version that it is, to be undone by; none where it was only tried.
    version: Option<u64>,
}

/// The map that is meant.
fn map_of(shared: &Shared, body: &ImportBody) -> Answer<ImportMap> {
    let text = match &body.map_text {
        Some(text) => text.clone(),
        None => {
            let known = maps(shared.engine.config.content.as_deref());
            let missing = || {
                let names: Vec<&str> = known.keys().map(String::as_str).collect();
                Problem::not_found(format!("no map `{}`; known: {}", body.map, names.join(", ")))
            };
            known.get(&body.map).cloned().ok_or_else(missing)?
        }
    };
    let (map, problems) = ImportMap::read(&body.map, &text);
    map.ok_or_else(|| {
        let detail = "the map has errors; see `problems`";
        let mut refused = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "map_refused", detail);
        let problems = problems.into_iter().map(FileProblem::from).collect();
        refused.problems = Some(Box::new(FileProblems(problems)));
        refused
    })
}

/// Whose lists, and what their silence means.
fn how_of(body: &ImportBody, map: &ImportMap) -> Answer<ImportHow> {
    let source = body.source.as_deref().map_or(map.name.as_str(), str::trim).to_owned();
    crate::reason::fit("source", &source, Words::Line)?;
    if source.is_empty() || source.chars().count() > IMPORT_SOURCE_CHARS_MAX {
        let detail = format!("`source` has 1 to {IMPORT_SOURCE_CHARS_MAX} characters");
        return Err(Problem::bad_request(detail));
    }
    let complete = body.complete.unwrap_or(map.complete);
    Ok(ImportHow { source, complete, allow_removals: body.allow_removals })
}

/// Takes in lists of cardholders, credentials, groups and rights of another product, or says what
/// that would change. A list adds and changes; one that is said to be whole also ends what its
/// source has brought before and it no longer says. Undone like any version.
#[utoipa::path(
    post, path = "/v1/access/imports", tag = "access", request_body = ImportBody,
    responses((status = 200, body = ImportItem), (status = 400, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "More would end than is allowed"),
        (status = 422, body = Problem, description = "The map or the result does not hold")),
    security(("token" = []))
)]
pub async fn import(
    State(shared): State<Shared>,
    caller: Caller,
    Json(body): Json<ImportBody>,
) -> Answer<Json<ImportItem>> {
    caller.must(Action::AccessEdit)?;
    if !(1..=IMPORT_FILES_MAX).contains(&body.files.len()) {
        let detail = format!("an import has 1 to {IMPORT_FILES_MAX} files");
        return Err(Problem::bad_request(detail));
    }
    let map = map_of(&shared, &body)?;
    let how = how_of(&body, &map)?;
    let why = match body.apply {
        true => typed(body.reason.as_deref().unwrap_or_default())?.to_owned(),
        false => String::new(),
    };
    let files: Vec<(String, String)> =
        body.files.into_iter().map(|file| (file.name, file.text)).collect();
    let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    let brought = shared.engine.state.rights_from(&how.source).await?;
    let (access, asked) = (std::sync::Arc::clone(&shared.engine.access), how.clone());
    let tried = tokio::task::spawn_blocking(move || {
        let (org, data) = (access.organisation(), access.data());
        plan((&org, &data, access.key()), (&map, &files), (&asked, &brought))
    });
    let tried = tried.await.map_err(|_| Problem::unavailable("the import ended in a panic"))?;
    let mut version = None;
    if body.apply && !tried.changes.is_empty() {
        if let Some(why) = tried.why_held_back(&how.source) {
            return Err(Problem::new(StatusCode::CONFLICT, "removals_not_allowed", why));
        }
        let by = by(&caller, &why, None);
        let changes = tried.changes.clone();
        let made = shared.engine.import_rights(changes, &how.source, &by).await?;
        version = Some(made.version);
    }
    Ok(Json(told(tried, (&names, how.source), version)))
}

fn told(
    tried: ImportPlan,
    (names, source): (&[String], String),
    version: Option<u64>,
) -> ImportItem {
    let one = |change: &ItemChange| {
        let origin = tried.origin(change);
        let file = origin.and_then(|origin| names.get(origin.file).cloned());
        ImportChange { item: ChangedItem::of(change), file, line: origin.map(|at| at.line) }
    };
    let count = |word| {
        let was = tried.changes.iter().map(|change| ChangedItem::of(change).was);
        was.filter(|was| *was == word).count()
    };
    let ends = tried.ends.iter();
    let ends = ends.map(|one| ImportEnds { kind: one.kind, ends: one.ends, of: one.of }).collect();
    ImportItem {
        rows: tried.rows,
        left_out: tried.left_out,
        added: count("added"),
        changed: count("changed"),
        removed: count("removed"),
        ends,
        held_back: tried.held_back,
        source,
        unchanged: tried.unchanged,
        list: tried.changes.iter().take(LISTED_MAX).map(one).collect(),
        problems: tried.problems.into_iter().take(LISTED_MAX).map(FileProblem::from).collect(),
        version,
    }
}

/// A map of columns.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ImportMapItem {
    /// Its name.
    map: String,
    /// Whose product it reads.
    vendor: String,
    /// Which.
    product: String,
}

/// The maps by which lists of other products can be read.
#[utoipa::path(
    get, path = "/v1/access/imports", tag = "access",
    responses((status = 200, body = Vec<ImportMapItem>), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn import_maps(
    State(shared): State<Shared>,
    caller: Caller,
) -> Answer<Json<Vec<ImportMapItem>>> {
    caller.must(Action::AccessEdit)?;
    let known = maps(shared.engine.config.content.as_deref());
    let item = |(name, text): (&String, &String)| {
        let map = ImportMap::read(name, text).0?;
        Some(ImportMapItem { map: name.clone(), vendor: map.vendor, product: map.product })
    };
    Ok(Json(known.iter().filter_map(item).collect()))
}
