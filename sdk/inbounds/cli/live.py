"""`inbounds live`: own the revocation feed; end, revoke and stop."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output

if TYPE_CHECKING:
    from rich.console import Console

    from inbounds.live.feed import LiveFeed, Position

app = typer.Typer(
    help="The revocation feed: what has been ended, revoked or stopped.", no_args_is_help=True
)

_FEED_HINT = (
    "`inbounds live serve` brings it to every PDP; without it, each denies once it is stale"
)

Store = Annotated[
    Path | None,
    typer.Option(help="The feed's file; without it, issuer/live.sqlite in the state folder."),
]
Wait = Annotated[
    float,
    typer.Option(min=0, help="Seconds to wait until every served PDP has it; 0 only writes."),
]
Switch = Annotated[str, typer.Argument(help="fleet, agent:<SPIFFE ID> or task:<task id>.")]


@app.command()
def kill(
    switch: Switch, *, store: Store = None, wait: Wait = 5.0, as_json: output.Json = False
) -> None:
    """Throw a kill switch: nothing that it names gets anything any more."""
    _change(lambda feed: feed.kill(switch), f"stopped {switch}", store, wait, as_json=as_json)


@app.command()
def unswitch(
    switch: Switch, *, store: Store = None, wait: Wait = 5.0, as_json: output.Json = False
) -> None:
    """Take a kill switch back. What has been ended or revoked stays so."""
    _change(lambda feed: feed.unswitch(switch), f"released {switch}", store, wait, as_json=as_json)


@app.command()
def end(
    task: Annotated[str, typer.Argument(help="The task's id.")],
    *,
    store: Store = None,
    wait: Wait = 5.0,
    as_json: output.Json = False,
) -> None:
    """End a task for good: every token of it is worthless."""
    _change(lambda feed: feed.end(task), f"ended {task}", store, wait, as_json=as_json)


@app.command()
def revoke(
    jti: Annotated[str, typer.Argument(help="The token's id (`jti`).")],
    *,
    store: Store = None,
    wait: Wait = 5.0,
    as_json: output.Json = False,
) -> None:
    """Revoke one token for good."""
    _change(lambda feed: feed.revoke(jti), f"revoked {jti}", store, wait, as_json=as_json)


@app.command()
def serve(
    *,
    opa: Annotated[list[str], typer.Option(help="An OPA to keep up to date; give one for each.")],
    token_file: Annotated[
        Path | None, typer.Option(help="Holds the feed writer's bearer token.")
    ] = None,
    ca: Annotated[Path | None, typer.Option(help="Whose certificate the OPAs have, PEM.")] = None,
    cert: Annotated[
        Path | None, typer.Option(help="This client's certificate with its key, PEM.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="What signs the head; without it, issuer/feed.pem in the state folder."),
    ] = None,
    cleartext: Annotated[
        bool,
        typer.Option(
            "--cleartext", help="Send the token over plain HTTP beyond this machine all the same."
        ),
    ] = False,
    store: Store = None,
    interval: Annotated[float, typer.Option(min=0.05, help="Seconds between heartbeats.")] = 1.0,
    as_json: output.Json = False,
) -> None:
    """Keep every OPA up to date with the feed, until this is ended."""
    import logging

    from inbounds.issuer.keys import SigningKey
    from inbounds.live import LiveFeed, Pusher
    from inbounds.pdp.opa_live import OpaLive

    logging.basicConfig(format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("inbounds.live").setLevel(logging.INFO)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # In a thread of its own: the main one may hold the event's lock when the signal comes.
        signal.signal(number, lambda *_: threading.Thread(target=stop.set, daemon=True).start())

    token = _token(token_file)
    verify, client = str(ca) if ca else True, str(cert) if cert else None
    targets = {
        url: OpaLive(url, token, verify=verify, cert=client, cleartext=cleartext) for url in opa
    }
    feed = LiveFeed(store or _issuer_folder() / "live.sqlite", SigningKey.read(_key(key)))
    feed.forget_targets()
    position = feed.rotate()

    def show(console: Console) -> None:
        console.print(f"[bold]feeding[/] {', '.join(targets)}")

    value = {"targets": list(targets), "generation": position.generation, "seq": position.seq}
    output.emit(value, as_json=as_json, show=show)
    sys.stdout.flush()
    try:
        Pusher(feed, targets, interval=interval).run(stop)
    finally:
        for target in targets.values():
            target.close()
        feed.close()


def _change(
    change: Callable[[LiveFeed], Position],
    done: str,
    store: Path | None,
    wait: float,
    *,
    as_json: bool,
) -> None:
    from inbounds.live import LiveFeed

    feed = LiveFeed(store or _issuer_folder() / "live.sqlite")
    try:
        position = change(feed)
        behind = _behind(feed, position, wait) if wait else {}
    finally:
        feed.close()

    def show(console: Console) -> None:
        console.print(done, markup=False)
        if behind is None:
            console.print(f"  nobody serves this feed: {_FEED_HINT}", markup=False)
        for target, fault in (behind or {}).items():
            console.print(f"  not known to be in force at {target}: {fault}", markup=False)

    value: dict[str, Any] = {"generation": position.generation, "seq": position.seq}
    if wait:
        value |= {"in_force": behind == {}, "behind": behind or {}}
    output.emit(value, as_json=as_json, show=show)
    if wait and behind != {}:
        raise typer.Exit(output.UNTOLD)


def _behind(feed: LiveFeed, position: Position, seconds: float) -> dict[str, str] | None:
    """Wait for every target to come as far as `position`.

    Returns:
        Those that have not, and why; None where nobody serves the feed.
    """
    from inbounds import clock

    until = clock.monotonic() + seconds
    while True:
        notes = feed.acknowledgements()
        behind = {
            note.target: note.fault or "no answer yet"
            for note in notes
            if note.position.generation != position.generation or note.position.seq < position.seq
        }
        if (notes and not behind) or clock.monotonic() >= until:
            return behind if notes else None
        time.sleep(0.02)


def _issuer_folder() -> Path:
    from inbounds.config import Configuration

    return Configuration.read({}).home_folder / "issuer"


def _key(key: Path | None) -> Path:
    return key or _issuer_folder() / "feed.pem"


def _token(file: Path | None) -> str | None:
    from inbounds.errors import ConfigurationError

    if file is None:
        return None
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        raise ConfigurationError(
            f"the token file {file} cannot be read as text",
            code="configuration.token_unreadable",
            hint="one line, readable by this user alone",
        ) from None
