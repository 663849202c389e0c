//! Our way to a provider: bounded in time and in bytes, never redirected, never in the clear off
//! this machine.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use crate::error::{AdapterError, describe};
use crate::limits;
use crate::tls::{self, ClientTls};

/// Why an answer did not come whole.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The provider's document names an address that would be spoken to in the clear.
    #[error("`{0}` is not spoken to: expected `https://…`")]
    InTheClear(String),
    /// No answer.
    #[error("{0}")]
    NoAnswer(String),
    /// A longer answer than is read.
    #[error("an answer of more than {} KiB is not read", limits::OIDC_ANSWER_BYTES_MAX >> 10)]
    TooLong,
    /// It points elsewhere.
    #[error("it answers {0}; redirects are not followed, correct `issuer`")]
    Elsewhere(u16),
}

/// Speaks to one provider.
pub struct Fetcher {
    client: Client,
}

/// With TLS, or to this machine.
pub fn is_private(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    match url.scheme() {
        "https" => url.host_str().is_some(),
        "http" => url.host_str().is_some_and(is_loopback),
        _ => false,
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

impl Fetcher {
    pub fn prepare(issuer: &str, tls: &ClientTls, timeout: Duration) -> Result<Self, AdapterError> {
        let is_own = Url::parse(issuer).is_ok_and(|url| url.host_str().is_some_and(is_loopback));
        let is_clear = issuer.starts_with("http://") && tls.authorities.is_none();
        // A house without outside authorities can still have a provider on this machine.
        let tls = if is_clear { tls::client_of_nobody()? } else { tls::client(tls)? };
        let builder = Client::builder().use_preconfigured_tls(tls).redirect(Policy::none());
        let builder = builder.timeout(timeout).user_agent("castellan");
        let builder = if is_own { builder.no_proxy() } else { builder };
        let client = builder.build();
        let client = client.map_err(|error| AdapterError::Tls { detail: error.to_string() })?;
        Ok(Self { client })
    }

    async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, FetchError> {
        let address = request.uri().to_string();
        if !is_private(&address) {
            return Err(FetchError::InTheClear(address));
        }
        let no_answer = |error: reqwest::Error| {
            let why = describe(&error.without_url());
            FetchError::NoAnswer(format!("`{address}` gives no answer: {why}"))
        };
        let request = reqwest::Request::try_from(request).map_err(no_answer)?;
        let mut answer = self.client.execute(request).await.map_err(no_answer)?;
        if answer.status().is_redirection() {
            return Err(FetchError::Elsewhere(answer.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(no_answer)? {
            body.extend_from_slice(&chunk);
            if body.len() > limits::OIDC_ANSWER_BYTES_MAX {
                return Err(FetchError::TooLong);
            }
        }
        let mut whole = http::Response::new(body);
        *whole.status_mut() = answer.status();
        *whole.headers_mut() = answer.headers().clone();
        Ok(whole)
    }
}

impl<'c> AsyncHttpClient<'c> for Fetcher {
    type Error = FetchError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, FetchError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.fetch(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tls_or_this_machine_is_spoken_to() {
        for address in
            ["https://id.example", "http://localhost:1/x", "http://127.0.0.9", "http://[::1]:80"]
        {
            assert!(is_private(address), "{address}");
        }
        for address in [
            "http://id.example",
            "http://localhost.evil.example",
            "http://10.0.0.1",
            "ftp://localhost",
            "localhost",
            "",
        ] {
            assert!(!is_private(address), "{address}");
        }
    }
}
