//! OpenID Connect: the house's own identity provider says who somebody is, and of which groups.
//!
//! Owns discovery, keys, the exchange of a code, and every check of an ID token; the only place
//! with `openidconnect`. Decides no right: it hands on what the provider vouched for. Nothing of a
//! person (subject, name, groups) is in an error's words.
//! SOURCE: OpenID Connect Core 1.0, sections 3.1.2 and 3.1.3.7; RFC 7636 (PKCE); RFC 9207 (`iss`).

mod check;
mod claims;
mod fetch;
mod kinds;

use std::sync::Arc;
use std::time::Duration;

use model::Timestamp;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClientAuthMethod, CoreGenderClaim, CoreJsonWebKeySet,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, DiscoveryError, IssuerUrl,
    Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, UserInfoClaims, UserInfoError,
};
use tokio::sync::{Mutex, Semaphore};

use crate::error::AdapterError;
use crate::limits;
use crate::secret::Secret;
use crate::tls::ClientTls;

use check::Unsure;
use fetch::{FetchError, Fetcher};
use kinds::{Claims, Metadata, MoreClaims, Relying, Tokens};

/// SOURCE: OpenID Connect Core 1.0, section 2 (`sub`).
const SUBJECT_BYTES_MAX: usize = 255;

/// Who vouches, and as whom we ask.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// As its documents and tokens name it, to the letter; `https://…`, or `http://…` on loopback.
    pub issuer: String,
    /// What the provider calls us.
    pub client_id: String,
    /// Our secret there; a public client has none.
    pub client_secret: Option<Secret>,
    /// Asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim with the groups: its name, or names joined by dots for one inside another.
    pub groups_claim: String,
    /// Whom to trust.
    pub tls: ClientTls,
    /// Longest wait for one of its answers.
    pub timeout: Duration,
    /// How long its document and keys are believed.
    pub age_max: Duration,
}

/// Why nobody is vouched for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// It does not answer, or not as the standard says.
    #[error("{detail}")]
    Unreachable {
        /// What was asked, and what came.
        detail: String,
    },
    /// It says no, or what it says does not hold.
    #[error("{detail}")]
    Refused {
        /// A short word for accounts.
        reason: &'static str,
        /// What was expected and found.
        detail: String,
    },
}

fn refused(reason: &'static str, detail: impl Into<String>) -> OidcError {
    OidcError::Refused { reason, detail: detail.into() }
}

/// Where the browser is sent, and what must be remembered until it comes back.
pub struct Asked {
    /// Where.
    pub url: String,
    /// Comes back with the browser.
    pub state: String,
    /// What only we know until then.
    pub kept: Kept,
}

/// What only we know of a question until its answer comes.
#[derive(Clone)]
pub struct Kept {
    nonce: String,
    verifier: String,
    redirect: String,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kept(…)")
    }
}

/// Whom the provider vouches for.
#[derive(Clone, PartialEq, Eq)]
pub struct Vouched {
    /// Its lasting name for the person.
    pub subject: String,
    /// What the person signs in with there.
    pub login: Option<String>,
    /// How the person is called.
    pub name: Option<String>,
    /// Their groups.
    pub groups: Vec<String>,
}

impl std::fmt::Debug for Vouched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Nothing of a person reaches a log by way of `{:?}`.
        write!(f, "Vouched({} groups)", self.groups.len())
    }
}

/// One provider. Its document and keys are fetched when first needed.
pub struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    scopes: Vec<Scope>,
    groups_claim: String,
    age_max: Duration,
    fetcher: Fetcher,
    memory: Mutex<Memory>,
    turns: Semaphore,
}

#[derive(Default)]
struct Memory {
    known: Option<(Timestamp, Arc<Metadata>)>,
    /// A provider that hangs must not hold up everybody who asks, one after the other.
    failed: Option<(Timestamp, OidcError)>,
}

/// Whether an address may be spoken to: with TLS, or on this machine alone.
pub fn is_private_way(address: &str) -> bool {
    fetch::is_private(address)
}

impl Provider {
    /// Checks addresses, secret and certificates; fails early. Does not connect.
    pub fn prepare(config: &ProviderConfig) -> Result<Self, AdapterError> {
        let unusable = |setting, detail: String| AdapterError::Setting { setting, detail };
        let issuer = IssuerUrl::new(config.issuer.clone()).map_err(|error| {
            unusable("issuer", format!("`{}` is no address: {error}", config.issuer))
        })?;
        if !is_private_way(&config.issuer) {
            let detail = format!("found `{}`, expected `https://…`", config.issuer);
            return Err(unusable("issuer", detail));
        }
        let text = |secret: &Secret| secret.expose_text().map(str::to_owned);
        let no_text = || unusable("client_secret", "expected text".to_owned());
        let secret = config.client_secret.as_ref();
        let secret = secret.map(|secret| text(secret).ok_or_else(no_text)).transpose()?;
        Ok(Self {
            fetcher: Fetcher::prepare(&config.issuer, &config.tls, config.timeout)?,
            issuer,
            client_id: ClientId::new(config.client_id.clone()),
            client_secret: secret.map(ClientSecret::new),
            scopes: config.scopes.iter().cloned().map(Scope::new).collect(),
            groups_claim: config.groups_claim.clone(),
            age_max: config.age_max,
            memory: Mutex::default(),
            turns: Semaphore::new(limits::OIDC_AT_ONCE_MAX),
        })
    }

    /// Where to send the browser, which comes back to `redirect`.
    pub async fn begin(&self, redirect: &str, now: Timestamp) -> Result<Asked, OidcError> {
        let _turn = self.turn()?;
        let metadata = self.metadata(now).await?;
        let client = self.client(&metadata, redirect)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let question = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(self.scopes.iter().cloned())
            .set_pkce_challenge(challenge);
        let (url, state, nonce) = question.url();
        let kept = Kept {
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
            redirect: redirect.to_owned(),
        };
        Ok(Asked { url: url.to_string(), state: state.secret().clone(), kept })
    }

    /// Exchanges the code that the browser brought, and checks everything that came for it.
    /// `iss`: who the browser says that it comes from.
    pub async fn finish(
        &self,
        kept: &Kept,
        (code, iss): (&str, Option<&str>),
        now: Timestamp,
    ) -> Result<Vouched, OidcError> {
        let _turn = self.turn()?;
        let metadata = self.metadata(now).await?;
        self.came_from_here(&metadata, iss)?;
        let client = self.client(&metadata, &kept.redirect)?;
        let tokens = self.exchange(&client, kept, code).await?;
        let claims = match check::check(&client, &tokens, &kept.nonce, now) {
            // Its keys may have changed since we asked for them.
            Err(Unsure::Key) => {
                let client = self.client(&*self.new_keys(&metadata, now).await?, &kept.redirect)?;
                check::check(&client, &tokens, &kept.nonce, now)
            }
            judged => judged,
        };
        let claims = claims.map_err(Unsure::settled)?;
        self.vouched(&client, &tokens, &claims).await
    }

    fn turn(&self) -> Result<tokio::sync::SemaphorePermit<'_>, OidcError> {
        self.turns.try_acquire().map_err(|_| OidcError::Unreachable {
            detail: format!("more than {} sign-ins wait for it", limits::OIDC_AT_ONCE_MAX),
        })
    }

    /// SOURCE: RFC 9207, section 2.4.
    fn came_from_here(&self, metadata: &Metadata, iss: Option<&str>) -> Result<(), OidcError> {
        let always = metadata.additional_metadata().authorization_response_iss_parameter_supported;
        match iss {
            Some(iss) if iss == self.issuer.as_str() => Ok(()),
            Some(_) => Err(refused("other_issuer", "the answer came from another issuer")),
            None if always => Err(refused("other_issuer", "the answer names no issuer (`iss`)")),
            None => Ok(()),
        }
    }

    /// Its document and keys, not older than `age_max`.
    async fn metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, OidcError> {
        let mut memory = self.memory.lock().await;
        if let Some((at, known)) = &memory.known
            && now.since(*at) < self.age_max
        {
            return Ok(Arc::clone(known));
        }
        if let Some((at, error)) = &memory.failed
            && now.since(*at) < limits::OIDC_FAILURE_REMEMBERED
        {
            return Err(error.clone());
        }
        let found = Metadata::discover_async(self.issuer.clone(), &self.fetcher).await;
        match found.map_err(|error| self.undiscovered(error)) {
            Ok(found) => {
                let found = Arc::new(found);
                *memory = Memory { known: Some((now, Arc::clone(&found))), failed: None };
                Ok(found)
            }
            Err(error) => {
                memory.failed = Some((now, error.clone()));
                Err(error)
            }
        }
    }

    /// The keys alone, afresh.
    async fn new_keys(
        &self,
        metadata: &Metadata,
        now: Timestamp,
    ) -> Result<Arc<Metadata>, OidcError> {
        let keys = CoreJsonWebKeySet::fetch_async(metadata.jwks_uri(), &self.fetcher).await;
        let keys = keys.map_err(|error| self.undiscovered(error))?;
        let found = Arc::new(metadata.clone().set_jwks(keys));
        self.memory.lock().await.known = Some((now, Arc::clone(&found)));
        Ok(found)
    }

    fn undiscovered(&self, error: DiscoveryError<FetchError>) -> OidcError {
        let issuer = self.issuer.as_str();
        let why = match error {
            DiscoveryError::Request(error) => error.to_string(),
            DiscoveryError::Parse(error) => format!("its document cannot be read: {error}"),
            DiscoveryError::Response(_, _, why) => why,
            DiscoveryError::UrlParse(error) => format!("its address cannot be read: {error}"),
            DiscoveryError::Validation(why) | DiscoveryError::Other(why) => why,
            other => other.to_string(),
        };
        OidcError::Unreachable { detail: format!("discovery of `{issuer}`: {why}") }
    }

    fn client(&self, metadata: &Metadata, redirect: &str) -> Result<Relying, OidcError> {
        let redirect = RedirectUrl::new(redirect.to_owned()).map_err(|error| {
            refused("bad_redirect", format!("`{redirect}` is no address to come back to: {error}"))
        })?;
        let (id, secret) = (self.client_id.clone(), self.client_secret.clone());
        let client = Relying::from_provider_metadata(metadata.clone(), id, secret);
        // SOURCE: OpenID Connect Discovery 1.0, section 3: absent means `client_secret_basic`.
        let basic = CoreClientAuthMethod::ClientSecretBasic;
        let taken = metadata.token_endpoint_auth_methods_supported();
        let auth = match taken {
            Some(taken) if !taken.contains(&basic) => AuthType::RequestBody,
            Some(_) | None => AuthType::BasicAuth,
        };
        Ok(client.set_redirect_uri(redirect).set_auth_type(auth))
    }

    async fn exchange(
        &self,
        client: &Relying,
        kept: &Kept,
        code: &str,
    ) -> Result<Tokens, OidcError> {
        let unreachable = |detail: String| OidcError::Unreachable { detail };
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| unreachable("its document names no `token_endpoint`".to_owned()))?
            .set_pkce_verifier(PkceCodeVerifier::new(kept.verifier.clone()));
        request.request_async(&self.fetcher).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(said) => {
                let more = said.error_description().map_or("", String::as_str);
                let said = format!("{} {more}", said.error());
                let said = claims::plain(said.trim(), limits::OIDC_SAID_CHARS_MAX);
                refused("code_refused", format!("it gave no token for the code: `{said}`"))
            }
            RequestTokenError::Request(error) => unreachable(format!("token endpoint: {error}")),
            RequestTokenError::Parse(error, _) => {
                unreachable(format!("token endpoint: its answer cannot be read: {error}"))
            }
            RequestTokenError::Other(why) => unreachable(format!("token endpoint: {why}")),
        })
    }

    /// The person and their groups; where the ID token has no groups, the provider is asked again.
    async fn vouched(
        &self,
        client: &Relying,
        tokens: &Tokens,
        claims: &Claims,
    ) -> Result<Vouched, OidcError> {
        let length = claims.subject().len();
        if !(1..=SUBJECT_BYTES_MAX).contains(&length) {
            let why = format!("the ID token's subject (`sub`) has {length} bytes");
            return Err(refused("bad_token", format!("{why}; expected 1 to {SUBJECT_BYTES_MAX}")));
        }
        let mut vouched = Vouched {
            subject: claims.subject().to_string(),
            login: claims.preferred_username().map(|name| name.to_string()),
            name: claims.name().and_then(|name| name.get(None)).map(|name| name.to_string()),
            groups: Vec::new(),
        };
        let own = &claims.additional_claims().all;
        if claims::has(own, &self.groups_claim) || client.user_info_url().is_none() {
            vouched.groups = claims::groups(own, &self.groups_claim)?;
            return Ok(vouched);
        }
        let absent = |_| refused("no_groups", "its document names no `userinfo_endpoint`");
        let token = tokens.access_token().clone();
        let subject = claims.subject().clone();
        let request = client.user_info(token, Some(subject)).map_err(absent)?;
        let more: UserInfoClaims<MoreClaims, CoreGenderClaim> =
            request.request_async(&self.fetcher).await.map_err(unsaid)?;
        vouched.login = vouched.login.or(more.preferred_username().map(|name| name.to_string()));
        let name = more.name().and_then(|name| name.get(None)).map(|name| name.to_string());
        vouched.name = vouched.name.or(name);
        vouched.groups = claims::groups(&more.additional_claims().all, &self.groups_claim)?;
        Ok(vouched)
    }
}

fn unsaid(error: UserInfoError<FetchError>) -> OidcError {
    let detail = match error {
        UserInfoError::ClaimsVerification(_) => {
            return refused("bad_token", "userinfo speaks of somebody else than the ID token");
        }
        UserInfoError::Request(error) => error.to_string(),
        UserInfoError::Parse(error) => format!("its answer cannot be read: {error}"),
        UserInfoError::Response(_, _, why) | UserInfoError::Other(why) => why,
        other => other.to_string(),
    };
    OidcError::Unreachable { detail: format!("userinfo endpoint: {detail}") }
}
