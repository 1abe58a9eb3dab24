"""Calls in an event loop, which never waits for the PDP or the disk."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import types
from typing import TYPE_CHECKING, Any

from inbounds.errors import InboundsError
from inbounds.process.threads import run_in_thread

from .lazy_results import refuse_lazy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping

    from inbounds.errors import Executed

    from .permit import Permit
    from .task import Task
    from .tool import GuardedTool, GuardedTools
    from .tool_run import ToolRun


async def acall(
    task: Task,
    tools: GuardedTools,
    tool: str | GuardedTool[..., Any],
    arguments: Mapping[str, Any],
    wait: float | None,
) -> Any:
    """Run a guarded tool if the policy allows the call. See `Task.acall`.

    Args:
        task: The task of the call.
        tools: The guarded tools of its guard.
        tool: One of them, or its name.
        arguments: By name.
        wait: How many seconds to wait where a person is asked.
    """
    __tracebackhide__ = True
    guarded = tools.find(tool)
    if guarded is None:
        return await task.apermit(tool, arguments)  # raises: refused, and recorded
    if guarded.generates_async:
        return guarded.aiterate(lambda: task, arguments)
    if guarded.generates:
        return guarded.iterate(lambda: task, arguments)
    permit = await task.apermit(guarded, arguments, wait=wait)
    run = await aready(guarded, task, permit)
    failure: BaseException | None = None
    try:
        # A tool has the program's threads, not the ones that others are decided on.
        with permit.tool_run.active():
            result = run() if guarded.asynchronous else await asyncio.to_thread(run)
            if inspect.isawaitable(result):
                result = await await_own(permit.tool_run, result)
        refuse_lazy(guarded.name, result)
    except BaseException as error:  # noqa: BLE001 -- a tool may raise anything
        failure = error
    if failure is not None:
        try:
            # Not while it is handled: whatever is raised then has it behind itself.
            raise await run_in_thread(permit.fail, failure)
        finally:
            del failure
    try:
        return await run_in_thread(permit.finish, result)
    finally:
        del result


async def aready(tool: GuardedTool[..., Any], task: Task, permit: Permit) -> Callable[[], Any]:
    """Async twin of `GuardedTool.ready`.

    It also refuses what is over, which would otherwise be recorded in the loop.

    Raises:
        ArgumentNotRepresentable: As `GuardedTool.ready`.
        DecisionUnavailable: `task.over`, or `task.unreconciled`.
    """
    try:
        with about_decision(permit):
            task.require_usable()
    except InboundsError:
        await run_in_thread(permit.cancel)
        raise
    judged = permit.arguments
    permit.defer_start()
    try:
        return tool.lay_out(permit, judged)
    except BaseException:
        await run_in_thread(permit.cancel)
        raise


@types.coroutine
def await_own(run: ToolRun, work: Awaitable[Any]) -> Generator[Any, Any, Any]:
    """Await code of a tool, each step of it in the process that its run began in.

    Args:
        run: The run of the tool.
        work: What to await.

    Returns:
        What it brings.

    Raises:
        DecisionUnavailable: `permit.used`: this process has it from a fork. No step has run here.
    """
    # A generator of `types.coroutine` is awaited as it is.
    steps: Any = work.__await__() if hasattr(work, "__await__") else work
    sent: Any = None
    raised: BaseException | None = None
    # `yield from steps`, as PEP 380 spells it out, with a look at the process before each step.
    while True:
        if run.is_inherited:
            run.abandon(steps)
            run.require_own()
        try:
            if raised is not None:
                waits = steps.throw(raised)
            else:
                waits = next(steps) if sent is None else steps.send(sent)
        except StopIteration as done:
            return done.value
        finally:
            sent = raised = None
        try:
            sent = yield waits
        except GeneratorExit:
            if run.is_inherited:
                run.abandon(steps)
            elif hasattr(steps, "close"):
                steps.close()
            raise
        except BaseException as error:  # noqa: BLE001 -- for the tool, whatever it is
            raised = error


@contextlib.contextmanager
def about_decision(permit: Permit, executed: Executed = "no") -> Iterator[None]:
    """Let a refusal say which decision it is about, and whether that has run."""
    try:
        yield
    except InboundsError as error:
        error.executed = executed
        error.decision_id = permit.decision.id
        raise
