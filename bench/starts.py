"""What starting costs, in processes of their own: importing, the first call, and memory."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .results import Goal

if TYPE_CHECKING:
    from .measure import Effort
    from .results import Results
    from .world import World

_LIBRARIES = "import requests, pydantic, jwt"
_IMPORT = "import inbounds"
_FIRST_CALL = """\
from inbounds import Guard
guard = Guard(home=%(home)r, deployment=%(deployment)r, evidence=%(evidence)r, deadline=30)
guard.tool("mail.read", resource=lambda id: ("mail", id))(lambda id: None)
with guard.task("correspond", subject="alice@acme.example") as task:
    task.call("mail.read", {"id": "42"})
"""
_RESIDENT = """\
import gc
gc.collect()
with open("/proc/self/status") as status:
    print(next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS:")))
"""

LIBRARIES = "importing requests, pydantic and jwt"
IMPORT = "importing inbounds"
WARM = "import, Guard() and the first call; machine code kept"
COLD = "import, Guard() and the first call; nothing kept"


def measure(world: World, effort: Effort, results: Results) -> None:
    """Measure what starting takes, in turns."""
    home = world.folder / "start"
    shutil.copytree(world.folder / "home" / "issuer", home / "issuer")
    first = _FIRST_CALL % {
        "home": str(home),
        "deployment": str(world.deployment()),
        "evidence": str(home / "evidence.sqlite"),
    }
    programs = {LIBRARIES: _LIBRARIES, IMPORT: _IMPORT, COLD: first, WARM: first}
    found: dict[str, list[float]] = {name: [] for name in programs}
    for turn in range(effort.starts + 1):
        for name, program in programs.items():
            if name == COLD:
                shutil.rmtree(home / "compiled", ignore_errors=True)
            begun = time.perf_counter()
            run(f"{program}\nprint(0)")
            seconds = time.perf_counter() - begun
            if turn:  # the first has the bytecode written
                found[name].append(seconds)
    medians = {name: statistics.median(seconds) for name, seconds in found.items()}
    results.seconds["starting, as whole processes"] = medians
    for name, most in ((IMPORT, 1.8), (WARM, 2.5), (COLD, 2.5)):
        ratio = statistics.median(
            own / beside for own, beside in zip(found[name], found[LIBRARIES], strict=True)
        )
        told = f"{medians[name] * 1000:,.0f} ms over {medians[LIBRARIES] * 1000:,.0f} ms"
        results.goals.append(Goal(f"{name}, over {LIBRARIES}", ratio, most, told=told))


def measure_memory(world: World, results: Results) -> None:
    """Measure what is resident; only where the system tells."""
    if not Path("/proc/self/status").exists():
        return
    folder = world.folder / "memory"
    folder.mkdir()
    sizes = results.mebibytes
    sizes["the interpreter"] = run(_RESIDENT)
    sizes["after importing the SDK and wasmtime"] = run(
        f"import inbounds.pep, inbounds.engine.embedded\n{_RESIDENT}"
    )
    for tools in (10, 10_000):
        (folder / f"{tools}.json").write_text(json.dumps(world.stated(tools)), "utf-8")
    (folder / "now.json").write_text(json.dumps(world.feed()), "utf-8")
    for name, tools, kept in (
        ("10 tools, compiled in this process", 10, False),
        ("10 tools, machine code kept", 10, True),
        ("10,000 tools, machine code kept", 10_000, True),
    ):
        said = {"folder": str(folder), "tools": tools, "kept": kept}
        if kept:
            run(_EMBEDDED % said + _RESIDENT)  # keeps it
        sizes[f"after 200 questions, {name}"] = run(_EMBEDDED % said + _RESIDENT)
        if tools == 10:
            results.goals.append(
                Goal(
                    f"MiB of the embedded engine above the interpreter, {name}",
                    sizes[f"after 200 questions, {name}"] - sizes["the interpreter"],
                    64,
                )
            )


_EMBEDDED = """\
import json, pathlib, time
import inbounds.pep
from inbounds.engine import assets
from inbounds.engine.compiled import CompiledModules
from inbounds.engine.embedded import EmbeddedPolicy
folder = pathlib.Path(%(folder)r)
policy = EmbeddedPolicy(
    assets.wasm_bundle(),
    key=assets.release_key(),
    deployment=json.loads((folder / "%(tools)d.json").read_bytes()),
    live={"now": json.loads((folder / "now.json").read_bytes())},
    compiled=CompiledModules(folder / "compiled", key=bytes(32)) if %(kept)r else None,
)
for _ in range(200):
    policy.ask("inbounds/main/decision", b"{}", deadline=time.monotonic() + 30)
"""


def resident(world: World, name: str, *, revoked: int) -> float:
    """Return the MiB of a process whose embedded engine holds so many revoked ids.

    Args:
        world: What it is asked about.
        name: A folder that does not exist.
        revoked: How many.
    """
    folder = world.folder / name
    folder.mkdir()
    (folder / "10.json").write_text(json.dumps(world.stated()), "utf-8")
    (folder / "now.json").write_text(json.dumps(world.feed(revoked)), "utf-8")
    said = {"folder": str(folder), "tools": 10, "kept": True}
    run(_EMBEDDED % said + _RESIDENT)  # keeps the machine code
    return run(_EMBEDDED % said + _RESIDENT)


def run(program: str) -> float:
    """Run a program in a process of its own, and return the number it prints last."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("INBOUNDS_")}
    made: Any = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if made.returncode:
        raise RuntimeError(f"a program of the bench failed:\n{made.stderr}")
    return float(made.stdout.split()[-1])
