"""A guard on a deployment under test, with an issuer and a feed of its own."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inbounds.dev.deployment import document, load
from inbounds.dev.issuer import About
from inbounds.dev.setup import create_development
from inbounds.engine import assets
from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.errors import ConfigurationError
from inbounds.evidence import NoEvidence
from inbounds.files.regular_file import read_regular
from inbounds.files.safe_files import write_file
from inbounds.files.trees import scratch_folder
from inbounds.live.head import empty_lists
from inbounds.model.leaves import argument_leaves
from inbounds.pep import Guard

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from inbounds.model.deployment import Deployment, Intent
    from inbounds.model.question import Tool

_TEMPLATE = "assistant"
_DEADLINE_S = 30.0
"""How long a decision may take; the machine may be busy."""


@contextmanager
def open_testbed(folder: Path) -> Iterator[Testbed]:
    """Yield a testbed, and release its policy and its files afterwards.

    Args:
        folder: The deployment's YAML.

    Raises:
        ConfigurationError: The deployment is invalid, or has more than one user, agent, PEP or
            development environment.
    """
    with scratch_folder("evaluation") as home:
        testbed = Testbed(folder, Path(home))
        with closing(testbed.guard):
            yield testbed


class Testbed:
    """A deployment with the shipped policy, embedded, and a guard that keeps no records.

    The issuers and the feed's keys of the deployment are replaced by generated ones.

    Attributes:
        deployment: The deployment.
        guard: A guard on it.
        subject: The one user of the deployment.
        template: The name of the intent that tasks are begun with.
        revision: The revision of the deployment without those keys.

    Args:
        folder: The deployment's YAML.
        home: An empty folder, for keys and state.
    """

    def __init__(self, folder: Path, home: Path) -> None:
        copy = home / "deployment"
        _copy(folder, copy)
        # Read first for the names, without keys; then with the keys of an issuer for those names.
        _write(copy, {"issuers": {}, "feed": {"keys": {}}})
        named = load(copy)
        self.revision = named.revision
        agent, pep = _only(named.agents, "agent"), _only(named.peps, "PEP")
        self.subject = _only(named.subjects, "subject")
        self.template = _TEMPLATE if _TEMPLATE in named.intents else _only(named.intents, "intent")
        about = About(
            issuer="https://issuer.replay.example",
            audience=named.settings.audience,
            agent=agent,
            tenant=named.agents[agent].tenants[0],
            environment=_only(
                [name for name, place in named.environments.items() if place.development],
                "development environment",
            ),
            pep=pep,
            kid="-",
        )
        _write(copy, create_development(home / "issuer", about))
        self.deployment: Deployment = load(copy)
        policy = EmbeddedPolicy(
            assets.wasm_bundle(),
            key=assets.release_key(),
            deployment=document(self.deployment),
            live={"baseline": empty_lists()},
        )
        self.guard: Guard = Guard(
            pdp=policy,
            sessions="memory",
            evidence=NoEvidence(),
            home=home,
            deadline=_DEADLINE_S,
        )

    @property
    def intent(self) -> Intent:
        """The intent that tasks are begun with."""
        return self.deployment.intents[self.template]

    def resolve_resource(self, tool: str, arguments: Mapping[str, Any]) -> tuple[str, str]:
        """Return the resource that the arguments of a call name, or else all of the one user's.

        Args:
            tool: The name of the tool.
            arguments: The canonical arguments.
        """
        entry = self.deployment.tools.get(tool)
        if entry is None:
            return "unknown", self.subject
        named: dict[str, str] = {}
        for _, pattern, value in argument_leaves(arguments):
            if value not in (None, "", [], {}) and _names_resource(entry, pattern):
                named.setdefault(pattern, str(value))
        parts = [named[pattern] for pattern in entry.arguments if pattern in named]
        return entry.resource, "/".join(parts) or self.subject


def _names_resource(tool: Tool, pattern: str) -> bool:
    if tool.resource_argument:
        return pattern == tool.resource_argument
    about = tool.arguments.get(pattern)
    if about is None or about.resource:
        return False
    return about.role == "target" and about.kind in ("id", "path")


def _copy(folder: Path, copy: Path) -> None:
    if not folder.is_dir():
        raise ConfigurationError(
            f"there is no deployment in {folder}",
            code="deployment.missing",
            hint="name a folder of deployment YAML, or one that holds one for each suite",
        )
    for path in sorted(folder.iterdir()):
        if path.is_file():
            write_file(copy / path.name, read_regular(path)[0], durable=False)


def _write(folder: Path, documents: Mapping[str, Any]) -> None:
    for name, value in documents.items():
        write_file(folder / f"{name}.yaml", json.dumps(value), durable=False)


def _only(names: Collection[str], noun: str) -> str:
    if len(names) != 1:
        raise ConfigurationError(
            f"a replay needs a deployment with exactly one {noun}, found {len(names)}",
            code="replay.ambiguous",
            hint="a replay has one user, one agent, one PEP and one development environment",
        )
    return next(iter(names))
