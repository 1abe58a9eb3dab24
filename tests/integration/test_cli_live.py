"""`inbounds live` says what it did, and no more: to a switch, an entry, a file, a key."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
import time
from pathlib import Path

import pytest
from tests import shipping
from tests.console import ASSISTANT, SCRIPT, inbounds, python, set_effects

from inbounds.identity.signing_keys import SigningKey
from inbounds.live import LiveFeed
from inbounds_tools.cli import main
from inbounds_tools.doctor.feed_key import unnamed

ASSISTANT_ID = "spiffe://acme.example/agent/assistant"
URL = "http://127.0.0.1:8181"


@pytest.fixture(scope="module")
def drafted(tmp_path_factory):
    """A folder as `inbounds init` leaves it, with an agent that is named otherwise."""
    shipping.make_assets()
    folder = tmp_path_factory.mktemp("drafted")
    (folder / "app.py").write_text(ASSISTANT, "utf-8")
    assert inbounds(folder, "init", "app.py").code == 0
    set_effects(folder, mail_read="read", mail_send="export")
    agents = folder / "deployment" / "agents.yaml"
    text = agents.read_text("utf-8")
    entry = text[text.index(f"{ASSISTANT_ID}:") :]
    agents.write_text(f"{text}\n{entry.replace(ASSISTANT_ID, 'old-name', 1)}", "utf-8")
    return folder


@pytest.fixture
def folder(drafted, tmp_path, monkeypatch):
    """A copy to stand in; nothing is said by the environment."""
    mine = shutil.copytree(drafted, tmp_path / "mine")
    for name in [name for name in os.environ if name.startswith("INBOUNDS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(mine)
    return mine


@pytest.fixture
def feed(folder):
    """A production feed that one OPA has, as its pusher noted."""
    with_it = LiveFeed(folder / "feed.sqlite")
    with_it.acknowledge(URL, with_it.position)
    yield with_it
    with_it.close()


@pytest.fixture
def live(capsys):
    """Run `inbounds live …`: the exit code and what was said, errors as well."""

    def run(*arguments, up_to_date=None):
        with _kept_up(up_to_date) if up_to_date else contextlib.nullcontext():
            code = main(["live", *arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


@contextlib.contextmanager
def _kept_up(feed):
    """A pusher that notes each change; it has ended when the feed is closed."""
    stop = threading.Event()

    def keep_up():
        while not stop.wait(0.02):
            feed.acknowledge(URL, feed.position)

    pusher = threading.Thread(target=keep_up, daemon=True)
    pusher.start()
    try:
        yield
    finally:
        stop.set()
        pusher.join()


def names(feed, kind):
    return sorted(feed.entries().lists[kind].keys() - {"_"})


# --- whom a switch stops -------------------------------------------------------------------


def test_a_switch_for_a_known_agent_is_thrown_and_has_come_to_every_pdp(feed, live):
    code, said = live("kill", f"agent:{ASSISTANT_ID}", "--store", "feed.sqlite", up_to_date=feed)
    assert code == 0
    assert said == f"thrown: agent:{ASSISTANT_ID}\n  every PDP that is served has it: {URL}\n"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("assistant", ASSISTANT_ID),
        ("acme.example/agent/assistant", ASSISTANT_ID),
        ("spiffe:/acme.example/agent/assistant", ASSISTANT_ID),
        ("SPIFFE://acme.example/agent/assistant", ASSISTANT_ID),
        (f"{ASSISTANT_ID} ", ASSISTANT_ID),
        (f"{ASSISTANT_ID}/", ASSISTANT_ID),
        (f"agent:{ASSISTANT_ID}", ASSISTANT_ID),
        ("old-nam", "old-name"),
    ],
)
def test_a_name_under_which_nothing_can_act_is_refused_with_the_one_meant(feed, live, name, meant):
    code, said = live("kill", f"agent:{name}", "--store", "feed.sqlite")
    assert code == 1
    assert "live.not_an_agent" in said
    assert "nothing was stopped" in said
    assert f"did you mean `{meant}`?" in said
    assert names(feed, "switches") == []


def test_a_name_that_the_deployment_knows_is_taken_whatever_its_form(feed, live):
    code, said = live("kill", "agent:old-name", "--store", "feed.sqlite", up_to_date=feed)
    assert code == 0, said
    assert names(feed, "switches") == ["agent:old-name"]


@pytest.mark.parametrize(
    "agent", ["spiffe://acme.example/agent/assistnt", "spiffe://acme.exmple/agent/assistant"]
)
def test_a_switch_for_an_agent_nobody_knows_is_thrown_and_told_apart(feed, live, agent):
    arguments = ("kill", f"agent:{agent}", "--store", "feed.sqlite")
    code, said = live(*arguments, up_to_date=feed)
    assert code == 2
    assert names(feed, "switches") == [f"agent:{agent}"]
    assert f"the deployment deployment/ has no such agent; did you mean `{ASSISTANT_ID}`?" in said
    code, said = live(*arguments, "--json", up_to_date=feed)
    assert code == 2
    assert json.loads(said)["known"] is False
    assert json.loads(said)["in_force"] is True


def test_the_deployment_that_is_named_is_the_one_that_is_asked(folder, feed, live, monkeypatch):
    shutil.copytree("deployment", "production")
    agents = folder / "production" / "agents.yaml"
    agents.write_text(agents.read_text("utf-8").replace(ASSISTANT_ID, "spiffe://acme.example/x"))
    arguments = ("kill", "agent:spiffe://acme.example/x", "--store", "feed.sqlite")
    assert live(*arguments, up_to_date=feed)[0] == 2
    assert live(*arguments, "--deployment", "production", up_to_date=feed)[0] == 0
    monkeypatch.setenv("INBOUNDS_DEPLOYMENT", "production")
    assert live(*arguments, up_to_date=feed)[0] == 0


def test_no_deployment_keeps_nobody_from_stopping_an_agent(folder, feed, live, monkeypatch):
    shutil.rmtree(folder / "deployment")
    arguments = ("kill", f"agent:{ASSISTANT_ID}", "--store", "feed.sqlite")
    code, said = live(*arguments, up_to_date=feed)
    assert code == 0
    assert "it is unknown whether this agent exists" in said
    # Somebody wanted it looked up, and it was not.
    assert live(*arguments, "--deployment", "prodution", up_to_date=feed)[0] == 2
    monkeypatch.setenv("INBOUNDS_HOEM", "x")
    code, said = live(*arguments, up_to_date=feed)
    assert code == 0
    assert "INBOUNDS_HOEM" in said
    assert names(feed, "switches") == [f"agent:{ASSISTANT_ID}"]


@pytest.mark.parametrize("words", [("kill", "task:task-1"), ("end", "task-1"), ("revoke", "jti-1")])
def test_what_nobody_need_have_seen_is_not_said_to_be_stopped(feed, live, words):
    code, said = live(*words, "--store", "feed.sqlite", up_to_date=feed)
    assert code == 0
    assert "the feed cannot tell whether this id exists" in said
    code, said = live(*words, "--store", "feed.sqlite", up_to_date=feed)
    assert code == 0
    assert "as it was since" in said


def test_all_that_an_agent_was_given_is_revoked_and_again(feed, live):
    words = ("revoke", f"agent:{ASSISTANT_ID}", "--store", "feed.sqlite")
    for _ in range(2):
        code, said = live(*words, up_to_date=feed)
        assert code == 0
        assert "all that was issued so far" in said
        assert "as it was since" not in said
    assert names(feed, "revoked") == [f"agent:{ASSISTANT_ID}"]
    assert live("revoke", "issuer:development", "--store", "feed.sqlite", up_to_date=feed)[0] == 0
    assert names(feed, "revoked") == [f"agent:{ASSISTANT_ID}", "issuer:development"]


def test_an_issuer_that_the_deployment_does_not_know_is_revoked_and_doubted(feed, live):
    code, said = live("revoke", "issuer:task", "--store", "feed.sqlite", up_to_date=feed)
    assert code == 2
    assert "has no such issuer" in said
    assert names(feed, "revoked") == ["issuer:task"]


@pytest.mark.parametrize("command", ["revoke", "end"])
@pytest.mark.parametrize(
    "name",
    ["agnt:spiffe://acme.example/a", "spiffe://acme.example/a", "Agent:x", "Issuer:x", "x:"],
)
def test_what_is_meant_as_something_else_is_not_listed_as_an_id(feed, live, command, name):
    code, said = live(command, name, "--store", "feed.sqlite")
    assert code == 1
    assert "nothing was written" in said
    assert names(feed, "revoked") == names(feed, "ended") == []


@pytest.mark.parametrize("name", ["agent:", "issuer:"])
def test_nobody_has_nothing_revoked(feed, live, name):
    assert live("revoke", name, "--store", "feed.sqlite")[0] == 1
    assert live("end", name, "--store", "feed.sqlite")[0] == 1
    assert names(feed, "revoked") == names(feed, "ended") == []


def test_an_id_may_hold_colons(feed, live):
    assert live("revoke", "urn:uuid:1", "--store", "feed.sqlite", up_to_date=feed)[0] == 0
    assert names(feed, "revoked") == ["urn:uuid:1"]


def test_a_feed_that_is_not_the_services_stops_nothing_and_says_so(folder, live, monkeypatch):
    monkeypatch.setenv("INBOUNDS_ISSUER_URL", "https://issuer.example")
    code, said = live("kill", "fleet")
    assert code == 2
    assert "this is not its feed" in said


def test_an_agent_that_the_deployment_does_not_know_is_revoked_and_doubted(feed, live):
    words = ("revoke", "agent:spiffe://acme.example/agent/asistant", "--store", "feed.sqlite")
    assert live(*words, up_to_date=feed)[0] == 2
    assert names(feed, "revoked") == ["agent:spiffe://acme.example/agent/asistant"]


# --- what is taken back --------------------------------------------------------------------


def test_a_switch_that_was_not_thrown_is_not_taken_back(feed, live):
    feed.kill("task:task-7")
    code, said = live("release", "task:task-8", "--store", "feed.sqlite")
    assert code == 1
    assert "task:task-8 is not active, so nothing was released" in said
    assert "did you mean `task:task-7`?" in said
    assert live("release", "task:task-7", "--store", "feed.sqlite", up_to_date=feed)[0] == 0
    assert names(feed, "switches") == []


def test_a_switch_of_whatever_form_can_be_taken_back(feed, live):
    feed.kill("agent:assistant")
    assert live("release", "agent:assistant", "--store", "feed.sqlite", up_to_date=feed)[0] == 0
    assert names(feed, "switches") == []


# --- the file ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [("kill", "fleet"), ("release", "fleet"), ("end", "t"), ("revoke", "j"), ("list",)],
    ids=lambda words: words[0],
)
def test_a_misspelt_store_begins_no_feed(folder, feed, live, words):
    code, said = live(*words, "--store", "fed.sqlite")
    assert code == 1
    assert "live.missing" in said
    assert f"no feed at {folder / 'fed.sqlite'}" in said
    assert "did you mean `feed.sqlite`?" in said
    assert not (folder / "fed.sqlite").exists()


def test_where_nobody_develops_no_feed_is_begun_in_the_state_folder(folder, live, tmp_path):
    shutil.rmtree(folder / ".inbounds")
    code, said = live("kill", "fleet")
    assert code == 1
    assert "live.missing" in said
    assert not list(tmp_path.rglob("live.sqlite"))


# --- in development ------------------------------------------------------------------------

_WORKS = """
import subprocess, sys, time
from inbounds import AccessDenied, Guard
guard = Guard()

@guard.tool("mail.read", resource=lambda id: ("mail", id))
def read(id: str) -> str: return "text"

with guard.task("summarise", subject="alice@acme.example", prompt="Summarise mail 42") as task:
    read("42")
    done = subprocess.run([sys.argv[1], "live", "kill", "fleet"], capture_output=True, text=True)
    print(done.returncode, done.stdout)
    until = time.monotonic() + 2.5
    while True:
        try: read("42")
        except AccessDenied as no: print(no.code); break
        assert time.monotonic() < until
"""


def test_a_guard_that_reads_the_feed_itself_is_not_waited_for_and_obeys(folder):
    (folder / "app.py").write_text(_WORKS.replace("sys.argv[1]", repr(str(SCRIPT))), "utf-8")
    done = python(folder, "app.py")
    assert done.code == 0, done.err
    assert "0 thrown: fleet\n  the guards of this folder see it within 2 s\n" in done.out
    assert "emergency.kill_switch" in done.out


@pytest.mark.parametrize("named", [(), ("--store", ".inbounds/issuer/live.sqlite")])
def test_in_development_nobody_is_waited_for(folder, live, named):
    began = time.monotonic()
    code, said = live("end", "task-1", *named, "--wait", "600")
    assert code == 0
    assert time.monotonic() - began < 300
    assert "the guards of this folder see it within 2 s" in said
    code, said = live("end", "task-1", *named, "--json")
    assert code == 0
    assert json.loads(said)["in_force"] is None


def test_a_development_feed_that_is_served_is_waited_for(folder, live):
    feed = LiveFeed(folder / ".inbounds" / "issuer" / "live.sqlite")
    feed.acknowledge(URL, feed.position)
    code, said = live("kill", "fleet", "--wait", "0.1")
    assert code == 2
    assert f"may not have it: {URL}" in said
    assert live("release", "fleet", up_to_date=feed)[0] == 0
    feed.close()


# --- the key -------------------------------------------------------------------------------


def test_a_key_is_compared_with_the_deployment_that_was_named_and_no_other(folder, monkeypatch):
    own = SigningKey.read(folder / ".inbounds" / "issuer" / "feed.pem")
    other = SigningKey.generate()
    assert unnamed(own, Path("deployment")) == ""
    assert unnamed(other, None) == ""  # the folder at hand need not be that of the OPAs
    assert f"must hold the key {other.kid}" in unnamed(other, Path("deployment"))
    assert "it is unknown" in unnamed(own, Path("nowhere"))
    monkeypatch.setenv("INBOUNDS_DEPLOYMENT", "deployment")
    assert f"must hold the key {other.kid}" in unnamed(other, None)


# --- what is in the feed -------------------------------------------------------------------


def test_the_list_shows_what_is_in_the_feed_until_when_and_who_has_it(feed, live):
    feed.end("task-1")
    feed.kill("fleet")
    feed.kill(f"agent:{ASSISTANT_ID}")
    feed.acknowledge(URL, feed.position)
    feed.revoke("jti-1")
    feed.acknowledge("http://127.0.0.1:8282", feed.position)
    code, said = live("list", "--store", "feed.sqlite", "--json")
    assert code == 0
    value = json.loads(said)
    assert (value["generation"], value["seq"]) == (feed.position.generation, 4)
    assert [one["name"] for one in value["switches"]] == [f"agent:{ASSISTANT_ID}", "fleet"]
    assert {one["until"] for one in value["switches"]} == {None}
    for kind, name in (("ended", "task-1"), ("revoked", "jti-1")):
        (one,) = value[kind]
        assert one["name"] == name
        assert one["until"] - one["since"] == 30 * 86400
    assert {one["target"]: one["has_it"] for one in value["targets"]} == {
        URL: False,
        "http://127.0.0.1:8282": True,
    }
    code, said = live("list", "--store", "feed.sqlite")
    assert code == 0
    assert f"change 4\nthrown: 2\n  agent:{ASSISTANT_ID}  since " in said
    assert "kept until" in said
    assert f"{URL} is not known to have it" in said


def test_a_long_list_is_cut_for_people_and_whole_for_programs(feed, live):
    for number in range(30):
        feed.end(f"task-{number}")
    _, said = live("list", "--store", "feed.sqlite")
    assert "ended: 30\n  task-29 " in said
    assert "task-9 " not in said
    assert "and 10 older ones: --json has all" in said
    _, said = live("list", "--store", "feed.sqlite", "--json")
    assert len(json.loads(said)["ended"]) == 30


def test_the_list_says_where_nobody_has_the_feed(folder, live):
    LiveFeed(folder / "feed.sqlite").close()
    assert "this feed is not served" in live("list", "--store", "feed.sqlite")[1]
    assert "guards of this folder read it" in live("list")[1]
