"""A generated question can be drawn again, alone, in another process."""

import base64
import json
import os
import subprocess
import sys

import pytest
from tests.engines import ROOT
from tests.questions import SEED, WORLDS
from tests.questions.drawn import PER_WORLD, SHARES, question, world_of
from tests.questions.faults import FAULTS
from tests.questions.run import catalogue


def unsigned(asked):
    """A question with what its tokens say, and without what follows from keys."""
    credentials = asked["context"]["credentials"]
    for name in ("identity", "task", "proof"):
        if credentials.get(name):
            credentials[name] = _keyless(credentials[name])
    credentials["chain"] = [_keyless(token) for token in credentials.get("chain", [])]
    return asked


def _keyless(token):
    head, claims = (base64.urlsafe_b64decode(part + "==") for part in token.split(".")[:2])
    said = json.loads(claims)
    return head, {name: said[name] for name in said.keys() - {"cnf", "iss", "par_hash"}}


def drawn_alone(number, folder):
    """The question of a number, as `python -m tests.questions` saves it."""
    saved = folder / "question.json"
    subprocess.run(
        [sys.executable, "-m", "tests.questions", f"{SEED}:{number}", "--save", str(saved)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": str(len(number))},
        check=True,
        capture_output=True,
    )
    return json.loads(saved.read_text("utf-8"))


@pytest.mark.system
def test_a_question_is_drawn_again(tmp_path):
    """
    Only keys and signatures differ between processes.
    """
    index = next(
        index
        for index in range(PER_WORLD)
        if question(SEED, 3, index, sorted(catalogue())).kind == "ordinary"
    )
    drawn = question(SEED, 3, index, sorted(catalogue()))

    whole = drawn_alone(f"3:{index}", tmp_path)

    assert unsigned(json.loads(drawn.text)) == unsigned(whole["question"])
    assert whole["now"] == world_of(SEED, 3).now
    # Such a document is what `inbounds explain` takes.
    assert whole.keys() == {"question", "deployment", "live", "now"}


def test_every_code_has_a_fault():
    """
    A rule that is added fails here, and in the quotas, until questions reach it.
    """
    # Questions out of shape are made otherwise: `malformed`.
    assert FAULTS.keys() == catalogue().keys() - {"request.malformed"}


def test_every_code_has_its_turn_twenty_times():
    """
    A rule that is added fails here, and not first in the run, until `WORLDS` is enough.
    """
    faulty = WORLDS * PER_WORLD * SHARES["faulty"] // sum(SHARES.values())

    assert faulty >= 20 * len(FAULTS)
