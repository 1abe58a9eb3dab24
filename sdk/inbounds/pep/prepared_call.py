"""A call in canonical form: what the policy judges, and what runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inbounds.canonical.arguments import Canonical, canonicalise, digest
from inbounds.errors import ArgumentNotRepresentable
from inbounds.evidence.records import record_name
from inbounds.model.question import Resource
from inbounds.model.skeletons import skeletons
from inbounds.pdp.registry import UNREGISTERED, RegistryAnswer
from inbounds.pep.tool_run import ToolRun
from inbounds.provenance.destinations import call_effects, needs_proof

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inbounds.model.question import Effect, Tool
    from inbounds.pep.runtime import Runtime
    from inbounds.pep.tool import Target
    from inbounds.sessions.store import SessionKey

_NO_ARGUMENTS = Canonical({}, {}, b"{}")
_UNKNOWN = Resource(type="unknown", id="unknown")


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """What is known of one call. Before it is canonical, as much as there is, for its record.

    Attributes:
        tool: The name it was called by.
        registered: What the policy says of that name.
        entry: The tool's entry in the registry, or one that says nothing.
        canonical: Its arguments.
        resource: What it touches.
        digest: Names the arguments without revealing them.
        origins: What the question states of where the arguments come from.
        indexed: The version of the session's index by which it states that.
    """

    tool: str
    registered: RegistryAnswer | None = None
    entry: Tool = UNREGISTERED
    canonical: Canonical = _NO_ARGUMENTS
    resource: Resource = _UNKNOWN
    digest: str = ""
    origins: Mapping[str, Any] | None = None
    indexed: int = 0

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The effects of this very call."""
        return call_effects(self.registered, self.canonical.arguments)

    @property
    def needs_proof(self) -> bool:
        """Whether the deployment asks for a proof of possession of it."""
        return needs_proof(self.registered, self.canonical.arguments)

    def action(self) -> dict[str, Any]:
        """Return the `action` of the question."""
        canonical, arguments = self.canonical, self.entry.arguments
        parsed = canonical.parsed.items()
        return {
            "name": self.tool,
            "properties": {
                "arguments": canonical.arguments,
                "parsed": {at: leaf.model_dump(exclude_defaults=True) for at, leaf in parsed},
                **(self.origins or {}),
                "skeletons": skeletons(
                    canonical.arguments, canonical.json, arguments, self.resource.id
                ),
                "digest": self.digest,
                "size": len(canonical.json),
                "registry": self.registered.revision if self.registered else "",
            },
        }


def prepare(
    runtime: Runtime,
    session: SessionKey,
    target: Target,
    given: Mapping[str, Any],
    deadline: float,
) -> Iterator[PreparedCall]:
    """Yield what is known of a call, more and more of it; the last one is whole.

    Raises:
        ArgumentNotRepresentable: The name of the tool, an argument or the resource has no
            canonical form.
        DecisionUnavailable: The registry could not be asked.
    """
    ToolRun.latest = object()
    name = target.name
    if record_name(name) != name:
        raise ArgumentNotRepresentable(
            "the name of the tool is empty, too long or not printable",
            code="tool.not_representable",
            hint="the registry has names of up to 256 printable characters",
        )
    registered = runtime.registry.tool(name, deadline=deadline)
    entry = registered.tool or UNREGISTERED
    yield PreparedCall(name, registered, entry)
    canonical = canonicalise(target.complete(given), entry.arguments)
    yield PreparedCall(name, registered, entry, canonical)
    indexed = runtime.origins.of(session).version
    origins = runtime.origins.told(session, canonical, entry)
    # A copy of its own: what it does to the arguments must not change what is judged.
    resource = target.resource(json.loads(canonical.json))
    named = digest(canonical.json, runtime.digest_key, runtime.digest_key_id)
    yield PreparedCall(name, registered, entry, canonical, resource, named, origins, indexed)
