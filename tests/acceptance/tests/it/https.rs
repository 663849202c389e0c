//! Beyond this machine the console and the interface go over TLS, and a renewed certificate needs
//! no restart.

use std::fs;
use std::time::Duration;

use crate::world::{World, door_event, until};

fn write_certificate(world: &World) -> reqwest::Certificate {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    // The key last: both must be in place when the newer of them is seen.
    fs::write(world.path("https.pem"), made.cert.pem()).unwrap();
    fs::write(world.path("https.key"), made.signing_key.serialize_pem()).unwrap();
    reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap()
}

fn trusting(certificate: reqwest::Certificate) -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .tls_built_in_root_certs(false)
        .add_root_certificate(certificate)
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap()
}

#[tokio::test]
async fn all_is_served_over_tls_and_a_renewed_certificate_is_taken() {
    let world = World::new();
    let first = write_certificate(&world);
    let (pem, key) = (world.path("https.pem"), world.path("https.key"));
    let https = format!(
        "[listen.https]\naddress = \"0.0.0.0:0\"\ncertificate = {:?}\nkey = {:?}\n",
        pem.display().to_string(),
        key.display().to_string()
    );
    world.configure("public_url = \"https://localhost\"", &https);
    let root = world.root();
    let server = world.start().await;
    let base = format!("https://localhost:{}", server.listener("https").port());
    let client = trusting(first);

    let page = client.get(format!("{base}/operations")).send().await.unwrap();
    assert_eq!(page.status().as_u16(), 200);
    assert_eq!(page.headers()["strict-transport-security"], "max-age=31536000");
    assert!(page.text().await.unwrap().contains("<title>"));
    let sent = client
        .post(format!("{base}/v1/ingest/doors"))
        .bearer_auth(&root)
        .header("content-type", "text/csv")
        .body(door_event("d-0001", "forced"));
    assert_eq!(sent.send().await.unwrap().status().as_u16(), 200);
    let plain = client.get(format!("http://localhost:{}", server.listener("https").port()));
    assert!(plain.send().await.is_err(), "plain words were answered");

    // A renewal that cannot be used leaves the old one in force.
    fs::write(&key, "no key").unwrap();
    until("the broken renewal to be told", async || {
        server.log().contains("cannot renew").then_some(())
    })
    .await;
    let again = trusting(reqwest::Certificate::from_pem(&fs::read(&pem).unwrap()).unwrap());
    assert!(again.get(format!("{base}/readyz")).send().await.is_ok());

    let second = write_certificate(&world);
    until("the renewed certificate to be in force", async || {
        let fresh = trusting(second.clone());
        fresh.get(format!("{base}/readyz")).send().await.ok().map(drop)
    })
    .await;
}
