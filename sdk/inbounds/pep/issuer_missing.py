"""What to do where there is no development issuer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbounds.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from .config import Configuration


def issuer_missing(configuration: Configuration, home: Path) -> ConfigurationError:
    """Say that there is no development issuer, and where it was looked for."""
    deployment = configuration.deployment_folder
    if home.name == ".inbounds":
        looked = f"in {home / 'issuer'}"
    elif configuration.home:
        looked = f"in {home / 'issuer'}, as INBOUNDS_HOME says"
    else:
        looked = f"in ./.inbounds, which is not there, and in {home / 'issuer'}"
    there = "is there" if deployment.is_dir() else "is not there either"
    shown = deployment if deployment.is_absolute() else f"./{deployment}"
    return ConfigurationError(
        f"there is no development issuer: looked {looked}; the deployment {shown} {there}",
        code="configuration.issuer_missing",
        hint="`inbounds init app.py`, or `inbounds init --mcp …`, makes both here; or run where "
        "they are, or name them: INBOUNDS_HOME, INBOUNDS_DEPLOYMENT; in production, "
        "INBOUNDS_ISSUER_URL or `issuer=`",
    )
