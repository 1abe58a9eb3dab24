"""Packing a bundle so that the same content gives the same bytes, and signing it."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inbounds.engine.bundle_keys import HOW_TO_DRAW
from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular
from inbounds.files.safe_files import make_folder, write_file
from inbounds.files.trees import scratch_folder
from inbounds.text.similar_names import closest
from inbounds_tools.opa.command import run

KEY_ID = "release"
"""What the signing key is called in a signature and in OPA's configuration."""

Files = dict[str, bytes]
"""Content by path, without a leading slash."""


def as_json(value: Any) -> bytes:
    """Return `value` as a bundle holds it: JSON whatever the order in which it was put together.

    `true`, `1` and `1.0` are three values in it, as a policy can tell them apart.

    Raises:
        ConfigurationError: `bundle.data_invalid`. There is a number that is not finite.
    """
    try:
        return json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        ).encode("utf-8")
    except ValueError as error:
        raise ConfigurationError(
            "the data holds a value that JSON has no form for", code="bundle.data_invalid"
        ) from error


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return `files` as a gzipped tar archive in which nothing depends on when or where."""
    unpacked = io.BytesIO()
    with tarfile.open(fileobj=unpacked, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size = len(files[name])
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(files[name]))
    return gzip.compress(unpacked.getvalue(), mtime=0)


def unpack(packed: bytes) -> Files:
    """Return the files of an archive that `opa build` has just made."""
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        return {
            member.name.removeprefix("/"): content.read()
            for member in archive
            if member.isfile() and (content := archive.extractfile(member)) is not None
        }


def signed(files: Mapping[str, bytes], *, key: Path, opa: Path) -> Files:
    """Return `files` with the `.signatures.json` that `opa sign` makes of them (ES256).

    Args:
        files: A bundle, manifest included.
        key: The PEM of a P-256 private key.
        opa: The OPA binary.

    Raises:
        ConfigurationError: The key cannot be used.
    """
    if not key.is_file():
        raise ConfigurationError(
            f"there is no signing key at {key}",
            code="bundle.key_unusable",
            hint=_instead_of(key),
        )
    if b"-----BEGIN PUBLIC KEY-----" in read_regular(key)[0]:
        raise ConfigurationError(
            f"{key} is the public half, which only verifies",
            code="bundle.key_unusable",
            hint="name the private half that `inbounds bundle key` drew with it",
        )
    with scratch_folder("sign") as scratch:
        folder, out = Path(scratch) / "bundle", Path(scratch) / "out"
        write(files, folder)
        make_folder(out)
        claims = Path(scratch) / "claims.json"
        write_file(claims, json.dumps({"keyid": KEY_ID}), durable=False)
        done = run(
            opa,
            "sign",
            *("--bundle", ".", "--signing-alg", "ES256", "--signing-key", str(key.resolve())),
            *("--claims-file", str(claims), "--output-file-path", str(out)),
            cwd=folder,
        )
        if done.returncode:
            raise ConfigurationError(
                f"{key} does not sign: {done.stderr.strip() or done.stdout.strip()}",
                code="bundle.key_unusable",
                hint="it has to be the PEM of a P-256 private key without a passphrase; "
                + HOW_TO_DRAW,
            )
        return {**files, ".signatures.json": (out / ".signatures.json").read_bytes()}


def _instead_of(key: Path) -> str:
    # A key beside it, so that a slip of the pen does not end in a second key.
    beside = [path.name for path in key.parent.glob("*") if path.suffix in (key.suffix, ".pem")]
    close = closest(key.name, beside)
    meant = f"did you mean {key.with_name(close)}? " if close else ""
    return f"{meant}{HOW_TO_DRAW}"


def write(files: Mapping[str, bytes], folder: Path) -> None:
    """Write `files` below `folder`."""
    for name, content in files.items():
        write_file(folder / name, content, below=folder, durable=False)
