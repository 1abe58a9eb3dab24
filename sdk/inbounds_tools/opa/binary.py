"""Finding the OPA that the command line runs: to build bundles, to test them, to serve them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from inbounds.errors import ConfigurationError
from inbounds.pdp import opa_version

VARIABLE = "INBOUNDS_OPA_BINARY"
"""The environment variable that names the binary to use."""

_CHECKOUT = Path(__file__).resolve().parents[3] / ".tools" / "bin" / "opa"


def find(environ: Mapping[str, str] | None = None) -> Path:
    """Return an OPA of a supported version.

    Looked for in this order: what `INBOUNDS_OPA_BINARY` names, which is an explicit wish, so
    one that cannot be honoured is an error; `opa` on the PATH; what `make` installed in a
    checkout.

    Args:
        environ: The environment; `os.environ` when absent.

    Raises:
        ConfigurationError: None is found (`opa.missing`), or one of another version
            (`opa.unsupported`).
    """
    environ = os.environ if environ is None else environ
    named = environ.get(VARIABLE)
    if named:
        found = shutil.which(named, path=environ.get("PATH"))
        if found is None:
            raise ConfigurationError(
                f"{VARIABLE} names {named}, which is not a program",
                code="opa.missing",
                hint=f"name an OPA {opa_version.described()}, or unset {VARIABLE}",
            )
        return _supported(Path(found))

    unsupported: ConfigurationError | None = None
    for candidate in (shutil.which("opa", path=environ.get("PATH")), str(_CHECKOUT)):
        if candidate is None or not Path(candidate).exists():
            continue
        try:
            return _supported(Path(candidate))
        except ConfigurationError as error:
            unsupported = unsupported or error
    raise unsupported or ConfigurationError(
        "no OPA is installed",
        code="opa.missing",
        hint=f"put an OPA {opa_version.described()} on the PATH or name one in {VARIABLE}; "
        "https://www.openpolicyagent.org/docs/#1-download-opa",
    )


def version(binary: Path) -> tuple[int, ...]:
    """Return the version that a binary says it is.

    Raises:
        ConfigurationError: It does not run, or says none.
    """
    try:
        answer = subprocess.run(
            [str(binary), "version"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=60,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise ConfigurationError(
            f"{binary} does not run ({type(error).__name__})", code="opa.missing"
        ) from error
    said = re.search(r"^Version:\s*(\S+)", answer, re.MULTILINE)
    found = opa_version.parse(said[1]) if said else ()
    if not found:
        raise ConfigurationError(f"{binary} reports no version", code="opa.unsupported")
    return found


def _supported(binary: Path) -> Path:
    found = version(binary)
    if not opa_version.supported(found):
        raise ConfigurationError(
            f"{binary} is OPA {'.'.join(map(str, found))}, and {opa_version.described()} is needed",
            code="opa.unsupported",
            hint=f"install another one, or name one in {VARIABLE}",
        )
    return binary
