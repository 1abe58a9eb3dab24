"""What a session has seen, and where each value of an argument came from.

Tracing is positive only: a value is as trusted as the strongest place in which the whole of it
was found, as a value of its kind. That it was *not* seen in bad text is worth nothing, since
reversed or encoded words are not seen there either. What is bounded is bounded to the safe
side: what was evicted, left out or never understood was found nowhere.
"""

from .origins import Origins
from .session_indexes import SessionOrigins

__all__ = ["Origins", "SessionOrigins"]
