"""Where an MCP server runs, as a command line says it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from . import output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inbounds_server.mcp_proxy.place import Place

_LONGEST_NAME = 64


def place(
    name: str, run: Sequence[str], url: str, *, env: Sequence[str] = (), credential_env: str = ""
) -> Place:
    """Return where a server runs.

    Args:
        name: What the deployment calls it.
        run: Its command; empty for one at a URL.
        url: Where it answers; empty for a command.
        env: The variables of this process's that its command has besides the usual ones.
        credential_env: The variable that holds the token to show at the URL; empty for none.

    Raises:
        ConfigurationError: `configuration.upstream`: that is not a name, it has both a command and
            a URL or neither, or a variable is not set; `configuration.oidc`: that is not a URL that
            may be asked; `configuration.extra_missing`: the extra `mcp` is not installed.
    """
    from inbounds.errors import ConfigurationError
    from inbounds.identity.remote import require_url

    try:
        from inbounds_server.mcp_proxy.place import Place
        from inbounds_server.mcp_proxy.process import environment
    except ImportError as missing:
        if not (missing.name or "").startswith(("mcp", "httpx2", "anyio")):
            raise
        raise extra_missing() from None
    if "." in name or not name.isprintable() or not 0 < len(name) <= _LONGEST_NAME:
        raise ConfigurationError(
            "the name of a server must be 1 to 64 printable characters without a dot",
            code="configuration.upstream",
            hint="pass a name such as `files`; the names of its tools begin with it",
        )
    if bool(run) == bool(url):
        raise ConfigurationError(
            "a server must have either a command or a URL; both were given"
            if url
            else "a server must have a command or a URL; neither was given",
            code="configuration.upstream",
            hint="pass -- COMMAND at the end, or --url URL",
        )
    missing_names = [
        each for each in (*env, *filter(None, [credential_env])) if each not in os.environ
    ]
    if missing_names:
        raise ConfigurationError(
            f"the variable {missing_names[0]} is not set",
            code="configuration.upstream",
            hint="set the variable, or leave it out",
        )
    if run:
        return Place(name, command=tuple(run), variables=environment(env))
    require_url(url, "--url")
    return Place(name, url=url, credential=os.environ.get(credential_env, ""))


def listed(place: Place) -> list[dict[str, Any]]:
    """Return what a server says of its tools, and show meanwhile that it is asked.

    Raises:
        ConfigurationError: `registry.server`: it did not say.
    """
    from inbounds_tools.scaffold.mcp_list import listed as ask

    with output.console(error=True).status("asking the server …"):
        return ask(place)


def extra_missing() -> Exception:
    """Return the error that says what to install."""
    from inbounds.errors import ConfigurationError

    return ConfigurationError(
        "this command needs packages that are not installed",
        code="configuration.extra_missing",
        hint="pip install 'inbounds[mcp]'",
    )
