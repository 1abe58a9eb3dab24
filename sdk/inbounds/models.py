"""The question, the answer and the data both are judged with, as immutable values.

These models are the one description of every shape: the JSON Schemas for `opa check -s`,
the generated `lib/shape` of the policy and the tables of the documentation come from
them. No field that Rego reads can be null: what is not known is absent, or empty.

This module does no I/O.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, NoReturn, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    model_serializer,
)

QUESTION_VERSION: Final = 1
"""The version of the question this SDK speaks."""

Effect = Literal["read", "write", "delete", "export", "execute", "spend", "delegate", "administer"]
Outcome = Literal["allow", "deny", "ask"]
Severity = Literal["low", "medium", "high", "critical"]
Trust = Literal["trusted", "untrusted"]
Grade = Literal[
    "prompt", "first_party", "quoted", "listing", "third_party_meta", "third_party_text", "none"
]
Kind = Literal[
    "email", "url", "host", "path", "iban", "id", "date", "money", "phone", "text", "none"
]
Role = Literal["recipient", "target", "amount", "query", "code", "content", "credential", "none"]

Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""A whole number that both engines and JSON represent exactly."""

T = TypeVar("T")
Sequenced = Annotated[tuple[T, ...], Field(strict=False)]
"""An immutable sequence; JSON has lists only, so a list is taken as well."""

Name = Annotated[str, Field(min_length=1, max_length=256)]
Token = Annotated[str, Field(max_length=65536)]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Open(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", strict=True)


# --- the question --------------------------------------------------------------------------


class Subject(_Closed):
    """On whose authority: the user, or the workload itself where no person stands behind it."""

    type: Name
    id: Name
    properties: dict[str, JsonValue] = {}


class Origin(_Closed):
    """Where the value of one leaf of the arguments came from."""

    source: Literal["prompt", "tool", "session", "none"]
    grade: Grade
    tool: str = ""
    call: Count = 0


class Parsed(_Closed):
    """A leaf of the arguments taken apart by the SDK, so that Rego never parses text.

    `kind` is the registry's. `host` is set for `url` and `host`, `domain` and `local` for
    `email`, `scheme` for `url`; each lower-cased, a host in its ASCII form.
    """

    kind: Kind
    host: str = ""
    scheme: str = ""
    domain: str = ""
    local: str = ""


class ActionProperties(_Open):
    """The judged arguments, in canonical form, and what is known about each leaf.

    The keys of `origins` and `parsed` are JSON Pointers (RFC 6901) into `arguments`.
    """

    arguments: dict[str, JsonValue]
    digest: str
    registry: str
    origins: dict[str, Origin] = {}
    parsed: dict[str, Parsed] = {}


class Action(_Closed):
    """What the agent is about to do: the name of a registered tool, and its arguments."""

    name: Name
    properties: ActionProperties


class ResourceProperties(_Open):
    """What the PEP says of the resource. It can only ever narrow what the registry says."""

    label: str = ""
    tenant: str = ""
    environment: str = ""


class Resource(_Closed):
    """What an action touches."""

    type: Name
    id: Annotated[str, Field(min_length=1, max_length=2048)]
    properties: ResourceProperties = ResourceProperties()


class DecisionRef(_Closed):
    """The PEP's own id of the decision, a UUIDv7; it names span, record and refusal."""

    id: Annotated[str, Field(min_length=8, max_length=64)]


class Credentials(_Closed):
    """What is signed, and so believed once the policy has verified it. All are compact JWTs."""

    identity: Token
    task: Token
    chain: list[Token] = []
    approvals: list[Token] = []


class Spent(_Closed):
    """How much of each budget a session has used."""

    calls: Count = 0
    writes: Count = 0
    exports: Count = 0


class SessionState(_Closed):
    """What a session has been exposed to and has used, bounded.

    `decisions` holds the ids of the last eight decisions, oldest first: they settle whether a
    commit that timed out has been made.
    """

    id: Name
    version: Count
    trust: Trust
    label: Name
    effects: list[Effect]
    spent: Spent
    repeats: Count
    refusals: Count
    decisions: Annotated[list[str], Field(max_length=8)]


class CallEnvironment(_Closed):
    """Where the call comes from. The environment that is judged is the resource's."""

    network: str = ""


class Pep(_Closed):
    """Who asks, and which obligations it can discharge."""

    id: Name
    version: Name
    supported_obligations: list[str]


class Context(_Closed):
    """Everything about the call that is neither subject, action nor resource."""

    decision: DecisionRef
    agent: Name
    credentials: Credentials
    session: SessionState
    environment: CallEnvironment = CallEnvironment()
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


class IssuanceQuestion(_Closed):
    """Asks how far a task may reach (`inbounds/issuance/task`), before its token is signed."""

    question: Literal[1]
    subject: Name
    agent: Name
    intent: Name
    tenant: Name
    environment: Name
    narrower: Narrower
    seconds: Count


# --- the answer ----------------------------------------------------------------------------


class Reason(_Open):
    """Why the PDP said no, in words for a person and a code for a program.

    `details` point into the question and never hold an argument's value.
    """

    code: str
    message: str
    remedy: str = ""
    severity: Severity = "high"
    details: Sequenced[dict[str, JsonValue]] = ()


class Obligation(_Open):
    """Something the PEP must do, or the answer is no (AuthZEN Obligations draft)."""

    id: str
    type: str
    properties: dict[str, JsonValue] = {}


class PolicyStamp(_Open):
    """Which policy and data answered, and how fresh the revocation feed was (Unix seconds)."""

    revision: str
    deployment: str
    live_as_of: int = 0


class AnswerContext(_Open):
    """What stands beside the decision. Fields this SDK does not know are kept."""

    outcome: Outcome
    reasons: Sequenced[Reason]
    grants: Sequenced[dict[str, JsonValue]]
    obligations: Sequenced[Obligation]
    session: dict[str, JsonValue]
    policy: PolicyStamp
    access_request: dict[str, JsonValue] = {}


class Answer(_Open):
    """The PDP's answer on the wire, in the shape of an AuthZEN evaluation response."""

    decision: bool
    context: AnswerContext


class Decision(_Closed):
    """What the PDP decided about one action, as the PEP hands it on.

    Attributes:
        id: The PEP's id of this decision.
        allowed: Whether the action may run.
        outcome: `allow`, `deny` or `ask`.
        reasons: Sorted by severity, then code; the first is *the* code.
        obligations: What must be done for an allow to hold.
        policy: Which revision answered.
        evaluate_only: A dry run: nothing was spent and it never becomes a permit.
        engine_id: OPA's own decision id, or "".
        access_request: For `ask`: what a person has to be asked.
    """

    id: str
    allowed: bool
    outcome: Outcome
    reasons: Sequenced[Reason] = ()
    grants: Sequenced[dict[str, JsonValue]] = ()
    obligations: Sequenced[Obligation] = ()
    policy: PolicyStamp
    evaluate_only: bool = False
    engine_id: str = ""
    access_request: dict[str, JsonValue] = {}

    @property
    def code(self) -> str:
        """The first reason's code, or "" for an allow."""
        return self.reasons[0].code if self.reasons else ""

    def __bool__(self) -> NoReturn:
        raise TypeError("a Decision has no truth value: read `decision.allowed`")

    def _repr_html_(self) -> str:
        from .notebook import decision_html

        return decision_html(self)


# --- the tool registry ---------------------------------------------------------------------


class Constraint(_Closed):
    """What one argument may be. Empty means unconstrained; several hold together.

    The keys of a mapping of constraints are patterns: JSON Pointers into the arguments in which
    `*` stands for any array index, such as `/to/*`. All but the types apply to every leaf.
    """

    one_of: list[str | int | float | bool] = []
    minimum: int | float = -(2**53)
    maximum: int | float = 2**53
    pattern: str = ""
    path_prefixes: list[str] = []
    hosts: list[str] = []
    max_length: Count = 2**53 - 1

    @model_serializer(mode="wrap")
    def _stated(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Every member that is there must hold, so only what was stated may be there.
        return {name: value for name, value in whole(self).items() if name in self.model_fields_set}


class Argument(Constraint):
    """What the registry says of one argument: its type, kind, role and constraints."""

    type: Literal["string", "integer", "number", "boolean"] = "string"
    kind: Kind = "none"
    role: Role = "none"
    required: bool = False
    nullable: bool = False


class Returns(_Closed):
    """The upper bound of what a tool returns. An empty label means the highest there is."""

    label: str = ""
    party: Literal["first", "third"] = "third"


class Tool(_Closed):
    """A registered tool. `effects` is left empty by a draft; such a tool is denied."""

    description: str = ""
    effects: list[Effect] = []
    reversible: bool = False
    resource: Name
    tenant: str = ""
    environment: str = ""
    arguments: dict[str, Argument] = {}
    returns: Returns = Returns()
    destinations: list[str] = []
    credential: str = ""
    reaches: list[str] = []
    pin: str = ""
    notify: str = ""


class RegistryAnswer(_Open):
    """What `inbounds/registry/tool` answers: one tool, the label order, the revision in force."""

    revision: str
    registered: bool
    labels: Sequenced[str]
    tool: Tool | None = None


# --- the deployment ------------------------------------------------------------------------


def _seconds(value: Any) -> Any:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return int(aware.timestamp())
    return value


Instant = Annotated[int, BeforeValidator(_seconds)]
"""Unix seconds; YAML may give an RFC 3339 time."""

Names = list[Name]
Jwk = dict[str, JsonValue]


class Manifest(_Closed):
    """What an agent was built to do: the tools and effects it can ever be given."""

    tools: Names
    effects: list[Effect]


class Agent(_Closed):
    """An agent of this deployment, keyed by its SPIFFE ID."""

    owner: str = ""
    state: Literal["active", "suspended", "retired"] = "active"
    account: Literal["dedicated", "shared"] = "dedicated"
    manifest: Manifest
    clearance: Name
    tenants: Names
    may_delegate_to: Names = []


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


class ResourceBound(_Closed):
    """Resources of one type whose id starts with one of the prefixes; `[""]` means all."""

    type: Name
    prefixes: list[str] = [""]


class Intent(_Closed):
    """What a user can ask for: the effects and bounds of the tasks begun with it."""

    description: str = ""
    effects: list[Effect]
    tools: Names
    label: Name
    resources: list[ResourceBound]
    destinations: Names = []
    budgets: dict[str, Count] = {}
    seconds: Count = 3600


class ResourceLabels(_Closed):
    """The label of a type of resource, and of ids by prefix; the highest that matches holds."""

    label: Name
    prefixes: dict[str, Name] = {}


class Labels(_Closed):
    """How sensitive data can be, lowest first, and what each resource is labelled."""

    order: Annotated[Names, Field(min_length=1)]
    resources: dict[str, ResourceLabels] = {}


class Destination(_Closed):
    """Somewhere data may be sent: mail domains, whole addresses, hosts. All lower case."""

    domains: Names = []
    addresses: Names = []
    hosts: Names = []


class Issuer(_Closed):
    """Whose signature counts, and for what. Keys are JWKs by `kid`."""

    issuer: Name
    kind: Literal["production", "development"]
    vouches_for: list[Literal["identity", "task"]]
    trust_domain: str = ""
    tenants: Names
    environments: Names
    effects: list[Effect]
    algorithms: list[Literal["ES256", "RS256", "PS256", "EdDSA"]]
    keys: dict[str, Jwk]
    max_seconds: Annotated[int, Field(gt=0, le=86400)] = 300


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


class Freeze(_Closed):
    """A time in which an environment takes only the effects not named. An end is exclusive."""

    start: Instant
    end: Instant
    effects: list[Effect]
    reason: str = ""


class Environment(_Closed):
    """Where resources live. Only a development one accepts a development issuer."""

    development: bool = False
    freezes: list[Freeze] = []


class Settings(_Closed):
    """What holds for the deployment as a whole."""

    audience: Name
    control_plane: list[ResourceBound] = []
    secrets: list[ResourceBound] = []
    feed_writers: dict[str, list[str]] = {}
    """Who may push `live.now`, by id: bearer tokens as SHA-256."""


class Deployment(_Closed):
    """Everything the operator says, by the day. One YAML file per field."""

    revision: str = "development"
    settings: Settings
    tools: dict[Name, Tool] = {}
    agents: dict[Name, Agent] = {}
    subjects: dict[Name, SubjectEntry] = {}
    groups: dict[Name, Group] = {}
    intents: dict[Name, Intent] = {}
    labels: Labels
    destinations: dict[Name, Destination] = {}
    issuers: dict[Name, Issuer] = {}
    feed: Feed
    peps: dict[Name, PepEntry] = {}
    environments: dict[Name, Environment] = {}
    budgets: dict[str, Count] = {}


# --- the revocation feed -------------------------------------------------------------------


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


# --- verified claims -----------------------------------------------------------------------


class LiveHead(_Closed):
    """The claims of the feed's head. `as_of` is Unix seconds, `digest` is over the entries."""

    as_of: Count
    generation: Name
    seq: Count
    digest: Name


class Actor(_Open):
    """RFC 8693 `act`: the current actor. Nested actors are for the record and never grant."""

    sub: Name


class Confirmation(_Open):
    """RFC 7800 `cnf`: the key of the holder."""

    jwk: Jwk


class ToolBounds(_Closed):
    """How a task narrows one tool: constraints by argument pattern."""

    arguments: dict[str, Constraint] = {}


class Narrower(_Closed):
    """What the caller asks for less of. A field that is absent asks for all that can be had."""

    effects: list[Effect] = []
    tools: dict[str, ToolBounds] = {}
    resources: list[ResourceBound] = []
    destinations: Names = []
    label: str = ""


class Authority(_Closed):
    """What was approved: the one `authorization_details` entry of a task token (RFC 9396)."""

    type: Literal["inbounds_task"]
    intent: Name
    effects: list[Effect]
    tools: dict[str, ToolBounds]
    resources: list[ResourceBound]
    destinations: Names
    label: Name
    budgets: dict[str, Count]
    environment: Name
    deadline: Count


class IdentityClaims(_Open):
    """The claims of an identity token; a JWT-SVID has no `jti`."""

    iss: Name
    sub: Name
    aud: list[str]
    exp: Count
    iat: Count


class TaskClaims(_Open):
    """The claims of a task token (`typ task+jwt`)."""

    iss: Name
    sub: Name
    aud: list[str]
    act: Actor
    exp: Count
    iat: Count
    jti: Name
    task: Name
    sid: Name
    tenant: Name
    cnf: Confirmation
    del_depth: Count
    del_max_depth: Count
    authorization_details: Annotated[list[Authority], Field(min_length=1, max_length=1)]


class IssuanceAnswer(_Open):
    """What `inbounds/issuance/task` answers: the authority that can be had, or why none.

    `cut` says what was asked for and not given, so that nothing is dropped silently.
    """

    issued: bool
    authority: Authority | None = None
    cut: Sequenced[dict[str, JsonValue]] = ()
    reasons: Sequenced[Reason] = ()


IssuanceQuestion.model_rebuild()

SCHEMAS: dict[str, type[BaseModel]] = {
    "question": Question,
    "registry_question": RegistryQuestion,
    "issuance_question": IssuanceQuestion,
    "answer": Answer,
    "deployment": Deployment,
    "live": LiveRoot,
    "identity_claims": IdentityClaims,
    "task_claims": TaskClaims,
    "live_head": LiveHead,
}
"""The JSON Schemas that are generated, by file name."""
