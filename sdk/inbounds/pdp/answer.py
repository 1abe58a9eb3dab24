"""What a PDP said, read as a decision or as none."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from inbounds.errors import InvalidAnswer
from inbounds.model.question import Answer


def read_answer(result: Any) -> Answer:
    """Read what the PDP said as a decision.

    Raises:
        InvalidAnswer: It is anything else.
    """
    try:
        # Strict: neither 1 nor the string "true" is a decision.
        return Answer.model_validate(result)
    except ValidationError:
        kind = "null" if result is None else type(result).__name__
        raise InvalidAnswer(
            f"the PDP's answer is not a decision (a JSON {kind})",
            hint="is the bundle of this SDK's version loaded, and is the path right?",
        ) from None
