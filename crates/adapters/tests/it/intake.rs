use std::sync::Arc;

use adapters::{AckOutcome, Batch, IntakeLimits, Observed, TrySendError, intake};
use model::{Timestamp, Trust, Wire};
use tokio::sync::oneshot;

fn batch(records: usize, bytes_each: usize) -> Batch {
    let record = Observed {
        received_at: Timestamp::from_secs(0),
        wire: Wire::Syslog,
        listener: Arc::from("test"),
        peer: None,
        topic: None,
        trust: Trust::None,
        identity: None,
        bytes_cut: 0,
        body: vec![b'x'; bytes_each],
    };
    Batch { records: vec![record; records], ack: None, mark: None }
}

#[tokio::test]
async fn the_queue_is_full_by_records_or_by_bytes_and_frees_on_receipt() {
    let (tx, mut rx) = intake(IntakeLimits { records_max: 10, bytes_max: 8 * 1024 });
    tx.try_send(batch(9, 1)).unwrap();
    assert!(matches!(
        tx.try_send(batch(2, 1)),
        Err(TrySendError::Full(given)) if given.records.len() == 2
    ));
    assert_eq!(tx.records_queued(), 9);
    rx.recv().await.unwrap();
    tx.try_send(batch(2, 4 * 1024)).unwrap();
    assert!(matches!(tx.try_send(batch(1, 1)), Err(TrySendError::Full(_))));
    rx.recv().await.unwrap();
    assert_eq!((tx.records_queued(), tx.bytes_queued()), (0, 0));
}

#[tokio::test]
async fn a_batch_larger_than_the_queue_passes_alone() {
    let (tx, mut rx) = intake(IntakeLimits { records_max: 10, bytes_max: 8 * 1024 });
    tx.try_send(batch(1, 1)).unwrap();
    let waiting = tokio::spawn({
        let tx = tx.clone();
        async move { tx.send(batch(50, 1024)).await }
    });
    assert_eq!(rx.recv().await.unwrap().records.len(), 1);
    assert_eq!(rx.recv().await.unwrap().records.len(), 50);
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn who_waits_for_room_hears_that_the_receiver_is_gone() {
    let (tx, rx) = intake(IntakeLimits { records_max: 1, bytes_max: 1024 });
    tx.try_send(batch(1, 1)).unwrap();
    let waiting = tokio::spawn({
        let tx = tx.clone();
        async move { tx.send(batch(1, 1)).await }
    });
    tokio::task::yield_now().await;
    drop(rx);
    assert!(waiting.await.unwrap().is_err());
    assert!(tx.try_send(batch(1, 1)).is_err());
}

#[tokio::test]
async fn an_empty_batch_is_acknowledged_without_queueing() {
    let (tx, _rx) = intake(IntakeLimits::default());
    let (ack, answer) = oneshot::channel();
    tx.send(Batch { records: Vec::new(), ack: Some(ack), mark: None }).await.unwrap();
    assert_eq!(answer.await.unwrap(), AckOutcome::Journalled);
}
