//! Syslog over a byte stream: finds the frames, whichever way each was framed.
//!
//! Owns at most one frame and one unread chunk. Never reads a message's content beyond its frame,
//! and gives the same frames however the stream was cut into chunks.
//!
//! SOURCE: RFC 6587 sections 3.4.1 (octet counting) and 3.4.2 (trailer, with NUL as seen there).

use crate::bytes::{span, tail};

/// An octet count longer than this is no count, but text that begins with digits.
const COUNT_DIGITS_MAX: usize = 9;

/// What ended a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Its octet count was reached.
    Counted,
    /// A line feed, with or without carriage return.
    Newline,
    /// A NUL byte.
    Nul,
    /// The stream ended before the frame did.
    EndOfStream,
}

/// One frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The message, without octet count and trailer; at most the deframer's limit.
    pub bytes: &'a [u8],
    /// Whether bytes of this message are missing: cut at the limit, or the stream ended inside an
    /// octet-counted frame.
    pub truncated: bool,
    /// How many received bytes of this message were thrown away at the limit.
    pub bytes_dropped: u64,
    /// What ended it.
    pub ending: Ending,
}

/// Cuts one connection's bytes into frames.
///
/// Call [`push`](Self::push) with what was read, then [`next`](Self::next) until it gives `None`;
/// at the end of the stream [`finish`](Self::finish) until it gives `None`. Holds at most
/// `max_frame_bytes` of a frame plus the chunk pushed last.
#[derive(Debug)]
pub struct Deframer {
    buffer: Vec<u8>,
    /// Bytes of `buffer` that were handed out or skipped.
    start: usize,
    /// Bytes after `start` that are known to hold no trailer.
    scanned: usize,
    frame_bytes_max: usize,
    /// The part kept of a frame that is being skipped.
    held: Vec<u8>,
    state: State,
    /// Whether this sender has been seen to end its frames by NUL.
    is_nul_trailer_known: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a frame.
    Between,
    /// In a frame ended by a trailer.
    Line,
    /// The same, beyond the limit.
    SkippedLine { dropped: u64 },
    /// In a frame of a known length.
    Counted { length: usize },
    /// The same, beyond the limit: so many bytes still to come.
    SkippedCounted { left: usize, dropped: u64 },
}

/// A finished frame as positions, so that the buffer is borrowed only once it is complete.
enum Cut {
    Buffer { start: usize, end: usize, truncated: bool, bytes_dropped: u64, ending: Ending },
    Held { bytes_dropped: u64, ending: Ending },
}

enum Step {
    Again,
    Done(Cut),
    NeedMore,
}

impl Deframer {
    /// A deframer for a new connection; frames longer than `max_frame_bytes` are cut there.
    #[must_use]
    pub const fn new(max_frame_bytes: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            frame_bytes_max: max_frame_bytes,
            held: Vec::new(),
            state: State::Between,
            is_nul_trailer_known: false,
        }
    }

    /// Takes bytes as read from the connection.
    pub fn push(&mut self, chunk: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(chunk);
    }

    /// The next complete frame of what was pushed.
    #[expect(clippy::should_implement_trait, reason = "frames borrow from the deframer")]
    pub fn next(&mut self) -> Option<Frame<'_>> {
        loop {
            match self.step(false) {
                Step::Again => {}
                Step::Done(cut) => return Some(self.frame(cut)),
                Step::NeedMore => return None,
            }
        }
    }

    /// After the stream's end: the frames that are left, the unterminated one last.
    pub fn finish(&mut self) -> Option<Frame<'_>> {
        loop {
            match self.step(true) {
                Step::Again => {}
                Step::Done(cut) => return Some(self.frame(cut)),
                Step::NeedMore => return None,
            }
        }
    }

    /// Memory held, in bytes.
    #[must_use]
    pub const fn memory_bytes(&self) -> usize {
        self.buffer.capacity() + self.held.capacity()
    }

    /// Whether a frame has begun and not ended.
    #[must_use]
    pub fn is_inside_frame(&self) -> bool {
        self.state != State::Between || self.start < self.buffer.len()
    }

    fn frame(&self, cut: Cut) -> Frame<'_> {
        match cut {
            Cut::Buffer { start, end, truncated, bytes_dropped, ending } => {
                Frame { bytes: span(&self.buffer, start, end), truncated, bytes_dropped, ending }
            }
            Cut::Held { bytes_dropped, ending } => {
                Frame { bytes: &self.held, truncated: true, bytes_dropped, ending }
            }
        }
    }

    fn step(&mut self, is_end: bool) -> Step {
        match self.state {
            State::Between => self.begin(is_end),
            State::Line => self.line(is_end),
            State::SkippedLine { dropped } => self.skipped_line(dropped, is_end),
            State::Counted { length } => self.counted(length, is_end),
            State::SkippedCounted { left, dropped } => self.skipped_counted(left, dropped, is_end),
        }
    }

    /// Decides how the next frame is framed: `123 <` is an octet count, anything else a line.
    fn begin(&mut self, is_end: bool) -> Step {
        let rest = tail(&self.buffer, self.start);
        let empty = rest.iter().take_while(|byte| matches!(byte, b'\n' | 0)).count();
        self.start += empty;
        let rest = tail(&self.buffer, self.start);
        if rest.is_empty() {
            return Step::NeedMore;
        }
        let digits =
            rest.iter().take(COUNT_DIGITS_MAX + 1).take_while(|b| b.is_ascii_digit()).count();
        let is_count = (1..=COUNT_DIGITS_MAX).contains(&digits) && rest.first() != Some(&b'0');
        if is_count {
            match (rest.get(digits), rest.get(digits + 1)) {
                (Some(b' '), Some(b'<')) => {
                    let length = decimal(span(rest, 0, digits));
                    self.start += digits + 1;
                    self.state = State::Counted { length };
                    return Step::Again;
                }
                (None, _) | (Some(b' '), None) if !is_end => return Step::NeedMore,
                _ => {}
            }
        }
        self.scanned = 0;
        self.state = State::Line;
        Step::Again
    }

    fn line(&mut self, is_end: bool) -> Step {
        let (length, trailer) = match self.find_trailer(is_end) {
            Ok((length, ending)) => (length, Some(ending)),
            Err(length) => (length, None),
        };
        let Some(ending) = trailer else {
            self.scanned = length;
            if length > self.frame_bytes_max {
                let dropped = (length - self.frame_bytes_max) as u64;
                self.hold(length);
                self.state = State::SkippedLine { dropped };
                return Step::Again;
            }
            if !is_end {
                return Step::NeedMore;
            }
            return self.last_line(length);
        };
        let start = self.start;
        self.start += length + 1;
        self.state = State::Between;
        if length > self.frame_bytes_max {
            return Step::Done(Cut::Buffer {
                start,
                end: start + self.frame_bytes_max,
                truncated: true,
                bytes_dropped: (length - self.frame_bytes_max) as u64,
                ending,
            });
        }
        self.whole_line(start, start + length, ending)
    }

    /// The unterminated rest of the stream.
    fn last_line(&mut self, length: usize) -> Step {
        let start = self.start;
        self.start += length;
        self.state = State::Between;
        if length == 0 {
            return Step::NeedMore;
        }
        self.whole_line(start, start + length, Ending::EndOfStream)
    }

    /// A line within the limit, without the carriage return that some put before the line feed.
    fn whole_line(&self, start: usize, end: usize, ending: Ending) -> Step {
        let line = span(&self.buffer, start, end);
        let end = if line.ends_with(b"\r") { end - 1 } else { end };
        if start == end {
            return Step::Again;
        }
        Step::Done(Cut::Buffer { start, end, truncated: false, bytes_dropped: 0, ending })
    }

    fn skipped_line(&mut self, dropped: u64, is_end: bool) -> Step {
        match self.find_trailer(is_end) {
            Ok((length, ending)) => {
                self.start += length + 1;
                self.state = State::Between;
                Step::Done(Cut::Held { bytes_dropped: dropped + length as u64, ending })
            }
            Err(length) => {
                self.start += length;
                self.scanned = 0;
                let bytes_dropped = dropped + length as u64;
                self.state = State::SkippedLine { dropped: bytes_dropped };
                if !is_end {
                    return Step::NeedMore;
                }
                self.state = State::Between;
                Step::Done(Cut::Held { bytes_dropped, ending: Ending::EndOfStream })
            }
        }
    }

    fn counted(&mut self, length: usize, is_end: bool) -> Step {
        let start = self.start;
        let received = self.buffer.len() - start;
        let ending = if received < length { Ending::EndOfStream } else { Ending::Counted };
        if length > self.frame_bytes_max {
            if received <= self.frame_bytes_max {
                return self.unfinished_count(received, is_end);
            }
            let kept = self.frame_bytes_max;
            self.held.clear();
            self.held.extend_from_slice(span(&self.buffer, start, start + kept));
            self.start += kept;
            self.state = State::SkippedCounted { left: length - kept, dropped: 0 };
            return Step::Again;
        }
        if received < length {
            return self.unfinished_count(received, is_end);
        }
        self.start += length;
        self.state = State::Between;
        let end = start + length;
        Step::Done(Cut::Buffer { start, end, truncated: false, bytes_dropped: 0, ending })
    }

    /// Fewer bytes than the count promised: wait, or at the end hand out what there is.
    fn unfinished_count(&mut self, received: usize, is_end: bool) -> Step {
        if !is_end {
            return Step::NeedMore;
        }
        let start = self.start;
        self.start += received;
        self.state = State::Between;
        Step::Done(Cut::Buffer {
            start,
            end: start + received,
            truncated: true,
            bytes_dropped: 0,
            ending: Ending::EndOfStream,
        })
    }

    fn skipped_counted(&mut self, left: usize, dropped: u64, is_end: bool) -> Step {
        let here = left.min(self.buffer.len() - self.start);
        self.start += here;
        let bytes_dropped = dropped + here as u64;
        if here < left && !is_end {
            self.state = State::SkippedCounted { left: left - here, dropped: bytes_dropped };
            return Step::NeedMore;
        }
        self.state = State::Between;
        let ending = if here < left { Ending::EndOfStream } else { Ending::Counted };
        Step::Done(Cut::Held { bytes_dropped, ending })
    }

    /// Keeps the first bytes of a line that has grown beyond the limit and skips the rest so far.
    fn hold(&mut self, length: usize) {
        let kept = span(&self.buffer, self.start, self.start + self.frame_bytes_max);
        self.held.clear();
        self.held.extend_from_slice(kept);
        self.start += length;
        self.scanned = 0;
    }

    /// The length of the line and what ends it, or how many bytes are known to hold no end.
    ///
    /// A NUL ends a line when `<` follows; once a sender has done that, always. Before that it may
    /// as well be part of a message, and waits for the byte after it.
    fn find_trailer(&mut self, is_end: bool) -> Result<(usize, Ending), usize> {
        let rest = tail(&self.buffer, self.start);
        let mut at = self.scanned;
        while let Some(step) = memchr::memchr2(b'\n', 0, tail(rest, at)) {
            at += step;
            if rest.get(at) == Some(&b'\n') {
                return Ok((at, Ending::Newline));
            }
            if self.is_nul_trailer_known {
                return Ok((at, Ending::Nul));
            }
            match rest.get(at + 1) {
                Some(b'<') => {
                    self.is_nul_trailer_known = true;
                    return Ok((at, Ending::Nul));
                }
                Some(_) => at += 1,
                None if is_end => return Ok((at, Ending::Nul)),
                None => return Err(at),
            }
        }
        Err(rest.len())
    }
}

fn decimal(digits: &[u8]) -> usize {
    digits.iter().fold(0, |value, digit| value * 10 + usize::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::{Deframer, Ending};
    use proptest::prelude::*;

    type Owned = (Vec<u8>, bool, u64, Ending);

    fn frames<'a>(chunks: impl IntoIterator<Item = &'a [u8]>, max: usize) -> Vec<Owned> {
        let mut deframer = Deframer::new(max);
        let mut found = Vec::new();
        for chunk in chunks {
            deframer.push(chunk);
            while let Some(frame) = deframer.next() {
                found.push((
                    frame.bytes.to_vec(),
                    frame.truncated,
                    frame.bytes_dropped,
                    frame.ending,
                ));
            }
        }
        while let Some(frame) = deframer.finish() {
            found.push((frame.bytes.to_vec(), frame.truncated, frame.bytes_dropped, frame.ending));
        }
        found
    }

    fn check(stream: &[u8], max: usize, expected: &[&str]) {
        let render = |found: Vec<Owned>| {
            found
                .into_iter()
                .map(|(bytes, truncated, dropped, ending)| {
                    let cut = if truncated { format!(" cut={dropped}") } else { String::new() };
                    format!("{:?} {}{cut}", ending, bytes.escape_ascii())
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(render(frames([stream], max)), expected);
        assert_eq!(render(frames(stream.chunks(1), max)), expected, "byte by byte");
    }

    #[test]
    fn both_framings_may_alternate() {
        check(
            b"11 <1>counted!<2>line\r\n\n12 <3>has\na nl!\n<4>last",
            99,
            &[
                "Counted <1>counted!",
                "Newline <2>line",
                "Counted <3>has\\na nl!",
                "EndOfStream <4>last",
            ],
        );
    }

    #[test]
    fn text_that_begins_with_digits_is_no_count() {
        check(
            b"2026 was\n0 <1>x\n99999999999 <1>y\n",
            99,
            &["Newline 2026 was", "Newline 0 <1>x", "Newline 99999999999 <1>y"],
        );
    }

    #[test]
    fn oversized_frames_are_cut_and_the_rest_counted() {
        check(b"<1>0123456789\n<2>ok\n", 6, &["Newline <1>012 cut=7", "Newline <2>ok"]);
        check(b"13 <1>0123456789<2>ok\n", 6, &["Counted <1>012 cut=7", "Newline <2>ok"]);
        check(b"<1>0123456789", 6, &["EndOfStream <1>012 cut=7"]);
        check(b"13 <1>0123456", 6, &["EndOfStream <1>012 cut=4"]);
    }

    #[test]
    fn a_count_that_promises_too_much_gives_what_came() {
        check(b"50 <1>short", 99, &["EndOfStream <1>short cut=0"]);
        check(b"50 <1>short", 20, &["EndOfStream <1>short cut=0"]);
        check(b"12", 20, &["EndOfStream 12"]);
    }

    #[test]
    fn nul_ends_a_frame_where_a_frame_follows() {
        check(b"<1>a\0<2>b\0<3>c\0", 99, &["Nul <1>a", "Nul <2>b", "Nul <3>c"]);
        check(b"<1>a\0b\n<2>c\n", 99, &["Newline <1>a\\x00b", "Newline <2>c"]);
    }

    #[test]
    fn a_line_of_100_mb_needs_one_frame_of_memory() {
        let mut deframer = Deframer::new(64 * 1024);
        let chunk = vec![b'x'; 64 * 1024];
        for _ in 0..1600 {
            deframer.push(&chunk);
            assert!(deframer.next().is_none());
            assert!(deframer.memory_bytes() <= 512 * 1024);
        }
        deframer.push(b"\n<1>next\n");
        let first = deframer.next().map(|frame| (frame.bytes.len(), frame.bytes_dropped));
        assert_eq!(first, Some((64 * 1024, 1599 * 64 * 1024)));
        assert_eq!(deframer.next().map(|frame| frame.bytes.to_vec()), Some(b"<1>next".to_vec()));
    }

    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            "<[0-9]{1,3}>[a-c]{0,30}\r?\n".prop_map(String::into_bytes),
            "<1>[a-c\n]{0,20}".prop_map(|text| format!("{} {text}", text.len()).into_bytes()),
            "[0-9]{1,12} ?<?[a-c]{0,5}".prop_map(String::into_bytes),
            "<9>[a-c]{0,9}".prop_map(|text| [text.as_bytes(), b"\0"].concat()),
            proptest::collection::vec(any::<u8>(), 0..12),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn chunks_make_no_difference(
            stream in stream(),
            cuts in proptest::collection::vec(0_usize..40, 0..60),
            max in 1_usize..40,
        ) {
            let mut chunks = Vec::new();
            let mut rest = stream.as_slice();
            for cut in cuts {
                let (chunk, after) = rest.split_at(cut.min(rest.len()));
                chunks.push(chunk);
                rest = after;
            }
            chunks.push(rest);
            prop_assert_eq!(frames(chunks, max), frames([stream.as_slice()], max));
        }

        #[test]
        fn no_frame_exceeds_the_limit_and_no_byte_is_made_up(
            stream in stream(),
            max in 1_usize..40,
        ) {
            let found = frames([stream.as_slice()], max);
            let total: u64 = found.iter().map(|frame| frame.0.len() as u64 + frame.2).sum();
            prop_assert!(total <= stream.len() as u64);
            prop_assert!(found.iter().all(|frame| frame.0.len() <= max));
            for frame in &found {
                prop_assert!(frame.0.is_empty()
                    || stream.windows(frame.0.len()).any(|window| window == &frame.0[..]));
            }
        }
    }
}
