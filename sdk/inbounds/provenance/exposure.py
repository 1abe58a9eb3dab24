"""The exposure of a session to data that reached its agent outside a permitted call."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from inbounds.canonical.arguments import canonicalise
from inbounds.errors import (
    ArgumentNotRepresentable,
    DecisionUnavailable,
    InvalidAnswer,
)
from inbounds.model.leaves import argument_leaves
from inbounds.sessions.store import EVERY_STORE, back_off

from .destinations import effects_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Literal

    from inbounds.model.question import Argument, Returns, SessionState, Tool
    from inbounds.sessions.protocol import SessionStore
    from inbounds.sessions.store import SessionKey

    from .origins import Origins

    Party = Literal["first", "third"]

_FIRM = frozenset({"prompt", "first_party", "quoted"})
# The policy's `lib/stores` remembers as many.
_MOST_STORES = 16


class Written(NamedTuple):
    """The store that a call may have written its arguments to.

    Attributes:
        store: Its name; `*` for any store.
        certain: Whether a third party's words are known to be among the arguments. Otherwise they
            are taken to be where the session is untrusted.
    """

    store: str
    certain: bool


def written_by(tool: Tool, arguments: Mapping[str, Any] | None, seen: Origins) -> Written | None:
    """Return where a call that was not permitted may have kept a third party's words.

    By the rule of the policy's `lib/stores`. A tool that sets others in motion may have written
    to any store.

    Args:
        tool: What the registry says of it.
        arguments: What it was called with, by name; None where nobody says.
        seen: What the session had seen before the call returned.

    Returns:
        None for a call that keeps nothing that could be a third party's.
    """
    grades = _grades(tool, arguments, seen)
    if set(effects_of(tool, arguments or {})) == {"read"} and not tool.reaches:
        leaves_no_history = tool.stateless and not tool.memory
        if leaves_no_history or (grades is not None and grades <= _FIRM):
            return None
    return Written(
        EVERY_STORE if tool.reaches else tool.store or EVERY_STORE,
        certain=grades is not None and not grades <= _FIRM | {"none"},
    )


def may_repeat(
    tool: Tool, arguments: Mapping[str, Any], seen: Origins, *, trusted: Callable[[], bool]
) -> bool:
    """Tell whether what a tool returns may be what a third party wrote, in another form.

    A tool that keeps nothing may still decode, translate or join the texts that it is given, and
    what it returns is then nothing that it says itself; so may it compute with numbers. Search
    words, ids, dates, and whole numbers among them, such as a page, only select.

    Args:
        tool: What the registry says of it.
        arguments: What it is called with, by name.
        seen: What the session had seen before the call returned.
        trusted: Tells whether the session has seen nothing of a third party.
    """
    grades = _grades(tool, arguments, seen, texts_alone=True) or set()
    unfirm = grades - _FIRM
    return bool(unfirm - {"none"}) or (bool(unfirm) and not trusted())


def _grades(
    tool: Tool, arguments: Mapping[str, Any] | None, seen: Origins, *, texts_alone: bool = False
) -> set[str] | None:
    """Return where the values and links of a call were found; None where that is not known."""
    if arguments is None:
        return None
    try:
        judged = canonicalise(dict(arguments), tool.arguments)
    except ArgumentNotRepresentable:
        return {"third_party_text"}
    plain = {
        at
        for at, pattern, value in argument_leaves(judged.arguments)
        if _says_nothing(value) or (texts_alone and _selects(tool.arguments.get(pattern)))
    }
    found = seen.trace(
        judged.arguments,
        tool.arguments,
        judged.parsed,
        decimals=tool.decimals,
        currency=tool.currency,
    )
    links = seen.links(judged.arguments, tool.arguments)
    return {each.grade for at, each in found.items() if at not in plain} | {
        link.grade for each in links.values() for link in each
    }


def _says_nothing(value: Any) -> bool:
    return value is None or isinstance(value, bool) or value in ([], {})


def _selects(argument: Argument | None) -> bool:
    """Whether an argument only says which of what a tool knows is returned."""
    if argument is None or argument.role == "amount" or argument.kind == "money":
        return False
    # With a fraction, or for nothing that the registry knows, a number is one to compute with.
    looked_up = argument.role in ("query", "target") and argument.type != "number"
    return looked_up or argument.kind in ("id", "date")


def party_of(returns: Returns) -> Party:
    """Return `first` only for a tool none of whose fields a third party writes."""
    parties = {returns.party, *(field.party for field in returns.fields.values())}
    return "first" if parties == {"first"} else "third"


def expose(
    store: SessionStore,
    key: SessionKey,
    *,
    party: Party,
    label: str | None,
    labels: Sequence[str] = (),
    written: Written | None = None,
    deadline: float,
) -> None:
    """Join the trust and the label of a session with those of data that reaches its agent.

    It is committed once this returns, under the lock of the session as a decision is. Nothing is
    lowered. A session that is as exposed already is only read.

    Args:
        store: Where the session is kept.
        key: The session.
        party: Who may have written the data; `third` makes the session untrusted.
        label: How sensitive the data is at most; a label that is not in `labels` counts as the
            highest. With None the label of the session stays.
        labels: Every label of the deployment, lowest first.
        written: Where the call that the data came from may have kept a third party's words: the
            store is tainted, as after a permitted call.
        deadline: When to give up, in seconds on `clock.monotonic`.

    Raises:
        DecisionUnavailable: `session.lost`, `session.unreachable` or `session.contended`: the data
            must not reach the agent.
    """
    with store.lock(key, deadline=deadline):
        while True:
            state = store.load(key)
            following = _joined(state, party, label, labels, written)
            if following == state:
                return
            following = following.model_copy(update={"version": state.version + 1})
            try:
                if store.commit(key, state.version, following):
                    return
            except InvalidAnswer:
                raise
            except DecisionUnavailable:
                # It may have been made all the same.
                state = store.load(key)
                if state == following or _joined(state, party, label, labels, written) == state:
                    return
                raise
            # Another process was faster.
            back_off(deadline)


def _joined(
    state: SessionState,
    party: Party,
    label: str | None,
    labels: Sequence[str],
    written: Written | None,
) -> SessionState:
    update: dict[str, object] = {}
    # By the trust from before: the data came back after the call had written.
    if written is not None and (written.certain or state.trust != "trusted"):
        stores = {*state.tainted_stores, written.store}
        every = EVERY_STORE in stores or len(stores) > _MOST_STORES
        update["tainted_stores"] = [EVERY_STORE] if every else sorted(stores)
    if party != "first":
        update["trust"] = "untrusted"
    if label is not None:
        update["label"] = labels[max(_rank(state.label, labels), _rank(label, labels))]
    return state.model_copy(update=update)


def _rank(label: str, labels: Sequence[str]) -> int:
    return labels.index(label) if label in labels else len(labels) - 1
