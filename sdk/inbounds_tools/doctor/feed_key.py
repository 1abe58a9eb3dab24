"""Whether the key that signs the feed is one that a deployment names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from inbounds.errors import InboundsError
from inbounds.pep.config import Configuration

from .deployed import deployed

if TYPE_CHECKING:
    from pathlib import Path

    from inbounds.identity.signing_keys import SigningKey

_STALE = "task.revocation_feed_stale"


def unnamed(key: SigningKey, deployment: Path | None) -> str:
    """Say that the deployment that was named does not take what `key` signs; "" if it does.

    Args:
        key: What signs the feed's heads.
        deployment: The folder; else INBOUNDS_DEPLOYMENT. Without either, nothing is said.
    """
    try:
        configuration = Configuration.read({"deployment": deployment})
        if not configuration.deployment:
            return ""
        found, source = deployed(configuration)
    except InboundsError as error:
        return f"it is unknown whether feed.yaml holds the key {key.kid}: {error.message}"
    if found.feed.keys.get(key.kid) == key.public:
        return ""
    return (
        f"feed.yaml in {source} must hold the key {key.kid}, and does not: an OPA with that "
        "deployment rejects this feed and denies every call"
    )


def unknown_key(context: Mapping[str, Any]) -> str:
    """Return the `kid` of the head in place where the policy that answered knows no such key.

    Args:
        context: Of an answer, whatever it is an answer to.
    """
    for reason in context.get("reasons", ()):
        if reason.get("code") == _STALE:
            for detail in reason.get("details", ()):
                if "unknown_key" in detail:
                    return str(detail["unknown_key"])
    return ""
