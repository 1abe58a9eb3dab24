"""What the two engines take for one decision: allocations of OPA, instructions of the module."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import wasmtime

from inbounds.engine import assets
from inbounds.engine.builtins import Host
from inbounds.engine.bundle import read_signed
from inbounds.engine.wasm import Instance, Module
from inbounds.pdp import DECISION

from .questions import OUTCOMES, staged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.scenes import Staged

ROOT: Final = Path(__file__).resolve().parents[2]
_FUEL: Final = 2**62
_TICKS: Final = 10**6


class NotCounted(Exception):
    """A cost could not be counted. The message says why."""


# --- OPA -----------------------------------------------------------------------------------


def count_opa(names: Iterable[str], *, rego: Path = ROOT / "rego") -> dict[str, dict[str, int]]:
    """Return the allocations, the bytes and the bytes of stack of each question in OPA.

    They vary from run to run, by less than 0.5 %: Go seeds its maps anew in every process.

    Args:
        names: Which questions.
        rego: The folder of the policy's sources.

    Raises:
        NotCounted: The meter could not be built or run, or a question has another outcome.
    """
    names = list(names)
    lines = [json.dumps({"name": name, **_request(staged(name))}) for name in names]
    with tempfile.TemporaryDirectory() as folder:
        sources = Path(folder) / "rego"
        shutil.copytree(rego, sources, ignore=shutil.ignore_patterns("*_test.rego"))
        ran = subprocess.run(
            [_meter(), sources, f"data.{DECISION.replace('/', '.')}"],
            input="\n".join(lines),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    if ran.returncode:
        raise NotCounted(f"OPA failed: {ran.stderr.strip()}")
    found: dict[str, dict[str, int]] = {}
    for line in ran.stdout.splitlines():
        cost = json.loads(line)
        name = cost.pop("name")
        _expect(name, cost.pop("result"))
        found[name] = cost
    return found


def _request(scene: Staged) -> dict[str, Any]:
    data = {"deployment": scene.deployment, "live": scene.live}
    return {"now": scene.now, "input": scene.question, "data": data}


def _meter() -> Path:
    """Build the meter of OPA; Go itself does again only what has changed."""
    go = shutil.which("go")
    if go is None:
        raise NotCounted("the cost in OPA is counted by a Go program; install Go to build it")
    program = ROOT / ".tools" / "bin" / "opa-cost"
    build = [go, "build", "-trimpath", "-buildvcs=false", "-o", str(program), "."]
    ran = subprocess.run(
        build, cwd=ROOT / "tools" / "cost", capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise NotCounted(f"the meter of OPA could not be built: {ran.stderr.strip()}")
    return program


# --- the module ----------------------------------------------------------------------------


class _Metered(Instance):
    """An instance that counts what it executes."""

    def _load(self, compiled: wasmtime.Module, recall: wasmtime.Module) -> None:
        self._store.set_fuel(_FUEL)
        super()._load(compiled, recall)

    def fuel(self) -> int:
        return int(self._store.get_fuel())


class ModuleMeter:
    """The shipped module in an engine that counts instructions, which none in use does."""

    def __init__(self) -> None:
        self._bundle = read_signed(assets.wasm_bundle(), assets.release_key())
        config = wasmtime.Config()
        config.epoch_interruption = True
        config.consume_fuel = True
        self._engine = wasmtime.Engine(config)
        self._module = Module(self._engine, next(iter(self._bundle.modules.values())))

    def count(self, name: str) -> int:
        """Return how many WebAssembly instructions a question takes, once its tokens are known.

        Raises:
            NotCounted: The question has another outcome, or two runs of it another count.
        """
        return self.count_scene(staged(name), lambda result: _expect(name, result))

    def count_scene(self, scene: Staged, expect: Callable[[Mapping[str, Any] | None], None]) -> int:
        """Return how many instructions a scene's question takes, as `count` does.

        Args:
            scene: The question with the data that it is judged by.
            expect: Raises for a result that is not the expected one.

        Raises:
            NotCounted: Two runs have another count.
        """
        data = {**self._bundle.data, "deployment": scene.deployment}
        # The revision of an unpublished tree is longer than others, and is part of the answer.
        data["inbounds"]["build"]["revision"] = "0"
        live = dict(scene.live)
        now = live.pop("now")
        module = self._module
        instance = _Metered(
            self._engine,
            module._compiled,  # noqa: SLF001 -- loaded as `Module.instance` does, in another class
            module._recall,  # noqa: SLF001 -- likewise
            Host(lambda: scene.now * 10**9),
            json.dumps({**data, "live": live}).encode(),
            live=True,
        )
        instance.put_now(json.dumps(now).encode())
        number = instance.entrypoints[DECISION]
        question = json.dumps(scene.question).encode()
        expect(_result(instance.evaluate(number, question, ticks=_TICKS)))
        # The first one verifies signatures, and the second one finds the memory laid out anew.
        instance.evaluate(number, question, ticks=_TICKS)
        counts = set()
        for _ in range(2):
            before = instance.fuel()
            instance.evaluate(number, question, ticks=_TICKS)
            counts.add(before - instance.fuel())
        if len(counts) != 1:
            raise NotCounted(f"the module took {sorted(counts)} instructions for one question")
        return counts.pop()


def _result(raw: bytes) -> Any:
    answers = json.loads(raw)
    return answers[0]["result"] if answers else None


def _expect(name: str, result: Mapping[str, Any] | None) -> None:
    """Make sure that what is counted is what its name says."""
    wanted = OUTCOMES.get(name, "allow")
    outcome = result["context"]["outcome"] if result else "undefined"
    if outcome != wanted:
        codes = [reason["code"] for reason in result["context"]["reasons"]] if result else []
        raise NotCounted(f"{name}: the outcome must be {wanted}, and is {outcome} {codes}")
