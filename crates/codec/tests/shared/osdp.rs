//! The vectors of the standard's annex E.

use codec::osdp::{Cryptograms, Scbk, checksum, crc16};

use crate::data;

fn bytes(value: &serde_json::Value) -> Vec<u8> {
    let digits = value.as_str().unwrap();
    (0..digits.len() / 2)
        .map(|at| u8::from_str_radix(&digits[at * 2..at * 2 + 2], 16).unwrap())
        .collect()
}

fn array<const N: usize>(value: &serde_json::Value) -> [u8; N] {
    bytes(value).try_into().unwrap()
}

#[test]
fn checks_and_cryptograms_of_the_annex() {
    let Some(cases) = data::lines("osdp/sia-annex-e-vectors.jsonl") else {
        return;
    };
    let vectors = |test: &str| &cases.iter().find(|case| case["test"] == test).unwrap()["vectors"];
    let crc = vectors("test_crc_vectors");
    for (message, expected) in [("msg1", "exp1"), ("msg2", "exp2")] {
        let found = crc16(&bytes(&crc[message])).to_le_bytes();
        assert_eq!(found, array(&crc[expected]), "{message}");
    }
    let sum = vectors("test_checksum_vectors");
    for message in ["msg1", "msg2"] {
        let mut whole = bytes(&sum[message]);
        whole.push(checksum(&whole));
        assert_eq!(whole.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)), 0);
    }
    let secure = vectors("test_scbkd_vectors");
    let key = Scbk::new(array(&secure["scbk_d"]));
    assert_eq!(key, codec::osdp::INSTALL_KEY);
    let keys = Cryptograms::derive(&key, array(&secure["cp_random"]));
    let random = array(&secure["pd_random"]);
    assert_eq!(keys.reader(random), array(&secure["exp_pd_cryptogram"]));
    assert_eq!(keys.panel(random), array(&secure["exp_cp_cryptogram"]));
    let session = keys.clone().session(keys.panel(random));
    assert_eq!(session.initial_mac(), array(&secure["exp_rmac_i"]));
}
