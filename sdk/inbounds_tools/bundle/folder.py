"""Reading a folder of bundles: all of one build, and what two of them hold is the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from inbounds.engine.bundle import SignedBundle, read_signed
from inbounds.errors import ConfigurationError

from .build import artefacts
from .own_files import require_own_files
from .widening import is_same

_OWNERS = {"inbounds": "rego", "site": "site", "deployment": "deployment"}
"""Which bundle has a root of the data that the policy as WASM holds as well."""


def read(folder: Path, key: Path) -> dict[str, SignedBundle]:
    """Return the bundles in `folder` by what they hold.

    Args:
        folder: A folder that `inbounds bundle build` has written.
        key: The PEM of the public key that all are signed with.

    Raises:
        ConfigurationError: A bundle is not signed by `key` (see `read_signed`), the folder holds no
            policy (`bundle.missing`), or they are refused by `of_one_build`.
    """
    read = {path: read_signed(path, key) for path in artefacts(folder)}
    bundles = of_one_build(folder, read, whole=True)
    if "rego" not in bundles:
        raise ConfigurationError(
            f"{folder} holds no policy bundle",
            code="bundle.missing",
            hint="name a folder that `inbounds bundle build -o` has written",
        )
    return bundles


def of_one_build(
    folder: Path, read: Mapping[Path, SignedBundle], *, whole: bool
) -> dict[str, SignedBundle]:
    """Return bundles of a folder by what they hold.

    Args:
        folder: Where they lie.
        read: The bundles, by their files.
        whole: Whether these are all that the folder holds.

    Raises:
        ConfigurationError: One holds a file that its kind does not (`bundle.malformed`), two are
            of a kind (`bundle.ambiguous`), or they are not of one build (`bundle.mixed`).
    """
    bundles: dict[str, SignedBundle] = {}
    for bundle in read.values():
        require_own_files(bundle)
        artefact = str(bundle.metadata.get("artefact"))
        if artefact in bundles:
            raise ConfigurationError(
                f"{folder} holds more than one bundle of the kind `{artefact}`",
                code="bundle.ambiguous",
                hint="keep each revision in a folder of its own",
            )
        bundles[artefact] = bundle
    for artefact in bundles:
        differs = _differs(artefact, bundles, whole=whole)
        if differs:
            raise ConfigurationError(
                f"the bundles in {folder} must be of one build; {differs}",
                code="bundle.mixed",
                hint="build all of them again with `inbounds bundle build`, into a folder of "
                "their own",
            )
    return bundles


def _differs(artefact: str, bundles: Mapping[str, SignedBundle], *, whole: bool) -> str:
    """Say in what a bundle differs from the others, or "" where it does not."""
    bundle = bundles[artefact]
    # That of a deployment is the deployment's own.
    first = next((each for each in bundles if each != "deployment"), artefact)
    for name in ("questions", "sequence", "sources"):
        if not is_same(bundle.metadata.get(name), bundles[first].metadata.get(name)):
            return f"`{artefact}` was built with other {name} than `{first}`"
    if artefact == "deployment":
        stated = bundle.data.get("deployment", {}).get("revision")
        return "" if bundle.revision == stated else "`deployment` is not of the revision it names"
    if bundle.revision != bundles[first].revision:
        return f"`{artefact}` is of another revision than `{first}`"
    return _differs_in_data(bundle, bundles, whole=whole) if artefact == "wasm" else ""


def _differs_in_data(
    wasm: SignedBundle, bundles: Mapping[str, SignedBundle], *, whole: bool
) -> str:
    for root in {*wasm.data, *_OWNERS}:
        owner = _OWNERS.get(root, root)
        if owner in bundles or whole:
            data = bundles[owner].data if owner in bundles else {}
            if not is_same(wasm.data.get(root, {}), data.get(root, {})):
                return f"`wasm` holds another `data.{root}` than `{owner}`"
    return ""
