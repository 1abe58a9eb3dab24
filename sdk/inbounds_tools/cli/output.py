"""What all commands share: how they speak to people and to programs, and their exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inbounds.errors import ConfigurationError, DecisionUnavailable, InboundsError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

OK, FAILED, UNTOLD = 0, 1, 2
"""Exit codes: allowed or ok; denied or failed; could not be determined."""

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
"""The option that every command has, as `as_json: Json = False`."""

# What stands in the way of an answer, rather than being one.
_UNTOLD_CODES = frozenset(
    {
        "assets.missing",
        "bundle.key_unusable",
        "bundle.missing",
        "bundle.unreadable",
        "cli.file",
        "cli.usage",
        "configuration.invalid",
        "deployment.missing",
        "evidence.anchor_unreadable",
        "evidence.empty",
        "evidence.key_missing",
        "evidence.missing",
        "evidence.no_such_decision",
        "evidence.not_a_log",
        "evidence.not_an_anchor",
        "explain.at",
        "explain.live",
        "explain.no_case",
        "explain.not_json",
        "explain.nothing",
        "explain.unreadable",
        "issuers.algorithms",
        "issuers.by_hand",
        "issuers.shared_key",
        "issuers.unknown",
        "issuers.unreadable",
        "opa.missing",
        "opa.unsupported",
    }
)


def console(*, error: bool = False) -> Console:
    """Return a console for people: colours only on a terminal, no wrapping in a pipe.

    What is printed there drives no terminal: only the console's own colours do.
    """
    from inbounds_tools.safe_console import SafeConsole

    stream = sys.stderr if error else sys.stdout
    # Markup and names of emoji are text of whoever wrote them: colours are given by `text`.
    return SafeConsole(
        file=stream,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=not stream.isatty(),
        width=None if stream.isatty() else 200,
    )


def text(*parts: str | tuple[str, str]) -> Text:
    """Return parts put together, each as it is or with a style; no markup is read in them."""
    from rich.text import Text

    from inbounds.text.printable import printable

    whole = Text()
    for part in parts:
        words, style = (part, "") if isinstance(part, str) else part
        whole.append(printable(words, but="\n"), style)
    return whole


def emit(value: Any, *, as_json: bool, show: Callable[[Console], None]) -> None:
    """Print a result: `value` as JSON for a program, else what `show` writes for a person."""
    if as_json:
        _write_json(value)
    else:
        show(console())


def _write_json(value: Any) -> None:
    whole = json.dumps(value, indent=2, ensure_ascii=False)
    # JSON's own escapes: it is the same value, and may be read on a terminal all the same.
    lines = ("".join(map(_in_json, line)) for line in whole.split("\n"))
    sys.stdout.write("\n".join(lines) + "\n")


def _in_json(sign: str) -> str:
    return sign if sign.isprintable() else json.dumps(sign)[1:-1]


def of_usage(error: Any) -> ConfigurationError:
    """Return typer's error about a command line as one of this package's."""
    command = error.ctx.command_path if error.ctx else "inbounds"
    return ConfigurationError(
        error.format_message(), code="cli.usage", hint=f"`{command} --help` shows its arguments"
    )


def of_file(error: OSError) -> ConfigurationError:
    """Return the operating system's error about a file as one of this package's."""
    from inbounds.files.safe_files import UnsafePath

    if isinstance(error, UnsafePath):
        return ConfigurationError(
            f"nothing was written: {error.strerror}",
            code="configuration.unsafe_path",
            hint="name a regular file or a folder of your own, or remove what is in the way",
        )
    return ConfigurationError(
        f"{error.filename} cannot be used: {error.strerror}",
        code="cli.file",
        hint="check the path and its permissions",
    )


def failed(error: InboundsError, *, as_json: bool) -> int:
    """Print an error: its message, its code and what to do; return the exit code."""
    if as_json:
        value = {
            "error": {
                "code": error.code,
                "message": error.message,
                "hint": error.hint,
                "executed": error.executed,
            }
        }
        _write_json(value)
    else:
        out = console(error=True)
        # Further lines below the first: what a stranger has named is no line of the command's own.
        out.print(text(("error: ", "bold red"), _below(error.message)))
        out.print(text(("code:  ", "dim"), error.code))
        if error.hint:
            out.print(text(("fix:   ", "bold"), _below(error.hint)))
    return exit_code(error)


def _below(lines: str) -> str:
    return lines.replace("\n", "\n       ")


def exit_code(error: InboundsError) -> int:
    """Return the exit code that says what kind of failure this is."""
    untold = isinstance(error, DecisionUnavailable) or (
        isinstance(error, ConfigurationError) and error.code in _UNTOLD_CODES
    )
    return UNTOLD if untold else FAILED
