"""Whoever calls: one session, one task at a time, and one connection to the server behind."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    PromptsListChanged,
    ResourcesListChanged,
    ToolsListChanged,
)
from mcp_types import (
    LoggingMessageNotification,
    PromptListChangedNotification,
    ResourceListChangedNotification,
    ToolListChangedNotification,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from inbounds.errors import DecisionUnavailable, InboundsError, SessionContended
from inbounds.process import clock
from inbounds.process.threads import run_in_thread

from .server_requests import Asked
from .upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from anyio.abc import TaskGroup
    from mcp.server.context import ServerRequestContext

    from inbounds.model.question import Trust
    from inbounds.pep import Guard
    from inbounds.pep.task import Task

    from .launches import Launches
    from .place import Place

logger = logging.getLogger(__name__)

_MOST_CONNECTIONS = 64
_MOST_ATTEMPTS = 3
"""How often a task is begun at most where others begin a session of the user meanwhile."""
_CHANGES: dict[type, Any] = {
    ToolListChangedNotification: ToolsListChanged,
    PromptListChangedNotification: PromptsListChanged,
    ResourceListChangedNotification: ResourcesListChanged,
}


@dataclass(frozen=True, slots=True)
class Launch:
    """What the person who set the proxy up has said of the tasks that are begun through it.

    Attributes:
        intent: The name of an intent of the deployment.
        prompt: What the user said; empty where nobody wrote it down.
        seconds: How long a task may last.
        trust: What its sessions begin with: a host's model sees more than the proxy does.
        conversation: What binds its session, also for other proxies; None for a session of its own.
    """

    intent: str
    prompt: str = ""
    seconds: int = 3600
    trust: Trust = "untrusted"
    conversation: str | None = None


class Caller:
    """One user, by one token where there is one. Not for several event loops.

    Args:
        guard: Whose policy judges.
        launch: What its tasks are begun with.
        subject: The id of the user.
        subject_token: Says the user's own token; it goes to the issuer, and nowhere else.
        place: Where the server behind runs.
        group: Where its connection's task runs.
        asks: What the server may ask of the host, of `server_requests.METHODS`.
        launches: Says which session it shares with others; not where `launch` names one.
        options: Of the `Upstream`.
    """

    def __init__(
        self,
        guard: Guard,
        launch: Launch,
        subject: str,
        *,
        place: Place,
        group: TaskGroup,
        subject_token: Callable[[], str] = str,
        asks: Collection[str] = (),
        launches: Launches | None = None,
        **options: Any,
    ) -> None:
        self.subject = subject
        self._guard = guard
        self._launch = launch
        self._token = subject_token
        self._lock = anyio.Lock()
        self._task: Task | None = None
        self._closed = False
        self._session: str | None = None
        self._launches = launches
        self._conversation = launch.conversation
        self._calls: dict[int, ServerRequestContext[Any, Any]] = {}
        self._answering = 0
        self._connections: dict[str, Any] = {}
        self._bus = InMemorySubscriptionBus()
        self.listen = ListenHandler(self._bus, max_subscriptions=_MOST_CONNECTIONS)
        self.used = clock.monotonic()
        self.upstream = Upstream(
            place,
            group,
            changed=self._changed,
            asked=Asked(asks, self._under_way),
            **options,
        )

    # --- its task ---------------------------------------------------------------------------

    async def task(self) -> Task:
        """Return the task that its calls are within; it is begun with the first.

        Once its time is up, another is begun in the same session. One that somebody has ended is
        not begun again.

        Raises:
            TokenInvalid: The policy grants nothing of it.
            DecisionUnavailable: The policy, the issuer or the session store could not be reached.
        """
        async with self._lock:
            if self._closed:
                raise DecisionUnavailable("the task is over", code="task.over")
            task = self._task
            if task is None or clock.now() >= task.authority.deadline:
                try:
                    task = await run_in_thread(self._begin)
                except InboundsError as error:
                    # The model reads a code; whoever has set this up reads what to do.
                    logger.error("no task could be begun: %s", error)  # noqa: TRY400
                    raise
                if self._task is not None:
                    await self._end(self._task)
                self._task = task
                self._session = task.session.sid
            return task

    @property
    def conversation(self) -> str | None:
        """The conversation that binds its session; None for a session of its own."""
        return self._conversation

    def _begin(self) -> Task:
        """Begin a task in the session that it shares, whose name is recorded once it is accepted.

        Anybody can write a user's name into a token: before, nothing is recorded for that user.
        """
        if self._launches is None:
            return self._begin_in(self._conversation)
        for _ in range(_MOST_ATTEMPTS):
            conversation = self._conversation or self._launches.find(self.subject)
            task = self._begin_in(conversation)
            try:
                shared = self._launches.share(self.subject, conversation)
            except InboundsError:
                self._end_now(task)
                raise
            if shared == conversation:
                self._conversation = conversation
                return task
            # Others have begun one meanwhile: it goes on in theirs.
            self._end_now(task)
            self._conversation = self._session = None
        raise SessionContended("the user's session must stay the one that other proxies share")

    def _begin_in(self, conversation: str | None) -> Task:
        return self._guard.task(
            self._launch.intent,
            subject=self.subject,
            prompt=self._launch.prompt,
            session=self._session,
            seconds=self._launch.seconds,
            subject_token=self._token(),
            trust=self._launch.trust,
            conversation=conversation,
        )

    async def _end(self, task: Task) -> None:
        await run_in_thread(self._end_now, task)

    def _end_now(self, task: Task) -> None:
        try:
            task.end()
        except InboundsError as error:
            logger.warning("a task has ended here, and perhaps not elsewhere: %s", error)

    async def close(self) -> None:
        """End its task, and its connection to the server behind."""
        with anyio.CancelScope(shield=True):
            self._closed = True
            self.listen.close()
            task, self._task = self._task, None
            if task is not None:
                await self._end(task)
            await self.upstream.close()

    # --- its calls --------------------------------------------------------------------------

    @contextlib.contextmanager
    def calling(self, ctx: ServerRequestContext[Any, Any], connection: str) -> Iterator[None]:
        """Hold a request of its for as long as it is answered.

        Args:
            ctx: Of the request.
            connection: Names the connection that it came by.
        """
        self.used = clock.monotonic()
        # Who listens for changes is not being answered.
        answered = ctx.method != "subscriptions/listen"
        self._answering += answered
        self._connections.pop(connection, None)
        self._connections[connection] = ctx.session
        while len(self._connections) > _MOST_CONNECTIONS:
            del self._connections[next(iter(self._connections))]
        try:
            yield
        finally:
            self._answering -= answered
            self.used = clock.monotonic()

    @contextlib.contextmanager
    def forwarding(self, ctx: ServerRequestContext[Any, Any]) -> Iterator[None]:
        """Hold a request while the server behind answers it: what the server says then is of it."""
        self._calls[id(ctx)] = ctx
        try:
            yield
        finally:
            del self._calls[id(ctx)]

    @property
    def busy(self) -> bool:
        """Whether a request of its is being answered."""
        return self._answering > 0

    @property
    def over(self) -> bool:
        """Whether its task has ended for good."""
        return self._closed

    def _under_way(self) -> ServerRequestContext[Any, Any] | None:
        return next(iter(self._calls.values())) if len(self._calls) == 1 else None

    # --- what the server says of itself -----------------------------------------------------

    async def _changed(self, notification: Any) -> None:
        """Pass on that a list has changed, or a line of a log of the one call that is under way."""
        if isinstance(notification, LoggingMessageNotification):
            call = self._under_way()
            if call is not None:
                said = notification.params
                await call.session.send_log_message(
                    said.level, said.data, said.logger, related_request_id=call.request_id
                )
            return
        event = _CHANGES.get(type(notification))
        if event is None:
            return
        await self._bus.publish(event())
        for session in list(self._connections.values()):
            if session.protocol_version in MODERN_PROTOCOL_VERSIONS:
                continue  # who wants to know has asked for it
            with contextlib.suppress(Exception):
                await session.send_notification(type(notification)())
