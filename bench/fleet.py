"""Several Open Policy Agents and the owner of their feed, each a process of its own."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from inbounds.engine import assets
from inbounds.live import LiveFeed
from inbounds.live.store import FILE
from inbounds.live.wait import behind
from inbounds.pdp.opa import OpaServer
from inbounds_tools.opa import binary
from inbounds_tools.opa.process import OpaProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .world import World

_INBOUNDS = "import sys; from inbounds_tools.cli import main; sys.exit(main())"
_SECONDS = 60.0
"""How long the owner may take to bring the feed to everybody for the first time."""


@contextlib.contextmanager
def opas(
    world: World, bundles: Sequence[Path], key: Path, number: int
) -> Iterator[list[OpaProcess]]:
    """Run so many OPAs, each behind a Unix socket, that nobody has given a feed yet."""
    with tempfile.TemporaryDirectory(prefix="inbounds-opa-") as short, contextlib.ExitStack() as on:
        log = on.enter_context((world.folder / "fleet.log").open("ab"))
        running = [
            on.enter_context(
                OpaProcess(
                    bundles,
                    key=key,
                    opa=binary.find(),
                    template=assets.opa_config(),
                    address=f"unix://{short}/{place}",
                    log=log,
                )
            )
            for place in range(number)
        ]
        for process in running:
            process.wait_ready()
        yield running


@contextlib.contextmanager
def fed(world: World, urls: Sequence[str]) -> Iterator[None]:
    """Run `inbounds live serve` for these OPAs, until they have the feed and as long as it takes.

    Raises:
        RuntimeError: They do not get it.
    """
    issuer = world.folder / "home" / "issuer"
    token = world.folder / "feed.token"
    token.write_text(world.tokens["feed"], "ascii")
    command = [sys.executable, "-c", _INBOUNDS, "live", "serve", "--token-file", str(token)]
    command += ["--store", str(issuer / FILE), "--key", str(issuer / "feed.pem")]
    command += [argument for url in urls for argument in ("--opa", url)]
    with (world.folder / "feed.log").open("ab") as log:
        owner = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait(issuer / FILE, len(urls), owner)
        yield
    finally:
        owner.terminate()
        owner.wait(timeout=30)


def _wait(path: Path, number: int, owner: subprocess.Popen[bytes]) -> None:
    feed = LiveFeed(path)
    until = time.monotonic() + _SECONDS
    try:
        while time.monotonic() < until and owner.poll() is None:
            notes = feed.acknowledgements()
            if len(notes) == number and behind(feed, feed.position, 0) == {}:
                return
            time.sleep(0.05)
    finally:
        feed.close()
    raise RuntimeError("the owner of the feed has not brought it to every OPA")


def resident(process: OpaProcess) -> float:
    """Return the MiB that an OPA has in memory; only where the system tells."""
    status = Path(f"/proc/{process.process.pid}/status").read_text("utf-8")
    return next(
        int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS:")
    )


def server(world: World, process: OpaProcess) -> OpaServer:
    """Return the way to an OPA, as its PEP."""
    return OpaServer(process.url, token=world.tokens["pep"])
