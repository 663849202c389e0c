//! Frames: four bytes of length, big-endian, and so many bytes.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

/// How long the rest of a frame may take once its first byte has come, and how long a frame may
/// take to be taken: a peer that is slower is cut off.
pub const FRAME_TIME_MAX: Duration = Duration::from_secs(60);
/// Read at once: a length that lies makes nobody reserve more than this.
const PIECE_BYTES: usize = 64 << 10;

/// Why no frame could be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Longer than this exchange allows.
    #[error("a frame of {found} bytes, at most {max} are taken")]
    TooLong {
        /// What its head says.
        found: usize,
        /// The bound.
        max: usize,
    },
    /// The connection ended within a frame.
    #[error("the connection ended {missing} bytes before the frame did")]
    Cut {
        /// How many bytes were to come.
        missing: usize,
    },
    /// The peer is too slow.
    #[error("a frame took longer than {} s", FRAME_TIME_MAX.as_secs())]
    Slow,
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
}

/// The next frame; `None`: the peer ended the connection between two frames. `max`: the longest
/// body that is taken, in bytes. Waits for its first byte as long as that takes.
///
/// Not safe to be given up half-way: run it on a task of its own.
pub async fn read<R: AsyncRead + Unpin>(
    from: &mut R,
    max: usize,
) -> Result<Option<Vec<u8>>, FrameError> {
    let mut head = [0_u8; 4];
    let first = match from.read(&mut head).await {
        Ok(0) => return Ok(None),
        Ok(first) => first,
        // TLS says so when a peer goes without taking leave: the same as an end.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match timeout(FRAME_TIME_MAX, rest(from, (head, first), max)).await {
        Ok(read) => read.map(Some),
        Err(_) => Err(FrameError::Slow),
    }
}

async fn rest<R: AsyncRead + Unpin>(
    from: &mut R,
    (mut head, first): ([u8; 4], usize),
    max: usize,
) -> Result<Vec<u8>, FrameError> {
    let mut had = first;
    while let Some(to_come) = head.get_mut(had..).filter(|rest| !rest.is_empty()) {
        match from.read(to_come).await? {
            0 => return Err(FrameError::Cut { missing: 4 - had }),
            more => had += more,
        }
    }
    let found = usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX);
    if found > max {
        return Err(FrameError::TooLong { found, max });
    }
    let mut body = Vec::with_capacity(found.min(PIECE_BYTES));
    while body.len() < found {
        let wanted = (found - body.len()).min(PIECE_BYTES);
        let limit = u64::try_from(wanted).unwrap_or(u64::MAX);
        match (&mut *from).take(limit).read_to_end(&mut body).await {
            Ok(0) => return Err(FrameError::Cut { missing: found - body.len() }),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(FrameError::Cut { missing: found - body.len() });
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(body)
}

/// Writes a frame and sees it off. A peer that takes nothing for [`FRAME_TIME_MAX`] is given up.
pub async fn write<W: AsyncWrite + Unpin>(to: &mut W, body: &[u8]) -> Result<(), FrameError> {
    let too_long = || FrameError::TooLong { found: body.len(), max: u32::MAX as usize };
    let head = u32::try_from(body.len()).map_err(|_| too_long())?.to_be_bytes();
    let sent = async {
        to.write_all(&head).await?;
        to.write_all(body).await?;
        to.flush().await
    };
    match timeout(FRAME_TIME_MAX, sent).await {
        Ok(sent) => Ok(sent?),
        Err(_) => Err(FrameError::Slow),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
    use super::*;

    async fn read_all(bytes: &[u8], max: usize) -> (Vec<Vec<u8>>, Option<FrameError>) {
        let mut from = bytes;
        let mut frames = Vec::new();
        loop {
            match read(&mut from, max).await {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => return (frames, None),
                Err(error) => return (frames, Some(error)),
            }
        }
    }

    #[tokio::test]
    async fn frames_come_back_whole_and_a_cut_one_is_told_wherever_it_was_cut() {
        let bodies: [&[u8]; 4] = [b"one", b"", &[7; 200_000], b"last"];
        let mut wire = Vec::new();
        for body in bodies {
            write(&mut wire, body).await.unwrap();
        }
        let (frames, error) = read_all(&wire, 1 << 20).await;
        assert_eq!(frames, bodies);
        assert!(error.is_none());
        let ends = [7, 11, 200_015, 200_023];
        for cut in (0..40).chain([100, 70_000, 200_014, 200_015, 200_017, 200_020]) {
            let (frames, error) = read_all(&wire[..cut], 1 << 20).await;
            let whole = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(frames.len(), whole, "cut at {cut}");
            let is_between = cut == 0 || ends.contains(&cut);
            assert_eq!(error.is_none(), is_between, "cut at {cut}: {error:?}");
        }
    }

    #[tokio::test]
    async fn a_length_that_is_too_long_or_lies_reserves_nothing() {
        let (frames, error) = read_all(&[0xff, 0xff, 0xff, 0xff, 1], 1000).await;
        assert!(frames.is_empty());
        assert_eq!(
            error.unwrap().to_string(),
            "a frame of 4294967295 bytes, at most 1000 are taken"
        );
        let (_, error) = read_all(&[0x7f, 0xff, 0xff, 0xff, 1], usize::MAX).await;
        let said = error.unwrap().to_string();
        assert_eq!(said, "the connection ended 2147483646 bytes before the frame did");
    }
}
