//! One HTTP/1.1 answer as it comes in over loopback: what the demo and the bench need of it.

/// A whole answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status; `None` when the first line has none.
    pub status: Option<u16>,
    /// Its body.
    pub body: String,
}

/// The answer, once all of it is there; `None` while something is still missing.
pub fn whole(bytes: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    if body.len() < length.unwrap_or(0_usize) {
        return None;
    }
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Some(Answer { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn an_answer_is_read_only_when_all_of_it_is_there() {
        let text = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 4\r\n\r\nwait";
        for cut in 0..text.len() {
            assert_eq!(whole(text.get(..cut).unwrap()), None, "{cut}");
        }
        let found = whole(text).unwrap();
        assert_eq!((found.status, found.body.as_str()), (Some(429), "wait"));
    }
}
