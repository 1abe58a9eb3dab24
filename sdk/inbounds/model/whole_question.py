"""The whole question to the PDP, and the one to its tool registry; see `question`.

A call is asked about in this shape. Its JSON is built where the call is (`pep.call`), so that only
what describes the shape loads these models: the schemas, and whoever reads a question.

This module does no I/O.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from .question import (
    CallEnvironment,
    Count,
    Link,
    Name,
    Origin,
    Parsed,
    Resource,
    SessionState,
    Token,
    _Closed,
    _Open,
)


class Subject(_Closed):
    """On whose authority: the user, or the workload itself where no person stands behind it."""

    type: Name
    id: Name
    properties: dict[str, JsonValue] = {}


class ActionProperties(_Open):
    """The judged arguments, in canonical form, and what is known about each leaf.

    The keys of `origins`, `parsed` and `links` are JSON Pointers (RFC 6901) into `arguments`.
    `size` is how long the canonical arguments are, in bytes of UTF-8. `request_digest` stands for
    all that a person is shown of the call, and is there where approvals are. `skeletons` holds, by
    text, the skeletons of places that are not plain ASCII (`inbounds.model.places`). `statements`
    holds what an SQL statement does, by the pointer of its argument (`inbounds.canonical.sql`).
    `mentioned` are the pointers of the leaves found in a record that the prompt mentions, and
    `doubtful` those of which the prompt vouches, and may not mean what is done with them.
    """

    arguments: dict[str, JsonValue]
    digest: str
    size: Count
    registry: str
    origins: dict[str, Origin] = {}
    parsed: dict[str, Parsed] = {}
    links: dict[str, list[Link]] = {}
    skeletons: dict[str, str] = {}
    statements: dict[str, list[str]] = {}
    mentioned: list[str] = []
    doubtful: list[str] = []
    request_digest: str = ""


class Action(_Closed):
    """What the agent is about to do: the name of a registered tool, and its arguments."""

    name: Name
    properties: ActionProperties


class DecisionRef(_Closed):
    """The PEP's own id of the decision, a UUIDv7; it names span, record and refusal."""

    id: Annotated[str, Field(min_length=8, max_length=64)]


class Credentials(_Closed):
    """What is signed, and so believed once the policy has verified it. All are compact JWTs.

    `chain` holds a token for each time that the task was delegated. `proof` shows that who asks
    holds the key that the last of them names.
    """

    identity: Annotated[Token, Field(repr=False)]
    task: Annotated[Token, Field(repr=False)]
    chain: Annotated[list[Token], Field(repr=False)] = []
    proof: Annotated[Token, Field(repr=False)] = ""
    approvals: Annotated[list[Token], Field(max_length=8, repr=False)] = []


class Pep(_Closed):
    """Who asks, and which obligations it can discharge."""

    id: Name
    version: Name
    supported_obligations: list[str]


class LeaseRef(_Closed):
    """A lease that the PEP holds for the call: of which credential and task, until when.

    It is the PEP's word, and no secret: `handle` is the PEP's own name of the lease. A false claim
    gets nobody a credential. `expires` is Unix seconds.
    """

    credential: Name
    handle: Name
    task: Name
    expires: Count


class Context(_Closed):
    """Everything about the call that is neither subject, action nor resource."""

    decision: DecisionRef
    agent: Name
    credentials: Credentials
    session: SessionState
    environment: CallEnvironment = CallEnvironment()
    leases: Annotated[list[LeaseRef], Field(max_length=32)] = []
    pep: Pep


class Question(_Closed):
    """One question to the PDP: may this agent, for this subject, take this action?

    An AuthZEN Authorization API 1.0 evaluation request; COAZ-MCP's place for the agent.
    """

    question: Literal[1]
    subject: Subject
    action: Action
    resource: Resource
    context: Context


class RegistryQuestion(_Closed):
    """Asks what the tool registry says about one tool (`inbounds/registry/tool`)."""

    question: Literal[1]
    tool: Name
