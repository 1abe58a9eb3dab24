"""A deployment with its keys, its revocation feed and its signed bundles, and the OPA they are for.

served = Served(tmp_path)
with served.opa(log=tmp_path / "opa.log") as process:
    guard = served.guard(OpaServer(process.url, token=PEP_TOKEN), home=tmp_path / "home")
    served.target(process.url).push_live(feed_of(guard).snapshot())

The sources are those that the package ships; they are signed, and OPA is configured, as an
operator's are.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests import engines

from inbounds import Guard
from inbounds.dev.issuer import About
from inbounds.dev.setup import create_development
from inbounds.engine import assets
from inbounds.live import LiveFeed
from inbounds.pdp import PolicyDecisionPoint
from inbounds.pdp.opa_live import OpaLive
from inbounds.testing import AGENT, small_deployment
from inbounds_tools.bundle.build import build
from inbounds_tools.opa.process import OpaProcess

PEP_TOKEN = "pep-token-of-the-test"
FEED_TOKEN = "feed-token-of-the-test"


class Served:
    """What the operator of an OPA has, in a folder of its own.

    Attributes:
        bundles: The signed bundles that OPA is given.
        key: The public key that they are signed with.
        wasm: The same policy and deployment as one module, for the embedded engine.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.issuer = folder / "issuer"
        about = About(
            issuer="https://issuer.acme.example",
            audience="inbounds",
            agent=AGENT,
            tenant="acme",
            environment="development",
            pep="assistant-pep",
            kid="-",
        )
        self.deployment: dict[str, Any] = {
            **small_deployment(),
            **create_development(self.issuer, about),
        }
        self.deployment["peps"]["assistant-pep"]["token_sha256"] = [_sha256(PEP_TOKEN)]
        self.deployment["settings"]["feed_writers"] = {"feed": [_sha256(FEED_TOKEN)]}
        stated = folder / "deployment"
        stated.mkdir()
        for name, value in self.deployment.items():
            (stated / f"{name}.yaml").write_text(json.dumps(value), "utf-8")
        keys = engines.signing_keys(folder)
        self.key = keys.public
        built = build(
            rego=assets.rego(),
            site=None,
            deployment=stated,
            key=keys.private,
            out=folder / "dist",
            opa=Path(engines.opa_binary()),
            capabilities=assets.capabilities(),
        )
        self.wasm = built.files["wasm"]
        self.bundles = [path for artefact, path in built.files.items() if artefact != "wasm"]

    @contextlib.contextmanager
    def opa(self, *, log: Path, address: str = "") -> Iterator[OpaProcess]:
        """Run a hardened OPA on the bundles, without a feed; its decisions go to `log`."""
        with log.open("ab") as stream, self.started(stream, address=address) as process:
            yield process

    def started(self, log: Any, *, address: str = "") -> OpaProcess:
        """Start a hardened OPA on the bundles, and wait until it answers."""
        process = OpaProcess(
            self.bundles,
            key=self.key,
            opa=Path(engines.opa_binary()),
            template=assets.opa_config(),
            address=address or f"127.0.0.1:{engines.free_port()}",
            log=log,
        )
        process.wait_ready()
        return process

    def target(self, url: str) -> OpaLive:
        """The feed's way to an OPA."""
        return OpaLive(url, FEED_TOKEN)

    def guard(self, pdp: PolicyDecisionPoint, *, home: Path, **options: Any) -> Guard:
        """Make a guard with state of its own, whose tasks the deployment's issuer signs."""
        shutil.copytree(self.issuer, home / "issuer", dirs_exist_ok=True)
        return Guard(pdp=pdp, home=home, **options)


def feed_of(guard: Guard) -> LiveFeed:
    """The revocation feed in which the guard's tasks end, as its owner has it."""
    development = guard._runtime._development
    assert development is not None
    feed = development.feed
    # The owner's side has no state of its own: on the file that the guard holds open already.
    feed.__class__ = LiveFeed
    assert isinstance(feed, LiveFeed)
    return feed


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
