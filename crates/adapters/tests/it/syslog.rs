use std::net::{SocketAddr, TcpListener as StdListener, UdpSocket as StdUdp};
use std::os::fd::OwnedFd;
use std::process::Command;
use std::time::Duration;

use adapters::{
    AdapterError, IntakeLimits, StreamLimits, SyslogTcp, SyslogTcpConfig, SyslogUdp,
    SyslogUdpConfig,
};
use model::{Trust, Wire};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::support::{Bench, PATIENCE, bench, bench_with, text, texts};

fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn tcp(bench: &Bench, limits: StreamLimits) -> (SocketAddr, JoinHandle<Result<(), AdapterError>>) {
    let bound = SyslogTcp::bind(SyslogTcpConfig { address: loopback(), limits }).unwrap();
    (bound.local_addr(), tokio::spawn(bound.run(bench.wiring.clone())))
}

#[tokio::test]
async fn a_datagram_is_a_record_whatever_its_bytes() {
    let mut bench = bench();
    let bound = SyslogUdp::bind(SyslogUdpConfig::at(loopback())).unwrap();
    let address = bound.local_addr();
    let task = tokio::spawn(bound.run(bench.wiring.clone()));
    let sender = StdUdp::bind("127.0.0.1:0").unwrap();
    for datagram in [&b"<34>1 - - - - - - caf\xc3\xa9"[..], b"", b"\xff\xfe\x00\n", &[b'x'; 60_000]]
    {
        sender.send_to(datagram, address).unwrap();
    }
    let records = bench.receive(3).await;
    assert_eq!(text(&records[0]), "<34>1 - - - - - - caf\\xc3\\xa9");
    assert_eq!(text(&records[1]), "\\xff\\xfe\\x00\\n");
    assert_eq!((records[2].body.len(), records[2].bytes_cut), (60_000, 0));
    assert_eq!(records[0].peer.as_deref(), Some("127.0.0.1"));
    assert_eq!(
        (&*records[0].listener, records[0].wire, records[0].trust),
        ("syslog_udp", Wire::Syslog, Trust::None)
    );
    assert!(records[0].received_at < records[1].received_at);
    bench.stop(task).await;
    assert_eq!(bench.counts.text(), "received 4, rejected empty 1");
}

#[tokio::test]
async fn datagrams_that_find_a_full_queue_are_counted() {
    let mut bench = bench_with(IntakeLimits { records_max: 10, bytes_max: 1 << 20 });
    let mut config = SyslogUdpConfig::at(loopback());
    config.room_wait_max = Duration::ZERO;
    let bound = SyslogUdp::bind(config).unwrap();
    let sender = StdUdp::bind("127.0.0.1:0").unwrap();
    sender.connect(bound.local_addr()).unwrap();
    let task = tokio::spawn(bound.run(bench.wiring.clone()));
    for number in 0..100_u64 {
        sender.send(format!("<1>{number}").as_bytes()).unwrap();
        bench.counts.until("received", number + 1).await;
    }
    let kept = bench.stop(task).await.len() as u64;
    assert!(kept >= 10, "{kept}");
    assert_eq!(bench.counts.get("dropped queue_full") + kept, 100);
}

#[tokio::test]
async fn datagrams_that_the_kernel_drops_are_counted_exactly() {
    let mut bench = bench();
    let mut config = SyslogUdpConfig::at(loopback());
    config.receive_buffer_bytes = 4 * 1024;
    let bound = SyslogUdp::bind(config).unwrap();
    let sender = StdUdp::bind("127.0.0.1:0").unwrap();
    for _ in 0..500 {
        sender.send_to(&[b'x'; 500], bound.local_addr()).unwrap();
    }
    let task = tokio::spawn(bound.run(bench.wiring.clone()));
    let kept = bench.stop(task).await.len() as u64;
    let lost = bench.counts.get("dropped kernel_buffer");
    assert!(kept > 0 && lost > 0, "kept {kept}, lost {lost}");
    assert_eq!((bench.counts.get("received"), kept + lost), (500, 500));
}

#[tokio::test]
async fn framings_may_alternate_on_one_connection() {
    let mut bench = bench();
    let (address, task) = tcp(&bench, StreamLimits::default());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let sent = b"<1>line\n11 <2>counted!<3>crlf\r\n\n8 <4>a\nb\xffc\xef\xbb\xbf<5>bom\n<6>last";
    // Cut at every byte, so that frames are put together over reads.
    for byte in sent {
        stream.write_all(&[*byte]).await.unwrap();
        stream.flush().await.unwrap();
    }
    drop(stream);
    let records = bench.receive(6).await;
    assert_eq!(
        texts(&records),
        ["<1>line", "<2>counted!", "<3>crlf", "<4>a\\nb\\xffc", "\\xef\\xbb\\xbf<5>bom", "<6>last",]
    );
    assert_eq!(records[0].peer.as_deref(), Some("127.0.0.1"));
    bench.counts.until("noted disconnected", 1).await;
    bench.stop(task).await;
    assert_eq!(bench.counts.text(), "noted connected 1, noted disconnected 1, received 6");
}

#[tokio::test]
async fn a_line_of_20_mb_is_cut_and_the_next_one_kept() {
    const CHUNK: usize = 64 * 1024;
    let mut bench = bench();
    let (address, task) = tcp(&bench, StreamLimits::default());
    let sending = tokio::spawn(async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        for _ in 0..320 {
            stream.write_all(&[b'x'; CHUNK]).await.unwrap();
        }
        stream.write_all(b"\n<1>next\n").await.unwrap();
    });
    let records = bench.receive(2).await;
    let kept = adapters::limits::RECORD_BYTES_MAX;
    assert_eq!(records[0].body.len(), kept);
    assert_eq!(records[0].bytes_cut, (320 * CHUNK - kept) as u64);
    assert_eq!(text(&records[1]), "<1>next");
    sending.await.unwrap();
    bench.stop(task).await;
    assert_eq!(bench.counts.get("noted truncated"), 1);
}

#[tokio::test]
async fn a_full_queue_pushes_back_and_loses_nothing() {
    const LINES: usize = 200_000;
    let mut bench = bench_with(IntakeLimits { records_max: 5_000, bytes_max: 1 << 30 });
    let (address, task) = tcp(&bench, StreamLimits::default());
    let sending = tokio::spawn(async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let lines: String = (0..LINES).map(|number| format!("<1>{number}\n")).collect();
        stream.write_all(lines.as_bytes()).await.unwrap();
    });
    let mut next = 0;
    while next < LINES {
        for record in bench.receive(1).await {
            assert_eq!(text(&record), format!("<1>{next}"));
            next += 1;
        }
        assert!(bench.intake.records_queued() <= 5_000);
    }
    sending.await.unwrap();
    bench.stop(task).await;
    assert_eq!(bench.counts.get("received"), LINES as u64);
}

#[tokio::test]
async fn one_busy_connection_does_not_silence_another() {
    let mut bench = bench_with(IntakeLimits { records_max: 1_000, bytes_max: 1 << 30 });
    let (address, task) = tcp(&bench, StreamLimits::default());
    let busy = tokio::spawn(async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let flood = "<1>busy\n".repeat(8_000);
        while stream.write_all(flood.as_bytes()).await.is_ok() {}
    });
    bench.receive(20_000).await;
    let mut quiet = TcpStream::connect(address).await.unwrap();
    quiet.write_all(b"<2>quiet\n").await.unwrap();
    let mut seen = 0;
    while !bench.receive(1).await.iter().any(|record| record.body == b"<2>quiet") {
        seen += 1;
        assert!(seen < 100, "the quiet connection waits for {seen} batches of the busy one");
    }
    busy.abort();
    bench.stop(task).await;
}

#[tokio::test]
async fn the_connection_limit_closes_the_next_one() {
    let mut bench = bench();
    let limits = StreamLimits { connections_max: 1, ..StreamLimits::default() };
    let (address, task) = tcp(&bench, limits);
    let mut first = TcpStream::connect(address).await.unwrap();
    bench.counts.until("noted connected", 1).await;
    let mut second = TcpStream::connect(address).await.unwrap();
    assert_eq!(second.read(&mut [0; 8]).await.unwrap_or(0), 0);
    first.write_all(b"<1>still served\n").await.unwrap();
    assert_eq!(texts(&bench.receive(1).await), ["<1>still served"]);
    drop(first);
    bench.counts.until("noted disconnected", 1).await;
    // Its place is free again.
    let mut third = TcpStream::connect(address).await.unwrap();
    third.write_all(b"<1>third\n").await.unwrap();
    assert_eq!(texts(&bench.receive(1).await), ["<1>third"]);
    bench.stop(task).await;
    assert_eq!(bench.counts.get("noted connection_limit"), 1);
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let mut bench = bench();
    let limits = StreamLimits { idle_max: Duration::from_millis(20), ..StreamLimits::default() };
    let (address, task) = tcp(&bench, limits);
    let mut stream = TcpStream::connect(address).await.unwrap();
    let closed = tokio::time::timeout(PATIENCE, stream.read(&mut [0; 8])).await.unwrap();
    assert_eq!(closed.unwrap_or(0), 0);
    bench.stop(task).await;
    assert_eq!(bench.counts.get("noted idle"), 1);
}

#[tokio::test]
async fn a_connection_that_breaks_inside_a_frame_is_a_counted_loss() {
    let mut bench = bench();
    let (address, task) = tcp(&bench, StreamLimits::default());
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"<1>whole\n<1>brok").await.unwrap();
    assert_eq!(texts(&bench.receive(1).await), ["<1>whole"]);
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
    bench.counts.until("dropped partial_frame", 1).await;
    // A count that promised more than came is short even if the sender closed properly.
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"99 <1>short").await.unwrap();
    drop(stream);
    bench.counts.until("dropped partial_frame", 2).await;
    assert!(bench.stop(task).await.is_empty());
    assert_eq!(bench.counts.get("received"), 3);
}

#[tokio::test]
async fn a_port_in_use_says_by_what() {
    // `sleep` holds the listening socket as its standard input.
    let held = StdListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    let mut holder = Command::new("sleep").arg("60").stdin(OwnedFd::from(held)).spawn().unwrap();
    let said = SyslogTcp::bind(SyslogTcpConfig::at(address)).unwrap_err().to_string();
    let pid = holder.id();
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(
        said,
        format!("syslog_tcp cannot listen on {address}: in use by `sleep` (pid {pid})")
    );
    SyslogTcp::bind(SyslogTcpConfig::at(address)).unwrap();
}

#[tokio::test]
async fn a_udp_port_of_our_own_is_named_as_such() {
    let first = SyslogUdp::bind(SyslogUdpConfig::at(loopback())).unwrap();
    let address = first.local_addr();
    let said = SyslogUdp::bind(SyslogUdpConfig::at(address)).unwrap_err().to_string();
    assert_eq!(
        said,
        format!(
            "syslog_udp cannot listen on {address}: in use by another listener of this program"
        )
    );
    let elsewhere = "192.0.2.1:5514".parse().unwrap();
    let said = SyslogUdp::bind(SyslogUdpConfig::at(elsewhere)).unwrap_err().to_string();
    assert_eq!(
        said,
        "syslog_udp cannot listen on 192.0.2.1:5514: this machine has no such address"
    );
}
