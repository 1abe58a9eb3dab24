"""A function as a guarded tool: how a call to it reads as arguments, and how it then runs."""

from __future__ import annotations

import functools
import inspect
import sys
import types
import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from pydantic import PydanticUserError, TypeAdapter, ValidationError

from .errors import ArgumentNotRepresentable, ConfigurationError, InboundsError
from .models import Resource
from .tasks import current

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from .pep import Permit

P = ParamSpec("P")
R = TypeVar("R")

ResourceOf = Callable[..., "Resource | tuple[str, str]"]
"""Takes a call's arguments and says what the call touches: a `Resource`, or its type and id."""

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
            f"the resource of `{tool}` is no type and id",
            code="resource.not_representable",
            hint="`resource=` returns a Resource, or two texts that are not empty",
        ) from None


class GuardedTool(Generic[P, R]):
    """A function an agent may call, behind the policy. Made by `Guard.tool`.

    Calling it asks under the task of this context; a coroutine function is awaited, and the
    permit of a generator function spans the iteration.

    Attributes:
        name: The name it is registered under.
        function: The function itself, unguarded.
    """

    def __init__(self, name: str, function: Callable[P, R], resource: ResourceOf) -> None:
        self.name = name
        self.function = function
        self.asynchronous = inspect.iscoroutinefunction(function)
        self.generates = inspect.isgeneratorfunction(function)
        self.generates_async = inspect.isasyncgenfunction(function)
        self._resource = resource
        self.signature = _signature(name, function)
        functools.update_wrapper(self, function)
        if self.asynchronous and sys.version_info >= (3, 12):
            # What asks whether this is a coroutine function has to hear yes.
            inspect.markcoroutinefunction(self)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function if the policy allows it. Raises as `Task.call`."""
        arguments = self.bind(*args, **kwargs)
        call: Any
        if self.asynchronous:
            call = current().acall(self, arguments)
        elif self.generates_async:
            call = self._aiterate(arguments)
        elif self.generates:
            call = self._iterate(arguments)
        else:
            call = current().call(self, arguments)
        return typing.cast("R", call)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Bind as a method. `self` is no argument that is judged, so methods are refused."""
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

    def resource(self, arguments: Mapping[str, Any]) -> Resource:
        """Return what a call with these arguments touches.

        Raises:
            ArgumentNotRepresentable: The resource function failed, or said no resource.
        """
        try:
            args, kwargs = self._spread(arguments)
            said = self._resource(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 -- a function of the user's may raise anything
            raise ArgumentNotRepresentable(
                f"the resource of `{self.name}` failed with {type(error).__name__}",
                code="resource.not_representable",
                hint="`resource=` takes the arguments of the tool, by the same names",
            ) from None
        return resource_of(said, self.name)

    def ready(self, permit: Permit) -> Callable[[], Any]:
        """Return the one call that `permit` stands for; nothing has run until it is called.

        Raises:
            DecisionUnavailable: The arguments are not the judged ones.
            ArgumentNotRepresentable: A judged argument does not fit its annotation.
        """
        judged = permit.arguments
        permit.compare(judged)
        try:
            args, kwargs = self._spread(self._restored(judged))
        except InboundsError:
            permit.cancel()
            raise
        return functools.partial(typing.cast("Any", self.function), *args, **kwargs)

    def _iterate(self, arguments: Mapping[str, Any]) -> Iterator[Any]:
        permit = current().permit(self, arguments)
        run = self.ready(permit)
        try:
            yield from run()
        except BaseException as error:
            permit.fail(error)
            raise
        permit.finish(None)

    async def _aiterate(self, arguments: Mapping[str, Any]) -> AsyncIterator[Any]:
        permit = await current().apermit(self, arguments)
        run = self.ready(permit)
        try:
            async for item in run():
                yield item
        except BaseException as error:
            permit.fail(error)
            raise
        permit.finish(None)

    def _spread(self, arguments: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Lay arguments out as the signature takes them."""
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for name, parameter in self.signature.parameters.items():
            if name not in arguments:
                continue
            value = arguments[name]
            if parameter.kind is parameter.VAR_POSITIONAL:
                args.extend(value)
            elif parameter.kind is parameter.VAR_KEYWORD:
                kwargs.update(value)
            elif parameter.kind is parameter.KEYWORD_ONLY:
                kwargs[name] = value
            else:
                args.append(value)
        return args, kwargs

    def _restored(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Give each argument back the type its annotation names."""
        restored = dict(arguments)
        for name, adapter in self._adapters.items():
            if name not in restored:
                continue
            try:
                restored[name] = adapter.validate_python(restored[name])
            except ValidationError:
                raise ArgumentNotRepresentable(
                    f"the judged `{name}` of `{self.name}` does not fit its annotation",
                    hint="make the annotation and the registry say the same",
                ) from None
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
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            if not _plain(hint):
                try:
                    adapters[name] = TypeAdapter(hint)
                except PydanticUserError:
                    continue
        return adapters

    def __repr__(self) -> str:
        return f"GuardedTool({self.name!r})"


def _signature(name: str, function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        raise ConfigurationError(
            f"`{name}` is no function whose arguments can be named",
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
