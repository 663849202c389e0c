use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapters::{AdapterError, Mark, Tail, TailConfig, TailFrom, TailPosition, TailPositions};
use model::Wire;
use tokio::task::JoinHandle;

use crate::support::{Bench, bench, texts};

#[derive(Default)]
struct Kept(Mutex<Vec<TailPosition>>);

impl TailPositions for Kept {
    fn load(&self, _: &Path) -> io::Result<Vec<TailPosition>> {
        Ok(self.0.lock().unwrap().clone())
    }
    fn mark(&self, _: &Path, _: &[TailPosition]) -> Option<Mark> {
        None
    }
    fn save(&self, _: &Path, positions: &[TailPosition]) -> io::Result<()> {
        *self.0.lock().unwrap() = positions.to_vec();
        Ok(())
    }
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn follow(
    bench: &Bench,
    config: &TailConfig,
    kept: &Arc<Kept>,
) -> JoinHandle<Result<(), AdapterError>> {
    let config = TailConfig { poll: Duration::from_millis(5), ..config.clone() };
    let kept = Arc::clone(kept) as Arc<dyn TailPositions>;
    tokio::spawn(Tail::prepare(config).unwrap().run(bench.wiring.clone(), kept))
}

#[tokio::test]
async fn a_file_is_followed_over_rotation_and_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    let kept = Arc::new(Kept::default());
    let config = TailConfig::of(&path);

    let mut first = bench();
    let task = follow(&first, &config, &kept);
    append(&path, "one\n{\"two\":2}\nthr");
    let records = first.receive(2).await;
    assert_eq!(texts(&records), ["one", "{\\\"two\\\":2}"]);
    assert_eq!((records[0].wire, records[1].wire), (Wire::Syslog, Wire::Json));
    assert_eq!(&*records[0].listener, "tail");
    append(&path, "ee\n");
    assert_eq!(texts(&first.receive(1).await), ["three"]);
    fs::rename(&path, folder.path().join("app.log.1")).unwrap();
    append(&path, "four\n");
    assert_eq!(texts(&first.receive(1).await), ["four"]);
    assert!(first.stop(task).await.is_empty());
    assert_eq!(first.counts.text(), "noted rotated 1, received 4");

    append(&path, "five\n");
    fs::rename(folder.path().join("app.log.1"), folder.path().join("app.log.2")).unwrap();
    fs::rename(&path, folder.path().join("app.log.1")).unwrap();
    append(&path, "six\n");

    let mut second = bench();
    let task = follow(&second, &config, &kept);
    assert_eq!(texts(&second.receive(2).await), ["five", "six"]);
    assert!(second.stop(task).await.is_empty());
    assert_eq!(second.counts.get("noted gap"), 0);
}

#[tokio::test]
async fn what_is_not_journalled_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    let kept = Arc::new(Kept::default());
    let config = TailConfig::of(&path);
    append(&path, "one\n");
    let mut first = bench();
    let task = follow(&first, &config, &kept);
    let batch = first.receiver.recv().await.unwrap();
    assert_eq!(texts(&batch.records), ["one"]);
    // As after a kill: nobody answers, nothing is saved.
    task.abort();
    let _ = task.await;
    drop(batch);
    let mut second = bench();
    let task = follow(&second, &config, &kept);
    assert_eq!(texts(&second.receive(1).await), ["one"]);
    second.stop(task).await;
}

#[tokio::test]
async fn csv_lines_get_the_header_of_their_file_after_a_restart_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("badges.csv");
    let kept = Arc::new(Kept::default());
    let config = TailConfig { wire: Some(Wire::Csv), ..TailConfig::of(&path) };
    append(&path, "when,who\n10:00,a\n");
    let mut first = bench();
    let task = follow(&first, &config, &kept);
    assert_eq!(texts(&first.receive(1).await), ["when,who\\n10:00,a"]);
    first.stop(task).await;
    append(&path, "10:01,b\n");
    let mut second = bench();
    let task = follow(&second, &config, &kept);
    assert_eq!(texts(&second.receive(1).await), ["when,who\\n10:01,b"]);
    second.stop(task).await;
}

#[tokio::test]
async fn the_end_of_a_file_is_a_place_to_begin() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    append(&path, "old\nunfin");
    let config = TailConfig { from: TailFrom::End, ..TailConfig::of(&path) };
    let mut bench = bench();
    let kept = Arc::new(Kept::default());
    let task = follow(&bench, &config, &kept);
    while kept.0.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    bench.stop(task).await;
    // Where it began is remembered although nothing was read.
    append(&path, "ished\n");
    let mut second = crate::support::bench();
    let task = follow(&second, &config, &kept);
    assert_eq!(texts(&second.receive(1).await), ["unfinished"]);
    second.stop(task).await;
}

#[test]
fn a_folder_that_is_not_there_is_named_at_once() {
    let said = Tail::prepare(TailConfig::of(Path::new("/absent/app.log"))).unwrap_err().to_string();
    assert!(
        said.starts_with("cannot read the folder of the followed file `/absent/app.log`"),
        "{said}"
    );
}
