"""What a decision costs does not rise unseen: it is counted, and compared with what is kept."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from bench.cost import counts
from bench.cost.engines import ModuleMeter, NotCounted, count_opa
from bench.cost.questions import NAMES, OUTCOMES, TOOLS
from bench.cost.sdk import NAMES as CALLS
from bench.cost.sdk import count_sdk
from tests import scenes

TOOL_MODULES = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture(scope="module")
def module():
    """The shipped module, in an engine that counts."""
    return ModuleMeter()


@pytest.fixture(scope="module")
def sdk():
    """What the SDK takes, counted."""
    return count_sdk()


def rises(meter, question, found):
    return counts.rises({question: found}, counts.load_counts()[meter])


@pytest.mark.parametrize("question", NAMES)
def test_instructions_do_not_rise(module, question):
    assert rises(counts.MODULE, question, {"instructions": module.count(question)}) == []


def test_many_tools_cost_what_few_do(module):
    assert module.count(TOOLS) == module.count("plain read")


MANY = {
    "recipients": lambda number: {"to": [f"a{each}@x.example" for each in range(number)]},
    "words": lambda number: {"script": _script("word{}", number)},
    "URLs": lambda number: {"script": _script("https://h{}.example/", number)},
    "paths": lambda number: {"script": _script("/a/b{}", number)},
    "wildcards": lambda number: {"script": _script("a{}x*b", number)},
    "alternatives": lambda number: {"script": _script("x{{a{},b}}", number)},
    "parts of a path": lambda number: {"path": _script("a{}", number, "/")},
}


def _script(word, number, between=" "):
    return between.join(word.format(each) for each in range(number))


def _of_many(arguments):
    """The scene in which a mail is sent with these arguments, none of which has an origin."""
    about = "/deployment/tools/mail.send/arguments"
    given = {"to": ["bob@acme.example"], "body": "Hello", **arguments}
    return scenes.staged(
        [
            {"op": "add", "path": f"{about}/~1script", "value": {"role": "code", "kind": "text"}},
            {"op": "add", "path": f"{about}/~1path", "value": {"role": "target", "kind": "path"}},
            {"op": "replace", "path": "/question/action/name", "value": "mail.send"},
            {"op": "replace", "path": "/question/action/properties/arguments", "value": given},
            {
                "op": "add",
                "path": "/question/action/properties/origins",
                "value": {
                    f"/to/{place}": {"source": "prompt", "grade": "prompt"}
                    for place, _ in enumerate(given["to"])
                },
            },
        ]
    )


@pytest.mark.system
@pytest.mark.parametrize("kind", MANY)
def test_an_argument_twice_as_long_costs_twice_as_much(module, kind):
    """
    Evaluations of a process take turns: no argument that is accepted may hold the others up.
    """

    def looked_through(result):
        assert "request.malformed" not in [each["code"] for each in result["context"]["reasons"]]

    few, many = (
        module.count_scene(_of_many(MANY[kind](number)), looked_through) for number in (150, 600)
    )
    assert many < 5 * few


@pytest.mark.skipif(
    counts.python() != counts.kept_by(), reason="another Python calls other functions"
)
@pytest.mark.parametrize("question", CALLS)
def test_calls_and_the_size_of_a_question_do_not_rise(sdk, question):
    assert rises(counts.SDK, question, sdk[question]) == []


@pytest.mark.system
@pytest.mark.skipif(shutil.which("go") is None, reason="the meter of OPA is a Go program")
def test_allocations_and_stack_of_opa_do_not_rise():
    assert counts.rises(count_opa(NAMES), counts.load_counts()[counts.OPA]) == []


def test_a_question_of_another_outcome_is_not_counted(module, monkeypatch):
    monkeypatch.setitem(OUTCOMES, "plain read", "deny")
    with pytest.raises(NotCounted, match="must be deny, and is allow"):
        module.count("plain read")


@pytest.mark.parametrize(("count", "told"), [(102, 0), (103, 1), (50, 0)])
def test_a_rise_of_more_than_two_in_a_hundred_is_told(count, told):
    found = counts.rises({"read": {"calls": count}}, {"read": {"calls": 100}})
    assert len(found) == told


def test_what_is_not_kept_is_told():
    assert len(counts.rises({"read": {"calls": 1}}, {})) == 1


def test_every_question_is_kept_of_every_meter():
    kept = counts.load_counts()
    assert {meter: set(questions) for meter, questions in kept.items()} == {
        counts.OPA: set(NAMES),
        counts.MODULE: set(NAMES),
        counts.SDK: set(CALLS),
    }


def test_the_meter_has_the_opa_that_is_pinned():
    pinned = {
        re.search(r"open-policy-agent/opa (v\S+)", (TOOL_MODULES / name / "go.mod").read_text())[1]
        for name in ("cost", "opa")
    }
    assert len(pinned) == 1


def test_the_meter_caches_what_the_shipped_configuration_does():
    source = (TOOL_MODULES / "cost" / "main.go").read_text("utf-8")
    caching = json.loads(re.search(r"const caching = `(.+)`", source)[1])
    shipped = TOOL_MODULES.parent / "bundles" / "opa" / "config.yaml"
    assert caching == yaml.safe_load(shipped.read_text("utf-8"))["caching"]
