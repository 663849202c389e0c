//! Which functions a mapping's program may call.
//!
//! INVARIANT: none of them reads a clock, randomness, the host, the network, the environment or a
//! file, so that a record gives the same events live and replayed. Checked by name in the tests.

use vrl::compiler::Function;

use crate::helpers;

/// The functions of VRL's own library that mappings may call, in alphabetical order.
pub const ALLOWED: &[&str] = &[
    "abs",
    "append",
    "array",
    "assert",
    "assert_eq",
    "basename",
    "bool",
    "camelcase",
    "ceil",
    "chunks",
    "community_id",
    "compact",
    "contains",
    "contains_all",
    "crc",
    "decode_base16",
    "decode_base64",
    "decode_charset",
    "decode_mime_q",
    "decode_percent",
    "decode_punycode",
    "del",
    "dirname",
    "downcase",
    "encode_base16",
    "encode_base64",
    "encode_csv",
    "encode_json",
    "encode_key_value",
    "encode_logfmt",
    "encode_percent",
    "encode_punycode",
    "ends_with",
    "exists",
    "filter",
    "find",
    "flatten",
    "float",
    "floor",
    "for_each",
    "format_int",
    "format_number",
    "format_timestamp",
    "from_entries",
    "from_unix_timestamp",
    "get",
    "haversine",
    "includes",
    "int",
    "ip_aton",
    "ip_cidr_contains",
    "ip_ntoa",
    "ip_ntop",
    "ip_pton",
    "ip_subnet",
    "ip_to_ipv6",
    "ipv6_to_ipv4",
    "is_array",
    "is_boolean",
    "is_empty",
    "is_float",
    "is_integer",
    "is_ipv4",
    "is_ipv6",
    "is_json",
    "is_null",
    "is_nullish",
    "is_object",
    "is_regex",
    "is_string",
    "is_timestamp",
    "join",
    "kebabcase",
    "keys",
    "length",
    "map_keys",
    "map_values",
    "match",
    "match_any",
    "match_array",
    "md5",
    "merge",
    "mod",
    "object",
    "object_from_array",
    "parse_apache_log",
    "parse_aws_alb_log",
    "parse_aws_vpc_flow_log",
    "parse_bytes",
    "parse_cef",
    "parse_common_log",
    "parse_csv",
    "parse_duration",
    "parse_float",
    "parse_grok",
    "parse_int",
    "parse_json",
    "parse_key_value",
    "parse_logfmt",
    "parse_query_string",
    "parse_regex",
    "parse_regex_all",
    "parse_ruby_hash",
    "parse_timestamp",
    "parse_tokens",
    "parse_url",
    "parse_xml",
    "parse_yaml",
    "pascalcase",
    "pop",
    "push",
    "range",
    "redact",
    "remove",
    "replace",
    "replace_with",
    "round",
    "screamingsnakecase",
    "seahash",
    "set",
    "sha1",
    "sha2",
    "sha3",
    "sieve",
    "slice",
    "snakecase",
    "split",
    "split_path",
    "starts_with",
    "string",
    "strip_ansi_escape_codes",
    "strip_whitespace",
    "strlen",
    "tally",
    "tally_value",
    "timestamp",
    "to_bool",
    "to_entries",
    "to_float",
    "to_int",
    "to_regex",
    "to_string",
    "to_syslog_facility",
    "to_syslog_facility_code",
    "to_syslog_level",
    "to_syslog_severity",
    "to_unix_timestamp",
    "truncate",
    "unflatten",
    "unique",
    "unnest",
    "upcase",
    "values",
    "xxhash",
    "zip",
];

/// The allowed functions and our own helpers, ready for the compiler.
pub(crate) fn all() -> Vec<Box<dyn Function>> {
    let mut functions: Vec<Box<dyn Function>> = vrl::stdlib::all()
        .into_iter()
        .filter(|function| ALLOWED.binary_search(&function.identifier()).is_ok())
        .collect();
    functions.extend(helpers::all());
    functions
}

#[cfg(test)]
mod tests {
    use super::{ALLOWED, all};
    use std::collections::BTreeSet;

    /// What would let a program see anything but its record.
    const FORBIDDEN: &[&str] = &[
        "now",
        "uuid_v4",
        "uuid_v7",
        "uuid_from_friendly_id",
        "random_bool",
        "random_bytes",
        "random_float",
        "random_int",
        "get_env_var",
        "get_hostname",
        "get_timezone_name",
        "dns_lookup",
        "reverse_dns",
        "http_request",
        "log",
        "parse_syslog",
        "parse_klog",
        "parse_linux_authorization",
        "parse_groks",
        "parse_proto",
        "encode_proto",
        "validate_json_schema",
        "encrypt",
        "decrypt",
        "encrypt_ip",
        "decrypt_ip",
    ];

    #[test]
    fn no_function_sees_anything_but_the_record() {
        let offered: BTreeSet<_> = all().iter().map(|function| function.identifier()).collect();
        for name in FORBIDDEN {
            assert!(!offered.contains(name), "`{name}` must not be callable");
        }
    }

    #[test]
    fn every_allowed_name_exists_once_and_in_order() {
        assert!(ALLOWED.is_sorted());
        let offered: BTreeSet<_> = all().iter().map(|function| function.identifier()).collect();
        for name in ALLOWED {
            assert!(offered.contains(name), "`{name}` is not a function of this VRL");
        }
    }
}
