"""Where the files are that the package carries: the policy, its schemas, the signed bundles.

A wheel holds them; in a checkout `make assets` makes them.
"""

from __future__ import annotations

from pathlib import Path

from inbounds.errors import ConfigurationError

_ROOT = Path(__file__).resolve().parents[1] / "_assets"


def root() -> Path:
    """Return the folder that holds everything below.

    Raises:
        ConfigurationError: As every function here, that what it returns is not there.
    """
    return _there(_ROOT)


def rego() -> Path:
    """Return the policy's sources, with the fixtures that tests of `site` rules use."""
    return _there(_ROOT / "rego")


def schemas() -> Path:
    """Return the folder of JSON Schemas for `opa check -s`."""
    return _there(_ROOT / "schemas")


def capabilities() -> Path:
    """Return the file of built-ins that both engines have, for `opa --capabilities`."""
    return _there(_ROOT / "capabilities.json")


def opa_config() -> Path:
    """Return the hardened configuration of an OPA that pulls its bundles."""
    return _there(_ROOT / "opa" / "config.yaml")


def release_key() -> Path:
    """Return the public key (PEM) that the shipped bundles are signed with."""
    return _there(_ROOT / "keys" / "release.pub")


def policy_bundle() -> Path:
    """Return the signed bundle that an OPA serves."""
    return _one("policy-*.tar.gz", without=".wasm.tar.gz")


def wasm_bundle() -> Path:
    """Return the signed bundle that the embedded engine runs."""
    return _one("policy-*.wasm.tar.gz", without="\n")


def live_bundle() -> Path:
    """Return the signed bundle of an empty `live.baseline`."""
    return _one("live-*.tar.gz", without="\n")


def _one(pattern: str, *, without: str) -> Path:
    folder = _there(_ROOT / "bundles")
    found = [path for path in folder.glob(pattern) if not path.name.endswith(without)]
    if len(found) != 1:
        raise _missing(folder / pattern)
    return found[0]


def _there(path: Path) -> Path:
    if not path.exists():
        raise _missing(path)
    return path


def _missing(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"the package lacks {path.relative_to(_ROOT.parent).as_posix()}",
        code="assets.missing",
        hint="in a checkout, `make assets`; otherwise install the package again",
    )
