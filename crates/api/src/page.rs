//! One plain status page, so that a browser shows life. The console takes its place later.

use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};

const PAGE: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// What pages and answers may load, and from where: from us alone. `styles`: more that may style.
/// SOURCE: W3C Content Security Policy level 3, section 6.1.
pub fn policy(styles: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'{styles}; connect-src 'self'; \
         img-src 'self' data: blob:; font-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

/// What stands in a page's text for its nonce.
const NONCE: &str = "__CSP_NONCE__";

/// A page with its policy. Styles that its script makes carry the nonce, fresh with every answer;
/// scripts never may.
pub fn html(text: &str) -> Response {
    let Ok(secret) = engine::auth::new_secret() else {
        return Html(text.to_owned()).into_response();
    };
    let nonce: String = secret.chars().rev().take(32).collect();
    let mut response = Html(text.replace(NONCE, &nonce)).into_response();
    if let Ok(value) = HeaderValue::from_str(&policy(&format!(" 'nonce-{nonce}'"))) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, value);
    }
    response
}

/// The page.
pub async fn page() -> Response {
    html(PAGE)
}

/// Its style.
pub async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

/// Its script.
pub async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT)
}
