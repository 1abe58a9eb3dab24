"""For the tests of those who use this package: the real policy, on a small deployment.

Installed as a pytest plugin: ask for the fixture `policy`.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from .errors import AccessDenied, ApprovalRequired

# Every pytest run of an environment that has this package loads this module: what the fixture
# needs is imported when it is asked for.
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from .pep.config import Options
    from .pep.task import Task

SUBJECT = "alice@acme.example"
"""The one user of the small deployment."""
AGENT = "spiffe://acme.example/agent/assistant"
"""The one agent of the small deployment."""
INTENT = "correspond"
"""The one intent of the small deployment: to read, write and send mail to colleagues."""


class PolicyUnderTest:
    """The real policy with a small deployment, an issuer and records of its own.

    The deployment has the tools `mail.read`, `mail.send`, `file.write` and `web.get`; see
    `deployment`. Nothing is shared between tests.

    Args:
        folder: Where the guard keeps its files.
        changes: Parts of the deployment that are others than in `small_deployment`.
        options: As of `Guard`. A decision may take 30 seconds, unless they say otherwise: a machine
            that runs tests is busy.

    Attributes:
        guard: A guard on this policy; guard your tools with it.
        deployment: What the policy knows, as plain JSON.
        notices: Who was told of which tool before it ran, where the policy obliged to `notify`.
    """

    def __init__(
        self, folder: Path, changes: Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        from .dev.issuer import About
        from .dev.setup import create_development
        from .engine import assets
        from .engine.embedded import EmbeddedPolicy
        from .live.head import empty_lists
        from .pep import Guard

        about = About(
            issuer="https://issuer.acme.example",
            audience="inbounds",
            agent=AGENT,
            tenant="acme",
            environment="development",
            pep="assistant-pep",
            kid="-",
        )
        issued = create_development(folder / "issuer", about)
        merged = {**small_deployment(), **issued, **(changes or {})}
        self.deployment = _document(merged)
        self._policy = EmbeddedPolicy(
            assets.wasm_bundle(),
            key=assets.release_key(),
            deployment=self.deployment,
            live={"baseline": empty_lists()},
        )
        self.notices: list[tuple[str, str]] = []
        notify = options.pop("notify", self._notify)
        settings: Options = {"home": folder, "deadline": 30.0, **options}  # type: ignore[typeddict-item]
        self.guard = Guard(pdp=self._policy, notify=notify, **settings)

    def task(self, intent: str = INTENT, *, subject: str = SUBJECT, **asked: Any) -> Task:
        """Begin a task; arguments as `Guard.task`."""
        return self.guard.task(intent, subject=subject, **asked)

    def change(self, **roots: Any) -> None:
        """Replace parts of the deployment, such as `tools={…}`; the rest stays.

        It is another revision then: what a guard knows of tools it reads anew.

        Raises:
            ValidationError: That is not a deployment; the one in force stays.
        """
        from .process.ids import uuid7

        revision = f"development-{uuid7()}"
        changed = _document({**self.deployment, "revision": revision, **roots})
        self._policy.replace_deployment(changed)
        self.deployment = changed

    def _notify(self, to: str, tool: str) -> None:
        self.notices.append((to, tool))

    def close(self) -> None:
        """Release the policy and the files."""
        self.guard.close()


def small_deployment() -> dict[str, Any]:
    """Return the deployment that the policy's own tests use, moved to development."""
    from .engine import assets

    scene = json.loads((assets.rego() / "inbounds/lib/fixtures/scene.json").read_text("utf-8"))[
        "scene"
    ]
    deployment: dict[str, Any] = scene["deployment"]
    del deployment["revision"]
    # Their keys stand in for real ones.
    deployment["approvers"] = {}
    for entry in deployment["peps"].values():
        entry["environments"] = ["development"]
    for tool in deployment["tools"].values():
        tool |= {"tenant": "acme", "environment": "development"}
    return deployment


def _document(deployment: Mapping[str, Any]) -> dict[str, Any]:
    from .dev.deployment import document
    from .model.deployment import Deployment

    return document(Deployment.model_validate(deployment))


@contextlib.contextmanager
def assert_denied(code: str) -> Iterator[None]:
    """Fail unless the block is denied with this code.

    Args:
        code: Any of the decision's codes, such as `egress.destination_not_allowed`.
    """
    with _assert_refused(AccessDenied, code):
        yield


@contextlib.contextmanager
def assert_asks(code: str) -> Iterator[None]:
    """Fail unless the block asks for a person's approval with this code."""
    with _assert_refused(ApprovalRequired, code):
        yield


@contextlib.contextmanager
def _assert_refused(kind: type[AccessDenied | ApprovalRequired], code: str) -> Iterator[None]:
    __tracebackhide__ = True
    try:
        yield
    except kind as refusal:
        codes = [reason.code for reason in refusal.decision.reasons]
        if code not in codes:
            pytest.fail(f"refused with {', '.join(codes)}, not with {code}")
    else:
        pytest.fail(f"it was not refused; expected {code}")


@pytest.fixture
def policy(tmp_path: Path) -> Iterator[PolicyUnderTest]:
    """The real policy on a small deployment; see `PolicyUnderTest`."""
    under_test = PolicyUnderTest(tmp_path / "inbounds")
    yield under_test
    under_test.close()
