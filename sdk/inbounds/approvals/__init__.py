"""Approvals: what a person is asked, how the question gets there, and how the answer gets back.

The agent's process delivers and never signs: what an approver's key makes of a request is
`sign`'s matter, and is done where that key is.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .approvals import Approvals

if TYPE_CHECKING:
    from inbounds.model.access_request import AccessRequest as AccessRequest

    from .callback import ApprovalCallback as ApprovalCallback

_PLACES = {"AccessRequest": "inbounds.model.access_request", "ApprovalCallback": ".callback"}

__all__ = ["AccessRequest", "ApprovalCallback", "Approvals"]


def __getattr__(name: str) -> Any:
    # Most calls ask nobody.
    if name not in _PLACES:
        raise AttributeError(name)
    return getattr(import_module(_PLACES[name], __name__), name)
