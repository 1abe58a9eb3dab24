"""In which order the issuer's service takes what comes: by events, not by times."""

import asyncio
import json
import threading
from types import SimpleNamespace

import pytest

from inbounds.errors import TokenInvalid
from inbounds.identity import dpop, issuer_messages
from inbounds.identity.dpop import Proof
from inbounds.identity.signing_keys import SigningKey
from inbounds.live.feed import Acknowledgement, Position
from inbounds.model.claims import IssuanceAnswer
from inbounds.pdp import Reply
from inbounds.process.ids import uuid7
from inbounds_server.issuer import http, in_force
from inbounds_server.issuer.in_force import InForce
from inbounds_server.issuer.request_threads import RequestThreads
from inbounds_server.issuer.service import End, Service, Workings
from inbounds_server.issuer.settings import Folder

KEY = SigningKey.generate()
AT = Position("g", 7)
"""Where the feed stands once something has ended."""
RENEWING, ENDING = {"identity": "x", "task": "x"}, {"name": "x", "task": "x"}
URL = "http://127.0.0.1:1"
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"
PATIENCE = 20.0
"""How many seconds a test waits before it fails."""
NAMES = ("identity", "subject", "agent", "intent", "tenant", "environment", "sid")
BEGINNING = dict.fromkeys(NAMES, "x")


# --- a body --------------------------------------------------------------------------------


def test_addresses_take_turns():
    """
    A body of another address waits for one of each, however many there are of the first.
    """
    order, go = [], threading.Event()

    def read(body):
        assert go.wait(PATIENCE)
        order.append(body)

    async def all_of_them():
        threads = RequestThreads()
        reads = []
        for address, body in [*((HERE, b"here") for _ in range(5)), (ELSEWHERE, b"elsewhere")]:
            reads.append(asyncio.create_task(threads.read(address, read, body)))
            for _ in range(4):
                await asyncio.sleep(0)  # it has come to wait before the next one comes
        go.set()
        await asyncio.gather(*reads)
        return len(threads._turns)

    assert asyncio.run(asyncio.wait_for(all_of_them(), PATIENCE)) == 0
    assert order == [b"here", b"elsewhere", *[b"here"] * 4]


def test_a_body_that_fails_ends_its_turn():
    def read(_body):
        raise KeyError

    async def two():
        threads = RequestThreads()
        for _ in range(2):
            with pytest.raises(KeyError):
                await threads.read(HERE, read, b"")

    asyncio.run(asyncio.wait_for(two(), PATIENCE))


# --- who asks ------------------------------------------------------------------------------


class Strangers:
    """A service to whose policy nobody is shown."""

    def __init__(self, *, shown=False):
        self.log = []
        self.shown = shown
        self.service = Service(
            Workings(
                folder=None,
                store=SimpleNamespace(first=lambda *_: self.log.append("proof") or True),
                pdp=self,
                feed=None,
                log=None,
                fresh=lambda _deadline: None,
            )
        )

    def ask(self, entrypoint, _question, *, deadline):
        assert deadline
        self.log.append(entrypoint.rpartition("/")[2])
        return Reply(IssuanceAnswer(issued=self.shown).model_dump(mode="json"))

    def limit(self, agent):
        self.log.append(f"limit of {agent}")
        raise TokenInvalid("limited", code="issuer.limited")

    def begin(self):
        with pytest.raises(TokenInvalid):
            self.service.begin(
                lambda: self.log.append("read"),
                agent="a",
                identity="i",
                proof=Proof(KEY.public, uuid7(), 1),
                limit=self.limit,
            )
        return self.log


def test_what_a_stranger_asks_for_is_not_read():
    assert Strangers().begin() == ["proof", "shown"]


def test_nor_what_an_agent_asks_for_too_often():
    assert Strangers(shown=True).begin() == ["proof", "shown", "limit of a"]


# --- who waits for whom --------------------------------------------------------------------


class Held:
    """A service at which no request to begin a task is answered before the test lets it go."""

    def __init__(self):
        self.go = threading.Event()
        self.begun = 0

    def begin(self, _read, **_):
        assert self.go.wait(PATIENCE)
        self.begun += 1
        raise TokenInvalid("nobody is shown", code="identity.unverified")

    def renew(self, _task, **_):
        raise TokenInvalid("it is over", code="task.over")

    def end(self, _name, **_):
        return End(AT)


async def post(served, path, said, address):
    """Send a request in this process; return its status."""
    return (await posted(served, path, said, address))[0]


async def posted(served, path, said, address):
    """Send a request in this process; return its status and what was answered."""
    answers = []

    async def receive():
        return {"type": "http.request", "body": json.dumps(said).encode(), "more_body": False}

    async def send(message):
        answers.append(message)

    proof = dpop.prove(KEY, "POST", URL + path).encode()
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": [(b"content-type", b"application/json"), (b"dpop", proof)],
        "query_string": b"",
        "client": (address, 1),
    }
    await served(scope, receive, send)
    return answers[0]["status"], json.loads(answers[1]["body"])


@pytest.mark.parametrize("where", ["read", "answered"])
def test_renewals_and_ends_do_not_wait_for_beginnings(tmp_path, monkeypatch, where):
    """
    As many as one address may have under way wait, and another holder's task is renewed and ended.
    """
    service = Held()
    if where == "read":
        read_asking = http.read_asking

        def held(body):
            assert service.go.wait(PATIENCE)
            return read_asking(body)

        monkeypatch.setattr(http, "read_asking", held)
    served = http.app(service, Folder.create(tmp_path / "issuer", URL, "inbounds"))

    async def all_of_them():
        begins = [
            asyncio.create_task(post(served, issuer_messages.BEGIN, BEGINNING, HERE))
            for _ in range(60)
        ]
        for address in (ELSEWHERE, HERE):
            assert await post(served, issuer_messages.RENEW, RENEWING, address) == 400
            assert await post(served, issuer_messages.END, ENDING, address) == 200
        assert service.begun == 0
        service.go.set()
        assert await asyncio.gather(*begins) == [400] * 60

    try:
        asyncio.run(asyncio.wait_for(all_of_them(), PATIENCE))
    finally:
        service.go.set()
    assert service.begun == 60


class Ending:
    """A service that ends whatever it is asked to, once the test lets it."""

    def __init__(self, *, again=False):
        self.go = threading.Event()
        self.answer = End(AT, again=again)

    def renew(self, _task, **_):
        raise TokenInvalid("it is over", code="task.over")

    def end(self, _name, **_):
        assert self.go.wait(PATIENCE)
        return self.answer


class Opas:
    """What a feed notes of two OPAs, of which one is not reached before the test says so."""

    def __init__(self):
        self.reached = False

    def acknowledgements(self):
        other = AT if self.reached else Position("", 0)
        return Acknowledgement("one", AT, 1), Acknowledgement("other", other, 1)


def test_renewals_do_not_wait_for_ends(tmp_path):
    service = Ending()
    served = http.app(service, Folder.create(tmp_path / "issuer", URL, "inbounds"))

    async def all_of_them():
        ends = [
            asyncio.create_task(post(served, issuer_messages.END, ENDING, HERE)) for _ in range(60)
        ]
        for address in (ELSEWHERE, HERE):
            assert await post(served, issuer_messages.RENEW, RENEWING, address) == 400
        assert not any(end.done() for end in ends)
        service.go.set()
        assert await asyncio.gather(*ends) == [200] * 60

    try:
        asyncio.run(asyncio.wait_for(all_of_them(), PATIENCE))
    finally:
        service.go.set()


def test_an_opa_that_is_not_reached_holds_up_no_other_end(tmp_path, monkeypatch):
    """
    A quarter of what an address may have under way waits for it, and so does another address.
    """
    monkeypatch.setattr(http, "_UNTIL_IN_FORCE", PATIENCE * 2)
    service, opas = Ending(), Opas()
    service.go.set()
    folder = Folder.create(tmp_path / "issuer", URL, "inbounds")
    served = http.app(service, folder, InForce(opas, folder))

    async def all_of_them():
        def end(address):
            return asyncio.create_task(posted(served, issuer_messages.END, ENDING, address))

        ends = [end(HERE) for _ in range(60)]
        soon, waiting = set(), set(ends)
        while len(waiting) > 16:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            soon |= done
        assert [each.result()[1]["in_force"] for each in soon] == [False] * 44
        waiting |= {end(ELSEWHERE)}
        assert await post(served, issuer_messages.RENEW, RENEWING, ELSEWHERE) == 400
        assert not any(each.done() for each in waiting)
        opas.reached = True
        answers = await asyncio.gather(*waiting)
        assert [(status, said["in_force"]) for status, said in answers] == [(200, True)] * 17

    asyncio.run(asyncio.wait_for(all_of_them(), PATIENCE))


def test_no_more_wait_than_a_quarter_of_all(tmp_path, monkeypatch):
    monkeypatch.setattr(in_force, "_MOST_WAITING", 3)
    opas = Opas()
    known = InForce(opas, Folder.create(tmp_path / "issuer", URL, "inbounds"))

    async def all_of_them():
        waits = [
            asyncio.create_task(known.at(AT, f"192.0.2.{each}", seconds=PATIENCE * 2))
            for each in range(4)
        ]
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        assert [each.result() for each in done] == [False]
        opas.reached = True
        assert sorted(await asyncio.gather(*waits)) == [False, True, True, True]
        assert known._waiting == {}

    asyncio.run(asyncio.wait_for(all_of_them(), PATIENCE))


def test_an_end_that_is_repeated_is_answered_by_what_is_known(tmp_path, monkeypatch):
    monkeypatch.setattr(http, "_UNTIL_IN_FORCE", PATIENCE * 2)
    service, opas = Ending(again=True), Opas()
    service.go.set()
    folder = Folder.create(tmp_path / "issuer", URL, "inbounds")
    served = http.app(service, folder, InForce(opas, folder))

    async def end():
        return (await posted(served, issuer_messages.END, ENDING, HERE))[1]["in_force"]

    assert asyncio.run(asyncio.wait_for(end(), PATIENCE)) is False


def test_a_wait_ends_with_its_time(tmp_path):
    known = InForce(Opas(), Folder.create(tmp_path / "issuer", URL, "inbounds"))
    assert asyncio.run(asyncio.wait_for(known.at(AT, HERE, seconds=0.01), PATIENCE)) is False


@pytest.mark.parametrize("fed", [True, False])
def test_what_is_not_in_the_feed_is_in_force_nowhere(tmp_path, fed):
    service, opas = Ending(again=True), Opas()
    service.go.set()
    service.answer = End(None, again=True)
    folder = Folder.create(tmp_path / "issuer", URL, "inbounds")
    served = http.app(service, folder, InForce(opas, folder) if fed else None)

    async def end():
        return (await posted(served, issuer_messages.END, ENDING, HERE))[1]["in_force"]

    assert asyncio.run(asyncio.wait_for(end(), PATIENCE)) is False
