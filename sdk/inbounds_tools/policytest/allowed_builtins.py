"""The built-ins that tests of a site may use beside those of the policy.

A site may be somebody else's. Each of these computes its result from its arguments alone: none
reads a file, the environment or the network. `json.verify_schema` and `json.match_schema` are not
here, since they open what a `$ref` names, and neither is a built-in that a later OPA adds.
"""

from __future__ import annotations

from typing import Final

FOR_TESTS: Final = frozenset(
    {
        *("print", "trace", "internal.print", "internal.template_string", "internal.test_case"),
        *("crypto.hmac.md5", "crypto.hmac.sha1", "crypto.hmac.sha512", "crypto.md5", "crypto.sha1"),
        *("io.jwt.decode_verify", "io.jwt.encode_sign", "io.jwt.encode_sign_raw"),
        *("io.jwt.verify_hs256", "io.jwt.verify_hs384", "io.jwt.verify_hs512"),
        *("json.marshal_with_options", "json.patch"),
        *("yaml.is_valid", "yaml.marshal", "yaml.unmarshal"),
        *("net.cidr_contains_matches", "net.cidr_expand", "net.cidr_is_valid", "net.cidr_merge"),
        *("graph.reachable_paths", "numbers.range_step", "rand.intn"),
        *("glob.quote_meta", "regex.find_n", "regex.globs_match", "regex.replace", "regex.split"),
        *("regex.template_match", "indexof_n", "strings.split_n"),
        *("semver.compare", "semver.is_valid", "units.parse", "units.parse_bytes"),
        *("time.diff", "time.format", "time.parse_ns"),
        *("uri.is_valid", "uri.parse", "urlquery.decode", "urlquery.decode_object"),
        *("urlquery.encode", "urlquery.encode_object", "uuid.parse", "uuid.rfc4122"),
    }
)
