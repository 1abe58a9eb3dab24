"""Services of Inbounds: the issuer and the MCP proxy."""

from __future__ import annotations

import logging

# As that of `inbounds`: where nobody set logging up, nothing is printed.
logging.getLogger(__name__).addHandler(logging.NullHandler())
