"""What a record is known by: its own id, and the arguments that it was read by.

A record states ids of other things as well, and a call has arguments that name none: a stranger, or
the agent, chooses those. So the registry decides, by names and roles. Where it leaves open which
field is the record's own id, none is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .plain_values import step
from .value_leaves import leaves
from .values import nfc, text_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inbounds.model.question import Argument

_MOST_PLACES = 16
"""So many arguments may say which record is read."""
_WRAPPERS = frozenset(
    ["data", "entries", "hits", "list", "matches", "records", "response", "result", "results"]
)
"""Fields that hold records of the tool's own type, whatever they are."""
_NUMBERS = frozenset(["guid", "number", "uid", "uuid"])
"""Names of the only id of a record that are as good as `id`."""


def own_id(ids: Iterable[str], segments: Iterable[str], resource: str) -> tuple[str, str]:
    """Return the field that states a record's own id, and the type of the record.

    The field is named `id`, or by what the record is and `id`, as `message_id` of a message is.
    Both are "" where they are not known.

    Args:
        ids: The names of the fields of the record that hold ids.
        segments: Those of the fields that the record lies in, the innermost last.
        resource: The type of the tool's own resource.
    """
    holder = next((each for each in [*segments][::-1] if each not in ("", "*")), "")
    noun = _plain(resource if holder.lower() in _WRAPPERS else holder or resource)
    names = {name: _plain(name) for name in ids}
    own = [name for name, plain in names.items() if plain == "id"]
    own = own or [name for name, plain in names.items() if plain in _names_of(noun)]
    own = own or [name for name in names if len(names) == 1 and names[name] in _NUMBERS]
    return own[0] if len(own) == 1 else "", resource if noun == _plain(resource) else ""


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def _names_of(noun: str) -> list[str]:
    """The names of an id of what is called so, where that may be a plural."""
    ones = [noun, noun.removesuffix("s"), noun.removesuffix("es"), noun.removesuffix("ies") + "y"]
    return [f"{one}id" for one in ones if one]


def places_of(
    arguments: Any, registered: Mapping[str, Argument], titled_by: str, resource_argument: str
) -> tuple[str, dict[str, Any]]:
    """Return the id that a call states of what it reads, and all that says where it is read.

    Args:
        arguments: What it is called with, by name.
        registered: The registry's description of the tool's arguments.
        titled_by: The pointer of the argument that is the title of what it reads, or "".
        resource_argument: As in the registry.

    Returns:
        The key of the id, or ""; and keys by the pointers of arguments. A value that cannot be
        compared is like no other one.
    """
    places: dict[str, Any] = {}
    naming: list[Any] = []
    for pointer, value, argument in leaves(arguments, registered):
        target = argument.role == "target" and argument.kind in ("id", "path")
        if pointer == resource_argument or (
            target and not (resource_argument or argument.resource)
        ):
            naming.append(_key(value))
        # The name of a sheet is a search word to the registry, and so may be that of its folder.
        is_word = argument.role in ("query", "none") and argument.kind in ("text", "none")
        if pointer != titled_by and (
            argument.role == "target"
            or argument.kind in ("id", "path")
            or (titled_by and is_word and argument.type == "string")
        ):
            places[pointer] = _key(value)
        if len(places) > _MOST_PLACES:
            return "", {"": object()}
    return "\x00".join(key if isinstance(key, str) else "" for key in naming), places


def _key(value: Any) -> Any:
    plain = step(value)
    if type(plain) in (str, int, float):
        return text_key(nfc(str(plain)))
    return value if type(value) is bool else object()
