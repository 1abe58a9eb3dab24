"""`inbounds issuer`: an issuer's folder, its keys, and turning to another one."""

import json
import os
import stat

import pytest
from tests.console import inbounds
from tests.issuing import Issuing, free_port

from inbounds import TokenInvalid
from inbounds.dev.deployment import load
from inbounds.identity.signing_keys import SigningKey
from inbounds.model.claims import Scope
from inbounds.testing import INTENT, SUBJECT


def done(folder, *arguments, code=0):
    ran = inbounds(folder, "issuer", *arguments, "--json")
    assert ran.code == code, ran.err
    return json.loads(ran.out)


@pytest.fixture
def made(tmp_path):
    said = done(
        tmp_path, "init", "issuer", "--url", "https://tasks.acme.example", "--audience", "inbounds"
    )
    return tmp_path, said


class TestInit:
    def test_it_says_what_the_deployment_has_to(self, made):
        folder, said = made
        (entry,) = said["issuers"].values()
        assert (entry["issuer"], entry["kind"]) == ("https://tasks.acme.example", "production")
        assert entry["vouches_for"] == ["task"]
        listed = done(folder, "key", "list", "issuer")
        assert list(entry["keys"]) == listed["published"] == [listed["signs"]]
        assert set(*entry["keys"].values()) == {"kty", "crv", "x", "y"}
        assert "PRIVATE" not in json.dumps(said)

    def test_its_keys_are_their_owner_s_alone(self, made):
        folder, _ = made
        private = list((folder / "issuer").rglob("*.pem"))
        assert len(private) == 2
        assert {stat.S_IMODE(file.stat().st_mode) for file in private} == {0o600}

    def test_a_person_is_shown_yaml(self, tmp_path):
        ran = inbounds(
            tmp_path, "issuer", "init", "i", "--url", "https://t.example", "--audience", "a"
        )
        assert ran.code == 0
        assert "# issuers.yaml" in ran.out and "# feed.yaml" in ran.out

    def test_none_is_made_over_another(self, made):
        folder, _ = made
        before = done(folder, "key", "list", "issuer")
        said = done(folder, "init", "issuer", "--url", "https://x", "--audience", "a", code=1)
        assert said["error"]["code"] == "configuration.issuer_exists"
        assert done(folder, "key", "list", "issuer") == before

    @pytest.mark.parametrize(
        "url", ["", "x", "http://tasks.acme.example", "https://u@h", "https://h/#x", "ftp://h"]
    )
    def test_a_url_that_others_could_answer_at_is_none(self, tmp_path, url):
        done(tmp_path, "init", "issuer", "--url", url, "--audience", "a", code=1)
        assert not (tmp_path / "issuer").exists()


def others_can_write(folder):
    folder.chmod(0o777)


def a_group_can_write(folder):
    folder.chmod(0o2770)


def of_another_user(folder):
    if os.geteuid() != 0:
        pytest.skip("only root gives a folder away")
    os.chown(folder, 65534, 65534)


@pytest.mark.skipif(os.name != "posix", reason="there are no owners and modes")
class TestWhoseFolder:
    @pytest.mark.parametrize("change", [others_can_write, a_group_can_write, of_another_user])
    @pytest.mark.parametrize("place", ["", "keys"])
    def test_none_is_made_where_another_has_been(self, tmp_path, change, place):
        """
        A key that lies there already would be published, and count as the issuer's.
        """
        (tmp_path / "issuer" / "keys").mkdir(parents=True)
        SigningKey.generate().write(tmp_path / "issuer" / "keys" / "another.pem")
        change(tmp_path / "issuer" / place)

        said = done(tmp_path, "init", "issuer", "--url", "https://x", "--audience", "a", code=1)

        assert said["error"]["code"] == "configuration.folder_exposed"
        assert not (tmp_path / "issuer" / "service.json").exists()

    @pytest.mark.parametrize("change", [others_can_write, a_group_can_write, of_another_user])
    @pytest.mark.parametrize("command", [["key", "generate"], ["key", "list"], ["serve"]])
    def test_none_is_used_as_another(self, made, change, command):
        """
        What root draws for a service, the service could not read.
        """
        folder, _ = made
        change(folder / "issuer")

        said = done(folder, *command, "issuer", code=1)

        assert said["error"]["code"] == "configuration.folder_exposed"
        assert len(list((folder / "issuer" / "keys").iterdir())) == 1

    @pytest.mark.parametrize("change", [others_can_write, a_group_can_write, of_another_user])
    @pytest.mark.parametrize("file", ["service.json", "feed.pem", "live.sqlite", "tasks.sqlite"])
    def test_nor_with_a_file_that_another_can_change(self, made, change, file):
        folder, _ = made
        (folder / "issuer" / file).touch(mode=0o600)
        change(folder / "issuer" / file)

        said = done(folder, "key", "list", "issuer", code=1)

        assert said["error"]["code"] == "configuration.folder_exposed"
        assert file in said["error"]["message"]

    def test_what_is_made_under_any_umask_is_used(self, tmp_path):
        before = os.umask(0)
        try:
            done(tmp_path, "init", "issuer", "--url", "https://x", "--audience", "a")
        finally:
            os.umask(before)
        assert done(tmp_path, "key", "list", "issuer")["signs"]

    def test_nobody_else_says_which_key_signs(self, made):
        """
        Whatever the umask of whoever ran the command.
        """
        folder, _ = made
        before = os.umask(0)
        try:
            drawn = done(folder, "key", "generate", "issuer")["kid"]
            done(folder, "key", "use", "issuer", drawn)
        finally:
            os.umask(before)
        files = [folder / "issuer" / name for name in ("service.json", "jwks.json")]
        assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o644]
        assert not list((folder / "issuer").glob("*.draft"))

    def test_a_link_in_the_way_leads_nowhere(self, made):
        folder, _ = made
        victim = folder / "victim"
        victim.write_text("as it was")
        (folder / "issuer" / "service.draft").symlink_to(victim)
        (folder / "issuer" / "jwks.draft").symlink_to(victim)

        drawn = done(folder, "key", "generate", "issuer")["kid"]
        done(folder, "key", "use", "issuer", drawn)

        assert victim.read_text() == "as it was"


class TestKeys:
    def test_the_one_that_signs_stays(self, made):
        folder, said = made
        (kid,) = next(iter(said["issuers"].values()))["keys"]
        refused = done(folder, "key", "retire", "issuer", kid, code=1)
        assert refused["error"]["code"] == "issuer.key_in_use"
        assert (folder / "issuer" / "keys" / f"{kid}.pem").exists()

    @pytest.mark.parametrize("kid", ["none", "../feed", "", "../../etc/passwd"])
    @pytest.mark.parametrize("command", ["use", "retire"])
    def test_no_file_is_named_but_a_key_s(self, made, command, kid):
        folder, _ = made
        refused = done(folder, "key", command, "issuer", kid, code=1)
        assert refused["error"]["code"] == "issuer.key_unknown"
        assert (folder / "issuer" / "feed.pem").exists()

    def test_where_there_is_no_issuer(self, tmp_path):
        for command in (["key", "list"], ["key", "generate"], ["serve"]):
            said = done(tmp_path, *command, "nowhere", code=1)
            assert said["error"]["code"] == "configuration.issuer_missing"
        assert not (tmp_path / "nowhere").exists()

    @pytest.mark.parametrize("text", ["", "{}", "null", '{"kind": "development"}', "x"])
    def test_where_its_description_is_none(self, made, text):
        folder, _ = made
        (folder / "issuer" / "service.json").write_text(text)
        said = done(folder, "key", "list", "issuer", code=1)
        assert said["error"]["code"] == "configuration.issuer_malformed"


class TestServe:
    @pytest.mark.parametrize("address", ["", "8443", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:x"])
    def test_an_address_that_is_none(self, made, address):
        folder, _ = made
        said = done(folder, "serve", "issuer", "--addr", address, code=1)
        assert said["error"]["code"] in ("configuration.address", "opa.listener_open")

    def test_nothing_passes_in_clear_beyond_this_machine(self, made):
        folder, _ = made
        said = done(folder, "serve", "issuer", "--addr", "0.0.0.0:8443", code=1)
        assert said["error"]["code"] == "opa.listener_open"


def test_turning_to_another_key_refuses_nobody(tmp_path):
    """
    Published first, known to the deployment next, signing then, and gone when nothing needs it.
    """
    place = Issuing(tmp_path)
    with place.serving("embedded") as service, place.agent(service) as guard:

        def begin():
            request = guard._runtime.request(
                INTENT,
                subject=SUBJECT,
                sid="session-1",
                scope=Scope(),
                seconds=600,
                subject_token=place.user(),
            )
            return guard.issuer.begin(request, None)

        old = done(tmp_path, "key", "list", "issuer")["signs"]
        new = done(tmp_path, "key", "generate", "issuer")["kid"]
        before = begin()
        assert kid_of(before) == old

        # The deployment takes what is published; a policy that has not does not believe it.
        ran = inbounds(tmp_path, "issuers", "keys", "tasks", "--deployment", "deployment")
        assert ran.code == 0, ran.err
        assert set(load(tmp_path / "deployment").issuers["tasks"].keys) == {old, new}

        done(tmp_path, "key", "use", "issuer", new)
        with pytest.raises(TokenInvalid) as caught:
            begin()
        assert caught.value.code == "task.unverified"
        service.process.terminate()
        service.process.wait(30)
        with place.serving("embedded"):
            assert kid_of(begin()) == new
            assert kid_of(guard.issuer.renew(before)) == new

            done(tmp_path, "key", "retire", "issuer", old)
            ran = inbounds(tmp_path, "issuers", "keys", "tasks", "--deployment", "deployment")
            assert ran.code == 0, ran.err
            assert set(load(tmp_path / "deployment").issuers["tasks"].keys) == {new}


def kid_of(grant):
    import jwt

    return jwt.get_unverified_header(grant.token)["kid"]


def test_the_doctor_asks_the_service_that_guards_would(on_embedded):
    """
    It says whether the service answers, and nothing of a development issuer's keys.
    """
    from inbounds.pep.config import Configuration
    from inbounds_tools.doctor import issuer

    _, service = on_embedded
    (fine,) = issuer.findings(Configuration.read({"issuer_url": service.url}))
    assert (fine.state, service.url in fine.message) == ("ok", True)
    (nobody,) = issuer.findings(
        Configuration.read({"issuer_url": f"http://127.0.0.1:{free_port()}"})
    )
    assert (nobody.name, nobody.state) == ("issuer", "unknown")
