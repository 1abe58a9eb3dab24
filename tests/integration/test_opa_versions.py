"""Which OPA is relied on: both ends of the range are run, and what is outside of it is refused."""

from __future__ import annotations

import contextlib
import http.server
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from tests import engines, shipping
from tests.guards import SUBJECT, Place

from inbounds import ConfigurationError
from inbounds.pdp import opa as pdp_opa
from inbounds.pdp import opa_version
from inbounds.pdp.opa import OpaServer
from inbounds.pdp.transport import Endpoint
from inbounds.pep.config import Configuration
from inbounds.testing import INTENT
from inbounds_tools.doctor import server as diagnosis
from inbounds_tools.opa import binary

VERSION = "/v1/data/system/version/version"
NEEDED = "≥ 1.21.3, < 2"
OUTSIDE = ["0.70.0", "1.17.0", "1.21.2", "2.0.0", "dev"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    shipping.make_assets()
    return Place(tmp_path_factory.mktemp("versions"))


@pytest.fixture(scope="module")
def opa(place):
    with place.engine("opa") as url:
        yield url


class Claiming:
    """The real OPA, but for the version that it says it is of; None: it does not tell.

    Attributes:
        said: That version.
        asked: How often it was asked for it.
        url: Where it answers.
    """

    def __init__(self, behind: Endpoint) -> None:
        self.said: str | None = ""
        self.asked = 0
        claiming = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                if self.path == VERSION:
                    claiming.asked += 1
                    status = 401 if claiming.said is None else 200
                    content = json.dumps({"result": claiming.said}).encode()
                else:
                    deadline = time.monotonic() + 30
                    found = behind.send(self.command, self.path, body, deadline=deadline)
                    status, content = found.status, found.body
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_arguments: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def claiming(place, opa) -> Iterator[Claiming]:
    behind = Endpoint(opa, token=place.tokens["pep"])
    claiming = Claiming(behind)
    thread = threading.Thread(target=claiming.server.serve_forever)
    thread.start()
    yield claiming
    claiming.server.shutdown()
    thread.join()
    claiming.server.server_close()
    behind.close()


@contextlib.contextmanager
def guarded(place, url):
    guard = place.guard(url)
    try:
        yield guard
    finally:
        guard.close()


def findings(place, url):
    told = Configuration.read(place.options(url), {})
    return {finding.name: finding for finding in diagnosis.findings(told)}


# --- the OPA that is there -----------------------------------------------------------------


def test_an_opa_tells_its_version_to_a_pep(place, opa):
    said = ".".join(map(str, binary.version(engines.opa_binary())))
    pep = OpaServer(opa, token=place.tokens["pep"])
    assert pep.version() == said
    assert opa_version.supported(opa_version.parse(said))
    pep.close()
    assert findings(place, opa)["version"].message == f"OPA {said}"


@pytest.mark.parametrize("who", [None, "feed", "stranger"])
def test_it_tells_nobody_else(place, opa, who):
    tokens = {**place.tokens, "stranger": "a-stranger"}
    endpoint = Endpoint(opa, token=tokens[who] if who else None)
    found = endpoint.send("GET", VERSION, deadline=time.monotonic() + 10)
    endpoint.close()
    assert found.status == 401
    assert b"result" not in found.body


@pytest.mark.parametrize(
    "path", ["/v1/data/system/version", "/v1/data/system", f"{VERSION}?provenance"]
)
def test_it_tells_a_pep_nothing_more(place, opa, path):
    endpoint = Endpoint(opa, token=place.tokens["pep"])
    assert endpoint.send("GET", path, deadline=time.monotonic() + 10).status == 401
    endpoint.close()


# --- a PEP ---------------------------------------------------------------------------------


@pytest.mark.parametrize("said", OUTSIDE)
def test_a_pep_refuses_one_outside_of_the_range(place, claiming, said):
    claiming.said = said
    before = place.ran()
    with guarded(place, claiming.url) as guard:
        with pytest.raises(ConfigurationError) as refused:
            guard.task(INTENT, subject=SUBJECT)
        assert refused.value.code == "opa.unsupported"
        assert f"is OPA {said}, and {NEEDED} is needed" in refused.value.message
        assert refused.value.executed == "no"
    assert place.ran() == before


@pytest.mark.parametrize("said", ["1.21.3", "1.22.2", "1.99.0"])
def test_a_pep_takes_one_within_it_and_reads_its_version_once(place, claiming, said):
    claiming.said = said
    with guarded(place, claiming.url) as guard, guard.task(INTENT, subject=SUBJECT) as task:
        for number in (1, 2, 3):
            assert task.call("mail.read", {"id": str(number)}) == f"mail {number}"
    assert claiming.asked == 1


def test_a_pep_takes_one_whose_policy_keeps_it_closed(place, claiming):
    claiming.said = None
    with guarded(place, claiming.url) as guard, guard.task(INTENT, subject=SUBJECT) as task:
        assert task.call("mail.read", {"id": "1"}) == "mail 1"
    assert claiming.asked == 1


def test_one_that_takes_the_place_of_another_is_found_out(place, claiming, monkeypatch):
    """
    What runs behind an address may change: an older one answers, and nothing runs.
    """
    monkeypatch.setattr(pdp_opa, "_VERSION_HOLDS", 0.0)
    claiming.said = "1.22.2"
    with guarded(place, claiming.url) as guard:
        task = guard.task(INTENT, subject=SUBJECT)
        task.call("mail.read", {"id": "1"})
        before = place.ran()
        claiming.said = "1.21.2"
        for _ in range(2):
            with pytest.raises(ConfigurationError) as refused:
                task.call("mail.read", {"id": "2"})
            assert "OPA 1.21.2" in refused.value.message
            assert refused.value.executed == "no"
        assert place.ran() == before
        last = place.records()[-1]
        assert (last["outcome"], last["codes"]) == ("unavailable", ["opa.unsupported"])

        claiming.said = "1.22.2"
        assert task.call("mail.read", {"id": "3"}) == "mail 3"
        task.end()


# --- who asks a person to mend it ----------------------------------------------------------


def test_doctor_names_both_versions(place, claiming):
    claiming.said = "1.21.2"
    found = findings(place, claiming.url)
    assert found["version"].state == "fix"
    assert "1.21.2" in found["version"].message
    assert NEEDED in found["version"].hint
    assert "token" not in found and "policy" not in found


def test_serve_starts_no_other_one(place, tmp_path):
    old = tmp_path / "opa"
    old.write_text(f"#!{sys.executable}\nprint('Version: 1.21.2')\n", "utf-8")
    old.chmod(0o755)
    program = "import sys; from inbounds_tools.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program, "serve", "--deployment", str(place.folder / "deployment")],
        env={"PATH": "", "INBOUNDS_OPA_BINARY": str(old), "COLUMNS": "200"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "is OPA 1.21.2" in done.stderr
    assert NEEDED in done.stderr
