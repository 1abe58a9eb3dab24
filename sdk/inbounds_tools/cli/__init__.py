"""The command line, `inbounds`.

A command is a module of this package: `app`, a `typer.Typer`, for one that has commands of
its own, or `command`, a function, for one that has none. Only the module of the command that
is called is imported, and it imports what is heavy when it runs.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

COMMANDS = (
    "init",
    "intent",
    "doctor",
    "lint",
    "agents",
    "test",
    "explain",
    "issuers",
    "issuer",
    "peers",
    "registry",
    "mcp-proxy",
    "bundle",
    "serve",
    "live",
    "approvals",
    "report",
    "evidence",
    "new",
)
"""The commands; each is a module here, with `_` for `-`."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: As on the command line; `sys.argv` when absent.

    Returns:
        0 for allowed or ok, 1 for denied or failed, 2 where it could not be determined.
    """
    try:
        import typer
    except ImportError:
        sys.stderr.write(
            "error: the command line needs packages that are not installed\n"
            "code:  configuration.extra_missing\n"
            "fix:   pip install 'inbounds[cli]'\n"
        )
        return 2
    from inbounds.errors import InboundsError

    from . import log_lines, output

    log_lines.quote_nothing()
    arguments = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in arguments
    usage_error: Any = typer.BadParameter.__base__
    try:
        # Not standalone: errors of usage have the form of all others.
        ended = _root(typer, arguments)(args=arguments, prog_name="inbounds", standalone_mode=False)
    except InboundsError as error:
        return output.failed(error, as_json=as_json)
    except usage_error as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()
            return output.UNTOLD
        return output.failed(output.of_usage(error), as_json=as_json)
    except typer.Abort:
        sys.stderr.write("aborted\n")
        return output.FAILED
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        sys.stderr.close()
        return 0
    except OSError as error:
        if error.filename is None:
            raise
        return output.failed(output.of_file(error), as_json=as_json)
    return ended if isinstance(ended, int) else output.OK


def _root(typer: Any, arguments: list[str]) -> Any:
    root = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    root.callback()(_version(typer))
    called = next((word for word in arguments if not word.startswith("-")), "")
    for name in [called] if called in COMMANDS else COMMANDS:
        module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
        if hasattr(module, "app"):
            root.add_typer(module.app, name=name)
        else:
            root.command(name)(module.command)
    return root


def _version(typer: Any) -> Any:
    def say(wanted: bool) -> None:  # noqa: FBT001 -- how typer calls it
        if wanted:
            from inbounds.version import __version__

            typer.echo(__version__)
            raise typer.Exit

    def callback(
        *, version: bool = typer.Option(False, "--version", callback=say, is_eager=True)
    ) -> None:
        """What AI agents may do, decided at the moment of action."""
        del version

    return callback
