"""Where the server behind runs, as the deployment names it."""

from __future__ import annotations

import shlex
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
import httpx2
from mcp.client.streamable_http import streamable_http_client

from .answers import BoundedAnswers
from .process import Limits, process
from .read_stream import ReadStream, of_few_values
from .response import bounded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server behind runs: a command that the proxy starts, or a URL.

    Attributes:
        name: What the deployment calls the server.
        command: The program and its arguments; empty for one at a URL.
        url: Where it answers over streamable HTTP; empty for a command.
        variables: The whole environment of the command.
        credential: What the proxy itself shows at the URL, as a bearer token. No caller's.
    """

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    credential: str = field(default="", repr=False)

    @property
    def at(self) -> str:
        """What `servers.yaml` says of it: the command line as a shell reads it, or the URL."""
        return self.url or shlex.join(self.command)

    @asynccontextmanager
    async def transport(
        self,
        gone: anyio.Event,
        limits: Limits = Limits(),  # noqa: B008 -- it does not change
    ) -> AsyncIterator[tuple[Any, Any]]:
        """Open the streams of a connection.

        Args:
            gone: Is set once it is known that nothing answers there any more, and where the server
                leaves its answers unread (`BoundedAnswers`).
            limits: How much a command may say; a response over HTTP is bounded in itself.

        Raises:
            OSError: The command could not be started.
        """

        def ended(why: str) -> None:
            gone.set()
            limits.ended(why)

        if self.command:
            async with process(self.command, self.variables, gone, limits) as (read, write):
                yield read, BoundedAnswers(write, ended)
            return
        headers = {"Authorization": f"Bearer {self.credential}"} if self.credential else {}
        # Neither a proxy nor a password of this machine's: what stands in the deployment is asked.
        async with (
            httpx2.AsyncClient(
                headers=headers,
                transport=bounded(),
                timeout=httpx2.Timeout(30.0, read=300.0),
                trust_env=False,
            ) as client,
            streamable_http_client(self.url, http_client=client) as (read, write),
        ):
            yield ReadStream(read, of_few_values), BoundedAnswers(write, ended)
