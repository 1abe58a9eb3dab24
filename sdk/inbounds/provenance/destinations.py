"""Where the arguments of a call lead, by the same rules as the policy's `lib/destinations`.

The policy decides. The SDK needs the same answer where it acts before or beside the policy: for
the proof of possession that a call carries, for its record, and for what a person is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .value_leaves import leaves

if TYPE_CHECKING:
    from inbounds.model.question import Argument, Effect, Tool
    from inbounds.pdp.registry import RegistryAnswer

ADDRESSES = frozenset({"email", "url", "host", "iban", "phone"})
"""The kinds of argument that name somebody or somewhere."""
_SENDING = frozenset({"export", "spend", "delegate"})
CHANGES_NOTHING = frozenset({"read", "export", "spend"})
_NOT_FOLLOWED = frozenset({"query", "content"})
HOST_MARKS = re.compile(r"[:/\\]")
"""A text without any of these names no URL, no share and no remote (`destination_text`)."""


def names_destination(argument: Argument) -> bool:
    """Tell whether the registry entry of an argument makes every value of it a destination."""
    return (
        argument.role == "recipient"
        or argument.kind in ("url", "host")
        or (argument.kind in ADDRESSES and argument.role not in _NOT_FOLLOWED)
    )


def is_outward(argument: Argument, value: Any) -> bool:
    """Tell whether a leaf that is not null names a destination.

    Args:
        argument: What the registry says of it.
        value: The leaf, in canonical form.
    """
    if names_destination(argument):
        return True
    if type(value) is not str:
        return False
    free = argument.kind in ("none", "text")
    if argument.role == "code" and free:
        # Imported here: few tools run code.
        from inbounds.canonical.code_hosts import hosts

        named = hosts(value)
        if named is None or named:
            return True
    followed = argument.kind == "path" or (free and argument.role not in _NOT_FOLLOWED)
    if not followed or HOST_MARKS.search(value) is None:
        return False
    from inbounds.provenance.destination_text import (
        has_scheme,
        names_host,
        names_host_before_colon,
        names_host_within,
    )

    if argument.kind == "path":
        return names_host_before_colon(value) or names_host(value)
    if argument.role == "code":
        return names_host(value)
    return (
        names_host(value)
        or has_scheme(value)
        or (argument.role == "target" and names_host_within(value))
    )


def effects_of(tool: Tool, arguments: Mapping[str, Any]) -> tuple[Effect, ...]:
    """Return the effects of one call: the tool's, and `export` where an argument leads outward.

    Args:
        tool: What the registry says of the tool.
        arguments: In canonical form.
    """
    effects = tuple(tool.effects)
    if not effects or not _SENDING.isdisjoint(effects):
        return effects
    for _, value, argument in leaves(arguments, tool.arguments):
        if is_outward(argument, value):
            return (*effects, "export")
    return effects


def call_effects(
    registered: RegistryAnswer | None, arguments: Mapping[str, Any]
) -> tuple[Effect, ...]:
    """Return the effects of one call; none where nothing is known of the tool.

    Args:
        registered: What the policy says of the tool.
        arguments: In canonical form.
    """
    tool = registered.tool if registered else None
    return effects_of(tool, arguments) if tool else ()


def needs_proof(registered: RegistryAnswer | None, arguments: Mapping[str, Any]) -> bool:
    """Tell whether the deployment asks for a proof of possession of this call.

    Args:
        registered: What the policy says of the tool; without it, a proof is needed.
        arguments: In canonical form.
    """
    if registered is None:
        return True
    return bool(registered.proof) and not {*registered.proof}.isdisjoint(
        call_effects(registered, arguments)
    )
