//! Records as bytes and back: one version byte, a table of the batch's words, then the records.
//!
//! Words (source, listener, peer, topic) stand once per batch, times as differences; what is
//! left over is the compressor's business.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use model::{Raw, Record, SourceId, SourceState, Timestamp, Trust, Wire};

/// The batch encoding's version; stands in the first byte.
pub const BATCH_FORMAT: u8 = 1;

/// zstd's level for batches: the fastest of the named ones.
pub const BATCH_ZSTD_LEVEL: i32 = 1;

/// Largest batch in bytes before compression, also the most that reading one may allocate.
pub const BATCH_BYTES_MAX: usize = 256 * 1024 * 1024;

const TAG_RAW: u8 = 0;
const TAG_TICK: u8 = 1;
const TAG_SOURCE: u8 = 2;
const HAS_PEER: u8 = 1;
const HAS_TOPIC: u8 = 2;
const HAS_RERUN: u8 = 4;

/// Why a batch's bytes could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("batch is not readable at byte {offset}: {expected}")]
pub struct DecodeError {
    /// Where.
    pub offset: usize,
    /// What was expected there.
    pub expected: &'static str,
}

/// When a record came to be known: receipt for what a source said, notice for the others.
pub fn recorded_time(record: &Record) -> Timestamp {
    match record {
        Record::Raw(raw) => raw.received_at,
        Record::Tick { at } | Record::Source { at, .. } => *at,
    }
}

/// Encodes records in order.
pub fn encode(records: &[Arc<Record>]) -> Vec<u8> {
    let mut words = Words::default();
    let mut body = Vec::with_capacity(records.iter().map(|r| size_hint(r)).sum());
    let mut clock = 0_i64;
    for record in records {
        put_record(&mut body, &mut words, &mut clock, record);
    }
    let mut out = Vec::with_capacity(body.len() + 256);
    out.push(BATCH_FORMAT);
    put_uint(&mut out, records.len() as u64);
    put_uint(&mut out, words.list.len() as u64);
    for word in &words.list {
        put_bytes(&mut out, word.as_bytes());
    }
    out.extend_from_slice(&body);
    out
}

/// Decodes what `encode` made; fails with the byte offset and what was expected there.
pub fn decode(bytes: &[u8]) -> Result<Vec<Record>, DecodeError> {
    let mut input = Input { bytes, offset: 0 };
    if input.byte("the format byte 1")? != BATCH_FORMAT {
        return Err(DecodeError { offset: 0, expected: "the format byte 1" });
    }
    let count = input.length("a count of records")?;
    let words_count = input.length("a count of words")?;
    let mut words = Vec::with_capacity(words_count.min(1_024));
    for _ in 0..words_count {
        words.push(Word::read(&mut input)?);
    }
    let mut records = Vec::with_capacity(count.min(65_536));
    let mut clock = 0_i64;
    for _ in 0..count {
        records.push(take_record(&mut input, &words, &mut clock)?);
    }
    if input.offset != bytes.len() {
        return Err(DecodeError { offset: input.offset, expected: "the end" });
    }
    Ok(records)
}

thread_local! {
    // A compressor's working memory is worth keeping: a batch comes every few milliseconds.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> =
        const { RefCell::new(None) };
}

/// Compresses an encoded batch on the calling thread.
pub fn compress(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|slot| {
        let compressor = match slot {
            Some(compressor) => compressor,
            None => slot.insert(zstd::bulk::Compressor::new(BATCH_ZSTD_LEVEL)?),
        };
        compressor.compress(bytes)
    })
}

/// Decompresses a batch whose size before compression is known.
pub fn decompress(blob: &[u8], raw_len: usize) -> std::io::Result<Vec<u8>> {
    if raw_len > BATCH_BYTES_MAX {
        return Err(std::io::Error::other("batch claims to be larger than BATCH_BYTES_MAX"));
    }
    zstd::bulk::decompress(blob, raw_len)
}

#[derive(Default)]
struct Words<'a> {
    list: Vec<&'a str>,
    index: HashMap<&'a str, u64>,
}

impl<'a> Words<'a> {
    fn of(&mut self, word: &'a str) -> u64 {
        if let Some(known) = self.index.get(word) {
            return *known;
        }
        let number = self.list.len() as u64;
        self.list.push(word);
        self.index.insert(word, number);
        number
    }
}

fn size_hint(record: &Record) -> usize {
    match record {
        Record::Raw(raw) => raw.body.len() + 24,
        Record::Tick { .. } | Record::Source { .. } => 24,
    }
}

fn put_record<'a>(out: &mut Vec<u8>, words: &mut Words<'a>, clock: &mut i64, record: &'a Record) {
    match record {
        Record::Raw(raw) => {
            out.push(TAG_RAW);
            put_time(out, clock, raw.received_at);
            put_raw(out, words, raw);
        }
        Record::Tick { at } => {
            out.push(TAG_TICK);
            put_time(out, clock, *at);
        }
        Record::Source { source, state, last_heard, at } => {
            out.push(TAG_SOURCE);
            put_time(out, clock, *at);
            put_uint(out, words.of(source.as_str()));
            out.push(match state {
                SourceState::Heard => 0,
                SourceState::Silent => 1,
            });
            match last_heard {
                None => out.push(0),
                Some(heard) => {
                    out.push(1);
                    put_int(out, heard.nanos());
                }
            }
        }
    }
}

fn put_raw<'a>(out: &mut Vec<u8>, words: &mut Words<'a>, raw: &'a Raw) {
    let has = |present: bool, bit: u8| if present { bit } else { 0 };
    out.push(
        has(raw.peer.is_some(), HAS_PEER)
            | has(raw.topic.is_some(), HAS_TOPIC)
            | has(raw.rerun_of.is_some(), HAS_RERUN),
    );
    put_uint(out, words.of(raw.source.as_str()));
    out.push(wire_code(raw.wire));
    out.push(trust_code(raw.trust));
    put_uint(out, words.of(&raw.listener));
    if let Some(peer) = &raw.peer {
        put_uint(out, words.of(peer));
    }
    if let Some(topic) = &raw.topic {
        put_uint(out, words.of(topic));
    }
    if let Some(rerun) = raw.rerun_of {
        put_uint(out, rerun);
    }
    put_uint(out, raw.bytes_cut);
    put_bytes(out, &raw.body);
}

fn wire_code(wire: Wire) -> u8 {
    match wire {
        Wire::Syslog => 0,
        Wire::Json => 1,
        Wire::Csv => 2,
        Wire::Cef => 3,
        Wire::Leef => 4,
        Wire::Kv => 5,
        Wire::Xml => 6,
        Wire::Mqtt => 7,
        Wire::Udp => 8,
    }
}

fn wire_of(code: u8) -> Option<Wire> {
    Some(match code {
        0 => Wire::Syslog,
        1 => Wire::Json,
        2 => Wire::Csv,
        3 => Wire::Cef,
        4 => Wire::Leef,
        5 => Wire::Kv,
        6 => Wire::Xml,
        7 => Wire::Mqtt,
        8 => Wire::Udp,
        _ => return None,
    })
}

fn trust_code(trust: Trust) -> u8 {
    match trust {
        Trust::None => 0,
        Trust::Address => 1,
        Trust::Token => 2,
        Trust::Mtls => 3,
    }
}

fn trust_of(code: u8) -> Option<Trust> {
    Some(match code {
        0 => Trust::None,
        1 => Trust::Address,
        2 => Trust::Token,
        3 => Trust::Mtls,
        _ => return None,
    })
}

/// LEB128.
fn put_uint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Zigzag, so that small negative differences stay small.
fn put_int(out: &mut Vec<u8>, value: i64) {
    put_uint(out, ((value << 1) ^ (value >> 63)) as u64);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_uint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_time(out: &mut Vec<u8>, clock: &mut i64, at: Timestamp) {
    put_int(out, at.nanos().wrapping_sub(*clock));
    *clock = at.nanos();
}

struct Input<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Input<'a> {
    fn byte(&mut self, expected: &'static str) -> Result<u8, DecodeError> {
        let offset = self.offset;
        let byte = self.bytes.get(offset).ok_or(DecodeError { offset, expected })?;
        self.offset += 1;
        Ok(*byte)
    }

    fn uint(&mut self, expected: &'static str) -> Result<u64, DecodeError> {
        let start = self.offset;
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(expected)?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                break;
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError { offset: start, expected })
    }

    fn int(&mut self, expected: &'static str) -> Result<i64, DecodeError> {
        let coded = self.uint(expected)?;
        Ok((coded >> 1) as i64 ^ -((coded & 1) as i64))
    }

    fn length(&mut self, expected: &'static str) -> Result<usize, DecodeError> {
        let offset = self.offset;
        let value = self.uint(expected)?;
        usize::try_from(value).map_err(|_| DecodeError { offset, expected })
    }

    fn bytes(&mut self, expected: &'static str) -> Result<&'a [u8], DecodeError> {
        let length = self.length(expected)?;
        let offset = self.offset;
        let end = offset.checked_add(length).ok_or(DecodeError { offset, expected })?;
        let found = self.bytes.get(offset..end).ok_or(DecodeError { offset, expected })?;
        self.offset = end;
        Ok(found)
    }

    fn time(&mut self, clock: &mut i64) -> Result<Timestamp, DecodeError> {
        *clock = clock.wrapping_add(self.int("a time difference")?);
        Ok(Timestamp::from_nanos(*clock))
    }
}

/// A word as read back: shared by all records of the batch that use it.
struct Word {
    text: Arc<str>,
    source: Option<SourceId>,
}

impl Word {
    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let expected = "a word in UTF-8";
        let bytes = input.bytes(expected)?;
        let text = std::str::from_utf8(bytes)
            .map_err(|_| DecodeError { offset: input.offset, expected })?;
        Ok(Self { text: Arc::from(text), source: SourceId::parse(text).ok() })
    }
}

fn take_word<'w>(input: &mut Input<'_>, words: &'w [Word]) -> Result<&'w Word, DecodeError> {
    let offset = input.offset;
    let expected = "the number of a word";
    let number = input.length(expected)?;
    words.get(number).ok_or(DecodeError { offset, expected })
}

fn take_source(input: &mut Input<'_>, words: &[Word]) -> Result<SourceId, DecodeError> {
    let offset = input.offset;
    let word = take_word(input, words)?;
    word.source.clone().ok_or(DecodeError { offset, expected: "a source's id" })
}

fn take_record(
    input: &mut Input<'_>,
    words: &[Word],
    clock: &mut i64,
) -> Result<Record, DecodeError> {
    let offset = input.offset;
    let tag = input.byte("a record's kind")?;
    let at = input.time(clock)?;
    match tag {
        TAG_RAW => take_raw(input, words, at).map(Record::from),
        TAG_TICK => Ok(Record::Tick { at }),
        TAG_SOURCE => {
            let source = take_source(input, words)?;
            let state_offset = input.offset;
            let state = match input.byte("a source state")? {
                0 => SourceState::Heard,
                1 => SourceState::Silent,
                _ => {
                    return Err(DecodeError { offset: state_offset, expected: "a source state" });
                }
            };
            let last_heard = match input.byte("whether it was heard")? {
                0 => None,
                _ => Some(Timestamp::from_nanos(input.int("when it was heard")?)),
            };
            Ok(Record::Source { source, state, last_heard, at })
        }
        _ => Err(DecodeError { offset, expected: "a record's kind" }),
    }
}

fn take_raw(input: &mut Input<'_>, words: &[Word], at: Timestamp) -> Result<Raw, DecodeError> {
    let flags = input.byte("flags")?;
    let source = take_source(input, words)?;
    let offset = input.offset;
    let wire = wire_of(input.byte("a wire")?).ok_or(DecodeError { offset, expected: "a wire" })?;
    let offset = input.offset;
    let trust =
        trust_of(input.byte("a trust")?).ok_or(DecodeError { offset, expected: "a trust" })?;
    let listener = take_word(input, words)?.text.clone();
    let mut optional = |bit: u8| match flags & bit {
        0 => Ok(None),
        _ => take_word(input, words).map(|word| Some(word.text.clone())),
    };
    let peer = optional(HAS_PEER)?;
    let topic = optional(HAS_TOPIC)?;
    let rerun_of = match flags & HAS_RERUN {
        0 => None,
        _ => Some(input.uint("a record number")?),
    };
    let bytes_cut = input.uint("a count of bytes cut")?;
    let body = input.bytes("a body")?.to_vec();
    Ok(Raw {
        source,
        received_at: at,
        wire,
        listener,
        peer,
        topic,
        trust,
        bytes_cut,
        rerun_of,
        body,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use proptest::prelude::*;

    use super::*;

    fn raw(source: &str, at: i64, body: &[u8]) -> Raw {
        Raw {
            source: SourceId::parse(source).unwrap(),
            received_at: Timestamp::from_nanos(at),
            wire: Wire::Json,
            listener: Arc::from("http"),
            peer: None,
            topic: None,
            trust: Trust::Token,
            bytes_cut: 0,
            rerun_of: None,
            body: body.to_vec(),
        }
    }

    /// A change of these bytes is a change of format: old journals must still open.
    #[test]
    fn format_1_is_these_bytes() {
        let first =
            Raw { peer: Some(Arc::from("10.0.0.7")), rerun_of: Some(300), ..raw("pacs", 5, b"ab") };
        let records = [
            Record::from(first),
            Record::from(raw("pacs", 4, b"c")),
            Record::Tick { at: Timestamp::from_nanos(10) },
            Record::Source {
                source: SourceId::parse("fw").unwrap(),
                state: SourceState::Silent,
                last_heard: Some(Timestamp::from_nanos(-1)),
                at: Timestamp::from_nanos(10),
            },
        ]
        .map(Arc::new);
        let golden = "01 04 04 04 70616373 04 68747470 08 31302e302e302e37 02 6677 \
                      00 0a 05 00 01 02 01 02 ac02 00 02 6162 \
                      00 01 00 00 01 02 01 00 01 63 \
                      01 0c \
                      02 00 03 01 01 01"
            .replace(' ', "");
        let bytes = encode(&records);
        assert_eq!(hex::encode(&bytes), golden);
        let back: Vec<_> = decode(&bytes).unwrap().into_iter().map(Arc::new).collect();
        assert_eq!(back, records);
    }

    #[test]
    fn a_foreign_version_is_refused_with_its_place() {
        let error = decode(&[9, 0, 0]).unwrap_err();
        assert_eq!(error, DecodeError { offset: 0, expected: "the format byte 1" });
    }

    fn any_record() -> impl Strategy<Value = Record> {
        let source = "[a-z0-9][a-z0-9._-]{0,20}";
        let word = proptest::option::of("[ -~é]{0,12}");
        let raw = (
            (source, any::<i64>(), 0_u8..9, 0_u8..4, "[a-z_]{1,10}"),
            (word.clone(), word, any::<u64>(), proptest::option::of(any::<u64>())),
            proptest::collection::vec(any::<u8>(), 0..200),
        )
            .prop_map(
                |((source, at, wire, trust, listener), (peer, topic, cut, rerun), body)| {
                    Record::from(Raw {
                        source: SourceId::parse(&source).unwrap(),
                        received_at: Timestamp::from_nanos(at),
                        wire: wire_of(wire).unwrap(),
                        listener: Arc::from(listener),
                        peer: peer.map(Arc::from),
                        topic: topic.map(Arc::from),
                        trust: trust_of(trust).unwrap(),
                        bytes_cut: cut,
                        rerun_of: rerun,
                        body,
                    })
                },
            );
        let tick = any::<i64>().prop_map(|at| Record::Tick { at: Timestamp::from_nanos(at) });
        let state = (source, any::<bool>(), proptest::option::of(any::<i64>()), any::<i64>())
            .prop_map(|(source, heard, last, at)| Record::Source {
                source: SourceId::parse(&source).unwrap(),
                state: if heard { SourceState::Heard } else { SourceState::Silent },
                last_heard: last.map(Timestamp::from_nanos),
                at: Timestamp::from_nanos(at),
            });
        prop_oneof![4 => raw, 1 => tick, 1 => state]
    }

    proptest! {
        #[test]
        fn whatever_goes_in_comes_out(records in proptest::collection::vec(any_record(), 0..40)) {
            let records: Vec<_> = records.into_iter().map(Arc::new).collect();
            let bytes = encode(&records);
            let blob = compress(&bytes).unwrap();
            let back = decode(&decompress(&blob, bytes.len()).unwrap()).unwrap();
            let back: Vec<_> = back.into_iter().map(Arc::new).collect();
            prop_assert_eq!(back, records);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&bytes);
            let mut versioned = vec![BATCH_FORMAT];
            versioned.extend(bytes);
            let _ = decode(&versioned);
        }
    }
}
