"""Puts into the package what it ships: the policy, its schemas, and bundles of it, signed.

    python -m tools.assets             make what has changed since
    python -m tools.assets --force     make everything again

The bundles are signed with the key that `INBOUNDS_RELEASE_KEY` names, else with a key of
this checkout, `build/keys/release.pem`, which is drawn on first use and never leaves it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from inbounds.errors import InboundsError
from inbounds_tools.bundle import provenance
from inbounds_tools.bundle.build import build
from inbounds_tools.opa import binary

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "sdk" / "inbounds" / "_assets"
STAMP = "stamp"
CAPABILITIES = ROOT / "bundles" / "capabilities.json"
CONFIG = ROOT / "bundles" / "opa" / "config.yaml"
INPUTS = (
    *("rego", "schemas", "bundles", "tools/assets.py"),
    *("sdk/inbounds_tools/bundle", "sdk/inbounds/engine/bundle.py"),
    "sdk/inbounds/engine/bundle_keys.py",
)


def release_key() -> Path:
    """Return the private key to sign with; drawn where there is none."""
    named = os.environ.get("INBOUNDS_RELEASE_KEY")
    if named:
        return Path(named)
    path = ROOT / "build" / "keys" / "release.pem"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
    return path


def public_key(private: Path) -> bytes:
    """Return the PEM of the public half."""
    key = load_pem_private_key(private.read_bytes(), None)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def inputs(key: bytes, origin: provenance.Provenance) -> str:
    """Return the digest of everything that the assets are made from."""
    whole = hashlib.sha256(key + origin.render().encode())
    for name in INPUTS:
        top = ROOT / name
        for path in sorted([top] if top.is_file() else top.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                whole.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
                whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def copy_rego(into: Path, origin: provenance.Provenance) -> None:
    """Copy the policy with the fixtures that tests of `site` rules use, without its own tests."""
    source = ROOT / "rego"
    for path in sorted(source.rglob("*")):
        own_test = path.name.endswith("_test.rego") and path.parent.name != "fixtures"
        if path.is_file() and not own_test:
            target = into / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    (into / provenance.FILE).write_text(origin.render(), "utf-8")


def make(folder: Path, key: Path, origin: provenance.Provenance) -> str:
    """Make all assets in `folder` and return the revision of the policy."""
    copy_rego(folder / "rego", origin)
    shutil.copytree(ROOT / "schemas", folder / "schemas")
    shutil.copyfile(CAPABILITIES, folder / "capabilities.json")
    (folder / "keys").mkdir()
    (folder / "keys" / "release.pub").write_bytes(public_key(key))
    (folder / "opa").mkdir()
    shutil.copyfile(CONFIG, folder / "opa" / "config.yaml")
    built = build(
        rego=folder / "rego",
        site=None,
        deployment=None,
        key=key,
        out=folder / "bundles",
        opa=binary.find(),
        capabilities=folder / "capabilities.json",
    )
    return built.revision


def main(arguments: list[str] | None = None) -> int:
    """Make the assets and return the exit code."""
    parser = argparse.ArgumentParser(description="Make what the package ships.")
    parser.add_argument("--force", action="store_true", help="make everything again")
    options = parser.parse_args(arguments)

    key, origin = release_key(), provenance.of(ROOT / "rego", base=True)
    digest = inputs(public_key(key), origin)
    stamp = ASSETS / STAMP
    if not options.force and stamp.exists() and stamp.read_text("utf-8") == digest:
        stamp.touch()
        return 0
    with tempfile.TemporaryDirectory(prefix=".assets-", dir=ASSETS.parent) as scratch:
        draft = Path(scratch) / "draft"
        revision = make(draft, key, origin)
        (draft / STAMP).write_text(digest, "utf-8")
        if ASSETS.exists():
            ASSETS.rename(Path(scratch) / "old")
        draft.rename(ASSETS)
    print(f"sdk/inbounds/_assets: made, policy {revision}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (InboundsError, subprocess.SubprocessError, OSError) as error:
        sys.exit(f"assets: {error}")
