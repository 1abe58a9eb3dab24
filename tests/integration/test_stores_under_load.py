"""One session, two processes of 32 threads with coroutines in each, on every store there is.

What a session may spend is spent to the last and no further, and no call slips past a label that
another has taken; also while a Redis is killed and started again in between.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests import engines, shipping
from tests.guards import PRELUDE, SECONDS, SUBJECT, Place
from tests.redis_server import RedisServer

from inbounds.engine import assets
from inbounds.testing import INTENT, small_deployment
from inbounds_tools.bundle.build import build

BUDGET = 100
PROCESSES = 2

RULE = """\
# METADATA
# title: {title}
# description: {title}.
# custom:
#   severity: low
#   remedy: Begin another session
#   controls: ["owasp_asi:ASI02"]
package site.rules.session.{name}

# METADATA
# description: Shown by the state of the session
{shown}

# METADATA
# description: How far it has come
details contains {{"calls": input.context.session.spent.calls}}
"""
RULES = {
    "budget": (
        "A session has a budget of calls",
        f"ruled_out if input.context.session.spent.calls < {BUDGET}",
    ),
    "seen": (
        "Who has seen mails does not get pages any more",
        (
            'ruled_out if input.action.name != "web.get"\n\n'
            'ruled_out if input.context.session.label != "confidential"'
        ),
    ),
}

# Each coroutine gets three pages and reads a mail, and so on, until nothing is left to it.
PROGRAM = """
import itertools
from inbounds import AccessDenied
from inbounds.model.question import SessionState

guard = make()

@guard.tool("web.get", resource=lambda url: ("page", url))
def get(url: str) -> str:
    os.write(RAN, (json.dumps([os.getpid(), url]) + "\\n").encode())
    return url

# The machine is busy, which is not what is to be seen.
guard.evidence._timeout = guard.evidence._patience = 120
store = guard._runtime.sessions
store._timeout = 30
commit = store.commit
TRIED = os.open(os.environ["TRIED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

def told(key, expected, state):
    os.write(TRIED, (json.dumps([state.version, state.decisions[-1]]) + "\\n").encode())
    return commit(key, expected, state)

store.commit = told
sid = os.environ.get("SID")
task = begin(guard, **({"session": sid} if sid else {}))
codes = {}
# All begin at once: whoever is first must not have spent everything.
open(f"ready-{os.getpid()}", "w").close()
while sum(name.startswith("ready-") for name in os.listdir()) < int(os.environ["CROWD"]):
    time.sleep(0.01)

async def work(who):
    for n in itertools.count():
        id = f"{os.getpid()}-{who}-{n}"
        call = ("web.get", {"url": f"https://wiki.acme.example/{id}"})
        if (n + int(who.split("-")[0])) % 4 == 3:
            call = ("mail.read", {"id": id})
        try:
            await task.acall(*call)
        except AccessDenied as error:
            found = {reason.code for reason in error.decision.reasons}
            codes[error.code] = codes.get(error.code, 0) + 1
            if "site.session.budget" in found:
                return
        except DecisionUnavailable as error:
            codes[error.code] = codes.get(error.code, 0) + 1
            if error.code == "session.lost":
                return
            await asyncio.sleep(0.05)

async def several(thread):
    await asyncio.gather(*(work(f"{thread}-{n}") for n in range(2)))

threads = [threading.Thread(target=asyncio.run, args=(several(n),)) for n in range(32)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
state = store.load(task.session).model_dump() if sid is None else None
print(json.dumps([codes, state]))
guard.close()
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """The policy with a budget and a label that counts; its file and its key."""
    shipping.make_assets()
    folder = tmp_path_factory.mktemp("bundle")
    for name, (title, shown) in RULES.items():
        rule = folder / "site" / "rules" / "session" / name
        rule.mkdir(parents=True)
        text = RULE.format(title=title, name=name, shown=shown)
        (rule / f"{name}.rego").write_text(text, "utf-8")
    keys = engines.signing_keys(folder)
    built = build(
        rego=assets.rego(),
        site=folder / "site",
        deployment=None,
        key=keys.private,
        out=folder / "bundles",
        opa=Path(engines.opa_binary()),
        capabilities=assets.capabilities(),
    )
    return {"bundle": str(built.files["wasm"]), "bundle_key": str(keys.public)}


@pytest.fixture
def place(tmp_path):
    """A deployment whose results leave a session trusted: nobody is to be asked for a page."""
    tools = small_deployment()["tools"]
    for name in ("mail.read", "web.get"):
        tools[name]["returns"]["party"] = "first"
    return Place(tmp_path, {"tools": tools})


class Crowd:
    """Processes that spend one session, each until nothing is left of it."""

    def __init__(self, place, bundle, number, sid=""):
        self.place = place
        program = place.folder / "program.py"
        program.write_text(PRELUDE + PROGRAM, "utf-8")
        told = {f"INBOUNDS_{name.upper()}": value for name, value in bundle.items()}
        told |= {"TRIED": str(place.folder / "tried"), "CROWD": str(number)}
        told |= {"SID": sid} if sid else {}
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-X", "faulthandler", str(program)],
                cwd=place.folder,
                env=place.environment("", **told),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(number)
        ]

    def wait_until_ran(self, number):
        deadline = time.monotonic() + SECONDS
        while len(self.place.ran()) < number:
            assert time.monotonic() < deadline
            assert None in {process.poll() for process in self._processes}
            time.sleep(0.02)

    def ended(self):
        """What each has said: how often it was told which code, and the last state."""
        try:
            said = [process.communicate(timeout=2 * SECONDS) for process in self._processes]
        finally:
            for process in self._processes:
                process.kill()
        assert [(p.returncode, err) for p, (_, err) in zip(self._processes, said, strict=True)] == [
            (0, "")
        ] * len(said)
        return [json.loads(out) for out, _ in said]


def shared(place, bundle, stack):
    """Begin the session that all will spend, and everybody's work on it."""
    guard = place.guard(**bundle)
    stack.callback(guard.close)
    task = stack.enter_context(guard.task(INTENT, subject=SUBJECT))
    return task.session.sid, Crowd(place, bundle, PROCESSES, task.session.sid)


def slipped_past(place):
    """Pages that were allowed after a mail was, in the order of the commits."""
    decided = {r["decision_id"]: r for r in place.records() if r.get("outcome") == "allow"}
    made = {}  # of the commits of one call, the last one tried is the one that was made
    for line in (place.folder / "tried").read_text("utf-8").splitlines():
        version, decision = json.loads(line)
        if decision in decided:
            made[decision] = version
    assert made.keys() == decided.keys()
    assert len(set(made.values())) == len(made), "two calls were allowed on one state"
    tools = [decided[decision]["tool"] for decision in sorted(made, key=made.__getitem__)]
    first = tools.index("mail.read") if "mail.read" in tools else len(tools)
    return [tool for tool in tools[first:] if tool != "mail.read"]


def assert_settled(place):
    """Whatever ran was allowed once and ran once, and the log is whole."""
    ran = place.ran()
    assert len(ran) == len(set(ran)) == place.allowed() == place.executed()["yes"]
    assert slipped_past(place) == []
    assert place.verified()
    return len(ran)


def test_in_memory(place, bundle):
    place.sessions = "memory"
    ((codes, state),) = Crowd(place, bundle, 1).ended()

    assert assert_settled(place) == state["spent"]["calls"] == BUDGET
    assert state["label"] == "confidential"
    assert set(codes) <= {"site.session.budget", "site.session.seen"}


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_of_two_processes(place, bundle, kind):
    with contextlib.ExitStack() as stack:
        if kind == "redis":
            place.sessions = stack.enter_context(RedisServer()).patient_url
        sid, crowd = shared(place, bundle, stack)
        said = crowd.ended()
        state = place.session(sid)

    assert assert_settled(place) == state["spent"]["calls"] == BUDGET
    assert state["label"] == "confidential"
    assert set().union(*(codes for codes, _ in said)) <= {
        "site.session.budget",
        "site.session.seen",
    }


def test_while_redis_is_killed_and_started_again(place, bundle):
    """
    What was spent before a crash stays spent; of what nobody answered, nothing runs twice.
    """
    with RedisServer() as server, contextlib.ExitStack() as stack:
        place.sessions = server.url
        sid, crowd = shared(place, bundle, stack)
        for number in (10, 40, 70):
            crowd.wait_until_ran(number)
            server.kill()
            server.start()
        said = crowd.ended()
        state = place.session(sid)

    assert assert_settled(place) <= state["spent"]["calls"] == BUDGET
    assert state["label"] == "confidential"
    assert "session.unreachable" in set().union(*(codes for codes, _ in said))
    assert "session.lost" not in set().union(*(codes for codes, _ in said))


def test_while_redis_comes_back_with_nothing(place, bundle):
    """
    Nothing runs on a fresh state: the session is lost to everybody, and stays so.
    """
    with RedisServer() as server, contextlib.ExitStack() as stack:
        place.sessions = server.url
        _, crowd = shared(place, bundle, stack)
        crowd.wait_until_ran(10)
        server.kill()
        server.forget()
        server.start()
        said = crowd.ended()
        assert server.tell("DBSIZE") == 0

    assert 10 <= assert_settled(place) < BUDGET
    for codes, _ in said:
        assert codes["session.lost"] == 64
