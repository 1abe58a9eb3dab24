"""What is put into the core to see whether a test notices, and what is said of it."""

import argparse
import ast
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.mutants_python import __main__ as program
from tools.mutants_python import operators, plugin

ROOT = Path(__file__).resolve().parents[2]
SOURCE = '''
LIMIT = 64


def read(text: str | None, *, strict: bool = True) -> bool:
    """Prose is left alone."""
    if text is None or len(text) > LIMIT:
        raise ValueError(f"too long: {LIMIT}", "more prose", code="too.long")
    with lock:
        seen.append(text)
        seen.wait(0.0)
    try:
        return parse(text[:8], strict=strict)
    except (KeyError, OSError):
        return False
'''


def names():
    return [site.name for site in operators.sites(SOURCE)]


@pytest.mark.parametrize(
    "name",
    [
        "<module>: other value `64`",
        "read: other value `True`",
        "read: always `text is None or len(text) > LIMIT`",
        "read: never `text is None or len(text) > LIMIT`",
        "read: without `text is None`",
        "read: without `len(text) > LIMIT`",
        "read: boundary of `len(text) > LIMIT`",
        "read: without argument `ValueError(code='too.long')`",
        "read: other value `'too.long'`",
        "read: without block `lock`",
        "read: without `seen.append(text)`",
        "read: without upper bound `:8`",
        "read: without argument `parse(strict=strict)`",
        "read: always `parse(text[:8], strict=strict)`",
        "read: without `except (KeyError, OSError)`",
        "read: without `OSError`",
        "read: other value `False`",
        "read: other value `0.0`",
    ],
)
def test_faults(name):
    """
    Every check, every step and every value of a function can be at fault.
    """
    assert name in names()


def test_no_fault_is_in_prose_or_types():
    """
    Messages, docstrings and annotations are left alone.
    """
    assert not [name for name in names() if "rose" in name or "too long" in name]
    assert not [name for name in names() if "str | None" in name]


def test_each_is_another_program():
    """
    Each fault can be compiled, changes something, and has a name of its own.
    """
    whole = ast.dump(ast.parse(SOURCE))
    changed = [operators.mutated(SOURCE, number) for number in range(len(names()))]

    assert len(set(names())) == len(names())
    assert whole not in {ast.dump(tree) for tree in changed}
    for tree in changed:
        compile(tree, "source.py", "exec")


def run(program):
    """Run a program in a process that has imported nothing of the core."""
    done = subprocess.run(
        [sys.executable, "-c", "from tools.mutants_python import plugin\n" + program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.system
def test_a_fault_of_a_module_is_loaded_with_it():
    """
    What is at fault outside of functions is met by the tests, whatever pytest does to imports.
    """
    test = "tests/unit/test_canonical_bounds.py::test_where_a_kind_is_missed"
    program = f"""
fault = compile("raise RuntimeError", "canonical.py", "exec")
print(plugin.loaded_with("inbounds.canonical.arguments", fault, [{test!r}]))
"""
    assert run(program) == "the collection of tests"


MADE = """
def make():
    def read():
        return 1
    return read


PAIR = (lambda: 1, lambda: 2)
read = make()
"""


def test_a_fault_of_a_function_that_was_made_before(tmp_path):
    """
    What a function has made while modules were imported has its fault as well.
    """
    file = tmp_path / "made.py"
    space = {}
    exec(compile(MADE, str(file), "exec"), space)
    loaded = [space["make"], space["read"]]
    fault = compile(MADE.replace("return 1", "return 7"), str(file), "exec")

    plugin.replace_function(loaded, file, "make", fault)

    assert [7, 7] == [space["read"](), space["make"]()()]
    with pytest.raises(LookupError):  # nobody can tell which is which
        plugin.replace_function([*space["PAIR"]], file, "<lambda>", fault)


def reached(folder, test, told):
    """What a program tells of what a test has reached of a module beside it."""
    (folder / "forked.py").write_text("def run():\n    return 1\n", "utf-8")
    (folder / "test_forked.py").write_text(test, "utf-8")
    return run(f"""
import json, pathlib, pytest
folder = pathlib.Path({str(folder)!r})
reach = plugin.Reach([folder / "forked.py"], folder / "reach.json")
pytest.main([*plugin.ARGUMENTS, "--rootdir", str(folder), str(folder)], plugins=[reach])
seen = json.loads((folder / "reach.json").read_text())
{told}
""")


@pytest.mark.system
def test_what_a_child_runs_is_reached(tmp_path):
    """
    A test reaches what a child runs that it has forked, even if that ends at once.
    """
    said = reached(
        tmp_path,
        "import os\n"
        "import forked\n"
        "def test():\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        forked.run()\n"
        "        os._exit(0)\n"
        "    os.waitpid(child, 0)\n",
        "(lines,) = seen['lines'].values(); print(lines['2'])",
    )
    assert said == "['test_forked.py::test']"


@pytest.mark.system
def test_a_child_that_runs_nothing_of_it(tmp_path):
    """
    A child that runs none of what is measured ends as without measuring, where warnings are errors.
    """
    said = reached(
        tmp_path,
        "import os, forked, pytest\n"
        "@pytest.mark.filterwarnings('error')\n"
        "def test():\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        os._exit(7)\n"
        "    assert 7 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n",
        "print(seen['failed'], list(seen['seconds']))",
    )
    assert said == "[] ['test_forked.py::test']"


@pytest.mark.system
def test_what_failed_with_no_fault_is_asked_anew(tmp_path):
    """
    What was measured is kept for the next run only where every test passed.
    """
    (tmp_path / "test_first.py").write_text(
        "import pathlib\n"
        "def test():\n"
        "    seen = pathlib.Path(__file__).with_name('seen')\n"
        "    assert seen.exists() or seen.touch()\n",
        "utf-8",
    )
    said = run(f"""
import pathlib
from tools.mutants_python import __main__ as program
program.BUILD = pathlib.Path({str(tmp_path)!r})
said = []
for _ in range(3):
    reach = program._reach("one", [], [str(program.BUILD / "test_first.py")])
    said.append((len(reach["failed"]), len(list(program.BUILD.glob("one-*.json")))))
print(said)
""")
    assert said == "[(1, 0), (0, 1), (0, 1)]"


def test_what_was_not_tried_is_told(tmp_path, monkeypatch):
    """
    Where the process that tries them dies, no fault counts as noticed.
    """
    area = program.Area(modules=("inbounds/canonical/arguments.py",), tests=())
    file = (program.SDK / "inbounds/canonical/arguments.py").resolve()
    lines = {str(number): ["a test"] for number in range(1, 2000)}
    monkeypatch.setattr(program, "BUILD", tmp_path)
    reach = {"lines": {str(file): lines}, "seconds": {"a test": 0.1}, "failed": []}
    monkeypatch.setattr(program, "_reach", lambda *_: reach)
    monkeypatch.setattr(program, "_try_functions", lambda *_: None)
    asked = argparse.Namespace(budget=1.0, only="canonical.arguments/_plain*", again=False, jobs=2)

    outcomes = program._tried("claims", area, asked)

    assert {"not tried"} == {outcome.kind for outcome in outcomes.values()}
    assert 1 == program._judged(outcomes, whole=False)


def test_what_stands_on_an_extra_that_is_not_installed_is_left_out(monkeypatch):
    """
    An adapter's framework is not there where the core is tried; a hole in the core is a fault.
    """
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.delitem(sys.modules, "inbounds_tools.scaffold.mcp_list", raising=False)
    plugin.load_where_possible("inbounds_tools.scaffold.mcp_list")
    assert "inbounds_tools.scaffold.mcp_list" not in sys.modules

    for module in ("inbounds.no_such", "inbounds_tools.scaffold.no_such"):
        with pytest.raises(ModuleNotFoundError):
            plugin.load_where_possible(module)


@pytest.mark.system
def test_every_module_of_the_core_can_be_tried():
    """
    In a process of its own, as the trial loads it: whatever is not installed is left out.
    """
    program = (
        "import sys\n"
        "from tools.mutants_python import plugin\n"
        "sys.modules['mcp'] = None\n"
        "for module in plugin.modules():\n"
        "    plugin.load_where_possible(module)\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


@pytest.mark.system
def test_a_test_that_hangs():
    """
    The alarm that ends it is told as that.
    """

    def hang():
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        time.sleep(30)

    assert plugin.in_child(hang, 30) == plugin.Outcome("timeout")


@pytest.fixture
def named_in(tmp_path, monkeypatch):
    """The file in which survivors are named."""
    file = tmp_path / "named.yaml"
    monkeypatch.setattr(program, "NAMED", file)
    return file


@pytest.mark.parametrize(
    ("named", "code", "said"),
    [
        ("[]", 1, "survived: tasks/end: without `x`"),
        ("- {mutants: 'tasks/end: without `x`', because: it is the same}", 0, ""),
        ("- {mutants: 'tasks/end: *', because: it is the same}", 0, ""),
        ("- {mutants: 'tasks/end: *', count: 2, because: x}", 1, "names 1, not 2"),
        ("- {mutants: 'tasks/begin: *', because: x}", 1, "names 0, not 1"),
        ("- {mutants: 'other/end: *', because: x}", 1, "survived: tasks/end: without `x`"),
    ],
)
def test_what_survives_is_named(named_in, capsys, named, code, said):
    """
    A survivor that is not named fails, and so does a name of none, or of another number.
    """
    named_in.write_text(named, "utf-8")
    outcomes = {
        "tasks/end: without `x`": plugin.Outcome("survived"),
        "tasks/end: without `y`": plugin.Outcome("killed", "test"),
        "tasks/end: never `z`": plugin.Outcome("timeout"),
    }

    assert code == program._judged(outcomes, whole=True)
    assert said in capsys.readouterr().out


def test_every_name_has_its_reason():
    """
    Each entry stays within one module, and says why.
    """
    import yaml

    for entry in yaml.safe_load(program.NAMED.read_text("utf-8")):
        assert entry.keys() <= {"mutants", "count", "because"}
        assert "*" not in entry["mutants"].split(": ")[0]
        assert entry["because"]
