"""The data that questions are judged with: the deployment, and the revocation feed.

These models are the one description of both, as `models` are of question and answer; see there.

This module does no I/O.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from .claims import Bounds, Instant, ResourceBound, ResourcePlace, Window
from .question import Count, Effect, Few, Jwk, Many, Mapped, Name, Names, Token, Tool, _Closed
from .skeletons import is_simple


def _comparable(prefix: str) -> str:
    if is_simple(prefix):
        return prefix
    from .places import skeleton

    form = skeleton(prefix)
    if form is None:
        raise ValueError("a prefix must be printable text; remove control characters and escapes")
    return form


PlacePrefix = Annotated[str, AfterValidator(_comparable)]
"""The beginning of ids; what is not plain ASCII is put in its skeleton, as places are compared."""


class KeptPlace(ResourcePlace):
    """Resources that are kept from agents, in every spelling of their ids."""

    prefixes: list[PlacePrefix] = [""]


class Manifest(_Closed):
    """What an agent was built to do: the tools and effects it can ever be given."""

    tools: Names
    effects: list[Effect]


class Agent(_Closed):
    """An agent of this deployment, keyed by its SPIFFE ID.

    Its owner is a subject of type `user`, or a group; nothing is allowed without one. Where there
    are `networks`, it calls from those, as `context.environment.network` says; where there are
    `issuers`, it is known by their tokens alone, by their names in issuers.yaml. One that is
    `read_only` makes no call with another effect than `read`, nor one that sets such in motion.
    """

    owner: str = ""
    state: Literal["active", "suspended", "retired"] = "active"
    account: Literal["dedicated", "shared"] = "dedicated"
    manifest: Manifest
    clearance: Name
    tenants: Names
    may_delegate_to: Names = []
    networks: Names = []
    issuers: Names = []
    read_only: bool = False


class Group(_Closed):
    """What its members are entitled to. `*` in `tools` means every registered tool."""

    effects: list[Effect] = []
    tools: Names = []
    clearance: str = ""
    tenants: Names = []
    may_approve: bool = False


class SubjectEntry(Group):
    """A user, or a workload that acts on its own authority; added to by its groups."""

    type: Name = "user"
    groups: Names = []


class AskedFor(_Closed):
    """Words that tell, in a prompt, that the user asks for these effects on a type of resource.

    Each is a word, or words that stand in one sentence in this order.
    """

    resource: Name
    effects: list[Effect]
    words: Names


class Intent(_Closed):
    """What a user can ask for: the effects and bounds of the tasks begun with it.

    `words` tell which of it a prompt asks for, where an intent is drafted from one.
    """

    description: str = ""
    effects: Few[Effect]
    tools: Many[Name]
    label: Name
    resources: Few[ResourceBound]
    destinations: Many[Name] = []
    bounds: Bounds = Bounds()
    windows: Few[Window] = []
    delegated: Few[ResourceBound] = []
    budgets: Mapped[Count] = {}
    seconds: Count = 3600
    words: list[AskedFor] = []


class ResourceLabels(_Closed):
    """The label of a type of resource, and of ids by prefix; the highest that matches holds."""

    label: Name
    prefixes: dict[PlacePrefix, Name] = {}


class Labels(_Closed):
    """How sensitive data can be, lowest first, and what each resource is labelled."""

    order: Annotated[Names, Field(min_length=1)]
    resources: dict[str, ResourceLabels] = {}


class Destination(_Closed):
    """Somewhere data may be sent: mail domains, whole addresses, hosts. All lower case.

    `label` is that of the most sensitive data that may go there; empty means any that the task
    may see. `anywhere` stands for whatever the bounds of the task let through.
    """

    domains: Names = []
    addresses: Names = []
    hosts: Names = []
    label: str = ""
    anywhere: bool = False


class Users(_Closed):
    """How the tokens of an issuer name a user, and for whom they are besides this deployment.

    `email` counts where the token says that it is verified (OpenID Connect Core §5.1). Where there
    are `domains`, its users are those whose names end with `@` and one of them: two logins of one
    tenant then cannot speak for each other's.
    """

    claim: Literal["sub", "email"] = "sub"
    audiences: Names = []
    domains: Names = []


class Issuer(_Closed):
    """Whose signature counts, and for what. Keys are JWKs by `kid`.

    An agent is known by its SPIFFE ID in the `trust_domain`, or by what the `sub` of its tokens
    is in `subjects`: the client of an OIDC provider, or `system:serviceaccount:<ns>:<name>`.
    """

    issuer: Name
    kind: Literal["production", "development"]
    vouches_for: list[Literal["identity", "task", "subject"]]
    trust_domain: str = ""
    subjects: dict[Name, Name] = {}
    users: Users = Users()
    tenants: Names
    environments: Names
    effects: list[Effect]
    algorithms: list[Literal["ES256", "RS256", "PS256", "EdDSA"]]
    keys: dict[str, Jwk]
    max_seconds: Annotated[int, Field(gt=0, le=86400)] = 300


class Approver(_Closed):
    """A person whose approvals count: the subject, and the keys it signs with, by `kid`."""

    subject: Name
    tenants: Names
    algorithms: list[Literal["ES256", "EdDSA"]] = ["ES256"]
    keys: dict[str, Jwk]
    max_seconds: Annotated[int, Field(gt=0, le=2_592_000)] = 86_400


class Freshness(_Closed):
    """How old the head of the revocation feed may be, in seconds."""

    read: Annotated[int, Field(gt=0, le=3600)] = 60
    other: Annotated[int, Field(gt=0, le=3600)] = 10


class Feed(_Closed):
    """The keys that sign the revocation feed, apart from every issuer's."""

    keys: dict[str, Jwk]
    algorithms: list[Literal["ES256", "EdDSA"]] = ["ES256"]
    max_age: Freshness = Freshness()


class PepEntry(_Closed):
    """Who may ask: its tenants, environments, obligations, and its bearer tokens as SHA-256."""

    tenants: Names
    environments: Names
    obligations: list[str] = []
    token_sha256: list[str] = []


class Freeze(Window):
    """A time in which an environment denies each call with one of these effects."""

    effects: list[Effect]
    reason: str = ""


class Environment(_Closed):
    """Where resources live. Only a development one accepts a development issuer."""

    development: bool = False
    freezes: list[Freeze] = []
    asks_before_irreversible: bool = False


class Credential(_Closed):
    """What a tool shows to others: leased for each task, or `static`, which outlives all of them.

    A static one says why it is not leased (`reason`), and counts `until` then, in Unix seconds. It
    stands in for a lease where a tool reads; for any other effect only if `effects` names it.
    """

    kind: Literal["lease", "static"]
    effects: list[Effect] = []
    reason: str = ""
    until: Instant = 0


class Peer(_Closed):
    """An agent of somebody else, keyed by the name by which tools call it.

    `card` is its A2A agent card, signed by its own operator, as a compact JWS (RFC 7515) whose
    header says `typ: JOSE`; `keys` are that operator's. The entry counts `until` then, in Unix
    seconds: somebody looks again.
    """

    card: Token
    keys: dict[str, Jwk]
    algorithms: list[Literal["ES256", "RS256", "PS256", "EdDSA"]] = ["ES256"]
    until: Instant


class McpServer(_Closed):
    """An MCP server whose tools agents may call.

    Its name is what the names of its tools begin with: `files` serves `files.read_file`. `at` is
    where it may run: URLs, or command lines as a POSIX shell would be given them.
    """

    at: Annotated[list[Annotated[str, Field(min_length=1, max_length=4096)]], Field(min_length=1)]


class Settings(_Closed):
    """What holds for the deployment as a whole."""

    audience: Name
    control_plane: list[KeptPlace] = []
    secrets: list[KeptPlace] = []
    bulk: Count = 20
    """How many recipients or targets one call may have before a person is asked."""
    four_eyes: list[Effect] = []
    """The effects that nobody approves for himself."""
    proof: list[Effect] = []
    """The effects for which each call proves that its sender holds the task's key."""
    leases: list[Effect] = []
    """The effects that a tool has only with a credential that is leased for the task."""
    feed_writers: dict[str, list[str]] = {}
    """Who may push `live.now`, by id: bearer tokens as SHA-256."""


class Deployment(_Closed):
    """Everything the operator says, by the day. One YAML file per field."""

    revision: str = "development"
    settings: Settings
    tools: dict[Name, Tool] = {}
    credentials: dict[Name, Credential] = {}
    peers: dict[Name, Peer] = {}
    servers: dict[Name, McpServer] = {}
    agents: dict[Name, Agent] = {}
    subjects: dict[Name, SubjectEntry] = {}
    groups: dict[Name, Group] = {}
    intents: dict[Name, Intent] = {}
    labels: Labels
    destinations: dict[Name, Destination] = {}
    issuers: dict[Name, Issuer] = {}
    approvers: dict[Name, Approver] = {}
    feed: Feed
    peps: dict[Name, PepEntry] = {}
    environments: dict[Name, Environment] = {}
    budgets: dict[str, Count] = {}


class Live(_Closed):
    """What has been ended, revoked or stopped. Values are Unix seconds: when.

    The keys of `switches` are `fleet`, `agent:<SPIFFE ID>` and `task:<task id>`.
    """

    ended: dict[str, int] = {}
    revoked: dict[str, int] = {}
    switches: dict[str, int] = {}


class LiveNow(Live):
    """`live.now`: the entries and their signed head, a compact JWT over `LiveHead`."""

    head: Token
    generation: Name
    seq: Count


class LiveRoot(_Closed):
    """The root `live`: what was known when the bundle was built, and what is known now."""

    baseline: Live = Live()
    now: LiveNow


class LiveHead(_Closed):
    """The claims of the feed's head. `as_of` is Unix seconds, `digest` is over the entries."""

    as_of: Count
    generation: Name
    seq: Count
    digest: Name
