"""The session of Claude Code that a run is in, and what its transcript holds from before."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inbounds.files.regular_file import read_regular
from inbounds.integrations._adapter.conversation import ajoin, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inbounds.pep.task import Task


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


def _history(said: Mapping[str, Any], *, begun: bool) -> list[str]:
    """The texts of a transcript in which a model has written; never none where one may have.

    Args:
        said: What Claude Code tells its hook.
        begun: Whether the session has begun, so that there has to be one.
    """
    try:
        lines = read_regular(Path(str(said.get("transcript_path"))))[0].decode("utf-8").splitlines()
    except FileNotFoundError:
        return ["-"] if begun else []
    except (OSError, ValueError):
        return ["-"]
    messages = list(_messages(lines))
    if all(
        each.get("role") == "user" and isinstance(each.get("content"), str) for each in messages
    ):
        return ["-"] if begun else []
    return texts_of([each.get("content") for each in messages]) or ["-"]


def _messages(lines: list[str]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        entry = None
        with contextlib.suppress(ValueError, RecursionError):
            entry = json.loads(line)
        if not isinstance(entry, dict):
            yield {}  # what cannot be read may be anything
        elif isinstance(entry.get("message"), dict):
            yield entry["message"]
