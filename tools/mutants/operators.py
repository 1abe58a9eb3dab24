"""The mutants of one file: each the text with one small thing changed.

Every expression is dropped that binds no variable, every `not` taken away, every comparison
turned and moved by its boundary, every constant changed, every document of data emptied. A
place is changed only where OPA's location and the text agree.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tools.mutants.source import Misplaced, Node, Source, Span

COMPARISONS = {
    "equal": ("==", {"comparison-turned": "!="}),
    "neq": ("!=", {"comparison-turned": "=="}),
    "lt": ("<", {"comparison-turned": ">=", "boundary-moved": "<="}),
    "lte": ("<=", {"comparison-turned": ">", "boundary-moved": "<"}),
    "gt": (">", {"comparison-turned": "<=", "boundary-moved": ">="}),
    "gte": (">=", {"comparison-turned": "<", "boundary-moved": ">"}),
}
_NUMBER = re.compile(r"-?\s*\d+(\.\d+)?([eE][+-]?\d+)?")
EMPTY = "object.union({}, {})"
"""A document without a member, which OPA cannot tell at compile time to be one."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of a text, and what takes its place."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """What a mutant is called, in `tests/mutants.yaml` as well: no line number moves it.

    Attributes:
        file: Its path below the policy's folder.
        operator: What was done.
        line: The line that the changed text begins on, without its indentation.
        was: The text that was changed, white space made one space.
        becomes: The text in its place.
        occurrence: Which of those that are alike in all of the above, from 1.
    """

    file: str
    operator: str
    line: str
    was: str
    becomes: str
    occurrence: int = 1


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file with one thing changed."""

    name: Name
    rule: str
    row: int
    text: str


@dataclass(frozen=True, slots=True)
class _Change:
    operator: str
    edits: tuple[Edit, ...]


def mutants(source: Source, *, documents: Sequence[tuple[str, ...]]) -> list[Mutant]:
    """Return the mutants of a file, in the order of its text.

    Args:
        source: The file.
        documents: Paths of the documents of data, below `data`; `*` stands for any name.

    Raises:
        Misplaced: OPA gives a wrong place for something that is to be changed.
    """
    changes = {
        (change.operator, change.edits[0]): change for change in _Reading(source, documents).all()
    }
    seen: Counter[tuple[str, ...]] = Counter()
    made = []
    for change in sorted(changes.values(), key=lambda one: one.edits[0].span.start):
        first = change.edits[0]
        line = source.line(first.span)
        was = " ".join(source.text[first.span.start : first.span.end].split())
        alike = (change.operator, line, was, first.text)
        seen[alike] += 1
        made.append(
            Mutant(
                Name(source.path, change.operator, line, was, first.text, seen[alike]),
                source.rule,
                source.row(first.span),
                _spliced(source.text, change.edits),
            )
        )
    return made


def _spliced(text: str, edits: Iterable[Edit]) -> str:
    for edit in sorted(edits, key=lambda one: one.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


class _Reading:
    """A walk through the syntax tree of one file."""

    def __init__(self, source: Source, documents: Sequence[tuple[str, ...]]) -> None:
        self._source = source
        self._documents = documents
        self._imports = {
            _alias(each): _path(each["path"])
            for each in source.tree.get("imports", [])
            if each["path"]["value"][0]["value"] == "data"
        }

    def all(self) -> Iterator[_Change]:
        for each in self._source.tree.get("imports", []):
            yield from self._import(each)
        for rule in self._source.tree.get("rules", []):
            yield from self._rule(rule)

    def _rule(self, rule: Node) -> Iterator[_Change]:
        yield from self._below(rule["head"])
        yield from self._body(rule["body"])
        if "else" in rule:
            self._refuse_bare_else(rule["else"])
            yield from self._rule(rule["else"])

    def _refuse_bare_else(self, other: Node) -> None:
        """Refuse `else := x if y` without braces: OPA says of all of `y` that it is the `else`."""
        for expression in other["body"]:
            bare = self._source.text_of(expression).startswith("else")
            if bare and not expression.get("generated"):
                raise Misplaced(
                    f"{self._source.path}:{expression['location']['row']}: "
                    "write the body of `else` in braces, for OPA to say where it stands"
                )

    def _body(self, body: Iterable[Node]) -> Iterator[_Change]:
        for expression in body:
            if not expression.get("generated"):
                yield from self._expression(expression)

    def _expression(self, expression: Node) -> Iterator[_Change]:
        terms = expression["terms"]
        span = self._source.span(expression)
        if expression.get("negated"):
            text = self._source.text[span.start : span.end]
            kept = text.removeprefix("not").lstrip()
            negation = Span(span.start, span.end - len(kept))
            yield _Change("not-dropped", (Edit(span, "true"),))
            yield _Change("not-flipped", (Edit(negation, ""),))
        elif not _binds(terms):
            yield _Change("expression-dropped", (Edit(span, "true"),))
            if _operator(terms) in {"internal.member_2", "internal.member_3"}:
                yield _Change("comparison-turned", (Edit(Span(span.start, span.start), "not "),))
        if isinstance(terms, list):
            yield from self._call(terms)
        else:
            yield from self._below(terms)
        yield from self._below(expression.get("with", []))

    def _call(self, terms: list[Node]) -> Iterator[_Change]:
        comparison = COMPARISONS.get(_operator(terms))
        if comparison:
            sign, turned = comparison
            span = self._source.span(terms[0])
            if self._source.text[span.start : span.end] != sign:
                raise Misplaced(f"{self._source.path}:{self._source.row(span)}: no `{sign}`")
            for operator, other in turned.items():
                yield _Change(operator, (Edit(span, other),))
        yield from self._below(terms)

    def _below(self, node: Any) -> Iterator[_Change]:
        if isinstance(node, list):
            for each in node:
                yield from self._below(each)
            return
        if not isinstance(node, dict):
            return
        match node.get("type"):
            case "call":
                yield from self._call(node["value"])
            case "string" | "number" | "boolean":
                yield from self._constant(node)
            case "ref":
                yield from self._reference(node)
                yield from self._below(node["value"])
            case _:
                for key, value in node.items():
                    if key == "body":
                        yield from self._body(value)
                    elif key not in {"location", "alias_location"}:
                        yield from self._below(value)

    def _constant(self, node: Node) -> Iterator[_Change]:
        # A name after a dot and what OPA adds by itself are in the tree but not in the text.
        text = self._source.text_of(node)
        match node["type"]:
            case "string" if text[:1] in {'"', "`"}:
                other = f"{text[:-1]}~{text[-1]}"
            case "number" if text[:1] == "-" or text[:1].isdigit():
                # Of a negative number OPA gives the place of the sign alone.
                text = self._number(node)
                other = str(node["value"] + 1)
            case "boolean" if text in {"true", "false"}:
                other = "false" if text == "true" else "true"
            case _:
                return
        start = self._source.span(node).start
        span = Span(start, start + len(text))
        yield _Change("constant-changed", (Edit(span, other),))

    def _number(self, node: Node) -> str:
        """Return a number as it is written, and not just its sign."""
        start = self._source.span(node).start
        written = _NUMBER.match(self._source.text, start)
        if not written or json.loads("".join(written[0].split())) != node["value"]:
            row = node["location"]["row"]
            raise Misplaced(f"{self._source.path}:{row}: {node['value']} does not stand there")
        return written[0]

    def _reference(self, node: Node) -> Iterator[_Change]:
        steps = node["value"]
        first = steps[0]
        if first["type"] != "var":
            return
        head = () if first["value"] == "data" else self._imports.get(first["value"])
        if head is None:
            return
        # How many of the steps written here name the document; the rest looks into it.
        written = _document(head + _path(node), self._documents) - len(head)
        if written < 1:
            return
        last = steps[written]
        start, end = self._source.span(first).start, self._source.span(last).end
        end += self._source.text[end : end + 1] == "]"
        yield _Change("data-emptied", (Edit(Span(start, end), EMPTY),))

    def _import(self, each: Node) -> Iterator[_Change]:
        path = self._imports.get(_alias(each))
        if path is None or not _document(path, self._documents):
            return
        start = self._source.span(each).start
        end = self._source.text.index("\n", start)
        tail = Span(len(self._source.text), len(self._source.text))
        emptied = Edit(tail, f"\n{_alias(each)} := {EMPTY}\n")
        yield _Change("data-emptied", (Edit(Span(start, end), ""), emptied))


def _alias(each: Node) -> str:
    return str(each.get("alias") or each["path"]["value"][-1]["value"])


def _path(reference: Node) -> tuple[str, ...]:
    """Return the names below `data` that a reference begins with."""
    names = []
    for step in reference["value"][1:]:
        if step.get("type", "string") != "string":
            break
        names.append(str(step["value"]))
    return tuple(names)


def _document(path: Sequence[str], documents: Sequence[tuple[str, ...]]) -> int:
    """Return how many names of `path` name a document; 0 where it leads to none."""
    for pattern in documents:
        if len(path) >= len(pattern) and all(
            wanted in ("*", name) for wanted, name in zip(pattern, path, strict=False)
        ):
            return len(pattern)
    return 0


def _operator(terms: Any) -> str:
    """Return the name of the built-in that an expression or a call applies; empty for none."""
    if isinstance(terms, list) and terms[0]["type"] == "ref":
        return ".".join(str(step["value"]) for step in terms[0]["value"])
    return ""


def _binds(terms: Any) -> bool:
    """Return whether an expression gives variables their values."""
    if isinstance(terms, dict) and "symbols" in terms:
        return True
    operator = _operator(terms)
    if operator == "eq":
        return any(
            term["type"] == "var" and not str(term["value"]).startswith("$") for term in terms[1:]
        )
    return operator == "assign"
