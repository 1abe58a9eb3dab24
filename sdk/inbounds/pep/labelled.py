"""A result that says how sensitive it is, and how sensitive one may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

PLAIN: Final = frozenset({str, int, float, bool, type(None), bytes})
"""The types of text and numbers, which hold nothing else and have no label."""


class Labelled(Generic[T]):
    """A tool's result together with the label it turned out to have.

    A tool returns it when it knows better than the registry's upper bound. A label above
    that bound keeps the result from the agent.

    It is not a dataclass: what makes JSON of those would make it of the value, past its label.

    Attributes:
        value: The result.
        label: One of the deployment's labels.
    """

    __slots__ = ("label", "value")

    value: T
    label: str

    def __init__(self, value: T, label: str) -> None:
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "label", label)

    def __setattr__(self, name: str, _: object) -> NoReturn:
        raise AttributeError(f"`{name}` of a labelled result is not changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"`{name}` of a labelled result is not changed")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Labelled):
            return NotImplemented
        return (self.value, self.label) == (other.value, other.label)

    def __hash__(self) -> int:
        return hash((self.value, self.label))

    def __reduce__(self) -> tuple[type[Labelled[T]], tuple[T, str]]:
        return (type(self), (self.value, self.label))

    def __repr__(self) -> str:
        return f"Labelled(label={self.label!r})"


@dataclass(frozen=True, slots=True)
class Bound:
    """How sensitive a result may be.

    Attributes:
        label: The registry's upper bound; empty for the highest label.
        order: Every label there is, lowest first.
    """

    label: str
    order: Sequence[str]

    def admits(self, label: str) -> bool:
        """Whether a result of this label may be given; where nobody knows it or the bound, not."""
        # What only behaves like text may be equal to anything.
        if type(label) is not str or label not in self.order:
            return False
        if not self.label:
            return True
        return self.label in self.order[self.order.index(label) :]


def labelled_within(value: object) -> bool:
    """Whether a part of a result has a label of its own, however deep, or nobody can tell.

    Looked into are lists, tuples, sets, mappings and their keys, dataclasses and models. What
    would give its parts only later, or holds more than a million, counts as one that has.
    """
    if type(value) in PLAIN:
        return False
    from .labelled_parts import has_labelled_part

    return has_labelled_part(value)
