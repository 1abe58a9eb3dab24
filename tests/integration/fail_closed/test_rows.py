"""Whatever can go wrong on the way to a decision has a row, on each engine where it can occur."""

from __future__ import annotations

import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from tests.engines import ROOT

HERE = Path(__file__).parent
NO_WIRE = "nothing is sent: the policy is a function call in this process"
NO_LOADER = "OPA takes whatever its bundle server has and the right key signed; it has no memory"
"""Why an engine has no row. What is told of each answer is the revision it was given under."""


class Never(str):
    """Why something cannot occur on an engine."""

    __slots__ = ()


BOTH = "test_said.py::TestSaid::test_{engine}[{row}]"
WIRE = "test_wire.py::test_sent[{row}]"


def said(row, *sent):
    """A row of `SAID` on both engines, and further ones on the wire to OPA."""
    return {
        "opa": [BOTH.format(engine="by_opa", row=row), *(WIRE.format(row=each) for each in sent)],
        "embedded": [BOTH.format(engine="embedded", row=row)],
    }


def sent(*rows):
    """Rows of the wire, which the embedded engine does not have."""
    return {"opa": [WIRE.format(row=row) for row in rows], "embedded": Never(NO_WIRE)}


def each(*patterns):
    """Rows that name their engine."""
    return {
        engine: [pattern.format(engine=engine) for pattern in patterns]
        for engine in ("opa", "embedded")
    }


FEED = "test_feed_and_clock.py::TestFeed::"
CLOCKS = "test_feed_and_clock.py::TestClocks::"
BUNDLES = "test_bundles.py::"
ROWS = {
    # What is said.
    "undefined": said("undefined", "an empty object"),
    "{}": said("nothing", "an empty object"),
    "null": said("null", "null", "a result of null"),
    "number": said("a number", "a number"),
    '"true"': said("the text true", "the text true"),
    "object without `decision`": said("no decision", "no decision"),
    "extra keys": {
        "opa": [
            BOTH.format(engine="by_opa", row="another engine's allow"),
            WIRE.format(row="extra keys and no result"),
            "test_said.py::TestChanged::test_an_allow[[]opa-extra keys beside a denial]",
            "test_said.py::TestChanged::test_an_allow[[]opa-an extra key in the session]",
            "test_said.py::TestChanged::test_extra_keys_change_nothing[[]opa]",
        ],
        "embedded": [
            BOTH.format(engine="embedded", row="another engine's allow"),
            "test_said.py::TestChanged::test_an_allow[[]embedded-extra keys beside a denial]",
            "test_said.py::TestChanged::test_an_allow[[]embedded-an extra key in the session]",
        ],
    },
    "truncated JSON": sent("truncated", "cut off", "chunks cut off"),
    "duplicate-key JSON": sent("a member twice", "a member twice, deep"),
    # What HTTP says.
    "4xx": sent("a bad question", "unknown caller", "not allowed to ask", "not there", "too many"),
    "5xx": sent("a fault of its own", "a gateway alone", "overloaded", "a gateway that waited"),
    "redirect": sent("moved", "moved for good"),
    "slow first byte": sent("silent"),
    "slow head": sent("a head that drips", "heads for ever"),
    "slow body": sent("dripping", "a body that stops", "chunks that drip"),
    "reset": sent("reset", "reset in the midst", "hung up"),
    "larger than the limit": sent("larger than the limit", "without an end"),
    "compressed": sent("compressed", "a bomb", "a bomb that nothing announces"),
    "another content type": sent("a page"),
    "no HTTP": sent("no head at all", "another protocol", "another version"),
    "a kept connection that breaks": {
        "opa": [
            "test_wire.py::TestKeptConnections::test_no_question_is_asked_twice[[]between]",
            "test_wire.py::TestKeptConnections::test_no_question_is_asked_twice[[]asked]",
        ],
        "embedded": Never(NO_WIRE),
    },
    "TLS": {"opa": ["test_tls.py::test_*"], "embedded": Never(NO_WIRE)},
    "proxies": {"opa": ["test_wire.py::TestProxies::*"], "embedded": Never(NO_WIRE)},
    "nobody there": {
        "opa": [
            "test_wire.py::test_nobody_there",
            "test_wire.py::test_no_socket_there",
            "test_wire.py::test_a_name_that_does_not_exist",
            "test_wire.py::test_an_opa_that_is_stopped",
        ],
        "embedded": Never(NO_WIRE),
    },
    "a policy that does not end": said("a policy that does not end"),
    "a built-in that fails": said("a built-in that fails"),
    "wrong path": {
        **each("test_question.py::TestWrongPath::test_that_nobody_has[[]{engine}]"),
        "opa": [
            "test_question.py::TestWrongPath::test_that_nobody_has[[]opa]",
            "test_question.py::TestWrongPath::test_on_an_opa_that_is_not_hardened[[]*]",
            "test_wire.py::test_a_path_before_it[[]*]",
        ],
    },
    # What is in force.
    "empty bundle": {
        "opa": [f"{BUNDLES}TestOpa::test_empty", "test_wire.py::test_before_the_first_bundle"],
        "embedded": [f"{BUNDLES}TestEmbedded::test_empty"],
    },
    "stale bundle": {
        "opa": [f"{BUNDLES}test_a_stale_answer_of_a_bundle_that_was_replaced[[]opa]"],
        "embedded": [
            f"{BUNDLES}TestEmbedded::test_stale",
            f"{BUNDLES}test_a_stale_answer_of_a_bundle_that_was_replaced[[]embedded]",
        ],
    },
    "an older bundle of the right key": {
        "opa": Never(NO_LOADER),
        "embedded": [f"{BUNDLES}TestEmbedded::test_stale"],
    },
    "tampered bundle": {
        "opa": [
            f"{BUNDLES}TestOpa::test_tampered",
            f"{BUNDLES}TestOpa::test_is_not_started[[]tampered]",
        ],
        "embedded": [f"{BUNDLES}TestEmbedded::test_tampered[[]/policy.wasm]"],
    },
    "wrong key": {
        "opa": [
            f"{BUNDLES}TestOpa::test_signed_by_another",
            f"{BUNDLES}TestOpa::test_is_not_started[[]another key]",
        ],
        "embedded": [f"{BUNDLES}TestEmbedded::test_signed_by_another"],
    },
    "unsigned bundle": {
        "opa": [f"{BUNDLES}TestOpa::test_not_signed"],
        "embedded": [f"{BUNDLES}TestEmbedded::test_not_signed"],
    },
    "bundle of another deployment": {
        "opa": [f"{BUNDLES}TestOpa::test_of_another_deployment"],
        "embedded": [f"{BUNDLES}TestEmbedded::test_of_another_deployment"],
    },
    "stale feed": each(
        FEED + "test_stale[[]{engine}]",
        FEED + "test_a_little_stale[[]{engine}-62]",
        FEED + "test_from_the_future[[]{engine}]",
        FEED + "test_the_owner_is_gone[[]{engine}]",
    ),
    "missing feed": {
        "opa": [FEED + "test_never_pushed_to_opa", FEED + "test_a_part_is_missing[[]opa-head]"],
        "embedded": [
            FEED + "test_never_pushed_embedded",
            FEED + "test_a_part_is_missing[[]embedded-head]",
        ],
    },
    "feed of another key": each(FEED + "test_a_head_of_another_key[[]{engine}]"),
    "clock skew of the issuer": each(
        CLOCKS + "test_an_issuer_that_is_behind[[]{engine}]",
        CLOCKS + "test_an_issuer_that_is_ahead[[]{engine}]",
    ),
    "clock skew of the feed's owner": each(CLOCKS + "test_of_the_feeds_owner[[]{engine}-*]"),
    "clock skew of the policy": {
        "opa": Never(
            "OPA reads the machine's clock; what counts is the difference to the issuer's and "
            "the owner's, and both of these are moved, both ways"
        ),
        "embedded": [
            CLOCKS + "test_of_the_policy[[]400-*]",
            CLOCKS + "test_of_the_policy[[]-40-*]",
        ],
    },
    # What is asked.
    "missing context": each(
        *(
            "test_question.py::test_a_part_is_missing[[]{engine}-" + part + "]"
            for part in (
                "context",
                "context/agent",
                "context/credentials/identity",
                "context/credentials/task",
                "context/decision/id",
                "context/session",
                "context/pep",
            )
        )
    ),
    "unknown question version": each("test_question.py::test_an_unknown_version[[]{engine}-2]"),
    "a bundle that answers other questions": {
        "opa": Never("its manifest is closed to PEPs; it answers such a question with a denial"),
        "embedded": [f"{BUNDLES}TestEmbedded::test_of_other_questions[[]*]"],
    },
    "arguments that cannot be asked about": each(
        "test_question.py::test_arguments_that_cannot_be_asked_about[[]{engine}-*]"
    ),
    # An allow that cannot be.
    "the answer to another question": each(
        "test_said.py::TestChanged::test_the_answer_to_another_question[[]{engine}]",
        "test_said.py::TestChanged::test_the_answer_of_the_call_before[[]{engine}]",
        "test_said.py::TestChanged::test_the_answer_of_another_session[[]{engine}]",
    ),
    "a label or a counter lowered": each(
        "test_said.py::TestChanged::test_an_allow[[]{engine}-a label lowered]",
        "test_said.py::TestChanged::test_an_allow[[]{engine}-a counter lowered]",
        "test_said.py::TestChanged::test_an_allow[[]{engine}-no counter that was 0]",
    ),
    "an unknown obligation": each(
        "test_said.py::TestChanged::test_an_allow[[]{engine}-an unknown obligation]"
    ),
    # What has to be kept.
    "session store unreachable": each(
        "test_stores.py::TestSessions::test_whose_file_is_gone[[]{engine}]",
        "test_stores.py::TestSessions::test_that_were_closed[[]{engine}]",
        "test_stores.py::TestRedis::test_that_is_not_there[[]{engine}]",
        "test_stores.py::TestRedis::test_that_does_not_answer[[]{engine}]",
    ),
    "session store read-only": each(
        "test_stores.py::TestSessions::test_that_are_read_only[[]{engine}]",
        "test_stores.py::TestRedis::test_that_takes_no_writes[[]{engine}-*]",
        "test_stores.py::TestRedis::test_that_has_become_a_replica[[]{engine}]",
    ),
    "session store that forgets": each(
        "test_stores.py::TestRedis::test_that_comes_back_with_nothing[[]{engine}]",
        "test_stores.py::TestRedis::test_that_has_gone_back[[]{engine}]",
        "test_stores.py::TestSessions::test_that_have_gone_back[[]{engine}]",
        "test_stores.py::TestRedis::test_that_may_drop_sessions[[]{engine}]",
    ),
    "session store locked": each("test_stores.py::TestSessions::test_that_are_locked[[]{engine}]"),
    "session store corrupt": each(
        "test_stores.py::TestSessions::test_that_are_scribbled_over[[]{engine}]",
        "test_stores.py::TestSessions::test_that_hold_no_state[[]{engine}-*]",
        "test_stores.py::TestRedis::test_that_holds_no_state[[]{engine}-*]",
    ),
    "evidence log locked": each("test_stores.py::TestEvidence::test_that_is_locked[[]{engine}]"),
    "evidence log read-only": each(
        "test_stores.py::TestEvidence::test_that_is_read_only[[]{engine}]",
        "test_stores.py::test_files_that_are_read_only",
    ),
    "evidence log on a full disk": {
        "opa": Never("the log is the PEP's; one engine shows it"),
        "embedded": ["test_stores.py::test_evidence_on_a_disk_that_is_full"],
    },
    "engine killed under load": {
        "opa": ["test_under_load.py::test_opa_is_killed_and_started_again[2500]"],
        "embedded": Never("it is in this process; it is replaced, and held up, instead"),
    },
    "engine replaced under load": {
        "opa": Never("a restart is the harder case of it"),
        "embedded": ["test_under_load.py::test_the_embedded_policy_is_reloaded"],
    },
}
"""The tests that hold each promise, as patterns, by engine; or why there is none."""


@pytest.fixture(scope="module")
def collected():
    """Every test of this folder, by its file and name."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", str(HERE)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    folder = f"{HERE.relative_to(ROOT).as_posix()}/"
    return [
        line.removeprefix(folder) for line in done.stdout.splitlines() if line.startswith(folder)
    ]


@pytest.mark.parametrize("what", ROWS)
def test_there_is_a_row(collected, what):
    """
    Each thing that can go wrong has a row on each engine, or a reason why it has none.
    """
    assert set(ROWS[what]) == {"opa", "embedded"}
    for rows in ROWS[what].values():
        if isinstance(rows, Never):
            assert len(rows) > 20
            continue
        assert rows
        for pattern in rows:
            # In the names of rows that are written out, brackets are brackets.
            literal = pattern if "[[]" in pattern else pattern.replace("[", "[[]")
            assert any(fnmatchcase(name, literal) for name in collected), pattern
