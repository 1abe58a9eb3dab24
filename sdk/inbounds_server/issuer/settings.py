"""The folder of an issuer's service: what it signs as, and the keys it signs with."""

from __future__ import annotations

import json
import os
from stat import S_IMODE, S_IWGRP, S_IWOTH
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular
from inbounds.files.safe_files import make_folder, write_file
from inbounds.files.trees import remove_file
from inbounds.identity.remote import require_url
from inbounds.identity.signing_keys import SigningKey
from inbounds.live.store import FILE as FEED
from inbounds.live.store import TASKS
from inbounds.model.question import Name

if TYPE_CHECKING:
    from pathlib import Path

FILE = "service.json"
JWKS = "jwks.json"
"""What it publishes, for a deployment that is built before the service runs."""
FEED_KEY = "feed.pem"
_KEYS = "keys"
_OWN = (FILE, FEED_KEY, FEED, TASKS, "evidence.sqlite", "deployment.key")
"""The files whose content the service goes by."""


class Settings(BaseModel):
    """What `service.json` says."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: Literal["production"] = "production"
    issuer: Name
    """Its URL, which tokens name as `iss` and requests are proven for."""
    audience: Name
    """What the deployment calls itself: `settings.audience`."""
    kid: Name
    """The key that signs; the others are published beside it."""
    begun_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 120
    """How many tasks one agent may begin in a minute. As many may be renewed, as many hops ended,
    and as many requests to begin a task refused: three quarters of those from one address."""
    asked_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 1200
    """How many requests one address may send in a minute, three quarters of them to begin tasks."""
    connections_per_address: Annotated[int, Field(ge=1, le=240)] = 64
    """How many connections and requests one address may have at once, of 256."""
    request_seconds: Annotated[int, Field(ge=1, le=60)] = 10
    """How long a TLS handshake, the head of a request, and its body may take, each."""


class Folder:
    """The folder of an issuer's service, read afresh where its description has changed.

    Args:
        path: What `create` has made.

    Raises:
        ConfigurationError: It is not there, it is another user's, or its description is invalid.
    """

    def __init__(self, path: Path) -> None:
        _require_ours(path)
        self.path = path
        self._stamp = (0, 0)
        self._keys: dict[str, SigningKey] = {}
        self.settings = self._read()
        require_url(self.settings.issuer, "the issuer's URL")

    @classmethod
    def create(cls, path: Path, issuer: str, audience: str) -> Folder:
        """Make a folder with a key to sign tasks and one to sign the feed.

        Raises:
            ConfigurationError: One exists already, or the URL is not valid for an issuer.
        """
        if (path / FILE).exists():
            raise ConfigurationError(
                f"{path} holds an issuer already",
                code="configuration.issuer_exists",
                hint="keep it, or name another folder: what it has signed would be worthless",
            )
        require_url(issuer, "the issuer's URL")
        _require_ours(path)
        make_folder(path, mode=0o700)
        key = SigningKey.generate()
        key.write(path / _KEYS / f"{key.kid}.pem", below=path)
        if not (path / FEED_KEY).exists():
            SigningKey.generate().write(path / FEED_KEY)
        _write(path / FILE, Settings(issuer=issuer.rstrip("/"), audience=audience, kid=key.kid))
        made = cls(path)
        made._publish()
        return made

    def current(self) -> tuple[Settings, SigningKey]:
        """Return what it signs as now, and the key that it signs with."""
        stamp = _stamp(self.path / FILE)
        if stamp != self._stamp:
            self.settings = self._read()
        kid = self.settings.kid
        if kid not in self._keys:
            self._keys[kid] = SigningKey.read(self.path / _KEYS / f"{kid}.pem")
        return self.settings, self._keys[kid]

    def public_keys(self) -> dict[str, dict[str, str]]:
        """Return every key's public half by `kid`: those that have signed, and those that will."""
        return {
            path.stem: SigningKey.read(path).public
            for path in sorted((self.path / _KEYS).glob("*.pem"))
        }

    def published(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys as a JWKS (RFC 7517 §5), which is in the folder as well."""
        return {
            "keys": [
                {**key, "kid": kid, "use": "sig", "alg": "ES256"}
                for kid, key in self.public_keys().items()
            ]
        }

    def generate_key(self) -> str:
        """Generate a key that is published and signs nothing yet; return its `kid`."""
        key = SigningKey.generate()
        key.write(self.path / _KEYS / f"{key.kid}.pem", below=self.path)
        self._publish()
        return key.kid

    def use(self, kid: str) -> None:
        """Sign with another key from now on.

        Raises:
            ConfigurationError: There is no such key.
        """
        SigningKey.read(self._file(kid))
        _write(self.path / FILE, self._read().model_copy(update={"kid": kid}))

    def retire(self, kid: str) -> None:
        """Remove a key that signs nothing any more.

        Raises:
            ConfigurationError: There is no such key, or it is the one that signs.
        """
        file = self._file(kid)
        if kid == self._read().kid:
            raise ConfigurationError(
                f"the key {kid} signs",
                code="issuer.key_in_use",
                hint="`inbounds issuer key use` another one first, and wait until the last token "
                "of this one has expired",
            )
        remove_file(file, below=self.path)
        self._publish()

    def _publish(self) -> None:
        _put(self.path / JWKS, json.dumps(self.published(), indent=2), 0o644)

    def _file(self, kid: str) -> Path:
        known = self.public_keys()
        if kid not in known:
            raise ConfigurationError(
                f"the issuer has no key {kid[:64]!r}",
                code="issuer.key_unknown",
                hint=f"it has {', '.join(known)}",
            )
        return self.path / _KEYS / f"{kid}.pem"

    def _read(self) -> Settings:
        file = self.path / FILE
        try:
            text, status = read_regular(file)
            self._stamp = (status.st_mtime_ns, status.st_ino)
            return Settings.model_validate_json(text)
        except OSError as error:
            raise ConfigurationError(
                f"there is no issuer in {self.path}: {file.name}: {error.strerror}",
                code="configuration.issuer_missing",
                hint="`inbounds issuer init` makes one",
            ) from error
        except ValidationError as error:
            first = error.errors()[0]
            raise ConfigurationError(
                f"{file} is not a description of an issuer: {'.'.join(map(str, first['loc']))}",
                code="configuration.issuer_malformed",
                hint="`inbounds issuer init` makes one",
            ) from None


def _stamp(file: Path) -> tuple[int, int]:
    status = os.stat(file)  # noqa: PTH116 -- asked for each token
    return status.st_mtime_ns, status.st_ino


def _write(file: Path, settings: Settings) -> None:
    # Whoever can write it says which key signs, and for whom.
    _put(file, settings.model_dump_json(indent=2), 0o600)


def _put(file: Path, text: str, mode: int) -> None:
    write_file(file, text + "\n", mode=mode)


def _require_ours(path: Path) -> None:
    """Refuse a folder that another user could change, or that this one could spoil.

    What another user has put there is published as a key of this issuer, and what he has moved away
    is forgotten. What root writes into a service's folder, the service can no longer read.
    """
    if not hasattr(os, "geteuid"):
        return
    for place in (path, path / _KEYS, *(path / name for name in _OWN)):
        try:
            status = place.stat()
        except FileNotFoundError:
            continue
        if status.st_uid not in (os.geteuid(), 0) or status.st_mode & (S_IWGRP | S_IWOTH):
            raise ConfigurationError(
                f"{place} must be this user's, and writable to no other; found the owner "
                f"{status.st_uid} and the mode {S_IMODE(status.st_mode):o}",
                code="configuration.folder_exposed",
                hint="run as the user that it belongs to, and chmod go-w it; or name a folder that "
                "is not there yet",
            )
