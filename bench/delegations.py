"""Measures the cost of a delegated task, and of a call with a proof of the task's key."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import jwt

from inbounds.evidence import NoEvidence
from inbounds.identity.signing_keys import SigningKey, token_claims
from inbounds.model.claims import Scope
from inbounds.pdp import DECISION
from inbounds.sessions.memory import MemorySessions
from inbounds.testing import INTENT, SUBJECT

from .measure import side_by_side
from .results import Goal
from .world import AGENTS, ARGUMENTS, TOOL, Listening

if TYPE_CHECKING:
    from inbounds import Guard
    from inbounds.pdp import PolicyDecisionPoint
    from inbounds.pep.delegation import Chain, Delegation
    from inbounds.pep.task import Task

    from .measure import Call, Effort, Timing
    from .results import Results
    from .world import World

MOST = len(AGENTS) - 1
SIGN, VERIFY = "a bare ES256 signature over a task token's claims", "a bare ES256 verification"
_CALLS = 10**9
_DEPTH = Scope(budgets={"depth": MOST})
_AIMS = {"embedded": (1.5, 2.0, 3.0, 3.6), "OPA": (1.25, 1.3, 1.6, 1.9)}
"""The aims by hops: how many times as long as a call without delegation and proof.

They are the times of a prototype that verified a chain and a proof and did little else, over one
that verified one token: its time in OPA for the one, and its client's for the other.
"""


def named(hops: int, *, proof: bool = False) -> str:
    """Return the name, in the results, of a call under a task through so many hops."""
    through = f"(a) through {hops} hop{'s' * (hops > 1)}" if hops else "(a)"
    return f"{through}, with a proof" if proof else through


class Delegations:
    """A task that was begun and delegated, agent by agent, by guards with one session store.

    Each token is for less than the one above it.

    Args:
        world: What is measured.
        pdp: What decides.

    Attributes:
        listening: The PDP of all guards, with the last question.
    """

    def __init__(self, world: World, pdp: PolicyDecisionPoint) -> None:
        self.listening = Listening(pdp)
        store = MemorySessions()
        self.guards: list[Guard] = [
            world.guard(self.listening, NoEvidence(), agent=agent, sessions=store)
            for agent in AGENTS
        ]
        self.tasks: list[Task] = [self.begin()]
        for _ in range(MOST):
            self.tasks.append(self.accept(self.delegate(self.tasks[-1]).chain))

    def begin(self) -> Task:
        """Have a task issued that may be delegated as often as there are agents."""
        return self.guards[0].task(INTENT, subject=SUBJECT, scope=_DEPTH)

    def delegate(self, task: Task) -> Delegation:
        """Delegate a task to the next agent."""
        following = len(task.grant.chain) + 1
        less = Scope(budgets={"calls": _CALLS // following})
        return task.delegate(AGENTS[following], holder=self.guards[following].holder, scope=less)

    def accept(self, chain: Chain) -> Task:
        """Accept a chain, as its last agent."""
        return self.guards[len(chain) - 1].accept(chain)

    def call(self, hops: int) -> Call:
        """Return a call of the tool, by the agent that has the task after so many hops."""
        task = self.tasks[hops]
        return lambda: task.call(TOOL, ARGUMENTS)

    def decision(self, hops: int) -> Call:
        """Return the question of such a call, put to what decides once more."""
        self.call(hops)()
        asked, pdp = self.listening.asked[DECISION], self.listening
        return lambda: pdp.ask(DECISION, asked, deadline=time.monotonic() + 30)


def measure(
    world: World,
    plain: PolicyDecisionPoint,
    proving: PolicyDecisionPoint,
    effort: Effort,
    results: Results,
) -> None:
    """Measure calls under a delegated task, and the cost of a delegation.

    Args:
        world: What is measured.
        plain: What decides.
        proving: The same engine, with a deployment that asks for a proof of each call.
        effort: How much is measured.
        results: What is found.
    """
    engine = {"opa": "OPA"}.get(plain.name, plain.name)
    if engine == "OPA":
        effort = dataclasses.replace(effort, batch=effort.batch // 4)
    delegated, proved = Delegations(world, plain), Delegations(world, proving)
    numbers = range(MOST + 1)
    entries: dict[str, Call] = {named(number): delegated.call(number) for number in numbers}
    entries |= {named(number, proof=True): proved.call(number) for number in numbers}
    entries |= {
        f"the decision alone, {number} hops": delegated.decision(number) for number in numbers
    }
    found = side_by_side(entries, effort)
    results.timings[f"{engine}, (a) delegated and proved"] = found
    results.goals += _ratios(engine, found)
    results.timings[f"{engine}, cost of a delegation"] = side_by_side(_steps(delegated), effort)


def _ratios(engine: str, found: dict[str, Timing]) -> list[Goal]:
    beside = named(0)
    shown = [
        (named(number, proof=proof), most)
        for proof in (False, True)
        for number, most in enumerate(_AIMS[engine])
        if number or proof
    ]
    return [
        Goal.at_most(f"{engine}: {name} over {beside}", found[name], found[beside], most)
        for name, most in shown
    ]


def _steps(delegated: Delegations) -> dict[str, Call]:
    """Each step from a task's beginning to its last hop, beside bare signatures."""
    key = SigningKey.generate()
    root = delegated.tasks[0]
    claims = token_claims(root.grant.token)
    token, public = key.sign(claims, typ="task+jwt"), jwt.PyJWK({**key.public, "alg": "ES256"})
    issuer = delegated.guards[0].issuer
    chains = [delegated.delegate(task).chain for task in delegated.tasks[:MOST]]
    first, *_, last = chains
    return {
        SIGN: lambda: key.sign(claims, typ="task+jwt"),
        VERIFY: lambda: jwt.decode(token, public, algorithms=["ES256"], audience=claims["aud"]),
        "a task's token, signed once more": lambda: issuer.renew(root.grant),
        "a task, asked for and issued": delegated.begin,
        "delegated for the first time": lambda: delegated.delegate(root).chain,
        f"delegated for the {MOST}rd time": lambda: (
            delegated.delegate(delegated.tasks[MOST - 1]).chain
        ),
        "accepted after 1 hop": lambda: delegated.accept(first),
        f"accepted after {MOST} hops": lambda: delegated.accept(last),
    }
