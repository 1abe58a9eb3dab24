"""The lines on which the values of a YAML text stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from .strict_yaml import SAFE_LOADER, bounded


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
    return Lines(text).of(path)


class Lines:
    """The lines on which the values of one text stand, for whoever asks for many.

    Args:
        text: What `strict_yaml` reads.

    Raises:
        yaml.YAMLError: Not YAML.
        ValueError: Not UTF-8.
    """

    def __init__(self, text: bytes) -> None:
        self._root = yaml.compose(bounded(text), _Unread)
        self._steps: dict[int, dict[Any, tuple[yaml.Node, yaml.Node]]] = {}

    def of(self, path: Sequence[Any]) -> int:
        """Return the line of a path; see `line_of`."""
        node = self._root
        line = node.start_mark.line if node is not None else 0
        steps = [*path]
        while steps:
            step = steps.pop(0)
            members = self._members(node)
            found = members.get(step if isinstance(node, yaml.SequenceNode) else str(step))
            if found is not None:
                line, node = found[0].start_mark.line, found[1]
            elif isinstance(step, str) and "." in step:
                steps[:0] = step.split(".")
            else:
                break
        return int(line) + 1

    def scalars(self) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """Yield where each scalar begins and where it ends: lines and columns, from 0."""
        nodes = [self._root] if self._root is not None else []
        while nodes:
            node = nodes.pop()
            if isinstance(node, yaml.ScalarNode):
                start, end = node.start_mark, node.end_mark
                yield (start.line, start.column), (end.line, end.column)
            elif isinstance(node, yaml.SequenceNode):
                nodes += node.value
            else:
                nodes += [each for member in node.value for each in member]

    def _members(self, node: yaml.Node | None) -> dict[Any, tuple[yaml.Node, yaml.Node]]:
        """What one step leads to from a node: where that is written, and its value."""
        if id(node) not in self._steps:
            found: dict[Any, tuple[yaml.Node, yaml.Node]] = {}
            if isinstance(node, yaml.SequenceNode):
                for item in node.value[::-1]:
                    if isinstance(item, yaml.ScalarNode):
                        found[item.value] = (item, item)
                found |= {place: (item, item) for place, item in enumerate(node.value)}
            elif isinstance(node, yaml.MappingNode):
                for key, value in node.value[::-1]:
                    found[key.value] = (key, value)
            self._steps[id(node)] = found
        return self._steps[id(node)]


class _Unread(SAFE_LOADER):  # type: ignore[misc]  # as above
    """For where something stands: all is text, since telling what it means takes as long again."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 -- as the library declares it
