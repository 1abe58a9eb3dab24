"""What the SDK takes for one `task.call` without evidence: Python calls, bytes of the question."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import sys
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.delegations import MOST, Delegations
from bench.world import ARGUMENTS, TOOL, Listening, World, begin
from inbounds import AccessDenied, ApprovalRequired
from inbounds.approvals.signing import sign
from inbounds.evidence import NoEvidence
from inbounds.identity.signing_keys import SigningKey
from inbounds.pdp import DECISION
from inbounds.testing import INTENT, SUBJECT

from .engines import NotCounted
from .questions import APPROVAL, ASK, CHAIN, DENIED, EXPORT, READ, WRITE

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from inbounds import Guard
    from inbounds.model.access_request import AccessRequest
    from inbounds.pep.task import Task

NAMES = (READ, WRITE, EXPORT, ASK, DENIED, CHAIN, APPROVAL)
"""All questions but that of many tools, of which the SDK sees nothing."""
_SETTLED = 12
"""As many calls as it takes until the session remembers as many decisions as it ever does."""
_APPROVER = "dora@acme.example"
_COLLEAGUE = "bob@acme.example"
_KEY = SigningKey.generate()
_SECONDS = 30.0


class SdkMeter:
    """Guards on the shipped policy, embedded, whose calls are counted.

    Args:
        folder: Everything is in here.
    """

    def __init__(self, folder: Path) -> None:
        self._world = World(folder, approvers={"dora": _approver()})
        self._policy = self._world.embedded()
        self._pdp = Listening(self._policy)

    def close(self) -> None:
        """Close what is open."""
        self._policy.close()
        self._world.close()

    def count(self, name: str) -> dict[str, int]:
        """Return the Python function calls and the bytes of the question of one call.

        The engine evaluates in the thread that asks, as it does in a server; what its host
        functions call is counted too.

        Raises:
            NotCounted: Two calls took another number, or the call has another outcome.
        """
        found: list[dict[str, int]] = []
        # Apart from the main thread, for which another thread evaluates: that one is not counted.
        errors: list[BaseException] = []

        def run() -> None:
            try:
                # In a session of its own each time: one that has used approvals remembers them.
                found.extend(self._counted(self._call(name)) for _ in range(2))
            except BaseException as error:  # noqa: BLE001 -- it is raised where it is waited for
                errors.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        if errors:
            raise errors[0]
        if found[0] != found[1]:
            raise NotCounted(f"{name}: the SDK took {found}")
        return found[0]

    def _counted(self, call: Callable[[], object]) -> dict[str, int]:
        for _ in range(_SETTLED):
            call()
        calls = 0

        def count(_: FrameType, event: str, __: Any) -> None:
            nonlocal calls
            calls += event == "call"

        # What the collector finds of calls before would be counted as this one's.
        gc.collect()
        gc.disable()
        sys.setprofile(count)
        try:
            call()
        finally:
            sys.setprofile(None)
            gc.enable()
        return {"calls": calls, "question": len(self._pdp.asked[DECISION])}

    # --- the calls ------------------------------------------------------------------------

    def _call(self, name: str) -> Callable[[], object]:
        # Another instance, which remembers no signature of the calls before.
        self._policy.replace_deployment(self._world.stated())
        if name == CHAIN:
            delegated = Delegations(self._world, self._policy)
            self._pdp = delegated.listening
            return delegated.call(MOST)
        self._pdp = Listening(self._policy)
        approvals = _yes if name == APPROVAL else None
        guard = self._world.guard(self._pdp, NoEvidence(), approvals=approvals)
        _tools(guard)
        if name == READ:
            task = begin(guard)
            return lambda: task.call(TOOL, ARGUMENTS)
        if name == WRITE:
            task = begin(guard)
            return lambda: task.call("file.write", {"path": "/work/notes/a.txt", "text": "Hello"})
        if name == EXPORT:
            return _mail(guard.task(INTENT, subject=SUBJECT, prompt=f"Write to {_COLLEAGUE}"))
        if name == DENIED:
            return _refused(_mail(begin(guard), "mallory@evil.example"), AccessDenied)
        mail = _mail(guard.task(INTENT, subject=SUBJECT, data=f"Write to {_COLLEAGUE}"))
        return mail if name == APPROVAL else _refused(mail, ApprovalRequired)


def count_sdk(names: tuple[str, ...] = NAMES) -> dict[str, dict[str, int]]:
    """Return the Python function calls and the bytes of the question of each call.

    They are counted in a process of their own: telemetry that this one has set up would be
    called too.
    """
    alone = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=alone) as process:
        return process.submit(_count, names).result()


def _count(names: tuple[str, ...]) -> dict[str, dict[str, int]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.closing(SdkMeter(Path(folder))) as meter,
    ):
        return {name: meter.count(name) for name in names}


def _approver() -> dict[str, Any]:
    return {
        "subject": _APPROVER,
        "tenants": ["acme"],
        "algorithms": ["ES256"],
        "keys": {_KEY.kid: dict(_KEY.public)},
        "max_seconds": 3600,
    }


def _yes(request: AccessRequest) -> str:
    return sign(request, _KEY, approver=_APPROVER)


def _tools(guard: Guard) -> None:
    @guard.tool("mail.send", resource=lambda to, body: ("mailbox", "alice"))  # noqa: ARG005 -- has the names of the tool
    def _send(to: list[str], body: str) -> None:
        del to, body

    @guard.tool("file.write", resource=lambda path, text: ("file", path))  # noqa: ARG005 -- likewise
    def _write(path: str, text: str) -> None:
        del path, text


def _mail(task: Task, to: str = _COLLEAGUE) -> Callable[[], object]:
    return lambda: task.call("mail.send", {"to": [to], "body": "Hello"})


def _refused(
    call: Callable[[], object], refusal: type[AccessDenied | ApprovalRequired]
) -> Callable[[], object]:
    def refused() -> None:
        try:
            call()
        except refusal:
            return
        raise NotCounted(f"a call that must end with {refusal.__name__} was permitted")

    return refused
