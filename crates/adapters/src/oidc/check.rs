//! Whether an ID token holds.

use std::time::{Duration, SystemTime};

use model::Timestamp;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessTokenHash, ClaimsVerificationError, IdTokenVerifier, Nonce, OAuth2TokenResponse,
    SignatureVerificationError, TokenResponse,
};

use super::kinds::{Claims, Relying, Tokens};
use super::{OidcError, refused};
use crate::limits;

/// Signatures that are taken: those that only the provider can make. A MAC under the client's
/// secret is as strong as that secret, and no signature at all is none.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Everything that OpenID Connect Core 1.0 section 3.1.3.7 asks of an ID token.
pub fn check(
    client: &Relying,
    tokens: &Tokens,
    nonce: &str,
    now: Timestamp,
) -> Result<Claims, Unsure> {
    let lacking = || refused("no_id_token", "the answer of the token endpoint has no ID token");
    let token = tokens.id_token().ok_or_else(|| Unsure::Settled(lacking()))?;
    let ahead = Duration::from_nanos(u64::try_from(now.nanos()).unwrap_or(0));
    let wall = SystemTime::UNIX_EPOCH + ahead;
    let newest = wall + limits::OIDC_CLOCK_SKEW;
    let verifier: IdTokenVerifier<'_, CoreJsonWebKey> = client
        .id_token_verifier()
        .set_allowed_algs(SIGNATURES)
        // A token may be used a little late by a clock that is a little wrong.
        .set_time_fn(move || (wall - limits::OIDC_CLOCK_SKEW).into())
        .set_issue_time_verifier_fn(move |issued| {
            if SystemTime::from(issued) > newest {
                return Err("it was issued in the future: compare the clocks".to_owned());
            }
            Ok(())
        });
    let nonce = Nonce::new(nonce.to_owned());
    let claims = token.claims(&verifier, &nonce).map_err(unsure)?.clone();
    if let Some(wanted) = claims.access_token_hash() {
        let algorithm = token.signing_alg().map_err(unproved)?;
        let key = token.signing_key(&verifier).map_err(unproved)?;
        let found = AccessTokenHash::from_token(tokens.access_token(), algorithm, key);
        if !found.is_ok_and(|found| found == *wanted) {
            let why = "the access token is not the one that the ID token names (`at_hash`)";
            return Err(Unsure::Settled(refused("bad_token", why)));
        }
    }
    if claims.authorized_party().is_some_and(|party| party != client.client_id()) {
        let why = "the ID token was made for another client (`azp`)";
        return Err(Unsure::Settled(refused("bad_token", why)));
    }
    Ok(claims)
}

/// What a check of a token came to, if it did not pass.
pub enum Unsure {
    /// Signed by a key that we have not got.
    Key,
    /// For good.
    Settled(OidcError),
}

impl Unsure {
    /// As what is said of it.
    pub fn settled(self) -> OidcError {
        match self {
            Self::Key => refused("unknown_key", "the ID token is signed by a key that it has not"),
            Self::Settled(error) => error,
        }
    }
}

fn unproved(error: SignatureVerificationError) -> Unsure {
    match error {
        SignatureVerificationError::NoMatchingKey => Unsure::Key,
        other => {
            let why = format!("the ID token's signature does not hold: {other}");
            Unsure::Settled(refused("bad_signature", why))
        }
    }
}

fn unsure(error: ClaimsVerificationError) -> Unsure {
    let (reason, why) = match error {
        ClaimsVerificationError::SignatureVerification(error) => return unproved(error),
        ClaimsVerificationError::InvalidNonce(_) => {
            ("wrong_nonce", "it was made for another sign-in (`nonce`)".to_owned())
        }
        ClaimsVerificationError::Expired(why) => ("token_expired", why),
        ClaimsVerificationError::InvalidAudience(why) => {
            ("bad_token", format!("audience (`aud`): {why}"))
        }
        ClaimsVerificationError::InvalidIssuer(why) => {
            ("bad_token", format!("issuer (`iss`): {why}"))
        }
        // Others may say who the token is about.
        ClaimsVerificationError::Unsupported(why) => ("bad_token", why),
        _ => ("bad_token", "its claims do not hold".to_owned()),
    };
    Unsure::Settled(refused(reason, format!("the ID token is refused: {why}")))
}
