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
#   one of `algorithms`. Undefined when the token is anything else.
claims(token, typ, keys, algorithms) := payload if {
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
		regex.match(`^[A-Za-z0-9_-]+$`, part)
		count(part) % 4 != 1
	}

	text := base64url.decode(parts[0])
	regex.match(_grammar, text)
	head := json.unmarshal(text)

	# A member that is there twice leaves fewer than three.
	object.keys(head) == {"alg", "kid", "typ"}
}

# METADATA
# description: Whether the signature of `token` was made with `key`, a JWK as JSON
authentic(token, key, "ES256") if io.jwt.verify_es256(token, key)

authentic(token, key, "RS256") if io.jwt.verify_rs256(token, key)

authentic(token, key, "PS256") if io.jwt.verify_ps256(token, key)

authentic(token, key, "EdDSA") if io.jwt.verify_eddsa(token, key)

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
