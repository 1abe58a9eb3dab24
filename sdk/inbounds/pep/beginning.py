"""How a task begins: what its agent is told, and the session that it begins in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from inbounds.errors import ConfigurationError
from inbounds.process import clock
from inbounds.process.ids import uuid7
from inbounds.sessions.store import SessionKey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inbounds.identity import Issuer, TaskGrant, TaskRequest
    from inbounds.model.question import Trust

    from .runtime import Runtime


class TaskInput(NamedTuple):
    """What the agent of a task is told when it begins. See `Guard.task`.

    Attributes:
        prompt: The user's own words.
        data: What others wrote.
        trust: `untrusted` where the agent sees what the guard does not judge.
    """

    prompt: str
    data: str | Sequence[str]
    trust: Trust


def begin(
    runtime: Runtime,
    subject: str,
    place: tuple[str | None, str | None],
    request: Callable[[str], TaskRequest],
    *,
    issuer: Issuer,
    told: TaskInput,
) -> tuple[TaskGrant, SessionKey]:
    """Begin a task in the session of its conversation. See `Guard.task`.

    Args:
        runtime: Of the guard.
        subject: Whose task it is.
        place: The session and the conversation that it is to go on with; None for none.
        request: Returns what to ask for, in a session.
        issuer: Signs the task.
        told: What its agent is told.
    """
    said, pasted = _split(told.prompt)
    # What others wrote is not the user's, whether it comes beside the prompt or within it.
    data = [*pasted, *_data_texts(told.data)]
    trust = "untrusted" if data else told.trust
    session, conversation = place
    if conversation is None:
        grant, key = begin_in(runtime, subject, session, request, issuer=issuer, trust=trust)
    else:
        from .conversations import begin_in_conversation

        grant, key = begin_in_conversation(
            runtime, subject, session, conversation, request, issuer=issuer, trust=trust
        )
    runtime.origins.of(key).words(said, data)
    return grant, key


def _split(prompt: str) -> tuple[list[str], list[str]]:
    """Return what the user says of a prompt, and what is data in it: `prompt_marks.apart`."""
    if prompt == "":
        return [], []
    from inbounds.provenance.prompt_marks import apart

    return apart(prompt)


def _data_texts(data: str | Sequence[str]) -> list[str]:
    """Return the texts that come as data beside a prompt; an empty one does not count.

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


def begin_in(
    runtime: Runtime,
    subject: str,
    session: str | None,
    request: Callable[[str], TaskRequest],
    *,
    issuer: Issuer,
    trust: Trust,
) -> tuple[TaskGrant, SessionKey]:
    """Begin a task in a session, or in a fresh one for None. Arguments as of `begin`."""
    sid = session or f"session-{uuid7()}"
    wanted = request(sid)
    runtime.refresh_live(clock.monotonic() + runtime.configuration.deadline)
    grant = issuer.begin(wanted, runtime.pdp)
    key = SessionKey(wanted.tenant, subject, wanted.agent, sid)
    some_tool = next(iter(grant.authority.tools))
    runtime.begin_session(key, fresh=session is None, some_tool=some_tool, trust=trust)
    return grant, key
