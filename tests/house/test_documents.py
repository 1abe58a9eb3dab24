"""The documents: that they lead somewhere, name what exists, and say of every block what it is."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from urllib.parse import unquote

import pytest
from tests.documents import DOCUMENTS, ROOT, blocks

from inbounds.dev.deployment import FIELDS
from inbounds.model import deployment, question
from inbounds.pep import telemetry

WRITTEN = [path for path in DOCUMENTS if "docs/rules/" not in path.as_posix()]
OPERATORS = ROOT / "docs" / "operators.md"
DEPLOYMENT = ROOT / "docs" / "deployment.md"

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([a-z_]+(?:\.[a-z_]+)+)`")
_WALKED = {
    "README.md": "tests/integration/test_readme.py",
    "docs/agent-authors.md": "tests/integration/test_agent_authors.py",
    "docs/approvals.md": "tests/integration/test_approvals_document.py",
    "docs/deployment.md": "tests/integration/test_operators.py",
    "docs/delegation.md": "tests/integration/test_delegation_document.py",
    "docs/flow.md": "tests/integration/test_flow_document.py",
    "docs/identity.md": "tests/integration/test_identity_document.py",
    "docs/issuer.md": "tests/integration/test_issuer_document.py",
    "docs/keycloak.md": "tests/servers/test_keycloak.py",
    "docs/intents.md": "tests/integration/test_intents.py",
    "docs/leases.md": "tests/servers/test_openbao.py",
    "docs/peers.md": "tests/integration/test_peers_document.py",
    "docs/policy-authors.md": "tests/integration/test_policy_authors.py",
    "docs/mcp-proxy.md": "tests/integrations/mcp/proxy/test_document.py",
    "docs/operators.md": "tests/integration/test_operators.py",
    "docs/registry.md": "tests/integration/test_registry_document.py",
    "docs/spire.md": "tests/servers/test_spire.py",
    "docs/templates.md": "tests/integration/test_templates.py",
    "docs/containers.md": "tests/integration/containers/test_document.py",
}
"""Which documents a test walks through, and which test."""

_MERGE_MARK = re.compile(r"^(?:<{7}|>{7}|={7}$|\|{7}) ?", re.MULTILINE)

for _page in sorted((ROOT / "docs" / "integrations").glob("*.md")):
    if _page.stem != "README":
        _WALKED[_page.relative_to(ROOT).as_posix()] = (
            f"tests/integrations/{_page.stem}/test_document.py"
        )


def _prose(path):
    """A document without its blocks."""
    return re.sub(r"(?ms)^ *```.*?^ *```[ \t]*$", "", path.read_text("utf-8"))


@cache
def _anchors(path):
    """The anchors of a document's headings, as GitHub makes them."""
    heads = re.findall(r"(?m)^#+ (.+)$", _prose(path))
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def _wrong(documents, faults):
    """The faults of each document that has any, by its name."""
    assert documents
    found = {path.relative_to(ROOT).as_posix(): list(faults(path)) for path in documents}
    return {name: faults for name, faults in found.items() if faults}


def test_every_link_leads_somewhere():
    assert _wrong(DOCUMENTS, _broken_links) == {}


def _broken_links(path):
    """The links of a document that lead nowhere, or out of the checkout."""
    for link in _LINK.findall(_prose(path)):
        if link.startswith("https://"):
            continue
        place, _, anchor = unquote(link).partition("#")
        target = (path.parent / place).resolve() if place else path
        there = target.is_relative_to(ROOT) and target.exists()
        if not there or (anchor and anchor not in _anchors(target)):
            yield link


def test_no_document_knows_the_machine_it_was_written_on():
    assert _wrong(WRITTEN, _of_a_machine) == {}


def _of_a_machine(path):
    """The paths and hosts in a document that are of one machine or organization."""
    text = path.read_text("utf-8")
    yield from re.findall(r"(?:/work|/root|/tmp|/home|/Users)/[\w.-]+", _but_examples(text))
    hosts = set(re.findall(r"https?://([^/\s\"'`)>\]]+)", text))
    public = {
        "github.com",
        "keepachangelog.com",
        "semver.org",
        "www.apache.org",
        "www.openpolicyagent.org",
        "openid.net",
        "www.rfc-editor.org",
        "datatracker.ietf.org",
        "a2a-protocol.org",
        "sts.eu-central-1.amazonaws.com",
    }
    # What the URLs of this decision name is what it is about.
    if "url-library" not in path.name:
        yield from (host for host in hosts - public if not _for_examples(host.rsplit(":", 1)[0]))


def _for_examples(host):
    """Whether nobody can own a host: RFC 2606, loopback, or a bare name of a local network."""
    return host.endswith((".example", ".invalid", "localhost")) or host in (
        "…",
        "127.0.0.1",
        "opa",
        "collector",
    )


def _but_examples(text):
    """Without what stands for an agent's own files: the demonstration's, and the fixtures'."""
    return re.sub(r"/home/alice/|/work/(?:notes|secrets|hr)\b", "", text)


@cache
def _codes():
    """Every code a document may name: of rules, of errors, of refusals to issue, of bundles."""
    catalogue = json.loads((ROOT / "rego/inbounds/catalogue/data.json").read_text("utf-8"))
    whole = catalogue.get("inbounds", {}).get("catalogue", catalogue)
    rules = {code for kind in whole.values() for code in kind}
    found = set()
    sources = [*(ROOT / "sdk").rglob("*.py"), *(ROOT / "rego").rglob("*.rego")]
    for path in sources:
        if "_assets" not in path.parts:
            found |= set(re.findall(r'"([a-z_]+(?:\.[a-z_]+)+)"', path.read_text("utf-8")))
    return rules, found


def test_every_code_that_is_named_exists():
    assert _wrong(WRITTEN, _unknown_codes) == {}


def _unknown_codes(path):
    """The words of a document that have the form of a code and are none."""
    rules, said = _codes()
    categories = {code.split(".")[0] for code in rules}
    for word in _CODE.findall(_prose(path)):
        first = word.split(".")[0]
        code = first in categories and word.count(".") == 1 and not _is_something_else(word)
        if code and word not in rules | said:
            yield word


def _is_something_else(word):
    """Whether a word with a dot in it is a member of the SDK's, a file or a file's member."""
    first, second = word.split(".")
    if second in ("yaml", "json", "md", "py", "rego", "pem", "pub", "token", "sqlite"):
        return True
    members = {"task": "Task", "session": "SessionState", "data": "LiveRoot", "identity": ""}
    if first == "task":
        from inbounds import Task

        return hasattr(Task, second)
    return first == "data" and (ROOT / "rego/inbounds").exists() and second in _ROOTS.union(members)


_ROOTS = frozenset({"inbounds", "site", "deployment", "live"})


def test_every_block_says_what_it_is_and_is_taken():
    assert _wrong(WRITTEN, _blocks_not_taken) == {}


def _blocks_not_taken(path):
    """What is wrong with the blocks of a document."""
    name = path.relative_to(ROOT).as_posix()
    walked = name in _WALKED
    for block in blocks(path):
        if not block.word:
            yield f"{block} does not say what it is; see tests/documents.py"
        elif block.word == "picture":
            if block.language not in ("text", "json"):
                yield f"{block} could be run, and is a picture"
        elif block.word == "make":
            yield from (
                f"{block}: {line}"
                for line in block.text.splitlines()
                if not line.startswith("make ")
            )
        elif block.word == "traps":
            if name != "docs/policy-authors.md":
                yield f"{block} is tried by no test"
        elif not walked:
            yield f"{block} is walked through by no test"
    if walked and not (ROOT / _WALKED[name]).exists():
        yield f"{_WALKED[name]} is not there"


def _targets():
    text = (ROOT / "Makefile").read_text("utf-8")
    return set(re.findall(r"(?m)^([a-z-]+):", text))


def test_every_target_of_make_that_is_named_exists():
    targets = _targets()

    def unknown(path):
        return set(re.findall(r"(?m)^make ([a-z-]+)", "\n".join(_spoken(path)))) - targets

    assert _wrong(WRITTEN, unknown) == {}


def _spoken(path):
    """What stands in backticks, and in blocks of targets."""
    yield from re.findall(r"`([^`\n]+)`", _prose(path))
    yield from (block.text for block in blocks(path) if block.word == "make")


@pytest.mark.system
def test_make_would_do_what_the_documents_say():
    targets = sorted(
        {
            t
            for path in WRITTEN
            for b in blocks(path)
            if b.word == "make"
            for t in re.findall(r"(?m)^make ([a-z-]+)", b.text)
        }
    )
    assert {"demo", "test"} <= set(targets)
    for target in targets:
        done = subprocess.run(
            ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


# --- what is told of the deployment and of telemetry ---------------------------------------


def _section(path, heading):
    text = path.read_text("utf-8")
    found = re.search(rf"(?ms)^(#+) `?{re.escape(heading)}`?.*?$(.*?)(?=^#{{1,3}} |\Z)", text)
    assert found, f"{path.name} has no section {heading}"
    return found[2]


@pytest.mark.parametrize("field", FIELDS)
def test_every_file_of_a_deployment_is_told_with_all_its_members(field):
    section = _section(DEPLOYMENT, f"{field}.yaml")
    for model in _models_of(deployment.Deployment.model_fields[field].annotation):
        for member in model.model_fields:
            assert re.search(rf"`{member}`|\b{member}:", section), f"{field}.yaml: {member}"


def _models_of(annotation):
    """The models in an annotation, and those in their members."""
    if isinstance(annotation, type) and issubclass(annotation, question._Closed):
        yield annotation
        for inner in annotation.model_fields.values():
            yield from _models_of(inner.annotation)
        return
    for inner in getattr(annotation, "__args__", ()):
        yield from _models_of(inner)


def test_telemetry_is_told_by_its_names_and_no_others():
    section = _section(OPERATORS, "Telemetry")
    told = set(re.findall(r"`((?:inbounds|gen_ai|opa|security_rule|error)\.[a-z_.]+)`", section))
    signals = {
        telemetry.EVENT,
        telemetry.DURATION,
        telemetry.DECISIONS,
        telemetry.PDP_ERRORS,
    }
    functions = {"inbounds.pep.telemetry.configure"}
    assert told - functions == set(telemetry.NAMES.values()) | signals


def test_no_text_holds_the_marks_of_a_merge():
    """
    Programs and policies do not parse with them, documents and cases may.
    """
    folders = ("docs", "tests/cases", "evaluation", "deployment", "demo", "constraints")
    texts = [*ROOT.glob("*.md"), *ROOT.glob("*.toml"), ROOT / "Makefile"]
    for folder in folders:
        for end in ("md", "yaml", "txt", "json"):
            texts += (ROOT / folder).rglob(f"*.{end}")

    assert len(texts) > 200
    assert [] == [
        path.relative_to(ROOT).as_posix()
        for path in texts
        if _MERGE_MARK.search(path.read_text("utf-8"))
    ]
