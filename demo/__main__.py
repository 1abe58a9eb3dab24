"""`python -m demo`: an assistant that obeys every message, and a policy that does not.

Exit code 0 if everything holds that the last panel says, 1 if something does not, 2 if the
demonstration could not be set up.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from inbounds import InboundsError

from .performance import perform
from .screen import Progress, console, show
from .stage import Apart


def main(arguments: list[str] | None = None) -> int:
    """Run the demonstration as the command line says."""
    options = _options(arguments)
    apart = Apart(options.pdp, options.authority) if options.pdp else None
    on = console()
    with tempfile.TemporaryDirectory(prefix="inbounds-demo-") as fresh:
        folder = (options.keep or Path(fresh)).resolve()
        if options.keep is not None and folder.exists() and any(folder.iterdir()):
            on.print(f"{options.keep} is not empty: name a folder that is, or one to be made")
            return 2
        folder.mkdir(parents=True, exist_ok=True)
        try:
            if options.json:
                performed = perform(options.engine, folder, planted=options.message, apart=apart)
            else:
                on.print(f"[bold]Summarise my unread mail[/], decided by {options.engine}")
                with Progress(on) as progress:
                    performed = perform(
                        options.engine,
                        folder,
                        planted=options.message,
                        told=progress,
                        apart=apart,
                    )
        except InboundsError as error:
            print(f"the demonstration could not be set up: {error}", file=sys.stderr)
            _show_log(folder / "opa.log")
            return 2
    if options.json:
        print(json.dumps(performed.to_json(), indent=2))
    else:
        show(performed, on)
        if options.keep is not None:
            on.print(f"[dim]everything is left in {options.keep}[/]")
    return 0 if performed.held else 1


def _show_log(log: Path) -> None:
    """Print the last that OPA has said, before the folder is gone."""
    if log.is_file():
        for line in log.read_text("utf-8", "replace").splitlines()[-5:]:
            print(f"  opa: {line[:400]}", file=sys.stderr)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=("opa", "embedded"), default="opa", help="what decides")
    parser.add_argument("--message", type=_file, help="another message of the stranger's")
    parser.add_argument("--keep", type=Path, help="an empty folder in which everything is left")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--pdp", help="where an OPA answers that is started apart; unix:///…")
    parser.add_argument("--authority", type=Path, help="with --pdp: what was drawn for that OPA")
    options = parser.parse_args(arguments)
    if (options.pdp is None) != (options.authority is None):
        parser.error("--pdp and --authority go together")
    if options.pdp and options.engine != "opa":
        parser.error("--pdp is an OPA's")
    return options


def _file(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{name} is not a file")
    return path


if __name__ == "__main__":
    sys.exit(main())
