"""YAML, bundles and anchors that somebody made to break what reads them are refused in words."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest
import yaml

from inbounds.canonical import strict_yaml as reader
from inbounds.canonical.strict_yaml import fault_in, strict_yaml
from inbounds.canonical.yaml_lines import Lines
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


@pytest.fixture
def parsed(monkeypatch):
    """The calls that reach the parser, and the events that it yields."""
    calls = []
    parse, compose = yaml.parse, yaml.compose

    def counted(*arguments, **options):
        calls.append("parse")
        for event in parse(*arguments, **options):
            calls.append(type(event).__name__)
            yield event

    def composed(*arguments, **options):
        calls.append("compose")
        return compose(*arguments, **options)

    monkeypatch.setattr(yaml, "parse", counted)
    monkeypatch.setattr(yaml, "compose", composed)
    return calls


MOST = reader.MAX_SPACES
UNREAD = {
    "tag directives": ("%TAG !a! x\n%TAG !b! x\n---\na: 1\n", "line 1, column 1: a directive"),
    "a version": ("# c\n\n%YAML 1.1\n---\na: 1\n", "line 3, column 1: a directive"),
    "after a mark": ("\ufeff%TAG ! x\n---\na: 1\n", "line 1, column 2: a directive"),
    "of no name": ("%\n---\na: 1\n", "line 1, column 1: a directive"),
    "of a later document": ("a: 1\n...\n%TAG ! x\n---\nb: 1\n", "line 3, column 1: a directive"),
    **{
        f"after {end!r}": (
            f"# c{end}%TAG ! x{end}---{end}a: 1{end}",
            "line 2, column 1: a directive",
        )
        for end in ("\r\n", "\r", "\x85", "\u2028", "\u2029")
    },
    **{
        f"{what} of {space!r}": (
            form.format(space * MOST),
            f"more than {MOST} spaces or line breaks in a row",
        )
        for space in (" ", "\t", "\n", "\r\n", "\n  ", "\x85", "\u2028")
        for what, form in {
            "quoted": "a: 'x{}  y'\n",
            "quoted twice": 'a: "x{}  y"\n',
            "plain": "a: x{}  y\n",
            "block": "a: |\n x{}\n\n y\n",
            "folded": "a: >\n x{}\n\n y\n",
            "between": "a: 1\n{}\n\nb: 1\n",
        }.items()
    },
    "long": ("a" * (reader.MAX_BYTES + 1), "longer than 16777216 bytes"),
}


@pytest.mark.parametrize("what", UNREAD)
def test_what_takes_the_parser_the_square_of_its_length_is_not_parsed(parsed, what):
    text, problem = UNREAD[what]
    for read in (strict_yaml, Lines):
        with pytest.raises(yaml.YAMLError) as refused:
            read(text.encode())
        assert problem in fault_in(refused.value)
    assert [] == parsed


def test_a_percent_sign_elsewhere_and_as_many_spaces_as_may_be_are_read():
    assert strict_yaml(b"a: 100%\nb: '%'\nc: |\n %TAG\n") == {"a": "100%", "b": "%", "c": "%TAG\n"}
    assert strict_yaml(f"a: 'x{' ' * MOST}y'\n".encode()) == {"a": f"x{' ' * MOST}y"}
    assert strict_yaml(f"a: 1{chr(10) * MOST}b: 2".encode()) == {"a": 1, "b": 2}


@pytest.mark.parametrize("form", ["- a\n", "- []\n", "- {}\n", "- - - a\n", "-\n", "- |\n"])
def test_values_are_counted_before_any_is_made(parsed, monkeypatch, form):
    monkeypatch.setattr(reader, "MAX_VALUES", 100)

    with pytest.raises(yaml.YAMLError) as refused:
        strict_yaml(form.encode() * 1000)
    assert "more than 100 values" in fault_in(refused.value)
    assert len(parsed) < 300

    monkeypatch.setattr(reader, "MAX_VALUES", 4000)
    assert len(strict_yaml(form.encode() * 1000)) == 1000


def test_of_many_documents_the_second_is_the_last_that_is_looked_at(parsed):
    with pytest.raises(yaml.YAMLError) as refused:
        strict_yaml(b"---\na\n" * 10_000)
    assert "line 3, column 1: a second document" in fault_in(refused.value)
    assert len(parsed) < 10


@pytest.mark.parametrize("name", ["labels", "tools"])
def test_a_deployment_of_directives_names_the_line(tmp_path, parsed, name):
    (tmp_path / f"{name}.yaml").write_text("# ours\n%TAG !a! x\n---\na: 1\n")

    with pytest.raises(ConfigurationError, match=f"{name}.yaml: line 2, column 1: a directive"):
        load(tmp_path)
    assert [] == parsed


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
