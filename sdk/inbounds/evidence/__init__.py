"""What is left behind of every decision, so that somebody can tell afterwards.

Two records share a decision's id: `Decided`, durable before the tool runs, and `Executed`,
after it. They hold names, codes, pointers and digests; never a value of an argument, a
result or a credential.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbounds.evidence.records import Decided, Executed, Granted
from inbounds.lazy import lazy_names

if TYPE_CHECKING:
    from .no_evidence import NoEvidence as NoEvidence
    from .protocol import EvidenceLog as EvidenceLog

__all__ = ["Decided", "EvidenceLog", "Executed", "Granted", "NoEvidence"]

# Most programs have a log of the package's own, and need neither.
__getattr__ = lazy_names(__name__, {"EvidenceLog": ".protocol", "NoEvidence": ".no_evidence"})
