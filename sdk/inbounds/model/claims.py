"""Authority: how a task is asked for, and what is approved of it.

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
    Effect,
    Few,
    Grade,
    Many,
    Mapped,
    Name,
    Reason,
    Sequenced,
    _Closed,
    _Open,
    _Stated,
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
    prefixes: Few[str] = [""]


class ResourceBound(ResourcePlace):
    """Resources on which the effects may be brought about; none named means all of the task's.

    Of what is `assumed`, nobody has said that it may be done: a person is asked about each such
    call, and only about one that no third party steers.
    """

    effects: Few[Effect] = []
    assumed: bool = False

    @model_serializer(mode="wrap")
    def _without_default(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Each bound of a task stands in every question of it.
        dumped: dict[str, Any] = serialize(self)
        if not self.assumed:
            dumped.pop("assumed", None)
        return dumped


class RoleBounds(_Closed):
    """What the arguments of one role may be: whatever any one of the members lets through.

    `values` are whole values in canonical form, `domains` those of mail addresses, `origins`
    the grades of where a value was found. An amount of up to `up_to` passes from anywhere, in
    the units of the argument. Nothing stated lets nothing through.
    """

    values: Many[str | int | float | bool] = []
    domains: Many[Name] = []
    origins: Few[Grade] = []
    up_to: Count = 0


class Bounds(_Stated):
    """The bounds of a task by the role of an argument; a role that is absent has none."""

    recipient: RoleBounds = RoleBounds()
    target: RoleBounds = RoleBounds()
    amount: RoleBounds = RoleBounds()
    code: RoleBounds = RoleBounds()
    credential: RoleBounds = RoleBounds()


class Window(_Closed):
    """A time in which a task may act, in Unix seconds. Its end is exclusive."""

    start: Instant
    end: Instant


class ToolBounds(_Closed):
    """How a task narrows one tool: constraints by argument pattern."""

    arguments: Mapped[Constraint] = {}


class Scope(_Closed):
    """What the caller asks for less of. A field that is absent asks for all that can be had."""

    effects: Few[Effect] = []
    tools: Mapped[ToolBounds] = {}
    resources: Few[ResourceBound] = []
    destinations: Many[Name] = []
    label: str = ""
    bounds: Bounds = Bounds()
    budgets: Annotated[dict[Name, Count], Field(max_length=256)] = {}
    windows: Few[Window] = []
    delegated: Few[ResourceBound] = []
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


class Authority(_Closed):
    """What was approved: the one `authorization_details` entry of a task token (RFC 9396).

    `budgets` are by name: `calls`, `writes`, `exports`, `rows`, `repeats`, `refusals`, `depth`,
    `bytes`, `money.<currency>` in minor units, and `site.<name>` for rules of one's own. Where
    there are `windows`, the task acts within one of them.
    """

    type: Literal["inbounds_task"]
    intent: Name
    effects: Few[Effect]
    tools: Mapped[ToolBounds]
    resources: Few[ResourceBound]
    destinations: Many[Name]
    label: Name
    bounds: Bounds = Bounds()
    windows: Few[Window] = []
    delegated: Few[ResourceBound] = []
    budgets: Mapped[Count]
    environment: Name
    deadline: Count


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
