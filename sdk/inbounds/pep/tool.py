"""A function as a guarded tool: how a call to it reads as arguments, and how it then runs."""

from __future__ import annotations

import functools
import inspect
import sys
import types
import typing
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Protocol, TypeAlias, TypeVar, overload

from pydantic import PydanticUserError, TypeAdapter, ValidationError

from inbounds.canonical.arguments import canonical_json
from inbounds.errors import ArgumentNotRepresentable, ConfigurationError
from inbounds.model.question import Resource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from .labelled import Labelled
    from .permit import Permit
    from .task import Task

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

ResourceOf = Callable[..., "Resource | tuple[str, str]"]
"""Takes a call's arguments and says what the call touches: a `Resource`, or its type and id."""

ToolOrName: TypeAlias = "str | GuardedTool[..., Any]"
"""A guarded tool, or the name that any is registered under."""

ToolCall: TypeAlias = (
    "tuple[ToolOrName, Mapping[str, Any]] | tuple[ToolOrName, Mapping[str, Any], ResourceOf]"
)
"""A call that may be made: a tool, its arguments, and for one that is not guarded its resource."""

_PLAIN = (str, int, float, bool, type(None), list, dict, Any, object)


def resource_of(said: Resource | tuple[str, str], tool: str) -> Resource:
    """Make a `Resource` of what a resource function returned.

    Raises:
        ArgumentNotRepresentable: It said neither a `Resource` nor a type and an id.
    """
    if isinstance(said, Resource):
        return said
    try:
        kind, name = said
        return Resource(type=kind, id=name)
    except (TypeError, ValueError):
        # A ValidationError is a ValueError; it would tell the value.
        raise ArgumentNotRepresentable(
            f"the resource of `{tool}` is not a type and id",
            code="resource.not_representable",
            hint="`resource=` returns a Resource, or two texts that are not empty",
        ) from None


@dataclass(frozen=True, slots=True)
class Target:
    """What a call is about to call.

    Attributes:
        name: The name the tool is registered under.
        complete: Adds to the arguments what the tool itself would add.
        resource: Says what a call with whole arguments touches.
    """

    name: str
    complete: Callable[[Mapping[str, Any]], dict[str, Any]]
    resource: Callable[[Mapping[str, Any]], Resource]


class GuardedTool(Generic[P, R_co]):
    """A function an agent may call, behind the policy. Made by `Guard.tool`.

    Calling it asks under the task of this context; a coroutine function is awaited, and the
    permit of a generator function spans the iteration.

    Attributes:
        name: The name it is registered under.
        function: The function itself, unguarded.
    """

    name: str

    def __init__(self, name: str, function: Callable[P, R_co], resource: ResourceOf) -> None:
        if isinstance(function, GuardedTool):
            raise ConfigurationError(
                f"`{name}` guards a function that is already guarded as `{function.name}`",
                code="configuration.tool_guarded_twice",
                hint="guard a function once, under the one name the registry has for it",
            )
        # The function's own attributes stay its own: one of them may be called `name`.
        functools.update_wrapper(self, function, updated=())
        # An object that is called is what its class makes of a call.
        called = getattr(type(function), "__call__", None)  # noqa: B004 -- what it is matters
        self.name = name
        self.function = function
        self.asynchronous = _is(inspect.iscoroutinefunction, function, called)
        self.generates = _is(inspect.isgeneratorfunction, function, called)
        self.generates_async = _is(inspect.isasyncgenfunction, function, called)
        self._resource = resource
        self.signature = _signature(name, function)
        self._kinds = {each.name: each.kind for each in self.signature.parameters.values()}
        if self.asynchronous and sys.version_info >= (3, 12):
            # What asks whether this is a coroutine function has to hear yes.
            inspect.markcoroutinefunction(self)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call the function if the policy allows it. Raises as `Task.call`."""
        __tracebackhide__ = True
        from .task import current

        arguments = self.bind(*args, **kwargs)
        call: Any
        if self.asynchronous:
            call = current().acall(self, arguments)
        elif self.generates_async:
            call = self.aiterate(current, arguments)
        elif self.generates:
            call = self.iterate(current, arguments)
        else:
            call = current().call(self, arguments)
        return typing.cast("R_co", call)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Bind as a method. `self` is not an argument that is judged, so methods are refused."""
        if instance is None:
            return self
        raise ConfigurationError(
            f"`{self.name}` guards a method, and its `self` cannot be judged",
            code="configuration.tool_is_method",
            hint="guard the bound method instead: guard.tool(name, resource=…)(object.method)",
        )

    def bind(self, *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        """Return the arguments of a call by name, defaults included.

        Raises:
            TypeError: They do not fit the function, as when it is called unguarded.
        """
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in bound.arguments.items()
        }

    def complete(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return arguments with the function's defaults: what is left out runs as well.

        Raises:
            ArgumentNotRepresentable: One that the function needs is missing.
        """
        whole = by_name(arguments)
        for name, parameter in self.signature.parameters.items():
            if name in whole or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            if parameter.default is parameter.empty:
                raise _does_not_fit(self.name, "one that it needs is missing")
            whole[name] = parameter.default
        return whole

    def resource(self, arguments: Mapping[str, Any]) -> Resource:
        """Return what a call with these arguments touches.

        Raises:
            ArgumentNotRepresentable: The resource function failed, or said no resource.
        """
        args, kwargs = self._spread(arguments)
        return resolve_resource(self._resource, self.name, *args, **kwargs)

    def ready(self, permit: Permit) -> Callable[[], Any]:
        """Return the one call that `permit` stands for; nothing has run until it is called.

        Raises:
            ArgumentNotRepresentable: A judged argument does not fit the function.
        """
        judged = permit.arguments
        permit.defer_start()
        try:
            return self.lay_out(permit, judged)
        except BaseException:
            permit.cancel()
            raise

    def iterate(self, task: Callable[[], Task], arguments: Mapping[str, Any]) -> Iterator[Any]:
        """Iterate over the function's items under one permit. See `tool_items.iterate`."""
        from .tool_items import iterate

        return iterate(self, task, arguments)

    def aiterate(
        self, task: Callable[[], Task], arguments: Mapping[str, Any]
    ) -> AsyncIterator[Any]:
        """Async twin of `iterate`."""
        from .tool_items import aiterate

        return aiterate(self, task, arguments)

    def lay_out(self, permit: Permit, judged: dict[str, Any]) -> Callable[[], Any]:
        """Return the call of the function with the judged arguments, as it takes them."""
        if judged.keys() - self._kinds.keys():
            raise _does_not_fit(self.name, "one that it does not take was judged")
        args, kwargs = self._spread(self._restored(judged))

        def run() -> Any:
            permit.compare(judged)
            return typing.cast("Any", self.function)(*args, **kwargs)

        return run

    def _spread(self, arguments: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Lay whole arguments out as the signature takes them."""
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for name, kind in self._kinds.items():
            if kind is inspect.Parameter.VAR_POSITIONAL:
                rest = arguments.get(name, [])
                if not isinstance(rest, list):
                    raise _does_not_fit(self.name, f"`*{name}` is not a list")
                args.extend(rest)
            elif kind is inspect.Parameter.VAR_KEYWORD:
                bag = arguments.get(name, {})
                if not isinstance(bag, dict) or bag.keys() & self._kinds.keys():
                    raise _does_not_fit(self.name, "one is given twice")
                kwargs.update(bag)
            elif name not in arguments:
                # Laid out by place: without this one, every later one would be another's.
                raise _does_not_fit(self.name, "one that it needs is missing")
            elif kind is inspect.Parameter.KEYWORD_ONLY:
                kwargs[name] = arguments[name]
            else:
                args.append(arguments[name])
        return args, kwargs

    def _restored(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Give each argument back the type its annotation names."""
        restored = dict(arguments)
        for name in [name for name in self._adapters if name in arguments]:
            judged = arguments[name]
            try:
                restored[name] = self._adapters[name].validate_python(judged, by_name=True)
                # A default or a validator of the type may have made something else of it.
                same = canonical_json(restored[name]) == canonical_json(judged)
            except (ValidationError, ArgumentNotRepresentable):
                same = False
            if not same:
                why = f"`{name}` does not match its type annotation after normalization"
                raise _does_not_fit(self.name, why)
        return restored

    @functools.cached_property
    def _adapters(self) -> dict[str, TypeAdapter[Any]]:
        try:
            hints = typing.get_type_hints(self.function)
        except (NameError, TypeError):
            # Annotations that only a type checker can resolve: values stay as judged.
            return {}
        adapters = {}
        for name, parameter in self.signature.parameters.items():
            hint = hints.get(name, Any)
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or _plain(hint):
                continue
            try:
                adapters[name] = TypeAdapter(hint)
            except PydanticUserError:
                continue
        return adapters

    def __repr__(self) -> str:
        return f"GuardedTool({self.name!r})"


class GuardedTools:
    """The guarded tools of one guard."""

    def __init__(self) -> None:
        self._tools: dict[str, GuardedTool[..., Any]] = {}

    def add(
        self, name: str, function: Callable[..., Any], resource: ResourceOf
    ) -> GuardedTool[..., Any]:
        """Guard a function under a name. See `Guard.tool`.

        Raises:
            ConfigurationError: The name is taken, or the function's arguments have no names.
        """
        if name in self._tools:
            raise ConfigurationError(
                f"two functions are guarded as `{name}`",
                code="configuration.tool_twice",
                hint="give each its own name, as the registry has it",
            )
        guarded = self._tools[name] = GuardedTool(name, function, resource)
        return guarded

    def by_name(self) -> dict[str, GuardedTool[..., Any]]:
        """Return the tools by name, in a dictionary of its own."""
        return dict(self._tools)

    def find(self, tool: ToolOrName) -> GuardedTool[..., Any] | None:
        """Return a tool; None for a name that no function has.

        Raises:
            ConfigurationError: Another guard has the tool.
        """
        if not isinstance(tool, GuardedTool):
            return self._tools.get(tool)
        if self._tools.get(tool.name) is not tool:
            # Its function may reach what another tenant's policy has to judge.
            raise ConfigurationError(
                f"`{tool.name}` is guarded by another guard than the one of the task",
                code="configuration.tool_of_another_guard",
                hint="call it under a task of the guard that it was decorated with",
            )
        return tool

    def target(self, tool: ToolOrName, resource: ResourceOf | None) -> Target:
        """Return the name, the defaults and the resource function of what is called.

        A model may have made a name up, and that is recorded: both functions refuse one that no
        function has and that comes without `resource` (`configuration.tool_unknown`).

        Args:
            tool: A guarded tool, or the name of any tool.
            resource: The resource function of this call, instead of the tool's own.

        Raises:
            ConfigurationError: As `find`.
        """
        own = self.find(tool)
        name = tool.name if isinstance(tool, GuardedTool) else tool
        if resource is None:
            if own is not None:
                return Target(name, own.complete, own.resource)

            def refuse(_arguments: Mapping[str, Any]) -> Any:
                raise ConfigurationError(
                    f"no function is guarded as `{name}`",
                    code="configuration.tool_unknown",
                    hint="decorate it with `guard.tool`, or use `task.permit` with `resource=`",
                )

            return Target(name, refuse, refuse)
        complete = own.complete if own is not None else by_name
        return Target(
            name, complete, lambda arguments: resolve_resource(resource, name, **arguments)
        )


def by_name(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the arguments of a call.

    Raises:
        ArgumentNotRepresentable: They have no names: a model may say anything.
    """
    if not isinstance(arguments, Mapping):
        raise ArgumentNotRepresentable(
            f"the arguments are of type `{type(arguments).__name__}`, and no object with names",
            hint="give them by name",
        )
    return dict(arguments)


def resolve_resource(function: ResourceOf, tool: str, /, *args: Any, **kwargs: Any) -> Resource:
    """Ask a resource function what a call touches.

    Raises:
        ArgumentNotRepresentable: It failed, or said no resource. What it raised is not told:
            it may hold an argument.
    """
    try:
        said = function(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 -- a function of the user's may raise anything
        raise ArgumentNotRepresentable(
            f"the resource of `{tool}` failed with {type(error).__name__}",
            code="resource.not_representable",
            hint="`resource=` takes the arguments of the tool, by the same names",
        ) from None
    return resource_of(said, tool)


def _is(kind: Callable[[Any], bool], *candidates: Any) -> bool:
    return any(kind(candidate) for candidate in candidates)


def _does_not_fit(tool: str, why: str) -> ArgumentNotRepresentable:
    return ArgumentNotRepresentable(
        f"the arguments do not fit `{tool}`: {why}",
        code="argument.does_not_fit",
        hint="make the function's signature and the registry say the same",
    )


def _signature(name: str, function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        raise ConfigurationError(
            f"`{name}` is not a function whose arguments can be named",
            code="configuration.tool_without_signature",
            hint="wrap it in a function with named parameters",
        ) from None


def _plain(hint: Any) -> bool:
    """Whether values of this annotation are JSON values already."""
    if hint in _PLAIN:
        return True
    origin = typing.get_origin(hint)
    if origin in (list, dict, typing.Union, types.UnionType, typing.Literal):
        return origin is typing.Literal or all(_plain(part) for part in typing.get_args(hint))
    return False


class ToolDecorator(Protocol):
    """What `Guard.tool` returns: whoever calls the tool gets the value of a `Labelled` result."""

    @overload
    def __call__(self, function: Callable[P, Labelled[R]], /) -> GuardedTool[P, R]: ...
    @overload
    def __call__(
        self, function: Callable[P, Coroutine[Any, Any, Labelled[R]]], /
    ) -> GuardedTool[P, Coroutine[Any, Any, R]]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> GuardedTool[P, R]: ...
