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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreHmacKey, CoreJsonWebKeySet};
    use openidconnect::{ClientId, ClientSecret, JsonWebKeyId, PrivateSigningKey as _};
    use serde_json::{Value, json};

    use super::super::kinds::Metadata;
    use super::*;

    const NOW_S: i64 = 1_800_000_000;
    const SECRET: &str = "the client's secret";

    /// SOURCE: RFC 8410, section 7 (PKCS #8 of an Ed25519 key).
    fn key(seed: u8, id: &str) -> CoreEdDsaPrivateSigningKey {
        let mut der = hex::decode("302e020100300506032b657004220420").unwrap();
        der.extend([seed; 32]);
        let kind = "PRIVATE KEY";
        let body = STANDARD.encode(der);
        let pem = format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n");
        let id = Some(JsonWebKeyId::new(id.to_owned()));
        CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, id).unwrap()
    }

    fn client() -> Relying {
        let metadata: Metadata = serde_json::from_value(json!({
            "issuer": "https://id.example",
            "authorization_endpoint": "https://id.example/auth",
            "token_endpoint": "https://id.example/token",
            "jwks_uri": "https://id.example/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
        }))
        .unwrap();
        let keys = CoreJsonWebKeySet::new(vec![key(1, "one").as_verification_key()]);
        let (id, secret) = (ClientId::new("castellan".into()), ClientSecret::new(SECRET.into()));
        Relying::from_provider_metadata(metadata.set_jwks(keys), id, Some(secret))
    }

    fn claims() -> Value {
        json!({
            "iss": "https://id.example", "aud": "castellan", "sub": "s-1", "nonce": "n-1",
            "iat": NOW_S - 5, "exp": NOW_S + 60, "groups": ["guards"],
        })
    }

    /// An answer of the token endpoint; `sign` makes the signature of what comes before it.
    fn tokens(head: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> Tokens {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(head), part(claims));
        let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
        let token = format!("{signed}.{signature}");
        let answer = json!({"access_token": "at", "token_type": "bearer", "id_token": token});
        serde_json::from_value(answer).unwrap()
    }

    fn own(claims: &Value) -> Tokens {
        let head = json!({"alg": "EdDSA", "kid": "one"});
        let sign = |bytes: &[u8]| key(1, "one").sign(&CoreJwsSigningAlgorithm::EdDsa, bytes);
        tokens(&head, claims, |bytes| sign(bytes).unwrap())
    }

    fn judge(tokens: &Tokens) -> String {
        match check(&client(), tokens, "n-1", Timestamp::from_secs(NOW_S)) {
            Ok(_) => "holds".to_owned(),
            Err(Unsure::Key) => "unknown key".to_owned(),
            Err(Unsure::Settled(OidcError::Refused { reason, .. })) => reason.to_owned(),
            Err(Unsure::Settled(OidcError::Unreachable { detail })) => detail,
        }
    }

    #[test]
    fn a_token_holds_only_as_it_was_made_for_us_now() {
        assert_eq!(judge(&own(&claims())), "holds");
        let check = |name: &str, value: Value, wanted: &str| {
            let mut changed = claims();
            changed.as_object_mut().unwrap().insert(name.to_owned(), value);
            assert_eq!(judge(&own(&changed)), wanted, "{name}");
        };
        check("iss", json!("https://id.example/"), "bad_token");
        check("aud", json!("another"), "bad_token");
        check("aud", json!(["castellan", "another"]), "bad_token");
        check("aud", json!(["castellan"]), "holds");
        check("azp", json!("another"), "bad_token");
        check("azp", json!("castellan"), "holds");
        check("nonce", json!("n-2"), "wrong_nonce");
        check("nonce", Value::Null, "wrong_nonce");
        check("exp", json!(NOW_S - 59), "holds");
        check("exp", json!(NOW_S - 61), "token_expired");
        check("iat", json!(NOW_S + 59), "holds");
        check("iat", json!(NOW_S + 61), "token_expired");
        check("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA"), "bad_token");
    }

    #[test]
    fn a_token_holds_only_by_a_signature_of_the_providers_own_key() {
        let eddsa = CoreJwsSigningAlgorithm::EdDsa;
        let by = |seed: u8, id: &str| {
            let head = json!({"alg": "EdDSA", "kid": id});
            tokens(&head, &claims(), |bytes| key(seed, id).sign(&eddsa, bytes).unwrap())
        };
        assert_eq!(judge(&by(1, "one")), "holds");
        assert_eq!(judge(&by(2, "one")), "bad_signature");
        assert_eq!(judge(&by(2, "two")), "unknown key");
        let none = tokens(&json!({"alg": "none"}), &claims(), |_| Vec::new());
        assert_eq!(judge(&none), "bad_signature");
        // What everybody who holds the client's secret could make.
        let shared = CoreHmacKey::new(SECRET);
        let hs256 = CoreJwsSigningAlgorithm::HmacSha256;
        let mac = tokens(&json!({"alg": "HS256"}), &claims(), |b| shared.sign(&hs256, b).unwrap());
        assert_eq!(judge(&mac), "bad_signature");
        // The public key taken for a secret.
        let public = serde_json::to_value(key(1, "one").as_verification_key()).unwrap();
        let public =
            URL_SAFE_NO_PAD.decode(public.get("x").and_then(Value::as_str).unwrap()).unwrap();
        let public = CoreHmacKey::new(public);
        let head = json!({"alg": "HS256", "kid": "one"});
        let mixed = tokens(&head, &claims(), |b| public.sign(&hs256, b).unwrap());
        assert_eq!(judge(&mixed), "bad_signature");
        let bare: Tokens =
            serde_json::from_value(json!({"access_token": "at", "token_type": "bearer"})).unwrap();
        assert_eq!(judge(&bare), "no_id_token");
    }
}
