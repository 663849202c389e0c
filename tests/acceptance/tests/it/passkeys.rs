//! Passkeys, with a device that holds a real key and speaks the standard's bytes.
//! SOURCE: W3C Web Authentication level 3, sections 6.1 (authenticator data), 6.5.4 (attestation
//! object), 8.7 (attestation `none`); RFC 9052, section 7 (COSE keys).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::browser::{Browser, operator, signed_in};
use crate::world::{Server, World};

/// User present, user verified.
const PRESENT_VERIFIED: u8 = 0x05;
/// A new key follows.
const WITH_KEY: u8 = 0x40;

/// A device with one passkey.
struct Device {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    user: String,
    uses: u32,
    origin: String,
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Device {
    fn new(origin: &str) -> Self {
        let random = SystemRandom::new();
        let kind = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(kind, pkcs8.as_ref(), &random).unwrap();
        let id = Sha256::digest(key.public_key().as_ref()).to_vec();
        Self { key, id, user: String::new(), uses: 0, origin: origin.to_owned() }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = &options["challenge"];
        let said = json!({"type": kind, "challenge": challenge, "origin": self.origin,
            "crossOrigin": false});
        said.to_string().into_bytes()
    }

    fn data(&mut self, flags: u8) -> Vec<u8> {
        self.uses += 1;
        let mut data = Sha256::digest(b"localhost").to_vec();
        data.push(flags);
        data.extend(self.uses.to_be_bytes());
        data
    }

    /// What `navigator.credentials.create` gives.
    fn create(&mut self, options: &Value) -> Value {
        assert_eq!(options["rp"]["id"], "localhost", "{options}");
        self.user = options["user"]["id"].as_str().unwrap().to_owned();
        let mut data = self.data(PRESENT_VERIFIED | WITH_KEY);
        data.extend([0_u8; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        let point = self.key.public_key().as_ref();
        let (x, y) = (&point[1..33], &point[33..65]);
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(x);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(y);
        let mut object = vec![0xa3];
        object.extend(b"\x63fmt\x64none\x67attStmt\xa0\x68authData\x58");
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(&data);
        let said = self.client_data("webauthn.create", options);
        json!({"id": text(&self.id), "rawId": text(&self.id), "type": "public-key",
            "response": {"clientDataJSON": text(&said), "attestationObject": text(&object)},
            "clientExtensionResults": {}})
    }

    /// What `navigator.credentials.get` gives.
    fn get(&mut self, options: &Value) -> Value {
        let data = self.data(PRESENT_VERIFIED);
        let said = self.client_data("webauthn.get", options);
        let signed = [data.as_slice(), Sha256::digest(&said).as_slice()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({"id": text(&self.id), "rawId": text(&self.id), "type": "public-key",
            "response": {"clientDataJSON": text(&said), "authenticatorData": text(&data),
                "signature": text(signature.as_ref()), "userHandle": self.user},
            "clientExtensionResults": {}})
    }
}

async fn enrol(browser: &Browser, device: &mut Device) -> String {
    let asked = browser.post("/v1/me/passkeys/begin", Value::Null).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    let credential = device.create(&asked.body["publicKey"]);
    let made = json!({"ceremony": asked.body["ceremony"], "name": "key ring",
        "credential": credential});
    let kept = browser.post("/v1/me/passkeys/finish", made.clone()).await;
    assert_eq!(kept.status, 200, "{}", kept.body);
    browser.post("/v1/me/passkeys/finish", made).await.is_problem(409, "conflict");
    kept.body["id"].as_str().unwrap().to_owned()
}

async fn sign_in(
    server: &Server,
    device: &mut Device,
    login: Option<&str>,
) -> (Browser, crate::world::Answer) {
    let browser = Browser::to(server);
    let asked = browser.post("/v1/signin/passkey/begin", json!({"login": login})).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    let credential = device.get(&asked.body["publicKey"]);
    let answer = json!({"ceremony": asked.body["ceremony"], "credential": credential});
    let done = browser.post("/v1/signin/passkey/finish", answer.clone()).await;
    let again = Browser::to(server).post("/v1/signin/passkey/finish", answer).await;
    again.is_problem(401, "signin_refused");
    (browser, done)
}

#[tokio::test]
async fn a_passkey_enrols_and_signs_in_with_a_login_or_without() {
    let world = World::new();
    let server = world.start().await;
    assert_eq!(Browser::to(&server).get("/v1/signin").await.body["passkeys"], true);
    let browser = Browser::to(&server);
    browser.follow(&operator(&world, &["add", "ana", "--role", "guard"])).await;
    browser.get("/v1/incidents").await.is_problem(403, "enrol_first");
    let mut device = Device::new("http://localhost:8420");
    let id = enrol(&browser, &mut device).await;
    assert_eq!(browser.get("/v1/incidents").await.status, 200, "a passkey is enough");
    for login in [Some("ana"), None, Some("ANA ")] {
        let (browser, done) = sign_in(&server, &mut device, login).await;
        assert_eq!(done.status, 200, "{login:?}: {}", done.body);
        let session = browser.get("/v1/session").await.body;
        assert_eq!(
            (&session["method"], &session["must_enrol"]),
            (&json!("passkey"), &json!(false))
        );
        assert!(session["passkeys"][0]["used_at"].is_string(), "{session}");
    }
    // It is all that she has: without it nobody would let her in again.
    let path = format!("/v1/me/passkeys/{id}");
    let last = browser.change("DELETE", &path, &Value::Null).await;
    assert!(last.is_problem(409, "conflict").contains("all that you sign in with"));
    browser
        .change("DELETE", "/v1/me/passkeys/none", &Value::Null)
        .await
        .is_problem(404, "not_found");
    let (_, kept) = sign_in(&server, &mut device, None).await;
    assert_eq!(kept.status, 200, "{}", kept.body);
    browser.enrol().await;
    assert_eq!(browser.change("DELETE", &path, &Value::Null).await.status, 204);
    let (_, gone) = sign_in(&server, &mut device, None).await;
    gone.is_problem(401, "signin_refused");
}

#[tokio::test]
async fn a_passkey_of_another_page_device_or_moment_is_refused() {
    let world = World::new();
    let server = world.start().await;
    let browser = Browser::to(&server);
    browser.follow(&operator(&world, &["add", "ana", "--role", "guard"])).await;
    let mut device = Device::new("http://localhost:8420");
    enrol(&browser, &mut device).await;
    device.origin = "https://evil.example".to_owned();
    let (_, phished) = sign_in(&server, &mut device, Some("ana")).await;
    phished.is_problem(401, "signin_refused");
    device.origin = "http://localhost:8420".to_owned();
    let mut other = Device::new("http://localhost:8420");
    other.user.clone_from(&device.user);
    other.id.clone_from(&device.id);
    let (_, forged) = sign_in(&server, &mut other, None).await;
    forged.is_problem(401, "signin_refused");
    device.uses = 0;
    let (_, cloned) = sign_in(&server, &mut device, Some("ana")).await;
    cloned.is_problem(401, "signin_refused");
    // Nobody is told whose login exists: both are asked for a key.
    let ask = async |login: &str| {
        let body = json!({"login": login});
        Browser::to(&server).post("/v1/signin/passkey/begin", body).await.body
    };
    let ben = signed_in(&world, &server, "ben", "guard").await;
    assert_eq!(ben.get("/v1/session").await.body["passkeys"], json!([]));
    for login in ["ana", "ben", "nobody"] {
        let asked = ask(login).await;
        let keys = asked["publicKey"]["allowCredentials"].as_array().unwrap();
        assert_eq!(keys.len(), 1, "{login}: {asked}");
        assert_eq!(keys[0]["type"], "public-key");
        assert_eq!(ask(login).await["publicKey"]["allowCredentials"][0]["id"], keys[0]["id"]);
    }
}
