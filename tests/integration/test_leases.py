"""Leases on both engines, also of a delegated task."""

import contextlib
import time

import pytest
from tests.guards import SUBJECT, Place
from tests.leased import SECRET, Shelf, changes

from inbounds import AccessDenied, LeaseUnavailable, credentials
from inbounds.model.claims import Scope, ToolBounds
from inbounds.testing import INTENT, small_deployment

AGENTS = "spiffe://acme.example/agent/"
ASSISTANT, RESEARCHER, LIBRARIAN = (
    AGENTS + name for name in ("assistant", "researcher", "librarian")
)


@pytest.fixture(scope="module", params=["embedded", "opa"])
def where(request, tmp_path_factory):
    """One deployment on an engine, and what guards on it are told."""
    place = Place(tmp_path_factory.mktemp("place"), changes())
    with place.engine(request.param) as url:
        yield place, url


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def guards(where, shelf):
    """A guard of each of three agents, on one store, one home folder and one backend."""
    place, url = where
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(place.guard(url, agent=agent, pep="assistant-pep", leases=shelf))
            for agent in (ASSISTANT, RESEARCHER, LIBRARIAN)
        ]


def begun(guard):
    return guard.task(INTENT, subject=SUBJECT)


def handed(task, guard, to):
    return guard.accept(task.delegate(to, holder=guard.holder).chain)


def read(task):
    return task.call("mail.read", {"id": "7"})


def test_a_tool_runs_with_a_lease_of_its_task_and_not_without(where, guards, shelf):
    place, url = where
    with begun(guards[0]) as task:
        assert read(task) == "mail 7"
        lease = task.lease("mail-store")
        assert lease.value == {"password": f"{SECRET}-1"}
    assert shelf.revoked == ["accessor-1"]
    assert place.verified()
    named = [r["leases"] for r in place.records() if r.get("task") == task.id]
    assert named == [[lease.handle], [lease.handle]]
    with place.guard(url) as bare, begun(bare) as task, pytest.raises(AccessDenied) as denied:
        read(task)
    assert denied.value.code == "credential.lease_missing"


def test_what_the_pep_makes_up_is_refused(where, guards, shelf):
    held = guards[0]._runtime.leases
    with begun(guards[0]) as task, begun(guards[0]) as other:
        lease = task.lease("mail-store")
        other.lease("mail-store")
        for change, code in (
            ({"task": other.id}, "credential.other_task"),
            ({"expires": 1}, "credential.lease_expired"),
            ({"expires": task.authority.deadline + 1}, "credential.lease_expired"),
            ({"credential": "mail-other"}, "credential.lease_missing"),
            ({"handle": ""}, "request.malformed"),
            ({"value": SECRET}, "request.malformed"),
        ):
            true = held.named
            held.named = lambda *about, true=true, change=change: [
                {**each, **change} for each in true(*about)
            ]
            try:
                with pytest.raises(AccessDenied) as denied:
                    read(task)
            finally:
                held.named = true
            assert denied.value.code == code
            assert lease.live
        assert read(task) == "mail 7"


def test_each_hands_lease_their_own(guards, shelf):
    assistant, researcher, _ = guards
    with begun(assistant) as task:
        assert read(task) == "mail 7"
        child = handed(task, researcher, RESEARCHER)
        assert read(child) == "mail 7"
        assert [asked.task for asked in shelf.issued] == [task.id, child.ends]
        assert child.ends != child.id == task.id
        child.end()
        assert shelf.revoked == ["accessor-2"]
        assert task.lease("mail-store").live
        assert read(task) == "mail 7"
    assert shelf.revoked == ["accessor-2", "accessor-1"]


def test_a_backend_is_told_what_these_hands_may_do_and_whose_they_are(guards, shelf):
    """
    Of what was handed on for less it is that, and not what the task itself may do.
    """
    assistant, researcher, _ = guards
    bounds = [{"type": "mail", "prefixes": ["7"]}, {"type": "lease", "prefixes": ["mail-"]}]
    less = Scope.model_validate({"resources": bounds})
    with begun(assistant) as task:
        read(task)
        delegation = task.delegate(RESEARCHER, holder=researcher.holder, scope=less)
        child = researcher.accept(delegation.chain)
        read(child)
        first, second = shelf.issued
        assert (first.agent, second.agent) == (ASSISTANT, RESEARCHER)
        assert first.authority == task.authority
        assert second.authority == child.authority
        mail = [bound for bound in second.authority.resources if bound.type == "mail"]
        assert [bound.prefixes for bound in mail] == [["7"]]
        assert mail != [bound for bound in first.authority.resources if bound.type == "mail"]


@pytest.mark.parametrize("ended", ["task", "hop"])
def test_what_was_handed_on_goes_with_it(guards, shelf, ended):
    assistant, researcher, librarian = guards
    task = begun(assistant)
    child = handed(task, researcher, RESEARCHER)
    grandchild = handed(child, librarian, LIBRARIAN)
    for each in (task, child, grandchild):
        assert read(each) == "mail 7"
    if ended == "hop":
        child.end()
        assert sorted(shelf.revoked) == ["accessor-2", "accessor-3"]
        assert read(task) == "mail 7"
    task.end()
    assert sorted(shelf.revoked) == ["accessor-1", "accessor-2", "accessor-3"]
    # An OPA hears of it within a second or two; this process, where it decides, at once.

    def until_denied():
        until = time.monotonic() + 10
        while time.monotonic() < until:
            read(grandchild)
            time.sleep(0.1)

    with pytest.raises(AccessDenied) as denied:
        until_denied()
    assert denied.value.code == "task.ended"


def test_what_hands_may_not_do_they_may_not_lease(guards, shelf):
    assistant, researcher, _ = guards
    with begun(assistant) as task:
        less = Scope(tools={"mail.read": ToolBounds()})
        chain = task.delegate(RESEARCHER, holder=researcher.holder, scope=less).chain
        child = researcher.accept(chain)
        with pytest.raises(AccessDenied) as denied:
            read(child)
        assert denied.value.tool == "credential.lease"
    assert shelf.issued == []


@pytest.mark.parametrize("known", ["hop", "task", "own task", "lease", "hop below"])
def test_no_agent_has_the_lease_of_another_by_an_id_that_it_knows(guards, shelf, known):
    """
    A hop's own id is the word of the agent that delegated: any text without a slash.
    """
    assistant, researcher, librarian = guards
    less = Scope(tools={"mail.read": ToolBounds()})
    with begun(assistant) as task, begun(researcher) as own, begun(assistant) as other:
        first = task.delegate(RESEARCHER, holder=researcher.holder)
        child = researcher.accept(first.chain)
        second = child.delegate(LIBRARIAN, holder=librarian.holder)
        grandchild = librarian.accept(second.chain)
        held = [each.lease("mail-store") for each in (own, child, grandchild)]
        copied = {"task": task.id, "own task": own.id, "lease": held[1].handle}
        handed_on = other.delegate(RESEARCHER, holder=researcher.holder, scope=less)
        handed_on.id = copied.get(known, first.id)
        hop = researcher.accept(handed_on.chain)
        if known == "hop below":
            handed_on = hop.delegate(LIBRARIAN, holder=librarian.holder, scope=less)
            handed_on.id = second.id
            hop = librarian.accept(handed_on.chain)
        with pytest.raises(AccessDenied) as denied:
            read(hop)
        assert denied.value.tool == "credential.lease"
        with pytest.raises(AccessDenied):
            hop.lease("mail-store")
        hop.end()
        assert shelf.revoked == []
        assert all(lease.live for lease in held)
        assert [read(each) for each in (own, child, grandchild)] == ["mail 7"] * 3
        assert len(shelf.issued) == 3


def test_a_user_has_no_lease_of_another_user(shelf, tmp_path):
    """
    Whoever delegates two users' tasks by one id gets a lease for each.
    """
    subjects = small_deployment()["subjects"]
    other = "bob@acme.example"
    place = Place(tmp_path, {**changes(), "subjects": {**subjects, other: subjects[SUBJECT]}})
    with (
        place.guard("", agent=ASSISTANT, pep="assistant-pep", leases=shelf) as assistant,
        place.guard("", agent=RESEARCHER, pep="assistant-pep", leases=shelf) as researcher,
    ):
        hops = []
        for subject in (SUBJECT, other):
            delegation = assistant.task(INTENT, subject=subject).delegate(
                RESEARCHER, holder=researcher.holder
            )
            delegation.id = "same"
            hops.append(researcher.accept(delegation.chain))
        values = [hop.lease("mail-store").value for hop in hops]
        assert values[0] != values[1]
        assert [asked.task for asked in shelf.issued] == [f"{hop.id}/same" for hop in hops]
        hops[1].end()
        assert shelf.revoked == ["accessor-2"]


def test_a_backend_that_is_down_is_no_decision(guards, shelf):
    shelf.down = True
    with begun(guards[0]) as task, pytest.raises(LeaseUnavailable):
        read(task)
    assert credentials.LEASE_TOOL == "credential.lease"
