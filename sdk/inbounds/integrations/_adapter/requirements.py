"""What every adapter asks of how it is set up, whatever the framework."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from inbounds.errors import ConfigurationError
from inbounds.pep import Guard
from inbounds.pep.tool import GuardedTool

from .nested_agents import install

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inbounds.pep.task import Task
    from inbounds.pep.tool import ResourceOf


def guard_of(given: Any) -> Guard:
    """Return the guard that an adapter was given; agents within its tools are looked at from then.

    Raises:
        ConfigurationError: `configuration.wrong_kind`: it is of another type.
    """
    if not isinstance(given, Guard):
        raise wrong_kind("what judges", "`Guard`", given, "give it the guard of your program")
    install()
    return given


def resources_of(given: Any) -> dict[str, ResourceOf]:
    """Return what calls touch, by the names of their tools.

    Args:
        given: As the adapter was given it; None for nothing.

    Raises:
        ConfigurationError: `configuration.wrong_kind`: it is not a mapping of names to functions.
    """
    if given is None:
        return {}
    hint = 'such as `resources={"search": lambda query: ("index", "all")}`'
    if not isinstance(given, Mapping):
        raise wrong_kind("`resources=`", "mapping of functions by names of tools", given, hint)
    for name, function in given.items():
        if not callable(function):
            raise wrong_kind(f"what `{name}` touches", "function of its arguments", function, hint)
    return dict(given)


def resource_for(
    task: Task, tool: str, stated: ResourceOf | None, *, served: bool
) -> ResourceOf | None:
    """Return what says what a call touches; None where the guarded function of that name does.

    Args:
        task: That the call is within.
        tool: The name that it is called by.
        stated: What `resources=` says of it; None for nothing.
        served: Whether it is a tool of an MCP server: what a guarded function touches says
            nothing of another tool that a server lists by the same name.

    Raises:
        ConfigurationError: `configuration.tool_unknown`: nobody says what the tool touches.
    """
    if served and stated is None and task._tools.find(tool):  # noqa: SLF001 -- no user's
        raise ConfigurationError(
            f"nothing says what `{tool}` of an MCP server touches: the guarded function of that "
            "name is another tool",
            code="configuration.tool_unknown",
            hint="name it in `resources=`, or let one of the two have another name",
        )
    return stated


def require_authorization(given: Any, kind: type[Any]) -> None:
    """Refuse what is not an authorization of the adapter's own kind, such as a guard.

    Raises:
        ConfigurationError: `configuration.wrong_kind`.
    """
    if not isinstance(given, kind):
        hint = f"make one of a guard: `{kind.__name__}(guard)`"
        raise wrong_kind("the authorization", f"`{kind.__name__}`", given, hint)


def require_guarded(tool: Any) -> None:
    """Refuse what is not a guarded tool, where those alone are taken.

    Raises:
        ConfigurationError: `configuration.wrong_kind`.
    """
    if not isinstance(tool, GuardedTool):
        hint = "guard its function with `guard.tool`, or add it to the server by itself"
        raise wrong_kind("a tool in `tools=`", "guarded function", tool, hint)


def wrong_kind(what: str, wanted: str, given: Any, hint: str) -> ConfigurationError:
    """Return the error that says what an adapter was given in place of what it takes."""
    return ConfigurationError(
        f"{what} has to be a {wanted}, and is a {type(given).__name__}",
        code="configuration.wrong_kind",
        hint=hint,
    )


def require_named_once(names: Iterable[str]) -> None:
    """Refuse two tools of one name: what is judged under it may not be what runs.

    Args:
        names: Those that a model calls the tools of one agent by, each as often as it is there.

    Raises:
        ConfigurationError: `configuration.tool_named_twice`.
    """
    for name, times in Counter(names).items():
        if times > 1:
            raise ConfigurationError(
                f"`{name}` is the name of {times} tools: a call does not say which one it is to",
                code="configuration.tool_named_twice",
                hint="give each tool of an agent a name of its own",
            )
