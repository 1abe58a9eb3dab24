"""What the SDK's modules may do, how large its core is, and what it costs to import."""

import ast
import re
import subprocess
import sys
from functools import cache

import pytest
from tests.engines import ROOT
from tests.trees import nodes, tree

import inbounds

SDK = ROOT / "sdk/inbounds"
MODULES = sorted(path for path in SDK.rglob("*.py") if "_assets" not in path.parts)
CORE = [
    "models.py",
    "canonical.py",
    "pep",
    "tasks.py",
    "pdp/__init__.py",
    "errors.py",
    "telemetry.py",
]
PUBLIC = [
    "AccessDenied",
    "ApprovalRequired",
    "ArgumentNotRepresentable",
    "ConfigurationError",
    "Decision",
    "DecisionUnavailable",
    "Guard",
    "InboundsError",
    "InvalidAnswer",
    "Labelled",
    "LeaseUnavailable",
    "Narrower",
    "OutcomeUnrecorded",
    "Permit",
    "Reason",
    "Resource",
    "ResultWithheld",
    "SessionContended",
    "Task",
    "TaskMissing",
    "Timeout",
    "TokenInvalid",
    "Unreachable",
    "__version__",
]


@pytest.fixture(scope="module", autouse=True)
def _read():
    """Read every module once, for all tests of this file."""
    for path in MODULES:
        imported(path)
        nodes(path)


def name(path):
    """A module's path below the package."""
    return path.relative_to(SDK).as_posix()


@cache
def imported(path):
    """The modules that a module imports, those for type checking left out."""
    found = set()

    def visit(node):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(tree(path))
    return frozenset(found)


def calls(path):
    """The dotted names of everything that a module calls."""
    return {ast.unparse(node.func) for node in nodes(path) if isinstance(node, ast.Call)}


def test_public_names():
    """
    The names of the package are these, and each can be had.
    """
    assert PUBLIC == inbounds.__all__
    assert all(getattr(inbounds, each) is not None for each in PUBLIC)


def test_only_pdp_talks_to_a_pdp():
    """
    HTTP and WASM are `pdp/`'s alone.
    """
    talking = {
        name(path)
        for path in MODULES
        if {found.split(".")[0] for found in imported(path)}
        & {"requests", "urllib3", "wasmtime", "http", "socket"}
    }

    assert talking
    assert {each for each in talking if not each.startswith("pdp/")} == set()


def test_only_the_pep_makes_a_permit():
    """
    A permit is made in one place.
    """
    assert {name(path) for path in MODULES if "Permit" in calls(path)} == {"pep/call.py"}


@pytest.mark.parametrize(
    "module",
    ["models.py", "claims.py", "data_models.py", "budgets.py", "places.py", "leaves.py"],
)
def test_models_do_nothing(module):
    """
    The models read no file, socket, clock or environment.
    """
    # How a decision looks, which is asked for in a notebook only, and does nothing either.
    looks = ".notebook"
    models = {".models", ".claims", ".budgets", ".places", ".leaves"}
    modules = {found.split(".")[0] for found in imported(SDK / module) - models - {looks}}

    plain = {"__future__", "collections", "datetime", "difflib", "re", "typing", "pydantic"}
    assert modules <= plain | {"unicodedata"}


def test_one_clock():
    """
    The time is read in one place.
    """
    pattern = re.compile(
        r"\btime\.(time|time_ns|monotonic|perf_counter)\(|datetime\.(now|utcnow)\("
    )
    readers = {name(path) for path in MODULES if pattern.search(path.read_text())}

    assert readers == {"clock.py"}


@pytest.mark.system
def test_the_core_depends_on_nothing_else():
    """
    What the core imports when it is imported is the core, and what it is told in so many words.
    """
    script = (
        "import sys, inbounds.pep, inbounds.tasks\n"
        "print(*sorted(m for m in sys.modules if m.startswith('inbounds.')))\n"
        "print(*sorted({m.partition('.')[0] for m in sys.modules}))\n"
    )
    ours, theirs = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    late = {
        "wasmtime",
        "typer",
        "rich",
        "yaml",
        "requests",
        "sqlite3",
        "jwt",
        "cryptography",
        "redis",
    }

    assert not late & set(theirs.split())
    assert not [m for m in ours.split() if m.split(".")[1] in ("cli", "bundle", "issuer", "live")]


def test_adapters_are_imported_by_name_alone():
    """
    Nothing outside of the adapters imports one, and none imports what talks to a PDP.
    """
    adapters = [path for path in MODULES if name(path).startswith(("integrations/", *BUILT_ON))]
    others = [path for path in MODULES if path not in adapters]
    talking = re.compile(r"^(inbounds\.pdp|inbounds\.live|requests|urllib3|wasmtime)\b")

    assert adapters
    assert [name(path) for path in others if "integrations" in " ".join(imported(path))] == []
    assert [name(path) for path in adapters if any(map(talking.match, imported(path)))] == []


FRAMEWORKS = {
    "agent_framework": {"agent_framework"},
    "agent_hooks": {"agent_hooks"},
    "claude_agent_sdk": {"claude_agent_sdk"},
    "crewai": {"crewai"},
    "langchain": {"langchain", "langchain_core", "langgraph"},
    "litellm": {"litellm"},
    "fastmcp": {"fastmcp"},
    "mcp": {"mcp", "mcp_types"},
    "pydantic_ai": {"pydantic_ai"},
    "google_adk": {"google"},
    "openai_agents": {"agents", "openai"},
}
"""What an adapter alone imports, by the adapter."""


BUILT_ON = {"mcp_proxy/": "mcp", "draft/mcp_list.py": "mcp", "integrations/litellm/": "mcp"}
"""Programs of the package's own that are built on an adapter, and so on its framework."""


@pytest.mark.parametrize("adapter", FRAMEWORKS)
def test_a_framework_is_imported_by_its_adapter_alone(adapter):
    """
    What adapters share imports no framework.
    """
    found = {
        name(path)
        for path in MODULES
        if {each.split(".")[0] for each in imported(path)} & FRAMEWORKS[adapter]
    }

    assert found
    assert {each for each in found if not _belongs_to(adapter, each)} == set()


def _belongs_to(adapter, module):
    if any(module.startswith(own) for own, of in BUILT_ON.items() if of == adapter):
        return True
    return module == f"integrations/{adapter}.py" or module.startswith(f"integrations/{adapter}/")


def test_every_adapter_is_told_apart():
    """
    A module beside those that adapters share is an adapter, with its framework, its tests, its
    versions and its page.
    """
    shared = {
        "__init__",
        "added",
        "asked",
        "conversation",
        "given",
        "held",
        "outcomes",
        "refused",
        "running",
        "set_up",
    }
    shared |= {"within"}
    places = (SDK / "integrations").iterdir()
    adapters = {path.stem for path in places if path.stem != "__pycache__"} - shared

    # A contract of hosts has vectors of its own in place of the behaviours of a framework.
    results = {"agent_hooks": "agent_hooks/vectors.json"}
    assert adapters == set(FRAMEWORKS)
    for each in adapters:
        assert (ROOT / "tests" / "integrations" / each / "harness.py").exists()
        assert (
            ROOT / "tests" / "integrations" / results.get(each, f"results/{each}.json")
        ).exists()
        assert (ROOT / "constraints" / "integrations" / f"{each}.txt").exists()
        assert (ROOT / "docs" / "integrations" / f"{each}.md").exists()


def test_the_core_is_read_in_an_evening(record_property):
    """
    The core has this many lines, without docstrings, comments and blank ones.
    """
    paths = [
        path
        for part in CORE
        for path in (sorted((SDK / part).glob("*.py")) if (SDK / part).is_dir() else [SDK / part])
    ]
    sizes = {name(path): code_lines(path) for path in paths}
    total = sum(sizes.values())
    print("\n" + "\n".join(f"{lines:5} {each}" for each, lines in sizes.items()) + f"\n{total:5}")
    record_property("core_lines", total)

    assert total < 2000


def code_lines(path):
    """The lines of a module that hold code."""
    text = path.read_text()
    skipped = set()
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            skipped.update(range(node.lineno, node.end_lineno + 1))
    lines = enumerate(text.splitlines(), 1)
    return sum(
        1
        for number, line in lines
        if number not in skipped and line.strip() and not line.strip().startswith("#")
    )


def test_everything_public_says_what_it_is_for():
    """
    Public functions, classes and methods have docstrings.
    """
    assert {name(path): silent for path in MODULES if (silent := undocumented(path))} == {}


def undocumented(path):
    """The public names of a module that have no docstring."""
    silent = []

    def visit(node, *, inside_function=False):
        for child in ast.iter_child_nodes(node):
            named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if named and not child.name.startswith("_") and not inside_function:
                decorators = map(ast.unparse, getattr(child, "decorator_list", []))
                overloaded = any(d == "overload" or d.endswith(".setter") for d in decorators)
                if not ast.get_docstring(child) and not overloaded:
                    silent.append(child.name)
            if named and child.name.startswith("_"):
                continue
            visit(
                child,
                inside_function=inside_function
                or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef),
            )

    visit(tree(path))
    return silent


@pytest.mark.system
def test_importing_sets_nothing_up():
    """
    Importing the package, and making a tool, sets up no telemetry and no logging.
    """
    script = (
        "import logging, inbounds, inbounds.pep\n"
        "from opentelemetry import trace\n"
        "assert 'opentelemetry.sdk' not in __import__('sys').modules\n"
        "assert type(trace.get_tracer_provider()).__name__ == 'ProxyTracerProvider'\n"
        "assert logging.getLogger().handlers == []\n"
        "handlers = [type(h).__name__ for h in logging.getLogger('inbounds').handlers]\n"
        "assert handlers == ['NullHandler']\n"
    )

    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)
