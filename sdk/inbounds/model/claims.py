"""Authority: how a task is asked for, and the claims of the tokens that carry it.

These models are the one description of every shape, as `models` are; see there.

This module does no I/O.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from .question import (
    Constraint,
    Count,
    Credentials,
    Effect,
    Grade,
    Jwk,
    Name,
    Names,
    Reason,
    Sequenced,
    _Closed,
    _Open,
)


def _seconds(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            # Its own words repeat what was given.
            raise ValueError("it is not an RFC 3339 time") from None
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return int(aware.timestamp())
    return value


Instant = Annotated[Count, BeforeValidator(_seconds)]
"""Unix seconds; YAML may give an RFC 3339 time."""


class ResourcePlace(_Closed):
    """Resources of one type whose id starts with one of the prefixes; `[""]` means all."""

    type: Name
    prefixes: list[str] = [""]


class ResourceBound(ResourcePlace):
    """Resources on which the effects may be brought about; none named means all of the task's."""

    effects: list[Effect] = []


class RoleBounds(_Closed):
    """What the arguments of one role may be: whatever any one of the members lets through.

    `values` are whole values in canonical form, `domains` those of mail addresses, `origins`
    the grades of where a value was found. An amount of up to `up_to` passes from anywhere, in
    the units of the argument. Nothing stated lets nothing through.
    """

    values: list[str | int | float | bool] = []
    domains: Names = []
    origins: list[Grade] = []
    up_to: Count = 0


class Bounds(_Closed):
    """The bounds of a task by the role of an argument; a role that is absent has none."""

    recipient: RoleBounds = RoleBounds()
    target: RoleBounds = RoleBounds()
    amount: RoleBounds = RoleBounds()
    code: RoleBounds = RoleBounds()
    credential: RoleBounds = RoleBounds()

    @model_serializer(mode="wrap")
    def _stated(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # A role that is there bounds its arguments, so only what was stated may be there.
        return {name: value for name, value in whole(self).items() if name in self.model_fields_set}


class Window(_Closed):
    """A time in which a task may act, in Unix seconds. Its end is exclusive."""

    start: Instant
    end: Instant


class ToolBounds(_Closed):
    """How a task narrows one tool: constraints by argument pattern."""

    arguments: dict[str, Constraint] = {}


class Scope(_Closed):
    """What the caller asks for less of. A field that is absent asks for all that can be had."""

    effects: list[Effect] = []
    tools: dict[str, ToolBounds] = {}
    resources: list[ResourceBound] = []
    destinations: Names = []
    label: str = ""
    bounds: Bounds = Bounds()
    budgets: dict[Name, Count] = {}
    windows: list[Window] = []
    delegated: list[ResourceBound] = []
    """What is done only because a record that the user named says so; a person is asked once."""


class IssuanceQuestion(_Closed):
    """Asks how far a task may reach (`inbounds/issuance/task`), before its token is signed."""

    question: Literal[1]
    subject: Name
    agent: Name
    intent: Name
    tenant: Name
    environment: Name
    scope: Scope
    seconds: Count


class Holding(_Closed):
    """Who holds a task, by what is signed."""

    agent: Name
    credentials: Credentials


class AcceptanceQuestion(_Closed):
    """Asks which authority a chain gives to its last agent (`inbounds/delegation/accepted`)."""

    question: Literal[1]
    context: Holding


class DelegationQuestion(AcceptanceQuestion):
    """Asks how much of a task its holder may delegate (`inbounds/delegation/child`).

    `asked` is what is asked for the agent that is to have it, of the same task.
    """

    asked: IssuanceQuestion


# --- verified claims -----------------------------------------------------------------------


class Actor(_Open):
    """RFC 8693 `act`: the current actor. Nested actors are for the record and never grant."""

    sub: Name


class Confirmation(_Open):
    """RFC 7800 `cnf`: the key of the holder."""

    jwk: Jwk


class Authority(_Closed):
    """What was approved: the one `authorization_details` entry of a task token (RFC 9396).

    `budgets` are by name: `calls`, `writes`, `exports`, `rows`, `repeats`, `refusals`, `depth`,
    `bytes`, `money.<currency>` in minor units, and `site.<name>` for rules of one's own. Where
    there are `windows`, the task acts within one of them.
    """

    type: Literal["inbounds_task"]
    intent: Name
    effects: list[Effect]
    tools: dict[str, ToolBounds]
    resources: list[ResourceBound]
    destinations: Names
    label: Name
    bounds: Bounds = Bounds()
    windows: list[Window] = []
    delegated: list[ResourceBound] = []
    budgets: dict[str, Count]
    environment: Name
    deadline: Count


class IssuerQuestion(_Closed):
    """Asks whether a task may be begun (`inbounds/issuer/begun`) with the token about to be issued.

    `subject_token` is the user's own (RFC 8693 §2.1), or empty where the workload acts on its own
    authority.
    """

    question: Literal[1]
    context: Holding
    subject_token: str = Field("", repr=False)


class RenewalQuestion(IssuerQuestion):
    """Asks whether a task may go on (`inbounds/issuer/renewed`) with the token about to be issued.

    `held` is what was approved so far; the user need not be there.
    """

    held: Authority


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


class ChildClaims(_Closed):
    """The claims of a token with which a task was delegated (`typ task-child+jwt`).

    Signed by the holder of the token above, whose key `iss` names (RFC 9278) and whose signed
    part `par_hash` is the SHA-256 of. `delegation` is the id of this hop, over all
    renewals. `sub`, `aud`, `task`, `sid` and `tenant` are those of the task; the rest is less.
    """

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
    par_hash: Name
    delegation: Name
    authorization_details: Annotated[list[Authority], Field(min_length=1, max_length=1)]


class ApprovalClaims(_Open):
    """The claims of an approval (`typ approval+jwt`): a person's yes to what was asked.

    It names who said so (`sub`), in whose task (`task`, `requester`), to which reasons
    (`codes`), and to what: the digest of all that was shown of one call (`digest`), or, where that
    is empty, every call of the task that the reasons alone hold up (a plan), or those of
    `tool` with `recipient` up to `cap`. It counts `times`, until `exp`, and where it names a tool,
    for resources of the shown `environment`; of one call, for the shown `label` as well.
    """

    iss: Name
    sub: Name
    aud: list[str]
    exp: Count
    iat: Count
    jti: Name
    task: Name
    tenant: Name
    requester: Name
    nonce: Name
    codes: Annotated[list[Name], Field(min_length=1)]
    digest: str
    tool: str
    recipient: str
    cap: Count
    label: str
    environment: str
    times: Annotated[int, Field(ge=1, le=1000)]


class IssuanceAnswer(_Open):
    """What `inbounds/issuance/task` answers: the authority that can be had, or why none.

    `cut` says what was asked for and not given, so that nothing is dropped silently.
    """

    issued: bool
    authority: Authority | None = None
    depth: Count = 0
    """How often it may be delegated."""
    cut: Sequenced[dict[str, JsonValue]] = ()
    reasons: Sequenced[Reason] = ()


class Hop(_Open):
    """A hop of a task: the name by which it is ended, and the public key of its holder.

    `issuer` is the issuer that signed the task.
    """

    name: Name
    jwk: Jwk
    issuer: Name


class AcceptanceAnswer(IssuanceAnswer):
    """The answer of `inbounds/delegation/accepted`: the task, and the authority that is left of it.

    `agents` are those that have or had the task, first the one that it was begun for. `expires` is
    the end of the token that ends first.
    """

    task: str = ""
    sid: str = ""
    tenant: str = ""
    subject: str = ""
    agents: Sequenced[str] = ()
    delegation: str = ""
    expires: Count = 0
