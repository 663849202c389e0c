//! An operator's browser: a cookie, a CSRF token, an authenticator.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use totp_rs::{Algorithm, Secret, TOTP};

use crate::world::{Answer, Server, World, castellan, client, said};

/// A password that is taken.
pub const PASSWORD: &str = "violet harbour seven lanterns";

/// A browser.
pub struct Browser {
    client: reqwest::Client,
    base: String,
    cookie: RefCell<String>,
    csrf: RefCell<String>,
}

impl Browser {
    /// One that knows nobody yet.
    pub fn to(server: &Server) -> Self {
        let (cookie, csrf) = (RefCell::default(), RefCell::default());
        Self { client: client(), base: server.url(""), cookie, csrf }
    }

    /// A request of the page, with what a browser adds.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().unwrap();
        let request = self.client.request(method, format!("{}{path}", self.base));
        match self.cookie.borrow().as_str() {
            "" => request,
            cookie => request.header("cookie", format!("castellan_session={cookie}")),
        }
    }

    /// Sends a request; keeps the cookie and the CSRF token that come back.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        let answer = Answer { status, headers, body };
        if let Some(set) = answer.header("set-cookie").strip_prefix("castellan_session=") {
            self.cookie.replace(set.split(';').next().unwrap().to_owned());
        }
        if let Some(csrf) = answer.body["csrf"].as_str() {
            self.csrf.replace(csrf.to_owned());
        }
        answer
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    /// A change, as the page sends it.
    pub async fn change(&self, method: &str, path: &str, body: &Value) -> Answer {
        let request = self.request(method, path).json(body);
        self.send(request.header("x-csrf-token", self.csrf())).await
    }

    /// POST.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.change("POST", path, &body).await
    }

    /// The session's secret.
    pub fn cookie(&self) -> String {
        self.cookie.borrow().clone()
    }

    /// The session's CSRF token.
    pub fn csrf(&self) -> String {
        self.csrf.borrow().clone()
    }

    /// Uses a link.
    pub async fn follow(&self, link: &str) -> Answer {
        let code = link.trim().split_once("code=").unwrap().1;
        self.post("/v1/signin/link", json!({"code": code})).await
    }

    /// Sets up password and authenticator; gives the authenticator's secret.
    pub async fn enrol(&self) -> String {
        let set = self.change("PUT", "/v1/me/password", &json!({"new": PASSWORD})).await;
        assert_eq!(set.status, 204, "{}", set.body);
        let offer = self.post("/v1/me/totp", Value::Null).await;
        assert_eq!(offer.status, 200, "{}", offer.body);
        let secret = offer.body["secret"].as_str().unwrap().to_owned();
        assert!(offer.body["uri"].as_str().unwrap().contains(&secret));
        let proof = json!({"code": code(&secret, 0)});
        let proved = self.change("PUT", "/v1/me/totp", &proof).await;
        assert_eq!(proved.status, 204, "{}", proved.body);
        secret
    }

    /// Signs in by password; `code` if one is given.
    pub async fn sign_in(&self, login: &str, password: &str, code: Option<String>) -> Answer {
        let body = json!({"login": login, "password": password, "code": code});
        self.post("/v1/signin/password", body).await
    }
}

/// What an authenticator shows `ahead` seconds from now.
pub fn code(secret: &str, ahead: u64) -> String {
    let bytes = Secret::Encoded(secret.to_owned()).to_bytes().unwrap();
    let totp = TOTP::new_unchecked(Algorithm::SHA1, 6, 1, 30, bytes, None, String::new());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    totp.generate(now + ahead)
}

/// Runs `castellan admin operator`, which must succeed; gives what it printed.
pub fn operator(world: &World, args: &[&str]) -> String {
    let data = world.data().display().to_string();
    let ended = castellan(&[&["admin", "operator"], args, &["--data", &data]].concat());
    assert!(ended.status.success(), "{}", said(&ended));
    String::from_utf8(ended.stdout).unwrap()
}

/// Makes an operator by the command line and signs them in, enrolled.
pub async fn signed_in(world: &World, server: &Server, login: &str, role: &str) -> Browser {
    let link = operator(world, &["add", login, "--role", role]);
    let browser = Browser::to(server);
    let begun = browser.follow(&link).await;
    assert_eq!(begun.status, 200, "{}", begun.body);
    browser.enrol().await;
    browser
}
