//! A full disk: nothing more is acknowledged, it is said, and all goes on by itself.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::world::{Api, Plan, World, until};

/// A small file system of its own, gone when dropped.
struct Small(PathBuf);

impl Small {
    /// `None` where this user may not mount.
    fn mount(at: &Path, bytes: u64) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={bytes}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "castellan-test"])
            .arg(at)
            .output();
        mounted.ok()?.status.success().then(|| Self(at.to_owned()))
    }

    /// Fills what is free but a little; gives the file that does.
    fn fill(&self, leave: u64) -> PathBuf {
        let path = self.0.join("ballast");
        let mut file = std::fs::File::create(&path).unwrap();
        while file.write_all(&[0; 64 << 10]).is_ok() {}
        let length = file.metadata().unwrap().len();
        file.set_len(length.saturating_sub(leave)).unwrap();
        path
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// A batch that does not compress well.
fn batch(number: usize, records: usize) -> String {
    let mut state = number as u64 * 7_919 + 1;
    let mut noise = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        format!("{state:016x}")
    };
    (0..records)
        .map(|n| {
            let text: String = (0..40).map(|_| noise()).collect();
            format!("{{\"marker\": \"{number}-{n}\", \"text\": \"{text}\"}}\n")
        })
        .collect()
}

#[tokio::test]
async fn a_full_disk_acknowledges_nothing_says_so_and_resumes_by_itself() {
    let outer = tempfile::TempDir::with_prefix("castellan-full-").unwrap();
    let Some(small) = Small::mount(&outer.path().join("small"), 96 << 20) else {
        println!("skipped: this user may not mount a file system");
        return;
    };
    let world = World::with(Plan { data: Some(small.0.join("data")), ..Plan::default() });
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let send = async |number: usize| {
        let request = api.ingest("app", "application/x-ndjson");
        api.send(request.body(batch(number, 100))).await
    };
    let mut acknowledged = 0;
    assert_eq!(send(acknowledged).await.status, 200);
    acknowledged += 1;

    let ballast = small.fill(1 << 20);
    let refused = loop {
        let answer = send(acknowledged).await;
        if answer.status != 200 {
            break answer;
        }
        acknowledged += 1;
        assert!(acknowledged < 1_000, "the disk never fills");
    };
    let said = refused.is_problem(503, "journal_unavailable");
    assert!(said.contains("full") || said.contains("space"), "`{said}` says why");
    assert!(!refused.header("retry-after").is_empty());
    // Senders without an answer are not forgotten: what they send waits.
    let mut tcp = TcpStream::connect(server.listener("syslog_tcp")).unwrap();
    let line = "<13>1 2026-11-22T08:00:00Z host-a app - - - sent while full\n";
    tcp.write_all(line.as_bytes()).unwrap();
    until("the line is with the server", async || {
        let metrics = api.client.get(server.url("/metrics")).send().await.unwrap();
        let metrics = metrics.text().await.unwrap();
        let is_received = |line: &&str| {
            line.starts_with("castellan_records_total")
                && line.contains("boundary=\"listen\"")
                && line.contains("syslog_tcp")
                && line.contains("received")
        };
        metrics.lines().find(is_received).map(|_| ())
    })
    .await;
    assert_ne!(send(acknowledged).await.status, 200, "still full");

    std::fs::remove_file(ballast).unwrap();
    until("records are taken again", async || {
        (send(acknowledged).await.status == 200).then_some(())
    })
    .await;
    acknowledged += 1;
    let total = acknowledged as u64 * 100;
    let sql = "SELECT count(*) FROM events WHERE source = 'app'";
    api.until_count(sql, total).await;
    let marker = "SELECT count(DISTINCT json_text(ocsf, 'unmapped.marker')) FROM events";
    assert_eq!(api.count(marker).await, total);
    api.until_account(["intake", "hosts", "kept", ""], 1).await;
    api.until_count("SELECT count(*) FROM raw WHERE source = 'hosts'", 1).await;
    server.stop().await;
    let (is_whole, report) = world.admin("verify");
    assert!(is_whole, "{report}");
    drop(small);
}
