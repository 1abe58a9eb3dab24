"""A task delegated to another guard, as the guards themselves do it."""

import dataclasses

import pytest
from tests.guards import SUBJECT, Place

from inbounds import DecisionUnavailable
from inbounds.canonical.arguments import canonicalise
from inbounds.model.question import Argument, Tool
from inbounds.process import clock
from inbounds.testing import INTENT

RESEARCHER = "spiffe://acme.example/agent/researcher"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """One deployment, judged in this process."""
    place = Place(tmp_path_factory.mktemp("place"))
    with place.engine("embedded"):
        yield place


@pytest.fixture
def assistant(place):
    with place.guard("") as guard:
        yield guard


@pytest.fixture
def researcher(place):
    with place.guard("", agent=RESEARCHER, pep="assistant-pep") as guard:
        yield guard


def grades(guard, task):
    """How firm the id of a mail is, in the session of a task as its guard knows it."""
    tool = Tool(resource="mail", arguments={"/id": Argument(role="target")})
    arguments = canonicalise({"id": "7"}, tool.arguments)
    told = guard._runtime.origins.told(task.session, arguments, tool)
    return {origin.get("grade", "none") for origin in told["origins"].values()} or {"none"}


@pytest.mark.parametrize("fetched", [False, True])
def test_a_chain_is_text_or_what_fetches_it(assistant, researcher, fetched):
    with assistant.task(INTENT, subject=SUBJECT, prompt="Read mail 7") as task:
        delegation = task.delegate(RESEARCHER, holder=researcher.holder)
        child = researcher.accept((lambda: delegation.chain) if fetched else delegation.chain)

        assert child.call("mail.read", {"id": "7"}) == "mail 7"
        assert child.session == task.session
        # The user's words stay where they were said.
        assert grades(assistant, task) == {"prompt"}
        assert grades(researcher, child) == {"none"}


def test_a_record_names_the_hands_that_a_task_came_through(place, assistant, researcher):
    with assistant.task(INTENT, subject=SUBJECT) as task:
        child = researcher.accept(task.delegate(RESEARCHER, holder=researcher.holder).chain)
        read = [each.call("mail.read", {"id": "7"}) for each in (task, child)]
        actors = [
            record["actors"]
            for record in place.records()
            if record.get("tool") == "mail.read" and record["task"] == task.id
        ]

    assert read == ["mail 7"] * 2
    assert actors == [list(reversed(task.agents)), list(reversed(child.agents))]
    assert actors[1]


def test_a_task_that_was_taken_is_renewed_from_where_its_chain_came_from(assistant, researcher):
    fetched = []
    with assistant.task(INTENT, subject=SUBJECT) as task:
        delegation = task.delegate(RESEARCHER, holder=researcher.holder)

        def chain():
            fetched.append(delegation)
            return delegation.chain

        child = researcher.accept(chain)
        child._grant = dataclasses.replace(child._grant, expires=int(clock.now()) + 1)
        assert child.call("mail.read", {"id": "7"}) == "mail 7"

    assert len(fetched) == 2


def test_what_was_handed_on_ends_alone(assistant, researcher):
    """
    The other agent gives back what it was handed; the task goes on where it was begun.
    """
    with assistant.task(INTENT, subject=SUBJECT) as task:
        child = researcher.accept(task.delegate(RESEARCHER, holder=researcher.holder).chain)
        child.end()
        with pytest.raises(DecisionUnavailable):
            child.call("mail.read", {"id": "7"})

        assert task.call("mail.read", {"id": "7"}) == "mail 7"
        assert child.ends != task.ends


def test_a_task_that_is_over_is_not_handed_on(assistant, researcher):
    task = assistant.task(INTENT, subject=SUBJECT)
    task.end()
    with pytest.raises(DecisionUnavailable) as caught:
        task.delegate(RESEARCHER, holder=researcher.holder)

    assert caught.value.code == "task.over"


def test_a_session_that_is_not_there_is_lost_and_does_not_begin_anew(place, assistant, tmp_path):
    """
    With the session, its labels and what it has spent would be gone.
    """
    elsewhere = place.guard(
        "", agent=RESEARCHER, pep="assistant-pep", sessions=str(tmp_path / "other.sqlite")
    )
    with elsewhere, assistant.task(INTENT, subject=SUBJECT) as task:
        delegation = task.delegate(RESEARCHER, holder=elsewhere.holder)
        with pytest.raises(DecisionUnavailable) as caught:
            elsewhere.accept(delegation.chain)

    assert caught.value.code == "session.lost"
