# METADATA
# description: |
#   Compact JWTs, read only once their signature holds. The header is held to a closed
#   grammar before anything is parsed, so that both engines read the same bytes the same
#   way and no built-in can fail on what a stranger sent. Claims are compared by the rules,
#   never by the built-in, which takes a token without `exp` and panics on an `iss` that is
#   no string (OPA 1.22.2).
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc8725
#     description: JSON Web Token Best Current Practices
package inbounds.lib.jwt

# METADATA
# description: |
#   The claims of a token of the type `typ`, signed by one of `keys` (JWKs by `kid`) with
#   one of `algorithms`. Undefined when the token is anything else. An audience that stands
#   alone is given as a list of one (RFC 7519, section 4.1.3), so that no rule need tell.
claims(token, typ, keys, algorithms) := _listed(payload) if {
	head := header(token)
	head.typ == typ
	head.alg in algorithms

	# Only the key that the token names: never "any key that fits".
	key := keys[head.kid]
	_fits[head.alg] == object.filter(key, {"kty", "crv"})
	authentic(token, json.marshal(key), head.alg)

	text := base64url.decode(split(token, ".")[1])
	json.is_valid(text)
	payload := json.unmarshal(text)
	is_object(payload)
}

# METADATA
# description: The header of a compact JWT that has `alg`, `kid` and `typ`, and nothing else
header(token) := head if {
	is_string(token)
	parts := split(token, ".")
	count(parts) == 3

	every part in parts {
		# Trimming by the alphabet says the same, at 300 µs a token in the embedded engine.
		regex.match(`^[A-Za-z0-9_-]+$`, part)
		_canonical(part)
	}

	text := base64url.decode(parts[0])
	regex.match(_grammar, text)
	head := json.unmarshal(text)

	# A member that is there twice leaves fewer than three.
	object.keys(head) == {"alg", "kid", "typ"}
}

# METADATA
# description: Whether the signature of `token` was made with `key`, a JWK as JSON
# scope: document
authentic(token, key, "ES256") if io.jwt.verify_es256(token, key)

authentic(token, key, "RS256") if io.jwt.verify_rs256(token, key)

authentic(token, key, "PS256") if io.jwt.verify_ps256(token, key)

authentic(token, key, "EdDSA") if io.jwt.verify_eddsa(token, key)

# Bits that no byte takes up are zero, so that a text is the only one for its bytes (RFC 4648,
# section 3.5): a token that two spellings name is refused in both engines alike.
_canonical(part) if count(part) % 4 == 0

_canonical(part) if {
	count(part) % 4 == 2
	trim_right(part, "AQgw") != part
}

_canonical(part) if {
	count(part) % 4 == 3
	trim_right(part, "AEIMQUYcgkosw048") != part
}

_listed(payload) := object.union(payload, {"aud": [payload.aud]}) if is_string(payload.aud)

else := payload

_grammar := concat("", [
	`^\{"(alg|kid|typ)":"[A-Za-z0-9._:+=-]+"`,
	`,"(alg|kid|typ)":"[A-Za-z0-9._:+=-]+"`,
	`,"(alg|kid|typ)":"[A-Za-z0-9._:+=-]+"\}$`,
])

# A key of another type would make the built-in fail instead of saying no.
_fits := {
	"ES256": {"kty": "EC", "crv": "P-256"},
	"RS256": {"kty": "RSA"},
	"PS256": {"kty": "RSA"},
	"EdDSA": {"kty": "OKP", "crv": "Ed25519"},
}
