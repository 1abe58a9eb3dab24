package inbounds.lib.jwt_test

import data.inbounds.lib.fixtures_test as fixtures
import data.inbounds.lib.jwt

# --- signatures, verified for real -------------------------------------------------------

test_reads_what_each_algorithm_signed if {
	every algorithm in {"ES256", "RS256", "PS256", "EdDSA"} {
		_read(algorithm, _token(algorithm), algorithm) == {"iss": "someone", "sub": "somebody"}
	}
}

test_reads_no_token_whose_signature_is_another if {
	every algorithm in {"ES256", "RS256", "PS256", "EdDSA"} {
		not _read(algorithm, _resigned(algorithm, _swapped(_signatures[algorithm])), algorithm)
		not _read(algorithm, _resigned(algorithm, "AAAA"), algorithm)
	}
}

test_reads_no_token_whose_claims_are_others if {
	every algorithm in {"ES256", "RS256", "PS256", "EdDSA"} {
		token := concat(".", [_part(_header(algorithm)), _part(`{"iss":"another"}`), _signatures[algorithm]])
		not _read(algorithm, token, algorithm)
	}
}

# A key of another type would make the built-in fail, which OPA answers with a 500.
test_reads_no_token_with_a_key_of_another_type if {
	every algorithm, key in {"ES256": "RS256", "RS256": "ES256", "PS256": "EdDSA", "EdDSA": "ES256"} {
		not _read(key, _token(algorithm), algorithm)
	}
}

test_reads_no_token_with_a_key_that_is_none if {
	every key in [null, 0, "", [], {}, {"kty": "EC"}, {"kty": "oct", "k": "c2VjcmV0"}] {
		not jwt.claims(_token("ES256"), "JWT", {"key-1": key}, ["ES256"])
	}
}

test_reads_no_algorithm_that_is_not_on_the_list if {
	not _read("ES256", _token("ES256"), "RS256")
	not jwt.claims(_token("ES256"), "JWT", {"key-1": _keys.ES256}, [])
}

# HS256 with a public key as the secret, and no signature at all: on no list, and not known
# even where a deployment lists them.
test_reads_no_symmetric_or_missing_signature if {
	every algorithm in {"HS256", "none", "None", "ES384", "RS1"} {
		every signature in {"", "AA", "c2lnbmVk"} {
			not _read("ES256", _resigned(algorithm, signature), algorithm)
			not _read("RS256", _resigned(algorithm, signature), algorithm)
		}
	}
}

# --- the header ---------------------------------------------------------------------------

test_header_has_its_three_members_in_any_order if {
	every text in {
		`{"alg":"ES256","kid":"key-1","typ":"JWT"}`,
		`{"typ":"JWT","kid":"key-1","alg":"ES256"}`,
	} {
		jwt.header(_of(text)) == {"alg": "ES256", "kid": "key-1", "typ": "JWT"}
	}
}

test_no_header_with_another_member if {
	every member in {
		`"jku":"https://evil.example/keys"`, `"x5u":"https://evil.example/cert"`, `"x5c":["AA"]`,
		`"jwk":{"kty":"EC","crv":"P-256","x":"eA","y":"eQ"}`, `"crit":["exp"]`, `"cty":"JWT"`,
		`"b64":false`, `"zip":"DEF"`, `"x5t":"AA"`,
	} {
		not jwt.header(_of(concat("", [`{"alg":"ES256","kid":"key-1","typ":"JWT",`, member, "}"])))
		not jwt.header(_of(concat("", ["{", member, `,"kid":"key-1","typ":"JWT"}`])))
	}
}

test_no_header_without_all_of_its_members if {
	every text in {
		`{}`, `[]`, `null`, `""`, ``, `{"alg":"ES256"}`, `{"kid":"key-1"}`, `{"kid":"key-1","typ":"JWT"}`,
		`{"typ":"JWT"}`, `{"alg":"ES256","typ":""}`, `{"alg":"ES256","kid":""}`, `{"alg":"ES256","typ":"JWT",}`,
	} {
		not jwt.header(_of(text))
	}
}

test_a_header_may_leave_its_type_out if {
	every text in {`{"alg":"ES256","kid":"key-1"}`, `{"kid":"key-1","alg":"ES256"}`} {
		jwt.header(_of(text)) == {"alg": "ES256", "kid": "key-1"}
	}

	every text in {
		`{"alg":"ES256","kid":""}`, `{"alg":"","kid":"key-1"}`, `{"alg":"ES256","alg":"none"}`,
		`{"kid":"key-1","kid":"key-2"}`, `{"alg":"ES256","jku":"key-1"}`, `{"alg":"ES256", "kid":"key-1"}`,
		`{"alg":"ES256","kid":"../key-1"}`, `{"alg":"ES256","kid":"key-1"}{}`, `{"alg":["ES256"],"kid":"key-1"}`,
		`{"alg":"ES256","kid":null}`, `{"alg":"ES256","kid":"key-1",}`,
	} {
		not jwt.header(_of(text))
	}
}

test_a_token_without_a_type_is_of_no_type if {
	token := _of(`{"alg":"ES256","kid":"key-1"}`)
	keys := {"key-1": _keys.ES256}

	jwt.claims(token, "", keys, ["ES256"]) with jwt.authentic as true
	not jwt.claims(_token("ES256"), "", keys, ["ES256"])

	every typ in ["JWT", "task+jwt", "approval+jwt", null] {
		not jwt.claims(token, typ, keys, ["ES256"]) with jwt.authentic as true
	}
}

test_no_header_with_a_member_twice if {
	every text in {
		`{"alg":"none","alg":"ES256","kid":"key-1","typ":"JWT"}`,
		`{"alg":"none","alg":"ES256","kid":"key-1"}`,
		`{"alg":"ES256","kid":"key-2","kid":"key-1","typ":"JWT"}`,
		`{"alg":"ES256","\u0061lg":"none","kid":"key-1","typ":"JWT"}`,
	} {
		not jwt.header(_of(text))
	}
}

test_no_header_with_a_member_that_is_no_plain_text if {
	every value in {`null`, `1`, `true`, `[]`, `{}`, `""`, `["ES256"]`, `"ES\u0032\u0035\u0036"`} {
		not jwt.header(_of(concat("", [`{"alg":`, value, `,"kid":"key-1","typ":"JWT"}`])))
		not jwt.header(_of(concat("", [`{"alg":"ES256","kid":`, value, `,"typ":"JWT"}`])))
		not jwt.header(_of(concat("", [`{"alg":"ES256","kid":"key-1","typ":`, value, `}`])))
	}
}

test_no_key_name_that_is_a_path_or_more if {
	every kid in {"../../dev/null", "/etc/keys/1", `..\\1`, "key 1", "key-1%00", "key-1' or '1", "é"} {
		not jwt.header(_of(concat("", [`{"alg":"ES256","kid":"`, kid, `","typ":"JWT"}`])))
	}
}

test_a_header_may_have_the_blanks_of_keycloak if {
	text := `{"alg":"RS256","typ" : "JWT","kid" : "key-1"}`
	jwt.header(_of(text)) == {"alg": "RS256", "kid": "key-1", "typ": "JWT"}
	every other in {
		`{"alg":"RS256","typ" : "JWT","alg" : "key-1"}`,
		`{"alg":"RS256","typ" : "","kid" : "key-1"}`,
		`{"alg":"RS256","typ" : "JWT","kid" : " "}`,
		`{"alg":"RS256","typ" : "JWT","jku" : "key-1"}`,
	} {
		not jwt.header(_of(other))
	}
}

test_no_header_with_blanks_or_more_after_it if {
	every text in {
		`{"alg" : "ES256","kid" : "key-1","typ" : "JWT"}`,
		`{"alg":"ES256","kid" : "key-1","typ":"JWT"}`,
		`{"alg":"ES256","kid" :"key-1","typ" :"JWT"}`,
		`{"alg":"ES256","kid"  :  "key-1","typ"  :  "JWT"}`,
		`{"alg":"ES256","kid" : "key-1"}`,
		`{"alg":"ES256", "kid":"key-1","typ":"JWT"}`,
		` {"alg":"ES256","kid":"key-1","typ":"JWT"}`,
		`{"alg":"ES256","kid":"key-1","typ":"JWT"} `,
		"{\"alg\":\"ES256\",\n\"kid\":\"key-1\",\"typ\":\"JWT\"}",
		"{\"alg\":\"ES256\",\"kid\":\"key-1\",\"typ\":\"JWT\"}\n",
		`{"alg":"ES256","kid":"key-1","typ":"JWT"}{}`,
		`{"alg":"ES256","kid":"key-1","typ":"JWT"},`,
	} {
		not jwt.header(_of(text))
	}
}

# --- the form of a token ------------------------------------------------------------------

test_no_token_of_other_than_three_parts if {
	[header, payload, signature] := split(_token("ES256"), ".")

	every parts in [
		[], [header], [header, payload],
		[header, payload, signature, ""],
		[header, payload, signature, "AA"],
	] {
		not jwt.header(concat(".", parts))
	}
	every parts in [["", payload, signature], [header, "", signature], [header, payload, ""], ["", "", ""]] {
		not jwt.header(concat(".", parts))
	}
}

test_no_token_with_padding_blanks_or_trailing_bytes if {
	every more in {"=", "==", " ", "\n", "\u0000", "\r\n", "A", "+", "/", "%3D", "é"} {
		not _read("ES256", concat("", [_token("ES256"), more]), "ES256")
		not _read("ES256", concat("", [more, _token("ES256")]), "ES256")
	}
}

# The last sign of a part may hold bits that no byte takes up: a second spelling.
test_no_token_with_a_second_spelling if {
	every part in {"AB", "AAB", "A-", "AA-", "A", "AAAAA"} {
		not jwt.header(concat(".", [_part(_header("ES256")), "e30", part]))
		not jwt.header(concat(".", [_part(_header("ES256")), part, "AAAA"]))
	}
	every part in {"AA", "Ag", "AAA", "AA8", "AAA_"} {
		jwt.header(concat(".", [_part(_header("ES256")), "e30", part]))
	}
}

test_no_token_in_the_json_serialization if {
	not jwt.header({"payload": "e30", "protected": _part(_header("ES256")), "signature": "AAAA"})
	not jwt.header(json.marshal({"payload": "e30", "protected": _part(_header("ES256")), "signature": "AAAA"}))
}

test_no_token_that_is_no_text if {
	every anything in [null, true, 0, [], {}, [_token("ES256")], {"token": _token("ES256")}] {
		not jwt.header(anything)
		not jwt.claims(anything, "JWT", {"key-1": _keys.ES256}, ["ES256"])
	}
}

# --- what it is, and who it names ---------------------------------------------------------

test_reads_no_token_of_another_type if {
	every typ in {"task+jwt", "jwt", "at+jwt", "live-head+jwt", ""} {
		not jwt.claims(_token("ES256"), typ, {"key-1": _keys.ES256}, ["ES256"])
	}
}

test_reads_with_the_key_that_is_named_and_no_other if {
	not jwt.claims(_token("ES256"), "JWT", {}, ["ES256"])
	not jwt.claims(_token("ES256"), "JWT", {"key-2": _keys.ES256}, ["ES256"])
}

test_reads_no_claims_that_are_no_object if {
	every text in {"", "null", "[]", "1", `"text"`, "{", `{"iss":}`, `{} {}`, "\u0000"} {
		not _standing_in(text)
	}
}

test_an_audience_that_stands_alone_is_a_list_of_one if {
	_standing_in(`{"aud":"inbounds"}`).aud == ["inbounds"]
	_standing_in(`{"aud":["inbounds"]}`).aud == ["inbounds"]
	_standing_in(`{"aud":["inbounds","others"]}`).aud == ["inbounds", "others"]
	_standing_in(`{"aud":7}`).aud == 7
	_standing_in(`{"sub":"somebody"}`) == {"sub": "somebody"}
}

_read(key, token, algorithm) := jwt.claims(token, "JWT", {"key-1": _keys[key]}, [algorithm])

_standing_in(payload) := claims if {
	token := concat(".", [_part(_header("ES256")), _part(payload), "c2lnbmVk"])
	claims := jwt.claims(token, "JWT", {"key-1": _keys.ES256}, ["ES256"]) with jwt.authentic as fixtures.authentic
}

_token(algorithm) := _resigned(algorithm, _signatures[algorithm])

_resigned(algorithm, signature) := concat(".", [_part(_header(algorithm)), _part(_payload), signature])

_of(header) := concat(".", [_part(header), _part(_payload), "c2lnbmVk"])

_header(algorithm) := concat("", [`{"alg":"`, algorithm, `","kid":"key-1","typ":"JWT"}`])

_part(text) := base64url.encode_no_pad(text)

# The same length, and other bytes at the start.
_swapped(signature) := concat("", [substring(signature, 4, 4), substring(signature, 0, 4), substring(signature, 8, -1)])

_payload := `{"iss":"someone","sub":"somebody"}`

# Made once with throw-away keys, of which the public halves stand below.
_signatures := {
	"ES256": "fUbVcPIDwqO1nx5vjHpI_HdT7eh6VSSQ8JoNrC37B4CmstO2yWWaQ1jeeFDsZ-19daXqbdGo3GsX0xGWTJpY8A",
	"RS256": concat("", [
		"CjVkssKQ2eYPx76T3A0ljQtcAO5W3qbVVRXVlwu1m803voePq_-vHtF_XMS31tDbQ_GHFJoDzzf9d7XW1QkYD59GWSYzgh_4ln-o",
		"ZN2VReqA3Y5BhE62VYJULorxNBtR41mIKQm2mTauB7PDzXjA9PuQh6Ie4P-E_LlsnD_yMggJmVnipfBw8A36vCZJzP9P3-",
		"4G_1OINudk9mjh_Y3LMWvi6dXa1ZpR14qG8g7MfZyyWPRUQj29-",
		"elUh6RbBB4NZdqb6_okd1LVZZpjZDXKF9dA5wboozfWJAYC4hR3RIXX2dopHquVQNBOKL0miNGsPZW7YrQH1EyYpWFp4h5ecg",
	]),
	"EdDSA": "fVxGvVywHFj4JZq0LuyHmYSDfaurZyrS33lT--u2EyO_64RozfQlkT99A5oHAjiaesGXq7LDYFtR1knomBAGDg",
	"PS256": concat("", [
		"YV-PTo0KMKmPzpxcFKHhpaeoHQMPQswnKylBnNeMvXoUbiV6rmHvCHD4vGbsv6hZ9vnM-EWURaYdbDrSOQnnhaVxM-",
		"YHUmIUXVaHTgv664GRqRa8b2_RP0VHLlOGKmXO-Pi5w41seVTkPFln4vMt9isoJX2xkrgxVp6KiKA3wLF48_Id-ELYHLLxksNF9W",
		"xMNsaKncD_HmxnccMf8AM0drbt6ExOQCZr4XKcwfYzmIvklx5Op9PgWlMeORVtnLzIYxhS1la4Vjv55T8gmNEPxVqb9XjHeNjk0U",
		"y7Ka8J--nO9vNc2HHWzq7T__A-ADvndemMtZpxSNJC-8qgnmNjYQ",
	]),
}

_keys := {
	"ES256": {
		"kty": "EC", "crv": "P-256",
		"x": "L35XSIRA09t-zuUe0sN7aMznKK548uj4gfaoUJO_Vso", "y": "JJXgIdAMkirH9Je6YT5XHzd6b9ji8IR4s4M8379m6So",
	},
	"RS256": _rsa,
	"EdDSA": {"kty": "OKP", "crv": "Ed25519", "x": "XzNZVb3pK5FT_lAGFawkgZvr3okJ4bMFlSAyqZMd9-g"},
	"PS256": _rsa,
}

_rsa := {
	"kty": "RSA", "n": concat("", [
		"m8dwu-3qHNpuH-sH3jtG_0iAqOh7W1zcwcrV59iDfBGt-jGQDXgETz8PvlOVLyYRmCDY-",
		"CJLXqP7-VkxxlXKOxbPGY1gGoOuiCFDJlCtGgEbxFueBYU3lYTG_9il6-pEPV0nbxKzNuEsv-",
		"Tc_IguIQIRgAdd0q4gGRwsgP_QHEByLcn6600NCHeH6REAkHZ37td-RD-Pnu87pK82WO5AR9IvDzRE9zOF87wYqNwk8MjLfkWS1B",
		"rtZRcFTVRrIEC68-7lgCEsOqz8byBXQrJSkzRqnW_QTxSqzMymkUNusldH63UapGW9dE_ugTJJ1F3gnjWyyNmi3fxBLRNT6Fon4w",
	]),
	"e": "AQAB",
}
