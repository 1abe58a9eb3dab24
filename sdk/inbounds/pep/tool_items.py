"""The items of a tool that is a generator, each judged before the agent has it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from inbounds.process.threads import run_in_thread

from .async_calls import about_decision, aready, await_own
from .labelled import PLAIN
from .lazy_results import refuse_lazy
from .results import END
from .tool_errors import raise_alone

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterator,
        Callable,
        Generator,
        Iterator,
        Mapping,
    )

    from .task import Task
    from .tool import GuardedTool
    from .tool_run import ToolRun


def iterate(
    tool: GuardedTool[..., Any], task: Callable[[], Task], arguments: Mapping[str, Any]
) -> Iterator[Any]:
    """Iterate over the items of a tool under one permit, asked for with the first.

    Raises:
        DecisionUnavailable: `task.over`: the task has ended meanwhile; `permit.used`: the process
            was forked meanwhile, and this is the child. It has run so far.
    """
    within = task()
    permit = within.permit(tool, arguments)
    run = tool.ready(permit)
    try:
        # No `yield from`: what is sent into the generator would reach the tool unjudged.
        with contextlib.closing(iterate_within(permit.tool_run, run())) as items:
            for item in items:
                refuse_lazy(tool.name, item)
                left = permit.row(item)
                if left is None:
                    break
                for value in left:
                    yield value
                with about_decision(permit, "yes"):
                    permit.require_open()
                    within.require_under_way()
        for value in permit.row(END) or ():
            with about_decision(permit, "yes"):
                permit.require_open()
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
    run = await aready(tool, within, permit)
    failure: BaseException | None = None
    try:
        async with contextlib.aclosing(aiterate_within(permit.tool_run, run())) as items:
            async for item in items:
                refuse_lazy(tool.name, item)
                # One that is withheld is recorded, and the loop must not wait for that.
                plain = type(item) in PLAIN and not permit.holds_back
                left = permit.row(item) if plain else await run_in_thread(permit.row, item)
                if left is None:
                    break
                for value in left:
                    yield value
                with about_decision(permit, "yes"):
                    permit.require_open()
                    within.require_under_way()
        held = await run_in_thread(permit.row, END) if permit.holds_back else None
        for value in held or ():
            with about_decision(permit, "yes"):
                permit.require_open()
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


def iterate_within(run: ToolRun, items: Generator[Any, None, None]) -> Generator[Any, None, None]:
    """Yield the items of a generator, each made within the run of its tool.

    The consumer shares the context of a generator, and is not within. A process that has it from
    a fork neither goes on with it nor closes it.

    Raises:
        DecisionUnavailable: `permit.used`: a fork has copied the run.
    """
    try:
        while True:
            run.require_own()
            with run.active():
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item
    finally:
        if run.is_inherited:
            run.abandon(items)
        else:
            with run.active():
                items.close()


async def aiterate_within(
    run: ToolRun, items: AsyncGenerator[Any, None]
) -> AsyncGenerator[Any, None]:
    """Async twin of `iterate_within`."""
    try:
        while True:
            run.require_own()
            with run.active():
                try:
                    item = await await_own(run, anext(items))
                except StopAsyncIteration:
                    return
            yield item
    finally:
        if run.is_inherited:
            run.abandon(items)
        else:
            with run.active():
                await await_own(run, items.aclose())
