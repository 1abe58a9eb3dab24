"""`inbounds live serve`: keep every OPA up to date with the feed."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inbounds_tools.cli import log_lines, output

from .where import Store, issuer_folder

if TYPE_CHECKING:
    from rich.console import Console

    from inbounds.pdp.opa_live import OpaLive


def serve(
    *,
    opa: Annotated[
        list[str] | None,
        typer.Option(help="The URL of an OPA to keep up to date; required, once for each OPA."),
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(help="Holds the feed writer's bearer token.")
    ] = None,
    ca: Annotated[
        Path | None, typer.Option(help="The CA that signed the OPAs' certificates, PEM.")
    ] = None,
    cert: Annotated[
        Path | None, typer.Option(help="This client's certificate with its key, PEM.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            help="The key that signs the head; without it, issuer/feed.pem in the state folder."
        ),
    ] = None,
    cleartext: Annotated[
        bool,
        typer.Option(
            "--cleartext", help="Send the token over plain HTTP beyond this machine all the same."
        ),
    ] = False,
    store: Store = None,
    deployment: Annotated[
        Path | None,
        typer.Option(
            help="The folder whose feed.yaml must name the key; it is only compared. "
            "(default: INBOUNDS_DEPLOYMENT)"
        ),
    ] = None,
    interval: Annotated[float, typer.Option(min=0.05, help="Seconds between heartbeats.")] = 1.0,
    as_json: output.Json = False,
) -> None:
    """Keep every OPA up to date with the feed, until this command is stopped."""
    import logging

    from inbounds.errors import ConfigurationError
    from inbounds.identity.signing_keys import SigningKey
    from inbounds.live import LiveFeed, Pusher
    from inbounds.live.store import FILE, require_not_lost
    from inbounds_tools.doctor.feed_key import unnamed

    if not opa:
        raise ConfigurationError(
            "the feed must be pushed to at least one OPA, and no --opa was passed",
            code="cli.usage",
            hint="pass --opa with the URL of each OPA, such as http://127.0.0.1:8181; `inbounds "
            "serve` starts one. A guard with the embedded policy needs none",
        )
    log_lines.to_stderr("inbounds.live")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # In a thread of its own: the main one may hold the event's lock when the signal comes.
        signal.signal(number, lambda *_: threading.Thread(target=stop.set, daemon=True).start())

    targets = targets_of(opa, token_file, ca=ca, cert=cert, cleartext=cleartext)
    signer = SigningKey.read(key or issuer_folder() / "feed.pem")
    path = store or issuer_folder() / FILE
    require_not_lost(path)
    made = not path.exists()
    feed = LiveFeed(path, signer)
    pusher = Pusher(feed, targets, interval=interval)
    position = feed.rotate()
    if fault := unnamed(signer, deployment):
        logging.getLogger("inbounds.live").warning(fault)

    def show(console: Console) -> None:
        console.print(output.text(("serving", "bold"), "  the revocation feed"))
        console.print(f"pushes to   {', '.join(targets)}, every {interval:g} s")
        new = "; new: nothing is ended, revoked or stopped" if made else ""
        console.print(f"kept in     {path}{new}")
        console.print(f"signed by   key {signer.kid}")
        console.print("end         Ctrl-C; calls are denied once the feed is older than `max_age`")
        console.print(
            output.text(
                "\n",
                ("next", "bold"),
                "  check that the policy accepts the feed, with a guard's token in "
                "INBOUNDS_PDP_TOKEN:",
            )
        )
        for target in targets:
            console.print(f"  inbounds doctor --pdp {target}")

    value = {
        "targets": list(targets),
        "generation": position.generation,
        "seq": position.seq,
        "made": made,
    }
    output.emit(value, as_json=as_json, show=show)
    sys.stdout.flush()
    try:
        pusher.run(stop)
    finally:
        for target in targets.values():
            target.close()
        feed.close()


def targets_of(
    opa: list[str],
    token_file: Path | None,
    *,
    ca: Path | None = None,
    cert: Path | None = None,
    cleartext: bool = False,
) -> dict[str, OpaLive]:
    """Return the OPAs that a feed is pushed to, by their URL.

    Raises:
        ConfigurationError: A URL, or a file, cannot be used.
    """
    from inbounds.pdp.opa_live import OpaLive

    token = _token(token_file)
    verify, client = str(ca) if ca else True, str(cert) if cert else None
    return {
        url: OpaLive(url, token, verify=verify, cert=client, cleartext=cleartext) for url in opa
    }


def _token(file: Path | None) -> str | None:
    from inbounds.errors import ConfigurationError
    from inbounds.files.regular_file import read_regular

    if file is None:
        return None
    try:
        return read_regular(file)[0].decode("ascii").strip()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigurationError(
            f"the token file {file.absolute()} cannot be read: {why}",
            code="configuration.token_unreadable",
            hint="pass a file of one line, readable by this user alone",
        ) from None
