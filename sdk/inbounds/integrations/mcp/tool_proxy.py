"""What stands in a handler's place, and lets it run with what was judged alone."""

from __future__ import annotations

import functools
import inspect
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from inbounds.errors import DecisionUnavailable, InboundsError
from inbounds.integrations._adapter.call_arguments import called_with, require_judged
from inbounds.integrations._adapter.running import Once, RefusedWithin
from inbounds.process.threads import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from inbounds.pep import Permit

    from .tool_call import ToolCall


class InPlace(Once):
    """Stands in a handler's place, and lets it run with what was judged alone.

    Attributes:
        permit: Of the request.
    """

    def __init__(self, wish: ToolCall, permit: Permit) -> None:
        super().__init__()
        self._wish = wish
        self._called = False
        self.permit = permit

    def compare(self, method: str, said: Mapping[str, Any]) -> None:
        """Make sure that the handler gets what was judged, right before it runs.

        Args:
            method: The handler's.
            said: What it is called with, as a request has it: without `_meta`, and without what a
                client brings back.

        Raises:
            DecisionUnavailable: It does not, or it has run already.
        """
        arguments = {name: value for name, value in said.items() if value is not None}
        own = self._wish.own
        if own and method == "tools/call":
            same = said.get("name") == own
            arguments = dict(said.get("arguments") or {})
        else:
            same = True
            if not arguments.get("arguments", True):
                del arguments["arguments"]
        with self.beginning():
            if method != self._wish.method or not same:
                raise self._changed()
            self.permit.compare(arguments)

    def require_judged(
        self, called: Mapping[str, Any], given: Mapping[str, Any] | None = None
    ) -> None:
        """Require that a tool's function is called with what was judged alone.

        Args:
            called: By name, with all that the framework adds.
            given: What a tool that stands for this one has made of what was judged. Without it,
                only the first function is compared: any other is called by its code.

        Raises:
            ArgumentNotRepresentable: `argument.does_not_fit`. The function must not run.
        """
        if self._called and given is None:
            return
        try:
            require_judged(self._wish.tool, self.permit, called, given)
        except InboundsError as error:
            self.refusal = error
            raise
        self._called = True

    def _changed(self) -> DecisionUnavailable:
        self.permit.cancel()
        return DecisionUnavailable(
            "the handler's call differs from the judged one",
            code="permit.arguments_changed",
            hint="let nothing change a request after the authorization",
            decision_id=self.permit.decision.id,
        )


_BARE = "__inbounds_bare__"

in_place: ContextVar[InPlace | None] = ContextVar("inbounds_mcp_in_place", default=None)
"""What stands in the handler's place, for the request of this context."""


async def compared(method: str, said: Mapping[str, Any]) -> None:
    """Refuse to let a handler run with anything but what was judged for this request.

    Raises:
        DecisionUnavailable: As `InPlace.compare`; or `call.not_judged`: nothing was.
    """
    place = in_place.get()
    if place is None:
        raise DecisionUnavailable(
            "a request has reached its handler past the authorization",
            code="call.not_judged",
            hint="let the authorization be the last of the server's middleware",
        )
    await run_in_thread(place.compare, method, said)


def bare(
    function: Callable[..., Any],
    injected: Callable[[Any], Collection[str]],
    given: Callable[[], Mapping[str, Any] | None] = lambda: None,
) -> Callable[..., Any]:
    """Return a tool's function that runs with what was judged, and gives its result unlabelled.

    Servers make text of all that a result is; the permit of the call that is under way sees the
    label. Of what is raised they make text, spans and log lines as well: where something is owed
    to the result it has no words, and of a call that the tool itself has asked for, no more is
    said than a model may read.

    Args:
        function: The tool's.
        injected: Returns the names of the arguments of a function that the framework provides.
        given: Returns what another tool that stands for this one gave it; None without such a tool.
    """
    if getattr(function, _BARE, False):
        return function
    provided = frozenset(injected(function))

    def require(args: tuple[Any, ...], arguments: Mapping[str, Any]) -> None:
        place = in_place.get()
        if place is not None:
            called = called_with(function, args, arguments, injected=provided)
            place.require_judged(called, given())

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def run(*args: Any, **arguments: Any) -> Any:
            require(args, arguments)
            with _silent():
                return _bare(await function(*args, **arguments))

    else:

        @functools.wraps(function)
        def run(*args: Any, **arguments: Any) -> Any:
            require(args, arguments)
            with _silent():
                return _bare(function(*args, **arguments))

    signature = inspect.signature(function)
    if "Labelled" in str(signature.return_annotation):
        # The schema of what is returned would be one of value and label.
        signature = signature.replace(return_annotation=signature.empty)
        run.__annotations__ = {n: t for n, t in run.__annotations__.items() if n != "return"}
    run.__signature__ = signature  # type: ignore[attr-defined]  # as inspect reads it
    setattr(run, _BARE, True)
    return run


@contextmanager
def _silent() -> Iterator[None]:
    try:
        yield
    except InboundsError as error:
        raise RefusedWithin(error) from error
    except BaseException as error:
        if (place := in_place.get()) is None:
            raise
        place.raise_shown(place.permit, error)


def _bare(result: Any) -> Any:
    place = in_place.get()
    if place is None:
        return result
    if inspect.isgenerator(result):
        return (place.label.bare(each, place.permit) for each in result)
    return place.label.bare(result, place.permit)
