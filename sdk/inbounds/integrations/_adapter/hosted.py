"""Tools that a request to a model brings by itself, which the model's provider would run.

A request has members beside its list of tools by which a provider searches, runs code or calls a
server; and most frameworks pass some members of a program's own on as they are. What is tried where
the first model fails (`fallbacks`) has such members too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HOSTED = ("web_search_options", "mcp_servers", "container", "plugins", "search_parameters")
"""Members of a request by which a provider runs something itself."""

_OFFERS = ("tools", "functions")
_SUFFIXES = ("native_tools", "builtin_tools", "server_tools")
_DATA = frozenset(
    {
        *("metadata", "headers", "extra_headers", "response_format"),
        *("response_schema", "response_json_schema"),
    }
)
"""Members of settings whose names are the program's own, and stand for no member of a request."""

MOST = 10_000
"""How many mappings and lists of one program's settings are looked at; with more, none are sent."""


def hosted_in(settings: Any, *, offers: bool = True) -> str:
    """Return the name of a member of settings that brings tools of its own; empty for none.

    All mappings and lists within are looked at. Settings with more than `MOST` of them, or that
    hold themselves, count as bringing `settings`.

    Args:
        settings: What a program gives a framework for its requests to a model.
        offers: Whether a list of tools counts at the top; it does anywhere within.
    """
    waiting: list[Any] = [settings] if isinstance(settings, Mapping) else []
    for _ in range(MOST):
        if not waiting:
            return ""
        each = waiting.pop()
        for name, value in each.items() if isinstance(each, Mapping) else enumerate(each):
            if isinstance(name, str):
                own = name in _OFFERS and not offers and each is settings
                brings = name in HOSTED or name.endswith(_SUFFIXES) or name in _OFFERS
                if brings and value and not own:
                    return name
                if own or name in _DATA:
                    continue
            if isinstance(value, Mapping | list | tuple | set | frozenset):
                waiting.append(value)
    return "settings"
