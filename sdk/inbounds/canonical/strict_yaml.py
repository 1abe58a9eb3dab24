"""Reads YAML of which each line means what it looks like.

Plain scalars are read as YAML 1.2's core schema does (https://yaml.org/spec/1.2.2/#103-core-schema):
`no` and `on` are words, `010` is ten, `12:30` is text. Times are read as in YAML 1.1.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

MAX_BYTES: Final = 16 * 1024 * 1024
"""The largest text that is read, in bytes."""
MAX_VALUES: Final = 1_000_000
"""The largest number of keys, scalars and collections in one text."""
MAX_SPACES: Final = 1024
"""The largest number of spaces, tabs and line breaks in a row."""

_DEEPEST = 64
# libyaml compares each %TAG directive with all before it, and at each word and line it clears a
# buffer that is as long as the longest run of spaces: both take the square of the text's length.
_SPACE: Final = r"[ \t\n\r\x85\u2028\u2029]"
_REFUSED: Final = re.compile(
    r"(?:\A\ufeff*|[\n\r\x85\u2028\u2029])(?P<directive>%)"
    rf"|(?<!{_SPACE}){_SPACE}{{{MAX_SPACES}}}{_SPACE}"
)
_LINE_BREAK: Final = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")


def strict_yaml(text: bytes) -> Any:
    """Read one YAML document.

    Args:
        text: UTF-8.

    Raises:
        yaml.YAMLError: Not YAML; more than one document; a directive; a tag; an anchor or an
            alias; more than 64 levels, `MAX_BYTES`, `MAX_VALUES` or `MAX_SPACES`; a key twice in
            one mapping, or one that is not text.
        ValueError: Not UTF-8.
    """
    decoded = bounded(text)
    # Ahead of all else: a thousand characters of aliases to aliases stand for billions of values.
    depth = values = documents = 0
    for event in yaml.parse(decoded, _Loader):
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            raise _at(event, "a second document: keep one in each file")
        values += isinstance(event, yaml.NodeEvent)
        if values > MAX_VALUES:
            raise _at(event, f"more than {MAX_VALUES} values")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise _at(event, f"nested more than {_DEEPEST} deep")
        tag = getattr(event, "tag", None)
        if tag is not None:
            short = tag.replace("tag:yaml.org,2002:", "!!")
            raise _at(event, f"a tag, `{short}`: leave it out, and put text in quotes")
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            raise _at(event, f"an anchor or alias, `{anchor}`: write the value out")
    return yaml.load(decoded, _Loader)  # noqa: S506 -- a SafeLoader


def bounded(text: bytes) -> str:
    """Decode a text; refuse, before the parser reads it, what takes the parser too long."""
    if len(text) > MAX_BYTES:
        raise _of_place(0, 0, f"the text is longer than {MAX_BYTES} bytes")
    decoded = text.decode("utf-8")
    found = _REFUSED.search(decoded)
    if found is not None:
        place = found.end() - 1
        breaks = [*_LINE_BREAK.finditer(decoded, 0, place)]
        column = place - breaks[-1].end() if breaks else place
        if found["directive"]:
            problem = "a directive, `%`: remove the line, or indent it if it is text"
        else:
            problem = f"more than {MAX_SPACES} spaces or line breaks in a row: remove them"
        raise _of_place(len(breaks), column, problem)
    return decoded


def fault_in(error: yaml.YAMLError | ValueError) -> str:
    """Say where a text is not what `strict_yaml` reads, and why."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    return "is not YAML in UTF-8"


# The parser in C where the package has it: a deployment of 10,000 tools takes a tenth of the time.
SAFE_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(SAFE_LOADER):  # type: ignore[misc]  # one of two classes, with one interface
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 -- as the library declares it

    def construct_mapping(self, node: yaml.MappingNode, *_deep: bool, **_: bool) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if key_node.tag != "tag:yaml.org,2002:str":
                raise _at(key_node, "a key that is not text: put it in quotes")
            if key_node.value in seen:
                raise _at(key_node, f"the key `{key_node.value}` stands twice")
            seen.add(key_node.value)
        return {
            self.construct_object(key, deep=True): self.construct_object(value, deep=True)
            for key, value in node.value
        }


def _at(node: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _of_place(line: int, column: int, problem: str) -> yaml.MarkedYAMLError:
    mark = yaml.Mark("", 0, line, column, None, 0)
    return yaml.constructor.ConstructorError(None, None, problem, mark)


_DATE_OR_TIME = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[Zz]|[-+][0-9]{2}:[0-9]{2})?)?"
)
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("timestamp", _DATE_OR_TIME, "0123456789"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first)
    )
_Loader.add_constructor(
    "tag:yaml.org,2002:int", lambda _loader, node: int(node.value)
)  # `010` is ten
