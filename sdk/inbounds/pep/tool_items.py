"""The items of a tool that is a generator, each judged before the agent has it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from inbounds.process.threads import run_in_thread

from .lazy_results import is_plain, refuse_lazy
from .results import END
from .tool import about_decision
from .tool_errors import raise_alone

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from .task import Task
    from .tool import GuardedTool


def iterate(
    tool: GuardedTool[..., Any], task: Callable[[], Task], arguments: Mapping[str, Any]
) -> Iterator[Any]:
    """Iterate over the items of a tool under one permit, asked for with the first.

    Raises:
        DecisionUnavailable: `task.over`: the task has ended meanwhile. It has run so far.
    """
    within = task()
    permit = within.permit(tool, arguments)
    run = tool.ready(permit)
    try:
        # No `yield from`: what is sent into the generator would reach the tool unjudged.
        with contextlib.closing(permit.tool_run.iterate(run())) as items:
            for item in items:
                refuse_lazy(tool.name, item)
                left = permit.row(item)
                if left is None:
                    break
                for value in left:
                    yield value
                with about_decision(permit, "yes"):
                    within.require_under_way()
        for value in permit.row(END) or ():
            with about_decision(permit, "yes"):
                within.require_under_way()
            yield value
    except BaseException as error:
        if (seen := permit.fail(error)) is not error:
            raise_alone(seen)
        raise
    finally:
        # What is withheld is in no traceback.
        item = left = value = None
    permit.finish(None)


async def aiterate(
    tool: GuardedTool[..., Any], task: Callable[[], Task], arguments: Mapping[str, Any]
) -> AsyncIterator[Any]:
    """Async twin of `iterate`."""
    within = task()
    permit = await within.apermit(tool, arguments)
    run = await tool.aready(within, permit)
    failure: BaseException | None = None
    try:
        async with contextlib.aclosing(permit.tool_run.aiterate(run())) as items:
            async for item in items:
                refuse_lazy(tool.name, item)
                # One that is withheld is recorded, and the loop must not wait for that.
                plain = is_plain(item) and not permit.holds_back
                left = permit.row(item) if plain else await run_in_thread(permit.row, item)
                if left is None:
                    break
                for value in left:
                    yield value
                with about_decision(permit, "yes"):
                    within.require_under_way()
        held = await run_in_thread(permit.row, END) if permit.holds_back else None
        for value in held or ():
            with about_decision(permit, "yes"):
                within.require_under_way()
            yield value
    except BaseException as error:  # noqa: BLE001 -- a tool may raise anything
        failure = error
    finally:
        item = left = value = held = None
    if failure is not None:
        try:
            # Not while it is handled: whatever is raised then has it behind itself.
            raise await run_in_thread(permit.fail, failure)
        finally:
            del failure
    await run_in_thread(permit.finish, None)
