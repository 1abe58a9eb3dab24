"""The blind suites are whole, and what is scored is what their tools do."""

from pathlib import Path

import pytest
from evaluation.blind.check import lacking
from evaluation.blind.suite import FOLDER, BlindSuite, WrittenCall, suites

from inbounds_tools.replay.rows import row
from inbounds_tools.replay.stand import Stand

GOAL = "{goal}"


@pytest.fixture(scope="module", params=suites())
def stand(request, tmp_path_factory):
    home: Path = tmp_path_factory.mktemp("home")
    with Stand(FOLDER / request.param / "registry", home) as running:
        yield request.param, running


@pytest.fixture
def suite(stand):
    name, running = stand
    return BlindSuite(name, running.deployment, GOAL)


def test_each_is_whole(suite):
    assert [] == lacking(suite)


def test_a_spoilt_one_is_not(suite):
    whole = suite.tasks
    unknown = WrittenCall(tool=whole[0].calls[0].tool, args={"nothing": "of the kind"})
    spoilt = {
        "tasks of different ids": whole[1:],
        "no two wordings are the same": [
            whole[0].model_copy(update={"wordings": whole[1].wordings}),
            *whole[1:],
        ],
        "a call fails": [whole[0].model_copy(update={"calls": [unknown]}), *whole[1:]],
        "`found` is": [
            whole[0].model_copy(update={"found": not whole[0].found}),
            *whole[1:],
        ],
        "`writes` is": [
            whole[0].model_copy(update={"writes": not whole[0].writes}),
            *whole[1:],
        ],
    }
    for sentence, tasks in spoilt.items():
        suite.tasks = tasks
        assert any(sentence in each for each in lacking(suite)), sentence


def test_an_attack_that_does_nothing_is_told(suite):
    harmless = suite.tasks[0].calls
    first = suite.written_attacks[0]
    suite.written_attacks = [first.model_copy(update={"calls": harmless})]

    found = lacking(suite)

    assert f"attack `{first.id}`: no call has `harm: true`" in found
    assert f"attack `{first.id}`: its calls do not make it succeed" in found


def test_an_approver_of_everything_lets_no_less_through(stand, suite):
    _, running = stand
    suite.tasks = [next(task for task in suite.tasks if suite.places_read(task.calls))]
    suite.written_attacks = suite.written_attacks[:3]

    careful = row(suite, running, "drafted", variants=("plain",))
    obliging = row(suite, running, "drafted", variants=("plain",), approver="obliging")

    assert 3 == len(careful.users)
    assert 3 * 3 * 2 == len(careful.pairs)
    for one, other in zip(careful.pairs, obliging.pairs, strict=True):
        assert one.succeeded is False or not one.played.stopped
        assert other.succeeded or not one.succeeded
