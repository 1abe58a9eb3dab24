"""What an MCP server says of a tool, as one digest that a person pins once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import rfc8785

from inbounds.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

READ = (
    *("name", "title", "description", "inputSchema", "outputSchema", "annotations", "execution"),
)
"""The members of a descriptor that steer a model or a client. `_meta` and `icons` do not."""


def digest(tool: Mapping[str, Any]) -> str:
    """Return the digest of a tool's descriptor, as the registry's `pin` has it.

    Args:
        tool: An entry of what `tools/list` answers, as JSON (Model Context Protocol, `Tool`).

    Returns:
        `sha256:` and the SHA-256 of the canonical JSON (RFC 8785) of its `READ` members, in hex;
        a member that is null counts as one that is not there.

    Raises:
        ConfigurationError: `configuration.descriptor`: it has no canonical JSON, so that nothing
            can be pinned: numbers that JSON does not hold, or text that is not Unicode.
    """
    said = {name: tool[name] for name in READ if tool.get(name) is not None}
    try:
        text = rfc8785.dumps(said)
    except (rfc8785.CanonicalizationError, RecursionError, TypeError, ValueError):
        raise ConfigurationError(
            "a tool's descriptor has no canonical JSON form",
            code="configuration.descriptor",
            hint="its numbers are finite and within 2^53, its text is Unicode",
        ) from None
    return f"sha256:{hashlib.sha256(text).hexdigest()}"


def is_pinned(tool: Mapping[str, Any], pin: str, *, upstream: str = "") -> bool:
    """Whether a person has pinned all that a tool's descriptor says to a model.

    Args:
        tool: As for `digest`; one that has no digest, or other members, is not pinned.
        pin: What the registry has of it; empty for none.
        upstream: The digest of the descriptor that `tool` was made of by leaving members out, as
            a newer version of the protocol does; empty where it is the descriptor itself.
    """
    if not pin or not tool.keys() <= {*READ, "_meta", "icons"}:
        return False
    try:
        return pin == (upstream or digest(tool))
    except ConfigurationError:
        return False
