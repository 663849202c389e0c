//! What leaves the house on paper or in a file: evidence bundles, reports, exports.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::world::DEADLINE;

/// A SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Waits for an event of a name on a live stream; gives its data.
pub async fn heard(mut stream: reqwest::Response, name: &str) -> Value {
    let wanted = format!("event: {name}\ndata: ");
    let mut text = String::new();
    let listen = async {
        loop {
            let piece = stream.chunk().await.unwrap().unwrap();
            text.push_str(std::str::from_utf8(&piece).unwrap());
            if let Some((_, after)) = text.split_once(&wanted)
                && let Some((data, _)) = after.split_once('\n')
            {
                return serde_json::from_str(data).unwrap();
            }
        }
    };
    tokio::time::timeout(DEADLINE, listen).await.unwrap()
}
