"""The host's side, where it starts the proxy: one message a line on stdin and stdout."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import threading
from contextlib import asynccontextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)

from .lines import Lines
from .message import NotAMessage, read_message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp_types import JSONRPCMessage

logger = logging.getLogger(__name__)

Received: TypeAlias = SessionMessage | Exception

_AHEAD = 8
"""How many lines are read that nobody has taken yet."""

_MOST = 256
"""How many requests may be without an answer."""


@asynccontextmanager
async def stdio() -> AsyncIterator[
    tuple[MemoryObjectReceiveStream[Received], MemoryObjectSendStream[SessionMessage]]
]:
    """Serve the wire on this process's stdin and stdout, for `Server.run`.

    Meanwhile its stdin is empty and its stdout is stderr, so that nothing that prints breaks the
    wire. What is not a message is answered with an error here, and goes no further; so is a request
    whose id another one has that is not yet answered.
    """
    wire = _Wire()
    given, read = anyio.create_memory_object_stream[Received](0)
    write, taken = anyio.create_memory_object_stream[SessionMessage](0)
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_read, wire, given)
            group.start_soon(_write, wire, taken)
            yield read, write
            group.cancel_scope.cancel()
    finally:
        for stream in (given, read, write, taken):
            stream.close()
        wire.restore()


async def _read(wire: _Wire, given: MemoryObjectSendStream[Received]) -> None:
    async with given:
        while (line := await wire.line()) is not None:
            try:
                message = read_message(line)
            except NotAMessage as error:
                logger.warning("the host sent an invalid message: %s", error)
                await wire.send(_refusal(PARSE_ERROR, "Parse error"))
                continue
            if not wire.opened(message):
                # It gets no answer by its id: that would be taken for the other one's.
                await wire.send(_refusal(INVALID_REQUEST, "an id that is in use, or too many"))
                continue
            try:
                await given.send(SessionMessage(message))
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                return


async def _write(wire: _Wire, taken: MemoryObjectReceiveStream[SessionMessage]) -> None:
    async with taken:
        async for item in taken:
            wire.answered(item.message)
            await wire.send(item.message)


def _refusal(code: int, why: str) -> JSONRPCError:
    return JSONRPCError(jsonrpc="2.0", id=None, error=ErrorData(code=code, message=why))


class _Wire:
    """The descriptors, and a thread for each: who waits there keeps nobody from ending."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ids: set[str] = set()
        self._in, self._out = os.dup(0), os.dup(1)
        if binary := getattr(os, "O_BINARY", 0):
            # Windows takes a descriptor for text, in which a line ends otherwise.
            for descriptor in (self._in, self._out):
                importlib.import_module("msvcrt").setmode(descriptor, binary)
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123 -- a descriptor is what is wanted
            os.dup2(nothing.fileno(), 0)
        os.dup2(2, 1)
        self._lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._places: SimpleQueue[None] = SimpleQueue()
        for _ in range(_AHEAD):
            self._places.put(None)
        self._texts: SimpleQueue[tuple[bytes, asyncio.Future[None]]] = SimpleQueue()
        threading.Thread(target=self._reading, name="inbounds-stdin", daemon=True).start()
        threading.Thread(target=self._writing, name="inbounds-stdout", daemon=True).start()

    def restore(self) -> None:
        os.dup2(self._in, 0)
        os.dup2(self._out, 1)

    def opened(self, message: JSONRPCMessage) -> bool:
        """Whether a message may go on: no request of its id is without an answer."""
        if isinstance(message, JSONRPCNotification):
            if message.method == "notifications/cancelled":
                # It is not answered any more.
                self._ids.discard(str((message.params or {}).get("requestId")))
        elif isinstance(message, JSONRPCRequest):
            if str(message.id) in self._ids or len(self._ids) >= _MOST:
                return False
            self._ids.add(str(message.id))
        return True

    def answered(self, message: JSONRPCMessage) -> None:
        if isinstance(message, JSONRPCResponse | JSONRPCError) and message.id is not None:
            self._ids.discard(str(message.id))

    async def line(self) -> bytes | None:
        line = await self._lines.get()
        self._places.put(None)
        return line

    async def send(self, message: JSONRPCMessage) -> None:
        text = message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
        done = self._loop.create_future()
        self._texts.put((text, done))
        await done

    def _reading(self) -> None:
        lines = Lines()
        while True:
            try:
                chunk = os.read(self._in, 2**16)
            except OSError:
                chunk = b""
            for line in lines.take(chunk):
                self._put(line)
            if not chunk:
                self._put(None)
                return

    def _put(self, line: bytes | None) -> None:
        self._places.get()
        try:
            self._loop.call_soon_threadsafe(self._lines.put_nowait, line)
        except RuntimeError:  # the loop has ended
            return

    def _writing(self) -> None:
        while True:
            text, done = self._texts.get()
            try:
                while text:
                    text = text[os.write(self._out, text) :]
            except OSError:
                logger.info("the host has gone")
            try:
                self._loop.call_soon_threadsafe(_settle, done)
            except RuntimeError:
                return


def _settle(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
