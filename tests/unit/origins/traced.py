"""Sessions of prompts, and the grade that a value has in one."""

from __future__ import annotations

from inbounds.canonical.arguments import canonicalise
from inbounds.provenance import Origins


def seen(*prompts):
    """The index of a session with these prompts."""
    origins = Origins()
    for prompt in prompts:
        origins.prompt(prompt)
    return origins


def grade(origins, value, argument, **about):
    """The grade of a value as the only argument of a call; `about` as of `Origins.trace`."""
    registered = {"/it": argument}
    judged = canonicalise({"it": value}, registered)
    return origins.trace(judged.arguments, registered, judged.parsed, **about)["/it"].grade
