"""The SDK is written for Linux, macOS and Windows; here is what can be seen of that on one."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import PureWindowsPath

import pytest
from tests import engines, shipping
from tests.guards import SUBJECT, Place
from tests.trees import SDK, modules_of_sdk, nodes

from inbounds.testing import INTENT

ROOT = engines.ROOT
MODULES = modules_of_sdk()

_NAMES = """
os: chroot confstr ctermid fchdir fchmod fchown fdatasync fork forkpty fpathconf getegid
os: geteuid getgid getgroups getloadavg getpgid getpgrp getpriority getrandom getsid getuid
os: initgroups killpg lchown lockf major memfd_create minor mkfifo mknod nice openpty pathconf
os: pipe2 posix_fadvise posix_fallocate posix_spawn posix_spawnp pread preadv pwrite pwritev
os: register_at_fork sched_getaffinity sched_setaffinity sched_yield sendfile setegid seteuid
os: setgid setgroups setpgid setpriority setregid setresuid setreuid setsid setuid statvfs
os: sync sysconf tcgetpgrp tcsetpgrp ttyname uname wait wait3 wait4 waitid chown
os: O_ASYNC O_CLOEXEC O_DIRECT O_DIRECTORY O_DSYNC O_NOATIME O_NOCTTY O_NOFOLLOW O_NONBLOCK
os: O_RSYNC O_SYNC WNOHANG WUNTRACED
signal: SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2
signal: alarm getitimer pause pthread_kill pthread_sigmask setitimer siginterrupt sigpending
signal: sigtimedwait sigwait
socket: AF_NETLINK AF_UNIX MSG_DONTWAIT SCM_RIGHTS SO_REUSEPORT recv_fds send_fds
select: epoll kqueue poll
time: clock_gettime clock_settime pthread_getcpuclockid tzset
"""
POSIX_ONLY = {
    (module, name)
    for line in _NAMES.strip().splitlines()
    for module, names in [line.split(": ")]
    for name in names.split()
}
"""What Python has on POSIX alone: the module it is in, and its name."""

POSIX_MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}

ASKED_FOR = re.compile(r'\b(?:hasattr|getattr)\(\s*(\w+),\s*"(\w+)"')


def named(path):
    return path.relative_to(SDK).as_posix()


@pytest.fixture(scope="module", autouse=True)
def _read():
    """Read every module once, for all tests of this file."""
    for path in MODULES:
        nodes(path)


def calls(path):
    return [node for node in nodes(path) if isinstance(node, ast.Call)]


def keyword(call, name):
    return next((each.value for each in call.keywords if each.arg == name), None)


# --- names that only POSIX has -------------------------------------------------------------


@pytest.mark.system
def test_what_only_posix_has_is_asked_for_first():
    """
    A module that uses such a name asks whether it is there (`hasattr`).
    """
    assert {named(path): found for path in MODULES if (found := posix_only(path))} == {}


def posix_only(path):
    """What of POSIX alone a module uses without asking for it first."""
    text = path.read_text("utf-8")
    asked = set(ASKED_FOR.findall(text))
    if re.search(r"^\s+require_unix_sockets\(\)", text, re.MULTILINE):
        asked.add(("socket", "AF_UNIX"))
    used = {
        (node.value.id, node.attr)
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    imported = {
        alias.name.partition(".")[0]
        for node in nodes(path)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        (node.module or "").partition(".")[0]
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom) and not node.level
    }
    from_modules = {
        (node.module, alias.name)
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    found = ((used - asked) & POSIX_ONLY) | (from_modules & POSIX_ONLY)
    return sorted(imported & POSIX_MODULES) + sorted(f"{module}.{name}" for module, name in found)


def test_the_list_names_what_is_there():
    """
    A misspelt name would be looked for in vain.
    """
    if sys.platform != "linux":
        pytest.skip("the list is held against Linux")
    absent = {name for module, name in POSIX_ONLY if not hasattr(__import__(module), name)}
    assert absent <= {"O_ASYNC", "kqueue"}


# --- files ---------------------------------------------------------------------------------


def test_text_is_utf_8_whatever_the_locale():
    """
    What is read, written or piped as text names its encoding.
    """
    assert [place for path in MODULES for place in without_encoding(path)] == []


def without_encoding(path):
    """Where a module reads, writes or pipes text and names no encoding."""
    silent = []
    for call in calls(path):
        function = call.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        module = getattr(getattr(function, "value", None), "id", "")
        encoding = keyword(call, "encoding")
        if name == "read_text":
            wrong = not call.args and encoding is None
        elif name == "write_text":
            wrong = len(call.args) < 2 and encoding is None
        elif (module, name) == ("os", "fdopen") or (
            name == "open" and module not in ("os", "tarfile", "gzip")
        ):
            place = 0 if isinstance(function, ast.Attribute) and module != "os" else 1
            mode = call.args[place] if len(call.args) > place else keyword(call, "mode")
            text = mode is None or (isinstance(mode, ast.Constant) and "b" not in str(mode.value))
            wrong = text and encoding is None
        elif module == "subprocess" and name in ("run", "Popen", "check_output"):
            text = keyword(call, "text") or keyword(call, "universal_newlines")
            wrong = text is not None and encoding is None
        else:
            continue
        if wrong:
            silent.append(f"{named(path)}:{call.lineno}: {ast.unparse(call)[:80]}")
    return silent


def test_bytes_are_written_as_they_are():
    """
    On Windows a descriptor writes text unless it is opened with `O_BINARY`.
    """
    texts = {named(path): path.read_text("utf-8") for path in MODULES}
    writing = {each for each, text in texts.items() if re.search(r"\bos\.write\(", text)}

    assert writing
    assert {each for each in writing if "O_BINARY" not in texts[each]} == set()


def test_paths_are_put_together_by_pathlib():
    by_hand = re.compile(r"\bos\.(sep|path\.join|altsep|pathsep)\b")

    assert [named(path) for path in MODULES if by_hand.search(path.read_text("utf-8"))] == []


RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@pytest.mark.system
def test_every_file_has_a_name_that_windows_takes():
    """
    Of the checkout, and of what the package ships: no sign or word that is none there, no two
    names that differ in case alone, no path too long for a default installation.
    """
    shipping.make_assets()
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
    ).stdout.decode()
    files = [name for name in listed.split("\0") if name]
    shipped = SDK / "inbounds" / "_assets"
    files += [path.relative_to(ROOT).as_posix() for path in shipped.rglob("*") if path.is_file()]
    assert len(files) > 300
    for name in files:
        for part in name.split("/"):
            assert not re.search(r'[<>:"|?*\\\x00-\x1f]', part), name
            assert not part.endswith((".", " ")), name
            assert not RESERVED.fullmatch(part), name
        assert len(name) < 160, name
        assert PureWindowsPath(name).as_posix() == name
    folded = Counter(name.casefold() for name in set(files))
    assert [name for name, times in folded.items() if times > 1] == []


# --- without them --------------------------------------------------------------------------

ABSENT = f"""\
import importlib, json, os, pathlib, sys

# What the SDK stands on is brought in as it is here; then everything of POSIX goes.
for name in os.environ["STANDS_ON"].split():
    try:
        importlib.import_module(name)
    except ImportError:
        pass
for module, name in {sorted(POSIX_ONLY)}:
    vars(importlib.import_module(module)).pop(name, None)
for name in {sorted(POSIX_MODULES)}:
    sys.modules[name] = None
assert not any(hasattr(os, name) for name in ("fork", "getuid", "register_at_fork", "fchmod"))
assert not [name for name in sys.modules if name.startswith("inbounds")]
sys.platform = "win32"

from inbounds import AccessDenied, ConfigurationError, Guard
"""

IMPORTS = """
import subprocess, tempfile
import inbounds.pdp.opa
from inbounds import AccessDenied, Guard
"""

STANDS_ON = """
import sys
print(*sorted(n for n in sys.modules if not n.startswith(("inbounds", "__main__", "_sysconfig"))))
"""

PROGRAM = f"""\
guard = Guard()

@guard.tool("mail.read", resource=lambda id: ("mail", id))
def read(id: str) -> str:
    return "mail " + id

with guard.task({INTENT!r}, subject={SUBJECT!r}) as task:
    assert read("42") == "mail 42"
    try:
        read("board/42")
    except AccessDenied as no:
        print(no.code)
print(task.report())
guard.close()
"""


def run(place, program, **more):
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=place.folder,
        env=place.environment(**more),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def absent(place, program, **more):
    """What a program says where nothing of POSIX is there."""
    stands_on = run(place, IMPORTS + PROGRAM + STANDS_ON).splitlines()[-1]
    return run(place, ABSENT + program, STANDS_ON=stands_on, **more)


@pytest.fixture
def place(tmp_path):
    shipping.make_assets()
    return Place(tmp_path)


@pytest.mark.system
def test_a_decision_where_nothing_of_posix_is_there(place):
    """
    Allow, deny, SQLite, keys, evidence and report, with all of the above taken away.
    """
    code, report = absent(place, PROGRAM).splitlines()
    assert code.startswith("data.label_above")
    assert report == "in bounds · 1 ran · 1 refused"


@pytest.mark.system
def test_opa_is_asked_where_there_are_no_unix_sockets(place):
    """
    TCP as ever; a Unix socket, and an OPA of one's own, are refused in words.
    """
    (place.folder / "test.rego").write_text("package test\n\necho := input\n", "utf-8")
    opa = engines.Opa(str(place.folder / "test.rego"))
    try:
        said = absent(
            place,
            """
import time
from inbounds.pdp.opa import OpaServer
from inbounds_tools.opa.process import OpaProcess
server = OpaServer(os.environ["OPA"])
print(server.ask("test/echo", b'{"a":1}', deadline=time.monotonic() + 20).result)
for make in (lambda: OpaServer("unix:///tmp/s"),
             lambda: OpaProcess([], key=pathlib.Path("k"), opa=pathlib.Path("o"),
                                template=pathlib.Path("t"))):
    try:
        make()
    except ConfigurationError as error:
        print(error.code)
""",
            OPA=opa.url,
        )
    finally:
        opa.close()
    assert said.splitlines() == ["{'a': 1}", *["configuration.no_unix_sockets"] * 2]
