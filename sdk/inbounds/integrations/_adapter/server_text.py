"""Text of MCP servers that reaches a model without a call: descriptors of tools, instructions.

An adapter calls `observe` before a model is asked, with the descriptors of those tools of the
request that an MCP server serves, and with the instructions that such a server adds.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from inbounds.errors import TaskMissing
from inbounds.process.threads import run_in_thread

from .closures import held
from .conversation import SeenParts, fingerprint
from .current_task import task_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_seen = SeenParts()
_held: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
"""What `held_descriptor` has found."""


def observe(context: Any, listed: Mapping[str, Any], texts: Sequence[str] = ()) -> None:
    """Count the text of MCP servers as a third party's, but for descriptors that are pinned.

    Text that did not change is observed once for a session. Outside of a task, no call runs.

    Args:
        context: The context of the run, as `task_of` takes it.
        listed: The descriptors, by the names that the tools are registered under: as the server
            listed them, or what the framework has kept of that.
        texts: Instructions of servers.

    Raises:
        DecisionUnavailable: It could not be committed: the model must not be asked.
    """
    commit = _unseen(context, listed, texts)
    if commit is not None:
        commit()


async def aobserve(context: Any, listed: Mapping[str, Any], texts: Sequence[str] = ()) -> None:
    """Async twin of `observe`; the event loop never waits for the session store."""
    commit = _unseen(context, listed, texts)
    if commit is not None:
        await run_in_thread(commit)


def to_descriptor(name: str, description: str | None, schema: Any) -> dict[str, Any]:
    """Return a descriptor of the members that a framework has kept, where it kept not all."""
    kept = {"name": name, "description": description, "inputSchema": schema}
    return {member: value for member, value in kept.items() if value is not None}


def held_descriptor(*functions: Any) -> Any:
    """Return the descriptor of an MCP server's tool that a tool's functions hold on to, if any.

    Args:
        functions: What a framework, or a package beside it, calls for the tool; None for none.
    """
    return next(filter(None, map(_held_by, functions)), None)


def _held_by(function: Any) -> Any:
    try:
        return _held[function]
    except (KeyError, TypeError):
        found = next(filter(_is_descriptor, _parts(function)), None)
    with suppress(TypeError):  # it is looked at each time
        _held[function] = found
    return found


def _parts(function: Any) -> Iterator[Any]:
    for each in held(function) if callable(function) else ():
        yield each
        yield from each.args if isinstance(each, partial) else ()


def _is_descriptor(value: Any) -> bool:
    kind = type(value)
    return kind.__name__ == "Tool" and kind.__module__.partition(".")[0] in ("mcp", "mcp_types")


def _unseen(
    context: Any, listed: Mapping[str, Any], texts: Sequence[str]
) -> Callable[[], None] | None:
    """Return what observes the text that the session has not seen; None where it has seen all."""
    if not listed and not texts:
        return None
    try:
        task = task_of(context)
    except TaskMissing:
        return None
    tools = {(name, fingerprint([name, tool])): _plain(tool) for name, tool in listed.items()}
    new = {key: tool for key, tool in tools.items() if not _seen.has(task, key[1])}
    words = {fingerprint(text): text for text in texts}
    new_words = {key: text for key, text in words.items() if not _seen.has(task, key)}
    if not new and not new_words:
        return None

    def commit() -> None:
        entries = {name: (tool, "") for (name, _), tool in new.items()}
        task._runtime.observe_descriptors(task.session, entries)  # noqa: SLF001 -- no user's
        task.observe_data(*new_words.values())
        _seen.add(task, [*(key for _, key in new), *new_words])

    return commit


def _plain(tool: Any) -> Mapping[str, Any]:
    """Return a descriptor as it stands on the wire."""
    if hasattr(tool, "model_dump"):
        tool = tool.model_dump(by_alias=True, mode="json", exclude_none=True)
    return dict(tool)
