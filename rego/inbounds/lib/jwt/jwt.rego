# METADATA
# description: |
#   Compact JWTs, read only once their signature holds. The header is held to a closed
#   grammar before anything is parsed, so that both engines read the same bytes the same
#   way and no built-in can fail on what a stranger sent. Claims are compared by the rules,
#   never by the built-in, which takes a token without `exp` and panics on an `iss` that is
#   not a string (OPA 1.22.2).
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc8725
#     description: JSON Web Token Best Current Practices
package inbounds.lib.jwt

# METADATA
# description: |
#   The claims of a token of the type `typ`, signed by one of `keys` (JWKs by `kid`) with
#   one of `algorithms`. Undefined when the token is anything else. An audience that stands
#   alone is given as a list of one (RFC 7519, section 4.1.3), so that no rule need tell.
claims(token, typ, keys, algorithms) := verified(read(token), typ, keys, algorithms)

# METADATA
# description: |
#   The same, of a token that `read` has taken apart. An empty `typ` stands for a token that does
#   not say its type.
verified(parts, typ, keys, algorithms) := signed_by(parts, typ, key, algorithms) if {
	# Only the key that the token names: never "any key that fits".
	key := keys[parts.header.kid]
}

# METADATA
# description: The same, of a token that one key has signed, whatever its header calls the key
signed_by({"token": token, "header": head, "payload": text}, typ, key, algorithms) := _listed(payload) if {
	object.get(head, "typ", "") == typ
	head.alg in algorithms
	is_object(key)
	_fits[head.alg] == object.filter(key, {"kty", "crv"})
	authentic(token, json.marshal(key), head.alg)

	json.is_valid(text)
	payload := json.unmarshal(text)
	is_object(payload)
}

# METADATA
# description: |
#   A compact JWT taken apart: the token itself, its header and the text of its payload.
#   Nothing of it is to be believed yet. Reading is most of what a token costs, so each is
#   read once.
read(token) := {"token": token, "header": head, "payload": texts[1]} if {
	is_string(token)
	regex.match(`^[A-Za-z0-9._-]+$`, token)
	parts := split(token, ".")
	count(parts) == 3

	# What a part says. Bits that no byte takes up are zero, so that a text is the only one for
	# its bytes (RFC 4648, section 3.5): a token that two spellings name is refused in both engines
	# alike.
	texts := [text |
		some part in parts
		part != ""

		# A part is never one sign longer than a multiple of four.
		padded := concat("", [part, {0: "", 2: "==", 3: "="}[count(part) % 4]])
		text := base64url.decode(padded)
		base64url.encode(text) == padded
	]
	count(texts) == 3
	head := _members(split(texts[0], `"`))
}

# METADATA
# description: |
#   The header of a compact JWT that has `alg` and at least one of `kid` and `typ`, and nothing else
header(token) := read(token).header

# METADATA
# description: Whether the signature of `token` was made with `key`, a JWK as JSON
# scope: document
authentic(token, key, "ES256") if io.jwt.verify_es256(token, key)

authentic(token, key, "RS256") if io.jwt.verify_rs256(token, key)

authentic(token, key, "PS256") if io.jwt.verify_ps256(token, key)

authentic(token, key, "EdDSA") if io.jwt.verify_eddsa(token, key)

# Cut at its quotes a header has one form only, whatever a parser would make of it: these
# members, no spaces but Keycloak's, nothing escaped. Kubernetes leaves the type out; what a
# holder signs has no `kid`, since its key is the one that the token above names.
_members(["{", first, ":", a, ",", second, ":", b, ",", third, ":", c, "}"]) := members if {
	{first, second, third} == {"alg", "kid", "typ"}
	min([a, b, c]) != ""
	regex.match(`^[A-Za-z0-9._:+=-]+$`, concat("", [a, b, c]))
	members := {first: a, second: b, third: c}
}

# Keycloak writes its own: `{"alg":"RS256","typ" : "JWT","kid" : "…"}`.
_members(["{", first, ":", a, ",", second, " : ", b, ",", third, " : ", c, "}"]) := members if {
	{first, second, third} == {"alg", "kid", "typ"}
	min([a, b, c]) != ""
	regex.match(`^[A-Za-z0-9._:+=-]+$`, concat("", [a, b, c]))
	members := {first: a, second: b, third: c}
}

_members(["{", first, ":", a, ",", second, ":", b, "}"]) := {first: a, second: b} if {
	{first, second} in {{"alg", "kid"}, {"alg", "typ"}}
	min([a, b]) != ""
	regex.match(`^[A-Za-z0-9._:+=-]+$`, concat("", [a, b]))
}

_listed(payload) := object.union(payload, {"aud": [payload.aud]}) if is_string(payload.aud)

else := payload

# A key of another type would make the built-in fail instead of saying no.
_fits := {
	"ES256": {"kty": "EC", "crv": "P-256"},
	"RS256": {"kty": "RSA"},
	"PS256": {"kty": "RSA"},
	"EdDSA": {"kty": "OKP", "crv": "Ed25519"},
}
