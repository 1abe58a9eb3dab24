"""What a model reads where a call was refused, whatever the framework.

One line that is always the same: it says whether it has run, a code and the decision. No words of
a rule, no detail and no argument, since an agent that somebody else steers would learn from them.
"""

from __future__ import annotations

import logging

from inbounds.errors import ApprovalRequired, ConfigurationError, InboundsError

logger = logging.getLogger(__name__)

_SAYS = {
    "no": "Not executed",
    "yes": "Executed, and its result withheld",
    "unknown": "Not known whether executed",
}


class Rejected(InboundsError):
    """A person was asked by the framework, and said no. It has not run."""

    code = "approval.rejected"
    hint = "do without this call; the same one is refused for the rest of the task"


class NotWaited(InboundsError):
    """A person has to approve it, and nobody can be waited for here. It has not run."""

    code = "approval.not_waited"


def refusal_text(error: BaseException) -> str:
    """Return what the model is told instead of a result.

    Args:
        error: What stood in the way. An error from outside this package is not quoted.
    """
    if not isinstance(error, InboundsError):
        return "Not executed [decision.unavailable]; do not retry."
    if isinstance(error, ApprovalRequired | NotWaited):
        return f"Not executed [{error.code}]; a person has to approve it."
    decision = f" (decision {error.decision_id})" if error.decision_id else ""
    return f"{_SAYS[error.executed]} [{error.code}]; do not retry.{decision}"


def is_refusal_text(text: str) -> bool:
    """Whether a text is one of `refusal_text`, or begins as one."""
    return text.startswith(tuple(f"{said} [" for said in _SAYS.values()))


def told(error: BaseException, tool: str = "") -> str:
    """Return the same, and log what the person who set this up has to fix.

    That is what is configured otherwise than it can be, and a server that is not the one, or a
    tool that is not the one, which the deployment lists.

    Args:
        error: What stood in the way.
        tool: The name of the tool, where the log is to name it.
    """
    if not isinstance(error, InboundsError):
        logger.error("a call was refused: judging it failed with %s", type(error).__name__)
    elif isinstance(error, ConfigurationError) or error.code.startswith("supply."):
        of = f" of `{tool}`" if tool else ""
        logger.error("a call%s was refused: %s", of, error)
    return refusal_text(error)
