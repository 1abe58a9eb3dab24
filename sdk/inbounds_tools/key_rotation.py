"""The keys of an issuer in the deployment, and those that it has now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inbounds.dev.deployment import read
from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular
from inbounds.files.safe_files import write_file
from inbounds_tools.scaffold.insertion import flow, with_entries

if TYPE_CHECKING:
    from pathlib import Path

    from inbounds.identity.jwks import Keys
    from inbounds.model.deployment import Deployment, Issuer

FILE = "issuers.yaml"
_FIT = {"ES256": "EC", "RS256": "RSA", "PS256": "RSA", "EdDSA": "OKP"}


@dataclass(frozen=True, slots=True)
class KeySetDiff:
    """How the keys of an issuer differ from those in the deployment.

    Attributes:
        issuer: Its name in `issuers.yaml`.
        added: The names of keys that it has, and the deployment does not.
        removed: Those that the deployment has, and it does not.
        changed: Those that are another key under the same name.
        kept: Those that are the same.
    """

    issuer: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    kept: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether the deployment has the keys that the issuer has."""
        return not (self.added or self.removed or self.changed)


def issuer_identifier(folder: Path, name: str) -> str:
    """Return what the tokens of an issuer of the deployment say in `iss`.

    Raises:
        ConfigurationError: `issuers.unknown`: there is none of this name; or the deployment
            cannot be used.
    """
    return _entry(read(folder), name).issuer


def compared(folder: Path, name: str, keys: Keys) -> KeySetDiff:
    """Return how an issuer's keys differ from those in `deployment/issuers.yaml`.

    Args:
        folder: The folder of the deployment.
        name: The issuer's name in it.
        keys: The keys that it has now.

    Raises:
        ConfigurationError: `issuers.unknown`; `issuers.shared_key`: a key has the name of one
            of another issuer, so that neither would count; `issuers.algorithms`: none of them
            is for an algorithm that the entry names.
    """
    deployment = read(folder)
    entry = _entry(deployment, name)
    for other, about in deployment.issuers.items():
        if other != name and (shared := sorted(keys.keys() & about.keys.keys())):
            raise ConfigurationError(
                f"`{name}` has a key of the same name as `{other}`: {shared[0]}",
                code="issuers.shared_key",
                hint="two issuers use the same `kid`; rotate the key of one of them",
            )
    kinds = {_FIT[algorithm] for algorithm in entry.algorithms}
    if not any(key["kty"] in kinds for key in keys.values()):
        raise ConfigurationError(
            f"`{name}` has no key for {', '.join(entry.algorithms) or 'any algorithm'}",
            code="issuers.algorithms",
            hint=f"name what it signs with in `algorithms` of {FILE}",
        )
    there = {kid: dict(key) for kid, key in entry.keys.items()}
    both = keys.keys() & there.keys()
    return KeySetDiff(
        issuer=name,
        added=tuple(sorted(keys.keys() - there.keys())),
        removed=tuple(sorted(there.keys() - keys.keys())),
        changed=tuple(sorted(kid for kid in both if keys[kid] != there[kid])),
        kept=tuple(sorted(kid for kid in both if keys[kid] == there[kid])),
    )


def write_keys(folder: Path, name: str, keys: Keys) -> None:
    """Write an issuer's keys into `deployment/issuers.yaml`; nothing else of it is touched.

    Raises:
        ConfigurationError: `issuers.by_hand`: the file is written in a way that this does not
            know, or cannot be written; the hint says what belongs there.
    """
    path = folder / FILE
    try:
        text = read_regular(path)[0].decode("utf-8")
        changed = with_entries(text, [name, "keys"], keys)
        if changed is not None:
            write_file(path, changed, below=folder)
            return
        why = "is written in a way that is not changed by a program"
    except OSError as error:
        why = f"cannot be written: {error.strerror}"
    raise ConfigurationError(
        f"{path} {why}",
        code="issuers.by_hand",
        hint=f"write there yourself, as {name}.keys: {flow(keys)}",
    )


def _entry(deployment: Deployment, name: str) -> Issuer:
    try:
        return deployment.issuers[name]
    except KeyError:
        raise ConfigurationError(
            f"the deployment has no issuer `{name}`",
            code="issuers.unknown",
            hint=f"{FILE} has {', '.join(deployment.issuers) or 'none'}",
        ) from None
