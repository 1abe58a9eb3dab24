package inbounds.lib.holder_test

import data.inbounds.lib.holder

# RFC 8037, appendix A.2 and A.3.
_okp := {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}

# RFC 7515, appendix A.3.
_ec := {
	"kty": "EC",
	"crv": "P-256",
	"x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
	"y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}

test_a_public_key_is_its_members_and_nothing_else if {
	holder.public(_ec)
	holder.public(_okp)

	every key in [_ec, _okp] {
		not holder.public(object.union(key, {"d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}))
		not holder.public(object.union(key, {"kid": "1"}))
		not holder.public(object.union(key, {"kty": "oct"}))
		not holder.public(object.union(key, {"crv": "P-384"}))

		every name in object.keys(key) {
			not holder.public(object.remove(key, [name]))

			every value in [null, 7, "", "eA", [], {}, "+/DEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"] {
				not holder.public(object.union(key, {name: value}))
			}
		}
	}

	every key in [null, 7, "", [], {}, {"kty": "oct", "k": "AA"}] {
		not holder.public(key)
	}
}

test_a_key_is_called_by_its_thumbprint if {
	holder.name(_okp) == "urn:ietf:params:oauth:jwk-thumbprint:sha-256:kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
	holder.name(_ec) == "urn:ietf:params:oauth:jwk-thumbprint:sha-256:oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"
	not holder.name(object.union(_ec, {"d": "x"}))
	not holder.name(object.remove(_ec, ["x"]))
}

test_a_hash_is_base64url_without_padding if {
	holder.hash("") == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
}

# None that a shared secret is enough for, and none whose keys have no thumbprint here.
test_holders_sign_with_what_a_public_key_is_for if {
	holder.algorithms == {"ES256", "EdDSA"}
}
