"""A prompt taken apart: its words by sentence and clause, what it quotes, the values it holds.

What it asks for and what it rules out is read from this. Data in it (`prompt_segments`) asks for
nothing: nor does a title that says "send". Each step takes time in proportion to the length of the
prompt.

This module does no I/O.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from inbounds.canonical.formats import InvalidFormat, normalize

from .denial_words import BY_ITSELF, CONTRACTED, CROSSES, plain_apostrophes
from .embedded_values import without_count
from .prompt_segments import LONGEST, Stretch, stretches

TokenKind = Literal["word", "quote", "file", "mail", "account", "url", "phone"]
_PartKind = TokenKind | Literal["plain", "passage", "pasted"]


def word_set(words: str) -> frozenset[str]:
    """Return the words of a line."""
    return frozenset(words.split())


MOST_READ = 64_000
"""So many signs are read of either end of a prompt; what lies between asks for nothing."""

_SPACED = re.compile(
    r"(?<![\w@])(?:(?P<account>[A-Z]{2}[0-9]{2}(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?)"
    r"|(?P<phone>\+[1-9](?:[ .-]?[0-9]){6,14}))(?!\w)"
)
_DASHES = "-\u2013\u2014"
_ARROWS = frozenset({"->", "-->", "=>", "\u2192", "\u21d2"})
_AROUND = "()[]{}<>\"'“”\u2018\u2019,;:!?*"
_CHUNK = re.compile(r"\S+|\n")
_EMPTY = re.compile(r"[^\S\n]*\n")
_ITEM = re.compile(r"[ \t]*(?:\n|[-*•\u2013][ \t]|[0-9]{1,3}[.)])")
_PIECE = re.compile(r"[^\W_]+(?:['\u2019_-][^\W_]+)*|[,;:.!?\u2013\u2014…]|--+")
_ACCOUNT = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}|[0-9]{6,20}")
_FILE = re.compile(
    r"[\w./~+()-]*\w\.(?:txt|md|rst|docx?|odt|rtf|pdf|xlsx?|csv|tsv|ods|pptx?|odp|json|ya?ml|xml"
    r"|html?|eml|ics|msg|vcf|png|jpe?g|gif|svg|zip|tar|gz|log|py|js|ts|java|go|rs|c|h|cpp|sh|sql"
    r"|toml|ini|cfg|conf|tex|pages|numbers|key|mp[34]|wav)",
    re.IGNORECASE,
)
_ABBREVIATED = word_set(
    "e.g i.e mr mrs ms dr prof st vs etc approx no nr inc ltd co corp dept bzw z.b ca excl ex"
)
_NUMBER = re.compile(r"[^\S\n]*\S{0,20}[0-9]")
STRUCK = "~~"
"""Stands around what is crossed out, as in Markdown."""
_INWARD = {"into": "in", "onto": "on"}
_TURNS = word_set("but then however so although though whereas otherwise sondern aber mais")


class Token(NamedTuple):
    """One word, or one thing that stands for itself, such as a title in quotation marks.

    Attributes:
        text: As it was written; of what is quoted, what stands inside.
        low: A word in lower case; "" for all else but the name of a file.
        stem: What other forms of the word have as well.
        kind: What it is.
        sentence: The number of its sentence.
        clause: The number of its clause, counted through the prompt.
        start, stop: Where it stands in the prompt, with the signs that touch it.
    """

    text: str
    low: str
    stem: str
    kind: TokenKind
    sentence: int
    clause: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A prompt, taken apart.

    Attributes:
        tokens: Its words and values in order.
        sentences, clauses: The positions of the first token of each, and one past the last.
        paragraphs: By sentence, the number of its paragraph.
        introduced: The clauses that end with a colon.
        whole: Whether all of the prompt was read; false where it is too long for that.
        questions: The sentences that end with a question mark.
        struck: The positions of what is crossed out, as in "~~Ann~~ Bob".
    """

    tokens: tuple[Token, ...]
    sentences: tuple[range, ...]
    clauses: tuple[range, ...]
    paragraphs: tuple[int, ...] = ()
    introduced: frozenset[int] = frozenset()
    whole: bool = True
    questions: frozenset[int] = frozenset()
    struck: frozenset[int] = frozenset()

    def sentence(self, token: int) -> range:
        """Return the positions of the sentence that holds a token."""
        return self.sentences[self.tokens[token].sentence]

    def clause(self, token: int) -> range:
        """Return the positions of the clause that holds a token."""
        return self.clauses[self.tokens[token].clause]

    def paragraph(self, token: int) -> int:
        """Return the number of the paragraph that holds a token."""
        return self.paragraphs[self.tokens[token].sentence]

    def low(self, token: int, within: range) -> str:
        """Return the word at a position, or "" where it lies outside."""
        return self.tokens[token].low if token in within else ""


def read(prompt: str) -> Reading:
    """Take a prompt apart. Whatever it holds, this ends, and tells nothing but what is there."""
    pen = _Pen()
    # Halves of surrogate pairs are not text.
    text = unicodedata.normalize("NFC", prompt.encode("utf-8", "replace").decode("utf-8"))
    text = plain_apostrophes(text)
    spans = stretches(text)
    whole = len(text) <= 2 * MOST_READ
    for start, stop in (
        [(0, len(text))] if whole else [(0, MOST_READ), (len(text) - MOST_READ, len(text))]
    ):
        _take(pen, text[start:stop], _clipped(spans, start, stop), start)
        pen.paragraph()
    return pen.done(whole=whole)


def _clipped(spans: list[Stretch], start: int, stop: int) -> list[Stretch]:
    """The stretches of a part of a text; of a quote that is cut off, what is left is data."""
    return [
        Stretch(
            max(span.start - start, 0),
            min(span.stop, stop) - start,
            span.kind if start <= span.start and span.stop <= stop else "passage",
            span.inside,
        )
        for span in spans
        if span.start < stop and span.stop > start
    ]


def backwards(at: int, clause: range, most: int) -> range:
    """Return the positions before one in its clause, the nearest first."""
    return range(at - 1, max(clause.start, at - most) - 1, -1)


def _take(pen: _Pen, text: str, spans: list[Stretch], first: int) -> None:
    for start, stop, kind, piece in _parts(text, spans):
        pen.place = first + start, first + stop
        if kind == "plain":
            _plain(pen, piece, first + start)
        elif kind == "pasted":
            pen.paragraph()
        elif kind == "passage":
            continue
        elif kind == "quote":
            pen.quoted(piece)
        else:
            pen.value(piece, kind)


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Return what a word of English has in common with its plural, its `-ing` and its `-ed`."""
    word = word.removesuffix("'s").removesuffix("\u2019s").replace("e-mail", "email")
    if word.startswith("email"):
        word = word[1:]
    word = _INWARD.get(word, word)
    if len(word) > 4 and word.endswith(("ies", "ied")):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes", "zes", "oes")):
        word = word[:-2]
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        base = word.removesuffix(ending)
        if base != word and len(base) > 1 and re.search("[aeiouy]", base):
            word = base
            break
    word = word.removesuffix("e") if len(word) > 2 else word
    doubled = len(word) > 2 and word[-1] == word[-2] and word[-1] not in "aeiou"
    return word[:-1] if doubled else word


def words_of(phrase: str) -> tuple[str, ...]:
    """Return the words of a phrase in lower case."""
    return tuple(found.lower() for found in _PIECE.findall(phrase) if found[0].isalnum())


# --- stretches -----------------------------------------------------------------------------


def _parts(text: str, known: list[Stretch]) -> Iterator[tuple[int, int, _PartKind, str]]:
    """Cut a prompt into plain text and what is not: in order, each part once, and where it is."""
    spans: list[tuple[int, int, _PartKind, str]] = [*known]
    for found in _SPACED.finditer(text):
        kind: TokenKind = "account" if found["account"] else "phone"
        whole = found[0] if found["account"] else without_count(text, *found.span())
        stop = found.start() + len(whole)
        spans.append((found.start(), stop, kind, re.sub(r"[ .-]", "", whole)))
    at = 0
    for start, stop, kind_, inside in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start < at and kind_ in ("passage", "pasted"):
            yield at, max(at, stop), kind_, inside
            at = max(at, stop)
        if start < at:
            continue
        yield at, start, "plain", text[at:start]
        yield start, stop, kind_, inside
        at = stop
    yield at, len(text), "plain", text[at:]


# --- tokens --------------------------------------------------------------------------------


class _Pen:
    """Writes tokens down, and where sentences and clauses begin.

    Attributes:
        place: Where in the prompt the tokens stand that are written down next.
        strikes: Whether they are crossed out.
    """

    def __init__(self) -> None:
        self.place = (0, 0)
        self.strikes = False
        self._struck: set[int] = set()
        self._questions: set[int] = set()
        self._tokens: list[Token] = []
        self._sentences = [0]
        self._clauses = [0]
        self._paragraph = 0
        self._paragraphs = [0]
        self._introduced: set[int] = set()

    def word(self, text: str) -> None:
        low = text.lower().replace("\u2019", "'")
        if low in CONTRACTED:
            low = CONTRACTED[low]
        if low in _TURNS:
            self.turn()
        self._add(text, low, stem(low), "word")

    def quoted(self, text: str) -> None:
        value = _value(text)
        if value is not None:
            self.value(*value)
        elif _FILE.fullmatch(text):
            self.file(text)
        elif text in BY_ITSELF:
            # `do "not" send it`: the marks lay stress on a word, which is no title.
            for word in text.split():
                self.word(word)
        else:
            self._add(text, "", "", "quote")

    def file(self, text: str) -> None:
        self._add(text, "file", "fil", "file")

    def value(self, text: str, kind: TokenKind) -> None:
        self._add(text, "", "", kind)

    def end(self) -> None:
        """End the sentence."""
        self.turn()
        if self._sentences[-1] < len(self._tokens):
            self._sentences.append(len(self._tokens))
            self._paragraphs.append(self._paragraph)

    def question(self) -> None:
        """End the sentence, which asks."""
        self._questions.add(len(self._sentences) - 1)
        self.end()

    def paragraph(self) -> None:
        """End the paragraph."""
        self.strikes = False
        self._paragraph += 1
        self.end()
        self._paragraphs[-1] = self._paragraph

    def turn(self) -> None:
        """End the clause."""
        if self._clauses[-1] < len(self._tokens):
            self._clauses.append(len(self._tokens))

    def colon(self) -> None:
        """End the clause, which says something of what follows."""
        self._introduced.add(len(self._clauses) - 1)
        self.turn()

    def after_word(self) -> bool:
        """Whether the clause ends with a word so far."""
        return self._clauses[-1] < len(self._tokens) and self._tokens[-1].kind == "word"

    def done(self, *, whole: bool) -> Reading:
        return Reading(
            tuple(self._tokens),
            self._ranges(self._sentences),
            self._ranges(self._clauses),
            tuple(self._paragraphs),
            frozenset(self._introduced),
            whole,
            frozenset(self._questions),
            frozenset(self._struck),
        )

    def _ranges(self, starts: list[int]) -> tuple[range, ...]:
        ends = [*starts[1:], len(self._tokens)]
        return tuple(range(start, end) for start, end in zip(starts, ends, strict=True))

    def _add(self, text: str, low: str, stemmed: str, kind: TokenKind) -> None:
        if self.strikes:
            self._struck.add(len(self._tokens))
        self._tokens.append(
            Token(
                text,
                low,
                stemmed,
                kind,
                len(self._sentences) - 1,
                len(self._clauses) - 1,
                *self.place,
            )
        )


def _plain(pen: _Pen, text: str, first: int) -> None:
    lined = False
    crossed = any(cross in text for cross in CROSSES)
    for found in _CHUNK.finditer(text):
        chunk = found[0]
        pen.place = first + found.start(), first + found.end()
        if chunk[0] == "\n":
            if _EMPTY.match(text, found.end()):
                pen.paragraph()
            elif _ITEM.match(text, found.end()):
                pen.end()
            lined = True
            continue
        if lined and chunk[:1].isupper():
            pen.turn()
        lined = False
        if chunk.isalpha() and len(chunk) <= LONGEST:
            pen.word(chunk)
        elif len(chunk) <= LONGEST:
            if crossed:
                chunk = _without_crosses(pen, chunk)
            numbered = "." in chunk and _NUMBER.match(text, found.end()) is not None
            if STRUCK in chunk:
                struck = chunk.count(STRUCK)
                was, pen.strikes = pen.strikes, True
                _chunk(pen, chunk.replace(STRUCK, ""), numbered=numbered)
                pen.strikes = was ^ bool(struck % 2)
            else:
                _chunk(pen, chunk, numbered=numbered)
        else:
            pen.value(chunk[:16], "quote")  # nothing that could be a word


def _chunk(pen: _Pen, chunk: str, *, numbered: bool) -> None:
    core = chunk.strip(_AROUND).rstrip("." + _AROUND)
    tail = chunk[chunk.rfind(core) + len(core) :] if core else chunk
    value = _value(core)
    if value is not None:
        pen.value(*value)
        _stop(pen, tail, core)
    elif _FILE.fullmatch(core):
        pen.file(core)
        _stop(pen, tail, core)
    elif core.lower() in _ABBREVIATED and "." in core:
        pen.word(core.replace(".", ""))
    elif chunk in _DASHES or chunk in _ARROWS:
        if chunk:
            pen.turn()
    elif core.lower() == "no" and tail == "." and not (numbered and not pen.after_word()):
        pen.word("number" if numbered else core)  # `the invoice no. 7`, and `the answer is no.`
        if not numbered:
            pen.end()
    else:
        _pieces(pen, "without" if core.lower() == "w/o" else chunk)


def _without_crosses(pen: _Pen, chunk: str) -> str:
    for cross in CROSSES:
        if cross in chunk:
            pen.word(cross)
            chunk = chunk.replace(cross, "")
    return chunk


def _pieces(pen: _Pen, chunk: str) -> None:
    before = ""
    for piece in _PIECE.finditer(chunk):
        if piece[0][0].isalnum():
            pen.word(piece[0])
            before = piece[0]
        elif chunk[0] == "(" and chunk.endswith(piece[0] + ")"):
            pen.turn()  # `do (not!) send it` is one sentence
        elif piece[0] not in ".:" or piece.end() >= len(chunk.rstrip("\"'”)]*_")):
            _stop(pen, piece[0], before)


def _stop(pen: _Pen, signs: str, before: str) -> None:
    short = before.lower() in _ABBREVIATED or (len(before) == 1 and before.isupper())
    if "?" in signs:
        pen.question()
    elif any(sign in signs for sign in "!…") or ("." in signs and not short):
        pen.end()
    elif ":" in signs:
        pen.colon()
    elif any(sign in signs for sign in ",;\u2013\u2014") or "--" in signs:
        pen.turn()


def _value(text: str) -> tuple[str, TokenKind] | None:
    """One address, account or number in the form it is judged in, if that is what it is."""
    if "@" in text:
        return _formed("email", text.removeprefix("mailto:"), "mail")
    if "://" in text:
        return _formed("url", text, "url")
    plain = text.replace(" ", "")
    if _ACCOUNT.fullmatch(plain):
        return plain, "account"
    if text.startswith("+"):
        return _formed("phone", text, "phone")
    return None


def _formed(
    kind: Literal["email", "url", "phone"], text: str, called: TokenKind
) -> tuple[str, TokenKind] | None:
    try:
        value, _ = normalize(kind, text)
    except (InvalidFormat, ValueError):
        return None
    return str(value), called
