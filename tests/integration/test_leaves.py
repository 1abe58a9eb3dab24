"""What a spoilt leaf does to an answer: it never makes a no into a yes.

Over every case, on both engines: an allowed question with any leaf retyped is not allowed;
a denied one with any leaf retyped or deleted that its details do not name is not allowed
either.
"""

import copy

import pytest
from tests import scenes
from tests.both import NOTHING, both

from inbounds.model.question import ResourceProperties
from inbounds.model.whole_question import ActionProperties

CASES = list(scenes.cases())
FIRST = {(case.code, case.outcome): case for case in reversed(CASES)}
EVERY = 29
RETYPED = (None, True, 7, "x", [], {}, ["x"], {"x": 1})


@pytest.fixture(scope="module")
def engines():
    """Both engines on the project's sources."""
    with both() as running:
        yield running


def leaves(value, path=()):
    """Yield the path of every leaf, an empty container included."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path


def kind(value):
    """The JSON type of a value."""
    names = {bool: "boolean", int: "number", float: "number", str: "string"}
    return names.get(type(value), type(value).__name__)


def at(value, path):
    """What is at a path."""
    for step in path:
        value = value[step]
    return value


def with_leaf(value, path, leaf):
    """What a value is with another leaf at a path; it shares everything beside the path."""
    if not path:
        return leaf
    changed = copy.copy(value)
    changed[path[0]] = with_leaf(value[path[0]], path[1:], leaf)
    return changed


def without_leaf(value, path):
    """What a value is without the leaf at a path."""
    holder = copy.copy(at(value, path[:-1]))
    del holder[path[-1]]
    return with_leaf(value, path[:-1], holder)


KNOWN = {
    "action": set(ActionProperties.model_fields),
    "resource": set(ResourceProperties.model_fields),
    "subject": set(),
}


def open_to_anything(path):
    """Whether the contract leaves this place open: what a `properties` map may hold besides."""
    if path[1:2] != ("properties",):
        return False
    return len(path) == 2 or path[2] not in KNOWN[path[0]]


def named(question, answer, path):
    """Whether the details of an answer name this leaf, or what holds it."""
    session = question.get("context", {}).get("session")
    stores = session.get("tainted_stores") if isinstance(session, dict) else None
    stores = stores if isinstance(stores, list) else []
    words = {
        str(word)
        for reason in answer["context"]["reasons"]
        for detail in reason["details"]
        for word in detail.values()
    }
    steps = [str(step) for step in path]
    words |= {
        f"/context/session/tainted_stores/{index}"
        for index, store in enumerate(stores)
        if store in words or (store == "*" and _names_a_store(answer))
    }
    words |= {
        f"/context/credentials/approvals/{detail['approval']}"
        for reason in answer["context"]["reasons"]
        for detail in reason["details"]
        if "approval" in detail
    }
    words |= {
        "/context/credentials/proof"
        for reason in answer["context"]["reasons"]
        if reason["code"] in ("identity.pop_mismatch", "identity.replayed")
    }
    # Without the links by which a task came back to an agent, the call is the agent's own.
    words |= {
        f"/context/credentials/chain/{detail['link'] - 1}"
        for reason in answer["context"]["reasons"]
        if reason["code"] == "delegation.loop"
        for detail in reason["details"]
    }
    inside = steps[3:] if steps[:3] == ["action", "properties", "arguments"] else []
    return any(
        "/" + "/".join(way[:length]) in words
        for way in (steps, inside)
        for length in range(1, len(way) + 1)
    )


def _names_a_store(answer):
    return any(
        "store" in detail for reason in answer["context"]["reasons"] for detail in reason["details"]
    )


def nullable(stage, path):
    """Whether the registry lets null stand for the argument at a path: then it spoils nothing."""
    tool = stage.deployment.get("tools", {}).get(stage.question["action"]["name"], {})
    arguments = tool.get("arguments", {}) if isinstance(tool, dict) else {}
    pattern = "".join(f"/{'*' if isinstance(step, int) else step}" for step in path[3:])
    inside = path[:3] == ("action", "properties", "arguments")
    return inside and arguments.get(pattern, {}).get("nullable") is True


def allowed(answer):
    """Whether an engine said yes."""
    return answer != NOTHING and answer["decision"] is True


def spoilt(stage, case, answer):
    """Yield every way to spoil a leaf that must not end in a yes."""
    question = stage.question
    for path in leaves(question):
        if case.outcome != "allow" and named(question, answer, path):
            # Where the fault lies it can be mended as well, by another type or by nothing.
            continue
        original = at(question, path)
        if not open_to_anything(path):
            for leaf in RETYPED:
                if kind(leaf) != kind(original) and not (leaf is None and nullable(stage, path)):
                    yield f"{path} as {leaf!r}", with_leaf(question, path, leaf)
        if case.outcome != "allow":
            yield f"{path} deleted", without_leaf(question, path)


def some_first(cases):
    """The first case of each code and outcome; the rest takes long, and waits for the night."""
    for case in cases:
        first = FIRST[case.code, case.outcome] is case
        yield pytest.param(case, id=str(case), marks=[] if first else pytest.mark.nightly)


@pytest.mark.parametrize("case", list(some_first(CASES)))
def test_no_spoilt_leaf_is_a_yes(engines, case):
    """
    No spoilt leaf makes a question allowed, on either engine.
    """
    stage = case.staged()
    if not isinstance(stage.question, dict):
        pytest.skip("the case is about what is not a question")
    engines.place(stage.deployment, stage.live, stage.now)
    answer = engines.ask_embedded(stage.question)

    differing, yes, asked = [], [], 0
    for number, (what, question) in enumerate(spoilt(stage, case, answer)):
        embedded = engines.ask_embedded(question)
        asked += 1
        if allowed(embedded):
            yes.append(what)
        # OPA is asked every 29th: it costs three times as much, and agrees elsewhere.
        if number % EVERY == hash_of(case) % EVERY:
            opa = engines.ask_opa(question)
            if opa != embedded:
                differing.append(what)

    assert asked > 100
    assert [] == yes
    assert [] == differing


def hash_of(case):
    """A number that differs between cases and not between runs."""
    return sum(str(case).encode())
