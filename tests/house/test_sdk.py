"""What the SDK's modules may do, how large its core is, and what it costs to import."""

import ast
import re
import subprocess
import sys
from functools import cache

import pytest
from tests.engines import ROOT
from tests.trees import SDK, modules_of_sdk, nodes, tree

import inbounds

MODULES = modules_of_sdk()
CORE = [
    "inbounds/pep/__init__.py",
    "inbounds/pep/call.py",
    "inbounds/pep/guard.py",
    "inbounds/pep/judged_call.py",
    "inbounds/pep/permit.py",
    "inbounds/pep/prepared_call.py",
    "inbounds/pep/task.py",
    "inbounds/pep/telemetry.py",
    "inbounds/credentials/task_authority.py",
    "inbounds/model/question.py",
    "inbounds/model/access_request.py",
    "inbounds/canonical/arguments.py",
    "inbounds/pdp/__init__.py",
    "inbounds/errors.py",
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
    "OutcomeUnrecorded",
    "Permit",
    "Reason",
    "Resource",
    "ResultWithheld",
    "Scope",
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
    """A module's path, its package first."""
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


def test_no_name_lives_in_a_module_that_its_package_imports():
    """
    Threads that import both would wait for each other, which Python raises as a deadlock.
    """
    homes = {home.removeprefix(".") for home in inbounds._HOMES.values()}
    assert "pep" in homes
    for home in homes:
        package, _, module = home.rpartition(".")
        path = SDK / "inbounds" / package.replace(".", "/") / "__init__.py"
        imports = {node.module for node in nodes(path) if isinstance(node, ast.ImportFrom)}
        assert not package or not imports & {module, f"inbounds.{home}"}, home


def test_only_pdp_talks_to_a_pdp():
    """
    HTTP is `pdp/`'s alone, and WASM is `engine/`'s.
    """
    talking = {
        name(path)
        for path in MODULES
        if {found.split(".")[0] for found in imported(path)}
        & {"requests", "urllib3", "wasmtime", "http", "socket"}
    }

    assert talking
    # The last one starts OPA, and waits until it serves.
    places = ("inbounds/pdp/", "inbounds/engine/", "inbounds_tools/opa/process.py")
    assert {each for each in talking if not each.startswith(places)} == set()


def test_only_the_pep_makes_a_permit():
    """
    A permit is made in one place.
    """
    assert {name(path) for path in MODULES if "Permit" in calls(path)} == {"inbounds/pep/call.py"}


def test_models_do_nothing():
    """
    The models read no file, socket, clock or environment.
    """
    models = [path for path in MODULES if path.parent == SDK / "inbounds/model"]
    found = {each for path in models for each in imported(path) if not each.startswith(".")}

    plain = {"__future__", "collections", "datetime", "difflib", "re", "typing", "pydantic"}
    ours = {each for each in found if each.startswith("inbounds")}
    assert len(models) > 5
    assert {each.split(".")[0] for each in found - ours} <= plain | {"unicodedata", "html"}
    assert ours <= {"inbounds.text.printable"}


def test_one_clock():
    """
    The time is read in one place.
    """
    pattern = re.compile(
        r"\btime\.(time|time_ns|monotonic|perf_counter)\(|datetime\.(now|utcnow)\("
    )
    readers = {name(path) for path in MODULES if pattern.search(path.read_text())}

    assert readers == {"inbounds/process/clock.py"}


ON_THREADS = {"inbounds/pep/tool_run.py": "_current"}
"""The context variables that are passed on to what a program does in other threads."""

NOT_ON_THREADS = {
    "inbounds/credentials/store.py: _asking": "names a lease in the question that the same call "
    "asks; a question about a lease without it holds none and is denied",
    "inbounds/credentials/task_authority.py: _entered": "outside of its task a call is refused; a "
    "thread of the program may outlive the task, and names the task itself",
    "inbounds/integrations/_adapter/running.py: _running": "a call without it is refused",
    "inbounds/integrations/claude_agent_sdk/tool_proxy.py: called": "a call without it is refused",
    "inbounds/integrations/crewai/agents.py: _brought": "is read while the same function prepares "
    "a run; every tool that a run is given is judged with or without it",
    "inbounds/integrations/crewai/tool.py: _call_id": "an id for the span, by which nothing "
    "is decided",
    "inbounds/integrations/crewai/tool.py: _latest": "without it a result becomes text by `str`: "
    "no code of the tool runs",
    "inbounds/integrations/fastmcp.py: _answering": "FastMCP has the headers of a request in a "
    "context variable of its own: a thread without this one has not got them either",
    "inbounds/integrations/fastmcp.py: _given_now": "is read by what the MCP adapter's `in_place` "
    "lets be compared, and a thread has neither",
    "inbounds/integrations/litellm/tool_proxy.py: calling": "a call without it is refused",
    "inbounds/integrations/mcp/tool_proxy.py: in_place": "a request without it is refused; in "
    "another thread, a function is the program's own to call, with arguments of its own",
    "inbounds/integrations/openai_agents/tool.py: _raised": "the framework awaits the function in "
    "the coroutine that sets it",
    "inbounds/pdp/transport.py: _deadline": "is set and read by one request, and has no default",
    "inbounds_server/mcp_proxy/forwarding.py: _now": "a request without it fails: no default",
}
"""All others, each with the reason why no decision is looser without it."""


def test_every_context_variable_is_passed_on_to_threads_or_says_why_not():
    """
    A thread has no context of whoever has started it.
    """
    found = {
        f"{name(path)}: {node.target.id}"
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.AnnAssign) and "ContextVar(" in ast.unparse(node)
    }
    made = sum(each.endswith("ContextVar") for path in MODULES for each in calls_of(path))

    assert found == {f"{module}: {each}" for module, each in ON_THREADS.items()} | {*NOT_ON_THREADS}
    assert made == len(found)  # each is annotated, and so is found


def calls_of(path):
    """As `calls`, each as often as it is called."""
    return [ast.unparse(node.func) for node in nodes(path) if isinstance(node, ast.Call)]


def test_every_package_is_typed():
    """
    Type checkers of users read the packages (PEP 561).
    """
    assert {path.name for path in SDK.iterdir() if (path / "__init__.py").exists()} == {
        path.parent.name for path in SDK.glob("*/py.typed")
    }


@pytest.mark.system
def test_the_core_depends_on_nothing_else():
    """
    What the core imports when it is imported is the core, and what it is told in so many words.
    """
    script = (
        "import sys, inbounds.pep, inbounds.pep.task\n"
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
        "inbounds_tools",
        "inbounds_server",
    }

    assert not late & set(theirs.split())
    assert not [m for m in ours.split() if m.split(".")[1] in ("dev", "engine", "live")]


def test_adapters_are_imported_by_name_alone():
    """
    Nothing outside of the adapters imports one, and none imports what talks to a PDP.
    """
    places = ("inbounds/integrations/", *BUILT_ON)
    adapters = [path for path in MODULES if name(path).startswith(places)]
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


BUILT_ON = {
    "inbounds_server/mcp_proxy/": "mcp",
    "inbounds_tools/scaffold/mcp_list.py": "mcp",
    "inbounds/integrations/litellm/": "mcp",
}
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
    return module == f"inbounds/integrations/{adapter}.py" or module.startswith(
        f"inbounds/integrations/{adapter}/"
    )


def test_every_adapter_is_told_apart():
    """
    A module of `integrations` is an adapter, with its framework, its tests, its
    versions and its page.
    """
    shared = {"__init__", "__pycache__", "_adapter"}
    places = (SDK / "inbounds/integrations").iterdir()
    adapters = {path.stem for path in places} - shared

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


def test_the_core_is_small():
    """
    What enforces a decision is read in an evening: at most 6,000 lines, comments included.
    """
    sizes = {each: len((SDK / each).read_text("utf-8").splitlines()) for each in CORE}

    assert sum(sizes.values()) <= 6_000, sizes


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


@pytest.mark.system
@pytest.mark.parametrize("package", ["inbounds", "inbounds_server"])
def test_where_nobody_set_logging_up_nothing_is_printed(package):
    """
    A command sets it up for itself; a program that imports the package decides.
    """
    script = f"import logging, {package}; logging.getLogger('{package}.module').error('said')"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)

    assert (done.stdout, done.stderr) == (b"", b"")


WRITES = {
    "os": "chmod chown fdopen ftruncate lchown link makedirs mkdir mkfifo mknod open remove "
    "removedirs rename renames replace rmdir symlink truncate unlink utime",
    "shutil": "chown copy copy2 copyfile copyfileobj copymode copystat copytree make_archive move "
    "rmtree unpack_archive",
}
METHODS = {
    *["chmod", "extractall", "hardlink_to", "mkdir", "rmdir", "symlink_to", "touch", "unlink"],
    *["write_bytes", "write_text"],
}
WRITING = {
    # The writer, and how a file is read.
    "inbounds/files/safe_files.py": {"mkdir", "os"},
    "inbounds/files/appended_file.py": {"os"},
    "inbounds/files/trees.py": {"os", "shutil", "tempfile"},
    "inbounds/files/regular_file.py": {"os.fdopen", "os.open"},
    # SQLite opens its files itself, by their names.
    "inbounds/files/sqlite_file.py": {"os.open", "sqlite3"},
    "inbounds/files/sqlite_companions.py": {"os.truncate"},
    "inbounds/evidence/file.py": {"sqlite3"},
    # The descriptor of a child's stdin.
    "inbounds_server/mcp_proxy/stdio.py": {"open"},
}
"""What a module may do to files without the writer."""


def writes(path, tree=None):
    """What a module does to files, or could: by name, and `module.name` for a function of one."""
    for node in nodes(path) if tree is None else ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imported(node)
        elif isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if owner in WRITES and node.attr in WRITES[owner].split():
                yield f"{owner}.{node.attr}"
            elif node.attr in METHODS:
                yield node.attr
        elif isinstance(node, ast.Call):
            yield from _called(node)


def _imported(node):
    """What an import brings in that writes."""
    from_module = getattr(node, "module", None)
    names = {alias.name for alias in node.names}
    if from_module is None:
        yield from names & {"tempfile", "fileinput", "dbm", "shelve"}
    elif from_module in WRITES:
        yield from (f"{from_module}.{each}" for each in names & {*WRITES[from_module].split()})
    elif from_module == "tempfile":
        yield "tempfile"


def _called(call):
    """A call that opens or moves a file by its name."""
    called = ast.unparse(call.func)
    attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if called.endswith("sqlite3.connect"):
        yield "sqlite3"
    # `Path.rename` and `Path.replace` take one argument; `str.replace` takes two.
    moved = attribute in {"rename", "replace"} and len(call.args) == 1 and not call.keywords
    if moved and not called.startswith("dataclasses."):
        yield called
    # An archive that is in memory is not a file, and `_Folder.open` is the writer's own.
    in_memory = called == "tarfile.open" and any(each.arg == "fileobj" for each in call.keywords)
    in_memory |= called == "gzip.open" and ast.unparse(call.args[0]).startswith("io.BytesIO")
    if "open" in (called, attribute) and not in_memory and called != "_Folder.open":
        yield called


def test_files_are_written_by_the_writer_alone():
    """
    A file, a folder or a link is made, changed and removed by `safe_files`; the rest is named.
    """
    found = {
        (name(path), way)
        for path in MODULES
        for way in writes(path)
        if not {way, way.partition(".")[0]} & WRITING.get(name(path), set())
    }
    assert found == set()


def test_the_check_of_writes_finds_them():
    """
    Each way to write that Python has is found.
    """
    ways = [
        'open("x", "w")',
        'open("x", mode)',
        'io.open("x", "a")',
        'Path("x").open("x")',
        'Path("x").write_text("")',
        'Path("x").write_bytes(b"")',
        'os.open("x", flags)',
        'os.replace("x", "y")',
        "rename = os.rename",
        "from os import replace",
        "from shutil import copy",
        'Path("x").rename("y")',
        "draft.replace(path)",
        'shutil.copyfile("x", "y")',
        'shutil.copytree("x", "y")',
        "import tempfile",
        "from tempfile import mkstemp",
        'Path("x").mkdir()',
        'Path("x").touch()',
        'Path("x").unlink()',
        'Path("x").symlink_to("y")',
        'archive.extractall("x")',
        'tarfile.open("x", "w")',
        'gzip.open("x", "w")',
        'sqlite3.connect("x")',
    ]
    for way in ways:
        assert [*writes(None, ast.parse(way))], way
    assert [
        *writes(None, ast.parse('"a".replace("b", "c"); tarfile.open(fileobj=x, mode="w")'))
    ] == []


def test_what_may_be_written_without_it_is_named_once():
    """
    No module is let off that does nothing of the kind.
    """
    for each, allowed in WRITING.items():
        found = {*writes(SDK / each)}
        assert all(any(way in (f, f.partition(".")[0]) for f in found) for way in allowed), each


OWN = {
    # What this package ships, what it has just laid out itself, and what OPA has made of that.
    "inbounds_tools/bundle/sources.py",
    "inbounds_tools/bundle/compiler.py",
    "inbounds_tools/bundle/archive.py",
    "inbounds_tools/explain/words.py",
    "inbounds_tools/opa/config.py",
    "inbounds/files/trees.py",
    "inbounds_tools/policytest/codes.py",
    "inbounds_tools/policytest/drafts.py",
    "inbounds_tools/policytest/scenes.py",
    "inbounds/testing.py",
}
"""Modules that read files of our own without looking at what they are."""


def test_what_others_named_is_read_as_a_regular_file():
    """
    A pipe in the place of a file would keep its reader waiting, and a loop of folders for ever.
    """
    ways = {"read_text", "read_bytes", "rglob", "fwalk", "listdir"}
    found = {
        (name(path), node.attr)
        for path in MODULES
        if name(path) not in OWN
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr in ways
    }
    found |= {(name(path), "os.walk") for path in MODULES if "os.walk" in calls(path)}
    # It refuses links and what is not a file in words of its own, and counts how deep it is.
    assert found <= {("inbounds_tools/bundle/site_tree.py", "os.walk")}


def test_who_reads_files_of_our_own_does():
    """
    No module is let off that reads none.
    """
    for each in OWN:
        assert re.search(r"\.(read_text|read_bytes|rglob)\(", (SDK / each).read_text()), each


LISTENS = re.compile(
    r"uvicorn\.(?:Config|run)\(|create_server\(|create_unix_server\(|start_server\(|HTTPServer\b|"
    r"socketserver|\.listen\(\d*\)"
)
"""How a program of ours would begin to listen by itself."""


def test_every_listener_is_the_bounded_one():
    """
    Whoever connects is bounded before anybody is authenticated (`http_listener`).
    """
    found = {name(path) for path in MODULES if LISTENS.search(path.read_text("utf-8"))}
    assert not found

    servers = {
        name(path) for path in MODULES if re.search(r"uvicorn\.Server\b", path.read_text("utf-8"))
    }
    assert servers == {"inbounds_tools/cli/issuer.py", "inbounds_server/mcp_proxy/run.py"}
    for server in servers:
        assert "ListenerConfig(" in (SDK / server).read_text("utf-8")


def test_what_loggers_say_is_written_in_one_place():
    """
    Loggers of other packages may quote what they were given (`log_lines`).
    """
    sets_up = re.compile(r"basicConfig|dictConfig|fileConfig|StreamHandler|FileHandler|lastResort")
    found = {name(path) for path in MODULES if sets_up.search(path.read_text("utf-8"))}

    assert found == {"inbounds_tools/cli/log_lines.py"}
    assert "log_config=None" in (SDK / "inbounds_server/http_listener.py").read_text("utf-8")
    assert "log_lines.quote_nothing()" in (SDK / "inbounds_tools/cli/__init__.py").read_text(
        "utf-8"
    )


def starts(tree):
    """How a module starts another Python: the options that follow `sys.executable`."""
    for node in ast.walk(tree):
        items = node.elts if isinstance(node, ast.List | ast.Tuple) else []
        if isinstance(node, ast.Call):
            items = node.args
        for place, item in enumerate(items):
            if ast.unparse(item) == "sys.executable":
                yield [ast.unparse(each) for each in items[place + 1 : place + 2]]


def test_python_is_started_without_the_working_directory():
    """
    `python -c` and `-m` look for modules in the working directory first, which may be anybody's.
    """
    found = {
        (name(path), *options)
        for path in MODULES
        for options in starts(ast.parse(path.read_text("utf-8")))
        if options not in (["'-I'"], ["'-P'"])
    }
    assert found == set()


def test_the_check_of_starts_finds_them():
    for way in (
        'run([sys.executable, "-c", text])',
        'run((sys.executable, "-m", "json.tool"))',
        'run([*before, sys.executable, "-W", "error", "-I"])',
        'execl(sys.executable, "python", "-c", text)',
    ):
        assert [each for each in starts(ast.parse(way)) if each not in (["'-I'"], ["'-P'"])], way
    assert list(starts(ast.parse('run([sys.executable, "-I", "-c", text])'))) == [["'-I'"]]
