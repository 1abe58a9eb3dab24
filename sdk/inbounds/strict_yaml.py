"""Reads YAML of which each line means what it looks like.

Plain scalars are read as YAML 1.2's core schema does (https://yaml.org/spec/1.2.2/#103-core-schema):
`no` and `on` are words, `010` is ten, `12:30` is text. Times are read as in YAML 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

_DEEPEST = 64


def strict_yaml(text: bytes) -> Any:
    """Read one YAML document.

    Args:
        text: UTF-8.

    Raises:
        yaml.YAMLError: Not YAML; more than one document; a tag; an anchor or an alias; more
            than 64 levels; a key twice in one mapping, or one that is not text.
        ValueError: Not UTF-8.
    """
    decoded = text.decode("utf-8")
    # Ahead of all else: a thousand signs of aliases to aliases stand for billions of values.
    depth = 0
    for event in yaml.parse(decoded, _Loader):
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


def fault_in(error: yaml.YAMLError | ValueError) -> str:
    """Say where a text is not what `strict_yaml` reads, and why."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    return "is not YAML in UTF-8"


def line_of(text: bytes, path: Sequence[Any]) -> int:
    """Return the line on which the value at a path stands, or as much of the path as there is.

    Args:
        text: What `strict_yaml` reads.
        path: Keys and indices from the top, or an item itself; a key may also hold several,
            joined by dots.

    Raises:
        yaml.YAMLError: Not YAML.
        ValueError: Not UTF-8.
    """
    node = yaml.compose(text.decode("utf-8"), _Loader)
    line = node.start_mark.line if node is not None else 0
    steps = [*path]
    while steps:
        step = steps.pop(0)
        if isinstance(node, yaml.SequenceNode):
            items = dict(enumerate(node.value)) | {
                item.value: item for item in node.value[::-1] if isinstance(item, yaml.ScalarNode)
            }
            if step in items:
                node = items[step]
                line = node.start_mark.line
                continue
        members = node.value if isinstance(node, yaml.MappingNode) else []
        found = next((member for member in members if member[0].value == str(step)), None)
        if found is not None:
            line, node = found[0].start_mark.line, found[1]
        elif isinstance(step, str) and "." in step:
            steps[:0] = step.split(".")
        else:
            break
    return int(line) + 1


# The parser in C where the package has it: a deployment of 10,000 tools takes a tenth of the time.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc]  # one of two classes, with one interface
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
