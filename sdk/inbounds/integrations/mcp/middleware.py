"""The middleware that judges every message of a client."""

from __future__ import annotations

import contextlib
import copy
import inspect
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mcp.shared.exceptions import MCPError
from mcp_types import METHOD_NOT_FOUND

from inbounds.errors import ConfigurationError, DecisionUnavailable, InboundsError
from inbounds.integrations._adapter.current_task import shown_tools, task_of
from inbounds.integrations._adapter.defaults import with_schema_defaults
from inbounds.integrations._adapter.questions import Questions
from inbounds.integrations._adapter.requirements import guard_of, resources_of
from inbounds.model.question import Resource, ResourceProperties
from inbounds.pep.tool import resolve_resource
from inbounds.process import clock
from inbounds.process.threads import run_in_thread

from .call import Asks, Call, Raised, plain
from .refusals import refusal, told
from .request_body import ambiguous
from .tool_call import IN_LIST, JUDGED, LISTS, PASS, ToolCall, bare_meta, registered, subscriptions

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from inbounds.pep import Guard
    from inbounds.pep.task import Task
    from inbounds.pep.tool import ResourceOf

logger = logging.getLogger(__name__)

Owns = Callable[[str], Awaitable[bool]]
"""Takes a tool's own name, and says whether this program itself describes it."""

Complete = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
"""Takes a tool's own name and its arguments, and adds what its function would be called with."""

_FRESH = 60.0
"""How many seconds what a server lists says what its tools add to arguments."""

_PAGES = 1024
"""How many pages of a server's list of tools are read."""

_NOTIFICATIONS: Mapping[str, Collection[str]] = {
    "notifications/initialized": (),
    "notifications/cancelled": ("requestId",),
    "notifications/progress": ("progressToken", "progress", "total"),
    "notifications/roots/list_changed": (),
}
"""What a client may tell, and what of it reaches the server: no text that anybody wrote."""


class AuthorizationMiddleware:
    """Judges every message of a client. The last of a server's middleware.

    `guarded_server` puts it where it belongs. A tool is registered under its own name, or as
    `<server>.<name>`; what is not a tool is registered as well: `<server>.resources.read`,
    `.resources.subscribe` and `.resources.unsubscribe` with `uri`, `.prompts.get` with `name` and
    `arguments`, `.completion.complete` with `ref`, `argument` and `context`. What the protocol
    has besides is answered by the server about itself, listed as far as the task reaches, or
    refused.

    Args:
        guard: Whose policy judges; it knows what its own guarded tools touch.
        task: Takes a request's context and says the task that it is within; may be async. By
            default that is what the server's lifespan gives its handlers (a `Task`, or its
            `task`), or else the task of the context that the request is handled in.
        server: What stands before the registered names, such as `files`.
        resources: What a call touches, by registered name, as `resource=` of `Guard.tool`. By
            default a tool touches an `mcp_tool` of its registered name, and what is not a tool an
            `mcp_resource` (its URI), an `mcp_prompt` (its name) or an `mcp_completion` (the name
            or URI that is completed).
        descriptor: Takes a tool's own name, and says the digest of what the client is told of
            it, which the policy compares with the registry's `pin`; empty for none.
        at: Where the server runs, as `servers.yaml` names it, which the policy compares.
        asks: What the server may ask of its client while a call runs, such as
            `elicitation/create`. What the client answers to that is not judged.

    Attributes:
        watched: Whether what was judged is compared once more in the place of the handlers.
        owns: Takes a tool's own name, and says whether this program itself describes it. What
            others say of their tools counts as a third party's text, unless the registry pins it.
        complete: Takes a tool's own name and its arguments, and adds what its function would be
            called with, where it runs in this program.

    Raises:
        ConfigurationError: `configuration.server_name`: it has a dot in it;
            `configuration.wrong_kind`: it is given something else than it takes.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        task: Callable[[Any], Task | Awaitable[Task]] | None = None,
        server: str = "",
        resources: Mapping[str, ResourceOf] | None = None,
        descriptor: Callable[[str], str] | None = None,
        at: str = "",
        asks: Collection[str] = (),
    ) -> None:
        if "." in server:
            raise ConfigurationError(
                "the name of a server has a dot in it",
                code="configuration.server_name",
                hint="a tool is of the server that the first part of its name names",
            )
        self._guard = guard_of(guard)
        self._task_of = task
        self._server = server
        self._resources = resources_of(resources)
        self._descriptor = descriptor
        self._at = at
        self._asks = frozenset(asks)
        self._asked: Questions[str] = Questions()
        self._schemas: dict[str, Any] = {}
        self._listed_at = 0.0
        self._said = False
        self.watched = False
        self.owns: Owns = _never
        self.complete: Complete = _as_given

    def of_server(
        self, owns: Owns | None = None, complete: Complete | None = None
    ) -> AuthorizationMiddleware:
        """Return one that judges alike, for a server: what is known of a server is its own.

        Args:
            owns: As the attribute; None for no tool.
            complete: As the attribute; None for what adds nothing.
        """
        one = copy.copy(self)
        one._schemas, one._listed_at, one._said = {}, 0.0, False  # noqa: SLF001 -- its own
        one.watched, one.owns, one.complete = True, owns or _never, complete or _as_given
        return one

    def own_name(self, registered_name: str) -> str:
        """Return the name that a tool has at the server, of the one that it is registered under."""
        return registered_name.removeprefix(f"{self._server}.") if self._server else registered_name

    async def __call__(self, ctx: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        """Let a message through, judge it, or refuse it."""
        if ctx.request_id is None:
            return await self._told(ctx, call_next)
        if ctx.method in JUDGED:
            return await self._judged(ctx, call_next)
        if ctx.method in LISTS:
            return await self._listed(ctx, call_next)
        if ctx.method == "subscriptions/listen":
            return await self._listens(ctx, call_next)
        if ctx.method in PASS:
            return await call_next(ctx)
        raise MCPError(METHOD_NOT_FOUND, "Method not found")

    # --- what is judged -------------------------------------------------------------------

    async def _judged(self, ctx: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        try:
            wish = ToolCall.of(ctx.method, ctx.params, self._server)
            if await ambiguous(ctx):
                wish = replace(wish, arguments=None)
            task = await self._task(ctx)
            wish = await self._completed(wish, ctx, call_next)
            call = Call(ctx, wish, task, self._resource(wish), self._asked)
            permit = await call.permit()
            return await call.answer(permit, call_next, asks=self._asks, watched=self.watched)
        except Raised as raised:
            raise told(raised.error) from raised.error
        except Asks as asks:
            return asks.result
        except Exception as error:  # noqa: BLE001 -- whatever it is, the server does not see it
            return refusal(ctx.method, error)

    async def _task(self, ctx: Any) -> Task:
        if self._task_of is None:
            return task_of(ctx.lifespan_context)
        said = self._task_of(ctx)
        return task_of(await said if inspect.isawaitable(said) else said)

    def _resource(self, wish: ToolCall) -> ResourceOf | None:
        """Return what says what a call touches; None where the guard's own tool says all of it."""
        own = self._guard.tools.get(wish.tool)
        about = {"server": self._at} if self._at else {}
        if wish.own and self._descriptor is not None and (digest := self._descriptor(wish.own)):
            about["descriptor"] = digest
        said = self._resources.get(wish.tool)
        if said is None and own is not None and not about:
            return None

        def resource(**arguments: Any) -> Resource:
            if said is not None:
                touched = resolve_resource(said, wish.tool, **arguments)
            elif own is not None:
                touched = own.resource(arguments)
            else:
                touched = _by_default(wish, arguments)
            properties = {**touched.properties.model_dump(exclude_defaults=True), **about}
            return touched.model_copy(
                update={"properties": ResourceProperties.model_validate(properties)}
            )

        return resource

    async def _completed(
        self, wish: ToolCall, ctx: Any, call_next: Callable[[Any], Awaitable[Any]]
    ) -> ToolCall:
        """Add what the tool itself would add: it runs as well, and so it is judged."""
        if not wish.own or wish.arguments is None or wish.tool in self._guard.tools:
            return wish
        stale = clock.monotonic() - self._listed_at > _FRESH
        if stale or wish.own not in self._schemas:
            await self._learn(ctx, call_next)
        schema = self._schemas.get(wish.own)
        whole = await run_in_thread(with_schema_defaults, schema, wish.arguments)
        return replace(wish, arguments=await self.complete(wish.own, whole))

    async def _learn(self, ctx: Any, call_next: Callable[[Any], Awaitable[Any]]) -> None:
        """Ask the server what its tools add to arguments.

        Raises:
            DecisionUnavailable: `tool.not_listed`: it does not say, though it lists tools.
        """
        found: dict[str, Any] = {}
        cursor: dict[str, Any] = {}
        for _ in range(_PAGES):
            asked = replace(ctx, method="tools/list", params=_with_meta(cursor, ctx))
            try:
                listed = plain(await call_next(asked))
            except MCPError as error:
                if error.code == METHOD_NOT_FOUND:
                    # A server that lists nothing says nothing of what its tools add.
                    return
                raise DecisionUnavailable(
                    "the server failed to list its tools, so the defaults of arguments are unknown",
                    code="tool.not_listed",
                    hint="fix what its `tools/list` answers",
                ) from None
            found |= _schemas_of(listed)
            if listed.get("nextCursor") is None:
                break
            cursor = {"cursor": listed["nextCursor"]}
        self._schemas, self._listed_at = found, clock.monotonic()

    async def _listens(self, ctx: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        """Let a client hear of changes to lists, and to those resources that it may hear of."""
        try:
            wanted, wishes = subscriptions(ctx.params, self._server)
            heard = []
            for wish in wishes:
                call = Call(ctx, wish, await self._task(ctx), self._resource(wish), self._asked)
                permit = await call.permit()
                heard.append(permit.arguments["uri"])
                await run_in_thread(permit.compare, permit.arguments)
                await run_in_thread(permit.finish, None)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the server does not see it
            return refusal(ctx.method, error)
        if heard:
            wanted["resourceSubscriptions"] = heard
        return await call_next(replace(ctx, params=_with_meta({"notifications": wanted}, ctx)))

    # --- what is listed, and the record -------------------------------------------------

    async def _listed(self, ctx: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        params = {n: v for n, v in (ctx.params or {}).items() if n == "cursor"}
        answer = plain(await call_next(replace(ctx, params=_with_meta(params, ctx))))
        if ctx.method == "tools/list":
            self._schemas |= _schemas_of(answer)
        task = None
        with contextlib.suppress(InboundsError):
            task = await self._task(ctx)
        shown = shown_tools(task) if task is not None else frozenset()
        where = LISTS[ctx.method]
        listed = answer.get(where) or []
        if ctx.method == "tools/list":
            before = f"{self._server}." if self._server else ""
            answer[where] = [tool for tool in listed if before + tool["name"] in shown]
            if task is not None and listed and not answer[where]:
                self._say_that_none_is_shown(len(listed))
        elif registered(IN_LIST[ctx.method], self._server) not in shown:
            answer[where] = []
        if task is not None and answer.get(where):
            others = answer[where]
            if ctx.method == "tools/list":
                others = [tool for tool in others if not await self.owns(tool["name"])]
            try:
                await run_in_thread(self._observe, task, ctx.method, others)
            except InboundsError as error:
                # What the session cannot be exposed to, the client does not get.
                return refusal(ctx.method, error)
        # What nobody has looked at; the rest is one caller's under one task, and nobody else's.
        answer.pop("_meta", None)
        if "cacheScope" in answer:
            answer["cacheScope"] = "private"
        if "ttlMs" in answer:
            answer["ttlMs"] = 0
        return answer

    def _observe(self, task: Task, method: str, listed: Sequence[Mapping[str, Any]]) -> None:
        """Take a list for a result, before the client has it: its text reaches a model."""
        if method in IN_LIST:
            # One text: the fields of what is read are not those of what is listed.
            text = "\n".join(json.dumps(each, ensure_ascii=False) for each in listed)
            name = registered(IN_LIST[method], self._server)
            task.observe(text, tool=name, arguments={})
        elif listed:
            before = f"{self._server}." if self._server else ""
            upstream = self._descriptor or (lambda _: "")
            entries = {before + one["name"]: (one, upstream(one["name"])) for one in listed}
            self._guard._runtime.observe_descriptors(task.session, entries)  # noqa: SLF001 -- no user's

    def _say_that_none_is_shown(self, listed: int) -> None:
        """Tell whoever has set this up, once: a client sees an empty list, and no reason."""
        if not self._said:
            self._said = True
            logger.warning(
                "none of the %d tools of the server is shown: the task has none that is "
                "registered as `%s<its name>`",
                listed,
                f"{self._server}." if self._server else "",
            )

    async def _told(self, ctx: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        kept = _NOTIFICATIONS.get(ctx.method)
        if kept is None:
            return None
        params = {n: v for n, v in (ctx.params or {}).items() if n in kept}
        return await call_next(replace(ctx, params=_with_meta(params, ctx)))


def _with_meta(params: dict[str, Any], ctx: Any) -> dict[str, Any] | None:
    meta = bare_meta(ctx.params)
    return (params or None) if meta is None else {**params, "_meta": meta}


async def _never(_: str) -> bool:
    return False


async def _as_given(_: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return arguments


def _schemas_of(listed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of the arguments of each tool of a list, which states their defaults."""
    return {tool["name"]: tool.get("inputSchema") for tool in listed.get("tools") or ()}


def _by_default(wish: ToolCall, arguments: Mapping[str, Any]) -> Resource:
    """Return what a request touches, where nobody says it."""
    if wish.own:
        return Resource(type="mcp_tool", id=wish.tool)
    if wish.method == "prompts/get":
        return Resource(type="mcp_prompt", id=arguments["name"])
    if wish.method == "completion/complete":
        ref = arguments["ref"]
        return Resource(type="mcp_completion", id=str(ref.get("name") or ref.get("uri")))
    return Resource(type="mcp_resource", id=arguments["uri"])
