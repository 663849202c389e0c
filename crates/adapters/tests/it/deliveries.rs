use std::time::Duration;

use adapters::out::DeliveryError;
use adapters::out::mail::{Mail, MailConfig, MailMessage, MailSecurity, is_address};
use adapters::out::webhook::{Webhook, WebhookConfig, WebhookMessage};
use adapters::{ClientTls, Secret, ServerTls, tls};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use model::Timestamp;
use sha2::Sha256;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::support::{Authority, PATIENCE};

/// Answers one request with `answer` and gives back head and body.
async fn answer_once(answer: &'static str) -> (String, JoinHandle<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        stream.write_all(answer.as_bytes()).await.unwrap();
        (head, body)
    });
    (url, task)
}

const MESSAGE: WebhookMessage<'static> =
    WebhookMessage { id: "f-0001", at: Timestamp::from_secs(1_700_000_000), body: br#"{"a":1}"# };

async fn deliver(answer: &'static str) -> (Result<(), DeliveryError>, String) {
    let (url, server) = answer_once(answer).await;
    let hook = Webhook::prepare(&WebhookConfig::to(&url, Secret::new(b"key".to_vec()))).unwrap();
    let result = hook.deliver(&MESSAGE).await;
    (result, server.await.unwrap().0)
}

#[tokio::test]
async fn a_webhook_is_signed_over_id_time_and_body() {
    let (result, head) = deliver("HTTP/1.1 204 No Content\r\n\r\n").await;
    result.unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"key").unwrap();
    mac.update(b"f-0001.1700000000.{\"a\":1}");
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("post /hook http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/json\r\n"), "{head}");
    assert!(head.contains("webhook-id: f-0001\r\n"), "{head}");
    assert!(head.contains("webhook-timestamp: 1700000000\r\n"), "{head}");
    let wanted = format!("webhook-signature: v1,{}\r\n", signature.to_ascii_lowercase());
    assert!(head.contains(&wanted), "{head}");
}

#[tokio::test]
async fn an_answer_says_whether_to_try_again() {
    let retry = |detail: &str, after: Option<u64>| {
        let after = after.map(Duration::from_secs);
        Err(DeliveryError::Retry { detail: detail.into(), after })
    };
    let never = |detail: &str| Err(DeliveryError::Permanent { detail: detail.into() });
    for (answer, expected) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", Ok(())),
        (
            "HTTP/1.1 503 Service Unavailable\r\nretry-after: 7\r\ncontent-length: 4\r\n\r\n\
             bu\x07y",
            retry("answered 503 Service Unavailable: `bu y`", Some(7)),
        ),
        (
            "HTTP/1.1 429 Too Many Requests\r\nretry-after: 99999999\r\ncontent-length: 0\r\n\r\n",
            retry("answered 429 Too Many Requests", Some(86_400)),
        ),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", never("answered 404 Not Found")),
        (
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            never("answered 302 Found; redirects are not followed, correct the url"),
        ),
    ] {
        assert_eq!(deliver(answer).await.0, expected);
    }
}

#[tokio::test]
async fn a_receiver_that_is_away_or_silent_is_tried_again_without_telling_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://{address}/secret-path");
    let mut config = WebhookConfig::to(&url, Secret::new(b"key".to_vec()));
    config.timeout = Duration::from_millis(50);
    let silent = Webhook::prepare(&config).unwrap().deliver(&MESSAGE).await.unwrap_err();
    assert!(silent.is_retryable() && silent.to_string().contains("timed out"), "{silent}");
    drop(listener);
    config.timeout = PATIENCE;
    let away = Webhook::prepare(&config).unwrap().deliver(&MESSAGE).await.unwrap_err();
    assert!(away.is_retryable() && away.to_string().contains("refused"), "{away}");
    assert!(!away.to_string().contains("secret-path"), "{away}");
}

/// Speaks one SMTP session; gives back everything that the client said.
async fn speak_smtp<S: AsyncRead + AsyncWrite + Unpin>(stream: S, refuse: bool) -> String {
    let mut stream = BufReader::new(stream);
    let mut said = String::new();
    let mut is_data = false;
    stream.write_all(b"220 test\r\n").await.unwrap();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return said;
        }
        said.push_str(&line);
        let answer: &[u8] = match line.split([' ', '\r', ':']).next().unwrap_or_default() {
            "." if is_data => {
                is_data = false;
                b"250 taken\r\n"
            }
            _ if is_data => continue,
            "EHLO" => b"250-test\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN\r\n",
            "AUTH" => b"235 welcome\r\n",
            "RCPT" if refuse => b"550 no such mailbox\r\n",
            "DATA" => {
                is_data = true;
                b"354 go on\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer).await.unwrap();
    }
}

fn config(port: u16) -> MailConfig {
    MailConfig {
        host: "localhost".into(),
        port,
        security: MailSecurity::Plain,
        tls: ClientTls::default(),
        credentials: None,
        from: "Castellan <castellan@example.org>".into(),
        timeout: PATIENCE,
    }
}

async fn send(mail: &Mail, to: &[String]) -> Result<(), DeliveryError> {
    mail.deliver(&MailMessage {
        id: "i-0001.1",
        at: Timestamp::from_secs(1_700_000_000),
        to,
        subject: "Door forced\r\nBcc: all@example.org",
        text: "Lobby 2\n.\nsee i-0001\n",
    })
    .await
}

#[tokio::test]
async fn a_mail_reaches_the_server_with_one_subject_line() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server =
        tokio::spawn(async move { speak_smtp(listener.accept().await.unwrap().0, false).await });
    let mail = Mail::prepare(&config(port)).unwrap();
    send(&mail, &["guard@example.org".into()]).await.unwrap();
    drop(mail);
    let said = tokio::time::timeout(PATIENCE, server).await.unwrap().unwrap();
    assert!(said.contains("MAIL FROM:<castellan@example.org>"), "{said}");
    assert!(said.contains("RCPT TO:<guard@example.org>\r\n"), "{said}");
    assert!(said.contains("Message-ID: <i-0001.1@example.org>\r\n"), "{said}");
    assert!(said.contains("Subject: Door forced  Bcc: all@example.org\r\n"), "{said}");
    assert!(said.contains("Tue, 14 Nov 2023 22:13:20 +0000"), "{said}");
    assert!(said.contains("Lobby 2\r\n..\r\nsee i-0001\r\n"), "{said}");
}

#[tokio::test]
async fn a_password_goes_over_tls_only() {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("mail");
    let clients = adapters::ClientCertificates::NotAsked;
    let server_tls = tls::server(&ServerTls { certificate, key, clients }).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(server_tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        speak_smtp(acceptor.accept(stream).await.unwrap(), false).await
    });
    let mut config = config(port);
    config.credentials = Some(("castellan".into(), Secret::new(b"hunter2".to_vec())));
    let said = Mail::prepare(&config).err().unwrap().to_string();
    assert_eq!(
        said,
        "`security` cannot be used: a password is not sent over an unprotected connection"
    );
    config.security = MailSecurity::Tls;
    config.tls.authorities = Some(authority.pem());
    let mail = Mail::prepare(&config).unwrap();
    send(&mail, &["guard@example.org".into()]).await.unwrap();
    drop(mail);
    let said = tokio::time::timeout(PATIENCE, server).await.unwrap().unwrap();
    let login = STANDARD.encode("\0castellan\0hunter2");
    assert!(said.contains(&format!("AUTH PLAIN {login}\r\n")), "{said}");
}

#[tokio::test]
async fn a_refused_receiver_is_for_ever_and_an_absent_server_is_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server =
        tokio::spawn(async move { speak_smtp(listener.accept().await.unwrap().0, true).await });
    let mail = Mail::prepare(&config(port)).unwrap();
    let refused = send(&mail, &["gone@example.org".into()]).await.unwrap_err();
    assert!(
        !refused.is_retryable() && refused.to_string().contains("no such mailbox"),
        "{refused}"
    );
    drop(mail);
    server.await.unwrap();
    let absent = Mail::prepare(&config(port)).unwrap();
    let away = send(&absent, &["guard@example.org".into()]).await.unwrap_err();
    assert!(away.is_retryable(), "{away}");
    let bad = send(&absent, &["not an address".into()]).await.unwrap_err();
    assert!(!bad.is_retryable() && bad.to_string().starts_with("`not an address`"), "{bad}");
    assert!(is_address("Guard <guard@example.org>") && !is_address("guard"));
}
