"""The arguments that steer what a tool does: whether the registry knows them as such."""

from __future__ import annotations

from collections.abc import Iterator

from inbounds.model.deployment import Deployment
from inbounds.model.places import takes_paths
from inbounds.model.question import Argument, Tool
from inbounds.provenance.destinations import ADDRESSES, names_destination

from .check import Check, Place, check

STEERING = frozenset({"recipient", "target", "amount", "code", "credential"})
"""The roles that steer, as in the policy's `lib/steering`."""
_SENDING = ("export", "spend")
_FOR_GOOD = frozenset({"export", "spend", "delegate", "execute", "administer"})


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
    title="A tool sends or spends, and no destination is known",
    why="Each call is denied (`egress.destination_not_allowed`). An argument that does name the"
    " destination is not checked.",
    now="Give the argument that names the destination the role `recipient`, or list the fixed one"
    " in `destinations`.",
)
def no_destination(deployment: Deployment) -> Iterator[Place]:
    """Tools that export or spend without an outward argument or a stated destination."""
    for name, tool in deployment.tools.items():
        effects = [effect for effect in _SENDING if effect in tool.effects]
        if effects and not (tool.destinations or outward_arguments(tool)):
            yield Place(
                "tools",
                (name, "effects"),
                f"`{name}` has the effect `{effects[0]}`, and has neither an argument that"
                " names a destination nor `destinations`",
            )


@check(
    "steering.delegate_unaddressed",
    "error",
    title="A tool delegates, and no argument names the delegate",
    why="No rule checks the delegate: an attacker who steers the agent can delegate its work to"
    " anybody.",
    now="Give the argument that names the other agent the role `recipient`, or list it in"
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
                "tools",
                (name, "effects"),
                f"`{name}` delegates, and no argument names the delegate",
            )


@check(
    "steering.address_without_role",
    "warning",
    title="An address argument has no role",
    why="It may receive something, be acted on, or be only text. The policy treats it as a"
    " destination, and a reader of the registry cannot tell.",
    now="Set its `role`: `recipient` if something is sent there, `target` if it is acted on,"
    " `query` or `content` if it is only searched for or written down.",
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


def _is_unset(argument: Argument, tool: Tool) -> bool:
    """Tell whether an argument has no role, and may decide what a call of the tool does.

    A choice, a number, a date or a switch decides nothing that cannot be undone within the house.
    """
    if argument.role != "none" or argument.max_length == 0 or argument.kind in ADDRESSES:
        return False
    return lasts(tool) or _is_open_text(argument)


def lasts(tool: Tool) -> bool:
    """Tell whether a call does more than what can be undone within the house."""
    return acts(tool) and (tool.reversible != "yes" or bool(_FOR_GOOD.intersection(tool.effects)))


def _is_open_text(argument: Argument) -> bool:
    """Tell whether an argument is a text that may be anything."""
    if argument.one_of:
        return False
    # Of an address, `steering.address_without_role` speaks.
    return argument.kind == "money" or (
        argument.type == "string" and argument.kind != "date" and argument.kind not in ADDRESSES
    )


@check(
    "steering.role_unset",
    "error",
    title="An argument has no role",
    why="No rule checks who or what it names: in a tool that acts, a stranger's text can choose a"
    " copy's recipient, a file that is sent along or an option that is run. In a tool that sends,"
    " administers or cannot be undone, so can a choice, a number, a date or a switch, such as the"
    " right that somebody is given. In a tool that takes a folder, a text may lead out of it.",
    now="Set its `role`: `content` if it only says something, `query` if it only searches, or what"
    " it is: `recipient`, `target`, `amount`, `code` or `credential`.",
)
def role_unset(deployment: Deployment) -> Iterator[Place]:
    """Arguments without a role of tools that act, or that take a path."""
    for name, tool in deployment.tools.items():
        does = "acts" if acts(tool) else "takes a path" if takes_paths(tool.arguments) else ""
        for pattern, argument in tool.arguments.items() if does else ():
            if _is_unset(argument, tool):
                yield Place(
                    "tools",
                    (name, "arguments", pattern),
                    f"`{pattern}` has no role, and `{name}` {does}",
                )


@check(
    "steering.address_as_content",
    "error",
    title="An address of a tool that sends has the role of text",
    why="The policy does not check an address of role `content` or `query` as a destination: it may"
    " be anybody's.",
    now="Set its `role` to `recipient`. If nothing is ever sent there, say so in a comment: `#"
    " lint: allow steering.address_as_content …`.",
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
    title="A tool acts, and no argument has a role that steers",
    why="Only arguments of the roles recipient, target, amount, code and credential must come from"
    " the user. Without one, a stranger's text can steer each call, and nobody is asked.",
    now="Give the argument that says what, who or how much its `role`, or list the fixed place in"
    " `destinations`.",
)
def nothing_steers(deployment: Deployment) -> Iterator[Place]:
    """Tools that do more than write and have no argument that steers."""
    for name, tool in deployment.tools.items():
        effects = [effect for effect in tool.effects if effect not in ("read", "write")]
        # Where nothing says where to, that is what is reported.
        if {*effects} - {*_SENDING, "delegate"} and not _steered(tool):
            yield Place(
                "tools",
                (name,),
                f"`{name}` has the effect `{effects[0]}`, and no argument of a role that steers",
            )


@check(
    "steering.write_unsteered",
    "warning",
    title="A tool writes, and no argument names what it changes",
    why="What it changes is not traced to the user: a stranger's text can change anything that the"
    " tool reaches.",
    now="Give the argument that names what is changed the role `target`. If each call makes"
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
    title="A tool executes, and no argument has the role `code`",
    why="No bound applies to what is run: `bounds.code` of an intent needs the role.",
    now="Give the argument that is run the role `code`. If a fixed program is run, give the"
    " argument that chooses it the role `target`, and say so in a comment.",
)
def code_unnamed(deployment: Deployment) -> Iterator[Place]:
    """Tools that execute, take arguments, and have none of the role code."""
    for name, tool in deployment.tools.items():
        roles = {argument.role for argument in tool.arguments.values()}
        if "execute" in tool.effects and roles and "code" not in roles:
            yield Place(
                "tools", (name, "arguments"), f"`{name}` executes, and no argument of it is code"
            )


@check(
    "steering.credential_required",
    "error",
    title="A required argument is a credential",
    why="No agent passes a secret: each call of the tool is denied (`secret.not_for_agents`).",
    now="If the tool signs in with it, remove the argument, and set `credential` of the tool. If"
    " the user states it for this one action, such as a one-time code, set its `role` to `target`.",
)
def credential_required(deployment: Deployment) -> Iterator[Place]:
    """Required arguments of the role credential, which no call may have."""
    for name, tool in deployment.tools.items():
        for pattern, argument in tool.arguments.items():
            if argument.role == "credential" and argument.required:
                yield Place(
                    "tools",
                    (name, "arguments", pattern, "role"),
                    f"`{pattern}` of `{name}` is a credential, and each call must have it",
                )


CHECKS: tuple[Check, ...] = (
    no_destination,
    delegate_unaddressed,
    address_without_role,
    role_unset,
    address_as_content,
    nothing_steers,
    write_unsteered,
    code_unnamed,
    credential_required,
)
