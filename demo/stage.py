"""Sets the stage: keys, deployment and a policy decision point, all drawn afresh."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

from inbounds import Guard, assets, opa_binary
from inbounds.deployment import document, load
from inbounds.development import Development
from inbounds.issuer.dev import About
from inbounds.live.head import empty_lists
from inbounds.models import Constraint, Narrower, ToolBounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from inbounds.pdp import PolicyDecisionPoint
    from inbounds.pdp.opa_live import OpaLive

Engine = Literal["opa", "embedded"]

AGENT = "spiffe://acme.example/agent/assistant"
INTENT = "summarise"
PROMPT = "Summarise my unread mail"
_HERE = Path(__file__).resolve().parent
_PEP = "assistant-pep"
_SECONDS = 10.0
"""How long a decision may take; generous, since the machine may be busy."""

NARROWER = Narrower(
    tools={
        "mail.list": ToolBounds(),
        "mail.read": ToolBounds(),
        "document.list": ToolBounds(),
        "document.read": ToolBounds(),
        "document.write": ToolBounds(arguments={"/path": Constraint(path_prefixes=["summaries"])}),
    }
)
"""What the program asks for less of: a summary is written among the summaries."""


@contextlib.contextmanager
def stage(folder: Path, engine: Engine, told: Callable[[str], None]) -> Iterator[Guard]:
    """Make a guard on a real policy, and everything that stands behind it.

    Args:
        folder: A fresh folder; gets `deployment/`, `.inbounds/` and for OPA `opa/`.
        engine: What decides.
        told: Is told what is being done, in words for a person.
    """
    home, deployment = folder / ".inbounds", folder / "deployment"
    told("drawing keys for the issuer of tasks and the revocation feed")
    shutil.copytree(_HERE / "deployment", deployment, dirs_exist_ok=True)
    about = About(
        issuer="https://issuer.acme.example",
        audience="inbounds-demo",
        agent=AGENT,
        tenant="acme",
        environment="office",
        pep=_PEP,
        kid="-",
    )
    made: dict[str, Any] = Development.create(home / "issuer", about)
    drawn = {name: secrets.token_urlsafe(32) for name in ("pep", "feed")}
    hashed = {name: hashlib.sha256(token.encode()).hexdigest() for name, token in drawn.items()}
    made["peps"] = {
        _PEP: {
            "tenants": ["acme"],
            "environments": ["office"],
            "obligations": ["notify"],
            "token_sha256": [hashed["pep"]],
        }
    }
    settings = yaml.safe_load((deployment / "settings.yaml").read_text("utf-8"))
    made["settings"] = {**settings, "feed_writers": {"demo": [hashed["feed"]]}}
    for name, value in made.items():
        (deployment / f"{name}.yaml").write_text(yaml.safe_dump(value), "utf-8")

    with contextlib.ExitStack() as stack:
        pdp = stack.enter_context(_ENGINES[engine](folder, drawn, told))
        guard = Guard(
            pdp=pdp,
            home=home,
            evidence=folder / "evidence.sqlite",
            sessions="memory",
            agent=AGENT,
            tenant="acme",
            environment="office",
            pep=_PEP,
            deadline=_SECONDS,
        )
        stack.callback(guard.close)
        yield guard


@contextlib.contextmanager
def _embedded(
    folder: Path, _tokens: Mapping[str, str], told: Callable[[str], None]
) -> Iterator[PolicyDecisionPoint]:
    """The shipped, signed policy in this process."""
    from inbounds.pdp.embedded import EmbeddedPolicy

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
    from inbounds.pdp.process import OpaProcess

    opa = opa_binary.find()
    told("building and signing the bundles: policy, deployment, revocations")
    bundles, key = _bundles(folder, opa)
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
def _feed(folder: Path, target: OpaLive) -> Iterator[None]:
    """Own the feed as `inbounds live serve` does, in a thread."""
    from inbounds.issuer.keys import SigningKey
    from inbounds.live import LiveFeed, Pusher

    issuer = folder / ".inbounds" / "issuer"
    feed = LiveFeed(issuer / "live.sqlite", SigningKey.read(issuer / "feed.pem"))
    target.push_live(feed.snapshot())
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


def _bundles(folder: Path, opa: Path) -> tuple[list[Path], Path]:
    """Build what OPA serves, and return it with the public key it is signed with."""
    from cryptography.hazmat.primitives import serialization

    from inbounds.bundle.build import build
    from inbounds.issuer.keys import SigningKey

    private, public = folder / ".inbounds" / "release.pem", folder / "release.pub"
    SigningKey.draw().write(private)
    key = serialization.load_pem_private_key(private.read_bytes(), password=None)
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    built = build(
        rego=assets.rego(),
        site=None,
        deployment=folder / "deployment",
        key=private,
        out=folder / "bundles",
        opa=opa,
        capabilities=assets.capabilities(),
    )
    return [path for artefact, path in built.files.items() if artefact != "wasm"], public


_ENGINES = {"embedded": _embedded, "opa": _opa}
