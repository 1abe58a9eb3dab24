"""The input of a run, and what else stands before its model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_framework import AgentMiddleware, HistoryProvider

from inbounds.integrations._adapter.conversation import texts_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

MODELS = frozenset({"assistant", "tool"})
"""The roles of messages that no user has written."""

_INPUT = "inbounds.run_input"

_CALLS = frozenset(
    {
        "function_call",
        "function_result",
        "function_approval_request",
        "function_approval_response",
    }
)
"""The parts of a call and its answer, which the framework moves about in the messages of a run."""


class RunInput:
    """The input that the caller of one run has passed, by which all other text is recognized.

    The input is recognized by its parts themselves and not by their text: a provider that repeats
    a user's words adds a part of its own.

    Args:
        agent: The framework's agent.
        messages: The caller's messages.
        options: The caller's options of the run.
        instructions: Instructions of the agent's context providers, as they were when it was made.
    """

    def __init__(
        self,
        agent: Any,
        messages: Iterable[Any],
        options: Mapping[str, Any] | None,
        instructions: Iterable[str] = (),
    ) -> None:
        self._agent = agent
        # The parts are kept, so that no other object gets the id of one.
        self._known = {id(each): each for message in messages for each in message.contents}
        own = (getattr(agent, "default_options", None), options)
        fixed = [text for each in own for text in texts_of((each or {}).get("instructions"))]
        self._fixed = sorted({*fixed, *instructions}, key=len, reverse=True)
        self._seen: set[str] = set()
        self._answered = False

    @classmethod
    def of(cls, context: Any) -> RunInput:
        """Return the input of a run that an agent's middleware is around.

        Without a recorder that comes first, it is the messages that the earlier middleware left.
        """
        recorded: RunInput | None = context.metadata.get(_INPUT)
        return recorded or cls(context.agent, context.messages, context.options)

    @property
    def is_history_late(self) -> bool:
        """Whether the history of the session is loaded for each request, after all middleware."""
        return bool(getattr(self._agent, "require_per_service_call_history_persistence", False))

    def history(self, session: Any, messages: Sequence[Any]) -> list[Any]:
        """Return the messages that the session's history providers have loaded."""
        sources = {
            each.source_id
            for each in getattr(self._agent, "context_providers", None) or ()
            # One that adds to what it loads could add text of other sessions.
            if isinstance(each, HistoryProvider)
            and type(each).before_run is HistoryProvider.before_run
        }
        return [each for each in messages if _is_of(each, sources, session)]

    def unseen(
        self, session: Any, messages: Sequence[Any], options: Mapping[str, Any] | None
    ) -> list[str]:
        """Return the texts before the model that are not of this run, its caller or its session.

        Each is returned once for a run: what context providers, middleware and the like add, by
        whatever role, also as instructions.

        Args:
            session: The framework's session of the run; None for none.
            messages: The messages of a request to the model.
            options: The options of that request.
        """
        history = {id(each) for each in self.history(session, messages)}
        found: list[str] = []
        for message in messages:
            if id(message) in history:
                continue
            own = _attribution(message) is None
            for part in message.contents:
                if id(part) in self._known:
                    continue
                self._known[id(part)] = part
                answer = self._answered and message.role in MODELS
                if not (own and (answer or part.type in _CALLS)):
                    found += texts_of(part.to_dict()) or ["-"]
        return [*found, *self._unseen_instructions(options or {})]

    def _unseen_instructions(self, options: Mapping[str, Any]) -> list[str]:
        found = []
        for text in texts_of(options.get("instructions")):
            rest = text
            for fixed in self._fixed:
                rest = rest.replace(fixed, "", 1)
            if rest.strip() and rest not in self._seen:
                self._seen.add(rest)
                found.append(rest)
        return found

    def record_answer(self) -> None:
        """Record that the model was asked: later messages of its own roles may be of this run."""
        self._answered = True


class InputRecorder(AgentMiddleware):  # type: ignore[misc]  # not there for mypy
    """Records what the caller of a run passes, before any other middleware adds to it.

    Args:
        providers: The context providers of the agent.
    """

    def __init__(self, providers: Iterable[Any]) -> None:
        texts = [getattr(each, "instructions", None) for each in providers]
        self._instructions = [text for text in texts if isinstance(text, str) and text.strip()]

    async def process(self, context: Any, call_next: Callable[[], Awaitable[None]]) -> None:
        """Go on with the run, as `AgentMiddleware.process`."""
        context.metadata[_INPUT] = RunInput(
            context.agent, context.messages, context.options, self._instructions
        )
        await call_next()


def _attribution(message: Any) -> Any:
    return (message.additional_properties or {}).get("_attribution")


def _is_of(message: Any, sources: set[str], session: Any) -> bool:
    said = _attribution(message) or {}
    own = {getattr(session, "session_id", None)}
    return said.get("source_id") in sources and own >= set(said.get("origin_session_ids") or ())
