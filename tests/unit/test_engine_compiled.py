"""Machine code kept between processes: used where it is ours, and never otherwise."""

import ctypes
import hashlib
import hmac
import json
import os
import platform
import shutil
import stat
import tempfile
import time
from pathlib import Path

import pytest
import wasmtime
from tests import engines
from tests.console import ASSISTANT, python, set_effects
from tests.console import called as inbounds

from inbounds.engine import compiled
from inbounds.engine.compiled import CompiledModules, compiled_once
from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.engine.wasm import Module
from inbounds.errors import ConfigurationError
from inbounds.evidence.keys import subkey

KEY = b"k" * 32
CODE = wasmtime.wat2wasm('(module (func (export "f") (result i32) i32.const 1))')
OTHER = wasmtime.wat2wasm('(module (func (export "f") (result i32) i32.const 2))')


@pytest.fixture
def compiles(monkeypatch):
    """The modules that were compiled rather than read."""
    compiled = []
    original = wasmtime.Module.__init__

    def counted(self, engine, code):
        compiled.append(bytes(code))
        original(self, engine, code)

    monkeypatch.setattr(wasmtime.Module, "__init__", counted)
    return compiled


def answer(module, engine):
    store = wasmtime.Store(engine)
    return wasmtime.Instance(store, module, []).exports(store)["f"](store)


def kept_files(folder):
    return sorted(folder.glob("*"))


def test_it_is_compiled_once(tmp_path, compiles):
    """
    The second process, with an engine of its own, reads what the first has written.
    """
    for _ in range(3):
        engine = wasmtime.Engine()
        module = CompiledModules(tmp_path / "c", key=KEY).module(engine, CODE)
        assert answer(module, engine) == 1
    assert compiles == [CODE]


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_nobody_else_reads_or_writes_it(tmp_path):
    CompiledModules(tmp_path / "c", key=KEY).module(wasmtime.Engine(), CODE)
    assert stat.S_IMODE((tmp_path / "c").stat().st_mode) == 0o700
    [kept] = kept_files(tmp_path / "c")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def put_in_place(folder, *, key):
    """Machine code of another module, written under the name of this one."""
    engine = wasmtime.Engine()
    [kept] = kept_files(folder)
    content = bytes(wasmtime.Module(engine, OTHER).serialize())
    mac = hmac.digest(key, kept.stem.encode() + content, "sha256")
    kept.write_bytes(mac + content)


def spoil(position):
    def change(folder):
        [kept] = kept_files(folder)
        content = bytearray(kept.read_bytes())
        content[position] ^= 1
        kept.write_bytes(content)

    return change


def moved(folder):
    """What was kept of another module, under the name of this one."""
    [kept] = kept_files(folder)
    CompiledModules(folder, key=KEY).module(wasmtime.Engine(), OTHER)
    [other] = set(kept_files(folder)) - {kept}
    other.replace(kept)


@pytest.mark.parametrize(
    "attack",
    [
        lambda folder: put_in_place(folder, key=b"x" * 32),
        lambda folder: put_in_place(folder, key=b""),
        spoil(0),
        spoil(40),
        spoil(-1),
        moved,
        lambda folder: kept_files(folder)[0].write_bytes(b""),
        lambda folder: kept_files(folder)[0].write_bytes(b"x" * 32),
    ],
    ids=["another key", "no key", "MAC", "head", "tail", "moved", "empty", "MAC alone"],
)
def test_what_is_not_ours_is_compiled_anew(tmp_path, compiles, attack):
    """
    It is not run, and what takes its place is used by the next process.
    """
    folder = tmp_path / "c"
    CompiledModules(folder, key=KEY).module(wasmtime.Engine(), CODE)
    attack(folder)
    compiles.clear()
    for _ in range(2):
        engine = wasmtime.Engine()
        module = CompiledModules(folder, key=KEY).module(engine, CODE)
        assert answer(module, engine) == 1
    assert compiles == [CODE]


def test_made_for_another_engine(tmp_path, compiles):
    """
    Code of ours that this engine cannot run is compiled anew.
    """
    CompiledModules(tmp_path / "c", key=KEY).module(wasmtime.Engine(), CODE)
    for _ in range(2):
        config = wasmtime.Config()
        config.epoch_interruption = True
        CompiledModules(tmp_path / "c", key=KEY).module(wasmtime.Engine(config), CODE)
    assert compiles == [CODE, CODE]


def test_a_folder_that_cannot_be_had(tmp_path):
    """
    Then it is compiled, each time.
    """
    (tmp_path / "c").write_text("a file")
    engine = wasmtime.Engine()
    assert answer(CompiledModules(tmp_path / "c", key=KEY).module(engine, CODE), engine) == 1


def test_a_file_that_cannot_be_put_in_place(tmp_path):
    """
    Nothing is left of the attempt.
    """
    folder, engine = tmp_path / "c", wasmtime.Engine()
    CompiledModules(folder, key=KEY).module(engine, CODE)
    [kept] = kept_files(folder)
    kept.unlink()
    kept.mkdir()
    assert answer(CompiledModules(folder, key=KEY).module(engine, CODE), engine) == 1
    assert kept_files(folder) == [kept]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc's")
@pytest.mark.parametrize("lacks", [OSError, AttributeError])
def test_a_c_library_that_takes_nothing_back(monkeypatch, lacks):
    """
    Where it cannot be told to, or cannot be had, nothing is given back.
    """

    def library(_name):
        if lacks is OSError:
            raise lacks
        return object()

    assert compiled._found_trim() is not None
    monkeypatch.setattr(ctypes, "CDLL", library)
    assert compiled._found_trim() is None


def test_the_folder_stays_small(tmp_path):
    modules = CompiledModules(tmp_path / "c", key=KEY)
    for n in range(9):
        code = wasmtime.wat2wasm(f'(module (func (export "f") (result i32) i32.const {n}))')
        modules.module(wasmtime.Engine(), code)
    assert len(kept_files(tmp_path / "c")) == 4


def test_what_was_written_last_is_kept(tmp_path):
    """
    And what is not a module of ours is left alone.
    """
    folder = tmp_path / "c"
    folder.mkdir()
    for age, name in enumerate("facebd"):
        (folder / f"{name}.cwasm").touch()
        os.utime(folder / f"{name}.cwasm", (1_000_000 - age, 1_000_000 - age))
    (folder / "notes").touch()
    CompiledModules(folder, key=KEY).module(wasmtime.Engine(), CODE)
    of_code = hashlib.sha256(CODE).hexdigest()
    assert {path.name for path in kept_files(folder)} == {
        *("f.cwasm", "a.cwasm", "c.cwasm", "notes", f"{of_code}.cwasm")
    }


def test_nothing_is_written_anywhere_else(tmp_path, monkeypatch):
    """
    The folder is made, with those around it, and what is written is written there.
    """
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    folder = tmp_path / "a" / "b"
    CompiledModules(folder, key=KEY).module(wasmtime.Engine(), CODE)
    assert len(kept_files(folder)) == 1


def test_what_is_no_module(tmp_path):
    with pytest.raises(ConfigurationError):
        Module(wasmtime.Engine(), b"x", kept=CompiledModules(tmp_path / "c", key=KEY))
    assert not (tmp_path / "c").exists()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Where the user's caches lie; the working directory is a folder from an archive."""
    (tmp_path / "archive" / ".inbounds").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "archive")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("home", ["", ".inbounds", Path(".inbounds")])
def test_machine_code_of_a_folder_that_was_found_is_not_run(cache, compiles, home):
    """
    Whoever made the archive knows its key: the user's own folder is used, by every process.
    """
    CompiledModules(Path(".inbounds/compiled"), key=KEY).module(wasmtime.Engine(), CODE)
    put_in_place(Path(".inbounds/compiled"), key=KEY)
    compiles.clear()
    for _ in range(2):
        engine = wasmtime.Engine()
        assert answer(CompiledModules.of(home, KEY).module(engine, CODE), engine) == 1
    assert compiles == [CODE]
    name = hashlib.sha256(CODE).hexdigest()
    kept = {path.name for path in kept_files(cache / "inbounds" / "compiled")}
    assert kept == {"compiled.key", f"{name}.cwasm"}


def test_a_home_that_is_named_by_its_whole_path_keeps_its_own(cache, tmp_path):
    CompiledModules.of(tmp_path / "home", KEY).module(wasmtime.Engine(), CODE)
    CompiledModules.of(str(tmp_path / "home"), KEY).module(wasmtime.Engine(), OTHER)
    assert len(kept_files(tmp_path / "home" / "compiled")) == 2
    assert not cache.exists()


def test_the_key_of_the_users_folder_is_drawn_for_this_user_alone(cache):
    one, other = CompiledModules.of("", KEY), CompiledModules.of("", b"x" * 32)
    assert one._key == other._key == (cache / "inbounds/compiled/compiled.key").read_bytes()
    assert len(one._key) == 32
    assert one._key != KEY
    if os.name == "posix":
        [key] = kept_files(cache / "inbounds" / "compiled")
        assert [0o700, 0o600] == [stat.S_IMODE(each.stat().st_mode) for each in (key.parent, key)]


def exposed(place, mode):
    def change(cache, _monkeypatch):
        (cache / place).mkdir(parents=True)
        (cache / place).chmod(mode)

    return change


def of_another_user(_cache, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)


def moved_to_another_users(cache, _monkeypatch):
    """A link from a folder of others to one of this user's, as an archive leaves it."""
    exposed("", 0o777)(cache, None)
    Path(".inbounds/compiled").mkdir()
    (cache / "inbounds").symlink_to(Path(".inbounds").absolute())


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize(
    "change",
    [
        exposed("inbounds/compiled", 0o777),
        exposed("inbounds/compiled", 0o770),
        exposed("inbounds/compiled", 0o1777),
        exposed("inbounds", 0o777),
        exposed("", 0o777),
        of_another_user,
        moved_to_another_users,
        lambda cache, _: cache.write_text("a file"),
        lambda _, monkeypatch: monkeypatch.setattr(
            "platformdirs.user_cache_path", lambda *_, **__: Path("~/.cache/inbounds")
        ),
    ],
    ids=[
        *("all write it", "a group writes it", "all write it, sticky", "all write around it"),
        *("all write the cache", "another user's", "a link of others", "a file", "no home"),
    ],
)
def test_a_cache_that_others_could_have_written_is_not_used(cache, monkeypatch, change):
    """
    Then a process compiles for itself, and leaves nothing where it works.
    """
    change(cache, monkeypatch)
    before = {*Path().rglob("*")}
    assert CompiledModules.of("", KEY) is None
    assert {*Path().rglob("*")} == before


@pytest.mark.system
def test_a_state_folder_of_an_archive_runs_no_machine_code(tmp_path):
    """
    A program of the user's that is started in it decides as it would elsewhere, cache or none.
    """
    (tmp_path / "app.py").write_text(ASSISTANT, "utf-8")
    assert inbounds(tmp_path, "init", "app.py").code == 0
    set_effects(tmp_path, mail_read="read", mail_send="export")
    known = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    first = python(tmp_path, "app.py", **known)
    assert first.code == 0, first.err
    kept = kept_files(tmp_path / "cache" / "inbounds" / "compiled")
    one, other = [path for path in kept if path.suffix == ".cwasm"]
    planted, home = tmp_path / ".inbounds" / "compiled", tmp_path / ".inbounds"
    planted.mkdir()
    key = subkey((home / "deployment.key").read_bytes(), "compiled")
    for name, content in ((one, other.read_bytes()), (other, one.read_bytes())):
        mac = hmac.digest(key, name.stem.encode() + content[32:], "sha256")
        (planted / name.name).write_bytes(mac + content[32:])
    shutil.rmtree(tmp_path / "cache")

    for variables in (known, {"XDG_CACHE_HOME": str(tmp_path / "app.py")}):
        assert python(tmp_path, "app.py", **variables).out == first.out
    assert len(kept_files(tmp_path / "cache" / "inbounds" / "compiled")) == 3


@pytest.mark.system
def test_a_policy_from_what_was_kept(tmp_path, compiles):
    """
    A policy answers the same from kept machine code, and reads its bundle's signature first.
    """
    keys = engines.signing_keys(tmp_path)
    (tmp_path / "rego").mkdir()
    (tmp_path / "rego" / "probe.rego").write_text("package probe\n\na := input.a\n")
    bundle = engines.build_wasm(
        [tmp_path / "rego"],
        tmp_path / "b.tar.gz",
        keys=keys,
        roots=["probe"],
        entrypoints=["probe/a"],
    )
    kept = CompiledModules(tmp_path / "c", key=KEY)
    for _ in range(2):
        policy = EmbeddedPolicy(bundle, key=keys.public, compiled=kept)
        question = json.dumps({"a": 7}).encode()
        assert policy.ask("probe/a", question, deadline=time.monotonic() + 9).result == 7
        policy.close()
    assert len(compiles) == len(set(compiles)) == len(kept_files(tmp_path / "c")) == 2
    with pytest.raises(ConfigurationError) as ei:
        EmbeddedPolicy(bundle, key=engines.signing_keys(tmp_path, "x").public, compiled=kept)
    assert ei.value.code == "bundle.signature_wrong"


@pytest.mark.system
def test_whatever_is_compiled_is_kept(tmp_path):
    """
    Another bundle's module is, and that of a process which starts its engine anew.
    """
    keys, bundles = engines.signing_keys(tmp_path), []
    for name in "ab":
        folder = tmp_path / name
        folder.mkdir()
        (folder / "probe.rego").write_text(f"package probe\n\na := input.{name}\n")
        bundles.append(
            engines.build_wasm(
                [folder],
                tmp_path / f"{name}.tar.gz",
                keys=keys,
                roots=["probe"],
                entrypoints=["probe/a"],
            )
        )
    kept = CompiledModules(tmp_path / "c", key=KEY)
    policy = EmbeddedPolicy(bundles[0], key=keys.public, compiled=kept)
    policy.reload(bundles[1])
    assert len(kept_files(tmp_path / "c")) == 3
    for file in kept_files(tmp_path / "c"):
        file.unlink()
    policy._begin_child()
    assert policy.ask("probe/a", b'{"b":7}', deadline=time.monotonic() + 9).result == 7
    assert len(kept_files(tmp_path / "c")) == 2
    policy.close()


def test_without_a_folder_a_process_compiles_once(compiles):
    """
    Every engine of the process gets the same machine code, and only the last few are kept.
    """
    compiled._here.clear()
    for _ in range(2):
        engine = wasmtime.Engine()
        assert answer(compiled_once(engine, CODE), engine) == 1
        assert answer(compiled_once(engine, OTHER), engine) == 2
    assert compiles == [CODE, OTHER]

    for number in range(10):
        compiled_once(wasmtime.Engine(), wasmtime.wat2wasm(f"(module (memory {number}))"))
    assert len(compiled._here) == 4


def test_an_engine_of_another_kind_compiles_for_itself(compiles):
    """
    Machine code that was made without interruption is never run where it is relied upon.
    """
    compiled._here.clear()
    compiled_once(wasmtime.Engine(), CODE)
    config = wasmtime.Config()
    config.epoch_interruption = True

    compiled_once(wasmtime.Engine(config), CODE)

    assert compiles == [CODE, CODE]
