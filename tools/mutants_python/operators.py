"""The faults: small changes of a module's syntax tree, each of which a test should notice.

What is left alone: annotations, docstrings, decorators, `if TYPE_CHECKING`, prose (a text with
a space in it, the parts of an f-string, `hint=`), and what is raised `from`.
"""

from __future__ import annotations

import ast
import dataclasses
import itertools
from collections.abc import Callable, Iterator
from typing import Any

_BOUNDARY: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_CALLED = {"all": "any", "any": "all", "min": "max", "max": "min", "sorted": "list"}
_TYPES = {"Literal", "ParamSpec", "TypeVar", "cast"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_JUMPS = (ast.Raise, ast.Break, ast.Continue, ast.Delete, ast.AugAssign)
_SHOWN = 72


@dataclasses.dataclass(frozen=True, slots=True)
class Site:
    """One fault at one place.

    Attributes:
        name: `<function>: <operator> <code>`, where `<code>` is what is changed, shortened.
        function: The qualified name of the outermost function it is in; empty at module level.
        lines: First and last line of the statement's part that is changed.
    """

    name: str
    function: str
    lines: tuple[int, int]


@dataclasses.dataclass(slots=True)
class _Place:
    """A node with what is around it."""

    node: ast.AST
    parent: ast.AST
    field: str
    index: int | None
    scope: str
    function: str
    statement: ast.stmt
    returns_bool: bool

    def put(self, node: ast.AST) -> None:
        ast.copy_location(node, self.node)
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node

    def drop(self) -> None:
        """Leave a statement out."""
        self.put(ast.Pass())

    def spread(self, statements: list[ast.stmt]) -> None:
        """Put statements where this one is."""
        body = getattr(self.parent, self.field)
        body[self.index : (self.index or 0) + 1] = statements


Edit = Callable[[], None]
Fault = tuple[str, ast.AST, Edit]


def sites(source: str) -> list[Site]:
    """Find every fault that can be put into a module."""
    tree = ast.parse(source)
    found: list[Site] = []
    seen: dict[str, int] = {}
    for place in _places(tree):
        for operator, shown, _ in _faults(place):
            text = " ".join(ast.unparse(shown).split())
            if len(text) > _SHOWN:
                text = text[: _SHOWN - 1] + "…"
            name = f"{place.scope or '<module>'}: {operator} `{text}`"
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > 1:
                name += f" ({seen[name]})"
            found.append(Site(name, place.function, _lines(place, shown)))
    return found


def mutated(source: str, number: int) -> ast.Module:
    """Return the syntax tree of `source` with the fault of that place in `sites` in it."""
    tree = ast.parse(source)
    faults = (fault for place in _places(tree) for fault in _faults(place))
    _, _, edit = next(itertools.islice(faults, number, None))
    edit()
    return ast.fix_missing_locations(tree)


# --- walking -------------------------------------------------------------------------------


def _places(tree: ast.Module) -> Iterator[_Place]:
    outermost = _Place(tree, tree, "", None, "", "", ast.Pass(), returns_bool=False)
    yield from _below(outermost)


def _below(around: _Place) -> Iterator[_Place]:
    node = around.node
    scope, function, returns_bool = around.scope, around.function, around.returns_bool
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        scope = f"{scope}.{node.name}" if scope else node.name
        if isinstance(node, _FUNCTIONS):
            function = function or scope
            returns_bool = isinstance(node.returns, ast.Name) and node.returns.id == "bool"
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "decorator_list", "bases", "cause"}:
            continue
        children = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if not isinstance(child, ast.AST) or _left_alone(child, node):
                continue
            place = _Place(
                child,
                node,
                field,
                index if isinstance(value, list) else None,
                scope,
                function,
                child if isinstance(child, ast.stmt) else around.statement,
                returns_bool,
            )
            yield place
            yield from _below(place)


def _left_alone(node: ast.AST, parent: ast.AST) -> bool:
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.JoinedStr)):
        return True
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in _TYPES
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        return node.value.id in _TYPES
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name):
        return node.test.id == "TYPE_CHECKING"
    if isinstance(node, ast.keyword):
        return node.arg == "hint"
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "__tracebackhide__"
    return isinstance(parent, ast.AnnAssign) and node is parent.target


def _lines(place: _Place, shown: ast.AST) -> tuple[int, int]:
    statement = place.statement
    if isinstance(shown, ast.expr) and not isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
        # The line that is traced is the statement's first, or one of the expression's.
        first = min(statement.lineno, shown.lineno)
        if isinstance(statement, (ast.If, ast.While, ast.For, ast.With, ast.Try)):
            first = shown.lineno
        return first, shown.end_lineno or shown.lineno
    at = shown if hasattr(shown, "lineno") else statement
    first = int(getattr(at, "lineno", statement.lineno))
    if isinstance(at, (ast.With, ast.Try, ast.ExceptHandler)):
        return first, first
    return first, int(getattr(at, "end_lineno", None) or first)


# --- faults --------------------------------------------------------------------------------


def _faults(place: _Place) -> Iterator[Fault]:
    yield from _forced(place)
    yield from _expressions(place)
    yield from _comparisons(place)
    yield from _calls(place)
    yield from _values(place)
    yield from _statements(place)
    yield from _handlers(place)


def _is_test(place: _Place) -> bool:
    if place.field == "test":
        return isinstance(place.parent, (ast.If, ast.While, ast.IfExp, ast.Assert))
    if place.field == "ifs":
        return True
    return place.field == "guard" and isinstance(place.parent, ast.match_case)


def _forced(place: _Place) -> Iterator[Fault]:
    node = place.node
    if not isinstance(node, ast.expr) or isinstance(node, ast.Constant):
        return
    result = place.returns_bool and isinstance(place.parent, ast.Return)
    if not _is_test(place) and not result:
        return
    if not isinstance(place.parent, ast.While):
        yield "always", node, lambda: place.put(ast.Constant(value=True))
    yield "never", node, lambda: place.put(ast.Constant(value=False))


def _expressions(place: _Place) -> Iterator[Fault]:
    node = place.node
    if isinstance(node, ast.BoolOp):
        for index, operand in enumerate(node.values):
            others = [*node.values[:index], *node.values[index + 1 :]]
            rest = others[0] if len(others) == 1 else ast.BoolOp(op=node.op, values=others)
            yield "without", operand, _putting(place, rest)
    elif isinstance(node, ast.UnaryOp) and not _is_test(place):
        if isinstance(node.op, (ast.Not, ast.USub)):
            yield "plain", node, _putting(place, node.operand)
    elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        swapped = ast.BinOp(left=node.left, op=_ARITHMETIC[type(node.op)](), right=node.right)
        yield "other sign", node, _putting(place, swapped)
    elif isinstance(node, ast.Slice):
        for name in ("lower", "upper"):
            if getattr(node, name) is not None:
                yield f"without {name} bound", node, _clearing(node, name)


def _comparisons(place: _Place) -> Iterator[Fault]:
    node = place.node
    if not isinstance(node, ast.Compare):
        return
    for index, operator in enumerate(node.ops):
        if type(operator) in _BOUNDARY:
            yield "boundary of", node, _setting(node.ops, index, _BOUNDARY[type(operator)]())
        if not _is_test(place) and type(operator) in _OPPOSITE:
            yield "turned", node, _setting(node.ops, index, _OPPOSITE[type(operator)]())


def _calls(place: _Place) -> Iterator[Fault]:
    node = place.node
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Name) and node.func.id in _CALLED:
        yield "other", node, _renaming(node.func, _CALLED[node.func.id])
    for keyword in node.keywords:
        if keyword.arg not in {None, "hint"}:
            shown = ast.Call(func=node.func, args=[], keywords=[keyword])
            ast.copy_location(shown, node)
            yield "without argument", shown, _removing(node.keywords, keyword)


def _values(place: _Place) -> Iterator[Fault]:
    node = place.node
    if not isinstance(node, ast.Constant) or _is_test(place):
        return
    other = _other(node.value)
    if other is not None:
        yield "other value", node, lambda: place.put(ast.Constant(value=other))


def _other(value: object) -> str | bytes | int | float | None:
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        # A limit that holds is noticed far beyond it; small numbers are counts and places.
        return value + 1 if value == 0 or (isinstance(value, int) and value < 10) else value * 1000
    if isinstance(value, str):
        return None if any(sign.isspace() for sign in value.strip()) else value + "q"
    if isinstance(value, bytes):
        return value + b"q"
    return None


def _statements(place: _Place) -> Iterator[Fault]:
    node, parent = place.node, place.parent
    if not isinstance(node, ast.stmt):
        return
    # Alone in an `if`, it is dropped by forcing the condition.
    alone = isinstance(parent, ast.If) and len(getattr(parent, place.field)) == 1
    if isinstance(node, (ast.With, ast.AsyncWith)):
        for item in node.items:
            if item.optional_vars is None:
                edit = (
                    _removing(node.items, item) if len(node.items) > 1 else _spreading(place, node)
                )
                yield "without block", item.context_expr, edit
    elif isinstance(node, ast.Match):
        for case in node.cases:
            if len(node.cases) > 1:
                yield "without", case.pattern, _removing(node.cases, case)
    elif alone:
        return
    elif (
        isinstance(node, (ast.Expr, *_JUMPS))
        or (isinstance(node, ast.Return) and node.value is None)
        or (
            isinstance(node, ast.Assign)
            and all(isinstance(target, (ast.Attribute, ast.Subscript)) for target in node.targets)
            and not place.function.endswith("__init__")
        )
    ):
        yield "without", node, place.drop


def _handlers(place: _Place) -> Iterator[Fault]:
    node = place.node
    if not isinstance(node, ast.Try):
        return
    for handler in node.handlers:
        shown = ast.Name(id=f"except {ast.unparse(handler.type) if handler.type else ''}")
        ast.copy_location(shown, handler)
        shown.end_lineno = handler.lineno
        if len(node.handlers) > 1:
            yield "without", shown, _removing(node.handlers, handler)
        elif not node.finalbody:
            yield "without", shown, lambda: place.spread([*node.body, *node.orelse])
        if isinstance(handler.type, ast.Tuple):
            for kind in handler.type.elts:
                yield "without", kind, _removing(handler.type.elts, kind)


# --- edits ---------------------------------------------------------------------------------


def _putting(place: _Place, node: ast.AST) -> Edit:
    return lambda: place.put(node)


def _setting(items: list[ast.cmpop], index: int, value: ast.cmpop) -> Edit:
    def edit() -> None:
        items[index] = value

    return edit


def _removing(items: list[Any], item: ast.AST) -> Edit:
    return lambda: items.remove(item)


def _clearing(node: ast.AST, field: str) -> Edit:
    return lambda: setattr(node, field, None)


def _renaming(node: ast.Name, name: str) -> Edit:
    def edit() -> None:
        node.id = name

    return edit


def _spreading(place: _Place, node: ast.With | ast.AsyncWith) -> Edit:
    return lambda: place.spread(node.body)
