"""The leaves of the arguments of a call, as the registry and the policy name them.

This module does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

Leaf: TypeAlias = tuple[str, str, Any]
"""The JSON Pointer, the pattern and the value of one leaf of the arguments."""


def argument_leaves(value: Any, pointer: str = "", pattern: str = "") -> Iterator[Leaf]:
    """Yield every leaf of plain arguments: its JSON Pointer, its pattern and its value.

    An empty array or object is a leaf. A pattern has `*` for any index, as the registry's have.
    """
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            step = key.replace("~", "~0").replace("/", "~1")
            here = f"{pattern}/{step.replace('*', '~2')}"
            yield from argument_leaves(inner, f"{pointer}/{step}", here)
    elif isinstance(value, list) and value:
        for place, inner in enumerate(value):
            yield from argument_leaves(inner, f"{pointer}/{place}", f"{pattern}/*")
    elif pointer:
        yield pointer, pattern, value
