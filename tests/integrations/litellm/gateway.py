"""A proxy of LiteLLM, the model and the MCP servers behind it, all of this process, on loopback."""

from __future__ import annotations

import functools
import json
import os
import tempfile
import threading
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from types import FunctionType
from typing import Any

from tests.integrations.litellm import quiet  # noqa: F401 -- before LiteLLM is imported
from tests.ports import free_port

# isort: split
import litellm
import uvicorn
import yaml
from litellm.proxy import proxy_server
from litellm.proxy._experimental.mcp_server.mcp_server_manager import global_mcp_server_manager
from litellm.proxy._types import UserAPIKeyAuth
from mcp.server.mcpserver import MCPServer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

KEY = "sk-loopback-7f3a9c51d2e84b60a1c7e5d9"
"""Any key that begins so is one of the gateway's."""

MODES = ["pre_call", "post_call", "pre_mcp_call"]


class Serving:
    """An ASGI application that is served from a thread of its own."""

    def __init__(self, app: Any) -> None:
        self.port = free_port()
        config = uvicorn.Config(
            app, host="127.0.0.1", port=self.port, log_level="critical", ws="none"
        )
        config.timeout_graceful_shutdown = 1
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> None:
        """Wait until it answers."""
        self._thread.start()
        for _ in range(1200):
            if self._server.started:
                return
            if not self._thread.is_alive():
                break
            time.sleep(0.05)
        raise RuntimeError("it does not start")

    def stop(self) -> None:
        """Wait until it has ended."""
        self._server.should_exit = True
        self._thread.join(20)


class Model:
    """A model that answers what a test says, in the form of each endpoint.

    Attributes:
        says: Takes a request's path and body, and returns an answer: a mapping, or the events of
            a stream.
        heard: What it was asked.
    """

    def __init__(self) -> None:
        self.says: Callable[[str, Mapping[str, Any]], Any] = lambda path, body: {}
        self.heard: list[dict[str, Any]] = []

    @property
    def app(self) -> Starlette:
        """What it is reached by."""
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["POST", "GET"])])

    async def _answer(self, request: Request) -> Response:
        body = json.loads(await request.body() or b"{}")
        self.heard.append(body)
        said = self.says(request.url.path, body)
        if isinstance(said, Mapping):
            return JSONResponse(said)
        return StreamingResponse(iter(said), media_type="text/event-stream")


class Servers:
    """MCP servers `mail` and `file`, whose tools are those of a world.

    Attributes:
        world: Whose tools run.
    """

    def __init__(self) -> None:
        self.world: Any = None
        self.servers = {name: MCPServer(name) for name in ("mail", "file")}
        # As anybody would write them; what runs is said by the test.
        for name, like in _like().items():
            server, _, own = name.partition(".")
            self.servers[server].add_tool(self._tool(name, like), name=own)

    def _tool(self, name: str, like: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(like)
        def tool(**arguments: Any) -> Any:
            return self.world.tools[name](**arguments)

        return tool

    def serve(self, world: Any) -> None:
        """Have the tools of a world run; one that it has made anew is described anew."""
        self.world = world
        like = _like()["mail.send"]
        if "send" in vars(world):
            send = world.send
            like = FunctionType(
                send.__code__, send.__globals__, "send", send.__defaults__, send.__closure__
            )
            # As the others, it states no schema of what it returns.
            like.__annotations__ = {**send.__annotations__, "return": Any}
        self.servers["mail"].remove_tool("send")
        self.servers["mail"].add_tool(self._tool("mail.send", like), name="send")

    @property
    def app(self) -> Any:
        """What they are reached by."""
        apps = {
            name: server.streamable_http_app(streamable_http_path="/mcp")
            for name, server in self.servers.items()
        }

        @asynccontextmanager
        async def lifespan(_: Any) -> AsyncIterator[None]:
            async with AsyncExitStack() as stack:
                for server in self.servers.values():
                    await stack.enter_async_context(server.session_manager.run())
                yield

        routes = [Mount(f"/{name}", app=app) for name, app in apps.items()]
        return Starlette(routes=routes, lifespan=lifespan)


def _like() -> dict[str, Any]:
    def read(id: str) -> Any:
        """Read a mail."""

    def send(to: list[str], body: str) -> Any:
        """Send a mail."""

    def odd(id: str) -> str:
        """Do what no registry knows."""
        return ""

    def write(path: str, text: str = "nothing") -> str:
        """Write a file."""
        return ""

    return {"mail.read": read, "mail.send": send, "mail.odd": odd, "file.write": write}


class Gateway:
    """See the module.

    Attributes:
        model: The model behind it.
        servers: The MCP servers behind it.
        keys: What a key stands for besides itself, by key, for `UserAPIKeyAuth`.
    """

    def __init__(self) -> None:
        self.model = Model()
        self.servers = Servers()
        self.keys: dict[str, dict[str, Any]] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="litellm-")
        self._parts = [Serving(self.model.app), Serving(self.servers.app)]
        self._proxy: Any = None

    def start(self) -> None:
        """Start all of it, and wait until it answers."""
        for part in self._parts:
            part.start()
        model, servers = (f"http://127.0.0.1:{part.port}" for part in self._parts)
        folder = Path(self._folder.name)
        config = {
            "model_list": [
                _model("plain", "hosted_vllm/x", f"{model}/v1"),
                _model("openai", "openai/x", f"{model}/v1"),
                _model("openai-text", "text-completion-openai/x", f"{model}/v1"),
                _model("anthropic", "anthropic/x", model),
            ],
            "general_settings": {
                "master_key": f"{KEY}-master",
                "custom_auth": "auth.known",
                "pass_through_endpoints": [
                    {"path": "/through", "target": f"{model}/v1/chat/completions", "auth": True}
                ],
            },
            "litellm_settings": {"num_retries": 0},
            "router_settings": {"disable_cooldowns": True},
            "mcp_servers": {
                name: {
                    "url": f"{servers}/{name}/mcp",
                    "transport": "http",
                    "allow_all_keys": True,
                }
                for name in ("mail", "file")
            },
        }
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        (folder / "auth.py").write_text(
            "from tests.integrations.litellm import gateway\n\n\n"
            "async def known(request, api_key):\n"
            "    return await gateway.known(request, api_key)\n"
        )
        os.environ["CONFIG_FILE_PATH"] = str(folder / "config.yaml")
        _running.append(self)
        self._proxy = Serving(proxy_server.app)
        self._proxy.start()
        del os.environ["CONFIG_FILE_PATH"]

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._proxy.port}"

    @property
    def behind(self) -> str:
        """Where the MCP servers answer."""
        return f"http://127.0.0.1:{self._parts[1].port}"

    def server_id(self, name: str) -> str:
        """The id by which the REST API knows a server."""
        known = global_mcp_server_manager.get_registry().values()
        (found,) = [each.server_id for each in known if each.server_name == name]
        return str(found)

    def stop(self) -> None:
        """End all of it."""
        for part in (self._proxy, *self._parts):
            part.stop()

    @contextmanager
    def guarded(self, guardrail: Any, *others: Any) -> Iterator[None]:
        """Let a guardrail stand in it, and others after it, as LiteLLM itself puts them there."""
        manager = litellm.logging_callback_manager
        for each in (guardrail, *others):
            manager.add_litellm_callback(each)
        try:
            yield
        finally:
            for each in (guardrail, *others):
                manager.remove_callback_from_all_lists(each)


_running: list[Gateway] = []


def running() -> Gateway:
    """Return the one of this process; whoever has started it ends it."""
    if not _running:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # LiteLLM's own
            made = Gateway()
            made.start()
    return _running[-1]


async def known(_: Any, api_key: str) -> UserAPIKeyAuth:
    """Say whose a key is, as a program with keys of its own would."""
    key = api_key.removeprefix("Bearer ")
    if not key.startswith(KEY):
        raise PermissionError("no such key")
    about = {"user_id": f"user-of-{key[-1]}", **_running[-1].keys.get(key, {})}
    return UserAPIKeyAuth(api_key=key, **about)


def _model(name: str, model: str, base: str) -> dict[str, Any]:
    return {
        "model_name": name,
        "litellm_params": {"model": model, "api_base": base, "api_key": "sk-none"},
    }
