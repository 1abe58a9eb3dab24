"""Find idioms that native readers stumble over, and name the plain words to use instead.

`python -m tools.words` reads the documents, the docstrings and the messages of the SDK and of
tools/, and the comments and annotations of the policy. It prints `file:line: idiom -> replacement`,
and exits with 1 if it finds any. A message is a string of two words or more. Code blocks and inline
code of documents, and comments of Python, are not read.

An idiom is listed only if no plain sentence contains it, so that nothing has to be exempted.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_COMPARATIVE = (
    r"(?:long|short|old|new|lat|wid|larg|small|high|low|great|few|bett|furth|strict|weak)er"
)

IDIOMS: dict[str, str] = {
    r"(?<!there )\b(?:is|are|was|were) no "
    rf"(?!(?:more|less|worse|reason|unless|and|or|but|{_COMPARATIVE})\b)(?=[\w`])": (
        "`is not a …`, or what it must be"
    ),
    r"(?<!there )\b(?:is|was) (?-i:none)(?=[.,;:]|$)": "`is not one`, or what it must be",
    r"(?<!at )\b(?:hands?|handed|handing) (?:it |them |the task )?on\b": "delegate, or pass on",
    r"\b(?:mend|mends|mended|mending)\b": "fix",
    r"\bis nobody's\b": "say who may not use it",
    r"\bof another's\b": "of another user, agent or process",
    r"\b(?:printable|invisible|wide) signs\b": "characters",
    r"\bblanks\b": "spaces",
    r"\bdraws? (?:a|an|another|the|one) (?:new )?(?:key|token|id)\b": "generate",
    r"\buntold\b": "unknown",
    r"\bamiss\b": "wrong",
    r"\bto be had\b": "available",
    r"\bwhat is told\b": "output, or what is reported",
    r"\bcould not be told\b(?! apart)": "could not be determined",
    r"\bsay --\w+": "pass --…",
}
"""Each idiom, as a pattern, and what to write instead."""

_PATTERNS = {re.compile(idiom, re.IGNORECASE): plain for idiom, plain in IDIOMS.items()}
_DOCUMENTS = ("*.md", "docs/*.md", "docs/adr/*.md", "docs/integrations/*.md", "demo/**/*.md")
_POLICY = ("rego/**/*.rego",)
_SOURCES = (
    "sdk/**/*.py",
    "tools/**/*.py",
    "evaluation/*.py",
    "evaluation/blind/*.py",
    "evaluation/replay/*.py",
)
# What has its words from elsewhere: the history, and pages that are written by a generator.
_LEFT_OUT = frozenset(
    {
        "CHANGELOG.md",
        "docs/performance.md",
        "docs/integrations/README.md",
        "tools/words.py",
    }
)
_CODE = re.compile(r"(?ms)^ *```.*?^ *```[ \t]*$|<!--.*?-->|`[^`\n]+`")


def found(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the idiom and the replacement for each idiom in a text."""
    # A sentence goes on in the next line; each line break stays one character long.
    flat = text.replace("\n", " ")
    for pattern, plain in _PATTERNS.items():
        for hit in pattern.finditer(flat):
            yield text.count("\n", 0, hit.start()) + 1, " ".join(hit[0].split()), plain


def in_document(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield what is found in a document, outside of its code."""
    yield from found(_CODE.sub(lambda code: "".join(_quiet(code[0])), text))


def in_source(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield what is found in the docstrings and messages of a module."""
    nodes = [*ast.walk(ast.parse(text))]
    inner = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        if id(node) in inner:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [p.value if isinstance(p, ast.Constant) else "…" for p in node.values]
            words = "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value
        else:
            continue
        if len(words.split()) > 1:
            for line, idiom, plain in found(words):
                yield node.lineno + line - 1, idiom, plain


def in_policy(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield what is found in the comments and annotations of a Rego module."""
    lines = (line.strip() for line in text.split("\n"))
    yield from found("\n".join(line[1:].strip() if line[:1] == "#" else "¶" for line in lines))


def faults(root: Path) -> list[str]:
    """Return `file:line: idiom -> replacement` for everything below a folder."""
    said: list[str] = []
    for globs, read in ((_DOCUMENTS, in_document), (_SOURCES, in_source), (_POLICY, in_policy)):
        for path in sorted({path for glob in globs for path in root.glob(glob)}):
            name = path.relative_to(root).as_posix()
            if name in _LEFT_OUT or "/_assets/" in name:
                continue
            hits = dict.fromkeys(read(path.read_text("utf-8")))
            said += [f"{name}:{line}: {idiom} -> {plain}" for line, idiom, plain in hits]
    return said


def _quiet(code: str) -> Iterator[str]:
    # As long as the code was, so that lines keep their numbers, and a word where inline code stood.
    yield from (character if character == "\n" else "`" for character in code)


def main() -> int:
    """Print what is found and return the exit code."""
    said = faults(ROOT)
    print("\n".join(said) if said else "words: nothing to change")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
