"""A tool to be registered, as its source or its server shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .arguments import Leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftTool:
    """What can be told of a tool without a person.

    Attributes:
        name: The name it is to be registered under.
        place: Where it was found: `file` and `line`, or the `server` that has it.
        remarks: What is worth knowing of it, for who reads its entry.
        description: What it does, in a line, or "".
        resource: The type of resource that its calls touch.
        guessed: Whether the type was guessed.
        leaves: Its arguments.
        notes: What could not be determined, for a person.
        pin: The digest of its descriptor, where a server says one; or "".
    """

    name: str
    place: Mapping[str, str | int]
    remarks: tuple[str, ...]
    description: str
    resource: str
    guessed: bool
    leaves: tuple[Leaf, ...]
    notes: tuple[str, ...]
    pin: str = ""
