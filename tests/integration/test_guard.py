"""What `Guard()` makes of its surroundings: which policy, which deployment, from where."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from tests import engines, shipping
from tests.guards import INTENT, SUBJECT, Place

from inbounds import AccessDenied, ConfigurationError, DecisionUnavailable, Guard
from inbounds.engine import assets
from inbounds.pdp.opa import OpaServer
from inbounds_tools.bundle.build import build
from inbounds_tools.doctor import diagnose

RULE = """\
# METADATA
# title: From elsewhere
# description: Mail is read from the office.
# custom:
#   severity: high
#   remedy: Try again from the office
#   controls: ["site:network"]
package site.rules.network.elsewhere

# METADATA
# description: The fault is absent where the call comes from the office
ruled_out if input.context.environment.network == "office"
"""
CODE = "site.network.elsewhere"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A deployment, and bundles of it with one rule of a site's own."""
    shipping.make_assets()
    place = Place(tmp_path_factory.mktemp("place"))
    rule = place.folder / "site" / "rules" / "network" / "elsewhere" / "elsewhere.rego"
    rule.parent.mkdir(parents=True)
    rule.write_text(RULE, "utf-8")
    keys = engines.signing_keys(place.folder)
    built = build(
        rego=assets.rego(),
        site=place.folder / "site",
        deployment=place.folder / "deployment",
        key=keys.private,
        out=place.folder / "bundles",
        opa=Path(engines.opa_binary()),
        capabilities=assets.capabilities(),
    )
    opas = [path for kind, path in built.files.items() if kind != "wasm"]
    place._bundles = lambda: (opas, keys.public)
    place.key, place.wasm = keys.public, built.files["wasm"]
    return place


@pytest.fixture(scope="module", params=["embedded", "opa"])
def decided(request, place):
    """The options of a guard for which one of the engines decides by these bundles."""
    with place.engine(request.param) as url:
        engine = {"pdp": OpaServer(url, token=place.tokens["pep"])} if url else None
        embedded = {"bundle": place.wasm, "bundle_key": place.key}
        yield lambda: {"home": place.home, "sessions": "memory", **(engine or embedded)}


def outcome(options, **more):
    """What becomes of reading one mail."""
    guard = Guard(**options, **more)
    ran = []

    @guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id: str) -> None:
        ran.append(id)

    try:
        with guard.task(INTENT, subject=SUBJECT):
            read("42")
    except (AccessDenied, DecisionUnavailable) as error:
        assert ran == []
        return error.code
    finally:
        if "pdp" not in options:
            guard.close()
    assert ran == ["42"]
    return "ran"


class TestCallEnvironment:
    def test_where_a_call_comes_from_is_what_rules_read(self, decided):
        """
        A rule of a site's own allows and denies by what the guard says, on both engines.
        """
        assert outcome(decided(), call_environment={"network": "office"}) == "ran"
        assert outcome(decided(), call_environment={"network": "hotel"}) == CODE
        assert outcome(decided()) == CODE

    def test_a_function_is_asked_at_each_call(self, decided):
        """
        What a function says may change from call to call.
        """
        said = iter(["hotel", "office", "office"])
        guard = Guard(**decided(), call_environment=lambda: {"network": next(said)})
        guard.tool("mail.read", resource=lambda id: ("mail", id))(lambda id: id)

        with guard.task(INTENT, subject=SUBJECT) as task:
            with pytest.raises(AccessDenied):
                task.call("mail.read", {"id": "42"})
            assert task.call("mail.read", {"id": "42"}) == "42"
            assert task.evaluate("mail.read", {"id": "42"}).allowed

    @pytest.mark.parametrize(
        "said",
        [
            lambda: {"network": 1 / 0},
            lambda: {"network": 5},
            lambda: {"canary": "office"},
            lambda: None,
            lambda: {"network": None},
        ],
    )
    def test_a_function_that_does_not_say_it_stops_the_call(self, decided, said):
        """
        Not to know where a call comes from is not an answer, and nothing runs.
        """
        assert outcome(decided(), call_environment=said) == "environment.unknown"

    @pytest.mark.parametrize("said", [{"canary": "x"}, {"network": 5}, {"network": None}, "office"])
    def test_what_the_question_has_no_place_for_is_refused_at_once(self, place, said):
        """
        A mapping is read when the guard is made.
        """
        with pytest.raises(ConfigurationError, match="call_environment") as ei:
            Guard(home=place.home, deployment=place.folder / "deployment", call_environment=said)

        assert ei.value.code == "configuration.call_environment"
        assert "network" in ei.value.hint
        assert "canary" not in str(ei.value)


class TestWhichDeployment:
    def test_a_bundle_with_a_deployment_needs_no_folder(self, place, tmp_path, monkeypatch, caplog):
        """
        What was built with a deployment is judged with that one, and the guard says so.
        """
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("INBOUNDS_BUNDLE", str(place.wasm))
        monkeypatch.setenv("INBOUNDS_BUNDLE_KEY", str(place.key))
        caplog.set_level(logging.INFO, logger="inbounds")

        options = {"home": place.home, "sessions": "memory"}
        assert outcome(options, call_environment={"network": "office"}) == "ran"

        said = next(r for r in caplog.records if r.name == "inbounds.pep.runtime")
        assert said.levelname == "INFO"
        assert "with its own deployment" in said.getMessage()
        assert place.wasm.name.split("-")[1] in said.getMessage()

    def test_a_folder_that_does_not_count_is_named(self, place, tmp_path, caplog):
        """
        Where somebody has named a folder as well, the guard warns that it does not count.
        """
        empty = tmp_path / "another"
        options = {"home": place.home, "bundle": place.wasm, "bundle_key": place.key}
        Guard(**options, deployment=empty, sessions="memory").close()

        (said,) = [r for r in caplog.records if r.name == "inbounds.pep.runtime"]
        assert said.levelname == "WARNING"
        assert f"nothing of {empty}" in said.getMessage()

    def test_the_shipped_bundle_is_judged_with_the_folder(self, place, caplog):
        """
        A bundle without one takes the deployment from the folder, and the guard says so.
        """
        caplog.set_level(logging.INFO, logger="inbounds")
        place.guard().close()

        said = [r.getMessage() for r in caplog.records if r.name == "inbounds.pep.runtime"]
        assert said[0].endswith(f"with the deployment in {place.folder / 'deployment'}")

    def test_the_doctor_looks_at_the_one_that_counts(self, place, tmp_path, monkeypatch):
        """
        All is well without a folder, and a folder that does not count is noted.
        """
        monkeypatch.chdir(tmp_path)
        options = {"home": place.home, "bundle": place.wasm, "bundle_key": place.key}

        without = [*diagnose(options, {})]
        beside = [*diagnose({**options, "deployment": tmp_path / "another"}, {})]

        (unset,) = [f for f in without if f.state not in ("ok", "note")]
        assert "the effects of" in unset.message
        assert "build the bundle again" in unset.hint
        assert any(f"inside {place.wasm}" in f.message for f in without)
        assert any("the bundle holds its own" in f.message for f in beside if f.state == "note")


class TestWhatIsMissing:
    @pytest.mark.parametrize("both", [{"pdp_url": "https://opa:8181", "bundle": "policy.tar.gz"}])
    def test_an_opa_and_a_bundle(self, place, both):
        """
        Two policies are named, so nothing decides until one is left.
        """
        with pytest.raises(ConfigurationError, match=r"INBOUNDS_PDP_URL.*INBOUNDS_BUNDLE") as ei:
            Guard(home=place.home, **both)
        (finding,) = [f for f in diagnose({"home": place.home, **both}, {}) if f.state == "fix"]

        assert ei.value.code == "configuration.two_engines"
        assert all(value in str(ei.value) for value in both.values())
        assert finding.message == ei.value.message

    @pytest.mark.parametrize("option", ["bundle", "bundle_key"])
    def test_a_bundle_or_key_that_is_not_there(self, place, option):
        """
        The path that was named is said.
        """
        told = {"bundle": place.wasm, "bundle_key": place.key, option: "nope"}

        with pytest.raises(ConfigurationError, match="nope") as ei:
            Guard(home=place.home, **told)

        assert ei.value.code in ("bundle.unreadable", "bundle.key_unusable")

    def test_no_issuer(self, tmp_path, monkeypatch):
        """
        Where there is no development issuer, it is said where one was looked for.
        """
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        monkeypatch.setenv("HOME", str(tmp_path))

        with pytest.raises(ConfigurationError) as nowhere:
            Guard()
        (tmp_path / ".inbounds").mkdir()
        (tmp_path / "deployment").mkdir()
        with pytest.raises(ConfigurationError) as empty:
            Guard()
        with pytest.raises(ConfigurationError) as elsewhere:
            Guard(home=tmp_path / "other")

        assert {e.value.code for e in (nowhere, empty, elsewhere)} == {
            "configuration.issuer_missing"
        }
        assert "looked in ./.inbounds, which is not there, and in " in nowhere.value.message
        assert "./deployment is not there either" in nowhere.value.message
        assert ".inbounds/issuer; the deployment ./deployment is there" in empty.value.message
        assert f"{tmp_path / 'other' / 'issuer'}, as INBOUNDS_HOME" in elsewhere.value.message
        assert all(
            word in nowhere.value.hint
            for word in ("inbounds init app.py", "INBOUNDS_HOME", "INBOUNDS_DEPLOYMENT", "issuer=")
        )
        assert not (tmp_path / "state").exists()
