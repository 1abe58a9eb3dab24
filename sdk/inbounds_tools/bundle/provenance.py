"""What a bundle says of where it comes from: its revision and its place in time."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from inbounds.errors import ConfigurationError
from inbounds.files.listing import files_in
from inbounds.files.regular_file import read_regular
from inbounds.files.safe_files import write_file
from inbounds.files.trees import scratch_folder
from inbounds.process import clock

FILE = "provenance.json"
"""What a copy of sources outside git carries along, in its folder: `described`, `sequence`."""

_LONGEST_DESCRIPTION = 100
"""Characters. The name of a bundle's file holds it."""
_LATEST = 2**53
"""Whole numbers up to it are exact wherever JSON is read."""

_PLACES = (
    "--path-format=absolute",
    "--show-toplevel",
    "--absolute-git-dir",
    "--git-common-dir",
    "--git-path",
    "objects",
    "--show-object-format",
    "HEAD",
)
_FORMS = r"core\.(filemode|symlinks|ignorecase|autocrlf|eol|precomposeunicode)"
_FORM = re.compile(rf"{_FORMS} [a-z]{{1,8}}")
"""A value may go on over further lines, which could name another setting."""
_STATUS = ("status", "--porcelain", "--ignore-submodules=all")
"""A submodule has a configuration of its own, which git would follow to look for changes."""
_SETTINGS = ("-c", "core.fsmonitor=false", "-c", "safe.bareRepository=explicit")
_ENVIRONMENT = {"GIT_OPTIONAL_LOCKS": "0", "GIT_ALLOW_PROTOCOL": "", "GIT_TERMINAL_PROMPT": "0"}
"""Nothing is written, fetched or asked for."""
_SECONDS = 15.0
"""How long all that git is asked about one folder may take. Of a repository that holds a pipe, git
waits without end for somebody to write into it."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where one folder of sources stands in its history.

    Attributes:
        described: The tag or commit, with `-dirty` where a tracked file of the repository has
            changed, as `git describe --always --dirty` has it; "0" outside git.
        sequence: Unix seconds: of the last commit where nothing has changed since, else of
            the newest file.
    """

    described: str
    sequence: int

    def render(self) -> str:
        """Return the text of a `provenance.json`."""
        return json.dumps({"described": self.described, "sequence": self.sequence}) + "\n"


def of(folder: Path, *, base: bool = False) -> Provenance:
    """Return the provenance of the sources in `folder`.

    Args:
        folder: The folder of the sources.
        base: Whether they are the project's own, whose `provenance.json` is believed. That of any
            other folder does not put it later than its newest file: a guard takes no release that
            is earlier than the one it has.

    Raises:
        ConfigurationError: `bundle.provenance`: the `provenance.json` is malformed, or git has not
            answered in time.
    """
    carried = folder / FILE
    if carried.exists():
        stated = _stated(carried)
        if base:
            return stated
        return Provenance(stated.described, min(stated.sequence, _newest(folder)))

    with scratch_folder("git") as scratch:
        repository = _Repository.of(folder, Path(scratch), clock.monotonic() + _SECONDS)
        if repository is None:
            return Provenance("0", _newest(folder))
        described = repository.git("describe", "--always")
        if not described or not repository.git("ls-files", "--", "."):
            return Provenance("0", _newest(folder))
        if repository.git(*_STATUS, "--untracked-files=no", "--", ":/"):
            described += "-dirty"
        clean = not repository.git(*_STATUS, "--", ".")
        committed = repository.git("log", "-1", "--format=%ct", "--", ".")
    sequence = _not_later(int(committed)) if clean and committed else _newest(folder)
    return Provenance(_file_name(described), sequence)


def _stated(path: Path) -> Provenance:
    try:
        stated = json.loads(read_regular(path)[0].decode("utf-8"))
        described, sequence = stated["described"], stated["sequence"]
        # The exact types: a bool is a number to Python.
        if type(described) is str and type(sequence) is int and 0 <= sequence <= _LATEST:
            return Provenance(_file_name(described), sequence)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigurationError(f"{path} cannot be read", code="bundle.provenance") from error
    raise ConfigurationError(
        f"in {path}, `described` must be text and `sequence` a number of seconds since 1970",
        code="bundle.provenance",
    )


def _file_name(described: str) -> str:
    """Return a description as a part of a file's name; "0" where nothing of it is left."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", described).lstrip("-.")
    return name[:_LONGEST_DESCRIPTION] or "0"


def sequence(parts: Iterable[Provenance], environ: Mapping[str, str] | None = None) -> int:
    """Return the place in time of what is built from `parts`, in Unix seconds.

    `SOURCE_DATE_EPOCH` wins (https://reproducible-builds.org/specs/source-date-epoch/).
    """
    environ = os.environ if environ is None else environ
    said = environ.get("SOURCE_DATE_EPOCH", "")
    if said:
        if not said.isascii() or not said.isdigit():
            raise ConfigurationError(
                "SOURCE_DATE_EPOCH must be a number of seconds", code="bundle.source_date_epoch"
            )
        return int(said)
    return max((part.sequence for part in parts), default=0)


def _newest(folder: Path) -> int:
    return _not_later(max((int(path.stat().st_mtime) for path in files_in(folder)), default=0))


def _not_later(sequence: int) -> int:
    """Return a time in the past: whoever commits or touches a file chooses the time of it."""
    return min(sequence, int(clock.now()))


@dataclass(frozen=True, slots=True)
class _Repository:
    """A repository whose own configuration and hooks are left alone.

    They name programs that git would start (`core.fsmonitor`, filters, hooks, transports), and may
    come with a folder that somebody else has packed. Its objects, references and index are read
    through a directory of git's that is made here.

    Attributes:
        folder: The folder that is asked about.
        own: The directory of git's.
        top: The top of the work tree.
        objects: The repository's objects.
        options: How its configuration says that files of the work tree are written.
        deadline: When git has to have answered everything, in seconds on `clock.monotonic`.
    """

    folder: Path
    own: Path
    top: Path
    objects: str
    options: Sequence[str]
    deadline: float

    @classmethod
    def of(cls, folder: Path, scratch: Path, deadline: float) -> _Repository | None:
        """Return the repository around a folder, or None where there is none or no git.

        Args:
            folder: The folder.
            scratch: An empty folder for the directory of git's.
            deadline: When git has to have answered everything.

        Raises:
            ConfigurationError: Git has not answered by then.
        """

        def git(place: Path, *arguments: str) -> str:
            return _git(place, {}, *arguments, deadline=deadline)

        said = git(folder, "rev-parse", *_PLACES).split("\n")
        if len(said) != 6:
            return None
        top, its, common, objects, kind, head = said
        git(scratch, "init", "--quiet", f"--object-format={kind}", "--template=")
        own = scratch / ".git"
        write_file(own / "HEAD", f"{head}\n", durable=False)
        tags = git(folder, "for-each-ref", "--format=%(objectname) %(refname)", "refs/tags")
        write_file(own / "packed-refs", f"{tags}\n" if tags else "", durable=False)
        for place, name in ((its, "index"), (common, "shallow"), (common, "info/exclude")):
            _copy(Path(place) / name, own / name)
        read = git(folder, "config", "--local", "--get-regexp", f"^{_FORMS}$").split("\n")
        forms = [line.replace(" ", "=") for line in read if _FORM.fullmatch(line)]
        options = [part for form in forms for part in ("-c", form)]
        return cls(folder, own, Path(top), objects, options, deadline)

    def git(self, *arguments: str) -> str:
        """Return what git prints, or "" where it fails."""
        places = {
            "GIT_DIR": str(self.own),
            "GIT_OBJECT_DIRECTORY": self.objects,
            "GIT_WORK_TREE": str(self.top),
        }
        return _git(self.folder, places, *self.options, *arguments, deadline=self.deadline)


def _copy(source: Path, target: Path) -> None:
    with contextlib.suppress(OSError):
        write_file(target, read_regular(source)[0], durable=False)


def _git(folder: Path, places: Mapping[str, str], *arguments: str, deadline: float) -> str:
    """Return what git prints, or "" where there is no git or no repository.

    Raises:
        ConfigurationError: Git has not answered by the deadline.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *_SETTINGS, "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**inherited, **_ENVIRONMENT, **places},
            timeout=max(0.0, deadline - clock.monotonic()),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ConfigurationError(
            f"git has not told the history of {folder} within {_SECONDS:g} s",
            code="bundle.provenance",
            hint="see that its repository holds only files and folders, or build from a copy "
            "without `.git`",
        ) from error
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
