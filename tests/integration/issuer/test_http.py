"""What others may send to an issuer's service: refused with a code, and nothing left behind."""

import asyncio
import contextlib
import http.client
import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from tests.guards import SUBJECT
from tests.issuing import LOGIN, WORKLOADS, Issuing, task_request

from inbounds.identity import dpop
from inbounds.identity.signing_keys import SigningKey
from inbounds.testing import AGENT
from inbounds_server.issuer.settings import Folder

KEY = SigningKey.generate()


def send(
    place, said, path="/tasks", *, proofs=None, method="POST", media="application/json", **headers
):
    """Send a request as a stranger may; return the status and what was answered."""
    if proofs is None:
        proofs = [dpop.prove(KEY, "POST", place.url + path)]
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=60)
    with contextlib.closing(connection):
        connection.putrequest(method, path)
        raw = said if isinstance(said, bytes) else json.dumps(said).encode()
        for name, value in {"Content-Type": media, "Content-Length": len(raw), **headers}.items():
            connection.putheader(name, str(value))
        for proof in proofs:
            connection.putheader("DPoP", proof)
        connection.endheaders(raw)
        answer = connection.getresponse()
        text = answer.read()
    return answer.status, json.loads(text) if text.startswith(b"{") else {"text": text.decode()}


def remembered(place):
    with contextlib.closing(sqlite3.connect(place.issuer / "tasks.sqlite")) as connection:
        return connection.execute("SELECT count(*) FROM tasks").fetchone()[0]


@pytest.fixture
def place(on_embedded):
    """The deployment; whatever a test sends leaves as many tasks as there were."""
    place, _ = on_embedded
    before = remembered(place)
    yield place
    assert remembered(place) == before


def forged(place, key=None, algorithm="ES256", header=None, path="/tasks", **claims):
    now = int(time.time())
    said = {"jti": "j", "htm": "POST", "htu": place.url + path, "iat": now, **claims}
    said = {name: value for name, value in said.items() if value is not ...}
    header = {"typ": "dpop+jwt", "jwk": KEY.public, **(header or {})}
    header = {name: value for name, value in header.items() if value is not ...}
    return jwt.encode(said, key or KEY._private, algorithm=algorithm, headers=header)


def private(place):
    numbers = KEY._private.private_numbers()
    from base64 import urlsafe_b64encode

    d = urlsafe_b64encode(numbers.private_value.to_bytes(32, "big")).decode().rstrip("=")
    return forged(place, header={"jwk": {**KEY.public, "d": d}})


P384 = ec.generate_private_key(ec.SECP384R1())
OTHER = SigningKey.generate()
ED = ed25519.Ed25519PrivateKey.generate()

PROOFS = {
    "none": lambda place: [],
    "two": lambda place: [dpop.prove(KEY, "POST", place.url + "/tasks") for _ in range(2)],
    "empty": lambda place: [""],
    "no token": lambda place: ["x.y.z"],
    "too long": lambda place: ["x" * 5000],
    "a blank": lambda place: [" "],
    "not signed": lambda place: [
        jwt.encode({"jti": "j"}, None, algorithm="none", headers={"typ": "dpop+jwt"})
    ],
    "a shared secret": lambda place: [
        forged(place, key=json.dumps(KEY.public) * 2, algorithm="HS256")
    ],
    "signed by another key": lambda place: [forged(place, key=OTHER._private)],
    "another algorithm": lambda place: [forged(place, key=ED, algorithm="EdDSA")],
    "another curve": lambda place: [forged(place, key=P384, algorithm="ES384")],
    "another type": lambda place: [forged(place, header={"typ": "JWT"})],
    "no type": lambda place: [forged(place, header={"typ": None})],
    "no key": lambda place: [forged(place, header={"jwk": ...})],
    "a key by name": lambda place: [forged(place, header={"kid": "k"})],
    "a key by address": lambda place: [forged(place, header={"jku": "http://127.0.0.1:1/"})],
    "a private key": lambda place: [private(place)],
    "a key that is none": lambda place: [forged(place, header={"jwk": {"kty": "EC"}})],
    "a key off the curve": lambda place: [
        forged(place, header={"jwk": {**KEY.public, "y": KEY.public["x"]}})
    ],
    **{
        f"a key in another spelling: {spelling}": lambda place, how=how: [
            forged(place, header={"jwk": {**KEY.public, "x": how(KEY.public["x"])}})
        ]
        for spelling, how in {
            "padded": lambda x: x + "=",
            "padded twice": lambda x: x + "==",
            "bits that no byte takes up": lambda x: x[:-1] + chr(ord(x[-1]) + 1),
            "a blank": lambda x: x + " ",
            "a line": lambda x: x + "\n",
        }.items()
    },
    "another method": lambda place: [forged(place, htm="GET")],
    "another address": lambda place: [forged(place, htu="https://evil.example/tasks")],
    "another door": lambda place: [forged(place, path="/tasks/end")],
    "a query": lambda place: [forged(place, htu=place.url + "/tasks?x=1")],
    "no method": lambda place: [forged(place, htm=...)],
    "no address": lambda place: [forged(place, htu=...)],
    "no id": lambda place: [forged(place, jti=...)],
    "an empty id": lambda place: [forged(place, jti="")],
    "an id that is not text": lambda place: [forged(place, jti=["j"])],
    "a long id": lambda place: [forged(place, jti="j" * 257)],
    "no time": lambda place: [forged(place, iat=...)],
    "a time of many digits": lambda place: [forged(place, iat=10**400)],
    "half of a pair as an id": lambda place: [forged(place, jti="\ud800")],
    "a time that is not a number": lambda place: [forged(place, iat=str(int(time.time())))],
    "a time with a fraction": lambda place: [forged(place, iat=time.time())],
    "long ago": lambda place: [forged(place, iat=int(time.time()) - 40)],
    "yet to come": lambda place: [forged(place, iat=int(time.time()) + 40)],
    "an end that is past": lambda place: [forged(place, exp=int(time.time()) - 1)],
}


@pytest.mark.parametrize("name", PROOFS)
def test_no_proof_of_possession(place, name):
    status, said = send(place, task_request(place), proofs=PROOFS[name](place))

    assert (status, said["error"]) == (400, "invalid_dpop_proof")
    assert said["code"] == "issuer.proof"
    assert said["remedy"]


def test_a_proof_counts_once(on_embedded):
    place, _ = on_embedded
    proof = dpop.prove(KEY, "POST", place.url + "/tasks")

    assert send(place, task_request(place), proofs=[proof])[0] == 200
    status, said = send(place, task_request(place), proofs=[proof])

    assert (status, said["code"]) == (400, "issuer.proof")


def test_of_many_that_send_one_proof_at_once_one_is_served(on_embedded):
    place, _ = on_embedded
    proof = dpop.prove(KEY, "POST", place.url + "/tasks")
    said = task_request(place)

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: send(place, said, proofs=[proof])[0], range(8)))

    assert sorted(got) == [200] + [400] * 7


def deep(depth):
    return b"[" * depth + b"]" * depth


JUNK = {
    "nothing": b"",
    "no JSON": b"x",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"x"',
    "cut off": b'{"identity": "',
    "no UTF-8": b'{"identity": "\xff"}',
    "half a pair": b'{"identity": "\\ud800"}',
    "a member twice": b'{"identity": "a", "identity": "b"}',
    "no number": b'{"seconds": NaN}',
    "a number without end": b'{"seconds": 1e999}',
    "nested": deep(100_000),
    "large": b'{"identity": "' + b"x" * 300_000 + b'"}',
    "many values": b'{"scope": {"bounds": {"recipient": {"values": [' + b"[]," * 80_000 + b"0]}}}}",
}


@pytest.mark.parametrize("path", ["/tasks", "/tasks/renew", "/tasks/end"])
@pytest.mark.parametrize("name", JUNK)
def test_no_request(place, path, name):
    status, said = send(place, JUNK[name], path)

    assert (status, said["error"], said["code"]) == (400, "invalid_request", "issuer.malformed")


@pytest.mark.parametrize("path", ["/tasks", "/tasks/renew", "/tasks/end"])
@pytest.mark.parametrize("name", JUNK)
def test_nothing_is_read_before_the_proof_holds(place, path, name):
    for proofs in ([], [dpop.prove(KEY, "POST", place.url + "/jwks")]):
        status, said = send(place, JUNK[name], path, proofs=proofs)
        assert (status, said["error"], said["code"]) == (400, "invalid_dpop_proof", "issuer.proof")


def test_who_asks_is_known_before_for_whom_and_for_whom_before_what(place):
    """
    What a request costs the policy grows with its scope, which nobody else is asked about.
    """
    wide = {"resources": [{"type": f"t{number}"} for number in range(256)]}
    stranger = place.svid(key=SigningKey.generate())
    for what in ({"scope": wide}, {"intent": "unknown"}, {"subject": "unknown", "scope": wide}):
        asked = task_request(place, subject_token=place.user(SigningKey.generate()), **what)
        assert send(place, asked)[1]["code"] == "issuance.subject_unverified"
        assert send(place, {**asked, "subject_token": ""})[1]["code"] == "issuance.subject_unshown"
        assert send(place, {**asked, "identity": stranger})[1]["code"] == "identity.unverified"
    assert send(place, task_request(place, scope=wide))[1]["code"] == "issuance.empty"


def test_what_is_asked_for_is_read_once_the_agent_is_shown(place):
    """
    A stranger does not learn, nor has it found out here, whether the rest of a request fits.
    """
    stranger = place.svid(key=SigningKey.generate())
    for rest in ({"scope": {"tools": 1}}, {"seconds": "x"}, {"canary": 1}, {"subject": ...}):
        said = send(place, task_request(place, identity=stranger, **rest))[1]
        assert said["code"] == "identity.unverified"
        assert send(place, task_request(place, **rest))[1]["code"] == "issuer.malformed"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        *((member, ...) for member in ("identity", "subject", "agent", "intent", "tenant", "sid")),
        *(
            (member, value)
            for member in ("identity", "subject_token", "subject", "agent", "sid", "environment")
            for value in (None, 1, True, ["x"], {"x": 1})
        ),
        *((member, "") for member in ("subject", "agent", "intent", "tenant", "sid")),
        *((member, "x" * 257) for member in ("subject", "agent", "intent", "tenant", "sid")),
        ("seconds", -1),
        ("seconds", 1.5),
        ("seconds", "600"),
        ("seconds", 2**53),
        ("scope", []),
        ("scope", {"effect": ["read"]}),
        ("scope", {"effects": "read"}),
        ("scope", {"windows": [{"start": 1, "end": 2}] * 257}),
        ("scope", {"resources": [{"type": "mail"}] * 257}),
        ("holder", KEY.public),
        ("canary", 1),
    ],
)
def test_a_member_that_does_not_fit(place, member, value):
    status, said = send(place, task_request(place, **{member: value}))

    assert (status, said["code"]) == (400, "issuer.malformed")
    assert "canary" not in json.dumps(said)


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_what_does_not_say_that_it_is_json(place, media):
    """
    A page that a browser shows cannot send one on its user's behalf.
    """
    status, said = send(place, task_request(place), media=media)

    assert (status, said["code"]) == (400, "issuer.malformed")


def test_another_method_or_door(place):
    assert send(place, b"", method="GET")[0] == 405
    assert send(place, b"", method="DELETE")[0] == 405
    # A redirect would lead where the request's own `Host` says.
    for path in ("/tasks/", "/jwks/", "/health/"):
        assert send(place, b"", path, method="GET")[0] == 404
        assert send(place, b"", path)[0] == 404
    for path in ("/", "/admin", "/tasks/../jwks", "/tasks//end", "/%2e%2e/issuer.json"):
        assert send(place, b"", path)[0] in (404, 405)


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded"])
def test_whatever_a_request_says_of_its_host_it_is_proven_for_the_issuer_s(place, name):
    told = forged(place, htu="http://evil.example/tasks")
    headers = {name: "host=evil.example" if name == "Forwarded" else "evil.example"}

    if name == "Host":
        connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=60)
        with contextlib.closing(connection):
            raw = json.dumps(task_request(place))
            sent = {"Host": "evil.example", "DPoP": told, "Content-Type": "application/json"}
            connection.request("POST", "/tasks", raw, sent)
            assert connection.getresponse().status == 400
    else:
        assert send(place, task_request(place), proofs=[told], **headers)[0] == 400


def test_a_task_that_is_not_there_is_as_one_of_another_s(on_embedded):
    """
    Whoever does not hold a task does not learn that there is one.
    """
    place, _ = on_embedded
    _, made = send(place, task_request(place))
    thief = SigningKey.generate()
    answers = []
    for task in (made["task"], "task-none"):
        proof = dpop.prove(thief, "POST", place.url + "/tasks/renew")
        asked = {"identity": place.svid(), "task": task}
        answers.append(send(place, asked, "/tasks/renew", proofs=[proof]))

    assert answers[0] == answers[1]
    assert (answers[0][0], answers[0][1]["code"]) == (400, "task.over")


@pytest.mark.parametrize(
    "chain", [[], ["x"], ["a.b.c"] * 4, ["a.b.c"] * 5, None, "x", [1]], ids=str
)
def test_nothing_ends_by_a_chain_that_is_none(place, chain):
    asked = {"name": "task-victim", "task": "a.b.c", "chain": chain}

    status, said = send(place, asked, "/tasks/end")

    assert status == 400
    assert said["code"] in ("issuer.not_the_holder", "issuer.malformed")
    with contextlib.closing(sqlite3.connect(place.issuer / "live.sqlite")) as connection:
        found = connection.execute("SELECT * FROM entries WHERE name LIKE 'task-victim%'")
        assert found.fetchall() == []


def test_keys_are_published_and_nothing_secret(place):
    status, said = send(place, b"", "/jwks", method="GET")

    assert status == 200
    assert {frozenset(key) for key in said["keys"]} == {
        frozenset({"kty", "crv", "x", "y", "kid", "use", "alg"})
    }
    status, said = send(place, b"", "/.well-known/oauth-authorization-server", method="GET")
    assert (status, said["issuer"], said["jwks_uri"]) == (200, place.url, place.url + "/jwks")


def test_who_asks_too_often_is_told_to_wait(tmp_path):
    place = Issuing(tmp_path)
    file = place.issuer / "service.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "begun_per_minute": 2}))
    with place.serving("embedded"):
        got = [send(place, task_request(place)) for _ in range(3)]

        assert [status for status, _ in got] == [200, 200, 429]
        assert (got[2][1]["error"], got[2][1]["code"]) == ("slow_down", "issuer.limited")
        assert remembered(place) == 2
        # Another agent's share is its own.
        other = "spiffe://acme.example/agent/researcher"
        assert send(place, task_request(place, identity=place.svid(other), agent=other))[0] == 200
    # Else whoever asks too often would fill the log.
    assert [one["outcome"] for one in place.issued() if "outcome" in one] == ["allow"] * 3


def test_a_stranger_leaves_no_record_and_learns_nothing(on_embedded):
    """
    Whatever the deployment knows of what is asked for, who is not shown hears the same.
    """
    place, _ = on_embedded
    before = len(place.issued())
    stranger = place.svid(key=SigningKey.generate())
    answers = [
        send(place, task_request(place, identity=stranger, **{name: value}))
        for name, value in {
            "subject": SUBJECT,
            "agent": AGENT,
            "intent": "no such intent",
            "tenant": "no such tenant",
            "environment": "no such environment",
        }.items()
    ]
    answers += [send(place, task_request(place, identity=stranger, subject="nobody@acme.example"))]

    assert {(status, said["code"]) for status, said in answers} == {(400, "identity.unverified")}
    assert len({json.dumps(said) for _, said in answers}) == 1
    assert len(place.issued()) == before


def test_an_address_that_floods_is_told_to_wait(tmp_path):
    place = Issuing(tmp_path)
    file = place.issuer / "service.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "asked_per_minute": 3}))
    with place.serving("embedded"):
        got = [send(place, b"x")[0] for _ in range(5)]

    assert got == [400, 400, 400, 429, 429]


def test_no_task_without_its_record(tmp_path):
    """
    Where the evidence log takes nothing, nothing is handed out.
    """
    place = Issuing(tmp_path)
    with place.serving("embedded"):
        assert send(place, task_request(place))[0] == 200
        (place.issuer / "evidence.sqlite").rename(place.issuer / "elsewhere.sqlite")

        status, said = send(place, task_request(place))

        assert (status, said["code"]) == (503, "evidence.unavailable")
        assert remembered(place) == 1


def test_no_task_that_is_not_remembered(tmp_path):
    """
    What could not be ended by its holder is not handed out; the record says that it was not.
    """
    place = Issuing(tmp_path)
    with place.serving("embedded"):
        assert send(place, task_request(place))[0] == 200
        with contextlib.closing(sqlite3.connect(place.issuer / "tasks.sqlite")) as connection:
            connection.execute("DROP TABLE tasks")

        status, said = send(place, task_request(place))

        assert (status, said["code"]) == (503, "issuer.unavailable")
    assert [one["executed"] for one in place.issued() if "executed" in one] == ["yes", "no"]


def test_a_slow_sender_keeps_nobody_waiting(on_embedded):
    import socket

    place, _ = on_embedded
    slow = [socket.create_connection(("127.0.0.1", place.port)) for _ in range(20)]
    try:
        for each in slow:
            each.sendall(
                b"POST /tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: 100\r\n\r\n{"
            )
        assert send(place, task_request(place))[0] == 200
    finally:
        for each in slow:
            each.close()


@pytest.mark.parametrize("where", ["on_opa", "on_embedded"])
@pytest.mark.parametrize("who", ["workloads", "login"])
def test_nothing_ends_by_the_word_of_who_signs_no_tasks(request, where, who):
    """
    The key of another issuer of the deployment signs what it likes, a victim's task among it.
    """
    place, _ = request.getfixturevalue(where)
    _, victim = send(place, task_request(place))
    thief, signer = SigningKey.generate(), getattr(place, who)
    claims = jwt.decode(victim["token"], options={"verify_signature": False})

    for changed in ({}, {"iss": claims["iss"]}, {"iss": WORKLOADS}, {"iss": LOGIN}):
        task = signer.sign({**claims, "cnf": {"jwk": thief.public}, **changed}, typ="task+jwt")
        proof = dpop.prove(thief, "POST", place.url + "/tasks/end")
        asked = {"name": victim["task"], "task": task, "chain": []}
        status, said = send(place, asked, "/tasks/end", proofs=[proof])
        assert (status, said["code"]) == (400, "issuer.not_the_holder")

    again = {"identity": place.svid(), "task": victim["task"]}
    proof = dpop.prove(KEY, "POST", place.url + "/tasks/renew")
    assert send(place, again, "/tasks/renew", proofs=[proof])[0] == 200


def test_nothing_ends_by_the_word_of_another_issuer_of_tasks(tmp_path):
    """
    A development issuer's key lies beside an agent.
    """
    agents_own = SigningKey.generate()
    place = Issuing(tmp_path)
    file = place.folder / "deployment" / "issuers.yaml"
    issuers = json.loads(file.read_text())
    issuers["development"] = {
        **issuers["tasks"],
        "issuer": "urn:development",
        "kind": "development",
        "keys": {agents_own.kid: agents_own.public},
    }
    file.write_text(json.dumps(issuers))
    with place.serving("embedded"):
        _, victim = send(place, task_request(place))
        claims = jwt.decode(victim["token"], options={"verify_signature": False})
        claims |= {"iss": "urn:development", "cnf": {"jwk": agents_own.public}}
        task = agents_own.sign(claims, typ="task+jwt")
        proof = dpop.prove(agents_own, "POST", place.url + "/tasks/end")
        asked = {"name": victim["task"], "task": task, "chain": []}

        status, said = send(place, asked, "/tasks/end", proofs=[proof])

    assert (status, said["code"]) == (400, "issuer.not_the_holder")


def test_connections_that_send_nothing_shut_nobody_out(tmp_path):
    """
    As many as the service takes, and more: whoever has sent nothing for longest gives way.
    """
    import socket

    place = Issuing(tmp_path)
    with place.serving("embedded"), contextlib.ExitStack() as stack:
        for number in range(300):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", place.port)))
            if number % 2:
                one.sendall(b"POST /tasks HTTP/1.1\r\nHost: x\r\n")

        assert send(place, task_request(place))[0] == 200


def test_a_request_whose_head_never_ends_is_given_up(on_embedded):
    import socket

    place, _ = on_embedded
    with socket.create_connection(("127.0.0.1", place.port)) as slow:
        slow.sendall(b"GET /health HTTP/1.1\r\n")
        slow.settimeout(1)
        given_up = False
        until = time.monotonic() + 40
        while not given_up and time.monotonic() < until:
            try:
                slow.sendall(b"X-More: x\r\n")
                given_up = slow.recv(100) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                given_up = True

    assert given_up


def test_no_agent_fills_the_feed_with_hands_that_it_names(tmp_path):
    place = Issuing(tmp_path)
    file = place.issuer / "service.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "begun_per_minute": 2}))
    with place.serving("embedded"):
        _, made = send(place, task_request(place))
        got = []
        for number in range(4):
            hop = {"delegation": f"hop-{number}", "cnf": {"jwk": OTHER.public}}
            chain = [KEY.sign(hop, typ="task-child+jwt", named=False)]
            name = f"{made['task']}/hop-{number}"
            got.append(ending(place, name, made["token"], chain))

        assert [(status, said.get("code")) for status, said in got] == [
            (200, None),
            (200, None),
            (429, "issuer.limited"),
            (429, "issuer.limited"),
        ]
        # What it holds itself it ends all the same, and so does it begin.
        assert ending(place, made["task"], made["token"], [])[0] == 200
        assert send(place, task_request(place))[0] == 200
    with contextlib.closing(sqlite3.connect(place.issuer / "live.sqlite")) as connection:
        found = connection.execute("SELECT count(*) FROM entries WHERE name LIKE 'task-%'")
        assert found.fetchone() == (3,)


def ending(place, name, task, chain, key=KEY):
    proof = dpop.prove(key, "POST", place.url + "/tasks/end")
    said = {"name": name, "task": task, "chain": chain}
    return send(place, said, "/tasks/end", proofs=[proof])


def test_what_is_asked_for_and_not_given_is_not_kept(tmp_path):
    """
    What is kept of a task is as large as what was approved, whatever was asked for.
    """
    place = Issuing(tmp_path)
    names = [f"nowhere-{number}-{'x' * 200}" for number in range(1000)]
    with place.serving("embedded"):
        status, made = send(place, task_request(place, scope={"destinations": names}))

        assert (status, len(made["cut"])) == (200, 1000)
        with contextlib.closing(sqlite3.connect(place.issuer / "tasks.sqlite")) as connection:
            row = connection.execute("SELECT * FROM tasks").fetchone()
        assert sum(len(str(value)) for value in row) < 5000
        proof = dpop.prove(KEY, "POST", place.url + "/tasks/renew")
        asked = {"identity": place.svid(), "task": made["task"]}
        status, again = send(place, asked, "/tasks/renew", proofs=[proof])
        assert (status, again["authority"]) == (200, made["authority"])


@pytest.mark.parametrize("missing", ["service.json", "keys", "evidence.sqlite", "tasks.sqlite"])
def test_what_fails_here_is_not_told_to_strangers(tmp_path, missing):
    """
    Files and servers of this side are in its own log.
    """
    place = Issuing(tmp_path)
    with place.serving("embedded") as service:
        file = place.issuer / missing
        if missing == "keys":
            (file / "another.pem").write_text("x")
            status, said = send(place, b"", "/jwks", method="GET")
        else:
            file.rename(place.folder / "elsewhere")
            if missing == "service.json":
                file.write_text("{}")
            status, said = send(place, task_request(place))

        assert status == 503
        assert said["code"] in (
            "configuration.key_exposed",
            "configuration.issuer_malformed",
            "evidence.unavailable",
            "issuer.unavailable",
        )
        told = json.dumps(said)
        assert str(place.folder) not in told
        assert missing not in told
        assert said["code"] in service.log.read_text()


def test_the_addresses_of_one_ipv6_network_are_one(tmp_path):
    """
    Whoever has one has 2**64 of them to send from.
    """
    from inbounds_server.issuer.http import app

    place = Issuing(tmp_path)
    file = place.issuer / "service.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "asked_per_minute": 2}))
    served = app(None, Folder(place.issuer))
    got = {}
    for address in (
        *("2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3", "2001:db8:0:1::1"),
        *("fe80::1%eth0", "192.0.2.1", "192.0.2.2", "::ffff:192.0.2.1", "::ffff:192.0.2.1", "x"),
    ):
        got.setdefault(address, []).append(asyncio.run(status_of(served, address)))

    assert [address for address, answers in got.items() if 429 in answers] == [
        "2001:db8:0:0:ffff::3",
        "::ffff:192.0.2.1",
    ]


async def status_of(served, address):
    """What the application answers to one that asks from an address that this machine lacks."""
    said = []

    async def send(message):
        said.append(message)

    await served(
        {
            "type": "http",
            "method": "GET",
            "path": "/.well-known/oauth-authorization-server",
            "headers": [],
            "query_string": b"",
            "client": (address, 1),
        },
        None,
        send,
    )
    return said[0]["status"]


def test_a_feed_that_was_lost_brings_no_ended_task_back(tmp_path):
    place = Issuing(tmp_path)
    with place.serving("embedded"):
        made = [send(place, task_request(place))[1] for _ in range(2)]
        assert ending(place, made[0]["task"], made[0]["token"], [])[0] == 200
    for file in place.issuer.glob("live.sqlite*"):
        file.unlink()

    # Its revoked ids and kill switches are lost as well: nobody goes on without an operator.
    with pytest.raises(AssertionError, match=r"live\.lost"), place.serving("embedded"):
        pytest.fail("it must not serve")
    (place.issuer / "live.sqlite").touch(mode=0o600)

    with (
        place.serving("embedded"),
        contextlib.closing(sqlite3.connect(place.issuer / "live.sqlite")) as connection,
    ):
        ended = connection.execute("SELECT name FROM entries WHERE name LIKE 'task-%'").fetchall()
    assert ended == [(made[0]["task"],)]


def test_what_fits_into_no_token_is_refused(place):
    values = [f"{number}@{'x' * 200}.example" for number in range(400)]

    status, said = send(
        place, task_request(place, scope={"bounds": {"recipient": {"values": values}}})
    )

    assert (status, said["code"]) == (400, "issuance.too_large")
