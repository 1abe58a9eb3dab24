"""Finding the guarded tools of a source by reading it: importing it would run the agent."""

from __future__ import annotations

import ast
import errno
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeGuard

from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular
from inbounds.text.printable import printable

from .arguments import Arguments
from .tool import DraftTool

_LONGEST_NAME = 256
_LARGEST = 1024 * 1024
"""How many bytes a source may have: to parse one takes two hundred times as many."""
_MOST, _MOST_NAMES = 512, 64
"""How many tools, and intents or subjects of tasks, are drafted at once: a source holds any number,
and each takes milliseconds."""
# What is nested too deep is one of the last three, by how deep it is and who finds it.
_UNREADABLE = (OSError, SyntaxError, ValueError, RecursionError, MemoryError, SystemError)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class FoundTask:
    """A task that is begun, `guard.task(intent, subject=…)`, as its source shows it.

    Attributes:
        intent: The name of its intent, or "" where that is computed.
        subject: The id of its subject, or "" where that is computed.
        file: The source.
        line: Its line.
    """

    intent: str
    subject: str
    file: Path
    line: int


@dataclass(frozen=True, slots=True)
class Found:
    """What the sources hold: tools by name, tasks in order, and what could not be determined."""

    tools: dict[str, DraftTool]
    tasks: tuple[FoundTask, ...]
    notes: tuple[str, ...]
    files: int


def find(paths: Sequence[Path], *, strict: bool) -> Found:
    """Read the sources and return the tools they guard and the tasks they begin.

    Args:
        paths: The sources.
        strict: Whether a source that is not Python is an error, or only noted.

    Raises:
        ConfigurationError: A source cannot be read, or they hold more than is drafted at once
            (`init.too_many`).
    """
    count, names = 0, {"intents": set[str](), "subjects": set[str]()}
    tools: dict[str, DraftTool] = {}
    tasks: list[FoundTask] = []
    notes: list[str] = []
    for path in paths:
        try:
            tree = ast.parse(_read(path), str(path))
            source = _Source(path, tree, notes)
            found_tasks = source.tasks()
            found_tools = [*islice(source.tools(), _MOST - count + 1)]
        except _UNREADABLE as error:
            why = error.strerror if isinstance(error, OSError) else type(error).__name__
            what = f"{printable(str(path))} cannot be read as Python ({why})"
            if strict:
                raise ConfigurationError(
                    what,
                    code="init.source_unreadable",
                    hint=f"name a source that this user can read, of at most {_LARGEST} bytes"
                    if isinstance(error, OSError)
                    else "run `python -m py_compile` to see the fault",
                ) from error
            notes.append(what)
            continue
        tasks += found_tasks
        count += len(found_tools)
        _require_few(count, _MOST, "guarded tools", path)
        names["intents"].update(task.intent for task in found_tasks)
        names["subjects"].update(task.subject for task in found_tasks)
        for what, named in names.items():
            _require_few(len(named - {""}), _MOST_NAMES, what, path)
        for tool in found_tools:
            if tool.name in tools:
                notes.append(
                    f"{printable(str(path))}:{tool.place['line']}: `{tool.name}` is guarded twice; "
                    f"the one in {tools[tool.name].place['file']} is drafted"
                )
            else:
                tools[tool.name] = tool
    return Found(tools, tuple(tasks), tuple(notes), len(paths))


def _read(path: Path) -> bytes:
    text, _ = read_regular(path, most=_LARGEST + 1)
    if len(text) > _LARGEST:
        raise OSError(errno.EFBIG, f"it is larger than {_LARGEST} bytes", str(path))
    return text


def _require_few(count: int, most: int, what: str, path: Path) -> None:
    if count > most:
        raise ConfigurationError(
            f"at most {most} {what} are drafted at once, and the sources up to "
            f"{printable(str(path))} hold more",
            code="init.too_many",
            hint="name fewer sources: a further run adds to what is drafted; of one source that "
            "holds more, register the tools that agents need by hand",
        )


class _Source:
    """One source, and what its names mean."""

    def __init__(self, path: Path, tree: ast.Module, notes: list[str]) -> None:
        self._path = path
        self._shown = printable(str(path))
        self._tree = tree
        self._notes = notes
        self._classes: dict[str, ast.ClassDef] = {}
        self._functions: dict[str, _Function] = {}
        self._texts: dict[str, str] = {}
        self._methods: set[_Function] = set()
        self._returned: dict[tuple[str, int], set[str]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                self._classes[node.name] = node
                self._methods.update(part for part in node.body if isinstance(part, _Function))
            elif isinstance(node, _Function):
                self._functions.setdefault(node.name, node)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                self._assigned(node)

    def _assigned(self, node: ast.Assign | ast.AnnAssign) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        value = node.value
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            for target in targets:
                if isinstance(target, ast.Name):
                    self._texts[target.id] = value.value

    def tools(self) -> Iterator[DraftTool]:
        """Every guarded function, in the order of the source."""
        found = [*self._decorated(), *self._wrapped()]
        for guard, function in sorted(found, key=lambda pair: pair[0].lineno):
            tool = self._tool(guard, function)
            if tool is not None:
                yield tool

    def tasks(self) -> list[FoundTask]:
        """Every `<anything>.task(…, subject=…)`, in the order of the source."""
        begun = [
            node
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "task"
            and _keyword(node, "subject") is not None
        ]
        return [
            FoundTask(
                self._said(node.args[0] if node.args else _keyword(node, "intent")),
                self._said(_keyword(node, "subject")),
                self._path,
                node.lineno,
            )
            for node in sorted(begun, key=lambda node: node.lineno)
        ]

    def _decorated(self) -> Iterator[tuple[ast.Call, _Function | None]]:
        """`@guard.tool(…)` on a function."""
        for node in ast.walk(self._tree):
            if isinstance(node, _Function):
                for decorator in node.decorator_list:
                    if _guards(decorator):
                        yield decorator, node

    def _wrapped(self) -> Iterator[tuple[ast.Call, _Function | None]]:
        """`guard.tool(…)(function)`."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call) and len(node.args) == 1 and _guards(node.func):
                held = node.args[0]
                name = held.id if isinstance(held, ast.Name) else ""
                yield node.func, self._functions.get(name)

    def _tool(self, guard: ast.Call, function: _Function | None) -> DraftTool | None:
        name = self._name(guard)
        if name is None:
            self._notes.append(
                f"{self._shown}:{guard.lineno}: the name of this tool is computed, or not 1 to "
                "256 printable characters; register it by hand"
            )
            return None
        arguments = Arguments(self._classes)
        if function is None:
            arguments.notes.append("its function is not in this file: add its arguments")
        elif function in self._methods:
            arguments.notes.append("a method cannot be guarded: guard the bound method instead")
        else:
            arguments.read(function)
        stated = self._resource(_keyword(guard, "resource"))
        if len(stated) > 1:
            arguments.notes.append(
                f"its calls touch {' and '.join(sorted(stated))}; choose one type for the registry"
            )
        docstring = (ast.get_docstring(function) if function else "") or ""
        return DraftTool(
            name=name,
            place={"file": self._shown, "line": guard.lineno},
            remarks=(
                f"{function.name if function else 'a function'}() in {printable(self._path.name)}",
            ),
            description=next(iter(docstring.splitlines()), "").strip(),
            resource=next(iter(sorted(stated)), name.partition(".")[0]),
            guessed=len(stated) != 1,
            leaves=tuple(arguments.leaves),
            notes=tuple(arguments.notes),
        )

    def _name(self, guard: ast.Call) -> str | None:
        return self._said(guard.args[0] if guard.args else _keyword(guard, "name")) or None

    def _said(self, node: ast.expr | None) -> str:
        text = self._text(node) or ""
        return text if text.isprintable() and len(text) <= _LONGEST_NAME else ""

    def _text(self, node: ast.expr | None) -> str | None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        return self._texts.get(node.id) if isinstance(node, ast.Name) else None

    def _resource(self, node: ast.expr | None, depth: int = 4) -> set[str]:
        """The types of resource that a `resource=` function can say, as far as they show."""
        if node is None or depth == 0:
            return set()
        if isinstance(node, ast.Lambda):
            return self._resource(node.body, depth)
        if isinstance(node, ast.Tuple) and node.elts:
            text = self._text(node.elts[0])
            return {text} if text else set()
        if isinstance(node, ast.IfExp):
            return self._resource(node.body, depth) | self._resource(node.orelse, depth)
        if isinstance(node, ast.Call):
            if _last_word(node.func) == "Resource":
                text = self._text(_keyword(node, "type"))
                return {text} if text else set()
            return self._resource(node.func, depth - 1)
        if not isinstance(node, ast.Name) or node.id not in self._functions:
            return set()
        # Once for each function: one that calls itself in many places would be read for each.
        key = node.id, depth
        if key not in self._returned:
            self._returned[key] = set()
            parts = ast.walk(self._functions[node.id])
            returned = (part.value for part in parts if isinstance(part, ast.Return))
            self._returned[key] = _all(self._resource(value, depth - 1) for value in returned)
        return self._returned[key]


def _all(sets: Iterable[set[str]]) -> set[str]:
    return {word for words in sets for word in words}


def _guards(node: ast.expr) -> TypeGuard[ast.Call]:
    """Whether this is `<anything>.tool(…, resource=…)`, which only a guard takes."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "tool"
        and _keyword(node, "resource") is not None
    )


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _last_word(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
