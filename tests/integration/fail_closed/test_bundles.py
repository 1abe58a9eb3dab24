"""A bundle that is not what was signed, by whom it was to be signed, or for whom it is."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
from tests import engines, shipping
from tests.integration.fail_closed.observed import Fault, denied, unreachable

from inbounds import ConfigurationError, DecisionUnavailable
from inbounds.engine import assets
from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.pdp.opa import OpaServer
from inbounds_tools.bundle.archive import pack, signed, unpack
from inbounds_tools.opa.process import OpaProcess

ANOTHER = Fault(
    DecisionUnavailable, "registry.changed", "the tool registry changed twice during the call"
)
NO_POLICY = unreachable("OPA has no policy yet (HTTP 500)")


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """The bundles for an OPA, and the keys that sign them."""
    return shipping.Dist(tmp_path_factory.mktemp("dist"))


def spoil(bundle, into, member):
    """Copy a bundle with one byte of a member changed."""
    packed = io.BytesIO(gzip.decompress(bundle.read_bytes()))
    names = []
    with tarfile.open(fileobj=packed) as source, tarfile.open(into, "w:gz") as target:
        for info in source.getmembers():
            content = bytearray(source.extractfile(info).read())
            names.append("/" + info.name.lstrip("/"))
            if names[-1] == member:
                place = content.rindex(b"e")
                content[place : place + 1] = b"f"
            target.addfile(info, io.BytesIO(bytes(content)))
    assert member in names
    return into


def renamed(dist, path, folder, **manifest):
    """A genuine bundle whose manifest says something else, signed again by the right key."""
    files = unpack(path.read_bytes())
    stated = json.loads(files[".manifest"])
    stated["metadata"]["inbounds"].update(manifest)
    content = dist.signed_again(path, dist.keys.private, {".manifest": json.dumps(stated).encode()})
    out = folder / path.name
    out.write_bytes(content)
    return out


def empty(dist, into):
    """A bundle with nothing in it, signed by the right key."""
    manifest = {"revision": "empty", "roots": ["inbounds", "system/log", "system/authz"]}
    files = {".manifest": json.dumps(manifest).encode()}
    into.write_bytes(pack(signed(files, key=dist.keys.private, opa=dist.opa)))
    return into


# --- the embedded engine -------------------------------------------------------------------


def refused_to_load(code, words, load):
    """See that nothing begins with this bundle, and that the error says why."""
    with pytest.raises(ConfigurationError) as caught:
        load()
    error = caught.value
    assert (error.executed, error.code) == ("no", code)
    assert words in str(error)


class TestEmbedded:
    @pytest.mark.parametrize("member", ["/policy.wasm", "/data.json", "/.manifest"])
    def test_tampered(self, tmp_path, member):
        """
        A bundle of which one byte is another is not loaded.
        """
        spoilt = spoil(assets.wasm_bundle(), tmp_path / "policy.wasm.tar.gz", member)

        refused_to_load(
            "bundle.tampered",
            f"`{member[1:]}` was altered after the bundle was signed",
            lambda: EmbeddedPolicy(spoilt, key=assets.release_key(), deployment={}),
        )

    def test_signed_by_another(self, tmp_path):
        """
        A bundle that another key signed is not loaded.
        """
        other = engines.signing_keys(tmp_path)

        refused_to_load(
            "bundle.signature_wrong",
            "was not signed by the pinned key",
            lambda: EmbeddedPolicy(assets.wasm_bundle(), key=other.public, deployment={}),
        )

    def test_not_signed(self, tmp_path):
        """
        A bundle that nobody signed is not loaded.
        """
        files = unpack(assets.wasm_bundle().read_bytes())
        del files[".signatures.json"]
        path = tmp_path / "policy.wasm.tar.gz"
        path.write_bytes(pack(files))

        refused_to_load(
            "bundle.unsigned",
            "no `.signatures.json`",
            lambda: EmbeddedPolicy(path, key=assets.release_key(), deployment={}),
        )

    def test_empty(self, dist, tmp_path):
        """
        A bundle with no policy in it is not loaded, however well it is signed.
        """
        path = empty(dist, tmp_path / "policy.wasm.tar.gz")

        refused_to_load(
            "bundle.no_module",
            "holds no module",
            lambda: EmbeddedPolicy(path, key=dist.keys.public),
        )

    @pytest.mark.parametrize("length", [0, 100, -100])
    def test_cut_short(self, tmp_path, length):
        """
        A part of a bundle is not loaded.
        """
        path = tmp_path / "policy.wasm.tar.gz"
        path.write_bytes(assets.wasm_bundle().read_bytes()[:length])

        refused_to_load(
            "bundle.malformed",
            "cannot be read as a gzipped tar archive",
            lambda: EmbeddedPolicy(path, key=assets.release_key(), deployment={}),
        )

    def test_not_there(self, tmp_path):
        """
        Nothing begins without a bundle.
        """
        refused_to_load(
            "bundle.unreadable",
            "cannot be read",
            lambda: EmbeddedPolicy(tmp_path / "none", key=assets.release_key(), deployment={}),
        )

    @pytest.mark.parametrize("questions", [[], [0], [2, 3], ["1"], None])
    def test_of_other_questions(self, dist, tmp_path, questions):
        """
        A bundle that does not answer what this SDK asks is not loaded.
        """
        path = renamed(dist, dist.built.files["wasm"], tmp_path, questions=questions)

        refused_to_load(
            "bundle.other_question",
            "does not answer question 1",
            lambda: EmbeddedPolicy(path, key=dist.keys.public),
        )

    def test_stale(self, dist, embedded, tmp_path):
        """
        An older bundle does not take the place of the one in force, which goes on.
        """
        policy = EmbeddedPolicy(dist.built.files["wasm"], key=dist.keys.public)
        older = renamed(dist, dist.built.files["wasm"], tmp_path, sequence=1)
        revision = policy.revision

        refused_to_load("bundle.older", "is older than", lambda: policy.reload(older))

        assert policy.revision == revision
        policy.close()

    def test_of_another_deployment(self, dist, embedded):
        """
        Nothing runs on a policy whose deployment knows nobody of this one.
        """
        policy = EmbeddedPolicy(dist.built.files["wasm"], key=dist.keys.public)

        with embedded.decided_by(policy):
            embedded.refused(ANOTHER)
        policy.close()

    def test_without_a_deployment(self, embedded):
        """
        Nothing runs on a policy that knows of no deployment.
        """
        policy = EmbeddedPolicy(assets.wasm_bundle(), key=assets.release_key(), deployment={})

        with embedded.decided_by(policy):
            embedded.refused(ANOTHER)
        policy.close()

    def test_that_lacks_a_rule(self, embedded):
        """
        A rule that is in the catalogue and not in the policy denies.
        """
        policy = embedded.parts.pdp
        data = json.loads(policy._policy.data["inbounds"])
        rules = data["catalogue"]["rules"]
        rules["task.vanished"] = {
            **rules["task.ended"],
            "fault": "vanished",
            "message": "A rule that vanished",
        }
        policy._swap(
            policy._module,
            policy._policy.__class__(
                **{
                    **{name: getattr(policy._policy, name) for name in policy._policy.__slots__},
                    "data": {**policy._policy.data, "inbounds": json.dumps(data).encode()},
                }
            ),
        )

        embedded.refused(denied("task.vanished", "A rule that vanished"))


# --- OPA -----------------------------------------------------------------------------------


@pytest.fixture
def www(dist, tmp_path):
    """What the bundle server has."""
    return dist.publish(tmp_path / "www")


def undecided(embedded, dist, www, tmp_path):
    """See that an OPA that pulls these bundles lets nothing run, and that the error says why."""
    with (
        shipping.web(www) as server,
        shipping.pulling(dist, server.url, site=False, scratch=tmp_path) as opa,
    ):
        server.wait_for("policy.tar.gz", 1)
        pdp = OpaServer(opa.url, token=shipping.PEP_TOKEN)
        with embedded.decided_by(pdp):
            embedded.refused(NO_POLICY)
        pdp.close()
        assert not opa.ready()


class TestOpa:
    def test_tampered(self, embedded, dist, www, tmp_path):
        """
        OPA takes no bundle of which one byte is another.
        """
        path = www / "policy.tar.gz"
        spoil(dist.built.files["rego"], path, "/inbounds/main/main.rego")

        undecided(embedded, dist, www, tmp_path)

    def test_signed_by_another(self, embedded, dist, www, tmp_path):
        """
        OPA takes no bundle that another key signed.
        """
        other = engines.signing_keys(tmp_path, "other")
        path = www / "policy.tar.gz"
        path.write_bytes(dist.signed_again(path, other.private, {}))

        undecided(embedded, dist, www, tmp_path)

    def test_not_signed(self, embedded, dist, www, tmp_path):
        """
        OPA takes no bundle that nobody signed.
        """
        path = www / "policy.tar.gz"
        files = unpack(path.read_bytes())
        del files[".signatures.json"]
        path.write_bytes(pack(files))

        undecided(embedded, dist, www, tmp_path)

    def test_cut_short(self, embedded, dist, www, tmp_path):
        """
        OPA takes no part of a bundle.
        """
        path = www / "policy.tar.gz"
        path.write_bytes(path.read_bytes()[:-100])

        undecided(embedded, dist, www, tmp_path)

    def test_empty(self, embedded, dist, www, tmp_path):
        """
        An OPA whose policy is empty answers nobody.
        """
        empty(dist, www / "policy.tar.gz")

        with (
            shipping.web(www) as server,
            shipping.pulling(dist, server.url, site=False, scratch=tmp_path) as opa,
        ):
            activated = r'"name":"policy","plugin":"bundle"'
            shipping.until(
                lambda: any("activated" in line and activated in line for line in lines(opa)),
                "OPA did not take the empty bundle",
            )
            pdp = OpaServer(opa.url, token=shipping.PEP_TOKEN)
            with embedded.decided_by(pdp):
                embedded.refused(NO_POLICY)
            pdp.close()

    def test_of_another_deployment(self, embedded, dist, tmp_path):
        """
        Nothing runs on the word of an OPA that serves another deployment.
        """
        with (tmp_path / "log").open("wb") as log, served_by(dist, log) as process:
            pdp = OpaServer(process.url, token=shipping.PEP_TOKEN)
            with embedded.decided_by(pdp):
                embedded.refused(ANOTHER)
            pdp.close()

    @pytest.mark.parametrize("how", ["tampered", "another key", "empty"])
    def test_is_not_started(self, dist, tmp_path, how):
        """
        `inbounds serve` starts no OPA on such a bundle.
        """
        spoilt = tmp_path / "policy.tar.gz"
        key = dist.keys.public
        if how == "tampered":
            spoil(dist.built.files["rego"], spoilt, "/inbounds/main/main.rego")
        elif how == "empty":
            empty(dist, spoilt)
        else:
            spoilt = dist.built.files["rego"]
            key = engines.signing_keys(tmp_path, "other").public
        code, words = {
            "tampered": ("bundle.tampered", "was altered after the bundle was signed"),
            "another key": ("bundle.signature_wrong", "was not signed by the pinned key"),
            "empty": ("bundle.missing", "no bundle holds deployment, live/baseline"),
        }[how]

        refused_to_load(code, words, lambda: started([spoilt], key, dist.opa))


def lines(opa):
    return opa.log.splitlines()


def served_by(dist, log):
    """A hardened OPA on all bundles of a set."""
    bundles = [path for kind, path in dist.built.files.items() if kind != "wasm"]
    process = OpaProcess(
        bundles,
        key=dist.keys.public,
        opa=dist.opa,
        template=assets.opa_config(),
        address=f"127.0.0.1:{engines.free_port()}",
        log=log,
    )
    process.wait_ready()
    return process


def started(bundles: list[Path], key: Path, opa: Path) -> OpaProcess:
    return OpaProcess(bundles, key=key, opa=opa, template=assets.opa_config())


def test_a_stale_answer_of_a_bundle_that_was_replaced(observed):
    """
    Nothing runs on what was decided under a revision that is not the registry's any more.
    """
    task = observed.begin()

    def older(answer):
        answer["context"]["policy"]["deployment"] = "sha256:111111111111"
        return answer

    with observed.answers_changed(older):
        observed.refused(
            ANOTHER,
            task,
        )
