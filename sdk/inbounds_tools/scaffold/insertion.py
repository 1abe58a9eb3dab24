"""Edits of YAML that a person has written, which leave every other character unchanged."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from inbounds.canonical.strict_yaml import strict_yaml
from inbounds.text.printable import printable

_PLAIN = re.compile(r"[A-Za-z_/][\w./@*-]*(?::[\w./@*-]+)*", re.ASCII)
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


def with_entry(text: str, path: Sequence[str], key: str, value: Any) -> str | None:
    """Return `text` with another entry in the mapping at `path`, on a line of its own.

    Args:
        text: A YAML document whose root is a mapping.
        path: The keys that lead to the mapping.
        key: The key of the entry, which the mapping does not have yet.
        value: Its value, which is written in flow style.

    Returns:
        The document, or None if it uses a YAML syntax that is not supported.
    """
    wanted = copy.deepcopy(strict_yaml(text.encode()))
    held = wanted
    for step in path:
        held = held.get(step) if isinstance(held, dict) else None
    if not isinstance(held, dict) or key in held:
        return None
    held[key] = value
    node = _at(yaml.compose(text, Loader=yaml.SafeLoader), path)
    if node is None:
        return None
    entry = f"{plain(key)}: {flow(value)}"
    if node.flow_style:
        place = node.start_mark.index + 1
        written = f"{text[:place]}{entry}{', ' if node.value else ''}{text[place:]}"
    elif node.value:
        first = node.value[0][0].start_mark
        place = first.index - first.column
        written = f"{text[:place]}{' ' * first.column}{entry}\n{text[place:]}"
    else:
        return None
    return written if _reads_as(written, wanted) else None


def with_block(text: str, block: str) -> str | None:
    """Return `text` with the entries of `block` appended.

    Args:
        text: A YAML document whose root is a mapping, or empty.
        block: Entries in block style, from the first column.

    Returns:
        The document, or None if it uses a YAML syntax that is not supported.
    """
    there, more = strict_yaml(text.encode()), strict_yaml(block.encode())
    there = {} if there is None else there
    if not isinstance(there, dict) or set(there) & set(more):
        return None
    written = text.rstrip("\n") + "\n\n" + block
    return written if _reads_as(written, {**there, **more}) else None


def with_entries(text: str, path: Sequence[str], entries: Mapping[str, Any]) -> str | None:
    """Return `text` with the mapping at `path` replaced by these entries.

    Args:
        text: A YAML document whose root is a mapping.
        path: The keys that lead to the mapping, which must exist.
        entries: The new entries; the lines of an unchanged entry are kept.

    Returns:
        The document, or None if it uses a YAML syntax that is not supported.
    """
    wanted = copy.deepcopy(strict_yaml(text.encode()))
    held = wanted
    for step in path[:-1]:
        held = held.get(step) if isinstance(held, dict) else None
    node = _at(yaml.compose(text, Loader=yaml.SafeLoader), path)
    if not isinstance(held, dict) or node is None:
        return None
    there = held[path[-1]]
    held[path[-1]] = dict(entries)
    if node.flow_style or not node.value:
        written = text[: node.start_mark.index] + flow(entries) + text[node.end_mark.index :]
    else:
        written = _with_lines(text, node, there, entries)
    return written if _reads_as(written, wanted) else None


def _with_lines(
    text: str, node: yaml.MappingNode, there: Mapping[str, Any], entries: Mapping[str, Any]
) -> str:
    """Rewrite a mapping in block style, and keep the lines of unchanged entries."""
    column = node.value[0][0].start_mark.column
    lines = [
        f"{' ' * column}{plain(key)}: {flow(value)}\n"
        for key, value in entries.items()
        if there.get(key) != value
    ]
    first = node.value[0][0].start_mark.index - column
    for key, value in reversed(node.value):
        if entries.get(key.value) == there[key.value]:
            continue
        start = key.start_mark.index - column
        end = text.find("\n", _end(value)) + 1 or len(text)
        text = text[:start] + text[end:]
    return text[:first] + "".join(lines) + text[first:]


def _end(node: yaml.Node) -> int:
    """Return where a node ends; the end of a block mapping is where the next node begins."""
    inside = node.value if isinstance(node, yaml.CollectionNode) and not node.flow_style else []
    if not inside:
        return int(node.end_mark.index)
    last = inside[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def plain(text: str) -> str:
    """Return a text as a YAML scalar that every parser reads as the same text."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else _quoted(text)


def comment(text: str) -> str:
    """Return a text as a comment of one line, whatever characters the text has."""
    return f"# {printable(text)}".rstrip()


def flow(value: Any) -> str:
    """Return a value in YAML's flow style, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{plain(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return str(value)


def _quoted(text: str) -> str:
    # Characters that JSON leaves unescaped and YAML does not print: C1 controls, separators, a BOM.
    shown = json.dumps(text, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in shown)


def _at(node: yaml.Node | None, path: Sequence[str]) -> yaml.MappingNode | None:
    for step in path:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for key, value in node.value if key.value == step), None)
    return node if isinstance(node, yaml.MappingNode) else None


def _reads_as(text: str, wanted: Any) -> bool:
    try:
        return bool(strict_yaml(text.encode()) == wanted)
    except (yaml.YAMLError, ValueError):
        return False
