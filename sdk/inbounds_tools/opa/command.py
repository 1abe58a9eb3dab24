"""Running OPA on sources that another person may have written, with bounds on memory and time."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from inbounds.errors import ConfigurationError
from inbounds_tools.opa import memory

MAX_MEMORY_BYTES = 4 * 1024**3
"""The memory that one run of OPA may use, on Linux."""
MAX_SECONDS = 300.0
"""The time that one run of OPA may take."""

_ENVIRONMENT = {
    # OPA runs once and ends: it spends a third of its time on memory that it need not give back.
    "GOGC": "1600",
    # Unless it comes near the bound.
    "GOMEMLIMIT": f"{MAX_MEMORY_BYTES // 4 * 3}",
}
_OUT_OF_MEMORY = re.compile(r"^(?:fatal error: |runtime: |SIGSEGV: )", re.MULTILINE)


def run(
    opa: Path, *arguments: str, cwd: Path | None = None, seconds: float = MAX_SECONDS
) -> subprocess.CompletedProcess[str]:
    """Run OPA and return what it wrote.

    Args:
        opa: The OPA binary.
        arguments: Its arguments.
        cwd: The folder to run it in.
        seconds: How long it may take.

    Raises:
        ConfigurationError: It does not run (`opa.missing`), or exceeds the bounds on time and
            memory (`opa.limit_exceeded`).
    """
    command = [str(opa.resolve()), *arguments]
    try:
        with subprocess.Popen(
            command,
            cwd=cwd,
            env={**_ENVIRONMENT, **os.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        ) as process:
            try:
                memory.limit(process.pid, MAX_MEMORY_BYTES)
                stdout, stderr = process.communicate(timeout=seconds)
            except BaseException:
                process.kill()
                raise
    except subprocess.TimeoutExpired as error:
        raise _limit_exceeded(arguments, f"more than {seconds:g} seconds") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{opa} does not run ({type(error).__name__})",
            code="opa.missing",
            hint="install OPA, or name it in INBOUNDS_OPA_BINARY",
        ) from error
    if process.returncode and _OUT_OF_MEMORY.search(stderr):
        raise _limit_exceeded(arguments, f"more than {MAX_MEMORY_BYTES >> 30} GiB of memory")
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def _limit_exceeded(arguments: tuple[str, ...], what: str) -> ConfigurationError:
    return ConfigurationError(
        f"`opa {arguments[0]}` needs {what}",
        code="opa.limit_exceeded",
        hint="look in the rules and tests for what computes or holds so much, and remove it",
    )
