"""What type checkers say of a user's program: the types that hold, and the mistakes they find."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import inbounds

PROGRAMS = Path(__file__).parent
# Rules of style, of code that is there to be looked at; and what follows from another fault.
_OFF = [
    "reportUnusedExpression",
    "reportUnusedVariable",
    "reportUnusedCoroutine",
    "reportUnusedFunction",
    "reportUnknownMemberType",
    "reportUnknownVariableType",
    "reportUnknownArgumentType",
    "reportUnknownLambdaType",
]
CHECKERS = ("mypy", "pyright")
_SAID = re.compile(r"# mypy: (?P<mypy>[\w-]+(?:, [\w-]+)*), pyright: (?P<pyright>\w+(?:, \w+)*)$")


def expected(program, checker):
    """What a program's comments say that a checker says, by line."""
    said = {}
    for number, line in enumerate((PROGRAMS / program).read_text("utf-8").splitlines(), 1):
        if "# mypy:" in line:
            found = _SAID.search(line)
            assert found, line
            said[number] = set(found[checker].split(", "))
    return said


def mypy(folder, program):
    """What mypy says of a program, as strict as it is, by line."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file="),
            *("--python-executable", sys.executable, "--no-error-summary", "--hide-error-context"),
            *("--no-pretty", "--cache-dir", str(folder / "cache"), program),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return collected(
        re.findall(rf"(?m)^{program}:(\d+): error: .*\[([\w-]+)\]$", done.stdout), done.stdout
    )


def pyright(folder, program):
    """What pyright says of a program, as strict as it is, by line."""
    settings = {"typeCheckingMode": "strict", **dict.fromkeys(_OFF, "none")}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pyright", "--outputjson"),
            *("--pythonpath", sys.executable, program),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    said = json.loads(done.stdout)
    assert said["summary"]["filesAnalyzed"] == 1
    found = [
        (fault["range"]["start"]["line"] + 1, fault.get("rule", fault["message"]))
        for fault in said["generalDiagnostics"]
    ]
    return collected(found, json.dumps(said["generalDiagnostics"], indent=1))


def collected(found, whole):
    said = {}
    for line, code in found:
        said.setdefault(int(line), set()).add(code)
    print(whole)
    return said


@pytest.mark.system
@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("program", ["accepted.py", "rejected.py"])
def test_a_users_program(tmp_path, program, checker):
    """
    A checker says what the program's comments say, on those lines and no other.
    """
    # Installed with the linters, which the lowest versions of libraries are tried without.
    pytest.importorskip(checker)
    shutil.copy(PROGRAMS / program, tmp_path / program)

    assert {"mypy": mypy, "pyright": pyright}[checker](tmp_path, program) == expected(
        program, checker
    )


def test_the_package_says_that_it_is_typed():
    """
    Checkers read annotations of packages that say so alone (PEP 561).
    """
    assert (Path(inbounds.__file__).parent / "py.typed").is_file()
    assert "Typing :: Typed" in importlib.metadata.metadata("inbounds").get_all("Classifier")
