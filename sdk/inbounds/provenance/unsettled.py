"""What nobody has vouched for, though nobody was asked: what it acts on may be shared or run.

A local write that can be undone runs unasked on weak origins. So what it acts on counts as found
nowhere where others see that already, and where a call under way may run it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .destinations import CHANGES_NOTHING, effects_of
from .grades import NOWHERE, TRUSTED
from .value_leaves import keys_of, leaves, states_amount

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from inbounds.model.question import Argument, Tool

    from .origins import Origins

_LOCAL = frozenset({"read", "write"})
_MAKING = frozenset({"recipient", "target", "code", "query", "credential"})
"""The roles of arguments that decide what a call makes, and not how much of it."""


def is_unsure(
    every: Iterable[tuple[str, Any, Argument]],
    tool: Tool,
    effects: Collection[str],
    properties: Mapping[str, Any],
) -> bool:
    """Whether something steers a call that nobody vouched for; then what it makes is no better.

    How much counts for a local write that can be undone, unless the registry says how much it may
    be. For any other call, a bound has let it through, or a person.

    Args:
        every: The leaves of the call.
        tool: What the registry says of the tool.
        effects: Those of the call.
        properties: Those of the question about it: `origins`, `doubtful` and `mentioned`.
    """
    origins = properties.get("origins", {})
    unsure = {*properties.get("doubtful", ()), *properties.get("mentioned", ())}
    amounts = tool.reversible == "yes" and _LOCAL.issuperset(effects)
    return any(
        pointer in unsure or origins.get(pointer, {}).get("grade", "none") not in TRUSTED
        for pointer, _, argument in every
        if argument.role in _MAKING or (amounts and _is_open_amount(argument))
    )


def distrust(seen: Origins, arguments: Any, tool: Tool, properties: dict[str, Any]) -> None:
    """Have what a call acts on count as found nowhere, where that is shared or run already.

    Args:
        seen: What the session has seen.
        arguments: In canonical form.
        tool: What the registry says of the tool.
        properties: Those of the question about the call. Its `origins` are changed.
    """
    effects = effects_of(tool, arguments)
    if CHANGES_NOTHING.issuperset(effects) or "execute" in effects:
        return
    every = [*leaves(arguments, tool.arguments)]
    at = {pointer for pointer, _, argument in every if argument.role == "target"}
    if not seen.writes.is_run_meanwhile(tool):
        keys = {
            pointer: (keys_of(value, argument, None)[0], argument)
            for pointer, value, argument in every
            if pointer in at
        }
        at = seen.act(lambda done: {each for each in at if done.is_sent(*keys[each])})
        # What is shared steers nothing by itself: what comes to it does.
        if not is_unsure((leaf for leaf in every if leaf[0] not in at), tool, effects, properties):
            return
    for pointer in at:
        properties["origins"][pointer] = NOWHERE.model_dump(exclude_defaults=True)


def _is_open_amount(argument: Argument) -> bool:
    """Whether a leaf says how much, and the registry does not say how much that may be."""
    bounded = bool(argument.one_of) or "maximum" in argument.model_fields_set
    return states_amount(argument) and not bounded
