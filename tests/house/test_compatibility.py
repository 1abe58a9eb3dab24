"""What was released stays: what the committed schemas took, they take."""

from __future__ import annotations

import json
import re
import sys

import pytest
from tests.documents import ROOT

from inbounds.pdp import opa_version
from tools import public

RELEASED = ROOT / "tests" / "house" / "released"
PAGE = (ROOT / "docs" / "compatibility.md").read_text("utf-8")


def read(path):
    return json.loads(path.read_text("utf-8"))


def narrowed(before, after, old, new, path=""):
    """Yield where a schema takes less than it took."""
    old, new = resolved(before, old), resolved(after, new)
    if "enum" in old and set(old["enum"]) - set(new.get("enum", old["enum"])):
        yield f"{path}: a value less"
    if old.get("type") != new.get("type") or ("enum" in new and "enum" not in old):
        yield f"{path}: another type"
    for name in set(new.get("required", ())) - set(old.get("required", ())):
        yield f"{path}/{name}: is required"
    for name, inner in old.get("properties", {}).items():
        if name in new.get("properties", {}):
            yield from narrowed(before, after, inner, new["properties"][name], f"{path}/{name}")
        elif new.get("additionalProperties") is not True:
            # A map that is open takes it all the same.
            yield f"{path}/{name}: is gone"
    for key in ("items", "additionalProperties"):
        if isinstance(old.get(key), dict):
            inner = new.get(key)
            if isinstance(inner, dict):
                yield from narrowed(before, after, old[key], inner, f"{path}/*")
            else:
                yield f"{path}/*: is gone"
    yield from bounded(old, new, path)


def bounded(old, new, path):
    """Yield the bounds that are narrower than they were."""
    for key, less in (("minimum", 1), ("minLength", 1), ("maximum", -1), ("maxLength", -1)):
        if key in new and (key not in old or (new[key] - old[key]) * less > 0):
            yield f"{path}: a narrower {key}"


def resolved(schema, part):
    if "$ref" not in part:
        return part
    found = schema
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


@pytest.mark.parametrize("name", ["deployment", "question", "answer"])
def test_a_schema_takes_what_the_released_one_took(name):
    before, after = read(RELEASED / f"{name}.json"), read(ROOT / "schemas" / f"{name}.json")

    assert [*narrowed(before, after, before, after)] == []


def test_a_version_of_the_question_keeps_its_shape():
    """
    A member more is a further version: policies of this one would refuse it.
    """
    before, after = read(RELEASED / "question.json"), read(ROOT / "schemas" / "question.json")

    assert [*narrowed(after, before, after, before)] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["properties"].pop("tools"), "/tools: is gone"),
        (lambda d: d["required"].append("tools"), "/tools: is required"),
        (lambda d: d["properties"].update(budgets={"type": "array"}), "/budgets: another type"),
        (
            lambda d: d["$defs"]["Tool"]["properties"].pop("notify"),
            "/tools/*/notify: is gone",
        ),
        (
            lambda d: d["$defs"]["Tool"]["properties"]["effects"]["items"]["enum"].remove("spend"),
            "/tools/*/effects/*: a value less",
        ),
        (
            lambda d: d["$defs"]["Freshness"]["properties"]["read"].update(maximum=60),
            "/feed/max_age/read: a narrower maximum",
        ),
    ],
)
def test_what_takes_less_is_seen(change, said):
    before, after = read(RELEASED / "deployment.json"), read(RELEASED / "deployment.json")
    change(after)

    assert said in [*narrowed(before, after, before, after)]


def test_every_file_of_what_users_rely_on_is_told():
    files = set(public.generated(ROOT))

    assert files == {f"docs/{name}" for name in re.findall(r"\((public/\w+\.txt)\)", PAGE)}
    assert files == {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/public").iterdir()}


def test_every_name_of_the_package_is_written_down():
    import inbounds

    text = (ROOT / "docs/public/python.txt").read_text("utf-8")
    for name in inbounds.__all__:
        assert re.search(rf"(?m)^(?:class |def )?inbounds\.{name}\b", text), name


def test_every_code_that_an_answer_can_hold_is_written_down():
    rules = read(ROOT / "rego/inbounds/catalogue/data.json")
    lines = (ROOT / "docs/public/codes.txt").read_text("utf-8").splitlines()

    assert {f"{kind} {code}" for kind, codes in rules.items() for code in codes} <= set(lines)
    assert "errors session.lost" in lines
    assert "errors bundle.tampered" in lines


def test_the_page_says_what_is_supported():
    lowest, beyond = (".".join(map(str, bound)) for bound in opa_version.SUPPORTED)
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    pinned = re.search(r"opa v([\d.]+)", (ROOT / "tools/opa/go.mod").read_text("utf-8"))

    assert f"{lowest} and later, below {beyond}" in PAGE
    assert pinned
    assert f"the pinned {pinned[1]}" in PAGE
    assert 'requires-python = ">=3.11"' in project
    assert sys.version_info[:2] >= (3, 11)
