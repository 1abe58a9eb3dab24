"""Approvals: what a person is asked, how the question gets there, and how the answer gets back.

The agent's process delivers and never signs: what an approver's key makes of a request is
`sign`'s matter, and is done where that key is.
"""

from __future__ import annotations

from inbounds.model.access_request import AccessRequest

from .callback import ApprovalCallback, Approvals

__all__ = ["AccessRequest", "ApprovalCallback", "Approvals"]
