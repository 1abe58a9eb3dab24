"""One permitted call on its way to its tool, for frameworks that have layers in between."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn

from inbounds.errors import DecisionUnavailable, InboundsError, ResultWithheld
from inbounds.pep.tool_errors import raise_alone, silenced

from .call_arguments import canonical, require_judged
from .refusals import refusal_text
from .result_obligations import KeptLabel, owed, require_there

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from inbounds.pep import Permit
    from inbounds.pep.tool_run import ToolRun

_running: ContextVar[Running | None] = ContextVar("inbounds_running", default=None)


class Once:
    """What became of the one time that a permitted call may run.

    Attributes:
        begun: Whether the tool has begun.
        refusal: Why it was not let to.
        label: That of the result, where the framework makes text of it.
        withheld: Why its result may not be given, where that is known before the framework
            tells others of it (spans, callbacks, logs).
    """

    def __init__(self) -> None:
        self.begun = False
        self.refusal: InboundsError | None = None
        self.label = KeptLabel()
        self.withheld: InboundsError | None = None
        self._raised: tuple[BaseException, BaseException] | None = None

    def raise_shown(self, permit: Permit, error: BaseException) -> NoReturn:
        """Raise what the framework may tell others of an error, and keep the error.

        Args:
            permit: Of the call.
            error: What the tool raised.
        """
        seen = shown(permit, error)
        if seen is error:
            raise error
        self._raised = (seen, error)
        raise_alone(seen)

    def raised(self, seen: BaseException) -> BaseException:
        """Return what the tool raised, for what `raise_shown` has raised; any other as it is."""
        return self._raised[1] if self._raised is not None and self._raised[0] is seen else seen

    @contextmanager
    def beginning(self) -> Iterator[None]:
        """Keep what a comparison within comes to.

        Raises:
            InboundsError: What the comparison raises, with what is known of the tool by then.
        """
        try:
            yield
        except InboundsError as error:
            if self.begun:
                # A layer wants it once more; the first time was the only one.
                error.executed = "yes"
            self.refusal = error
            raise
        self.begun = True


class Running(Once):
    """One permitted call, from its permit to the place where its tool runs.

    Args:
        permit: Of the call.
        place: Stands for the tool.

    Attributes:
        permit: Of the call.
        give: Returns what the framework may tell others of a result; None for all of it.
    """

    def __init__(self, permit: Permit, place: object) -> None:
        super().__init__()
        self.permit = permit
        self.give: Callable[[Any], Any] | None = None
        self._place = place

    @property
    def tool_run(self) -> ToolRun:
        """What the tool's own code runs within."""
        return self.permit.tool_run

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Let the tool run that is called within."""
        token = _running.set(self)
        try:
            yield
        finally:
            _running.reset(token)

    def begin(
        self,
        place: object,
        arguments: Mapping[str, Any],
        called: Mapping[str, Any] | None = None,
    ) -> None:
        """Compare what is about to run with what was judged.

        Args:
            place: Stands for the tool that is about to run.
            arguments: What it is about to be given, as far as that is not by default.
            called: What its function is called with, as `called_with` returns it; None where
                it has no function here.

        Raises:
            InboundsError: As `Permit.compare` and `require_judged`; `permit.other_tool`. The tool
                must not run.
        """
        with self.beginning():
            if place != self._place:
                self.permit.cancel()
                raise DecisionUnavailable(
                    "another tool is about to run than the one that was judged",
                    code="permit.other_tool",
                    decision_id=self.permit.decision.id,
                )
            self.permit.compare({**self._fitting(arguments, called or {}), **arguments})

    def _fitting(
        self, arguments: Mapping[str, Any], called: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return what a function is called with, if all that it adds was judged."""
        added = {name: value for name, value in called.items() if name not in arguments}
        require_judged(self.permit.tool, self.permit, added)
        if canonical({**called, **arguments}) == canonical(self.permit.arguments):
            # The same in canonical form, which may leave out fields.
            require_judged(self.permit.tool, self.permit, called)
        return called

    def require_own(self, *parts: Any) -> None:
        """Require that a result is that of the tool that was judged, and there already.

        Args:
            parts: What the framework has got.

        Raises:
            InboundsError: It has not run, or nobody knows, or its result is still to come.
        """
        if self.refusal is not None:
            # A layer has made a result of it.
            self.permit.fail(self.refusal)
            raise self.refusal
        if not self.begun:
            raise not_the_tools(self.permit)
        try:
            require_there(self.permit, *parts)
        except InboundsError as error:
            self.permit.fail(error)
            raise


def not_the_tools(
    permit: Permit, why: str = "a layer between permit and tool has answered in the tool's place"
) -> ResultWithheld:
    """Return the error that says of a result that it is not the tool's own.

    Whether something else has run is not known; the permit is dropped, and says so.
    """
    return ResultWithheld(
        why, code="result.not_the_tools", executed="unknown", decision_id=permit.decision.id
    )


class ToolFailed(Exception):
    """A tool has failed, and who runs it has made a result of what it says."""


class Withheld(Exception):
    """A tool raised where something is owed to its results: what it said is left out."""

    def __init__(self) -> None:
        super().__init__("the tool failed, and what it said of that is withheld")


class RefusedWithin(InboundsError):
    """A call that a tool itself has asked for was refused, as its model may read it.

    It is raised from the refusal, and says its code and its decision.
    """

    def __init__(self, error: InboundsError) -> None:
        super().__init__(
            refusal_text(error),
            code=error.code,
            executed=error.executed,
            decision_id=error.decision_id,
        )

    def __str__(self) -> str:
        return self.message


def shown(permit: Permit, error: BaseException) -> BaseException:
    """Return what others may see of what a tool raised: it, or an error without its words.

    What an error says is a result too, where a framework or a layer lets the model read it; and
    what one of this package's says holds words of a rule, and whom it is about.
    """
    if isinstance(error, InboundsError):
        return RefusedWithin(error)
    if not owed(permit):
        return error
    return silenced(error) or Withheld()


def raise_shown(seen: BaseException, error: BaseException | None) -> NoReturn:
    """Raise what others may see of what a tool raised, and nothing behind it that they may not.

    Args:
        seen: What `shown` has returned.
        error: What the tool raised; None where that is what is raised.
    """
    if error is None or seen is error:
        raise seen from seen.__cause__
    raise_alone(seen)


def trace_words(permit: Permit, error: BaseException, label: KeptLabel | None = None) -> None:
    """Trace what a tool says by raising, as long as its permit is open.

    Args:
        permit: Of the call.
        error: What was raised.
        label: That of the result, which there may be already when a layer raises.

    Raises:
        ResultWithheld: The label is above the bound.
    """
    if isinstance(error, Exception) and not isinstance(error, InboundsError) and not owed(permit):
        take = permit.admitted if label is None else label.taking(permit.admitted)
        take(error_words(error))


def error_words(error: Exception) -> str:
    """Return what an error says; an empty text where it cannot be read."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 -- of what has no words, nobody reads any
        return ""


def failed(
    permit: Permit, error: BaseException, label: KeptLabel | None = None
) -> Exception | None:
    """Record that a tool raised; return what to tell the model, unless the tool failed.

    What stops the run stops it all the same; the task takes no more calls either way.
    """
    try:
        trace_words(permit, error, label)
        permit.fail(error)
    except InboundsError as unrecorded:
        return unrecorded if isinstance(error, Exception) else None
    return None


def permitted() -> Running:
    """Return the call that is under way here.

    Raises:
        DecisionUnavailable: `permit.missing`: there is none.
    """
    running = _running.get()
    if running is None:
        raise DecisionUnavailable(
            "nothing has judged this call",
            code="permit.missing",
            hint="let it be called by an agent that is guarded",
        )
    return running


@contextmanager
def on_its_own(running: Running) -> Iterator[None]:
    """Let the code of a tool run within: what it calls has no permit of the tool's.

    Args:
        running: The call that is under way.
    """
    token = _running.set(None)
    try:
        with running.tool_run.active():
            yield
    finally:
        _running.reset(token)
