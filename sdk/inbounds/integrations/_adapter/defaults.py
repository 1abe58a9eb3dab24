"""What a tool itself adds to arguments that leave it out, as its JSON Schema says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def defaults_of(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the default of each argument that has one: it runs as well, and so it is judged.

    Args:
        properties: The `properties` of the schema of a tool's arguments.
    """
    return {
        name: said["default"]
        for name, said in properties.items()
        if isinstance(said, Mapping) and "default" in said
    }
