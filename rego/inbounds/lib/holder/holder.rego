# METADATA
# description: |
#   The public key of whoever holds a token (RFC 7800 `cnf`), which signs what the holder delegates.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc7638
#     description: JSON Web Key (JWK) Thumbprint
#   - ref: https://www.rfc-editor.org/rfc/rfc9278
#     description: JWK Thumbprint URI
package inbounds.lib.holder

# METADATA
# description: The algorithms that holders sign with
algorithms := {"ES256", "EdDSA"}

# METADATA
# description: |
#   Whether a JWK is a public key and nothing else. With any other member it would have several
#   spellings, or give its private half away.
# scope: document
public({"kty": "EC", "crv": "P-256", "x": x, "y": y}) if {
	_coordinate(x)
	_coordinate(y)
}

public({"kty": "OKP", "crv": "Ed25519", "x": x}) if _coordinate(x)

# METADATA
# description: What a key is called as an issuer
name(key) := concat(":", ["urn:ietf:params:oauth:jwk-thumbprint:sha-256", _thumbprint(key)]) if public(key)

# METADATA
# description: The SHA-256 of a text, as base64url without padding
hash(text) := base64url.encode_no_pad(hex.decode(crypto.sha256(text)))

# Members in the order of their names and no spaces: the one spelling of the key.
_thumbprint({"kty": "EC", "crv": "P-256", "x": x, "y": y}) := hash(concat("", [
	`{"crv":"P-256","kty":"EC","x":"`, x,
	`","y":"`, y, `"}`,
]))

_thumbprint({"kty": "OKP", "crv": "Ed25519", "x": x}) := hash(concat("", [
	`{"crv":"Ed25519","kty":"OKP","x":"`, x,
	`"}`,
]))

# 32 bytes take 43 characters.
_coordinate(text) if {
	is_string(text)
	regex.match(`^[A-Za-z0-9_-]{43}$`, text)
}
