"""The folder of a development issuer: how it is made, and what a deployment says of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from inbounds.errors import ConfigurationError
from inbounds.files.safe_files import make_folder, write_file
from inbounds.files.trees import scratch_folder
from inbounds.identity.signing_keys import SigningKey
from inbounds.live import LiveFeed
from inbounds.model.question import Effect

from .issuer import read_about

if TYPE_CHECKING:
    from .issuer import About


def create_development(folder: Path, about: About) -> dict[str, Any]:
    """Make a development issuer and a feed's key in `folder`.

    Args:
        folder: Where; refused if there is an issuer already.
        about: What it signs for.

    Returns:
        What the deployment has to say for them to count: its `issuers` and its `feed`.
    """
    create_issuer(folder, about)
    SigningKey.generate().write(folder / "feed.pem")
    return deployment_entries(folder)


def deployment_entries(folder: Path) -> dict[str, Any]:
    """Return what the deployment has to say for the issuer in `folder` to count.

    Raises:
        ConfigurationError: None exists.
    """
    said = read_about(folder)
    feed = SigningKey.read(folder / "feed.pem")
    return {
        "issuers": {
            "development": {
                "issuer": said.issuer,
                "kind": "development",
                "vouches_for": ["identity", "task"],
                "trust_domain": said.agent.removeprefix("spiffe://").partition("/")[0],
                "tenants": [said.tenant],
                "environments": [said.environment],
                "effects": list(get_args(Effect)),
                "algorithms": ["ES256"],
                "keys": public_keys(folder),
            }
        },
        "feed": {"keys": {feed.kid: feed.public}},
    }


def create_issuer(folder: Path, about: About) -> dict[str, dict[str, str]]:
    """Make the folder, a signing key and `issuer.json`.

    Args:
        folder: Where; refused if there is an issuer already.
        about: What it signs for; its `kid` is replaced by that of the key drawn here.

    Returns:
        The public keys by `kid`, for `deployment/issuers.yaml`.
    """
    if (folder / "issuer.json").exists():
        raise ConfigurationError(
            f"{folder} holds an issuer already",
            code="configuration.issuer_exists",
            hint="keep it, or remove the folder and every task it has signed",
        )
    make_folder(folder, mode=0o700)
    return _turn_to(folder, about)


def rotate_issuer(folder: Path) -> dict[str, dict[str, str]]:
    """Sign with another key from the next start on.

    Returns:
        The public keys of the folder by `kid`. They belong into
        `deployment/issuers.yaml` before the next start; a key whose last token has
        expired may go, from there first.
    """
    return _turn_to(folder, read_about(folder))


def feed_as_of(folder: Path, now: int) -> dict[str, Any]:
    """Return the feed of the issuer in `folder`, under a head that is signed for another time.

    Args:
        folder: What `inbounds init` made. Nothing is made in it.
        now: Unix seconds.
    """
    with scratch_folder("feed") as scratch:
        there = folder / "live.sqlite"
        path = there if there.exists() else Path(scratch) / "live.sqlite"
        feed = LiveFeed(path, SigningKey.read(folder / "feed.pem"), now=lambda: now)
        try:
            return feed.snapshot()
        finally:
            feed.close()


def public_keys(folder: Path) -> dict[str, dict[str, str]]:
    """Return the public keys of the issuer in `folder` by `kid`, for `deployment/issuers.yaml`."""
    return {
        path.stem: SigningKey.read(path).public
        for path in sorted(folder.glob("*.pem"))
        if path.name != "feed.pem"
    }


def _turn_to(folder: Path, about: About) -> dict[str, dict[str, str]]:
    key = SigningKey.generate()
    key.write(folder / f"{key.kid}.pem")
    text = about.model_copy(update={"kid": key.kid}).model_dump_json(indent=2)
    write_file(folder / "issuer.json", text + "\n")
    return public_keys(folder)
