"""What can go wrong between an agent's action and its authorization.

* InboundsError
  x AccessDenied               the PDP said no
  x ApprovalRequired           the PDP said: ask a person first
  x DecisionUnavailable        the PDP did not say anything we can trust
    + Timeout                  nothing within the deadline
    + Unreachable              nobody there, or it answered with a fault of its own
    + InvalidAnswer            an answer that is not a decision
    + SessionContended         others kept changing the session until the deadline
    + LeaseUnavailable         no lease of a credential that the tool needs
  x ResultWithheld             it has run; the result may not be given
  x OutcomeUnrecorded          it has run; the evidence log did not take the outcome
  x TaskMissing                a guarded tool was called outside a task
  x TokenInvalid               a credential that cannot be used
  x ArgumentNotRepresentable   an argument that has no canonical form
  x ConfigurationError         something the person who set this up has to fix

Every error says in `executed` whether the action has run. Only `ResultWithheld`,
`OutcomeUnrecorded` and what stops a tool that has begun (`task.over` amid the items of a generator,
`configuration.tool_is_lazy`) ever say anything but "no". No message carries an argument's value, a
result or a credential.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from .model.access_request import AccessRequest
    from .model.question import Decision

Executed = Literal["no", "yes", "unknown"]


class InboundsError(Exception):
    """Superclass of all errors of this package. Never raised itself.

    Attributes:
        code: Stable, dotted; what a program branches on.
        hint: What to do now, for a person.
        executed: Whether the action has run.
        decision_id: The PEP's id of the decision, or "" where none was begun.
    """

    code: str = "inbounds.error"
    hint: str = ""
    executed: Executed = "no"
    decision_id: str = ""

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        hint: str | None = None,
        executed: Executed | None = None,
        decision_id: str = "",
    ) -> None:
        if code is not None:
            self.code = code
        if hint is not None:
            self.hint = hint
        if executed is not None:
            self.executed = executed
        self.decision_id = decision_id
        self.message = message or self.code
        super().__init__(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        # An error crosses processes whole, whatever its constructor takes.
        return _revived, (type(self), self.args, dict(self.__dict__))

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]" + (f"; {self.hint}" if self.hint else "")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r}, executed={self.executed!r})"


def _revived(
    cls: type[InboundsError], args: tuple[Any, ...], said: dict[str, Any]
) -> InboundsError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(said)
    return error


class _NotAllowed(InboundsError):
    """A decision that is not an allow. It carries the decision and speaks with its first reason."""

    _otherwise: ClassVar[tuple[str, str, str]]
    _verb: ClassVar[str]

    def __init__(
        self,
        decision: Decision,
        *,
        tool: str = "",
        subject: str = "",
        agent: str = "",
        intent: str = "",
    ) -> None:
        code, message, remedy = self._otherwise
        if decision.reasons:
            first = decision.reasons[0]
            code, message, remedy = first.code, first.message, first.remedy
        self.decision = decision
        self.remedy = remedy
        self.tool = tool
        self.subject = subject
        self.agent = agent
        self.intent = intent
        super().__init__(message, code=code, hint=remedy, decision_id=decision.id)

    def __str__(self) -> str:
        said = f"{self.message} [{self.code}]"
        if self.tool:
            called = f"`{self.tool}` under `{self.intent}` for {self.subject}"
            said = f"{called} {self._verb} [{self.code}]: {self.message}"
        return "; ".join([said, *filter(None, [self.remedy]), f"decision {self.decision_id}"])

    def _repr_html_(self) -> str:
        from .model.notebook import code, decision_html, text

        called = f" {code(self.tool)} under {code(self.intent)}, for {text(self.subject)}"
        return decision_html(self.decision, called if self.tool else "")


class AccessDenied(_NotAllowed):
    """The PDP decided, and the decision is no. The action has not run.

    Attributes:
        decision: The decision, with the reasons a caller may show its user.
        remedy: What the first reason says can be done.
        tool: The name of the tool that was called.
        subject: On whose authority.
        agent: Who acted.
        intent: The intent of the task it was called under.
    """

    _verb = "was denied"
    _otherwise = ("decision.deny", "the policy denied this without a reason", "")


class ApprovalRequired(_NotAllowed):
    """The PDP decided that a person must be asked first. The action has not run.

    Attributes:
        decision: The decision; `decision.access_request` names what to ask for.
        request: What to ask a person, complete; None where the guard did not make it.
        remedy: What the first reason says can be done.
        tool: The name of the tool that was called.
        subject: On whose authority.
        agent: Who acted.
        intent: The intent of the task it was called under.
    """

    _verb = "needs a person to approve it"
    _otherwise = ("decision.ask", "a person must approve this first", "")

    def __init__(
        self, decision: Decision, *, request: AccessRequest | None = None, **who: str
    ) -> None:
        self.request = request
        super().__init__(decision, **who)


class DecisionUnavailable(InboundsError):
    """No decision could be had, which is neither an allow nor a deny. The action has not run."""

    code = "decision.unavailable"
    hint = "run `inbounds doctor`, which shows what answers and what does not"


class Timeout(DecisionUnavailable):
    """No answer within the deadline."""

    code = "decision.timeout"


class Unreachable(DecisionUnavailable):
    """The PDP could not be reached, or answered with a fault of its own (4xx, 5xx)."""

    code = "decision.unreachable"


class InvalidAnswer(DecisionUnavailable):
    """The PDP answered with something that is not a decision."""

    code = "decision.invalid_answer"


class SessionContended(DecisionUnavailable):
    """Other processes kept changing the session until the deadline passed."""

    code = "session.contended"
    hint = "make fewer calls at once for one session, or set a longer deadline"


class LeaseUnavailable(DecisionUnavailable):
    """A credential that the tool needs could not be leased, or its lease is over. It has not run.

    No message holds a part of the credential.
    """

    code = "lease.unavailable"
    hint = "check that the backend that leases the credential answers, and see its log"


class ResultWithheld(InboundsError):
    """The action has run, but its result may not be given to the agent."""

    code = "result.withheld"
    executed: Executed = "yes"


class OutcomeUnrecorded(InboundsError):
    """The action has run, but its outcome is not in the evidence log.

    The task takes no more calls until it is reconciled.
    """

    code = "outcome.unrecorded"
    hint = "repair the evidence log, then call `task.reconcile()`"
    executed: Executed = "yes"


class TaskMissing(InboundsError):
    """A guarded tool was called with no task in this context. It has not run."""

    code = "task.missing"
    hint = "call it inside `with guard.task(...)`; a new thread starts without a task"


class TokenInvalid(InboundsError):
    """A credential that cannot be used: not issued, malformed or of the wrong kind."""

    code = "token.invalid"


class ArgumentNotRepresentable(InboundsError):
    """An argument that has no canonical JSON form, so it cannot be judged. It has not run.

    The message names the pointer and the kind of fault, never the value.
    """

    code = "argument.not_representable"


class ConfigurationError(InboundsError):
    """Something that the person who set this up has to fix. Nothing has run."""

    code = "configuration.invalid"
