"""The hooks of a session: what is judged before a call, and what is said of it afterwards."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from claude_agent_sdk import PermissionResultAllow, PermissionResultDeny

from inbounds.errors import (
    ApprovalRequired,
    ArgumentNotRepresentable,
    DecisionUnavailable,
    InboundsError,
)
from inbounds.integrations._adapter.current_task import task_of
from inbounds.integrations._adapter.outcomes import Key, Outcomes, keep
from inbounds.integrations._adapter.refusals import NotWaited, refusal_text, told
from inbounds.integrations._adapter.result_obligations import owed
from inbounds.integrations._adapter.running import ToolFailed, not_the_tools
from inbounds.integrations._adapter.server_text import aobserve
from inbounds.process.locks import ProcessLock
from inbounds.process.threads import run_in_background, run_in_thread

from .history import join_before_call, join_before_prompt
from .tool_proxy import Expected, InPlace, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inbounds.pep import Permit
    from inbounds.pep.task import Task

    from .authorization import Authorization

_KINDS = frozenset({"mode", "type"})
"""Fields that tell one form of a result of Claude Code from another, and hold none of it."""

_STEERS = frozenset({"StructuredOutput", "ToolSearch"})
"""Claude Code's own, which give the final answer or look up tools, and do nothing else."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call that somebody is asked about.

    Attributes:
        tool: The name that the registry has for its tool.
        arguments: What was judged, as the framework has it.
        key: Names the call.
    """

    tool: str
    arguments: Mapping[str, Any]
    key: Key

    @classmethod
    def of(cls, call_id: str, expected: Expected) -> Wanted:
        """Return what has to be asked again of a call whose permit has waited too long."""
        tool, judged = expected.permit.tool, expected.judged
        return cls(tool, judged, Key(expected.session, call_id, tool, judged))


class Session:
    """What the hooks and the servers of one `ClaudeAgentOptions` have in common. Thread-safe.

    Args:
        authorization: Judges.
        task: Which task the session is within; None for the one of the `with` block in which
            Claude Code is started.
        places: What stands in the place of each tool that runs here, by the name that the model
            calls it by.
        servers: The names of MCP servers that Claude Code itself starts or reaches: their text
            counts as a third party's.
        asks: The program's own `can_use_tool`, if it has one.
        waits: Whether the session can be resumed.

    Attributes:
        copies: Whether Claude Code may copy another session (`fork_session`), and say nothing.
    """

    def __init__(
        self,
        authorization: Authorization,
        task: Task | None,
        places: Mapping[str, InPlace],
        *,
        servers: Sequence[str],
        asks: Any,
        waits: bool,
    ) -> None:
        self._servers = servers
        self._authorization = authorization
        self._task = task
        self._places = places
        self._asks = asks
        self._waits = waits
        self._lock = ProcessLock()
        self._judging: set[str] = set()
        self._expected: dict[str, Expected] = {}
        self._wanted: dict[str, Wanted] = {}
        self._deferred: dict[str, str] = {}
        self._withheld: OrderedDict[str, str] = OrderedDict()
        self._connections = 0
        self.copies = False

    # --- what its servers ask -------------------------------------------------------------

    def take(self, call_id: str, place: InPlace) -> Expected | None:
        """Return a permitted call whose tool is about to run, and expect it no longer."""
        with self._lock:
            expected = self._expected.get(call_id)
            # The permit of another tool stays with that.
            if expected is None or expected.place is not place:
                return None
            return self._expected.pop(call_id)

    def opened(self) -> None:
        """Say that a server is connected."""
        with self._lock:
            self._connections += 1

    def closed(self) -> None:
        """Say that one is no more: after the last, no call of a permit is on its way."""
        with self._lock:
            self._connections -= 1
            if self._connections:
                return
            left = [*self._expected.values()]
            self._expected.clear()
            self._wanted.clear()
            self._deferred.clear()
        for each in left:
            run_in_background(_leave, each)

    # --- before a call --------------------------------------------------------------------

    async def before(self, said: Any, _call_id: Any, _context: Any) -> dict[str, Any]:
        """Let a call run if the policy allows it; else say why not. A hook, `PreToolUse`."""
        name = str(said.get("tool_name"))
        if name in _STEERS:
            return {}
        place = self._places.get(name)
        tool = place.name if place is not None else name
        try:
            call_id = _id_of(said)
            with self._alone(call_id):
                async with asyncio.timeout(self._authorization.timeout):
                    return await self._judge(said, call_id, tool, place)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the tool does not run
            return _hook("deny", told(error, tool))

    async def _judge(
        self, said: Any, call_id: str, tool: str, place: InPlace | None
    ) -> dict[str, Any]:
        task = task_of(self._task)
        await join_before_call(task, said)
        # Claude Code reads what they list, and tells nobody.
        await aobserve(task, {}, [f"the MCP server {name}" for name in self._servers])
        given = said.get("tool_input")
        if not isinstance(given, dict):
            raise ArgumentNotRepresentable("the arguments of the call must be an object")
        arguments = place.whole(given) if place is not None else dict(given)
        session = str(said.get("session_id", ""))
        key = Key(session, call_id, tool, arguments)
        outcomes = Outcomes.of(task)
        if self._authorization.refused(call_id, str(said["tool_name"]), given, task):
            outcomes.reject(key, self._authorization.asked_under(call_id, task))
        outcomes.result(key)
        try:
            permit = await self._permit(task, tool, arguments, call_id, place)
        except ApprovalRequired as required:
            self._authorization.ask(call_id, tool, task, required)
            return self._wait(said, tool, arguments, key, required)
        agent = str(said.get("agent_id") or "")
        self._expect(call_id, Expected(permit, arguments, session, agent, place))
        # Where the program asks somebody itself, Claude Code goes on to ask as it would.
        return _hook("" if self._asks is not None else "allow", **_updated(permit, given, place))

    @contextlib.contextmanager
    def _alone(self, call_id: str) -> Iterator[None]:
        """Hold the id of a call for as long as it is judged.

        Raises:
            DecisionUnavailable: `call.repeated`: a call of the same id is under way.
        """
        with self._lock:
            if any(call_id in each for each in (self._expected, self._judging, self._wanted)):
                raise DecisionUnavailable(
                    "a call of the same id is under way", code="call.repeated"
                )
            self._judging.add(call_id)
        try:
            yield
        finally:
            with self._lock:
                self._judging.discard(call_id)

    async def _permit(
        self,
        task: Task,
        tool: str,
        arguments: Mapping[str, Any],
        call_id: str,
        place: InPlace | None,
    ) -> Permit:
        permit = await task.apermit(
            tool,
            arguments,
            resource=self._authorization.resource(tool),
            tool_call_id=call_id,
        )
        if place is not None:
            permit.defer_start()
        elif owed(permit):
            # Claude Code keeps a result of its own where its hook fails, or says it otherwise.
            await run_in_thread(permit.cancel)
            raise DecisionUnavailable(
                "something is owed to the result, and the tool runs in Claude Code",
                code="obligation.out_of_reach",
                hint="let a tool of `guarded_server` do it",
                decision_id=permit.decision.id,
            )
        return permit

    def _expect(self, call_id: str, expected: Expected) -> None:
        with self._lock:
            self._expected[call_id] = expected
            if self._deferred.get(expected.session) == call_id:
                del self._deferred[expected.session]

    # --- a person -------------------------------------------------------------------------

    def _wait(
        self,
        said: Any,
        tool: str,
        arguments: dict[str, Any],
        key: Key,
        required: ApprovalRequired,
    ) -> dict[str, Any]:
        """Ask whom the program asks, or let the session wait until it is resumed."""
        call_id = str(said["tool_use_id"])
        if self._asks is not None:
            with self._lock:
                self._wanted[call_id] = Wanted(tool, arguments, key)
            return _hook("ask", refusal_text(required))
        if said.get("agent_id") or not self._waits:
            raise NotWaited("a session that cannot be resumed, or an agent within, cannot wait")
        with self._lock:
            if self._deferred.setdefault(key.step, call_id) != call_id:
                # It waits with one call, and forgets what else was asked.
                raise NotWaited("the session waits with another call")
        return _hook("defer", required.code)

    async def can_use_tool(self, name: str, said: dict[str, Any], context: Any) -> Any:
        """Ask whom the program asks, and the policy again after a yes. Never lifts a refusal."""
        call_id = str(context.tool_use_id or "")
        try:
            return await self._asked(name, said, call_id, context)
        finally:
            with self._lock:
                self._wanted.pop(call_id, None)

    async def _asked(self, name: str, said: dict[str, Any], call_id: str, context: Any) -> Any:
        with self._lock:
            # It stays there meanwhile, so that no other call of the same id is judged.
            wanted = self._wanted.get(call_id)
            expected = self._expected.get(call_id)
        if wanted is None and expected is None:
            unjudged = DecisionUnavailable("nothing has judged this call", code="permit.missing")
            return PermissionResultDeny(message=told(unjudged, name))
        try:
            answer = await self._asks(name, said, context)
            if not isinstance(answer, PermissionResultAllow):
                return await self._denied(call_id, wanted, answer)
            _require_same(said, answer.updated_input)
            if expected is not None and await run_in_thread(_is_old, expected):
                wanted = Wanted.of(call_id, expected)
            if wanted is not None:
                said = await self._again(said, call_id, wanted, self._places.get(name), context)
        except BaseException as error:
            await self._drop(call_id)
            if not isinstance(error, Exception):
                raise
            return PermissionResultDeny(message=told(error, name))
        return replace(answer, updated_input=said)

    async def _again(
        self,
        said: dict[str, Any],
        call_id: str,
        wanted: Wanted,
        place: InPlace | None,
        context: Any,
    ) -> dict[str, Any]:
        """Ask the policy again after a yes, once, and return what is to run."""
        tool, arguments = wanted.tool, wanted.arguments
        async with asyncio.timeout(self._authorization.timeout):
            task = task_of(self._task)
            permit = await self._permit(task, tool, arguments, call_id, place)
        agent = str(context.agent_id or "")
        self._expect(call_id, Expected(permit, arguments, wanted.key.step, agent, place))
        return permit.arguments if place is None else said

    async def _denied(self, call_id: str, wanted: Wanted | None, answer: Any) -> Any:
        await self._drop(call_id)
        if not isinstance(answer, PermissionResultDeny):
            raise TypeError("can_use_tool returned no PermissionResult")
        if wanted is None:
            return answer
        task = task_of(self._task)
        try:
            Outcomes.of(task).reject(wanted.key, self._authorization.asked_under(call_id, task))
        except InboundsError as rejected:
            return replace(answer, message=told(rejected))

    async def _drop(self, call_id: str) -> None:
        """Say that a permitted call will not run."""
        with self._lock:
            expected = self._expected.pop(call_id, None)
        if expected is not None:
            await run_in_thread(expected.permit.cancel)

    # --- after a call ---------------------------------------------------------------------

    def _taken(self, said: Any) -> Expected | None:
        with self._lock:
            return self._expected.pop(str(said.get("tool_use_id")), None)

    async def after(self, said: Any, _call_id: Any, _context: Any) -> dict[str, Any]:
        """Record that a tool of Claude Code has run. A hook, `PostToolUse`."""
        expected = self._taken(said)
        if expected is None:
            return {}
        permit = expected.permit
        if expected.place is not None:
            why = not_the_tools(permit, "something has answered in the tool's place")
            return _instead(told(why, permit.tool))
        try:
            await run_in_thread(permit.finish, said.get("tool_response"))
        except Exception as error:  # noqa: BLE001 -- whatever it is, it may not be recorded
            text = self._withhold(said, told(error, permit.tool))
            instead = _instead(in_place_of(said.get("tool_response"), text))
            return {"continue_": False, "stopReason": text, **instead}
        return {}

    async def failed(self, said: Any, _call_id: Any, _context: Any) -> dict[str, Any]:
        """Record that a call has failed. A hook, `PostToolUseFailure`."""
        expected = self._taken(said)
        if expected is None:
            return {}
        try:
            await run_in_thread(_fail, expected, said.get("error"))
        except Exception as error:  # noqa: BLE001 -- whatever it is, it may not be recorded
            text = self._withhold(said, told(error, expected.permit.tool))
            return {"continue_": False, "stopReason": text}
        return {}

    def _withhold(self, said: Any, text: str) -> str:
        """Let nothing more be asked in a session whose transcript holds what may not be read."""
        with self._lock:
            keep(self._withheld, str(said.get("session_id", "")), text)
        return text

    async def gone_on(self, said: Any, _call_id: Any, _context: Any) -> dict[str, Any]:
        """Ask the model no more where a result is withheld. A hook, `PostToolBatch`.

        It comes after all calls of a turn: of one that has failed, Claude Code stops there alone.
        """
        with self._lock:
            why = self._withheld.get(str(said.get("session_id", "")))
        return {} if why is None else {"continue_": False, "stopReason": why}

    async def stopped(self, said: Any, _call_id: Any, _context: Any) -> dict[str, Any]:
        """Leave what was permitted and came to nothing. A hook, `Stop` and `SubagentStop`."""
        session = str(said.get("session_id", ""))
        agent = str(said.get("agent_id") or "")
        with self._lock:
            names = [
                name
                for name, each in self._expected.items()
                if (each.session, each.agent) == (session, agent)
            ]
            left = [self._expected.pop(name) for name in names]
        for each in left:
            await run_in_thread(_leave, each)
        return {}

    async def prompted(self, said: Any, _call_id: Any, _context: Any) -> dict[str, Any]:
        """Wait with no call any more that nobody has gone on with. A hook, `UserPromptSubmit`."""
        with contextlib.suppress(Exception):  # each call joins it again, and is refused
            await join_before_prompt(task_of(self._task), said, copies=self.copies)
        session = str(said.get("session_id", ""))
        with self._lock:
            self._deferred.pop(session, None)
            why = self._withheld.get(session)
        # What Claude Code has kept of a result, a model reads when it is next asked.
        return {} if why is None else {"decision": "block", "reason": why}


def is_protected(options: Any) -> bool:
    """Whether options are those that `protect` has returned."""
    return bool(sessions_of(options.hooks))


def is_guarded(session: Any) -> bool:
    """Whether the calls of a session are judged, by its client or its options."""
    return is_protected(getattr(session, "options", session))


def sessions_of(hooks: Any) -> list[Session]:
    """Return the session that hooks are those of; none for others."""
    matchers = (hooks or {}).get("PreToolUse") or ()
    owners = [getattr(each, "__self__", None) for matcher in matchers for each in matcher.hooks]
    return [owner for owner in owners if isinstance(owner, Session)]


def _id_of(said: Any) -> str:
    call_id = said.get("tool_use_id")
    if not isinstance(call_id, str) or not call_id:
        raise DecisionUnavailable("the call has no id", code="permit.missing")
    return call_id


def _hook(decision: str, reason: str = "", **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"hookEventName": "PreToolUse", **more}
    if decision:
        said["permissionDecision"] = decision
    if reason:
        said["permissionDecisionReason"] = reason
    return {"hookSpecificOutput": said}


def _instead(result: Any) -> dict[str, Any]:
    output = {"hookEventName": "PostToolUse", "updatedToolOutput": result}
    return {"hookSpecificOutput": output}


def in_place_of(result: Any, text: str) -> Any:
    """Return a result of the same form whose every text is another.

    Claude Code keeps the result of a tool of its own where what is given instead has another form.
    """
    if isinstance(result, str):
        return text
    if isinstance(result, list):
        return [in_place_of(each, text) for each in result]
    if isinstance(result, dict):
        return {
            name: each if name in _KINDS else in_place_of(each, text)
            for name, each in result.items()
        }
    return result


def _is_old(expected: Expected) -> bool:
    """Whether a permit has waited too long for its tool; it is cancelled then."""
    try:
        _ = expected.permit.arguments
    except DecisionUnavailable as error:
        if error.code == "permit.expired":
            return True
        raise
    return False


def _require_same(said: Mapping[str, Any], changed: Mapping[str, Any] | None) -> None:
    if changed is not None and text_of(changed) != text_of(said):
        raise DecisionUnavailable(
            "the arguments are no longer the ones that were judged",
            code="permit.arguments_changed",
        )


def _updated(permit: Permit, given: Mapping[str, Any], place: InPlace | None) -> dict[str, Any]:
    """Return what a tool of Claude Code is to be given, where that is not what the model said."""
    if place is not None:
        return {}
    judged = permit.arguments
    return {} if text_of(judged) == text_of(given) else {"updatedInput": judged}


def _fail(expected: Expected, said: Any) -> None:
    if expected.place is None:
        expected.permit.admitted(said)  # the model reads it: what it holds comes from the tool
    expected.permit.fail(ToolFailed())


def _leave(expected: Expected) -> None:
    """Say of a call that no tool here has taken that it has not run; else nobody knows."""
    if expected.place is not None:
        expected.permit.cancel()
