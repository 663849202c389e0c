//! How versions of snapshots are told.

use serde::{Serialize, Serializer};

/// A version of a snapshot, as decimal digits: many are beyond 2^53, which readers of JSON that
/// know but one kind of number would round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, utoipa::ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]{1,20}$", example = "1795665638000000007")]
pub struct SnapshotVersion(pub u64);

impl Serialize for SnapshotVersion {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn every_digit_of_a_version_is_told() {
        let told = |version| serde_json::to_string(&SnapshotVersion(version)).unwrap();
        assert_eq!(told(u64::MAX), r#""18446744073709551615""#);
        assert_eq!(told((1 << 53) + 1), r#""9007199254740993""#);
        assert_eq!(told(0), r#""0""#);
    }
}
