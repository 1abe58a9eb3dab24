"""A task that is delegated, from one guard to the next, on both engines."""

import contextlib
import json
import subprocess
import sys
import time
from random import Random

import pytest
from tests.both import both
from tests.guards import SUBJECT, Place
from tests.questions.calls import ordinary, take_back
from tests.questions.worlds import world

from inbounds import AccessDenied, DecisionUnavailable, TokenInvalid
from inbounds.model.claims import Scope, ToolBounds
from inbounds.testing import INTENT

AGENTS = "spiffe://acme.example/agent/"
ASSISTANT, RESEARCHER, LIBRARIAN = (
    AGENTS + name for name in ("assistant", "researcher", "librarian")
)


@pytest.fixture(scope="module", params=["embedded", "opa"])
def where(request, tmp_path_factory):
    """One deployment on an engine, and what guards on it are told."""
    place = Place(tmp_path_factory.mktemp("place"))
    with place.engine(request.param) as url:
        yield place, url


@pytest.fixture
def guards(where):
    """A guard of each of the three agents, all on one store."""
    place, url = where
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(place.guard(url, agent=agent, pep="assistant-pep"))
            for agent in (ASSISTANT, RESEARCHER, LIBRARIAN)
        ]


def begun(guard, **asked):
    return guard.task(INTENT, subject=SUBJECT, **asked)


def handed(task, guard, to=RESEARCHER, **less):
    delegation = task.delegate(to, holder=guard.holder, scope=Scope(**less))
    return delegation, guard.accept(delegation.chain)


def read(task, id="7"):
    return task.call("mail.read", {"id": id})


def denied(task, id="7"):
    with pytest.raises(AccessDenied) as caught:
        read(task, id)
    return [reason.code for reason in caught.value.decision.reasons]


def spent(task):
    return task._runtime.sessions.load(task.session).spent.calls


class TestHandedOn:
    def test_the_other_agent_acts_in_the_same_session(self, where, guards):
        """
        The other agent's calls are its own by name, and the session's and the task's by account.
        """
        place, _ = where
        assistant, researcher, _ = guards
        with begun(assistant) as task:
            delegation, child = handed(task, researcher)

            assert read(task) == read(child) == "mail 7"

            assert child.id == task.id
            assert child.session == task.session
            assert child.agents == (ASSISTANT, RESEARCHER)
            assert spent(task) == spent(child) == 2
            state = assistant._runtime.sessions.load(task.session)
            assert {name: taken.calls for name, taken in state.tasks.items()} == {
                task.id: 2,
                f"/{delegation.id}": 1,
            }
        own, others = [record for record in place.records() if record.get("task") == task.id]
        assert (own["agent"], own["actors"]) == (ASSISTANT, [])
        assert (others["agent"], others["actors"]) == (RESEARCHER, [RESEARCHER, ASSISTANT])

    def test_and_hands_it_on_itself(self, guards):
        """
        A chain of three agents, each of whom may do less.
        """
        assistant, researcher, librarian = guards
        with begun(assistant) as task:
            _, child = handed(task, researcher, tools={"mail.read": ToolBounds()})
            _, grandchild = handed(child, librarian, LIBRARIAN)

            assert read(grandchild) == "mail 7"

            assert grandchild.agents == (ASSISTANT, RESEARCHER, LIBRARIAN)
            assert set(grandchild.authority.tools) == {"mail.read"}
            with pytest.raises(TokenInvalid) as caught:
                grandchild.delegate(RESEARCHER, holder=researcher.holder)
            assert "delegation." in caught.value.code

    def test_all_hands_draw_on_one_budget(self, guards):
        """
        What the other agent takes is taken from the task, and each has no more than it was given.
        """
        assistant, researcher, _ = guards
        with begun(assistant, scope=Scope(budgets={"calls": 3})) as task:
            _, child = handed(task, researcher, budgets={"calls": 2})
            read(child)
            read(child, "8")

            assert denied(child) == ["budget.calls"]
            assert read(task, "9") == "mail 9"
            assert denied(task) == denied(child) == ["budget.calls"]
            assert spent(task) == 3

    def test_what_one_has_seen_the_other_has(self, guards):
        """
        A mail that the other agent read by itself ends the trust of the session for both.
        """
        assistant, researcher, _ = guards
        with begun(assistant) as task:
            _, child = handed(task, researcher)
            before = assistant._runtime.sessions.load(task.session)
            read(child)
            after = assistant._runtime.sessions.load(task.session)

        assert (before.trust, after.trust) == ("trusted", "untrusted")
        assert after.label == "confidential"

    def test_what_was_cut_off_is_said(self, guards):
        """
        What is asked for beyond what is held is named, and not dropped in silence.
        """
        assistant, researcher, _ = guards
        with begun(assistant, scope=Scope(effects=["read"])) as task:
            delegation, child = handed(
                task,
                researcher,
                effects=["read", "write"],
                tools={"mail.read": {}, "mail.purge": {}},
            )

            assert delegation.cut == ({"effect": "write"}, {"tool": "mail.purge"})
            assert child.authority == delegation.authority
            assert child.authority.effects == ["read"]

    def test_in_another_process(self, where, guards):
        """
        The chain is text: another process takes it, on the same store.
        """
        place, url = where
        assistant, *_ = guards
        program = place.folder / "other.py"
        program.write_text(OTHER, "utf-8")
        with (
            begun(assistant) as task,
            subprocess.Popen(
                [sys.executable, str(program)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=place.environment(url, INBOUNDS_AGENT=RESEARCHER),
            ) as other,
        ):
            holder = json.loads(other.stdout.readline())
            delegation = task.delegate(RESEARCHER, holder=holder)
            other.stdin.write(json.dumps(delegation.chain) + "\n")
            other.stdin.flush()

            assert other.stdout.readline() == "mail 7\n"
            assert spent(task) == 1
            other.stdin.close()
        assert other.returncode == 0


OTHER = f"""\
import json, sys
from inbounds import Guard

with Guard() as guard:
    @guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id: str) -> str:
        return "mail " + id

    print(json.dumps(dict(guard.holder)), flush=True)
    task = guard.accept(json.loads(sys.stdin.readline()))
    assert task.agents == ({ASSISTANT!r}, {RESEARCHER!r})
    print(task.call("mail.read", {{"id": "7"}}), flush=True)
    sys.stdin.read()
"""


class TestEnds:
    def test_with_the_hands(self, guards):
        """
        Ending what was handed on stops the other agent, and not the task.
        """
        assistant, researcher, librarian = guards
        with begun(assistant) as task:
            delegation, child = handed(task, researcher)
            _, grandchild = handed(child, librarian, LIBRARIAN)
            delegation.end()
            in_force(assistant, lambda: denied(child) == ["task.ended"])

            assert denied(grandchild) == ["task.ended"]
            assert read(task) == "mail 7"
            with pytest.raises(DecisionUnavailable, match=r"task\.over"):
                _ = delegation.chain

    def test_with_the_task(self, guards):
        """
        Ending the task stops everybody it was handed on to.
        """
        assistant, researcher, _ = guards
        with begun(assistant) as task:
            delegation, child = handed(task, researcher)
        in_force(assistant, lambda: denied(child) == ["task.ended"])

        with pytest.raises(DecisionUnavailable, match=r"task\.over"):
            _ = delegation.chain

    def test_with_the_block_of_the_other_agent(self, guards):
        """
        The other agent ends its own hop, and no more.
        """
        assistant, researcher, _ = guards
        with begun(assistant) as task:
            delegation, child = handed(task, researcher)
            with child:
                read(child)
            with pytest.raises(DecisionUnavailable, match=r"task\.over"):
                read(child)
            again = researcher.accept
            in_force(assistant, lambda: refused(again, delegation.chain) == "task.ended")

            assert read(task) == "mail 7"


def in_force(guard, holds):
    """Wait until what was ended is known to the engine, which is told beside the calls."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(pytest.fail.Exception):
            if holds():
                return
        time.sleep(0.05)
    assert holds()


def refused(call, *arguments, **named):
    with pytest.raises(TokenInvalid) as caught:
        call(*arguments, **named)
    return caught.value.code


class TestRefused:
    def test_to_whom_it_may_not_go(self, guards):
        """
        To nobody registered, to nobody the deployment does not name, and to no one twice.
        """
        assistant, researcher, librarian = guards
        holder = researcher.holder
        with begun(assistant) as task:
            assert refused(task.delegate, LIBRARIAN, holder=holder) == "delegation.not_permitted"
            assert refused(task.delegate, AGENTS + "nobody", holder=holder) == (
                "delegation.not_permitted"
            )
            assert refused(task.delegate, ASSISTANT, holder=holder) == "delegation.loop"
            _, child = handed(task, researcher)
            assert refused(child.delegate, ASSISTANT, holder=holder) == "delegation.loop"
            _, grandchild = handed(child, librarian, LIBRARIAN)
            assert "delegation." in refused(grandchild.delegate, ASSISTANT, holder=holder)

    @pytest.mark.parametrize(
        "holder",
        [
            {},
            {"kty": "oct", "k": "AA"},
            {"x": 1, "y": 2},
            {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
            {"kty": "RSA", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
            None,
            "key",
            {"kty": "EC", "crv": "P-256", "x": "", "y": "", "d": ""},
        ],
    )
    def test_for_what_is_no_public_key(self, guards, holder):
        """
        A key with anything more than a public key has is refused before anything is signed.
        """
        with begun(guards[0]) as task:
            assert refused(task.delegate, RESEARCHER, holder=holder) == "delegation.holder"

    @pytest.mark.parametrize("to", ["", "x" * 257, None, 7])
    def test_to_what_is_no_name(self, guards, to):
        with begun(guards[0]) as task:
            code = refused(task.delegate, to, holder=guards[1].holder)
        assert code == "issuance.malformed"

    def test_for_no_time(self, guards):
        with begun(guards[0]) as task:
            code = refused(task.delegate, RESEARCHER, holder=guards[1].holder, seconds=0)
        assert code == "issuance.malformed"

    def test_with_nothing_left(self, guards):
        assistant, researcher, _ = guards
        with begun(assistant) as task:
            code = refused(
                task.delegate,
                RESEARCHER,
                holder=researcher.holder,
                scope=Scope(tools={"mail.purge": {}}),
            )
        assert code == "issuance.empty"

    def test_by_whom_it_is_not_for(self, guards):
        """
        A chain is taken by the agent that it was handed on to, and by no other.
        """
        assistant, researcher, librarian = guards
        with begun(assistant) as task:
            delegation, _ = handed(task, researcher)
            assert refused(librarian.accept, delegation.chain) == "task.not_this_agent"
            assert refused(assistant.accept, delegation.chain) == "task.not_this_agent"

    @pytest.mark.parametrize(
        "chain", [[], "x", ["x"], ["x", 7], ["x"] * 6, {"a": 1}, None, ["x" * 70_000, "y"]]
    )
    def test_what_is_no_chain(self, guards, chain):
        assert refused(guards[1].accept, chain) == "delegation.malformed"

    def test_what_was_changed_on_the_way(self, guards):
        """
        A chain without its first, with its last one twice, out of order or cut short.
        """
        assistant, researcher, librarian = guards
        with begun(assistant) as task:
            _, child = handed(task, researcher)
            delegation, _ = handed(child, librarian, LIBRARIAN)
            root, first, second = delegation.chain
            for chain, code in [
                ([first, second], "task.unverified"),
                ([root, second], "delegation.chain_unverified"),
                ([root, second, first], "delegation.chain_unverified"),
                ([root, first, second, second], "delegation.too_deep"),
                ([root, first], "task.not_this_agent"),
                ([root, first, second[:-4] + "AAAA"], "delegation.chain_unverified"),
            ]:
                assert refused(librarian.accept, chain) == code

    def test_where_the_session_is_not(self, where, guards):
        """
        A guard on another store takes nothing: it would begin with no labels and nothing spent.
        """
        place, url = where
        assistant = guards[0]
        with begun(assistant) as task, place.guard(url, agent=RESEARCHER, sessions="memory") as far:
            delegation = task.delegate(RESEARCHER, holder=far.holder)
            with pytest.raises(DecisionUnavailable, match=r"session\.lost"):
                far.accept(delegation.chain)


class TestFresh:
    def test_a_chain_is_signed_anew_when_the_task_is(self, guards):
        """
        A link names the token above it, and so follows it; the hops stay the same.
        """
        assistant, researcher, _ = guards
        with begun(assistant) as task:
            delegation = task.delegate(RESEARCHER, holder=researcher.holder)
            child = researcher.accept(lambda: delegation.chain)
            before = delegation.chain
            assert delegation.chain == before
            task._grant = assistant.issuer.renew(task._grant)

            assert delegation.chain != before
            assert read(child) == "mail 7"
            child._grant = child._renew(child._grant)
            assert child.grant.chain == delegation.chain[1:]
            assert read(child) == "mail 7"

    def test_a_chain_that_is_not_fetched_again_expires(self, guards, monkeypatch):
        assistant, researcher, _ = guards
        with begun(assistant) as task:
            _, child = handed(task, researcher)
            assert child._renew(child.grant) is child.grant
            end = child.grant.expires
            monkeypatch.setattr("inbounds.pep.delegation.clock.now", lambda: end)
            assert refused(child._renew, child._grant) == "delegation.expired"

    def test_a_chain_of_other_hands_renews_nothing(self, guards):
        assistant, researcher, _ = guards
        with begun(assistant) as task:
            one, two = (task.delegate(RESEARCHER, holder=researcher.holder) for _ in range(2))
            chains = iter([one.chain, two.chain])
            child = researcher.accept(lambda: next(chains))
            assert refused(child._renew, child._grant) == "delegation.another"


def test_secrets_are_not_shown(guards):
    assistant, researcher, _ = guards
    with begun(assistant) as task:
        delegation, child = handed(task, researcher)
        for shown in (
            repr(delegation),
            repr(child),
            repr(child.grant),
            str(vars(delegation).keys()),
        ):
            assert not any(token in shown for token in delegation.chain)


@pytest.mark.parametrize("seed", range(4))
def test_no_hands_may_do_what_the_task_may_not(seed):
    """
    Whatever a link says: where it is allowed a call, the task allows it to who handed it on.
    """
    r = Random(seed)
    with both() as engines:
        asked = 0
        for _ in range(6):
            drawn = world(r)
            engines.place(drawn.plan, drawn.lives["good"], drawn.now)
            for _ in range(60):
                draft = ordinary(r, drawn)
                if not draft.hops:
                    continue
                other = ordinary(r, drawn).authority
                held = draft.hops[-1].claims["authorization_details"][0]
                for axis in r.sample(sorted(held.keys() & other.keys()), r.randint(0, 3)):
                    held[axis] = other[axis]
                if engines.ask_embedded(draft.signed())["decision"]:
                    asked += 1
                    take_back(r, drawn, draft)
                    assert engines.ask_embedded(draft.signed())["decision"], draft
    assert asked > 20
