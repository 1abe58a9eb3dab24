"""How the grades of origins compare, and which of them are what a value may rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from inbounds.model.question import Grade, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

RANK: Final[Mapping[str, int]] = {grade: rank for rank, grade in enumerate(get_args(Grade))}
"""The grades by how far they can be trusted: 0 is the strongest."""

TRUSTED: Final = frozenset({"prompt", "first_party", "quoted"})
"""What comes back of a call's own arguments stays as it was, but for values of these."""

THIRD_PARTY: Final = frozenset({"third_party_meta", "third_party_text"})
"""What others state, in a field or in a text."""

PROMPTED: Final = frozenset({"prompt", "quoted"})
"""What the prompts vouch for: what they say, and fields of records that they name."""

PROMPT: Final = Origin(source="prompt", grade="prompt")
PASTED: Final = Origin(source="prompt", grade="third_party_text")
"""What the user has pasted into a prompt, and others wrote."""
NOWHERE: Final = Origin(source="none", grade="none")


def stronger(found: Origin, known: Origin) -> bool:
    """Whether `found` is the better origin; among equals, what no memory has kept."""
    if found.grade == known.grade:
        return known.source == "memory" and found.source != "memory"
    return RANK[found.grade] < RANK[known.grade]
