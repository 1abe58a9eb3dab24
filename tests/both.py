"""OPA and the embedded engine side by side, on the same sources, data and time."""

from __future__ import annotations

import contextlib
import functools
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.errors import InvalidAnswer
from inbounds.pdp import DECISION

from . import engines

NOTHING = "no answer"
"""What stands for an engine that gave none."""


class Both:
    """Two engines that can be put before the same scene.

    Attributes:
        opa: The OPA server; its clock is what `data.test.now` says.
        embedded: The embedded policy; its clock is `now`.
    """

    def __init__(self, opa: engines.Opa, wasm: Path, key: Path) -> None:
        self.opa = opa
        self.now = 0
        self._placed: dict[str, str] = {}
        self.embedded = EmbeddedPolicy(wasm, key=key, clock=lambda: self.now * 10**9)

    def place(self, deployment: Any, live: Any, now: int) -> None:
        """Put both engines before the same data, at the same time."""
        self.now = now
        changed = {
            name: value
            for name, value in {
                "deployment": deployment,
                "live": live,
                "test": {"now": now},
            }.items()
            if self._placed.get(name) != json.dumps(value, sort_keys=True)
        }
        for name, value in changed.items():
            if value is None:
                status, _ = self.opa.request("DELETE", f"/v1/data/{name}")
                assert status in (204, 404)
            else:
                self.opa.put(name, value)
            self._placed[name] = json.dumps(value, sort_keys=True)
        if "live" in changed or "deployment" in changed:
            place_embedded(self.embedded, deployment, live)

    def ask_opa(self, question: Any, entrypoint: str = DECISION) -> Any:
        """What OPA says, or `NOTHING`."""
        try:
            return self.opa.ask(entrypoint, question)
        except (engines.OpaError, engines.Undefined):
            return NOTHING

    def ask_embedded(self, question: Any, entrypoint: str = DECISION) -> Any:
        """What the embedded policy says, or `NOTHING`."""
        try:
            text = question if isinstance(question, bytes) else json.dumps(question).encode()
            return self.embedded.ask(entrypoint, text, deadline=time.monotonic() + 30).result
        except InvalidAnswer:
            return NOTHING


def place_embedded(policy: EmbeddedPolicy, deployment: Any, live: Any) -> None:
    """Put the embedded policy before other data, whatever its shape; `None` is none at all."""
    live = dict(live or {})
    now = live.pop("now", None)
    policy._now = None if now is None else json.dumps(now).encode()
    policy._baseline = json.dumps(live).encode()
    policy._deployment = None
    if deployment is None:
        policy._swap(policy._module, policy._policy)
    else:
        policy.replace_deployment(deployment)


@contextlib.contextmanager
def both() -> Iterator[Both]:
    """Run both engines on the project's sources."""
    wasm, key = _built(engines.sources_digest([engines.RULES]))
    with engines.opa(
        [engines.RULES], roots=["inbounds", "system"], replace=engines.FROZEN_CLOCK
    ) as opa:
        engine = Both(opa, wasm, key)
        try:
            yield engine
        finally:
            engine.embedded.close()


@functools.cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="inbounds-both-")


@functools.cache
def _built(digest: str) -> tuple[Path, Path]:
    """Build the module of the sources of this digest, once in this process, and its key."""
    folder = Path(_scratch().name) / digest
    folder.mkdir()
    keys = engines.signing_keys(folder)
    wasm = engines.build_wasm(
        [engines.RULES],
        folder / "policy.wasm.tar.gz",
        keys=keys,
        roots=["inbounds", "system"],
    )
    return wasm, keys.public
