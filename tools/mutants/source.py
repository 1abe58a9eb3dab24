"""One file of the policy: its text, its syntax tree, and where in the text a node stands."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Node = Mapping[str, Any]


class Misplaced(Exception):
    """OPA says of a node that it stands where its text does not."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text, from the sign at `start` up to the one before `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the policy.

    Attributes:
        path: Its path below the policy's folder, such as `inbounds/main/main.rego`.
        text: What it holds.
        tree: Its syntax tree with locations, as `opa parse` gives it.
    """

    path: str
    text: str
    tree: Node

    @property
    def rule(self) -> str:
        """What its mutants are counted under: a rule's code, else its folder."""
        steps = self.path.split("/")[:-1]
        if steps[:2] == ["inbounds", "rules"] and len(steps) == 4:
            return ".".join(steps[2:])
        return "/".join(steps[1:] if steps[0] == "inbounds" else steps) or steps[0]

    def text_of(self, node: Node) -> str:
        """Return the text that OPA saw `node` in; empty for a node that has no place."""
        location = node.get("location", {})
        return base64.b64decode(location.get("text", "")).decode()

    def span(self, node: Node) -> Span:
        """Return where `node` stands.

        Raises:
            Misplaced: Its text is not where OPA says that it is.
        """
        location, text = node["location"], self.text_of(node)
        before = self.text.split("\n")[: location["row"] - 1]
        # Columns count signs, not bytes.
        start = sum(len(line) + 1 for line in before) + location["col"] - 1
        if not text or not self.text.startswith(text, start):
            raise Misplaced(f"{self.path}:{location['row']}: {text!r} does not stand there")
        return Span(start, start + len(text))

    def row(self, span: Span) -> int:
        """Return the number of the line that `span` begins on, from 1."""
        return self.text.count("\n", 0, span.start) + 1

    def line(self, span: Span) -> str:
        """Return the line that `span` begins on, without its indentation."""
        return self.text.split("\n")[self.row(span) - 1].strip()


def read(rego: Path, path: str, *, opa: Path) -> Source:
    """Read and parse one file below the policy's folder `rego`."""
    parsed = subprocess.run(
        [opa, "parse", "--format", "json", "--json-include", "locations", rego / path],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return Source(path, (rego / path).read_text("utf-8"), json.loads(parsed.stdout))
