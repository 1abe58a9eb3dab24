"""The skeletons that a question holds: of places that are not plain ASCII.

Plain ASCII the policy reads by itself. Most calls hold nothing else, and do not load `places`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .question import Argument

_SIMPLE = re.compile(r"[ -$&-~]*")


def is_simple(text: str) -> bool:
    """Whether a text is printable ASCII without `%`, so that its skeleton is its lower case."""
    return _SIMPLE.fullmatch(text) is not None


def skeletons(
    arguments: Mapping[str, Any],
    serialised: bytes,
    registered: Mapping[str, Argument],
    resource: str,
) -> dict[str, str]:
    """Return the skeletons that the policy cannot make itself, by text.

    Args:
        arguments: The arguments of a call, in canonical form.
        serialised: Their JSON.
        registered: The registry's description of them, by pattern.
        resource: The id of the resource.
    """
    if serialised.isascii() and b"%" not in serialised and is_simple(resource):
        return {}
    from .places import skeletons_of

    return skeletons_of(arguments, registered, resource)
