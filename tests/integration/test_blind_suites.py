"""The blind suites are whole, and what is scored is what their tools do."""

import pytest
from evaluation.blind.check import lacking
from evaluation.blind.suite import FOLDER, BlindSuite, WrittenCall, suites
from evaluation.replay.rows import run_suite
from evaluation.replay.testbed import open_testbed

GOAL = "{goal}"


@pytest.fixture(scope="module", params=suites())
def testbed(request):
    with open_testbed(FOLDER / request.param / "registry") as opened:
        yield request.param, opened


@pytest.fixture
def suite(testbed):
    name, opened = testbed
    return BlindSuite(name, opened.deployment, GOAL)


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


def test_an_approver_of_everything_lets_no_less_through(testbed, suite):
    _, opened = testbed
    suite.tasks = [next(task for task in suite.tasks if suite.read_vectors(task.calls))]
    suite.written_attacks = suite.written_attacks[:3]

    careful = run_suite(suite, opened, "drafted", variants=("plain",))
    obliging = run_suite(suite, opened, "drafted", variants=("plain",), approver="obliging")

    assert 3 == len(careful.users)
    assert 3 * 3 * 2 == len(careful.pairs)
    for one, other in zip(careful.pairs, obliging.pairs, strict=True):
        assert one.succeeded is False or not one.run.stopped
        assert other.succeeded or not one.succeeded
