"""The public key that a bundle has to be signed with, and what is said of one that does not do."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from inbounds.engine import assets
from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular

HOW_TO_DRAW: Final = (
    "`inbounds bundle key release.pem` generates a key, with the public half beside it"
)
HOW_TO_NAME: Final = (
    "name the public key of whoever signed it: --key release.pub or INBOUNDS_RELEASE_PUB for a "
    "command, INBOUNDS_BUNDLE_KEY for a guard"
)

_BEGIN: Final = "-----BEGIN"


def public_key(key: Path | str) -> EllipticCurvePublicKey:
    """Return the public key that `key` is, or that is in its file.

    Args:
        key: The PEM of a P-256 public key, or the path of a file that holds it.

    Raises:
        ConfigurationError: `bundle.key_unusable`; the message names the file.
    """
    pem = str(key)
    place = "" if _BEGIN in pem else f", {key},"
    try:
        if place:
            pem = read_regular(Path(key))[0].decode("ascii")
        read = load_pem_public_key(pem.encode("ascii"))
    except OSError as error:
        raise _unusable(f"{place} cannot be read: {error.strerror}", HOW_TO_NAME) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        if "PRIVATE KEY-----" in pem:
            raise _unusable(
                f"{place} is the private half, which only signs",
                "name its public half, which `inbounds bundle key` writes beside it as .pub",
            ) from None
        raise _unusable(f"{place} is not a PEM of a public key", HOW_TO_DRAW) from error
    if not isinstance(read, EllipticCurvePublicKey) or not isinstance(read.curve, SECP256R1):
        raise _unusable(f"{place} is not a P-256 key", HOW_TO_DRAW)
    return read


def of_another_key(key: Path | str) -> str:
    """Say that a bundle was not signed by `key`, and which key that is."""
    said = "the bundle was not signed by the pinned key"
    if _BEGIN in str(key):
        return said
    if Path(key) == assets.release_key():
        return f"{said}: no other was named, so it is the key of the shipped bundles"
    return f"{said}, {key}"


def _unusable(what: str, hint: str) -> ConfigurationError:
    return ConfigurationError(
        f"the bundle's public key{what}", code="bundle.key_unusable", hint=hint
    )
