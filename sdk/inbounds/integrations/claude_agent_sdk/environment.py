"""What Claude Code takes from its environment, and from a file of its user, past its options."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from inbounds.files.regular_file import read_regular

if TYPE_CHECKING:
    from collections.abc import Mapping

UNSET: Mapping[str, str] = {
    "BASH_ENV": "runs a file before each command",
    "CLAUDE_AGENT_SDK_MCP_NO_PREFIX": "gives tools the names of others",
    "CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD": "puts files of `add_dirs` before the model",
    "CLAUDE_CODE_ENABLE_FUNCTION_HOOKS": "brings hooks",
    "CLAUDE_CODE_EXPERIMENTAL_CODE_MODE": "lets a script of the model call tools",
    "CLAUDE_CODE_EXTRA_BODY": "may name tools that run at the provider",
    "CLAUDE_CODE_PLUGIN_DIRS": "brings hooks and commands",
    "CLAUDE_CODE_PLUGIN_SEED_DIR": "brings hooks and commands",
    "CLAUDE_CODE_PROCESS_WRAPPER": "runs a program of its own",
    "CLAUDE_CODE_REPL": "lets a script of the model call tools",
    "CLAUDE_CODE_SHELL": "runs a program of its own in place of the shell",
    "CLAUDE_CODE_SHELL_PREFIX": "runs a program of its own in place of each command",
    "CLAUDE_CODE_SIMPLE": "lets Claude Code ask no hook",
    "CLAUDE_CODE_SYNC_PLUGINS": "brings hooks and commands",
    "CLAUDE_CODE_SYNC_SKILLS": "brings hooks and commands",
    "CLAUDE_ENV_FILE": "runs a file before each command",
    "ENV": "runs a file before each command",
}
"""What Claude Code is started without, whatever this process was started with, and why."""

OWN: Mapping[str, str] = {
    **dict.fromkeys(UNSET, ""),
    # What another task has left there, a model would read though nothing was asked.
    "CLAUDE_CODE_DISABLE_AUTO_MEMORY": "1",
    # So it would the prompts that a file of the folder has for later.
    "CLAUDE_CODE_DISABLE_CRON": "1",
    # So it would the branch, the names of files and the commits of the folder.
    "CLAUDE_CODE_DISABLE_GIT_INSTRUCTIONS": "1",
}
"""What Claude Code is started with, whatever its options say."""


def says_yes(value: str) -> bool:
    """Whether Claude Code takes the value of a variable for a yes."""
    return value.strip().lower() not in ("", "0", "false", "no", "off")


def file_with_environment(env: Mapping[str, str]) -> Path | None:
    """Return the file of the user whose environment Claude Code would put above its own.

    Args:
        env: That of the options.

    Returns:
        One that names variables, or cannot be read; None where there is none.
    """
    named = env.get("CLAUDE_CONFIG_DIR", os.environ.get("CLAUDE_CONFIG_DIR", ""))
    home = Path(env.get("HOME") or Path("~").expanduser())
    folder = Path(named) if named else home / ".claude"
    beside = folder if named else home
    for path in (folder / ".config.json", beside / ".claude.json"):
        try:
            said = json.loads(read_regular(path)[0].decode("utf-8-sig"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            return path
        if not isinstance(said, dict) or said.get("env"):
            return path
    return None
