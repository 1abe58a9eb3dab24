"""The arguments that steer what a tool does: whether the registry knows them as such."""

from __future__ import annotations

from collections.abc import Iterator

from inbounds.data_models import Deployment
from inbounds.models import Tool
from inbounds.origins.destinations import ADDRESSES, names_destination

from .check import Check, Place, check

STEERING = frozenset({"recipient", "target", "amount", "code", "credential"})
"""The roles that steer, as in the policy's `lib/steering`."""
_SENDING = ("export", "spend")


def acts(tool: Tool) -> bool:
    """Tell whether a tool does more than read."""
    return bool({*tool.effects} - {"read"})


def outward_arguments(tool: Tool) -> list[str]:
    """Return the patterns of the arguments of which every value names a destination."""
    return [pattern for pattern, argument in tool.arguments.items() if names_destination(argument)]


def _steered(tool: Tool) -> bool:
    if tool.destinations:
        return True
    arguments = tool.arguments.values()
    return any(argument.role in STEERING or names_destination(argument) for argument in arguments)


@check(
    "steering.no_destination",
    "warning",
    title="A tool sends or spends, and nothing says where",
    why="Each call is denied (`egress.destination_not_allowed`), and where an argument does name"
    " the place, nobody looks at it.",
    now="Give the argument that says where the role `recipient`, or name the fixed place in"
    " `destinations`.",
)
def no_destination(deployment: Deployment) -> Iterator[Place]:
    """Tools that export or spend without an outward argument or a stated destination."""
    for name, tool in deployment.tools.items():
        effects = [effect for effect in _SENDING if effect in tool.effects]
        if effects and not (tool.destinations or outward_arguments(tool)):
            yield Place(
                "tools",
                (name, "effects"),
                f"`{name}` has the effect `{effects[0]}`, and neither an argument that names where"
                " to, nor `destinations`",
            )


@check(
    "steering.delegate_unaddressed",
    "error",
    title="A tool delegates, and nothing says to whom",
    why="No rule asks where a delegation goes: whoever steers the agent hands its work to anybody.",
    now="Give the argument that names the other agent the role `recipient`, or name it in"
    " `destinations`.",
)
def delegate_unaddressed(deployment: Deployment) -> Iterator[Place]:
    """Tools that delegate without a recipient or a stated destination."""
    for name, tool in deployment.tools.items():
        # Which peer it is, and where, `peer.unverified` asks.
        if "delegate" not in tool.effects or tool.destinations or tool.resource == "peer":
            continue
        if not outward_arguments(tool):
            yield Place(
                "tools", (name, "effects"), f"`{name}` delegates to nobody whom an argument names"
            )


@check(
    "steering.address_without_role",
    "warning",
    title="An address is an argument without a role",
    why="Whether it is who gets something, what is acted on or only text is left open. It counts as"
    " where data goes, and a reader of the registry cannot tell that.",
    now="Set its `role`: `recipient` where something goes there, `target` where it is acted on,"
    " `query` or `content` where it is only looked for or written down.",
)
def address_without_role(deployment: Deployment) -> Iterator[Place]:
    """Arguments of acting tools that are of the kind of an address and have no role."""
    for name, tool in deployment.tools.items():
        if not acts(tool):
            continue
        for pattern, argument in tool.arguments.items():
            if argument.kind in ADDRESSES and argument.role == "none":
                yield Place(
                    "tools",
                    (name, "arguments", pattern),
                    f"`{pattern}` of `{name}` is of kind `{argument.kind}` and has no role",
                )


@check(
    "steering.address_as_content",
    "error",
    title="An address of a tool that sends passes as text",
    why="An address of role `content` or `query` is no destination to the policy: it may be"
    " anybody's.",
    now="Set its `role` to `recipient`. Where nothing is ever sent there, say so in a comment:"
    " `# lint: allow steering.address_as_content …`.",
)
def address_as_content(deployment: Deployment) -> Iterator[Place]:
    """Addresses that are content or a query of a tool that sends, spends or delegates."""
    for name, tool in deployment.tools.items():
        if not {*tool.effects} & {*_SENDING, "delegate"}:
            continue
        for pattern, argument in tool.arguments.items():
            if argument.kind in ("email", "phone", "iban") and not names_destination(argument):
                yield Place(
                    "tools",
                    (name, "arguments", pattern),
                    f"`{pattern}` of `{name}` is of kind `{argument.kind}` and of role"
                    f" `{argument.role}`",
                )


@check(
    "steering.nothing_steers",
    "error",
    title="A tool acts on what no argument names",
    why="Only arguments of the roles recipient, target, amount, code and credential have to be"
    " traced to the user. Without one, a stranger's text steers each call, and nobody is asked.",
    now="Give the argument that says what, who or how much its `role`, or name the fixed place in"
    " `destinations`.",
)
def nothing_steers(deployment: Deployment) -> Iterator[Place]:
    """Tools that do more than write and have no argument that steers."""
    for name, tool in deployment.tools.items():
        effects = [effect for effect in tool.effects if effect not in ("read", "write")]
        # Where nothing says where to, that is what is told.
        if {*effects} - {*_SENDING, "delegate"} and not _steered(tool):
            yield Place(
                "tools",
                (name,),
                f"`{name}` has the effect `{effects[0]}`, and no argument of a role that steers",
            )


@check(
    "steering.write_unsteered",
    "warning",
    title="A tool writes where no argument names",
    why="What it writes to is not traced to the user: a stranger's text can have anything changed"
    " that the tool reaches.",
    now="Give the argument that says what is changed the role `target`. Where each call makes"
    " something new, say so in a comment: `# lint: allow steering.write_unsteered …`.",
)
def write_unsteered(deployment: Deployment) -> Iterator[Place]:
    """Tools that write, do no more, and have no argument that steers."""
    for name, tool in deployment.tools.items():
        if "write" in tool.effects and {*tool.effects} <= {"read", "write"} and not _steered(tool):
            yield Place(
                "tools", (name,), f"`{name}` writes, and has no argument of a role that steers"
            )


@check(
    "steering.code_unnamed",
    "warning",
    title="A tool runs something, and no argument is code",
    why="What is run is then bound by no role: `bounds.code` of an intent does not hold it.",
    now="Give the argument that is run the role `code`; where a fixed program is run, give what"
    " chooses it the role `target` and say so in a comment.",
)
def code_unnamed(deployment: Deployment) -> Iterator[Place]:
    """Tools that execute, take arguments, and have none of the role code."""
    for name, tool in deployment.tools.items():
        roles = {argument.role for argument in tool.arguments.values()}
        if "execute" in tool.effects and roles and "code" not in roles:
            yield Place(
                "tools", (name, "arguments"), f"`{name}` executes, and no argument of it is code"
            )


CHECKS: tuple[Check, ...] = (
    no_destination,
    delegate_unaddressed,
    address_without_role,
    address_as_content,
    nothing_steers,
    write_unsteered,
    code_unnamed,
)
