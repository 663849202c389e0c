//! The console's own files, from inside the binary.

use std::io::Read as _;

use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use flate2::read::GzDecoder;

use crate::problem::Problem;

/// One file of the built console.
pub struct File {
    /// Below `dist`, such as `assets/index-1a2b.js`.
    pub path: &'static str,
    /// Kept as gzip.
    pub is_packed: bool,
    /// Its bytes, as kept.
    pub bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/console.rs"));

/// The page that every path of the console begins with.
const PAGE: &str = "index.html";
const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>Castellan</title>\
    <p>This build of Castellan has no console in it. <code>make demo</code> builds one with it; \
    the API is at <a href=\"/openapi.json\">/openapi.json</a>.";

/// What pages and answers may load, and from where: from us alone.
/// SOURCE: W3C Content Security Policy level 3, section 6.1.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data: blob:; font-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// Whatever no other route takes: a file of the console, or its page for a path of its own.
pub async fn fallback(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if let Some(file) = FILES.iter().find(|file| file.path == path && path != PAGE) {
        return answer(file, &headers);
    }
    if !is_of_the_console(path) {
        return nothing();
    }
    match FILES.iter().find(|file| file.path == PAGE) {
        Some(page) => answer(page, &headers),
        None => Html(NOT_BUILT).into_response(),
    }
}

/// Paths of pages have no ending, and are none of the API's.
fn is_of_the_console(path: &str) -> bool {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    // `/access` is a page of ours, `/access/v1/…` is AuthZEN's.
    let is_api = matches!(first, "v1" | "scim" | "metrics" | "healthz" | "readyz")
        || (first == "access" && !rest.is_empty());
    !is_api && !path.contains('.')
}

fn nothing() -> Response {
    let detail = "there is nothing at this path; /openapi.json lists what there is";
    Problem::new(StatusCode::NOT_FOUND, "no_such_path", detail).into_response()
}

fn answer(file: &File, headers: &HeaderMap) -> Response {
    let kind = match file.path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "png" => "image/png",
        _ => "application/octet-stream",
    };
    let keep = match file.path.starts_with("assets/") {
        // Their names change with their content.
        true => "public, max-age=31536000, immutable",
        false => "no-store",
    };
    let takes_gzip = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("gzip"));
    let mut response = if !file.is_packed {
        file.bytes.into_response()
    } else if takes_gzip {
        ([(header::CONTENT_ENCODING, "gzip")], file.bytes).into_response()
    } else {
        let mut plain = Vec::new();
        if GzDecoder::new(file.bytes).read_to_end(&mut plain).is_err() {
            return Problem::unavailable("a file of the console is damaged").into_response();
        }
        plain.into_response()
    };
    let own = response.headers_mut();
    own.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    own.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    own.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
}
