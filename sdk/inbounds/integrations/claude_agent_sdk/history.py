"""The session of Claude Code that a run is in, and what its transcript holds from before."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inbounds.files.regular_file import read_regular
from inbounds.integrations._adapter.conversation import ajoin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.pep.task import Task

_BOOKKEEPING = frozenset(
    {
        "atis-latch",
        "cost-state",
        "file-history-snapshot",
        "last-prompt",
        "mode",
        "permission-mode",
        "queue-operation",
        "tools-used",
    }
)
"""Entries of which a model reads nothing. Any other counts, whoever it says has written it."""


async def join_before_prompt(task: Task, said: Mapping[str, Any], *, copies: bool) -> None:
    """Join the session in which a prompt is about to be put.

    Args:
        task: The task of the run.
        said: What Claude Code tells its hook.
        copies: Whether it may be a copy of another, the transcript of which is written later.

    Raises:
        InboundsError: As `Task.join`: no call of the run may run.
    """
    await ajoin(task, said.get("session_id"), lambda: _history(said, begun=copies))


async def join_before_call(task: Task, said: Mapping[str, Any]) -> None:
    """Join the session of a call: one that no prompt here has led to goes on from before.

    Raises:
        InboundsError: As `join_before_prompt`.
    """
    await ajoin(task, said.get("session_id"), lambda: _history(said, begun=True))


def _history(said: Mapping[str, Any], *, begun: bool) -> list[Any]:
    """The entries of a transcript. A prompt that is about to be put is not in it yet.

    Args:
        said: What Claude Code tells its hook.
        begun: Whether the session has begun, so that there has to be one.
    """
    try:
        lines = read_regular(Path(str(said.get("transcript_path"))))[0].decode("utf-8").splitlines()
    except FileNotFoundError:
        lines = []
    except (OSError, ValueError):
        return ["-"]
    entries: list[Any] = [
        each for each in map(_entry, lines) if each.get("type") not in _BOOKKEEPING
    ]
    return entries or ["-"] * begun


def _entry(line: str) -> dict[str, Any]:
    with contextlib.suppress(ValueError, RecursionError):
        entry = json.loads(line)
        if isinstance(entry, dict):
            return entry
    return {"type": "unread"}  # what cannot be read may be anything
