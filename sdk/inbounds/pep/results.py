"""What the agent may have of a result, and which obligations on results there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from inbounds.errors import ResultWithheld

from .labelled import Labelled, labelled_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inbounds.model.question import Obligation, Returns

    from .labelled import Bound
    from .result_changes import Discharge

REDACT, STRIP, MASK, TRUNCATE = "redact", "strip", "mask", "truncate"
URL = "url"

TYPES = (TRUNCATE, REDACT, STRIP, MASK)
"""The types of obligation on a result."""

END: Final = object()
"""Stands for the end of a result that comes row by row."""


def owed(returns: Returns) -> tuple[str, ...]:
    """Name the types of obligation that what the registry says of a result can bring about."""
    fields = any(field.label for field in returns.fields.values())
    said = {REDACT: fields, STRIP: returns.strip, MASK: returns.mask, TRUNCATE: returns.rows}
    return tuple(kind for kind, anything in said.items() if anything)


class Admission:
    """What the agent may have of the result of one permitted call.

    Attributes:
        holds_back: Whether nothing of a result that comes row by row is given before its end.
        owed: Whether anything is to be done to a result.

    Args:
        bound: How sensitive the result may be.
        obligations: Of the decision.
        returns: What the registry says of the result.
    """

    def __init__(self, bound: Bound, obligations: Sequence[Obligation], returns: Returns) -> None:
        self._bound = bound
        self._discharge: Discharge | None = None
        self.holds_back = False
        self.owed = any(obligation.type in TYPES for obligation in obligations)
        if self.owed:
            from .result_changes import Discharge

            self._discharge = Discharge(obligations, returns)
            self.holds_back = self._discharge.holds_back

    def whole(self, result: Any) -> Any:
        """Return what the agent may have of a result, or of a part that stands by itself.

        Raises:
            ResultWithheld: It is more sensitive than was permitted, or cannot be given in part.
        """
        value = self._unlabelled(result)
        if self._discharge is None:
            return value
        from .result_changes import change_or_withhold

        return change_or_withhold(self._discharge.whole, value)

    def row(self, item: Any) -> Any:
        """Return what the agent may have by now. See `Discharge.row`.

        Raises:
            ResultWithheld: As `whole`.
        """
        value = self._unlabelled(item)
        if self._discharge is None:
            return [] if value is END else [value]
        from .result_changes import change_or_withhold

        return change_or_withhold(self._discharge.row, value)

    def raised(self, error: BaseException) -> BaseException:
        """Return what others may see of what a tool raised: its words are a result as well.

        Args:
            error: What was raised.

        Returns:
            The error; where anything is owed to results, one that names its type alone, or stops
            the program as the error does, without its words.
        """
        if not self.owed:
            return error
        from .tool_errors import silenced

        if (silent := silenced(error)) is not None:
            return silent
        kind = type(error).__name__.encode("ascii", "backslashreplace").decode()[:256]
        return ResultWithheld(
            f"the tool raised `{kind}`, and its text is withheld",
            code="result.error_withheld",
            hint="the policy changes what this tool returns; let it return what the agent is to "
            "know of a failure",
        )

    def _unlabelled(self, value: Any) -> Any:
        while isinstance(value, Labelled):
            if not self._bound.admits(value.label):
                raise ResultWithheld(
                    "the result is labelled higher than the registry says this tool returns",
                    code="result.label_above_bound",
                    hint="raise `returns.label` of the tool in deployment/tools.yaml",
                )
            value = value.value
        if labelled_within(value):
            raise ResultWithheld(
                "a part of the result has a label of its own, or cannot be looked into",
                code="result.label_within",
                hint="label the whole result, with the highest label of its parts",
            )
        return value
