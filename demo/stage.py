"""Sets the stage: a guard, and a policy decision point that counts the keys drawn for it."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from inbounds import Guard, InboundsError
from inbounds.dev.deployment import document, load
from inbounds.engine import assets
from inbounds.live.head import empty_lists
from inbounds.model.claims import Scope, ToolBounds
from inbounds.model.question import Constraint
from inbounds.process import clock
from inbounds_tools.opa import binary

from . import authority
from .assistant import SUMMARY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from inbounds.pdp import PolicyDecisionPoint
    from inbounds.pdp.opa_live import OpaLive

Engine = Literal["opa", "embedded"]

INTENT = "summarise"
PROMPT = "Summarise my unread mail"
_PAUSE = 0.2  # seconds
_SECONDS = 10.0
"""How long a decision may take; generous, since the machine may be busy."""

NARROWER = Scope(
    tools={
        "mail.list": ToolBounds(),
        "mail.read": ToolBounds(),
        "document.list": ToolBounds(),
        "document.read": ToolBounds(),
        "document.write": ToolBounds(arguments={"/path": Constraint(one_of=[SUMMARY])}),
    }
)
"""What the program asks for less of: the summary is written to its own place and no other."""


@dataclass(frozen=True, slots=True)
class Apart:
    """An OPA that others have started.

    Attributes:
        url: Where it answers.
        authority: The folder of the keys and tokens that its deployment counts.
    """

    url: str
    authority: Path


@contextlib.contextmanager
def stage(
    folder: Path, engine: Engine, told: Callable[[str], None], apart: Apart | None = None
) -> Iterator[Guard]:
    """Make a guard on a real policy, and everything that stands behind it.

    Args:
        folder: A fresh folder; gets `deployment/`, `.inbounds/` and for OPA `opa/`.
        engine: What decides.
        told: Is told what is being done, in words for a person.
        apart: The OPA to ask, where that is not started here.
    """
    if apart is None:
        told("drawing keys for the issuer of tasks and the revocation feed")
        decides = _ENGINES[engine](folder, authority.draw(folder), told)
    else:
        told("taking the keys that were drawn beforehand")
        decides = _reached(folder, apart.url, authority.take(apart.authority, folder), told)
    with contextlib.ExitStack() as stack:
        pdp = stack.enter_context(decides)
        guard = Guard(
            pdp=pdp,
            home=folder / ".inbounds",
            evidence=folder / "evidence.sqlite",
            sessions="memory",
            agent=authority.AGENT,
            tenant="acme",
            environment="office",
            pep=authority.PEP,
            deadline=_SECONDS,
        )
        stack.callback(guard.close)
        yield guard


@contextlib.contextmanager
def _embedded(
    folder: Path, _tokens: Mapping[str, str], told: Callable[[str], None]
) -> Iterator[PolicyDecisionPoint]:
    """The shipped, signed policy in this process."""
    from inbounds.engine.embedded import EmbeddedPolicy

    told("loading the signed policy into this process")
    yield EmbeddedPolicy(
        assets.wasm_bundle(),
        key=assets.release_key(),
        deployment=document(load(folder / "deployment")),
        live={"baseline": empty_lists()},
    )


@contextlib.contextmanager
def _opa(
    folder: Path, tokens: Mapping[str, str], told: Callable[[str], None]
) -> Iterator[PolicyDecisionPoint]:
    """A hardened OPA on a Unix socket, with bundles signed for it and a revocation feed."""
    from inbounds.pdp.opa import OpaServer
    from inbounds.pdp.opa_live import OpaLive
    from inbounds_tools.opa.process import OpaProcess

    opa = binary.find()
    told("building and signing the bundles: policy, deployment, revocations")
    signed, key = authority.sign(folder, opa)
    bundles = [path for artefact, path in signed.items() if artefact != "wasm"]
    # The path of a socket has to be short, and the folder's may be long.
    with (
        tempfile.TemporaryDirectory(prefix="inbounds-opa-") as short,
        (folder / "opa.log").open("wb") as log,
    ):
        told("starting OPA, which verifies them")
        process = OpaProcess(
            bundles,
            key=key,
            opa=opa,
            template=assets.opa_config(),
            address=f"unix://{short}/s",
            log=log,
        )
        with process:
            process.wait_ready()
            told("putting the revocation feed in force")
            target = OpaLive(process.url, tokens["feed"])
            with _feed(folder, target):
                yield OpaServer(process.url, token=tokens["pep"])


@contextlib.contextmanager
def _reached(
    folder: Path, url: str, tokens: Mapping[str, str], told: Callable[[str], None]
) -> Iterator[PolicyDecisionPoint]:
    """An OPA that others have started, and a revocation feed for it."""
    from inbounds.pdp.opa import OpaServer
    from inbounds.pdp.opa_live import OpaLive

    told("putting the revocation feed in force, once OPA is there")
    with _feed(folder, OpaLive(url, tokens["feed"]), patience=_SECONDS * 3):
        yield OpaServer(url, token=tokens["pep"])


@contextlib.contextmanager
def _feed(folder: Path, target: OpaLive, *, patience: float = 0.0) -> Iterator[None]:
    """Own the feed as `inbounds live serve` does, in a thread.

    Args:
        folder: Holds the feed's key.
        target: The OPA to push to.
        patience: Seconds in which it may still be starting.
    """
    from inbounds.identity.signing_keys import SigningKey
    from inbounds.live import LiveFeed, Pusher

    issuer = folder / ".inbounds" / "issuer"
    feed = LiveFeed(issuer / "live.sqlite", SigningKey.read(issuer / "feed.pem"))
    deadline = clock.monotonic() + patience
    while True:
        try:
            target.push_live(feed.snapshot())
            break
        except InboundsError:
            if clock.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE)
    stop = threading.Event()
    pushing = threading.Thread(
        target=Pusher(feed, {"opa": target}).run, args=(stop,), name="revocation feed"
    )
    pushing.start()
    try:
        yield
    finally:
        stop.set()
        pushing.join()
        feed.close()


_ENGINES = {"embedded": _embedded, "opa": _opa}
