"""Tools that a request to a model brings by itself, which the model's provider would run.

A request has members beside its list of tools by which a provider searches, runs code or calls a
server; and most frameworks pass some members of a program's own on as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HOSTED = ("web_search_options", "mcp_servers", "container", "plugins", "search_parameters")
"""Members of a request by which a provider runs something itself."""

_OFFERS = ("tools", "functions")
_SUFFIXES = ("native_tools", "builtin_tools", "server_tools")
_PASSED_ON = (
    *("extra_body", "extra_args", "model_kwargs", "additional_params", "optional_params"),
    *("body", "kwargs", "generation_config"),
)
"""Members of settings that go into the request as they are."""


def hosted_in(settings: Any, *, offers: bool = True) -> str:
    """Return the name of a member of settings that brings tools of its own; empty for none.

    Args:
        settings: What a program gives a framework for its requests to a model.
        offers: Whether a list of tools counts at the top; it does within what is passed on.
    """
    if not isinstance(settings, Mapping):
        return ""
    for name, value in settings.items():
        if not value or not isinstance(name, str):
            continue
        if name in HOSTED or name.endswith(_SUFFIXES) or (offers and name in _OFFERS):
            return name
        if name in _PASSED_ON and (found := hosted_in(value)):
            return found
    return ""
