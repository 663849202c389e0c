//! Lists of other products over the interface: tried, told as a difference, applied.

use axum::Json;
use axum::extract::State;
use engine::access::Action;
use engine::rights::{IMPORT_FILES_MAX, ImportMap, maps, plan};
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
    /// Whether it is done; else only tried.
    #[serde(default)]
    apply: bool,
    /// Why; needed where it is done.
    reason: Option<String>,
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
    /// How many are gone; a list removes nothing.
    removed: usize,
    /// Credentials that are as the list says already.
    unchanged: u64,
    /// What is new or changed, so many at most.
    list: Vec<ChangedItem>,
    /// What is wrong, row by row, so many at most.
    problems: Vec<FileProblem>,
    /// The version that it is, to be undone by; none where it was only tried.
    version: Option<u64>,
}

/// Takes in lists of cardholders, credentials and groups of another product, or says what that
/// would change. Undone like any version.
#[utoipa::path(
    post, path = "/v1/access/imports", tag = "access", request_body = ImportBody,
    responses((status = 200, body = ImportItem), (status = 400, body = Problem),
        (status = 404, body = Problem),
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
    let text = match body.map_text {
        Some(text) => text,
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
    let Some(map) = map else {
        let detail = "the map has errors; see `problems`";
        let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
        let mut refused = Problem::new(status, "map_refused", detail);
        let problems = problems.into_iter().map(FileProblem::from).collect();
        refused.problems = Some(Box::new(FileProblems(problems)));
        return Err(refused);
    };
    let why = match body.apply {
        true => typed(body.reason.as_deref().unwrap_or_default())?.to_owned(),
        false => String::new(),
    };
    let files: Vec<(String, String)> =
        body.files.into_iter().map(|file| (file.name, file.text)).collect();
    let access = std::sync::Arc::clone(&shared.engine.access);
    let tried = tokio::task::spawn_blocking(move || {
        plan((&access.organisation(), &access.data(), access.key()), &map, &files)
    });
    let tried = tried.await.map_err(|_| Problem::unavailable("the import ended in a panic"))?;
    let list: Vec<ChangedItem> = tried.changes.iter().map(ChangedItem::of).collect();
    let count = |word| list.iter().filter(|one| one.was == word).count();
    let (added, changed, removed) = (count("added"), count("changed"), count("removed"));
    let mut version = None;
    if body.apply && !tried.changes.is_empty() {
        let by = by(&caller, &why, None);
        let changes = tried.changes;
        let made = shared.engine.change_rights(|_| changes, &by, "import").await?;
        version = Some(made.version);
    }
    let problems = tried.problems.into_iter().take(LISTED_MAX).map(FileProblem::from);
    Ok(Json(ImportItem {
        rows: tried.rows,
        left_out: tried.left_out,
        added,
        changed,
        removed,
        unchanged: tried.unchanged,
        list: list.into_iter().take(LISTED_MAX).collect(),
        problems: problems.collect(),
        version,
    }))
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
