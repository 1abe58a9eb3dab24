"""Names of workloads, in the one form that the policy takes (`inbounds.lib.spiffe`)."""

from __future__ import annotations

import re

_FORM = re.compile(r"spiffe://[a-z0-9._-]+(?:/[A-Za-z0-9._-]+)+")
_MOST = 2048


def is_spiffe_id(text: str) -> bool:
    """Whether a text is a workload's SPIFFE ID.

    Source: https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md, section 2.
    """
    relative = {".", ".."} & set(text.split("/"))
    return len(text) <= _MOST and bool(_FORM.fullmatch(text)) and not relative
