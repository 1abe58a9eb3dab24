"""The right to run one judged call, once."""

from __future__ import annotations

import hmac
import json
import logging
import os
import sys
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar, overload

from inbounds.canonical.arguments import canonical_json
from inbounds.errors import DecisionUnavailable, InboundsError, OutcomeUnrecorded, ResultWithheld
from inbounds.evidence.records import Executed
from inbounds.pep.results import Admission
from inbounds.pep.tool_run import ToolRun
from inbounds.process import clock
from inbounds.process.locks import ProcessLock

if TYPE_CHECKING:
    from collections.abc import Callable

    from inbounds.model.question import Decision, Returns
    from inbounds.pep.labelled import Bound, Labelled

logger = logging.getLogger(__name__)

T = TypeVar("T")
Ran = Literal["yes", "no", "unknown"]
Status = Literal["ok", "error", "withheld", "cancelled", "unknown"]


class Permit:
    """The single-use right to run one judged call. Only the PEP makes one.

    Run the tool with `arguments`, then say `finish(result)` or `fail(error)`. A permit that
    is dropped with neither is recorded as `unknown`.

    Attributes:
        decision: The allow this permit stands for.
        tool: The name of the tool it was given for.
        returns: What the registry says that the tool returns.
        holds_back: Whether rows are held back until the last has come.
        tool_run: What the tool's own code runs within.
    """

    def __init__(
        self,
        *,
        decision: Decision,
        tool: str,
        judged: bytes,
        bound: Bound,
        returns: Returns,
        good_until: float,
        require_usable: Callable[[], None],
        record: Callable[[Executed], None],
        unrecorded: Callable[[Executed], None],
        dropped: Callable[[Executed], None],
        seen: Callable[..., None],
        tool_run: ToolRun,
    ) -> None:
        self.decision = decision
        self.tool = tool
        self._judged = judged
        self.returns = returns
        self._admission = Admission(bound, decision.obligations, returns)
        self.holds_back = self._admission.holds_back
        self._good_until = good_until
        self._require_usable = require_usable
        # A fork copies the permit; only the process it was given to may use it.
        self._process = os.getpid()
        self._record = record
        self._unrecorded = unrecorded
        self._dropped = dropped
        self._seen = seen
        self.tool_run = tool_run
        self._lock = ProcessLock()
        self._open = True
        # Whether the tool has begun, where that is known; a framework may run it out of sight.
        self._begun: bool | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """The judged arguments: a fresh copy each time, so that nobody can change them.

        Raises:
            DecisionUnavailable: `permit.used`, `permit.expired` or `task.over`: the tool must
                not run with them.
        """
        self._require_good()
        arguments: dict[str, Any] = json.loads(self._judged)
        return arguments

    def defer_start(self) -> None:
        """Say, once, that the tool runs only after `compare`; until then it has not run.

        Raises:
            DecisionUnavailable: `permit.used`: it was said before, or the tool may have begun.
        """
        with self._lock:
            if not self._open or self._begun is not None:
                raise self._used()
            self._begun = False

    def compare(self, arguments: dict[str, Any]) -> None:
        """Make sure that `arguments` are the judged ones, right before the tool runs.

        Raises:
            DecisionUnavailable: `permit.arguments_changed`, `permit.used`, `permit.expired` or
                `task.over`. The tool must not run.
        """
        self._require_good()
        if not hmac.compare_digest(canonical_json(arguments), self._judged):
            self.cancel()
            raise DecisionUnavailable(
                "the arguments are no longer the ones that were judged",
                code="permit.arguments_changed",
                hint="let nothing change the arguments after the permit",
                decision_id=self.decision.id,
            )
        with self._lock:
            # Cancelled in the meantime, it is recorded as not having run; and it runs once.
            if not self._open or self._begun:
                raise self._used()
            self._begun = True

    def require_open(self) -> None:
        """Refuse to go on with the tool where this permit is used, or another process's.

        A tool that runs step by step asks before each step.

        Raises:
            DecisionUnavailable: `permit.used`. Nothing more of the tool may run.
        """
        if not self._open or os.getpid() != self._process:
            raise self._used()

    def _require_good(self) -> None:
        """Refuse to run on a verdict that is another process's, another task's or too old."""
        self.require_open()
        try:
            self._require_usable()
            if clock.monotonic() > self._good_until:
                raise DecisionUnavailable(  # noqa: TRY301 -- refused as the others are
                    "the permit has expired",
                    code="permit.expired",
                    hint="ask for it last before the tool runs",
                )
        except DecisionUnavailable as error:
            error.decision_id = self.decision.id
            self.cancel()
            raise

    @overload
    def admitted(self, item: Labelled[T]) -> T: ...
    @overload
    def admitted(self, item: T) -> T: ...
    def admitted(self, item: Any) -> Any:
        """Get what the agent may have of one item of a result, while the tool goes on.

        Raises:
            ResultWithheld: The item is more sensitive than was permitted, or cannot be given in
                part. The permit is used.
            DecisionUnavailable: `permit.used`: the permit was used before, or by a fork.
        """
        try:
            value = self._admitted(self._admission.whole, item)
        finally:
            del item  # what is withheld is in no traceback
        self._seen(value, item=True)
        return value

    def row(self, item: Any) -> list[Any] | None:
        """Get what the agent may have by now of a result that comes row by row.

        Args:
            item: The next row, or `results.END` once the last has come.

        Returns:
            A list, empty where the row is held back until the end; None where the agent may have
            no more rows.

        Raises:
            ResultWithheld: As `admitted`; `result.in_pieces`: a value is split over rows.
            DecisionUnavailable: As `admitted`.
        """
        try:
            left: list[Any] | None = self._admitted(self._admission.row, item)
        finally:
            del item
        for value in left or ():
            self._seen(value, item=True)
        return left

    def _admitted(self, admit: Callable[[Any], Any], item: Any) -> Any:
        ToolRun.latest = object()
        try:
            # As `require_open`; every call comes through here.
            if not self._open or os.getpid() != self._process:
                raise self._used()
            return admit(item)
        except ResultWithheld as withheld:
            from inbounds.pep.tool_errors import detach

            refused = detach(withheld)
        finally:
            del item
        self._close("yes", "withheld")
        refused.decision_id = self.decision.id
        raise refused

    @overload
    def finish(self, result: Labelled[T]) -> T: ...
    @overload
    def finish(self, result: T) -> T: ...
    def finish(self, result: Any) -> Any:
        """Say that the tool has run, and get what the agent may have of its result.

        Raises:
            ResultWithheld: It has run; its result is more sensitive than was permitted.
            OutcomeUnrecorded: It has run; the evidence log did not take it.
            DecisionUnavailable: `permit.used`: this permit was used before.
        """
        try:
            value = self._admitted(self._admission.whole, result)
        finally:
            del result  # what is withheld is in no traceback
        self._close("yes", "ok")
        self._seen(value)
        return value

    def fail(self, error: BaseException) -> BaseException:
        """Say that the tool has run and raised. After a refusal of the permit's own, nothing.

        A tool that was stopped before it began is recorded as not having run.

        Returns:
            What the agent may see of it: the error, or `ResultWithheld` (`result.error_withheld`)
            where the policy changes what the tool returns, since an error has words as well.

        Raises:
            OutcomeUnrecorded: The evidence log did not take it.
            DecisionUnavailable: `permit.used`: this permit was used before.
        """
        refused = isinstance(error, InboundsError) and error.decision_id == self.decision.id
        if (refused and not self._open) or os.getpid() != self._process:
            return error
        cancelled = _cancels(error)
        name = type(error).__name__.encode("ascii", "backslashreplace").decode()[:256]
        seen = self._admission.raised(error)
        if isinstance(seen, ResultWithheld) and seen is not error:
            seen.decision_id = self.decision.id
        try:
            self._close(None, "cancelled" if cancelled else "error", name)
        except BaseException as fault:
            if self._admission.owed:
                from inbounds.pep.tool_errors import forget

                forget(fault, error)
            raise
        else:
            if seen is error and not cancelled:
                self._seen(error)
        finally:
            del error  # what it says is in no traceback
        return seen

    def cancel(self) -> None:
        """Say that the tool will not run. What was spent stays spent."""
        self._close("no", "cancelled")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a permit is used once, in its own process: it cannot be copied")

    def __repr__(self) -> str:
        state = "open" if self._open else "used"
        return f"Permit({self.tool!r}, {self.decision.id!r}, {state})"

    def __del__(self) -> None:
        if not getattr(self, "_open", False) or os.getpid() != self._process:
            return
        try:
            self._dropped(self._ended("unknown", "unknown"))
        except Exception:  # noqa: BLE001 -- nothing may leave a finaliser; the log says it
            logger.error("the outcome of decision %s was not recorded", self.decision.id)  # noqa: TRY400

    def _used(self) -> DecisionUnavailable:
        return DecisionUnavailable(
            "this permit was used before, or is another process's",
            code="permit.used",
            hint="ask for a permit for every call, in the process that runs it",
            decision_id=self.decision.id,
        )

    def _ended(self, executed: Ran | None, status: Status, error_type: str = "") -> Executed:
        """Use the permit up, and say what is to be recorded."""
        ToolRun.latest = object()
        with self._lock:
            if not self._open or os.getpid() != self._process:
                raise self._used()
            self._open = False
            if executed == "no" and self._begun:
                executed = "yes"  # whoever cancels comes too late
            if executed is None and self._begun is False:
                executed, status, error_type = "no", "cancelled", ""
        self._seen(None)  # it is over
        return Executed(
            decision_id=self.decision.id,
            at=clock.now_ns(),
            executed=executed or "yes",
            status=status,
            error_type=error_type,
        )

    def _close(self, executed: Ran | None, status: Status, error_type: str = "") -> None:
        record = self._ended(executed, status, error_type)
        try:
            self._record(record)
        except BaseException as error:
            self._unrecorded(record)
            if not isinstance(error, InboundsError):
                raise  # stopped while it was written; perhaps written it was
            if record.executed == "no":
                error.decision_id = self.decision.id
                raise
            raise OutcomeUnrecorded(
                "it has run, and the evidence log did not take the outcome",
                executed=record.executed,
                decision_id=self.decision.id,
            ) from error


def _cancels(error: BaseException) -> bool:
    # Whoever raises asyncio's error has imported asyncio; a call that does not need it is spared.
    asyncio = sys.modules.get("asyncio")
    kinds = (KeyboardInterrupt, GeneratorExit)
    return isinstance(error, (*kinds, asyncio.CancelledError) if asyncio else kinds)
