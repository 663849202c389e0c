//! A real identity provider beside the server, and a browser that goes there and comes back.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use reqwest::Url;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::world::{Answer, Plan, Server, World, client};

/// The client's secret there.
pub const SECRET: &str = "not for production";

/// A running provider. Ends when dropped.
pub struct Provider {
    child: Child,
    /// Its end is the provider's end.
    _stdin: Option<ChildStdin>,
    /// Its address.
    pub issuer: String,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser on its way back from the provider.
pub struct Back {
    /// Where it is sent to: our callback with what it brings.
    pub url: Url,
    /// The cookie of this sign-in, as it is sent.
    pub cookie: String,
}

impl Back {
    /// The callback's path, with one parameter put in another's place.
    pub fn with(&self, name: &str, value: &str) -> String {
        let pairs = self.url.query_pairs().into_owned();
        let pairs = pairs.map(|(key, old)| {
            let value = if key == name { value.to_owned() } else { old };
            (key, value)
        });
        let mut url = self.url.clone();
        let changed: Vec<(String, String)> = pairs.collect();
        url.query_pairs_mut().clear().extend_pairs(changed);
        format!("{}?{}", url.path(), url.query().unwrap())
    }

    /// The callback's path as it came.
    pub fn path(&self) -> String {
        format!("{}?{}", self.url.path(), self.url.query().unwrap())
    }

    /// One parameter.
    pub fn get(&self, name: &str) -> String {
        let found = self.url.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    }
}

impl Provider {
    /// Starts one on a free port; `None` where there is no node to run it.
    pub async fn start() -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/provider.sh");
        let found = Command::new(script).stderr(Stdio::inherit()).output().unwrap();
        if found.status.code() == Some(3) {
            println!("skipped: no node to run an identity provider with");
            return None;
        }
        assert!(found.status.success(), "the provider was not installed");
        let found = String::from_utf8(found.stdout).unwrap();
        let (node, script) = found.trim().split_once('\n').unwrap();
        Some(Self::run(node, script, "0"))
    }

    fn run(node: &str, script: &str, port: &str) -> Self {
        let mut child = Command::new(node)
            .args([script, port])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut issuer = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut issuer).unwrap();
        let issuer = issuer.trim().to_owned();
        assert!(issuer.starts_with("http://127.0.0.1:"), "the provider did not start: {issuer}");
        let stdin = child.stdin.take();
        Self { child, _stdin: stdin, issuer }
    }

    /// Ends it, and leaves its address to nobody.
    pub fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// A configuration that trusts it.
    pub fn config(&self, world_secret: &Path, grants: &[(&str, &str)]) -> String {
        let mut text = format!(
            "[[identity_provider]]\nid = \"house\"\nname = \"Example Works\"\nissuer = {:?}\n\
             client_id = \"castellan\"\nclient_secret = \"file:{}\"\n",
            self.issuer,
            world_secret.display()
        );
        for (group, role) in grants {
            let (role, site) = role.split_once('@').unwrap_or((role, ""));
            text += &format!("[[identity_provider.grant]]\ngroup = {group:?}\nrole = {role:?}\n");
            if !site.is_empty() {
                text += &format!("sites = [{site:?}]\n");
            }
        }
        text
    }

    /// A world whose operators come by this provider. `more`: of `castellan.toml`.
    pub fn world(&self, more: &str, grants: &[(&str, &str)]) -> World {
        let world = World::with(Plan::default());
        let secret = world.path("client-secret");
        std::fs::write(&secret, SECRET).unwrap();
        world.configure(&format!("{}{more}\n", self.config(&secret, grants)), "");
        world
    }

    /// Changes something about it.
    pub async fn set(&self, wanted: Value) {
        let url = format!("{}/control", self.issuer);
        let answer = client().post(url).json(&wanted).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Takes a server as its client, and says who is at the keyboard.
    pub async fn serve(&self, server: &Server, account: &str, groups: Value) {
        let redirect = server.url("/v1/signin/oidc/callback");
        let claims = json!({"groups": groups});
        self.set(json!({"redirect_uris": [redirect], "account": account, "claims": claims})).await;
    }

    /// Begins to sign in; gives where the browser is sent to, and the cookie.
    pub async fn ask(&self, browser: &Browser, more: &str) -> (Url, String) {
        let asked = browser.get(&format!("/v1/signin/oidc/house{more}")).await;
        assert_eq!(asked.status, 303, "{}", asked.body);
        let place = asked.header("location");
        assert!(place.starts_with(&self.issuer), "sent to {place}");
        let cookie = asked.header("set-cookie");
        for wanted in ["HttpOnly", "SameSite=Lax", "Path=/v1/signin/oidc", "Max-Age="] {
            assert!(cookie.contains(wanted), "{cookie}");
        }
        (place.parse().unwrap(), cookie.split(';').next().unwrap().to_owned())
    }

    /// What the provider makes of it: the browser follows until it is sent back to us.
    pub async fn follow(&self, mut url: Url) -> Url {
        let client = client();
        let mut jar = BTreeMap::<String, String>::new();
        for _ in 0..12 {
            if !url.as_str().starts_with(&self.issuer) {
                return url;
            }
            let cookies: Vec<String> = jar.iter().map(|(k, v)| format!("{k}={v}")).collect();
            let asked = client.get(url.clone()).header("cookie", cookies.join("; "));
            let answer = asked.send().await.unwrap();
            for set in answer.headers().get_all("set-cookie") {
                let pair = set.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                jar.insert(name.to_owned(), value.to_owned());
            }
            let Some(place) = answer.headers().get("location") else {
                panic!("{url} leads nowhere: {}", answer.text().await.unwrap());
            };
            url = url.join(place.to_str().unwrap()).unwrap();
        }
        panic!("the provider sends the browser about without end");
    }

    /// Goes to the provider and to our door again, not yet through it.
    pub async fn go(&self, browser: &Browser) -> Back {
        let (url, cookie) = self.ask(browser, "").await;
        Back { url: self.follow(url).await, cookie }
    }

    /// The whole way; gives what our callback answers.
    pub async fn sign_in(&self, browser: &Browser) -> Answer {
        let back = self.go(browser).await;
        knock(browser, &back.path(), &back.cookie).await
    }
}

/// A browser comes to our callback.
pub async fn knock(browser: &Browser, path: &str, cookie: &str) -> Answer {
    let request = browser.request("GET", path);
    let request = if cookie.is_empty() { request } else { request.header("cookie", cookie) };
    browser.send(request).await
}

/// Fails unless the browser was sent to the sign-in page with this code, and got no session.
pub fn is_refused(answer: &Answer, code: &str) {
    let place = answer.header("location");
    assert_eq!((answer.status, &*place), (303, &*format!("/signin?problem={code}")));
    let given = answer.headers.get_all("set-cookie");
    let given: Vec<&str> = given.iter().map(|cookie| cookie.to_str().unwrap()).collect();
    assert!(!given.iter().any(|cookie| cookie.starts_with("castellan_session")), "{given:?}");
}
