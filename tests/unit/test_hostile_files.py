"""YAML, bundles and anchors that somebody made to break what reads them are refused in words."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest
import yaml

from inbounds.canonical.strict_yaml import fault_in, strict_yaml
from inbounds.dev.deployment import load
from inbounds.engine import assets
from inbounds.engine.bundle import read_signed
from inbounds.errors import ConfigurationError
from inbounds.evidence.chain import Head
from inbounds_tools.cli import main

TAGS = ["binary", "bool", "float", "int", "map", "merge", "null", "omap", "pairs"]
TAGS += ["seq", "set", "str", "timestamp", "value", "yaml", "python/object:os.system", "unknown"]
VALUES = ["foo", "5", "''", "[x: 1]", "{x}", "{x: 1}", "aGVsbG8=", "2024-13-01"]
FORMS = ["!!{} {}", "!<tag:yaml.org,2002:{}> {}", "!{} {}"]


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_is_refused_whatever_it_says(tag):
    for value in VALUES:
        for form in FORMS:
            with pytest.raises(yaml.YAMLError) as refused:
                strict_yaml(f"a: {form.format(tag, value)}".encode())
            assert "a tag" in fault_in(refused.value)


@pytest.mark.parametrize("text", ["! x", "!mine x", "%TAG ! tag:x,1:\n---\na: !y z", "!!str a: b"])
def test_so_is_one_of_another_form_or_place(text):
    with pytest.raises(yaml.YAMLError):
        strict_yaml(text.encode())


@pytest.mark.parametrize(
    "value",
    [
        "!!timestamp foo",
        "!!bool maybe",
        "2024-01-01T00:00:00+99:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2024-13-01",
        "9" * 5000,
        "1e999",
        "[" * 5000,
    ],
)
@pytest.mark.parametrize("form", ["audience: {}", "control_plane: {}"])
def test_a_deployment_of_it_is_invalid(tmp_path, form, value):
    (tmp_path / "settings.yaml").write_text(form.format(value))

    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path)
    assert refused.value.code == "deployment.invalid"


@pytest.mark.parametrize(
    "instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1e999", "9" * 4000]
)
def test_so_is_one_with_such_a_moment(tmp_path, instant):
    (tmp_path / "environments.yaml").write_text(
        f"e:\n  freezes:\n    - {{start: {instant}, end: {instant}, effects: [read]}}\n"
    )
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path)
    assert refused.value.code == "deployment.invalid"


# --- bundles -------------------------------------------------------------------------------


def headers(kind, content):
    """Headers after headers, each of which speaks for the next."""
    packed = io.BytesIO()
    for _ in range(3000):
        info = tarfile.TarInfo("././@LongLink")
        info.type, info.size = kind, len(content)
        packed.write(info.tobuf(tarfile.GNU_FORMAT))
        packed.write(content.ljust(512, b"\0"))
    packed.write(b"\0" * 1024)
    return packed.getvalue()


def genuine(change):
    """The shipped bundle, with files in another place or of other content."""
    out = io.BytesIO()
    source = io.BytesIO(gzip.decompress(Path(assets.wasm_bundle()).read_bytes()))
    with tarfile.open(fileobj=source) as old, tarfile.open(fileobj=out, mode="w") as new:
        for member in old:
            file = old.extractfile(member)
            content = change(member, file.read() if file is not None else b"")
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    return out.getvalue()


def nested(name, depth):
    def change(member, content):
        if member.name.rpartition("/")[2] == name:
            return b'{"a":' + b"[" * depth + b"]" * depth + b"}"
        return content

    return change


def deep_folders(member, content):
    if member.name.rpartition("/")[2] == "data.json":
        member.name = "a/" * 3000 + "data.json"
    return content


HOSTILE = {
    "long names": lambda: headers(tarfile.GNUTYPE_LONGNAME, b"a\0"),
    "long links": lambda: headers(tarfile.GNUTYPE_LONGLINK, b"a\0"),
    "pax headers": lambda: headers(tarfile.XHDTYPE, b"11 path=ab\n"),
    "pax headers of all": lambda: headers(tarfile.XGLTYPE, b"11 path=ab\n"),
    "deep folders": lambda: genuine(deep_folders),
    **{
        f"{name} {depth} deep": lambda name=name, depth=depth: genuine(nested(name, depth))
        for name in (".manifest", ".signatures.json", "data.json")
        for depth in (100, 300, 480, 900, 100_000)
    },
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_bundle_that_nests_is_refused(tmp_path, what):
    (tmp_path / "b.tar.gz").write_bytes(gzip.compress(HOSTILE[what]()))

    with pytest.raises(ConfigurationError) as refused:
        read_signed(tmp_path / "b.tar.gz", assets.release_key())
    assert refused.value.code.startswith("bundle.")


EXTENSIONS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    b"Z",
)


@pytest.mark.parametrize("kind", EXTENSIONS)
@pytest.mark.parametrize("size", [4097, 150_000, -512])
def test_a_long_header_of_an_archive_is_not_read(tmp_path, kind, size):
    info = tarfile.TarInfo("a")
    info.type, info.size = kind, size
    content = b"1" * max(size, 0)
    whole = info.tobuf(tarfile.GNU_FORMAT) + content.ljust(-(-len(content) // 512) * 512, b"\0")
    (tmp_path / "b.tar.gz").write_bytes(gzip.compress(whole + b"\0" * 1024))

    with pytest.raises(ConfigurationError, match=r"a header of more than 4096 bytes") as refused:
        read_signed(tmp_path / "b.tar.gz", assets.release_key())
    assert "bundle.malformed" == refused.value.code


# --- anchors -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"log":' * 100_000,
        '{"log":"a","count":' + "9" * 4000 + ',"hash":"","mac":""}',
        r'{"log":"\ud800","count":1,"hash":"","mac":""}',
        '{"log":"\ud800","count":1,"hash":"","mac":""}',
        '{"log":"a","log":"b","count":1,"hash":"","mac":""}',
        '{"log":"a","count":1e3,"hash":"","mac":""}',
        "",
    ],
)
def test_what_is_no_anchor_is_refused(text):
    with pytest.raises(ConfigurationError) as refused:
        Head.from_json(text)
    assert refused.value.code == "evidence.not_an_anchor"


# --- what a command says -------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "a.tar.gz\n[green]ok      policy.tar.gz  rego v1.2.3\n",
        "x[/]y.tar.gz",
        "[red]y.tar.gz",
        "\x1b[32mok.tar.gz",
        "a\u202eb.tar.gz",
    ],
)
def test_the_name_of_a_bundle_is_told_as_it_is_and_on_one_line(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"junk")

    assert main(["bundle", "verify", name]) == 1
    first, code, *more = capsys.readouterr().out.splitlines()
    assert first.startswith("refused ")
    assert name.encode("unicode_escape").decode() in first
    assert code.strip() == "bundle.malformed"
    assert [line.split()[0] for line in more] == ["fix"]


@pytest.mark.system
@pytest.mark.parametrize(
    "text", ["ended: {a: &x 1}", "ended: !!set {a}", "ended: [", "- 1", "ended: {a: b}", "\x00"]
)
def test_a_baseline_that_is_none_is_refused_in_words(tmp_path, monkeypatch, capsys, text):
    monkeypatch.chdir(tmp_path)
    assert main(["bundle", "key", "release.pem"]) == 0
    (tmp_path / "bad.yaml").write_text(text)

    build = ["bundle", "build", "--key", "release.pem", "-o", "out"]
    assert main([*build, "--baseline", "bad.yaml"]) == 1
    assert "bundle.baseline_invalid" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
