"""The exposure of a session to data that reached its agent outside a permitted call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import ConfigurationError, DecisionUnavailable, InvalidAnswer
from .sessions import back_off

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from .models import Returns, SessionState
    from .sessions import SessionKey, SessionStore

    Party = Literal["first", "third"]


def party_of(returns: Returns) -> Party:
    """Return `first` only for a tool none of whose fields a third party writes."""
    parties = {returns.party, *(field.party for field in returns.fields.values())}
    return "first" if parties == {"first"} else "third"


def data_texts(data: str | Sequence[str]) -> list[str]:
    """Return the texts that come as data beside a prompt; an empty one is none.

    Raises:
        ConfigurationError: `configuration.wrong_kind`: it is something else than texts.
    """
    texts = [data] if isinstance(data, str) else list(data)
    if not all(isinstance(text, str) for text in texts):
        raise ConfigurationError(
            "`data` must be text or a list of texts",
            code="configuration.wrong_kind",
            hint="give each mail, page or file as text",
        )
    return [text for text in texts if text]


def expose(
    store: SessionStore,
    key: SessionKey,
    *,
    party: Party,
    label: str | None,
    labels: Sequence[str] = (),
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
        deadline: When to give up, in seconds on `clock.monotonic`.

    Raises:
        DecisionUnavailable: `session.lost`, `session.unreachable` or `session.contended`: the data
            must not reach the agent.
    """
    with store.lock(key, deadline=deadline):
        while True:
            state = store.load(key)
            following = _joined(state, party, label, labels)
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
                if _joined(state, party, label, labels) == state:
                    return
                raise
            # Another process was faster.
            back_off(deadline)


def _joined(
    state: SessionState, party: Party, label: str | None, labels: Sequence[str]
) -> SessionState:
    update: dict[str, object] = {}
    if party != "first":
        update["trust"] = "untrusted"
    if label is not None:
        update["label"] = labels[max(_rank(state.label, labels), _rank(label, labels))]
    return state.model_copy(update=update)


def _rank(label: str, labels: Sequence[str]) -> int:
    return labels.index(label) if label in labels else len(labels) - 1
