//! Work on whole rights, on a thread of its own: what it needed beside its result does not stay
//! with this process.

use std::hint::black_box;
use std::time::Duration;

use tokio::sync::oneshot;

/// What is free goes back to the system this long after it was let go of, and not before; then
/// some thread has to end.
/// SOURCE: mimalloc 3, `purge_delay`: 1000 ms.
const GIVE_BACK_AFTER: Duration = Duration::from_millis(2_500);

/// Runs `work` on a thread that ends with it: an allocator keeps what a thread has freed for that
/// thread. Fails where the system gives no thread, or the work ended in a panic.
pub async fn run<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<T> {
    let (tell, told) = oneshot::channel();
    let run = move || drop(tell.send(work()));
    std::thread::Builder::new().name("rights".into()).spawn(run)?;
    told.await.map_err(std::io::Error::other)
}

/// Soon after, has the allocator give back what is free. A quiet edge ends no thread by itself.
pub fn give_back() {
    tokio::spawn(async {
        tokio::time::sleep(GIVE_BACK_AFTER).await;
        // A thread that never asked for memory is none that the allocator knows.
        let ends = || drop(black_box(Box::new([0_u8; 64])));
        if let Err(error) = std::thread::Builder::new().name("rights".into()).spawn(ends) {
            tracing::debug!(%error, "no thread to give memory back with");
        }
    });
}
