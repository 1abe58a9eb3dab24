"""The project's documents as programs: their blocks, and a walk through them as a reader would.

Every fenced block says in a comment right above it what it is:

    <!-- run -->                      a shell block; its exports hold for those after it
    <!-- run: exits 1 -->             one that fails, and how
    <!-- run: until it says ready and listening -->   a server; it goes on until the walk is over
    <!-- file: app.py -->             a file the reader writes
    <!-- edit: deployment/x.yaml -->  entries of a YAML file, to be changed to what the block says
    <!-- shown -->                    what the block before has printed; `…` stands for anything
    <!-- make -->                     targets of the Makefile
    <!-- traps -->                    Rego in which `wrong` is true and `right` is not
    <!-- picture -->                  to be looked at

    with Walk(tmp_path) as walk:
        for block in blocks(README):
            walk.take(block)
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml
from tests import engines
from tests.console import caches

from inbounds.identity.signing_keys import SigningKey

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "demo").rglob("*.md")]
)
"""Every document, the generated pages as well."""

_FENCE = re.compile(r"^( *)```([\w-]*)[^\n]*\n(.*?)^ *```[ \t]*$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"<!-- ([a-z]+)(?:: (.+?))? -->\n\s*\Z")
_WORDS = frozenset({"run", "file", "edit", "shown", "make", "traps", "picture"})
_ENVIRONMENT = "the-environment"


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block and what is said of it.

    Attributes:
        document: The path of its document, as people name it.
        line: The line on which its text begins.
        word: What it is; "" where nothing is said.
        about: What else is said, such as the name of a file.
        language: What the fence names.
        text: What stands in it.
    """

    document: str
    line: int
    word: str
    about: str
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def blocks(document: Path) -> Iterator[Block]:
    """Yield the blocks of a document in order."""
    text = document.read_text("utf-8")
    for found in _FENCE.finditer(text):
        mark = _MARK.search(text[: found.start()])
        indent = len(found[1])
        yield Block(
            document=document.relative_to(ROOT).as_posix(),
            line=text.count("\n", 0, found.start()) + 2,
            word=mark[1] if mark and mark[1] in _WORDS else "",
            about=(mark[2] or "") if mark else "",
            language=found[2],
            text="".join(line[indent:] or "\n" for line in found[3].splitlines(keepends=True)),
        )


class Walk:
    """A reader in a folder of their own, with the console script and an OPA on the path.

    Args:
        folder: Where the reader is; empty, or with what they are said to have.
        instead: What is put in the place of words of the documents, such as an address that
            is taken on the machine of the tests.
        opa: Whether an OPA is on the path from the beginning.
    """

    def __init__(
        self, folder: Path, *, instead: Mapping[str, str] | None = None, opa: bool = True
    ) -> None:
        self.folder = folder
        self.output = ""
        self._instead = dict(instead or {})
        self._servers: list[subprocess.Popen[bytes]] = []
        programs = folder.parent / f"{folder.name}-bin"
        programs.mkdir()
        if opa:
            (programs / "opa").symlink_to(Path(engines.opa_binary()).resolve())
        path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), "/usr/bin:/bin"])
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("INBOUNDS_")
        } | {"PATH": path, "HOME": str(folder), "PYTHONUNBUFFERED": "1", "COLUMNS": "100"}
        self._environment["XDG_CACHE_HOME"] = caches()
        self._environment.pop("PYTHONPATH", None)

    def take(self, block: Block) -> None:
        """Do what a block says, and fail where it does not come about."""
        if block.word == "run":
            self._run(block)
        elif block.word == "file":
            path = self.folder / block.about
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self._placed(block.text), "utf-8")
        elif block.word == "edit":
            self._edit(block)
        elif block.word == "shown":
            said = self._placed(block.text)
            assert shows(self.output, said), f"{block} shows\n{said}\nand not\n{self.output}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end_servers()

    def end_servers(self) -> None:
        """End every server that was started, as a reader does with Ctrl-C."""
        for server in reversed(self._servers):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()
        self._servers.clear()

    # --- running ---------------------------------------------------------------------------

    def _run(self, block: Block) -> None:
        if block.about.startswith("until it says "):
            self._serve(block, block.about.removeprefix("until it says "))
            return
        expected = int(block.about.removeprefix("exits ")) if block.about else 0
        exported = self.folder.parent / f"{self.folder.name}-{_ENVIRONMENT}"
        script = f"trap 'env -0 >\"{exported}\"' EXIT\n{self._placed(block.text)}"
        done = subprocess.run(
            ["sh", "-eu", "-c", script],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        self.output = done.stdout
        said = f"{block} exits {done.returncode}, not {expected}:\n{block.text}\n{done.stdout}"
        assert done.returncode == expected, said
        pairs = exported.read_text("utf-8").split("\0")
        self._environment = dict(pair.split("=", 1) for pair in pairs if "=" in pair)

    def _serve(self, block: Block, words: str) -> None:
        log = self.folder.parent / f"{self.folder.name}-server-{len(self._servers)}.log"
        with log.open("wb") as stream:
            server = subprocess.Popen(
                ["sh", "-eu", "-c", self._placed(block.text)],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        self._servers.append(server)
        until = time.monotonic() + 60
        wanted = self._placed(words).split(" and ")
        while not all(word in (said := log.read_text("utf-8", "replace")) for word in wanted):
            over = server.poll() is not None or time.monotonic() > until
            assert not over, f"{block} does not say `{words}`:\n{said}"
            time.sleep(0.05)
        self.output = said

    # --- writing ---------------------------------------------------------------------------

    def _edit(self, block: Block) -> None:
        """Change members of top-level entries, each on its line, as one does in an editor."""
        path = self.folder / block.about
        text = path.read_text("utf-8")
        for entry, members in yaml.safe_load(self._placed(block.text)).items():
            if re.search(rf"(?m)^{re.escape(entry)}: *[^\s#]", text):
                heads = {rf"(?m)(^{re.escape(entry)}:) [^#\n]*": members}
            else:
                within = rf"(?m)(^{re.escape(entry)}:\n(?:(?:  .*)?\n)*?  "
                heads = {
                    rf"{within}{re.escape(member)}:) [^#\n]*": value
                    for member, value in members.items()
                }
            for head, value in heads.items():
                written = json.dumps(value)
                text, times = re.subn(head, lambda m, w=written: f"{m[1]} {w}  ", text, count=1)
                assert times, f"{block}: {block.about} has no such line for {entry}"
        path.write_text(text, "utf-8")

    def _placed(self, text: str) -> str:
        for word, instead in self._instead.items():
            text = text.replace(word, instead)
        text = re.sub(r"<the digest of ([\w./-]+)>", self._digest, text)
        return re.sub(r"<the JWK of ([\w./-]+)>", self._jwk, text)

    def _digest(self, found: re.Match[str]) -> str:
        token = (self.folder / found[1]).read_text("utf-8").strip()
        return hashlib.sha256(token.encode()).hexdigest()

    def _jwk(self, found: re.Match[str]) -> str:
        key = SigningKey.read(self.folder / found[1])
        return json.dumps({key.kid: key.public})[1:-1]  # as `bundle key` prints it


def shows(output: str, said: str) -> bool:
    """Whether a document's lines are in an output, in order; `…` stands for anything."""
    lines = [line.rstrip() for line in said.strip().splitlines()]
    pattern = r"[^\n]*\n(?:.*\n)*?".join(
        "[ \t]*".join(_loose(part) for part in group) for group in _groups(lines)
    )
    return re.search(f"^{pattern}", _plain(output), re.MULTILINE) is not None


def _groups(lines: list[str]) -> Iterator[list[str]]:
    group: list[str] = []
    for line in lines:
        if line.strip() == "…":
            yield group
            group = []
        else:
            group.append(f"{line}\n")
    yield group


def _loose(line: str) -> str:
    """One line as a pattern: any run of blanks is one, `…` is anything within the line."""
    parts = [re.escape(part) for part in re.split(r"…|[ \t]+", line)]
    joints = [r"[^\n]*" if joint == "…" else r"[ \t]+" for joint in re.findall(r"…|[ \t]+", line)]
    joints += [""]
    return "".join(part + joint for part, joint in zip(parts, joints, strict=True))


def _plain(output: str) -> str:
    return "\n".join(line.rstrip() for line in output.splitlines()) + "\n"
