"""The question and the answer, as immutable values; `data_models` has what both are judged with.

These models are the one description of every shape: the JSON Schemas for `opa check -s`,
the generated `lib/shape` of the policy and the tables of the documentation come from
them. No field that Rego reads can be null: what is not known is absent, or empty.

This module does no I/O.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, NoReturn, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    SkipValidation,
    model_serializer,
)

QUESTION_VERSION: Final = 1
"""The version of the question this SDK speaks."""

Effect = Literal["read", "write", "delete", "export", "execute", "spend", "delegate", "administer"]
Outcome = Literal["allow", "deny", "ask"]
Severity = Literal["low", "medium", "high", "critical"]
Trust = Literal["trusted", "untrusted"]
Grade = Literal[
    "prompt",
    "first_party",
    "quoted",
    "listing",
    "third_party_meta",
    "quoted_text",
    "third_party_text",
    "none",
]
"""How far the place a value was found in can be trusted, the strongest first.

`prompt`: the user's words. `first_party`: what a trusted tool says of itself, and what the
session made. `quoted`: a field of a record whose title the user named. `listing`: the id of an
object that a tool listed. `third_party_meta`: a field that others fill in, such as a sender.
`quoted_text`: the text of a record whose title the user named. `third_party_text`: any other
text. `none`: nowhere.
"""
Kind = Literal[
    "email", "url", "host", "path", "iban", "id", "date", "money", "phone", "text", "none"
]
LocalPart = Literal["plain", "atom"]
Absent = Literal["", "none", "any"]
Role = Literal["recipient", "target", "amount", "query", "code", "content", "credential", "none"]

Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""A whole number that both engines and JSON represent exactly."""

T = TypeVar("T")
Few = Annotated[list[T], Field(max_length=256, fail_fast=True)]
"""What is compared with each of another list. It is read to the first item that does not fit."""
Many = Annotated[list[T], Field(max_length=4096, fail_fast=True)]
_NONE: Any = {"default": []}  # behind a factory: a deep copy of a list is slow
Mapped = Annotated[dict[str, T], Field(max_length=4096)]
Sequenced = Annotated[tuple[T, ...], Field(strict=False)]
AnswerValue = Annotated[JsonValue, SkipValidation()]
"""A value of an answer, which was parsed from JSON: to walk it again would find nothing."""
"""An immutable sequence; JSON has lists only, so a list is taken as well."""

Name = Annotated[str, Field(min_length=1, max_length=256)]
Token = Annotated[str, Field(max_length=65536)]


class _Closed(BaseModel):
    # What does not fit may be a user's words or an argument, and errors are logged.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class _Open(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", strict=True, hide_input_in_errors=True)


# --- the question --------------------------------------------------------------------------


class Origin(_Closed):
    """Where the value of one leaf of the arguments came from: the strongest place it was found in.

    `source` is `memory` for what a tool gave back that keeps what others told it. `tool` and
    `call` name the call that gave it, the first of a task being 1.
    """

    source: Literal["prompt", "tool", "session", "memory", "none"]
    grade: Grade
    tool: str = ""
    call: Count = 0


class Link(_Closed):
    """A link in the text of an argument: its host in ASCII and lower case, and its origin.

    A host that could not be read is empty.
    """

    host: str = ""
    grade: Grade


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


class ResourceProperties(_Open):
    """What the PEP says of the resource. It can only ever narrow what the registry says.

    `server` is where the MCP server that serves it really runs: its URL, or its command line.
    `descriptor` is the digest of the tool's descriptor, as that server tells it now.
    """

    label: str = ""
    tenant: str = ""
    environment: str = ""
    server: str = ""
    descriptor: str = ""


class Resource(_Closed):
    """What an action touches."""

    type: Name
    id: Annotated[str, Field(min_length=1, max_length=2048)]
    properties: ResourceProperties = ResourceProperties()


class Spent(_Closed):
    """How much of each budget has been used. Money is in minor units, by currency.

    `rows` counts the records that were read, `bytes` those of arguments that were sent out.
    """

    calls: Count = 0
    writes: Count = 0
    exports: Count = 0
    rows: Count = 0
    bytes: Count = 0
    money: dict[Name, Count] = {}


class TaskSpent(Spent):
    """What one task has used of its budgets, kept until its deadline (Unix seconds)."""

    deadline: Count


class Used(_Closed):
    """How often an approval was used, kept until it expires (Unix seconds)."""

    until: Count
    times: Count


class SessionState(_Closed):
    """What a session has been exposed to and has used, bounded.

    `tasks` holds what each task that is under way has used, by its id; `approvals` how often
    each approval that has not expired was used, by its `jti`. `last` is the digest of the last
    permitted call and `repeats` how often the same was permitted right before it.
    `tainted_stores` names the stores that calls of the session may have written a third party's
    words to; `*` stands for every store. `decisions` holds the ids of the last eight decisions,
    oldest first: they settle whether a commit that timed out has been made.
    """

    id: Name
    version: Count
    trust: Trust
    label: Name
    effects: list[Effect]
    spent: Spent
    tasks: Annotated[dict[Name, TaskSpent], Field(max_length=8)]
    approvals: Annotated[dict[Name, Used], Field(max_length=64)]
    last: str
    repeats: Count
    refusals: Count
    tainted_stores: Annotated[list[Name], Field(max_length=16)]
    decisions: Annotated[list[str], Field(max_length=8)]


class CallEnvironment(_Closed):
    """Where the call comes from. The environment that is judged is the resource's."""

    network: str = ""


# --- the answer ----------------------------------------------------------------------------


class Reason(_Open):
    """Why the PDP said no, in words for a person and a code for a program.

    `details` point into the question and never hold an argument's value.
    """

    code: str
    message: str
    remedy: str = ""
    severity: Severity = "high"
    details: Sequenced[dict[str, AnswerValue]] = ()


class Obligation(_Open):
    """Something the PEP must do, or the answer is no (AuthZEN Obligations draft)."""

    id: str
    type: str
    properties: dict[str, AnswerValue] = {}


class PolicyStamp(_Open):
    """Which policy and data answered, and how fresh the revocation feed was (Unix seconds)."""

    revision: str
    deployment: str
    live_as_of: int = 0


class AnswerContext(_Open):
    """What stands beside the decision. Fields this SDK does not know are kept."""

    outcome: Outcome
    reasons: Sequenced[Reason]
    grants: Sequenced[dict[str, AnswerValue]]
    obligations: Sequenced[Obligation]
    session: dict[str, AnswerValue]
    policy: PolicyStamp
    access_request: dict[str, AnswerValue] = {}
    approvals: Sequenced[dict[str, AnswerValue]] = ()


class Answer(_Open):
    """The PDP's answer on the wire, in the shape of an AuthZEN evaluation response."""

    decision: bool
    context: AnswerContext


class Decision(_Closed):
    """What the PDP decided about one action, as the PEP returns it.

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
        approvals: For `allow`: the approvals that were needed for it, and whose they are.
    """

    id: str
    allowed: bool
    outcome: Outcome
    reasons: Sequenced[Reason] = ()
    grants: Sequenced[dict[str, AnswerValue]] = ()
    obligations: Sequenced[Obligation] = ()
    policy: PolicyStamp
    evaluate_only: bool = False
    engine_id: str = ""
    access_request: dict[str, AnswerValue] = {}
    approvals: Sequenced[dict[str, AnswerValue]] = ()

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


class _Stated(_Closed):
    @model_serializer(mode="wrap")
    def _stated(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # What is there holds or bounds something, so only what was stated may be there.
        return {name: value for name, value in whole(self).items() if name in self.model_fields_set}


class Constraint(_Stated):
    """What one argument may be. Empty means unconstrained; several hold together.

    The keys of a mapping of constraints are patterns: JSON Pointers into the arguments in which
    `*` stands for any array index, such as `/to/*`. All but the types apply to every leaf.
    """

    one_of: Many[str | int | float | bool] = Field(default_factory=list, json_schema_extra=_NONE)
    minimum: int | float = -(2**53)
    maximum: int | float = 2**53
    pattern: str = ""
    path_prefixes: Many[str] = Field(default_factory=list, json_schema_extra=_NONE)
    hosts: Many[str] = Field(default_factory=list, json_schema_extra=_NONE)
    max_length: Count = 2**53 - 1


class Argument(Constraint):
    """What the registry says of one argument: its type, kind, role and constraints.

    `resource` is the type of what a target names where that is not the tool's own resource. Each
    target that does not name the resource is held to the label and the bounds of its type.
    `local_part` is `plain` for addresses of `A-Z a-z 0-9 . _ + -`, and `atom` where an argument of
    the kind `email` also takes `# $ & ' * = ? ^ { } ~`.
    `absent` is `none` where a call that leaves the argument out, or gives null or an empty value,
    does nothing of that kind, and `any` where the tool then chooses.
    """

    type: Literal["string", "integer", "number", "boolean"] = "string"
    kind: Kind = "none"
    role: Role = "none"
    resource: Annotated[str, Field(max_length=256)] = ""
    local_part: LocalPart = "plain"
    required: bool = False
    nullable: bool = False
    absent: Absent = ""


class ReturnedField(_Closed):
    """What the registry says of one field of a result.

    `holds` is `id` for what names an object, `new_id` for what names one that the call made,
    `title` for what people call a record by, `text` for free text, and `value` for anything
    else. Only a `first` party's word is trusted; whatever others can write into is a third's.
    A field with a `label` of its own is left out of what a task below it gets; the label of the
    whole result is that of the other fields. A field is not `writable` when no call can set it,
    such as a balance, or an id or a time that the service makes: it keeps its `party` after
    calls of the session have written a third party's words to the store of the tool.
    """

    holds: Literal["value", "id", "new_id", "title", "text"] = "value"
    party: Literal["first", "third"] = "third"
    label: str = ""
    writable: bool = True


class Returns(_Closed):
    """The upper bound of what a tool returns. An empty label means the highest there is.

    `fields` are by pattern, as arguments are; what is under none of them is text of `party`.
    `titled_by` is the pointer of the argument that names the record returned. What comes back
    beyond `rows` does not reach the agent; 0 means that nobody knows, and counts as one. Where
    a field is left out, or rows are counted, a result of another shape is withheld.
    `strip` is taken out of the texts of the result, and values of the kinds in `mask` are
    masked there.
    """

    label: str = ""
    party: Literal["first", "third"] = "third"
    fields: dict[str, ReturnedField] = {}
    titled_by: str = ""
    rows: Count = 0
    strip: list[Literal["links", "images"]] = []
    mask: list[Literal["email", "url", "iban", "phone"]] = []


class EffectsBy(_Closed):
    """Which of a tool's effects a call has, by the value of one argument.

    `argument` is its JSON Pointer. `values` are by its whole text, by the verbs of a statement
    where `kind` is `sql`, and by the first word where it is `command`. Any other value, and a
    missing one, stands for all effects of the tool.
    """

    argument: str = ""
    kind: Literal["text", "sql", "command"] = "text"
    values: dict[str, list[Effect]] = {}


class Tool(_Closed):
    """A registered tool. `effects` is left empty by a draft; such a tool is denied.

    `effects` is the most that a call of it does; `effects_by` says when it does less. `reaches`
    names tools, or effects, that a call sets in motion: their effects count as its own.
    `memory` tells that it keeps what it is given for later sessions, or gives such back.
    `store` names where it keeps what it writes, and where what it returns comes from; empty means
    the store of its own resource type, or any store for a tool that executes, administers or
    delegates. `stateless` tells that a tool that only reads keeps no history of its arguments.
    `runs_from` names the stores whose content a tool that executes may run; `*` stands for any.
    `credential` names what of `credentials.yaml` it needs; empty for none.
    `currency` is that of its amounts, and `decimals` how many digits of one are minor units.
    `recursive` is false for a tool that touches what it names and nothing below it.
    `resource_argument` is the pattern of the argument that names the resource, or `none`; left out,
    it is the target that is an id or a path.
    """

    description: str = ""
    effects: list[Effect] = []
    effects_by: EffectsBy = EffectsBy()
    reversible: Literal["yes", "no", "unknown"] = "unknown"
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
    memory: bool = False
    store: Annotated[str, Field(max_length=256)] = ""
    stateless: bool = False
    runs_from: list[Name] = ["*"]
    currency: str = ""
    decimals: Annotated[int, Field(ge=0, le=4)] = 0
    recursive: bool = True
    resource_argument: str = ""


Names = list[Name]
Jwk = dict[str, JsonValue]
