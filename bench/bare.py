"""The WASM module by itself: what an embedded decision costs with nothing around it."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import wasmtime

from inbounds.engine import assets
from inbounds.engine.builtins import Host
from inbounds.engine.bundle import read_signed
from inbounds.engine.wasm import Module
from inbounds.live.head import empty_lists
from inbounds.pdp import DECISION
from inbounds.process import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .measure import Call
    from .world import World

_TICKS = 10**6


@contextlib.contextmanager
def opa_eval(world: World, question: bytes) -> Iterator[Call]:
    """One question put to the module, built-ins of the host included."""
    bundle = read_signed(assets.wasm_bundle(), assets.release_key())
    config = wasmtime.Config()
    config.epoch_interruption = True
    engine = wasmtime.Engine(config)
    data = {**bundle.data, "deployment": world.stated(), "live": {"baseline": empty_lists()}}
    module = Module(engine, next(iter(bundle.modules.values())), kept=world.compiled)
    instance = module.instance(Host(clock.now_ns), json.dumps(data).encode(), live=True)
    instance.put_now(json.dumps(world.feed()).encode())
    number = instance.entrypoints[DECISION]
    answer = json.loads(instance.evaluate(number, question, ticks=_TICKS))
    if answer[0]["result"]["decision"] is not True:
        raise RuntimeError("the module does not allow what is measured")
    yield lambda: instance.evaluate(number, question, ticks=_TICKS)
