"""The server behind, where the proxy starts it: its process, and one message a line."""

from __future__ import annotations

import logging
import os
import subprocess
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
from mcp.os.posix.utilities import terminate_posix_process_tree
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from inbounds.canonical.few_values import require_few_values
from inbounds.canonical.strict_json import NotStrictJson

from .lines import Lines
from .message import MAX_BYTES, NotAMessage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from anyio.abc import Process
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

logger = logging.getLogger(__name__)

INHERITED = (
    (
        "APPDATA",
        "LOCALAPPDATA",
        "PATH",
        "PATHEXT",
        "SYSTEMDRIVE",
        "SYSTEMROOT",
        "TEMP",
        "USERPROFILE",
    )
    if os.name == "nt"
    else ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "USER")
)
"""The variables of the proxy's own environment that a server behind it has without being asked."""

_LONG = "the server sent a line longer than 4 MiB"
_GRACE = 2.0
"""How many seconds a process has to end by itself once its stdin is closed."""
_GONE = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, OSError)


def environment(named: Sequence[str] = (), more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a server behind: what is named of this process's, and no other.

    Args:
        named: Variables of this process's that it has besides `INHERITED`.
        more: Variables that it has besides, with their values.
    """
    wanted = {*INHERITED, *named}
    return {name: os.environ[name] for name in wanted if name in os.environ} | dict(more or {})


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a server may say, and who is told that it said more.

    Attributes:
        lines: How many lines it may write, messages and others; any number where it is None.
        ended: Is told, in words, why the connection was ended.
    """

    lines: int | None = None
    ended: Callable[[str], object] = logger.warning


@asynccontextmanager
async def process(
    command: Sequence[str],
    variables: Mapping[str, str],
    gone: anyio.Event,
    limits: Limits = Limits(),
) -> AsyncIterator[
    tuple[
        MemoryObjectReceiveStream[SessionMessage | Exception],
        MemoryObjectSendStream[SessionMessage],
    ]
]:
    """Start a server, and speak to it over its stdin and stdout. Its stderr is the proxy's.

    A line that is not JSON is noise, and passed over. One that is and is not a message, is too
    long, or holds too many values, ends the connection: nobody knows which call it would answer.

    Args:
        command: The program and its arguments.
        variables: Its whole environment.
        gone: Is set when it no longer answers, whatever ended it.
        limits: How much it may say.

    Raises:
        OSError: It could not be started.
    """
    started = await anyio.open_process(
        list(command),
        env=dict(variables),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None,
        start_new_session=os.name != "nt",
    )
    given, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write, taken = anyio.create_memory_object_stream[SessionMessage](0)
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_read, started, given, gone, limits)
            group.start_soon(_write, started, taken, gone)
            try:
                yield read, write
            finally:
                group.cancel_scope.cancel()
    finally:
        gone.set()
        with anyio.CancelScope(shield=True):
            await _end(started)
        for stream in (given, read, write, taken):
            stream.close()


async def _read(
    started: Process,
    given: MemoryObjectSendStream[SessionMessage | Exception],
    gone: anyio.Event,
    limits: Limits,
) -> None:
    lines, stdout, count = Lines(), started.stdout, 0
    if stdout is None:
        return
    try:
        async with given:
            while not gone.is_set():
                for line in lines.take(await stdout.receive(2**16)):
                    count += 1
                    if limits.lines is not None and count > limits.lines:
                        limits.ended(f"the server sent more than {limits.lines} lines")
                        return
                    message = _message(line)
                    if message is not None:
                        await given.send(message)
                if lines.too_long:
                    limits.ended(_LONG)
                    return
    except NotAMessage as error:
        limits.ended(str(error))
    except _GONE:
        pass
    finally:
        gone.set()


def _message(line: bytes) -> SessionMessage | None:
    """Return the message of a line; None where the line is noise.

    Raises:
        NotAMessage: It is neither, too long, or holds too many values.
    """
    if len(line) > MAX_BYTES:
        raise NotAMessage(_LONG)
    if not line.lstrip().startswith((b"{", b"[")):
        return None
    try:
        require_few_values(line)
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except NotStrictJson as error:
        raise NotAMessage(f"the server sent a message of {error}") from None
    except ValueError:
        raise NotAMessage("the server sent a line that is not a message of MCP") from None


async def _write(
    started: Process, taken: MemoryObjectReceiveStream[SessionMessage], gone: anyio.Event
) -> None:
    stdin = started.stdin
    if stdin is None:
        return
    try:
        async with taken:
            async for item in taken:
                text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
                await stdin.send(text.encode() + b"\n")
    except _GONE:
        gone.set()


async def _end(started: Process) -> None:
    if started.stdin is not None:
        with suppress(*_GONE):
            await started.stdin.aclose()
    with anyio.move_on_after(_GRACE):
        # Not `wait`, which also waits for whoever has inherited its pipes.
        while started.returncode is None:  # noqa: ASYNC110 -- nothing tells of it
            await anyio.sleep(0.01)
    if os.name == "nt":
        if started.returncode is None:
            started.kill()
    else:
        # What it has started as well.
        await terminate_posix_process_tree(started, _GRACE)
    with anyio.move_on_after(_GRACE):
        await started.wait()
    if started.stdout is not None:
        # To its end: asyncio leaves a pipe open that it has stopped to read.
        with suppress(*_GONE), anyio.move_on_after(_GRACE):
            while True:
                await started.stdout.receive()
        with suppress(*_GONE):
            await started.stdout.aclose()
