"""Breaks long lines of Rego as a person would: one item to a line, within the longest bracket."""

from __future__ import annotations

_WIDTH = 100
_TAB = 4
_CLOSING = {"[": "]", "{": "}", "(": ")"}


def laid_out(source: str) -> str:
    """Return `source` with each line broken that is too long and can be."""
    return "\n".join(_broken(line) for line in source.split("\n"))


def _broken(line: str) -> str:
    if len(line.expandtabs(_TAB)) <= _WIDTH or line.lstrip().startswith("#"):
        return line
    start, end = max(_groups(line), key=lambda group: group[1] - group[0], default=(0, 0))
    items = _items(line[start + 1 : end])
    if end - start < _WIDTH // 3 or not items:
        return line
    if len(items) == 1:
        # A bracket that holds one other is not broken itself: `[{`, items, `}]`.
        margin = line[: len(line) - len(line.lstrip("\t"))]
        inner = _broken(margin + items[0] + " " * _WIDTH).rstrip().removeprefix(margin)
        return line[: start + 1] + inner + line[end:]
    indent = line[: len(line) - len(line.lstrip("\t"))]
    body = "".join(_broken(f"{indent}\t{item}") + ",\n" for item in items)
    return f"{line[: start + 1]}\n{body}{indent}{line[end:]}"


def _groups(line: str) -> list[tuple[int, int]]:
    """Return where the outermost brackets of a line open and close."""
    found = []
    depth = opened = 0
    for place in _outside_texts(line):
        if line[place] in _CLOSING:
            depth += 1
            if depth == 1:
                opened = place
        elif line[place] in _CLOSING.values():
            depth -= 1
            if depth == 0:
                found.append((opened, place))
    return found


def _items(inside: str) -> list[str]:
    """Return what the outermost commas of the inside of a bracket part."""
    items = []
    depth = start = 0
    for place in _outside_texts(inside):
        depth += (inside[place] in _CLOSING) - (inside[place] in _CLOSING.values())
        if inside[place] == "," and depth == 0:
            items.append(inside[start:place].strip())
            start = place + 1
    items.append(inside[start:].strip())
    return [item for item in items if item]


def _outside_texts(line: str) -> list[int]:
    """Return the places of a line that do not lie within a quoted text."""
    places = []
    quoted = escaped = False
    for place, sign in enumerate(line):
        if quoted:
            quoted = escaped or sign != '"'
            escaped = sign == "\\" and not escaped
        elif sign == '"':
            quoted = True
        else:
            places.append(place)
    return places
