//! Signed webhooks: JSON by POST, with an HMAC that only the two sides can make.
//!
//! SOURCE: Standard Webhooks 1.0.0, "Webhook metadata" and "Signature scheme".

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use model::Timestamp;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use sha2::Sha256;

use super::DeliveryError;
use crate::error::{AdapterError, describe};
use crate::limits;
use crate::secret::Secret;
use crate::tls::{self, ClientTls};

/// Prefix of a secret that is written in base64.
const ENCODED_SECRET: &str = "whsec_";

/// Where to deliver.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// `https://…` or `http://…`, without user or password.
    pub url: String,
    /// Key of the signature: `whsec_` and base64, or any other bytes as they are.
    pub secret: Secret,
    /// Whom to trust.
    pub tls: ClientTls,
    /// Longest try.
    pub timeout: Duration,
}

impl WebhookConfig {
    /// The defaults, for an address.
    pub fn to(url: &str, secret: Secret) -> Self {
        let tls = ClientTls::default();
        Self { url: url.to_owned(), secret, tls, timeout: limits::DELIVERY_TIMEOUT }
    }
}

/// One message. Trying it again repeats the same `id`, so the receiver can drop doubles.
#[derive(Debug, Clone, Copy)]
pub struct WebhookMessage<'a> {
    /// Its lasting id; no dots or blanks.
    pub id: &'a str,
    /// When this try is made.
    pub at: Timestamp,
    /// One JSON value.
    pub body: &'a [u8],
}

/// A checked receiver.
pub struct Webhook {
    url: Url,
    key: Vec<u8>,
    client: Client,
}

impl Webhook {
    /// Checks address, key and certificates; fails early. Does not connect.
    pub fn prepare(config: &WebhookConfig) -> Result<Self, AdapterError> {
        let unusable = |setting, detail: String| AdapterError::Setting { setting, detail };
        let url = Url::parse(&config.url)
            .map_err(|error| unusable("url", format!("`{}` is no address: {error}", config.url)))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(unusable("url", "expected `https://…` or `http://…`".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(unusable("url", "expected no user or password in it".to_owned()));
        }
        let client = Client::builder()
            .use_preconfigured_tls(tls::client(&config.tls)?)
            .redirect(Policy::none())
            .timeout(config.timeout)
            .user_agent("castellan")
            .build()
            .map_err(|error| AdapterError::Tls { detail: error.to_string() })?;
        Ok(Self { url, key: key(&config.secret)?, client })
    }

    /// Tries once. `Ok` means that the receiver answered 2xx.
    pub async fn deliver(&self, message: &WebhookMessage<'_>) -> Result<(), DeliveryError> {
        let seconds = message.at.millis().div_euclid(1_000);
        let signature = sign(&self.key, message.id, seconds, message.body);
        let answer = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", format!("v1,{signature}"))
            .body(message.body.to_vec())
            .send()
            .await;
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(refusal(answer).await),
            // The address stays out of the text: it may hold a token in its path.
            Err(error) if error.is_builder() => {
                Err(DeliveryError::Permanent { detail: describe(&error.without_url()) })
            }
            Err(error) => {
                Err(DeliveryError::Retry { detail: describe(&error.without_url()), after: None })
            }
        }
    }
}

fn key(secret: &Secret) -> Result<Vec<u8>, AdapterError> {
    let encoded = secret.expose_text().and_then(|text| text.strip_prefix(ENCODED_SECRET));
    let Some(encoded) = encoded else {
        return Ok(secret.expose().to_vec());
    };
    STANDARD.decode(encoded.trim()).map_err(|_| AdapterError::Setting {
        setting: "secret",
        detail: "expected base64 after `whsec_`".to_owned(),
    })
}

/// Base64 of HMAC-SHA256 over `id.seconds.body`.
fn sign(key: &[u8], id: &str, seconds: i64, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new();
    };
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// What an answer other than 2xx means.
async fn refusal(answer: Response) -> DeliveryError {
    let status = answer.status();
    let after = answer
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(|seconds| Duration::from_secs(seconds).min(limits::RETRY_AFTER_MAX));
    if status.is_redirection() {
        let detail = format!("answered {status}; redirects are not followed, correct the url");
        return DeliveryError::Permanent { detail };
    }
    let is_passing = status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        );
    let said = said(answer).await;
    let detail = if said.is_empty() {
        format!("answered {status}")
    } else {
        format!("answered {status}: `{said}`")
    };
    if is_passing {
        DeliveryError::Retry { detail, after }
    } else {
        DeliveryError::Permanent { detail }
    }
}

/// The beginning of an answer as one printable line.
async fn said(mut answer: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < limits::WEBHOOK_ANSWER_BYTES_MAX {
        let Ok(Some(chunk)) = answer.chunk().await else {
            break;
        };
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(limits::WEBHOOK_ANSWER_BYTES_MAX);
    let text = String::from_utf8_lossy(&bytes);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    // SOURCE: the example of the Standard Webhooks reference verifiers' documentation.
    #[test]
    fn the_signature_is_the_standards() {
        let secret = Secret::new(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_vec());
        let body = br#"{"test": 2432232314}"#;
        let made =
            sign(&key(&secret).unwrap(), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(made, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_bad_address_is_refused_before_anything_is_sent() {
        let refused = |url: &str| {
            let config = WebhookConfig::to(url, Secret::new(b"k".to_vec()));
            Webhook::prepare(&config).err().unwrap().to_string()
        };
        assert_eq!(
            refused("ftp://a.example/x"),
            "`url` cannot be used: expected `https://…` or `http://…`"
        );
        assert_eq!(
            refused("https://me:pw@a.example/x"),
            "`url` cannot be used: expected no user or password in it"
        );
    }
}
