"""The deployment: what the operator says, as YAML in one folder, one file per field.

A folder is loaded whole or not at all. A file, key or name that nobody knows is an error, since
a misspelt one would otherwise grant less, or refuse less, than its author believes.
`schema_issues` says what is wrong, and is loaded where something is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import rfc8785
import yaml
from pydantic import ValidationError

from inbounds.canonical.formats import InvalidFormat, normalize
from inbounds.canonical.strict_yaml import fault_in, strict_yaml
from inbounds.credentials import LEASE_TOOL
from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular
from inbounds.model.claims import Bounds
from inbounds.model.deployment import Deployment, SubjectEntry
from inbounds.model.question import Argument, Kind, Tool

if TYPE_CHECKING:
    from .schema_issues import SchemaIssue

FIELDS = tuple(name for name in Deployment.model_fields if name != "revision")
"""The fields of a deployment; each is the file `<field>.yaml`."""

_SHOWN = 10
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NO_DIGEST = "must be a SHA-256 in lower-case hex, 64 digits"


def load(folder: Path) -> Deployment:
    """Read a deployment from its folder.

    Args:
        folder: Holds `<field>.yaml` for some of `FIELDS`; files of notes (`.md`) may lie beside.

    Returns:
        The deployment, with its `revision`: `sha256:` and the first 12 hex digits over its
        canonical JSON.

    Raises:
        ConfigurationError: `deployment.invalid`: the message names each file and the path in it.
    """
    deployment = read(folder)
    try:
        revision = revision_of(document(deployment))
    except rfc8785.CanonicalizationError:
        raise _invalid(folder, ["a number in it is beyond 2^53 - 1, or not finite"]) from None
    return deployment.model_copy(update={"revision": revision})


def read(folder: Path, *, absent: Mapping[str, Any] | None = None) -> Deployment:
    """Read a deployment to look at, not to judge with: its `revision` says nothing.

    Args:
        folder: As `load` takes it.
        absent: What stands for fields whose files are not there, such as keys that are generated
            later.

    Raises:
        ConfigurationError: As `load` does.
    """
    given = {**(absent or {}), **{name: _read(path) for name, path in _files(folder)}}
    try:
        deployment = Deployment.model_validate(given)
    except ValidationError as error:
        from .schema_issues import schema_issues

        raise _invalid(folder, [*schema_issues(error)]) from None
    faults = [*_faults(deployment)]
    if faults:
        raise _invalid(folder, faults)
    return deployment


def document(deployment: Deployment) -> dict[str, Any]:
    """Return a deployment as the plain JSON of `data.deployment`."""
    plain: dict[str, Any] = deployment.model_dump(mode="json")
    return plain


def revision_of(plain: Mapping[str, Any]) -> str:
    """Return the revision of a deployment: `sha256:` and 12 hex digits over its canonical JSON.

    Args:
        plain: The JSON of `data.deployment`, with or without its `revision`.

    Raises:
        rfc8785.CanonicalizationError: It holds what canonical JSON cannot.
    """
    content = {name: value for name, value in plain.items() if name != "revision"}
    return f"sha256:{hashlib.sha256(rfc8785.dumps(content)).hexdigest()[:12]}"


# --- files ---------------------------------------------------------------------------------


def _files(folder: Path) -> list[tuple[str, Path]]:
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise ConfigurationError(
            f"the deployment's folder {folder.absolute()} cannot be read: {error.strerror}",
            code="deployment.missing",
            hint="`inbounds init` drafts one; INBOUNDS_DEPLOYMENT names another",
        ) from error
    known = {f"{name}.yaml" for name in FIELDS}
    faults = [
        f"{entry.name}: is not a file of a deployment{_suggestion(entry.name, known)}"
        for entry in entries
        if entry.name not in known and entry.suffix != ".md"
    ]
    if faults:
        raise _invalid(folder, faults, hint=f"known are {', '.join(sorted(known))}")
    return [(entry.stem, entry) for entry in entries if entry.name in known]


def _read(path: Path) -> Any:
    try:
        value = strict_yaml(read_regular(path)[0])
    except OSError as error:
        raise _invalid(path.parent, [f"{path.name}: {error.strerror}"]) from error
    except (yaml.YAMLError, ValueError) as error:
        raise _invalid(path.parent, [f"{path.name}: {fault_in(error)}"]) from None
    if value is None:
        raise _invalid(path.parent, [f"{path.name}: is empty; fill it or remove it"])
    return value


def _invalid(
    folder: Path, faults: Sequence[str | SchemaIssue], *, hint: str = ""
) -> ConfigurationError:
    more = len(faults) - _SHOWN
    first = [fault if isinstance(fault, str) else fault.said(folder) for fault in faults[:_SHOWN]]
    shown = [*first, *([f"and {more} more"] if more > 0 else [])]
    return ConfigurationError(
        f"the deployment in {folder} cannot be used:\n  " + "\n  ".join(shown),
        code="deployment.invalid",
        hint=hint or "fix each of these; until then none of the deployment is in force",
    )


def _fault(name: str, path: Iterable[Any], what: str) -> SchemaIssue:
    from .schema_issues import SchemaIssue

    return SchemaIssue(name, tuple(path), what)


def _suggestion(word: str, known: Iterable[str]) -> str:
    from .schema_issues import suggestion

    return suggestion(word, known)


# --- what one file says of another ---------------------------------------------------------


def _faults(deployment: Deployment) -> Iterator[SchemaIssue]:
    yield from _tools(deployment)
    yield from _credentials(deployment)
    yield from _peers(deployment)
    yield from _servers(deployment)
    yield from _holders(deployment)
    yield from _intents(deployment)
    yield from _labels(deployment)
    yield from _destinations(deployment)
    yield from _keys(deployment)
    yield from _peps(deployment)
    yield from _budgets("budgets", [], deployment.budgets)


def _budgets(name: str, path: list[Any], budgets: Mapping[str, int]) -> Iterator[SchemaIssue]:
    if not budgets:
        return
    from inbounds.model.budgets import BUDGETS, is_budget

    unknown = [budget for budget in budgets if not is_budget(budget)]
    yield from _unknown(name, path, unknown, BUDGETS)


def _unknown(
    name: str, path: Iterable[Any], used: Iterable[str], known: Iterable[str]
) -> Iterator[SchemaIssue]:
    known = [*known]
    for word in used:
        if word not in known:
            yield _fault(name, [*path, word], f"is unknown{_suggestion(word, known)}")


def _tools(deployment: Deployment) -> Iterator[SchemaIssue]:
    for name, tool in deployment.tools.items():
        at = [name]
        label = [tool.returns.label] if tool.returns.label else []
        yield from _unknown("tools", [*at, "returns.label"], label, deployment.labels.order)
        yield from _unknown(
            "tools", [*at, "destinations"], tool.destinations, deployment.destinations
        )
        environment = [tool.environment] if tool.environment else []
        yield from _unknown("tools", [*at, "environment"], environment, deployment.environments)
        yield from _arguments(name, tool)
        yield from _effects_by(name, tool)
        named = [tool.resource_argument] if tool.resource_argument not in ("", "none") else []
        yield from _unknown("tools", [name, "resource_argument"], named, tool.arguments)
        for pattern, about in tool.arguments.items():
            if about.local_part != "plain" and about.kind != "email":
                place = [name, "arguments", pattern, "local_part"]
                yield _fault("tools", place, "is for the kind `email` only")
            yield from _absent(name, pattern, about)


def _absent(name: str, pattern: str, about: Argument) -> Iterator[SchemaIssue]:
    place = [name, "arguments", pattern, "absent"]
    if about.absent and about.role not in Bounds.model_fields:
        steering = ", ".join(Bounds.model_fields)
        yield _fault("tools", place, f"is for arguments of these roles only: {steering}")
    if about.absent == "any" and "*" in pattern.removesuffix("/*"):
        yield _fault("tools", place, "must be `none` or left out within the elements of a list")


def _effects_by(name: str, tool: Tool) -> Iterator[SchemaIssue]:
    by, at = tool.effects_by, [name, "effects_by"]
    if not by.argument and not by.values:
        return
    if not by.argument or not by.values:
        missing = "values" if by.argument else "argument"
        yield _fault("tools", [*at, missing], "is missing; `effects_by` needs it")
        return
    yield from _unknown("tools", [*at, "argument"], [by.argument], tool.arguments)
    about = tool.arguments.get(by.argument)
    if about is not None and ("*" in by.argument.split("/") or about.type != "string"):
        yield _fault("tools", [*at, "argument"], "must be one argument of type `string`")
    if by.kind == "sql":
        from inbounds.canonical.sql import SqlVerb

        yield from _unknown("tools", [*at, "values"], by.values, get_args(SqlVerb))
    for value, effects in by.values.items():
        if not effects:
            yield _fault("tools", [*at, "values", value], "must name at least one effect")
        more = [effect for effect in effects if effect not in tool.effects]
        for effect in more:
            yield _fault(
                "tools", [*at, "values", value, effect], "must be among the tool's `effects`"
            )


def _credentials(deployment: Deployment) -> Iterator[SchemaIssue]:
    for name, tool in deployment.tools.items():
        needed = [tool.credential] if tool.credential else []
        yield from _unknown("tools", [name, "credential"], needed, deployment.credentials)
        if needed and name == LEASE_TOOL:
            # A lease of it could be had by nobody.
            said = "must be empty: this tool leases credentials itself"
            yield _fault("tools", [name, "credential"], said)
    for name, credential in deployment.credentials.items():
        static = credential.kind == "static"
        for field, why in (("reason", "why it is not leased"), ("until", "how long that may be")):
            said = getattr(credential, field)
            if static and not (said.strip() if isinstance(said, str) else said):
                missing = f"is missing; a static credential must say {why}"
                yield _fault("credentials", [name, field], missing)
        for field in ("effects", "reason", "until"):
            if getattr(credential, field) and not static:
                yield _fault("credentials", [name, field], "is for static credentials only")


def _peers(deployment: Deployment) -> Iterator[SchemaIssue]:
    for name, tool in deployment.tools.items():
        if tool.resource != "peer":
            continue
        at = [name, "returns"]
        theirs = "is a peer's word: it is a third party's, and holds `value` or `text`"
        if tool.returns.party != "third":
            yield _fault("tools", [*at, "party"], theirs)
        if tool.returns.titled_by:
            yield _fault(
                "tools", [*at, "titled_by"], "is for records: to name a peer is not to quote it"
            )
        for pattern, field in tool.returns.fields.items():
            if field.party != "third" or field.holds not in ("value", "text"):
                yield _fault("tools", [*at, "fields", pattern], theirs)


def _servers(deployment: Deployment) -> Iterator[SchemaIssue]:
    for name in deployment.servers:
        if "." in name:
            first = name.partition(".")[0]
            dotted = f"must not hold a dot: its tools are looked for as `{first}`"
            yield _fault("servers", [name], dotted)


def _arguments(name: str, tool: Tool) -> Iterator[SchemaIssue]:
    for pattern, argument in tool.arguments.items():
        at = [name, "arguments", pattern]
        if not pattern.startswith("/"):
            yield _fault("tools", at, f"must be a JSON Pointer, such as `/{pattern}`")
        whole = argument.kind == "money"
        if argument.kind not in ("none", "id") and whole != (argument.type == "integer"):
            wanted = "integer" if whole else "string"
            yield _fault("tools", [*at, "type"], f"`{argument.kind}` is of type `{wanted}`")
        yield from _one_form("tools", [*at, "hosts"], "host", argument.hosts)
        yield from _one_form(
            "tools",
            [*at, "path_prefixes"],
            "path",
            [prefix.removesuffix("/") or "/" for prefix in argument.path_prefixes],
        )


def _holders(deployment: Deployment) -> Iterator[SchemaIssue]:
    order = deployment.labels.order
    owners = {*deployment.subjects, *deployment.groups}
    for name, agent in deployment.agents.items():
        owner = [agent.owner] if agent.owner and agent.owner not in owners else []
        yield from _unknown("agents", [name, "owner"], owner, owners)
        yield from _unknown("agents", [name, "clearance"], [agent.clearance], order)
        yield from _unknown(
            "agents", [name, "manifest.tools"], agent.manifest.tools, deployment.tools
        )
        yield from _unknown(
            "agents", [name, "may_delegate_to"], agent.may_delegate_to, deployment.agents
        )
    for name, subject in deployment.subjects.items():
        if name in deployment.agents and subject.type != "workload":
            what = "is an agent, which is of type `workload` and never a person"
            yield _fault("subjects", [name, "type"], what)
    for field in ("groups", "subjects"):
        for name, holder in getattr(deployment, field).items():
            tools = [tool for tool in holder.tools if tool != "*"]
            yield from _unknown(field, [name, "tools"], tools, deployment.tools)
            clearance = [holder.clearance] if holder.clearance else []
            yield from _unknown(field, [name, "clearance"], clearance, order)
            if isinstance(holder, SubjectEntry):
                yield from _unknown(field, [name, "groups"], holder.groups, deployment.groups)


def _intents(deployment: Deployment) -> Iterator[SchemaIssue]:
    for name, intent in deployment.intents.items():
        yield from _unknown("intents", [name, "tools"], intent.tools, deployment.tools)
        yield from _unknown("intents", [name, "label"], [intent.label], deployment.labels.order)
        yield from _unknown(
            "intents", [name, "destinations"], intent.destinations, deployment.destinations
        )
        yield from _budgets("intents", [name, "budgets"], intent.budgets)
        types = {bound.type for bound in intent.resources}
        for place, entry in enumerate(intent.words):
            # What the intent does not have would be asked for in vain.
            at = [name, "words", place]
            yield from _unknown("intents", [*at, "resource"], [entry.resource], types)
            yield from _unknown("intents", [*at, "effects"], entry.effects, intent.effects)
        delegated = [bound.type for bound in intent.delegated]
        yield from _unknown("intents", [name, "delegated"], delegated, types)


def _labels(deployment: Deployment) -> Iterator[SchemaIssue]:
    labels = deployment.labels
    for label in {label for label in labels.order if labels.order.count(label) > 1}:
        yield _fault("labels", ["order", label], "must be listed once")
    for kind, entry in labels.resources.items():
        yield from _unknown("labels", ["resources", kind], [entry.label], labels.order)
        yield from _unknown(
            "labels", ["resources", kind, "prefixes"], entry.prefixes.values(), labels.order
        )


def _destinations(deployment: Deployment) -> Iterator[SchemaIssue]:
    for name, destination in deployment.destinations.items():
        yield from _one_form("destinations", [name, "hosts"], "host", destination.hosts)
        yield from _one_form("destinations", [name, "domains"], "host", destination.domains)


def _one_form(
    name: str, path: list[Any], kind: Kind, values: Iterable[str]
) -> Iterator[SchemaIssue]:
    """Name what no argument can ever equal, since arguments are judged in their one form."""
    for value in values:
        try:
            canonical, _ = normalize(kind, value)
        except InvalidFormat as fault:
            yield _fault(name, [*path, value], str(fault))
        else:
            if canonical != value:
                yield _fault(
                    name,
                    [*path, value],
                    f"must be written as `{canonical}`, the form in which values are judged",
                )


def _keys(deployment: Deployment) -> Iterator[SchemaIssue]:
    holders: list[tuple[str, list[Any], Mapping[str, Any]]] = [
        ("issuers", [name, "keys"], issuer.keys) for name, issuer in deployment.issuers.items()
    ]
    holders += [
        ("approvers", [name, "keys"], entry.keys) for name, entry in deployment.approvers.items()
    ]
    holders += [("peers", [name, "keys"], peer.keys) for name, peer in deployment.peers.items()]
    for name, at, keys in [*holders, ("feed", ["keys"], deployment.feed.keys)]:
        for kid, jwk in keys.items():
            if "kty" not in jwk:
                yield _fault(name, [*at, kid], "must be a JWK (RFC 7517 §4); `kty` is missing")
            if jwk.get("kty") == "oct" or "d" in jwk:
                yield _fault(name, [*at, kid], "must be a public key; found a private one")
    for name, issuer in deployment.issuers.items():
        yield from _unknown(
            "issuers", [name, "environments"], issuer.environments, deployment.environments
        )
        yield from _unknown(
            "issuers", [name, "subjects"], issuer.subjects.values(), deployment.agents
        )
        for subject, agent in issuer.subjects.items():
            from inbounds.model.spiffe import is_spiffe_id

            at = [name, "subjects", subject]
            if not is_spiffe_id(agent):
                yield _fault("issuers", at, "must name an agent by its SPIFFE ID")
            if is_spiffe_id(subject):
                yield _fault("issuers", at, "is a SPIFFE ID, which stands for its own agent")


def _peps(deployment: Deployment) -> Iterator[SchemaIssue]:
    for name, pep in deployment.peps.items():
        yield from _unknown(
            "peps", [name, "environments"], pep.environments, deployment.environments
        )
        yield from _hashes("peps", [name, "token_sha256"], pep.token_sha256)
    for name, hashes in deployment.settings.feed_writers.items():
        yield from _hashes("settings", ["feed_writers", name], hashes)


def _hashes(name: str, path: list[Any], hashes: Iterable[str]) -> Iterator[SchemaIssue]:
    for place, text in enumerate(hashes):
        if not _SHA256.fullmatch(text):
            from .schema_issues import PLACEHOLDER, is_placeholder

            # Not quoted: it may be the token itself.
            said = PLACEHOLDER if is_placeholder(text) else _NO_DIGEST
            yield _fault(name, [*path, place], said)
