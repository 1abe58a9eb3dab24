"""Where state is kept when nobody says where."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from inbounds.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """The state folder: `INBOUNDS_HOME`, else `./.inbounds` if there is one, else the user's.

    Raises:
        ConfigurationError: `INBOUNDS_HOME` is set to nothing, or names a file.
    """
    if "INBOUNDS_HOME" in environ:
        return _named("INBOUNDS_HOME", environ, folder=True)
    here = Path.cwd() / ".inbounds"
    if here.is_dir():
        return here
    from platformdirs import user_state_path

    return user_state_path("inbounds", appauthor=False)


def evidence_path(environ: Mapping[str, str] = os.environ) -> Path:
    """The evidence log: `INBOUNDS_EVIDENCE`, else `evidence.sqlite` in the state folder.

    Raises:
        ConfigurationError: `INBOUNDS_EVIDENCE` is set to nothing, or names a folder.
    """
    if "INBOUNDS_EVIDENCE" in environ:
        return _named("INBOUNDS_EVIDENCE", environ, folder=False)
    return home(environ) / "evidence.sqlite"


def key_path(environ: Mapping[str, str] = os.environ) -> Path:
    """The deployment's own key, `deployment.key` in the state folder."""
    return home(environ) / "deployment.key"


def _named(variable: str, environ: Mapping[str, str], *, folder: bool) -> Path:
    path = Path(environ[variable]).expanduser()
    if not environ[variable] or (path.is_file() if folder else path.is_dir()):
        wanted = "a folder" if folder else "a file"
        raise ConfigurationError(
            f"{variable} does not name {wanted}",
            code="configuration.path",
            hint=f"unset {variable}, or let it name {wanted}",
        )
    return path.absolute()
