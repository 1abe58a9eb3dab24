"""What reaches an agent past the permits: indexed, and its session exposed to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from inbounds.errors import DecisionUnavailable
from inbounds.pdp.registry import UNREGISTERED
from inbounds.process import clock
from inbounds.provenance import exposure
from inbounds.sessions.store import EVERY_STORE

from .labelled import Labelled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inbounds.credentials.task_authority import TaskAuthority
    from inbounds.provenance.exposure import Party, Written
    from inbounds.sessions.store import SessionKey

    from .runtime import Runtime


def expose(
    runtime: Runtime,
    key: SessionKey,
    *,
    party: Party,
    label: str | None,
    labels: Sequence[str] = (),
    written: Written | None = None,
    deadline: float | None = None,
) -> None:
    """Join a session with data that reaches its agent outside a permitted call.

    See `exposure.expose`; `deadline` is by default that of a call which begins now.

    Raises:
        DecisionUnavailable: It could not be committed: the data must not reach the agent.
    """
    if deadline is None:
        deadline = clock.monotonic() + runtime.configuration.deadline
    exposure.expose(
        runtime.sessions,
        key,
        party=party,
        label=label,
        labels=labels,
        written=written,
        deadline=deadline,
    )


def observe(
    runtime: Runtime,
    task: TaskAuthority,
    result: object,
    tool: str,
    arguments: Mapping[str, object] | None,
) -> None:
    """Index a result that came past the permits, and expose the session to it.

    See `Task.observe`.
    """
    deadline = clock.monotonic() + runtime.configuration.deadline
    while isinstance(result, Labelled):
        result = result.value
    # An adapter may say anything; a name that the registry cannot have is of no tool.
    name = tool.encode("utf-8", "backslashreplace").decode()
    try:
        answer = runtime.registry.tool(name, deadline=deadline)
    except DecisionUnavailable:
        # Nobody says that it can be trusted.
        runtime.observer(task, tool, UNREGISTERED, arguments or {})(result)
        raise
    registered = (answer.tool if name == tool else None) or UNREGISTERED
    # Looked up before what the call echoes of its arguments is indexed as its own.
    written = exposure.written_by(registered, arguments, runtime.origins.of(task.session))
    runtime.observer(task, tool, registered, arguments or {})(result)
    returns = registered.returns
    tainted = runtime.is_tainted(task.session, registered.store or EVERY_STORE)
    expose(
        runtime,
        task.session,
        party="third" if tainted else exposure.party_of(returns),
        label=returns.label,
        labels=answer.labels,
        written=written,
        deadline=deadline,
    )


def observe_data(runtime: Runtime, key: SessionKey, texts: Sequence[str]) -> None:
    """Index texts that the user did not write, and make the session untrusted.

    They are text of a third party, whatever they hold; nothing of them vouches for a value.

    Args:
        runtime: Of the guard.
        key: The session.
        texts: Such as a mail that was pasted, or the history of a conversation.

    Raises:
        DecisionUnavailable: As `expose`.
    """
    if texts:
        runtime.origins.of(key).data(texts)
        expose(runtime, key, party="third", label=None)


def observe_descriptors(
    runtime: Runtime, key: SessionKey, listed: Mapping[str, tuple[Mapping[str, object], str]]
) -> None:
    """Index what a server says of its tools, but for what the registry pins.

    A person has read what is pinned. All else is text of a third party.

    Args:
        runtime: Of the guard.
        key: The session.
        listed: The entries of `tools/list`, by the names that the tools are registered under,
            each with the digest of what the server behind a proxy has said, or "".

    Raises:
        DecisionUnavailable: The registry could not be asked, or as `expose`.
    """
    # Imported here: adapters alone list tools.
    from inbounds.canonical.mcp_descriptor import is_pinned

    deadline = clock.monotonic() + runtime.configuration.deadline
    texts = []
    for name, (descriptor, upstream) in listed.items():
        tool = runtime.registry.tool(name, deadline=deadline).tool
        if tool is None or not is_pinned(descriptor, tool.pin, upstream=upstream):
            texts.append(json.dumps(descriptor, ensure_ascii=False))
    observe_data(runtime, key, texts)
