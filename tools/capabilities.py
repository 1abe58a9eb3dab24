"""Writes `bundles/capabilities.json`: the built-ins that a policy may use, on either engine.

A built-in is in it if OPA's WASM compiler brings it along or the embedded engine's host
provides it. Which ones the compiler brings is seen from a module that calls them all: it
asks its host for the others. What writes into the log of an engine is none of them, nor what makes
comments data: a change of a comment is none of what a rule does.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import wasmtime

from inbounds.engine.builtins import Host
from inbounds.engine.wasm import Module
from inbounds.process import clock
from inbounds_tools.bundle.archive import unpack

OWNS = ("bundles/capabilities.json",)

_FEATURES = ["rego_v1"]
_LOGGED = ("print", "trace")
_COMMENTS = ("rego.metadata.chain", "rego.metadata.rule")


def generated(root: Path) -> dict[str, str]:
    """Return the text of the capabilities by its path."""
    opa = root / ".tools" / "bin" / "opa"
    said = subprocess.run(
        [str(opa), "capabilities", "--current"], capture_output=True, text=True, check=True
    )
    current = json.loads(said.stdout)
    current["builtins"] = [b for b in current["builtins"] if not b.get("deprecated")]
    hosted = Host(clock.now_ns).builtins
    wanted = _asked_of_host(opa, [b for b in current["builtins"] if _callable(b)])
    kept = [
        builtin
        for builtin in current["builtins"]
        if builtin["name"] not in wanted - hosted.keys()
        and builtin["name"] not in (*_LOGGED, *_COMMENTS)
        and (_callable(builtin) or builtin.get("infix"))
    ]
    value = {
        "builtins": [_bare(builtin) for builtin in sorted(kept, key=lambda b: str(b["name"]))],
        "features": [feature for feature in current["features"] if feature in _FEATURES],
        "wasm_abi_versions": [{"version": 1, "minor_version": 2}],
        # Nothing is fetched while a policy is compiled, not even a schema.
        "allow_net": [],
    }
    return {OWNS[0]: json.dumps(value, indent=1) + "\n"}


def _callable(builtin: dict[str, Any]) -> bool:
    """Whether it is written as a call; operators are not, nor what the compiler puts in."""
    return not builtin.get("infix") and not builtin["name"].startswith("internal.")


def _asked_of_host(opa: Path, builtins: list[dict[str, Any]]) -> set[str]:
    lines = ["package probe"]
    for number, builtin in enumerate(builtins):
        arguments = ", ".join(f"input.a{n}" for n in range(len(builtin["decl"].get("args", []))))
        lines.append(f"p contains x if x := {builtin['name']}({arguments})")
        if "result" not in builtin["decl"] or builtin.get("relation"):
            lines[-1] = f"p contains {number} if {builtin['name']}({arguments})"
    with tempfile.TemporaryDirectory() as scratch:
        source, out = Path(scratch) / "probe.rego", Path(scratch) / "out.tar.gz"
        source.write_text("\n".join(lines) + "\n", "utf-8")
        subprocess.run(
            [str(opa), "build", "-t", "wasm", "-e", "probe/p", "-o", str(out), str(source)],
            check=True,
        )
        code = unpack(out.read_bytes())["policy.wasm"]
    engine_settings = wasmtime.Config()
    engine_settings.epoch_interruption = True
    host = Host(clock.now_ns)
    host.builtins = {builtin["name"]: _never for builtin in builtins}
    instance = Module(wasmtime.Engine(engine_settings), code).instance(host, b"{}", live=False)
    return {name for name, _ in instance._builtins().values()}  # noqa: SLF001 -- nobody else asks


def _never(*arguments: Any) -> Any:
    raise AssertionError(arguments)


def _bare(builtin: dict[str, Any]) -> dict[str, Any]:
    """`builtin` without its documentation."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: bare(v) for k, v in value.items() if k not in ("description", "categories")}
        return [bare(inner) for inner in value] if isinstance(value, list) else value

    return dict(bare(builtin))
