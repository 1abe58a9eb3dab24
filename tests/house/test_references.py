"""Every path that a rule reads exists in the models.

OPA types plain nested objects against schemas, and neither maps, nor nullable objects, nor
verified claims: a misspelt `tools[name].effcts` would be undefined in silence. So every
reference in the policy's syntax trees is walked here against the pydantic models.
"""

import json
import subprocess
import types
import typing

import pytest
from pydantic import BaseModel
from tests.engines import RULES, opa_binary

from inbounds.model import claims, delegation, deployment, question, token_claims, whole_question
from inbounds.pep import evaluation

pytestmark = pytest.mark.system

CLAIMS_BESIDES = {"nbf", "jti"}
"""Registered claims (RFC 7519) that a token may carry and no model requires."""

ROOTS = {
    ("data", "deployment"): deployment.Deployment,
    ("data", "live"): deployment.LiveRoot,
    ("data", "inbounds", "lib", "task", "claims"): token_claims.TaskClaims,
    ("data", "inbounds", "lib", "task", "authority"): claims.Authority,
    ("data", "inbounds", "lib", "task", "granted"): claims.Authority,
    ("data", "inbounds", "lib", "task_token", "claims"): token_claims.TaskClaims,
    ("data", "inbounds", "lib", "task_token", "verified", "claims"): token_claims.TaskClaims,
    ("data", "inbounds", "lib", "delegation", "last", "claims"): token_claims.ChildClaims,
    ("data", "inbounds", "lib", "delegation", "last", "authority"): claims.Authority,
    ("data", "inbounds", "lib", "task", "verified", "claims"): token_claims.TaskClaims,
    ("data", "inbounds", "lib", "task", "verified", "issuer"): deployment.Issuer,
    ("data", "inbounds", "lib", "identity", "claims"): token_claims.IdentityClaims,
    ("data", "inbounds", "lib", "identity", "verified", "claims"): token_claims.IdentityClaims,
    ("data", "inbounds", "lib", "identity", "verified", "issuer"): deployment.Issuer,
    ("data", "inbounds", "lib", "subject_token", "verified", "issuer"): deployment.Issuer,
    ("data", "inbounds", "lib", "agents", "entry"): deployment.Agent,
    ("data", "inbounds", "lib", "tools", "entry"): question.Tool,
    ("data", "inbounds", "lib", "live", "head"): deployment.LiveHead,
}
INPUTS = {
    "inbounds.registry": whole_question.RegistryQuestion,
    "inbounds.lib.shape.registry": whole_question.RegistryQuestion,
    "inbounds.evaluation": evaluation.EvaluationQuestion,
    "inbounds.issuance": claims.IssuanceQuestion,
    "inbounds.delegation": delegation.DelegationQuestion,
    "inbounds.lib.shape.issuance": claims.IssuanceQuestion,
    "inbounds.issuer": delegation.RenewalQuestion,
    "inbounds.lib.subject_token": delegation.IssuerQuestion,
}
SOURCES = [
    path
    for path in sorted((RULES / "inbounds").rglob("*.rego"))
    if not path.name.endswith("_test.rego")
]


class Anything:
    """A place where the models say nothing more: whatever is below is allowed."""


def step(shape, word):
    """The shape one step below, or None where there is no such place. `word` None is a variable."""
    origin = typing.get_origin(shape)
    if origin is typing.Annotated:
        return step(typing.get_args(shape)[0], word)
    if origin in (list, tuple):
        return typing.get_args(shape)[0] if word is None or isinstance(word, int) else None
    if origin is dict:
        return typing.get_args(shape)[1]
    if origin in (typing.Union, types.UnionType):
        below = [found for part in typing.get_args(shape) if (found := step(part, word))]
        return below[0] if below else None
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        if word is None:
            return Anything
        if word in shape.model_fields:
            field = shape.model_fields[word]
            return field.annotation
        if (
            shape in (token_claims.TaskClaims, token_claims.IdentityClaims)
            and word in CLAIMS_BESIDES
        ):
            return Anything
        return None
    if shape is Anything or "JsonValue" in str(shape):
        return Anything
    return None


def unknown(shape, words):
    """The first word of a path that the shape does not know, or ""."""
    for word in words:
        shape = step(shape, word)
        if shape is None:
            return str(word)
    return ""


def parsed(sources):
    """The syntax tree of each source, by the same names; OPA is started once for all."""
    query = "{name: rego.parse_module(name, text) | some name, text in input}"
    command = [opa_binary(), "eval", "--stdin-input", "--format", "json", "--fail", query]
    said = subprocess.run(
        command, input=json.dumps(sources).encode(), check=True, capture_output=True
    ).stdout
    trees = json.loads(said)["result"][0]["expressions"][0]["value"]
    # What does not parse would be left out in silence.
    assert trees.keys() == sources.keys(), sorted(sources.keys() - trees.keys())
    return trees


def words_of(terms):
    """A reference's steps: texts and numbers as they are, anything else as None."""
    return [term["value"] if term["type"] in ("string", "number") else None for term in terms]


def references(tree, names):
    """Yield every reference of a tree as a full path, `object.get` and `object.keys` included."""
    if isinstance(tree, list):
        for inner in tree:
            yield from references(inner, names)
        return
    if not isinstance(tree, dict):
        return
    if tree.get("type") == "ref":
        head, *rest = tree["value"]
        if head["type"] == "var":
            yield (*names.get(head["value"], (head["value"],)), *words_of(rest))
    if tree.get("type") == "call":
        yield from looked_up(tree["value"], names)
    if isinstance(tree.get("terms"), list):
        yield from looked_up(tree["terms"], names)
    for inner in tree.values():
        yield from references(inner, names)


def looked_up(terms, names):
    """Yield the path that an `object.get` with a constant path reads."""
    name = terms[0]["value"]
    if not isinstance(name, list) or [term["value"] for term in name] != ["object", "get"]:
        return
    source, path = terms[1], terms[2]
    if source["type"] == "ref":
        head, *rest = source["value"]
    elif source["type"] == "var":
        head, rest = source, []
    else:
        return
    base = (*names.get(head["value"], (head["value"],)), *words_of(rest))
    if path["type"] == "array":
        yield (*base, *words_of(path["value"]))
    elif path["type"] == "string":
        yield (*base, path["value"])


def faults(tree):
    """Yield every reference of a module that the models do not know."""
    package = ".".join(term["value"] for term in tree["package"]["path"][1:])
    names = {}
    for imported in tree.get("imports", []):
        path = tuple(term["value"] for term in imported["path"]["value"])
        names[imported.get("alias") or path[-1]] = path
    # What a library defines itself is known by its bare name there.
    for root in ROOTS:
        if root[:-1] == ("data", *package.split(".")):
            names.setdefault(root[-1], root)
    for path in references(tree.get("rules", []), names):
        if path[0] == "input":
            shape, rest = INPUTS.get(package, whole_question.Question), path[1:]
        else:
            root = next((r for r in ROOTS if path[: len(r)] == r), None)
            if root is None:
                continue
            shape, rest = ROOTS[root], path[len(root) :]
        if word := unknown(shape, rest):
            yield f"{'.'.join('*' if s is None else str(s) for s in path)}: no `{word}`"


def test_every_reference_exists():
    """
    A source reads nothing that the models do not have.
    """
    sources = {path.relative_to(RULES).as_posix(): path.read_text("utf-8") for path in SOURCES}

    assert sources
    found = {name: sorted(set(faults(tree))) for name, tree in parsed(sources).items()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_a_misspelt_reference_is_found():
    """
    The walk finds a misspelt step, whatever it stands in.
    """
    bodies = (
        'input.action.nmae == "x"',
        "input.context.session.spent.cals > 0",
        "data.deployment.tools[input.action.name].effcts",
        'data.live.now.endd["x"]',
        "data.deployment.agents[x].manifest.tool if { some x }",
        "task.claims.tenat",
        "task.authority.efects",
        "identity.verified.issuer.kinds",
        'object.get(tools.entry, ["returns", "lable"], "")',
        'object.get(task.claims, "tenat", "")',
    )
    sources = {
        body: "package inbounds.rules.x.y\n"
        "import data.inbounds.lib.identity\n"
        "import data.inbounds.lib.task\n"
        "import data.inbounds.lib.tools\n"
        f"ruled_out if {{\n\tx := 1\n\t{body.split(' if ')[0]}\n}}\n"
        for body in bodies
    }

    found = {body: len(set(faults(tree))) for body, tree in parsed(sources).items()}
    assert found == dict.fromkeys(bodies, 1)
