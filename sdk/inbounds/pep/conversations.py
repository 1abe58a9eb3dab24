"""Which session a conversation belongs to, and what history counts as that nobody has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inbounds.errors import ConfigurationError, SessionContended
from inbounds.process import clock
from inbounds.sessions.store import ConversationKey, SessionKey

from .beginning import begin_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inbounds.credentials.task_authority import TaskAuthority
    from inbounds.identity import Issuer, TaskGrant, TaskRequest
    from inbounds.model.question import Trust

    from .runtime import Runtime

    History = Callable[[], Sequence[str]]
    """Returns the texts that a conversation holds."""

_MOST_CHARACTERS = 256
_MOST_ATTEMPTS = 3
"""How often a task is begun at most where others bind its conversation: once is enough."""


def conversation_key(owner: SessionKey, conversation: Any) -> ConversationKey:
    """Return the key of a conversation of the one who owns a session.

    Raises:
        ConfigurationError: `conversation.malformed`: its id is not 1 to 256 printable characters.
    """
    if (
        type(conversation) is not str
        or not 0 < len(conversation) <= _MOST_CHARACTERS
        or not conversation.isprintable()
    ):
        raise ConfigurationError(
            f"the id of a conversation must be 1 to {_MOST_CHARACTERS} printable characters",
            code="conversation.malformed",
            hint="name the conversation by the id that your framework or program has for it",
        )
    return ConversationKey(owner.tenant, owner.subject, owner.agent, conversation)


def begin_in_conversation(
    runtime: Runtime,
    subject: str,
    session: str | None,
    conversation: str,
    request: Callable[[str], TaskRequest],
    *,
    issuer: Issuer,
    trust: Trust,
) -> tuple[TaskGrant, SessionKey]:
    """Begin a task in the session that its conversation is bound to, and bind it where it is not.

    Args:
        runtime: Of the guard.
        subject: Whose task it is.
        session: The session that it is to go on with; None for none.
        conversation: The id of the conversation.
        request: Returns what to ask for, in a session.
        issuer: Signs the task.
        trust: What the session begins with, or is joined with.
    """
    owner = SessionKey(runtime.tenant, str(subject), runtime.agent, "")
    name = conversation_key(owner, conversation)
    for _ in range(_MOST_ATTEMPTS):
        found = runtime.sessions.find_conversation(name)
        runtime.bindings.require_kept(name, found.sid if found else None)
        if found is None and not runtime.bindings.is_complete:
            trust = "untrusted"
        if found is not None and session not in (None, found.sid):
            raise _other_session()
        known = found.sid if found is not None else session
        grant, key = begin_in(runtime, subject, known, request, issuer=issuer, trust=trust)
        bound = runtime.sessions.bind_conversation(name, key.sid)
        if bound.sid == key.sid:
            runtime.bindings.record(name, key.sid)
            return grant, key
        # Another process has bound it meanwhile: the task goes on in that session.
        issuer.end(grant)
    raise SessionContended("the conversation must stay bound to the session that it was bound to")


def join(runtime: Runtime, task: TaskAuthority, conversation: str | None, history: History) -> None:
    """Make a framework's conversation part of a task's session. See `Task.join`."""
    store, session = runtime.sessions, task.session
    if conversation is None:
        _expose(runtime, task, history())
        return
    key = conversation_key(session, conversation)
    found = store.bind_conversation(key, session.sid)
    if found.sid != session.sid:
        raise _other_session()
    runtime.bindings.require_kept(key, found.sid)
    runtime.bindings.record(key, found.sid)
    if not found.history_known:
        _expose(runtime, task, history())
        store.bind_conversation(key, session.sid, history_known=True)


def _expose(runtime: Runtime, task: TaskAuthority, history: Sequence[str]) -> None:
    """Take what a conversation already holds for the words of third parties, of any label."""
    if not history:
        return
    from .observation import expose

    deadline = clock.monotonic() + runtime.configuration.deadline
    some_tool = next(iter(task.authority.tools))
    labels = runtime.registry.tool(some_tool, deadline=deadline).labels
    runtime.origins.of(task.session).data(history)
    at = task.session
    expose(runtime, at, party="third", label=labels[-1], labels=labels, deadline=deadline)


def _other_session() -> ConfigurationError:
    return ConfigurationError(
        "a task must go on in the session that its conversation is bound to, "
        "and this task is in another one",
        code="conversation.other_session",
        hint="author of the agent: begin the task with `guard.task(…, conversation=…)`, "
        "or with a conversation of its own",
    )
