"""What the signature of a function says of the arguments of a tool."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .guesses import by_name, remark

_SCALARS: Mapping[str, Mapping[str, Any]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "Decimal": {"type": "string"},
    "UUID": {"type": "string", "kind": "id"},
    "Path": {"type": "string", "kind": "path"},
    "PurePath": {"type": "string", "kind": "path"},
    "PurePosixPath": {"type": "string", "kind": "path"},
    "date": {"type": "string", "kind": "date"},
    "datetime": {"type": "string", "kind": "date"},
    "AwareDatetime": {"type": "string", "kind": "date"},
    "EmailStr": {"type": "string", "kind": "email"},
    "AnyUrl": {"type": "string", "kind": "url"},
    "HttpUrl": {"type": "string", "kind": "url"},
    "AnyHttpUrl": {"type": "string", "kind": "url"},
}
_LISTS = frozenset({"list", "List", "tuple", "Tuple", "Sequence", "Iterable", "Collection"})
_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "OrderedDict"})
_OF_LITERAL = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
_DEEPEST = 8
_MOST = 256
"""How many leaves are drafted of one tool."""
_MOST_READ = 20_000
"""How many types and values are looked at for that: a class can hold itself in each field."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf of a tool's arguments, as the registry can say it.

    Attributes:
        pattern: A JSON Pointer in which `*` stands for any index.
        members: What is stated of it, in the order in which it is written.
        note: What a person should look at, or "".
    """

    pattern: str
    members: Mapping[str, Any]
    note: str = ""


@dataclass(slots=True)
class Arguments:
    """The leaves of one function's arguments, and what could not be determined.

    Args:
        classes: The classes of the same file by name: models, dataclasses, enums.
    """

    classes: Mapping[str, ast.ClassDef]
    leaves: list[Leaf] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _told: dict[ast.expr, tuple[list[ast.expr], bool]] = field(default_factory=dict, init=False)
    _left: int = field(default=_MOST_READ, init=False)

    def read(self, function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        """Read every parameter of a function."""
        signature = function.args
        positional = [*signature.posonlyargs, *signature.args]
        missing = len(positional) - len(signature.defaults)
        defaults: list[ast.expr | None] = [*[None] * missing, *signature.defaults]
        pairs = [*zip(positional, defaults, strict=True)]
        pairs += [*zip(signature.kwonlyargs, signature.kw_defaults, strict=True)]
        for parameter, default in pairs:
            self._parameter(parameter.arg, parameter.annotation, default)
        if signature.vararg is not None:
            rest = signature.vararg
            self._leaf(_Place(f"/{_escaped(rest.arg)}/*", rest.arg), rest.annotation)
        if signature.kwarg is not None:
            self.notes.append(
                f"`**{signature.kwarg.arg}` can hold any argument: add each that is allowed"
            )

    def _parameter(self, name: str, annotation: ast.expr | None, default: ast.expr | None) -> None:
        place = _Place(
            f"/{_escaped(name)}",
            name,
            required=default is None,
            nullable=isinstance(default, ast.Constant) and default.value is None,
        )
        if annotation is None and isinstance(default, ast.Constant):
            annotation = _type_of(default)
        self._leaf(place, annotation)

    def _leaf(self, place: _Place, annotation: ast.expr | None) -> None:
        """Add what an annotation says of the value at a place."""
        kinds, nullable = self._kinds(annotation)
        if len(self.leaves) >= _MOST or self._left <= 0:
            self.notes.append(
                f"`{place.pattern}` and what follows is not drafted: there are too many arguments"
            )
            return
        place = place.where(nullable=place.nullable or nullable)
        if not kinds:
            guess = "guess: text, since it has no annotation"
            self._scalar(place, {"type": "string"}, guess)
            return
        if len(kinds) > 1:
            self.notes.append(f"`{place.pattern}` can be of several types; the first is drafted")
        self._of_type(place, kinds[0])

    def _kinds(self, annotation: ast.expr | None) -> tuple[list[ast.expr], bool]:
        self._left -= 1
        if annotation is None:
            return _alternatives(None)
        if annotation not in self._told:
            self._told[annotation] = _alternatives(annotation)
        return self._told[annotation]

    def _of_type(self, place: _Place, annotation: ast.expr) -> None:
        name, inner = _named(annotation)
        if name == "Annotated" and inner:
            self._leaf(place, inner[0])
        elif name in _LISTS:
            self._list(place, inner[0] if inner else None)
        elif name == "Literal" and (literal := _literal(inner)):
            self._scalar(place, literal)
        elif name in _SCALARS:
            self._scalar(place, _SCALARS[name])
        elif name in self.classes and place.depth < _DEEPEST:
            self._class(place, self.classes[name])
        elif name in _MAPPINGS:
            self.notes.append(f"`{place.pattern}` is a mapping: add each key that is allowed")
        else:
            self.notes.append(
                f"`{place.pattern}` has a type that is not in this file: add what it holds"
            )

    def _list(self, place: _Place, inner: ast.expr | None) -> None:
        items = place.where(
            pattern=f"{place.pattern}/*", required=False, nullable=False, depth=place.depth + 1
        )
        begun = len(self.leaves)
        self._leaf(items, inner)
        drafted = self.leaves[begun:]
        if place.nullable:
            # Whatever stands in the list's place is judged as one of the list would be.
            alone = [leaf for leaf in drafted if leaf.pattern == items.pattern]
            members = dict(alone[0].members) if alone else {"max_length": 0}
            self.leaves.insert(begun, Leaf(place.pattern, {**members, "nullable": True}))
        elif place.required:
            # An action towards nobody is not counted.
            self.leaves[begun:] = [
                Leaf(leaf.pattern, {**leaf.members, "required": True}, leaf.note)
                if leaf.members.get("role") == "recipient" and leaf.pattern == items.pattern
                else leaf
                for leaf in drafted
            ]

    def _class(self, place: _Place, definition: ast.ClassDef) -> None:
        bases = {_named(base)[0] for base in definition.bases}
        if any("Enum" in base for base in bases):
            values = [*_values(definition)]
            self._left -= len(values)
            if self._left > 0 and (members := _literal(values)):
                self._scalar(place, members)
            else:
                self.notes.append(f"`{place.pattern}` is an enumeration: add its values")
            return
        if place.nullable:
            self.leaves.append(Leaf(place.pattern, {"nullable": True, "max_length": 0}))
        for statement in definition.body:
            if self._left <= 0:
                return
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                self._leaf(
                    _Place(
                        f"{place.pattern}/{_escaped(statement.target.id)}",
                        statement.target.id,
                        required=place.required and statement.value is None,
                        depth=place.depth + 1,
                    ),
                    statement.annotation,
                )

    def _scalar(self, place: _Place, said: Mapping[str, Any], note: str = "") -> None:
        members = dict(said)
        told: list[str] = []
        if "one_of" not in members:
            guess = by_name(place.name, members["type"])
            # What the annotation says is not a guess.
            if members.get("kind", guess.get("kind")) == guess.get("kind"):
                told = [word for word in guess if word not in members]
                members |= guess
            note = "; ".join(filter(None, (note, remark([] if note else told, members))))
        if members["type"] == "string":
            del members["type"]
        if place.nullable:
            members["nullable"] = True
        if place.required:
            members["required"] = True
        self.leaves.append(Leaf(place.pattern, members, note))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the arguments something stands, and whether it has to."""

    pattern: str
    name: str
    required: bool = False
    nullable: bool = False
    depth: int = 0

    def where(self, **changed: Any) -> _Place:
        values = {name: getattr(self, name) for name in self.__slots__}
        return _Place(**{**values, **changed})


def _alternatives(annotation: ast.expr | None) -> tuple[list[ast.expr], bool]:
    """The types that an annotation allows but for None, and whether it allows None."""
    if isinstance(annotation, ast.Constant):
        return _of_constant(annotation)
    if annotation is None:
        return [], False
    name, inner = _named(annotation)
    if name in ("Any", "object"):
        return [], True
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        inner = [annotation.left, annotation.right]
    elif name not in ("Optional", "Union"):
        return [annotation], False
    told = [_alternatives(part) for part in inner]
    kinds = [kind for kinds, _ in told for kind in kinds]
    return kinds, name == "Optional" or any(nullable for _, nullable in told)


def _of_constant(annotation: ast.Constant) -> tuple[list[ast.expr], bool]:
    """The same of `None`, and of an annotation that is written as text."""
    if not isinstance(annotation.value, str):
        return [], annotation.value is None
    try:
        return _alternatives(ast.parse(annotation.value, mode="eval").body)
    except SyntaxError:
        return [], False


def _named(annotation: ast.expr) -> tuple[str, list[ast.expr]]:
    """The last word of a type's name, and what stands in its brackets."""
    inner: list[ast.expr] = []
    if isinstance(annotation, ast.Subscript):
        held = annotation.slice
        inner = list(held.elts) if isinstance(held, ast.Tuple) else [held]
        annotation = annotation.value
    if isinstance(annotation, ast.Attribute):
        return annotation.attr, inner
    return (annotation.id if isinstance(annotation, ast.Name) else ""), inner


def _literal(values: Sequence[ast.expr]) -> dict[str, Any] | None:
    """What a closed choice says: its values, all of one type."""
    said = [value.value for value in values if isinstance(value, ast.Constant)]
    types = {type(value).__name__ for value in said}
    if not said or len(said) != len(values) or len(types) != 1:
        return None
    word = _OF_LITERAL.get(types.pop())
    return {"type": word, "one_of": said} if word else None


def _values(definition: ast.ClassDef) -> Iterator[ast.expr]:
    for statement in definition.body:
        if isinstance(statement, ast.Assign):
            yield statement.value


def _type_of(default: ast.Constant) -> ast.expr | None:
    name = type(default.value).__name__
    return ast.Name(name) if name in _OF_LITERAL else None


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
