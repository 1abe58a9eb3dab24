"""Who asks the gateway, and the task that a request is within."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inbounds.errors import TaskMissing
from inbounds.pep.task import Task

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    TaskOf = Callable[["Caller"], Task | Awaitable[Task]]


@dataclass(frozen=True)
class Caller:
    """Who has sent a request to the gateway.

    Attributes:
        key: What the gateway knows of the key that was shown to it: its `UserAPIKeyAuth`, with
            `key_alias`, `user_id`, `team_id` and `metadata`. The gateway has verified it.
        headers: Of the request, by their names in lower case, without those that hold the
            gateway's key. Who calls has written them: verify what you believe of them.
        token: The bearer token in `Authorization`, where the gateway's key came in another
            header; empty for none. Nobody has verified it.
    """

    key: Any
    headers: Mapping[str, str] = field(repr=False)
    token: str = field(default="", repr=False)

    @classmethod
    def of(cls, key: Any, data: Mapping[str, Any]) -> Caller:
        """Read who has sent a request of which a guardrail is given `data`."""
        sent = _mapping(_mapping(data.get("proxy_server_request")).get("headers"))
        headers = sent or _mapping(_mapping(data.get("metadata")).get("headers"))
        said = {str(name).lower(): str(value) for name, value in headers.items()}
        return cls(key, said, _token(key, data))


async def task_of(find: TaskOf, caller: Caller) -> Task:
    """Return the task that a request is within.

    Raises:
        TaskMissing: The program has found none.
        Exception: Whatever else the program's own function raises.
    """
    found = find(caller)
    task = await found if inspect.isawaitable(found) else found
    if not isinstance(task, Task):
        raise TaskMissing("no task was found for this caller")
    return task


def _token(key: Any, data: Mapping[str, Any]) -> str:
    token = data.get("incoming_bearer_token")
    if not isinstance(token, str):
        raw = _mapping(_mapping(data.get("secret_fields")).get("raw_headers"))
        named = {str(name).lower(): str(value) for name, value in raw.items()}
        scheme, _, rest = named.get("authorization", "").partition(" ")
        shown = "x-litellm-api-key" in named and scheme.lower() == "bearer"
        token = rest.strip() if shown else ""
    own = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
    return "" if own == getattr(key, "api_key", None) else token


def _mapping(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    dump = getattr(value, "model_dump", None)
    found = dump() if callable(dump) else {}
    return found if isinstance(found, Mapping) else {}
