"""Authorization for AI agents at the moment of action.

A `Guard` asks the policy before every call of a tool, runs what is allowed and judged, and
leaves a span and a record. See `Guard` first, then `Task`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from .lazy import lazy_names
from .version import __version__

if TYPE_CHECKING:
    from .errors import (
        AccessDenied,
        ApprovalRequired,
        ArgumentNotRepresentable,
        ConfigurationError,
        DecisionUnavailable,
        InboundsError,
        InvalidAnswer,
        LeaseUnavailable,
        OutcomeUnrecorded,
        ResultWithheld,
        SessionContended,
        TaskMissing,
        Timeout,
        TokenInvalid,
        Unreachable,
    )
    from .model.claims import Scope
    from .model.question import Decision, Reason, Resource
    from .pep import Guard, Labelled, Permit, Task

logging.getLogger(__name__).addHandler(logging.NullHandler())

# A package, never a module that its package imports: one thread would hold the lock of the module
# and wait for the package's, another the other way round, and Python raises a deadlock.
_HOMES = {
    "AccessDenied": ".errors",
    "ApprovalRequired": ".errors",
    "ArgumentNotRepresentable": ".errors",
    "ConfigurationError": ".errors",
    "Decision": ".model.question",
    "DecisionUnavailable": ".errors",
    "Guard": ".pep",
    "InboundsError": ".errors",
    "InvalidAnswer": ".errors",
    "Labelled": ".pep",
    "LeaseUnavailable": ".errors",
    "OutcomeUnrecorded": ".errors",
    "Permit": ".pep",
    "Reason": ".model.question",
    "Resource": ".model.question",
    "ResultWithheld": ".errors",
    "Scope": ".model.claims",
    "SessionContended": ".errors",
    "Task": ".pep",
    "TaskMissing": ".errors",
    "Timeout": ".errors",
    "TokenInvalid": ".errors",
    "Unreachable": ".errors",
}

__all__ = [
    "AccessDenied",
    "ApprovalRequired",
    "ArgumentNotRepresentable",
    "ConfigurationError",
    "Decision",
    "DecisionUnavailable",
    "Guard",
    "InboundsError",
    "InvalidAnswer",
    "Labelled",
    "LeaseUnavailable",
    "OutcomeUnrecorded",
    "Permit",
    "Reason",
    "Resource",
    "ResultWithheld",
    "Scope",
    "SessionContended",
    "Task",
    "TaskMissing",
    "Timeout",
    "TokenInvalid",
    "Unreachable",
    "__version__",
]

# Each name brings in its module when it is first used, so that importing costs little.
__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
