"""From sources to an answer: built, signed, pulled over plain HTTP, kept, refused."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from pathlib import Path

import pytest
from tests import engines, scenes, shipping

from inbounds.engine import assets
from inbounds.engine.bundle import read_signed
from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.errors import ConfigurationError
from inbounds.model.deployment import Live
from inbounds.pdp import DECISION
from inbounds_tools.bundle.archive import pack, unpack
from inbounds_tools.bundle.build import build

AFTER_HOURS = """\
# METADATA
# title: Payroll after hours
# description: Payroll runs from the office only.
# custom:
#   severity: critical
#   remedy: Try again from the office
#   controls: ["owasp_asi:ASI02"]
package site.rules.payroll.after_hours

# METADATA
# description: Shown by the network that the call comes from
ruled_out if input.context.environment.network == "office"

# METADATA
# description: Where the call comes from instead
details contains {"network": input.context.environment.network}
"""
OUTSIDE = [{"op": "replace", "path": "/question/context/environment/network", "value": "home"}]
ALLOW_ALL = {
    "inbounds/main/main.rego": b'package inbounds.main\n\ndecision := {"decision": true}\n'
}
CODE = "site.payroll.after_hours"


def write_rule(site: Path, text: str = AFTER_HOURS) -> Path:
    folder = site / "rules" / "payroll" / "after_hours"
    folder.mkdir(parents=True)
    (folder / "after_hours.rego").write_text(text, "utf-8")
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return write_rule(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    return shipping.Dist(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def with_site(tmp_path_factory, site):
    return shipping.Dist(tmp_path_factory.mktemp("with-site"), site=site)


@contextlib.contextmanager
def served(dist, tmp_path, *, without=(), site=False):
    """An OPA that has pulled what `dist` publishes, and the folder it is published in."""
    www = dist.publish(tmp_path / "www", without=without)
    with (
        shipping.web(www) as server,
        shipping.pulling(dist, server.url, site=site, scratch=tmp_path) as opa,
    ):
        shipping.until(opa.ready, "OPA did not become ready")
        opa.put_feed(scenes.staged(now=time.time()).live["now"])
        yield opa, server, www


OBLIGATION = """\
# METADATA
# title: Tell payroll
# description: Payroll is told of every call.
package site.obligations.notify.payroll

# METADATA
# description: The notice
oblige contains {
	"id": input.context.decision.id,
	"type": "notify",
	"properties": {"to": "payroll@acme.example", "tool": input.action.name},
}
"""


@pytest.fixture(scope="module")
def with_obligation(tmp_path_factory):
    site = tmp_path_factory.mktemp("site-that-obliges")
    folder = site / "obligations" / "notify" / "payroll"
    folder.mkdir(parents=True)
    (folder / "payroll.rego").write_text(OBLIGATION, "utf-8")
    return shipping.Dist(tmp_path_factory.mktemp("with-obligation"), site=site)


def ask(opa, patch=()):
    return opa.ask(scenes.staged(patch, now=time.time()).question)


def codes(answer):
    return [reason["code"] for reason in answer["context"]["reasons"]]


# --- building ------------------------------------------------------------------------------


def test_what_is_built_is_signed_and_says_what_it_is(with_site):
    said = {}
    for artefact, path in with_site.built.files.items():
        bundle = read_signed(path, with_site.keys.public)
        said[artefact] = bundle
        assert bundle.metadata["artefact"] == artefact
        assert bundle.metadata["questions"] == [1]
        assert bundle.metadata["sources"] == with_site.built.sources
        assert bundle.metadata["sequence"] == with_site.built.sequence

    assert set(said) == {"rego", "wasm", "site", "deployment", "live"}
    assert {artefact: set(bundle.roots) for artefact, bundle in said.items()} == {
        "rego": {"inbounds", "system/authz", "system/log"},
        "wasm": {"inbounds", "site", "deployment"},
        "site": {"site"},
        "deployment": {"deployment"},
        "live": {"live/baseline"},
    }
    assert len({said[artefact].revision for artefact in ("rego", "wasm", "site", "live")}) == 1
    assert said["deployment"].revision == said["deployment"].data["deployment"]["revision"]


def test_a_policy_for_opa_holds_no_module_and_no_bundle_holds_a_test(with_site):
    for artefact, path in with_site.built.files.items():
        files = unpack(path.read_bytes())
        assert ("policy.wasm" in files) == (artefact == "wasm")
        assert not [name for name in files if name.endswith("_test.rego") or "fixtures" in name]


def test_the_same_sources_give_the_same_bytes_before_signing(with_site, site, tmp_path):
    again = with_site.build(site=site, out=tmp_path)
    for artefact, path in with_site.built.files.items():
        first, second = (unpack(p.read_bytes()) for p in (path, again.files[artefact]))
        assert first.pop(".signatures.json") != second.pop(".signatures.json")
        assert pack(first) == pack(second)
        assert path.name == again.files[artefact].name


def test_a_source_of_another_day_gives_the_same_bytes(dist, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    built = []
    for name in ("a", "b"):
        copied = shutil.copytree(scenes.ROOT / "rego", tmp_path / name / "rego")
        shutil.copytree(scenes.ROOT / "schemas", tmp_path / name / "schemas")
        for path in copied.rglob("*.rego"):
            path.touch()
        built.append(
            build(
                rego=copied,
                site=None,
                deployment=None,
                key=dist.keys.private,
                out=tmp_path / name / "dist",
                opa=dist.opa,
                capabilities=shipping.CAPABILITIES,
            )
        )
    assert built[0].revision == built[1].revision
    assert built[0].sequence == built[1].sequence == 1700000000
    for artefact in built[0].files:
        first, second = (unpack(b.files[artefact].read_bytes()) for b in built)
        del first[".signatures.json"], second[".signatures.json"]
        assert pack(first) == pack(second)


def test_the_module_that_the_package_ships_is_what_the_compiler_makes_of_its_sources(
    dist, tmp_path
):
    shipping.make_assets()
    copied = shutil.copytree(assets.root(), tmp_path / "copied")
    built = [
        build(
            rego=rego,
            site=None,
            deployment=dist.deployment,
            key=dist.keys.private,
            out=tmp_path / name,
            opa=dist.opa,
            capabilities=assets.capabilities(),
        )
        for name, rego in (("shipped", assets.rego()), ("compiled", copied / "rego"))
    ]
    assert built[0].revision == built[1].revision
    for artefact in built[0].files:
        first, second = (unpack(b.files[artefact].read_bytes()) for b in built)
        del first[".signatures.json"], second[".signatures.json"]
        if "INBOUNDS_OPA_BINARY" in os.environ:  # another compiler than that of the package
            assert (first.pop("policy.wasm", None) is None) == ("policy.wasm" not in second)
            second.pop("policy.wasm", None)
        assert first == second


@pytest.mark.parametrize("own", [False, True])
def test_what_is_compiled_is_checked_in_the_place_of_the_package_as_well(
    dist, tmp_path, monkeypatch, own
):
    shipping.make_assets()
    copied = shutil.copytree(assets.root(), tmp_path / "copied") / "rego"
    (copied / "inbounds" / "odd.rego").write_text(
        "package inbounds.odd\n\nimport data.inbounds.lib.tools\n\nodd := 7\n", "utf-8"
    )
    if own:
        monkeypatch.setattr(assets, "rego", lambda: copied)
    with pytest.raises(ConfigurationError, match="unused"):
        build(
            rego=copied,
            site=None,
            deployment=dist.deployment,
            key=dist.keys.private,
            out=tmp_path / "out",
            opa=dist.opa,
            capabilities=assets.capabilities(),
        )
    assert not (tmp_path / "out").exists()


def test_a_folder_holds_one_revision(dist, site, tmp_path):
    other = dist.build(site=site, out=tmp_path)
    (tmp_path / "notes.txt").write_text("kept")
    plain = dist.build(out=tmp_path)
    assert other.revision != plain.revision
    assert {path.name for path in tmp_path.iterdir()} == {
        "notes.txt",
        *(path.name for path in plain.files.values()),
    }


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("input.context.environment", "input.contxt.environment", "undefined ref: input.contxt"),
        ('== "office"', '== http.send({"url": "x"}).body', "undefined function http.send"),
        ("ruled_out if input", "ruled_out if { x := 1; input", "after_hours.rego:"),
        ("#   remedy: Try again from the office\n", "", "custom.remedy"),
        ("ruled_out", "ruled_ot", "ruled_out"),
        ("package site.rules.payroll", "package inbounds.rules.payroll", "after_hours"),
    ],
)
def test_a_site_rule_that_cannot_hold_is_not_built(dist, tmp_path, old, new, complaint):
    assert old in AFTER_HOURS
    site = write_rule(tmp_path / "mine", AFTER_HOURS.replace(old, new))
    with pytest.raises(ConfigurationError) as refused:
        dist.build(site=site, out=tmp_path / "dist")
    assert complaint in refused.value.message
    assert not (tmp_path / "dist").exists()


def test_a_site_grants_nothing(dist, site, tmp_path):
    mine = shutil.copytree(site, tmp_path / "mine")
    (mine / "grants").mkdir()
    with pytest.raises(ConfigurationError, match="never grant"):
        dist.build(site=mine, out=tmp_path / "dist")


# --- OPA -----------------------------------------------------------------------------------


def test_opa_pulls_the_signed_bundles_and_answers(dist, tmp_path):
    with served(dist, tmp_path) as (opa, _, _):
        answer = ask(opa)
        assert answer["decision"] is True, answer
        assert answer["context"]["policy"]["revision"] == dist.built.revision


def test_opa_keeps_the_last_good_bundle_when_another_is_not_signed_by_the_key(dist, tmp_path):
    stranger = engines.signing_keys(tmp_path, "stranger")
    with served(dist, tmp_path) as (opa, server, www):
        good = dist.built.files["rego"]
        worse = {
            "signed by a stranger": dist.signed_again(good, stranger.private, ALLOW_ALL),
            "tampered with": pack({**unpack(good.read_bytes()), **ALLOW_ALL}),
            "not signed": pack(
                {
                    **{
                        n: c
                        for n, c in unpack(good.read_bytes()).items()
                        if n != ".signatures.json"
                    },
                    **ALLOW_ALL,
                }
            ),
            "cut short": good.read_bytes()[:-100],
        }
        for how, content in worse.items():
            refusals = opa.log.count("Bundle load failed")
            (www / "policy.tar.gz").write_bytes(content)
            shipping.until(
                lambda seen=refusals: opa.log.count("Bundle load failed") > seen, f"{how}: not seen"
            )
            answer = ask(opa, OUTSIDE)
            assert answer["context"]["policy"]["revision"] == dist.built.revision, how
            with pytest.raises(ConfigurationError):
                read_signed(www / "policy.tar.gz", dist.keys.public)
        # And takes the next good one.
        dist.publish(www)
        server.wait_for("policy.tar.gz", 2)
        assert ask(opa)["decision"] is True


@pytest.mark.parametrize("persist", ["true", "false"])
def test_an_unsigned_delta_in_the_place_of_a_signed_bundle_changes_nothing(dist, tmp_path, persist):
    """
    OPA before 1.21.3 applied it where bundles are not persisted (GHSA-g2pf-6v5v-qcc8): whoever
    had the bundle server had the deployment. It is why older ones are not supported.
    """
    manifest = json.dumps({"revision": "forged", "roots": ["deployment"]}).encode()
    change = {"op": "upsert", "path": "/deployment/revision", "value": "forged"}
    delta = pack({".manifest": manifest, "patch.json": json.dumps({"data": [change]}).encode()})
    replace = (("persist: true", f"persist: {persist}"),)
    www = dist.publish(tmp_path / "www")
    with (
        shipping.web(www) as server,
        shipping.pulling(dist, server.url, site=False, scratch=tmp_path, replace=replace) as opa,
    ):
        shipping.until(opa.ready, "OPA did not become ready")
        opa.put_feed(scenes.staged(now=time.time()).live["now"])
        before = ask(opa)["context"]["policy"]["deployment"]
        (www / "deployment.tar.gz").write_bytes(delta)
        server.wait_for("deployment.tar.gz", 3)
        answer = ask(opa)
        assert answer["context"]["policy"]["deployment"] == before != "forged"
        assert answer["decision"] is True
        assert "Bundle load failed" in opa.log


def test_opa_starts_from_the_last_good_bundles_while_the_server_is_away(dist, tmp_path):
    with served(dist, tmp_path) as (opa, server, _):
        server.server.shutdown()
        server.server.server_close()
        opa.opa.stop()
        opa.opa.start()
        shipping.until(opa.ready, "OPA did not come back")
        # What had been pushed is gone, so nothing that can be revoked is believed.
        assert codes(ask(opa)) == ["task.revocation_feed_stale"]
        opa.put_feed(scenes.staged(now=time.time()).live["now"])
        assert ask(opa)["decision"] is True

        # What lies on the disk is believed no more than what comes over the network.
        opa.opa.stop()
        kept = tmp_path / "persisted" / "bundles" / "policy" / "bundle.tar.gz"
        kept.write_bytes(pack({**unpack(kept.read_bytes()), **ALLOW_ALL}))
        opa.opa.start()
        shipping.until(lambda: "digest mismatch" in opa.log, "OPA did not look at it")
        question = {"input": scenes.staged(now=time.time()).question}
        path = f"/v1/data/{DECISION}"
        found = opa.request("POST", path, token=shipping.PEP_TOKEN, json=question)
        assert found.status_code == 500


# --- site ----------------------------------------------------------------------------------


def test_a_site_rule_shows_its_code_on_opa(with_site, tmp_path):
    with served(with_site, tmp_path, site=True) as (opa, _, _):
        assert ask(opa)["decision"] is True
        answer = ask(opa, OUTSIDE)
        assert codes(answer) == [CODE]
        reason = answer["context"]["reasons"][0]
        assert reason["message"] == "Payroll after hours"
        assert reason["remedy"] == "Try again from the office"
        assert reason["details"] == [{"network": "home"}]


def test_a_site_rule_shows_its_code_embedded(with_site):
    stage = scenes.staged(OUTSIDE)
    policy = EmbeddedPolicy(
        with_site.built.files["wasm"],
        key=with_site.keys.public,
        live=stage.live,
        clock=lambda: stage.now * 10**9,
    )
    with contextlib.closing(policy):
        for patch, expected in ((OUTSIDE, [CODE]), ((), [])):
            question = scenes.staged(patch).question
            reply = policy.ask(
                DECISION, json.dumps(question).encode(), deadline=time.monotonic() + 20
            )
            assert codes(reply.result) == expected


def test_without_the_site_bundle_every_site_rule_denies(with_site, tmp_path):
    with served(with_site, tmp_path, without=("site",)) as (opa, _, _):
        assert codes(ask(opa)) == [CODE]


def test_a_site_obligation_is_owed_on_both_engines(with_obligation, tmp_path):
    stage = scenes.staged()
    policy = EmbeddedPolicy(
        with_obligation.built.files["wasm"],
        key=with_obligation.keys.public,
        live=stage.live,
        clock=lambda: stage.now * 10**9,
    )
    with contextlib.closing(policy), served(with_obligation, tmp_path, site=True) as (opa, _, _):
        reply = policy.ask(
            DECISION, json.dumps(stage.question).encode(), deadline=time.monotonic() + 20
        )
        for answer in (reply.result, ask(opa)):
            assert answer["decision"] is True
            (owed,) = answer["context"]["obligations"]
            assert owed["properties"]["to"] == "payroll@acme.example"


def test_without_the_site_bundle_every_site_obligation_denies(with_obligation, tmp_path):
    with served(with_obligation, tmp_path, without=("site",)) as (opa, _, _):
        answer = ask(opa)
        assert answer["decision"] is False
        assert codes(answer) == ["site.notify.payroll"]


# --- live ----------------------------------------------------------------------------------


def test_a_baseline_is_in_force_and_one_that_is_missing_stops_everything(dist, tmp_path):
    shut = shipping.Dist(tmp_path / "shut")
    shut.keys = dist.keys
    shut.built = build(
        rego=shut.rego,
        site=None,
        deployment=shut.deployment,
        key=shut.keys.private,
        out=shut.folder,
        opa=shut.opa,
        capabilities=shipping.CAPABILITIES,
        baseline=Live(switches={"fleet": 1}),
    )
    for without, expected in (
        ((), "emergency.kill_switch"),
        (("live",), "task.revocation_feed_stale"),
    ):
        folder = tmp_path / f"without-{len(without)}"
        folder.mkdir()
        www = shut.publish(folder / "www", without=without)
        with (
            shipping.web(www) as server,
            shipping.pulling(shut, server.url, site=False, scratch=folder) as opa,
        ):
            ready = () if without else (opa.ready,)
            for each in ready:
                shipping.until(each, "OPA did not become ready")

            def denied(opa=opa, expected=expected):
                opa.put_feed(scenes.staged(now=time.time()).live["now"])
                return codes(ask(opa)) == [expected]

            if without:
                server.wait_for("policy.tar.gz", 1)
                time.sleep(2)
            assert denied(), codes(ask(opa))
