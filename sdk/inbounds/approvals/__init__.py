"""Approvals: what a person is asked, how the question gets there, and how the answer gets back.

The agent's process delivers and never signs: what an approver's key makes of a request is
`sign`'s matter, and is done where that key is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbounds.lazy import lazy_names

from .approvals import Approvals

if TYPE_CHECKING:
    from inbounds.model.access_request import AccessRequest as AccessRequest

    from .callback import ApprovalCallback as ApprovalCallback

__all__ = ["AccessRequest", "ApprovalCallback", "Approvals"]

# Most calls ask nobody.
__getattr__ = lazy_names(
    __name__,
    {"AccessRequest": "inbounds.model.access_request", "ApprovalCallback": ".callback"},
)
