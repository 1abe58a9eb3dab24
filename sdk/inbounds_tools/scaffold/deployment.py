"""The text of a deployment's first files: what each says, and what a person has to set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inbounds.model.question import Argument, Effect
from inbounds_tools.effects import QUESTIONS
from inbounds_tools.lint.arguments import may_be_absent

from .arguments import Leaf
from .insertion import comment, flow, plain
from .tool import DraftTool

LABELS = ("public", "internal", "confidential", "secret")
"""The labels of a draft, lowest first."""
LABEL = "internal"
"""How sensitive a draft supposes things to be."""
DRAFTED: tuple[Effect, ...] = ("read", "write", "export")
"""The effects that a draft gives to the agent and to the group."""
_ABSENT = "set `absent`: none or any"
"""The note at an argument that steers and may be left out."""
_QUESTIONS = (
    "  # Each question that is answered with yes, for any call, gives the effect before it:",
    *(f"  #   {each.result:<10}  {each.text}" for each in QUESTIONS),
)
"""The questions at the effects of a draft; a person removes them with the answer."""
_GROUP = "staff"
_DESTINATION = "own_domain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Who and what a draft is about.

    Attributes:
        subjects: The ids of the users, the agent's owner first.
        agent: The SPIFFE ID of the one agent.
        tenant, environment, pep: Where and behind what it acts.
        intents: The names of the intents.
        audience: Who the tokens are made for.
    """

    subjects: tuple[str, ...]
    agent: str
    tenant: str
    environment: str
    pep: str
    intents: tuple[str, ...]
    audience: str

    @property
    def where(self) -> dict[str, str]:
        """Whose the resources are and where they live."""
        return {"tenant": self.tenant, "environment": self.environment}


def drafted(
    names: Names,
    tools: Sequence[DraftTool],
    issued: Mapping[str, Any],
    at: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the text of every file of a deployment, by name.

    Args:
        names: Who and what it is about.
        tools: What to register.
        issued: `issuers` and `feed`: the public keys that count.
        at: Where the MCP servers run that the tools are of, by name.
    """
    types = sorted({tool.resource for tool in tools})
    return {
        "settings.yaml": _settings(names),
        "tools.yaml": _TOOLS + "".join(f"\n{block(tool, where=names.where)}" for tool in tools),
        **({"servers.yaml": _SERVERS + servers(at)} if at else {}),
        "agents.yaml": _agents(names, tools),
        "subjects.yaml": _subjects(names),
        "groups.yaml": _groups(names),
        "intents.yaml": _intents(names, tools, types),
        "labels.yaml": _labels(types),
        "destinations.yaml": _destinations(names),
        "issuers.yaml": _ISSUERS + _nested(issued["issuers"]),
        "feed.yaml": _FEED + _nested(issued["feed"]),
        "peps.yaml": _peps(names),
        "environments.yaml": _environments(names),
    }


def block(tool: DraftTool, *, where: Mapping[str, str], label: str = LABEL) -> str:
    """Return a tool as an entry of `tools.yaml`.

    Args:
        tool: What is known of it.
        where: The `tenant` and the `environment` of what it touches, as far as it is of one.
        label: Its result is no more sensitive than this.
    """
    lines = [comment(said) for said in tool.remarks]
    lines += [comment(f"a person has to decide: {note}") for note in tool.notes]
    guess = "  # guess: its type is not written in `resource=`" if tool.guessed else ""
    lines += [f"{plain(tool.name)}:"]
    if tool.description:
        lines += [f"  description: {flow(tool.description)}"]
    lines += [
        *_QUESTIONS,
        "  effects: []  # set these; until then every call is denied",
        '  reversible: unknown  # set "yes" or "no", unless it only reads, exports or delegates',
        f"  resource: {plain(tool.resource)}{guess}",
        *(f"  {member}: {plain(value)}" for member, value in where.items()),
    ]
    lines += ["  arguments:" if tool.leaves else "  arguments: {}"]
    for leaf in tool.leaves:
        said = "; ".join(
            note for note in (leaf.note, _ABSENT if _may_be_absent(leaf) else "") if note
        )
        note = f"  {comment(said)}" if said else ""
        lines += [f"    {plain(leaf.pattern)}: {flow(dict(leaf.members))}{note}"]
    lines += [
        f"  returns: {{label: {plain(label)}, party: third}}  # guess: no more sensitive than this"
    ]
    if tool.pin:
        lines += [f"  pin: {plain(tool.pin)}"]
    return "\n".join(lines) + "\n"


def _may_be_absent(leaf: Leaf) -> bool:
    return may_be_absent(leaf.pattern, Argument.model_validate(dict(leaf.members)))


def servers(at: Mapping[str, str]) -> str:
    """Return entries of `servers.yaml`: the names of servers, and where each may run."""
    return "".join(f"{plain(name)}:\n  at: {flow([place])}\n" for name, place in at.items())


_TOOLS = """\
# What each tool does and takes. A tool that is not here cannot be called, and an argument that
# is not here cannot be given. `inbounds init` adds tools that it finds; it changes nothing else.
#
# effects      Everything that a call does to the world. Only a person can know it; a tool with
#              `effects: []` is denied. A tool can have several, such as [read, export]: one for
#              each question at its entry that is answered with yes. docs/registry.md has examples.
#              A call also needs each of them in `manifest.effects` of agents.yaml, in groups.yaml
#              or subjects.yaml, and in the intent in intents.yaml.
# reversible   Whether a call can be undone: "yes" or "no". Required for every tool that writes,
#              deletes, executes, spends or administers; such a tool is denied until it is set.
# resource     The type of what a call touches, as `resource=` of the tool says it.
# tenant, environment   Whose that is and where it lives. Leave one out where the resource says it.
# arguments    By JSON Pointer; `*` is any index of a list. For each, where it applies:
#                type      string (when left out), integer, number, boolean
#                kind      email url host path iban id date money phone text: put in one form
#                role      recipient target amount query code content credential
#                resource  The type of what a target names, where it is not that of the tool.
#                absent    Where a call that acts leaves out a recipient, target, amount, code or
#                          credential: none (nothing of that kind is done) or any (the tool
#                          chooses: everybody, a default).
#                required, nullable, one_of, minimum, maximum, pattern, path_prefixes, hosts,
#                max_length
# returns      The most sensitive label it may return, and whether the data is our own (`first`)
#              or may hold what a stranger wrote (`third`).
# recursive    Set false if a call touches exactly the path or id that it names, such as reading
#              one file. Any other tool is denied a folder that contains a place of `secrets` or
#              `control_plane` in settings.yaml.
# resource_argument   Which argument names the resource, as `/path`, or `none`. Left out, it is the
#              one with the role target and the kind id or path, and the two must agree.
# destinations Where data goes that no argument names, from destinations.yaml.
# notify       Whom to tell of every call.
"""

_SERVERS = """\
# The MCP servers whose tools agents may call. The names of a server's tools begin with its own;
# `at` is where it may run: URLs, or command lines as a shell would be given them.

"""

_ISSUERS = """\
# Whose signature counts, and for what. This one signs on a developer's machine, so the policy
# takes it in environments that environments.yaml marks as development, and nowhere else. Keys
# are public ones (JWK) by `kid`; the private ones are in the state folder, `.inbounds/issuer`.
"""

_FEED = """\
# The public keys that sign the revocation feed: what has been ended, revoked or stopped.
"""


def _settings(names: Names) -> str:
    return f"""\
# What holds for the deployment as a whole.

audience: {plain(names.audience)}  # whom tokens are made for; others are refused

# Resources that are this control itself, which no agent may change, and secrets, which no agent
# may touch. By type, and where it helps by prefixes of the id:
#   - {{type: file, prefixes: [/etc/inbounds/]}}
control_plane: []
secrets: []

# Effects that a tool has only with a credential that is leased for the task (docs/leases.md). For
# production: [write, delete, export, execute, spend, administer]. Reads and the rest go without.
leases: []

# Who may push the revocation feed to an OPA: names with the SHA-256 of their bearer tokens.
feed_writers: {{}}
"""


def _agents(names: Names, tools: Sequence[DraftTool]) -> str:
    return f"""\
# The agents, by SPIFFE ID. One that is not here can do nothing.

{plain(names.agent)}:
  owner: {plain(names.subjects[0])}  # who answers for it
  state: active  # or suspended, retired
  clearance: {LABEL}  # the highest label it may see
  tenants: [{plain(names.tenant)}]
  manifest:  # what it was built to do: it is never given more
    effects: {flow(DRAFTED)}  # add every other effect of its tools
    tools:{_listed((tool.name for tool in tools), 6)}
"""


def _subjects(names: Names) -> str:
    users = "\n".join(f"{plain(subject)}:\n  groups: [{_GROUP}]\n" for subject in names.subjects)
    return f"""\
# The users on whose authority an agent works. It never has more rights than they have.

{users}"""


def _groups(names: Names) -> str:
    return f"""\
# What the members of a group are entitled to; a subject has what its groups have.

{_GROUP}:
  effects: {flow(DRAFTED)}  # add every other effect that they are entitled to
  tools: ["*"]  # every registered tool
  clearance: {LABEL}
  tenants: [{plain(names.tenant)}]
"""


def _intents(names: Names, tools: Sequence[DraftTool], types: Sequence[str]) -> str:
    intents = "\n".join(_intent(name, tools, types) for name in names.intents)
    return f"""\
# What a user can ask for. A task has the effects, tools and resources of its intent, and no
# others, however its agent was talked into wanting them. What else an intent may say:
#
# resources    Effects of one type, where they are fewer: {{type: mail, effects: [read]}}
# bounds       What arguments of a role may be, or the call is denied:
#                recipient: {{origins: [prompt, first_party, quoted], domains: [example.com]}}
#                amount: {{up_to: 50000}}
# budgets      How often, and how much is sent: {{calls: 100, writes: 20, exports: 5, bytes: 50000}}
# windows      When: [{{start: 2027-01-04T08:00:00Z, end: 2027-01-08T18:00:00Z}}]
# words        Which words of a prompt ask for what, for `inbounds intent draft "…"`:
#                - {{resource: mail, effects: [export], words: [send, reply, forward]}}
#                - {{resource: mail, effects: [delete], words: [delete mail, throw away]}}
# delegated    What a record may ask for that the user names ("do what the letter says"):
#                - {{type: mail, effects: [export]}}

{intents}"""


def _intent(name: str, tools: Sequence[DraftTool], types: Sequence[str]) -> str:
    resources = "".join(f"\n    - {{type: {plain(kind)}}}" for kind in types)
    return f"""\
{plain(name)}:
  description: ""
  effects: [read]  # add every other effect that a user asks for with this, such as export
  label: {LABEL}  # the highest label it reaches up to
  tools:{_listed((tool.name for tool in tools), 4)}
  resources:{resources or " []"}  # `prefixes: [inbox/]` narrows one to ids that begin so
  destinations: []  # where data may be sent, from destinations.yaml: nowhere
  seconds: 3600
"""


def _labels(types: Sequence[str]) -> str:
    resources = "".join(f"  {plain(kind)}: {{label: {LABEL}}}\n" for kind in types)
    return f"""\
# How sensitive data can be, lowest first, and what each type of resource is. A type that is not
# here has the highest label. `prefixes: {{board/: secret}}` labels ids that begin so.

order: {flow(LABELS)}
resources:  # a guess for each
{resources}"""


def _destinations(names: Names) -> str:
    first = names.subjects[0]
    domain = first.rpartition("@")[2] if "@" in first else "example.com"
    return f"""\
# Where data may be sent, for intents to name: mail domains, whole addresses, hosts.

{_DESTINATION}:
  domains: [{plain(domain.lower())}]
"""


def _peps(names: Names) -> str:
    return f"""\
# Who may ask the policy: the programs that stop an agent's actions. One that asks an OPA server
# has a bearer token; its SHA-256 goes here: printf %s "$TOKEN" | sha256sum

{plain(names.pep)}:
  tenants: [{plain(names.tenant)}]
  environments: [{plain(names.environment)}]
  obligations: [notify, redact, strip, mask, truncate]  # what it can be obliged to do
  token_sha256: []
"""


def _environments(names: Names) -> str:
    return f"""\
# Where resources live. Only a development environment takes tokens of a development issuer.
# `freezes` are times in which calls with one of these effects are denied:
#   freezes: [{{start: 2027-01-01T00:00:00Z, end: 2027-01-08T00:00:00Z, effects: [write, delete]}}]

{plain(names.environment)}:
  development: true
"""


def _listed(words: Iterable[str], indent: int) -> str:
    lines = [f"\n{' ' * indent}- {plain(word)}" for word in words]
    return "".join(lines) or " []"


def _nested(value: Mapping[str, Any], depth: int = 0) -> str:
    """A mapping in block style down to what is not a mapping, keys (JWK) on one line each."""
    lines = "" if depth else "\n"
    for key, inner in value.items():
        if isinstance(inner, Mapping) and "kty" not in inner:
            lines += f"{'  ' * depth}{plain(key)}:\n{_nested(inner, depth + 1)}"
        else:
            lines += f"{'  ' * depth}{plain(key)}: {flow(inner)}\n"
    return lines
